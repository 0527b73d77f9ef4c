/* How the clocks of the points differ, in words. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/clean.h"
#include "correlate/report/summary.h"
#include "correlate/report/text.h"

#define PIECES 4        /* shown per point */

#define PIECES_SQL \
	"SELECT c.point, c.reference_point, c.from_ns, c.to_ns, c.offset_ns, c.offset_low_ns, c.offset_high_ns, c.skew_ppm, c.skew_low_ppm, " \
	"c.skew_high_ppm, c.pairs, c.state, row_number() OVER (PARTITION BY c.point ORDER BY c.from_ns), count(*) OVER (PARTITION BY c.point), " \
	"c.remark, sum(c.settings) OVER (PARTITION BY c.point) FROM v_clock c JOIN point p ON p.name = c.point LEFT JOIN path h ON h.point_id = p.id "

/* One piece of one point's clock; the columns of v_clock. */
struct piece {
	char point[64], reference[64], state[16];
	int64_t from_ns, to_ns, offset_ns, low_ns, high_ns, pairs, number, pieces, settings;
	bool low, high, skew_bounded;
	char remark[600];       /* "": none */
	double skew_ppm, skew_error_ppm;
};

static void take(struct piece *p, sqlite3_stmt *st, const struct style *s)
{
	double low = sqlite3_column_double(st, 8), high = sqlite3_column_double(st, 9);

	clean_text(p->point, sizeof p->point, (const char *)sqlite3_column_text(st, 0), -1, s->utf8);
	clean_text(p->reference, sizeof p->reference, (const char *)sqlite3_column_text(st, 1), -1, s->utf8);
	clean_text(p->state, sizeof p->state, (const char *)sqlite3_column_text(st, 11), -1, s->utf8);
	p->from_ns = sqlite3_column_int64(st, 2);
	p->to_ns = sqlite3_column_int64(st, 3);
	p->offset_ns = sqlite3_column_int64(st, 4);
	p->low = sqlite3_column_type(st, 5) != SQLITE_NULL;
	p->low_ns = sqlite3_column_int64(st, 5);
	p->high = sqlite3_column_type(st, 6) != SQLITE_NULL;
	p->high_ns = sqlite3_column_int64(st, 6);
	p->skew_ppm = sqlite3_column_double(st, 7);
	p->skew_bounded = sqlite3_column_type(st, 8) != SQLITE_NULL && sqlite3_column_type(st, 9) != SQLITE_NULL;
	p->skew_error_ppm = high - p->skew_ppm > p->skew_ppm - low ? high - p->skew_ppm : p->skew_ppm - low;
	p->pairs = sqlite3_column_int64(st, 10);
	p->number = sqlite3_column_int64(st, 12);
	p->pieces = sqlite3_column_int64(st, 13);
	p->settings = sqlite3_column_int64(st, 15);
	clean_text(p->remark, sizeof p->remark, sqlite3_column_type(st, 14) == SQLITE_NULL ? "" : (const char *)sqlite3_column_text(st, 14), -1, s->utf8);
}

static void offset(const struct piece *p, const struct style *s, int64_t resolution_ns, char *buf, size_t size)
{
	int64_t below = p->offset_ns - p->low_ns, above = p->high_ns - p->offset_ns, error = below > above ? below : above;
	int64_t finest = p->low && p->high && error / 10 > resolution_ns ? error / 10 : resolution_ns, digit;
	char number[64], plus_minus[32];

	/* No digit that the bounds do not support: the power of ten below a tenth of them. */
	for (digit = 1; digit * 10 <= finest; digit *= 10)
		;
	style_seconds(number, sizeof number, p->offset_ns < 0 ? -p->offset_ns : p->offset_ns, digit, false);
	text_add(buf, size, "= %s", p->reference);
	/* Nothing but zeros has no sign, and says nothing. */
	if (strpbrk(number, "123456789"))
		text_add(buf, size, " %s %s s", p->offset_ns < 0 ? style_pick(s, "−", "-") : "+", number);
	if (p->low && p->high)
		text_add(
		    buf, size, " %s %s", style_pick(s, "±", "+-"), style_duration(s, plus_minus, sizeof plus_minus, error, error / 10));
	else if (p->low || p->high)
		text_add(buf, size, " (only a%s bound)", p->low ? " lower" : "n upper");
	else
		text_add(buf, size, " (no bounds)");
}

