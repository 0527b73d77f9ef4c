/* Which flows a case put together, told by the captures they are in: to compare what two runs of the program made of them. */
#ifndef TESTS_SIM_JOINED_H
#define TESTS_SIM_JOINED_H

#include <sqlite3.h>

#include "tests/sim/record.h"
#include "tests/sim/verdict.h"

enum sim_join { SIM_ALONE, SIM_AMBIGUOUS, SIM_LIKELY, SIM_CERTAIN };

/* A flow is known by its first packet. */
struct sim_flow {
	uint64_t file; /* a hash of the capture's name */
	uint64_t frame;
	unsigned point; /* of the world */
	int64_t connection;
	enum sim_join state;
};

/* In order of connection, point, file and frame. */
struct sim_joined {
	struct sim_flow *flow;
	size_t count, room;
};

/* Free it with sim_joined_free, even when there is no case (db NULL: no flows). */
void sim_joined_read(struct sim_joined *j, sqlite3 *db, const struct sim_world *w);
void sim_joined_free(struct sim_joined *j);

/* The flow by its first packet; NULL: there is none. */
const struct sim_flow *sim_joined_find(const struct sim_joined *j, const struct sim_flow *like);

/* With which flow at a point is x one connection, both of them at least in this state? NULL: with none. */
const struct sim_flow *sim_joined_partner(const struct sim_joined *j, const struct sim_flow *x, unsigned point, enum sim_join least);

/* Flows that both results join in the state `least` or better must have the same partners; the second may have fewer. Returns how many have
 * others, and tells each. */
long sim_joined_others(const struct sim_joined *before, const struct sim_joined *after, enum sim_join least, sim_complain *complain, void *context);

/* The same flows, partners and states. Likewise. */
long sim_joined_changed(const struct sim_joined *before, const struct sim_joined *after, sim_complain *complain, void *context);

#endif
