/* What compare prints for programs. */
#ifndef CORRELATE_REPORT_ROWS_COMPARE_H
#define CORRELATE_REPORT_ROWS_COMPARE_H

#include "correlate/report/report.h"

int rows_compare_json(struct db *db, const struct style *s, const struct contrast *x, bool chosen, struct err *e);
int rows_compare_csv(struct db *db, const struct style *s, const struct contrast *x, bool chosen, struct err *e);

#endif
