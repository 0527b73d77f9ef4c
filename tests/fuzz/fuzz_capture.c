/* A whole file: opened as any capture, read to its end, every frame decoded. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest/capture.h"
#include "ingest/decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

static void read_frames(struct capture *c)
{
	struct frame f;
	struct err e;
	struct segment seg;
	uint64_t number = 0;
	unsigned damages = 0;
	int r;

	while ((r = capture_next(c, &f, &e)) != 0) {
		if (r < 0) {
			check(++damages <= 101);        /* a hundred, and the file itself not readable to its end */
			continue;
		}
		const struct capture_interface *in = capture_interface(c, f.interface);
		check(in != NULL && f.number > number && f.caplen <= f.len && f.len <= CAPTURE_FRAME_MAX);
		number = f.number;
		decode_frame(in->linktype, f.bytes, f.caplen, f.len, &seg);
	}
	check(capture_next(c, &f, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *stream = fmemopen((void *)(uintptr_t)data, size, "rb");
	struct capture *c;
	struct err e;
	uint8_t digest[16];

	if (stream == NULL)
		return 0;
	if (capture_open_stream(&c, stream, &e) < 0)
		return 0;
	read_frames(c);
	capture_digest(c, digest);
	capture_close(c);
	return 0;
}
