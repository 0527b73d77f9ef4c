/* What is sent again: which transmission has bytes of which others before it, and keepalives and window probes, which are no repeats. */
#ifndef CORRELATE_REPEATS_H
#define CORRELATE_REPEATS_H

#include "correlate/conn.h"

/* The last transmission that has the bytes from here to the next mark; NOTHING: none. */
struct strip {
	int64_t off;
	uint32_t last;
};

/* Scratch, kept from connection to connection. */
struct repeats {
	struct conn *c;
	struct strip *strip;
	uint32_t strips, room;
	uint32_t *head, *next;          /* per transmission: the first of those that were cut out of it or put together with it; the next one of them */
	uint32_t list_room;
	bool cut;                       /* there are any */
	bool mirrored;                  /* the search runs backwards: bytes are counted from behind as well */
	struct err *e;
};

void repeats_init(struct repeats *r);
void repeats_free(struct repeats *r);

/*
 * After ranges_match. Fills tx.repeat, before, repeats, repeated_by, probe. Bytes are repeated as they were sent: what is cut otherwise further on
 * repeats what the same bytes repeat where they were sent, not what it was cut out of. n log n for bytes sent about in order.
 */
int repeats_find(struct repeats *r, struct conn *c, struct err *e);

#endif
