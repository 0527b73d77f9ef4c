/*
 * What one capture alone can say: what is known, what is likelier, what cannot be known, which stories fit - the likelier ones first - what a second
 * capture would show for each, and the command that makes that capture.
 */
#ifndef CORRELATE_ONE_POINT_H
#define CORRELATE_ONE_POINT_H

#include "correlate/finding.h"
#include "correlate/words.h"

/* Text, alternatives, hypotheses, missing and next of a finding where the case has one point. */
void one_point_say(const struct conn *c, struct finding *f, struct words *w);

#endif
