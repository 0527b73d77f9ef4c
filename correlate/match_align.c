/* Which of a class of equal packets is which. */
#include "correlate/match_private.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "correlate/damage.h"

#define ALIGN_CELLS 1000000     /* identical packets: up to this many pairs are aligned at least cost, more in order of time */
#define UNMATCHED_COST 12.0     /* of leaving a packet alone, in units of jitter */
#define DAMAGED_LOOK 256        /* transmissions before a damaged packet that are looked at for what it was */

static void align_in_order(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	for (uint32_t i = 0; n != k && i < n; i++)
		m->c->tx[t[i].index].fuzzy = true;
	for (uint32_t i = 0, j = 0; i < n && j < k;) {
		if (match_possible(m, match_latest(m, t[i].index), &m->c->pkt[p[j].index])) {
			match_pair(m, t[i++].index, p[j++].index, n != k, false);
		} else if (m->c->pkt[p[j].index].t < match_latest(m, t[i].index)->t) {
			j++;
		} else {
			i++;
		}
	}
}

static bool all_fit(const struct matcher *m, const struct entry *t, const struct entry *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!match_possible(m, match_latest(m, t[i].index), &m->c->pkt[p[i].index]))
			return false;
	return true;
}

/* Identities are not to be trusted where equal packets lie closer together than the delay varies. */
static bool crowded(const struct matcher *m, const struct entry *t, uint32_t n, double jitter)
{
	for (uint32_t i = 1; i < n; i++)
		if ((double)(match_latest(m, t[i].index)->t - match_latest(m, t[i - 1].index)->t) < 20 * jitter)
			return true;
	return false;
}

static double cost_of(const struct matcher *m, uint32_t tx, uint32_t pkt)
{
	const struct pkt *a = match_latest(m, tx), *b = &m->c->pkt[pkt];
	double delay, jitter, skipped;

	if (!match_possible(m, a, b))
		return HUGE_VAL;
	match_typical(m, a, &delay, &jitter);
	/* That a point in between missed it is a price, too. */
	skipped = (double)(m->at - 1u - m->c->tx[tx].to);
	return fmin(fabs((double)(b->t - a->t) - delay) / jitter + skipped * UNMATCHED_COST / 2, 2 * UNMATCHED_COST - 1);
}

/* Monotone alignment at least cost. */
static int align(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	size_t cells = ((size_t)n + 1) * (k + 1), w = (size_t)k + 1;
	double delay, jitter, *d;

	if (cells > m->cost_room) {
		double *x = realloc(m->cost, cells * sizeof *x);
		if (!x)
			return err_set(m->e, "out of memory");
		m->cost = x;
		m->cost_room = cells;
	}
	d = m->cost;
	for (uint32_t i = 0; i <= n; i++)
		for (uint32_t j = 0; j <= k; j++) {
			double best = i == 0 && j == 0 ? 0 : HUGE_VAL;
			if (i > 0)
				best = fmin(best, d[(i - 1) * w + j] + UNMATCHED_COST);
			if (j > 0)
				best = fmin(best, d[i * w + j - 1] + UNMATCHED_COST);
			if (i > 0 && j > 0)
				best = fmin(best, d[(i - 1) * w + j - 1] + cost_of(m, t[i - 1].index, p[j - 1].index));
			d[i * w + j] = best;
		}
	match_typical(m, match_latest(m, t[0].index), &delay, &jitter);
	bool fuzzy = n != k && crowded(m, t, n, jitter);
	for (uint32_t i = n, j = k; i > 0 && j > 0;) {
		double here = d[i * w + j];
		if (here >= d[(i - 1) * w + j - 1] + cost_of(m, t[i - 1].index, p[j - 1].index)) {
			i--;
			j--;
			match_pair(m, t[i].index, p[j].index, fuzzy, false);
		} else if (here >= d[(i - 1) * w + j] + UNMATCHED_COST) {
			i--;
			m->c->tx[t[i].index].fuzzy |= fuzzy;
		} else {
			j--;
		}
	}
	return 0;
}

/* One packet here, one there, equal in everything, and of a kind that a repeat would differ from: then the clocks are wrong rather than the match. */
static bool beyond_doubt(const struct matcher *m, const struct pkt *p)
{
	return m->level == 0 && (p->ip_id || p->flags & SEG_TS);
}

/* What was whole before is not seen here, only torn. What was torn before is what it is here. */
static void pair_torn(struct matcher *m, uint32_t tx, uint32_t pkt, bool single)
{
	struct conn *c = m->c;
	struct tx *x = &c->tx[tx];
	struct pkt *p = &c->pkt[pkt];

	single &= p->ip_id == match_latest(m, tx)->ip_id;
	if (p->partial && !c->pkt[x->first].partial) {
		conn_sight(c, tx)[m->point] = pkt;
		x->single &= single;
		p->tx = tx;
		return;
	}
	if (!p->partial)
		c->pkt[x->first].len = p->len;
	match_pair(m, tx, pkt, !single, single);
}

/* Of a datagram in pieces only its header is sure: in order of time, where one of the two is torn. */
static void align_torn(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	for (uint32_t i = 0, j = 0; i < n && j < k;) {
		const struct pkt *a = match_latest(m, t[i].index), *b = &m->c->pkt[p[j].index];
		if ((a->partial || b->partial) && match_possible(m, a, b))
			pair_torn(m, t[i++].index, p[j++].index, n == 1 && k == 1);
		else if (b->t < a->t)
			j++;
		else
			i++;
	}
}

/*
 * Each damaged packet is the one before it that it can be with the fewest bits changed, the latest of these. Only those that are alone before are looked
 * at, and a damaged packet that goes on is equal to itself.
 */
static void align_damaged(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	const struct conn *c = m->c;

	for (uint32_t j = 0, i = 0; j < k; j++) {
		const struct pkt *q = &c->pkt[p[j].index];
		uint32_t best = NOTHING;
		int least = INT_MAX;
		bool tie = false;
		while (i < n && (t[i].t <= q->t || match_in_time(m, match_latest(m, t[i].index), q)))
			i++;
		for (uint32_t x = i; x-- > 0 && i - x <= DAMAGED_LOOK && least > 0;) {
			const struct pkt *a = match_latest(m, t[x].index);
			bool may = c->tx[t[x].index].to < m->at && match_in_time(m, a, q) && !(q->damaged && match_other_id(m, a, q));
			int bits = may ? damage_explains(c, a, q) : -1;
			tie |= bits >= 0 && bits == least;
			if (bits < 0 || bits >= least)
				continue;
			least = bits;
			best = t[x].index;
			tie = false;
		}
		if (best != NOTHING)
			match_pair(m, best, p[j].index, tie, false);
	}
}

int match_align(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	if (m->level == TORN) {
		align_torn(m, t, n, p, k);
		return 0;
	}
	if (m->level == DAMAGED) {
		align_damaged(m, t, n, p, k);
		return 0;
	}
	if (n == k && (all_fit(m, t, p, n) || (n == 1 && beyond_doubt(m, &m->c->pkt[p[0].index])))) {
		for (uint32_t i = 0; i < n; i++)
			match_pair(m, t[i].index, p[i].index, false, n == 1);
		return 0;
	}
	if ((size_t)n * k > ALIGN_CELLS) {
		align_in_order(m, t, n, p, k);
		return 0;
	}
	return align(m, t, n, p, k);
}
