/*
 * Connections one after the other through three stages: each is read from the case and put down again by the thread that holds the database, in order;
 * what is between is done by whatever thread is free. So the outcome does not depend on how many there are.
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
	int (*read)(void *ctx, struct job *j, struct err *e);
	int (*work)(struct job *j, struct err *e);      /* in any thread: the facts are not changed by it, nor what it reads of them by the other two */
	int (*put)(void *ctx, struct job *j, struct err *e);
};

struct pipeline;

/* NULL: out of memory. A processor more than one is worth a thread; where none can be had, all is done by the caller's. */
struct pipeline *pipeline_new(const struct facts *f);
void pipeline_free(struct pipeline *p);

/* All connections of the facts through the stages. Memory: some sixty of them at once, of large ones one. */
int pipeline_run(struct pipeline *p, const struct stages *s, void *ctx, struct err *e);

#endif
