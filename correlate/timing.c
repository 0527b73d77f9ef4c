#include "correlate/timing.h"

#include <string.h>

/* Bytes of one direction, as the first point saw them pass, until the other direction's turn. */
struct turn {
	uint32_t first, last;   /* transmissions; NOTHING: none yet */
	uint8_t dir;
	bool clear;             /* nothing repeated, nothing missing, nothing out of order */
};

struct watch {
	const struct conn *c;
	struct timing *t;
	struct histogram *server;
	struct turn turn;
	int64_t end[2];         /* behind the last byte of each direction so far; INT64_MIN: none */
	uint32_t syn, synack, ack;      /* transmissions of the handshake, the first of each; NOTHING: not seen yet */
	uint32_t syns, synacks;         /* how many there were */
};

const char *slowest_name(enum slowest s)
{
	static const char *const name[] = { NULL, "client", "network", "server", "transfer", "beyond" };

	return name[s];
}

/* Does a direction come by the point? */
static bool passes(const struct conn *c, unsigned d, unsigned point)
{
	for (unsigned i = 0; i < c->ways[d]; i++)
		if (c->way[d][i] == point)
			return true;
	return false;
}

/* The first and the last point that saw the connection, of those that both directions come by. */
static bool find_points(const struct conn *c, struct timing *t)
{
	for (unsigned i = 0; i < c->ways[C2S]; i++) {
		uint8_t p = c->way[C2S][i];
		if (!c->flow[p] || !passes(c, S2C, p))
			continue;
		t->first = t->any ? t->first : p;
		t->last = p;
		t->any = true;
	}
	return t->any;
}

static const struct pkt *first_of(const struct watch *w, uint32_t x)
{
	return conn_at(w->c, x, w->t->first);
}

static const struct pkt *last_of(const struct watch *w, uint32_t x)
{
	return conn_at(w->c, x, w->t->last);
}

/* Sent once, and it is certain which packet it is at each point. */
static bool plain(const struct tx *x)
{
	return !x->repeat && x->repeated_by == NOTHING && x->single && !x->fuzzy && !x->stray && (x->what == WHAT_SYN || !x->stray_ack);
}

static void add(int64_t *sum, int64_t v)
{
	*sum = (*sum == NO_TIME ? 0 : *sum) + v;
}

/*
 * From transmission `from` to its answer `to`: behind the last point, and between the points. False: not to be told. Time stamps are cut off: what is
 * less than nothing by that much is nothing.
 */
static bool split(const struct watch *w, uint32_t from, uint32_t to, int64_t *server, int64_t *network)
{
	const struct pkt *a = first_of(w, from), *b = first_of(w, to), *p = last_of(w, from), *q = last_of(w, to);
	const struct facts *f = w->c->facts;
	int64_t grain = f->point[w->t->first].resolution_ns + f->point[w->t->last].resolution_ns;

	if (!a || !b || !p || !q || q->t < p->t || b->t < a->t)
		return false;
	*server = q->t - p->t;
	*network = b->t - a->t - *server;
	if (*network < -grain)
		return false;
	*network = *network < 0 ? 0 : *network;
	return true;
}

/* A response begins with transmission x; what it answers is `asked`. */
static int answer(struct watch *w, uint32_t asked, bool clear, uint32_t x, struct err *e)
{
	const struct tx *o = &w->c->tx[x];
	struct timing *t = w->t;
	int64_t server, network;

	if (!clear || asked == NOTHING || !plain(&w->c->tx[asked]) || !plain(o) || o->ack != w->end[C2S] || !split(w, asked, x, &server, &network)) {
		t->unclear++;
		return 0;
	}
	t->exchanges++;
	add(&t->server_ns, server);
	add(&t->first_byte_ns, server + network);
	if (t->first != t->last)
		add(&t->network_ns, network);
	if (server > t->server_max_ns)
		t->server_max_ns = server;
	return histogram_add(&w->server[t->last], server, e);
}

/* A request begins with transmission x, behind what the client had got: the last byte of a response, or the SYN-ACK. */
static void ask(struct watch *w, uint32_t got, bool clear, uint32_t x)
{
	const struct tx *o = &w->c->tx[x];
	const struct pkt *a = got == NOTHING ? NULL : first_of(w, got), *b = first_of(w, x);

	if (clear && a && b && b->t >= a->t && plain(&w->c->tx[got]) && plain(o) && o->ack == w->end[S2C])
		add(&w->t->client_ns, b->t - a->t);
}

static void end_turn(struct watch *w)
{
	const struct pkt *a, *b;

	if (w->turn.first == NOTHING)
		return;
	a = first_of(w, w->turn.first);
	b = first_of(w, w->turn.last);
	if (a && b && b->t >= a->t)
		add(&w->t->transfer_ns, b->t - a->t);
}

/* New bytes pass the first point. */
static int data(struct watch *w, uint32_t x, struct err *e)
{
	const struct tx *o = &w->c->tx[x];
	struct turn *u = &w->turn, before = *u;
	bool whole = w->end[o->dir] == INT64_MIN || o->off == w->end[o->dir];
	int rc = 0;

	if (u->first != NOTHING && u->dir == o->dir) {
		u->last = x;
		u->clear &= whole;
		return 0;
	}
	end_turn(w);
	*u = (struct turn){ .first = x, .last = x, .dir = o->dir, .clear = whole };
	/* Before the first turn is the handshake: the client had its SYN-ACK acknowledged, and either side may begin. */
	if (before.first == NOTHING)
		before = (struct turn){ .last = w->ack, .clear = true };
	if (before.last == NOTHING)
		return 0;
	if (o->dir == S2C)
		rc = answer(w, before.last, before.clear && whole, x, e);
	else
		ask(w, before.last, before.clear && whole, x);
	return rc;
}

