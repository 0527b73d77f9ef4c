#include "correlate/delay_sum.h"

#include <stdlib.h>
#include <string.h>

#define TURN_NS 100000000       /* a packet there and one back belong together within this: clocks part by 50 us in it at the very most */

struct hop_total {
	uint8_t dir;            /* c2s: along the path */
	bool aligned;           /* no connection's clocks were unknown */
	int64_t least[2 * PIECES_MAX];  /* shortest difference of aligned times, for each stretch between settings of the clocks; INT64_MAX: none */
	struct histogram delay, low, high, varies, round_trip;
};

void delay_sums_free(struct delay_sums *s)
{
	for (unsigned i = 0; i < POINTS_MAX; i++)
		for (unsigned k = 0; k < POINTS_MAX; k++) {
			struct hop_total *t = s->hop[i][k];
			if (!t)
				continue;
			struct histogram *all[] = { &t->delay, &t->low, &t->high, &t->varies, &t->round_trip };
			for (size_t j = 0; j < sizeof all / sizeof *all; j++)
				histogram_free(all[j]);
			free(t);
		}
	memset(s, 0, sizeof *s);
}

static struct hop_total *total_of(struct delay_sums *s, unsigned from, unsigned to, struct err *e)
{
	struct hop_total **t = &s->hop[from][to];

	if (!*t && (*t = calloc(1, sizeof **t))) {
		(*t)->dir = from < to ? C2S : S2C;
		(*t)->aligned = true;
		for (unsigned i = 0; i < 2 * PIECES_MAX; i++)
			(*t)->least[i] = INT64_MAX;
	}
	if (!*t)
		err_set(e, "out of memory");
	return *t;
}

/* The next transmission from *i on that travels in direction d and was recorded at both ends; its difference of aligned times. */
static bool next_seen(const struct conn *c, unsigned d, unsigned from, unsigned to, uint32_t *i, int64_t *difference)
{
	struct delay_pair p;

	for (; *i < c->txs; ++*i) {
		if (c->tx[*i].dir != d || !delay_seen(c, *i, d == C2S ? from : to, d == C2S ? to : from, &p))
			continue;
		*difference = d == C2S ? p.far - p.near : p.near - p.far;
		return true;
	}
	return false;
}

int delay_sums_learn(struct delay_sums *s, const struct conn *c, struct err *e)
{
	for (unsigned d = 0; d < 2; d++)
		for (unsigned k = 0; k + 1u < c->ways[d]; k++) {
			unsigned from = c->way[d][k], to = c->way[d][k + 1];
			struct hop_total *t = total_of(s, from, to, e);
			int64_t v;
			if (!t)
				return -1;
			for (uint32_t i = 0; next_seen(c, d, from, to, &i, &v); i++) {
				int64_t *least = &t->least[delay_stretch(c, i, from, to)];
				*least = v < *least ? v : *least;
			}
		}
	return 0;
}

static int add_delays(struct hop_total *t, const struct conn *c, unsigned d, const struct hop_delay *h, struct err *e)
{
	int64_t v, low, high, shift = delay_shift(h);

	t->aligned &= h->aligned || h->n == 0;
	for (uint32_t i = 0; next_seen(c, d, h->from, h->to, &i, &v); i++) {
		delay_bounds(h, v, &low, &high);
		if (histogram_add(&t->delay, v + shift > low ? v + shift : low, e) < 0 || histogram_add(&t->low, low, e) < 0 ||
		    histogram_add(&t->high, high, e) < 0 || histogram_add(&t->varies, v - t->least[delay_stretch(c, i, h->from, h->to)], e) < 0)
			return -1;
	}
	return 0;
}

