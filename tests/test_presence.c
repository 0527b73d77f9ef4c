/* How many connections a point captured around a time: the same as the case says when it is asked. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/presence.h"

#include "correlate/report/diff_absent.sql.h"

/* The founding case: two points whose clocks are 37 s apart. */
static void make(char *folder)
{
	char command[1024];

	assert_non_null(getenv("PROG"));
	snprintf(command, sizeof command, "'%s' run -o %s/case.db client=fixtures/founding/client.pcap behind=fixtures/founding/behind-silent.pcap >%s/log 2>&1", getenv("PROG"), folder, folder);
	assert_int_equal(system(command), 0);
}

static void counts_are_those_of_the_case(void **state)
{
	char folder[] = "/tmp/test_presence.XXXXXX", path[64], command[64];
	struct presence p;
	struct db db;
	struct err e;
	sqlite3_stmt *st;
	int64_t first, last;

	(void)state;
	assert_non_null(mkdtemp(folder));
	make(folder);
	snprintf(path, sizeof path, "%s/case.db", folder);
	assert_int_equal(db_open(&db, path, DB_READ, &e), 0);
	assert_int_equal(presence_load(&p, &db, &e), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(db_int(&db, "SELECT min(start_ns) FROM connection", 0, &first, &e), 0);
	assert_int_equal(db_int(&db, "SELECT max(end_ns) FROM connection", 0, &last, &e), 0);
	assert_int_equal(db_prepare(&db, diff_absent_sql, &st, &e), 0);
	for (uint32_t i = 0; i < p.n; i++) {
		for (int64_t from = first - 60000000000; from < last + 60000000000; from += 13000000007) {
			int64_t to = from + (from % 5) * 100000000000;

			sqlite3_bind_int64(st, 1, from);
			sqlite3_bind_int64(st, 2, to);
			sqlite3_bind_int64(st, 3, p.point[i].point_id);
			sqlite3_bind_int64(st, 4, 0);
			assert_int_equal(db_step(&db, st, &e), 1);
			assert_int_equal(presence_count(&p, p.point[i].point_id, from, to), sqlite3_column_int64(st, 0));
			sqlite3_reset(st);
		}
	}
	assert_int_equal(presence_count(&p, 77, first, last), 0);
	sqlite3_finalize(st);
	presence_free(&p);
	db_close(&db);
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_those_of_the_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
