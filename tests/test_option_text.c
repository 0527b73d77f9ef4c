#include "tests/test.h"

#include <string.h>

#include "ingest/option_text.h"

static void check(const void *options, unsigned n, const char *text, int mss, int wscale, int sack_permitted)
{
	struct option_text o;

	memset(&o, 0xa5, sizeof o);
	option_text(&o, options, n);
	assert_string_equal(o.text, text);
	assert_int_equal(o.n, strlen(text));
	assert_int_equal(o.mss, mss);
	assert_int_equal(o.wscale, wscale);
	assert_int_equal(o.sack_permitted, sack_permitted);
}

static void a_syn_in_the_order_of_the_wire(void **state)
{
	(void)state;
	check("\2\4\x05\xb4\4\2\x08\x0a\0\0\0\1\0\0\0\0\1\3\3\7", 20, "mss,sackOK,TS,nop,wscale", 1460, 7, 1);
	check("\1\3\3\x0e\2\4\xff\xff", 8, "nop,wscale,mss", 65535, 14, 0);
	check("", 0, "", -1, -1, 0);
}

static void sack_has_its_blocks(void **state)
{
	(void)state;
	check("\1\1\5\x0a\0\0\1\0\0\0\1\x2c", 12, "nop,nop,sack 256:300", -1, -1, 0);
	check("\5\x12\xff\xff\xff\xff\0\0\0\0\x80\0\0\0\x80\0\0\1", 18, "sack 4294967295:0 2147483648:2147483649", -1, -1, 0);
}

/* Every byte of the largest sack is that of the longest numbers. */
static void the_longest_sack_fits(void **state)
{
	uint8_t o[36];

	(void)state;
	memset(o, 0xff, sizeof o);
	memcpy(o, "\1\1\5\x22", 4);
	check(o, sizeof o, "nop,nop,sack 4294967295:4294967295 4294967295:4294967295 4294967295:4294967295 4294967295:4294967295", -1, -1, 0);
}

static void rarer_kinds_are_named_and_unknown_ones_numbered(void **state)
{
	(void)state;
	check("\x13\2\x1d\2\x1e\2\x22\2\xfe\2\x45\3x", 13, "md5,ao,mptcp,tfo,254,69", -1, -1, 0);
}

/* A known kind of a length that it does not have says nothing. */
static void a_known_kind_of_a_wrong_length_is_only_a_number(void **state)
{
	(void)state;
	check("\2\3\5\3\2\4\3\1\x08\4\1\1\5\3\1", 15, "2,3,4,8,5", -1, -1, 0);
}

static void the_end_of_the_list_is_said_and_what_is_malformed(void **state)
{
	(void)state;
	check("\1\0\2\4\5\xb4", 6, "nop,eol", -1, -1, 0);
	check("\1\2\0", 3, "nop,malformed", -1, -1, 0);
	check("\1\1\x08", 3, "nop,nop,malformed", -1, -1, 0);
	check("\4\2\2\5\5\xb4", 6, "sackOK,malformed", -1, -1, 1);
}

/* Nothing that fits in a header is too long for the text, and the length is right whatever the bytes. */
static void any_bytes_fit(void **state)
{
	uint8_t o[40];
	uint32_t random = 1;
	struct option_text t;

	(void)state;
	for (int turn = 0; turn < 20000; turn++) {
		for (size_t i = 0; i < sizeof o; i++) {
			random = random * 1664525 + 1013904223;
			o[i] = (uint8_t)((random >> 24) % (turn % 2 ? 12u : 255u));
		}
		memset(&t, 0xa5, sizeof t);
		option_text(&t, o, (unsigned)turn % 41);
		assert_int_equal(strnlen(t.text, sizeof t.text), t.n);
		assert_true(t.n < sizeof t.text - 1);
	}
	memset(o, 1, sizeof o);
	option_text(&t, o, 40);
	assert_int_equal(t.n, 40 * 4 - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_syn_in_the_order_of_the_wire),
	    cmocka_unit_test(sack_has_its_blocks),
	    cmocka_unit_test(the_longest_sack_fits),
	    cmocka_unit_test(rarer_kinds_are_named_and_unknown_ones_numbered),
	    cmocka_unit_test(a_known_kind_of_a_wrong_length_is_only_a_number),
	    cmocka_unit_test(the_end_of_the_list_is_said_and_what_is_malformed),
	    cmocka_unit_test(any_bytes_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
