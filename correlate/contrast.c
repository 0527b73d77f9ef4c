#include "correlate/contrast.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/array.h"
#include "correlate/contrast_correct.h"
#include "correlate/contrast_strata.h"

#define SECTIONS 4              /* ways to fail that are looked at alone: those of most rows */
#define SECTION_MIN 3           /* and of so many at least: of fewer nothing can be told */
#define CUTS 64                 /* classes of a number that cuts are tried between, of equally many rows */
#define MINUTE_NS INT64_C(60000000000)

/* ---- sections ---- */

struct way {
	uint32_t level, rows;
};

static int by_rows(const void *a, const void *b)
{
	const struct way *x = a, *y = b;

	return x->rows != y->rows ? (x->rows > y->rows ? -1 : 1) : x->level < y->level ? -1 : x->level > y->level;
}

/* The ways that have sections of their own, those of most rows first. */
static uint32_t choose(const struct cohort *c, struct way *way)
{
	uint32_t ways = 0;

	for (uint32_t i = 0; i < c->ways.levels; i++)
		way[i].level = i;
	for (uint32_t i = 0; i < c->n; i++)
		way[c->way[i]].rows += c->way[i] > 0 && strcmp(c->ways.text[c->way[i]], COHORT_VAGUE) != 0;
	qsort(way, c->ways.levels, sizeof *way, by_rows);
	while (ways < c->ways.levels && ways < SECTIONS && way[ways].rows >= SECTION_MIN)
		ways++;
	return ways > 1 ? ways : 0;
}

static int divide(struct contrast *x, struct err *e)
{
	const struct cohort *c = x->cohort;
	struct way *way = calloc((size_t)c->ways.levels + 1, sizeof *way);
	uint8_t *section_of = calloc((size_t)c->ways.levels + 1, 1);
	int rc = -1;

	x->of = calloc((size_t)c->n + 1, 1);
	x->section = calloc(SECTIONS + 1, sizeof *x->section);
	if (!way || !section_of || !x->of || !x->section) {
		err_set(e, "out of memory");
		goto out;
	}
	memset(section_of + 1, 1, c->ways.levels);
	x->sections = 1 + choose(c, way);
	for (uint32_t s = 1; s < x->sections; s++) {
		section_of[way[s - 1].level] = (uint8_t)(s + 1);
		x->section[s] = (struct section){ .way = c->ways.text[way[s - 1].level], .fail = way[s - 1].rows };
	}
	for (uint32_t i = 0; i < c->n; i++) {
		x->of[i] = section_of[c->way[i]];
		x->section[0].fail += x->of[i] > 0;
	}
	for (uint32_t s = 0; s < x->sections; s++)
		x->section[s].pass = c->n - x->section[0].fail;
	rc = 0;
out:
	free(way);
	free(section_of);
	return rc;
}

bool contrast_in(const struct contrast *x, uint32_t section, uint32_t row)
{
	return x->of[row] == 0 || section == 0 || x->of[row] == section + 1;
}

/* ---- properties ---- */

static uint64_t mix(uint64_t z)
{
	z = (z + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 29) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 32;
}

/* The same for rows and for all others that are known; rows that are not known tell it apart. */
static uint64_t partition(uint64_t with, uint64_t known)
{
	uint64_t without = with ^ known;

	return mix(with < without ? with : without) ^ mix(known + 1);
}

static struct property *add(struct contrast *x, const struct property *p)
{
	if (!array_grow(&x->property, &x->room, x->n, sizeof *x->property))
		return NULL;
	x->property[x->n] = *p;
	x->property[x->n].by = x->property[x->n].by_attribute = NOTHING_ELSE;
	x->property[x->n].within_p = NAN;
	return &x->property[x->n++];
}

/* What is known of the rows of a section, class by class. */
struct tally {
	uint32_t k, fails, rows;
	uint32_t *fail, *all;
	uint64_t *with, known;
};

static int tally_new(struct tally *t, uint32_t k)
{
	*t = (struct tally){ .k = k };
	t->fail = calloc((size_t)k + 1, sizeof *t->fail);
	t->all = calloc((size_t)k + 1, sizeof *t->all);
	t->with = calloc((size_t)k + 1, sizeof *t->with);
	return t->fail && t->all && t->with ? 0 : -1;
}

static void tally_free(struct tally *t)
{
	free(t->fail);
	free(t->all);
	free(t->with);
}

static void tally_row(struct tally *t, uint32_t class, uint32_t row, bool failed)
{
	uint64_t h = mix(row);

	t->all[class]++;
	t->fail[class] += failed;
	t->with[class] ^= h;
	t->known ^= h;
	t->rows++;
	t->fails += failed;
}

