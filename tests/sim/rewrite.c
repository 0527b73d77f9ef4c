/* What a device changes in the packets that it forwards. */
#include <string.h>

#include "tests/sim/engine.h"

/* What one side's numbers are moved by on the way from one point to another: first those of the header's sender. */
struct moved {
	uint32_t own, other;
};

static struct moved moved(enum sim_dir dir, uint32_t client, uint32_t server)
{
	return dir == SIM_C2S ? (struct moved){client, server} : (struct moved){server, client};
}

/* From how a header looks at one point to how it looks at another; `dir` is that of the header. */
static void translate(const struct sim_device *d, struct sim_header *h, enum sim_dir dir, const struct sim_view *from, const struct sim_view *to)
{
	struct moved seq = moved(dir, to->client_shift - from->client_shift, to->server_shift - from->server_shift);
	struct moved ticks = moved(dir, to->client_ticks - from->client_ticks, to->server_ticks - from->server_ticks);

	h->src = dir == SIM_C2S ? to->client : to->server;
	h->dst = dir == SIM_C2S ? to->server : to->client;
	h->sport = dir == SIM_C2S ? to->client_port : to->server_port;
	h->dport = dir == SIM_C2S ? to->server_port : to->client_port;
	h->seq += seq.own;
	if (h->flags & TCP_ACK)
		h->ack += seq.other;
	for (int i = 0; i < h->sacks && !d->keep_sack; i++) {
		h->sack[i][0] += seq.other;
		h->sack[i][1] += seq.other;
	}
	if (h->has_ts)
		h->tsval += ticks.own;
	if (h->has_ts && h->flags & TCP_ACK)
		h->tsecr += ticks.other;
}

/* RFC 7915 4.1, 5.1: what IPv4 has and IPv6 has not is made up, or lost. */
static void translate_ip(struct sim_wire *wire, struct sim_packet *p, uint8_t family)
{
	if (p->h.src.family == family)
		return;
	p->h.df = true;
	p->h.ip_id = p->h.src.family == 4 ? ++wire->ip_id : 0;
}

/* RFC 7915 4.2: the errors of an IPv4 device, towards an IPv6 client. */
static void translate_icmp(struct sim_packet *p)
{
	if (p->h.dst.family == p->h.src.family)
		return;
	p->h.src = sim_addr64(&p->h.src);
	p->icmp_type = 1; /* unreachable, administratively prohibited */
	p->icmp_code = 1;
}

/* What is not allowed into a SYN or SYN-ACK. */
static void strip_options(const struct sim_device *d, struct sim_header *h)
{
	if (!(h->flags & TCP_SYN))
		return;
	if (d->strip_ts && h->has_ts) {
		h->has_ts = false;
		h->ts_nops = !d->squeeze;
		h->tsval = h->tsecr = 0;
	}
	if (d->strip_sack && h->sack_ok) {
		h->sack_ok = false;
		h->sack_nops = !d->squeeze;
	}
	if (d->strip_ws && h->has_ws) {
		h->has_ws = false;
		h->ws_nops = !d->squeeze;
		h->ws = 0;
	}
}

static void mangle(const struct sim_device *d, struct sim_wire *wire, struct sim_header *h)
{
	if (d->mss_limit && h->has_mss && h->mss > d->mss_limit)
		h->mss = d->mss_limit;
	strip_options(d, h);
	if (d->new_id && h->src.family == 4)
		h->ip_id = d->new_id == SIM_ID_COUNTED ? ++wire->ip_id : 0;
	if (d->clear_ecn) {
		if (h->flags & TCP_SYN)
			h->flags &= (uint8_t) ~(TCP_ECE | TCP_CWR);
		h->tos &= 0xfc;
	}
	if (d->dscp >= 0)
		h->tos = (uint8_t)(d->dscp << 2 | (h->tos & 3));
	if (d->ttl >= 0)
		h->ttl = (uint8_t)d->ttl;
	else if (!d->bridge)
		h->ttl--;
}

static uint16_t visible_id(const struct sim_header *h)
{
	return h->src.family == 4 ? h->ip_id : 0;
}

/* Blocks that stay where they are while the numbers move are changed, in what they mean. */
static bool sack_changed(const struct sim_header *a, const struct sim_header *b)
{
	return a->sacks > 0 && (a->ack != b->ack || memcmp(a->sack, b->sack, sizeof a->sack) != 0);
}

static void note_changes(uint32_t *changed, const struct sim_header *a, const struct sim_header *b, bool ttl_set)
{
	changed[SIM_F_SRC] += memcmp(&a->src, &b->src, sizeof a->src) != 0;
	changed[SIM_F_DST] += memcmp(&a->dst, &b->dst, sizeof a->dst) != 0;
	changed[SIM_F_SPORT] += a->sport != b->sport;
	changed[SIM_F_DPORT] += a->dport != b->dport;
	changed[SIM_F_SEQ] += a->seq != b->seq;
	changed[SIM_F_ACK] += a->ack != b->ack;
	changed[SIM_F_FLAGS] += a->flags != b->flags;
	changed[SIM_F_TTL] += ttl_set && a->ttl != b->ttl;
	changed[SIM_F_TOS] += a->tos != b->tos;
	changed[SIM_F_MSS] += a->mss != b->mss;
	changed[SIM_F_TSVAL] += a->has_ts != b->has_ts || a->tsval != b->tsval;
	changed[SIM_F_TSECR] += a->has_ts != b->has_ts || a->tsecr != b->tsecr;
	changed[SIM_F_SACK] += sack_changed(a, b);
	changed[SIM_F_WS] += a->has_ws != b->has_ws;
	changed[SIM_F_SACKOK] += a->sack_ok != b->sack_ok;
	changed[SIM_F_IP_ID] += visible_id(a) != visible_id(b);
}

void sim_rewrite(struct sim_engine *g, unsigned device, struct sim_flight *f)
{
	const struct sim_device *d = &g->w->device[device];
	struct sim_truth *t = f->c->truth;
	const struct sim_view *from = &t->view[sim_truth_from(f->dir, (int)device)], *to = &t->view[sim_truth_to(f->dir, (int)device)];
	struct sim_header before = f->p.h;

	if (f->p.icmp) {
		translate(d, &f->p.quoted, f->dir == SIM_C2S ? SIM_S2C : SIM_C2S, from, to);
		f->p.h.dst = f->dir == SIM_C2S ? to->server : to->client;
		f->p.h.ttl = (uint8_t)(f->p.h.ttl - !d->bridge);
		translate_icmp(&f->p);
		return;
	}
	translate(d, &f->p.h, f->dir, from, to);
	translate_ip(&g->wire[device], &f->p, before.src.family);
	mangle(d, &g->wire[device], &f->p.h);
	note_changes(t->changed[device][f->dir], &before, &f->p.h, d->ttl >= 0);
}
