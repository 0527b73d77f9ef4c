#include "correlate/grain.h"

#define STAMPS 32               /* as many distances have a common divisor by chance once in 2^31 */
#define COARSEST_NS 1000000000  /* what comes in larger steps is no clock */

static uint64_t common(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

void grains_count(const struct conn *c, uint32_t points, struct grain *grain)
{
	for (uint32_t i = 0; i < points; i++)
		for (uint32_t k = c->at[i]; k < c->at[i + 1]; k++) {
			struct grain *g = &grain[i];
			int64_t t = c->pkt[k].t_raw;
			if (g->stamps == 0 && g->step_ns == 0 && g->first_ns == 0)
				g->first_ns = t;
			if (t == g->first_ns)
				continue;
			g->step_ns = common(g->step_ns, t > g->first_ns ? (uint64_t)t - (uint64_t)g->first_ns : (uint64_t)g->first_ns - (uint64_t)t);
			g->stamps++;
		}
}

int64_t grain_resolution(const struct grain *g, int64_t said_ns)
{
	if (g->stamps < STAMPS || g->step_ns > COARSEST_NS || (int64_t)g->step_ns < said_ns)
		return said_ns;
	return (int64_t)g->step_ns;
}
