/* ICMP (RFC 792) and ICMPv6 (RFC 4443) errors that quote a TCP packet. */
#include "ingest/decode/layers.h"

static bool icmp_is_error(unsigned family, unsigned type)
{
	if (family == 6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static uint16_t icmp_mtu(unsigned family, const uint8_t *p)
{
	uint32_t mtu = 0;

	if (family == 4 && p[0] == 3 && p[1] == 4)
		mtu = be16(p + 6);      /* RFC 1191 4 */
	else if (family == 6 && p[0] == 2)
		mtu = be32(p + 4);
	return mtu > 0xffff ? 0xffff : (uint16_t)mtu;
}

/* RFC 4884: with extensions behind it, the quote says its own length, in words of 4 (ICMP) or 8 (ICMPv6) bytes. 0: no such length. */
static uint32_t quote_length(unsigned family, const uint8_t *p)
{
	if (family == 6)
		return p[0] == 1 || p[0] == 3 ? p[4] * 8u : 0;
	return p[0] == 3 || p[0] == 11 || p[0] == 12 ? p[5] * 4u : 0;
}

/* At least 8 bytes of the TCP header are there; routers of the old kind quote no more (RFC 1812 4.3.2.3 asks for more). */
static enum decode_result quoted_tcp(const struct bytes *q, struct segment *seg)
{
	const uint8_t *p = q->p;
	uint32_t header = 0;

	seg->payload = p + (q->cap < 20 ? q->cap : 20);
	bytes_note(q, LAYER_QUOTE, q->cap < 14 ? q->cap : (p[12] >> 4) * 4u < 20 ? 20 : (p[12] >> 4) * 4u);
	if (q->cap >= 20) {
		if ((header = tcp_fields(q, seg)) == 0)
			return DECODE_BAD;
	} else {
		seg->sport = be16(p);
		seg->dport = be16(p + 2);
		seg->seq = be32(p + 4);
		if (q->cap >= 12)
			seg->ack = be32(p + 8);
		if (q->cap >= 14) {
			header = (p[12] >> 4) * 4u;
			if (header < 20)
				return DECODE_BAD;
			seg->flags |= be16(p + 12) & TCP_FLAGS;
		}
		if (q->cap >= 16)
			seg->window = be16(p + 14);
	}
	if (header != 0 && q->len > header)
		seg->len = q->len - header;
	if (header != 0 && q->cap > header)
		seg->caplen = q->cap - header;
	if (header == 0 || q->cap < header || seg->caplen < seg->len)
		seg->flags |= SEG_CUT;
	return DECODE_OK;
}

static enum decode_result quoted_packet(struct decoder *d, unsigned family)
{
	struct segment *seg = d->seg;
	struct bytes quote = d->in;
	bool whole = quote.cap == quote.len;
	enum decode_result r;
	struct ip ip;

	quote.len = BYTES_OPEN;
	r = ip_header(&quote, &ip, family);
	if (r == DECODE_OK && (ip.proto != IP_TCP || ip.offset != 0))
		return DECODE_SKIP_NON_TCP;
	if (r == DECODE_OK)
		r = bytes_need(&quote, 8);
	/* Too little, and it was not the capture that cut it off. */
	if (r == DECODE_SHORT && whole)
		return DECODE_BAD;
	if (r != DECODE_OK)
		return r;
	seg->icmp_src = seg->src;
	seg->src = ip.src;
	seg->dst = ip.dst;
	seg->flags |= SEG_ICMP | (ip.more ? (uint32_t)SEG_FRAGMENT : 0);
	return quoted_tcp(&quote, seg);
}

enum decode_result decode_icmp(struct decoder *d, const struct ip *ip)
{
	enum decode_result r = bytes_need(&d->in, 8);
	unsigned family = ip->src.family;
	const uint8_t *p = d->in.p;
	uint32_t quoted;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_ICMP, 8);
	if (!icmp_is_error(family, p[0]))
		return DECODE_SKIP_NON_TCP;
	d->seg->icmp = (struct icmp_error){.type = p[0], .code = p[1], .mtu = icmp_mtu(family, p), .info = be32(p + 4)};
	quoted = quote_length(family, p);
	bytes_skip(&d->in, 8);
	if (quoted != 0 && quoted <= d->in.len)
		bytes_trim(&d->in, quoted);
	return quoted_packet(d, family);
}
