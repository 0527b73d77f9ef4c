#include "correlate/judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/damage.h"
#include "correlate/disorder.h"
#include "correlate/ecn.h"
#include "correlate/fate.h"
#include "correlate/hop_doubt.h"
#include "correlate/hosts.h"
#include "correlate/origin.h"
#include "correlate/ranges.h"
#include "correlate/reason.h"
#include "correlate/situation.h"
#include "correlate/tell_proxy.h"

#define REUSE_NS 240000000000   /* two maximum segment lifetimes (RFC 9293 3.6.1): so long may an old connection be remembered */
#define AT_ONCE_NS 5000000      /* closer together than timers are apart */
#define HANDSHAKE 64            /* transmissions: answers to a SYN are among the first of a connection */
#define SHORTLY 64              /* transmissions */
#define COPIES_NEAR 64          /* packets before and behind one among which its copies are */
#define WINDOW (1u << 24)       /* no capture has missed more in one piece */

static enum confidence by_odds(double odds)
{
	return odds >= ODDS_CERTAIN ? CERTAIN : odds >= ODDS_LIKELY ? LIKELY : POSSIBLE;
}

static void add(struct findings *out, struct seen s)
{
	findings_add(out, &s);
}

/* A rest of a packet counts as many segments. */
static struct finding *add_all(const struct conn *c, struct findings *out, struct seen s)
{
	struct finding *f = findings_add(out, &s);

	if (f)
		f->count += c->tx[s.tx].units - 1;
	return f;
}

/* ---- what became of each transmission ---- */

/* A difference that no packet with content hangs on: a bare ACK that later ones made superfluous. */
static bool harmless(const struct tx *x)
{
	return x->what == WHAT_ACK;
}

static void far_side(const struct conn *c, uint32_t i, struct findings *out)
{
	const struct tx *x = &c->tx[i];
	uint8_t from = c->way[x->dir][x->reach], to;

	if (x->fate_to == FATE_NONE)
		return;
	to = c->way[x->dir][x->reach + 1];
	if (x->fate_to == FATE_DROPPED) {
		add_all(c, out, (struct seen){ KIND_DROPPED, x->what, x->dir, from, to, NO_POINT, (uint8_t)by_odds(x->odds_to), x->reasons_to, i, x->odds_to,
			"dropped" });
		return;
	}
	if (x->fate_to == FATE_STRAYED) {
		add(out, (struct seen){ KIND_CORRUPTED, x->what, x->dir, from, to, NO_POINT, (uint8_t)by_odds(x->odds_to), x->reasons_to, i, x->odds_to,
			"corrupted" });
		return;
	}
	struct seen s = { KIND_UNDECIDED, x->what, x->dir, from, to, NO_POINT, POSSIBLE, x->reasons_to, i, x->odds_to, "gone" };
	struct finding *f = add_all(c, out, s);
	if (f)
		f->doubtful |= !harmless(x);
}

static void near_side(const struct conn *c, uint32_t i, struct findings *out)
{
	const struct tx *x = &c->tx[i];
	uint8_t from, to = c->way[x->dir][x->from];

	if (x->fate_from == FATE_NONE)
		return;
	from = c->way[x->dir][x->from - 1];
	if (x->fate_from == FATE_GENERATED) {
		add(out, (struct seen){ KIND_GENERATED, x->what, x->dir, from, to, NO_POINT, (uint8_t)by_odds(x->odds_from), x->reasons_from, i,
			x->odds_from, "generated" });
		return;
	}
	if (x->fate_from == FATE_DOUBLED) {
		add(out, (struct seen){ KIND_DUPLICATED, x->what, x->dir, from, to, NO_POINT, LIKELY, x->reasons_from, i, x->odds_from, "duplicated" });
		return;
	}
	struct seen s = { KIND_UNDECIDED, x->what, x->dir, from, to, NO_POINT, POSSIBLE, x->reasons_from, i, x->odds_from, "appeared" };
	struct finding *f = findings_add(out, &s);
	if (f)
		f->doubtful |= !harmless(x);
}

/* Does a packet acknowledge more than what its sender said shortly before, in a connection in which nothing had to be repeated? */
static bool says_new(const struct proof *t, uint32_t i)
{
	const struct conn *c = t->c;
	const struct tx *x = &c->tx[i];

	for (uint32_t k = i, n = 0; k-- > 0 && n < SHORTLY; n++)
		if (c->tx[k].dir == x->dir && !c->tx[k].stray_ack && c->tx[k].ack >= x->ack)
			return false;
	return !t->tally.repeats && !x->probe && !x->stray_ack;
}

