/* help queries: SQL to begin with. */
#ifndef CORRELATE_REPORT_QUERYBOOK_H
#define CORRELATE_REPORT_QUERYBOOK_H

#include "correlate/report/style.h"

/* What there is, each with the question that it answers. */
void report_queries(const struct style *s);

/* One as it is, for standard output; NULL: there is none of that name. */
const char *report_query(const char *name);

#endif
