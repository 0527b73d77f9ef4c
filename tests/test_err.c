#include "tests/test.h"

#include <string.h>

#include "schema/err.h"

static void a_message_is_set_and_returns_failure(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, "frame %d: %s", 12, "cut short"), -1);
	assert_string_equal(e.msg, "frame 12: cut short");
}

static void context_goes_in_front(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, "the file is empty");
	assert_int_equal(err_prefix(&e, "%s", "a.pcap"), -1);
	assert_int_equal(err_prefix(&e, "point %s", "lb"), -1);
	assert_string_equal(e.msg, "point lb: a.pcap: the file is empty");
}

/* The message itself may be what is printed in front of itself. */
static void a_message_may_be_its_own_context(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, "again");
	err_prefix(&e, "%s", e.msg);
	assert_string_equal(e.msg, "again: again");
}

static void a_long_message_is_cut_at_its_end(void **state)
{
	char text[2 * ERR_MAX];
	struct err e;

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	err_set(&e, "%s", text);
	assert_int_equal(strlen(e.msg), ERR_MAX - 1);
}

/* Whatever the lengths: the cause is there to its end, and what is in front of it is the beginning of the context. */
static void of_cause_and_context_it_is_the_context_that_is_cut(void **state)
{
	char cause[ERR_MAX], context[2 * ERR_MAX];
	struct err e;

	(void)state;
	memset(context, 'c', sizeof context);
	context[sizeof context - 1] = '\0';
	for (size_t n = 0; n < ERR_MAX; n++) {
		memset(cause, 'x', n);
		cause[n] = '\0';
		err_set(&e, "%s", cause);
		err_prefix(&e, "%s", context);
		size_t room = ERR_MAX - 1 - n < 2 ? 0 : ERR_MAX - 1 - n - 2, got = strlen(e.msg);
		assert_int_equal(got, n + 2 <= ERR_MAX - 1 ? ERR_MAX - 1 : n);
		assert_string_equal(e.msg + got - n, cause);
		assert_memory_equal(e.msg, context, room);
		if (got > n)
			assert_memory_equal(e.msg + room, ": ", 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_is_set_and_returns_failure),
	    cmocka_unit_test(context_goes_in_front),
	    cmocka_unit_test(a_message_may_be_its_own_context),
	    cmocka_unit_test(a_long_message_is_cut_at_its_end),
	    cmocka_unit_test(of_cause_and_context_it_is_the_context_that_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
