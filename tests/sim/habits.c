/* How the TCPs of different hosts behave. A host's habits follow from its number and the seed. */
#include "tests/sim/engine.h"

void sim_habits_of(struct sim_engine *g, struct sim_endpoint *ep)
{
	static const uint8_t ttls[] = {64, 64, 64, 128, 255};
	static const uint32_t rates[] = {1000, 1000, 250, 100};
	static const uint16_t windows[] = {64240, 65160, 29200, 65535, 42340};
	struct sim_habits *m = &ep->habits;
	struct sim_rng r;

	sim_rng_seed(&r, g->w->seed ^ sim_mix(ep->host + 1000u));
	m->ttl = ttls[sim_rng_range(&r, 0, 4)];
	m->hz = rates[sim_rng_range(&r, 0, 3)];
	m->window = windows[sim_rng_range(&r, 0, 4)];
	m->ws = (uint8_t)sim_rng_range(&r, 2, 8);
	m->mss = sim_rng_chance(&r, 0.8) ? 1460 : 1400;
	m->ip_id = sim_rng_chance(&r, 0.6) ? SIM_ID_CONNECTION : (enum sim_ipid)sim_rng_range(&r, 1, 3);
	m->timestamps = !sim_rng_chance(&r, g->w->no_timestamps);
	m->sack = !sim_rng_chance(&r, g->w->no_sack);
	m->scaling = m->timestamps || sim_rng_chance(&r, 0.5);
	m->ecn = sim_rng_chance(&r, g->w->ecn);
	m->quick_ack = sim_rng_chance(&r, 0.3);
	m->resyn_at_once = sim_rng_chance(&r, 0.5);
	m->syn_timeout = sim_rng_chance(&r, 0.8) ? SIM_SECOND : 3 * SIM_SECOND;
	m->syn_retries = (unsigned)sim_rng_range(&r, 2, 4);
	if (g->w->one_try)
		m->syn_retries = 0;
	/* One clock per host with older stacks, an offset per connection with newer ones. */
	m->ts_offset = sim_rng_chance(&r, 0.5) ? sim_rng_u32(&r) : sim_rng_u32(&ep->c->rng);
}
