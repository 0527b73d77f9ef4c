#include "correlate/conn.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE 256             /* packets with one time stamp that are looked at for the same frame in another file */

void conn_init(struct conn *c, const struct facts *f)
{
	memset(c, 0, sizeof *c);
	c->facts = f;
}

void conn_free(struct conn *c)
{
	free(c->pkt);
	free(c->opt);
	free(c->again);
	free(c->cause);
	free(c->tx);
	free(c->sight);
	memset(c, 0, sizeof *c);
}

/* A direction passes every point of the path but those that never hold packets of it, and those beyond a proxy: there it is another connection. */
static void set_ways(struct conn *c)
{
	const struct conn_ref *r = &c->facts->conn[c->index];
	unsigned n = c->facts->points;

	for (unsigned d = 0; d < 2; d++) {
		c->ways[d] = 0;
		for (unsigned i = 0; i < n; i++) {
			unsigned p = conn_along(c, d) == C2S ? i : n - 1 - i;
			if ((r->proxy[S2C].tie && p > r->proxy[S2C].point) || (r->proxy[C2S].tie && p < r->proxy[C2S].point))
				continue;
			if (!c->facts->point[p].sight[conn_along(c, d)].elsewhere)
				c->way[d][c->ways[d]++] = (uint8_t)p;
		}
	}
}

/* What devices add to sequence numbers shows in the initial ones. */
static void set_shifts(struct conn *c)
{
	for (int d = 0; d < 2; d++) {
		const struct flow *base = NULL;
		for (unsigned i = 0; i < c->facts->points; i++) {
			const struct flow *w = c->flow[i];
			c->shift[i][d] = 0;
			if (!w || !w->has_isn[d])
				continue;
			if (!base)
				base = w;
			c->shift[i][d] = w->isn[d] - base->isn[d];
		}
	}
}

void conn_empty(struct conn *c)
{
	c->pkts = c->opts = c->causes = c->agains = c->txs = 0;
	memset(c->at, 0, sizeof c->at);
	memset(c->flow, 0, sizeof c->flow);
	memset(c->mac, 0, sizeof c->mac);
	memset(c->shift, 0, sizeof c->shift);
	memset(c->stamp_shift, 0, sizeof c->stamp_shift);
	memset(c->foreign, 0, sizeof c->foreign);
	memset(c->unsettled, 0, sizeof c->unsettled);
}

void conn_start(struct conn *c, uint32_t index)
{
	const struct facts *f = c->facts;
	const struct conn_ref *r = &f->conn[index];

	conn_empty(c);
	c->index = index;
	c->reversed = r->reversed;
	for (uint32_t i = 0; i < r->flows; i++) {
		const struct flow *w = &f->flow[r->flow + i];
		if (!c->flow[w->point])
			c->flow[w->point] = w;
	}
	set_ways(c);
	set_shifts(c);
}

struct pkt *conn_add(struct conn *c, struct err *e)
{
	if (c->pkts == c->pkt_room) {
		uint32_t room = c->pkt_room ? c->pkt_room * 2 : 64;
		struct pkt *p = realloc(c->pkt, room * sizeof *p);
		if (!p) {
			err_set(e, "out of memory");
			return NULL;
		}
		c->pkt = p;
		c->pkt_room = room;
	}
	struct pkt *p = &c->pkt[c->pkts++];
	memset(p, 0, sizeof *p);
	p->opt = p->tx = NOTHING;
	return p;
}

struct pkt_opt *conn_add_opt(struct conn *c, struct err *e)
{
	if (c->opts == c->opt_room) {
		uint32_t room = c->opt_room ? c->opt_room * 2 : 64;
		struct pkt_opt *o = realloc(c->opt, room * sizeof *o);
		if (!o) {
			err_set(e, "out of memory");
			return NULL;
		}
		c->opt = o;
		c->opt_room = room;
	}
	memset(&c->opt[c->opts], 0, sizeof *c->opt);
	return &c->opt[c->opts++];
}

struct rst_cause *conn_add_cause(struct conn *c, struct pkt *p, struct err *e)
{
	if (c->causes == c->cause_room) {
		uint32_t room = c->cause_room ? c->cause_room * 2 : 8;
		struct rst_cause *r = realloc(c->cause, room * sizeof *r);
		if (!r) {
			err_set(e, "out of memory");
			return NULL;
		}
		c->cause = r;
		c->cause_room = room;
	}
	p->caused = true;
	c->cause[c->causes] = (struct rst_cause){ .id = p->id };
	return &c->cause[c->causes++];
}

