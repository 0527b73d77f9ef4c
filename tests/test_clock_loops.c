/* Closed loops of clocks: tightening, contradictions, and who is to blame (ALGORITHMS 3.7, I-32). */
#include "tests/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/clock_loops.h"

static uint64_t random_state;

static int64_t pick(int64_t low, int64_t high)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return low + (int64_t)((z ^ (z >> 31)) % (uint64_t)(high - low + 1));
}

static void open_all(int64_t *high, uint32_t n)
{
	for (uint32_t i = 0; i < n * n; i++)
		high[i] = LOOPS_OPEN;
}

/* low <= clock b - clock a <= high */
static void say(int64_t *m, uint32_t n, uint32_t a, uint32_t b, int64_t low, int64_t high)
{
	m[a * n + b] = high;
	m[b * n + a] = -low;
}

static void a_third_clock_tightens_two(void **state)
{
	int64_t m[9], by;
	uint32_t loop[3], len;

	(void)state;
	open_all(m, 3);
	say(m, 3, 0, 1, -500, 500);
	say(m, 3, 0, 2, 900, 950);
	say(m, 3, 1, 2, 440, 450);
	assert_true(loops_close(m, 3, loop, &len, &by));
	assert_int_equal(m[0 * 3 + 1], 500);
	assert_int_equal(-m[1 * 3 + 0], 450);
	assert_int_equal(-m[2 * 3 + 0], 900);
}

static void one_bound_is_closed_by_the_way_round(void **state)
{
	int64_t m[9], by;
	uint32_t loop[3], len;

	(void)state;
	open_all(m, 3);
	m[0 * 3 + 1] = 30;      /* packets of one direction: 0, 1, 2 */
	m[1 * 3 + 2] = 40;
	say(m, 3, 0, 2, 20, 60);
	assert_true(loops_close(m, 3, loop, &len, &by));
	assert_int_equal(m[0 * 3 + 1], 30);
	assert_int_equal(-m[1 * 3 + 0], 20 - 40);
}

static void what_nothing_bounds_stays_open(void **state)
{
	int64_t m[16], by;
	uint32_t loop[4], len;

	(void)state;
	open_all(m, 4);
	say(m, 4, 0, 1, -1, 1);
	say(m, 4, 2, 3, -1, 1);
	assert_true(loops_close(m, 4, loop, &len, &by));
	assert_true(m[0 * 4 + 2] == LOOPS_OPEN && m[3 * 4 + 1] == LOOPS_OPEN);
}

/* Every pair of four, and clocks that they fit. */
static void fit_all(int64_t *m, const int64_t *clock, uint32_t n, int64_t width)
{
	open_all(m, n);
	for (uint32_t a = 0; a < n; a++)
		for (uint32_t b = a + 1; b < n; b++)
			say(m, n, a, b, clock[b] - clock[a] - width, clock[b] - clock[a] + width);
}

static void a_wrong_pair_of_four_is_named(void **state)
{
	static const int64_t clock[] = { 0, 1000, -500, 70 };
	struct loops_pair out[8];
	int64_t m[16];

	(void)state;
	fit_all(m, clock, 4, 10);
	assert_int_equal(loops_blame(m, 4, out), 0);
	say(m, 4, 1, 3, 500, 520);      /* -930 */
	assert_int_equal(loops_blame(m, 4, out), 1);
	assert_true(out[0].a == 1 && out[0].b == 3 && out[0].culprit);
	assert_true(out[0].by_ns >= 1000);
}

static void two_wrong_pairs_are_named(void **state)
{
	static const int64_t clock[8] = { 0 };
	struct loops_pair out[32];
	int64_t m[64];

	(void)state;
	fit_all(m, clock, 8, 100);
	say(m, 8, 0, 1, 999900, 1000100);
	say(m, 8, 6, 7, 999900, 1000100);
	assert_int_equal(loops_blame(m, 8, out), 2);
	assert_true(out[0].culprit && out[0].a == 0 && out[0].b == 1);
	assert_true(out[1].culprit && out[1].a == 6 && out[1].b == 7);
}

static void of_a_triangle_nobody_is_named(void **state)
{
	struct loops_pair out[4];
	int64_t m[9];

	(void)state;
	open_all(m, 3);
	say(m, 3, 0, 1, 0, 10);
	say(m, 3, 1, 2, 0, 10);
	say(m, 3, 0, 2, 100, 110);
	assert_int_equal(loops_blame(m, 3, out), 3);
	for (int i = 0; i < 3; i++)
		assert_true(!out[i].culprit && out[i].loop == 0 && out[i].by_ns == 80);
}

