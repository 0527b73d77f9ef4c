#include "tests/sim/encode.h"

#include <string.h>

#include "tests/sim/f5.h"

static uint8_t *put8(uint8_t *b, unsigned v)
{
	*b = (uint8_t)v;
	return b + 1;
}

static uint8_t *put16(uint8_t *b, unsigned v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
	return b + 2;
}

static uint8_t *put32(uint8_t *b, uint32_t v)
{
	return put16(put16(b, v >> 16), v & 0xffff);
}

static uint8_t *put_mac(uint8_t *b, uint64_t mac)
{
	return put32(put16(b, (unsigned)(mac >> 32) & 0xffff), (uint32_t)mac);
}

uint64_t sim_sum(const uint8_t *b, size_t n, uint64_t sum)
{
	for (; n >= 2; n -= 2, b += 2)
		sum += (uint64_t)(b[0] << 8 | b[1]);
	return n ? sum + ((uint64_t)b[0] << 8) : sum;
}

uint16_t sim_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The order of Linux: MSS, SACK permitted, timestamp, window scale; NOPs where alignment asks for them. */
static uint8_t *put_options(uint8_t *b, const struct sim_header *h)
{
	if (h->has_mss)
		b = put16(put16(b, 0x0204), h->mss);
	if (h->sack_ok)
		b = put16(h->has_ts || h->ts_nops ? b : put16(b, 0x0101), 0x0402);
	else if (h->sack_nops && !h->has_ts && !h->ts_nops)
		b = put32(b, 0x01010101);
	if (h->ts_nops)
		b = (uint8_t *)memset(b, 1, h->sack_ok ? 10 : 12) + (h->sack_ok ? 10 : 12);
	else if (h->has_ts) {
		b = h->sack_ok ? b : put16(b, 0x0101);
		b = put32(put32(put16(b, 0x080a), h->tsval), h->tsecr);
	}
	if (h->has_ws)
		b = put8(put16(put8(b, 1), 0x0303), h->ws);
	else if (h->ws_nops)
		b = put32(b, 0x01010101);
	if (h->sacks == 0)
		return b;
	b = put8(put8(put16(b, 0x0101), 5), 2 + 8u * h->sacks);
	for (int i = 0; i < h->sacks; i++)
		b = put32(put32(b, h->sack[i][0]), h->sack[i][1]);
	return b;
}

/* The TCP header; the checksum field is left 0. Returns its length. */
static size_t put_tcp(uint8_t *b, const struct sim_header *h)
{
	uint8_t *end = put_options(b + 20, h);
	uint8_t *t = put16(put16(b, h->sport), h->dport);

	t = put32(put32(t, h->seq), h->ack);
	t = put8(put8(t, (unsigned)((end - b) / 4) << 4), h->flags);
	put16(put16(put16(t, h->window), 0), 0);
	return (size_t)(end - b);
}

/* Sum of the pseudo header of RFC 9293 3.1 and RFC 8200 8.1. */
static uint64_t pseudo_sum(const struct sim_header *h, unsigned protocol, size_t len)
{
	size_t n = h->src.family == 4 ? 4 : 16;

	return sim_sum(h->dst.b, n, sim_sum(h->src.b, n, protocol + len));
}

static uint8_t *put_ip(uint8_t *b, const struct sim_header *h, unsigned protocol, size_t payload)
{
	uint8_t *start = b;

	if (h->src.family == 6) {
		b = put32(b, 6u << 28 | (uint32_t)h->tos << 20);
		b = put8(put8(put16(b, (unsigned)payload), protocol), h->ttl);
		memcpy(b, h->src.b, 16);
		memcpy(b + 16, h->dst.b, 16);
		return b + 32;
	}
	b = put16(put8(put8(b, 0x45), h->tos), (unsigned)payload + 20);
	b = put16(put16(b, h->ip_id), h->df ? 0x4000 : 0);
	b = put16(put8(put8(b, h->ttl), protocol), 0);
	memcpy(b, h->src.b, 4);
	memcpy(b + 4, h->dst.b, 4);
	put16(start + 10, sim_fold(sim_sum(start, 20, 0)));
	return start + 20;
}