/* Oriented so that rows with it fail more often. */
static struct fourfold table_of(const struct tally *t, uint32_t fail, uint32_t all, bool *other)
{
	struct fourfold x = { fail, all - fail, t->fails - fail, t->rows - all - (t->fails - fail) };

	*other = (double)fail * (t->rows - all) < (double)(t->fails - fail) * all;
	return *other ? (struct fourfold){ x.fail_without, x.pass_without, x.fail_with, x.pass_with } : x;
}

static int add_classes(struct contrast *x, uint32_t section, uint32_t attribute, const struct tally *t)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < t->k; i++)
		used += t->all[i] > 0;
	for (uint32_t i = 0, first = 1; i < t->k && used > 1; i++) {
		struct property p = { .section = section, .attribute = attribute, .level = i };
		bool other;

		/* Of two classes one says it all. */
		if (t->all[i] == 0 || (used == 2 && !first))
			continue;
		first = 0;
		p.t = table_of(t, t->fail[i], t->all[i], &other);
		p.kind = other ? PROPERTY_OTHERS : PROPERTY_CLASS;
		p.partition = partition(t->with[i], t->known);
		/* What could not have been found is no test, and needs no correction: the margins alone decide it. */
		if (stats_fisher_least(&p.t) > CONTRAST_ALPHA)
			continue;
		if (other && used == 2)
			for (uint32_t k = 0; k < t->k; k++)
				if (k != i && t->all[k] > 0)
					p.level = k, p.kind = PROPERTY_CLASS;
		p.p = stats_fisher(&p.t);
		if (!add(x, &p))
			return -1;
	}
	if (used > 2) {
		struct property p = { .section = section, .attribute = attribute, .kind = PROPERTY_ANY, .p = stats_g_p(t->fail, t->all, t->k) };

		p.partition = mix(t->known);
		for (uint32_t i = 0; i < t->k; i++)
			p.partition += mix(t->with[i]);
		return add(x, &p) ? 0 : -1;
	}
	return 0;
}

static int by_classes(struct contrast *x, uint32_t section, uint32_t attribute)
{
	const struct cohort *c = x->cohort;
	const struct attribute *a = &c->attribute[attribute];
	struct tally t;
	int rc = tally_new(&t, a->levels);

	for (uint32_t i = 0; rc == 0 && i < c->n; i++)
		if (a->level[i] != LEVEL_UNKNOWN && contrast_in(x, section, i))
			tally_row(&t, a->level[i], i, x->of[i] > 0);
	if (rc == 0)
		rc = add_classes(x, section, attribute, &t);
	tally_free(&t);
	return rc;
}

/* ---- numbers ---- */

struct number {
	int64_t value;
	uint32_t row;
};

static int by_value(const void *a, const void *b)
{
	const struct number *x = a, *y = b;

	return x->value != y->value ? (x->value < y->value ? -1 : 1) : x->row < y->row ? -1 : x->row > y->row;
}

static uint32_t numbers_of(const struct contrast *x, uint32_t section, const struct attribute *a, struct number *v)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->cohort->n; i++)
		if (a->level[i] != LEVEL_UNKNOWN && contrast_in(x, section, i))
			v[n++] = (struct number){ a->value[i], i };
	qsort(v, n, sizeof *v, by_value);
	return n;
}

/* Equal numbers are in one class; of more than CUTS, neighbours are put together. */
static uint32_t classes_of(const struct contrast *x, const struct number *v, uint32_t n, struct tally *t, int64_t *from)
{
	uint32_t distinct = 1, k = 0;

	for (uint32_t i = 1; i < n; i++)
		distinct += v[i].value != v[i - 1].value;
	for (uint32_t i = 0; i < n; i++) {
		bool new = i > 0 && v[i].value != v[i - 1].value;

		if (i == 0)
			from[0] = v[0].value;
		else if (new && (distinct <= CUTS || (uint64_t)i * CUTS / n > k))
			from[++k] = v[i].value;
		tally_row(t, k, v[i].row, x->of[v[i].row] > 0);
	}
	return n ? k + 1 : 0;
}

static int add_cut(struct contrast *x, uint32_t section, uint32_t attribute, const struct tally *t, const int64_t *from, uint32_t k)
{
	struct property p = { .section = section, .attribute = attribute };
	uint32_t cut, fail = 0, all = 0;
	uint64_t with = 0;
	bool other;

	p.p = stats_split_p(t->fail, t->all, k, &cut);
	if (cut == 0)
		return 0;
	for (uint32_t i = cut; i < k; i++)
		fail += t->fail[i], all += t->all[i], with ^= t->with[i];
	p.t = table_of(t, fail, all, &other);
	p.kind = other ? PROPERTY_BELOW : PROPERTY_ABOVE;
	p.from = from[cut];
	p.partition = partition(with, t->known) + 1;    /* the cut was chosen: another test than a class of the same rows */
	return add(x, &p) ? 0 : -1;
}

