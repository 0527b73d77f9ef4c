/* Tests of association, against values that are known. */
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/stats.h"
#include "tests/sim/rng.h"

static void near(double got, double want, double off)
{
	if (!(fabs(got - want) <= off))
		fail_msg("%.9g, not %.9g", got, want);
}

static double fisher(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	return stats_fisher(&(struct fourfold){ a, b, c, d });
}

static void fisher_gives_known_values(void **state)
{
	(void)state;
	near(fisher(3, 1, 1, 3), 0.485714, 1e-6);       /* Fisher's tea: 34/70 */
	near(fisher(8, 2, 1, 5), 0.034965, 1e-6);
	near(fisher(6, 0, 0, 6), 2.0 / 924, 1e-9);
	near(fisher(0, 10, 0, 5), 1, 0);
	near(fisher(7, 893, 0, 100), 1, 1e-9);
	near(fisher(7, 893, 0, 400), 0.108, 5e-3);
	near(fisher(7, 893, 0, 1000), 0.0051, 5e-4);
}

/* The sum over all tables, as the definition has it. */
static double fisher_by_definition(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	double with = a + b, fails = a + c, n = with + c + d, sum = 0, seen = 0, p[64];
	int low = (int)fmax(0, with + fails - n), high = (int)fmin(with, fails);

	for (int x = low; x <= high; x++) {
		p[x] = exp(lgamma(with + 1) - lgamma(x + 1) - lgamma(with - x + 1) + lgamma(n - with + 1) - lgamma(fails - x + 1) -
		    lgamma(n - with - fails + x + 1) - lgamma(n + 1) + lgamma(fails + 1) + lgamma(n - fails + 1));
		seen = x == (int)a ? p[x] : seen;
	}
	for (int x = low; x <= high; x++)
		sum += p[x] <= seen * (1 + 1e-7) ? p[x] : 0;
	return fmin(1, sum);
}

static void fisher_is_what_its_definition_says(void **state)
{
	struct sim_rng r;

	(void)state;
	sim_rng_seed(&r, 46);
	for (int i = 0; i < 20000; i++) {
		uint32_t t[4];

		for (int k = 0; k < 4; k++)
			t[k] = (uint32_t)sim_rng_range(&r, 0, 15);
		near(fisher(t[0], t[1], t[2], t[3]), fisher_by_definition(t[0], t[1], t[2], t[3]), 1e-9);
		assert_true(stats_fisher_least(&(struct fourfold){ t[0], t[1], t[2], t[3] }) <= fisher(t[0], t[1], t[2], t[3]) * (1 + 1e-9));
	}
}

