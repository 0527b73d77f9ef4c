#include "correlate/odds.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "correlate/damage.h"
#include "correlate/datagram.h"
#include "correlate/fate.h"
#include "correlate/hosts.h"
#include "correlate/ranges.h"
#include "correlate/reason.h"

#define SHOWN 0.5               /* odds from which on a consequence shows a loss */
#define ODDS_SILENT 3.0         /* ... and what a loss without one must have */
#define BURST 2                 /* packets of one direction that any capture may miss at once */
#define ANSWER_NS 1000000000    /* a refusal comes this soon */
#define CROWD 1024              /* connections that are looked through for one of a client */
#define EARLY_NS 100000000      /* a translated connection begins within this before the first ... */
#define RETRY_NS 3500000000     /* ... or within this, if its capture may have missed two SYNs (RFC 6298 2: after one second, and two more) ... */
#define LATE_NS 2000000000      /* ... and this after the last SYN */
#define NEAR 16                 /* transmissions before and after among which equal ones are looked for */
#define BURST_NS 100000000      /* captures lose packets in bursts of this length */
#define LOOK_FAR 4096           /* transmissions that are searched for an answer */
#define PRIOR_DOUBLED 0.1       /* of an equal packet at once */
#define FEW 2                   /* packets of one direction of a connection, lost one by one */
#define FIRSTS 3                /* datagrams of which only the first fragment came: no accident */
#define LOOK_AHEAD 256          /* transmissions that are searched for a consequence */

static double log_inverse(double p)
{
	return -log10(p);
}

/* What the capture misses: of all it could have recorded, or of this connection, whichever is more. Losses come in bursts. */
static double miss_of(const struct proof *t, uint32_t x, unsigned point)
{
	const struct point *p = &t->c->facts->point[point];
	double all = fate_miss_of(t->c, point);
	uint32_t proved = t->tally.proved[point], missed = t->tally.missed[point];

	/* The same captures recorded x as of another point at that very moment: they ran, and had room. */
	if (p->sight[0].missed + p->sight[1].missed + p->drops == 0 && fate_recorded_beside(t->c, x, point))
		all = fmin(all, FATE_MISS_RUNNING);
	return fmax(all, missed ? fmin(0.9, (missed + 1.0) / (proved + 2.0)) : 0);
}

/* Where whole connections go by unseen, a connection that is missing there is one miss, however many of its packets are. */
static bool missing_whole(const struct conn *c, unsigned point)
{
	return !c->flow[point] && c->facts->point[point].unseen > 0;
}

/* When a connection tried to begin: from its first SYN, or one before that its capture may have missed, to the last. */
struct tries {
	int64_t from_ns, to_ns;
};

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

/*
 * May a connection that the far side does not know be one that it knows under other names? Any connection there, or beyond, that some neighbour does not
 * know, and that begins at the time, may be it; if the client's address is known to pass as it is, any of this client's.
 */
static bool translated(const struct proof *t, unsigned from, unsigned to)
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

/* A flow that fits several beyond is one of them: that none was taken for it says nothing of its packets. */
static bool ambiguous(const struct conn *c, unsigned near, unsigned far)
{
	return c->flow[near] && c->flow[near]->state == JOIN_AMBIGUOUS && !c->flow[far];
}

static const struct hop_stats *hop_of(const struct facts *f, unsigned a, unsigned b, unsigned dir)
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

/* Has the point seen anything of this connection, or of others with the same server, in this direction? */
static bool sees_kin(const struct conn *c, unsigned point, unsigned dir)
{
	const struct host *h;

	if (c->flow[point] || c->facts->point[point].running)
		return true;
	h = server_at(c, point);
	return h && (dir == C2S ? h->arrivals : h->flows) > 0;
}

/*
 * Would the capture show x if it came by? A small snaplen cuts frames off before the TCP header (longest in ICMP errors, which quote one), and the
 * usual filters let no ICMP through: then its absence says nothing. Packets of the connection, or of others with its server, show that theirs fit.
 */
static bool reads(const struct conn *c, const struct tx *x, unsigned point)
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

