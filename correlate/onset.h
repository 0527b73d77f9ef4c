/*
 * How a flow begins: its first packets, as one point recorded them. Two flows of one connection begin with the same packets, whatever a device made
 * of addresses, ports and numbers (ALGORITHMS 1.5, 1.7); two connections of a proxy do not, even where they carry the same bytes.
 */
#ifndef CORRELATE_ONSET_H
#define CORRELATE_ONSET_H

#include "correlate/load.h"

#define ONSET_MAX 40

struct onset {
	uint32_t n;
	bool has_isn[2];
	uint32_t isn[2];
	int64_t resolution_ns;
	struct heard {
		int64_t t;      /* on the point's clock */
		uint32_t seq, ack, len, tsval, payload, flags;
		uint16_t ip_id, win;
		uint8_t dir;
		bool has_payload;
	} p[ONSET_MAX];
};

/* Read the beginning of flow `flow`; c is room to work in, of the same facts. */
int onset_read(struct loader *l, struct conn *c, uint32_t flow, struct onset *o, struct err *e);

/* What two beginnings have in common, packet by packet, once the difference of their initial numbers is taken away. */
struct accord {
	unsigned aligned, alone;        /* packets of the one that have, and have not, their like in the other, as far as both reach */
	unsigned data;                  /* of those aligned: with payload */
	unsigned payloads, conflicts;   /* the same bytes; other bytes at the same place */
	unsigned stamps, stamps_moved;  /* the same TSval; one that is a constant away */
	unsigned ids;                   /* the same IP ID, none that does not change */
	unsigned windows;               /* the same window */
	bool accepted;                  /* there is a SYN-ACK in one of them */
	bool backwards;                 /* whatever the clocks: some packet would have arrived before it was sent */
	bool spliced;                   /* ... but only the handshake: what follows was passed on, TSvals or IP IDs and all (RFC 4987 3.6) */
	bool in_order;                  /* handshake and what follows passed one point after the other, as if passed on: no proxy could have kept to that */
	double rhythm;                  /* bits: pauses of the one are those of the other */
};

void onset_compare(const struct onset *x, const struct onset *y, struct accord *a);

/*
 * Is there proof that packets were passed on, not written anew by a proxy? The same TSval or IP ID; or every packet has its like, in an
 * order that no proxy could have kept to; or nobody accepted the connection, which is the first thing that a proxy
 * does. stamps: whether TSvals may be believed.
 */
bool accord_forwarded(const struct accord *a, bool stamps);

#endif
