#include "tests/test_decode.h"

/* 10.0.0.1.40000 > 10.0.0.2.80: Flags [.], seq 100, ack 200, win 502, length 0, in a frame padded to 60 bytes */
#define PADDED MACS "0800 45000028 12344000 4006149a 0a000001 0a000002 9c400050 00000064 000000c8 501001f6 fc1f0000 000000000000 "

#define NAME "2f436f6d6d6f6e2f76735f776562 "              /* /Common/vs_web */
#define FLOWS "0000570001234500 0000570009876500 "
#define FLOWS_TEXT "95657530705152 95657671484672"
#define NO_PEER "0000570001234500 0000000000000000 "
#define PEER4 "06 0064 00000000000000000000ffffc0a8010a 00000000000000000000ffffc0a80101 1f90 8235 "
#define PEER4_TEXT " 192.168.1.10.8080 > 192.168.1.1.33333 vlan 100"
#define PEER6 "06 0064 fd000000000000000000000000000009 262000000c10f50100000002 7f140001 1f90 8235 "
#define PEER6_TEXT " fd00::9.8080 > 127.20.0.1.33333 vlan 100"
#define NOTHING "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "

static void f5_text(char *line, size_t size, const struct f5_trailer *f5)
{
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];
	int n = snprintf(line, size, "%s %" PRIu64 " %" PRIu64 " '%s' '%s'%s", f5->ingress ? "in" : "out", f5->flow_id, f5->peer_id, f5->virtual_name,
	    f5->rst_cause, f5->rst_peer ? " {peer}" : "");

	if (f5->has_peer)
		snprintf(line + n, size - (size_t)n, " %s.%u > %s.%u vlan %u", address_text(&f5->peer_remote, a), f5->peer_remote_port,
		    address_text(&f5->peer_local, b), f5->peer_local_port, f5->peer_vlan);
}

/* The trailer is found; a frame that ends within it has none, and is the same packet. */
static void check_trailer(const char *hex, const char *expected)
{
	struct frame f = frame(1, hex);
	struct segment seg;
	char line[400];

	assert_int_equal(decode(&f, f.n, f.n, &seg), DECODE_OK);
	assert_true(seg.f5.present);
	/* Low details say both. */
	if (seg.f5.virtual_name[0])
		assert_true(seg.f5.slot == 0 && seg.f5.tmm == 2);
	f5_text(line, sizeof(line), &seg.f5);
	assert_string_equal(line, expected);
	check_shorter(&f, &seg);
	assert_int_equal(decode(&f, f.n - 1, f.n, &seg), DECODE_OK);
	assert_false(seg.f5.present);
}

static void check_no_trailer(const char *hex)
{
	struct frame f = frame(1, hex);
	struct segment seg;

	assert_int_equal(decode(&f, f.n, f.n, &seg), DECODE_OK);
	assert_false(seg.f5.present);
	assert_int_equal(seg.len, 0);
}

static void old_trailers_of_every_release_are_read(void **state)
{
	(void)state;
	/* 9.4: flow ids are in low, medium has nothing for us. */
	check_trailer(PADDED "012100 01 00 02 01234500 09876500 00000000 00 76735f77656200000000000000000000" "020600 00 00000000",
	    "in 19088640 159868160 'vs_web' ''");
	/* 10: flow ids of 4 bytes in medium. */
	check_trailer(PADDED "011400 00 00 02 76735f77656200000000000000000000" "021300 01234500 09876500 00000000 00 00 00000000" "032800" PEER4,
	    "out 19088640 159868160 'vs_web' ''" PEER4_TEXT);
	/* 11: flow ids of 8 bytes, then names of any length and reset causes. */
	check_trailer(PADDED "011301 01 00 02 0e" NAME "021b00" FLOWS "00000000 00 00 00000000" "032800" PEER4,
	    "in " FLOWS_TEXT " '/Common/vs_web' ''" PEER4_TEXT);
	check_trailer(PADDED "011301 00 00 02 0e" NAME "023001" FLOWS "00000000 00 00 00000000 14 00 00000211a8590a93 506f72742064656e696564"
	    "032800" PEER4, "out " FLOWS_TEXT " '/Common/vs_web' 'Port denied'" PEER4_TEXT);
	check_trailer(PADDED "011301 01 00 02 0e" NAME "024003" FLOWS "00000000 00000000 00 00 00000000 00 1f 01 00000211a8590a93"
	    "466c6f7720657870697265642028737765657065 7229" "032800" PEER6,
	    "in " FLOWS_TEXT " '/Common/vs_web' 'Flow expired (sweeper)' {peer}" PEER6_TEXT);
}

