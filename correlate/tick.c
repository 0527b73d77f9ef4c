#include "correlate/tick.h"

#include <math.h>

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

void tick_notice(const struct conn *c, struct words *w)
{
	const struct facts *f = c->facts;
	double hz = tick_rate(c);
	const struct flow *v = NULL;
	uint32_t tried = 0;

	for (unsigned i = 0; i < f->points && !v; i++)
		v = c->flow[i];
	if (hz <= 0 || !v || !v->has_syn_tsval)
		return;
	/* Best against another one that failed: that these two are not of one host is worth more than that others are. */
	for (uint32_t i = c->index, odd = 1; i > 0 || odd; tried++) {
		if (i == 0 || tried == 4096) {
			if (!odd)
				return;
			odd = tried = 0;
			i = c->index;
			if (i == 0)
				return;
		}
		const struct flow *o = &f->flow[f->conn[--i].flow];
		if ((odd && !f->conn[i].odd) || o->point != v->point || o->addr[0] != v->addr[0] || o->addr[1] != v->addr[1] || !o->has_syn_tsval)
			continue;
		double dt = (double)(v->first_ns - o->first_ns) * 1e-9, ticks = (double)(int32_t)(v->syn_tsval - o->syn_tsval);
		if (dt < 1 || fabs(ticks - hz * dt) <= hz * (0.001 * dt + 1))
			continue;
		words_say(w, " Its timestamps run at %.0f Hz, but against connection %u from the same address, %.2f s before, they are %.0f ticks off: "
			"not one clock, so several hosts may stand behind the address.", hz, i + 1, dt, fabs(ticks - hz * dt));
		return;
	}
}
