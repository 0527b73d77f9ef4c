/* Simultaneous opens: which host is the client, the same at all points. */
#ifndef CORRELATE_CROSSED_H
#define CORRELATE_CROSSED_H

#include "correlate/facts.h"

/*
 * When both hosts send a SYN and these cross on the way (RFC 9293 3.5), every point sees another one first, and takes its sender for the client. The
 * two initial sequence numbers say that it is one connection. The client, everywhere, is the host that opens other connections rather than being asked
 * for them, so that this one goes the way that they go; between equals the one whose SYN was recorded first, as far as the clocks go. In a split
 * handshake (the server answers with a SYN of its own) all points see the client's first, and nothing is changed.
 */
int crossed_settle(struct facts *f, struct err *e);

#endif
