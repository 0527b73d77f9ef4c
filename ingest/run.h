/*
 * A run of packets on their way into the case: collected up to a bound, sorted by part, and then a table that SQLite reads by itself. So the
 * packets of a part lie together, and INSERT INTO packet SELECT ... takes them in a fifth less time than a statement for each.
 */
#ifndef INGEST_RUN_H
#define INGEST_RUN_H

#include "schema/db.h"

#define RUN_BITS 15
#define RUN_MAX (1u << RUN_BITS)        /* packets: 2.5 MB of memory */

/* What a packet row holds, as narrow as can be: a run of these is what import's memory is. */
struct run_row {
	int64_t t;
	uint32_t frame, extra;  /* extra: index into extras of rows.c, + 1; 0: none */
	uint32_t seq, ack, tsval, tsecr, len, payload;
	uint32_t flags;
	uint32_t cause;         /* index into causes of rows.c, + 1; 0: none */
	uint16_t win, ip_id;
	uint8_t ttl, tos;
	bool has_payload;
};

struct run {
	struct run_row *row;
	uint64_t *key, *sorted; /* part id << RUN_BITS | index: sorting these sorts the run, and keeps the order inside a part */
	uint32_t n;
};

/* Puts runs into a case, one at a time. */
struct run_inserter {
	struct db *db;
	sqlite3_stmt *statement;
	const struct run *run;  /* what the table shows */
};

/* On -1 out of memory, and run_close is still to be called. */
int run_open(struct run *r);
void run_close(struct run *r);

/* On -1 run_inserter_close is still to be called. One connection has one inserter, which stays where it is. */
int run_inserter_open(struct run_inserter *w, struct db *db, struct err *e);
void run_inserter_close(struct run_inserter *w);

/* Room for one more packet of this part; there is some. */
static inline struct run_row *run_add(struct run *r, int64_t part_id)
{
	r->key[r->n] = (uint64_t)part_id << RUN_BITS | r->n;
	return &r->row[r->n++];
}

/* By part. */
void run_sort(struct run *r);

/* The i-th in that order. */
static inline const struct run_row *run_at(const struct run *r, uint32_t i)
{
	return &r->row[r->key[i] & (RUN_MAX - 1)];
}

static inline int64_t run_part(const struct run *r, uint32_t i)
{
	return (int64_t)(r->key[i] >> RUN_BITS);
}

/* Append all packets to the table, in order: their row ids go on behind the largest. */
int run_insert(struct run_inserter *w, const struct run *r, struct err *e);

#endif
