/* Counting what was added. */
#include "tests/test.h"

#include "correlate/multiset.h"

static void counts_are_those_of_what_was_added(void **state)
{
	static const uint64_t keys[] = { 7, 0, UINT64_MAX, 7, 3, UINT64_MAX, 7 };
	struct multiset m = { 0 };

	(void)state;
	assert_int_equal(multiset_count(&m, 7), 0);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		multiset_add(&m, keys[i]);
	multiset_sort(&m);
	assert_int_equal(multiset_count(&m, 7), 3);
	assert_int_equal(multiset_count(&m, 0), 1);
	assert_int_equal(multiset_count(&m, UINT64_MAX), 2);
	assert_int_equal(multiset_count(&m, 4), 0);
	multiset_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(counts_are_those_of_what_was_added) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
