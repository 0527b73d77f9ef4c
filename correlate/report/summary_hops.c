/* The table of hops in the summary. */
#include <stdlib.h>
#include <string.h>

#include "schema/clean.h"
#include "correlate/report/patterns.h"
#include "correlate/report/summary.h"
#include "correlate/report/text.h"

#include "correlate/report/summary_hops.sql.h"
#include "correlate/report/summary_what.sql.h"

#define COUNTS SUMMARY_COUNTS
#define DELAYS SUMMARY_DELAYS
#define DELAYS_WIDTH 60
#define HOPS_MAX 1000   /* more than a path has; the rest is left out, and that is said */

static const char *const count_name[COUNTS] = {"packets", "dropped", "generated", "not captured", "undecided", "repeated"};
static const struct {
	const char *u, *a;
	int width;
} delay_name[DELAYS] = {{"delay: min", "delay: min", 11}, {"median", "median", 9}, {"p99", "p99", 9}, {"±", "+-", 10},
    {"varies", "varies", 9}, {"there+back", "there+back", 12}};

static bool column(sqlite3_stmt *st, int i, int64_t *v)
{
	*v = sqlite3_column_int64(st, i);
	return sqlite3_column_type(st, i) != SQLITE_NULL;
}

/* Shortest, median and 99th percentile, and how far the clocks leave the median open; then what does not depend on clocks. */
static void take_delays(struct summary_hop *l, sqlite3_stmt *st, const struct style *s, int64_t resolution_ns)
{
	int64_t ns, low, high;

	for (int i = 0; i < 3; i++) {
		bool any = column(st, 8 + 3 * i, &ns), least = column(st, 9 + 3 * i, &low), most = column(st, 10 + 3 * i, &high);

		if (any && most)
			style_delay(s, l->delay[i], sizeof l->delay[i], ns, high - ns, resolution_ns);
		else if (any && least)
			style_interval(s, l->delay[i], sizeof l->delay[i], &(struct interval){low, low, INT64_MAX}, resolution_ns, true);
		if (i == 1 && any && most)
			style_duration(s, l->delay[3], sizeof l->delay[3], high - ns, (high - ns) / 10);
		else if (i == 1 && any)
			snprintf(l->delay[3], sizeof l->delay[3], "unbounded");
	}
	for (int i = 0; i < 2; i++)
		if (column(st, 17 + i, &ns))
			style_duration(s, l->delay[4 + i], sizeof l->delay[4 + i], ns, resolution_ns);
}

static void take(struct summary_hop *l, sqlite3_stmt *st, const struct style *s, int64_t resolution_ns)
{
	char from[64], to[64];

	snprintf(l->from, sizeof l->from, "%s", (const char *)sqlite3_column_text(st, 0));
	snprintf(l->to, sizeof l->to, "%s", (const char *)sqlite3_column_text(st, 1));
	clean_text(from, sizeof from, l->from, -1, s->utf8);
	clean_text(to, sizeof to, l->to, -1, s->utf8);
	snprintf(l->name, sizeof l->name, "%s%s%s", from, style_pick(s, " → ", " -> "), to);
	for (int i = 0; i < COUNTS; i++)
		l->count[i] = sqlite3_column_int64(st, 2 + i);
	take_delays(l, st, s, resolution_ns);
}

static void right(const struct style *s, int width, enum tint t, const char *text)
{
	fprintf(s->out, "%*s%s%s%s", width - style_columns(text) > 0 ? width - style_columns(text) : 1, "", style_on(s, t), text,
	    t == TINT_NONE ? "" : style_off(s));
}

static void left(const struct style *s, int width, enum tint t, const char *text)
{
	fprintf(s->out, "%s%s%s%*s", style_on(s, t), text, t == TINT_NONE ? "" : style_off(s),
	    width - style_columns(text) > 0 ? width - style_columns(text) : 0, "");
}

static void head_delays(const struct style *s)
{
	for (int i = 0; i < DELAYS; i++)
		right(s, delay_name[i].width, TINT_FAINT, style_pick(s, delay_name[i].u, delay_name[i].a));
}

static void delays(const struct style *s, const struct summary_hop *l)
{
	int n = DELAYS;

	while (n > 0 && l->delay[n - 1][0] == '\0')
		n--;
	for (int i = 0; i < n; i++)
		right(s, delay_name[i].width, TINT_NONE, l->delay[i]);
}

static void counts(const struct style *s, const struct summary_hop *l)
{
	for (int i = 0; i < COUNTS; i++) {
		enum tint t = l->count[i] == 0 ? TINT_FAINT : i == 0 || i == 5 ? TINT_NONE : i <= 2 ? TINT_BAD : TINT_DOUBT;
		char number[32];

		right(s, style_columns(count_name[i]) + 2, t, style_count(number, sizeof number, l->count[i]));
	}
}

