#define _GNU_SOURCE             /* asprintf */
#include "correlate/handout.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "correlate/report/pcapng_write.h"
#include "ingest/anonymize/anonymize.h"
#include "ingest/filter.h"
#include "ingest/original.h"
#include "ingest/split.h"
#include "schema/array.h"

#define PROGRESS_FRAMES 65536

/* A copy under way. */
struct copying {
	struct handout *h;
	struct db *db;
	const struct handout_options *o;
	struct anonymizer *a;
	struct original original;
	struct filter *filter;
	struct selector *selector;      /* of each capture of this file */
	uint32_t *of, selectors;        /* which captures these are */
	struct pcapng_writer w;
	FILE *out;
	uint32_t described, base;       /* interfaces of the file; the first one of the section */
	uint8_t *copy;                  /* of the frame at hand */
	uint32_t room;
	uint32_t file;
	struct err *e;
};

/* ---- which captures ---- */

/* The sides of a device: no selector, but what --split interface makes of cooked captures. */
static bool is_side(const char *selector)
{
	return strcmp(selector, "client-side") == 0 || strcmp(selector, "server-side") == 0;
}

/* A point that is named after its selector was split off. */
static enum split split_of(const struct handout_capture *c)
{
	size_t n = strlen(c->point), m = strlen(c->selector);
	struct selector s;

	if (m == 0 || m > n || strcmp(c->point + n - m, c->selector) != 0 || (n > m && c->point[n - m - 1] != '@'))
		return SPLIT_NOT;
	selector_parse(&s, c->selector);
	return s.is_vlans ? SPLIT_VLAN : SPLIT_INTERFACE;
}

static char *column(sqlite3_stmt *st, int i)
{
	return strdup((const char *)sqlite3_column_text(st, i));
}

static int read_captures(struct handout *h, struct db *db, struct err *e)
{
	uint32_t room = 0;
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT c.id, p.name, c.selector, coalesce(c.filter, ''), c.digest, c.damage IS NOT NULL, coalesce(c.first_ns, 0) "
		"FROM capture c JOIN point p ON p.id = c.point_id ORDER BY p.name, c.first_ns, hex(c.digest), c.filter, c.selector", &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		if (!array_grow(&h->capture, &room, h->captures, sizeof *h->capture)) {
			rc = err_set(e, "out of memory");
			break;
		}
		struct handout_capture *c = &h->capture[h->captures++];
		*c = (struct handout_capture){.id = sqlite3_column_int64(st, 0), .point = column(st, 1), .selector = column(st, 2), .filter = column(st, 3),
			.damaged = sqlite3_column_int(st, 5), .first_ns = sqlite3_column_int64(st, 6), .file = UINT32_MAX};
		if (sqlite3_column_bytes(st, 4) == sizeof c->digest)
			memcpy(c->digest, sqlite3_column_blob(st, 4), sizeof c->digest);
		if (!c->point || !c->selector || !c->filter) {
			rc = err_set(e, "out of memory");
			break;
		}
		c->split = split_of(c);
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : h->captures > 0 ? 0 : err_set(e, "the case has no captures");
}

/* What two captures are of the same file of has one copy. */
static bool same_file(const struct handout_capture *x, const struct handout_capture *y)
{
	return memcmp(x->digest, y->digest, sizeof x->digest) == 0 && strcmp(x->filter, y->filter) == 0;
}

/* FOLDER/POINT.pcapng, or POINT-2 if there was one. Of what was split off, the part before @ is the point's name. */
static char *file_path(const struct handout *h, const char *folder, const char *point)
{
	char stem[96], *path = NULL;
	size_t n = strcspn(point, "@");

	n = n ? n : strlen(point);
	snprintf(stem, sizeof stem, "%.*s", (int)(n < sizeof stem ? n : sizeof stem - 1), point);
	for (char *p = stem; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *p) || stem[0] == '.')
			*p = '_';
	for (unsigned k = 1;; k++) {
		bool taken = false;
		if ((k == 1 ? asprintf(&path, "%s/%s.pcapng", folder, stem) : asprintf(&path, "%s/%s-%u.pcapng", folder, stem, k)) < 0)
			return NULL;
		for (uint32_t i = 0; i < h->files; i++)
			taken |= strcmp(h->file[i].path, path) == 0;
		if (!taken)
			return path;
		free(path);
	}
}

