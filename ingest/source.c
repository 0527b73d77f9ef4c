#include "ingest/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ingest/gzip_trailer.h"

#define WINDOW_MIN (256u << 10)
#define WINDOW_MAX (2 * SOURCE_PEEK_MAX)        /* twice what can be asked for, so that moving the rest to the front stays rare */
#define PACKED_SIZE WINDOW_MIN                  /* what was read into the window to find the compression moves there */
#define MAGIC_MAX 6

struct compression {
	const char *name;
	const char *magic;
	size_t magic_len;
	int filter;
	int (*support)(struct archive *a);
};

/* By name, never archive_read_support_filter_all: that one may start other programs. */
static const struct compression compressions[] = {
    {"gzip", "\x1f\x8b", 2, ARCHIVE_FILTER_GZIP, archive_read_support_filter_gzip},
    {"zstd", "\x28\xb5\x2f\xfd", 4, ARCHIVE_FILTER_ZSTD, archive_read_support_filter_zstd},
    {"lz4", "\x04\x22\x4d\x18", 4, ARCHIVE_FILTER_LZ4, archive_read_support_filter_lz4},
    {"xz", "\xfd" "7zXZ\0", 6, ARCHIVE_FILTER_XZ, archive_read_support_filter_xz},
    {"bzip2", "BZh", 3, ARCHIVE_FILTER_BZIP2, archive_read_support_filter_bzip2},
};

struct source_input {
	FILE *stream;
	int fd;                                 /* -1: the stream has none (memory) and is read through stdio */
	uint64_t done, size;                    /* of the file itself */
	XXH3_state_t *hash;
	uint8_t *window;
	size_t window_size;
	bool raw_ended, ended;                  /* the file; the unpacked stream */
	struct err failure;                     /* empty: none */

	const struct compression *compression;  /* NULL: none, and the rest is unused */
	struct archive *archive;
	uint8_t *packed;
	size_t packed_ready;                    /* bytes in packed that were read to find out the compression */
	const uint8_t *block;                   /* what libarchive gave last and is not used up */
	size_t block_left;
	struct gzip_trailer *trailer;
};

