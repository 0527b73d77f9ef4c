#include "correlate/sample.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/copies.h"
#include "correlate/grain.h"
#include "correlate/load.h"
#include "correlate/match.h"
#include "correlate/orient.h"
#include "correlate/path.h"
#include "correlate/quantile.h"
#include "correlate/sample_pairs.h"

#define PACKETS 100000          /* that are read at most */
#define FIELD_PACKETS 25000     /* ... and again, for what hops do to fields: counts, that a fourth tells as well */
#define PACKETS_OF_ONE 20000    /* of a larger connection only the beginning is read */
#define EXCHANGE_NS 1000000000  /* a packet there and one back belong together within this */
#define HOP_NS 100000000        /* hardly any hop takes longer: time stamps that are farther apart are those of two clocks */
#define DRIFT(ns) ((ns) / 1000) /* two clocks, each as wrong as NTP can still mend (RFC 5905 MAXFREQ, 500 ppm), part by so much */

struct sampler {
	struct facts *f;
	struct loader loader;
	struct conn conn;
	struct sample_pairs pairs;
	struct orient orient;
	int32_t *votes;                 /* scratch: of a connection, by pairs of points */
	size_t *last;                   /* scratch: the last pair of these, + 1 */
	struct copies seen[POINTS_MAX]; /* into the facts when the sample is through */
	struct grain grain[POINTS_MAX];
	uint32_t all;                   /* points, with those that are put aside */
	struct err *e;
};

static void learn_fields(struct sampler *s, uint32_t x)
{
	const struct conn *c = &s->conn;
	const uint32_t *sight = conn_sight(c, x);

	for (uint32_t i = 0; i + 1 < s->f->points; i++) {
		struct hop_stats *h = &s->f->point[i].hop[conn_along(c, c->tx[x].dir)];
		if (sight[i] == NOTHING || sight[i + 1] == NOTHING)
			continue;
		const struct pkt *p = &c->pkt[sight[i]], *q = &c->pkt[sight[i + 1]];
		if (p->ip_id || q->ip_id) {
			h->keeps_ip_id += p->ip_id == q->ip_id;
			h->changes_ip_id += p->ip_id != q->ip_id;
		}
		if (p->tos & 3) {
			h->keeps_ecn += (q->tos & 3) != 0;
			h->changes_ecn += (q->tos & 3) == 0;
		}
		if (p->flags & SEG_TS) {
			bool moved = c->stamp_shift[i][p->dir] != c->stamp_shift[i + 1][p->dir];
			h->keeps_ts += q->flags & SEG_TS && p->tsval == q->tsval && !moved;
			h->changes_ts += !(q->flags & SEG_TS) || p->tsval != q->tsval || moved;
		}
	}
}

static int read_conn(struct sampler *s, uint32_t index)
{
	return loader_read(&s->loader, &s->conn, index, s->e) < 0 || match_packets(&s->conn, s->e) < 0 ? -1 : 0;
}

struct chosen {
	uint64_t key;
	uint32_t conn;
	uint64_t packets;
	int64_t first_ns;       /* at the first point, by its clock: what follows each other lies together */
};

static int by_key(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	return x->key != y->key ? (x->key < y->key ? -1 : 1) : (x->conn > y->conn) - (x->conn < y->conn);
}

static int by_time(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	return x->first_ns != y->first_ns ? (x->first_ns < y->first_ns ? -1 : 1) : by_key(a, b);
}

/* Read in another order, each connection would be in another page of the case. The first ones stay the first: they are read again. */
static void put_in_order(struct chosen *list, uint32_t n)
{
	uint64_t packets = 0;
	uint32_t first = 0;

	while (first < n && packets < FIELD_PACKETS)
		packets += list[first++].packets;
	qsort(list, first, sizeof *list, by_time);
	qsort(list + first, n - first, sizeof *list, by_time);
}

