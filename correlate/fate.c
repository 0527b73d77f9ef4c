#include "correlate/fate.h"

#include <math.h>
#include <string.h>

#include "correlate/damage.h"
#include "correlate/half_open.h"
#include "correlate/hosts.h"
#include "correlate/hop_doubt.h"
#include "correlate/odds.h"
#include "correlate/reason.h"

#define STEP_MARGIN_NS 1000000000       /* on either side of a step, where clocks are not known well */
#define FLIGHT_NS 1000000000    /* ... where only one bound of the clock is known: a packet is not longer on its way */
#define MARGIN_NS 50000000      /* at the edges of a capture, beyond delay and clock doubt */

double fate_miss(const struct point *p)
{
	/* Both directions come by the same capture, and what it loses it loses in bursts. */
	double n = (double)(p->sight[0].proved + p->sight[1].proved), m = (double)(p->sight[0].missed + p->sight[1].missed), miss;

	/*
	 * Most captures lose nothing at all: one in ten is given the benefit of the doubt until it is caught. Where others of the case are known to lose,
	 * this one may only not have been caught yet (Jeffreys' prior).
	 */
	miss = m > 0 || p->drops > 0 || p->damaged ? (m + 1) / (n + 2) : (p->others_lose ? 0.5 : 0.1) / (n + 2);
	if (p->running && m == 0 && p->drops == 0 && !p->others_lose)
		miss = fmin(miss, FATE_MISS_RUNNING);
	return fmin(miss, 0.9);
}

double fate_miss_of(const struct conn *c, unsigned point)
{
	const struct point *p = &c->facts->point[point];
	double all = (double)(p->held + p->unseen);

	return fmax(fate_miss(p), c->flow[point] || !p->unseen ? 0 : fmin(0.9, ((double)p->unseen + 1) / (all + 2)));
}

double fate_miss_again(const struct point *p)
{
	double missed = (double)(p->sight[0].missed + p->sight[1].missed), in_row = (double)(p->sight[0].in_row + p->sight[1].in_row);

	return missed > 0 ? fmax((in_row + 1) / (missed + 2), fate_miss(p)) : fate_miss(p);
}

/* When a point's clock was set nothing can be said of when it saw what: as if it had not been capturing. */
static bool near_step(const struct point *p, int64_t from, int64_t to)
{
	for (uint32_t i = 1; i < p->pieces; i++) {
		const struct clock_map *before = &p->piece[i - 1], *after = &p->piece[i];
		int64_t unsure = facts_doubt(p, before->sure_to_ns), later = facts_doubt(p, after->sure_from_ns);
		int64_t margin = unsure == INT64_MAX || later == INT64_MAX ? STEP_MARGIN_NS : MARGIN_NS + (unsure > later ? unsure : later);
		/* Set back, it showed the times between twice: whichever time they count for, the other was meant perhaps. */
		if (to > facts_align(p, before->sure_to_ns) - margin && from < facts_align(p, after->sure_from_ns) + margin)
			return true;
	}
	return false;
}

/* Was the point capturing all the time between two aligned ones? */
static bool captured(const struct facts *f, unsigned point, int64_t from, int64_t to)
{
	const struct point *p = &f->point[point];

	if (near_step(p, from, to))
		return false;
	if (p->running)
		return true;
	/* By a clock that cannot be compared with the others', a capture may have run at any time. */
	if (!facts_comparable(p))
		return false;
	for (uint32_t i = 0; i < p->windows; i++) {
		const struct window *w = &p->window[i];
		int64_t unsure = facts_doubt(p, w->from_ns), margin;
		margin = unsure == INT64_MAX ? FLIGHT_NS : MARGIN_NS + unsure;
		if (from >= facts_align(p, w->from_ns) + margin && to <= facts_align(p, w->to_ns) - margin)
			return true;
	}
	return false;
}

bool fate_window(const struct facts *f, unsigned point, int64_t t)
{
	return captured(f, point, t, t);
}

uint8_t fate_ttl(const struct conn *c, unsigned point, unsigned dir)
{
	const struct flow *w = c->flow[point];

	for (unsigned i = 0; !w && i < c->facts->points; i++)
		w = c->flow[i];
	if (!w)
		return 0;
	const struct host *h = hosts_find(c->facts->hosts, point, w->addr[dir], dir == S2C ? w->port[dir] : 0);
	if (!h || !hosts_ttl(h))
		h = hosts_find(c->facts->hosts, point, w->addr[dir], 0);
	return h ? hosts_ttl(h) : 0;
}

