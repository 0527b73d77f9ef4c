/* Where times of different points cannot be compared well, and why: lines for list and diff. */
#ifndef CORRELATE_REPORT_DOUBTS_H
#define CORRELATE_REPORT_DOUBTS_H

#include "correlate/report/style.h"
#include "schema/db.h"

/* Of all points; nothing is printed where there is no doubt. 0, or -1. */
int doubts_of_case(struct db *db, const struct style *s, struct err *e);

/* Of the points that saw a connection, while they did. */
int doubts_of_connection(struct db *db, const struct style *s, int64_t id, int label_width, struct err *e);

#endif
