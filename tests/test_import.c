#include "tests/test_import.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SYN_OPTIONS "\2\4\5\xb4\4\2\x08\x0a\xff\xff\xff\xfe\0\0\0\0\1\3\3\7"
#define TS_OPTIONS "\1\1\x08\x0a\0\0\0\5\xf0\0\0\1"

static const struct import_options plain;

/* Router 10.0.0.9 tells 10.0.0.2 that it may not fragment; 8 bytes of the TCP header are quoted. */
static void put_icmp(struct bytes *b)
{
	put_ip(b, 9, 2, 1, 36);
	put_be(b, 0x0304ffff, 4);
	put_be(b, 1400, 4);
	put_ip(b, 2, 1, 6, 1480);
	put_be(b, 80 << 16 | 40000, 4);
	put_be(b, 0x80000001, 4);
}

/* One connection, and frames that are none of ours. */
static struct bytes conversation(void)
{
	struct bytes b = {0};

	pcap_header(&b, NANO, 0, RAW);
	pcap_tcp(&b, &(struct tcp){1000, 1, 2, 40000, 80, 0xfffffffe, 0, 0x0c2, 64240, SYN_OPTIONS, NULL, 20});
	pcap_tcp(&b, &(struct tcp){2000, 2, 1, 80, 40000, 0x80000000, 0xffffffff, 0x012, 65535, "\2\4\2\x18", NULL, 4});
	pcap_record_head(&b, 2500, 28);
	put_ip(&b, 1, 2, 17, 8);
	put_be(&b, 53 << 16 | 53, 4);
	put_be(&b, 8 << 16, 4);
	pcap_tcp(&b, &(struct tcp){3000, 1, 2, 40000, 80, 0xffffffff, 0x80000001, 0x018, 502, TS_OPTIONS, "GET /", 12});
	pcap_record_head(&b, 4000, 56);
	put_icmp(&b);
	pcap_record_head(&b, 5000, 4);
	put(&b, "oops", 4);
	/* Out of order in time, as it comes from several queues. */
	pcap_tcp(&b, &(struct tcp){500, 2, 1, 80, 40000, 0x80000001, 4, 0x011, 0, NULL, NULL, 0});
	return b;
}

static void frames_are_packets_and_skipped_by_reason(void **state)
{
	struct bytes b = conversation();
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "lb", folder_write(&f, "x", &b), "", &plain, &st);
	assert_int_equal(st.frames, 7);
	assert_int_equal(st.packets, 5);
	for (int i = 0; i < IMPORT_REASONS; i++)
		assert_int_equal(st.skipped[i], i == DECODE_SKIP_NON_TCP || i == DECODE_BAD);
	assert_string_equal(st.damage, "");
	check_rows(&db, "SELECT capture_id, reason, count FROM skipped", "1 malformed 1\n1 not TCP 1\n");
	check_rows(&db, "SELECT p.name, selector, format, compression, filter, frames, packets, first_ns, last_ns, damage FROM capture c "
	    "JOIN point p ON p.id = c.point_id", "lb  pcap  - 7 5 1700000000000000500 1700000000000005000 -\n");
	check_rows(&db, "SELECT * FROM interface", "1 0 101 0 1 - - - - - - -\n");
	check_whole(&db);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

