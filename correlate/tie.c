#include "correlate/tie.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/finding.h"
#include "correlate/tie_private.h"

#define LOOK_AT 256             /* connections that are open at a time and begin alike: with more, nothing can be told */
#define TIMES_BITS 15           /* times alone are worth no more */
#define SEVERAL 3               /* ties at one proxy that bear each other out */
#define SURE_BITS 15            /* ... if each is worth that */

/* ---- what is found ---- */

int tie_add(struct finder *t, uint32_t front, uint32_t back, enum tie tie, double bits)
{
	if (t->n == t->room) {
		uint32_t room = t->room ? t->room * 2 : 256;
		struct found *p = realloc(t->found, room * sizeof *p);
		if (!p)
			return err_set(t->e, "out of memory");
		t->found = p;
		t->room = room;
	}
	t->found[t->n++] = (struct found){ front, back, (uint8_t)tie, tie < TIE_STREAMS ? CERTAIN : LIKELY, bits };
	t->front[front] = t->back[back] = (uint8_t)tie;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return (x->conn > y->conn) - (x->conn < y->conn);
}

void tie_sort(struct finder *t)
{
	qsort(t->ref, t->refs, sizeof *t->ref, by_key);
	for (uint32_t i = 0; i < t->refs; i++) {
		struct ref *r = &t->ref[i];
		r->end = t->leg[r->conn].as_front.end;
		if (i > 0 && r[-1].key == r->key && r[-1].end > r->end)
			r->end = r[-1].end;
	}
}

static void note(struct finder *t, uint64_t key, uint32_t conn)
{
	t->ref[t->refs++] = (struct ref){ .key = key, .t = t->leg[conn].as_front.syn, .conn = conn };
}

double tie_bits(double rate, int64_t delay)
{
	double p = 1 - exp(-rate * fmax((double)delay, 1000) * 1e-9);

	return p > 0.3 ? 0 : fmin(log2(0.95 / p), 12);
}

