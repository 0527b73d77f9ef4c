#include "correlate/clock_close.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/clock_loops.h"

#define UNSTEADY 8              /* a clock that was set more often is not looked at */
#define SPAN_NS 1000000000      /* knots closer together tell nothing about the slope */

/* One moment, as all clocks show it. */
struct moment {
	int64_t at[POINTS_MAX];         /* estimate */
	int64_t unsure[POINTS_MAX];     /* that may be off by this */
	bool known[POINTS_MAX];
};

static void look_around(const struct clock_graph *g, uint32_t p, int64_t p_ns, struct moment *m)
{
	const struct facts *f = g->f;
	int64_t t = facts_align(&f->point[p], p_ns), mine = facts_doubt(&f->point[p], p_ns);

	for (uint32_t i = 0; i < g->n; i++) {
		const struct point *q = &f->point[i];
		int64_t theirs;
		m->at[i] = i == p ? p_ns : facts_unalign(q, t);
		m->known[i] = q->piece[0].state != CLOCK_NONE && !facts_hidden(q, m->at[i]);
		theirs = facts_doubt(q, m->at[i]);
		/* What one bound leaves open, for times that need not be exact: a packet's time on its way. */
		m->unsure[i] = i == p ? 0 : mine == INT64_MAX || theirs == INT64_MAX ? CLOCK_FLIGHT_NS : mine + theirs;
	}
}

/* What each tie says then. Against the estimates: numbers stay small. Where `slack` is conceded, a little more. */
static void gather(const struct clock_graph *g, const struct moment *m, bool slack, int64_t *high)
{
	uint32_t n = g->n;

	for (uint32_t i = 0; i < n * n; i++)
		high[i] = LOOPS_OPEN;
	for (uint32_t k = 0; k < g->ties; k++) {
		const struct clock_tie *t = &g->tie[k];
		uint32_t own = clock_tie_own(t), other = clock_tie_other(t, own);
		int64_t lower, higher, apart, noise = 0;
		if (t->out || !m->known[own] || !m->known[other])
			continue;
		clock_tie_bounds(t, other, m->at[own] - m->unsure[own], m->at[own] + m->unsure[own], &lower, &higher);
		apart = m->at[other] - m->at[own];
		if (slack)
			noise = CLOCK_NOISE_NS + g->f->point[own].resolution_ns + g->f->point[other].resolution_ns;
		if (higher != INT64_MAX)
			high[own * n + other] = clock_plus(higher - apart, noise);
		if (lower != INT64_MIN)
			high[other * n + own] = clock_plus(apart - lower, noise);
	}
}

static bool has_loops(const struct clock_graph *g)
{
	return g->ties >= 3 && g->n >= 3;
}

static bool steady(const struct point *p)
{
	return p->pieces <= UNSTEADY && p->piece[0].state != CLOCK_NONE;
}

/* ---- wrong ties ---- */

static void say_culprit(struct clock_graph *g, const struct clock_tie *t, const struct loops_pair *w)
{
	struct point *p = &g->f->point[t->b];

	if (!p->clock_note[0])
		snprintf(p->clock_note, sizeof p->clock_note,
		    "the packets that it shares with %s say another offset, by at least %.6g ms, than all others do: they are left out", g->f->point[t->a].name, (double)w->by_ns / 1e6);
}

/* All pairs of a loop of which one is wrong. */
static void say_loop(struct clock_graph *g, const struct loops_pair *w, int n)
{
	char names[200] = "";
	uint64_t set = 0;
	size_t len = 0;

	for (int k = 0; k < n; k++)
		set |= 1ull << w[k].a | 1ull << w[k].b;
	for (uint32_t i = 0; i < g->n && len < sizeof names; i++)
		if (set >> i & 1)
			len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "", g->f->point[i].name);
	for (uint32_t i = 0; i < g->n; i++) {
		struct point *p = &g->f->point[i];
		if (set >> i & 1 && !p->clock_note[0] && !p->reference)
			snprintf(p->clock_note, sizeof p->clock_note, "the clocks of %s do not fit together: going round, they miss each other by at "
				"least %.6g ms, and which of them is wrong cannot be told", names, (double)w->by_ns / 1e6);
	}
}

