#include "correlate/ranges.h"

#include <stdlib.h>
#include <string.h>

#define NO_GAP INT64_MIN
#define EPS_NS 1000000          /* as for whole packets (match.c) */
#define DELAY_NS 1000000000
#define TICKS 10                /* of timestamps, between packets that a network card puts together */
#define AROUND 64               /* transmissions before and after it among which a copy is looked for */
#define IDS 256                 /* IP IDs of the pieces of a packet lie this close to its own */

void ranges_init(struct ranges *r)
{
	memset(r, 0, sizeof *r);
}

void ranges_free(struct ranges *r)
{
	free(r->near.span);
	free(r->far.span);
	free(r->gap);
	memset(r, 0, sizeof *r);
}

uint32_t ranges_root(const struct conn *c, uint32_t x, bool last)
{
	while (!conn_as_sent(&c->tx[x]))
		x = last ? c->tx[x].upto : c->tx[x].origin;
	return x;
}

/* ---- what is alone ---- */

static int add_span(struct range_side *s, int64_t off, uint32_t tx, struct err *e)
{
	if (s->n == s->room) {
		uint32_t room = s->room ? s->room * 2 : 256;
		struct range_span *x = realloc(s->span, room * sizeof *x);
		if (!x)
			return err_set(e, "out of memory");
		s->span = x;
		s->room = room;
	}
	s->span[s->n++] = (struct range_span){ off, tx };
	return 0;
}

static bool bears(const struct conn *c, const struct tx *x)
{
	const struct pkt *p = &c->pkt[x->first];

	return (x->what == WHAT_DATA || x->what == WHAT_FIN) && !x->stray && !p->partial && !p->greeting;
}

/* Seen before the point and not there; or seen there, and before it not, or only in other packets. */
static int collect(struct ranges *r)
{
	const struct conn *c = r->c;
	const uint8_t *way = c->way[r->dir];

	r->near.n = r->far.n = 0;
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		bool here = x->dir == r->dir && conn_sight(c, i)[way[r->at]] != NOTHING;
		struct range_side *side = here ? &r->far : &r->near;
		if (x->dir != r->dir || !bears(c, x))
			continue;
		if (here ? x->from != r->at && !conn_others(x, way[r->at - 1]) : x->from >= r->at || conn_others(x, way[r->at]) || x->rest == REST_NEW)
			continue;
		if (here ? !conn_at(c, i, way[r->at]) || x->rest : false)
			continue;
		if (add_span(side, x->off, i, r->e) < 0)
			return -1;
	}
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct range_span *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return (x->tx > y->tx) - (x->tx < y->tx);
}

static void sort(struct range_side *s)
{
	bool sorted = true;

	for (uint32_t i = 1; i < s->n && sorted; i++)
		sorted = s->span[i - 1].off <= s->span[i].off;
	if (!sorted)
		qsort(s->span, s->n, sizeof *s->span, by_offset);
	s->next = 0;
	s->opens = 0;
	s->largest = 0;
}

/* ---- pairs ---- */

/* Do the hops between two points keep timestamps, as far as is known? */
static bool keeps_ts(const struct conn *c, unsigned a, unsigned b, unsigned dir)
{
	for (unsigned i = a < b ? a : b; i < (a < b ? b : a); i++) {
		const struct hop_stats *h = &c->facts->point[i].hop[conn_along(c, dir)];
		if (h->keeps_ts < 3 || h->changes_ts * 10 > h->keeps_ts)
			return false;
	}
	return true;
}

/*
 * May the far one hold bytes of the near one? Strictly: all pieces have the timestamp of the whole, and IP IDs close to its own; what is put together
 * mostly has that in common, too. The same range in one packet again is for match.c to judge: another packet.
 */
static bool fits(const struct ranges *r, const struct range_open *n, const struct range_open *f, bool strictly)
{
	const struct conn *c = r->c;
	const struct pkt *a = n->pkt, *b = f->pkt;
	const struct point *p = &c->facts->point[a->point], *q = &c->facts->point[b->point];
	int64_t unsure = facts_doubt_between(c->facts, p, a->t_raw, q, b->t_raw), d = b->t - a->t;

	if (n->off == f->off && n->end == f->end && !c->tx[n->tx].rest)
		return false;
	if (a->flags & b->flags & SEG_TS && a->tsval != b->tsval &&
	    (strictly || (keeps_ts(c, a->point, b->point, r->dir) && labs((long)(int32_t)(b->tsval - a->tsval)) > TICKS)))
		return false;
	if (strictly && a->ip_id && b->ip_id && abs((int16_t)(uint16_t)(b->ip_id - a->ip_id)) > IDS)
		return false;
	return unsure == INT64_MAX || (d >= -unsure - EPS_NS - p->resolution_ns - q->resolution_ns && d <= unsure + DELAY_NS);
}

