/* What the ladder of a long connection shows, chosen while its packets are in memory: a report need not read them all again. */
#ifndef CORRELATE_LADDER_STORE_H
#define CORRELATE_LADDER_STORE_H

#include "correlate/finding.h"
#include "schema/db.h"

/* Into table ladder, if the connection has so many transmissions that it is worth it (1000). 0, or -1. */
int ladder_store(struct db *db, struct conn *c, const struct findings *found, struct err *e);

#endif
