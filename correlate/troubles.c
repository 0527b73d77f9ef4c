#include "correlate/troubles.h"

#include <stdlib.h>
#include <string.h>

#include "schema/array.h"

#define OPTION_MSS 2    /* RFC 9293 3.2 */
#define OPTION_WS 3     /* RFC 7323 2.2 */
#define OPTION_SACK 4   /* RFC 2018 2 */

void troubles_free(struct troubles *t)
{
	free(t->passenger);
	free(t->trouble);
	free(t->hit);
	memset(t, 0, sizeof *t);
}

static enum trouble_class class_of(uint8_t what, uint8_t dir)
{
	if (what == WHAT_SYN && dir == C2S)
		return CLASS_SYN;
	if (what == WHAT_SYNACK && dir == S2C)
		return CLASS_SYNACK;
	return what == WHAT_DATA ? CLASS_DATA : CLASS_ANY;
}

static uint16_t option_value(const struct conn *c, const struct pkt *p, uint8_t kind)
{
	unsigned len;
	const uint8_t *o = pkt_option(c, p, kind, &len);

	if (!o)
		return 1;
	if (kind == OPTION_MSS && len == 4)
		return (uint16_t)((o[2] << 8 | o[3]) + 1 - (o[2] == 0xff && o[3] == 0xff));
	return kind == OPTION_WS && len == 3 ? (uint16_t)(o[2] + 2) : 2;
}

static void take_features(struct passenger *g, const struct conn *c, const struct pkt *p)
{
	if (p->flags & SEG_CUT)
		return;
	g->feature[FEATURE_ECN] = (p->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR) ? 2 : 1;
	g->feature[FEATURE_DSCP] = (uint16_t)((p->tos >> 2) + 1);
	g->feature[FEATURE_MSS] = option_value(c, p, OPTION_MSS);
	g->feature[FEATURE_WS] = option_value(c, p, OPTION_WS);
	g->feature[FEATURE_TS] = p->flags & SEG_TS ? 2 : 1;
	g->feature[FEATURE_SACK] = option_value(c, p, OPTION_SACK);
}

static uint64_t points_of(const struct conn *c, uint32_t x)
{
	uint64_t set = c->tx[x].others;

	for (uint32_t p = 0; p < c->facts->points; p++)
		set |= (uint64_t)(conn_sight(c, x)[p] != NOTHING) << p;
	return set;
}

static void take_tx(struct passenger *g, const struct conn *c, uint32_t x)
{
	const struct tx *w = &c->tx[x];
	enum trouble_class k = class_of(w->what, w->dir);
	uint64_t points = points_of(c, x);
	uint32_t len = c->pkt[w->first].len;

	if (x > 0 && w->t - c->tx[x - 1].t > g->silence_ns)
		g->silence_ns = w->t - c->tx[x - 1].t;
	g->from_ns = w->t < g->from_ns ? w->t : g->from_ns;
	g->to_ns = w->t > g->to_ns ? w->t : g->to_ns;
	if (w->what == WHAT_ICMP)
		return;
	if (k == CLASS_SYN && !(g->seen[C2S][CLASS_SYN]))
		take_features(g, c, &c->pkt[w->first]);
	if ((k == CLASS_SYN || k == CLASS_SYNACK) && !g->seen[w->dir][k])
		g->syn_ns[w->dir] = w->t;
	if (k == CLASS_DATA) {
		int64_t *t = g->data_ns[w->dir];
		t[0] = g->seen[w->dir][k] && t[0] < w->t ? t[0] : w->t;
		t[1] = g->seen[w->dir][k] && t[1] > w->t ? t[1] : w->t;
		g->longest[w->dir] = len > g->longest[w->dir] ? len : g->longest[w->dir];
	}
	g->seen[w->dir][k] |= points;
	g->seen[w->dir][CLASS_ANY] |= points;
}