static int plan_files(struct handout *h, const char *folder, struct err *e)
{
	if (!(h->file = calloc(h->captures, sizeof *h->file)))
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < h->captures; i++) {
		if (h->capture[i].file != UINT32_MAX)
			continue;
		char *path = file_path(h, folder, h->capture[i].point);
		if (!path)
			return err_set(e, "out of memory");
		for (uint32_t k = i; k < h->captures; k++)
			if (same_file(&h->capture[i], &h->capture[k]))
				h->capture[k].file = h->files;
		h->file[h->files++].path = path;
	}
	return 0;
}

/* ---- interfaces ---- */

/* Is the name of the interface one that a point has? */
static bool names_point(const struct copying *k, const char *name)
{
	for (uint32_t i = 0; i < k->selectors; i++)
		if (k->h->capture[k->of[i]].split == SPLIT_INTERFACE && strcmp(k->selector[i].text, name) == 0)
			return true;
	return false;
}

/* Names of interfaces tell of a network: the first one of a name gives its number to all. Returns false if it has none. */
static bool interface_name(const struct copying *k, uint32_t i, char name[SPLIT_NAME])
{
	const struct capture *c = k->original.capture;
	const char *own = capture_interface(c, i)->name;
	uint32_t first = 0;

	if (!own || !own[0])
		return false;
	split_interface_name(c, i, name);
	if (names_point(k, name))
		return true;
	while (!capture_interface(c, first)->name || strcmp(capture_interface(c, first)->name, own) != 0)
		first++;
	snprintf(name, SPLIT_NAME, "nic%" PRIu32, first);
	return true;
}

/* The resolution that is read as so many nanoseconds. */
static uint8_t resolution(int64_t ns)
{
	int64_t unit = 1000000000;

	for (uint8_t i = 0; i <= 9; i++, unit /= 10)
		if (unit == ns)
			return i;
	for (uint8_t i = 0; i < 30; i++) {
		unit = INT64_C(1000000000) >> i;
		if (unit == ns)
			return i | 0x80;
	}
	return 9;
}

static void write_statistics(struct copying *k)
{
	for (uint32_t i = k->base; i < k->described; i++) {
		const struct capture_interface *f = capture_interface(k->original.capture, i);
		if (!f->has_stats)
			continue;
		k->w.resolution = resolution(f->resolution_ns);
		pcapng_write_statistics(&k->w, i - k->base, f->start_ns, f->end_ns, (int64_t)f->received, (int64_t)f->dropped);
	}
}

/* Without a number of their own, copies of empty files would be one and the same file. */
static void begin_section(struct copying *k)
{
	char note[64];

	snprintf(note, sizeof note, "anonymized, file %" PRIu32 " of %" PRIu32, k->file + 1, k->h->files);
	pcapng_write_section(&k->w, k->out, k->h->capture[k->of[0]].first_ns, "pcaphop", note);
	k->base = k->described;
}

/* What has come up of interfaces, in sections as it was. */
static void describe(struct copying *k)
{
	const struct capture *c = k->original.capture;
	char name[SPLIT_NAME];

	for (; k->described < capture_interfaces(c); k->described++) {
		const struct capture_interface *i = capture_interface(c, k->described);
		bool named = interface_name(k, k->described, name);
		if (k->described > k->base && i->section != capture_interface(c, k->base)->section) {
			write_statistics(k);
			begin_section(k);
		}
		k->w.resolution = resolution(i->resolution_ns);
		pcapng_write_interface(&k->w, (uint16_t)i->linktype, i->snaplen, named ? name : NULL, NULL);
	}
}

/* ---- frames ---- */

enum take { TAKE_NOT, TAKE_TIME, TAKE_FRAME };

