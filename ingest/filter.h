/* A pcap-filter(7) expression, compiled for each link type that turns up. */
#ifndef INGEST_FILTER_H
#define INGEST_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/err.h"

struct filter;

/* NULL on error. The expression must outlive the filter; it is checked against Ethernet at once, so that a typing error is found early. */
struct filter *filter_new(const char *expression, struct err *e);
void filter_free(struct filter *f);

/* 1 passes, 0 does not, -1 the expression cannot be compiled for this LINKTYPE_. */
int filter_match(struct filter *f, int linktype, int64_t ts_ns, uint32_t caplen, uint32_t len, const uint8_t *bytes, struct err *e);

#endif
