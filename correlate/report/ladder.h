/* The ladder: a column per point in path order, a line per transmission in time, arrows that stop and begin where the packets did. */
#ifndef CORRELATE_REPORT_LADDER_H
#define CORRELATE_REPORT_LADDER_H

#include <stdbool.h>

#include "correlate/fold.h"
#include "correlate/report/canvas.h"
#include "correlate/report/trace.h"

/* Print it. all: every row; else long ones show their beginning, the rows with findings and some around, and their end. */
int ladder_print(const struct trace *t, const struct style *s, bool all, struct err *e);

/* What of it is shown: as correlate chose, where only that was loaded. The caller frees it; NULL: out of memory. */
struct fold_row *ladder_fold(const struct trace *t, bool all);
/* What is hidden between the row shown before this one, which is shown, and it. */
void ladder_gap(const struct trace *t, const struct fold_row *fold, size_t row, struct fold_gap *g);

/* Where things are drawn. */
struct layout {
	const struct trace *t;
	const struct style *s;
	int number_w, time_x, time_w, label_x, label_w, note_x, note_w, width;
	bool inside;            /* labels stand at the arrows, not in a column of their own */
	bool stacked;           /* no room for both beside each other: labels stand on a line of their own, above the arrows */
	int *axis;              /* x of every column */
	int edge;               /* one point only: where packets leave and arrive */
	int64_t resolution_ns;  /* of the time column */
};

/* How a transmission met a column. */
enum meeting {
	AWAY,           /* it did not come there, as far as anyone knows */
	SEEN,
	MISSED,         /* it passed; the capture does not have it */
	BESIDE,         /* it went through a point beside */
	OTHERS,         /* its bytes are there, in other packets */
};

/* What marks the drawing used, for the legend. */
enum ladder_mark {
	MARK_CUT = 1, MARK_BORN = 2, MARK_DOUBT = 4, MARK_MISSED = 8, MARK_BESIDE = 16, MARK_PROXY = 32, MARK_FOLD = 64,
};

/* Draw one row's arrow on v (ladder_arrow.c). told: changes that were told; hop_text gets those of this row that are news. */
void ladder_arrow(const struct layout *l, struct canvas *v, const struct row *r, const char *label, unsigned *marks);

/* meeting has t->columns members. */
void ladder_meetings(const struct trace *t, const struct row *r, enum meeting *meeting);

/* What became of a row between two columns. */
struct ladder_hop {
	unsigned start, end;            /* enum ladder_mark in the middle where it begins or stops; 0: it comes from, goes to the column */
	bool head;                      /* it was seen at the second one, or its bytes were */
	char delay[64], brief[48];      /* how long it took, as far as clocks tell, or what it was cut into; in fewer words */
};

/* The hop between two columns that are neighbours in travel. False: it was at neither. */
bool ladder_hop(const struct trace *t, const struct style *s, const struct row *r, const enum meeting *meeting, int from, int to, struct ladder_hop *h);

#endif