/* Up to n bytes of the file itself, as soon as there are any; 0 at its end or on an error. */
static size_t read_raw(struct source_input *in, uint8_t *to, size_t n)
{
	ssize_t got;

	if (in->raw_ended)
		return 0;
	do {
		got = in->fd >= 0 ? read(in->fd, to, n) : (ssize_t)fread(to, 1, n, in->stream);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {
		in->raw_ended = true;
		if (got < 0 || (in->fd < 0 && ferror(in->stream)))
			err_set(&in->failure, "the file cannot be read: %s", strerror(errno));
		return 0;
	}
	in->done += (uint64_t)got;
	XXH3_128bits_update(in->hash, to, (size_t)got);
	if (in->trailer != NULL)
		gzip_trailer_packed(in->trailer, to, (size_t)got);
	return (size_t)got;
}

/* libarchive asks for packed bytes. */
static la_ssize_t give_packed(struct archive *a, void *data, const void **bytes)
{
	struct source_input *in = data;
	size_t n = in->packed_ready;

	in->packed_ready = 0;
	*bytes = in->packed;
	if (n == 0)
		n = read_raw(in, in->packed, PACKED_SIZE);
	if (n == 0 && in->failure.msg[0] != '\0') {
		archive_set_error(a, EIO, "%s", in->failure.msg);
		return -1;
	}
	return (la_ssize_t)n;
}

/* libarchive unpacks in pieces of 64 KiB and more and drops the piece in which it fails. */
static void unpack_failed(struct source_input *in)
{
	const char *why = archive_error_string(in->archive);

	if (in->failure.msg[0] == '\0')
		err_set(&in->failure, "the %s data cannot be unpacked to its end (%s), the last bytes in front of that are missing too",
		    in->compression->name, why ? why : "unknown error");
}

/* The unpacked stream is complete: read what may follow it in the file, then look at the checksum. */
static void unpack_ended(struct source_input *in)
{
	while (read_raw(in, in->packed, PACKED_SIZE) > 0)
		;
	if (in->trailer != NULL && in->failure.msg[0] == '\0' && !gzip_trailer_ok(in->trailer))
		err_set(&in->failure, "the gzip checksum is wrong: some of what was read from this file is damaged");
}

static size_t read_unpacked(struct source_input *in, uint8_t *to, size_t n)
{
	while (in->block_left == 0) {
		const void *block;
		la_int64_t offset;
		int r = archive_read_data_block(in->archive, &block, &in->block_left, &offset);
		if (r != ARCHIVE_OK) {
			in->block_left = 0;
			if (r == ARCHIVE_EOF)
				unpack_ended(in);
			else
				unpack_failed(in);
			return 0;
		}
		in->block = block;
		if (in->trailer != NULL)
			gzip_trailer_unpacked(in->trailer, in->block, in->block_left);
	}
	if (n > in->block_left)
		n = in->block_left;
	memcpy(to, in->block, n);
	in->block += n;
	in->block_left -= n;
	return n;
}

/*
 * Make room behind the bytes at hand: by moving them to the front when at least half of the window is used up, else by a larger window. It
 * grows only when it is full of bytes that have really arrived.
 */
static int make_room(struct source *s)
{
	struct source_input *in = s->input;
	size_t used = (size_t)(s->at - in->window), have = (size_t)(s->end - s->at);
	size_t room = in->window_size - used - have;

	if (room >= in->window_size / 4)
		return 0;
	if (used >= in->window_size / 2 || (room == 0 && in->window_size >= WINDOW_MAX)) {
		memmove(in->window, s->at, have);
		s->at = in->window;
	} else if (room == 0) {
		size_t size = in->window_size * 2 < WINDOW_MAX ? in->window_size * 2 : WINDOW_MAX;
		uint8_t *window = realloc(in->window, size);
		if (window == NULL)
			return err_set(&in->failure, "out of memory");
		in->window = window;
		in->window_size = size;
		s->at = window + used;
	}
	s->end = s->at + have;
	return 0;
}

size_t source_fill(struct source *s, size_t want)
{
	struct source_input *in = s->input;

	assert(want <= SOURCE_PEEK_MAX);
	while ((size_t)(s->end - s->at) < want && !in->ended) {
		size_t n = 0;
		if (make_room(s) == 0) {
			uint8_t *to = in->window + (s->end - in->window);
			size_t room = in->window_size - (size_t)(s->end - in->window);
			n = in->compression != NULL ? read_unpacked(in, to, room) : read_raw(in, to, room);
		}
		if (n == 0)
			in->ended = true;
		s->end += n;
		s->end_offset += n;
	}
	return (size_t)(s->end - s->at);
}

uint64_t source_discard(struct source *s, uint64_t n)
{
	uint64_t gone = 0;

	while (gone < n) {
		size_t have = source_peek(s, 1);
		if (have == 0)
			break;
		if (have > n - gone)
			have = (size_t)(n - gone);
		source_skip(s, have);
		gone += have;
	}
	return gone;
}

static int start_unpacking(struct source *s, struct err *e)
{
	struct source_input *in = s->input;
	struct archive_entry *entry;

	in->packed = malloc(PACKED_SIZE);
	in->archive = archive_read_new();
	if (in->packed == NULL || in->archive == NULL)
		return err_set(e, "out of memory");
	in->packed_ready = (size_t)(s->end - s->at);
	memcpy(in->packed, s->at, in->packed_ready);
	s->at = s->end = in->window;
	s->end_offset = 0;
	archive_read_support_format_raw(in->archive);
	archive_read_support_format_empty(in->archive);
	in->compression->support(in->archive);
	if (archive_read_open(in->archive, in, NULL, give_packed, NULL) != ARCHIVE_OK) {
		unpack_failed(in);
		return err_set(e, "%s", in->failure.msg);
	}
	if (archive_filter_code(in->archive, 0) != in->compression->filter)
		return err_set(e, "it begins like %s data, but its header is damaged", in->compression->name);
	/* At ARCHIVE_EOF there is no entry to read from: the stream is empty. */
	in->ended = archive_read_next_header(in->archive, &entry) != ARCHIVE_OK;
	return 0;
}

/* Look at the first bytes for a compression and set it up. They are in the window and nothing else is. */
static int find_compression(struct source *s, struct err *e)
{
	struct source_input *in = s->input;
	size_t have = source_peek(s, MAGIC_MAX);

	for (size_t i = 0; i < sizeof compressions / sizeof compressions[0]; i++) {
		const struct compression *z = &compressions[i];
		if (have < z->magic_len || memcmp(s->at, z->magic, z->magic_len) != 0)
			continue;
		if (z->filter == ARCHIVE_FILTER_GZIP) {
			if ((in->trailer = malloc(sizeof *in->trailer)) == NULL)
				return err_set(e, "out of memory");
			gzip_trailer_init(in->trailer);
			gzip_trailer_packed(in->trailer, s->at, have);
		}
		in->compression = z;
		in->ended = false;
		return start_unpacking(s, e);
	}
	return 0;
}

int source_open_stream(struct source *s, FILE *stream, struct err *e)
{
	struct source_input *in = calloc(1, sizeof *in);
	struct stat st;

	*s = (struct source){.input = in};
	if (in == NULL) {
		fclose(stream);
		return err_set(e, "out of memory");
	}
	in->stream = stream;
	in->fd = fileno(stream);
	if (in->fd >= 0 && fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode))
		in->size = (uint64_t)st.st_size;
	in->window_size = WINDOW_MIN;
	in->window = malloc(in->window_size);
	in->hash = XXH3_createState();
	if (in->window == NULL || in->hash == NULL) {
		source_close(s);
		return err_set(e, "out of memory");
	}
	XXH3_128bits_reset(in->hash);
	s->at = s->end = in->window;
	if (find_compression(s, e) < 0) {
		source_close(s);
		return -1;
	}
	return 0;
}

