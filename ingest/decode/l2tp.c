/* L2TP version 3 (RFC 3931), over IP or UDP, and version 2 (RFC 2661). */
#include "ingest/decode/layers.h"

/* Cookie (0, 4 or 8 bytes) and sublayer (0 or 4) are agreed upon when the session is set up: any of them may lie before the Ethernet frame. */
enum decode_result decode_l2tp_session(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 4 + 12 + 15);
	uint32_t session, at;

	if (r != DECODE_OK)
		return r == DECODE_BAD ? DECODE_SKIP_NON_TCP : r;
	bytes_note(&d->in, LAYER_PLAIN, 4);
	session = be32(d->in.p);
	/* Session 0 is for control messages (RFC 3931 4.1.1). */
	if (session == 0)
		return DECODE_SKIP_NON_TCP;
	if ((r = tunnel_enter(d, TUNNEL_L2TPV3, session)) != DECODE_OK)
		return r;
	bytes_skip(&d->in, 4);
	for (at = 0; at <= 12; at += 4) {
		if (!looks_like_ethernet(&d->in, at))
			continue;
		bytes_skip(&d->in, at);
		return decode_ethernet(d);
	}
	return DECODE_SKIP_NON_TCP;
}

/* RFC 2661 3.1: flags, [length], tunnel, session, [sequence numbers], [offset]; then PPP. The id is tunnel and session. */
static enum decode_result version2(struct decoder *d, unsigned flags)
{
	uint32_t at = (flags & 0x4000) != 0 ? 4 : 2, size = at + 4, id;
	enum decode_result r;

	size += (flags & 0x0800) != 0 ? 4 : 0;
	size += (flags & 0x0200) != 0 ? 2 : 0;
	if ((r = bytes_need(&d->in, size)) != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, size);
	id = be32(d->in.p + at);
	if ((flags & 0x0200) != 0)
		size += be16(d->in.p + size - 2);
	if ((r = bytes_need(&d->in, size)) != DECODE_OK)
		return r;
	if ((r = tunnel_enter(d, TUNNEL_L2TPV3, id)) != DECODE_OK)
		return r;
	bytes_skip(&d->in, size);
	return decode_ppp(d);
}

enum decode_result decode_l2tp_udp(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 4);
	unsigned flags;

	if (r != DECODE_OK)
		return r;
	flags = be16(d->in.p);
	if ((flags & 0x8000) != 0)
		return DECODE_SKIP_NON_TCP;
	if ((flags & 0x0f) == 2)
		return version2(d, flags);
	if ((flags & 0x0f) != 3)
		return DECODE_SKIP_NON_TCP;
	bytes_note(&d->in, LAYER_PLAIN, 4);
	bytes_skip(&d->in, 4);
	return decode_l2tp_session(d);
}
