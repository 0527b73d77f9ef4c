/* Whatever was recorded where: what holds of every verdict on a packet (ALGORITHMS 9). */
#include "tests/conn_build.h"

#include "correlate/hop_doubt.h"
#include "correlate/odds.h"

#define SCENES 1500

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* A connection with everything in it, of which every point recorded what chance would have. */
static void random_lines(char *out, size_t size)
{
	static const char *const line[] = {
		"> S 1000 ts 1/0", "> S 1000 ts 251/0", "< S. 5000 ack 1001 ts 90/1", "< S. 5000 ack 1001 ts 95/251", "> . 1001 ack 5001 ts 260/90",
		"> P. 1001 ack 5001 len 100 ts 261/90", "> P. 1101 ack 5001 len 100 ts 262/90", "< . 5001 ack 1101 ts 96/261 sack 1201-1301",
		"> P. 1101 ack 5001 len 100 ts 300/96", "< P. 5001 ack 1201 len 50 ts 97/300", "> . 1201 ack 5051 ts 301/97", "< P. 5001 ack 1201 len 50 ts 99/300",
		"> . 1200 ack 5051 ts 400/97", "< . 5051 ack 1201", "> F. 1201 ack 5051 ts 401/97", "< R. 5051 ack 1202", "> R 1202", "< icmp 1000", "< . 777 ack 888",
	};
	size_t n = 0, lines = sizeof line / sizeof *line;
	uint32_t keep = 1 + below(4);

	out[0] = '\0';
	for (size_t i = 0, t = 0; i < lines; i++) {
		char points[4] = "";
		size_t k = 0;
		for (int p = 0; p < 3; p++)
			if (below(5) < keep)
				points[k++] = (char)(*line[i] == '>' ? 'a' + p : 'c' - p);
		points[k] = '\0';
		t += 1 + below(3) * below(30);
		if (k && below(3))
			n += (size_t)snprintf(out + n, size - n, "%zu.%02zu %s %s\n", t / 100, t % 100, points, line[i]);
		assert_true(n < size);
	}
}

static struct scene *random_scene(uint64_t number)
{
	char text[2000];
	struct scene *s = scene_new(3);

	seed = number * 2654435761u + 1;
	random_lines(text, sizeof text);
	for (unsigned i = 0; i < 3; i++) {
		struct host *h = scene_host(s, i, SERVER, 0);
		if (below(8) == 0)
			h->joined = 0;
		if (below(8) == 0)
			h->flows = h->arrivals = 0;
		if (below(6) == 0)
			s->f.point[i].window[0].to_ns = below(200) * 10 * MSEC;
		if (below(8) == 0)
			s->f.point[i].running = true;
		for (int d = 0; d < 2; d++)
			s->f.point[i].hop[d].lost = below(2) * below(200);
	}
	scene_text(s, text);
	scene_prove(s);
	fate_learn(&s->t, &s->f);
	return s;
}

static bool claims_loss(const struct tx *x)
{
	return x->fate_to == FATE_DROPPED;
}

static bool claims_birth(const struct tx *x)
{
	return x->fate_from == FATE_GENERATED;
}

/* How far it loses in bursts stays the same: many losses of which none follows another show that they are independent. */
static void miss_in_bursts(struct scene *s, unsigned point, uint64_t missed)
{
	scene_coverage(s, (char)('a' + point), 1000, missed);
	for (int d = 0; d < 2; d++)
		s->f.point[point].sight[d].in_row = s->f.point[point].sight[d].missed;
}

/* The worse a capture is known to be, the less is claimed of what it does not hold (I-37). */
static void a_worse_capture_accuses_of_less(void **state)
{
	static const uint64_t missed[] = { 0, 1, 5, 20, 100, 300, 600, 950, 1000 };
	unsigned claims = 0, withdrawn = 0;

	(void)state;
	for (unsigned number = 0; number < SCENES; number++) {
		struct scene *s = random_scene(number);
		unsigned bad = below(4);        /* 3: all of them */
		bool loss[64] = { false }, birth[64] = { false };
		for (size_t k = 0; k < sizeof missed / sizeof *missed; k++) {
			for (unsigned i = 0; i < 3; i++)
				if (bad == i || bad == 3)
					miss_in_bursts(s, i, missed[k]);
			fate_judge(&s->t);
			for (uint32_t x = 0; x < s->c.txs && x < 64; x++) {
				const struct tx *w = &s->c.tx[x];
				if (k > 0 && ((claims_loss(w) && !loss[x]) || (claims_birth(w) && !birth[x])))
					fail_msg("scene %u, transmission %u: claimed at %d missed, not before", number, x, (int)missed[k]);
				withdrawn += (loss[x] && !claims_loss(w)) || (birth[x] && !claims_birth(w));
				loss[x] = claims_loss(w);
				birth[x] = claims_birth(w);
				claims += loss[x] || birth[x];
			}
		}
		scene_free(s);
	}
	assert_true(claims > 1000 && withdrawn > 200);
}

