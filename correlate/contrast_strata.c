#include "correlate/contrast_strata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TIMES 8                 /* periods of equally many rows */

/* What the rows of a section are divided by: class[row], LEVEL_UNKNOWN: not known. */
struct strata {
	uint32_t *class, classes;
	struct fourfold *t;
};

static int strata_new(struct strata *s, const struct cohort *c, uint32_t classes)
{
	s->classes = classes;
	s->class = malloc(((size_t)c->n + 1) * sizeof *s->class);
	s->t = malloc(((size_t)classes + 1) * sizeof *s->t);
	return s->class && s->t ? 0 : -1;
}

static void strata_free(struct strata *s)
{
	free(s->class);
	free(s->t);
}

struct within {
	double p, ratio;        /* NAN: no class has rows of both kinds that fail and that do not */
	bool varies;            /* some class has rows with and without the property */
};

static struct within look_within(const struct contrast *x, const struct property *p, const struct strata *s)
{
	struct within w = { .varies = false };

	memset(s->t, 0, s->classes * sizeof *s->t);
	for (uint32_t i = 0; i < x->cohort->n; i++) {
		int has = contrast_in(x, p->section, i) ? contrast_has(x, p, i) : -1;
		struct fourfold *t;

		if (has < 0 || s->class[i] == LEVEL_UNKNOWN)
			continue;
		t = &s->t[s->class[i]];
		*(x->of[i] ? (has ? &t->fail_with : &t->fail_without) : (has ? &t->pass_with : &t->pass_without)) += 1;
	}
	for (uint32_t i = 0; i < s->classes; i++)
		w.varies |= s->t[i].fail_with + s->t[i].pass_with > 0 && s->t[i].fail_without + s->t[i].pass_without > 0;
	w.p = stats_cmh(s->t, s->classes, &w.ratio);
	return w;
}

static void fill_by_property(const struct contrast *x, const struct property *p, struct strata *s)
{
	for (uint32_t i = 0; i < x->cohort->n; i++) {
		int has = contrast_has(x, p, i);

		s->class[i] = has < 0 ? LEVEL_UNKNOWN : (uint32_t)has;
	}
}

static bool stays(const struct within *w)
{
	return !isnan(w->p) && w->p <= CONTRAST_ALPHA && w->ratio > 1;
}

/* Less than half of what it is without strata, on the scale of odds; else rows are only too few. */
static bool vanishes(const struct within *w, const struct property *p)
{
	return !isnan(w->p) && !stays(w) && (w->ratio <= 1 || log(w->ratio) < log(stats_odds_ratio(&p->t)) / 2);
}

static void settle(struct property *p, enum standing standing, uint32_t by, uint32_t by_attribute, double within_p)
{
	p->standing = standing;
	p->by = by;
	p->by_attribute = by_attribute;
	p->within_p = within_p;
}

/* b is less clear than a. */
static void hold_against(struct contrast *x, uint32_t a, uint32_t b, struct strata *s)
{
	struct property *first = &x->property[a], *second = &x->property[b];
	struct within in_second, in_first;

	if (first->kind == PROPERTY_ANY || second->kind == PROPERTY_ANY)
		return;
	fill_by_property(x, first, s);
	in_first = look_within(x, second, s);
	fill_by_property(x, second, s);
	in_second = look_within(x, first, s);
	if (stays(&in_first) && !stays(&in_second) && vanishes(&in_second, first) && first->standing == STANDING_ASSOCIATED)
		settle(first, STANDING_CONFOUNDED, b, NOTHING_ELSE, in_second.p);
	else if (!stays(&in_first) && stays(&in_second))
		settle(second, STANDING_CONFOUNDED, a, NOTHING_ELSE, in_first.p);
	else if (!stays(&in_first))
		settle(second, STANDING_TANGLED, a, NOTHING_ELSE, in_first.p);
}

/* ---- client, server and time, which rows differ by anyway ---- */

