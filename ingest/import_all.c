#include "ingest/import_all.h"

#include <inttypes.h>
#include <stdio.h>

#include "schema/clean.h"

static void say_skipped(const struct import_stats *st)
{
	const char *separator = " (";

	for (int i = 0; i < IMPORT_REASONS; i++)
		if (st->skipped[i]) {
			fprintf(stderr, "%s%s %" PRIu64, separator, import_reason(i), st->skipped[i]);
			separator = ", ";
		}
	if (separator[0] == ',')
		fputc(')', stderr);
}

static void say_points(const struct import_stats *st, bool utf8)
{
	char name[4 * POINT_NAME];

	for (unsigned i = 0; i < st->points; i++) {
		clean_text(name, sizeof name, st->point[i].name, -1, utf8);
		fprintf(stderr, "%s %s %" PRIu64, i ? "," : ";", name, st->point[i].packets);
	}
}

static void report(const struct spec *s, const struct import_stats *st, bool split)
{
	bool utf8 = clean_locale_is_utf8();
	char path[8192], point[512], selector[512], damage[4 * ERR_MAX], twin[4 * POINT_NAME];

	clean_text(path, sizeof path, s->path, -1, utf8);
	clean_text(point, sizeof point, s->point, -1, utf8);
	clean_text(selector, sizeof selector, s->selector, -1, utf8);
	if (st->damage[0]) {
		clean_text(damage, sizeof damage, st->damage, -1, utf8);
		fprintf(stderr, "pcaphop: %s: %s; what was readable is in the case\n", path, damage);
	}
	if (st->twin[0]) {
		clean_text(twin, sizeof twin, st->twin, -1, utf8);
		fprintf(stderr, "pcaphop: %s: these bytes are in the case as point %s, too: one of the two is named wrong\n", path, twin);
	}
	fprintf(stderr, "%s%s%s%s%s: %" PRIu64 " frames = %" PRIu64 " packets + %" PRIu64 " skipped", point, point[0] ? ": " : "", path, selector[0] ? "@" : "", selector,
	    st->frames, st->packets, st->frames - st->packets);
	say_skipped(st);
	if (split)
		say_points(st, utf8);
	fputc('\n', stderr);
}

static void left_out(const struct err *e)
{
	char said[4 * ERR_MAX];

	clean_text(said, sizeof said, e->msg, -1, clean_locale_is_utf8());
	fprintf(stderr, "pcaphop: %s; it is left out\n", said);
}

int import_all(struct db *db, const struct specs *specs, const struct import_options *options, struct err *e)
{
	struct import_stats st;
	size_t imported = 0;

	for (size_t i = 0; i < specs->n; i++) {
		const struct spec *s = &specs->list[i];
		if (import_capture(db, s->point, s->path, s->selector, options, &st, e) == 0) {
			report(s, &st, options->split != SPLIT_NOT);
			imported++;
			continue;
		}
		/* Beside the captures in a folder there may be notes, and the one that was just begun when the disk was full. */
		if (!s->in_folder || db->failed)
			return -1;
		left_out(e);
	}
	return imported > 0 ? 0 : -1;
}