static int put_out(struct clock_graph *g, const struct loops_pair *w, int n)
{
	int out = 0;

	for (int k = 0; k < n; k++)
		for (uint32_t i = 0; i < g->ties; i++) {
			struct clock_tie *t = &g->tie[i];
			if (t->a != w[k].a || t->b != w[k].b || t->out)
				continue;
			t->out = true;
			out++;
			if (w[k].culprit)
				say_culprit(g, t, &w[k]);
		}
	for (int from = 0, to; from < n; from = to) {
		for (to = from; to < n && w[to].loop == w[from].loop; to++)
			;
		if (!w[from].culprit)
			say_loop(g, w + from, to - from);
	}
	return out;
}

int close_find_wrong(struct clock_graph *g)
{
	int64_t *high = malloc((size_t)g->n * g->n * sizeof *high);
	struct loops_pair *wrong = malloc(((size_t)g->n * g->n / 2 + 1) * sizeof *wrong);
	int out = high && wrong ? 0 : -1;
	struct moment m;

	for (uint32_t p = 0; out >= 0 && has_loops(g) && p < g->n; p++)
		for (uint32_t k = 0; out >= 0 && steady(&g->f->point[p]) && k < g->f->point[p].pieces; k++) {
			const struct point *x = &g->f->point[p];
			look_around(g, p, x->piece[k].origin_ns, &m);
			gather(g, &m, true, high);
			int n = loops_blame(high, g->n, wrong);
			out = n < 0 ? -1 : out + put_out(g, wrong, n);
		}
	free(high);
	free(wrong);
	return out;
}

/* ---- tighter bounds ---- */

/* All bounds between clocks at one moment. false: contradictory, even with slack. */
static bool closed(const struct clock_graph *g, uint32_t p, int64_t at, struct moment *m, int64_t *high)
{
	uint32_t loop[POINTS_MAX], len;
	bool done = false;
	int64_t by;

	look_around(g, p, at, m);
	for (int slack = 0; !done && slack < 2; slack++) {
		gather(g, m, slack, high);
		done = loops_close(high, g->n, loop, &len, &by);
	}
	return done;
}

/* Bounds of p's clock against the reference then. */
static void against_reference(const struct clock_graph *g, uint32_t p, const struct moment *m, const int64_t *high, struct clock_anchor *a)
{
	uint32_t r = g->f->reference, n = g->n;
	int64_t estimate = m->at[p] - m->at[r], l = high[p * n + r], h = high[r * n + p];

	if (l != LOOPS_OPEN && estimate - l > a->low_ns)
		a->low_ns = estimate - l;
	if (h != LOOPS_OPEN && estimate + h < a->high_ns)
		a->high_ns = estimate + h;
}

/* Where p's offset should be for all that is known against the reference and the points that have their place: in the middle of what they leave. */
static int64_t place(const struct clock_graph *g, uint32_t p, uint64_t placed, const int64_t *high)
{
	int64_t low = INT64_MIN, most = INT64_MAX;

	for (uint32_t q = 0; q < g->n; q++) {
		if (!(placed >> q & 1))
			continue;
		int64_t h = high[q * g->n + p], l = high[p * g->n + q];
		most = h < most ? h : most;
		if (l != LOOPS_OPEN && -l > low)
			low = -l;
	}
	if (low == INT64_MIN || most == INT64_MAX)
		return low > 0 ? low : most < 0 ? most : 0;
	return low + (most - low) / 2;
}

/* On a straight line what holds at two moments bounds the slope. */
static void tighten_slope(struct clock_map *m)
{
	const struct clock_anchor *a = &m->anchor[0], *b = &m->anchor[1];
	double span = (double)(b->at_ns - a->at_ns);

	if (b->at_ns - a->at_ns < SPAN_NS || a->low_ns == INT64_MIN || b->low_ns == INT64_MIN || a->high_ns == INT64_MAX || b->high_ns == INT64_MAX)
		return;
	m->skew_low = fmax(m->skew_low, (double)(b->low_ns - a->high_ns) / span);
	m->skew_high = fmin(m->skew_high, (double)(b->high_ns - a->low_ns) / span);
}

