/* Full proxies: connections that a device ends, and the connections of its own in which it goes on. */
#ifndef CORRELATE_PROXY_H
#define CORRELATE_PROXY_H

#include "correlate/facts.h"

/* Note in f->flow which flows a BIG-IP's trailers name as the two sides of one connection (view f5_pair). Before they are joined. */
int proxy_link(struct facts *f, struct db *db, struct err *e);

/*
 * Find the connections that a BIG-IP ends or opens, by what its trailers say, and note it in f->conn: what lies beyond the point where
 * it does is no part of their way. Once connections are numbered (join_order).
 */
int proxy_find(struct facts *f, struct db *db, struct err *e);

#endif
