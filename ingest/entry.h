/* The entry of a capture in the case: what there is to say of it beside its packets; one for each point that it is split into. */
#ifndef INGEST_ENTRY_H
#define INGEST_ENTRY_H

#include "ingest/import_private.h"

struct entry {
	int64_t id;             /* row id */
	const char *point, *path, *selector, *filter, *damage;  /* filter, damage: NULL none */
	uint8_t digest[16];
	uint64_t frames, packets;
	uint64_t skipped[IMPORT_REASONS];
	bool has_time;
	int64_t first_ns, last_ns;
	const struct import *im;        /* whose capture and links they are, */
	const struct target *target;    /* ... and which of them are meant */
};

/* Put it into the case, in place of what was there of it, with the point if that is new. */
int entry_put(struct db *db, const struct entry *x, struct err *e);

/* Is another capture with these bytes in the case at this point, of the same selector? Its row id and name, or 0. */
int entry_find(struct db *db, const struct entry *x, int64_t *id, char *name, size_t size, struct err *e);

/* The name of another point that has the same, "": none. */
int entry_find_elsewhere(struct db *db, const struct entry *x, char name[POINT_NAME], struct err *e);

/* Take a capture out of the case, with all that it holds. */
int entry_delete(struct db *db, int64_t id, struct err *e);

#endif
