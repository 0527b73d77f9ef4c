/* Connections: planned one after another, opened in time, handed over when nothing of them is under way any more. */
#include <stdlib.h>

#include "tests/sim/engine.h"

static struct sim_connection *new_connection(struct sim_engine *g)
{
	size_t room = 0;
	struct sim_connection *c = sim_grow(NULL, &room, 1, sizeof *c);

	*c = (struct sim_connection){.g = g, .refs = 1};
	c->truth = sim_truth_new(g->w->points);
	c->truth->id = ++g->next_id;
	sim_rng_seed(&c->rng, sim_mix(g->w->seed) + c->truth->id);
	if (++g->open > g->totals->peak_open)
		g->totals->peak_open = g->open;
	return c;
}

static enum sim_kind draw_kind(const struct sim_world *w, struct sim_rng *r)
{
	unsigned total = 0;

	for (int i = 0; i < SIM_KINDS; i++)
		total += w->weight[i];
	int64_t pick = sim_rng_range(r, 0, total - 1);
	for (int i = 0; i < SIM_KINDS; i++) {
		if (pick < w->weight[i])
			return (enum sim_kind)i;
		pick -= w->weight[i];
	}
	return SIM_NORMAL;
}

/* Small sizes more often; but none of one byte: repeated, that cannot be told from a keepalive. */
static uint32_t draw_size(struct sim_rng *r, uint32_t max)
{
	double x = sim_rng_unit(r);

	return 20 + (uint32_t)(x * x * x * (double)max);
}

/* The same of every connection that is like all others. */
static void draw_lengths(struct sim_plan *p, const struct sim_world *w)
{
	struct sim_rng r;

	sim_rng_seed(&r, 0xa11ce);
	p->exchanges = w->exchanges;
	for (unsigned i = 0; i < SIM_EXCHANGES_MAX; i++) {
		p->request[i] = draw_size(&r, w->request_max);
		p->response[i] = draw_size(&r, w->response_max);
	}
}

static void draw_plan(struct sim_connection *c, enum sim_kind kind)
{
	const struct sim_world *w = c->g->w;
	struct sim_plan *p = &c->plan;
	struct sim_rng *r = &c->rng;
	bool idle = kind == SIM_IDLE || kind == SIM_KEEPALIVE;

	p->kind = kind;
	p->exchanges = (unsigned)sim_rng_range(r, 1, w->exchanges);
	if (idle && p->exchanges < 2)
		p->exchanges = 2;
	for (unsigned i = 0; i < SIM_EXCHANGES_MAX; i++) {
		p->request[i] = draw_size(r, w->request_max);
		p->response[i] = draw_size(r, w->response_max);
		p->think[i] = sim_rng_range(r, 50, 20000) * SIM_US;
		p->gap[i] = sim_rng_range(r, 30, 30000) * SIM_US;
	}
	if (idle)
		p->gap[0] = w->idle + sim_rng_range(r, 0, w->idle / 2);
	p->keepalive = kind == SIM_KEEPALIVE ? w->idle / 4 : 0;
	p->closer = sim_rng_chance(r, 0.5) ? SIM_C2S : SIM_S2C;
	if (kind == SIM_CLIENT_ABORTS || kind == SIM_CLIENT_VANISHES || kind == SIM_STALE)
		p->closer = SIM_C2S;
	if (kind == SIM_SERVER_ABORTS || kind == SIM_SERVER_VANISHES)
		p->closer = SIM_S2C;
	p->abort_midway = sim_rng_chance(r, 0.5);
	p->port = (uint16_t)(80 + sim_rng_range(r, 0, w->ports - 1));
	if (w->lengthy > 0 && sim_rng_chance(r, w->lengthy))
		for (unsigned i = 0; i < SIM_EXCHANGES_MAX; i++)
			p->response[i] = w->lengthy_response;
	if (w->alike)
		draw_lengths(p, w);
}

#define NAT_POOL 20000 /* the first port of a small pool */

/* One of a small pool; of all others when none is free. */
static uint16_t pool_port(struct sim_wire *wire, unsigned ports)
{
	unsigned port = NAT_POOL;

	for (unsigned tries = 0; tries < ports; tries++) {
		port = NAT_POOL + wire->next_pool++ % ports;
		if (!(wire->ports_used[port / 8] & 1u << port % 8))
			break;
	}
	return (uint16_t)port;
}

