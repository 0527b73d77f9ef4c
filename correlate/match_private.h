/* What the files of matching share (match.h): match.c goes from point to point, match_fit.c tells what may be the same, match_align.c which of equals. */
#ifndef CORRELATE_MATCH_PRIVATE_H
#define CORRELATE_MATCH_PRIVATE_H

#include "correlate/match.h"

#define BLIND 4                 /* the level that does without sequence numbers */
#define TORN 5                  /* behind all levels: datagrams that lost a fragment, whose length is not known */
#define DAMAGED 6               /* ... and packets of which a field was changed on the way by accident */

/* What is still alone. Those with one key hang together: at the first of them, in any order. */
struct alone {
	uint64_t key;
	uint32_t index;         /* of a transmission; behind the first matcher.befores, of a packet */
	uint32_t next;          /* NOTHING: the last one of its key */
};

/* One of a class of equal ones. */
struct entry {
	int64_t t;
	uint32_t index;         /* of a packet or a transmission */
};

struct matcher {
	struct conn *c;
	unsigned dir, at;       /* position on the way */
	unsigned point;
	int level;
	bool torn;              /* some point has part of a datagram */
	bool copies;            /* there are copies */
	bool damaged;           /* there are damaged packets */
	unsigned kept_from;     /* position from which on IP IDs of this connection came through to this point; `at`: from none */
	uint32_t kept[POINTS_MAX];      /* by position: how many came through from there */
	uint32_t with_id;       /* packets of the point that have one */
	uint32_t tx_from;       /* first transmission of this direction */
	struct alone *alone;
	uint32_t alones, befores;       /* those before are transmissions */
	uint32_t *table;        /* the first one of a key + 1, 0: none */
	uint32_t mask;
	struct entry *entry[2]; /* of a class: transmissions, packets */
	uint32_t room[2];
	double *cost;           /* dynamic programming */
	size_t cost_room;
	struct err *e;
};

/* The sighting of a transmission that is nearest to where the matcher stands. */
const struct pkt *match_latest(const struct matcher *m, uint32_t tx);

/* The packet, at the point where the matcher stands, is this transmission. fuzzy: or another one that is equal; single: no other has its key. */
void match_pair(struct matcher *m, uint32_t tx, uint32_t pkt, bool fuzzy, bool single);

/* Of what is equal for a level: at level 0 everything but addresses, TTL and ECN, then less and less. */
uint64_t match_key(const struct conn *c, const struct pkt *p, int level);

/* Can b, where the matcher stands, be what a was before, by all that is not in the key? */
bool match_possible(const struct matcher *m, const struct pkt *a, const struct pkt *b);
/* ... by the clocks alone, by the IP ID alone */
bool match_in_time(const struct matcher *m, const struct pkt *a, const struct pkt *b);
bool match_other_id(const struct matcher *m, const struct pkt *a, const struct pkt *b);

/* How long packets take from where a was seen to here, and by how much that varies, ns. */
void match_typical(const struct matcher *m, const struct pkt *a, double *delay, double *jitter);

/* Pair what belongs together of a class of equal ones: t[0..n) are transmissions, p[0..k) packets, both in order of time. 0, or -1. */
int match_align(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k);

/* Put transmissions in order of time. spare: room for two times as many numbers. */
void match_order(struct conn *c, uint32_t *spare);

#endif
