#include "correlate/report/report.h"

#include <string.h>

#include "correlate/report/out.h"
#include "correlate/report/rows.h"
#include "correlate/report/rows_compare.h"
#include "correlate/report/select.h"

#define LADDERS_OF_RUN 10

int report_run(struct db *db, const struct style *s, struct err *e)
{
	struct filter any = {0}, telling = {.telling = true, .limit = LADDERS_OF_RUN};

	if (report_summary(db, s, e) < 0)
		return -1;
	fputc('\n', s->out);
	if (report_list(db, s, &any, e) < 0)
		return -1;
	return report_ladders(db, s, &telling, e);
}

static int run_json(struct db *db, const struct style *s, struct err *e)
{
	return rows_list_json(db, s, &(struct filter){0}, e);
}

static int run_csv(struct db *db, const struct style *s, struct err *e)
{
	return rows_list_csv(db, s, &(struct filter){0}, e);
}

static const struct report reports[] = {
	{"text", report_summary, report_list, report_ladders, report_compare, out_table, "\n", report_run},
	{"json", rows_summary_json, rows_list_json, rows_ladders_json, rows_compare_json, out_json, "", run_json},
	{"csv", rows_summary_csv, rows_list_csv, rows_ladders_csv, rows_compare_csv, out_csv, "\r\n", run_csv},
};

const struct report *report_find(const char *name)
{
	for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++)
		if (name == NULL || strcmp(name, reports[i].name) == 0)
			return &reports[i];
	return NULL;
}

int report_is_clean(struct db *db, const struct filter *f, struct err *e)
{
	struct ids ids = {0};
	sqlite3_stmt *st = NULL;
	int rc = 1;

	if (select_connections(db, f, &ids, e) < 0 || db_prepare(db, "SELECT severity < 2 FROM connection WHERE id = ?1", &st, e) < 0)
		rc = -1;
	for (size_t i = 0; rc == 1 && i < ids.n; i++) {
		sqlite3_bind_int64(st, 1, ids.id[i]);
		rc = db_step(db, st, e) < 0 ? -1 : sqlite3_column_int(st, 0);
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	ids_free(&ids);
	return rc;
}
