/* It came by, or its host sent it, although it was not recorded. */
#include "tests/conn_build.h"

#include "correlate/reason.h"

#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"     /* lines 1 to 3 */
#define HELLO_TS "0.000 ab > S  1000 ts 1/0\n0.010 ba < S. 5000 ack 1001 ts 90/1\n0.020 ab > .  1001 ack 5001 ts 2/90\n"

static uint32_t index_of(const struct scene *s, unsigned line)
{
	return (uint32_t)(tx_of(s, line) - s->c.tx);
}

/* Reasons why the packet of a line is known to have passed the i-th point of its way, 0: it is not known. */
static reason_set passed(const struct scene *s, unsigned line, unsigned i)
{
	reason_set why = 0;

	if (!proof_passed(&s->t, index_of(s, line), i, &why))
		assert_int_equal(why, 0);
	else
		assert_int_not_equal(why, 0);
	return why;
}

/* ... why its host, not a device, must have sent it, although the first point did not record it. */
static reason_set by_host(const struct scene *s, unsigned line)
{
	reason_set why = 0;

	proof_sent_by_host(&s->t, index_of(s, line), 0, &why);
	return why;
}

/* ---- it came by, although it was not recorded ---- */

static void an_ack_from_beyond_proves_it(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.1 a  > P. 1001 ack 5001 len 100\n"
		"0.2 ba < .  5001 ack 1101\n");

	(void)state;
	assert_int_equal(passed(s, 4, 1), WHY_ACKED);
	scene_free(s);
	s = scene_proved(2, HELLO "0.1 a > P. 1001 ack 5001 len 100\n0.2 ba < . 5001 ack 1100\n");
	assert_int_equal(passed(s, 4, 1), 0);
	scene_free(s);
}

static void an_ack_after_the_repeat_came_by_proves_nothing(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.1 a  > P. 1001 ack 5001 len 100\n"
		"0.5 ab > P. 1001 ack 5001 len 100\n"
		"0.6 ba < .  5001 ack 1101\n");

	(void)state;
	assert_int_equal(passed(s, 4, 1), 0);
	scene_free(s);
	/* ... but one before it does. */
	s = scene_proved(2, HELLO "0.1 a > P. 1001 ack 5001 len 100\n0.499 ba < . 5001 ack 1101\n0.5 ab > P. 1001 ack 5001 len 100\n");
	assert_int_equal(passed(s, 4, 1), WHY_ACKED);
	scene_free(s);
}

static void an_ack_does_not_prove_a_repeat_of_what_was_recorded(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.1 ab > P. 1001 ack 5001 len 100\n"
		"0.5 a  > P. 1001 ack 5001 len 100\n"
		"0.6 ba < .  5001 ack 1101\n");

	(void)state;
	assert_int_equal(passed(s, 5, 1), 0);
	scene_free(s);
}

static void an_ack_that_did_not_come_by_the_point_says_nothing_there(void **state)
{
	struct scene *s = scene_proved(3, "0.0 abc > S 1000\n0.1 cba < S. 5000 ack 1001\n"
		"0.2 a  > P. 1001 ack 5001 len 100\n"
		"0.3 ba < .  5001 ack 1101\n");

	(void)state;
	assert_int_equal(passed(s, 3, 1), WHY_ACKED);
	assert_int_equal(passed(s, 3, 2), 0);
	scene_free(s);
}

static void seen_before_and_behind_is_proved(void **state)
{
	struct scene *s = scene_proved(3, "0.0 abc > S 1000\n0.1 ac > P. 1001 ack 5001 len 100\n0.2 ca < . 5001 ack 1\n");

	(void)state;
	assert_true(passed(s, 2, 1) & WHY_SEEN_BEYOND);
	assert_true(passed(s, 3, 1) & WHY_SEEN_BEYOND);
	scene_free(s);
}

static void a_selective_ack_proves_it(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.10 a  > .  1001 ack 5001 len 100\n"
		"0.11 a  > .  1101 ack 5001 len 100\n"
		"0.12 a  > .  1201 ack 5001 len 100\n"
		"0.20 ba < .  5001 ack 1001 sack 1101-1201\n");

	(void)state;
	assert_int_equal(passed(s, 4, 1), 0);
	assert_int_equal(passed(s, 5, 1), WHY_SACKED);
	assert_int_equal(passed(s, 6, 1), 0);
	scene_free(s);
}

static void an_echoed_timestamp_proves_it(void **state)
{
	/* A SYN-ACK says which of two SYNs it answers. */
	struct scene *s = scene_proved(2, "0.0 ab > S 1000 ts 100/0\n1.0 a > S 1000 ts 350/0\n1.1 ba < S. 5000 ack 1001 ts 90/350\n");

	(void)state;
	assert_int_equal(passed(s, 2, 1), WHY_ECHOED);
	scene_free(s);
	s = scene_proved(2, "0.0 ab > S 1000 ts 100/0\n1.0 a > S 1000 ts 350/0\n1.1 ba < S. 5000 ack 1001 ts 90/100\n");
	assert_int_equal(passed(s, 2, 1), 0);
	scene_free(s);
	/* Two of the same tick cannot be told apart. */
	s = scene_proved(2, "0.0 ab > S 1000 ts 350/0\n1.0 a > S 1000 ts 350/0\n1.1 ba < S. 5000 ack 1001 ts 90/350\n");
	assert_int_equal(passed(s, 2, 1), 0);
	scene_free(s);
}

