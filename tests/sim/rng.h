/* Random numbers that depend on the seed alone: xoshiro256** (Blackman, Vigna), seeded by splitmix64. */
#ifndef TESTS_SIM_RNG_H
#define TESTS_SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct sim_rng {
	uint64_t s[4];
};

/* One step of splitmix64: a good hash of 64 bits. */
uint64_t sim_mix(uint64_t x);

void sim_rng_seed(struct sim_rng *r, uint64_t seed);
uint64_t sim_rng_next(struct sim_rng *r);
uint32_t sim_rng_u32(struct sim_rng *r);

/* low..high, both included. */
int64_t sim_rng_range(struct sim_rng *r, int64_t low, int64_t high);

/* 0 <= x < 1. */
double sim_rng_unit(struct sim_rng *r);

bool sim_rng_chance(struct sim_rng *r, double probability);

/* Exponentially distributed, in whole units; 0 when the mean is 0. */
int64_t sim_rng_exp(struct sim_rng *r, int64_t mean);

#endif