/* The first of the sorted refs that is not before key and t. */
static uint32_t lower(const struct finder *t, uint64_t key, int64_t at)
{
	uint32_t lo = 0, hi = t->refs;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct ref *r = &t->ref[mid];
		if (r->key < key || (r->key == key && r->t < at))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* ---- by name ---- */

static uint64_t tuple_key(int64_t addr, uint16_t port)
{
	return (uint64_t)addr << 16 | port;
}

/* The connection that a PROXY header names: the one that was open at the time. UINT32_MAX: none, or several. */
static uint32_t named(const struct finder *t, const struct leg *y)
{
	uint64_t key = tuple_key(y->speaks_for.addr, y->speaks_for.port);
	uint32_t hit = UINT32_MAX, hits = 0, only = UINT32_MAX, all = 0;

	for (uint32_t i = lower(t, key, INT64_MIN); i < t->refs && t->ref[i].key == key; i++) {
		const struct leg *x = &t->leg[t->ref[i].conn];
		if (!legs_apart(t->f, x, y, t->ordered))
			continue;
		all++;
		only = x->conn;
		int64_t eps = legs_doubt(t->f, x, y);
		if (y->as_back.syn + eps >= x->as_front.syn && y->as_back.syn - eps <= x->as_front.end) {
			hits++;
			hit = x->conn;
		}
	}
	if (hits)
		return hits == 1 ? hit : UINT32_MAX;
	/* As long as the clocks are not known. */
	return !t->ordered && all == 1 ? only : UINT32_MAX;
}

static int by_name(struct finder *t)
{
	t->refs = 0;
	for (uint32_t i = 0; i < t->f->conns; i++)
		if (t->leg[i].as_front.flow)
			note(t, tuple_key(t->leg[i].as_front.flow->addr[C2S], t->leg[i].as_front.flow->port[C2S]), i);
	tie_sort(t);
	for (uint32_t i = 0; i < t->f->conns; i++) {
		const struct leg *y = &t->leg[i];
		uint32_t x;
		if (!y->as_back.flow || !y->speaks_for.header || !y->speaks_for.addr || t->back[i] || (x = named(t, y)) == UINT32_MAX)
			continue;
		if (tie_add(t, x, i, TIE_HEADER, TIMES_BITS) < 0)
			return -1;
	}
	return 0;
}

/* ---- by a number that is made to be unique ---- */

static uint64_t id_of(const struct leg *l, enum tie tie)
{
	if (tie == TIE_TLS)
		return l->opening.kind == OPENING_TLS ? l->opening.digest : 0;
	return l->speaks_for.request;
}

/* If packets cannot be asked for proof (tie_prove), what connections tell of themselves must be enough. */
static bool may_be_two(const struct finder *t, const struct leg *x, const struct leg *y, const struct resemblance *l, int64_t eps)
{
	return t->db || legs_two_handshakes(x, y, l, eps);
}

/* Which of two is on the client's side, if nothing but their exchanges tells? */
static bool turned(const struct finder *t, const struct leg *x, const struct leg *y)
{
	if (legs_exchange_fits(t->f, x, y) != legs_exchange_fits(t->f, y, x))
		return !legs_exchange_fits(t->f, x, y);
	return !legs_nested(x, y, legs_doubt(t->f, x, y));
}

static int tie_group(struct finder *t, enum tie tie, uint32_t *conn, uint32_t n)
{
	struct resemblance l;

	if (!t->ordered && n == 2 && turned(t, &t->leg[conn[0]], &t->leg[conn[1]])) {
		uint32_t first = conn[0];
		conn[0] = conn[1];
		conn[1] = first;
	}
	/* A chain of proxies has one connection between each two: whatever shares a stretch of the path with another is a rival. */
	for (uint32_t i = 0; i + 1 < n; i++)
		if (!legs_apart(t->f, &t->leg[conn[i]], &t->leg[conn[i + 1]], t->ordered) || (!t->ordered && n > 2))
			return 0;
	for (uint32_t i = 0; i + 1 < n; i++) {
		const struct leg *x = &t->leg[conn[i]], *y = &t->leg[conn[i + 1]];
		int64_t eps = legs_doubt(t->f, x, y);
		legs_compare(x, y, &l);
		if (t->front[conn[i]] || t->back[conn[i + 1]] || !may_be_two(t, x, y, &l, eps) || !legs_exchange_fits(t->f, x, y))
			continue;
		if (t->ordered && !legs_nested(x, y, eps))
			continue;
		if (tie_add(t, conn[i], conn[i + 1], tie, TIMES_BITS) < 0)
			return -1;
	}
	return 0;
}

static const struct leg *sort_legs;     /* qsort has no context argument; ties are found on one thread */

static int by_place(const void *a, const void *b)
{
	const struct leg *x = &sort_legs[*(const uint32_t *)a], *y = &sort_legs[*(const uint32_t *)b];

	return x->first != y->first ? (x->first < y->first ? -1 : 1) : (x->conn > y->conn) - (x->conn < y->conn);
}

static int by_id(struct finder *t, enum tie tie)
{
	uint32_t conn[LOOK_AT];

	t->refs = 0;
	for (uint32_t i = 0; i < t->f->conns; i++)
		if (t->leg[i].as_front.flow && id_of(&t->leg[i], tie))
			note(t, id_of(&t->leg[i], tie), i);
	tie_sort(t);
	sort_legs = t->leg;
	for (uint32_t from = 0, to; from < t->refs; from = to) {
		uint32_t n = 0;
		for (to = from; to < t->refs && t->ref[to].key == t->ref[from].key; to++)
			if (n < LOOK_AT)
				conn[n++] = t->ref[to].conn;
		if (n < 2 || to - from > LOOK_AT)
			continue;
		qsort(conn, n, sizeof *conn, by_place);
		if (tie_group(t, tie, conn, n) < 0)
			return -1;
	}
	return 0;
}

/* ---- by what is said ---- */

static bool stream_key(const struct leg *l, int d, uint64_t *key)
{
	const struct stream_head *h = &l->opening.head[d];

	if (!h->rungs && !l->closed)
		return false;
	*key = (*key ^ (h->rungs ? h->rung[0] : 0x100000000ull)) * 0x9e3779b97f4a7c15ull;
	return true;
}

/* What two sides of one proxy have in common at least; 0: too little is known of it. */
static uint64_t content_key(const struct leg *l, enum tie tie)
{
	uint64_t key = 1;

	if (!l->as_front.flow || !l->whole)
		return 0;
	if (tie == TIE_REQUEST)
		return l->opening.kind == OPENING_HTTP ? l->opening.digest : 0;
	if (!l->opening.head[C2S].rungs && !l->opening.head[S2C].rungs)
		return 0;
	return stream_key(l, C2S, &key) && stream_key(l, S2C, &key) ? key | 1 : 0;
}

/* Who adds X-Forwarded-For names the client; who passes on what was there before does not change it. */
static bool names_another(const struct leg *x, const struct leg *y)
{
	const struct speaks_for *s = &y->speaks_for;

	return s->addr && s->addr != x->as_front.flow->addr[C2S] && s->addr != x->speaks_for.addr;
}

static bool fits(const struct finder *t, const struct leg *x, const struct leg *y, enum tie tie)
{
	struct resemblance l;
	int64_t eps;

	if (!legs_apart(t->f, x, y, t->ordered) || names_another(x, y))
		return false;
	legs_compare(x, y, &l);
	if (tie == TIE_REQUEST ? !l.request : l.contradicts || !(l.rungs[C2S] || l.tiny[C2S]) || !(l.rungs[S2C] || l.tiny[S2C]))
		return false;
	eps = legs_doubt(t->f, x, y);
	return legs_nested(x, y, eps) && legs_exchange_fits(t->f, x, y) && may_be_two(t, x, y, &l, eps);
}

/* Later than this by the front's clock it cannot have begun. */
static int64_t latest(const struct finder *t, const struct leg *y)
{
	const struct point *q = &t->f->point[y->as_back.flow->point];
	int64_t most = 0;

	for (uint32_t p = 0; p < t->f->points; p++) {
		int64_t doubt = facts_doubt_between(t->f, &t->f->point[p], y->as_back.flow->first_ns, q, y->as_back.flow->first_ns);
		if (doubt != INT64_MAX && doubt > most)
			most = doubt;
	}
	return y->as_back.syn + most + 2000000;
}

/* How many fronts a back may belong to, at most two are counted; *x: the last of them. Each of these has one more back that it may belong to. */
static uint32_t candidates(const struct finder *t, const struct leg *y, enum tie tie, uint32_t *x, uint32_t *backs)
{
	uint64_t key = content_key(y, tie);
	uint32_t n = 0, looked = 0;

	for (uint32_t i = lower(t, key, latest(t, y)); i-- > 0 && t->ref[i].key == key;) {
		const struct ref *r = &t->ref[i];
		if (r->end < y->as_back.syn - legs_doubt(t->f, &t->leg[r->conn], y))
			break;
		if (++looked > LOOK_AT)
			return 2;
		if (tie_known(t->front[r->conn]) || !fits(t, &t->leg[r->conn], y, tie))
			continue;
		n++;
		*x = r->conn;
		backs[r->conn] += backs[r->conn] < 2;
	}
	return n < 2 ? n : 2;
}

static double worth(const struct finder *t, const struct leg *x, const struct leg *y)
{
	const struct leg_times *a = &x->as_front, *b = &y->as_back;
	double rate = t->f->conns / t->span_s, bits = tie_bits(rate, llabs(b->syn - a->syn)), content;
	struct resemblance l;

	for (int d = 0; d < 2; d++)
		if (a->has_said[d] && b->has_said[d])
			bits += tie_bits(rate, llabs(b->said[d] - a->said[d]));
	legs_compare(x, y, &l);
	content = l.contradicts ? 0 : 3 * (l.rungs[C2S] + l.rungs[S2C]);
	return fmin(bits, TIMES_BITS) + fmax(content, l.request ? 10 : 0);
}

/* Whichever belongs to whichever, a device cannot have passed on one as the other: looked at for a few of a class. */
static int class_proven(struct finder *t, enum tie tie, uint32_t from, uint32_t to, const uint8_t *fronts, const uint32_t *backs)
{
	for (uint32_t i = from, looked = 0; i < to && looked < SEVERAL; i++) {
		const struct leg *y = &t->leg[t->ref[i].conn];
		if (!fronts[y->conn] || t->back[y->conn] != TIE_MAYBE)
			continue;
		looked++;
		for (uint32_t k = from; k < to; k++) {
			const struct leg *x = &t->leg[t->ref[k].conn];
			int proven = backs[x->conn] && fits(t, x, y, tie) ? tie_proven(t, x, y) : 1;
			if (proven <= 0)
				return proven;
		}
	}
	return 1;
}

/*
 * Of connections that begin alike, as many on either side, each with somebody that it may belong to: that they belong together is known, although not
 * who to whom.
 */
static int find_classes(struct finder *t, enum tie tie, const uint8_t *fronts, const uint32_t *backs)
{
	for (uint32_t from = 0, to; from < t->refs; from = to) {
		uint32_t front = 0, back = 0;
		for (to = from; to < t->refs && t->ref[to].key == t->ref[from].key; to++) {
			front += backs[t->ref[to].conn] && t->front[t->ref[to].conn] == TIE_MAYBE;
			back += fronts[t->ref[to].conn] && t->back[t->ref[to].conn] == TIE_MAYBE;
		}
		int proven = front == back && front >= SEVERAL ? class_proven(t, tie, from, to, fronts, backs) : 0;
		if (proven < 0)
			return -1;
		for (uint32_t i = from; i < to && proven; i++) {
			uint32_t c = t->ref[i].conn;
			if (backs[c] && t->front[c] == TIE_MAYBE)
				t->front[c] = TIE_CLASS;
			if (fronts[c] && t->back[c] == TIE_MAYBE)
				t->back[c] = TIE_CLASS;
		}
	}
	return 0;
}

/* fronts: of each connection, how many it may be the back of (candidates); x: the last of these; backs: how many it may be the front of. */
static int take_content(struct finder *t, enum tie tie, const uint8_t *fronts, const uint32_t *x, const uint32_t *backs)
{
	for (uint32_t i = 0; i < t->f->conns; i++) {
		double bits = fronts[i] == 1 && backs[x[i]] == 1 ? worth(t, &t->leg[x[i]], &t->leg[i]) : 0;
		if (bits >= TIE_BITS && tie_add(t, x[i], i, tie, bits) < 0)
			return -1;
	}
	for (uint32_t i = 0; i < t->f->conns; i++) {
		if (fronts[i] && !t->back[i])
			t->back[i] = TIE_MAYBE;
		if (backs[i] && !t->front[i])
			t->front[i] = TIE_MAYBE;
	}
	return find_classes(t, tie, fronts, backs);
}

static int by_content(struct finder *t, enum tie tie)
{
	uint32_t *x = malloc((t->f->conns + 1) * sizeof *x), *backs = calloc(t->f->conns + 1, sizeof *backs);
	uint8_t *fronts = calloc(t->f->conns + 1, 1);
	int rc = x && fronts && backs ? 0 : err_set(t->e, "out of memory");

	t->refs = 0;
	for (uint32_t i = 0; rc == 0 && i < t->f->conns; i++)
		if (content_key(&t->leg[i], tie))
			note(t, content_key(&t->leg[i], tie), i);
	tie_sort(t);
	for (uint32_t i = 0; rc == 0 && i < t->f->conns; i++)
		if (content_key(&t->leg[i], tie) && !tie_known(t->back[i]))
			fronts[i] = (uint8_t)candidates(t, &t->leg[i], tie, &x[i], backs);
	if (rc == 0)
		rc = take_content(t, tie, fronts, x, backs);
	free(x);
	free(fronts);
	free(backs);
	return rc;
}

/* ---- one proxy, many ties ---- */

static int by_pair(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->front != y->front)
		return x->front < y->front ? -1 : 1;
	return (x->back > y->back) - (x->back < y->back);
}

