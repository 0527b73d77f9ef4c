/* Arrays that grow as they are filled. */
#ifndef SCHEMA_ARRAY_H
#define SCHEMA_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Make sure that an array with room for *room elements of `size` bytes, n of them used, has room for one more. array: where the pointer to it stands;
 * NULL stands there at first, and the caller frees it. false: out of memory, and nothing has changed.
 */
bool array_grow(void *array, uint32_t *room, uint32_t n, size_t size);

#endif
