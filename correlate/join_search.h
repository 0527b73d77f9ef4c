/*
 * Joining by likeness: what was united so far (nodes), which of these may be one (pairs), and what is known of the best of these (edges).
 */
#ifndef CORRELATE_JOIN_SEARCH_H
#define CORRELATE_JOIN_SEARCH_H

#include "correlate/join_private.h"
#include "correlate/likeness.h"
#include "correlate/onset.h"

#define ONSETS 1024             /* kept in memory */

/* What is united so far, and lacks a point or more. */
struct node {
	uint32_t flow;          /* the one that tells most */
	uint32_t member, members;       /* range of search.member: all of its flows */
	uint64_t points;
	bool wanted;            /* is a candidate for something */
};

struct edge {
	uint32_t x, y;          /* nodes, x < y */
	uint32_t fx, fy;        /* of these, the two flows that are most alike */
	float bits;
	float loose;            /* of these: from times and IP IDs, which are those of neighbours in a crowd as well */
	uint16_t families, evidence;
	bool passed_on;         /* numbers or packets prove that one is the other (not that a proxy wrote it anew), ... */
	bool by_stamps;         /* ... but nothing of it except that TSvals are the same */
};

/* Two nodes that may be one. */
struct pair {
	uint32_t x, y;          /* nodes, x < y */
	float bits;             /* NAN: not compared yet */
};

/* A flow under a key that others may share. */
struct entry {
	uint64_t key;
	uint32_t node, flow;    /* one of the node's */
};

struct member {
	uint32_t root, flow;
};

struct search {
	struct joiner *j;
	struct likeness like;
	struct member *member;          /* all flows, by what they are united with */
	bool *weak;                     /* flows whose group is only likely one with another */
	struct node *node;
	uint32_t nodes;
	uint32_t nodes_at[POINTS_MAX];
	struct entry *entry;
	uint32_t entries, entry_room;
	struct pair *pair;
	uint32_t pairs, pair_room;
	struct edge *edge;
	uint32_t edges;
	struct loader loader;
	struct conn room;
	struct onset *onset;            /* a cache: that of flow n may be at n % ONSETS */
	uint32_t *held;                 /* whose it is, + 1 */
	struct multiset refuted;        /* pairs of points, of flows with the same TSvals that cannot be one connection */
	struct err *e;
};

/* The flow that stands for a node. */
static inline const struct flow *search_flow(const struct search *s, uint32_t node)
{
	return &s->j->f->flow[s->node[node].flow];
}

/* In order of point and time, then by what they are: never by where they happen to lie in memory. */
int search_order(const struct flow *x, const struct flow *y);

/* The beginning of a flow; NULL: error. Valid until the next call. */
const struct onset *search_onset(struct search *s, uint32_t flow);

/* Find the nodes that lack a point. Returns whether there may be something to join. */
bool search_nodes(struct search *s);

/* Once there is something to compare by (search.like): fill search.edge with the best pairs of every node. 0, or -1 on error. */
int search_edges(struct search *s);

/* A node's ends of edges, best first. Each edge is there twice. */
struct side {
	uint32_t node, at;      /* at: index of the pair or edge */
	float bits;
};
int search_by_side(const void *a, const void *b);

#endif
