#include "correlate/report/rows.h"

#include <stdlib.h>

#include "correlate/report/out.h"
#include "correlate/report/select.h"

#include "correlate/report/rows_diff.sql.h"
#include "correlate/report/rows_diff_csv.sql.h"
#include "correlate/report/rows_list.sql.h"

typedef int print_rows(struct db *db, const struct style *s, sqlite3_stmt *st, struct err *e);

static const char summary_sql[] = "SELECT * FROM v_summary";

static int plain(struct db *db, const struct style *s, const char *sql, print_rows *print, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, sql, &st, e) < 0)
		return -1;
	rc = print(db, s, st, e);
	sqlite3_finalize(st);
	return rc;
}

static int chosen(struct db *db, const struct style *s, const struct filter *f, const char *sql, print_rows *print, struct err *e)
{
	struct ids ids = {0};
	sqlite3_stmt *st = NULL;
	char *array = NULL;
	int rc = -1;

	if (select_connections(db, f, &ids, e) < 0 || (array = ids_json(&ids, e)) == NULL || db_prepare(db, sql, &st, e) < 0)
		goto out;
	bind_text(st, ":ids", array);
	rc = print(db, s, st, e);
out:
	sqlite3_finalize(st);
	free(array);
	ids_free(&ids);
	return rc;
}

int rows_summary_json(struct db *db, const struct style *s, struct err *e)
{
	return plain(db, s, summary_sql, out_json, e);
}

int rows_summary_csv(struct db *db, const struct style *s, struct err *e)
{
	return plain(db, s, summary_sql, out_csv, e);
}

int rows_list_json(struct db *db, const struct style *s, const struct filter *f, struct err *e)
{
	return chosen(db, s, f, rows_list_sql, out_json, e);
}

int rows_list_csv(struct db *db, const struct style *s, const struct filter *f, struct err *e)
{
	return chosen(db, s, f, rows_list_sql, out_csv, e);
}

int rows_ladders_json(struct db *db, const struct style *s, const struct filter *f, struct err *e)
{
	return chosen(db, s, f, rows_diff_sql, out_json, e);
}

int rows_ladders_csv(struct db *db, const struct style *s, const struct filter *f, struct err *e)
{
	return chosen(db, s, f, rows_diff_csv_sql, out_csv, e);
}
