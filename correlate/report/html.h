/* A case as one page: everything in one file that asks nobody for anything. */
#ifndef CORRELATE_REPORT_HTML_H
#define CORRELATE_REPORT_HTML_H

#include "schema/db.h"

/*
 * The page as UTF-8 text, which the caller frees. name: of the case, as a title. It is no longer than a megabyte or so, however large the case: what is
 * left out is said. NULL on failure.
 */
char *report_html(struct db *db, const char *name, struct err *e);

#endif
