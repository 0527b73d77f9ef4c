/* Points of one direction only: nothing contradicts them, so what they say about the clock has to be taken with care (ALGORITHMS 3.4). */
#ifndef CORRELATE_CLOCK_ONEWAY_H
#define CORRELATE_CLOCK_ONEWAY_H

#include "correlate/clock_steps.h"

/* If all points of the stretch are of one direction, those far beyond all others, when they are few, are wrong matches. 0, or -1: out of memory. */
int oneway_clean(const struct clock_point *points, int64_t tol_ns, uint8_t *flag, const struct stretch *s);

/* The slope of a stretch whose points are all of one direction; zero when they do not carry one. */
struct clock_slope oneway_slope(const struct corridor *c, int side, const struct clock_point *points, const uint8_t *flag, const struct stretch *s);

#endif
