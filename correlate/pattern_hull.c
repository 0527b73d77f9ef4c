/* What rows have in common: the narrowest value of every atom that covers them all. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/chance.h"
#include "correlate/pattern.h"

#define PORTS 65536

static const struct pattern_row *first_chosen(const struct pattern_rows *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		if (k->row[i].chosen)
			return &k->row[i];
	return NULL;
}

static uint32_t count_set(const uint8_t *mark, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += mark[i] > 0;
	return count;
}

/* The ports: one by one, or from the lowest to the highest. */
static int hull_ports(const struct pattern_rows *k, struct pattern_hull *h, struct err *e)
{
	uint8_t *mark = calloc(1, PORTS);
	uint32_t n = 0, all;

	if (!mark)
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < k->n; i++)
		mark[k->row[i].port] |= k->row[i].chosen ? 3 : 1;
	all = count_set(mark, PORTS);
	for (uint32_t p = 0; p < PORTS; p++) {
		if (mark[p] != 3)
			continue;
		if (n < PATTERN_SET)
			h->port[n] = (uint16_t)p;
		n++;
	}
	h->ways[ATOM_PORT] = chance_ways(all, n);
	h->ports = n <= PATTERN_SET ? (uint16_t)n : 0;
	if (n > PATTERN_SET) {
		for (uint32_t p = h->port[0]; p < PORTS; p++)
			h->port[1] = mark[p] == 3 ? (uint16_t)p : h->port[1];
		h->ways[ATOM_PORT] = 2 * log10(all);
	}
	h->atoms |= 1u << ATOM_PORT;
	free(mark);
	return 0;
}

static int hull_side(const struct pattern_rows *k, struct pattern_hull *h, unsigned side, struct err *e)
{
	struct pattern_hull_side *s = &h->side[side];
	uint8_t *mark = calloc(k->addrs + 1, 1);
	uint32_t n = 0, all, low = UINT32_MAX, high = 0;
	int bits;

	if (!mark)
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < k->n; i++)
		mark[k->row[i].addr[side]] |= k->row[i].chosen ? 3 : 1;
	all = count_set(mark, k->addrs);
	for (uint32_t a = 0; a < k->addrs; a++) {
		if (mark[a] != 3)
			continue;
		low = low == UINT32_MAX ? a : low;
		high = a;
		if (n < PATTERN_SET)
			s->addr[n] = a;
		n++;
	}
	free(mark);
	s->one = low;
	s->addrs = n <= PATTERN_SET ? n : 0;
	bits = cover_common(&k->addr[low], &k->addr[high]);
	if (bits >= 0 && k->addr[low].family) {
		s->bits = (unsigned)bits;
		cover_range(k->addr, k->addrs, low, s->bits, &s->from, &s->to);
		h->atoms |= 1u << (side ? ATOM_SERVER : ATOM_CLIENT);
		/* A tree of so many leaves has as many prefixes that differ in what they cover, and once more. */
		h->ways[side ? ATOM_SERVER : ATOM_CLIENT] = log10(2 * all - 1);
	}
	if (s->addrs > 1) {
		h->atoms |= 1u << (side ? ATOM_SERVERS : ATOM_CLIENTS);
		h->ways[side ? ATOM_SERVERS : ATOM_CLIENTS] = chance_ways(all, n);
	}
	return 0;
}

static int hull_features(const struct pattern_rows *k, struct pattern_hull *h, struct err *e)
{
	uint8_t *mark = malloc(PORTS);

	if (!mark)
		return err_set(e, "out of memory");
	for (unsigned f = 0; f < FEATURES; f++) {
		uint16_t value = first_chosen(k)->feature[f];
		bool same = value > 0;

		memset(mark, 0, PORTS);
		for (uint32_t i = 0; i < k->n; i++) {
			mark[k->row[i].feature[f]] = 1;
			same &= !k->row[i].chosen || k->row[i].feature[f] == value;
		}
		h->feature[f] = value;
		h->ways[ATOM_FEATURE + f] = log10(count_set(mark, PORTS));
		h->atoms |= same ? 1u << (ATOM_FEATURE + f) : 0;
	}
	free(mark);
	return 0;
}

