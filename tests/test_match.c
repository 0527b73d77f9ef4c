/* Which packets at different points are one and the same? */
#include "tests/conn_build.h"

static struct scene *matched(unsigned points, const char *text)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	scene_match(s);
	return s;
}

/* Is the packet of line x at a the transmission that line y shows at b? */
static bool same(const struct scene *s, unsigned x, unsigned y)
{
	return tx_at(s, x, 'a') != NOTHING && tx_at(s, x, 'a') == tx_at(s, y, 'b');
}

/* Both as one transmission, whatever differs. */
static void assert_one(const char *at_a, const char *at_b)
{
	char text[400];

	snprintf(text, sizeof text, "0.000 ab > S 1000\n0.010 ba < S. 5000 ack 1001\n1.000 a %s\n1.001 b %s\n", at_a, at_b);
	struct scene *s = matched(2, text);
	if (!same(s, 3, 4))
		fail_msg("two transmissions: %s and %s", at_a, at_b);
	assert_int_equal(s->c.txs, 3);
	scene_free(s);
}

static void assert_two(const char *at_a, const char *at_b)
{
	char text[400];

	snprintf(text, sizeof text, "0.000 ab > S 1000\n0.010 ba < S. 5000 ack 1001\n1.000 a %s\n1.001 b %s\n", at_a, at_b);
	struct scene *s = matched(2, text);
	if (same(s, 3, 4))
		fail_msg("one transmission: %s and %s", at_a, at_b);
	assert_int_equal(s->c.txs, 4);
	scene_free(s);
}

static void equal_packets_are_one_transmission(void **state)
{
	struct scene *s = matched(2,
		"0.000 ab > S  1000 ts 7/0 id 100\n"
		"0.010 ba < S. 5000 ack 1001 ts 9/7 id 200\n"
		"0.020 ab > P. 1001 ack 5001 len 100 ts 8/9 id 101\n"
		"0.030 ba < .  5001 ack 1101 ts 10/8 id 201\n");

	(void)state;
	assert_int_equal(s->c.txs, 4);
	for (unsigned line = 1; line <= 4; line++) {
		const struct tx *x = tx_of(s, line);
		assert_int_equal(x, &s->c.tx[line - 1]);
		assert_int_equal(tx_at(s, line, 'a'), tx_at(s, line, 'b'));
		assert_true(x->from == 0 && x->to == 1 && x->level == 0 && x->single && !x->fuzzy);
	}
	assert_int_equal(tx_of(s, 2)->dir, S2C);
	assert_int_equal(s->c.pkt[tx_of(s, 2)->first].point, 1);
	scene_free(s);
}

static void what_the_network_may_change_does_not_part_them(void **state)
{
	(void)state;
	assert_one("> P. 1001 ack 5001 len 100 ttl 64", "> P. 1001 ack 5001 len 100 ttl 40");
	assert_one("> P. 1001 ack 5001 len 100 tos 2", "> P. 1001 ack 5001 len 100 tos 0");
	assert_one("> P.EW 1001 ack 5001 len 100", "> P. 1001 ack 5001 len 100");
	assert_one("> P. 1001 ack 5001 len 100", "> . 1001 ack 5001 len 100");
	assert_one("> P. 1001 ack 5001 len 100 win 500", "> P. 1001 ack 5001 len 100 win 64");
	assert_one("> P. 1001 ack 5001 len 100 id 7", "> P. 1001 ack 5001 len 100 id 9999");
	assert_one("> P. 1001 ack 5001 len 100 ts 50/60", "> P. 1001 ack 5001 len 100");
	assert_one("> P. 1001 ack 5001 len 100", "> P. 1001 ack 5001 len 100 cut");
	assert_one("> P. 1001 ack 5001 len 100", "> P. 1001 ack 5001 len 100 hash 77");
	assert_one("> . 1001 ack 5001 win 500 id 7", "> . 1001 ack 5001 win 64 id 8");
	assert_one("> S 1000 mss 1460 ws 7 sackok", "> S 1000 mss 1380");
	assert_one("> R 2000 ack 7", "> R 2000 ack 9");
}

