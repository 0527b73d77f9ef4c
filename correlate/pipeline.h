/*
 * Connections through two stages: each is worked on by whatever thread is free, and put down by the caller's, in order. So the outcome does not depend
 * on how many there are.
 */
#ifndef CORRELATE_PIPELINE_H
#define CORRELATE_PIPELINE_H

#include "correlate/change.h"
#include "correlate/delay.h"
#include "correlate/finding.h"
#include "correlate/proof.h"

/* One connection on its way, and room for all that is found out about it. */
struct job {
	uint32_t index;         /* into facts.conn */
	struct conn conn;
	struct proof proof;
	struct findings found;
	struct changes changed;
	struct delays delays;
	const char *outcome;    /* judge_outcome */
};

/* Each returns 0, or -1 with a sentence in e. */
struct stages {
	/* In any thread, which has a lane of its own: nothing is changed by it that another lane sees, and what it reads is not changed by put. */
	int (*work)(void *ctx, unsigned lane, struct job *j, struct err *e);
	int (*put)(void *ctx, struct job *j, struct err *e);
};

#define PIPELINE_LANES 16       /* one thread puts down: more than this have nothing to do */

struct pipeline;

/* How many threads are worth it, with the caller's: no more than processors, and few for few connections. */
unsigned pipeline_lanes(const struct facts *f);

/* NULL: out of memory. Where threads cannot be had, all is done by the caller's. */
struct pipeline *pipeline_new(const struct facts *f, unsigned lanes);
void pipeline_free(struct pipeline *p);

/* All connections of the facts through the stages. Memory: some sixty of them at once, of large ones one. */
int pipeline_run(struct pipeline *p, const struct stages *s, void *ctx, struct err *e);

#endif
