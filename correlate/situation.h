/*
 * Situations that have a name: what the findings of a connection add up to, also by what others did. A situation is a finding of its own, or a rule with a
 * more telling name for one that is there; it is never surer than what it rests on.
 */
#ifndef CORRELATE_SITUATION_H
#define CORRELATE_SITUATION_H

#include "correlate/finding.h"
#include "correlate/words.h"

/* All findings of the connection must be there. */
void situations_judge(const struct conn *c, struct findings *out);

/* What the rule of a finding adds to its text; text, next and alternatives are there. */
void situation_add(const struct conn *c, const struct findings *all, struct finding *f);

/* The sentence of the connection, where a situation says more than its findings. */
bool situation_verdict(const struct conn *c, const struct findings *all, struct words *w);

#endif
