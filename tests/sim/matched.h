/* Packets that a case takes for one transmission, against the truth. */
#ifndef TESTS_SIM_MATCHED_H
#define TESTS_SIM_MATCHED_H

#include <sqlite3.h>

#include "tests/sim/record.h"
#include "tests/sim/verdict.h"

/* I-15: no transmission is twice at a point, and what is one at two points is equal there: class, numbers and length as its maker wrote them.
 * For captures without copies, fragments or duplicates. Returns how many are not. */
long sim_matched_twice(sqlite3 *db, const struct sim_record *r, sim_complain *complain, void *context);
long sim_matched_unequal(sqlite3 *db, const struct sim_record *r, sim_complain *complain, void *context);

/* I-21: pairs of matches of one connection and direction that cross: one earlier at a point and later at the next. For worlds that keep the
 * order of packets. */
long sim_matched_crossed(sqlite3 *db, const struct sim_record *r, sim_complain *complain, void *context);

#endif
