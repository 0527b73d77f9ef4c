/* Identical packets: which of them is which at the other point, and which are copies that the capture made. */
#include "tests/conn_build.h"

#include "correlate/copies.h"

#include <time.h>

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

static void identical_acks_pair_in_order(void **state)
{
	struct scene *s = matched(2,
		"0.000 ab > . 1001 ack 5001\n"
		"0.100 ab > . 1001 ack 5001\n"
		"0.200 ab > . 1001 ack 5001\n");

	(void)state;
	assert_int_equal(s->c.txs, 3);
	for (unsigned line = 1; line <= 3; line++)
		assert_true(same(s, line, line) && !tx_of(s, line)->fuzzy && !tx_of(s, line)->single);
	scene_free(s);
}

static void the_one_that_was_lost_of_identical_acks_is_found_by_time(void **state)
{
	struct scene *s = matched(2,
		"0.000 ab > . 1001 ack 5001\n"
		"0.100 a  > . 1001 ack 5001\n"
		"0.200 ab > . 1001 ack 5001\n"
		"0.300 ab > . 1001 ack 5001\n");

	(void)state;
	assert_int_equal(s->c.txs, 4);
	assert_true(same(s, 1, 1) && same(s, 3, 3) && same(s, 4, 4));
	assert_int_equal(tx_of(s, 2)->to, 0);
	assert_false(tx_of(s, 2)->fuzzy);
	scene_free(s);
}

static void of_crowded_acks_only_the_count_is_known(void **state)
{
	struct scene *s = matched(2,
		"0.00000 ab > . 1001 ack 5001\n"
		"0.00002 a  > . 1001 ack 5001\n"
		"0.00004 ab > . 1001 ack 5001\n"
		"0.00006 ab > . 1001 ack 5001\n"
		"0.1 ab > . 1001 ack 5011\n0.2 ab > . 1001 ack 5021\n0.3 ab > . 1001 ack 5031\n0.4 ab > . 1001 ack 5041\n");
	unsigned lost = 0;

	(void)state;
	assert_int_equal(s->c.txs, 8);
	for (unsigned i = 1; i <= 4; i++) {
		assert_true(tx_of(s, i)->fuzzy);
		assert_false(tx_of(s, i + 4)->fuzzy);
		lost += tx_of(s, i)->to == 0;
	}
	assert_int_equal(lost, 1);
	scene_free(s);
}

static void an_ack_that_nobody_sent_is_left_alone(void **state)
{
	struct scene *s = matched(2,
		"0.000 ab > . 1001 ack 5001\n"
		"0.100 b  > . 1001 ack 5001\n"
		"0.200 ab > . 1001 ack 5001\n");

	(void)state;
	assert_true(s->c.txs == 3 && same(s, 1, 1) && same(s, 3, 3));
	assert_true(tx_of(s, 2)->from == 1);
	scene_free(s);
}

static void keepalives_pair_in_order(void **state)
{
	struct scene *s = matched(2,
		"0.0 ab > . 1001 ack 5001\n"
		"5.0 ab > . 1000 ack 5001\n"
		"6.0 a  > . 1000 ack 5001\n"
		"7.0 ab > . 1000 ack 5001\n");

	(void)state;
	assert_true(s->c.txs == 4 && same(s, 2, 2) && same(s, 4, 4) && tx_of(s, 3)->to == 0);
	scene_free(s);
}

static void ten_thousand_identical_acks_take_no_time(void **state)
{
	struct scene *s = scene_new(2);
	struct record r = { .p = { .seq = 1001, .ack = 5001, .flags = TCP_ACK, .opt = NOTHING, .tx = NOTHING } };
	clock_t began;
	unsigned pairs = 0;

	(void)state;
	for (int i = 0; i < 10000; i++)
		for (uint8_t point = 0; point < 2; point++) {
			r.p.point = point;
			r.p.id = i * 100 + point;
			r.p.t = r.p.t_raw = i * 60 * MSEC + point * MSEC;
			if (point == 0 || i % 100)
				add_record(s, &r);
		}
	scene_text(s, "");
	began = clock();
	scene_match(s);
	assert_true(clock() - began < CLOCKS_PER_SEC);
	for (uint32_t i = 0; i < s->c.txs; i++)
		pairs += s->c.tx[i].to == 1;
	assert_int_equal(pairs, 9900);
	assert_true(s->c.tx[s->c.txs - 1].fuzzy);
	assert_int_equal(s->c.txs, 10000);
	scene_free(s);
}

/* ---- copies of the capture ---- */

