/* How output looks: where it goes, colour, drawing characters, width; numbers and foreign text made fit for people. */
#ifndef CORRELATE_REPORT_STYLE_H
#define CORRELATE_REPORT_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "schema/err.h"

struct listener;

struct style {
	FILE *out;
	struct listener *listener;      /* gets the paragraphs of text_para() and text_whole() in place of out; NULL: nobody */
	bool color;
	bool utf8;              /* drawing characters beyond ASCII */
	int width;              /* columns */
};

/* Colour only repeats what words and marks say. */
enum tint {
	TINT_NONE,
	TINT_BAD,
	TINT_DOUBT,
	TINT_GOOD,
	TINT_HEAD,
	TINT_FAINT,
};

/*
 * Fill in a style for `out`. color is "auto", "always", "never" or NULL (auto: on a terminal, unless NO_COLOR is set and not empty).
 * Width is $COLUMNS, or the terminal's, or 100. Fails on another word only.
 */
int style_init(struct style *s, FILE *out, const char *color, struct err *e);

/* Escape sequences, or "" without colour. */
const char *style_on(const struct style *s, enum tint t);
const char *style_off(const struct style *s);

/* One of two strings: u in UTF-8, a in ASCII. */
const char *style_pick(const struct style *s, const char *u, const char *a);

/* Columns that clean text takes. */
int style_columns(const char *text);

/* "1 234 567" */
const char *style_count(char *buf, size_t size, int64_t n);

/* "0.41 ms", "31.1 ms", "3.03 s", "2 h 05 min": at most three digits that mean something, none finer than resolution_ns. */
const char *style_duration(const struct style *s, char *buf, size_t size, int64_t ns, int64_t resolution_ns);

/* A delay that clocks leave open by +-uncertainty_ns: within that only the upper bound is known, as in "≤99 µs". */
const char *style_delay(const struct style *s, char *buf, size_t size, int64_t ns, int64_t uncertainty_ns, int64_t resolution_ns);

/* What clocks leave open of a delay: at least low_ns, at most high_ns (INT64_MAX: open), ns in the middle. */
struct interval {
	int64_t ns, low_ns, high_ns;
};

/*
 * "0.41 ms" where the clocks are known to a fifth of that; else "0.41 ms (0.02–0.83)", or in brief only the upper bound, "≤0.83 ms". Without an upper one
 * "≥0.02 ms"; empty: nothing is known.
 */
const char *style_interval(const struct style *s, char *buf, size_t size, const struct interval *v, int64_t resolution_ns, bool brief);

/* "37.250 013", "2.996 475": seconds with every digit down to resolution_ns (up to a power of ten), grouped by three. sign: also '+'. */
const char *style_seconds(char *buf, size_t size, int64_t ns, int64_t resolution_ns, bool sign);

/* "01:43:38.308" (UTC) and, with date, "2024-05-01 01:43:38.308". */
const char *style_time(char *buf, size_t size, int64_t ns, bool date);

#endif
