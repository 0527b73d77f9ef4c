/*
 * What devices add to sequence numbers, where a point does not hold the initial one: its capture began later, or missed the SYN-ACK (conn_start knows the
 * others). It shows in the packets that two points have in common, and in where their numbers lie.
 */
#ifndef CORRELATE_NUMBERS_H
#define CORRELATE_NUMBERS_H

#include "correlate/conn.h"

/*
 * Complete conn.shift, and take it off all packets. Points for which it cannot be found get into conn.foreign: their numbers mean nothing to the others.
 * Before packets are matched.
 */
void numbers_find(struct conn *c);

#endif
