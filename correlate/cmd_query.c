#include "schema/clean.h"
#include "schema/cmd.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/options.h"
#include "correlate/read_only.h"
#include "correlate/report/report.h"
#include "ingest/capture_table.h"

static int usage(void)
{
	puts("Usage: pcaphop query [OPTION]... CASE SQL\n"
	     "Run SQL on a case, read-only. The views are v_connection, v_flow, v_packet, v_hop, v_change, v_clock, v_finding and v_summary;\n"
	     "their columns are in pcaphop(1), and 'pcaphop help queries' has SQL to begin with. temp.capture('FILE') has the packets of a\n"
	     "capture. SQL may be '-' (standard input) and may hold several statements.\n\n"
	     "  pcaphop query case.db \"SELECT what, from_point, to_point, count FROM v_summary WHERE kind = 'dropped'\"\n");
	options_usage_output();
	return CMD_DONE;
}

/* The line that holds `offset`, and a caret under the place. */
static void show_place(const struct style *s, const char *sql, size_t offset)
{
	size_t start = offset, end = offset;
	char text[2048], before[2048];
	int line = 1;

	while (start > 0 && sql[start - 1] != '\n')
		start--;
	while (sql[end] && sql[end] != '\n')
		end++;
	for (size_t i = 0; i < start; i++)
		line += sql[i] == '\n';
	/* A long line is shown from near the place on; the caret is counted in what is printed. */
	if (offset - start > 200)
		start = offset - 60;
	if (end - start > 400)
		end = start + 400;
	while (start < offset && ((unsigned char)sql[start] & 0xc0) == 0x80)
		start++;
	clean_text(text, sizeof text, sql + start, (int)(end - start), s->utf8);
	clean_text(before, sizeof before, sql + start, (int)(offset - start), s->utf8);
	fprintf(stderr, "  line %d: %s\n  %*s^\n", line, text, snprintf(NULL, 0, "line %d: ", line) + style_columns(before), "");
}

static void explain(const struct style *s, struct db *db, const char *all, const char *at, const char *message)
{
	int offset = strcmp(message, "incomplete input") == 0 ? (int)strlen(at) : sqlite3_error_offset(db->sql);
	char text[1024];

	clean_text(text, sizeof text, message, -1, s->utf8);
	fprintf(stderr, "pcaphop query: %s\n", text);
	if (offset < 0) {
		/* No place is known (a refused statement): the statement itself. */
		while (isspace((unsigned char)*at))
			at++;
		offset = 0;
	}
	show_place(s, all, (size_t)(at - all) + (size_t)offset);
}

static int run(struct db *db, const struct options *o, const char *sql)
{
	bool any = false;

	for (const char *at = sql, *next; *at; at = next) {
		sqlite3_stmt *st;
		struct err e;
		int rc;

		rc = sqlite3_prepare_v2(db->sql, at, -1, &st, &next);
		if (rc != SQLITE_OK) {
			explain(&o->style, db, sql, at, rc == SQLITE_AUTH ? "a query may only read the case" : sqlite3_errmsg(db->sql));
			return CMD_FAILED;
		}
		if (st == NULL)         /* blanks or a comment */
			continue;
		if (any)
			fputs(o->report->between, stdout);
		any = true;
		rc = o->report->rows(db, &o->style, st, &e);
		sqlite3_finalize(st);
		if (rc < 0) {
			fflush(stdout);
			explain(&o->style, db, sql, at, e.msg);
			return CMD_FAILED;
		}
	}
	return any ? CMD_DONE : cmd_misused("pcaphop query", "the statement is empty");
}

static char *read_all(FILE *in)
{
	char *text = NULL;
	size_t size = 0;

	if (getdelim(&text, &size, '\0', in) < 0) {
		free(text);
		return strdup("");
	}
	return text;
}

int cmd_query(int argc, char **argv)
{
	static const struct option options[] = {OPTIONS_OUTPUT, {"help", no_argument, NULL, 'h'}, {0}};
	/* SQLite declares a table-valued function when it is first named, by statements that read_only() refuses: these are, before it is asked. */
	static const char declare[] = "EXPLAIN SELECT 1 FROM temp.json_each(''), temp.json_tree(''), temp.capture('')";
	struct options o = {0};
	struct db db = {0};
	struct err e;
	char *sql;
	int c, status;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return usage();
		if (c == '?' || options_take(&o, c, optarg, &e) < 0)
			return c == '?' ? cmd_misused(argv[0], NULL) : cmd_misused(argv[0], "%s", e.msg);
	}
	if (argc - optind != 2)
		return cmd_misused(argv[0], "a case and one SQL text (in quotes), please");
	if (options_finish(&o, stdout, &e) < 0)
		return cmd_misused(argv[0], "%s", e.msg);
	if (db_open(&db, argv[optind], DB_READ, &e) < 0 || db_exec(&db, "PRAGMA query_only = 1", &e) < 0)
		return cmd_failed(&e);
	if (capture_table_register(db.sql) != SQLITE_OK || db_exec(&db, declare, &e) < 0)
		return cmd_failed((err_set(&e, "%s", sqlite3_errmsg(db.sql)), &e));
	sqlite3_set_authorizer(db.sql, read_only, NULL);
	sql = strcmp(argv[optind + 1], "-") == 0 ? read_all(stdin) : strdup(argv[optind + 1]);
	status = sql ? run(&db, &o, sql) : cmd_failed((err_set(&e, "out of memory"), &e));
	free(sql);
	db_close(&db);
	return status;
}
