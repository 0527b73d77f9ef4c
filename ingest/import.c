#include "ingest/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/capture.h"
#include "ingest/entry.h"
#include "ingest/filter.h"
#include "ingest/links.h"
#include "ingest/parts.h"
#include "ingest/rows.h"
#include "ingest/waiting.h"

#define IDLE_NS 120000000000    /* a part that long without a packet is written and forgotten */
#define PROGRESS_FRAMES 65536

/* What an interface of the file has shown so far. */
struct shown {
	uint64_t frames, packets;
	uint64_t skipped[IMPORT_REASONS];
	int64_t first_ns, last_ns;
};

/* One of the captures that the file is split into, or the only one. */
struct target {
	char name[SPLIT_NAME];  /* "": not split, or nothing to split by */
	int64_t capture_id;
	uint64_t packets;
};

/* One import under way. */
struct import {
	struct db *db;
	const struct import_options *options;
	struct import_stats *stats;
	const char *point, *path;
	struct selector selector;
	struct capture *capture;
	struct filter *filter;
	struct parts *parts;
	struct rows *rows;
	struct waiting *waiting;
	struct links *links;
	struct shown *shown;            /* by interface */
	uint32_t interfaces;
	struct target target[IMPORT_POINTS_MAX];
	uint32_t targets;
	int64_t first_capture;          /* row id of the first target */
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

/* ---- where packets go ---- */

/* The target of this name, made if need be. NULL: there are too many. */
static struct target *find_target(struct import *im, const char *name)
{
	struct target *t;

