#include "correlate/clock_oneway.h"

#include <math.h>
#include <stdlib.h>

#define BLOCKS 32
#define FEWEST 64               /* points, to tell what is usual */
#define FAR 10                  /* times the distance of the median from the first decile */

/* The points, the first at (0, 0), so that doubles are exact enough; y is mirrored for the lower side: the clock bounds it from below. */
struct cloud {
	struct spot {
		double x, y;
		size_t index;
	} *v;
	size_t n;
};

static int cloud_make(struct cloud *c, const struct clock_point *points, const uint8_t *flag, const struct stretch *s)
{
	const struct clock_point *first = NULL;

	c->n = 0;
	c->v = malloc((s->end - s->begin) * sizeof *c->v);
	if (!c->v)
		return -1;
	for (size_t i = s->begin; i < s->end; i++) {
		const struct clock_point *p = &points[i];
		if (flag[i])
			continue;
		if (!first)
			first = p;
		c->v[c->n++] = (struct spot){ (double)((__int128)p->x_ns - first->x_ns),
		    (double)((__int128)p->d_ns - first->d_ns) * (p->upper ? 1 : -1), i };
	}
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double l = *(const double *)a, r = *(const double *)b;

	return (l > r) - (l < r);
}

static int by_height(const void *a, const void *b)
{
	const struct spot *l = a, *r = b;

	return l->y != r->y ? (l->y > r->y) - (l->y < r->y) : (l->index > r->index) - (l->index < r->index);
}

/* Theil and Sen's slope (median of all pairs) of the medians of blocks: wrong matches and queues do not bend it. */
static double usual_slope(struct cloud *c)
{
	double x[BLOCKS], y[BLOCKS], slope[BLOCKS * BLOCKS / 2];
	size_t n = 0;

	for (size_t b = 0; b < BLOCKS; b++) {
		size_t from = c->n * b / BLOCKS, to = c->n * (b + 1) / BLOCKS;
		x[b] = (c->v[from].x + c->v[to - 1].x) / 2;
		qsort(c->v + from, to - from, sizeof *c->v, by_height);
		y[b] = c->v[from + (to - from) / 2].y;
	}
	for (size_t i = 0; i < BLOCKS; i++)
		for (size_t j = i + 1; j < BLOCKS; j++)
			if (x[j] > x[i])
				slope[n++] = (y[j] - y[i]) / (x[j] - x[i]);
	if (n == 0)
		return 0;
	qsort(slope, n, sizeof *slope, by_value);
	return fmax(fmin(slope[n / 2], 1.0 / CLOCK_SKEW_DEN), -1.0 / CLOCK_SKEW_DEN);
}

/* Delays have a floor and a long tail above it: the lowest tenth lies close together. */
static void drop_far(struct cloud *c, int64_t tol_ns, uint8_t *flag, const struct stretch *s)
{
	double slope = usual_slope(c), median, line;
	size_t far = 0;

	for (size_t i = 0; i < c->n; i++)
		c->v[i].y -= slope * c->v[i].x;
	qsort(c->v, c->n, sizeof *c->v, by_height);
	median = c->v[c->n / 2].y;
	line = median - FAR * fmax(0, median - c->v[c->n / 10].y - (double)tol_ns) - 2 * (double)tol_ns;
	while (c->v[far].y < line)
		far++;
	if (far > steps_tolerable(s->end - s->begin))
		return;
	for (size_t i = 0; i < far; i++)
		flag[c->v[i].index] = OUT;
}

int oneway_clean(const struct clock_point *points, int64_t tol_ns, uint8_t *flag, const struct stretch *s)
{
	struct cloud c;
	bool way[2] = { false, false };

	for (size_t i = s->begin; i < s->end; i++)
		if (!flag[i])
			way[points[i].upper] = true;
	if (way[0] == way[1])
		return 0;
	if (cloud_make(&c, points, flag, s) < 0)
		return -1;
	if (c.n >= FEWEST)
		drop_far(&c, tol_ns, flag, s);
	free(c.v);
	return 0;
}

/* Least height above a line of this slope, per quarter of the span; how far the quarters differ. */
static double spread(const struct corridor_side *h, const struct clock_point *points, const uint8_t *flag, const struct stretch *s, double slope)
{
	double low[4] = { INFINITY, INFINITY, INFINITY, INFINITY };
	double span = (double)(h->v[h->n - 1].x - h->v[0].x);

	for (size_t i = s->begin; i < s->end; i++) {
		if (flag[i])
			continue;
		double x = (double)(points[i].x_ns - h->v[0].x);
		double y = (double)((points[i].upper ? points[i].d_ns : -points[i].d_ns) - h->v[0].y);
		int quarter = (int)fmin(x / span * 4, 3);
		low[quarter] = fmin(low[quarter], y - slope * x);
	}
	return fmax(fmax(low[0], low[1]), fmax(low[2], low[3])) - fmin(fmin(low[0], low[1]), fmin(low[2], low[3]));
}

/* Moon, Skelly, Towsley 1999: the edge of the hull that spans the mean. */
static struct clock_slope mean_edge(const struct corridor_side *h, const struct clock_point *points, const uint8_t *flag, const struct stretch *s)
{
	double sum = 0, n = 0;
	size_t i = 1;

	for (size_t k = s->begin; k < s->end; k++)
		if (!flag[k]) {
			sum += (double)(points[k].x_ns - h->v[0].x);
			n++;
		}
	while (i + 1 < h->n && (double)(h->v[i].x - h->v[0].x) < sum / n)
		i++;
	return (struct clock_slope){ h->v[i].y - h->v[i - 1].y, h->v[i].x - h->v[i - 1].x };
}

/* Taken only where it makes the quarters' least delays agree much better than no slope does: else it is the network's queues that it follows. */
struct clock_slope oneway_slope(const struct corridor *c, int side, const struct clock_point *points, const uint8_t *flag, const struct stretch *s)
{
	const struct corridor_side *h = &c->side[side];
	const struct clock_slope zero = { 0, 1 };
	struct clock_slope edge;
	double flat, along;

	if (h->n < 2)
		return zero;
	edge = mean_edge(h, points, flag, s);
	if (slope_cmp(edge, h->slope) > 0 || slope_cmp(edge, slope_minus(h->slope)) < 0)
		return zero;
	flat = spread(h, points, flag, s, 0);
	along = spread(h, points, flag, s, (double)edge.num / (double)edge.den);
	if (!(flat > 4 * along + 4 * (double)c->tol_ns))
		return zero;
	return side == UPPER ? edge : slope_minus(edge);
}
