/*
 * What the other connections of the case did: how many SYNs to the same server crossed a hop, when that server answered, how long a connection was silent
 * and went on. Learned in the first pass, read-only for everything after.
 */
#ifndef CORRELATE_PRECEDENT_H
#define CORRELATE_PRECEDENT_H

#include "correlate/conn.h"

struct precedents;

/* Connections to one server (address and port, as the first point that saw it has them) whose SYN came to a hop, and of these passed it. */
struct precedent_syns {
	uint32_t came[2], passed[2];    /* [1]: of the SYNs that ask for ECN (RFC 3168 6.1.1), [0]: of the others */
};

/* For the connections of f, which must not change any more. NULL: out of memory. */
struct precedents *precedents_new(const struct facts *f);
void precedents_free(struct precedents *p);

/* First pass: count a matched connection. Once it is through: put everything in order. */
void precedents_learn(struct precedents *p, const struct conn *c);
void precedents_settle(struct precedents *p);

/* SYNs to the server of c on the hop that begins at point `from`; all 0 where nothing was learned. */
struct precedent_syns precedents_syns(const struct conn *c, unsigned from);

/*
 * One-sided exact test of R. A. Fisher (Statistical Methods for Research Workers, 21.02) for the case that no SYN with ECN passed: how likely that is, if
 * ECN makes no difference. 1: nothing to be compared.
 */
double precedents_chance(const struct precedent_syns *s);

/* How many other connections did the server of c answer between two aligned times (ns)? */
uint32_t precedents_answered(const struct conn *c, int64_t from_ns, int64_t to_ns);

/* Was a connection made through both points between two aligned times (ns)? Then the hop was in order, and let new ones pass. */
bool precedents_made(const struct conn *c, unsigned a, unsigned b, int64_t from_ns, int64_t to_ns);

/* The longest silence (ns) after which a packet crossed the hop between two points, of all connections to the server of c; 0: none. */
int64_t precedents_silence(const struct conn *c, unsigned a, unsigned b);

#endif
