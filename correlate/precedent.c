#include "correlate/precedent.h"

#include <math.h>
#include <stdlib.h>

#include "correlate/chance.h"

#define LOOK 256                /* connections that are looked at for one that passed both points */

/* A server as the first point that saw a connection to it has it. */
struct server {
	int64_t addr;
	uint16_t port;
	uint32_t conn;
};

struct made {
	uint32_t class;
	int64_t t;              /* aligned: when the server's SYN-ACK was seen first */
	uint64_t points;        /* set of the points that recorded it */
};

/* What connections to one server did on one hop, by the end of it that comes first on the path (silence), or where the SYN leaves (syns). */
struct hop_sum {
	struct precedent_syns syns;
	int64_t silence;
};

struct precedents {
	uint32_t points, mades, classes;
	uint32_t *class;        /* of each connection */
	struct hop_sum *hop;    /* [class * points + point] */
	struct made *by_class, *by_time;        /* the same, in two orders */
};

static int compare_servers(const void *a, const void *b)
{
	const struct server *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->port != y->port ? (x->port < y->port ? -1 : 1) : x->conn < y->conn ? -1 : x->conn > y->conn;
}

static bool class_all(struct precedents *p, const struct facts *f)
{
	struct server *s = calloc(f->conns + 1u, sizeof *s);

	if (!s)
		return false;
	for (uint32_t i = 0; i < f->conns; i++) {
		const struct flow *w = &f->flow[f->conn[i].flow];
		s[i] = (struct server){ w->addr[1], w->port[1], i };
	}
	qsort(s, f->conns, sizeof *s, compare_servers);
	for (uint32_t i = 0; i < f->conns; i++) {
		p->classes += i == 0 || s[i].addr != s[i - 1].addr || s[i].port != s[i - 1].port;
		p->class[s[i].conn] = p->classes - 1;
	}
	free(s);
	return true;
}

struct precedents *precedents_new(const struct facts *f)
{
	struct precedents *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->points = f->points;
	p->class = calloc(f->conns + 1u, sizeof *p->class);
	p->by_class = calloc(f->conns + 1u, sizeof *p->by_class);
	p->by_time = calloc(f->conns + 1u, sizeof *p->by_time);
	if (p->class && p->by_class && p->by_time && class_all(p, f))
		p->hop = calloc((size_t)p->classes * f->points + 1, sizeof *p->hop);
	if (!p->hop) {
		precedents_free(p);
		return NULL;
	}
	return p;
}

void precedents_free(struct precedents *p)
{
	if (!p)
		return;
	free(p->class);
	free(p->hop);
	free(p->by_class);
	free(p->by_time);
	free(p);
}

/* ---- the first pass ---- */

/* Was anything of the connection seen behind the i-th point of the client's way? Then a SYN passed there, recorded or not. */
static bool seen_beyond(const struct conn *c, unsigned i)
{
	for (unsigned k = i + 1; k < c->ways[C2S]; k++)
		if (c->flow[c->way[C2S][k]])
			return true;
	return false;
}

static void learn_syns(struct hop_sum *hop, const struct conn *c)
{
	for (unsigned i = 0; i + 1u < c->ways[C2S]; i++) {
		bool came[2] = { false, false }, passed[2] = { false, false };
		for (uint32_t k = 0; k < c->txs; k++) {
			const struct tx *x = &c->tx[k];
			bool ecn = (c->pkt[x->first].flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);
			if (x->dir != C2S || x->what != WHAT_SYN)
				continue;
			came[ecn] |= x->from <= i;
			passed[ecn] |= x->from <= i && x->to > i;
		}
		struct precedent_syns *s = &hop[c->way[C2S][i]].syns;
		/* None was recorded beyond, but what follows them was: nobody knows which of them passed. */
		bool missed = !passed[0] && !passed[1] && seen_beyond(c, i);
		for (int e = 0; e < 2; e++) {
			s->came[e] += came[e];
			s->passed[e] += came[e] && (passed[e] || missed);
		}
	}
}

