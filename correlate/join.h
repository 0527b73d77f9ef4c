/*
 * Flows to connections, by evidence (ALGORITHMS 1): addresses and ports where they are kept, initial sequence numbers, time stamps, sequence
 * ranges. A join that several candidates tie for is no join: its flows are ambiguous.
 */
#ifndef CORRELATE_JOIN_H
#define CORRELATE_JOIN_H

#include "correlate/facts.h"

/* Fill f->conn; reorders f->flow so that the flows of a connection lie together. db: to look at packets, NULL: only what flows tell of themselves. */
int join_flows(struct facts *f, struct db *db, struct err *e);

/* Points were renumbered: put the flows of every connection in their order again. */
void join_resort(struct facts *f);

/* Once path and clocks are known: order flows of a connection by path, connections by start; number them. */
int join_order(struct facts *f, struct err *e);

/* Evidence as JSON text. */
void join_evidence_json(const struct flow *flow, char *out, size_t size);

#endif
