#include "correlate/stats.h"

#include <math.h>
#include <stdlib.h>

#include "correlate/chance.h"

#define Z95 1.959963984540054
#define EXPECTED_MIN 5.0        /* Cochran's rule for the chi-squared distribution */
#define PERMUTATIONS 9999
#define ENOUGH 20               /* as extreme as what was seen: more permutations would only say more precisely that it is chance (Besag, Clifford 1991) */
#define LARGE 1000              /* failing or other cases: from here on distributions are used, not permutations */
#define TIE 1e-7                /* as R: what differs by less is equally probable */

static double ln_choose(double n, double k)
{
	return chance_ways((uint32_t)n, (uint32_t)k) * M_LN10;
}

/* The margins of a table: `with` of n have the property, fail of n fail; low to high may do both. */
struct margins {
	double n, with, fail, low, high;
};

static struct margins margins_of(const struct fourfold *t)
{
	struct margins m = { .with = (double)t->fail_with + t->pass_with, .fail = (double)t->fail_with + t->fail_without };

	m.n = m.with + t->fail_without + t->pass_without;
	m.low = fmax(0, m.with + m.fail - m.n);
	m.high = fmin(m.with, m.fail);
	return m;
}

static double probability(const struct margins *m, double both)
{
	return exp(ln_choose(m->with, both) + ln_choose(m->n - m->with, m->fail - both) - ln_choose(m->n, m->fail));
}

/* P(both + 1) / P(both) */
static double step_up(const struct margins *m, double both)
{
	return (m->with - both) * (m->fail - both) / ((both + 1) * (m->n - m->with - m->fail + both + 1));
}

/* All from `both` outwards, which only get less probable: until they no longer count. */
static double tail(const struct margins *m, double both, double p, bool up)
{
	double sum = 0;

	while (both >= m->low && both <= m->high && p > sum * 1e-17) {
		sum += p;
		if (up)
			p *= step_up(m, both++);
		else if (--both >= m->low)
			p /= step_up(m, both);
	}
	return sum;
}

/* The outermost on the other side of the mode that is no more probable than `limit`: probabilities fall away from the mode. */
static double other_side(const struct margins *m, double mode, double limit, bool up)
{
	double in = mode, out = (up ? m->high : m->low) + (up ? 1 : -1);

	while (fabs(out - in) > 1) {
		double middle = floor((in + out) / 2);

		if (probability(m, middle) <= limit)
			out = middle;
		else
			in = middle;
	}
	return out;
}

double stats_fisher(const struct fourfold *t)
{
	struct margins m = margins_of(t);
	double seen = t->fail_with, mode = floor((m.with + 1) * (m.fail + 1) / (m.n + 2)), p = probability(&m, seen), sum, other;
	bool up = seen > mode;

	/* Nothing is more probable. */
	if (m.low == m.high || probability(&m, mode) <= p * (1 + TIE))
		return 1;
	sum = tail(&m, seen, p, up);
	other = other_side(&m, mode, p * (1 + TIE), !up);
	if (other >= m.low && other <= m.high)
		sum += tail(&m, other, probability(&m, other), !up);
	return fmin(sum, 1);
}

double stats_fisher_least(const struct fourfold *t)
{
	struct margins m = margins_of(t);
	double low = probability(&m, m.low), high = probability(&m, m.high), least = fmin(low, high);

	if (m.low == m.high)
		return 1;
	return fmin(1, fabs(low - high) <= TIE * least ? low + high : least);
}

static double xlogy(double x, double y)
{
	return x > 0 ? x * log(y) : 0;
}

double stats_g(const uint32_t *fail, const uint32_t *all, uint32_t k)
{
	double fails = 0, n = 0, g = 0;

	for (uint32_t i = 0; i < k; i++)
		fails += fail[i], n += all[i];
	for (uint32_t i = 0; i < k; i++) {
		double expected = all[i] * fails / n, pass = (double)all[i] - fail[i];

		if (all[i] > 0)
			g += xlogy(fail[i], fail[i] / expected) + xlogy(pass, pass / (all[i] - expected));
	}
	return g > 0 ? 2 * g : 0;
}

