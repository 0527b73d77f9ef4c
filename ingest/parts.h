/*
 * Which part does a packet belong to? One part per TCP incarnation in one capture: a SYN with a new initial sequence number starts a new one
 * on the same addresses and ports, anything else goes to the incarnation whose sequence numbers are nearest. Memory is what is open: idle
 * parts are handed out and forgotten (correlate ties parts of one incarnation together again, as it must for rotated files).
 */
#ifndef INGEST_PARTS_H
#define INGEST_PARTS_H

#include "schema/part.h"

struct parts;

/* first_id: row id of the first part that will be made; by_link: what came by different links are different parts. NULL: out of memory. */
struct parts *parts_new(int64_t first_id, bool by_link);
void parts_free(struct parts *p);

/*
 * The part of *seg, made if need be; sets SEG_FROM_A and SEG_OTHER_LINK in seg->flags and updates the part. The pointer is valid until the next call.
 * NULL with *nomem: out of memory; NULL without: a later IP fragment whose first fragment was not seen (waiting.h keeps it, in case it comes).
 */
const struct part *parts_assign(struct parts *p, struct segment *seg, int64_t ts_ns, bool *nomem);

/* Hand every part that has changed since it was handed out to take(), and go on with it. Stops on the first -1 from take(). */
int parts_write(struct parts *p, int (*take)(void *ctx, const struct part *part), void *ctx);

/*
 * Forget every part without a packet since idle_before_ns (INT64_MAX: all); one that has changed since it was handed out goes to take() first.
 * Stops on the first -1 from take().
 */
int parts_evict(struct parts *p, int64_t idle_before_ns, int (*take)(void *ctx, const struct part *part), void *ctx);

#endif
