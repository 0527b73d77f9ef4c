/* Who connections wait for, into the case. */
#ifndef CORRELATE_TIMING_STORE_H
#define CORRELATE_TIMING_STORE_H

#include "correlate/timing.h"

struct timings {
	struct db *db;
	sqlite3_stmt *timing;
	struct histogram server[POINTS_MAX];    /* how long answers took behind each point */
};

int timings_open(struct timings *x, struct db *db, struct err *e);
void timings_close(struct timings *x);

/* Measure one proved connection, and store it. */
int timings_add(struct timings *x, const struct conn *c, struct err *e);

/* After the last one: what they add up to. */
int timings_store(struct timings *x, const struct facts *f, struct err *e);

#endif
