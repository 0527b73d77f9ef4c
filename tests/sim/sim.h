/* The simulator: runs a world, writes what its points capture, and hands over the truth connection by connection. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "schema/err.h"
#include "tests/sim/truth.h"
#include "tests/sim/world.h"

/* Gets each connection when its last packet is gone, in that order, and owns it from then on. */
struct sim_sink {
	void (*connection)(void *context, struct sim_truth *t);
	void *context;
};

struct sim_totals {
	uint64_t connections, transmissions, frames[SIM_POINTS_MAX];
	uint64_t peak_open; /* most connections in memory at once */
};

/* Run a world. Captures go to FOLDER/POINTNAME.pcap; without a folder nothing is written. */
int sim_run(const struct sim_world *w, const char *folder, const struct sim_sink *sink, struct sim_totals *totals, struct err *e);

#endif
