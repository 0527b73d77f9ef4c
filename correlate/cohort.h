/* The connections of a case as rows, and what is known of each when its SYN passes as columns: what a comparison is made of. */
#ifndef CORRELATE_COHORT_H
#define CORRELATE_COHORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "correlate/report/select.h"
#include "schema/db.h"

#define LEVEL_UNKNOWN UINT32_MAX
#define COHORT_VAGUE "no connection"

/* One thing that is known of a SYN. Of a number there is the value, else the class that it is in. */
struct attribute {
	char *name;             /* as people read it: "ECN", "client port" */
	bool number;
	int64_t *value;         /* per row, if number and level is not LEVEL_UNKNOWN */
	uint32_t *level;        /* per row: which of text; LEVEL_UNKNOWN: not known. Numbers that are known have level 0 */
	char **text;            /* names of the classes, in order of their first row */
	uint32_t levels, room;
	uint32_t *slot, slots;  /* where a class is found by its name */
};

/* Which rows are compared, and by what. */
struct cohort {
	uint32_t n, room;
	int64_t *id, *start_ns;
	uint32_t *way;          /* per row: how it failed, 0: it did not */
	struct attribute ways;  /* text of ways: text[0] is ""; COHORT_VAGUE says only that it failed, not where or by whom */
	struct attribute *attribute;
	uint32_t attributes;
	struct attribute left_out;      /* why connections were left out, and of each reason ... */
	uint32_t *left;         /* ... how many */
	uint32_t left_n;        /* of all of them */
};

/*
 * Read the case. chosen NULL: those that failed in their handshake against those that did not. Else those that are chosen against `against`, or all others
 * (NULL); who is in both is with the chosen ones. Free it in any case.
 */
int cohort_read(struct cohort *c, struct db *db, const struct ids *chosen, const struct ids *against, struct err *e);
void cohort_free(struct cohort *c);

/* By hand: a row, and then for each attribute what it is. -1: out of memory. */
int cohort_add(struct cohort *c, int64_t id, int64_t start_ns, const char *way);
int cohort_attribute(struct cohort *c, const char *name);
int cohort_set(struct cohort *c, uint32_t attribute, const char *class);
int cohort_set_number(struct cohort *c, uint32_t attribute, int64_t value);

#endif
