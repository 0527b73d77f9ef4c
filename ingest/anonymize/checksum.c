/*
 * Checksums (RFC 1071): a sum of ones' complement is what it was if what was added to the bytes is taken from the field, so right stays right, and wrong
 * is wrong by as much as before. What cannot be checked - cut off, quoted, a fragment - becomes 0: its field would tell of the bytes that are gone.
 */
#include "ingest/anonymize/private.h"
#include "ingest/decode/layers.h"

static uint16_t get(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static void put(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof v);
}

/* x + y in ones' complement. */
static uint16_t add(uint16_t x, uint16_t y)
{
	static const uint8_t nothing;

	return ones_sum(&nothing, 0, (uint64_t)x + y);
}

/* The field at `at` of n bytes, for which `was` and `is`, sums of what else counts, are of the bytes before and now. */
static uint16_t corrected(const uint8_t *in, const uint8_t *out, uint32_t n, uint32_t at, uint16_t was, uint16_t is)
{
	uint16_t before = ones_sum(in, n, was), now = ones_sum(out, n, is), field = get(out + at);

	/* Without the field: taking away is adding the complement. */
	now = add(now, (uint16_t)~field);
	return add(before, (uint16_t)~now);
}

/* The addresses of the IP header that stretch i is behind. */
static uint16_t address_sum(const struct layout *l, uint32_t i, const uint8_t *frame, const uint8_t *bytes)
{
	while (i-- > 0) {
		const uint8_t *p = bytes + (l->s[i].p - frame);
		if (l->s[i].layer == LAYER_IPV4)
			return ones_sum(p + 12, 8, 0);
		if (l->s[i].layer == LAYER_IPV6)
			return ones_sum(p + 8, 32, 0);
	}
	return 0;
}

/* One that covers its header and all behind it. zero_is_none: UDP (RFC 768). */
static void whole(const struct layout *l, uint32_t i, const uint8_t *frame, uint8_t *out, uint32_t at, bool pseudo, bool zero_is_none)
{
	const struct stretch *s = &l->s[i];
	uint8_t *to = out + (s->p - frame);
	uint16_t field;

	if (zero_is_none && get(s->p + at) == 0)
		return;
	if (s->cap < s->len) {
		put(to + at, 0);
		return;
	}
	field = corrected(s->p, to, s->cap, at, pseudo ? address_sum(l, i, frame, frame) : 0, pseudo ? address_sum(l, i, frame, out) : 0);
	put(to + at, zero_is_none && field == 0 ? 0xffff : field);
}

static struct ip addresses(const struct layout *l, uint32_t i, const uint8_t *frame, const uint8_t *bytes)
{
	struct ip ip = {0};

	while (i-- > 0 && ip.src.family == 0) {
		const uint8_t *p = bytes + (l->s[i].p - frame);
		uint8_t family = l->s[i].layer == LAYER_IPV4 ? 4 : l->s[i].layer == LAYER_IPV6 ? 6 : 0;
		if (family == 0)
			continue;
		ip.src.family = ip.dst.family = family;
		memcpy(ip.src.b, p + (family == 4 ? 12 : 8), family == 4 ? 4 : 16);
		memcpy(ip.dst.b, p + (family == 4 ? 16 : 24), family == 4 ? 4 : 16);
	}
	return ip;
}

/* What a sender leaves in the field for its network card: the sum of the pseudo header. */
static uint16_t pseudo_sum(uint32_t len, uint16_t of_addresses)
{
	const uint8_t rest[] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, IP_TCP};

	return ones_sum(rest, sizeof rest, of_addresses);
}

/* Left to the network card: nothing, or the sum of the pseudo header, with the length or without, corrected by what changed of the addresses. */
static void leave(const struct stretch *s, const struct ip *ip, uint16_t was, uint16_t is, uint8_t *to)
{
	uint16_t field = get(s->p + 16);

	put(to + 16, field == 0 ? 0 : add(add(field, is), (uint16_t)~was));
	/* By chance it is the right one. */
	if (tcp_checksum(ip, to, s->len) == TCP_SUM_OK)
		put(to + 16, field == 0 ? pseudo_sum(s->len, is) : 0);
}

static void tcp(const struct layout *l, uint32_t i, const struct segment *seg, const uint8_t *frame, uint8_t *out)
{
	const struct stretch *s = &l->s[i];
	struct ip was = addresses(l, i, frame, frame), is = addresses(l, i, frame, out);
	uint16_t was_sum = address_sum(l, i, frame, frame), is_sum = address_sum(l, i, frame, out);
	uint8_t *to = out + (s->p - frame);
	enum tcp_sum sum;

	if (s->n < 18)
		return;
	put(to + 16, 0);
	if (seg->flags & (SEG_CUT | SEG_FRAGMENT | SEG_ICMP) || s->cap < s->len)
		return;
	sum = tcp_checksum(&was, s->p, s->len);
	if (sum == TCP_SUM_PARTIAL) {
		leave(s, &is, was_sum, is_sum, to);
		return;
	}
	put(to + 16, corrected(s->p, to, s->len, 16, was_sum, is_sum));
	/* By chance it is what offload leaves. */
	for (unsigned k = 0; k < 4 && sum == TCP_SUM_BAD && tcp_checksum(&is, to, s->len) != sum; k++)
		put(to + 16, (uint16_t)(get(to + 16) + 0x0101));
}

void checksums_replace(const struct layout *l, const struct segment *seg, const uint8_t *frame, uint8_t *out)
{
	for (uint32_t i = l->n; i-- > 0;) {
		const struct stretch *s = &l->s[i];
		uint8_t *to = out + (s->p - frame);
		switch ((enum layer)s->layer) {
		case LAYER_IPV4:
			put(to + 10, corrected(s->p, to, s->n, 10, 0, 0));
			break;
		case LAYER_TCP:
			tcp(l, i, seg, frame, out);
			break;
		case LAYER_UDP:
			whole(l, i, frame, out, 6, true, true);
			break;
		case LAYER_GRE:
			if (s->p[0] & 0x80)
				whole(l, i, frame, out, 4, false, false);
			break;
		case LAYER_ICMP:
			whole(l, i, frame, out, 2, addresses(l, i, frame, frame).src.family == 6, false);
			break;
		default:
			break;
		}
	}
}
