/* Numbers for people. */
#include "tests/test.h"

#include "correlate/report/style.h"

static void check(int64_t ns, int64_t low, int64_t high, const char *full, const char *brief)
{
	struct style s = { .utf8 = false };
	struct interval v = { ns, low, high };
	char buf[64];

	assert_string_equal(style_interval(&s, buf, sizeof buf, &v, 1000, false), full);
	assert_string_equal(style_interval(&s, buf, sizeof buf, &v, 1000, true), brief);
}

static void intervals_say_what_is_known(void **state)
{
	(void)state;
	check(410000, 20000, 830000, "0.41 ms (0.02-0.83)", "<=0.83 ms");
	check(410000, 400000, 420000, "0.41 ms", "0.41 ms");
	check(20769668, 492106, 41047230, "21 ms (0.49-41.1)", "<=41 ms");
	check(40300000, 3000, 80600000, "40 ms (0-80.6)", "<=81 ms");
	check(4000, 0, 7000, "4 us (0-7)", "<=7 us");
}

static void open_intervals_say_what_is_left(void **state)
{
	(void)state;
	check(310000, 310000, INT64_MAX, ">=0.31 ms", ">=0.31 ms");
	check(0, 0, INT64_MAX, "", "");
	check(500, 0, 900, "<=1 us", "<=1 us");
}

/* A bound is rounded outwards: as it stands there it holds. */
static void bounds_hold_as_they_are_printed(void **state)
{
	(void)state;
	check(5555555, 1119999, 9991111, "5.6 ms (1.11-10.00)", "<=10.0 ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_say_what_is_known),
		cmocka_unit_test(open_intervals_say_what_is_left),
		cmocka_unit_test(bounds_hold_as_they_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