/* Did import take it for one of the captures, or only look at it? */
static int take(struct copying *k, const struct frame *f)
{
	const struct capture *c = k->original.capture;
	int linktype = capture_interface(c, f->interface)->linktype, pass;
	enum take best = TAKE_NOT;
	char name[SPLIT_NAME];
	struct segment seg;

	split_interface_name(c, f->interface, name);
	for (uint32_t i = 0; i < k->selectors && best != TAKE_FRAME; i++) {
		const struct selector *s = &k->selector[i];
		if (selector_takes_interface(s, c, f->interface) || strcmp(s->text, name) == 0 || is_side(s->text))
			best = TAKE_FRAME;
		else if (selector_takes_packets(s))
			best = decode_frame(linktype, f->bytes, f->caplen, f->len, &seg) != DECODE_OK || selector_takes(s, &seg) ? TAKE_FRAME : TAKE_TIME;
	}
	if (!k->filter || best != TAKE_FRAME)
		return (int)best;
	pass = filter_match(k->filter, linktype, f->ts_ns, f->caplen, f->len, f->bytes, k->e);
	return pass < 0 ? -1 : pass ? TAKE_FRAME : TAKE_TIME;
}

static int make_room(struct copying *k, uint32_t n)
{
	uint8_t *p;

	if (n <= k->room)
		return 0;
	if (!(p = realloc(k->copy, n)))
		return err_set(k->e, "out of memory");
	k->copy = p;
	k->room = n;
	return 0;
}

static int copy_frame(struct copying *k, const struct frame *f)
{
	const struct capture_interface *c = capture_interface(k->original.capture, f->interface);
	uint32_t caplen = f->caplen, len = f->len;
	int how = take(k, f);

	describe(k);
	if (how <= TAKE_NOT)
		return how;
	if (make_room(k, caplen + ANONYMIZE_ROOM) < 0)
		return -1;
	if (!anonymize_frame(k->a, c->linktype, f->bytes, how == TAKE_FRAME, k->copy, &caplen, &len)) {
		k->h->file[k->file].lost++;
		return 0;
	}
	k->w.resolution = resolution(c->resolution_ns);
	pcapng_write_packet(&k->w, f->interface - k->base, f->ts_ns, k->copy, caplen, len, NULL);
	k->h->file[k->file].frames++;
	return 0;
}

static void tell(const struct copying *k, uint64_t frames)
{
	uint64_t done, size;

	if (!k->o->progress || frames % PROGRESS_FRAMES != 0)
		return;
	capture_progress(k->original.capture, &done, &size);
	k->o->progress(k->o->ctx, done, size, frames);
}

static int copy_frames(struct copying *k, const struct handout_capture *c)
{
	struct frame f;
	int rc;

	begin_section(k);
	while ((rc = original_next(&k->original, &f, k->e)) > 0) {
		if ((rc = copy_frame(k, &f)) < 0)
			break;
		tell(k, f.number);
	}
	if (rc < 0)
		return -1;
	describe(k);
	write_statistics(k);
	/* What is known of a point whose capture is damaged is less: the copy breaks off in a block, too. */
	if (c->damaged)
		fwrite("\6\0\0", 1, 4, k->out);
	return 0;
}

/* ---- files ---- */

static int close_copy(struct copying *k, const char *path, int rc)
{
	bool bad = ferror(k->out);

	if (fclose(k->out) != 0 || bad)
		rc = rc < 0 ? rc : err_set(k->e, "%s: %s", path, strerror(errno));
	return rc;
}

static int open_selectors(struct copying *k)
{
	k->selectors = 0;
	for (uint32_t i = 0; i < k->h->captures; i++) {
		if (k->h->capture[i].file != k->file)
			continue;
		selector_parse(&k->selector[k->selectors], k->h->capture[i].selector);
		k->of[k->selectors++] = i;
	}
	const char *filter = k->h->capture[k->of[0]].filter;
	k->filter = NULL;
	return filter[0] && !(k->filter = filter_new(filter, k->e)) ? -1 : 0;
}

