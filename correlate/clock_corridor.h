/* The corridor that upper and lower points leave for a straight line: hulls, steepest lines, widest line. Exact: integers and fractions. */
#ifndef CORRELATE_CLOCK_CORRIDOR_H
#define CORRELATE_CLOCK_CORRIDOR_H

#include "correlate/clock.h"

/*
 * One clock gains at most 500 ppm on another: twice what crystals and NTP's slewing (RFC 5905: 500 ppm is the bound of its loop) do. By the slower clock's
 * seconds that is 1/1999.
 */
#define CLOCK_SKEW_DEN 1999

/* Points beyond are refused: 32-bit seconds fit, and no product of two differences overflows 128 bits. */
#define CLOCK_REACH_NS 4400000000000000000

static inline bool clock_reaches(int64_t ns)
{
	return ns >= -CLOCK_REACH_NS && ns <= CLOCK_REACH_NS;
}

enum { UPPER, LOWER };

/*
 * The lower side is kept mirrored (y negated), so that both are sides below which the line has to stay: theta <= y, -theta <= y.
 * `top`, `slope`: the steepest line that the corridor leaves, seen from this side; it touches `top`.
 */
struct corridor_side {
	struct clock_vertex *v; /* lower convex hull of the points, x rising */
	size_t n, room;
	struct clock_vertex top;
	struct clock_slope slope;
};

struct corridor {
	int64_t tol_ns;         /* conceded to every point */
	size_t points[2];
	struct corridor_side side[2];
};

struct corridor_line {
	struct clock_slope slope;
	struct clock_vertex support[2]; /* the vertices that hold it; the lower one mirrored */
};

void corridor_init(struct corridor *c, int64_t tol_ns);
void corridor_clear(struct corridor *c);        /* no points; keeps its memory */
void corridor_free(struct corridor *c);

/* Add a point; x must not fall. 1: added, 0: no straight line fits it and those before (nothing changes), -1: out of memory. */
int corridor_add(struct corridor *c, int64_t x, int64_t d, bool upper);

/* Add a point to the hulls alone, whether it fits or not; the slopes are not kept up. 0, or -1: out of memory. */
int corridor_pile(struct corridor *c, int64_t x, int64_t d, bool upper);

/* The line that stays farthest from both sides; both sides have points. */
struct corridor_line corridor_widest(const struct corridor *c);

/* The line of this slope against the supporting vertices of both sides (of those that have points). */
struct corridor_line corridor_line(const struct corridor *c, struct clock_slope slope);

/* How far the sides are apart, measured along the line; negative: they overlap. Rounded down. */
int64_t corridor_gap(const struct corridor_line *l);

/* The vertex of the hull that a line of this slope touches from below. */
size_t corridor_support(const struct corridor_side *s, struct clock_slope slope);

/* The hard bound of one side: the highest that any line of the corridor reaches at x. */
void corridor_curve(const struct corridor *c, int side, struct clock_curve *out);

/* The curve at x, raised by the steepest slope there is for `beyond` nanoseconds (>= 0) more; rounded up. */
__int128 curve_at(const struct clock_curve *k, int64_t x, __int128 beyond);

/* y + slope * dx, rounded up. */
__int128 slope_rise(struct clock_slope s, int64_t y, __int128 dx);

/* -1, 0, 1 */
int slope_cmp(struct clock_slope a, struct clock_slope b);
struct clock_slope slope_minus(struct clock_slope s);

#endif