/*
 * Which connections: those seen at several points first, in an order that a hash of their initial sequence numbers gives - spread over time, the same
 * for any order of import - until enough packets are together.
 */
static int choose(const struct facts *f, struct chosen **list, uint32_t *n, struct err *e)
{
	struct chosen *c = malloc((f->conns ? f->conns : 1) * sizeof *c);
	uint64_t packets = 0;
	uint32_t k = 0;

	if (!c)
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < f->conns; i++) {
		const struct flow *w = &f->flow[f->conn[i].flow];
		uint64_t sum = 0;
		for (uint32_t j = 0; j < f->conn[i].flows; j++)
			sum += w[j].packets;
		/* Then large ones (of which only the beginning is read), last those seen at one point only: they tell of copies, of nothing else. */
		bool large = sum > PACKETS_OF_ONE;
		uint64_t key = (w->isn[0] ^ w->seq_min[0] ^ w->port[0] * 40503u) * 0x9e3779b97f4a7c15ull;
		uint64_t last = f->conn[i].flows > 1 ? large : 2;
		c[k++] = (struct chosen){ key >> 2 | last << 62, i, large ? PACKETS_OF_ONE : sum, w->first_ns };
	}
	qsort(c, k, sizeof *c, by_key);
	for (*n = 0; *n < k && packets < PACKETS; (*n)++)
		packets += c[*n].packets;
	put_in_order(c, *n);
	*list = c;
	return 0;
}

/* ---- path ---- */

static int64_t resolution_of(const struct sampler *s, size_t point)
{
	return grain_resolution(&s->grain[point], s->f->point[point].resolution_ns);
}

/* Coarse stamps are early as often as late: sums of both ways are right all the same when there are many of them, single ones are not. */
static void vote_round_trips(const struct clock_pair *pair, size_t n, int64_t resolution, int64_t coarse, struct path_pair *p)
{
	for (size_t k = 0; k < n; k++) {
		const struct clock_pair *x = &pair[k];
		/* What went later than it came at j by j's clock is the same as went earlier: only the sum of both ways is free of the clocks. */
		if (llabs(x->d) > coarse && llabs(x->d) < HOP_NS) {     /* as one clock could show it */
			p->seen_before += (x->d > 0) == x->c2s;
			p->seen_behind += (x->d > 0) != x->c2s;
		}
		if (k == 0 || x[-1].c2s == x->c2s || x->x - x[-1].x > EXCHANGE_NS)
			continue;
		int64_t there = x->c2s ? x->d : x[-1].d, back = x->c2s ? x[-1].d : x->d, blur = resolution + DRIFT(x->x - x[-1].x);
		p->wider += there - back > blur;
		p->narrower += back - there > blur;
	}
}

static void vote_ttl(const struct facts *f, struct path_pair *pair)
{
	for (uint32_t i = 0; i < f->conns; i++)
		for (uint32_t a = 0; a < f->conn[i].flows; a++)
			for (uint32_t b = 0; b < f->conn[i].flows; b++) {
				const struct flow *x = &f->flow[f->conn[i].flow + a], *y = &f->flow[f->conn[i].flow + b];
				struct path_pair *p = &pair[x->point * f->points + y->point];
				if (x->point >= y->point)
					continue;
				for (int d = 0; d < 2; d++) {
					bool along = (d == C2S) != f->conn[i].reversed;
					if (!x->ttl[d] || !y->ttl[d] || x->ttl[d] == y->ttl[d])
						continue;
					p->ttl_before += (x->ttl[d] > y->ttl[d]) == along;
					p->ttl_behind += (x->ttl[d] > y->ttl[d]) != along;
				}
			}
}

