/*
 * Packets to transmissions (ALGORITHMS 2): which packets at different points are one and the same? Point by point along the direction of
 * travel, first by everything a packet says, then by less; identical packets are aligned in order of time, within what the clocks allow.
 */
#ifndef CORRELATE_MATCH_H
#define CORRELATE_MATCH_H

#include "correlate/conn.h"

/* Fill c->tx, c->sight and pkt.tx, pkt.copy. */
int match_packets(struct conn *c, struct err *e);

#endif
