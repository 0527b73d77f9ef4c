#include "correlate/report/svg.h"

#include <string.h>

#include "correlate/report/html_text.h"

/* Fewer where times are long words: they must fit side by side on a telephone. */
#define TICKS 5
#define TICKS_FINE 4

double svg_x(const struct span *x, int64_t ns)
{
	double at = 100.0 * ((double)ns - (double)x->from_ns) / ((double)x->to_ns - (double)x->from_ns);

	return at < 0 ? 0 : at > 100 ? 100 : at;
}

/* The shortest step that people count in which leaves few enough ticks. */
static int64_t step_of(const struct span *x)
{
	static const int64_t minutes[] = {1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 43200, 144000, 525600};
	int64_t step = 1, span = x->to_ns - x->from_ns;

	for (int i = 0; step < INT64_C(50000000000); i++) {
		if (span / step < (step < 1000000000 ? TICKS_FINE : TICKS))
			return step;
		step = i % 3 == 1 ? step / 2 * 5 : step * 2;
	}
	if (span / INT64_C(30000000000) < TICKS)
		return INT64_C(30000000000);
	for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++) {
		step = minutes[i] * INT64_C(60000000000);
		if (span / step < TICKS)
			break;
	}
	return step;
}

/* No more of it than the step needs. */
static void tick_text(int64_t ns, int64_t step, char *buf, size_t size)
{
	char text[48];

	style_time(text, sizeof text, ns, true);
	if (step >= INT64_C(86400000000000))
		text[10] = '\0';
	else if (step >= INT64_C(1000000000))
		text[19] = '\0';
	snprintf(buf, size, "%s", step >= INT64_C(86400000000000) ? text : text + 11);
}

void svg_time_axis(FILE *out, const struct span *x, int height)
{
	int64_t step = step_of(x), first = x->from_ns - x->from_ns % step;

	for (int64_t t = first < x->from_ns ? first + step : first; t <= x->to_ns; t += step) {
		double at = svg_x(x, t);
		char text[48];

		fprintf(out, "<line class=grid x1=\"%.2f%%\" x2=\"%.2f%%\" y1=0 y2=%d />", at, at, height);
		tick_text(t, step, text, sizeof text);
		fprintf(out, "<text class=tick x=\"%.2f%%\" y=%d text-anchor=%s>%s</text>", at, height + 13, at < 5 ? "start" : at > 95 ? "end" : "middle", text);
	}
}

void svg_begin(FILE *out, int height, const char *title)
{
	fprintf(out, "<svg class=chart width=\"100%%\" height=%d role=img><title>", height + SVG_AXIS);
	html_text(out, title);
	fputs("</title>", out);
}

void svg_end(FILE *out)
{
	fputs("</svg>\n", out);
}