/*
 * Where the point sees no IP IDs: is what was taken for a copy of one of two equal packets really the other one? Then one is missing there, and the other is
 * there twice.
 */
static bool mistaken(const struct conn *c, uint32_t i, unsigned point)
{
	const struct pkt *p = &c->pkt[c->tx[i].first];
	uint32_t here = conn_sight(c, i)[point];

	if (c->tx[i].rest)
		return ranges_doubled(c, i, point);
	for (uint32_t k = i > SHORTLY ? i - SHORTLY : 0; k < c->txs && k <= i + SHORTLY; k++) {
		uint32_t there = conn_sight(c, k)[point], one = here == NOTHING ? there : here;
		const struct pkt *q = &c->pkt[c->tx[k].first];
		bool twice = (here == NOTHING) != (there == NOTHING) && c->pkt[one].doubled && !c->pkt[one].ip_id;
		if (q != p && twice && conn_alike(p, q) && llabs(p->t - q->t) < COPY_NS)
			return true;
	}
	return false;
}

/*
 * Was it recorded by a neighbour that has not one packet in common with the point? Then it may have come by there instead: points of two ways
 * (ECMP, a pair of which one stands by), or flows of one connection that cannot be recognised as such.
 */
static bool took_other_way(const struct conn *c, const struct tx *x, uint32_t i, unsigned k)
{
	unsigned p = c->way[x->dir][k];

	return (k > 0 && conn_seen(c, i, k - 1) && hop_strangers(c->facts, c->way[x->dir][k - 1], p)) ||
	    (k + 1 < c->ways[x->dir] && conn_seen(c, i, k + 1) && hop_strangers(c->facts, p, c->way[x->dir][k + 1]));
}

/*
 * Old numbers and what answers them (RFC 9293 3.10.7.3, RFC 5961 4.2) a point that missed the SYN between files under the connection before, and so all of
 * a connection of which it missed every SYN: it may hold them after all.
 */
static bool held_as_older(const struct conn *c, uint32_t i, unsigned point)
{
	return (!c->flow[point] || tx_is_reset(&c->tx[i]) || judge_bare_answer(c, i) != NOTHING) && hop_before_lasts(c, c->tx[i].t, point);
}

/* Does the point hold one direction of the connection, and nothing of the other? More than a capture misses by accident: that one goes another way. */
static bool one_way(const struct proof *t, unsigned point, unsigned dir)
{
	return t->tally.said[dir] >= FATE_ONE_WAY && t->tally.packets[point][dir] == 0 && t->tally.packets[point][!dir] > 0;
}

static void missed(const struct proof *t, uint32_t i, struct findings *out)
{
	const struct conn *c = t->c;
	const struct tx *x = &c->tx[i];

	/* Fragments of what no point holds all of are no packet that came to anybody. */
	if (c->pkt[x->first].partial && conn_seen(c, i, x->to)->partial)
		return;
	for (unsigned k = 0; k <= x->reach; k++) {
		uint8_t p = c->way[x->dir][k];
		reason_set why = 0;
		const struct pkt *here = conn_seen(c, i, k);
		/* A fragment that is missing, and comes by further on. */
		bool torn = here && here->partial && k < x->to && !conn_seen(c, i, x->to)->partial;
		if ((here && !torn) || conn_others(x, p) || (k < x->from && !x->by_host) || (k >= x->from && x->rest == REST_NEW) ||
		    took_other_way(c, x, i, k) || conn_foreign(c, p))
			continue;
		/* Of a connection that a point does not know at all, single packets say nothing. */
		if (!c->flow[p] && !fate_unseen(t, p))
			continue;
		if (torn)
			why = WHY_SEEN_BEYOND;
		else if (k > x->from)
			proof_passed(t, i, k, &why);
		else
			proof_sent_by_host(t, i, k, &why);
		if (!why)
			why = WHY_CONVERSATION;
		bool sure = why != WHY_IP_ID_FITS && why != WHY_CONVERSATION;
		/* That the conversation went on proves little of a bare ACK that says nothing new. */
		bool new = says_new(t, i) && strcmp(out->outcome, "completed") == 0;
		bool elsewhere = one_way(t, p, x->dir);
		enum confidence confidence = elsewhere || mistaken(c, i, p) || held_as_older(c, i, p) || hop_after_next(c, i) ? POSSIBLE : sure ? CERTAIN : x->what == WHAT_ACK && !new ? POSSIBLE : LIKELY;
		if (!fate_window(c->facts, p, x->t))
			why |= WHY_WINDOW;
		add_all(c, out, (struct seen){ KIND_NOT_CAPTURED, x->what, x->dir, NO_POINT, NO_POINT, p, (uint8_t)confidence, why, i,
			sure ? ODDS_CERTAIN : ODDS_LIKELY, elsewhere ? "another_way" : "not_captured" });
	}
}