/* What kind of trouble a finding is about; false: none that patterns are looked for in. */
static bool trouble_of(const struct finding *f, struct trouble *t)
{
	*t = (struct trouble){ .kind = f->kind, .what = f->what, .dir = f->dir, .from = f->from, .to = f->to, .point = f->point };
	if (f->reasons & WHY_SYN_PROXY || f->dir == NO_DIRECTION || (f->kind == KIND_UNDECIDED && !f->doubtful))
		return false;
	if (f->kind == KIND_UNDECIDED && f->point == NO_POINT)
		t->kind = strcmp(f->rule, "gone") == 0 ? KIND_DROPPED : strcmp(f->rule, "appeared") == 0 ? KIND_GENERATED : KIND_UNDECIDED;
	/* What a capture misses it misses whatever it is. */
	if (t->kind == KIND_NOT_CAPTURED) {
		t->what = WHAT_ANY;
		t->dir = NO_DIRECTION;
	}
	/* Of what hosts send only refusals: how connections end is their own affair. */
	if (t->kind == KIND_SENT && (t->what != WHAT_RSTACK || t->dir != S2C))
		return false;
	return t->kind == KIND_DROPPED || t->kind == KIND_GENERATED || t->kind == KIND_SENT || t->kind == KIND_UNANSWERED || t->kind == KIND_NOT_CAPTURED ||
	    (t->kind == KIND_UNDECIDED && t->point != NO_POINT);
}

/* Index of the trouble, made if need be; UINT32_MAX: out of memory. There are a few per hop. */
static uint32_t number_of(struct troubles *t, const struct trouble *x)
{
	for (uint32_t i = 0; i < t->troubles; i++) {
		const struct trouble *y = &t->trouble[i];
		if (x->kind == y->kind && x->what == y->what && x->dir == y->dir && x->from == y->from && x->to == y->to && x->point == y->point)
			return i;
	}
	if (!array_grow(&t->trouble, &t->trouble_room, t->troubles, sizeof *t->trouble))
		return UINT32_MAX;
	t->trouble[t->troubles] = *x;
	return t->troubles++;
}

/* The hit of this connection by the trouble, made if need be. NULL: out of memory. */
static struct trouble_hit *hit_of(struct troubles *t, uint32_t x)
{
	uint32_t passenger = t->passengers;
	struct trouble_hit *h;

	for (uint32_t i = t->hits; i-- > 0 && t->hit[i].passenger == passenger;)
		if (t->hit[i].trouble == x)
			return &t->hit[i];
	if (!array_grow(&t->hit, &t->hit_room, t->hits, sizeof *t->hit))
		return NULL;
	h = &t->hit[t->hits++];
	*h = (struct trouble_hit){ .trouble = x, .passenger = passenger, .hit = HIT_ALL, .lost_len = UINT32_MAX, .from_ns = INT64_MAX, .to_ns = INT64_MIN };
	t->trouble[x].hits++;
	return h;
}

/* Did the same kind of packet pass after the first that was hit, and how long was the longest that passed at any time? */
static void see_passed(const struct conn *c, const struct trouble *t, struct trouble_hit *h)
{
	uint8_t point = t->kind == KIND_DROPPED ? t->to : t->point;

	for (uint32_t x = 0; x < c->txs; x++) {
		const struct tx *w = &c->tx[x];
		uint32_t len = c->pkt[w->first].len;
		bool same = t->kind == KIND_NOT_CAPTURED || (w->dir == t->dir && w->what == t->what);
		if (!same || (conn_sight(c, x)[point] == NOTHING && !conn_others(w, point)))
			continue;
		h->hit = w->t > h->from_ns ? HIT_PART : h->hit;
		h->passed_len = len > h->passed_len ? len : h->passed_len;
	}
}

