/* MPLS and L2TPv3 do not say what they carry: only the two ends know. What it can be is told from the bytes. */
#include "ingest/decode/layers.h"

/* IPv4: lengths that fit and a header checksum that is right. IPv6 has none: a length that is exact, or that fits in what is no Ethernet frame. */
bool looks_like_ip(const struct bytes *in)
{
	const uint8_t *p = in->p;
	uint32_t header;

	if (in->cap < 20)
		return false;
	header = (p[0] & 0x0fu) * 4;
	if (p[0] >> 4 == 6)
		return be16(p + 4) + 40u == in->len || (be16(p + 4) + 40u < in->len && !looks_like_ethernet(in, 0));
	if (p[0] >> 4 != 4 || header < 20 || be16(p + 2) > in->len)
		return false;
	return in->cap < header || ones_sum(p, header, 0) == 0xffff;
}

/* An Ethernet header at offset `at`, by its type and the IP version that must follow it. */
bool looks_like_ethernet(const struct bytes *in, uint32_t at)
{
	const uint8_t *p = in->p + at;

	if (in->cap < at + 15)
		return false;
	switch (be16(p + 12)) {
	case ETHERTYPE_IPV4:
		return p[14] >> 4 == 4;
	case ETHERTYPE_IPV6:
		return p[14] >> 4 == 6;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
	case ETHERTYPE_MPLS:
	case ETHERTYPE_PPPOE:
		return true;
	default:
		return false;
	}
}
