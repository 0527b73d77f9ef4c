#define _GNU_SOURCE             /* qsort_r */
#include "correlate/report/export_places.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/array.h"
#include "schema/clean.h"

#include "correlate/report/export_places.sql.h"

#define NAME_BYTES 512          /* of a point or a file in comments, at most */
#define FRAME_BITS 40           /* of the id of a frame that waits; above them is its place */

/* ---- which there are ---- */

static int by_capture(const void *x, const void *y, void *places)
{
	const struct place *list = places;
	int64_t a = list[*(const uint32_t *)x].capture_id, b = list[*(const uint32_t *)y].capture_id;

	return a < b ? -1 : a > b;
}

static char *clean_column(sqlite3_stmt *st, int i)
{
	const char *text = (const char *)sqlite3_column_text(st, i);
	char buf[NAME_BYTES];

	clean_text(buf, sizeof buf, text ? text : "", -1, true);
	return strdup(buf);
}

static int take(struct places *p, sqlite3_stmt *st, struct err *e)
{
	struct place *x;

	if (!array_grow(&p->list, &p->room, p->n, sizeof *p->list))
		return err_set(e, "out of memory");
	x = &p->list[p->n++];
	*x = (struct place){.capture_id = sqlite3_column_int64(st, 0), .point_id = sqlite3_column_int64(st, 1), .point = clean_column(st, 2),
	    .name = clean_column(st, 3), .on_path = sqlite3_column_type(st, 5) != SQLITE_NULL, .position = sqlite3_column_int(st, 5)};
	if (sqlite3_column_bytes(st, 4) == sizeof x->digest)
		memcpy(x->digest, sqlite3_column_blob(st, 4), sizeof x->digest);
	return x->point && x->name ? 0 : err_set(e, "out of memory");
}

static int prepare(struct places *p, struct db *db, struct err *e)
{
	if (db_exec(db, "CREATE TEMP TABLE export_waiting(id INTEGER PRIMARY KEY, time_ns INTEGER, interface INTEGER, len INTEGER, bytes BLOB)", e) < 0)
		return -1;
	if (db_prepare(db, "INSERT INTO export_waiting VALUES(?1, ?2, ?3, ?4, ?5)", &p->put, e) < 0)
		return -1;
	if (db_prepare(db, "SELECT time_ns, interface, len, bytes FROM export_waiting WHERE id = ?1", &p->get, e) < 0)
		return -1;
	return db_prepare(db, "DELETE FROM export_waiting WHERE id = ?1", &p->drop, e);
}

int places_load(struct places *p, struct db *db, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	*p = (struct places){0};
	if (prepare(p, db, e) < 0 || db_prepare(db, export_places_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1 && (rc = take(p, st, e)) == 0)
		;
	sqlite3_finalize(st);
	if (rc < 0)
		return -1;
	if (!(p->by_capture = malloc((p->n + 1) * sizeof *p->by_capture)))
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < p->n; i++)
		p->by_capture[i] = i;
	qsort_r(p->by_capture, p->n, sizeof *p->by_capture, by_capture, p->list);
	return 0;
}

void places_free(struct places *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		free(p->list[i].point);
		free(p->list[i].name);
		free(p->list[i].wanted);
		original_free(&p->list[i].original);
	}
	free(p->list);
	free(p->by_capture);
	free(p->bytes);
	sqlite3_finalize(p->put);
	sqlite3_finalize(p->get);
	sqlite3_finalize(p->drop);
	*p = (struct places){0};
}

int places_of(const struct places *p, int64_t capture_id, uint32_t *place, struct err *e)
{
	uint32_t lo = 0, hi = p->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (p->list[p->by_capture[mid]].capture_id < capture_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == p->n || p->list[p->by_capture[lo]].capture_id != capture_id)
		return err_set(e, "the case has packets of a capture that is not in it");
	*place = p->by_capture[lo];
	return 0;
}

/* ---- which frames ---- */

int places_want(struct places *p, uint32_t place, uint64_t frame, struct err *e)
{
	struct place *x = &p->list[place];

	if (frame >> FRAME_BITS)
		return err_set(e, "%s=%s: frame %" PRIu64 " cannot be", x->point, x->name, frame);
	if (frame / 8 >= x->wanted_bytes) {
		uint64_t bytes = frame / 8 * 2 + 64;
		uint8_t *wanted = realloc(x->wanted, bytes);
		if (!wanted)
			return err_set(e, "out of memory");
		memset(wanted + x->wanted_bytes, 0, bytes - x->wanted_bytes);
		x->wanted = wanted;
		x->wanted_bytes = bytes;
	}
	x->wanted[frame / 8] |= (uint8_t)(1 << frame % 8);
	x->left++;
	return 0;
}