static void bits_of_ecn_do_not_even_weaken_the_match(void **state)
{
	struct scene *s = matched(2, "0.000 a > SEW 1000\n0.001 b > S 1000 tos 2\n0.010 b < S.E 5000 ack 1001 ttl 9\n0.011 a < S. 5000 ack 1001\n");

	(void)state;
	assert_true(same(s, 1, 2) && same(s, 4, 3));
	assert_true(tx_of(s, 1)->level == 0 && tx_of(s, 3)->level == 0);
	scene_free(s);
}

static void other_bytes_are_another_packet(void **state)
{
	(void)state;
	assert_two("> P. 1001 ack 5001 len 100", "> P. 1101 ack 5001 len 100");
	assert_two("> P. 1001 ack 5001 len 100", "> P. 1001 ack 5001 len 99");
	assert_two("> P. 1001 ack 5001 len 100", "> FP. 1001 ack 5001 len 100");
	assert_two("> . 1001 ack 5001", "> . 1001 ack 5002");
	assert_two("> R. 1001 ack 5001", "> . 1001 ack 5001");
	assert_two("> P. 1001 ack 5001 len 100", "< P. 1001 ack 5001 len 100");
}

static void a_repeat_is_told_by_its_timestamp(void **state)
{
	/* The first one was lost: what b saw is the second, although it came to a only a moment before. */
	struct scene *s = matched(2,
		"0.000 a > S 1000 ts 145592423/0\n"
		"2.996 a > S 1000 ts 145593173/0\n"
		"2.997 b > S 1000 ts 145593173/0\n");

	(void)state;
	assert_true(same(s, 2, 3) && s->c.txs == 2 && tx_of(s, 2)->single);
	scene_free(s);
	/* ... and here the second was lost, which the clocks, known to a second only, would not forbid. */
	s = matched(2,
		"0.0000 a > S 1000 ts 145592423/0\n"
		"0.0005 a > S 1000 ts 145593173/0\n"
		"0.0016 b > S 1000 ts 145592423/0\n");
	assert_true(same(s, 1, 3));
	scene_free(s);
}

static void a_repeat_is_told_by_its_ip_id(void **state)
{
	struct scene *s = matched(2,
		"0.0000 a > P. 1001 ack 5001 len 100 id 500\n"
		"0.0005 a > P. 1001 ack 5001 len 100 id 501\n"
		"0.0009 a > P. 1001 ack 5001 len 100 id 502\n"
		"0.0019 b > P. 1001 ack 5001 len 100 id 501\n");

	(void)state;
	assert_true(same(s, 2, 4) && s->c.txs == 3);
	scene_free(s);
}

static void a_repeat_without_either_is_told_by_the_time_it_took(void **state)
{
	struct scene *s = matched(2,
		"0.000 a > P. 1001 ack 5001 len 100\n"
		"0.200 a > P. 1001 ack 5001 len 100\n"
		"0.201 b > P. 1001 ack 5001 len 100\n");

	(void)state;
	assert_true(same(s, 2, 3) && !tx_of(s, 2)->single);
	scene_free(s);
}

static void a_hop_that_keeps_ip_ids_matches_no_other_ip_id(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, "0.000 a > P. 1001 ack 5001 len 100 id 500\n0.201 b > P. 1001 ack 5001 len 100 id 501\n");
	s->f.point[0].hop[C2S].keeps_ip_id = 100;
	scene_match(s);
	assert_int_equal(s->c.txs, 2);
	s->f.point[0].hop[C2S].changes_ip_id = 50;
	s->c.txs = 0;
	scene_match(s);
	assert_int_equal(s->c.txs, 1);
	scene_free(s);
}

