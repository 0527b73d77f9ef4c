/* From fates to findings, outcome, severity, and words. */
#include "tests/conn_build.h"

#include <ctype.h>

#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"     /* lines 1 to 3 */
#define TALK "0.10 ab > P. 1001 ack 5001 len 9\n0.20 ba < P. 5001 ack 1010 len 9\n"
#define BYE "0.30 ab > F. 1010 ack 5010\n0.31 ba < F. 5010 ack 1011\n0.32 ab > . 1011 ack 5011\n"
#define HALF_OPEN "0.000 a > S 1000 ts 145592423/0\n2.996 a > S 1000 ts 145593173/0\n3.028 a < . 5001 ack 1001 win 12288\n7.268 a < R. 5001 ack 1001\n"

/* A sentence: begins like one, ends like one, and was not cut. */
static void assert_sentence(const char *text, size_t size)
{
	size_t n = strlen(text);

	if (n == 0 || n + 1 >= size || !strchr(".)", text[n - 1]) || islower((unsigned char)text[0]) || strstr(text, "  "))
		fail_msg("no sentence: \"%s\"", text);
}

static void judge_it(struct scene *s)
{
	scene_judge(s);
	assert_sentence(s->found.verdict, sizeof s->found.verdict);
	assert_int_equal(s->found.verdict[strlen(s->found.verdict) - 1], '.');
	assert_in_range(s->found.severity, 0, 3);
	for (uint32_t i = 0; i < s->found.n; i++) {
		struct finding *f = &s->found.list[i];
		char *text = f->text;
		/* A count comes first in some: "a SYN ..." */
		if (islower((unsigned char)text[0]))
			text[0] = (char)toupper((unsigned char)text[0]);
		assert_sentence(text, sizeof f->text);
		assert_true(strlen(f->next) + 1 < sizeof f->next && strlen(f->missing) + 1 < sizeof f->missing);
		assert_true(strlen(f->alternatives) + 1 < sizeof f->alternatives);
		assert_true(f->kind != KIND_UNDECIDED || f->missing[0]);
		assert_true(f->count > 0 && f->rule && *f->rule);
		if (f->kind == KIND_UNDECIDED || strstr(ACCUSATIONS, kind_name(f->kind)))
			assert_int_equal(f->kind == KIND_UNDECIDED, f->confidence == POSSIBLE);
	}
}

static struct scene *judged(unsigned points, const char *text)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	judge_it(s);
	return s;
}

static const char *text_of(struct scene *s, enum kind kind)
{
	for (uint32_t i = 0; i < s->found.n; i++)
		if (s->found.list[i].kind == kind)
			return s->found.list[i].text;
	fail_msg("no finding of kind %s in %s", kind_name(kind), told(s, ""));
	return "";
}

static void assert_says(const char *text, const char *phrase)
{
	if (!strstr(text, phrase))
		fail_msg("\"%s\" does not say \"%s\"", text, phrase);
}

/* ---- situations ---- */

static void a_clean_connection_has_no_findings(void **state)
{
	struct scene *s = judged(2, HELLO TALK BYE);

	(void)state;
	assert_string_equal(told(s, ""), "");
	assert_string_equal(s->found.outcome, "completed");
	assert_int_equal(s->found.severity, 0);
	assert_string_equal(s->found.verdict, "Completed.");
	scene_free(s);
}

static void a_half_open_connection_is_blamed_on_the_device_between(void **state)
{
	struct scene *s = judged(2, HALF_OPEN);

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "dropped SYN c2s a>b x2; generated ACK s2c b>a x1; generated RST,ACK s2c b>a x1");
	assert_string_equal(s->found.outcome, "no connection");
	assert_int_equal(s->found.severity, 3);
	assert_says(s->found.verdict, "between a and b took the SYNs and never passed them on");
	assert_says(text_of(s, KIND_DROPPED), "2 SYNs of the client were recorded at a and never came to b");
	assert_says(text_of(s, KIND_GENERATED), "in the name of the server appeared at a and never passed b");
	assert_says(text_of(s, KIND_GENERATED), "ISN + 1");
	scene_free(s);
}

