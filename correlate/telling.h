/* What is said of each finding: its text, what is missing to decide it, and what else it could be. */
#ifndef CORRELATE_TELLING_H
#define CORRELATE_TELLING_H

#include "correlate/judge.h"

/* Fill text (and missing, next, alternatives) of one finding of all. */
void telling_write(const struct conn *c, struct findings *all, struct finding *f);

#endif
