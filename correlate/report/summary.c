#include "schema/clean.h"
#include "correlate/report/summary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/patterns.h"
#include "correlate/report/report.h"
#include "correlate/report/text.h"
#include "correlate/report/waits.h"

#include "correlate/report/summary_captures.sql.h"
#include "correlate/report/summary_notes.sql.h"
#include "correlate/report/summary_path.sql.h"

int summary_name_width(struct db *db, const struct style *s, int *width, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	*width = 0;
	if (db_prepare(db, "SELECT name FROM point", &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		char name[64];

		clean_text(name, sizeof name, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
		if (style_columns(name) > *width)
			*width = style_columns(name);
	}
	sqlite3_finalize(st);
	*width = *width > 24 ? 24 : *width;
	return rc;
}

void summary_point(const struct style *s, const char *word, const char *name, int name_w, enum tint t, const char *text)
{
	char label[128];

	snprintf(label, sizeof label, "%-*s%s", SUMMARY_LABEL, word, name);
	if (style_columns(name) > name_w) {
		fprintf(s->out, "%s%s%s\n", style_on(s, TINT_HEAD), label, style_off(s));
		label[0] = '\0';
	}
	text_para(s, 0, label, SUMMARY_LABEL + name_w + 2, t, text);
}

/* Points in order, those beside each other in braces, and how that is known. */
static int summary_path(struct db *db, const struct style *s, struct err *e)
{
	char text[4096] = "", how[4096] = "", clean[1024];
	int last = -1, rc;
	sqlite3_stmt *st;

	if (db_prepare(db, summary_path_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		int position = sqlite3_column_int(st, 1), beside = sqlite3_column_int(st, 2), nth = sqlite3_column_int(st, 3);

		if (last >= 0)
			text_add(text, sizeof text, "%s", position == last ? ", " : style_pick(s, " ──── ", " ---- "));
		clean_text(clean, sizeof clean, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
		text_add(text, sizeof text, "%s%s%s", beside > 1 && nth == 1 ? "{" : "", clean, beside > 1 && nth == beside ? "}" : "");
		last = position;
		if (sqlite3_column_bytes(st, 4) == 0)
			continue;
		clean_text(clean, sizeof clean, (const char *)sqlite3_column_text(st, 4), -1, s->utf8);
		text_add(how, sizeof how, "%s%s", how[0] ? "; " : "order: ", clean);
	}
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	text_para(s, 0, "path", SUMMARY_LABEL, TINT_HEAD, text[0] ? text : "none: nothing was correlated yet");
	text_para(s, 0, "", SUMMARY_LABEL, TINT_NONE, how);
	return 0;
}

/* Points that are not on the path, or could be two. */
static int summary_notes(struct db *db, const struct style *s, struct err *e)
{
	const char *word = "note";
	char clean[2048];
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, summary_notes_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		clean_text(clean, sizeof clean, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
		text_para(s, 0, word, SUMMARY_LABEL, TINT_DOUBT, clean);
		word = "";
	}
	sqlite3_finalize(st);
	return rc;
}

static int damage(struct db *db, const struct style *s, int64_t point, int name_w, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT name, damage FROM capture WHERE point_id = ?1 AND damage IS NOT NULL ORDER BY name, id", &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, point);
	while ((rc = db_step(db, st, e)) == 1) {
		char name[512], what[1024], text[2048];

		clean_text(name, sizeof name, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
		clean_text(what, sizeof what, (const char *)sqlite3_column_text(st, 1), -1, s->utf8);
		snprintf(text, sizeof text, "%s is damaged: %s", name, what);
		summary_point(s, "", "", name_w, TINT_DOUBT, text);
	}
	sqlite3_finalize(st);
	return rc;
}

/* From and to, the date once when it is the same. */
static void add_period(const struct style *s, int64_t from_ns, int64_t to_ns, char *buf, size_t size)
{
	char a[48], b[48];

	style_time(a, sizeof a, from_ns, true);
	style_time(b, sizeof b, to_ns, true);
	text_add(buf, size, ", %s %s %s UTC", a, style_pick(s, "–", "-"), strncmp(a, b, 11) == 0 ? b + 11 : b);
}

/* "23 881 frames = 23 875 packets + 6 others (ARP 6), 2024-05-01 01:00:00.000 - 02:00:00.000 UTC; missed 0 of 11 973 that passed" */
static void capture_line(sqlite3_stmt *st, const struct style *s, const char *word, int name_w)
{
	char name[64], text[2048], a[32], b[32];
	int64_t files = sqlite3_column_int64(st, 1), others = sqlite3_column_int64(st, 2) - sqlite3_column_int64(st, 3);

	clean_text(name, sizeof name, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
	snprintf(text, sizeof text, "%s frames = %s packets", style_count(a, sizeof a, sqlite3_column_int64(st, 2)),
	    style_count(b, sizeof b, sqlite3_column_int64(st, 3)));
	if (others > 0) {
		char reasons[512];

		clean_text(reasons, sizeof reasons, sqlite3_column_text(st, 6) ? (const char *)sqlite3_column_text(st, 6) : "no reason",
		    -1, s->utf8);
		text_add(text, sizeof text, " + %s others (%s)", style_count(a, sizeof a, others), reasons);
	}
	if (files > 1)
		text_add(text, sizeof text, " in %s captures", style_count(a, sizeof a, files));
	if (sqlite3_column_type(st, 4) != SQLITE_NULL)
		add_period(s, sqlite3_column_int64(st, 4), sqlite3_column_int64(st, 5), text, sizeof text);
	else
		text_add(text, sizeof text, ", empty");
	if (sqlite3_column_int64(st, 7) > 0)
		text_add(text, sizeof text, "; missed %s of %s that provably passed", style_count(a, sizeof a, sqlite3_column_int64(st, 8)),
		    style_count(b, sizeof b, sqlite3_column_int64(st, 7)));
	if (sqlite3_column_int(st, 9))
		text_add(text, sizeof text, "; ran all the time (vouched for)");
	summary_point(s, word, name, name_w, sqlite3_column_int64(st, 8) > 0 ? TINT_DOUBT : TINT_NONE, text);
}

int summary_captures(struct db *db, const struct style *s, struct err *e)
{
	const char *word = "captures";
	sqlite3_stmt *st;
	int rc, name_w;

	if (summary_name_width(db, s, &name_w, e) < 0 || db_prepare(db, summary_captures_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		capture_line(st, s, word, name_w);
		word = "";
		if ((rc = damage(db, s, sqlite3_column_int64(st, 10), name_w, e)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

int report_summary(struct db *db, const struct style *s, struct err *e)
{
	if (summary_path(db, s, e) < 0 || summary_notes(db, s, e) < 0 || summary_clocks(db, s, e) < 0 || summary_changes(db, s, e) < 0)
		return -1;
	return summary_hops(db, s, e) < 0 || patterns_points(db, s, SUMMARY_LABEL, e) < 0 || waits_summary(db, s, e) < 0 || summary_captures(db, s, e) < 0 ? -1 : 0;
}
