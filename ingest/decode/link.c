/* Link layers that carry IP more or less directly; LINKTYPE_ values of tcpdump.org/linktypes.html. */
#include "ingest/decode/layers.h"

static enum decode_result vlan_tag(struct decoder *d);

/* Organization 0 is RFC 1042, 0000f8 its bridge tunnel: both are followed by an EtherType. */
enum decode_result decode_snap(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 5);
	const uint8_t *p = d->in.p;
	unsigned type;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 5);
	if (p[0] != 0 || p[1] != 0 || (p[2] != 0 && p[2] != 0xf8))
		return DECODE_SKIP_NON_IP;
	type = be16(p + 3);
	bytes_skip(&d->in, 5);
	return decode_ethertype(d, type);
}

/* IEEE 802.2 LLC, with SNAP (RFC 1042) or the old SAP for IP. */
enum decode_result decode_llc(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 3);
	const uint8_t *p = d->in.p;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 3);
	if (p[0] == 0x06 && p[1] == 0x06 && p[2] == 0x03) {
		bytes_skip(&d->in, 3);
		return decode_ip(d, 4);
	}
	if (p[0] != 0xaa || p[1] != 0xaa || p[2] != 0x03)
		return DECODE_SKIP_NON_IP;
	bytes_skip(&d->in, 3);
	return decode_snap(d);
}

enum decode_result decode_ethertype(struct decoder *d, unsigned type)
{
	switch (type) {
	case ETHERTYPE_IPV4:
		return decode_ip(d, 4);
	case ETHERTYPE_IPV6:
		return decode_ip(d, 6);
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
	case ETHERTYPE_QINQ_OLDER:
		return vlan_tag(d);
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_MULTICAST:
		return decode_mpls(d);
	case ETHERTYPE_PPPOE:
		return decode_pppoe(d);
	default:
		return DECODE_SKIP_NON_IP;
	}
}

static enum decode_result type_or_length(struct decoder *d, unsigned type)
{
	if (type > ETHERTYPE_LENGTH_MAX)
		return decode_ethertype(d, type);
	if (type > d->in.len)
		return DECODE_BAD;
	bytes_trim(&d->in, type);
	return decode_llc(d);
}

/* IEEE 802.1Q: 3 bits priority, 1 bit drop eligible, 12 bits VLAN id, then the next type. */
static enum decode_result vlan_tag(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 4);
	unsigned id, type;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 4);
	if (d->vlans == VLANS_MAX)
		return DECODE_SKIP_DEPTH;
	id = be16(d->in.p) & 0xfffu;
	type = be16(d->in.p + 2);
	if (d->vlans == 0)
		d->seg->vlan = (uint16_t)id;
	if (d->vlans < 3)
		d->seg->vlans |= (uint32_t)id << 12 * d->vlans;
	d->vlans++;
	bytes_skip(&d->in, 4);
	return type_or_length(d, type);
}

/* What stands between the addresses and the type: `tag` bytes that a switch chip writes to tell its ports apart. */
static enum decode_result tagged_ethernet(struct decoder *d, uint32_t tag)
{
	enum decode_result r = bytes_need(&d->in, 14 + tag);
	unsigned type;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_ETHERNET, 14 + tag);
	d->seg->dst_mac = be48(d->in.p);
	d->seg->src_mac = be48(d->in.p + 6);
	d->seg->vlan = 0;
	d->seg->vlans = 0;
	d->vlans = 0;
	type = be16(d->in.p + 12 + tag);
	bytes_skip(&d->in, 14 + tag);
	return type_or_length(d, type);
}

/* Of Ethernet headers inside each other the innermost describes the packet: the outer ones only carry the tunnel. */
enum decode_result decode_ethernet(struct decoder *d)
{
	return tagged_ethernet(d, 0);
}

/* BSD loopback: the address family as the capturing host wrote it (LOOP: network order). Only IPv6 differs between the systems. */
static enum decode_result loopback(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 4);
	uint32_t family;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 4);
	family = be32(d->in.p);
	if (family > 0xffff)
		family = le32(d->in.p);
	bytes_skip(&d->in, 4);
	switch (family) {
	case 2:
		return decode_ip(d, 4);
	case 10:        /* Linux */
	case 23:        /* Windows */
	case 24:        /* NetBSD, OpenBSD */
	case 28:        /* FreeBSD */
	case 30:        /* Darwin */
		return decode_ip(d, 6);
	default:
		return DECODE_SKIP_NON_IP;
	}
}

/* What both cooked headers end in. 4 is no EtherType there: an 802.2 LLC header follows. */
static enum decode_result cooked(struct decoder *d, unsigned proto, uint32_t header, unsigned address, uint32_t address_len)
{
	if (address_len == 6)
		d->seg->src_mac = be48(d->in.p + address);
	bytes_skip(&d->in, header);
	return proto == 4 ? decode_llc(d) : decode_ethertype(d, proto);
}

#define SLL_OUTGOING 4          /* packet type: sent by the capturing host */

static enum decode_result sll(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 16);

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_SLL, 16);
	if (be16(d->in.p) == SLL_OUTGOING)
		d->seg->flags |= SEG_OUT;
	return cooked(d, be16(d->in.p + 14), 16, 6, be16(d->in.p + 4));
}

static enum decode_result sll2(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 20);

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_SLL2, 20);
	d->seg->ifindex = be32(d->in.p + 4);
	if (d->in.p[10] == SLL_OUTGOING)
		d->seg->flags |= SEG_OUT;
	return cooked(d, be16(d->in.p), 20, 12, d->in.p[11]);
}

