/*
 * Several clocks at one moment (ALGORITHMS 3.7). What packets say about pairs of them are difference constraints: what goes round by others must not be
 * less than the direct way says. Shortest paths tighten every pair; a loop of negative length is a contradiction, and is named. Pure.
 */
#ifndef CORRELATE_CLOCK_LOOPS_H
#define CORRELATE_CLOCK_LOOPS_H

#include <stdbool.h>
#include <stdint.h>

#define LOOPS_OPEN INT64_MAX    /* no bound */

/*
 * high[i * n + j]: clock j minus clock i is at most this, ns; high[i * n + i] is written. At most 64 clocks. Tightens all of them to the shortest
 * paths. true: done; false: there is a contradiction, `loop` (n entries) gets the clocks of a loop that shows it, *len how many, *by how much it misses
 * (ns), and `high` is of no use any more.
 */
bool loops_close(int64_t *high, uint32_t n, uint32_t *loop, uint32_t *len, int64_t *by);

/* A pair that cannot be trusted. */
struct loops_pair {
	uint32_t a, b;          /* a < b */
	bool culprit;           /* more of the other clocks contradict it than any other pair of its loop; else one of its loop is wrong, and which is not known */
	uint32_t loop;          /* pairs that contradict each other have the same number */
	int64_t by_ns;          /* how much the loop misses */
};

/*
 * Which pairs have to go for the rest to agree? `high` as above, not changed. out: n * n / 2 entries. Returns how many, or -1: out of memory.
 */
int loops_blame(const int64_t *high, uint32_t n, struct loops_pair *out);

#endif
