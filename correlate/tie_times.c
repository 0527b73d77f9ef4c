#include "correlate/tie_private.h"

#include <stdlib.h>
#include <string.h>

#define NEAR_NS 1000000000      /* a proxy that opens its side later than this is not told from chance */
#define FAIR_BITS 3             /* what the nearest event is worth by chance, and a little more: it was chosen for being near */
#define MISS_BITS 4             /* log2 of what speaks against it when a front has no back */
#define ENOUGH_BITS 15
#define SLACK_NS 1000000
#define LOOK_AT 64              /* events at a time: with more, nothing can be told */

/* A back and the untied front that began last before it (UINT32_MAX, key 0: none). */
struct guess {
	uint64_t front_key, back_key;
	uint32_t front, back;
	int64_t delay;
};

/* What a proxy may react to, in order of time. */
struct event {
	int64_t t;
	uint32_t conn;
};

struct clockwork {
	struct finder *t;
	struct event *begin;    /* fronts: SYN, first request */
	struct event *end;      /* fronts: last packet */
	uint32_t begins, ends;
	uint64_t *front, *back; /* services, sorted, one entry for each connection */
	uint32_t fronts, backs;
	struct guess *guess;
	uint32_t guesses;
	uint32_t *partner;      /* of each connection: the front that it may be the back of, UINT32_MAX: none, or several */
	uint8_t *works;         /* of each: how many of its backs were answered, at most two are counted */
};

static uint64_t server_of(const struct flow *w)
{
	return (uint64_t)w->addr[S2C] << 16 | w->port[S2C];
}

static int by_service(const void *a, const void *b)
{
	const struct guess *x = a, *y = b;

	if (x->front_key != y->front_key)
		return x->front_key < y->front_key ? -1 : 1;
	if (x->back_key != y->back_key)
		return x->back_key < y->back_key ? -1 : 1;
	if (x->front != y->front)
		return x->front < y->front ? -1 : 1;
	return x->delay != y->delay ? (x->delay < y->delay ? -1 : 1) : (x->back > y->back) - (x->back < y->back);
}

static bool may_be_front(const struct finder *t, uint32_t i)
{
	const struct leg *l = &t->leg[i];

	/* Of what may be others' by content, times must not choose one. */
	return l->as_front.flow && l->whole && t->front[i] == TIE_NONE && l->last + 1 < t->f->points && l->as_front.flow->has_isn[S2C];
}

static bool may_be_back(const struct finder *t, uint32_t i)
{
	const struct leg *l = &t->leg[i];

	return l->as_back.flow && l->whole && t->back[i] == TIE_NONE && l->first > 0;
}

/* Streams that a proxy changes may look like anything: TLS that ends at it, or begins. Others have been looked at already. */
static bool changed(const struct leg *x, const struct leg *y, const struct resemblance *l)
{
	return x->opening.kind == OPENING_TLS || y->opening.kind == OPENING_TLS || !l->contradicts;
}

static bool fits(const struct finder *t, const struct leg *x, const struct leg *y, int64_t eps)
{
	struct resemblance l;

	legs_compare(x, y, &l);
	return legs_apart(t->f, x, y, true) && changed(x, y, &l) && legs_two_handshakes(x, y, &l, eps) && y->as_back.syn + eps >= x->as_front.syn &&
	    y->as_back.syn - eps <= x->as_front.end;
}

/* From when the proxy could have begun to open its side: the client's SYN, or its request, whichever is nearer. */
static int64_t delay_of(const struct leg *x, const struct leg *y, int64_t eps)
{
	const struct leg_times *a = &x->as_front;
	int64_t from = a->syn;

	if (a->has_said[C2S] && a->said[C2S] <= y->as_back.syn + eps)
		from = a->said[C2S];
	return y->as_back.syn > from ? y->as_back.syn - from : 0;
}

