/* Openings and pauses that devices and tools get wrong: nothing false is said of them, at two points and at three. */
#include "tests/conn_build.h"

static struct scene *judged(unsigned points, const char *text)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	scene_judge(s);
	return s;
}

/* What is told, apart from what was changed. */
static void assert_told(unsigned points, const char *text, const char *expected)
{
	struct scene *s = judged(points, text);

	assert_string_equal(told(s, ""), expected);
	scene_free(s);
}

static void assert_verdict(unsigned points, const char *text, const char *words)
{
	struct scene *s = judged(points, text);

	if (!strstr(s->found.verdict, words))
		fail_msg("\"%s\" is not in \"%s\"", words, s->found.verdict);
	scene_free(s);
}

#define BYE "0.300 ab > F. 1001 ack 5001\n0.310 ba < F. 5001 ack 1002\n0.320 ab > . 1002 ack 5002\n"
#define CROSSED "Both hosts sent a SYN: a simultaneous open, or the server split the handshake (RFC 9293 3.5)."

/* Both SYNs are on the way at once; each is answered (RFC 9293 3.5, figure 7). */
static void a_simultaneous_open_is_no_trouble(void **state)
{
	static const char two[] = "0.0000 ab > S 1000\n0.0005 ba < S 5000\n0.0016 ab > S. 1000 ack 5001\n0.0012 ba < S. 5000 ack 1001\n"
		"0.0030 ab > . 1001 ack 5001\n0.0030 ba < . 5001 ack 1001\n" BYE;

	(void)state;
	assert_told(2, two, "");
	assert_verdict(2, two, "Completed. " CROSSED);
	assert_told(3, "0.0000 abc > S 1000\n0.0005 cba < S 5000\n0.0026 abc > S. 1000 ack 5001\n0.0022 cba < S. 5000 ack 1001\n"
		"0.0050 abc > . 1001 ack 5001\n0.0050 cba < . 5001 ack 1001\n"
		"0.300 abc > F. 1001 ack 5001\n0.310 cba < F. 5001 ack 1002\n0.320 abc > . 1002 ack 5002\n", "");
}

/* A SYN-ACK behind the SYN is no repeat of it; one that comes again is one. */
static void a_syn_ack_of_a_client_is_repeated_as_any_other(void **state)
{
	(void)state;
	assert_told(2, "0.0000 ab > S 1000\n0.0005 ba < S 5000\n0.0016 ab > S. 1000 ack 5001\n1.0016 ab > S. 1000 ack 5001\n1.0030 ba < . 5001 ack 1001\n"
		"1.300 ab > F. 1001 ack 5001\n1.310 ba < F. 5001 ack 1002\n1.320 ab > . 1002 ack 5002\n", "retransmitted SYN-ACK c2s a x1");
}

static void a_split_handshake_is_no_trouble(void **state)
{
	static const char plain[] = "0.000 ab > S 1000\n0.010 ba < S 5000\n0.020 ab > S. 1000 ack 5001\n0.030 ba < . 5001 ack 1001\n" BYE;
	static const char with_ack[] = "0.000 ab > S 1000\n0.010 ba < . 0 ack 1001\n0.011 ba < S 5000\n0.020 ab > S. 1000 ack 5001\n0.030 ba < . 5001 ack 1001\n" BYE;

	(void)state;
	assert_told(2, plain, "");
	assert_verdict(2, plain, "Completed. " CROSSED);
	/* that the server answers the SYN with a bare ACK is so, but not what is to be said of the whole */
	assert_told(2, with_ack, "sent ACK s2c b x1");
	assert_verdict(2, with_ack, "Completed. " CROSSED);
}

/* A firewall that lets no SYN of a server through. */
static void a_split_handshake_may_be_dropped(void **state)
{
	static const char text[] = "0.000 ab > S 1000\n0.010 b < S 5000\n1.000 ab > S 1000\n1.010 b < S 5000\n3.000 ab > S 1000\n3.010 b < S 5000\n";

	(void)state;
	assert_told(2, text, "dropped SYN s2c b>a x3; retransmitted SYN c2s a x2; retransmitted SYN s2c b x2");
	assert_verdict(2, text, "No connection: 3 SYNs of the server were dropped between b and a; nothing got through. " CROSSED);
}

static void an_ordinary_handshake_is_not_crossed(void **state)
{
	struct scene *s = judged(2, "0.000 ab > S 1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > . 1001 ack 5001\n" BYE);

	(void)state;
	assert_string_equal(s->found.verdict, "Completed.");
	assert_int_equal(s->found.severity, 0);
	scene_free(s);
}

