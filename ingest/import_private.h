/* One import under way: what import.c (frames to packets) and import_entries.c (where they go, and what is said of the capture) share. */
#ifndef INGEST_IMPORT_PRIVATE_H
#define INGEST_IMPORT_PRIVATE_H

#include "ingest/capture.h"
#include "ingest/filter.h"
#include "ingest/import.h"
#include "ingest/links.h"
#include "ingest/parts.h"
#include "ingest/rows.h"
#include "ingest/waiting.h"

/* What an interface of the file has shown so far. */
struct shown {
	uint64_t frames, packets;
	uint64_t skipped[IMPORT_REASONS];
	int64_t first_ns, last_ns;      /* of frames with a time that one beside them bears out; of the first frame, until there is one */
	bool borne_out;
	int64_t ts_ns, before_ns;       /* of the latest frame, and the one before it */
	uint64_t number, offset;        /* of the latest frame */
};

/* One of the captures that the file is split into, or the only one. */
struct target {
	char name[SPLIT_NAME];  /* "": not split, or nothing to split by */
	int64_t capture_id;     /* row id */
};

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
	int64_t first_part;             /* row id */
	unsigned damages;
	bool live;                      /* a stream: what is there is committed now and then */
	bool pending;                   /* ... something came since */
	bool failed;                    /* ... and that went wrong while the stream was silent */
	int64_t committed_ns, took_ns;  /* ... the last time, and how long it took; of the monotonic clock */
	struct err *e;
};

/* Is a link or an interface of the file part of what became this target? */
bool target_has_link(const struct import *im, const struct target *t, const struct link *l);
bool target_has_interface(const struct import *im, const struct target *t, uint32_t number);

/* For parts_evict and parts_write: insert the part for the target that its link is of. */
int entries_take_part(void *im, const struct part *part);

/* Put what is known of the capture now into the case, an entry for each target. last: it has ended. */
int entries_put(struct import *im, bool last);

/* Take all of it out of the case again. */
int entries_delete(struct import *im);

#endif
