#include "tests/sim/heap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void *sim_grow(void *array, size_t *room, size_t needed, size_t size)
{
	if (needed <= *room)
		return array;
	*room = needed > 2 * *room ? needed : 2 * *room;
	array = realloc(array, *room * size);
	if (!array) {
		fputs("sim: out of memory\n", stderr);
		abort();
	}
	return array;
}

static int before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_heap_push(struct sim_heap *h, int64_t at, enum sim_event_kind kind, void *subject, uint16_t where)
{
	struct sim_event e = {.at = at, .order = h->planned++, .subject = subject, .kind = (uint16_t)kind, .where = where};
	size_t i = h->count;

	h->events = sim_grow(h->events, &h->room, ++h->count, sizeof e);
	for (; i > 0 && before(&e, &h->events[(i - 1) / 2]); i = (i - 1) / 2)
		h->events[i] = h->events[(i - 1) / 2];
	h->events[i] = e;
}

struct sim_event sim_heap_pop(struct sim_heap *h)
{
	assert(h->count > 0);
	struct sim_event first = h->events[0], last = h->events[--h->count];
	size_t i = 0;

	for (size_t child; (child = 2 * i + 1) < h->count; i = child) {
		if (child + 1 < h->count && before(&h->events[child + 1], &h->events[child]))
			child++;
		if (!before(&h->events[child], &last))
			break;
		h->events[i] = h->events[child];
	}
	h->events[i] = last;
	return first;
}

void sim_heap_free(struct sim_heap *h)
{
	free(h->events);
	*h = (struct sim_heap){0};
}