static int find_path(struct sampler *s)
{
	struct facts *f = s->f;
	uint32_t n = f->points;
	struct path_pair *pair = calloc((size_t)n * n + 1, sizeof *pair);
	int rc;

	if (!pair)
		return err_set(s->e, "out of memory");
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = i + 1; j < n; j++) {
			int64_t resolution = f->point[i].resolution_ns + f->point[j].resolution_ns, coarse = resolution_of(s, i) + resolution_of(s, j);
			const struct clock_pairs *kind[] = { &s->pairs.packets, &s->pairs.proxied };
			for (int k = 0; k < 2; k++) {
				size_t of;
				const struct clock_pair *v = clock_pairs_of(kind[k], i * n + j, &of);
				vote_round_trips(v, of, resolution, coarse, &pair[i * n + j]);
			}
		}
	vote_ttl(f, pair);
	rc = path_infer(f, pair, s->e);
	free(pair);
	return rc;
}

/* ---- delays ---- */

static void find_delay(const struct sampler *s, uint32_t i, int d, int64_t *v)
{
	const struct point *near = &s->f->point[i], *far = near + 1;
	struct hop_stats *h = &s->f->point[i].hop[d];
	size_t pairs, n = 0;
	const struct clock_pair *p = clock_pairs_of(&s->pairs.packets, i * s->all + i + 1, &pairs);

	for (size_t k = 0; k < pairs; k++)
		if (p[k].c2s == (d == C2S)) {
			int64_t gap = facts_align(far, p[k].x + p[k].d) - facts_align(near, p[k].x);
			v[n++] = d == C2S ? gap : -gap;
		}
	h->jitter_ns = 10000;
	if (n == 0)
		return;
	quantile_sort(v, n);
	h->delay_ns = v[quantile_rank(n, 500)];
	for (size_t k = 0; k < n; k++)
		v[k] = v[k] > h->delay_ns ? v[k] - h->delay_ns : h->delay_ns - v[k];
	quantile_sort(v, n);
	h->jitter_ns = v[quantile_rank(n, 500)] > 10000 ? v[quantile_rank(n, 500)] : 10000;
}

static int find_delays(const struct sampler *s)
{
	int64_t *v = malloc((s->pairs.packets.n + 1) * sizeof *v);

	if (!v)
		return err_set(s->e, "out of memory");
	for (uint32_t i = 0; i + 1 < s->f->points; i++)
		for (int d = 0; d < 2; d++)
			find_delay(s, i, d, v);
	free(v);
	return 0;
}

static int lay_path(struct sampler *s)
{
	struct facts *f = s->f;
	int64_t id[POINTS_MAX];
	uint32_t to[POINTS_MAX] = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < s->all; i++)
		id[i] = f->point[i].id;
	clock_pairs_sort(&s->pairs.packets);
	clock_pairs_sort(&s->pairs.proxied);
	if (!f->path_given)
		rc = find_path(s);
	for (uint32_t i = 0; i < s->all; i++)
		for (uint32_t k = 0; k < s->all; k++)
			if (f->point[k].id == id[i])
				to[i] = k;
	for (uint32_t i = 0; i < s->all; i++) {
		struct point *p = &f->point[to[i]];
		p->resolution_ns = grain_resolution(&s->grain[i], p->resolution_ns);
	}
	sample_pairs_turn(&s->pairs, to);
	path_leave(f);
	return rc;
}

static void turn_directions(struct clock_pairs *p, size_t from)
{
	for (size_t k = from; k < p->n; k++)
		p->v[k].c2s = !p->v[k].c2s;
}

/*
 * Which way round does a connection run? What went there and came back is longer on the way at the point that is nearer to the client, whatever the
 * clocks: of pairs `from` on, which are its own.
 */
