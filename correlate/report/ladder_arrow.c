#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/ladder.h"

/* Columns in the order of travel: step i of n. */
static int travel(const struct trace *t, const struct row *r, int i)
{
	return r->s2c ? (int)t->columns - 1 - i : i;
}

/* A finding that says that the row was beyond its sightings stretches the arrow: [*first, *last] in steps of travel. */
static void stretch(const struct trace *t, const struct row *r, int *first, int *last)
{
	for (size_t i = r->finding; i < r->finding + r->findings; i++) {
		const struct finding *f = &t->finding[t->mark[i].finding];
		int a = r->s2c ? (int)t->columns - 1 - f->from : f->from, b = r->s2c ? (int)t->columns - 1 - f->to : f->to;
		int at = r->s2c ? (int)t->columns - 1 - f->at : f->at;

		if (f->from >= 0 && f->to >= 0) {
			int near = a < b ? a : b, far = a < b ? b : a;

			if (strcmp(f->kind, "dropped") == 0 && near > *last)
				*last = near;
			if (strcmp(f->kind, "generated") == 0 && far < *first)
				*first = far;
		}
		if (f->at >= 0 && strcmp(f->kind, "not_captured") == 0 && finding_holds(f)) {
			*first = at < *first ? at : *first;
			*last = at > *last ? at : *last;
		}
	}
}

void ladder_meetings(const struct trace *t, const struct row *r, enum meeting *meeting)
{
	int n = (int)t->columns, first = n, last = -1;

	for (int i = 0; i < n; i++) {
		int c = travel(t, r, i);

		meeting[c] = trace_at(t, r, c) ? SEEN : AWAY;
		if (meeting[c] == SEEN) {
			first = first == n ? i : first;
			last = i;
		}
	}
	stretch(t, r, &first, &last);
	for (int i = first; i <= last; i++)
		if (meeting[travel(t, r, i)] == AWAY)
			meeting[travel(t, r, i)] = r->into && !trace_finding(t, r, "not_captured", travel(t, r, i), -1) ? OTHERS : MISSED;
	/* Of points beside each other a packet takes one. */
	for (int c = 0; c < n; c++)
		for (int d = 0; d < n; d++)
			if (meeting[c] != SEEN && meeting[d] == SEEN && d != c && t->column[c].position == t->column[d].position)
				meeting[c] = BESIDE;
}

static const char *glyph(const struct layout *l, unsigned mark)
{
	return mark == MARK_CUT ? style_pick(l->s, "╳", "X") : mark == MARK_BORN ? style_pick(l->s, "◆", "*") : mark == MARK_DOUBT ? "?" :
	    mark == MARK_PROXY ? style_pick(l->s, "■", "#") :
	    mark == MARK_MISSED ? style_pick(l->s, "○", "o") : style_pick(l->s, "┼", "+");
}

/*
 * Why an arrow stops (kind dropped) or begins (generated) between two columns: a claim has its own mark, and so has a proxy, beyond which it is
 * another connection; everything else is doubt.
 */
static unsigned end_mark(const struct trace *t, const struct row *r, const char *kind, int from, int to)
{
	const struct finding *f = trace_finding(t, r, kind, from, to);

	if (trace_beyond(t, from) || trace_beyond(t, to))
		return MARK_PROXY;
	if (f == NULL || !finding_holds(f))
		return MARK_DOUBT;
	return strcmp(kind, "dropped") == 0 ? MARK_CUT : MARK_BORN;
}

/* What the clocks leave open of the time between two sightings. False: everything. */
static bool delay_of(const struct trace *t, const struct row *r, int from, int to, struct interval *v)
{
	const struct sighting *a = trace_at(t, r, from), *b = trace_at(t, r, to);

	for (size_t i = 0; a && b && !a->alike && i < t->hops; i++) {
		const struct hop_error *h = &t->hop[i];
		int64_t ns = b->time_ns - a->time_ns;

		if (h->from != from || h->to != to || (h->low_ns == INT64_MIN && h->high_ns == INT64_MAX))
			continue;
		v->low_ns = h->high_ns == INT64_MAX || ns < h->high_ns ? 0 : ns - h->high_ns;
		v->high_ns = h->low_ns == INT64_MIN ? INT64_MAX : ns - h->low_ns;
		v->ns = h->low_ns == INT64_MIN || h->high_ns == INT64_MAX ? v->low_ns : ns - h->low_ns - (h->high_ns - h->low_ns) / 2;
		v->ns = v->ns < v->low_ns ? v->low_ns : v->ns;
		return true;
	}
	return false;
}

/* One stretch of an arrow between x0 and x1 (both outside it), going right or left. */
struct stretch {
	int x0, x1;
	bool left;
	unsigned start, end;    /* marks in the middle where it begins or stops; 0: it comes from, goes to the column */
	bool head;              /* an arrow head: the packet was seen there */
	const char *label;
	const char *delay, *brief;      /* in words; in fewer, where there is no room */
};

