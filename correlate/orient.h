/*
 * Which way round a connection runs: with the path, or against it. Hosts at both ends of it open connections (monitoring, replication, active FTP): what
 * goes from client to server along the path for the one goes against it for the other. The points' order and clocks are found from what travels along
 * the path, whoever is the client.
 */
#ifndef CORRELATE_ORIENT_H
#define CORRELATE_ORIENT_H

#include "correlate/facts.h"
#include "correlate/multiset.h"

struct orient {
	struct facts *f;
	uint32_t points;
	int64_t *sum;           /* [i * points + j], i < j: connections that have i nearer to the client, minus those that have j */
	int64_t *ttl;           /* as sum: where TTLs are higher, of the client's packets, of connections that run along the path. Devices may set them */
	struct multiset sides;  /* addresses, by the side of the path that they are on */
	bool *voted;            /* of every connection: its packets told */
	uint64_t normal, reversed;
	bool given;             /* the order of the points */
	bool nomem;
};

/* f->points are the points at hand; where the path is given, they are in its order. */
int orient_open(struct orient *o, struct facts *f, struct err *e);
void orient_close(struct orient *o);

/*
 * What the packets of a connection say: votes[i * points + j], i < j: above zero if i is nearer to the client, below if j is.
 * Sets conn_ref.reversed, as far as it can be told yet.
 */
void orient_vote(struct orient *o, uint32_t conn, const int32_t *votes);

/* All that voted have: are more reversed than not, or as many and the first of all? Then it is the others that are, and this has turned them all. */
bool orient_turn(struct orient *o);

/*
 * Set conn_ref.reversed of those that did not vote, by their TTLs against those of the others, then by the
 * sides that their hosts are on.
 */
void orient_rest(struct orient *o);

#endif
