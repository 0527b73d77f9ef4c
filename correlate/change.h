/* What a hop rewrites: the fields of each transmission compared between neighbours that both recorded it. */
#ifndef CORRELATE_CHANGE_H
#define CORRELATE_CHANGE_H

#include "correlate/conn.h"

enum field {
	FIELD_SRC, FIELD_DST, FIELD_SPORT, FIELD_DPORT, FIELD_SEQ, FIELD_ACK, FIELD_WIN, FIELD_FLAGS, FIELD_TTL, FIELD_TOS, FIELD_IP_ID,
	FIELD_MSS, FIELD_WS, FIELD_SACKOK, FIELD_SACK, FIELD_TSVAL, FIELD_TSECR, FIELD_OTHER, FIELD_PAYLOAD, FIELDS
};

enum value { VALUE_NONE, VALUE_NUMBER, VALUE_ADDRESS, VALUE_FLAGS, VALUE_PRESENT };

/* One field on one hop in one direction, all transmissions of a connection together. */
struct change {
	uint8_t dir, from, to;          /* points */
	uint8_t field;                  /* enum field */
	uint8_t option;                 /* kind of the option, for FIELD_OTHER */
	uint8_t before_kind, after_kind;        /* enum value; NONE: inserted, stripped */
	bool constant;                  /* the same before and after in all of them */
	bool shifted;                   /* the same difference in all of them */
	int64_t before, after;          /* of the first one; VALUE_ADDRESS: row id */
	uint32_t count, tx;             /* how many transmissions; the first */
};

struct changes {
	struct change *list;
	uint32_t n, room;
	bool nomem;
	uint32_t *modified;             /* per point (as start of the hop in path order) and direction: transmissions with any change */
};

void changes_free(struct changes *c);
void changes_find(const struct conn *c, struct changes *out);

/* "src", "opt.mss", "opt.mptcp", ...: the names of v_change. buf is used for options without a name. */
const char *field_name(const struct change *c, char buf[16]);
/* Value as v_change shows it, for anything but addresses. false: NULL. */
bool value_text(uint8_t kind, int64_t value, char *out, size_t size);

#endif
