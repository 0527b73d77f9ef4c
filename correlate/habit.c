#include "correlate/habit.h"

#include <stdlib.h>
#include <string.h>

/* Connections that a field, or an option, could be compared in. */
struct compared_sum {
	int64_t field[FIELDS], option[OPTIONS];
};

void habits_free(struct habits *h)
{
	for (unsigned d = 0; d < 2; d++)
		for (unsigned i = 0; i < POINTS_MAX; i++)
			for (unsigned k = 0; k < POINTS_MAX; k++)
				free(h->hop[d][i][k]);
	memset(h, 0, sizeof *h);
}

int habits_add(struct habits *h, const struct conn *c, const struct changes *x, struct err *e)
{
	for (uint8_t d = 0; d < 2; d++)
		for (unsigned i = 0; i + 1u < c->ways[d]; i++) {
			unsigned from = c->way[d][i], to = c->way[d][i + 1];
			const struct compared *one = &x->compared[changes_at(from, to, d)];
			struct compared_sum **all = &h->hop[d][from][to];
			if (!one->fields)
				continue;
			if (!*all && !(*all = calloc(1, sizeof **all)))
				return err_set(e, "out of memory");
			for (unsigned k = 0; k < FIELDS; k++)
				(*all)->field[k] += one->fields >> k & 1;
			for (unsigned k = 0; one->fields >> FIELD_OTHER & 1 && k < OPTIONS; k++)
				(*all)->option[k] += compared_option(one, k);
		}
	return 0;
}

static int store_one(struct db *db, sqlite3_stmt *st, const char *field, int64_t connections, struct err *e)
{
	if (connections == 0)
		return 0;
	db_bind_text(st, 4, field);
	sqlite3_bind_int64(st, 5, connections);
	return db_run(db, st, e);
}

static int store_hop(struct db *db, sqlite3_stmt *st, const struct compared_sum *x, struct err *e)
{
	char buf[16];

	if (!x)
		return 0;
	for (unsigned k = 0; k < FIELDS; k++)
		if (k != FIELD_OTHER && k != FIELD_TOS && store_one(db, st, field_name((enum field)k, 0, buf), x->field[k], e) < 0)
			return -1;
	for (unsigned k = 0; k < OPTIONS; k++)
		if (store_one(db, st, field_name(FIELD_OTHER, k, buf), x->option[k], e) < 0)
			return -1;
	return 0;
}

int habits_store(struct db *db, const struct facts *f, const struct habits *h, struct err *e)
{
	sqlite3_stmt *st;
	int rc = 0;

	if (db_prepare(db, "INSERT INTO compared VALUES(?1, ?2, ?3, ?4, ?5)", &st, e) < 0)
		return -1;
	for (unsigned i = 0; rc == 0 && i < f->points; i++)
		for (unsigned k = 0; rc == 0 && k < f->points; k++)
			for (int d = 0; rc == 0 && d < 2; d++) {
				sqlite3_bind_int64(st, 1, f->point[i].id);
				sqlite3_bind_int64(st, 2, f->point[k].id);
				sqlite3_bind_int(st, 3, d);
				rc = store_hop(db, st, h->hop[d][i][k], e);
			}
	sqlite3_finalize(st);
	return rc;
}
