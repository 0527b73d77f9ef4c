#include <stdlib.h>

#include "correlate/tie_private.h"

/* The device says so, or does what none does that only passes on: it makes other streams, or accepts what the server refuses. */
static bool says_so(const struct leg *x, const struct leg *y)
{
	struct resemblance l;

	legs_compare(x, y, &l);
	return y->speaks_for.header || l.contradicts || (x->as_front.flow->has_isn[S2C] && y->refused);
}

/* The client asked before the proxy did so much as to open its side, by clocks that are known. */
static bool asked_first(const struct finder *t, const struct leg *x, const struct leg *y)
{
	const struct flow *a = x->as_front.flow, *b = y->as_back.flow;
	int64_t doubt = facts_doubt_between(t->f, &t->f->point[a->point], a->first_ns, &t->f->point[b->point], b->first_ns);

	return t->ordered && doubt != INT64_MAX && x->as_front.has_said[C2S] && x->as_front.said[C2S] + legs_doubt(t->f, x, y) < y->as_back.syn;
}

int tie_proven(struct finder *t, const struct leg *x, const struct leg *y)
{
	struct onset *o = t->onset;
	struct accord a;

	if (says_so(x, y) || asked_first(t, x, y) || !t->db)
		return 1;
	if (onset_read(&t->loader, &t->packets, (uint32_t)(x->as_front.flow - t->f->flow), &o[0], t->e) < 0 ||
	    onset_read(&t->loader, &t->packets, (uint32_t)(y->as_back.flow - t->f->flow), &o[1], t->e) < 0)
		return -1;
	onset_compare(&o[0], &o[1], &a);
	return a.backwards && !a.spliced;
}

/* Drops the found ties that are not to be kept; their ends may be anybody's. */
static int sieve(struct finder *t, int (*keep)(struct finder *t, const struct found *x))
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		struct found *x = &t->found[i];
		int kept = keep(t, x);
		if (kept < 0)
			return -1;
		if (kept)
			t->found[n++] = *x;
		else
			t->front[x->front] = t->back[x->back] = TIE_MAYBE;
	}
	t->n = n;
	return 0;
}

static int is_proven(struct finder *t, const struct found *x)
{
	return x->tie == TIE_HEADER ? 1 : tie_proven(t, &t->leg[x->front], &t->leg[x->back]);
}

/* ---- services that are forwarded ---- */

/* At an end of a tie: who would be seen at one of these points as well shows that the service is forwarded. */
struct suspect {
	uint64_t key;
	uint64_t beyond;        /* set of points on the proxy's other side */
	bool forwarded;
};

static uint64_t suspect_key(const struct flow *w, int d)
{
	return (tie_service_key(w, d) ^ w->point) * 0x9e3779b97f4a7c15ull + (unsigned)d;
}

static int by_suspect(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static struct suspect *find_suspect(struct finder *t, uint64_t key)
{
	const struct suspect wanted = { .key = key };

	return t->suspects ? bsearch(&wanted, t->suspect, t->suspects, sizeof wanted, by_suspect) : NULL;
}

static void suspect(struct finder *t, const struct flow *w, int d, uint64_t beyond)
{
	t->suspect[t->suspects++] = (struct suspect){ suspect_key(w, d), beyond, false };
}

/* Once each, with all the points beyond. */
static void sort_suspects(struct finder *t)
{
	uint32_t n = 0;

	if (t->suspects)
		qsort(t->suspect, t->suspects, sizeof *t->suspect, by_suspect);
	for (uint32_t i = 0; i < t->suspects; i++) {
		if (n && t->suspect[n - 1].key == t->suspect[i].key)
			t->suspect[n - 1].beyond |= t->suspect[i].beyond;
		else
			t->suspect[n++] = t->suspect[i];
	}
	t->suspects = n;
}

/* All ends that are not known otherwise (a header, a number that is made to be unique). */
static int collect_suspects(struct finder *t)
{
	t->suspects = 0;
	if (!(t->suspect = malloc((2 * ((size_t)t->n + t->f->conns) + 1) * sizeof *t->suspect)))
		return err_set(t->e, "out of memory");
	for (uint32_t i = 0; i < t->n; i++) {
		const struct leg *x = &t->leg[t->found[i].front], *y = &t->leg[t->found[i].back];
		suspect(t, x->as_front.flow, S2C, y->points);
		suspect(t, y->as_back.flow, C2S, x->points);
	}
	for (uint32_t i = 0; i < t->f->conns; i++) {
		const struct leg *l = &t->leg[i];
		if (t->front[i] == TIE_CLASS)
			suspect(t, l->as_front.flow, S2C, ~l->points);
		if (t->back[i] == TIE_CLASS)
			suspect(t, l->as_back.flow, C2S, ~l->points);
	}
	sort_suspects(t);
	return 0;
}

/* By connection: what a flow says of its own (flow.conn) is not known yet while the sample is joined. */
static void find_forwarded(struct finder *t)
{
	for (uint32_t i = 0; i < t->f->conns; i++) {
		const struct conn_ref *r = &t->f->conn[i];
		for (uint32_t k = 0; k < r->flows; k++)
			for (int d = 0; d < 2; d++) {
				struct suspect *s = find_suspect(t, suspect_key(&t->f->flow[r->flow + k], d));
				if (s)
					s->forwarded |= (s->beyond & t->leg[i].points) != 0;
			}
	}
}

static bool is_forwarded(struct finder *t, const struct leg *l, int d)
{
	const struct suspect *s = find_suspect(t, suspect_key(d == S2C ? l->as_front.flow : l->as_back.flow, d));

	return s && s->forwarded;
}

static int is_proxied(struct finder *t, const struct found *x)
{
	return x->tie == TIE_HEADER || x->tie == TIE_UNIQUE_ID || x->tie == TIE_TLS ||
	    !(is_forwarded(t, &t->leg[x->front], S2C) || is_forwarded(t, &t->leg[x->back], C2S));
}

int tie_prove(struct finder *t)
{
	if (sieve(t, is_proven) < 0 || collect_suspects(t) < 0)
		return -1;
	find_forwarded(t);
	for (uint32_t i = 0; i < t->f->conns; i++) {
		if (t->front[i] == TIE_CLASS && is_forwarded(t, &t->leg[i], S2C))
			t->front[i] = TIE_MAYBE;
		if (t->back[i] == TIE_CLASS && is_forwarded(t, &t->leg[i], C2S))
			t->back[i] = TIE_MAYBE;
	}
	int rc = sieve(t, is_proxied);
	free(t->suspect);
	return rc;
}
