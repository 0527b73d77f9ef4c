/* How likely is it by chance? Of N things A are marked; c of them are drawn. */
#ifndef CORRELATE_CHANCE_H
#define CORRELATE_CHANCE_H

#include <stdint.h>

/* log10 of the number of ways to choose k of n. */
double chance_ways(uint32_t n, uint32_t k);

/*
 * log10 of the probability that at least a of the c that are drawn are marked (Fisher's exact test, one-sided: Fisher, Statistical Methods for Research
 * Workers, 5th ed., 21.02).
 */
double chance_fisher(uint32_t all, uint32_t marked, uint32_t drawn, uint32_t a);

#endif
