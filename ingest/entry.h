/*
 * The entry of a capture in the case: what there is to say of it beside its packets. Made when its end is known; one for each point that it
 * is split into.
 */
#ifndef INGEST_ENTRY_H
#define INGEST_ENTRY_H

#include "ingest/capture.h"
#include "ingest/import.h"
#include "ingest/links.h"
#include "schema/db.h"

struct entry {
	int64_t id;             /* row id */
	const char *point, *path, *selector, *filter, *damage;  /* filter, damage: NULL none */
	uint8_t digest[16];
	uint64_t frames, packets;
	uint64_t skipped[IMPORT_REASONS];
	bool has_time;
	int64_t first_ns, last_ns;
	bool (*has_interface)(const struct entry *x, uint32_t number);  /* which interfaces of the file are meant */
	bool (*has_link)(const struct entry *x, const struct link *l);
	const void *ctx;        /* for these two */
};

/* Put it into the case, with the point if that is new. */
int entry_insert(struct db *db, const struct entry *x, const struct capture *c, const struct links *links, struct err *e);

/* Is a capture with these bytes in the case at this point, of the same selector? Its row id and name, or 0. */
int entry_find(struct db *db, const struct entry *x, int64_t *id, char *name, size_t size, struct err *e);

/* Take a capture out of the case, with all that it holds. */
int entry_delete(struct db *db, int64_t id, struct err *e);

#endif
