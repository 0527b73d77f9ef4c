/* Dropped, made on the way, or only not recorded? */
#include "tests/conn_build.h"

#include "correlate/reason.h"

#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"     /* lines 1 to 3 */
#define HELLO_A "0.000 a > S  1000\n0.010 a < S. 5000 ack 1001\n0.020 a > .  1001 ack 5001\n"

/* The founding case: SYN, SYN again, a bare ACK for it, and a reset. */
#define HALF_OPEN "0.000 a > S 1000 ts 145592423/0\n2.996 a > S 1000 ts 145593173/0\n3.028 a < . 5001 ack 1001 win 12288\n7.268 a < R. 5001 ack 1001\n"

static struct scene *scene_of(unsigned points, const char *text)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	return s;
}

/* What became of the packet of a line: "dropped a>b", "generated b>a", "passed", "host", "" - of both ends, if there is something to be said of both. */
static const char *became(const struct scene *s, unsigned line)
{
	static const char *const name[] = { "", "passed", "dropped", "generated", "outside", "unknown", "doubled", "strayed" };
	static char out[64];
	const struct tx *x = tx_of(s, line);
	const uint8_t *way = s->c.way[x->dir];
	size_t n = 0;

	out[0] = '\0';
	if (x->fate_to != FATE_NONE)
		n = (size_t)snprintf(out, sizeof out, "%s %c>%c", name[x->fate_to], 'a' + way[x->reach], 'a' + way[x->reach + 1]);
	else if (x->reach > x->to)
		n = (size_t)snprintf(out, sizeof out, "passed");
	if (x->fate_from != FATE_NONE)
		snprintf(out + n, sizeof out - n, "%s%s %c>%c", n ? ", " : "", name[x->fate_from], 'a' + way[x->from - 1], 'a' + way[x->from]);
	else if (x->by_host)
		snprintf(out + n, sizeof out - n, "%shost", n ? ", " : "");
	return out;
}

#define assert_became(s, line, what) assert_string_equal(became(s, line), what)

/* ---- lost ---- */

static void a_clean_connection_has_no_fates(void **state)
{
	struct scene *s = scene_of(2, HELLO "0.1 ab > P. 1001 ack 5001 len 10\n0.2 ba < . 5001 ack 1011\n");

	(void)state;
	scene_fate(s);
	assert_false(fate_differs(&s->c));
	for (unsigned line = 1; line <= 5; line++)
		assert_became(s, line, "");
	scene_free(s);
}

static void a_handshake_that_is_repeated_was_dropped(void **state)
{
	struct scene *s = scene_of(2, "0.0 a > S 1000\n1.0 ab > S 1000\n1.01 ba < S. 5000 ack 1001\n1.02 ab > . 1001 ack 5001\n");

	(void)state;
	scene_fate(s);
	assert_true(fate_differs(&s->c));
	assert_became(s, 1, "dropped a>b");
	assert_true(tx_of(s, 1)->reasons_to & WHY_REPEATED);
	for (unsigned line = 2; line <= 4; line++)
		assert_became(s, line, "");
	scene_free(s);
	s = scene_of(2, "0.0 ab > S 1000\n0.01 b < S. 5000 ack 1001\n1.01 ba < S. 5000 ack 1001\n1.02 ab > . 1001 ack 5001\n");
	scene_fate(s);
	assert_became(s, 2, "dropped b>a");
	assert_became(s, 3, "");
	scene_free(s);
}