/* Is r an answer that refuses x: a RST with the numbers that it asks for, or an ICMP error that quotes it? */
static bool refuses(const struct tx *r, const struct tx *x)
{
	if (r->dir == x->dir || r->t < x->t || r->t > x->t + ANSWER_NS)
		return false;
	if (r->what == WHAT_ICMP)
		return r->off == x->off;
	if (!tx_is_reset(r))
		return false;
	return (!r->stray_ack && r->ack == x->end) || (!x->stray_ack && !r->stray && r->off == x->ack);
}

/* Was r, in the other direction, never seen at the point, not even in part or in other packets, but nearer to x's sender? */
static bool missing_at(const struct conn *c, uint32_t r, unsigned point)
{
	return conn_sight(c, r)[point] == NOTHING && !conn_others(&c->tx[r], point);
}

bool odds_refused(const struct conn *c, uint32_t x, unsigned point)
{
	for (uint32_t i = x + 1; i < c->txs && i < x + LOOK_AHEAD; i++)
		if (refuses(&c->tx[i], &c->tx[x]) && missing_at(c, i, point))
			return true;
	return false;
}

/* ---- lost ---- */

static bool here_not_there(const struct conn *c, uint32_t i, unsigned near, unsigned far)
{
	return !missing_at(c, i, near) && missing_at(c, i, far);
}

/* Was the connection cut on the hop before x: a reset of either direction, on the side that it goes to only? */
static bool cut_before(const struct conn *c, uint32_t x, unsigned near, unsigned far)
{
	bool along = c->tx[x].dir == C2S;

	for (uint32_t i = x > LOOK_AHEAD ? x - LOOK_AHEAD : 0; i < x; i++)
		if (tx_is_reset(&c->tx[i]) && ((c->tx[i].dir == C2S) == along ? here_not_there(c, i, far, near) : here_not_there(c, i, near, far)))
			return true;
	return false;
}

/*
 * A bare ACK carries nothing that anybody would ask for again. That others are missing as well tells of it only if it lies between two that are, or is
 * behind the end of the connection: else it may be the one that the capture missed just before.
 */
static bool surrounded(const struct conn *c, uint32_t x, unsigned near, unsigned far)
{
	uint32_t before = x, behind = x + 1;

	while (before-- > 0 && (c->tx[before].dir != c->tx[x].dir || missing_at(c, before, near)))
		;
	while (behind < c->txs && (c->tx[behind].dir != c->tx[x].dir || missing_at(c, behind, near)))
		behind++;
	return (before != NOTHING && missing_at(c, before, far) && (behind == c->txs || missing_at(c, behind, far))) || cut_before(c, x, near, far);
}

/* Other packets of the connection that are missing on the same hop, and how many the capture would miss by itself. */
static double company(const struct proof *t, unsigned point, unsigned dir, double miss)
{
	double missing = (double)t->tally.missing[point][dir] - 1, all = (double)t->tally.crossing[point][dir] - 1;

	return missing - 2 * ceil(all * miss) * (miss > 1e-2);
}

/* The other side repeats what x acknowledges, as if x had not come: nothing else that says the same came before at the point. */
static bool peer_repeats(const struct proof *t, uint32_t x, unsigned point)
{
	const struct conn *c = t->c;
	const struct tx *w = &c->tx[x];
	int64_t known = w->stray_ack ? 0 : proof_acked_at(t, point, !w->dir, w->ack);

	if (w->stray_ack)
		return false;
	for (uint32_t i = x + 1; i < c->txs && i < x + LOOK_AHEAD; i++) {
		const struct tx *o = &c->tx[i];
		uint32_t k = conn_sight(c, i)[point];
		if (o->dir == w->dir || !o->repeat || o->end > w->ack || k == NOTHING)
			continue;
		if (c->pkt[k].t_raw < known)
			return true;
	}
	return false;
}

static bool still_held(const struct conn *c, const struct tx *x)
{
	const struct pkt *p = &c->pkt[x->first];

	for (uint32_t i = 0; i < c->facts->stales; i++)
		if (c->facts->stale[i].conn == c->index && c->facts->stale[i].ack == p->seq)
			return tx_is_reset(x) || x->what == WHAT_FIN;
	return false;
}

