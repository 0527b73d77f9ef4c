/* Frames written as hex, decoded from exact-size memory, and what came out as one line of text in the manner of tcpdump. */
#ifndef TESTS_TEST_DECODE_H
#define TESTS_TEST_DECODE_H

#include "tests/test.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/decode/decode.h"

struct frame {
	int linktype;
	uint32_t n;
	uint8_t b[1024];
};

/* A frame of hex digits; blanks are for the reader. */
static inline struct frame frame(int linktype, const char *hex)
{
	struct frame f = {.linktype = linktype};
	unsigned digit, digits = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		assert_true(digits / 2 < sizeof(f.b) && sscanf(hex, "%1x", &digit) == 1);
		f.b[digits / 2] = (uint8_t)(f.b[digits / 2] * 16u + digit);
		digits++;
	}
	f.n = digits / 2;
	return f;
}

/* Decode the first caplen bytes of a frame of len bytes; they lie in memory of exactly that size. The payload of *seg is gone afterwards. */
static inline enum decode_result decode(const struct frame *f, uint32_t caplen, uint32_t len, struct segment *seg)
{
	uint8_t *copy = malloc(caplen == 0 ? 1 : caplen);
	enum decode_result r;

	assert_non_null(copy);
	memcpy(copy, f->b, caplen);
	memset(seg, 0xa5, sizeof(*seg));
	r = decode_frame(f->linktype, copy, caplen, len, seg);
	if (r == DECODE_OK) {
		assert_true(seg->caplen <= seg->len && seg->caplen <= caplen);
		assert_true(seg->payload >= copy && seg->payload + seg->caplen <= copy + caplen);
		assert_true(seg->optlen <= TCP_OPTIONS_MAX);
	}
	free(copy);
	return r;
}

static inline enum decode_result decode_hex(int linktype, const char *hex)
{
	struct frame f = frame(linktype, hex);
	struct segment seg;

	return decode(&f, f.n, f.n, &seg);
}

static inline const char *address_text(const struct ipaddr *a, char *to)
{
	if (a->family == 0)
		return "-";
	return inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->b, to, INET6_ADDRSTRLEN);
}

static inline void text_add(char *line, const char *word)
{
	strcat(line, word);
}