static int by_numbers(struct contrast *x, uint32_t section, uint32_t attribute)
{
	const struct attribute *a = &x->cohort->attribute[attribute];
	struct number *v = malloc(((size_t)x->cohort->n + 1) * sizeof *v);
	int64_t from[CUTS + 1];
	struct tally t;
	int rc = tally_new(&t, CUTS + 1);

	if (rc == 0 && v) {
		uint32_t n = numbers_of(x, section, a, v), k = classes_of(x, v, n, &t, from);

		if (k > 1)
			rc = add_cut(x, section, attribute, &t, from, k);
	} else {
		rc = -1;
	}
	tally_free(&t);
	free(v);
	return rc;
}

int contrast_has(const struct contrast *x, const struct property *p, uint32_t row)
{
	const struct attribute *a = &x->cohort->attribute[p->attribute];

	if (a->level[row] == LEVEL_UNKNOWN || p->kind == PROPERTY_ANY)
		return -1;
	if (p->kind == PROPERTY_ABOVE || p->kind == PROPERTY_BELOW)
		return (a->value[row] >= p->from) == (p->kind == PROPERTY_ABOVE);
	return (a->level[row] == p->level) == (p->kind == PROPERTY_CLASS);
}

/* ---- all of it ---- */

/* Do failures come together, minute by minute? */
static int clusters(struct contrast *x, uint32_t section)
{
	const struct cohort *c = x->cohort;
	struct number *v = malloc(((size_t)c->n + 1) * sizeof *v);
	struct tally t;
	uint32_t n = 0, k = 0;
	int rc = tally_new(&t, c->n + 1);

	if (rc == 0 && v) {
		for (uint32_t i = 0; i < c->n; i++)
			if (contrast_in(x, section, i))
				v[n++] = (struct number){ c->start_ns[i] / MINUTE_NS, i };
		qsort(v, n, sizeof *v, by_value);
		for (uint32_t i = 0; i < n; i++) {
			k += i == 0 || v[i].value != v[i - 1].value;
			tally_row(&t, k - 1, v[i].row, x->of[v[i].row] > 0);
		}
		x->section[section].cluster_p = x->section[section].fail > 2 ? stats_cluster_p(t.fail, t.all, k) : 1;
	} else {
		rc = -1;
	}
	tally_free(&t);
	free(v);
	return rc;
}

int contrast_find(struct contrast *x, const struct cohort *c, struct err *e)
{
	*x = (struct contrast){ .cohort = c };
	if (divide(x, e) < 0)
		return -1;
	for (uint32_t s = 0; s < x->sections; s++) {
		if (clusters(x, s) < 0)
			return err_set(e, "out of memory");
		for (uint32_t i = 0; i < c->attributes; i++)
			if ((c->attribute[i].number ? by_numbers(x, s, i) : by_classes(x, s, i)) < 0)
				return err_set(e, "out of memory");
	}
	if (contrast_correct(x) < 0 || contrast_strata(x) < 0)
		return err_set(e, "out of memory");
	for (uint32_t s = 0; s < x->sections; s++)
		x->section[s].tests = x->tests;
	return 0;
}

void contrast_free(struct contrast *x)
{
	free(x->section);
	free(x->of);
	free(x->property);
	free(x->found);
	*x = (struct contrast){0};
}

bool contrast_constant(const struct cohort *c, uint32_t attribute, char *buf, size_t size)
{
	const struct attribute *a = &c->attribute[attribute];
	uint32_t first = LEVEL_UNKNOWN;

	for (uint32_t i = 0; i < c->n; i++) {
		if (a->level[i] == LEVEL_UNKNOWN)
			continue;
		if (first == LEVEL_UNKNOWN)
			first = i;
		if (a->number ? a->value[i] != a->value[first] : a->level[i] != a->level[first])
			return false;
	}
	if (first == LEVEL_UNKNOWN)
		return false;
	if (a->number)
		snprintf(buf, size, "%lld", (long long)a->value[first]);
	else
		snprintf(buf, size, "%s", a->text[a->level[first]]);
	return true;
}

int64_t contrast_power(const struct section *s)
{
	int64_t low = -1, high = s->pass;
	double limit = CONTRAST_ALPHA / (s->tests ? s->tests : 1);

	/* The more share it, the less it says. */
	while (low < high) {
		int64_t middle = low + (high - low + 1) / 2;
		struct fourfold t = { s->fail, (uint32_t)middle, 0, s->pass - (uint32_t)middle };

		if (middle < s->pass && stats_fisher(&t) <= limit)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}
