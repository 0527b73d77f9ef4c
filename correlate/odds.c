#include "correlate/odds.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "correlate/damage.h"
#include "correlate/datagram.h"
#include "correlate/fate.h"
#include "correlate/hop_doubt.h"
#include "correlate/hosts.h"
#include "correlate/ranges.h"
#include "correlate/reason.h"

#define SHOWN 0.5               /* odds from which on a consequence shows a loss */
#define ODDS_SILENT 3.0         /* ... and what a loss without one must have */
#define BURST 2                 /* packets of one direction that any capture may miss at once */
#define NEAR 16                 /* transmissions before and after among which equal ones are looked for */
#define LOOK_FAR 4096           /* transmissions that are searched for an answer */
#define FEW 2                   /* packets of one direction of a connection, lost one by one */
#define TIMER_NS 100000000      /* no timer of a handshake is shorter */
#define FIRSTS 3                /* datagrams of which only the first fragment came: no accident */

/* Was the connection cut on the hop before x: a reset of either direction, on the side that it goes to only? */
static bool cut_before(const struct conn *c, uint32_t x, unsigned near, unsigned far)
{
	for (uint32_t i = x > LOOK_AHEAD ? x - LOOK_AHEAD : 0; i < x; i++)
		if (tx_is_reset(&c->tx[i]) && (c->tx[i].dir == c->tx[x].dir ? hop_here_not_there(c, i, far, near) : hop_here_not_there(c, i, near, far)))
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

	while (before-- > 0 && (c->tx[before].dir != c->tx[x].dir || hop_missing_at(c, before, near)))
		;
	while (behind < c->txs && (c->tx[behind].dir != c->tx[x].dir || hop_missing_at(c, behind, near)))
		behind++;
	return (before != NOTHING && hop_missing_at(c, before, far) && (behind == c->txs || hop_missing_at(c, behind, far))) || cut_before(c, x, near, far);
}

/* Accidents of the connection on the same hop besides this one, and how many the capture would have by itself: it loses neighbours together. */
static double company(const struct proof *t, unsigned point, unsigned dir, double miss)
{
	double missing = (double)t->tally.runs[point][dir] - 1, all = (double)t->tally.crossing[point][dir] - 1;

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
		    hop_missing_at(c, i, near) || (w->what == WHAT_SYN && o->what != WHAT_SYNACK))
			continue;
		return hop_missing_at(c, i, far);
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

/* Handshakes are repeated by a timer (RFC 6298 2: a second; nobody takes less than this): a repeat that comes sooner was sent for another reason. */
static bool too_soon(const struct conn *c, const struct tx *w)
{
	return (w->what == WHAT_SYN || w->what == WHAT_SYNACK) && c->tx[w->repeated_by].t - w->t < TIMER_NS;
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

	if (w->repeated_by != NOTHING && !too_soon(c, w))
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

/* Of those of its kind that did come to the point, the part that did not come to one further on: devices drop the same kind again and again. */
static double lost_beyond(const struct proof *t, const struct tx *w, unsigned point, unsigned further)
{
	uint32_t came = t->tally.came[point][w->dir][w->what], on = t->tally.came[further][w->dir][w->what];

	return came > on ? ((double)(came - on) + 0.5) / ((double)came + 1) : 0;
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
		const struct hop_stats *h = hop_stats_of(f, p, q, conn_along(c, w->dir));
		double loss = ((double)h->gone + 0.5) / ((double)h->passed + (double)h->gone + 1);
		if (!fate_ran(c, x, p) || !hop_sees_kin(c, p, w->dir) || !hop_sees_way(t, p, c->way[w->dir][to], w->dir))
			continue;
		loss = fmax(loss, lost_beyond(t, w, c->way[w->dir][to], p));
		best = fmax(best, fmin(2, log_inverse(fmin(1, loss + fate_miss_of(c, p)))));
		*why |= WHY_ALL_MISS;
	}
	return best;
}

