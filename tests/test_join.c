/* Flows to connections. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/hosts.h"
#include "correlate/join.h"

#define SEC INT64_C(1000000000)
#define TWO_ENDS .addr = { 1, 2 }, .port = { 40000, 80 }
#define NATTED .addr = { 9, 2 }, .port = { 50001, 80 }
#define ISN(n) .has_isn = { true }, .isn = { n }
#define TSVAL(n) .has_syn_tsval = true, .syn_tsval = n
#define RANGES(c, s) .has_seq = { true, true }, .seq_min = { c, s }, .seq_max = { (c) + 1000, (s) + 1000 }

/* id names a flow afterwards. */
static void join(struct facts *f, const struct flow *w, uint32_t n)
{
	struct err e;

	memset(f, 0, sizeof *f);
	f->points = 3;
	f->point = calloc(POINTS_MAX, sizeof *f->point);
	f->flow = malloc((n + 1) * sizeof *w);
	f->part = calloc(n + 1, sizeof *f->part);
	f->hosts = hosts_new();
	assert_true(f->point && f->flow && f->part && f->hosts);
	f->flows = n;
	for (uint32_t i = 0; i < n; i++) {
		f->flow[i] = w[i];
		f->flow[i].part = i;
		f->flow[i].parts = 1;
		f->flow[i].id = i + 1;
		f->part[i].a_is_client = true;
	}
	assert_int_equal(join_flows(f, NULL, &e), 0);
	assert_int_equal(join_order(f, &e), 0);
}

/* Connections in order, flows of each by point: "1+3 2 4". */
static const char *joined(const struct facts *f)
{
	static char out[200];
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < f->conns; i++)
		for (uint32_t k = 0; k < f->conn[i].flows; k++) {
			const struct flow *w = &f->flow[f->conn[i].flow + k];
			assert_int_equal(w->conn, i);
			n += (size_t)snprintf(out + n, sizeof out - n, "%s%d", k ? "+" : i ? " " : "", (int)w->id);
		}
	return out;
}

static const struct flow *flow_of(const struct facts *f, int id)
{
	for (uint32_t i = 0; i < f->flows; i++)
		if (f->flow[i].id == id)
			return &f->flow[i];
	fail_msg("no flow %d", id);
	return NULL;
}

#define assert_joined(flows, expected) do { \
		join(&f, flows, sizeof (flows) / sizeof *(flows)); \
		assert_string_equal(joined(&f), expected); \
	} while (0)

static void the_same_addresses_and_initial_number_are_one_connection(void **state)
{
	static const struct flow flows[] = {
		{ .point = 0, TWO_ENDS, ISN(1000), .first_ns = 1 }, { .point = 0, TWO_ENDS, ISN(2000), .first_ns = 5 },
		{ .point = 1, TWO_ENDS, ISN(2000), .first_ns = 6 }, { .point = 1, TWO_ENDS, ISN(1000), .first_ns = 2 }, { .point = 2, TWO_ENDS, ISN(1000), .first_ns = 3 },
	};
	struct facts f;

	(void)state;
	assert_joined(flows, "1+4+5 2+3");
	for (int id = 1; id <= 5; id++) {
		assert_int_equal(flow_of(&f, id)->state, JOIN_CERTAIN);
		assert_int_equal(flow_of(&f, id)->evidence & (JOIN_ADDRESSES | JOIN_CLIENT_ISN), JOIN_ADDRESSES | JOIN_CLIENT_ISN);
	}
	assert_true(f.conn[0].previous == UINT32_MAX && f.conn[0].next == 1 && f.conn[1].previous == 0 && f.conn[1].next == UINT32_MAX);
	facts_free(&f);
}

static void other_numbers_are_other_connections(void **state)
{
	static const struct flow flows[] = { { .point = 0, TWO_ENDS, ISN(1000), .first_ns = 1 }, { .point = 1, TWO_ENDS, ISN(1001), .first_ns = 2 } };
	struct facts f;

	(void)state;
	assert_joined(flows, "1 2");
	assert_int_equal(flow_of(&f, 1)->state, JOIN_ALONE);
	facts_free(&f);
}

#define BOTH_ISN(n) .has_isn = { true, true }, .isn = { n, (n) + 7 }

