#include "tests/test_decode.h"

/* 10.9.0.1 > 10.9.0.2, id 0x55, ttl 64 */
#define ENDS " 10.9.0.1 > 10.9.0.2"
#define OUTER_ADDRESSES "0a090001 0a090002 "
#define ETH4 MACS "0800" IP4_TCP        /* 71 bytes */

static void ip_goes_in_ip_of_any_version(void **state)
{
	(void)state;
	check_frame(101, "4500004d 00550000 40046644" OUTER_ADDRESSES IP4_TCP, IP4_TEXT " | tunnel 5 id 0 depth 1" ENDS);
	check_frame(101, "45000061 00550000 4029660b" OUTER_ADDRESSES IP6_TCP, IP6_TEXT " | tunnel 5 id 0 depth 1" ENDS);
	check_frame(101, "60000000 00390440 fd090000000000000000000000000001 fd090000000000000000000000000002" IP4_TCP,
	    IP4_TEXT " | tunnel 5 id 0 depth 1 fd09::1 > fd09::2");
	check_frame(101, "60000000 004d2940 fd090000000000000000000000000001 fd090000000000000000000000000002" IP6_TCP,
	    IP6_TEXT " | tunnel 5 id 0 depth 1 fd09::1 > fd09::2");
}

static void gre_has_optional_fields(void **state)
{
	(void)state;
	check_frame(101, "45000051 00550000 402f6615" OUTER_ADDRESSES "00000800" IP4_TCP, IP4_TEXT " | tunnel 1 id 0 depth 1" ENDS);
	/* Checksum, key 7, sequence number. */
	check_frame(101, "4500005d 00550000 402f6609" OUTER_ADDRESSES "b0000800 00000000 00000007 00000001" IP4_TCP,
	    IP4_TEXT " | tunnel 1 id 7 depth 1" ENDS);
	/* Bridged Ethernet with a key. */
	check_frame(101, "45000063 00550000 402f6603" OUTER_ADDRESSES "20006558 00000009" ETH4, IP4_TEXT MACS_TEXT " | tunnel 1 id 9 depth 1" ENDS);
	/* MPLS label 16 in GRE; the outermost tunnel is the one that is told. */
	check_frame(101, "45000055 00550000 402f6611" OUTER_ADDRESSES "00008847 00010140" IP4_TCP, IP4_TEXT " | tunnel 1 id 0 depth 2" ENDS);
	/* Source routes; version 2; a keepalive. */
	assert_int_equal(decode_hex(101, "45000051 00550000 402f6615" OUTER_ADDRESSES "40000800" IP4_TCP), DECODE_SKIP_NON_TCP);
	assert_int_equal(decode_hex(101, "45000051 00550000 402f6615" OUTER_ADDRESSES "00020800" IP4_TCP), DECODE_SKIP_NON_TCP);
	assert_int_equal(decode_hex(101, "45000018 00550000 402f664e" OUTER_ADDRESSES "00000000"), DECODE_SKIP_NON_IP);
}

static void pptp_carries_ppp(void **state)
{
	(void)state;
	/* GRE version 1, call 5, sequence 1, acknowledgment 2: ff 03, protocol 0021. */
	check_frame(101, "45000061 00550000 402f6605" OUTER_ADDRESSES "3081880b 003d0005 00000001 00000002 ff030021" IP4_TCP,
	    IP4_TEXT " | tunnel 1 id 5 depth 1" ENDS);
	assert_int_equal(decode_hex(101, "45000020 00550000 402f6646" OUTER_ADDRESSES "2081880b 00000005 00000002"), DECODE_SKIP_NON_TCP);
	assert_int_equal(decode_hex(101, "45000061 00550000 402f6605" OUTER_ADDRESSES "3081880b 003e0005 00000001 00000002 ff030021" IP4_TCP), DECODE_BAD);
}

