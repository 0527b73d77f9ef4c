#include "correlate/half_open.h"

#include "correlate/fate.h"
#include "correlate/judge.h"
#include "correlate/reason.h"

#define HANDSHAKE 64            /* transmissions */
#define APART_NS 500000000      /* longer than packets take over a hop */

/* What was at the point on the server's side. */
struct table {
	uint8_t near, far;      /* points */
	bool ack, synack, first, repeat;
	uint32_t synacks;
	uint32_t answer;        /* transmission */
	const struct finding *reset;    /* NULL: none is claimed to be from where the answer is */
};

/* The first bare ACK that came to the client's side with the number of its SYN, and without a SYN-ACK; NOTHING: none. */
static uint32_t find_answer(const struct conn *c)
{
	uint32_t syn = NOTHING;

	for (uint32_t i = 0; i < c->txs && i < HANDSHAKE; i++) {
		const struct tx *x = &c->tx[i];
		if (x->rest || (x->dir == C2S && x->what != WHAT_SYN))
			return NOTHING;
		syn = x->dir == C2S && syn == NOTHING ? i : syn;
		if (x->dir == C2S || (x->what == WHAT_SYNACK && x->to + 1u < c->ways[S2C]))
			continue;
		return x->what == WHAT_ACK && !x->stray_ack && syn != NOTHING && x->ack == c->tx[syn].end && x->to + 1u == c->ways[S2C] ? i : NOTHING;
	}
	return NOTHING;
}

static const struct finding *claim(const struct findings *f, enum kind kind, uint32_t tx)
{
	for (uint32_t i = 0; i < f->txs; i++) {
		const struct finding *x = &f->list[f->tx[i].finding];
		if (f->tx[i].tx == tx && x->kind == kind && finding_claims(x) && !(x->reasons & (WHY_F5 | WHY_SYN_PROXY)))
			return x;
	}
	return NULL;
}

/* Where the ACK was made must be claimed, or seen; and that the SYN or SYN-ACK did not pass, where it did not. */
static bool fill(const struct conn *c, const struct findings *f, struct table *t)
{
	bool begun = false, doubt = false;

	*t = (struct table){ .answer = find_answer(c) };
	if (t->answer == NOTHING)
		return false;
	const struct tx *a = &c->tx[t->answer];
	t->ack = a->from == 0;
	if (a->from == a->to && t->ack)
		return false;
	if (!t->ack && !claim(f, KIND_GENERATED, t->answer))
		return false;
	t->near = c->way[S2C][a->to];
	t->far = c->way[S2C][t->ack ? 0 : a->from - 1];
	for (uint32_t i = 0; i < t->answer; i++) {
		const struct tx *x = &c->tx[i];
		bool there = conn_at(c, i, t->far) != NULL;
		if (x->dir == C2S) {
			t->first |= !begun && there;
			t->repeat |= begun && there;
			doubt |= !there && !claim(f, KIND_DROPPED, i);
			begun = true;
		} else {
			t->synacks += there;
			doubt |= !claim(f, KIND_DROPPED, i);
		}
	}
	t->synack = t->synacks > 0;
	for (uint32_t i = t->answer + 1; i < c->txs && !t->reset; i++)
		if (c->tx[i].dir == S2C && tx_is_reset(&c->tx[i]))
			t->reset = claim(f, t->ack ? KIND_SENT : KIND_GENERATED, i);
	return begun && !doubt;
}

static void between(const struct conn *c, const struct table *t, struct words *w)
{
	unsigned x = t->near < t->far ? t->near : t->far, y = t->near < t->far ? t->far : t->near;

	words_say(w, "between %s and %s", words_point(c, x), words_point(c, y));
}

static void say_reset(const struct conn *c, const struct table *t, struct words *w)
{
	if (!t->reset)
		return;
	words_say(w, " and gave up ");
	words_duration(w, c->tx[t->reset->tx].t - c->tx[t->answer].t);
	words_say(w, " later with a reset");
}

