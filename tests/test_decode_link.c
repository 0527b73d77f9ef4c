#include "tests/test_decode.h"

static void ethernet_carries_both_versions_of_ip(void **state)
{
	(void)state;
	check_frame(1, MACS "0800" IP4_TCP, IP4_TEXT MACS_TEXT);
	check_frame(1, MACS "86dd" IP6_TCP, IP6_TEXT MACS_TEXT);
}

/* 10.0.0.1.40000 > 10.0.0.2.80: Flags [.], seq 100, ack 200, win 502, length 0 */
#define ACK "45000028 12344000 4006149a 0a000001 0a000002 9c400050 00000064 000000c8 501001f6 fc1f0000 "

static void ethernet_padding_is_no_payload(void **state)
{
	(void)state;
	check_frame(1, MACS "0800" ACK "000000000000",
	    "10.0.0.1.40000 > 10.0.0.2.80 [. DF ok] seq 100 ack 200 win 502 len 0/0 ttl 64 tos 0 id 0x1234" MACS_TEXT);
	/* Nor is a frame check sequence, nor what is no zeros. */
	check_frame(1, MACS "0800" IP4_TCP "deadbeef", IP4_TEXT MACS_TEXT);
}

static void vlan_tags_of_all_kinds_are_taken_off(void **state)
{
	(void)state;
	check_frame(1, MACS "81002005 0800" IP4_TCP, IP4_TEXT MACS_TEXT " | vlan 5 0x5");
	check_frame(1, MACS "88a80064 81000005 86dd" IP6_TCP, IP6_TEXT MACS_TEXT " | vlan 100 0x5064");
	check_frame(1, MACS "91000001 92000002 81000003 0800" IP4_TCP, IP4_TEXT MACS_TEXT " | vlan 1 0x3002001");
	/* A tag without an id only has a priority. */
	check_frame(1, MACS "8100e000 0800" IP4_TCP, IP4_TEXT MACS_TEXT);
}

static void more_vlan_tags_than_the_limit_are_too_deep(void **state)
{
#define TAGS4 "81000001 81000001 81000001 81000001 "
	(void)state;
	assert_int_equal(decode_hex(1, MACS TAGS4 TAGS4 "0800" IP4_TCP), DECODE_OK);
	assert_int_equal(decode_hex(1, MACS TAGS4 TAGS4 "81000001 0800" IP4_TCP), DECODE_SKIP_DEPTH);
}

static void llc_and_snap_carry_ip(void **state)
{
	(void)state;
	check_frame(1, MACS "0041 aaaa03 000000 0800" IP4_TCP "0000", IP4_TEXT MACS_TEXT);
	check_frame(1, MACS "0041 aaaa03 0000f8 0800" IP4_TCP, IP4_TEXT MACS_TEXT);
	check_frame(1, MACS "003c 060603" IP4_TCP, IP4_TEXT MACS_TEXT);
	check_frame(1, MACS "81000005 0041 aaaa03 000000 0800" IP4_TCP, IP4_TEXT MACS_TEXT " | vlan 5 0x5");
	/* Spanning tree; Cisco discovery; a length that is longer than the frame. */
	assert_int_equal(decode_hex(1, "0180c2000000 02000000000a 0026 424203 0000000000"
	    "000000000000000000000000000000000000000000000000000000000000"), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(1, "01000ccccccc 02000000000a 000a aaaa03 00000c 2000 02b4"), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(1, MACS "0042 aaaa03 000000 0800" IP4_TCP), DECODE_BAD);
}

static void what_is_not_ip_is_counted_as_that(void **state)
{
	(void)state;
	/* ARP, Request who-has 10.0.0.2 tell 10.0.0.1 */
	assert_int_equal(decode_hex(1, MACS "0806 0001080006040001 02000000000a 0a000001 000000000000 0a000002"), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(1, MACS "88cc 0207"), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(9999, IP4_TCP), DECODE_SKIP_LINKTYPE);
	assert_int_equal(decode_hex(-1, IP4_TCP), DECODE_SKIP_LINKTYPE);
}