static void hull_times(const struct pattern_rows *k, struct pattern_hull *h)
{
	int64_t first = INT64_MAX, last = INT64_MIN;
	bool open;

	h->from_ns = INT64_MAX;
	h->to_ns = h->begun_ns = INT64_MIN;
	for (uint32_t i = 0; i < k->n; i++) {
		const struct pattern_row *r = &k->row[i];
		first = r->hit != HIT_ALL && r->from_ns < first ? r->from_ns : first;
		last = r->hit != HIT_ALL && r->to_ns > last ? r->to_ns : last;
		if (!r->chosen)
			continue;
		h->from_ns = r->from_ns < h->from_ns ? r->from_ns : h->from_ns;
		h->to_ns = r->to_ns > h->to_ns ? r->to_ns : h->to_ns;
		h->begun_ns = r->start_ns > h->begun_ns ? r->start_ns : h->begun_ns;
	}
	h->atoms |= 1u << ATOM_TIME | (k->lasting ? 1u << ATOM_BEGUN : 0);
	/* One end is open: it is the first, or the last, so many; else they may lie anywhere. */
	open = h->from_ns <= first || h->to_ns >= last;
	h->ways[ATOM_TIME] = open ? log10(2) : log10(k->n);
	h->ways[ATOM_BEGUN] = log10(2);
}

static void hull_size(const struct pattern_rows *k, struct pattern_hull *h)
{
	uint32_t lost = UINT32_MAX, passed = 0;

	for (uint32_t i = 0; i < k->n; i++) {
		const struct pattern_row *r = &k->row[i];
		lost = r->chosen && r->lost_len < lost ? r->lost_len : lost;
		passed = r->passed_len > passed ? r->passed_len : passed;
	}
	h->lost_len = lost;
	h->passed_len = passed;
	h->ways[ATOM_SIZE] = log10(2);
	if (k->sized && lost > passed && passed > 0)
		h->atoms |= 1u << ATOM_SIZE;
}

/* Silence that nothing that passed had, and everything that was hit. */
static void hull_silence(const struct pattern_rows *k, struct pattern_hull *h)
{
	int64_t hit = INT64_MAX, passed = 0;

	for (uint32_t i = 0; i < k->n; i++) {
		const struct pattern_row *r = &k->row[i];
		hit = r->chosen && r->silence_ns < hit ? r->silence_ns : hit;
		passed = r->hit != HIT_ALL && r->silence_ns > passed ? r->silence_ns : passed;
	}
	h->silence_ns = hit;
	h->passed_ns = passed;
	h->ways[ATOM_SILENCE] = log10(2);
	if (k->lasting && hit > passed)
		h->atoms |= 1u << ATOM_SILENCE;
}

int pattern_hull(const struct pattern_rows *k, struct pattern_hull *h, struct err *e)
{
	memset(h, 0, sizeof *h);
	if (!first_chosen(k))
		return 0;
	hull_times(k, h);
	hull_size(k, h);
	hull_silence(k, h);
	return hull_ports(k, h, e) < 0 || hull_side(k, h, 0, e) < 0 || hull_side(k, h, 1, e) < 0 ? -1 : hull_features(k, h, e);
}

static bool in_set(const uint32_t *list, uint32_t n, uint32_t v)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i] == v)
			return true;
	return false;
}

static bool port_within(const struct pattern_hull *h, uint16_t port)
{
	if (h->ports == 0)
		return port >= h->port[0] && port <= h->port[1];
	for (unsigned i = 0; i < h->ports; i++)
		if (h->port[i] == port)
			return true;
	return false;
}

static bool atom_within(const struct pattern_hull *h, const struct pattern_row *r, enum pattern_atom a)
{
	const struct pattern_hull_side *client = &h->side[0], *server = &h->side[1];

	switch (a) {
	case ATOM_PORT:
		return port_within(h, r->port);
	case ATOM_CLIENT:
		return r->addr[0] >= client->from && r->addr[0] < client->to;
	case ATOM_SERVER:
		return r->addr[1] >= server->from && r->addr[1] < server->to;
	case ATOM_CLIENTS:
		return in_set(client->addr, client->addrs, r->addr[0]);
	case ATOM_SERVERS:
		return in_set(server->addr, server->addrs, r->addr[1]);
	case ATOM_SIZE:
		return (r->hit == HIT_NONE ? r->passed_len : r->lost_len) >= h->lost_len;
	case ATOM_SILENCE:
		return r->silence_ns >= h->silence_ns;
	case ATOM_TIME:
		return r->to_ns >= h->from_ns && r->from_ns <= h->to_ns;
	case ATOM_BEGUN:
		return r->start_ns <= h->begun_ns;
	default:
		return r->feature[a - ATOM_FEATURE] == h->feature[a - ATOM_FEATURE];
	}
}

bool pattern_within(const struct pattern_hull *h, const struct pattern_row *r, uint32_t atoms)
{
	for (unsigned a = 0; a < ATOMS; a++)
		if (atoms >> a & 1 && !atom_within(h, r, (enum pattern_atom)a))
			return false;
	return true;
}
