/* A device that answers instead of forwarding. */
#include "tests/sim/engine.h"

/* The TTL that a packet of the server would have here. */
static uint8_t servers_ttl(const struct sim_engine *g, const struct sim_connection *c, unsigned device)
{
	uint8_t ttl = c->end[SIM_S2C].habits.ttl;

	for (unsigned i = device; i < g->w->points - 1; i++)
		ttl = (uint8_t)(ttl - !g->w->device[i].bridge);
	return ttl;
}

static void answer_rst(struct sim_engine *g, unsigned device, const struct sim_flight *f)
{
	struct sim_flight *rst = sim_flight_new(f->c, SIM_S2C, (int)device);
	struct sim_header *h = sim_device_make(rst, f->c, device, SIM_S2C);

	h->flags = TCP_RST | TCP_ACK;
	h->ack = f->p.h.seq + 1;
	if (g->w->device[device].reject_copies_ttl)
		h->ttl = servers_ttl(g, f->c, device);
	sim_device_send(rst, device, 60 * SIM_US);
}

static void answer_icmp(unsigned device, const struct sim_flight *f)
{
	struct sim_flight *icmp = sim_flight_new(f->c, SIM_S2C, (int)device);
	struct sim_header *h = sim_device_make(icmp, f->c, device, SIM_S2C);
	bool v4 = h->src.family == 4;

	h->src = v4 ? sim_addr4(0x0a080001u + device * 256) : sim_addr6(0xfd00000800000000u, device + 1u);
	h->df = false;
	icmp->p.icmp = true;
	icmp->p.icmp_type = v4 ? 3 : 1; /* unreachable, administratively prohibited */
	icmp->p.icmp_code = v4 ? 13 : 1;
	icmp->p.quoted = f->p.h;
	sim_device_send(icmp, device, 60 * SIM_US);
}

/* The second SYN is answered as one that a half-open entry exists for; later the entry is given up. */
static void answer_half_open(struct sim_engine *g, unsigned device, const struct sim_flight *f)
{
	struct sim_rng *rng = &g->wire[device].rng;
	int64_t ack_after = sim_rng_range(rng, 20 * SIM_MS, 35 * SIM_MS), rst_after = sim_rng_range(rng, 300, 900) * SIM_MS;
	uint32_t seq = sim_rng_u32(rng);

	if (++f->c->memory[device].syns != 2)
		return;
	for (int i = 0; i < 2; i++) {
		struct sim_flight *a = sim_flight_new(f->c, SIM_S2C, (int)device);
		struct sim_header *h = sim_device_make(a, f->c, device, SIM_S2C);

		h->flags = i ? TCP_RST | TCP_ACK : TCP_ACK;
		h->seq = seq;
		h->ack = f->p.h.seq + 1;
		h->window = 12288;
		h->ttl = g->w->device[device].reject_copies_ttl ? servers_ttl(g, f->c, device) : 255;
		sim_device_send(a, device, ack_after + (i ? rst_after : 0));
	}
}

bool sim_reject_packet(struct sim_engine *g, unsigned device, struct sim_flight *f)
{
	const struct sim_device *d = &g->w->device[device];
	enum sim_what what = sim_packet_what(&f->p);

	if (!d->reject || d->reject_port != f->c->plan.port)
		return false;
	if (d->reject_passes && f->dir == SIM_S2C && what == SIM_SYNACK) {
		sim_device_drop(f, device);
		return true;
	}
	if (f->dir != SIM_C2S || what != SIM_SYN)
		return false;
	if (d->reject == SIM_REJECT_RST)
		answer_rst(g, device, f);
	else if (d->reject == SIM_REJECT_ICMP)
		answer_icmp(device, f);
	else
		answer_half_open(g, device, f);
	if (d->reject_passes)
		return false;
	sim_device_drop(f, device);
	return true;
}

/* A RST towards the sender of a packet, made from the packet's own numbers. */
static void reset_sender(unsigned device, const struct sim_flight *f)
{
	enum sim_dir dir = f->dir == SIM_C2S ? SIM_S2C : SIM_C2S;
	struct sim_flight *rst = sim_flight_new(f->c, dir, (int)device);
	struct sim_header *h = sim_device_make(rst, f->c, device, dir);

	h->flags = TCP_RST;
	h->seq = f->p.h.ack;
	sim_device_send(rst, device, 50 * SIM_US);
}

/* A RST,ACK towards where the packet was going, in its place. */
static void reset_receiver(unsigned device, const struct sim_flight *f)
{
	const struct sim_view *v = f->c->truth->view;
	const struct sim_view *from = &v[sim_truth_from(f->dir, (int)device)], *to = &v[sim_truth_to(f->dir, (int)device)];
	uint32_t client = to->client_shift - from->client_shift, server = to->server_shift - from->server_shift;
	struct sim_flight *rst = sim_flight_new(f->c, f->dir, (int)device);
	struct sim_header *h = sim_device_make(rst, f->c, device, f->dir);

	h->flags = TCP_RST | TCP_ACK;
	h->seq = f->p.h.seq + (f->dir == SIM_C2S ? client : server);
	h->ack = f->p.h.ack + (f->dir == SIM_C2S ? server : client);
	sim_device_send(rst, device, 55 * SIM_US);
}

/* The connection is forgotten or cut: its packets die here. */
static bool dead_packet(const struct sim_device *d, unsigned device, struct sim_flight *f, const struct sim_memory *m)
{
	bool answer = m->forgotten && d->idle_rst && f->p.h.flags & TCP_ACK && !(f->p.h.flags & TCP_RST);

	if (answer)
		reset_sender(device, f);
	sim_device_drop(f, device);
	return true;
}

bool sim_reject_midway(struct sim_engine *g, unsigned device, struct sim_flight *f)
{
	const struct sim_device *d = &g->w->device[device];
	struct sim_memory *m = &f->c->memory[device];

	if (d->idle_limit && m->last_seen && g->now - m->last_seen > d->idle_limit && f->c->end[SIM_C2S].state >= SIM_ESTABLISHED)
		m->forgotten = true;
	if (m->forgotten || m->cut)
		return dead_packet(d, device, f, m);
	if (sim_packet_what(&f->p) != SIM_DATA || !m->cut_after || ++m->data < m->cut_after)
		return false;
	m->cut = true;
	reset_sender(device, f);
	reset_receiver(device, f);
	sim_device_drop(f, device);
	return true;
}
