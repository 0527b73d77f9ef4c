/* How often did something occur? 64-bit keys (hashes of what is counted), added first and counted after. */
#ifndef CORRELATE_MULTISET_H
#define CORRELATE_MULTISET_H

#include <stdbool.h>
#include <stdint.h>

struct multiset {
	uint64_t *key;
	uint32_t n, room;
	bool nomem;             /* a key could not be added */
};

void multiset_add(struct multiset *m, uint64_t key);

/* Call once everything is added, before counting. */
void multiset_sort(struct multiset *m);

uint32_t multiset_count(const struct multiset *m, uint64_t key);

void multiset_free(struct multiset *m);

#endif