/* Many quiet losses on one hop: more than the capture can have missed (Chernoff bound of the Poisson tail)? */
static double rate_odds(const struct hop_stats *h, double miss)
{
	double k = (double)h->quiet, expected = (double)(h->passed + h->gone) * miss;

	if (k < 5 || expected <= 0 || k <= expected || expected / k > 0.02)
		return -INFINITY;
	return k * log10(M_E * expected / k) - expected * M_LOG10E < -4 ? fmin(3, log10(k / expected)) : -INFINITY;
}

/* Others of the kind that did come to the point were repeated all the same: a repeat says nothing about this hop. */
static bool repeated_anyway(const struct proof *t, uint32_t x, unsigned point)
{
	const struct tx *w = &t->c->tx[x];

	/* The last of them cannot have been repeated. */
	return t->tally.repeated[point][w->dir][w->what] > 0 &&
	    t->tally.repeated[point][w->dir][w->what] * 2 >= t->tally.came[point][w->dir][w->what];
}

/*
 * Was x answered, as the near side saw it, by something that the far side did not record? From a capture that is known to lose packets both can
 * be missing, and from any other a packet and its answer in one burst; then nothing was dropped. Who answers for others does so more often. A
 * reset, an ICMP error or a bare ACK in answer to a SYN is no such answer.
 */
static bool answered_unseen(const struct proof *t, uint32_t x, unsigned near, unsigned far)
{
	const struct conn *c = t->c;
	const struct tx *w = &c->tx[x];
	const struct sight *s = c->facts->point[far].sight;

	if ((s[0].missed + s[1].missed == 0 && t->tally.missing[far][w->dir] > BURST) || w->end == w->off)
		return false;
	for (uint32_t i = x + 1; i < c->txs && i < x + LOOK_FAR; i++) {
		const struct tx *o = &c->tx[i];
		if (i == w->repeated_by)
			return false;
		if (o->dir == w->dir || o->stray_ack || o->ack < w->end || o->what == WHAT_RST || o->what == WHAT_RSTACK || o->what == WHAT_ICMP ||
		    missing_at(c, i, near) || (w->what == WHAT_SYN && o->what != WHAT_SYNACK))
			continue;
		return missing_at(c, i, far);
	}
	return false;
}

/*
 * Did nothing from beyond answer x by the time that the point was capturing? That it holds no answer says nothing if one came to the point before it when
 * it was not.
 */
static bool unanswered(const struct proof *t, uint32_t x, unsigned near, unsigned point)
{
	const struct tx *w = &t->c->tx[x];
	int64_t at;

	if (proof_acked_at(t, point, w->dir, w->end) != INT64_MAX)
		return false;
	at = proof_acked_at(t, near, w->dir, w->end);
	return at == INT64_MAX || fate_window(t->c->facts, point, facts_align(&t->c->facts->point[near], at));
}

/*
 * How both ends went on shows that x was lost - on this hop or beyond it. So it counts as much against a miss of the capture as losses beyond are
 * rare: of the transmissions that did come to the point, how many were repeated without having been acknowledged before?
 */
static double consequence_odds(const struct proof *t, uint32_t x, unsigned near, unsigned point, const struct hop_stats *h, reason_set *why)
{
	const struct conn *c = t->c;
	const struct tx *w = &c->tx[x];
	bool bears = w->end > w->off && !w->stray && !w->probe && !tx_is_reset(w), anyway = repeated_anyway(t, x, point);
	reason_set before = *why;
	/* Where a filter leaves later fragments out, a torn one may have come whole, and been lost further on. */
	double torn = c->facts->point[point].later ? 0 : (double)h->torn;

	if (w->repeated_by != NOTHING)
		*why |= WHY_REPEATED;
	if (bears && unanswered(t, x, near, point))
		*why |= WHY_UNANSWERED;
	else if (bears && w->repeated_by != NOTHING && proof_acked_at(t, point, w->dir, w->end) != INT64_MAX)
		*why |= WHY_ACK_WAITED;
	if (peer_repeats(t, x, point))
		*why |= WHY_PEER_REPEATED;
	if (still_held(c, w))
		*why |= WHY_STILL_HELD;
	if (*why == before)
		return 0;
	/* That the peer repeats is weak where the capture is known to miss packets: it may have missed this one, and the repeat have another cause. */
	if (*why == (before | WHY_PEER_REPEATED) && c->facts->point[point].sight[0].missed + c->facts->point[point].sight[1].missed > 0)
		return 1;
	return anyway ? 0.3 : fmin(4, log10(((double)h->passed + torn + 2) / ((double)h->repeated + torn + 1)));
}