static void erspan_mirrors_ethernet(void **state)
{
	(void)state;
	check_frame(101, "4500005f 00550000 402f6607" OUTER_ADDRESSES "000088be" ETH4, IP4_TEXT MACS_TEXT " | tunnel 2 id 0 depth 1" ENDS);
	/* Type II: VLAN 5, session 1023, all bits but T; the tag of the mirrored frame is what counts. */
	check_frame(101, "4500006b 00550000 402f65fb" OUTER_ADDRESSES "100088be 00000001 1005fbff 00000000" ETH4,
	    IP4_TEXT MACS_TEXT " | tunnel 2 id 1023 depth 1" ENDS);
	/* Type III: with and without the platform header, and bare IP. */
	check_frame(101, "4500006f 00550000 402f65f7" OUTER_ADDRESSES "100022eb 00000001 20050021 00000000 00000000" ETH4,
	    IP4_TEXT MACS_TEXT " | tunnel 2 id 33 depth 1" ENDS);
	check_frame(101, "45000077 00550000 402f65ef" OUTER_ADDRESSES "100022eb 00000001 20050021 00000000 00000001 0000000000000000" ETH4,
	    IP4_TEXT MACS_TEXT " | tunnel 2 id 33 depth 1" ENDS);
	check_frame(101, "45000061 00550000 402f6605" OUTER_ADDRESSES "100022eb 00000001 20050021 00000000 00000800" IP4_TCP,
	    IP4_TEXT " | tunnel 2 id 33 depth 1" ENDS);
	assert_int_equal(decode_hex(101, "4500006b 00550000 402f65fb" OUTER_ADDRESSES "100088be 00000001 70050021 00000000" ETH4), DECODE_SKIP_NON_TCP);
}

/* The switch cut the mirrored frame off behind the TCP header, and says so. */
static void a_truncated_mirror_is_a_cut_packet(void **state)
{
	struct frame f = frame(101, "45000066 00550000 402f6600" OUTER_ADDRESSES "100088be 00000001 10050421 00000000" MACS
	    "0800" IP4 "9c400050 00000064 000000c8 801801f6 7f080000 0101080a 0000000b 00000016");
	struct segment seg;
	char line[800];

	(void)state;
	assert_int_equal(decode(&f, f.n, f.n, &seg), DECODE_OK);
	segment_text(line, &seg);
	assert_string_equal(line, "10.0.0.1.40000 > 10.0.0.2.80 [P. DF cut] seq 100 ack 200 win 502 len 0/5 ttl 64 tos 0xb8 id 0x1234 options 12 ts 11/22"
	    MACS_TEXT " | tunnel 2 id 33 depth 1" ENDS);
}

static void vxlan_carries_ethernet_and_more(void **state)
{
	static const char *const ports[] = {"12b5", "2118"};
	char hex[600];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(hex, sizeof(hex), "4500006b 00550000 40116619 %s c350 %s 00570000 08000000 00000500 %s", OUTER_ADDRESSES, ports[i], ETH4);
		check_frame(101, hex, IP4_TEXT MACS_TEXT " | tunnel 3 id 5 depth 1" ENDS);
	}
	/* GPE: the last byte of the flags word says IPv4. */
	check_frame(101, "4500005d 00550000 40116627" OUTER_ADDRESSES "c350 12b6 00490000 0c000001 00000500" IP4_TCP,
	    IP4_TEXT " | tunnel 3 id 5 depth 1" ENDS);
	/* Inside a tagged frame: MAC addresses and tags are those of the inner one. */
	check_frame(1, "020000000001 020000000002 81000064 0800 4500006b 00550000 40116619" OUTER_ADDRESSES "c350 12b5 00570000 08000000 00000500"
	    ETH4, IP4_TEXT MACS_TEXT " | tunnel 3 id 5 depth 1" ENDS);
}

static void geneve_has_options(void **state)
{
	(void)state;
	check_frame(101, "45000073 00550000 40116611" OUTER_ADDRESSES "c350 17c1 005f0000 02006558 00000500 0102030400000000" ETH4,
	    IP4_TEXT MACS_TEXT " | tunnel 4 id 5 depth 1" ENDS);
	check_frame(101, "4500005d 00550000 40116627" OUTER_ADDRESSES "c350 17c1 00490000 00000800 00000500" IP4_TCP,
	    IP4_TEXT " | tunnel 4 id 5 depth 1" ENDS);
	/* Version 1. */
	assert_int_equal(decode_hex(101, "4500005d 00550000 40116627" OUTER_ADDRESSES "c350 17c1 00490000 40000800 00000500" IP4_TCP), DECODE_SKIP_NON_TCP);
}

