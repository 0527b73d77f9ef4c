/* Several threads read the packets of a case at the same time, while the one that holds its transaction writes what is derived from them. */
#ifndef CORRELATE_READERS_H
#define CORRELATE_READERS_H

#include "correlate/load.h"
#include "correlate/pipeline.h"

struct readers {
	struct reader {
		struct db db;           /* its own (db_open_content) */
		struct loader loader;
	} one[PIPELINE_LANES];
	unsigned n;
};

/* In a transaction of db that has not written yet, at most PIPELINE_LANES of them. 0, or -1; to be closed in either case. They must stay where they are. */
int readers_open(struct readers *r, unsigned n, struct db *db, struct err *e);
void readers_close(struct readers *r);

#endif
