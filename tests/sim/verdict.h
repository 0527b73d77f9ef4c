/* The findings of a case against the truth. */
#ifndef TESTS_SIM_VERDICT_H
#define TESTS_SIM_VERDICT_H

#include <sqlite3.h>

#include "tests/sim/record.h"

/* Called for everything that is wrong, with a sentence. */
typedef void sim_complain(void *context, const char *text);

struct sim_verdict {
	const struct sim_record *r;
	sim_complain *complain;
	void *context;
	bool exact;              /* captures are whole: a count that is too low is wrong, too */
	long claims, wrong;      /* findings judged ... */
	long certain, wrong_certain;     /* ... and of these, those that are certain */
	long events, found;      /* of dropped, generated and sent in the truth, and how many of them were claimed */
	bool doubt_likely;       /* a false join that is only likely is counted, but not told */
	long joins, false_joins; /* connections of the case, and flows in those of different true ones */
	long likely, false_likely; /* flows that are joined so, and how many of the false ones are */
	long changes, invented;  /* rows of v_change */
};

/* Which flows were put together, and which packets are in one flow. */
void sim_verdict_joins(struct sim_verdict *v, sqlite3 *db);

/* Findings of confidence certain and likely, and changes. */
void sim_verdict_claims(struct sim_verdict *v, sqlite3 *db);

#endif
