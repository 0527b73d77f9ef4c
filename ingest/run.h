/*
 * A run of packets on their way into the case: collected up to a bound, sorted by part, and then a table that SQLite reads by itself. So the
 * packets of a part lie together, and INSERT INTO packet SELECT ... takes them in a fifth less time than a statement for each.
 */
#ifndef INGEST_RUN_H
#define INGEST_RUN_H

#include "schema/db.h"

#define RUN_BITS 18
#define RUN_MAX (1u << RUN_BITS)        /* packets: 20 MB of memory */

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
	struct db *db;
	struct run_row *row;
	uint64_t *key, *sorted; /* part id << RUN_BITS | index: sorting these sorts the run, and keeps the order inside a part */
	uint32_t n;
	int64_t first_id;       /* row id of the first packet in the table */
	sqlite3_stmt *insert;
};

/* On -1 run_close is still to be called. One connection has one run at a time. */
int run_open(struct run *r, struct db *db, struct err *e);
void run_close(struct run *r);

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

/* Insert all packets, in order, with row ids from first_id on. */
int run_insert(struct run *r, int64_t first_id, struct err *e);

#endif
