/* Serial lines: PPP, Cisco HDLC, frame relay. */
#include "ingest/decode/layers.h"

/* Cisco HDLC: address, control, EtherType. */
enum decode_result decode_chdlc(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 4);
	unsigned type;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 4);
	type = be16(d->in.p + 2);
	bytes_skip(&d->in, 4);
	return decode_ethertype(d, type);
}

/* RFC 1661, 1662: address and control may be left out, and the first byte of the protocol when it is zero (it then is odd at once). */
enum decode_result decode_ppp(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 2);
	uint32_t at = 0, width;
	unsigned proto;

	if (r != DECODE_OK)
		return r;
	if ((d->in.p[0] == 0x0f || d->in.p[0] == 0x8f) && d->in.p[1] == 0x00)
		return decode_chdlc(d);
	if (d->in.p[0] == 0xff && d->in.p[1] == 0x03)
		at = 2;
	width = d->in.cap > at && (d->in.p[at] & 1) != 0 ? 1 : 2;
	if ((r = bytes_need(&d->in, at + width)) != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, at + width);
	proto = width == 1 ? d->in.p[at] : be16(d->in.p + at);
	bytes_skip(&d->in, at + width);
	switch (proto) {
	case 0x0021:
		return decode_ip(d, 4);
	case 0x0057:
		return decode_ip(d, 6);
	case 0x0281:
	case 0x0283:
		return decode_mpls(d);
	default:
		return DECODE_SKIP_NON_IP;
	}
}

/*
 * RFC 2427: an address of 2 to 4 bytes, the last of which is odd, control (3), perhaps a byte of padding, then which protocol; or Cisco's way,
 * an EtherType right behind the address, none of which begins with 3.
 */
enum decode_result decode_frelay(struct decoder *d)
{
	uint32_t at = 1;
	enum decode_result r;
	unsigned type;

	do {
		if ((r = bytes_need(&d->in, ++at + 2)) != DECODE_OK)
			return r;
	} while (at < 4 && (d->in.p[at - 1] & 1) == 0);
	type = be16(d->in.p + at);
	if (type >> 8 == 0x03 && (type & 0xff) == 0) {
		if ((r = bytes_need(&d->in, at + 3)) != DECODE_OK)
			return r;
		at++;
		type |= d->in.p[at + 1];
	}
	bytes_note(&d->in, LAYER_PLAIN, at + 2);
	bytes_skip(&d->in, at + 2);
	switch (type) {
	case 0x03cc:
		return decode_ip(d, 4);
	case 0x038e:
		return decode_ip(d, 6);
	case 0x0380:
		return decode_snap(d);
	default:
		return decode_ethertype(d, type);
	}
}
