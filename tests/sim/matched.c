#include "tests/sim/matched.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/heap.h"
#include "tests/sim/program.h"

/* A packet, as the case files it. */
struct match {
	int64_t transmission, connection;
	unsigned point;
	uint64_t frame;
	bool s2c;
};

struct matches {
	struct match *all;
	size_t count, room;
};

static void read_matches(struct matches *m, sqlite3 *db, const struct sim_record *r)
{
	static const char sql[] = "SELECT transmission_id, connection_id, point, frame, direction = 's2c' FROM v_packet "
				  "WHERE connection_id IS NOT NULL ORDER BY 1, point, frame";
	sqlite3_stmt *st = NULL;

	*m = (struct matches){0};
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(st) == SQLITE_ROW) {
		int point = sim_program_point(r->w, sqlite3_column_text(st, 2));

		if (point < 0)
			continue;
		m->all = sim_grow(m->all, &m->room, m->count + 1, sizeof *m->all);
		m->all[m->count++] = (struct match){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), (unsigned)point,
		    (uint64_t)sqlite3_column_int64(st, 3), sqlite3_column_int(st, 4) != 0};
	}
	sqlite3_finalize(st);
}

static void tell(sim_complain *complain, void *context, const char *what, const struct match *a, const struct match *b)
{
	char text[256];

	snprintf(text, sizeof text, "connection %" PRId64 ": %s: frame %" PRIu64 " at point %u and frame %" PRIu64 " at point %u", a->connection,
	    what, a->frame, a->point, b->frame, b->point);
	complain(context, text);
}

long sim_matched_twice(sqlite3 *db, const struct sim_record *r, sim_complain *complain, void *context)
{
	struct matches m;
	long n = 0;

	read_matches(&m, db, r);
	for (size_t i = 1; i < m.count; i++)
		if (m.all[i].transmission == m.all[i - 1].transmission && m.all[i].point == m.all[i - 1].point) {
			tell(complain, context, "one transmission twice", &m.all[i - 1], &m.all[i]);
			n++;
		}
	free(m.all);
	return n;
}

static const struct sim_transmission *truth_of(const struct sim_record *r, const struct match *m)
{
	const struct sim_frame *f = sim_record_frame(r, m->point, m->frame);

	return f ? &r->truth[f->connection]->sent[f->transmission] : NULL;
}

long sim_matched_unequal(sqlite3 *db, const struct sim_record *r, sim_complain *complain, void *context)
{
	struct matches m;
	long n = 0;

	read_matches(&m, db, r);
	for (size_t i = 1; i < m.count; i++) {
		const struct sim_transmission *a = truth_of(r, &m.all[i - 1]), *b = truth_of(r, &m.all[i]);

		if (m.all[i].transmission != m.all[i - 1].transmission || !a || !b)
			continue;
		if (a->dir == b->dir && a->what == b->what && a->len == b->len && a->seq == b->seq && a->ack == b->ack)
			continue;
		tell(complain, context, "one transmission that is two", &m.all[i - 1], &m.all[i]);
		n++;
	}
	free(m.all);
	return n;
}

/* What two points saw of one transmission. */
struct crossing {
	struct match near, far;
};

static int by_near(const void *a, const void *b)
{
	const struct match *x = &((const struct crossing *)a)->near, *y = &((const struct crossing *)b)->near;

	if (x->connection != y->connection)
		return x->connection < y->connection ? -1 : 1;
	if (x->s2c != y->s2c)
		return x->s2c - y->s2c;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

static long count_crossed(const struct crossing *c, size_t count, sim_complain *complain, void *context)
{
	long n = 0;

	for (size_t i = 1; i < count; i++)
		if (c[i].near.connection == c[i - 1].near.connection && c[i].near.s2c == c[i - 1].near.s2c && c[i].far.frame < c[i - 1].far.frame) {
			tell(complain, context, "matches cross", &c[i - 1].near, &c[i].far);
			n++;
		}
	return n;
}

long sim_matched_crossed(sqlite3 *db, const struct sim_record *r, sim_complain *complain, void *context)
{
	struct matches m;
	struct crossing *c = NULL;
	size_t room = 0;
	long n = 0;

	read_matches(&m, db, r);
	for (unsigned p = 0; p + 1 < r->w->points; p++) {
		size_t count = 0;

		for (size_t i = 1; i < m.count; i++) {
			const struct match *a = &m.all[i - 1], *b = &m.all[i];

			if (a->transmission != b->transmission || a->point != p || b->point != p + 1)
				continue;
			c = sim_grow(c, &room, count + 1, sizeof *c);
			c[count++] = (struct crossing){*a, *b};
		}
		if (count > 1)
			qsort(c, count, sizeof *c, by_near);
		n += count_crossed(c, count, complain, context);
	}
	free(c);
	free(m.all);
	return n;
}
