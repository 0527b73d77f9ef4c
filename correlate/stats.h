/* Tests of association for counts: pure, exact where that is cheap, and the same answer every time. */
#ifndef CORRELATE_STATS_H
#define CORRELATE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Failing and other cases, with and without a property. */
struct fourfold {
	uint32_t fail_with, pass_with, fail_without, pass_without;
};

/* Two-sided Fisher: the probability, margins given, of this table and of all that are no more probable (as R counts them). */
double stats_fisher(const struct fourfold *t);

/* The least p that any table with these margins has: what is above 5 % here can show nothing, whatever happened (Tarone 1990). */
double stats_fisher_least(const struct fourfold *t);

/*
 * G = 2 sum O ln(O/E) over a table of k columns: fail[i] of all[i] cases. p by the chi-squared distribution where all that is expected is 5 or more,
 * else by permutations of the labels.
 */
double stats_g(const uint32_t *fail, const uint32_t *all, uint32_t k);
double stats_g_p(const uint32_t *fail, const uint32_t *all, uint32_t k);

/* P(X >= x), X chi-squared with so many degrees of freedom. */
double stats_chi2_tail(double x, uint32_t freedom);

/*
 * The cut of ordered classes that sets fail apart best (greatest chi-squared of any); `cut` is the first class above it. p is that of the best of all
 * cuts: by permutations, or where both groups are large by Bonferroni over the cuts. 1 and cut 0: there is nothing to cut.
 */
double stats_split_p(const uint32_t *fail, const uint32_t *all, uint32_t k, uint32_t *cut);

/*
 * Cochran-Mantel-Haenszel over n strata, with continuity correction; the common odds ratio goes to *ratio. NAN: no stratum holds cases with and
 * without the property, both failing and not.
 */
double stats_cmh(const struct fourfold *t, size_t n, double *ratio);

/* Benjamini-Hochberg (1995): q[i] is the least share of false discoveries at which p[i] is one. false: out of memory. */
bool stats_bh(const double *p, double *q, size_t n);

/* Do the n failing cases among classes come together? P(as many pairs of them in one class, by chance); classes[i] have all[i] cases. */
double stats_cluster_p(const uint32_t *fail, const uint32_t *all, uint32_t k);

struct interval_of {
	double low, high;
};

/* 95 %: a share (Wilson 1927), and the difference of two, with less without (Newcombe 1998, method 10). */
struct interval_of stats_wilson(uint32_t n, uint32_t of);
struct interval_of stats_newcombe(const struct fourfold *t);

/* Odds ratio with half a case added to each cell (Haldane 1956), so that it is finite. */
double stats_odds_ratio(const struct fourfold *t);

/*
 * So many controls must all go well before that would happen by chance in 5 % of cases at most, if they failed as often as `fail` of `of` do: about
 * 3 / rate (the rule of three). 0: nothing failed.
 */
uint32_t stats_controls(uint32_t fail, uint32_t of);

#endif