static void a_hop_that_keeps_timestamps_matches_no_other_timestamp(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, "0.000 a > P. 1001 ack 5001 len 100 ts 70/1\n0.201 b > P. 1001 ack 5001 len 100 ts 71/1\n");
	s->f.point[0].hop[C2S].keeps_ts = 100;
	scene_match(s);
	assert_int_equal(s->c.txs, 2);
	scene_free(s);
}

static void three_points_with_a_miss_in_the_middle_are_one_transmission(void **state)
{
	struct scene *s = matched(3,
		"0.000 ac > S  1000 ts 1/0\n"
		"0.010 ca < S. 5000 ack 1001 ts 5/1\n"
		"0.020 ac > P. 1001 ack 5001 len 10 ts 2/5\n");

	(void)state;
	assert_int_equal(s->c.txs, 3);
	for (unsigned line = 1; line <= 3; line++) {
		const struct tx *x = tx_of(s, line);
		assert_true(x->from == 0 && x->to == 2);
		assert_null(conn_seen(&s->c, (uint32_t)(x - s->c.tx), 1));
		assert_non_null(conn_seen(&s->c, (uint32_t)(x - s->c.tx), 2));
	}
	scene_free(s);
}

static void shifted_numbers_match_by_the_shift_of_the_handshake(void **state)
{
	struct scene *s = matched(2,
		"0.000 a > S  1000\n"
		"0.001 b > S  4294967000\n"
		"0.010 b < S. 5000 ack 4294967001\n"
		"0.011 a < S. 9000 ack 1001\n"
		"0.020 a > P. 1001 ack 9001 len 1000\n"
		"0.021 b > P. 4294967001 ack 5001 len 1000\n"
		"0.030 b < .  5001 ack 705\n"
		"0.031 a < .  9001 ack 2001\n");

	(void)state;
	assert_int_equal(s->c.txs, 4);
	assert_true(same(s, 1, 2) && same(s, 4, 3) && same(s, 5, 6) && same(s, 8, 7));
	assert_int_equal(tx_of(s, 5)->level, 0);
	scene_free(s);
}

static void nothing_arrives_before_it_was_sent(void **state)
{
	static const char text[] = "0.500 a > P. 1001 ack 5001 len 100\n0.300 b > P. 1001 ack 5001 len 100\n";
	struct scene *s = matched(2, text);

	(void)state;
	assert_int_equal(s->c.txs, 2);
	scene_free(s);
	/* ... unless the clocks are not that good. */
	s = scene_new(2);
	scene_text(s, text);
	scene_doubt(s, 'b', 250 * MSEC);
	scene_match(s);
	assert_int_equal(s->c.txs, 1);
	scene_free(s);
}

static void nothing_is_on_its_way_for_longer_than_that(void **state)
{
	struct scene *s = matched(2, "0.5 a > P. 1001 ack 5001 len 100\n11.0 b > P. 1001 ack 5001 len 100\n");

	(void)state;
	assert_int_equal(s->c.txs, 2);
	scene_free(s);
	s = matched(2, "0.5 a > P. 1001 ack 5001 len 100 win 1\n3.0 b > P. 1001 ack 5001 len 100 win 2\n");
	assert_int_equal(s->c.txs, 2);
	scene_free(s);
}

/* ---- as a whole ---- */

static void the_order_of_input_does_not_matter(void **state)
{
	static const char text[] =
		"0.000 ab > S  1000\n"
		"0.010 ba < S. 5000 ack 1001\n"
		"0.020 ab > .  1001 ack 5001\n"
		"0.020 ab > P. 1001 ack 5001 len 100\n"
		"0.030 ba < .  5001 ack 1101\n"
		"0.030 b  < .  5001 ack 1101\n"
		"0.040 ba < .  5001 ack 1101\n"
		"0.040 ab > P. 1101 ack 5001 len 100\n"
		"0.240 ab > P. 1101 ack 5001 len 100\n";
	struct scene *s = matched(2, text);
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 50; round++) {
		struct scene *o = scene_new(2);
		scene_text(o, text);
		for (uint32_t i = o->records; i > 1; i--) {
			seed = seed * 1103515245u + 12345u;
			uint32_t k = (seed >> 8) % i;
			struct record r = o->record[i - 1];
			o->record[i - 1] = o->record[k];
			o->record[k] = r;
		}
		scene_match(o);
		assert_int_equal(o->c.txs, s->c.txs);
		for (unsigned line = 1; line <= 9; line++) {
			assert_int_equal(tx_at(o, line, 'a'), tx_at(s, line, 'a'));
			assert_int_equal(tx_at(o, line, 'b'), tx_at(s, line, 'b'));
		}
		scene_free(o);
	}
	scene_free(s);
}

