/* What will happen, in order of time; what is planned for the same instant happens in the order it was planned in. */
#ifndef TESTS_SIM_HEAP_H
#define TESTS_SIM_HEAP_H

#include <stddef.h>
#include <stdint.h>

enum sim_event_kind { SIM_ARRIVE, SIM_RECEIVE, SIM_TIMER, SIM_OPEN, SIM_COPY };

struct sim_event {
	int64_t at;
	uint64_t order;
	void *subject;  /* a flight, or a connection */
	uint16_t kind;  /* enum sim_event_kind */
	uint16_t where; /* point, or endpoint */
};

struct sim_heap {
	struct sim_event *events;
	size_t count, room;
	uint64_t planned;
};

/* Memory exhausted ends the test program: there is nothing to be tested then. */
void *sim_grow(void *array, size_t *room, size_t needed, size_t size);

void sim_heap_push(struct sim_heap *h, int64_t at, enum sim_event_kind kind, void *subject, uint16_t where);
struct sim_event sim_heap_pop(struct sim_heap *h);
void sim_heap_free(struct sim_heap *h);

#endif