/* A capture inside a device that translates has every flow under two names; that it is no mistake shows when several are. */
static void both_names_of_a_translating_device_are_one_connection(void **state)
{
	struct flow flows[9];
	struct facts f;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		flows[3 * i] = (struct flow){ .point = 0, TWO_ENDS, BOTH_ISN(1000 * (i + 1)), .first_ns = i * 10 };
		flows[3 * i + 1] = (struct flow){ .point = 1, TWO_ENDS, BOTH_ISN(1000 * (i + 1)), .first_ns = i * 10 + 1 };
		flows[3 * i + 2] = (struct flow){ .point = 1, NATTED, BOTH_ISN(1000 * (i + 1)), .first_ns = i * 10 + 2 };
	}
	join(&f, flows, 9);
	assert_string_equal(joined(&f), "1+2+3 4+5+6 7+8+9");
	assert_true(facts_straddles(&f.point[1]) && !facts_straddles(&f.point[0]));
	facts_free(&f);
	join(&f, flows, 3);
	assert_string_equal(joined(&f), "1+2 3");
	assert_false(facts_straddles(&f.point[1]));
	facts_free(&f);
}

static void shifted_numbers_are_joined_by_a_timestamp_that_only_one_has(void **state)
{
	static const struct flow flows[] = {
		{ .point = 0, TWO_ENDS, ISN(1000), TSVAL(70), .first_ns = 1 }, { .point = 1, TWO_ENDS, ISN(5555), TSVAL(70), .first_ns = 2 },
		{ .point = 0, TWO_ENDS, ISN(2000), TSVAL(90), .first_ns = 3 },
	};
	static const struct flow two[] = {
		{ .point = 0, TWO_ENDS, ISN(1000), TSVAL(70), .first_ns = 1 }, { .point = 1, TWO_ENDS, ISN(5555), TSVAL(70), .first_ns = 2 },
		{ .point = 0, TWO_ENDS, ISN(2000), TSVAL(70), .first_ns = 3 },
	};
	struct facts f;

	(void)state;
	assert_joined(flows, "1+2 3");
	/* One kind of evidence: who else has these addresses and ports is the third. */
	assert_true(flow_of(&f, 2)->state == JOIN_LIKELY && flow_of(&f, 2)->evidence & JOIN_TSVAL);
	facts_free(&f);
	assert_joined(two, "1 2 3");
	facts_free(&f);
}

static void the_order_of_flows_does_not_matter(void **state)
{
	static const struct flow flows[] = {
		{ .point = 0, TWO_ENDS, ISN(7), TSVAL(70), .first_ns = 1 }, { .point = 0, TWO_ENDS, ISN(8), TSVAL(80), .first_ns = 2 },
		{ .point = 1, NATTED, ISN(7), TSVAL(70), .first_ns = 3 }, { .point = 1, .addr = { 9, 2 }, .port = { 50002, 80 }, ISN(8), TSVAL(80), .first_ns = 4 },
	};
	struct facts f;

	(void)state;
	for (uint32_t turn = 0; turn < 24; turn++) {
		struct flow mixed[4];
		uint32_t left[4] = { 0, 1, 2, 3 }, t = turn;
		for (uint32_t i = 0; i < 4; i++) {
			uint32_t k = t % (4 - i);
			t /= 4 - i;
			mixed[i] = flows[left[k]];
			memmove(&left[k], &left[k + 1], (3 - k) * sizeof *left);
		}
		join(&f, mixed, 4);
		assert_int_equal(f.conns, 2);
		for (uint32_t i = 0; i < 4; i++) {
			const struct flow *w = &f.flow[f.conn[i / 2].flow + i % 2];
			assert_true(w->isn[0] == 7 + i / 2 && w->point == i % 2 && w->state == JOIN_CERTAIN);
		}
		facts_free(&f);
	}
}

