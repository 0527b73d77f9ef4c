/* The Internet checksum (RFC 1071) over a TCP segment and its pseudo header (RFC 9293 3.1, RFC 8200 8.1). */
#include "ingest/decode/layers.h"

/*
 * All sums here are of 16-bit words in the byte order of this machine: a ones' complement sum comes out the same but for the order of its
 * bytes (RFC 1071 2 B). Wider words may be added as well: 2^16 is 1 modulo 2^16 - 1.
 */
static uint64_t load64(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static uint16_t load16(const uint8_t *p)
{
	uint16_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Halves of 64-bit words in two sums: neither can overflow below 2^32 words. */
uint16_t ones_sum(const uint8_t *p, uint32_t len, uint64_t start)
{
	uint64_t low = start & 0xffffffff, high = start >> 32, w;
	uint8_t tail[8] = {0};

	for (; len >= 32; p += 32, len -= 32) {
		uint64_t a = load64(p), b = load64(p + 8), c = load64(p + 16), e = load64(p + 24);

		low += (a & 0xffffffff) + (b & 0xffffffff) + (c & 0xffffffff) + (e & 0xffffffff);
		high += (a >> 32) + (b >> 32) + (c >> 32) + (e >> 32);
	}
	for (; len >= 8; p += 8, len -= 8) {
		w = load64(p);
		low += w & 0xffffffff;
		high += w >> 32;
	}
	memcpy(tail, p, len);
	w = load64(tail);
	return fold((uint64_t)fold(low) + fold(high) + fold(w));
}

static uint64_t address_sum(const struct ipaddr *a)
{
	if (a->family == 4)
		return (uint64_t)load16(a->b) + load16(a->b + 2);
	return (uint64_t)fold(load64(a->b)) + fold(load64(a->b + 8));
}

/*
 * With checksum offload a capture on the sending host sees the field before the card has filled it in: it holds the sum of the pseudo header
 * alone, with the length (Linux) or without (LSO of Windows, TSO of FreeBSD), or nothing. That says nothing about the packet on the wire.
 */
enum tcp_sum tcp_checksum(const struct ip *ip, const uint8_t *p, uint32_t len)
{
	const uint8_t words[4] = {0, IP_TCP, (uint8_t)(len >> 8), (uint8_t)len};
	uint64_t fixed = address_sum(&ip->src) + address_sum(&ip->dst) + load16(words);
	uint64_t pseudo = fixed + load16(words + 2);
	uint16_t field = load16(p + 16);

	if (len > 0xffff) {
		const uint8_t high[2] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16)};

		pseudo += load16(high);
	}
	if (ones_sum(p, len, pseudo) == 0xffff)
		return TCP_SUM_OK;
	if (field == fold(pseudo) || field == fold(fixed) || field == 0)
		return TCP_SUM_PARTIAL;
	return TCP_SUM_BAD;
}
