/*
 * Later fragments that come before the first one of their datagram: reordered, or sent last one first. They have no ports, so they wait for it.
 * Memory is bounded: of many that wait in vain, the oldest go.
 */
#ifndef INGEST_WAITING_H
#define INGEST_WAITING_H

#include "schema/segment.h"

struct waiting;

/* by_link: only what came by the same link (links.h) belongs together. NULL: out of memory. */
struct waiting *waiting_new(bool by_link);
void waiting_free(struct waiting *w);

/* Keep a later fragment (SEG_LATER), frame number `frame` of its file. Its payload is not kept. */
void waiting_add(struct waiting *w, const struct segment *seg, uint64_t frame, int64_t ts_ns);

/*
 * Take the oldest one that belongs to the datagram of *first, a first fragment at first_ns: true, and *seg, *frame and *ts_ns are filled. Those of
 * an older datagram with the same identification are left (RFC 6864 4.2: it comes again).
 */
bool waiting_take(struct waiting *w, const struct segment *first, int64_t first_ns, struct segment *seg, uint64_t *frame, int64_t *ts_ns);

#endif
