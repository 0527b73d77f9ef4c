#include "ingest/anonymize/anonymize.h"

#include "ingest/anonymize/private.h"
#include "ingest/decode/layers.h"

#define MAC 6
#define NOP 1
#define EXPERIMENT 253          /* IP protocol for tests (RFC 3692): no tunnel, no TCP */

void anonymizer_init(struct anonymizer *a, const uint8_t key[SECRET_KEY])
{
	memset(a, 0, sizeof *a);
	cryptopan_init(&a->pan, key);
	secret_init(&a->secret, key);
}

static void replace_mac(struct anonymizer *a, const uint8_t *in, uint8_t *out)
{
	uint64_t mac = be48(in);
	struct known_mac *k = &a->mac[mac * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (ANONYMIZE_MACS - 1)];

	if (k->from != mac)
		*k = (struct known_mac){mac, secret_mac(&a->secret, mac)};
	for (unsigned i = 0; i < MAC; i++)
		out[i] = (uint8_t)(k->to >> (40 - 8 * i));
}

/* ---- a header each ---- */

static void ethernet(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	memcpy(out, in, n);
	replace_mac(a, in, out);
	replace_mac(a, in + MAC, out + MAC);
}

static void wlan(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	memcpy(out, in, n);
	for (unsigned at = 4; at <= 16; at += MAC)
		replace_mac(a, in + at, out + at);
	if ((le16(in) & 0x0300) == 0x0300)
		replace_mac(a, in + 24, out + 24);
}

/* What is no MAC address there is left out. */
static void cooked(struct anonymizer *a, const uint8_t *in, uint32_t n, unsigned at, unsigned size, uint8_t *out)
{
	memcpy(out, in, n);
	memset(out + at, 0, 8);
	if (size == MAC)
		replace_mac(a, in + at, out + at);
}

/* Options of IPv4 may name hosts on the way: none of them stays. */
static void ipv4(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	memcpy(out, in, 20);
	memset(out + 20, NOP, n - 20);
	replace_address(a, 4, in + 12, out + 12);
	replace_address(a, 4, in + 16, out + 16);
}

static void ipv6(struct anonymizer *a, const uint8_t *in, uint8_t *out)
{
	memcpy(out, in, 8);
	replace_address(a, 6, in + 8, out + 8);
	replace_address(a, 6, in + 24, out + 24);
}

/* A redirect (RFC 792) names a router. */
static void icmp(struct anonymizer *a, const uint8_t *in, uint32_t n, bool redirect, uint8_t *out)
{
	memcpy(out, in, n);
	if (redirect && n == 8)
		replace_address(a, 4, in + 4, out + 4);
}

static void tcp(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	memcpy(out, in, n < 20 ? n : 20);
	if (n >= 18)
		memset(out + 16, 0, 2);
	if (n > 20)
		options_replace(a, in + 20, n - 20, out + 20);
}

static void replace(struct anonymizer *a, const struct stretch *s, const struct segment *seg, uint8_t *out)
{
	switch ((enum layer)s->layer) {
	case LAYER_PLAIN:
	case LAYER_UDP:
	case LAYER_GRE:
		memcpy(out, s->p, s->n);
		break;
	case LAYER_ETHERNET:
		ethernet(a, s->p, s->n, out);
		break;
	case LAYER_WLAN:
		wlan(a, s->p, s->n, out);
		break;
	case LAYER_SLL:
		cooked(a, s->p, s->n, 6, be16(s->p + 4), out);
		break;
	case LAYER_SLL2:
		cooked(a, s->p, s->n, 12, s->p[11], out);
		break;
	case LAYER_IPV4:
		ipv4(a, s->p, s->n, out);
		break;
	case LAYER_IPV6:
		ipv6(a, s->p, out);
		break;
	case LAYER_EXTENSION:
		memcpy(out, s->p, 2);
		break;
	case LAYER_ICMP:
		icmp(a, s->p, s->n, s->p[0] == 5, out);
		break;
	case LAYER_TCP:
	case LAYER_QUOTE:
		tcp(a, s->p, s->n, out);
		break;
	case LAYER_PAYLOAD:
		payload_replace(a, s->p, s->n, seg->len, out);
		break;
	case LAYER_REST:
		payload_replace(a, s->p, s->n, s->n, out);
		break;
	}
}