enum unseen { UNSEEN_NOT, UNSEEN_PASSED, UNSEEN_RIDDLE };

/*
 * A connection of which a point holds nothing, although it went on normally: packets that are answered were not lost. Either the capture missed
 * it (or was not running), or a device in between ends connections itself (a proxy). Where other connections of the same server are seen on
 * both sides as one and the same, it is no proxy.
 */
static enum unseen unseen_in(const struct conn *c, bool conversation, unsigned point)
{
	const struct conn_ref *r = &c->facts->conn[c->index];
	const struct flow *w = NULL;

	if (c->flow[point] || !(r->twin || conversation))
		return UNSEEN_NOT;
	for (unsigned i = 0; !w && i < c->facts->points; i++)
		w = c->flow[i];
	/* Under the same names, too: else it may be there under others. */
	for (int d = 0; d < 2; d++) {
		const struct host *h = hosts_find(c->facts->hosts, point, w->addr[d], 0);
		if (!h || !(h->joined & r->points))
			return UNSEEN_RIDDLE;
	}
	return r->twin ? UNSEEN_RIDDLE : UNSEEN_PASSED;
}

static enum unseen unseen(const struct proof *t, unsigned point)
{
	return unseen_in(t->c, t->tally.conversation, point);
}

bool fate_recorded_beside(const struct conn *c, uint32_t x, unsigned point)
{
	const struct facts *f = c->facts;

	for (unsigned p = 0; p < f->points; p++)
		if (p != point && f->point[p].source == f->point[point].source && conn_sight(c, x)[p] != NOTHING)
			return true;
	return false;
}

/* The point that names the hop which leads to the i-th point of a way. */
static unsigned hop_to(const struct conn *c, unsigned dir, unsigned i)
{
	unsigned p = c->way[dir][i], q = c->way[dir][i - 1];

	return p < q ? p : q;
}

/* From the i-th to the k-th point of a way (i <= k), if all hops take the longest that they were seen to take: packets wait in queues. */
static int64_t longest(const struct conn *c, unsigned dir, unsigned i, unsigned k)
{
	int64_t sum = 0;

	while (i < k)
		sum += c->facts->point[hop_to(c, dir, ++i)].hop[conn_along(c, dir)].longest_ns;
	return sum;
}

bool fate_ran(const struct conn *c, uint32_t x, unsigned point)
{
	const struct tx *w = &c->tx[x];
	int64_t t = w->t;
	uint32_t last;
	unsigned k = 0;

	if (fate_recorded_beside(c, x, point))
		return true;
	while (k < c->ways[w->dir] && c->way[w->dir][k] != point)
		k++;
	if (k < w->from)
		return captured(c->facts, point, t - longest(c, w->dir, k, w->from), t);
	if (k == c->ways[w->dir] || k <= w->to)
		return fate_window(c->facts, point, t);
	last = conn_sight(c, x)[c->way[w->dir][w->to]];
	t = last == NOTHING ? t : c->pkt[last].t;
	return captured(c->facts, point, t, t + longest(c, w->dir, w->to, k));
}

/* ---- learning ---- */

static struct hop_stats *stats_to(struct facts *f, const struct conn *c, unsigned dir, unsigned i)
{
	return &f->point[hop_to(c, dir, i)].hop[conn_along(c, dir)];
}

static void learn_delay(struct hop_stats *h, const struct tx *w, const struct pkt *near, const struct pkt *far)
{
	int64_t ns = far->t - near->t;

	/* Of several that are alike, one may have been taken for another. */
	if (w->single && !w->fuzzy && ns > h->longest_ns)
		h->longest_ns = ns < FLIGHT_NS ? ns : FLIGHT_NS;
}

/* What one connection proves to have passed each point, and what the point missed of it. */
struct passing {
	uint32_t proved[POINTS_MAX][2], missed[POINTS_MAX][2], in_row[POINTS_MAX][2];
	bool last_missed[POINTS_MAX];   /* the last one of either direction */
};

