/* Capture files built byte by byte for the tests, in either byte order, whole or damaged; and everything that the reader says of them. */
#ifndef TESTS_CAPTURE_BYTES_H
#define TESTS_CAPTURE_BYTES_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/capture.h"
#include "tests/test.h"

struct bytes {
	uint8_t *p;
	size_t n, room;
	bool big_endian;
	size_t block;           /* where the open block begins */
};

static inline void put(struct bytes *b, const void *p, size_t n)
{
	if (b->n + n > b->room) {
		b->room = (b->n + n) * 2;
		b->p = realloc(b->p, b->room);
		if (b->p == NULL)
			abort();
	}
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static inline void put_number(struct bytes *b, uint64_t v, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(v >> 8 * (b->big_endian ? size - 1 - i : i));
		put(b, &byte, 1);
	}
}

static inline void put16(struct bytes *b, uint64_t v)
{
	put_number(b, v & 0xffff, 2);
}

static inline void put32(struct bytes *b, uint64_t v)
{
	put_number(b, v & 0xffffffff, 4);
}

static inline void put64(struct bytes *b, uint64_t v)
{
	put_number(b, v, 8);
}

static inline void put_padding(struct bytes *b, size_t from)
{
	while ((b->n - from) % 4 != 0)
		put(b, "", 1);
}

/* Write over four bytes that are there already: how most damage is made. */
static inline void poke32(struct bytes *b, size_t at, uint32_t v)
{
	size_t n = b->n;

	b->n = at;
	put32(b, v);
	b->n = n;
}

static inline void bytes_free(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){0};
}

static inline void pcap_header(struct bytes *b, uint32_t magic, uint32_t snaplen, uint32_t linktype)
{
	put32(b, magic);
	put16(b, 2);
	put16(b, 4);
	put64(b, 0);
	put32(b, snaplen);
	put32(b, linktype);
}

static inline void pcap_record(struct bytes *b, uint32_t seconds, uint32_t fraction, uint32_t caplen, uint32_t len, const char *data)
{
	put32(b, seconds);
	put32(b, fraction);
	put32(b, caplen);
	put32(b, len);
	put(b, data, strlen(data));
}

static inline void block_begin(struct bytes *b, uint32_t type)
{
	b->block = b->n;
	put32(b, type);
	put32(b, 0);
}

static inline void block_end(struct bytes *b)
{
	uint32_t length = (uint32_t)(b->n - b->block) + 4;

	poke32(b, b->block + 4, length);
	put32(b, length);
}

static inline void put_option(struct bytes *b, uint16_t code, const void *value, uint16_t length)
{
	put16(b, code);
	put16(b, length);
	put(b, value, length);
	put_padding(b, b->block);
}

static inline void put_option64(struct bytes *b, uint16_t code, uint64_t v)
{
	put16(b, code);
	put16(b, 8);
	put64(b, v);
}

static inline void section_block(struct bytes *b)
{
	block_begin(b, 0x0a0d0d0a);
	put32(b, 0x1a2b3c4d);
	put16(b, 1);
	put16(b, 0);
	put64(b, UINT64_MAX);
	block_end(b);
}

static inline void interface_begin(struct bytes *b, uint16_t linktype, uint32_t snaplen)
{
	block_begin(b, 1);
	put16(b, linktype);
	put16(b, 0);
	put32(b, snaplen);
}

/* An interface without options, or with if_tsresol. */
static inline void interface_block(struct bytes *b, uint16_t linktype, uint32_t snaplen)
{
	interface_begin(b, linktype, snaplen);
	block_end(b);
}

static inline void interface_resolution(struct bytes *b, uint8_t tsresol)
{
	interface_begin(b, 1, 0);
	put_option(b, 9, &tsresol, 1);
	put_option(b, 0, "", 0);
	block_end(b);
}

static inline void packet_block(struct bytes *b, uint32_t interface, uint64_t units, uint32_t len, const char *data)
{
	block_begin(b, 6);
	put32(b, interface);
	put32(b, units >> 32);
	put32(b, units);
	put32(b, strlen(data));
	put32(b, len);
	put(b, data, strlen(data));
	put_padding(b, b->block);
	block_end(b);
}

/* A block whose content is of no interest. */
static inline void other_block(struct bytes *b, uint32_t type, size_t size)
{
	block_begin(b, type);
	for (size_t i = 0; i < size; i++)
		put(b, "x", 1);
	put_padding(b, b->block);
	block_end(b);
}

#define SEEN_MAX 128

/* All that capture_next gave: frames with a copy of their (first) bytes, and the messages. */
struct seen {
	struct capture *capture;        /* open until seen_free, for questions after the end */
	struct frame frame[SEEN_MAX];
	char data[SEEN_MAX][32];
	size_t frames;
	char damage[SEEN_MAX][ERR_MAX];
	size_t damages;
	struct err open;                /* why it could not be opened; then capture is NULL */
};

static inline void see_all(struct seen *seen)
{
	struct frame f;
	struct err e;
	int r;

	while ((r = capture_next(seen->capture, &f, &e)) != 0) {
		if (r < 0) {
			if (seen->damages < SEEN_MAX)
				memcpy(seen->damage[seen->damages], e.msg, sizeof e.msg);
			seen->damages++;
		} else if (seen->frames < SEEN_MAX) {
			size_t n = f.caplen < sizeof seen->data[0] - 1 ? f.caplen : sizeof seen->data[0] - 1;
			if (n > 0)
				memcpy(seen->data[seen->frames], f.bytes, n);
			seen->data[seen->frames][n] = '\0';
			seen->frame[seen->frames++] = f;
		}
	}
}

static inline struct seen *see_stream(FILE *stream)
{
	struct seen *seen = calloc(1, sizeof *seen);

	if (seen == NULL || stream == NULL)
		abort();
	if (capture_open_stream(&seen->capture, stream, &seen->open) == 0)
		see_all(seen);
	return seen;
}

static inline struct seen *see(const struct bytes *b)
{
	return see_stream(fmemopen(b->p, b->n, "rb"));
}

static inline void seen_free(struct seen *seen)
{
	capture_close(seen->capture);
	free(seen);
}

#define S 1000000000ll        /* in ns */
#define T 1700000000u

/* Frame i of a file that has no damage in front of it. */
static inline void check_frame(const struct seen *s, size_t i, int64_t ts_ns, uint32_t len, const char *data)
{
	assert_true(i < s->frames);
	assert_int_equal(s->frame[i].number, i + 1);
	assert_int_equal(s->frame[i].ts_ns, ts_ns);
	assert_int_equal(s->frame[i].caplen, strlen(data));
	assert_int_equal(s->frame[i].len, len);
	assert_string_equal(s->data[i], data);
}

static inline void check_counts(const struct seen *s, size_t frames, size_t damages)
{
	if (s->capture == NULL)
		fail_msg("not opened: %s", s->open.msg);
	if (s->damages > 0 && damages == 0)
		fail_msg("damage: %s", s->damage[0]);
	assert_int_equal(s->frames, frames);
	assert_int_equal(s->damages, damages);
}

static inline void check_refused(const struct bytes *b, const char *what)
{
	struct seen *s = see(b);

	assert_null(s->capture);
	if (strstr(s->open.msg, what) == NULL)
		fail_msg("not \"%s\": %s", what, s->open.msg);
	seen_free(s);
}

#endif
