/* What the steps of joining share: flows united so far. */
#ifndef CORRELATE_JOIN_PRIVATE_H
#define CORRELATE_JOIN_PRIVATE_H

#include "correlate/facts.h"

struct joiner {
	struct facts *f;
	struct db *db;          /* to look at packets; NULL: only what flows tell of themselves */
	uint32_t *order;        /* flow indices, sorted for the pass at hand */
	uint32_t *parent;       /* union-find over flows */
	uint64_t *points;       /* of a root: set of the points of its flows; none of those that hold both sides of a device */
};

/* The flow that stands for all that i is united with. */
uint32_t join_root(struct joiner *j, uint32_t i);

void join_strengthen(struct flow *w, enum join_state state, unsigned evidence);
void join_unite(struct joiner *j, uint32_t x, uint32_t y, enum join_state state, unsigned evidence);

/*
 * Unite what addresses and initial sequence numbers leave apart, by all that flows have in common: what devices changed beyond recognition (NAT and
 * other numbers and no timestamps, at once), and what was captured from its middle on. (join_likeness.c)
 */
int join_by_likeness(struct joiner *j, struct err *e);

#endif
