#include "correlate/orient.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum side { NEAR, FAR };

int orient_open(struct orient *o, struct facts *f, struct err *e)
{
	memset(o, 0, sizeof *o);
	o->f = f;
	o->points = f->points;
	o->given = f->path_given;
	o->sum = calloc((size_t)f->points * f->points + 1, sizeof *o->sum);
	o->ttl = calloc((size_t)f->points * f->points + 1, sizeof *o->ttl);
	o->voted = calloc(f->conns + 1, sizeof *o->voted);
	if (!o->sum || !o->ttl || !o->voted)
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < f->points && o->given; i++)
		for (uint32_t j = i + 1; j < f->points; j++)
			o->sum[i * f->points + j] = 1;
	return 0;
}

void orient_close(struct orient *o)
{
	free(o->sum);
	free(o->ttl);
	free(o->voted);
	multiset_free(&o->sides);
	memset(o, 0, sizeof *o);
}

static uint64_t key_of(int64_t addr, enum side side)
{
	uint64_t k[2] = { (uint64_t)addr, side };

	return XXH3_64bits(k, sizeof k);
}

static int sign(int64_t v)
{
	return (v > 0) - (v < 0);
}

/* At which of two points are TTLs of the client's packets higher, those of the server's lower? */
static int ttl_of(const struct flow *x, const struct flow *y)
{
	int v = 0;

	for (int d = 0; d < 2; d++)
		if (x->ttl[d] && y->ttl[d])
			v += sign((x->ttl[d] - y->ttl[d]) * (d == C2S ? 1 : -1));
	return sign(v);
}

/* What is known of two of a connection's points, of which the first comes first; NULL: they are none such. */
static int64_t *ttl_between(const struct orient *o, const struct flow *x, const struct flow *y)
{
	return x->point < y->point && y->point < o->points ? &o->ttl[x->point * o->points + y->point] : NULL;
}

static void learn_ttl(struct orient *o, const struct conn_ref *r)
{
	const struct flow *w = &o->f->flow[r->flow];

	for (uint32_t a = 0; a < r->flows; a++)
		for (uint32_t b = 0; b < r->flows; b++) {
			int64_t *sum = ttl_between(o, &w[a], &w[b]);
			if (sum)
				*sum += r->reversed ? -ttl_of(&w[a], &w[b]) : ttl_of(&w[a], &w[b]);
		}
}

static int by_ttl(const struct orient *o, const struct conn_ref *r)
{
	const struct flow *w = &o->f->flow[r->flow];
	int64_t v = 0;

	for (uint32_t a = 0; a < r->flows; a++)
		for (uint32_t b = 0; b < r->flows; b++) {
			const int64_t *sum = ttl_between(o, &w[a], &w[b]);
			v += sum ? sign(*sum) * ttl_of(&w[a], &w[b]) : 0;
		}
	return sign(v);
}

static void note_sides(struct orient *o, const struct conn_ref *r)
{
	for (uint32_t k = 0; k < r->flows; k++)
		for (int role = 0; role < 2; role++)
			multiset_add(&o->sides, key_of(o->f->flow[r->flow + k].addr[role], (role == C2S) == !r->reversed ? NEAR : FAR));
	o->nomem |= o->sides.nomem;
}

void orient_vote(struct orient *o, uint32_t conn, const int32_t *votes)
{
	struct conn_ref *r = &o->f->conn[conn];
	int64_t fits = 0;
	bool any = false;

	for (uint32_t k = 0; k < o->points * o->points; k++) {
		fits += sign(votes[k]) * sign(o->sum[k]);
		any |= votes[k] != 0;
	}
	if (!any)
		return;
	o->voted[conn] = true;
	r->reversed = fits < 0;
	o->normal += !r->reversed;
	o->reversed += r->reversed;
	for (uint32_t k = 0; k < o->points * o->points && !o->given; k++)
		o->sum[k] += sign(votes[k]) * (r->reversed ? -1 : 1);
	learn_ttl(o, r);
	note_sides(o, r);
}

/* Does the first one to be seen run against the path? */
static bool first_reversed(const struct orient *o)
{
	const struct conn_ref *first = NULL;
	int64_t t = INT64_MAX;

	for (uint32_t i = 0; i < o->f->conns; i++) {
		const struct conn_ref *r = &o->f->conn[i];
		int64_t at = o->f->flow[r->flow].first_ns;
		if (o->voted[i] && (at < t || (at == t && !r->reversed))) {
			first = r;
			t = at;
		}
	}
	return first && first->reversed;
}

bool orient_turn(struct orient *o)
{
	if (o->given || o->reversed < o->normal || (o->reversed == o->normal && !first_reversed(o)))
		return false;
	multiset_free(&o->sides);
	for (uint32_t i = 0; i < o->f->conns; i++) {
		struct conn_ref *r = &o->f->conn[i];
		if (!o->voted[i])
			continue;
		r->reversed = !r->reversed;
		note_sides(o, r);
	}
	for (uint32_t k = 0; k < o->points * o->points; k++)
		o->ttl[k] = -o->ttl[k];
	return true;
}

/* Above zero: on the near side, below: on the far side. */
static int64_t side_of(const struct orient *o, int64_t addr)
{
	return (int64_t)multiset_count(&o->sides, key_of(addr, NEAR)) - (int64_t)multiset_count(&o->sides, key_of(addr, FAR));
}

static int by_sides(const struct orient *o, const struct conn_ref *r)
{
	int64_t v = 0;

	for (uint32_t k = 0; k < r->flows; k++) {
		const struct flow *w = &o->f->flow[r->flow + k];
		v += sign(side_of(o, w->addr[C2S])) - sign(side_of(o, w->addr[S2C]));
	}
	return sign(v);
}

void orient_rest(struct orient *o)
{
	if (o->reversed == 0)
		return;
	for (uint32_t i = 0; i < o->f->conns; i++) {
		struct conn_ref *r = &o->f->conn[i];
		if (o->voted[i])
			continue;
		int v = by_ttl(o, r);
		if (v == 0)
			v = by_sides(o, r);
		if (v != 0)
			r->reversed = v < 0;
	}
}
