#include "ingest/import_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ingest/stop.h"

#define IDLE_NS 120000000000    /* a part that long without a packet is written and forgotten */
#define PROGRESS_FRAMES 65536
#define JUMP_NS (86400 * INT64_C(1000000000))   /* a day: frames so far apart do not bear each other's time out */

/* Of a stream is committed what came, */
#define LIVE_NS 1000000000      /* ... as often as this, */
#define LIVE_SHARE 10           /* ... unless that would take more than this part of the time, */
#define LIVE_MS 200             /* ... also while it is silent, */
#define LIVE_ROOM 512           /* ... and before a run is full: one frame may bring many fragments that waited for it */

const char *import_reason(int reason)
{
	if (reason == IMPORT_FILTERED)
		return "filter";
	if (reason == IMPORT_OTHER_INTERFACE)
		return "other interface";
	return decode_result_name((enum decode_result)reason);
}

/* ---- frames ---- */

static struct shown *shown_of(struct import *im, uint32_t interface)
{
	if (interface >= im->interfaces) {
		uint32_t n = capture_interfaces(im->capture);
		struct shown *x = realloc(im->shown, n * sizeof *x);
		if (!x) {
			err_set(im->e, "out of memory");
			return NULL;
		}
		memset(x + im->interfaces, 0, (n - im->interfaces) * sizeof *x);
		im->shown = x;
		im->interfaces = n;
	}
	return &im->shown[interface];
}

/* The first damage is told whole, the others are counted. */
static void note_damage(struct import *im, const struct err *what)
{
	if (im->damages++ == 0)
		memcpy(im->stats->damage, what->msg, sizeof what->msg);
}

static void extend(struct shown *s, int64_t ts)
{
	if (!s->borne_out || ts < s->first_ns)
		s->first_ns = ts;
	if (!s->borne_out || ts > s->last_ns)
		s->last_ns = ts;
	s->borne_out = true;
}

static bool close_by(int64_t x, int64_t y)
{
	return x - y <= JUMP_NS && y - x <= JUMP_NS;
}

/*
 * When the capture ran is known by its frames. One whose time is far from that of both its neighbours, where these agree, is damaged; one at the
 * beginning or the end proves nothing either.
 */
static void note_time(struct import *im, struct shown *s, const struct frame *f)
{
	struct err e;

	if (s->frames == 1) {
		s->first_ns = s->last_ns = f->ts_ns;
	} else if (close_by(f->ts_ns, s->ts_ns)) {
		extend(s, s->ts_ns);
		extend(s, f->ts_ns);
	} else if (s->frames > 2 && close_by(f->ts_ns, s->before_ns)) {
		err_set(&e, "frame %" PRIu64 " at byte %" PRIu64 ": its time is %" PRId64 " days away from that of the frames beside it", s->number, s->offset,
		    (int64_t)llabs(s->ts_ns - f->ts_ns) / JUMP_NS);
		note_damage(im, &e);
		extend(s, s->before_ns);
		extend(s, f->ts_ns);
		s->ts_ns = s->before_ns;
	}
	s->before_ns = s->ts_ns;
	s->ts_ns = f->ts_ns;
	s->number = f->number;
	s->offset = f->offset;
}

/* Why a frame is left out, DECODE_OK: it is not, -1: failed. */
static int look(struct import *im, const struct frame *f, struct segment *seg)
{
	const struct capture_interface *itf = capture_interface(im->capture, f->interface);
	bool whole = selector_takes_interface(&im->selector, im->capture, f->interface);
	int pass, result;

	if (!whole && !selector_takes_packets(&im->selector))
		return IMPORT_OTHER_INTERFACE;
	if (im->filter) {
		pass = filter_match(im->filter, itf->linktype, f->ts_ns, f->caplen, f->len, f->bytes, im->e);
		if (pass <= 0)
			return pass < 0 ? -1 : IMPORT_FILTERED;
	}
	result = (int)decode_frame(itf->linktype, f->bytes, f->caplen, f->len, seg);
	if (result == DECODE_OK && !whole && !selector_takes(&im->selector, seg))
		return IMPORT_OTHER_INTERFACE;
	return result;
}

