/* The clock behind a host's TCP timestamps (RFC 7323 5.4), as two SYNs of one connection show it. */
#ifndef CORRELATE_TICK_H
#define CORRELATE_TICK_H

#include "correlate/words.h"

/* Another connection between the same addresses whose timestamps cannot come from the clock that this one shows: say so. */
void tick_notice(const struct conn *c, struct words *w);

#endif