/* The first event that is later than t. */
static uint32_t later(const struct event *list, uint32_t n, int64_t t)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (list[mid].t <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The front that began last before a back, if they fit. */
static uint32_t nearest(const struct clockwork *k, const struct leg *y, int64_t *delay)
{
	uint32_t i = later(k->begin, k->begins, y->as_back.syn);

	if (i == 0)
		return UINT32_MAX;
	const struct leg *x = &k->t->leg[k->begin[i - 1].conn];
	int64_t eps = legs_doubt(k->t->f, x, y);
	*delay = delay_of(x, y, eps);
	return *delay <= NEAR_NS && fits(k->t, x, y, eps) ? x->conn : UINT32_MAX;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint32_t below(const uint64_t *list, uint32_t n, uint64_t key)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (list[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t count(const uint64_t *list, uint32_t n, uint64_t key)
{
	return below(list, n, key + 1) - below(list, n, key);
}

/* Of the guesses at one pair of services: does a back begin with each front, more often than chance has it? *usual: how long that takes at most. */
static bool in_step(const struct clockwork *k, const struct guess *g, uint32_t n, int64_t *usual)
{
	double rate = count(k->back, k->backs, g->back_key) / k->t->span_s, bits = 0;
	uint32_t fronts = 0;
	int64_t sum = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && g[i].front == g[i - 1].front)
			continue;
		bits += tie_bits(rate, g[i].delay) - FAIR_BITS;
		sum += g[i].delay;
		fronts++;
	}
	*usual = 4 * (sum / fronts) + SLACK_NS;
	return bits - MISS_BITS * (double)(count(k->front, k->fronts, g->front_key) - fronts) >= ENOUGH_BITS;
}

/* Of the service's fronts with an event between from and to, the one that fits; *n: how many there are. */
static void look(const struct clockwork *k, const struct event *list, uint32_t events, int64_t from, int64_t to, const struct leg *y, uint64_t key,
    uint32_t *hit, uint32_t *n)
{
	uint32_t looked = 0;

	for (uint32_t i = later(list, events, from); i < events && list[i].t <= to; i++) {
		const struct leg *x = &k->t->leg[list[i].conn];
		if (++looked > LOOK_AT) {
			*n = 2;
			return;
		}
		if (x->conn == *hit || server_of(x->as_front.flow) != key || !fits(k->t, x, y, legs_doubt(k->t->f, x, y)))
			continue;
		*hit = x->conn;
		++*n;
	}
}

/*
 * The one front of the service that begins with the back, or ends with it: a retry is made while the client still waits; when the last one has failed,
 * the proxy gives up and ends the client's connection.
 */
static uint32_t partner(const struct clockwork *k, const struct leg *y, uint64_t key, int64_t usual)
{
	uint32_t hit = UINT32_MAX, n = 0;

	look(k, k->begin, k->begins, y->as_back.syn - usual, y->as_back.syn, y, key, &hit, &n);
	if (!y->as_back.flow->has_isn[S2C])
		look(k, k->end, k->ends, y->as_back.end - SLACK_NS, y->as_back.end + usual, y, key, &hit, &n);
	return n == 1 ? hit : UINT32_MAX;
}

/* All backs of a service whose fronts are in step with it. They are among the guesses, or retries that began when another front had begun last. */
static int tie_service(struct clockwork *k, const struct guess *g, uint32_t n)
{
	struct finder *t = k->t;
	int64_t usual;

	if (!in_step(k, g, n, &usual))
		return 0;
	for (uint32_t i = 0; i < k->guesses; i++) {
		uint32_t back = k->guess[i].back, x;
		if (k->guess[i].back_key != g->back_key || t->back[back] || (x = partner(k, &t->leg[back], g->front_key, usual)) == UINT32_MAX)
			continue;
		/* Attempts that failed may be several, but a client has one back that works. */
		if (t->leg[back].as_back.flow->has_isn[S2C] && k->works[x] < 2)
			k->works[x]++;
		k->partner[back] = x;
	}
	for (uint32_t i = 0; i < k->guesses; i++) {
		uint32_t back = k->guess[i].back, x = k->partner[back];
		if (x == UINT32_MAX || t->back[back] || k->works[x] > 1)
			continue;
		if (tie_add(t, x, back, TIE_TIMES, ENOUGH_BITS) < 0)
			return -1;
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->t != y->t ? (x->t < y->t ? -1 : 1) : (x->conn > y->conn) - (x->conn < y->conn);
}

static void read_legs(struct clockwork *k)
{
	const struct finder *t = k->t;

	for (uint32_t i = 0; i < t->f->conns; i++) {
		const struct leg_times *a = &t->leg[i].as_front;
		if (may_be_front(t, i)) {
			k->begin[k->begins++] = (struct event){ a->syn, i };
			if (a->has_said[C2S])
				k->begin[k->begins++] = (struct event){ a->said[C2S], i };
			k->end[k->ends++] = (struct event){ a->end, i };
			k->front[k->fronts++] = server_of(a->flow);
		}
		if (may_be_back(t, i))
			k->back[k->backs++] = server_of(t->leg[i].as_back.flow);
	}
	qsort(k->begin, k->begins, sizeof *k->begin, by_time);
	qsort(k->end, k->ends, sizeof *k->end, by_time);
	qsort(k->front, k->fronts, sizeof *k->front, by_number);
	qsort(k->back, k->backs, sizeof *k->back, by_number);
}

static void guess_all(struct clockwork *k)
{
	const struct finder *t = k->t;

	for (uint32_t i = 0; i < t->f->conns; i++) {
		struct guess *x = &k->guess[k->guesses];
		if (!may_be_back(t, i))
			continue;
		x->back = i;
		x->front = nearest(k, &t->leg[i], &x->delay);
		x->front_key = x->front == UINT32_MAX ? 0 : server_of(t->leg[x->front].as_front.flow);
		x->back_key = server_of(t->leg[i].as_back.flow);
		k->guesses++;
	}
	qsort(k->guess, k->guesses, sizeof *k->guess, by_service);
}

int tie_times(struct finder *t)
{
	size_t n = t->f->conns ? t->f->conns : 1;
	struct clockwork k = { .t = t, .begin = malloc(2 * n * sizeof *k.begin), .end = malloc(n * sizeof *k.end), .front = malloc(n * sizeof *k.front),
		.back = malloc(n * sizeof *k.back), .guess = malloc(n * sizeof *k.guess),
		.partner = malloc(n * sizeof *k.partner), .works = calloc(n, 1) };
	int rc = k.begin && k.end && k.front && k.back && k.guess && k.partner && k.works ? 0 : err_set(t->e, "out of memory");

	if (rc == 0) {
		memset(k.partner, 0xff, n * sizeof *k.partner);
		read_legs(&k);
		guess_all(&k);
	}
	for (uint32_t from = 0, to; rc == 0 && from < k.guesses; from = to) {
		const struct guess *g = k.guess;
		for (to = from + 1; to < k.guesses && g[to].front_key == g[from].front_key && g[to].back_key == g[from].back_key; to++)
			;
		if (g[from].front_key)
			rc = tie_service(&k, &g[from], to - from);
	}
	free(k.begin);
	free(k.end);
	free(k.front);
	free(k.back);
	free(k.guess);
	free(k.partner);
	free(k.works);
	return rc;
}
