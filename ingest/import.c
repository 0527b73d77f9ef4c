#include "ingest/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ingest/capture.h"
#include "ingest/filter.h"
#include "ingest/parts.h"
#include "ingest/rows.h"

#define IDLE_NS 120000000000    /* a part that long without a packet is written and forgotten */
#define PROGRESS_FRAMES 65536

/* One import under way. */
struct import {
	struct db *db;
	const struct import_options *options;
	struct import_stats *stats;
	struct capture *capture;
	struct filter *filter;
	struct parts *parts;
	struct rows *rows;
	const char *selector;
	int64_t capture_id, first_ns, last_ns;
	unsigned damages;
	struct err *e;
};

const char *import_reason(int reason)
{
	if (reason == IMPORT_FILTERED)
		return "filter";
	if (reason == IMPORT_OTHER_INTERFACE)
		return "other interface";
	return decode_result_name((enum decode_result)reason);
}

static int take_part(void *ctx, const struct part *part)
{
	struct import *im = ctx;

	return rows_part(im->rows, part, im->e);
}

static bool selected(const struct import *im, uint32_t index, const struct capture_interface *itf)
{
	char number[16];

	if (!im->selector[0])
		return true;
	snprintf(number, sizeof number, "%" PRIu32, index);
	return strcmp(im->selector, number) == 0 || (itf->name && strcmp(im->selector, itf->name) == 0);
}

static void note_time(struct import *im, int64_t ts)
{
	bool first = im->stats->frames - im->stats->skipped[IMPORT_OTHER_INTERFACE] == 1;

	if (first || ts < im->first_ns)
		im->first_ns = ts;
	if (first || ts > im->last_ns)
		im->last_ns = ts;
}

/* Why a frame is left out, DECODE_OK: it is not, -1: failed. */
static int look(struct import *im, const struct frame *f, struct segment *seg)
{
	const struct capture_interface *itf = capture_interface(im->capture, f->interface);
	int pass;

	if (!selected(im, f->interface, itf))
		return IMPORT_OTHER_INTERFACE;
	note_time(im, f->ts_ns);
	if (im->filter) {
		pass = filter_match(im->filter, itf->linktype, f->ts_ns, f->caplen, f->len, f->bytes, im->e);
		if (pass <= 0)
			return pass < 0 ? -1 : IMPORT_FILTERED;
	}
	return (int)decode_frame(itf->linktype, f->bytes, f->caplen, f->len, seg);
}

static int add_frame(struct import *im, const struct frame *f)
{
	struct segment seg;
	const struct part *part;
	bool nomem;
	int result;

	im->stats->frames++;
	result = look(im, f, &seg);
	if (result < 0)
		return -1;
	if (result != DECODE_OK) {
		im->stats->skipped[result]++;
		return 0;
	}
	part = parts_assign(im->parts, &seg, f->ts_ns, &nomem);
	if (!part) {
		if (nomem)
			return err_set(im->e, "out of memory");
		im->stats->skipped[DECODE_SKIP_FRAGMENT]++;
		return 0;
	}
	im->stats->packets++;
	if (rows_add(im->rows, part, &seg, f->number, f->ts_ns, im->e) < 0)
		return -1;
	return rows_flushed(im->rows) ? parts_evict(im->parts, f->ts_ns - IDLE_NS, take_part, im) : 0;
}

/* The first damage is told whole, the others are counted. */
static void note_damage(struct import *im, const struct err *what)
{
	if (im->damages++ == 0)
		memcpy(im->stats->damage, what->msg, sizeof what->msg);
}

static void finish_damage(struct import *im)
{
	size_t n = strlen(im->stats->damage);

	if (im->damages > 1)
		snprintf(im->stats->damage + n, sizeof im->stats->damage - n, " (and %u more)", im->damages - 1);
}

static int read_frames(struct import *im)
{
	struct frame f;
	struct err damage = { "" };
	uint64_t done, size;
	int rc;

	while ((rc = capture_next(im->capture, &f, &damage)) != 0) {
		if (rc < 0) {
			note_damage(im, &damage);
			continue;
		}
		if (add_frame(im, &f) < 0)
			return -1;
		if (im->options->progress && im->stats->frames % PROGRESS_FRAMES == 0) {
			capture_progress(im->capture, &done, &size);
			im->options->progress(im->options->ctx, done, size, im->stats->packets);
		}
	}
	finish_damage(im);
	if (rows_flush(im->rows, im->e) < 0)
		return -1;
	return parts_evict(im->parts, INT64_MAX, take_part, im);
}

