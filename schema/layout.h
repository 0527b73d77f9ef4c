/* Where the numbers lie in TCP options that every packet has of its own: they are not stored with the others (table layout in content.sql). */
#ifndef SCHEMA_LAYOUT_H
#define SCHEMA_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "schema/octets.h"

#define EDGES_MAX 8             /* of the SACK blocks that 40 bytes have room for */

struct layout {
	uint8_t stamp;          /* offset of TSval, behind which lies TSecr; 0: there is no timestamp option */
	uint8_t edge[EDGES_MAX];        /* offsets of left and right edges of SACK blocks */
	unsigned edges;
};

/* Options that are malformed end there. Lengths: RFC 7323 3.2, RFC 2018 3. */
static inline struct layout layout_of(const uint8_t *raw, unsigned len)
{
	struct layout l = { 0 };

	for (unsigned i = 0, size; i < len && raw[i] != 0; i += size) {
		size = raw[i] == 1 ? 1 : i + 1 < len ? raw[i + 1] : 0;
		if (size == 0 || (size == 1 && raw[i] != 1) || size > len - i)
			break;
		if (raw[i] == 8 && size == 10 && !l.stamp)
			l.stamp = (uint8_t)(i + 2);
		for (unsigned k = 2; raw[i] == 5 && size >= 10 && size <= 34 && k + 8 <= size && l.edges + 2 <= EDGES_MAX; k += 8) {
			l.edge[l.edges++] = (uint8_t)(i + k);
			l.edge[l.edges++] = (uint8_t)(i + k + 4);
		}
	}
	return l;
}

#endif