/* TCP Fast Open (RFC 7413): data in the SYN, and in the SYN-ACK. */
static void data_in_a_syn_is_no_trouble(void **state)
{
	(void)state;
	assert_told(2, "0.000 ab > S 1000 len 100 opt 220102030405060708\n0.010 ba < S. 5000 ack 1101\n0.020 ab > . 1101 ack 5001\n"
		"0.300 ab > F. 1101 ack 5001\n0.310 ba < F. 5001 ack 1102\n0.320 ab > . 1102 ack 5002\n", "");
	assert_told(2, "0.000 ab > S 1000 len 100 opt 220102030405060708\n0.010 ba < S. 5000 ack 1101 len 50\n0.011 ba < P. 5051 ack 1101 len 50\n"
		"0.020 ab > . 1101 ack 5101\n0.300 ab > F. 1101 ack 5101\n0.310 ba < F. 5101 ack 1102\n0.320 ab > . 1102 ack 5102\n", "");
	/* the server does not take it, and it comes again behind the handshake: bytes that were sent before */
	assert_told(2, "0.000 ab > S 1000 len 100 opt 220102030405060708\n0.010 ba < S. 5000 ack 1001\n0.020 ab > P. 1001 ack 5001 len 100\n0.030 ba < . 5001 ack 1101\n"
		"0.300 ab > F. 1101 ack 5001\n0.310 ba < F. 5001 ack 1102\n0.320 ab > . 1102 ack 5002\n", "retransmitted data c2s a x1");
	assert_told(3, "0.000 abc > S 1000 len 100 opt 220102030405060708\n0.010 cba < S. 5000 ack 1101 len 50\n0.020 abc > . 1101 ack 5051\n"
		"0.300 abc > F. 1101 ack 5051\n0.310 cba < F. 5051 ack 1102\n0.320 abc > . 1102 ack 5052\n", "");
}

#define HELLO "0.000 ab > S 1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > . 1001 ack 5001\n0.030 ab > P. 1001 ack 5001 len 10\n0.040 ba < . 5001 ack 1011\n"
#define GOODBYE "60.300 ab > F. 1011 ack 5001\n60.310 ba < F. 5001 ack 1012\n60.320 ab > . 1012 ack 5002\n"

static void keepalives_are_no_trouble(void **state)
{
	(void)state;
	assert_told(2, HELLO "10.0 ab > . 1010 ack 5001\n10.01 ba < . 5001 ack 1011\n20.0 ab > . 1010 ack 5001\n20.01 ba < . 5001 ack 1011\n" GOODBYE,
	    "keepalive ACK c2s a x2");
	/* with one byte, as some stacks send them */
	assert_told(2, HELLO "10.0 ab > . 1010 ack 5001 len 1\n10.01 ba < . 5001 ack 1011\n" GOODBYE, "keepalive ACK c2s a x1");
	assert_told(2, HELLO "10.0 ba < . 5000 ack 1011\n10.01 ab > . 1011 ack 5001\n" GOODBYE, "keepalive ACK s2c b x1");
}

/* A receiver that does not read, and the sender's probes until it does (RFC 9293 3.8.6.1): nothing of this is lost. */
static void a_closed_window_is_no_trouble_of_the_network(void **state)
{
	(void)state;
	assert_told(2, HELLO "0.05 ab > P. 1011 ack 5001 len 10\n0.06 ba < . 5001 ack 1021 win 0\n0.5 ab > . 1020 ack 5001\n0.51 ba < . 5001 ack 1021 win 0\n"
		"1.0 ab > . 1020 ack 5001\n1.01 ba < . 5001 ack 1021 win 0\n2.0 ba < . 5001 ack 1021 win 500\n2.01 ab > P. 1021 ack 5001 len 10\n2.02 ba < . 5001 ack 1031\n"
		"60.300 ab > F. 1031 ack 5001\n60.310 ba < F. 5001 ack 1032\n60.320 ab > . 1032 ack 5002\n", "keepalive ACK c2s a x2; zero_window ACK s2c b x3");
	/* probes with a byte of what waits: taken in the end */
	assert_told(2, HELLO "0.06 ba < . 5001 ack 1011 win 0\n0.5 ab > . 1011 ack 5001 len 1\n0.51 ba < . 5001 ack 1011 win 0\n"
		"1.0 ab > . 1011 ack 5001 len 1\n1.01 ba < . 5001 ack 1012 win 500\n1.02 ab > P. 1012 ack 5001 len 10\n1.03 ba < . 5001 ack 1022\n"
		"60.300 ab > F. 1022 ack 5001\n60.310 ba < F. 5001 ack 1023\n60.320 ab > . 1023 ack 5002\n",
	    "keepalive ACK c2s a x2; zero_window ACK s2c b x2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_simultaneous_open_is_no_trouble),
		cmocka_unit_test(a_syn_ack_of_a_client_is_repeated_as_any_other),
		cmocka_unit_test(a_split_handshake_is_no_trouble),
		cmocka_unit_test(a_split_handshake_may_be_dropped),
		cmocka_unit_test(an_ordinary_handshake_is_not_crossed),
		cmocka_unit_test(data_in_a_syn_is_no_trouble),
		cmocka_unit_test(keepalives_are_no_trouble),
		cmocka_unit_test(a_closed_window_is_no_trouble_of_the_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