static void one_capture_accuses_nobody(void **state)
{
	struct scene *s = judged(1, HALF_OPEN);

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "");
	assert_string_equal(told(s, "undecided"), "undecided SYN c2s a x2; undecided ACK s2c a x1; undecided RST,ACK s2c a x1");
	assert_int_equal(s->found.severity, 2);
	assert_says(s->found.verdict, "Undecided");
	for (uint32_t i = 0; i < s->found.n; i++)
		assert_true(s->found.list[i].kind != KIND_UNDECIDED || (s->found.list[i].next[0] && s->found.list[i].alternatives[0]));
	scene_free(s);
}

static void captures_of_one_direction_only_are_judged_too(void **state)
{
	(void)state;
	for (unsigned points = 1; points <= 2; points++)
		for (int dir = 0; dir < 2; dir++) {
			struct scene *s = scene_new(points);
			for (unsigned p = 0; p < points; p++)
				s->f.point[p].sight[dir].elsewhere = true;
			if (dir == C2S)
				scene_text(s, points == 1 ? "0.010 a < S. 5000 ack 1001\n0.2 a < P. 5001 ack 1010 len 9\n" :
				    "0.010 ba < S. 5000 ack 1001\n0.2 ba < P. 5001 ack 1010 len 9\n");
			else
				scene_text(s, points == 1 ? "0.000 a > S 1000\n0.1 a > P. 1001 ack 5001 len 9\n" :
				    "0.000 ab > S 1000\n0.1 ab > P. 1001 ack 5001 len 9\n");
			judge_it(s);
			scene_free(s);
		}
}

