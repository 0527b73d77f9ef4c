#include "correlate/proxy.h"

#include <stdlib.h>

#include "correlate/finding.h"

/* Which flow has a part? */
struct place {
	int64_t part;
	uint32_t flow;
	bool a_is_client;
};

static int by_part(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->part > y->part) - (x->part < y->part);
}

static struct place *places_new(const struct facts *f, struct err *e)
{
	struct place *list = malloc((f->parts ? f->parts : 1) * sizeof *list);
	uint32_t n = 0;

	if (!list) {
		err_set(e, "out of memory");
		return NULL;
	}
	for (uint32_t i = 0; i < f->flows; i++)
		for (uint32_t k = 0; k < f->flow[i].parts; k++) {
			const struct part_ref *q = &f->part[f->flow[i].part + k];
			list[n++] = (struct place){ q->id, i, q->a_is_client };
		}
	qsort(list, n, sizeof *list, by_part);
	return list;
}

/* The flow of a part, if its client is (client_remote) or is not on the far side of the network from the BIG-IP; NULL: neither. */
static struct flow *flow_of(const struct facts *f, const struct place *list, int64_t part, bool a_is_remote, bool client_remote)
{
	const struct place key = { .part = part }, *p = bsearch(&key, list, f->parts, sizeof *list, by_part);

	return p && (p->a_is_client == a_is_remote) == client_remote ? &f->flow[p->flow] : NULL;
}

/* Does the device see the connection at this point, and no point beyond it (before it: opened) knows it? */
static bool stands_at(const struct facts *f, const struct flow *w, bool opened)
{
	const struct conn_ref *r = &f->conn[w->conn];

	for (uint32_t i = 0; i < r->flows; i++) {
		uint32_t p = f->flow[r->flow + i].point;
		if (opened ? p < w->point : p > w->point)
			return false;
	}
	/* It holds both directions: else it cannot be the end of the way of both. */
	return !f->point[w->point].sight[C2S].elsewhere && !f->point[w->point].sight[S2C].elsewhere;
}

static void note(struct facts *f, const struct flow *w, int d, uint32_t peer)
{
	struct proxy_end *p = &f->conn[w->conn].proxy[d];

	if (p->tie == TIE_NONE)
		*p = (struct proxy_end){ TIE_F5, CERTAIN, (uint8_t)w->point, peer != UINT32_MAX, peer };
}

/*
 * Both sides of a full proxy have handshakes of their own. Where the client's initial sequence number is kept, the device only translates (FastL4);
 * where one is not known, it cannot be told.
 */
static void note_pair(struct facts *f, struct flow *x, struct flow *y)
{
	if (x->conn == y->conn || !x->has_isn[C2S] || !y->has_isn[C2S] || x->isn[C2S] == y->isn[C2S])
		return;
	if (!stands_at(f, x, false) || !stands_at(f, y, true))
		return;
	note(f, x, S2C, y->conn);
	note(f, y, C2S, x->conn);
}

/* Refused before there was an other side. */
static void note_alone(struct facts *f)
{
	for (uint32_t i = 0; i < f->flows; i++)
		if (f->flow[i].f5_alone && !f->flow[i].has_isn[S2C] && stands_at(f, &f->flow[i], false))
			note(f, &f->flow[i], S2C, UINT32_MAX);
}

/* Hand the flows of both sides to take(), the client's side first. */
static int each_pair(struct facts *f, struct db *db, void (*take)(struct facts *f, struct flow *x, struct flow *y), struct err *e)
{
	struct place *list = NULL;
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT part_id, a_is_remote, peer_part_id, peer_a_is_remote FROM f5_pair ORDER BY part_id, peer_part_id", &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		struct flow *x, *y;
		if (!list && !(list = places_new(f, e))) {
			rc = -1;
			break;
		}
		x = flow_of(f, list, sqlite3_column_int64(st, 0), sqlite3_column_int(st, 1), true);
		y = flow_of(f, list, sqlite3_column_int64(st, 2), sqlite3_column_int(st, 3), false);
		if (x && y)
			take(f, x, y);
	}
	sqlite3_finalize(st);
	free(list);
	return rc;
}

static void link_pair(struct facts *f, struct flow *x, struct flow *y)
{
	if (!x->f5_link)
		x->f5_link = y->f5_link ? y->f5_link : (uint32_t)(x - f->flow) + 1;
	if (!y->f5_link)
		y->f5_link = x->f5_link;
}

int proxy_link(struct facts *f, struct db *db, struct err *e)
{
	return each_pair(f, db, link_pair, e);
}

int proxy_find(struct facts *f, struct db *db, struct err *e)
{
	if (each_pair(f, db, note_pair, e) < 0)
		return -1;
	note_alone(f);
	return 0;
}
