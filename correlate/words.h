/* Sentences that are put together piece by piece. */
#ifndef CORRELATE_WORDS_H
#define CORRELATE_WORDS_H

#include "correlate/conn.h"

/* Text that grows inside a fixed buffer; what does not fit is cut. */
struct words {
	char *out;
	size_t n, size;
};

struct words words_into(char *out, size_t size);
void words_say(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "a SYN", "3 SYNs", "2 packets with data" */
void words_count(struct words *w, uint32_t n, uint8_t what);
/* "31.1 ms", "4.24 s" */
void words_duration(struct words *w, int64_t ns);
void words_capital(char *text);

/* Name of a point; "client" or "server" by direction. */
const char *words_point(const struct conn *c, unsigned point);
const char *words_host(unsigned dir);
/* Who sends this direction: the host, a BIG-IP in its name (by_f5), or a proxy that is the host of this connection. */
const char *words_sender(const struct conn *c, unsigned dir, bool by_f5);
/* ` F5 says: "No local listener".`, if the BIG-IP that recorded reset tx says anything. */
void words_f5(struct words *w, const struct conn *c, uint32_t tx);

#endif
