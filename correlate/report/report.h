/* From the views of a case to what people and programs read. */
#ifndef CORRELATE_REPORT_REPORT_H
#define CORRELATE_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "correlate/report/style.h"
#include "schema/db.h"
#include "schema/err.h"

/* Which connections. All zero: all of them. Strings are the caller's. */
struct filter {
	const char *kind, *what;        /* has such a finding */
	const char *point;              /* was seen there, or has a finding there */
	const char *from, *to;          /* has a finding between these neighbours, either way */
	const char *host;               /* client or server address at any point */
	int port;                       /* client or server port at any point; 0: any */
	bool failed;                    /* did not do what it was opened for */
	bool unclean;                   /* is not clean: severity above 0 */
	bool all;                       /* text: fold nothing */
	bool telling;                   /* ladders: only connections with findings, the most telling first */
	size_t limit;                   /* ladders: at most so many; 0: no limit */
	const int64_t *id;              /* ladders: only these, in this order */
	size_t ids;
};

struct contrast;

/* One per format; commands never ask which. */
struct report {
	const char *name;
	int (*summary)(struct db *db, const struct style *s, struct err *e);
	int (*list)(struct db *db, const struct style *s, const struct filter *f, struct err *e);
	int (*ladders)(struct db *db, const struct style *s, const struct filter *f, struct err *e);
	/* What sets the groups of a contrast apart; chosen: they are the user's, not failing and established connections. */
	int (*compare)(struct db *db, const struct style *s, const struct contrast *x, bool chosen, struct err *e);
	int (*rows)(struct db *db, const struct style *s, sqlite3_stmt *st, struct err *e);
	const char *between;            /* two results of rows */
	/* What `run` prints: text: summary, list, and ladders of the ten most telling connections; else what list prints. */
	int (*run)(struct db *db, const struct style *s, struct err *e);
};

/* NULL: there is no such format. The first is the default. */
const struct report *report_find(const char *name);

/* As text. */
int report_summary(struct db *db, const struct style *s, struct err *e);
int report_list(struct db *db, const struct style *s, const struct filter *f, struct err *e);
int report_ladders(struct db *db, const struct style *s, const struct filter *f, struct err *e);
int report_compare(struct db *db, const struct style *s, const struct contrast *x, bool chosen, struct err *e);
int report_run(struct db *db, const struct style *s, struct err *e);

/* 1: every connection that passes the filter is clean (severity below 2), 0: one is not, -1: failed. For --exit-code. */
int report_is_clean(struct db *db, const struct filter *f, struct err *e);

#endif
