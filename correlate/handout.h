/* Copies of a case's captures that can be handed on: anonymised (ingest/anonymize/), one file for each file that was imported. */
#ifndef CORRELATE_HANDOUT_H
#define CORRELATE_HANDOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "ingest/anonymize/secret.h"
#include "ingest/split.h"
#include "schema/db.h"

/* A capture of the case, and the copy that it can be imported from. */
struct handout_capture {
	int64_t id;
	char *point, *selector, *filter;        /* as in the case; the selector fits the copy once that is written; filter "": none */
	uint8_t digest[16];
	bool damaged;
	int64_t first_ns;
	enum split split;       /* it was split off its file; the point's name ends with the selector */
	uint32_t file;          /* index into handout.file */
};

struct handout_file {
	char *path;
	uint64_t frames;
	uint64_t lost;          /* of which no copy could be made */
};

struct handout {
	struct handout_capture *capture;        /* by point, then by time */
	struct handout_file *file;
	uint32_t captures, files;
	uint64_t nameless;      /* anonymizer.nameless */
};

struct handout_options {
	const uint8_t *key;     /* SECRET_KEY bytes */
	const char *folder;     /* where the copies go: it is made if need be */
	void (*progress)(void *ctx, uint64_t done, uint64_t size, uint64_t frames);     /* called now and then; may be NULL */
	void *ctx;
	const char *captures;   /* where the originals are looked for, too (original.h); NULL: not asked for */
};

/* Write all copies, or none: no file of that name may be there. handout_free in any case. */
int handout_write(struct handout *h, struct db *db, const struct handout_options *o, struct err *e);
void handout_free(struct handout *h);

/* How POINT=FILE@SELECTOR names a capture's copy, into buf, and with which --split. What was split off one file has one argument, the same for all. */
enum split handout_argument(const struct handout *h, uint32_t capture, char *buf, size_t size);

#endif
