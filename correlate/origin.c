#include "correlate/origin.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/fate.h"
#include "correlate/hosts.h"
#include "correlate/judge.h"
#include "correlate/siblings.h"

#define NEAR 32                 /* transmissions before and behind it that are looked at */
#define HANDSHAKE 64            /* transmissions: SYN and SYN-ACK are among the first */
#define RESETS 8                /* of these that are compared: there may be nothing else */
#define OWN 3                   /* packets that show a sender's habit */
#define PLAIN 8                 /* of other connections */
#define ID_STEP 64              /* IP IDs of a counter are no farther apart, packet by packet of one connection */
#define WINDOW (1u << 24)       /* sequence numbers that belong to one connection are no farther apart */
#define BACK_TO_BACK_NS 1000000000
#define NAMED 3                 /* clues in a sentence */
#define PAIR 1.0                /* what it weighs beside other clues; the sum is that of the other packet */

/* What else the sender of x is known by at the point that saw x first. */
struct baseline {
	const struct conn *c;
	uint32_t x;
	const struct tx *w;
	const struct pkt *p;
	const struct sibling *s;        /* NULL: none */
	uint32_t n, df, no_id;          /* its other packets near x, no resets */
	struct vote ttl;
	const struct pkt *before, *after;       /* the nearest ones */
	uint32_t steps, far;            /* IP IDs from one to the next of them: all, not those of a counter */
	uint32_t other_link;
	bool stamps;                    /* SYN and SYN-ACK agreed on timestamps */
	bool offered;                   /* the SYN offered them */
	uint32_t syn;                   /* NOTHING: not seen */
};

bool origin_matters(const struct conn *c, uint32_t x)
{
	const struct tx *w = &c->tx[x];

	return !w->rest && (tx_is_reset(w) || w->what == WHAT_ICMP || w->what == WHAT_SYNACK || judge_bare_answer(c, x) != NOTHING);
}

