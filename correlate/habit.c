#include "correlate/habit.h"

#include <stdlib.h>
#include <string.h>

/* Connections that a field, or an option, could be compared in. */
struct compared_sum {
	int64_t field[FIELDS], option[OPTIONS];
	/* Those of them that it was changed in, of addresses and ports, which may be in all of them; the values, where all have the same. */
	struct endpoint_sum {
		int64_t connections, before, after;
		bool one_before, one_after;
	} endpoint[FIELDS];
};

void habits_free(struct habits *h)
{
	for (unsigned d = 0; d < 2; d++)
		for (unsigned i = 0; i < POINTS_MAX; i++)
			for (unsigned k = 0; k < POINTS_MAX; k++)
				free(h->hop[d][i][k]);
	memset(h, 0, sizeof *h);
}

static void add_endpoints(struct habits *h, const struct changes *all)
{
	for (uint32_t i = 0; i < all->n; i++) {
		const struct change *x = &all->list[i];
		struct compared_sum *sum = h->hop[x->dir][x->from][x->to];
		if (!change_of_endpoint(x) || !sum)
			continue;
		struct endpoint_sum *s = &sum->endpoint[x->field];
		if (s->connections++ == 0)
			*s = (struct endpoint_sum){ 1, x->before, x->after, true, true };
		s->one_before &= s->before == x->before;
		s->one_after &= s->after == x->after;
	}
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
	add_endpoints(h, x);
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

/* A port, or the row id of an address. */
static void bind_endpoint(sqlite3_stmt *st, int i, enum field field, bool one, int64_t value)
{
	bool port = field == FIELD_SPORT || field == FIELD_DPORT;

	db_bind_opt(st, i, one && port, value);
	db_bind_opt(st, i + 1, one && !port, value);
}

static int store_endpoints(struct db *db, sqlite3_stmt *st, const struct compared_sum *x, struct err *e)
{
	char buf[16];

	for (unsigned k = 0; k < FIELDS; k++) {
		const struct endpoint_sum *s = &x->endpoint[k];
		if (s->connections == 0)
			continue;
		db_bind_text(st, 4, field_name((enum field)k, 0, buf));
		sqlite3_bind_int64(st, 5, s->connections);
		bind_endpoint(st, 6, (enum field)k, s->one_before, s->before);
		bind_endpoint(st, 8, (enum field)k, s->one_after, s->after);
		if (db_run(db, st, e) < 0)
			return -1;
	}
	return 0;
}

static int store_compared(struct db *db, sqlite3_stmt *st, const struct compared_sum *x, struct err *e)
{
	char buf[16];

	for (unsigned k = 0; k < FIELDS; k++)
		if (k != FIELD_OTHER && k != FIELD_TOS && store_one(db, st, field_name((enum field)k, 0, buf), x->field[k], e) < 0)
			return -1;
	for (unsigned k = 0; k < OPTIONS; k++)
		if (store_one(db, st, field_name(FIELD_OTHER, k, buf), x->option[k], e) < 0)
			return -1;
	return 0;
}

/* hop: the three columns that both tables begin with. */
static int store_hop(struct db *db, sqlite3_stmt *const st[2], const int64_t hop[3], const struct compared_sum *x, struct err *e)
{
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 3; k++)
			sqlite3_bind_int64(st[i], k + 1, hop[k]);
	return store_compared(db, st[0], x, e) < 0 ? -1 : store_endpoints(db, st[1], x, e);
}

int habits_store(struct db *db, const struct facts *f, const struct habits *h, struct err *e)
{
	sqlite3_stmt *st[2] = { NULL, NULL };
	int rc = 0;

	if (db_prepare(db, "INSERT INTO compared VALUES(?1, ?2, ?3, ?4, ?5)", &st[0], e) < 0 ||
	    db_prepare(db, "INSERT INTO translated VALUES(?1, ?2, ?3, ?4, ?5, coalesce(?6, (SELECT text FROM addr WHERE id = ?7)), "
			"coalesce(?8, (SELECT text FROM addr WHERE id = ?9)))", &st[1], e) < 0)
		rc = -1;
	for (unsigned i = 0; rc == 0 && i < f->points; i++)
		for (unsigned k = 0; rc == 0 && k < f->points; k++)
			for (int d = 0; rc == 0 && d < 2; d++)
				if (h->hop[d][i][k])
					rc = store_hop(db, st, (int64_t[]){ f->point[i].id, f->point[k].id, d }, h->hop[d][i][k], e);
	sqlite3_finalize(st[0]);
	sqlite3_finalize(st[1]);
	return rc;
}