static void mpls_carries_ip_and_pseudowires(void **state)
{
	(void)state;
	/* One label, 16; two labels, 100 above 16. */
	check_frame(1, MACS "8847 00010140" IP4_TCP, IP4_TEXT MACS_TEXT " | tunnel 8 id 16 depth 1 - > -");
	check_frame(1, MACS "8848 00064040 00010140" IP6_TCP, IP6_TEXT MACS_TEXT " | tunnel 8 id 100 depth 1 - > -");
	/* An Ethernet frame behind a control word, and without: there the address of the frame says more than the outer one. */
	check_frame(1, "020000000001 020000000002 8847 00010140 00000007" MACS "0800" IP4_TCP,
	    IP4_TEXT MACS_TEXT " | tunnel 8 id 16 depth 1 - > -");
	check_frame(1, "020000000001 020000000002 8847 00010140" MACS "86dd" IP6_TCP, IP6_TEXT MACS_TEXT " | tunnel 8 id 16 depth 1 - > -");
	/* A destination that looks like the version and header length of IPv4. */
	check_frame(1, "020000000001 020000000002 8847 00010140 460000000001 02000000000a 0800" IP4_TCP,
	    IP4_TEXT " | 2000000000a > 460000000001 | tunnel 8 id 16 depth 1 - > -");
	check_frame(1, "020000000001 020000000002 8847 00010140 600000000001 02000000000a 0800" IP4_TCP,
	    IP4_TEXT " | 2000000000a > 600000000001 | tunnel 8 id 16 depth 1 - > -");
	/* IPv6 in a frame that was padded. */
	check_frame(1, MACS "8847 00010140" IP6_TCP "0000", IP6_TEXT MACS_TEXT " | tunnel 8 id 16 depth 1 - > -");
	/* The associated channel (RFC 5586). */
	assert_int_equal(decode_hex(1, MACS "8847 00010140 10000007 0000000000000000000000000000000000"), DECODE_SKIP_NON_IP);
}

static void more_labels_than_the_limit_are_too_deep(void **state)
{
#define LABELS4 "00010040 00010040 00010040 00010040 "
	(void)state;
	assert_int_equal(decode_hex(1, MACS "8847" LABELS4 LABELS4 LABELS4 LABELS4 "00010140" IP4_TCP), DECODE_SKIP_DEPTH);
}

static void pppoe_carries_ip(void **state)
{
	(void)state;
	check_frame(1, MACS "8864 1100 0042 003b 0021" IP4_TCP "0000", IP4_TEXT MACS_TEXT " | tunnel 9 id 66 depth 1 - > -");
	check_frame(51, "1100 0042 004f 0057" IP6_TCP, IP6_TEXT " | tunnel 9 id 66 depth 1 - > -");
	/* LCP echo; discovery; longer than the frame. */
	assert_int_equal(decode_hex(1, MACS "8864 1100 0042 000a c021 0900 0008 00000000"), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(1, MACS "8864 1109 0000 0004 01010000"), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(1, MACS "8864 1100 0042 003c 0021" IP4_TCP), DECODE_BAD);
}

static void ppp_comes_with_and_without_framing(void **state)
{
	(void)state;
	check_frame(9, "ff03 0021" IP4_TCP, IP4_TEXT);
	check_frame(50, "ff03 21" IP4_TCP, IP4_TEXT);
	check_frame(9, "0057" IP6_TCP, IP6_TEXT);
	check_frame(9, "57" IP6_TCP, IP6_TEXT);
	check_frame(9, "0281 00010140" IP4_TCP, IP4_TEXT " | tunnel 8 id 16 depth 1 - > -");
	check_frame(50, "0f00 0800" IP4_TCP, IP4_TEXT);
	check_frame(50, "8f00 86dd" IP6_TCP, IP6_TEXT);
	check_frame(104, "8f00 86dd" IP6_TCP, IP6_TEXT);
}

static void serial_lines_may_say_the_direction_in_front(void **state)
{
	(void)state;
	check_frame(166, "0003 0021" IP4_TCP, IP4_TEXT);
	check_frame(166, "0103 57" IP6_TCP, IP6_TEXT);
	check_frame(204, "00 ff03 0021" IP4_TCP, IP4_TEXT);
	check_frame(204, "01 0057" IP6_TCP, IP6_TEXT);
}

