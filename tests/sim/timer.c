/* What is due at an endpoint. One event is planned for the earliest; what changed meanwhile is seen when it fires. */
#include "tests/sim/engine.h"

#define TRIES_MAX 6
#define SYNACK_TRIES_MAX 5

static int64_t earliest(const struct sim_endpoint *ep)
{
	const int64_t due[] = {ep->rto_at, ep->ack_at, ep->app_at, ep->keep_at};
	int64_t at = 0;

	for (size_t i = 0; i < sizeof due / sizeof *due; i++)
		if (due[i] && (!at || due[i] < at))
			at = due[i];
	return at;
}

void sim_timer_update(struct sim_endpoint *ep)
{
	int64_t at = earliest(ep);

	if (!at || (ep->timer_at && ep->timer_at <= at))
		return;
	ep->timer_at = at;
	ep->c->refs++;
	sim_heap_push(&ep->c->g->heap, at, SIM_TIMER, ep->c, (uint16_t)ep->side);
}

static void give_up(struct sim_endpoint *ep, const char *outcome)
{
	sim_stack_reset(ep);
	ep->state = SIM_MUTE;
	if (ep->side == SIM_C2S)
		sim_connection_outcome(ep->c, outcome);
}

static void retransmit(struct sim_endpoint *ep)
{
	ep->rto_at = 0;
	ep->tries++;
	if (ep->state == SIM_SYN_SENT || ep->state == SIM_SYN_RCVD) {
		if (ep->tries > (ep->side == SIM_C2S ? ep->habits.syn_retries : SYNACK_TRIES_MAX))
			give_up(ep, "connect-timeout");
		else
			sim_send_syn(ep, true);
		return;
	}
	if (ep->tries > TRIES_MAX) {
		give_up(ep, "timed-out");
		return;
	}
	if (ep->sent_count == 0)
		return;
	for (unsigned i = 0; i < ep->sent_count; i++)
		ep->sent[i].again = false;
	ep->recovering = true;
	ep->recover = ep->nxt;
	ep->cwnd = 2;
	for (unsigned i = 0; i < ep->sent_count; i++)
		if (!ep->sent[i].sacked) {
			sim_send_again(ep, &ep->sent[i]);
			break;
		}
	ep->rto_at = ep->c->g->now + sim_rto(ep);
}

static void keepalive(struct sim_endpoint *ep)
{
	ep->keep_at = 0;
	if (ep->state != SIM_ESTABLISHED || ep->sent_count > 0)
		return;
	if (ep->probes++ == 3) {
		sim_send_abort(ep);
		give_up(ep, "timed-out");
		ep->state = SIM_CLOSED;
		return;
	}
	sim_send_probe(ep);
	ep->keep_at = ep->c->g->now + ep->c->plan.keepalive;
}

void sim_timer_fire(struct sim_endpoint *ep, int64_t at)
{
	if (at == ep->timer_at) {
		ep->timer_at = 0;
		if (ep->rto_at && ep->rto_at <= at)
			retransmit(ep);
		if (ep->ack_at && ep->ack_at <= at)
			sim_send_ack(ep, 0);
		if (ep->app_at && ep->app_at <= at) {
			ep->app_at = 0;
			sim_app_due(ep);
		}
		if (ep->keep_at && ep->keep_at <= at)
			keepalive(ep);
		sim_timer_update(ep);
	}
	sim_connection_unref(ep->c);
}
