#include "correlate/tally.h"

#include <string.h>

#include "correlate/damage.h"
#include "correlate/fate.h"
#include "correlate/hop_doubt.h"

#define AT_ONCE_NS 100000000    /* no timer repeats a SYN-ACK sooner (RFC 6298 2.1: 1 s) */

/* By its sender's timer, or because it was asked for. A SYN-ACK goes out again at once when a repeat of the SYN comes, whatever became of the first. */
static bool was_repeated(const struct conn *c, const struct tx *x)
{
	return x->repeated_by != NOTHING && (x->what != WHAT_SYNACK || c->tx[x->repeated_by].t - x->t > AT_ONCE_NS);
}

/* The k-th point of the way of transmission i. */
static void count_point(struct tally *t, const struct conn *c, uint32_t i, unsigned k)
{
	const struct tx *x = &c->tx[i];
	unsigned p = c->way[x->dir][k];
	bool others = conn_others(x, p), here = conn_sight(c, i)[p] != NOTHING || others, gap = false;

	if (here && t->arrived[p][x->dir] == NOTHING)
		t->arrived[p][x->dir] = i;
	/* Of a rest only that it is not there counts: what it is a rest of is counted. */
	if (x->rest && here)
		return;
	/* That fragments are missing says nothing of other packets: a filter may leave them out, and then it may have come whole. */
	if (conn_torn(c, i, p)) {
		t->torn[p][x->dir]++;
		if (!c->facts->point[p].later) {
			t->came[p][x->dir][x->what]++;
			t->repeated[p][x->dir][x->what] += was_repeated(c, x);
		}
		return;
	}
	/* What came when the point was not capturing is no packet that is missing there. */
	for (unsigned ahead = 0; ahead < 2 && (here || fate_ran(c, i, p)); ahead++) {
		if (conn_apart(c, &c->pkt[x->first], p) || conn_foreign(c, p) || (ahead ? k + 1 >= c->ways[x->dir] : k == 0) || !conn_seen(c, i, ahead ? k + 1 : k - 1))
			continue;
		t->crossing[p][ahead ^ x->dir]++;
		t->missing[p][ahead ^ x->dir] += !here;
		t->runs[p][ahead ^ x->dir] += !here && (t->run_ns[p] == INT64_MIN || x->t - t->run_ns[p] > BURST_NS);
		gap |= !here;
	}
	t->run_ns[p] = gap ? x->t : here ? INT64_MIN : t->run_ns[p];
	if (!here || others)
		return;
	t->damaged[p][x->dir] += damage_at(c, i, k);
	t->came[p][x->dir][x->what]++;
	t->repeated[p][x->dir][x->what] += was_repeated(c, x);
	if (t->first[p][x->dir] == NOTHING)
		t->first[p][x->dir] = i;
	if (tx_is_reset(x) || x->what == WHAT_ICMP)
		return;
	t->last_plain[p][x->dir] = i;
	t->plain[p][x->dir]++;
	t->shared[p][x->dir] += k > 0 && conn_seen(c, i, k - 1);
}

static void count_reset(struct tally *t, const struct conn *c, uint32_t i)
{
	uint64_t seen = 0, all = c->facts->points < 64 ? (1ull << c->facts->points) - 1 : ~0ull;

	for (unsigned p = 0; p < c->facts->points; p++)
		if (conn_sight(c, i)[p] != NOTHING)
			seen |= 1ull << p;
	for (unsigned p = 0; p < c->facts->points; p++)
		if (seen >> p & 1)
			t->reset_gaps[c->tx[i].dir][p] |= all & ~seen;
}

static bool talks(const struct tx *x)
{
	return x->what == WHAT_DATA || x->what == WHAT_FIN;
}

bool tally_conversation(const struct conn *c)
{
	bool asked = false, answered = false;

	for (uint32_t i = 0; i < c->txs && !(asked && answered); i++) {
		const struct tx *x = &c->tx[i];
		asked |= x->dir == C2S && talks(x);
		answered |= x->dir == S2C && (talks(x) || (x->what == WHAT_ACK && asked));
	}
	return asked && answered;
}

void tally_make(struct tally *t, const struct conn *c)
{
	bool stamped[2] = { false, false };

	memset(t, 0, sizeof *t);
	memset(t->arrived, 0xff, sizeof t->arrived);
	memset(t->first, 0xff, sizeof t->first);
	memset(t->last_plain, 0xff, sizeof t->last_plain);
	t->last_said[0] = t->last_said[1] = NOTHING;
	t->asked_ns = INT64_MIN;
	for (unsigned p = 0; p < c->facts->points; p++)
		t->run_ns[p] = INT64_MIN;
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		t->said[x->dir]++;
		for (unsigned k = 0; k < c->ways[x->dir]; k++)
			count_point(t, c, i, k);
		if (tx_is_reset(x))
			count_reset(t, c, i);
		else if (x->what != WHAT_ICMP)
			t->last_said[x->dir] = i;
		if ((x->what == WHAT_SYN || x->what == WHAT_SYNACK) && c->pkt[x->first].flags & SEG_TS)
			stamped[x->dir] = true;
		t->repeats |= x->repeat;
		if (x->what == WHAT_SYN && x->dir == C2S && x->t > t->asked_ns)
			t->asked_ns = x->t;
	}
	for (uint32_t k = 0; k < c->pkts; k++) {
		t->packets[c->pkt[k].point][c->pkt[k].dir]++;
		t->later[c->pkt[k].point][c->pkt[k].dir] += (c->pkt[k].flags & SEG_LATER) != 0;
	}
	t->timestamps = stamped[0] && stamped[1];
	t->conversation = tally_conversation(c);
}
