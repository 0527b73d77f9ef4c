#include "correlate/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/hosts.h"
#include "correlate/join.h"

enum how { HOW_NOT, HOW_TIMES, HOW_TTL, HOW_GAPS };

/* +1: i is nearer to the client, -1: j is, 0: cannot be told. */
static int order(const struct path_pair *p, enum how *how)
{
	*how = HOW_GAPS;
	if (p->wider != p->narrower && (p->wider > 9 * p->narrower || p->narrower > 9 * p->wider))
		return p->wider > p->narrower ? 1 : -1;
	*how = HOW_TTL;
	if (p->ttl_before != p->ttl_behind)
		return p->ttl_before > p->ttl_behind ? 1 : -1;
	*how = HOW_TIMES;
	if (p->seen_before != p->seen_behind && (p->seen_before > 9 * p->seen_behind || p->seen_behind > 9 * p->seen_before))
		return p->seen_before > p->seen_behind ? 1 : -1;
	*how = HOW_NOT;
	return 0;
}

struct place {
	int wins;
	uint32_t point;
	const char *name;
};

static int by_wins(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->wins != y->wins ? y->wins - x->wins : strcmp(x->name, y->name);
}

static const struct path_pair *between(const struct path_pair *pair, uint32_t n, uint32_t i, uint32_t j)
{
	return i < j ? &pair[i * n + j] : &pair[j * n + i];
}

static void say_how(struct facts *f, const struct path_pair *pair, struct place *place, uint32_t k)
{
	struct point *p = &f->point[place[k].point];
	static const char *const word[] = { "unknown: put by name", "time stamps, taken for one clock", "TTL", "round trips" };
	enum how how;

	if (f->points == 1)
		snprintf(p->how, sizeof p->how, "the only point");
	if (k == 0)
		return;
	const struct path_pair *x = between(pair, f->points, place[k - 1].point, place[k].point);
	order(x, &how);
	snprintf(p->how, sizeof p->how, "after %s: %s", place[k - 1].name, word[how]);
	if (how == HOW_GAPS) {
		size_t n = strlen(p->how);
		unsigned long long a = x->wider > x->narrower ? x->wider : x->narrower, all = x->wider + x->narrower;
		snprintf(p->how + n, sizeof p->how - n, " (%llu of %llu)", a, all);
	}
}

static int renumber(struct facts *f, const struct place *place, struct err *e)
{
	struct point *sorted = malloc(f->points * sizeof *sorted);
	uint32_t to[POINTS_MAX];

	if (!sorted)
		return err_set(e, "out of memory");
	for (uint32_t k = 0; k < f->points; k++) {
		sorted[k] = f->point[place[k].point];
		sorted[k].position = (int)k;
		to[place[k].point] = k;
	}
	memcpy(f->point, sorted, f->points * sizeof *sorted);
	free(sorted);
	for (uint32_t i = 0; i < f->flows; i++)
		f->flow[i].point = to[f->flow[i].point];
	hosts_renumber(f->hosts, to);
	join_resort(f);
	return 0;
}

/* Off the path goes what stands between others and holds both sides of a device: on which side of it that is cannot be said. */
static uint32_t put_aside(struct facts *f, struct place *place)
{
	struct place aside[POINTS_MAX];
	uint32_t n = 0, asides = 0;

	for (uint32_t k = 0; k < f->points; k++) {
		struct point *p = &f->point[place[k].point];
		p->aside = k > 0 && k + 1 < f->points && facts_straddles(p);
		if (!p->aside) {
			place[n++] = place[k];
			continue;
		}
		snprintf(p->how, sizeof p->how, "not on the path: both sides of a device are in it");
		aside[asides++] = place[k];
	}
	memcpy(&place[n], aside, asides * sizeof *aside);
	return n;
}

/* As order(), but time stamps of two clocks are good enough to put points in some order, not to rest a claim on. */
static int known_order(const struct facts *f, const struct path_pair *pair, uint32_t i, uint32_t j)
{
	enum how how;
	int o = order(&pair[i * f->points + j], &how);

	return how == HOW_TIMES && f->point[i].clock != f->point[j].clock ? 0 : o;
}

/* Which points, of those at the first n places, are behind each, directly or by way of others? */
static void find_behind(const struct facts *f, const struct path_pair *pair, const struct place *place, uint32_t n, uint64_t *behind)
{
	memset(behind, 0, POINTS_MAX * sizeof *behind);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < n; k++)
			if (place[i].point < place[k].point) {
				int o = known_order(f, pair, place[i].point, place[k].point);
				behind[i] |= (uint64_t)(o > 0) << k;
				behind[k] |= (uint64_t)(o < 0) << i;
			}
	for (uint32_t by = 0; by < n; by++)
		for (uint32_t i = 0; i < n; i++)
			if (behind[i] >> by & 1)
				behind[i] |= behind[by];
}

/* Between which of them is the order not known, or, where it goes round in a circle, none? */
static void find_unordered(const struct facts *f, const struct path_pair *pair, const struct place *place, uint32_t n, uint64_t *unordered)
{
	uint64_t behind[POINTS_MAX];

	memset(unordered, 0, POINTS_MAX * sizeof *unordered);
	find_behind(f, pair, place, n, behind);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = i + 1; k < n; k++)
			if (!(behind[i] >> k & 1) || behind[k] >> i & 1) {
				unordered[i] |= 1ull << k;
				unordered[k] |= 1ull << i;
			}
}

int path_infer(struct facts *f, const struct path_pair *pair, struct err *e)
{
	struct place place[POINTS_MAX];
	uint64_t unordered[POINTS_MAX];
	enum how how;

	for (uint32_t i = 0; i < f->points; i++)
		place[i] = (struct place){ 0, i, f->point[i].name };
	for (uint32_t i = 0; i < f->points; i++)
		for (uint32_t j = i + 1; j < f->points; j++) {
			int o = order(&pair[i * f->points + j], &how);
			place[i].wins += o;
			place[j].wins -= o;
		}
	qsort(place, f->points, sizeof *place, by_wins);
	uint32_t n = put_aside(f, place);
	for (uint32_t k = 0; k < n; k++)
		say_how(f, pair, place, k);
	find_unordered(f, pair, place, n, unordered);
	if (renumber(f, place, e) < 0)
		return -1;
	for (uint32_t k = 0; k < f->points; k++)
		f->point[k].unordered = unordered[k];
	return 0;
}

void path_leave(struct facts *f)
{
	while (f->points > 1 && f->point[f->points - 1].aside) {
		f->points--;
		f->asides++;
	}
}