/* A port of the device's own address: the same as the client's when that is free. */
static uint16_t nat_port(struct sim_wire *wire, uint16_t wanted, bool fresh)
{
	if (fresh || wire->ports_used[wanted / 8] & 1u << wanted % 8) {
		for (unsigned tries = 0; tries < 65536; tries++) {
			wanted = wire->next_port = (uint16_t)(wire->next_port >= 65000 ? 1024 : wire->next_port + 1);
			if (!(wire->ports_used[wanted / 8] & 1u << wanted % 8))
				break;
		}
	}
	wire->ports_used[wanted / 8] |= (uint8_t)(1u << wanted % 8);
	return wanted;
}

static uint16_t device_port(struct sim_wire *wire, const struct sim_device *d, uint16_t wanted)
{
	if (!d->nat_ports)
		return nat_port(wire, wanted, d->new_ports);
	uint16_t port = pool_port(wire, d->nat_ports);
	return nat_port(wire, port, wire->ports_used[port / 8] >> port % 8 & 1);
}

static void client_views(struct sim_connection *c, bool v6)
{
	struct sim_engine *g = c->g;
	struct sim_view *v = c->truth->view;
	uint32_t n = c->client;

	v[0].client = v6 ? sim_addr6(0xfd00000100000000u, n + 2) : sim_addr4(0x0a010000u + n / 250 * 256 + n % 250 + 2);
	v[0].client_port = g->next_port[n] = (uint16_t)(g->next_port[n] >= 65000 ? 10240 : g->next_port[n] + 1);
	for (unsigned i = 0; i + 1 < g->w->points; i++) {
		const struct sim_device *d = &g->w->device[i];

		v[i + 1].client = v[i].client;
		v[i + 1].client_port = v[i].client_port;
		v[i + 1].client_shift = v[i].client_shift + (d->shift_seq ? sim_rng_u32(&c->rng) : 0);
		v[i + 1].client_ticks = v[i].client_ticks + (d->shift_ts ? sim_rng_u32(&c->rng) : 0);
		if (!d->snat && !(d->nat64 && v6))
			continue;
		v6 = v6 && !d->nat64;
		v[i + 1].client = v6 ? sim_addr6(0xfd00000900000000u, i + 1) : sim_addr4(0x0a090001u + i * 256);
		v[i + 1].client_port = device_port(&g->wire[i], d, v[i].client_port);
	}
}

/* Ports of a small pool are free again once nothing of their connection is under way. */
static void free_ports(struct sim_connection *c)
{
	struct sim_engine *g = c->g;

	for (unsigned i = 0; i + 1 < g->w->points; i++) {
		uint16_t port = (uint16_t)(c->truth->view[i + 1].client_port - g->w->port_add);

		if (g->w->device[i].nat_ports && !c->parent)
			g->wire[i].ports_used[port / 8] &= (uint8_t) ~(1u << port % 8);
	}
}

static void server_views(struct sim_connection *c, bool v6)
{
	const struct sim_world *w = c->g->w;
	struct sim_view *v = c->truth->view;
	bool dnat = false, v4_behind = false;

	for (unsigned i = 0; i + 1 < w->points; i++) {
		dnat |= w->device[i].dnat;
		v4_behind |= w->device[i].nat64;
	}
	struct sim_view *last = &v[w->points - 1];
	bool from_v6 = v6;
	v6 = v6 && !v4_behind;
	last->server = v6 ? sim_addr6(0xfd00000200000000u, c->server + 20) : sim_addr4(0x0a020000u + c->server + 20);
	last->server_port = (uint16_t)(c->plan.port + (dnat ? 8000 : 0));
	for (unsigned i = w->points - 1; i-- > 0;) {
		const struct sim_device *d = &w->device[i];

		v[i].server = v[i + 1].server;
		v[i].server_port = v[i + 1].server_port;
		v[i].server_shift = v[i + 1].server_shift + (d->shift_seq ? sim_rng_u32(&c->rng) : 0);
		v[i].server_ticks = v[i + 1].server_ticks + (d->shift_ts ? sim_rng_u32(&c->rng) : 0);
		if (d->nat64 && from_v6) {
			v[i].server = sim_addr64(&v[i + 1].server);
			v6 = true;
		}
		if (!d->dnat)
			continue;
		uint32_t n = d->vip ? 0 : c->server;
		v[i].server = v6 ? sim_addr6(0xfd00000300000000u + i, n + 80) : sim_addr4(0xcb007150u + n + i * 16);
		v[i].server_port = c->plan.port;
	}
}

