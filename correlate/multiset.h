/* How often did something occur? Of 64-bit keys, hashes of what is counted. */
#ifndef CORRELATE_MULTISET_H
#define CORRELATE_MULTISET_H

#include <stdbool.h>
#include <stdint.h>

struct multiset {
	struct tallied {
		uint64_t key;
		uint32_t count; /* 0: the place is free */
	} *place;               /* open addressing */
	uint32_t used, mask;
	bool nomem;             /* a key could not be added */
};

void multiset_add(struct multiset *m, uint64_t key);
uint32_t multiset_count(const struct multiset *m, uint64_t key);

void multiset_free(struct multiset *m);

#endif
