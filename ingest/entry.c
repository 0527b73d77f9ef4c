#include "ingest/entry.h"

#include <stdio.h>

#include "ingest/insert_interface.sql.h"

static void bind_interface(sqlite3_stmt *st, int64_t capture_id, uint32_t number, const struct capture_interface *f)
{
	sqlite3_bind_int64(st, 1, capture_id);
	sqlite3_bind_int64(st, 2, number);
	sqlite3_bind_int(st, 3, f->linktype);
	sqlite3_bind_int64(st, 4, f->snaplen);
	sqlite3_bind_int64(st, 5, f->resolution_ns);
	db_bind_text(st, 6, f->name);
	db_bind_text(st, 7, f->description);
	db_bind_text(st, 8, f->filter);
	if (!f->has_stats)
		return;
	sqlite3_bind_int64(st, 9, (int64_t)f->received);
	sqlite3_bind_int64(st, 10, (int64_t)f->dropped);
	sqlite3_bind_int64(st, 11, f->start_ns);
	sqlite3_bind_int64(st, 12, f->end_ns);
}

static int insert_interfaces(struct db *db, const struct entry *x, struct err *e)
{
	const struct capture *c = x->im->capture;
	sqlite3_stmt *st;
	int rc = 0;

	if (db_prepare(db, insert_interface_sql, &st, e) < 0)
		return -1;
	for (uint32_t i = 0; rc == 0 && i < capture_interfaces(c); i++) {
		if (!target_has_interface(x->im, x->target, i))
			continue;
		bind_interface(st, x->id, i, capture_interface(c, i));
		rc = db_run(db, st, e);
		sqlite3_clear_bindings(st);
	}
	sqlite3_finalize(st);
	return rc;
}

static int insert_links(struct db *db, const struct entry *x, struct err *e)
{
	const struct links *links = x->im->links;
	sqlite3_stmt *st;
	int rc = 0;

	if (db_prepare(db, "INSERT INTO link VALUES(?1, ?2, ?3, ?4, ?5, ?6)", &st, e) < 0)
		return -1;
	for (uint32_t i = 0; rc == 0 && i < links->n; i++) {
		const struct link *l = &links->list[i];
		if (!target_has_link(x->im, x->target, l))
			continue;
		sqlite3_bind_int64(st, 1, x->id);
		sqlite3_bind_int64(st, 2, l->interface);
		sqlite3_bind_int64(st, 3, l->ifindex);
		sqlite3_bind_int64(st, 4, l->vlans);
		sqlite3_bind_int(st, 5, l->side);
		sqlite3_bind_int64(st, 6, (int64_t)links->packets[i]);
		rc = db_run(db, st, e);
	}
	sqlite3_finalize(st);
	return rc;
}

static int insert_skipped(struct db *db, const struct entry *x, struct err *e)
{
	sqlite3_stmt *st;
	int rc = 0;

	if (db_prepare(db, "INSERT INTO skipped VALUES(?1, ?2, ?3)", &st, e) < 0)
		return -1;
	for (int i = 0; rc == 0 && i < IMPORT_REASONS; i++) {
		if (!x->skipped[i])
			continue;
		sqlite3_bind_int64(st, 1, x->id);
		db_bind_text(st, 2, import_reason(i));
		sqlite3_bind_int64(st, 3, (int64_t)x->skipped[i]);
		rc = db_run(db, st, e);
	}
	sqlite3_finalize(st);
	return rc;
}

static int make_point(struct db *db, const char *point, int64_t *id, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "INSERT INTO point(name) VALUES(?1) ON CONFLICT(name) DO UPDATE SET name = name RETURNING id", &st, e) < 0)
		return -1;
	db_bind_text(st, 1, point);
	rc = db_step(db, st, e);
	if (rc == 1)
		*id = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

static int run_each(struct db *db, const char *const *sql, size_t n, int64_t id, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		sqlite3_stmt *st;
		if (db_prepare(db, sql[i], &st, e) < 0)
			return -1;
		sqlite3_bind_int64(st, 1, id);
		rc = db_run(db, st, e);
		sqlite3_finalize(st);
	}
	return rc;
}

static const char *const forget[] = {
	"DELETE FROM interface WHERE capture_id = ?1",
	"DELETE FROM link WHERE capture_id = ?1",
	"DELETE FROM skipped WHERE capture_id = ?1",
	"DELETE FROM capture WHERE id = ?1",
};

