#include "correlate/fold.h"

#include <string.h>

#define SHORT 24        /* rows that nobody needs folded */
#define ENDS 4          /* rows at the beginning and at the end */
#define AROUND 3        /* rows on both sides of trouble */

/* Of each weight, so many rows of trouble; the fold says how many more there are. */
static const unsigned at_most[] = {0, 4, 12};

static bool is_in(const char *kind, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(kind, *list) == 0)
			return true;
	return false;
}

unsigned fold_weight(const char *kind)
{
	static const char *const light[] = {"retransmitted", "capture_duplicate", "not_captured", "keepalive", "fragmented", "inserted", "terminated",
	    "originated", NULL};
	static const char *const none[] = {"modified", "port_reuse", "ecn_bleached", "resegmented", NULL};

	return is_in(kind, none) ? 0 : is_in(kind, light) ? 1 : 2;
}

static void show_around(struct fold_row *row, size_t n, size_t i, size_t around)
{
	size_t end = i + around < n ? i + around : n - 1;

	for (size_t k = i < around ? 0 : i - around; k <= end; k++)
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

uint32_t fold_marked(const struct fold_row *row, size_t i)
{
	uint32_t marked = 0;

	while (i-- > 0 && !row[i].show)
		marked += row[i].weight > 0;
	return marked;
}

void fold(struct fold_row *row, size_t n, bool all)
{
	unsigned shown[] = {0, 0, 0};

	all = all || n <= SHORT;
	for (size_t i = 0; i < n; i++)
		row[i].show = all || i < ENDS || i + ENDS >= n;
	for (size_t i = 0; !all && i < n; i++) {
		const struct fold_row *r = &row[i], *first = r->repeats ? &row[r->repeats - 1] : NULL;

		if (r->weight > 0 && shown[r->weight] < at_most[r->weight]) {
			shown[r->weight]++;
			show_around(row, n, i, AROUND);
		} else if (first && first->weight == 2 && first->show) {
			/* How a loss was made good belongs to it. */
			show_around(row, n, i, 1);
		}
	}
	unfold_short(row, n);
}
