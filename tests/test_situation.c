/* Situations with a name: what they say, how sure they are, and when they keep silent. */
#include "tests/conn_build.h"


#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"
#define TALK "0.10 ab > P. 1001 ack 5001 len 9\n0.20 ba < P. 5001 ack 1010 len 9\n"
#define LATE "9.0 a > P. 1010 ack 5010 len 9\n9.3 a > P. 1010 ack 5010 len 9\n9.9 a > P. 1010 ack 5010 len 9\n"
#define REFUSED "9.0 a > P. 1010 ack 5010 len 9\n9.001 a < R 5010 ttl 50\n"
#define BIG(time, where, seq) time " " where " > . " seq " ack 5001 len 1400\n"

/* Judged beside another connection to the server that did `other`; NULL: there is none. */
static struct scene *judged(unsigned points, const char *text, const char *other)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	if (other)
		scene_learn(s, other, 1);
	scene_judge(s);
	return s;
}

static const struct finding *find(const struct scene *s, enum kind kind)
{
	for (uint32_t i = 0; i < s->found.n; i++)
		if (s->found.list[i].kind == kind)
			return &s->found.list[i];
	return NULL;
}

static const struct finding *the(const struct scene *s, enum kind kind)
{
	const struct finding *f = find(s, kind);

	if (!f) {
		fail_msg("no %s", kind_name(kind));
		return s->found.list;
	}
	return f;
}

static void assert_says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

/* ---- idle timeouts ---- */

static void check_idle(const char *text, const char *other, int confidence)
{
	struct scene *s = judged(2, text, other);
	const struct finding *f = find(s, KIND_IDLE_TIMEOUT);

	if (!f != (confidence < 0) || (f && f->confidence != confidence))
		fail_msg("%s, not %s, of\n%s", f ? confidence_name((enum confidence)f->confidence) : "none",
		    confidence < 0 ? "none" : confidence_name((enum confidence)confidence), text);
	if (f) {
		assert_int_equal(strstr(s->found.verdict, "Idle timeout between") != NULL, confidence != POSSIBLE);
		assert_int_equal(f->missing[0] != '\0', confidence == POSSIBLE);
	}
	scene_free(s);
}

static void who_refuses_what_comes_after_a_silence_had_forgotten_it(void **state)
{
	struct scene *s = judged(2, HELLO TALK REFUSED, NULL);
	const struct finding *f = the(s, KIND_IDLE_TIMEOUT);

	(void)state;
	assert_int_equal(f->confidence, LIKELY);
	assert_says(f->text, "Nothing had crossed between a and b for 8.80 s");
	assert_says(s->found.verdict, "after 8.80 s of silence the device there no longer knew the connection and answered the next packet with a reset");
	assert_int_equal(s->found.severity, 3);
	scene_free(s);
	/* No silence, or what came after it passed. */
	check_idle(HELLO TALK "0.5 a > P. 1010 ack 5010 len 9\n0.501 a < R 5010 ttl 50\n", NULL, -1);
	check_idle(HELLO TALK "9.0 ab > P. 1010 ack 5010 len 9\n9.1 ba < R 5010\n", NULL, -1);
}

static void a_silence_that_was_survived_was_not_too_long(void **state)
{
	(void)state;
	/* by this one: half as long says little, as long says no */
	check_idle(HELLO TALK "5.0 ab > P. 1010 ack 5010 len 9\n5.1 ba < . 5010 ack 1019\n14. a > P. 1019 ack 5010 len 9\n14.001 a < R 5010 ttl 50\n", NULL, POSSIBLE);
	check_idle(HELLO TALK "90. ab > P. 1010 ack 5010 len 9\n90.1 ba < . 5010 ack 1019\n95. a > P. 1019 ack 5010 len 9\n95.001 a < R 5010 ttl 50\n", NULL, -1);
	/* by another one */
	check_idle(HELLO TALK REFUSED, HELLO "8.0 ab > P. 1001 ack 5001 len 9\n", LIKELY);
	check_idle(HELLO TALK REFUSED, HELLO "12.0 ab > P. 1001 ack 5001 len 9\n", POSSIBLE);
}

