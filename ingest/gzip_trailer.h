/* The checksum at the end of a gzip file, which libarchive steps over without a look. RFC 1952. */
#ifndef INGEST_GZIP_TRAILER_H
#define INGEST_GZIP_TRAILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gzip_trailer {
	uint32_t table[8][256];
	uint32_t crc;
	uint32_t length;        /* of the unpacked data, modulo 2^32 as in the file */
	uint8_t last[8];        /* of the packed file */
};

void gzip_trailer_init(struct gzip_trailer *t);

/* The next bytes of the packed file, and of what came out of it. */
void gzip_trailer_packed(struct gzip_trailer *t, const uint8_t *p, size_t n);
void gzip_trailer_unpacked(struct gzip_trailer *t, const uint8_t *p, size_t n);

/*
 * After the last byte of both: false when the checksum is wrong. A file of several members, or with something behind the last one, does not
 * end in the length of the whole; there the checksum says nothing about the whole and the answer is true.
 */
bool gzip_trailer_ok(const struct gzip_trailer *t);

#endif
