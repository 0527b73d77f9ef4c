#include "correlate/multiset.h"

#include <stdlib.h>
#include <string.h>

static struct tallied *place_of(const struct multiset *m, uint64_t key)
{
	uint32_t i = (uint32_t)(key ^ key >> 32) & m->mask;

	while (m->place[i].count && m->place[i].key != key)
		i = (i + 1) & m->mask;
	return &m->place[i];
}

/* At most three quarters are taken. */
static bool grow(struct multiset *m)
{
	struct multiset bigger = { .used = m->used, .mask = m->place ? 2 * m->mask + 1 : 255 };

	if (m->place && m->used / 3 < m->mask / 4)
		return true;
	if (!(bigger.place = calloc((size_t)bigger.mask + 1, sizeof *bigger.place)))
		return false;
	for (uint32_t i = 0; m->place && i <= m->mask; i++)
		if (m->place[i].count)
			*place_of(&bigger, m->place[i].key) = m->place[i];
	free(m->place);
	*m = bigger;
	return true;
}

void multiset_add(struct multiset *m, uint64_t key)
{
	if (!grow(m)) {
		m->nomem = true;
		return;
	}
	struct tallied *t = place_of(m, key);
	m->used += t->count == 0;
	t->key = key;
	t->count++;
}

uint32_t multiset_count(const struct multiset *m, uint64_t key)
{
	return m->place ? place_of(m, key)->count : 0;
}

void multiset_free(struct multiset *m)
{
	free(m->place);
	memset(m, 0, sizeof *m);
}
