/*
 * Who made what, in random worlds: devices that refuse, forge resets midway, keep half-open connections (and imitate the server's TTL), behind NAT and
 * devices that shift sequence numbers. No claim may be wrong; one capture alone claims nothing, and what it holds likelier is.
 */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/sim/property.h"

static void claims_are_true(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3 *db;

	if (sim_property_run(p, w, &r, &db))
		sim_property_judge(p, &r, db, !(p->troubles & SIM_CAPTURE_LOSS));
	sqlite3_close(db);
	sim_record_free(&r);
}

/* Who made the packet that a point recorded as frame number so? */
static bool by_device(const struct sim_record *r, unsigned point, uint64_t frame)
{
	for (size_t c = 0; c < r->count; c++)
		for (size_t i = 0; i < r->truth[c]->count; i++)
			if (sim_truth_at(r->truth[c], i, point)->frame == frame)
				return r->truth[c]->sent[i].maker != SIM_HOST;
	return false;
}

static long leaned, leaned_wrong;

static void leanings_are_right(struct sim_property *p, const struct sim_record *r, sqlite3 *db, unsigned point)
{
	static const char sql[] = "SELECT v.frame, instr(f.text, 'More likely a device') > 0 FROM v_finding f "
				  "JOIN v_packet v ON v.packet_id = json_extract(f.evidence, '$.packets[0]') WHERE instr(f.text, 'More likely') > 0";
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		leaned++;
		if (by_device(r, point, (uint64_t)sqlite3_column_int64(st, 0)) == sqlite3_column_int(st, 1))
			continue;
		leaned_wrong++;
		sim_property_broken(p, "what is held likelier is not what was");
	}
	sqlite3_finalize(st);
}

static void one_capture_accuses_nobody(struct sim_property *p, struct sim_world *w)
{
	static const char claims[] = "SELECT count(*) FROM v_finding WHERE confidence <> 'possible' AND kind IN ('dropped', 'generated', 'sent', 'unanswered')";
	unsigned point = (unsigned)(p->seed % w->points);
	struct sim_args a = {.count = 0};
	struct sim_record r;
	struct err e = {""};
	sqlite3 *db = NULL;

	if (sim_record_run(&r, w, p->folder, &e) < 0)
		sim_property_broken(p, e.msg);
	p->connections += (long)r.count;
	sim_args_add(&a, "%s=%s/%s.pcap", w->point[point].name, p->folder, w->point[point].name);
	if (sim_property_again(p, &a, &db)) {
		sim_property_equal(p, "claims of one capture", sim_property_query(p, db, claims), 0);
		leanings_are_right(p, &r, db, point);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

#define CHECK(check, worlds, ...)                                                                                                          \
	assert_int_equal(0, sim_property_check(#check, check, (const unsigned[]){__VA_ARGS__},                                             \
				sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned), worlds))

static void test_claims(void **state)
{
	(void)state;
	CHECK(claims_are_true, 40, SIM_REJECTS | SIM_SWALLOWS | SIM_RESETS, SIM_REJECTS | SIM_SWALLOWS | SIM_RESETS | SIM_REWRITES | SIM_CLOCKS,
	    SIM_REJECTS | SIM_SWALLOWS | SIM_RESETS | SIM_REWRITES | SIM_KINDS_ALL | SIM_CLOCKS, SIM_REJECTS | SIM_SWALLOWS | SIM_RESETS | SIM_DROPS | SIM_CAPTURE_LOSS | SIM_CLOCKS);
}

static void test_one_capture(void **state)
{
	(void)state;
	CHECK(one_capture_accuses_nobody, 40, SIM_REJECTS | SIM_SWALLOWS | SIM_RESETS, SIM_REJECTS | SIM_SWALLOWS | SIM_RESETS | SIM_REWRITES | SIM_KINDS_ALL,
	    SIM_REJECTS | SIM_SWALLOWS | SIM_RESETS | SIM_DROPS | SIM_NETWORK | SIM_CAPTURE_LOSS);
	printf("  held likelier: %ld, wrong %ld\n", leaned, leaned_wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims), cmocka_unit_test(test_one_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
