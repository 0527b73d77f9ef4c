#include "tests/sim/rng.h"

#include <math.h>

uint64_t sim_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

void sim_rng_seed(struct sim_rng *r, uint64_t seed)
{
	for (uint64_t i = 0; i < 4; i++)
		r->s[i] = sim_mix(seed + i * 0x9e3779b97f4a7c15u);
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

uint64_t sim_rng_next(struct sim_rng *r)
{
	uint64_t result = rotl(r->s[1] * 5, 7) * 9;
	uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rotl(r->s[3], 45);
	return result;
}

uint32_t sim_rng_u32(struct sim_rng *r)
{
	return (uint32_t)(sim_rng_next(r) >> 32);
}

int64_t sim_rng_range(struct sim_rng *r, int64_t low, int64_t high)
{
	uint64_t span = (uint64_t)(high - low) + 1;

	return low + (int64_t)(sim_rng_next(r) % span);
}

double sim_rng_unit(struct sim_rng *r)
{
	return (double)(sim_rng_next(r) >> 11) * 0x1p-53;
}

bool sim_rng_chance(struct sim_rng *r, double probability)
{
	return probability > 0 && sim_rng_unit(r) < probability;
}

int64_t sim_rng_exp(struct sim_rng *r, int64_t mean)
{
	if (mean <= 0)
		return 0;
	return (int64_t)(-log1p(-sim_rng_unit(r)) * (double)mean);
}
