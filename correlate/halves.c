#include "correlate/halves.h"

#include <stdlib.h>

#include "schema/part.h"

#include "correlate/select_acks.sql.h"

#define HALVES_MAX 64           /* of one pair of endpoints at one point: more are no connection in two tunnels, but something else */
#define ACKS 16                 /* acknowledgments of a half that are looked at */
#define APART_NS 3000000000     /* an answer comes this soon, or a repeat has been sent (RFC 6298 2.1) */

/* A flow that holds (nearly) nothing of one direction. */
struct half {
	struct open_flow *flow;
	uint32_t index;
	int side;               /* that it holds: 0 a, 1 b */
	uint32_t ack[ACKS], acks;
	uint32_t fits, other;   /* how many halves may be its other one, and the last of them */
};

/* A stray packet the other way does not make a flow whole. */
static int only_side(const struct row *r)
{
	for (int s = 0; s < 2; s++)
		if (r->side_packets[s] > 0 && r->side_packets[!s] * 20 <= r->side_packets[s])
			return s;
	return -1;
}

static int read_acks(sqlite3_stmt *st, struct db *db, struct half *h, struct err *e)
{
	const struct open_flow *o = h->flow;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < o->parts && h->acks < ACKS; i++) {
		sqlite3_bind_int64(st, 1, o->part[i].id);
		sqlite3_bind_int(st, 2, h->side == 0);
		while (h->acks < ACKS && (rc = db_step(db, st, e)) == 1)
			h->ack[h->acks++] = (uint32_t)sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
		rc = rc < 0 ? -1 : 0;
	}
	return rc;
}

/* Does everything that x acknowledges lie in what y sent? What the capture missed at the ends of y is given away. */
static bool acknowledges(const struct half *x, const struct half *y)
{
	const struct row *r = &y->flow->sum;
	uint32_t width = r->seq_max[y->side] - r->seq_min[y->side];

	for (uint32_t i = 0; i < x->acks; i++)
		if (x->ack[i] - r->seq_min[y->side] > width)
			return false;
	return x->acks > 0 && r->has_seq[y->side] && width < 1u << 31;
}

static bool at_once(const struct row *x, const struct row *y)
{
	return x->min_ns - y->max_ns <= APART_NS && y->min_ns - x->max_ns <= APART_NS;
}

/* The SYN-ACK acknowledges the SYN (RFC 9293 3.5); or each half acknowledges what the other one sent. */
static bool belong(const struct half *x, const struct half *y)
{
	const struct row *p = &x->flow->sum, *q = &y->flow->sum;

	if (p->tunnel == q->tunnel || x->side == y->side || !at_once(p, q))
		return false;
	if (p->has_isn[0] && q->has_isn[0])
		return p->client == q->client && p->isn[0] == q->isn[0] && (p->flags ^ q->flags) & PART_SYN;
	return acknowledges(x, y) && acknowledges(y, x);
}

static int collect(struct db *db, struct open_flow *flow, uint32_t n, struct half *h, uint32_t *halves, struct err *e)
{
	sqlite3_stmt *st;
	int rc = 0;

	if (db_prepare(db, select_acks_sql, &st, e) < 0)
		return -1;
	for (uint32_t i = 0; rc == 0 && i < n && *halves <= HALVES_MAX; i++) {
		int side = only_side(&flow[i].sum);
		if (side < 0)
			continue;
		if (*halves < HALVES_MAX) {
			h[*halves] = (struct half){ .flow = &flow[i], .index = i, .side = side };
			rc = read_acks(st, db, &h[*halves], e);
		}
		(*halves)++;
	}
	sqlite3_finalize(st);
	return rc;
}

int halves_find(struct db *db, struct open_flow *flow, uint32_t n, struct err *e)
{
	struct half h[HALVES_MAX];
	uint32_t halves = 0;

	for (uint32_t i = 0; i < n; i++)
		flow[i].half = NO_HALF;
	if (collect(db, flow, n, h, &halves, e) < 0)
		return -1;
	if (halves > HALVES_MAX)
		return 0;
	for (uint32_t i = 0; i < halves; i++)
		for (uint32_t k = i + 1; k < halves; k++)
			if (belong(&h[i], &h[k])) {
				h[i].fits++;
				h[i].other = k;
				h[k].fits++;
				h[k].other = i;
			}
	for (uint32_t i = 0; i < halves; i++)
		if (h[i].fits == 1 && h[h[i].other].fits == 1)
			h[i].flow->half = h[h[i].other].index;
	return 0;
}
