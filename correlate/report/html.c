#include "correlate/report/html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/html_connections.h"
#include "correlate/report/html_tables.h"
#include "correlate/report/html_text.h"
#include "correlate/report/report.h"
#include "correlate/report/summary.h"
#include "correlate/report/svg.h"
#include "correlate/report/text.h"

#include "correlate/report/report.css.h"
#include "correlate/report/report.js.h"

#define PAGE_MAX 1000000        /* bytes */
#define PLAIN_LADDERS 10        /* as many as `run` prints */

typedef int section(FILE *out, struct db *db, const struct style *s, struct err *e);

/* ---- paragraphs of the summary, as a list ---- */

struct items {
	struct listener listener;
	FILE *out;
	bool open;
};

static void item(struct listener *l, int indent, const char *label, enum tint t, const char *text)
{
	struct items *items = (struct items *)l;
	/* Beside the word that begins a group stands the name of the point. */
	const char *name = strlen(label) > SUMMARY_LABEL ? label + SUMMARY_LABEL : "";

	(void)indent;
	fprintf(items->out, "%s<li%s>", items->open ? "" : "<ul>\n", t == TINT_BAD ? " class=bad" : t == TINT_DOUBT ? " class=doubt" : "");
	items->open = true;
	if (*name) {
		fputs("<b>", items->out);
		html_text(items->out, name);
		fputs("</b> ", items->out);
	}
	html_text(items->out, text);
	fputc('\n', items->out);
}

static int listed(FILE *out, struct db *db, const struct style *s, int (*say)(struct db *, const struct style *, struct err *), struct err *e)
{
	struct items items = {.listener.hear = item, .out = out};
	struct style heard = *s;
	int rc;

	heard.listener = &items.listener;
	/* What is no paragraph, a blank line, has no place here. */
	if ((heard.out = fopen("/dev/null", "w")) == NULL)
		return err_set(e, "/dev/null cannot be opened");
	rc = say(db, &heard, e);
	fclose(heard.out);
	fputs(items.open ? "</ul>\n" : "", out);
	return rc;
}

static int path(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	struct summary_hop *hop;
	bool more;
	size_t n;
	int rc;

	if (summary_hop_list(db, s, &hop, &n, &more, e) < 0)
		return -1;
	rc = svg_path(out, hop, n, db, s, e);
	html_hops(out, hop, n, more);
	free(hop);
	fputs("<h3>Changed on the way</h3>\n", out);
	return rc < 0 ? -1 : listed(out, db, s, summary_changes, e);
}

static int clocks(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	return listed(out, db, s, summary_clocks, e) < 0 ? -1 : svg_clocks(out, db, s, e);
}

static int captures(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	return listed(out, db, s, summary_captures, e);
}

/* As `run` prints it, but for the list: that is the page's own. For tickets, and for those who run no script. */
static int as_text(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	struct filter telling = {.telling = true, .limit = PLAIN_LADDERS};
	struct style plain = *s;
	char *text = NULL;
	size_t size;
	int rc;

	if ((plain.out = open_memstream(&text, &size)) == NULL)
		return err_set(e, "out of memory");
	rc = report_summary(db, &plain, e) < 0 || report_ladders(db, &plain, &telling, e) < 0 ? -1 : 0;
	if (fclose(plain.out) != 0 && rc == 0)
		rc = err_set(e, "out of memory");
	if (rc == 0) {
		fputs("<details><summary>To paste into a ticket: the summary, and the most telling connections</summary><pre class=scroll tabindex=0>", out);
		html_text(out, text);
		fputs("</pre></details>\n", out);
	}
	free(text);
	return rc;
}

/* ---- connections ---- */

static void counted(FILE *out, const struct html_connections *c)
{
	static const char *const name[] = {"clean", "curious", "doubtful", "bad"};
	int64_t all = c->severity[0] + c->severity[1] + c->severity[2] + c->severity[3];
	char number[32];

	fprintf(out, "<ul class=counts><li><b>%s</b> connection%s", style_count(number, sizeof number, all), all == 1 ? "" : "s");
	for (int i = 3; i >= 0; i--)
		if (c->severity[i] > 0)
			fprintf(out, "<li class=s%d><b>%s</b> %s", i, style_count(number, sizeof number, c->severity[i]), name[i]);
	fputs("</ul>\n", out);
}

static void left_out(FILE *out, const struct html_connections *c)
{
	int64_t all = c->severity[0] + c->severity[1] + c->severity[2] + c->severity[3];
	char number[32];

	if (c->all > c->shown)
		fprintf(out, "<p class=more>%s more connections with findings are not on this page, to keep it small: pcaphop list --all CASE, pcaphop diff CASE NUMBER</p>\n",
		    style_count(number, sizeof number, (int64_t)(c->all - c->shown)));
	if (all > (int64_t)c->all)
		fprintf(out, "<p class=more>%s connections without trouble of their own are not listed: pcaphop list --all CASE</p>\n",
		    style_count(number, sizeof number, all - (int64_t)c->all));
}

