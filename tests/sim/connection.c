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
		if (!d->snat)
			continue;
		v[i + 1].client = v6 ? sim_addr6(0xfd00000900000000u, i + 1) : sim_addr4(0x0a090001u + i * 256);
		v[i + 1].client_port = nat_port(&g->wire[i], v[i].client_port, d->new_ports);
	}
}

static void server_views(struct sim_connection *c, bool v6)
{
	const struct sim_world *w = c->g->w;
	struct sim_view *v = c->truth->view;
	bool dnat = false;

	for (unsigned i = 0; i + 1 < w->points; i++)
		dnat |= w->device[i].dnat;
	struct sim_view *last = &v[w->points - 1];
	last->server = v6 ? sim_addr6(0xfd00000200000000u, c->server + 20) : sim_addr4(0x0a020000u + c->server + 20);
	last->server_port = (uint16_t)(c->plan.port + (dnat ? 8000 : 0));
	for (unsigned i = w->points - 1; i-- > 0;) {
		const struct sim_device *d = &w->device[i];

		v[i].server = v[i + 1].server;
		v[i].server_port = v[i + 1].server_port;
		v[i].server_shift = v[i + 1].server_shift + (d->shift_seq ? sim_rng_u32(&c->rng) : 0);
		if (!d->dnat)
			continue;
		v[i].server = v6 ? sim_addr6(0xfd00000300000000u + i, c->server + 80) : sim_addr4(0xcb007150u + c->server + i * 16);
		v[i].server_port = c->plan.port;
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
		ep->ip_id = (uint16_t)sim_rng_u32(&c->rng);
		ep->cwnd = 10;
		ep->peer_mss = 536;
		sim_habits_of(c->g, ep);
		c->stream[side] = sim_rng_next(&c->rng);
		c->truth->isn[side] = ep->iss;
	}
	for (unsigned i = 0; i + 1 < w->points; i++)
		if (sim_rng_chance(&c->rng, w->device[i].cut))
			c->memory[i].cut_after = (unsigned)sim_rng_range(&c->rng, 1, 6);
}

static void set_up(struct sim_connection *c)
{
	struct sim_engine *g = c->g;
	bool v6 = sim_rng_chance(&c->rng, g->w->ipv6);

	c->client = (unsigned)sim_rng_range(&c->rng, 0, g->w->clients - 1);
	c->server = (unsigned)sim_rng_range(&c->rng, 0, g->w->servers - 1);
	draw_plan(c, draw_kind(g->w, &c->rng));
	client_views(c, v6);
	server_views(c, v6);
	init_endpoints(c);
	if (c->plan.kind == SIM_REFUSED)
		c->end[SIM_S2C].state = SIM_CLOSED;
	if (c->plan.kind == SIM_SILENT) {
		c->end[SIM_S2C].state = SIM_MUTE;
		c->truth->silent[SIM_S2C] = true;
	}
}

/* Plans the connection after this one: the stream never ends before its number is reached. */
void sim_connection_plan_next(struct sim_engine *g)
{
	if (g->totals->connections >= g->w->connections)
		return;
	g->totals->connections++;
	struct sim_connection *c = new_connection(g);
	set_up(c);
	sim_heap_push(&g->heap, g->now + sim_rng_exp(&g->rng, g->w->gap), SIM_OPEN, c, 0);
}

void sim_connection_open(struct sim_connection *c)
{
	struct sim_endpoint *client = &c->end[SIM_C2S];

	c->truth->started = c->g->now;
	c->truth->kind = c->plan.kind;
	c->truth->ecn = client->habits.ecn;
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
		c->g->totals->transmissions += c->truth->count;
		c->g->open--;
		c->g->sink->connection(c->g->sink->context, c->truth);
		free(c);
		c = parent;
	}
}
