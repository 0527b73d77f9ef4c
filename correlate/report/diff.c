/* diff for people: who, what happened, the ladder, and what the verdict rests on. */
#include "correlate/report/diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/clean.h"
#include "correlate/report/doubts.h"
#include "correlate/report/ladder.h"
#include "correlate/report/patterns.h"
#include "correlate/report/peers.h"
#include "correlate/report/report.h"
#include "correlate/report/select.h"
#include "correlate/report/text.h"
#include "correlate/report/trace.h"
#include "correlate/report/waits.h"

#include "correlate/report/diff_absent.sql.h"
#include "correlate/report/diff_alike.sql.h"
#include "correlate/report/diff_changes.sql.h"
#include "correlate/report/diff_f5.sql.h"

#define LABEL 11                        /* width of the words on the left */
#define NEAR_NS INT64_C(5000000000)     /* "around that time" */
#define AROUND 500                      /* connections before and after that are compared with */
#define FINDINGS 12                     /* in full; --all shows the others */

static const char *arrow(const struct style *s)
{
	return style_pick(s, " → ", " -> ");
}

static enum tint tint_of(int severity)
{
	return severity >= 3 ? TINT_BAD : severity == 2 ? TINT_DOUBT : TINT_NONE;
}

static void headline(const struct trace *t, const struct style *s)
{
	char id[48], client[80], when[64], what[160], duration[32], start[48];
	struct text_flow f = {s, LABEL, LABEL};

	snprintf(id, sizeof id, "connection %" PRId64, t->id);
	snprintf(client, sizeof client, "%s%s", t->client, style_pick(s, " →", " ->"));
	snprintf(when, sizeof when, "%s UTC", style_time(start, sizeof start, t->start_ns, true));
	snprintf(what, sizeof what, "%s, %s", t->outcome, style_duration(s, duration, sizeof duration, t->end_ns - t->start_ns, t->resolution_ns));
	f.x = 0;
	text_flow(&f, 0, TINT_HEAD, id);
	text_flow(&f, 3, TINT_NONE, client);
	text_flow(&f, 1, TINT_NONE, t->server);
	/* When and what stay together. */
	if (f.x + 3 + style_columns(when) + 3 + style_columns(what) > s->width)
		fprintf(s->out, "\n%*s", LABEL, ""), f.x = LABEL;
	text_flow(&f, 3, TINT_NONE, when);
	text_flow(&f, 3, TINT_NONE, what);
	fputc('\n', s->out);
}

static void verdict(const struct trace *t, const struct style *s)
{
	bool sure = t->confidence[0] == '\0';
	size_t size = strlen(t->verdict) + 64;
	char *text = malloc(size);

	if (text == NULL)
		return;
	snprintf(text, size, "%s%s%s%s", t->verdict, sure ? "" : "  (", t->confidence, sure ? "" : ")");
	text_para(s, 0, "verdict", LABEL, tint_of(t->severity), text);
	free(text);
}

static int count_near(const struct trace *t, struct db *db, int64_t point, int64_t *n, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, diff_absent_sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, t->start_ns);
	sqlite3_bind_int64(st, 2, t->end_ns);
	sqlite3_bind_int64(st, 3, point);
	sqlite3_bind_int64(st, 4, NEAR_NS);
	rc = db_step(db, st, e);
	*n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

/* How many other connections each column that never saw this one captured around that time; -1: it did see it, or could not. */
static int others_seen(const struct trace *t, struct db *db, const struct presence *presence, int64_t *others, struct err *e)
{
	for (size_t i = 0; i < t->columns; i++) {
		others[i] = -1;
		if (t->column[i].client[0] || trace_beyond(t, (int)i))
			continue;
		if (presence)
			others[i] = presence_count(presence, t->column[i].id, t->start_ns - NEAR_NS, t->end_ns + NEAR_NS);
		else if (count_near(t, db, t->column[i].id, &others[i], e) < 0)
			return -1;
	}
	return 0;
}

