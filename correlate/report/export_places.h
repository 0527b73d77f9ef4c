/* The captures of a case that packets are exported from: which of their frames are wanted, and the bytes of these, in any order. */
#ifndef CORRELATE_REPORT_EXPORT_PLACES_H
#define CORRELATE_REPORT_EXPORT_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "ingest/original.h"
#include "schema/db.h"

struct place {
	int64_t capture_id, point_id;
	bool on_path;
	int position;                   /* of the point on the path */
	char *point, *name;             /* of the capture's file; clean UTF-8 */
	uint8_t digest[16];
	uint8_t *wanted;                /* a bit for each frame */
	uint64_t wanted_bytes, left;    /* frames that are wanted and were not asked for yet */
	struct original original;       /* open while it is read */
	struct frame frame;             /* the latest that was read; number 0: none */
};

/* Their order is that of packets of equal time, and does not depend on the order of import. */
struct places {
	struct place *list;
	uint32_t n, room;
	uint32_t *by_capture;           /* sorted by capture_id */
	struct place *over;             /* to be closed: its last frame was handed out */
	uint8_t *bytes;                 /* of a frame that had waited */
	uint32_t bytes_room;
	sqlite3_stmt *put, *get, *drop; /* frames that wait, in a temporary table */
};

/* Also when it fails, places_free is due. */
int places_load(struct places *p, struct db *db, struct err *e);
void places_free(struct places *p);

/* The place of a capture. -1: the case has no such capture. */
int places_of(const struct places *p, int64_t capture_id, uint32_t *place, struct err *e);

int places_want(struct places *p, uint32_t place, uint64_t frame, struct err *e);

/* Find the files that wanted frames are in; folder as in original_find. */
int places_find(struct places *p, struct db *db, const char *folder, struct err *e);

/*
 * A frame that is wanted, in any order, each once. Those that lie before it in the file and are wanted later wait in a temporary table, so that memory is
 * bounded whatever the order; the order of the file is fast. time_ns: when it was recorded, by the case. Bytes and interface are valid until the next call.
 */
int places_frame(struct places *p, struct db *db, uint32_t place, uint64_t number, int64_t time_ns, struct frame *f, struct err *e);

#endif
