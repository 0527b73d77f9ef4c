/*
 * Packet rows on their way into the case: collected in a bounded run, sorted by part, appended. So the packets of a part lie together, a
 * part's packets are found through a few ranges (table run), and no index on packets is needed. While one run is collected a thread inserts the
 * one before; what is in the case does not depend on who of the two is faster.
 */
#ifndef INGEST_ROWS_H
#define INGEST_ROWS_H

#include "schema/db.h"
#include "schema/part.h"

struct rows;

/* Ready to insert into the case. NULL: e says why. */
struct rows *rows_new(struct db *db, struct err *e);
void rows_free(struct rows *r);

/* Another program may have written to the case since: look up again which row ids are free. In the transaction that inserts. */
int rows_renew(struct rows *r, struct err *e);

/* How many packets can be added before the run is full, and must be handed over or flushed. */
uint32_t rows_room(const struct rows *r);

/* Keep one packet; there is room. */
int rows_add(struct rows *r, const struct part *part, const struct segment *seg, uint64_t frame, int64_t ts_ns, struct err *e);

/* Have the run inserted by a thread. Until rows_settle or rows_flush the connection is that thread's; an error of it comes out there or here next. */
int rows_hand_over(struct rows *r, struct err *e);

/* Wait until what was handed over is inserted. */
int rows_settle(struct rows *r, struct err *e);

/* Insert what is left of the run, and wait for it. */
int rows_flush(struct rows *r, struct err *e);

/* Insert a part, or what has become of it since; its packets must have been added before, and nothing be under way. */
int rows_part(struct rows *r, const struct part *part, int64_t capture_id, struct err *e);

#endif
