/* The clocks of whole cases: several points, bounds against the truth, loops, references, steps (ALGORITHMS 9: I-25, I-31, I-32, I-34). */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/clock_note.h"
#include "correlate/clocks.h"
#include "correlate/fate.h"

#define POINTS 6
#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)

static const int64_t start = 1700000000 * SECOND;

struct site {
	int64_t offset, step, step_at, resolution;
	double skew;
};

struct world {
	uint64_t random;
	uint32_t n;
	struct site site[POINTS];
	double least[POINTS][2], queue;         /* delay from a point to the next one, per direction */
	double loss;
	unsigned sees[POINTS];                  /* directions that come by: 1 c2s, 2 s2c */
	int64_t span;
	size_t packets, wrong;
	struct clock_pairs pairs, proxied, answers;
	struct facts f;
};

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static double uniform(struct world *w, double low, double high)
{
	return low + (high - low) * (double)(splitmix(&w->random) >> 11) * 0x1p-53;
}

static bool chance(struct world *w, double p)
{
	return uniform(w, 0, 1) < p;
}

/* What a point's clock shows at true time t, ns after the start. */
static int64_t shows(const struct site *s, int64_t t)
{
	int64_t local = start + t + s->offset + llround((double)t * s->skew) + (t >= s->step_at ? s->step : 0);

	return local;
}

static int64_t stamp(const struct site *s, int64_t t)
{
	int64_t local = shows(s, t);

	return local - local % s->resolution;
}

static void see(struct point *p, int64_t t)
{
	if (p->windows == 0)
		p->window[p->windows++] = (struct window){ t, t };
	p->window[0].from_ns = t < p->window[0].from_ns ? t : p->window[0].from_ns;
	p->window[0].to_ns = t > p->window[0].to_ns ? t : p->window[0].to_ns;
}

/* No packet is on its way while a clock is set. */
static bool disturbed(const struct world *w, int64_t from, int64_t to)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (w->site[i].step && from < w->site[i].step_at && to >= w->site[i].step_at)
			return true;
	return false;
}

static void send(struct world *w, bool c2s)
{
	int64_t t = (int64_t)uniform(w, 0, (double)w->span), at[POINTS], from = t;
	bool seen[POINTS];

	for (uint32_t k = 0; k < w->n; k++) {
		uint32_t i = c2s ? k : w->n - 1 - k;
		at[i] = t;
		seen[i] = !chance(w, w->loss) && w->sees[i] & (c2s ? 1 : 2);
		t += (int64_t)(w->least[c2s ? i : (i ? i - 1 : 0)][c2s] - w->queue * log(1 - uniform(w, 0, 1)));
	}
	if (disturbed(w, from, t))
		return;
	for (uint32_t i = 0; i < w->n; i++) {
		if (!seen[i])
			continue;
		see(&w->f.point[i], stamp(&w->site[i], at[i]));
		for (uint32_t j = i + 1; j < w->n; j++) {
			int64_t x = stamp(&w->site[i], at[i]);
			if (seen[j])
				w->pairs.v[w->pairs.n++] = (struct clock_pair){ i * w->n + j, x, stamp(&w->site[j], at[j]) - x, c2s };
		}
	}
}

static void facts_new(struct facts *f, uint32_t n)
{
	*f = (struct facts){ .points = n, .point = calloc(POINTS_MAX, sizeof *f->point) };
	assert_non_null(f->point);
	for (uint32_t i = 0; i < n; i++) {
		f->point[i].id = i + 1;
		f->point[i].name[0] = (char)('a' + i);
		f->point[i].clock = f->point[i].source = (int)i + 1;
		f->point[i].resolution_ns = 1;
		f->point[i].window = calloc(1, sizeof *f->point[i].window);
		assert_non_null(f->point[i].window);
	}
}

/* Three points on a path of half a millisecond each way, clocks seconds apart; to be changed before play(). */
static struct world plain(uint64_t seed, uint32_t n)
{
	struct world w = { .random = seed * 1000003 + 29, .n = n, .span = 600 * SECOND, .packets = 400, .queue = 300e3 };

