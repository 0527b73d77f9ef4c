/* What sets rows apart: planted causes are found, chance is not. */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/contrast.h"
#include "tests/sim/rng.h"

static const struct property *find(const struct contrast *x, const char *attribute)
{
	for (uint32_t i = 0; i < x->founds; i++)
		if (strcmp(x->cohort->attribute[x->property[x->found[i]].attribute].name, attribute) == 0)
			return &x->property[x->found[i]];
	return NULL;
}

static void name(struct cohort *c, const char *const *names)
{
	*c = (struct cohort){0};
	for (; *names; names++)
		assert_int_equal(cohort_attribute(c, *names), 0);
}

static void contrast(struct contrast *x, const struct cohort *c)
{
	struct err e;

	if (contrast_find(x, c, &e) < 0)
		fail_msg("%s", e.msg);
}

static void add(struct cohort *c, const char *way)
{
	assert_int_equal(cohort_add(c, c->n + 1, (int64_t)c->n * 1000000000, way), 0);
}

static void set(struct cohort *c, uint32_t attribute, const char *class)
{
	assert_int_equal(cohort_set(c, attribute, class), 0);
}

/* Forty rows, every fourth of which fails: those of class "a". */
static void fill(struct cohort *c, uint32_t attributes)
{
	for (int i = 0; i < 40; i++) {
		add(c, i % 4 ? "" : "no connection");
		for (uint32_t k = 0; k < attributes; k++)
			set(c, k, i % 4 ? "b" : "a");
	}
}

static void a_planted_cause_is_found(void **state)
{
	static const char *const names[] = { "ECN", NULL };
	struct cohort c;
	struct contrast x;
	const struct property *p;

	(void)state;
	name(&c, names);
	fill(&c, 1);
	contrast(&x, &c);
	p = find(&x, "ECN");
	assert_non_null(p);
	assert_int_equal(p->kind, PROPERTY_CLASS);
	assert_string_equal(c.attribute[0].text[p->level], "a");
	assert_int_equal(p->t.fail_with, 10);
	assert_int_equal(p->t.pass_with, 0);
	assert_int_equal(p->standing, STANDING_ASSOCIATED);
	contrast_free(&x);
	cohort_free(&c);
}

/* I-47 */
static void what_is_constant_is_not_tested(void **state)
{
	static const char *const names[] = { "ECN", "MSS", NULL };
	struct cohort c;
	struct contrast x;
	char value[16];

	(void)state;
	name(&c, names);
	fill(&c, 1);
	for (uint32_t i = 0; i < c.n; i++)
		c.attribute[1].level[i] = 0;
	c.attribute[1].level[0] = LEVEL_UNKNOWN;
	set(&c, 1, "1460");
	contrast(&x, &c);
	for (uint32_t i = 0; i < x.n; i++)
		assert_int_equal(x.property[i].attribute, 0);
	assert_true(contrast_constant(&c, 1, value, sizeof value));
	assert_string_equal(value, "1460");
	assert_false(contrast_constant(&c, 0, value, sizeof value));
	contrast_free(&x);
	cohort_free(&c);
}

/* I-48 */
static void a_copy_of_a_column_is_no_second_finding(void **state)
{
	static const char *const names[] = { "ECN", "window scale", "MSS", NULL };
	struct cohort c;
	struct contrast one, three;
	struct cohort single;

	(void)state;
	name(&single, (const char *const[]){ "ECN", NULL });
	fill(&single, 1);
	contrast(&one, &single);
	name(&c, names);
	fill(&c, 3);
	contrast(&three, &c);
	assert_int_equal(three.tests, one.tests);
	assert_int_equal(three.founds, 1);
	assert_int_equal(three.n, 3 * one.n);
	for (uint32_t i = 0; i < three.n; i++)
		assert_int_equal(three.property[i].leader, 0);
	assert_true(three.property[0].q == one.property[0].q);
	contrast_free(&one);
	contrast_free(&three);
	cohort_free(&single);
	cohort_free(&c);
}

