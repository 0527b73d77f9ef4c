/* Running the real program on captures, and reading what it found. */
#ifndef TESTS_SIM_PROGRAM_H
#define TESTS_SIM_PROGRAM_H

#include <sqlite3.h>

#include "schema/err.h"
#include "tests/sim/record.h"

#define SIM_ARGS_MAX 64

/* The command line after `PROG run -o CASE`. */
struct sim_args {
	char text[SIM_ARGS_MAX][512];
	int count;
};

void sim_args_add(struct sim_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --path and --running of a world; a point whose window is limited, or that is in `not_running` (bits), did not run all the time. */
void sim_args_world(struct sim_args *a, const struct sim_world *w, unsigned not_running);

/* POINT=FOLDER/POINT.pcap for every point. */
void sim_args_files(struct sim_args *a, const struct sim_world *w, const char *folder);

/* Runs the program (environment variable PROG; build/pcaphop) and opens the case. It writes FOLDER/case.db. Close it with sqlite3_close. */
int sim_program_run(sqlite3 **db, const char *folder, const struct sim_args *a, struct err *e);

/* All rows of a query as text, a line each; the caller frees it. */
char *sim_program_dump(sqlite3 *db, const char *sql);

/* The first line in which two dumps differ, for a message; false when they are equal. */
bool sim_program_differ(const char *a, const char *b, char *line, size_t size);

/* Number of a point by its name; -1: there is none. */
int sim_program_point(const struct sim_world *w, const unsigned char *name);

#endif
