#include "correlate/facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/clock_corridor.h"
#include "correlate/hosts.h"
#include "correlate/precedent.h"
#include "correlate/siblings.h"

#include "correlate/select_clocks.sql.h"
#include "correlate/select_points.sql.h"

#define MIRROR_MIN 4                    /* copies that a mirror port must have shown */
#define STRADDLE_SHARE 4                /* one in so many packets must be there from both sides of a device: it drops some, and some are its own */
#define GAP_NS 2000000000               /* rotated files: a gap this short between them is no gap in the capture, */
#define GAP_MAX_NS 60000000000          /* nor is a longer one that is short against what the files hold */

static int load_points(struct facts *f, struct db *db, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, select_points_sql, &st, e) < 0)
		return -1;
	f->point = calloc(POINTS_MAX, sizeof *f->point);
	if (!f->point) {
		sqlite3_finalize(st);
		return err_set(e, "out of memory");
	}
	while ((rc = db_step(db, st, e)) == 1) {
		if (f->points == POINTS_MAX) {
			rc = err_set(e, "more than %d points", POINTS_MAX);
			break;
		}
		struct point *p = &f->point[f->points++];
		p->id = sqlite3_column_int64(st, 0);
		snprintf(p->name, sizeof p->name, "%s", (const char *)sqlite3_column_text(st, 1));
		p->resolution_ns = sqlite3_column_int64(st, 2);
		p->drops = (uint64_t)sqlite3_column_int64(st, 3);
		p->captures = (uint32_t)sqlite3_column_int64(st, 4);
		p->unread = (uint64_t)sqlite3_column_int64(st, 5);
		p->icmp = sqlite3_column_int(st, 6) != 0;
		p->clock = (int)f->points;
		p->source = sqlite3_column_int(st, 7);
		p->damaged = sqlite3_column_int(st, 8) != 0;
		p->malformed = (uint64_t)sqlite3_column_int64(st, 9);
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

static struct point *by_id(struct facts *f, int64_t id)
{
	for (uint32_t i = 0; i < f->points; i++)
		if (f->point[i].id == id)
			return &f->point[i];
	return NULL;
}

/* Points that are taken from the same files were stamped by one clock. */
static int load_clocks(struct facts *f, struct db *db, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, select_clocks_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		const struct point *p = by_id(f, sqlite3_column_int64(st, 0)), *q = by_id(f, sqlite3_column_int64(st, 1));
		int keep = p->clock < q->clock ? p->clock : q->clock, go = p->clock < q->clock ? q->clock : p->clock;
		for (uint32_t i = 0; i < f->points; i++)
			if (f->point[i].clock == go)
				f->point[i].clock = keep;
	}
	sqlite3_finalize(st);
	return rc;
}

/* Is the silence between two files just that? A rotated capture is silent for a part of the time that its files take, not for longer. */
static bool continues(const struct window *last, int64_t from, int64_t to)
{
	int64_t gap = from - last->to_ns, before = last->to_ns - last->from_ns, after = to - from;

	return gap <= GAP_NS || (gap <= GAP_MAX_NS && gap <= (before > after ? before : after));
}

static void add_window(struct point *p, int64_t from, int64_t to)
{
	struct window *last = p->windows ? &p->window[p->windows - 1] : NULL;

	if (last && continues(last, from, to)) {
		if (to > last->to_ns)
			last->to_ns = to;
		return;
	}
	p->window[p->windows++] = (struct window){ from, to };
}

/* When each point captured: from the first to the last frame of each file, or as the interface statistics say. */
static int load_windows(struct facts *f, struct db *db, struct err *e)
{
	sqlite3_stmt *st;
	int rc = 0;

	if (db_prepare(db, "SELECT min(c.first_ns, coalesce(min(i.start_ns), c.first_ns)) AS a, max(c.last_ns, coalesce(max(i.end_ns), c.last_ns)) AS b "
			"FROM capture c LEFT JOIN interface i ON i.capture_id = c.id WHERE c.point_id = ?1 AND c.first_ns IS NOT NULL "
			"GROUP BY c.id ORDER BY a, b", &st, e) < 0)
		return -1;
	for (uint32_t i = 0; rc == 0 && i < f->points; i++) {
		struct point *p = &f->point[i];
		if (!(p->window = calloc(p->captures + 1, sizeof *p->window))) {
			rc = err_set(e, "out of memory");
			break;
		}
		sqlite3_bind_int64(st, 1, p->id);
		while ((rc = db_step(db, st, e)) == 1)
			add_window(p, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1));
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	return rc;
}

