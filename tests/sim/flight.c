/* Packets under way: made by a host or a device, seen at points, ended by a host, a device or its limit. */
#include <stdlib.h>

#include "tests/sim/engine.h"

struct sim_flight *sim_flight_new(struct sim_connection *c, enum sim_dir dir, int maker)
{
	struct sim_engine *g = c->g;
	struct sim_flight *f = g->free;
	size_t room = 0;

	if (f)
		g->free = f->next;
	else
		f = sim_grow(NULL, &room, 1, sizeof *f);
	*f = (struct sim_flight){.c = c, .dir = dir};
	c->refs++;
	struct sim_transmission sent = {.dir = dir, .maker = maker, .dropped_by = SIM_NEVER, .copy_of = SIM_NEVER};
	f->index = sim_truth_add(c->truth, &sent);
	return f;
}

/* The packet is complete and will be at a point. */
void sim_flight_launch(struct sim_flight *f, int64_t at, unsigned point, unsigned marks, int copy_of)
{
	struct sim_transmission *t = &f->c->truth->sent[f->index];

	t->what = sim_packet_what(&f->p);
	t->sent = at;
	t->seq = f->p.h.seq;
	t->ack = f->p.h.ack;
	t->len = f->p.h.len;
	t->repeated = marks & SIM_REPEATED;
	t->notable = marks & SIM_NOTABLE;
	t->probe = marks & SIM_PROBE;
	t->copy_of = copy_of;
	sim_heap_push(&f->c->g->heap, at, SIM_ARRIVE, f, (uint16_t)point);
}

void sim_flight_end(struct sim_flight *f)
{
	struct sim_connection *c = f->c;

	f->next = c->g->free;
	c->g->free = f;
	sim_connection_unref(c);
}

/* Does the packet come by this point, or take the way past it? */
static bool comes_by(struct sim_flight *f, unsigned point)
{
	const struct sim_world *w = f->c->g->w;
	const struct sim_point *p = &w->point[point], *pair = point > 0 && p[-1].pair ? p - 1 : p;

	if (!pair->pair)
		return !(p->avoided >> f->dir & 1);
	/* At the nearer one of the two it is decided for both. */
	if ((pair == p) == (f->dir == SIM_C2S))
		f->second = pair->pair == SIM_BALANCED ? f->c->hash & 1 : f->c->g->now - w->start >= pair->switch_at;
	return f->second == (pair != p);
}

void sim_flight_arrive(struct sim_flight *f, unsigned point)
{
	struct sim_engine *g = f->c->g;
	unsigned last = g->w->points - 1;

	/* Without all its fragments it is nothing to its receiver. */
	if (comes_by(f, point)) {
		sim_truth_at(f->c->truth, f->index, point)->at = f->p.gone ? 0 : g->now;
		sim_capture_packet(g, point, f);
	} else {
		f->c->truth->avoided[f->dir] |= 1u << point;
	}
	if (f->p.gone && (f->dir == SIM_C2S ? point == last : point == 0))
		sim_flight_end(f);
	else if (f->dir == SIM_C2S ? point == last : point == 0)
		sim_heap_push(&g->heap, g->now + 2 * SIM_US, SIM_RECEIVE, f, (uint16_t)point);
	else
		sim_device_pass(g, f->dir == SIM_C2S ? point : point - 1, f);
}
