/* The clock corridor in thousands of worlds whose truth is known (ALGORITHMS 9, I-25 to I-29, I-33, I-50). */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/clock.h"

#define STEPS 3
#define PIECES 16
#define SECOND 1000000000

struct world {
	uint64_t random;
	size_t n, wrong, steps;
	int64_t start, span, resolution, offset;
	double skew;            /* as a factor */
	int64_t step_at[STEPS], step[STEPS];
	double least[2], queue[2];      /* delay and mean of the queues, upper and lower */
	double upper_share;
	struct clock_point *points;
};

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static double uniform(struct world *w, double low, double high)
{
	return low + (high - low) * (double)(splitmix(&w->random) >> 11) * 0x1p-53;
}

/* Every order of magnitude as likely as the next. */
static double magnitude(struct world *w, double low, double high)
{
	return exp(uniform(w, log(low), log(high)));
}

static bool chance(struct world *w, double p)
{
	return uniform(w, 0, 1) < p;
}

static long double theta(const struct world *w, long double x)
{
	long double y = (long double)w->offset + (long double)w->skew * (x - (long double)w->start);

	for (size_t i = 0; i < w->steps; i++)
		if (x >= (long double)w->step_at[i])
			y += (long double)w->step[i];
	return y;
}

static int64_t stamp(const struct world *w, long double t)
{
	return (int64_t)floorl(t / (long double)w->resolution) * w->resolution;
}

/* One packet; none is on its way while the clock is set. A's clock is the true one. */
static struct clock_point packet(struct world *w)
{
	struct clock_point p = { .upper = chance(w, w->upper_share) };
	int64_t t, later;
	bool hit;

	do {
		hit = false;
		t = w->start + (int64_t)uniform(w, 0, (double)w->span);
		later = t + (int64_t)(w->least[!p.upper] - w->queue[!p.upper] * log(1 - uniform(w, 0, 1)));
		for (size_t i = 0; i < w->steps; i++)
			hit |= t < w->step_at[i] && later >= w->step_at[i];
	} while (hit);
	if (p.upper) {
		p.x_ns = stamp(w, t);
		p.d_ns = stamp(w, (long double)later + theta(w, later)) - p.x_ns;
	} else {
		p.x_ns = stamp(w, later);
		p.d_ns = stamp(w, (long double)t + theta(w, t)) - p.x_ns;
	}
	return p;
}

static void fill(struct world *w)
{
	w->points = calloc(w->n, sizeof *w->points);
	assert_non_null(w->points);
	for (size_t i = 0; i < w->n; i++) {
		w->points[i] = packet(w);
		if (i < w->wrong)
			w->points[i].d_ns += (int64_t)(magnitude(w, SECOND + 4 * (double)w->resolution, 1e12) * (chance(w, .5) ? 1 : -1));
	}
}

/* Any world: LAN to satellite, two packets to thousands, clocks decades apart. */
static struct world any_world(uint64_t seed)
{
	struct world w = { .random = seed * 1000003 + 17, .resolution = 1, .upper_share = .5 };
	double reach;

	w.n = (size_t)magnitude(&w, 1, 3000);
	w.start = (int64_t)uniform(&w, 0, 1.8e18);
	w.span = (int64_t)magnitude(&w, 1e7, 3e14);
	w.offset = (int64_t)((chance(&w, .5) ? 1 : -1) * magnitude(&w, 1, 1e18));
	w.skew = uniform(&w, -500e-6, 500e-6);
	for (int i = 0; i < 2; i++) {
		w.least[i] = magnitude(&w, 20e3, 50e6);
		w.queue[i] = magnitude(&w, 1e3, 50e6);
	}
	if (chance(&w, .3))
		w.resolution = chance(&w, .7) ? 1000 : chance(&w, .5) ? 1000000 : SECOND;
	if (chance(&w, .15))
		w.upper_share = chance(&w, .5) ? 1 : 0;
	else
		w.upper_share = uniform(&w, .1, .9);
	if (w.n >= 100 && chance(&w, .4))
		w.wrong = (size_t)uniform(&w, 1, (double)w.n / 100 + 1);
	reach = w.least[0] + w.least[1] + 3 * (w.queue[0] + w.queue[1]) + 1e6 + 2 * (double)w.resolution;
	if (w.n >= 200 && (double)w.span > 100 * reach && w.upper_share > 0 && w.upper_share < 1 && chance(&w, .3))
		w.steps = 1 + (size_t)uniform(&w, 0, STEPS);
	for (size_t i = 0; i < w.steps; i++) {
		double part = (double)w.span / (double)(w.steps + 1);
		w.step_at[i] = w.start + (int64_t)(part * (double)(i + 1) + uniform(&w, -part / 4, part / 4));
		w.step[i] = (int64_t)((chance(&w, .5) ? 1 : -1) * magnitude(&w, reach * 3, reach * 1e4));
	}
	fill(&w);
	return w;
}