/* A run is full: between its insertion and that of the one before, parts that are over have their turn. */
static int hand_over(struct import *im, int64_t now_ns)
{
	if (rows_settle(im->rows, im->e) < 0 || parts_evict(im->parts, now_ns - IDLE_NS, entries_take_part, im) < 0)
		return -1;
	return rows_hand_over(im->rows, im->e);
}

/* 1: it has a row; 0: a later fragment without its first one; -1: failed. */
static int add_segment(struct import *im, struct shown *s, struct segment *seg, uint64_t frame, int64_t ts_ns)
{
	const struct part *part;
	bool nomem;

	part = parts_assign(im->parts, seg, ts_ns, &nomem);
	if (!part)
		return nomem ? err_set(im->e, "out of memory") : 0;
	s->packets++;
	if (rows_add(im->rows, part, seg, frame, ts_ns, im->e) < 0)
		return -1;
	return rows_room(im->rows) == 0 && hand_over(im, ts_ns) < 0 ? -1 : 1;
}

/* The later fragments that came before this first one. */
static int add_waiting(struct import *im, struct shown *s, const struct segment *first, int64_t first_ns)
{
	struct segment seg;
	uint64_t frame;
	int64_t ts_ns;
	int rc = 0;

	while (rc >= 0 && waiting_take(im->waiting, first, first_ns, &seg, &frame, &ts_ns))
		if ((rc = add_segment(im, s, &seg, frame, ts_ns)) > 0)
			s->skipped[DECODE_SKIP_FRAGMENT]--;
	return rc < 0 ? -1 : 0;
}

static int add_frame(struct import *im, const struct frame *f)
{
	struct shown *s = shown_of(im, f->interface);
	struct segment seg;
	int result;

	if (!s)
		return -1;
	s->frames++;
	im->pending = true;
	note_time(im, s, f);
	result = look(im, f, &seg);
	if (result < 0)
		return -1;
	if (result != DECODE_OK) {
		s->skipped[result]++;
		return 0;
	}
	seg.link = links_take(im->links, f->interface, capture_interface(im->capture, f->interface)->linktype, &seg);
	if (im->links->overflow && im->options->split != SPLIT_NOT)
		return err_set(im->e, "it has more than %d interfaces and VLANs to split by: name those of interest, as in POINT=FILE@vlan7", LINKS_MAX);
	if ((result = add_segment(im, s, &seg, f->number, f->ts_ns)) < 0)
		return -1;
	if (result == 0) {
		s->skipped[DECODE_SKIP_FRAGMENT]++;
		waiting_add(im->waiting, &seg, f->number, f->ts_ns);
		return 0;
	}
	return (seg.flags & (SEG_FRAGMENT | SEG_LATER | SEG_ICMP)) == SEG_FRAGMENT ? add_waiting(im, s, &seg, f->ts_ns) : 0;
}

static void finish_damage(struct import *im)
{
	size_t n = strlen(im->stats->damage);

	if (im->damages > 1)
		snprintf(im->stats->damage + n, sizeof im->stats->damage - n, " (and %u more)", im->damages - 1);
}

static void tell(struct import *im, uint64_t frames)
{
	uint64_t done, size, packets = 0;

	if (!im->options->progress || frames % PROGRESS_FRAMES != 0)
		return;
	for (uint32_t i = 0; i < im->interfaces; i++)
		packets += im->shown[i].packets;
	capture_progress(im->capture, &done, &size);
	im->options->progress(im->options->ctx, done, size, packets);
}

/* ---- live ---- */

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* What was derived before is void with new content, so it goes. */
static int void_derived(struct import *im)
{
	int64_t points;

	if (db_int(im->db, "SELECT count(*) FROM path", 0, &points, im->e) < 0)
		return -1;
	return points > 0 ? db_reset_derived(im->db, im->e) : 0;
}

static int64_t newest_ns(const struct import *im)
{
	int64_t ns = INT64_MIN + IDLE_NS;

	for (uint32_t i = 0; i < im->interfaces; i++)
		if (im->shown[i].frames && im->shown[i].last_ns > ns)
			ns = im->shown[i].last_ns;
	return ns;
}

