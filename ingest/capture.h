/* A capture as a stream of frames: pcap and pcapng, plain or compressed, from a file or standard input. */
#ifndef INGEST_CAPTURE_H
#define INGEST_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "schema/err.h"

struct capture;

#define CAPTURE_FRAME_MAX (256u << 10 << 4)     /* 4 MiB: no frame is larger; a larger length field is damage */

/* One frame. bytes is valid until the next call. */
struct frame {
	uint64_t number;        /* 1-based in the file, over all interfaces, as Wireshark counts; damaged frames have one too */
	uint64_t offset;        /* byte offset of its record or block in the (decompressed) stream */
	int64_t ts_ns;          /* as recorded, ns since 1970 UTC; if_tsoffset applied; a frame without a time has that of the one before */
	uint32_t caplen, len;   /* caplen <= len is made true; caplen may be more than snaplen */
	uint32_t interface;     /* index into capture_interface() */
	const uint8_t *bytes;
};

/*
 * What the file says of one interface. Strings are NULL when the file does not say; they and the struct live until capture_close. A filter
 * that the file has only as instructions reads "(compiled, N instructions)".
 */
struct capture_interface {
	int linktype;           /* LINKTYPE_ value, 0 to 65535 */
	uint32_t section;       /* of a pcapng file, from 0; the number of the header in a pcap file */
	uint32_t snaplen;       /* 0: no limit */
	int64_t resolution_ns;  /* of a time stamp, at least 1 */
	const char *name, *description, *filter;
	bool has_stats;         /* an interface statistics block was read, perhaps behind the packets; the latest one counts */
	uint64_t received, dropped;     /* isb_ifrecv, isb_ifdrop + isb_osdrop; 0 also when not said */
	int64_t start_ns, end_ns;       /* isb_starttime, isb_endtime; 0: not said */
};

/*
 * Open `path` ("-": standard input). On -1 the message names what is wrong (and the byte offset), not the path: the caller puts that in
 * front. An empty file, or one that is no capture, is an error; a capture without a frame is not.
 */
int capture_open(struct capture **out, const char *path, struct err *e);

/*
 * The same on an open stream, which capture_close will close; when this fails it is closed already. Nothing may have been read from it.
 * Frames of a live stream are handed over as soon as their bytes are there; of a compressed one, as soon as they can be unpacked.
 */
int capture_open_stream(struct capture **out, FILE *stream, struct err *e);

/*
 * Does the capture grow while it is read (a pipe, a terminal)? Then idle(ctx) can be called whenever nothing came for `ms`, or a signal came: it
 * says whether to wait on; false ends the capture there.
 */
bool capture_is_live(const struct capture *c);
void capture_on_idle(struct capture *c, int ms, bool (*idle)(void *ctx), void *ctx);

/*
 * Next frame: 1 a frame, 0 the end, -1 damage: what is wrong and where (frame number, byte offset). After -1 the next call goes on behind
 * the damage if the container allows to find the way again, else it returns 0. Damage is bounded: after 100 of them the capture ends.
 */
int capture_next(struct capture *c, struct frame *f, struct err *e);

/* Interfaces known so far (pcap: one for each file, should several have been joined by cat). NULL when i is out of range. */
const struct capture_interface *capture_interface(const struct capture *c, uint32_t i);
uint32_t capture_interfaces(const struct capture *c);

/* "pcap", "pcapng", and the compression ("", "gzip", ...). */
const char *capture_format(const struct capture *c);
const char *capture_compression(const struct capture *c);

/* Bytes of the file read so far and its size (0: not known), for the progress line. */
void capture_progress(const struct capture *c, uint64_t *done, uint64_t *size);

/* XXH3-128 of the raw bytes of the whole file (compressed as it is) once capture_next has returned 0, before of those read so far. Same bytes, same capture. */
void capture_digest(const struct capture *c, uint8_t digest[16]);

void capture_close(struct capture *c);

#endif
