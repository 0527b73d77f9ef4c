/*
 * How a server answers when all goes well: what its SYN-ACKs and other packets look like at each point, and how soon they come. Learned from all
 * connections (first pass), so that an answer in one that failed can be held against it (ALGORITHMS 5.2). Memory: a fixed size per server and
 * point that answered.
 */
#ifndef CORRELATE_SIBLINGS_H
#define CORRELATE_SIBLINGS_H

#include "correlate/conn.h"

#define SIBLING_TIMES 32

struct siblings;

/* What most have (Boyer and Moore's majority vote). */
struct vote {
	uint64_t value;
	uint32_t votes, lead, agree;    /* agree: for the value since it leads */
};

void vote_add(struct vote *v, uint64_t value);

/* Is there a value that nine of ten at least have, of three votes or more? */
bool vote_won(const struct vote *v, uint64_t *value);

struct sibling {
	int64_t addr;           /* row id */
	uint32_t point;
	uint16_t port;
	uint32_t answered;      /* connections whose SYN-ACK the client took up */
	uint32_t offered, stamped;      /* of these, with timestamps in the SYN; in the SYN-ACK as well */
	struct vote ttl, window, mac;   /* of SYN-ACKs; mac: source address, of those that have one */
	struct vote offer, layout;      /* kinds and order of the options of SYN and SYN-ACK (options_layout) */
	uint32_t plain, no_id, df;      /* the server's packets without SYN and RST (the first of each connection): all; with IP ID 0; with DF */
	uint32_t times;         /* SYNs sent once and answered, as far as both were recorded here */
	int64_t least_ns;       /* the shortest time that one took */
	uint32_t kept;
	struct {
		uint64_t key;   /* which of them are kept does not depend on anything but the connections */
		int64_t ns;
	} time[SIBLING_TIMES];
};

struct siblings *siblings_new(void);
void siblings_free(struct siblings *s);

/* Add what a connection (matched) shows. -1: out of memory. */
int siblings_learn(struct siblings *s, const struct conn *c, struct err *e);

/* The connections to the server of c, as a point saw them; NULL: none was answered there. */
const struct sibling *siblings_of(const struct conn *c, unsigned point);

/* Of the times from SYN to SYN-ACK that are kept, the one that per_mille lie below; 0: fewer than five are known. */
int64_t sibling_time(const struct sibling *s, unsigned per_mille);

/* Kinds and order of a packet's options as one number; what they say is not in it. */
uint64_t options_layout(const struct conn *c, const struct pkt *p);

#endif
