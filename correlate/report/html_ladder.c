#include "correlate/report/html_ladder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/diff.h"
#include "correlate/report/html_text.h"
#include "correlate/report/ladder.h"
#include "correlate/report/remark.h"
#include "correlate/report/text.h"

struct page {
	const struct trace *t;
	const struct style *s;
	const struct presence *presence;
	struct phrases *p;
	FILE *out;
	int64_t unit_ns;                /* of the last digit of times */
	struct err *e;
};

static int say(struct page *g, const char *text)
{
	return phrases_refer(g->p, g->out, text, g->e);
}

/* The capture that a point's packets are in, unless said otherwise. -1: none. */
static int64_t main_capture(const struct trace *t, int column)
{
	for (size_t i = 0; i < t->sightings; i++)
		if (t->sighting[i].column == column)
			return t->sighting[i].capture;
	return -1;
}

static int place(struct page *g, const char *text, const char *before)
{
	uint32_t n;

	if (phrases_place(g->p, text, &n, g->e) < 0)
		return -1;
	fprintf(g->out, "%s%" PRIu32, before, n);
	return 0;
}

static int columns(struct page *g)
{
	fputc('[', g->out);
	for (size_t c = 0; c < g->t->columns; c++) {
		const struct column *k = &g->t->column[c];
		int64_t capture = main_capture(g->t, (int)c);

		fputs(c ? ",[" : "[", g->out);
		if (place(g, k->name, "") < 0 || place(g, k->client, ",") < 0 || place(g, k->server, ",") < 0 ||
		    place(g, capture < 0 ? "" : g->t->capture[capture], ",") < 0)
			return -1;
		fputc(']', g->out);
	}
	fputc(']', g->out);
	return 0;
}

static int64_t in_units(const struct page *g, int64_t ns)
{
	return (ns - (ns < 0 ? g->unit_ns - 1 : 0)) / g->unit_ns;
}

/* Where it was recorded, and how it met the points where it was not. */
static int sightings(struct page *g, const struct row *r, const enum meeting *m)
{
	int64_t sent = in_units(g, r->sent_ns - g->t->start_ns);

	fputs(",[", g->out);
	for (int c = 0; c < (int)g->t->columns; c++) {
		const struct sighting *k = trace_at(g->t, r, c);

		fputs(c ? "," : "", g->out);
		if (!k) {
			fprintf(g->out, "%d", m[c] == SEEN ? AWAY : (int)m[c]);
			continue;
		}
		fprintf(g->out, "[%" PRId64 ",%" PRId64, in_units(g, k->time_ns - g->t->start_ns) - sent, k->frame);
		if (k->capture != main_capture(g->t, c) && place(g, g->t->capture[k->capture], ",") < 0)
			return -1;
		fputc(']', g->out);
	}
	fputc(']', g->out);
	return 0;
}

static int hops(struct page *g, const struct row *r, const enum meeting *m)
{
	int n = (int)g->t->columns;

	fputs(",[", g->out);
	for (int i = 0; i + 1 < n; i++) {
		int from = r->s2c ? n - 1 - i : i, to = r->s2c ? from - 1 : from + 1;
		struct ladder_hop h;
		bool any = ladder_hop(g->t, g->s, r, m, from, to, &h);

		fputs(i ? "," : "", g->out);
		fputs(any && h.start | h.end ? "[" : "", g->out);
		if (say(g, any ? h.delay : "") < 0)
			return -1;
		if (any && h.start | h.end)
			fprintf(g->out, ",%u]", h.start | h.end);
	}
	fputc(']', g->out);
	return 0;
}

static int changes(struct page *g, const struct row *r, struct told *told)
{
	int n = (int)g->t->columns;
	bool any = false;

	for (int i = 0; i + 1 < n; i++) {
		int from = r->s2c ? n - 1 - i : i, to = r->s2c ? from - 1 : from + 1;
		const struct sighting *a = trace_at(g->t, r, from), *b = trace_at(g->t, r, to);
		char text[512] = "";

		if (a && b)
			remark_changes(told, g->s, a, b, text, sizeof text);
		if (text[0] == '\0')
			continue;
		fprintf(g->out, "%s%d,", any ? "," : ",[", i);
		if (say(g, text) < 0)
			return -1;
		any = true;
	}
	fputs(any ? "]" : "", g->out);
	return 0;
}