/* Points that never saw the connection: did they see anything then? Those of which the same is true are said together. */
static int absent(const struct trace *t, struct db *db, const struct style *s, const struct presence *presence, struct err *e)
{
	const char *label = "absent", *near = style_pick(s, "±", "+-");
	int64_t *others = calloc(t->columns + 1, sizeof *others);
	int rc = others ? others_seen(t, db, presence, others, e) : err_set(e, "out of memory");

	for (size_t i = 0; rc == 0 && i < t->columns; i++) {
		char text[1024] = "", number[32];
		int64_t n = others[i];
		bool many = false;

		for (size_t k = i; n >= 0 && k < t->columns; k++) {
			if (others[k] != n)
				continue;
			text_add(text, sizeof text, "%s%s", k > i ? ", " : "", t->column[k].name);
			many |= k > i;
			others[k] = -1;
		}
		if (n > 0)
			text_add(text, sizeof text, " never saw it; %s captured %s other connection%s within %s 5 s", many ? "each" : "it",
			    style_count(number, sizeof number, n), n == 1 ? "" : "s", near);
		else if (n == 0)
			text_add(text, sizeof text, " never saw it, nor any other connection within %s 5 s", near);
		text_para(s, 0, label, LABEL, TINT_NONE, text);
		label = text[0] ? "" : label;
	}
	free(others);
	return rc;
}

/*
 * "Was it ECN?" What the SYN offers cannot be the whole reason if others that offered the same were answered; the
 * reverse is a hint only, and said as counts.
 */
