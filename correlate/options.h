/* Options that several commands have: which connections, which format, which colours. */
#ifndef CORRELATE_OPTIONS_H
#define CORRELATE_OPTIONS_H

#include <getopt.h>

#include "correlate/report/report.h"
#include "correlate/report/style.h"

struct options {
	struct filter filter;
	const struct report *report;
	const char *color;
	struct style style;
	char between[256], host[64];    /* what filter points into */
};

/* Values of getopt_long, beyond every character. */
enum {
	OPTION_KIND = 1000, OPTION_WHAT, OPTION_POINT, OPTION_BETWEEN, OPTION_HOST, OPTION_PORT, OPTION_FAILED, OPTION_FORMAT, OPTION_COLOR,
};

#define OPTIONS_FILTER \
	{"kind", required_argument, NULL, OPTION_KIND}, {"what", required_argument, NULL, OPTION_WHAT}, \
	{"point", required_argument, NULL, OPTION_POINT}, {"between", required_argument, NULL, OPTION_BETWEEN}, \
	{"host", required_argument, NULL, OPTION_HOST}, {"port", required_argument, NULL, OPTION_PORT}, \
	{"failed", no_argument, NULL, OPTION_FAILED}
#define OPTIONS_OUTPUT \
	{"format", required_argument, NULL, OPTION_FORMAT}, {"color", required_argument, NULL, OPTION_COLOR}

/* Take one option. -1: what is wrong with its value. */
int options_take(struct options *o, int c, char *value, struct err *e);

/* After the last option: the report and the style for `out`. */
int options_finish(struct options *o, FILE *out, struct err *e);

/* The filter leaves something out. */
bool options_narrow(const struct options *o);

/* Their lines of a --help. */
void options_usage_filter(void);
void options_usage_output(void);

#endif