static void skew(const struct piece *p, const struct style *s, char *buf, size_t size)
{
	if (!p->skew_bounded) {
		if (p->skew_ppm != 0)
			text_add(buf, size, ", drift %+.1f ppm (no bounds)", p->skew_ppm);
		return;
	}
	int digits = p->skew_error_ppm < 0.095 ? 2 : p->skew_error_ppm < 9.5 ? 1 : 0;

	text_add(buf, size, ", drift %+.*f %s %.*f ppm", digits, p->skew_ppm, style_pick(s, "±", "+-"), digits, p->skew_error_ppm);
}

static void say(const struct piece *p, const struct style *s, int64_t resolution_ns, char *text, size_t size)
{
	char number[32], when[48];

	if (p->number > 1)
		text_add(text, size, "from %s UTC: ", style_time(when, sizeof when, p->from_ns, true));
	if (strcmp(p->point, p->reference) == 0) {
		text_add(text, size, "%s", p->remark);
	} else if (strcmp(p->state, "none") == 0) {
		text_add(text, size, "not known: it shares no packet with %s; its times are as recorded", p->reference);
	} else if (strcmp(p->state, "same-clock") == 0) {
		text_add(text, size, "the same clock as %s", p->reference);
	} else {
		offset(p, s, resolution_ns, text, size);
		skew(p, s, text, size);
		text_add(text, size, ", from %s pair%s", style_count(number, sizeof number, p->pairs), p->pairs == 1 ? "" : "s");
		if (strcmp(p->state, "one-way") == 0)
			text_add(text, size, " in one direction only");
		if (strcmp(p->state, "inconsistent") == 0)
			text_add(text, size, " that CONTRADICT each other");
		if (p->pieces > 1 && p->number == 1)
			text_add(text, size, ", %" PRId64 " step%s", p->settings, p->settings == 1 ? "" : "s");
		if (p->remark[0])
			text_add(text, size, "; %s", p->remark);
	}
}

static void one(const struct piece *p, const struct style *s, int64_t resolution_ns, const char *word, int name_w)
{
	enum tint t = strcmp(p->state, "inconsistent") == 0 || strcmp(p->state, "none") == 0 ? TINT_DOUBT : TINT_NONE;
	char text[1024] = "";

	say(p, s, resolution_ns, text, sizeof text);
	summary_point(s, word, p->number == 1 ? p->point : "", name_w, t, text);
}

int summary_clocks(struct db *db, const struct style *s, struct err *e)
{
	const char *word = "clock";
	int64_t resolution_ns;
	sqlite3_stmt *st;
	int rc, name_w;

	if (summary_name_width(db, s, &name_w, e) < 0 ||
	    db_int(db, "SELECT max(resolution_ns) FROM interface", 1000, &resolution_ns, e) < 0)
		return -1;
	if (db_prepare(db,
		PIECES_SQL "WHERE c.point <> c.reference_point OR c.remark IS NOT NULL ORDER BY h.position, c.point, c.from_ns",
		&st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		struct piece p;

		take(&p, st, s);
		if (p.number > PIECES)
			continue;
		one(&p, s, resolution_ns, word, name_w);
		word = "";
		if (p.number == PIECES && p.pieces > PIECES)
			fprintf(s->out, "%*sand %" PRId64 " more pieces (v_clock)\n", SUMMARY_LABEL, "", p.pieces - PIECES);
	}
	sqlite3_finalize(st);
	return rc;
}

int summary_clock(struct db *db, const struct style *s, int64_t point_id, char *text, size_t size, struct err *e)
{
	int64_t resolution_ns;
	sqlite3_stmt *st;
	struct piece p;
	int rc;

	text[0] = '\0';
	if (db_int(db, "SELECT max(resolution_ns) FROM interface", 1000, &resolution_ns, e) < 0 ||
	    db_prepare(db, PIECES_SQL "WHERE p.id = ?1 ORDER BY c.from_ns LIMIT 1", &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, point_id);
	if ((rc = db_step(db, st, e)) == 1) {
		take(&p, st, s);
		say(&p, s, resolution_ns, text, size);
		if (strcmp(p.point, p.reference) == 0 && !p.remark[0])
			text_add(text, size, "the reference");
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}
