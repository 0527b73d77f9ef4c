/* From p to q: which properties are one test, and what is found when all that was tested counts. */
#ifndef CORRELATE_CONTRAST_CORRECT_H
#define CORRELATE_CONTRAST_CORRECT_H

#include "correlate/contrast.h"

/* Sets leader, q, tests and found. -1: out of memory. */
int contrast_correct(struct contrast *x);

#endif
