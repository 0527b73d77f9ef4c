/* Who a connection waits for. Each hop takes 1 ms each way in these scenes. */
#include "tests/conn_build.h"

#include "correlate/timing.h"

#define HELLO "0.000 ab > S 1000 id 1\n0.010 ba < S. 5000 ack 1001 id 2\n0.020 ab > . 1001 ack 5001 id 3\n"

static struct histogram server[POINTS_MAX];

static void timed(struct scene *s, const char *text, struct timing *t)
{
	for (unsigned i = 0; i < POINTS_MAX; i++)
		histogram_free(&server[i]);
	scene_text(s, text);
	scene_prove(s);
	assert_int_equal(timing_find(&s->c, t, server, &s->e), 0);
}

static struct timing time_of(unsigned points, const char *text)
{
	struct scene *s = scene_new(points);
	struct timing t;

	timed(s, text, &t);
	scene_free(s);
	return t;
}

/* The request passes a at 30 and b at 31 ms, the response b at 131 and a at 132 ms. */
static void an_exchange_is_split_at_the_points(void **state)
{
	struct timing t = time_of(2, HELLO "0.030 ab > P. 1001 ack 5001 len 100 id 4\n"
					   "0.131 ba < P. 5001 ack 1101 len 300 id 5\n"
					   "0.140 ab > . 1101 ack 5301 id 6\n");

	(void)state;
	assert_int_equal(t.handshake_ns, 20 * MSEC);
	assert_int_equal(t.handshake_server_ns, 9 * MSEC);
	assert_int_equal(t.handshake_network_ns, 2 * MSEC);
	assert_int_equal(t.exchanges, 1);
	assert_int_equal(t.unclear, 0);
	assert_int_equal(t.first_byte_ns, 102 * MSEC);
	assert_int_equal(t.server_ns, 100 * MSEC);
	assert_int_equal(t.network_ns, 2 * MSEC);
	assert_int_equal(t.client_ns, 10 * MSEC);
	assert_int_equal(t.total_ns, 140 * MSEC);
	assert_int_equal(t.slowest, SLOWEST_SERVER);
	assert_int_equal(server[1].n, 1);
	assert_int_equal(server[1].max, 100 * MSEC);
}

/* Whatever the clocks are set to: these differ by a quarter of an hour. */
static void no_clock_has_to_be_right(void **state)
{
	struct scene *s = scene_new(2);
	struct timing t;

	(void)state;
	scene_text(s, HELLO "0.030 ab > P. 1001 ack 5001 len 100 id 4\n0.131 ba < P. 5001 ack 1101 len 300 id 5\n");
	for (uint32_t i = 0; i < s->records; i++)
		s->record[i].p.t += s->record[i].p.point == 1 ? 900 * SEC : 0;
	scene_prove(s);
	assert_int_equal(timing_find(&s->c, &t, server, &s->e), 0);
	assert_int_equal(t.server_ns, 100 * MSEC);
	assert_int_equal(t.network_ns, 2 * MSEC);
	assert_int_equal(t.handshake_server_ns, 9 * MSEC);
	scene_free(s);
}

/* What goes there takes half a second from a to b, what comes back 1 ms. */
static void a_slow_network_is_told(void **state)
{
	struct scene *s = scene_new(2);
	struct timing t;

	(void)state;
	scene_text(s, HELLO "1.030 ab > P. 1001 ack 5001 len 100 id 4\n1.131 ba < P. 5001 ack 1101 len 300 id 5\n");
	for (uint32_t i = 0; i < s->records; i++)
		if (s->record[i].p.point == 0)
			s->record[i].p.t -= (s->record[i].p.dir == C2S) * 500 * MSEC;
	scene_prove(s);
	assert_int_equal(timing_find(&s->c, &t, server, &s->e), 0);
	assert_int_equal(t.handshake_network_ns, 502 * MSEC);
	assert_int_equal(t.network_ns, 502 * MSEC);
	assert_int_equal(t.server_ns, 100 * MSEC);
	scene_free(s);
}