static void transmissions_come_in_order_of_time(void **state)
{
	struct scene *s = matched(2, "0.010 ba < S. 5000 ack 1001\n0.000 ab > S 1000\n0.005 b > S 1000 id 6\n");

	(void)state;
	assert_ptr_equal(tx_of(s, 2), &s->c.tx[0]);
	assert_ptr_equal(tx_of(s, 3), &s->c.tx[1]);
	assert_ptr_equal(tx_of(s, 1), &s->c.tx[2]);
	scene_free(s);
}

static void an_empty_connection_matches_nothing(void **state)
{
	struct scene *s = matched(2, "");

	(void)state;
	assert_int_equal(s->c.txs, 0);
	scene_free(s);
}

/*
 * c's first ACK was lost before b; the second is the same. The device between c and b gives IP IDs, the one between b and a takes them away: what is at a
 * is the one that b recorded, though it looks more like the other.
 */
static void what_skips_a_point_gives_way(void **state)
{
	struct scene *s = scene_proved(3,
		"0.350 c < . 5160 ack 600\n"
		"0.670 c < . 5160 ack 600\n"
		"0.671 b < . 5160 ack 600 id 52582\n"
		"0.672 a < . 5160 ack 600\n");

	(void)state;
	assert_int_equal(tx_at(s, 2, 'c'), tx_at(s, 3, 'b'));
	assert_int_equal(tx_at(s, 4, 'a'), tx_at(s, 3, 'b'));
	assert_int_not_equal(tx_at(s, 1, 'c'), tx_at(s, 4, 'a'));
	scene_free(s);
}

/* Where the point between has nothing of it, what skips it is matched all the same. */
static void what_no_other_claims_may_skip_a_point(void **state)
{
	struct scene *s = scene_proved(3,
		"0.100 cba < . 5160 ack 500\n"
		"0.350 c < . 5160 ack 600\n"
		"0.352 a < . 5160 ack 600\n");

	(void)state;
	assert_int_equal(tx_at(s, 2, 'c'), tx_at(s, 3, 'a'));
	scene_free(s);
}

/* c's timestamps are 500 ahead; how far b's are, one packet alone does not tell. It forbids no match, though the hops keep others. */
static void unsettled_timestamps_forbid_nothing(void **state)
{
	struct scene *s = scene_new(3);

	(void)state;
	s->f.point[0].hop[C2S].keeps_ts = s->f.point[1].hop[C2S].keeps_ts = 1000;
	scene_text(s,
		"0.000 a > S  1000 ts 10/0\n"
		"0.001 c > S  1000 ts 510/0\n"
		"0.100 a > P. 1001 ack 5001 len 10 ts 16/90\n"
		"0.101 b > P. 1001 ack 5001 len 10 ts 916/90\n"
		"0.110 a > P. 1011 ack 5001 len 10 ts 17/90\n"
		"0.111 c > P. 1011 ack 5001 len 10 ts 517/90\n");
	scene_prove(s);
	assert_int_equal(s->c.stamp_shift[2][C2S], 500);
	assert_int_equal(s->c.unsettled[C2S], 2);
	assert_int_equal(tx_at(s, 3, 'a'), tx_at(s, 4, 'b'));
	scene_free(s);
}

