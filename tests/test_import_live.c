/* A stream that is imported while it grows: what came is in the case while it goes on, and stays there however it ends. */
#include "tests/test_import.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static const struct import_options plain;

#define CASE f.name[0]          /* the first file of the folder */

/* The program, importing into the case what is written to *to. */
static pid_t start(struct folder *fp, const char *argument, int *to)
{
	struct folder f = *fp;
	const char *prog = getenv("PROG");
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[0], 0);
		close(ends[0]);
		close(ends[1]);
		assert_non_null(freopen("/dev/null", "w", stderr));
		execl(prog ? prog : "build/pcaphop", "pcaphop", "import", CASE, argument, (char *)NULL);
		_exit(127);
	}
	close(ends[0]);
	*to = ends[1];
	return child;
}

static void feed(int to, const struct bytes *b, size_t from, size_t end)
{
	while (from < end) {
		ssize_t n = write(to, b->p + from, end - from);
		if (n < 0 && errno == EINTR)
			continue;
		assert_true(n > 0);
		from += (size_t)n;
	}
}

static int end_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int64_t in_case(struct folder *fp, const char *sql)
{
	struct folder f = *fp;
	struct db db;
	struct err e;
	int64_t n = -1;

	if (db_open(&db, CASE, DB_READ, &e) < 0)
		return -1;
	if (db_int(&db, sql, -1, &n, &e) < 0)
		n = -1;
	db_close(&db);
	return n;
}

static void wait_for(struct folder *f, const char *sql, int64_t value)
{
	struct timespec pause = {.tv_nsec = 20000000};

	for (int i = 0; i < 1000; i++) {
		if (in_case(f, sql) == value)
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("%s is not %" PRId64, sql, value);
}

#define PACKETS "SELECT coalesce(sum(packets), 0) FROM capture c JOIN point p ON p.id = c.point_id WHERE p.name = 'a'"

/* Where record n (from 0) of many_packets begins. */
static size_t record(size_t n, unsigned optlen)
{
	return 24 + n * (16 + 40 + optlen);
}

static void new_folder(struct folder *f)
{
	signal(SIGPIPE, SIG_IGN);
	folder_make(f);
	folder_file(f, "case");
}

static void what_came_is_in_the_case_while_the_stream_goes_on(void **state)
{
	struct bytes b = many_packets(300, 3, 20), other = many_packets(50, 2, 0);
	struct import_stats st;
	struct folder f;
	struct db db;
	int to;

	(void)state;
	new_folder(&f);
	pid_t child = start(&f, "a=-", &to);
	feed(to, &b, 0, record(100, 20));
	wait_for(&f, PACKETS, 100);
	assert_int_equal(in_case(&f, "SELECT damage LIKE '%under way%' FROM capture"), 1);
	/* Silent as it is, others can write. */
	case_open(&db, CASE, DB_CREATE);
	import_as(&db, "b", folder_write(&f, "other", &other), "", &plain, &st);
	/* A record comes in two pieces; then one that keeps a part going. */
	feed(to, &b, record(100, 20), record(100, 20) + 33);
	feed(to, &b, record(100, 20) + 33, record(200, 20));
	wait_for(&f, PACKETS, 200);
	feed(to, &b, record(200, 20), b.n);
	close(to);
	assert_int_equal(end_of(child), 0);
	check_rows(&db, "SELECT p.name, c.frames, c.packets, c.damage FROM capture c JOIN point p ON p.id = c.point_id ORDER BY 1", "a 300 300 -\nb 50 50 -\n");
	check_rows(&db, "SELECT q.packets FROM part q JOIN capture c ON c.id = q.capture_id WHERE c.packets = 300", "100\n100\n100\n");
	check_rows(&db, "SELECT * FROM stream", "");
	check_whole(&db);
	/* The stream was the file of these bytes. */
	check_import_fails(&db, folder_write(&f, "same", &b), "", &plain, "the same bytes");
	db_close(&db);
	bytes_free(&b);
	bytes_free(&other);
	folder_free(&f);
}

static void a_stream_may_end_at_any_byte(void **state)
{
	struct bytes b = many_packets(3, 1, 0);

	(void)state;
	for (size_t end = record(1, 0); end <= b.n; end += 7) {
		struct folder f;
		struct db db;
		int to;
		new_folder(&f);
		pid_t child = start(&f, "a=-", &to);
		feed(to, &b, 0, end);
		close(to);
		assert_int_equal(end_of(child), 0);
		case_open(&db, CASE, DB_READ);
		size_t whole = (end - 24) / 56, rest = (end - 24) % 56;
		assert_int_equal(number(&db, PACKETS), whole);
		assert_int_equal(number(&db, "SELECT damage IS NOT NULL FROM capture"), rest != 0);
		check_whole(&db);
		db_close(&db);
		folder_free(&f);
	}
	bytes_free(&b);
}

static void a_signal_ends_a_stream_and_nothing_is_lost(void **state)
{
	struct bytes b = many_packets(20, 2, 0);
	static const int signals[] = {SIGINT, SIGTERM};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct folder f;
		struct db db;
		int to;
		new_folder(&f);
		pid_t child = start(&f, "a=-", &to);
		feed(to, &b, 0, record(7, 0) + 20);
		wait_for(&f, PACKETS, 7);
		kill(child, signals[i]);
		assert_int_equal(end_of(child), 0);
		close(to);
		case_open(&db, CASE, DB_READ);
		check_rows(&db, "SELECT packets, damage FROM capture", "7 -\n");
		check_whole(&db);
		db_close(&db);
		folder_free(&f);
	}
	bytes_free(&b);
}

