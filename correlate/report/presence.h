/* How many connections a point captured at what time: counted once for all questions. */
#ifndef CORRELATE_REPORT_PRESENCE_H
#define CORRELATE_REPORT_PRESENCE_H

#include <stdint.h>

#include "schema/db.h"

/* When the flows of one point begin and end, on the reference clock; each in order. */
struct presence_point {
	int64_t point_id;
	int64_t *first_ns, *last_ns;
	uint32_t n, room, last_room;
};

struct presence {
	struct presence_point *point;
	uint32_t n, room;
};

/* Of all points: 16 bytes a flow. On -1 nothing is loaded. */
int presence_load(struct presence *p, struct db *db, struct err *e);
void presence_free(struct presence *p);

/* Connections that the point captured at some time between from_ns and to_ns; one that paused then counts, too. */
int64_t presence_count(const struct presence *p, int64_t point_id, int64_t from_ns, int64_t to_ns);

#endif
