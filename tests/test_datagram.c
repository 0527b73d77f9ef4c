/* Segments that travel in IP fragments: put together, lost in part, and only recorded in part. */
#include "tests/conn_build.h"

#include "correlate/datagram.h"
#include "correlate/reason.h"

#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"     /* lines 1 to 3 */
#define WHOLE " > P. 1001 ack 5001 len 1400 id 7\n"     /* 1420 bytes with its header: 576, 576, 268 */
#define FIRST " > P. 1001 ack 5001 len 556 id 7 more\n"
#define MIDDLE " > later 576 len 576 id 7 more\n"
#define LAST " > later 1152 len 268 id 7\n"
#define AGAIN " > P. 1001 ack 5001 len 1400 id 8\n"
#define FIRST2 " > P. 1001 ack 5001 len 556 id 8 more\n"
#define MIDDLE2 " > later 576 len 576 id 8 more\n"
#define LAST2 " > later 1152 len 268 id 8\n"

/* The hop is known to keep IP IDs, and other connections show that b holds later fragments. */
static struct scene *scene_of(unsigned points, const char *text)
{
	struct scene *s = scene_new(points);

	for (unsigned i = 0; i < points; i++) {
		s->f.point[i].later = true;
		s->f.point[i].hop[C2S].keeps_ip_id = s->f.point[i].hop[S2C].keeps_ip_id = 1000;
	}
	scene_text(s, text);
	return s;
}

static void check_told(struct scene *s, const char *kinds, const char *expected)
{
	scene_judge(s);
	assert_string_equal(told(s, kinds), expected);
	scene_free(s);
}

static const char *text_of(const struct scene *s, enum kind kind)
{
	for (uint32_t i = 0; i < s->found.n; i++)
		if (s->found.list[i].kind == kind)
			return s->found.list[i].text;
	fail_msg("no %s", kind_name(kind));
	return "";
}

static void check_says(const struct scene *s, enum kind kind, const char *words)
{
	if (!strstr(text_of(s, kind), words))
		fail_msg("not \"%s\": %s", words, text_of(s, kind));
}

/* ---- put together ---- */

static void a_segment_is_one_transmission_in_however_many_packets(void **state)
{
	/* In order, last one first, the middle one twice (and overlapping), in other sizes at b. */
	static const char *const orders[] = {
		"1.001 b" FIRST "1.002 b" MIDDLE "1.003 b" LAST,
		"1.001 b" LAST "1.002 b" MIDDLE "1.003 b" FIRST,
		"1.001 b" FIRST "1.002 b" MIDDLE "1.003 b" LAST "1.2 b" MIDDLE,
		"1.001 b" FIRST "1.002 b > later 400 len 800 id 7 more\n1.003 b" LAST,
		"1.001 b > P. 1001 ack 5001 len 780 id 7 more\n1.002 b > later 800 len 620 id 7\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		char text[1000];
		snprintf(text, sizeof text, HELLO "1.0 a" WHOLE "%s2.0 ba < . 5001 ack 2401\n", orders[i]);
		struct scene *s = scene_of(2, text);
		scene_judge(s);
		assert_int_equal(s->c.txs, 5);
		assert_string_equal(told(s, ""), "fragmented data c2s a>b x1");
		for (uint32_t k = 0; k < s->c.pkts; k++)
			assert_true(s->c.pkt[k].tx != NOTHING && !s->c.pkt[k].partial);
		assert_int_equal(tx_at(s, 4, 'a'), tx_at(s, 5, 'b'));
		assert_int_equal(tx_of(s, 4)->end - tx_of(s, 4)->off, 1400);
		scene_free(s);
	}
}

static void the_header_may_be_cut_off_or_have_options(void **state)
{
	static const char *const texts[] = {
		HELLO "1.0 a > P. 1001 ack 5001 len 1400 id 7 ts 5/6\n1.001 b > P. 1001 ack 5001 len 544 id 7 ts 5/6 more\n1.002 b" MIDDLE
		    "1.003 b > later 1152 len 280 id 7\n",
		HELLO "1.0 a > P. 1001 ack 5001 len 1400 id 7\n1.001 b > P. 1001 ack 5001 len 532 id 7 more cut\n1.002 b" MIDDLE
		    "1.003 b > later 1152 len 292 id 7\n",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene *s = scene_of(2, texts[i]);
		/* What the capture kept of the packet: its header without options. */
		for (uint32_t k = 0; i == 1 && k < s->records; k++)
			if (s->record[k].p.flags & SEG_FRAGMENT && !(s->record[k].p.flags & SEG_LATER))
				s->record[k].p.flags |= SEG_CUT;
		scene_judge(s);
		assert_int_equal(s->c.txs, 4);
		assert_string_equal(told(s, ""), "fragmented data c2s a>b x1");
		scene_free(s);
	}
}

