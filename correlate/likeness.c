#include "correlate/likeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/clock_corridor.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SPEAKS 3.0              /* bits from which on a family counts */
#define CLOCK_BITS 12           /* that the right time is worth at most, and the wrong one costs twice */
#define NEAREST 5               /* joined connections that tell how long the way takes at some time */
#define LAG_MAX (INT64_C(1) << 61)      /* 73 years: more is no clock's error, but a broken time stamp */
#define NEAR (1 << 16)          /* sequence ranges that come this close are one stream, of which two captures hold different parts */

/* How likely two unrelated flows have the same value by chance, at least, and what it tells. */
static const struct {
	double chance;
	unsigned family, evidence;
} kind[TRAITS] = {
	[TRAIT_CLIENT_ADDR] = { 1.0 / 1024, FAMILY_ADDRESSES, JOIN_CLIENT_ADDR },
	[TRAIT_CLIENT_PORT] = { 1.0 / 28232, FAMILY_ADDRESSES, JOIN_PORT },     /* Linux: 32768 to 60999 */
	[TRAIT_SERVER] = { 1.0 / 1024, FAMILY_ADDRESSES, JOIN_SERVER_ADDR },
	[TRAIT_CLIENT_ISN] = { 1.0 / 4294967296, FAMILY_CLIENT_NUMBERS, JOIN_CLIENT_ISN },
	[TRAIT_SERVER_ISN] = { 1.0 / 4294967296, FAMILY_SERVER_NUMBERS, JOIN_SERVER_ISN },
	[TRAIT_TSVAL] = { 1.0 / 4294967296, FAMILY_STAMPS, JOIN_TSVAL },        /* but see near_stamps */
	[TRAIT_LENGTHS] = { 1.0 / 1024, FAMILY_CONTENT, JOIN_LENGTHS },
	[TRAIT_HEADS] = { 1.0 / 65536, FAMILY_CONTENT, JOIN_PAYLOAD },
};

static uint64_t mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t k[4] = { a, b, c, d };

	return XXH3_64bits(k, sizeof k);
}

/* Bytes of a direction, its FIN included. */
static uint32_t bytes_of(const struct flow *w, int d)
{
	return w->seq_max[d] - w->isn[d] - 1;
}

/*
 * Digests of how the two streams begin, the deepest of each: known if none is missing that their lengths allow for (a short capture, a gap), so that it
 * is the same at every point that knows it.
 */
static bool heads_of(const struct flow *w, uint64_t *value)
{
	uint64_t v[2] = { 0 };
	unsigned known = 0;

	for (int d = 0; d < 2; d++) {
		const struct stream_head *h = &w->opening.head[d];
		unsigned rungs = 0;
		while (rungs < OPENING_RUNGS && bytes_of(w, d) >= opening_bytes[rungs])
			rungs++;
		if (h->rungs < rungs)
			return false;
		v[d] = h->rungs ? h->rung[h->rungs - 1] : 0;
		known += h->rungs;
	}
	*value = XXH3_64bits(v, sizeof v);
	return known > 0;
}

static bool has_lengths(const struct flow *w)
{
	return w->has_isn[C2S] && w->has_isn[S2C] && w->has_seq[C2S] && w->has_seq[S2C];
}

bool trait_of(const struct flow *w, enum trait t, uint64_t *value)
{
	switch (t) {
	case TRAIT_CLIENT_ADDR:
		*value = (uint64_t)w->addr[C2S];
		return true;
	case TRAIT_CLIENT_PORT:
		*value = w->port[C2S];
		return true;
	case TRAIT_SERVER:
		*value = (uint64_t)w->addr[S2C] << 16 | w->port[S2C];
		return true;
	case TRAIT_CLIENT_ISN:
		*value = w->isn[C2S];
		return w->has_isn[C2S];
	case TRAIT_SERVER_ISN:
		*value = w->isn[S2C];
		return w->has_isn[S2C];
	case TRAIT_TSVAL:
		*value = w->syn_tsval;
		return w->has_syn_tsval;
	case TRAIT_LENGTHS:
		*value = (uint64_t)bytes_of(w, C2S) << 32 | bytes_of(w, S2C);
		return has_lengths(w) && bytes_of(w, C2S) + bytes_of(w, S2C) > 2;
	default:
		return has_lengths(w) && heads_of(w, value);
	}
}

