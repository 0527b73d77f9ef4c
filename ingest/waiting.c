#include "ingest/waiting.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 256                /* fragments of a datagram lie close together */
#define WAIT_NS 1000000000      /* reordered by more than that, nothing is put together again */

struct entry {
	struct segment seg;
	uint64_t frame;
	int64_t ts_ns;
	bool used;
};

struct waiting {
	struct entry entry[ROOM];       /* a ring; the place of the next one is also that of the oldest */
	uint32_t next, n;
	bool by_link;
};

struct waiting *waiting_new(bool by_link)
{
	struct waiting *w = calloc(1, sizeof *w);

	if (w)
		w->by_link = by_link;
	return w;
}

void waiting_free(struct waiting *w)
{
	free(w);
}

void waiting_add(struct waiting *w, const struct segment *seg, uint64_t frame, int64_t ts_ns)
{
	struct entry *x = &w->entry[w->next];

	w->n += !x->used;
	*x = (struct entry){ *seg, frame, ts_ns, true };
	x->seg.payload = NULL;
	w->next = (w->next + 1) % ROOM;
}

static bool same_datagram(const struct segment *a, const struct segment *b)
{
	return a->ip_id == b->ip_id && a->tunnel.kind == b->tunnel.kind && (a->tunnel.kind == TUNNEL_NONE || a->tunnel.id == b->tunnel.id) &&
	    ipaddr_cmp(&a->src, &b->src) == 0 && ipaddr_cmp(&a->dst, &b->dst) == 0;
}

bool waiting_take(struct waiting *w, const struct segment *first, int64_t first_ns, struct segment *seg, uint64_t *frame, int64_t *ts_ns)
{
	for (uint32_t i = 0; w->n > 0 && i < ROOM; i++) {
		struct entry *x = &w->entry[(w->next + i) % ROOM];
		if (!x->used || !same_datagram(&x->seg, first) || (w->by_link && x->seg.link != first->link) || first_ns - x->ts_ns > WAIT_NS || x->ts_ns - first_ns > WAIT_NS)
			continue;
		*seg = x->seg;
		*frame = x->frame;
		*ts_ns = x->ts_ns;
		x->used = false;
		w->n--;
		return true;
	}
	return false;
}
