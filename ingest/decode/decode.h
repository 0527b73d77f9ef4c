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
	DECODE_SKIP_FRAGMENT,   /* later IP fragment whose first fragment is not TCP (or not known to be) */
	DECODE_SKIP_DEPTH,      /* more tunnels or headers inside each other than the limit */
	DECODE_SHORT,           /* the capture cut the headers off (snaplen) */
	DECODE_BAD,             /* lengths or versions contradict each other */
	DECODE_RESULTS
};

/* Short word for counters and views: "ok", "link type", "not IP", ... */
const char *decode_result_name(enum decode_result r);

/*
 * Decode one frame. `caplen` bytes at `bytes` were captured of a frame of `len` bytes. On DECODE_OK *seg is complete (all fields written);
 * otherwise its content is undefined. seg->payload points into bytes.
 */
enum decode_result decode_frame(int linktype, const uint8_t *bytes, uint32_t caplen, uint32_t len, struct segment *seg);

/* TCP options, walked: returns the length of the option at off (>= 1), or 0 at the end or where they are malformed. kind gets its kind. */
unsigned decode_option(const uint8_t *options, unsigned optlen, unsigned off, uint8_t *kind);

#endif
