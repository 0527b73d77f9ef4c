/*
 * Who made a packet, the host or a device on the way? Clues of the packet itself (a RST, an ICMP error, a SYN-ACK, a bare ACK in answer to a SYN),
 * held against what else came from the same sender at the same point: in this connection, or in others of the same server (siblings.h). They rank what
 * may have happened; they claim nothing: what two points saw decides first (fate.h), and one clue alone never does. ALGORITHMS 5.2, 5.4.
 */
#ifndef CORRELATE_ORIGIN_H
#define CORRELATE_ORIGIN_H

#include "correlate/conn.h"

#define ORIGIN_CLUES 12

/* Clues of one group have one cause (who puts the IP header on puts all of it on): only the strongest of each counts. */
enum clue_group { CLUE_HEADER, CLUE_STACK, CLUE_LINK, CLUE_TIME, CLUE_SEQUENCE, CLUE_GROUPS };

struct clue {
	const char *name;
	enum clue_group group;
	double weight;          /* log10 of the likelihood ratio: + a device made it, - the host did, 0: only to be known */
	char text[220];
};

struct origin {
	struct clue list[ORIGIN_CLUES];
	unsigned n;
	double sum;             /* of the groups, at most ORIGIN_MOST either way */
	unsigned device, host;  /* groups that speak for either, with half of a unit at least */
};

#define ORIGIN_MOST 4.0
#define ORIGIN_LEANS 1.0        /* a sum that makes one the likelier, where two groups speak for it */

/* Collect the clues about transmission x, at the point that saw it first. */
void origin_find(const struct conn *c, uint32_t x, struct origin *o);

/* Is there anything to be asked about who made it? */
bool origin_matters(const struct conn *c, uint32_t x);

/* Does it lean to a device (1), to the host (-1), or to neither (0)? Never by one group of clues alone. */
int origin_leans(const struct origin *o);

/* Do the numbers of what the host sent next deny it: did it go on as if nothing had been? A claim that it made the packet does not hold then. */
bool origin_denied(const struct origin *o);

/* JSON objects, comma separated, the strongest first: {"clue":"ttl","weight":1.5,"text":"..."}. Returns the length. */
size_t origin_json(const struct origin *o, char *out, size_t size);

/* The strongest clues for a device (sign 1) or the host (-1) in brackets, "": there is none. */
void origin_because(const struct origin *o, int sign, char *out, size_t size);

#endif