static bool holds(const struct world *w, const struct clock_piece *pieces, int n, int64_t x)
{
	int64_t offset, low, high;
	long double truth = theta(w, x);

	clock_at(pieces, (size_t)n, x, &offset, &low, &high);
	assert_true(low <= offset && offset <= high);
	return (low == INT64_MIN || (long double)low <= truth + .5L) && (high == INT64_MAX || (long double)high >= truth - .5L);
}

static void truth_lies_inside_the_bounds_in_ten_thousand_worlds(void **state)
{
	int failures = 0;
	size_t found = 0, real = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 10000; seed++) {
		struct world w = any_world(seed);
		struct clock_piece pieces[PIECES];
		int n = clock_fit(w.points, w.n, w.resolution, pieces, PIECES), outside = 0;
		assert_true(n > 0);
		for (int i = 0; i < 60; i++)
			outside += !holds(&w, pieces, n, w.start + (int64_t)((i < 40 ? uniform(&w, 0, 1) : uniform(&w, -1, 2)) * (double)w.span));
		if (outside)
			print_message("seed %d: outside at %d of 60 places\n", (int)seed, outside);
		failures += outside > 0;
		found += (size_t)n - 1;
		real += w.steps;
		free(w.points);
	}
	print_message("           %zu steps, %zu found\n", real, found);
	assert_int_equal(failures, 0);
}

/* A quiet world of both directions, where everything holds exactly. */
static struct world quiet_world(uint64_t seed, size_t n, double span)
{
	struct world w = { .random = seed * 7919 + 3, .n = n, .span = (int64_t)span, .start = 1700000000 * (int64_t)SECOND, .resolution = 1,
		.upper_share = .5, .offset = 12345678901, .skew = 37e-6, .least = { 300e3, 500e3 }, .queue = { 1e6, 3e6 } };

	fill(&w);
	return w;
}

static void more_packets_never_widen_the_bounds(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct world w = quiet_world(seed, 200, (double)(seed % 3 + 1) * 2e9 * (double)(1 + seed));
		int64_t low[8], high[8], estimate, l, h;
		for (size_t n = 1; n <= w.n; n += 1 + n / 8) {
			struct clock_point points[200];
			struct clock_piece piece[PIECES];
			memcpy(points, w.points, n * sizeof *points);
			assert_int_equal(clock_fit(points, n, 1, piece, PIECES), 1);
			for (int i = 0; i < 8; i++) {
				clock_at(piece, 1, w.start + (i - 2) * (w.span / 4), &estimate, &l, &h);
				assert_true(n == 1 || (l >= low[i] && h <= high[i]));
				low[i] = l;
				high[i] = h;
			}
		}
		free(w.points);
	}
}

static void setting_a_clock_moves_all_results_by_as_much(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct world w = any_world(seed);
		struct clock_point *moved = malloc(w.n * sizeof *moved);
		struct clock_piece p[PIECES], q[PIECES];
		int64_t by = (int64_t)uniform(&w, -2e18, 2e18);
		int n = clock_fit(w.points, w.n, w.resolution, p, PIECES);
		assert_non_null(moved);
		for (size_t i = 0; i < w.n; i++) {
			moved[i] = w.points[i];
			moved[i].d_ns += by;
		}
		assert_int_equal(clock_fit(moved, w.n, w.resolution, q, PIECES), n);
		for (int i = 0; i < n; i++) {
			assert_true(p[i].offset_ns + by == q[i].offset_ns && p[i].from_ns == q[i].from_ns && p[i].state == q[i].state);
			assert_true(!p[i].has_low || p[i].low_ns + by == q[i].low_ns);
			assert_true(!p[i].has_high || p[i].high_ns + by == q[i].high_ns);
		}
		free(moved);
		free(w.points);
	}
}

static void swapping_the_clocks_negates_the_results(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct world w = any_world(seed);
		struct clock_point *other = malloc(w.n * sizeof *other);
		struct clock_piece p[PIECES], q[PIECES];
		int n = clock_fit(w.points, w.n, w.resolution, p, PIECES);
		assert_non_null(other);
		if (w.resolution > 1000) {      /* many at one time: in which order they are taken makes a difference */
			free(other);
			free(w.points);
			continue;
		}
		for (size_t i = 0; i < w.n; i++)
			other[i] = (struct clock_point){ .x_ns = w.points[i].x_ns, .d_ns = -w.points[i].d_ns, .upper = !w.points[i].upper };
		assert_int_equal(clock_fit(other, w.n, w.resolution, q, PIECES), n);
		for (int i = 0; i < n; i++) {
			assert_true(llabs(p[i].offset_ns + q[i].offset_ns) <= 1);
			assert_true(p[i].has_low == q[i].has_high && p[i].has_high == q[i].has_low);
			assert_true(!p[i].has_low || p[i].low_ns == -q[i].high_ns);
			assert_true(fabs(p[i].skew_ppm + q[i].skew_ppm) < 1e-9);
		}
		free(other);
		free(w.points);
	}
}

