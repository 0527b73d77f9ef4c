/* The points of a case and the ties between their clocks. */
#ifndef CORRELATE_CLOCK_GRAPH_H
#define CORRELATE_CLOCK_GRAPH_H

#include "correlate/clock_tie.h"
#include "correlate/facts.h"

#define GRAPH_ONE_WAY INT64_C(10000000000000)           /* a way that is longer has a part with one bound only ... */
#define GRAPH_WRONG INT64_C(1000000000000000)           /* ... or one that contradicts */

struct clock_graph {
	struct facts *f;
	uint32_t n;             /* points, with those that are aside */
	struct clock_tie *tie;  /* of packets by a, then b; behind them those across proxies */
	uint32_t ties;
};

/* The best known way from one point to all others, as a tree. */
struct clock_tree {
	uint32_t order[POINTS_MAX], reached;    /* the root first, then the others, none before its parent */
	struct clock_tie *tie[POINTS_MAX];      /* to the parent, NULL: the root, or not reached */
	int64_t length[POINTS_MAX];             /* what the bounds leave open on the way, ns; INT64_MAX: not reached */
};

/* Dijkstra's shortest paths; ties are as long as their bounds are wide, and of equal ones the first point's is taken. */
void graph_tree(const struct clock_graph *g, uint32_t root, struct clock_tree *tree);

static inline uint32_t clock_tie_other(const struct clock_tie *t, uint32_t p)
{
	return t->a == p ? t->b : t->a;
}

/* The point that all others are best compared with; `why` gets the reason, "" for the first one of the path. */
uint32_t graph_reference(const struct clock_graph *g, char *why, size_t size);

#endif
