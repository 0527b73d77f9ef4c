/* Packets of a connection from the case into memory. */
#ifndef CORRELATE_LOAD_H
#define CORRELATE_LOAD_H

#include "correlate/conn.h"

struct loader {
	struct db *db;
	uint32_t limit;         /* packets read of a part at most; 0: all */
	sqlite3_stmt *packets, *tcpopt, *icmp;
	sqlite3_stmt *f5_rst;   /* NULL: there is none in the case */
	/* What is being read. */
	struct conn *conn;
	const struct part_ref *part;
	uint32_t point;         /* index into facts.point */
	uint32_t n;             /* packets read of the part */
	int64_t last;           /* row id of the last one */
	int64_t option;         /* row id of the one that tcpopt stands at; 0: not begun in this run */
	struct err *e;
};

/* The loader must stay where it is until it is closed. */
int loader_open(struct loader *l, struct db *db, struct err *e);
void loader_close(struct loader *l);

/* Read connection `index` of c->facts. */
int loader_read(struct loader *l, struct conn *c, uint32_t index, struct err *e);

/*
 * Read the first packets of one flow into c->pkt, in order of time, at most `limit` of each of its parts. Connections need not be known yet: c is no
 * connection afterwards, only a list of packets.
 */
int loader_peek(struct loader *l, struct conn *c, uint32_t flow, uint32_t limit, struct err *e);

#endif
