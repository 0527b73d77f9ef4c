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
#define HOP_NAMED 8     /* so that the name of the last one fits beside it; with fewer it stands elsewhere */
#define HOP_ONLY_MAX 64 /* when there is one hop */
#define LABEL_LINE 12   /* of an arrow, beside the label that is in it */
#define NOTE_MIN 14     /* the longest word of a note */

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

/* Labels, arrows and notes beside each other. False: they do not fit. */
static bool layout_beside(struct layout *l)
{
	int n = (int)l->t->columns, x, hop, hops = at_least(n - 1, 1), least, notes, name = style_columns(l->t->column[n - 1].name);

	l->inside = n <= 2;
	x = l->label_x = l->time_x + l->time_w + 2;
	if (!l->inside)
		x += l->label_w + 2;
	least = l->inside ? at_least(l->label_w + LABEL_LINE, HOP_MIN) : HOP_MIN;
	/* Beside the last axis stand the notes and, where there is room above, the rest of its name. */
	notes = l->note_w ? l->note_w + 3 : 1;
	hop = (l->s->width - x - at_least(notes, name)) / hops;
	if (hop < at_least(least, HOP_NAMED))
		hop = (l->s->width - x - notes) / hops;
	if (hop < least)
		return false;
	hop = at_most(hop, n <= 2 ? HOP_ONLY_MAX : HOP_MAX);
	for (int i = 0; i < n; i++)
		l->axis[i] = x + i * hop;
	l->edge = l->axis[0] + hop;
	l->note_x = (n == 1 ? l->edge : l->axis[n - 1]) + 3;
	if (l->inside)
		l->label_x = l->axis[0] + 2;
	return true;
}

/* Arrows below labels, over the whole width. */
static void layout_stacked(struct layout *l)
{
	int n = (int)l->t->columns, hop = at_most((l->s->width - l->time_x - 1) / at_least(n - 1, 1), HOP_MAX);

	l->inside = false;
	l->stacked = true;
	l->label_x = l->time_x + l->time_w + 2;
	hop = at_least(hop, 2);
	for (int i = 0; i < n; i++)
		l->axis[i] = l->time_x + i * hop;
	l->edge = l->axis[0] + hop;
	l->note_x = l->label_x + l->label_w + 3;
	l->note_w = l->s->width - l->note_x;
	if (l->note_w >= NOTE_MIN)
		return;
	l->note_x = l->label_x;
	l->note_w = l->s->width - l->note_x;
}

static int layout(struct layout *l, const struct fold_row *fold, struct err *e)
{
	l->axis = calloc(l->t->columns + 1, sizeof *l->axis);
	if (l->axis == NULL)
		return err_set(e, "out of memory");
	measure(l, fold);
	l->width = l->s->width;
	l->note_w = at_most(l->note_w, l->width >= 120 ? 40 : l->width >= 90 ? 24 : NOTE_MIN);
	l->time_x = l->number_w + 2;
	if (!layout_beside(l))
		layout_stacked(l);
	return 0;
}

/* A name begins over its column or, where it is too long for that, ends there. */
static void name(const struct layout *l, struct canvas *v, int c)
{
	const char *text = l->t->column[c].name;
	int x = l->axis[c], w = style_columns(text);

	if (x + w > l->width) {
		canvas_text(v, x, TINT_FAINT, style_pick(l->s, "┐", "."));
		x = at_least(x - w - 1, 0);
		if (x > 0)
			canvas_text(v, x - 1, TINT_NONE, " ");
		canvas_text(v, x + w, TINT_NONE, " ");
	}
	canvas_text(v, x, TINT_HEAD, text);
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
			if ((c == n - 1 || fits) && !l->stacked)
				canvas_text(v, l->time_x, TINT_FAINT, "time, s");
			for (int b = 0; b < c; b++)
				canvas_text(v, l->axis[b], TINT_FAINT, style_pick(l->s, "│", "|"));
		}
		name(l, v, c);
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

/* Where words end: inside a single hop they keep between the axes. */
static int words_end(const struct layout *l)
{
	return l->inside ? l->note_x - 4 : l->width - 1;
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

static void note_line(const struct layout *l, struct canvas *v, enum tint t, const char **note)
{
	char line[160];

	if (text_line(note, l->note_w, line, sizeof line))
		canvas_text(v, l->note_x, t, line);
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
		int end = *note && !l->inside ? l->note_x - 2 : words_end(l);
		const char **text = *d ? &d : &m;

		if (!pending)
			axes(l, v, style_pick(l->s, "│", "|"));
		if (!pending && **text)
			words(v, l->label_x + (l->inside ? 1 : 0), end, TINT_FAINT, text);
		note_line(l, v, TINT_NONE, &note);
		pending = false;
		canvas_print(v);
	}
	memset(v->cell, 0, (size_t)v->width * sizeof *v->cell);
}

/* Number, time and, unless they stand in the arrow, the words for a row. */
static void say(const struct layout *l, struct canvas *v, size_t i, const char *label)
{
	const struct row *r = &l->t->row[i];
	char text[48];

	snprintf(text, sizeof text, "%*zu", l->number_w, r->number);
	canvas_text(v, 0, TINT_FAINT, text);
	style_seconds(text, sizeof text, r->sent_ns - l->t->start_ns, l->resolution_ns, true);
	canvas_text(v, l->time_x + l->time_w - style_columns(text), TINT_NONE, text);
	if (!l->inside)
		canvas_text(v, l->label_x, TINT_HEAD, label);
}