/* Does a further point's silence count? It does if it holds others of the connection, or if the nearer one knows nothing of the connection either. */
static bool sees_way(const struct proof *t, unsigned point, unsigned nearer, unsigned dir)
{
	if (conn_foreign(t->c, point))
		return false;
	return t->c->flow[point] ? t->tally.first[point][dir] != NOTHING : !t->c->flow[nearer];
}

/* Points further on that should have seen it and did not: lost between, or missed by them - or never there. */
static double silence_odds(const struct proof *t, uint32_t x, unsigned to, reason_set *why)
{
	const struct conn *c = t->c;
	const struct facts *f = c->facts;
	const struct tx *w = &c->tx[x];
	double best = 0;

	for (unsigned i = to + 1; i < c->ways[w->dir]; i++) {
		unsigned p = c->way[w->dir][i], q = c->way[w->dir][i - 1];
		const struct hop_stats *h = hop_of(f, p, q, conn_along(c, w->dir));
		double loss = ((double)h->gone + 0.5) / ((double)h->passed + (double)h->gone + 1);
		if (!fate_ran(c, x, p) || !sees_kin(c, p, w->dir) || !sees_way(t, p, c->way[w->dir][to], w->dir))
			continue;
		best = fmax(best, fmin(2, log_inverse(fmin(1, loss + fate_miss_of(c, p)))));
		*why |= WHY_ALL_MISS;
	}
	return best;
}

bool odds_strangers(const struct facts *f, unsigned a, unsigned b)
{
	const struct hop_stats *h = f->point[a < b ? a : b].hop;

	return h[0].passed + h[1].passed == 0 && f->point[a].sight[0].packets + f->point[a].sight[1].packets > 0 &&
	    f->point[b].sight[0].packets + f->point[b].sight[1].packets > 0;
}

/* Is x, as point recorded it, what the host might have sent at any time? A reset is, with the TTL of the host. */
static bool ordinary(const struct conn *c, uint32_t x, unsigned point)
{
	const struct tx *w = &c->tx[x];
	const struct pkt *p = conn_at(c, x, point);

	return w->what == WHAT_DATA || w->what == WHAT_FIN || (w->what == WHAT_ACK && !w->stray_ack) ||
	    (tx_is_reset(w) && p && p->ttl == fate_ttl(c, point, w->dir));
}

/*
 * Does the far point lack ordinary packets of both directions at once, that the near one has? A capture that pauses misses what comes from either
 * side; a device that drops what goes one way and speaks for the host the other way does so for good, or with resets.
 */
static bool both_ways(const struct conn *c, uint32_t x, unsigned near, unsigned far)
{
	const struct tx *w = &c->tx[x];

	for (uint32_t i = x > LOOK_AHEAD ? x - LOOK_AHEAD : 0; !tx_is_reset(w) && ordinary(c, x, near) && i < c->txs && i < x + LOOK_AHEAD; i++) {
		const struct tx *o = &c->tx[i];
		if (o->dir != w->dir && ordinary(c, i, near) && llabs(o->t - w->t) < BURST_NS && here_not_there(c, i, near, far))
			return true;
	}
	return false;
}

/*
 * Numbers of two kinds in one flow: what is of one of them has no business at points that only see the other. And of numbers that a device moved by nobody
 * knows how much, none is like any other.
 */