/* The line is to stay inside the bounds all the time that the piece takes, as far as one slope can. */
static void turn_inside(struct clock_map *m)
{
	double least = m->skew_low, most = m->skew_high;

	for (unsigned i = 0; i < 2; i++) {
		const struct clock_anchor *a = &m->anchor[i];
		double far = (double)a->at_ns - (double)m->origin_ns;
		if (fabs(far) < SPAN_NS / 1000 || a->low_ns == INT64_MIN || a->high_ns == INT64_MAX)
			continue;
		double x = (double)(a->low_ns - m->offset_ns) / far, y = (double)(a->high_ns - m->offset_ns) / far;
		least = fmax(least, fmin(x, y));
		most = fmin(most, fmax(x, y));
	}
	if (least > most) {
		least = m->skew_low;
		most = m->skew_high;
	}
	m->skew = fmin(fmax(m->skew, least), most);
}

static void tighten(const struct clock_graph *g, uint32_t p, struct clock_map *m, uint64_t placed, int64_t *high)
{
	struct clock_anchor origin = { m->origin_ns, m->has_low ? m->low_ns : INT64_MIN, m->has_high ? m->high_ns : INT64_MAX };
	struct moment moment;

	for (unsigned i = 0; i < 2; i++)
		if (closed(g, p, m->anchor[i].at_ns, &moment, high))
			against_reference(g, p, &moment, high, &m->anchor[i]);
	if (!closed(g, p, m->origin_ns, &moment, high))
		return;
	against_reference(g, p, &moment, high, &origin);
	if (origin.low_ns != INT64_MIN && origin.high_ns != INT64_MAX && origin.low_ns > origin.high_ns)
		return;
	m->has_low = origin.low_ns != INT64_MIN;
	m->has_high = origin.high_ns != INT64_MAX;
	m->low_ns = m->has_low ? origin.low_ns : 0;
	m->high_ns = m->has_high ? origin.high_ns : 0;
	for (unsigned i = 0; i < 2; i++)
		if (m->anchor[i].low_ns != INT64_MIN && m->anchor[i].high_ns != INT64_MAX && m->anchor[i].low_ns > m->anchor[i].high_ns)
			m->anchored = false;
	if (m->anchored)
		tighten_slope(m);
	m->offset_ns = clock_plus(m->offset_ns, place(g, p, placed, high));
	if (m->anchored)
		turn_inside(m);
}

/* How far times at p may be off against those at the others, all the time that p's capture takes: bounds and estimate are straight in between. */
static void measure(const struct clock_graph *g, uint32_t p, int64_t *high)
{
	struct facts *f = g->f;
	const struct clock_map *m = &f->point[p].piece[0];
	int64_t *row = &f->apart[(size_t)p * g->n], at[3] = { m->anchor[0].at_ns, m->origin_ns, m->anchor[1].at_ns };
	struct moment moment;

	for (unsigned i = 0; i < 3; i++) {
		bool whole = closed(g, p, at[i], &moment, high);
		for (uint32_t q = 0; q < g->n; q++) {
			int64_t h = high[p * g->n + q], l = high[q * g->n + p], worst = h > l ? h : l;
			if (!whole || f->point[q].pieces > 1 || h == LOOPS_OPEN || l == LOOPS_OPEN)
				row[q] = INT64_MAX;
			else if (i == 0 || (row[q] != INT64_MAX && worst > row[q]))
				row[q] = worst > 0 ? worst : 0;
		}
	}
}

int close_tighten(struct clock_graph *g, const struct clock_tree *tree)
{
	struct facts *f = g->f;
	int64_t *high;
	uint64_t placed = 0;
	int rc = -1;

	if (g->n < 3 || g->ties < 2)
		return 0;
	high = malloc((size_t)g->n * g->n * sizeof *high);
	f->apart = malloc((size_t)g->n * g->n * sizeof *f->apart);
	if (!high || !f->apart)
		goto out;
	for (uint32_t k = 0; k < tree->reached; k++) {
		uint32_t p = tree->order[k];
		for (uint32_t i = 0; tree->tie[p] && steady(&f->point[p]) && i < f->point[p].pieces; i++)
			tighten(g, p, &f->point[p].piece[i], placed, high);
		placed |= 1ull << p;
	}
	for (uint32_t i = 0; i < g->n * g->n; i++)
		f->apart[i] = INT64_MAX;
	for (uint32_t p = 0; p < g->n; p++)
		if (f->point[p].pieces == 1 && f->point[p].piece[0].anchored)
			measure(g, p, high);
	rc = 0;
out:
	free(high);
	return rc;
}
