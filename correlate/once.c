#include "correlate/once.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SLOTS 4096                      /* a power of two; half of them are used */
#define BYTES (4u << 20)                /* of the rows that are remembered */

struct once {
	struct slot {
		char *bytes;            /* NULL: empty */
		uint32_t n;
		int64_t id;
	} slot[SLOTS];
	uint32_t used, bytes;
	int64_t last;
};

struct once *once_new(struct err *e)
{
	struct once *o = calloc(1, sizeof *o);

	if (!o)
		err_set(e, "out of memory");
	return o;
}

static void forget(struct once *o)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		free(o->slot[i].bytes);
	memset(o->slot, 0, sizeof o->slot);
	o->used = o->bytes = 0;
}

void once_free(struct once *o)
{
	if (!o)
		return;
	forget(o);
	free(o);
}

void once_begin(struct once_row *r)
{
	r->n = 0;
}

static void add(struct once_row *r, const void *bytes, size_t n)
{
	if (n > sizeof r->bytes - r->n)
		n = sizeof r->bytes - r->n;
	memcpy(r->bytes + r->n, bytes, n);
	r->n += (uint32_t)n;
}

void once_text(struct once_row *r, const char *text)
{
	add(r, text, strlen(text) + 1);
}

void once_int(struct once_row *r, int64_t v)
{
	add(r, &v, sizeof v);
}

int once_id(struct once *o, const struct once_row *r, int64_t *id, struct err *e)
{
	struct slot *s;
	uint32_t i = (uint32_t)XXH3_64bits(r->bytes, r->n);

	if (o->used >= SLOTS / 2 || o->bytes > BYTES)
		forget(o);
	for (; s = &o->slot[i & (SLOTS - 1)], s->bytes; i++)
		if (s->n == r->n && memcmp(s->bytes, r->bytes, r->n) == 0) {
			*id = s->id;
			return 0;
		}
	*id = s->id = ++o->last;
	/* One that was cut could equal another. */
	if (r->n == sizeof r->bytes)
		return 1;
	if (!(s->bytes = malloc(r->n ? r->n : 1)))
		return err_set(e, "out of memory");
	memcpy(s->bytes, r->bytes, r->n);
	s->n = r->n;
	o->used++;
	o->bytes += r->n;
	return 1;
}
