#include "correlate/clock_loops.h"

#include <stdlib.h>
#include <string.h>

#define CLOCKS 64

typedef __int128 wide;

/* What was said of the pairs at first, and the first step of the shortest way from i to j. */
struct ways {
	int64_t *high;
	int64_t direct[CLOCKS * CLOCKS];
	uint8_t first[CLOCKS * CLOCKS];
	uint32_t n;
};

/* Is it a shorter way from i to j to go by another? From i back to i: is it a loop of negative length? */
static bool shorter(struct ways *w, uint32_t i, uint32_t by, uint32_t j)
{
	int64_t x = w->high[i * w->n + by], y = w->high[by * w->n + j];
	wide sum = (wide)x + y;

	if (x == LOOPS_OPEN || y == LOOPS_OPEN || sum >= w->high[i * w->n + j])
		return false;
	if (i == j)
		return true;
	w->high[i * w->n + j] = sum < INT64_MIN ? INT64_MIN : (int64_t)sum;
	w->first[i * w->n + j] = w->first[i * w->n + by];
	return true;
}

static wide length(const struct ways *w, const uint32_t *loop, uint32_t len)
{
	wide sum = 0;

	for (uint32_t k = 0; k < len; k++)
		sum += w->direct[loop[k] * w->n + loop[(k + 1) % len]];
	return sum;
}

/* One more clock on the way round. Where it was there before, a loop within closes: it is the contradiction itself (true), or left out. */
static bool step(const struct ways *w, uint32_t *loop, uint32_t *len, uint32_t next)
{
	for (uint32_t k = 0; k < *len; k++) {
		if (loop[k] != next)
			continue;
		if (length(w, loop + k, *len - k) < 0) {
			memmove(loop, loop + k, (*len - k) * sizeof *loop);
			*len -= k;
			return true;
		}
		*len = k;
		break;
	}
	loop[(*len)++] = next;
	return false;
}

/* The way leads from i by `by` back to i. */
static void name_loop(const struct ways *w, uint32_t i, uint32_t by, uint32_t *loop, uint32_t *len, int64_t *miss)
{
	bool closed = false;
	wide sum;

	*len = 0;
	for (uint32_t at = i; !closed && at != by; at = w->first[at * w->n + by])
		closed = step(w, loop, len, at);
	for (uint32_t at = by; !closed && at != i; at = w->first[at * w->n + i])
		closed = step(w, loop, len, at);
	sum = -length(w, loop, *len);
	*miss = sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
}

/* Floyd and Warshall. */
bool loops_close(int64_t *high, uint32_t n, uint32_t *loop, uint32_t *len, int64_t *by)
{
	struct ways w;

	w.high = high;
	w.n = n;
	for (uint32_t i = 0; i < n; i++) {
		high[i * n + i] = 0;
		for (uint32_t j = 0; j < n; j++)
			w.first[i * n + j] = (uint8_t)j;
	}
	memcpy(w.direct, high, (size_t)n * n * sizeof *high);
	for (uint32_t k = 0; k < n; k++)
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t j = 0; j < n; j++)
				if (i != k && j != k && shorter(&w, i, k, j) && i == j) {
					name_loop(&w, i, k, loop, len, by);
					return false;
				}
	return true;
}

static void cut(int64_t *high, uint32_t n, uint32_t a, uint32_t b)
{
	high[a * n + b] = high[b * n + a] = LOOPS_OPEN;
}

/* Do three clocks contradict each other, going round this way? */
static bool misses(const int64_t *high, uint32_t n, uint32_t a, uint32_t b, uint32_t c)
{
	int64_t x = high[a * n + b], y = high[b * n + c], z = high[c * n + a];

	return x != LOOPS_OPEN && y != LOOPS_OPEN && z != LOOPS_OPEN && (wide)x + y + z < 0;
}

/* With how many others does what is said of two clocks not agree? */
static uint32_t witnesses(const int64_t *high, uint32_t n, uint32_t a, uint32_t b)
{
	uint32_t against = 0;

	for (uint32_t c = 0; c < n; c++)
		if (c != a && c != b)
			against += misses(high, n, a, b, c) || misses(high, n, b, a, c);
	return against;
}

/* One loop less: the pair that most others contradict goes; where there is no such one, all of it. */
static int sentence(int64_t *high, uint32_t n, const uint32_t *loop, uint32_t len, struct loops_pair *out)
{
	uint32_t guilty = 0, most = 0;
	bool one = false;
	int found = 0;

	for (uint32_t k = 0; k < len; k++) {
		uint32_t against = witnesses(high, n, loop[k], loop[(k + 1) % len]);
		one = against > most || (one && against < most);
		if (against > most)
			guilty = k;
		most = against > most ? against : most;
	}
	one |= len == 2;        /* one pair, there and back */
	for (uint32_t k = 0; k < len; k++) {
		uint32_t a = loop[k], b = loop[(k + 1) % len];
		if (one && k != guilty)
			continue;
		out[found++] = (struct loops_pair){ .a = a < b ? a : b, .b = a < b ? b : a, .culprit = one };
		cut(high, n, a, b);
	}
	return found;
}

int loops_blame(const int64_t *high, uint32_t n, struct loops_pair *out)
{
	int64_t *rest = malloc((size_t)n * n * sizeof *rest), *copy = malloc((size_t)n * n * sizeof *copy), by;
	uint32_t loop[CLOCKS], len, loops = 0;
	int found = -1;

	if (!rest || !copy)
		goto out;
	memcpy(rest, high, (size_t)n * n * sizeof *rest);
	for (found = 0;; loops++) {
		memcpy(copy, rest, (size_t)n * n * sizeof *copy);
		if (loops_close(copy, n, loop, &len, &by))
			break;
		int more = sentence(rest, n, loop, len, out + found);
		for (int i = 0; i < more; i++) {
			out[found + i].loop = loops;
			out[found + i].by_ns = by;
		}
		found += more;
	}
out:
	free(rest);
	free(copy);
	return found;
}
