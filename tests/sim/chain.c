#include "tests/sim/chain.h"

/* A device that addresses are changed by: towards the servers, the clients, or both, of one family or two. */
static void add_nat(struct sim_world *w, struct sim_device *d, struct sim_rng *r)
{
	d->snat = sim_rng_chance(r, 0.7);
	d->new_ports = d->snat && sim_rng_chance(r, 0.6);
	d->nat_ports = d->new_ports && sim_rng_chance(r, 0.3) ? (unsigned)sim_rng_range(r, 20, 200) : 0;
	d->dnat = !d->snat || sim_rng_chance(r, 0.5);
	d->vip = d->dnat && sim_rng_chance(r, 0.5);
	bool translated = false;
	for (unsigned i = 0; i + 1 < w->points; i++)
		translated |= w->device[i].nat64;
	if (sim_rng_chance(r, 0.15) && !translated) {
		d->nat64 = true;
		w->ipv6 = sim_rng_chance(r, 0.5) ? 1 : 0.5;
	}
}

static void add_numbers(struct sim_device *d, struct sim_rng *r)
{
	d->shift_seq = sim_rng_chance(r, 0.7);
	d->keep_sack = d->shift_seq && sim_rng_chance(r, 0.3);
	d->shift_ts = sim_rng_chance(r, 0.4);
}

static void add_options(struct sim_device *d, struct sim_rng *r)
{
	d->mss_limit = sim_rng_chance(r, 0.4) ? 1200 : 0;
	d->strip_ts = sim_rng_chance(r, 0.3);
	d->strip_sack = sim_rng_chance(r, 0.3);
	d->strip_ws = sim_rng_chance(r, 0.3);
	d->squeeze = sim_rng_chance(r, 0.5);
}

static void add_ip(struct sim_device *d, struct sim_rng *r)
{
	d->new_id = (enum sim_new_id)sim_rng_range(r, SIM_ID_KEPT, SIM_ID_CLEARED);
	d->dscp = sim_rng_chance(r, 0.3) ? 34 : -1;
	d->ttl = sim_rng_chance(r, 0.3) ? 200 : -1;
	d->clear_ecn = sim_rng_chance(r, 0.2);
}

void sim_chain_all(struct sim_device *d)
{
	d->snat = d->new_ports = d->dnat = d->vip = true;
	d->shift_seq = d->keep_sack = d->shift_ts = true;
	d->mss_limit = 1200;
	d->strip_sack = d->strip_ws = d->squeeze = d->clear_ecn = true;
	d->new_id = SIM_ID_COUNTED;
	d->dscp = 34;
	d->ttl = 200;
}

void sim_chain_mangle(struct sim_world *w, struct sim_rng *r)
{
	for (unsigned i = 0; i + 1 < w->points; i++) {
		struct sim_device *d = &w->device[i];

		if (w->point[i].pair)
			continue;
		if (sim_rng_chance(r, 0.1)) {
			sim_chain_all(d);
			continue;
		}
		if (sim_rng_chance(r, 0.5))
			add_nat(w, d, r);
		if (sim_rng_chance(r, 0.35))
			add_numbers(d, r);
		if (sim_rng_chance(r, 0.3))
			add_options(d, r);
		if (sim_rng_chance(r, 0.3))
			add_ip(d, r);
	}
}

/* Two of the inner points side by side: between them lies nothing. */
static void add_pair(struct sim_world *w, struct sim_rng *r)
{
	unsigned first = (unsigned)sim_rng_range(r, 1, w->points - 3);

	w->point[first].pair = (enum sim_pair)sim_rng_range(r, SIM_BALANCED, SIM_STANDBY);
	w->point[first].switch_at = sim_rng_range(r, 100, 2000) * SIM_MS;
	w->device[first] = (struct sim_device){.bridge = true, .delay = {SIM_US, SIM_US}, .dscp = -1, .ttl = -1};
}

void sim_chain_ways(struct sim_world *w, struct sim_rng *r)
{
	if (w->points > 3 && sim_rng_chance(r, 0.5)) {
		add_pair(w, r);
		return;
	}
	if (w->points < 3)
		return;
	unsigned point = (unsigned)sim_rng_range(r, 1, w->points - 2);
	if (sim_rng_chance(r, 0.5)) {
		w->point[point].avoided = 1u << (sim_rng_chance(r, 0.5) ? SIM_C2S : SIM_S2C);
		return;
	}
	/* Servers that answer directly: from here on everything is on the way of the requests only, but for the servers' own captures. */
	for (; point + 1 < w->points; point++)
		w->point[point].avoided = 1u << SIM_S2C;
}

void sim_chain_crowd(struct sim_world *w, struct sim_rng *r)
{
	w->connections = (uint64_t)sim_rng_range(r, 30, 200);
	w->burst = (unsigned)sim_rng_range(r, 10, 200);
	w->gap = sim_rng_range(r, 100, 20000) * SIM_US;
	w->clients = (unsigned)(sim_rng_chance(r, 0.3) ? 1 : sim_rng_range(r, 2, 100));
	w->alike = sim_rng_chance(r, 0.7);
	w->same_isn = sim_rng_chance(r, 0.3) ? 0.05 : 0;
	w->twins = sim_rng_chance(r, 0.3) ? 0.1 : 0;
	w->exchanges = (unsigned)sim_rng_range(r, 1, 2);
	w->request_max = 2000;
	w->response_max = (uint32_t)sim_rng_range(r, 100, 8000);
	w->no_timestamps = sim_rng_chance(r, 0.5) ? sim_rng_unit(r) : 0;
}