/* SYN, SYN-ACK, and the ACK that ends it: without data, or it may be a later packet, and the ACK was missed. */
static void greet(struct watch *w, uint32_t x)
{
	const struct tx *o = &w->c->tx[x];

	if (o->what == WHAT_SYN && o->dir == C2S && w->synack == NOTHING) {
		w->syn = w->syns ? w->syn : x;
		w->syns++;
	} else if (o->what == WHAT_SYNACK && o->dir == S2C && w->ack == NOTHING) {
		w->synack = w->synacks ? w->synack : x;
		w->synacks++;
	} else if (o->what == WHAT_ACK && o->dir == C2S && w->synack != NOTHING && w->ack == NOTHING && !o->stray_ack &&
	    o->ack == w->c->tx[w->synack].end && w->end[C2S] == o->off && w->turn.first == NOTHING) {
		w->ack = x;
	}
}

static int see(struct watch *w, uint32_t x, struct err *e)
{
	const struct tx *o = &w->c->tx[x];
	int rc = 0;

	if (o->stray || o->probe || o->what == WHAT_ICMP || o->what == WHAT_RST || o->what == WHAT_RSTACK)
		return 0;
	greet(w, x);
	if (o->what == WHAT_DATA) {
		if (o->repeat || (w->end[o->dir] != INT64_MIN && o->end <= w->end[o->dir]))
			w->turn.clear = false;
		else
			rc = data(w, x, e);
	}
	if (o->end > w->end[o->dir] && o->end > o->off)
		w->end[o->dir] = o->end;
	return rc;
}

static void handshake(struct watch *w)
{
	struct timing *t = w->t;
	const struct tx *tx = w->c->tx;
	int64_t server, network;

	if (w->syn == NOTHING || w->synack == NOTHING)
		return;
	/* A repeat that is the first here, or an answer that came again before it was acknowledged, may mean that something was missed. */
	if (w->ack != NOTHING && !tx[w->syn].repeat && w->synacks == 1 && first_of(w, w->ack)->t >= first_of(w, w->syn)->t)
		t->handshake_ns = first_of(w, w->ack)->t - first_of(w, w->syn)->t;
	if (w->syns > 1 || !plain(&tx[w->syn]) || !plain(&tx[w->synack]) || tx[w->synack].ack != tx[w->syn].end)
		return;
	if (!split(w, w->syn, w->synack, &server, &network))
		return;
	t->handshake_server_ns = server;
	if (t->first != t->last)
		t->handshake_network_ns = network;
}

static void judge(struct timing *t)
{
	const int64_t part[][2] = { { 0, 0 }, { t->client_ns, 0 }, { t->network_ns, t->handshake_network_ns }, { t->server_ns, t->handshake_server_ns },
		{ t->transfer_ns, 0 } };
	int64_t most = 0, known = 0;

	for (int i = SLOWEST_CLIENT; i <= SLOWEST_TRANSFER; i++) {
		int64_t v = (part[i][0] == NO_TIME ? 0 : part[i][0]) + (part[i][1] == NO_TIME ? 0 : part[i][1]);
		known += v;
		if (v <= most)
			continue;
		most = v;
		t->slowest = (enum slowest)i;
	}
	if (t->total_ns == NO_TIME || known < t->total_ns / 2)
		t->slowest = SLOWEST_UNKNOWN;
	if (t->slowest == SLOWEST_SERVER && t->first == t->last)
		t->slowest = SLOWEST_BEYOND;
}

int timing_find(const struct conn *c, struct timing *t, struct histogram *server, struct err *e)
{
	struct watch w = { .c = c, .t = t, .server = server, .turn = { .first = NOTHING, .last = NOTHING }, .end = { INT64_MIN, INT64_MIN },
		.syn = NOTHING, .synack = NOTHING, .ack = NOTHING };
	int64_t begin = INT64_MAX, end = INT64_MIN;

	*t = (struct timing){ .handshake_ns = NO_TIME, .handshake_server_ns = NO_TIME, .handshake_network_ns = NO_TIME, .first_byte_ns = NO_TIME,
		.server_ns = NO_TIME, .network_ns = NO_TIME, .server_max_ns = NO_TIME, .client_ns = NO_TIME, .transfer_ns = NO_TIME, .total_ns = NO_TIME };
	if (!find_points(c, t))
		return 0;
	for (uint32_t k = c->at[t->first]; k < c->at[t->first + 1]; k++) {
		const struct pkt *p = &c->pkt[k];
		if (p->tx == NOTHING || p->copy || conn_sight(c, p->tx)[t->first] != k || conn_torn(c, p->tx, t->first))
			continue;
		if (see(&w, p->tx, e) < 0)
			return -1;
		begin = p->t < begin ? p->t : begin;
		end = p->t > end ? p->t : end;
	}
	end_turn(&w);
	if (begin <= end)
		t->total_ns = end - begin;
	handshake(&w);
	judge(t);
	return 0;
}
