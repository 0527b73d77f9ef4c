#include "correlate/clock.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "correlate/clock_oneway.h"
#include "correlate/clock_steps.h"

#define SHORT_SPAN_NS 10000000000       /* 10 s: 500 ppm are 5 ms by then, a corridor's width */
#define FEW 8                   /* points of one side that are too few for a slope */

/* Noise that is conceded before contradictions are called steps or wrong matches; more only where it explains much more. */
static const int64_t noises[] = { CLOCK_NOISE_NS, 200000, 500000, 2000000 };

#define STEP_COST 8
#define SLACK_MAX_NS 10000000   /* more than all noise conceded: no line */

typedef __int128 wide;

/* Total, so that no input order shows; the unusable ones last. */
static int point_cmp(const void *a, const void *b)
{
	const struct clock_point *l = a, *r = b;

	if (l->bad != r->bad)
		return l->bad ? 1 : -1;
	if (l->x_ns != r->x_ns)
		return l->x_ns < r->x_ns ? -1 : 1;
	if (l->upper != r->upper)
		return l->upper ? 1 : -1;
	if (l->d_ns != r->d_ns)
		return l->d_ns < r->d_ns ? -1 : 1;
	return (l->ref > r->ref) - (l->ref < r->ref);
}

/* Returns how many can be used. */
static size_t prepare(struct clock_point *points, size_t n)
{
	bool sorted = true;
	size_t usable = 0;

	for (size_t i = 0; i < n; i++) {
		struct clock_point *p = &points[i];
		p->bad = !clock_reaches(p->x_ns) || !clock_reaches(p->d_ns);
		usable += !p->bad;
		if (i > 0 && point_cmp(&points[i - 1], p) > 0)
			sorted = false;
	}
	if (!sorted)
		qsort(points, n, sizeof *points, point_cmp);
	return usable;
}

/* The points of a stretch as one corridor. 1: no line fits within this tolerance. */
static int pile(struct corridor *c, const struct clock_point *points, const uint8_t *flag, const struct stretch *s, int64_t tol_ns)
{
	int rc = 0;

	corridor_clear(c);
	c->tol_ns = tol_ns;
	for (size_t i = s->begin; i < s->end && rc == 0; i++)
		if (!flag[i]) {
			int added = corridor_add(c, points[i].x_ns, points[i].d_ns, points[i].upper);
			rc = added < 0 ? -1 : added == 0;
		}
	return rc;
}

/*
 * The least slack lets the two sides touch. When all the noise is one side's, theta is one slack away from there: twice the slack is conceded.
 */
static int64_t least_slack(struct corridor *c, const struct clock_point *points, const uint8_t *flag, const struct stretch *s)
{
	struct corridor_line l;
	int64_t gap;

	corridor_clear(c);
	for (size_t i = s->begin; i < s->end; i++)
		if (!flag[i] && corridor_pile(c, points[i].x_ns, points[i].d_ns, points[i].upper) < 0)
			return -1;
	l = corridor_widest(c);
	gap = corridor_gap(&l);
	return gap < 0 ? -gap + 1 : 1;
}

static double ppm(struct clock_slope s)
{
	return (double)s.num / (double)s.den * 1e6;
}

static bool is_inside(struct clock_slope s, const struct corridor *c)
{
	return slope_cmp(slope_minus(c->side[LOWER].slope), s) <= 0 && slope_cmp(s, c->side[UPPER].slope) <= 0;
}

/* Zero when it is possible and the data do not clearly point elsewhere: a short capture must not extrapolate a wild slope. */
static struct clock_slope two_way_slope(const struct corridor *c, bool short_span)
{
	const struct clock_slope zero = { 0, 1 };
	struct clock_slope best = corridor_widest(c).slope;
	double width = ppm(c->side[UPPER].slope) + ppm(c->side[LOWER].slope);

	if (is_inside(zero, c) && (short_span || fabs(ppm(best)) < width / 4))
		return zero;
	return best;
}

/* Estimate and bounds from a corridor that has points. */
static void describe(const struct corridor *c, const struct clock_point *points, const uint8_t *flag, const struct stretch *s,
    struct clock_piece *p)
{
	bool both = c->side[UPPER].n > 0 && c->side[LOWER].n > 0;
	int side = c->side[UPPER].n > 0 ? UPPER : LOWER;
	const struct clock_slope zero = { 0, 1 };
	struct clock_slope q = both ? two_way_slope(c, p->short_span) : (p->short_span ? zero : oneway_slope(c, side, points, flag, s));
	struct corridor_line l = corridor_line(c, q);
	wide high = slope_rise(q, l.support[UPPER].y, (wide)p->origin_ns - l.support[UPPER].x);
	wide low = -slope_rise(slope_minus(q), l.support[LOWER].y, (wide)p->origin_ns - l.support[LOWER].x);

