#include "correlate/pieces.h"

#define NEAR 512                /* transmissions around it that may hold the rest */

static bool carries(const struct conn *c, const struct tx *x)
{
	return x->end > x->off && !x->stray && !x->probe && x->what != WHAT_RST && x->what != WHAT_RSTACK && !(c->pkt[x->first].flags & TCP_SYN);
}

bool pieces_arrived(const struct conn *c, uint32_t x, unsigned i)
{
	const struct tx *w = &c->tx[x];
	uint32_t lo = x > NEAR ? x - NEAR : 0, hi = c->txs - x > NEAR ? x + NEAR : c->txs;
	int64_t at = w->off;
	bool more = true;

	if (!carries(c, w))
		return false;
	/* Pieces lie in order of time, not always of numbers: go round until nothing more fits. */
	while (more && at < w->end) {
		more = false;
		for (uint32_t k = lo; k < hi; k++) {
			const struct tx *o = &c->tx[k];
			/* The same bytes in one packet again are a repeat, no piece; and what lost a fragment, its receiver drops. */
			if (k == x || o->dir != w->dir || (o->off == w->off && o->end == w->end) || o->from <= w->to || !conn_seen(c, k, i) || !carries(c, o) ||
			    conn_seen(c, k, i)->partial)
				continue;
			if (o->off <= at && o->end > at) {
				at = o->end;
				more = true;
			}
		}
	}
	return at >= w->end;
}

bool pieces_of_another(const struct conn *c, uint32_t x)
{
	const struct tx *w = &c->tx[x];
	uint32_t lo = x > NEAR ? x - NEAR : 0, hi = c->txs - x > NEAR ? x + NEAR : c->txs;

	if (w->from == 0 || !carries(c, w))
		return false;
	for (uint32_t k = lo; k < hi; k++) {
		const struct tx *o = &c->tx[k];
		if (k == x || o->dir != w->dir || (o->off == w->off && o->end == w->end) || o->to + 1u != w->from || !carries(c, o))
			continue;
		if ((o->off <= w->off && o->end >= w->end) || (o->off >= w->off && o->end <= w->end))
			return true;
	}
	return false;
}