static void input_order_does_not_matter(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 1000; seed++) {
		struct world w = any_world(seed);
		struct clock_point *other = malloc(w.n * sizeof *other);
		struct clock_piece p[PIECES], q[PIECES];
		int n;
		assert_non_null(other);
		memset(p, 0, sizeof p);
		memset(q, 0, sizeof q);
		memcpy(other, w.points, w.n * sizeof *other);
		for (size_t i = w.n; i > 1; i--) {
			size_t k = splitmix(&w.random) % i;
			struct clock_point swap = other[k];
			other[k] = other[i - 1];
			other[i - 1] = swap;
		}
		n = clock_fit(w.points, w.n, w.resolution, p, PIECES);
		assert_int_equal(clock_fit(other, w.n, w.resolution, q, PIECES), n);
		for (int i = 0; i < n; i++) {
			assert_true(p[i].from_ns == q[i].from_ns && p[i].offset_ns == q[i].offset_ns && p[i].low_ns == q[i].low_ns &&
			    p[i].high_ns == q[i].high_ns && p[i].upper == q[i].upper && p[i].lower == q[i].lower);
			assert_memory_equal(&p[i].skew_ppm, &q[i].skew_ppm, sizeof p[i].skew_ppm);
		}
		for (size_t i = 0; i < w.n; i++)
			assert_true(w.points[i].x_ns == other[i].x_ns && w.points[i].bad == other[i].bad);
		free(other);
		free(w.points);
	}
}

/* The least and the greatest of theta(x) over the corners of the polygon of lines: every pair of points, and the steepest slopes. */
static void search(const struct world *w, long double x, long double *low, long double *high)
{
	size_t n = w->n;

	*low = INFINITY;
	*high = -INFINITY;
	for (size_t k = 0; k < n * n + 2; k++) {
		const struct clock_point *a = &w->points[k % n], *b = &w->points[k / n % n];
		long double q = k >= n * n ? (k % 2 ? -1 / 1999.0L : 1 / 1999.0L) : (long double)(b->d_ns - a->d_ns) / (long double)(b->x_ns - a->x_ns);
		long double hi = INFINITY, lo = -INFINITY;
		if (k < n * n) {        /* the tolerance of one unit of resolution tilts lines between the sides */
			long double tilt = (long double)((b->upper ? 1 : -1) - (a->upper ? 1 : -1));
			q = (long double)(b->d_ns - a->d_ns + (int64_t)tilt) / (long double)(b->x_ns - a->x_ns);
		}
		if (!(fabsl(q) <= 1 / 1999.0L))
			continue;
		for (size_t i = 0; i < n; i++) {
			long double y = (long double)(w->points[i].d_ns - w->offset) - q * (long double)(w->points[i].x_ns - w->start);
			if (w->points[i].upper)
				hi = fminl(hi, y + 1);
			else
				lo = fmaxl(lo, y - 1);
		}
		if (hi < lo - .01L)
			continue;
		*high = fmaxl(*high, hi + q * (x - (long double)w->start));
		*low = fminl(*low, lo + q * (x - (long double)w->start));
	}
}

static void bounds_are_those_of_an_exhaustive_search(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct world w = quiet_world(seed, 8 + seed % 33, 2e10 + 1e9 * (double)seed);
		struct clock_piece p[PIECES];
		assert_int_equal(clock_fit(w.points, w.n, 1, p, PIECES), 1);
		for (int i = -4; i < 8 && p->has_low && p->has_high && !p->short_span; i++) {
			int64_t x = w.start + i * (w.span / 4), estimate, low, high;
			long double l, h;
			search(&w, (long double)x, &l, &h);
			clock_at(p, 1, x, &estimate, &low, &high);
			assert_true(fabsl((long double)(low - w.offset) - l) < 2 && fabsl((long double)(high - w.offset) - h) < 2);
		}
		free(w.points);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_lies_inside_the_bounds_in_ten_thousand_worlds),
		cmocka_unit_test(more_packets_never_widen_the_bounds),
		cmocka_unit_test(setting_a_clock_moves_all_results_by_as_much),
		cmocka_unit_test(swapping_the_clocks_negates_the_results),
		cmocka_unit_test(input_order_does_not_matter),
		cmocka_unit_test(bounds_are_those_of_an_exhaustive_search),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