/* Does it hit a connection once, however much that sends? */
static bool single(const struct trouble *t)
{
	bool handshake = t->what == WHAT_SYN || t->what == WHAT_SYNACK;

	return t->kind == KIND_UNANSWERED || t->what == WHAT_RSTACK || (handshake && t->kind != KIND_GENERATED);
}

/* Is it the first packet of its kind? */
static bool is_first(const struct conn *c, uint32_t x)
{
	for (uint32_t k = 0; k < x; k++)
		if (c->tx[k].dir == c->tx[x].dir && c->tx[k].what == c->tx[x].what)
			return false;
	return true;
}

static int64_t silence_until(const struct conn *c, int64_t t)
{
	int64_t longest = 0;

	for (uint32_t x = 1; x < c->txs && c->tx[x].t <= t; x++)
		if (c->tx[x].t - c->tx[x - 1].t > longest)
			longest = c->tx[x].t - c->tx[x - 1].t;
	return longest;
}

static int add_hit(struct troubles *t, const struct conn *c, const struct findings *found, uint32_t i, struct err *e)
{
	const struct finding *f = &found->list[i];
	struct trouble x;
	struct trouble_hit *h;
	uint32_t number;

	if (!trouble_of(f, &x))
		return 0;
	number = number_of(t, &x);
	if (number == UINT32_MAX || !(h = hit_of(t, number)))
		return err_set(e, "out of memory");
	h->claimed |= finding_claims(f);
	for (uint32_t j = 0; j < found->txs; j++) {
		const struct tx *w = &c->tx[found->tx[j].tx];
		uint32_t len = c->pkt[w->first].len;
		if (found->tx[j].finding != i)
			continue;
		h->from_ns = w->t < h->from_ns ? w->t : h->from_ns;
		h->to_ns = w->t > h->to_ns ? w->t : h->to_ns;
		h->lost_len = len < h->lost_len ? len : h->lost_len;
		h->first |= single(&x) && is_first(c, found->tx[j].tx);
	}
	h->silence_ns = silence_until(c, h->from_ns);
	if (x.kind == KIND_DROPPED || x.kind == KIND_NOT_CAPTURED)
		see_passed(c, &x, h);
	return 0;
}

int troubles_add(struct troubles *t, const struct conn *c, const struct findings *found, struct err *e)
{
	struct passenger *g;

	/* How many there will be is known. */
	if (!t->passenger && !(t->passenger = calloc(c->facts->conns, sizeof *t->passenger)))
		return err_set(e, "out of memory");
	g = &t->passenger[t->passengers];
	*g = (struct passenger){ .conn = c->index, .from_ns = INT64_MAX, .to_ns = INT64_MIN };
	for (uint32_t x = 0; x < c->txs; x++)
		take_tx(g, c, x);
	for (uint32_t i = 0; i < found->n; i++)
		if (add_hit(t, c, found, i, e) < 0)
			return -1;
	t->passengers++;
	return 0;
}

/* Could the trouble have hit it, and is it shown that it did not? */
static bool passed(const struct passenger *g, const struct trouble *t)
{
	const uint64_t *seen = g->seen[t->dir == NO_DIRECTION ? C2S : t->dir];
	uint64_t here;

	switch (t->kind) {
	case KIND_DROPPED:
		here = seen[class_of(t->what, t->dir)];
		return here >> t->from & here >> t->to & 1;
	case KIND_GENERATED:
		here = g->seen[C2S][CLASS_ANY] | g->seen[S2C][CLASS_ANY];
		return here >> t->from & here >> t->to & 1;
	case KIND_UNANSWERED:
		return seen[CLASS_SYN] >> t->point & g->seen[S2C][CLASS_SYNACK] >> t->point & 1;
	default:
		return (g->seen[C2S][CLASS_ANY] | g->seen[S2C][CLASS_ANY]) >> t->point & 1;
	}
}