static int live_write(struct import *im)
{
	if (void_derived(im) < 0 || rows_renew(im->rows, im->e) < 0 || rows_flush(im->rows, im->e) < 0)
		return -1;
	if (parts_write(im->parts, entries_take_part, im) < 0 || parts_evict(im->parts, newest_ns(im) - IDLE_NS, entries_take_part, im) < 0)
		return -1;
	return entries_put(im, false);
}

/*
 * Commit what has come so far. While another program writes to the case, that can wait until memory for it runs out; then the stream has to wait,
 * too.
 */
static int live_commit(struct import *im)
{
	int64_t begun = now_ns();

	while (db_begin(im->db, im->e) < 0) {
		if (!db_busy(im->db))
			return -1;
		if (rows_room(im->rows) >= LIVE_ROOM) {
			im->committed_ns = begun;
			return 0;
		}
	}
	if (db_end(im->db, live_write(im), im->e) < 0)
		return -1;
	im->committed_ns = now_ns();
	im->took_ns = im->committed_ns - begun;
	im->pending = false;
	return 0;
}

static bool live_due(const struct import *im)
{
	int64_t pause = im->took_ns * LIVE_SHARE > LIVE_NS ? im->took_ns * LIVE_SHARE : LIVE_NS;

	return rows_room(im->rows) < LIVE_ROOM || now_ns() - im->committed_ns >= pause;
}

/* Nothing comes: the time to commit what came before. */
static bool live_idle(void *ctx)
{
	struct import *im = ctx;

	if (im->pending && live_due(im) && live_commit(im) < 0)
		im->failed = true;
	return !im->failed && !stop_asked();
}

/* ---- the whole ---- */

static int read_frames(struct import *im)
{
	struct frame f;
	struct err damage = { "" };
	uint64_t frames = 0;
	int rc;

	while ((rc = capture_next(im->capture, &f, &damage)) != 0) {
		/* Where the user ends a stream, it ends in the middle of something. */
		if (rc < 0 && !(im->live && stop_asked()))
			note_damage(im, &damage);
		if (rc < 0)
			continue;
		if (add_frame(im, &f) < 0)
			return -1;
		tell(im, ++frames);
		if (im->live && live_due(im) && live_commit(im) < 0)
			return -1;
		if (im->live && stop_asked())
			break;
	}
	if (im->failed)
		return -1;
	finish_damage(im);
	return 0;
}

static void count_all(struct import *im)
{
	for (uint32_t i = 0; i < im->interfaces; i++) {
		im->stats->frames += im->shown[i].frames;
		im->stats->packets += im->shown[i].packets;
		for (int r = 0; r < IMPORT_REASONS; r++)
			im->stats->skipped[r] += im->shown[i].skipped[r];
	}
}

/* A name that is misspelt must not pass for a place where nothing came by. */
static int check_selector(struct import *im)
{
	uint32_t n = capture_interfaces(im->capture);

	for (uint32_t i = 0; i < n; i++)
		if (selector_takes_interface(&im->selector, im->capture, i))
			return 0;
	if (selector_takes_packets(&im->selector))
		return im->links->n > 0 ? 0 : err_set(im->e, "nothing in it is of %s", im->selector.text);
	return im->selector.text[0] ? err_set(im->e, "no interface of this name or number: %s (the file has %" PRIu32 ")", im->selector.text, n) : 0;
}

/* A file of which nothing at all could be read is no capture of a silent network. */
static int check_readable(struct import *im)
{
	const struct import_stats *s = im->stats;

	if (capture_interfaces(im->capture) == 0 && s->damage[0])
		return err_set(im->e, "%s", s->damage);
	if (s->frames > 0 && s->skipped[DECODE_SKIP_LINKTYPE] == s->frames)
		return err_set(im->e, "link type %d is not known: none of its %" PRIu64 " frames can be read", capture_interface(im->capture, 0)->linktype, s->frames);
	return 0;
}

/* Run a statement about the first part. */
static int run_with(struct import *im, const char *sql)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(im->db, sql, &st, im->e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, im->first_part);
	rc = db_run(im->db, st, im->e);
	sqlite3_finalize(st);
	return rc;
}

