/*
 * Two clocks and what packets that passed both say about them: the corridor (ALGORITHMS 3). Pure: arrays in, pieces out.
 *
 * theta(x) = time on B's clock minus time on A's clock when A's clock shows x. A packet that passed A at a and then B at b says theta(a) <= b - a
 * (upper point); one that passed B at b and then A at a says theta(a) >= b - a (lower point). On a piece, theta(x) = offset + skew * (x - origin).
 */
#ifndef CORRELATE_CLOCK_H
#define CORRELATE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_NOISE_NS 50000    /* time stamps of good captures are that good, beyond their resolution; clocks are that straight */
#define CLOCK_FLIGHT_NS INT64_C(10000000000)    /* no packet is longer on its way */
#define CLOCK_VERTICES 32       /* hulls have O(log n) of them: about 20 for a million points */

/* Of a sum that may be more than fits, what fits. */
static inline int64_t clock_saturate(__int128 v)
{
	return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v;
}

struct clock_point {
	int64_t x_ns;           /* on A's clock */
	int64_t d_ns;           /* B's time stamp minus A's time stamp */
	bool upper;             /* passed A first: theta <= d; else theta >= d */
	bool bad;               /* out: contradicts the others (a wrong match); not used */
	uint32_t ref;           /* the caller's own: clock_fit() sorts the points and carries it along */
};

enum clock_state { CLOCK_NONE, CLOCK_ONE_WAY, CLOCK_BOTH_WAYS, CLOCK_SAME, CLOCK_INCONSISTENT };

struct clock_vertex {
	int64_t x, y;
};

struct clock_slope {
	int64_t num, den;       /* den > 0 */
};

/* A convex curve above theta: straight between the vertices, `left` before the first and `right` after the last. Of no use without vertices. */
struct clock_curve {
	size_t n;
	struct clock_vertex v[CLOCK_VERTICES];
	struct clock_slope left, right;
};

struct clock_piece {
	int64_t from_ns, to_ns; /* on A's clock; the pieces cover all time: the first begins at INT64_MIN, the last ends at INT64_MAX */
	int64_t origin_ns;      /* on A's clock: the middle of the piece's points */
	int64_t offset_ns;      /* theta at origin: the middle of the corridor; one way only: the bound itself */
	bool has_low, has_high;
	int64_t low_ns, high_ns;        /* hard bounds of theta at origin, slack included */
	double skew_ppm, skew_low_ppm, skew_high_ppm;
	int64_t slack_ns;       /* what had to be conceded to time stamp noise, beyond the resolution */
	size_t upper, lower;    /* points used */
	enum clock_state state;

	/* The rest is for clock_at(). */
	int64_t first_ns, last_ns;      /* the points used lie here */
	int64_t sure_from_ns, sure_to_ns;       /* a step lies between a piece's sure_to_ns and the next one's sure_from_ns, where is not known */
	bool short_span;        /* the points cannot carry a slope: outside of them the bounds widen by the largest skew there is */
	struct clock_curve high, low;   /* the hard bounds; low is mirrored: above -theta */
};

/*
 * Fit. points: any order (they are sorted by x). resolution_ns: coarsest time stamp resolution of both sides. Returns how many pieces were
 * written (at least 1, at most max), or -1: out of memory.
 */
int clock_fit(struct clock_point *points, size_t n, int64_t resolution_ns, struct clock_piece *pieces, size_t max);

/*
 * theta at x by the pieces: estimate and hard bounds (INT64_MIN / INT64_MAX: open). The bounds need what clock_fit() stores in a piece: a piece
 * filled in by hand has the bounds of its origin, or (CLOCK_SAME) everywhere the same.
 */
void clock_at(const struct clock_piece *pieces, size_t n, int64_t x_ns, int64_t *offset_ns, int64_t *low_ns, int64_t *high_ns);

#endif
