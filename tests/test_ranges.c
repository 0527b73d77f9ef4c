/* Segments cut up and put together on the way (offload): what came of them, byte by byte. */
#include "tests/conn_build.h"

#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"     /* lines 1 to 3 */
#define BYE "9.00 ab > F. 4001 ack 5001\n9.01 ba < F. 5001 ack 4002\n9.02 ab > . 4002 ack 5002\n"

static struct scene *judged(unsigned points, const char *text)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	scene_judge(s);
	return s;
}

static const struct finding *find(const struct scene *s, enum kind kind)
{
	for (uint32_t i = 0; i < s->found.n; i++)
		if (s->found.list[i].kind == kind)
			return &s->found.list[i];
	fail_msg("no finding of kind %s", kind_name(kind));
	return NULL;
}

static void assert_says(const char *text, const char *phrase)
{
	if (!strstr(text, phrase))
		fail_msg("\"%s\" does not say \"%s\"", text, phrase);
}

static uint32_t index_of(const struct scene *s, unsigned line)
{
	return (uint32_t)(tx_of(s, line) - s->c.tx);
}

/* ---- nothing is lost ---- */

static void a_segment_that_is_cut_up_has_come(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > .  1001 ack 5001 len 3000\n"
		"0.101 b > .  1001 ack 5001 len 1000\n"
		"0.101 b > .  2001 ack 5001 len 1000\n"
		"0.101 b > .  3001 ack 5001 len 1000\n"
		"0.110 ba < . 5001 ack 4001\n" BYE);

	(void)state;
	assert_string_equal(told(s, ""), "resegmented data c2s a>b x1");
	assert_int_equal(find(s, KIND_RESEGMENTED)->confidence, CERTAIN);
	assert_says(find(s, KIND_RESEGMENTED)->text, "came to b as 3 others, cut up between a and b");
	assert_int_equal(s->found.severity, 0);
	assert_string_equal(s->found.verdict, "Completed.");
	assert_int_equal(tx_of(s, 4)->reach, 1);
	for (unsigned line = 5; line <= 7; line++) {
		assert_int_equal(tx_of(s, line)->origin, index_of(s, 4));
		assert_false(tx_of(s, line)->repeat || tx_of(s, line)->by_host || tx_of(s, line)->fate_from);
	}
	scene_free(s);
}

static void segments_that_are_put_together_have_come(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > .  1001 ack 5001 len 1000 ts 7/1\n"
		"0.100 a > .  2001 ack 5001 len 1000 ts 7/1\n"
		"0.100 a > P. 3001 ack 5001 len 1000 ts 7/1\n"
		"0.101 b > P. 1001 ack 5001 len 3000 ts 7/1\n"
		"0.110 ba < . 5001 ack 4001\n" BYE);

	(void)state;
	assert_string_equal(told(s, ""), "resegmented data c2s a>b x3");
	assert_says(find(s, KIND_RESEGMENTED)->text, "came to b as 1 other, put together between a and b");
	assert_false(tx_of(s, 7)->repeat || tx_of(s, 7)->repeated_by != NOTHING);
	for (unsigned line = 4; line <= 6; line++)
		assert_int_equal(tx_of(s, line)->into, index_of(s, 7));
	scene_free(s);
}

static void what_is_cut_up_and_put_together_again_is_one(void **state)
{
	struct scene *s = judged(3,
		"0.000 abc > S  1000\n0.010 cba < S. 5000 ack 1001\n0.020 abc > .  1001 ack 5001\n"
		"0.100 ac > .  1001 ack 5001 len 2000 id 7\n"
		"0.101 b > .  1001 ack 5001 len 1000 id 7\n"
		"0.101 b > .  2001 ack 5001 len 1000 id 8\n"
		"0.110 cba < . 5001 ack 3001\n");

	(void)state;
	assert_string_equal(told(s, ""), "resegmented data c2s a>b x1; resegmented data c2s b>c x2");
	assert_int_equal(tx_of(s, 4)->others, 1 << 1);
	assert_int_equal(tx_of(s, 5)->into, index_of(s, 4));
	assert_true(conn_as_sent(tx_of(s, 4)));
	scene_free(s);
}

/* Edges need not meet: 1500 and 1500 become 1000, 1000 and 1000. */
static void segments_may_be_cut_anywhere(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > .  1001 ack 5001 len 1500\n"
		"0.100 a > .  2501 ack 5001 len 1500\n"
		"0.101 b > .  1001 ack 5001 len 1000\n"
		"0.101 b > .  2001 ack 5001 len 1000\n"
		"0.101 b > .  3001 ack 5001 len 1000\n"
		"0.110 ba < . 5001 ack 4001\n" BYE);

	(void)state;
	assert_string_equal(told(s, ""), "resegmented data c2s a>b x2");
	scene_free(s);
}

