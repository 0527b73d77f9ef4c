/* The tables of a page that do not depend on how many connections there are. */
#ifndef CORRELATE_REPORT_HTML_TABLES_H
#define CORRELATE_REPORT_HTML_TABLES_H

#include <stdio.h>

#include "correlate/report/style.h"
#include "correlate/report/summary.h"
#include "schema/db.h"

/* What happened on each hop, and how long it takes. */
void html_hops(FILE *out, const struct summary_hop *hop, size_t n, bool more);

/* What is translated into what. */
int html_nat(FILE *out, struct db *db, const struct style *s, struct err *e);

#endif
