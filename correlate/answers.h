/*
 * Which transmission of a repeated SYN does an answer answer? By the timestamp that it echoes (RFC 7323 4.3), because only one SYN came as far as
 * the answer did, or because it came as soon after one of them as the server's answers do - unless a usual timer of the responder, started by an
 * earlier one, explains it as well (ALGORITHMS 5.5, O2).
 */
#ifndef CORRELATE_ANSWERS_H
#define CORRELATE_ANSWERS_H

#include "correlate/words.h"

#define ANSWERS_SYNS 8          /* repeats of a SYN that are told apart */

enum answers_how {
	ANSWERS_ECHO,           /* it echoes the timestamp of that one only */
	ANSWERS_ARRIVED,        /* the others did not come to the point that it came from beyond of */
	ANSWERS_REACTION,       /* it came when an answer to that one is due; nothing else fits */
	ANSWERS_UNKNOWN,
};

struct answer {
	uint32_t tx;            /* the answer */
	uint32_t syn[ANSWERS_SYNS];     /* the transmissions of the SYN before it, the last ones */
	int64_t after_ns[ANSWERS_SYNS]; /* the answer behind each at the point that saw the answer first, on its clock; INT64_MIN: it did not see the SYN */
	unsigned n;             /* two or more */
	unsigned which;         /* index into syn; not with ANSWERS_UNKNOWN */
	enum answers_how how;
	int64_t timer_ns;       /* ANSWERS_UNKNOWN: a timer that the first one may have started; 0: none fits */
	int64_t least_ns, most_ns;      /* how soon the server answers other SYNs there; 0: not known */
};

/* Is transmission x the first to answer a SYN that had been sent more than once? Fills *a. */
bool answers_find(const struct conn *c, uint32_t x, struct answer *a);

/* As a sentence behind others: " It answers the second SYN: ..." */
void answers_say(const struct conn *c, const struct answer *a, struct words *w);

/* {"packet":ID,"to":[ID,...],"how":"TSecr"}; to: all that it may answer. */
void answers_json(const struct conn *c, const struct answer *a, struct words *w);

#endif
