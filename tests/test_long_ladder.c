/* The ladder of a long connection is drawn from what correlate kept for it (table ladder): as if all its packets had been read. */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/report.h"
#include "tests/sim/property.h"

#define LONGEST 5       /* ladders compared in a world */

static char *draw(struct sim_property *p, sqlite3 *sql, const int64_t *id, size_t n)
{
	struct db db = { .sql = sql };
	struct filter f = { .id = id, .ids = n };
	struct style s;
	struct err e;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(style_init(&s, out, "never", &e), 0);
	if (report_ladders(&db, &s, &f, &e) < 0)
		sim_property_broken(p, e.msg);
	fclose(out);
	return text;
}

static size_t longest(sqlite3 *db, int64_t *id)
{
	sqlite3_stmt *st;
	size_t n = 0;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT DISTINCT connection_id FROM ladder ORDER BY 1", -1, &st, NULL), SQLITE_OK);
	while (n < LONGEST && sqlite3_step(st) == SQLITE_ROW)
		id[n++] = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static void a_long_ladder_is_that_of_all_packets(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3 *db;

	w->connections = 12;
	w->response_max = 3000000;
	if (sim_property_run(p, w, &r, &db)) {
		int64_t id[LONGEST];
		size_t n = longest(db, id);
		char *kept = n ? draw(p, db, id, n) : NULL, *all;

		sim_property_equal(p, "a folded row that is not in the case", sim_property_query(p, db,
		    "SELECT count(*) FROM ladder l LEFT JOIN v_packet p USING(connection_id, packet_id) WHERE p.transmission_id IS NOT l.transmission_id"), 0);
		/* An empty table of the same name comes first: now everything is read. */
		assert_int_equal(sqlite3_exec(db, "CREATE TEMP TABLE ladder AS SELECT * FROM ladder LIMIT 0", NULL, NULL, NULL), SQLITE_OK);
		all = n ? draw(p, db, id, n) : NULL;
		if (n && strcmp(kept, all) != 0)
			sim_property_broken(p, "a ladder differs from that of all packets");
		if (n && !strstr(all, " left out: --all "))
			sim_property_broken(p, "a long ladder is not folded");
		free(kept);
		free(all);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

static void test_long_ladder(void **state)
{
	static const unsigned troubles[] = { 0, SIM_NETWORK | SIM_DROPS, SIM_ALL };

	(void)state;
	assert_int_equal(sim_property_check("a long ladder is that of all packets", a_long_ladder_is_that_of_all_packets, troubles,
	    sizeof troubles / sizeof *troubles, 6), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_long_ladder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
