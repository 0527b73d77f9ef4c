/* The one way to touch packet bytes: a stretch of them that knows how much was captured and how much was on the wire. */
#ifndef INGEST_DECODE_BYTES_H
#define INGEST_DECODE_BYTES_H

#include <stdint.h>
#include <string.h>

#include "ingest/decode/decode.h"
#include "ingest/decode/layout.h"
#include "schema/octets.h"

struct bytes {
	const uint8_t *p;       /* first byte not decoded yet */
	uint32_t cap;           /* captured from p on; only these may be read */
	uint32_t len;           /* on the wire from p on, by the innermost length known so far; cap <= len */
	struct layout *layout;  /* NULL: nobody asks for it */
};

/* Length of a stretch that goes on after what is there (ICMP quote, truncated mirror, first fragment): the lengths inside it may be true. */
#define BYTES_OPEN (1u << 30)

/* OK: n bytes can be read. SHORT: they were on the wire, but the capture cut them off. BAD: there never were that many. */
static inline enum decode_result bytes_need(const struct bytes *b, uint32_t n)
{
	if (b->cap >= n)
		return DECODE_OK;
	return b->len >= n ? DECODE_SHORT : DECODE_BAD;
}

/* Here, or `at` bytes further on, is a header of n bytes, or of as many of them as were captured. */
static inline void bytes_note_at(const struct bytes *b, enum layer layer, uint32_t at, uint32_t n)
{
	struct layout *l = b->layout;

	if (!l || at >= b->cap)
		return;
	if (l->n == LAYOUT_MAX) {
		l->overflow = true;
		return;
	}
	l->s[l->n++] = (struct stretch){.p = b->p + at, .n = n < b->cap - at ? n : b->cap - at, .cap = b->cap - at, .len = b->len - at, .layer = (uint8_t)layer};
}

static inline void bytes_note(const struct bytes *b, enum layer layer, uint32_t n)
{
	if (b->layout)
		bytes_note_at(b, layer, 0, n);
}

/* n <= b->cap, that is after bytes_need(b, n). */
static inline void bytes_skip(struct bytes *b, uint32_t n)
{
	b->p += n;
	b->cap -= n;
	b->len -= n;
}

/* A length field inside the packet says that only n bytes (n <= b->len) belong to it. */
static inline void bytes_trim(struct bytes *b, uint32_t n)
{
	b->len = n;
	if (b->cap > n)
		b->cap = n;
}

#endif
