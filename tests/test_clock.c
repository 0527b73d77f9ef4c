/* The clock corridor, case by case. */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "correlate/clock.h"

#define MS 1000000
#define SECOND 1000000000
#define PIECES 16

static const int64_t start = 1700000000 * (int64_t)SECOND;

static uint64_t random_state;

static double unit(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* A path of 250 us each way with queues of 1 ms; between `from` and `to` (shares of the span) the clock and the two ways are off by so much. */
struct scene {
	size_t n;
	double span, skew, from, to;
	int64_t clock, up, down;
	double upper_share;
};

static struct clock_point *play(const struct scene *s)
{
	struct clock_point *points = calloc(s->n, sizeof *points);

	assert_non_null(points);
	random_state = 42;
	for (size_t i = 0; i < s->n; i++) {
		double share = ((double)i + .5) / (double)s->n, x = share * s->span, delay = 250e3 - 1e6 * log(1 - unit());
		bool changed = share >= s->from && share < s->to, upper = unit() < s->upper_share;
		int64_t extra = !changed ? 0 : upper ? s->clock + s->up : s->clock - s->down;
		points[i] = (struct clock_point){ .x_ns = start + (int64_t)x, .upper = upper, .ref = (uint32_t)i };
		points[i].d_ns = (int64_t)(s->skew * x) + (int64_t)(upper ? delay : -delay) + extra;
	}
	return points;
}

static int fit(struct scene s, struct clock_piece *pieces)
{
	struct clock_point *points = play(&s);
	int n = clock_fit(points, s.n, 1, pieces, PIECES);

	free(points);
	return n;
}

static void no_packets_say_nothing(void **state)
{
	struct clock_piece p;
	int64_t offset, low, high;

	(void)state;
	assert_int_equal(clock_fit(NULL, 0, 1, &p, 1), 1);
	assert_int_equal(p.state, CLOCK_NONE);
	assert_true(p.from_ns == INT64_MIN && p.to_ns == INT64_MAX && !p.has_low && !p.has_high);
	clock_at(&p, 1, start, &offset, &low, &high);
	assert_true(offset == 0 && low == INT64_MIN && high == INT64_MAX);
}

static void one_packet_each_way_gives_the_middle(void **state)
{
	struct clock_point points[] = { { .x_ns = start, .d_ns = 5000, .upper = true }, { .x_ns = start + 100, .d_ns = -1000 } };
	struct clock_piece p;

	(void)state;
	assert_int_equal(clock_fit(points, 2, 1, &p, 1), 1);
	assert_int_equal(p.state, CLOCK_BOTH_WAYS);
	assert_in_range(p.offset_ns, 1999, 2001);
	assert_true(p.low_ns >= -1003 && p.low_ns <= -1000 && p.high_ns >= 5000 && p.high_ns <= 5003);
	assert_true(p.skew_ppm == 0 && fabs(p.skew_low_ppm + 500) < 1 && fabs(p.skew_high_ppm - 500) < 1);
}

static void two_packets_that_contradict_each_other_prove_nothing(void **state)
{
	struct clock_point points[] = { { .x_ns = start, .d_ns = -SECOND, .upper = true }, { .x_ns = start + 100, .d_ns = SECOND } };
	struct clock_piece p;

	(void)state;
	assert_int_equal(clock_fit(points, 2, 1, &p, 1), 1);
	assert_int_equal(p.state, CLOCK_INCONSISTENT);
	assert_true(!p.has_low && !p.has_high);
}

static void one_direction_gives_one_bound(void **state)
{
	struct clock_piece p[PIECES];
	int64_t offset, low, high;

	(void)state;
	assert_int_equal(fit((struct scene){ .n = 5000, .span = 600e9, .skew = 40e-6, .upper_share = 1 }, p), 1);
	assert_int_equal(p->state, CLOCK_ONE_WAY);
	assert_true(p->has_high && !p->has_low);
	assert_true(fabs(p->skew_ppm - 40) < 1);
	clock_at(p, 1, start, &offset, &low, &high);
	assert_true(low == INT64_MIN && high >= 0 && high < 2 * MS);
	assert_int_equal(fit((struct scene){ .n = 40, .span = 2e9, .skew = 40e-6 }, p), 1);
	assert_true(p->has_low && !p->has_high && p->skew_ppm == 0);
}

/* 104 days: from there on a double does not tell a nanosecond more. */
static void the_last_point_of_a_long_capture_is_in_its_last_quarter(void **state)
{
	const int64_t step = ((INT64_C(1) << 53) + 4096) / 10;
	struct clock_point points[11];
	struct clock_piece p;

	(void)state;
	for (int i = 0; i <= 10; i++)
		points[i] = (struct clock_point){ .x_ns = i * step, .d_ns = i * (int64_t)SECOND, .upper = true };
	assert_int_equal(clock_fit(points, 11, 1000, &p, 1), 1);
	assert_int_equal(p.state, CLOCK_ONE_WAY);
	assert_true(fabs(p.skew_ppm - 1e6 * SECOND / (double)step) < 1e-6);
}

static void a_short_capture_has_no_slope(void **state)
{
	struct clock_piece p[PIECES];
	int64_t offset, low, high;

	(void)state;
	assert_int_equal(fit((struct scene){ .n = 30, .span = 5e9, .skew = 60e-6, .upper_share = .5 }, p), 1);
	assert_true(p->skew_ppm == 0 && p->skew_low_ppm <= 60 && p->skew_high_ppm >= 60);
	clock_at(p, 1, p->last_ns + 1000 * (int64_t)SECOND, &offset, &low, &high);
	assert_true(high - low >= SECOND);
}

static void a_long_capture_has_a_slope(void **state)
{
	struct clock_piece p[PIECES];

	(void)state;
	assert_int_equal(fit((struct scene){ .n = 20000, .span = 3600e9, .skew = -37e-6, .upper_share = .5 }, p), 1);
	assert_true(fabs(p->skew_ppm + 37) < .1);
	assert_true(p->skew_low_ppm <= -37 && p->skew_high_ppm >= -37 && p->skew_high_ppm - p->skew_low_ppm < 1);
	assert_int_equal(p->slack_ns, 0);
}

static void a_step_is_found(void **state)
{
	static const int64_t steps[] = { 5 * (int64_t)SECOND, -5 * (int64_t)SECOND, 20 * MS, -20 * MS, 3600 * (int64_t)SECOND };

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct clock_piece p[PIECES];
		struct scene s = { .n = 6000, .span = 600e9, .skew = 10e-6, .from = .4, .to = 2, .clock = steps[i], .upper_share = .5 };
		assert_int_equal(fit(s, p), 2);
		assert_true(llabs(p[1].from_ns - start - 240 * (int64_t)SECOND) < 300 * MS);
		assert_true(llabs(p[1].offset_ns - p[0].offset_ns - steps[i] - 3 * MS) < MS);
		assert_true(p[0].from_ns == INT64_MIN && p[0].to_ns == p[1].from_ns && p[1].to_ns == INT64_MAX);
	}
}

