/* Sentences: put together, wrapped, and printed beside a label. */
#ifndef CORRELATE_REPORT_TEXT_H
#define CORRELATE_REPORT_TEXT_H

#include <sqlite3.h>

#include "correlate/report/style.h"

/* Takes paragraphs as they are said, before they are wrapped. indent: columns in front of the label. */
struct listener {
	void (*hear)(struct listener *l, int indent, const char *label, enum tint t, const char *text);
};

/* Add to the end of buf; what does not fit is cut. */
void text_add(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Take the words that fit into width columns from *p (at least one; a newline ends a line). False: nothing is left. */
bool text_line(const char **p, int width, char *buf, size_t size);

/* The same for parts that are separated by two blanks: a part stays whole where it can. */
bool text_parts(const char **p, int width, char *buf, size_t size);

/* Print label, padded to label_width behind indent, and beside it the wrapped text. Empty text prints nothing. */
void text_para(const struct style *s, int indent, const char *label, int label_width, enum tint t, const char *text);

/* Pieces of a line that go on below, behind `left` blanks, where they do not fit. x: the column behind what was printed, at first left. */
struct text_flow {
	const struct style *s;
	int left, x;
};

/* Print a piece behind `gap` blanks, which are left out at the beginning of a line. */
void text_flow(struct text_flow *f, int gap, enum tint t, const char *piece);

/* The same for n bytes that must be pasted whole: a line of its own, however long. indent: columns in front of it where there is no label. */
void text_whole(const struct style *s, int indent, const char *label, int label_width, const char *text, int n);

/* "1460→1380", "1460 stripped", "inserted 1380"; NULL: not there. To be cleaned. */
void text_change(char *buf, size_t size, const char *before, const char *after);

/* "10.0.0.1:443", "[2001:db8::1]:443" */
const char *text_endpoint(char *buf, size_t size, const char *addr, int port);

/* The same of columns i (text) and i + 1, cleaned. */
void text_column_endpoint(const struct style *s, sqlite3_stmt *st, int i, char *buf, size_t size);

#endif
