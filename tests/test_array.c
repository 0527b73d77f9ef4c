/* An array that grows keeps what it has. */
#include "tests/test.h"

#include <stdlib.h>

#include "schema/array.h"

struct odd {
	uint32_t n;
	char pad[9];
};

static void what_was_put_in_stays(void **state)
{
	struct odd *list = NULL;
	uint32_t room = 0;

	(void)state;
	for (uint32_t n = 0; n < 1000; n++) {
		assert_true(array_grow(&list, &room, n, sizeof *list));
		assert_true(n < room);
		list[n].n = n;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(list[i].n, i);
	assert_true(room <= 2048);
	free(list);
}

static void more_than_can_be_counted_changes_nothing(void **state)
{
	uint32_t first = 7, *list = &first, room = 1u << 31;

	(void)state;
	assert_false(array_grow(&list, &room, room, sizeof *list));
	assert_ptr_equal(list, &first);
	assert_int_equal(room, 1u << 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_in_stays),
		cmocka_unit_test(more_than_can_be_counted_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
