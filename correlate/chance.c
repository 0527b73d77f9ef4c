#include "correlate/chance.h"

#include <math.h>

#define NEGLIGIBLE 1e-12        /* part of the sum that is not worth going on for */

static double log_factorial(uint32_t n)
{
	int sign;

	return lgamma_r((double)n + 1, &sign);
}

static double ways(uint32_t n, uint32_t k)
{
	return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

double chance_ways(uint32_t n, uint32_t k)
{
	return ways(n, k) / M_LN10;
}

double chance_fisher(uint32_t all, uint32_t marked, uint32_t drawn, uint32_t a)
{
	uint32_t most = drawn < marked ? drawn : marked;
	double first, term = 1, sum = 1;

	/* As many as are to be expected: nothing to be surprised at. */
	if ((double)a * all <= (double)drawn * marked)
		return 0;
	first = ways(marked, a) + ways(all - marked, drawn - a) - ways(all, drawn);
	for (uint32_t x = a; x < most && term > NEGLIGIBLE * sum; x++) {
		term *= (double)(marked - x) * (drawn - x) / ((double)(x + 1) * ((double)all - marked - drawn + x + 1));
		sum += term;
	}
	first = (first + log(sum)) / M_LN10;
	return first < 0 ? first : 0;
}