/* The regularized upper incomplete gamma function Q(a, x): by its series below a + 1, by Lentz's continued fraction above. */
static double gamma_q(double a, double x)
{
	double front = exp(a * log(x) - x - lgamma(a)), b = x + 1 - a, c = 1e300, d = 1 / b, h = d;

	if (x < a + 1) {
		double term = 1 / a, sum = term;

		for (double n = a + 1; term > sum * 1e-15; n++)
			sum += term *= x / n;
		return 1 - sum * front;
	}
	for (int i = 1; i < 10000; i++) {
		double an = -i * (i - a), delta;

		b += 2;
		d = 1 / (fabs(an * d + b) < 1e-300 ? 1e-300 : an * d + b);
		c = fabs(b + an / c) < 1e-300 ? 1e-300 : b + an / c;
		delta = c * d;
		h *= delta;
		if (fabs(delta - 1) < 1e-14)
			break;
	}
	return front * h;
}

double stats_chi2_tail(double x, uint32_t freedom)
{
	return x <= 0 || freedom == 0 ? 1 : gamma_q(freedom / 2.0, x / 2);
}

/* ---- permutations ---- */

/* splitmix64: the same numbers every time. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Cases by class, of which the first `drawn` are a sample after shuffle(). */
struct urn {
	uint32_t *class, *count;        /* count[class] of the sample */
	const uint32_t *all;
	uint32_t n, k, drawn;
	bool passing;                   /* those drawn pass: they are fewer */
	uint64_t state;
};

static bool urn_fill(struct urn *u, const uint32_t *fail, const uint32_t *all, uint32_t k)
{
	uint32_t n = 0, fails = 0;

	for (uint32_t i = 0; i < k; i++)
		n += all[i], fails += fail[i];
	*u = (struct urn){ .all = all, .n = n, .k = k, .drawn = fails * 2 > n ? n - fails : fails, .passing = fails * 2 > n };
	/* Other tables, other numbers: or what one set of permutations has too many of would be found in all of them. */
	for (uint32_t i = 0; i < k; i++)
		u->state = (u->state + fail[i]) << 20 ^ all[i], u->state = next_random(&u->state);
	u->class = malloc((n ? n : 1) * sizeof *u->class);
	u->count = malloc((k ? k : 1) * sizeof *u->count);
	if (u->class == NULL || u->count == NULL)
		return false;
	for (uint32_t i = 0, at = 0; i < k; i++)
		for (uint32_t j = 0; j < all[i]; j++)
			u->class[at++] = i;
	return true;
}

/* Which fail, by chance: Fisher-Yates as far as is needed. */
static void urn_draw(struct urn *u)
{
	for (uint32_t i = 0; i < u->k; i++)
		u->count[i] = 0;
	for (uint32_t i = 0; i < u->drawn; i++) {
		uint32_t j = i + (uint32_t)(((next_random(&u->state) >> 32) * (u->n - i)) >> 32), c = u->class[j];

		u->class[j] = u->class[i];
		u->class[i] = c;
		u->count[c]++;
	}
	for (uint32_t i = 0; u->passing && i < u->k; i++)
		u->count[i] = u->all[i] - u->count[i];
}

static void urn_free(struct urn *u)
{
	free(u->class);
	free(u->count);
}

typedef double statistic(const uint32_t *fail, const uint32_t *all, uint32_t k);

