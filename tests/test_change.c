/* What a hop rewrites, field by field. */
#include "tests/conn_build.h"

#include "correlate/change.h"

#define HELLO "0.000 ab > S 1000\n0.010 ba < S. 5000 ack 1001\n"

static void show(const struct change *x, char *out, size_t size)
{
	char before[40], after[40], buf[16];
	bool b = value_text(x->before_kind, x->before, before, sizeof before), a = value_text(x->after_kind, x->after, after, sizeof after);

	if (x->before_kind == VALUE_ADDRESS)
		b = a = !!snprintf(before, sizeof before, "addr%d", (int)x->before) && snprintf(after, sizeof after, "addr%d", (int)x->after);
	snprintf(out, size, "%s %s %c>%c %s->%s x%u%s", field_name((enum field)x->field, x->option, buf), x->dir == C2S ? "c2s" : "s2c", 'a' + x->from, 'a' + x->to, b ? before : "-",
	    a ? after : "-", x->count, x->constant ? "" : x->shifted ? " shifted" : " varies");
}

/* Fields that only v_habit has, in a list of their own. */
static bool is_habit(const struct change *x)
{
	return x->field == FIELD_DSCP || x->field == FIELD_ECN || x->field == FIELD_SYN_ECN;
}

/* All changes, as "win c2s a>b 500->64 x1; ...": before -> after of the first one, "-": not there. */
static const char *changes_of(struct scene *s)
{
	struct changes list = { 0 };
	size_t n = 0;

	changes_find(&s->c, &list);
	assert_false(list.nomem);
	s->words[0] = '\0';
	for (uint32_t i = 0; i < list.n; i++) {
		char text[200];
		if (is_habit(&list.list[i]))
			continue;
		show(&list.list[i], text, sizeof text);
		n += (size_t)snprintf(s->words + n, sizeof s->words - n, "%s%s", n ? "; " : "", text);
	}
	changes_free(&list);
	return s->words;
}

static void assert_words(const char *(*words_of)(struct scene *s), const char *text, const char *expected)
{
	struct scene *s = scene_new(2);

	scene_text(s, text);
	scene_match(s);
	assert_string_equal(words_of(s), expected);
	scene_free(s);
}

static void assert_changes(const char *text, const char *expected)
{
	assert_words(changes_of, text, expected);
}

/* One packet with data, as a and b recorded it. */
static void assert_change(const char *at_a, const char *at_b, const char *expected)
{
	char text[400];

	snprintf(text, sizeof text, HELLO "0.1 a > %s\n0.101 b > %s\n", at_a, at_b);
	assert_changes(text, expected);
}

#define DATA "P. 1001 ack 5001 len 9 "

static void what_is_kept_is_no_change(void **state)
{
	(void)state;
	assert_changes(HELLO "0.1 ab > P. 1001 ack 5001 len 9 ts 1/2\n0.2 ba < . 5001 ack 1010 sack 1-2 id 7\n", "");
}

static void every_field_is_compared(void **state)
{
	(void)state;
	assert_change(DATA "win 500", DATA "win 64", "win c2s a>b 500->64 x1");
	assert_change(DATA, ". 1001 ack 5001 len 9", "flags c2s a>b PSH,ACK->ACK x1");
	assert_change("P.EW 1001 ack 5001 len 9", DATA, "flags c2s a>b PSH,ACK,ECE,CWR->PSH,ACK x1");
	assert_change(DATA "tos 2", DATA "tos 0", "tos c2s a>b 2->0 x1");
	assert_change(DATA "id 7", DATA "id 9", "ip_id c2s a>b 7->9 x1");
	assert_change(DATA "ts 5/6", DATA "ts 5/7", "opt.tsecr c2s a>b 6->7 x1");
	assert_change(DATA "ts 5/6", DATA "ts 8/6", "opt.tsval c2s a>b 5->8 x1");
	assert_change(DATA "hash 1", DATA "hash 2", "payload c2s a>b present->changed x1");
	assert_change("P. 1001 ack 5001 len 9", "P. 1001 ack 5005 len 9", "ack c2s a>b 5001->5005 x1");
}

static void a_ttl_that_sinks_is_a_router(void **state)
{
	(void)state;
	assert_change(DATA "ttl 64", DATA "ttl 63", "");
	assert_change(DATA "ttl 64", DATA "ttl 40", "");
	assert_change(DATA "ttl 64", DATA "ttl 65", "ttl c2s a>b 64->65 x1");
	assert_change(DATA "ttl 250", DATA "ttl 64", "ttl c2s a>b 250->64 x1");
}

