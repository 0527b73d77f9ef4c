/* The connections on the other side of a full proxy, for list and diff. */
#ifndef CORRELATE_REPORT_PEERS_H
#define CORRELATE_REPORT_PEERS_H

#include "correlate/report/style.h"
#include "schema/db.h"

/*
 * A line for each peer of connection id: "goes on as #12 10.2.0.1:39946 -> 10.2.0.20:8080, tied by PROXY header". label_width as in text_para. *st is
 * NULL at first and serves the calls after; the caller finalizes it.
 */
int report_peers(struct db *db, sqlite3_stmt **st, const struct style *s, int64_t id, int indent, int label_width, struct err *e);

#endif
