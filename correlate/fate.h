/*
 * Dropped, made on the way, or only not recorded? (ALGORITHMS 4 and 5.) First what is proved, then odds: how much more likely is a drop (or a
 * packet made by a device) than a miss of the capture - from what this capture is known to miss, and from how both ends went on.
 */
#ifndef CORRELATE_FATE_H
#define CORRELATE_FATE_H

#include "correlate/odds.h"
#include "correlate/proof.h"

#define FATE_ONE_WAY 3          /* packets of one direction of a connection: no capture misses all of these, and none of the other direction's */
#define FATE_ANSWER_NS 1000000000 /* by then a host has answered what it will answer */
#define FATE_MISS_RUNNING 1e-3  /* of a capture that is known to have run, and not to have lost anything */

/* First pass: count what this connection tells about captures and hops into facts. */
void fate_learn(const struct proof *t, struct facts *f);

/* After the first pass: what captures of one case say of one another. */
void fate_learned(struct facts *f);

/* Second pass: fill fate_*, odds_*, reasons_* and reach of every transmission. */
void fate_judge(struct proof *t);

/* Is there anything to judge? false: every transmission was recorded at every point of its way. */
bool fate_differs(const struct conn *c);

/* Was point p capturing when something with the aligned time t came by? */
bool fate_window(const struct facts *f, unsigned point, int64_t t);

/*
 * ... when transmission x did, at the latest or at the earliest that hops are known to take? It was if the same captures recorded x as of another point:
 * what they are split into runs together.
 */
bool fate_ran(const struct conn *c, uint32_t x, unsigned point);

/* Did the captures of the point record x, as of another point? */
bool fate_recorded_beside(const struct conn *c, uint32_t x, unsigned point);

/* Part of the packets that passed the point that its capture misses: an estimate that is never 0. */
double fate_miss(const struct point *p);

/* ... of those behind one that it missed: as often as it is known to have missed two in a row, if it is known to have missed any (Laplace's rule). */
double fate_miss_again(const struct point *p);

/*
 * ... that its capture misses of one connection: of one that the point holds nothing of, all, as often as others that passed it. Never less than
 * fate_miss.
 */
double fate_miss_of(const struct conn *c, unsigned point);

/* Does the point hold nothing of the connection, although all of it must have passed there? */
bool fate_unseen(const struct proof *t, unsigned point);

/* The TTL with which packets of the sender of direction dir arrive at a point, 0: not known. */
uint8_t fate_ttl(const struct conn *c, unsigned point, unsigned dir);

#endif
