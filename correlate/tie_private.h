/* What the ways to tie connections at a proxy share. */
#ifndef CORRELATE_TIE_PRIVATE_H
#define CORRELATE_TIE_PRIVATE_H

#include "correlate/leg.h"
#include "correlate/onset.h"

#define TIE_MAYBE 255           /* it may belong to others; to which is not known */
#define TIE_BITS 10             /* log2 of the odds from which a tie is believed (ALGORITHMS 1.8.6) */

/* A connection under a key that others may share, at a time. */
struct ref {
	uint64_t key;
	int64_t t;
	int64_t end;            /* the latest end of those of its key up to here */
	uint32_t conn;
};

struct found {
	uint32_t front, back;
	uint8_t tie;            /* enum tie */
	uint8_t confidence;     /* enum confidence */
	double bits;
};

struct finder {
	const struct facts *f;
	bool ordered;           /* the path is known */
	struct leg *leg;
	struct found *found;
	uint32_t n, room;
	uint8_t *front, *back;  /* enum tie of each connection's ends, or TIE_MAYBE */
	uint8_t *mark;          /* scratch: one of each connection */
	struct ref *ref;        /* scratch: as many as there are connections */
	uint32_t refs;
	double span_s;          /* of the whole case */
	struct db *db;          /* to look at packets; NULL: only what connections tell of themselves */
	struct loader loader;
	struct conn packets;
	struct onset *onset;    /* scratch: of two */
	struct suspect *suspect;        /* scratch (tie_proof.c) */
	uint32_t suspects;
	struct err *e;
};

/* Is the end known to be a proxy? */
static inline bool tie_known(uint8_t tie)
{
	return tie != TIE_NONE && tie != TIE_MAYBE;
}

int tie_add(struct finder *t, uint32_t front, uint32_t back, enum tie tie, double bits);
/* Sort what has been collected in ref by key, then time, and fill in `end`. */
void tie_sort(struct finder *t);
/* What an event within delay_ns of another is worth where rate of them come per second by chance. */
double tie_bits(double rate, int64_t delay_ns);

/* What the connections at one end of a proxy have in common: the server that is asked (d: S2C), and beyond it, who asks (C2S). w: as a point there saw it. */
uint64_t tie_service_key(const struct flow *w, int d);

/*
 * Do the packets prove that the two have handshakes of their own (1), so that no device passed the one on as the other, whatever it may have rewritten?
 * 0: no; -1: error.
 */
int tie_proven(struct finder *t, const struct leg *x, const struct leg *y);

/* Let go of the ties that nothing proves, and of those of a service that passes the device as it is: who forwards is no proxy. */
int tie_prove(struct finder *t);

/* Tie what has nothing in common but times (TIE_TIMES). */
int tie_times(struct finder *t);

#endif
