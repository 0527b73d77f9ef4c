#include "tests/test_decode.h"

/* Link type RAW: nothing before the IP header. Addresses 10.0.0.1 > 10.0.0.2 and ports 40000 > 80, seq 100, ack 200, win 502 throughout. */
#define RAW 101
#define ENDS4 "0a000001 0a000002 "
#define ENDS6 "fd000000000000000000000000000001 fd000000000000000000000000000002 "
#define PORTS "9c400050 00000064 000000c8 "
#define TUPLE "10.0.0.1.40000 > 10.0.0.2.80 "
#define REST "ttl 64 tos 0 id 0x1234"

static void a_syn_has_its_options(void **state)
{
	(void)state;
	/* Flags [S], seq 100, win 502, options [mss 1460,sackOK,TS val 11 ecr 0,nop,wscale 7], length 0 */
	check_frame(RAW, "4500003c 12344000 40061486" ENDS4 "9c400050 00000064 00000000 a00201f6 95080000 020405b4 0402080a 0000000b 00000000 01030307",
	    TUPLE "[S DF ok opt] seq 100 ack 0 win 502 len 0/0 " REST " options 20 ts 11/0");
}

static void all_nine_flags_are_kept(void **state)
{
	(void)state;
	/* Flags [SEWe], the SYN of accurate ECN; then all of them. */
	check_frame(RAW, "45000028 12344000 4006149a" ENDS4 PORTS "51c201f6 fa6d0000", TUPLE "[SEWe DF ok] seq 100 ack 200 win 502 len 0/0 " REST);
	check_frame(RAW, "45000028 12344000 4006149a" ENDS4 PORTS "51ff01f6 fa300000",
	    TUPLE "[FSRP.UEWe DF ok] seq 100 ack 200 win 502 len 0/0 " REST);
}

static void options_beyond_a_timestamp_are_noted(void **state)
{
	(void)state;
	/* options [nop,nop,TS val 11 ecr 22,nop,nop,sack 1 {256:300}] */
	check_frame(RAW, "45000040 12344000 40061482" ENDS4 PORTS "b01001f6 8aa40000 0101080a 0000000b 00000016 0101050a 00000100 0000012c",
	    TUPLE "[. DF ok opt] seq 100 ack 200 win 502 len 0/0 " REST " options 24 ts 11/22");
	/* options [TS val 11 ecr 22,eol]; then nothing but 40 nop */
	check_frame(RAW, "45000034 12344000 4006148e" ENDS4 PORTS "801001f6 c3e80000 080a0000 000b0000 00160000",
	    TUPLE "[. DF ok] seq 100 ack 200 win 502 len 0/0 " REST " options 12 ts 11/22");
	check_frame(RAW, "45000050 12344000 40061472" ENDS4 PORTS "f01001f6 47e30000 01010101 01010101 01010101 01010101 01010101 01010101"
	    "01010101 01010101 01010101 01010101", TUPLE "[. DF ok] seq 100 ack 200 win 502 len 0/0 " REST " options 40");
}

static void malformed_options_do_not_spoil_the_packet(void **state)
{
	(void)state;
	/* A window scale of 9 bytes in 2; a timestamp that is only its kind. */
	check_frame(RAW, "4500002c 12344000 40061496" ENDS4 PORTS "601001f6 e8110000 01010309",
	    TUPLE "[. DF ok opt] seq 100 ack 200 win 502 len 0/0 " REST " options 4");
	check_frame(RAW, "4500002c 12344000 40061496" ENDS4 PORTS "601001f6 ea120000 01010108",
	    TUPLE "[. DF ok opt] seq 100 ack 200 win 502 len 0/0 " REST " options 4");
}

static void options_are_walked_to_their_end(void **state)
{
	static const uint8_t o[] = {1, 2, 4, 5, 180, 4, 2, 0, 3, 3};
	static const uint8_t bad[][4] = {{3, 0, 0, 0}, {3, 1, 0, 0}, {3, 5, 0, 0}, {1, 1, 1, 3}};
	uint8_t kind;

	(void)state;
	assert_int_equal(decode_option(o, sizeof(o), 0, &kind), 1);
	assert_int_equal(kind, 1);
	assert_int_equal(decode_option(o, sizeof(o), 1, &kind), 4);
	assert_int_equal(kind, 2);
	assert_int_equal(decode_option(o, sizeof(o), 5, &kind), 2);
	assert_int_equal(kind, 4);
	assert_int_equal(decode_option(o, sizeof(o), 7, &kind), 0);
	assert_int_equal(kind, 0);
	assert_int_equal(decode_option(o, sizeof(o), 10, &kind), 0);
	assert_int_equal(kind, 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(decode_option(bad[i], 4, i == 3 ? 3 : 0, &kind), 0);
		assert_int_equal(kind, 3);
	}
}

