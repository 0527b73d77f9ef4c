/*
 * How the decoders of the layers hand a packet on. Each takes what is left in d->in, eats its own header and calls the next one; the result
 * goes straight up. Nothing recurses without a bound: tunnels, VLAN tags, MPLS labels and IPv6 extension headers are all counted.
 */
#ifndef INGEST_DECODE_LAYERS_H
#define INGEST_DECODE_LAYERS_H

#include "ingest/decode/bytes.h"

#define TUNNELS_MAX 8           /* inside each other */
#define VLANS_MAX 8             /* tags of one Ethernet header */
#define LABELS_MAX 16           /* MPLS labels of one stack */
#define EXTENSIONS_MAX 16       /* IPv6 extension headers of one packet */

/* EtherType, IEEE 802 numbers registry. */
enum ethertype {
	ETHERTYPE_LENGTH_MAX = 1500,    /* up to here the field is the length of an 802.3 frame */
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ERSPAN3 = 0x22eb,
	ETHERTYPE_BRIDGED = 0x6558,     /* Ethernet inside GRE or GENEVE */
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_PPP = 0x880b,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_MULTICAST = 0x8848,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_ERSPAN = 0x88be,      /* types I and II */
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_QINQ_OLDER = 0x9200,
};

/* IANA protocol numbers. */
enum ip_proto {
	IP_HOPOPTS = 0,
	IP_ICMP = 1,
	IP_IPV4 = 4,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_DSTOPTS = 60,
	IP_L2TP = 115,
	IP_MPLS = 137,
};

struct decoder {
	struct bytes in;
	struct segment *seg;
	const uint8_t *ip_end;  /* end of the outermost IP packet as captured, where padding and trailers begin; NULL: none seen yet */
	unsigned vlans;         /* tags seen behind the current Ethernet header */
};

/* What the layers above need to know of an IP header and its extension headers. */
struct ip {
	struct ipaddr src, dst;
	uint8_t proto, ttl, tos;
	bool df, more;          /* more: the first fragment of several (when offset is 0) */
	bool detour;            /* options or extension headers that may give the TCP checksum other addresses than src and dst */
	uint16_t id;
	uint32_t offset;        /* of this fragment, in bytes */
};

/* link.c, serial.c, wlan.c */
enum decode_result decode_link(struct decoder *d, int linktype);
enum decode_result decode_ethernet(struct decoder *d);
enum decode_result decode_ethertype(struct decoder *d, unsigned type);
enum decode_result decode_llc(struct decoder *d);
enum decode_result decode_snap(struct decoder *d);
enum decode_result decode_chdlc(struct decoder *d);
enum decode_result decode_ppp(struct decoder *d);
enum decode_result decode_frelay(struct decoder *d);
enum decode_result decode_wlan(struct decoder *d, bool padded);
enum decode_result decode_radiotap(struct decoder *d);
enum decode_result decode_prism(struct decoder *d);

/* ip.c. version: 4, 6, or 0 to go by the version field. ip_header eats the header and extension headers and trims in to the IP payload. */
enum decode_result decode_ip(struct decoder *d, unsigned version);
enum decode_result ip_header(struct bytes *in, struct ip *ip, unsigned version);

/* tcp.c. tcp_fields fills seg from a header of which at least 20 bytes are captured, and returns its length: 0 if that is nonsense. */
enum decode_result decode_tcp(struct decoder *d, const struct ip *ip);
uint32_t tcp_fields(const struct bytes *in, struct segment *seg);

/* checksum.c. Is the TCP checksum of this whole segment right? TCP_SUM_PARTIAL: not filled in yet, the sender's network card will do that. */
enum tcp_sum { TCP_SUM_OK, TCP_SUM_BAD, TCP_SUM_PARTIAL };
enum tcp_sum tcp_checksum(const struct ip *ip, const uint8_t *p, uint32_t len);
uint16_t ones_sum(const uint8_t *p, uint32_t len, uint64_t start);

/* icmp.c */
enum decode_result decode_icmp(struct decoder *d, const struct ip *ip);

/* tunnel.c. tunnel_enter counts a tunnel and notes the outermost; every decoder of a tunnel calls it once, before what is inside is decoded. */
enum decode_result tunnel_enter(struct decoder *d, enum tunnel_kind kind, uint32_t id);
enum decode_result decode_gre(struct decoder *d);
enum decode_result decode_mpls(struct decoder *d);
enum decode_result decode_pppoe(struct decoder *d);

/* udp.c, l2tp.c: tunnels over UDP. They know themselves only by a port, so that what makes no sense as a tunnel is no tunnel. */
enum decode_result decode_udp(struct decoder *d);
enum decode_result decode_l2tp_udp(struct decoder *d);
enum decode_result decode_l2tp_session(struct decoder *d);

/* guess.c: what follows a header that does not say. */
bool looks_like_ip(const struct bytes *in);
bool looks_like_ethernet(const struct bytes *in, uint32_t at);

/* f5.c. The n bytes behind the IP packet of a whole Ethernet frame: true and *f5 is filled if they are an F5 trailer. */
bool f5_decode(const uint8_t *p, uint32_t n, struct f5_trailer *f5);

#endif
