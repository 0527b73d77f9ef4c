/*
 * A path MTU black hole (RFC 2923 2.1): packets above some size do not pass a hop and must not be cut up, and the ICMP error that would say so (RFC 1191
 * 4, RFC 8201 4) does not come to their sender.
 */
#ifndef CORRELATE_BLACK_HOLE_H
#define CORRELATE_BLACK_HOLE_H

#include "correlate/finding.h"
#include "correlate/words.h"

enum black_hole_icmp { ICMP_NONE, ICMP_LOST, ICMP_CAME };

struct black_hole {
	uint32_t passed, lost;          /* bytes of payload: the largest that passed, the smallest that did not */
	uint32_t packets, repeats;      /* that did not, and how many of these were repeats */
	uint32_t small_after;           /* that passed after the first loss */
	bool several;                   /* what was lost is more than one piece of the data */
	enum black_hole_icmp icmp;
};

/* Adds finding pmtu_blackhole to the packets that were dropped; false: there is none. */
bool black_hole_judge(const struct conn *c, struct findings *out);

void black_hole_say(const struct conn *c, const struct findings *all, struct finding *f, struct words *w);
bool black_hole_verdict(const struct conn *c, const struct findings *all, struct words *w);

#endif
