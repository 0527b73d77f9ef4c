/* The table of rules (correlate/rules.h) as text. */
#ifndef CORRELATE_REPORT_RULEBOOK_H
#define CORRELATE_REPORT_RULEBOOK_H

#include "correlate/report/style.h"

void report_rules(const struct style *s);

#endif