static void packets_come_back_as_they_were_on_the_wire(void **state)
{
	struct bytes b = conversation();
	struct import_stats st;
	char expected[400];
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "lb", folder_write(&f, "x", &b), "", &plain, &st);
	snprintf(expected, sizeof expected,
	    "1 0 4294967294 0 64240 0 4294967294 0 65244 63 184 -\n"
	    "2 1000 2147483648 4294967295 65535 0 - - 65244 63 184 -\n"
	    "4 2000 4294967295 2147483649 502 5 5 4026531841 65244 63 184 %" PRIu32 "\n"
	    "5 3000 2147483649 0 0 0 - - 65244 63 184 -\n"
	    "7 -500 2147483649 4 0 0 - - 65244 63 184 -\n", (uint32_t)XXH3_64bits("GET /", 5));
	check_rows(&db, "SELECT frame, t, (seq + iif(k.flags & 1024, 0, iif(k.flags & 512, a_seq0, b_seq0))) & 4294967295, "
	    "(ack + iif(k.flags & 1040 = 16, iif(k.flags & 512, b_seq0, a_seq0), 0)) & 4294967295, win, len, "
	    "(tsval + iif(k.flags & 512, a_ts0, b_ts0)) & 4294967295, (tsecr + iif(k.flags & 16, iif(k.flags & 512, b_ts0, a_ts0), 0)) & 4294967295, "
	    "ip_id, ttl, tos, payload & 4294967295 FROM packet k CROSS JOIN part ORDER BY k.id", expected);
	/* Stored as 32 signed bits, all of them. */
	assert_int_equal(number(&db, "SELECT count(*) FROM packet WHERE seq NOT BETWEEN -2147483648 AND 2147483647 OR ack NOT BETWEEN -2147483648 "
	    "AND 2147483647 OR tsval NOT BETWEEN -2147483648 AND 2147483647 OR tsecr NOT BETWEEN -2147483648 AND 2147483647"), 0);
	snprintf(expected, sizeof expected, "%d\n%d\n%d\n%d\n%d\n", TCP_SYN | TCP_ECE | TCP_CWR | SEG_FROM_A | SEG_DF | SEG_TS | SEG_OPT,
	    TCP_SYN | TCP_ACK | SEG_DF | SEG_OPT, TCP_PSH | TCP_ACK | SEG_FROM_A | SEG_DF | SEG_TS, SEG_FROM_A | SEG_ICMP | SEG_DF | SEG_CUT,
	    TCP_FIN | TCP_ACK | SEG_DF);
	check_rows(&db, "SELECT flags FROM packet ORDER BY id", expected);
	check_rows(&db, "SELECT packet_id, mss, wscale, sack_permitted, options, hex(raw), stamped, edges FROM tcpopt JOIN layout ON layout.id = layout_id ORDER BY 1",
	    "1 1460 7 1 mss,sackOK,TS,nop,wscale 020405B40402080A000000000000000001030307 1 -\n2 536 - 0 mss 02040218 0 -\n");
	check_rows(&db, "SELECT packet_id, type, code, mtu, text, family FROM icmp JOIN addr ON addr.id = src", "4 3 4 1400 10.0.0.9 4\n");
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

static void a_part_says_what_is_known_of_the_connection(void **state)
{
	struct bytes b = conversation();
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "lb", folder_write(&f, "x", &b), "", &plain, &st);
	check_rows(&db, "SELECT a.text, a_port, b.text, b_port, tunnel_id, vlans, a_mac, b_mac, packets, bytes, a_packets, b_packets, a_ttl, b_ttl "
	    "FROM part JOIN addr a ON a.id = a_addr JOIN addr b ON b.id = b_addr", "10.0.0.1 40000 10.0.0.2 80 - 0 0 0 5 5 2 2 63 63\n");
	check_rows(&db, "SELECT first_ns, min_ns, max_ns FROM part", "1700000000000001000 1700000000000000500 1700000000000004000\n");
	check_rows(&db, "SELECT a_is_client, client_isn, server_isn, syn_tsval, synack_tsval, a_seq_min, a_seq_max, b_seq_min, b_seq_max FROM part",
	    "1 4294967294 2147483648 4294967294 - 4294967294 4 2147483648 2147483650\n");
	check_rows(&db, "SELECT * FROM run", "1 1 5\n");
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

#define RUN (1 << 15)           /* packets in a run of import */

