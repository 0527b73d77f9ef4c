#include "correlate/quantile.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void quantile_sort(int64_t *v, size_t n)
{
	qsort(v, n, sizeof *v, by_value);
}

uint64_t quantile_rank(uint64_t n, unsigned per_mille)
{
	uint64_t rank = n / 1000 * per_mille + n % 1000 * per_mille / 1000;

	return rank < n ? rank : n - 1;
}
