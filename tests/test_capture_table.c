#include "tests/test_import.h"

#include "ingest/capture_table.h"

/* A connection without a case behind it, as in any SQLite shell. */
static void sql_open(struct db *db)
{
	assert_int_equal(sqlite3_open(":memory:", &db->sql), SQLITE_OK);
	assert_int_equal(capture_table_register(db->sql), SQLITE_OK);
}

static void check_sql_fails(struct db *db, const char *sql, const char *words)
{
	sqlite3_stmt *st;
	struct err e;
	int rc = db_prepare(db, sql, &st, &e);

	while (rc >= 0 && (rc = db_step(db, st, &e)) > 0)
		;
	sqlite3_finalize(st);
	if (rc == 0 || strstr(e.msg, words) == NULL)
		fail_msg("not \"%s\": %s", words, rc == 0 ? "done" : e.msg);
}

/* A SYN with options, a frame that is no packet of ours, and data with a timestamp. */
static struct bytes three_frames(void)
{
	static const char syn[20] = "\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\1\0\0\0\2\1\3\3\7", ts[12] = "\1\1\x08\x0a\xff\xff\xff\xff\0\0\0\3";
	struct bytes b = {0};

	pcap_header(&b, NANO, 0, RAW);
	pcap_tcp(&b, &(struct tcp){1, 1, 2, 40000, 80, 0xfffffff0, 7, 0xc2, 65535, syn, NULL, 20});
	pcap_record(&b, T, 2, 3, 3, "\x45is");
	pcap_tcp(&b, &(struct tcp){3 * S + 4, 2, 1, 80, 40000, 5, 0xfffffff1, 0x18, 100, ts, "hello", 12});
	return b;
}

static void a_row_is_a_packet_in_the_words_of_v_packet(void **state)
{
	struct bytes b = three_frames();
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	sql_open(&db);
	assert_int_equal(chdir(f.path), 0);
	folder_write(&f, "x.pcap", &b);
	check_rows(&db, "SELECT frame, time, interface, captured, src_addr, src_port, dst_addr, dst_port FROM capture('x.pcap')",
	    "1 2023-11-14T22:13:20.000000001Z 0 60 10.0.0.1 40000 10.0.0.2 80\n"
	    "3 2023-11-14T22:13:23.000000004Z 0 57 10.0.0.2 80 10.0.0.1 40000\n");
	check_rows(&db, "SELECT time_ns, flags, seq, ack, \"window\", length, tsval, tsecr FROM capture('x.pcap')",
	    "1700000000000000001 SYN,ECE,CWR 4294967280 - 65535 0 1 2\n"
	    "1700000003000000004 PSH,ACK 5 4294967281 100 5 4294967295 3\n");
	check_rows(&db, "SELECT ip_id, ttl, dscp, ecn, mss, wscale, sack_permitted, options, icmp_type, icmp_code FROM capture('x.pcap')",
	    "65244 63 46 0 1460 7 1 mss,sackOK,TS,nop,wscale - -\n"
	    "65244 63 46 0 - - - nop,nop,TS - -\n");
	check_rows(&db, "SELECT vlan, tunnel, tunnel_id, src_mac, dst_mac, damage, file FROM capture('x.pcap') WHERE rowid = 3", "- - - - - - x.pcap\n");
	sqlite3_close(db.sql);
	folder_free(&f);
	bytes_free(&b);
}

/* The link layer: one of the two interfaces is without one. */
static void interfaces_have_their_names_and_frames_their_macs(void **state)
{
	struct db db;

	(void)state;
	sql_open(&db);
	check_rows(&db, "SELECT interface, src_mac, dst_mac, count(*) FROM capture('fixtures/formats/two-interfaces.pcapng') WHERE src_port = 80 GROUP BY 1",
	    "client 02:00:00:00:01:02 02:00:00:00:01:01 20\nserver - - 20\n");
	sqlite3_close(db.sql);
}

static void the_file_may_come_from_another_table(void **state)
{
	struct db db;

	(void)state;
	sql_open(&db);
	check_rows(&db, "WITH f(name) AS (VALUES('fixtures/formats/gzip.pcap.gz'), ('fixtures/formats/nanoseconds.pcap')) "
	    "SELECT name, count(*), min(frame) FROM capture(f.name), f GROUP BY 1",
	    "fixtures/formats/gzip.pcap.gz 100 5\nfixtures/formats/nanoseconds.pcap 100 5\n");
	check_rows(&db, "SELECT count(*) FROM capture('fixtures/formats/gzip.pcap.gz') a JOIN capture('fixtures/formats/nanoseconds.pcap') b USING(frame)",
	    "100\n");
	sqlite3_close(db.sql);
}