static void connections(FILE *out, const struct html_connections *c)
{
	fputs("<noscript><p>Without its script this page cannot search, sort or draw. The most telling connections are at its end, as text.</noscript>\n"
	      "<form id=find hidden></form><p id=found role=status></p>\n", out);
	if (c->shown > 0)
		fprintf(out, "<table id=list><caption>Connections with findings, the most telling first</caption><thead><tr><th scope=col>Number<th scope=col>Start, UTC<th scope=col>Took<th scope=col>Client"
			"<th scope=col>Server<th scope=col>Outcome<th scope=col>Verdict</thead><tbody>\n%s</tbody></table>\n", c->table);
	else
		fputs("<p>None has a finding.</p>\n", out);
	left_out(out, c);
}

/* ---- the page ---- */

static void head(FILE *out, const char *name)
{
	fprintf(out,
	    "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\n"
	    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'\">\n"
	    "<meta name=viewport content=\"width=device-width, initial-scale=1\"><meta name=referrer content=no-referrer>"
	    "<meta name=color-scheme content=\"light dark\"><meta name=generator content=\"pcaphop " VERSION "\">\n<title>",
	    report_css_hash, report_js_hash);
	html_foreign(out, name);
	fprintf(out, " – pcaphop</title>\n<style>%s</style></head>\n<body>\n<header><a class=skip href=\"#connections\">To the connections</a><h1>", report_css);
	html_foreign(out, name);
	fputs("</h1>\n", out);
}

static int period(FILE *out, struct db *db, struct err *e)
{
	int64_t from, to;
	char a[48], b[48];

	if (db_int(db, "SELECT min(first_ns) FROM capture", INT64_MIN, &from, e) < 0 || db_int(db, "SELECT max(last_ns) FROM capture", 0, &to, e) < 0)
		return -1;
	if (from != INT64_MIN)
		fprintf(out, "<p>%s – %s UTC, by the clocks of the captures. pcaphop %s</p>\n", style_time(a, sizeof a, from, true), style_time(b, sizeof b, to, true), VERSION);
	return 0;
}

static int section_print(FILE *out, const char *id, const char *title, section *print, struct db *db, const struct style *s, struct err *e)
{
	fprintf(out, "<section id=%s><h2>%s</h2>\n", id, title);
	if (print(out, db, s, e) < 0)
		return -1;
	fputs("</section>\n", out);
	return 0;
}

/* What comes before and behind the connections; the rest of the page is theirs. */
static int above(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	if (section_print(out, "path", "Path", path, db, s, e) < 0)
		return -1;
	return section_print(out, "timeline", "What happened when", svg_timeline, db, s, e);
}

static int below(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	static const struct {
		const char *id, *title;
		section *print;
	} table[] = {
	    {"delays", "Delays", svg_delays}, {"clocks", "Clocks", clocks}, {"nat", "Translated addresses", html_nat}, {"captures", "Captures", captures},
	    {"text", "As text", as_text},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (section_print(out, table[i].id, table[i].title, table[i].print, db, s, e) < 0)
			return -1;
	return 0;
}

/* A part of the page as text; NULL: failed. */
static char *part(section *print, struct db *db, const struct style *s, struct err *e)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int rc = out ? print(out, db, s, e) : err_set(e, "out of memory");

	if (out && fclose(out) != 0 && rc == 0)
		rc = err_set(e, "out of memory");
	if (rc == 0)
		return text;
	free(text);
	return NULL;
}

static int page(FILE *out, struct db *db, const char *name, const struct html_connections *c, const char *before, const char *after, struct err *e)
{
	head(out, name);
	if (period(out, db, e) < 0)
		return -1;
	counted(out, c);
	fprintf(out, "</header>\n<main>\n%s<section id=connections><h2>Connections</h2>\n", before);
	connections(out, c);
	fprintf(out, "</section>\n%s</main>\n<script type=\"application/json\" id=data>%s</script>\n<script>%s</script>\n</body></html>\n", after, c->data, report_js);
	return 0;
}

/*
 * Several parts of the page ask these views, which go through all connections each time: once is enough, and where nothing is translated, v_nat would
 * look at every flow for nothing. Unqualified names mean the tables from now on.
 */
static int ask_once(struct db *db, struct err *e)
{
	return db_exec(db,
	    "CREATE TEMP TABLE v_habit AS SELECT * FROM main.v_habit;"
	    "CREATE TEMP TABLE v_nat AS SELECT * FROM main.v_nat WHERE EXISTS (SELECT 1 FROM translated)", e);
}

char *report_html(struct db *db, const char *name, struct err *e)
{
	const struct style s = {.utf8 = true, .width = 100};
	struct html_connections c = {0};
	char *before = ask_once(db, e) == 0 ? part(above, db, &s, e) : NULL, *after = before ? part(below, db, &s, e) : NULL, *text = NULL;
	size_t used = after ? strlen(before) + strlen(after) + sizeof report_css + sizeof report_js + 4096 : 0, size;
	int rc = after ? html_connections(&c, db, &s, used < PAGE_MAX ? PAGE_MAX - used : 0, e) : -1;
	FILE *out = rc == 0 ? open_memstream(&text, &size) : NULL;

	if (rc == 0)
		rc = out ? page(out, db, name, &c, before, after, e) : err_set(e, "out of memory");
	if (out && fclose(out) != 0 && rc == 0)
		rc = err_set(e, "out of memory");
	free(before);
	free(after);
	html_connections_free(&c);
	if (rc == 0)
		return text;
	free(text);
	return NULL;
}
