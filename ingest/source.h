/* The bytes of a capture as a window that moves forward: from a file, a pipe or a FILE, unpacked on the way, hashed as they are read. */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ingest/capture.h"
#include "schema/err.h"

/* The most that can be asked for at once: the largest frame, the headers and options around it, and a look behind it. */
#define SOURCE_PEEK_MAX (CAPTURE_FRAME_MAX + (1u << 20))

struct source_input;

struct source {
	const uint8_t *at, *end;        /* bytes at hand */
	uint64_t end_offset;            /* of `end` in the unpacked stream */
	struct source_input *input;
};

/* "-" is standard input. On -1 there is nothing to close. */
int source_open(struct source *s, const char *path, struct err *e);

/* The stream belongs to the source from here on, also on -1. Nothing may have been read from it through stdio. */
int source_open_stream(struct source *s, FILE *stream, struct err *e);

/*
 * For a stream that grows while it is read: whenever it has been silent for `ms`, idle(ctx) is called and says whether to wait on; false ends the
 * stream there. A signal that interrupts the wait calls it, too. Files do not wait.
 */
void source_on_idle(struct source *s, int ms, bool (*idle)(void *ctx), void *ctx);

/* Read until `want` bytes are at hand or the stream ends: use source_peek. */
size_t source_fill(struct source *s, size_t want);

/* How many bytes are at s->at: at least `want`, or all that is left. Never waits for more than that. They are valid until the next peek. */
static inline size_t source_peek(struct source *s, size_t want)
{
	size_t have = (size_t)(s->end - s->at);

	return have >= want ? have : source_fill(s, want);
}

/* Step over n bytes that a peek has shown; their memory stays valid until the next peek. */
static inline void source_skip(struct source *s, size_t n)
{
	s->at += n;
}

/* Step over up to n bytes, at hand or not; returns how many there were. */
uint64_t source_discard(struct source *s, uint64_t n);

/* Offset of s->at in the unpacked stream. */
static inline uint64_t source_offset(const struct source *s)
{
	return s->end_offset - (uint64_t)(s->end - s->at);
}

/* Why the stream ended early (read error, broken compression), or what is behind it. NULL: nothing, or it goes on. Ask at the end. */
const char *source_failure(const struct source *s);

/* Read what is left of the file itself, so that the digest covers all of it. -1 when that fails. */
int source_drain(struct source *s, struct err *e);

/* "", or what the file begins with: "gzip", "zstd", "lz4", "xz" or "bzip2". */
const char *source_compression(const struct source *s);

/* Bytes read of the file itself (packed as it is) and its size, 0 when it has none. */
void source_progress(const struct source *s, uint64_t *done, uint64_t *size);

/* XXH3-128 of the bytes read so far, big-endian as xxhsum prints it. */
void source_digest(const struct source *s, uint8_t digest[16]);

/* A zeroed source is fine. */
void source_close(struct source *s);

#endif
