#include "ingest/run.h"

#include <stdlib.h>
#include <string.h>

#include "schema/segment.h"

#include "ingest/insert_packets.sql.h"

#define TABLE "packets_of_run"
#define AHEAD 4                 /* rows, until the memory they lie in is there */

struct run_table {
	sqlite3_vtab base;
	const struct run_inserter *inserter;
};

struct cursor {
	sqlite3_vtab_cursor base;
	uint32_t i;
};

static int table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **why)
{
	struct run_table *t = sqlite3_malloc(sizeof *t);
	int rc;

	(void)argc;
	(void)argv;
	(void)why;
	if (!t)
		return SQLITE_NOMEM;
	*t = (struct run_table){ .inserter = aux };
	*out = &t->base;
	rc = sqlite3_declare_vtab(db, "CREATE TABLE x(frame, t, flags, seq, ack, win, len, tsval, tsecr, ip_id, ttl, tos, payload)");
	return rc == SQLITE_OK ? sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY) : rc;
}

static int table_disconnect(sqlite3_vtab *t)
{
	sqlite3_free(t);
	return SQLITE_OK;
}

static int table_plan(sqlite3_vtab *t, sqlite3_index_info *plan)
{
	(void)t;
	plan->estimatedCost = RUN_MAX;
	return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
	struct cursor *c = sqlite3_malloc(sizeof *c);

	(void)t;
	if (!c)
		return SQLITE_NOMEM;
	*c = (struct cursor){ .i = 0 };
	*out = &c->base;
	return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *c)
{
	sqlite3_free(c);
	return SQLITE_OK;
}

static int cursor_begin(sqlite3_vtab_cursor *c, int plan, const char *name, int argc, sqlite3_value **argv)
{
	(void)plan;
	(void)name;
	(void)argc;
	(void)argv;
	((struct cursor *)c)->i = 0;
	return SQLITE_OK;
}

static const struct run *run_of(const sqlite3_vtab_cursor *c)
{
	return ((const struct run_table *)c->pVtab)->inserter->run;
}

/* In order of parts the rows lie anywhere: without being told, the processor would wait for each. */
static int cursor_next(sqlite3_vtab_cursor *c)
{
	const struct run *r = run_of(c);
	uint32_t i = ++((struct cursor *)c)->i;

	if (i + AHEAD < r->n)
		__builtin_prefetch(run_at(r, i + AHEAD));
	return SQLITE_OK;
}

static int cursor_ended(sqlite3_vtab_cursor *c)
{
	return ((struct cursor *)c)->i >= run_of(c)->n;
}

static int cursor_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *id)
{
	*id = ((struct cursor *)c)->i;
	return SQLITE_OK;
}

/* What is not set is NULL. 32-bit numbers are stored signed. */
static int cursor_column(sqlite3_vtab_cursor *c, sqlite3_context *out, int column)
{
	const struct run_row *w = run_at(run_of(c), ((struct cursor *)c)->i);
	int64_t x = 0;

	if (column == 12 ? !w->has_payload : (column == 7 || column == 8) && !(w->flags & SEG_TS))
		return SQLITE_OK;
	switch (column) {
	case 0: x = w->frame; break;
	case 1: x = w->t; break;
	case 2: x = (int32_t)w->flags; break;
	case 3: x = (int32_t)w->seq; break;
	case 4: x = (int32_t)w->ack; break;
	case 5: x = w->win; break;
	case 6: x = w->len; break;
	case 7: x = (int32_t)w->tsval; break;
	case 8: x = (int32_t)w->tsecr; break;
	case 9: x = w->ip_id; break;
	case 10: x = w->ttl; break;
	case 11: x = w->tos; break;
	case 12: x = (int32_t)w->payload; break;
	}
	sqlite3_result_int64(out, x);
	return SQLITE_OK;
}

static const sqlite3_module module = { .xConnect = table_connect, .xDisconnect = table_disconnect, .xBestIndex = table_plan, .xOpen = cursor_open,
	.xClose = cursor_close, .xFilter = cursor_begin, .xNext = cursor_next, .xEof = cursor_ended, .xColumn = cursor_column, .xRowid = cursor_rowid };

int run_open(struct run *r)
{
	memset(r, 0, sizeof *r);
	r->row = malloc(RUN_MAX * sizeof *r->row);
	r->key = malloc(RUN_MAX * sizeof *r->key);
	r->sorted = malloc(RUN_MAX * sizeof *r->sorted);
	return r->row && r->key && r->sorted ? 0 : -1;
}

void run_close(struct run *r)
{
	free(r->row);
	free(r->key);
	free(r->sorted);
	memset(r, 0, sizeof *r);
}

int run_inserter_open(struct run_inserter *w, struct db *db, struct err *e)
{
	*w = (struct run_inserter){ .db = db };
	if (sqlite3_create_module(db->sql, TABLE, &module, w) != SQLITE_OK)
		return err_set(e, "out of memory");
	return db_prepare(db, insert_packets_sql, &w->statement, e);
}

void run_inserter_close(struct run_inserter *w)
{
	sqlite3_finalize(w->statement);
	/* The name goes, and with it what points to this inserter. */
	if (w->db)
		sqlite3_create_module(w->db->sql, TABLE, NULL, NULL);
	memset(w, 0, sizeof *w);
}

/* LSD radix sort by part id; only the bytes in which ids of this run differ are looked at. */
void run_sort(struct run *r)
{
	uint64_t differ = 0;

	for (uint32_t i = 1; i < r->n; i++)
		differ |= r->key[i] ^ r->key[0];
	for (unsigned shift = RUN_BITS; shift < 64; shift += 8) {
		uint32_t at[256] = { 0 }, sum = 0;
		if (!(differ >> shift & 0xff))
			continue;
		for (uint32_t i = 0; i < r->n; i++)
			at[r->key[i] >> shift & 0xff]++;
		for (int b = 0; b < 256; b++) {
			uint32_t c = at[b];
			at[b] = sum;
			sum += c;
		}
		for (uint32_t i = 0; i < r->n; i++)
			r->sorted[at[r->key[i] >> shift & 0xff]++] = r->key[i];
		uint64_t *t = r->key;
		r->key = r->sorted;
		r->sorted = t;
	}
}

int run_insert(struct run_inserter *w, const struct run *r, struct err *e)
{
	w->run = r;
	return db_run(w->db, w->statement, e);
}