static int add_gap(struct ranges *r, struct range_open *o, int64_t to, bool far)
{
	const struct tx *x = &r->c->tx[o->tx];
	bool own = !far || x->from == r->at;    /* of what was seen before as such, the nearer point's bytes are its own */

	if (o->gap == NO_GAP || !own) {
		o->gap = NO_GAP;
		return 0;
	}
	if (r->gaps == r->gap_room) {
		uint32_t room = r->gap_room ? r->gap_room * 2 : 64;
		struct range_gap *g = realloc(r->gap, room * sizeof *g);
		if (!g)
			return err_set(r->e, "out of memory");
		r->gap = g;
		r->gap_room = room;
	}
	r->gap[r->gaps++] = (struct range_gap){ o->tx, far ? REST_NEW : REST_LOST, o->gap, to };
	o->gap = NO_GAP;
	return 0;
}

/* The two have the bytes from at to `to` in common. */
static int pair(struct ranges *r, struct range_open *n, struct range_open *f, int64_t at, int64_t to)
{
	struct tx *x = &r->c->tx[n->tx], *y = &r->c->tx[f->tx];

	n->paired += to - at;
	f->paired += to - at;
	if (x->into == NOTHING)
		x->into = f->tx;
	if (y->from == r->at) {
		const struct conn *c = r->c;
		if (y->origin == NOTHING || ranges_root(c, n->tx, false) < ranges_root(c, y->origin, false))
			y->origin = n->tx;
		if (y->upto == NOTHING || ranges_root(c, n->tx, true) > ranges_root(c, y->upto, true))
			y->upto = n->tx;
	}
	return add_gap(r, n, at, false) < 0 || add_gap(r, f, at, true) < 0 ? -1 : 0;
}

/* Between two edges: who has the same bytes? The last with the last: nothing waits on the way while another of the same passes. */
static int pair_all(struct ranges *r, int64_t at, int64_t to)
{
	uint64_t near = 0, far = 0;

	for (int strictly = 1; strictly >= 0; strictly--)
		for (unsigned k = r->far.opens; k-- > 0;)
			for (unsigned i = r->near.opens; i-- > 0 && !(far >> k & 1);) {
				struct range_open *n = &r->near.open[i], *f = &r->far.open[k];
				if (near >> i & 1 || !fits(r, n, f, strictly))
					continue;
				near |= UINT64_C(1) << i;
				far |= UINT64_C(1) << k;
				if (pair(r, n, f, at, to) < 0)
					return -1;
			}
	for (unsigned i = 0; i < r->near.opens; i++)
		if (!(near >> i & 1) && r->near.open[i].gap == NO_GAP)
			r->near.open[i].gap = at;
	for (unsigned k = 0; k < r->far.opens; k++) {
		struct range_open *f = &r->far.open[k];
		if (far >> k & 1)
			continue;
		f->gap = f->gap == NO_GAP ? at : f->gap;
		for (unsigned i = 0; i < r->near.opens; i++)
			r->c->tx[f->tx].again |= fits(r, &r->near.open[i], f, false);
	}
	return 0;
}

/* ---- the sweep ---- */

/* What begins here joins those that are open, in order of time. */
static void begin(struct ranges *r, struct range_side *s, int64_t at)
{
	const struct conn *c = r->c;

	for (; s->next < s->n && s->span[s->next].off == at; s->next++) {
		uint32_t i = s->span[s->next].tx;
		const struct tx *x = &c->tx[i];
		unsigned last = s == &r->far ? r->at : r->at - 1u, k = s->opens;
		if (s->opens == RANGE_OPEN)
			continue;
		/* A transmission as the point nearest to the hop recorded it. */
		while (!conn_seen(c, i, last))
			last--;
		struct range_open o = { i, conn_seen(c, i, last), x->off, x->end, 0, NO_GAP };
		for (; k > 0 && s->open[k - 1].pkt->t > o.pkt->t; k--)
			s->open[k] = s->open[k - 1];
		s->open[k] = o;
		s->opens++;
	}
}

