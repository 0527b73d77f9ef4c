/* Packets that were changed on the way by accident: their checksum is wrong from one point on. */
#include "tests/conn_build.h"

#include "correlate/change.h"
#include "correlate/damage.h"

#define HELLO "0.000 ab > S  1000 good\n0.010 ba < S. 5000 ack 1001 good\n0.020 ab > .  1001 ack 5001 good\n"
#define MORE "0.500 ab > P. 1201 ack 5001 len 100 good ts 60/0\n0.501 ba < . 5001 ack 1301 good ts 61/60\n0.502 ba < P. 5001 ack 1301 len 10 good ts 62/60\n"
#define TOLD ACCUSATIONS " corrupted modified undecided not_captured"

static struct scene *judged(unsigned points, const char *text)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	scene_judge(s);
	return s;
}

static void check(const char *text, const char *expected)
{
	struct scene *s = judged(2, text);

	if (strcmp(told(s, TOLD), expected))
		fail_msg("\"%s\", not \"%s\", of\n%s", s->words, expected, text);
	scene_free(s);
}

/* The packet as a recorded it, as b did, and its repeat that came through. */
static void check_flip(const char *at_a, const char *at_b, const char *expected)
{
	char text[900];

	snprintf(text, sizeof text, HELLO "0.100 a %s good\n0.101 b %s bad\n0.400 ab > P. 1001 ack 5001 len 200 ts 50/0 id 9 good\n" MORE, at_a, at_b);
	check(text, expected);
}

static void a_flipped_bit_lies_anywhere(void **state)
{
	static const char *const flips[] = {
		"> P. 1001 ack 5001 len 200 ts 40/0 id 8 hash 77", "> P. 1257 ack 5001 len 200 ts 40/0 id 8 hash 5", "> P. 1001 ack 5065 len 200 ts 40/0 id 8 hash 5",
		"> P. 1001 ack 5001 len 200 ts 40/0 id 8 hash 5 win 501", "> P. 1001 ack 5001 len 200 ts 41/0 id 8 hash 5", "> P. 1001 ack 5001 len 200 ts 40/1 id 8 hash 5",
		"> FP. 1001 ack 5001 len 200 ts 40/0 id 8 hash 5", "> P 1001 len 200 ts 40/0 id 8 hash 5", "> P. 1001 ack 5001 len 196 id 8 hash 5",
		"> P. 1001 ack 5001 len 200 id 8 opt 090a",
	};

	(void)state;
	for (size_t i = 0; i < sizeof flips / sizeof *flips; i++)
		check_flip("> P. 1001 ack 5001 len 200 ts 40/0 id 8 hash 5", flips[i], "corrupted data c2s a>b x1");
}

static void where_two_fields_differ_it_may_be_another_packet(void **state)
{
	(void)state;
	/* Neither lost nor made on the way is claimed: a damaged packet came that may be it. */
	check_flip("> P. 1001 ack 5001 len 200 ts 40/0 id 8 hash 5", "> P. 1257 ack 5065 len 200 ts 40/0 id 8 hash 5", "undecided data c2s a>b x2");
	check_flip("> P. 1001 ack 5001 len 200 ts 40/0 id 8 hash 5", "> P. 1257 ack 5001 len 200 ts 40/0 id 8 hash 5 win 501", "undecided data c2s a>b x2");
}

static void bare_acknowledgments_are_damaged_too(void **state)
{
	(void)state;
	check(HELLO "0.100 a > . 1001 ack 5001 ts 40/0 id 8 good\n0.101 b > . 1001 ack 5017 ts 40/0 id 8 bad\n" MORE, "corrupted ACK c2s a>b x1");
}

static void the_hop_is_the_one_behind_the_last_good_checksum(void **state)
{
	struct scene *s = judged(3, "0.000 abc > S 1000 good\n0.010 cba < S. 5000 ack 1001 good\n0.020 abc > . 1001 ack 5001 good\n"
		"0.100 ab > P. 1001 ack 5001 len 200 id 8 good\n0.102 c > P. 1001 ack 5001 len 200 id 8 hash 9 bad\n"
		"0.200 a > P. 1201 ack 5001 len 200 id 9 good\n0.201 bc > P. 1201 ack 5001 len 200 id 9 hash 9 bad\n"
		"0.500 abc > P. 1001 ack 5001 len 200 id 10 good\n0.501 abc > P. 1201 ack 5001 len 200 id 11 good\n0.51 cba < . 5001 ack 1401 good\n");

	(void)state;
	assert_string_equal(told(s, TOLD), "corrupted data c2s b>c x1; corrupted data c2s a>b x1");
	scene_free(s);
}