/*
 * Its bytes are at the next point, but in other packets: cut up or put together by a network card (offload) at either end of the hop, or by what lies
 * between. Only possible where the point before it recorded neither: then it cannot be said on which side of that point.
 */
static void resegmented(const struct conn *c, uint32_t i, struct findings *out)
{
	const struct tx *x = &c->tx[i];
	unsigned k = x->turned;

	if (!k || x->rest)
		return;
	add(out, (struct seen){ KIND_RESEGMENTED, x->what, x->dir, c->way[x->dir][k - 1], c->way[x->dir][k], NO_POINT,
		conn_seen(c, i, k - 1) ? CERTAIN : POSSIBLE, 0, i, ODDS_CERTAIN, "resegmented" });
}

/* Whole before, and in IP fragments here: a router whose next link takes no longer packets (RFC 791 2.3), which for IPv6 only the sender may do. */
static void fragmented(const struct conn *c, uint32_t i, struct findings *out)
{
	const struct tx *x = &c->tx[i];

	for (unsigned k = x->from + 1u; k < c->ways[x->dir]; k++) {
		uint8_t from = c->way[x->dir][k - 1], to = c->way[x->dir][k];
		uint32_t a = conn_sight(c, i)[from], b = conn_sight(c, i)[to];
		if (a != NOTHING && b != NOTHING && !(c->pkt[a].flags & SEG_FRAGMENT) && c->pkt[b].flags & SEG_FRAGMENT)
			add(out, (struct seen){ KIND_FRAGMENTED, x->what, x->dir, from, to, NO_POINT, CERTAIN, 0, i, ODDS_CERTAIN, "fragmented" });
	}
}

/* How many copies of transmission i does a point hold? On the other side of a device that it straddles there is none, but the packet again. */
static unsigned copies_at(const struct conn *c, uint32_t i, uint8_t point)
{
	uint32_t first = conn_sight(c, i)[point];
	bool straddles = facts_straddles(&c->facts->point[point]);
	unsigned n = 0;

	if (first == NOTHING || !c->pkt[first].doubled)
		return 0;
	/* They lie close to it: behind, but for those that a device gave IP IDs of their own, of which either may be the one that was found again. */
	for (uint32_t k = first - c->at[point] > COPIES_NEAR ? first - COPIES_NEAR : c->at[point]; k < c->at[point + 1] && k < first + COPIES_NEAR; k++)
		n += c->pkt[k].copy && c->pkt[k].tx == i && !(c->pkt[k].flags & SEG_LATER) && !(straddles && c->pkt[k].forwarded);
	return n;
}

/*
 * Equal packets at one point are the capture's own copies (a mirror port). If every point from there on has them as well, and these are no mirror
 * ports, the network made them.
 */
static void copies(const struct conn *c, uint32_t i, struct findings *out)
{
	const struct tx *x = &c->tx[i];
	unsigned n[POINTS_MAX], first = x->to + 1u, honest = 0;

	for (unsigned k = x->from; k <= x->to; k++)
		n[k] = conn_seen(c, i, k) ? copies_at(c, i, c->way[x->dir][k]) : 0;
	while (first > x->from && n[first - 1]) {
		first--;
		honest += !facts_mirrors(&c->facts->point[c->way[x->dir][first]]);
	}
	bool network = first > x->from && honest > 1 && conn_seen(c, i, first - 1);
	/* It may have been doubled before, and one of the two put together with others. */
	if (network && !ranges_twice(c, i, c->way[x->dir][first - 1]) && !mistaken(c, i, c->way[x->dir][first]))
		add(out, (struct seen){ KIND_DUPLICATED, x->what, x->dir, c->way[x->dir][first - 1], c->way[x->dir][first], NO_POINT, CERTAIN, 0, i,
			ODDS_CERTAIN, "duplicated" });
	for (unsigned k = x->from; k <= x->to && !(honest > 1 && k >= first); k++) {
		uint8_t p = c->way[x->dir][k];
		/* One copy alone may as well have been made by the network, and lost again further on. */
		bool sure = n[k] && facts_mirrors(&c->facts->point[p]) && !mistaken(c, i, p);
		for (unsigned m = 0; m < n[k]; m++)
			add(out, (struct seen){ KIND_CAPTURE_DUPLICATE, x->what, x->dir, NO_POINT, NO_POINT, p, sure ? CERTAIN : POSSIBLE, 0, i,
				ODDS_CERTAIN, "capture_duplicate" });
	}
}

