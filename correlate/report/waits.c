#include "correlate/report/waits.h"

#include <inttypes.h>
#include <string.h>

#include "correlate/report/summary.h"
#include "correlate/report/text.h"
#include "schema/clean.h"

#include "correlate/report/waits_line.sql.h"
#include "correlate/report/waits_most.sql.h"

#define SERVERS 3       /* points whose answers are told in the summary, the slowest first */

/* " 1.4 s" behind a name; nothing if the column is NULL. */
static void add_time(const struct style *s, char *buf, size_t size, const char *before, sqlite3_stmt *st, int column)
{
	char number[32];
	int64_t ns = sqlite3_column_int64(st, column);

	if (sqlite3_column_type(st, column) != SQLITE_NULL)
		text_add(buf, size, "%s %s", before, style_duration(s, number, sizeof number, ns, ns < 1000000 ? 1000 : ns / 1000));
}

/* "(network 41 ms, behind fw-in 42 ms)", of columns network and network + 1. */
static void add_split(const struct style *s, char *buf, size_t size, sqlite3_stmt *st, int network, const char *behind)
{
	char parts[256] = "", name[96];

	if (sqlite3_column_type(st, network + 1) == SQLITE_NULL)
		return;
	add_time(s, parts, sizeof parts, "network", st, network);
	snprintf(name, sizeof name, "%sbehind %s", parts[0] ? ", " : "", behind);
	add_time(s, parts, sizeof parts, name, st, network + 1);
	text_add(buf, size, " (%s)", parts);
}

/* One row of waits_line.sql. */
static void line(sqlite3_stmt *st, const struct style *s, char *text, size_t size)
{
	char behind[64], number[32];
	int64_t exchanges = sqlite3_column_int64(st, 8), unclear = sqlite3_column_int64(st, 9);

	clean_text(behind, sizeof behind, (const char *)sqlite3_column_text(st, 10), -1, s->utf8);
	add_time(s, text, size, "handshake", st, 0);
	if (text[0])
		add_split(s, text, size, st, 1, behind);
	if (exchanges > 0) {
		add_time(s, text, size, text[0] ? ", first byte" : "first byte", st, 3);
		if (exchanges > 1)
			text_add(text, size, " in %s exchanges", style_count(number, sizeof number, exchanges));
		add_split(s, text, size, st, 4, behind);
	}
	if (unclear > 0)
		text_add(text, size, "%s%s exchange%s not clear", text[0] ? ", " : "", style_count(number, sizeof number, unclear), unclear == 1 ? "" : "s");
	add_time(s, text, size, ", client", st, 6);
	add_time(s, text, size, ", total", st, 7);
}

int waits_line(struct db *db, sqlite3_stmt **st, const struct style *s, int64_t connection, int64_t least_ns, int indent, const char *label,
    int label_width, struct err *e)
{
	char text[1024] = "";
	int rc;

	if (!*st && db_prepare(db, waits_line_sql, st, e) < 0)
		return -1;
	sqlite3_bind_int64(*st, 1, connection);
	sqlite3_bind_int64(*st, 2, least_ns);
	rc = db_step(db, *st, e);
	if (rc == 1)
		line(*st, s, text, sizeof text);
	sqlite3_reset(*st);
	text_para(s, indent, label, label_width, TINT_NONE, text);
	return rc < 0 ? -1 : 0;
}

/* ---- the case ---- */

/* "the network in 6 connections, the client in 2" */
static int most(struct db *db, char *text, size_t size, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, waits_most_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		char number[32];
		int64_t n = sqlite3_column_int64(st, 1);

		text_add(text, size, "%s%s in %s%s", text[0] ? ", " : "most is ", (const char *)sqlite3_column_text(st, 0), style_count(number, sizeof number, n),
		    text[0] ? "" : n == 1 ? " connection" : " connections");
	}
	sqlite3_finalize(st);
	return rc;
}

/* The hop that takes the longest there and back. */
static int network(struct db *db, const struct style *s, struct err *e)
{
	char text[256] = "", from[64], to[64];
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT from_point, to_point, median_ns, p99_ns FROM v_round_trip ORDER BY median_ns DESC, from_point, to_point LIMIT 1", &st, e) < 0)
		return -1;
	rc = db_step(db, st, e);
	if (rc == 1) {
		clean_text(from, sizeof from, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
		clean_text(to, sizeof to, (const char *)sqlite3_column_text(st, 1), -1, s->utf8);
		add_time(s, text, sizeof text, "median", st, 2);
		add_time(s, text, sizeof text, ", p99", st, 3);
		text_add(text, sizeof text, " there and back between %s and %s", from, to);
	}
	sqlite3_finalize(st);
	text_para(s, SUMMARY_LABEL, "network", SUMMARY_LABEL, TINT_NONE, text);
	return rc < 0 ? -1 : 0;
}

static int servers(struct db *db, const struct style *s, struct err *e)
{
	const char *label = "server";
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT point, exchanges, median_ns, p99_ns, max_ns FROM v_server_time ORDER BY p99_ns DESC, point LIMIT ?1", &st, e) < 0)
		return -1;
	sqlite3_bind_int(st, 1, SERVERS);
	while ((rc = db_step(db, st, e)) == 1) {
		char text[256] = "", name[64], number[32];

		clean_text(name, sizeof name, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
		add_time(s, text, sizeof text, "median", st, 2);
		add_time(s, text, sizeof text, ", p99", st, 3);
		add_time(s, text, sizeof text, ", longest", st, 4);
		text_add(text, sizeof text, " behind %s, of %s answer%s", name, style_count(number, sizeof number, sqlite3_column_int64(st, 1)),
		    sqlite3_column_int64(st, 1) == 1 ? "" : "s");
		text_para(s, SUMMARY_LABEL, label, SUMMARY_LABEL, TINT_NONE, text);
		label = "";
	}
	sqlite3_finalize(st);
	return rc;
}

int waits_summary(struct db *db, const struct style *s, struct err *e)
{
	char text[512] = "";

	if (most(db, text, sizeof text, e) < 0)
		return -1;
	if (text[0] == '\0')
		return 0;
	text_para(s, 0, "time", SUMMARY_LABEL, TINT_HEAD, text);
	if (network(db, s, e) < 0 || servers(db, s, e) < 0)
		return -1;
	fputc('\n', s->out);
	return 0;
}