int source_open(struct source *s, const char *path, struct err *e)
{
	FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");

	*s = (struct source){0};
	if (stream == NULL)
		return err_set(e, "%s", strerror(errno));
	return source_open_stream(s, stream, e);
}

const char *source_failure(const struct source *s)
{
	return s->input->failure.msg[0] != '\0' ? s->input->failure.msg : NULL;
}

int source_drain(struct source *s, struct err *e)
{
	struct source_input *in = s->input;

	if (in->raw_ended)
		return 0;
	in->ended = true;
	in->failure.msg[0] = '\0';
	s->at = s->end;
	while (read_raw(in, in->window, in->window_size) > 0)
		;
	return in->failure.msg[0] == '\0' ? 0 : err_set(e, "%s", in->failure.msg);
}

const char *source_compression(const struct source *s)
{
	return s->input->compression != NULL ? s->input->compression->name : "";
}

void source_progress(const struct source *s, uint64_t *done, uint64_t *size)
{
	*done = s->input->done;
	*size = s->input->size;
}

void source_digest(const struct source *s, uint8_t digest[16])
{
	XXH128_canonical_t big_endian;

	XXH128_canonicalFromHash(&big_endian, XXH3_128bits_digest(s->input->hash));
	memcpy(digest, big_endian.digest, sizeof big_endian.digest);
}

void source_close(struct source *s)
{
	struct source_input *in = s->input;

	if (in == NULL)
		return;
	archive_read_free(in->archive);
	XXH3_freeState(in->hash);
	free(in->trailer);
	free(in->packed);
	free(in->window);
	if (in->stream != stdin)
		fclose(in->stream);
	free(in);
	*s = (struct source){0};
}
