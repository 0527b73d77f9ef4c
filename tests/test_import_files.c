#include "tests/test_import.h"

#define NAMES "SELECT p.name, c.selector, c.frames, c.packets FROM capture c JOIN point p ON p.id = c.point_id ORDER BY c.id"

static const struct import_options plain, replace = {.replace = true};

static void interface_of_name(struct bytes *b, const char *name)
{
	const uint8_t nanoseconds = 9;

	interface_begin(b, RAW, 0);
	put_option(b, 2, name, (uint16_t)strlen(name));
	put_option(b, 9, &nanoseconds, 1);
	put_option(b, 0, "", 0);
	block_end(b);
}

static void pcapng_tcp(struct bytes *b, uint32_t interface, const struct tcp *t)
{
	uint64_t ns = T * (uint64_t)S + (uint64_t)t->ns;
	size_t n = 20 + tcp_size(t);

	block_begin(b, 6);
	put32(b, interface);
	put32(b, ns >> 32);
	put32(b, ns);
	put32(b, n);
	put32(b, n);
	put_tcp(b, t);
	put_padding(b, b->block);
	block_end(b);
}

/* Two interfaces, the first one named as if it were the second; three packets, of which the last is of the second. */
static struct bytes two_interfaces(void)
{
	struct bytes b = {0};

	section_block(&b);
	interface_of_name(&b, "eth1");
	interface_of_name(&b, "lo");
	pcapng_tcp(&b, 0, &(struct tcp){100, 1, 2, 40000, 80, 1, 1, 0x10, 1, NULL, NULL, 0});
	pcapng_tcp(&b, 0, &(struct tcp){900, 2, 1, 80, 40000, 1, 1, 0x10, 1, NULL, NULL, 0});
	pcapng_tcp(&b, 1, &(struct tcp){300, 1, 2, 40000, 80, 1, 1, 0x10, 1, NULL, NULL, 0});
	return b;
}

static void one_interface_is_chosen_by_number_or_name(void **state)
{
	static const struct {
		const char *selector, *times, *frames, *interfaces;
		unsigned packets;
	} choices[] = {
	    {"0", "1700000000000000100 1700000000000000900\n", "1\n2\n", "0 eth1\n", 2},
	    {"eth1", "1700000000000000100 1700000000000000900\n", "1\n2\n", "0 eth1\n", 2},
	    {"1", "1700000000000000300 1700000000000000300\n", "3\n", "1 lo\n", 1},
	    {"lo", "1700000000000000300 1700000000000000300\n", "3\n", "1 lo\n", 1},
	    {"", "1700000000000000100 1700000000000000900\n", "1\n2\n3\n", "0 eth1\n1 lo\n", 3},
	};
	struct bytes b = two_interfaces();
	struct import_stats st;
	struct folder f;

	(void)state;
	folder_make(&f);
	const char *path = folder_write(&f, "x", &b);
	for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
		struct db db;
		case_open(&db, ":memory:", DB_CREATE);
		import_as(&db, "a", path, choices[i].selector, &plain, &st);
		assert_int_equal(st.frames, 3);
		assert_int_equal(st.packets, choices[i].packets);
		assert_int_equal(st.skipped[IMPORT_OTHER_INTERFACE], 3 - choices[i].packets);
		/* Frames of other interfaces say nothing of how long this one was captured. */
		check_rows(&db, "SELECT first_ns, last_ns FROM capture", choices[i].times);
		check_rows(&db, "SELECT frame FROM packet ORDER BY frame", choices[i].frames);
		/* Nor do what other interfaces say they dropped. */
		check_rows(&db, "SELECT number, name FROM interface", choices[i].interfaces);
		check_whole(&db);
		db_close(&db);
	}
	bytes_free(&b);
	folder_free(&f);
}

