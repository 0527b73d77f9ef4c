/* The words of a ladder: what a row is called, what is said beside and below it. */
#ifndef CORRELATE_REPORT_REMARK_H
#define CORRELATE_REPORT_REMARK_H

#include "correlate/report/trace.h"

/* "SYN ECE CWR", "PSH ACK 1448 B", "RST,ACK", "ICMP: port unreachable, from 10.0.0.1" */
void remark_label(const struct trace *t, const struct row *r, char *buf, size_t size);

/* In two words, for the margin: "dropped, repeats 1". */
void remark_note(const struct trace *t, const struct row *r, char *buf, size_t size);

/* What a handshake offers, and what is odd about others; parts separated by two blanks. Empty for most. */
void remark_detail(const struct trace *t, const struct row *r, char *buf, size_t size);

/* The kinds of its findings (fold_kind), and how bad the worst of them is (fold_weight). */
uint32_t remark_kinds(const struct trace *t, const struct row *r);
unsigned remark_weight(const struct trace *t, const struct row *r);

/* Changes that were told already: what stays the same in a connection is told once. */
struct told {
	char key[128][48];
	size_t n;
};

/* What the hop from one sighting to the next changed, in the order of travel: "dport 443→8443, mss 1460→1380". */
void remark_changes(struct told *told, const struct style *s, const struct sighting *from, const struct sighting *to, char *buf, size_t size);

#endif