static void a_copy_has_the_same_ip_id(void **state)
{
	struct scene *s = matched(2,
		"0.00000 ab > P. 1001 ack 5001 len 100 id 7\n"
		"0.00001 a  > P. 1001 ack 5001 len 100 id 7 ttl 63\n"
		"0.00002 ab > P. 1001 ack 5001 len 100 id 8\n");

	(void)state;
	assert_int_equal(s->c.txs, 2);
	assert_int_equal(tx_at(s, 2, 'a'), tx_at(s, 1, 'a'));
	assert_true(same(s, 3, 3));
	for (uint32_t i = 0; i < s->c.pkts; i++)
		assert_int_equal(s->c.pkt[i].copy, s->c.pkt[i].id == 200);
	scene_free(s);
}

static void a_late_copy_is_a_repeat(void **state)
{
	struct scene *s = matched(1, "0.00 a > P. 1001 ack 5001 len 100 id 7\n0.06 a > P. 1001 ack 5001 len 100 id 7\n");

	(void)state;
	assert_int_equal(s->c.txs, 2);
	scene_free(s);
}

static void without_an_ip_id_the_same_data_at_once_is_a_copy(void **state)
{
	struct scene *s = matched(1, "0.000 a > P. 1001 ack 5001 len 100\n0.001 a > P. 1001 ack 5001 len 100\n");

	(void)state;
	assert_int_equal(s->c.txs, 1);
	scene_free(s);
	s = matched(1, "0.000 a > P. 1001 ack 5001 len 100\n0.020 a > P. 1001 ack 5001 len 100\n");
	assert_int_equal(s->c.txs, 2);
	scene_free(s);
}

/* On a short way the other side asks, and the sender repeats, within a tick of its timestamps. */
static void what_was_asked_for_in_between_is_a_repeat(void **state)
{
	for (int mirror = 0; mirror < 2; mirror++)
		for (int asked = 0; asked < 2; asked++) {
			struct scene *s = scene_new(1);
			s->f.point[0].telling = 100;
			s->f.point[0].twice = mirror ? 50 : 0;
			scene_text(s, asked ? "0.100 a > . 1001 ack 5001 len 1000 ts 7/1\n0.101 a < . 5001 ack 1001 sack 2001-3001\n"
				"0.102 a > . 1001 ack 5001 len 1000 ts 7/1\n" :
				"0.100 a > . 1001 ack 5001 len 1000 ts 7/1\n0.101 a < . 5001 ack 2001\n0.102 a > . 1001 ack 5001 len 1000 ts 7/1\n");
			scene_match(s);
			assert_int_equal(s->c.pkt[2].copy, mirror || !asked);
			scene_free(s);
		}
	(void)state;
}

static void equal_acks_without_an_ip_id_are_copies_only_of_a_mirror(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	scene_text(s, "0.000 a > . 1001 ack 5001\n0.001 a > . 1001 ack 5001\n0.100 a > . 1001 ack 5001\n");
	scene_match(s);
	assert_int_equal(s->c.txs, 3);
	s->f.point[0].twice = s->f.point[0].telling = 10;
	scene_match(s);
	assert_int_equal(s->c.txs, 2);
	assert_int_equal(tx_at(s, 1, 'a'), tx_at(s, 2, 'a'));
	scene_free(s);
}

static void acks_with_other_sack_blocks_are_no_copies(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	scene_text(s, "0.000 a > . 1001 ack 5001 sack 6001-7001\n0.001 a > . 1001 ack 5001 sack 6001-8001\n0.002 a > . 1001 ack 5001 sack 6001-8001\n");
	s->f.point[0].twice = s->f.point[0].telling = 10;
	scene_match(s);
	assert_int_equal(s->c.txs, 2);
	scene_free(s);
}

static void only_what_tells_is_counted_for_the_mirror(void **state)
{
	struct scene *s = scene_new(2);
	struct copies seen[2] = { { 0 } };

	(void)state;
	scene_text(s, "0.000 a > P. 1001 ack 5001 len 10\n0.001 a > P. 1001 ack 5001 len 10\n0.002 a > . 1001 ack 5001\n0.003 ab > . 1001 ack 5001 id 9\n");
	scene_match(s);
	copies_count(&s->c, seen);
	assert_int_equal(seen[0].telling, 2);
	assert_int_equal(seen[0].twice, 1);
	assert_int_equal(seen[1].telling, 1);
	assert_int_equal(seen[1].twice, 0);
	scene_free(s);
}

/* Which packet of the scene, by line. */
static struct pkt *record_of(struct scene *s, unsigned line)
{
	return &s->c.pkt[line - 1];
}