static void bind_text(sqlite3_stmt *st, int i, const char *text)
{
	sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
}

static int insert_interfaces(struct import *im)
{
	sqlite3_stmt *st;
	int rc = 0;

	if (db_prepare(im->db, "INSERT INTO interface VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, nullif(?11, 0), nullif(?12, 0))", &st, im->e) < 0)
		return -1;
	for (uint32_t i = 0; rc == 0 && i < capture_interfaces(im->capture); i++) {
		const struct capture_interface *f = capture_interface(im->capture, i);
		sqlite3_bind_int64(st, 1, im->capture_id);
		sqlite3_bind_int64(st, 2, i);
		sqlite3_bind_int(st, 3, f->linktype);
		sqlite3_bind_int64(st, 4, f->snaplen);
		sqlite3_bind_int64(st, 5, f->resolution_ns);
		bind_text(st, 6, f->name);
		bind_text(st, 7, f->description);
		bind_text(st, 8, f->filter);
		if (f->has_stats) {
			sqlite3_bind_int64(st, 9, (int64_t)f->received);
			sqlite3_bind_int64(st, 10, (int64_t)f->dropped);
			sqlite3_bind_int64(st, 11, f->start_ns);
			sqlite3_bind_int64(st, 12, f->end_ns);
		}
		rc = db_run(im->db, st, im->e);
		sqlite3_clear_bindings(st);
	}
	sqlite3_finalize(st);
	return rc;
}

static int insert_skipped(struct import *im)
{
	sqlite3_stmt *st;
	int rc = 0;

	if (db_prepare(im->db, "INSERT INTO skipped VALUES(?1, ?2, ?3)", &st, im->e) < 0)
		return -1;
	for (int i = 0; rc == 0 && i < IMPORT_REASONS; i++) {
		if (!im->stats->skipped[i])
			continue;
		sqlite3_bind_int64(st, 1, im->capture_id);
		bind_text(st, 2, import_reason(i));
		sqlite3_bind_int64(st, 3, (int64_t)im->stats->skipped[i]);
		rc = db_run(im->db, st, im->e);
	}
	sqlite3_finalize(st);
	return rc;
}

