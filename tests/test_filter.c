#include "tests/test_import.h"

#include "ingest/filter.h"

#define ETHERNET 1
#define SLL2 276

static int match(struct filter *f, int linktype, const struct bytes *b)
{
	struct err e;
	int pass = filter_match(f, linktype, T * S, (uint32_t)b->n, (uint32_t)b->n, b->p, &e);

	if (pass < 0)
		fail_msg("%s", e.msg);
	return pass;
}

static struct filter *compiled(const char *expression)
{
	struct err e;
	struct filter *f = filter_new(expression, &e);

	if (f == NULL)
		fail_msg("%s", e.msg);
	return f;
}

static void a_typing_error_is_found_at_once_and_quoted(void **state)
{
	struct err e;

	(void)state;
	assert_null(filter_new("tcp prot 80", &e));
	if (strncmp(e.msg, "filter \"tcp prot 80\"", 20) != 0 || strstr(e.msg, "syntax error") == NULL)
		fail_msg("%s", e.msg);
}

/* The same packet behind different link layers: the program fits each. */
static void an_expression_is_compiled_for_every_link_type(void **state)
{
	struct bytes raw = {0}, ethernet = {0}, cooked = {0};
	struct filter *f = compiled("tcp dst port 80 and src host 10.0.0.1"), *other = compiled("tcp port 81");

	(void)state;
	put(&ethernet, "\2\0\0\0\0\x0b\2\0\0\0\0\x0a\x08\0", 14);
	put(&cooked, "\x08\0\0\0\0\0\0\3\0\1\0\6\2\0\0\0\0\x0a\0\0", 20);
	struct bytes *all[] = {&raw, &ethernet, &cooked};
	for (int i = 0; i < 3; i++)
		put_tcp(all[i], &(struct tcp){0, 1, 2, 40000, 80, 1, 2, 0x10, 3, NULL, NULL, 0});
	for (int again = 0; again < 2; again++) {
		assert_int_equal(match(f, RAW, &raw), 1);
		assert_int_equal(match(f, ETHERNET, &ethernet), 1);
		assert_int_equal(match(f, SLL2, &cooked), 1);
		assert_int_equal(match(other, RAW, &raw), 0);
		assert_int_equal(match(other, ETHERNET, &ethernet), 0);
		assert_int_equal(match(other, SLL2, &cooked), 0);
	}
	for (int i = 0; i < 3; i++)
		bytes_free(all[i]);
	filter_free(f);
	filter_free(other);
}

static void what_is_not_captured_does_not_match(void **state)
{
	struct bytes b = {0};
	struct filter *f = compiled("tcp port 80"), *length = compiled("greater 40");
	struct err e;

	(void)state;
	put_tcp(&b, &(struct tcp){0, 1, 2, 40000, 80, 1, 2, 0x10, 3, NULL, NULL, 0});
	assert_int_equal(b.n, 40);
	for (uint32_t n = 0; n <= 40; n++)
		assert_int_equal(filter_match(f, RAW, 0, n, 40, b.p, &e), n >= 24);
	/* The length is that of the packet, not of what was captured of it. */
	assert_int_equal(filter_match(length, RAW, 0, 20, 40, b.p, &e), 1);
	assert_int_equal(filter_match(length, RAW, 0, 20, 39, b.p, &e), 0);
	bytes_free(&b);
	filter_free(f);
	filter_free(length);
}

static void an_expression_that_a_link_type_cannot_have_is_an_error(void **state)
{
	struct bytes b = {0};
	struct filter *f = compiled("ether src 02:00:00:00:00:0a");
	struct err e;

	(void)state;
	put_tcp(&b, &(struct tcp){0, 1, 2, 40000, 80, 1, 2, 0x10, 3, NULL, NULL, 0});
	assert_int_equal(filter_match(f, RAW, 0, 40, 40, b.p, &e), -1);
	if (strstr(e.msg, "link type 101") == NULL || strstr(e.msg, "ether") == NULL)
		fail_msg("%s", e.msg);
	bytes_free(&b);
	filter_free(f);
}

static void more_link_types_than_there_is_room_for_are_an_error(void **state)
{
	/* Sixteen that libpcap knows, and Ethernet is compiled already. */
	static const int known[] = {0, 6, 9, 10, 12, 50, 51, 101, 104, 105, 107, 108, 113, 119, 127, 163};
	struct filter *f = compiled("len > 5");
	uint8_t frame[64] = {0};
	struct err e;

	(void)state;
	for (int i = 0; i < 15; i++)
		if (filter_match(f, known[i], 0, sizeof frame, sizeof frame, frame, &e) != 1)
			fail_msg("%d: %s", known[i], e.msg);
	assert_int_equal(filter_match(f, known[15], 0, sizeof frame, sizeof frame, frame, &e), -1);
	assert_string_equal(e.msg, "more than 16 link types in one capture");
	assert_int_equal(filter_match(f, known[14], 0, sizeof frame, sizeof frame, frame, &e), 1);
	filter_free(f);
	filter_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_typing_error_is_found_at_once_and_quoted),
	    cmocka_unit_test(an_expression_is_compiled_for_every_link_type),
	    cmocka_unit_test(what_is_not_captured_does_not_match),
	    cmocka_unit_test(an_expression_that_a_link_type_cannot_have_is_an_error),
	    cmocka_unit_test(more_link_types_than_there_is_room_for_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
