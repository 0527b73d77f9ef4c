#include "schema/array.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 8

bool array_grow(void *array, uint32_t *room, uint32_t n, size_t size)
{
	uint32_t more = *room ? *room * 2 : FIRST;
	void *p;

	if (n < *room)
		return true;
	/* Pointers to whatever type are copied, not cast: that is defined. */
	memcpy(&p, array, sizeof p);
	if (more < *room || !(p = realloc(p, more * size)))
		return false;
	memcpy(array, &p, sizeof p);
	*room = more;
	return true;
}