	for (uint32_t i = 0; i < n; i++) {
		w.site[i] = (struct site){ .offset = i * 7 * SECOND, .resolution = 1, .step_at = INT64_MAX };
		w.least[i][0] = w.least[i][1] = 500e3;
		w.sees[i] = 3;
	}
	return w;
}

static void gather(struct world *w)
{
	w->pairs.v = malloc((w->packets * POINTS * POINTS + 1) * sizeof *w->pairs.v);
	assert_non_null(w->pairs.v);
	facts_new(&w->f, w->n);
	for (uint32_t i = 0; i < w->n; i++)
		w->f.point[i].resolution_ns = w->site[i].resolution;
	for (size_t k = 0; k < w->packets; k++)
		send(w, chance(w, .5));
	for (size_t k = 0; k < w->wrong && k < w->pairs.n; k++)
		w->pairs.v[splitmix(&w->random) % w->pairs.n].d += (int64_t)(uniform(w, 25, 500) * 1e9) * (chance(w, .5) ? 1 : -1);
	clock_pairs_sort(&w->pairs);
}

static void play(struct world *w)
{
	struct err e;

	gather(w);
	assert_int_equal(clocks_find(&w->f, &w->pairs, &w->proxied, &w->answers, &e), 0);
}

static void drop(struct world *w)
{
	free(w->pairs.v);
	facts_free(&w->f);
}

/* Point p's clock minus the reference's at true time t. */
static int64_t truth(const struct world *w, uint32_t p, int64_t t)
{
	return shows(&w->site[p], t) - shows(&w->site[w->f.reference], t);
}

static bool inside(const struct world *w, uint32_t p, int64_t t)
{
	int64_t low, high;

	facts_bounds(&w->f.point[p], shows(&w->site[p], t), &low, &high);
	return (low == INT64_MIN || low <= truth(w, p, t) + 1) && (high == INT64_MAX || high >= truth(w, p, t) - 1);
}

/* Are aligned times of two points as far off as is said, at most? */
static bool within_doubt(const struct world *w, uint32_t p, uint32_t q, int64_t t)
{
	const struct point *a = &w->f.point[p], *b = &w->f.point[q];
	int64_t at = shows(&w->site[p], t), bt = shows(&w->site[q], t), doubt = facts_doubt_between(&w->f, a, at, b, bt);

	return doubt == INT64_MAX || llabs(facts_align(a, at) - facts_align(b, bt)) <= doubt + 2;
}

static bool recording(const struct world *w, uint32_t p, int64_t t)
{
	const struct point *x = &w->f.point[p];
	int64_t at = shows(&w->site[p], t);

	return x->windows && at >= x->window[0].from_ns && at <= x->window[0].to_ns;
}

/* ---- worlds ---- */

static struct world any_world(uint64_t seed)
{
	struct world w = { .random = seed * 7919 + 5 };

	w.n = (uint32_t)uniform(&w, 2, POINTS + .99);
	w.span = (int64_t)(exp(uniform(&w, log(1e9), log(2e13))));
	w.packets = (size_t)exp(uniform(&w, log(3), log(600)));
	w.queue = exp(uniform(&w, log(1e3), log(20e6)));
	w.loss = chance(&w, .5) ? 0 : uniform(&w, 0, .5);
	for (uint32_t i = 0; i < w.n; i++) {
		w.site[i] = (struct site){ .offset = (int64_t)(uniform(&w, -1, 1) * exp(uniform(&w, 0, log(1e18)))), .resolution = 1, .step_at = INT64_MAX };
		w.site[i].skew = chance(&w, .7) ? uniform(&w, -249e-6, 249e-6) : 0;
		w.sees[i] = chance(&w, .9) ? 3 : chance(&w, .5) ? 1 : 2;
		if (chance(&w, .3))
			w.site[i].resolution = chance(&w, .8) ? 1000 : 1000000;
		for (int d = 0; d < 2; d++)
			w.least[i][d] = exp(uniform(&w, log(5e3), log(50e6)));
	}
	if (w.packets > 300 && chance(&w, .3))
		w.wrong = (size_t)uniform(&w, 1, (double)w.packets / 100);
	if (w.packets > 300 && w.span > 1000 * SECOND && w.loss < .2 && chance(&w, .3)) {
		struct site *s = &w.site[(uint32_t)uniform(&w, 0, w.n)];
		s->step_at = (int64_t)(uniform(&w, .25, .75) * (double)w.span);
		s->step = (int64_t)(uniform(&w, 25, 100) * 1e9) * (chance(&w, .5) ? 1 : -1);
	}
	return w;
}

