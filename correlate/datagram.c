#include "correlate/datagram.h"

#include <stdlib.h>

#define TCP_HEADER 20
#define DATAGRAM_MAX 65535      /* RFC 791 3.1; nothing goes on behind that */
#define TCP_HEADER_MAX 60
#define NEAR 256                /* packets: fragments of a datagram lie close together */

/* A fragment among those of its point. */
struct fragment {
	uint32_t key;           /* direction and IP ID */
	uint32_t index;         /* packet */
	uint32_t first;         /* packet that begins its datagram, NOTHING: not there */
	uint32_t offset;
	int64_t t;
};

static bool is_first(const struct pkt *p)
{
	return (p->flags & (SEG_FRAGMENT | SEG_LATER)) == SEG_FRAGMENT;
}

static int by_datagram(const void *a, const void *b)
{
	const struct fragment *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static int by_offset(const void *a, const void *b)
{
	const struct fragment *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* The fragments of a point, copies of first ones left out. *list is the caller's to free. */
static int collect(const struct conn *c, unsigned point, struct fragment **list, uint32_t *n, struct err *e)
{
	uint32_t all = 0;

	*n = 0;
	*list = NULL;
	for (uint32_t i = c->at[point]; i < c->at[point + 1]; i++)
		all += (c->pkt[i].flags & (SEG_FRAGMENT | SEG_LATER)) != 0;
	if (all == 0)
		return 0;
	if (!(*list = malloc(all * sizeof **list)))
		return err_set(e, "out of memory");
	for (uint32_t i = c->at[point]; i < c->at[point + 1]; i++) {
		const struct pkt *p = &c->pkt[i];
		/* What was taken for a copy of a later fragment may belong to a first one that was not. */
		if (!(p->flags & (SEG_FRAGMENT | SEG_LATER)) || p->flags & SEG_ICMP || (p->copy && is_first(p)))
			continue;
		if (p->flags & SEG_LATER && (p->seq == 0 || p->seq > DATAGRAM_MAX || p->len > DATAGRAM_MAX - p->seq)) {
			c->pkt[i].original = NOTHING;
			continue;
		}
		(*list)[(*n)++] = (struct fragment){ (uint32_t)p->dir << 16 | p->ip_id, i, is_first(p) ? i : NOTHING,
			is_first(p) ? 0 : p->seq, p->t_raw };
	}
	return 0;
}

/* Give every later fragment the first one with its identification that is nearest in time: the same number comes again (RFC 6864 4.2). */
static void find_first(const struct conn *c, struct fragment *f, uint32_t n)
{
	uint32_t before = NOTHING, after = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && f[i].key != f[i - 1].key)
			before = NOTHING;
		if (is_first(&c->pkt[f[i].index])) {
			before = i;
			continue;
		}
		after = after > i ? after : i + 1;
		while (after < n && f[after].key == f[i].key && !is_first(&c->pkt[f[after].index]))
			after++;
		bool there = after < n && f[after].key == f[i].key;
		if (there && (before == NOTHING || f[after].t - f[i].t < f[i].t - f[before].t))
			f[i].first = f[after].index;
		else if (before != NOTHING)
			f[i].first = f[before].index;
	}
}

/* The TCP header of a first fragment. A capture may have cut its options off; then the next fragment tells, if it is there. */
static uint32_t header_of(const struct conn *c, const struct pkt *p, uint32_t len, uint32_t next)
{
	uint32_t header = TCP_HEADER + (p->opt != NOTHING ? c->opt[p->opt].len : p->flags & SEG_TS ? 12u : 0u);

	if (p->flags & SEG_CUT && next >= len + header && next - len <= TCP_HEADER_MAX)
		return next - len;
	return header;
}

