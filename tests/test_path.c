/* The order of the points, from round trips, TTLs, and time stamps. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/hosts.h"
#include "correlate/path.h"

/* Points with the given one-letter names, a flow and a host at each. */
static void with_points(struct facts *f, const char *names)
{
	memset(f, 0, sizeof *f);
	f->points = (uint32_t)strlen(names);
	f->point = calloc(POINTS_MAX, sizeof *f->point);
	f->flow = calloc(POINTS_MAX, sizeof *f->flow);
	f->conn = calloc(1, sizeof *f->conn);
	f->hosts = hosts_new();
	assert_true(f->point && f->flow && f->conn && f->hosts);
	f->flows = f->conn[0].flows = f->points;
	f->conns = 1;
	for (uint32_t i = 0; i < f->points; i++) {
		f->point[i].name[0] = names[i];
		f->point[i].id = names[i];
		f->flow[i].point = i;
		f->flow[i].id = names[i];
		hosts_add(f->hosts, i, 7, 0)->flows = (uint32_t)names[i];
	}
}

static const char *order_of(const struct facts *f)
{
	static char out[POINTS_MAX + 1];

	for (uint32_t i = 0; i < f->points; i++) {
		out[i] = f->point[i].name[0];
		assert_int_equal(f->point[i].position, i);
		/* What refers to points has come along. */
		assert_int_equal(f->flow[i].point, i);
		assert_int_equal(f->flow[i].id, f->point[i].id);
		assert_int_equal(hosts_find(f->hosts, i, 7, 0)->flows, f->point[i].id);
	}
	out[f->points] = '\0';
	return out;
}

static void assert_order(const char *names, const struct path_pair *pair, const char *expected, const char *how)
{
	struct facts f;
	struct err e;

	with_points(&f, names);
	assert_int_equal(path_infer(&f, pair, &e), 0);
	assert_string_equal(order_of(&f), expected);
	if (!strstr(f.point[f.points - 1].how, how))
		fail_msg("\"%s\", not \"%s\"", f.point[f.points - 1].how, how);
	facts_free(&f);
}

static void one_point_is_a_path(void **state)
{
	struct path_pair none = { 0 };

	(void)state;
	assert_order("x", &none, "x", "the only point");
}

static void the_longer_round_trip_is_nearer_to_the_client(void **state)
{
	struct path_pair pair[4] = { [1] = { .wider = 100, .narrower = 3 } };

	(void)state;
	assert_order("ab", pair, "ab", "after a: round trips (100 of 103)");
	assert_order("zy", pair, "zy", "after z: round trips");
	pair[1] = (struct path_pair){ .wider = 3, .narrower = 100 };
	assert_order("ab", pair, "ba", "after b: round trips (100 of 103)");
}

static void round_trips_that_disagree_leave_it_to_the_ttl(void **state)
{
	struct path_pair pair[4] = { [1] = { .wider = 60, .narrower = 50, .ttl_behind = 2 } };

	(void)state;
	assert_order("ab", pair, "ba", "TTL");
	pair[1].ttl_before = 9;
	assert_order("ab", pair, "ab", "TTL");
}

static void times_are_the_last_resort(void **state)
{
	struct path_pair pair[4] = { [1] = { .seen_before = 2, .seen_behind = 100 } };

	(void)state;
	assert_order("ab", pair, "ba", "taken for one clock");
	pair[1].ttl_before = 1;
	assert_order("ab", pair, "ab", "TTL");
}

static void what_nothing_tells_stands_by_name_and_says_so(void **state)
{
	struct path_pair pair[9] = { { 0 } };

	(void)state;
	assert_order("cab", pair, "abc", "unknown: put by name");
	pair[1].seen_before = pair[1].seen_behind = 5;
	assert_order("ba", pair, "ab", "unknown");
}

static void three_points_are_put_in_line_whatever_their_order(void **state)
{
	static const char *const names[] = { "abc", "acb", "bac", "bca", "cab", "cba" };

	(void)state;
	for (size_t k = 0; k < 6; k++) {
		struct path_pair pair[9] = { { 0 } };
		for (int i = 0; i < 3; i++)
			for (int j = i + 1; j < 3; j++)
				*(names[k][i] < names[k][j] ? &pair[i * 3 + j].wider : &pair[i * 3 + j].narrower) = 10;
		assert_order(names[k], pair, "abc", "after b: round trips");
	}
}

static void an_order_that_goes_round_in_a_circle_is_none(void **state)
{
	struct path_pair pair[16] = { [0 * 4 + 1] = { .wider = 9 }, [1 * 4 + 2] = { .wider = 9 }, [0 * 4 + 2] = { .narrower = 9 },
		[0 * 4 + 3] = { .wider = 9 }, [1 * 4 + 3] = { .wider = 9 }, [2 * 4 + 3] = { .wider = 9 } };
	struct facts f;
	struct err e;

	(void)state;
	with_points(&f, "abcd");
	assert_int_equal(path_infer(&f, pair, &e), 0);
	assert_string_equal(order_of(&f), "abcd");
	assert_true(f.point[0].unordered == 6 && f.point[1].unordered == 5 && f.point[2].unordered == 3);
	assert_true(f.point[3].unordered == 0);
	facts_free(&f);
}

static void what_holds_both_sides_of_a_device_is_no_place_between_others(void **state)
{
	static const char *const doubled[] = { "b", "a", "c", "bc" }, *const path[] = { "ac", "abc", "abc", "ad" };

	(void)state;
	for (int k = 0; k < 4; k++) {
		struct path_pair pair[16] = { { 0 } };
		uint32_t n = k == 3 ? 4 : 3;
		struct facts f;
		struct err e;
		with_points(&f, n == 4 ? "abcd" : "abc");
		for (uint32_t i = 0; i < n; i++) {
			for (uint32_t j = i + 1; j < n; j++)
				pair[i * n + j].wider = 10;
			f.point[i].telling = 10;
			f.point[i].forwarded = strchr(doubled[k], f.point[i].name[0]) ? 8 : 1;
		}
		assert_int_equal(path_infer(&f, pair, &e), 0);
		path_leave(&f);
		assert_string_equal(order_of(&f), path[k]);
		assert_int_equal(f.asides, n - f.points);
		if (f.asides)
			assert_non_null(strstr(f.point[f.points].how, "both sides of a device"));
		assert_non_null(strstr(f.point[f.points - 1].how, f.asides ? "after a" : "after b"));
		facts_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_point_is_a_path),
		cmocka_unit_test(the_longer_round_trip_is_nearer_to_the_client),
		cmocka_unit_test(round_trips_that_disagree_leave_it_to_the_ttl),
		cmocka_unit_test(times_are_the_last_resort),
		cmocka_unit_test(what_nothing_tells_stands_by_name_and_says_so),
		cmocka_unit_test(three_points_are_put_in_line_whatever_their_order),
		cmocka_unit_test(an_order_that_goes_round_in_a_circle_is_none),
		cmocka_unit_test(what_holds_both_sides_of_a_device_is_no_place_between_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
