#include "correlate/contrast_correct.h"

#include <stdlib.h>

/* A property by what it is sorted by; `at` is its place. */
struct ranked {
	uint32_t at, section;
	bool any;
	double p;
	uint64_t partition;
};

static struct ranked rank(const struct contrast *x, uint32_t at)
{
	const struct property *p = &x->property[at];

	return (struct ranked){ at, p->section, p->kind == PROPERTY_ANY, p->p, p->partition };
}

static int by_partition(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if (x->partition != y->partition)
		return x->partition < y->partition ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int clearest(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	/* That classes differ is said where no class of its own is clear. */
	if (x->any != y->any)
		return x->any ? 1 : -1;
	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Equal partitions are one test, that of the first of them. */
static void lead(struct contrast *x, struct ranked *order)
{
	for (uint32_t i = 0; i < x->n; i++)
		order[i] = rank(x, i);
	qsort(order, x->n, sizeof *order, by_partition);
	for (uint32_t i = 0; i < x->n; i++) {
		bool same = i > 0 && order[i - 1].section == order[i].section && order[i - 1].partition == order[i].partition;

		x->property[order[i].at].leader = same ? x->property[order[i - 1].at].leader : order[i].at;
	}
}

int contrast_correct(struct contrast *x)
{
	struct ranked *order = malloc(((size_t)x->n + 1) * sizeof *order);
	double *p = malloc(((size_t)x->n + 1) * sizeof *p), *q = malloc(((size_t)x->n + 1) * sizeof *q);
	int rc = -1;

	x->found = malloc(((size_t)x->n + 1) * sizeof *x->found);
	if (!order || !p || !q || !x->found)
		goto out;
	lead(x, order);
	for (uint32_t i = 0; i < x->n; i++)
		if (x->property[i].leader == i)
			order[x->tests] = rank(x, i), p[x->tests++] = x->property[i].p;
	if (!stats_bh(p, q, x->tests))
		goto out;
	for (uint32_t i = 0; i < x->tests; i++) {
		x->property[order[i].at].q = q[i];
		if (q[i] <= CONTRAST_ALPHA)
			order[x->founds++] = order[i];
	}
	for (uint32_t i = 0; i < x->n; i++)
		x->property[i].q = x->property[x->property[i].leader].q;
	qsort(order, x->founds, sizeof *order, clearest);
	for (uint32_t i = 0; i < x->founds; i++)
		x->found[i] = order[i].at;
	rc = 0;
out:
	free(order);
	free(p);
	free(q);
	return rc;
}
