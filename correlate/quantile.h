/* Exact quantiles: sort once, then ask. */
#ifndef CORRELATE_QUANTILE_H
#define CORRELATE_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

void quantile_sort(int64_t *v, size_t n);

/* Which of n > 0 sorted values per_mille of them lie below (500: the median). */
uint64_t quantile_rank(uint64_t n, unsigned per_mille);

#endif