static void add(struct origin *o, const char *name, enum clue_group group, double weight, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void add(struct origin *o, const char *name, enum clue_group group, double weight, const char *fmt, ...)
{
	struct clue *k = &o->list[o->n];
	va_list ap;

	if (o->n == ORIGIN_CLUES)
		return;
	*k = (struct clue){ .name = name, .group = group, .weight = weight };
	va_start(ap, fmt);
	vsnprintf(k->text, sizeof k->text, fmt, ap);
	va_end(ap);
	o->n++;
}

static const char *sender(const struct baseline *b)
{
	return b->w->dir == C2S ? "client" : "server";
}

/* ---- the baseline ---- */

static void handshake(struct baseline *b)
{
	const struct conn *c = b->c;
	bool synack = false;

	b->syn = NOTHING;
	for (uint32_t i = 0; i < b->x && i < HANDSHAKE; i++) {
		const struct tx *w = &c->tx[i];
		bool stamped = c->pkt[w->first].flags & SEG_TS;
		if (w->what == WHAT_SYN && w->dir == C2S) {
			b->offered = stamped;
			b->syn = i;
		}
		synack |= w->what == WHAT_SYNACK && stamped;
	}
	b->stamps = b->offered && synack;
}

static void one_of_its(struct baseline *b, uint32_t i)
{
	const struct pkt *q = conn_at(b->c, i, b->p->point), *last = b->after ? b->after : b->before;

	if (!q || b->c->tx[i].dir != b->w->dir || i == b->x || b->c->tx[i].rest || tx_is_reset(&b->c->tx[i]) || b->c->tx[i].what == WHAT_ICMP ||
	    b->c->tx[i].what == WHAT_SYNACK || b->c->tx[i].fate_from == FATE_GENERATED || judge_bare_answer(b->c, i) != NOTHING)
		return;
	b->n++;
	b->df += (q->flags & SEG_DF) != 0;
	b->no_id += q->ip_id == 0;
	b->other_link += (q->flags & SEG_OTHER_LINK) != 0;
	vote_add(&b->ttl, q->ttl);
	if (last) {
		b->steps++;
		b->far += (uint16_t)(q->ip_id - last->ip_id - 1) >= ID_STEP;
	}
	if (i < b->x)
		b->before = q;
	else
		b->after = q;
}

static void look(struct baseline *b, const struct conn *c, uint32_t x)
{
	*b = (struct baseline){ .c = c, .x = x, .w = &c->tx[x], .p = &c->pkt[c->tx[x].first] };
	b->s = b->w->dir == S2C ? siblings_of(c, b->p->point) : NULL;
	handshake(b);
	for (uint32_t i = x > NEAR ? x - NEAR : 0; i < c->txs && i < x + NEAR; i++)
		one_of_its(b, i);
}

/* ---- who put the IP header on ---- */

static uint8_t usual_ttl(const struct baseline *b, const char **of)
{
	uint64_t v;

	*of = "other packets";
	if (b->n && vote_won(&b->ttl, &v))
		return (uint8_t)v;
	*of = "answers to others";
	if (b->s && vote_won(&b->s->ttl, &v))
		return (uint8_t)v;
	*of = "packets in other connections";
	return fate_ttl(b->c, b->p->point, b->w->dir);
}

static void ttl(const struct baseline *b, struct origin *o)
{
	const char *of;
	uint8_t usual = usual_ttl(b, &of), mine = b->p->ttl;

	if (!usual)
		return;
	if (mine == usual)
		add(o, "ttl", CLUE_HEADER, -0.3, "TTL %u, as the %s's %s have", mine, sender(b), of);
	else
		add(o, "ttl", CLUE_HEADER, abs(mine - usual) == 1 ? 0.2 : 1.5, "TTL %u%s where the %s's %s have %u", mine,
		    hosts_untouched(mine) ? ", touched by no router," : "", sender(b), of, usual);
}

/* Who sends an ICMP error says so; from the host that it is about it may come all the same (port unreachable). */
static void icmp_source(const struct baseline *b, struct origin *o)
{
	const struct flow *v = b->c->flow[b->p->point];
	const struct pkt_opt *k = b->p->opt == NOTHING ? NULL : &b->c->opt[b->p->opt];

	if (!k || !v || !k->icmp_src)
		return;
	if (k->icmp_src == v->addr[b->w->dir])
		add(o, "source", CLUE_SEQUENCE, -1, "its source is the %s's own address", sender(b));
	else
		add(o, "source", CLUE_SEQUENCE, 2, "its source is another address than the %s's", sender(b));
}

/* A counter goes on, zero stays zero. A Linux host sends resets without a socket, and SYN-ACKs, with 0 whatever its others have: 0 says nothing. */
static void ip_id(const struct baseline *b, struct origin *o)
{
	uint16_t id = b->p->ip_id;
	const struct sibling *s = b->s;

	if (id == 0)
		return;
	if ((b->n >= OWN && b->no_id == b->n) || (b->n < OWN && s && s->plain >= PLAIN && s->no_id == s->plain)) {
		add(o, "ip_id", CLUE_HEADER, 0.7, "IP ID %u where the %s's packets have 0", id, sender(b));
	} else if (b->n >= OWN && b->no_id == 0 && b->steps >= 2 && b->far == 0 && b->before) {
		uint16_t step = (uint16_t)(id - b->before->ip_id);
		if ((uint16_t)(step - 1) < ID_STEP)
			add(o, "ip_id", CLUE_HEADER, -1, "IP ID %u goes on the %s's count (%u before)", id, sender(b), b->before->ip_id);
		else
			add(o, "ip_id", CLUE_HEADER, 1, "IP ID %u does not go on the %s's count (%u before)", id, sender(b), b->before->ip_id);
	}
}

static void dont_fragment(const struct baseline *b, struct origin *o)
{
	bool mine = b->p->flags & SEG_DF, own = b->n >= OWN;
	uint32_t n = own ? b->n : b->s && b->s->plain >= PLAIN ? b->s->plain : 0, df = own ? b->df : n ? b->s->df : 0;

	if (n && df == n && !mine)
		add(o, "df", CLUE_HEADER, 0.7, "no DF, which the %s's packets have", sender(b));
	else if (n && df == 0 && mine)
		add(o, "df", CLUE_HEADER, 0.3, "DF, which the %s's packets have not", sender(b));
}

/* ---- whose TCP it is ---- */

/* RFC 7323 3.2: once agreed on, on every segment but a RST, which should have it too, and often has not. */
static void timestamp(const struct baseline *b, struct origin *o)
{
	const struct sibling *s = b->s;
	bool reset = tx_is_reset(b->w);

	if (b->p->flags & (SEG_TS | SEG_ICMP))
		return;
	if (b->stamps)
		add(o, "timestamp", CLUE_STACK, reset ? 0.2 : 1.5, "no timestamp, though both hosts had agreed on them (RFC 7323 3.2)");
	else if (b->offered && s && s->offered >= OWN && s->stamped == s->offered)
		add(o, "timestamp", CLUE_STACK, reset ? 0.2 : 1.2, "no timestamp, though offered, and agreed to in all %u answers to others",
		    s->offered);
}

/* The sender's clock ticks 1000 times a second at most (RFC 7323 5.4), and never back; one that is seen to tick faster is not judged. */
static void clock_of(const struct baseline *b, struct origin *o)
{
	const struct pkt *p = b->p, *q = b->before ? b->before : b->after;
	double dt, ticks;

	if (!q || !(p->flags & SEG_TS) || !(q->flags & SEG_TS) || p->flags & SEG_ICMP)
		return;
	dt = fabs((double)(p->t_raw - q->t_raw) * 1e-9);
	ticks = (double)(int32_t)(p->t_raw >= q->t_raw ? p->tsval - q->tsval : q->tsval - p->tsval);
	if (b->before && b->after && b->after->flags & SEG_TS) {
		double span = (double)(b->after->t_raw - b->before->t_raw) * 1e-9, all = (double)(int32_t)(b->after->tsval - b->before->tsval);
		if (all > 1100 * (span + 1))
			return;
	}
	if (ticks < -1000 || ticks > 1100 * (dt + 1))
		add(o, "tsval", CLUE_STACK, 1.5, "timestamp %u is off the %s's clock (%u %.3f s %s)", p->tsval, sender(b), q->tsval, dt,
		    q == b->before ? "before" : "after");
	else
		add(o, "tsval", CLUE_STACK, -1, "timestamp %u fits the %s's clock", p->tsval, sender(b));
}

static void window(const struct baseline *b, struct origin *o)
{
	uint64_t usual;

	if (b->w->dir != S2C || tx_is_reset(b->w) || b->w->what == WHAT_ICMP || !b->s || !vote_won(&b->s->window, &usual))
		return;
	if (usual == b->p->win)
		add(o, "window", CLUE_STACK, -0.7, "window %u, as in the server's SYN-ACKs", b->p->win);
	else
		add(o, "window", CLUE_STACK, 0.7, "window %u where the server's SYN-ACKs have %u", b->p->win, (unsigned)usual);
}

/* What a SYN-ACK may have depends on what the SYN offers: only those that answer the same offer are compared. */
static void options(const struct baseline *b, struct origin *o)
{
	uint64_t offer, layout;

	if (b->w->what != WHAT_SYNACK || !b->s || b->syn == NOTHING || !vote_won(&b->s->offer, &offer) || !vote_won(&b->s->layout, &layout))
		return;
	if (offer != options_layout(b->c, &b->c->pkt[b->c->tx[b->syn].first]))
		return;
	if (layout == options_layout(b->c, b->p))
		add(o, "options", CLUE_STACK, -0.7, "the options of the server's other SYN-ACKs");
	else
		add(o, "options", CLUE_STACK, 1, "other options than the server's SYN-ACKs to the same offer");
}

/* ---- by which way it came ---- */

static void link_of(const struct baseline *b, struct origin *o)
{
	uint64_t mine = b->c->mac[b->p->point][b->w->dir], usual;

	if (facts_straddles(&b->c->facts->point[b->p->point]) || b->w->what == WHAT_ICMP)
		return;
	if (b->p->flags & SEG_OTHER_LINK) {
		if (b->n >= OWN && b->other_link == 0)
			add(o, "mac", CLUE_LINK, 0.7, "came from another MAC address, interface or VLAN than the %s's other packets", sender(b));
	} else if (mine && b->s && vote_won(&b->s->mac, &usual) && usual != mine) {
		add(o, "mac", CLUE_LINK, 0.7, "came from MAC address %012llx, answers to others from %012llx", (unsigned long long)mine,
		    (unsigned long long)usual);
	}
}

/* ---- how soon ---- */

/* The last packet without which it could not have been made: what it acknowledges to the byte. NOTHING: not known, or sent more than once. */
static uint32_t trigger(const struct baseline *b)
{
	const struct conn *c = b->c;
	uint32_t found = NOTHING;

	if (!(b->p->flags & TCP_ACK) || b->w->stray_ack || b->w->what == WHAT_ICMP)
		return NOTHING;
	for (uint32_t i = b->x > NEAR ? b->x - NEAR : 0; i < b->x; i++) {
		const struct tx *k = &c->tx[i];
		if (k->dir == b->w->dir || k->rest || k->end == k->off || k->end != b->w->ack || k->what == WHAT_ICMP)
			continue;
		if (found != NOTHING || k->repeat)
			return NOTHING;
		found = i;
	}
	return found;
}

static void reaction(const struct baseline *b, struct origin *o)
{
	const struct sibling *s = b->s;
	uint32_t t = trigger(b);
	const struct pkt *q = t == NOTHING ? NULL : conn_at(b->c, t, b->p->point);
	int64_t took = q ? b->p->t_raw - q->t_raw : INT64_MIN, most = s ? sibling_time(s, 990) : 0;

	/* Where there is next to no way, nothing can be faster than it. */
	if (!q || most == 0 || took < 0 || s->least_ns < 1000000)
		return;
	if (took < s->least_ns - s->least_ns / 4)
		add(o, "reaction", CLUE_TIME, s->times >= PLAIN ? 2 : 1, "%.1f ms after what it answers; the fastest of %u answers of the server took %.1f ms",
		    (double)took * 1e-6, s->times, (double)s->least_ns * 1e-6);
	else if (took <= most)
		add(o, "reaction", CLUE_TIME, -0.2, "%.1f ms after what it answers, as the server's other answers (%.1f to %.1f ms)", (double)took * 1e-6,
		    (double)s->least_ns * 1e-6, (double)most * 1e-6);
}

/* A bare ACK behind a repeated SYN: no answer of the server to the last one has come as soon. A timer started by an earlier one may have. */
static void reaction_repeated(const struct baseline *b, struct origin *o)
{
	uint32_t syn = judge_bare_answer(b->c, b->x);
	const struct pkt *q = syn == NOTHING ? NULL : conn_at(b->c, syn, b->p->point);
	const struct sibling *s = b->s;

	if (!q || !b->c->tx[syn].repeat || !s || s->times < PLAIN || s->least_ns < 1000000)
		return;
	int64_t took = b->p->t_raw - q->t_raw;
	if (took >= 0 && took < s->least_ns - s->least_ns / 10)
		add(o, "reaction", CLUE_TIME, 0.7, "%.1f ms after the last SYN; the fastest of %u answers of the server took %.1f ms", (double)took * 1e-6, s->times, (double)s->least_ns * 1e-6);
}

/* ---- do the numbers make sense? ---- */

/* Had the other side acknowledged (sent up to) just where a reset begins (what it acknowledges)? Then whoever answers that packet has it from there. */
static bool asked_for(const struct baseline *b, const struct tx *k, bool sent)
{
	for (uint32_t i = b->x > NEAR ? b->x - NEAR : 0; i < b->c->txs && i < b->x + NEAR; i++) {
		const struct tx *q = &b->c->tx[i];
		if (q->dir != k->dir && !q->rest && q->what != WHAT_ICMP && (sent ? q->end == k->ack : q->ack == k->off))
			return true;
	}
	return false;
}

/* RST followed by data beyond it, and resets that guess (Weaver, Sommer, Paxson, NDSS 2009). */
static void sequence(const struct baseline *b, struct origin *o)
{
	const struct conn *c = b->c;
	unsigned beyond = 0, rising = 0, acks = 0, resets = 0;

	if (!tx_is_reset(b->w))
		return;
	for (uint32_t i = b->x > NEAR ? b->x - NEAR : 0; i < c->txs && i < b->x + NEAR; i++) {
		const struct tx *k = &c->tx[i];
		if (i == b->x || k->dir != b->w->dir || k->rest || k->stray || !conn_at(c, i, b->p->point))
			continue;
		if (i > b->x && !b->w->stray && (k->what == WHAT_DATA || k->what == WHAT_FIN) && k->end > b->w->off)
			beyond += k->off >= b->w->off && !k->repeat;
		if (!tx_is_reset(k) || llabs(k->t - b->w->t) > BACK_TO_BACK_NS || ++resets > RESETS)
			continue;
		rising += k->off != b->w->off && !asked_for(b, k, false) && !asked_for(b, b->w, false);
		acks += k->off == b->w->off && k->what == WHAT_RSTACK && b->w->what == WHAT_RSTACK && k->ack != b->w->ack &&
		    !(asked_for(b, k, true) && asked_for(b, b->w, true));
	}
	if (beyond)
		add(o, "went_on", CLUE_SEQUENCE, 2, "the %s went on behind it as if it had not been sent (%u packet%s)", sender(b), beyond, beyond == 1 ? "" : "s");
	if (rising)
		add(o, "guessing", CLUE_SEQUENCE, 1.5, "one of several resets at once with different sequence numbers, none of which the other side had asked for");
	if (acks)
		add(o, "ack_change", CLUE_SEQUENCE, 1, "one of several resets at once that acknowledge different numbers");
	if (b->w->stray && b->p->seq && !asked_for(b, b->w, false))
		add(o, "numbers", CLUE_SEQUENCE, 1, "its sequence number does not belong to this connection");
}

/* What kind of reset it is (RFC 9293 3.10.7.1): whoever refuses answers with the numbers that it was sent. */
static void kind_of_reset(const struct baseline *b, struct origin *o)
{
	const struct tx *w = b->w;

	if (!tx_is_reset(w) || (w->stray && b->p->seq))
		return;
	if (w->what == WHAT_RSTACK && b->p->seq == 0)
		add(o, "kind", CLUE_SEQUENCE, 0, "refuses: made by somebody who has no such connection, from the packet that it answers alone");
	else if (w->what == WHAT_RST && asked_for(b, w, false))
		add(o, "kind", CLUE_SEQUENCE, 0, "its number is one that it was sent: somebody without such a connection may have made it");
	else if (w->what == WHAT_RSTACK)
		add(o, "kind", CLUE_SEQUENCE, 0, "ends a connection: whoever made it knew its numbers");
}

/* The bare ACK before a reset that has its numbers and its TTL: whoever made the one made the other. NOTHING: there is none. */
static uint32_t pair_of(const struct baseline *b)
{
	for (uint32_t i = 0; tx_is_reset(b->w) && i < b->x && i < HANDSHAKE; i++) {
		const struct pkt *q = conn_at(b->c, i, b->p->point);
		if (q && q->seq == b->p->seq && q->ack == b->p->ack && q->ttl == b->p->ttl && judge_bare_answer(b->c, i) != NOTHING)
			return i;
	}
	return NOTHING;
}

/* What is known of the one is known of the other. The pair is the last clue so far. */
static void pair(const struct baseline *b, uint32_t with, struct origin *o)
{
	struct origin other;

	origin_find(b->c, with, &other);
	if (fabs(other.sum) > fabs(o->sum)) {
		o->sum = other.sum;
		o->device = other.device;
		o->host = other.host;
		o->list[o->n - 1].weight = other.sum > 0 ? PAIR : -PAIR;
	}
}

/* ---- all of them ---- */

static void sum_up(struct origin *o)
{
	double best[CLUE_GROUPS] = { 0 };

	for (unsigned i = 0; i < o->n; i++)
		if (fabs(o->list[i].weight) > fabs(best[o->list[i].group]))
			best[o->list[i].group] = o->list[i].weight;
	for (int g = 0; g < CLUE_GROUPS; g++) {
		o->sum += best[g];
		o->device += best[g] >= 0.5;
		o->host += best[g] <= -0.5;
	}
	o->sum = fmax(-ORIGIN_MOST, fmin(ORIGIN_MOST, o->sum));
}

static int stronger(const void *x, const void *y)
{
	const struct clue *a = x, *b = y;
	double p = fabs(a->weight), q = fabs(b->weight);

	return p != q ? (p < q ? 1 : -1) : strcmp(a->name, b->name);
}

void origin_find(const struct conn *c, uint32_t x, struct origin *o)
{
	uint32_t with = NOTHING;
	struct baseline b;

	memset(o, 0, sizeof *o);
	look(&b, c, x);
	if (b.w->what == WHAT_ICMP) {
		icmp_source(&b, o);
	} else {
		ttl(&b, o);
		ip_id(&b, o);
		dont_fragment(&b, o);
		timestamp(&b, o);
		clock_of(&b, o);
		window(&b, o);
		options(&b, o);
		link_of(&b, o);
		reaction(&b, o);
		reaction_repeated(&b, o);
		sequence(&b, o);
		if ((with = pair_of(&b)) != NOTHING)
			add(o, "pair", CLUE_SEQUENCE, 0, "the numbers and the TTL of the ACK before it: made by the same");
		else
			kind_of_reset(&b, o);
	}
	sum_up(o);
	if (with != NOTHING)
		pair(&b, with, o);
	qsort(o->list, o->n, sizeof *o->list, stronger);
}

int origin_leans(const struct origin *o)
{
	if (o->sum >= ORIGIN_LEANS && o->device >= 2 && o->host == 0)
		return 1;
	return o->sum <= -ORIGIN_LEANS && o->host >= 2 && o->device == 0 ? -1 : 0;
}

bool origin_denied(const struct origin *o)
{
	for (unsigned i = 0; i < o->n; i++)
		if (o->list[i].group == CLUE_SEQUENCE && o->list[i].weight >= 1.5)
			return true;
	return false;
}

size_t origin_json(const struct origin *o, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < o->n; i++) {
		const struct clue *k = &o->list[i];
		char one[sizeof k->text + 80];
		size_t len = (size_t)snprintf(one, sizeof one, "%s{\"clue\":\"%s\",\"weight\":%.1f,\"text\":\"%s\"}", n ? "," : "", k->name, k->weight, k->text);
		if (n + len + 1 > size)
			break;
		memcpy(out + n, one, len + 1);
		n += len;
	}
	return n;
}

void origin_because(const struct origin *o, int sign, char *out, size_t size)
{
	size_t n = 0;
	unsigned named = 0, groups = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < o->n && named < NAMED; i++) {
		const struct clue *k = &o->list[i];
		size_t len = strlen(k->text);
		if (k->weight * sign < 0.25 || groups >> k->group & 1 || n + len + 5 > size)
			continue;
		groups |= 1u << k->group;
		n += (size_t)snprintf(out + n, size - n, "%s%s", named++ ? "; " : " (", k->text);
	}
	if (named)
		snprintf(out + n, size - n, ")");
}
