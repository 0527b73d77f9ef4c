/* How often what was compared, over all connections: what v_habit counts against. */
#ifndef CORRELATE_HABIT_H
#define CORRELATE_HABIT_H

#include "correlate/change.h"

struct compared_sum;

struct habits {
	struct compared_sum *hop[2][POINTS_MAX][POINTS_MAX];    /* direction; from, to in the order of travel; NULL: none */
};

void habits_free(struct habits *h);

/* Count a connection. */
int habits_add(struct habits *h, const struct conn *c, const struct changes *x, struct err *e);

/* Fill tables compared and translated. */
int habits_store(struct db *db, const struct facts *f, const struct habits *h, struct err *e);

#endif