static void what_is_no_capture_is_an_error(void **state)
{
	struct db db;

	(void)state;
	sql_open(&db);
	check_sql_fails(&db, "SELECT * FROM capture", "of which file?");
	check_sql_fails(&db, "SELECT * FROM capture(NULL)", "of which file?");
	check_sql_fails(&db, "SELECT * FROM capture('/nowhere/x')", "/nowhere/x: No such file");
	check_sql_fails(&db, "SELECT * FROM capture('Makefile')", "Makefile: no capture");
	check_sql_fails(&db, "DELETE FROM capture", "may not be modified");
	sqlite3_close(db.sql);
}

/* Every packet is given all the same, and the one in front of the damage tells. */
static void damage_is_told_by_the_packet_in_front_of_it(void **state)
{
	struct bytes b = three_frames();
	struct folder f;
	struct db db;
	size_t second = 24 + 16 + 60;

	(void)state;
	folder_make(&f);
	sql_open(&db);
	assert_int_equal(chdir(f.path), 0);
	b.n--;
	folder_write(&f, "cut", &b);
	b.n++;
	poke32(&b, second + 4, 4000000000);
	folder_write(&f, "middle", &b);
	poke32(&b, second + 4, 0);
	poke32(&b, 24 + 4, 4000000000);
	folder_write(&f, "first", &b);
	b.n = second;
	folder_write(&f, "none", &b);
	check_rows(&db, "SELECT count(*) FROM capture('cut')", "1\n");
	check_rows(&db, "SELECT frame, substr(damage, 1, 23) FROM capture('cut')", "1 frame 3 at byte 119: th\n");
	check_rows(&db, "SELECT frame, substr(damage, 1, 23) FROM capture('middle')", "1 frame 2 at byte 100: it\n3 -\n");
	check_rows(&db, "SELECT frame, substr(damage, 1, 23) FROM capture('first')", "3 frame 1 at byte 24: its\n");
	check_sql_fails(&db, "SELECT * FROM capture('none')", "none: frame 1 at byte 24: its");
	sqlite3_close(db.sql);
	folder_free(&f);
	bytes_free(&b);
}

/* Nobody who opens a database reads a file by that, whatever its schema says. */
static void the_schema_of_a_database_cannot_read_files(void **state)
{
	struct err e;
	struct db db;

	(void)state;
	sql_open(&db);
	assert_int_equal(db_exec(&db, "CREATE TABLE t(x); CREATE VIEW v AS SELECT * FROM capture('fixtures/formats/gzip.pcap.gz'); "
	    "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO t SELECT frame FROM capture('fixtures/formats/gzip.pcap.gz'); END", &e), 0);
	check_sql_fails(&db, "SELECT * FROM v", "unsafe use of virtual table");
	check_sql_fails(&db, "INSERT INTO t VALUES(1)", "unsafe use of virtual table");
	check_sql_fails(&db, "CREATE VIRTUAL TABLE u USING capture", "no such module");
	sqlite3_close(db.sql);
}

/* A case has a table of the same name. */
static void in_a_case_it_is_called_through_temp(void **state)
{
	struct db db;

	(void)state;
	case_open(&db, ":memory:", DB_CREATE);
	assert_int_equal(capture_table_register(db.sql), SQLITE_OK);
	check_rows(&db, "SELECT count(*), (SELECT count(*) FROM capture) FROM temp.capture('fixtures/formats/gzip.pcap.gz')", "100 0\n");
	db_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(interfaces_have_their_names_and_frames_their_macs),
	    cmocka_unit_test(the_file_may_come_from_another_table),
	    cmocka_unit_test(what_is_no_capture_is_an_error),
	    cmocka_unit_test(the_schema_of_a_database_cannot_read_files),
	    cmocka_unit_test(in_a_case_it_is_called_through_temp),
	    cmocka_unit_test(a_row_is_a_packet_in_the_words_of_v_packet),
	    cmocka_unit_test(damage_is_told_by_the_packet_in_front_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