static const struct leg_times *end_of(const struct leg *l, int d)
{
	return d == S2C ? &l->as_front : &l->as_back;
}

uint64_t tie_service_key(const struct flow *w, int d)
{
	uint64_t key = tuple_key(w->addr[S2C], w->port[S2C]);

	return d == S2C ? key : key * 0x9e3779b97f4a7c15ull ^ (uint64_t)w->addr[C2S];
}

/* Sort connections by their service; ref.t: 1 of those whose end is known to be a proxy. */
static void sort_by_service(struct finder *t, int d)
{
	const uint8_t *tie = d == S2C ? t->front : t->back;

	t->refs = 0;
	for (uint32_t i = 0; i < t->f->conns; i++)
		if (t->leg[i].as_front.flow)
			t->ref[t->refs++] = (struct ref){ tie_service_key(end_of(&t->leg[i], d)->flow, d), tie_known(tie[i]), 0, i };
	qsort(t->ref, t->refs, sizeof *t->ref, by_key);
}

/* Ties by content at one service bear each other out. */
static void confirm(struct finder *t)
{
	memset(t->mark, 0, t->f->conns);
	sort_by_service(t, S2C);
	for (uint32_t from = 0, to; from < t->refs; from = to) {
		uint32_t n = 0;
		for (to = from; to < t->refs && t->ref[to].key == t->ref[from].key; to++)
			n += t->ref[to].t != 0;
		for (uint32_t i = from; i < to; i++)
			t->mark[t->ref[i].conn] = n >= SEVERAL;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		struct found *x = &t->found[i];
		if ((x->tie == TIE_STREAMS || x->tie == TIE_REQUEST) && x->bits >= SURE_BITS && t->mark[x->front])
			x->confidence = CERTAIN;
	}
}