static void a_clock_set_forth_and_back_has_three_pieces(void **state)
{
	struct clock_piece p[PIECES];

	(void)state;
	assert_int_equal(fit((struct scene){ .n = 3000, .span = 300e9, .from = .5, .to = .6, .clock = SECOND, .upper_share = .5 }, p), 3);
	assert_true(llabs(p[1].offset_ns - SECOND) < MS && llabs(p[2].offset_ns) < MS);
}

static void a_change_of_route_is_no_step(void **state)
{
	static const int64_t longer[] = { 400000, 5 * MS, 100 * MS };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct clock_piece p[PIECES];
		struct scene s = { .n = 6000, .span = 600e9, .from = .3, .to = .7, .up = longer[i], .upper_share = .5 };
		assert_int_equal(fit(s, p), 1);
		s.down = longer[i];
		assert_int_equal(fit(s, p), 1);
		s.up = 0;
		assert_int_equal(fit(s, p), 1);
		assert_true(llabs(p->offset_ns) < MS && p->slack_ns == 0);
	}
}

static void wrong_matches_are_named(void **state)
{
	struct scene s = { .n = 2000, .span = 300e9, .skew = 5e-6, .upper_share = .5 };
	struct clock_point *points = play(&s);
	struct clock_piece p[PIECES];
	size_t bad = 0;

	(void)state;
	for (size_t i = 50; i < s.n; i += 100)
		points[i].d_ns += points[i].upper ? -2 * (int64_t)SECOND : 2 * (int64_t)SECOND;
	assert_int_equal(clock_fit(points, s.n, 1, p, PIECES), 1);
	for (size_t i = 0; i < s.n; i++) {
		bad += points[i].bad;
		assert_true(points[i].bad == (points[i].ref % 100 == 50));
	}
	assert_int_equal(bad, 20);
	assert_int_equal(p->state, CLOCK_BOTH_WAYS);
	assert_true(llabs(p->offset_ns - 750000) < 300000);
	free(points);
}

