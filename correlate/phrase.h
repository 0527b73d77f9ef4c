/* A text and its numbers: what thousands of connections have in common but for numbers is stored once. */
#ifndef CORRELATE_PHRASE_H
#define CORRELATE_PHRASE_H

#include <stddef.h>
#include <stdint.h>

#define PHRASE_NUMBERS 8        /* as many as the views put back; further ones stay in the text */

struct phrase {
	char *text;             /* a format of printf() in SQL, which gives the text back; the caller's */
	size_t size;            /* 2 * strlen(in) + 1 always suffices */
	int64_t number[PHRASE_NUMBERS];
	unsigned numbers;
};

/*
 * Make a format of a text, in p->text, which has room for p->size bytes. A number is a run of at most 18 digits; as part of a name (p0), or of what names an
 * RFC, it is none.
 */
void phrase_split(struct phrase *p, const char *in);

/* The numbers, with commas: buf has room for PHRASE_BYTES. */
#define PHRASE_BYTES (PHRASE_NUMBERS * 20)
void phrase_numbers(const struct phrase *p, char *buf);

#endif