/* The name of the capture with these bytes at this point, "": none. */
static int find_same(struct import *im, const char *point, const uint8_t digest[16], char *name, size_t size, int64_t *id)
{
	sqlite3_stmt *st;
	int rc;

	name[0] = '\0';
	if (db_prepare(im->db, "SELECT c.id, c.name FROM capture c JOIN point p ON p.id = c.point_id WHERE p.name = ?1 AND c.digest = ?2 AND c.selector = ?3",
		&st, im->e) < 0)
		return -1;
	bind_text(st, 1, point);
	sqlite3_bind_blob(st, 2, digest, 16, SQLITE_STATIC);
	bind_text(st, 3, im->selector);
	rc = db_step(im->db, st, im->e);
	if (rc == 1) {
		*id = sqlite3_column_int64(st, 0);
		snprintf(name, size, "%s", (const char *)sqlite3_column_text(st, 1));
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

static int delete_capture(struct import *im, int64_t id)
{
	static const char *const sql[] = {
		"DELETE FROM tcpopt WHERE packet_id IN (SELECT k.id FROM part q JOIN run r ON r.part_id = q.id JOIN packet k ON k.id >= r.first_packet "
		"AND k.id < r.first_packet + r.packets WHERE q.capture_id = ?1)",
		"DELETE FROM icmp WHERE packet_id IN (SELECT k.id FROM part q JOIN run r ON r.part_id = q.id JOIN packet k ON k.id >= r.first_packet "
		"AND k.id < r.first_packet + r.packets WHERE q.capture_id = ?1)",
		"DELETE FROM packet WHERE id IN (SELECT k.id FROM part q JOIN run r ON r.part_id = q.id JOIN packet k ON k.id >= r.first_packet "
		"AND k.id < r.first_packet + r.packets WHERE q.capture_id = ?1)",
		"DELETE FROM run WHERE part_id IN (SELECT id FROM part WHERE capture_id = ?1)",
		"DELETE FROM part WHERE capture_id = ?1",
		"DELETE FROM interface WHERE capture_id = ?1",
		"DELETE FROM skipped WHERE capture_id = ?1",
		"DELETE FROM capture WHERE id = ?1",
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof sql / sizeof *sql; i++) {
		sqlite3_stmt *st;
		if (db_prepare(im->db, sql[i], &st, im->e) < 0)
			return -1;
		sqlite3_bind_int64(st, 1, id);
		rc = db_run(im->db, st, im->e);
		sqlite3_finalize(st);
	}
	return rc;
}

static int make_point(struct import *im, const char *point, int64_t *id)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(im->db, "INSERT INTO point(name) VALUES(?1) ON CONFLICT(name) DO UPDATE SET name = name RETURNING id", &st, im->e) < 0)
		return -1;
	bind_text(st, 1, point);
	rc = db_step(im->db, st, im->e);
	if (rc == 1)
		*id = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

static int insert_capture(struct import *im, const char *point, const char *path, const uint8_t digest[16])
{
	sqlite3_stmt *st;
	int64_t point_id = 0;
	int rc;

	if (make_point(im, point, &point_id) < 0 ||
	    db_prepare(im->db, "INSERT INTO capture VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)", &st, im->e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, im->capture_id);
	sqlite3_bind_int64(st, 2, point_id);
	bind_text(st, 3, path);
	bind_text(st, 4, im->selector);
	sqlite3_bind_blob(st, 5, digest, 16, SQLITE_STATIC);
	bind_text(st, 6, capture_format(im->capture));
	bind_text(st, 7, capture_compression(im->capture));
	bind_text(st, 8, im->options->filter);
	sqlite3_bind_int64(st, 9, (int64_t)im->stats->frames);
	sqlite3_bind_int64(st, 10, (int64_t)im->stats->packets);
	if (im->stats->frames > im->stats->skipped[IMPORT_OTHER_INTERFACE]) {
		sqlite3_bind_int64(st, 11, im->first_ns);
		sqlite3_bind_int64(st, 12, im->last_ns);
	}
	bind_text(st, 13, im->stats->damage[0] ? im->stats->damage : NULL);
	rc = db_run(im->db, st, im->e);
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	return insert_interfaces(im) < 0 ? -1 : insert_skipped(im);
}

/* A name that is misspelt must not pass for an interface where nothing came by. */
static int check_selector(struct import *im)
{
	uint32_t n = capture_interfaces(im->capture);

	for (uint32_t i = 0; i < n; i++)
		if (selected(im, i, capture_interface(im->capture, i)))
			return 0;
	return im->selector[0] ? err_set(im->e, "no interface of this name or number: %s (the file has %" PRIu32 ")", im->selector, n) : 0;
}

/* Everything inside the transaction. What was derived before is void with new content, so it goes. */
static int fill(struct import *im, const char *point, const char *path)
{
	int64_t part_id, same = 0;
	uint8_t digest[16];
	char name[256];

	if (db_reset_derived(im->db, im->e) < 0 || db_int(im->db, "SELECT max(id) FROM capture", 0, &im->capture_id, im->e) < 0 ||
	    db_int(im->db, "SELECT max(id) FROM part", 0, &part_id, im->e) < 0)
		return -1;
	im->capture_id++;
	im->parts = parts_new(part_id + 1);
	im->rows = rows_new(im->db, im->capture_id, im->e);
	if (!im->parts || !im->rows)
		return im->rows ? err_set(im->e, "out of memory") : -1;
	if (read_frames(im) < 0 || check_selector(im) < 0)
		return -1;
	capture_digest(im->capture, digest);
	if (find_same(im, point, digest, name, sizeof name, &same) < 0)
		return -1;
	if (name[0] && !im->options->replace)
		return err_set(im->e, "the same bytes are in the case already, as %s=%s (--replace replaces them)", point, name);
	if (name[0] && delete_capture(im, same) < 0)
		return -1;
	return insert_capture(im, point, path, digest);
}

int import_capture(struct db *db, const char *point, const char *path, const char *selector, const struct import_options *options,
    struct import_stats *stats, struct err *e)
{
	struct import im = { .db = db, .options = options, .stats = stats, .selector = selector, .e = e };
	int rc = -1;

	memset(stats, 0, sizeof *stats);
	if (options->filter && !(im.filter = filter_new(options->filter, e)))
		return -1;
	if (capture_open(&im.capture, path, e) < 0 || db_begin(db, e) < 0)
		goto out;
	rc = db_end(db, fill(&im, point, path), e);
out:
	rows_free(im.rows);
	parts_free(im.parts);
	filter_free(im.filter);
	capture_close(im.capture);
	return rc == 0 ? 0 : err_prefix(e, "%s", path);
}
