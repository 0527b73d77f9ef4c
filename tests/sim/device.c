/* A device between two points: delays, drops, duplicates, reorders, forwards; and makes packets of its own. */
#include <string.h>

#include "tests/sim/engine.h"

void sim_device_drop(struct sim_flight *f, unsigned device)
{
	f->c->truth->sent[f->index].dropped_by = (int)device;
	sim_flight_end(f);
}

static bool rule_hits(struct sim_engine *g, const struct sim_drop *rule, unsigned *hits, const struct sim_flight *f, struct sim_rng *rng)
{
	if (!(rule->whats & 1u << sim_packet_what(&f->p)) || !(rule->dirs & 1u << f->dir))
		return false;
	if (rule->port && rule->port != f->c->plan.port)
		return false;
	if ((rule->ecn_only && !f->c->truth->ecn) || g->now - g->w->start < rule->after)
		return false;
	if (rule->first && *hits >= rule->first)
		return false;
	if (!sim_rng_chance(rng, rule->probability))
		return false;
	++*hits;
	return true;
}

static bool drops(struct sim_engine *g, unsigned device, struct sim_flight *f)
{
	const struct sim_device *d = &g->w->device[device];
	struct sim_memory *m = &f->c->memory[device];

	for (unsigned i = 0; i < d->drop_count; i++)
		if (rule_hits(g, &d->drops[i], &m->hits[i], f, &g->wire[device].rng))
			return true;
	return false;
}

/* When a packet that enters now leaves: never before, nor together with, one that entered earlier. */
static int64_t leaves_at(struct sim_engine *g, unsigned device, enum sim_dir dir)
{
	const struct sim_device *d = &g->w->device[device];
	struct sim_wire *wire = &g->wire[device];
	int64_t at = g->now + d->delay[dir] + sim_rng_exp(&wire->rng, d->jitter[dir]);

	if (at <= wire->last_out[dir])
		at = wire->last_out[dir] + SIM_US;
	wire->last_out[dir] = at;
	return at;
}

/* The same packet again, shortly after the first left. */
static void duplicate(struct sim_engine *g, unsigned device, const struct sim_flight *f, int64_t first)
{
	struct sim_wire *wire = &g->wire[device];
	struct sim_flight *copy = sim_flight_new(f->c, f->dir, (int)device);
	int64_t at = first + sim_rng_range(&wire->rng, 1, 60) * SIM_US;

	copy->p = f->p;
	if (wire->last_out[f->dir] < at)
		wire->last_out[f->dir] = at;
	sim_flight_launch(copy, at, sim_truth_to(f->dir, (int)device), 0, (int)f->index);
}

/* Sends a packet on its way to the next point. */
void sim_device_forward(struct sim_engine *g, unsigned device, struct sim_flight *f)
{
	const struct sim_device *d = &g->w->device[device];
	struct sim_wire *wire = &g->wire[device];
	int64_t at;

	sim_rewrite(g, device, f);
	if (sim_rng_chance(&wire->rng, d->reorder))
		at = g->now + d->delay[f->dir] + d->reorder_delay;
	else
		at = leaves_at(g, device, f->dir);
	if (!f->p.gone && sim_rng_chance(&wire->rng, d->duplicate))
		duplicate(g, device, f, at);
	sim_heap_push(&g->heap, at, SIM_ARRIVE, f, (uint16_t)sim_truth_to(f->dir, (int)device));
}

/* A packet that the device makes itself, as if it came from the far side, as it looks at the near point. */
struct sim_header *sim_device_make(struct sim_flight *f, const struct sim_connection *c, unsigned device, enum sim_dir dir)
{
	const struct sim_view *v = &c->truth->view[sim_truth_to(dir, (int)device)];
	struct sim_header *h = &f->p.h;

	*h = (struct sim_header){.ttl = 64, .df = true};
	h->src = dir == SIM_C2S ? v->client : v->server;
	h->dst = dir == SIM_C2S ? v->server : v->client;
	h->sport = dir == SIM_C2S ? v->client_port : v->server_port;
	h->dport = dir == SIM_C2S ? v->server_port : v->client_port;
	return h;
}

void sim_device_send(struct sim_flight *f, unsigned device, int64_t after)
{
	struct sim_engine *g = f->c->g;
	int64_t at = g->now + after;

	/* What leaves much later takes no place in the queue yet. */
	if (after < 10 * SIM_MS) {
		if (at <= g->wire[device].last_out[f->dir])
			at = g->wire[device].last_out[f->dir] + SIM_US;
		g->wire[device].last_out[f->dir] = at;
	}
	sim_flight_launch(f, at, sim_truth_to(f->dir, (int)device), 0, SIM_NEVER);
}

/* What is too large is cut up. */
static void fragment(const struct sim_device *d, struct sim_flight *f)
{
	struct sim_header *h = &f->p.h;

	if (!d->mtu || h->fragment || f->p.icmp || h->src.family != 4 || !h->ip_id || sim_encode_segment(&f->p) + 20 <= d->mtu)
		return;
	h->fragment = (uint16_t)((d->mtu - 20) & ~7);
	h->df = false;
	f->p.backwards = d->mtu_backwards;
}

/* Fragments are lost one by one; the others go on to where their receiver waits for it in vain. true: none is left. */
static bool lose_fragments(struct sim_engine *g, unsigned device, struct sim_flight *f)
{
	const struct sim_device *d = &g->w->device[device];
	struct sim_transmission *t = &f->c->truth->sent[f->index];
	unsigned n = sim_packet_fragments(&f->p);

	for (unsigned i = 0; n > 1 && i < n; i++)
		if (i > 0 && d->firsts_only ? true : d->lose_fragment > 0 && sim_rng_chance(&g->wire[device].rng, d->lose_fragment))
			f->p.gone |= 1u << i;
	if (f->p.gone && t->dropped_by == SIM_NEVER)
		t->dropped_by = (int)device;
	return f->p.gone == (1u << n) - 1;
}

void sim_device_pass(struct sim_engine *g, unsigned device, struct sim_flight *f)
{
	struct sim_memory *m = &f->c->memory[device];

	/* What has lost a fragment is dead already. */
	if (f->p.gone) {
		sim_device_forward(g, device, f);
		return;
	}
	if (sim_reject_packet(g, device, f) || sim_reject_midway(g, device, f))
		return;
	m->last_seen = g->now;
	if (drops(g, device, f))
		sim_device_drop(f, device);
	else {
		fragment(&g->w->device[device], f);
		if (lose_fragments(g, device, f))
			sim_device_drop(f, device);
		else
			sim_device_forward(g, device, f);
	}
}