static void gtp_has_extension_headers(void **state)
{
	(void)state;
	check_frame(101, "4500005d 00550000 40116627" OUTER_ADDRESSES "c350 0868 00490000 30ff0039 00000007" IP4_TCP,
	    IP4_TEXT " | tunnel 6 id 7 depth 1" ENDS);
	/* Sequence number, no N-PDU number; a PDU session container (85) of one word, another of two. */
	check_frame(101, "4500006d 00550000 40116617" OUTER_ADDRESSES "0868 c350 00590000 36ff0049 00000007 00010085 01100585 0210000000000000" IP4_TCP,
	    IP4_TEXT " | tunnel 6 id 7 depth 1" ENDS);
	/* Echo request; an extension without a length. */
	assert_int_equal(decode_hex(101, "4500002c 00550000 40116658" OUTER_ADDRESSES "0868 0868 00180000 32010004 00000000 00000000 00000000"), DECODE_SKIP_NON_TCP);
	assert_int_equal(decode_hex(101, "4500002c 00550000 40116658" OUTER_ADDRESSES "0868 0868 00180000 34ff0008 00000007 00000085 00000000"), DECODE_SKIP_NON_TCP);
}

static void l2tp_is_found_behind_any_cookie(void **state)
{
	static const char *const before[] = {"", "01020304", "0102030405060708", "01020304050607080000000a"};
	char hex[600];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		snprintf(hex, sizeof(hex), "4500%04x 00550000 40730000 %s 00000011 %s %s", 20 + 4 + i * 4 + 71, OUTER_ADDRESSES, before[i], ETH4);
		check_frame(101, hex, IP4_TEXT MACS_TEXT " | tunnel 7 id 17 depth 1" ENDS);
	}
	check_frame(101, "4500006f 00550000 40110000" OUTER_ADDRESSES "06a5 06a5 005b0000 00030000 00000011 01020304" ETH4,
	    IP4_TEXT MACS_TEXT " | tunnel 7 id 17 depth 1" ENDS);
	/* Session 0 is for control messages. */
	assert_int_equal(decode_hex(101, "45000063 00550000 40730000" OUTER_ADDRESSES "00000000 01020304" ETH4), DECODE_SKIP_NON_TCP);
}

static void l2tp_version_2_carries_ppp(void **state)
{
	(void)state;
	/* Data message of tunnel 1, session 2: without and with length, sequence numbers and an offset of 2. */
	check_frame(101, "4500005f 00550000 40110000" OUTER_ADDRESSES "c350 06a5 004b0000 0002 00010002 ff030021" IP4_TCP,
	    IP4_TEXT " | tunnel 7 id 65538 depth 1" ENDS);
	check_frame(101, "45000069 00550000 40110000" OUTER_ADDRESSES "06a5 c350 00550000 4a02 004d 00010002 00000000 0002 0000 ff030021" IP4_TCP,
	    IP4_TEXT " | tunnel 7 id 65538 depth 1" ENDS);
	assert_int_equal(decode_hex(101, "45000028 00550000 40110000" OUTER_ADDRESSES "06a5 06a5 00140000 c802000c 00010000 00000000"), DECODE_SKIP_NON_TCP);
}

static void mpls_goes_in_ip_and_udp(void **state)
{
	(void)state;
	check_frame(101, "45000051 00550000 408965bb" OUTER_ADDRESSES "00010140" IP4_TCP, IP4_TEXT " | tunnel 8 id 16 depth 1" ENDS);
	check_frame(101, "45000059 00550000 4011662b" OUTER_ADDRESSES "c350 19eb 00450000 00010140" IP4_TCP, IP4_TEXT " | tunnel 8 id 16 depth 1" ENDS);
}

