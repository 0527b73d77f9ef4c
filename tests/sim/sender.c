/* The sending half of a TCP: segments, congestion window, retransmission. */
#include "tests/sim/engine.h"

/* The timestamp clock of an endpoint, now. */
static uint32_t tsval_now(const struct sim_endpoint *ep)
{
	int64_t since = ep->c->g->now - ep->c->g->w->start;

	return ep->habits.ts_offset + (uint32_t)(since / (SIM_SECOND / ep->habits.hz));
}

static uint16_t next_ip_id(struct sim_endpoint *ep, bool socketless)
{
	switch (ep->habits.ip_id) {
	case SIM_ID_CONNECTION:
		return socketless ? 0 : ep->ip_id++;
	case SIM_ID_RANDOM:
		return (uint16_t)sim_rng_u32(&ep->c->rng);
	case SIM_ID_GLOBAL:
		return ep->c->g->host_id[ep->host]++;
	default:
		return 0;
	}
}

/* SACK blocks: what was received twice first (RFC 2883), then what is beyond a hole. */
static void add_sacks(struct sim_endpoint *ep, struct sim_header *h)
{
	if (ep->has_dsack) {
		h->sack[0][0] = ep->dsack.from;
		h->sack[0][1] = ep->dsack.to;
		h->sacks = 1;
		ep->has_dsack = false;
	}
	for (unsigned i = ep->holes; i > 0 && h->sacks < SIM_SACK_MAX; i--) {
		h->sack[h->sacks][0] = ep->hole[i - 1].from;
		h->sack[h->sacks][1] = ep->hole[i - 1].to;
		h->sacks++;
	}
}

static void add_window(const struct sim_endpoint *ep, struct sim_header *h)
{
	uint32_t window = ep->habits.window + (ep->received < 65536 ? (uint32_t)ep->received : 65536);

	if (ep->ws_ok && !(h->flags & TCP_SYN))
		window >>= ep->habits.ws;
	h->window = (uint16_t)(window > 65535 ? 65535 : window);
}

/* Sends what h says; addresses, TTL, window and timestamps are added here. */
static void emit(struct sim_endpoint *ep, const struct sim_header *fields, uint64_t offset, unsigned marks, bool socketless)
{
	struct sim_connection *c = ep->c;
	struct sim_engine *g = c->g;
	struct sim_flight *f = sim_flight_new(c, ep->side, SIM_HOST);
	struct sim_header *h = &f->p.h;
	unsigned point = ep->side == SIM_C2S ? 0 : g->w->points - 1;
	const struct sim_view *v = &c->truth->view[point];
	int64_t at = g->now + sim_rng_range(&c->rng, 2, 40) * SIM_US;

	*h = *fields;
	h->src = ep->side == SIM_C2S ? v->client : v->server;
	h->dst = ep->side == SIM_C2S ? v->server : v->client;
	h->sport = ep->side == SIM_C2S ? v->client_port : v->server_port;
	h->dport = ep->side == SIM_C2S ? v->server_port : v->client_port;
	h->ttl = ep->habits.ttl;
	h->df = ep->habits.ip_id != SIM_ID_GLOBAL;
	h->ip_id = next_ip_id(ep, socketless);
	if (!socketless) {
		if (h->window == 0)
			add_window(ep, h);
		h->has_ts = ep->ts_ok && !(h->flags & TCP_RST && !(h->flags & TCP_ACK));
		if (h->has_ts) {
			h->tsval = tsval_now(ep);
			h->tsecr = h->flags & TCP_ACK ? ep->ts_recent : 0;
		}
		if (ep->ecn_ok && h->len > 0 && !(marks & SIM_REPEATED))
			h->tos |= 2;
	}
	f->p.stream = c->stream[ep->side];
	f->p.offset = offset;
	if (at <= ep->last_sent)
		at = ep->last_sent + SIM_US;
	ep->last_sent = at;
	sim_flight_launch(f, at, point, marks, SIM_NEVER);
}

void sim_send_syn(struct sim_endpoint *ep, bool again)
{
	bool client = ep->side == SIM_C2S;
	const struct sim_habits *m = &ep->habits;
	struct sim_header h = {.flags = client ? TCP_SYN : TCP_SYN | TCP_ACK, .seq = ep->iss, .ack = client ? 0 : ep->rcv_nxt};

	h.has_mss = true;
	h.mss = m->mss;
	h.sack_ok = client ? m->sack : ep->sack_ok;
	h.has_ws = client ? m->scaling : ep->ws_ok;
	h.ws = m->ws;
	if (client)
		ep->ts_ok = m->timestamps;
	if (client && m->ecn)
		h.flags |= TCP_ECE | TCP_CWR;
	if (!client && ep->ecn_ok)
		h.flags |= TCP_ECE;
	/* A listener has no socket of its own yet: its SYN-ACK takes no IP ID from a counter. */
	uint16_t id = ep->ip_id;
	if (!client && m->ip_id == SIM_ID_CONNECTION)
		ep->ip_id = 0;
	emit(ep, &h, 0, again ? SIM_REPEATED : 0, false);
	if (!client && m->ip_id == SIM_ID_CONNECTION)
		ep->ip_id = id;
	ep->nxt = ep->iss + 1;
	ep->rto_at = ep->c->g->now + (m->syn_timeout << (ep->tries < 6 ? ep->tries : 6));
}