/* Rows fail by server; ECN goes with the server, and is nothing. */
static void what_only_goes_along_is_confounded(void **state)
{
	static const char *const names[] = { "ECN", "server", NULL };
	struct sim_rng r;
	struct cohort c;
	struct contrast x;
	const struct property *ecn, *server;

	(void)state;
	sim_rng_seed(&r, 1);
	name(&c, names);
	for (int i = 0; i < 600; i++) {
		bool bad = sim_rng_chance(&r, 0.5);

		add(&c, bad && sim_rng_chance(&r, 0.4) ? "no connection" : "");
		set(&c, 0, sim_rng_chance(&r, bad ? 0.8 : 0.2) ? "ECE,CWR" : "none");
		set(&c, 1, bad ? "a" : "b");
	}
	contrast(&x, &c);
	server = find(&x, "server");
	ecn = find(&x, "ECN");
	assert_non_null(server);
	assert_non_null(ecn);
	assert_int_equal(server->standing, STANDING_ASSOCIATED);
	assert_int_equal(ecn->standing, STANDING_CONFOUNDED);
	assert_ptr_equal(&x.property[ecn->by], server);
	assert_true(ecn->within_p > CONTRAST_ALPHA);
	contrast_free(&x);
	cohort_free(&c);
}

/* Two causes, each of its own, both stand. */
static void what_stays_within_the_other_stands(void **state)
{
	static const char *const names[] = { "ECN", "client", NULL };
	struct sim_rng r;
	struct cohort c;
	struct contrast x;

	(void)state;
	sim_rng_seed(&r, 2);
	name(&c, names);
	for (int i = 0; i < 800; i++) {
		bool ecn = sim_rng_chance(&r, 0.5), one = sim_rng_chance(&r, 0.5);

		add(&c, sim_rng_chance(&r, 0.05 + 0.3 * ecn + 0.3 * one) ? "no connection" : "");
		set(&c, 0, ecn ? "ECE,CWR" : "none");
		set(&c, 1, one ? "10.0.0.1" : "10.0.0.2");
	}
	contrast(&x, &c);
	assert_int_equal(find(&x, "ECN")->standing, STANDING_ASSOCIATED);
	assert_int_equal(find(&x, "client")->standing, STANDING_ASSOCIATED);
	contrast_free(&x);
	cohort_free(&c);
}

