/* TCP (RFC 9293), its options and its checksum. */
#include "ingest/decode/layers.h"

unsigned decode_option(const uint8_t *options, unsigned optlen, unsigned off, uint8_t *kind)
{
	unsigned size;

	*kind = 0;
	if (off >= optlen)
		return 0;
	*kind = options[off];
	if (*kind == 0)
		return 0;
	if (*kind == 1)
		return 1;
	if (off + 1 >= optlen)
		return 0;
	size = options[off + 1];
	return size >= 2 && size <= optlen - off ? size : 0;
}

/* Timestamps (RFC 7323), and whether there is anything else. Malformed options are something else. */
static void options(struct segment *seg)
{
	const uint8_t *o = seg->options;
	unsigned off, size;
	uint8_t kind;

	for (off = 0; (size = decode_option(o, seg->optlen, off, &kind)) != 0; off += size) {
		if (kind == 1)
			continue;
		if (kind == 8 && size == 10 && (seg->flags & SEG_TS) == 0) {
			seg->flags |= SEG_TS;
			seg->tsval = be32(o + off + 2);
			seg->tsecr = be32(o + off + 6);
		} else {
			seg->flags |= SEG_OPT;
		}
	}
	if (kind > 1)
		seg->flags |= SEG_OPT;
}

/* What most segments of a connection look like: NOP, NOP, timestamp. True if that is all. */
static bool only_timestamp(struct segment *seg)
{
	const uint8_t *o = seg->options;

	if (seg->optlen != 12 || be32(o) != 0x0101080au)
		return false;
	seg->flags |= SEG_TS;
	seg->tsval = be32(o + 4);
	seg->tsecr = be32(o + 8);
	return true;
}

uint32_t tcp_fields(const struct bytes *in, struct segment *seg)
{
	const uint8_t *p = in->p;
	uint32_t header = (p[12] >> 4) * 4u;
	uint32_t there = header < in->cap ? header : in->cap;

	if (header < 20)
		return 0;
	seg->sport = be16(p);
	seg->dport = be16(p + 2);
	seg->seq = be32(p + 4);
	seg->ack = be32(p + 8);
	seg->flags |= be16(p + 12) & TCP_FLAGS;
	seg->window = be16(p + 14);
	seg->payload = p + there;
	seg->optlen = (uint8_t)(there - 20);
	if (seg->optlen == 0)
		return header;
	memcpy(seg->options, p + 20, seg->optlen);
	if (!only_timestamp(seg))
		options(seg);
	return header;
}

/* The length of a segment whose length field is a lie of offload is that of the frame; its checksum is then not filled in either. */
static void verify(const struct bytes *in, const struct ip *ip, struct segment *seg)
{
	switch (tcp_checksum(ip, in->p, in->len)) {
	case TCP_SUM_OK:
		seg->flags |= SEG_CSUM_OK;
		break;
	case TCP_SUM_BAD:
		/* With a source route or a routing header the addresses of the pseudo header are others, on all but the last link. */
		if (!ip->detour)
			seg->flags |= SEG_CSUM_BAD;
		break;
	case TCP_SUM_PARTIAL:
		break;
	}
}

enum decode_result decode_tcp(struct decoder *d, const struct ip *ip)
{
	struct segment *seg = d->seg;
	enum decode_result r = bytes_need(&d->in, 20);
	uint32_t header;

	/* A first fragment too small for the TCP header (RFC 1858) says nothing of its own. */
	if (r == DECODE_BAD && ip->more)
		return DECODE_SKIP_FRAGMENT;
	if (r != DECODE_OK)
		return r;
	if (ip->more)
		seg->flags |= SEG_FRAGMENT;
	bytes_note(&d->in, LAYER_TCP, (d->in.p[12] >> 4) * 4u < 20 ? 20 : (d->in.p[12] >> 4) * 4u);
	if ((header = tcp_fields(&d->in, seg)) == 0 || (header > d->in.len && !ip->more))
		return DECODE_BAD;
	if (d->in.cap < header) {
		seg->flags |= SEG_CUT;
		seg->len = d->in.len > header ? d->in.len - header : 0;
		return DECODE_OK;
	}
	seg->len = d->in.len - header;
	seg->caplen = d->in.cap - header;
	bytes_note_at(&d->in, LAYER_PAYLOAD, header, seg->caplen);
	if (seg->caplen < seg->len)
		seg->flags |= SEG_CUT;
	else if (!ip->more)
		verify(&d->in, ip, seg);
	return DECODE_OK;
}
