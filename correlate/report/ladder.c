#include "correlate/report/ladder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/fold.h"
#include "correlate/report/remark.h"
#include "correlate/report/text.h"

#define GAP_NS INT64_C(1000000000)      /* silence from here on has a line of its own */

#define HOP_MIN 5       /* columns between two axes */
#define HOP_MAX 36
#define HOP_ONLY_MAX 64 /* when there is one hop */

static void axes(const struct layout *l, struct canvas *v, const char *glyph)
{
	for (size_t c = 0; c < l->t->columns; c++)
		canvas_text(v, l->axis[c], TINT_FAINT, glyph);
}

static int at_most(int n, int most)
{
	return n < most ? n : most;
}

static int at_least(int n, int least)
{
	return n > least ? n : least;
}

/* Widths that the shown rows need. */
static void measure(struct layout *l, const struct fold_row *fold)
{
	char text[160];

	for (size_t i = 0; i < l->t->rows; i++) {
		const struct row *r = &l->t->row[i];

		if (!fold[i].show)
			continue;
		remark_label(l->t, r, text, sizeof text);
		l->label_w = at_least(l->label_w, style_columns(text));
		remark_note(l->t, r, text, sizeof text);
		l->note_w = at_least(l->note_w, style_columns(text));
		style_seconds(text, sizeof text, r->sent_ns - l->t->start_ns, l->resolution_ns, true);
		l->time_w = at_least(l->time_w, style_columns(text));
		l->number_w = at_least(l->number_w, snprintf(NULL, 0, "%zu", r->number));
	}
}

static int layout(struct layout *l, const struct fold_row *fold, struct err *e)
{
	int n = (int)l->t->columns, x, hop, room;

	l->axis = calloc((size_t)n + 1, sizeof *l->axis);
	if (l->axis == NULL)
		return err_set(e, "out of memory");
	measure(l, fold);
	l->inside = n <= 2;
	l->note_w = at_most(l->note_w, l->s->width >= 120 ? 40 : l->s->width >= 90 ? 24 : 14);
	l->time_x = l->number_w + 2;
	x = l->label_x = l->time_x + l->time_w + 2;
	if (!l->inside)
		x += at_most(l->label_w, l->s->width >= 120 ? 40 : 22) + 2;
	/* Beside the last axis stand the notes and, above, the rest of its name. */
	room = l->s->width - x - at_least(l->note_w ? l->note_w + 3 : 1, style_columns(l->t->column[n - 1].name));
	hop = at_least(at_most(room / at_least(n - 1, 1), n <= 2 ? HOP_ONLY_MAX : HOP_MAX), HOP_MIN);
	if (l->inside)
		hop = at_least(hop, l->label_w + 12);
	for (int i = 0; i < n; i++)
		l->axis[i] = x + i * hop;
	l->edge = l->axis[0] + hop;
	l->note_x = (n == 1 ? l->edge : l->axis[n - 1]) + 3;
	l->width = at_least(l->note_x + l->note_w + 1, l->s->width);
	if (l->inside)
		l->label_x = l->axis[0] + 2;
	return 0;
}

/* Names over their columns: on one line, or as stairs when they are too long for that. */
static void head(const struct layout *l, struct canvas *v)
{
	int n = (int)l->t->columns;
	bool fits = true;

	for (int c = 0; c < n; c++) {
		int end = c + 1 < n ? l->axis[c + 1] - 1 : l->width;

		fits = fits && l->axis[c] + style_columns(l->t->column[c].name) <= end;
	}
	for (int c = 0; c < n; c++) {
		if (c == 0 || !fits) {
			if (c > 0)
				canvas_print(v);
			if (c == n - 1 || fits)
				canvas_text(v, l->time_x, TINT_FAINT, "time, s");
			for (int b = 0; b < c; b++)
				canvas_text(v, l->axis[b], TINT_FAINT, style_pick(l->s, "│", "|"));
		}
		canvas_text(v, l->axis[c], TINT_HEAD, l->t->column[c].name);
	}
	canvas_print(v);
}