/* Did the host send some of x's bytes before? Another may have said them in its name (an injected answer), which then is not what it repeats. */
static enum confidence repeated(const struct conn *c, const struct tx *x)
{
	const struct tx *o = &c->tx[x->repeats];

	/* Equal SYN-ACKs at once, without IP ID: two timers of the server, or a copy at a point that makes some. */
	if (x->what == WHAT_SYNACK && c->pkt[x->first].ip_id == 0 && x->t - o->t < AT_ONCE_NS && c->facts->point[c->way[x->dir][0]].twice > 0)
		return POSSIBLE;
	return x->before >> c->way[x->dir][0] & 1 || o->by_host ? CERTAIN : POSSIBLE;
}

/* Told at the point nearest to the sender, where it was seen. */
static void repeats(const struct conn *c, uint32_t i, struct findings *out)
{
	const struct tx *x = &c->tx[i];

	if (x->repeat && (x->from == 0 || x->by_host) && c->tx[x->repeats].fate_from != FATE_GENERATED)
		add(out, (struct seen){ KIND_RETRANSMITTED, x->what, x->dir, NO_POINT, NO_POINT, c->way[x->dir][0], (uint8_t)(hop_after_next(c, i) ? POSSIBLE : repeated(c, x)), 0, i,
			ODDS_CERTAIN, "retransmitted" });
	if (x->probe && (x->from == 0 || x->by_host))
		add(out, (struct seen){ KIND_KEEPALIVE, WHAT_ACK, x->dir, NO_POINT, NO_POINT, c->way[x->dir][0], CERTAIN, 0, i, ODDS_CERTAIN, "keepalive" });
}

/* ---- made by a host ---- */

uint32_t judge_bare_answer(const struct conn *c, uint32_t x)
{
	uint32_t syn = NOTHING;

	if (c->tx[x].what != WHAT_ACK || c->tx[x].dir != S2C || x > HANDSHAKE)
		return NOTHING;
	for (uint32_t i = 0; i < x; i++) {
		const struct tx *o = &c->tx[i];
		if (o->dir == C2S && o->what == WHAT_SYN)
			syn = i;
		else if (o->what == WHAT_SYNACK || (o->dir == C2S && o->what != WHAT_RST && o->what != WHAT_ICMP))
			return NOTHING;
	}
	return syn;
}

/* The flow of a connection at a point, NULL: it was not seen there. */
static const struct flow *flow_at(const struct facts *f, uint32_t conn, uint32_t point)
{
	for (uint32_t i = 0; i < f->conn[conn].flows; i++)
		if (f->flow[f->conn[conn].flow + i].point == point)
			return &f->flow[f->conn[conn].flow + i];
	return NULL;
}

/* Had everything been said when the client reset the connection: did the server close it, or were all bytes of both sides acknowledged? */
static bool all_said(const struct conn *c, const struct tx *reset)
{
	int64_t end[2] = { INT64_MIN, INT64_MIN }, acked[2] = { INT64_MIN, reset->ack };

	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		if (x->stray || x->what == WHAT_RST || x->what == WHAT_RSTACK || x->what == WHAT_ICMP)
			continue;
		if (x->dir == S2C && c->pkt[x->first].flags & TCP_FIN)
			return true;
		end[x->dir] = x->end > end[x->dir] ? x->end : end[x->dir];
		if (x->dir == S2C && !x->stray_ack && x->ack > acked[C2S])
			acked[C2S] = x->ack;
	}
	return !reset->stray_ack && end[C2S] <= acked[C2S] && end[S2C] <= acked[S2C];
}

/* A client that ends a connection with a reset and uses its port again at once: that is how a port is freed without TIME-WAIT, no trouble. */
static bool recycled(const struct conn *c, uint32_t i)
{
	const struct tx *x = &c->tx[i];
	const struct pkt *p = &c->pkt[x->first];
	uint32_t next = c->facts->conn[c->index].next;
	const struct flow *w = next == UINT32_MAX ? NULL : flow_at(c->facts, next, p->point);

	return w && x->dir == C2S && x->what == WHAT_RSTACK && w->first_ns >= p->t_raw && w->first_ns - p->t_raw < REUSE_NS && all_said(c, x);
}