static void a_pair_that_contradicts_itself_is_named(void **state)
{
	struct loops_pair out[4];
	int64_t m[9];

	(void)state;
	open_all(m, 3);
	say(m, 3, 0, 1, 10, 0);
	say(m, 3, 1, 2, 0, 10);
	assert_int_equal(loops_blame(m, 3, out), 1);
	assert_true(out[0].a == 0 && out[0].b == 1 && out[0].culprit);
}

/* The tightest bound is the shortest of all ways, each of which visits a clock once. */
static int64_t shortest(const int64_t *m, uint32_t n, uint32_t from, uint32_t to, uint64_t seen)
{
	int64_t best = LOOPS_OPEN;

	if (from == to)
		return 0;
	for (uint32_t next = 0; next < n; next++) {
		if (seen >> next & 1 || m[from * n + next] == LOOPS_OPEN)
			continue;
		int64_t rest = shortest(m, n, next, to, seen | 1ull << next);
		if (rest != LOOPS_OPEN && m[from * n + next] + rest < best)
			best = m[from * n + next] + rest;
	}
	return best;
}

static void bounds_are_those_of_all_ways(void **state)
{
	(void)state;
	for (int world = 0; world < 2000; world++) {
		uint32_t n = (uint32_t)pick(2, 6), loop[6], len;
		int64_t clock[6], m[36], before[36], by;
		open_all(m, n);
		for (uint32_t i = 0; i < n; i++)
			clock[i] = pick(-1000000000, 1000000000);
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t k = 0; k < n; k++)
				if (i != k && pick(0, 9) < 6)
					m[i * n + k] = clock[k] - clock[i] + pick(0, 1000);
		memcpy(before, m, sizeof m);
		assert_true(loops_close(m, n, loop, &len, &by));
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t k = 0; k < n; k++) {
				assert_true(m[i * n + k] == shortest(before, n, i, k, 1ull << i));
				assert_true(i == k || m[i * n + k] <= before[i * n + k]);
				assert_true(m[i * n + k] == LOOPS_OPEN || m[i * n + k] >= clock[k] - clock[i]);
			}
	}
}

static void a_wrong_pair_is_found_in_any_world(void **state)
{
	(void)state;
	for (int world = 0; world < 2000; world++) {
		uint32_t n = (uint32_t)pick(3, 8), a = (uint32_t)pick(0, n - 2), b = (uint32_t)pick(a + 1, n - 1);
		int64_t clock[8], m[64], off = pick(0, 1) ? pick(100000, 1000000) : -pick(100000, 1000000);
		struct loops_pair out[32];
		for (uint32_t i = 0; i < n; i++)
			clock[i] = pick(-1000000000, 1000000000);
		fit_all(m, clock, n, pick(1, 1000));
		assert_int_equal(loops_blame(m, n, out), 0);
		say(m, n, a, b, clock[b] - clock[a] + off - 10, clock[b] - clock[a] + off + 10);
		int found = loops_blame(m, n, out);
		assert_int_equal(found, n == 3 ? 3 : 1);
		assert_true(n == 3 || (out[0].culprit && out[0].a == a && out[0].b == b));
	}
}

static void absurd_bounds_overflow_nothing(void **state)
{
	static const int64_t odd[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX };

	(void)state;
	for (int world = 0; world < 2000; world++) {
		int64_t m[25], by;
		uint32_t loop[5], len;
		struct loops_pair out[13];
		for (int i = 0; i < 25; i++)
			m[i] = odd[pick(0, 6)];
		assert_in_range(loops_blame(m, 5, out), 0, 10);
		if (!loops_close(m, 5, loop, &len, &by))
			assert_true(len >= 2 && len <= 5 && by > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_third_clock_tightens_two),
		cmocka_unit_test(one_bound_is_closed_by_the_way_round),
		cmocka_unit_test(what_nothing_bounds_stays_open),
		cmocka_unit_test(a_wrong_pair_of_four_is_named),
		cmocka_unit_test(two_wrong_pairs_are_named),
		cmocka_unit_test(of_a_triangle_nobody_is_named),
		cmocka_unit_test(a_pair_that_contradicts_itself_is_named),
		cmocka_unit_test(bounds_are_those_of_all_ways),
		cmocka_unit_test(a_wrong_pair_is_found_in_any_world),
		cmocka_unit_test(absurd_bounds_overflow_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
