/*
 * What sets the failing rows of a cohort apart from the others (ALGORITHMS 7): every class of every attribute, and every number at its best cut, tested once,
 * false discoveries kept to 5 %; and which of what is found cannot be told from something else.
 */
#ifndef CORRELATE_CONTRAST_H
#define CORRELATE_CONTRAST_H

#include "correlate/cohort.h"
#include "correlate/stats.h"

#define CONTRAST_ALPHA 0.05
#define NOTHING_ELSE UINT32_MAX

/* CLASS: rows of a class; OTHERS: all but these; ABOVE, BELOW: numbers from `from` on, or less; ANY: the classes differ, whichever it is. */
enum property_kind { PROPERTY_CLASS, PROPERTY_OTHERS, PROPERTY_ABOVE, PROPERTY_BELOW, PROPERTY_ANY };

enum standing {
	STANDING_CHANCE,        /* nothing beyond chance */
	STANDING_ASSOCIATED,    /* and stays so among rows alike in whatever else is associated */
	STANDING_CONFOUNDED,    /* among rows alike in `by` it vanishes, and `by` does not among rows alike in this */
	STANDING_TANGLED,       /* with `by`: these rows cannot tell the two apart */
	STANDING_PART,          /* of what `by`, another class of the attribute, shows more clearly */
};

/* A way to divide the rows that are compared, oriented so that rows with the property fail more often. */
struct property {
	uint32_t section;
	uint32_t attribute, level;
	int64_t from;
	enum property_kind kind;
	uint64_t partition;     /* a hash of which rows have it: equal ones are one */
	uint32_t leader;        /* the first property with this partition; itself */
	struct fourfold t;      /* not of PROPERTY_ANY */
	double p, q;
	enum standing standing;
	uint32_t by;            /* property, or NOTHING_ELSE */
	uint32_t by_attribute;  /* or an attribute: client, server, time; NOTHING_ELSE */
	double within_p;        /* Cochran-Mantel-Haenszel over `by`; NAN: no row tells */
};

/* Rows that failed, against all that did not. The first section has all that failed; where they failed in several ways, each has one of its own. */
struct section {
	const char *way;        /* the cohort's; NULL: any */
	uint32_t fail, pass;
	uint32_t tests;         /* in all of the contrast */
	double cluster_p;       /* failures come together in minutes; 1: they do not, or are too few */
};

struct contrast {
	const struct cohort *cohort;
	struct section *section;
	uint32_t sections;
	uint8_t *of;            /* per row: 0: did not fail; 1: failed; more: and is in that section, too, counted from 1 */
	struct property *property;
	uint32_t n, room;
	uint32_t tests;         /* partitions that were tested: what q is corrected for */
	uint32_t *found;        /* leaders with q <= CONTRAST_ALPHA, by section, then clearest first */
	uint32_t founds;
};

/* Free it in any case; the cohort must live as long. */
int contrast_find(struct contrast *x, const struct cohort *c, struct err *e);
void contrast_free(struct contrast *x);

/* Is there one value only? Its text goes to buf. */
bool contrast_constant(const struct cohort *c, uint32_t attribute, char *buf, size_t size);

/* Is the row one of those compared in a section? Those that did not fail are in all. */
bool contrast_in(const struct contrast *x, uint32_t section, uint32_t row);

/* Does the row have the property? 1, 0; -1: not known. */
int contrast_has(const struct contrast *x, const struct property *p, uint32_t row);

/* So many passing rows may share what all failing ones have for that to be found in this section, -1: nothing could be found. */
int64_t contrast_power(const struct section *s);

#endif
