/* Which connections were hit by what kind of trouble where, and which passed there: what patterns are looked for in. Nothing per packet is kept. */
#ifndef CORRELATE_TROUBLES_H
#define CORRELATE_TROUBLES_H

#include "correlate/pattern.h"

/* A kind of trouble at one place. */
struct trouble {
	uint8_t kind, what, dir;        /* KIND_DROPPED and KIND_GENERATED: also what is undecided between these and nothing */
	uint8_t from, to, point;        /* indices into facts.point, NO_POINT: none */
	uint32_t hits;                  /* connections */
};

/* A connection that has it. */
struct trouble_hit {
	uint32_t trouble, passenger;
	uint8_t hit;                    /* enum pattern_hit */
	bool claimed, first;            /* as in struct pattern_row */
	uint32_t lost_len, passed_len;
	int64_t silence_ns;             /* longest before it */
	int64_t from_ns, to_ns;
};

/* Kinds of packets that are counted apart. */
enum trouble_class { CLASS_SYN, CLASS_SYNACK, CLASS_DATA, CLASS_ANY, CLASSES };

/* What every connection leaves behind, hit or not. */
struct passenger {
	uint32_t conn;
	uint16_t feature[FEATURES];
	uint64_t seen[2][CLASSES];      /* by direction: set of the points that recorded such packets of it */
	int64_t silence_ns;             /* longest time between two packets */
	int64_t from_ns, to_ns;         /* aligned: first and last packet, ... */
	int64_t data_ns[2][2];          /* ... first and last with data of a direction */
	int64_t syn_ns[2];              /* first SYN, first SYN-ACK */
	uint32_t longest[2];            /* longest segment of a direction, wherever it came to */
};

struct troubles {
	struct passenger *passenger;
	uint32_t passengers;
	struct trouble *trouble;
	uint32_t troubles, trouble_room;
	struct trouble_hit *hit;        /* by passenger */
	uint32_t hits, hit_room;
};

void troubles_free(struct troubles *t);

/* Count a judged connection. */
int troubles_add(struct troubles *t, const struct conn *c, const struct findings *found, struct err *e);

/*
 * The connections that trouble x hit, and those that passed where it is and show that they did. Addresses and ports are those at the end of the hop
 * nearer to the client; rank[row id]: index into k->addr. Keeps what k->row has room for.
 */
int troubles_rows(const struct troubles *t, uint32_t x, const struct facts *f, const uint32_t *rank, struct pattern_rows *k, struct err *e);

/* Look for patterns in all of it, and fill tables pattern and pattern_connection (pattern_store.c). */
int troubles_store(struct db *db, const struct facts *f, const struct troubles *t, struct err *e);

#endif