/* ---- learning ---- */

static uint64_t at_point(unsigned t, uint32_t point, uint64_t value)
{
	return mix(1, t, point, value);
}

static uint64_t between(uint64_t what, enum trait t, uint32_t low, uint32_t high)
{
	return mix(what, t, low, high);
}

enum { KNOWN = 2, KEPT = 3, BECOMES = 4 };

#define STAMPS_NEAR TRAITS      /* counted beside the traits */
#define STAMP_BITS 16

int likeness_open(struct likeness *l, const struct facts *f, struct err *e)
{
	int64_t from = INT64_MAX, to = INT64_MIN;

	memset(l, 0, sizeof *l);
	l->f = f;
	if (!(l->lags = calloc((size_t)POINTS_MAX * POINTS_MAX, sizeof *l->lags)))
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < f->flows; i++) {
		const struct flow *w = &f->flow[i];
		uint64_t v;
		l->flows_at[w->point]++;
		from = w->first_ns < from ? w->first_ns : from;
		to = w->last_ns > to ? w->last_ns : to;
		for (int t = 0; t < TRAITS; t++)
			if (trait_of(w, t, &v))
				multiset_add(&l->values, at_point((unsigned)t, w->point, v));
		if (w->has_syn_tsval)
			multiset_add(&l->values, at_point(STAMPS_NEAR, w->point, w->syn_tsval >> STAMP_BITS));
	}
	l->span_ns = to > from ? to - from : 1;
	return l->values.nomem ? err_set(e, "out of memory") : 0;
}

void likeness_close(struct likeness *l)
{
	for (uint32_t i = 0; l->lags && i < POINTS_MAX * POINTS_MAX; i++)
		free(l->lags[i].lag);
	free(l->lags);
	multiset_free(&l->values);
	multiset_free(&l->habits);
	multiset_free(&l->maps);
	memset(l, 0, sizeof *l);
}

/* How much later, by the two clocks, did something happen at y than at x? */
static bool lag_of(int64_t x_ns, int64_t y_ns, int64_t *lag_ns)
{
	return !__builtin_sub_overflow(y_ns, x_ns, lag_ns) && *lag_ns > -LAG_MAX && *lag_ns < LAG_MAX;
}

static int learn_lag(struct likeness *l, const struct flow *x, const struct flow *y, struct err *e)
{
	struct lags *g = &l->lags[x->point * POINTS_MAX + y->point];
	int64_t d;

	if (!x->has_isn[C2S] || !y->has_isn[C2S] || !clock_reaches(x->first_ns) || !lag_of(x->first_ns, y->first_ns, &d))
		return 0;
	if (g->n == g->room) {
		uint32_t room = g->room ? g->room * 2 : 64;
		struct lag *a = realloc(g->lag, room * sizeof *a);
		if (!a)
			return err_set(e, "out of memory");
		g->lag = a;
		g->room = room;
	}
	g->lag[g->n++] = (struct lag){ x->first_ns, d };
	return 0;
}

int likeness_learn(struct likeness *l, const struct flow *x, const struct flow *y, struct err *e)
{
	if (x->point > y->point) {
		const struct flow *t = x;
		x = y;
		y = t;
	}
	for (int t = 0; t < TRAITS; t++) {
		uint64_t a, b;
		if (!trait_of(x, t, &a) || !trait_of(y, t, &b))
			continue;
		multiset_add(&l->habits, between(KNOWN, t, x->point, y->point));
		if (a == b)
			multiset_add(&l->habits, between(KEPT, t, x->point, y->point));
		if (t != TRAIT_CLIENT_ADDR && t != TRAIT_SERVER)
			continue;
		uint64_t way = between(BECOMES, t, x->point, y->point);
		multiset_add(&l->maps, mix(way, a, b, 0));
		multiset_add(&l->maps, mix(way, a, 0, 1));
		multiset_add(&l->maps, mix(way, 0, b, 2));
	}
	return learn_lag(l, x, y, e);
}

