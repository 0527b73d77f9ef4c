/* When findings happened: a lane for each kind and place. */
#include <inttypes.h>
#include <string.h>

#include "correlate/report/html_text.h"
#include "correlate/report/svg.h"
#include "correlate/report/text.h"
#include "schema/clean.h"

#include "correlate/report/svg_timeline.sql.h"

#define BINS 240
#define LANES 14
#define LANE_HEIGHT 18

struct lane {
	int64_t number, connections, count;
	char name[256], kind[32], place[192];
	int64_t bin[BINS];
};

static void lane_take(struct lane *l, sqlite3_stmt *st)
{
	char raw[256];

	*l = (struct lane){.number = sqlite3_column_int64(st, 0), .connections = sqlite3_column_int64(st, 4), .count = sqlite3_column_int64(st, 5)};
	snprintf(l->kind, sizeof l->kind, "%s", (const char *)sqlite3_column_text(st, 1));
	clean_text(l->place, sizeof l->place, (const char *)sqlite3_column_text(st, 3), -1, true);
	snprintf(raw, sizeof raw, "%s", l->kind);
	for (char *p = raw; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	if (strcmp((const char *)sqlite3_column_text(st, 2), "any") != 0)
		text_add(raw, sizeof raw, " %s", (const char *)sqlite3_column_text(st, 2));
	snprintf(l->name, sizeof l->name, "%s", raw);
}

static void lane_print(const struct lane *l, FILE *out)
{
	char connections[32], count[32], title[640];
	int64_t most = 1;

	style_count(connections, sizeof connections, l->connections);
	style_count(count, sizeof count, l->count);
	fputs("<p class=lane><b class=k>", out);
	html_text(out, l->name);
	fputs("</b> ", out);
	html_text(out, l->place);
	fprintf(out, " <span>×%s in %s connection%s</span></p>", count, connections, l->connections == 1 ? "" : "s");
	snprintf(title, sizeof title, "%s, %s: when, over the time of the case", l->name, l->place);
	svg_begin(out, LANE_HEIGHT - SVG_AXIS, title);
	for (int i = 0; i < BINS; i++)
		most = l->bin[i] > most ? l->bin[i] : most;
	fprintf(out, "<line class=base x1=0 x2=\"100%%\" y1=%d y2=%d /><svg viewBox=\"0 0 %d 100\" preserveAspectRatio=none width=\"100%%\" height=%d><path class=\"ev %s\" d=\"",
	    LANE_HEIGHT - 1, LANE_HEIGHT - 1, BINS, LANE_HEIGHT, l->kind);
	/* Nothing that happened is too small to be seen. */
	for (int i = 0; i < BINS; i++)
		if (l->bin[i] > 0)
			fprintf(out, "M%d 100v-%dh1v%dz", i, (int)(30 + 70 * l->bin[i] / most), (int)(30 + 70 * l->bin[i] / most));
	fputs("\"/></svg>", out);
	svg_end(out);
}

static int span_of(struct db *db, struct span *x, struct err *e)
{
	if (db_int(db, "SELECT min(start_ns) FROM connection", 0, &x->from_ns, e) < 0 || db_int(db, "SELECT max(end_ns) FROM connection", 0, &x->to_ns, e) < 0)
		return -1;
	if (x->to_ns - x->from_ns < 1000000)
		x->to_ns = x->from_ns + 1000000;
	return 0;
}

static int lanes(FILE *out, sqlite3_stmt *st, struct db *db, int64_t *all, struct err *e)
{
	struct lane l = {0};
	int rc;

	while ((rc = db_step(db, st, e)) == 1) {
		*all = sqlite3_column_int64(st, 0);
		if (*all > LANES)
			continue;
		if (*all != l.number) {
			if (l.number)
				lane_print(&l, out);
			lane_take(&l, st);
		}
		if (sqlite3_column_type(st, 6) != SQLITE_NULL)
			l.bin[sqlite3_column_int(st, 6) % BINS] = sqlite3_column_int64(st, 7);
	}
	if (rc == 0 && l.number)
		lane_print(&l, out);
	return rc;
}

int svg_timeline(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	struct span x;
	sqlite3_stmt *st;
	int64_t all = 0;
	int rc;

	(void)s;
	if (span_of(db, &x, e) < 0 || db_prepare(db, svg_timeline_sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int(st, 1, BINS);
	sqlite3_bind_int64(st, 2, x.from_ns);
	sqlite3_bind_int64(st, 3, x.to_ns);
	rc = lanes(out, st, db, &all, e);
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	if (all == 0) {
		fputs("<p>No trouble.</p>\n", out);
		return 0;
	}
	svg_begin(out, 4, "Time, UTC");
	svg_time_axis(out, &x, 4);
	svg_end(out);
	if (all > LANES)
		fprintf(out, "<p class=more>and %" PRId64 " more kinds (pcaphop query CASE 'SELECT * FROM v_summary')</p>\n", all - LANES);
	return 0;
}