static void a_silent_device_is_known_by_what_it_lets_pass(void **state)
{
	(void)state;
	check_idle(HELLO TALK LATE, NULL, POSSIBLE);
	check_idle(HELLO TALK LATE, "9.5 ab > S 1000\n9.6 ba < S. 5000 ack 1001\n", LIKELY);
	check_idle(HELLO TALK LATE, "5.5 ab > S 1000\n5.6 ba < S. 5000 ack 1001\n", POSSIBLE);
	/* the other way round */
	check_idle(HELLO TALK "9.0 b < P. 5010 ack 1010 len 9\n9.3 b < P. 5010 ack 1010 len 9\n9.9 b < P. 5010 ack 1010 len 9\n",
	    "9.5 ab > S 1000\n9.6 ba < S. 5000 ack 1001\n", LIKELY);
	/* The server had tried first: the silence ends there. */
	check_idle(HELLO TALK "7.5 b < P. 5010 ack 1010 len 9\n7.8 b < P. 5010 ack 1010 len 9\n8.4 b < P. 5010 ack 1010 len 9\n" LATE,
	    "8.0 ab > S 1000\n8.1 ba < S. 5000 ack 1001\n", LIKELY);
	check_idle(HELLO TALK "1.0 b < P. 5010 ack 1010 len 9\n1.3 b < P. 5010 ack 1010 len 9\n1.9 b < P. 5010 ack 1010 len 9\n"
		"3.1 b < P. 5010 ack 1010 len 9\n4.2 a > P. 1010 ack 5010 len 9\n4.5 a > P. 1010 ack 5010 len 9\n5.1 a > P. 1010 ack 5010 len 9\n",
	    "4.8 ab > S 1000\n4.9 ba < S. 5000 ack 1001\n", -1);
	/* a bad capture proves nothing of it */
	check_idle(HELLO TALK "9.0 a > P. 1010 ack 5010 len 9\n", "9.5 ab > S 1000\n9.6 ba < S. 5000 ack 1001\n", -1);
}

static void resets_to_both_sides_after_a_silence_may_be_a_timer(void **state)
{
	struct scene *s = judged(2, HELLO TALK "30.0 a < R. 5010 ack 1010\n30.0 b > R. 1010 ack 5010\n", NULL);

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "generated RST,ACK s2c b>a x1; generated RST,ACK c2s a>b x1");
	assert_int_equal(the(s, KIND_IDLE_TIMEOUT)->confidence, POSSIBLE);
	assert_says(the(s, KIND_IDLE_TIMEOUT)->text, "for 29.8 s when the device there reset both sides");
	assert_says(s->found.verdict, "towards both sides");
	scene_free(s);
	check_idle(HELLO TALK "0.5 a < R. 5010 ack 1010\n0.5 b > R. 1010 ack 5010\n", NULL, -1);
}

static void the_range_of_silences_is_told(void **state)
{
	struct scene *s = judged(2, HELLO TALK REFUSED, HELLO "8.0 ab > P. 1001 ack 5001 len 9\n");

	(void)state;
	assert_says(the(s, KIND_IDLE_TIMEOUT)->text, "A silence of 7.98 s had still been survived by a connection to this server: the limit lies between the two.");
	scene_free(s);
}

/* ---- lost state ---- */

static void what_no_longer_passes_without_a_silence_has_lost_its_state(void **state)
{
	struct scene *s = judged(3, "0.00 abc > S 1000\n0.01 cba < S. 5000 ack 1001\n0.02 abc > . 1001 ack 5001\n0.1 abc > P. 1001 ack 5001 len 9\n"
		"0.2 cba < P. 5001 ack 1010 len 9\n1.0 ab > P. 1010 ack 5010 len 9\n1.2 ab > P. 1010 ack 5010 len 9\n1.6 ab > P. 1010 ack 5010 len 9\n", NULL);

	(void)state;
	assert_string_equal(the(s, KIND_DROPPED)->rule, "state_lost");
	assert_says(s->found.verdict, "Between b and c nothing of the client passed any more from +1.00 s on");
	assert_says(s->found.verdict, "or the link was down");
	scene_free(s);
	/* One got through in the end: only lost. */
	s = judged(2, HELLO TALK "1.0 a > P. 1010 ack 5010 len 9\n1.2 a > P. 1010 ack 5010 len 9\n1.6 a > P. 1010 ack 5010 len 9\n"
		"2.4 ab > P. 1010 ack 5010 len 9\n2.5 ba < . 5010 ack 1019\n", NULL);
	assert_string_equal(the(s, KIND_DROPPED)->rule, "dropped");
	scene_free(s);
}