static void rename_addr(struct ipaddr *a, uint32_t add)
{
	uint8_t *b = a->b + (a->family == 4 ? 0 : 12);
	uint32_t n = ((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]) + add;

	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(n >> (24 - 8 * i));
}

static void rename_views(struct sim_connection *c)
{
	const struct sim_world *w = c->g->w;

	for (unsigned i = 0; i < w->points; i++) {
		struct sim_view *v = &c->truth->view[i];

		rename_addr(&v->client, w->addr_add);
		rename_addr(&v->server, w->addr_add);
		v->client_port = (uint16_t)(v->client_port + w->port_add);
		v->server_port = (uint16_t)(v->server_port + w->port_add);
	}
}

static void init_endpoints(struct sim_connection *c)
{
	const struct sim_world *w = c->g->w;

	for (int side = 0; side < 2; side++) {
		struct sim_endpoint *ep = &c->end[side];

		ep->c = c;
		ep->side = (enum sim_dir)side;
		ep->host = side == SIM_C2S ? c->client : w->clients + c->server;
		ep->state = side == SIM_C2S ? SIM_CLOSED : SIM_LISTEN;
		ep->iss = sim_rng_u32(&c->rng);
		if (w->isn_wrap)
			ep->iss = 0u - (uint32_t)sim_rng_range(&c->rng, 0, 3000);
		ep->iss += w->isn_add[side];
		if (w->isn_salt || c->truth->twin_of)
			ep->iss += (uint32_t)sim_mix(w->isn_salt + c->truth->id * 2 + (uint64_t)side);
		ep->ip_id = (uint16_t)sim_rng_u32(&c->rng);
		ep->cwnd = 10;
		ep->peer_mss = 536;
		sim_habits_of(c->g, ep);
		c->stream[side] = sim_rng_next(&c->rng);
		if (w->alike)
			c->stream[side] = (uint64_t)side + 1;
		c->truth->isn[side] = ep->iss;
	}
	for (unsigned i = 0; i + 1 < w->points; i++)
		if (sim_rng_chance(&c->rng, w->device[i].cut))
			c->memory[i].cut_after = (unsigned)sim_rng_range(&c->rng, 1, 6);
}

/* Now and then a client begins with the number of the client before it. */
static void share_isn(struct sim_connection *c)
{
	struct sim_engine *g = c->g;

	if (g->begun > 1 && sim_rng_chance(&c->rng, g->w->same_isn))
		c->end[SIM_C2S].iss = c->truth->isn[SIM_C2S] = g->last_iss;
	g->last_iss = c->end[SIM_C2S].iss;
}

/* A twin draws the same numbers as the connection before it, but for its initial sequence numbers: no two hosts agree on those by chance. */
static void become_twin(struct sim_connection *c)
{
	struct sim_engine *g = c->g;
	bool twin = sim_rng_chance(&c->rng, g->w->twins);

	if (g->begun++ == 0 || !twin) {
		g->last_id = c->truth->id;
		return;
	}
	c->truth->twin_of = g->last_id;
	sim_rng_seed(&c->rng, sim_mix(g->w->seed) + g->last_id);
	sim_rng_chance(&c->rng, g->w->twins); /* as its original did */
}

static void set_up(struct sim_connection *c)
{
	struct sim_engine *g = c->g;

	become_twin(c);
	bool v6 = sim_rng_chance(&c->rng, g->w->ipv6);

	c->client = (unsigned)sim_rng_range(&c->rng, 0, g->w->clients - 1);
	c->server = (unsigned)sim_rng_range(&c->rng, 0, g->w->servers - 1);
	draw_plan(c, draw_kind(g->w, &c->rng));
	client_views(c, v6);
	server_views(c, v6);
	c->hash = sim_mix((uint64_t)c->client << 32 | (uint64_t)c->server << 16 | c->truth->view[0].client_port);
	rename_views(c);
	init_endpoints(c);
	share_isn(c);
	if (c->plan.kind == SIM_REFUSED)
		c->end[SIM_S2C].state = SIM_CLOSED;
	if (c->plan.kind == SIM_SILENT) {
		c->end[SIM_S2C].state = SIM_MUTE;
		c->truth->silent[SIM_S2C] = true;
	}
}

