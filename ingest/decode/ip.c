/* IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200), fragments. */
#include "ingest/decode/layers.h"

/*
 * The length that an IP header says, cut to what there is. 0 is what a sender's kernel writes into packets that its network card will cut
 * into segments (TSO, BIG TCP): the frame says how long it is. More than there is: `sliced` tells whether to believe that something in
 * front of the capture cut the packet off, else header and frame contradict each other.
 */
static enum decode_result ip_trim(struct bytes *in, uint32_t total, bool sliced)
{
	if (total == 0)
		total = in->len < BYTES_OPEN / 2 ? in->len : in->cap;
	else if (total > in->len && !sliced)
		return DECODE_BAD;
	bytes_trim(in, total);
	return DECODE_OK;
}

static enum decode_result ipv4_header(struct bytes *in, struct ip *ip)
{
	enum decode_result r = bytes_need(in, 20);
	const uint8_t *p = in->p;
	uint32_t header, total;
	unsigned fragment;

	if (r != DECODE_OK)
		return r;
	header = (p[0] & 0x0fu) * 4;
	total = be16(p + 2);
	if (header < 20 || (total != 0 && total < header))
		return DECODE_BAD;
	if ((r = bytes_need(in, header)) != DECODE_OK)
		return r;
	bytes_note(in, LAYER_IPV4, header);
	/* Packet brokers and mirrors cut packets off before they are captured. The header checksum tells that from nonsense. */
	r = ip_trim(in, total, total > in->len && ones_sum(p, header, 0) == 0xffff);
	if (r != DECODE_OK)
		return r;
	fragment = be16(p + 6);
	ip->tos = p[1];
	ip->id = be16(p + 4);
	ip->df = (fragment & 0x4000) != 0;
	ip->more = (fragment & 0x2000) != 0;
	ip->offset = (fragment & 0x1fff) * 8;
	ip->ttl = p[8];
	ip->proto = p[9];
	ip->detour = header > 20;
	ip->src = (struct ipaddr){.family = 4};
	memcpy(ip->src.b, p + 12, 4);
	ip->dst = (struct ipaddr){.family = 4};
	memcpy(ip->dst.b, p + 16, 4);
	bytes_skip(in, header);
	return DECODE_OK;
}

/* The fragment header is read here. Returns the length of the extension header at in->p, 0 if it is none (or not enough is there to tell). */
static uint32_t extension(const struct bytes *in, struct ip *ip)
{
	const uint8_t *p = in->p;

	switch (ip->proto) {
	case IP_HOPOPTS:
	case IP_ROUTING:
	case IP_DSTOPTS:
		ip->detour = true;
		return in->cap < 8 ? 8 : (p[1] + 1u) * 8;
	case IP_AH:     /* RFC 4302: in 32-bit words, minus 2 */
		return in->cap < 8 ? 8 : (p[1] + 2u) * 4;
	case IP_FRAGMENT:
		if (in->cap < 8)
			return 8;
		ip->offset = be16(p + 2) & 0xfff8u;
		ip->more = (p[3] & 1) != 0;
		ip->id = be16(p + 6);
		return 8;
	default:
		return 0;
	}
}

/* Behind a fragment header with an offset comes the middle of something: there is nothing more to walk. */
static enum decode_result extensions(struct bytes *in, struct ip *ip)
{
	enum decode_result r;
	uint32_t size;

	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		if (ip->offset != 0 || (size = extension(in, ip)) == 0)
			return DECODE_OK;
		if ((r = bytes_need(in, size)) != DECODE_OK)
			return r;
		bytes_note(in, ip->proto == IP_FRAGMENT ? LAYER_PLAIN : LAYER_EXTENSION, size);
		ip->proto = in->p[0];
		bytes_skip(in, size);
	}
	return DECODE_SKIP_DEPTH;
}

static enum decode_result ipv6_header(struct bytes *in, struct ip *ip)
{
	enum decode_result r = bytes_need(in, 40);
	const uint8_t *p = in->p;
	uint32_t payload;

