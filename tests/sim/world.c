#include "tests/sim/world.h"

#include <stdio.h>

#include "tests/sim/chain.h"
#include "tests/sim/rng.h"

const char *sim_kind_name(enum sim_kind k)
{
	static const char *const names[SIM_KINDS] = {"normal", "refused", "silent", "client-aborts", "server-aborts", "client-vanishes",
	    "server-vanishes", "idle", "keepalive", "reuse", "stale"};

	return names[k];
}

void sim_world_clean(struct sim_world *w, uint64_t seed, unsigned points)
{
	struct sim_rng r;

	sim_rng_seed(&r, sim_mix(seed) ^ 0xc1ea9);
	*w = (struct sim_world){.seed = seed, .points = points, .connections = (uint64_t)sim_rng_range(&r, 10, 30)};
	w->start = (1700000000 + sim_rng_range(&r, 0, 10000000)) * SIM_SECOND;
	w->gap = sim_rng_range(&r, 5, 300) * SIM_MS;
	w->clients = (unsigned)sim_rng_range(&r, 1, 6);
	w->servers = (unsigned)sim_rng_range(&r, 1, 3);
	w->ports = 3;
	w->ipv6 = sim_rng_chance(&r, 0.3) ? 0.5 : 0;
	w->ecn = 0.3;
	w->no_timestamps = sim_rng_chance(&r, 0.3) ? 0.5 : 0;
	w->no_sack = 0.1;
	w->weight[SIM_NORMAL] = 1;
	w->exchanges = (unsigned)sim_rng_range(&r, 1, SIM_EXCHANGES_MAX);
	w->request_max = (uint32_t)sim_rng_range(&r, 100, 6000);
	w->response_max = (uint32_t)sim_rng_range(&r, 100, 60000);
	w->idle = 4 * SIM_SECOND;
	for (unsigned i = 0; i < points; i++) {
		struct sim_point *p = &w->point[i];

		*p = (struct sim_point){.link = SIM_ETHERNET, .snaplen = 65535};
		snprintf(p->name, sizeof p->name, "p%u", i);
	}
	for (unsigned i = 0; i + 1 < points; i++) {
		struct sim_device *d = &w->device[i];

		*d = (struct sim_device){.bridge = sim_rng_chance(&r, 0.2), .dscp = -1, .ttl = -1};
		for (int dir = 0; dir < 2; dir++) {
			d->delay[dir] = sim_rng_range(&r, 20, 20000) * SIM_US;
			d->jitter[dir] = sim_rng_range(&r, 1, 300) * SIM_US;
		}
	}
}

static void add_drop(struct sim_world *w, struct sim_rng *r)
{
	static const uint32_t whats[] = {1u << SIM_SYN, 1u << SIM_SYNACK, 1u << SIM_ACK, 1u << SIM_DATA, 1u << SIM_RST | 1u << SIM_RSTACK,
	    1u << SIM_FIN, (1u << SIM_WHATS) - 1};
	struct sim_device *d = &w->device[sim_rng_range(r, 0, w->points - 2)];
	struct sim_drop *rule;

	if (d->drop_count == SIM_DROPS_MAX)
		return;
	rule = &d->drops[d->drop_count++];
	*rule = (struct sim_drop){.whats = whats[sim_rng_range(r, 0, 6)], .dirs = (uint32_t)sim_rng_range(r, 1, 3), .probability = 1};
	switch (sim_rng_range(r, 0, 3)) {
	case 0:
		rule->probability = 0.02 + sim_rng_unit(r) * 0.3;
		break;
	case 1:
		rule->first = (unsigned)sim_rng_range(r, 1, 3);
		break;
	case 2:
		rule->after = sim_rng_range(r, 200, 4000) * SIM_MS;
		rule->port = 81;
		break;
	default:
		rule->port = 81;
		rule->ecn_only = sim_rng_chance(r, 0.5);
		break;
	}
}

static void add_rejects(struct sim_world *w, struct sim_rng *r)
{
	struct sim_device *d = &w->device[sim_rng_range(r, 0, w->points - 2)];

	d->reject = (enum sim_reject)sim_rng_range(r, SIM_REJECT_RST, SIM_REJECT_HALF_OPEN);
	d->reject_port = 82;
	d->reject_copies_ttl = sim_rng_chance(r, 0.5);
}

static void add_resets(struct sim_world *w, struct sim_rng *r)
{
	struct sim_device *d = &w->device[sim_rng_range(r, 0, w->points - 2)];

	if (sim_rng_chance(r, 0.6))
		d->cut = 0.3;
	if (sim_rng_chance(r, 0.5)) {
		d->idle_limit = 2 * SIM_SECOND;
		d->idle_rst = sim_rng_chance(r, 0.5);
		w->weight[SIM_IDLE] = 1;
	}
}

static void add_rewrites(struct sim_world *w, struct sim_rng *r)
{
	struct sim_device *d = &w->device[sim_rng_range(r, 0, w->points - 2)];

	d->snat = sim_rng_chance(r, 0.4);
	d->new_ports = d->snat && sim_rng_chance(r, 0.5);
	d->dnat = sim_rng_chance(r, 0.4);
	d->shift_seq = sim_rng_chance(r, 0.3);
	d->mss_limit = sim_rng_chance(r, 0.3) ? 1200 : 0;
	d->strip_ts = sim_rng_chance(r, 0.2);
	d->clear_ecn = sim_rng_chance(r, 0.2);
	d->dscp = sim_rng_chance(r, 0.2) ? 34 : -1;
	d->ttl = sim_rng_chance(r, 0.2) ? 200 : -1;
}

