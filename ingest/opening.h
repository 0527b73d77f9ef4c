/* How the streams of a connection begin, read packet by packet: digests and the words of a proxy, never the bytes themselves. */
#ifndef INGEST_OPENING_H
#define INGEST_OPENING_H

#include "schema/part.h"

/*
 * Take what a packet with payload adds to p->opening, said_ns and forwarded. side: 0 a, 1 b sent it. Pieces count in order of sequence numbers, so that
 * other segmentation and repeats make no difference to the digests; behind a missing or cut piece, and without the initial sequence number, nothing is
 * known. What the client says in words - a PROXY header, a ClientHello, a request head - is read from the first packet alone (behind a PROXY header that
 * fills it, from the second): of a head in several packets the rest is not looked for.
 */
void opening_read(struct part *p, const struct segment *seg, int side, int64_t ts_ns);

#endif
