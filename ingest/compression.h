/*
 * The compressions that captures come in. A packed file is one member or several on end, and a member is what its format calls one: a gzip
 * member (RFC 1952 2.2), a zstd frame (RFC 8878) or an lz4 frame, skippable ones included, an xz or bzip2 stream.
 */
#ifndef INGEST_COMPRESSION_H
#define INGEST_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>

/* So many bytes tell the compression of a member. */
#define COMPRESSION_MAGIC 6

/* Packed bytes to take and room for unpacked ones; unpacking steps over both. */
struct unpack {
	const uint8_t *in;
	size_t in_left;
	uint8_t *out;
	size_t out_left;
};

enum unpack_result {
	UNPACK_ON,      /* as far as the bytes and the room went */
	UNPACK_DONE,    /* the member is complete, and its checksum right */
	UNPACK_BROKEN,  /* what was put out is all that can be had of it */
};

struct compression {
	const char *name;                       /* gzip, zstd, lz4, xz or bzip2 */
	const char *magic;
	size_t magic_len;
	uint8_t first_mask;                     /* these bits of the first byte count */
	/* The state of one member; NULL: out of memory. read puts out all that the bytes so far give; *why is static text. */
	void *(*open)(void);
	enum unpack_result (*read)(void *state, struct unpack *u, const char **why);
	void (*close)(void *state);
};

/* By the first bytes of a member; NULL: none that is known. */
const struct compression *compression_find(const uint8_t *p, size_t n);

/* The libraries that do the work, with their versions. */
void compression_versions(char *text, size_t size);

#endif