static void add_network(struct sim_world *w, struct sim_rng *r)
{
	struct sim_device *d = &w->device[sim_rng_range(r, 0, w->points - 2)];

	if (sim_rng_chance(r, 0.5))
		d->duplicate = 0.03;
	if (sim_rng_chance(r, 0.5)) {
		d->reorder = 0.05;
		d->reorder_delay = sim_rng_range(r, 1, 6) * SIM_MS;
	}
}

static void add_captures(struct sim_world *w, struct sim_rng *r, unsigned troubles)
{
	static const enum sim_link links[] = {SIM_ETHERNET, SIM_RAW, SIM_SLL2};

	for (unsigned i = 0; i < w->points; i++) {
		struct sim_point *p = &w->point[i];

		if (troubles & SIM_CLOCKS && sim_rng_chance(r, 0.6)) {
			p->clock_offset = sim_rng_range(r, -60000, 60000) * SIM_MS;
			p->clock_ppm = sim_rng_chance(r, 0.5) ? (double)sim_rng_range(r, -250, 250) : 0;
		}
		if (troubles & SIM_STEPS && sim_rng_chance(r, 0.15)) {
			p->clock_step = sim_rng_range(r, -5000, 5000) * SIM_MS;
			p->clock_step_at = sim_rng_range(r, 500, 5000) * SIM_MS;
		}
		if (troubles & SIM_CAPTURE_LOSS && sim_rng_chance(r, 0.5)) {
			p->loss = 0.002 + 0.03 * sim_rng_unit(r);
			p->loss_burst = sim_rng_chance(r, 0.5) ? 1 : (unsigned)sim_rng_range(r, 2, 8);
		}
		if (troubles & SIM_MIRROR && sim_rng_chance(r, 0.4))
			p->mirror = sim_rng_chance(r, 0.5) ? 1 : 0.1;
		if (troubles & SIM_WINDOWS && sim_rng_chance(r, 0.3)) {
			p->window_from = sim_rng_range(r, 0, 2000) * SIM_MS;
			p->window_to = sim_rng_chance(r, 0.5) ? p->window_from + sim_rng_range(r, 1000, 6000) * SIM_MS : 0;
		}
		if (troubles & SIM_SNAPLEN && sim_rng_chance(r, 0.3))
			p->snaplen = 96;
		if (troubles & SIM_LINKS) {
			p->link = links[sim_rng_range(r, 0, 2)];
			p->nano = sim_rng_chance(r, 0.3);
		}
	}
}

static void add_fragments(struct sim_world *w, struct sim_rng *r, unsigned troubles)
{
	struct sim_device *d = &w->device[sim_rng_range(r, 0, w->points - 2)];

	d->mtu = (uint16_t)sim_rng_range(r, 400, 1400);
	d->mtu_backwards = sim_rng_chance(r, 0.5);
	d = &w->device[sim_rng_range(r, 0, w->points - 2)];
	if (troubles & SIM_LOST_FRAGMENTS && sim_rng_chance(r, 0.2))
		d->firsts_only = true;
	else if (troubles & SIM_LOST_FRAGMENTS)
		d->lose_fragment = 0.01 + 0.1 * sim_rng_unit(r);
	if (troubles & SIM_PORT_FILTERS)
		w->point[sim_rng_range(r, 0, w->points - 1)].port_filter = true;
}

void sim_world_random(struct sim_world *w, uint64_t seed, unsigned troubles)
{
	struct sim_rng r;

	sim_rng_seed(&r, sim_mix(seed) ^ 0x5eed);
	sim_world_clean(w, seed, (unsigned)sim_rng_range(&r, 2, troubles & SIM_MANGLING ? SIM_POINTS_MAX : 4));
	if (troubles & SIM_KINDS_ALL) {
		w->weight[SIM_NORMAL] = 6;
		for (int i = 1; i < SIM_KINDS; i++)
			w->weight[i] = sim_rng_chance(&r, 0.4);
	}
	if (troubles & SIM_DROPS)
		for (int64_t n = sim_rng_range(&r, 1, 3); n > 0; n--)
			add_drop(w, &r);
	if (troubles & SIM_REJECTS && sim_rng_chance(&r, 0.6))
		add_rejects(w, &r);
	for (unsigned i = 0; troubles & SIM_SWALLOWS && i + 1 < w->points; i++)
		w->device[i].reject_passes = w->device[i].reject == SIM_REJECT_HALF_OPEN && seed & 1;
	if (troubles & SIM_RESETS && sim_rng_chance(&r, 0.5))
		add_resets(w, &r);
	if (troubles & SIM_REWRITES && sim_rng_chance(&r, 0.5))
		add_rewrites(w, &r);
	if (troubles & SIM_NETWORK && sim_rng_chance(&r, 0.4))
		add_network(w, &r);
	w->isn_wrap = sim_rng_chance(&r, 0.2);
	add_captures(w, &r, troubles);
	if (troubles & SIM_FRAGMENTS)
		add_fragments(w, &r, troubles);
	if (troubles & SIM_WAYS)
		sim_chain_ways(w, &r);
	if (troubles & SIM_MANGLING)
		sim_chain_mangle(w, &r);
	if (troubles & SIM_CROWDS)
		sim_chain_crowd(w, &r);
}
