/* What is exported of a case, as a temporary table: each packet with its connection, its number in the ladder, what is found of it, and its delay. */
#ifndef CORRELATE_REPORT_EXPORT_PACKETS_H
#define CORRELATE_REPORT_EXPORT_PACKETS_H

#include <stdint.h>

#include "correlate/report/export_places.h"
#include "correlate/report/select.h"
#include "schema/db.h"

struct export_packets {
	int64_t from_ns, to_ns;         /* only those of this time, on the reference clock */
	uint64_t packets;               /* collected */
	int64_t earliest_ns;            /* of these */
};

/*
 * Collect the packets of these connections into the table export_packet (export_tables.sql), and say of each to its place that its frame is wanted. On memory:
 * one connection.
 */
int export_packets_collect(struct export_packets *x, struct db *db, struct places *places, const struct ids *ids, struct err *e);

#endif