/* The BIG-IP at the first point of its way says that it made the packet, or is the host there: a full proxy. */
static bool by_bigip(const struct conn *c, uint32_t i)
{
	return c->tx[i].from == 0 && (conn_own_reset(c, i) || c->facts->conn[c->index].proxy[c->tx[i].dir].tie == TIE_F5);
}

/*
 * The host behind the first point, or a device that stands between the two? Its TTL arrives there as the host's always does; best if no router
 * has touched it. A device right there that imitates the TTL cannot be told from the host: that is the assumption.
 */
static void by_host(const struct conn *c, uint32_t i, struct findings *out)
{
	const struct tx *x = &c->tx[i];
	const struct pkt *p = &c->pkt[x->first];
	uint8_t at = c->way[x->dir][0], ttl = fate_ttl(c, at, x->dir);
	bool f5 = by_bigip(c, i);
	double odds;

	if (x->from != 0 || (c->facts->points < 2 && !f5))
		return;
	if (x->what != WHAT_RST && x->what != WHAT_RSTACK && judge_bare_answer(c, i) == NOTHING)
		return;
	if (f5 && !recycled(c, i)) {
		add(out, (struct seen){ KIND_SENT, x->what, x->dir, NO_POINT, NO_POINT, at, CERTAIN, WHY_F5, i, ODDS_CERTAIN, "f5_sent" });
		return;
	}
	if (recycled(c, i)) {
		add(out, (struct seen){ KIND_PORT_REUSE, WHAT_CONNECTION, NO_DIRECTION, NO_POINT, NO_POINT, at, CERTAIN, 0, i, ODDS_CERTAIN, "recycled" });
		return;
	}
	if (ttl)
		odds = ttl != p->ttl ? 1 : hosts_untouched(ttl) ? ODDS_CERTAIN : ODDS_LIKELY;
	else
		odds = hosts_untouched(p->ttl) ? ODDS_LIKELY : 1;
	reason_set why = ttl && ttl != p->ttl ? WHY_TTL : 0;
	if (conn_inside(c, i, at)) {
		odds = fmin(odds, ODDS_POSSIBLE);
		why |= WHY_INSIDE;
	}
	if (tx_is_reset(x)) {
		struct origin o;
		origin_find(c, i, &o);
		odds = origin_denied(&o) ? fmin(odds, ODDS_POSSIBLE) : odds;
	}
	if (hop_of_next(c, i))
		odds = fmin(odds, ODDS_POSSIBLE);
	struct seen s = { odds >= ODDS_LIKELY ? KIND_SENT : KIND_UNDECIDED, x->what, x->dir, NO_POINT, NO_POINT, at, (uint8_t)by_odds(odds), why, i, odds,
		"sent" };
	struct finding *f = findings_add(out, &s);
	if (f && f->kind == KIND_UNDECIDED)
		f->doubtful = true;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return seq_before(a, b) ? b - a : a - b;
}

/*
 * Does the client say something with the numbers that x acknowledges, not with those of its SYN? Then they are this connection's, and the SYN is what does
 * not belong to it.
 */
static bool spoken_for(const struct conn *c, const struct tx *x, const struct tx *syn)
{
	uint32_t next = c->pkt[x->first].ack, isn = c->pkt[syn->first].seq;

	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *o = &c->tx[i];
		const struct pkt *p = &c->pkt[o->first];
		if (o->dir == C2S && (o->what == WHAT_DATA || o->what == WHAT_FIN || o->what == WHAT_ACK) && !p->damaged &&
		    distance(p->seq, next) < WINDOW && distance(p->seq, next) < distance(p->seq, isn))
			return true;
	}
	return false;
}

bool judge_stale_answer(const struct conn *c, uint32_t x)
{
	uint32_t syn = judge_bare_answer(c, x);

	return syn != NOTHING && c->tx[x].other_ack && c->tx[x].t - c->tx[syn].t < FATE_ANSWER_NS && !spoken_for(c, &c->tx[x], &c->tx[syn]);
}

static void stale(const struct conn *c, uint32_t i, struct findings *out)
{
	const struct tx *x = &c->tx[i];

	if (!judge_stale_answer(c, i))
		return;
	add(out, (struct seen){ KIND_STALE_STATE, WHAT_ACK, S2C, NO_POINT, NO_POINT, c->way[S2C][x->from], CERTAIN, 0, i, ODDS_CERTAIN, "stale_state" });
}