static int finder_open(struct finder *t, const struct facts *f, struct db *db, bool ordered, struct err *e)
{
	size_t n = f->conns ? f->conns : 1;
	int64_t first = INT64_MAX, last = INT64_MIN;

	*t = (struct finder){ .f = f, .db = db, .ordered = ordered, .e = e };
	conn_init(&t->packets, f);
	if (legs_read(f, &t->leg, e) < 0)
		return -1;
	t->front = calloc(n, 1);
	t->back = calloc(n, 1);
	t->mark = calloc(n, 1);
	t->ref = malloc(n * sizeof *t->ref);
	t->onset = malloc(2 * sizeof *t->onset);
	if (!t->front || !t->back || !t->mark || !t->ref || !t->onset)
		return err_set(e, "out of memory");
	if (db && loader_open(&t->loader, db, e) < 0)
		return -1;
	for (uint32_t i = 0; i < f->conns; i++) {
		const struct leg *l = &t->leg[i];
		if (!l->as_front.flow)
			continue;
		first = l->as_front.syn < first ? l->as_front.syn : first;
		last = l->as_front.end > last ? l->as_front.end : last;
		if (ordered) {
			t->front[i] = f->conn[i].proxy[S2C].tie;
			t->back[i] = f->conn[i].proxy[C2S].tie;
		}
	}
	t->span_s = last > first ? fmax((double)(last - first) * 1e-9, 0.001) : 0.001;
	return 0;
}

