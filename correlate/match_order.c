/* Transmissions in order of time. */
#include "correlate/match_private.h"

#include <string.h>

static bool in_order(const struct conn *c, uint32_t x, uint32_t y)
{
	const struct tx *a = &c->tx[x], *b = &c->tx[y];

	return a->t != b->t ? a->t < b->t : c->pkt[a->first].id <= c->pkt[b->first].id;
}

/* The end of the stretch from `from` on that is in order. */
static uint32_t stretch(const struct conn *c, const uint32_t *order, uint32_t from)
{
	uint32_t i = from + 1;

	while (i < c->txs && in_order(c, order[i - 1], order[i]))
		i++;
	return i < c->txs ? i : c->txs;
}

/* Two stretches that follow each other, into one. */
static void merge(const struct conn *c, uint32_t *order, uint32_t from, uint32_t middle, uint32_t end, uint32_t *spare)
{
	uint32_t n = middle - from, i = 0, k = middle, to = from;

	memcpy(spare, &order[from], n * sizeof *spare);
	while (i < n && k < end)
		order[to++] = in_order(c, spare[i], order[k]) ? spare[i++] : order[k++];
	memcpy(&order[to], &spare[i], (n - i) * sizeof *spare);
}

/* Transmissions come in a few stretches that are in order, one for each point and direction: those are merged, two by two. */
static void put_in_order(const struct conn *c, uint32_t *order, uint32_t *spare)
{
	bool sorted = false;

	for (uint32_t i = 0; i < c->txs; i++)
		order[i] = i;
	while (!sorted) {
		sorted = true;
		for (uint32_t from = 0, middle, end; from < c->txs; from = end) {
			end = middle = stretch(c, order, from);
			if (middle == c->txs)
				break;
			end = stretch(c, order, middle);
			merge(c, order, from, middle, end, spare);
			sorted = sorted && from == 0 && end == c->txs;
		}
	}
}

/* Transmission order[i] goes to i: along the cycles of the permutation, so that there is no second copy of all of them. */
static void permute(struct conn *c, uint32_t *order)
{
	size_t points = c->facts->points;
	uint32_t sight[POINTS_MAX];

	for (uint32_t i = 0; i < c->txs; i++) {
		struct tx first = c->tx[i];
		uint32_t at = i;
		if (order[i] == i)
			continue;
		memcpy(sight, conn_sight(c, i), points * sizeof *sight);
		for (uint32_t from; (from = order[at]) != i; at = from) {
			c->tx[at] = c->tx[from];
			memcpy(conn_sight(c, at), conn_sight(c, from), points * sizeof *sight);
			order[at] = at;
		}
		c->tx[at] = first;
		memcpy(conn_sight(c, at), sight, points * sizeof *sight);
		order[at] = at;
	}
}

void match_order(struct conn *c, uint32_t *spare)
{
	uint32_t points = c->facts->points;

	put_in_order(c, spare, spare + c->txs);
	permute(c, spare);
	for (uint32_t i = 0; i < c->txs; i++)
		for (uint32_t p = 0, *sight = conn_sight(c, i); p < points; p++)
			if (sight[p] != NOTHING)
				c->pkt[sight[p]].tx = i;
}
