/* Which class, named by one value, was hit most above the others? Ports, what SYNs offer, prefixes of addresses, a stretch of time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/chance.h"
#include "correlate/pattern.h"

#define VALUES 65536
#define FEWEST 3        /* that were hit */

struct tally {
	uint32_t n, hit;
};

struct search {
	const struct pattern_rows *k;
	bool partly;
	struct tally all;
	double best;                    /* log10 of its chance, alone */
	double tried;                   /* classes that were looked at */
	struct pattern_hull *h;
	struct tally *sum;              /* of prefixes: of the addresses before */
};

static bool is_hit(const struct search *s, const struct pattern_row *r)
{
	return s->partly ? r->first : r->hit == HIT_ALL;
}

static void count(const struct search *s, const struct pattern_row *r, struct tally *t)
{
	t->n += !r->pattern;
	t->hit += !r->pattern && is_hit(s, r);
}

/* Is this the best class so far? */
static bool better(struct search *s, struct tally t)
{
	double chance;

	s->tried += t.n > 0;
	if (t.hit < FEWEST)
		return false;
	chance = chance_fisher(s->all.n, s->all.hit, t.n, t.hit);
	if (chance >= s->best)
		return false;
	s->best = chance;
	memset(s->h, 0, sizeof *s->h);
	return true;
}

static void seed_value(struct search *s, struct tally *t, unsigned feature)
{
	memset(t, 0, VALUES * sizeof *t);
	for (uint32_t i = 0; i < s->k->n; i++) {
		const struct pattern_row *r = &s->k->row[i];
		count(s, r, &t[feature < FEATURES ? r->feature[feature] : r->port]);
	}
	for (uint32_t v = feature < FEATURES; v < VALUES; v++) {
		if (!better(s, t[v]))
			continue;
		if (feature < FEATURES) {
			s->h->feature[feature] = (uint16_t)v;
			s->h->atoms = 1u << (ATOM_FEATURE + feature);
		} else {
			s->h->port[0] = (uint16_t)v;
			s->h->ports = 1;
			s->h->atoms = 1u << ATOM_PORT;
		}
	}
}

/* The prefix that addresses from .. to - 1 have in common, and those that parts of them have. */
static void seed_prefix(struct search *s, unsigned side, uint32_t from, uint32_t to)
{
	const struct cover_addr *a = s->k->addr;
	struct tally t = { s->sum[to].n - s->sum[from].n, s->sum[to].hit - s->sum[from].hit };
	int bits = cover_common(&a[from], &a[to - 1]);
	uint32_t first, mid;

	if (t.hit < FEWEST) {
		s->tried++;
		return;
	}
	if (bits >= 0 && a[from].family && better(s, t)) {
		s->h->side[side] = (struct pattern_hull_side){ .one = from, .bits = (unsigned)bits, .from = from, .to = to };
		s->h->atoms = 1u << (side ? ATOM_SERVER : ATOM_CLIENT);
	}
	if (to - from == 1)
		return;
	if (bits < 0)
		for (mid = from; a[mid].family == a[from].family; mid++)
			;
	else
		cover_range(a, s->k->addrs, from, (unsigned)bits + 1, &first, &mid);
	seed_prefix(s, side, from, mid);
	seed_prefix(s, side, mid, to);
}

static void seed_side(struct search *s, unsigned side)
{
	memset(s->sum, 0, (s->k->addrs + 1) * sizeof *s->sum);
	for (uint32_t i = 0; i < s->k->n; i++)
		count(s, &s->k->row[i], &s->sum[s->k->row[i].addr[side] + 1]);
	for (uint32_t a = 0; a < s->k->addrs; a++) {
		s->sum[a + 1].n += s->sum[a].n;
		s->sum[a + 1].hit += s->sum[a].hit;
	}
	if (s->k->addrs)
		seed_prefix(s, side, 0, s->k->addrs);
}

static int by_time(const void *a, const void *b)
{
	const struct pattern_row *x = *(const struct pattern_row *const *)a, *y = *(const struct pattern_row *const *)b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return x->conn < y->conn ? -1 : x->conn > y->conn;
}

/* The longest stretch of time in which none passed. */
static void seed_time(struct search *s, const struct pattern_row **order)
{
	uint32_t n = 0, from = 0, best = 0, length = 0;

	for (uint32_t i = 0; i < s->k->n; i++)
		if (!s->k->row[i].pattern)
			order[n++] = &s->k->row[i];
	qsort(order, n, sizeof *order, by_time);
	for (uint32_t i = 0; i < n; i++) {
		if (!is_hit(s, order[i]))
			from = i + 1;
		else if (i + 1 - from > length) {
			best = from;
			length = i + 1 - from;
		}
	}
	s->tried += n;
	if (!better(s, (struct tally){ length, length }))
		return;
	s->h->from_ns = order[best]->from_ns;
	s->h->to_ns = order[best]->to_ns;
	for (uint32_t i = best; i < best + length; i++)
		s->h->to_ns = order[i]->from_ns > s->h->to_ns ? order[i]->from_ns : s->h->to_ns;
	s->h->atoms = 1u << ATOM_TIME;
}

double pattern_seed(const struct pattern_rows *k, bool partly, struct pattern_hull *h)
{
	struct search s = { .k = k, .partly = partly, .h = h };
	struct tally *t = malloc(VALUES * sizeof *t);
	const struct pattern_row **order = malloc((k->n + 1) * sizeof *order);

	s.sum = malloc((k->addrs + 1) * sizeof *s.sum);
	memset(h, 0, sizeof *h);
	if (t && order && s.sum) {
		for (uint32_t i = 0; i < k->n; i++)
			count(&s, &k->row[i], &s.all);
		for (unsigned f = 0; f <= FEATURES; f++)
			seed_value(&s, t, f);
		seed_side(&s, 1);
		seed_side(&s, 0);
		/* What was hit and passed later has no stretch of time. */
		if (!partly)
			seed_time(&s, order);
	} else {
		s.best = NAN;
	}
	free(t);
	free(order);
	free(s.sum);
	return isnan(s.best) || s.best == 0 ? s.best : s.best + log10(s.tried);
}
