#include "correlate/hop_doubt.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "correlate/fate.h"
#include "correlate/half_open.h"
#include "correlate/hosts.h"

#define CROWD 1024              /* connections that are looked through for one of a client */
#define EARLY_NS 100000000      /* a translated connection begins within this before the first ... */
#define RETRY_NS 3500000000     /* ... or within this, if its capture may have missed two SYNs (RFC 6298 2: after one second, and two more) ... */
#define LATE_NS 2000000000      /* ... and this after the last SYN */

/* When a connection tried to begin: from its first SYN, or one before that its capture may have missed, to the last. */
struct tries {
	int64_t from_ns, to_ns;
};

double hop_miss(const struct proof *t, uint32_t x, unsigned point)
{
	const struct point *p = &t->c->facts->point[point];
	double all = fate_miss_of(t->c, point);
	uint32_t proved = t->tally.proved[point], missed = t->tally.missed[point];

	/* The same captures recorded x as of another point at that very moment: they ran, and had room. */
	if (p->sight[0].missed + p->sight[1].missed + p->drops == 0 && fate_recorded_beside(t->c, x, point))
		all = fmin(all, FATE_MISS_RUNNING);
	return fmax(all, missed ? fmin(0.9, (missed + 1.0) / (proved + 2.0)) : 0);
}

bool hop_missing_whole(const struct conn *c, unsigned point)
{
	return !c->flow[point] && c->facts->point[point].unseen > 0;
}

/* Could orphan o be c? It began when c tried to; or, where a capture began later than one of them, they were there at the same time. */
static bool same_time(const struct orphan *o, const struct orphan *c, const struct tries *tries, int64_t unsure)
{
	if (unsure == INT64_MAX)
		return true;
	if (o->begun && c->begun)
		return o->start_ns >= tries->from_ns - unsure && o->start_ns <= tries->to_ns + unsure + LATE_NS;
	return o->start_ns <= c->last_ns + unsure + LATE_NS && o->last_ns >= c->start_ns - unsure - EARLY_NS;
}

/* Among those at points where c is not known: one of its client, or any, that could be c? Those that begin last before c ends are looked at. */
static bool has_orphan(const struct orphans *o, const struct orphan *c, const struct tries *tries, int64_t unsure, bool any)
{
	int64_t late = unsure == INT64_MAX ? INT64_MAX : c->last_ns + unsure + LATE_NS;
	uint32_t lo = 0, hi = o->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (o->list[mid].start_ns <= late)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (uint32_t i = lo, n = 0; i-- > 0 && n < CROWD; n++)
		if (!(o->list[i].points & c->points) && (any || o->list[i].client == c->client) && same_time(&o->list[i], c, tries, unsure))
			return true;
	return false;
}

bool hop_translated(const struct proof *t, unsigned from, unsigned to)
{
	const struct conn *c = t->c;
	const struct facts *f = c->facts;
	const struct conn_ref *r = &f->conn[c->index];
	const struct flow *w = c->flow[from];
	const struct host *h;

	if (c->flow[to] || !w)
		return false;
	h = hosts_find(f->hosts, to, w->addr[C2S], 0);
	bool kept = h && h->joined >> from & 1;
	struct orphan own = { r->start_ns, facts_align(&f->point[from], w->last_ns), w->has_isn[C2S] || w->has_isn[S2C], w->addr[C2S], r->points };
	bool misses = f->point[from].sight[0].missed + f->point[from].sight[1].missed + f->point[from].drops > 0;
	/* Of several SYNs the first may be lost, and another one come through. */
	struct tries tries = { r->start_ns - (misses ? RETRY_NS : EARLY_NS), t->tally.asked_ns > r->start_ns ? t->tally.asked_ns : r->start_ns };
	for (unsigned p = to; p < f->points; p += to > from ? 1u : UINT_MAX)
		if (has_orphan(&f->orphans[p], &own, &tries, facts_doubt(&f->point[p], facts_unalign(&f->point[p], r->start_ns)), !kept))
			return true;
	return false;
}

bool hop_ambiguous(const struct conn *c, unsigned near, unsigned far)
{
	return c->flow[near] && c->flow[near]->state == JOIN_AMBIGUOUS && !c->flow[far];
}

const struct hop_stats *hop_stats_of(const struct facts *f, unsigned a, unsigned b, unsigned dir)
{
	return &f->point[a < b ? a : b].hop[dir];
}

/* What the point knows of the connection's server; NULL: nothing. */
static const struct host *server_at(const struct conn *c, unsigned point)
{
	const struct flow *w = NULL;

	for (unsigned i = 0; !w && i < c->facts->points; i++)
		w = c->flow[i];
	return hosts_find(c->facts->hosts, point, w->addr[S2C], 0);
}

bool hop_sees_kin(const struct conn *c, unsigned point, unsigned dir)
{
	const struct host *h;

	if (c->flow[point] || c->facts->point[point].running)
		return true;
	h = server_at(c, point);
	return h && (dir == C2S ? h->arrivals : h->flows) > 0;
}

bool hop_reads(const struct conn *c, const struct tx *x, unsigned point)
{
	const struct point *p = &c->facts->point[point];
	const struct host *h;

	if (x->what == WHAT_ICMP)
		return p->icmp && p->unread == 0;
	if (p->unread == 0 || c->flow[point])
		return true;
	h = server_at(c, point);
	return h && h->arrivals + h->flows > 0;
}

bool hop_refuses(const struct tx *r, const struct tx *x)
{
	if (r->dir == x->dir || r->t < x->t || r->t > x->t + FATE_ANSWER_NS)
		return false;
	if (r->what == WHAT_ICMP)
		return r->off == x->off;
	if (!tx_is_reset(r))
		return false;
	return (!r->stray_ack && r->ack == x->end) || (!x->stray_ack && !r->stray && r->off == x->ack);
}