static int by_time(const void *a, const void *b)
{
	const struct lag *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return (x->d > y->d) - (x->d < y->d);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Four times the median of how much it changes from one connection to the next: a lost first SYN now and then does not count. */
static int64_t noise_of(const struct lags *g)
{
	int64_t *v = g->n > 1 ? malloc(g->n * sizeof *v) : NULL, noise = 1000000;

	for (uint32_t i = 1; v && i < g->n; i++)
		v[i - 1] = llabs(g->lag[i].d - g->lag[i - 1].d);
	if (v) {
		qsort(v, g->n - 1, sizeof *v, by_value);
		noise = 4 * (v[(g->n - 1) / 2] < LAG_MAX / 16 ? v[(g->n - 1) / 2] : LAG_MAX / 16) + 100000;
	}
	free(v);
	return noise;
}

void likeness_ready(struct likeness *l)
{
	for (uint32_t i = 0; i < POINTS_MAX * POINTS_MAX; i++) {
		struct lags *g = &l->lags[i];
		if (g->n == 0)
			continue;
		qsort(g->lag, g->n, sizeof *g->lag, by_time);
		g->noise_ns = noise_of(g);
	}
}

#define CROWD 512               /* flows of a point that are asked for the difference of the clocks */
#define CROWD_MIN 6             /* ... and that must agree, at least */

static int64_t *differences(const struct flow *const *x, uint32_t nx, const struct flow *const *y, uint32_t ny, uint32_t *n)
{
	int64_t *d = malloc(((size_t)nx * ny + 1) * sizeof *d);

	*n = 0;
	for (uint32_t i = 0; d && i < nx; i++)
		for (uint32_t k = 0; k < ny; k++)
			*n += x[i]->has_isn[C2S] && y[k]->has_isn[C2S] && clock_reaches(x[i]->first_ns) && lag_of(x[i]->first_ns, y[k]->first_ns, &d[*n]);
	if (d && *n)
		qsort(d, *n, sizeof *d, by_value);
	return d;
}

/* Where do most differences lie within `width`? Those near `not` do not count. */
static uint32_t densest(const int64_t *d, uint32_t n, int64_t width, bool has_not, int64_t not, int64_t *at)
{
	uint32_t best = 0;

	for (uint32_t from = 0, to = 0; from < n; from++) {
		if (to < from)
			to = from;
		while (to < n && d[to] - d[from] <= width)
			to++;
		if (has_not && d[from] > not - 2 * width && d[from] < not + 2 * width)
			continue;
		if (to - from > best) {
			best = to - from;
			*at = d[from] + (d[to - 1] - d[from]) / 2;
		}
	}
	return best;
}

int likeness_guess(struct likeness *l, const struct flow *const *x, uint32_t nx, const struct flow *const *y, uint32_t ny, struct err *e)
{
	static const int64_t widths[] = { 30000, 300000, 3000000 };
	int64_t at = 0, other = 0, *d;
	uint32_t n, few;

	nx = nx < CROWD ? nx : CROWD;
	ny = ny < CROWD ? ny : CROWD;
	few = nx < ny ? nx : ny;
	if (few < CROWD_MIN)
		return 0;
	struct lags *g = &l->lags[x[0]->point * POINTS_MAX + y[0]->point];
	if (g->n > 1)
		return 0;
	if (!(d = differences(x, nx, y, ny, &n)))
		return err_set(e, "out of memory");
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		int64_t width = widths[i] + l->f->point[x[0]->point].resolution_ns + l->f->point[y[0]->point].resolution_ns;
		uint32_t most = densest(d, n, width, false, 0, &at);
		if (most < CROWD_MIN || most * 2 < few || densest(d, n, width, true, at, &other) * 3 > most * 2)
			continue;
		struct lag *lag = realloc(g->lag, 2 * sizeof *lag);
		if (!lag) {
			free(d);
			return err_set(e, "out of memory");
		}
		lag[0] = lag[1] = (struct lag){ x[0]->first_ns, at };
		*g = (struct lags){ .lag = lag, .n = 2, .room = 2, .noise_ns = width };
		break;
	}
	free(d);
	return 0;
}

/* ---- time ---- */

