#include "tests/test_import.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static const struct import_options plain, replace = {.replace = true};

/* A case with one capture, and something derived from it. */
static void make_case(struct folder *f, struct db *db)
{
	struct bytes b = many_packets(300, 5, 20);
	struct import_stats st;
	struct err e;

	case_open(db, folder_file(f, "case"), DB_CREATE);
	import_as(db, "a", folder_write(f, "first", &b), "", &plain, &st);
	assert_int_equal(db_exec(db, "INSERT INTO path VALUES(1, 0, 0, 'given'); INSERT INTO coverage VALUES(1, 0, 300, 300, 0)", &e), 0);
	bytes_free(&b);
}

#define CASE f.name[0]
#define FIRST f.name[1]

/* At whatever moment: with the first row, in the middle of the packets, with the parts behind them. */
static void a_full_disk_leaves_the_case_as_it_was(void **state)
{
	struct bytes b = many_packets(20000, 1000, 20);
	struct import_stats st;
	struct folder f;
	struct db db;
	struct err e;
	char sql[64];
	int64_t room = 0;
	unsigned failed = 0;

	(void)state;
	folder_make(&f);
	make_case(&f, &db);
	const char *second = folder_write(&f, "second", &b);
	char *before = case_dump(&db);
	int64_t pages = number(&db, "PRAGMA page_count");
	for (;; room += 16) {
		snprintf(sql, sizeof sql, "PRAGMA max_page_count = %" PRId64, pages + room);
		assert_int_equal(number(&db, sql), pages + room);
		if (import_capture(&db, "b", second, "", &plain, &st, &e) == 0)
			break;
		assert_non_null(strstr(e.msg, "/second: database or disk is full"));
		assert_true(sqlite3_get_autocommit(db.sql));
		check_same_case(&db, before);
		failed++;
	}
	assert_in_range(failed, 4, 100);
	check_whole(&db);
	assert_int_equal(number(&db, "SELECT count(*) FROM packet"), 20300);
	db_close(&db);
	free(before);
	bytes_free(&b);
	folder_free(&f);
}

static void a_case_opened_for_reading_is_not_changed(void **state)
{
	struct bytes b = many_packets(10, 1, 0);
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	make_case(&f, &db);
	char *before = case_dump(&db);
	db_close(&db);
	case_open(&db, CASE, DB_READ);
	check_import_fails(&db, folder_write(&f, "second", &b), "", &plain, "/second: attempt to write a readonly database");
	check_import_fails(&db, FIRST, "", &replace, "readonly");
	check_same_case(&db, before);
	db_close(&db);
	free(before);
	bytes_free(&b);
	folder_free(&f);
}

static void a_case_that_another_program_is_writing_is_left_to_it(void **state)
{
	struct bytes b = many_packets(10, 1, 0);
	struct import_stats st;
	struct folder f;
	struct db db, other;
	struct err e;

	(void)state;
	folder_make(&f);
	make_case(&f, &db);
	char *before = case_dump(&db);
	const char *second = folder_write(&f, "second", &b);
	case_open(&other, CASE, DB_WRITE);
	assert_int_equal(db_begin(&other, &e), 0);
	sqlite3_busy_timeout(db.sql, 10);
	check_import_fails(&db, second, "", &plain, "database is locked");
	assert_int_equal(db_end(&other, -1, &e), -1);
	check_same_case(&db, before);
	import_as(&db, "a", second, "", &plain, &st);
	db_close(&other);
	db_close(&db);
	free(before);
	bytes_free(&b);
	folder_free(&f);
}

static void what_cannot_be_imported_changes_nothing(void **state)
{
	struct bytes version = many_packets(10, 1, 0), text = {0}, empty = {0}, good = many_packets(10, 1, 0);
	const struct import_options wrong = {.filter = "no filter"}, ethernet = {.filter = "ether src 02:00:00:00:00:0a"};
	struct folder f;
	struct db db;

	(void)state;
	version.p[4] = 9;
	put(&text, "Dear reader, this is no capture.", 32);
	folder_make(&f);
	make_case(&f, &db);
	char *before = case_dump(&db);
	check_import_fails(&db, "/no/such/file", "", &plain, "/no/such/file: No such file or directory");
	check_import_fails(&db, f.path, "", &plain, "directory");
	check_import_fails(&db, folder_write(&f, "version", &version), "", &plain, "/version: at byte 4: pcap version 9.4");
	check_import_fails(&db, folder_write(&f, "text", &text), "", &plain, "/text: no capture");
	check_import_fails(&db, folder_write(&f, "empty", &empty), "", &plain, "/empty: no capture: the file is empty");
	const char *path = folder_write(&f, "good", &good);
	check_import_fails(&db, path, "", &wrong, "filter \"no filter\"");
	check_import_fails(&db, path, "", &ethernet, "link type 101");
	check_import_fails(&db, path, "eth0", &plain, "eth0");
	check_import_fails(&db, FIRST, "", &plain, "the same bytes");
	check_same_case(&db, before);
	db_close(&db);
	free(before);
	bytes_free(&version);
	bytes_free(&text);
	bytes_free(&good);
	folder_free(&f);
}

/* The program itself, importing a file into the case. */
static pid_t start_import(const char *path, const char *file)
{
	const char *prog = getenv("PROG");
	char argument[128];

	snprintf(argument, sizeof argument, "b=%s", file);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		execl(prog ? prog : "build/pcaphop", "pcaphop", "import", path, argument, (char *)NULL);
		_exit(127);
	}
	return child;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