static void an_identification_that_comes_again_is_another_datagram(void **state)
{
	struct scene *s = scene_of(2, HELLO
	    "1.0 a" WHOLE "1.001 b" FIRST "1.002 b" MIDDLE "1.003 b" LAST
	    "9.0 a > P. 2401 ack 5001 len 1400 id 7\n9.001 b" LAST "9.002 b" MIDDLE "9.003 b > P. 2401 ack 5001 len 556 id 7 more\n");

	(void)state;
	scene_judge(s);
	assert_int_equal(s->c.txs, 5);
	assert_string_equal(told(s, ""), "fragmented data c2s a>b x2");
	assert_int_equal(tx_at(s, 9, 'b'), tx_at(s, 8, 'a'));
	scene_free(s);
}

static void numbers_that_a_device_shifts_are_no_offsets(void **state)
{
	struct scene *s = scene_of(2, "0.000 a > S 1000\n0.001 b > S 900000\n0.010 ba < S. 5000 ack 1001\n"
	    "1.0 a" WHOLE "1.001 b > P. 900001 ack 5001 len 556 id 7 more\n1.002 b" MIDDLE "1.003 b" LAST);

	(void)state;
	scene_judge(s);
	assert_int_equal(tx_at(s, 4, 'a'), tx_at(s, 5, 'b'));
	assert_int_equal(tx_at(s, 4, 'a'), tx_at(s, 7, 'b'));
	scene_free(s);
}

/* Overlaps, gaps, ends before the end, thousands of them: no loop, no claim. */
static void hostile_fragments_do_no_harm(void **state)
{
	static const uint32_t offsets[] = { 8, 65528, 0xfffffff8, 16, 576, 1 };
	struct scene *s = scene_of(2, HELLO "1.0 a" WHOLE "1.001 b" FIRST "1.002 b" MIDDLE "9.0 ab > . 2401 ack 5001\n9.1 ba < . 5001 ack 2401\n");

	(void)state;
	scene_load(s);
	for (uint32_t i = 0; i < 6000; i++) {
		struct pkt *p = conn_add(&s->c, &s->e);
		assert_non_null(p);
		*p = (struct pkt){ .id = 10000 + i, .t = SEC + i, .t_raw = SEC + i, .seq = offsets[i % 6] + i % 97 * 8, .len = i % 3 ? 65535 : i % 2,
			.flags = SEG_LATER | (i % 5 ? SEG_FRAGMENT : 0), .ip_id = i % 7 ? 7 : 9, .point = 1, .dir = C2S, .tx = NOTHING, .opt = NOTHING };
	}
	assert_int_equal(conn_close_point(&s->c, 1, &s->e), 0);
	assert_int_equal(match_packets(&s->c, &s->e), 0);
	assert_int_equal(proof_build(&s->t, &s->c, &s->e), 0);
	fate_learn(&s->t, &s->f);
	fate_judge(&s->t);
	findings_clear(&s->found);
	judge(&s->t, &s->found);
	assert_string_equal(told(s, ACCUSATIONS), "");
	scene_free(s);
}

/* ---- lost ---- */

static void a_lost_fragment_is_a_lost_segment(void **state)
{
	static const char *const lost[] = { FIRST "1.002 b" LAST, FIRST "1.002 b" MIDDLE, FIRST, LAST };
	static const char *const words[] = { "one fragment of 3 (bytes 576-1151) of the segment with sequence number 1001",
	    "one fragment of 3 (bytes 1152-1419)", "2 fragments of 3 (from byte 576 on)", "" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char text[1000];
		snprintf(text, sizeof text, HELLO "1.0 a" WHOLE "1.001 b%s1.5 a" AGAIN "1.501 b" FIRST2 "1.502 b" MIDDLE2 "1.503 b" LAST2
		    "1.6 ba < . 5001 ack 2401\n", lost[i]);
		struct scene *s = scene_of(2, text);
		scene_judge(s);
		assert_string_equal(told(s, "dropped undecided generated not_captured retransmitted"), "dropped data c2s a>b x1; retransmitted data c2s a x1");
		check_says(s, KIND_DROPPED, words[i]);
		scene_free(s);
	}
}

