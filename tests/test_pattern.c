/* Policies are found as they were planted; loss is not taken for one. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/pattern.h"
#include "tests/sim/rng.h"

#define SEC INT64_C(1000000000)
#define HOSTS 8
#define START (INT64_C(1714521600) * SEC)       /* 2024-05-01 00:00:00 UTC */

/* Clients 10.1.0.1, 10.1.64.1, 10.1.128.1, 10.1.192.1, 10.2.0.1, 10.2.64.1, ...; then servers; of IPv6 the same. */
static struct cover_addr addr[2 * HOSTS];
static struct pattern_rows rows;
static struct pattern found[PATTERNS_MAX];
static char text[1600];

static void make_addresses(bool v6)
{
	for (unsigned i = 0; i < 2 * HOSTS; i++) {
		char name[64];
		unsigned net = i / 4 + 1, sub = i % 4 * 64;
		snprintf(name, sizeof name, v6 ? "2001:db8:%u:%x::1" : "10.%u.%u.1", net, sub);
		assert_true(cover_parse(name, &addr[i]));
	}
	rows = (struct pattern_rows){ .addr = addr, .addrs = 2 * HOSTS, .single = true };
}

static struct pattern_row *add(unsigned client, unsigned server, unsigned port, int64_t second)
{
	struct pattern_row *r;

	rows.row = realloc(rows.row, (rows.n + 1) * sizeof *rows.row);
	assert_non_null(rows.row);
	r = &rows.row[rows.n];
	*r = (struct pattern_row){ .conn = rows.n++, .addr = { client, HOSTS + server }, .port = (uint16_t)port, .start_ns = START + second * SEC };
	r->from_ns = r->to_ns = r->start_ns;
	for (unsigned f = 0; f < FEATURES; f++)
		r->feature[f] = 1;
	return r;
}

static void hit(struct pattern_row *r)
{
	r->hit = HIT_ALL;
	r->claimed = r->first = true;
}

/* Every client opens connections to every server and four ports, one a second; how many each, so often. */
static void fill(unsigned clients, unsigned servers, unsigned ports, unsigned times)
{
	int64_t t = 0;

	for (unsigned k = 0; k < times; k++)
		for (unsigned c = 0; c < clients; c++)
			for (unsigned s = 0; s < servers; s++)
				for (unsigned p = 0; p < ports; p++)
					add(c, s, 443 + p, t++);
}

static int find(void)
{
	struct err e;
	int n = pattern_find(&rows, found, &e);

	assert_true(n >= 0);
	return n;
}

static const char *say(int i)
{
	pattern_say(&rows, &found[i], text, sizeof text);
	return text;
}

static void only(const char *expected, enum confidence c)
{
	assert_int_equal(find(), 1);
	assert_string_equal(say(0), expected);
	assert_int_equal(found[0].confidence, c);
}

static int set_v4(void **state)
{
	(void)state;
	make_addresses(false);
	return 0;
}

static int set_v6(void **state)
{
	(void)state;
	make_addresses(true);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	free(rows.row);
	return 0;
}

static void a_port_is_named(void **state)
{
	(void)state;
	fill(4, 2, 4, 2);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].port == 445)
			hit(&rows.row[i]);
	only("all 16 connections to port 445; none of 48 others", LIKELY);
}

static void a_prefix_is_no_wider_than_it_must_be(void **state)
{
	(void)state;
	fill(8, 2, 2, 2);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].addr[0] < 4)
			hit(&rows.row[i]);
	only("all 32 connections from 10.1.0.0/16; none of 32 others", LIKELY);
}

static void an_ipv6_prefix_is_named_alike(void **state)
{
	(void)state;
	fill(8, 2, 2, 2);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].addr[0] == 2 || rows.row[i].addr[0] == 3)
			hit(&rows.row[i]);
	only("all 16 connections from 2001:db8:1:80::/57; none of 48 others", LIKELY);
}