/* Where frames without IP were recorded, hardly any filter for ports was at work. (Fragments of other protocols are no proof: udp or tcp port 80.) */
static int load_open(struct facts *f, struct db *db, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT DISTINCT c.point_id FROM capture c JOIN skipped s ON s.capture_id = c.id WHERE s.reason = 'not IP'", &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1)
		for (uint32_t i = 0; i < f->points; i++)
			f->point[i].open |= f->point[i].id == sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc;
}

static struct point *by_name(struct facts *f, const char *name, size_t n)
{
	for (uint32_t i = 0; i < f->points; i++)
		if (strlen(f->point[i].name) == n && memcmp(f->point[i].name, name, n) == 0)
			return &f->point[i];
	return NULL;
}

/* Call take() for each point named in a comma separated list. */
static int each_named(struct facts *f, const char *list, const char *option, void (*take)(struct facts *f, struct point *p, int n), struct err *e)
{
	for (int n = 0; *list; n++) {
		size_t len = strcspn(list, ",");
		struct point *p = by_name(f, list, len);
		if (!p)
			return err_set(e, "%s: there is no point '%.*s' in the case", option, (int)len, list);
		take(f, p, n);
		list += len + (list[len] == ',');
	}
	return 0;
}

static void take_position(struct facts *f, struct point *p, int n)
{
	(void)f;
	p->position = n;
	snprintf(p->how, sizeof p->how, "given");
}

static void take_running(struct facts *f, struct point *p, int n)
{
	(void)f;
	(void)n;
	p->running = !p->damaged;
}

static void take_reference(struct facts *f, struct point *p, int n)
{
	(void)f;
	(void)n;
	p->reference = true;
}

/* A point that the user left out of the path: looked at, but nothing is said of hops to and from it. */
static void leave_out(struct point *p)
{
	p->position = POINTS_MAX;
	p->aside = true;
	snprintf(p->how, sizeof p->how, "not on the path: --path leaves it out");
}

static int by_position(const void *x, const void *y)
{
	const struct point *a = x, *b = y;

	return a->position != b->position ? a->position - b->position : strcmp(a->name, b->name);
}

static int take_options(struct facts *f, const struct facts_options *o, struct err *e)
{
	if (o->path) {
		if (!o->path[0])
			return err_set(e, "--path: no point is named");
		for (uint32_t i = 0; i < f->points; i++)
			f->point[i].position = -1;
		if (each_named(f, o->path, "--path", take_position, e) < 0)
			return -1;
		for (uint32_t i = 0; i < f->points; i++)
			if (f->point[i].position < 0)
				leave_out(&f->point[i]);
		qsort(f->point, f->points, sizeof *f->point, by_position);
		f->path_given = true;
	}
	if (o->reference && strchr(o->reference, ','))
		return err_set(e, "--reference: one point, not '%s'", o->reference);
	if (o->reference && !o->reference[0])
		return err_set(e, "--reference: no point is named");
	if (o->reference && each_named(f, o->reference, "--reference", take_reference, e) < 0)
		return -1;
	if (o->running && strcmp(o->running, "all") == 0) {
		for (uint32_t i = 0; i < f->points; i++)
			take_running(f, &f->point[i], 0);
	} else if (o->running && each_named(f, o->running, "--running", take_running, e) < 0) {
		return -1;
	}
	return 0;
}

int facts_load(struct facts *f, struct db *db, const struct facts_options *o, struct err *e)
{
	memset(f, 0, sizeof *f);
	if (load_points(f, db, e) < 0 || load_clocks(f, db, e) < 0 || load_windows(f, db, e) < 0 || load_open(f, db, e) < 0)
		return -1;
	return take_options(f, o, e);
}

void facts_free(struct facts *f)
{
	for (uint32_t i = 0; i < f->points + f->asides; i++)
		free(f->point[i].window);
	for (uint32_t i = 0; i < POINTS_MAX; i++) {
		free(f->orphans[i].list);
	}
	precedents_free(f->precedents);
	free(f->apart);
	free(f->point);
	free(f->part);
	free(f->flow);
	free(f->conn);
	free(f->tied);
	free(f->addr_name);
	free(f->stale);
	free(f->stray);
	hosts_free(f->hosts);
	siblings_free(f->siblings);
	memset(f, 0, sizeof *f);
}

const struct tied *facts_backs(const struct facts *f, uint32_t front, uint32_t *n)
{
	uint32_t lo = 0, hi = f->ties;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (f->tied[mid].front < front)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (*n = 0; lo + *n < f->ties && f->tied[lo + *n].front == front;)
		++*n;
	return &f->tied[lo];
}

