/* Which host is the client when both sent a SYN. */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/crossed.h"

#define A 1
#define B 2

/* Flows as in the array, one part each. */
struct made {
	struct facts f;
	struct flow flow[8];
	struct part_ref part[8];
	struct err e;
};

/* At a point, the client's address and number, the server's, and when it began. */
static void add(struct made *m, uint32_t point, int64_t client, uint32_t client_isn, int64_t server, uint32_t server_isn, int64_t first_ns, bool crossed)
{
	uint32_t i = m->f.flows++;

	m->f.flow = m->flow;
	m->f.part = m->part;
	m->part[i].a_is_client = true;
	m->flow[i] = (struct flow){ .point = point, .part = i, .parts = 1, .addr = { client, server }, .port = { 1000, 2000 }, .isn = { client_isn, server_isn },
		.has_isn = { true, true }, .has_seq = { true, false }, .ttl = { 64, 63 }, .first_ns = first_ns, .role_known = true, .crossed = crossed,
		.has_syn_tsval = true };
}

static void assert_client(const struct made *m, uint32_t i, int64_t client, uint32_t isn, bool turned)
{
	const struct flow *w = &m->flow[i];

	assert_int_equal(w->addr[C2S], client);
	assert_int_equal(w->isn[C2S], isn);
	assert_int_equal(w->port[C2S], turned ? 2000 : 1000);
	assert_int_equal(w->has_seq[C2S], !turned);
	assert_int_equal(w->ttl[C2S], turned ? 63 : 64);
	assert_int_equal(m->part[i].a_is_client, !turned);
}

static void what_each_host_said_is_turned_too(void **state)
{
	struct made m = { 0 };
	struct flow *w = &m.flow[1];

	(void)state;
	add(&m, 0, A, 100, B, 200, 5, true);
	add(&m, 1, B, 200, A, 100, 6, true);
	w->has_said[C2S] = true;
	w->said_ns[C2S] = 7;
	w->opening = (struct opening){ .head = { { .rungs = 1, .rung = { 8 } }, { .rungs = 2, .rung = { 9, 10 } } }, .kind = OPENING_HTTP, .digest = 11 };
	w->speaks_for = (struct speaks_for){ .header = 12, .addr = 13, .port = 14, .request = 15 };
	assert_int_equal(crossed_settle(&m.f, &m.e), 0);
	assert_false(w->has_said[C2S]);
	assert_true(w->has_said[S2C]);
	assert_int_equal(w->said_ns[S2C], 7);
	assert_int_equal(w->opening.head[C2S].rungs, 2);
	assert_int_equal(w->opening.head[C2S].rung[1], 10);
	assert_int_equal(w->opening.head[S2C].rung[0], 8);
	/* Only a client's first bytes say these, and it is the server's that were read. */
	assert_int_equal(w->opening.kind, OPENING_NONE);
	assert_int_equal(w->opening.digest, 0);
	assert_false(w->speaks_for.header || w->speaks_for.addr || w->speaks_for.port || w->speaks_for.request);
}

static void points_that_see_another_syn_first_agree(void **state)
{
	struct made m = { 0 };

	(void)state;
	add(&m, 0, A, 100, B, 200, 5, true);
	add(&m, 1, B, 200, A, 100, 6, true);
	assert_int_equal(crossed_settle(&m.f, &m.e), 0);
	assert_client(&m, 0, A, 100, false);
	assert_client(&m, 1, A, 100, true);
	assert_false(m.flow[0].has_syn_tsval || m.flow[1].has_syn_tsval);
}

static void whose_syn_came_first_is_the_client(void **state)
{
	struct made m = { 0 };

	(void)state;
	add(&m, 0, A, 100, B, 200, 7, true);
	add(&m, 1, B, 200, A, 100, 6, true);
	/* its capture missed the first SYN: it sees no crossing */
	add(&m, 2, A, 100, B, 200, 8, false);
	assert_int_equal(crossed_settle(&m.f, &m.e), 0);
	assert_client(&m, 0, B, 200, true);
	assert_client(&m, 1, B, 200, false);
	assert_client(&m, 2, B, 200, true);
}

/* Behind a NAT the addresses are others, the numbers are not. */
static void a_nat_in_between_changes_nothing(void **state)
{
	struct made m = { 0 };

	(void)state;
	add(&m, 0, A, 100, B, 200, 5, true);
	add(&m, 1, B, 200, 77, 100, 6, true);
	assert_int_equal(crossed_settle(&m.f, &m.e), 0);
	assert_client(&m, 1, 77, 100, true);
}

static void who_opens_the_other_connections_opens_this_one(void **state)
{
	struct made m = { 0 };

	(void)state;
	add(&m, 0, B, 200, A, 100, 5, true);
	add(&m, 1, B, 200, A, 100, 6, true);
	add(&m, 0, A, 1, B, 2, 1, false);
	add(&m, 1, A, 1, B, 2, 2, false);
	assert_int_equal(crossed_settle(&m.f, &m.e), 0);
	assert_client(&m, 0, A, 100, true);
	assert_client(&m, 1, A, 100, true);
	assert_client(&m, 2, A, 1, false);
	assert_client(&m, 3, A, 1, false);
}

static void what_did_not_cross_is_left_alone(void **state)
{
	struct made m = { 0 };

	(void)state;
	/* the same numbers the other way round, by chance or forged */
	add(&m, 0, A, 100, B, 200, 5, false);
	add(&m, 1, B, 200, A, 100, 6, false);
	/* a crossing elsewhere, and one of which only one number is known */
	add(&m, 0, A, 300, B, 400, 5, true);
	add(&m, 1, B, 400, A, 300, 6, true);
	m.flow[3].has_isn[S2C] = false;
	assert_int_equal(crossed_settle(&m.f, &m.e), 0);
	assert_client(&m, 0, A, 100, false);
	assert_client(&m, 1, B, 200, false);
	assert_client(&m, 3, B, 400, false);
	assert_true(m.flow[0].has_syn_tsval);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_each_host_said_is_turned_too),
		cmocka_unit_test(points_that_see_another_syn_first_agree),
		cmocka_unit_test(whose_syn_came_first_is_the_client),
		cmocka_unit_test(a_nat_in_between_changes_nothing),
		cmocka_unit_test(who_opens_the_other_connections_opens_this_one),
		cmocka_unit_test(what_did_not_cross_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