static void an_echo_proves_a_pure_ack(void **state)
{
	struct scene *s = scene_proved(2, HELLO_TS
		"0.1 ba < P. 5001 ack 1001 len 10 ts 100/2\n"
		"0.2 a  > .  1001 ack 5011 ts 12/100\n"
		"0.3 ba < P. 5011 ack 1001 len 10 ts 120/12\n");

	(void)state;
	assert_int_equal(passed(s, 5, 1), WHY_ECHOED);
	scene_free(s);
	s = scene_proved(2, HELLO_TS "0.2 a > . 1001 ack 5001 ts 12/100\n0.3 ba < P. 5011 ack 1001 len 10 ts 120/11\n");
	assert_int_equal(passed(s, 4, 1), 0);
	scene_free(s);
}

static void nothing_proves_a_reset(void **state)
{
	struct scene *s = scene_proved(2, HELLO_TS "0.1 a > R. 1001 ack 5001 ts 7/90\n0.2 ba < . 5001 ack 1002 ts 91/7\n");

	(void)state;
	assert_int_equal(passed(s, 4, 1), 0);
	scene_free(s);
}

/* ---- its host sent it ---- */

static void a_host_that_goes_on_behind_its_bytes_sent_them(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.1 b  > P. 1001 ack 5001 len 100\n"
		"0.2 ab > P. 1101 ack 5001 len 100\n");

	(void)state;
	assert_int_equal(by_host(s, 4), WHY_HOST_WENT_ON);
	assert_int_equal(by_host(s, 5), WHY_HOST_WENT_ON);
	scene_free(s);
	s = scene_proved(2, HELLO "0.1 b > P. 1001 ack 5001 len 100\n0.2 ab > . 1001 ack 5001\n");
	assert_int_equal(by_host(s, 4), 0);
	scene_free(s);
}

static void a_repeat_that_was_recorded_leaves_the_other_one_open(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.1 ab > P. 1001 ack 5001 len 100\n"
		"0.3 b  > P. 1001 ack 5001 len 100\n"
		"0.9 ab > P. 1101 ack 5001 len 100\n");

	(void)state;
	assert_int_equal(by_host(s, 5), 0);
	scene_free(s);
}

static void an_ip_id_that_closes_a_gap_is_the_hosts(void **state)
{
	static const char text[] = HELLO
		"0.1 ba < P. 5001 ack 1001 len 10\n"
		"0.2 ab > .  1001 ack 5011 id %u\n"
		"0.3 b  > .  1001 ack 5021 id %u\n"
		"0.4 ab > .  1001 ack 5031 id %u\n";
	static const struct {
		unsigned before, id, after;
		bool fits;
	} tries[] = {
		{ 700, 701, 702, true }, { 700, 703, 710, true }, { 65535, 1, 2, true },
		{ 700, 700, 702, false }, { 700, 702, 702, false }, { 700, 0, 702, false }, { 700, 900, 702, false }, { 700, 720, 765, false }, { 700, 710, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		char lines[400];
		snprintf(lines, sizeof lines, text, tries[i].before, tries[i].id, tries[i].after);
		struct scene *s = scene_proved(2, lines);
		if (by_host(s, 6) != (tries[i].fits ? WHY_IP_ID_FITS : 0))
			fail_msg("%u between %u and %u", tries[i].id, tries[i].before, tries[i].after);
		scene_free(s);
	}
}

static void the_time_of_an_ack_is_the_first_that_says_it(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.1 ab > P. 1001 ack 5001 len 100\n"
		"0.2 ba < .  5001 ack 1051\n"
		"0.3 ba < .  5001 ack 1101\n"
		"0.4 ba < .  5001 ack 1101\n");
	int64_t end = tx_of(s, 4)->end;

	(void)state;
	assert_int_equal(proof_acked_at(&s->t, 1, C2S, end), 300 * MSEC);
	assert_int_equal(proof_acked_at(&s->t, 0, C2S, end), 301 * MSEC);
	assert_int_equal(proof_acked_at(&s->t, 1, C2S, end - 60), 200 * MSEC);
	assert_int_equal(proof_acked_at(&s->t, 1, C2S, end + 1), INT64_MAX);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ack_from_beyond_proves_it),
		cmocka_unit_test(an_ack_after_the_repeat_came_by_proves_nothing),
		cmocka_unit_test(an_ack_does_not_prove_a_repeat_of_what_was_recorded),
		cmocka_unit_test(an_ack_that_did_not_come_by_the_point_says_nothing_there),
		cmocka_unit_test(seen_before_and_behind_is_proved),
		cmocka_unit_test(a_selective_ack_proves_it),
		cmocka_unit_test(an_echoed_timestamp_proves_it),
		cmocka_unit_test(an_echo_proves_a_pure_ack),
		cmocka_unit_test(nothing_proves_a_reset),
		cmocka_unit_test(a_host_that_goes_on_behind_its_bytes_sent_them),
		cmocka_unit_test(a_repeat_that_was_recorded_leaves_the_other_one_open),
		cmocka_unit_test(an_ip_id_that_closes_a_gap_is_the_hosts),
		cmocka_unit_test(the_time_of_an_ack_is_the_first_that_says_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