static void draw(const struct layout *l, struct canvas *v, const struct stretch *p)
{
	int a = p->x0 + 1, b = p->x1, label_w = *p->label ? style_columns(p->label) + 2 : 0, room, delay_w;
	const char *delay;
	/* A label keeps to the sender's side; marks keep clear of it. */
	int lead = p->start ? 0 : label_w, half = (b - a) / 2, mid = lead + 3 > half ? lead + 3 : half;
	enum tint t = p->end == MARK_CUT || p->start == MARK_BORN ? TINT_BAD : (p->end | p->start) & ~(unsigned)MARK_PROXY ? TINT_DOUBT : TINT_NONE;
	int from = a + lead, to = b;

	mid = mid > b - a - 1 ? b - a - 1 : mid;
	if (p->start)
		from = a + (mid > label_w ? mid : label_w);
	if (p->end)
		to = a + mid + 1;
	from = from > b - 2 ? b - 2 : from;
	/* All of this is counted from the sender; `left` mirrors it. */
#define X(x) (p->left ? a + b - 1 - (x) : (x))
	for (int x = from; x < to; x++)
		canvas_text(v, X(x), t, style_pick(l->s, "─", "-"));
	if (p->head && !p->end)
		canvas_text(v, X(to - 1), t, p->left ? style_pick(l->s, "◀", "<") : style_pick(l->s, "▶", ">"));
	if (p->start)
		canvas_text(v, X(from), t, glyph(l, p->start));
	if (p->end)
		canvas_text(v, X(to - 1), t, glyph(l, p->end));
	if (*p->label) {
		int x = p->start ? from - label_w + 1 : a + 1;

		canvas_text(v, p->left ? X(x + label_w - 3) : x, TINT_HEAD, p->label);
	}
	room = to - from - 2;
	delay = room >= style_columns(p->delay) + 4 ? p->delay : p->brief;
	delay_w = style_columns(delay);
	if (delay_w > 0 && room >= delay_w + 3) {
		int x = from + 1 + (room - delay_w) / 2;

		x = p->left ? X(x + delay_w - 1) : x;
		canvas_text(v, x - 1, TINT_NONE, " ");
		canvas_text(v, canvas_text(v, x, TINT_FAINT, delay), TINT_NONE, " ");
	}
#undef X
}

/* Cut up or put together in this hop: what it goes on as, or what it was before. Words by which row that is. */
static void cut_text(const struct trace *t, const struct row *r, bool came, char *buf, size_t size)
{
	if (came && r->pieces > 1)
		snprintf(buf, size, "as %zu packets", r->pieces);
	else if (came)
		snprintf(buf, size, "in %zu", t->row[r->into - 1].number);
	else
		snprintf(buf, size, "of %zu", t->row[r->origin - 1].number);
}

bool ladder_hop(const struct trace *t, const struct style *s, const struct row *r, const enum meeting *m, int from, int to, struct ladder_hop *h)
{
	bool came = m[from] != AWAY, went = m[to] != AWAY;
	struct interval took;

	*h = (struct ladder_hop){.head = m[to] == SEEN};
	if (!came && !went)
		return false;
	if (came && !went && !r->into)
		h->end = end_mark(t, r, "dropped", from, to);
	if (!came && !r->origin)
		h->start = end_mark(t, r, "generated", from, to);
	h->head |= came && !went && r->into;
	if ((came && !went && r->into) || (!came && r->origin))
		cut_text(t, r, came, h->delay, sizeof h->delay);
	if (came && went && delay_of(t, r, from, to, &took)) {
		style_interval(s, h->delay, sizeof h->delay, &took, t->resolution_ns, false);
		style_interval(s, h->brief, sizeof h->brief, &took, t->resolution_ns, true);
	}
	return true;
}

/* The stretch between two columns that are neighbours in travel. Returns the marks used. */
static unsigned hop(
    const struct layout *l, struct canvas *v, const struct row *r, const enum meeting *m, int from, int to, const char *label)
{
	struct ladder_hop h;
	struct stretch p = {
		.x0 = l->axis[from < to ? from : to], .x1 = l->axis[from < to ? to : from], .left = r->s2c, .label = label, .delay = h.delay,
		.brief = h.brief,
	};

	if (!ladder_hop(l->t, l->s, r, m, from, to, &h))
		return 0;
	p.start = h.start;
	p.end = h.end;
	p.head = h.head;
	draw(l, v, &p);
	return p.start | p.end;
}

/* One point alone: packets leave to the edge and arrive from it. */
static void edge(const struct layout *l, struct canvas *v, const struct row *r, const char *label)
{
	struct stretch p = {.x0 = l->axis[0], .x1 = l->edge, .left = r->s2c, .label = label, .delay = "", .brief = "", .head = true};

	draw(l, v, &p);
}

void ladder_arrow(const struct layout *l, struct canvas *v, const struct row *r, const char *label, unsigned *marks)
{
	int n = (int)l->t->columns;
	enum meeting *m = calloc((size_t)n, sizeof *m);

	if (m == NULL)
		return;         /* a row without its arrow is better than none */
	ladder_meetings(l->t, r, m);
	if (n == 1)
		edge(l, v, r, label);
	for (int i = 0; i + 1 < n; i++) {
		int from = travel(l->t, r, i), to = travel(l->t, r, i + 1);
		unsigned used = hop(l, v, r, m, from, to, l->inside ? label : "");

		*marks |= used;
	}
	for (int c = 0; c < n; c++) {
		unsigned mark = m[c] == MISSED ? MARK_MISSED : m[c] == BESIDE ? MARK_BESIDE : 0;

		if (mark)
			canvas_text(v, l->axis[c], mark == MARK_MISSED ? TINT_DOUBT : TINT_NONE, glyph(l, mark));
		*marks |= mark;
	}
	free(m);
}