static int start(struct import *im)
{
	if (void_derived(im) < 0 || db_int(im->db, "SELECT 1 + max(coalesce((SELECT max(id) FROM part_row), 0), "
			"coalesce((SELECT max(first_part + parts) FROM stream), 0))", 1, &im->first_part, im->e) < 0)
		return -1;
	if (im->live && run_with(im, "INSERT INTO stream VALUES(?1, 1 << 28)") < 0)
		return -1;
	im->links = calloc(1, sizeof *im->links);
	im->parts = parts_new(im->first_part, im->options->split != SPLIT_NOT);
	im->waiting = waiting_new(im->options->split != SPLIT_NOT);
	im->rows = rows_new(im->db, im->e);
	if (!im->links || !im->parts || !im->waiting)
		return err_set(im->e, "out of memory");
	return im->rows ? 0 : -1;
}

/* What is left, and the entries as they stay. */
static int finish(struct import *im)
{
	count_all(im);
	if (check_selector(im) < 0 || check_readable(im) < 0)
		return -1;
	if (rows_flush(im->rows, im->e) < 0 || parts_evict(im->parts, INT64_MAX, entries_take_part, im) < 0)
		return -1;
	if (im->live && run_with(im, "DELETE FROM stream WHERE first_part = ?1") < 0)
		return -1;
	return entries_put(im, true);
}

/* A file: one transaction. */
static int import_file(struct import *im)
{
	struct err later;
	int rc;

	if (db_begin(im->db, im->e) < 0)
		return -1;
	rc = start(im) < 0 || read_frames(im) < 0 || finish(im) < 0 ? -1 : 0;
	/* Where it failed, rows may still be on their way. */
	if (rc < 0 && im->rows)
		rows_settle(im->rows, &later);
	return db_end(im->db, rc, im->e);
}

/* What was committed of a stream goes again, when its end shows that it should not be there. */
static int take_back(struct import *im)
{
	struct err e, *why = im->e;

	im->e = &e;
	if (db_begin(im->db, &e) == 0)
		db_end(im->db, entries_delete(im), &e);
	im->e = why;
	return -1;
}

/* A stream cannot be had again: it waits for whoever writes to the case. */
static int begin_patiently(struct import *im)
{
	int rc;

	while ((rc = db_begin(im->db, im->e)) < 0 && db_busy(im->db))
		;
	return rc;
}

/* A stream: a transaction now and then, in between others may write to the case. */
static int import_live(struct import *im)
{
	int rc;

	if (begin_patiently(im) < 0 || db_end(im->db, start(im), im->e) < 0)
		return -1;
	im->committed_ns = now_ns();
	stop_catch();
	capture_on_idle(im->capture, LIVE_MS, live_idle, im);
	rc = read_frames(im);
	stop_release();
	if (rc < 0)
		return -1;
	if ((rc = begin_patiently(im)) == 0)
		rc = db_end(im->db, void_derived(im) < 0 || rows_renew(im->rows, im->e) < 0 || finish(im) < 0 ? -1 : 0, im->e);
	return rc < 0 ? take_back(im) : 0;
}

int import_capture(struct db *db, const char *point, const char *path, const char *selector, const struct import_options *options,
    struct import_stats *stats, struct err *e)
{
	struct import im = { .db = db, .options = options, .stats = stats, .point = point, .path = path, .e = e };
	int rc = -1;

	memset(stats, 0, sizeof *stats);
	selector_parse(&im.selector, selector);
	if (options->filter && !(im.filter = filter_new(options->filter, e)))
		return -1;
	if (capture_open(&im.capture, path, e) == 0) {
		im.live = capture_is_live(im.capture);
		rc = im.live ? import_live(&im) : import_file(&im);
	}
	rows_free(im.rows);
	parts_free(im.parts);
	waiting_free(im.waiting);
	free(im.links);
	free(im.shown);
	filter_free(im.filter);
	capture_close(im.capture);
	return rc == 0 ? 0 : err_prefix(e, "%s", path);
}