/* How often is it as large as what was seen, or larger? Without memory nothing is claimed: 1. */
static double permuted_p(statistic *f, const uint32_t *fail, const uint32_t *all, uint32_t k)
{
	double seen = f(fail, all, k) * (1 - 1e-9);
	uint32_t extreme = 0, done = 0;
	struct urn u;

	if (!urn_fill(&u, fail, all, k)) {
		urn_free(&u);
		return 1;
	}
	while (done < PERMUTATIONS && extreme < ENOUGH) {
		urn_draw(&u);
		extreme += f(u.count, all, k) >= seen;
		done++;
	}
	urn_free(&u);
	return extreme == ENOUGH ? (double)extreme / done : (extreme + 1.0) / (done + 1.0);
}

struct totals {
	double fail, pass;
};

static struct totals totals_of(const uint32_t *fail, const uint32_t *all, uint32_t k)
{
	struct totals t = { 0, 0 };

	for (uint32_t i = 0; i < k; i++)
		t.fail += fail[i], t.pass += (double)all[i] - fail[i];
	return t;
}

/* Classes too small for the distribution are put together: by their sizes alone, so that nothing is chosen by what failed. */
static double pooled_g_p(const uint32_t *fail, const uint32_t *all, uint32_t k, double fewer, double n)
{
	uint32_t *f = malloc(2 * ((size_t)k + 1) * sizeof *f), *a = f + k + 1, m = 0;
	double p;

	if (f == NULL)
		return 1;
	f[0] = a[0] = 0;
	for (uint32_t i = 0; i < k; i++) {
		bool large = all[i] * fewer / n >= EXPECTED_MIN;
		uint32_t at = large ? ++m : 0;

		f[at] = fail[i] + (large ? 0 : f[0]);
		a[at] = all[i] + (large ? 0 : a[0]);
	}
	/* What is left over may be too small still: then it says nothing. */
	if (a[0] * fewer / n >= EXPECTED_MIN)
		p = stats_chi2_tail(stats_g(f, a, m + 1), m);
	else
		p = m < 2 ? 1 : stats_chi2_tail(stats_g(f + 1, a + 1, m), m - 1);
	free(f);
	return p;
}

double stats_g_p(const uint32_t *fail, const uint32_t *all, uint32_t k)
{
	struct totals t = totals_of(fail, all, k);
	double fewer = fmin(t.fail, t.pass), n = t.fail + t.pass;
	bool small = false;

	if (k < 2 || fewer == 0)
		return 1;
	for (uint32_t i = 0; i < k; i++)
		small |= all[i] * fewer / n < EXPECTED_MIN;
	if (!small)
		return stats_chi2_tail(stats_g(fail, all, k), k - 1);
	return fewer >= LARGE ? pooled_g_p(fail, all, k, fewer, n) : permuted_p(stats_g, fail, all, k);
}

/* ---- cuts ---- */

/* The greatest chi-squared of all cuts, and where it is. */
static double best_cut(const uint32_t *fail, const uint32_t *all, uint32_t k, uint32_t *cut)
{
	struct totals t = totals_of(fail, all, k);
	double n = t.fail + t.pass, below = 0, failed = 0, best = 0;

	*cut = 0;
	for (uint32_t i = 0; i + 1 < k; i++) {
		double off, x;

		below += all[i], failed += fail[i];
		off = failed * n - below * t.fail;
		x = off * off * n / (below * (n - below) * t.fail * t.pass);
		if (below > 0 && below < n && x > best * (1 + 1e-12)) {
			best = x;
			*cut = i + 1;
		}
	}
	return best;
}

static double best_of_cuts(const uint32_t *fail, const uint32_t *all, uint32_t k)
{
	uint32_t cut;

	return best_cut(fail, all, k, &cut);
}

double stats_split_p(const uint32_t *fail, const uint32_t *all, uint32_t k, uint32_t *cut)
{
	struct totals t = totals_of(fail, all, k);
	double best;

	*cut = 0;
	if (k < 2 || t.fail == 0 || t.pass == 0)
		return 1;
	best = best_cut(fail, all, k, cut);
	if (t.fail >= LARGE && t.pass >= LARGE)
		return fmin(1, (k - 1) * stats_chi2_tail(best, 1));
	return permuted_p(best_of_cuts, fail, all, k);
}