/* ---- black holes ---- */

#define HOLE "0.021 ab > . 1001 ack 5001 len 100\n" BIG("0.1", "a", "1101") BIG("0.1001", "a", "2501") "0.1002 ab > P. 3901 ack 5001 len 50\n" \
	"0.11 ba < . 5001 ack 1101\n" BIG("0.4", "a", "1101") BIG("1.0", "a", "1101") BIG("2.2", "a", "1101")

static void check_hole(const char *text, int confidence)
{
	struct scene *s = judged(2, text, NULL);
	const struct finding *f = find(s, KIND_PMTU_BLACKHOLE);

	if (!f != (confidence < 0) || (f && f->confidence != confidence))
		fail_msg("%s, not %s, of\n%s", f ? confidence_name((enum confidence)f->confidence) : "none",
		    confidence < 0 ? "none" : confidence_name((enum confidence)confidence), text);
	scene_free(s);
}

static void what_is_too_large_falls_into_a_black_hole(void **state)
{
	struct scene *s = judged(2, HELLO HOLE, NULL);
	const struct finding *f = the(s, KIND_PMTU_BLACKHOLE);

	(void)state;
	assert_int_equal(f->confidence, LIKELY);
	assert_says(f->text, "Packets with 1400 bytes of the client's data and more do not pass between a and b (5 of 5 were lost), those with up to 100 do");
	assert_says(f->next, "ping -M do -s 1412 (does not pass) and -s 112 (does)");
	assert_says(s->found.verdict, "PMTU black hole between a and b");
	scene_free(s);
}

static void other_reasons_for_large_packets_to_be_lost(void **state)
{
	(void)state;
	check_hole(HELLO HOLE, LIKELY);
	/* one as large passed: it is not the size */
	check_hole(HELLO HOLE BIG("4.0", "ab", "1101") "4.1 ba < . 5001 ack 2501\n", -1);
	/* one piece only: it may be what it holds */
	check_hole(HELLO "0.021 ab > . 1001 ack 5001 len 100\n" BIG("0.1", "a", "1101") "0.2 ab > P. 2501 ack 5001 len 50\n" BIG("0.4", "a", "1101")
		BIG("1.0", "a", "1101"), POSSIBLE);
	/* they may be cut up */
	check_hole(HELLO "0.021 ab > . 1001 ack 5001 len 100\n0.1 a > . 1101 ack 5001 len 1400 id 5\n0.1001 a > . 2501 ack 5001 len 1400 id 6\n"
		"0.1002 ab > P. 3901 ack 5001 len 50 id 7\n0.4 a > . 1101 ack 5001 len 1400 id 8\n1.0 a > . 1101 ack 5001 len 1400 id 9\n", -1);
	/* nothing passes any more */
	check_hole(HELLO "0.021 ab > . 1001 ack 5001 len 100\n" BIG("0.1", "a", "1101") BIG("0.1001", "a", "2501") BIG("0.4", "a", "1101") BIG("1.0", "a", "1101"), -1);
	/* the network card cuts them up: how large they were on the wire is not known */
	check_hole("0.000 ab > S 1000 mss 1200\n0.010 ba < S. 5000 ack 1001 mss 1200\n0.020 ab > . 1001 ack 5001\n" HOLE, -1);
}