/* Three runs, the last one short; more flows than bytes tell apart, so that the sort has work. */
static void runs_cover_every_packet_once_in_the_order_of_the_file(void **state)
{
	const uint32_t n = 2 * RUN + 1000, flows = 700;
	struct bytes b = many_packets(n, flows, 0);
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "a", folder_write(&f, "x", &b), "", &plain, &st);
	assert_int_equal(st.packets, n);
	check_whole(&db);
	assert_int_equal(number(&db, "SELECT count(*) FROM part"), flows);
	assert_int_equal(number(&db, "SELECT count(*) FROM run"), 3 * flows);
	/* Every packet is with its own part: its frame tells which flow, its place in the flow is its sequence number. */
	check_rows(&db, "SELECT k.* FROM part q CROSS JOIN run r ON r.part_id = q.id CROSS JOIN packet k ON k.id >= r.first_packet AND "
	    "k.id < r.first_packet + r.packets WHERE (k.frame - 1) % 700 <> q.a_port - 1024 OR (k.frame - 1) / 700 <> k.seq "
	    "OR q.first_ns + k.t <> 1700000000000000000 + (k.frame - 1) * 1000", "");
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

/* When a run is written, what has been idle for long is too; if it goes on, that is another part, with another row. */
static void a_connection_that_slept_for_long_comes_in_two_parts(void **state)
{
	struct bytes b = many_packets(RUN - 1, 1, 0);
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	pcap_tcp(&b, &(struct tcp){121 * S, 1, 2, 5, 80, 1, 1, 0x10, 1, NULL, NULL, 0});
	pcap_tcp(&b, &(struct tcp){122 * S, 1, 2, 1024, 80, RUN - 1, 0, 0x10, 1, NULL, NULL, 0});
	pcap_tcp(&b, &(struct tcp){122 * S, 1, 2, 5, 80, 1, 1, 0x10, 1, NULL, NULL, 0});
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "a", folder_write(&f, "x", &b), "", &plain, &st);
	check_rows(&db, "SELECT id, a_port, packets, client_isn, (SELECT count(*) FROM run WHERE part_id = part.id) FROM part ORDER BY id",
	    "1 1024 32767 0 1\n2 5 2 - 2\n3 1024 1 - 1\n");
	check_whole(&db);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

static void a_filter_leaves_out_and_counts(void **state)
{
	struct bytes b = conversation();
	const struct import_options filtered = {.filter = "src host 10.0.0.1"}, wrong = {.filter = "scr host 10.0.0.1"};
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	const char *path = folder_write(&f, "x", &b);
	/* Said before anything is read: the file need not even be there. */
	check_import_fails(&db, "/no/such/file", "", &wrong, "filter \"scr host 10.0.0.1\"");
	import_as(&db, "a", path, "", &filtered, &st);
	assert_int_equal(st.frames, 7);
	assert_int_equal(st.packets, 2);
	assert_int_equal(st.skipped[IMPORT_FILTERED], 4);
	assert_int_equal(st.skipped[DECODE_SKIP_NON_TCP], 1);
	check_rows(&db, "SELECT frame FROM packet", "1\n4\n");
	/* What was left out was still seen: it tells how long the capture ran. */
	check_rows(&db, "SELECT filter, first_ns, last_ns FROM capture", "src host 10.0.0.1 1700000000000000500 1700000000000005000\n");
	check_whole(&db);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

static void what_was_derived_before_is_void(void **state)
{
	struct bytes b = conversation();
	struct import_stats st;
	struct folder f;
	struct db db;
	struct err e;

	(void)state;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	assert_int_equal(db_exec(&db, "INSERT INTO point VALUES(5, 'old'); INSERT INTO path VALUES(5, 0, 0, 'given')", &e), 0);
	import_as(&db, "a", folder_write(&f, "x", &b), "", &plain, &st);
	assert_int_equal(number(&db, "SELECT count(*) FROM path"), 0);
	assert_int_equal(number(&db, "SELECT count(*) FROM point"), 2);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_are_packets_and_skipped_by_reason),
	    cmocka_unit_test(packets_come_back_as_they_were_on_the_wire),
	    cmocka_unit_test(a_part_says_what_is_known_of_the_connection),
	    cmocka_unit_test(runs_cover_every_packet_once_in_the_order_of_the_file),
	    cmocka_unit_test(a_connection_that_slept_for_long_comes_in_two_parts),
	    cmocka_unit_test(a_filter_leaves_out_and_counts),
	    cmocka_unit_test(what_was_derived_before_is_void),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