static void a_slow_client_is_told(void **state)
{
	struct timing t = time_of(2, HELLO "2.020 ab > P. 1001 ack 5001 len 100 id 4\n2.031 ba < P. 5001 ack 1101 len 300 id 5\n"
					   "7.000 ab > P. 1101 ack 5301 len 100 id 6\n7.010 ba < P. 5301 ack 1201 len 300 id 7\n");

	(void)state;
	assert_int_equal(t.exchanges, 2);
	assert_int_equal(t.client_ns, 2000 * MSEC + 7000 * MSEC - 2032 * MSEC);
	assert_int_equal(t.slowest, SLOWEST_CLIENT);
	assert_int_equal(t.server_max_ns, 10 * MSEC);
}

/* The first byte counts, and the last one of the request; the rest is transfer. */
static void long_requests_and_responses_are_transfer(void **state)
{
	struct timing t = time_of(2, HELLO "0.030 ab > . 1001 ack 5001 len 100 id 4\n0.530 ab > P. 1101 ack 5001 len 100 id 5\n"
					   "0.541 ba < . 5001 ack 1201 len 300 id 6\n1.541 ba < P. 5301 ack 1201 len 300 id 7\n");

	(void)state;
	assert_int_equal(t.exchanges, 1);
	assert_int_equal(t.first_byte_ns, 12 * MSEC);
	assert_int_equal(t.server_ns, 10 * MSEC);
	assert_int_equal(t.transfer_ns, 1500 * MSEC);
	assert_int_equal(t.slowest, SLOWEST_TRANSFER);
}

/* A server that talks first keeps the client waiting from the handshake on. */
static void a_greeting_of_the_server_is_waited_for(void **state)
{
	struct timing t = time_of(2, HELLO "5.021 ba < P. 5001 ack 1001 len 80 id 4\n5.030 ab > P. 1001 ack 5081 len 20 id 5\n");

	(void)state;
	assert_int_equal(t.exchanges, 1);
	assert_int_equal(t.server_ns, 5000 * MSEC);
	assert_int_equal(t.client_ns, 8 * MSEC);
	assert_int_equal(t.slowest, SLOWEST_SERVER);
}

static void unclear(const char *text)
{
	struct timing t = time_of(2, text);

	assert_int_equal(t.exchanges, 0);
	assert_int_equal(t.unclear, 1);
	assert_int_equal(t.first_byte_ns, NO_TIME);
	assert_int_equal(t.server_ns, NO_TIME);
	assert_int_equal(t.network_ns, NO_TIME);
}

static void what_is_not_clear_is_not_guessed(void **state)
{
	(void)state;
	/* The response came before all of the request did: it answers something else. */
	unclear(HELLO "0.030 ab > P. 1001 ack 5001 len 100 id 4\n0.031 ab > P. 1101 ack 5001 len 50 id 5\n0.131 ba < P. 5001 ack 1101 len 300 id 6\n");
	/* A part of the request was captured nowhere. */
	unclear(HELLO "0.030 ab > P. 1001 ack 5001 len 100 id 4\n0.131 ba < P. 5001 ack 1151 len 300 id 6\n");
	/* The request was repeated, and got through the second time. */
	unclear(HELLO "0.030 a > P. 1001 ack 5001 len 100 id 4\n0.330 ab > P. 1001 ack 5001 len 100 id 5\n0.431 ba < P. 5001 ack 1101 len 300 id 6\n");
	/* The beginning of the response was lost, and came again. */
	unclear(HELLO "0.030 ab > P. 1001 ack 5001 len 100 id 4\n0.131 b < . 5001 ack 1101 len 300 id 5\n0.132 ba < P. 5301 ack 1101 len 300 id 6\n"
		      "0.431 ba < . 5001 ack 1101 len 300 id 7\n");
	/* The last point missed the request. */
	unclear(HELLO "0.030 a > P. 1001 ack 5001 len 100 id 4\n0.131 ba < P. 5001 ack 1101 len 300 id 6\n");
}