static void a_lost_fragment_of_a_host_that_fragments_counts_once(void **state)
{
	struct scene *s = scene_of(3, "0.000 abc > S 1000\n0.010 cba < S. 5000 ack 1001\n0.020 abc > . 1001 ack 5001\n"
	    "1.000 abc" FIRST "1.001 ab" MIDDLE "1.002 ab" LAST
	    "1.500 abc" FIRST2 "1.501 abc" MIDDLE2 "1.502 abc" LAST2 "1.6 cba < . 5001 ack 2401\n");

	(void)state;
	scene_judge(s);
	assert_string_equal(told(s, "dropped undecided generated not_captured retransmitted"), "dropped data c2s b>c x1; retransmitted data c2s a x1");
	check_says(s, KIND_DROPPED, "2 fragments of 3");
	scene_free(s);
}

static void a_datagram_that_vanishes_is_dropped_as_any_other(void **state)
{
	(void)state;
	check_told(scene_of(2, HELLO "1.000 a" FIRST "1.001 a" MIDDLE "1.002 a" LAST
	    "1.500 ab" FIRST2 "1.501 ab" MIDDLE2 "1.502 ab" LAST2 "1.6 ba < . 5001 ack 2401\n"), "dropped undecided generated", "dropped data c2s a>b x1");
}

static void where_only_first_fragments_pass_that_is_said(void **state)
{
	struct scene *s = scene_of(2, HELLO "1.0 a" WHOLE "1.001 b" FIRST "1.5 a" AGAIN "1.501 b" FIRST2
	    "2.5 a > P. 1001 ack 5001 len 1400 id 9\n2.501 b > P. 1001 ack 5001 len 556 id 9 more\n9.0 ab > F. 2401 ack 5001\n");

	(void)state;
	scene_judge(s);
	assert_string_equal(told(s, "dropped undecided generated not_captured"), "dropped data c2s a>b x3");
	check_says(s, KIND_DROPPED, "Only first fragments pass");
	scene_free(s);
}

/* ---- not lost ---- */

static void what_was_acknowledged_came_whole(void **state)
{
	struct scene *s = scene_of(2, HELLO "1.0 a" WHOLE "1.001 b" FIRST "1.002 b" LAST "1.1 ba < . 5001 ack 2401\n");

	(void)state;
	scene_judge(s);
	assert_string_equal(told(s, ""), "not_captured data c2s b x1; fragmented data c2s a>b x1");
	check_says(s, KIND_NOT_CAPTURED, "one fragment of 3");
	scene_free(s);
	/* Whole again further on. */
	s = scene_of(3, "0.000 abc > S 1000\n0.010 cba < S. 5000 ack 1001\n1.0 a" WHOLE "1.001 b" FIRST "1.002 b" LAST
	    "1.002 c" FIRST "1.003 c" MIDDLE "1.004 c" LAST);
	scene_judge(s);
	assert_string_equal(told(s, ""), "not_captured data c2s b x1; fragmented data c2s a>b x1");
	scene_free(s);
	/* At the sender's own point. */
	s = scene_of(2, HELLO "1.0 a" FIRST "1.001 a" LAST "1.001 b" FIRST "1.002 b" MIDDLE "1.003 b" LAST);
	scene_judge(s);
	assert_string_equal(told(s, ""), "not_captured data c2s a x1");
	scene_free(s);
}

/* A filter with a port never matches a later fragment: b would hold the same if nothing was lost before it, but behind. */
static void a_capture_without_any_later_fragment_accuses_nobody(void **state)
{
	struct scene *s = scene_of(2, HELLO "1.0 a" WHOLE "1.001 b" FIRST "1.5 a" AGAIN "1.501 b" FIRST2
	    "2.5 a > P. 1001 ack 5001 len 1400 id 9\n2.501 b > P. 1001 ack 5001 len 556 id 9 more\n9.0 ab > F. 2401 ack 5001\n");

	(void)state;
	s->f.point[1].later = false;
	scene_judge(s);
	assert_string_equal(told(s, "dropped undecided generated not_captured"), "undecided data c2s a>b x3");
	check_says(s, KIND_UNDECIDED, "no later IP fragment at all");
	assert_non_null(strstr(s->found.list[0].missing, "ip[6:2] & 0x1fff != 0"));
	/* It holds ARP and the like: then it was hardly a filter for ports. */
	s->f.point[1].later = false;
	s->f.point[1].open = true;
	fate_judge(&s->t);
	findings_clear(&s->found);
	judge(&s->t, &s->found);
	assert_string_equal(told(s, "dropped undecided"), "dropped data c2s a>b x3");
	assert_int_equal(s->found.list[0].confidence, LIKELY);
	scene_free(s);
	s = scene_of(2, HELLO "1.0 a" WHOLE "1.001 b" FIRST "1.1 ba < . 5001 ack 2401\n");
	s->f.point[1].later = false;
	scene_judge(s);
	assert_string_equal(told(s, ""), "not_captured data c2s b x1; fragmented data c2s a>b x1");
	check_says(s, KIND_NOT_CAPTURED, "a capture filter with a port");
	/* Nor does it count against the capture: the filter may have kept it out. */
	assert_int_equal(s->f.point[1].sight[C2S].missed, 0);
	scene_free(s);
}

