/* Patterns of the whole case, into tables pattern and pattern_connection. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/troubles.h"

#define FEWEST 3        /* connections */

struct writer {
	struct db *db;
	const struct facts *f;
	sqlite3_stmt *pattern, *member;
	struct cover_addr *addr;        /* sorted */
	uint32_t *rank;                 /* by row id */
	struct pattern_rows rows;
	int64_t id;
};

struct named {
	struct cover_addr addr;
	int64_t id;
};

static int by_address(const void *a, const void *b)
{
	return cover_compare(&((const struct named *)a)->addr, &((const struct named *)b)->addr);
}

/* Every address of the case: sorted, and by row id. */
static int read_addresses(struct writer *w, struct err *e)
{
	struct named *list = NULL;
	int64_t most, n, i = 0;
	sqlite3_stmt *st = NULL;
	int rc = -1;

	if (db_int(w->db, "SELECT max(id) FROM addr", 0, &most, e) < 0 || db_int(w->db, "SELECT count(*) FROM addr", 0, &n, e) < 0)
		return -1;
	list = calloc((size_t)n + 1, sizeof *list);
	w->addr = calloc((size_t)n + 1, sizeof *w->addr);
	w->rank = calloc((size_t)most + 1, sizeof *w->rank);
	if (!list || !w->addr || !w->rank) {
		err_set(e, "out of memory");
		goto out;
	}
	if (db_prepare(w->db, "SELECT id, text FROM addr", &st, e) < 0)
		goto out;
	while (i < n && (rc = db_step(w->db, st, e)) == 1) {
		list[i].id = sqlite3_column_int64(st, 0);
		cover_parse((const char *)sqlite3_column_text(st, 1), &list[i++].addr);
	}
	rc = rc < 0 ? -1 : 0;
	qsort(list, (size_t)i, sizeof *list, by_address);
	for (int64_t k = 0; k < i; k++) {
		w->addr[k] = list[k].addr;
		w->rank[list[k].id] = (uint32_t)k;
	}
	w->rows.addr = w->addr;
	w->rows.addrs = (uint32_t)i;
out:
	sqlite3_finalize(st);
	free(list);
	return rc;
}

static void bind_point(struct writer *w, int i, uint8_t point)
{
	db_bind_opt(w->pattern, i, point != NO_POINT, point != NO_POINT ? w->f->point[point].id : 0);
}

/* The description, NULL: there is none. */
static void bind_description(struct writer *w, int i, const struct pattern *p)
{
	char text[600];

	pattern_describe(&w->rows, &p->hull, p->atoms, p->after == 0, p->before == 0, text, sizeof text);
	db_bind_text(w->pattern, i, p->atoms ? text + 1 : NULL);
}

static int store_pattern(struct writer *w, const struct trouble *t, const struct pattern *p, struct err *e)
{
	static const char *const state[] = { [PATTERN_ALL] = "all", [PATTERN_MORE] = "more", [PATTERN_EVERY] = "every", [PATTERN_SPREAD] = "spread" };
	char text[1600];
	sqlite3_stmt *st = w->pattern;

	pattern_say(&w->rows, p, text, sizeof text);
	sqlite3_bind_int64(st, 1, ++w->id);
	db_bind_text(st, 2, p->undecided == p->hit ? kind_name(KIND_UNDECIDED) : kind_name(t->kind));
	db_bind_text(st, 3, what_name(t->what));
	db_bind_opt(st, 4, t->dir != NO_DIRECTION, t->dir);
	bind_point(w, 5, t->from);
	bind_point(w, 6, t->to);
	bind_point(w, 7, t->point);
	db_bind_text(st, 8, state[p->state]);
	db_bind_text(st, 9, p->atoms ? confidence_name(p->confidence) : NULL);
	bind_description(w, 10, p);
	sqlite3_bind_int64(st, 11, p->hit);
	sqlite3_bind_int64(st, 12, p->of);
	sqlite3_bind_int64(st, 13, p->undecided);
	sqlite3_bind_int64(st, 14, p->before);
	sqlite3_bind_int64(st, 15, p->after);
	sqlite3_bind_int64(st, 16, p->rest_hit);
	sqlite3_bind_int64(st, 17, p->rest);
	sqlite3_bind_int64(st, 18, p->from_ns);
	sqlite3_bind_int64(st, 19, p->to_ns);
	/* One digit: more of it means nothing. */
	if (p->atoms)
		sqlite3_bind_double(st, 20, round(p->chance * 10) / 10);
	else
		sqlite3_bind_null(st, 20);
	db_bind_text(st, 21, text);
	return db_run(w->db, st, e);
}

static int store_members(struct writer *w, unsigned number, struct err *e)
{
	for (uint32_t i = 0; i < w->rows.n; i++) {
		if (w->rows.row[i].pattern != number)
			continue;
		sqlite3_bind_int64(w->member, 1, (int64_t)w->rows.row[i].conn + 1);
		sqlite3_bind_int64(w->member, 2, w->id);
		if (db_run(w->db, w->member, e) < 0)
			return -1;
	}
	return 0;
}

static int store_trouble(struct writer *w, const struct troubles *t, uint32_t x, struct err *e)
{
	struct pattern p[PATTERNS_MAX];
	int n;

	if (t->trouble[x].hits < FEWEST)
		return 0;
	if (troubles_rows(t, x, w->f, w->rank, &w->rows, e) < 0 || (n = pattern_find(&w->rows, p, e)) < 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (store_pattern(w, &t->trouble[x], &p[i], e) < 0 || store_members(w, (unsigned)i + 1, e) < 0)
			return -1;
	return 0;
}

int troubles_store(struct db *db, const struct facts *f, const struct troubles *t, struct err *e)
{
	struct writer w = { .db = db, .f = f };
	int rc = -1;

	if (t->troubles == 0)
		return 0;
	if (read_addresses(&w, e) == 0 &&
	    db_prepare(db, "INSERT INTO pattern VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
		&w.pattern, e) == 0 &&
	    db_prepare(db, "INSERT INTO pattern_connection VALUES(?1, ?2)", &w.member, e) == 0)
		rc = 0;
	for (uint32_t x = 0; rc == 0 && x < t->troubles; x++)
		rc = store_trouble(&w, t, x, e);
	sqlite3_finalize(w.pattern);
	sqlite3_finalize(w.member);
	free(w.rows.row);
	free(w.addr);
	free(w.rank);
	return rc;
}
