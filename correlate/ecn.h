/* Explicit congestion notification on the way: what a device clears that it must not (RFC 3168, RFC 9768). */
#ifndef CORRELATE_ECN_H
#define CORRELATE_ECN_H

#include "correlate/finding.h"
#include "correlate/words.h"

/* Add what hops clear of transmission i. A router that marks a packet (ECT to CE) does what it should (RFC 3168 5): that is none. */
void ecn_judge(const struct conn *c, uint32_t i, struct findings *out);

/* The text of such a finding. */
void ecn_say(const struct conn *c, const struct finding *f, struct words *w);

/* Add to the verdict that the hosts could not agree on ECN, if that is so. */
void ecn_verdict(const struct conn *c, const struct findings *f, char *verdict, size_t size);

#endif
