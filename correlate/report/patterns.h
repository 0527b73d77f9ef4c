/* What connections with the same trouble have in common (v_pattern), for people. */
#ifndef CORRELATE_REPORT_PATTERNS_H
#define CORRELATE_REPORT_PATTERNS_H

#include "correlate/report/style.h"
#include "schema/db.h"

/* Those between two points, in that order of travel, indented; the most telling, and how many more there are. */
int patterns_hop(struct db *db, const struct style *s, const char *from, const char *to, int indent, struct err *e);

/* Those at single points, beside the word "patterns"; and a blank line. */
int patterns_points(struct db *db, const struct style *s, int label_width, struct err *e);

/* Those that a connection belongs to. */
int patterns_connection(struct db *db, const struct style *s, int64_t connection, int label_width, struct err *e);

#endif
