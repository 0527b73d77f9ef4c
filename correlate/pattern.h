/*
 * What do the connections that were hit on a hop have in common that the others, which passed there, have not? Pure: rows in, patterns out.
 *
 * A hull is the narrowest description that covers all that were hit: their ports, the prefix of their addresses, what their SYNs offer, their time. Of its
 * parts (atoms) as few are kept as shut out everything that passed. A policy is all or nothing per class; loss is not. What can be chance - by
 * Fisher's test, times the descriptions that were there to choose from - is not said. Where not all that were hit have one reason, classes that
 * were hit more than the others are taken one after another ("separate and conquer", Fürnkranz 1999).
 */
#ifndef CORRELATE_PATTERN_H
#define CORRELATE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "correlate/cover.h"
#include "correlate/finding.h"

#define PATTERN_SET 4           /* values that are named one by one */
#define PATTERNS_MAX 5          /* of one kind of trouble at one place */
#define PATTERN_ALTERNATIVES 2
#define PATTERN_NONE 255        /* of a row: it is explained, and no pattern says so */

/* What the first SYN offers; of each the value + 1, 0: not known. */
enum pattern_feature { FEATURE_ECN, FEATURE_DSCP, FEATURE_MSS, FEATURE_WS, FEATURE_TS, FEATURE_SACK, FEATURES };

/* Parts of a description, those that are preferred first. A set is of pattern_atom bits. */
enum pattern_atom {
	ATOM_PORT, ATOM_FEATURE, ATOM_SERVER = ATOM_FEATURE + FEATURES, ATOM_CLIENT, ATOM_SIZE, ATOM_SILENCE, ATOM_SERVERS, ATOM_CLIENTS, ATOM_TIME, ATOM_BEGUN, ATOMS,
};

enum pattern_hit {
	HIT_NONE,               /* passed */
	HIT_PART,               /* hit, and the same passed afterwards */
	HIT_ALL,                /* hit from then on */
};

/* A connection that was hit, or could have been. */
struct pattern_row {
	uint32_t conn;
	uint32_t addr[2];               /* client, server: index into pattern_rows.addr */
	uint16_t port;                  /* of the server */
	uint16_t feature[FEATURES];
	uint8_t hit;
	uint8_t pattern;                /* out: 1 + the pattern that it belongs to, 0: none yet; or PATTERN_NONE */
	bool chosen;                    /* scratch */
	bool claimed;                   /* hit, and that is no doubt */
	bool first;                     /* hit, and so was the first packet of its kind */
	uint32_t lost_len, passed_len;  /* shortest segment that was hit, longest that passed, bytes of payload */
	int64_t silence_ns;             /* longest time without a packet; of one that was hit: before that */
	int64_t start_ns;               /* when the connection began */
	int64_t from_ns, to_ns;         /* when it was hit, first and last; else when it passed */
};

struct pattern_rows {
	const struct cover_addr *addr;  /* sorted, each once */
	uint32_t addrs;
	struct pattern_row *row;
	uint32_t n, room;
	bool sized;                     /* lengths are known: it is about data */
	bool lasting;                   /* it may come long after a connection began */
	bool late;                      /* ... and those that were hit may outlast the others for it */
	bool single;                    /* a connection that sends more is not hit more often: classes can be compared by how many of them were hit */
};

enum pattern_state {
	PATTERN_ALL,            /* all of a class, and nothing of it passed */
	PATTERN_MORE,           /* a class more than others */
	PATTERN_EVERY,          /* all that came by, at least at first */
	PATTERN_SPREAD,         /* some of all, and nothing tells which */
};

struct pattern_hull {
	uint32_t atoms;                 /* set: parts that all that were hit have in common */
	uint16_t port[PATTERN_SET], ports;      /* ports 0: more than can be named, from port[0] to port[1] */
	uint16_t feature[FEATURES];
	struct pattern_hull_side {
		uint32_t addr[PATTERN_SET], addrs;      /* addrs 0: more than can be named */
		uint32_t one;           /* any of the addresses ... */
		unsigned bits;          /* ... and the length of the prefix that covers all */
		uint32_t from, to;      /* indices of the addresses with that prefix, end not included */
	} side[2];
	uint32_t lost_len, passed_len;  /* segments of so many bytes and more; the longest that passed */
	int64_t silence_ns, passed_ns;  /* silent for so long and longer; the longest time after which it passed */
	int64_t from_ns, to_ns;
	int64_t begun_ns;               /* none began later */
	double ways[ATOMS];             /* log10: how many descriptions of this kind there are */
};

struct pattern {
	enum pattern_state state;
	enum confidence confidence;     /* POSSIBLE: so few that it may be chance */
	struct pattern_hull hull;
	uint32_t atoms;                 /* set: the description; 0: none */
	uint32_t other[PATTERN_ALTERNATIVES], others;   /* descriptions that cover the same connections as well */
	uint32_t hit, of;               /* connections of the class */
	uint32_t undecided;             /* of those hit: that is no claim */
	uint32_t part;                  /* of those hit: the same passed afterwards */
	uint32_t before_hit, before;    /* of the class, but earlier than `from_ns` */
	uint32_t after_hit, after;      /* ... and later than `to_ns` */
	uint32_t rest_hit, rest;        /* all others */
	double chance;                  /* log10 of how likely it is by chance, descriptions that could be chosen from included; 0: not tested */
	int64_t from_ns, to_ns;         /* first and last hit */
};

/* The patterns of the rows, at most PATTERNS_MAX; returns how many, -1: out of memory. Marks the rows that belong to them. */
int pattern_find(struct pattern_rows *k, struct pattern *out, struct err *e);

/* Does a row have what the atoms of a hull say? */
bool pattern_within(const struct pattern_hull *h, const struct pattern_row *r, uint32_t atoms);

/* The narrowest description of the chosen rows (pattern_hull.c). */
int pattern_hull(const struct pattern_rows *k, struct pattern_hull *h, struct err *e);

/*
 * The class, named by one value, that was hit most above the others (pattern_seed.c), of rows that belong to no pattern. partly: of what was hit for
 * good, or of first packets: repeats have more chances, and belong to what was hit elsewhere.
 * Returns log10 of its chance, all classes that were looked at included (0: nothing), and fills hull and its one atom. NAN: out of memory.
 */
double pattern_seed(const struct pattern_rows *k, bool partly, struct pattern_hull *h);

/* The sentence: "all 40 connections from 10.1.0.0/16 to port 445 since 14:02:11.000; none of 340 such before; none of 1203 others". */
void pattern_say(const struct pattern_rows *k, const struct pattern *p, char *out, size_t size);
/* Only the description. */
void pattern_describe(const struct pattern_rows *k, const struct pattern_hull *h, uint32_t atoms, bool since, bool until, char *out, size_t size);

#endif
