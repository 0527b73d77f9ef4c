/* A SYN answered by a bare ACK, at two points: the table of what was at the far one (I-49, ALGORITHMS 5.5). */
#include "tests/conn_build.h"

#include "correlate/half_open.h"


static struct scene *judged(const char *text)
{
	struct scene *s = scene_new(2);

	scene_coverage(s, 'a', 1000, 0);
	scene_coverage(s, 'b', 1000, 0);
	scene_text(s, text);
	scene_judge(s);
	return s;
}

static void assert_verdict(const char *text, const char *verdict)
{
	struct scene *s = judged(text);

	if (!strstr(s->found.verdict, verdict))
		fail_msg("\"%s\" is not in \"%s\" (%s)", verdict, s->found.verdict, told(s, ""));
	scene_free(s);
}

#define ACK_MADE "3.028 a < . 5001 ack 1001 win 12288 ttl 255\n7.268 a < R. 5001 ack 1001 ttl 255\n"
#define ACK_SENT "3.020 ba < . 5001 ack 1001 win 12288\n7.268 ba < R. 5001 ack 1001\n"

/* no ACK, no SYN-ACK, no SYN */
static void nothing_passed(void **state)
{
	(void)state;
	assert_verdict("0.000 a > S 1000\n2.996 a > S 1000\n" ACK_MADE,
		"A device between a and b took the SYNs and never passed them on: it answered with a bare ACK and gave up 4.24 s later with a reset.");
}

/* no ACK, no SYN-ACK, the SYN */
static void the_server_never_answered(void **state)
{
	(void)state;
	assert_verdict("0.000 ab > S 1000\n2.996 ab > S 1000\n" ACK_MADE,
		"A device between a and b passed the SYN on to a server that did not answer it, answered the client with a bare ACK of its own and gave up");
}

/* no ACK, a SYN-ACK, the SYN */
static void the_syn_ack_was_swallowed(void **state)
{
	(void)state;
	assert_verdict("0.000 ab > S 1000\n0.010 b < S. 3000000000 ack 1001\n1.010 b < S. 3000000000 ack 1001\n2.996 ab > S 1000\n" ACK_MADE,
		"A device between a and b swallowed the server's SYN-ACKs, answered the client with a bare ACK of its own");
}

/* no ACK, a SYN-ACK, only the second SYN */
static void the_first_syn_was_kept(void **state)
{
	(void)state;
	assert_verdict("0.000 a > S 1000\n2.996 ab > S 1000\n3.010 b < S. 3000000000 ack 1001\n" ACK_MADE,
		"A device between a and b kept the first SYN to itself, passed on a repeat, swallowed the server's SYN-ACK, answered the client with a bare "
		"ACK");
}

/* the ACK, a SYN-ACK, the SYN */
static void the_syn_ack_was_lost(void **state)
{
	(void)state;
	assert_verdict("0.000 ab > S 1000\n0.010 b < S. 5000 ack 1001\n1.010 b < S. 5000 ack 1001\n2.996 ab > S 1000\n" ACK_SENT,
		"The server's SYN-ACKs were dropped between a and b; the bare ACK that came instead, from beyond b, is what the repeated SYN");
}

/* the ACK, no SYN-ACK, the SYN */
static void the_server_answered_without_syn(void **state)
{
	(void)state;
	assert_verdict("0.000 ab > S 1000\n2.996 ab > S 1000\n" ACK_SENT, "The server itself answered the SYN with a bare ACK instead of a SYN-ACK");
}

/* the ACK, but not the SYN that it must have been held for: nobody dropped that */
static void the_server_knew_what_did_not_come(void **state)
{
	struct scene *s = judged("0.000 a > S 1000\n2.996 ab > S 1000\n" ACK_SENT);

	(void)state;
	assert_null(strstr(told(s, "dropped"), "dropped"));
	assert_true(half_open_knew(&s->c, tx_at(s, 1, 'a')));
	assert_false(half_open_knew(&s->c, tx_at(s, 2, 'a')));
	scene_free(s);
}

/* Numbers of another connection: the table is not about those. */
static void stale_numbers_have_no_table(void **state)
{
	struct scene *s = judged("0.000 a > S 1000\n2.996 a > S 1000\n3.028 a < . 5001 ack 77001 win 12288 ttl 255\n");
	char text[300];
	struct words w = words_into(text, sizeof text);

	(void)state;
	assert_false(half_open_verdict(&s->c, &s->found, &w));
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_passed), cmocka_unit_test(the_server_never_answered), cmocka_unit_test(the_syn_ack_was_swallowed),
		cmocka_unit_test(the_first_syn_was_kept), cmocka_unit_test(the_syn_ack_was_lost), cmocka_unit_test(the_server_answered_without_syn),
		cmocka_unit_test(the_server_knew_what_did_not_come), cmocka_unit_test(stale_numbers_have_no_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