static void a_ttl_that_rises_both_ways_is_a_router_seen_from_behind(void **state)
{
	(void)state;
	assert_changes(HELLO "0.1 a > " DATA "ttl 63\n0.101 b > " DATA "ttl 64\n0.2 b < P. 5001 ack 1010 len 5 ttl 63\n0.201 a < P. 5001 ack 1010 len 5 ttl 64\n", "");
	assert_changes(HELLO "0.1 a > " DATA "ttl 63\n0.101 b > " DATA "ttl 64\n0.2 b < P. 5001 ack 1010 len 5 ttl 63\n0.201 a < P. 5001 ack 1010 len 5 ttl 62\n",
	    "ttl c2s a>b 63->64 x1");
	assert_changes(HELLO "0.1 a > " DATA "ttl 63\n0.101 b > " DATA "ttl 200\n0.2 b < P. 5001 ack 1010 len 5 ttl 63\n0.201 a < P. 5001 ack 1010 len 5 ttl 200\n",
	    "ttl c2s a>b 63->200 x1; ttl s2c b>a 63->200 x1");
}

/* Nor are its packets among those that a hop changes; what else it does to them counts. */
static void such_packets_are_not_modified(void **state)
{
	struct scene *s = scene_new(2);
	struct changes list = { 0 };

	(void)state;
	scene_text(s, HELLO "0.1 a > " DATA "ttl 63\n0.101 b > " DATA "ttl 64\n0.2 b < P. 5001 ack 1010 len 5 ttl 63\n0.201 a < P. 5001 ack 1010 len 5 ttl 64\n"
		"0.3 b < P. 5006 ack 1010 len 5 ttl 63 win 9\n0.301 a < P. 5006 ack 1010 len 5 ttl 64 win 7\n");
	scene_match(s);
	changes_find(&s->c, &list);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.modified[changes_at(0, 1, C2S)], 0);
	assert_int_equal(list.modified[changes_at(1, 0, S2C)], 1);
	changes_free(&list);
	scene_free(s);
}

static void payload_that_was_not_captured_is_not_compared(void **state)
{
	(void)state;
	assert_change(DATA "hash 1", DATA "cut", "");
	assert_change(DATA "cut", DATA "hash 2", "");
}

