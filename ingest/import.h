/* From a capture to rows: read, filter, decode, find the part, insert. One transaction per capture: it is in the case whole or not at all. */
#ifndef INGEST_IMPORT_H
#define INGEST_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "ingest/decode/decode.h"
#include "ingest/split.h"
#include "schema/db.h"

enum { IMPORT_FILTERED = DECODE_RESULTS, IMPORT_OTHER_INTERFACE, IMPORT_REASONS };

#define IMPORT_POINTS_MAX 64    /* that a capture is split into at most */
#define POINT_NAME 64           /* bytes that the name of a point has at most, with its end */

struct import_options {
	const char *filter;             /* pcap-filter(7) expression, NULL: all */
	enum split split;               /* into points of their own */
	bool replace;                   /* replace a capture with the same bytes instead of refusing it */
	void (*progress)(void *ctx, uint64_t done, uint64_t size, uint64_t packets);    /* called now and then; may be NULL */
	void *ctx;
};

struct import_stats {
	uint64_t frames, packets;
	uint64_t skipped[IMPORT_REASONS];       /* by enum decode_result and the two above; [DECODE_OK] stays 0 */
	struct import_point {
		char name[POINT_NAME];
		uint64_t packets;
	} point[IMPORT_POINTS_MAX];             /* where they went */
	unsigned points;
	char twin[POINT_NAME];                  /* another point that has the same bytes, "": none */
	char damage[ERR_MAX];                   /* what was wrong with the file, "": nothing */
};

const char *import_reason(int reason);

/*
 * Import the file at path ("-": standard input) as seen at point; split: at POINT@NAME, or at NAME if point is "". selector: which interface,
 * VLAN or MAC of the file (split.h), "": all.
 * A file is one transaction. Of a stream (a pipe, a terminal) what came is committed about every second, so that others can look at it, and
 * write, while it goes on; until it ends, its entry says so as damage. SIGINT or SIGTERM end a stream as its own end would.
 * 0: imported (stats->damage says what could not be read), -1: the case is as it was before, but that nothing is derived any more; of a stream,
 * after a failure of the case itself, what was committed stays.
 */
int import_capture(struct db *db, const char *point, const char *path, const char *selector, const struct import_options *options,
    struct import_stats *stats, struct err *e);

#endif
