#include "ingest/import_all.h"

#include <inttypes.h>
#include <stdio.h>

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

static void report(const struct spec *s, const struct import_stats *st)
{
	uint64_t skipped = st->frames - st->packets;

	if (st->damage[0])
		fprintf(stderr, "pcaphop: %s: %s; what was readable is in the case\n", s->path, st->damage);
	fprintf(stderr, "%s: %s%s%s: %" PRIu64 " frames = %" PRIu64 " packets + %" PRIu64 " skipped", s->point, s->path, s->selector[0] ? "@" : "",
	    s->selector, st->frames, st->packets, skipped);
	say_skipped(st);
	fputc('\n', stderr);
}

int import_all(struct db *db, const struct specs *specs, const struct import_options *options, struct err *e)
{
	struct import_stats st;

	for (size_t i = 0; i < specs->n; i++) {
		const struct spec *s = &specs->list[i];
		if (import_capture(db, s->point, s->path, s->selector, options, &st, e) < 0)
			return -1;
		report(s, &st);
	}
	return 0;
}
