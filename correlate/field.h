/* The fields of a packet that hops are compared by, and what devices do to them: names and values. */
#ifndef CORRELATE_FIELD_H
#define CORRELATE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/segment.h"

enum field {
	FIELD_SRC, FIELD_DST, FIELD_SPORT, FIELD_DPORT, FIELD_SEQ, FIELD_ACK, FIELD_WIN, FIELD_FLAGS, FIELD_TTL, FIELD_TOS, FIELD_IP_ID,
	FIELD_MSS, FIELD_WS, FIELD_SACKOK, FIELD_SACK, FIELD_TSVAL, FIELD_TSECR, FIELD_OTHER, FIELD_PAYLOAD,
	/* Only for v_habit; v_change has tos and flags. */
	FIELD_DSCP, FIELD_ECN,
	FIELD_SYN_ECN,          /* ECE, CWR and AE of a SYN or SYN-ACK: what it says of ECN (RFC 3168 6.1.1, RFC 9768 3.1) */
	FIELDS
};

#define ECN_FLAGS ((uint32_t)(TCP_ECE | TCP_CWR | TCP_AE))

/* Options without a field of their own: their kind, or for an experiment that has a name (RFC 6994) one of these. */
enum {
	OPTION_MD5 = 19,        /* TCP MD5 signature (RFC 2385) */
	OPTION_AO = 29,         /* TCP-AO (RFC 5925) */
	OPTION_EXP_FASTOPEN = 256,
	OPTIONS
};

enum value { VALUE_NONE, VALUE_NUMBER, VALUE_ADDRESS, VALUE_FLAGS, VALUE_PRESENT };

/* What a device does to a field of a connection, in one word. */
enum habit {
	HABIT_NONE,             /* another field tells it: not for v_habit */
	HABIT_REWRITTEN,
	HABIT_SHIFTED,          /* by one number, all packets of the connection */
	HABIT_NOT_SHIFTED,      /* SACK blocks that stay as they are while what they are about is shifted */
	HABIT_CLAMPED,          /* lowered */
	HABIT_SET,              /* to one value, whatever it was */
	HABIT_CLEARED,          /* ECN: to nothing */
	HABIT_MARKED,           /* ECN: congestion experienced (RFC 3168 5), as routers should */
	HABIT_STRIPPED,
	HABIT_INSERTED,
};

/* "src", "opt.mss", "opt.mptcp", ...: the names of v_change and v_habit, of options those of tcpdump. buf is used for options without a name. */
const char *field_name(enum field field, unsigned option, char buf[16]);
/* "shifted", "stripped", ...; NULL: HABIT_NONE */
const char *habit_name(enum habit habit);
/* Value as v_change shows it, for anything but addresses. false: NULL. */
bool value_text(uint8_t kind, int64_t value, char *out, size_t size);

#endif