static void finder_close(struct finder *t)
{
	free(t->leg);
	free(t->found);
	free(t->front);
	free(t->back);
	free(t->mark);
	free(t->ref);
	free(t->onset);
	loader_close(&t->loader);
	conn_free(&t->packets);
}

/* ---- before the clocks are known ---- */

/* What two sides of one proxy have in common if they are no others' as well: more than the first words. */
static uint64_t rare_key(const struct leg *l)
{
	const struct stream_head *c = &l->opening.head[C2S], *s = &l->opening.head[S2C];

	if (!l->as_front.flow || !l->whole || c->rungs < 2 || s->rungs < 2)
		return 0;
	return ((uint64_t)c->rung[1] << 32 | s->rung[1]) | 1;
}

/*
 * Streams that only two connections have: whatever the clocks say, if one exchange is longer than the other and each host has its own timestamp clock.
 * Chance may have it once, so it takes several.
 */
static int by_rarity(struct finder *t)
{
	uint32_t conn[2], before = t->n;

	t->refs = 0;
	for (uint32_t i = 0; i < t->f->conns; i++)
		if (rare_key(&t->leg[i]))
			note(t, rare_key(&t->leg[i]), i);
	tie_sort(t);
	for (uint32_t from = 0, to; from < t->refs; from = to) {
		for (to = from; to < t->refs && t->ref[to].key == t->ref[from].key; to++)
			;
		if (to - from != 2)
			continue;
		conn[0] = t->ref[from].conn;
		conn[1] = t->ref[from + 1].conn;
		if (tie_group(t, TIE_STREAMS, conn, 2) < 0)
			return -1;
	}
	if (t->n - before >= SEVERAL)
		return 0;
	for (; t->n > before; t->n--)
		t->front[t->found[t->n - 1].front] = t->back[t->found[t->n - 1].back] = TIE_NONE;
	return 0;
}