static bool two_numberings(const struct conn *c, unsigned a, unsigned b)
{
	return conn_foreign(c, a) || conn_foreign(c, b) || (c->flow[a] && c->flow[a]->two_servers) || (c->flow[b] && c->flow[b]->two_servers);
}

/* Is it not known which of two points that both recorded packets is nearer to the client? What is lost one way round is made the other way round. */
static bool unordered(const struct facts *f, unsigned a, unsigned b)
{
	const struct point *p = &f->point[a], *q = &f->point[b];

	return p->unordered >> b & 1 && p->sight[0].packets + p->sight[1].packets > 0 && q->sight[0].packets + q->sight[1].packets > 0;
}

/* Is it proved that the capture missed something of the connection at the same time? */
static bool in_burst(const struct proof *t, uint32_t x, unsigned point)
{
	const struct conn *c = t->c;
	uint32_t lo = x > LOOK_AHEAD ? x - LOOK_AHEAD : 0;

	for (uint32_t i = lo; i < c->txs && i < x + LOOK_AHEAD; i++) {
		const struct tx *o = &c->tx[i];
		unsigned k = 0;
		if (o->t < c->tx[x].t - BURST_NS || o->t > c->tx[x].t + BURST_NS || !missing_at(c, i, point))
			continue;
		while (k < c->ways[o->dir] && c->way[o->dir][k] != point)
			k++;
		if (i != x && k < c->ways[o->dir] && (k < o->from ? proof_sent_by_host(t, i, k, NULL) : proof_passed(t, i, k, NULL)))
			return true;
	}
	return false;
}

/*
 * Without IP IDs a packet and its copy cannot be told from two equal packets. Where a mirror port is at work, x may be the copy of one that came
 * through, or what was taken for a copy at the far end may be x.
 */
static bool may_be_copy(const struct conn *c, uint32_t x, unsigned near, unsigned far)
{
	const struct pkt *p = conn_at(c, x, near);

	if (c->tx[x].rest && ranges_doubled(c, x, far))
		return true;
	for (uint32_t i = x > NEAR ? x - NEAR : 0; p && i < c->txs && i <= x + NEAR; i++) {
		const struct pkt *q = c->tx[i].first == c->tx[x].first ? NULL : conn_at(c, i, near), *r = conn_at(c, i, far);
		if (!q || llabs(p->t - q->t) >= COPY_NS)
			continue;
		bool one = r && r->doubled && (r->ip_id ? conn_equal(p, q) : conn_alike(p, q));
		if (one || (c->facts->point[near].twice > 0 && conn_equal(p, q)))
			return true;
	}
	return false;
}

/*
 * Of a datagram that no point nearer recorded whole, or that the point and those beyond hold whole together, it cannot be said where it lost a
 * fragment: their captures may have missed one each.
 */
static bool elsewhere_in_fragments(const struct conn *c, uint32_t x, unsigned near, unsigned far)
{
	const struct pkt *p = conn_at(c, x, near);

	return (p && p->partial) || (conn_torn(c, x, far) && datagram_spread(c, x, far));
}

/* A datagram of which fragments are missing: a filter for ports leaves all but the first one out, a capture that loses packets not just these. */
static double torn_odds(const struct proof *t, uint32_t x, unsigned point, double odds, double miss, reason_set *why)
{
	const struct point *p = &t->c->facts->point[point];
	unsigned dir = t->c->tx[x].dir;

	if (!p->later && !p->open) {
		*why |= WHY_NO_FRAGMENTS;
		return fmin(odds, ODDS_POSSIBLE);
	}
	if (t->tally.torn[point][dir] >= FIRSTS && t->tally.later[point][dir] == 0) {
		*why |= WHY_FIRST_ONLY;
		odds = fmax(odds, t->tally.torn[point][dir] * log_inverse(miss));
	}
	return p->later ? odds : fmin(odds, ODDS_UNSURE);
}

/* Came frames that cannot be read, and not many fewer than are gone? Each of these may be one of those, its lengths or its header damaged. */
static bool unreadable(const struct facts *f, unsigned near, unsigned far, const struct hop_stats *h)
{
	uint64_t a = f->point[near].malformed, b = f->point[far].malformed;

	return b > a && h->gone <= 4 * (b - a);
}

