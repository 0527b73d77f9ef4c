#include "tests/test_import.h"

static void write_text(struct folder *f, const char *name, const char *text)
{
	struct bytes b = {0};

	put(&b, text, strlen(text));
	folder_write(f, name, &b);
	bytes_free(&b);
}

static void check_open_fails(const char *path, enum db_mode mode, const char *words)
{
	struct db db;
	struct err e;

	assert_int_equal(db_open(&db, path, mode, &e), -1);
	assert_null(db.sql);
	if (strncmp(e.msg, path, strlen(path)) != 0 || strstr(e.msg, words) == NULL)
		fail_msg("not \"%s: ... %s\": %s", path, words, e.msg);
}

static void a_new_case_says_what_it_is(void **state)
{
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	const char *path = folder_file(&f, "new.case");
	case_open(&db, path, DB_CREATE);
	assert_int_equal(number(&db, "PRAGMA application_id"), 0x70686f70);     /* phop */
	assert_int_equal(number(&db, "PRAGMA user_version"), 5);
	assert_int_equal(number(&db, "PRAGMA page_size"), 16384);
	assert_int_equal(number(&db, "SELECT count(*) FROM packet"), 0);
	assert_int_equal(number(&db, "SELECT count(*) FROM v_packet"), 0);
	db_close(&db);
	/* It is found again, and may then be read as well as written. */
	for (int mode = DB_READ; mode <= DB_CREATE; mode++) {
		case_open(&db, path, (enum db_mode)mode);
		db_close(&db);
	}
	folder_free(&f);
}

static void an_empty_file_becomes_a_case_only_where_one_may_be_made(void **state)
{
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	write_text(&f, "empty", "");
	check_open_fails(f.name[0], DB_READ, "not a pcaphop case");
	check_open_fails(f.name[0], DB_WRITE, "not a pcaphop case");
	case_open(&db, f.name[0], DB_CREATE);
	assert_int_equal(number(&db, "SELECT count(*) FROM capture"), 0);
	db_close(&db);
	folder_free(&f);
}