/* Two devices that count IP IDs anew give one packet of four the same: that does not forbid the others to be what they are. */
static void one_ip_id_that_agrees_by_chance_keeps_none(void **state)
{
	struct scene *s = scene_proved(2,
		"0.000 a > S  1000 id 50\n"
		"0.001 b > S  1000 id 40\n"
		"0.020 a > .  1001 ack 5001 id 51\n"
		"0.021 b > .  1001 ack 5001 id 44\n"
		"0.030 a > P. 1001 ack 5001 len 10 id 52\n"
		"0.031 b > P. 1001 ack 5001 len 10 id 49\n"
		"0.040 ab > F. 1011 ack 5001 id 53\n");

	(void)state;
	for (unsigned line = 1; line < 7; line += 2)
		assert_int_equal(tx_at(s, line, 'a'), tx_at(s, line + 1, 'b'));
	scene_free(s);
}

/* RFC 3168 6.1.5: a repeat goes without ECN. Of a hop that keeps ECN, what comes without it is not what went with it. */
static void without_ecn_it_is_the_repeat(void **state)
{
	struct scene *s;

	(void)state;
	for (unsigned keeps = 0; keeps <= 100; keeps += 100) {
		s = scene_new(2);
		s->f.point[0].hop[C2S].keeps_ecn = keeps;
		scene_text(s, "0.000 a > P. 1001 ack 5001 len 100 tos 2\n0.300 b > P. 1001 ack 5001 len 100 tos 0\n");
		scene_match(s);
		assert_int_equal(s->c.txs, keeps ? 2 : 1);
		scene_free(s);
	}
	/* What comes in time is the packet all the same: a device may take ECN from a few connections only. */
	s = scene_new(2);
	s->f.point[0].hop[C2S].keeps_ecn = 100;
	scene_text(s, "0.000 a > P. 1001 ack 5001 len 100 tos 2\n0.0005 b > P. 1001 ack 5001 len 100 tos 0\n");
	scene_match(s);
	assert_int_equal(s->c.txs, 1);
	scene_free(s);
}

/* RFC 2018 4: nobody makes up SACK blocks on the way. */
static void other_sack_blocks_are_another_acknowledgment(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, "0.000 a > . 1001 ack 5001 sack 6000-7000\n0.001 b > . 1001 ack 5001 sack 6000-8000\n");
	scene_match(s);
	assert_int_equal(s->c.txs, 2);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_ecn_it_is_the_repeat),
		cmocka_unit_test(other_sack_blocks_are_another_acknowledgment),
		cmocka_unit_test(equal_packets_are_one_transmission),
		cmocka_unit_test(what_the_network_may_change_does_not_part_them),
		cmocka_unit_test(bits_of_ecn_do_not_even_weaken_the_match),
		cmocka_unit_test(other_bytes_are_another_packet),
		cmocka_unit_test(a_repeat_is_told_by_its_timestamp),
		cmocka_unit_test(a_repeat_is_told_by_its_ip_id),
		cmocka_unit_test(a_repeat_without_either_is_told_by_the_time_it_took),
		cmocka_unit_test(a_hop_that_keeps_ip_ids_matches_no_other_ip_id),
		cmocka_unit_test(a_hop_that_keeps_timestamps_matches_no_other_timestamp),
		cmocka_unit_test(three_points_with_a_miss_in_the_middle_are_one_transmission),
		cmocka_unit_test(shifted_numbers_match_by_the_shift_of_the_handshake),
		cmocka_unit_test(nothing_arrives_before_it_was_sent),
		cmocka_unit_test(nothing_is_on_its_way_for_longer_than_that),
		cmocka_unit_test(the_order_of_input_does_not_matter),
		cmocka_unit_test(transmissions_come_in_order_of_time),
		cmocka_unit_test(an_empty_connection_matches_nothing),
		cmocka_unit_test(what_skips_a_point_gives_way),
		cmocka_unit_test(what_no_other_claims_may_skip_a_point),
		cmocka_unit_test(unsettled_timestamps_forbid_nothing),
		cmocka_unit_test(one_ip_id_that_agrees_by_chance_keeps_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
