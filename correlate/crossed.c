#include "correlate/crossed.h"

#include <stdlib.h>

#include "correlate/flows.h"

/* A flow with both initial numbers, the lower one first. */
struct pair {
	uint32_t lo, hi;
	int64_t first_ns;
	uint32_t flow;
};

static int by_numbers(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	if (x->hi != y->hi)
		return x->hi < y->hi ? -1 : 1;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return (x->flow > y->flow) - (x->flow < y->flow);
}

/* How often a host opened a connection, less how often it was asked for one, in the flows of a point that leave no doubt. */
struct host_count {
	int64_t addr;
	uint32_t point;
	int opened;
};

struct hosts_seen {
	struct host_count *list;
	uint32_t n;
};

static int by_host(const void *a, const void *b)
{
	const struct host_count *x = a, *y = b;

	if (x->point != y->point)
		return x->point < y->point ? -1 : 1;
	return (x->addr > y->addr) - (x->addr < y->addr);
}

static int look(const struct facts *f, struct hosts_seen *h, struct err *e)
{
	uint32_t n = 0;

	if (!(h->list = malloc(2 * (size_t)f->flows * sizeof *h->list)))
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < f->flows; i++)
		for (int role = 0; !f->flow[i].crossed && f->flow[i].role_known && role < 2; role++)
			h->list[n++] = (struct host_count){ f->flow[i].addr[role], f->flow[i].point, role == C2S ? 1 : -1 };
	qsort(h->list, n, sizeof *h->list, by_host);
	for (uint32_t i = 0; i < n; i++)
		if (h->n && by_host(&h->list[h->n - 1], &h->list[i]) == 0)
			h->list[h->n - 1].opened += h->list[i].opened;
		else
			h->list[h->n++] = h->list[i];
	return 0;
}

static int opened(const struct hosts_seen *h, uint32_t point, int64_t addr)
{
	const struct host_count key = { addr, point, 0 }, *x = bsearch(&key, h->list, h->n, sizeof *h->list, by_host);

	return x ? x->opened : 0;
}

/* Flows with the same two numbers, the earliest first. The timestamp of a SYN is kept of one of the two only: they are no evidence here. */
static void settle(struct facts *f, const struct hosts_seen *h, const struct pair *p, uint32_t n)
{
	uint32_t client = f->flow[p[0].flow].isn[C2S];
	bool crossed = false;
	int64_t more = 0;       /* how much more often the other host opens connections */

	for (uint32_t i = 0; i < n; i++) {
		const struct flow *w = &f->flow[p[i].flow];
		int first = w->isn[C2S] == client ? C2S : S2C;
		crossed |= w->crossed;
		more += opened(h, w->point, w->addr[!first]) - opened(h, w->point, w->addr[first]);
		/* What it says itself is no other connection: once for its client, once for its server. */
		if (!w->crossed && w->role_known)
			more += first == C2S ? 2 : -2;
	}
	if (more > 0)
		client = f->flow[p[0].flow].isn[S2C];
	for (uint32_t i = 0; crossed && i < n; i++) {
		struct flow *w = &f->flow[p[i].flow];
		if (w->isn[C2S] != client)
			flows_turn(f, w);
		w->has_syn_tsval = false;
	}
}

int crossed_settle(struct facts *f, struct err *e)
{
	struct hosts_seen h = { 0 };
	struct pair *pair;
	uint32_t n = 0;
	bool any = false;
	int rc;

	for (uint32_t i = 0; i < f->flows; i++)
		any |= f->flow[i].crossed;
	if (!any)
		return 0;
	if (!(pair = malloc(f->flows * sizeof *pair)))
		return err_set(e, "out of memory");
	for (uint32_t i = 0; i < f->flows; i++) {
		const struct flow *w = &f->flow[i];
		if (w->has_isn[0] && w->has_isn[1])
			pair[n++] = (struct pair){ w->isn[0] < w->isn[1] ? w->isn[0] : w->isn[1], w->isn[0] < w->isn[1] ? w->isn[1] : w->isn[0], w->first_ns, i };
	}
	qsort(pair, n, sizeof *pair, by_numbers);
	rc = look(f, &h, e);
	for (uint32_t i = 0, k; rc == 0 && i < n; i = k) {
		for (k = i + 1; k < n && pair[k].lo == pair[i].lo && pair[k].hi == pair[i].hi; k++)
			;
		settle(f, &h, &pair[i], k - i);
	}
	free(h.list);
	free(pair);
	return rc;
}
