#include "ingest/source.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ingest/compression.h"

#define WINDOW_MIN (256u << 10)
#define WINDOW_MAX (2 * SOURCE_PEEK_MAX)        /* twice what can be asked for, so that moving the rest to the front stays rare */
#define PACKED_SIZE WINDOW_MIN                  /* what was read into the window to find the compression moves there */

struct source_input {
	FILE *stream;
	int fd;                                 /* -1: the stream has none (memory) and is read through stdio */
	uint64_t done, size;                    /* of the file itself */
	XXH3_state_t *hash;
	uint8_t *window;
	size_t window_size;
	bool raw_ended, ended;                  /* the file; the unpacked stream */
	bool (*idle)(void *ctx);                /* source_on_idle; NULL: none */
	void *idle_ctx;
	int idle_ms;
	struct err failure;                     /* empty: none */

	const struct compression *compression;  /* of the member under way; NULL: the file is not packed, and the rest is unused */
	const char *name;                       /* of the first member's compression, "": none */
	void *member;                           /* NULL: between two members */
	uint8_t *packed;
	const uint8_t *packed_at;
	size_t packed_left;
	bool unpack_full;                       /* there was no room for all that the member could put out */
};

void source_on_idle(struct source *s, int ms, bool (*idle)(void *ctx), void *ctx)
{
	if (s->input->size != 0)
		return;
	s->input->idle = idle;
	s->input->idle_ctx = ctx;
	s->input->idle_ms = ms;
}

/* Wait for bytes or the end of the stream. False: not any longer. */
static bool wait_for_more(struct source_input *in)
{
	struct pollfd fd = {.fd = in->fd, .events = POLLIN};

	while (in->idle != NULL && in->fd >= 0 && poll(&fd, 1, in->idle_ms) <= 0)
		if (!in->idle(in->idle_ctx))
			return false;
	return true;
}

/* Up to n bytes of the file itself, as soon as there are any; 0 at its end or on an error. */
static size_t read_raw(struct source_input *in, uint8_t *to, size_t n)
{
	ssize_t got;

	if (in->raw_ended || !wait_for_more(in)) {
		in->raw_ended = true;
		return 0;
	}
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
	return (size_t)got;
}

/* Have at least `want` packed bytes at hand, or all that are left of the file; returns how many there are. */
static size_t packed_fill(struct source_input *in, size_t want)
{
	if (in->packed_left < want) {
		memmove(in->packed, in->packed_at, in->packed_left);
		in->packed_at = in->packed;
	}
	while (in->packed_left < want) {
		size_t n = read_raw(in, in->packed + in->packed_left, PACKED_SIZE - in->packed_left);
		if (n == 0)
			break;
		in->packed_left += n;
	}
	return in->packed_left;
}

/* The packed bytes have ended, or are no longer what they should be; a file that cannot be read has said so already. */
__attribute__((format(printf, 2, 3)))
static bool unpack_ended(struct source_input *in, const char *fmt, ...)
{
	va_list ap;

	in->ended = true;
	if (fmt == NULL || in->failure.msg[0] != '\0')
		return false;
	va_start(ap, fmt);
	vsnprintf(in->failure.msg, sizeof in->failure.msg, fmt, ap);
	va_end(ap);
	return false;
}

/* Begin with the next member. What may follow the last one, as tapes are filled with zeros, is never taken for packets, but told. */
static bool next_member(struct source_input *in)
{
	size_t have = packed_fill(in, COMPRESSION_MAGIC);
	const struct compression *z = compression_find(in->packed_at, have);

	if (have == 0)
		return unpack_ended(in, NULL);
	if (z == NULL)
		return unpack_ended(in, "behind the %s data, from byte %" PRIu64 " of the file on, is something else, not read", in->name,
		    in->done - have);
	in->compression = z;
	in->unpack_full = false;
	in->member = z->open();
	return in->member != NULL ? true : unpack_ended(in, "out of memory");
}

/* Some unpacked bytes, as soon as there are any; 0 at the end, also at an early one. */
static size_t read_unpacked(struct source_input *in, uint8_t *to, size_t n)
{
	struct unpack u = {.out = to, .out_left = n};
	const char *why;

	while (!in->ended && u.out_left == n && (in->member != NULL || next_member(in))) {
		if (!in->unpack_full && packed_fill(in, 1) == 0) {
			unpack_ended(in, "the file ends inside the %s data, after %" PRIu64 " bytes", in->name, in->done);
			break;
		}
		u.in = in->packed_at;
		u.in_left = in->packed_left;
		enum unpack_result r = in->compression->read(in->member, &u, &why);
		if (r == UNPACK_ON && !in->unpack_full && u.in_left == in->packed_left && u.out_left == n) {
			r = UNPACK_BROKEN;      /* bytes and room, and no step: that would go on for ever */
			why = "it is corrupt";
		}
		in->packed_at = u.in;
		in->packed_left = u.in_left;
		in->unpack_full = u.out_left == 0;
		if (r == UNPACK_BROKEN)
			unpack_ended(in, "the %s data is damaged at or before byte %" PRIu64 " of the file (%s)", in->name, in->done - u.in_left, why);
		if (r == UNPACK_DONE) {
			in->compression->close(in->member);
			in->member = NULL;
		}
	}
	return n - u.out_left;
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

/* Look at the first bytes for a compression and set it up. They are in the window and nothing else is. */
static int find_compression(struct source *s, struct err *e)
{
	struct source_input *in = s->input;
	size_t have = source_peek(s, COMPRESSION_MAGIC);

	in->compression = compression_find(s->at, have);
	if (in->compression == NULL)
		return 0;
	in->packed = malloc(PACKED_SIZE);
	if (in->packed == NULL)
		return err_set(e, "out of memory");
	memcpy(in->packed, s->at, have);
	in->packed_at = in->packed;
	in->packed_left = have;
	in->name = in->compression->name;
	in->ended = false;
	s->at = s->end = in->window;
	s->end_offset = 0;
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
	in->name = "";
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
	return s->input->name;
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
	if (in->member != NULL)
		in->compression->close(in->member);
	XXH3_freeState(in->hash);
	free(in->packed);
	free(in->window);
	if (in->stream != stdin)
		fclose(in->stream);
	free(in);
	*s = (struct source){0};
}