/* ---- nobody answered ---- */

static void unanswered(const struct conn *c, struct findings *out)
{
	uint32_t reached = 0, first = NOTHING;
	double odds;

	/* No way: the client's packets come by none of the points. */
	if (c->facts->points < 2 || c->ways[C2S] == 0)
		return;
	unsigned last = c->ways[C2S] - 1u;
	uint8_t at = c->way[C2S][last], ttl = fate_ttl(c, at, S2C);
	if (c->facts->point[at].sight[conn_along(c, S2C)].elsewhere)
		return;
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		/* Anything from beyond the point is an answer; so is anything that was not recorded there but is the host's. */
		if (x->dir == S2C && (x->from == 0 || x->by_host))
			return;
		if (x->dir == C2S && x->what == WHAT_SYN && conn_seen(c, i, last)) {
			reached++;
			first = first == NOTHING ? i : first;
		}
	}
	/* The capture must go on long enough for an answer to be in it. */
	if (!reached || !fate_window(c->facts, at, c->tx[first].t + FATE_ANSWER_NS))
		return;
	/* The capture must have missed every answer, and no answer may have come through to the client either. */
	odds = -log10(fate_miss(&c->facts->point[at])) * fmin(reached, 2);
	if (!ttl || !hosts_untouched(ttl))
		odds = fmin(odds, ttl ? ODDS_LIKELY - 0.1 : ODDS_LIKELY);
	for (uint32_t i = 0; i < c->txs; i++)
		if (c->tx[i].dir == C2S && c->tx[i].what == WHAT_SYN && conn_seen(c, i, last)) {
			bool inside = conn_inside(c, i, at);
			double mine = inside ? fmin(odds, ODDS_POSSIBLE) : odds;
			struct seen s = { mine >= ODDS_LIKELY ? KIND_UNANSWERED : KIND_UNDECIDED, WHAT_SYN, C2S, NO_POINT, NO_POINT, at,
				(uint8_t)by_odds(mine), inside ? WHY_INSIDE : 0, i, mine, "unanswered" };
			struct finding *f = findings_add(out, &s);
			if (f && f->kind == KIND_UNDECIDED)
				f->doubtful = true;
		}
}

/* ---- one point only ---- */

/* A SYN without an answer, a bare ACK in answer to a SYN, a reset: one capture cannot tell where that was made or lost. */
static void single(const struct conn *c, struct findings *out)
{
	bool answered = false;

	for (uint32_t i = 0; i < c->txs; i++)
		answered |= c->tx[i].what == WHAT_SYNACK || (c->tx[i].dir == S2C && tx_is_reset(&c->tx[i]) && by_bigip(c, i));
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		bool lost = x->what == WHAT_SYN && (x->repeated_by != NOTHING || !answered);
		bool made = judge_bare_answer(c, i) != NOTHING || x->what == WHAT_RST || x->what == WHAT_RSTACK || x->what == WHAT_ICMP;
		if ((!lost && !made) || (made && x->what != WHAT_ICMP && by_bigip(c, i)))
			continue;
		struct seen s = { KIND_UNDECIDED, x->what, x->dir, NO_POINT, NO_POINT, c->way[x->dir][0], POSSIBLE, 0, i, 0, "one_point" };
		struct finding *f = findings_add(out, &s);
		if (f)
			f->doubtful = true;
	}
}

/* ---- the connection as a whole ---- */

static const char *tie_rule(uint8_t tie)
{
	static const char *const name[] = { "", "f5_peer", "proxy_header", "unique_id", "client_random", "equal_streams", "equal_request", "equal_times",
		"equal_class", "same_service" };

	return name[tie];
}

/* A full proxy at an end of the way: from there to the next point (points beside it are none) it is another connection. */
static void proxied(const struct conn *c, int d, struct findings *out)
{
	const struct proxy_end *r = &c->facts->conn[c->index].proxy[d];
	const struct point *point = c->facts->point;
	int n = (int)c->facts->points, step = d == S2C ? 1 : -1, next = r->point + step;

	while (next >= 0 && next < n && point[next].position == point[r->point].position)
		next += step;
	if (r->tie == TIE_NONE || next < 0 || next >= n)
		return;
	reason_set why = r->tie == TIE_F5 ? WHY_F5 : 0;
	double odds = r->confidence == CERTAIN ? ODDS_CERTAIN : ODDS_LIKELY;
	if (d == S2C)
		add(out, (struct seen){ KIND_TERMINATED, WHAT_CONNECTION, NO_DIRECTION, r->point, (uint8_t)next, NO_POINT, r->confidence, why, NOTHING,
			odds, tie_rule(r->tie) });
	else
		add(out, (struct seen){ KIND_ORIGINATED, WHAT_CONNECTION, NO_DIRECTION, (uint8_t)next, r->point, NO_POINT, r->confidence, why, NOTHING,
			odds, tie_rule(r->tie) });
}

