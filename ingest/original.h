/* The file that a capture of a case was imported from, read again: a case holds what packets say, not their bytes. */
#ifndef INGEST_ORIGINAL_H
#define INGEST_ORIGINAL_H

#include <stdint.h>

#include "ingest/capture.h"
#include "schema/db.h"
#include "schema/err.h"

struct original {
	char *label;            /* POINT=FILE as it was imported, for messages */
	char *path;             /* where it is now */
	uint8_t digest[16];     /* capture.digest */
	struct capture *capture;        /* NULL: not open */
};

/*
 * Find the file of capture `id` (capture.id): under its name as it was given at import, else beside the case, else in `folder` (NULL: not
 * asked for); in these two also with the folders of its name. Only a file with the same bytes counts, so that all of it is read. -1: the
 * message names the capture, what became of it and what to do; there is nothing to free.
 */
int original_find(struct original *o, struct db *db, int64_t id, const char *folder, struct err *e);

/* The same file once more, to be read on its own. */
int original_again(struct original *o, const struct original *same, struct err *e);

/* Begin at its first frame. It may be closed and opened again. */
int original_open(struct original *o, struct err *e);

/*
 * The next frame: 1, as import counted and timed it, whether it took it or not (another interface, no TCP, filtered); capture_interface(o->capture,
 * f->interface) says of which link type it is. 0: the end, and the file still is what it was when the case was made. -1: failed. Damaged
 * places are stepped over, as import did.
 */
int original_next(struct original *o, struct frame *f, struct err *e);

void original_close(struct original *o);

/* Closes it, too. A zeroed original is fine. */
void original_free(struct original *o);

#endif
