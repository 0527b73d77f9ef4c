#include "correlate/delay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/clock_corridor.h"
#include "correlate/quantile.h"

#define OPEN INT64_MAX
#define KEPT 8192               /* transmissions: larger scratch is not kept, memory is short then */

void delays_free(struct delays *x)
{
	free(x->scratch);
	memset(x, 0, sizeof *x);
}

bool delay_seen(const struct conn *c, uint32_t i, unsigned near, unsigned far, struct delay_pair *p)
{
	const struct tx *x = &c->tx[i];
	const struct pkt *a = conn_at(c, i, near), *b = conn_at(c, i, far);

	if (!a || !b || !tx_timed(x) || x->fuzzy || x->rest)
		return false;
	if (!clock_reaches(a->t) || !clock_reaches(b->t) || !clock_reaches(b->t - a->t))
		return false;           /* differences of differences are numbers, too */
	*p = (struct delay_pair){ a->t, b->t };
	return true;
}

unsigned delay_stretch(const struct conn *c, uint32_t i, unsigned near, unsigned far)
{
	const struct facts *f = c->facts;

	return facts_piece(&f->point[near], c->pkt[conn_sight(c, i)[near]].t_raw) + facts_piece(&f->point[far], c->pkt[conn_sight(c, i)[far]].t_raw);
}

/* How fast the aligned times of a point may run away, s/s, and how far single time stamps may be off. */
static void add_drift(const struct point *p, double *drift, int64_t *noise)
{
	double most = 0;
	int64_t slack = 0;

	for (uint32_t i = 0; i < p->pieces; i++) {
		const struct clock_map *m = &p->piece[i];
		most = fmax(most, facts_drift(m));
		slack = m->slack_ns > slack ? m->slack_ns : slack;
	}
	*noise += p->resolution_ns + slack;
	*drift += most;
}

static bool is_known(const struct point *p)
{
	for (uint32_t i = 0; i < p->pieces; i++)
		if (p->piece[i].state == CLOCK_NONE || p->piece[i].state == CLOCK_INCONSISTENT)
			return false;
	return p->pieces > 0;
}

/* Between two points, while a connection lasts. */
struct between {
	const struct conn *c;
	unsigned near, far;
	double drift;
	int64_t noise;
};

/* The two tightest bounds at a time: of two packets, as one may be the wrong one of two copies that look alike. */
struct bounds {
	int64_t first, second;
};

/* Bounds that spread from packet to packet, forwards or backwards in time. */
struct spread {
	struct bounds b;
	int64_t at;
	unsigned stretch;
};

static void offer(struct bounds *b, int64_t bound)
{
	if (bound < b->first) {
		b->second = b->first;
		b->first = bound;
	} else if (bound < b->second) {
		b->second = bound;
	}
}

static void move_to(struct spread *s, const struct between *g, uint32_t i, const struct delay_pair *p)
{
	unsigned stretch = delay_stretch(g->c, i, g->near, g->far);
	int64_t apart = p->near > s->at ? p->near - s->at : s->at - p->near, opened = (int64_t)ceil((double)apart * g->drift);

	if (stretch != s->stretch)
		s->b = (struct bounds){ OPEN, OPEN };
	s->b.first += s->b.first == OPEN ? 0 : opened;
	s->b.second += s->b.second == OPEN ? 0 : opened;
	s->at = p->near;
	s->stretch = stretch;
}

static void offer_own(struct bounds *b, const struct between *g, uint32_t i, const struct delay_pair *p, unsigned d)
{
	if (g->c->tx[i].dir == d)
		offer(b, (d == C2S ? p->far - p->near : p->near - p->far) + g->noise);
}

/*
 * How far the error of direction d can be at most above zero, as the packets of that direction bound it: the worst of all packets, each with what it and its
 * neighbours say. One packet is not believed against another: the second tightest bound counts. OPEN: some stretch has none. v has room for two numbers for
 * each transmission.
 */
static int64_t worst_bound(const struct between *g, unsigned d, struct bounds *v)
{
	struct spread s = { .b = { OPEN, OPEN } };
	struct delay_pair p;
	int64_t worst = INT64_MIN;

	for (uint32_t i = 0; i < g->c->txs; i++) {
		if (!delay_seen(g->c, i, g->near, g->far, &p))
			continue;
		move_to(&s, g, i, &p);
		offer_own(&s.b, g, i, &p, d);
		v[i] = s.b;
	}
	s = (struct spread){ .b = { OPEN, OPEN } };
	for (uint32_t i = g->c->txs; i-- > 0;) {
		if (!delay_seen(g->c, i, g->near, g->far, &p))
			continue;
		move_to(&s, g, i, &p);
		offer(&v[i], s.b.first);
		offer(&v[i], s.b.second);
		offer_own(&s.b, g, i, &p, d);
		int64_t bound = v[i].second == OPEN ? v[i].first : v[i].second;
		worst = bound > worst ? bound : worst;
	}
	return worst == INT64_MIN ? OPEN : worst;
}