/* A capture that ends inside the options gives what is there, and says so. */
static void options_may_be_cut_off(void **state)
{
	struct frame f = frame(RAW, IP4_TCP);
	struct segment seg;

	(void)state;
	assert_int_equal(decode(&f, 39, f.n, &seg), DECODE_SHORT);
	assert_int_equal(decode(&f, 40, f.n, &seg), DECODE_OK);
	assert_int_equal(seg.optlen, 0);
	assert_int_equal(seg.len, 5);
	assert_int_equal(seg.flags, SEG_DF | SEG_CUT | TCP_PSH | TCP_ACK);
	assert_int_equal(decode(&f, 50, f.n, &seg), DECODE_OK);
	assert_int_equal(seg.optlen, 10);
	assert_int_equal(seg.flags & (SEG_CUT | SEG_TS), SEG_CUT);
	assert_int_equal(decode(&f, 54, f.n, &seg), DECODE_OK);
	assert_int_equal(seg.optlen, 12);
	assert_int_equal(seg.caplen, 2);
	assert_int_equal(seg.flags & (SEG_CUT | SEG_TS), SEG_CUT | SEG_TS);
}

static void wrong_checksums_are_told_from_unfinished_ones(void **state)
{
	/* The field as it should be, off by one, the sum of the pseudo header with and without its length, zero. */
	static const struct {
		const char *field, *text;
	} sums[] = {{"7f08", " ok"}, {"7f09", " bad"}, {"142e", ""}, {"1409", ""}, {"0000", ""}, {"ffff", " bad"}};
	char hex[200], expected[200];

	(void)state;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		snprintf(hex, sizeof(hex), "%s %s 801801f6 %s 0000 0101080a 0000000b 00000016 68656c6c6f", IP4, PORTS, sums[i].field);
		snprintf(expected, sizeof(expected), TUPLE "[P. DF%s] seq 100 ack 200 win 502 len 5/5 ttl 64 tos 0xb8 id 0x1234 options 12 ts 11/22",
		    sums[i].text);
		check_frame(RAW, hex, expected);
	}
	/* 9 bytes: an odd number is summed as if a zero followed. */
	check_frame(RAW, "45000031 12344000 40061491" ENDS4 PORTS "501001f6 a2340000 78787878 78787878 78",
	    TUPLE "[. DF ok] seq 100 ack 200 win 502 len 9/9 " REST);
	/* Loose source routing: the checksum is made with another address. */
	check_frame(RAW, "47000031 12344000 40061491" ENDS4 "83070800 00000000" PORTS "501001f6 dead0000 78",
	    TUPLE "[. DF] seq 100 ack 200 win 502 len 1/1 " REST);
}

static void ipv4_options_are_passed_over(void **state)
{
	(void)state;
	/* Router alert. */
	check_frame(RAW, "4600003d 12344000 40067f80" ENDS4 "94040000" TCP4,
	    TUPLE "[P. DF ok] seq 100 ack 200 win 502 len 5/5 " REST " options 12 ts 11/22");
	check_frame(RAW, "45000051 12344000 40331444" ENDS4 "06040000 00000001 00000001 01020304 05060708 090a0b0c" TCP4,
	    TUPLE "[P. DF ok] seq 100 ack 200 win 502 len 5/5 " REST " options 12 ts 11/22");
}

static void total_length_zero_is_the_length_of_the_frame(void **state)
{
	(void)state;
	check_frame(RAW, "45000000 12344000 400614c2" ENDS4 TCP4, TUPLE "[P. DF ok] seq 100 ack 200 win 502 len 5/5 " REST " options 12 ts 11/22");
	check_frame(RAW, "6b800000 00000640" ENDS6 TCP6, IP6_TEXT);
}

