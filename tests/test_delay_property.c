/* What hops cost in random worlds: the true delay lies between the bounds that are told, the round trip is the true one. See tests/sim/property.h. */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/sim/property.h"

#define GRAIN SIM_US            /* of time stamps in a capture with microseconds, at each end */
#define DRIFT_NS 20000          /* clocks of these worlds run 200 ppm apart at most: in the 100 ms between a packet there and one back */

/* Least and greatest true delay of a hop, by direction. */
struct extremes {
	int64_t min[2], max[2];
};

static void complain(struct sim_property *p, sqlite3_stmt *st, const char *what, int64_t truth)
{
	char text[300];

	snprintf(text, sizeof text, "%s: connection %lld transmission %lld %s > %s: %lld .. %lld ns, should hold %lld", what,
	    sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), sqlite3_column_text(st, 2), sqlite3_column_text(st, 3),
	    sqlite3_column_int64(st, 4), sqlite3_column_int64(st, 5), (long long)truth);
	sim_property_broken(p, text);
}

/* One row of v_delay. What a device doubled may be told for the original where the captures have only one of them at each point: not looked at. */
static void check_delay(struct sim_property *p, const struct sim_world *w, const struct sim_record *r, sqlite3_stmt *st, long *n)
{
	int from = sim_program_point(w, sqlite3_column_text(st, 2)), to = sim_program_point(w, sqlite3_column_text(st, 3));
	const struct sim_frame *f = sim_record_frame(r, (unsigned)from, (uint64_t)sqlite3_column_int64(st, 6));
	const struct sim_frame *g = sim_record_frame(r, (unsigned)to, (uint64_t)sqlite3_column_int64(st, 7));
	int64_t delay;

	if (!f || !g || f->connection != g->connection || f->transmission != g->transmission)
		return;
	const struct sim_truth *t = r->truth[f->connection];
	const struct sim_sighting *a = sim_truth_at(t, f->transmission, (unsigned)from), *b = sim_truth_at(t, g->transmission, (unsigned)to);
	delay = b->at - a->at;
	++*n;
	if (delay < sqlite3_column_int64(st, 4) - GRAIN)
		complain(p, st, "too long", delay);
	if (sqlite3_column_type(st, 5) != SQLITE_NULL && delay > sqlite3_column_int64(st, 5) + GRAIN)
		complain(p, st, "too short", delay);
}

static void true_delays_lie_between_the_bounds(struct sim_property *p, struct sim_world *w)
{
	static const char sql[] =
	    "WITH k AS MATERIALIZED (SELECT transmission_id, point, min(frame) AS frame FROM v_packet GROUP BY 1, 2) "
	    "SELECT d.connection_id, d.transmission_id, d.from_point, d.to_point, d.low_ns, d.high_ns, a.frame, b.frame FROM v_delay d "
	    "JOIN k a ON a.transmission_id = d.transmission_id AND a.point = d.from_point "
	    "JOIN k b ON b.transmission_id = d.transmission_id AND b.point = d.to_point";
	struct sim_record r;
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	long n = 0;

	if (sim_property_run(p, w, &r, &db)) {
		if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
			sim_property_broken(p, sqlite3_errmsg(db));
		while (st && sqlite3_step(st) == SQLITE_ROW)
			check_delay(p, w, &r, st, &n);
		sqlite3_finalize(st);
	}
	p->sums.claims += n;
	sqlite3_close(db);
	sim_record_free(&r);
}

static void true_extremes(const struct sim_record *r, unsigned near, struct extremes *x)
{
	*x = (struct extremes){{INT64_MAX, INT64_MAX}, {INT64_MIN, INT64_MIN}};
	for (size_t c = 0; c < r->count; c++)
		for (size_t i = 0; i < r->truth[c]->count; i++) {
			const struct sim_sighting *a = sim_truth_at(r->truth[c], i, near), *b = sim_truth_at(r->truth[c], i, near + 1);
			enum sim_dir d = r->truth[c]->sent[i].dir;
			int64_t v = d == SIM_C2S ? b->at - a->at : a->at - b->at;

			if (!a->at || !b->at)
				continue;
			x->min[d] = v < x->min[d] ? v : x->min[d];
			x->max[d] = v > x->max[d] ? v : x->max[d];
		}
}

static void round_trips_need_no_clock(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3_stmt *st = NULL;
	sqlite3 *db;

	if (sim_property_run(p, w, &r, &db)) {
		if (sqlite3_prepare_v2(db, "SELECT from_point, to_point, min_ns, max_ns FROM v_round_trip", -1, &st, NULL) != SQLITE_OK)
			sim_property_broken(p, sqlite3_errmsg(db));
		while (st && sqlite3_step(st) == SQLITE_ROW) {
			struct extremes x;
			true_extremes(&r, (unsigned)sim_program_point(w, sqlite3_column_text(st, 0)), &x);
			p->sums.claims++;
			if (sqlite3_column_int64(st, 2) < x.min[0] + x.min[1] - 2 * GRAIN - DRIFT_NS)
				sim_property_broken(p, "a round trip is too short");
			if (sqlite3_column_int64(st, 3) > x.max[0] + x.max[1] + 2 * GRAIN + DRIFT_NS)
				sim_property_broken(p, "a round trip is too long");
		}
		sqlite3_finalize(st);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

#define CHECK(check, worlds, ...)                                                                                                          \
	assert_int_equal(0, sim_property_check(#check, check, (const unsigned[]){__VA_ARGS__},                                             \
				sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned), worlds))

static void test_bounds(void **state)
{
	(void)state;
	CHECK(true_delays_lie_between_the_bounds, 40, SIM_CLOCKS, SIM_PATH_TROUBLE | SIM_CLOCKS, SIM_PATH_TROUBLE | SIM_CLOCKS | SIM_CAPTURE_LOSS,
	    SIM_KINDS_ALL | SIM_REWRITES | SIM_CLOCKS | SIM_WINDOWS);
}

static void test_round_trips(void **state)
{
	(void)state;
	CHECK(round_trips_need_no_clock, 30, SIM_CLOCKS, SIM_PATH_TROUBLE | SIM_CLOCKS, SIM_PATH_TROUBLE | SIM_CLOCKS | SIM_CAPTURE_LOSS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