/* Mean time to the next connection: nearly none inside a burst. */
static int64_t next_gap(const struct sim_engine *g)
{
	const struct sim_world *w = g->w;

	if (w->burst < 2)
		return w->gap;
	return g->begun % w->burst == 1 ? w->gap * w->burst : 2 * SIM_US;
}

/* Plans the connection after this one: the stream never ends before its number is reached. */
void sim_connection_plan_next(struct sim_engine *g)
{
	if (g->totals->connections >= g->w->connections)
		return;
	g->totals->connections++;
	struct sim_connection *c = new_connection(g);
	set_up(c);
	sim_heap_push(&g->heap, g->now + sim_rng_exp(&g->rng, next_gap(g)), SIM_OPEN, c, 0);
}

void sim_connection_open(struct sim_connection *c)
{
	struct sim_endpoint *client = &c->end[SIM_C2S];

	c->truth->started = c->g->now;
	c->truth->kind = c->plan.kind;
	c->truth->ecn = client->habits.ecn;
	c->truth->timestamps = client->habits.timestamps;
	c->truth->outcome = "connect-timeout";
	client->state = SIM_SYN_SENT;
	client->una = client->iss;
	if (c->parent && c->parent->plan.kind == SIM_STALE) {
		/* From now on the server's side of the old connection is played by the new one. */
		sim_stack_reset(&c->parent->end[SIM_S2C]);
		c->parent->end[SIM_S2C].state = SIM_MUTE;
	}
	sim_send_syn(client, false);
	sim_timer_update(client);
	if (!c->parent)
		sim_connection_plan_next(c->g);
	sim_connection_unref(c);
}

/* The same addresses and ports once more. */
void sim_connection_spawn(struct sim_connection *parent)
{
	struct sim_engine *g = parent->g;

	if (parent->child_made || (parent->plan.kind != SIM_REUSE && parent->plan.kind != SIM_STALE))
		return;
	parent->child_made = true;
	struct sim_connection *c = new_connection(g);
	c->client = parent->client;
	c->server = parent->server;
	draw_plan(c, SIM_NORMAL);
	c->plan.port = parent->plan.port;
	c->hash = parent->hash;
	for (unsigned i = 0; i < g->w->points; i++)
		c->truth->view[i] = parent->truth->view[i];
	init_endpoints(c);
	c->end[SIM_C2S].habits.ts_offset = parent->end[SIM_C2S].habits.ts_offset;
	if (parent->plan.kind == SIM_STALE)
		c->end[SIM_S2C].state = SIM_STALE_STATE;
	/* TIME-WAIT takes a new SYN whose number is beyond the old ones. */
	c->end[SIM_C2S].iss = parent->end[SIM_C2S].nxt + 1000000 + (uint32_t)sim_rng_range(&c->rng, 0, 1000000);
	c->truth->isn[SIM_C2S] = c->end[SIM_C2S].iss;
	c->parent = parent;
	parent->refs++;
	sim_heap_push(&g->heap, g->now + sim_rng_range(&c->rng, 500, 5000) * SIM_MS, SIM_OPEN, c, 0);
}

void sim_connection_outcome(struct sim_connection *c, const char *outcome)
{
	c->truth->outcome = outcome;
}

void sim_connection_unref(struct sim_connection *c)
{
	while (c && --c->refs == 0) {
		struct sim_connection *parent = c->parent;

		if (c->plan.kind == SIM_REUSE && !c->child_made && c->end[SIM_C2S].done) {
			sim_connection_spawn(c);
			return; /* its child holds it now */
		}
		free_ports(c);
		c->g->totals->transmissions += c->truth->count;
		c->g->open--;
		c->g->sink->connection(c->g->sink->context, c->truth);
		free(c);
		c = parent;
	}
}