static int find_content(struct finder *t)
{
	if (by_name(t) < 0 || by_id(t, TIE_UNIQUE_ID) < 0 || by_id(t, TIE_TLS) < 0)
		return -1;
	if (!t->ordered && by_rarity(t) < 0)
		return -1;
	return by_content(t, TIE_STREAMS) < 0 || by_content(t, TIE_REQUEST) < 0 ? -1 : 0;
}

int tie_by_content(const struct facts *f, struct db *db, struct tied **ties, uint32_t *n, struct err *e)
{
	struct finder t;
	int rc = -1;

	*ties = NULL;
	*n = 0;
	if (f->points < 2)
		return 0;
	if (finder_open(&t, f, db, false, e) < 0 || find_content(&t) < 0 || tie_prove(&t) < 0)
		goto out;
	confirm(&t);
	if (t.n)
		qsort(t.found, t.n, sizeof *t.found, by_pair);
	*ties = malloc((t.n ? t.n : 1) * sizeof **ties);
	if (!*ties) {
		err_set(e, "out of memory");
		goto out;
	}
	for (uint32_t i = 0; i < t.n; i++)
		if (t.found[i].confidence == CERTAIN)
			(*ties)[(*n)++] = (struct tied){ t.found[i].front, t.found[i].back, t.found[i].tie, CERTAIN };
	rc = 0;
out:
	finder_close(&t);
	return rc;
}

/* ---- into the facts ---- */

static void set_end(struct facts *f, uint32_t conn, int d, uint8_t tie, uint8_t confidence, uint8_t point, uint32_t peer)
{
	struct proxy_end *p = &f->conn[conn].proxy[d];

	if (p->tie == TIE_NONE)
		*p = (struct proxy_end){ tie, confidence, point, 0, peer };
	p->peers += peer != UINT32_MAX;
}

/* Where does the proxy stand that the ties of a service show? Nearest to it that any of them was seen. */
static uint32_t place_of(const struct finder *t, uint32_t from, uint32_t to, int d)
{
	uint32_t point = UINT32_MAX;

	for (uint32_t i = from; i < to; i++) {
		const struct leg *l = &t->leg[t->ref[i].conn];
		uint32_t p = d == S2C ? l->last : l->first;
		if (t->ref[i].t && (point == UINT32_MAX || (d == S2C ? p > point : p < point)))
			point = p;
	}
	return point;
}

