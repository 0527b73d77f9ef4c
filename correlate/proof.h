/*
 * What the packets of a connection prove about each other: sequence numbers unwrapped, repeats, and for every point when the other side
 * acknowledged or echoed what - so that "did it arrive, although it was not recorded?" is a binary search.
 */
#ifndef CORRELATE_PROOF_H
#define CORRELATE_PROOF_H

#include "correlate/ranges.h"
#include "correlate/repeats.h"
#include "correlate/tally.h"

/* At time t (on the point's clock) the highest value so far became v. */
struct mark {
	int64_t t, v;
};

struct marks {
	struct mark *mark;
	uint32_t n, room;
};

/* The same, where packets say it themselves: indices into conn.pkt. */
struct steps {
	uint32_t *pkt;
	uint32_t n, room;
};

struct proof {
	struct conn *c;
	/* Per point and direction of the data that they are about. */
	struct steps acked[POINTS_MAX][2];      /* byte up to which the far end has acknowledged (tx.ack), as seen here */
	struct marks echoed[POINTS_MAX][2];     /* TSval that the far end has echoed, as seen here */
	struct steps sent[POINTS_MAX][2];       /* end of the data that passed here */
	struct steps sacks[POINTS_MAX][2];      /* ACKs with SACK blocks */
	int64_t low[2], high[2];                /* unwrapped range of each direction */
	bool begun[2], known[2];                /* known: by the handshake, not by what came first */
	struct ranges ranges;                   /* scratch */
	struct repeats repeats;
	struct tally tally;                     /* valid once proof_tally has run */
};

void proof_init(struct proof *t);
void proof_free(struct proof *t);

/*
 * Look at a matched connection. Fills tx.repeat, probe, stray, stray_ack, other_ack, off, end, ack, repeats, repeated_by; matches what was cut otherwise by ranges of bytes
 * (ranges_match), which may add transmissions.
 */
int proof_build(struct proof *t, struct conn *c, struct err *e);

/* Add everything up (struct tally), after proof_build. Only connections in which something differs need it. */
void proof_tally(struct proof *t);

/*
 * Is it proved that transmission x passed the i-th point of its way, by something other than a record of it there? Seen before and behind, as such or
 * in other packets;
 * acknowledged (RFC 9293 3.4), selectively (RFC 2018) or echoed (RFC 7323 4) by a packet that came by the point from beyond, before any other
 * copy of the same bytes did. How it is proved is said in *reason (enum reason), if not NULL.
 */
bool proof_passed(const struct proof *t, uint32_t x, unsigned i, reason_set *reason);

/*
 * Is it proved that the host, not a device, sent x, although the i-th point of its way (before the first that saw it) did not record it?
 * The host went on behind its bytes; or its IP ID closes a gap in the host's own sequence.
 */
bool proof_sent_by_host(const struct proof *t, uint32_t x, unsigned i, reason_set *reason);

/* Time on point's clock when `byte` of direction dir was first seen acknowledged there; INT64_MAX: never. */
int64_t proof_acked_at(const struct proof *t, unsigned point, unsigned dir, int64_t byte);

#endif