/*
 * Netfilter log: family, version, resource id, then TLVs in the byte order of the capturing host, padded to 4 bytes; attribute 9
 * (NFULA_PAYLOAD) is the packet, of which the kernel may have copied only the beginning. Types are small: their zero byte tells the order.
 */
static enum decode_result nflog(struct decoder *d)
{
	struct bytes *in = &d->in;
	enum decode_result r = bytes_need(in, 4);
	unsigned size, type;

	if (r != DECODE_OK)
		return r;
	bytes_note(in, LAYER_PLAIN, 4);
	bytes_skip(in, 4);
	for (;;) {
		if ((r = bytes_need(in, 4)) != DECODE_OK)
			return r;
		bytes_note(in, LAYER_PLAIN, 4);
		size = in->p[3] == 0 ? le16(in->p) : be16(in->p);
		type = in->p[3] == 0 ? in->p[2] : in->p[3];
		if (size < 4 || size > in->len)
			return DECODE_BAD;
		if (type == 9)
			break;
		size = (size + 3) & ~3u;
		if ((r = bytes_need(in, size)) != DECODE_OK)
			return r;
		bytes_skip(in, size);
	}
	bytes_trim(in, size);
	bytes_skip(in, 4);
	in->len = BYTES_OPEN;
	return decode_ip(d, 0);
}

/* Darwin's packet tap: header length and the link type of what follows, both little-endian; the rest is about the process. */
static enum decode_result pktap(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 12);
	uint32_t header, next;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 12);
	header = le32(d->in.p);
	next = le32(d->in.p + 8);
	if (header < 12 || header > d->in.len)
		return DECODE_BAD;
	if ((r = bytes_need(&d->in, header)) != DECODE_OK)
		return r;
	if (next == 149 || next == 258 || next > 0xffff)
		return DECODE_SKIP_LINKTYPE;
	bytes_skip(&d->in, header);
	return decode_link(d, (int)next);
}

/* A header of known size that tells nothing of the packet, then what `linktype` is. */
static enum decode_result behind(struct decoder *d, uint32_t header, int linktype)
{
	enum decode_result r = bytes_need(&d->in, header);

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, header <= 4 ? header : 0);
	bytes_skip(&d->in, header);
	return decode_link(d, linktype);
}

/* The BSD packet filter's log: a header that begins with its own length, which every system and release has given another size; padded to 4. */
static enum decode_result pflog(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 1);

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 1);
	return d->in.p[0] < 4 ? DECODE_BAD : behind(d, (d->in.p[0] + 3u) & ~3u, 101);
}

/* Per-packet information for 802.11: version, flags, length, then the link type of what follows; little-endian. */
static enum decode_result ppi(struct decoder *d)
{
	enum decode_result r = bytes_need(&d->in, 8);
	uint32_t next;

	if (r != DECODE_OK)
		return r;
	bytes_note(&d->in, LAYER_PLAIN, 8);
	next = le32(d->in.p + 4);
	if (le16(d->in.p + 2) < 8)
		return DECODE_BAD;
	return next == 105 || next == 1 ? behind(d, le16(d->in.p + 2), (int)next) : DECODE_SKIP_LINKTYPE;
}

enum decode_result decode_link(struct decoder *d, int linktype)
{
	switch (linktype) {
	case 0:         /* NULL */
	case 108:       /* LOOP */
		return loopback(d);
	case 1:         /* ETHERNET */
		return decode_ethernet(d);
	case 9:         /* PPP */
	case 50:        /* PPP_HDLC */
		return decode_ppp(d);
	case 51:        /* PPP_ETHER */
		return decode_pppoe(d);
	case 166:       /* PPP_PPPD: address and control are there, but the address tells the direction */
		return behind(d, 2, 9);
	case 204:       /* PPP_WITH_DIR */
		return behind(d, 1, 9);
	case 107:       /* FRELAY */
		return decode_frelay(d);
	case 100:       /* ATM_RFC1483 */
		return decode_llc(d);
	case 109:       /* ENC: address family, SPI, flags; what IPsec has decrypted or will encrypt */
		return behind(d, 12, 101);
	case 117:       /* PFLOG */
		return pflog(d);
	case 192:       /* PPI */
		return ppi(d);
	case 281:       /* DSA_TAG_BRCM */
	case 284:       /* DSA_TAG_DSA */
		return tagged_ethernet(d, 4);
	case 282:       /* DSA_TAG_BRCM_PREPEND */
		return behind(d, 4, 1);
	case 285:       /* DSA_TAG_EDSA */
		return tagged_ethernet(d, 8);
	case 12:        /* DLT_RAW of most systems, DLT_LOOP of OpenBSD; some programs write these to files */
		return d->in.cap > 0 && d->in.p[0] == 0 ? loopback(d) : decode_ip(d, 0);
	case 14:        /* DLT_RAW of OpenBSD */
	case 101:       /* RAW */
		return decode_ip(d, 0);
	case 228:       /* IPV4 */
		return decode_ip(d, 4);
	case 229:       /* IPV6 */
		return decode_ip(d, 6);
	case 104:       /* C_HDLC */
		return decode_chdlc(d);
	case 105:       /* IEEE802_11 */
		return decode_wlan(d, false);
	case 113:       /* LINUX_SLL */
		return sll(d);
	case 119:       /* IEEE802_11_PRISM */
	case 163:       /* IEEE802_11_AVS */
		return decode_prism(d);
	case 127:       /* IEEE802_11_RADIOTAP */
		return decode_radiotap(d);
	case 239:       /* NFLOG */
		return nflog(d);
	case 149:       /* USER2, used by Darwin for PKTAP */
	case 258:       /* PKTAP */
		return pktap(d);
	case 276:       /* LINUX_SLL2 */
		return sll2(d);
	default:
		return DECODE_SKIP_LINKTYPE;
	}
}