	if (r != DECODE_OK)
		return r;
	bytes_note(in, LAYER_IPV6, 40);
	payload = be16(p + 4);
	if ((r = ip_trim(in, payload == 0 ? 0 : payload + 40, false)) != DECODE_OK)
		return r;
	ip->tos = (uint8_t)(p[0] << 4 | p[1] >> 4);
	ip->id = 0;
	ip->df = false;
	ip->more = false;
	ip->offset = 0;
	ip->ttl = p[7];
	ip->proto = p[6];
	ip->detour = false;
	ip->src.family = 6;
	memcpy(ip->src.b, p + 8, 16);
	ip->dst.family = 6;
	memcpy(ip->dst.b, p + 24, 16);
	bytes_skip(in, 40);
	return DECODE_OK;
}

enum decode_result ip_header(struct bytes *in, struct ip *ip, unsigned version)
{
	enum decode_result r = bytes_need(in, 1);
	unsigned nibble;

	if (r != DECODE_OK)
		return r;
	nibble = in->p[0] >> 4;
	if ((nibble != 4 && nibble != 6) || (version != 0 && version != nibble))
		return DECODE_BAD;
	r = nibble == 4 ? ipv4_header(in, ip) : ipv6_header(in, ip);
	if (r != DECODE_OK || ip->proto == IP_TCP)
		return r;
	/* IPv4 knows only one of the extension headers: AH. */
	return nibble == 6 || ip->proto == IP_AH ? extensions(in, ip) : r;
}

/* A later fragment: its ports are in the first one. What identifies it: addresses, ip_id, offset, length. */
static enum decode_result later_fragment(struct decoder *d, const struct ip *ip)
{
	struct segment *seg = d->seg;

	if (ip->proto != IP_TCP)
		return DECODE_SKIP_FRAGMENT;
	seg->flags |= SEG_LATER | (ip->more ? (uint32_t)SEG_FRAGMENT : 0);
	seg->seq = ip->offset;
	seg->len = d->in.len;
	seg->caplen = d->in.cap;
	seg->payload = d->in.p;
	bytes_note(&d->in, LAYER_REST, d->in.cap);
	if (seg->caplen < seg->len)
		seg->flags |= SEG_CUT;
	return DECODE_OK;
}

static enum decode_result ip_in_ip(struct decoder *d, unsigned version)
{
	enum decode_result r = tunnel_enter(d, TUNNEL_IPIP, 0);

	return r != DECODE_OK ? r : decode_ip(d, version);
}

/* What may hold another packet. The first fragment of such a packet holds only its beginning, and the lengths inside it are true. */
static enum decode_result carrier(struct decoder *d, const struct ip *ip)
{
	if (ip->more)
		d->in.len = BYTES_OPEN;
	switch (ip->proto) {
	case IP_UDP:
		return decode_udp(d);
	case IP_IPV4:
		return ip_in_ip(d, 4);
	case IP_IPV6:
		return ip_in_ip(d, 6);
	case IP_GRE:
		return decode_gre(d);
	case IP_L2TP:
		return decode_l2tp_session(d);
	case IP_MPLS:
		return decode_mpls(d);
	default:
		return DECODE_SKIP_NON_TCP;
	}
}

enum decode_result decode_ip(struct decoder *d, unsigned version)
{
	struct segment *seg = d->seg;
	enum decode_result r;
	struct ip ip;

	if ((r = ip_header(&d->in, &ip, version)) != DECODE_OK)
		return r;
	if (d->ip_end == NULL)
		d->ip_end = d->in.p + d->in.cap;
	seg->src = ip.src;
	seg->dst = ip.dst;
	seg->ttl = ip.ttl;
	seg->tos = ip.tos;
	seg->ip_id = ip.id;
	seg->flags = (seg->flags & SEG_OUT) | (ip.df ? (uint32_t)SEG_DF : 0);
	if (ip.offset != 0)
		return later_fragment(d, &ip);
	if (ip.proto == IP_TCP)
		return decode_tcp(d, &ip);
	if ((ip.proto == IP_ICMP && ip.src.family == 4) || (ip.proto == IP_ICMPV6 && ip.src.family == 6))
		return decode_icmp(d, &ip);
	return carrier(d, &ip);
}
