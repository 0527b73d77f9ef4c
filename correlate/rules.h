/* Every rule by which something is said of a connection: one table, for people, for SQL (table rule, view v_rule) and for the program. */
#ifndef CORRELATE_RULES_H
#define CORRELATE_RULES_H

#include "correlate/finding.h"

struct rule {
	const char *id;                 /* R01 to R33: the table of ALGORITHMS 5.7; P: proxies; W: what else is seen on the way. Several rules may share one */
	const char *name;               /* as in finding.rule */
	const char *pattern;            /* what the captures show; X and Y: a point and the next one in the direction of travel */
	const char *says;
	enum confidence highest;        /* that a finding by it may have */
	const char *source;
	const char *wrong;              /* where it can be wrong */
	const char *change;             /* what would change the verdict; "": nothing in particular */
};

/* All of them, in the order of their ids; *n: how many. */
const struct rule *rules_all(size_t *n);

/* NULL: there is none. */
const struct rule *rules_find(const char *name);

/* Fill table rule of a case. */
int rules_store(struct db *db, struct err *e);

#endif