void sim_send_ack(struct sim_endpoint *ep, unsigned marks)
{
	struct sim_header h = {.flags = TCP_ACK, .seq = ep->nxt, .ack = ep->rcv_nxt};

	if (ep->sack_ok)
		add_sacks(ep, &h);
	ep->has_dsack = false;
	ep->unacked = 0;
	ep->ack_at = 0;
	emit(ep, &h, 0, marks, false);
}

void sim_send_probe(struct sim_endpoint *ep)
{
	struct sim_header h = {.flags = TCP_ACK, .seq = ep->nxt - 1, .ack = ep->rcv_nxt};

	emit(ep, &h, 0, SIM_PROBE, false);
}

void sim_send_abort(struct sim_endpoint *ep)
{
	struct sim_header h = {.flags = TCP_RST | TCP_ACK, .seq = ep->nxt, .ack = ep->rcv_nxt};

	emit(ep, &h, 0, SIM_NOTABLE, false);
}

/* RFC 9293 3.10.7.1: the answer to what belongs to no connection. */
void sim_send_refusal(struct sim_endpoint *ep, const struct sim_packet *p)
{
	struct sim_header h = {.flags = TCP_RST};

	if (p->h.flags & TCP_ACK)
		h.seq = p->h.ack;
	else {
		h.flags |= TCP_ACK;
		h.ack = p->h.seq + p->h.len + (p->h.flags & TCP_SYN ? 1 : 0) + (p->h.flags & TCP_FIN ? 1 : 0);
	}
	emit(ep, &h, 0, SIM_NOTABLE, true);
}

static void emit_segment(struct sim_endpoint *ep, struct sim_segment *s, unsigned marks)
{
	struct sim_header h = {.flags = TCP_ACK, .seq = s->seq, .ack = ep->rcv_nxt, .len = s->len};

	if (s->fin)
		h.flags |= TCP_FIN;
	if (s->len > 0 && s->seq + s->len == ep->iss + 1 + (uint32_t)ep->written)
		h.flags |= TCP_PSH;
	s->at = ep->c->g->now;
	ep->unacked = 0;
	ep->ack_at = 0;
	emit(ep, &h, (uint64_t)(s->seq - ep->iss - 1), marks, false);
	ep->keep_at = ep->c->plan.keepalive && ep->side == SIM_C2S ? ep->c->g->now + ep->c->plan.keepalive : 0;
}

void sim_send_again(struct sim_endpoint *ep, struct sim_segment *s)
{
	s->again = true;
	emit_segment(ep, s, SIM_REPEATED);
}

static bool may_send(const struct sim_endpoint *ep)
{
	return ep->state >= SIM_ESTABLISHED && ep->state != SIM_TIME_WAIT && !ep->fin_sent;
}

void sim_send_pending(struct sim_endpoint *ep)
{
	uint32_t mss = ep->peer_mss < ep->habits.mss ? ep->peer_mss : ep->habits.mss;
	unsigned limit = ep->cwnd < SIM_SENT_MAX ? ep->cwnd : SIM_SENT_MAX;

	mss -= ep->ts_ok ? 12 : 0;
	while (may_send(ep) && ep->sent_count < limit) {
		uint64_t left = ep->written - ep->taken;
		struct sim_segment s = {.seq = ep->nxt, .len = left < mss ? (uint32_t)left : mss};

		s.fin = ep->close_wanted && s.len == left;
		if (s.len == 0 && !s.fin)
			break;
		ep->taken += s.len;
		ep->nxt += s.len + (s.fin ? 1 : 0);
		ep->sent[ep->sent_count++] = s;
		emit_segment(ep, &ep->sent[ep->sent_count - 1], 0);
		if (s.fin) {
			ep->fin_sent = true;
			ep->state = ep->state == SIM_CLOSE_WAIT ? SIM_LAST_ACK : SIM_FIN_WAIT_1;
		}
		if (!ep->rto_at)
			ep->rto_at = ep->c->g->now + sim_rto(ep);
	}
}
