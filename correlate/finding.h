/* Findings about one connection, as they are collected. */
#ifndef CORRELATE_FINDING_H
#define CORRELATE_FINDING_H

#include "correlate/conn.h"

enum kind {
	KIND_DROPPED, KIND_GENERATED, KIND_MODIFIED, KIND_SENT, KIND_UNANSWERED, KIND_RETRANSMITTED, KIND_NOT_CAPTURED, KIND_CAPTURE_DUPLICATE,
	KIND_PORT_REUSE, KIND_STALE_STATE, KIND_KEEPALIVE, KIND_ZERO_WINDOW, KIND_DUPLICATED, KIND_RESEGMENTED, KIND_TERMINATED, KIND_ORIGINATED,
	KIND_INSERTED, KIND_SYN_PROXY, KIND_ECN_BLEACHED, KIND_CORRUPTED, KIND_REORDERED, KIND_FRAGMENTED,
	KIND_IDLE_TIMEOUT, KIND_PMTU_BLACKHOLE, KIND_UNDECIDED,
};

enum confidence { POSSIBLE, LIKELY, CERTAIN };

#define NO_DIRECTION 2
#define NO_POINT 255

struct finding {
	uint8_t kind, what, dir;        /* dir NO_DIRECTION: both */
	uint8_t from, to, point;        /* indices into facts.point, NO_POINT: none */
	uint8_t confidence;
	bool doubtful;                  /* undecided, and it matters */
	const char *rule;
	uint32_t count;
	reason_set reasons;
	double odds;                    /* the weakest of them, log10 */
	uint32_t tx;                    /* the first transmission, NOTHING: none */
	char text[1200];
	char missing[300];              /* what would decide it; "": nothing */
	char next[400];                 /* what to do next */
	char alternatives[1200];        /* JSON strings, comma separated */
	char hypotheses[1500];          /* JSON objects: what may have happened, what a second capture would show (one_point.h) */
	char clues[2000];               /* JSON objects: what tells who made it (origin.h) */
	char answers[300];              /* JSON object: which SYN it answers, or which answer the repeated SYN got (answers.h) */
	const char *assumptions;        /* what the claim takes for granted, "": nothing */
};

/* A transmission that a finding is about. */
struct finding_tx {
	uint32_t finding, tx;
};

struct findings {
	struct finding *list;
	uint32_t n, room;
	struct finding_tx *tx;
	uint32_t txs, tx_room;
	bool nomem;                     /* something could not be added */
	/* The connection as a whole. */
	const char *outcome;
	int severity;                   /* 0 clean, 1 curious, 2 doubtful, 3 bad */
	char verdict[1200];
};

void findings_free(struct findings *f);
void findings_clear(struct findings *f);

/* Where and what of something seen on one transmission. */
struct seen {
	enum kind kind;
	uint8_t what, dir, from, to, point, confidence;
	reason_set reasons;
	uint32_t tx;
	double odds;
	const char *rule;
};

/* Add one observation: to the finding of the same kind, what, direction and place, or as a new one. Claims and doubts never
 * share a finding, nor does what a BIG-IP says of itself with anything else. */
struct finding *findings_add(struct findings *f, const struct seen *s);

/* The same, but always as a finding of its own. */
struct finding *findings_new(struct findings *f, const struct seen *s);

/* The first claim (or undecided) of a kind, what and direction, -1: any; NULL: none. The two handshakes of a SYN proxy are no trouble: not counted. */
const struct finding *findings_find(const struct findings *f, enum kind kind, int what, int dir);

const char *kind_name(enum kind k);
const char *confidence_name(enum confidence c);

/* Does it say that something went wrong, and stands for it? */
static inline bool finding_claims(const struct finding *f)
{
	return f->confidence != POSSIBLE && f->kind != KIND_UNDECIDED && !(f->reasons & WHY_SYN_PROXY);
}

#endif