static void frame_relay_comes_in_both_dialects(void **state)
{
	(void)state;
	check_frame(107, "1841 03 cc" IP4_TCP, IP4_TEXT);
	check_frame(107, "1841 03 8e" IP6_TCP, IP6_TEXT);
	/* Padding; SNAP; an address of 4 bytes; Cisco's. */
	check_frame(107, "1841 03 00 cc" IP4_TCP, IP4_TEXT);
	check_frame(107, "1841 03 00 80 000000 0800" IP4_TCP, IP4_TEXT);
	check_frame(107, "18400041 03 cc" IP4_TCP, IP4_TEXT);
	check_frame(107, "1841 0800" IP4_TCP, IP4_TEXT);
	check_frame(107, "1841 86dd" IP6_TCP, IP6_TEXT);
	/* Local management; bridged Ethernet, which is not read. */
	assert_int_equal(decode_hex(107, "0001 03 08 00 75 95 01 01 00 03 02 0000"), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(107, "1841 03 00 80 0080c2 0007" MACS "0800" IP4_TCP), DECODE_SKIP_NON_IP);
}

static void headers_that_tell_nothing_of_the_packet_are_taken_off(void **state)
{
	(void)state;
	/* ATM with LLC; IPsec's interface; what a packet filter logged, its header of 61 bytes and of 5. */
	check_frame(100, "aaaa03 000000 0800" IP4_TCP, IP4_TEXT);
	check_frame(109, "02000000 00001234 00300000" IP4_TCP, IP4_TEXT);
	check_frame(109, "18000000 00001234 00300000" IP6_TCP, IP6_TEXT);
	check_frame(117, "3d 02 0000 656d3000000000000000000000000000 00000000000000000000000000000000 00000001 ffffffff 00000000 00000000"
	    "00000000 00000000 01 000000" IP4_TCP, IP4_TEXT);
	check_frame(117, "05 02 0000 01 000000" IP6_TCP, IP6_TEXT);
	assert_int_equal(decode_hex(117, "00 02 0000" IP4_TCP), DECODE_BAD);
	/* 802.11 behind per-packet information. */
	check_frame(192, "0000 0c00 69000000 11223344 0800 0000 020000000001 020000000002 020000000003 1000 aaaa03 000000 0800" IP4_TCP,
	    IP4_TEXT " | 20000000002 > 20000000001");
	check_frame(192, "0000 0800 01000000" MACS "0800" IP4_TCP, IP4_TEXT MACS_TEXT);
	assert_int_equal(decode_hex(192, "0000 0700 69000000 0801"), DECODE_BAD);
	assert_int_equal(decode_hex(192, "0000 0800 c0000000 0000 0800 c0000000"), DECODE_SKIP_LINKTYPE);
}

static void tags_of_switch_chips_are_taken_off(void **state)
{
	(void)state;
	check_frame(281, MACS "20000001 0800" IP4_TCP, IP4_TEXT MACS_TEXT);
	check_frame(282, "20000001" MACS "86dd" IP6_TCP, IP6_TEXT MACS_TEXT);
	check_frame(284, MACS "c0200000 8100 0005 0800" IP4_TCP, IP4_TEXT MACS_TEXT " | vlan 5 0x5");
	check_frame(285, MACS "dada0000 c0200000 0800" IP4_TCP, IP4_TEXT MACS_TEXT);
}

static void loopback_knows_the_families_of_all_systems_in_both_orders(void **state)
{
	static const char *const six[] = {"0a000000", "17000000", "18000000", "1c000000", "1e000000", "0000000a", "00000018", "0000001c", "0000001e"};
	char hex[400];

	(void)state;
	check_frame(0, "02000000" IP4_TCP, IP4_TEXT);
	check_frame(0, "00000002" IP4_TCP, IP4_TEXT);
	check_frame(108, "00000002" IP4_TCP, IP4_TEXT);
	for (size_t i = 0; i < sizeof(six) / sizeof(six[0]); i++) {
		snprintf(hex, sizeof(hex), "%s %s", six[i], IP6_TCP);
		check_frame(0, hex, IP6_TEXT);
	}
	assert_int_equal(decode_hex(0, "07000000" IP4_TCP), DECODE_SKIP_NON_IP);
}