static void noise_is_conceded_and_said(void **state)
{
	struct scene s = { .n = 4000, .span = 300e9, .upper_share = .5 };
	struct clock_point *points = play(&s);
	struct clock_piece p[PIECES];

	(void)state;
	for (size_t i = 0; i < s.n; i++)
		points[i].d_ns += (int64_t)((unit() - .5) * 2 * MS);
	assert_int_equal(clock_fit(points, s.n, 1000, p, PIECES), 1);
	assert_true(p->slack_ns > 100000 && p->slack_ns < 2 * MS);
	assert_true(p->low_ns <= 0 && p->high_ns >= 0);
	free(points);
}

static void absurd_times_overflow_nothing(void **state)
{
	static const int64_t odd[] = { INT64_MIN, INT64_MIN + 1, -4400000000000000000, -1, 0, 1, 4294967295999999999, 4400000000000000000, INT64_MAX };
	struct clock_point points[162];
	struct clock_piece p[PIECES];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 9; i++)
		for (size_t k = 0; k < 18; k++)
			points[n++] = (struct clock_point){ .x_ns = odd[i], .d_ns = odd[k % 9], .upper = k < 9 };
	for (size_t max = 1; max <= PIECES; max++)
		for (size_t used = 1; used <= n; used++) {
			int pieces = clock_fit(points, used, 1000000000, p, max);
			assert_in_range(pieces, 1, max);
			for (size_t i = 0; i < 9; i++) {
				int64_t offset, low, high;
				clock_at(p, (size_t)pieces, odd[i], &offset, &low, &high);
				assert_true(low <= offset && offset <= high);
			}
		}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Beside NTP's filter: the middle between the least of all delays each way, which knows no skew. */
static void the_corridor_against_the_minimum_filter(void **state)
{
	static const size_t sizes[] = { 10, 100, 1000, 100000, 1000000 };

	(void)state;
	print_message("    packets  corridor: error   width  skew error | minimum filter: error at the middle, at the end | time\n");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct scene s = { .n = sizes[i], .span = 3600e9, .skew = 20e-6, .upper_share = .5 };
		struct clock_point *points = play(&s);
		struct clock_piece p[PIECES];
		int64_t high = INT64_MAX, low = INT64_MIN;
		double began = seconds(), middle, truth = 20e-6 * 1800e9;
		assert_int_equal(clock_fit(points, s.n, 1, p, PIECES), 1);
		began = seconds() - began;
		for (size_t k = 0; k < s.n; k++) {
			if (points[k].upper)
				high = points[k].d_ns < high ? points[k].d_ns : high;
			else
				low = points[k].d_ns > low ? points[k].d_ns : low;
		}
		middle = (double)low / 2 + (double)high / 2;
		print_message("    %7zu  %9.1f us %9.1f us %7.4f ppm | %9.1f us %9.1f us | %.3f s\n", s.n,
		    ((double)p->offset_ns - 20e-6 * (double)(p->origin_ns - start)) / 1e3, (double)(p->high_ns - p->low_ns) / 1e3, p->skew_ppm - 20,
		    (middle - truth) / 1e3, (middle - 2 * truth) / 1e3, began);
		free(points);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_packets_say_nothing),
		cmocka_unit_test(one_packet_each_way_gives_the_middle),
		cmocka_unit_test(two_packets_that_contradict_each_other_prove_nothing),
		cmocka_unit_test(one_direction_gives_one_bound),
		cmocka_unit_test(the_last_point_of_a_long_capture_is_in_its_last_quarter),
		cmocka_unit_test(a_short_capture_has_no_slope),
		cmocka_unit_test(a_long_capture_has_a_slope),
		cmocka_unit_test(a_step_is_found),
		cmocka_unit_test(a_clock_set_forth_and_back_has_three_pieces),
		cmocka_unit_test(a_change_of_route_is_no_step),
		cmocka_unit_test(wrong_matches_are_named),
		cmocka_unit_test(noise_is_conceded_and_said),
		cmocka_unit_test(absurd_times_overflow_nothing),
		cmocka_unit_test(the_corridor_against_the_minimum_filter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