static int by_addr(const void *a, const void *b)
{
	const struct addr_name *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

#define NAMED 100000            /* of a flood of SYNs not all */

/* Whose addresses are named: of back ends; and where one point is all there is, of connections that another capture is asked for. */
static uint32_t list_names(struct facts *f, struct addr_name *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->ties; i++, n++)
		if (out)
			out[n].id = f->flow[f->conn[f->tied[i].back].flow].addr[S2C];
	for (uint32_t i = 0; f->points == 1 && i < f->conns && n < f->ties + NAMED; i++) {
		if (!f->conn[i].outcome || strcmp(f->conn[i].outcome, "completed") == 0)
			continue;
		for (int d = 0; d < 2; d++, n++)
			if (out)
				out[n].id = f->flow[f->conn[i].flow].addr[d];
	}
	return n;
}

int facts_load_names(struct facts *f, struct db *db, struct err *e)
{
	uint32_t n = 0, all = list_names(f, NULL);
	sqlite3_stmt *st;
	int rc = 0;

	f->addr_name = calloc(all ? all : 1, sizeof *f->addr_name);
	if (!f->addr_name)
		return err_set(e, "out of memory");
	list_names(f, f->addr_name);
	qsort(f->addr_name, all, sizeof *f->addr_name, by_addr);
	if (db_prepare(db, "SELECT text FROM addr WHERE id = ?1", &st, e) < 0)
		return -1;
	for (uint32_t i = 0; rc >= 0 && i < all; i++) {
		if (n > 0 && f->addr_name[n - 1].id == f->addr_name[i].id)
			continue;
		f->addr_name[n] = f->addr_name[i];
		sqlite3_bind_int64(st, 1, f->addr_name[n].id);
		if ((rc = db_step(db, st, e)) == 1)
			snprintf(f->addr_name[n].text, sizeof f->addr_name[n].text, "%s", (const char *)sqlite3_column_text(st, 0));
		sqlite3_reset(st);
		n++;
	}
	f->addr_names = n;
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

const char *facts_addr(const struct facts *f, int64_t id)
{
	const struct addr_name key = { .id = id },
	    *p = f->addr_names ? bsearch(&key, f->addr_name, f->addr_names, sizeof key, by_addr) : NULL;

	return p ? p->text : "?";
}

uint32_t facts_piece(const struct point *p, int64_t t)
{
	uint32_t k = 0;

	while (k + 1 < p->pieces && t >= p->piece[k].to_ns)
		k++;
	return k;
}

int64_t facts_align(const struct point *p, int64_t t)
{
	const struct clock_map *m = &p->piece[facts_piece(p, t)];

	if (p->pieces == 0)
		return t;
	return t - m->offset_ns - (int64_t)llround((double)(t - m->origin_ns) * m->skew);
}

bool facts_straddles(const struct point *p)
{
	return (p->forwarded >= MIRROR_MIN && p->forwarded * STRADDLE_SHARE > p->telling) ||
	    (p->translated >= MIRROR_MIN && p->translated * STRADDLE_SHARE > p->handshakes);
}

bool facts_mirrors(const struct point *p)
{
	return p->twice >= MIRROR_MIN && p->twice * 10 > p->telling;
}

int64_t facts_unalign(const struct point *p, int64_t t)
{
	for (uint32_t i = 0; i < p->pieces; i++) {
		const struct clock_map *m = &p->piece[i];
		int64_t raw = t + m->offset_ns + (int64_t)llround((double)(t + m->offset_ns - m->origin_ns) * m->skew / (1 - m->skew));
		/* When the clock was set forth it skipped the times in between. */
		if (raw < m->to_ns)
			return raw < m->from_ns ? m->from_ns : raw;
	}
	return t;
}

/* What holds at one time, at another: the slope is known to be between two, so the bounds open as fast as these part. A nanosecond for the rounding. */
static void narrow(const struct clock_map *m, const struct clock_anchor *a, int64_t t, int64_t *low, int64_t *high)
{
	double far = (double)((__int128)t - a->at_ns), x = far * m->skew_low, y = far * m->skew_high;
	int64_t l = a->low_ns == INT64_MIN ? INT64_MIN : a->low_ns + (int64_t)(x < y ? x : y) - (x != 0 || y != 0);
	int64_t h = a->high_ns == INT64_MAX ? INT64_MAX : a->high_ns + (int64_t)(x < y ? y : x) + (x != 0 || y != 0);

	*low = l > *low ? l : *low;
	*high = h < *high ? h : *high;
}

/* Between two times, a straight line lies between the lines that join the bounds. */
static void narrow_between(const struct clock_anchor *a, const struct clock_anchor *b, int64_t t, int64_t *low, int64_t *high)
{
	double part;

	if (t <= a->at_ns || t >= b->at_ns)
		return;
	part = (double)((__int128)t - a->at_ns) / (double)((__int128)b->at_ns - a->at_ns);
	if (a->low_ns != INT64_MIN && b->low_ns != INT64_MIN) {
		int64_t l = a->low_ns + (int64_t)(part * (double)(b->low_ns - a->low_ns)) - 1;
		*low = l > *low ? l : *low;
	}
	if (a->high_ns != INT64_MAX && b->high_ns != INT64_MAX) {
		int64_t h = a->high_ns + (int64_t)(part * (double)(b->high_ns - a->high_ns)) + 1;
		*high = h < *high ? h : *high;
	}
}

/* By one piece, wherever it ends. */
static void bounds_by(const struct clock_map *m, int64_t t, int64_t *low, int64_t *high)
{
	const struct clock_anchor origin = { m->origin_ns, m->has_low ? m->low_ns : INT64_MIN, m->has_high ? m->high_ns : INT64_MAX };

	*low = INT64_MIN;
	*high = INT64_MAX;
	narrow(m, &origin, t, low, high);
	if (!m->anchored)
		return;
	narrow(m, &m->anchor[0], t, low, high);
	narrow(m, &m->anchor[1], t, low, high);
	narrow_between(&m->anchor[0], &origin, t, low, high);
	narrow_between(&origin, &m->anchor[1], t, low, high);
}

bool facts_hidden(const struct point *p, int64_t t)
{
	const struct clock_map *m = &p->piece[facts_piece(p, t)], *end = p->piece + p->pieces;

	return m < end && ((t < m->sure_from_ns && m->settings > 1) || (t > m->sure_to_ns && m + 1 < end && m[1].settings > 1));
}

void facts_bounds(const struct point *p, int64_t t, int64_t *low, int64_t *high)
{
	const struct clock_map *m = &p->piece[facts_piece(p, t)], *other = NULL, *end = p->piece + p->pieces;

	*low = INT64_MIN;
	*high = INT64_MAX;
	if (p->pieces == 0 || facts_hidden(p, t))
		return;
	bounds_by(m, t, low, high);
	if (t >= m->sure_from_ns && t <= m->sure_to_ns)
		return;
	/* Close to a step: it may have come already, or not yet. At the ends of all: who knows. */
	if (t < m->sure_from_ns && m > p->piece)
		other = m - 1;
	if (t > m->sure_to_ns && m + 1 < end)
		other = m + 1;
	int64_t l = INT64_MIN, h = INT64_MAX;
	if (other)
		bounds_by(other, t, &l, &h);
	*low = l < *low ? l : *low;
	*high = h > *high ? h : *high;
}

int64_t facts_doubt(const struct point *p, int64_t t)
{
	int64_t low, high, offset = t - facts_align(p, t);

	facts_bounds(p, t, &low, &high);
	if (low == INT64_MIN || high == INT64_MAX)
		return INT64_MAX;
	low = offset - low;
	high -= offset;
	return low < 0 && high < 0 ? 0 : low > high ? low : high;
}

double facts_drift(const struct clock_map *m)
{
	return fmax(m->skew_high - m->skew, m->skew - m->skew_low);
}

/* What was measured of p against q as long as p's packets last; before and after, their clocks part. */
static int64_t measured(const struct facts *f, const struct point *p, int64_t p_ns, const struct point *q)
{
	const struct clock_map *m = p->piece;
	int64_t pair = f->apart ? f->apart[(size_t)(p - f->point) * (f->points + f->asides) + (size_t)(q - f->point)] : INT64_MAX;
	double beyond, part;

	if (pair == INT64_MAX)
		return pair;
	beyond = fmax(0, fmax((double)m->anchor[0].at_ns - (double)p_ns, (double)p_ns - (double)m->anchor[1].at_ns));
	part = fmin(facts_drift(m) + facts_drift(q->piece), 1.0 / CLOCK_SKEW_DEN + fabs(m->skew - q->piece->skew));
	return pair + (int64_t)ceil(beyond * part);
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t facts_doubt_between(const struct facts *f, const struct point *p, int64_t p_ns, const struct point *q, int64_t q_ns)
{
	int64_t x, y, pair;

	if (p->clock == q->clock)
		return lesser(p->one_clock_ns, q->one_clock_ns);
	x = facts_doubt(p, p_ns);
	y = facts_doubt(q, q_ns);
	pair = lesser(measured(f, p, p_ns, q), measured(f, q, q_ns, p));
	return x == INT64_MAX || y == INT64_MAX ? pair : lesser(pair, x + y);
}
