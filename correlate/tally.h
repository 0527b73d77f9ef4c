/* What the transmissions of a connection add up to, so that a question asked of every one of them does not look at all the others each time. */
#ifndef CORRELATE_TALLY_H
#define CORRELATE_TALLY_H

#include "correlate/conn.h"

#define WHATS 10

struct tally {
	/*
	 * Per point and hop (0: towards the client, 1: towards the server): transmissions recorded at the neighbour on that side whose way leads here,
	 * and of these not recorded here.
	 */
	uint32_t crossing[POINTS_MAX][2], missing[POINTS_MAX][2];
	/* ... in so many runs of neighbours, of both directions, that no more than BURST_NS lies between: as many accidents of the capture. */
	uint32_t runs[POINTS_MAX][2];
	int64_t run_ns[POINTS_MAX];     /* when the last one of a run went by, INT64_MIN: something was recorded since */
	/* Per point: proved to have passed, and of these not recorded (tally_proved). */
	uint32_t proved[POINTS_MAX], missed[POINTS_MAX];
	/* Per point, direction and enum what: recorded there, and of these repeated. */
	uint32_t came[POINTS_MAX][2][WHATS], repeated[POINTS_MAX][2][WHATS];
	/* Per point and direction: the first transmission of which it recorded anything, or has the bytes in other packets; NOTHING: none. */
	uint32_t arrived[POINTS_MAX][2];
	/* Per point and direction: the first transmission that it recorded, the last that is neither reset nor ICMP; NOTHING: none. */
	uint32_t first[POINTS_MAX][2], last_plain[POINTS_MAX][2];
	/* Per point and direction: packets that are neither reset nor ICMP, and of these recorded at the point before it on the way, too. */
	uint32_t plain[POINTS_MAX][2], shared[POINTS_MAX][2];
	/* Per direction and point: set of points that miss a reset of this direction that the point recorded. */
	uint64_t reset_gaps[2][POINTS_MAX];
	uint32_t said[2];               /* transmissions of a direction */
	uint32_t packets[POINTS_MAX][2];        /* per point and direction: recorded */
	uint32_t last_said[2];          /* the last transmission of a direction that is neither reset nor ICMP, recorded anywhere */
	int64_t asked_ns;               /* when the client sent its last SYN, aligned; INT64_MIN: no point recorded one */
	uint32_t torn[POINTS_MAX][2];   /* per point and direction: recorded there in part, but whole before */
	uint32_t later[POINTS_MAX][2];  /* per point and direction: later fragments */
	uint32_t damaged[POINTS_MAX][2];        /* per point and direction: came there damaged, or strayed, and had not been so before */
	bool timestamps;                /* SYN and SYN-ACK had them: agreed on */
	bool conversation;              /* both hosts talked to each other, as far as anybody recorded */
	bool repeats;                   /* something was repeated */
};

void tally_make(struct tally *t, const struct conn *c);

/* Did both hosts talk to each other, as far as anybody recorded? What tally.conversation says, without the rest. */
bool tally_conversation(const struct conn *c);

static inline bool tx_is_reset(const struct tx *x)
{
	return x->what == WHAT_RST || x->what == WHAT_RSTACK;
}

#endif