/* SIM_WORLDS of 100: percent of `all`. */
static uint64_t worlds(uint64_t all)
{
	const char *percent = getenv("SIM_WORLDS");
	uint64_t n = percent ? (uint64_t)strtoul(percent, NULL, 10) * all / 100 : all;

	return n > 0 ? n : 1;
}

static void truth_lies_inside_the_bounds_of_all_clocks(void **state)
{
	size_t outside = 0, doubtful = 0, flagged = 0, asked = 0, open = 0;
	uint64_t n = worlds(500);

	(void)state;
	for (uint64_t seed = 0; seed < n; seed++) {
		struct world w = any_world(seed);
		size_t before = outside + doubtful + flagged;
		play(&w);
		for (int k = 0; k < 20; k++) {
			int64_t t = (int64_t)uniform(&w, 0, (double)w.span);
			for (uint32_t p = 0; p < w.n; p++) {
				uint32_t q = (p + 1) % w.n;
				if (!recording(&w, p, t) || !recording(&w, q, t))
					continue;
				asked++;
				open += facts_doubt(&w.f.point[p], shows(&w.site[p], t)) == INT64_MAX;
				outside += !inside(&w, p, t);
				doubtful += !within_doubt(&w, p, q, t);
			}
		}
		for (uint32_t p = 0; p < w.n; p++)
			flagged += w.f.point[p].clock_note[0] && !w.f.point[p].reference && !w.wrong;
		if (outside + doubtful + flagged > before)
			print_message("seed %d: %zu outside, %zu beyond the doubt, %zu flagged\n", (int)seed, outside, doubtful, flagged);
		drop(&w);
	}
	print_message("           %d worlds, %zu times asked, %zu open\n", (int)n, asked, open);
	assert_int_equal(outside, 0);
	assert_int_equal(doubtful, 0);
	assert_int_equal(flagged, 0);
}

/* ---- scenes ---- */

static void add_to_pair(struct world *w, uint32_t i, uint32_t j, int64_t ns)
{
	for (size_t k = 0; k < w->pairs.n; k++)
		if (w->pairs.v[k].at == i * w->n + j)
			w->pairs.v[k].d += ns;
}

static void find(struct world *w)
{
	struct err e;

	assert_int_equal(clocks_find(&w->f, &w->pairs, &w->proxied, &w->answers, &e), 0);
}

static void assert_doubt(const struct world *w, uint32_t p, const char *part)
{
	char text[600];

	clock_doubt(&w->f, &w->f.point[p], 0, text, sizeof text);
	if (part ? !strstr(text, part) : text[0] != '\0')
		fail_msg("doubt of %s: '%s'", w->f.point[p].name, text);
}

static void assert_remark(const struct world *w, uint32_t p, const char *part)
{
	char text[600];

	clock_remark(&w->f, &w->f.point[p], 0, text, sizeof text);
	if (part ? !strstr(text, part) : text[0] != '\0')
		fail_msg("remark on %s: '%s'", w->f.point[p].name, text);
}

static void neighbours_are_known_better_than_each_against_a_far_reference(void **state)
{
	struct world w = plain(1, 3);
	int64_t near;

	(void)state;
	w.least[0][0] = w.least[0][1] = 80e6;   /* the client is far */
	w.least[1][0] = w.least[1][1] = 20e3;
	w.queue = 2e3;
	gather(&w);
	w.f.point[0].reference = true;
	find(&w);
	near = facts_doubt_between(&w.f, &w.f.point[1], shows(&w.site[1], 10 * SECOND), &w.f.point[2], shows(&w.site[2], 10 * SECOND));
	assert_true(facts_doubt(&w.f.point[1], shows(&w.site[1], 10 * SECOND)) > 50000000);
	assert_true(near < 60000);
	assert_true(within_doubt(&w, 1, 2, 10 * SECOND));
	assert_remark(&w, 0, "--reference");
	drop(&w);
}

