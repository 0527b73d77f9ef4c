/* The part of a flow that one capture holds: what import knows of a TCP incarnation without reading its packets again. */
#ifndef SCHEMA_PART_H
#define SCHEMA_PART_H

#include <stdint.h>

#include "schema/segment.h"

enum part_flag {
	PART_SYN = 0x01,        /* a SYN was seen */
	PART_SYNACK = 0x02,     /* a SYN-ACK was seen */
	PART_A_SEQ = 0x04,      /* a_seq_* are valid */
	PART_B_SEQ = 0x08,
	PART_FIN_A = 0x10,
	PART_FIN_B = 0x20,
	PART_RST = 0x40,
	PART_CROSSED = 0x80,    /* SYNs from both sides: simultaneous open or split handshake */
	PART_TWO_SERVERS = 0x200,       /* SYN-ACKs with two initial numbers: two hosts answer, or a device does and is seen from both sides */
	PART_TALKED = 0x100,    /* the client went on after its SYN: it had an answer, wherever that came by */
	PART_F5_ALONE = 0x400,  /* a BIG-IP reset it and had made no flow for it: nothing of it went on */
};

enum part_client { PART_CLIENT_B = 0, PART_CLIENT_A = 1, PART_CLIENT_UNKNOWN = 2 };

struct part_side {
	struct ipaddr addr;
	uint16_t port;
	uint64_t mac;           /* source MAC of its packets, 0: none */
	uint64_t packets;       /* that it sent (ICMP errors not counted) */
	uint8_t ttl;            /* of its first packet that is no RST (0: none): what the host itself sends */
	uint32_t seq_min, seq_max;      /* of its packets, end of payload included */
};

struct part {
	int64_t id;             /* row id */
	struct part_side side[2];       /* 0: a, the smaller address, then port; 1: b */
	struct tunnel tunnel;
	uint32_t vlans;
	uint32_t link;          /* ingest/links.h, where they are kept apart; else 0 */
	int64_t first_ns, min_ns, max_ns;
	uint64_t packets, bytes;
	uint8_t client;         /* enum part_client */
	bool has_client_isn, has_server_isn, has_syn_tsval, has_synack_tsval;
	uint32_t client_isn, server_isn, syn_tsval, synack_tsval;
	uint32_t flags;         /* enum part_flag */
	uint64_t f5;            /* digest of what the last F5 trailer said of the flow, 0: none did */
	bool f5_news;           /* the trailer of the last packet that had one said something new of it */
};

#endif