static size_t ip_header_len(const struct sim_header *h)
{
	return h->src.family == 4 ? 20 : 40;
}

size_t sim_encode_segment(const struct sim_packet *p)
{
	uint8_t tcp[60];

	return put_tcp(tcp, &p->h) + p->h.len;
}

/* Of an IPv4 packet with `len` bytes of payload behind its header, only one fragment (RFC 791 3.2). Returns its end. */
static uint8_t *cut_fragment(uint8_t *b, const struct sim_packet *p, size_t len)
{
	size_t from = (size_t)p->piece * p->h.fragment, n = len - from < p->h.fragment ? len - from : p->h.fragment;

	memmove(b + 20, b + 20 + from, n);
	put_ip(b, &p->h, 6, n);
	put16(b + 6, (unsigned)from / 8 | (from + n < len ? 0x2000 : 0));
	put16(b + 10, 0);
	put16(b + 10, sim_fold(sim_sum(b, 20, 0)));
	return b + 20 + n;
}

static uint8_t *put_tcp_packet(uint8_t *b, const struct sim_packet *p)
{
	uint8_t *tcp = b + ip_header_len(&p->h);
	size_t len = put_tcp(tcp, &p->h);

	sim_stream_bytes(p->stream, p->offset, tcp + len, p->h.len);
	len += p->h.len;
	put16(tcp + 16, sim_fold(sim_sum(tcp, len, pseudo_sum(&p->h, 6, len))));
	if (p->h.fragment)
		return cut_fragment(b, p, len);
	put_ip(b, &p->h, 6, len);
	return tcp + len;
}

/* RFC 792, RFC 4443: the error quotes the IP header and the TCP header without options of what it is about. */
static uint8_t *put_icmp_packet(uint8_t *b, const struct sim_packet *p)
{
	bool v4 = p->h.src.family == 4;
	uint8_t *icmp = b + ip_header_len(&p->h);
	uint8_t *quote = put32(put16(put8(put8(icmp, p->icmp_type), p->icmp_code), 0), 0);
	uint8_t tcp[60];
	size_t tcp_len = put_tcp(tcp, &p->quoted);
	uint8_t *end = put_ip(quote, &p->quoted, 6, tcp_len + p->quoted.len);

	memcpy(end, tcp, 20);
	end += 20;
	size_t len = (size_t)(end - icmp);
	put16(icmp + 2, sim_fold(sim_sum(icmp, len, v4 ? 0 : pseudo_sum(&p->h, 58, len))));
	put_ip(b, &p->h, v4 ? 1 : 58, len);
	return end;
}

static uint8_t *put_link(uint8_t *b, const struct sim_packet *p, enum sim_link link)
{
	unsigned type = p->h.src.family == 4 ? 0x0800 : 0x86dd;

	if (link == SIM_ETHERNET)
		return put16(put_mac(put_mac(b, p->dst_mac), p->src_mac), type);
	if (link == SIM_RAW)
		return b;
	b = put32(put16(put16(b, type), 0), 2); /* interface 2 */
	b = put8(put8(put16(b, 1), 0), 6);      /* Ethernet, to us */
	return put16(put_mac(b, p->src_mac), 0);
}

size_t sim_encode(const struct sim_packet *p, enum sim_link link, uint8_t *out)
{
	uint8_t *b = put_link(out, p, link);

	b = p->icmp ? put_icmp_packet(b, p) : put_tcp_packet(b, p);
	size_t len = (size_t)(b - out);
	if (link == SIM_ETHERNET && p->padded && len < 60) {
		memset(b, 0, 60 - len);
		len = 60;
	}
	return len + (p->f5 ? sim_f5(p->f5, out + len) : 0);
}