static void a_connection_made_in_the_second_try_says_so(void **state)
{
	struct scene *s = judged(2, "0.0 a > S 1000\n1.0 ab > S 1000\n1.01 ba < S. 5000 ack 1001\n1.02 ab > . 1001 ack 5001\n1.1 ab > P. 1001 ack 5001 len 9\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "dropped SYN c2s a>b x1");
	assert_says(text_of(s, KIND_DROPPED), "A SYN of the client was recorded at a");
	assert_says(text_of(s, KIND_DROPPED), "a repeat came through");
	assert_says(s->found.verdict, "a repeat came through");
	assert_string_equal(s->found.outcome, "open");
	scene_free(s);
}

static void a_refusal_by_the_server_is_the_servers(void **state)
{
	struct scene *s = judged(2, "0.0 ab > S 1000\n0.01 ba < R. 0 ack 1001\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "sent RST,ACK s2c b x1");
	assert_string_equal(s->found.outcome, "refused");
	assert_int_equal(s->found.list[0].confidence, CERTAIN);
	assert_says(text_of(s, KIND_SENT), "by the server itself: b");
	scene_free(s);
}

static void a_refusal_with_another_ttl_is_nobodys(void **state)
{
	struct scene *s = judged(2, "0.0 ab > S 1000\n0.01 ba < R. 0 ack 1001 ttl 61\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "");
	assert_string_equal(told(s, "undecided"), "undecided RST,ACK s2c b x1");
	assert_says(text_of(s, KIND_UNDECIDED), "TTL");
	assert_int_equal(s->found.severity, 2);
	scene_free(s);
}

/* As judged, but b holds both sides of a device. */
static struct scene *judged_at_a_device(const char *text)
{
	struct scene *s = scene_new(2);

	scene_text(s, text);
	s->f.point[1].telling = 100;
	s->f.point[1].forwarded = s->f.point[1].twice = 90;
	scene_judge(s);
	return s;
}

#define REFUSED "0.0 a > S 1000\n0.005 a < R. 0 ack 1001\n"

static void where_the_order_of_two_points_is_not_known_nothing_is_said_of_their_hop(void **state)
{
	struct scene *s = judged(2, REFUSED);

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "dropped SYN c2s a>b x1; generated RST,ACK s2c b>a x1");
	scene_free(s);
	s = scene_new(2);
	scene_text(s, REFUSED);
	s->f.point[0].unordered = 2;
	s->f.point[1].unordered = 1;
	judge_it(s);
	assert_string_equal(told(s, ACCUSATIONS), "");
	assert_says(s->found.list[0].missing, "nearer to the client: --path");
	scene_free(s);
	/* A capture that is empty tells nothing of where it is, but there is only one place for it. */
	s = scene_new(2);
	scene_text(s, REFUSED);
	s->f.point[0].unordered = 2;
	s->f.point[1].unordered = 1;
	for (int d = 0; d < 2; d++)
		s->f.point[1].sight[d].packets = 0;
	judge_it(s);
	assert_string_equal(told(s, ACCUSATIONS), "dropped SYN c2s a>b x1; generated RST,ACK s2c b>a x1");
	scene_free(s);
}

static void two_answers_with_numbers_of_their_own_accuse_nobody(void **state)
{
	static const char lost[] = HELLO "1.0 a > P. 1001 ack 5001 len 100\n1.3 ab > P. 1001 ack 5001 len 100\n1.4 ba < . 5001 ack 1101\n";
	struct scene *s = judged(2, lost);

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "dropped data c2s a>b x1");
	scene_free(s);
	s = scene_new(2);
	scene_text(s, lost);
	s->f.flow[1].two_servers = true;
	judge_it(s);
	assert_string_equal(told(s, ACCUSATIONS), "");
	scene_free(s);
}

static void what_a_device_has_on_one_side_only_accuses_no_host(void **state)
{
	struct scene *s = judged_at_a_device("0.0 ab > S 1000\n0.01 ba < R. 0 ack 1001\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "");
	assert_string_equal(told(s, "undecided"), "undecided RST,ACK s2c b x1");
	assert_says(text_of(s, KIND_UNDECIDED), "went out of the device that b was recorded on");
	scene_free(s);
	/* It came in from the server, and went out to the client: TTL one lower. */
	s = judged_at_a_device("0.0 ab > S 1000 id 5 ttl 63\n0.0012 b > S 1000 id 5 ttl 61\n"
		"0.01 b < R. 0 ack 1001 id 6 ttl 64\n0.0101 ba < R. 0 ack 1001 id 6 ttl 63\n");
	assert_string_equal(told(s, ACCUSATIONS), "sent RST,ACK s2c b x1");
	scene_free(s);
	s = judged_at_a_device("0.0 ab > S 1000\n1.0 ab > S 1000\n3.0 ab > S 1000\n");
	assert_string_equal(told(s, ACCUSATIONS), "");
	assert_says(text_of(s, KIND_UNDECIDED), "came in to one side");
	scene_free(s);
	s = judged_at_a_device("0.0 ab > S 1000 id 5 ttl 63\n0.0012 b > S 1000 id 5 ttl 61\n1.0 ab > S 1000 id 6 ttl 63\n1.0012 b > S 1000 id 6 ttl 61\n");
	assert_string_equal(told(s, ACCUSATIONS), "unanswered SYN c2s b x2");
	scene_free(s);
}

static void a_refusal_on_the_way_is_the_devices(void **state)
{
	struct scene *s = judged(2, "0.0 a > S 1000\n0.005 a < R. 0 ack 1001\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "dropped SYN c2s a>b x1; generated RST,ACK s2c b>a x1");
	assert_string_equal(s->found.outcome, "refused");
	assert_says(s->found.verdict, "between a and b refused the connection");
	scene_free(s);
	s = judged(2, "0.0 a > S 1000\n0.005 a < icmp 1000 opt fd01\n");
	assert_string_equal(told(s, ACCUSATIONS), "dropped SYN c2s a>b x1; generated ICMP s2c b>a x1");
	assert_string_equal(s->found.outcome, "unreachable");
	scene_free(s);
}

static void resets_to_both_sides_are_one_verdict(void **state)
{
	struct scene *s = judged(2, HELLO "1.0 a < R. 5001 ack 1001\n1.0 b > R. 1001 ack 5001\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "generated RST,ACK s2c b>a x1; generated RST,ACK c2s a>b x1");
	assert_string_equal(s->found.outcome, "reset");
	assert_says(s->found.verdict, "towards both sides");
	scene_free(s);
}

static void a_reset_by_the_client_is_the_clients(void **state)
{
	struct scene *s = judged(2, HELLO TALK "0.3 ab > R. 1010 ack 5010\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "sent RST,ACK c2s a x1");
	assert_string_equal(s->found.outcome, "reset");
	assert_int_equal(s->found.severity, 3);
	assert_says(s->found.verdict, "The client itself reset the connection");
	scene_free(s);
	/* After both FINs a reset ends nothing any more. */
	s = judged(2, HELLO TALK "0.30 ab > F. 1010 ack 5010\n0.31 ba < F. 5010 ack 1011\n0.4 ab > R 1011\n");
	assert_string_equal(s->found.outcome, "completed");
	assert_int_equal(s->found.severity, 1);
	scene_free(s);
}

static void a_server_that_is_silent_did_not_answer(void **state)
{
	struct scene *s = judged(2, "0.0 ab > S 1000\n1.0 ab > S 1000\n3.0 ab > S 1000\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "unanswered SYN c2s b x3");
	assert_string_equal(s->found.outcome, "no connection");
	assert_says(text_of(s, KIND_UNANSWERED), "3 SYNs came to b, and the server behind it never answered");
	assert_says(s->found.verdict, "not lost on the way");
	scene_free(s);
	/* Where its packets have come through routers, one of these may have swallowed it. */
	s = scene_new(2);
	for (int votes = 0; votes < 200; votes++) {
		hosts_vote(scene_host(s, 1, SERVER, 80), 61);
		hosts_vote(scene_host(s, 1, SERVER, 0), 61);
	}
	scene_text(s, "0.0 ab > S 1000\n1.0 ab > S 1000\n");
	judge_it(s);
	assert_string_equal(told(s, ACCUSATIONS), "");
	assert_string_equal(told(s, "undecided"), "undecided SYN c2s b x2");
	scene_free(s);
}

static void a_capture_that_ends_at_once_leaves_an_answer_open(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, "0.0 ab > S 1000\n");
	s->f.point[0].window[0].to_ns = s->f.point[1].window[0].to_ns = SEC / 2;
	judge_it(s);
	assert_string_equal(told(s, ACCUSATIONS), "");
	scene_free(s);
}

static void a_stale_answer_is_told_and_cleared(void **state)
{
	struct scene *s = judged(2, "0.0 ab > S 1000\n0.01 ba < . 777000000 ack 333000000\n0.02 ab > R 333000000\n"
		"1.0 ab > S 1000\n1.01 ba < S. 5000 ack 1001\n1.02 ab > P. 1001 ack 5001 len 9\n");

	(void)state;
	assert_string_equal(told(s, "stale_state"), "stale_state ACK s2c b x1");
	assert_says(text_of(s, KIND_STALE_STATE), "The client's RST cleared it");
	assert_says(s->found.verdict, "older connection");
	scene_free(s);
}

/* Numbers that do not fit the SYN are no proof of an older connection where nothing tells that they answer it. */
static void an_answer_with_other_numbers_need_not_be_stale(void **state)
{
	static const char *const text[] = {
		/* a stopped at the SYN, b began when many bytes had passed: one flow of both */
		"0.000 a > S 1000\n0.500 b < . 5001 ack 30001000\n0.510 b > . 30001000 ack 5001 len 100\n0.520 b < . 5001 ack 30001100\n",
		/* too late for an answer */
		"0.0 ab > S 1000\n5.0 ba < . 777000000 ack 333000000\n",
		/* what was damaged acknowledges anything */
		"0.0 ab > S 1000 good\n0.01 a < . 777000000 ack 333000000 bad\n0.02 ba < S. 5000 ack 1001 good\n0.03 ba < . 5001 ack 1001 good\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		struct scene *s = judged(2, text[i]);
		assert_string_equal(told(s, "stale_state"), "");
		scene_free(s);
	}
}

/* Another connection of the same addresses and ports, that ended at `last`. */
static void add_neighbour(struct scene *s, int64_t start, int64_t last)
{
	s->f.flow[s->f.flows] = (struct flow){ .point = 0, .addr = { CLIENT, SERVER }, .port = { 40000, 80 }, .first_ns = start, .last_ns = last, .conn = 1 };
	s->f.conn[1] = (struct conn_ref){ .flow = s->f.flows++, .flows = 1, .start_ns = start, .previous = UINT32_MAX, .next = UINT32_MAX };
	s->f.conns = 2;
}

static void ports_used_before_are_told_while_they_may_be_remembered(void **state)
{
	static const int64_t ago[] = { 2 * SEC, 239 * SEC, 241 * SEC };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene *s = scene_new(2);
		scene_text(s, HELLO TALK BYE);
		add_neighbour(s, -300 * SEC, -ago[i]);
		s->f.conn[0].previous = 1;
		judge_it(s);
		assert_string_equal(told(s, ""), i < 2 ? "port_reuse connection a x1" : "");
		if (i == 0)
			assert_says(text_of(s, KIND_PORT_REUSE), "connection 2 until 2.00 s before");
		scene_free(s);
	}
}

static void a_client_that_recycles_its_port_resets_nothing(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, HELLO TALK "0.3 ab > R. 1010 ack 5010\n");
	add_neighbour(s, SEC, 2 * SEC);
	s->f.conn[0].next = 1;
	judge_it(s);
	assert_string_equal(told(s, ACCUSATIONS), "");
	assert_string_equal(told(s, "port_reuse"), "port_reuse connection a x1");
	scene_free(s);
}

/* In the middle of what the server says, a reset is no end, whatever becomes of the port. */
static void a_reset_in_the_middle_of_data_is_the_clients(void **state)
{
	static const char *const text[] = {
		"0.3 ab > R. 1010 ack 5010\n0.301 ba < P. 5010 ack 1010 len 100\n",    /* on its way */
		"0.25 ab > P. 1010 ack 5010 len 10\n0.3 ab > R. 1020 ack 5010\n",      /* not answered */
	};

	(void)state;
	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		struct scene *s = scene_new(2);
		char all[600];
		snprintf(all, sizeof all, "%s%s", HELLO TALK, text[i]);
		scene_text(s, all);
		add_neighbour(s, SEC, 2 * SEC);
		s->f.conn[0].next = 1;
		judge_it(s);
		assert_string_equal(told(s, ACCUSATIONS " port_reuse"), "sent RST,ACK c2s a x1");
		scene_free(s);
	}
}

/* Nothing of the one before that was still going on, or that no point of this one saw. */
static void when_a_port_was_used_before_one_capture_must_say(void **state)
{
	(void)state;
	for (int k = 0; k < 3; k++) {
		struct scene *s = scene_new(2);
		scene_text(s, HELLO TALK BYE);
		add_neighbour(s, -300 * SEC, k == 1 ? SEC / 10 : -2 * SEC);
		s->f.flow[s->f.flows - 1].point = k == 2 ? 2 : 0;
		s->f.conn[0].previous = 1;
		judge_it(s);
		assert_string_equal(told(s, ""), k == 0 ? "port_reuse connection a x1" : "");
		scene_free(s);
	}
}

static void lost_data_is_counted_with_its_repeats(void **state)
{
	struct scene *s = judged(3, "0.0 abc > S 1000\n0.01 cba < S. 5000 ack 1001\n"
		"0.1 ab  > P. 1001 ack 5001 len 9\n0.1 ab > P. 1010 ack 5001 len 9\n"
		"0.4 abc > P. 1001 ack 5001 len 9\n0.4 abc > P. 1010 ack 5001 len 9\n0.5 cba < . 5001 ack 1019\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "dropped data c2s b>c x2");
	assert_string_equal(told(s, "retransmitted"), "retransmitted data c2s a x2");
	assert_says(text_of(s, KIND_DROPPED), "2 packets with data of the client were recorded at b and never came to c");
	assert_says(text_of(s, KIND_RETRANSMITTED), "The client repeated 2 packets with data");
	assert_says(s->found.verdict, "between b and c");
	scene_free(s);
}

/* What a says first, b never had: a device's answer. The server's own, that comes behind it, repeats nothing that the server said. */
static void an_answer_behind_an_injected_one_is_no_repeat(void **state)
{
	struct scene *s = judged(2, HELLO "0.030 ab > P. 1001 ack 5001 len 100\n0.035 a < P. 5001 ack 1101 len 200 ttl 50 hash 7\n"
		"0.050 ba < P. 5001 ack 1101 len 500\n0.060 ab > . 1101 ack 5501\n0.070 ab > F. 1101 ack 5501\n0.080 ba < F. 5501 ack 1102\n"
		"0.090 ab > . 1102 ack 5502\n");

	(void)state;
	for (uint32_t i = 0; i < s->found.n; i++)
		assert_true(s->found.list[i].kind != KIND_RETRANSMITTED || s->found.list[i].confidence == POSSIBLE);
	scene_free(s);
}

static void a_miss_of_the_capture_is_no_loss(void **state)
{
	struct scene *s = judged(2, HELLO "0.1 a > P. 1001 ack 5001 len 9\n0.2 ba < P. 5001 ack 1010 len 9\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "");
	assert_string_equal(told(s, "not_captured"), "not_captured data c2s b x1");
	assert_says(text_of(s, KIND_NOT_CAPTURED), "passed b, but its capture does not hold it: no loss");
	assert_int_equal(s->found.severity, 0);
	scene_free(s);
}

static void a_lone_ack_is_no_reason_for_alarm(void **state)
{
	struct scene *s = judged(2, HELLO TALK "0.25 a > . 1010 ack 5010\n" BYE);

	(void)state;
	assert_string_equal(told(s, ""), "undecided ACK c2s a>b x1");
	assert_int_equal(s->found.severity, 1);
	assert_string_equal(s->found.verdict, "Completed.");
	scene_free(s);
}

static void what_a_host_does_oddly_is_told_once(void **state)
{
	struct scene *s = judged(2, HELLO TALK
		"1.0 ab > . 1010 ack 5010 win 0\n1.1 ab > . 1010 ack 5010 win 0\n9.0 ba < . 5009 ack 1010\n10. ba < . 5009 ack 1010\n"
		"11. ab > P. 1010 ack 5010 len 5 id 8\n11. a > P. 1010 ack 5010 len 5 id 8\n");

	(void)state;
	assert_string_equal(told(s, "zero_window"), "zero_window ACK c2s a x2");
	assert_string_equal(told(s, "keepalive"), "keepalive ACK s2c b x2");
	assert_string_equal(told(s, "capture_duplicate"), "capture_duplicate data c2s a x1");
	assert_says(text_of(s, KIND_KEEPALIVE), "The server sent 2 keepalives or probes of the closed window.");
	assert_says(text_of(s, KIND_ZERO_WINDOW), "2 packets with window 0");
	assert_says(text_of(s, KIND_CAPTURE_DUPLICATE), "at a holds a packet with data twice");
	scene_free(s);
}

/* Without IP IDs equal acknowledgments in a row are ordinary: one of them more than before is the network's, unless the capture misses some. */
static void acknowledgments_can_be_doubled_too(void **state)
{
	static const char text[] = "0.000 abc > S 1000\n0.010 cba < S. 5000 ack 1001\n0.020 abc > . 1001 ack 5001\n0.10 abc > P. 1001 ack 5001 len 9\n"
		"0.20 cba < P. 5001 ack 1010 len 9\n0.21 abc > . 1010 ack 5010\n0.2121 c > . 1010 ack 5010\n";
	struct scene *s = judged(3, text);

	(void)state;
	assert_string_equal(told(s, ""), "duplicated ACK c2s b>c x1");
	assert_int_equal(s->found.list[0].confidence, LIKELY);
	scene_free(s);
	s = scene_new(3);
	scene_coverage(s, 'a', 1000, 50);
	scene_coverage(s, 'b', 1000, 50);
	scene_text(s, text);
	judge_it(s);
	assert_string_equal(told(s, "duplicated generated"), "");
	scene_free(s);
}

/* Data that comes again so soon may have been asked for. */
static void data_that_comes_again_is_not_said_to_be_doubled(void **state)
{
	struct scene *s = judged(2, HELLO TALK "0.25 ab > P. 1010 ack 5010 len 10\n0.2511 b > P. 1010 ack 5010 len 10 win 501\n0.26 ba < . 5010 ack 1020\n");

	(void)state;
	assert_string_equal(told(s, "duplicated generated"), "");
	scene_free(s);
}

static void outcomes_follow_the_packets(void **state)
{
	static const struct {
		const char *text, *outcome;
	} tries[] = {
		{ HELLO, "open" }, { HELLO TALK, "open" }, { HELLO TALK BYE, "completed" }, { "0.0 ab > S 1000\n0.1 ba < S. 5000 ack 1001\n", "no connection" },
		{ HELLO TALK "0.3 ab > F. 1010 ack 5010\n", "half closed" }, { "0.1 ab > P. 1001 ack 5001 len 9\n", "open" }, { HELLO "0.1 ba < R 5001\n", "reset" },
		{ HELLO "0.1 ab > P. 1001 ack 5001 len 9\n0.4 ab > P. 1001 ack 5001 len 9\n1.0 ab > P. 1001 ack 5001 len 9\n", "stalled" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		struct scene *s = judged(2, tries[i].text);
		if (strcmp(s->found.outcome, tries[i].outcome))
			fail_msg("%s, not %s:\n%s", s->found.outcome, tries[i].outcome, tries[i].text);
		scene_free(s);
	}
}

/* Of two points that have not one packet in common each may stand on a way of its own: the other one missed nothing. */
static void a_point_on_another_way_missed_nothing(void **state)
{
	(void)state;
	for (int apart = 0; apart < 2; apart++) {
		struct scene *s = scene_new(4);
		scene_text(s, "0.00 abd > S 1000\n0.01 dba < S. 5000 ack 1001\n0.02 abd > . 1001 ack 5001\n"
			      "0.1 abd > P. 1001 ack 5001 len 9\n0.2 dba < P. 5001 ack 1010 len 9\n");
		for (int d = 0; apart && d < 2; d++)
			s->f.point[1].hop[d].passed = 0;
		judge_it(s);
		assert_string_equal(told(s, ACCUSATIONS), "");
		if (apart)
			assert_string_equal(told(s, "not_captured"), "");
		else
			assert_says(told(s, "not_captured"), "not_captured data c2s c x1");
		scene_free(s);
	}
}

/* b holds what the server says, and nothing of what the client does: more than its capture can have missed. */
static void a_direction_that_a_point_holds_nothing_of_goes_another_way(void **state)
{
	struct scene *s = judged(3, "0.000 ac > S 1000\n0.010 cba < S. 5000 ack 1001\n0.020 ac > . 1001 ack 5001\n0.030 ac > P. 1001 ack 5001 len 100\n"
		"0.050 cba < P. 5001 ack 1101 len 500\n0.060 ac > . 1101 ack 5501\n0.070 ac > F. 1101 ack 5501\n0.080 cba < F. 5501 ack 1102\n"
		"0.090 ac > . 1102 ack 5502\n");

	(void)state;
	for (uint32_t i = 0; i < s->found.n; i++) {
		assert_int_equal(s->found.list[i].kind, KIND_NOT_CAPTURED);
		assert_int_equal(s->found.list[i].confidence, POSSIBLE);
	}
	assert_says(text_of(s, KIND_NOT_CAPTURED), "may go another way");
	for (int d = 0; d < 2; d++)
		assert_int_equal(s->f.point[1].sight[d].missed, 0);
	scene_free(s);
	/* One packet may well be missed. */
	s = judged(3, "0.000 ac > S 1000\n0.010 cba < S. 5000 ack 1001\n");
	assert_int_equal(s->found.list[0].confidence, CERTAIN);
	assert_int_equal(s->f.point[1].sight[C2S].missed, 1);
	scene_free(s);
}

static void the_longest_names_fit_into_every_text(void **state)
{
	static const char *const text[] = { HALF_OPEN, HELLO "1.0 a < R. 5001 ack 1001\n1.0 b > R. 1001 ack 5001\n", "0.0 a > S 1000\n1.0 a > S 1000\n",
		HELLO TALK "0.25 a > . 1010 ack 5010\n", "0.0 ab > S 1000\n0.01 ba < R. 0 ack 1001 ttl 61\n", "0.0 ab > S 1000\n1.0 ab > S 1000\n",
		HELLO "0.1 a > P. 1001 ack 5001 len 9\n" };

	(void)state;
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		for (int end = 0; end < 3; end++) {
			struct scene *s = scene_new(2);
			for (int p = 0; p < 2; p++)
				memset(s->f.point[p].name, 'A' + p, sizeof s->f.point[p].name - 1);
			scene_text(s, text[i]);
			if (end)
				s->f.point[1].window[0].to_ns = end == 1 ? SEC / 2 : -SEC;
			judge_it(s);
			scene_free(s);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_connection_has_no_findings),
		cmocka_unit_test(a_half_open_connection_is_blamed_on_the_device_between),
		cmocka_unit_test(one_capture_accuses_nobody),
		cmocka_unit_test(captures_of_one_direction_only_are_judged_too),
		cmocka_unit_test(a_connection_made_in_the_second_try_says_so),
		cmocka_unit_test(a_refusal_by_the_server_is_the_servers),
		cmocka_unit_test(a_refusal_with_another_ttl_is_nobodys),
		cmocka_unit_test(where_the_order_of_two_points_is_not_known_nothing_is_said_of_their_hop),
		cmocka_unit_test(two_answers_with_numbers_of_their_own_accuse_nobody),
		cmocka_unit_test(what_a_device_has_on_one_side_only_accuses_no_host),
		cmocka_unit_test(a_refusal_on_the_way_is_the_devices),
		cmocka_unit_test(resets_to_both_sides_are_one_verdict),
		cmocka_unit_test(a_reset_by_the_client_is_the_clients),
		cmocka_unit_test(a_server_that_is_silent_did_not_answer),
		cmocka_unit_test(a_capture_that_ends_at_once_leaves_an_answer_open),
		cmocka_unit_test(a_stale_answer_is_told_and_cleared),
		cmocka_unit_test(an_answer_with_other_numbers_need_not_be_stale),
		cmocka_unit_test(ports_used_before_are_told_while_they_may_be_remembered),
		cmocka_unit_test(a_client_that_recycles_its_port_resets_nothing),
		cmocka_unit_test(a_reset_in_the_middle_of_data_is_the_clients),
		cmocka_unit_test(when_a_port_was_used_before_one_capture_must_say),
		cmocka_unit_test(lost_data_is_counted_with_its_repeats),
		cmocka_unit_test(an_answer_behind_an_injected_one_is_no_repeat),
		cmocka_unit_test(a_miss_of_the_capture_is_no_loss),
		cmocka_unit_test(a_lone_ack_is_no_reason_for_alarm),
		cmocka_unit_test(what_a_host_does_oddly_is_told_once),
		cmocka_unit_test(acknowledgments_can_be_doubled_too),
		cmocka_unit_test(data_that_comes_again_is_not_said_to_be_doubled),
		cmocka_unit_test(outcomes_follow_the_packets),
		cmocka_unit_test(a_point_on_another_way_missed_nothing),
		cmocka_unit_test(a_direction_that_a_point_holds_nothing_of_goes_another_way),
		cmocka_unit_test(the_longest_names_fit_into_every_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