/* Ports can be used by anything: what does not fit a tunnel is plain UDP. */
static void udp_that_is_no_tunnel_is_not_tcp(void **state)
{
	static const char *const udp[] = {
	    "c350 0035 00140000 000000000000000000000000",  /* DNS */
	    "c350 12b5 00140000 000000000000000000000000",  /* VXLAN without an id */
	    "c350 12b5 00140000 080000000000050000000000",  /* too short for Ethernet */
	    "c350 17c1 00140000 ffffffffffffffffffffffff",  /* GENEVE version 3 */
	    "c350 0868 00140000 30ffffff0000000700000000",  /* GTP-U longer than the packet */
	    "c350 06a5 00140000 00030000000000110102ffff",  /* L2TP without a frame */
	    "c350 06a5 00140000 000f0000000000110102ffff",  /* L2TP version 15 */
	    "c350 12b5 00070000 080000000000050000000000",  /* UDP length 7 */
	    "c350 12b5 00150000 080000000000050000000000",  /* UDP length beyond the packet */
	};
	char hex[200];

	(void)state;
	for (size_t i = 0; i < sizeof(udp) / sizeof(udp[0]); i++) {
		snprintf(hex, sizeof(hex), "45000028 00550000 4011665c %s %s", OUTER_ADDRESSES, udp[i]);
		assert_int_equal(decode_hex(101, hex), DECODE_SKIP_NON_TCP);
	}
}

/* The outer packet was fragmented: the first fragment has the headers, the others nothing. */
static void a_tunnel_in_a_first_fragment_is_a_cut_packet(void **state)
{
	struct frame f = frame(101, "45000068 00552000 40114619" OUTER_ADDRESSES "c350 12b5 00570000 08000000 00000500" MACS
	    "0800" IP4 "9c400050 00000064 000000c8 801801f6 7f080000 0101080a 0000000b 00000016 6865");
	struct segment seg;

	(void)state;
	assert_int_equal(decode(&f, f.n, f.n, &seg), DECODE_OK);
	assert_int_equal(seg.len, 5);
	assert_int_equal(seg.caplen, 2);
	assert_int_equal(seg.flags & (SEG_CUT | SEG_FRAGMENT), SEG_CUT);
	assert_int_equal(decode_hex(101, "45000018 00550009 40114660" OUTER_ADDRESSES "68656c6c"), DECODE_SKIP_FRAGMENT);
}

/* IPv4 in IPv4, n times, around a TCP packet. */
static enum decode_result nested(unsigned n, struct segment *seg)
{
	struct frame inner = frame(101, IP4_TCP), f = {.linktype = 101};

	for (unsigned i = 0; i < n; i++) {
		struct frame outer = frame(101, "45000000 00550000 40040000" OUTER_ADDRESSES);
		uint32_t left = (n - i) * 20 + inner.n;

		outer.b[3] = (uint8_t)left;
		memcpy(f.b + i * 20, outer.b, 20);
	}
	memcpy(f.b + n * 20, inner.b, inner.n);
	f.n = n * 20 + inner.n;
	return decode(&f, f.n, f.n, seg);
}

static void more_tunnels_than_the_limit_are_too_deep(void **state)
{
	struct segment seg;

	(void)state;
	assert_int_equal(nested(8, &seg), DECODE_OK);
	assert_int_equal(seg.tunnel.depth, 8);
	assert_int_equal(nested(9, &seg), DECODE_SKIP_DEPTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ip_goes_in_ip_of_any_version),
	    cmocka_unit_test(gre_has_optional_fields),
	    cmocka_unit_test(pptp_carries_ppp),
	    cmocka_unit_test(erspan_mirrors_ethernet),
	    cmocka_unit_test(a_truncated_mirror_is_a_cut_packet),
	    cmocka_unit_test(vxlan_carries_ethernet_and_more),
	    cmocka_unit_test(geneve_has_options),
	    cmocka_unit_test(gtp_has_extension_headers),
	    cmocka_unit_test(l2tp_is_found_behind_any_cookie),
	    cmocka_unit_test(l2tp_version_2_carries_ppp),
	    cmocka_unit_test(mpls_goes_in_ip_and_udp),
	    cmocka_unit_test(udp_that_is_no_tunnel_is_not_tcp),
	    cmocka_unit_test(a_tunnel_in_a_first_fragment_is_a_cut_packet),
	    cmocka_unit_test(more_tunnels_than_the_limit_are_too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