/* The example that everybody knows. */
static void port_prefix_and_time_make_one_rule(void **state)
{
	(void)state;
	fill(8, 2, 4, 4);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].addr[0] < 4 && rows.row[i].port == 445 && i >= 128)
			hit(&rows.row[i]);
	only("all 16 connections from 10.1.0.0/16 to port 445 since 00:02:10.000; none of 16 such before; none of 224 others", LIKELY);
}

static void a_server_s_port_is_named_with_it(void **state)
{
	(void)state;
	fill(8, 2, 4, 4);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].addr[1] == HOSTS + 1 && rows.row[i].port == 445)
			hit(&rows.row[i]);
	only("all 32 connections to 10.3.64.1 port 445; none of 224 others", LIKELY);
}

static void an_outage_has_two_ends(void **state)
{
	(void)state;
	fill(8, 2, 4, 2);
	for (uint32_t i = 40; i < 60; i++)
		hit(&rows.row[i]);
	only("all 20 connections from 00:00:40.000 to 00:00:59.000; none of 40 such before; none of 68 such after", LIKELY);
}

static void what_a_syn_offers_is_named(void **state)
{
	(void)state;
	fill(4, 2, 4, 2);
	for (uint32_t i = 0; i < rows.n; i++) {
		rows.row[i].feature[FEATURE_ECN] = i % 3 ? 1 : 2;
		if (i % 3 == 0)
			hit(&rows.row[i]);
	}
	only("all 22 connections whose SYN asks for ECN; none of 42 others", LIKELY);
}

/* Connections that went on with short segments are no exception. */
static void long_segments_are_named(void **state)
{
	(void)state;
	fill(4, 2, 2, 2);
	rows.sized = true;
	for (uint32_t i = 0; i < rows.n; i++) {
		rows.row[i].passed_len = 500 + i;
		if (i % 2 == 0)
			continue;
		hit(&rows.row[i]);
		rows.row[i].hit = i % 4 == 1 ? HIT_PART : HIT_ALL;
		rows.row[i].lost_len = 1448;
		rows.row[i].port = 443;
		rows.row[i - 1].port = 443;
	}
	only("all 16 connections with segments of 1448 bytes or more (531 passed); none of 16 others", LIKELY);
}

/* From one instant on, and only for those that were there already. */
static void lost_state_spares_what_begins_later(void **state)
{
	(void)state;
	rows.lasting = true;
	for (unsigned i = 0; i < 60; i++) {
		struct pattern_row *r = add(i % 4, i % 2, 443, i);
		r->to_ns = r->from_ns + (i < 30 ? 5 : 100) * SEC;
		if (i >= 30 && i < 45) {
			hit(r);
			r->from_ns = START + (50 + i % 3) * SEC;
		}
		if (i >= 45)
			r->start_ns = r->from_ns += 20 * SEC;
	}
	only("all 15 connections begun by 00:00:44.000 since 00:00:50.000; none of 30 such before; none of 15 others", LIKELY);
}

/* Those that were hit are still there when all others are gone: time alone proves nothing. */
static void who_outlasts_the_others_is_not_hit_since(void **state)
{
	(void)state;
	rows.late = true;
	for (unsigned i = 0; i < 60; i++) {
		struct pattern_row *r = add(i % 4, i % 2, 443, i);
		if (i % 4)
			continue;
		hit(r);
		r->from_ns = START + (100 + i) * SEC;
		r->to_ns = START + 200 * SEC;
		r->addr[0] = i / 4 % 4;
	}
	assert_int_equal(find(), 1);
	assert_int_equal(found[0].confidence, POSSIBLE);
}

/* Nothing hit it but what came after a pause, and pauses of others were shorter. */
static void an_idle_timeout_is_told_by_the_silence(void **state)
{
	(void)state;
	rows.lasting = true;
	for (unsigned i = 0; i < 60; i++) {
		struct pattern_row *r = add(i % 4, i % 2, 443, i);
		r->to_ns = r->from_ns + 100 * SEC;
		r->silence_ns = (i % 3 ? 1 + i % 20 : 61 + i) * SEC;
		if (i % 3 == 0) {
			hit(r);
			r->from_ns = r->to_ns = r->start_ns + 90 * SEC;
		}
	}
	only("all 20 connections after 61.0 s of silence or more (20.0 s passed); none of 40 others", LIKELY);
}

