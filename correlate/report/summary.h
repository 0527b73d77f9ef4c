/* The parts of the summary that have a file of their own. */
#ifndef CORRELATE_REPORT_SUMMARY_H
#define CORRELATE_REPORT_SUMMARY_H

#include "correlate/report/style.h"
#include "schema/db.h"

/* Width of the words on the left. */
#define SUMMARY_LABEL 10

/* A line about one point: the word on the left (or ""), the name, and text that hangs beside it. */
void summary_point(const struct style *s, const char *word, const char *name, int name_w, enum tint t, const char *text);

/* Columns of the widest name of a point, within reason. */
int summary_name_width(struct db *db, const struct style *s, int *width, struct err *e);

int summary_clocks(struct db *db, const struct style *s, struct err *e);
/* The same of one point, for a sentence that names it; of several pieces the first. "": nothing is known. */
int summary_clock(struct db *db, const struct style *s, int64_t point_id, char *text, size_t size, struct err *e);
/* What devices do to connections on each hop: translations, and habits (v_habit). */
int summary_changes(struct db *db, const struct style *s, struct err *e);
int summary_hops(struct db *db, const struct style *s, struct err *e);

#endif
