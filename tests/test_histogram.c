/* Durations by how often they came. */
#include "tests/test.h"

#include "correlate/histogram.h"

static void few_are_kept_as_they_are(void **state)
{
	struct histogram h = { 0 };
	struct err e;

	(void)state;
	for (int64_t v = 101; v > 0; v--)
		assert_int_equal(histogram_add(&h, v * 1001, &e), 0);
	assert_int_equal(h.min, 1001);
	assert_int_equal(h.max, 101 * 1001);
	assert_int_equal(histogram_at(&h, 500, HISTOGRAM_MIDDLE), 51 * 1001);
	assert_int_equal(histogram_at(&h, 990, HISTOGRAM_FLOOR), 100 * 1001);
	assert_int_equal(histogram_at(&h, 1000, HISTOGRAM_TOP), 101 * 1001);
	histogram_free(&h);
}

/* In whatever order they come, and the edges of a bucket hold what is in it. */
static void many_are_told_within_two_percent(void **state)
{
	enum { N = 100000 };
	struct histogram up = { 0 }, down = { 0 };
	struct err e;

	(void)state;
	for (int64_t i = 0; i < N; i++) {
		assert_int_equal(histogram_add(&up, i * i, &e), 0);
		assert_int_equal(histogram_add(&down, (N - 1 - i) * (N - 1 - i), &e), 0);
	}
	for (unsigned m = 0; m < 1000; m += 37) {
		int64_t truth = (int64_t)N * m / 1000 * ((int64_t)N * m / 1000), low = histogram_at(&up, m, HISTOGRAM_FLOOR);
		int64_t high = histogram_at(&up, m, HISTOGRAM_TOP), middle = histogram_at(&up, m, HISTOGRAM_MIDDLE);
		assert_true(low <= truth && truth <= high);
		assert_true(low <= middle && middle <= high);
		assert_true(high - low <= truth / 50 + 1);
		assert_int_equal(middle, histogram_at(&down, m, HISTOGRAM_MIDDLE));
	}
	histogram_free(&up);
	histogram_free(&down);
}

static void the_longest_time_and_less_than_none_have_a_place(void **state)
{
	struct histogram h = { 0 };
	struct err e;

	(void)state;
	for (int i = 0; i < 2 * HISTOGRAM_FEW; i++)
		assert_int_equal(histogram_add(&h, i % 2 ? -5 : INT64_MAX - 1, &e), 0);
	assert_int_equal(h.min, 0);
	assert_int_equal(histogram_at(&h, 100, HISTOGRAM_TOP), 0);
	assert_int_equal(histogram_at(&h, 900, HISTOGRAM_TOP), INT64_MAX - 1);
	histogram_free(&h);
}

/* What nobody knows is longer than all that is known. */
static void open_ones_count_as_longest(void **state)
{
	struct histogram h = { 0 };
	struct err e;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(histogram_add(&h, i < 6 ? i : INT64_MAX, &e), 0);
	assert_int_equal(histogram_at(&h, 500, HISTOGRAM_MIDDLE), 5);
	assert_int_equal(histogram_at(&h, 600, HISTOGRAM_MIDDLE), INT64_MAX);
	assert_int_equal(h.max, 5);
	histogram_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_kept_as_they_are),
		cmocka_unit_test(many_are_told_within_two_percent),
		cmocka_unit_test(the_longest_time_and_less_than_none_have_a_place),
		cmocka_unit_test(open_ones_count_as_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
