/* What a hop rewrites: the fields of each transmission compared between neighbours that both recorded it. */
#ifndef CORRELATE_CHANGE_H
#define CORRELATE_CHANGE_H

#include "correlate/conn.h"
#include "correlate/field.h"

/* One field on one hop in one direction, all transmissions of a connection together. */
struct change {
	uint8_t dir, from, to;          /* points */
	uint8_t field;                  /* enum field */
	uint8_t habit;                  /* enum habit */
	uint16_t option;                /* for FIELD_OTHER: see OPTIONS */
	uint8_t before_kind, after_kind;        /* enum value; NONE: inserted, stripped */
	bool constant;                  /* the same before and after in all of them */
	bool shifted;                   /* the same difference in all of them */
	bool alike;                     /* all of them stripped, or inserted, or neither */
	bool target;                    /* the same value after in all of them */
	bool lowered;                   /* numbers, smaller after in all of them */
	bool told;                      /* nothing of it that another field does not tell */
	bool by_flows;                  /* an address or a port as the only flows at both ends, surely joined, have it: views make it of these, and the finding about it */
	uint32_t still;                 /* of SACK blocks: how many stayed as they were although the acknowledgment was shifted */
	int64_t before, after;          /* of the first one; VALUE_ADDRESS: row id */
	uint32_t count, tx, last;       /* how many transmissions; the first, the last */
	uint32_t alone;                 /* of a TTL: in how many of them nothing else was changed */
};

/* What could be compared on a hop in one direction, in at least one transmission. */
struct compared {
	uint32_t fields;                /* set of enum field: for options, where one side had it */
	uint64_t options[OPTIONS / 64 + 1];     /* set of what struct change has as option */
};

struct changes {
	struct change *list;
	uint32_t n, room;
	bool nomem;
	uint32_t *modified;             /* per point (as start of the hop in path order) and direction: transmissions with any change */
	struct compared *compared;      /* likewise */
};

void changes_free(struct changes *c);
void changes_find(const struct conn *c, struct changes *out);

/* Is it an address or a port that changed? */
bool change_of_endpoint(const struct change *x);

/* Entry of modified and compared for the hop between two neighbours in a direction. */
static inline unsigned changes_at(unsigned from, unsigned to, unsigned dir)
{
	return 2 * (from < to ? from : to) + dir;
}

static inline bool compared_option(const struct compared *x, unsigned option)
{
	return x->options[option / 64] >> option % 64 & 1;
}

#endif
