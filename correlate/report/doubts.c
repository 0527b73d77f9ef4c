/* Where times of different points cannot be compared well, and why. */
#include "correlate/report/doubts.h"

#include <stdio.h>

#include "schema/clean.h"
#include "correlate/report/text.h"

#include "correlate/report/diff_clocks.sql.h"
#include "correlate/report/list_clocks.sql.h"

static int tell(struct db *db, const char *sql, int64_t connection, const struct style *s, int label_width, struct err *e)
{
	const char *label = "clocks";
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, sql, &st, e) < 0)
		return -1;
	if (connection)
		sqlite3_bind_int64(st, 1, connection);
	while ((rc = db_step(db, st, e)) == 1) {
		char text[1024];

		clean_text(text, sizeof text, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
		text_para(s, 0, label, label_width, TINT_DOUBT, text);
		label = "";
	}
	sqlite3_finalize(st);
	return rc;
}

int doubts_of_case(struct db *db, const struct style *s, struct err *e)
{
	return tell(db, list_clocks_sql, 0, s, 10, e);
}

int doubts_of_connection(struct db *db, const struct style *s, int64_t id, int label_width, struct err *e)
{
	return tell(db, diff_clocks_sql, id, s, label_width, e);
}