/* Is it proved that the capture missed something of the connection at the same time? */
static bool in_burst(const struct proof *t, uint32_t x, unsigned point)
{
	const struct conn *c = t->c;
	uint32_t lo = x > LOOK_AHEAD ? x - LOOK_AHEAD : 0;

	for (uint32_t i = lo; i < c->txs && i < x + LOOK_AHEAD; i++) {
		const struct tx *o = &c->tx[i];
		unsigned k = 0;
		if (o->t < c->tx[x].t - BURST_NS || o->t > c->tx[x].t + BURST_NS || !hop_missing_at(c, i, point))
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

/* Did a reset answer x that has the TTL of the host, and that the far side did not record? */
static bool refused_by_host(const struct conn *c, uint32_t x, unsigned near, unsigned far)
{
	uint8_t ttl = fate_ttl(c, near, !c->tx[x].dir);

	for (uint32_t i = x + 1; ttl && i < c->txs && i < x + LOOK_AHEAD; i++) {
		const struct pkt *p = conn_at(c, i, near);
		if (p && p->ttl == ttl && tx_is_reset(&c->tx[i]) && hop_refuses(&c->tx[i], &c->tx[x]) && hop_missing_at(c, i, far))
			return true;
	}
	return false;
}

/*
 * Does the far side hold a reset from beyond it that answers x, and nothing else that it might answer? Then x came there: a reset is made where what it
 * answers arrived (RFC 9293 3.10.7.4), by a host or a device. One that repeats x may be what is answered.
 */
static bool reset_from_beyond(const struct conn *c, uint32_t x, unsigned far)
{
	const struct tx *w = &c->tx[x];
	uint32_t r = x + 1;

	while (r < c->txs && r < x + LOOK_AHEAD && !(tx_is_reset(&c->tx[r]) && hop_refuses(&c->tx[r], w)))
		r++;
	if (w->end == w->off || w->repeated_by != NOTHING || r == c->txs || r == x + LOOK_AHEAD || hop_missing_at(c, r, far))
		return false;
	for (uint32_t i = x > LOOK_AHEAD ? x - LOOK_AHEAD : 0; i < r; i++)
		if (i != x && c->tx[i].end > c->tx[i].off && hop_refuses(&c->tx[r], &c->tx[i]) && !hop_missing_at(c, i, far))
			return false;
	return true;
}

/* Is the capture known to lose packets? */
static bool loses_any(const struct point *p)
{
	return p->sight[0].missed + p->sight[1].missed > 0;
}

double odds_dropped(const struct proof *t, uint32_t x, unsigned from, unsigned to, reason_set *why)
{
	const struct conn *c = t->c;
	const struct facts *f = c->facts;
	const struct tx *w = &c->tx[x];
	unsigned a = c->way[w->dir][from], b = c->way[w->dir][to];
	const struct hop_stats *h = hop_stats_of(f, a, b, conn_along(c, w->dir));
	double miss = hop_miss(t, x, b), more, rate, consequence;
	double odds = log10(((double)h->lost + 0.5) / ((double)h->passed + (double)h->gone + 1)) + log_inverse(miss);

	consequence = consequence_odds(t, x, a, b, h, why);
	odds += consequence >= SHOWN ? consequence : fmax(consequence, silence_odds(t, x, to, why));
	bool alone = w->what == WHAT_ACK && !surrounded(c, x, a, b);
	/* What the host itself refuses has come to it: then the capture missed both. */
	bool by_host = loses_any(&f->point[b]) && refused_by_host(c, x, a, b);
	/* Losses of a capture come in company, too: that more is missing is no evidence where it is known to lose. */
	bool loses = loses_any(&f->point[b]);
	if (hop_refused(c, x, b) && !alone) {
		*why |= WHY_REFUSED;
		odds += hop_missing_whole(c, b) ? 0 : fmin(3, log_inverse(fate_miss_again(&f->point[b])));
	}
	more = loses || hop_missing_whole(c, b) || alone ? 0 : company(t, b, w->dir, miss);
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
	if (!hop_sees_kin(c, b, w->dir)) {
		*why |= WHY_ELSEWHERE;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (!hop_reads(c, w, b)) {
		*why |= WHY_UNREAD;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (elsewhere_in_fragments(c, x, a, b) || hop_strangers(f, a, b) || hop_two_numberings(c, a, b) || hop_both_ways(c, x, a, b) || answered_unseen(t, x, a, b) ||
	    may_be_copy(c, x, a, b) || hop_nothing_shared(t, a, b, w->dir) || by_host || reset_from_beyond(c, x, b) ||
	    hop_of_neighbour(c, x, b))
		odds = fmin(odds, ODDS_POSSIBLE);
	if (may_be_damaged(t, x, a, b, h)) {
		*why |= WHY_DAMAGED;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (conn_inside(c, x, a)) {
		*why |= WHY_INSIDE;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (hop_unordered(f, a, b)) {
		*why |= WHY_ORDER;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (hop_ambiguous(c, a, b) || hop_translated(t, a, b) || (!c->flow[b] && hop_before_lasts(c, w->t, b)) || hop_after_next(c, x)) {
		*why |= WHY_ORPHANS;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	return odds;
}