	if (both)
		p->offset_ns = clock_saturate(low + (high - low) / 2);
	else
		p->offset_ns = clock_saturate(side == UPPER ? high : low);
	p->state = both ? CLOCK_BOTH_WAYS : CLOCK_ONE_WAY;
	p->skew_ppm = ppm(q);
	p->skew_low_ppm = -ppm(c->side[LOWER].slope);
	p->skew_high_ppm = ppm(c->side[UPPER].slope);
	corridor_curve(c, UPPER, &p->high);
	corridor_curve(c, LOWER, &p->low);
	p->has_high = p->high.n > 0;
	p->has_low = p->low.n > 0;
	if (p->has_high)
		p->high_ns = clock_saturate(curve_at(&p->high, p->origin_ns, 0));
	if (p->has_low)
		p->low_ns = clock_saturate(-curve_at(&p->low, p->origin_ns, 0));
}

static void count(const struct clock_point *points, const uint8_t *flag, const struct stretch *s, struct clock_piece *p)
{
	bool any = false;

	for (size_t i = s->begin; i < s->end; i++) {
		if (flag[i])
			continue;
		if (!any)
			p->first_ns = points[i].x_ns;
		any = true;
		p->last_ns = points[i].x_ns;
		p->upper += points[i].upper;
		p->lower += !points[i].upper;
	}
	p->origin_ns = p->first_ns + (p->last_ns - p->first_ns) / 2;
	p->short_span = p->last_ns - p->first_ns < SHORT_SPAN_NS || p->upper + p->lower < FEW;
}

/* No line explains the points: an estimate, and nothing that is sure. */
static void disown(struct clock_piece *p)
{
	p->state = CLOCK_INCONSISTENT;
	p->has_low = p->has_high = false;
	p->low.n = p->high.n = 0;
}

/* One piece from one stretch. 0, or -1: out of memory. */
static int fit(struct corridor *c, const struct clock_point *points, const uint8_t *flag, const struct stretch *s, int64_t resolution_ns,
    struct clock_piece *p)
{
	int rc;

	*p = (struct clock_piece){ .state = CLOCK_NONE, .skew_low_ppm = -1e6 / CLOCK_SKEW_DEN, .skew_high_ppm = 1e6 / CLOCK_SKEW_DEN };
	count(points, flag, s, p);
	if (p->upper + p->lower == 0) {
		if (s->end > s->begin) {
			p->state = CLOCK_INCONSISTENT;
			p->origin_ns = p->first_ns = p->last_ns = points[s->begin].x_ns;
			p->offset_ns = points[s->begin].d_ns;
		}
		return 0;
	}
	rc = pile(c, points, flag, s, resolution_ns);
	if (rc == 1) {
		p->slack_ns = least_slack(c, points, flag, s);
		if (p->slack_ns < 0)
			return -1;
		if (p->slack_ns <= SLACK_MAX_NS)
			rc = pile(c, points, flag, s, resolution_ns + p->slack_ns);
	}
	if (rc < 0)
		return -1;
	describe(c, points, flag, s, p);
	if (rc == 1 || s->out > steps_tolerable(s->end - s->begin))
		disown(p);
	return 0;
}

/* From where to where a piece is answered for, and for certain. */
static void delimit(const struct clock_point *points, const struct cuts *cuts, struct clock_piece *pieces)
{
	for (size_t k = 0; k < cuts->n; k++) {
		const struct stretch *s = &cuts->v[k];
		struct clock_piece *p = &pieces[k];
		bool first = k == 0, last = k + 1 == cuts->n;
		p->sure_from_ns = first && s->sure_begin == s->begin ? INT64_MIN : points[s->sure_begin].x_ns;
		p->sure_to_ns = last && s->sure_end == s->end ? INT64_MAX : points[s->sure_end - 1].x_ns;
		p->from_ns = INT64_MIN;
		p->to_ns = INT64_MAX;
		if (first)
			continue;
		p->from_ns = p[-1].sure_to_ns + (p->sure_from_ns - p[-1].sure_to_ns) / 2;
		p[-1].to_ns = p->from_ns;
	}
}

/* What a reading of the points costs, in wrong matches. */
static size_t cost(const struct cuts *cuts)
{
	size_t sum = STEP_COST * (cuts->n - 1);

	for (size_t k = 0; k < cuts->n; k++)
		sum += cuts->v[k].out;
	return sum;
}

/*
 * Cut with as little noise conceded as explains the points. Noise looks like many small steps back and forth: two more than the largest noise leaves
 * may be real.
 */