/* ---- packets of ours ---- */

static bool same_address(struct anonymizer *a, const struct ipaddr *was, const struct ipaddr *is)
{
	struct ipaddr to = cryptopan_map(&a->pan, was);

	return ipaddr_cmp(&to, is) == 0;
}

/* Does import read the copy as the same packet of the pseudonyms? */
static bool agrees(struct anonymizer *a, const struct segment *was, const struct segment *is)
{
	return was->sport == is->sport && was->dport == is->dport && was->seq == is->seq && was->ack == is->ack && was->flags == is->flags &&
	    was->len == is->len && was->caplen == is->caplen && was->tsval == is->tsval && was->tsecr == is->tsecr && was->window == is->window &&
	    was->ip_id == is->ip_id && was->ttl == is->ttl && was->tos == is->tos && was->optlen == is->optlen && was->vlans == is->vlans &&
	    was->ifindex == is->ifindex && was->tunnel.kind == is->tunnel.kind && was->tunnel.depth == is->tunnel.depth &&
	    was->tunnel.id == is->tunnel.id && was->f5.present == is->f5.present && same_address(a, &was->src, &is->src) && same_address(a, &was->dst, &is->dst);
}

static bool packet(struct anonymizer *a, int linktype, const uint8_t *frame, const struct segment *seg, uint8_t *out, uint32_t caplen, uint32_t len)
{
	const struct layout *l = &a->layout;
	struct segment again;

	memset(out, 0, caplen);
	for (uint32_t i = 0; i < l->n; i++)
		replace(a, &l->s[i], seg, out + (l->s[i].p - frame));
	checksums_replace(l, seg, frame, out);
	if (seg->f5.present)
		trailer_replace(a, l->ip_end, (uint32_t)(frame + caplen - l->ip_end), out + (l->ip_end - frame));
	return !l->overflow && decode_frame(linktype, out, caplen, len, &again) == DECODE_OK && agrees(a, seg, &again);
}

/* ---- all other frames ---- */

/* The header without what names anybody; of TCP and ICMP the one byte that may be why the frame is none of ours. */
static void blank(const struct stretch *s, bool carries, uint8_t *out)
{
	switch ((enum layer)s->layer) {
	case LAYER_PLAIN:
	case LAYER_GRE:
		memcpy(out, s->p, s->n);
		break;
	case LAYER_ETHERNET:
		memcpy(out + 12, s->p + 12, s->n - 12);
		break;
	case LAYER_WLAN:
		memcpy(out, s->p, 4);
		memcpy(out + 22, s->p + 22, 2);
		if (s->n > 24 && (le16(s->p) & 0x0300) != 0x0300)
			memcpy(out + 24, s->p + 24, s->n - 24);
		else if (s->n > 30)
			memcpy(out + 30, s->p + 30, s->n - 30);
		break;
	case LAYER_SLL:
		memcpy(out, s->p, 6);
		memcpy(out + 14, s->p + 14, 2);
		break;
	case LAYER_SLL2:
		memcpy(out, s->p, 12);
		break;
	case LAYER_IPV4:
		memcpy(out, s->p, 12);
		memset(out + 20, NOP, s->n - 20);
		break;
	case LAYER_IPV6:
		memcpy(out, s->p, 8);
		break;
	case LAYER_EXTENSION:
		memcpy(out, s->p, 2);
		break;
	case LAYER_UDP:
		memcpy(out + (carries ? 0 : 4), s->p + (carries ? 0 : 4), carries ? 6 : 2);
		break;
	case LAYER_ICMP:
		out[0] = s->p[0];
		break;
	case LAYER_TCP:
	case LAYER_QUOTE:
		if (s->n > 12)
			out[12] = s->p[12];
		break;
	case LAYER_PAYLOAD:
	case LAYER_REST:
		break;
	}
}

