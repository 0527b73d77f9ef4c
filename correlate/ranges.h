/*
 * Transmissions by ranges of bytes: what offload (TSO, GSO, GRO, LRO) or a device cuts up or puts together on the way is not the same packet at
 * the next point, but the same bytes (ALGORITHMS 2.5). What of it did not come, or came out of nothing, becomes a transmission of its own.
 */
#ifndef CORRELATE_RANGES_H
#define CORRELATE_RANGES_H

#include "correlate/conn.h"

#define RANGE_OPEN 64           /* transmissions of one byte, on either side of a hop, that are told apart; more stay alone */

struct range_span {
	int64_t off;
	uint32_t tx;
};

/* A transmission that has the bytes where the search stands. */
struct range_open {
	uint32_t tx;
	const struct pkt *pkt;  /* as the point recorded it */
	int64_t off, end;
	int64_t paired;         /* bytes that the other side has, too */
	int64_t gap;            /* since here it has not; NO_GAP */
};

struct range_side {
	struct range_span *span;        /* by offset */
	uint32_t n, room, next;
	struct range_open open[RANGE_OPEN];     /* by time */
	unsigned opens;
	uint32_t largest;       /* payload of those that have their bytes on the other side */
};

/* Bytes of a transmission that the other side lacks. */
struct range_gap {
	uint32_t tx;
	uint8_t rest;           /* enum rest */
	int64_t from, to;
};

/* Scratch: kept from connection to connection, used only where packets of one direction are alone on both sides of a hop. */
struct ranges {
	struct conn *c;
	unsigned dir, at;       /* position on the way that the far side is */
	struct range_side near, far;
	struct range_gap *gap;
	uint32_t gaps, gap_room, mss;
	struct err *e;
};

void ranges_init(struct ranges *r);
void ranges_free(struct ranges *r);

/*
 * After the packets are matched and tx.off, end and stray are known. Fills tx.others, origin, upto, into and turned, and adds transmissions with
 * tx.rest set behind those that they are a rest of: c->tx, c->sight and pkt.tx change. Sorts what is alone: n log n.
 */
int ranges_match(struct ranges *r, struct conn *c, struct err *e);

/* The transmission, as its sender sent it, that x has bytes of, the earliest (or the latest): x itself, if it was not cut otherwise before. */
uint32_t ranges_root(const struct conn *c, uint32_t x, bool last);

/*
 * Of a rest: does the point hold a packet with some of its bytes, and a copy of that? Where a packet was doubled before it was cut up, what looks like
 * a copy is the rest.
 */
bool ranges_doubled(const struct conn *c, uint32_t x, unsigned point);

/* Does the point hold some of the bytes of x a second time, at about the same time, in a packet that is cut otherwise? */
bool ranges_twice(const struct conn *c, uint32_t x, unsigned point);

#endif
