/*
 * Segments cut up or put together on the way: offload of network cards, GRO. The same bytes, other packets - nothing of it is
 * lost or made.
 */
#ifndef CORRELATE_PIECES_H
#define CORRELATE_PIECES_H

#include "correlate/conn.h"

/* Were all bytes of x, which the i-th point of its way did not record as such, recorded there in other packets that no point before it saw? */
bool pieces_arrived(const struct conn *c, uint32_t x, unsigned i);

/* Does x, first seen in the middle of its way, carry bytes that the point before recorded in another packet that did not come this far as such? */
bool pieces_of_another(const struct conn *c, uint32_t x);

#endif
