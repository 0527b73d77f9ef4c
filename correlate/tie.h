/*
 * Full proxies without a word from the device (ALGORITHMS 1.8): connections of which one side of the path sees one and the other side another, tied by
 * what a proxy passes on. A tie is claimed only where nothing else fits, and packets prove that the one was not passed on as the other; connections that
 * begin alike at the same time stay apart. db: to look at these packets, NULL: they are not looked at.
 */
#ifndef CORRELATE_TIE_H
#define CORRELATE_TIE_H

#include "correlate/facts.h"

/*
 * Which connection goes on as which, before the path and the clocks are known: by content, and by time stamps taken as recorded. *ties gets those
 * that are certain, in an order that does not depend on the order of import; the caller frees it. 0, or -1: out of memory.
 */
int tie_by_content(const struct facts *f, struct db *db, struct tied **ties, uint32_t *n, struct err *e);

/*
 * Once connections are numbered (join_order) and the path and clocks are known: fill conn_ref.proxy and facts.tied. Ends that are known already
 * (proxy.h) stay what they are.
 */
int tie_find(struct facts *f, struct db *db, struct err *e);

#endif
