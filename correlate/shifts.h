/*
 * What devices add, by a constant per connection and direction: to sequence numbers, where a point missed the initial one (conn_start knows the others),
 * and to timestamps (RFC 7323; pf "scrub reassemble tcp", SYN proxies that gave their own to the client). Both are counted as the first point saw them, so
 * that a packet can be found again and its echo be understood.
 */
#ifndef CORRELATE_SHIFTS_H
#define CORRELATE_SHIFTS_H

#include "correlate/conn.h"

/* Complete conn.shift, fill conn.stamp_shift, and take both off all packets. Before packets are matched. */
void shifts_find(struct conn *c);

#endif