static void what_is_measured_of_two_clocks_opens_before_and_after(void **state)
{
	struct world w = plain(14, 3);
	int64_t within, after;

	(void)state;
	w.span = 20 * SECOND;
	for (uint32_t i = 0; i < 3; i++)
		w.site[i].skew = (double)i * 2e-6;
	gather(&w);
	find(&w);
	assert_int_equal(w.f.reference, 0);
	within = facts_doubt_between(&w.f, &w.f.point[1], shows(&w.site[1], 10 * SECOND), &w.f.point[2], shows(&w.site[2], 10 * SECOND));
	after = facts_doubt_between(&w.f, &w.f.point[1], shows(&w.site[1], 50 * HOUR), &w.f.point[2], shows(&w.site[2], 50 * HOUR));
	assert_true(within < 2000000 && after > SECOND / 2);
	assert_true(within_doubt(&w, 1, 2, 10 * SECOND) && within_doubt(&w, 1, 2, 50 * HOUR) && within_doubt(&w, 1, 2, -50 * HOUR));
	drop(&w);
}

static void a_step_cuts_the_clock_that_was_set(void **state)
{
	static const int64_t steps[] = { 5 * SECOND, -5 * SECOND, HOUR, -HOUR };

	(void)state;
	for (uint32_t who = 0; who < 3; who++)
		for (size_t k = 0; k < 4; k++) {
			struct world w = plain(7 + k, 3);
			w.site[who].step = steps[k];
			w.site[who].step_at = 300 * SECOND;
			play(&w);
			assert_int_equal(w.f.reference, who == 0 ? 1 : 0);
			for (uint32_t p = 0; p < 3; p++)
				assert_int_equal(w.f.point[p].pieces, p == who ? 2 : 1);
			assert_remark(&w, w.f.reference, who == 0 ? "its clock was not set" : NULL);
			assert_true(inside(&w, who, 200 * SECOND) && inside(&w, who, 400 * SECOND));
			drop(&w);
		}
}

static void a_longer_route_is_no_step(void **state)
{
	struct world w = plain(3, 2);

	(void)state;
	gather(&w);
	for (size_t k = 0; k < w.pairs.n; k++)
		if (w.pairs.v[k].c2s && w.pairs.v[k].x > start + 300 * SECOND)
			w.pairs.v[k].d += 30000000;
	find(&w);
	assert_int_equal(w.f.point[1].pieces, 1);
	assert_doubt(&w, 1, NULL);
	assert_true(inside(&w, 1, 100 * SECOND) && inside(&w, 1, 500 * SECOND));
	drop(&w);
}

static void the_pair_that_is_wrong_is_named_and_left_out(void **state)
{
	struct world w = plain(4, 4);

	(void)state;
	gather(&w);
	add_to_pair(&w, 1, 3, 250000000);
	find(&w);
	assert_doubt(&w, 3, "that it shares with b say another offset, by at least 24");
	assert_doubt(&w, 1, NULL);
	for (uint32_t p = 0; p < 4; p++)
		assert_true(inside(&w, p, 100 * SECOND) && w.f.point[p].piece[0].state != CLOCK_INCONSISTENT);
	drop(&w);
}

static void a_loop_of_three_that_does_not_close_bounds_nothing(void **state)
{
	struct world w = plain(5, 3);

	(void)state;
	gather(&w);
	add_to_pair(&w, 0, 2, 250000000);
	find(&w);
	for (uint32_t p = 1; p < 3; p++) {
		assert_int_equal(w.f.point[p].piece[0].state, CLOCK_INCONSISTENT);
		assert_true(facts_doubt(&w.f.point[p], start) == INT64_MAX);
		assert_doubt(&w, p, "a, b, c do not fit together");
	}
	drop(&w);
}

static void the_hub_is_the_reference_where_the_first_point_is_not_reached(void **state)
{
	struct world w = plain(6, 3);

	(void)state;
	w.sees[0] = 1;
	play(&w);
	assert_int_equal(w.f.reference, 1);
	assert_remark(&w, 1, "most of the others can be compared with it");
	assert_remark(&w, 2, NULL);
	drop(&w);
}

