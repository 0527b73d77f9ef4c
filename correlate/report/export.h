/* Export: the packets of connections at all points, merged in order of time, each with what is said of it. */
#ifndef CORRELATE_REPORT_EXPORT_H
#define CORRELATE_REPORT_EXPORT_H

#include <stdint.h>
#include <stdio.h>

#include "correlate/report/report.h"
#include "schema/db.h"

struct export_options {
	struct filter filter;
	const struct report *rows;      /* as rows of this format; NULL: as pcapng */
	const char *captures;           /* a folder to look for the captures in; NULL: none */
	int64_t from_ns, to_ns;         /* only packets of this time, on the reference clock */
	void (*progress)(void *ctx, uint64_t done, uint64_t size, uint64_t packets);    /* may be NULL */
	void *ctx;
};

struct export_stats {
	uint64_t packets, connections;
};

/*
 * Write what passes to the file at path ("-": standard output). On -1 it is not there (unless it is no regular file). A pcapng file needs the original
 * captures, which are looked for, and held against their digests, before anything is written (ingest/original.h).
 */
int export_case(struct db *db, const struct export_options *o, const char *path, struct export_stats *stats, struct err *e);

#endif