/* What the clocks of the case leave open from the first to the last that two points recorded of the connection, either way. */
static int64_t case_doubt(const struct conn *c, unsigned near, unsigned far)
{
	const struct point *p = &c->facts->point[near], *q = &c->facts->point[far];
	const uint32_t *a = &c->at[near], *b = &c->at[far];
	int64_t x, y;

	if (a[0] == a[1] || b[0] == b[1])
		return OPEN;
	x = facts_doubt_between(c->facts, p, c->pkt[a[0]].t_raw, q, c->pkt[b[0]].t_raw);
	y = facts_doubt_between(c->facts, p, c->pkt[a[1] - 1].t_raw, q, c->pkt[b[1] - 1].t_raw);
	return x > y ? x : y;
}

/* The error of packets towards the far point, as the packets of the connection and the clocks of the case bound it. */
static void find_error(const struct conn *c, unsigned near, unsigned far, struct bounds *v, int64_t *low, int64_t *high)
{
	const struct point *p = &c->facts->point[near], *q = &c->facts->point[far];
	struct between g = { .c = c, .near = near, .far = far };
	int64_t wide = case_doubt(c, near, far), there, back;

	*high = wide;
	*low = wide == OPEN ? INT64_MIN : -wide;
	if (p->clock == q->clock || !is_known(p) || !is_known(q))
		return;
	add_drift(p, &g.drift, &g.noise);
	add_drift(q, &g.drift, &g.noise);
	there = worst_bound(&g, C2S, v);
	back = worst_bound(&g, S2C, v);
	if (there != OPEN && back != OPEN && there < -back)
		return;         /* they contradict each other: time stamps are worse than they look */
	if (there < *high && (*low == INT64_MIN || there >= *low))
		*high = there;
	if (back != OPEN && -back > *low && (*high == OPEN || -back <= *high))
		*low = -back;
}

/* The middle of what is open; where that has no end there is none. */
int64_t delay_shift(const struct hop_delay *h)
{
	return h->error_low == INT64_MIN || h->error_high == OPEN ? 0 : -(h->error_low + (h->error_high - h->error_low) / 2);
}

void delay_bounds(const struct hop_delay *h, int64_t difference, int64_t *low, int64_t *high)
{
	*low = h->error_high == OPEN || difference < h->error_high ? 0 : difference - h->error_high;
	*high = h->error_low == INT64_MIN ? OPEN : difference - h->error_low;
}

static int64_t at_least_none(int64_t v)
{
	return v < 0 ? 0 : v;
}

static void measure_hop(struct hop_delay *h, const struct conn *c, unsigned d, int64_t *v)
{
	struct delay_pair p;
	int64_t shift = delay_shift(h);

	for (uint32_t i = 0; i < c->txs; i++)
		if (c->tx[i].dir == d && delay_seen(c, i, d == C2S ? h->from : h->to, d == C2S ? h->to : h->from, &p))
			v[h->n++] = (d == C2S ? p.far - p.near : p.near - p.far) + shift;
	if (h->n == 0)
		return;
	quantile_sort(v, h->n);
	int64_t median = v[quantile_rank(h->n, 500)], p99 = v[quantile_rank(h->n, 990)];
	h->varies_median = median - v[0];
	h->varies_p99 = p99 - v[0];
	h->min = at_least_none(v[0]);
	h->median = at_least_none(median);
	h->p99 = at_least_none(p99);
	h->max = at_least_none(v[h->n - 1]);
}

/* Both directions have one error, the other way round; it is looked for once. */
static void set_error(struct delays *x, const struct conn *c, unsigned d, struct hop_delay *h)
{
	unsigned near = d == C2S ? h->from : h->to, far = d == C2S ? h->to : h->from;
	int64_t low, high;

	for (unsigned i = 0; d == S2C && i + 1u < c->ways[C2S]; i++) {
		const struct hop_delay *other = &x->hop[C2S][i];
		if (other->from != near || other->to != far)
			continue;
		h->error_low = other->error_high == OPEN ? INT64_MIN : -other->error_high;
		h->error_high = other->error_low == INT64_MIN ? OPEN : -other->error_low;
		return;
	}
	find_error(c, near, far, x->scratch, &low, &high);
	h->error_low = d == C2S ? low : high == OPEN ? INT64_MIN : -high;
	h->error_high = d == C2S ? high : low == INT64_MIN ? OPEN : -low;
}

int delays_measure(struct delays *x, const struct conn *c, struct err *e)
{
	if (c->txs > x->room) {
		struct bounds *v = realloc(x->scratch, c->txs * sizeof *v);
		if (!v)
			return err_set(e, "out of memory");
		x->scratch = v;
		x->room = c->txs;
	}
	for (unsigned d = 0; d < 2; d++)
		for (unsigned i = 0; i + 1u < c->ways[d]; i++) {
			struct hop_delay *h = &x->hop[d][i];
			*h = (struct hop_delay){ .from = c->way[d][i], .to = c->way[d][i + 1] };
			h->aligned = is_known(&c->facts->point[h->from]) && is_known(&c->facts->point[h->to]);
			set_error(x, c, d, h);
			measure_hop(h, c, d, x->scratch);
		}
	if (x->room > KEPT) {
		free(x->scratch);
		x->scratch = NULL;
		x->room = 0;
	}
	return 0;
}