/* Headers of an IPv4 packet between nobody that import takes for none of ours, as this link type has them. Returns their length, 0: not known. */
static uint32_t neutral(int linktype, uint8_t *out)
{
	static const uint8_t ip[20] = {0x45, 0, 0, 20, 0, 0, 0, 0, 64, EXPERIMENT, 0x79, 0xed};
	uint32_t at;

	memset(out, 0, ANONYMIZE_ROOM);
	switch (linktype) {
	case 1:
		memcpy(out + 12, (const uint8_t[]){8, 0}, 2);
		at = 14;
		break;
	case 113:
		memcpy(out + 14, (const uint8_t[]){8, 0}, 2);
		at = 16;
		break;
	case 276:
		memcpy(out, (const uint8_t[]){8, 0}, 2);
		at = 20;
		break;
	case 0:
	case 108:
		out[linktype == 0 ? 0 : 3] = 2;
		at = 4;
		break;
	case 12:
	case 14:
	case 101:
	case 228:
		at = 0;
		break;
	default:
		return 0;
	}
	memcpy(out + at, ip, sizeof ip);
	return at + (uint32_t)sizeof ip;
}

static bool same_reason(int linktype, const uint8_t *out, uint32_t caplen, uint32_t len, enum decode_result r)
{
	struct segment seg;

	return decode_frame(linktype, out, caplen, len, &seg) == r;
}

/* The headers that the decoder has read, and no more. */
static bool remains(struct anonymizer *a, int linktype, const uint8_t *frame, enum decode_result r, uint8_t *out, uint32_t *caplen, uint32_t len)
{
	const struct layout *l = &a->layout;
	uint32_t end = 0;

	memset(out, 0, *caplen);
	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t at = (uint32_t)(l->s[i].p - frame);
		blank(&l->s[i], i + 1 < l->n, out + at);
		end = at + l->s[i].n > end ? at + l->s[i].n : end;
	}
	for (uint32_t i = 0; i < l->n; i++)
		if (l->s[i].layer == LAYER_IPV4) {
			/* Its validity may be the reason. */
			const struct layout one = {.s = {l->s[i]}, .n = 1};
			checksums_replace(&one, NULL, frame, out);
		}
	*caplen = end;
	return !l->overflow && same_reason(linktype, out, end, len, r);
}

static bool leave_out(struct anonymizer *a, int linktype, const uint8_t *frame, enum decode_result r, uint8_t *out, uint32_t *caplen, uint32_t *len)
{
	uint32_t n = *caplen;

	if (remains(a, linktype, frame, r, out, caplen, *len))
		return true;
	if (r == DECODE_SHORT || r == DECODE_BAD || r == DECODE_SKIP_LINKTYPE) {
		*caplen = 0;
		if (same_reason(linktype, out, 0, *len, r))
			return true;
		*len = 0;
		return same_reason(linktype, out, 0, 0, r);
	}
	*caplen = neutral(linktype, out);
	*len = n > *len ? n : *len;
	*len = *caplen > *len ? *caplen : *len;
	return *caplen > 0;
}

bool anonymize_frame(struct anonymizer *a, int linktype, const uint8_t *frame, bool shown, uint8_t *out, uint32_t *caplen, uint32_t *len)
{
	struct segment seg;
	enum decode_result r;

	a->layout.n = 0;
	a->layout.overflow = false;
	r = decode_layout(linktype, frame, *caplen, *len, &seg, &a->layout);
	if (shown && r != DECODE_OK)
		return leave_out(a, linktype, frame, r, out, caplen, len);
	if (shown && packet(a, linktype, frame, &seg, out, *caplen, *len))
		return true;
	*caplen = neutral(linktype, out);
	*len = *caplen > *len ? *caplen : *len;
	return !shown && *caplen > 0;
}