static void contradictory_lengths_are_bad(void **state)
{
	static const char *const bad[] = {
	    "44000039 12344000 400613d1" ENDS4 TCP4,          /* IP header of 16 bytes */
	    "45000013 12344000 400613d1" ENDS4 TCP4,          /* total length below the header's */
	    "4f00003b 12344000 400613d1" ENDS4 TCP4,          /* header of 60 in a packet of 59 */
	    "4500003a 12344000 400613d1" ENDS4 TCP4,          /* total length beyond the frame, header checksum wrong */
	    "45000027 12344000 400613d1" ENDS4 TCP4,          /* no room for a TCP header */
	    "55000039 12344000 400613d1" ENDS4 TCP4,          /* version 5 */
	    "45000028 12344000 4006149a" ENDS4 PORTS "401001f6 00000000", /* data offset 4 */
	    "45000028 12344000 4006149a" ENDS4 PORTS "601001f6 00000000", /* data offset beyond the packet */
	    "60000000 00260640" ENDS6 TCP6,                   /* payload length beyond the frame */
	    "60000000 00130640" ENDS6 TCP6,                   /* no room for a TCP header */
	    "60000000 00080040" ENDS6 "0601000000000000 0000000000000000", /* an extension header beyond the packet */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(decode_hex(RAW, bad[i]), DECODE_BAD);
	assert_int_equal(decode_hex(1, MACS "0800" IP6_TCP), DECODE_BAD);
	assert_int_equal(decode_hex(1, MACS "86dd" IP4_TCP), DECODE_BAD);
	assert_int_equal(decode_hex(RAW, ""), DECODE_BAD);
}

/* A packet broker has cut the packet to 72 bytes before it was captured; the header checksum vouches for the total length of 1052. */
static void a_packet_sliced_before_the_capture_is_a_cut_packet(void **state)
{
	(void)state;
	check_frame(RAW, "4500041c 12344000 400610a6" ENDS4 PORTS "801801f6 7db60000 0101080a 0000000b 00000016 79797979797979797979797979797979 79797979",
	    TUPLE "[P. DF cut] seq 100 ack 200 win 502 len 20/1000 " REST " options 12 ts 11/22");
}

static void fragments_are_told_from_whole_packets(void **state)
{
	(void)state;
	/* The header alone; then the rest at offset 32. */
	check_frame(RAW, "45000034 12342000 4006348e" ENDS4 PORTS "801801f6 7f080000 0101080a 0000000b 00000016",
	    TUPLE "[P. fragment] seq 100 ack 200 win 502 len 0/0 " REST " options 12 ts 11/22");
	check_frame(RAW, "4500001c 12340004 400654a2" ENDS4 "68656c6c6f616263", "10.0.0.1.0 > 10.0.0.2.0 [ later] seq 32 ack 0 win 0 len 8/8 " REST);
	check_frame(RAW, "4500001c 12342004 400634a2" ENDS4 "68656c6c6f616263", "10.0.0.1.0 > 10.0.0.2.0 [ fragment later] seq 32 ack 0 win 0 len 8/8 " REST);
	check_frame(RAW, "60000000 00282c40" ENDS6 "06000001 12345678" PORTS "801801f6 99060000 0101080a 0000000b 00000016",
	    "fd00::1.40000 > fd00::2.80 [P. fragment] seq 100 ack 200 win 502 len 0/0 ttl 64 tos 0 id 0x5678 options 12 ts 11/22");
	check_frame(RAW, "60000000 000d2c40" ENDS6 "06000020 12345678 68656c6c6f",
	    "fd00::1.0 > fd00::2.0 [ later] seq 32 ack 0 win 0 len 5/5 ttl 64 tos 0 id 0x5678");
	/* A fragment header around a whole packet (RFC 6946). */
	check_frame(RAW, "60000000 002d2c40" ENDS6 "06000000 12345678" TCP6,
	    "fd00::1.40000 > fd00::2.80 [P. ok] seq 100 ack 200 win 502 len 5/5 ttl 64 tos 0 id 0x5678 options 12 ts 11/22");
}

static void fragments_without_a_tcp_header_are_counted(void **state)
{
	(void)state;
	/* A later one of UDP; a first one of 8 bytes; a later one behind a destination option. */
	assert_int_equal(decode_hex(RAW, "4500001c 12340002 40115499" ENDS4 "68656c6c6f313233"), DECODE_SKIP_FRAGMENT);
	assert_int_equal(decode_hex(RAW, "4500001c 12342000 400634a6" ENDS4 "9c400050 00000064"), DECODE_SKIP_FRAGMENT);
	assert_int_equal(decode_hex(RAW, "60000000 000d2c40" ENDS6 "3c000020 12345678 68656c6c6f"), DECODE_SKIP_FRAGMENT);
}

static void ipv6_extension_headers_are_passed_over(void **state)
{
	(void)state;
	/* Hop-by-hop, routing, destination options, authentication. */
	check_frame(RAW, "6b800000 00550040" ENDS6 "2b000104 00000000 3c000300 00000000 33000104 00000000"
	    "06040000 00000001 00000001 01020304 05060708 090a0b0c" TCP6, IP6_TEXT);
	assert_int_equal(decode_hex(RAW, "60000000 00083b40" ENDS6 "0000000000000000"), DECODE_SKIP_NON_TCP);
#define HOP4 "0000010400000000 0000010400000000 0000010400000000 0000010400000000 "
	assert_int_equal(decode_hex(RAW, "60000000 00880040" ENDS6 HOP4 HOP4 HOP4 HOP4 "0600010400000000"), DECODE_SKIP_DEPTH);
}

/* 10.0.0.9 > 10.0.0.1: ICMP; behind it the packet that it is about. */
#define ICMP(total, sum) "45c000" total " 00990000 ff01" sum " 0a000009 0a000001 "
#define ICMP_REST "ttl 255 tos 0xc0 id 0x99"

static void icmp_errors_are_about_the_tcp_packet_they_quote(void **state)
{
	(void)state;
	/* unreachable - need to frag (mtu 1400), 8 bytes quoted; port unreachable, all quoted. */
	check_frame(RAW, ICMP("38", "a662") "03045a8f 00000578" IP4 "9c400050 00000064",
	    TUPLE "[ icmp cut] seq 100 ack 0 win 0 len 0/0 " ICMP_REST " | icmp 3/4 mtu 1400 info 0x578 from 10.0.0.9");
	check_frame(RAW, ICMP("55", "a645") "0303112b 00000000" IP4_TCP,
	    TUPLE "[P. icmp] seq 100 ack 200 win 502 len 5/5 " ICMP_REST " options 12 ts 11/22 | icmp 3/3 mtu 0 info 0 from 10.0.0.9");
	/* time exceeded, 12 bytes quoted; redirect, 14; source quench, 19; parameter problem, 27. */
	check_frame(RAW, ICMP("3c", "a65e") "0b005743 00000000" IP4 PORTS,
	    TUPLE "[ icmp cut] seq 100 ack 200 win 0 len 0/0 " ICMP_REST " | icmp 11/0 mtu 0 info 0 from 10.0.0.9");
	check_frame(RAW, ICMP("3e", "a65c") "0501d2c6 0a000063" IP4 PORTS "8018",
	    TUPLE "[P. icmp cut] seq 100 ack 200 win 0 len 0/5 " ICMP_REST " | icmp 5/1 mtu 0 info 0xa000063 from 10.0.0.9");
	check_frame(RAW, ICMP("43", "a657") "04005d2c 00000000" IP4 PORTS "801801f67f0800",
	    TUPLE "[P. icmp cut] seq 100 ack 200 win 502 len 0/5 " ICMP_REST " | icmp 4/0 mtu 0 info 0 from 10.0.0.9");
	check_frame(RAW, ICMP("4b", "a64f") "0c003c21 10000000" IP4 PORTS "801801f6 7f080000 0101080a 000000",
	    TUPLE "[P. icmp cut opt] seq 100 ack 200 win 502 len 0/5 " ICMP_REST " options 7 | icmp 12/0 mtu 0 info 0x10000000 from 10.0.0.9");
}

static void icmp_extensions_are_not_taken_for_the_quote(void **state)
{
	(void)state;
	/* time exceeded; the quote is 10 words of the packet; then extensions version 2, one object. */
	check_frame(RAW, ICMP("4c", "a64e") "0b000000 000a0000" IP4 PORTS "801801f6 7f080000 2000dfff 00080101 00000000",
	    TUPLE "[P. icmp cut] seq 100 ack 200 win 502 len 0/5 " ICMP_REST " | icmp 11/0 mtu 0 info 0xa0000 from 10.0.0.9");
	check_frame(RAW, ICMP("4c", "a64e") "03010000 000a0000" IP4 PORTS "801801f6 7f080000 2000dfff 00080101 00000000",
	    TUPLE "[P. icmp cut] seq 100 ack 200 win 502 len 0/5 " ICMP_REST " | icmp 3/1 mtu 0 info 0xa0000 from 10.0.0.9");
	/* ICMPv6: 8 words of 8 bytes. */
	check_frame(RAW, "60000000 00503a40 fd000000000000000000000000000009 fd000000000000000000000000000001 03000000 08000000" IP6 PORTS
	    "801801f6 99060000 0101080a 2000dfff 00040101", "fd00::1.40000 > fd00::2.80 [P. icmp cut opt] seq 100 ack 200 win 502 len 0/5 "
	    "ttl 64 tos 0 id 0 options 4 | icmp 3/0 mtu 0 info 0x8000000 from fd00::9");
}

static void icmpv6_errors_are_about_the_tcp_packet_they_quote(void **state)
{
#define ICMP6 "60000000 00553a40 fd000000000000000000000000000009 fd000000000000000000000000000001 "
#define QUOTED6 "fd00::1.40000 > fd00::2.80 [P. icmp] seq 100 ack 200 win 502 len 5/5 ttl 64 tos 0 id 0 options 12 ts 11/22 "
	(void)state;
	check_frame(RAW, ICMP6 "01040000 00000000" IP6_TCP, QUOTED6 "| icmp 1/4 mtu 0 info 0 from fd00::9");
	check_frame(RAW, ICMP6 "02000000 00000500" IP6_TCP, QUOTED6 "| icmp 2/0 mtu 1280 info 0x500 from fd00::9");
	check_frame(RAW, ICMP6 "02000000 000186a0" IP6_TCP, QUOTED6 "| icmp 2/0 mtu 65535 info 0x186a0 from fd00::9");
	check_frame(RAW, ICMP6 "03000000 00000000" IP6_TCP, QUOTED6 "| icmp 3/0 mtu 0 info 0 from fd00::9");
	check_frame(RAW, ICMP6 "04010000 00000028" IP6_TCP, QUOTED6 "| icmp 4/1 mtu 0 info 0x28 from fd00::9");
}

static void icmp_that_is_no_error_about_tcp_is_skipped(void **state)
{
	(void)state;
	/* Echo request; about UDP; about GRE; about a later fragment. */
	assert_int_equal(decode_hex(RAW, ICMP("1c", "a67e") "0800f7ff 00000000"), DECODE_SKIP_NON_TCP);
	assert_int_equal(decode_hex(RAW, ICMP("38", "a662") "0303396f 00000000 4500001c 12344000 4011149b" ENDS4 "c3500035 00080000"), DECODE_SKIP_NON_TCP);
	assert_int_equal(decode_hex(RAW, ICMP("38", "a662") "0303fcfc 00000000 4500001c 12344000 402f147d" ENDS4 "0000000000000000"), DECODE_SKIP_NON_TCP);
	assert_int_equal(decode_hex(RAW, ICMP("38", "a662") "0b01f4fe 00000000 4500001c 12340005 400654a1" ENDS4 "0000000000000000"), DECODE_SKIP_NON_TCP);
	/* A quoted data offset of 3, in 15 bytes of header and in 20. */
	assert_int_equal(decode_hex(RAW, ICMP("3f", "a65b") "0b000000 00000000" IP4 PORTS "301801"), DECODE_BAD);
	assert_int_equal(decode_hex(RAW, ICMP("44", "a656") "0b000000 00000000" IP4 PORTS "301801f6 7f080000"), DECODE_BAD);
	/* 7 bytes are too few to find the connection, and it was not the capture that cut them off. */
	assert_int_equal(decode_hex(RAW, ICMP("37", "a663") "0301606e 00000000" IP4 "9c400050 000000"), DECODE_BAD);
}

static void every_result_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < DECODE_RESULTS; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(decode_result_name((enum decode_result)i), decode_result_name((enum decode_result)k));
	assert_string_equal(decode_result_name(DECODE_OK), "ok");
	assert_string_equal(decode_result_name(DECODE_RESULTS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_syn_has_its_options),
	    cmocka_unit_test(all_nine_flags_are_kept),
	    cmocka_unit_test(options_beyond_a_timestamp_are_noted),
	    cmocka_unit_test(malformed_options_do_not_spoil_the_packet),
	    cmocka_unit_test(options_are_walked_to_their_end),
	    cmocka_unit_test(options_may_be_cut_off),
	    cmocka_unit_test(wrong_checksums_are_told_from_unfinished_ones),
	    cmocka_unit_test(ipv4_options_are_passed_over),
	    cmocka_unit_test(total_length_zero_is_the_length_of_the_frame),
	    cmocka_unit_test(contradictory_lengths_are_bad),
	    cmocka_unit_test(a_packet_sliced_before_the_capture_is_a_cut_packet),
	    cmocka_unit_test(fragments_are_told_from_whole_packets),
	    cmocka_unit_test(fragments_without_a_tcp_header_are_counted),
	    cmocka_unit_test(ipv6_extension_headers_are_passed_over),
	    cmocka_unit_test(icmp_errors_are_about_the_tcp_packet_they_quote),
	    cmocka_unit_test(icmp_extensions_are_not_taken_for_the_quote),
	    cmocka_unit_test(icmpv6_errors_are_about_the_tcp_packet_they_quote),
	    cmocka_unit_test(icmp_that_is_no_error_about_tcp_is_skipped),
	    cmocka_unit_test(every_result_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
