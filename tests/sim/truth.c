#include "tests/sim/truth.h"

#include <stdlib.h>

#include "tests/sim/heap.h"

struct sim_truth *sim_truth_new(unsigned points)
{
	size_t room = 0;
	struct sim_truth *t = sim_grow(NULL, &room, 1, sizeof *t);

	*t = (struct sim_truth){.points = points, .outcome = "connect-timeout"};
	return t;
}

void sim_truth_free(struct sim_truth *t)
{
	if (!t)
		return;
	free(t->sent);
	free(t->sightings);
	free(t);
}

size_t sim_truth_add(struct sim_truth *t, const struct sim_transmission *sent)
{
	size_t i = t->count++;

	t->sent = sim_grow(t->sent, &t->sent_room, t->count, sizeof *t->sent);
	t->sightings = sim_grow(t->sightings, &t->sightings_room, t->count * t->points, sizeof *t->sightings);
	t->sent[i] = *sent;
	for (unsigned p = 0; p < t->points; p++)
		t->sightings[i * t->points + p] = (struct sim_sighting){0};
	return i;
}

struct sim_sighting *sim_truth_at(const struct sim_truth *t, size_t transmission, unsigned point)
{
	return &t->sightings[transmission * t->points + point];
}

unsigned sim_truth_from(enum sim_dir dir, int device)
{
	return (unsigned)device + (dir == SIM_S2C);
}

unsigned sim_truth_to(enum sim_dir dir, int device)
{
	return (unsigned)device + (dir == SIM_C2S);
}

/* From `point` on to the next that packets of this direction come by; `point` itself if there is none. */
static unsigned next_crossed(const struct sim_truth *t, enum sim_dir dir, unsigned point, int step)
{
	for (unsigned p = point; p < t->points; p += (unsigned)step)
		if (!(t->avoided[dir] >> p & 1))
			return p;
	return point;
}

unsigned sim_truth_before(const struct sim_truth *t, enum sim_dir dir, int device)
{
	return next_crossed(t, dir, sim_truth_from(dir, device), dir == SIM_C2S ? -1 : 1);
}

unsigned sim_truth_behind(const struct sim_truth *t, enum sim_dir dir, int device)
{
	return next_crossed(t, dir, sim_truth_to(dir, device), dir == SIM_C2S ? 1 : -1);
}

unsigned sim_truth_first(const struct sim_truth *t, enum sim_dir dir)
{
	return next_crossed(t, dir, dir == SIM_C2S ? 0 : t->points - 1, dir == SIM_C2S ? 1 : -1);
}

unsigned sim_truth_last(const struct sim_truth *t, enum sim_dir dir)
{
	return next_crossed(t, dir, dir == SIM_C2S ? t->points - 1 : 0, dir == SIM_C2S ? -1 : 1);
}

bool sim_truth_isn(const struct sim_truth *t, unsigned point, enum sim_dir side, uint32_t *isn)
{
	const struct sim_view *v = &t->view[point];

	*isn = t->isn[side] + (side == SIM_C2S ? v->client_shift : v->server_shift);
	for (size_t i = 0; i < t->count; i++)
		if (t->sent[i].what == (side == SIM_C2S ? SIM_SYN : SIM_SYNACK) && sim_truth_at(t, i, point)->at)
			return true;
	return false;
}

const char *sim_field_name(enum sim_field f)
{
	static const char *const names[SIM_FIELDS] = {
	    "src", "dst", "sport", "dport", "seq", "ack", "flags", "ttl", "tos", "opt.mss", "opt.tsval", "opt.tsecr", "opt.sack", "opt.ws",
	    "opt.sackok", "ip_id"};

	return names[f];
}

int64_t sim_clock(const struct sim_world *w, unsigned point, int64_t at)
{
	const struct sim_point *p = &w->point[point];
	int64_t since = at - w->start;
	int64_t local = at + p->clock_offset + (int64_t)((double)since * p->clock_ppm * 1e-6);

	if (p->clock_step && since >= p->clock_step_at)
		local += p->clock_step;
	return p->nano ? local : local / 1000 * 1000;
}