static int row(struct page *g, const struct row *r, struct told *told, enum meeting *m)
{
	char label[160], note[160], detail[512];
	unsigned weight = remark_weight(g->t, r);

	remark_label(g->t, r, label, sizeof label);
	remark_note(g->t, r, note, sizeof note);
	remark_detail(g->t, r, detail, sizeof detail);
	ladder_meetings(g->t, r, m);
	fprintf(g->out, "[%" PRId64 ",%u,", in_units(g, r->sent_ns - g->t->start_ns), (r->s2c ? 1 : 0) + 2 * weight);
	if (say(g, label) < 0 || (fputc(',', g->out), say(g, note)) < 0 || (fputc(',', g->out), say(g, detail)) < 0)
		return -1;
	if (sightings(g, r, m) < 0 || hops(g, r, m) < 0 || changes(g, r, told) < 0)
		return -1;
	fputc(']', g->out);
	return 0;
}

static int gap(struct page *g, const struct fold_row *fold, size_t after)
{
	struct fold_gap gap;

	ladder_gap(g->t, fold, after, &gap);
	fprintf(g->out, ",[%" PRIu32 ",", gap.rows[0] + gap.rows[1]);
	if (say(g, gap.trouble[0] ? gap.trouble : "all well") < 0)
		return -1;
	fputc(']', g->out);
	return 0;
}

static int rows(struct page *g)
{
	struct fold_row *fold = ladder_fold(g->t, false);
	enum meeting *m = calloc(g->t->columns + 1, sizeof *m);
	struct told *told = calloc(1, sizeof *told);
	int rc = fold && m && told ? 0 : err_set(g->e, "out of memory");

	fputc('[', g->out);
	for (size_t i = 0, before = SIZE_MAX; rc == 0 && i < g->t->rows; i++) {
		if (!fold[i].show)
			continue;
		if (before != SIZE_MAX && g->t->row[i].number > g->t->row[before].number + 1)
			rc = gap(g, fold, i);
		fputs(before != SIZE_MAX ? "," : "", g->out);
		rc = rc == 0 ? row(g, &g->t->row[i], told, m) : rc;
		before = i;
	}
	fputc(']', g->out);
	free(fold);
	free(m);
	free(told);
	return rc;
}

/* Paragraphs of a diff become rows of an array. */
struct pen {
	struct listener listener;
	struct page *g;
	int rc;
	bool any;
};

/* "a" and the tint; ">" if it is indented; the label; a unit separator; the text. */
static void write_down(struct listener *l, int indent, const char *label, enum tint t, const char *text)
{
	struct pen *pen = (struct pen *)l;
	size_t size = strlen(label) + strlen(text) + 4;
	char *all = pen->rc == 0 ? malloc(size) : NULL;

	if (all == NULL) {
		pen->rc = pen->rc < 0 ? -1 : err_set(pen->g->e, "out of memory");
		return;
	}
	snprintf(all, size, "%c%s%s\x1f%s", 'a' + (int)t, indent ? ">" : "", label, text);
	fputs(pen->any ? "," : "", pen->g->out);
	pen->rc = say(pen->g, all);
	pen->any = true;
	free(all);
}

static int paragraphs(struct page *g, struct db *db)
{
	struct pen pen = {.listener.hear = write_down, .g = g};
	struct style s = *g->s;

	s.listener = &pen.listener;
	fputs(",[", g->out);
	if (diff_facts(g->t, db, &s, g->presence, g->e) < 0)
		return -1;
	fputs("],[", g->out);
	pen.any = false;
	diff_findings(g->t, &s, false);
	fputc(']', g->out);
	return pen.rc;
}

/* Kinds as list and diff take them: what is only possible is undecided. */
static int tags(struct page *g)
{
	const struct trace *t = g->t;

	fputs(",[", g->out);
	for (size_t i = 0; i < t->findings; i++) {
		const struct finding *f = &t->finding[i];
		char where[160] = "";

		if (f->from >= 0 && f->to >= 0)
			snprintf(where, sizeof where, "%s → %s", t->column[f->from].name, t->column[f->to].name);
		else if (f->at >= 0)
			snprintf(where, sizeof where, "%s", t->column[f->at].name);
		if (place(g, finding_holds(f) ? f->kind : "undecided", i ? "," : "") < 0 || place(g, where, ",") < 0)
			return -1;
	}
	fputc(']', g->out);
	return 0;
}

int html_ladder(const struct trace *t, struct db *db, const struct style *s, const struct presence *presence, struct phrases *p, FILE *out, struct err *e)
{
	struct page g = {.t = t, .s = s, .presence = presence, .p = p, .out = out, .unit_ns = t->resolution_ns >= 1000 ? 1000 : 1, .e = e};
	uint32_t first;

	if (phrases_place(p, "", &first, e) < 0)
		return -1;
	fprintf(out, "[%" PRId64 ",%" PRId64 ",%d,", t->id, (t->end_ns - t->start_ns) / 1000, g.unit_ns == 1000 ? 6 : 9);
	if (columns(&g) < 0 || (fputc(',', out), rows(&g)) < 0 || paragraphs(&g, db) < 0 || tags(&g) < 0)
		return -1;
	fputc(']', out);
	return 0;
}
