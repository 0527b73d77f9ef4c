/* The part of a flow that one capture holds: what import knows of a TCP incarnation without reading its packets again. */
#ifndef SCHEMA_PART_H
#define SCHEMA_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/octets.h"
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
	PART_TALKED = 0x100,    /* the client went on after its SYN: it had an answer, wherever that came by */
	PART_TWO_SERVERS = 0x200,       /* SYN-ACKs with two initial numbers: two hosts answer, or a device does and is seen from both sides */
	PART_F5_ALONE = 0x400,  /* a BIG-IP reset it and had made no flow for it: nothing of it went on */
};

enum part_client { PART_CLIENT_B = 0, PART_CLIENT_A = 1, PART_CLIENT_UNKNOWN = 2 };

/* What the first bytes of a client are. */
enum opening_kind { OPENING_NONE, OPENING_TLS, OPENING_HTTP };

#define OPENING_RUNGS 3         /* digests of so many bytes of a stream (multiples of eight), behind a PROXY header */
static const uint16_t opening_bytes[OPENING_RUNGS] = { 8, 64, 512 };

/* How what one side says begins. */
struct stream_head {
	uint8_t rungs;          /* how many of the digests are known */
	uint32_t rung[OPENING_RUNGS];
};

/* How the two streams of a connection begin: the same on both sides of a proxy that only passes them on. */
struct opening {
	struct stream_head head[2];     /* of endpoint a, of b */
	uint8_t kind;           /* enum opening_kind */
	uint64_t digest;        /* of what decode_opening says, if kind is not OPENING_NONE */
};

#define OPENING_BYTES (1 + 2 * 4 * OPENING_RUNGS + 8)

/* As it is stored. Returns how many of the bytes are used, 0: there is nothing to store. */
static inline uint32_t opening_pack(const struct opening *o, uint8_t out[OPENING_BYTES])
{
	uint32_t n = 1;

	out[0] = (uint8_t)(o->head[0].rungs | o->head[1].rungs << 2 | o->kind << 4);
	for (int i = 0; i < 2; i++)
		for (uint32_t k = 0; k < o->head[i].rungs; k++)
			for (int b = 24; b >= 0; b -= 8)
				out[n++] = (uint8_t)(o->head[i].rung[k] >> b);
	for (int b = 56; b >= 0 && o->kind; b -= 8)
		out[n++] = (uint8_t)(o->digest >> b);
	return out[0] ? n : 0;
}

/* The other way; what is not whole gives nothing. */
static inline struct opening opening_unpack(const uint8_t *p, uint32_t n)
{
	struct opening o = { 0 };
	uint32_t at = 1;

	if (n == 0)
		return o;
	o.head[0].rungs = p[0] & 3;
	o.head[1].rungs = p[0] >> 2 & 3;
	o.kind = p[0] >> 4 & 3;
	if (n != 1u + 4u * (o.head[0].rungs + o.head[1].rungs) + (o.kind ? 8u : 0u))
		return (struct opening){ 0 };
	for (int i = 0; i < 2; i++)
		for (uint32_t k = 0; k < o.head[i].rungs; k++, at += 4)
			o.head[i].rung[k] = be32(p + at);
	if (o.kind)
		o.digest = be64(p + at);
	return o;
}

/* Whom a proxy says it speaks for: a PROXY header, or headers of the first HTTP request. */
struct forwarded {
	uint32_t header;        /* bytes of the PROXY header, 0: there is none */
	struct ipaddr src;      /* family 0: not said */
	uint16_t sport;         /* 0: not said */
	uint64_t request;       /* digest of a unique id of the connection or the request, 0: there is none */
};

static inline bool forwarded_any(const struct forwarded *f)
{
	return f->header || f->src.family || f->request;
}

/* A stream whose beginning is being read: in order of sequence numbers, until enough of it is known or a piece is missing. */
struct head_reader {
	uint64_t hash;
	uint32_t next;          /* sequence number of the byte that is to come */
	uint16_t n;             /* bytes read, without a PROXY header */
	bool begun, over;
};

struct part_side {
	struct ipaddr addr;
	uint16_t port;
	uint64_t mac;           /* source MAC of its packets, 0: none */
	uint64_t packets;       /* that it sent (ICMP errors not counted) */
	uint8_t ttl;            /* of its first packet that is no RST (0: none): what the host itself sends */
	uint32_t seq_min, seq_max;      /* of its packets, end of payload included */
	uint32_t seq0, ts0;     /* what numbers and timestamps of its stream are stored relative to, here and in what acknowledges them: */
	bool has_seq0, has_ts0; /* ... the first that came; 0 until there is one */
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
	int64_t said_ns[2];     /* when a, b first said anything (payload), valid if has_said */
	bool has_said[2];
	struct opening opening;
	struct forwarded forwarded;
	struct head_reader reader[2];
	uint64_t f5;            /* digest of what the last F5 trailer said of the flow, 0: none did */
	bool f5_news;           /* the trailer of the last packet that had one said something new of it */
};

#endif
