/* The order of the points from client to server (ALGORITHMS 6), from what does not depend on clocks: round trips, then TTL. */
#ifndef CORRELATE_PATH_H
#define CORRELATE_PATH_H

#include "correlate/facts.h"

/* What is known of two points, i before j in facts.point. */
struct path_pair {
	uint64_t wider, narrower;       /* exchanges (a packet there, one back) that took longer at i than at j, and the other way round */
	uint64_t ttl_before, ttl_behind;        /* flows whose TTLs say that i is nearer to the client, or farther */
	uint64_t seen_before, seen_behind;      /* packets with the earlier time stamp on the client's side at i, or at j: worth something on equal clocks */
};

/*
 * Set position, how and aside of every point, sort f->point by position (those aside last), and renumber what refers to points. pair[i * f->points + j], i < j.
 * Points that cannot be told apart stand in order of their names, and how says so.
 */
int path_infer(struct facts *f, const struct path_pair *pair, struct err *e);

/*
 * From here on f->points are those on the path, without those that are aside: left out of --path, or between others and with both sides of a
 * device in them. At the ends of the path such points stay: there is no other to take their place.
 */
void path_leave(struct facts *f);

#endif
