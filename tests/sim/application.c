/* What the two hosts talk about: requests and responses, then somebody closes. */
#include "tests/sim/engine.h"

static uint64_t sum(const uint32_t *lengths, unsigned n)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < n; i++)
		total += lengths[i];
	return total;
}

static void write_bytes(struct sim_endpoint *ep, uint32_t n)
{
	ep->written += n;
	sim_send_pending(ep);
}

static void close_side(struct sim_endpoint *ep)
{
	ep->done = true;
	ep->close_wanted = true;
	sim_send_pending(ep);
}

static void abort_side(struct sim_endpoint *ep)
{
	ep->done = true;
	sim_send_abort(ep);
	sim_stack_reset(ep);
	sim_connection_outcome(ep->c, "reset");
}

static void vanish(struct sim_endpoint *ep)
{
	ep->done = true;
	sim_stack_reset(ep);
	ep->state = SIM_MUTE;
	ep->c->truth->silent[ep->side] = true;
	sim_connection_outcome(ep->c, "stalled");
	if (ep->side == SIM_C2S)
		sim_connection_spawn(ep->c);
}

/* The end of the conversation, from the side that ends it. */
static void finish(struct sim_endpoint *ep)
{
	enum sim_kind kind = ep->c->plan.kind;

	if (kind == (ep->side == SIM_C2S ? SIM_CLIENT_ABORTS : SIM_SERVER_ABORTS))
		abort_side(ep);
	else if ((kind == SIM_CLIENT_VANISHES || kind == SIM_STALE) && ep->side == SIM_C2S)
		vanish(ep);
	else if (kind == SIM_SERVER_VANISHES && ep->side == SIM_S2C)
		vanish(ep);
	else if (ep->side == ep->c->plan.closer)
		close_side(ep);
}

void sim_app_connected(struct sim_endpoint *ep)
{
	ep->keep_at = 0;
	if (ep->side == SIM_C2S) {
		sim_connection_outcome(ep->c, "stalled");
		ep->app_at = ep->c->g->now + sim_rng_range(&ep->c->rng, 20, 900) * SIM_US;
	}
}

static void client_received(struct sim_endpoint *ep)
{
	const struct sim_plan *plan = &ep->c->plan;

	if (plan->kind == SIM_CLIENT_ABORTS && plan->abort_midway && ep->received > 0 && !ep->done) {
		abort_side(ep);
		return;
	}
	if (ep->exchange < plan->exchanges && ep->written == sum(plan->request, ep->exchange + 1) &&
	    ep->received >= sum(plan->response, ep->exchange + 1)) {
		int64_t gap = plan->gap[ep->exchange++];

		ep->app_at = ep->c->g->now + gap;
		if (plan->keepalive)
			ep->keep_at = ep->c->g->now + plan->keepalive;
	}
}

static void server_received(struct sim_endpoint *ep)
{
	const struct sim_plan *plan = &ep->c->plan;

	if (ep->exchange < plan->exchanges && ep->received >= sum(plan->request, ep->exchange + 1)) {
		ep->app_at = ep->c->g->now + plan->think[ep->exchange];
		ep->exchange++;
	}
}

void sim_app_received(struct sim_endpoint *ep)
{
	if (ep->state < SIM_ESTABLISHED || ep->done)
		return;
	if (ep->fin_received && !ep->app_at) {
		if (ep->side == SIM_C2S)
			sim_connection_outcome(ep->c, "completed");
		close_side(ep);
	} else if (!ep->app_at && ep->side == SIM_C2S) {
		client_received(ep);
	} else if (!ep->app_at) {
		server_received(ep);
	}
}

static void client_due(struct sim_endpoint *ep)
{
	const struct sim_plan *plan = &ep->c->plan;

	if (ep->exchange < plan->exchanges) {
		write_bytes(ep, plan->request[ep->exchange]);
		return;
	}
	if (ep->c->plan.closer == SIM_C2S)
		sim_connection_outcome(ep->c, "completed");
	finish(ep);
}

static void server_due(struct sim_endpoint *ep)
{
	const struct sim_plan *plan = &ep->c->plan;
	unsigned now = ep->exchange - 1;

	if (plan->kind == SIM_SERVER_ABORTS && plan->abort_midway) {
		abort_side(ep);
		return;
	}
	if (plan->kind == SIM_SERVER_VANISHES && now + 1 == plan->exchanges) {
		vanish(ep);
		return;
	}
	if (now + 1 == plan->exchanges && plan->closer == SIM_S2C && plan->kind != SIM_SERVER_ABORTS && plan->abort_midway)
		ep->close_wanted = ep->done = true; /* the FIN rides on the last data */
	write_bytes(ep, plan->response[now]);
	if (now + 1 == plan->exchanges && !ep->done)
		finish(ep);
}

/* A wait of the application is over. */
void sim_app_due(struct sim_endpoint *ep)
{
	if (ep->state < SIM_ESTABLISHED || ep->done)
		return;
	if (ep->side == SIM_C2S)
		client_due(ep);
	else
		server_due(ep);
	sim_app_received(ep);
}
