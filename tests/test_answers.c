/* Which transmission of a repeated SYN was answered. */
#include "tests/siblings_build.h"

#include "correlate/answers.h"

/* "first TSecr", "? timer 3", "": nothing to be asked. */
static const char *answered(struct scene *s, unsigned line)
{
	static const char *const how[] = { "TSecr", "arrived", "reaction", "" };
	static char out[64];
	struct answer a;
	uint32_t x = NOTHING;

	for (unsigned i = 0; x == NOTHING && i < s->f.points; i++)
		x = tx_at(s, line, (char)('a' + i));
	out[0] = '\0';
	if (!answers_find(&s->c, x, &a))
		return out;
	if (a.how == ANSWERS_UNKNOWN)
		snprintf(out, sizeof out, "? timer %lld", (long long)(a.timer_ns / SEC));
	else
		snprintf(out, sizeof out, "%u %s", a.which + 1, how[a.how]);
	return out;
}

static void assert_answers(unsigned points, unsigned siblings, const char *text, unsigned line, const char *what)
{
	struct scene *s = scene_beside(points, siblings, SIBLING, text);

	assert_string_equal(answered(s, line), what);
	scene_free(s);
}

#define TWICE "0.000 a > S 1000 ts 100/0\n2.996 a > S 1000 ts 3096/0\n"

static void an_echo_decides(void **state)
{
	(void)state;
	assert_answers(1, 9, TWICE "3.026 a < S. 5000 ack 1001 ts 9/3096\n", 3, "2 TSecr");
	assert_answers(1, 9, TWICE "3.026 a < S. 5000 ack 1001 ts 9/100\n", 3, "1 TSecr");
	/* Both SYNs carry the same one. */
	assert_answers(1, 0, "0.000 a > S 1000 ts 100/0\n0.400 a > S 1000 ts 100/0\n0.430 a < S. 5000 ack 1001 ts 9/100\n", 3, "? timer 0");
	assert_answers(1, 9, TWICE "3.026 a < S. 5000 ack 1001 ts 9/777\n", 3, "? timer 3");
}

static void one_syn_leaves_nothing_to_ask(void **state)
{
	(void)state;
	assert_answers(1, 9, "0.000 a > S 1000 ts 100/0\n0.03 a < S. 5000 ack 1001 ts 9/100\n", 2, "");
	assert_answers(1, 9, TWICE "3.026 a < S. 5000 ack 1001 ts 9/100\n3.027 a > . 1001 ack 5001\n3.1 a < R. 5001 ack 1001\n", 5, "");
}

static void the_only_one_that_came_is_answered(void **state)
{
	(void)state;
	assert_answers(2, 0, "0.000 a > S 1000\n1.000 ab > S 1000\n1.020 ba < S. 5000 ack 1001\n1.030 ab > . 1001 ack 5001\n"
		"1.040 ab > P. 1001 ack 5001 len 9\n1.060 ba < . 5001 ack 1010\n", 3, "2 arrived");
	assert_answers(2, 0, "0.000 ab > S 1000\n1.000 ab > S 1000\n1.020 ba < S. 5000 ack 1001\n1.030 ab > . 1001 ack 5001\n", 3, "? timer 1");
}

static void the_time_that_answers_take_decides(void **state)
{
	(void)state;
	/* 30 ms behind the second, as all others; no timer of the responder would end then. */
	assert_answers(1, 9, "0.000 a > S 1000\n2.500 a > S 1000\n2.530 a < S. 5000 ack 1001\n", 3, "2 reaction");
	assert_answers(1, 9, "0.000 a > S 1000\n0.020 a > S 1000\n0.030 a < R. 0 ack 1001\n", 3, "1 reaction");
	assert_answers(1, 2, "0.000 a > S 1000\n2.500 a > S 1000\n2.530 a < S. 5000 ack 1001\n", 3, "? timer 0");
}

/* 32 ms behind the second SYN, or one way and back behind a timer of 3 s that the first one started. */
static void the_founding_case_has_two_readings(void **state)
{
	struct scene *s = scene_beside(1, 20, SIBLING, "0.000 a > S 1000 ts 145592423/0\n2.996 a > S 1000 ts 145593172/0\n3.028 a < . 5001 ack 1001 win 12288\n");
	char text[600] = "";
	struct words w = words_into(text, sizeof text);
	struct answer a;

	(void)state;
	assert_true(answers_find(&s->c, tx_at(s, 3, 'a'), &a));
	assert_int_equal(a.how, ANSWERS_UNKNOWN);
	answers_say(&s->c, &a, &w);
	assert_string_equal(text, " Which SYN it answers cannot be told: it came 32.0 ms after the second; or 3.03 s after the first, as a timer of 3 s would "
		"do (the server answers others in 30.0 ms).");
	w = words_into(text, sizeof text);
	answers_json(&s->c, &a, &w);
	assert_string_equal(text, "{\"packet\":300,\"to\":[100,200],\"how\":\"not known\"}");
	scene_free(s);
}

static void many_repeats_are_counted_from_the_last(void **state)
{
	struct scene *s = scene_beside(1, 9, SIBLING, "0 a > S 1000 ts 1/0\n1 a > S 1000 ts 2/0\n2 a > S 1000 ts 3/0\n3 a > S 1000 ts 4/0\n4 a > S 1000 ts 5/0\n"
		"5 a > S 1000 ts 6/0\n6 a > S 1000 ts 7/0\n7 a > S 1000 ts 8/0\n8 a > S 1000 ts 9/0\n9 a > S 1000 ts 10/0\n9.03 a < S. 5000 ack 1001 ts 9/10\n");
	struct answer a;

	(void)state;
	assert_true(answers_find(&s->c, tx_at(s, 11, 'a'), &a));
	assert_int_equal(a.n, ANSWERS_SYNS);
	assert_int_equal(a.syn[a.which], tx_at(s, 10, 'a'));
	assert_int_equal(a.how, ANSWERS_ECHO);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_decides), cmocka_unit_test(one_syn_leaves_nothing_to_ask), cmocka_unit_test(the_only_one_that_came_is_answered),
		cmocka_unit_test(the_time_that_answers_take_decides), cmocka_unit_test(the_founding_case_has_two_readings),
		cmocka_unit_test(many_repeats_are_counted_from_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
