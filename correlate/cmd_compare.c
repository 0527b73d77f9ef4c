#include "schema/cmd.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "correlate/contrast.h"
#include "correlate/options.h"
#include "correlate/read_only.h"
#include "correlate/report/report.h"
#include "correlate/report/select.h"

enum { OPTION_GROUP = 2000, OPTION_AGAINST };

/* Which connections, as they were asked for. */
struct asked {
	const char *group, *against;
	struct ids chosen, others;
};

static int usage(void)
{
	puts("Usage: pcaphop compare [OPTION]... CASE\n"
	     "What sets failing connections apart from those that were established, in what is known when their SYN passes: ECN, options, MSS, ports,\n"
	     "addresses, back end, ports used again, time, ... With filters: those that they leave, against all others.\n\n"
	     "  pcaphop compare --group \"server_port = 81\" --against \"server_port = 80\" case.db\n\n"
	     "  --group CONDITION         connections for which this SQL condition on v_connection holds ...\n"
	     "  --against CONDITION       ... against those for which this one holds; without it: against all others");
	options_usage_filter();
	options_usage_output();
	return CMD_DONE;
}

/* The condition is the user's SQL, and may only read: the statement around it is ours. */
static int select_group(struct db *db, const char *option, const char *condition, struct ids *ids, struct err *e)
{
	char *sql = sqlite3_mprintf("SELECT id FROM v_connection WHERE (\n%s\n) ORDER BY id", condition);
	sqlite3_stmt *st = NULL;
	const char *rest = "";
	int rc;

	sqlite3_set_authorizer(db->sql, read_only, NULL);
	rc = sql ? sqlite3_prepare_v2(db->sql, sql, -1, &st, &rest) : SQLITE_NOMEM;
	if (rc != SQLITE_OK)
		err_set(e, "%s: %s", option, rc == SQLITE_AUTH ? "a condition may only read the case" : sqlite3_errmsg(db->sql));
	sqlite3_set_authorizer(db->sql, NULL, NULL);
	while (rc == SQLITE_OK && isspace((unsigned char)*rest))
		rest++;
	if (rc == SQLITE_OK && *rest)
		rc = err_set(e, "%s takes one SQL condition", option);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rc = ids_add(ids, sqlite3_column_int64(st, 0), e) < 0 ? SQLITE_NOMEM : SQLITE_OK;
	if (st && rc != SQLITE_DONE && rc != SQLITE_NOMEM && rc > 0)
		err_set(e, "%s: %s", option, sqlite3_errmsg(db->sql));
	sqlite3_finalize(st);
	sqlite3_free(sql);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int select_groups(struct db *db, struct asked *a, struct err *e)
{
	if (a->group && select_group(db, "--group", a->group, &a->chosen, e) < 0)
		return -1;
	return a->against ? select_group(db, "--against", a->against, &a->others, e) : 0;
}

static int compare(struct db *db, const struct options *o, struct asked *a, struct err *e)
{
	bool chosen = a->group || options_narrow(o);
	struct cohort c = {0};
	struct contrast x = {0};
	int rc = -1;

	if (options_narrow(o) && select_connections(db, &o->filter, &a->chosen, e) < 0)
		return -1;
	if (cohort_read(&c, db, chosen ? &a->chosen : NULL, a->against ? &a->others : NULL, e) == 0 && contrast_find(&x, &c, e) == 0)
		rc = o->report->compare(db, &o->style, &x, chosen, e);
	contrast_free(&x);
	cohort_free(&c);
	return rc;
}

static int run(const struct options *o, struct asked *a, const char *name, const char *path)
{
	struct db db = {0};
	struct err e;
	int status;

	if (db_open(&db, path, DB_READ, &e) < 0)
		return cmd_failed(&e);
	if (db_need_derived(&db, &e) < 0)
		status = cmd_failed((err_prefix(&e, "%s", path), &e));
	else if (select_groups(&db, a, &e) < 0)
		status = cmd_misused(name, "%s", e.msg);
	else
		status = compare(&db, o, a, &e) < 0 ? cmd_failed(&e) : CMD_DONE;
	ids_free(&a->chosen);
	ids_free(&a->others);
	db_close(&db);
	return status;
}

int cmd_compare(int argc, char **argv)
{
	static const struct option options[] = {
		OPTIONS_FILTER, OPTIONS_OUTPUT, {"group", required_argument, NULL, OPTION_GROUP}, {"against", required_argument, NULL, OPTION_AGAINST},
		{"help", no_argument, NULL, 'h'}, {0},
	};
	struct options o = {0};
	struct asked a = {0};
	struct err e;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return usage();
		if (c == OPTION_GROUP)
			a.group = optarg;
		else if (c == OPTION_AGAINST)
			a.against = optarg;
		else if (c == '?' || options_take(&o, c, optarg, &e) < 0)
			return c == '?' ? cmd_misused(argv[0], NULL) : cmd_misused(argv[0], "%s", e.msg);
	}
	if (argc - optind != 1)
		return cmd_misused(argv[0], argc == optind ? "which case?" : "one case, please, not '%s'", argv[argc - 1]);
	if (a.group && options_narrow(&o))
		return cmd_misused(argv[0], "either --group or filters, please");
	if (a.against && !a.group)
		return cmd_misused(argv[0], "--against needs a --group");
	if (options_finish(&o, stdout, &e) < 0)
		return cmd_misused(argv[0], "%s", e.msg);
	return run(&o, &a, argv[0], argv[optind]);
}
