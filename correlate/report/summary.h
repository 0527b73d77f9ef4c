/* The parts of the summary that have a file of their own. */
#ifndef CORRELATE_REPORT_SUMMARY_H
#define CORRELATE_REPORT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "correlate/report/style.h"
#include "schema/db.h"

/* Width of the words on the left. */
#define SUMMARY_LABEL 10

/* A line about one point: the word on the left (or ""), the name, and text that hangs beside it. */
void summary_point(const struct style *s, const char *word, const char *name, int name_w, enum tint t, const char *text);

/* Columns of the widest name of a point, within reason. */
int summary_name_width(struct db *db, const struct style *s, int *width, struct err *e);

#define SUMMARY_COUNTS 6
#define SUMMARY_DELAYS 6

/* What happened on one hop, in one order of travel. */
struct summary_hop {
	char name[160];                 /* "client → server", clean */
	char from[128], to[128];        /* as the case spells them */
	int64_t count[SUMMARY_COUNTS];  /* packets, dropped, generated, not captured, undecided, repeated */
	char delay[SUMMARY_DELAYS][24]; /* min, median, p99, what clocks leave open, varies, there and back; empty: not known */
};

/* All hops, in the order of the path. The caller frees the list. more: there are so many that some are left out. */
int summary_hop_list(struct db *db, const struct style *s, struct summary_hop **list, size_t *n, bool *more, struct err *e);

int summary_clocks(struct db *db, const struct style *s, struct err *e);
/* The same of one point, for a sentence that names it; of several pieces the first. "": nothing is known. */
int summary_clock(struct db *db, const struct style *s, int64_t point_id, char *text, size_t size, struct err *e);
/* What devices do to connections on each hop: translations, and habits (v_habit). */
int summary_changes(struct db *db, const struct style *s, struct err *e);
/* The captures of every point: frames, times, what they miss, damage. */
int summary_captures(struct db *db, const struct style *s, struct err *e);
int summary_hops(struct db *db, const struct style *s, struct err *e);

#endif
