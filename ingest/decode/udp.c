/* Tunnels that hide behind a UDP port: VXLAN, GENEVE, GTP-U, MPLS; L2TP is in l2tp.c. */
#include "ingest/decode/layers.h"

/* RFC 7348; with the P bit (draft-ietf-nvo3-vxlan-gpe 3.2) the last byte of the first word says what follows. */
static enum decode_result vxlan(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 8);
	unsigned next = 3;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 8);
	if ((d->in.p[0] & 0x08) == 0)
		return DECODE_SKIP_NON_TCP;
	if ((d->in.p[0] & 0x04) != 0)
		next = d->in.p[3];
	if ((r = tunnel_enter(d, TUNNEL_VXLAN, be32(d->in.p + 4) >> 8)) != DECODE_OK)
		return r;
	bytes_skip(&d->in, 8);
	switch (next) {
	case 1:
		return decode_ip(d, 4);
	case 2:
		return decode_ip(d, 6);
	case 3:
		return decode_ethernet(d);
	case 5:
		return decode_mpls(d);
	default:
		return DECODE_SKIP_NON_TCP;
	}
}

/* RFC 8926 3.4: version (2 bits), length of the options in words (6 bits), flags, EtherType, network id. */
static enum decode_result geneve(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 8);
	unsigned type;
	uint32_t size;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 8);
	if (d->in.p[0] >> 6 != 0)
		return DECODE_SKIP_NON_TCP;
	size = 8 + (d->in.p[0] & 0x3fu) * 4;
	type = be16(d->in.p + 2);
	if ((r = bytes_need(&d->in, size)) != DECODE_OK)
		return r;
	if ((r = tunnel_enter(d, TUNNEL_GENEVE, be32(d->in.p + 4) >> 8)) != DECODE_OK)
		return r;
	bytes_skip(&d->in, size);
	return type == ETHERTYPE_BRIDGED ? decode_ethernet(d) : decode_ethertype(d, type);
}

/* 3GPP TS 29.281 5.2: each extension header begins with its length in words and ends with the type of the next one. */
static enum decode_result gtp_extensions(struct bytes *in, unsigned next)
{
	enum decode_result r;
	uint32_t size;

	while (next != 0) {
		if ((r = bytes_need(in, 1)) != DECODE_OK)
			return r;
		size = in->p[0] * 4u;
		if (size == 0)
			return DECODE_BAD;
		if ((r = bytes_need(in, size)) != DECODE_OK)
			return r;
		bytes_note(in, LAYER_PLAIN, 1);
		bytes_note_at(in, LAYER_PLAIN, size - 1, 1);
		next = in->p[size - 1];
		bytes_skip(in, size);
	}
	return DECODE_OK;
}

/* 3GPP TS 29.281 5.1: version 1, protocol type 1, flags E, S, PN; message 255 carries a packet of the user. */
static enum decode_result gtpu(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 8);
	unsigned flags, size, next = 0;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 8);
	flags = d->in.p[0];
	size = be16(d->in.p + 2);
	if ((flags & 0xf0) != 0x30 || d->in.p[1] != 255)
		return DECODE_SKIP_NON_TCP;
	if ((r = tunnel_enter(d, TUNNEL_GTPU, be32(d->in.p + 4))) != DECODE_OK)
		return r;
	bytes_skip(&d->in, 8);
	if (size > d->in.len)
		return DECODE_BAD;
	bytes_trim(&d->in, size);
	if ((flags & 7) != 0) {
		if ((r = bytes_need(&d->in, 4)) != DECODE_OK)
			return r;
		bytes_note(&d->in, LAYER_PLAIN, 4);
		/* The field is there for any of the flags, but means something only with E. */
		next = (flags & 4) != 0 ? d->in.p[3] : 0;
		bytes_skip(&d->in, 4);
	}
	r = gtp_extensions(&d->in, next);
	return r != DECODE_OK ? r : decode_ip(d, 0);
}

static enum decode_result by_port(struct decoder *d, unsigned sport, unsigned dport)
{
	switch (dport) {
	case 4789:
	case 4790:      /* VXLAN-GPE */
	case 8472:      /* Linux before the port was assigned */
		return vxlan(d);
	case 6081:
		return geneve(d);
	case 6635:      /* RFC 7510 */
		return decode_mpls(d);
	default:
		break;
	}
	if (sport == 2152 || dport == 2152)
		return gtpu(d);
	if (sport == 1701 || dport == 1701)
		return decode_l2tp_udp(d);
	return DECODE_SKIP_NON_TCP;
}

/* RFC 768. A length of 0 is that of a jumbogram (RFC 2675) or of a packet that offload will cut: then the IP header says how long it is. */
enum decode_result decode_udp(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 8);
	const uint8_t *p = d->in.p;
	unsigned size, sport, dport;

	if (r != DECODE_OK)
		return r;
	sport = be16(p);
	dport = be16(p + 2);
	size = be16(p + 4);
	if (size != 0 && (size < 8 || size > d->in.len))
		return DECODE_SKIP_NON_TCP;
	if (size != 0)
		bytes_trim(&d->in, size);
	bytes_note(&d->in, LAYER_UDP, 8);
	bytes_skip(&d->in, 8);
	r = by_port(d, sport, dport);
	return r == DECODE_BAD ? DECODE_SKIP_NON_TCP : r;
}