/* "dropped SYN 6; generated ACK 3, RST,ACK 3" */
static int by_what(struct db *db, const struct style *s, const struct summary_hop *l, sqlite3_stmt *st, int name_w, struct err *e)
{
	char text[1024] = "", word[32] = "";
	int rc;

	sqlite3_bind_text(st, 1, l->from, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, l->to, -1, SQLITE_STATIC);
	while ((rc = db_step(db, st, e)) == 1) {
		const char *w = (const char *)sqlite3_column_text(st, 0);
		char number[32];

		text_add(text, sizeof text, "%s%s%s%s", strcmp(w, word) == 0 ? ", " : text[0] ? "; " : "", strcmp(w, word) == 0 ? "" : w,
		    strcmp(w, word) == 0 ? "" : ": ", (const char *)sqlite3_column_text(st, 1));
		text_add(text, sizeof text, " %s", style_count(number, sizeof number, sqlite3_column_int64(st, 2)));
		snprintf(word, sizeof word, "%s", w);
	}
	sqlite3_reset(st);
	text_para(s, name_w + 2, "", 0, TINT_FAINT, text);
	return rc;
}

/* How the table lies: names beside the numbers or above them, delays beside the counts or in a table of their own. */
struct shape {
	int name_w;
	bool stacked, wide;
};

static struct shape shape_of(const struct style *s, const struct summary_hop *line, size_t n)
{
	struct shape h = {0};
	int width = 0;

	for (size_t i = 0; i < n; i++)
		h.name_w = style_columns(line[i].name) > h.name_w ? style_columns(line[i].name) : h.name_w;
	for (int i = 0; i < COUNTS; i++)
		width += style_columns(count_name[i]) + 2;
	h.wide = h.name_w + width + DELAYS_WIDTH <= s->width;
	h.stacked = h.name_w + width > s->width;
	if (h.stacked)
		h.name_w = s->width - width > 8 ? 8 : 2;
	return h;
}

static void name(const struct style *s, const struct shape *h, const char *text)
{
	if (h->stacked && *text) {
		fprintf(s->out, "%s\n", text);
		text = "";
	}
	left(s, h->name_w, TINT_NONE, text);
}

static int counts_table(struct db *db, const struct style *s, const struct shape *h, const struct summary_hop *line, size_t n, struct err *e)
{
	sqlite3_stmt *st;
	int rc = 0;

	if (db_prepare(db, summary_what_sql, &st, e) < 0)
		return -1;
	name(s, h, "");
	for (int i = 0; i < COUNTS; i++)
		right(s, style_columns(count_name[i]) + 2, TINT_FAINT, count_name[i]);
	if (h->wide)
		head_delays(s);
	fputc('\n', s->out);
	for (size_t i = 0; i < n && rc == 0; i++) {
		name(s, h, line[i].name);
		counts(s, &line[i]);
		if (h->wide)
			delays(s, &line[i]);
		fputc('\n', s->out);
		rc = by_what(db, s, &line[i], st, h->name_w, e);
		if (rc == 0)
			rc = patterns_hop(db, s, line[i].from, line[i].to, h->name_w + 2, e);
	}
	sqlite3_finalize(st);
	return rc;
}

static void delays_table(const struct style *s, const struct shape *h, const struct summary_hop *line, size_t n)
{
	struct shape beside = *h;

	beside.name_w = 0;
	beside.stacked = false;
	for (size_t i = 0; i < n; i++)
		beside.name_w = style_columns(line[i].name) > beside.name_w ? style_columns(line[i].name) : beside.name_w;
	beside.stacked = beside.name_w + DELAYS_WIDTH > s->width;
	if (beside.stacked)
		beside.name_w = 2;
	fputc('\n', s->out);
	name(s, &beside, "");
	head_delays(s);
	for (size_t i = 0; i < n; i++) {
		fputc('\n', s->out);
		name(s, &beside, line[i].name);
		delays(s, &line[i]);
	}
	fputc('\n', s->out);
}

int summary_hop_list(struct db *db, const struct style *s, struct summary_hop **list, size_t *n, bool *more, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int64_t resolution_ns;
	int rc = -1;

	*n = 0;
	*more = false;
	if ((*list = calloc(HOPS_MAX, sizeof **list)) == NULL)
		return err_set(e, "out of memory");
	if (db_int(db, "SELECT max(resolution_ns) FROM interface", 1000, &resolution_ns, e) == 0 && db_prepare(db, summary_hops_sql, &st, e) == 0)
		while ((rc = db_step(db, st, e)) == 1 && *n < HOPS_MAX)
			take(&(*list)[(*n)++], st, s, resolution_ns);
	*more = rc == 1;
	sqlite3_finalize(st);
	if (rc < 0) {
		free(*list);
		*list = NULL;
	}
	return rc < 0 ? -1 : 0;
}

int summary_hops(struct db *db, const struct style *s, struct err *e)
{
	struct summary_hop *line;
	bool more;
	size_t n;
	int rc = summary_hop_list(db, s, &line, &n, &more, e);

	if (rc == 0 && n > 0) {
		struct shape h = shape_of(s, line, n);

		fputc('\n', s->out);
		rc = counts_table(db, s, &h, line, n, e);
		if (rc == 0 && !h.wide)
			delays_table(s, &h, line, n);
		fputc('\n', s->out);
	}
	if (rc == 0 && more)
		fprintf(s->out, "and more hops than these %d (v_hop)\n", HOPS_MAX);
	free(line);
	return rc;
}
