#include "correlate/histogram.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/quantile.h"

#define BITS 6                  /* of a value that its bucket keeps, behind the highest one */
#define PER_OCTAVE (1 << BITS)
#define BUCKETS ((64 - BITS) * PER_OCTAVE)

static unsigned bucket_of(int64_t v)
{
	int shift = v < PER_OCTAVE ? -1 : 63 - __builtin_clzll((unsigned long long)v) - BITS;

	return shift < 0 ? (unsigned)v : (unsigned)((shift + 1) * PER_OCTAVE + (int)(v >> shift) - PER_OCTAVE);
}

/* Lowest value of a bucket. */
static int64_t floor_of(unsigned bucket)
{
	unsigned shift = bucket / PER_OCTAVE;

	return shift == 0 ? (int64_t)bucket : (int64_t)(bucket % PER_OCTAVE + PER_OCTAVE) << (shift - 1);
}

static int spill(struct histogram *h, struct err *e)
{
	h->count = calloc(BUCKETS, sizeof *h->count);
	if (!h->count)
		return err_set(e, "out of memory");
	for (unsigned i = 0; i < HISTOGRAM_FEW; i++)
		h->count[bucket_of(h->few[i])]++;
	return 0;
}

int histogram_add(struct histogram *h, int64_t v, struct err *e)
{
	uint64_t known = h->n - h->open;

	if (v == INT64_MAX) {
		h->n++;
		h->open++;
		return 0;
	}
	v = v < 0 ? 0 : v;
	if (!h->count && known >= HISTOGRAM_FEW && spill(h, e) < 0)
		return -1;
	if (h->count)
		h->count[bucket_of(v)]++;
	else if (known < HISTOGRAM_FEW)
		h->few[known] = v;
	h->min = known == 0 || v < h->min ? v : h->min;
	h->max = known == 0 || v > h->max ? v : h->max;
	h->n++;
	return 0;
}

void histogram_free(struct histogram *h)
{
	free(h->count);
	memset(h, 0, sizeof *h);
}

int64_t histogram_at(struct histogram *h, unsigned per_mille, enum histogram_edge edge)
{
	uint64_t known = h->n - h->open, rank = quantile_rank(h->n, per_mille);
	unsigned i = 0;
	int64_t low, high;

	if (rank >= known)
		return INT64_MAX;
	if (!h->count) {
		quantile_sort(h->few, known);
		return h->few[rank];
	}
	for (; rank >= h->count[i]; i++)
		rank -= h->count[i];
	low = floor_of(i) > h->min ? floor_of(i) : h->min;
	high = i + 1 < BUCKETS && floor_of(i + 1) - 1 < h->max ? floor_of(i + 1) - 1 : h->max;
	return edge == HISTOGRAM_FLOOR ? low : edge == HISTOGRAM_TOP ? high : low + (high - low) / 2;
}