/* The next request was sent before the response was there: nobody knows how long the client thought. */
static void pipelined_requests_say_nothing_of_the_client(void **state)
{
	struct timing t = time_of(2, HELLO "0.020 ab > P. 1001 ack 5001 len 100 id 4\n0.121 ba < P. 5001 ack 1101 len 300 id 5\n"
					   "0.123 ab > P. 1101 ack 5001 len 100 id 6\n0.221 ba < P. 5301 ack 1201 len 300 id 7\n");

	(void)state;
	assert_int_equal(t.client_ns, 0);       /* from the handshake to the first request; nothing of the second */
}

static void repeats_count_into_the_handshake_but_are_not_split(void **state)
{
	struct timing t = time_of(2, "0.000 a > S 1000 id 1\n1.000 ab > S 1000 id 2\n1.010 ba < S. 5000 ack 1001 id 3\n1.020 ab > . 1001 ack 5001 id 4\n");

	(void)state;
	assert_int_equal(t.handshake_ns, 1020 * MSEC);
	assert_int_equal(t.handshake_server_ns, NO_TIME);
	assert_int_equal(t.handshake_network_ns, NO_TIME);
	assert_int_equal(t.slowest, SLOWEST_UNKNOWN);
}

/* The ACK may have been missed, the client may have sent none: data do not end the handshake. */
static void data_do_not_end_the_handshake(void **state)
{
	struct timing t = time_of(2, "0.000 ab > S 1000 id 1\n0.010 ba < S. 5000 ack 1001 id 2\n0.030 ab > P. 1001 ack 5001 len 100 id 4\n");

	(void)state;
	assert_int_equal(t.handshake_ns, NO_TIME);
	assert_int_equal(t.handshake_server_ns, 9 * MSEC);
}

/* One point sees what lies behind it, not what of that is the network. */
static void one_point_tells_what_lies_behind_it(void **state)
{
	struct timing t = time_of(1, "0.000 a > S 1000 id 1\n0.010 a < S. 5000 ack 1001 id 2\n0.020 a > . 1001 ack 5001 id 3\n"
				     "0.030 a > P. 1001 ack 5001 len 100 id 4\n0.131 a < P. 5001 ack 1101 len 300 id 5\n");

	(void)state;
	assert_int_equal(t.server_ns, 101 * MSEC);
	assert_int_equal(t.network_ns, NO_TIME);
	assert_int_equal(t.handshake_server_ns, 10 * MSEC);
	assert_int_equal(t.handshake_network_ns, NO_TIME);
	assert_int_equal(t.slowest, SLOWEST_BEYOND);
}

/* A point that never saw the connection is no end of it. */
static void the_last_point_is_the_last_that_saw_it(void **state)
{
	struct timing t = time_of(3, HELLO "0.030 ab > P. 1001 ack 5001 len 100 id 4\n0.131 ba < P. 5001 ack 1101 len 300 id 5\n");

	(void)state;
	assert_int_equal(t.first, 0);
	assert_int_equal(t.last, 1);
	assert_int_equal(t.server_ns, 100 * MSEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange_is_split_at_the_points),
		cmocka_unit_test(no_clock_has_to_be_right),
		cmocka_unit_test(a_slow_network_is_told),
		cmocka_unit_test(a_slow_client_is_told),
		cmocka_unit_test(long_requests_and_responses_are_transfer),
		cmocka_unit_test(a_greeting_of_the_server_is_waited_for),
		cmocka_unit_test(what_is_not_clear_is_not_guessed),
		cmocka_unit_test(pipelined_requests_say_nothing_of_the_client),
		cmocka_unit_test(repeats_count_into_the_handshake_but_are_not_split),
		cmocka_unit_test(data_do_not_end_the_handshake),
		cmocka_unit_test(one_point_tells_what_lies_behind_it),
		cmocka_unit_test(the_last_point_is_the_last_that_saw_it),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	for (unsigned i = 0; i < POINTS_MAX; i++)
		histogram_free(&server[i]);
	return failed;
}
