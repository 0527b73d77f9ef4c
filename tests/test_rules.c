/* The table of rules: for every rule a case that fires it, and one that nearly does and must not. */
#include "tests/conn_build.h"

#include "correlate/rules.h"

#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"
#define TALK "0.10 ab > P. 1001 ack 5001 len 9\n0.20 ba < P. 5001 ack 1010 len 9\n"
#define BYE "0.30 ab > F. 1010 ack 5010\n0.31 ba < F. 5010 ack 1011\n0.32 ab > . 1011 ack 5011\n"
#define GOOD "0.000 ab > S  1000 good\n0.010 ba < S. 5000 ack 1001 good\n0.020 ab > .  1001 ack 5001 good\n"
#define BIG(time, where, seq) time " " where " > . " seq " ack 5001 len 1400\n"
#define SYNS "0.0 a > S 1000\n1.0 a > S 1000\n3.0 a > S 1000\n"
#define SILENT "0.0 ab > S 1000\n1.0 ab > S 1000\n3.0 ab > S 1000\n"
#define GONE "9.0 a > P. 1010 ack 5010 len 9\n9.3 a > P. 1010 ack 5010 len 9\n9.9 a > P. 1010 ack 5010 len 9\n11.1 a > P. 1010 ack 5010 len 9\n"
#define HOLE HELLO "0.021 ab > . 1001 ack 5001 len 100\n" BIG("0.1", "a", "1101") BIG("0.1001", "a", "2501") "0.1002 ab > P. 3901 ack 5001 len 50\n" \
	"0.11 ba < . 5001 ack 1101\n" BIG("0.4", "a", "1101") BIG("1.0", "a", "1101") BIG("2.2", "a", "1101")

#define SHIFTED "0.000 a > S 1000 sackok\n0.001 b > S 2000 sackok\n0.010 b < S. 5000 ack 2001 sackok\n0.011 a < S. 5000 ack 1001 sackok\n" \
	"0.020 a > . 1001 ack 5001\n0.021 b > . 2001 ack 5001\n0.1 b < . 5001 ack 2001 sack 2101-2201\n"

/* What is around the connection; near: not quite what the rule asks for. */
typedef void around(struct scene *s, bool near);

struct trial {
	const char *rule;
	unsigned points;
	const char *fires, *near;
	around *around;
};

/* ---- what is around ---- */

static void add_neighbour(struct scene *s, int64_t start, int64_t last)
{
	s->f.flow[s->f.flows] = (struct flow){ .point = 0, .addr = { CLIENT, SERVER }, .port = { 40000, 80 }, .first_ns = start, .last_ns = last, .conn = 1 };
	s->f.conn[1] = (struct conn_ref){ .flow = s->f.flows++, .flows = 1, .start_ns = start, .previous = UINT32_MAX, .next = UINT32_MAX };
	s->f.conns = 2;
}

static void used_before(struct scene *s, bool near)
{
	add_neighbour(s, -300 * SEC, near ? -250 * SEC : -2 * SEC);
	s->f.conn[0].previous = 1;
}

static void used_again(struct scene *s, bool near)
{
	if (near)
		return;
	add_neighbour(s, SEC, 2 * SEC);
	s->f.conn[0].next = 1;
}

static void answers_others(struct scene *s, bool near)
{
	scene_learn(s, near ? "50.0 ab > S 1000\n50.1 ba < S. 5000 ack 1001\n" : "2.0 ab > S 1000\n2.1 ba < S. 5000 ack 1001\n", 2);
}

static void none_passes(struct scene *s, bool near)
{
	scene_learn(s, "0.0 a > S 1000\n", 3);
	if (near)
		scene_learn(s, "0.0 ab > S 1000\n", 1);
}

static void ecn_does_not_pass(struct scene *s, bool near)
{
	scene_learn(s, "0.0 a > SEW 1000\n", 6);
	scene_learn(s, "0.0 ab > S 1000\n", near ? 1 : 6);
}