/* It would look like a place where nothing came by. */
static void an_interface_that_the_file_does_not_have_is_an_error(void **state)
{
	struct bytes b = two_interfaces();
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	const char *path = folder_write(&f, "x", &b);
	case_open(&db, ":memory:", DB_CREATE);
	check_import_fails(&db, path, "eth0", &plain, "no interface of this name or number: eth0 (the file has 2)");
	check_import_fails(&db, path, "2", &plain, "no interface of this name or number: 2");
	assert_int_equal(number(&db, "SELECT count(*) FROM capture"), 0);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

static void an_interface_without_a_frame_is_a_capture_without_times(void **state)
{
	struct bytes b = {0};
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	section_block(&b);
	interface_of_name(&b, "eth1");
	interface_of_name(&b, "lo");
	pcapng_tcp(&b, 0, &(struct tcp){100, 1, 2, 40000, 80, 1, 1, 0x10, 1, NULL, NULL, 0});
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "a", folder_write(&f, "x", &b), "lo", &plain, &st);
	check_rows(&db, "SELECT frames, packets, first_ns, last_ns FROM capture", "1 0 - -\n");
	check_whole(&db);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

static void the_same_bytes_are_refused_whatever_their_name(void **state)
{
	struct bytes b = two_interfaces();
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	const char *path = folder_write(&f, "x", &b), *copy = folder_write(&f, "copy", &b);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "a", path, "", &plain, &st);
	check_import_fails(&db, copy, "", &plain, "/copy: the same bytes are in the case already, as a=/tmp/");
	/* At another point they are another capture, and so is another interface. */
	import_as(&db, "b", copy, "", &plain, &st);
	import_as(&db, "a", copy, "lo", &plain, &st);
	check_rows(&db, NAMES, "a  3 3\nb  3 3\na lo 3 1\n");
	/* One byte more, and it is another file. */
	pcapng_tcp(&b, 1, &(struct tcp){300, 1, 2, 40000, 80, 1, 1, 0x10, 1, NULL, NULL, 0});
	import_as(&db, "a", folder_write(&f, "y", &b), "", &plain, &st);
	check_rows(&db, NAMES, "a  3 3\nb  3 3\na lo 3 1\na  4 4\n");
	check_whole(&db);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

/* How many rows each table of content has. */
static char *counts(struct db *db)
{
	return rows_text(db, "SELECT (SELECT count(*) FROM point), (SELECT count(*) FROM capture), (SELECT count(*) FROM interface), "
	    "(SELECT count(*) FROM skipped), (SELECT count(*) FROM addr), (SELECT count(*) FROM part), (SELECT count(*) FROM run), "
	    "(SELECT count(*) FROM packet), (SELECT count(*) FROM tcpopt), (SELECT count(*) FROM icmp)");
}

static void replacing_leaves_nothing_of_the_old(void **state)
{
	struct bytes big = many_packets(5000, 3, 20), b = two_interfaces();
	struct import_options narrow = {.replace = true, .filter = "port 1024"};
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	pcap_record_head(&big, 0, 48);
	put_ip(&big, 2, 1, 1, 28);
	put_be(&big, 0x0301ffff, 4);
	put_be(&big, 0, 4);
	put_ip(&big, 1, 2, 6, 1480);
	pcap_record_head(&big, 0, 56);
	put_ip(&big, 2, 1, 1, 36);
	put_be(&big, 0x0301ffff, 4);
	put_be(&big, 0, 4);
	put_ip(&big, 1, 2, 6, 1480);
	put_be(&big, 1024 << 16 | 80, 4);
	put_be(&big, 1, 4);
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	const char *path = folder_write(&f, "big", &big);
	import_as(&db, "a", folder_write(&f, "x", &b), "", &plain, &st);
	import_as(&db, "a", path, "", &plain, &st);
	assert_int_equal(number(&db, "SELECT count(*) FROM icmp"), 1);
	assert_int_equal(number(&db, "SELECT count(*) FROM tcpopt"), 5000);
	char *before = counts(&db), *other = rows_text(&db, "SELECT * FROM packet WHERE id <= 3");
	for (int i = 0; i < 3; i++) {
		import_as(&db, "a", path, "", &replace, &st);
		check_rows(&db, "SELECT (SELECT count(*) FROM point), (SELECT count(*) FROM capture), (SELECT count(*) FROM interface), "
		    "(SELECT count(*) FROM skipped), (SELECT count(*) FROM addr), (SELECT count(*) FROM part), (SELECT count(*) FROM run), "
		    "(SELECT count(*) FROM packet), (SELECT count(*) FROM tcpopt), (SELECT count(*) FROM icmp)", before);
		check_whole(&db);
	}
	/* What was not replaced is as it was; and another filter makes another content of the same bytes. */
	check_rows(&db, "SELECT * FROM packet WHERE id <= 3", other);
	import_as(&db, "a", path, "", &narrow, &st);
	assert_int_equal(number(&db, "SELECT count(*) FROM packet"), 3 + 1667);
	assert_int_equal(number(&db, "SELECT count(*) FROM tcpopt"), 1667);
	assert_int_equal(number(&db, "SELECT count(*) FROM icmp"), 0);
	check_whole(&db);
	free(before);
	free(other);
	db_close(&db);
	bytes_free(&big);
	bytes_free(&b);
	folder_free(&f);
}

/* With nothing to replace it is an ordinary import. */
static void replacing_what_is_not_there_imports_it(void **state)
{
	struct bytes b = two_interfaces();
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "a", folder_write(&f, "x", &b), "", &replace, &st);
	check_rows(&db, NAMES, "a  3 3\n");
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

static void of_a_damaged_file_what_is_readable_is_kept(void **state)
{
	struct bytes b = many_packets(10, 1, 0);
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	b.n -= 7;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "a", folder_write(&f, "cut", &b), "", &plain, &st);
	assert_int_equal(st.frames, 9);
	assert_int_equal(st.packets, 9);
	assert_string_equal(st.damage, "frame 10 at byte 528: the file ends inside the record, after 49 of 56 bytes");
	check_rows(&db, "SELECT frames, packets, damage FROM capture",
	    "9 9 frame 10 at byte 528: the file ends inside the record, after 49 of 56 bytes\n");
	check_whole(&db);
	/* A time of more than a second in frames 2 and 4, and the end: the first is told, the others are counted. */
	poke32(&b, 24 + 56 + 4, 2000000000);
	poke32(&b, 24 + 3 * 56 + 4, 2000000000);
	import_as(&db, "a", folder_write(&f, "worse", &b), "", &plain, &st);
	assert_int_equal(st.frames, 7);
	if (strncmp(st.damage, "frame 2 at byte 80: its time", 28) != 0 || strstr(st.damage, " (and 2 more)") == NULL)
		fail_msg("%s", st.damage);
	check_rows(&db, "SELECT frame FROM packet WHERE id > 9", "1\n3\n5\n6\n7\n8\n9\n");
	check_whole(&db);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

/* Seconds after T of each frame, -1 the end; first and last of the capture, and what is damaged. */
static void when_the_capture_ran_is_what_frames_agree_on(void **state)
{
#define YEAR 31536000
	static const struct {
		int64_t s[8];
		const char *rows;
	} cases[] = {
	    {{10, 11, 12, -1}, "10 12 -\n"},
	    {{10, 11, YEAR, 12, 13, -1}, "10 13 frame 3 at byte 136: its time is 364 days away from that of the frames beside it\n"},
	    {{10, YEAR, 11, YEAR, 12, -1}, "10 12 frame 2 at byte 80: its time is 364 days away from that of the frames beside it (and 1 more)\n"},
	    {{10, 11, YEAR, -1}, "10 11 -\n"},
	    {{YEAR, 10, 11, -1}, "10 11 -\n"},
	    {{YEAR, -1}, "31536000 31536000 -\n"},
	    {{10, 11, YEAR, YEAR + 1, -1}, "10 31536001 -\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct bytes b = {0};
		struct import_stats st;
		struct folder f;
		struct db db;
		pcap_header(&b, NANO, 0, RAW);
		for (int k = 0; cases[i].s[k] >= 0; k++)
			pcap_tcp(&b, &(struct tcp){cases[i].s[k] * S, 1, 2, 40000, 80, 1, 1, 0x10, 1, NULL, NULL, 0});
		folder_make(&f);
		case_open(&db, ":memory:", DB_CREATE);
		import_as(&db, "a", folder_write(&f, "x", &b), "", &plain, &st);
		check_rows(&db, "SELECT first_ns / 1000000000 - 1700000000, last_ns / 1000000000 - 1700000000, damage FROM capture", cases[i].rows);
		bytes_free(&b);
		db_close(&db);
		folder_free(&f);
	}
}

static void a_point_may_have_many_captures(void **state)
{
	struct bytes one = many_packets(100, 2, 20), two = {0};
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	pcap_header(&two, NANO, 0, RAW);
	for (uint32_t i = 50; i < 60; i++)
		pcap_tcp(&two, &(struct tcp){S + i, 1, 2, 1024, 80, i, 0, 0x10, 1, NULL, NULL, 0});
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "a", folder_write(&f, "1", &one), "", &plain, &st);
	import_as(&db, "a", folder_write(&f, "2", &two), "", &plain, &st);
	check_rows(&db, NAMES, "a  100 100\na  10 10\n");
	assert_int_equal(number(&db, "SELECT count(*) FROM point"), 1);
	assert_int_equal(number(&db, "SELECT count(*) FROM addr"), 2);
	check_rows(&db, "SELECT id, capture_id, a_port, packets FROM part", "1 1 1024 50\n2 1 1025 50\n3 2 1024 10\n");
	check_rows(&db, "SELECT * FROM run", "1 1 50\n2 51 50\n3 101 10\n");
	check_whole(&db);
	db_close(&db);
	bytes_free(&one);
	bytes_free(&two);
	folder_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_interface_is_chosen_by_number_or_name),
	    cmocka_unit_test(an_interface_that_the_file_does_not_have_is_an_error),
	    cmocka_unit_test(an_interface_without_a_frame_is_a_capture_without_times),
	    cmocka_unit_test(the_same_bytes_are_refused_whatever_their_name),
	    cmocka_unit_test(replacing_leaves_nothing_of_the_old),
	    cmocka_unit_test(replacing_what_is_not_there_imports_it),
	    cmocka_unit_test(of_a_damaged_file_what_is_readable_is_kept),
	    cmocka_unit_test(when_the_capture_ran_is_what_frames_agree_on),
	    cmocka_unit_test(a_point_may_have_many_captures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