static int by_start(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int fill_by_time(const struct cohort *c, struct strata *s)
{
	int64_t *v = malloc(((size_t)c->n + 1) * sizeof *v);

	if (v == NULL)
		return -1;
	memcpy(v, c->start_ns, c->n * sizeof *v);
	qsort(v, c->n, sizeof *v, by_start);
	for (uint32_t i = 0; i < c->n; i++) {
		s->class[i] = 0;
		while (s->class[i] + 1 < TIMES && c->start_ns[i] >= v[(uint64_t)c->n * (s->class[i] + 1) / TIMES])
			s->class[i]++;
	}
	free(v);
	return 0;
}

/* Names that say the same thing more or less coarsely: nothing to be held against itself. */
static bool akin(const char *a, const char *b)
{
	static const char *const family[][4] = { { "client", "client network" }, { "server", "server address", "server port", "back end" }, { "time", "TSval" } };

	for (size_t i = 0; i < sizeof family / sizeof family[0]; i++) {
		int hits = 0;

		for (int k = 0; k < 4 && family[i][k]; k++)
			hits += (strcmp(a, family[i][k]) == 0) + (strcmp(b, family[i][k]) == 0);
		if (hits == 2)
			return true;
	}
	return false;
}

/* Does a property of the same partition say the same as the attribute? */
static bool is_attribute(const struct contrast *x, uint32_t property, const char *attribute)
{
	for (uint32_t i = 0; i < x->n; i++)
		if (x->property[i].leader == property && akin(x->cohort->attribute[x->property[i].attribute].name, attribute))
			return true;
	return false;
}

static int hold_against_attribute(struct contrast *x, uint32_t attribute)
{
	const struct attribute *a = &x->cohort->attribute[attribute];
	bool time = a->number;
	uint32_t classes = time ? TIMES : a->levels;
	struct strata s = {0};
	int rc = strata_new(&s, x->cohort, classes);

	/* Where each row has a class of its own, none is like another. */
	if (rc == 0 && classes > 1 && classes * 2 <= x->cohort->n) {
		if (time)
			rc = fill_by_time(x->cohort, &s);
		else
			memcpy(s.class, a->level, x->cohort->n * sizeof *s.class);
		for (uint32_t i = 0; rc == 0 && i < x->founds; i++) {
			struct property *p = &x->property[x->found[i]];
			struct within w;

			if (p->standing != STANDING_ASSOCIATED || p->kind == PROPERTY_ANY || is_attribute(x, x->found[i], a->name))
				continue;
			w = look_within(x, p, &s);
			if (vanishes(&w, p))
				settle(p, STANDING_CONFOUNDED, NOTHING_ELSE, attribute, w.p);
			else if (!w.varies)
				settle(p, STANDING_TANGLED, NOTHING_ELSE, attribute, NAN);
		}
	}
	strata_free(&s);
	return rc;
}

/* Of an attribute only what is clearest counts; its other classes say the same from another side. */
static void set_parts(struct contrast *x)
{
	for (uint32_t i = 0; i < x->founds; i++)
		x->property[x->found[i]].standing = STANDING_ASSOCIATED;
	for (uint32_t i = 0; i < x->founds; i++)
		for (uint32_t k = 0; k < i; k++) {
			struct property *p = &x->property[x->found[i]];
			const struct property *before = &x->property[x->found[k]];

			if (p->standing == STANDING_ASSOCIATED && p->section == before->section && p->attribute == before->attribute)
				settle(p, STANDING_PART, x->found[k], NOTHING_ELSE, NAN);
		}
}

int contrast_strata(struct contrast *x)
{
	static const char *const always[] = { "client", "server", "time" };
	struct strata two = {0};
	int rc = strata_new(&two, x->cohort, 2);

	set_parts(x);
	for (uint32_t i = 0; rc == 0 && i < x->founds; i++)
		for (uint32_t k = i + 1; k < x->founds; k++) {
			struct property *p = &x->property[x->found[i]], *other = &x->property[x->found[k]];

			if (p->section == other->section && p->standing == STANDING_ASSOCIATED && other->standing == STANDING_ASSOCIATED)
				hold_against(x, x->found[i], x->found[k], &two);
		}
	strata_free(&two);
	for (size_t i = 0; rc == 0 && i < sizeof always / sizeof always[0]; i++)
		for (uint32_t k = 0; rc == 0 && k < x->cohort->attributes; k++)
			if (strcmp(x->cohort->attribute[k].name, always[i]) == 0)
				rc = hold_against_attribute(x, k);
	return rc;
}
