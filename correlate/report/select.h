/* Which connections a report is about. */
#ifndef CORRELATE_REPORT_SELECT_H
#define CORRELATE_REPORT_SELECT_H

#include <stddef.h>
#include <stdint.h>

#include "correlate/report/report.h"

struct ids {
	int64_t *id;
	uint32_t n, room;
};

int ids_add(struct ids *ids, int64_t id, struct err *e);

/* Take connections as they are named on the command line: 632, #632. */
int ids_take(struct ids *ids, char **argv, int argc, struct err *e);
void ids_free(struct ids *ids);

/* As a JSON array, for statements that take :ids. NULL: out of memory. The caller frees it. */
char *ids_json(const struct ids *ids, struct err *e);

/*
 * The connections that pass, worst first, or those named, as named. A name that the case does not know is an error.
 * Makes the temporary view report_confidence, too, which says how sure their verdicts are.
 */
int select_connections(struct db *db, const struct filter *f, struct ids *ids, struct err *e);

/* --kind and --what are words of the program, so that a wrong one is known without a case. */
int select_check_words(const struct filter *f, struct err *e);

/* Bind by name; a parameter that the statement does not have is left alone. NULL text and 0 numbers bind NULL. */
void bind_text(sqlite3_stmt *st, const char *name, const char *text);
void bind_int(sqlite3_stmt *st, const char *name, int64_t n);

#endif