static void a_fin_goes_with_the_last_piece(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > F. 1001 ack 5001 len 2000\n"
		"0.101 b > .  1001 ack 5001 len 1000\n"
		"0.101 b > F. 2001 ack 5001 len 1000\n"
		"0.110 ba < F. 5001 ack 3002\n0.120 ab > . 3002 ack 5002\n");

	(void)state;
	assert_string_equal(told(s, ""), "resegmented data c2s a>b x1");
	assert_string_equal(s->found.outcome, "completed");
	scene_free(s);
}

/* The same range in one packet, not the same packet: nothing was cut. */
static void the_same_range_is_another_packet(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	s->f.point[0].hop[C2S].keeps_ip_id = 1000;
	scene_text(s, HELLO
		"0.100 a > . 1001 ack 5001 len 1000 id 7\n"
		"0.300 b > . 1001 ack 5001 len 1000 id 9\n");
	scene_judge(s);
	assert_null(strstr(told(s, ""), "resegmented"));
	assert_true(conn_as_sent(tx_of(s, 5)) && !tx_of(s, 4)->turned);
	scene_free(s);
}

/* ---- something is lost ---- */

#define CUT_SHORT HELLO \
	"0.100 a > .  1001 ack 5001 len 3000 ts 7/1\n" \
	"0.101 b > .  1001 ack 5001 len 1000 ts 7/1\n" \
	"0.101 b > .  3001 ack 5001 len 1000 ts 7/1\n" \
	"0.110 ba < . 5001 ack 2001 sack 3001-4001\n"

static void a_piece_that_is_missing_and_repeated_was_dropped(void **state)
{
	struct scene *s = judged(2, CUT_SHORT
		"0.300 ab > . 2001 ack 5001 len 1000 ts 207/1\n"
		"0.310 ba < . 5001 ack 4001\n" BYE);
	const struct finding *f;

	(void)state;
	assert_string_equal(told(s, ""), "resegmented data c2s a>b x1; dropped data c2s a>b x1; retransmitted data c2s a x1");
	f = find(s, KIND_DROPPED);
	assert_true(f->confidence != POSSIBLE);
	assert_says(f->text, "bytes 1000-2000 of a segment of 3000 (sequence number 1001)");
	assert_says(f->text, "a repeat came through");
	/* The repeat repeats what is missing, not what came. */
	assert_int_equal(s->c.tx[tx_of(s, 8)->repeats].rest, REST_LOST);
	assert_int_equal(tx_of(s, 4)->repeated_by, NOTHING);
	assert_false(tx_of(s, 5)->repeat || tx_of(s, 6)->repeat);
	scene_free(s);
}

static void what_is_missing_counts_in_segments_of_the_far_side(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > .  1001 ack 5001 len 5000 ts 7/1\n"
		"0.101 b > .  1001 ack 5001 len 1000 ts 7/1\n"
		"0.101 b > .  4001 ack 5001 len 1000 ts 7/1\n"
		"0.110 ba < . 5001 ack 2001 sack 4001-5001\n"
		"0.300 ab > . 2001 ack 5001 len 1000 ts 207/1\n"
		"0.300 ab > . 3001 ack 5001 len 1000 ts 207/1\n"
		"0.300 ab > . 5001 ack 5001 len 1000 ts 207/1\n"
		"0.310 ba < . 5001 ack 6001\n");

	(void)state;
	assert_string_equal(told(s, "dropped not_captured"), "dropped data c2s a>b x3");
	assert_says(find(s, KIND_DROPPED)->text, "bytes 1000-3000 of a segment of 5000 (sequence number 1001), of 2 gaps in all");
	scene_free(s);
}

static void a_piece_that_is_acknowledged_all_the_same_was_missed(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > .  1001 ack 5001 len 3000\n"
		"0.101 b > .  1001 ack 5001 len 1000\n"
		"0.101 b > .  3001 ack 5001 len 1000\n"
		"0.110 ba < . 5001 ack 4001\n" BYE);
	const struct finding *f;

	(void)state;
	assert_string_equal(told(s, ""), "resegmented data c2s a>b x1; not_captured data c2s b x1");
	f = find(s, KIND_NOT_CAPTURED);
	assert_int_equal(f->confidence, CERTAIN);
	assert_true(f->reasons & WHY_ACKED);
	assert_says(f->text, "bytes 1000-2000 of a segment of 3000");
	scene_free(s);
}

