#include "tests/test_import.h"

#include <sys/stat.h>

#include "ingest/original.h"

static const struct import_options plain;

static const struct tcp syn = {100, 1, 2, 40000, 80, 1, 0, 0x02, 1, NULL, NULL, 0}, ack = {300, 1, 2, 40000, 80, 2, 1, 0x10, 1, NULL, "hello", 0};

/* A TCP packet, a frame that is none, and another packet. */
static struct bytes three_frames(void)
{
	struct bytes b = {0};

	pcap_header(&b, NANO, 0, RAW);
	pcap_tcp(&b, &syn);
	pcap_record(&b, T, 200, 4, 60, "none");
	pcap_tcp(&b, &ack);
	return b;
}

/* A case with that capture, as file `name` of its folder. */
static void make_case(struct folder *f, struct db *db, const char *name, char const **path)
{
	struct bytes b = three_frames();
	struct import_stats st;

	folder_make(f);
	*path = folder_write(f, name, &b);
	case_open(db, folder_file(f, "case.db"), DB_CREATE);
	import_as(db, "a", *path, "", &plain, &st);
	bytes_free(&b);
}

static void check_all_frames(struct db *db, const char *folder, const char *path)
{
	struct original o;
	struct frame x;
	struct err e;

	if (original_find(&o, db, 1, folder, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.path, path);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(original_open(&o, &e), 0);
		for (uint64_t n = 1; n <= 3; n++) {
			assert_int_equal(original_next(&o, &x, &e), 1);
			assert_int_equal(x.number, n);
			assert_int_equal(x.ts_ns, T * S + (int64_t)n * 100);
			assert_int_equal(capture_interface(o.capture, x.interface)->linktype, RAW);
			if (n == 2) {
				assert_int_equal(x.len, 60);
				assert_memory_equal(x.bytes, "none", 4);
			}
		}
		assert_int_equal(original_next(&o, &x, &e), 0);
	}
	original_free(&o);
}

static void check_not_found(struct db *db, const char *folder, const char *words)
{
	struct original o;
	struct err e;

	assert_int_equal(original_find(&o, db, 1, folder, &e), -1);
	if (strstr(e.msg, words) == NULL)
		fail_msg("not \"%s\": %s", words, e.msg);
	assert_null(o.path);
}

static void every_frame_is_there_again_also_those_that_are_no_packets(void **state)
{
	struct folder f;
	struct db db;
	const char *path;

	(void)state;
	make_case(&f, &db, "x.pcap", &path);
	check_all_frames(&db, NULL, path);
	db_close(&db);
	folder_free(&f);
}

static void it_is_found_beside_the_case_and_in_a_folder_with_or_without_the_folders_of_its_name(void **state)
{
	struct folder f;
	struct err e;
	struct db db;
	const char *path;
	char other[48], deep[56], to[2][72];

	(void)state;
	make_case(&f, &db, "x.pcap", &path);
	assert_int_equal(db_exec(&db, "UPDATE capture SET name = 'nowhere/deep/x.pcap'", &e), 0);
	check_all_frames(&db, NULL, path);
	snprintf(other, sizeof other, "%s/other", f.path);
	snprintf(deep, sizeof deep, "%s/deep", other);
	snprintf(to[0], sizeof to[0], "%s/x.pcap", other);
	snprintf(to[1], sizeof to[1], "%s/x.pcap", deep);
	assert_int_equal(mkdir(other, 0700) | mkdir(deep, 0700), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rename(path, to[i]), 0);
		check_not_found(&db, NULL, "a=nowhere/deep/x.pcap: the file is no longer there, nor beside the case (--captures names the folder that has it)");
		check_not_found(&db, "/nowhere", "nor beside the case or in the folder that --captures names");
		check_all_frames(&db, other, to[i]);
		assert_int_equal(rename(to[i], path), 0);
	}
	assert_int_equal(rmdir(deep) | rmdir(other), 0);
	db_close(&db);
	folder_free(&f);
}

static void another_file_of_that_name_is_refused_and_passed_over(void **state)
{
	struct bytes b = three_frames();
	struct folder f;
	struct err e;
	struct db db;
	const char *path, *other;

	(void)state;
	make_case(&f, &db, "x.pcap", &path);
	other = folder_file(&f, "y.pcap");
	b.p[b.n - 1] ^= 1;
	assert_int_equal(rename(path, other), 0);
	folder_write(&f, "x.pcap", &b);
	check_not_found(&db, NULL, "has other bytes than the file that was imported");
	assert_int_equal(db_exec(&db, "UPDATE capture SET name = name || '/../x.pcap/y.pcap'", &e), 0);
	check_all_frames(&db, NULL, other);
	bytes_free(&b);
	db_close(&db);
	folder_free(&f);
}

static void what_was_no_file_is_not_waited_for(void **state)
{
	struct folder f;
	struct err e;
	struct db db;
	const char *path;

	(void)state;
	make_case(&f, &db, "x.pcap", &path);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	check_not_found(&db, NULL, "no longer there");
	assert_int_equal(db_exec(&db, "UPDATE capture SET name = '-'", &e), 0);
	check_not_found(&db, NULL, "a=-: it was read from standard input");
	assert_int_equal(db_exec(&db, "UPDATE capture SET id = 2", &e), 0);
	check_not_found(&db, NULL, "the case has no capture 1");
	db_close(&db);
	folder_free(&f);
}

static void a_change_under_way_is_seen_at_the_end(void **state)
{
	struct original o;
	struct folder f;
	struct frame x;
	struct err e;
	struct db db;
	const char *path;

	(void)state;
	make_case(&f, &db, "x.pcap", &path);
	assert_int_equal(original_find(&o, &db, 1, NULL, &e), 0);
	FILE *to = fopen(path, "r+b");
	assert_int_equal(fseek(to, -1, SEEK_END), 0);
	fputc('!', to);
	fclose(to);
	assert_int_equal(original_open(&o, &e), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(original_next(&o, &x, &e), 1);
	assert_int_equal(original_next(&o, &x, &e), -1);
	assert_non_null(strstr(e.msg, "changed while it was read"));
	original_free(&o);
	db_close(&db);
	folder_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_frame_is_there_again_also_those_that_are_no_packets),
	    cmocka_unit_test(it_is_found_beside_the_case_and_in_a_folder_with_or_without_the_folders_of_its_name),
	    cmocka_unit_test(another_file_of_that_name_is_refused_and_passed_over),
	    cmocka_unit_test(what_was_no_file_is_not_waited_for),
	    cmocka_unit_test(a_change_under_way_is_seen_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