static void what_was_committed_outlives_the_program(void **state)
{
	struct bytes b = many_packets(20, 2, 0);
	struct import_stats st;
	struct folder f;
	struct db db;
	int to;

	(void)state;
	new_folder(&f);
	pid_t child = start(&f, "a=-", &to);
	feed(to, &b, 0, record(9, 0));
	wait_for(&f, PACKETS, 9);
	kill(child, SIGKILL);
	assert_true(WIFSIGNALED(end_of(child)));
	close(to);
	case_open(&db, CASE, DB_CREATE);
	check_rows(&db, "SELECT packets, damage LIKE '%broken off%' FROM capture", "9 1\n");
	/* What comes later keeps clear of it. */
	import_as(&db, "a", folder_write(&f, "whole", &b), "", &plain, &st);
	check_rows(&db, "SELECT packets FROM capture ORDER BY packets", "9\n20\n");
	check_whole(&db);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

static void the_same_bytes_are_refused_at_the_end_of_a_stream(void **state)
{
	struct bytes b = many_packets(20, 2, 0);
	struct import_stats st;
	struct folder f;
	struct db db;
	int to;

	(void)state;
	new_folder(&f);
	case_open(&db, CASE, DB_CREATE);
	import_as(&db, "a", folder_write(&f, "x", &b), "", &plain, &st);
	pid_t child = start(&f, "a=-", &to);
	feed(to, &b, 0, b.n - 1);
	wait_for(&f, PACKETS, 39);
	feed(to, &b, b.n - 1, b.n);
	close(to);
	int status = end_of(child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	check_rows(&db, "SELECT packets FROM capture", "20\n");
	assert_int_equal(number(&db, "SELECT count(*) FROM packet"), 20);
	check_whole(&db);
	db_close(&db);
	bytes_free(&b);
	folder_free(&f);
}

static void two_streams_may_fill_one_new_case(void **state)
{
	struct bytes b = many_packets(400, 7, 20), c = many_packets(300, 5, 0);
	struct folder f;
	struct db db;
	int to_a, to_b;

	(void)state;
	new_folder(&f);
	pid_t x = start(&f, "a=-", &to_a), y = start(&f, "b=-", &to_b);
	feed(to_a, &b, 0, record(100, 20));
	feed(to_b, &c, 0, record(100, 0));
	wait_for(&f, "SELECT count(*) FROM packet", 200);
	feed(to_a, &b, record(100, 20), b.n);
	feed(to_b, &c, record(100, 0), c.n);
	close(to_a);
	close(to_b);
	assert_int_equal(end_of(x), 0);
	assert_int_equal(end_of(y), 0);
	case_open(&db, CASE, DB_READ);
	check_rows(&db, "SELECT p.name, c.packets, count(*), sum(q.packets) FROM part q JOIN capture c ON c.id = q.capture_id JOIN point p ON p.id = c.point_id "
	    "GROUP BY p.name ORDER BY 1", "a 400 7 400\nb 300 5 300\n");
	check_whole(&db);
	db_close(&db);
	bytes_free(&b);
	bytes_free(&c);
	folder_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_came_is_in_the_case_while_the_stream_goes_on),
	    cmocka_unit_test(a_stream_may_end_at_any_byte),
	    cmocka_unit_test(a_signal_ends_a_stream_and_nothing_is_lost),
	    cmocka_unit_test(what_was_committed_outlives_the_program),
	    cmocka_unit_test(the_same_bytes_are_refused_at_the_end_of_a_stream),
	    cmocka_unit_test(two_streams_may_fill_one_new_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
