/* Which way round connections run: told by round trips, then by TTLs and by the sides that hosts are on. */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/orient.h"

#define NEAR_HOST 1
#define FAR_HOST 2
#define CONNS 6

/* Connections at points 0 and 1; from: whose client each is. A router between takes one from the TTL, or a device sets it, in both directions. */
static struct facts world(const int64_t from[CONNS], uint8_t near, uint8_t far)
{
	struct facts f = { .points = 2, .conns = CONNS, .flows = 2 * CONNS };

	f.conn = calloc(CONNS, sizeof *f.conn);
	f.flow = calloc(2 * CONNS, sizeof *f.flow);
	assert_true(f.conn && f.flow);
	for (uint32_t i = 0; i < CONNS; i++) {
		f.conn[i] = (struct conn_ref){ .flow = 2 * i, .flows = 2 };
		for (uint32_t p = 0; p < 2; p++) {
			struct flow *w = &f.flow[2 * i + p];
			uint8_t of_near = p == 0 ? near : far, of_far = p == 0 ? far : near;
			*w = (struct flow){ .point = p, .addr = { from[i], 3 - from[i] } };
			w->ttl[C2S] = from[i] == NEAR_HOST ? of_near : of_far;
			w->ttl[S2C] = from[i] == NEAR_HOST ? of_far : of_near;
		}
	}
	return f;
}

/* Let the first n vote as they are, the others follow. 'r': reversed. */
static const char *told(struct facts *f, uint32_t n, const int64_t from[CONNS])
{
	static char out[CONNS + 1];
	struct orient o;
	struct err e;

	assert_int_equal(orient_open(&o, f, &e), 0);
	for (uint32_t i = 0; i < n; i++) {
		int32_t votes[4] = { 0, from[i] == NEAR_HOST ? 3 : -2, 0, 0 };
		orient_vote(&o, i, votes);
	}
	orient_turn(&o);
	orient_rest(&o);
	for (uint32_t i = 0; i < CONNS; i++)
		out[i] = f->conn[i].reversed ? 'r' : '-';
	orient_close(&o);
	free(f->conn);
	free(f->flow);
	return out;
}

static void round_trips_tell_and_most_run_along(void **state)
{
	static const int64_t most[] = { 1, 2, 1, 1, 2, 1 }, few[] = { 1, 2, 2, 2, 2, 1 };
	struct facts f = world(most, 0, 0);

	(void)state;
	assert_string_equal(told(&f, CONNS, most), "-r--r-");
	f = world(few, 0, 0);
	assert_string_equal(told(&f, CONNS, few), "r----r");
}

/* With a path that is given, those that run against it do, however many there are. */
static void a_given_path_stays(void **state)
{
	static const int64_t few[] = { 2, 2, 2, 1, 2, 2 };
	struct facts f = world(few, 0, 0);

	(void)state;
	f.path_given = true;
	assert_string_equal(told(&f, CONNS, few), "rrr-rr");
}

static void others_are_told_by_their_ttls(void **state)
{
	static const int64_t from[] = { 1, 2, 1, 1, 2, 1 };
	struct facts f = world(from, 64, 63);

	(void)state;
	for (uint32_t i = 0; i < f.flows; i++)
		f.flow[i].addr[0] = f.flow[i].addr[1] = 0;
	assert_string_equal(told(&f, 3, from), "-r--r-");
	/* A device that raises TTLs does it for all of them. */
	f = world(from, 63, 64);
	for (uint32_t i = 0; i < f.flows; i++)
		f.flow[i].addr[0] = f.flow[i].addr[1] = 0;
	assert_string_equal(told(&f, 3, from), "-r--r-");
}

static void or_by_the_sides_of_their_hosts(void **state)
{
	static const int64_t from[] = { 1, 2, 1, 1, 2, 1 };
	struct facts f = world(from, 64, 64);

	(void)state;
	assert_string_equal(told(&f, 3, from), "-r--r-");
}

static void where_all_run_one_way_nothing_is_guessed(void **state)
{
	static const int64_t from[] = { 1, 1, 1, 2, 2, 2 };
	struct facts f = world(from, 64, 63);

	(void)state;
	assert_string_equal(told(&f, 3, from), "------");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips_tell_and_most_run_along),
		cmocka_unit_test(a_given_path_stays),
		cmocka_unit_test(others_are_told_by_their_ttls),
		cmocka_unit_test(or_by_the_sides_of_their_hosts),
		cmocka_unit_test(where_all_run_one_way_nothing_is_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
