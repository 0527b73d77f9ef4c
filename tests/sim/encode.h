/* From fields to the bytes of a frame, with right checksums. */
#ifndef TESTS_SIM_ENCODE_H
#define TESTS_SIM_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/packet.h"

enum sim_link { SIM_ETHERNET = 1, SIM_RAW = 101, SIM_SLL2 = 276 }; /* LINKTYPE_ values of a pcap header */

#define SIM_FRAME_MAX 66000

/* Bytes of the TCP header and payload. */
size_t sim_encode_segment(const struct sim_packet *p);

/* Returns the length of the frame (of fragment p->piece, if p is fragmented); `out` has room for SIM_FRAME_MAX. */
size_t sim_encode(const struct sim_packet *p, enum sim_link link, uint8_t *out);

/* Internet checksum (RFC 1071) over `n` bytes, added to `sum`; not yet folded. */
uint64_t sim_sum(const uint8_t *b, size_t n, uint64_t sum);
uint16_t sim_fold(uint64_t sum);

#endif