static void first_packets_only_are_said_so(void **state)
{
	(void)state;
	fill(2, 1, 2, 2);
	for (uint32_t i = 0; i < rows.n; i++) {
		hit(&rows.row[i]);
		rows.row[i].hit = HIT_PART;
	}
	only("all 8 connections that came by; later ones passed", LIKELY);
}

/* A capture that has ended explains nothing. */
static void doubt_since_some_time_is_no_pattern(void **state)
{
	(void)state;
	fill(4, 2, 4, 2);
	for (uint32_t i = 40; i < rows.n; i++) {
		hit(&rows.row[i]);
		rows.row[i].claimed = false;
	}
	assert_int_equal(find(), 0);
}

static void few_are_possible_and_what_is_as_good_is_said(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct pattern_row *r = add(0, 0, i < 3 ? 80 : 81, i);
		if (i >= 3)
			hit(r);
	}
	rows.row[3].claimed = false;
	only("all 3 connections (1 undecided) to port 81; none of 3 others; just as well: all since 00:00:03.000", POSSIBLE);
}

static void two_of_anything_are_no_pattern(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct pattern_row *r = add(i % 4, 0, i < 2 ? 81 : 80, i);
		if (i < 2)
			hit(r);
	}
	assert_int_equal(find(), 0);
}

static void a_class_that_is_hit_more_is_counted(void **state)
{
	(void)state;
	fill(8, 2, 4, 4);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].port == 445 && i % 7 < 3) {
			hit(&rows.row[i]);
			rows.row[i].hit = HIT_PART;
		}
	assert_int_equal(find(), 1);
	assert_int_equal(found[0].state, PATTERN_MORE);
	assert_string_equal(say(0), "28 of 64 connections to port 445; none of 192 others");
}

/* Whoever sends more is hit more often: that is no class. */
static void classes_are_not_compared_where_some_send_more(void **state)
{
	(void)state;
	fill(8, 2, 4, 4);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].port == 445 && i % 7 < 3) {
			hit(&rows.row[i]);
			rows.row[i].hit = HIT_PART;
			rows.row[i].first = false;
		}
	assert_int_equal(find(), 1);
	assert_int_equal(found[0].state, PATTERN_SPREAD);
	rows.single = false;
	for (uint32_t i = 0; i < rows.n; i++) {
		rows.row[i].first = rows.row[i].hit != HIT_NONE;
		rows.row[i].pattern = 0;
	}
	assert_int_equal(find(), 1);
	assert_int_equal(found[0].state, PATTERN_SPREAD);
}

static void a_policy_is_found_behind_loss(void **state)
{
	(void)state;
	fill(8, 2, 4, 4);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].port == 445 || i % 37 == 0)
			hit(&rows.row[i]);
	assert_int_equal(find(), 2);
	assert_int_equal(found[0].state, PATTERN_ALL);
	assert_string_equal(say(0), "all 64 connections to port 445; 5 of 192 others");
	assert_int_equal(found[1].state, PATTERN_SPREAD);
	assert_string_equal(say(1), "5 of 192 connections; no address, port, option or time tells which");
}

static void two_policies_are_two(void **state)
{
	(void)state;
	fill(8, 2, 4, 4);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].port == 445 || rows.row[i].addr[0] == 6)
			hit(&rows.row[i]);
	assert_int_equal(find(), 2);
	assert_string_equal(say(0), "all 64 connections to port 445; 24 of 192 others");
	assert_string_equal(say(1), "all 32 connections from 10.2.128.1; 56 of 224 others");
}

