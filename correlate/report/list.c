/* list for people: how many, then the bad ones, each with its sentence. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/clean.h"
#include "correlate/report/doubts.h"
#include "correlate/report/peers.h"
#include "correlate/report/report.h"
#include "correlate/report/select.h"
#include "correlate/report/text.h"
#include "correlate/report/waits.h"

#include "correlate/report/list.sql.h"
#include "correlate/report/list_count.sql.h"
#include "correlate/report/list_outcome.sql.h"

#define FEW 3           /* connections with the same verdict */
#define SLOW_NS INT64_C(1000000000)     /* waits from here on are told */

/* Entries without --all, by severity: nobody reads more, and the line behind says how many there are. */
static const int at_most[] = {10, 10, 100, 100};

struct counts {
	int64_t n, severity[4], all;
};

static const char *const severity_name[] = {"clean", "curious", "doubtful", "bad"};

static int prepare(struct db *db, const char *sql, const char *ids, sqlite3_stmt **st, struct err *e)
{
	if (db_prepare(db, sql, st, e) < 0)
		return -1;
	bind_text(*st, ":ids", ids);
	return 0;
}

static int count(struct db *db, const char *ids, struct counts *c, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	*c = (struct counts){0};
	if (prepare(db, list_count_sql, ids, &st, e) < 0)
		return -1;
	rc = db_step(db, st, e);
	c->n = sqlite3_column_int64(st, 0);
	for (int i = 0; i < 4; i++)
		c->severity[i] = sqlite3_column_int64(st, 1 + i);
	c->all = sqlite3_column_int64(st, 5);
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

/* How many there are of each severity, and how they ended. */
static int counts_line(struct db *db, const struct style *s, const char *ids, const struct counts *c, struct err *e)
{
	static const enum tint tint[] = {TINT_GOOD, TINT_NONE, TINT_DOUBT, TINT_BAD};
	char number[32], whole[32], piece[128];
	struct text_flow f = {s, 2, 0}, g = {s, 2, 0};
	int last = 3, rc, more;
	sqlite3_stmt *st;

	while (last >= 0 && c->severity[last] == 0)
		last--;
	snprintf(piece, sizeof piece, "%s%s%s connection%s%s", style_count(number, sizeof number, c->n), c->n < c->all ? " of " : "",
	    c->n < c->all ? style_count(whole, sizeof whole, c->all) : "", c->n == 1 && c->n == c->all ? "" : "s", last >= 0 ? ":" : "");
	text_flow(&f, 0, TINT_HEAD, piece);
	for (int i = 0; i <= last; i++) {
		snprintf(piece, sizeof piece, "%s %s%s", style_count(number, sizeof number, c->severity[i]), severity_name[i], i < last ? "," : "");
		if (c->severity[i] > 0)
			text_flow(&f, 1, tint[i], piece);
	}
	fputc('\n', s->out);
	if (c->n == 0 || prepare(db, list_outcome_sql, ids, &st, e) < 0)
		return c->n == 0 ? 0 : -1;
	for (rc = more = db_step(db, st, e); more == 1;) {
		char outcome[64];

		clean_text(outcome, sizeof outcome, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
		style_count(number, sizeof number, sqlite3_column_int64(st, 1));
		rc = more = db_step(db, st, e);
		snprintf(piece, sizeof piece, "%s %s%s", outcome, number, more == 1 ? "," : "");
		text_flow(&g, 1, TINT_NONE, piece);
	}
	sqlite3_finalize(st);
	fputc('\n', s->out);
	return rc;
}

/* Outcome and duration. brief: of a connection with the verdict and the outcome of the one above, without what is said there. */
static void what_of(sqlite3_stmt *st, const struct style *s, bool same, bool brief, char *buf, size_t size)
{
	char took[32], outcome[128];

	clean_text(outcome, sizeof outcome, (const char *)sqlite3_column_text(st, 7), -1, s->utf8);
	style_duration(s, took, sizeof took, sqlite3_column_int64(st, 6), 1000);
	snprintf(buf, size, "%.100s%s%s%s", brief ? "" : outcome, brief ? "" : ", ", took, same ? "   the same" : "");
}

/* The line of one connection: its number, who, when, what. Columns are aligned where all of it fits, or nothing does. */
static void line(sqlite3_stmt *st, const struct style *s, int left, bool same)
{
	int who_w = sqlite3_column_int(st, 13) + 2 + style_columns(style_pick(s, " → ", " -> ")), own_w, rest_w;
	char client[96], server[96], when[48], id[32], what[160];
	struct text_flow f = {s, left, left};

	snprintf(id, sizeof id, "#%" PRId64, (int64_t)sqlite3_column_int64(st, 0));
	text_column_endpoint(s, st, 1, client, sizeof client);
	text_column_endpoint(s, st, 3, server, sizeof server);
	text_add(client, sizeof client, "%s", style_pick(s, " →", " ->"));
	style_time(when, sizeof when, sqlite3_column_int64(st, 5), sqlite3_column_int(st, 14));
	own_w = style_columns(client) + 1 + style_columns(server);
	what_of(st, s, same, false, what, sizeof what);
	rest_w = left + 3 + style_columns(when) + 3;
	if (same && sqlite3_column_int(st, 15) && rest_w + who_w + style_columns(what) > s->width)
		what_of(st, s, same, true, what, sizeof what);
	if (rest_w + who_w - 3 > s->width || (rest_w + who_w + style_columns(what) > s->width && rest_w + own_w + style_columns(what) <= s->width))
		who_w = own_w;
	fprintf(s->out, "%*s%s%s%s  ", left - 2 - style_columns(id), "", style_on(s, TINT_HEAD), id, style_off(s));
	text_flow(&f, 0, TINT_NONE, client);
	text_flow(&f, 1, TINT_NONE, server);
	text_flow(&f, who_w - own_w + 3, TINT_NONE, when);
	text_flow(&f, 3, TINT_NONE, what);
	fputc('\n', s->out);
}

/* A connection, and below it its sentence - once for all that have the same. */
static void entry(sqlite3_stmt *st, const struct style *s, int id_w)
{
	const char *how = (const char *)sqlite3_column_text(st, 9), *verdict = (const char *)sqlite3_column_text(st, 8);
	bool clean = sqlite3_column_int(st, 10) == 0, same = sqlite3_column_int64(st, 11) > 1 && !clean;
	int severity = sqlite3_column_int(st, 10), left = id_w + 5;
	char text[1024];

	line(st, s, left, same);
	if (same || clean)
		return;
	clean_text(text, sizeof text, verdict, -1, s->utf8);
	if (how)
		text_add(text, sizeof text, "  (%s)", how);
	text_para(s, left, "", 0, severity >= 3 ? TINT_BAD : severity == 2 ? TINT_DOUBT : TINT_NONE, text);
}

static void more(const struct style *s, int id_w, int64_t n, const char *what)
{
	char number[32];

	if (n > 0)
		fprintf(s->out, "  %*s %sand %s more %s%s\n", id_w + 2, "", style_on(s, TINT_FAINT), style_count(number, sizeof number, n),
		    what, style_off(s));
}

static int entries(struct db *db, const struct style *s, const struct filter *f, const char *ids, const struct counts *c, struct err *e)
{
	int id_w = snprintf(NULL, 0, "%" PRId64, c->all), last = -1, rc;
	int64_t given[4] = {0}, folded[4] = {0};
	/* Clean ones are only counted where there is worse to read, unless they are few. */
	bool clean = f->all || c->severity[0] <= at_most[0] || c->severity[0] == c->n;
	sqlite3_stmt *st, *peers = NULL, *waits = NULL;

	if (prepare(db, list_sql, ids, &st, e) < 0)
		return -1;
	bind_int(st, ":few", FEW);
	bind_int(st, ":clean", clean);
	bind_int(st, ":all", f->all);
	while ((rc = db_step(db, st, e)) == 1) {
		int severity = sqlite3_column_int(st, 10), i = severity > 3 ? 3 : severity;
		int64_t nth = sqlite3_column_int64(st, 11), members = sqlite3_column_int64(st, 12);

		if (!f->all && given[i] >= at_most[i])
			continue;
		if (i != last)
			fputc('\n', s->out);
		last = i;
		given[i]++;
		entry(st, s, id_w);
		if (report_peers(db, &peers, s, sqlite3_column_int64(st, 0), id_w + 5, 0, e) < 0 ||
		    waits_line(db, &waits, s, sqlite3_column_int64(st, 0), SLOW_NS, id_w + 5, "time: ", 6, e) < 0) {
			rc = -1;
			break;
		}
		if (i > 0 && !f->all && nth == FEW && members > FEW) {
			more(s, id_w, members - FEW, "with the same verdict (--all)");
			folded[i] += members - FEW;
		}
	}
	sqlite3_finalize(st);
	sqlite3_finalize(peers);
	sqlite3_finalize(waits);
	for (int i = 3; rc == 0 && i >= 0; i--) {
		char what[64];

		snprintf(what, sizeof what, "%s (--all)", severity_name[i]);
		if (given[i] > 0)
			more(s, id_w, c->severity[i] - given[i] - folded[i], what);
	}
	return rc;
}

int report_list(struct db *db, const struct style *s, const struct filter *f, struct err *e)
{
	struct ids ids = {0};
	struct counts c;
	char *array = NULL;
	int rc = -1;

	if (select_connections(db, f, &ids, e) < 0 || (array = ids_json(&ids, e)) == NULL)
		goto out;
	if (count(db, array, &c, e) < 0 || counts_line(db, s, array, &c, e) < 0 || doubts_of_case(db, s, e) < 0)
		goto out;
	rc = entries(db, s, f, array, &c, e);
out:
	free(array);
	ids_free(&ids);
	return rc;
}
