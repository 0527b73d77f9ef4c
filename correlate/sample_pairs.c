#include "correlate/sample_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/tie.h"

#define PAIRS 1250000           /* that are kept in all: 40 MB */
#define PROXIED 100000
#define ANSWERS 100000
#define RUN 4                   /* transmissions in a row that are taken together: packets of both directions */
#define RUNS 2                  /* of a connection, at least */

int sample_pairs_open(struct sample_pairs *s, uint32_t points, struct err *e)
{
	memset(s, 0, sizeof *s);
	s->points = points;
	if (clock_pairs_open(&s->packets, PAIRS, e) < 0 || clock_pairs_open(&s->proxied, PROXIED, e) < 0)
		return -1;
	return clock_pairs_open(&s->answers, ANSWERS, e);
}

void sample_pairs_close(struct sample_pairs *s)
{
	clock_pairs_close(&s->packets);
	clock_pairs_close(&s->proxied);
	clock_pairs_close(&s->answers);
}

void sample_pairs_expect(struct sample_pairs *s, const struct facts *f, const struct conn_ref *r, uint32_t most)
{
	uint64_t packets = 0;

	for (uint32_t k = 0; k < r->flows; k++) {
		uint64_t n = f->flow[r->flow + k].packets;
		packets += n < most ? n : most;
	}
	s->need += packets * (r->flows - 1) / 2;
}

static void add_pairs(struct sample_pairs *s, const struct conn *c, uint32_t x)
{
	uint32_t n = s->points, *sight = conn_sight(c, x);

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = i + 1; j < n && sight[i] != NOTHING; j++)
			if (sight[j] != NOTHING)
				clock_pairs_add(&s->packets, i * n + j, c->pkt[sight[i]].t_raw, c->pkt[sight[j]].t_raw, c->tx[x].dir == C2S);
}

/* Many points make many pairs of one packet: of each connection a part, spread over all of it, so that all have a share in the room that there is. */
static void take_packets(struct sample_pairs *s, const struct conn *c)
{
	uint64_t n = 0, k = 0, runs, take;

	for (uint32_t x = 0; x < c->txs; x++)
		n += tx_timed(&c->tx[x]);
	runs = (n + RUN - 1) / RUN;
	take = s->need <= PAIRS ? runs : runs * PAIRS / s->need;
	take = take < RUNS ? RUNS : take;
	for (uint32_t x = 0; x < c->txs; x++)
		if (tx_timed(&c->tx[x]) && k++ / RUN * take % runs < take)
			add_pairs(s, c, x);
}

/*
 * What went in to a full proxy came out of it later: its SYN after the client's, the request after it was asked for, the answer to the client after the
 * server's. These are bounds like those of packets, only wider, and tell the order of the points as well (ALGORITHMS 3.8).
 */
static void add_tied(struct sample_pairs *s, const struct flow *x, const struct flow *y)
{
	bool header = y->speaks_for.header > 0;
	const struct moment {
		int64_t x, y;
		bool c2s, known;
	} list[] = {
		{ x->first_ns, y->first_ns, true, x->has_isn[C2S] && y->has_isn[C2S] },
		{ x->said_ns[C2S], y->said_ns[C2S], true, x->has_said[C2S] && y->has_said[C2S] && !header },
		{ x->said_ns[S2C], y->said_ns[S2C], false, x->has_said[S2C] && y->has_said[S2C] },
	};

	for (size_t k = 0; k < sizeof list / sizeof *list && x->point != y->point; k++) {
		const struct moment *m = &list[k];
		if (!m->known)
			continue;
		if (x->point < y->point)
			clock_pairs_add(&s->proxied, (uint64_t)x->point * s->points + y->point, m->x, m->y, m->c2s);
		else
			clock_pairs_add(&s->proxied, (uint64_t)y->point * s->points + x->point, m->y, m->x, m->c2s);
	}
}

int sample_pairs_proxied(struct sample_pairs *s, const struct facts *f, struct db *db, struct err *e)
{
	struct tied *tied;
	uint32_t n;

	if (tie_by_content(f, db, &tied, &n, e) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		const struct conn_ref *x = &f->conn[tied[i].front], *y = &f->conn[tied[i].back];
		for (uint32_t a = 0; a < x->flows; a++)
			for (uint32_t b = 0; b < y->flows; b++)
				if (f->flow[x->flow + a].point < f->points && f->flow[y->flow + b].point < f->points)
					add_tied(s, &f->flow[x->flow + a], &f->flow[y->flow + b]);
	}
	free(tied);
	return 0;
}

