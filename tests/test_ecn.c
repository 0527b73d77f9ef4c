/* What devices clear of explicit congestion notification, and what routers may mark. */
#include "tests/conn_build.h"

#define KINDS "ecn_bleached"

static void assert_told(unsigned points, const char *text, const char *expected)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	scene_judge(s);
	assert_string_equal(told(s, KINDS), expected);
	scene_free(s);
}

/* The text of the first such finding, and the verdict, have these words. */
static void assert_says(const char *text, const char *words, const char *verdict)
{
	struct scene *s = scene_new(2);
	const struct finding *f;

	scene_text(s, text);
	scene_judge(s);
	f = findings_find(&s->found, KIND_ECN_BLEACHED, -1, -1);
	assert_non_null(f);
	if (!strstr(f->text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, f->text);
	if (!strstr(s->found.verdict, verdict))
		fail_msg("\"%s\" is not in \"%s\"", verdict, s->found.verdict);
	assert_int_equal(s->found.severity, 1);
	scene_free(s);
}

#define REST "0.010 ba < S. 5000 ack 1001\n0.020 ab > . 1001 ack 5001\n"

static void a_syn_without_its_ecn_flags_was_bleached(void **state)
{
	(void)state;
	assert_told(2, "0.0 a > SEW 1000 id 7\n0.001 b > S 1000 id 7\n" REST, "ecn_bleached SYN c2s a>b x1");
	assert_told(3, "0.0 ab > SEW 1000 id 7\n0.002 c > S 1000 id 7\n0.010 cba < S. 5000 ack 1001\n", "ecn_bleached SYN c2s b>c x1");
	/* one of the two is enough */
	assert_told(2, "0.0 a > SEW 1000 id 7\n0.001 b > SE 1000 id 7\n" REST, "ecn_bleached SYN c2s a>b x1");
	assert_says("0.0 a > SEW 1000 id 7\n0.001 b > S 1000 id 7\n" REST, "(ECE,CWR before, none after): the client asks for ECN (RFC 3168), the server reads "
	    "nothing of the kind.", "The SYN lost its ECN flags between a and b.");
}

static void a_syn_for_accurate_ecn_may_become_one_for_classic_ecn(void **state)
{
	(void)state;
	assert_told(2, "0.0 a > SEWA 1000 id 7\n0.001 b > SEW 1000 id 7\n" REST, "ecn_bleached SYN c2s a>b x1");
	assert_says("0.0 a > SEWA 1000 id 7\n0.001 b > SEW 1000 id 7\n" REST, "(ECE,CWR,AE before, ECE,CWR after): the client asks for accurate ECN (RFC 9768), the "
	    "server reads ECN (RFC 3168).", "The SYN lost its ECN flags");
}

static void the_answer_of_a_server_was_bleached(void **state)
{
	static const char hello[] = "0.0 ab > SEW 1000 id 7\n";
	char text[300];

	(void)state;
	snprintf(text, sizeof text, "%s0.010 b < S.E 5000 ack 1001 id 3\n0.011 a < S. 5000 ack 1001 id 3\n", hello);
	assert_told(2, text, "ecn_bleached SYN-ACK s2c b>a x1");
	assert_says(text, "A SYN-ACK of the server lost its ECN flags between b and a (ECE before, none after)", "The SYN-ACK lost its ECN flags between b and a.");
	/* AccECN says here how the SYN arrived: CE becomes Not-ECT */
	snprintf(text, sizeof text, "%s0.010 b < S.AW 5000 ack 1001 id 3\n0.011 a < S.W 5000 ack 1001 id 3\n", hello);
	assert_told(2, text, "ecn_bleached SYN-ACK s2c b>a x1");
}

static void what_is_kept_is_not_bleached(void **state)
{
	(void)state;
	assert_told(2, "0.0 ab > SEWA 1000 id 7\n0.010 ba < S.EA 5000 ack 1001 id 3\n0.020 ab > .E 1001 ack 5001 id 8 tos 2\n", "");
	assert_told(2, "0.0 ab > S 1000 id 7\n" REST "0.1 ab > P. 1001 ack 5001 len 9 id 9\n", "");
}

/* A host that gets no answer tries again without ECN (RFC 3168 6.1.1.1): the first SYN was lost behind a, the second not recorded there. */
static void a_repeat_without_ecn_is_not_a_bleached_syn(void **state)
{
	(void)state;
	assert_told(2, "0.0 a > SEW 1000 ts 1/0\n1.0 ab > S 1000 ts 1001/0\n1.010 ba < S. 5000 ack 1001 ts 9/1001\n1.020 ab > . 1001 ack 5001 ts 1002/9\n", "");
	assert_told(2, "0.0 a > SEW 1000\n0.003 b > S 1000\n1.0 ab > SEW 1000\n1.010 ba < S. 5000 ack 1001\n1.020 ab > . 1001 ack 5001\n", "");
	/* with an IP ID that is the same it is the same packet, repeated or not */
	assert_told(2, "0.0 a > SEW 1000 id 7\n0.001 b > S 1000 id 7\n1.0 a > SEW 1000 id 8\n1.001 b > S 1000 id 8\n1.010 ba < S. 5000 ack 1001\n",
	    "ecn_bleached SYN c2s a>b x2");
}

#define HELLO "0.000 ab > SEW 1000 id 1\n0.010 ba < S.E 5000 ack 1001 id 1\n0.020 ab > . 1001 ack 5001 id 2\n"

static void an_ecn_field_that_is_cleared_was_bleached(void **state)
{
	(void)state;
	assert_told(2, HELLO "0.1 a > P. 1001 ack 5001 len 9 id 3 tos 2\n0.101 b > P. 1001 ack 5001 len 9 id 3\n", "ecn_bleached any c2s a>b x1");
	assert_told(2, HELLO "0.1 b < P. 5001 ack 1001 len 9 id 3 tos 1\n0.101 a < P. 5001 ack 1001 len 9 id 3 tos 0\n"
		"0.2 b < P. 5010 ack 1001 len 9 id 4 tos 1\n0.201 a < P. 5010 ack 1001 len 9 id 4 tos 0\n", "ecn_bleached any s2c b>a x2");
	assert_says(HELLO "0.1 a > P. 1001 ack 5001 len 9 id 3 tos 2\n0.101 b > P. 1001 ack 5001 len 9 id 3\n", "(ECT(0) before, Not-ECT after)", "");
}

static void a_mark_that_is_taken_back_was_bleached(void **state)
{
	(void)state;
	assert_told(3, HELLO "0.1 ab > P. 1001 ack 5001 len 9 id 3 tos 3\n0.102 c > P. 1001 ack 5001 len 9 id 3 tos 2\n0.2 cba < . 5001 ack 1010 id 9\n",
	    "ecn_bleached any c2s b>c x1");
	assert_says(HELLO "0.1 a > P. 1001 ack 5001 len 9 id 3 tos 3\n0.101 b > P. 1001 ack 5001 len 9 id 3 tos 2\n", "(CE before, ECT(0) after)", "");
}

static void a_router_that_marks_congestion_does_what_it_should(void **state)
{
	(void)state;
	assert_told(2, HELLO "0.1 a > P. 1001 ack 5001 len 9 id 3 tos 2\n0.101 b > P. 1001 ack 5001 len 9 id 3 tos 3\n0.2 ba < .E 5001 ack 1010 id 9\n", "");
	assert_told(2, HELLO "0.1 a > P. 1001 ack 5001 len 9 id 3 tos 1\n0.101 b > P. 1001 ack 5001 len 9 id 3 tos 3\n", "");
	/* a DSCP is something else */
	assert_told(2, HELLO "0.1 a > P. 1001 ack 5001 len 9 id 3 tos 186\n0.101 b > P. 1001 ack 5001 len 9 id 3 tos 2\n", "");
}

/* What was sent was lost, and the repeat, which is sent without ECN (RFC 3168 6.1.5), not recorded at a. */
static void a_repeat_without_ecn_is_not_bleached_data(void **state)
{
	(void)state;
	assert_told(2, HELLO "0.1 a > P. 1001 ack 5001 len 9 tos 2\n0.4 ab > P. 1001 ack 5001 len 9 tos 0\n0.5 ba < . 5001 ack 1010\n", "");
	assert_told(2, HELLO "0.1 a > P. 1001 ack 5001 len 9 tos 2\n0.103 b > P. 1001 ack 5001 len 9\n0.4 ab > P. 1001 ack 5001 len 9\n", "");
}

static void an_echo_that_is_cleared_was_bleached(void **state)
{
	(void)state;
	assert_told(2, HELLO "0.1 b < .E 5001 ack 1001 id 3\n0.101 a < . 5001 ack 1001 id 3\n", "ecn_bleached ACK s2c b>a x1");
	assert_says(HELLO "0.1 b < .E 5001 ack 1001 id 3\n0.101 a < . 5001 ack 1001 id 3\n", "A packet of the server lost its ECN flags between b and a: the other side",
	    "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_without_its_ecn_flags_was_bleached),
		cmocka_unit_test(a_syn_for_accurate_ecn_may_become_one_for_classic_ecn),
		cmocka_unit_test(the_answer_of_a_server_was_bleached),
		cmocka_unit_test(what_is_kept_is_not_bleached),
		cmocka_unit_test(a_repeat_without_ecn_is_not_a_bleached_syn),
		cmocka_unit_test(an_ecn_field_that_is_cleared_was_bleached),
		cmocka_unit_test(a_mark_that_is_taken_back_was_bleached),
		cmocka_unit_test(a_router_that_marks_congestion_does_what_it_should),
		cmocka_unit_test(a_repeat_without_ecn_is_not_bleached_data),
		cmocka_unit_test(an_echo_that_is_cleared_was_bleached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