static void one_direction_leaves_one_bound_and_answers_close_it(void **state)
{
	struct world w = plain(8, 2);
	struct clock_pair answer[100];
	int64_t low, high;

	(void)state;
	w.sees[1] = 1;
	play(&w);
	facts_bounds(&w.f.point[1], shows(&w.site[1], SECOND), &low, &high);
	assert_true(low == INT64_MIN && high != INT64_MAX && inside(&w, 1, SECOND));
	assert_doubt(&w, 1, "one direction only");
	/* What b recorded, a's client was answered 40 ms later. */
	for (int i = 0; i < 100; i++) {
		int64_t t = i * 6 * SECOND, x = stamp(&w.site[0], t + 40000000);
		answer[i] = (struct clock_pair){ 1, x, stamp(&w.site[1], t) - x, false };
	}
	w.answers = (struct clock_pairs){ answer, 100, 100 };
	find(&w);
	assert_int_equal(w.f.point[1].piece[0].state, CLOCK_ONE_WAY);
	assert_true(facts_doubt(&w.f.point[1], shows(&w.site[1], SECOND)) < 30000000);
	assert_true(inside(&w, 1, SECOND));
	assert_doubt(&w, 1, NULL);
	drop(&w);
}

static void who_shares_no_packet_has_no_clock(void **state)
{
	struct world w = plain(9, 3);

	(void)state;
	gather(&w);
	for (size_t k = 0; k < w.pairs.n; k++)
		if (w.pairs.v[k].at != 1)
			w.pairs.v[k--] = w.pairs.v[--w.pairs.n];
	clock_pairs_sort(&w.pairs);
	find(&w);
	assert_int_equal(w.f.point[2].piece[0].state, CLOCK_NONE);
	assert_false(facts_comparable(&w.f.point[2]));
	assert_true(facts_align(&w.f.point[2], start) == start);
	assert_doubt(&w, 2, "shares no packet with a");
	drop(&w);
}

static void one_clock_is_believed_until_packets_prove_two(void **state)
{
	struct world w = plain(10, 3);

	(void)state;
	w.site[1].offset = w.site[2].offset;
	gather(&w);
	w.f.point[2].clock = w.f.point[1].clock;
	find(&w);
	assert_int_equal(facts_doubt_between(&w.f, &w.f.point[1], start, &w.f.point[2], start), 0);
	assert_true(facts_align(&w.f.point[1], start) == facts_align(&w.f.point[2], start));
	assert_doubt(&w, 2, NULL);
	drop(&w);
	w = plain(10, 3);
	gather(&w);
	w.f.point[2].clock = w.f.point[1].clock;
	find(&w);
	assert_doubt(&w, 2, "another clock stamped them");
	assert_true(w.f.point[2].clock != w.f.point[1].clock && inside(&w, 2, SECOND));
	drop(&w);
}

static void one_direction_can_prove_two_clocks(void **state)
{
	struct world w = plain(10, 2);

	(void)state;
	w.sees[1] = 1;
	w.site[1].offset = -HOUR;
	gather(&w);
	w.f.point[1].clock = w.f.point[0].clock;
	find(&w);
	assert_doubt(&w, 1, "another clock stamped them");
	assert_true(within_doubt(&w, 0, 1, SECOND));
	drop(&w);
}

static void of_clocks_a_little_apart_one_clock_is_not_taken_for_exact(void **state)
{
	struct world w = plain(10, 3);

	(void)state;
	w.site[1].offset = 900000;
	w.queue = 20e3;
	for (uint32_t i = 0; i < 3; i++)
		w.least[i][0] = w.least[i][1] = 50e3;
	gather(&w);
	w.f.point[1].clock = w.f.point[0].clock;
	find(&w);
	assert_true(w.f.point[1].clock == w.f.point[0].clock);
	assert_true(inside(&w, 1, SECOND) && within_doubt(&w, 0, 1, SECOND) && within_doubt(&w, 1, 2, SECOND));
	assert_true(facts_doubt_between(&w.f, &w.f.point[0], start, &w.f.point[1], start) < 1000000);
	drop(&w);
}

