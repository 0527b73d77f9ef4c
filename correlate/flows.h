/* Parts to flows: what several captures of one point hold of one TCP incarnation belongs together, whatever the order of the files. */
#ifndef CORRELATE_FLOWS_H
#define CORRELATE_FLOWS_H

#include "correlate/facts.h"

/* Fill f->part and f->flow (sorted by point, addresses, ports, time). f->point must be loaded. */
int flows_load(struct facts *f, struct db *db, struct err *e);

/* The other host of the flow is the client. */
void flows_turn(struct facts *f, struct flow *w);

#endif