static double pairs(const uint32_t *fail, const uint32_t *all, uint32_t k)
{
	double sum = 0;

	(void)all;
	for (uint32_t i = 0; i < k; i++)
		sum += (double)fail[i] * (fail[i] - 1.0) / 2;
	return sum;
}

double stats_cluster_p(const uint32_t *fail, const uint32_t *all, uint32_t k)
{
	struct totals t = totals_of(fail, all, k);

	if (fmin(t.fail, t.pass) >= LARGE)
		return stats_g_p(fail, all, k);
	return k < 2 || t.fail < 2 || t.pass == 0 ? 1 : permuted_p(pairs, fail, all, k);
}

/* ---- strata, many tests, intervals ---- */

double stats_cmh(const struct fourfold *t, size_t n, double *ratio)
{
	double off = 0, variance = 0, up = 0, down = 0, x;

	for (size_t i = 0; i < n; i++) {
		struct margins m = margins_of(&t[i]);

		if (m.n < 2)
			continue;
		off += t[i].fail_with - m.with * m.fail / m.n;
		variance += m.with * (m.n - m.with) * m.fail * (m.n - m.fail) / (m.n * m.n * (m.n - 1));
		up += (double)t[i].fail_with * t[i].pass_without / m.n;
		down += (double)t[i].pass_with * t[i].fail_without / m.n;
	}
	*ratio = down > 0 ? up / down : up > 0 ? INFINITY : NAN;
	if (variance <= 0)
		return NAN;
	x = fmax(0, fabs(off) - 0.5);
	return stats_chi2_tail(x * x / variance, 1);
}

struct ranked {
	double p;
	size_t i;
};

static int by_p(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->p != y->p ? (x->p < y->p ? -1 : 1) : x->i < y->i ? -1 : x->i > y->i;
}

bool stats_bh(const double *p, double *q, size_t n)
{
	struct ranked *r = malloc((n ? n : 1) * sizeof *r);
	double least = 1;

	if (r == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		r[i] = (struct ranked){ p[i], i };
	qsort(r, n, sizeof *r, by_p);
	for (size_t i = n; i-- > 0;) {
		least = fmin(least, r[i].p * (double)n / (double)(i + 1));
		q[r[i].i] = least;
	}
	free(r);
	return true;
}

struct interval_of stats_wilson(uint32_t n, uint32_t of)
{
	double all = of, share = n / all, z2 = Z95 * Z95, middle, half;

	if (of == 0)
		return (struct interval_of){ 0, 1 };
	middle = (share + z2 / (2 * all)) / (1 + z2 / all);
	half = Z95 * sqrt(share * (1 - share) / all + z2 / (4 * all * all)) / (1 + z2 / all);
	return (struct interval_of){ fmax(0, middle - half), fmin(1, middle + half) };
}

struct interval_of stats_newcombe(const struct fourfold *t)
{
	uint32_t with = t->fail_with + t->pass_with, without = t->fail_without + t->pass_without;
	struct interval_of a = stats_wilson(t->fail_with, with), b = stats_wilson(t->fail_without, without);
	double x = with ? (double)t->fail_with / with : 0, y = without ? (double)t->fail_without / without : 0;

	if (with == 0 || without == 0)
		return (struct interval_of){ -1, 1 };
	return (struct interval_of){ x - y - hypot(x - a.low, b.high - y), x - y + hypot(a.high - x, y - b.low) };
}

double stats_odds_ratio(const struct fourfold *t)
{
	return (t->fail_with + 0.5) * (t->pass_without + 0.5) / ((t->pass_with + 0.5) * (t->fail_without + 0.5));
}

uint32_t stats_controls(uint32_t fail, uint32_t of)
{
	double rate = of ? (double)fail / of : 0;

	if (fail == 0)
		return 0;
	return rate >= 0.95 ? 1 : (uint32_t)ceil(log(0.05) / log1p(-rate));
}