/* Changes are put under their hop when they fit there, else named with their hop in *more. */
static void changes(const struct layout *l, struct canvas *v, const struct row *r, struct told *told, bool *any, char *more, size_t size)
{
	int n = (int)l->t->columns;

	more[0] = '\0';
	*any = false;
	for (int i = 0; i + 1 < n; i++) {
		int from = r->s2c ? n - 1 - i : i, to = r->s2c ? from - 1 : from + 1, left = l->axis[from < to ? from : to];
		const struct sighting *a = trace_at(l->t, r, from), *b = trace_at(l->t, r, to);
		char text[512];

		if (!a || !b)
			continue;
		remark_changes(told, l->s, a, b, text, sizeof text);
		if (text[0] == '\0')
			continue;
		if (style_columns(text) + 3 > l->axis[1] - l->axis[0]) {
			text_add(more, size, "%s%s%s%s: %s", more[0] ? "  " : "", l->t->column[from].name, style_pick(l->s, " → ", " -> "),
			    l->t->column[to].name, text);
			continue;
		}
		canvas_text(v, left + 2, TINT_DOUBT, text);
		*any = true;
	}
}

/* One line of words over the axes; the axes stay where the words are not. */
static void words(struct canvas *v, int x, int end, enum tint t, const char **text)
{
	char line[512];

	if (!text_parts(text, at_least(end - x, 20), line, sizeof line))
		return;
	canvas_text(v, x - 1, t, " ");
	x = canvas_text(v, x, t, line);
	canvas_text(v, x, t, " ");
}

/* The lines below a row: what it says of itself, what the hops changed, and the rest of a long note. */
static void below(const struct layout *l, struct canvas *v, const struct row *r, struct told *told, const char *note)
{
	char detail[512], more[1024];
	const char *d = detail, *m = more;
	bool pending;

	remark_detail(l->t, r, detail, sizeof detail);
	axes(l, v, style_pick(l->s, "│", "|"));
	changes(l, v, r, told, &pending, more, sizeof more);
	while (*d || *m || *note || pending) {
		int end = *note ? l->note_x - 2 : l->width - 1;
		const char **text = *d ? &d : &m;

		/* Inside a single hop words keep between the axes. */
		if (l->inside)
			end = l->note_x - 4;
		if (!pending)
			axes(l, v, style_pick(l->s, "│", "|"));
		if (!pending && **text)
			words(v, l->label_x + (l->inside ? 1 : 0), end, TINT_FAINT, text);
		if (*note) {
			char line[128];

			if (text_line(&note, l->note_w, line, sizeof line))
				canvas_text(v, l->note_x, TINT_NONE, line);
		}
		pending = false;
		canvas_print(v);
	}
	memset(v->cell, 0, (size_t)v->width * sizeof *v->cell);
}

static void one(const struct layout *l, struct canvas *v, size_t i, struct told *told, unsigned *marks)
{
	const struct row *r = &l->t->row[i];
	char text[160], note[160], line[160];
	const char *rest = note;
	unsigned weight = remark_weight(l->t, r);

	snprintf(text, sizeof text, "%*zu", l->number_w, r->number);
	canvas_text(v, 0, TINT_FAINT, text);
	style_seconds(text, sizeof text, r->sent_ns - l->t->start_ns, l->resolution_ns, true);
	canvas_text(v, l->time_x + l->time_w - style_columns(text), TINT_NONE, text);
	axes(l, v, style_pick(l->s, "│", "|"));
	remark_label(l->t, r, text, sizeof text);
	if (!l->inside) {
		canvas_text(v, l->label_x, TINT_HEAD, text);
		canvas_fill(v, l->axis[0] - 1, l->axis[0], TINT_NONE, " ");
		canvas_text(v, l->axis[0], TINT_FAINT, style_pick(l->s, "│", "|"));
	}
	ladder_arrow(l, v, r, text, marks);
	remark_note(l->t, r, note, sizeof note);
	if (text_line(&rest, l->note_w, line, sizeof line))
		canvas_text(v, l->note_x, weight == 2 ? TINT_BAD : weight == 1 ? TINT_DOUBT : TINT_NONE, line);
	canvas_print(v);
	below(l, v, r, told, rest);
}

