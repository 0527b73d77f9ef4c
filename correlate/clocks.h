/*
 * The clocks of all points against one of them, the reference: every two points that share packets are compared, closed loops of three and more tighten
 * what each pair leaves open, and a loop that does not close is named (ALGORITHMS 3).
 */
#ifndef CORRELATE_CLOCKS_H
#define CORRELATE_CLOCKS_H

#include "correlate/clock_tie.h"
#include "correlate/facts.h"
#include "schema/err.h"

struct clock_pairs {
	struct clock_pair *v;   /* sorted: clock_pairs_sort() */
	size_t n, room;
};

int clock_pairs_open(struct clock_pairs *p, size_t room, struct err *e);
void clock_pairs_close(struct clock_pairs *p);

/* Something that passed i at x_ns and j at y_ns, as long as there is room. Times beyond CLOCK_REACH_NS are left out. */
void clock_pairs_add(struct clock_pairs *p, uint64_t at, int64_t x_ns, int64_t y_ns, bool c2s);

/* In an order that does not tell where the pairs came from. */
void clock_pairs_sort(struct clock_pairs *p);

/* The n pairs of two points. */
const struct clock_pair *clock_pairs_of(const struct clock_pairs *p, uint64_t at, size_t *n);

/*
 * Fill in the clock of every point (facts.h), on the path and aside, and facts.reference. Points are numbered in path order. pairs: packets that two
 * points recorded. proxied: what a proxy made of them; they count between points that no packets join. answers: for points that share packets of one
 * direction only.
 */
int clocks_find(struct facts *f, const struct clock_pairs *pairs, const struct clock_pairs *proxied, const struct clock_pairs *answers, struct err *e);

#endif