/* What b lacks is at c, what c lacks is at b. */
static void two_captures_that_miss_different_fragments_accuse_nobody(void **state)
{
	struct scene *s = scene_of(3, "0.000 abc > S 1000\n0.010 cba < S. 5000 ack 1001\n0.020 abc > . 1001 ack 5001\n"
	    "1.000 abc" FIRST "1.001 ac" MIDDLE "1.002 ab" LAST
	    "1.500 abc" FIRST2 "1.501 abc" MIDDLE2 "1.502 abc" LAST2 "1.6 cba < . 5001 ack 2401\n");

	(void)state;
	scene_judge(s);
	assert_string_equal(told(s, ACCUSATIONS), "");
	scene_free(s);
}

static void of_a_datagram_that_nobody_holds_whole_nothing_is_claimed(void **state)
{
	(void)state;
	check_told(scene_of(2, HELLO "1.000 a" FIRST "1.001 a" LAST "1.500 ab" FIRST2 "1.501 ab" MIDDLE2 "1.502 ab" LAST2 "1.6 ba < . 5001 ack 2401\n"),
	    ACCUSATIONS, "");
	check_told(scene_of(2, HELLO "1.000 ab" FIRST "1.001 ab" LAST "1.500 ab" FIRST2 "1.501 ab" MIDDLE2 "1.502 ab" LAST2 "1.6 ba < . 5001 ack 2401\n"),
	    "dropped generated sent unanswered undecided", "");
	check_told(scene_of(2, HELLO "1.000 b" FIRST "1.001 b" LAST "1.500 ab" FIRST2 "1.501 ab" MIDDLE2 "1.502 ab" LAST2 "1.6 ba < . 5001 ack 2401\n"),
	    ACCUSATIONS, "");
}

static void what_was_whole_before_is_fragmented_there(void **state)
{
	(void)state;
	check_told(scene_of(3, "0.000 abc > S 1000\n0.010 cba < S. 5000 ack 1001\n0.020 abc > . 1001 ack 5001\n"
		"1.000 a" WHOLE "1.001 bc" FIRST "1.001 bc" MIDDLE "1.001 bc" LAST "1.1 cba < . 5001 ack 2401\n"), "fragmented", "fragmented data c2s a>b x1");
	/* Lost in part it was cut up as well; what its sender cut up, nobody on the way did. */
	check_told(scene_of(2, HELLO "1.000 a" WHOLE "1.001 b" FIRST "1.001 b" MIDDLE "1.200 a" AGAIN "1.201 b" FIRST2 "1.201 b" MIDDLE2 "1.201 b" LAST2
		"1.3 ba < . 5001 ack 2401\n"), "fragmented", "fragmented data c2s a>b x2");
	check_told(scene_of(2, HELLO "1.000 ab" FIRST "1.000 ab" MIDDLE "1.000 ab" LAST "1.1 ba < . 5001 ack 2401\n"), "fragmented", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_whole_before_is_fragmented_there),
		cmocka_unit_test(a_segment_is_one_transmission_in_however_many_packets),
		cmocka_unit_test(the_header_may_be_cut_off_or_have_options),
		cmocka_unit_test(an_identification_that_comes_again_is_another_datagram),
		cmocka_unit_test(numbers_that_a_device_shifts_are_no_offsets),
		cmocka_unit_test(hostile_fragments_do_no_harm),
		cmocka_unit_test(a_lost_fragment_is_a_lost_segment),
		cmocka_unit_test(a_lost_fragment_of_a_host_that_fragments_counts_once),
		cmocka_unit_test(a_datagram_that_vanishes_is_dropped_as_any_other),
		cmocka_unit_test(where_only_first_fragments_pass_that_is_said),
		cmocka_unit_test(what_was_acknowledged_came_whole),
		cmocka_unit_test(a_capture_without_any_later_fragment_accuses_nobody),
		cmocka_unit_test(two_captures_that_miss_different_fragments_accuse_nobody),
		cmocka_unit_test(of_a_datagram_that_nobody_holds_whole_nothing_is_claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
