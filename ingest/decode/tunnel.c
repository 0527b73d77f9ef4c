/* Packets inside packets: GRE, ERSPAN, MPLS, PPPoE. */
#include "ingest/decode/layers.h"

enum decode_result tunnel_enter(struct decoder *d, enum tunnel_kind kind, uint32_t id)
{
	struct tunnel *t = &d->seg->tunnel;

	if (t->depth == TUNNELS_MAX)
		return DECODE_SKIP_DEPTH;
	if (t->depth++ == 0) {
		t->kind = (uint8_t)kind;
		t->id = id;
		t->src = d->seg->src;
		t->dst = d->seg->dst;
	}
	return DECODE_OK;
}

/* The T bit of ERSPAN: the mirroring switch has cut the packet off. */
static void mirror_cut(struct decoder *d, unsigned word)
{
	if ((word & 0x0400) != 0)
		d->in.len = BYTES_OPEN;
}

/* Type II (draft-foschiano-erspan 4.2): version, VLAN | COS, encapsulation, T, session | index. */
static enum decode_result erspan2(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 8);
	unsigned word;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 8);
	if (d->in.p[0] >> 4 != 1)
		return DECODE_SKIP_NON_TCP;
	word = be16(d->in.p + 2);
	if ((r = tunnel_enter(d, TUNNEL_ERSPAN, word & 0x3ff)) != DECODE_OK)
		return r;
	bytes_skip(&d->in, 8);
	mirror_cut(d, word);
	return decode_ethernet(d);
}

/* Type III (draft-foschiano-erspan 4.3): as type II, then a timestamp, a group tag, and whether a platform header follows (O). */
static enum decode_result erspan3(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 12);
	unsigned word, last;
	uint32_t size;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 12);
	if (d->in.p[0] >> 4 != 2)
		return DECODE_SKIP_NON_TCP;
	word = be16(d->in.p + 2);
	last = be16(d->in.p + 10);
	size = (last & 1) != 0 ? 20 : 12;
	if ((r = bytes_need(&d->in, size)) != DECODE_OK)
		return r;
	if ((r = tunnel_enter(d, TUNNEL_ERSPAN, word & 0x3ff)) != DECODE_OK)
		return r;
	bytes_skip(&d->in, size);
	mirror_cut(d, word);
	/* The frame type: 0 Ethernet, 2 bare IP. */
	switch (last >> 10 & 0x1f) {
	case 0:
		return decode_ethernet(d);
	case 2:
		return decode_ip(d, 0);
	default:
		return DECODE_SKIP_NON_IP;
	}
}

/* RFC 2637 4.1: the key is payload length and call id; without payload it only acknowledges. */
static enum decode_result pptp(struct decoder *d, uint32_t key)
{
	enum decode_result r = tunnel_enter(d, TUNNEL_GRE, key & 0xffff);

	if (r != DECODE_OK)
		return r;
	if (key >> 16 == 0)
		return DECODE_SKIP_NON_TCP;
	if (key >> 16 > d->in.len)
		return DECODE_BAD;
	bytes_trim(&d->in, key >> 16);
	return decode_ppp(d);
}

static enum decode_result gre_payload(struct decoder *d, unsigned flags, unsigned type, uint32_t key)
{
	enum decode_result r;

	if ((flags & 7) == 1)
		return type == ETHERTYPE_PPP ? pptp(d, key) : DECODE_SKIP_NON_TCP;
	if (type == ETHERTYPE_ERSPAN3)
		return erspan3(d);
	/* Type I has neither a sequence number nor a header of its own. */
	if (type == ETHERTYPE_ERSPAN && (flags & 0x1000) != 0)
		return erspan2(d);
	if ((r = tunnel_enter(d, type == ETHERTYPE_ERSPAN ? TUNNEL_ERSPAN : TUNNEL_GRE, key)) != DECODE_OK)
		return r;
	if (type == ETHERTYPE_BRIDGED || type == ETHERTYPE_ERSPAN)
		return decode_ethernet(d);
	return type == ETHERTYPE_PPP ? decode_ppp(d) : decode_ethertype(d, type);
}

/* RFC 2784, RFC 2890 (key, sequence number), RFC 2637 (version 1). The source routes of RFC 1701 are gone. */
enum decode_result decode_gre(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 4);
	unsigned flags, type;
	uint32_t size = 4, key = 0, key_at;

	if (r != DECODE_OK)
		return r;
	flags = be16(d->in.p);
	type = be16(d->in.p + 2);
	if ((flags & 7) > 1 || (flags & 0x4000) != 0)
		return DECODE_SKIP_NON_TCP;
	size += (flags & 0x8000) != 0 ? 4 : 0;
	key_at = size;
	size += (flags & 0x2000) != 0 ? 4 : 0;
	size += (flags & 0x1000) != 0 ? 4 : 0;
	size += (flags & 0x0087) == 0x0081 ? 4 : 0;
	if ((r = bytes_need(&d->in, size)) != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_GRE, size);
	if ((flags & 0x2000) != 0)
		key = be32(d->in.p + key_at);
	bytes_skip(&d->in, size);
	return gre_payload(d, flags, type, key);
}

/* RFC 4385: a pseudowire may begin with a control word whose first 4 bits are 0, so that it is not taken for IP. */
static enum decode_result mpls_payload(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 20);
	unsigned nibble;

	if (r != DECODE_OK)
		return r;
	if (looks_like_ip(&d->in))
		return decode_ip(d, 0);
	nibble = d->in.p[0] >> 4;
	if (nibble == 0 && looks_like_ethernet(&d->in, 4)) {
		bytes_note(&d->in, LAYER_PLAIN, 4);
		bytes_skip(&d->in, 4);
		return decode_ethernet(d);
	}
	if (looks_like_ethernet(&d->in, 0))
		return decode_ethernet(d);
	return nibble == 4 || nibble == 6 ? decode_ip(d, 0) : DECODE_SKIP_NON_IP;
}

/* RFC 3032: label (20 bits), traffic class (3), bottom of stack (1), TTL (8). */
enum decode_result decode_mpls(struct decoder *d)
{
	enum decode_result r;
	uint32_t entry;

	for (int i = 0; i < LABELS_MAX; i++) {
		if ((r = bytes_need(&d->in, 4)) != DECODE_OK)
			return r;
		bytes_note(&d->in, LAYER_PLAIN, 4);
		entry = be32(d->in.p);
		if (i == 0 && (r = tunnel_enter(d, TUNNEL_MPLS, entry >> 12)) != DECODE_OK)
			return r;
		bytes_skip(&d->in, 4);
		if ((entry & 0x100) != 0)
			return mpls_payload(d);
	}
	return DECODE_SKIP_DEPTH;
}

/* RFC 2516 4: version 1, type 1, code 0 (session data), session, length. */
enum decode_result decode_pppoe(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 6);
	const uint8_t *p = d->in.p;
	unsigned size;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 6);
	if (p[0] != 0x11 || p[1] != 0)
		return DECODE_SKIP_NON_IP;
	size = be16(p + 4);
	if ((r = tunnel_enter(d, TUNNEL_PPPOE, be16(p + 2))) != DECODE_OK)
		return r;
	bytes_skip(&d->in, 6);
	if (size > d->in.len)
		return DECODE_BAD;
	bytes_trim(&d->in, size);
	return decode_ppp(d);
}
