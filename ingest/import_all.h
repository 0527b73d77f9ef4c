/* Import everything that a command line names, and say what was left out. */
#ifndef INGEST_IMPORT_ALL_H
#define INGEST_IMPORT_ALL_H

#include "ingest/import.h"
#include "ingest/spec.h"

/*
 * Captures are imported one after the other, each in its own transaction; the first that fails ends it (those before it stay), but of a folder
 * what fails is left out. Damage, and what is left out, are said on standard error, a line each. -1 also when nothing could be imported.
 */
int import_all(struct db *db, const struct specs *specs, const struct import_options *options, struct err *e);

#endif
