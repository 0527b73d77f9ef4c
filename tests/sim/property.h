/* Properties that must hold in every world: worlds are drawn, checked one after another, and what fails is told with the seed that repeats
 * it.
 *
 * PROG         the program; build/pcaphop
 * SIM_WORLDS   worlds per property
 * SIM_SEED     the first seed
 * SIM_LINES    how many failures to print per property
 */
#ifndef TESTS_SIM_PROPERTY_H
#define TESTS_SIM_PROPERTY_H

#include <sqlite3.h>

#include "tests/sim/program.h"
#include "tests/sim/verdict.h"

/* A property being checked. */
struct sim_property {
	const char *name;
	const char *also; /* what else was changed in the world, for messages */
	char folder[256]; /* empty before each world */
	uint64_t seed;
	unsigned troubles;
	long worlds, connections, failures, wrong_worlds;
	struct sim_verdict sums; /* its counters only */
	bool failed_here, doubt_likely;
};

typedef void sim_check(struct sim_property *p, struct sim_world *w);

/* Runs a check on `worlds` worlds, or as many percent of that as SIM_WORLDS is of 100. Prints a line of figures; returns the number of
 * failures. */
long sim_property_check(const char *name, sim_check *check, const unsigned *troubles, size_t kinds, long worlds);

/* Something that does not hold; `context` is the property (see sim_complain). */
void sim_property_broken(void *context, const char *text);

void sim_property_equal(struct sim_property *p, const char *what, long got, long expected);

/* The number that a query yields. */
long sim_property_query(struct sim_property *p, sqlite3 *db, const char *sql);

/* Simulates a world and runs the program on it as one would; false after a failure, which was told. Close and free both all the same. */
bool sim_property_run(struct sim_property *p, const struct sim_world *w, struct sim_record *r, sqlite3 **db);

/* Runs the program once more on the same captures, with other arguments. */
bool sim_property_again(struct sim_property *p, const struct sim_args *a, sqlite3 **db);

/* I-9, I-35 to I-39: no false join, no false claim. `exact`: nothing is missing in the captures, so a count must not be too low either.
 * False joins that are likely only are told, too, unless p->doubt_likely. */
void sim_property_judge(struct sim_property *p, const struct sim_record *r, sqlite3 *db, bool exact);

/* What several queries yield, and the first difference between two such results; comparing frees both. */
void sim_property_dump(sqlite3 *db, const char *const *sql, size_t n, char **dumps);
void sim_property_same(struct sim_property *p, const char *what, char **before, char **after, size_t n);

/* Copies the records first .. last-1 of a pcap file, from 0; returns how many there were. */
uint64_t sim_property_cut(struct sim_property *p, const char *from, const char *to, uint64_t first, uint64_t last);

/* From now on the truth is that a point's capture ended after so many frames. */
void sim_property_forget(struct sim_record *r, unsigned point, uint64_t kept);

#endif