static int64_t next_edge(const struct range_side *s, int64_t edge)
{
	if (s->next < s->n && s->span[s->next].off < edge)
		edge = s->span[s->next].off;
	for (unsigned i = 0; i < s->opens; i++)
		edge = s->open[i].end < edge ? s->open[i].end : edge;
	return edge;
}

/* Where other packets stand for it: from the hop on until it is seen again, either way. */
static void stand_for(struct ranges *r, struct range_open *o, bool far)
{
	const struct conn *c = r->c;
	struct tx *x = &r->c->tx[o->tx];
	const uint8_t *way = c->way[r->dir];

	if (far) {
		for (unsigned k = r->at; k-- > 0 && conn_sight(c, o->tx)[way[k]] == NOTHING;)
			x->others |= UINT64_C(1) << way[k];
		return;
	}
	x->turned = (uint8_t)r->at;
	for (unsigned k = r->at; k < c->ways[r->dir] && conn_sight(c, o->tx)[way[k]] == NOTHING; k++)
		x->others |= UINT64_C(1) << way[k];
}

/* What ends here: of what has not one byte on the other side nothing is said. */
static int end(struct ranges *r, struct range_side *s, int64_t at)
{
	bool far = s == &r->far;
	unsigned kept = 0;

	for (unsigned i = 0; i < s->opens; i++) {
		struct range_open *o = &s->open[i];
		if (o->end > at) {
			s->open[kept++] = *o;
			continue;
		}
		if (o->paired == 0)
			continue;
		s->largest = o->pkt->len > s->largest ? o->pkt->len : s->largest;
		stand_for(r, o, far);
		if (add_gap(r, o, o->end, far) < 0)
			return -1;
	}
	s->opens = kept;
	return 0;
}

static int sweep(struct ranges *r)
{
	int64_t at = INT64_MAX;

	for (at = next_edge(&r->far, next_edge(&r->near, at)); at != INT64_MAX;) {
		begin(r, &r->near, at);
		begin(r, &r->far, at);
		int64_t to = next_edge(&r->far, next_edge(&r->near, INT64_MAX));
		if (to != INT64_MAX && pair_all(r, at, to) < 0)
			return -1;
		at = to;
		if (at != INT64_MAX && (end(r, &r->near, at) < 0 || end(r, &r->far, at) < 0))
			return -1;
	}
	return 0;
}

/* ---- rests ---- */

