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
	size_t n;
};

/* In an order that does not tell where the pairs came from. */
void clock_pairs_sort(struct clock_pairs *p);

/*
 * Fill in the clock of every point (facts.h), on the path and aside, and facts.reference. Points are numbered in path order. pairs: packets that two
 * points recorded. answers: for points that share packets of one direction only.
 */
int clocks_find(struct facts *f, const struct clock_pairs *pairs, const struct clock_pairs *answers, struct err *e);

#endif
