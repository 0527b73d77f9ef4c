#include "correlate/odds.h"

#include <math.h>
#include <stdlib.h>

#include "correlate/damage.h"
#include "correlate/fate.h"
#include "correlate/hop_doubt.h"
#include "correlate/hosts.h"
#include "correlate/reason.h"

#define PRIOR_DOUBLED 0.1       /* of an equal packet at once */

/* Is x the reset that a host owes whoever answers its SYN with a number that it never sent (RFC 9293 3.10.7.3)? */
static bool owed(const struct conn *c, uint32_t x)
{
	const struct pkt *p = &c->pkt[c->tx[x].first];
	bool asked = false;

	for (uint32_t i = 0; c->tx[x].what == WHAT_RST && i < x && i < LOOK_AHEAD; i++) {
		const struct tx *o = &c->tx[i];
		asked |= o->what == WHAT_SYN && o->dir == c->tx[x].dir;
		if (asked && o->dir != c->tx[x].dir && o->what == WHAT_ACK && c->pkt[o->first].ack == p->seq && o->t > c->tx[x].t - FATE_ANSWER_NS)
			return true;
	}
	return false;
}

static double prior_of_birth(const struct conn *c, uint32_t i)
{
	const struct tx *x = &c->tx[i];

	if (owed(c, i))
		return 0.01;
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
		if (!hop_refuses(w, o) && (w->stray_ack || o->end == o->off || o->end != w->ack))
			continue;
		if (!hop_missing_at(c, i, point))
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

/*
 * Was x made on this hop, and not on one before that it passed unrecorded? Who makes packets may stand on either, so that all rests on how well the
 * capture between the two sees, on what x answers, and on where the device that resets both sides stands: points nearer to the sender miss x both ways.
 */
static double here_not_before(const struct proof *t, uint32_t x, unsigned before, unsigned mute, double miss)
{
	const struct tx *w = &t->c->tx[x];
	const struct point *p = &t->c->facts->point[before];
	unsigned here = t->c->way[w->dir][w->from];
	double odds = log_inverse(miss) + (hop_missing_whole(t->c, before) ? 0 : fmin(3, mute * log_inverse(fate_miss_again(p))));

	if (tx_is_reset(w) && t->tally.reset_gaps[!w->dir][before] >> here & 1)
		odds += 2;
	for (unsigned i = 0; tx_is_reset(w) && i + 1 < w->from; i++)
		if (t->tally.reset_gaps[!w->dir][t->c->way[w->dir][i]] >> before & 1)
			return fmin(odds, ODDS_POSSIBLE);
	return odds;
}

double odds_made(const struct proof *t, uint32_t x, reason_set *why)
{
	const struct conn *c = t->c;
	const struct facts *f = c->facts;
	const struct tx *w = &c->tx[x];
	const struct pkt *p = &c->pkt[w->first];
	unsigned here = c->way[w->dir][w->from], before = c->way[w->dir][w->from - 1];
	double miss = hop_miss(t, x, before);
	double odds = log10(prior_of_birth(c, x)) + log_inverse(miss);
	uint8_t ttl = fate_ttl(c, here, w->dir);
	bool twice = doubled(c, x, before);
	unsigned mute;

	for (unsigned i = 0; i + 1 < w->from; i++) {
		unsigned q = c->way[w->dir][i];
		if (fate_ran(c, x, q) && hop_sees_kin(c, q, w->dir) && hop_sees_way(t, q, before, w->dir)) {
			odds += fmin(1.5, log_inverse(fate_miss_of(c, q)));
			*why |= WHY_ALL_MISS;
		}
	}
	if ((mute = nothing_to_answer(t, x, before)) || (mute = trigger_missing(c, x, before))) {
		*why |= WHY_NOTHING_TO_ANSWER;
		/* No more than it takes for the capture to have missed all of that. */
		odds += hop_missing_whole(c, before) ? 0 : fmin(3, mute * log_inverse(fate_miss(&f->point[before])));
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
	if (w->from > 1)
		odds = fmin(odds, here_not_before(t, x, before, mute, miss));
	*why |= miss < 1e-2 ? WHY_CAPTURE_GOOD : miss > 5e-2 ? WHY_CAPTURE_BAD : 0;
	if (!hop_sees_kin(c, before, w->dir)) {
		*why |= WHY_ELSEWHERE;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	/* What a device refuses it does not pass on (RFC 792, RFC 1812 4.3): an error about a packet that came there was made beyond. */
	if (!mute && w->what == WHAT_ICMP)
		odds = fmin(odds, ODDS_POSSIBLE);
	/* What it answers did not come there: nor did the answer. */
	if (!mute && !hop_reads(c, w, before)) {
		*why |= WHY_UNREAD;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (twice) {
		*why = (*why & (WHY_ALL_MISS | WHY_CAPTURE_GOOD | WHY_CAPTURE_BAD)) | WHY_DOUBLED;
		/* Bytes that come again so soon may have been asked for (RFC 6675): a repeat. Resets come as often as what they answer (RFC 9293 3.10.7.1). */
		odds = w->end > w->off || tx_is_reset(w) ? fmin(odds, ODDS_POSSIBLE) : odds_doubled(t, x, miss);
	}
	/* A connection that no nearer point knows may be one that it knows under other names. */
	if (hop_strangers(f, here, before) || hop_two_numberings(c, here, before) || hop_both_ways(c, x, here, before) || (w->dir == C2S && first_known(c) >= here) ||
	    hop_nothing_shared(t, before, here, w->dir)) {
		*why |= WHY_ORPHANS;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	if (hop_of_neighbour(c, x, before) || hop_after_next(c, x))
		odds = fmin(odds, ODDS_POSSIBLE);
	if (hop_ambiguous(c, here, before) || hop_translated(t, here, before)) {
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
	if (hop_unordered(f, here, before)) {
		*why |= WHY_ORDER;
		odds = fmin(odds, ODDS_POSSIBLE);
	}
	return odds;
}
