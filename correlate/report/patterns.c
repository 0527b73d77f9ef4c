#include "correlate/report/patterns.h"

#include <string.h>

#include "schema/clean.h"
#include "correlate/report/text.h"

#include "correlate/report/patterns.sql.h"

#define SHOWN 3

static const char *column(sqlite3_stmt *st, int i)
{
	const char *text = (const char *)sqlite3_column_text(st, i);

	return text ? text : "";
}

/* "dropped SYN fw-out → fw-in: all 6 connections to port 81; none of 3 others  (possible)" */
static void line(const struct style *s, sqlite3_stmt *st, bool place, char *out, size_t size)
{
	char raw[2400], kind[32];

	snprintf(kind, sizeof kind, "%s", column(st, 0));
	for (char *p = kind; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	snprintf(raw, sizeof raw, "%s", kind);
	if (strcmp(column(st, 1), "any") != 0)
		text_add(raw, sizeof raw, " %s", column(st, 1));
	if (place && column(st, 4)[0])
		text_add(raw, sizeof raw, " at %s", column(st, 4));
	else if (place)
		text_add(raw, sizeof raw, " %s%s%s", column(st, 2), style_pick(s, " → ", " -> "), column(st, 3));
	text_add(raw, sizeof raw, ": %s", column(st, 6));
	if (column(st, 5)[0])
		text_add(raw, sizeof raw, "  (%s)", column(st, 5));
	clean_text(out, size, raw, -1, s->utf8);
}

/* How many there are; -1: failed. */
static int print(struct db *db, sqlite3_stmt *st, const struct style *s, int indent, const char *label, int label_width, bool place, struct err *e)
{
	int rc, n = 0, all = 0;
	char text[2400];

	while ((rc = db_step(db, st, e)) == 1 && n < SHOWN) {
		line(s, st, place, text, sizeof text);
		text_para(s, indent, label, label_width, TINT_NONE, text);
		all = sqlite3_column_int(st, 7);
		label = "";
		n++;
	}
	if (rc >= 0 && all > n) {
		snprintf(text, sizeof text, "and %d more (v_pattern)", all - n);
		text_para(s, indent, "", label_width, TINT_FAINT, text);
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : all;
}

int patterns_hop(struct db *db, const struct style *s, const char *from, const char *to, int indent, struct err *e)
{
	sqlite3_stmt *st;

	if (db_prepare(db, patterns_sql, &st, e) < 0)
		return -1;
	db_bind_text(st, 1, from);
	db_bind_text(st, 2, to);
	return print(db, st, s, indent, "", 2, false, e) < 0 ? -1 : 0;
}

int patterns_points(struct db *db, const struct style *s, int label_width, struct err *e)
{
	sqlite3_stmt *st;
	int n;

	if (db_prepare(db, patterns_sql, &st, e) < 0)
		return -1;
	n = print(db, st, s, 0, "patterns", label_width, true, e);
	if (n > 0)
		fputc('\n', s->out);
	return n < 0 ? -1 : 0;
}

int patterns_connection(struct db *db, const struct style *s, int64_t connection, int label_width, struct err *e)
{
	sqlite3_stmt *st;

	if (db_prepare(db, patterns_sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 3, connection);
	return print(db, st, s, 0, "pattern", label_width, true, e) < 0 ? -1 : 0;
}
