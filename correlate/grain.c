#include "correlate/grain.h"

#define STAMPS 16               /* are in larger steps by chance once in 2^16 or less, by the program that made them if it likes round numbers */
#define SECONDS 3               /* ... and in whole seconds once in 10^18 */
#define SAME 8                  /* one time for so many packets is no time */
#define SECOND_NS 1000000000

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
			if (g->packets++ == 0)
				g->first_ns = t;
			if (t == g->first_ns)
				continue;
			g->step_ns = common(g->step_ns, t > g->first_ns ? (uint64_t)t - (uint64_t)g->first_ns : (uint64_t)g->first_ns - (uint64_t)t);
			g->stamps++;
		}
}

int64_t grain_resolution(const struct grain *g, int64_t said_ns)
{
	int64_t step = g->step_ns < SECOND_NS ? (int64_t)g->step_ns : SECOND_NS;

	if (said_ns >= SECOND_NS || (g->stamps == 0 && g->packets < SAME))
		return said_ns;
	if (g->stamps == 0 || (g->stamps >= SECONDS && g->step_ns % SECOND_NS == 0))
		return SECOND_NS;
	return g->stamps >= STAMPS && step > said_ns ? step : said_ns;
}
