/*
 * From one instant on a connection no longer passes a hop that it had passed: the device there has lost its state - because nothing was said for too long
 * (an idle timeout; RFC 5382 5 is what NATs should grant), or for another reason.
 */
#ifndef CORRELATE_IDLE_H
#define CORRELATE_IDLE_H

#include "correlate/finding.h"
#include "correlate/words.h"

struct idle {
	uint32_t finding;       /* the packets of one direction that did not pass, or the resets: index into findings.list */
	uint32_t tx;            /* the first of them since the last one that passed */
	uint32_t lost;          /* how many there were */
	int64_t silence;        /* before it, ns: nothing crossed the hop, either way */
	int64_t survived;       /* the longest silence before that after which something crossed, in this connection or in another one to the server */
	bool own;               /* ... in this connection */
	bool both;              /* nothing was lost: the device reset both sides */
	bool reset;             /* a reset (or an ICMP error) was made there in answer */
	bool other_way;         /* packets of the other direction were lost there as well, since then, and none came */
	bool fits;              /* some of them are no longer than what every path takes, or than what had crossed: it is not their size */
	bool alive;             /* a connection was made over the hop meanwhile */
	int64_t span;           /* ns from the first to the last of those that were lost */
};

/* Is there such an instant? By the first finding that shows one. */
bool idle_find(const struct conn *c, const struct findings *all, struct idle *s);

/* Adds finding idle_timeout, or calls what was dropped rule state_lost. */
void idle_judge(const struct conn *c, struct findings *out);

void idle_say(const struct conn *c, const struct findings *all, struct finding *f, struct words *w);
void idle_say_lost(const struct conn *c, const struct findings *all, const struct finding *f, struct words *w);
bool idle_verdict(const struct conn *c, const struct findings *all, struct words *w);

#endif
