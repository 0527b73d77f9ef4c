/*
 * How much alike two flows are, in bits (Fellegi and Sunter's record linkage, ALGORITHMS 1.5): what agrees counts the more the rarer the value is,
 * what differs counts the more the more firmly the way between the two points is known to keep it. That - what is kept, which address becomes
 * which, how long the way takes - is learned from the connections that are joined already.
 */
#ifndef CORRELATE_LIKENESS_H
#define CORRELATE_LIKENESS_H

#include "correlate/facts.h"
#include "correlate/multiset.h"

enum trait {
	TRAIT_CLIENT_ADDR, TRAIT_CLIENT_PORT, TRAIT_SERVER, TRAIT_CLIENT_ISN, TRAIT_SERVER_ISN, TRAIT_TSVAL, TRAIT_LENGTHS, TRAIT_HEADS, TRAITS,
};

/* Is the trait known of the flow, and its value (or a hash of it)? */
bool trait_of(const struct flow *w, enum trait t, uint64_t *value);

/* Evidence that comes from one source; what two families say is independent. */
enum family {
	FAMILY_ADDRESSES = 0x01, FAMILY_CLIENT_NUMBERS = 0x02, FAMILY_SERVER_NUMBERS = 0x04, FAMILY_STAMPS = 0x08, FAMILY_CONTENT = 0x10,
	FAMILY_IP_ID = 0x20, FAMILY_CLOCK = 0x40,
};

/* When connections that are joined began at one point, and how much later at the other (which knows nothing of what the clocks are). */
struct lag {
	int64_t t, d;
};

struct lags {
	struct lag *lag;        /* by time */
	uint32_t n, room;
	int64_t noise_ns;       /* how much it varies from one connection to the next */
};

struct likeness {
	const struct facts *f;
	struct multiset values;         /* of every trait at every point */
	struct multiset habits;         /* of pairs of points: traits kept, traits known */
	struct multiset maps;           /* of pairs of points: values that became others */
	uint32_t flows_at[POINTS_MAX];
	struct lags *lags;              /* [low * POINTS_MAX + high] */
	int64_t span_ns;                /* of the whole case, as recorded */
};

int likeness_open(struct likeness *l, const struct facts *f, struct err *e);
void likeness_close(struct likeness *l);

/* Learn from two flows of one connection, at different points. After the last one, call likeness_ready. */
int likeness_learn(struct likeness *l, const struct flow *x, const struct flow *y, struct err *e);
void likeness_ready(struct likeness *l);

/*
 * Where no two flows of points x and y are joined: is there one difference between the two clocks that most of those not joined agree on? Flows in order
 * of time, all of one point each. Regular starts agree on many differences: then there is none.
 */
int likeness_guess(struct likeness *l, const struct flow *const *x, uint32_t nx, const struct flow *const *y, uint32_t ny, struct err *e);

/* When does a flow begin at point `to` that began at `from` at t? false: not known. Outside [low, high] by noise_ns it is unlikely, not impossible. */
bool likeness_window(const struct likeness *l, uint32_t from, uint32_t to, int64_t t, int64_t *low, int64_t *high, int64_t *noise_ns);

/* What is for or against two flows being one connection. */
struct likeness_score {
	double bits;            /* all in all */
	double time;            /* of these: from when they began */
	unsigned families;      /* enum family: that speak for it */
	unsigned evidence;      /* enum join_evidence: what agrees */
};

/* Symmetric in x and y. */
struct likeness_score likeness_score(const struct likeness *l, const struct flow *x, const struct flow *y);

#endif