static void learn_tx(const struct proof *t, struct facts *f, struct passing *all, uint32_t x)
{
	const struct conn *c = t->c;
	const struct tx *w = &c->tx[x];
	bool past = true;       /* everything before was seen or passed */

	for (unsigned i = 0; i < c->ways[w->dir]; i++) {
		unsigned p = c->way[w->dir][i];
		bool seen = conn_seen(c, x, i) != NULL, passed;
		if (conn_apart(c, &c->pkt[w->first], p) || conn_foreign(c, p)) {
			past = false;
			continue;
		}
		/* It came in other packets; what becomes of them from here on is theirs. */
		if (conn_others(w, p)) {
			if (i > 0 && past && conn_seen(c, x, i - 1))
				stats_to(f, c, w->dir, i)->passed++;
			past = false;
			continue;
		}
		/* What is missing of a torn one, a filter may have left out: it says nothing of how well the capture sees. */
		if (!fate_ran(c, x, p) || conn_torn(c, x, p)) {
			if (i > 0 && conn_torn(c, x, p))
				stats_to(f, c, w->dir, i)->torn += w->repeated_by != NOTHING && !proof_passed(t, x, i, NULL);
			past = false;
			continue;
		}
		passed = proof_passed(t, x, i, NULL);
		all->proved[p][w->dir] += passed;
		all->missed[p][w->dir] += passed && !seen;
		all->in_row[p][w->dir] += passed && !seen && all->last_missed[p];
		all->last_missed[p] = passed ? !seen : !seen && all->last_missed[p];
		if (i > 0 && past && conn_seen(c, x, i - 1)) {
			struct hop_stats *h = stats_to(f, c, w->dir, i);
			if (seen)
				learn_delay(h, w, conn_seen(c, x, i - 1), conn_seen(c, x, i));
			h->passed += seen;
			h->largest = seen && c->pkt[w->first].len > h->largest ? c->pkt[w->first].len : h->largest;
			h->repeated += seen && !passed && w->repeated_by != NOTHING;
			if (!seen && !passed) {
				bool shown = w->repeated_by != NOTHING || hop_refused(c, x, p);
				h->gone++;
				h->lost += shown;
				h->quiet += !shown;
			}
		}
		past = seen || passed;
	}
}

/* Whole connections take another way, or are all that a capture on one link of several does not see: where one is, the next one may be, too. */
static void learn_unseen(const struct conn *c, struct facts *f)
{
	if (c->txs == 0 || !tally_conversation(c))
		return;
	for (unsigned p = 0; p < f->points; p++) {
		f->point[p].held += c->flow[p] != NULL;
		f->point[p].unseen += unseen_in(c, true, p) == UNSEEN_PASSED && fate_ran(c, 0, p) && fate_ran(c, c->txs - 1, p);
	}
}

/* A direction that a point holds nothing of, though it holds the other one, goes another way: of how well the capture sees it says nothing. */
static void learn_sight(const struct conn *c, struct facts *f, const struct passing *all)
{
	for (unsigned p = 0; p < f->points; p++) {
		uint32_t packets[2] = { 0, 0 };
		for (uint32_t k = c->at[p]; k < c->at[p + 1]; k++)
			packets[c->pkt[k].dir]++;
		for (unsigned d = 0; d < 2; d++) {
			struct sight *s = &f->point[p].sight[conn_along(c, d)];
			if (all->missed[p][d] >= FATE_ONE_WAY && packets[d] == 0 && packets[!d] > 0)
				continue;
			s->proved += all->proved[p][d];
			s->missed += all->missed[p][d];
			s->in_row += all->in_row[p][d];
		}
	}
}

void fate_learn(const struct proof *t, struct facts *f)
{
	struct passing all;

	memset(&all, 0, sizeof all);
	learn_unseen(t->c, f);
	/* Bytes out of nothing: their packet is counted. */
	for (uint32_t x = 0; x < t->c->txs; x++)
		if (t->c->tx[x].rest != REST_NEW)
			learn_tx(t, f, &all, x);
	learn_sight(t->c, f, &all);
	for (uint32_t k = 0; k < t->c->pkts; k++)
		f->point[t->c->pkt[k].point].later |= (t->c->pkt[k].flags & SEG_LATER) != 0;
}

void fate_learned(struct facts *f)
{
	unsigned lose = 0;

	for (unsigned p = 0; p < f->points; p++)
		lose += f->point[p].sight[0].missed + f->point[p].sight[1].missed > 0;
	for (unsigned p = 0; p < f->points; p++)
		f->point[p].others_lose = lose > (f->point[p].sight[0].missed + f->point[p].sight[1].missed > 0);
}

