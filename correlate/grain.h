/* How fine the time stamps of a capture really are: a file that could hold microseconds may hold whole milliseconds, or seconds. */
#ifndef CORRELATE_GRAIN_H
#define CORRELATE_GRAIN_H

#include "correlate/conn.h"

/* Zeroed to begin with. */
struct grain {
	int64_t first_ns;       /* a time stamp */
	uint64_t step_ns;       /* greatest common divisor of all distances from it */
	uint64_t packets, stamps;       /* how many, and those with another time than the first */
};

/* Add a connection's packets; one grain per point. */
void grains_count(const struct conn *c, uint32_t points, struct grain *grain);

/* The resolution, at least what the file says. */
int64_t grain_resolution(const struct grain *g, int64_t said_ns);

#endif