static void options_are_stripped_put_in_and_rewritten(void **state)
{
	static const char *const tries[][3] = {
		{ "mss 1460", "mss 1380", "opt.mss c2s a>b 1460->1380 x1" },
		{ "mss 1460 ws 7", "mss 1460", "opt.ws c2s a>b 7->- x1" },
		{ "mss 1460", "mss 1460 ws 7", "opt.ws c2s a>b -->7 x1" },
		{ "mss 1460 sackok", "mss 1460", "opt.sackok c2s a>b present->- x1" },
		{ "ts 5/0 mss 1460", "mss 1460", "opt.tsval c2s a>b 5->- x1; opt.tsecr c2s a>b 0->- x1" },
		{ "mss 1460", "", "opt.mss c2s a>b 1460->- x1" },
		{ "", "mss 1460", "opt.mss c2s a>b -->1460 x1" },
		{ "opt 22aabb", "mss 9", "opt.mss c2s a>b -->9 x1; opt.tfo c2s a>b present->- x1" },
		{ "mss 9", "mss 9 opt 1e0102", "opt.mptcp c2s a>b -->present x1" },
		{ "opt 13aabb", "opt 13aabc", "opt.md5 c2s a>b present->changed x1" },
		{ "opt fd01", "opt 1d01", "opt.253 c2s a>b present->- x1; opt.ao c2s a>b -->present x1" },
		{ "opt 1c0001", "opt ac010203", "opt.uto c2s a>b present->- x1; opt.accecn0 c2s a>b -->present x1" },
		{ "opt ae010203", "mss 9", "opt.mss c2s a>b -->9 x1; opt.accecn1 c2s a>b present->- x1" },
		{ "opt fef989aabb", "mss 9 opt fe1234", "opt.mss c2s a>b -->9 x1; opt.exp-tfo c2s a>b present->- x1; opt.254 c2s a>b -->present x1" },
		/* MPTCP may be there twice */
		{ "opt 1e0102 opt 1e3004", "opt 1e0102 opt 1e3004", "" },
		{ "opt 1e0102 opt 1e3004", "opt 1e0102 opt 1e3005", "opt.mptcp c2s a>b present->changed x1" },
		{ "opt 1e0102 opt 1e3004", "opt 1e3004", "opt.mptcp c2s a>b present->changed x1 varies" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		char text[300];
		snprintf(text, sizeof text, "0.0 a > S 1000 %s\n0.001 b > S 1000 %s\n", tries[i][0], tries[i][1]);
		assert_changes(text, tries[i][2]);
	}
}

static void a_constant_shift_is_one_change(void **state)
{
	(void)state;
	assert_changes(
		"0.000 a > S 1000\n0.001 b > S 4294967290\n"
		"0.010 b < S. 5000 ack 4294967291\n0.011 a < S. 5000 ack 1001\n"
		"0.020 a > P. 1001 ack 5001 len 9 hash 5\n0.021 b > P. 4294967291 ack 5001 len 9 hash 5\n",
		"seq c2s a>b 1000->4294967290 x2 shifted; ack s2c b>a 4294967291->1001 x1");
}

static void selective_acks_must_move_with_the_numbers(void **state)
{
	static const char hello[] = "0.000 a > S 1000\n0.001 b > S 2000\n0.010 b < S. 5000 ack 2001\n0.011 a < S. 5000 ack 1001\n";
	static const char seq[] = "seq c2s a>b 1000->2000 x1; ack s2c b>a 2001->1001 x2";
	char text[500], all[200];

	(void)state;
	snprintf(text, sizeof text, "%s0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 1101-1201\n", hello);
	assert_changes(text, seq);
	snprintf(text, sizeof text, "%s0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 2101-2201\n", hello);
	snprintf(all, sizeof all, "%s; opt.sack s2c b>a 2101->2101 x1", seq);
	assert_changes(text, all);
	snprintf(text, sizeof text, "%s0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001\n", hello);
	snprintf(all, sizeof all, "%s; opt.sack s2c b>a present->- x1", seq);
	assert_changes(text, all);
}

/* What a device does in one word, as "win rewritten, opt.mss clamped": only what is told of it. */
static const char *habits_of(struct scene *s)
{
	struct changes list = { 0 };
	size_t n = 0;

	changes_find(&s->c, &list);
	assert_false(list.nomem);
	s->words[0] = '\0';
	for (uint32_t i = 0; i < list.n; i++) {
		const struct change *x = &list.list[i];
		char buf[16];
		if (x->habit != HABIT_NONE)
			n += (size_t)snprintf(s->words + n, sizeof s->words - n, "%s%s %s", n ? ", " : "", field_name((enum field)x->field, x->option, buf),
			    habit_name((enum habit)x->habit));
		/* What is changed could be compared. */
		assert_true(list.compared[changes_at(x->from, x->to, x->dir)].fields >> x->field & 1);
		assert_true(x->field != FIELD_OTHER || compared_option(&list.compared[changes_at(x->from, x->to, x->dir)], x->option));
	}
	changes_free(&list);
	return s->words;
}

static void assert_habits(const char *text, const char *expected)
{
	assert_words(habits_of, text, expected);
}

static void a_habit_is_one_word(void **state)
{
	static const char *const tries[][3] = {
		{ "mss 1460", "mss 1380", "opt.mss clamped" },
		{ "mss 1380", "mss 1460", "opt.mss rewritten" },
		{ "mss 1460 ws 7", "mss 1460", "opt.ws stripped" },
		{ "mss 1460", "mss 1460 sackok", "opt.sackok inserted" },
		{ "ts 5/0", "ts 9/0", "opt.tsval shifted" },
		{ "ttl 64", "ttl 200", "ttl set" },
		{ "tos 0", "tos 136", "dscp set" },
		{ "tos 2", "tos 138", "dscp set" },
		{ "tos 2", "tos 0", "ecn cleared" },
		{ "tos 2", "tos 3", "ecn marked" },
		{ "tos 2", "tos 1", "ecn rewritten" },
		{ "tos 0", "tos 1", "ecn rewritten" },
		{ "win 5", "win 6", "win rewritten" },
		{ "opt 1e0102", "", "opt.mptcp stripped" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		char text[300];
		snprintf(text, sizeof text, "0.0 a > S 1000 %s\n0.001 b > S 1000 %s\n", tries[i][0], tries[i][1]);
		assert_habits(text, tries[i][2]);
	}
	assert_habits("0.0 a > SEW 1000\n0.001 b > S 1000\n", "syn.ecn cleared");
	assert_habits("0.0 a > SEWA 1000\n0.001 b > SEW 1000\n", "syn.ecn rewritten");
	assert_habits(HELLO "0.1 a > P. 1001 ack 5001 len 9\n0.101 b > . 1001 ack 5001 len 9\n", "flags rewritten");
	assert_habits("0.0 a > S 1000\n0.001 b > S 2000\n1.0 a > S 1000\n1.001 b > S 2000\n", "seq shifted");
}

#define SHIFTED "0.000 a > S 1000 sackok\n0.001 b > S 2000 sackok\n0.010 b < S. 5000 ack 2001 sackok\n0.011 a < S. 5000 ack 1001 sackok\n"
#define PLAIN "0.000 ab > S 1000 sackok\n0.010 ba < S. 5000 ack 1001 sackok\n"

static void sack_blocks_that_do_not_move_with_the_numbers_are_told(void **state)
{
	(void)state;
	assert_habits(SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 2101-2201\n", "seq shifted, ack shifted, opt.sack not shifted");
	assert_habits(SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 1101-1201\n", "seq shifted, ack shifted");
	/* only some of them; others that move otherwise are something else */
	assert_habits(SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 1101-2201\n", "seq shifted, ack shifted, opt.sack not shifted");
	assert_habits(SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 1102-2201\n", "seq shifted, ack shifted, opt.sack rewritten");
	assert_habits(SHIFTED "0.1 b < . 5001 ack 2001 sack 2101-2201\n0.101 a < . 5001 ack 1001 sack 1102-1202\n", "seq shifted, ack shifted, opt.sack rewritten");
	/* without a shift they stay as they are */
	assert_habits(PLAIN "0.1 ba < . 5001 ack 1001 sack 1101-1201\n", "");
	/* so do blocks below the acknowledgment, which report duplicates (RFC 2883) */
	assert_habits(PLAIN "0.1 ba < . 5001 ack 1301 sack 1101-1201\n", "");
	assert_habits(SHIFTED "0.1 b < . 5001 ack 2301 sack 2101-2201\n0.101 a < . 5001 ack 1301 sack 1101-1201\n", "seq shifted, ack shifted");
}

static void the_same_change_is_counted(void **state)
{
	(void)state;
	assert_changes(HELLO
		"0.1 a > P. 1001 ack 5001 len 9 win 500\n0.101 b > P. 1001 ack 5001 len 9 win 64\n"
		"0.2 a > P. 1010 ack 5001 len 9 win 500\n0.201 b > P. 1010 ack 5001 len 9 win 64\n",
		"win c2s a>b 500->64 x2");
	assert_changes(HELLO
		"0.1 a > P. 1001 ack 5001 len 9 win 500\n0.101 b > P. 1001 ack 5001 len 9 win 600\n"
		"0.2 a > P. 1010 ack 5001 len 9 win 700\n0.201 b > P. 1010 ack 5001 len 9 win 800\n",
		"win c2s a>b 500->600 x2 shifted");
	assert_changes(HELLO
		"0.1 a > P. 1001 ack 5001 len 9 win 500\n0.101 b > P. 1001 ack 5001 len 9 win 600\n"
		"0.2 a > P. 1010 ack 5001 len 9 win 700\n0.201 b > P. 1010 ack 5001 len 9 win 1\n",
		"win c2s a>b 500->600 x2 varies");
}

static void addresses_are_those_of_the_flows(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, HELLO);
	s->f.flow[1].addr[C2S] = 9;
	s->f.flow[1].port[C2S] = 50000;
	scene_match(s);
	assert_string_equal(changes_of(s), "src c2s a>b addr1->addr9 x1; sport c2s a>b 40000->50000 x1; dst s2c b>a addr9->addr1 x1; dport s2c b>a 50000->40000 x1");
	scene_free(s);
}

static void a_hop_with_a_miss_is_not_compared(void **state)
{
	struct scene *s = scene_new(3);
	struct changes list = { 0 };

	(void)state;
	scene_text(s, "0.0 a > S 1000 win 500\n0.002 c > S 1000 win 64\n1.0 ab > S 1000 id 7\n1.002 c > S 1000 id 7 win 64\n");
	scene_match(s);
	assert_string_equal(changes_of(s), "win c2s b>c 500->64 x1");
	changes_find(&s->c, &list);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(list.modified[i], i == 2 * 1 + C2S);
	changes_free(&list);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_no_change),
		cmocka_unit_test(every_field_is_compared),
		cmocka_unit_test(a_ttl_that_sinks_is_a_router),
		cmocka_unit_test(a_ttl_that_rises_both_ways_is_a_router_seen_from_behind),
		cmocka_unit_test(such_packets_are_not_modified),
		cmocka_unit_test(payload_that_was_not_captured_is_not_compared),
		cmocka_unit_test(options_are_stripped_put_in_and_rewritten),
		cmocka_unit_test(a_constant_shift_is_one_change),
		cmocka_unit_test(selective_acks_must_move_with_the_numbers),
		cmocka_unit_test(a_habit_is_one_word),
		cmocka_unit_test(sack_blocks_that_do_not_move_with_the_numbers_are_told),
		cmocka_unit_test(the_same_change_is_counted),
		cmocka_unit_test(addresses_are_those_of_the_flows),
		cmocka_unit_test(a_hop_with_a_miss_is_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
