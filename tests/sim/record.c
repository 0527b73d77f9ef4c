#include "tests/sim/record.h"

#include <stdlib.h>

#include "tests/sim/heap.h"

static void take(void *context, struct sim_truth *t)
{
	struct sim_record *r = context;

	r->truth = sim_grow(r->truth, &r->room, r->count + 1, sizeof(struct sim_truth *));
	r->truth[r->count++] = t;
}

static void index_frames(struct sim_record *r, unsigned point)
{
	size_t room = 0;

	r->frame[point] = sim_grow(NULL, &room, r->totals.frames[point] + 1, sizeof **r->frame);
	for (size_t c = 0; c < r->count; c++)
		for (size_t i = 0; i < r->truth[c]->count; i++) {
			const struct sim_sighting *s = sim_truth_at(r->truth[c], i, point);
			struct sim_frame f = {.connection = (uint32_t)c, .transmission = (uint32_t)i};

			for (unsigned n = 0; n < s->frames; n++)
				r->frame[point][s->from - 1 + n] = f;
			f.copy = true;
			for (unsigned n = 0; n < s->mirror_frames; n++)
				r->frame[point][s->mirror_from - 1 + n] = f;
		}
}

int sim_record_run(struct sim_record *r, const struct sim_world *w, const char *folder, struct err *e)
{
	*r = (struct sim_record){.w = w};
	struct sim_sink sink = {take, r};
	int rc = sim_run(w, folder, &sink, &r->totals, e);

	for (unsigned p = 0; p < w->points; p++)
		index_frames(r, p);
	return rc;
}

void sim_record_free(struct sim_record *r)
{
	for (size_t i = 0; i < r->count; i++)
		sim_truth_free(r->truth[i]);
	free(r->truth);
	for (unsigned p = 0; p < SIM_POINTS_MAX; p++)
		free(r->frame[p]);
	*r = (struct sim_record){0};
}

const struct sim_frame *sim_record_frame(const struct sim_record *r, unsigned point, uint64_t frame)
{
	return frame >= 1 && frame <= r->totals.frames[point] ? &r->frame[point][frame - 1] : NULL;
}