/* Silence, or rows that are not shown, between two rows that are. */
static void gap(const struct layout *l, struct canvas *v, size_t before, size_t after, uint32_t marked)
{
	int64_t ns = l->t->row[after].sent_ns - l->t->row[before].sent_ns;
	size_t hidden = l->t->row[after].number - l->t->row[before].number - 1;
	char text[160] = "", number[32];

	if (hidden == 0 && ns < GAP_NS)
		return;
	axes(l, v, style_pick(l->s, "┊", ":"));
	if (hidden > 0)
		text_add(text, sizeof text, "%s packets", style_count(number, sizeof number, (int64_t)hidden));
	if (marked > 0)
		text_add(text, sizeof text, ", %s with findings (--all)", style_count(number, sizeof number, marked));
	text_add(text, sizeof text, "%s%s", hidden ? ", " : "", style_duration(l->s, number, sizeof number, ns, l->t->resolution_ns));
	canvas_text(v, canvas_text(v, l->label_x + (l->inside ? 1 : 0), TINT_FAINT, text), TINT_FAINT, " ");
	canvas_print(v);
}

static void legend(const struct layout *l, unsigned marks)
{
	static const struct {
		unsigned mark;
		const char *u, *a, *text;
	} table[] = {
		{MARK_CUT, "╳", "X", "dropped"}, {MARK_BORN, "◆", "*", "generated"}, {MARK_DOUBT, "?", "?", "the captures cannot tell"},
		{MARK_MISSED, "○", "o", "passed here, not captured"}, {MARK_BESIDE, "┼", "+", "took the point beside"},
		{MARK_PROXY, "■", "#", "a proxy: an end of this connection"},
	};
	char text[256] = "";

	/* What the margin says in words needs no legend. */
	marks &= ~(unsigned)(MARK_CUT | MARK_BORN);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (marks & table[i].mark)
			text_add(
			    text, sizeof text, "%s%s %s", text[0] ? "   " : "", style_pick(l->s, table[i].u, table[i].a), table[i].text);
	text_para(l->s, l->time_x, "", 0, TINT_FAINT, text);
}

/* What of it is shown: as correlate chose, where only that was loaded. The caller frees it; NULL: out of memory. */
static struct fold_row *choose(const struct trace *t, bool all)
{
	struct fold_row *f = calloc(t->rows + 1, sizeof *f);

	for (size_t i = 0; f != NULL && i < t->rows; i++) {
		const struct row *r = &t->row[i];

		f[i].weight = (uint8_t)remark_weight(t, r);
		f[i].repeats = (uint32_t)r->repeats;
	}
	if (f != NULL && !t->choices)
		fold(f, t->rows, all);
	for (size_t i = 0; f != NULL && t->choices && i < t->rows; i++)
		f[i].show = t->row[i].choice->show;
	return f;
}

int ladder_print(const struct trace *t, const struct style *s, bool all, struct err *e)
{
	struct layout l = {.t = t, .s = s, .resolution_ns = t->resolution_ns > 1000 ? t->resolution_ns : 1000};
	struct told *told = calloc(1, sizeof *told);
	struct fold_row *fold = choose(t, all);
	struct canvas v = {0};
	unsigned marks = 0;
	int rc = -1;

	if (told == NULL || fold == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	if (layout(&l, fold, e) < 0 || canvas_open(&v, s, l.width + 1, e) < 0)
		goto out;
	head(&l, &v);
	for (size_t i = 0, before = SIZE_MAX; i < t->rows; i++) {
		if (!fold[i].show)
			continue;
		if (before != SIZE_MAX)
			gap(&l, &v, before, i, t->choices ? t->row[i].choice->marked : fold_marked(fold, i));
		one(&l, &v, i, told, &marks);
		before = i;
	}
	legend(&l, marks);
	rc = 0;
out:
	canvas_close(&v);
	free(l.axis);
	free(told);
	free(fold);
	return rc;
}