static void one_clock_that_answers_bound_as_well_is_one_clock(void **state)
{
	struct clock_pair answer[100];
	struct world w = plain(8, 3);

	(void)state;
	w.site[1].offset = 0;
	w.sees[0] = 1;
	gather(&w);
	for (int i = 0; i < 100; i++) {
		int64_t t = i * 6 * SECOND, x = stamp(&w.site[0], t);
		answer[i] = (struct clock_pair){ 1, x, stamp(&w.site[1], t + 40000000) - x, true };
	}
	w.answers = (struct clock_pairs){ answer, 100, 100 };
	w.f.point[1].clock = w.f.point[0].clock;
	find(&w);
	/* All that a is compared with, b is: the first one is as good a reference as any. */
	assert_int_equal(w.f.reference, 0);
	assert_int_equal(w.f.point[1].piece[0].state, CLOCK_SAME);
	drop(&w);
}

static void points_of_one_clock_in_the_wrong_order_are_told(void **state)
{
	struct world w = plain(11, 2);

	(void)state;
	w.site[1].offset = 0;
	w.least[0][0] = w.least[0][1] = 40e6;
	gather(&w);
	for (size_t k = 0; k < w.pairs.n; k++)
		w.pairs.v[k].c2s = !w.pairs.v[k].c2s;
	w.f.point[1].clock = w.f.point[0].clock;
	snprintf(w.f.point[1].how, sizeof w.f.point[1].how, "given");
	find(&w);
	assert_doubt(&w, 1, NULL);
	assert_string_equal(w.f.point[1].how, "given; but the packets that it shares with a contradict this order");
	assert_int_equal(facts_doubt_between(&w.f, &w.f.point[0], start, &w.f.point[1], start), 0);
	drop(&w);
}

static void points_in_the_wrong_order_are_told(void **state)
{
	struct world w = plain(11, 2);

	(void)state;
	w.least[0][0] = w.least[0][1] = 40e6;
	gather(&w);
	for (size_t k = 0; k < w.pairs.n; k++)
		w.pairs.v[k].c2s = !w.pairs.v[k].c2s;
	find(&w);
	assert_doubt(&w, 1, "would not if it were nearer to the client than a");
	drop(&w);
}

