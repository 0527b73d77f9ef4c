/* The offset of each clock over time, with the bounds that the packets set. */
#include <inttypes.h>
#include <string.h>

#include "correlate/report/html_text.h"
#include "correlate/report/svg.h"
#include "schema/clean.h"

#define HEIGHT 90
#define PIECES 64

struct piece {
	int64_t from_ns, to_ns;
	double at[2], low[2], high[2];  /* offset at the beginning and at the end, ns, less that of the first piece at its beginning */
	bool low_open, high_open;
};

struct clock {
	char point[64], reference[64];
	int64_t base_ns;
	struct piece piece[PIECES];
	size_t n;
	int64_t more;
};

/* Columns of v_clock. The bounds of the offset hold at the beginning; later on, what the bounds of the drift make of them at most. */
static void take(struct clock *c, sqlite3_stmt *st)
{
	struct piece *p = &c->piece[c->n];
	int64_t offset = sqlite3_column_int64(st, 4);
	double long_ms, drift = sqlite3_column_double(st, 7);

	if (c->n == 0)
		c->base_ns = offset;
	if (c->n == PIECES) {
		c->more++;
		return;
	}
	c->n++;
	p->from_ns = sqlite3_column_int64(st, 2);
	p->to_ns = sqlite3_column_int64(st, 3);
	p->to_ns = p->to_ns > p->from_ns ? p->to_ns : p->from_ns + 1;
	long_ms = (double)(p->to_ns - p->from_ns) * 1e-6;
	p->low_open = sqlite3_column_type(st, 5) == SQLITE_NULL || sqlite3_column_type(st, 8) == SQLITE_NULL;
	p->high_open = sqlite3_column_type(st, 6) == SQLITE_NULL || sqlite3_column_type(st, 9) == SQLITE_NULL;
	p->at[0] = (double)(offset - c->base_ns);
	p->at[1] = p->at[0] + long_ms * drift;
	p->low[0] = (double)(sqlite3_column_int64(st, 5) - c->base_ns);
	p->low[1] = p->low[0] + long_ms * sqlite3_column_double(st, 8);
	p->high[0] = (double)(sqlite3_column_int64(st, 6) - c->base_ns);
	p->high[1] = p->high[0] + long_ms * sqlite3_column_double(st, 9);
}

static void bounds(const struct clock *c, double *low, double *high)
{
	*low = *high = 0;
	for (size_t i = 0; i < c->n; i++)
		for (int end = 0; end < 2; end++) {
			const struct piece *p = &c->piece[i];
			double a = p->low_open ? p->at[end] : p->low[end], b = p->high_open ? p->at[end] : p->high[end];

			*low = a < *low ? a : *low;
			*high = b > *high ? b : *high;
		}
	/* A perfect clock is a line in the middle. */
	if (*high - *low < 1000) {
		*low -= 1000;
		*high += 1000;
	}
}

static void curve(FILE *out, const struct clock *c, const struct span *x, double low, double high)
{
#define Y(v) (HEIGHT - 4 - (HEIGHT - 8) * ((v) - low) / (high - low))
#define X(ns) (svg_x(x, ns) / 100 * SVG_BOX)
	fprintf(out, "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=none width=\"100%%\" height=%d>", SVG_BOX, HEIGHT, HEIGHT);
	for (size_t i = 0; i < c->n; i++) {
		const struct piece *p = &c->piece[i];
		double a = X(p->from_ns), b = X(p->to_ns);

		if (!p->low_open && !p->high_open)
			fprintf(out, "<path class=band d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fL%.1f %.1fz\"/>", a, Y(p->high[0]), b, Y(p->high[1]), b, Y(p->low[1]), a, Y(p->low[0]));
		fprintf(out, "<path class=\"off%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>", p->low_open || p->high_open ? " open" : "", a, Y(p->at[0]), b, Y(p->at[1]));
	}
	fputs("</svg>", out);
#undef X
#undef Y
}

static void print(FILE *out, const struct clock *c, const struct style *s, const struct span *x)
{
	char base[64], top[48], bottom[48], title[256];
	double low, high;
	int64_t resolution;

	bounds(c, &low, &high);
	resolution = (int64_t)((high - low) / 100) + 1;
	style_seconds(base, sizeof base, c->base_ns, resolution, true);
	style_duration(s, top, sizeof top, (int64_t)high, resolution);
	style_duration(s, bottom, sizeof bottom, (int64_t)low, resolution);
	fputs("<h3>", out);
	html_text(out, c->point);
	fputs(" − ", out);
	html_text(out, c->reference);
	fprintf(out, " <span>around %s s</span></h3>", base);
	snprintf(title, sizeof title, "Clock of %s minus that of %s over time, with its bounds", c->point, c->reference);
	svg_begin(out, HEIGHT, title);
	svg_time_axis(out, x, HEIGHT);
	curve(out, c, x, low, high);
	fprintf(out, "<text class=tick x=2 y=12>%s%s</text><text class=tick x=2 y=%d>%s%s</text>", high > 0 ? "+" : "", top, HEIGHT - 4, low > 0 ? "+" : "", bottom);
	svg_end(out);
	if (c->more > 0)
		fprintf(out, "<p class=more>and %" PRId64 " more pieces (v_clock)</p>", c->more);
}

int svg_clocks(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	static const char sql[] =
	    "SELECT c.point, c.reference_point, c.from_ns, c.to_ns, c.offset_ns, c.offset_low_ns, c.offset_high_ns, c.skew_ppm, c.skew_low_ppm, c.skew_high_ppm, "
	    "(SELECT min(from_ns) FROM v_clock d WHERE d.point = c.point), (SELECT max(to_ns) FROM v_clock d WHERE d.point = c.point) "
	    "FROM v_clock c JOIN point p ON p.name = c.point LEFT JOIN path h ON h.point_id = p.id "
	    "WHERE c.point <> c.reference_point AND c.state NOT IN ('none', 'same-clock') ORDER BY h.position, c.point, c.from_ns";
	struct clock c = {0};
	struct span x = {0, 1};
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		char point[64];

		clean_text(point, sizeof point, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
		if (strcmp(point, c.point) != 0) {
			if (c.n)
				print(out, &c, s, &x);
			c = (struct clock){0};
			snprintf(c.point, sizeof c.point, "%s", point);
			clean_text(c.reference, sizeof c.reference, (const char *)sqlite3_column_text(st, 1), -1, s->utf8);
			x = (struct span){sqlite3_column_int64(st, 10), sqlite3_column_int64(st, 11)};
			x.to_ns = x.to_ns > x.from_ns ? x.to_ns : x.from_ns + 1;
		}
		take(&c, st);
	}
	if (rc == 0 && c.n)
		print(out, &c, s, &x);
	sqlite3_finalize(st);
	return rc;
}
