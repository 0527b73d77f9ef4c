/*
 * Which rows of a long ladder are worth showing: how it begins and ends, and what went wrong, with what is around it. Decided where all packets are in
 * memory (ladder_store.h), and by reports for what is short.
 */
#ifndef CORRELATE_FOLD_H
#define CORRELATE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLD_LOOK_BACK 8        /* rows before a row, and first rows of a ladder, that words about a row compare it with */

/* A transmission. Rows are in order of time. */
struct fold_row {
	uint32_t repeats;       /* 1-based row that this one repeats; 0: none */
	uint8_t weight;         /* the most that fold_weight says of its findings */
	bool show;
	bool keep;              /* not of fold.c: it is stored, be it shown or not (ladder_store.c) */
};

/* How bad a finding of this kind is for a row: 2 a loss, a birth, a doubt; 1 repeats and the like; 0 nothing. */
unsigned fold_weight(const char *kind);

/* Fill in show. all: every row is shown. */
void fold(struct fold_row *row, size_t n, bool all);

/* How many rows with findings are hidden between the one shown before row i and this one. */
uint32_t fold_marked(const struct fold_row *row, size_t i);

#endif
