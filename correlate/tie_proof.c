#include "correlate/tie_private.h"

/* Both hosts speak, but nothing that the one connection carries is carried by the other at that place. */
static bool other_streams(const struct onset *x, const struct onset *y, const struct accord *a)
{
	unsigned data[2] = { 0, 0 };

	for (uint32_t i = 0; i < x->n; i++)
		data[0] += x->p[i].len > 0;
	for (uint32_t i = 0; i < y->n; i++)
		data[1] += y->p[i].len > 0;
	return (a->conflicts > 0 && a->conflicts >= a->payloads) || (data[0] && data[1] && a->data == 0);
}

/* The device says so, or does what none does that only passes on. */
static bool says_so(const struct leg *x, const struct leg *y)
{
	struct likeness l;

	legs_compare(x, y, &l);
	return y->speaks_for.header || (l.request && l.contradicts) || (x->as_front.flow->has_isn[S2C] && y->refused);
}

/* The client asked before the proxy did so much as to open its side, by clocks that are known. */
static bool asked_first(const struct finder *t, const struct leg *x, const struct leg *y)
{
	const struct flow *a = x->as_front.flow, *b = y->as_back.flow;
	int64_t doubt = facts_doubt_between(t->f, &t->f->point[a->point], a->first_ns, &t->f->point[b->point], b->first_ns);

	return t->ordered && doubt != INT64_MAX && x->as_front.has_said[C2S] && x->as_front.said[C2S] + legs_doubt(t->f, x, y) < y->as_back.syn;
}

int tie_proven(struct finder *t, const struct leg *x, const struct leg *y)
{
	struct onset *o = t->onset;
	struct accord a;

	if (says_so(x, y) || asked_first(t, x, y) || !t->db)
		return 1;
	if (onset_read(&t->loader, &t->packets, (uint32_t)(x->as_front.flow - t->f->flow), &o[0], t->e) < 0 ||
	    onset_read(&t->loader, &t->packets, (uint32_t)(y->as_back.flow - t->f->flow), &o[1], t->e) < 0)
		return -1;
	onset_compare(&o[0], &o[1], &a);
	return (a.backwards && !a.spliced) || other_streams(&o[0], &o[1], &a);
}

int tie_prove(struct finder *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		struct found *x = &t->found[i];
		int proven = x->tie == TIE_HEADER ? 1 : tie_proven(t, &t->leg[x->front], &t->leg[x->back]);
		if (proven < 0)
			return -1;
		if (proven)
			t->found[n++] = *x;
		else
			t->front[x->front] = t->back[x->back] = TIE_MAYBE;
	}
	t->n = n;
	return 0;
}