/* One client asks for ECN, another does not: which of the two it is, these rows cannot tell. */
static void what_never_differs_within_a_client_is_not_told_from_it(void **state)
{
	static const char *const names[] = { "ECN", "client", NULL };
	static const char *const client[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4" };
	struct cohort c;
	struct contrast x;
	const struct property *p;

	(void)state;
	name(&c, names);
	for (int i = 0; i < 40; i++) {
		add(&c, i % 4 < 2 ? "no connection" : "");
		set(&c, 0, i % 4 < 2 ? "ECE,CWR" : "none");
		set(&c, 1, client[i % 4]);
	}
	contrast(&x, &c);
	p = find(&x, "ECN");
	assert_non_null(p);
	assert_int_equal(p->standing, STANDING_TANGLED);
	contrast_free(&x);
	cohort_free(&c);
}

static void each_way_to_fail_has_its_own_cause(void **state)
{
	static const char *const names[] = { "ECN", "server port", NULL };
	struct cohort c;
	struct contrast x;

	(void)state;
	name(&c, names);
	for (int i = 0; i < 240; i++) {
		bool ecn = i % 4 == 0, port = i % 6 == 1;

		add(&c, ecn ? "SYN dropped between a and b" : port ? "refused" : "");
		set(&c, 0, ecn ? "ECE,CWR" : "none");
		set(&c, 1, port ? "81" : "80");
	}
	contrast(&x, &c);
	assert_int_equal(x.sections, 3);
	for (uint32_t s = 1; s < 3; s++) {
		const struct property *first = NULL;

		for (uint32_t i = 0; !first && i < x.founds; i++)
			if (x.property[x.found[i]].section == s)
				first = &x.property[x.found[i]];
		assert_non_null(first);
		assert_int_equal(first->attribute, strcmp(x.section[s].way, "refused") == 0);
		assert_int_equal(first->t.pass_with, 0);
	}
	contrast_free(&x);
	cohort_free(&c);
}

static void failures_of_one_outage_are_a_matter_of_time(void **state)
{
	static const char *const names[] = { "time", NULL };
	struct cohort c;
	struct contrast x;
	const struct property *p;

	(void)state;
	name(&c, names);
	for (int i = 0; i < 600; i++) {
		add(&c, i >= 300 && i < 330 ? "no connection" : "");
		assert_int_equal(cohort_set_number(&c, 0, c.start_ns[i]), 0);
	}
	contrast(&x, &c);
	p = find(&x, "time");
	assert_non_null(p);
	assert_true(x.section[0].cluster_p < 0.01);
	contrast_free(&x);
	cohort_free(&c);
}

static void power_is_what_could_have_been_found(void **state)
{
	struct section few = { .fail = 2, .pass = 21, .tests = 12 }, many = { .fail = 6, .pass = 600, .tests = 12 }, none = { .fail = 1, .pass = 3, .tests = 5 };

	(void)state;
	assert_int_equal(contrast_power(&few), 0);
	assert_int_equal(contrast_power(&none), -1);
	for (uint32_t x = 0; x < 600; x++) {
		struct fourfold t = { 6, x, 0, 600 - x };

		assert_int_equal(stats_fisher(&t) <= 0.05 / 12, (int64_t)x <= contrast_power(&many));
	}
}

/* Worlds in which nothing matters: in 5 % of them at most is anything found, and whatever is found there is false. */
static void of_null_worlds_one_in_twenty_tells_something_at_most(void **state)
{
	static const char *const names[] = { "ECN", "timestamps", "client", "server", "window scale", "MSS", "client port", "TSval", "time", "parity", NULL };
	int worlds = getenv("NULL_WORLDS") ? atoi(getenv("NULL_WORLDS")) : 10000, found = 0;
	struct sim_rng r;

	(void)state;
	sim_rng_seed(&r, 5);
	for (int w = 0; w < worlds; w++) {
		int n = (int)sim_rng_range(&r, 10, 150);
		double rate = 0.02 + 0.5 * sim_rng_unit(&r);
		struct contrast x;
		struct cohort c;

		name(&c, names);
		for (int i = 0; i < n; i++) {
			static const char *const letter[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
			int64_t host = sim_rng_range(&r, 0, 7);

			add(&c, sim_rng_chance(&r, rate) ? "no connection" : "");
			set(&c, 0, host < 4 ? "ECE,CWR" : "none");
			set(&c, 1, sim_rng_chance(&r, 0.9) ? "yes" : "no");
			set(&c, 2, letter[host]);
			set(&c, 3, letter[sim_rng_range(&r, 0, 2)]);
			set(&c, 4, host < 2 ? "7" : "8");
			set(&c, 5, "1460");
			assert_int_equal(cohort_set_number(&c, 6, sim_rng_range(&r, 32768, 60999)), 0);
			assert_int_equal(cohort_set_number(&c, 7, sim_rng_range(&r, 0, 1000000) + 1000000 * host), 0);
			assert_int_equal(cohort_set_number(&c, 8, c.start_ns[i]), 0);
			set(&c, 9, sim_rng_chance(&r, 0.5) ? "odd" : "even");
		}
		contrast(&x, &c);
		found += x.founds > 0;
		contrast_free(&x);
		cohort_free(&c);
	}
	print_message("%d of %d\n", found, worlds);
	/* Three standard deviations. */
	assert_true(found <= 0.05 * worlds + 3 * sqrt(0.05 * 0.95 * worlds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_planted_cause_is_found),
		cmocka_unit_test(what_is_constant_is_not_tested),
		cmocka_unit_test(a_copy_of_a_column_is_no_second_finding),
		cmocka_unit_test(what_only_goes_along_is_confounded),
		cmocka_unit_test(what_stays_within_the_other_stands),
		cmocka_unit_test(what_never_differs_within_a_client_is_not_told_from_it),
		cmocka_unit_test(each_way_to_fail_has_its_own_cause),
		cmocka_unit_test(failures_of_one_outage_are_a_matter_of_time),
		cmocka_unit_test(power_is_what_could_have_been_found),
		cmocka_unit_test(of_null_worlds_one_in_twenty_tells_something_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
