/* Rows of a statement as a table for people, as JSON (one object a line) or as CSV (RFC 4180). */
#ifndef CORRELATE_REPORT_OUT_H
#define CORRELATE_REPORT_OUT_H

#include <stdbool.h>

#include "correlate/report/style.h"
#include "schema/db.h"

/*
 * Step st to its end and print what it gives. Not finalized. NULL is empty in text and CSV. A column named "NAME JSON" holds JSON: out_json
 * nests it under NAME.
 */
int out_table(struct db *db, const struct style *s, sqlite3_stmt *st, struct err *e);
int out_json(struct db *db, const struct style *s, sqlite3_stmt *st, struct err *e);
int out_csv(struct db *db, const struct style *s, sqlite3_stmt *st, struct err *e);

/* One JSON string with its quotes, one CSV field. text is not trusted to be UTF-8. */
void out_json_string(FILE *out, const char *text, int len);
void out_csv_field(FILE *out, const char *text, int len);

#endif
