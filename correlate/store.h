/* What was derived of the connections, into the case. */
#ifndef CORRELATE_STORE_H
#define CORRELATE_STORE_H

#include "correlate/change.h"
#include "correlate/delay.h"
#include "correlate/judge.h"

struct store;

struct store *store_new(struct db *db, const struct facts *f, struct err *e);
void store_free(struct store *s);

/* One judged connection: connection, flows, sightings, hops, changes, findings. Connections must come in order. */
int store_connection(struct store *s, const struct proof *t, const struct findings *found, const struct changes *changed, const struct delays *delays,
    struct err *e);

/* A connection that only points beside the path saw: its flows, and that it is not judged. In order with the others. */
int store_aside(struct store *s, uint32_t index, struct err *e);

#endif
