/* What hops cost in random worlds: the true delay lies between the bounds that are told, the round trip is the true one. See tests/sim/property.h. */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/sim/property.h"

#define GRAIN SIM_US            /* of time stamps in a capture with microseconds, at each end */
#define DRIFT_NS 50000          /* clocks of these worlds run 500 ppm apart at most: in the 100 ms between a packet there and one back */

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

/* By what names a connection, whatever was captured of it: a row of v_timing each. */
static const char timing_sql[] =
    "SELECT t.handshake_ns, t.exchanges, t.first_byte_ns, t.server_ns, t.network_ns, t.client_ns FROM v_timing t "
    "JOIN v_connection c ON c.id = t.connection_id WHERE t.first_point = ?1 AND t.last_point = ?2 AND c.client_addr = ?3 AND c.client_port = ?4 "
    "AND abs(c.start_ns - ?5) < 1000000000";

static void compare(struct sim_property *p, sqlite3_stmt *lossy, sqlite3_stmt *whole)
{
	static const char *const name[] = {"handshake", "exchanges", "first byte", "server", "network"};
	bool same = sqlite3_column_int64(lossy, 1) == sqlite3_column_int64(whole, 1) && sqlite3_column_int64(lossy, 1) > 0;
	char text[200];

	for (int i = 0; i < 5; i++) {
		int64_t a = sqlite3_column_int64(lossy, i), b = sqlite3_column_int64(whole, i);

		if (i == 1 || (i > 1 && !same) || sqlite3_column_type(lossy, i) == SQLITE_NULL || sqlite3_column_type(whole, i) == SQLITE_NULL)
			continue;
		p->sums.claims++;
		snprintf(text, sizeof text, "%s of %s:%lld: %lld ns, without capture loss %lld", name[i], sqlite3_column_text(lossy, 8),
		    sqlite3_column_int64(lossy, 9), (long long)a, (long long)b);
		/* Clocks that are known a little differently: no more than their drift makes of it. */
		if (a - b > GRAIN * 4 + b / 1000 || b - a > GRAIN * 4 + b / 1000)
			sim_property_broken(p, text);
	}
}

/* What was not captured makes a time unknown, not wrong. */
static void lost_captures_make_no_time_wrong(struct sim_property *p, struct sim_world *w)
{
	static const char sql[] =
	    "SELECT t.handshake_ns, t.exchanges, t.first_byte_ns, t.server_ns, t.network_ns, t.client_ns, t.first_point, t.last_point, c.client_addr, "
	    "c.client_port, c.start_ns FROM v_timing t JOIN v_connection c ON c.id = t.connection_id";
	struct sim_record r, q;
	sqlite3_stmt *st = NULL, *other = NULL;
	sqlite3 *lossy, *whole = NULL;
	bool ran = sim_property_run(p, w, &r, &lossy);

	for (unsigned i = 0; i < w->points; i++)
		w->point[i].loss = 0;
	if (ran && sim_property_run(p, w, &q, &whole)) {
		sqlite3_prepare_v2(lossy, sql, -1, &st, NULL);
		sqlite3_prepare_v2(whole, timing_sql, -1, &other, NULL);
		while (sqlite3_step(st) == SQLITE_ROW) {
			for (int i = 0; i < 5; i++)
				sqlite3_bind_value(other, i + 1, sqlite3_column_value(st, 6 + i));
			if (sqlite3_step(other) == SQLITE_ROW)
				compare(p, st, other);
			sqlite3_reset(other);
		}
	}
	sqlite3_finalize(st);
	sqlite3_finalize(other);
	sqlite3_close(lossy);
	sqlite3_close(whole);
	sim_record_free(&r);
	sim_record_free(&q);
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

/* Of a packet that a device doubled two captures may each have missed another copy: then nobody can tell that they are two. */
static void test_round_trips(void **state)
{
	(void)state;
	CHECK(round_trips_need_no_clock, 30, SIM_CLOCKS, SIM_PATH_TROUBLE | SIM_CLOCKS, (SIM_PATH_TROUBLE & ~SIM_NETWORK) | SIM_CLOCKS | SIM_CAPTURE_LOSS);
}

static void test_capture_loss(void **state)
{
	(void)state;
	CHECK(lost_captures_make_no_time_wrong, 20, SIM_CAPTURE_LOSS, SIM_CAPTURE_LOSS | SIM_REWRITES | SIM_CLOCKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_round_trips),
	    cmocka_unit_test(test_capture_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