/* f[0] is the first fragment, f[1..n) those behind it by offset; they may overlap (RFC 1858, RFC 5722), and lie. */
static void put_together(struct conn *c, const struct fragment *f, uint32_t n)
{
	struct pkt *p = &c->pkt[f[0].index];
	uint32_t header = header_of(c, p, p->len, n > 1 ? f[1].offset : 0), at = header + p->len, end = 0;
	bool whole = true;

	p->fragment = at < UINT16_MAX ? (uint16_t)at : UINT16_MAX;
	for (uint32_t i = 1; i < n; i++) {
		const struct pkt *q = &c->pkt[f[i].index];
		whole &= q->seq <= at;
		at = q->seq + q->len > at ? q->seq + q->len : at;
		if (!(q->flags & SEG_FRAGMENT) && q->seq + q->len > end)
			end = q->seq + q->len;
	}
	/* What goes on behind its own end is no datagram either: receivers drop it. */
	p->partial = !whole || at != end;
	p->len = at - header;
	p->has_payload = false;         /* the fingerprint is that of one fragment */
	p->payload = 0;
}

int datagrams_join(struct conn *c, unsigned point, struct err *e)
{
	struct fragment *f;
	uint32_t n;

	if (collect(c, point, &f, &n, e) < 0)
		return -1;
	if (n > 0) {
		qsort(f, n, sizeof *f, by_datagram);
		find_first(c, f, n);
		qsort(f, n, sizeof *f, by_offset);
	}
	for (uint32_t i = 0, k; i < n; i = k) {
		for (k = i; k < n && f[k].first == f[i].first; k++)
			if (c->pkt[f[k].index].flags & SEG_LATER)
				c->pkt[f[k].index].original = f[k].first;
		if (f[i].first != NOTHING)
			put_together(c, &f[i], k - i);
	}
	free(f);
	return 0;
}

/* ---- what is missing ---- */

static void add_gap(struct lack *l, uint32_t from, uint32_t to, uint32_t size)
{
	if (from >= to)
		return;
	if (l->missing == 0) {
		l->from = from;
		l->to = to - 1;
	}
	l->missing += (to - from + size - 1) / size;
}

/* Of the fragments of x at a point, the one that goes on behind byte `at` nearest to it: *from (at least `at`) and *to, if *from was further away. */
static void nearest(const struct conn *c, uint32_t x, unsigned point, uint32_t at, uint32_t *from, uint32_t *to)
{
	uint32_t first = conn_sight(c, x)[point], lo = c->at[point], hi = c->at[point + 1];

	lo = first - lo > NEAR ? first - NEAR : lo;
	hi = hi - first > NEAR ? first + NEAR : hi;
	for (uint32_t k = lo; k < hi; k++) {
		const struct pkt *p = &c->pkt[k];
		uint32_t begin = p->seq > at ? p->seq : at;
		if (p->tx != x || !(p->flags & SEG_LATER) || p->seq + p->len <= at || begin >= *from)
			continue;
		*from = begin;
		*to = p->seq + p->len;
	}
}

bool datagram_lack(const struct conn *c, uint32_t x, unsigned point, struct lack *l)
{
	const struct pkt *whole = &c->pkt[c->tx[x].first];
	uint32_t at, end = header_of(c, whole, 0, 0) + whole->len, size;

	*l = (struct lack){ 0 };
	if (!conn_torn(c, x, point))
		return false;
	at = size = c->pkt[conn_sight(c, x)[point]].fragment;
	while (at < end && size > 0) {
		uint32_t from = end, to = end;
		nearest(c, x, point, at, &from, &to);
		add_gap(l, at, from, size);
		at = to;
	}
	l->all = size ? (end + size - 1) / size : 0;
	return l->missing > 0;
}

bool datagram_spread(const struct conn *c, uint32_t x, unsigned point)
{
	const struct tx *w = &c->tx[x];
	const struct pkt *whole = &c->pkt[w->first];
	uint32_t at, end = header_of(c, whole, 0, 0) + whole->len;
	bool behind = false;

	if (!conn_torn(c, x, point))
		return false;
	at = c->pkt[conn_sight(c, x)[point]].fragment;
	while (at < end) {
		uint32_t from = end, to = end;
		behind = false;
		for (unsigned i = 0; i < c->ways[w->dir]; i++) {
			behind |= c->way[w->dir][i] == point;
			if (behind && conn_torn(c, x, c->way[w->dir][i]))
				nearest(c, x, c->way[w->dir][i], at, &from, &to);
		}
		if (from > at)
			return false;
		at = to;
	}
	return true;
}
