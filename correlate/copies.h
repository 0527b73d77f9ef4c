/*
 * Packets that one point recorded twice (ALGORITHMS 2.3): copies that a mirror port or the capture made, and packets that the point saw on both
 * sides of a device. Neither is a repeat of the sender.
 */
#ifndef CORRELATE_COPIES_H
#define CORRELATE_COPIES_H

#include "correlate/conn.h"

/* Fill pkt.copy, original, forwarded, doubled, through of the packets of a point. */
void copies_mark(struct conn *c, unsigned point);

struct copies {
	uint64_t telling;       /* packets that can be told from a repeat */
	uint64_t twice;         /* copies of such, */
	uint64_t forwarded;     /* packets of which there is a copy that a device has forwarded in between */
};

/* Add those of this (matched) connection, by point. */
void copies_count(const struct conn *c, struct copies *seen);

#endif
