#include "correlate/disorder.h"

#include "correlate/fate.h"
#include "correlate/odds.h"

#define LATE_NS INT64_C(1000000000)     /* no packet is overtaken by more than that: clocks were set, or packets taken for others */
#define REPEAT_NS 150000000      /* no host repeats data sooner by its timer (Linux: 200 ms, RFC 6298 2.4: 1 s) */
#define SURE_NS 100000          /* nearer ones may have been put in order of time by the capture: network cards have several queues */

/* One packet as the points before and behind a hop recorded it. */
struct crossing {
	const struct pkt *before, *behind;
};

static bool crossed(const struct conn *c, uint32_t k, unsigned from, struct crossing *x)
{
	const struct pkt *p = &c->pkt[k];

	if (p->copy || p->flags & (SEG_LATER | SEG_ICMP) || p->tx == NOTHING || c->tx[p->tx].fuzzy || conn_at(c, p->tx, p->point) != p)
		return false;
	*x = (struct crossing){ conn_at(c, p->tx, from), p };
	return x->before != NULL;
}

static bool misses(const struct point *p)
{
	return p->sight[0].missed + p->sight[1].missed + p->drops > 0 || p->damaged;
}

/* Can p not be told from its repeat? Then what came may be the repeat, which the capture before missed, and what passed there be lost. */
static bool nameless(const struct pkt *p)
{
	return !p->ip_id && !(p->flags & SEG_TS);
}

/* Is there a repeat of x, or what x repeats, that nothing tells from it? Then which of the two came first is only taken from their order. */
static bool has_twin(const struct conn *c, const struct tx *x)
{
	const struct pkt *p = &c->pkt[x->first];
	uint32_t twin[] = { x->repeats, x->repeated_by };

	for (size_t i = 0; i < 2 && !p->ip_id; i++)
		if (twin[i] != NOTHING && conn_equal(p, &c->pkt[c->tx[twin[i]].first]))
			return true;
	return false;
}

static void overtaken(const struct conn *c, const struct crossing *x, const struct crossing *first, struct findings *out)
{
	const struct point *a = &c->facts->point[x->before->point], *b = &c->facts->point[x->behind->point];
	int64_t before = first->before->t_raw - x->before->t_raw, behind = x->behind->t_raw - first->behind->t_raw;
	bool one = x->before->capture == first->before->capture && x->behind->capture == first->behind->capture;
	const struct tx *w = &c->tx[x->behind->tx];
	int64_t late = nameless(x->before) ? REPEAT_NS : LATE_NS;

	if (before <= a->resolution_ns || behind <= b->resolution_ns || before > late || behind > late ||
	    !fate_window(c->facts, x->before->point, w->t) || !fate_window(c->facts, x->behind->point, w->t))
		return;
	findings_add(out, &(struct seen){ KIND_REORDERED, w->what, w->dir, x->before->point, x->behind->point, NO_POINT,
		has_twin(c, w) ? POSSIBLE : one && before + behind > SURE_NS && !(nameless(x->before) && (misses(a) || misses(b))) ? CERTAIN : LIKELY, 0, x->behind->tx, ODDS_CERTAIN, "reordered" });
}

static void hop(const struct conn *c, unsigned dir, unsigned from, unsigned to, struct findings *out)
{
	struct crossing first = { NULL, NULL }, x;      /* first: of those that have come, the one that passed `from` last */

	for (uint32_t k = c->at[to]; k < c->at[to + 1]; k++) {
		if (c->pkt[k].dir != dir || !crossed(c, k, from, &x))
			continue;
		if (!first.before || x.before->t_raw >= first.before->t_raw)
			first = x;
		else
			overtaken(c, &x, &first, out);
	}
}

void disorder_judge(const struct conn *c, struct findings *out)
{
	for (unsigned d = 0; d < 2; d++)
		for (unsigned i = 0; i + 1 < c->ways[d]; i++)
			hop(c, d, c->way[d][i], c->way[d][i + 1], out);
}

void disorder_say(const struct conn *c, const struct finding *f, struct words *w)
{
	bool one = f->count == 1;

	words_count(w, f->count, f->what);
	words_say(w, " of the %s %s overtaken between %s and %s: %s came to %s behind packets that had passed %s after %s. Nothing is lost by that, but what "
	    "comes late may be asked for again.", words_host(f->dir), one ? "was" : "were", words_point(c, f->from), words_point(c, f->to), one ? "it" : "they",
	    words_point(c, f->to), words_point(c, f->from), one ? "it" : "them");
}
