#include "correlate/store_facts.h"

#include <stdio.h>

#include "correlate/clock_note.h"
#include "correlate/finding.h"

#include "correlate/select_links.sql.h"

static int store_path(struct db *db, const struct facts *f, struct err *e)
{
	sqlite3_stmt *st;
	int rc = db_prepare(db, "INSERT INTO path VALUES(?1, ?2, ?3, ?4)", &st, e);

	for (uint32_t i = 0; rc == 0 && i < f->points; i++) {
		const struct point *p = &f->point[i];
		sqlite3_bind_int64(st, 1, p->id);
		sqlite3_bind_int(st, 2, p->position);
		sqlite3_bind_int(st, 3, p->running);
		db_bind_text(st, 4, p->how);
		rc = db_run(db, st, e);
	}
	sqlite3_finalize(st);
	return rc;
}

/* One piece, as it is at the time that it is known from: when the capture begins, or the clock was set. */
static int store_piece(struct db *db, sqlite3_stmt *st, const struct facts *f, const struct point *p, uint32_t k, struct err *e)
{
	static const char *const state[] = { "none", "one-way", "both-ways", "same-clock", "inconsistent" };
	const struct clock_map *m = &p->piece[k];
	int64_t first = p->windows ? p->window[0].from_ns : m->origin_ns, low, high;
	int64_t at = first > m->from_ns && first < m->to_ns ? first : first <= m->from_ns ? m->sure_from_ns : m->origin_ns;
	char doubt[600], remark[600];

	facts_bounds(p, at, &low, &high);
	clock_doubt(f, p, k, doubt, sizeof doubt);
	clock_remark(f, p, k, remark, sizeof remark);
	sqlite3_bind_int64(st, 1, p->id);
	sqlite3_bind_int64(st, 2, f->point[f->reference].id);
	sqlite3_bind_int64(st, 3, m->from_ns);
	sqlite3_bind_int64(st, 4, m->to_ns);
	sqlite3_bind_int64(st, 5, at);
	sqlite3_bind_int64(st, 6, at - facts_align(p, at));
	db_bind_opt(st, 7, low != INT64_MIN, low);
	db_bind_opt(st, 8, high != INT64_MAX, high);
	sqlite3_bind_double(st, 9, m->skew * 1e6);
	sqlite3_bind_double(st, 10, m->skew_low * 1e6);
	sqlite3_bind_double(st, 11, m->skew_high * 1e6);
	sqlite3_bind_int64(st, 12, (int64_t)m->pairs);
	db_bind_text(st, 13, state[m->state]);
	db_bind_text(st, 14, doubt[0] ? doubt : NULL);
	db_bind_text(st, 15, remark[0] ? remark : NULL);
	sqlite3_bind_int64(st, 16, m->settings);
	return db_run(db, st, e);
}

static int store_clocks(struct db *db, const struct facts *f, struct err *e)
{
	sqlite3_stmt *st;
	int rc = db_prepare(db, "INSERT INTO clock VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)", &st, e);

	for (uint32_t i = 0; rc == 0 && i < f->points + f->asides; i++)
		for (uint32_t k = 0; rc == 0 && k < f->point[i].pieces; k++)
			rc = store_piece(db, st, f, &f->point[i], k, e);
	sqlite3_finalize(st);
	return rc;
}

/* How to make two points of one that holds both sides of a device. */
static int how_to_split(struct db *db, const struct point *p, const char **how, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, select_links_sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, p->id);
	rc = db_step(db, st, e);
	*how = "its copies differ in TTL and MAC address: name it twice, as A=FILE@MAC and B=FILE@MAC, with the MAC addresses of the device's two "
	       "interfaces, and there are two points on one clock";
	if (rc == 1 && sqlite3_column_int(st, 0) > 1)
		*how = "import it with --split interface, and each interface is a point, all on one clock";
	else if (rc == 1 && sqlite3_column_int(st, 1) > 1)
		*how = "import it with --split interface, and each interface of the file is a point";
	else if (rc == 1 && sqlite3_column_int(st, 2) > 1)
		*how = "import it with --split vlan, and each VLAN is a point, all on one clock";
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

static int store_note(struct db *db, const struct point *p, sqlite3_stmt *st, struct err *e)
{
	const char *how;
	char say[600];

	if (facts_straddles(p)) {
		if (how_to_split(db, p, &how, e) < 0)
			return -1;
		snprintf(say, sizeof say, "holds what a device forwards twice, as it came in and as it went out (%llu of %llu packets)%s: %s",
		    (unsigned long long)p->forwarded, (unsigned long long)p->telling, p->aside ? ", so it is no place on the path" : "", how);
	} else if (p->aside) {
		snprintf(say, sizeof say, "%s", p->how);
	} else {
		return 0;
	}
	sqlite3_bind_int64(st, 1, p->id);
	db_bind_text(st, 2, say);
	return db_run(db, st, e);
}

static int store_notes(struct db *db, const struct facts *f, struct err *e)
{
	sqlite3_stmt *st;
	int rc = db_prepare(db, "INSERT INTO note VALUES(?1, ?2)", &st, e);

	for (uint32_t i = 0; rc == 0 && i < f->points + f->asides; i++)
		rc = store_note(db, &f->point[i], st, e);
	sqlite3_finalize(st);
	return rc;
}

int store_facts(struct db *db, const struct facts *f, struct err *e)
{
	return store_path(db, f, e) < 0 || store_notes(db, f, e) < 0 || store_clocks(db, f, e) < 0 ? -1 : 0;
}

int store_coverage(struct db *db, const struct facts *f, struct err *e)
{
	sqlite3_stmt *st;
	int rc = db_prepare(db, "INSERT INTO coverage VALUES(?1, ?2, ?3, ?4, ?5)", &st, e);

	for (uint32_t i = 0; rc == 0 && i < f->points; i++)
		for (int d = 0; rc == 0 && d < 2; d++) {
			const struct sight *v = &f->point[i].sight[d];
			sqlite3_bind_int64(st, 1, f->point[i].id);
			sqlite3_bind_int(st, 2, d);
			sqlite3_bind_int64(st, 3, (int64_t)v->packets);
			sqlite3_bind_int64(st, 4, (int64_t)v->proved);
			sqlite3_bind_int64(st, 5, (int64_t)v->missed);
			rc = db_run(db, st, e);
		}
	sqlite3_finalize(st);
	return rc;
}

int store_ties(struct db *db, const struct facts *f, struct err *e)
{
	static const char *const evidence[] = {
		[TIE_F5] = "F5 trailer", [TIE_HEADER] = "PROXY header", [TIE_UNIQUE_ID] = "unique id", [TIE_TLS] = "TLS ClientHello",
		[TIE_STREAMS] = "equal streams", [TIE_REQUEST] = "equal request", [TIE_TIMES] = "times",
	};
	sqlite3_stmt *st;
	int rc = db_prepare(db, "INSERT OR IGNORE INTO tie VALUES(?1, ?2, ?3, ?4)", &st, e);

	for (uint32_t i = 0; rc == 0 && i < f->ties; i++) {
		const struct tied *t = &f->tied[i];
		sqlite3_bind_int64(st, 1, (int64_t)t->front + 1);
		sqlite3_bind_int64(st, 2, (int64_t)t->back + 1);
		db_bind_text(st, 3, evidence[t->tie]);
		db_bind_text(st, 4, confidence_name(t->confidence));
		rc = db_run(db, st, e);
	}
	sqlite3_finalize(st);
	return rc;
}
