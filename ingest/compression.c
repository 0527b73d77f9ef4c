#include "ingest/compression.h"

#include <bzlib.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#define XZ_MEMORY (128u << 20)          /* twice what xz -9 needs; a header may claim gigabytes */
#define GZIP_WINDOW (15 + 16)           /* zlib: the largest window; a gzip header and trailer, checked */

static void *gzip_open(void)
{
	z_stream *z = calloc(1, sizeof *z);

	if (z != NULL && inflateInit2(z, GZIP_WINDOW) != Z_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static enum unpack_result gzip_read(void *state, struct unpack *u, const char **why)
{
	z_stream *z = state;
	int r;

	z->next_in = u->in;
	z->avail_in = (uInt)u->in_left;
	z->next_out = u->out;
	z->avail_out = (uInt)u->out_left;
	r = inflate(z, Z_NO_FLUSH);
	*u = (struct unpack){z->next_in, z->avail_in, z->next_out, z->avail_out};
	*why = z->msg != NULL ? z->msg : zError(r);
	if (r == Z_OK || r == Z_BUF_ERROR)
		return UNPACK_ON;
	return r == Z_STREAM_END ? UNPACK_DONE : UNPACK_BROKEN;
}

static void gzip_close(void *state)
{
	inflateEnd(state);
	free(state);
}

/*
 * zstd and lz4 drop what a call has unpacked when it comes to an error, and say how many bytes they want next: with no more than these, a call
 * unpacks one block, and nothing in front of a broken one is lost.
 */
struct blocks {
	void *context;
	size_t wanted;
};

static size_t at_most(size_t n, size_t limit)
{
	return n < limit ? n : limit;
}

static void *blocks_new(void *context, size_t wanted)
{
	struct blocks *b = context != NULL ? malloc(sizeof *b) : NULL;

	if (b != NULL)
		*b = (struct blocks){context, wanted};
	return b;
}

/* `result` is the number of bytes wanted next, 0 at the end of the frame. */
static enum unpack_result blocks_read(struct blocks *b, size_t result, const char *error, const char **why)
{
	*why = error;
	b->wanted = result;
	if (error != NULL)
		return UNPACK_BROKEN;
	return result == 0 ? UNPACK_DONE : UNPACK_ON;
}

static void *zstd_open(void)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	void *b = blocks_new(z, ZSTD_initDStream(z));

	if (b == NULL)
		ZSTD_freeDStream(z);
	return b;
}

static enum unpack_result zstd_read(void *state, struct unpack *u, const char **why)
{
	struct blocks *b = state;
	ZSTD_inBuffer in = {u->in, at_most(u->in_left, b->wanted), 0};
	ZSTD_outBuffer out = {u->out, u->out_left, 0};
	size_t r = ZSTD_decompressStream(b->context, &out, &in);

	*u = (struct unpack){u->in + in.pos, u->in_left - in.pos, u->out + out.pos, u->out_left - out.pos};
	return blocks_read(b, r, ZSTD_isError(r) ? ZSTD_getErrorName(r) : NULL, why);
}

static void zstd_close(void *state)
{
	struct blocks *b = state;

	ZSTD_freeDStream(b->context);
	free(b);
}

static void *lz4_open(void)
{
	LZ4F_dctx *z = NULL;
	void *b;

	LZ4F_createDecompressionContext(&z, LZ4F_VERSION);
	b = blocks_new(z, LZ4F_HEADER_SIZE_MIN);
	if (b == NULL)
		LZ4F_freeDecompressionContext(z);
	return b;
}

static enum unpack_result lz4_read(void *state, struct unpack *u, const char **why)
{
	struct blocks *b = state;
	size_t in = at_most(u->in_left, b->wanted), out = u->out_left;
	size_t r = LZ4F_decompress(b->context, u->out, &out, u->in, &in, NULL);

	*u = (struct unpack){u->in + in, u->in_left - in, u->out + out, u->out_left - out};
	return blocks_read(b, r, LZ4F_isError(r) ? LZ4F_getErrorName(r) : NULL, why);
}

static void lz4_close(void *state)
{
	struct blocks *b = state;

	LZ4F_freeDecompressionContext(b->context);
	free(b);
}

static void *xz_open(void)
{
	lzma_stream *z = calloc(1, sizeof *z);

	if (z != NULL && lzma_stream_decoder(z, XZ_MEMORY, 0) != LZMA_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static enum unpack_result xz_read(void *state, struct unpack *u, const char **why)
{
	lzma_stream *z = state;
	lzma_ret r;

	z->next_in = u->in;
	z->avail_in = u->in_left;
	z->next_out = u->out;
	z->avail_out = u->out_left;
	r = lzma_code(z, LZMA_RUN);
	*u = (struct unpack){z->next_in, z->avail_in, z->next_out, z->avail_out};
	*why = r == LZMA_MEMLIMIT_ERROR ? "it needs more than 128 MiB of memory" : r == LZMA_MEM_ERROR ? "out of memory" : "it is corrupt";
	if (r == LZMA_OK || r == LZMA_BUF_ERROR)
		return UNPACK_ON;
	return r == LZMA_STREAM_END ? UNPACK_DONE : UNPACK_BROKEN;
}

static void xz_close(void *state)
{
	lzma_end(state);
	free(state);
}

static void *bzip2_open(void)
{
	bz_stream *z = calloc(1, sizeof *z);

	if (z != NULL && BZ2_bzDecompressInit(z, 0, 0) != BZ_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static enum unpack_result bzip2_read(void *state, struct unpack *u, const char **why)
{
	bz_stream *z = state;
	int r;

	z->next_in = (char *)(uintptr_t)u->in;          /* bzlib does not write there */
	z->avail_in = (unsigned)u->in_left;
	z->next_out = (char *)u->out;
	z->avail_out = (unsigned)u->out_left;
	r = BZ2_bzDecompress(z);
	*u = (struct unpack){(const uint8_t *)z->next_in, z->avail_in, (uint8_t *)z->next_out, z->avail_out};
	*why = r == BZ_MEM_ERROR ? "out of memory" : "it is corrupt";
	if (r == BZ_OK)
		return UNPACK_ON;
	return r == BZ_STREAM_END ? UNPACK_DONE : UNPACK_BROKEN;
}

static void bzip2_close(void *state)
{
	BZ2_bzDecompressEnd(state);
	free(state);
}

static const struct compression compressions[] = {
    {"gzip", "\x1f\x8b", 2, 0xff, gzip_open, gzip_read, gzip_close},
    {"zstd", "\x28\xb5\x2f\xfd", 4, 0xff, zstd_open, zstd_read, zstd_close},
    {"zstd", "\x50\x2a\x4d\x18", 4, 0xf0, zstd_open, zstd_read, zstd_close}, /* a skippable frame, lz4 has the same: pzstd begins with one */
    {"lz4", "\x04\x22\x4d\x18", 4, 0xff, lz4_open, lz4_read, lz4_close},
    {"xz", "\xfd" "7zXZ\0", COMPRESSION_MAGIC, 0xff, xz_open, xz_read, xz_close},
    {"bzip2", "BZh", 3, 0xff, bzip2_open, bzip2_read, bzip2_close},
};

const struct compression *compression_find(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < sizeof compressions / sizeof compressions[0]; i++) {
		const struct compression *z = &compressions[i];
		if (n >= z->magic_len && (p[0] & z->first_mask) == (uint8_t)z->magic[0] && memcmp(p + 1, z->magic + 1, z->magic_len - 1) == 0)
			return z;
	}
	return NULL;
}

void compression_versions(char *text, size_t size)
{
	snprintf(text, size, "zlib %s, zstd %s, lz4 %s, xz %s, bzip2 %s", zlibVersion(), ZSTD_versionString(), LZ4_versionString(),
	    lzma_version_string(), BZ2_bzlibVersion());
}