/* What a capture that loses half of everything does not hold, it does not accuse anybody of. */
static void captures_that_miss_most_accuse_of_little(void **state)
{
	unsigned claims = 0, all = 0;

	(void)state;
	for (unsigned number = 0; number < SCENES; number++) {
		struct scene *s = random_scene(number);
		for (unsigned i = 0; i < 3; i++)
			scene_coverage(s, (char)('a' + i), 1000, 900);
		fate_judge(&s->t);
		for (uint32_t x = 0; x < s->c.txs; x++) {
			claims += claims_loss(&s->c.tx[x]) || claims_birth(&s->c.tx[x]);
			all++;
		}
		scene_free(s);
	}
	if (claims * 50 > all)
		fail_msg("%u claims of %u transmissions", claims, all);
}

/* What is proved to have come by, on hops that have a packet in common, is neither lost before it nor made behind it (I-35); what is claimed lies where it was not recorded. */
static void proof_comes_before_odds(void **state)
{
	unsigned proofs = 0;

	(void)state;
	for (unsigned number = 0; number < SCENES; number++) {
		struct scene *s = random_scene(number);
		fate_judge(&s->t);
		for (uint32_t x = 0; x < s->c.txs; x++) {
			const struct tx *w = &s->c.tx[x];
			unsigned last = s->c.ways[w->dir] - 1u;
			assert_true(w->from <= w->to && w->to <= w->reach && w->reach <= last);
			assert_non_null(conn_seen(&s->c, x, w->from));
			assert_non_null(conn_seen(&s->c, x, w->to));
			for (unsigned i = 0; i <= last; i++) {
				assert_true(i >= w->from || !conn_seen(&s->c, x, i));
				assert_true(i <= w->to || !conn_seen(&s->c, x, i));
				if (i > w->to && !hop_severed(&s->t, w->dir, w->to, i) && proof_passed(&s->t, x, i, NULL)) {
					proofs++;
					assert_true(w->reach >= i);
				}
				if (i < w->from && !hop_severed(&s->t, w->dir, i, w->from) && proof_sent_by_host(&s->t, x, i, NULL)) {
					proofs++;
					assert_true(w->by_host && w->fate_from == FATE_NONE);
				}
			}
			assert_true(w->reach < last || w->fate_to == FATE_NONE);
			assert_true(w->from > 0 || w->fate_from == FATE_NONE);
		}
		scene_free(s);
	}
	assert_true(proofs > 500);
}

/* Outside its window a point loses nothing and makes nothing, unless an earlier one of the same was lost before it (I-36). */
static void nothing_is_lost_outside_a_window(void **state)
{
	unsigned outside = 0;

	(void)state;
	for (unsigned number = 0; number < SCENES; number++) {
		struct scene *s = random_scene(number);
		fate_judge(&s->t);
		for (uint32_t x = 0; x < s->c.txs; x++) {
			const struct tx *w = &s->c.tx[x];
			const uint8_t *way = s->c.way[w->dir];
			if (w->fate_to != FATE_NONE && !fate_window(&s->f, way[w->reach + 1], w->t)) {
				outside++;
				bool before = false;
				for (uint32_t i = w->repeats; i != NOTHING; i = s->c.tx[i].repeats)
					before |= claims_loss(&s->c.tx[i]);
				assert_true(!claims_loss(w) || before);
			}
			if (w->fate_from != FATE_NONE && !fate_window(&s->f, way[w->from - 1], w->t))
				assert_false(claims_birth(w));
		}
		scene_free(s);
	}
	assert_true(outside > 100);
}

/* A capture of nothing, of which nothing is known, shows nothing (I-40). */
static void an_empty_capture_shows_nothing(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (unsigned number = 0; number < SCENES; number++) {
		struct scene *s = random_scene(number), *o = scene_new(3);
		for (uint32_t i = 0; i < s->records; i++)
			if (s->record[i].p.point != 1)
				add_record(o, &s->record[i]);
		scene_text(o, "");
		o->f.point[1].windows = 0;
		scene_fate(o);
		for (uint32_t x = 0; x < o->c.txs; x++) {
			const struct tx *w = &o->c.tx[x];
			const uint8_t *way = o->c.way[w->dir];
			assert_false(claims_loss(w) && way[w->reach + 1] == 1);
			assert_false(claims_birth(w) && way[w->from - 1] == 1);
			seen += w->fate_to == FATE_OUTSIDE;
		}
		scene_free(s);
		scene_free(o);
	}
	if (seen < 200)
		fail_msg("only %u", seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worse_capture_accuses_of_less),
		cmocka_unit_test(captures_that_miss_most_accuse_of_little),
		cmocka_unit_test(proof_comes_before_odds),
		cmocka_unit_test(nothing_is_lost_outside_a_window),
		cmocka_unit_test(an_empty_capture_shows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
