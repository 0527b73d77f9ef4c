/* How long each hop takes, in each direction: how the connections' medians are spread, the quantiles of all packets, and what the clocks leave open. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/html_text.h"
#include "correlate/report/svg.h"
#include "schema/clean.h"

#define HEIGHT 46
#define PER_DECADE 12
#define DECADES 12                      /* from 1 ns to 1000 s */
#define BINS (PER_DECADE * DECADES)
#define HOPS 32

enum { MIN, MEDIAN, P99, MAX, QUANTILES };

struct hop {
	int64_t from, to;               /* ids of points */
	char name[160];
	int64_t packets, quantile[QUANTILES], median_low, median_high;
	bool open;                      /* the clocks set no upper bound */
	int64_t bin[BINS];
};

struct hops {
	struct hop *hop;
	size_t n;
	int first, last;                /* decades that are drawn */
};

/* Bins above 1 ns. */
static double place(int64_t ns)
{
	double at = ns > 1 ? log10((double)ns) * PER_DECADE : 0;

	return at >= BINS ? BINS - 1 : at;
}

static int read_hops(struct hops *h, struct db *db, const struct style *s, struct err *e)
{
	static const char sql[] =
	    "SELECT t.from_point, t.to_point, a.name, b.name, t.packets, t.min_ns, t.median_ns, t.p99_ns, t.max_ns, t.median_low_ns, t.median_high_ns "
	    "FROM hop_total t JOIN point a ON a.id = t.from_point JOIN point b ON b.id = t.to_point JOIN path p ON p.point_id = a.id JOIN path q ON q.point_id = b.id "
	    "WHERE t.median_ns IS NOT NULL ORDER BY min(p.position, q.position), max(p.position, q.position), p.position > q.position, a.name, b.name LIMIT ?1";
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int(st, 1, HOPS);
	while ((rc = db_step(db, st, e)) == 1) {
		struct hop *p = &h->hop[h->n++];
		char from[64], to[64];

		p->from = sqlite3_column_int64(st, 0);
		p->to = sqlite3_column_int64(st, 1);
		clean_text(from, sizeof from, (const char *)sqlite3_column_text(st, 2), -1, s->utf8);
		clean_text(to, sizeof to, (const char *)sqlite3_column_text(st, 3), -1, s->utf8);
		snprintf(p->name, sizeof p->name, "%s → %s", from, to);
		p->packets = sqlite3_column_int64(st, 4);
		for (int i = 0; i < QUANTILES; i++)
			p->quantile[i] = sqlite3_column_int64(st, 5 + i);
		p->median_low = sqlite3_column_int64(st, 9);
		p->median_high = sqlite3_column_int64(st, 10);
		p->open = sqlite3_column_type(st, 10) == SQLITE_NULL;
	}
	sqlite3_finalize(st);
	return rc;
}

/* The connections' medians, in bins: one pass over them, whatever their number. */
static int read_medians(struct hops *h, struct db *db, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT from_point, to_point, delay_median_ns FROM hop WHERE delay_median_ns IS NOT NULL", &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1)
		for (size_t i = 0; i < h->n; i++)
			if (h->hop[i].from == sqlite3_column_int64(st, 0) && h->hop[i].to == sqlite3_column_int64(st, 1)) {
				h->hop[i].bin[(int)place(sqlite3_column_int64(st, 2))]++;
				break;
			}
	sqlite3_finalize(st);
	return rc;
}

/* The decades that hold everything, from a microsecond on: below it is what clocks do not tell. */
static void limits(struct hops *h)
{
	int64_t least = INT64_MAX, most = 10000;

	for (size_t i = 0; i < h->n; i++) {
		least = h->hop[i].quantile[MIN] < least ? h->hop[i].quantile[MIN] : least;
		most = h->hop[i].quantile[MAX] > most ? h->hop[i].quantile[MAX] : most;
		most = !h->hop[i].open && h->hop[i].median_high > most ? h->hop[i].median_high : most;
	}
	h->first = (int)place(least) / PER_DECADE;
	h->first = h->first < 3 ? 3 : h->first > 8 ? 8 : h->first;
	h->last = (int)place(most) / PER_DECADE + 1;
}

static double x_of(const struct hops *h, double bins)
{
	double at = (bins / PER_DECADE - h->first) / (h->last - h->first) * 100;

	return at < 0 ? 0 : at > 100 ? 100 : at;
}

