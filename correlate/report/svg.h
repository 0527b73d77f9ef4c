/*
 * Pictures of a page. Charts are as wide as the page is: x is in percent, so that text keeps its size and nothing is drawn twice. Curves are drawn
 * in a box of SVG_BOX units that is stretched.
 */
#ifndef CORRELATE_REPORT_SVG_H
#define CORRELATE_REPORT_SVG_H

#include <stdint.h>
#include <stdio.h>

#include "correlate/report/style.h"
#include "correlate/report/summary.h"
#include "schema/db.h"

#define SVG_BOX 1000
#define SVG_AXIS 18             /* height of the line of numbers below a chart */

/* A span of time, not empty. */
struct span {
	int64_t from_ns, to_ns;
};

/* Percent of the width, 0 to 100. */
double svg_x(const struct span *x, int64_t ns);

/* Lines at round times through a chart of this height, and the times (UTC) below it. */
void svg_time_axis(FILE *out, const struct span *x, int height);

/* Begin and end a chart; title is for those who cannot see it. height without the axis. */
void svg_begin(FILE *out, int height, const char *title);
void svg_end(FILE *out);

/* The path: points, and on every hop what passed, what was lost, made, changed, and how long it took (svg_path.c). */
int svg_path(FILE *out, const struct summary_hop *hop, size_t hops, struct db *db, const struct style *s, struct err *e);

/* When what happened, a lane for each kind and place (svg_timeline.c). Prints nothing if nothing did. */
int svg_timeline(FILE *out, struct db *db, const struct style *s, struct err *e);

/* The offset of every clock over time, with what the packets leave open (svg_clock.c). */
int svg_clocks(FILE *out, struct db *db, const struct style *s, struct err *e);

/* How long each hop takes (svg_delay.c). */
int svg_delays(FILE *out, struct db *db, const struct style *s, struct err *e);

#endif
