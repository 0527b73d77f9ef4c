/*
 * A connection as one of the two that may meet at a full proxy: what is compared to tell whether the proxy ends the one (the front) and opened the
 * other (the back) for it.
 */
#ifndef CORRELATE_LEG_H
#define CORRELATE_LEG_H

#include "correlate/facts.h"

/* What happened at the point nearest to the proxy. */
struct leg_times {
	const struct flow *flow;
	int64_t syn, end;               /* aligned */
	bool has_said[2];
	int64_t said[2];                /* when the client asked first, when it was first answered */
};

struct leg {
	uint32_t conn;
	uint32_t first, last;           /* points that saw it, in path order (pass by content: in any order) */
	uint64_t points;
	struct leg_times as_front, as_back;     /* at the last point, at the first one */
	struct opening opening;         /* the most that any of its points knows */
	struct speaks_for speaks_for;
	uint64_t length[2];             /* of the streams, without a PROXY header; valid if closed */
	bool closed;                    /* both sides said FIN: the lengths are final */
	bool whole;                     /* its SYN was seen */
	bool refused;                   /* at the first point, which sees the server's packets, it said nothing but RST, or nothing */
};

/* How far the two streams of two legs agree. */
struct resemblance {
	bool contradicts;               /* as streams that are passed on as they are */
	bool request;                   /* the same HTTP request */
	uint8_t rungs[2];               /* digests that are equal, per direction */
	bool tiny[2];                   /* too short for any, but of equal length */
};

/* Read all connections of the path into *legs (facts.conns of them, in their order). 0; -1: out of memory. The caller frees *legs. */
int legs_read(const struct facts *f, struct leg **legs, struct err *e);

void legs_compare(const struct leg *x, const struct leg *y, struct resemblance *l);

/* Can they lie on either side of a device? With ordered, x on the client's side. */
bool legs_apart(const struct facts *f, const struct leg *x, const struct leg *y, bool ordered);

/*
 * Did the device make the back's handshake itself? One that translates addresses and sequence numbers passes the SYN on, timestamp and all (RFC 7323
 * 3.2), and the answer; a proxy says so in a header, changes the streams, answers the client before it asks the server, or although the server
 * refuses - or it is another host with another timestamp clock, whose packets no router has touched. False: not shown. On the same addresses and
 * ports, timestamps and both initial numbers must be others.
 */
bool legs_two_handshakes(const struct leg *x, const struct leg *y, const struct resemblance *l, int64_t eps_ns);

/* What the clocks may be off between the front's last point and the back's first one; where nothing is known of them, they are taken for one. */
int64_t legs_doubt(const struct facts *f, const struct leg *x, const struct leg *y);

/* Does the back lie inside the front, give or take eps_ns: opened while it was open, asked after it was asked, answered before it was answered? */
bool legs_nested(const struct leg *x, const struct leg *y, int64_t eps_ns);

/* The same for the exchange of the first request and answer alone, by durations: no clock matters. True where either is not known. */
bool legs_exchange_fits(const struct facts *f, const struct leg *x, const struct leg *y);

#endif
