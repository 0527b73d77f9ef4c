/*
 * The trailer that F5 BIG-IP's tcpdump writes behind the packet (-i 0.0:n, :nn, :nnn): low, medium and high "noise". Layouts as documented by
 * Wireshark's F5 Ethernet trailer dissector (epan/dissectors/packet-f5ethtrailer.c; display filter reference "f5ethtrailer").
 * All numbers are big-endian.
 */
#include "ingest/decode/layers.h"

#define DPT_MAGIC 0xf5deb0f5u
#define DPT_NOISE 1             /* provider of the blocks that we read */
#define PADDING_MAX 64          /* Ethernet padding and an FCS may lie before the trailer */
#define FCS 4

enum noise {
	NOISE_LOW = 1,
	NOISE_MEDIUM = 2,
	NOISE_HIGH = 3,
};

/* One block without its header. */
struct block {
	unsigned type, version;
	const uint8_t *p;
	uint32_t n;
};

/* Names are configured by people: what is not printable ASCII would spoil every report. */
static void text(char *to, size_t size, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && i + 1 < size && p[i] != 0; i++)
		to[i] = p[i] >= 0x20 && p[i] < 0x7f ? (char)p[i] : '?';
	to[i] = '\0';
}

/* 16 bytes: IPv6, IPv4 mapped into it, or IPv4 with a route domain as BIG-IP encodes it for its own host (2620:0:c10:f501:0:DOMAIN:a.b.c.d). */
static struct ipaddr address(const uint8_t *p)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const uint8_t domain[10] = {0x26, 0x20, 0, 0, 0x0c, 0x10, 0xf5, 0x01, 0, 0};
	struct ipaddr a = {.family = 6};

	if (memcmp(p, mapped, sizeof(mapped)) == 0 || memcmp(p, domain, sizeof(domain)) == 0) {
		a.family = 4;
		memcpy(a.b, p + 12, 4);
	} else {
		memcpy(a.b, p, 16);
	}
	return a;
}

/* Flow ids of 8 bytes (`wide`) or 4. */
static void flows(struct f5_trailer *f5, const uint8_t *p, bool wide)
{
	f5->flow_id = wide ? be64(p) : be32(p);
	f5->peer_id = wide ? be64(p + 8) : be32(p + 4);
}

/* A name with its length before it; it fills the block in the old format. */
static bool counted_name(struct f5_trailer *f5, const uint8_t *p, uint32_t n, bool fills)
{
	if (n < 1 || p[0] > n - 1 || (fills && p[0] != n - 1))
		return false;
	text(f5->virtual_name, sizeof(f5->virtual_name), p + 1, p[0]);
	return true;
}

/* Low version 4: length of the list, then type, length and text of each object name; type 0 is the virtual server. */
static bool object_names(struct f5_trailer *f5, const uint8_t *p, uint32_t n)
{
	uint32_t size, at = 1;

	if (n < 1 || p[0] > n - 1)
		return false;
	for (size = p[0] + 1u; at < size; at += 2u + p[at + 1]) {
		if (size - at < 2 || p[at + 1] > size - at - 2)
			return false;
		if (p[at] == 0)
			text(f5->virtual_name, sizeof(f5->virtual_name), p + at + 2, p[at + 1]);
	}
	return true;
}

/*
 * Low: ingress, slot, tmm, then by version and length of the block:
 * old 0 of BIG-IP 9.4 (32 bytes): flow ids of 4 bytes, 5 more, name of 16; old 0 of 10 (19 bytes): name of 16; old 1 and new 2, 3: counted
 * name; new 4: object names. From new 3 on ingress is one bit among flags.
 */
static bool low(struct f5_trailer *f5, const struct block *b, bool old)
{
	if (b->n < 4 || (old ? b->p[0] > 1 || b->version > 1 : b->version < 2 || b->version > 4))
		return false;
	f5->ingress = (b->p[0] & 1) != 0;
	f5->slot = b->p[1];
	f5->tmm = b->p[2];
	if (b->version == 4)
		return object_names(f5, b->p + 3, b->n - 3);
	if (b->version > 0)
		return counted_name(f5, b->p + 3, b->n - 3, old);
	if (b->n == 32)
		flows(f5, b->p + 3, false);
	else if (b->n != 19)
		return false;
	text(f5->virtual_name, sizeof(f5->virtual_name), b->p + b->n - 16, 16);
	return true;
}

/* Reset cause: its length, version (7 bits) and peer (1 bit), 6 bytes of value, 2 of line, then text. Only version 0 is known. */
static bool reset_cause(struct f5_trailer *f5, const uint8_t *p, uint32_t n, bool fills)
{
	if (n < 1 || p[0] > n - 1 || (fills && p[0] != n - 1))
		return false;
	if (p[0] > 9 && p[1] >> 1 == 0) {
		f5->rst_peer = (p[1] & 1) != 0;
		text(f5->rst_cause, sizeof(f5->rst_cause), p + 10, p[0] - 9u);
	}
	return true;
}

