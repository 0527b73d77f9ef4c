#include "correlate/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/copies.h"
#include "correlate/load.h"
#include "correlate/match.h"
#include "correlate/orient.h"
#include "correlate/path.h"
#include "correlate/tie.h"

#define POINTS_OF_CLOCK 400000  /* that are kept in all: 40 MB */
#define PACKETS 200000          /* that are read at most */
#define PACKETS_OF_ONE 20000    /* of a larger connection only the beginning is read */
#define EXCHANGE_NS 1000000000  /* a packet there and one back belong together within this */

/* A packet that two points recorded. */
struct pair {
	uint64_t at;            /* i * points + j, i < j */
	int64_t x, d;           /* time at i, time at j minus time at i */
	bool c2s;               /* along the path */
	bool proxied;           /* not one packet, but what a proxy made of it: it only bounds the clocks, and takes no time that a packet would */
};

struct sampler {
	struct facts *f;
	struct loader loader;
	struct conn conn;
	struct pair *pair;
	size_t pairs;
	struct orient orient;
	int32_t *votes;                 /* scratch: of a connection, by pairs of points */
	size_t *last;                   /* scratch: the last pair of these, + 1 */
	struct copies seen[POINTS_MAX]; /* into the facts when the sample is through */
	uint32_t all;                   /* points, with those that are put aside */
	struct err *e;
};

static void add_pairs(struct sampler *s, uint32_t x)
{
	const struct conn *c = &s->conn;
	uint32_t n = s->all, *sight = conn_sight(c, x);

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = i + 1; j < n && s->pairs < POINTS_OF_CLOCK; j++)
			if (sight[i] != NOTHING && sight[j] != NOTHING) {
				const struct pkt *p = &c->pkt[sight[i]], *q = &c->pkt[sight[j]];
				s->pair[s->pairs++] = (struct pair){ i * n + j, p->t_raw, q->t_raw - p->t_raw, c->tx[x].dir == C2S, false };
			}
}

/*
 * What went in to a full proxy came out of it later: its SYN after the client's, the request after it was asked for, the answer to the client after the
 * server's. These are bounds like those of packets, only wider, and tell the order of the points as well (ALGORITHMS 3.8).
 */
static void add_tied(struct sampler *s, const struct flow *x, const struct flow *y)
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

	for (size_t k = 0; k < sizeof list / sizeof *list && s->pairs < POINTS_OF_CLOCK && x->point != y->point; k++) {
		const struct moment *m = &list[k];
		if (!m->known)
			continue;
		s->pair[s->pairs++] = x->point < y->point ? (struct pair){ (uint64_t)x->point * s->all + y->point, m->x, m->y - m->x, m->c2s, true }
		    : (struct pair){ (uint64_t)y->point * s->all + x->point, m->y, m->x - m->y, m->c2s, true };
	}
}

static int add_proxied(struct sampler *s)
{
	const struct facts *f = s->f;
	struct tied *tied;
	uint32_t n;

	if (tie_by_content(f, s->loader.db, &tied, &n, s->e) < 0)
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
		if (p->flags & SEG_TS) {
			bool moved = c->stamp_shift[i][p->dir] != c->stamp_shift[i + 1][p->dir];
			h->keeps_ts += q->flags & SEG_TS && p->tsval == q->tsval && !moved;
			h->changes_ts += !(q->flags & SEG_TS) || p->tsval != q->tsval || moved;
		}
	}
}

static int read_conn(struct sampler *s, uint32_t index, void (*take)(struct sampler *s, uint32_t x))
{
	if (loader_read(&s->loader, &s->conn, index, s->e) < 0 || match_packets(&s->conn, s->e) < 0)
		return -1;
	for (uint32_t x = 0; x < s->conn.txs; x++)
		if (s->conn.tx[x].single && s->conn.tx[x].what != WHAT_ICMP)
			take(s, x);
	return 0;
}

struct chosen {
	uint64_t key;
	uint32_t conn;
	uint64_t packets;
};

static int by_key(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	return x->key != y->key ? (x->key < y->key ? -1 : 1) : (x->conn > y->conn) - (x->conn < y->conn);
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
		c[k++] = (struct chosen){ key >> 2 | last << 62, i, large ? PACKETS_OF_ONE : sum };
	}
	qsort(c, k, sizeof *c, by_key);
	for (*n = 0; *n < k && packets < PACKETS; (*n)++)
		packets += c[*n].packets;
	*list = c;
	return 0;
}