static void what_is_no_case_is_refused(void **state)
{
	struct folder f;
	sqlite3 *other;

	(void)state;
	folder_make(&f);
	write_text(&f, "text", "These are the notes of a person, and they are longer than the header of a database, which has a hundred bytes.");
	check_open_fails(f.name[0], DB_CREATE, "not a database");
	assert_int_equal(sqlite3_open(folder_file(&f, "other"), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)", NULL, NULL, NULL), SQLITE_OK);
	check_open_fails(f.name[1], DB_CREATE, "not a pcaphop case");
	assert_int_equal(sqlite3_exec(other, "SELECT x FROM theirs", NULL, NULL, NULL), SQLITE_OK);
	/* Of another program that left it empty. */
	assert_int_equal(sqlite3_exec(other, "DROP TABLE theirs; PRAGMA application_id = 1", NULL, NULL, NULL), SQLITE_OK);
	check_open_fails(f.name[1], DB_CREATE, "not a pcaphop case");
	sqlite3_close(other);
	check_open_fails("/no/such/folder/case", DB_CREATE, "unable to open");
	check_open_fails(folder_file(&f, "missing"), DB_WRITE, "unable to open");
	folder_free(&f);
}

static void a_case_of_another_schema_version_is_refused(void **state)
{
	struct folder f;
	struct db db;
	struct err e;

	(void)state;
	folder_make(&f);
	const char *path = folder_file(&f, "newer.case");
	case_open(&db, path, DB_CREATE);
	assert_int_equal(db_exec(&db, "PRAGMA user_version = 6", &e), 0);
	db_close(&db);
	for (int mode = DB_READ; mode <= DB_CREATE; mode++)
		check_open_fails(path, (enum db_mode)mode, "schema version 6; this program knows version 5");
	folder_free(&f);
}

static void a_transaction_is_kept_or_undone_as_a_whole(void **state)
{
	struct db db;
	struct err e = {"why"};

	(void)state;
	case_open(&db, ":memory:", DB_CREATE);
	assert_int_equal(db_begin(&db, &e), 0);
	assert_int_equal(db_exec(&db, "INSERT INTO point VALUES(1, 'a')", &e), 0);
	assert_int_equal(db_end(&db, -1, &e), -1);
	assert_string_equal(e.msg, "why");
	assert_int_equal(number(&db, "SELECT count(*) FROM point"), 0);
	assert_int_equal(db_begin(&db, &e), 0);
	assert_int_equal(db_exec(&db, "INSERT INTO point VALUES(1, 'a')", &e), 0);
	assert_int_equal(db_end(&db, 0, &e), 0);
	assert_int_equal(number(&db, "SELECT count(*) FROM point"), 1);
	/* A commit that does not go through is a failure, says why, and leaves no transaction open. */
	assert_int_equal(db_exec(&db, "PRAGMA foreign_keys = ON", &e), 0);
	assert_int_equal(db_begin(&db, &e), 0);
	assert_int_equal(db_exec(&db, "PRAGMA defer_foreign_keys = ON; INSERT INTO run VALUES(1, 1, 1)", &e), 0);
	assert_int_equal(db_end(&db, 0, &e), -1);
	assert_string_equal(e.msg, "FOREIGN KEY constraint failed");
	assert_true(sqlite3_get_autocommit(db.sql));
	assert_int_equal(number(&db, "SELECT count(*) FROM run"), 0);
	db_close(&db);
}

static int busy_calls;

/* Gives up at once; the third time the reader is through. */
static int busy(void *reader, int n)
{
	(void)n;
	if (++busy_calls == 3)
		sqlite3_reset(reader);
	return 0;
}

static void a_commit_waits_for_those_who_read(void **state)
{
	struct folder f;
	struct db db, other;
	sqlite3_stmt *reader;
	struct err e;

	(void)state;
	folder_make(&f);
	const char *path = folder_file(&f, "case");
	case_open(&db, path, DB_CREATE);
	case_open(&other, path, DB_READ);
	assert_int_equal(db_prepare(&other, "SELECT name FROM sqlite_schema", &reader, &e), 0);
	assert_int_equal(db_step(&other, reader, &e), 1);
	busy_calls = 0;
	sqlite3_busy_handler(db.sql, busy, reader);
	assert_int_equal(db_begin(&db, &e), 0);
	assert_int_equal(db_exec(&db, "INSERT INTO point(name) VALUES('a')", &e), 0);
	assert_int_equal(db_end(&db, 0, &e), 0);
	assert_int_equal(busy_calls, 3);
	check_rows(&other, "SELECT name FROM point", "a\n");
	sqlite3_finalize(reader);
	db_close(&other);
	db_close(&db);
	folder_free(&f);
}

static void errors_are_said_in_the_words_of_sqlite(void **state)
{
	struct db db;
	struct err e;
	sqlite3_stmt *st;
	int64_t n;

	(void)state;
	case_open(&db, ":memory:", DB_CREATE);
	assert_int_equal(db_exec(&db, "INSERT INTO point VALUES(1, NULL)", &e), -1);
	assert_string_equal(e.msg, "NOT NULL constraint failed: point.name");
	assert_int_equal(db_prepare(&db, "SELECT nought", &st, &e), -1);
	assert_null(st);
	assert_string_equal(e.msg, "no such column: nought");
	assert_int_equal(db_int(&db, "SELECT abs(-9223372036854775807 - 1)", 0, &n, &e), -1);
	assert_string_equal(e.msg, "integer overflow");
	db_close(&db);
}

static void one_integer_or_the_one_for_none(void **state)
{
	struct db db;
	struct err e;
	int64_t n;

	(void)state;
	case_open(&db, ":memory:", DB_CREATE);
	assert_int_equal(db_int(&db, "SELECT 9223372036854775807", 3, &n, &e), 0);
	assert_true(n == INT64_MAX);
	assert_int_equal(db_int(&db, "SELECT max(id) FROM packet", 3, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_int_equal(db_int(&db, "SELECT id FROM packet", 4, &n, &e), 0);
	assert_int_equal(n, 4);
	db_close(&db);
}

static void a_statement_runs_again_and_again(void **state)
{
	struct db db;
	struct err e;
	sqlite3_stmt *st;

	(void)state;
	case_open(&db, ":memory:", DB_CREATE);
	assert_int_equal(db_prepare(&db, "INSERT INTO point VALUES(?1, 'p' || ?1)", &st, &e), 0);
	for (int i = 1; i <= 3; i++) {
		sqlite3_bind_int(st, 1, i);
		assert_int_equal(db_run(&db, st, &e), 0);
	}
	/* Also after it has failed. */
	assert_int_equal(db_run(&db, st, &e), -1);
	sqlite3_bind_int(st, 1, 4);
	assert_int_equal(db_run(&db, st, &e), 0);
	sqlite3_finalize(st);
	assert_int_equal(number(&db, "SELECT count(*) FROM point"), 4);
	db_close(&db);
}

/* Rows enough for many times the caches: pages of what is derived come and go in the file while another connection reads what is content there. */
static void check_content_is_read(const char *mode)
{
	static const char many[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) ";
	char sql[300];
	struct folder f;
	struct db db, other;
	struct err e;

	folder_make(&f);
	case_open(&db, folder_file(&f, "case"), DB_CREATE);
	assert_int_equal(db_exec(&db, mode, &e), 0);
	snprintf(sql, sizeof sql, "%s INSERT INTO tcpopt SELECT i, 1, printf('%%0100d', i) FROM n", many);
	assert_int_equal(db_exec(&db, sql, &e), 0);
	snprintf(sql, sizeof sql, "%s INSERT INTO alike SELECT i, 1 FROM n", many);
	assert_int_equal(db_exec(&db, sql, &e), 0);
	assert_int_equal(db_begin(&db, &e), 0);
	assert_int_equal(db_open_content(&other, &db, &e), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(db_reset_derived(&db, &e), 0);
		assert_int_equal(db_exec(&db, sql, &e), 0);
		assert_int_equal(number(&other, "SELECT count(*) FROM tcpopt WHERE length(edges) = 100"), 200000);
	}
	assert_int_equal(db_end(&db, -1, &e), -1);
	assert_int_equal(number(&other, "SELECT sum(packet_id) FROM tcpopt"), 20000100000);
	db_close(&other);
	assert_int_equal(number(&db, "SELECT count(*) FROM alike"), 200000);
	db_close(&db);
	folder_free(&f);
}

static void content_is_read_while_what_is_derived_is_written(void **state)
{
	struct db db, other;
	struct err e;

	(void)state;
	check_content_is_read("PRAGMA journal_mode = DELETE");
	check_content_is_read("PRAGMA journal_mode = WAL");
	case_open(&db, ":memory:", DB_CREATE);
	assert_int_equal(db_open_content(&other, &db, &e), -1);
	db_close(&db);
}

static void derived_tables_are_emptied_and_content_is_not(void **state)
{
	struct db db;
	struct err e;

	(void)state;
	case_open(&db, ":memory:", DB_CREATE);
	assert_int_equal(db_exec(&db, "INSERT INTO point VALUES(1, 'a'); INSERT INTO path VALUES(1, 0, 0, 'given'); DROP VIEW v_hop;"
	    "CREATE VIEW v_hop AS SELECT 1", &e), 0);
	assert_int_equal(db_reset_derived(&db, &e), 0);
	assert_int_equal(number(&db, "SELECT count(*) FROM point"), 1);
	assert_int_equal(number(&db, "SELECT count(*) FROM path"), 0);
	assert_int_equal(number(&db, "SELECT count(*) FROM v_hop"), 0);
	db_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_case_says_what_it_is),
	    cmocka_unit_test(an_empty_file_becomes_a_case_only_where_one_may_be_made),
	    cmocka_unit_test(what_is_no_case_is_refused),
	    cmocka_unit_test(a_case_of_another_schema_version_is_refused),
	    cmocka_unit_test(a_transaction_is_kept_or_undone_as_a_whole),
	    cmocka_unit_test(a_commit_waits_for_those_who_read),
	    cmocka_unit_test(errors_are_said_in_the_words_of_sqlite),
	    cmocka_unit_test(one_integer_or_the_one_for_none),
	    cmocka_unit_test(a_statement_runs_again_and_again),
	    cmocka_unit_test(content_is_read_while_what_is_derived_is_written),
	    cmocka_unit_test(derived_tables_are_emptied_and_content_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