static void data_that_is_repeated_was_dropped(void **state)
{
	struct scene *s = scene_of(3, "0.0 abc > S 1000\n0.1 cba < S. 5000 ack 1001\n"
		"0.2 ab  > P. 1001 ack 5001 len 100\n"
		"0.5 abc > P. 1001 ack 5001 len 100\n"
		"0.6 cba < .  5001 ack 1101\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 3, "dropped b>c");
	assert_became(s, 4, "");
	scene_free(s);
}

static void what_a_point_lacks_of_both_directions_at_once_it_missed(void **state)
{
	static const struct {
		const char *text, *became;
	} scene[] = {
		/* The repeat alone says that the packet was dropped ... */
		{ "0.100 a > P. 1001 ack 5001 len 10\n0.500 ab > P. 1001 ack 5001 len 10\n0.510 ba < . 5001 ack 1011\n", "dropped a>b" },
		/* ... but not if the point lacks what came the other way at that time ... */
		{ "0.100 a > P. 1001 ack 5001 len 10\n0.150 a < . 5001 ack 1001\n0.500 ab > P. 1001 ack 5001 len 10\n0.510 ba < . 5001 ack 1011\n", "unknown a>b" },
		/* ... and long after is not at that time. */
		{ "0.100 a > P. 1001 ack 5001 len 10\n0.500 ab > P. 1001 ack 5001 len 10\n0.510 ba < . 5001 ack 1011\n1.000 a < . 5001 ack 1011\n", "dropped a>b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof scene / sizeof *scene; i++) {
		char text[400];
		snprintf(text, sizeof text, HELLO "%s", scene[i].text);
		struct scene *s = scene_of(2, text);
		s->f.point[0].hop[C2S].passed = 100;
		s->f.point[0].hop[C2S].lost = 2;
		scene_coverage(s, 'b', 10000, 0);
		scene_fate(s);
		assert_became(s, 4, scene[i].became);
		scene_free(s);
	}
}

static void a_pure_ack_may_be_lost_or_missed(void **state)
{
	struct scene *s = scene_of(2, HELLO "0.1 ba < P. 5001 ack 1001 len 10\n0.2 a > . 1001 ack 5011\n0.3 ab > P. 1001 ack 5011 len 10\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 5, "unknown a>b");
	scene_free(s);
}

static void an_ack_was_dropped_if_the_other_side_repeats(void **state)
{
	struct scene *s = scene_of(2, HELLO
		"0.1 ba < P. 5001 ack 1001 len 10\n"
		"0.2 a  > .  1001 ack 5011\n"
		"0.6 ba < P. 5001 ack 1001 len 10\n"
		"0.7 ab > .  1001 ack 5011\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 5, "dropped a>b");
	assert_true(tx_of(s, 5)->reasons_to & WHY_PEER_REPEATED);
	scene_free(s);
}

static void an_ack_was_dropped_if_too_many_are_missing(void **state)
{
	struct scene *s = scene_of(2, HELLO "0.1 ba < P. 5001 ack 1001 len 10\n0.2 a > . 1001 ack 5011\n");

	(void)state;
	s->f.point[0].hop[C2S].quiet = s->f.point[0].hop[C2S].gone = 100;
	scene_fate(s);
	assert_became(s, 5, "dropped a>b");
	assert_true(tx_of(s, 5)->reasons_to & WHY_RATE);
	/* ... but not if the capture misses as many anyway. */
	scene_coverage(s, 'b', 1000, 80);
	fate_judge(&s->t);
	assert_became(s, 5, "unknown a>b");
	scene_free(s);
}

static void what_is_proved_to_have_passed_is_not_lost(void **state)
{
	struct scene *s = scene_of(2, HELLO "0.1 a > P. 1001 ack 5001 len 10\n0.2 ba < . 5001 ack 1011\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 4, "passed");
	assert_int_equal(s->f.point[1].sight[C2S].missed, 1);
	scene_free(s);
	s = scene_of(2, HELLO "0.1 a > P. 1001 ack 5001 len 10\n0.2 ba < . 5001 ack 1011\n0.3 ab > P. 1001 ack 5001 len 10\n");
	scene_fate(s);
	assert_became(s, 4, "passed");
	scene_free(s);
}

static void what_was_cut_up_on_the_way_is_neither_lost_nor_made(void **state)
{
	struct scene *s = scene_of(2, HELLO
		"0.100 a > P. 1001 ack 5001 len 300\n"
		"0.101 b > .  1001 ack 5001 len 100\n"
		"0.101 b > .  1101 ack 5001 len 100\n"
		"0.101 b > P. 1201 ack 5001 len 100\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 4, "passed");
	for (unsigned line = 5; line <= 7; line++)
		assert_became(s, line, "");
	scene_free(s);
}

/* ---- made on the way ---- */

static void a_reset_seen_on_one_side_only_was_made_there(void **state)
{
	struct scene *s = scene_of(2, HELLO "1.0 a < R. 5001 ack 1001\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 4, "generated b>a");
	scene_free(s);
	s = scene_of(2, HELLO "1.0 ba < R. 5001 ack 1001\n");
	scene_fate(s);
	assert_became(s, 4, "");
	scene_free(s);
}

static void resets_to_both_sides_were_made_between(void **state)
{
	struct scene *s = scene_of(2, HELLO "1.0 a < R. 5001 ack 1001\n1.0 b > R. 1001 ack 5001\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 4, "generated b>a");
	assert_became(s, 5, "generated a>b");
	assert_true(tx_of(s, 4)->reasons_from & tx_of(s, 5)->reasons_from & WHY_BOTH_SIDES);
	scene_free(s);
}

/* Whether it was made before or behind the point in the middle, only its capture can tell. */
static void on_which_of_two_hops_a_reset_was_made_the_capture_between_tells(void **state)
{
	static const char text[] = "0.00 abc > S 1000\n0.01 cba < S. 5000 ack 1001\n0.02 abc > . 1001 ack 5001\n1.0 c > R 1001 ttl 200\n";

	(void)state;
	for (uint64_t missed = 0; missed <= 50; missed += 50) {
		struct scene *s = scene_of(3, text);
		scene_coverage(s, 'b', 1000, missed);
		scene_fate(s);
		assert_became(s, 4, missed ? "unknown b>c" : "generated b>c");
		scene_free(s);
	}
	/* One reset at a, another one at c: of one device, so that b must have missed one of them. */
	struct scene *s = scene_of(3, "0.00 abc > S 1000\n0.01 cba < S. 5000 ack 1001\n0.02 abc > . 1001 ack 5001\n1.0 c > R 1001 ttl 200\n1.0 a < R 5001 ttl 200\n");
	scene_fate(s);
	assert_became(s, 4, "unknown b>c");
	assert_became(s, 5, "unknown b>a");
	scene_free(s);
}

static void a_reset_may_be_of_the_next_connection(void **state)
{
	struct scene *s = scene_of(2, HELLO "1.0 b > R 1001 ttl 200\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 4, "generated a>b");
	s->f.conn[s->c.index].next = 1;
	s->f.conn[1].start_ns = SEC - MSEC;
	fate_judge(&s->t);
	assert_became(s, 4, "unknown a>b");
	scene_free(s);
}

/* A capture loses neighbours together; what is missing again and again is another matter. */
static void what_is_missing_in_one_run_is_one_accident(void **state)
{
#define FOUR HELLO "0.10 ba < . 5001 ack 1001 len 10\n0.11 ba < . 5011 ack 1001 len 10\n0.12 ba < . 5021 ack 1001 len 10\n0.13 ba < . 5031 ack 1001 len 10\n"
	static const char *const text[] = { FOUR "0.20 a > . 1001 ack 5011\n0.21 a > . 1001 ack 5021\n0.22 a > . 1001 ack 5031\n0.30 ab > . 1001 ack 5041\n",
		FOUR "0.20 a > . 1001 ack 5011\n1.21 a > . 1001 ack 5021\n2.22 a > . 1001 ack 5031\n3.30 ab > . 1001 ack 5041\n" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scene *s = scene_of(2, text[i]);
		scene_fate(s);
		assert_became(s, 9, i == 0 ? "unknown a>b" : "dropped a>b");
		scene_free(s);
	}
}

static void what_a_reset_from_beyond_answers_has_come_there(void **state)
{
	struct scene *s = scene_of(2, HELLO "0.1 a > P. 1001 ack 5001 len 100\n0.12 a < R. 5001 ack 1101 ttl 200\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 4, "dropped a>b");
	scene_free(s);
	s = scene_of(2, HELLO "0.1 a > P. 1001 ack 5001 len 100\n0.12 ba < R. 5001 ack 1101\n");
	scene_fate(s);
	assert_became(s, 4, "unknown a>b");
	scene_free(s);
}

/* What is acknowledged may be another repeat, that overtook the first one or that the point before missed. */
static void an_acknowledgment_behind_any_repeat_proves_nothing(void **state)
{
	struct scene *s = scene_of(2, "0.000 ab > S 1000\n0.010 b < S. 5000 ack 1001 id 1\n1.012 ba < S. 5000 ack 1001 id 7\n"
		"1.0125 a < S. 5000 ack 1001 id 8\n1.0127 a > . 1001 ack 5001\n");

	(void)state;
	scene_fate(s);
	assert_int_equal(tx_of(s, 2)->reasons_to & WHY_ACKED, 0);
	assert_string_not_equal(became(s, 2), "passed");
	scene_free(s);
}

static void a_syn_refused_on_the_way_was_dropped_and_its_refusal_made_there(void **state)
{
	static const char *const text[] = { "0.000 a > S 1000\n0.005 a < R. 0 ack 1001\n", "0.000 a > S 1000\n0.005 a < icmp 1000\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene *s = scene_of(2, text[i]);
		scene_fate(s);
		assert_became(s, 1, "dropped a>b");
		assert_became(s, 2, "generated b>a");
		assert_true(tx_of(s, 1)->reasons_to & WHY_REFUSED);
		scene_free(s);
	}
}

static void an_error_about_a_packet_that_came_by_was_made_beyond(void **state)
{
	struct scene *s = scene_of(3, "0.000 ab > S 1000\n0.005 a < icmp 1000\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 1, "dropped b>c");
	assert_became(s, 2, "unknown b>a");
	scene_free(s);
}

static void what_a_small_snaplen_cuts_off_is_not_absent(void **state)
{
	(void)state;
	for (uint64_t unread = 0; unread < 2; unread++) {
		struct scene *s = scene_of(2, HALF_OPEN);
		s->f.point[1].running = true;
		s->f.point[1].unread = unread;
		hosts_free(s->f.hosts);
		s->f.hosts = hosts_new();
		scene_fate(s);
		assert_became(s, 1, unread ? "unknown a>b" : "dropped a>b");
		assert_int_equal(tx_of(s, 1)->reasons_to & WHY_UNREAD, unread ? WHY_UNREAD : 0);
		scene_free(s);
	}
}

static void a_bare_ack_for_a_syn_that_never_came_was_made_on_the_way(void **state)
{
	struct scene *s = scene_of(2, HALF_OPEN);

	(void)state;
	scene_fate(s);
	assert_became(s, 1, "dropped a>b");
	assert_became(s, 2, "dropped a>b");
	assert_became(s, 3, "generated b>a");
	assert_became(s, 4, "generated b>a");
	assert_true(tx_of(s, 3)->reasons_from & WHY_NOTHING_TO_ANSWER);
	scene_free(s);
}

static void a_pure_ack_that_appears_may_only_have_been_missed(void **state)
{
	struct scene *s = scene_of(2, HELLO "0.1 ab > P. 1001 ack 5001 len 10\n0.2 a < . 5001 ack 1011\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 5, "unknown b>a");
	scene_free(s);
	/* A host that agreed to timestamps sends none without, and its TTL does not change. */
	s = scene_of(2, "0.00 ab > S 1000 ts 1/0\n0.01 ba < S. 5000 ack 1001 ts 9/1\n0.02 ab > . 1001 ack 5001 ts 2/9\n0.2 a < . 5001 ack 1011 ttl 200\n");
	scene_fate(s);
	assert_became(s, 4, "generated b>a");
	assert_int_equal(tx_of(s, 4)->reasons_from & (WHY_TTL | WHY_NO_TIMESTAMP), WHY_TTL | WHY_NO_TIMESTAMP);
	scene_free(s);
}

/* A point that does not know the connection - its flow may have been joined with none - has nothing else to miss. */
static void points_that_do_not_know_the_connection_are_no_witnesses(void **state)
{
	struct scene *s = scene_of(3, "0.00 abc > S 1000\n0.01 cba < S. 5000 ack 1001\n0.02 abc > . 1001 ack 5001\n"
				      "0.1 abc > P. 1001 ack 5001 len 10\n0.2 a < . 5001 ack 1011\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 5, "generated b>a");
	assert_true(tx_of(s, 5)->reasons_from & WHY_ALL_MISS);
	scene_free(s);
	s = scene_of(3, HELLO "0.1 ab > P. 1001 ack 5001 len 10\n0.2 a < . 5001 ack 1011\n");
	scene_fate(s);
	assert_became(s, 5, "unknown b>a");
	assert_false(tx_of(s, 5)->reasons_from & WHY_ALL_MISS);
	scene_free(s);
}

/* One of several flows beyond is this one, under other names. */
static void an_ambiguous_flow_proves_no_loss_and_no_device(void **state)
{
	(void)state;
	for (int ambiguous = 0; ambiguous < 2; ambiguous++) {
		struct scene *s = scene_of(2, "0.0 a > S 1000\n1.0 a > S 1000\n1.1 a < . 7000 ack 1001\n");
		s->f.flow[0].state = ambiguous ? JOIN_AMBIGUOUS : JOIN_ALONE;
		scene_fate(s);
		assert_became(s, 1, ambiguous ? "unknown a>b" : "dropped a>b");
		assert_became(s, 3, ambiguous ? "unknown b>a" : "generated b>a");
		assert_int_equal(!!(tx_of(s, 1)->reasons_to & WHY_ORPHANS), ambiguous);
		scene_free(s);
	}
}

static void data_whose_host_went_on_is_the_hosts(void **state)
{
	struct scene *s = scene_of(2, HELLO "0.1 b > P. 1001 ack 5001 len 10\n0.2 ab > P. 1011 ack 5001 len 10\n0.3 ba < . 5001 ack 1021\n");

	(void)state;
	scene_fate(s);
	assert_became(s, 4, "host");
	scene_free(s);
}

/* ---- what the captures can know ---- */

static void a_capture_known_to_miss_packets_proves_no_loss(void **state)
{
	static const char *const text[] = {
		"0.0 a > S 1000\n1.0 ab > S 1000\n1.01 ba < S. 5000 ack 1001\n1.02 ab > . 1001 ack 5001\n",
		HELLO "1.0 a < R. 5001 ack 1001\n", HALF_OPEN,
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene *s = scene_of(2, text[i]);
		scene_coverage(s, 'b', 1000, 500);
		scene_fate(s);
		for (uint32_t x = 0; x < s->c.txs; x++)
			assert_true(s->c.tx[x].fate_to != FATE_DROPPED && s->c.tx[x].fate_from != FATE_GENERATED);
		scene_free(s);
	}
}

static void outside_its_window_a_point_knows_nothing(void **state)
{
	struct scene *s = scene_of(2, HALF_OPEN);

	(void)state;
	s->f.point[1].window[0].to_ns = -SEC;
	scene_fate(s);
	assert_became(s, 1, "outside a>b");
	assert_became(s, 2, "outside a>b");
	assert_became(s, 3, "outside b>a");
	assert_became(s, 4, "outside b>a");
	/* ... unless the user vouches for it. */
	s->f.point[1].running = true;
	scene_fate(s);
	assert_became(s, 2, "dropped a>b");
	assert_became(s, 4, "generated b>a");
	scene_free(s);
}

/* One way takes 80 ms: what passed the near capture less than that before the far one ended, or the far one less than that after the near one began. */
static void what_was_on_its_way_when_a_capture_ended_was_not_dropped(void **state)
{
	static const char text[] = "0.000 a > S 1000 id 1\n0.080 b > S 1000 id 1 ttl 63\n0.090 b < S. 5000 ack 1001 id 1\n0.170 a < S. 5000 ack 1001 id 1 ttl 63\n"
		"0.2 a > . 1001 ack 5001 id 2\n0.28 b > . 1001 ack 5001 id 2 ttl 63\n"
		"9.00 a > P. 1001 ack 5001 len 10 id 3\n"
		"9.94 a > P. 1001 ack 5001 len 10 id 4\n10.11 a < . 5001 ack 1011 id 2 ttl 63\n";
	struct scene *s = scene_of(2, text);

	(void)state;
	s->f.point[1].window[0].to_ns = 10 * SEC;
	scene_fate(s);
	assert_became(s, 7, "dropped a>b");
	assert_became(s, 8, "outside a>b");
	assert_became(s, 9, "outside b>a");
	scene_free(s);
	s = scene_of(2, text);
	s->f.point[1].window[0].to_ns = 10 * SEC + 300 * MSEC;
	scene_fate(s);
	assert_became(s, 8, "dropped a>b");
	scene_free(s);
	s = scene_of(2, "-0.9 b > R 1001 id 9 ttl 63\n0.0 a > S 1000 id 1\n0.080 b > S 1000 id 1 ttl 63\n");
	s->f.point[0].window[0].from_ns = -980 * MSEC;
	scene_fate(s);
	assert_became(s, 1, "outside a>b");
	scene_free(s);
}

/* b misses one packet, and ends before the answer: a, that holds six more and the answers, shows no loss. */
static void what_came_after_a_capture_ended_is_no_evidence(void **state)
{
	static const int64_t end[] = { 9970 * MSEC, 10 * SEC };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene *s = scene_of(2, HELLO "0.1 ab > P. 1001 ack 5001 len 100\n0.2 ba < . 5001 ack 1101\n9.85 a > P. 1101 ack 5001 len 100\n"
			"10.05 a < . 5001 ack 1201\n10.1 a > P. 1201 ack 5001 len 100\n10.2 a > P. 1301 ack 5001 len 100\n10.3 a > P. 1401 ack 5001 len 100\n"
			"10.4 a > P. 1501 ack 5001 len 100\n10.5 a > P. 1601 ack 5001 len 100\n10.55 a > P. 1701 ack 5001 len 100\n"
			"10.6 a < . 5001 ack 1801\n");
		s->f.point[1].window[0].to_ns = end[i];
		scene_fate(s);
		assert_became(s, 6, "unknown a>b");
		assert_int_equal(tx_of(s, 6)->reasons_to & (WHY_UNANSWERED | WHY_COMPANY), 0);
		scene_free(s);
	}
}

static void a_repeat_after_the_window_follows_the_one_before(void **state)
{
	struct scene *s = scene_of(2, "0.0 a > S 1000\n1.0 a > S 1000\n3.0 a > S 1000\n");

	(void)state;
	s->f.point[1].window[0].to_ns = SEC / 2;
	scene_fate(s);
	assert_became(s, 1, "dropped a>b");
	assert_became(s, 3, "dropped a>b");
	assert_int_equal(tx_of(s, 1)->reasons_to & WHY_WINDOW, 0);
	assert_int_equal(tx_of(s, 3)->reasons_to & WHY_WINDOW, WHY_WINDOW);
	scene_free(s);
}

static void a_reset_after_the_window_follows_nothing(void **state)
{
	struct scene *s = scene_of(2, "0.0 a > S 1000\n0.3 a > S 1000\n5.0 a > R 1001\n");

	(void)state;
	s->f.point[1].window[0].to_ns = SEC;
	scene_fate(s);
	assert_became(s, 1, "dropped a>b");
	assert_became(s, 3, "outside a>b");
	scene_free(s);
	s = scene_of(2, "5.0 a > R 1001\n");
	s->f.point[1].window[0].to_ns = SEC;
	scene_fate(s);
	assert_became(s, 1, "outside a>b");
	scene_free(s);
}

static void a_direction_that_takes_another_way_is_not_missed(void **state)
{
	struct scene *s = scene_of(2, "0.0 ab > S 1000\n0.1 a < S. 5000 ack 1001\n0.2 ab > P. 1001 ack 5001 len 9\n0.3 a < . 5001 ack 1010\n0.4 a < R. 5001 ack 1010\n");

	(void)state;
	s->f.point[1].sight[S2C].elsewhere = true;
	scene_fate(s);
	for (unsigned line = 1; line <= 5; line++)
		assert_became(s, line, "");
	scene_free(s);
}

static void a_conversation_that_a_point_holds_nothing_of_passed_it(void **state)
{
	static const char text[] = HELLO_A "0.1 a > P. 1001 ack 5001 len 10\n0.2 a < P. 5001 ack 1011 len 10\n0.3 a > R 1011\n";
	struct scene *s = scene_of(2, text);

	(void)state;
	scene_fate(s);
	assert_became(s, 1, "passed");
	assert_became(s, 4, "passed");
	assert_became(s, 5, "host");
	scene_free(s);
	/* If no other connection of the server is the same on both sides, a proxy may stand between: a riddle. */
	s = scene_of(2, text);
	scene_host(s, 1, SERVER, 0)->joined = 0;
	scene_fate(s);
	assert_became(s, 1, "unknown a>b");
	assert_became(s, 2, "unknown b>a");
	assert_became(s, 4, "unknown a>b");
	scene_free(s);
}

/* Of a bundle of links the point sees one: connections went by it unseen. */
static void a_point_that_whole_connections_pass_unseen_proves_no_loss_of_one(void **state)
{
	static const char syn[] = "0.0 a > S 1000\n1.0 a > S 1000\n3.0 a > S 1000\n7.0 a > S 1000\n";

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct scene *s = scene_of(2, syn);
		s->f.point[1].held = 100;
		s->f.point[1].unseen = 20 * k;
		scene_fate(s);
		assert_became(s, 1, k ? "unknown a>b" : "dropped a>b");
		scene_free(s);
	}
}

static void connections_that_a_point_does_not_hold_are_counted(void **state)
{
	static const char *const text[] = { HELLO "0.1 ab > P. 1001 ack 5001 len 10\n0.2 ba < P. 5001 ack 1011 len 10\n",
		HELLO_A "0.1 a > P. 1001 ack 5001 len 10\n0.2 a < P. 5001 ack 1011 len 10\n", HELLO_A };
	static const uint64_t held[] = { 1, 0, 0 }, unseen[] = { 0, 1, 0 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene *s = scene_of(2, text[i]);
		scene_fate(s);
		assert_int_equal(s->f.point[1].held, held[i]);
		assert_int_equal(s->f.point[1].unseen, unseen[i]);
		scene_free(s);
	}
}

static void a_point_that_never_sees_the_server_accuses_nobody(void **state)
{
	struct scene *s = scene_of(2, HALF_OPEN);
	struct host *h = scene_host(s, 1, SERVER, 0);

	(void)state;
	h->arrivals = h->flows = 0;
	h->joined = 0;
	scene_fate(s);
	assert_became(s, 1, "unknown a>b");
	assert_became(s, 3, "unknown b>a");
	assert_true(tx_of(s, 1)->reasons_to & WHY_ELSEWHERE);
	s->f.point[1].running = true;
	fate_judge(&s->t);
	assert_became(s, 1, "dropped a>b");
	scene_free(s);
}

/* ---- what may be another connection ---- */

/* A connection that b does not know, and one of other names that only b knows; `points`: those that saw it. */
static struct scene *scene_orphan(uint64_t points, int64_t start_ns, int64_t last_ns, bool begun)
{
	struct scene *s = scene_of(3, HELLO_A "0.1 a > P. 1001 ack 5001 len 10\n0.5 a > P. 1001 ack 5001 len 10\n");
	struct orphans *o = &s->f.orphans[1];

	o->list = calloc(1, sizeof *o->list);
	assert_non_null(o->list);
	o->list[o->n++] = (struct orphan){ start_ns, last_ns, begun, CLIENT, points };
	scene_fate(s);
	return s;
}

static void an_orphan_may_be_what_is_missing(void **state)
{
	struct scene *at_once = scene_orphan(2, 0, SEC, true), *beyond = scene_orphan(6, 0, SEC, true), *later = scene_orphan(2, 90 * SEC, 91 * SEC, true);
	struct scene *known = scene_orphan(3, 0, SEC, true), *midst = scene_orphan(2, -90 * SEC, SEC, false), *over = scene_orphan(2, -90 * SEC, -10 * SEC, false);

	(void)state;
	assert_became(at_once, 4, "unknown a>b");
	assert_became(beyond, 4, "unknown a>b");
	assert_became(later, 4, "dropped a>b");
	assert_became(known, 4, "dropped a>b"); /* it is at a, too: another one */
	assert_became(midst, 4, "unknown a>b"); /* its beginning was not captured */
	assert_became(over, 4, "dropped a>b");
	scene_free(at_once);
	scene_free(beyond);
	scene_free(later);
	scene_free(known);
	scene_free(midst);
	scene_free(over);
}

/* Not one packet of the client is the same at a and b, though IP IDs are kept: then these are no losses, and b's are not new. */
/*
 * The first two SYNs may be lost: then one that comes through with the third is still it. And if the near capture may have missed the first, so is one that
 * came through before.
 */
static void an_orphan_may_begin_with_another_syn(void **state)
{
	static const struct {
		int64_t start;
		uint64_t missed;
		bool it;
	} row[] = { { 3 * SEC, 0, true }, { 6 * SEC, 0, false }, { -SEC, 0, false }, { -SEC, 10, true } };

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct scene *s = scene_of(2, "0.0 a > S 1000\n1.0 a > S 1000\n3.0 a > S 1000\n3.01 a < S. 5000 ack 1001\n3.02 a > . 1001 ack 5001\n"
			"3.03 a > P. 1001 ack 5001 len 10\n");
		struct orphans *o = &s->f.orphans[1];
		o->list = calloc(1, sizeof *o->list);
		assert_non_null(o->list);
		o->list[o->n++] = (struct orphan){ row[i].start, row[i].start + SEC / 100, true, CLIENT, 2 };
		scene_coverage(s, 'a', 1000, row[i].missed);
		scene_fate(s);
		assert_became(s, 3, row[i].it ? "unknown a>b" : "dropped a>b");
		scene_free(s);
	}
}

static void a_hop_that_shares_nothing_proves_nothing(void **state)
{
	static const char *const text =
		"0.000 a > S  1000 id 1\n0.001 b > S  1000 id 1001\n"
		"0.010 ba < S. 5000 ack 1001 id 7\n"
		"0.020 a > .  1001 ack 5001 id 2\n0.021 b > .  1001 ack 5001 id 1002\n"
		"0.100 a > P. 1001 ack 5001 len 10 id 3\n0.101 b > P. 1001 ack 5001 len 10 id 1003\n"
		"0.200 ba < . 5001 ack 1011 id 8\n";
	struct scene *s = scene_new(2);

	(void)state;
	s->f.point[0].hop[C2S].keeps_ip_id = 1000;
	scene_text(s, text);
	scene_judge(s);
	assert_int_not_equal(tx_at(s, 6, 'a'), tx_at(s, 7, 'b'));
	assert_string_equal(told(s, ACCUSATIONS " not_captured retransmitted"), "");
	scene_free(s);
}

/* One of them is: then the others were lost, or made. */
static void a_hop_that_shares_one_packet_is_judged(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	s->f.point[0].hop[C2S].keeps_ip_id = 1000;
	scene_text(s, HELLO "0.1 a > P. 1001 ack 5001 len 10 id 3\n0.5 a > P. 1001 ack 5001 len 10 id 4\n");
	scene_fate(s);
	assert_became(s, 4, "dropped a>b");
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_connection_has_no_fates),
		cmocka_unit_test(a_handshake_that_is_repeated_was_dropped),
		cmocka_unit_test(data_that_is_repeated_was_dropped),
		cmocka_unit_test(what_a_point_lacks_of_both_directions_at_once_it_missed),
		cmocka_unit_test(a_pure_ack_may_be_lost_or_missed),
		cmocka_unit_test(an_ack_was_dropped_if_the_other_side_repeats),
		cmocka_unit_test(an_ack_was_dropped_if_too_many_are_missing),
		cmocka_unit_test(what_is_proved_to_have_passed_is_not_lost),
		cmocka_unit_test(what_was_cut_up_on_the_way_is_neither_lost_nor_made),
		cmocka_unit_test(a_reset_seen_on_one_side_only_was_made_there),
		cmocka_unit_test(resets_to_both_sides_were_made_between),
		cmocka_unit_test(on_which_of_two_hops_a_reset_was_made_the_capture_between_tells),
		cmocka_unit_test(a_reset_may_be_of_the_next_connection),
		cmocka_unit_test(what_is_missing_in_one_run_is_one_accident),
		cmocka_unit_test(what_a_reset_from_beyond_answers_has_come_there),
		cmocka_unit_test(an_acknowledgment_behind_any_repeat_proves_nothing),
		cmocka_unit_test(a_syn_refused_on_the_way_was_dropped_and_its_refusal_made_there),
		cmocka_unit_test(an_error_about_a_packet_that_came_by_was_made_beyond),
		cmocka_unit_test(what_a_small_snaplen_cuts_off_is_not_absent),
		cmocka_unit_test(a_bare_ack_for_a_syn_that_never_came_was_made_on_the_way),
		cmocka_unit_test(a_pure_ack_that_appears_may_only_have_been_missed),
		cmocka_unit_test(points_that_do_not_know_the_connection_are_no_witnesses),
		cmocka_unit_test(an_ambiguous_flow_proves_no_loss_and_no_device),
		cmocka_unit_test(data_whose_host_went_on_is_the_hosts),
		cmocka_unit_test(a_capture_known_to_miss_packets_proves_no_loss),
		cmocka_unit_test(outside_its_window_a_point_knows_nothing),
		cmocka_unit_test(what_was_on_its_way_when_a_capture_ended_was_not_dropped),
		cmocka_unit_test(what_came_after_a_capture_ended_is_no_evidence),
		cmocka_unit_test(a_repeat_after_the_window_follows_the_one_before),
		cmocka_unit_test(a_reset_after_the_window_follows_nothing),
		cmocka_unit_test(a_direction_that_takes_another_way_is_not_missed),
		cmocka_unit_test(a_conversation_that_a_point_holds_nothing_of_passed_it),
		cmocka_unit_test(a_point_that_whole_connections_pass_unseen_proves_no_loss_of_one),
		cmocka_unit_test(connections_that_a_point_does_not_hold_are_counted),
		cmocka_unit_test(a_point_that_never_sees_the_server_accuses_nobody),
		cmocka_unit_test(an_orphan_may_be_what_is_missing),
		cmocka_unit_test(an_orphan_may_begin_with_another_syn),
		cmocka_unit_test(a_hop_that_shares_nothing_proves_nothing),
		cmocka_unit_test(a_hop_that_shares_one_packet_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
