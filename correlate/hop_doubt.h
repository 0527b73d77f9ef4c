/*
 * What makes it doubtful that a packet which one of two neighbouring points does not hold was lost, or made, between them: what the capture may not see, or
 * what may have gone by under another name.
 */
#ifndef CORRELATE_HOP_DOUBT_H
#define CORRELATE_HOP_DOUBT_H

#include "correlate/proof.h"

#define BURST_NS 100000000      /* captures lose packets in bursts of this length */
#define LOOK_AHEAD 256          /* transmissions that are searched for a consequence */

/* Of the hop between two neighbours, in a direction of the path. */
const struct hop_stats *hop_stats_of(const struct facts *f, unsigned a, unsigned b, unsigned dir);

/* What the capture misses: of all it could have recorded, or of this connection, whichever is more. Losses come in bursts. */
double hop_miss(const struct proof *t, uint32_t x, unsigned point);

/* Where whole connections go by unseen, a connection that is missing there is one miss, however many of its packets are. */
bool hop_missing_whole(const struct conn *c, unsigned point);

/* Was r, in the other direction, never seen at the point, not even in part or in other packets, but nearer to x's sender? */
bool hop_missing_at(const struct conn *c, uint32_t r, unsigned point);

/* Has the point seen anything of this connection, or of others with the same server, in this direction? */
bool hop_sees_kin(const struct conn *c, unsigned point, unsigned dir);

/*
 * Would the capture show x if it came by? A small snaplen cuts frames off before the TCP header (longest in ICMP errors, which quote one), and the
 * usual filters let no ICMP through: then its absence says nothing. Packets of the connection, or of others with its server, show that theirs fit.
 */
bool hop_reads(const struct conn *c, const struct tx *x, unsigned point);

/* Is r an answer that refuses x: a RST with the numbers that it asks for, or an ICMP error that quotes it? */
bool hop_refuses(const struct tx *r, const struct tx *x);

/* Did an answer that refuses x (a RST with the numbers that it asks for, an ICMP error that quotes it) come back without having passed the point? */
bool hop_refused(const struct conn *c, uint32_t x, unsigned point);

/*
 * Two neighbours that both recorded packets and have not one in common: either nothing passes between them, or what passes cannot be recognised.
 * Then nothing is said of single packets.
 */
bool hop_strangers(const struct facts *f, unsigned a, unsigned b);

/*
 * Do two neighbours both hold packets of a direction, and not one in common? Then they are flows of two connections that were taken for one, or of one
 * whose packets a device changed beyond recognition: what is missing of either is no news.
 */
bool hop_nothing_shared(const struct proof *t, unsigned near, unsigned far, unsigned dir);

/*
 * Does a hop between the i-th and the k-th point of a way (i <= k) have packets of the direction on both sides, and not one in common? Then what one side
 * holds proves nothing about packets of the other: they may be flows of two connections. Once proof_tally has run.
 */
bool hop_severed(const struct proof *t, unsigned dir, unsigned i, unsigned k);

/*
 * Numbers of two kinds in one flow: what is of one of them has no business at points that only see the other. And of numbers that a device moved by nobody
 * knows how much, none is like any other.
 */
bool hop_two_numberings(const struct conn *c, unsigned a, unsigned b);

/* Is it not known which of two points that both recorded packets is nearer to the client? What is lost one way round is made the other way round. */
bool hop_unordered(const struct facts *f, unsigned a, unsigned b);

/* A flow that fits several beyond is one of them: that none was taken for it says nothing of its packets. */
bool hop_ambiguous(const struct conn *c, unsigned near, unsigned far);

/*
 * May a connection that the far side does not know be one that it knows under other names? Any connection there, or beyond, that some neighbour does not
 * know, and that begins at the time, may be it; if the client's address is known to pass as it is, any of this client's.
 */
bool hop_translated(const struct proof *t, unsigned from, unsigned to);

/* Is transmission i at the one point, and not at the other? */
bool hop_here_not_there(const struct conn *c, uint32_t i, unsigned near, unsigned far);

/* Does a further point's silence count? It does if it holds others of the connection, or if the nearer one knows nothing of the connection either. */
bool hop_sees_way(const struct proof *t, unsigned point, unsigned nearer, unsigned dir);

/*
 * Does the far point lack ordinary packets of both directions at once, that the near one has? A capture that pauses misses what comes from either
 * side; a device that drops what goes one way and speaks for the host the other way does so for good, or with resets.
 */
bool hop_both_ways(const struct conn *c, uint32_t x, unsigned near, unsigned far);

/* Is what passed a point at an aligned time perhaps filed there under the connection before, which lasts until then? */
bool hop_before_lasts(const struct conn *c, int64_t t, unsigned point);

/*
 * May reset x be one of the next connection on the same ports? A host answers old numbers with a reset that carries them (RFC 9293 3.10.7.3); where a
 * capture missed the SYN between, nothing tells whose it is.
 */
bool hop_of_next(const struct conn *c, uint32_t x);

/* ... or of the one before, as which a point may have it? */
bool hop_of_neighbour(const struct conn *c, uint32_t x, unsigned point);

/*
 * Have the same addresses and ports been used again before x came by? Where captures missed the SYNs of that, its packets were filed under this connection,
 * and what is said of x may be about them.
 */
bool hop_after_next(const struct conn *c, uint32_t x);

#endif