static void learn_silence(struct hop_sum *hop, const struct conn *c)
{
	int64_t last[POINTS_MAX];

	for (unsigned i = 0; i < POINTS_MAX; i++)
		last[i] = INT64_MAX;
	for (uint32_t k = 0; k < c->txs; k++) {
		const struct tx *x = &c->tx[k];
		if (x->what == WHAT_SYN || x->what == WHAT_ICMP || x->rest)
			continue;
		for (unsigned i = x->from; i < x->to; i++) {
			uint8_t a = c->way[x->dir][i], b = c->way[x->dir][i + 1u], near = a < b ? a : b;
			if (last[near] != INT64_MAX && x->t - last[near] > hop[near].silence)
				hop[near].silence = x->t - last[near];
			last[near] = x->t;
		}
	}
}

void precedents_learn(struct precedents *p, const struct conn *c)
{
	uint32_t class = p->class[c->index];
	struct hop_sum *hop = &p->hop[(size_t)class * p->points];

	learn_syns(hop, c);
	learn_silence(hop, c);
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		if (x->dir != S2C || x->what != WHAT_SYNACK || x->from != 0)
			continue;
		struct made m = { class, x->t, 0 };
		for (unsigned k = x->from; k <= x->to; k++)
			m.points |= UINT64_C(1) << c->way[S2C][k];
		p->by_class[p->mades++] = m;
		return;
	}
}

static int compare_times(const void *a, const void *b)
{
	const struct made *x = a, *y = b;

	return x->t < y->t ? -1 : x->t > y->t;
}

static int compare_classes(const void *a, const void *b)
{
	const struct made *x = a, *y = b;

	return x->class != y->class ? (x->class < y->class ? -1 : 1) : compare_times(a, b);
}

void precedents_settle(struct precedents *p)
{
	for (uint32_t i = 0; i < p->mades; i++)
		p->by_time[i] = p->by_class[i];
	qsort(p->by_class, p->mades, sizeof *p->by_class, compare_classes);
	qsort(p->by_time, p->mades, sizeof *p->by_time, compare_times);
}

/* ---- questions ---- */

static const struct hop_sum *sum_of(const struct conn *c, unsigned point)
{
	const struct precedents *p = c->facts->precedents;

	return p ? &p->hop[(size_t)p->class[c->index] * p->points + point] : NULL;
}

struct precedent_syns precedents_syns(const struct conn *c, unsigned from)
{
	const struct hop_sum *h = sum_of(c, from);

	return h ? h->syns : (struct precedent_syns){ { 0, 0 }, { 0, 0 } };
}

/* With none of the first kind among those that passed, the hypergeometric tail is its last term. */
double precedents_chance(const struct precedent_syns *s)
{
	if (s->passed[1] || !s->came[1] || !s->passed[0])
		return 1;
	return pow(10, chance_ways(s->came[0], s->passed[0]) - chance_ways(s->came[0] + s->came[1], s->passed[0]));
}

/* The first of n, in the order, that is not before m. */
static uint32_t first_of(const struct made *list, uint32_t n, const struct made *m, int (*compare)(const void *, const void *))
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (compare(&list[middle], m) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t precedents_answered(const struct conn *c, int64_t from_ns, int64_t to_ns)
{
	const struct precedents *p = c->facts->precedents;

	if (!p || from_ns >= to_ns)
		return 0;
	struct made from = { p->class[c->index], from_ns, 0 }, to = { p->class[c->index], to_ns, 0 };
	return first_of(p->by_class, p->mades, &to, compare_classes) - first_of(p->by_class, p->mades, &from, compare_classes);
}

bool precedents_made(const struct conn *c, unsigned a, unsigned b, int64_t from_ns, int64_t to_ns)
{
	const struct precedents *p = c->facts->precedents;
	uint64_t both = UINT64_C(1) << a | UINT64_C(1) << b;

	if (!p)
		return false;
	uint32_t i = first_of(p->by_time, p->mades, &(struct made){ 0, from_ns, 0 }, compare_times);
	for (uint32_t n = 0; i < p->mades && p->by_time[i].t <= to_ns && n < LOOK; i++, n++)
		if ((p->by_time[i].points & both) == both)
			return true;
	return false;
}

int64_t precedents_silence(const struct conn *c, unsigned a, unsigned b)
{
	const struct hop_sum *h = sum_of(c, a < b ? a : b);

	return h ? h->silence : 0;
}
