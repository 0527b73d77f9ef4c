/* Closed loops of clocks over the whole case: wrong ties are found and named, and the others' bounds tightened (ALGORITHMS 3.7). */
#ifndef CORRELATE_CLOCK_CLOSE_H
#define CORRELATE_CLOCK_CLOSE_H

#include "correlate/clock_graph.h"

/*
 * Every point's clock is known against the reference (facts.h). Marks ties that contradict the others (out), and says so at the points.
 * Returns how many, or -1: out of memory.
 */
int close_find_wrong(struct clock_graph *g);

/*
 * Tighten every point's bounds against the reference by all ties that are left, place its offset where it is inside the bounds against all others,
 * too, and fill in facts.apart. tree: as the clocks were found. 0, or -1: out of memory.
 */
int close_tighten(struct clock_graph *g, const struct clock_tree *tree);

#endif
