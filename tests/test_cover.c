/* Prefixes that cover addresses, and what is chance. */
#include "tests/test.h"

#include <math.h>

#include "correlate/chance.h"
#include "correlate/cover.h"

static struct cover_addr address(const char *text)
{
	struct cover_addr a;

	assert_true(cover_parse(text, &a));
	return a;
}

/* The smallest prefix of both, as text. */
static void covers(const char *x, const char *y, const char *expected)
{
	struct cover_addr a = address(x), b = address(y);
	int bits = cover_common(&a, &b);
	char text[64];

	assert_true(bits >= 0);
	assert_string_equal(cover_text(text, sizeof text, &a, (unsigned)bits), expected);
	assert_string_equal(cover_text(text, sizeof text, &b, (unsigned)bits), expected);
}

static void the_smallest_prefix_covers_both_and_no_more(void **state)
{
	(void)state;
	covers("10.1.0.1", "10.1.0.1", "10.1.0.1");
	covers("10.1.0.2", "10.1.0.3", "10.1.0.2/31");
	covers("10.1.0.1", "10.1.0.2", "10.1.0.0/30");
	covers("10.1.3.4", "10.1.200.7", "10.1.0.0/16");
	covers("10.0.0.1", "192.168.0.1", "0.0.0.0/0");
	covers("2001:db8::1", "2001:db8::1", "2001:db8::1");
	covers("2001:db8:0:1::1", "2001:db8:0:ffff::2", "2001:db8::/48");
	covers("2001:db8::1", "2001:db8::2", "2001:db8::/126");
	covers("::1", "ffff::1", "::/0");
}

static void nothing_covers_addresses_of_two_families(void **state)
{
	struct cover_addr a = address("0.0.0.0"), b = address("::");

	(void)state;
	assert_int_equal(cover_common(&a, &b), -1);
	assert_true(cover_compare(&a, &b) < 0);
}

static void what_is_no_address_is_refused(void **state)
{
	struct cover_addr a;

	(void)state;
	assert_false(cover_parse("?", &a));
	assert_int_equal(a.family, 0);
	assert_false(cover_parse("10.1.0", &a));
	assert_false(cover_parse("2001:db8::1::2", &a));
}

static void a_range_holds_the_prefix_and_not_its_neighbours(void **state)
{
	const struct cover_addr list[] = { address("10.0.255.255"), address("10.1.0.0"), address("10.1.255.255"), address("10.2.0.0"),
		address("a01::"), address("a01:ffff::"), address("a02::") };
	uint32_t from, to;

	(void)state;
	cover_range(list, 7, 2, 16, &from, &to);
	assert_int_equal(from, 1);
	assert_int_equal(to, 3);
	cover_range(list, 7, 4, 16, &from, &to);
	assert_int_equal(from, 4);
	assert_int_equal(to, 6);
	cover_range(list, 7, 0, 0, &from, &to);
	assert_int_equal(from, 0);
	assert_int_equal(to, 4);
	cover_range(list, 7, 6, 128, &from, &to);
	assert_int_equal(from, 6);
	assert_int_equal(to, 7);
}

/* The lady tasting tea: all four of eight. */
static void fisher_s_test_is_exact(void **state)
{
	(void)state;
	assert_true(fabs(pow(10, chance_fisher(8, 4, 4, 4)) - 1.0 / 70) < 1e-12);
	assert_true(fabs(pow(10, chance_fisher(8, 4, 4, 3)) - 17.0 / 70) < 1e-12);
	assert_true(chance_fisher(8, 4, 4, 2) == 0);
	assert_true(chance_fisher(8, 8, 3, 3) == 0);
	assert_true(fabs(pow(10, chance_ways(49, 6)) - 13983816) < 1);
	assert_true(chance_fisher(2000000, 1000, 1000, 1000) < -1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_prefix_covers_both_and_no_more),
		cmocka_unit_test(nothing_covers_addresses_of_two_families),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_range_holds_the_prefix_and_not_its_neighbours),
		cmocka_unit_test(fisher_s_test_is_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