static void a_piece_that_is_there_further_on_was_missed(void **state)
{
	struct scene *s = judged(3,
		"0.000 abc > S  1000\n0.010 cba < S. 5000 ack 1001\n0.020 abc > .  1001 ack 5001\n"
		"0.100 a > .  1001 ack 5001 len 3000\n"
		"0.101 bc > . 1001 ack 5001 len 1000\n"
		"0.102 c > .  2001 ack 5001 len 1000\n"
		"0.101 bc > . 3001 ack 5001 len 1000\n"
		"0.110 cba < . 5001 ack 4001\n");

	(void)state;
	assert_string_equal(told(s, "dropped generated not_captured undecided retransmitted"), "not_captured data c2s b x1");
	assert_int_equal(find(s, KIND_NOT_CAPTURED)->confidence, CERTAIN);
	scene_free(s);
}

/* Put together at b, one of them missing at a: the sender went on behind it. */
static void what_comes_out_of_nothing_was_missed_before(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > .  1001 ack 5001 len 1000\n"
		"0.100 a > .  3001 ack 5001 len 1000\n"
		"0.101 b > .  1001 ack 5001 len 3000\n"
		"0.110 ba < . 5001 ack 4001\n" BYE);

	(void)state;
	assert_string_equal(told(s, ""), "resegmented data c2s a>b x2; not_captured data c2s a x1");
	scene_free(s);
}

static void a_segment_of_which_nothing_comes_is_one(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > .  1001 ack 5001 len 3000 ts 7/1\n"
		"0.300 a > .  1001 ack 5001 len 2000 ts 207/1\n"
		"0.301 b > .  1001 ack 5001 len 1000 ts 207/1\n"
		"0.301 b > .  2001 ack 5001 len 1000 ts 207/1\n"
		"0.310 ba < . 5001 ack 3001\n"
		"0.320 ab > . 3001 ack 5001 len 1000 ts 227/1\n"
		"0.330 ba < . 5001 ack 4001\n" BYE);

	(void)state;
	assert_string_equal(told(s, ""), "dropped data c2s a>b x1; resegmented data c2s a>b x1; retransmitted data c2s a x2");
	assert_int_equal(tx_of(s, 5)->repeats, index_of(s, 4));
	assert_int_equal(tx_of(s, 9)->repeats, index_of(s, 4));
	for (unsigned line = 6; line <= 7; line++)
		assert_true(tx_of(s, line)->repeat && tx_of(s, line)->repeats == index_of(s, 4));
	scene_free(s);
}

/* ---- repeats ---- */

static void two_that_are_repeated_as_one_are_both_repeated(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > . 1001 ack 5001 len 1000\n"
		"0.100 a > . 2001 ack 5001 len 1000\n"
		"0.100 ab > . 3001 ack 5001 len 1000\n"
		"0.110 ba < . 5001 ack 1001 sack 3001-4001\n"
		"0.300 ab > . 1001 ack 5001 len 2000\n"
		"0.310 ba < . 5001 ack 4001\n" BYE);

	(void)state;
	assert_string_equal(told(s, ""), "dropped data c2s a>b x2; retransmitted data c2s a x1");
	for (unsigned line = 4; line <= 5; line++)
		assert_int_equal(tx_of(s, line)->repeated_by, index_of(s, 8));
	assert_int_equal(tx_of(s, 6)->repeated_by, NOTHING);
	scene_free(s);
}

static void halves_are_tied_to_what_they_repeat_and_not_to_each_other(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.100 a > . 1001 ack 5001 len 3000\n"
		"0.300 a > . 1001 ack 5001 len 1000\n"
		"0.301 a > . 2001 ack 5001 len 1000\n"
		"0.500 a > . 1001 ack 5001 len 500\n"
		"0.700 a > . 3001 ack 5001 len 1000\n");

	(void)state;
	for (unsigned line = 5; line <= 8; line++)
		assert_true(tx_of(s, line)->repeat);
	assert_int_equal(tx_of(s, 5)->repeats, index_of(s, 4));
	assert_int_equal(tx_of(s, 6)->repeats, index_of(s, 4));
	assert_int_equal(tx_of(s, 7)->repeats, index_of(s, 5));
	assert_int_equal(tx_of(s, 8)->repeats, index_of(s, 4));
	assert_int_equal(tx_of(s, 4)->repeated_by, index_of(s, 5));
	assert_int_equal(tx_of(s, 5)->repeated_by, index_of(s, 7));
	assert_int_equal(tx_of(s, 6)->repeated_by, NOTHING);
	scene_free(s);
}

