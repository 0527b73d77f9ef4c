#include "ingest/capture.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "ingest/capture_private.h"
#include "schema/array.h"

#define DAMAGES_MAX 100
#define INTERFACES_MAX 65536

__attribute__((format(printf, 5, 0)))
static void bad(struct err *e, const char *what, uint64_t frame, uint64_t offset, const char *fmt, va_list ap)
{
	int n = snprintf(e->msg, sizeof e->msg, "%s %" PRIu64 "%s at byte %" PRIu64 ": ", what, frame, *what == 'a' ? "," : "", offset);

	assert(n > 0 && (size_t)n < sizeof e->msg);
	vsnprintf(e->msg + n, sizeof e->msg - (size_t)n, fmt, ap);
}

void capture_bad_frame(const struct capture *c, uint64_t offset, struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	bad(e, "frame", c->frames, offset, fmt, ap);
	va_end(ap);
}

void capture_bad_block(const struct capture *c, uint64_t offset, struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	bad(e, "after frame", c->frames, offset, fmt, ap);
	va_end(ap);
}

void capture_say_more(struct err *e, const char *fmt, ...)
{
	size_t n = strlen(e->msg);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->msg + n, sizeof e->msg - n, fmt, ap);
	va_end(ap);
}

enum reader_result capture_ended(const struct capture *c, struct err *e)
{
	const char *failure = source_failure(&c->source);

	if (failure == NULL)
		return READER_END;
	capture_bad_block(c, source_offset(&c->source), e, "%s", failure);
	return READER_LOST;
}

struct interface *capture_add_interface(struct capture *c, struct err *e)
{
	if (c->interface_count == INTERFACES_MAX) {
		err_set(e, "more than %d interfaces", INTERFACES_MAX);
		return NULL;
	}
	bool room = array_grow(&c->interfaces, &c->interface_room, c->interface_count, sizeof *c->interfaces);
	struct interface *in = room ? calloc(1, sizeof *in) : NULL;
	if (in == NULL) {
		err_set(e, "out of memory");
		return NULL;
	}
	c->interfaces[c->interface_count++] = in;
	return in;
}

static int start(struct capture *c, struct err *e)
{
	size_t have = source_peek(&c->source, 4);
	const uint8_t *p = c->source.at;
	const char *packed = source_compression(&c->source);

	if (have < 4 && source_failure(&c->source) != NULL)
		return err_set(e, "%s", source_failure(&c->source));
	if (have == 0)
		return err_set(e, "no capture: the file is empty%s%s", *packed ? " inside its compression, " : "", packed);
	if (have < 4)
		return err_set(e, "no capture: the file ends after %zu bytes", have);
	if (pcap_magic(p))
		return pcap_start(c, e);
	if (pcapng_magic(p))
		return pcapng_start(c, e);
	return err_set(e, "no capture: at byte 0 neither pcap nor pcapng begins with %02x %02x %02x %02x", p[0], p[1], p[2], p[3]);
}

static int open_source(struct capture **out, const char *path, FILE *stream, struct err *e)
{
	struct capture *c = calloc(1, sizeof *c);
	int rc;

	*out = NULL;
	if (c == NULL) {
		if (stream != NULL)
			fclose(stream);
		return err_set(e, "out of memory");
	}
	rc = stream != NULL ? source_open_stream(&c->source, stream, e) : source_open(&c->source, path, e);
	if (rc < 0 || start(c, e) < 0) {
		capture_close(c);
		return -1;
	}
	*out = c;
	return 0;
}

int capture_open(struct capture **out, const char *path, struct err *e)
{
	return open_source(out, path, NULL, e);
}

int capture_open_stream(struct capture **out, FILE *stream, struct err *e)
{
	return open_source(out, NULL, stream, e);
}

/* Nothing more to hand out: what is left of the file is read for its digest only. */
static int finish(struct capture *c, struct err *e)
{
	c->ended = true;
	if (c->drained)
		return 0;
	c->drained = true;
	return source_drain(&c->source, e);
}

int capture_next(struct capture *c, struct frame *f, struct err *e)
{
	enum reader_result r;

	if (c->ended)
		return finish(c, e);
	r = c->next(c, f, e);
	if (r == READER_FRAME)
		return 1;
	if (r == READER_END)
		return finish(c, e);
	if (r == READER_LOST) {
		c->ended = true;
	} else if (++c->damages == DAMAGES_MAX) {
		capture_say_more(e, "; this is damage number %d, reading ends here", DAMAGES_MAX);
		c->ended = true;
	}
	return -1;
}

bool capture_is_live(const struct capture *c)
{
	uint64_t done, size;

	source_progress(&c->source, &done, &size);
	return size == 0;
}

void capture_on_idle(struct capture *c, int ms, bool (*idle)(void *ctx), void *ctx)
{
	source_on_idle(&c->source, ms, idle, ctx);
}

const struct capture_interface *capture_interface(const struct capture *c, uint32_t i)
{
	return i < c->interface_count ? &c->interfaces[i]->says : NULL;
}

uint32_t capture_interfaces(const struct capture *c)
{
	return c->interface_count;
}

const char *capture_format(const struct capture *c)
{
	return c->format;
}

const char *capture_compression(const struct capture *c)
{
	return source_compression(&c->source);
}

void capture_progress(const struct capture *c, uint64_t *done, uint64_t *size)
{
	source_progress(&c->source, done, size);
}

void capture_digest(const struct capture *c, uint8_t digest[16])
{
	source_digest(&c->source, digest);
}

void capture_close(struct capture *c)
{
	if (c == NULL)
		return;
	for (uint32_t i = 0; i < c->interface_count; i++) {
		free(c->interfaces[i]->name);
		free(c->interfaces[i]->description);
		free(c->interfaces[i]->filter);
		free(c->interfaces[i]);
	}
	free(c->interfaces);
	source_close(&c->source);
	free(c);
}