static void wrong_checksums_at_the_sender_are_offload(void **state)
{
	(void)state;
	/* At a the network card has yet to fill them in. */
	check("0.000 a > S 1000 bad\n0.001 b > S 1000 good\n0.010 ba < S. 5000 ack 1001 good\n0.020 a > . 1001 ack 5001 bad\n0.021 b > . 1001 ack 5001 good\n"
		"0.030 a > P. 1001 ack 5001 len 9 bad\n0.031 b > P. 1001 ack 5001 len 9 good\n0.04 ba < . 5001 ack 1010 good\n", "");
	/* Some are right, small ones that the stack sums up itself. */
	check("0.000 ab > S 1000 good\n0.010 ba < S. 5000 ack 1001 good\n0.020 ab > . 1001 ack 5001 good\n"
		"0.030 a > P. 1001 ack 5001 len 9 bad\n0.031 b > P. 1001 ack 5001 len 9 bad\n0.04 ba < . 5001 ack 1010 good\n", "");
}

static void where_most_are_wrong_it_is_offload(void **state)
{
	(void)state;
	check("0.000 a > S 1000 good\n0.001 b > S 1000 bad\n0.010 ba < S. 5000 ack 1001 good\n0.020 a > . 1001 ack 5001 good\n0.021 b > . 1001 ack 5001 bad\n"
		"0.030 a > P. 1001 ack 5001 len 9 good\n0.031 b > P. 1001 ack 5001 len 9 bad\n0.04 ba < . 5001 ack 1010 good\n", "");
}

static void what_its_receiver_acknowledged_was_not_damaged(void **state)
{
	(void)state;
	check(HELLO "0.100 a > P. 1001 ack 5001 len 200 id 8 good\n0.101 b > P. 1001 ack 5001 len 200 id 8 bad\n0.110 ba < . 5001 ack 1201 good\n" MORE, "");
}

static void a_payload_with_a_right_checksum_was_rewritten(void **state)
{
	struct scene *s = judged(2, HELLO "0.100 a > P. 1001 ack 5001 len 200 id 8 good\n0.101 b > P. 1001 ack 5001 len 200 id 8 hash 9 good\n" MORE);
	struct changes changed = { 0 };

	(void)state;
	changes_find(&s->c, &changed);
	judge_changes(&s->c, &changed, &s->found);
	assert_string_equal(told(s, TOLD), "modified any c2s a>b x1");
	changes_free(&changed);
	scene_free(s);
}

static void damage_is_no_rewriting(void **state)
{
	struct scene *s = judged(2, HELLO "0.100 a > P. 1001 ack 5001 len 200 id 8 good\n0.101 b > P. 1001 ack 5001 len 200 id 8 hash 9 bad\n"
		"0.300 ab > P. 1001 ack 5001 len 200 id 9 good\n" MORE);
	struct changes changed = { 0 };

	(void)state;
	changes_find(&s->c, &changed);
	assert_int_equal(changed.n, 0);
	changes_free(&changed);
	scene_free(s);
}

static void numbers_of_a_damaged_packet_prove_nothing(void **state)
{
	/* What b took for an acknowledgment of everything is none: the loss of the segment stands. */
	struct scene *s = judged(2, HELLO "0.100 a > P. 1001 ack 5001 len 200 id 8 good\n0.102 b < . 5001 ack 1513 id 3 good\n0.103 a < . 5001 ack 1001 id 3 bad\n"
		"0.400 ab > P. 1001 ack 5001 len 200 id 9 good\n0.41 ba < . 5001 ack 1201 id 4 good\n" MORE);

	(void)state;
	assert_null(strstr(told(s, TOLD), "generated"));
	scene_free(s);
}

static void an_ip_id_with_one_bit_changed_is_no_other_packet(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	s->f.point[0].hop[C2S].keeps_ip_id = 1000;
	/* In a connection in which others are damaged. */
	scene_text(s, HELLO "0.100 a > . 1001 ack 5001 id 8 good\n0.101 b > . 1001 ack 5001 id 8 win 501 bad\n"
		"0.200 a > . 1001 ack 5002 id 9 good\n0.201 b > . 1001 ack 5002 id 4105 good\n" MORE);
	scene_judge(s);
	assert_string_equal(told(s, TOLD), "corrupted ACK c2s a>b x1");
	scene_free(s);
}

