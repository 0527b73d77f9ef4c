/*
 * What each hop costs a connection in time (ALGORITHMS 3.1, 3.2). Two clocks never show what one way takes, only a range; the way there and the way
 * back together, and how much a delay varies, need no clock.
 *
 * The aligned times of two points are a little wrong against each other: aligned(far) - aligned(near) is the delay plus an error for packets to the
 * far point, and the delay minus that error for those back. No packet takes less than no time, so each packet there bounds the error from above, each one
 * back from below; bounds hold for others of the connection as well, opened by what the clocks may have drifted in between. What the clocks were
 * fitted to says the same of the whole case; the narrower of the two counts.
 */
#ifndef CORRELATE_DELAY_H
#define CORRELATE_DELAY_H

#include "correlate/conn.h"

/* One hop in one direction: `from` and `to` in the order of travel. Times in ns. */
struct hop_delay {
	uint8_t from, to;
	bool aligned;           /* the clocks are known well enough to put times beside each other */
	uint32_t n;             /* packets recorded at both ends; where it is not certain that they are the same, they do not count */
	int64_t min, median, p99, max;  /* in the middle of what the clocks leave open: right if both ways take equally long */
	int64_t varies_median, varies_p99;      /* above min: free of the clocks' offset */
	int64_t error_low, error_high;  /* aligned time at `to` minus that at `from` is the delay plus this; INT64_MIN, INT64_MAX: open */
};

/* All hops of a connection: hop[d][i] leads from the i-th point of way d to the next. */
struct delays {
	struct hop_delay hop[2][POINTS_MAX];
	void *scratch;          /* for `room` transmissions */
	size_t room;
};

void delays_free(struct delays *x);

/* Measure connection c, matched and proved. -1: out of memory. */
int delays_measure(struct delays *x, const struct conn *c, struct err *e);

/* A packet, and the same packet at another point, both ns on aligned clocks. */
struct delay_pair {
	int64_t near, far;
};

/* Were both points passed by transmission i, and is it certain that it is the same packet? Then when; near lies nearer to the client. */
bool delay_seen(const struct conn *c, uint32_t i, unsigned near, unsigned far, struct delay_pair *p);

/* What is added to a difference of aligned times so that it lies in the middle of what the clocks leave open. */
int64_t delay_shift(const struct hop_delay *h);

/* The delay that a difference of aligned times stands for lies in *low .. *high (INT64_MAX: open). */
void delay_bounds(const struct hop_delay *h, int64_t difference, int64_t *low, int64_t *high);

/* A number for the stretch of time in which neither clock was set: two times of the same number can be compared. Below 2 * PIECES_MAX. */
unsigned delay_stretch(const struct conn *c, uint32_t i, unsigned near, unsigned far);

#endif
