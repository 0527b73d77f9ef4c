/* What people should know of a point's clock, in words. */
#ifndef CORRELATE_CLOCK_NOTE_H
#define CORRELATE_CLOCK_NOTE_H

#include "correlate/facts.h"

/* Why aligned times of point p are doubtful during the k-th piece of its clock, "": they are not. */
void clock_doubt(const struct facts *f, const struct point *p, uint32_t k, char *out, size_t size);

/* Does it show a time long gone, and others do not? */
bool clock_never_set(const struct facts *f, const struct point *p);

/* What is remarkable of it: a time zone error, never set, why it is the reference; "": nothing. */
void clock_remark(const struct facts *f, const struct point *p, uint32_t k, char *out, size_t size);

#endif