/* When what could have been hit passed. */
static void passed_at(const struct passenger *g, const struct trouble *t, struct pattern_row *r)
{
	enum trouble_class k = t->kind == KIND_DROPPED ? class_of(t->what, t->dir) : CLASS_ANY;

	r->from_ns = k == CLASS_DATA ? g->data_ns[t->dir][0] : k == CLASS_ANY ? g->from_ns : g->syn_ns[t->dir];
	r->to_ns = k == CLASS_DATA ? g->data_ns[t->dir][1] : k == CLASS_ANY ? g->to_ns : g->syn_ns[t->dir];
	/* Answers to a SYN, and for want of one, belong to its time. */
	if (t->kind != KIND_DROPPED && t->kind != KIND_NOT_CAPTURED && t->what != WHAT_DATA && t->what != WHAT_ACK)
		r->to_ns = r->from_ns;
}

/* The flow at the end of the hop that is nearer to the client. */
static const struct flow *flow_at(const struct facts *f, const struct conn_ref *c, const struct trouble *t)
{
	uint8_t point = t->point != NO_POINT ? t->point : t->dir == C2S ? t->from : t->to;

	for (uint32_t i = 0; i < c->flows; i++)
		if (f->flow[c->flow + i].point == point)
			return &f->flow[c->flow + i];
	return &f->flow[c->flow];
}

static int add_row(const struct passenger *g, const struct trouble *t, const struct trouble_hit *h, const struct facts *f, const uint32_t *rank,
    struct pattern_rows *k, struct err *e)
{
	const struct flow *w = flow_at(f, &f->conn[g->conn], t);
	struct pattern_row *r;

	if (!array_grow(&k->row, &k->room, k->n, sizeof *k->row))
		return err_set(e, "out of memory");
	r = &k->row[k->n++];
	*r = (struct pattern_row){ .conn = g->conn, .port = w->port[S2C], .addr = { rank[w->addr[C2S]], rank[w->addr[S2C]] }, .start_ns = g->from_ns };
	/* Others are answers, or the lack of one: what they came late after they, or the trouble, may have brought about. */
	r->silence_ns = t->what == WHAT_DATA || t->what == WHAT_RST ? g->silence_ns : 0;
	memcpy(r->feature, g->feature, sizeof r->feature);
	r->passed_len = t->dir == NO_DIRECTION ? 0 : g->longest[t->dir];
	passed_at(g, t, r);
	if (h) {
		int64_t answered_ns = r->from_ns;
		r->hit = h->hit;
		r->claimed = h->claimed;
		r->first = h->first;
		r->lost_len = h->lost_len;
		r->passed_len = h->passed_len;
		r->silence_ns = t->what == WHAT_DATA || t->what == WHAT_RST ? h->silence_ns : 0;
		/* A refusal belongs to the time of the SYN. */
		r->from_ns = t->kind == KIND_SENT ? answered_ns : h->from_ns;
		r->to_ns = t->kind == KIND_SENT ? answered_ns : h->to_ns;
	}
	return 0;
}

int troubles_rows(const struct troubles *t, uint32_t x, const struct facts *f, const uint32_t *rank, struct pattern_rows *k, struct err *e)
{
	const struct trouble *y = &t->trouble[x];

	k->n = 0;
	k->sized = y->kind == KIND_DROPPED && y->what == WHAT_DATA;
	k->single = single(y);
	k->late = y->what != WHAT_SYN && y->what != WHAT_SYNACK && y->kind != KIND_SENT;
	k->lasting = k->late && y->kind != KIND_NOT_CAPTURED;
	for (uint32_t i = 0, h = 0; i < t->passengers; i++) {
		const struct trouble_hit *hit = NULL;

		for (; h < t->hits && t->hit[h].passenger == i; h++)
			hit = t->hit[h].trouble == x ? &t->hit[h] : hit;
		if ((hit || passed(&t->passenger[i], y)) && add_row(&t->passenger[i], y, hit, f, rank, k, e) < 0)
			return -1;
	}
	return 0;
}
