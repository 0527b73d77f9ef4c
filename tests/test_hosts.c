/* How packets of hosts arrive at points. */
#include "tests/test.h"

#include "correlate/hosts.h"

static void what_was_added_is_found_and_nothing_else(void **state)
{
	struct hosts *h = hosts_new();

	(void)state;
	hosts_add(h, 1, 10, 80)->flows = 5;
	assert_int_equal(hosts_find(h, 1, 10, 80)->flows, 5);
	assert_int_equal(hosts_add(h, 1, 10, 80)->flows, 5);
	assert_null(hosts_find(h, 1, 10, 0));
	assert_null(hosts_find(h, 0, 10, 80));
	assert_null(hosts_find(h, 1, 11, 80));
	hosts_free(h);
	hosts_free(NULL);
}

static void a_hundred_thousand_hosts_are_found(void **state)
{
	struct hosts *h = hosts_new();

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		hosts_add(h, i % 3, i / 3, (uint16_t)(i % 7))->flows = i;
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(hosts_find(h, i % 3, i / 3, (uint16_t)(i % 7))->flows, i);
	hosts_free(h);
}

static void renumbered_points_keep_their_hosts(void **state)
{
	static const uint32_t to[] = { 2, 0, 1 };
	struct hosts *h = hosts_new();

	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		hosts_add(h, i % 3, i, 0)->flows = i;
	hosts_renumber(h, to);
	for (uint32_t i = 0; i < 300; i++) {
		assert_int_equal(hosts_find(h, to[i % 3], i, 0)->flows, i);
		assert_null(hosts_find(h, i % 3, i, 0));
	}
	hosts_free(h);
}

static uint8_t elected(const char *votes)
{
	struct host h = { 0 };

	for (; *votes; votes++)
		hosts_vote(&h, (uint8_t)*votes);
	return hosts_ttl(&h);
}

static void the_ttl_of_nearly_all_flows_is_the_hosts(void **state)
{
	(void)state;
	assert_int_equal(elected(""), 0);
	assert_int_equal(elected("a"), 'a');
	assert_int_equal(elected("aaaa"), 'a');
	assert_int_equal(elected("aaaaaab"), 'a');
	assert_int_equal(elected("baaaaaaaaaa"), 'a');
	assert_int_equal(elected("aaabaaabaaa"), 'a');
}

static void no_ttl_is_elected_by_less_than_three_of_four(void **state)
{
	(void)state;
	assert_int_equal(elected("ab"), 0);
	assert_int_equal(elected("aaab" "b"), 0);
	assert_int_equal(elected("aabb"), 0);
	assert_int_equal(elected("ababcccc"), 0);       /* the losers fight each other: only half are c */
	assert_int_equal(elected("abcabcabc"), 0);
}

static void some_ttls_are_fresh_from_the_host(void **state)
{
	unsigned n = 0;

	(void)state;
	for (unsigned ttl = 0; ttl < 256; ttl++)
		n += hosts_untouched((uint8_t)ttl);
	assert_int_equal(n, 4);
	assert_true(hosts_untouched(32) && hosts_untouched(64) && hosts_untouched(128) && hosts_untouched(255));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_found_and_nothing_else),
		cmocka_unit_test(a_hundred_thousand_hosts_are_found),
		cmocka_unit_test(renumbered_points_keep_their_hosts),
		cmocka_unit_test(the_ttl_of_nearly_all_flows_is_the_hosts),
		cmocka_unit_test(no_ttl_is_elected_by_less_than_three_of_four),
		cmocka_unit_test(some_ttls_are_fresh_from_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
