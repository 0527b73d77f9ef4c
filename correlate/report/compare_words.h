/* What is compared, in words. */
#ifndef CORRELATE_REPORT_COMPARE_WORDS_H
#define CORRELATE_REPORT_COMPARE_WORDS_H

#include "correlate/contrast.h"
#include "correlate/report/style.h"

/* "ECN ECE,CWR", "no timestamps", "client port from 40000 on"; cleaned for s. */
const char *compare_property(const struct style *s, const struct contrast *x, const struct property *p, char *buf, size_t size);

/* An attribute and its only value, likewise. */
const char *compare_class(const struct style *s, const char *name, const char *class, char *buf, size_t size);

/* ".035", "1e-06" */
const char *compare_p(double p, char *buf, size_t size);

const char *compare_standing(enum standing standing);

#endif