/* Connections are made meanwhile; near: one was silent for longer, and went on. */
static void others_go_on(struct scene *s, bool near)
{
	scene_learn(s, "9.5 ab > S 1000\n9.6 ba < S. 5000 ack 1001\n", 1);
	if (near)
		scene_learn(s, "0.0 ab > S 1000\n0.1 ba < S. 5000 ack 1001\n70.0 ab > P. 1001 ack 5001 len 9\n", 1);
}

static void tied(struct scene *s, enum tie tie, unsigned dir, bool near)
{
	s->f.conn[0].proxy[dir] = (struct proxy_end){ .tie = (uint8_t)(near ? TIE_NONE : tie), .confidence = CERTAIN, .point = 0, .peer = UINT32_MAX };
}

static void by_f5(struct scene *s, bool near) { tied(s, TIE_F5, S2C, near); }
static void by_header(struct scene *s, bool near) { tied(s, TIE_HEADER, S2C, near); }
static void by_id(struct scene *s, bool near) { tied(s, TIE_UNIQUE_ID, S2C, near); }
static void by_tls(struct scene *s, bool near) { tied(s, TIE_TLS, S2C, near); }
static void by_streams(struct scene *s, bool near) { tied(s, TIE_STREAMS, S2C, near); }
static void by_request(struct scene *s, bool near) { tied(s, TIE_REQUEST, S2C, near); }
static void by_times(struct scene *s, bool near) { tied(s, TIE_TIMES, S2C, near); }
static void by_class(struct scene *s, bool near) { tied(s, TIE_CLASS, S2C, near); }
static void by_place(struct scene *s, bool near) { tied(s, TIE_PLACE, S2C, near); }

/* The BIG-IP at the server's end is the server. */
static void f5_is_the_server(struct scene *s, bool near)
{
	s->f.conn[0].proxy[S2C] = (struct proxy_end){ .tie = near ? TIE_NONE : TIE_F5, .confidence = CERTAIN, .point = 1, .peer = UINT32_MAX };
}

static void mirrors(struct scene *s, bool near)
{
	s->f.point[0].telling = 100;
	s->f.point[0].twice = near ? 0 : 90;
}

static void bad_capture(struct scene *s, bool near)
{
	if (near)
		return;
	scene_coverage(s, 'a', 1000, 300);
	scene_coverage(s, 'b', 1000, 300);
}

static void fragments_come(struct scene *s, bool near)
{
	(void)near;
	s->f.point[0].later = s->f.point[1].later = true;
}

/* ---- the cases ---- */