static void what_a_device_forwards_is_told_from_what_a_mirror_doubles(void **state)
{
	static const struct {
		uint32_t first, second;         /* flags */
		uint8_t ttl, later_ttl;
		bool forwarded;
	} cases[] = {
		{ 0, 0, 64, 64, false },
		{ 0, 0, 64, 63, true },
		{ 0, SEG_OTHER_LINK, 64, 64, true },
		{ 0, SEG_OUT, 64, 64, true },
		{ SEG_OUT, 0, 64, 64, false },          /* loopback: sent, and then received by the same host */
		{ 0, 0, 63, 64, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scene *s = scene_new(1);
		struct copies seen = { 0 };
		scene_text(s, "0.000 a > P. 1001 ack 5001 len 10 id 7\n0.0001 a > P. 1001 ack 5001 len 10 id 7\n");
		scene_load(s);
		record_of(s, 1)->flags |= cases[i].first;
		record_of(s, 2)->flags |= cases[i].second;
		record_of(s, 1)->ttl = cases[i].ttl;
		record_of(s, 2)->ttl = cases[i].later_ttl;
		assert_int_equal(match_packets(&s->c, &s->e), 0);
		copies_count(&s->c, &seen);
		assert_int_equal(s->c.txs, 1);
		assert_true(seen.telling == 1 && seen.twice == 1);
		assert_int_equal(seen.forwarded, cases[i].forwarded);
		scene_free(s);
	}
}

/*
 * Doubled between a and b; the device behind b gives each of the two an IP ID of its own, and c's capture cuts payload off. Whichever of the two is found
 * again, the other is its copy everywhere.
 */
static void a_copy_with_an_ip_id_of_its_own_is_one_at_every_point(void **state)
{
	struct scene *s = scene_new(4);

	(void)state;
	scene_text(s,
		"0.0000 ab > S  1000 id 6\n"
		"0.0020 cd > S  1000 id 99\n"
		"0.1000 ab > P. 1001 ack 5001 len 10 id 7\n"
		"0.1012 b > P. 1001 ack 5001 len 10 id 7\n"
		"0.1020 c > P. 1001 ack 5001 len 10 id 100 cut\n"
		"0.1022 c > P. 1001 ack 5001 len 10 id 101 cut\n"
		"0.1030 d > P. 1001 ack 5001 len 10 id 100\n"
		"0.1032 d > P. 1001 ack 5001 len 10 id 101\n");
	scene_judge(s);
	assert_string_equal(told(s, "dropped generated not_captured retransmitted duplicated"), "duplicated data c2s a>b x1");
	scene_free(s);
}

/* A repeat that came at once has an IP ID of its own at c, and none behind the device that makes IPv6 of it: it is not a second one of the first. */
static void a_repeat_that_lost_its_ip_id_is_no_copy(void **state)
{
	struct scene *s = scene_new(3);

	(void)state;
	scene_text(s, "0.000 ab > S 1000\n0.002 c > S 1000 id 900\n0.010 c < S. 5000 ack 1001 id 1\n0.011 ba < S. 5000 ack 1001\n"
		"0.020 ab > . 1001 ack 5001\n0.022 c > . 1001 ack 5001 id 901\n"
		"0.1000 c < P. 5001 ack 1001 len 100 id 2\n0.1010 ba < P. 5001 ack 1001 len 100\n"
		"0.1017 c < P. 5001 ack 1001 len 100 id 3\n0.1027 ba < P. 5001 ack 1001 len 100\n"
		"0.110 ab > . 1001 ack 5101\n0.112 c > . 1001 ack 5101 id 902\n");
	for (int d = 0; d < 2; d++)
		s->f.point[1].hop[d].changes_ip_id = 1000;
	scene_judge(s);
	assert_string_equal(told(s, "duplicated dropped"), "");
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identical_acks_pair_in_order),
		cmocka_unit_test(the_one_that_was_lost_of_identical_acks_is_found_by_time),
		cmocka_unit_test(of_crowded_acks_only_the_count_is_known),
		cmocka_unit_test(an_ack_that_nobody_sent_is_left_alone),
		cmocka_unit_test(keepalives_pair_in_order),
		cmocka_unit_test(ten_thousand_identical_acks_take_no_time),
		cmocka_unit_test(a_copy_has_the_same_ip_id),
		cmocka_unit_test(a_late_copy_is_a_repeat),
		cmocka_unit_test(without_an_ip_id_the_same_data_at_once_is_a_copy),
		cmocka_unit_test(what_was_asked_for_in_between_is_a_repeat),
		cmocka_unit_test(equal_acks_without_an_ip_id_are_copies_only_of_a_mirror),
		cmocka_unit_test(acks_with_other_sack_blocks_are_no_copies),
		cmocka_unit_test(only_what_tells_is_counted_for_the_mirror),
		cmocka_unit_test(what_a_device_forwards_is_told_from_what_a_mirror_doubles),
		cmocka_unit_test(a_copy_with_an_ip_id_of_its_own_is_one_at_every_point),
		cmocka_unit_test(a_repeat_that_lost_its_ip_id_is_no_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
