/*
 * The two directions of one connection, in tunnels with numbers of their own: GTP-U TEIDs (3GPP TS 29.281 5.1), L2TPv3 sessions (RFC 3931 4.1),
 * MPLS labels (RFC 3031 2.1), a VNI or mirror session per direction, a tunnel one way only (direct server return). Tunnel numbers keep the same
 * addresses in different networks apart, so halves are put together only where their numbers prove it, and no other half would do.
 */
#ifndef CORRELATE_HALVES_H
#define CORRELATE_HALVES_H

#include "correlate/facts.h"

#define NO_HALF UINT32_MAX

/* A row of select_parts.sql. side 0: a, 1: b. */
struct row {
	int64_t id, capture, point_id, addr[2], tunnel, first_ns, min_ns, max_ns, packets, bytes, side_packets[2];
	uint64_t mac[2];        /* source of the first packet from a, b; 0: none */
	uint16_t port[2];
	int client;             /* 0: a, 1: b, -1: not known */
	bool has_isn[2], has_tsval, has_seq[2];
	uint32_t isn[2], tsval, seq_min[2], seq_max[2], flags;
	uint8_t ttl[2];
	bool has_said[2];
	int64_t said_ns[2];
	uint32_t seq0[2], ts0[2];
	struct opening opening;
	struct speaks_for speaks_for;
};

/* A flow being put together. */
struct open_flow {
	struct row sum;
	struct part_ref *part;
	uint32_t parts, room;
	uint32_t half;          /* the flow that is its other half, NO_HALF: none (halves_find) */
};

/* Among n flows of one point between the same addresses and ports: set `half` of all. Looks at packets of those that may be halves. */
int halves_find(struct db *db, struct open_flow *flow, uint32_t n, struct err *e);

#endif