/* What selectors of interfaces become is known where the original is open. */
static int rename_selectors(struct copying *k)
{
	const struct capture *c = k->original.capture;
	char name[SPLIT_NAME], renamed[SPLIT_NAME];

	for (uint32_t i = 0; i < k->selectors; i++) {
		struct handout_capture *x = &k->h->capture[k->of[i]];
		uint64_t mac = secret_mac(&k->a->secret, k->selector[i].mac);
		renamed[0] = '\0';
		for (uint32_t n = 0; n < capture_interfaces(c) && x->selector[0] && x->split == SPLIT_NOT && !renamed[0]; n++) {
			const char *own = capture_interface(c, n)->name;
			split_interface_name(c, n, name);
			if ((own && strcmp(own, x->selector) == 0) || strcmp(name, x->selector) == 0)
				if (!interface_name(k, n, renamed))
					snprintf(renamed, sizeof renamed, "%" PRIu32, n);
		}
		if (!renamed[0] && k->selector[i].is_mac)
			snprintf(renamed, sizeof renamed, "%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(mac >> 40), (unsigned)(mac >> 32 & 255),
			    (unsigned)(mac >> 24 & 255), (unsigned)(mac >> 16 & 255), (unsigned)(mac >> 8 & 255), (unsigned)(mac & 255));
		if (!renamed[0])
			continue;
		free(x->selector);
		if (!(x->selector = strdup(renamed)))
			return err_set(k->e, "out of memory");
	}
	return 0;
}

static int copy_file(struct copying *k)
{
	const char *path = k->h->file[k->file].path;
	const struct handout_capture *c;
	int rc = -1;

	if (open_selectors(k) < 0)
		return -1;
	c = &k->h->capture[k->of[0]];
	k->described = 0;
	if (original_find(&k->original, k->db, c->id, k->o->captures, k->e) == 0 && original_open(&k->original, k->e) == 0) {
		if ((k->out = fopen(path, "wbx"))) {
			rc = close_copy(k, path, copy_frames(k, c));
			if (rc == 0)
				rc = rename_selectors(k);
			if (rc < 0)
				unlink(path);
		} else {
			err_set(k->e, "%s: %s", path, strerror(errno));
		}
	}
	original_free(&k->original);
	filter_free(k->filter);
	return rc;
}

static int copy_all(struct copying *k)
{
	int rc = 0;

	for (k->file = 0; rc == 0 && k->file < k->h->files; k->file++)
		rc = copy_file(k);
	/* The last one has removed itself. */
	for (uint32_t i = 0; rc < 0 && i + 1 < k->file; i++)
		unlink(k->h->file[i].path);
	return rc;
}

int handout_write(struct handout *h, struct db *db, const struct handout_options *o, struct err *e)
{
	struct copying k = {.h = h, .db = db, .o = o, .e = e};
	int rc = -1;

	memset(h, 0, sizeof *h);
	if (read_captures(h, db, e) < 0 || plan_files(h, o->folder, e) < 0)
		return -1;
	if (mkdir(o->folder, 0777) < 0 && errno != EEXIST)
		return err_set(e, "%s: %s", o->folder, strerror(errno));
	k.a = malloc(sizeof *k.a);
	k.selector = calloc(h->captures, sizeof *k.selector);
	k.of = calloc(h->captures, sizeof *k.of);
	if (k.a && k.selector && k.of) {
		anonymizer_init(k.a, o->key);
		rc = copy_all(&k);
		h->nameless = k.a->nameless;
	} else {
		err_set(e, "out of memory");
	}
	if (k.a)
		explicit_bzero(k.a, sizeof *k.a);
	free(k.a);
	free(k.selector);
	free(k.of);
	free(k.copy);
	return rc;
}

void handout_free(struct handout *h)
{
	for (uint32_t i = 0; i < h->captures; i++) {
		free(h->capture[i].point);
		free(h->capture[i].selector);
		free(h->capture[i].filter);
	}
	for (uint32_t i = 0; i < h->files; i++)
		free(h->file[i].path);
	free(h->capture);
	free(h->file);
	memset(h, 0, sizeof *h);
}

enum split handout_argument(const struct handout *h, uint32_t capture, char *buf, size_t size)
{
	const struct handout_capture *c = &h->capture[capture];
	const char *path = h->file[c->file].path;
	size_t n = strlen(c->point), m = strlen(c->selector);

	if (c->split == SPLIT_NOT)
		snprintf(buf, size, "%s=%s%s%s", c->point, path, c->selector[0] ? "@" : "", c->selector);
	else if (n > m)
		snprintf(buf, size, "%.*s=%s", (int)(n - m - 1), c->point, path);
	else
		snprintf(buf, size, "%s", path);
	return c->split;
}