static int alike(const struct trace *t, struct db *db, const struct style *s, struct err *e)
{
	int64_t asked[2] = {0}, answered[2] = {0};  /* others, same */
	char text[256];
	sqlite3_stmt *st;
	size_t first = 0;
	int rc;

	while (first < t->columns && t->column[first].client[0] == '\0')
		first++;
	if (first == t->columns || strcmp(t->outcome, "no connection") != 0)
		return 0;
	if (db_prepare(db, diff_alike_sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, t->id);
	sqlite3_bind_int64(st, 2, t->column[first].id);
	sqlite3_bind_int64(st, 3, AROUND);
	while ((rc = db_step(db, st, e)) > 0) {
		int same = sqlite3_column_int(st, 0) != 0;

		asked[same] = sqlite3_column_int64(st, 1);
		answered[same] = sqlite3_column_int64(st, 2);
	}
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	if (answered[1] > 0)
		snprintf(text, sizeof text,
		    "%" PRId64 " of %" PRId64 " other connections to this server with the same SYN (flags, window, options) were "
		    "answered: what it offers is not the reason by itself", answered[1], asked[1]);
	else if (asked[1] > 0 && answered[0] > 0)
		snprintf(text, sizeof text,
		    "0 of %" PRId64 " other connections to this server with the same SYN (flags, window, options) were answered, "
		    "%" PRId64 " of %" PRId64 " with another SYN were", asked[1], answered[0], asked[0]);
	else
		return 0;
	text_para(s, 0, "alike", LABEL, TINT_NONE, text);
	return 0;
}

/* Addresses where they differ from those of the point before, and joins that are not certain. */
static void endpoints(const struct trace *t, const struct style *s)
{
	const char *client = t->client, *server = t->server;
	bool first = true;

	for (size_t i = 0; i < t->columns; i++) {
		const struct column *c = &t->column[i];
		bool doubt = strcmp(c->join, "likely") == 0 || strcmp(c->join, "ambiguous") == 0;
		char text[512] = "";

		if (c->client[0] == '\0' || (!doubt && strcmp(client, c->client) == 0 && strcmp(server, c->server) == 0))
			continue;
		snprintf(text, sizeof text, "%s  %s%s%s%s%s", c->name, c->client, arrow(s), c->server, doubt ? "   joined: " : "",
		    doubt ? c->join : "");
		text_para(s, 0, first ? "seen as" : "", LABEL, TINT_NONE, text);
		client = c->client;
		server = c->server;
		first = false;
	}
}

/* One row of diff_f5.sql. */
static void f5_text(sqlite3_stmt *st, const struct style *s, char *raw, size_t size)
{
	const char *name = (const char *)sqlite3_column_text(st, 2);
	char end[96];

	snprintf(raw, size, "%s: ", (const char *)sqlite3_column_text(st, 0));
	if (name)
		text_add(raw, size, "virtual server %s, ", name);
	text_add(raw, size, "%s side", (const char *)sqlite3_column_text(st, 1));
	if (sqlite3_column_type(st, 3) != SQLITE_NULL)
		text_add(raw, size, "; other side: connection %lld", sqlite3_column_int64(st, 3));
	else if (sqlite3_column_type(st, 4) != SQLITE_NULL)
		text_add(raw, size, "; other side, not in the case:");
	if (sqlite3_column_type(st, 4) == SQLITE_NULL)
		return;
	text_add(raw, size, "  %s%s", text_endpoint(end, sizeof end, (const char *)sqlite3_column_text(st, 4), sqlite3_column_int(st, 5)), arrow(s));
	text_add(raw, size, "%s", text_endpoint(end, sizeof end, (const char *)sqlite3_column_text(st, 6), sqlite3_column_int(st, 7)));
}

static int f5(const struct trace *t, struct db *db, const struct style *s, struct err *e)
{
	sqlite3_stmt *st;
	bool first = true;
	int rc;

	if (db_prepare(db, diff_f5_sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, t->id);
	while ((rc = db_step(db, st, e)) == 1) {
		char raw[512], text[1024];

		f5_text(st, s, raw, sizeof raw);
		clean_text(text, sizeof text, raw, -1, s->utf8);
		text_para(s, 0, first ? "f5" : "", LABEL, TINT_NONE, text);
		first = false;
	}
	sqlite3_finalize(st);
	return rc;
}

static int changes(const struct trace *t, struct db *db, const struct style *s, struct err *e)
{
	sqlite3_stmt *st;
	bool first = true;
	int rc;

	if (db_prepare(db, diff_changes_sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, t->id);
	while ((rc = db_step(db, st, e)) == 1) {
		const char *before = (const char *)sqlite3_column_text(st, 3), *after = (const char *)sqlite3_column_text(st, 4);
		char raw[512], text[1024], number[32];

		snprintf(raw, sizeof raw, "%s → %s  %s ", (const char *)sqlite3_column_text(st, 0),
		    (const char *)sqlite3_column_text(st, 1), (const char *)sqlite3_column_text(st, 2));
		/* Numbers that run on have nothing in common but their distance, modulo 2^32. */
		if (sqlite3_column_type(st, 5) != SQLITE_NULL && (sqlite3_column_int(st, 7) || !before || !after))
			text_add(raw, sizeof raw, "%+" PRId32, (int32_t)(uint32_t)sqlite3_column_int64(st, 5));
		else
			text_change(raw, sizeof raw, before, after);
		text_add(raw, sizeof raw, "  ×%s", style_count(number, sizeof number, sqlite3_column_int64(st, 6)));
		clean_text(text, sizeof text, raw, -1, s->utf8);
		text_para(s, 0, first ? "changed" : "", LABEL, TINT_NONE, text);
		first = false;
	}
	sqlite3_finalize(st);
	return rc;
}

/* One of the lists of a finding, without the lines that an earlier finding has: they hold for all. */
static bool is_in(const char *lines, const char *line, size_t n)
{
	for (; lines && *lines; lines += strcspn(lines, "\n"), lines += *lines == '\n')
		if (strcspn(lines, "\n") == n && strncmp(lines, line, n) == 0)
			return true;
	return false;
}

enum list { ASSUMPTIONS, ALTERNATIVES, CLUES, HYPOTHESES, MISSING, CHANGE };

static const char *list_of(const struct finding *f, enum list which)
{
	switch (which) {
	case ASSUMPTIONS:
		return f->assumptions;
	case ALTERNATIVES:
		return f->alternatives;
	case CLUES:
		return f->clues;
	case HYPOTHESES:
		return f->hypotheses;
	case MISSING:
		return f->missing;
	default:
		return f->change;
	}
}

static void list(const struct trace *t, const struct finding *f, const struct style *s, const char *label, enum list which)
{
	const char *lines = list_of(f, which);

	while (lines && *lines) {
		size_t n = strcspn(lines, "\n");
		char *line = strndup(lines, n);
		bool said = line == NULL;

		for (const struct finding *g = t->finding; !said && g < f; g++)
			said = is_in(list_of(g, which), lines, n);
		if (!said) {
			text_para(s, LABEL, label, 14, TINT_NONE, line);
			label = "";
		}
		free(line);
		lines += n + (lines[n] == '\n');
	}
}

static void where(const struct trace *t, const struct finding *f, const struct style *s, char *buf, size_t size)
{
	char number[32];

	snprintf(buf, size, "%s  %s", f->kind, f->what);
	if (f->count > 1)
		text_add(buf, size, " %s%s", style_pick(s, "×", "x"), style_count(number, sizeof number, f->count));
	if (f->from >= 0 && f->to >= 0)
		text_add(buf, size, "  %s%s%s", t->column[f->from].name, arrow(s), t->column[f->to].name);
	else if (f->at >= 0)
		text_add(buf, size, "  at %s", t->column[f->at].name);
	text_add(buf, size, "  (%s)", f->confidence);
	for (char *p = buf; *p && *p != ' '; p++)
		*p = *p == '_' ? ' ' : *p;
}

static bool said_in_verdict(const struct trace *t, const struct finding *f)
{
	static const char undecided[] = "Undecided: ";

	return strcmp(t->verdict, f->text) == 0 ||
	       (f->clues && strncmp(t->verdict, undecided, sizeof undecided - 1) == 0 && strcmp(t->verdict + sizeof undecided - 1, f->text) == 0);
}

static void finding(const struct trace *t, const struct finding *f, const struct style *s)
{
	bool grave = strcmp(f->kind, "dropped") == 0 || strcmp(f->kind, "generated") == 0;
	enum tint tint = !finding_holds(f) ? TINT_DOUBT : grave ? TINT_BAD : TINT_NONE;
	char head[512], before[512] = "";

	/* What is said of the same packets in the same place stands together. */
	if (f > t->finding)
		where(t, f - 1, s, before, sizeof before);
	where(t, f, s, head, sizeof head);
	if (strcmp(head, before) != 0)
		text_para(s, 0, "finding", LABEL, tint, head);
	if (!said_in_verdict(t, f))
		text_para(s, LABEL, "", 0, TINT_NONE, f->text);
	if (f->reasons)
		text_para(s, LABEL, "because", 14, TINT_NONE, f->reasons);
	list(t, f, s, "assuming", ASSUMPTIONS);
	list(t, f, s, "clues", CLUES);
	/* They are the same, with what would tell them apart. */
	if (f->hypotheses)
		list(t, f, s, "not excluded", HYPOTHESES);
	else
		list(t, f, s, "not excluded", ALTERNATIVES);
	list(t, f, s, "missing", MISSING);
	list(t, f, s, "would change", CHANGE);
}

static bool said_before(const struct trace *t, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (t->finding[k].next && strcmp(t->finding[k].next, t->finding[i].next) == 0)
			return true;
	return false;
}

/* A command must be pasted whole: it has a line of its own, up to the quote that ends its filter. */
static void advice(const struct style *s, const char *label, const char *text)
{
	const char *command = strstr(text, "tcpdump "), *quote = command ? strrchr(command, '\'') : NULL;
	char *before = strndup(text, command ? (size_t)(command - text) : strlen(text));

	if (before == NULL)
		return;
	text_para(s, 0, label, LABEL, TINT_NONE, before);
	if (command != NULL) {
		int n = quote ? (int)(quote + 1 - command) : (int)strlen(command);
		bool first = before[strspn(before, " ")] == '\0';

		text_whole(s, 2, first ? label : "", LABEL, command, n);
		text_para(s, 0, "", LABEL, TINT_NONE, command + n + strspn(command + n, " ,;."));
	}
	free(before);
}

/* What to do next, once. */
static void next(const struct trace *t, const struct style *s)
{
	const char *label = "next";

	for (size_t i = 0; i < t->findings; i++) {
		if (t->finding[i].next == NULL || t->finding[i].next[0] == '\0' || said_before(t, i))
			continue;
		advice(s, label, t->finding[i].next);
		label = "";
	}
}

int diff_facts(const struct trace *t, struct db *db, const struct style *s, const struct presence *presence, struct err *e)
{
	sqlite3_stmt *peers = NULL, *waits = NULL;
	int rc = -1;

	if (report_peers(db, &peers, s, t->id, 0, LABEL, e) < 0 || waits_line(db, &waits, s, t->id, 0, 0, "time", LABEL, e) < 0)
		goto out;
	if (absent(t, db, s, presence, e) < 0 || alike(t, db, s, e) < 0 || patterns_connection(db, s, t->id, LABEL, e) < 0)
		goto out;
	endpoints(t, s);
	if (f5(t, db, s, e) < 0 || changes(t, db, s, e) < 0 || doubts_of_connection(db, s, t->id, LABEL, e) < 0)
		goto out;
	rc = 0;
out:
	sqlite3_finalize(peers);
	sqlite3_finalize(waits);
	return rc;
}

void diff_findings(const struct trace *t, const struct style *s, bool all)
{
	size_t shown = all || t->findings <= FINDINGS ? t->findings : FINDINGS;
	char more[96];

	for (size_t i = 0; i < shown; i++)
		finding(t, &t->finding[i], s);
	if (shown < t->findings) {
		snprintf(more, sizeof more, "%zu more findings: pcaphop diff --all CASE %" PRId64, t->findings - shown, t->id);
		text_para(s, 0, "", LABEL, TINT_NONE, more);
	}
	next(t, s);
}

static int ladder(struct db *db, const struct style *s, int64_t id, bool all, struct err *e)
{
	struct trace t;
	int rc = -1;

	if (trace_load(&t, db, s, id, all, e) < 0)
		return -1;
	headline(&t, s);
	verdict(&t, s);
	if (diff_facts(&t, db, s, NULL, e) < 0)
		goto out;
	fputc('\n', s->out);
	/* What only points beside the path saw has none. */
	if (t.rows > 0 && ladder_print(&t, s, all, e) < 0)
		goto out;
	if (t.findings > 0)
		fputc('\n', s->out);
	diff_findings(&t, s, all);
	rc = 0;
out:
	trace_free(&t);
	return rc;
}

/* One ladder ends here; without colour too. */
static void rule(const struct style *s)
{
	fprintf(s->out, "\n%s", style_on(s, TINT_FAINT));
	for (int i = 0; i < s->width; i++)
		fputs(style_pick(s, "─", "-"), s->out);
	fprintf(s->out, "%s\n", style_off(s));
}

int report_ladders(struct db *db, const struct style *s, const struct filter *f, struct err *e)
{
	struct ids ids = {0};
	int rc = select_connections(db, f, &ids, e);

	for (size_t i = 0; rc == 0 && i < ids.n; i++) {
		if (i > 0 || f->telling)
			rule(s);
		rc = ladder(db, s, ids.id[i], f->all, e);
	}
	ids_free(&ids);
	return rc;
}
