/*
 * A SYN that is answered by a bare ACK with its number, recorded at two points: was the ACK at the far one, was a SYN-ACK, was the first SYN? What
 * follows from the three together (ALGORITHMS 5.5).
 */
#ifndef CORRELATE_HALF_OPEN_H
#define CORRELATE_HALF_OPEN_H

#include "correlate/finding.h"
#include "correlate/words.h"

/* The verdict of the table, false: it has none, or not all that it takes is claimed. */
bool half_open_verdict(const struct conn *c, const struct findings *f, struct words *w);

/*
 * Does the near point hold a bare ACK and resets in the server's name, the far one SYN-ACKs, and none is the other changed on the way: not at the same
 * time, nor from whoever made one that is not? Then it is no riddle that they have nothing of the server in common.
 */
bool half_open_apart(const struct conn *c, unsigned near, unsigned far);

/*
 * Does the server's own answer show that it held a half-open connection before the only SYN came to it that its last point holds? Then transmission
 * x, an earlier one of that SYN, came to it all the same: by another way, or missed by the capture.
 */
bool half_open_knew(const struct conn *c, uint32_t x);

#endif
