/* One connection as data that report.js draws: its ladder, what is said around it, and by what it is found. */
#ifndef CORRELATE_REPORT_HTML_LADDER_H
#define CORRELATE_REPORT_HTML_LADDER_H

#include "correlate/report/phrases.h"
#include "correlate/report/presence.h"
#include "correlate/report/trace.h"

/*
 * Print it as a JSON array:
 *   [id, duration in us, digits behind the point, columns, rows, facts, findings, tags]
 *   column   [point, client, server, capture]         places of phrases; client 0: it never saw the connection
 *   row      [t, bits, label, note, detail, at, hops, changes]; t in units of the last digit, since the beginning; bits: 1 server to client, 2 weight 1,
 *            4 weight 2; at: per column [t since the row's, frame] or [.., .., capture] where it was recorded, else enum meeting (0 for AWAY); hops: in order of
 *            travel, what it took there, or [that, enum ladder_mark]; changes: hop, text, hop, text ...
 *            or a fold [packets, what is wrong with them]
 *   fact, finding   text: a letter for enum tint ('a': none), '>' if it belongs to what is before it, a label, U+001F, what it says
 *   tags     kind, place, kind, place ... : what it is found by
 * Texts are references to phrases. s must be UTF-8 and without colour.
 */
int html_ladder(const struct trace *t, struct db *db, const struct style *s, const struct presence *presence, struct phrases *p, FILE *out, struct err *e);

#endif
