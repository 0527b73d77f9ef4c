/* From fates to findings: the rules. Pure: a connection and the facts of the case in, findings out. */
#ifndef CORRELATE_JUDGE_H
#define CORRELATE_JUDGE_H

#include "correlate/change.h"
#include "correlate/finding.h"
#include "correlate/proof.h"

/* Fill out with everything that is to be said about the connection (fate_judge must have run), outcome and verdict included. */
void judge(const struct proof *t, struct findings *out);

/*
 * One finding per hop, direction and field that is rewritten there (rewrite.c). Comes last: it adds a sentence to the verdict where what is
 * rewritten cannot work.
 */
void judge_changes(const struct conn *c, const struct changes *changed, struct findings *out);

/* What is said of a hop is no surer than that the flows at its ends are one connection (judge_join.c). Behind all others. */
void judge_join(const struct conn *c, struct findings *out);

/* How the connection ended, by its packets alone. */
const char *judge_outcome(const struct conn *c);

/* The one sentence, and what to do next (verdict.c). */
void verdict_write(const struct conn *c, struct findings *out);

/* Did the server send a SYN of its own (a simultaneous open, or a split handshake: RFC 9293 3.5)? */
bool judge_crossed(const struct conn *c);

/*
 * How long after the connection before on the same addresses and ports did this one begin (ns), where one capture holds both? INT64_MAX: none does;
 * negative: before the other one had ended.
 */
int64_t judge_reused_after(const struct conn *c);

/* Is a bare ACK of the server the answer to a SYN? Returns the SYN's transmission, NOTHING: no. */
uint32_t judge_bare_answer(const struct conn *c, uint32_t x);

/* ... one that acknowledges numbers of an older connection: somebody still holds that one (RFC 9293 3.5.1, RFC 5961 4.2). */
bool judge_stale_answer(const struct conn *c, uint32_t x);

#endif