static int64_t apart(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

/* Wherever the direction turns at the near point, in the order of its clock: the last packet one way and the first one the other way. */
static int add_round_trips(struct hop_total *t, const struct conn *c, unsigned near, unsigned far, struct err *e)
{
	struct delay_pair last = { 0, 0 }, p;
	int64_t grain = 2 * (c->facts->point[near].resolution_ns + c->facts->point[far].resolution_ns);
	uint32_t before = NOTHING;

	for (uint32_t k = c->at[near]; k < c->at[near + 1]; k++) {
		uint32_t i = c->pkt[k].tx;
		if (i == NOTHING || conn_sight(c, i)[near] != k || !delay_seen(c, i, near, far, &p))
			continue;
		if (before != NOTHING && c->tx[before].dir != c->tx[i].dir && delay_stretch(c, before, near, far) == delay_stretch(c, i, near, far) &&
		    (apart(p.near, last.near) <= TURN_NS || apart(p.far, last.far) <= TURN_NS)) {
			const struct delay_pair *there = c->tx[i].dir == C2S ? &p : &last, *back = c->tx[i].dir == C2S ? &last : &p;
			int64_t took = (there->far - there->near) + (back->near - back->far);
			/* Less than nothing: one of the two is not the same packet at both points. */
			if (took >= -grain && histogram_add(&t->round_trip, took, e) < 0)
				return -1;
		}
		before = i;
		last = p;
	}
	return 0;
}

int delay_sums_add(struct delay_sums *s, const struct conn *c, const struct delays *x, struct err *e)
{
	for (unsigned d = 0; d < 2; d++)
		for (unsigned k = 0; k + 1u < c->ways[d]; k++) {
			const struct hop_delay *h = &x->hop[d][k];
			struct hop_total *t = total_of(s, h->from, h->to, e);
			if (!t || add_delays(t, c, d, h, e) < 0)
				return -1;
			if (d == S2C || !h->aligned)
				continue;
			/* Under the name that the hop has along the path. */
			t = total_of(s, h->from < h->to ? h->from : h->to, h->from < h->to ? h->to : h->from, e);
			if (!t || add_round_trips(t, c, h->from, h->to, e) < 0)
				return -1;
		}
	return 0;
}

/* Quantiles of a kind, from column `at` on: none where there is none. */
static void bind(sqlite3_stmt *st, int at, struct histogram *h, const unsigned *per_mille, int n, enum histogram_edge edge)
{
	for (int i = 0; i < n; i++) {
		int64_t v = h->n == 0 ? INT64_MAX : per_mille[i] == 0 && h->n > h->open ? h->min : per_mille[i] == 1000 && h->open == 0 ? h->max :
		    per_mille[i] == 1000 ? INT64_MAX : histogram_at(h, per_mille[i], edge);
		db_bind_opt(st, at + i, v != INT64_MAX, v);
	}
}

static int store_total(struct db *db, sqlite3_stmt *st, struct hop_total *t, struct err *e)
{
	static const unsigned quantile[] = { 0, 500, 990, 1000 };
	struct histogram none = { 0 };

	sqlite3_bind_int(st, 3, t->dir);
	sqlite3_bind_int64(st, 4, (int64_t)t->delay.n);
	bind(st, 5, t->aligned ? &t->delay : &none, quantile, 4, HISTOGRAM_MIDDLE);
	bind(st, 9, t->aligned ? &t->low : &none, quantile, 4, HISTOGRAM_FLOOR);
	bind(st, 13, t->aligned ? &t->high : &none, quantile, 4, HISTOGRAM_TOP);
	bind(st, 17, t->aligned ? &t->varies : &none, quantile + 1, 2, HISTOGRAM_MIDDLE);
	return db_run(db, st, e);
}

static int store_round_trip(struct db *db, sqlite3_stmt *st, struct hop_total *t, struct err *e)
{
	static const unsigned quantile[] = { 0, 500, 990, 1000 };

	if (t->round_trip.n == 0)
		return 0;
	sqlite3_bind_int64(st, 3, (int64_t)t->round_trip.n);
	bind(st, 4, &t->round_trip, quantile, 4, HISTOGRAM_MIDDLE);
	return db_run(db, st, e);
}

int delay_sums_store(struct db *db, const struct facts *f, struct delay_sums *s, struct err *e)
{
	sqlite3_stmt *total, *trip = NULL;
	int rc = db_prepare(db, "INSERT INTO hop_total VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)", &total, e);

	if (rc == 0)
		rc = db_prepare(db, "INSERT INTO round_trip VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", &trip, e);
	for (unsigned i = 0; rc == 0 && i < f->points; i++)
		for (unsigned k = 0; rc == 0 && k < f->points; k++) {
			if (!s->hop[i][k])
				continue;
			for (int n = 0; n < 2; n++) {
				sqlite3_bind_int64(n ? trip : total, 1, f->point[i].id);
				sqlite3_bind_int64(n ? trip : total, 2, f->point[k].id);
			}
			rc = store_total(db, total, s->hop[i][k], e);
			if (rc == 0)
				rc = store_round_trip(db, trip, s->hop[i][k], e);
		}
	sqlite3_finalize(total);
	sqlite3_finalize(trip);
	return rc;
}
