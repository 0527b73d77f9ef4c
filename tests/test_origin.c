/* What a packet says of who made it: every clue fires where it should, and not where it must not. */
#include "tests/siblings_build.h"

#include "correlate/origin.h"

/* A connection that talks, with timestamps and IP IDs that count; lines 1 to 6. */
#define TALK "0.000 a > S 1000 mss 1460 ts 100/0 df\n0.030 a < S. 5000 ack 1001 mss 1460 ts 900/100 ttl 60 win 14480 df\n" \
	     "0.031 a > . 1001 ack 5001 ts 131/900 df\n0.100 a < P. 5001 ack 1001 len 9 ts 970/131 ttl 60 id 70 df\n" \
	     "0.200 a < P. 5010 ack 1001 len 9 ts 1070/131 ttl 60 id 71 df\n0.300 a < P. 5019 ack 1001 len 9 ts 1170/131 ttl 60 id 72 df\n"

static struct origin clues(unsigned siblings, const char *text, unsigned line)
{
	struct scene *s = scene_beside(1, siblings, SIBLING, text);
	struct origin o;

	assert_true(origin_matters(&s->c, tx_at(s, line, 'a')));
	origin_find(&s->c, tx_at(s, line, 'a'), &o);
	scene_free(s);
	return o;
}

static const struct clue *clue(const struct origin *o, const char *name)
{
	for (unsigned i = 0; i < o->n; i++)
		if (strcmp(o->list[i].name, name) == 0)
			return &o->list[i];
	return NULL;
}

/* Weight of a clue about the packet of a line, 0: there is none. */
static double weight(unsigned siblings, const char *text, unsigned line, const char *name)
{
	struct origin o = clues(siblings, text, line);

	return clue(&o, name) ? clue(&o, name)->weight : 0;
}

static void a_ttl_of_its_own(void **state)
{
	(void)state;
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001 ttl 255\n", 7, "ttl") > 1);
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001 ttl 60\n", 7, "ttl") < 0);
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001 ttl 61\n", 7, "ttl") < 0.5);
	assert_true(weight(9, "0.0 a > S 1000 ts 1/0\n0.03 a < R. 0 ack 1001 ttl 255\n", 2, "ttl") > 1);
}

static void an_ip_id_beside_the_count(void **state)
{
	(void)state;
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001 id 9000\n", 7, "ip_id") > 0.5);
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001 id 73\n", 7, "ip_id") < -0.5);
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001\n", 7, "ip_id") == 0);
}

static void a_missing_df(void **state)
{
	(void)state;
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001\n", 7, "df") > 0.5);
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001 df\n", 7, "df") == 0);
}

static void a_missing_timestamp(void **state)
{
	(void)state;
	assert_true(weight(9, "0.0 a > S 1000 ts 1/0\n0.03 a < . 5001 ack 1001\n", 2, "timestamp") > 1);
	assert_true(weight(9, "0.0 a > S 1000\n0.03 a < . 5001 ack 1001\n", 2, "timestamp") == 0);
	assert_true(weight(0, "0.0 a > S 1000 ts 1/0\n0.03 a < . 5001 ack 1001\n", 2, "timestamp") == 0);
	/* Resets often have none. */
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001\n", 7, "timestamp") < 0.5);
}

static void a_timestamp_off_the_clock(void **state)
{
	(void)state;
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001 ts 77000000/131\n", 7, "tsval") > 1);
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001 ts 1270/131\n", 7, "tsval") < 0);
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001\n", 7, "tsval") == 0);
}

static void another_window_or_options(void **state)
{
	(void)state;
	assert_true(weight(9, "0.0 a > S 1000 ts 1/0\n0.03 a < . 5001 ack 1001 win 12288\n", 2, "window") > 0.5);
	assert_true(weight(9, "0.0 a > S 1000 ts 1/0\n0.03 a < . 5001 ack 1001 win 14480\n", 2, "window") < -0.5);
	assert_true(weight(0, "0.0 a > S 1000 ts 1/0\n0.03 a < . 5001 ack 1001 win 12288\n", 2, "window") == 0);
	assert_true(weight(9, "0.0 a > S 1000 mss 1460 ts 1/0\n0.03 a < S. 5000 ack 1001\n", 2, "options") > 0.5);
	assert_true(weight(9, "0.0 a > S 1000 mss 1460 ts 1/0\n0.03 a < S. 5000 ack 1001 mss 1300 ts 2/1\n", 2, "options") < -0.5);
	/* It answers another offer. */
	assert_true(weight(9, "0.0 a > S 1000\n0.03 a < S. 5000 ack 1001\n", 2, "options") == 0);
}

