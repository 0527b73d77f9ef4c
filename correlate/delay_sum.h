/*
 * What each hop costs, all connections added up, and the round trip between neighbouring points.
 *
 * A packet there and one back: what passed between them at the near point, less what passed between them at the far point, is the delay of both ways
 * together, whatever the clocks are set to (ALGORITHMS 3.1). Only clocks that run at different speeds show in it, and only for the short time between
 * the two packets.
 */
#ifndef CORRELATE_DELAY_SUM_H
#define CORRELATE_DELAY_SUM_H

#include "correlate/delay.h"
#include "correlate/histogram.h"

struct hop_total;

/* By the two ends of the hop, in the order of travel. */
struct delay_sums {
	struct hop_total *hop[POINTS_MAX][POINTS_MAX];
};

void delay_sums_free(struct delay_sums *s);

/* First every connection is looked at for the shortest delays, then each is added with what delays_measure() found. -1: out of memory. */
int delay_sums_learn(struct delay_sums *s, const struct conn *c, struct err *e);
int delay_sums_add(struct delay_sums *s, const struct conn *c, const struct delays *x, struct err *e);

/* Into the tables hop_total and round_trip. */
int delay_sums_store(struct db *db, const struct facts *f, struct delay_sums *s, struct err *e);

#endif