/* The lags next to t (on the clock of the first point), but for the least and the greatest of them. */
static void nearest(const struct lags *g, int64_t t, int64_t *low, int64_t *high)
{
	uint32_t from = 0, to = g->n, n = g->n < NEAREST ? g->n : NEAREST;
	int64_t d[NEAREST];

	while (from < to) {
		uint32_t half = from + (to - from) / 2;
		if (g->lag[half].t < t)
			from = half + 1;
		else
			to = half;
	}
	from = from > n / 2 ? from - n / 2 : 0;
	from = from + n > g->n ? g->n - n : from;
	for (uint32_t i = 0; i < n; i++)
		d[i] = g->lag[from + i].d;
	qsort(d, n, sizeof *d, by_value);
	*low = d[n > 3];
	*high = d[n - 1 - (n > 3)];
}

bool likeness_window(const struct likeness *l, uint32_t from, uint32_t to, int64_t t, int64_t *low, int64_t *high, int64_t *noise_ns)
{
	bool turned = from > to;
	const struct lags *g = turned ? &l->lags[to * POINTS_MAX + from] : &l->lags[from * POINTS_MAX + to];
	int64_t a, b;

	if (g->n < 2 || !clock_reaches(t))
		return false;
	nearest(g, turned ? t - g->lag[g->n / 2].d : t, &a, &b);
	*low = turned ? t - b : t + a;
	*high = turned ? t - a : t + b;
	*noise_ns = g->noise_ns + l->f->point[from].resolution_ns + l->f->point[to].resolution_ns;
	return true;
}

/* How far is y's time outside of where x's leads? */
static double outside(int64_t x, int64_t y, int64_t low, int64_t high)
{
	int64_t d;

	if (!lag_of(x, y, &d))
		return LAG_MAX;
	return d < low ? (double)(low - d) : d > high ? (double)(d - high) : 0;
}

/* From when they began, or first said something: of a SYN that was lost on the way the far side has only the repeat. */
static double score_time(const struct likeness *l, const struct flow *x, const struct flow *y)
{
	int64_t low, high, noise;

	if (!x->has_isn[C2S] || !y->has_isn[C2S] || !likeness_window(l, x->point, y->point, x->first_ns, &low, &high, &noise))
		return 0;
	low -= x->first_ns;
	high -= x->first_ns;
	double off = outside(x->first_ns, y->first_ns, low, high), worth = log2((double)l->span_ns / (double)(high - low + 2 * noise));
	for (int d = 0; d < 2; d++)
		if (x->has_said[d] && y->has_said[d])
			off = fmin(off, outside(x->said_ns[d], y->said_ns[d], low, high));
	return fmax(fmax(0, fmin(CLOCK_BITS, worth)) - off / (double)noise * M_LOG2E, -2 * CLOCK_BITS);
}

/* ---- values ---- */

/*
 * Clocks of one host, or of hosts that booted together, are alike (RFC 7323 5.4: a tick is 1 ms to 1 s); with an offset of each connection's own they are
 * not. By how many are within some 65 536 ticks, this is seen.
 */
static double near_stamps(const struct likeness *l, uint32_t point, uint64_t value)
{
	uint32_t n = multiset_count(&l->values, at_point(STAMPS_NEAR, point, value >> STAMP_BITS)), all = l->flows_at[point];

	return n > 1 && all > 1 ? (double)(n - 1) / (double)(all - 1) / (1u << STAMP_BITS) : 0;
}

/* How likely is it that some other flow has this value? It itself is one of those counted. */
static double chance_of(const struct likeness *l, enum trait t, uint32_t point, uint64_t value)
{
	uint32_t n = multiset_count(&l->values, at_point(t, point, value)), all = l->flows_at[point];
	double same = n > 1 && all > 1 ? (double)(n - 1) / (double)(all - 1) : 0;

	return fmax(same, fmax(kind[t].chance, t == TRAIT_TSVAL ? near_stamps(l, point, value) : 0));
}