static void another_link(void **state)
{
	(void)state;
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001 otherlink\n", 7, "mac") > 0.5);
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001\n", 7, "mac") == 0);
}

static double from_mac(uint64_t mac)
{
	struct scene *s = scene_proved(1, SIBLING);
	struct origin o;

	assert_non_null(s->f.siblings = siblings_new());
	s->c.mac[0][S2C] = 0x020000000001;
	for (s->c.index = 0; s->c.index < 5; s->c.index++)
		assert_int_equal(siblings_learn(s->f.siblings, &s->c, &s->e), 0);
	s->c.index = 0;
	s->c.mac[0][S2C] = mac;
	origin_find(&s->c, tx_at(s, 2, 'a'), &o);
	double w = clue(&o, "mac") ? clue(&o, "mac")->weight : 0;
	scene_free(s);
	return w;
}

static void another_mac_than_answers_to_others(void **state)
{
	(void)state;
	assert_true(from_mac(0x020000000002) > 0.5);
	assert_true(from_mac(0x020000000001) == 0);
	assert_true(from_mac(0) == 0);
}

static void faster_than_the_way(void **state)
{
	(void)state;
	assert_true(weight(20, "0.0 a > S 1000 ts 1/0\n0.002 a < R. 0 ack 1001\n", 2, "reaction") > 1.5);
	assert_true(weight(20, "0.0 a > S 1000 ts 1/0\n0.030 a < R. 0 ack 1001\n", 2, "reaction") < 0);
	assert_true(weight(0, "0.0 a > S 1000 ts 1/0\n0.002 a < R. 0 ack 1001\n", 2, "reaction") == 0);
	/* Which of two it answers is not known; an answer to the first one is no wonder. */
	assert_true(weight(20, "0.0 a > S 1000 ts 1/0\n1.0 a > S 1000 ts 2/0\n1.002 a < R. 0 ack 1001\n", 3, "reaction") == 0);
	assert_true(weight(20, "0.0 a > S 1000 ts 1/0\n1.0 a > S 1000 ts 2/0\n1.002 a < . 5001 ack 1001\n", 3, "reaction") > 0);
}

static void the_host_went_on(void **state)
{
	(void)state;
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001\n0.500 a < P. 5028 ack 1001 len 9 ttl 60\n", 7, "went_on") > 1.5);
	/* What had been sent before the reset, and comes again. */
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001\n0.500 a < P. 5019 ack 1001 len 9 ttl 60\n", 7, "went_on") == 0);
}

static void resets_that_guess(void **state)
{
	(void)state;
	assert_true(weight(0, TALK "0.400 a < R 5028\n0.401 a < R 9028\n", 7, "guessing") > 1);
	assert_true(weight(0, TALK "0.400 a < R. 5028 ack 1001\n0.401 a < R. 5028 ack 7001\n", 7, "ack_change") > 0.5);
	/* A host without the connection answers each packet with the number that it has. */
	assert_true(weight(0, TALK "0.35 a > P. 1001 ack 5010 len 5\n0.36 a > P. 1006 ack 5028 len 5\n0.400 a < R 5010\n0.401 a < R 5028\n", 9, "guessing") == 0);
	assert_true(weight(0, TALK "0.400 a < R 5028\n0.401 a < R 5028\n", 7, "guessing") == 0);
}

static void what_kind_of_reset_it_is_weighs_nothing(void **state)
{
	struct origin o = clues(0, "0.0 a > S 1000\n0.030 a < R. 0 ack 1001\n", 2);

	(void)state;
	assert_non_null(clue(&o, "kind"));
	assert_true(clue(&o, "kind")->weight == 0);
}