static int cut(const struct clock_point *points, size_t n, int64_t resolution_ns, size_t max, uint8_t *flag, struct cuts *cuts)
{
	const size_t levels = sizeof noises / sizeof *noises, allowed = 2 * STEP_COST + 3 + n / 1000;
	size_t least;

	if (steps_find(points, n, noises[0] + resolution_ns, max, flag, cuts) < 0)
		return -1;
	if (!cuts->full && cost(cuts) <= allowed)
		return 0;
	if (steps_find(points, n, noises[levels - 1] + resolution_ns, max, flag, cuts) < 0)
		return -1;
	least = cost(cuts);
	for (size_t i = 0; i < levels; i++) {
		if (steps_find(points, n, noises[i] + resolution_ns, max, flag, cuts) < 0)
			return -1;
		if (!cuts->full && cost(cuts) <= least + allowed)
			break;
	}
	return 0;
}

static int fit_all(struct clock_point *points, size_t n, int64_t resolution_ns, uint8_t *flag, struct cuts *cuts, struct clock_piece *pieces)
{
	struct corridor c;
	int rc = 0;

	corridor_init(&c, resolution_ns);
	for (size_t k = 0; k < cuts->n && rc == 0; k++)
		rc = fit(&c, points, flag, &cuts->v[k], resolution_ns, &pieces[k]);
	corridor_free(&c);
	for (size_t i = 0; i < n; i++)
		points[i].bad = flag[i] & OUT;
	if (cuts->full)
		disown(&pieces[cuts->n - 1]);
	return rc;
}

int clock_fit(struct clock_point *points, size_t n, int64_t resolution_ns, struct clock_piece *pieces, size_t max)
{
	struct cuts cuts = { 0 };
	uint8_t *flag = NULL;
	int rc = -1;

	assert(max > 0);
	/* Coarse stamps are off in x as well, and the line falls or rises on the way. */
	resolution_ns += resolution_ns / 1000;
	n = prepare(points, n);
	if (n == 0) {
		*pieces = (struct clock_piece){ .from_ns = INT64_MIN, .to_ns = INT64_MAX, .sure_from_ns = INT64_MIN, .sure_to_ns = INT64_MAX };
		return 1;
	}
	flag = malloc(n);
	if (!flag || cut(points, n, resolution_ns, max, flag, &cuts) < 0)
		goto out;
	if (fit_all(points, n, resolution_ns, flag, &cuts, pieces) < 0)
		goto out;
	delimit(points, &cuts, pieces);
	rc = (int)cuts.n;
out:
	free(flag);
	free(cuts.v);
	return rc;
}

/* One side's bound, mirrored for the lower one; where the points cannot carry a slope, it opens as fast as clocks can part. */
static wide bound_at(const struct clock_piece *p, const struct clock_curve *k, int64_t x)
{
	if (p->short_span && x < p->first_ns)
		return curve_at(k, p->first_ns, (wide)p->first_ns - x);
	if (p->short_span && x > p->last_ns)
		return curve_at(k, p->last_ns, (wide)x - p->last_ns);
	return curve_at(k, x, 0);
}

static void bounds(const struct clock_piece *p, int64_t x, int64_t *low, int64_t *high)
{
	*low = p->has_low ? p->low_ns : INT64_MIN;
	*high = p->has_high ? p->high_ns : INT64_MAX;
	if (p->has_low && p->low.n > 0)
		*low = clock_saturate(-bound_at(p, &p->low, x));
	if (p->has_high && p->high.n > 0)
		*high = clock_saturate(bound_at(p, &p->high, x));
}

/* On both sides of a step at a time unknown: whatever either neighbour allows. Beyond the first and the last there is none, and all is open. */
static void allow(const struct clock_piece *neighbour, int64_t x, int64_t *low, int64_t *high)
{
	int64_t l = INT64_MIN, h = INT64_MAX;

	if (neighbour)
		bounds(neighbour, x, &l, &h);
	*low = l < *low ? l : *low;
	*high = h > *high ? h : *high;
}

void clock_at(const struct clock_piece *pieces, size_t n, int64_t x_ns, int64_t *offset_ns, int64_t *low_ns, int64_t *high_ns)
{
	const struct clock_piece *p = pieces, *end = pieces + n;
	long double rise;

	while (p + 1 < end && x_ns >= p[1].from_ns)
		p++;
	bounds(p, x_ns, low_ns, high_ns);
	if (x_ns < p->sure_from_ns && p->high.n + p->low.n > 0)
		allow(p > pieces ? p - 1 : NULL, x_ns, low_ns, high_ns);
	if (x_ns > p->sure_to_ns && p->high.n + p->low.n > 0)
		allow(p + 1 < end ? p + 1 : NULL, x_ns, low_ns, high_ns);
	rise = (long double)p->skew_ppm * ((long double)x_ns - (long double)p->origin_ns) / 1e6L;
	*offset_ns = clock_saturate((wide)p->offset_ns + (wide)llrintl(rise));
	if (*offset_ns < *low_ns)
		*offset_ns = *low_ns;
	if (*offset_ns > *high_ns)
		*offset_ns = *high_ns;
}