static int by_pair(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	if (x->d != y->d)
		return x->d < y->d ? -1 : 1;
	return x->c2s != y->c2s ? x->c2s - y->c2s : x->proxied - y->proxied;
}

/* ---- path ---- */

static void vote_round_trips(const struct sampler *s, size_t from, size_t to, int64_t resolution, struct path_pair *p)
{
	for (size_t k = from; k < to; k++) {
		const struct pair *x = &s->pair[k];
		/* What went later than it came at j by j's clock is the same as went earlier: only the sum of both ways is free of the clocks. */
		p->seen_before += (x->d > 0) == x->c2s && x->d != 0;
		p->seen_behind += (x->d > 0) != x->c2s && x->d != 0;
		if (k == from || x[-1].c2s == x->c2s || x->x - x[-1].x > EXCHANGE_NS)
			continue;
		int64_t there = x->c2s ? x->d : x[-1].d, back = x->c2s ? x[-1].d : x->d;
		p->wider += there - back > resolution;
		p->narrower += back - there > resolution;
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
	for (size_t from = 0, to; from < s->pairs; from = to) {
		uint32_t i = (uint32_t)(s->pair[from].at / n), j = (uint32_t)(s->pair[from].at % n);
		for (to = from; to < s->pairs && s->pair[to].at == s->pair[from].at; to++)
			;
		vote_round_trips(s, from, to, f->point[i].resolution_ns + f->point[j].resolution_ns, &pair[i * n + j]);
	}
	vote_ttl(f, pair);
	rc = path_infer(f, pair, s->e);
	free(pair);
	return rc;
}

/* ---- clocks ---- */

static void no_clock(struct point *p, enum clock_state state)
{
	p->pieces = 1;
	memset(&p->piece[0], 0, sizeof p->piece[0]);
	p->piece[0].from_ns = INT64_MIN;
	p->piece[0].to_ns = INT64_MAX;
	p->piece[0].state = state;
	p->piece[0].has_low = p->piece[0].has_high = state == CLOCK_SAME;
}

/* A fit says what B's clock is ahead at times of A's clock; here it is needed at times of B's. */
static void take_pieces(struct point *p, const struct clock_piece *fit, int n)
{
	p->pieces = 0;
	for (int i = 0; i < n; i++) {
		const struct clock_piece *c = &fit[i];
		struct clock_map *m = &p->piece[p->pieces];
		double k = 1 + c->skew_ppm * 1e-6;
		m->from_ns = p->pieces == 0 ? INT64_MIN : m[-1].to_ns;
		m->origin_ns = c->origin_ns + c->offset_ns;
		m->to_ns = i == n - 1 ? INT64_MAX : c->to_ns + c->offset_ns + llround((double)(c->to_ns - c->origin_ns) * c->skew_ppm * 1e-6);
		/* A clock that was set back shows some times twice: they count for the earlier piece. */
		if (m->to_ns <= m->from_ns)
			continue;
		m->offset_ns = c->offset_ns;
		m->skew = c->skew_ppm * 1e-6 / k;
		m->skew_low = c->skew_low_ppm * 1e-6;
		m->skew_high = c->skew_high_ppm * 1e-6;
		m->has_low = c->has_low;
		m->has_high = c->has_high;
		m->low_ns = c->low_ns;
		m->high_ns = c->high_ns;
		m->slack_ns = c->slack_ns;
		m->pairs = c->upper + c->lower;
		m->state = c->state;
		p->pieces++;
	}
}

/* Points of the pair (i, j), as the clock of j against that of i: of packets, or of what a proxy made of them. */
static int fit_pair(struct sampler *s, uint32_t i, uint32_t j, bool proxied, struct clock_piece *fit)
{
	uint64_t at = i * s->all + j;
	struct clock_point *p = malloc((s->pairs ? s->pairs : 1) * sizeof *p);
	size_t n = 0;
	int64_t ri = s->f->point[i].resolution_ns, rj = s->f->point[j].resolution_ns;
	int pieces;

	if (!p)
		return err_set(s->e, "out of memory");
	for (size_t k = 0; k < s->pairs; k++)
		if (s->pair[k].at == at && s->pair[k].proxied == proxied)
			p[n++] = (struct clock_point){ .x_ns = s->pair[k].x, .d_ns = s->pair[k].d, .upper = s->pair[k].c2s };
	pieces = clock_fit(p, n, ri > rj ? ri : rj, fit, PIECES_MAX);
	free(p);
	return pieces < 0 ? err_set(s->e, "out of memory") : pieces;
}

/* Through a point between: bounds add up. Good enough where no packet was seen at both ends. */
static void chain(struct point *p, const struct point *by)
{
	for (uint32_t i = 0; i < p->pieces; i++) {
		struct clock_map *m = &p->piece[i];
		int64_t there = m->origin_ns - m->offset_ns, back = facts_align(by, there), unsure = facts_doubt(by, there);
		m->offset_ns += there - back;
		m->low_ns += there - back - (unsure == INT64_MAX ? 0 : unsure);
		m->high_ns += there - back + (unsure == INT64_MAX ? 0 : unsure);
		m->slack_ns += by->piece[0].slack_ns;
		m->has_low &= unsure != INT64_MAX;
		m->has_high &= unsure != INT64_MAX;
	}
}

/* Points that were taken from the same captures have one clock, and no packet needs to show it. */
static bool same_clock(struct facts *f, uint32_t j)
{
	for (uint32_t i = 0; i < j; i++) {
		if (f->point[i].clock != f->point[j].clock)
			continue;
		memcpy(f->point[j].piece, f->point[i].piece, sizeof f->point[i].piece);
		f->point[j].pieces = f->point[i].pieces;
		return true;
	}
	return false;
}

/* The clock of point j: against the first point directly, or through the nearest point before that has packets in common. 1: found, 0: not. */
static int find_clock(struct sampler *s, uint32_t j, bool proxied, struct clock_piece *fit)
{
	struct facts *f = s->f;

	for (uint32_t k = 0; k < j; k++) {
		uint32_t i = k == 0 ? 0 : j - k;
		int n = fit_pair(s, i, j, proxied, fit);
		if (n < 0)
			return -1;
		if (fit[0].state == CLOCK_NONE)
			continue;
		take_pieces(&f->point[j], fit, n);
		if (i > 0)
			chain(&f->point[j], &f->point[i]);
		return 1;
	}
	return 0;
}

/* Where a proxy lies between, and nothing else is known, it bounds the clocks. */
static int find_clocks(struct sampler *s)
{
	struct facts *f = s->f;
	struct clock_piece *fit = malloc(PIECES_MAX * sizeof *fit);
	int rc = 0;

	if (!fit)
		return err_set(s->e, "out of memory");
	for (uint32_t j = 0; rc >= 0 && j < s->all; j++) {
		no_clock(&f->point[j], j == 0 ? CLOCK_SAME : CLOCK_NONE);
		if (same_clock(f, j))
			continue;
		if ((rc = find_clock(s, j, false, fit)) == 0)
			rc = find_clock(s, j, true, fit);
	}
	free(fit);
	return rc < 0 ? -1 : 0;
}

/* ---- delays ---- */

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int find_delays(struct sampler *s)
{
	struct facts *f = s->f;
	int64_t *v = malloc((s->pairs ? s->pairs : 1) * sizeof *v);

	if (!v)
		return err_set(s->e, "out of memory");
	for (uint32_t i = 0; i + 1 < f->points; i++)
		for (int d = 0; d < 2; d++) {
			struct hop_stats *h = &f->point[i].hop[d];
			size_t n = 0;
			for (size_t k = 0; k < s->pairs; k++) {
				const struct pair *p = &s->pair[k];
				if (p->at != i * s->all + i + 1 || p->c2s != (d == C2S) || p->proxied)
					continue;
				int64_t gap = facts_align(&f->point[i + 1], p->x + p->d) - facts_align(&f->point[i], p->x);
				v[n++] = d == C2S ? gap : -gap;
			}
			h->jitter_ns = 10000;
			if (n == 0)
				continue;
			qsort(v, n, sizeof *v, by_value);
			h->delay_ns = v[n / 2];
			for (size_t k = 0; k < n; k++)
				v[k] = v[k] > h->delay_ns ? v[k] - h->delay_ns : h->delay_ns - v[k];
			qsort(v, n, sizeof *v, by_value);
			h->jitter_ns = v[n / 2] > 10000 ? v[n / 2] : 10000;
		}
	free(v);
	return 0;
}

/* Once the path is known: pairs anew, in its order. */
static void turn_pairs(struct sampler *s, const int64_t *old_id)
{
	struct facts *f = s->f;
	uint32_t n = s->all, to[POINTS_MAX];

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < n; k++)
			if (f->point[k].id == old_id[i])
				to[i] = k;
	for (size_t k = 0; k < s->pairs; k++) {
		struct pair *p = &s->pair[k];
		uint32_t i = to[p->at / n], j = to[p->at % n];
		if (i > j) {
			uint32_t t = i;
			i = j;
			j = t;
			p->x += p->d;
			p->d = -p->d;
		}
		p->at = i * n + j;
	}
	qsort(s->pair, s->pairs, sizeof *s->pair, by_pair);
}