static void raw_ip_is_told_by_its_version(void **state)
{
	static const int types[] = {12, 14, 101};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		check_frame(types[i], IP4_TCP, IP4_TEXT);
		check_frame(types[i], IP6_TCP, IP6_TEXT);
		assert_int_equal(decode_hex(types[i], "50"), DECODE_BAD);
	}
	/* On OpenBSD 12 is not raw IP but loopback. */
	check_frame(12, "00000002" IP4_TCP, IP4_TEXT);
	check_frame(12, "00000018" IP6_TCP, IP6_TEXT);
	check_frame(228, IP4_TCP, IP4_TEXT);
	check_frame(229, IP6_TCP, IP6_TEXT);
	assert_int_equal(decode_hex(229, IP4_TCP), DECODE_BAD);
}

static void cooked_captures_give_the_source_and_the_interface(void **state)
{
	(void)state;
	check_frame(113, "0000 0001 0006 02000000000a0000 0800" IP4_TCP, IP4_TEXT " | 2000000000a > 0");
	check_frame(113, "0004 0304 0000 0000000000000000 86dd" IP6_TCP, IP6_TEXT);
	check_frame(113, "0000 0001 0006 02000000000a0000 0004 aaaa03 000000 0800" IP4_TCP, IP4_TEXT " | 2000000000a > 0");
	check_frame(113, "0000 0001 0006 02000000000a0000 8100 0005 0800" IP4_TCP, IP4_TEXT " | 2000000000a > 0 | vlan 5 0x5");
	check_frame(276, "0800 0000 00000007 0001 04 06 02000000000a0000" IP4_TCP, IP4_TEXT " | 2000000000a > 0 | if 7");
	check_frame(276, "86dd 0000 00000009 fffe 00 00 0000000000000000" IP6_TCP, IP6_TEXT " | if 9");
}

static void wireless_data_frames_carry_ip(void **state)
{
#define A1 "020000000001"
#define A2 "020000000002"
#define A3 "020000000003"
#define SNAP "aaaa03 000000 0800"
	(void)state;
	/* Between stations; to the access point; from it (with a QoS field); between access points. */
	check_frame(105, "0800 0000" A1 A2 A3 "1000" SNAP IP4_TCP, IP4_TEXT " | 20000000002 > 20000000001");
	check_frame(105, "0801 0000" A1 A2 A3 "1000" SNAP IP4_TCP, IP4_TEXT " | 20000000002 > 20000000003");
	check_frame(105, "8802 0000" A1 A2 A3 "1000 0000" SNAP IP4_TCP, IP4_TEXT " | 20000000003 > 20000000001");
	check_frame(105, "0803 0000" A1 A2 A3 "1000 020000000004" SNAP IP4_TCP, IP4_TEXT " | 20000000004 > 20000000003");
	/* With HT control. */
	check_frame(105, "8881 0000" A1 A2 A3 "1000 0000 00000000" SNAP IP4_TCP, IP4_TEXT " | 20000000002 > 20000000003");
	/* Protected; without data; a beacon; an aggregate. */
	assert_int_equal(decode_hex(105, "0841 0000" A1 A2 A3 "1000" SNAP IP4_TCP), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(105, "4801 0000" A1 A2 A3 "1000"), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(105, "8000 0000" A1 A2 A3 "1000 00000000"), DECODE_SKIP_NON_IP);
	assert_int_equal(decode_hex(105, "8802 0000" A1 A2 A3 "1000 8000" SNAP IP4_TCP), DECODE_SKIP_NON_IP);
}

static void radio_headers_are_taken_off(void **state)
{
	(void)state;
	/* radiotap: nothing; flags; time and flags that say: padded header; two presence words. */
	check_frame(127, "0000 0800 00000000 0801 0000" A1 A2 A3 "1000" SNAP IP4_TCP, IP4_TEXT " | 20000000002 > 20000000003");
	check_frame(127, "0000 0900 02000000 10 0801 0000" A1 A2 A3 "1000" SNAP IP4_TCP "01020304", IP4_TEXT " | 20000000002 > 20000000003");
	check_frame(127, "0000 1100 03000000 0102030405060708 20 8801 0000" A1 A2 A3 "1000 0000 0000" SNAP IP4_TCP,
	    IP4_TEXT " | 20000000002 > 20000000003");
	check_frame(127, "0000 0900 02000000 20 0801 0000" A1 A2 A3 "1000" SNAP IP4_TCP, IP4_TEXT " | 20000000002 > 20000000003");
	check_frame(127, "0000 1900 03000080 00000000 00000000 0102030405060708 20 8801 0000" A1 A2 A3 "1000 0000 0000" SNAP IP4_TCP,
	    IP4_TEXT " | 20000000002 > 20000000003");
	assert_int_equal(decode_hex(127, "0000 0700 00000000 0801"), DECODE_BAD);
	assert_int_equal(decode_hex(127, "0000 ff00 00000000 0801"), DECODE_BAD);
	/* AVS, here with nothing but its first two words. */
	check_frame(163, "80211001 00000008 0801 0000" A1 A2 A3 "1000" SNAP IP4_TCP, IP4_TEXT " | 20000000002 > 20000000003");
}