/* I-46 */
static void fisher_is_symmetric(void **state)
{
	struct sim_rng r;

	(void)state;
	sim_rng_seed(&r, 4);
	for (int i = 0; i < 5000; i++) {
		uint32_t a = (uint32_t)sim_rng_range(&r, 0, 300), b = (uint32_t)sim_rng_range(&r, 0, 30), c = (uint32_t)sim_rng_range(&r, 0, 300),
			 d = (uint32_t)sim_rng_range(&r, 0, 1000);
		double p = fisher(a, b, c, d);

		near(fisher(a, c, b, d), p, p * 1e-6);
		near(fisher(b, a, d, c), p, p * 1e-6);
		near(fisher(c, d, a, b), p, p * 1e-6);
	}
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Kolmogorov-Smirnov at 1 %: 1.63 / sqrt(n). */
static void uniform(double *p, int n)
{
	double most = 0;

	qsort(p, (size_t)n, sizeof *p, by_value);
	for (int i = 0; i < n; i++)
		most = fmax(most, fmax(fabs(p[i] - (double)i / n), fabs(p[i] - (i + 1.0) / n)));
	if (most > 1.63 / sqrt(n))
		fail_msg("the p of %d permuted tables are not uniform: %.4f apart", n, most);
}

enum { CASES = 200, FAILS = 80, WITH = 75 };

/* Who fails is drawn anew. */
static void permute(struct sim_rng *r, uint8_t label[CASES])
{
	for (int k = CASES - 1; k > 0; k--) {
		int j = (int)sim_rng_range(r, 0, k);
		uint8_t x = label[k];

		label[k] = label[j], label[j] = x;
	}
}

static double fisher_with(uint32_t fails)
{
	return fisher(fails, WITH - fails, FAILS - fails, CASES - WITH - (FAILS - fails));
}

/* A discrete p is made continuous by a part, drawn at random, of the weight of what was seen. */
static double smooth(uint32_t fails, struct sim_rng *r)
{
	double p = fisher_with(fails), less = 0;

	for (uint32_t x = 0; x <= WITH; x++)
		less = fisher_with(x) < p * (1 - 1e-6) ? fmax(less, fisher_with(x)) : less;
	return less + (p - less) * sim_rng_unit(r);
}

/* I-46 */
static void permuted_labels_give_a_uniform_p(void **state)
{
	enum { N = 4000 };
	static double p[N];
	uint8_t label[CASES] = { 0 };
	struct sim_rng r;

	(void)state;
	sim_rng_seed(&r, 46);
	memset(label, 1, FAILS);
	for (int i = 0; i < N; i++) {
		uint32_t fails = 0;

		permute(&r, label);
		for (int k = 0; k < WITH; k++)
			fails += label[k];
		p[i] = smooth(fails, &r);
	}
	uniform(p, N);
}

/* What is p or less comes about in p of cases at most, and not much less often. */
static void the_p_of_the_best_cut_and_of_g_keep_their_promise(void **state)
{
	enum { N = 4000 };
	uint8_t label[CASES] = { 0 };
	int cuts = 0, gs = 0;
	struct sim_rng r;

	(void)state;
	sim_rng_seed(&r, 47);
	memset(label, 1, FAILS / 4);
	for (int i = 0; i < N; i++) {
		uint32_t fail[40] = { 0 }, all[40] = { 0 }, cut;

		permute(&r, label);
		for (int k = 0; k < CASES; k++)
			all[k / 5]++, fail[k / 5] += label[k];
		cuts += stats_split_p(fail, all, 40, &cut) <= 0.05;
		gs += stats_g_p(fail, all, 40) <= 0.05;
	}
	near(cuts / (double)N, 0.05, 0.01);
	near(gs / (double)N, 0.05, 0.01);
}

static void the_chi_squared_tail_is_that_of_the_tables(void **state)
{
	(void)state;
	near(stats_chi2_tail(3.841459, 1), 0.05, 1e-6);
	near(stats_chi2_tail(5.991465, 2), 0.05, 1e-6);
	near(stats_chi2_tail(18.307038, 10), 0.05, 1e-6);
	near(stats_chi2_tail(124.342113, 100), 0.05, 1e-6);
	near(stats_chi2_tail(0.0157908, 1), 0.9, 1e-6);
	near(stats_chi2_tail(0, 3), 1, 0);
}

static void g_is_twice_the_information(void **state)
{
	uint32_t fail[] = { 20, 10 }, all[] = { 30, 30 }, few[] = { 3, 0, 0, 0 }, of[] = { 3, 5, 6, 6 };

	(void)state;
	near(stats_g(fail, all, 2), 6.795961, 1e-5);
	near(stats_g_p(fail, all, 2), 0.009137, 1e-5);
	/* 3 of 3 in the first of 20: one of C(20,3) = 1140. */
	near(stats_g_p(few, of, 4), 1.0 / 1140, 1.2e-3);
}

/* Admissions at Berkeley (Bickel 1975), six departments: more men were admitted in all, and no more in any but one. */
static void strata_turn_a_paradox_round(void **state)
{
	struct fourfold department[] = { { 512, 313, 89, 19 }, { 353, 207, 17, 8 }, { 120, 205, 202, 391 }, { 138, 279, 131, 244 },
		{ 53, 138, 94, 299 }, { 22, 351, 24, 317 } };
	double ratio, p = stats_cmh(department, 6, &ratio);

	(void)state;
	assert_true(fisher(1198, 1493, 557, 1278) < 1e-20);
	near(ratio, 0.9046968, 1e-6);
	near(p, 0.2323, 1e-4);
}

static void strata_without_a_contrast_say_nothing(void **state)
{
	struct fourfold t[] = { { 5, 5, 0, 0 }, { 0, 0, 1, 9 } };
	double ratio;

	(void)state;
	assert_true(isnan(stats_cmh(t, 2, &ratio)));
}

/* The fifteen p of Benjamini and Hochberg (1995), 3.2: four are found at 5 %. */
static void benjamini_and_hochberg_find_their_four(void **state)
{
	double p[] = { 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0 }, q[15];
	int found = 0;

	(void)state;
	assert_true(stats_bh(p, q, 15));
	for (int i = 0; i < 15; i++)
		found += q[i] <= 0.05;
	assert_int_equal(found, 4);
	near(q[0], 0.0015, 1e-9);
	near(q[14], 1, 0);
}

static void a_cut_is_found_where_it_is(void **state)
{
	uint32_t fail[] = { 0, 0, 0, 5, 5, 5 }, all[] = { 5, 5, 5, 5, 5, 5 }, cut;

	(void)state;
	assert_true(stats_split_p(fail, all, 6, &cut) < 0.001);
	assert_int_equal(cut, 3);
}

static void failures_of_one_minute_are_a_cluster(void **state)
{
	uint32_t fail[] = { 0, 6, 0, 0, 0 }, even[] = { 2, 1, 1, 1, 1 }, all[] = { 10, 10, 10, 10, 10 };

	(void)state;
	assert_true(stats_cluster_p(fail, all, 5) < 0.01);
	assert_true(stats_cluster_p(even, all, 5) > 0.5);
}

/* Newcombe (1998), table II: 56/70 - 48/80, method 10; Wilson: 81 of 263 (method 3). */
static void intervals_are_those_that_newcombe_gives(void **state)
{
	struct interval_of d = stats_newcombe(&(struct fourfold){ 56, 14, 48, 32 }), w = stats_wilson(81, 263);

	(void)state;
	near(d.low, 0.0524, 1e-4);
	near(d.high, 0.3339, 1e-4);
	near(w.low, 0.2553, 1e-4);
	near(w.high, 0.3662, 1e-4);
}

static void controls_are_about_three_by_the_rate(void **state)
{
	(void)state;
	assert_int_equal(stats_controls(7, 900), 384);
	assert_int_equal(stats_controls(2, 23), 33);
	assert_int_equal(stats_controls(6, 6), 1);
	assert_int_equal(stats_controls(0, 6), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fisher_gives_known_values),
		cmocka_unit_test(fisher_is_what_its_definition_says),
		cmocka_unit_test(fisher_is_symmetric),
		cmocka_unit_test(permuted_labels_give_a_uniform_p),
		cmocka_unit_test(the_p_of_the_best_cut_and_of_g_keep_their_promise),
		cmocka_unit_test(the_chi_squared_tail_is_that_of_the_tables),
		cmocka_unit_test(g_is_twice_the_information),
		cmocka_unit_test(strata_turn_a_paradox_round),
		cmocka_unit_test(strata_without_a_contrast_say_nothing),
		cmocka_unit_test(benjamini_and_hochberg_find_their_four),
		cmocka_unit_test(a_cut_is_found_where_it_is),
		cmocka_unit_test(failures_of_one_minute_are_a_cluster),
		cmocka_unit_test(intervals_are_those_that_newcombe_gives),
		cmocka_unit_test(controls_are_about_three_by_the_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