bool fate_differs(const struct conn *c)
{
	for (uint32_t x = 0; x < c->txs; x++)
		for (unsigned i = 0; i < c->ways[c->tx[x].dir]; i++)
			if (!conn_seen(c, x, i))
				return true;
	return false;
}

/* An earlier transmission of the same bytes was dropped on this hop: then this one, too late to be seen, is no riddle. */
static bool earlier_dropped(const struct conn *c, const struct tx *x)
{
	const struct tx *o = x->repeats == NOTHING ? NULL : &c->tx[x->repeats];

	return o && o->fate_to == FATE_DROPPED && o->reach == x->reach;
}

/*
 * Did the point, the last that saw x, see no answer to it, although it was capturing when one would have come? Who drops a SYN drops its repeats; what is
 * lost by accident may have come through the next time.
 */
static bool stays_unanswered(const struct proof *t, const struct tx *x, unsigned point)
{
	return proof_acked_at(t, point, x->dir, x->end) == INT64_MAX &&
	    (x->what == WHAT_SYN || fate_window(t->c->facts, point, x->t + FATE_ANSWER_NS));
}

/* A connection of which no point on the client's side saw anything begins in between, and so its answers end there (a proxy's own connection). */
static bool begins_later(const struct conn *c, const struct tx *x, unsigned point)
{
	if (x->dir != S2C)
		return false;
	for (unsigned p = 0; p <= point; p++)
		if (c->flow[p])
			return false;
	return true;
}

static bool acknowledged(const struct proof *t, const struct tx *w)
{
	for (unsigned p = 0; p < t->c->facts->points; p++)
		if (proof_acked_at(t, p, w->dir, w->end) != INT64_MAX)
			return true;
	return false;
}

/* Is x a part of the conversation that went on: not repeated, and followed by something from the other side, which has its bytes? */
static bool went_through(const struct proof *t, uint32_t x)
{
	const struct tx *w = &t->c->tx[x];
	uint32_t last = t->tally.last_said[!w->dir];

	return w->repeated_by == NOTHING && last != NOTHING && last > x && (w->end == w->off || acknowledged(t, w));
}

/* Does x end, or begin, at a SYN proxy between two neighbours? */
static bool at_syn_proxy(const struct conn *c, uint32_t x, unsigned a, unsigned b)
{
	const struct pkt *p = &c->pkt[c->tx[x].first];

	return conn_apart(c, p, a) != conn_apart(c, p, b) && c->flow[a] && c->flow[b];
}

static float syn_proxy_odds(const struct conn *c)
{
	return c->beyond_shown ? ODDS_CERTAIN : ODDS_LIKELY;
}

/* ... or may it, as one of them knows nothing of the connection: on which side of that point the device stands cannot be told. */
static bool near_syn_proxy(const struct conn *c, uint32_t x, unsigned a, unsigned b)
{
	return c->pkt[c->tx[x].first].greeting && (!c->flow[a] || !c->flow[b]);
}

static void judge_far(struct proof *t, uint32_t x)
{
	struct conn *c = t->c;
	struct tx *w = &c->tx[x];
	unsigned last = c->ways[w->dir] - 1u;

	if (w->rest == REST_NEW)
		return;
	/* From there on other packets stand for it. */
	if (w->turned > w->to) {
		w->reach = w->turned;
		return;
	}
	for (unsigned i = w->to + 1u; i <= last; i++)
		if (!hop_severed(t, w->dir, w->to, i) && (proof_passed(t, x, i, &w->reasons_to) || (w->reach == i - 1 && unseen(t, c->way[w->dir][i]) == UNSEEN_PASSED && went_through(t, x))))
			w->reach = (uint8_t)i;
	if (w->reach == last)
		return;
	w->reasons_to = 0;
	if (at_syn_proxy(c, x, c->way[w->dir][w->reach], c->way[w->dir][w->reach + 1])) {
		w->fate_to = FATE_DROPPED;
		w->odds_to = syn_proxy_odds(c);
		w->reasons_to = WHY_SYN_PROXY;
		return;
	}
	w->odds_to = (float)odds_dropped(t, x, w->reach, w->reach + 1u, &w->reasons_to);
	if (unseen(t, c->way[w->dir][w->reach + 1]) != UNSEEN_NOT || begins_later(c, w, c->way[w->dir][w->reach + 1]))
		w->odds_to = fminf(w->odds_to, ODDS_POSSIBLE);
	if (!fate_ran(c, x, c->way[w->dir][w->reach + 1])) {
		bool known = earlier_dropped(c, w) && stays_unanswered(t, w, c->way[w->dir][w->reach]);
		w->fate_to = known ? FATE_DROPPED : FATE_OUTSIDE;
		w->odds_to = (float)(known ? fmax(w->odds_to, ODDS_LIKELY) : fmin(w->odds_to, ODDS_POSSIBLE));
		w->reasons_to |= WHY_WINDOW;
		return;
	}
	if (near_syn_proxy(c, x, c->way[w->dir][w->reach], c->way[w->dir][w->reach + 1]))
		w->odds_to = fminf(w->odds_to, ODDS_POSSIBLE);
	if (half_open_knew(c, x))
		w->odds_to = fminf(w->odds_to, ODDS_POSSIBLE);
	w->fate_to = w->odds_to >= ODDS_LIKELY ? FATE_DROPPED : FATE_UNKNOWN;
	if (damage_strayed(c, x, c->way[w->dir][w->reach], c->way[w->dir][w->reach + 1])) {
		w->fate_to = FATE_STRAYED;
		w->odds_to = ODDS_LIKELY;
		w->reasons_to = WHY_STRAYED;
	}
}