static void translated_addresses_are_joined_by_the_initial_number(void **state)
{
	static const struct flow with[] = { { .point = 0, TWO_ENDS, ISN(7), TSVAL(70) }, { .point = 1, NATTED, ISN(7), TSVAL(70), .first_ns = 3 } };
	static const struct flow without[] = { { .point = 0, TWO_ENDS, ISN(7) }, { .point = 1, NATTED, ISN(7), .first_ns = 3 } };
	static const struct flow against[] = { { .point = 0, TWO_ENDS, ISN(7), TSVAL(70) }, { .point = 1, NATTED, ISN(7), TSVAL(9000070), .first_ns = 3 } };
	/* The first SYN did not come this far: its repeat is some ticks later. */
	static const struct flow repeat[] = { { .point = 0, TWO_ENDS, ISN(7), TSVAL(70) }, { .point = 1, NATTED, ISN(7), TSVAL(820), .first_ns = 3 } };
	struct facts f;

	(void)state;
	assert_joined(with, "1+2");
	assert_int_equal(flow_of(&f, 2)->state, JOIN_CERTAIN);
	assert_int_equal(flow_of(&f, 2)->evidence & JOIN_ADDRESSES, 0);
	facts_free(&f);
	/* ... and by the server's address: there are no others. */
	assert_joined(without, "1+2");
	assert_int_equal(flow_of(&f, 2)->state, JOIN_CERTAIN);
	assert_int_equal(flow_of(&f, 2)->evidence, JOIN_CLIENT_ISN | JOIN_SERVER_ADDR);
	facts_free(&f);
	/* Devices move timestamps. */
	assert_joined(against, "1+2");
	facts_free(&f);
	assert_joined(repeat, "1+2");
	facts_free(&f);
}

static void two_that_fit_as_well_are_ambiguous(void **state)
{
	static const struct flow flows[] = {
		{ .point = 0, TWO_ENDS, ISN(7), .first_ns = 1 }, { .point = 1, NATTED, ISN(7), .first_ns = 2 },
		{ .point = 1, .addr = { 9, 2 }, .port = { 50002, 80 }, ISN(7), .first_ns = 3 },
	};
	static const struct flow told[] = {
		{ .point = 0, TWO_ENDS, ISN(7), TSVAL(70), .first_ns = 1 }, { .point = 1, NATTED, ISN(7), TSVAL(9000070), .first_ns = 2 },
		{ .point = 1, .addr = { 9, 2 }, .port = { 50002, 80 }, ISN(7), TSVAL(70), .first_ns = 3 },
	};
	struct facts f;

	(void)state;
	assert_joined(flows, "1 2 3");
	for (int id = 1; id <= 3; id++)
		assert_int_equal(flow_of(&f, id)->state, JOIN_AMBIGUOUS);
	facts_free(&f);
	assert_joined(told, "1+3 2");
	facts_free(&f);
}

static void the_middle_of_a_connection_is_joined_by_its_numbers(void **state)
{
	static const struct flow flows[] = {
		{ .point = 0, TWO_ENDS, ISN(1000), RANGES(1000, 5000), .first_ns = 1 }, { .point = 0, TWO_ENDS, ISN(900000000), RANGES(900000000, 800000000), .first_ns = 2 },
		{ .point = 1, TWO_ENDS, RANGES(900000500, 800000500), .first_ns = 3 },
	};
	static const struct flow one_side[] = {
		{ .point = 0, TWO_ENDS, ISN(1000), RANGES(1000, 5000), .first_ns = 1 }, { .point = 1, TWO_ENDS, RANGES(1500, 700000000), .first_ns = 3 },
	};
	static const struct flow tie[] = {
		{ .point = 0, TWO_ENDS, ISN(1000), RANGES(1000, 5000), .first_ns = 1 }, { .point = 0, TWO_ENDS, ISN(1010), RANGES(1010, 5010), .first_ns = 2 },
		{ .point = 1, TWO_ENDS, RANGES(1500, 5500), .first_ns = 3 },
	};
	static const struct flow far[] = {
		{ .point = 0, TWO_ENDS, ISN(1000), RANGES(1000, 5000), .first_ns = 1 }, { .point = 1, TWO_ENDS, RANGES(500000000, 700000000), .first_ns = 3 },
	};
	struct facts f;

	(void)state;
	assert_joined(flows, "1 2+3");
	assert_true(flow_of(&f, 3)->state == JOIN_CERTAIN && flow_of(&f, 3)->evidence & JOIN_SEQUENCE);
	facts_free(&f);
	assert_joined(one_side, "1+2");
	assert_int_equal(flow_of(&f, 2)->state, JOIN_LIKELY);
	facts_free(&f);
	assert_joined(tie, "1 2 3");
	assert_int_equal(flow_of(&f, 3)->state, JOIN_AMBIGUOUS);
	facts_free(&f);
	assert_joined(far, "1 2");
	facts_free(&f);
}