static int by_tx(const void *a, const void *b)
{
	const struct range_gap *x = a, *y = b;

	if (x->tx != y->tx)
		return x->tx < y->tx ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

/* Where transmission i goes when the rests are in: behind those of all before it. */
static uint32_t moved(const struct ranges *r, uint32_t i)
{
	uint32_t lo = 0, hi = r->gaps;

	while (i != NOTHING && lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (r->gap[mid].tx < i)
			lo = mid + 1;
		else
			hi = mid;
	}
	return i == NOTHING ? NOTHING : i + lo;
}

/* Payload of a full segment: what the hosts agreed on, less the timestamp option (RFC 9293 3.7.1, RFC 6691); else the largest of the other side. */
static uint32_t segment_size(const struct ranges *r, const struct pkt *p, uint32_t largest)
{
	uint32_t options = p->flags & SEG_TS ? 12 : 0;

	return r->mss > options ? r->mss - options : largest;
}

/* The smallest that either host named, or a device on the way made of it; 0: not known. */
static uint32_t agreed_mss(const struct conn *c)
{
	uint32_t mss = 0;
	unsigned len;

	for (uint32_t i = 0; i < c->txs; i++)
		for (unsigned k = 0; k < c->ways[c->tx[i].dir] && (c->tx[i].what == WHAT_SYN || c->tx[i].what == WHAT_SYNACK); k++) {
			const struct pkt *p = conn_seen(c, i, k);
			const uint8_t *o = p ? pkt_option(c, p, 2, &len) : NULL;
			uint32_t v = o && len == 4 ? (uint32_t)o[2] << 8 | o[3] : 0;
			mss = v && (v < mss || !mss) ? v : mss;
		}
	return mss;
}

static void make_rest(const struct ranges *r, const struct range_gap *g, const struct tx *base, uint32_t origin, struct tx *x)
{
	const struct pkt *p = &r->c->pkt[base->first];
	uint32_t size = segment_size(r, p, g->rest == REST_LOST ? r->far.largest : r->near.largest);
	int64_t bytes = g->to - g->from - (g->to == base->end && p->flags & TCP_FIN);
	uint64_t here = 0;

	for (unsigned k = r->at; g->rest == REST_LOST && k < r->c->ways[r->dir]; k++)
		here |= UINT64_C(1) << r->c->way[r->dir][k];
	*x = *base;
	x->off = g->from;
	x->end = g->to;
	x->rest = g->rest;
	x->origin = x->upto = origin;
	x->into = NOTHING;
	x->turned = 0;
	x->others = g->rest == REST_LOST ? base->others & ~here : 0;
	x->units = size && bytes > 0 ? (uint32_t)((bytes + size - 1) / size) : 1;
}

/* From the last to the first, so that nothing is overwritten before it is moved. */
static void spread(struct ranges *r)
{
	struct conn *c = r->c;
	size_t points = c->facts->points;

	for (uint32_t i = c->txs, g = r->gaps; i-- > 0 && g > 0;) {
		uint32_t to = i + g, own;
		while (g > 0 && r->gap[g - 1].tx == i)
			g--;
		own = i + g;
		for (; to > own; to--) {
			make_rest(r, &r->gap[to - i - 1], &c->tx[i], own, &c->tx[to]);
			memcpy(&c->sight[to * points], &c->sight[i * points], points * sizeof *c->sight);
		}
		if (own == i)
			continue;
		c->tx[own] = c->tx[i];
		memcpy(&c->sight[own * points], &c->sight[i * points], points * sizeof *c->sight);
	}
}

static int add_rests(struct ranges *r)
{
	struct conn *c = r->c;
	size_t points = c->facts->points, n = (size_t)c->txs + r->gaps;

	if (r->gaps == 0)
		return 0;
	r->mss = agreed_mss(c);
	qsort(r->gap, r->gaps, sizeof *r->gap, by_tx);
	if (n >= NOTHING)
		return err_set(r->e, "too many packets in one connection");
	if (n > c->tx_room) {
		struct tx *tx = realloc(c->tx, n * sizeof *tx);
		if (!tx)
			return err_set(r->e, "out of memory");
		c->tx = tx;
		uint32_t *sight = realloc(c->sight, n * points * sizeof *sight);
		if (!sight)
			return err_set(r->e, "out of memory");
		c->sight = sight;
		c->tx_room = (uint32_t)n;
	}
	for (uint32_t i = 0; i < c->txs; i++) {
		c->tx[i].origin = moved(r, c->tx[i].origin);
		c->tx[i].upto = moved(r, c->tx[i].upto);
		c->tx[i].into = moved(r, c->tx[i].into);
	}
	for (uint32_t k = 0; k < c->pkts; k++)
		c->pkt[k].tx = moved(r, c->pkt[k].tx);
	spread(r);
	c->txs = (uint32_t)n;
	return 0;
}

int ranges_match(struct ranges *r, struct conn *c, struct err *e)
{
	r->c = c;
	r->e = e;
	for (r->dir = 0; r->dir < 2; r->dir++)
		for (r->at = 1; r->at < c->ways[r->dir]; r->at++) {
			r->gaps = 0;
			if (collect(r) < 0)
				return -1;
			if (!r->near.n || !r->far.n)
				continue;
			sort(&r->near);
			sort(&r->far);
			if (sweep(r) < 0 || add_rests(r) < 0)
				return -1;
		}
	return 0;
}

bool ranges_doubled(const struct conn *c, uint32_t x, unsigned point)
{
	const struct tx *w = &c->tx[x];

	for (uint32_t i = x > AROUND ? x - AROUND : 0; i < c->txs && i <= x + AROUND; i++) {
		const struct tx *o = &c->tx[i];
		const struct pkt *p = conn_at(c, i, point);
		if (p && p->doubled && o->dir == w->dir && o->off < w->end && o->end > w->off)
			return true;
	}
	return false;
}

bool ranges_twice(const struct conn *c, uint32_t x, unsigned point)
{
	const struct tx *w = &c->tx[x];
	const struct pkt *here = conn_at(c, x, point);

	for (uint32_t i = x > AROUND ? x - AROUND : 0; here && bears(c, w) && i < c->txs && i <= x + AROUND; i++) {
		const struct tx *o = &c->tx[i];
		const struct pkt *p = o->rest ? NULL : conn_at(c, i, point);
		if (p && p != here && bears(c, o) && o->dir == w->dir && o->off < w->end && o->end > w->off && (o->off != w->off || o->end != w->end) &&
		    llabs(p->t - here->t) < COPY_NS)
			return true;
	}
	return false;
}