/* A connection that nobody tied, of a service that the proxy has: it is the proxy's as well, unless something of it was seen on the other side. */
static void set_untied(struct finder *t, struct facts *f, const struct ref *r, int d, uint8_t point)
{
	const struct leg *l = &t->leg[r->conn];
	uint8_t tie = d == S2C ? t->front[r->conn] : t->back[r->conn];

	if (d == S2C ? l->last <= point : l->first >= point)
		set_end(f, r->conn, d, tie == TIE_CLASS ? TIE_CLASS : TIE_PLACE, LIKELY, point, UINT32_MAX);
}

/* Ends of one direction: those that are tied, and with them those of the same service. */
static void set_ends(struct finder *t, struct facts *f, int d)
{
	memset(t->mark, 0xff, f->conns);
	sort_by_service(t, d);
	for (uint32_t from = 0, to; from < t->refs; from = to) {
		for (to = from; to < t->refs && t->ref[to].key == t->ref[from].key; to++)
			;
		uint32_t point = place_of(t, from, to, d);
		for (uint32_t i = from; i < to && point != UINT32_MAX; i++)
			t->mark[t->ref[i].conn] = (uint8_t)point;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		const struct found *x = &t->found[i];
		uint32_t conn = d == S2C ? x->front : x->back, point = t->mark[conn];
		/* A proxy with the same name in another place. */
		if (d == S2C ? point > t->leg[x->back].first : point < t->leg[x->front].last)
			point = d == S2C ? t->leg[conn].last : t->leg[conn].first;
		set_end(f, conn, d, x->tie, x->confidence, (uint8_t)point, d == S2C ? x->back : x->front);
	}
	for (uint32_t i = 0; i < t->refs; i++)
		if (t->mark[t->ref[i].conn] != 0xff && f->conn[t->ref[i].conn].proxy[d].tie == TIE_NONE)
			set_untied(t, f, &t->ref[i], d, t->mark[t->ref[i].conn]);
}

static int note_tied(struct facts *f, struct tied tied, struct err *e)
{
	if (f->ties == f->tied_room) {
		uint32_t room = f->tied_room ? f->tied_room * 2 : 64;
		struct tied *p = realloc(f->tied, room * sizeof *p);
		if (!p)
			return err_set(e, "out of memory");
		f->tied = p;
		f->tied_room = room;
	}
	f->tied[f->ties++] = tied;
	return 0;
}

static int by_front(const void *a, const void *b)
{
	const struct tied *x = a, *y = b;

	if (x->front != y->front)
		return x->front < y->front ? -1 : 1;
	return (x->back > y->back) - (x->back < y->back);
}

/* With those that are known already. */
static int note_all(const struct finder *t, struct facts *f)
{
	for (uint32_t i = 0; i < f->conns; i++) {
		const struct proxy_end *p = &f->conn[i].proxy[S2C];
		if (p->tie == TIE_F5 && p->peer != UINT32_MAX && note_tied(f, (struct tied){ i, p->peer, TIE_F5, p->confidence }, t->e) < 0)
			return -1;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		const struct found *x = &t->found[i];
		if (note_tied(f, (struct tied){ x->front, x->back, x->tie, x->confidence }, t->e) < 0)
			return -1;
	}
	return 0;
}

int tie_find(struct facts *f, struct db *db, struct err *e)
{
	struct finder t;
	int rc = -1;

	if (f->points < 2)
		return 0;
	if (finder_open(&t, f, db, true, e) < 0 || find_content(&t) < 0 || tie_times(&t) < 0 || tie_prove(&t) < 0)
		goto out;
	confirm(&t);
	if (t.n)
		qsort(t.found, t.n, sizeof *t.found, by_pair);
	for (int d = 0; d < 2; d++)
		set_ends(&t, f, d);
	if (note_all(&t, f) < 0)
		goto out;
	if (f->ties)
		qsort(f->tied, f->ties, sizeof *f->tied, by_front);
	rc = 0;
out:
	finder_close(&t);
	return rc;
}
