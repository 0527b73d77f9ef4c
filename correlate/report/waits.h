/* Who connections wait for, in words: of one connection, and of the case (v_timing, v_server_time, v_round_trip). */
#ifndef CORRELATE_REPORT_WAITS_H
#define CORRELATE_REPORT_WAITS_H

#include "correlate/report/style.h"
#include "schema/db.h"

/*
 * "handshake 40.2 ms, first byte 83 ms (network 41 ms, behind fw-in 42 ms), client 1.2 s, total 1.4 s" of a connection beside label; nothing is printed
 * if handshake and answers together took less than least_ns, or neither is known. *st is NULL at first and serves the calls after; the caller
 * finalizes it.
 */
int waits_line(struct db *db, sqlite3_stmt **st, const struct style *s, int64_t connection, int64_t least_ns, int indent, const char *label,
    int label_width, struct err *e);

/* What takes the most in how many connections, and how long network and servers take. */
int waits_summary(struct db *db, const struct style *s, struct err *e);

#endif
