/* One line of a drawing: cells that are written in any order and then printed. */
#ifndef CORRELATE_REPORT_CANVAS_H
#define CORRELATE_REPORT_CANVAS_H

#include <stdint.h>

#include "correlate/report/style.h"

struct cell {
	uint32_t c;             /* 0: blank */
	enum tint tint;
};

struct canvas {
	const struct style *s;
	int width;
	struct cell *cell;
};

int canvas_open(struct canvas *v, const struct style *s, int width, struct err *e);
void canvas_close(struct canvas *v);

/* Write clean text at x; what lies outside is not drawn. Returns the column behind it. */
int canvas_text(struct canvas *v, int x, enum tint t, const char *text);

/* One glyph from x up to (not including) end. */
void canvas_fill(struct canvas *v, int x, int end, enum tint t, const char *glyph);

/* Print the line without blanks at its end, and start anew. */
void canvas_print(struct canvas *v);

#endif
