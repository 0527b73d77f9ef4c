/* What the files of storing share (store.h): store.c has the connection, its flows and sightings, store_hops.c hops, store_findings.c findings. */
#ifndef CORRELATE_STORE_PRIVATE_H
#define CORRELATE_STORE_PRIVATE_H

#include "correlate/once.h"
#include "correlate/phrase.h"
#include "correlate/store.h"

struct store {
	struct db *db;
	const struct facts *f;
	int64_t next_flow, next_finding, next_change;
	sqlite3_stmt *connection, *flow, *flow_part, *sighting, *resegmented, *alike, *hop, *change, *finding, *finding_packet;
	/* What many have in common. */
	struct once *conclusions, *evidences, *statements;
	sqlite3_stmt *conclusion, *evidence, *statement;
	struct once_row row;
};

/* The next value of a row that is stored once: both where it is looked up and where it is bound. */
void store_text(struct once_row *r, sqlite3_stmt *st, int column, const char *text);
void store_int(struct once_row *r, sqlite3_stmt *st, int column, bool known, int64_t v);
/* That row, begun with once_begin and complete, if there is none like it; its id. 0, or -1. */
int store_once(struct store *s, struct once *o, sqlite3_stmt *st, int64_t *id, struct err *e);

/* Bind the numbers of a text: one as it is, several as a text. */
void store_numbers(sqlite3_stmt *st, int column, const struct phrase *p);

/* How a transmission is named in the case; 0: none. */
static inline int64_t store_tx_id(const struct conn *c, uint32_t tx)
{
	return tx == NOTHING ? 0 : c->pkt[c->tx[tx].first].id;
}

/* Rows of connection `id`. 0, or -1. */
int store_hops(struct store *s, const struct conn *c, int64_t id, const struct findings *found, const struct changes *changed,
    const struct delays *delays, struct err *e);
int store_findings(struct store *s, const struct conn *c, int64_t id, const struct findings *found, struct err *e);

#endif