static void netfilter_logs_hold_the_packet_in_one_attribute(void **state)
{
	(void)state;
	/* A prefix (type 10) "ab", then the packet (type 9), little-endian and big-endian. */
	check_frame(239, "02 00 0001 0700 0a00 61620000 3d00 0900" IP4_TCP "000000", IP4_TEXT);
	check_frame(239, "0a 00 0001 0007 000a 61620000 0051 0009" IP6_TCP "000000", IP6_TEXT);
	assert_int_equal(decode_hex(239, "02 00 0001 0000 0a00 61620000"), DECODE_BAD);
	assert_int_equal(decode_hex(239, "02 00 0001 0300 0a00 61620000"), DECODE_BAD);
	assert_int_equal(decode_hex(239, "02 00 0001 0800 0a00 61620000"), DECODE_BAD);
}

static void netfilter_logs_may_copy_only_the_beginning(void **state)
{
	struct frame f = frame(239, "02 00 0001 2c00 0900" IP4 "9c400050 00000064 000000c8 801801f6 7f080000");
	struct segment seg;

	(void)state;
	assert_int_equal(decode(&f, f.n, f.n, &seg), DECODE_OK);
	assert_int_equal(seg.len, 5);
	assert_int_equal(seg.flags & (SEG_CUT | SEG_CSUM_OK | SEG_CSUM_BAD), SEG_CUT);
}

static void packet_taps_say_what_follows(void **state)
{
	(void)state;
	check_frame(258, "10000000 01000000 01000000 00000000" MACS "0800" IP4_TCP, IP4_TEXT MACS_TEXT);
	check_frame(149, "0c000000 01000000 0c000000" IP4_TCP, IP4_TEXT);
	assert_int_equal(decode_hex(258, "0c000000 01000000 02010000" IP4_TCP), DECODE_SKIP_LINKTYPE);
	assert_int_equal(decode_hex(258, "0b000000 01000000 0c000000" IP4_TCP), DECODE_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ethernet_carries_both_versions_of_ip),
	    cmocka_unit_test(ethernet_padding_is_no_payload),
	    cmocka_unit_test(vlan_tags_of_all_kinds_are_taken_off),
	    cmocka_unit_test(more_vlan_tags_than_the_limit_are_too_deep),
	    cmocka_unit_test(llc_and_snap_carry_ip),
	    cmocka_unit_test(what_is_not_ip_is_counted_as_that),
	    cmocka_unit_test(mpls_carries_ip_and_pseudowires),
	    cmocka_unit_test(more_labels_than_the_limit_are_too_deep),
	    cmocka_unit_test(pppoe_carries_ip),
	    cmocka_unit_test(ppp_comes_with_and_without_framing),
	    cmocka_unit_test(serial_lines_may_say_the_direction_in_front),
	    cmocka_unit_test(frame_relay_comes_in_both_dialects),
	    cmocka_unit_test(headers_that_tell_nothing_of_the_packet_are_taken_off),
	    cmocka_unit_test(tags_of_switch_chips_are_taken_off),
	    cmocka_unit_test(loopback_knows_the_families_of_all_systems_in_both_orders),
	    cmocka_unit_test(raw_ip_is_told_by_its_version),
	    cmocka_unit_test(cooked_captures_give_the_source_and_the_interface),
	    cmocka_unit_test(wireless_data_frames_carry_ip),
	    cmocka_unit_test(radio_headers_are_taken_off),
	    cmocka_unit_test(netfilter_logs_hold_the_packet_in_one_attribute),
	    cmocka_unit_test(netfilter_logs_may_copy_only_the_beginning),
	    cmocka_unit_test(packet_taps_say_what_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
