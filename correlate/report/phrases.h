/*
 * Text that comes again and again, kept once. What differs between sentences is mostly their numbers: "gave up 4.24 s later" is kept as
 * "gave up #.# s later", and referred to by its place among the phrases and the digits, "17|4|24".
 */
#ifndef CORRELATE_REPORT_PHRASES_H
#define CORRELATE_REPORT_PHRASES_H

#include <stdint.h>
#include <stdio.h>

#include "schema/err.h"

/* All zero is empty. Phrase 0 is always "". */
struct phrases {
	char **text;
	uint32_t n, room;
	uint32_t *slot;                 /* hash table of 1-based places; a power of two */
	size_t slots;
	size_t bytes;                   /* that they take as JSON, about */
};

void phrases_free(struct phrases *p);

/* Keep text and print a reference to it as JSON: a number, or a string with the digits. */
int phrases_refer(struct phrases *p, FILE *out, const char *text, struct err *e);

/* The same for what is no sentence: its place is its only reference. */
int phrases_place(struct phrases *p, const char *text, uint32_t *place, struct err *e);

/* All of them as a JSON array. */
void phrases_print(const struct phrases *p, FILE *out);

#endif