/* What b has of the first one lies before the repeat; what it has of the repeat is one. */
static void pieces_repeat_what_their_bytes_repeat(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.100 a > .  1001 ack 5001 len 3000 ts 7/1\n"
		"0.101 b > .  1001 ack 5001 len 1500 ts 7/1\n"
		"0.101 b > .  2501 ack 5001 len 1500 ts 7/1\n"
		"0.300 a > .  1001 ack 5001 len 3000 ts 207/1\n"
		"0.301 b > .  1001 ack 5001 len 1500 ts 207/1\n"
		"0.301 b > .  2501 ack 5001 len 1500 ts 207/1\n"
		"0.310 ba < . 5001 ack 4001\n" BYE);

	(void)state;
	assert_string_equal(told(s, ""), "resegmented data c2s a>b x2; retransmitted data c2s a x1");
	for (unsigned line = 5; line <= 6; line++) {
		assert_false(tx_of(s, line)->repeat);
		assert_int_equal(tx_of(s, line)->repeated_by, index_of(s, 7));
		assert_true(tx_of(s, line + 3)->repeat);
		assert_int_equal(tx_of(s, line + 3)->repeats, index_of(s, 4));
	}
	scene_free(s);
}

static void probes_are_no_repeats_and_repeat_nothing(void **state)
{
	struct scene *s = judged(2, HELLO
		"0.10 ab > P. 1001 ack 5001 len 1000\n"
		"0.11 ba < .  5001 ack 2001\n"
		"0.60 ab > .  2000 ack 5001\n"          /* keepalive */
		"0.61 ba < .  5001 ack 2001 win 0\n"
		"1.10 ab > .  2000 ack 5001 len 1\n"    /* keepalive with an old byte */
		"1.11 ba < .  5001 ack 2001 win 0\n"
		"1.60 ab > .  2001 ack 5001 len 1\n"    /* window probe with the next byte */
		"1.61 ba < .  5001 ack 2001 win 0\n"
		"2.60 ab > .  2001 ack 5001 len 1\n"
		"2.61 ba < .  5001 ack 2001 win 900\n"
		"2.62 a > P.  2001 ack 5001 len 2000\n"
		"2.621 b > .  2001 ack 5001 len 1000\n"
		"2.621 b > P. 3001 ack 5001 len 1000\n"
		"2.63 ba < .  5001 ack 4001\n" BYE);

	(void)state;
	assert_string_equal(told(s, "retransmitted keepalive dropped undecided"), "keepalive ACK c2s a x4");
	scene_free(s);
}

/* One byte of data while the window is open is data. */
static void a_byte_into_an_open_window_is_no_probe(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.50 ab > P. 1001 ack 5001 len 1\n"
		"0.51 ba < .  5001 ack 1002\n"
		"1.00 ab > P. 1002 ack 5001 len 1\n");

	(void)state;
	assert_false(tx_of(s, 4)->probe || tx_of(s, 6)->probe);
	scene_free(s);
}

/* ---- any cut, any loss ---- */

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

#define PACKETS 24
#define MTU 100
#define BYTES (PACKETS * MTU)

struct cut_world {
	char text[12000];
	size_t n;
	bool lost[PACKETS];     /* of the segments on the hop */
};

static void add(struct cut_world *w, unsigned ms, const char *points, unsigned first, unsigned packets, unsigned ts)
{
	w->n += (size_t)snprintf(w->text + w->n, sizeof w->text - w->n, "%u.%03u %s > . %u ack 5001 len %u ts %u/1\n", ms / 1000, ms % 1000, points,
	    1001 + first * MTU, packets * MTU, ts);
	assert_true(w->n < sizeof w->text);
}

/* Segments first to end, recorded at a point in packets of one to `most` segments; those that are lost there are not. */
static void record(struct cut_world *w, char point, unsigned ms, unsigned first, unsigned end, const bool *lost, unsigned most, unsigned ts)
{
	const char points[2] = { point, '\0' };

	for (unsigned i = first, n; i < end; i += n) {
		for (n = 1; n < most && i + n < end && !(lost && lost[i + n]) && below(4); n++)
			;
		if (!lost || !lost[i])
			add(w, ms, points, i, n, ts);
		else
			n = 1;
	}
}

