/*
 * IP datagrams that came in fragments, put together as their receiver would (RFC 791 3.2, RFC 8200 4.5): then a segment is one packet at every
 * point, whether it was cut up there or not, and a lost fragment is what it is to the receiver, a lost segment.
 */
#ifndef CORRELATE_DATAGRAM_H
#define CORRELATE_DATAGRAM_H

#include "correlate/conn.h"

/*
 * For the packets of a point, copies marked: a first fragment stands for its datagram from then on (len: all of it, as far as it is there; partial:
 * something is missing). pkt.original of a later one is the first one, NOTHING: not there.
 */
int datagrams_join(struct conn *c, unsigned point, struct err *e);

/* What a point lacks of a datagram. Bytes are of the TCP segment, header included; counts are worked out from the size of the first fragment. */
struct lack {
	uint32_t missing, all;  /* fragments */
	uint32_t from, to;      /* first and last byte of the first gap */
};

/* Of transmission x, which the point recorded in part. false: that cannot be said. */
bool datagram_lack(const struct conn *c, uint32_t x, unsigned point, struct lack *lack);

/* Do the point and those behind it hold all fragments of x together, which the point recorded in part? */
bool datagram_spread(const struct conn *c, uint32_t x, unsigned point);

#endif