static void an_icmp_error_says_who_sent_it(void **state)
{
	static const struct { int64_t from; int sign; } cases[] = { { SERVER, -1 }, { 77, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scene *s = scene_new(1);
		struct origin o;
		scene_text(s, "0.0 a > S 1000\n0.010 a < icmp 1000 mss 1\n");
		scene_fate(s);
		uint32_t x = tx_at(s, 2, 'a');
		s->c.opt[s->c.pkt[s->c.tx[x].first].opt].icmp_src = cases[i].from;
		origin_find(&s->c, x, &o);
		assert_true(clue(&o, "source")->weight * cases[i].sign > 0);
		assert_int_equal(origin_leans(&o), 0);
		scene_free(s);
	}
}

/* However strong it is: somebody may have changed just that. */
static void one_group_of_clues_alone_says_nothing(void **state)
{
	struct origin o = clues(0, TALK "0.400 a < R. 5028 ack 1001 ttl 255 id 9000 ts 1270/131\n", 7);

	(void)state;
	assert_true(clue(&o, "ttl") && clue(&o, "ip_id") && clue(&o, "df"));
	/* TTL, IP ID and DF are one header: 1.5, not 3.2; the clock is the server's. */
	assert_true(o.sum < 1);
	assert_int_equal(origin_leans(&o), 0);
	o = clues(0, TALK "0.400 a < R. 5028 ack 1001 ttl 255 df\n", 7);
	assert_int_equal(o.device, 1);
	assert_int_equal(origin_leans(&o), 0);
}

static void two_groups_lean(void **state)
{
	struct origin o = clues(9, "0.0 a > S 1000 ts 1/0\n0.03 a < . 5001 ack 1001 win 12288 ttl 255\n", 2);

	(void)state;
	assert_int_equal(origin_leans(&o), 1);
	/* A device that imitates all it can is not told from the host - and not taken for it either. */
	o = clues(9, "0.0 a > S 1000 ts 1/0\n0.03 a < . 5001 ack 1001 win 14480 ttl 60 ts 2/1 df\n", 2);
	assert_int_equal(origin_leans(&o), 0);
}

/* A reset says little of itself; that it has the numbers of the ACK says that whoever made that made it. */
static void a_reset_goes_with_its_ack(void **state)
{
#define PAIR "0.0 a > S 1000 ts 1/0\n0.03 a < . 5001 ack 1001 win 12288 ttl 255\n4.0 a < R. 5001 ack 1001 ttl "
	struct origin o = clues(9, PAIR "255\n", 3);

	(void)state;
	assert_true(clue(&o, "pair") && clue(&o, "pair")->weight > 0);
	assert_int_equal(origin_leans(&o), 1);
	o = clues(9, PAIR "60 df\n", 3);
	assert_null(clue(&o, "pair"));
	assert_int_equal(origin_leans(&o), 0);
}

static void the_strongest_comes_first_and_is_json(void **state)
{
	struct origin o = clues(9, "0.0 a > S 1000 ts 1/0\n0.03 a < . 5001 ack 1001 win 12288 ttl 255\n", 2);
	char json[2000], because[300], cut[120];

	(void)state;
	origin_json(&o, json, sizeof json);
	assert_ptr_equal(strstr(json, "{\"clue\":\"ttl\",\"weight\":1.5,\"text\":\"TTL 255, touched by no router, where the server's answers to others have 60\"},"), json);
	origin_because(&o, 1, because, sizeof because);
	assert_non_null(strstr(because, " (TTL 255"));
	/* What does not fit is left out, not cut. */
	assert_in_range(origin_json(&o, cut, sizeof cut), 1, sizeof cut - 1);
	assert_int_equal(cut[strlen(cut) - 1], '}');
}

#define TALK2 "0.000 ab > S 1000\n0.030 ba < S. 5000 ack 1001 id 69\n0.031 ab > . 1001 ack 5001\n0.100 ba < P. 5001 ack 1001 len 9 id 70\n"

/* The RST comes from beyond the last point with the server's TTL: but what the server sends next denies it. */
static void a_reset_that_the_host_denies_is_not_said_to_be_its_own(void **state)
{
	static const struct { const char *next, *told; } cases[] = {
		{ "", "sent RST s2c b x1" },
		{ "0.300 ba < P. 5010 ack 1001 len 9 id 71\n", "undecided RST s2c b x1" },
	};
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct scene *s = scene_new(2);
		snprintf(text, sizeof text, TALK2 "0.200 ba < R 5010 id 4242\n%s", cases[i].next);
		scene_text(s, text);
		scene_judge(s);
		assert_string_equal(told(s, "sent undecided"), cases[i].told);
		scene_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ttl_of_its_own), cmocka_unit_test(an_ip_id_beside_the_count), cmocka_unit_test(a_missing_df),
		cmocka_unit_test(a_missing_timestamp), cmocka_unit_test(a_timestamp_off_the_clock), cmocka_unit_test(another_window_or_options),
		cmocka_unit_test(another_link), cmocka_unit_test(another_mac_than_answers_to_others), cmocka_unit_test(faster_than_the_way),
		cmocka_unit_test(the_host_went_on), cmocka_unit_test(resets_that_guess), cmocka_unit_test(what_kind_of_reset_it_is_weighs_nothing),
		cmocka_unit_test(an_icmp_error_says_who_sent_it), cmocka_unit_test(one_group_of_clues_alone_says_nothing), cmocka_unit_test(two_groups_lean),
		cmocka_unit_test(a_reset_goes_with_its_ack), cmocka_unit_test(the_strongest_comes_first_and_is_json), cmocka_unit_test(a_reset_that_the_host_denies_is_not_said_to_be_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