static const struct trial trials[] = {
	{ "syn_lost", 2, "0.0 a > S 1000\n1.0 ab > S 1000\n1.01 ba < S. 5000 ack 1001\n1.02 ab > . 1001 ack 5001\n", SYNS, NULL },
	{ "unanswered", 2, SILENT, SILENT "3.1 ba < S. 5000 ack 1001\n", NULL },
	{ "listen_overflow", 2, SILENT, SILENT, answers_others },
	{ "synack_dropped", 2, "0.0 ab > S 1000\n0.01 b < S. 5000 ack 1001\n1.0 ab > S 1000\n1.01 b < S. 5000 ack 1001\n3.0 ab > S 1000\n3.01 b < S. 5000 ack 1001\n",
		HELLO TALK, NULL },
	{ "syn_proxy", 2, "0.000 a > S  1000 ts 10/0\n0.001 a < S. 5000 ack 1001 ts 50/10\n0.002 a > .  1001 ack 5001 ts 11/50\n0.003 b > S  1000 ts 10/50\n"
		"0.004 b < S. 7000 ack 1001 ts 90/10\n0.005 b > .  1001 ack 7001 ts 11/90\n0.050 a > P. 1001 ack 5001 len 10 ts 12/50\n"
		"0.051 b > P. 1001 ack 7001 len 10 ts 12/90\n", HELLO TALK, NULL },
	{ "f5_peer", 2, HELLO TALK, HELLO TALK, by_f5 },
	{ "proxy_header", 2, HELLO TALK, HELLO TALK, by_header },
	{ "unique_id", 2, HELLO TALK, HELLO TALK, by_id },
	{ "client_random", 2, HELLO TALK, HELLO TALK, by_tls },
	{ "equal_streams", 2, HELLO TALK, HELLO TALK, by_streams },
	{ "equal_request", 2, HELLO TALK, HELLO TALK, by_request },
	{ "equal_times", 2, HELLO TALK, HELLO TALK, by_times },
	{ "equal_class", 2, HELLO TALK, HELLO TALK, by_class },
	{ "same_service", 2, HELLO TALK, HELLO TALK, by_place },
	{ "half_open", 2, "0.000 a > S 1000\n2.996 a > S 1000\n3.028 a < . 5001 ack 1001\n7.268 a < R. 5001 ack 1001\n",
		"0.000 ab > S 1000\n2.996 ab > S 1000\n3.028 ba < . 5001 ack 1001\n7.268 ba < R. 5001 ack 1001\n", NULL },
	{ "stale_state", 2, "0.0 ab > S 1000\n0.01 ba < . 777000000 ack 888000000\n0.02 ab > R 888000000\n1.0 ab > S 1000\n1.01 ba < S. 5000 ack 1001\n",
		"0.0 ab > S 1000\n0.01 ba < . 5001 ack 1001\n", NULL },
	{ "resets_both", 2, HELLO TALK "1.0 a < R. 5010 ack 1010\n1.0 b > R. 1010 ack 5010\n", HELLO TALK "1.0 ba < R. 5010 ack 1010\n", NULL },
	{ "reset_made", 2, HELLO "1.0 a > P. 1001 ack 5001 len 9\n1.001 a < R. 5001 ack 1001 ttl 50\n",
		HELLO "1.0 ab > P. 1001 ack 5001 len 9\n1.01 ba < R. 5001 ack 1010\n",
		NULL },
	{ "sent", 2, "0.0 ab > S 1000\n0.01 ba < R. 0 ack 1001\n", "0.0 a > S 1000\n0.005 a < R. 0 ack 1001\n", NULL },
	{ "f5_sent", 2, "0.0 ab > S 1000\n0.01 ba < R. 0 ack 1001\n", "0.0 ab > S 1000\n0.01 ba < R. 0 ack 1001\n", f5_is_the_server },
	{ "reset_dropped", 2, HELLO TALK "1.0 b < R. 5010 ack 1010\n1.3 ab > P. 1010 ack 5010 len 9\n1.31 b < R 5010\n1.6 ab > P. 1010 ack 5010 len 9\n1.61 b < R 5010\n",
		HELLO TALK "1.0 ba < R. 5010 ack 1010\n", NULL },
	{ "injected_reset", 2, HELLO TALK "1.0 a < R. 5010 ack 1010 ttl 50\n1.1 ba < P. 5010 ack 1010 len 9\n1.2 ba < P. 5019 ack 1010 len 9\n",
		HELLO "1.0 a > P. 1001 ack 5001 len 9\n1.001 a < R. 5001 ack 1001 ttl 50\n", NULL },
	{ "ecn_syn", 2, "0.0 a > SEW 1000 id 7\n0.001 b > S 1000 id 7\n", "0.0 ab > SEW 1000 id 7\n", NULL },
	{ "ecn_field", 2, HELLO "0.1 a > P. 1001 ack 5001 len 9 id 7 tos 2\n0.101 b > P. 1001 ack 5001 len 9 id 7\n",
		HELLO "0.1 a > P. 1001 ack 5001 len 9 id 7 tos 2\n0.101 b > P. 1001 ack 5001 len 9 id 7 tos 3\n", NULL },
	{ "ecn_echo", 2, HELLO "0.1 a > P.E 1001 ack 5001 len 9 id 7\n0.101 b > P. 1001 ack 5001 len 9 id 7\n", HELLO "0.1 ab > P.E 1001 ack 5001 len 9 id 7\n", NULL },
	{ "ecn_blocked", 2, "0.0 a > SEW 1000\n1.0 a > SEW 1000\n3.0 a > SEW 1000\n", "0.0 a > SEW 1000\n1.0 a > SEW 1000\n3.0 a > SEW 1000\n", ecn_does_not_pass },
	{ "modified", 2, "0.0 a > S 1000 mss 1460\n0.001 b > S 1000 mss 1380\n", "0.0 ab > S 1000 mss 1460\n", NULL },
	{ "idle_timeout", 2, HELLO TALK GONE, HELLO TALK "9.0 a > P. 1010 ack 5010 len 9\n9.3 ab > P. 1010 ack 5010 len 9\n9.31 ba < . 5010 ack 1019\n", others_go_on },
	{ "state_lost", 2, HELLO TALK "1.0 a > P. 1010 ack 5010 len 9\n1.3 a > P. 1010 ack 5010 len 9\n1.9 a > P. 1010 ack 5010 len 9\n",
		HELLO TALK "1.0 a > P. 1010 ack 5010 len 900\n1.3 a > P. 1010 ack 5010 len 900\n1.9 a > P. 1010 ack 5010 len 900\n", NULL },
	{ "pmtu_blackhole", 2, HOLE, HOLE BIG("4.0", "ab", "1101") "4.01 ba < . 5001 ack 2501\n", NULL },
	{ "another_way", 3, "0.000 ac > S 1000\n0.010 cba < S. 5000 ack 1001\n0.020 ac > . 1001 ack 5001\n0.030 ac > P. 1001 ack 5001 len 100\n"
		"0.050 cba < P. 5001 ack 1101 len 500\n0.060 ac > . 1101 ack 5501\n", "0.000 ac > S 1000\n0.010 cba < S. 5000 ack 1001\n", NULL },
	{ "fragmented", 2, HELLO "0.1 a > P. 1001 ack 5001 len 1400 id 7\n0.101 b > P. 1001 ack 5001 len 556 id 7 more\n0.101 b > later 576 len 576 id 7 more\n"
		"0.101 b > later 1152 len 268 id 7\n", HELLO "0.1 ab > P. 1001 ack 5001 len 1400 id 7\n", fragments_come },
	{ "not_captured", 2, HELLO "0.1 a > P. 1001 ack 5001 len 9\n0.2 ba < P. 5001 ack 1010 len 9\n", HELLO "0.1 ab > P. 1001 ack 5001 len 9\n0.2 ba < P. 5001 ack 1010 len 9\n",
		NULL },
	{ "reuse_dropped", 2, SYNS, SYNS, used_before },
	{ "accepted_early", 2, "0.0 a > S 1000\n0.001 a < S. 5000 ack 1001\n0.002 a > . 1001 ack 5001\n2.0 a < R. 5001 ack 1001\n", HELLO, NULL },
	{ "gone", 2, HELLO TALK "0.25 a > . 1010 ack 5010\n" BYE, HELLO TALK BYE, NULL },
	{ "appeared", 2, HELLO TALK "0.25 b > . 1010 ack 5010\n", HELLO TALK, bad_capture },
	{ "one_point", 1, "0.0 a > S 1000\n1.0 a > S 1000\n", "0.0 a > S 1000\n0.1 a < S. 5000 ack 1001\n0.2 a > . 1001 ack 5001\n", NULL },
	{ "dropped", 2, HELLO "0.1 a > P. 1001 ack 5001 len 9\n0.4 ab > P. 1001 ack 5001 len 9\n0.5 ba < . 5001 ack 1010\n",
		HELLO "0.1 ab > P. 1001 ack 5001 len 9\n0.4 ab > P. 1001 ack 5001 len 9\n0.5 ba < . 5001 ack 1010\n", NULL },
	{ "rejected", 2, "0.0 a > S 1000\n0.005 a < R. 0 ack 1001\n", "0.0 ab > S 1000\n0.01 ba < R. 0 ack 1001\n", NULL },
	{ "policy_drop", 2, SYNS, SYNS, none_passes },
	{ "generated", 2, HELLO "0.030 ab > P. 1001 ack 5001 len 100\n0.035 a < P. 5001 ack 1101 len 200 ttl 50 hash 7\n0.050 ba < P. 5001 ack 1101 len 500\n"
		"0.060 ab > . 1101 ack 5501\n", HELLO "0.030 ab > P. 1001 ack 5001 len 100\n0.050 ba < P. 5001 ack 1101 len 500\n0.060 ab > . 1101 ack 5501\n", NULL },
	{ "corrupted", 2, GOOD "0.100 a > P. 1001 ack 5001 len 200 ts 40/0 id 8 hash 77 good\n0.101 b > P. 1001 ack 5001 len 200 ts 40/0 id 8 hash 5 bad\n"
		"0.400 ab > P. 1001 ack 5001 len 200 ts 50/0 id 9 good\n",
		GOOD "0.100 a > P. 1001 ack 5001 len 200 ts 40/0 id 8 hash 77 good\n0.101 b > P. 1001 ack 5001 len 200 ts 40/0 id 8 hash 5 good\n", NULL },
	{ "duplicated", 3, "0.000 abc > S 1000\n0.010 cba < S. 5000 ack 1001\n0.020 abc > . 1001 ack 5001\n0.10 abc > P. 1001 ack 5001 len 9\n"
		"0.20 cba < P. 5001 ack 1010 len 9\n0.21 abc > . 1010 ack 5010\n0.2121 c > . 1010 ack 5010\n",
		"0.000 abc > S 1000\n0.010 cba < S. 5000 ack 1001\n0.020 abc > . 1001 ack 5001\n0.10 abc > P. 1001 ack 5001 len 9\n"
		"0.20 cba < P. 5001 ack 1010 len 9\n0.21 abc > . 1010 ack 5010\n0.2121 abc > . 1010 ack 5010\n", NULL },
	{ "reordered", 2, HELLO "0.100 a > . 1001 ack 5001 len 10\n0.101 ab > . 1011 ack 5001 len 10\n0.102 ab > . 1021 ack 5001 len 10\n"
		"0.104 b > . 1001 ack 5001 len 10\n0.11 ba < . 5001 ack 1031\n",
		HELLO "0.100 ab > . 1001 ack 5001 len 10\n0.101 ab > . 1011 ack 5001 len 10\n0.102 ab > . 1021 ack 5001 len 10\n0.11 ba < . 5001 ack 1031\n", NULL },
	{ "resegmented", 2, HELLO "0.1 a > P. 1001 ack 5001 len 200\n0.101 b > . 1001 ack 5001 len 100\n0.101 b > P. 1101 ack 5001 len 100\n0.2 ba < . 5001 ack 1201\n",
		HELLO "0.1 ab > P. 1001 ack 5001 len 200\n0.2 ba < . 5001 ack 1201\n", NULL },
	{ "capture_duplicate", 2, HELLO TALK "11. ab > P. 1010 ack 5010 len 5 id 8\n11. a > P. 1010 ack 5010 len 5 id 8\n", HELLO TALK, mirrors },
	{ "retransmitted", 2, HELLO "0.1 ab > P. 1001 ack 5001 len 9\n0.4 ab > P. 1001 ack 5001 len 9\n", HELLO "0.1 ab > P. 1001 ack 5001 len 9\n", NULL },
	{ "keepalive", 2, HELLO TALK "9.0 ba < . 5009 ack 1010\n10. ba < . 5009 ack 1010\n", HELLO TALK "9.0 ba < . 5010 ack 1010\n", NULL },
	{ "zero_window", 2, HELLO TALK "1.0 ab > . 1010 ack 5010 win 0\n", HELLO TALK "1.0 ab > . 1010 ack 5010 win 1\n", NULL },
	{ "port_reuse", 2, HELLO TALK BYE, HELLO TALK BYE, used_before },
	{ "recycled", 2, HELLO TALK "0.3 ab > R. 1010 ack 5010\n", HELLO TALK "0.3 ab > R. 1010 ack 5010\n", used_again },
	{ "sack_not_shifted", 2, SHIFTED "0.101 a < . 5001 ack 1001 sack 2101-2201\n", SHIFTED "0.101 a < . 5001 ack 1001 sack 1101-1201\n", NULL },
};