/* With the ICMP error "fragmentation needed" (3/4) as these points recorded it; NULL: no such finding. */
static const char *with_icmp(struct scene *s, const char *points)
{
	char text[900];

	snprintf(text, sizeof text, "%s2.3 %s < icmp 1101 opt fd01\n", HELLO HOLE, points);
	scene_text(s, text);
	for (uint32_t i = 0; i < s->records; i++) {
		s->record[i].o.icmp_type = s->record[i].p.flags & SEG_ICMP ? 3 : 0;
		s->record[i].o.icmp_code = s->record[i].p.flags & SEG_ICMP ? 4 : 0;
	}
	scene_judge(s);
	return find(s, KIND_PMTU_BLACKHOLE) ? find(s, KIND_PMTU_BLACKHOLE)->text : NULL;
}

static void who_was_told_sits_in_no_black_hole(void **state)
{
	struct scene *s = scene_new(2);
	const char *text = with_icmp(s, "a");

	(void)state;
	assert_null(text);
	scene_free(s);
	s = scene_new(2);
	text = with_icmp(s, "b");
	assert_non_null(text);
	assert_says(text ? text : "", "The ICMP error that says so did not come to the client.");
	scene_free(s);
}

/* ---- what others did ---- */

static void chance_is_the_tail_of_the_hypergeometric_distribution(void **state)
{
	(void)state;
	/* 1 of 924 ways to choose 6 of 12; 1 of 20 to choose 3 of 6; one passed, or nothing to compare with */
	assert_true(fabs(precedents_chance(&(struct precedent_syns){ { 6, 6 }, { 6, 0 } }) - 1.0 / 924) < 1e-9);
	assert_true(fabs(precedents_chance(&(struct precedent_syns){ { 3, 3 }, { 3, 0 } }) - 1.0 / 20) < 1e-9);
	assert_true(precedents_chance(&(struct precedent_syns){ { 6, 6 }, { 6, 1 } }) >= 1);
	assert_true(precedents_chance(&(struct precedent_syns){ { 0, 6 }, { 0, 0 } }) >= 1);
	assert_true(precedents_chance(&(struct precedent_syns){ { 1000000, 1000000 }, { 1000000, 0 } }) < 1e-9);
}

static void a_server_that_answered_others_listens(void **state)
{
	struct scene *s = judged(2, "0.0 ab > S 1000\n1.0 ab > S 1000\n3.0 ab > S 1000\n", "0.0 ab > S 1000\n0.1 ba < S. 5000 ack 1001\n");

	(void)state;
	assert_string_equal(told(s, ACCUSATIONS), "unanswered SYN c2s b x3");
	assert_says(the(s, KIND_UNANSWERED)->text, "It answered 1 other connection to the same address and port within 10 s");
	assert_says(the(s, KIND_UNANSWERED)->next, "nstat -az TcpExtListenOverflows TcpExtListenDrops");
	assert_true(the(s, KIND_UNANSWERED)->alternatives[0]);
	scene_free(s);
}

static void one_capture_names_no_situation(void **state)
{
	struct scene *s = judged(1, "0.000 a > S  1000\n0.010 a < S. 5000 ack 1001\n0.020 a > .  1001 ack 5001\n9.0 a > P. 1001 ack 5001 len 9\n"
		"9.001 a < R 5001 ttl 50\n", NULL);

	(void)state;
	assert_string_equal(told(s, "idle_timeout pmtu_blackhole " ACCUSATIONS), "");
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_refuses_what_comes_after_a_silence_had_forgotten_it),
		cmocka_unit_test(a_silence_that_was_survived_was_not_too_long),
		cmocka_unit_test(a_silent_device_is_known_by_what_it_lets_pass),
		cmocka_unit_test(resets_to_both_sides_after_a_silence_may_be_a_timer),
		cmocka_unit_test(the_range_of_silences_is_told),
		cmocka_unit_test(what_no_longer_passes_without_a_silence_has_lost_its_state),
		cmocka_unit_test(what_is_too_large_falls_into_a_black_hole),
		cmocka_unit_test(other_reasons_for_large_packets_to_be_lost),
		cmocka_unit_test(who_was_told_sits_in_no_black_hole),
		cmocka_unit_test(chance_is_the_tail_of_the_hypergeometric_distribution),
		cmocka_unit_test(a_server_that_answered_others_listens),
		cmocka_unit_test(one_capture_names_no_situation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
