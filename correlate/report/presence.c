#include "correlate/report/presence.h"

#include <stdbool.h>
#include <stdlib.h>

#include "schema/array.h"

#include "correlate/report/presence.sql.h"

static struct presence_point *point_of(struct presence *p, int64_t id, struct err *e)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->point[i].point_id == id)
			return &p->point[i];
	if (!array_grow(&p->point, &p->room, p->n, sizeof *p->point)) {
		err_set(e, "out of memory");
		return NULL;
	}
	p->point[p->n] = (struct presence_point){.point_id = id};
	return &p->point[p->n++];
}

static int add(struct presence *p, sqlite3_stmt *st, struct err *e)
{
	struct presence_point *t = point_of(p, sqlite3_column_int64(st, 0), e);

	if (t == NULL)
		return -1;
	if (!array_grow(&t->first_ns, &t->room, t->n, sizeof *t->first_ns) || !array_grow(&t->last_ns, &t->last_room, t->n, sizeof *t->last_ns))
		return err_set(e, "out of memory");
	t->first_ns[t->n] = sqlite3_column_int64(st, 1);
	t->last_ns[t->n++] = sqlite3_column_int64(st, 2);
	return 0;
}

static int by_time(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return a < b ? -1 : a > b;
}

int presence_load(struct presence *p, struct db *db, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	*p = (struct presence){0};
	if (db_prepare(db, presence_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1 && (rc = add(p, st, e)) == 0)
		;
	sqlite3_finalize(st);
	for (uint32_t i = 0; i < p->n; i++) {
		qsort(p->point[i].first_ns, p->point[i].n, sizeof(int64_t), by_time);
		qsort(p->point[i].last_ns, p->point[i].n, sizeof(int64_t), by_time);
	}
	if (rc < 0)
		presence_free(p);
	return rc;
}

void presence_free(struct presence *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		free(p->point[i].first_ns);
		free(p->point[i].last_ns);
	}
	free(p->point);
	*p = (struct presence){0};
}

/* How many are below a time, or at it. */
static int64_t below(const int64_t *ns, uint32_t n, int64_t limit, bool at)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (ns[mid] < limit || (at && ns[mid] == limit))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int64_t presence_count(const struct presence *p, int64_t point_id, int64_t from_ns, int64_t to_ns)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const struct presence_point *t = &p->point[i];

		/* Those that had begun, less those that had ended. */
		if (t->point_id == point_id)
			return below(t->first_ns, t->n, to_ns, true) - below(t->last_ns, t->n, from_ns, false);
	}
	return 0;
}
