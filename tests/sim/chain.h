/* Chains of devices that change whatever devices change, for sim_world_random. */
#ifndef TESTS_SIM_CHAIN_H
#define TESTS_SIM_CHAIN_H

#include "tests/sim/rng.h"
#include "tests/sim/world.h"

/* Points that are two of a pair, and directions that do not come by a point. Before sim_chain_mangle: what joins a pair changes nothing. */
void sim_chain_ways(struct sim_world *w, struct sim_rng *r);

/* What each device changes. */
void sim_chain_mangle(struct sim_world *w, struct sim_rng *r);

/* Many connections at once that look alike. */
void sim_chain_crowd(struct sim_world *w, struct sim_rng *r);

/* Every change that a device can make, at once. */
void sim_chain_all(struct sim_device *d);

#endif
