#include "correlate/multiset.h"

#include <stdlib.h>
#include <string.h>

void multiset_add(struct multiset *m, uint64_t key)
{
	if (m->n == m->room) {
		uint32_t room = m->room ? m->room * 2 : 256;
		uint64_t *k = realloc(m->key, room * sizeof *k);
		if (!k) {
			m->nomem = true;
			return;
		}
		m->key = k;
		m->room = room;
	}
	m->key[m->n++] = key;
}

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void multiset_sort(struct multiset *m)
{
	if (m->n)
		qsort(m->key, m->n, sizeof *m->key, by_key);
}

/* How many keys are less than this one? */
static uint32_t below(const struct multiset *m, uint64_t key)
{
	uint32_t from = 0, to = m->n;

	while (from < to) {
		uint32_t half = from + (to - from) / 2;
		if (m->key[half] < key)
			from = half + 1;
		else
			to = half;
	}
	return from;
}

uint32_t multiset_count(const struct multiset *m, uint64_t key)
{
	return (key == UINT64_MAX ? m->n : below(m, key + 1)) - below(m, key);
}

void multiset_free(struct multiset *m)
{
	free(m->key);
	memset(m, 0, sizeof *m);
}