/* The header of the PROXY protocol, before the first byte that the client said. */
static void inserted(const struct conn *c, struct findings *out)
{
	const struct conn_ref *r = &c->facts->conn[c->index];
	bool header = false;

	for (uint32_t i = 0; i < r->flows; i++)
		header |= c->facts->flow[r->flow + i].speaks_for.header > 0;
	for (uint32_t i = 0; i < out->n && header; i++) {
		const struct finding x = out->list[i];
		if (x.kind == KIND_ORIGINATED && r->proxy[C2S].tie != TIE_F5) {
			add(out, (struct seen){ KIND_INSERTED, WHAT_DATA, C2S, x.from, x.to, NO_POINT, x.confidence, 0, NOTHING, x.odds, "proxy_header" });
			return;
		}
	}
}

/* Between the last point on the client's side that knows the connection and the first one beyond. */
static void syn_proxy(const struct conn *c, struct findings *out)
{
	uint8_t near = 0, far;

	if (!c->beyond)
		return;
	for (far = 0; !c->flow[far] || !(c->beyond >> far & 1); far++)
		if (c->flow[far])
			near = far;
	add(out, (struct seen){ KIND_SYN_PROXY, WHAT_CONNECTION, NO_DIRECTION, near, far, NO_POINT, c->beyond_shown ? CERTAIN : LIKELY, 0, NOTHING,
		c->beyond_shown ? ODDS_CERTAIN : ODDS_LIKELY, "syn_proxy" });
}

int64_t judge_reused_after(const struct conn *c)
{
	uint32_t before = c->facts->conn[c->index].previous;
	int64_t least = INT64_MAX;

	for (unsigned p = 0; before != UINT32_MAX && p < c->facts->points; p++) {
		const struct flow *old = flow_at(c->facts, before, p), *new = flow_at(c->facts, c->index, p);
		int64_t gap = old && new ? facts_align(&c->facts->point[p], new->first_ns) - facts_align(&c->facts->point[p], old->last_ns) : INT64_MAX;
		least = gap < least ? gap : least;
	}
	return least;
}

static void reuse(const struct conn *c, struct findings *out)
{
	const struct flow *w = &c->facts->flow[c->facts->conn[c->index].flow];
	int64_t after = judge_reused_after(c);

	if (after < 0 || after > REUSE_NS)
		return;
	add(out, (struct seen){ KIND_PORT_REUSE, WHAT_CONNECTION, NO_DIRECTION, NO_POINT, NO_POINT, (uint8_t)w->point, CERTAIN, 0, NOTHING, ODDS_CERTAIN,
		"port_reuse" });
}

/* A receiver that closes its window (RFC 9293 3.8.6); told once per direction, at the point nearest to it. */
static void zero_window(const struct conn *c, struct findings *out)
{
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		const struct pkt *p = &c->pkt[x->first];
		if (p->win == 0 && !x->rest && (x->what == WHAT_ACK || x->what == WHAT_DATA) && !x->stray && (x->from == 0 || x->by_host))
			add(out, (struct seen){ KIND_ZERO_WINDOW, WHAT_ACK, x->dir, NO_POINT, NO_POINT, c->way[x->dir][0], CERTAIN, 0, i, ODDS_CERTAIN,
				"zero_window" });
	}
}

struct ends {
	bool syn, synack, went_on, fin[2], rst, icmp, bare, data;
	bool refused;   /* a RST with the number that the SYN asks for */
};

static void look(const struct conn *c, struct ends *e)
{
	memset(e, 0, sizeof *e);
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		const struct pkt *p = &c->pkt[x->first];
		e->syn |= x->what == WHAT_SYN;
		e->synack |= x->what == WHAT_SYNACK;
		e->bare |= judge_bare_answer(c, i) != NOTHING;
		e->went_on |= x->dir == C2S && x->what != WHAT_SYN && x->what != WHAT_RST && x->what != WHAT_ICMP;
		e->data |= x->what == WHAT_DATA;
		e->fin[x->dir] |= p->flags & TCP_FIN && !(p->flags & SEG_ICMP);
		if ((x->what == WHAT_RST || x->what == WHAT_RSTACK) && !(e->fin[0] && e->fin[1])) {
			e->refused |= x->dir == S2C && !e->synack && !e->bare;
			e->rst |= e->synack || !e->syn || x->dir == S2C;
		}
		e->icmp |= x->what == WHAT_ICMP;
	}
}

