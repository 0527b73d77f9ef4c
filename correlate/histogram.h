/*
 * How often which duration came: exact while there are few, then in logarithmic buckets (64 to an octave: quantiles are off by 0.8 % at most). Its
 * size does not depend on how many there are, what it says does not depend on their order.
 */
#ifndef CORRELATE_HISTOGRAM_H
#define CORRELATE_HISTOGRAM_H

#include <stdint.h>

#include "schema/err.h"

#define HISTOGRAM_FEW 512

struct histogram {
	uint64_t n;             /* all, those that are open included */
	uint64_t open;          /* nobody knows how long: longer than any other */
	int64_t min, max;       /* of those that are known; exact */
	int64_t few[HISTOGRAM_FEW];
	uint64_t *count;        /* the buckets, once there are more; owned */
};

/* What stands for a bucket: none of its values is below its floor, or above its top. */
enum histogram_edge { HISTOGRAM_FLOOR, HISTOGRAM_MIDDLE, HISTOGRAM_TOP };

/* All zero is an empty one. Durations below zero count as zero, INT64_MAX as open. -1: out of memory. */
int histogram_add(struct histogram *h, int64_t v, struct err *e);
void histogram_free(struct histogram *h);

/* The value that per_mille of them lie below (500: the median); INT64_MAX: open. There must be at least one. */
int64_t histogram_at(struct histogram *h, unsigned per_mille, enum histogram_edge edge);

#endif
