#include "correlate/fold.h"

#include <stdio.h>
#include <string.h>

#include "correlate/finding.h"

#define SHORT 24        /* rows that nobody needs folded */
#define ENDS 4          /* rows at the beginning and at the end */
#define LIGHT 4         /* rows of repeats and the like that are shown for themselves */
#define BAD 60          /* rows of trouble; the folds say what else they hold */
#define FEW 6           /* rows of trouble, with two more on both sides ... */
#define SOME 20         /* ... with one more; beyond that, also how they were made good is only counted */

#define KINDS (KIND_UNDECIDED + 1)

_Static_assert(KINDS <= 32, "a set of kinds has 32 bits");

static const uint32_t light = 1u << KIND_RETRANSMITTED | 1u << KIND_CAPTURE_DUPLICATE | 1u << KIND_NOT_CAPTURED | 1u << KIND_KEEPALIVE |
	1u << KIND_FRAGMENTED | 1u << KIND_INSERTED | 1u << KIND_TERMINATED | 1u << KIND_ORIGINATED;
static const uint32_t none = 1u << KIND_MODIFIED | 1u << KIND_PORT_REUSE | 1u << KIND_ECN_BLEACHED | 1u << KIND_RESEGMENTED;

uint32_t fold_kind(const char *kind)
{
	unsigned k = 0;

	while (k < KINDS && strcmp(kind_name((enum kind)k), kind) != 0)
		k++;
	return k < KINDS ? 1u << k & ~none : 0;
}

unsigned fold_weight(uint32_t kinds)
{
	return kinds & ~light ? 2 : kinds ? 1 : 0;
}

/* Rows on both sides of trouble: the more trouble, the fewer. */
static size_t around(size_t bad)
{
	return bad <= FEW ? 2 : bad <= SOME ? 1 : 0;
}

static void show_around(struct fold_row *row, size_t n, size_t i, size_t beside)
{
	size_t end = i + beside < n ? i + beside : n - 1;

	for (size_t k = i < beside ? 0 : i - beside; k <= end; k++)
		row[k].show = true;
}

/* A fold of one or two rows hides more than it saves. */
static void unfold_short(struct fold_row *row, size_t n)
{
	for (size_t i = 0, hidden = 0; i < n; i++) {
		if (!row[i].show) {
			hidden++;
			continue;
		}
		for (; hidden > 0 && hidden <= 2; hidden--)
			row[i - hidden].show = true;
		hidden = 0;
	}
}

void fold(struct fold_row *row, size_t n, bool all)
{
	static const size_t at_most[] = {0, LIGHT, BAD};
	size_t bad = 0, shown[] = {0, 0, 0};

	all = all || n <= SHORT;
	for (size_t i = 0; i < n; i++) {
		row[i].show = all || i < ENDS || i + ENDS >= n;
		bad += fold_weight(row[i].kinds) == 2;
	}
	for (size_t i = 0; !all && i < n; i++) {
		const struct fold_row *r = &row[i], *first = r->repeats ? &row[r->repeats - 1] : NULL;
		unsigned weight = fold_weight(r->kinds);

		if (weight > 0 && shown[weight]++ < at_most[weight])
			show_around(row, n, i, weight == 2 ? around(bad) : 0);
		/* How a loss was made good belongs to it. */
		else if (bad <= SOME && first && first->show && fold_weight(first->kinds) == 2)
			row[i].show = true;
	}
	unfold_short(row, n);
}

static void say(char *buf, size_t size, uint32_t n, const char *what)
{
	size_t at = strlen(buf);

	snprintf(buf + at, size - at, "%s%u %s", at ? ", " : "", n, what);
	for (char *p = buf + at; *p; p++)
		*p = *p == '_' ? ' ' : *p;
}

void fold_gap(const struct fold_row *row, size_t i, struct fold_gap *g)
{
	uint32_t count[KINDS] = {0}, partly = 0;

	*g = (struct fold_gap){0};
	while (i-- > 0 && !row[i].show) {
		g->rows[row[i].s2c]++;
		partly += row[i].kinds == 0 && row[i].partly;
		for (unsigned k = 0; row[i].kinds && k < KINDS; k++)
			count[k] += row[i].kinds >> k & 1;
	}
	for (unsigned weight = 2; weight > 0; weight--)
		for (unsigned k = 0; k < KINDS; k++)
			if (count[k] > 0 && fold_weight(1u << k) == weight)
				say(g->trouble, sizeof g->trouble, count[k], kind_name((enum kind)k));
	if (partly > 0)
		say(g->trouble, sizeof g->trouble, partly, "not seen everywhere");
}
