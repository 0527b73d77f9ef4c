/* Before the program is judged by it: the judge passes a case that says the truth, and finds every kind of lie in one that does not. */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/claim.h"
#include "tests/sim/program.h"
#include "tests/sim/verdict.h"

#define SEEDS 20

static void count_complaint(void *context, const char *text)
{
	(void)text;
	++*(long *)context;
}

static void must(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

static void insert(sqlite3 *db, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void insert(sqlite3 *db, const char *fmt, ...)
{
	char sql[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof sql, fmt, ap);
	va_end(ap);
	must(db, sql);
}

static void add_packets(sqlite3 *db, const struct sim_record *r, size_t c)
{
	const struct sim_truth *t = r->truth[c];

	for (unsigned p = 0; p < t->points; p++) {
		insert(db, "INSERT INTO v_flow VALUES(%zu, %zu, '%s', 'certain')", c + 1, c * 10 + p + 1, r->w->point[p].name);
		for (size_t i = 0; i < t->count; i++)
			if (sim_truth_at(t, i, p)->frame)
				insert(db, "INSERT INTO v_packet VALUES(%zu, %zu, '%s', %" PRIu64 ")", c + 1, c * 10 + p + 1,
				    r->w->point[p].name, sim_truth_at(t, i, p)->frame);
	}
}

/* Every dropped, generated and sent packet of a connection, as the program would claim it. */
static void add_findings(sqlite3 *db, const struct sim_record *r, size_t c)
{
	static const char *const kinds[] = {"dropped", "generated", "sent"};

	for (int i = 0; i < 3 * 2 * SIM_WHATS * (int)r->w->points; i++) {
		int from = i % (int)r->w->points, rest = i / (int)r->w->points;
		enum sim_dir dir = (enum sim_dir)(rest % 2);
		const char *kind = kinds[rest / 2 / SIM_WHATS], *what = sim_what_name((enum sim_what)(rest / 2 % SIM_WHATS));
		int to = from + (dir == SIM_C2S ? 1 : -1);
		bool hop = *kind != 's';
		struct sim_claim claim = {
		    kind, what, sim_dir_name(dir), hop ? from : SIM_NOWHERE, hop ? to : SIM_NOWHERE, hop ? SIM_NOWHERE : from};
		long n;

		if ((hop && (to < 0 || to >= (int)r->w->points)) || (n = sim_claim_count(r->w, r->truth[c], &claim)) <= 0)
			continue;
		if (hop)
			insert(db, "INSERT INTO v_finding VALUES(%zu, '%s', '%s', '%s', %ld, '%s', '%s', NULL, 'certain')", c + 1, kind,
			    what, sim_dir_name(dir), n, r->w->point[from].name, r->w->point[to].name);
		else
			insert(db, "INSERT INTO v_finding VALUES(%zu, '%s', '%s', '%s', %ld, NULL, NULL, '%s', 'likely')", c + 1, kind,
			    what, sim_dir_name(dir), n, r->w->point[from].name);
	}
}

static sqlite3 *make_case(const struct sim_record *r)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	must(db, "CREATE TABLE v_packet(connection_id, flow_id, point, frame);"
		 "CREATE TABLE v_flow(connection_id, flow_id, point, join_state);"
		 "CREATE TABLE v_change(connection_id, direction, from_point, to_point, field, before, after);"
		 "CREATE TABLE v_finding(connection_id, kind, what, direction, count, from_point, to_point, point, confidence); BEGIN");
	for (size_t c = 0; c < r->count; c++) {
		add_packets(db, r, c);
		add_findings(db, r, c);
	}
	must(db, "COMMIT");
	return db;
}

static long judge(const struct sim_record *r, sqlite3 *db, struct sim_verdict *v)
{
	long complaints = 0;

	*v = (struct sim_verdict){.r = r, .complain = count_complaint, .context = &complaints, .exact = true};
	sim_verdict_joins(v, db);
	sim_verdict_claims(v, db);
	return complaints;
}

static void the_truth_is_accepted(void **state)
{
	struct sim_record r;
	struct sim_world w;
	struct sim_verdict v;
	struct err e;
	long claims = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		sim_world_random(&w, seed, SIM_PATH_TROUBLE);
		assert_int_equal(sim_record_run(&r, &w, NULL, &e), 0);
		sqlite3 *db = make_case(&r);
		assert_int_equal(judge(&r, db, &v), 0);
		/* Connections that no point saw a packet of are nobody's to find. */
		assert_int_equal(v.events, v.found);
		claims += v.claims;
		sqlite3_close(db);
		sim_record_free(&r);
	}
	assert_true(claims > 100);
}

static void lies_are_found(void **state)
{
	static const char *const lies[] = {
	    "UPDATE v_finding SET count = count + 1 WHERE rowid = 1",
	    "UPDATE v_finding SET direction = CASE direction WHEN 'c2s' THEN 's2c' ELSE 'c2s' END WHERE rowid = 1",
	    "UPDATE v_finding SET what = 'FIN' WHERE rowid = 1",
	    "UPDATE v_finding SET kind = 'generated' WHERE rowid = 1",
	    "UPDATE v_finding SET from_point = to_point, to_point = from_point WHERE rowid = 1",
	    "UPDATE v_finding SET kind = 'sent', point = from_point, from_point = NULL, to_point = NULL WHERE rowid = 1",
	    "INSERT INTO v_finding VALUES(1, 'not_captured', 'SYN', 'c2s', 1, NULL, NULL, 'p0', 'certain')",
	    "INSERT INTO v_finding VALUES(1, 'terminated', 'connection', NULL, 1, 'p0', 'p1', NULL, 'certain')",
	    "INSERT INTO v_change VALUES(1, 'c2s', 'p0', 'p1', 'seq', 1, 2)",
	    "UPDATE v_packet SET connection_id = 1 WHERE connection_id = 2",
	    "UPDATE v_packet SET flow_id = 1, connection_id = 1 WHERE flow_id = 11",
	};
	struct sim_record r;
	struct sim_world w;
	struct sim_verdict v;
	struct err e;

	(void)state;
	sim_world_clean(&w, 5, 2);
	w.device[0].drops[0] = (struct sim_drop){.whats = 1u << SIM_SYN, .dirs = 1, .probability = 1, .first = 1};
	w.device[0].drop_count = 1;
	assert_int_equal(sim_record_run(&r, &w, NULL, &e), 0);
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		sqlite3 *db = make_case(&r);

		assert_int_equal(judge(&r, db, &v), 0);
		must(db, lies[i]);
		if (judge(&r, db, &v) == 0)
			fail_msg("not found: %s", lies[i]);
		sqlite3_close(db);
	}
	sim_record_free(&r);
}

static void doubt_is_no_claim(void **state)
{
	struct sim_record r;
	struct sim_world w;
	struct sim_verdict v;
	struct err e;

	(void)state;
	sim_world_clean(&w, 5, 2);
	assert_int_equal(sim_record_run(&r, &w, NULL, &e), 0);
	sqlite3 *db = make_case(&r);
	must(db, "INSERT INTO v_finding VALUES(1, 'dropped', 'SYN', 'c2s', 1, 'p0', 'p1', NULL, 'possible');"
		 "INSERT INTO v_finding VALUES(1, 'undecided', 'SYN', 'c2s', 1, 'p0', 'p1', NULL, 'certain')");
	assert_int_equal(judge(&r, db, &v), 0);
	assert_int_equal(v.claims, 0);
	sqlite3_close(db);
	sim_record_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_truth_is_accepted),
	    cmocka_unit_test(lies_are_found),
	    cmocka_unit_test(doubt_is_no_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
