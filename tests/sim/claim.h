/* Is what a program claims about a connection true? */
#ifndef TESTS_SIM_CLAIM_H
#define TESTS_SIM_CLAIM_H

#include "tests/sim/truth.h"

#define SIM_NOWHERE (-1)

struct sim_claim {
	const char *kind, *what, *direction;
	int from, to, point; /* numbers of points, or SIM_NOWHERE */
};

/* Of how many transmissions the claim is true (0: it is false); -1 when the truth does not say, as for summaries such as pmtu_blackhole. */
long sim_claim_count(const struct sim_world *w, const struct sim_truth *t, const struct sim_claim *c);

/* Must the count of a claim of this kind be right? */
bool sim_claim_counted(const char *kind);

/* How many packets a device really changed in a field (a name of v_change); 0: the change is an invention. */
long sim_claim_changed(const struct sim_truth *t, const char *direction, int from, int to, const char *field);

#endif