#define TRIALS (sizeof trials / sizeof *trials)

static bool fired(const struct trial *t, bool near, char *all, size_t size)
{
	struct scene *s = scene_new(t->points);
	struct changes changed = { 0 };
	bool found = false;
	size_t n = 0;

	scene_text(s, near ? t->near : t->fires);
	if (t->around)
		t->around(s, near);
	scene_judge(s);
	changes_find(&s->c, &changed);
	judge_changes(&s->c, &changed, &s->found);
	changes_free(&changed);
	*all = '\0';
	for (uint32_t i = 0; i < s->found.n; i++) {
		const struct finding *f = &s->found.list[i];
		const struct rule *r = rules_find(f->rule);
		if (!r)
			fail_msg("rule %s is not in the table", f->rule);
		else if (f->confidence > r->highest)
			fail_msg("rule %s may be no more than %s", f->rule, confidence_name(r->highest));
		n += (size_t)snprintf(all + n, n < size ? size - n : 0, " %s(%s)", f->rule, confidence_name((enum confidence)f->confidence));
		/* What is only possible is no claim; rules that are never more are told by their name. */
		found |= strcmp(f->rule, t->rule) == 0 && (f->confidence != POSSIBLE || r->highest == POSSIBLE);
	}
	scene_free(s);
	return found;
}

