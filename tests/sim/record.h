/* The whole truth of a small world, kept in memory: every connection, and what every frame of every capture is. */
#ifndef TESTS_SIM_RECORD_H
#define TESTS_SIM_RECORD_H

#include "tests/sim/sim.h"

struct sim_frame {
	uint32_t connection; /* index in record.truth */
	uint32_t transmission;
	bool copy; /* the mirror's second one */
};

struct sim_record {
	const struct sim_world *w;
	struct sim_truth **truth;
	size_t count, room;
	struct sim_frame *frame[SIM_POINTS_MAX]; /* by number - 1 */
	struct sim_totals totals;
};

/* Runs the world, as sim_run does, and keeps everything. The record must be freed, even after a failure. */
int sim_record_run(struct sim_record *r, const struct sim_world *w, const char *folder, struct err *e);
void sim_record_free(struct sim_record *r);

/* What a frame (from 1) of a point's capture is; NULL: the capture has no such frame. */
const struct sim_frame *sim_record_frame(const struct sim_record *r, unsigned point, uint64_t frame);

#endif
