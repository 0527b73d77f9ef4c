/* Is what was found only the shadow of something else? Looked at again among rows that are alike in that. */
#ifndef CORRELATE_CONTRAST_STRATA_H
#define CORRELATE_CONTRAST_STRATA_H

#include "correlate/contrast.h"

/* Sets standing, by and within_p of what was found. -1: out of memory. */
int contrast_strata(struct contrast *x);

#endif
