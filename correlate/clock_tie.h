/* What the packets that two points share say about their clocks: the corridor of clock.h, turned to whichever of the two is asked about. */
#ifndef CORRELATE_CLOCK_TIE_H
#define CORRELATE_CLOCK_TIE_H

#include "correlate/clock.h"

/* A packet that two points recorded, or (answers) one at the one and its answer at the other: the second was later. */
struct clock_pair {
	uint64_t at;            /* i * points + j, i < j */
	int64_t x, d;           /* time at i, time at j minus time at i */
	bool c2s;               /* i was first */
};

struct clock_tie {
	uint32_t a, b;          /* points, a < b in path order */
	bool on_b;              /* pieces are on b's clock: theta is a's minus b's; else on a's: b's minus a's */
	bool declared;          /* one clock stamped both, as the captures say */
	bool caused;            /* packets of one direction only; the other bound is from answers (TCP causality) */
	bool reversed;          /* packets contradict, and would not if b were nearer to the client than a */
	bool out;               /* contradicts the others: not to be trusted */
	uint64_t pairs;
	uint32_t pieces;
	struct clock_piece *piece;
};

/* Offset of p's clock against q's as a straight line on p's clock: offset + skew * (t - origin). */
struct clock_line {
	int64_t origin_ns, offset_ns;
	double skew;
};

/*
 * Fit the packets (and answers, where packets are of one direction only) of points a and b, whose time stamps have these resolutions. At most
 * `max` pieces. On a clock that was set back time stamps do not tell the order: where the pieces come out simpler on the other clock, that one is
 * taken. 0, or -1: out of memory. clock_tie_free() when done.
 */
int clock_tie_fit(struct clock_tie *t, const struct clock_pair *pair, size_t n, const struct clock_pair *answer, size_t answers,
    const int64_t resolution_ns[2], uint32_t max);

/* Both have one clock, whose time stamps may be off by unsure_ns all the same: nothing is to be fitted. t has no pieces yet. 0, or -1: out of memory. */
int clock_tie_declare(struct clock_tie *t, int64_t unsure_ns);
void clock_tie_free(struct clock_tie *t);

/* Clock of p (a or b) minus the other one, by one piece, on p's clock. */
struct clock_line clock_tie_line(const struct clock_tie *t, const struct clock_piece *piece, uint32_t p);
int64_t line_at(const struct clock_line *l, int64_t t_ns);

/*
 * Where on p's clock the k-th piece may end and the next one begin: before *from_ns it is the one for certain, after *to_ns the other. Set back, a
 * clock showed the times in between twice, or may have.
 */
void clock_tie_cut(const struct clock_tie *t, uint32_t k, uint32_t p, int64_t *from_ns, int64_t *to_ns);
/* All times on the other clock that a time on p's may have been. */
void clock_tie_carry(const struct clock_tie *t, uint32_t p, int64_t p_ns, int64_t *from_ns, int64_t *to_ns);
/* The piece at time t on p's clock. */
const struct clock_piece *clock_tie_piece(const struct clock_tie *t, uint32_t p, int64_t t_ns);

/* Hard bounds of p's clock minus the other one, at a time between from and to on the clock the tie is fitted on. INT64_MIN, INT64_MAX: open. */
void clock_tie_bounds(const struct clock_tie *t, uint32_t p, int64_t from_ns, int64_t to_ns, int64_t *low_ns, int64_t *high_ns);
/* Whose clock is that? */
static inline uint32_t clock_tie_own(const struct clock_tie *t)
{
	return t->on_b ? t->b : t->a;
}

/* The widest that its bounds are in the middle of a piece, INT64_MAX: open. */
int64_t clock_tie_width(const struct clock_tie *t);
enum clock_state clock_tie_state(const struct clock_tie *t, const struct clock_piece *piece);

/* Sum that does not overflow; an open bound stays open. */
int64_t clock_plus(int64_t bound, int64_t ns);

#endif
