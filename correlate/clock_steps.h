/* Where a clock was set: cuts the points into stretches that one straight line fits each, and names the points that contradict (ALGORITHMS 3.5, 3.6). */
#ifndef CORRELATE_CLOCK_STEPS_H
#define CORRELATE_CLOCK_STEPS_H

#include "correlate/clock_corridor.h"

/* A point's flags. */
enum {
	OUT = 1,                /* contradicts its stretch */
	TRIAL_OUT = 2,          /* contradicts a stretch that is being tried */
	DOUBT = 4,              /* close to a cut: on which side of it, nobody knows */
	BACK_OUT = 8,           /* contradicts the next stretch, walked towards the past */
};

/*
 * Points [begin, end); those at [sure_begin, sure_end) lie between the steps for certain. At the two ends of all: two or three points that contradict
 * the rest and agree among themselves may be wrong matches, or a step: they are outside.
 */
struct stretch {
	size_t begin, end;
	size_t sure_begin, sure_end;
	size_t out;             /* points that contradict */
};

struct cuts {
	struct stretch *v;
	size_t n, room;
	bool full;              /* more stretches than asked for: the last one is no straight line */
};

/* points: sorted by x. flag: one per point, written. At most max stretches. 0, or -1: out of memory. */
int steps_find(const struct clock_point *points, size_t n, int64_t tol_ns, size_t max, uint8_t *flag, struct cuts *cuts);

/* Points of a stretch to keep out: more wrong matches than this are no longer a few. */
static inline size_t steps_tolerable(size_t n)
{
	return 3 + n / 100;
}

/*
 * Points that contradict are named by who came first; say whether it was rather one of those that were taken. A point whose removal makes room
 * for several is out, and they are in; where it is one against one, both are out. 0, or -1: out of memory.
 */
int steps_blame(const struct clock_point *points, int64_t tol_ns, uint8_t *flag, const struct stretch *s);

#endif
