/*
 * Which rows of a long ladder are worth showing: how it begins and ends, and what went wrong, with what is around it; and what the others hold. Decided
 * where all packets are in memory (ladder_store.h), and by reports for what is short.
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
	uint32_t kinds;         /* set of the kinds of its findings (fold_kind) */
	bool s2c;
	bool partly;            /* some point that saw the connection does not have it; said where nothing was found */
	bool show;
	bool keep;              /* not of fold.c: it is stored, be it shown or not (ladder_store.c) */
};

/* What is folded away between two rows that are shown. */
struct fold_gap {
	uint32_t rows[2];       /* c2s, s2c */
	char trouble[512];      /* "123 dropped, 82 retransmitted, 1 not seen everywhere", the worst first; empty: all is well */
};

/* The set that has only this kind of finding; 0: what a device does to all packets, or what says nothing of single ones. */
uint32_t fold_kind(const char *kind);

/* How bad the worst of a set is for a row: 2 a loss, a birth, a doubt; 1 repeats and the like; 0 nothing. */
unsigned fold_weight(uint32_t kinds);

/* Fill in show. all: every row is shown. */
void fold(struct fold_row *row, size_t n, bool all);

/* What is hidden between the row shown before row i and this one. */
void fold_gap(const struct fold_row *row, size_t i, struct fold_gap *g);

#endif
