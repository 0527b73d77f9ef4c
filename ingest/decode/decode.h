/* From the bytes of a frame to a struct segment. Pure: no I/O, no allocation, no state; every read is bounds-checked. */
#ifndef INGEST_DECODE_H
#define INGEST_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "schema/segment.h"

/* Why a frame is no packet of ours. Counted per capture; frames = packets + the sum of these, always. */
enum decode_result {
	DECODE_OK,
	DECODE_SKIP_LINKTYPE,   /* link type we do not know */
	DECODE_SKIP_NON_IP,     /* ARP, LLDP, STP, ... */
	DECODE_SKIP_NON_TCP,    /* UDP, ICMP that is no error about TCP, ... */
	DECODE_SKIP_FRAGMENT,   /* later IP fragment whose first fragment is not TCP (or not known to be); first one too small for a TCP header */
	DECODE_SKIP_DEPTH,      /* more tunnels or headers inside each other than the limit */
	DECODE_SHORT,           /* the capture cut the headers off (snaplen) */
	DECODE_BAD,             /* lengths or versions contradict each other */
	DECODE_RESULTS
};

/* Short word for counters and views: "ok", "link type", "not IP", ... */
const char *decode_result_name(enum decode_result r);

/* enum tunnel_kind as it is in a case: "GRE", "VXLAN", ... */
const char *decode_tunnel_name(uint8_t kind);

/*
 * Decode one frame. `caplen` bytes at `bytes` were captured of a frame of `len` bytes. On DECODE_OK *seg is complete: all fields are written,
 * but of f5 only `present` unless that is true. Otherwise its content is undefined. seg->payload points into bytes.
 *
 * The innermost packet counts; the outermost tunnel is noted. A cut capture never gives another connection than the whole frame: it gives the
 * same, with SEG_CUT, or DECODE_SHORT. A frame that is shorter than its IPv4 packet but was not cut by this capture is taken for one that a
 * packet broker or mirror sliced (SEG_CUT) if the header checksum is right, else it is DECODE_BAD.
 */
enum decode_result decode_frame(int linktype, const uint8_t *bytes, uint32_t caplen, uint32_t len, struct segment *seg);

/* The same, and *layout is where in the frame what was found, also of a frame that is no packet of ours: up to where that showed. */
struct layout;
enum decode_result decode_layout(int linktype, const uint8_t *bytes, uint32_t caplen, uint32_t len, struct segment *seg, struct layout *layout);

/*
 * TCP options, walked: returns the length of the option at off (>= 1), or 0 at the end (kind 0: end of list or of optlen) or where they are
 * malformed (kind > 1). *kind gets the option's kind.
 */
unsigned decode_option(const uint8_t *options, unsigned optlen, unsigned off, uint8_t *kind);

#endif
