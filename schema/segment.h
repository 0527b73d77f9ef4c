/* A decoded packet: what one frame of a capture says about one TCP connection. */
#ifndef SCHEMA_SEGMENT_H
#define SCHEMA_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* TCP flags as on the wire (RFC 9293 3.1; AE: RFC 9768), the low 9 bits of segment.flags. */
enum tcp_flag {
	TCP_FIN = 0x001,
	TCP_SYN = 0x002,
	TCP_RST = 0x004,
	TCP_PSH = 0x008,
	TCP_ACK = 0x010,
	TCP_URG = 0x020,
	TCP_ECE = 0x040,
	TCP_CWR = 0x080,
	TCP_AE = 0x100,
};
#define TCP_FLAGS 0x1ffu

/* What import adds above the TCP flags. One word, because every column of a packet row costs. */
enum seg_flag {
	SEG_FROM_A = 0x0200,    /* sent by endpoint a of the part (the smaller address, then port) */
	SEG_ICMP = 0x0400,      /* an ICMP error; seq, ack, ... are those of the TCP header it quotes, direction is that of the ICMP */
	SEG_DF = 0x0800,        /* IPv4 don't fragment */
	SEG_FRAGMENT = 0x1000,  /* more fragments follow behind this one (with SEG_LATER: it is not the last one): len is what this fragment carries */
	SEG_CSUM_OK = 0x2000,   /* TCP checksum verified over the whole segment */
	SEG_CSUM_BAD = 0x4000,  /* TCP checksum verified and wrong; neither bit: not verified (cut, fragment, left to offload) */
	SEG_CUT = 0x8000,       /* the capture holds fewer bytes of payload or of TCP options than the packet had (snaplen, slicing, ICMP quote) */
	SEG_TS = 0x10000,       /* a timestamp option is there: tsval and tsecr are valid */
	SEG_OPT = 0x20000,      /* options beyond [nop nop timestamp]: see options in segment, table tcpopt */
	SEG_LATER = 0x40000,    /* a later IP fragment of a TCP datagram: no TCP header, ports 0; seq is the fragment offset in bytes, len its bytes */
	SEG_OUT = 0x80000,      /* the capturing host sent it on (cooked captures say so) */
	SEG_OTHER_LINK = 0x100000,      /* came by another interface or VLAN, or with other MACs, than the first of its direction in the part */
};

#define TCP_OPTIONS_MAX 40

enum tunnel_kind {
	TUNNEL_NONE, TUNNEL_GRE, TUNNEL_ERSPAN, TUNNEL_VXLAN, TUNNEL_GENEVE, TUNNEL_IPIP, TUNNEL_GTPU, TUNNEL_L2TPV3, TUNNEL_MPLS, TUNNEL_PPPOE,
};

struct ipaddr {
	uint8_t family;         /* 4 or 6; 0: none */
	uint8_t b[16];          /* network order; IPv4 in the first four, the rest zero */
};

/* The outermost tunnel; deeper ones are only counted. */
struct tunnel {
	uint8_t kind;           /* enum tunnel_kind */
	uint8_t depth;          /* how many tunnels were opened in all */
	uint32_t id;            /* VNI, GRE key, ERSPAN session, TEID, L2TP session (version 2: tunnel, session), top MPLS label, PPPoE session */
	struct ipaddr src, dst; /* of the packet that carries it; family 0: none, MPLS and PPPoE right on the link */
};

struct icmp_error {
	uint8_t type, code;     /* ICMP or ICMPv6, by the family of src */
	uint16_t mtu;           /* next-hop MTU of "too big" messages (0: none; 65535: at least that) */
	uint32_t info;          /* second word of the ICMP header */
};

/* F5 Ethernet trailer (tcpdump -i 0.0:nnnp). Strings are printable ASCII, "" when not there. */
struct f5_trailer {
	bool present;           /* always valid; the others only if it is true */
	bool ingress;
	bool has_peer;          /* there is a peer flow, and peer_* describe it */
	bool rst_peer;          /* what rst_cause tells of happened on the peer flow */
	uint8_t slot, tmm;      /* flow ids are unique only within these */
	uint64_t flow_id, peer_id;
	struct ipaddr peer_remote, peer_local;
	uint16_t peer_remote_port, peer_local_port, peer_vlan;
	char virtual_name[64];
	char rst_cause[96];
};

struct segment {
	struct ipaddr src, dst;         /* of the TCP packet; of an ICMP error: of the TCP packet that it quotes, so that it finds its flow */
	uint16_t sport, dport;
	uint32_t seq, ack;              /* raw, as on the wire */
	uint32_t flags;                 /* enum tcp_flag | enum seg_flag (SEG_FROM_A, SEG_OTHER_LINK are set by the flow table, not by the decoder) */
	uint32_t len;                   /* TCP payload bytes on the wire, by the IP length (0 in IP length: TSO, taken from the frame); of an ICMP */
	                                /* error: of the packet it quotes, 0 when the data offset is not quoted */
	uint32_t caplen;                /* of these, captured */
	const uint8_t *payload;         /* caplen bytes; lives as long as the frame */
	uint32_t tsval, tsecr;
	uint16_t window;                /* raw, not scaled */
	uint16_t ip_id;                 /* IPv4 identification; IPv6: low 16 bits of the fragment header's, else 0 */
	uint8_t ttl;                    /* TTL or hop limit */
	uint8_t tos;                    /* DSCP << 2 | ECN */
	uint8_t optlen;                 /* TCP options, raw; fewer than the header has with SEG_CUT */
	uint8_t options[TCP_OPTIONS_MAX];
	uint64_t src_mac, dst_mac;      /* low 48 bits; 0: none. MACs and VLANs are those of the innermost Ethernet header */
	uint16_t vlan;                  /* outermost VLAN id, 0: none */
	uint32_t vlans;                 /* VLAN stack folded in one number, outermost lowest 12 bits; 0: none */
	uint32_t ifindex;               /* SLL2 interface index, 0: none */
	uint32_t link;                  /* number of the link in its capture (ingest/links.h); set by import, not by the decoder */
	struct tunnel tunnel;
	struct icmp_error icmp;         /* when SEG_ICMP: ttl, tos, ip_id and SEG_DF above are then the ICMP packet's own */
	struct ipaddr icmp_src;         /* who sent the ICMP error */
	struct f5_trailer f5;
};

static inline int ipaddr_cmp(const struct ipaddr *x, const struct ipaddr *y)
{
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->b, y->b, sizeof x->b);
}

/* Is the TCP packet (of an ICMP error: the quoted one) from endpoint a, the smaller address, then port? */
static inline bool segment_from_a(const struct segment *s)
{
	int c = ipaddr_cmp(&s->src, &s->dst);

	return c < 0 || (c == 0 && s->sport <= s->dport);
}

#endif
