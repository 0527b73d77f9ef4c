/* What is known of the whole case, into the case. */
#ifndef CORRELATE_STORE_FACTS_H
#define CORRELATE_STORE_FACTS_H

#include "correlate/facts.h"

/* Path, clocks, notes on points: known before any connection is judged. */
int store_facts(struct db *db, const struct facts *f, struct err *e);

/* How well the points see: after the first pass over the connections. */
int store_coverage(struct db *db, const struct facts *f, struct err *e);

/* The connections at full proxies, once they are in the case. */
int store_ties(struct db *db, const struct facts *f, struct err *e);

#endif