static void one_that_passed_makes_it_no_rule(void **state)
{
	(void)state;
	fill(4, 2, 4, 4);
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.row[i].port == 445 && i != 50)
			hit(&rows.row[i]);
	assert_int_equal(rows.row[50].port, 445);
	assert_int_equal(find(), 1);
	assert_int_equal(found[0].state, PATTERN_MORE);
	assert_string_equal(say(0), "31 of 32 connections to port 445; none of 96 others");
}

static void where_none_passed_nothing_is_compared(void **state)
{
	(void)state;
	fill(2, 1, 2, 2);
	for (uint32_t i = 0; i < rows.n; i++)
		hit(&rows.row[i]);
	only("all 8 connections that came by", LIKELY);
	assert_int_equal(found[0].state, PATTERN_EVERY);
}

static unsigned below(struct sim_rng *g, unsigned n)
{
	return (unsigned)sim_rng_range(g, 0, n - 1);
}

/* A thousand worlds in which connections are hit at random: nothing is claimed more often than by chance. */
static void loss_is_no_policy(void **state)
{
	int claimed = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 1000; seed++) {
		struct sim_rng g;
		unsigned n, share;
		int patterns;

		sim_rng_seed(&g, seed);
		n = 10 + below(&g, 300);
		share = 1 + below(&g, 60);
		rows.n = 0;
		for (unsigned i = 0; i < n; i++) {
			struct pattern_row *r = add(below(&g, HOSTS), below(&g, 4), 443 + below(&g, 5), i);
			for (unsigned f = 0; f < FEATURES; f++)
				r->feature[f] = (uint16_t)(1 + below(&g, 2));
			if (below(&g, 100) < share)
				hit(r);
		}
		patterns = find();
		for (int i = 0; i < patterns; i++)
			claimed += found[i].atoms != 0 && found[i].confidence == LIKELY;
	}
	assert_int_equal(claimed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_port_is_named, set_v4, drop),
		cmocka_unit_test_setup_teardown(a_prefix_is_no_wider_than_it_must_be, set_v4, drop),
		cmocka_unit_test_setup_teardown(an_ipv6_prefix_is_named_alike, set_v6, drop),
		cmocka_unit_test_setup_teardown(port_prefix_and_time_make_one_rule, set_v4, drop),
		cmocka_unit_test_setup_teardown(a_server_s_port_is_named_with_it, set_v4, drop),
		cmocka_unit_test_setup_teardown(an_outage_has_two_ends, set_v4, drop),
		cmocka_unit_test_setup_teardown(what_a_syn_offers_is_named, set_v4, drop),
		cmocka_unit_test_setup_teardown(long_segments_are_named, set_v4, drop),
		cmocka_unit_test_setup_teardown(lost_state_spares_what_begins_later, set_v4, drop),
		cmocka_unit_test_setup_teardown(who_outlasts_the_others_is_not_hit_since, set_v4, drop),
		cmocka_unit_test_setup_teardown(an_idle_timeout_is_told_by_the_silence, set_v4, drop),
		cmocka_unit_test_setup_teardown(first_packets_only_are_said_so, set_v4, drop),
		cmocka_unit_test_setup_teardown(doubt_since_some_time_is_no_pattern, set_v4, drop),
		cmocka_unit_test_setup_teardown(few_are_possible_and_what_is_as_good_is_said, set_v4, drop),
		cmocka_unit_test_setup_teardown(two_of_anything_are_no_pattern, set_v4, drop),
		cmocka_unit_test_setup_teardown(a_class_that_is_hit_more_is_counted, set_v4, drop),
		cmocka_unit_test_setup_teardown(classes_are_not_compared_where_some_send_more, set_v4, drop),
		cmocka_unit_test_setup_teardown(a_policy_is_found_behind_loss, set_v4, drop),
		cmocka_unit_test_setup_teardown(two_policies_are_two, set_v4, drop),
		cmocka_unit_test_setup_teardown(one_that_passed_makes_it_no_rule, set_v4, drop),
		cmocka_unit_test_setup_teardown(where_none_passed_nothing_is_compared, set_v4, drop),
		cmocka_unit_test_setup_teardown(loss_is_no_policy, set_v4, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