bool hop_missing_at(const struct conn *c, uint32_t r, unsigned point)
{
	return conn_sight(c, r)[point] == NOTHING && !conn_others(&c->tx[r], point);
}

bool hop_refused(const struct conn *c, uint32_t x, unsigned point)
{
	for (uint32_t i = x + 1; i < c->txs && i < x + LOOK_AHEAD; i++)
		if (hop_refuses(&c->tx[i], &c->tx[x]) && hop_missing_at(c, i, point))
			return true;
	return false;
}

bool hop_strangers(const struct facts *f, unsigned a, unsigned b)
{
	const struct hop_stats *h = f->point[a < b ? a : b].hop;

	return h[0].passed + h[1].passed == 0 && f->point[a].sight[0].packets + f->point[a].sight[1].packets > 0 &&
	    f->point[b].sight[0].packets + f->point[b].sight[1].packets > 0;
}

/* Whoever answers for the server has numbers of its own: these are no stream of another, nor the server's, moved. */
static bool answered_apart(const struct conn *c, unsigned a, unsigned b)
{
	return half_open_apart(c, a, b) || half_open_apart(c, b, a);
}

bool hop_two_numberings(const struct conn *c, unsigned a, unsigned b)
{
	bool foreign = conn_foreign(c, a) || conn_foreign(c, b);

	return (foreign && !answered_apart(c, a, b)) || (c->flow[a] && c->flow[a]->two_servers) || (c->flow[b] && c->flow[b]->two_servers);
}

bool hop_unordered(const struct facts *f, unsigned a, unsigned b)
{
	const struct point *p = &f->point[a], *q = &f->point[b];

	return p->unordered >> b & 1 && p->sight[0].packets + p->sight[1].packets > 0 && q->sight[0].packets + q->sight[1].packets > 0;
}

bool hop_nothing_shared(const struct proof *t, unsigned near, unsigned far, unsigned dir)
{
	return t->tally.plain[near][dir] && t->tally.plain[far][dir] && !t->tally.shared[far][dir] &&
	    !(dir == S2C && answered_apart(t->c, near, far));
}

bool hop_severed(const struct proof *t, unsigned dir, unsigned i, unsigned k)
{
	for (; i < k; i++)
		if (hop_nothing_shared(t, t->c->way[dir][i], t->c->way[dir][i + 1], dir))
			return true;
	return false;
}

bool hop_here_not_there(const struct conn *c, uint32_t i, unsigned near, unsigned far)
{
	return !hop_missing_at(c, i, near) && hop_missing_at(c, i, far);
}

bool hop_sees_way(const struct proof *t, unsigned point, unsigned nearer, unsigned dir)
{
	if (conn_foreign(t->c, point))
		return false;
	return t->c->flow[point] ? t->tally.first[point][dir] != NOTHING : !t->c->flow[nearer];
}

/* Does anything of the connection cross the hop behind x? A device that resets it lets nothing more through. */
static bool crosses_later(const struct conn *c, uint32_t x, unsigned near, unsigned far)
{
	for (uint32_t i = x + 1; i < c->txs && i < x + LOOK_AHEAD; i++)
		if (!hop_missing_at(c, i, near) && !hop_missing_at(c, i, far))
			return true;
	return false;
}

/* Is x, as point recorded it, what the host might have sent at any time? A reset is, with the TTL of the host. */
static bool ordinary(const struct conn *c, uint32_t x, unsigned point)
{
	const struct tx *w = &c->tx[x];
	const struct pkt *p = conn_at(c, x, point);

	return w->what == WHAT_DATA || w->what == WHAT_FIN || (w->what == WHAT_ACK && !w->stray_ack) ||
	    (tx_is_reset(w) && p && p->ttl == fate_ttl(c, point, w->dir));
}

bool hop_both_ways(const struct conn *c, uint32_t x, unsigned near, unsigned far)
{
	const struct tx *w = &c->tx[x];

	for (uint32_t i = x > LOOK_AHEAD ? x - LOOK_AHEAD : 0; !tx_is_reset(w) && ordinary(c, x, near) && i < c->txs && i < x + LOOK_AHEAD; i++) {
		const struct tx *o = &c->tx[i];
		if (o->dir != w->dir && ordinary(c, i, near) && (!tx_is_reset(o) || crosses_later(c, x, near, far)) && llabs(o->t - w->t) < BURST_NS && hop_here_not_there(c, i, near, far))
			return true;
	}
	return false;
}

bool hop_of_next(const struct conn *c, uint32_t x)
{
	uint32_t next = c->facts->conn[c->index].next;

	return tx_is_reset(&c->tx[x]) && next != UINT32_MAX && c->tx[x].t > c->facts->conn[next].start_ns - BURST_NS;
}

bool hop_before_lasts(const struct conn *c, int64_t t, unsigned point)
{
	const struct facts *f = c->facts;
	uint32_t previous = f->conn[c->index].previous;

	for (uint32_t i = 0; previous != UINT32_MAX && i < f->conn[previous].flows; i++) {
		const struct flow *w = &f->flow[f->conn[previous].flow + i];
		if (w->point == point && facts_align(&f->point[point], w->last_ns) > t - FATE_ANSWER_NS)
			return true;
	}
	return false;
}

bool hop_of_neighbour(const struct conn *c, uint32_t x, unsigned point)
{
	return tx_is_reset(&c->tx[x]) && (hop_before_lasts(c, c->tx[x].t, point) || hop_of_next(c, x));
}

bool hop_after_next(const struct conn *c, uint32_t x)
{
	uint32_t next = c->facts->conn[c->index].next;

	return next != UINT32_MAX && c->tx[x].t > c->facts->conn[next].start_ns;
}
