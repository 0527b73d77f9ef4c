/* The receiving half of a TCP (RFC 9293 3.10.7): what an arriving packet does. */
#include <string.h>

#include "tests/sim/engine.h"

static void learn_options(struct sim_endpoint *ep, const struct sim_header *h)
{
	const struct sim_habits *m = &ep->habits;

	ep->irs = h->seq;
	ep->rcv_nxt = h->seq + 1;
	ep->ts_ok = m->timestamps && h->has_ts;
	ep->sack_ok = m->sack && h->sack_ok;
	ep->ws_ok = m->scaling && h->has_ws;
	ep->peer_mss = h->has_mss ? h->mss : 536;
	ep->ts_recent = h->tsval;
}

void sim_stack_reset(struct sim_endpoint *ep)
{
	ep->state = SIM_CLOSED;
	ep->sent_count = 0;
	ep->rto_at = ep->ack_at = ep->app_at = ep->keep_at = 0;
}

static void receive_listen(struct sim_endpoint *ep, const struct sim_packet *p)
{
	if (p->h.flags & TCP_RST)
		return;
	if (p->h.flags & TCP_ACK || !(p->h.flags & TCP_SYN)) {
		sim_send_refusal(ep, p);
		return;
	}
	learn_options(ep, &p->h);
	ep->ecn_ok = ep->habits.ecn && (p->h.flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);
	ep->state = SIM_SYN_RCVD;
	ep->una = ep->iss;
	sim_send_syn(ep, false);
}

/* A forgotten connection: a SYN gets the old numbers (RFC 5961 4.2), the RST that follows clears it. */
static void receive_stale(struct sim_endpoint *ep, const struct sim_packet *p)
{
	struct sim_endpoint *old = ep->c->parent ? &ep->c->parent->end[SIM_S2C] : NULL;

	if (p->h.flags & TCP_RST) {
		if (p->h.seq == ep->rcv_nxt)
			ep->state = SIM_LISTEN;
		return;
	}
	if (p->h.flags & TCP_SYN && old) {
		ep->nxt = old->nxt;
		ep->rcv_nxt = old->rcv_nxt;
		ep->ts_ok = old->ts_ok;
		ep->ws_ok = old->ws_ok;
		ep->ts_recent = old->ts_recent;
		sim_send_ack(ep, SIM_NOTABLE);
	}
}

static void established(struct sim_endpoint *ep)
{
	ep->state = SIM_ESTABLISHED;
	ep->tries = 0;
	ep->rto_at = 0;
	ep->una = ep->iss + 1;
	sim_app_connected(ep);
}

static void receive_syn_sent(struct sim_endpoint *ep, const struct sim_packet *p)
{
	bool ack_fits = p->h.flags & TCP_ACK && p->h.ack == ep->iss + 1;

	if (p->icmp) {
		sim_stack_reset(ep);
		sim_connection_outcome(ep->c, "unreachable");
	} else if (p->h.flags & TCP_RST) {
		if (!ack_fits)
			return;
		sim_stack_reset(ep);
		sim_connection_outcome(ep->c, "refused");
	} else if (p->h.flags & TCP_ACK && !ack_fits) {
		sim_send_refusal(ep, p);
		if (ep->habits.resyn_at_once && ep->tries == 0)
			ep->rto_at = ep->c->g->now + 2 * SIM_MS;
	} else if (p->h.flags & TCP_SYN && ack_fits) {
		learn_options(ep, &p->h);
		ep->ecn_ok = ep->habits.ecn && (p->h.flags & (TCP_ECE | TCP_CWR)) == TCP_ECE;
		if (ep->tries == 0)
			ep->srtt = ep->c->g->now - ep->c->truth->started, ep->rttvar = ep->srtt / 2;
		established(ep);
		if (ep->state == SIM_ESTABLISHED && ep->sent_count == 0)
			sim_send_ack(ep, 0);
	}
}

/* A RST counts when its number is the next expected one; inside the window it is challenged (RFC 5961 3.2). */
static void receive_rst(struct sim_endpoint *ep, const struct sim_packet *p)
{
	if (p->h.seq == ep->rcv_nxt) {
		bool over = ep->state == SIM_TIME_WAIT || ep->done;

		sim_stack_reset(ep);
		if (ep->side == SIM_C2S && !over)
			sim_connection_outcome(ep->c, "reset");
	} else if (sim_before(ep->rcv_nxt, p->h.seq) && p->h.seq - ep->rcv_nxt < 65535) {
		sim_send_ack(ep, 0);
	}
}

