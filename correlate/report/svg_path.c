/* The path as a picture: client's end on the left, and on every hop both orders of travel. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/html_text.h"
#include "correlate/report/svg.h"
#include "correlate/report/text.h"
#include "schema/clean.h"

#define BOX 78                  /* width of a point */
#define HOP 196                 /* width of a hop */
#define LINE 16                 /* height of a line of text */
#define POINTS 64
#define ROUNDS 32               /* hops around points that are drawn */
#define ROUND 40                /* height of one */

struct point {
	char name[128], clean[128];     /* as the case spells it; fit to be read */
	int place;                      /* 0: the first one; those beside each other share it */
};

/* What happened between two neighbouring places, one way; of points beside each other added up. */
struct way {
	int64_t count[SUMMARY_COUNTS];
	char delay[64], fields[512];
	int hops;
	int from, to;                   /* places */
};

struct picture {
	struct point point[POINTS];
	size_t points;
	int places;
	struct way *way;                /* 2 * (places - 1): there and back */
	struct way round[ROUNDS];       /* past points that see only one direction */
	int rounds;
	bool more;
};

static int read_points(struct picture *p, struct db *db, const struct style *s, struct err *e)
{
	sqlite3_stmt *st;
	int rc, last = -1, position;

	if (db_prepare(db, "SELECT t.name, h.position FROM path h JOIN point t ON t.id = h.point_id ORDER BY h.position, t.name", &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		struct point *t = &p->point[p->points];

		if ((p->more = p->points == POINTS))
			break;
		position = sqlite3_column_int(st, 1);
		p->places += p->points == 0 || position != last;
		last = position;
		t->place = p->places - 1;
		snprintf(t->name, sizeof t->name, "%s", (const char *)sqlite3_column_text(st, 0));
		clean_text(t->clean, sizeof t->clean, t->name, -1, s->utf8);
		p->points++;
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

static int place_of(const struct picture *p, const char *name)
{
	for (size_t i = 0; i < p->points; i++)
		if (strcmp(p->point[i].name, name) == 0)
			return p->point[i].place;
	return -2;
}

/* NULL: there is no room for it. */
static struct way *way_of(struct picture *p, const char *from, const char *to)
{
	int a = place_of(p, from), b = place_of(p, to);

	if (a < 0 || b < 0 || a == b)
		return NULL;
	if (a - b == 1 || b - a == 1)
		return &p->way[2 * (a < b ? a : b) + (a > b)];
	for (int i = 0; i < p->rounds; i++)
		if (p->round[i].from == a && p->round[i].to == b)
			return &p->round[i];
	if (p->rounds == ROUNDS)
		return NULL;
	p->round[p->rounds] = (struct way){.from = a, .to = b};
	return &p->round[p->rounds++];
}

static void take_hops(struct picture *p, const struct summary_hop *hop, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct way *w = way_of(p, hop[i].from, hop[i].to);
		bool bound = strncmp(hop[i].delay[1], "≤", 3) == 0;

		if (!w)
			continue;
		for (int c = 0; c < SUMMARY_COUNTS; c++)
			w->count[c] += hop[i].count[c];
		w->hops++;
		/* Of several, none is the delay. */
		w->delay[0] = '\0';
		if (w->hops == 1 && hop[i].delay[1][0])
			snprintf(w->delay, sizeof w->delay, "%s%s%s", hop[i].delay[1], hop[i].delay[3][0] && !bound ? " ± " : "", bound ? "" : hop[i].delay[3]);
	}
}

/* Which fields it changes; addresses and ports as one word. */
static int read_fields(struct picture *p, struct db *db, const struct style *s, struct err *e)
{
	static const char sql[] =
	    "SELECT DISTINCT from_point, to_point, CASE WHEN field IN ('src', 'dst', 'sport', 'dport') THEN 'addresses' WHEN field LIKE 'opt.%' THEN substr(field, 5) ELSE field END AS f "
	    "FROM v_habit WHERE habit NOT IN ('kept', 'not shifted') AND field NOT IN ('tos') ORDER BY f <> 'addresses', f, 1, 2";
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		struct way *w = way_of(p, (const char *)sqlite3_column_text(st, 0), (const char *)sqlite3_column_text(st, 1));
		char field[64];

		clean_text(field, sizeof field, (const char *)sqlite3_column_text(st, 2), -1, s->utf8);
		if (w)
			text_add(w->fields, sizeof w->fields, "%s%s", w->fields[0] ? ", " : "", field);
	}
	sqlite3_finalize(st);
	return rc;
}

/* At most `columns` of it; the whole is beside it for the pointer. */
static void short_text(FILE *out, const char *text, int columns)
{
	char cut[512];
	size_t n;

	snprintf(cut, sizeof cut, "%s", text);
	if (style_columns(cut) > columns) {
		for (n = strlen(cut); n > 0 && (style_columns(cut) >= columns || ((unsigned char)cut[n] & 0xc0) == 0x80); n--)
			cut[n - 1] = '\0';
		html_text(out, cut);
		fputs("…<title>", out);
		html_text(out, text);
		fputs("</title>", out);
		return;
	}
	html_text(out, cut);
}

static const struct {
	int count;
	const char *mark, *name, *class;
} marks[] = {
    {1, "╳", "dropped", "bad"}, {2, "◆", "generated", "bad"}, {4, "?", "undecided", "doubt"}, {3, "○", "not captured", "doubt"}, {5, "↻", "repeated", "dim"},
};
#define MARKS (sizeof marks / sizeof marks[0])

static int lines_of(const struct way *w)
{
	int n = 0;

	for (size_t i = 0; i < MARKS; i++)
		n += w->count[marks[i].count] > 0;
	return n + (w->fields[0] != '\0') + (w->delay[0] != '\0');
}

/* An arrow from a to b at height y, what passed above it and what happened below. */
static void way(FILE *out, const struct way *w, int x, int y, bool back)
{
	int a = x + 4, b = x + HOP - 4;
	char number[32];

	if (w->hops == 0)
		return;
	fprintf(out, "<text class=b x=%d y=%d>%s packets</text>", x + 14, y - 6, style_count(number, sizeof number, w->count[0]));
	fprintf(out, "<path class=way d=\"M%d %dH%d\"/><path class=tip d=\"M%d %dl%d -5v10z\"/>", a, y, b, back ? a : b, y, back ? 9 : -9);
	if (w->count[1] > 0)
		fprintf(out, "<path class=cut d=\"M%d %dl10 10m0-10l-10 10\"/>", x + HOP * 3 / 4 - 5, y - 5);
	if (w->count[2] > 0)
		fprintf(out, "<path class=born d=\"M%d %dl6 6l-6 6l-6-6z\"/>", x + HOP * 5 / 8, y - 6);
	y += LINE;
	for (size_t i = 0; i < MARKS; i++) {
		if (w->count[marks[i].count] == 0)
			continue;
		fprintf(out, "<text class=%s x=%d y=%d>%s %s %s</text>", marks[i].class, x + 14, y, marks[i].mark, style_count(number, sizeof number, w->count[marks[i].count]),
		    marks[i].name);
		y += LINE;
	}
	if (w->fields[0]) {
		fprintf(out, "<text x=%d y=%d>Δ ", x + 14, y);
		short_text(out, w->fields, 24);
		fputs("</text>", out);
		y += LINE;
	}
	if (w->delay[0])
		fprintf(out, "<text class=dim x=%d y=%d>%s</text>", x + 14, y, w->delay);
}

/* Past other points: below them, in one line. */
static void way_round(FILE *out, const struct way *w, int top, int y)
{
	int a = w->from * (BOX + HOP) + BOX / 2 + (w->from < w->to ? 8 : -8), b = w->to * (BOX + HOP) + BOX / 2 + (w->from < w->to ? -8 : 8), left = a < b ? a : b;
	char number[32];

	fprintf(out, "<path class=way d=\"M%d %dV%dH%dV%d\"/><path class=tip d=\"M%d %dl-5 9h10z\"/>", a, top, y, b, top + 8, b, top);
	if (w->count[1] > 0)
		fprintf(out, "<path class=cut d=\"M%d %dl10 10m0-10l-10 10\"/>", b + (a < b ? -40 : 30), y - 5);
	if (w->count[2] > 0)
		fprintf(out, "<path class=born d=\"M%d %dl6 6l-6 6l-6-6z\"/>", b + (a < b ? -60 : 60), y - 6);
	fprintf(out, "<text x=%d y=%d><tspan class=b>%s packets</tspan>", left + 14, y - 6, style_count(number, sizeof number, w->count[0]));
	for (size_t i = 0; i < MARKS; i++)
		if (w->count[marks[i].count] > 0)
			fprintf(out, "<tspan class=%s dx=10>%s %s %s</tspan>", marks[i].class, marks[i].mark, style_count(number, sizeof number, w->count[marks[i].count]),
			    marks[i].name);
	if (w->fields[0]) {
		fputs("<tspan dx=10>Δ ", out);
		html_text(out, w->fields);
		fputs("</tspan>", out);
	}
	if (w->delay[0])
		fprintf(out, "<tspan class=dim dx=10>%s</tspan>", w->delay);
	fputs("</text>", out);
}

static void box(FILE *out, const struct picture *p, const struct point *t, int height)
{
	int beside = 0, nth = 0, x = t->place * (BOX + HOP), h;

	for (size_t i = 0; i < p->points; i++) {
		beside += p->point[i].place == t->place;
		nth += p->point[i].place == t->place && &p->point[i] < t;
	}
	h = (height - 6 * (beside - 1)) / beside;
	fprintf(out, "<g><rect class=point x=%d y=%d width=%d height=%d rx=6 /><text class=name x=%d y=%d text-anchor=middle>", x + 1, 1 + nth * (h + 6), BOX - 2, h - 2,
	    x + BOX / 2, nth * (h + 6) + h / 2 + 4);
	short_text(out, t->clean, 10);
	fputs("</text></g>", out);
}

static void draw(FILE *out, const struct picture *p)
{
	int out_lines = 0, back_lines = 0, width = p->places * (BOX + HOP) - HOP, height, back_y;

	for (int i = 0; i + 1 < p->places; i++) {
		out_lines = lines_of(&p->way[2 * i]) > out_lines ? lines_of(&p->way[2 * i]) : out_lines;
		back_lines = lines_of(&p->way[2 * i + 1]) > back_lines ? lines_of(&p->way[2 * i + 1]) : back_lines;
	}
	back_y = 26 + out_lines * LINE + 34;
	height = p->places > 1 ? back_y + back_lines * LINE + 10 : 60;
	fprintf(out, "<div class=scroll tabindex=0 role=region aria-label=\"Picture of the path\"><svg class=path width=%d height=%d viewBox=\"0 0 %d %d\" role=img><title>The path from the client's end: ",
	    width, height + p->rounds * ROUND, width, height + p->rounds * ROUND);
	for (size_t i = 0; i < p->points; i++) {
		fputs(i == 0 ? "" : p->point[i].place == p->point[i - 1].place ? " beside " : ", ", out);
		html_text(out, p->point[i].clean);
	}
	fputs("; its numbers are in the table below</title>", out);
	for (int i = 0; i + 1 < p->places; i++) {
		int x = i * (BOX + HOP) + BOX;

		way(out, &p->way[2 * i], x, 26, false);
		way(out, &p->way[2 * i + 1], x, back_y, true);
	}
	for (int i = 0; i < p->rounds; i++)
		way_round(out, &p->round[i], height, height + (i + 1) * ROUND - 8);
	for (size_t i = 0; i < p->points; i++)
		box(out, p, &p->point[i], height);
	fputs("</svg></div>\n", out);
}

int svg_path(FILE *out, const struct summary_hop *hop, size_t hops, struct db *db, const struct style *s, struct err *e)
{
	struct picture *p = calloc(1, sizeof *p);
	int rc = p ? read_points(p, db, s, e) : err_set(e, "out of memory");

	if (rc == 0 && (p->way = calloc((size_t)p->places * 2 + 1, sizeof *p->way)) == NULL)
		rc = err_set(e, "out of memory");
	if (rc == 0) {
		take_hops(p, hop, hops);
		rc = read_fields(p, db, s, e);
	}
	if (rc == 0 && p->points > 0)
		draw(out, p);
	if (rc == 0 && p->more)
		fprintf(out, "<p class=more>and more points than these %d</p>\n", POINTS);
	if (p)
		free(p->way);
	free(p);
	return rc;
}
