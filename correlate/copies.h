/*
 * Packets that one point recorded twice (ALGORITHMS 2.3): copies that a mirror port or the capture made, and packets that the point saw on both
 * sides of a device. Neither is a repeat of the sender.
 */
#ifndef CORRELATE_COPIES_H
#define CORRELATE_COPIES_H

#include "correlate/conn.h"

/* Fill pkt.copy, original, forwarded, doubled, through of the packets of a point. */
void copies_mark(struct conn *c, unsigned point);

/*
 * A device that gives every packet an IP ID of its own makes two packets of a packet and its copy. Is p what became of a copy that point `before` holds?
 * Then the packet here that the original became, NOTHING: it is not. Once the packets of `before` have transmissions.
 */
uint32_t copies_followed(const struct conn *c, const struct pkt *p, unsigned before);

struct copies {
	uint64_t telling;       /* packets that can be told from a repeat */
	uint64_t twice;         /* copies of such, */
	uint64_t forwarded;     /* packets of which there is a copy that a device has forwarded in between */
};

/* Add those of this (matched) connection, by point. */
void copies_count(const struct conn *c, struct copies *seen);

#endif