static inline void flags_text(char *line, uint32_t flags)
{
	static const struct {
		uint32_t bit;
		const char *text;
	} names[] = {{TCP_FIN, "F"}, {TCP_SYN, "S"}, {TCP_RST, "R"}, {TCP_PSH, "P"}, {TCP_ACK, "."}, {TCP_URG, "U"}, {TCP_ECE, "E"}, {TCP_CWR, "W"},
	    {TCP_AE, "e"}, {SEG_DF, " DF"}, {SEG_FRAGMENT, " fragment"}, {SEG_LATER, " later"}, {SEG_ICMP, " icmp"}, {SEG_CSUM_OK, " ok"},
	    {SEG_CSUM_BAD, " bad"}, {SEG_CUT, " cut"}, {SEG_OPT, " opt"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((flags & names[i].bit) != 0)
			text_add(line, names[i].text);
}

static inline void link_text(char *line, const struct segment *s)
{
	char word[200], a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	if ((s->src_mac | s->dst_mac) != 0) {
		snprintf(word, sizeof(word), " | %" PRIx64 " > %" PRIx64, s->src_mac, s->dst_mac);
		text_add(line, word);
	}
	if (s->vlans != 0) {
		snprintf(word, sizeof(word), " | vlan %u %#x", s->vlan, s->vlans);
		text_add(line, word);
	}
	if (s->ifindex != 0) {
		snprintf(word, sizeof(word), " | if %u", s->ifindex);
		text_add(line, word);
	}
	if (s->tunnel.depth != 0) {
		snprintf(word, sizeof(word), " | tunnel %u id %u depth %u %s > %s", s->tunnel.kind, s->tunnel.id, s->tunnel.depth,
		    address_text(&s->tunnel.src, a), address_text(&s->tunnel.dst, b));
		text_add(line, word);
	}
	if ((s->flags & SEG_ICMP) != 0) {
		snprintf(word, sizeof(word), " | icmp %u/%u mtu %u info %#x from %s", s->icmp.type, s->icmp.code, s->icmp.mtu, s->icmp.info,
		    address_text(&s->icmp_src, a));
		text_add(line, word);
	}
}

/* Every field that is set. line has room for 800 bytes. */
static inline void segment_text(char *line, const struct segment *s)
{
	char word[200], a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	sprintf(line, "%s.%u > %s.%u [", address_text(&s->src, a), s->sport, address_text(&s->dst, b), s->dport);
	flags_text(line, s->flags);
	snprintf(word, sizeof(word), "] seq %u ack %u win %u len %u/%u ttl %u tos %#x id %#x", s->seq, s->ack, s->window, s->caplen, s->len, s->ttl,
	    s->tos, s->ip_id);
	text_add(line, word);
	if (s->optlen != 0) {
		snprintf(word, sizeof(word), " options %u", s->optlen);
		text_add(line, word);
	}
	if ((s->flags & SEG_TS) != 0) {
		snprintf(word, sizeof(word), " ts %u/%u", s->tsval, s->tsecr);
		text_add(line, word);
	}
	link_text(line, s);
}

static inline bool same_tuple(const struct segment *a, const struct segment *b)
{
	return memcmp(&a->src, &b->src, sizeof(a->src)) == 0 && memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0 && a->sport == b->sport &&
	    a->dport == b->dport && a->seq == b->seq && (a->flags & SEG_ICMP) == (b->flags & SEG_ICMP);
}

/* A shorter capture says the same, or that it is too short; a shorter frame says the same or nothing. */
static inline void check_shorter(const struct frame *f, const struct segment *whole)
{
	struct segment seg;
	enum decode_result r;

	for (uint32_t n = 0; n < f->n; n++) {
		r = decode(f, n, f->n, &seg);
		assert_true(r == DECODE_OK || r == DECODE_SHORT);
		if (r == DECODE_OK)
			assert_true(same_tuple(&seg, whole) && seg.len <= whole->len && seg.window <= whole->window);
		r = decode(f, n, n, &seg);
		if (r == DECODE_OK)
			assert_true(same_tuple(&seg, whole));
	}
}

/* One packet, its exact segment, and the same for every shorter capture. */
static inline void check_frame(int linktype, const char *hex, const char *expected)
{
	struct frame f = frame(linktype, hex);
	struct segment seg;
	char line[800];

	assert_int_equal(decode(&f, f.n, f.n, &seg), DECODE_OK);
	segment_text(line, &seg);
	assert_string_equal(line, expected);
	check_shorter(&f, &seg);
}

/* What the tests wrap into other layers: 10.0.0.1.40000 > 10.0.0.2.80: Flags [P.], seq 100:105, ack 200, win 502, options [nop,nop,TS 11/22] */
#define TCP4 "9c400050 00000064 000000c8 801801f6 7f080000 0101080a 0000000b 00000016 68656c6c6f "
#define IP4 "45b80039 12344000 400613d1 0a000001 0a000002 "
#define IP4_TCP IP4 TCP4        /* 57 bytes */
#define IP4_TEXT "10.0.0.1.40000 > 10.0.0.2.80 [P. DF ok] seq 100 ack 200 win 502 len 5/5 ttl 64 tos 0xb8 id 0x1234 options 12 ts 11/22"

/* The same over IPv6: fd00::1.40000 > fd00::2.80 */
#define TCP6 "9c400050 00000064 000000c8 801801f6 99060000 0101080a 0000000b 00000016 68656c6c6f "
#define IP6 "6b800000 00250640 fd000000000000000000000000000001 fd000000000000000000000000000002 "
#define IP6_TCP IP6 TCP6        /* 77 bytes */
#define IP6_TEXT "fd00::1.40000 > fd00::2.80 [P. ok] seq 100 ack 200 win 502 len 5/5 ttl 64 tos 0xb8 id 0 options 12 ts 11/22"

/* 02:00:00:00:00:0a > 02:00:00:00:00:0b, type follows */
#define MACS "02000000000b 02000000000a "
#define MACS_TEXT " | 2000000000a > 2000000000b"

#endif
