/* What acknowledgements do to the sending half: RTT, SACK, fast retransmit. */
#include <string.h>

#include "tests/sim/engine.h"

#define RTO_MAX (120 * SIM_SECOND)      /* Linux: TCP_RTO_MAX */

/* RFC 6298, with Linux' floor of 200 ms for the variable part. */
int64_t sim_rto(const struct sim_endpoint *ep)
{
	int64_t var = 4 * ep->rttvar > 200 * SIM_MS ? 4 * ep->rttvar : 200 * SIM_MS;
	int64_t rto = ep->srtt ? ep->srtt + var : SIM_SECOND;

	rto = rto < RTO_MAX ? rto << (ep->tries < 6 ? ep->tries : 6) : RTO_MAX;
	return rto < RTO_MAX ? rto : RTO_MAX;
}

static void sample_rtt(struct sim_endpoint *ep, int64_t rtt)
{
	if (!ep->srtt) {
		ep->srtt = rtt;
		ep->rttvar = rtt / 2;
		return;
	}
	int64_t off = rtt > ep->srtt ? rtt - ep->srtt : ep->srtt - rtt;
	ep->rttvar += (off - ep->rttvar) / 4;
	ep->srtt += (rtt - ep->srtt) / 8;
}

static void mark_sacked(struct sim_endpoint *ep, const struct sim_header *h)
{
	for (unsigned b = 0; b < h->sacks; b++) {
		/* RFC 2018 4: a block of what was never sent is none. A device that moves sequence numbers may have left it behind. */
		if (sim_before(ep->nxt, h->sack[b][1]) || !sim_before(h->sack[b][0], h->sack[b][1]))
			continue;
		for (unsigned i = 0; i < ep->sent_count; i++) {
			struct sim_segment *s = &ep->sent[i];

			/* A FIN is never SACKed: a segment that carries one is repeated until it is acknowledged. */
			if (!s->fin && !sim_before(s->seq, h->sack[b][0]) && !sim_before(h->sack[b][1], s->seq + s->len))
				s->sacked = true;
		}
	}
}

/* The first segment that is neither acknowledged nor repeated already. */
static struct sim_segment *first_missing(struct sim_endpoint *ep)
{
	for (unsigned i = 0; i < ep->sent_count; i++)
		if (!ep->sent[i].sacked && !ep->sent[i].again)
			return &ep->sent[i];
	return NULL;
}

/* Something is missing between what the peer has: only then may recovery repeat more. */
static bool hole_known(const struct sim_endpoint *ep, const struct sim_segment *s)
{
	for (const struct sim_segment *t = s; t < ep->sent + ep->sent_count; t++)
		if (t->sacked)
			return true;
	return false;
}

static void duplicate_ack(struct sim_endpoint *ep)
{
	struct sim_segment *s = first_missing(ep);

	ep->dupacks++;
	if (ep->dupacks == 3 && !ep->recovering) {
		ep->recovering = true;
		ep->recover = ep->nxt;
		ep->cwnd = ep->cwnd > 4 ? ep->cwnd / 2 : 2;
		if (s)
			sim_send_again(ep, s);
	} else if (ep->recovering && s && hole_known(ep, s)) {
		sim_send_again(ep, s);
	}
}

/* Takes acknowledged segments off the list; samples the RTT of those sent once. */
static void remove_acked(struct sim_endpoint *ep, uint32_t ack)
{
	unsigned n = 0;

	while (n < ep->sent_count && !sim_before(ack, ep->sent[n].seq + ep->sent[n].len + (ep->sent[n].fin ? 1 : 0)))
		n++;
	if (n > 0 && !ep->sent[n - 1].again)
		sample_rtt(ep, ep->c->g->now - ep->sent[n - 1].at);
	ep->sent_count -= n;
	memmove(ep->sent, ep->sent + n, ep->sent_count * sizeof *ep->sent);
	ep->cwnd = ep->cwnd + n < SIM_SENT_MAX ? ep->cwnd + n : SIM_SENT_MAX;
}

static void new_ack(struct sim_endpoint *ep, uint32_t ack)
{
	remove_acked(ep, ack);
	ep->una = ack;
	ep->dupacks = 0;
	ep->tries = 0;
	if (ep->recovering && !sim_before(ack, ep->recover))
		ep->recovering = false;
	struct sim_segment *s = ep->recovering ? first_missing(ep) : NULL;
	if (s && sim_before(s->seq, ep->recover))
		sim_send_again(ep, s);
	ep->rto_at = ep->sent_count ? ep->c->g->now + sim_rto(ep) : 0;
}

/* Our FIN was acknowledged. */
static void fin_acked(struct sim_endpoint *ep)
{
	if (ep->state == SIM_FIN_WAIT_1)
		ep->state = SIM_FIN_WAIT_2;
	else if (ep->state == SIM_CLOSING)
		ep->state = SIM_TIME_WAIT;
	else if (ep->state == SIM_LAST_ACK)
		ep->state = SIM_CLOSED;
}

void sim_acked(struct sim_endpoint *ep, const struct sim_packet *p)
{
	uint32_t ack = p->h.ack;

	if (sim_before(ep->nxt, ack))
		return;
	mark_sacked(ep, &p->h);
	if (sim_before(ep->una, ack))
		new_ack(ep, ack);
	else if (ack == ep->una && ep->sent_count && !p->h.len && !(p->h.flags & TCP_FIN))
		duplicate_ack(ep);
	if (ep->fin_sent && ack == ep->nxt)
		fin_acked(ep);
}
