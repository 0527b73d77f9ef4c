/*
 * A sample of connections, spread over time, read once before any judging: it tells how the points lie on the path, how their clocks differ,
 * how long hops take and which fields they keep. Bounded, deterministic, and independent of the order of import.
 */
#ifndef CORRELATE_SAMPLE_H
#define CORRELATE_SAMPLE_H

#include "correlate/facts.h"

/* Find the path (unless it was given), the clocks, and hop delays. Reorders f->point into path order. */
int sample_run(struct facts *f, struct db *db, struct err *e);

#endif
