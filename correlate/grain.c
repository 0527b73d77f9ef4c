#include "correlate/grain.h"

#define STAMPS 32               /* have a last digit of 0 by chance once in 10^32 */
#define SECONDS 3               /* ... are whole seconds once in 10^18 */
#define MILLIS 6                /* ... and whole milliseconds */
#define SAME 8                  /* one time for so many packets is no time */
#define SECOND_NS 1000000000
#define MILLI_NS 1000000

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

/* Clocks count in powers of ten: the largest one that fits. */
static int64_t decimal(uint64_t step)
{
	int64_t ten = 1;

	while (ten < SECOND_NS && step % ((uint64_t)ten * 10) == 0)
		ten *= 10;
	return ten;
}

int64_t grain_resolution(const struct grain *g, int64_t said_ns)
{
	int64_t step = decimal(g->step_ns);
	uint64_t enough = step >= SECOND_NS ? SECONDS : step >= MILLI_NS ? MILLIS : STAMPS;

	if (said_ns >= SECOND_NS || (g->stamps == 0 && g->packets < SAME))
		return said_ns;
	if (g->stamps == 0)
		return SECOND_NS;
	return g->stamps >= enough && step > said_ns ? step : said_ns;
}