int entry_put(struct db *db, const struct entry *x, struct err *e)
{
	const struct capture *c = x->im->capture;
	sqlite3_stmt *st;
	int64_t point_id = 0;
	int rc;

	if (run_each(db, forget, sizeof forget / sizeof *forget, x->id, e) < 0 || make_point(db, x->point, &point_id, e) < 0 ||
	    db_prepare(db, "INSERT INTO capture VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)", &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, x->id);
	sqlite3_bind_int64(st, 2, point_id);
	db_bind_text(st, 3, x->path);
	db_bind_text(st, 4, x->selector);
	sqlite3_bind_blob(st, 5, x->digest, sizeof x->digest, SQLITE_STATIC);
	db_bind_text(st, 6, capture_format(c));
	db_bind_text(st, 7, capture_compression(c));
	db_bind_text(st, 8, x->filter);
	sqlite3_bind_int64(st, 9, (int64_t)x->frames);
	sqlite3_bind_int64(st, 10, (int64_t)x->packets);
	if (x->has_time) {
		sqlite3_bind_int64(st, 11, x->first_ns);
		sqlite3_bind_int64(st, 12, x->last_ns);
	}
	db_bind_text(st, 13, x->damage);
	rc = db_run(db, st, e);
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	return insert_interfaces(db, x, e) < 0 || insert_links(db, x, e) < 0 ? -1 : insert_skipped(db, x, e);
}

int entry_find(struct db *db, const struct entry *x, int64_t *id, char *name, size_t size, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	*id = 0;
	if (db_prepare(db, "SELECT c.id, c.name FROM capture c JOIN point p ON p.id = c.point_id WHERE p.name = ?1 AND c.digest = ?2 AND c.selector = ?3 "
		"AND c.id <> ?4", &st, e) < 0)
		return -1;
	db_bind_text(st, 1, x->point);
	sqlite3_bind_blob(st, 2, x->digest, sizeof x->digest, SQLITE_STATIC);
	db_bind_text(st, 3, x->selector);
	sqlite3_bind_int64(st, 4, x->id);
	rc = db_step(db, st, e);
	if (rc == 1) {
		*id = sqlite3_column_int64(st, 0);
		snprintf(name, size, "%s", (const char *)sqlite3_column_text(st, 1));
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

int entry_find_elsewhere(struct db *db, const struct entry *x, char name[POINT_NAME], struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	name[0] = '\0';
	if (db_prepare(db, "SELECT p.name FROM capture c JOIN point p ON p.id = c.point_id WHERE p.name <> ?1 AND c.digest = ?2 AND c.selector = ?3 "
		"ORDER BY 1", &st, e) < 0)
		return -1;
	db_bind_text(st, 1, x->point);
	sqlite3_bind_blob(st, 2, x->digest, sizeof x->digest, SQLITE_STATIC);
	db_bind_text(st, 3, x->selector);
	if ((rc = db_step(db, st, e)) == 1)
		snprintf(name, POINT_NAME, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

#define PACKETS_OF "(SELECT k.id FROM part q JOIN run r ON r.part_id = q.id JOIN packet k ON k.id >= r.first_packet " \
		   "AND k.id < r.first_packet + r.packets WHERE q.capture_id = ?1)"

int entry_delete(struct db *db, int64_t id, struct err *e)
{
	static const char *const content[] = {
		"DELETE FROM tcpopt WHERE packet_id IN " PACKETS_OF,
		"DELETE FROM icmp WHERE packet_id IN " PACKETS_OF,
		"DELETE FROM f5_rst WHERE packet_id IN " PACKETS_OF,
		"DELETE FROM packet WHERE id IN " PACKETS_OF,
		"DELETE FROM forwarded WHERE part_id IN (SELECT id FROM part WHERE capture_id = ?1)",
		"DELETE FROM run WHERE part_id IN (SELECT id FROM part WHERE capture_id = ?1)",
		"DELETE FROM f5 WHERE part_id IN (SELECT id FROM part WHERE capture_id = ?1)",
		"DELETE FROM part_row WHERE capture_id = ?1",
	};

	if (run_each(db, content, sizeof content / sizeof *content, id, e) < 0)
		return -1;
	return run_each(db, forget, sizeof forget / sizeof *forget, id, e);
}