static bool stalled(const struct conn *c)
{
	unsigned tries = 0;

	for (uint32_t i = c->txs; i-- > 0;) {
		const struct tx *x = &c->tx[i];
		if ((x->what != WHAT_DATA && x->what != WHAT_FIN) || !conn_as_sent(x))
			continue;
		if (!x->repeat)
			break;
		tries++;
	}
	if (tries < 2)
		return false;
	/* Was what was repeated last acknowledged after all? */
	for (uint32_t i = c->txs, last = NOTHING; i-- > 0;) {
		const struct tx *x = &c->tx[i];
		if (last == NOTHING && (x->what == WHAT_DATA || x->what == WHAT_FIN) && x->repeat)
			last = i;
		if (last == NOTHING)
			continue;
		for (uint32_t k = last + 1; k < c->txs; k++)
			if (c->tx[k].dir != c->tx[last].dir && !c->tx[k].stray_ack && c->tx[k].ack >= c->tx[last].end)
				return false;
		return true;
	}
	return false;
}

const char *judge_outcome(const struct conn *c)
{
	struct ends e;

	look(c, &e);
	if (e.syn && !e.synack && !e.data) {
		if (e.refused)
			return "refused";
		return e.icmp ? "unreachable" : "no connection";
	}
	if (e.fin[0] && e.fin[1] && !stalled(c))
		return "completed";
	if (e.rst)
		return "reset";
	if (e.synack && !e.went_on)
		return "no connection";
	return stalled(c) ? "stalled" : e.fin[0] || e.fin[1] ? "half closed" : "open";
}

bool judge_crossed(const struct conn *c)
{
	for (uint32_t i = 0; i < c->txs; i++)
		if (c->tx[i].dir == S2C && c->tx[i].what == WHAT_SYN && (c->tx[i].from == 0 || c->tx[i].by_host))
			return true;
	return false;
}

static int severity_of(const struct finding *f, const char *outcome)
{
	switch (f->kind) {
	case KIND_DROPPED:
	case KIND_GENERATED:
		return f->reasons & WHY_SYN_PROXY ? 1 : 3;
	case KIND_CORRUPTED:
		return f->confidence == POSSIBLE ? 2 : 3;
	case KIND_UNANSWERED:
		return 3;
	case KIND_SENT:
		return strcmp(outcome, "completed") == 0 ? 1 : 3;
	case KIND_UNDECIDED:
		return f->doubtful ? 2 : 1;
	case KIND_STALE_STATE:
		return 2;
	case KIND_RETRANSMITTED:
	case KIND_PORT_REUSE:
	case KIND_ZERO_WINDOW:
	case KIND_ECN_BLEACHED:
	case KIND_REORDERED:
		return 1;
	default:
		return 0;
	}
}

void judge(const struct proof *t, struct findings *out)
{
	const struct conn *c = t->c;

	out->outcome = judge_outcome(c);
	for (uint32_t i = 0; i < c->txs; i++) {
		far_side(c, i, out);
		near_side(c, i, out);
		missed(t, i, out);
		if (c->tx[i].rest)
			continue;
		resegmented(c, i, out);
		damage_judge(t, i, out);
		fragmented(c, i, out);
		copies(c, i, out);
		repeats(c, i, out);
		by_host(c, i, out);
		stale(c, i, out);
		ecn_judge(c, i, out);
	}
	disorder_judge(c, out);
	unanswered(c, out);
	zero_window(c, out);
	reuse(c, out);
	for (int d = S2C; d >= C2S; d--)
		proxied(c, d, out);
	inserted(c, out);
	syn_proxy(c, out);
	if (c->facts->points == 1 && strcmp(out->outcome, "completed") != 0)
		single(c, out);
	situations_judge(c, out);
	out->severity = judge_crossed(c);
	for (uint32_t i = 0; i < out->n; i++) {
		int s = severity_of(&out->list[i], out->outcome);
		out->severity = s > out->severity ? s : out->severity;
	}
	if (tell_failed(c))
		out->severity = 3;
	verdict_write(c, out);
}
