/* Packets that others of their direction overtook on the way from one point to the next (RFC 4737). */
#ifndef CORRELATE_DISORDER_H
#define CORRELATE_DISORDER_H

#include "correlate/finding.h"
#include "correlate/words.h"

/*
 * Add the packets that came late, hop by hop and in linear time: a packet is reordered if one that passed the point before after it has come already
 * (RFC 4737 3.3, with times at that point for sequence numbers). The late one is, not those that overtook it. Copies, and identical packets of which
 * it is not known which is which, do not count; nor do time stamps that the clock's resolution does not tell apart.
 */
void disorder_judge(const struct conn *c, struct findings *out);

void disorder_say(const struct conn *c, const struct finding *f, struct words *w);

#endif