/* The device made the ACK. */
static void say_device(const struct conn *c, const struct table *t, struct words *w)
{
	words_say(w, "A device ");
	between(c, t, w);
	if (t->synack && t->first)
		words_say(w, " swallowed the server's SYN-ACK%s", t->synacks == 1 ? "" : "s");
	else if (t->synack)
		words_say(w, " kept the first SYN to itself, passed on a repeat, swallowed the server's SYN-ACK%s", t->synacks == 1 ? "" : "s");
	else if (t->first)
		words_say(w, " passed the SYN on to a server that did not answer it");
	else
		words_say(w, " kept the first SYN to itself, passed on a repeat that was not answered");
	words_say(w, ", answered the client with a bare ACK of its own");
	say_reset(c, t, w);
	words_say(w, ": it held a half-open connection for the client.");
}

bool half_open_verdict(const struct conn *c, const struct findings *f, struct words *w)
{
	struct table t;

	if (!fill(c, f, &t))
		return false;
	/* Nothing came through: the verdict for that has more to say. */
	if (!t.ack && !t.first && !t.repeat && !t.synack)
		return false;
	if (!t.ack) {
		say_device(c, &t, w);
		return true;
	}
	if (!t.synack || !t.first)
		return false;
	words_say(w, "The server's SYN-ACK%s dropped ", t.synacks == 1 ? " was" : "s were");
	between(c, &t, w);
	words_say(w, "; the bare ACK that came instead, from beyond %s, is what the repeated SYN is answered with then (RFC 9293 3.10.7.4).", words_point(c, t.far));
	return true;
}

/* Is a packet of the near point nothing that had been at the far one, changed? Nothing was there when it would have passed. */
static bool alone(const struct conn *c, const struct pkt *p, unsigned far)
{
	for (uint32_t k = c->at[far]; k < c->at[far + 1]; k++) {
		const struct pkt *q = &c->pkt[k];
		int64_t doubt = facts_doubt_between(c->facts, &c->facts->point[p->point], p->t_raw, &c->facts->point[far], q->t_raw);
		if (q->dir == S2C && (doubt > APART_NS || (p->t > q->t ? p->t - q->t : q->t - p->t) < APART_NS + doubt))
			return false;
	}
	return true;
}

/* ... or whoever made one that is made this one: the same numbers and TTL. */
static bool with_alone(const struct conn *c, const struct pkt *p, unsigned near, unsigned far)
{
	for (uint32_t k = c->at[near]; k < c->at[near + 1]; k++) {
		const struct pkt *q = &c->pkt[k];
		if (q->dir == S2C && q->seq == p->seq && q->ack == p->ack && q->ttl == p->ttl && alone(c, q, far))
			return true;
	}
	return false;
}

bool half_open_apart(const struct conn *c, unsigned near, unsigned far)
{
	uint32_t answer = find_answer(c);
	bool shared = false;

	if (c->txs > HANDSHAKE || answer == NOTHING)
		return false;
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		const struct pkt *p = conn_at(c, i, near);
		bool there = conn_at(c, i, far) != NULL;
		if (x->dir == C2S)
			shared |= p && there;
		else if (there && x->what != WHAT_SYNACK)
			return false;
		else if (p && (x->what == WHAT_SYNACK || x->what == WHAT_ICMP || !with_alone(c, p, near, far)))
			return false;
	}
	return shared;
}

bool half_open_knew(const struct conn *c, uint32_t x)
{
	uint32_t ack = NOTHING, came = 0;

	if (c->tx[x].what != WHAT_SYN || c->tx[x].dir != C2S || c->tx[x].repeated_by == NOTHING || c->tx[x].repeat || c->facts->points < 2)
		return false;
	for (uint32_t i = 0; i < c->txs && ack == NOTHING; i++) {
		const struct tx *o = &c->tx[i];
		/* A server that said SYN-ACK held one in any case. */
		if (o->what == WHAT_SYNACK)
			return false;
		came += o->dir == C2S && o->what == WHAT_SYN && conn_at(c, i, c->way[C2S][c->ways[C2S] - 1u]) != NULL;
		if (o->dir == S2C && o->from == 0 && !o->stray_ack && judge_bare_answer(c, i) != NOTHING)
			ack = i;
	}
	return ack != NOTHING && came == 1;
}