static void orient(struct sampler *s, uint32_t conn, size_t from)
{
	size_t n = (size_t)s->all * s->all;

	memset(s->votes, 0, n * sizeof *s->votes);
	memset(s->last, 0, n * sizeof *s->last);
	for (size_t k = from; k < s->pairs.packets.n; k++) {
		const struct clock_pair *x = &s->pairs.packets.v[k], *before = s->last[x->at] ? &s->pairs.packets.v[s->last[x->at] - 1] : NULL;
		int64_t resolution = resolution_of(s, x->at / s->all) + resolution_of(s, x->at % s->all);
		s->last[x->at] = k + 1;
		if (!before || before->c2s == x->c2s || llabs(x->x - before->x) > EXCHANGE_NS)
			continue;
		int64_t more = x->c2s ? x->d - before->d : before->d - x->d, blur = resolution + DRIFT(llabs(x->x - before->x));
		s->votes[x->at] += (more > blur) - (more < -blur);
	}
	orient_vote(&s->orient, conn, s->votes);
	if (s->f->conn[conn].reversed)
		turn_directions(&s->pairs.packets, from);
}

static int learn_all_fields(struct sampler *s, const struct chosen *list, uint32_t n)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < n && packets < FIELD_PACKETS; i++) {
		if (read_conn(s, list[i].conn) < 0)
			return -1;
		for (uint32_t x = 0; x < s->conn.txs; x++)
			if (tx_timed(&s->conn.tx[x]))
				learn_fields(s, x);
		packets += list[i].packets;
	}
	return 0;
}

static int gather(struct sampler *s)
{
	struct chosen *list = NULL;
	uint32_t n = 0;
	int rc = choose(s->f, &list, &n, s->e);

	for (uint32_t i = 0; i < n; i++)
		sample_pairs_expect(&s->pairs, s->f, &s->f->conn[list[i].conn], PACKETS_OF_ONE / 2);
	for (uint32_t i = 0; rc == 0 && i < n && s->pairs.packets.n < s->pairs.packets.room; i++) {
		size_t from = s->pairs.packets.n;
		if ((rc = read_conn(s, list[i].conn)) < 0)
			break;
		sample_pairs_add(&s->pairs, &s->conn);
		grains_count(&s->conn, s->all, s->grain);
		copies_count(&s->conn, s->seen);
		orient(s, list[i].conn, from);
	}
	if (rc == 0 && orient_turn(&s->orient))
		turn_directions(&s->pairs.packets, 0);
	orient_rest(&s->orient);
	if (s->orient.nomem)
		rc = err_set(s->e, "out of memory");
	for (uint32_t i = 0; i < s->all; i++) {
		s->f->point[i].telling = s->seen[i].telling;
		s->f->point[i].twice = s->seen[i].twice;
		s->f->point[i].forwarded = s->seen[i].forwarded;
	}
	if (rc == 0)
		rc = sample_pairs_proxied(&s->pairs, s->f, s->loader.db, s->e);
	if (rc == 0)
		rc = lay_path(s);
	if (rc == 0 && (rc = clocks_find(s->f, &s->pairs.packets, &s->pairs.proxied, &s->pairs.answers, s->e)) == 0)
		rc = find_delays(s);
	/* Only now is it known which points are neighbours. */
	if (rc == 0)
		rc = learn_all_fields(s, list, n);
	free(list);
	return rc;
}

int sample_run(struct facts *f, struct db *db, struct err *e)
{
	struct sampler *s = calloc(1, sizeof *s);
	size_t n = (size_t)f->points * f->points;
	int rc = -1;

	if (!s)
		return err_set(e, "out of memory");
	s->f = f;
	s->all = f->points;
	s->e = e;
	conn_init(&s->conn, f);
	s->votes = malloc(n * sizeof *s->votes);
	s->last = malloc(n * sizeof *s->last);
	if (!s->votes || !s->last)
		err_set(e, "out of memory");
	else if (sample_pairs_open(&s->pairs, s->all, e) == 0 && orient_open(&s->orient, f, e) == 0 && loader_open(&s->loader, db, e) == 0) {
		s->loader.limit = PACKETS_OF_ONE / 2;
		rc = gather(s);
	}
	loader_close(&s->loader);
	conn_free(&s->conn);
	orient_close(&s->orient);
	sample_pairs_close(&s->pairs);
	free(s->votes);
	free(s->last);
	free(s);
	return rc;
}
