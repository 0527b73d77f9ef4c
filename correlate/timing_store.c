#include "correlate/timing_store.h"

#include <string.h>

int timings_open(struct timings *x, struct db *db, struct err *e)
{
	memset(x, 0, sizeof *x);
	x->db = db;
	return db_prepare(db, "INSERT INTO timing VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)", &x->timing, e);
}

void timings_close(struct timings *x)
{
	sqlite3_finalize(x->timing);
	for (unsigned i = 0; i < POINTS_MAX; i++)
		histogram_free(&x->server[i]);
	memset(x, 0, sizeof *x);
}

int timings_add(struct timings *x, const struct conn *c, struct err *e)
{
	sqlite3_stmt *st = x->timing;
	struct timing t;

	if (timing_find(c, &t, x->server, e) < 0)
		return -1;
	if (!t.any)
		return 0;
	const int64_t time[] = { t.handshake_ns, t.first_byte_ns, t.server_ns, t.client_ns, t.network_ns, t.transfer_ns, t.total_ns };
	const int64_t more[] = { t.server_max_ns, t.handshake_server_ns, t.handshake_network_ns };
	sqlite3_bind_int64(st, 1, (int64_t)c->index + 1);
	for (int i = 0; i < 7; i++)
		db_bind_opt(st, 2 + i, time[i] != NO_TIME, time[i]);
	sqlite3_bind_int64(st, 9, t.exchanges);
	sqlite3_bind_null(st, 10);
	if (slowest_name(t.slowest))
		db_bind_text(st, 10, slowest_name(t.slowest));
	sqlite3_bind_int64(st, 11, t.unclear);
	for (int i = 0; i < 3; i++)
		db_bind_opt(st, 12 + i, more[i] != NO_TIME, more[i]);
	sqlite3_bind_int64(st, 15, c->facts->point[t.first].id);
	sqlite3_bind_int64(st, 16, c->facts->point[t.last].id);
	return db_run(x->db, st, e);
}

int timings_store(struct timings *x, const struct facts *f, struct err *e)
{
	sqlite3_stmt *st;
	int rc = db_prepare(x->db, "INSERT INTO server_time VALUES(?1, ?2, ?3, ?4, ?5, ?6)", &st, e);

	for (unsigned i = 0; rc == 0 && i < f->points; i++) {
		struct histogram *h = &x->server[i];
		if (h->n == 0)
			continue;
		sqlite3_bind_int64(st, 1, f->point[i].id);
		sqlite3_bind_int64(st, 2, (int64_t)h->n);
		sqlite3_bind_int64(st, 3, h->min);
		sqlite3_bind_int64(st, 4, histogram_at(h, 500, HISTOGRAM_MIDDLE));
		sqlite3_bind_int64(st, 5, histogram_at(h, 990, HISTOGRAM_MIDDLE));
		sqlite3_bind_int64(st, 6, h->max);
		rc = db_run(x->db, st, e);
	}
	sqlite3_finalize(st);
	return rc;
}
