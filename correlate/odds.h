/*
 * How much more likely a drop (or a packet made on the way) is than a miss of the capture: log10 of the odds, from the miss rate of the capture,
 * the loss rate of the hop, and from how both ends went on. Every piece of evidence leaves its mark in a set of reasons.
 */
#ifndef CORRELATE_ODDS_H
#define CORRELATE_ODDS_H

#include <math.h>

#include "correlate/proof.h"

#define ODDS_CERTAIN 4.0        /* the other explanation is 10 000 times less likely */
#define ODDS_UNSURE 3.9         /* the most that something may reach which must not become certain */
#define ODDS_LIKELY 2.0
#define ODDS_POSSIBLE 1.5       /* the most that something may reach which must not become a claim */

/* Transmission x was lost between the from-th and the to-th point of its way. */
double odds_dropped(const struct proof *t, uint32_t x, unsigned from, unsigned to, reason_set *why);

/* Transmission x was made between the first point that saw it and the one before. */
double odds_made(const struct proof *t, uint32_t x, reason_set *why);

static inline double log_inverse(double p)
{
	return -log10(p);
}

#endif
