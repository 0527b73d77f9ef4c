/* A packet as fields, before it becomes bytes. */
#ifndef TESTS_SIM_PACKET_H
#define TESTS_SIM_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/segment.h"

#define SIM_SACK_MAX 3

enum sim_dir { SIM_C2S, SIM_S2C };

/* The words of truth and findings; the first that fits, in this order of tests: SYN, SYN-ACK, RST, data, FIN, ACK. */
enum sim_what { SIM_SYN, SIM_SYNACK, SIM_RST, SIM_RSTACK, SIM_DATA, SIM_FIN, SIM_ACK, SIM_ICMP, SIM_WHATS };

struct sim_header {
	struct ipaddr src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint32_t len; /* payload bytes */
	uint16_t window;
	uint16_t ip_id;
	uint8_t flags; /* enum tcp_flag */
	uint8_t ttl, tos;
	bool df;
	bool has_mss, sack_ok, has_ws, has_ts;
	bool ts_nops, sack_nops, ws_nops; /* a device put NOPs where the option was */
	uint8_t ws, sacks;
	uint16_t mss;
	uint16_t fragment; /* IPv4: bytes of payload in each fragment but the last; 0: whole */
	uint32_t tsval, tsecr;
	uint32_t sack[SIM_SACK_MAX][2];
};

struct sim_packet {
	struct sim_header h;
	struct sim_header quoted; /* of an ICMP error: the packet it complains about */
	uint64_t stream;          /* which byte stream the payload is cut from ... */
	uint64_t offset;          /* ... and where */
	uint64_t src_mac, dst_mac;
	bool icmp;
	bool padded; /* came over a wire: at least 60 bytes on Ethernet */
	const struct f5_trailer *f5; /* behind the frame on Ethernet; NULL: none */
	uint8_t icmp_type, icmp_code;
	uint32_t gone;            /* fragments that were lost, bits */
	unsigned piece;           /* the fragment that a frame is made of */
	bool backwards;           /* its fragments travel last one first */
};

enum sim_what sim_packet_what(const struct sim_packet *p);
const char *sim_what_name(enum sim_what w);
const char *sim_dir_name(enum sim_dir d);

struct ipaddr sim_addr4(uint32_t host_order);
struct ipaddr sim_addr6(uint64_t prefix, uint64_t host);
struct ipaddr sim_addr64(const struct ipaddr *four);

/* Into how many fragments is it cut? 1: it is whole. */
unsigned sim_packet_fragments(const struct sim_packet *p);

/* Text of an address; room for INET6_ADDRSTRLEN. */
const char *sim_addr_text(const struct ipaddr *a, char text[46]);

/* Byte `i` .. `i+n` of a stream: the same bytes however they are cut into segments. */
void sim_stream_bytes(uint64_t stream, uint64_t offset, uint8_t *to, uint32_t n);

#endif