/* The last packet of one direction at point p that r, of the other direction, acknowledges, and that was sent once: r is later. */
static uint32_t acknowledged(const struct conn *c, uint32_t p, const struct tx *r, uint32_t *next)
{
	uint32_t last = NOTHING;

	for (; *next < c->at[p + 1]; ++*next) {
		const struct pkt *k = &c->pkt[*next];
		const struct tx *x = k->tx == NOTHING ? NULL : &c->tx[k->tx];
		if (!x || x->dir == r->dir || k->copy)
			continue;
		if (x->end > r->ack)
			break;
		if (x->end > x->off && !x->repeat && x->repeated_by == NOTHING && !x->before && !x->stray && !x->probe)
			last = *next;
	}
	return last;
}

/* What p recorded came before what acknowledges it at q, for two points of which one has packets of one direction only. */
static void add_answers(struct sample_pairs *s, const struct conn *c, uint32_t p, uint32_t q, unsigned dir)
{
	uint32_t next = c->at[p], i = p < q ? p : q, j = p < q ? q : p;

	for (uint32_t k = c->at[q]; k < c->at[q + 1] && s->answers.n < s->answers.room; k++) {
		const struct pkt *b = &c->pkt[k];
		const struct tx *r = b->tx == NOTHING ? NULL : &c->tx[b->tx];
		if (!r || r->dir == dir || b->copy || !(b->flags & TCP_ACK) || r->what == WHAT_ICMP || r->what == WHAT_RST || r->stray || r->stray_ack)
			continue;
		uint32_t before = acknowledged(c, p, r, &next);
		if (before == NOTHING)
			continue;
		const struct pkt *a = &c->pkt[before];
		clock_pairs_add(&s->answers, i * s->points + j, p == i ? a->t_raw : b->t_raw, p == i ? b->t_raw : a->t_raw, p == i);
	}
}

/* Which directions a point has. */
static unsigned directions(const struct conn *c, uint32_t p)
{
	unsigned set = 0;

	for (uint32_t k = c->at[p]; k < c->at[p + 1]; k++)
		if (c->pkt[k].tx != NOTHING && !(c->pkt[k].flags & SEG_ICMP))
			set |= 1u << c->pkt[k].dir;
	return set;
}

/* The bound that packets of one direction leave open, TCP closes: what is acknowledged has arrived (RFC 9293 3.4). Not where a device answers itself. */
static void close_one_way(struct sample_pairs *s, const struct conn *c)
{
	unsigned way[POINTS_MAX];

	for (uint32_t p = 0; p < s->points; p++)
		way[p] = directions(c, p);
	for (uint32_t p = 0; p < s->points && !c->beyond; p++)
		for (uint32_t q = 0; q < s->points; q++) {
			if (p == q || !way[p] || !way[q] || (way[p] == 3 && way[q] == 3))
				continue;
			for (unsigned dir = 0; dir < 2; dir++)
				if (way[p] >> dir & 1 && way[q] >> !dir & 1)
					add_answers(s, c, p, q, dir);
		}
}

void sample_pairs_add(struct sample_pairs *s, const struct conn *c)
{
	take_packets(s, c);
	close_one_way(s, c);
}

/* A packet travels along the path whatever order the points had before; an answer only tells who was first. */
static void turn_pairs(struct clock_pairs *pairs, uint32_t n, const uint32_t *to, bool answers)
{
	for (size_t k = 0; k < pairs->n; k++) {
		struct clock_pair *p = &pairs->v[k];
		uint32_t i = to[p->at / n], j = to[p->at % n];
		if (i > j) {
			uint32_t t = i;
			i = j;
			j = t;
			p->x += p->d;
			p->d = -p->d;
			p->c2s ^= answers;
		}
		p->at = i * n + j;
	}
	clock_pairs_sort(pairs);
}

void sample_pairs_turn(struct sample_pairs *s, const uint32_t *to)
{
	turn_pairs(&s->packets, s->points, to, false);
	turn_pairs(&s->proxied, s->points, to, false);
	turn_pairs(&s->answers, s->points, to, true);
}
