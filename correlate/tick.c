#include "correlate/tick.h"

#include <math.h>

#define AROUND 128              /* connections before and after it that are compared */

/* Ticks per second of the sender's timestamps by two SYNs of this connection, snapped to what hosts use; 0: not known. */
static double tick_rate(const struct conn *c)
{
	static const double usual[] = { 10, 100, 250, 1000 };
	const struct pkt *first = NULL;

	for (uint32_t i = 0; i < c->txs; i++) {
		const struct pkt *p = &c->pkt[c->tx[i].first];
		if (c->tx[i].what != WHAT_SYN || !(p->flags & SEG_TS))
			continue;
		if (!first) {
			first = p;
			continue;
		}
		double dt = (double)(p->t_raw - first->t_raw) * 1e-9, ticks = (double)(uint32_t)(p->tsval - first->tsval);
		for (size_t k = 0; k < sizeof usual / sizeof *usual && dt > 0.5; k++)
			if (fabs(ticks - usual[k] * dt) <= 2 + usual[k] * dt * 0.001)
				return usual[k];
	}
	return 0;
}

/* Another connection between the same addresses, a clear while apart: does its SYN fit the clock? */
enum fit { FIT_UNKNOWN, FIT_SAME, FIT_OTHER };

static enum fit fit(const struct flow *v, const struct flow *o, double hz, double *dt, double *off)
{
	double ticks;

	if (o->point != v->point || o->addr[0] != v->addr[0] || o->addr[1] != v->addr[1] || !o->has_syn_tsval)
		return FIT_UNKNOWN;
	*dt = (double)(v->first_ns - o->first_ns) * 1e-9;
	ticks = (double)(int32_t)(v->syn_tsval - o->syn_tsval);
	*off = fabs(ticks - hz * *dt);
	if (fabs(*dt) < 1)
		return FIT_UNKNOWN;
	return *off <= hz * (0.001 * fabs(*dt) + 1) ? FIT_SAME : FIT_OTHER;
}

void tick_notice(const struct conn *c, struct words *w)
{
	const struct facts *f = c->facts;
	uint32_t from = c->index > AROUND ? c->index - AROUND : 0, to = f->conns - c->index > AROUND ? c->index + AROUND : f->conns, other = NOTHING;
	double hz = tick_rate(c), dt, off, best_dt = 0, best_off = 0;
	const struct flow *v = NULL;
	bool same = false;

	for (unsigned i = 0; i < f->points && !v; i++)
		v = c->flow[i];
	if (hz <= 0 || !v || !v->has_syn_tsval)
		return;
	for (uint32_t i = from; i < to; i++) {
		enum fit x = i == c->index ? FIT_UNKNOWN : fit(v, &f->flow[f->conn[i].flow], hz, &dt, &off);
		same |= x == FIT_SAME;
		/* Best told against one before it that failed as well. */
		if (x != FIT_OTHER || i > c->index || (other != NOTHING && f->conn[other].odd && !f->conn[i].odd))
			continue;
		other = i;
		best_dt = dt;
		best_off = off;
	}
	/* Hosts that draw a new offset for every connection (Linux does) show no clock at all: somebody must keep this one. */
	if (!same || other == NOTHING)
		return;
	words_say(w, " Its timestamps run at %.0f Hz like those of others from this address, but against connection %u, %.2f s before, they are %.0f ticks "
		"off: not one clock, so several hosts may stand behind the address.", hz, other + 1, best_dt, best_off);
}