static void turn_directions(struct sampler *s, size_t from)
{
	for (size_t k = from; k < s->pairs; k++)
		s->pair[k].c2s = !s->pair[k].c2s;
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
	for (size_t k = from; k < s->pairs; k++) {
		const struct pair *x = &s->pair[k], *before = s->last[x->at] ? &s->pair[s->last[x->at] - 1] : NULL;
		const struct point *p = s->f->point;
		int64_t resolution = p[x->at / s->all].resolution_ns + p[x->at % s->all].resolution_ns;
		s->last[x->at] = k + 1;
		if (!before || before->c2s == x->c2s || llabs(x->x - before->x) > EXCHANGE_NS)
			continue;
		int64_t more = x->c2s ? x->d - before->d : before->d - x->d;
		s->votes[x->at] += (more > resolution) - (more < -resolution);
	}
	orient_vote(&s->orient, conn, s->votes);
	if (s->f->conn[conn].reversed)
		turn_directions(s, from);
}

static int gather(struct sampler *s)
{
	struct chosen *list = NULL;
	uint32_t n = 0;
	int rc = choose(s->f, &list, &n, s->e);

	for (uint32_t i = 0; rc == 0 && i < n && s->pairs < POINTS_OF_CLOCK; i++) {
		size_t from = s->pairs;
		if ((rc = read_conn(s, list[i].conn, add_pairs)) < 0)
			break;
		copies_count(&s->conn, s->seen);
		orient(s, list[i].conn, from);
	}
	if (rc == 0 && orient_turn(&s->orient))
		turn_directions(s, 0);
	orient_rest(&s->orient);
	if (s->orient.nomem)
		rc = err_set(s->e, "out of memory");
	for (uint32_t i = 0; i < s->all; i++) {
		s->f->point[i].telling = s->seen[i].telling;
		s->f->point[i].twice = s->seen[i].twice;
		s->f->point[i].forwarded = s->seen[i].forwarded;
	}
	if (rc == 0)
		rc = add_proxied(s);
	if (rc == 0) {
		int64_t id[POINTS_MAX];
		for (uint32_t i = 0; i < s->all; i++)
			id[i] = s->f->point[i].id;
		qsort(s->pair, s->pairs, sizeof *s->pair, by_pair);
		if (!s->f->path_given && (rc = find_path(s)) == 0)
			turn_pairs(s, id);
		path_leave(s->f);
	}
	if (rc == 0 && (rc = find_clocks(s)) == 0)
		rc = find_delays(s);
	/* Only now is it known which points are neighbours. */
	for (uint32_t i = 0; rc == 0 && i < n; i++)
		rc = read_conn(s, list[i].conn, learn_fields);
	free(list);
	return rc;
}

int sample_run(struct facts *f, struct db *db, struct err *e)
{
	struct sampler s = { .f = f, .all = f->points, .e = e };
	int rc = -1;

	conn_init(&s.conn, f);
	s.pair = malloc(POINTS_OF_CLOCK * sizeof *s.pair);
	s.votes = malloc((size_t)s.all * s.all * sizeof *s.votes);
	s.last = malloc((size_t)s.all * s.all * sizeof *s.last);
	if (!s.pair || !s.votes || !s.last)
		err_set(e, "out of memory");
	else if (orient_open(&s.orient, f, e) == 0 && loader_open(&s.loader, db, e) == 0) {
		s.loader.limit = PACKETS_OF_ONE / 2;
		rc = gather(&s);
	}
	loader_close(&s.loader);
	conn_free(&s.conn);
	orient_close(&s.orient);
	free(s.pair);
	free(s.votes);
	free(s.last);
	return rc;
}
