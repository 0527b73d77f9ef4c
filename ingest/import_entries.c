#include "ingest/import_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ingest/entry.h"

#define UNDER_WAY "its import is under way, or was broken off"

/* The target of this name, made if need be. NULL: there are too many. */
static struct target *find_target(struct import *im, const char *name)
{
	struct target *t;
	int64_t last;

	for (uint32_t i = 0; i < im->targets; i++)
		if (strcmp(im->target[i].name, name) == 0)
			return &im->target[i];
	if (im->targets == IMPORT_POINTS_MAX) {
		err_set(im->e, "it would be split into more than %d points: name those of interest, as in POINT=FILE@%s", IMPORT_POINTS_MAX, name);
		return NULL;
	}
	if (db_int(im->db, "SELECT max(id) FROM capture", 0, &last, im->e) < 0)
		return NULL;
	/* Those before it may not have their entries yet. */
	if (im->targets > 0 && im->target[im->targets - 1].capture_id > last)
		last = im->target[im->targets - 1].capture_id;
	t = &im->target[im->targets++];
	*t = (struct target){ .capture_id = last + 1 };
	snprintf(t->name, sizeof t->name, "%s", name);
	return t;
}

int entries_take_part(void *ctx, const struct part *part)
{
	struct import *im = ctx;
	char name[SPLIT_NAME];
	struct target *t;

	split_name(im->options->split, im->capture, &im->links->list[part->link], (enum part_client)part->client, name);
	if (!(t = find_target(im, name)))
		return -1;
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

bool target_has_link(const struct import *im, const struct target *t, const struct link *l)
{
	char a[SPLIT_NAME], b[SPLIT_NAME];

	if (im->options->split == SPLIT_NOT)
		return true;
	/* Which side the client is on is different from part to part. */
	split_name(im->options->split, im->capture, l, PART_CLIENT_A, a);
	split_name(im->options->split, im->capture, l, PART_CLIENT_B, b);
	return strcmp(t->name, a) == 0 || strcmp(t->name, b) == 0;
}

bool target_has_interface(const struct import *im, const struct target *t, uint32_t number)
{
	char name[SPLIT_NAME];

	if (im->options->split == SPLIT_NOT && selector_takes_interface(&im->selector, im->capture, number))
		return true;
	if (im->options->split == SPLIT_INTERFACE) {
		split_interface_name(im->capture, number, name);
		if (strcmp(t->name, name) == 0)
			return true;
	}
	for (uint32_t i = 0; i < im->links->n; i++)
		if (im->links->list[i].interface == number && target_has_link(im, t, &im->links->list[i]))
			return true;
	/* Nothing came by at all: then it is as good as another. */
	return im->options->split != SPLIT_NOT && !t->name[0];
}

static void count_shown(const struct import *im, const struct target *t, struct entry *x)
{
	uint64_t skipped = 0;

	for (uint32_t i = 0; i < im->interfaces; i++) {
		const struct shown *s = &im->shown[i];
		x->frames += s->frames;
		if (!s->frames || !target_has_interface(im, t, i))
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

static int count_packets(struct import *im, struct entry *x)
{
	int64_t n = 0;
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(im->db, "SELECT coalesce(sum(packets), 0) FROM part WHERE capture_id = ?1", &st, im->e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, x->id);
	if ((rc = db_step(im->db, st, im->e)) == 1)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	x->packets = (uint64_t)n;
	return rc < 0 ? -1 : 0;
}

static int point_name(struct import *im, const struct target *t, char name[POINT_NAME])
{
	const char *at = im->point[0] && t->name[0] ? "@" : "";
	int n = snprintf(name, POINT_NAME, "%s%s%s", im->point, at, t->name);

	if (n == 0)
		return err_set(im->e, "it has nothing to split by, and no POINT= was given");
	return n < POINT_NAME ? 0 : err_set(im->e, "the name %s%s%s would be longer than %d bytes", im->point, at, t->name, POINT_NAME - 1);
}

/* The same bytes as this point has already are refused, or take the place of those. */
static int replace_same(struct import *im, const struct entry *x)
{
	char name[256];
	int64_t id;

	if (entry_find(im->db, x, &id, name, sizeof name, im->e) < 0)
		return -1;
	if (id && !im->options->replace)
		return err_set(im->e, "the same bytes are in the case already, as %s=%s (--replace replaces them)", x->point, name);
	return id ? entry_delete(im->db, id, im->e) : 0;
}

static int put(struct import *im, const struct target *t, bool last)
{
	const char *damage = im->stats->damage[0] ? im->stats->damage : NULL;
	struct entry x = { .id = t->capture_id, .path = im->path, .selector = im->options->split == SPLIT_NOT ? im->selector.text : t->name,
		.filter = im->options->filter, .damage = last ? damage : UNDER_WAY, .im = im, .target = t };
	struct import_point *p = &im->stats->point[im->stats->points++];

	if (point_name(im, t, p->name) < 0 || count_packets(im, &x) < 0)
		return -1;
	x.point = p->name;
	p->packets = x.packets;
	capture_digest(im->capture, x.digest);
	count_shown(im, t, &x);
	if (last && (replace_same(im, &x) < 0 || entry_find_elsewhere(im->db, &x, im->stats->twin, im->e) < 0))
		return -1;
	return entry_put(im->db, &x, im->e);
}

int entries_put(struct import *im, bool last)
{
	im->stats->points = 0;
	if ((last || im->options->split == SPLIT_NOT) && find_silent_targets(im) < 0)
		return -1;
	for (uint32_t i = 0; i < im->targets; i++)
		if (put(im, &im->target[i], last) < 0)
			return -1;
	return 0;
}

int entries_delete(struct import *im)
{
	for (uint32_t i = 0; i < im->targets; i++)
		if (entry_delete(im->db, im->target[i].capture_id, im->e) < 0)
			return -1;
	return 0;
}