static void clocks_far_apart_are_put_in_words(void **state)
{
	static const struct {
		int64_t offset;
		const char *say;
	} cases[] = {
		{ 2 * HOUR + 3 * SECOND, "2 h ahead (a time zone error?)" }, { -5 * HOUR - HOUR / 2, "5.5 h behind (a time zone error?)" },
		{ 10 * 24 * HOUR, "10 days ahead" }, { 3 * 365 * 24 * HOUR, "3 years ahead" }, { -start + SECOND, "its clock was never set" },
		{ 40 * SECOND, NULL }, { HOUR + HOUR / 5, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world w = plain(12, 2);
		w.site[1].offset = cases[i].offset;
		play(&w);
		assert_remark(&w, 1, cases[i].say);
		assert_true(inside(&w, 1, 100 * SECOND));
		assert_doubt(&w, 1, NULL);
		drop(&w);
	}
}

static void around_a_step_only_its_own_time_is_in_doubt(void **state)
{
	struct world w = plain(13, 2);

	(void)state;
	w.site[1].step = 5 * SECOND;
	w.site[1].step_at = 300 * SECOND;
	play(&w);
	assert_int_equal(w.f.reference, 0);
	assert_true(fate_window(&w.f, 1, start + 280 * SECOND) && fate_window(&w.f, 1, start + 320 * SECOND));
	assert_false(fate_window(&w.f, 1, start + 300 * SECOND));
	/* A clock that cannot be compared says nothing of when its capture ran; the user may. */
	w.f.point[1].pieces = 1;
	w.f.point[1].piece[0].state = CLOCK_NONE;
	assert_false(fate_window(&w.f, 1, start + 280 * SECOND));
	w.f.point[1].running = true;
	assert_true(fate_window(&w.f, 1, start + 280 * SECOND));
	drop(&w);
}

/* How far p's clock is ahead at time t since the start. */
static int64_t ahead_for_two_seconds(int64_t t, uint32_t p)
{
	return p == 1 && t >= 30 * SECOND && t < 32 * SECOND ? 3 * SECOND : 0;
}

/* c's with b's, and two seconds before as well. */
static int64_t set_every_four_seconds(int64_t t, uint32_t p)
{
	int64_t b = t / (4 * SECOND) & 1, c = (t + 2 * SECOND) / (4 * SECOND) & 1;

	return p * 7 * SECOND + (p > 0 ? b * SECOND / 2 : 0) + (p > 1 ? c * SECOND / 2 : 0);
}

/* Packets between neighbours 1 ms apart, every 10 ms, alternately there and back, of clocks that are off by `ahead`. */
static struct world packets_of(uint32_t n, int64_t span, int64_t (*ahead)(int64_t t, uint32_t p))
{
	struct world w = plain(3, n);

	w.packets = (size_t)(span / (SECOND / 100));
	gather(&w);
	w.pairs.n = 0;
	for (int64_t t = 0; t < span; t += SECOND / 100)
		for (uint32_t i = 0; i + 1 < n; i++) {
			bool c2s = t / (SECOND / 100) & 1;
			int64_t a = start + t + ahead(t, i), b = start + t + ahead(t, i + 1) + SECOND / (c2s ? 1000 : -1000);
			see(&w.f.point[i], a);
			see(&w.f.point[i + 1], b);
			w.pairs.v[w.pairs.n++] = (struct clock_pair){ i * n + i + 1, a, b - a, c2s };
		}
	clock_pairs_sort(&w.pairs);
	return w;
}

/* How often the truth is not inside the bounds of point p. */
static size_t outside_at(const struct world *w, uint32_t p, int64_t span, int64_t (*ahead)(int64_t t, uint32_t p))
{
	size_t n = 0;

	for (int64_t t = 0; t < span; t += SECOND / 10) {
		int64_t low, high, truth = ahead(t, p) - ahead(t, w->f.reference);
		facts_bounds(&w->f.point[p], start + t + ahead(t, p), &low, &high);
		n += truth < low || truth > high;
	}
	return n;
}

static void between_two_settings_close_to_each_other_nothing_is_known(void **state)
{
	struct world w = packets_of(2, 60 * SECOND, ahead_for_two_seconds);

	(void)state;
	find(&w);
	assert_int_equal(w.f.point[1].pieces, 2);
	assert_int_equal(w.f.point[1].piece[1].settings, 2);
	assert_int_equal(outside_at(&w, 1, 60 * SECOND, ahead_for_two_seconds), 0);
	assert_true(facts_doubt(&w.f.point[1], start + 34 * SECOND) == INT64_MAX);
	assert_true(facts_doubt(&w.f.point[1], start + 20 * SECOND) < SECOND / 100 && facts_doubt(&w.f.point[1], start + 40 * SECOND) < SECOND / 100);
	drop(&w);
}

static void a_clock_set_too_often_has_no_bounds_from_then_on(void **state)
{
	const int64_t span = 164 * SECOND;
	struct world w = packets_of(3, span, set_every_four_seconds);

	(void)state;
	find(&w);
	for (uint32_t p = 0; p < 3; p++)
		assert_int_equal(outside_at(&w, p, span, set_every_four_seconds), 0);
	assert_int_equal(w.f.point[2].pieces, PIECES_MAX);
	assert_int_equal(w.f.point[2].piece[PIECES_MAX - 1].state, CLOCK_INCONSISTENT);
	drop(&w);
}

static void bounds_over_a_time_hold_for_all_of_it(void **state)
{
	const int64_t resolution[] = { 1, 1 };
	struct clock_pair v[1800];
	struct clock_tie t = { .a = 0, .b = 1 };
	size_t n = 0;
	int64_t low, high;

	(void)state;
	for (int64_t x = 0; x < 18 * SECOND; x += SECOND / 50) {
		int64_t d = x >= 6 * SECOND && x < 12 * SECOND ? 3 * SECOND : 0;
		v[n++] = (struct clock_pair){ 1, start + x, d + SECOND / 1000, true };
		v[n++] = (struct clock_pair){ 1, start + x + 1000, d - SECOND / 1000, false };
	}
	assert_int_equal(clock_tie_fit(&t, v, n, NULL, 0, resolution, PIECES_MAX), 0);
	assert_true(t.pieces == 3 && !t.on_b);
	clock_tie_bounds(&t, 1, start + 4 * SECOND, start + 14 * SECOND, &low, &high);
	assert_true(low <= 0 && low > -SECOND && high >= 3 * SECOND && high < 4 * SECOND);
	clock_tie_bounds(&t, 0, start + 4 * SECOND, start + 14 * SECOND, &low, &high);
	assert_true(high >= 0 && high < SECOND && low <= -3 * SECOND && low > -4 * SECOND);
	clock_tie_free(&t);
}

static void times_beyond_all_clocks_are_left_out(void **state)
{
	const int64_t far = INT64_C(1) << 62;
	struct clock_pairs p;
	struct err e;

	(void)state;
	assert_int_equal(clock_pairs_open(&p, 2, &e), 0);
	clock_pairs_add(&p, 1, far, 0, true);
	clock_pairs_add(&p, 1, -far, far, true);
	clock_pairs_add(&p, 1, far / 10 * 9, -far / 10 * 9, true);
	assert_int_equal(p.n, 0);
	for (int i = 0; i < 3; i++)
		clock_pairs_add(&p, 1, start, start + i, i == 0);
	assert_int_equal(p.n, 2);
	assert_true(p.v[0].c2s && p.v[0].d == 0 && p.v[1].d == 1 && !p.v[1].c2s);
	clock_pairs_close(&p);
}

static void the_order_of_the_pairs_does_not_show(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct world w = any_world(seed), v = any_world(seed);
		play(&w);
		gather(&v);
		for (size_t i = v.pairs.n; i > 1; i--) {
			size_t k = splitmix(&v.random) % i;
			struct clock_pair t = v.pairs.v[k];
			v.pairs.v[k] = v.pairs.v[i - 1];
			v.pairs.v[i - 1] = t;
		}
		clock_pairs_sort(&v.pairs);
		find(&v);
		for (uint32_t p = 0; p < w.n; p++) {
			assert_memory_equal(w.f.point[p].piece, v.f.point[p].piece, sizeof w.f.point[p].piece);
			assert_string_equal(w.f.point[p].clock_note, v.f.point[p].clock_note);
		}
		drop(&w);
		drop(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_known_better_than_each_against_a_far_reference),
		cmocka_unit_test(what_is_measured_of_two_clocks_opens_before_and_after),
		cmocka_unit_test(a_step_cuts_the_clock_that_was_set),
		cmocka_unit_test(a_longer_route_is_no_step),
		cmocka_unit_test(the_pair_that_is_wrong_is_named_and_left_out),
		cmocka_unit_test(a_loop_of_three_that_does_not_close_bounds_nothing),
		cmocka_unit_test(the_hub_is_the_reference_where_the_first_point_is_not_reached),
		cmocka_unit_test(one_direction_leaves_one_bound_and_answers_close_it),
		cmocka_unit_test(who_shares_no_packet_has_no_clock),
		cmocka_unit_test(one_clock_is_believed_until_packets_prove_two),
		cmocka_unit_test(one_direction_can_prove_two_clocks),
		cmocka_unit_test(of_clocks_a_little_apart_one_clock_is_not_taken_for_exact),
		cmocka_unit_test(one_clock_that_answers_bound_as_well_is_one_clock),
		cmocka_unit_test(points_of_one_clock_in_the_wrong_order_are_told),
		cmocka_unit_test(points_in_the_wrong_order_are_told),
		cmocka_unit_test(clocks_far_apart_are_put_in_words),
		cmocka_unit_test(around_a_step_only_its_own_time_is_in_doubt),
		cmocka_unit_test(between_two_settings_close_to_each_other_nothing_is_known),
		cmocka_unit_test(a_clock_set_too_often_has_no_bounds_from_then_on),
		cmocka_unit_test(bounds_over_a_time_hold_for_all_of_it),
		cmocka_unit_test(times_beyond_all_clocks_are_left_out),
		cmocka_unit_test(the_order_of_the_pairs_does_not_show),
		cmocka_unit_test(truth_lies_inside_the_bounds_of_all_clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
