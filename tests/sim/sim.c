#include "tests/sim/sim.h"

#include <assert.h>
#include <stdlib.h>

#include "tests/sim/engine.h"

static int open_captures(struct sim_engine *g, const char *folder)
{
	char path[1024];

	for (unsigned i = 0; i < g->w->points; i++) {
		const struct sim_point *p = &g->w->point[i];

		sim_rng_seed(&g->capture[i].loss, sim_mix(g->w->seed ^ 0x10) + i);
		sim_rng_seed(&g->capture[i].mirror, sim_mix(g->w->seed ^ 0x20) + i);
		if (!folder)
			continue;
		snprintf(path, sizeof path, "%s/%s.pcap", folder, p->name);
		if (sim_writer_open(&g->capture[i].writer, path, p->link, p->nano, p->snaplen, g->e) < 0)
			return -1;
	}
	g->writing = folder != NULL;
	return 0;
}

static void set_up(struct sim_engine *g)
{
	const struct sim_world *w = g->w;
	size_t ports_room = 0, hosts_room = 0;

	sim_rng_seed(&g->rng, w->seed);
	g->next_port = sim_grow(NULL, &ports_room, w->clients, sizeof *g->next_port);
	g->host_id = sim_grow(NULL, &hosts_room, w->clients + w->servers, sizeof *g->host_id);
	for (unsigned i = 0; i < w->clients; i++)
		g->next_port[i] = (uint16_t)sim_rng_range(&g->rng, 10240, 60000);
	for (unsigned i = 0; i < w->clients + w->servers; i++)
		g->host_id[i] = (uint16_t)sim_rng_u32(&g->rng);
	for (unsigned i = 0; i + 1 < w->points; i++) {
		sim_rng_seed(&g->wire[i].rng, sim_mix(w->seed ^ 0x30) + i);
		g->wire[i].next_port = (uint16_t)sim_rng_range(&g->rng, 1024, 60000);
		g->wire[i].ip_id = (uint16_t)sim_mix(w->seed ^ (0x40 + i));
		g->wire[i].ports_used = calloc(1, 8192);
		if (!g->wire[i].ports_used)
			abort();
	}
	g->now = w->start;
}

static void happen(struct sim_engine *g, const struct sim_event *ev)
{
	struct sim_flight *f = ev->subject;
	struct sim_connection *c = ev->subject;

	assert(ev->at >= g->now);
	g->now = ev->at;
	switch ((enum sim_event_kind)ev->kind) {
	case SIM_ARRIVE:
		sim_flight_arrive(f, ev->where);
		break;
	case SIM_RECEIVE:
		sim_stack_receive(&f->c->end[f->dir == SIM_C2S ? SIM_S2C : SIM_C2S], &f->p);
		sim_flight_end(f);
		break;
	case SIM_COPY:
		sim_flight_mirror(f, ev->where);
		break;
	case SIM_TIMER:
		sim_timer_fire(&c->end[ev->where], ev->at);
		break;
	case SIM_OPEN:
		sim_connection_open(c);
		break;
	}
}

static void clean_up(struct sim_engine *g)
{
	for (unsigned i = 0; i < g->w->points; i++) {
		sim_capture_flush(g, i);
		g->totals->frames[i] = g->capture[i].frames;
		if (sim_writer_close(&g->capture[i].writer, g->e) < 0)
			g->rc = -1;
		if (i + 1 < g->w->points)
			free(g->wire[i].ports_used);
	}
	while (g->free) {
		struct sim_flight *f = g->free;

		g->free = f->next;
		free(f);
	}
	free(g->next_port);
	free(g->host_id);
	sim_heap_free(&g->heap);
}

int sim_run(const struct sim_world *w, const char *folder, const struct sim_sink *sink, struct sim_totals *totals, struct err *e)
{
	struct sim_totals unused;
	struct sim_engine g = {.w = w, .sink = sink, .totals = totals ? totals : &unused, .e = e};

	*g.totals = (struct sim_totals){0};
	set_up(&g);
	g.rc = open_captures(&g, folder);
	if (g.rc == 0)
		sim_connection_plan_next(&g);
	/* After a failure the rest happens without captures: what was made is handed over and freed all the same. */
	while (g.heap.count > 0) {
		struct sim_event ev = sim_heap_pop(&g.heap);

		happen(&g, &ev);
	}
	clean_up(&g);
	return g.rc;
}