static void every_rule_fires_where_it_should_and_only_there(void **state)
{
	char all[2000];
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < TRIALS; i++)
		for (int near = 0; near < 2; near++)
			if (fired(&trials[i], near, all, sizeof all) == (bool)near)
				print_error("%s %s:%s\n", trials[i].rule, near ? "fired" : "did not fire", all), wrong++;
	assert_int_equal(wrong, 0);
}

static void every_rule_is_tried(void **state)
{
	size_t n;
	const struct rule *all = rules_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < TRIALS && strcmp(trials[k].rule, all[i].name))
			k++;
		if (k == TRIALS)
			fail_msg("nothing tries rule %s", all[i].name);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(all[j].name, all[i].name);
	}
	assert_int_equal(n, TRIALS);
}

static char *contents(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_true(f && text);
	assert_in_range(fread(text, 1, (1 << 20) - 1, f), 1, (1 << 20) - 2);
	fclose(f);
	return text;
}

/* As the manual writes it: a sentence. */
static void assert_in(const char *page, const char *words, const char *end, const struct rule *r)
{
	char line[600];

	snprintf(line, sizeof line, "\n%s%s\n", words, end);
	line[1] = *end == ':' && line[1] >= 'a' && line[1] <= 'z' ? (char)(line[1] - 'a' + 'A') : line[1];
	if (!strstr(page, line))
		fail_msg("the manual says of rule %s something else than:%s", r->name, line);
}

static void the_manual_has_the_table(void **state)
{
	char *page = contents("correlate/pcaphop.1"), head[100];
	size_t n, in_page = 0;
	const struct rule *all = rules_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		snprintf(head, sizeof head, ".It %s Sy %s", all[i].id, all[i].name);
		assert_in(page, head, "", &all[i]);
		assert_in(page, all[i].pattern, ":", &all[i]);
		assert_in(page, all[i].says, ".", &all[i]);
		assert_true(*all[i].source);
	}
	for (const char *at = page; (at = strstr(at, "\n.It R")) || (at = NULL); at++)
		in_page += at[6] >= '0' && at[6] <= '9';
	for (const char *at = page; (at = strstr(at, "\n.It W")) || (at = NULL); at++)
		in_page += at[6] >= '0' && at[6] <= '9';
	assert_int_equal(in_page, n);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_fires_where_it_should_and_only_there),
		cmocka_unit_test(every_rule_is_tried),
		cmocka_unit_test(the_manual_has_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