static void roles_that_were_guessed_follow_those_that_are_known(void **state)
{
	static const struct flow flows[] = {
		{ .point = 0, .addr = { 2, 1 }, .port = { 80, 40000 }, RANGES(5000, 1000), .ttl = { 60, 64 }, .first_ns = 1 },
		{ .point = 1, TWO_ENDS, ISN(1000), RANGES(1000, 5000), .role_known = true, .first_ns = 2 },
	};
	struct facts f;

	(void)state;
	assert_joined(flows, "1+2");
	const struct flow *w = flow_of(&f, 1);
	assert_true(w->addr[0] == 1 && w->port[0] == 40000 && w->seq_min[0] == 1000 && w->seq_min[1] == 5000 && w->ttl[0] == 64);
	assert_false(f.part[w->part].a_is_client);
	facts_free(&f);
}

static void connections_are_numbered_by_their_start(void **state)
{
	static const struct flow flows[] = {
		{ .point = 0, TWO_ENDS, ISN(1), .first_ns = 9 * SEC, .last_ns = 10 * SEC }, { .point = 1, TWO_ENDS, ISN(1), .first_ns = 1 * SEC, .last_ns = 12 * SEC },
		{ .point = 0, NATTED, ISN(2), .first_ns = 2 * SEC, .last_ns = 3 * SEC },
	};
	struct facts f;

	(void)state;
	assert_joined(flows, "1+2 3");
	assert_true(f.conn[0].start_ns == SEC && f.conn[1].start_ns == 2 * SEC && f.first_ns == SEC && f.last_ns == 12 * SEC);
	assert_true(f.conn[0].points == 3 && f.conn[1].points == 1);
	facts_free(&f);
}

static void evidence_is_json(void **state)
{
	struct flow w = { .evidence = JOIN_ADDRESSES | JOIN_TSVAL | JOIN_ONE_SIDE };
	char out[200];

	(void)state;
	join_evidence_json(&w, out, sizeof out);
	assert_string_equal(out, "{\"agree\":[\"addresses\",\"syn_tsval\",\"sequence_range_one_way\"]}");
	w.evidence = 0;
	join_evidence_json(&w, out, sizeof out);
	assert_string_equal(out, "{\"agree\":[]}");
}

/* A point's orphans are the connections that one of its neighbours lacks; what all points saw is none, and what lacks its midst is one at both sides. */
static void orphans_are_what_a_neighbour_lacks(void **state)
{
	static const struct flow flows[] = {
		{ .point = 0, TWO_ENDS, ISN(1000), .first_ns = 1, .last_ns = 5 }, { .point = 1, TWO_ENDS, ISN(1000), .first_ns = 1, .last_ns = 5 },
		{ .point = 2, TWO_ENDS, ISN(1000), .first_ns = 1, .last_ns = 5 },
		{ .point = 0, NATTED, ISN(9000), .first_ns = 2, .last_ns = 7 }, { .point = 2, NATTED, ISN(9000), .first_ns = 2, .last_ns = 9 },
	};
	struct facts f;

	(void)state;
	assert_joined(flows, "1+2+3 4+5");
	assert_int_equal(f.orphans[0].n, 1);
	assert_int_equal(f.orphans[1].n, 0);
	assert_int_equal(f.orphans[2].n, 1);
	assert_true(f.orphans[2].list[0].points == 5 && f.orphans[2].list[0].last_ns == 9 && f.orphans[2].list[0].begun);
	facts_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_addresses_and_initial_number_are_one_connection),
		cmocka_unit_test(other_numbers_are_other_connections),
		cmocka_unit_test(both_names_of_a_translating_device_are_one_connection),
		cmocka_unit_test(shifted_numbers_are_joined_by_a_timestamp_that_only_one_has),
		cmocka_unit_test(the_order_of_flows_does_not_matter),
		cmocka_unit_test(translated_addresses_are_joined_by_the_initial_number),
		cmocka_unit_test(two_that_fit_as_well_are_ambiguous),
		cmocka_unit_test(the_middle_of_a_connection_is_joined_by_its_numbers),
		cmocka_unit_test(roles_that_were_guessed_follow_those_that_are_known),
		cmocka_unit_test(connections_are_numbered_by_their_start),
		cmocka_unit_test(evidence_is_json),
		cmocka_unit_test(orphans_are_what_a_neighbour_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