static void without_a_peer_flow_the_peer_is_unknown(void **state)
{
	(void)state;
	check_trailer(PADDED "010501 01 00 02 00" "021d02" NO_PEER "00000000 00 00 00000000 00 00" "032800" NOTHING, "in 95657530705152 0 '' ''");
	check_trailer(PADDED "f5deb0f5 006b 0001" "0001 0001 000c 0002 00 00 02 00" "0001 0002 0028 0004" NO_PEER "00000000 00000000 00 00 00000000 00 00"
	    "0001 0003 002f 0001" NOTHING, "out 95657530705152 0 '' ''");
}

static void new_trailers_of_every_version_are_read(void **state)
{
	(void)state;
	check_trailer(PADDED "f5deb0f5 0079 0001" "0001 0001 001a 0002 01 00 02 0e" NAME
	    "0001 0002 0028 0004" FLOWS "00000000 00000000 00 00 00000000 00 00" "0001 0003 002f 0001" PEER4,
	    "in " FLOWS_TEXT " '/Common/vs_web' ''" PEER4_TEXT);
	/* Any order, another provider in between, ingress a bit among others, a reset cause. */
	check_trailer(PADDED "f5deb0f5 009e 0001" "0001 0002 0042 0004" FLOWS
	    "00000000 00000000 00 00 00000000 00 1a 00 00000211a8590a93 544350203357485320 72656a6563746564" "0001 0001 001a 0003 02 00 02 0e" NAME
	    "0009 0000 000b 0000 010203" "0001 0003 002f 0001" PEER6,
	    "out " FLOWS_TEXT " '/Common/vs_web' 'TCP 3WHS rejected'" PEER6_TEXT);
	/* Version 4 of low: names of port and virtual server. */
	check_trailer(PADDED "f5deb0f5 0029 0001" "0001 0001 0021 0004 03 00 02 15 01 03 312e31 00 0e" NAME, "in 0 0 '/Common/vs_web' ''");
}

static void a_trailer_may_follow_a_frame_check_sequence(void **state)
{
	(void)state;
	check_trailer(PADDED "12345678 f5deb0f5 001d 0001" "0001 0001 0015 0002 01 00 02 09 4f6c640a20 ff766970", "in 0 0 'Old? ?vip' ''");
	check_trailer(PADDED "010501 01 00 02 00 12345678", "in 0 0 '' ''");
}

static void other_trailers_are_left_alone(void **state)
{
	static const char *const others[] = {
	    PADDED "0102030405060708090a0b0c0d0e0f10",        /* anything */
	    PADDED "010501 02 00 02 00",                      /* ingress is 0 or 1 */
	    PADDED "010501 01 00 02 01",                      /* a name longer than its block */
	    PADDED "010502 01 00 02 00",                      /* unknown version */
	    PADDED "010501 01 00 02 00 020600",               /* second block cut off */
	    PADDED "020600 00 00000000",                      /* no low block */
	    PADDED "010501 01 00 02 00 010501 01 00 02 00",   /* twice */
	    PADDED "010501 01 00 02 00 0102030405",           /* something behind it */
	    PADDED "f5deb0f5 0008 0001",                      /* nothing inside */
	    PADDED "f5deb0f5 0020 0001 0001 0001 000c 0002 01 00 02 00", /* longer than the frame */
	    PADDED "f5deb0f5 0014 0002 0001 0001 000c 0002 01 00 02 00", /* unknown version */
	    PADDED "f5deb0f5 0014 0001 0001 0001 000d 0002 01 00 02 00", /* block longer than the trailer */
	    PADDED "f5deb0f5 0014 0001 0001 0001 0007 0002 01 00 02 00", /* block shorter than its header */
	    PADDED "f5deb0f5 0030 0001 0001 0002 0028 0004" FLOWS "00000000 00000000 00 00 00000000 00 00", /* no low block */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		check_no_trailer(others[i]);
}

static void names_longer_than_the_field_are_cut(void **state)
{
	char hex[800] = PADDED "015f01 01 00 02 5a";
	struct segment seg;
	struct frame f;

	(void)state;
	for (int i = 0; i < 90; i++)
		strcat(hex, "61");
	f = frame(1, hex);
	assert_int_equal(decode(&f, f.n, f.n, &seg), DECODE_OK);
	assert_true(seg.f5.present);
	assert_int_equal(strlen(seg.f5.virtual_name), sizeof(seg.f5.virtual_name) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(old_trailers_of_every_release_are_read),
	    cmocka_unit_test(without_a_peer_flow_the_peer_is_unknown),
	    cmocka_unit_test(new_trailers_of_every_version_are_read),
	    cmocka_unit_test(a_trailer_may_follow_a_frame_check_sequence),
	    cmocka_unit_test(other_trailers_are_left_alone),
	    cmocka_unit_test(names_longer_than_the_field_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