/* A flight of segments, some lost between a and b, and then repeated; a and b cut them as they like. */
static void make_world(struct cut_world *w, uint64_t number, unsigned most_a, unsigned most_b)
{
	w->n = (size_t)snprintf(w->text, sizeof w->text, "%s", HELLO);
	seed = number * 2654435761u + 1;
	for (unsigned i = 0; i < PACKETS; i++)
		w->lost[i] = below(5) == 0;
	w->lost[PACKETS - 1] = false;
	record(w, 'a', 100, 0, PACKETS, NULL, most_a, 7);
	record(w, 'b', 101, 0, PACKETS, w->lost, most_b, 7);
	for (unsigned i = 0; i < PACKETS; i++)
		if (w->lost[i])
			add(w, 300 + 10 * i, "ab", i, 1, 207 + 10 * i);
	w->n += (size_t)snprintf(w->text + w->n, sizeof w->text - w->n, "0.800 ba < . 5001 ack %u\n", 1001 + BYTES);
}

/* I-18, I-19: what is claimed of which bytes does not depend on how either side cuts them, and every byte that was sent is there or missing. */
static void the_missing_bytes_do_not_depend_on_the_cut(void **state)
{
	static const unsigned most[][2] = { { 1, 1 }, { 4, 1 }, { 24, 1 }, { 1, 4 }, { 1, 24 }, { 4, 3 }, { 24, 24 } };
	static struct cut_world w;
	unsigned lost = 0;

	(void)state;
	for (uint64_t number = 0; number < 300; number++)
		for (size_t m = 0; m < sizeof most / sizeof *most; m++) {
			make_world(&w, number, most[m][0], most[m][1]);
			struct scene *s = judged(2, w.text);
			unsigned dropped[PACKETS] = { 0 }, sent[PACKETS] = { 0 };
			for (uint32_t i = 0; i < s->c.txs; i++) {
				const struct tx *x = &s->c.tx[i];
				int64_t base = tx_of(s, 1)->end;
				if (x->dir != C2S || x->what != WHAT_DATA || !(conn_as_sent(x) || x->rest))
					continue;
				assert_true(x->fate_from == FATE_NONE && !x->by_host);
				for (int64_t k = (x->off - base) / MTU; k < (x->end - base) / MTU; k++) {
					sent[k] += !x->rest;
					dropped[k] += x->fate_to == FATE_DROPPED;
				}
			}
			for (unsigned k = 0; k < PACKETS; k++) {
				lost += w.lost[k];
				assert_int_equal(sent[k], 1 + w.lost[k]);
				if (dropped[k] != w.lost[k])
					fail_msg("world %u, cut %u/%u, segment %u: dropped %u times", (unsigned)number, most[m][0], most[m][1], k, dropped[k]);
			}
			assert_string_equal(told(s, "generated not_captured undecided"), "");
			scene_free(s);
		}
	assert_true(lost > 5000);
}

/* Of 64 and more at once nothing is said rather than something wrong. */
static void any_number_of_repeats_is_safe(void **state)
{
	static char text[40000];
	size_t n = (size_t)snprintf(text, sizeof text, "%s", HELLO);

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%u.%02u a > . %u ack 5001 len %u\n", 1 + i / 100, i % 100, 1001 + i % 7, 3000 - i);
	n += (size_t)snprintf(text + n, sizeof text - n, "3.00 b > . 1001 ack 5001 len 900\n3.00 b > . 1901 ack 5001 len 900\n");
	assert_true(n < sizeof text);
	struct scene *s = judged(2, text);
	assert_null(strstr(told(s, "generated"), "generated"));
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_segment_that_is_cut_up_has_come),
		cmocka_unit_test(segments_that_are_put_together_have_come),
		cmocka_unit_test(what_is_cut_up_and_put_together_again_is_one),
		cmocka_unit_test(segments_may_be_cut_anywhere),
		cmocka_unit_test(a_fin_goes_with_the_last_piece),
		cmocka_unit_test(the_same_range_is_another_packet),
		cmocka_unit_test(a_piece_that_is_missing_and_repeated_was_dropped),
		cmocka_unit_test(what_is_missing_counts_in_segments_of_the_far_side),
		cmocka_unit_test(a_piece_that_is_acknowledged_all_the_same_was_missed),
		cmocka_unit_test(a_piece_that_is_there_further_on_was_missed),
		cmocka_unit_test(what_comes_out_of_nothing_was_missed_before),
		cmocka_unit_test(a_segment_of_which_nothing_comes_is_one),
		cmocka_unit_test(two_that_are_repeated_as_one_are_both_repeated),
		cmocka_unit_test(halves_are_tied_to_what_they_repeat_and_not_to_each_other),
		cmocka_unit_test(pieces_repeat_what_their_bytes_repeat),
		cmocka_unit_test(probes_are_no_repeats_and_repeat_nothing),
		cmocka_unit_test(a_byte_into_an_open_window_is_no_probe),
		cmocka_unit_test(the_missing_bytes_do_not_depend_on_the_cut),
		cmocka_unit_test(any_number_of_repeats_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