/*
 * Did x come to the far point after all, damaged beyond recognition? Of packets in which accidents change single bits, about one in eight has that in
 * its lengths, its protocol or the like, and is no packet of the connection any more.
 */
static bool may_be_damaged(const struct proof *t, uint32_t x, unsigned near, unsigned far, const struct hop_stats *h)
{
	unsigned dir = t->c->tx[x].dir;
	uint32_t damaged = t->tally.damaged[far][dir], missing = t->tally.missing[far][dir];

	return damage_nobody(t->c, x) || (damaged > 0 && (damaged >= missing || damage_riddle(t->c, x, far))) ||
	    (missing <= FEW && unreadable(t->c->facts, near, far, h));
}

/*
 * Do two neighbours both hold packets of a direction, and not one in common? Then they are flows of two connections that were taken for one, or of one
 * whose packets a device changed beyond recognition: what is missing of either is no news.
 */
static bool nothing_shared(const struct proof *t, unsigned near, unsigned far, unsigned dir)
{
	return t->tally.plain[near][dir] && t->tally.plain[far][dir] && !t->tally.shared[far][dir];
}

bool odds_severed(const struct proof *t, unsigned dir, unsigned i, unsigned k)
{
	for (; i < k; i++)
		if (nothing_shared(t, t->c->way[dir][i], t->c->way[dir][i + 1], dir))
			return true;
	return false;
}

