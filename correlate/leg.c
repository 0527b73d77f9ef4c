#include "correlate/leg.h"

#include <stdlib.h>

#include "correlate/hosts.h"

#define EPS_NS 20000            /* time stamps of one clock are taken before or after a queue */
#define TICKS_APART 200000      /* as in join.c: TSvals of one SYN and its repeats are not further apart */

static void read_times(const struct facts *f, const struct flow *w, struct leg_times *t)
{
	const struct point *p = &f->point[w->point];

	t->flow = w;
	t->syn = facts_align(p, w->first_ns);
	t->end = facts_align(p, w->last_ns);
	for (int d = 0; d < 2; d++) {
		t->has_said[d] = w->has_said[d];
		t->said[d] = facts_align(p, w->said_ns[d]);
	}
}

static void add_flow(struct leg *l, const struct flow *w)
{
	l->points |= 1ull << w->point;
	for (int d = 0; d < 2; d++) {
		if (w->opening.head[d].rungs > l->opening.head[d].rungs)
			l->opening.head[d] = w->opening.head[d];
		if (w->closed && w->has_isn[d] && w->has_seq[d])
			l->length[d] = w->seq_max[d] - w->isn[d];
	}
	if (w->opening.kind && !l->opening.kind) {
		l->opening.kind = w->opening.kind;
		l->opening.digest = w->opening.digest;
	}
	if (!l->speaks_for.header && !l->speaks_for.addr && !l->speaks_for.request)
		l->speaks_for = w->speaks_for;
	l->closed |= w->closed && w->has_isn[C2S] && w->has_isn[S2C] && w->has_seq[C2S] && w->has_seq[S2C];
	l->whole |= w->has_isn[C2S];
}

int legs_read(const struct facts *f, struct leg **legs, struct err *e)
{
	struct leg *list = calloc(f->conns ? f->conns : 1, sizeof *list);

	if (!list)
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < f->conns; i++) {
		const struct conn_ref *r = &f->conn[i];
		const struct flow *w = &f->flow[r->flow];
		struct leg *l = &list[i];
		uint32_t n = 0;
		for (; n < r->flows && w[n].point < f->points; n++)
			add_flow(l, &w[n]);
		l->conn = i;
		if (n == 0)
			continue;
		l->first = w[0].point;
		l->last = w[n - 1].point;
		read_times(f, &w[n - 1], &l->as_front);
		read_times(f, &w[0], &l->as_back);
		l->refused = !w[0].has_isn[S2C] && !w[0].ttl[S2C] && !f->point[w[0].point].sight[S2C].elsewhere;
		/* The header comes first, whenever the client asks. */
		if (l->speaks_for.header) {
			l->as_back.has_said[C2S] = false;
			l->length[C2S] -= l->speaks_for.header;
		}
	}
	*legs = list;
	return 0;
}

static void compare_direction(const struct leg *x, const struct leg *y, int d, struct resemblance *l)
{
	const struct stream_head *a = &x->opening.head[d], *b = &y->opening.head[d];
	uint8_t n = a->rungs < b->rungs ? a->rungs : b->rungs;
	bool lengths = x->closed && y->closed;

	if (n > 0 && a->rung[n - 1] == b->rung[n - 1])
		l->rungs[d] = n;
	else if (n > 0)
		l->contradicts = true;
	/* A FIN counts one, and may be missing in one of the captures. */
	if (lengths && x->length[d] != y->length[d] && x->length[d] + 1 != y->length[d] && x->length[d] != y->length[d] + 1)
		l->contradicts = true;
	l->tiny[d] = lengths && !l->contradicts && !a->rungs && !b->rungs && x->length[d] <= opening_bytes[0] + 1u;
}

void legs_compare(const struct leg *x, const struct leg *y, struct resemblance *l)
{
	*l = (struct resemblance){ 0 };
	for (int d = 0; d < 2; d++)
		compare_direction(x, y, d, l);
	l->request = x->opening.kind == OPENING_HTTP && y->opening.kind == OPENING_HTTP && x->opening.digest == y->opening.digest;
}