static bool wants(const struct place *x, uint64_t frame)
{
	return frame / 8 < x->wanted_bytes && x->wanted[frame / 8] >> frame % 8 & 1;
}

/* One file may be several places: it is looked for once. */
static const struct original *found_before(const struct places *p, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (p->list[k].original.path && memcmp(p->list[k].digest, p->list[i].digest, sizeof p->list[i].digest) == 0)
			return &p->list[k].original;
	return NULL;
}

int places_find(struct places *p, struct db *db, const char *folder, struct err *e)
{
	for (uint32_t i = 0; i < p->n; i++) {
		struct place *x = &p->list[i];
		const struct original *same = found_before(p, i);

		if (!x->left)
			continue;
		if (!same && original_find(&x->original, db, x->capture_id, folder, e) < 0)
			return -1;
		if (same && original_again(&x->original, same, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- their bytes ---- */

static sqlite3_int64 waiting_id(uint32_t place, uint64_t frame)
{
	return (sqlite3_int64)((uint64_t)place << FRAME_BITS | frame);
}

static int let_wait(struct places *p, struct db *db, uint32_t place, const struct frame *f, struct err *e)
{
	sqlite3_bind_int64(p->put, 1, waiting_id(place, f->number));
	sqlite3_bind_int64(p->put, 2, f->ts_ns);
	sqlite3_bind_int64(p->put, 3, f->interface);
	sqlite3_bind_int64(p->put, 4, f->len);
	sqlite3_bind_blob(p->put, 5, f->bytes, (int)f->caplen, SQLITE_STATIC);
	return db_run(db, p->put, e);
}

/* The row of a frame that waited becomes a frame. */
static int copy(struct places *p, sqlite3_stmt *st, struct frame *f, struct err *e)
{
	f->ts_ns = sqlite3_column_int64(st, 0);
	f->interface = (uint32_t)sqlite3_column_int64(st, 1);
	f->len = (uint32_t)sqlite3_column_int64(st, 2);
	f->caplen = (uint32_t)sqlite3_column_bytes(st, 3);
	if (f->caplen > p->bytes_room) {
		uint8_t *bytes = realloc(p->bytes, f->caplen);
		if (!bytes)
			return err_set(e, "out of memory");
		p->bytes = bytes;
		p->bytes_room = f->caplen;
	}
	if (f->caplen)
		memcpy(p->bytes, sqlite3_column_blob(st, 3), f->caplen);
	f->bytes = p->bytes;
	return 1;
}

/* 1: it waited, 0: it is not there. */
static int fetch(struct places *p, struct db *db, uint32_t place, uint64_t number, struct frame *f, struct err *e)
{
	int rc;

	*f = (struct frame){.number = number};
	sqlite3_bind_int64(p->get, 1, waiting_id(place, number));
	if ((rc = db_step(db, p->get, e)) == 1)
		rc = copy(p, p->get, f, e);
	sqlite3_reset(p->get);
	if (rc <= 0)
		return rc;
	sqlite3_bind_int64(p->drop, 1, waiting_id(place, number));
	return db_run(db, p->drop, e) < 0 ? -1 : 1;
}

/* Read on to a frame. 1: there it is, 0: it is not there. */
static int read_on(struct places *p, struct db *db, uint32_t place, uint64_t number, struct err *e)
{
	struct place *x = &p->list[place];
	int rc;

	while (x->frame.number < number) {
		if ((rc = original_next(&x->original, &x->frame, e)) <= 0)
			return rc;
		if (x->frame.number < number && wants(x, x->frame.number) && let_wait(p, db, place, &x->frame, e) < 0)
			return -1;
	}
	return x->frame.number == number;
}

int places_frame(struct places *p, struct db *db, uint32_t place, uint64_t number, int64_t time_ns, struct frame *f, struct err *e)
{
	struct place *x = &p->list[place];
	int rc;

	if (p->over)
		original_close(&p->over->original);
	p->over = NULL;
	if (!x->original.capture && original_open(&x->original, e) < 0)
		return -1;
	if (x->frame.number < number) {
		rc = read_on(p, db, place, number, e);
		*f = x->frame;
	} else {
		rc = fetch(p, db, place, number, f, e);
	}
	/* A capture that cannot be the one that was imported, though its bytes are: the case was tampered with. */
	if (rc == 0 || (rc > 0 && f->ts_ns != time_ns))
		return err_set(e, "%.200s: frame %" PRIu64 " is not the packet that the case has of it", x->original.label, number);
	if (--x->left == 0)
		p->over = x;
	return rc < 0 ? -1 : 0;
}