static void judge_near(struct proof *t, uint32_t x)
{
	struct conn *c = t->c;
	struct tx *w = &c->tx[x];

	if (conn_own_reset(c, x)) {
		w->fate_from = FATE_GENERATED;
		w->odds_from = ODDS_CERTAIN;
		w->reasons_from = WHY_F5;
		return;
	}
	if (at_syn_proxy(c, x, c->way[w->dir][w->from], c->way[w->dir][w->from - 1])) {
		w->fate_from = FATE_GENERATED;
		w->odds_from = syn_proxy_odds(c);
		w->reasons_from = WHY_SYN_PROXY;
		return;
	}
	/* Of which no point holds all: nothing is known of where the rest is. */
	if ((!conn_as_sent(w) && w->rest != REST_NEW) || c->pkt[w->first].partial)
		return;
	/* What a host says in a conversation that nearer points do not know at all came by them; what a device might have said is another matter. */
	w->by_host = w->what != WHAT_RST && w->what != WHAT_RSTACK && w->what != WHAT_ICMP;
	for (unsigned i = w->from; i-- > 0;)
		w->by_host &= unseen(t, c->way[w->dir][i]) == UNSEEN_PASSED;
	for (unsigned i = w->from; i-- > 0;)
		w->by_host |= !hop_severed(t, w->dir, i, w->from) && proof_sent_by_host(t, x, i, &w->reasons_from);
	if (w->by_host || w->rest == REST_NEW)
		return;
	w->odds_from = (float)odds_made(t, x, &w->reasons_from);
	if (w->again || unseen(t, c->way[w->dir][w->from - 1]) == UNSEEN_RIDDLE)
		w->odds_from = fminf(w->odds_from, ODDS_POSSIBLE);
	if (!fate_ran(c, x, c->way[w->dir][w->from - 1])) {
		w->fate_from = FATE_OUTSIDE;
		w->reasons_from |= WHY_WINDOW;
		return;
	}
	if (near_syn_proxy(c, x, c->way[w->dir][w->from], c->way[w->dir][w->from - 1]))
		w->odds_from = fminf(w->odds_from, ODDS_POSSIBLE);
	w->fate_from = w->odds_from < ODDS_LIKELY ? FATE_UNKNOWN : w->reasons_from & WHY_DOUBLED ? FATE_DOUBLED : FATE_GENERATED;
}

bool fate_unseen(const struct proof *t, unsigned point)
{
	return unseen(t, point) == UNSEEN_PASSED;
}

void fate_judge(struct proof *t)
{
	struct conn *c = t->c;
	bool differs = fate_differs(c);

	if (differs)
		proof_tally(t);
	for (uint32_t x = 0; x < c->txs; x++) {
		struct tx *w = &c->tx[x];
		w->reach = w->to;
		w->by_host = false;
		w->fate_to = w->fate_from = FATE_NONE;
		w->reasons_to = w->reasons_from = 0;
		if (w->to + 1u < c->ways[w->dir])
			judge_far(t, x);
		if (w->from > 0)
			judge_near(t, x);
	}
}