static void one(const struct layout *l, struct canvas *v, size_t i, struct told *told, unsigned *marks)
{
	const struct row *r = &l->t->row[i];
	char label[160], note[160];
	const char *rest = note;
	unsigned weight = remark_weight(l->t, r);
	enum tint tint = weight == 2 ? TINT_BAD : weight == 1 ? TINT_DOUBT : TINT_NONE;

	remark_label(l->t, r, label, sizeof label);
	remark_note(l->t, r, note, sizeof note);
	say(l, v, i, label);
	if (l->stacked) {
		if (l->note_x == l->label_x && *rest)
			canvas_print(v);
		do {
			note_line(l, v, tint, &rest);
			canvas_print(v);
		} while (*rest);
	}
	axes(l, v, style_pick(l->s, "│", "|"));
	ladder_arrow(l, v, r, label, marks);
	if (!l->stacked)
		note_line(l, v, tint, &rest);
	canvas_print(v);
	below(l, v, r, told, rest);
}

/* "14 packets →, 10 ←, 138 ms: all well", or what went wrong among them. */
static void say_gap(const struct style *s, const uint32_t *rows, const char *took, const char *trouble, char *buf, size_t size)
{
	const char *way[] = {style_pick(s, "→", "->"), style_pick(s, "←", "<-")};
	char number[32];

	for (int i = 0; i < 2; i++)
		if (rows[i])
			text_add(buf, size, "%s%s%s %s, ", style_count(number, sizeof number, rows[i]), buf[0] ? "" : " packet",
			    buf[0] || rows[i] == 1 ? "" : "s", way[i]);
	text_add(buf, size, "%s: %s", took, trouble && *trouble ? trouble : "all well");
}

void ladder_gap(const struct trace *t, const struct fold_row *fold, size_t row, struct fold_gap *g)
{
	const struct choice *c = t->row[row].choice;

	if (c == NULL) {
		fold_gap(fold, row, g);
		return;
	}
	*g = (struct fold_gap){.rows = {c->hidden[0], c->hidden[1]}};
	snprintf(g->trouble, sizeof g->trouble, "%s", c->trouble ? c->trouble : "");
}

/* Silence, or rows that are not shown, between two rows that are. */
static void gap(const struct layout *l, struct canvas *v, size_t before, size_t after, const struct fold_row *fold, unsigned *marks)
{
	const struct row *a = &l->t->row[before], *b = &l->t->row[after];
	bool silence = b->number == a->number + 1;
	char text[640] = "", took[32];
	const char *rest = text;
	struct fold_gap g;

	if (silence && b->sent_ns - a->sent_ns < GAP_NS)
		return;
	style_duration(l->s, took, sizeof took, b->sent_ns - a->sent_ns, l->t->resolution_ns);
	if (silence && !l->inside) {
		axes(l, v, style_pick(l->s, "┊", ":"));
		canvas_text(v, l->time_x + at_least(l->time_w - style_columns(took), 0), TINT_FAINT, took);
		canvas_print(v);
		return;
	}
	*marks |= silence ? 0 : MARK_FOLD;
	if (silence)
		text_add(text, sizeof text, "%s", took);
	else
		ladder_gap(l->t, fold, after, &g), say_gap(l->s, g.rows, took, g.trouble, text, sizeof text);
	while (*rest) {
		axes(l, v, style_pick(l->s, "┊", ":"));
		words(v, l->label_x + (l->inside ? 1 : 0), words_end(l), TINT_FAINT, &rest);
		canvas_print(v);
	}
}

static void legend(const struct layout *l, unsigned marks)
{
	static const struct {
		unsigned mark;
		const char *u, *a, *text;
	} table[] = {
		{MARK_CUT, "╳", "X", "dropped"}, {MARK_BORN, "◆", "*", "generated"}, {MARK_DOUBT, "?", "?", "the captures cannot tell"},
		{MARK_MISSED, "○", "o", "passed here, not captured"}, {MARK_BESIDE, "┼", "+", "took the point beside"},
		{MARK_PROXY, "■", "#", "a proxy: an end of this connection"}, {MARK_FOLD, "┊", ":", "packets left out: --all shows them"},
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

/* Does some point that saw the connection, and has none beside it that has the row, not have it? What goes on, or came, cut otherwise is not asked for. */
static bool is_partly(const struct trace *t, const struct row *r)
{
	if (r->origin || r->into || trace_first(t, r)->later_fragment)
		return false;
	for (size_t c = 0; c < t->columns; c++) {
		bool there = t->column[c].client[0] == '\0' || trace_at(t, r, (int)c);

		for (size_t d = 0; d < t->columns && !there; d++)
			there = t->column[d].position == t->column[c].position && trace_at(t, r, (int)d);
		if (!there)
			return true;
	}
	return false;
}

struct fold_row *ladder_fold(const struct trace *t, bool all)
{
	struct fold_row *f = calloc(t->rows + 1, sizeof *f);

	for (size_t i = 0; f != NULL && i < t->rows; i++) {
		const struct row *r = &t->row[i];

		f[i].kinds = remark_kinds(t, r);
		f[i].s2c = r->s2c;
		f[i].partly = !t->choices && f[i].kinds == 0 && is_partly(t, r);
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
	struct fold_row *fold = ladder_fold(t, all);
	struct canvas v = {0};
	unsigned marks = 0;
	int rc = -1;

	if (told == NULL || fold == NULL) {
		err_set(e, "out of memory");
		goto out;
	}
	if (layout(&l, fold, e) < 0 || canvas_open(&v, s, l.width, e) < 0)
		goto out;
	head(&l, &v);
	for (size_t i = 0, before = SIZE_MAX; i < t->rows; i++) {
		if (!fold[i].show)
			continue;
		if (before != SIZE_MAX)
			gap(&l, &v, before, i, fold, &marks);
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
