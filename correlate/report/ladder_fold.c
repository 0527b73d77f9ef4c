#include <stdlib.h>

#include "correlate/report/ladder.h"
#include "correlate/report/remark.h"

#define SHORT 24        /* rows that nobody needs folded */
#define ENDS 4          /* rows at the beginning and at the end */
#define AROUND 3        /* rows on both sides of trouble */

/* Of each weight, so many rows of trouble; the fold says how many more there are. */
static const int at_most[] = {0, 4, 12};

static void show_around(const struct trace *t, bool *show, size_t row, size_t around)
{
	size_t end = row + around < t->rows ? row + around : t->rows - 1;

	for (size_t i = row < around ? 0 : row - around; i <= end; i++)
		show[i] = true;
}

/* A fold of one or two rows hides more than it saves. */
static void unfold_short(const struct trace *t, bool *show)
{
	for (size_t i = 0, hidden = 0; i < t->rows; i++) {
		if (!show[i]) {
			hidden++;
			continue;
		}
		for (; hidden > 0 && hidden <= 2; hidden--)
			show[i - hidden] = true;
		hidden = 0;
	}
}

void ladder_fold(const struct trace *t, bool all, bool *show)
{
	int shown[] = {0, 0, 0};

	all = all || t->rows <= SHORT;
	for (size_t i = 0; i < t->rows; i++)
		show[i] = all || i < ENDS || i + ENDS >= t->rows;
	for (size_t i = 0; !all && i < t->rows; i++) {
		const struct row *r = &t->row[i];
		int weight = remark_weight(t, r);

		if (weight > 0 && shown[weight]++ < at_most[weight])
			show_around(t, show, i, AROUND);
		/* How a loss was made good belongs to it. */
		else if (r->repeats && remark_weight(t, &t->row[r->repeats - 1]) == 2 && show[r->repeats - 1])
			show_around(t, show, i, 1);
	}
	unfold_short(t, show);
}
