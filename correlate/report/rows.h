/* What list, diff and run print for programs: JSON and CSV rows. */
#ifndef CORRELATE_REPORT_ROWS_H
#define CORRELATE_REPORT_ROWS_H

#include "correlate/report/report.h"

int rows_summary_json(struct db *db, const struct style *s, struct err *e);
int rows_summary_csv(struct db *db, const struct style *s, struct err *e);
int rows_list_json(struct db *db, const struct style *s, const struct filter *f, struct err *e);
int rows_list_csv(struct db *db, const struct style *s, const struct filter *f, struct err *e);
int rows_ladders_json(struct db *db, const struct style *s, const struct filter *f, struct err *e);
int rows_ladders_csv(struct db *db, const struct style *s, const struct filter *f, struct err *e);

#endif
