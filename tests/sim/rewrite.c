/* What a device changes in the packets that it forwards. */
#include <string.h>

#include "tests/sim/engine.h"

/* From how a header looks at one point to how it looks at another; `dir` is that of the header. */
static void translate(struct sim_header *h, enum sim_dir dir, const struct sim_view *from, const struct sim_view *to)
{
	uint32_t client = to->client_shift - from->client_shift, server = to->server_shift - from->server_shift;
	uint32_t own = dir == SIM_C2S ? client : server, other = dir == SIM_C2S ? server : client;

	h->src = dir == SIM_C2S ? to->client : to->server;
	h->dst = dir == SIM_C2S ? to->server : to->client;
	h->sport = dir == SIM_C2S ? to->client_port : to->server_port;
	h->dport = dir == SIM_C2S ? to->server_port : to->client_port;
	h->seq += own;
	if (h->flags & TCP_ACK)
		h->ack += other;
	for (int i = 0; i < h->sacks; i++) {
		h->sack[i][0] += other;
		h->sack[i][1] += other;
	}
}

static void mangle(const struct sim_device *d, struct sim_header *h)
{
	if (d->mss_limit && h->has_mss && h->mss > d->mss_limit)
		h->mss = d->mss_limit;
	if (d->strip_ts && h->has_ts && h->flags & TCP_SYN) {
		h->has_ts = false;
		h->ts_nops = true;
		h->tsval = h->tsecr = 0;
	}
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
	changed[SIM_F_TSVAL] += a->has_ts != b->has_ts;
	changed[SIM_F_TSECR] += a->has_ts != b->has_ts;
	changed[SIM_F_SACK] += a->sacks > 0 && memcmp(a->sack, b->sack, sizeof a->sack) != 0;
}

void sim_rewrite(struct sim_engine *g, unsigned device, struct sim_flight *f)
{
	const struct sim_device *d = &g->w->device[device];
	struct sim_truth *t = f->c->truth;
	const struct sim_view *from = &t->view[sim_truth_from(f->dir, (int)device)], *to = &t->view[sim_truth_to(f->dir, (int)device)];
	struct sim_header before = f->p.h;

	if (f->p.icmp) {
		translate(&f->p.quoted, f->dir == SIM_C2S ? SIM_S2C : SIM_C2S, from, to);
		f->p.h.dst = f->dir == SIM_C2S ? to->server : to->client;
		f->p.h.ttl = (uint8_t)(f->p.h.ttl - !d->bridge);
		return;
	}
	translate(&f->p.h, f->dir, from, to);
	mangle(d, &f->p.h);
	note_changes(t->changed[device][f->dir], &before, &f->p.h, d->ttl >= 0);
}
