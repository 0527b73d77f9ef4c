/* What a point's capture holds of the packets that pass it, and with what faults. */
#include <stdlib.h>

#include "tests/sim/engine.h"

#define HOLD (SIM_MS / 2) /* ns */

static bool misses(struct sim_engine *g, unsigned point)
{
	const struct sim_point *conf = &g->w->point[point];
	struct sim_capture *cap = &g->capture[point];
	int64_t since = g->now - g->w->start;

	/* The dice are thrown for every packet, so that a window does not change which ones are lost. */
	if (cap->losing == 0 && sim_rng_chance(&cap->loss, conf->loss))
		cap->losing = conf->loss_burst ? conf->loss_burst : 1;
	bool lost = cap->losing > 0;
	cap->losing -= lost;
	return lost || since < conf->window_from || (conf->window_to && since >= conf->window_to);
}

static uint64_t mac_of(unsigned wire, bool server_side)
{
	return 0x020000000000u + wire * 256u + server_side + 1u;
}

/* Bridges keep MAC addresses: the wires they join count as one. */
static void add_macs(const struct sim_engine *g, unsigned point, struct sim_flight *f)
{
	unsigned first = point, last = point;

	while (first > 0 && g->w->device[first - 1].bridge)
		first--;
	while (last + 1 < g->w->points && g->w->device[last].bridge)
		last++;
	f->p.src_mac = mac_of(first, f->dir == SIM_S2C);
	f->p.dst_mac = mac_of(first, f->dir == SIM_C2S);
	/* On the sender's own host the frame has not been padded yet. */
	f->p.padded = !(f->dir == SIM_C2S ? point == 0 : point == g->w->points - 1);
}

void sim_capture_flush(struct sim_engine *g, unsigned point)
{
	struct sim_capture *cap = &g->capture[point];

	if (cap->holds && g->writing && g->rc == 0)
		g->rc = sim_writer_packet(&cap->writer, sim_clock(g->w, point, cap->held_at), &cap->held, g->e);
	cap->holds = 0;
}

/* What a network card puts together: one flow, in order, soon after each other, and all else equal. */
static bool joins(const struct sim_capture *cap, const struct sim_packet *p, int64_t now, unsigned most)
{
	const struct sim_header *a = &cap->held.h, *b = &p->h;
	const uint8_t last = TCP_PSH | TCP_FIN;

	if (!cap->holds || cap->holds >= most || now - cap->held_at > HOLD || cap->held.stream != p->stream || a->sport != b->sport || a->dport != b->dport)
		return false;
	if (!a->len || !b->len || a->seq + a->len != b->seq || a->ack != b->ack || a->window != b->window || a->tos != b->tos || a->sacks || b->sacks)
		return false;
	return a->has_ts == b->has_ts && a->tsval == b->tsval && a->tsecr == b->tsecr && !((a->flags ^ b->flags) & ~last) && !(a->flags & last) &&
	       !(b->flags & (TCP_SYN | TCP_RST)) && !p->icmp && !p->gone && !b->fragment && a->len + b->len < 60000;
}

static void record(struct sim_engine *g, unsigned point, struct sim_flight *f)
{
	struct sim_capture *cap = &g->capture[point];
	unsigned most = g->w->point[point].offload;

	if (joins(cap, &f->p, g->now, most)) {
		cap->held.h.len += f->p.h.len;
		cap->held.h.flags |= f->p.h.flags;
		cap->holds++;
		return;
	}
	sim_capture_flush(g, point);
	cap->frames++;
	cap->held = f->p;
	cap->held_at = g->now;
	cap->holds = 1;
	if (!most)
		sim_capture_flush(g, point);
}

/* Is a later fragment left out by the filter of the point? It has no ports. */
static bool filtered(const struct sim_engine *g, unsigned point, const struct sim_flight *f)
{
	return g->w->point[point].port_filter && f->p.h.fragment && f->p.piece > 0;
}

/* All fragments that are not lost, one behind the other (a whole packet is one). Returns how many are in the capture. */
static unsigned record_fragments(struct sim_engine *g, unsigned point, struct sim_flight *f, bool sure)
{
	unsigned n = sim_packet_fragments(&f->p), taken = 0;

	for (unsigned i = 0; i < n; i++) {
		f->p.piece = f->p.backwards ? n - 1 - i : i;
		if (f->p.gone >> f->p.piece & 1 || (!sure && misses(g, point)) || filtered(g, point, f))
			continue;
		record(g, point, f);
		taken++;
	}
	return taken;
}

void sim_capture_packet(struct sim_engine *g, unsigned point, struct sim_flight *f)
{
	struct sim_sighting *s = sim_truth_at(f->c->truth, f->index, point);

	add_macs(g, point, f);
	s->from = g->capture[point].frames + 1;
	s->frames = record_fragments(g, point, f, false);
	if (s->frames == 0)
		return;
	/* It may have been put to the frame before it. */
	if (s->frames == 1 && g->w->point[point].offload)
		s->from = g->capture[point].frames;
	s->frame = s->frames == sim_packet_fragments(&f->p) ? s->from : 0;
	if (!sim_rng_chance(&g->capture[point].mirror, g->w->point[point].mirror))
		return;
	/* The copy is a flight of its own that ends where it is seen. */
	size_t room = 0;
	struct sim_flight *copy = sim_grow(NULL, &room, 1, sizeof *copy);
	*copy = *f;
	f->c->refs++;
	sim_heap_push(&g->heap, g->now + sim_rng_range(&g->capture[point].mirror, 2, 9) * SIM_US, SIM_COPY, copy, (uint16_t)point);
}

void sim_flight_mirror(struct sim_flight *f, unsigned point)
{
	struct sim_sighting *s = sim_truth_at(f->c->truth, f->index, point);

	s->mirrored = s->mirror_from = f->c->g->capture[point].frames + 1;
	s->mirror_frames = record_fragments(f->c->g, point, f, true);
	sim_flight_end(f);
}