static void with_other_ports_it_is_a_stray(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, HELLO "0.100 a > P. 1001 ack 5001 len 200 id 8 good ts 40/0\n0.400 ab > P. 1001 ack 5001 len 200 id 9 good ts 50/0\n" MORE);
	s->f.stray = calloc(2, sizeof *s->f.stray);
	assert_non_null(s->f.stray);
	s->f.strays = s->f.stray_room = 2;
	/* Of another time, and the one. */
	s->f.stray[0] = (struct stray){ .point = 1, .t = -5 * SEC, .seq = 1001, .ack = 5001, .len = 200, .flags = TCP_PSH | TCP_ACK, .win = 500, .ip_id = 8, .tsval = 40 };
	s->f.stray[1] = s->f.stray[0];
	s->f.stray[1].t = 101 * MSEC;
	scene_judge(s);
	assert_string_equal(told(s, TOLD), "corrupted data c2s a>b x1");
	for (uint32_t i = 0; i < s->found.n; i++)
		assert_true(s->found.list[i].kind != KIND_CORRUPTED || s->found.list[i].confidence == LIKELY);
	s->f.stray[1].len = 100;
	scene_judge(s);
	assert_string_equal(told(s, TOLD), "dropped data c2s a>b x1");
	scene_free(s);
}

/* Its network card sums up what a host sends behind the point. */
static void a_syn_that_never_came_was_dropped_whatever_its_checksum(void **state)
{
	struct scene *s = judged(2, "0.0 a > S 1000 bad\n1.0 a > S 1000 bad\n3.0 a > S 1000 bad\n"), *t = judged(2, "0.0 a > S 1000\n1.0 a > S 1000\n3.0 a > S 1000\n");

	(void)state;
	assert_string_equal(told(t, "dropped undecided"), "dropped SYN c2s a>b x3");
	assert_string_equal(told(s, "dropped undecided"), "dropped SYN c2s a>b x3");
	scene_free(s);
	scene_free(t);
}

static void a_connection_of_one_damaged_packet_is_a_stray(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, "0.100 b > P. 1001 ack 5001 len 200 bad id 8 ts 40/0\n");
	scene_fate(s);
	assert_int_equal(damage_learn(&s->c, &s->f, &s->e), 0);
	damage_learned(&s->f);
	assert_int_equal(s->f.strays, 1);
	assert_true(s->f.stray[0].point == 1 && s->f.stray[0].seq == 1001 && s->f.stray[0].ack == 5001 && s->f.stray[0].len == 200 && s->f.stray[0].ip_id == 8);
	scene_free(s);
	/* One with a right checksum is a connection. */
	s = scene_new(2);
	scene_text(s, "0.100 b > P. 1001 ack 5001 len 200 bad\n0.200 b > P. 1001 ack 5001 len 200 good\n");
	scene_fate(s);
	assert_int_equal(damage_learn(&s->c, &s->f, &s->e), 0);
	assert_int_equal(s->f.strays, 0);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flipped_bit_lies_anywhere),
		cmocka_unit_test(where_two_fields_differ_it_may_be_another_packet),
		cmocka_unit_test(bare_acknowledgments_are_damaged_too),
		cmocka_unit_test(the_hop_is_the_one_behind_the_last_good_checksum),
		cmocka_unit_test(wrong_checksums_at_the_sender_are_offload),
		cmocka_unit_test(where_most_are_wrong_it_is_offload),
		cmocka_unit_test(what_its_receiver_acknowledged_was_not_damaged),
		cmocka_unit_test(a_payload_with_a_right_checksum_was_rewritten),
		cmocka_unit_test(damage_is_no_rewriting),
		cmocka_unit_test(numbers_of_a_damaged_packet_prove_nothing),
		cmocka_unit_test(an_ip_id_with_one_bit_changed_is_no_other_packet),
		cmocka_unit_test(with_other_ports_it_is_a_stray),
		cmocka_unit_test(a_syn_that_never_came_was_dropped_whatever_its_checksum),
		cmocka_unit_test(a_connection_of_one_damaged_packet_is_a_stray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