/* How firmly is the trait kept? The mean of a Beta(1, 1) posterior. */
static double keeps(const struct likeness *l, enum trait t, uint32_t low, uint32_t high)
{
	double known = multiset_count(&l->habits, between(KNOWN, t, low, high)), kept = multiset_count(&l->habits, between(KEPT, t, low, high));

	return (kept + 1) / (known + 2);
}

/* x's value is another one at y: has it become this one before, as far as is known? */
static double score_map(const struct likeness *l, enum trait t, const struct flow *x, const struct flow *y, uint64_t a, uint64_t b)
{
	uint64_t way = between(BECOMES, t, x->point, y->point);
	double both = multiset_count(&l->maps, mix(way, a, b, 0)), from = multiset_count(&l->maps, mix(way, a, 0, 1));
	double to = multiset_count(&l->maps, mix(way, 0, b, 2)), m = keeps(l, t, x->point, y->point);
	double chance = fmax(chance_of(l, t, x->point, a), chance_of(l, t, y->point, b));

	if (both > 0)
		return fmax(0, log2((both + 1) / (fmin(from, to) + 2) / chance));
	return log2((1 - m) / (1 - fmin(chance, 0.5))) - log2(from + 1);
}

static double score_trait(const struct likeness *l, enum trait t, const struct flow *x, const struct flow *y, bool *agrees)
{
	uint64_t a, b;

	*agrees = false;
	if (!trait_of(x, t, &a) || !trait_of(y, t, &b))
		return 0;
	double m = keeps(l, t, x->point, y->point), chance = fmax(chance_of(l, t, x->point, a), chance_of(l, t, y->point, b));
	*agrees = a == b;
	if (a == b)
		return log2(m / chance);
	if (t == TRAIT_CLIENT_ADDR || t == TRAIT_SERVER)
		return score_map(l, t, x, y, a, b);
	return log2((1 - m) / (1 - fmin(chance, 0.5)));
}

/* ---- numbers of flows of which the handshake was not seen ---- */

/* Two unrelated streams hardly ever have ranges that touch. */
static double score_range(const struct flow *x, const struct flow *y, int d)
{
	uint32_t a = x->seq_max[d] - x->seq_min[d], b = y->seq_max[d] - y->seq_min[d];

	if (!x->has_seq[d] || !y->has_seq[d])
		return 0;
	if ((int32_t)(x->seq_min[d] - y->seq_max[d]) > NEAR || (int32_t)(y->seq_min[d] - x->seq_max[d]) > NEAR)
		return -8;
	return fmax(0, 32 - log2((double)a + b + 2 * NEAR));
}

static void score_ranges(const struct flow *x, const struct flow *y, struct likeness_score *out)
{
	double bits[2];

	if (x->has_isn[C2S] && y->has_isn[C2S])
		return;
	for (int d = 0; d < 2; d++) {
		out->bits += bits[d] = score_range(x, y, d);
		if (bits[d] > SPEAKS)
			out->families |= d == C2S ? FAMILY_CLIENT_NUMBERS : FAMILY_SERVER_NUMBERS;
	}
	if (bits[0] > 0 && bits[1] > 0)
		out->evidence |= JOIN_SEQUENCE;
	else if (bits[0] > 0 || bits[1] > 0)
		out->evidence |= JOIN_ONE_SIDE;
}

struct likeness_score likeness_score(const struct likeness *l, const struct flow *x, const struct flow *y)
{
	struct likeness_score s = { 0 };
	double of[8] = { 0 };

	if (x->point > y->point) {
		const struct flow *t = x;
		x = y;
		y = t;
	}
	for (int t = 0; t < TRAITS; t++) {
		bool agrees;
		double bits = score_trait(l, t, x, y, &agrees);
		s.bits += bits;
		for (int k = 0; k < 8; k++)
			of[k] += kind[t].family >> k & 1 ? bits : 0;
		s.evidence |= agrees ? kind[t].evidence : 0;
	}
	for (int k = 0; k < 8; k++)
		s.families |= of[k] > SPEAKS ? 1u << k : 0;
	s.time = score_time(l, x, y);
	if (s.time > SPEAKS) {
		s.families |= FAMILY_CLOCK;
		s.evidence |= JOIN_TIME;
	}
	s.bits += s.time;
	score_ranges(x, y, &s);
	return s;
}
