#include "ingest/links.h"

#include <string.h>

/* An endpoint's packets come in on its own side and go out on the other. An ICMP error travels against the packet that it quotes. */
static uint8_t side_of(const struct segment *s)
{
	bool from_a = segment_from_a(s) != !!(s->flags & SEG_ICMP), out = s->flags & SEG_OUT;

	return from_a != out ? LINK_SIDE_A : LINK_SIDE_B;
}

static bool same(const struct link *x, const struct link *y)
{
	return x->interface == y->interface && x->ifindex == y->ifindex && x->vlans == y->vlans && x->side == y->side;
}

static uint32_t hash(const struct link *k)
{
	uint64_t h = (uint64_t)k->interface << 34 | (uint64_t)k->ifindex << 2 | k->side;

	h = (h ^ (uint64_t)k->vlans << 28) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 40);
}

uint32_t links_take(struct links *l, uint32_t interface, int linktype, const struct segment *seg)
{
	const struct link k = { interface, seg->ifindex, seg->vlans, linktype == LINKTYPE_LINUX_SLL ? side_of(seg) : LINK_SIDE_NONE };
	uint32_t room = sizeof l->table / sizeof *l->table, i = hash(&k) % room, number;

	while (l->table[i] && !same(&l->list[l->table[i] - 1], &k))
		i = (i + 1) % room;
	if (l->table[i]) {
		number = l->table[i] - 1u;
	} else if (l->n < LINKS_MAX) {
		number = l->n++;
		l->list[number] = k;
		l->table[i] = (uint16_t)(number + 1);
	} else {
		l->overflow = true;
		number = LINKS_MAX - 1;
	}
	l->packets[number]++;
	return number;
}