static bool same_ends(const struct flow *x, const struct flow *y)
{
	return x->addr[C2S] == y->addr[C2S] && x->addr[S2C] == y->addr[S2C] && x->port[C2S] == y->port[C2S] && x->port[S2C] == y->port[S2C];
}

static bool other_clock(const struct flow *x, const struct flow *y)
{
	int32_t apart = (int32_t)(x->syn_tsval - y->syn_tsval);

	return x->has_syn_tsval && y->has_syn_tsval && (apart > TICKS_APART || apart < -TICKS_APART);
}

static bool same_clock(const struct flow *x, const struct flow *y)
{
	return x->has_syn_tsval && y->has_syn_tsval && !other_clock(x, y);
}

/* Is one initial sequence number the same, or not known? A transparent proxy has numbers of its own in both directions. */
static bool shares_isn(const struct flow *x, const struct flow *y)
{
	for (int d = 0; d < 2; d++)
		if (!x->has_isn[d] || !y->has_isn[d] || x->isn[d] == y->isn[d])
			return true;
	return false;
}

bool legs_two_handshakes(const struct leg *x, const struct leg *y, const struct resemblance *l, int64_t eps)
{
	const struct flow *a = x->as_front.flow, *b = y->as_back.flow;

	if (same_clock(a, b) || (same_ends(a, b) && (!other_clock(a, b) || shares_isn(a, b))))
		return false;
	if (y->speaks_for.header || (l->request && l->contradicts) || (a->has_isn[S2C] && y->refused))
		return true;
	if (x->as_front.has_said[C2S] && x->as_front.said[C2S] + eps < y->as_back.syn)
		return true;
	/* A device that makes timestamps of its own as well (pf: scrub reassemble tcp) still forwards, and a router takes one from the TTL. */
	return other_clock(a, b) && hosts_untouched(b->ttl[C2S]);
}

bool legs_apart(const struct facts *f, const struct leg *x, const struct leg *y, bool ordered)
{
	const struct flow *a = x->as_front.flow, *b = y->as_back.flow;

	if (!a || !b || x->conn == y->conn || !x->whole || !y->whole)
		return false;
	if (!ordered)
		return !(x->points & y->points);
	if (x->last == y->first)
		return facts_straddles(&f->point[x->last]);
	return x->last < y->first && f->point[x->last].position != f->point[y->first].position;
}

int64_t legs_doubt(const struct facts *f, const struct leg *x, const struct leg *y)
{
	const struct flow *a = x->as_front.flow, *b = y->as_back.flow;
	const struct point *p = &f->point[a->point], *q = &f->point[b->point];
	int64_t doubt = facts_doubt_between(f, p, a->first_ns, q, b->first_ns), least = EPS_NS;

	if (p->resolution_ns + q->resolution_ns > least)
		least = p->resolution_ns + q->resolution_ns;
	return doubt == INT64_MAX ? least : doubt + least;
}

bool legs_nested(const struct leg *x, const struct leg *y, int64_t eps)
{
	const struct leg_times *a = &x->as_front, *b = &y->as_back;

	if (b->syn + eps < a->syn || b->syn - eps > a->end)
		return false;
	if (a->has_said[C2S] && b->has_said[C2S] && b->said[C2S] + eps < a->said[C2S])
		return false;
	return !a->has_said[S2C] || !b->has_said[S2C] || a->said[S2C] + eps >= b->said[S2C];
}

bool legs_exchange_fits(const struct facts *f, const struct leg *x, const struct leg *y)
{
	const struct leg_times *a = &x->as_front, *b = &y->as_back;
	int64_t slack = EPS_NS + f->point[a->flow->point].resolution_ns + f->point[b->flow->point].resolution_ns;

	for (int d = 0; d < 2; d++)
		if (!a->has_said[d] || !b->has_said[d])
			return true;
	return a->said[S2C] - a->said[C2S] + slack >= b->said[S2C] - b->said[C2S];
}