/*
 * Medium: flow ids (4 bytes in the one of 18 bytes, else 8), flags (4, from version 3 on 8), type, HA unit, 4 reserved, from version 2 on a
 * priority, from version 1 on the reset cause. That of BIG-IP 9.4 (5 bytes) has no flow ids.
 */
static bool medium(struct f5_trailer *f5, const struct block *b, bool old)
{
	static const uint8_t fixed[] = {26, 26, 27, 31, 31};

	if (old ? b->version > 3 : b->version != 4)
		return false;
	if (b->version == 0 && b->n == 5)
		return true;
	if (b->version == 0 && b->n == 18) {
		flows(f5, b->p, false);
		return true;
	}
	if (b->n < fixed[b->version] || (b->version == 0 && b->n != 26))
		return false;
	flows(f5, b->p, true);
	return b->version == 0 || reset_cause(f5, b->p + fixed[b->version], b->n - fixed[b->version], old);
}

/* High: protocol, VLAN, remote and local address, remote and local port of the peer flow. */
static bool high(struct f5_trailer *f5, const struct block *b, bool old)
{
	if (old ? b->n != 39 || b->version != 0 : b->n < 39 || b->version != 1)
		return false;
	f5->has_peer = true;
	f5->peer_vlan = be16(b->p + 1);
	f5->peer_remote = address(b->p + 3);
	f5->peer_local = address(b->p + 19);
	f5->peer_remote_port = be16(b->p + 35);
	f5->peer_local_port = be16(b->p + 37);
	return true;
}

static bool noise(struct f5_trailer *f5, const struct block *b, bool old)
{
	switch (b->type) {
	case NOISE_LOW:
		return low(f5, b, old);
	case NOISE_MEDIUM:
		return medium(f5, b, old);
	case NOISE_HIGH:
		return high(f5, b, old);
	default:
		return false;
	}
}

/*
 * BIG-IP 9.4 to 13: blocks of type, length (of what follows it), version. There is no magic number, so all must fit: ascending types that
 * begin with low, known versions, exact lengths, and nothing but an FCS behind them.
 */
static bool old_trailer(struct f5_trailer *f5, const uint8_t *p, uint32_t n)
{
	unsigned last = 0;

	while (n > FCS) {
		const struct block b = {.type = p[0], .version = p[2], .p = p + 3, .n = p[1] - 1u};

		if (p[1] < 1 || p[1] + 2u > n || b.type <= last || (last == 0 && b.type != NOISE_LOW))
			return false;
		if (!noise(f5, &b, true))
			return false;
		last = b.type;
		p += p[1] + 2u;
		n -= b.n + 3;
	}
	return last != 0 && (n == 0 || n == FCS);
}

/* BIG-IP 14 and later: magic, length of all, version; blocks of provider, type, length (with header), version, in any order. */
static bool new_trailer(struct f5_trailer *f5, const uint8_t *p, uint32_t n)
{
	uint32_t size = be16(p + 4), at = 8, block;
	bool directed = false;

	if (size > n || be16(p + 6) != 1)
		return false;
	for (; at + 8 <= size; at += block) {
		const uint8_t *q = p + at;
		struct block b = {.type = be16(q + 2), .version = be16(q + 6), .p = q + 8};

		block = be16(q + 4);
		if (block < 8 || block > size - at)
			return false;
		b.n = block - 8;
		/* Other providers, types and versions may come with any release: they are passed over. */
		if (be16(q) == DPT_NOISE && noise(f5, &b, false))
			directed |= b.type == NOISE_LOW;
	}
	/* Low details are in every trailer; all else means little without the direction. */
	return directed && at == size;
}

bool f5_decode(const uint8_t *p, uint32_t n, struct f5_trailer *f5)
{
	uint32_t at;
	bool found = false;

	if (n < 7)
		return false;
	memset(f5, 0, sizeof(*f5));
	for (at = 0; at + 8 <= n && at <= PADDING_MAX && !found; at++)
		found = be32(p + at) == DPT_MAGIC && new_trailer(f5, p + at, n - at);
	if (!found) {
		memset(f5, 0, sizeof(*f5));
		for (at = 0; at < n && p[at] == 0; at++)
			;
		found = n - at >= 7 && old_trailer(f5, p + at, n - at);
	}
	/* Without a peer flow the peer's fields hold leftovers. */
	if (f5->peer_id == 0)
		f5->has_peer = false;
	f5->present = found;
	return found;
}
