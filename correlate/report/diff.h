/* What a diff says around its ladder. */
#ifndef CORRELATE_REPORT_DIFF_H
#define CORRELATE_REPORT_DIFF_H

#include <stdbool.h>

#include "correlate/report/presence.h"
#include "correlate/report/trace.h"

/*
 * What is to be known before the ladder: peers, times, points that never saw it, the like of it, addresses, changes, clocks. presence: for one who asks
 * of many connections; NULL: the case is asked.
 */
int diff_facts(const struct trace *t, struct db *db, const struct style *s, const struct presence *presence, struct err *e);

/* The findings with what they rest on, and what to do next. all: every one; else the first dozen. */
void diff_findings(const struct trace *t, const struct style *s, bool all);

#endif