#define RUNS (3 << 18)          /* packets: several runs of insertions, so that there is a middle */

/* Wait until pages of the unfinished transaction are in the file of the case itself, then kill it. */
static void kill_in_the_middle(struct folder *fp, const char *file)
{
	struct folder f = *fp;
	off_t before = size_of(CASE);
	struct timespec pause = {.tv_nsec = 1000000};
	int status;
	char journal[64];

	pid_t child = start_import(CASE, file);
	for (int i = 0; i < 20000 && size_of(CASE) <= before; i++)
		nanosleep(&pause, NULL);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	snprintf(journal, sizeof journal, "%s-journal", CASE);
	assert_true(size_of(CASE) > before);
	assert_true(size_of(journal) > 0);
}

/* Whoever opens it next, even for reading only, finds it as it was; and then the import goes through. */
static void a_program_killed_in_the_middle_leaves_the_case_as_it_was(void **state)
{
	struct bytes b = many_packets(RUNS, 5, 20), next = many_packets(1000, 5, 20);
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	make_case(&f, &db);
	const char *file = folder_write(&f, "large", &b);
	char *before = case_dump(&db);
	db_close(&db);
	for (int mode = DB_READ; mode <= DB_CREATE; mode += DB_CREATE - DB_READ) {
		kill_in_the_middle(&f, file);
		case_open(&db, CASE, (enum db_mode)mode);
		check_same_case(&db, before);
		db_close(&db);
	}
	case_open(&db, CASE, DB_CREATE);
	import_as(&db, "b", folder_write(&f, "next", &next), "", &plain, &st);
	assert_int_equal(number(&db, "SELECT count(*) FROM packet"), 1300);
	check_whole(&db);
	db_close(&db);
	free(before);
	bytes_free(&b);
	bytes_free(&next);
	folder_free(&f);
}

/* Also the first import: what is left is a case without a capture. */
static void a_new_case_of_a_killed_program_is_an_empty_one(void **state)
{
	struct bytes b = many_packets(RUNS, 5, 20);
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	case_open(&db, folder_file(&f, "case"), DB_CREATE);
	const char *file = folder_write(&f, "large", &b);
	char *before = case_dump(&db);
	db_close(&db);
	kill_in_the_middle(&f, file);
	case_open(&db, CASE, DB_READ);
	check_same_case(&db, before);
	db_close(&db);
	free(before);
	bytes_free(&b);
	folder_free(&f);
}

/* Its standard error goes to a file of the folder. */
static int run_import(struct folder *f, const char *case_path, const char *argument)
{
	const char *prog = getenv("PROG");
	char command[512];

	snprintf(command, sizeof command, "'%s' import '%s' '%s' 2>'%s'/said", prog ? prog : "build/pcaphop", case_path, argument, f->path);
	int status = system(command);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void check_said(const struct folder *f, const char *words)
{
	char path[64], text[600];
	FILE *from;

	snprintf(path, sizeof path, "%s/said", f->path);
	from = fopen(path, "r");
	assert_non_null(from);
	text[fread(text, 1, sizeof text - 1, from)] = '\0';
	fclose(from);
	if (strstr(text, words) == NULL || strchr(text, '\n') != text + strlen(text) - 1)
		fail_msg("not one line with \"%s\": %s", words, text);
}

/* A newer case, and a file that is something else: a sentence, status 1, and not a byte is changed. */
static void what_is_not_ours_to_write_is_refused_by_the_program(void **state)
{
	struct bytes b = many_packets(10, 1, 0);
	struct folder f;
	char argument[80];
	struct db db;
	struct err e;

	(void)state;
	folder_make(&f);
	make_case(&f, &db);
	assert_int_equal(db_exec(&db, "PRAGMA user_version = 99", &e), 0);
	char *before = case_dump(&db);
	folder_file(&f, "said");
	snprintf(argument, sizeof argument, "b=%s", folder_write(&f, "second", &b));
	assert_int_equal(run_import(&f, CASE, argument), 1);
	check_said(&f, "schema version 99; this program knows version 5");
	check_same_case(&db, before);
	assert_int_equal(number(&db, "PRAGMA user_version"), 99);
	db_close(&db);

	/* Case and capture, the wrong way round. */
	snprintf(argument, sizeof argument, "b=%s", CASE);
	assert_int_equal(run_import(&f, f.name[3], argument), 1);
	check_said(&f, "/second: file is not a database");
	FILE *from = fopen(f.name[3], "rb");
	uint8_t *now = malloc(b.n + 1);
	assert_non_null(from);
	assert_int_equal(fread(now, 1, b.n + 1, from), b.n);
	assert_memory_equal(now, b.p, b.n);
	fclose(from);
	free(now);
	free(before);
	bytes_free(&b);
	folder_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_full_disk_leaves_the_case_as_it_was),
	    cmocka_unit_test(a_case_opened_for_reading_is_not_changed),
	    cmocka_unit_test(a_case_that_another_program_is_writing_is_left_to_it),
	    cmocka_unit_test(what_cannot_be_imported_changes_nothing),
	    cmocka_unit_test(a_program_killed_in_the_middle_leaves_the_case_as_it_was),
	    cmocka_unit_test(a_new_case_of_a_killed_program_is_an_empty_one),
	    cmocka_unit_test(what_is_not_ours_to_write_is_refused_by_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
