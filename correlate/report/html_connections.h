/* The connections of a page: a table with a sentence for each, and the data of their ladders. */
#ifndef CORRELATE_REPORT_HTML_CONNECTIONS_H
#define CORRELATE_REPORT_HTML_CONNECTIONS_H

#include "correlate/report/style.h"
#include "schema/db.h"

struct html_connections {
	char *table, *data;             /* rows of a table; JSON for report.js; owned */
	size_t shown, all;              /* connections in it, and those that it is about: all that are not clean, and of equal curious ones the first */
	int64_t severity[4];            /* of the case: how many connections are clean, curious, doubtful, bad */
};

/* The most telling ones, as many as fit into `room` bytes. On -1 nothing is to be freed. */
int html_connections(struct html_connections *c, struct db *db, const struct style *s, size_t room, struct err *e);
void html_connections_free(struct html_connections *c);

#endif
