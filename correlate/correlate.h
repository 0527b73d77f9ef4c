/* All of correlation: from the content of a case to everything derived, in one transaction. */
#ifndef CORRELATE_CORRELATE_H
#define CORRELATE_CORRELATE_H

#include "correlate/facts.h"

struct correlate_options {
	struct facts_options facts;
	void (*progress)(void *ctx, uint32_t done, uint32_t all);       /* may be NULL */
	void *ctx;
};

/* On -1 the case is as it was. */
int correlate_case(struct db *db, const struct correlate_options *o, struct err *e);

#endif
