/* Rows that are stored once for all that need an equal one. */
#ifndef CORRELATE_ONCE_H
#define CORRELATE_ONCE_H

#include <stdint.h>

#include "schema/err.h"

struct once;

/* A row while it is put together: its values, each with its end. One that is longer is stored each time. */
struct once_row {
	char bytes[32768];
	uint32_t n;
};

struct once *once_new(struct err *e);
void once_free(struct once *o);

void once_begin(struct once_row *r);
void once_text(struct once_row *r, const char *text);
void once_int(struct once_row *r, int64_t v);

/*
 * The id of the row, counted from 1. Returns 1 if it is new and must be stored, 0 if not, -1 without memory. What is remembered is bounded: of very many
 * different ones, equal ones may be new again.
 */
int once_id(struct once *o, const struct once_row *r, int64_t *id, struct err *e);

#endif