	for (uint32_t i = 0; i < im->targets; i++)
		if (strcmp(im->target[i].name, name) == 0)
			return &im->target[i];
	if (im->targets == IMPORT_POINTS_MAX) {
		err_set(im->e, "it would be split into more than %d points: name those of interest, as in POINT=FILE@%s", IMPORT_POINTS_MAX, name);
		return NULL;
	}
	t = &im->target[im->targets];
	*t = (struct target){ .capture_id = im->first_capture + im->targets++ };
	snprintf(t->name, sizeof t->name, "%s", name);
	return t;
}

static int take_part(void *ctx, const struct part *part)
{
	struct import *im = ctx;
	char name[SPLIT_NAME];
	struct target *t;

	split_name(im->options->split, im->capture, &im->links->list[part->link], (enum part_client)part->client, name);
	if (!(t = find_target(im, name)))
		return -1;
	t->packets += part->packets;
	return rows_part(im->rows, part, t->capture_id, im->e);
}

/* What has no packets is a place where nothing came by: worth as much as one where something did. */
static int find_silent_targets(struct import *im)
{
	char name[SPLIT_NAME];

	for (uint32_t i = 0; im->options->split == SPLIT_INTERFACE && i < capture_interfaces(im->capture); i++) {
		int linktype = capture_interface(im->capture, i)->linktype;
		if (linktype == LINKTYPE_LINUX_SLL || linktype == LINKTYPE_LINUX_SLL2 || !selector_takes_interface(&im->selector, im->capture, i))
			continue;
		split_interface_name(im->capture, i, name);
		if (!find_target(im, name))
			return -1;
	}
	return im->targets > 0 || find_target(im, "") ? 0 : -1;
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

static void note_time(struct shown *s, int64_t ts)
{
	if (s->frames == 1 || ts < s->first_ns)
		s->first_ns = ts;
	if (s->frames == 1 || ts > s->last_ns)
		s->last_ns = ts;
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
	if (rows_flushed(im->rows) && parts_evict(im->parts, ts_ns - IDLE_NS, take_part, im) < 0)
		return -1;
	return 1;
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
	note_time(s, f->ts_ns);
	result = look(im, f, &seg);
	if (result < 0)
		return -1;
	if (result != DECODE_OK) {
		s->skipped[result]++;
		return 0;
	}
	seg.link = links_take(im->links, f->interface, capture_interface(im->capture, f->interface)->linktype, &seg);
	if ((result = add_segment(im, s, &seg, f->number, f->ts_ns)) < 0)
		return -1;
	if (result == 0) {
		s->skipped[DECODE_SKIP_FRAGMENT]++;
		waiting_add(im->waiting, &seg, f->number, f->ts_ns);
		return 0;
	}
	return (seg.flags & (SEG_FRAGMENT | SEG_LATER | SEG_ICMP)) == SEG_FRAGMENT ? add_waiting(im, s, &seg, f->ts_ns) : 0;
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

static int read_frames(struct import *im)
{
	struct frame f;
	struct err damage = { "" };
	uint64_t frames = 0;
	int rc;

	while ((rc = capture_next(im->capture, &f, &damage)) != 0) {
		if (rc < 0) {
			note_damage(im, &damage);
			continue;
		}
		if (add_frame(im, &f) < 0)
			return -1;
		tell(im, ++frames);
	}
	finish_damage(im);
	if (rows_flush(im->rows, im->e) < 0)
		return -1;
	return parts_evict(im->parts, INT64_MAX, take_part, im);
}

/* ---- entries ---- */

static bool link_is_of(const struct entry *x, const struct link *l)
{
	const struct import *im = x->ctx;
	char a[SPLIT_NAME], b[SPLIT_NAME];

	if (im->options->split == SPLIT_NOT)
		return true;
	/* Which side the client is on is different from part to part. */
	split_name(im->options->split, im->capture, l, PART_CLIENT_A, a);
	split_name(im->options->split, im->capture, l, PART_CLIENT_B, b);
	return strcmp(x->selector, a) == 0 || strcmp(x->selector, b) == 0;
}

static bool interface_is_of(const struct entry *x, uint32_t number)
{
	const struct import *im = x->ctx;
	char name[SPLIT_NAME];

	if (im->options->split == SPLIT_NOT && selector_takes_interface(&im->selector, im->capture, number))
		return true;
	if (im->options->split == SPLIT_INTERFACE) {
		split_interface_name(im->capture, number, name);
		if (strcmp(x->selector, name) == 0)
			return true;
	}
	for (uint32_t i = 0; i < im->links->n; i++)
		if (im->links->list[i].interface == number && link_is_of(x, &im->links->list[i]))
			return true;
	/* Nothing came by at all: then it is as good as another. */
	return im->options->split != SPLIT_NOT && !x->selector[0];
}

static void count_shown(const struct import *im, struct entry *x)
{
	uint64_t skipped = 0;

	for (uint32_t i = 0; i < im->interfaces; i++) {
		const struct shown *s = &im->shown[i];
		x->frames += s->frames;
		if (!s->frames || !interface_is_of(x, i))
			continue;
		if (!x->has_time || s->first_ns < x->first_ns)
			x->first_ns = s->first_ns;
		if (!x->has_time || s->last_ns > x->last_ns)
			x->last_ns = s->last_ns;
		x->has_time = true;
		for (int r = 0; r < IMPORT_REASONS; r++)
			if (r != IMPORT_OTHER_INTERFACE) {
				x->skipped[r] += s->skipped[r];
				skipped += s->skipped[r];
			}
	}
	x->skipped[IMPORT_OTHER_INTERFACE] = x->frames - x->packets - skipped;
}

static int point_name(struct import *im, const struct target *t, char name[POINT_NAME])
{
	const char *at = im->point[0] && t->name[0] ? "@" : "";
	int n = snprintf(name, POINT_NAME, "%s%s%s", im->point, at, t->name);

	if (n == 0)
		return err_set(im->e, "it has nothing to split by, and no POINT= was given");
	return n < POINT_NAME ? 0 : err_set(im->e, "the name %s%s%s would be longer than %d bytes", im->point, at, t->name, POINT_NAME - 1);
}

/* Put one target into the case, in place of one with the same bytes if that is wanted. */
static int add_entry(struct import *im, const struct target *t, const uint8_t digest[16])
{
	struct entry x = { .id = t->capture_id, .path = im->path, .selector = im->options->split == SPLIT_NOT ? im->selector.text : t->name,
		.filter = im->options->filter, .damage = im->stats->damage[0] ? im->stats->damage : NULL, .packets = t->packets,
		.has_interface = interface_is_of, .has_link = link_is_of, .ctx = im };
	struct import_point *p = &im->stats->point[im->stats->points++];
	char same[256];
	int64_t id;

	if (point_name(im, t, p->name) < 0)
		return -1;
	x.point = p->name;
	p->packets = t->packets;
	memcpy(x.digest, digest, sizeof x.digest);
	count_shown(im, &x);
	if (entry_find(im->db, &x, &id, same, sizeof same, im->e) < 0)
		return -1;
	if (id && !im->options->replace)
		return err_set(im->e, "the same bytes are in the case already, as %s=%s (--replace replaces them)", x.point, same);
	if (id && entry_delete(im->db, id, im->e) < 0)
		return -1;
	return entry_insert(im->db, &x, im->capture, im->links, im->e);
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

/* ---- the whole ---- */

static int start(struct import *im)
{
	int64_t part_id;

	/* What was derived before is void with new content, so it goes. */
	if (db_reset_derived(im->db, im->e) < 0 || db_int(im->db, "SELECT max(id) FROM capture", 0, &im->first_capture, im->e) < 0 ||
	    db_int(im->db, "SELECT max(id) FROM part", 0, &part_id, im->e) < 0)
		return -1;
	im->first_capture++;
	im->links = calloc(1, sizeof *im->links);
	im->parts = parts_new(part_id + 1, im->options->split != SPLIT_NOT);
	im->waiting = waiting_new(im->options->split != SPLIT_NOT);
	im->rows = rows_new(im->db, im->e);
	if (!im->links || !im->parts || !im->waiting)
		return err_set(im->e, "out of memory");
	return im->rows ? 0 : -1;
}

/* Everything inside the transaction. */
static int fill(struct import *im)
{
	uint8_t digest[16];

	if (start(im) < 0 || read_frames(im) < 0 || check_selector(im) < 0 || find_silent_targets(im) < 0)
		return -1;
	capture_digest(im->capture, digest);
	for (uint32_t i = 0; i < im->targets; i++)
		if (add_entry(im, &im->target[i], digest) < 0)
			return -1;
	count_all(im);
	return 0;
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
	if (capture_open(&im.capture, path, e) < 0 || db_begin(db, e) < 0)
		goto out;
	rc = db_end(db, fill(&im), e);
out:
	rows_free(im.rows);
	parts_free(im.parts);
	free(im.links);
	free(im.shown);
	waiting_free(im.waiting);
	filter_free(im.filter);
	capture_close(im.capture);
	return rc == 0 ? 0 : err_prefix(e, "%s", path);
}