static int by_time(const void *a, const void *b)
{
	const struct pkt *x = a, *y = b;

	if (x->t_raw != y->t_raw)
		return x->t_raw < y->t_raw ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* The same frame in another file: one time stamp, and all else. Two of a kind in one file are two. */
static bool same_frame(const struct pkt *p, const struct pkt *q)
{
	return p->capture != q->capture && conn_equal(p, q) && !((p->flags ^ q->flags) & ~(uint32_t)SEG_OTHER_LINK) && p->win == q->win && p->ttl == q->ttl &&
	    p->tos == q->tos && p->tsecr == q->tsecr && p->payload == q->payload;
}

static int add_again(struct conn *c, int64_t id, uint32_t of, struct err *e)
{
	if (c->agains == c->again_room) {
		uint32_t room = c->again_room ? c->again_room * 2 : 256;
		struct again *a = realloc(c->again, room * sizeof *a);
		if (!a)
			return err_set(e, "out of memory");
		c->again = a;
		c->again_room = room;
	}
	c->again[c->agains++] = (struct again){ id, of };
	return 0;
}

/* Of the packets from `from` on, which are in order of time, those that another capture has before them are set aside. */
static int set_aside(struct conn *c, uint32_t from, struct err *e)
{
	uint32_t n = from;

	for (uint32_t i = from; i < c->pkts; i++) {
		uint32_t of = n;
		for (uint32_t k = n; k-- > from && k + AT_ONCE > n && c->pkt[k].t_raw == c->pkt[i].t_raw && of == n;)
			if (same_frame(&c->pkt[k], &c->pkt[i]))
				of = k;
		if (of == n)
			c->pkt[n++] = c->pkt[i];
		else if (add_again(c, c->pkt[i].id, of, e) < 0)
			return -1;
	}
	c->pkts = n;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct rst_cause *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

int conn_close_point(struct conn *c, uint32_t point, struct err *e)
{
	uint32_t from = c->at[point], n = c->pkts - from;
	bool sorted = true;

	for (uint32_t i = from + 1; i < c->pkts && sorted; i++)
		sorted = by_time(&c->pkt[i - 1], &c->pkt[i]) <= 0;
	if (!sorted)
		qsort(&c->pkt[from], n, sizeof *c->pkt, by_time);
	if (c->facts->point[point].captures > 1 && set_aside(c, from, e) < 0)
		return -1;
	for (uint32_t i = from; i < c->pkts; i++) {
		struct pkt *p = &c->pkt[i];
		bool icmp = p->flags & SEG_ICMP;
		if (!(p->flags & SEG_LATER))
			p->seq -= c->shift[point][icmp ? !p->dir : p->dir];
		/* Without ACK the field means nothing (RFC 9293 3.1), and devices do with it what they like. */
		p->ack = p->flags & TCP_ACK ? p->ack - c->shift[point][icmp ? p->dir : !p->dir] : 0;
	}
	for (uint32_t i = point + 1; i <= c->facts->points; i++)
		c->at[i] = c->pkts;
	if (c->causes > 1)
		qsort(c->cause, c->causes, sizeof *c->cause, by_id);
	return 0;
}

bool conn_alike(const struct pkt *p, const struct pkt *q)
{
	return q->dir == p->dir && q->seq == p->seq && q->ack == p->ack && q->len == p->len && q->tsval == p->tsval &&
	    (q->flags & TCP_FLAGS) == (p->flags & TCP_FLAGS);
}

bool conn_equal(const struct pkt *p, const struct pkt *q)
{
	return q->ip_id == p->ip_id && conn_alike(p, q);
}

bool conn_torn(const struct conn *c, uint32_t tx, unsigned point)
{
	uint32_t k = conn_sight(c, tx)[point];

	return k != NOTHING && c->pkt[k].partial && !c->pkt[c->tx[tx].first].partial;
}

const struct pkt *conn_at(const struct conn *c, uint32_t tx, unsigned point)
{
	uint32_t k = conn_sight(c, tx)[point];

	return k == NOTHING || conn_torn(c, tx, point) ? NULL : &c->pkt[k];
}

static const struct rst_cause *cause_of(const struct conn *c, const struct pkt *p)
{
	struct rst_cause key;

	if (!p || !p->caused)
		return NULL;
	key.id = p->id;
	return bsearch(&key, c->cause, c->causes, sizeof key, by_id);
}

const struct rst_cause *conn_rst_cause(const struct conn *c, uint32_t tx)
{
	const struct rst_cause *r = NULL;

	for (unsigned i = 0; !r && i < c->ways[c->tx[tx].dir]; i++)
		r = cause_of(c, conn_seen(c, tx, i));
	return r;
}

bool conn_own_reset(const struct conn *c, uint32_t tx)
{
	const struct rst_cause *r = cause_of(c, &c->pkt[c->tx[tx].first]);

	return r && !r->ingress && !r->peer && !strstr(r->text, "remote system");
}

bool conn_inside(const struct conn *c, uint32_t tx, unsigned point)
{
	uint32_t k = conn_sight(c, tx)[point];

	return facts_straddles(&c->facts->point[point]) && k != NOTHING && !c->pkt[k].through;
}

const struct pkt *conn_seen(const struct conn *c, uint32_t tx, unsigned i)
{
	return conn_at(c, tx, c->way[c->tx[tx].dir][i]);
}

uint32_t pkt_end(const struct pkt *p)
{
	return p->seq + p->len + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
}

enum what pkt_what(const struct pkt *p)
{
	if (p->flags & SEG_ICMP)
		return WHAT_ICMP;
	if (p->flags & TCP_SYN)
		return p->flags & TCP_ACK ? WHAT_SYNACK : WHAT_SYN;
	if (p->flags & TCP_RST)
		return p->flags & TCP_ACK ? WHAT_RSTACK : WHAT_RST;
	if (p->len)
		return WHAT_DATA;
	return p->flags & TCP_FIN ? WHAT_FIN : WHAT_ACK;
}

const char *what_name(enum what w)
{
	static const char *const name[] = { "SYN", "SYN-ACK", "RST", "RST,ACK", "data", "FIN", "ACK", "ICMP", "connection", "any" };

	return name[w];
}

const uint8_t *pkt_option(const struct conn *c, const struct pkt *p, uint8_t kind, unsigned *len)
{
	if (p->opt == NOTHING)
		return NULL;
	const struct pkt_opt *o = &c->opt[p->opt];
	for (unsigned i = 0; i < o->len && o->raw[i] != 0;) {
		unsigned n = o->raw[i] == 1 ? 1 : i + 1 < o->len ? o->raw[i + 1] : 0;
		if (n == 0 || (n < 2 && o->raw[i] != 1) || i + n > o->len)
			return NULL;
		if (o->raw[i] == kind) {
			*len = n;
			return &o->raw[i];
		}
		i += n;
	}
	return NULL;
}