double odds_dropped(const struct proof *t, uint32_t x, unsigned from, unsigned to, reason_set *why)
{
	const struct conn *c = t->c;
	const struct facts *f = c->facts;
	const struct tx *w = &c->tx[x];
	unsigned a = c->way[w->dir][from], b = c->way[w->dir][to];
	const struct hop_stats *h = hop_of(f, a, b, conn_along(c, w->dir));
	double miss = miss_of(t, x, b), more, rate, consequence;
	double odds = log10(((double)h->lost + 0.5) / ((double)h->passed + (double)h->gone + 1)) + log_inverse(miss);

	consequence = consequence_odds(t, x, a, b, h, why);
	odds += consequence >= SHOWN ? consequence : fmax(consequence, silence_odds(t, x, to, why));
	bool alone = w->what == WHAT_ACK && !surrounded(c, x, a, b);
	if (odds_refused(c, x, b) && !alone) {
		*why |= WHY_REFUSED;
		odds += missing_whole(c, b) ? 0 : fmin(3, log_inverse(fate_miss(&f->point[b])));
	}
	/* Losses of a capture come in company, too: that is no evidence where it is known to lose. */
	more = f->point[b].sight[0].missed + f->point[b].sight[1].missed || missing_whole(c, b) || alone ? 0 : company(t, b, w->dir, miss);
	if (more > 0) {
		*why |= WHY_COMPANY;
		odds += fmin(3, more);
	}
	rate = rate_odds(h, miss);
	if (rate > odds && !in_burst(t, x, b)) {
		*why |= WHY_RATE;
		odds = rate;
	}
	if (conn_torn(c, x, b))
		odds = torn_odds(t, x, b, odds, miss, why);
	*why |= miss < 1e-2 ? WHY_CAPTURE_GOOD : miss > 5e-2 ? WHY_CAPTURE_BAD : 0;
	/* Nothing that came of it, or of others on this hop: then all rests on how well the capture sees, which is not known to the last packet. */
	if (consequence < SHOWN && !(*why & (WHY_ALL_MISS | WHY_REFUSED | WHY_COMPANY | WHY_RATE | WHY_FIRST_ONLY | WHY_PEER_REPEATED)) && odds < ODDS_SILENT)
		odds = fmin(odds, ODDS_POSSIBLE);
	if (!sees_kin(c, b, w->dir)) {
		*why |= WHY_ELSEWHERE;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (!reads(c, w, b)) {
		*why |= WHY_UNREAD;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (elsewhere_in_fragments(c, x, a, b) || odds_strangers(f, a, b) || two_numberings(c, a, b) || both_ways(c, x, a, b) || answered_unseen(t, x, a, b) ||
	    may_be_copy(c, x, a, b) || nothing_shared(t, a, b, w->dir))
		odds = fmin(odds, ODDS_POSSIBLE);
	if (may_be_damaged(t, x, a, b, h)) {
		*why |= WHY_DAMAGED;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (conn_inside(c, x, a)) {
		*why |= WHY_INSIDE;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (unordered(f, a, b)) {
		*why |= WHY_ORDER;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (ambiguous(c, a, b) || translated(t, a, b)) {
		*why |= WHY_ORPHANS;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	return odds;
}

/* ---- made on the way ---- */

static double prior_of_birth(const struct tx *x)
{
	switch (x->what) {
	case WHAT_ICMP:
		return 1;
	case WHAT_RST:
	case WHAT_RSTACK:
		return 0.3;
	case WHAT_SYNACK:
		return 0.02;
	case WHAT_ACK:
		return 0.01;
	default:
		return 0.001;
	}
}

/* What could have moved the host to send x is anything of the other direction: if none came to the point before it, how many did not? */
static unsigned nothing_to_answer(const struct proof *t, uint32_t x, unsigned point)
{
	const struct tx *w = &t->c->tx[x];
	unsigned missing = 0;

	/* NOTHING is more than any. */
	if (t->tally.arrived[point][!w->dir] < x)
		return 0;
	for (uint32_t i = 0; i < x && i < LOOK_AHEAD; i++)
		missing += t->c->tx[i].dir != w->dir;
	return missing;
}

/* What exactly it answers (what it acknowledges to the byte, or what a RST or ICMP error refuses): if none of it came to the point, how many did not? */
static unsigned trigger_missing(const struct conn *c, uint32_t x, unsigned point)
{
	const struct tx *w = &c->tx[x];
	unsigned missing = 0;

	for (uint32_t i = x; i-- > 0 && x - i < LOOK_AHEAD;) {
		const struct tx *o = &c->tx[i];
		if (o->dir == w->dir)
			continue;
		if (!refuses(w, o) && (w->stray_ack || o->end == o->off || o->end != w->ack))
			continue;
		if (!missing_at(c, i, point))
			return 0;
		missing++;
	}
	return missing;
}

static bool went_on(const struct proof *t, uint32_t x, unsigned point)
{
	uint32_t last = t->tally.last_plain[point][t->c->tx[x].dir];

	return last != NOTHING && last > x;
}

/* The point nearest to the client that knows the connection. */
static unsigned first_known(const struct conn *c)
{
	unsigned p = 0;

	while (p < c->facts->points && !c->flow[p])
		p++;
	return p;
}

/* Did an equal packet come by at the same point at about the time, that the point before recorded as well? */
static bool doubled(const struct conn *c, uint32_t x, unsigned before)
{
	uint32_t first = c->tx[x].first, from = c->at[c->pkt[first].point], to = c->at[c->pkt[first].point + 1];
	const struct pkt *p = &c->pkt[first];

	from = first - from > LOOK_AHEAD ? first - LOOK_AHEAD : from;
	to = to - first > LOOK_AHEAD ? first + LOOK_AHEAD : to;
	for (uint32_t k = from; k < to; k++) {
		const struct pkt *q = &c->pkt[k];
		if (q != p && !q->copy && conn_equal(p, q) && p->win == q->win && llabs(p->t - q->t) < COPY_NS && q->tx != NOTHING && conn_at(c, q->tx, before))
			return true;
	}
	return false;
}

/* Not one that a device made up, but a second one of a packet: the network doubled it, or the capture missed one of two equal ones. */
static double odds_doubled(const struct proof *t, uint32_t x, double miss)
{
	const struct conn *c = t->c;
	const struct tx *w = &c->tx[x];
	double odds = log10(PRIOR_DOUBLED) + log_inverse(miss);

	for (unsigned i = 0; i + 1 < w->from; i++)
		if (fate_ran(c, x, c->way[w->dir][i]))
			odds += fmin(1.5, log_inverse(fate_miss_of(c, c->way[w->dir][i])));
	return odds;
}

double odds_made(const struct proof *t, uint32_t x, reason_set *why)
{
	const struct conn *c = t->c;
	const struct facts *f = c->facts;
	const struct tx *w = &c->tx[x];
	const struct pkt *p = &c->pkt[w->first];
	unsigned here = c->way[w->dir][w->from], before = c->way[w->dir][w->from - 1];
	double miss = miss_of(t, x, before);
	double odds = log10(prior_of_birth(w)) + log_inverse(miss);
	uint8_t ttl = fate_ttl(c, here, w->dir);
	bool twice = doubled(c, x, before);
	unsigned mute;

	for (unsigned i = 0; i + 1 < w->from; i++) {
		unsigned q = c->way[w->dir][i];
		if (fate_ran(c, x, q) && sees_kin(c, q, w->dir) && sees_way(t, q, before, w->dir)) {
			odds += fmin(1.5, log_inverse(fate_miss_of(c, q)));
			*why |= WHY_ALL_MISS;
		}
	}
	if ((mute = nothing_to_answer(t, x, before)) || (mute = trigger_missing(c, x, before))) {
		*why |= WHY_NOTHING_TO_ANSWER;
		/* No more than it takes for the capture to have missed all of that. */
		odds += missing_whole(c, before) ? 0 : fmin(3, mute * log_inverse(fate_miss(&f->point[before])));
	}
	if (ttl && w->what != WHAT_ICMP && p->ttl != ttl) {
		*why |= WHY_TTL;
		odds += 2;
	} else if (ttl && w->what != WHAT_ICMP) {
		odds -= 0.5;
	}
	if (!tx_is_reset(w) && w->what != WHAT_ICMP && !(p->flags & SEG_TS) && t->tally.timestamps) {
		*why |= WHY_NO_TIMESTAMP;
		odds += 2;
	}
	if (tx_is_reset(w) && t->tally.reset_gaps[!w->dir][before] >> here & 1) {
		*why |= WHY_BOTH_SIDES;
		odds += 2;
	}
	if (tx_is_reset(w) && went_on(t, x, before)) {
		*why |= WHY_HOST_CONTRADICTS;
		odds += 2;
	}
	*why |= miss < 1e-2 ? WHY_CAPTURE_GOOD : miss > 5e-2 ? WHY_CAPTURE_BAD : 0;
	if (!sees_kin(c, before, w->dir)) {
		*why |= WHY_ELSEWHERE;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	/* What a device refuses it does not pass on (RFC 792, RFC 1812 4.3): an error about a packet that came there was made beyond. */
	if (!mute && w->what == WHAT_ICMP)
		odds = fmin(odds, ODDS_POSSIBLE);
	/* What it answers did not come there: nor did the answer. */
	if (!mute && !reads(c, w, before)) {
		*why |= WHY_UNREAD;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (twice) {
		*why = (*why & (WHY_ALL_MISS | WHY_CAPTURE_GOOD | WHY_CAPTURE_BAD)) | WHY_DOUBLED;
		/* Bytes that come again so soon may have been asked for (RFC 6675): a repeat. Resets come as often as what they answer (RFC 9293 3.10.7.1). */
		odds = w->end > w->off || tx_is_reset(w) ? fmin(odds, ODDS_POSSIBLE) : odds_doubled(t, x, miss);
	}
	/* A connection that no nearer point knows may be one that it knows under other names. */
	if (odds_strangers(f, here, before) || two_numberings(c, here, before) || both_ways(c, x, here, before) || (w->dir == C2S && first_known(c) >= here) ||
	    nothing_shared(t, before, here, w->dir)) {
		*why |= WHY_ORPHANS;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (ambiguous(c, here, before) || translated(t, here, before)) {
		*why |= WHY_ORPHANS;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (damage_nobody(c, x)) {
		*why |= WHY_DAMAGED;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (conn_inside(c, x, here)) {
		*why |= WHY_INSIDE;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (unordered(f, here, before)) {
		*why |= WHY_ORDER;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	return odds;
}