static void keep_island(struct sim_endpoint *ep, uint32_t from, uint32_t to)
{
	struct sim_span merged = {from, to};
	unsigned n = 0;

	for (unsigned i = 0; i < ep->holes; i++) {
		struct sim_span s = ep->hole[i];

		if (sim_before(s.to, merged.from) || sim_before(merged.to, s.from)) {
			ep->hole[n++] = s;
			continue;
		}
		merged.from = sim_before(s.from, merged.from) ? s.from : merged.from;
		merged.to = sim_before(merged.to, s.to) ? s.to : merged.to;
	}
	if (n < SIM_HOLES_MAX)
		ep->hole[n++] = merged;
	ep->holes = n;
}

/* Islands that rcv_nxt has reached are no longer beyond a hole. */
static void join_islands(struct sim_endpoint *ep)
{
	for (unsigned i = 0; i < ep->holes; i++) {
		if (sim_before(ep->rcv_nxt, ep->hole[i].from))
			continue;
		if (sim_before(ep->rcv_nxt, ep->hole[i].to))
			ep->rcv_nxt = ep->hole[i].to;
		ep->hole[i] = ep->hole[--ep->holes];
		i = UINT32_MAX;
	}
}

static void take_fin(struct sim_endpoint *ep)
{
	ep->fin_received = true;
	ep->rcv_nxt++;
	if (ep->state == SIM_ESTABLISHED)
		ep->state = SIM_CLOSE_WAIT;
	else if (ep->state == SIM_FIN_WAIT_1)
		ep->state = SIM_CLOSING;
	else if (ep->state == SIM_FIN_WAIT_2)
		ep->state = SIM_TIME_WAIT;
}

static void receive_data(struct sim_endpoint *ep, const struct sim_packet *p)
{
	uint32_t end = p->h.seq + p->h.len, before = ep->rcv_nxt;
	bool fin = p->h.flags & TCP_FIN, at_once = fin || ep->habits.quick_ack || ep->holes > 0;

	if (!sim_before(ep->rcv_nxt, end + (fin ? 1 : 0))) {
		ep->has_dsack = ep->sack_ok && p->h.len > 0;
		ep->dsack = (struct sim_span){p->h.seq, end};
		sim_send_ack(ep, 0);
		return;
	}
	if (sim_before(ep->rcv_nxt, p->h.seq)) {
		if (p->h.len > 0)
			keep_island(ep, p->h.seq, end);
		sim_send_ack(ep, 0);
		return;
	}
	if (sim_before(ep->rcv_nxt, end))
		ep->rcv_nxt = end;
	join_islands(ep);
	ep->received += ep->rcv_nxt - before;
	if (fin && ep->rcv_nxt == end && !ep->fin_received)
		take_fin(ep);
	ep->unacked++;
	sim_app_received(ep);
	if (ep->unacked == 0 || ep->state == SIM_CLOSED)
		return; /* the answer carried the acknowledgement */
	if (at_once || ep->unacked >= 2)
		sim_send_ack(ep, 0);
	else
		ep->ack_at = ep->c->g->now + 40 * SIM_MS;
}

static void receive_open(struct sim_endpoint *ep, const struct sim_packet *p)
{
	uint32_t old = ep->rcv_nxt - 1;

	if (p->h.flags & TCP_RST) {
		receive_rst(ep, p);
		return;
	}
	if (p->h.flags & TCP_SYN) {
		if (ep->state == SIM_SYN_RCVD && p->h.seq == ep->irs)
			sim_send_syn(ep, true);
		else
			sim_send_ack(ep, p->h.flags & TCP_ACK ? 0 : SIM_NOTABLE);
		return;
	}
	if (!(p->h.flags & TCP_ACK))
		return;
	if (ep->state == SIM_SYN_RCVD) {
		if (p->h.ack != ep->iss + 1 && (sim_before(p->h.ack, ep->iss + 1) || sim_before(ep->nxt, p->h.ack)))
			return;
		established(ep);
	}
	if (p->h.has_ts && !sim_before(ep->rcv_nxt, p->h.seq))
		ep->ts_recent = p->h.tsval;
	ep->probes = 0;
	sim_acked(ep, p);
	if (ep->state == SIM_CLOSED)
		return;
	if (p->h.len > 0 || p->h.flags & TCP_FIN)
		receive_data(ep, p);
	else if (p->h.seq == old && ep->state != SIM_TIME_WAIT)
		sim_send_ack(ep, 0); /* a keepalive */
	sim_send_pending(ep);
	sim_app_received(ep);
}

void sim_stack_receive(struct sim_endpoint *ep, const struct sim_packet *p)
{
	switch (ep->state) {
	case SIM_MUTE:
		return;
	case SIM_CLOSED:
		if (!(p->h.flags & TCP_RST) && !p->icmp)
			sim_send_refusal(ep, p);
		break;
	case SIM_LISTEN:
		receive_listen(ep, p);
		break;
	case SIM_STALE_STATE:
		receive_stale(ep, p);
		break;
	case SIM_SYN_SENT:
		receive_syn_sent(ep, p);
		break;
	default:
		if (!p->icmp)
			receive_open(ep, p);
		break;
	}
	sim_timer_update(ep);
}
