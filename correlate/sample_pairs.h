/* What the connections of the sample say about pairs of points: packets that both recorded, what proxies made of them, and answers (clocks.h). */
#ifndef CORRELATE_SAMPLE_PAIRS_H
#define CORRELATE_SAMPLE_PAIRS_H

#include "correlate/clocks.h"
#include "correlate/conn.h"

struct sample_pairs {
	struct clock_pairs packets, proxied, answers;
	uint32_t points;        /* with those that are put aside */
	uint64_t need;          /* pairs that there would be if all of every packet were taken */
};

/* 0, or -1: out of memory. To be closed in either case. */
int sample_pairs_open(struct sample_pairs *s, uint32_t points, struct err *e);
void sample_pairs_close(struct sample_pairs *s);

/* Before any is added: this connection will be, with so many packets of each flow at most. */
void sample_pairs_expect(struct sample_pairs *s, const struct facts *f, const struct conn_ref *r, uint32_t most);

/* A connection, its packets matched. */
void sample_pairs_add(struct sample_pairs *s, const struct conn *c);

/* What is known to have gone in to a proxy, and come out of it. 0, or -1. */
int sample_pairs_proxied(struct sample_pairs *s, const struct facts *f, struct db *db, struct err *e);

/* Once the path is known: all in its order, sorted. to: the new number of every point. */
void sample_pairs_turn(struct sample_pairs *s, const uint32_t *to);

#endif
