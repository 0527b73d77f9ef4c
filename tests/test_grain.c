/* How fine time stamps really are. */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/grain.h"

static int64_t resolution(size_t n, int64_t step, int64_t phase, int64_t said)
{
	struct conn *c = calloc(1, sizeof *c);
	struct grain g = { 0 };

	assert_non_null(c);
	c->pkt = calloc(n + 1, sizeof *c->pkt);
	assert_non_null(c->pkt);
	for (size_t i = 0; i < n; i++)
		c->pkt[i].t_raw = 1700000000000000000 + phase + (int64_t)(i * i % 97) * step;
	c->at[1] = (uint32_t)n;
	grains_count(c, 1, &g);
	free(c->pkt);
	free(c);
	return grain_resolution(&g, said);
}

static void whole_seconds_in_a_file_of_microseconds(void **state)
{
	(void)state;
	assert_int_equal(resolution(10, 1000000000, 0, 1000), 1000000000);
	assert_int_equal(resolution(10, 7000000000, 250000, 1000), 1000000000);
	assert_int_equal(resolution(50, 1000000, 0, 1000), 1000000);
	assert_int_equal(resolution(50, 10000000, 0, 1), 10000000);
	assert_int_equal(resolution(50, 1000, 0, 1), 1000);
}

static void fine_stamps_stay_as_fine_as_they_say(void **state)
{
	(void)state;
	assert_int_equal(resolution(500, 1000, 0, 1000), 1000);
	assert_int_equal(resolution(500, 1234567, 0, 1), 1);
	assert_int_equal(resolution(500, 1, 0, 1000), 1000);
	assert_int_equal(resolution(500, 500000, 0, 1000), 100000);
}

static void a_few_packets_show_nothing(void **state)
{
	(void)state;
	assert_int_equal(resolution(0, 0, 0, 1000), 1000);
	assert_int_equal(resolution(2, 1000000000, 0, 1000), 1000);
	assert_int_equal(resolution(5, 1000000, 0, 1000), 1000);
	assert_int_equal(resolution(4, 0, 0, 1000), 1000);
	assert_int_equal(resolution(20, 0, 0, 1000), 1000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_seconds_in_a_file_of_microseconds),
		cmocka_unit_test(fine_stamps_stay_as_fine_as_they_say),
		cmocka_unit_test(a_few_packets_show_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