static void axis(const struct hops *h, FILE *out, bool names)
{
	static const char *const name[] = {"1 ns", "10 ns", "100 ns", "1 µs", "10 µs", "0.1 ms", "1 ms", "10 ms", "0.1 s", "1 s", "10 s", "100 s", "1000 s"};

	/* Few decades need lines within. */
	for (int d = h->first; h->last - h->first <= 3 && d < h->last; d++)
		for (int n = 2; n < 10; n++) {
			double at = x_of(h, (d + log10(n)) * PER_DECADE);

			fprintf(out, "<line class=grid x1=\"%.2f%%\" x2=\"%.2f%%\" y1=%d y2=%d />", at, at, HEIGHT - 8, HEIGHT);
			if (names && (n == 2 || n == 5))
				fprintf(out, "<text class=tick x=\"%.2f%%\" y=%d text-anchor=middle>%d</text>", at, HEIGHT + 13, n);
		}
	for (int d = h->first; d <= h->last; d++) {
		double at = x_of(h, d * PER_DECADE);

		fprintf(out, "<line class=grid x1=\"%.2f%%\" x2=\"%.2f%%\" y1=0 y2=%d />", at, at, HEIGHT);
		if (names)
			fprintf(out, "<text class=tick x=\"%.2f%%\" y=%d text-anchor=%s>%s</text>", at, HEIGHT + 13,
			    d == h->first ? "start" : d == h->last ? "end" : "middle", name[d]);
	}
}

static void say(FILE *out, const struct style *s, const struct hop *p)
{
	static const char *const name[] = {"min", "median", "p99", "max"};
	int64_t error = p->open ? 0 : p->median_high - p->quantile[MEDIAN];
	char text[64], count[32];

	fputs("<p class=lane><b>", out);
	html_text(out, p->name);
	fprintf(out, "</b> <span>%s packets", style_count(count, sizeof count, p->packets));
	for (int i = 0; i < QUANTILES; i++)
		fprintf(out, ", %s %s", name[i], style_delay(s, text, sizeof text, p->quantile[i], error, 1000));
	if (p->open)
		fputs("; the clocks set no upper bound", out);
	else if (error > 0)
		fprintf(out, "; clocks leave ± %s open", style_duration(s, text, sizeof text, error, error / 10));
	fputs("</span></p>", out);
}

static void print(const struct hops *h, const struct hop *p, const struct style *s, bool last, FILE *out)
{
	char title[256];
	int64_t most = 1;
	double a = x_of(h, place(p->quantile[MIN])), b = x_of(h, place(p->quantile[P99])), c = x_of(h, place(p->quantile[MAX])),
	       low = x_of(h, place(p->median_low)), high = p->open ? 100 : x_of(h, place(p->median_high)), m = x_of(h, place(p->quantile[MEDIAN]));

	say(out, s, p);
	snprintf(title, sizeof title, "Delay from %s, on a logarithmic scale", p->name);
	svg_begin(out, last ? HEIGHT : HEIGHT - SVG_AXIS + 2, title);
	axis(h, out, last);
	if (high - low > 0.5)
		fprintf(out, "<rect class=band x=\"%.2f%%\" y=2 width=\"%.2f%%\" height=%d />", low, high - low, HEIGHT - 4);
	for (int i = 0; i < BINS; i++)
		most = p->bin[i] > most ? p->bin[i] : most;
	for (int i = 0; i < BINS; i++) {
		double x = x_of(h, i), height = p->bin[i] ? 2 + (HEIGHT - 20) * (double)p->bin[i] / (double)most : 0;

		if (p->bin[i])
			fprintf(out, "<rect class=bar x=\"%.2f%%\" y=%.1f width=\"%.2f%%\" height=%.1f />", x, HEIGHT - 10 - height, x_of(h, i + 1) - x, height);
	}
	fprintf(out, "<line class=range x1=\"%.2f%%\" x2=\"%.2f%%\" y1=%d y2=%d /><line class=range2 x1=\"%.2f%%\" x2=\"%.2f%%\" y1=%d y2=%d />", a, b, HEIGHT - 5,
	    HEIGHT - 5, b, c, HEIGHT - 5, HEIGHT - 5);
	fprintf(out, "<circle class=mid cx=\"%.2f%%\" cy=%d r=4 />", m, HEIGHT - 5);
	svg_end(out);
}

int svg_delays(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	struct hops h = {.hop = calloc(HOPS, sizeof *h.hop)};
	int rc = h.hop ? 0 : err_set(e, "out of memory");

	if (rc == 0 && (read_hops(&h, db, s, e) < 0 || read_medians(&h, db, e) < 0))
		rc = -1;
	limits(&h);
	for (size_t i = 0; rc == 0 && i < h.n; i++)
		print(&h, &h.hop[i], s, i + 1 == h.n, out);
	if (rc == 0 && h.n == 0)
		fputs("<p>Not known: no packet was recorded at two points with clocks that could be compared.</p>\n", out);
	free(h.hop);
	return rc;
}
