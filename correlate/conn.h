/*
 * One connection in memory: its packets at all points, and what becomes of them. Everything that judges a connection works on this and the
 * (read-only) facts of the case: no database, no I/O, no global state.
 */
#ifndef CORRELATE_CONN_H
#define CORRELATE_CONN_H

#include "correlate/facts.h"
#include "correlate/reason.h"
#include "schema/segment.h"

#define NOTHING UINT32_MAX

enum what { WHAT_SYN, WHAT_SYNACK, WHAT_RST, WHAT_RSTACK, WHAT_DATA, WHAT_FIN, WHAT_ACK, WHAT_ICMP, WHAT_CONNECTION, WHAT_ANY };

/* One packet as one point recorded it. There are millions: what is wide comes first, so that nothing is lost between. */
struct pkt {
	int64_t id;             /* row id */
	int64_t t;              /* aligned, ns */
	int64_t t_raw;          /* on the point's clock */
	uint32_t capture;       /* row id */
	uint32_t seq, ack;      /* normalised to the first point's numbers where a device shifts them */
	uint32_t tsval, tsecr;  /* so are these, once shifts_find has run */
	uint32_t len, payload, flags;
	uint32_t tx;            /* transmission */
	uint32_t original;      /* of a copy: the packet that it is a copy of; of a later fragment: the first one of its datagram, or NOTHING */
	uint32_t opt;           /* index into conn.opt, NOTHING: none */
	uint16_t win, ip_id;
	uint16_t fragment;      /* first fragment: bytes of the segment that it holds, TCP header included; 0: not in fragments */
	uint8_t ttl, tos;
	uint8_t point;          /* index into facts.point */
	uint8_t dir;
	bool has_payload : 1;
	bool copy : 1;          /* the capture's own second copy of a packet before it */
	bool forwarded : 1;     /* ... taken behind the device that the other was taken in front of */
	bool through : 1;       /* there is such a copy of it */
	bool doubled : 1;       /* there is a copy of it */
	bool greeting : 1;      /* of the handshake on one side of a SYN proxy (conn.beyond) */
	bool damaged : 1;       /* its checksum is wrong, and not for want of a network card that fills it in (damage.h) */
	bool partial : 1;       /* first fragment of a datagram of which others are not there; len: as far as it is */
	bool caused : 1;        /* a reset of which conn.cause has a row */
};

/* Options beyond the timestamp; for ICMP errors, what they say. */
struct pkt_opt {
	uint8_t len;
	uint8_t raw[TCP_OPTIONS_MAX];
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_mtu;
	int64_t icmp_src;       /* row id of the address */
};

/* Why there was a reset, in the words of the BIG-IP that recorded it. */
struct rst_cause {
	int64_t id;             /* row id of the packet */
	char text[sizeof ((struct f5_trailer *)0)->rst_cause];
	bool ingress;           /* it came in to the BIG-IP, did not leave it */
	bool peer;              /* what happened did so on the other side of the connection */
};

/* What became of a transmission between two neighbours in its direction of travel, or at a point. */
enum fate {
	FATE_NONE,              /* seen where it should be, or nothing to be said */
	FATE_PASSED,            /* not recorded, but it was there: proved */
	FATE_DROPPED,
	FATE_GENERATED,
	FATE_OUTSIDE,           /* the point was not capturing at the time */
	FATE_UNKNOWN,           /* a difference that the captures cannot explain */
	FATE_DOUBLED,           /* it is there once more than before: the network made a second one */
	FATE_STRAYED,           /* damaged: it came with other ports or addresses */
};

/* Bytes of a packet that did not go on in other packets, as the others of it did: a transmission of their own, behind it, that owns no packet. */
enum rest {
	REST_NONE,
	REST_LOST,              /* they came to no packet of the next point */
	REST_NEW,               /* they came out of no packet of the point before */
};

/* One packet as its sender, or a device, sent it once. Kept as narrow as struct pkt. */
struct tx {
	int64_t t;              /* aligned time of the first sighting in the direction of travel */
	int64_t off, end, ack;  /* sequence numbers unwrapped to 64 bits: first byte, behind the last one, acknowledged byte of the other direction */
	uint64_t before;        /* set of points that recorded some of its bytes before */
	uint64_t others;        /* set of points where other packets hold its bytes and stand for it; so do they at those behind them (ranges.h) */
	reason_set reasons_to, reasons_from;
	float odds_to, odds_from;       /* log10 of the odds of drop against capture loss, of birth against capture loss */
	uint32_t first;         /* the first sighting: index into conn.pkt */
	uint32_t repeats, repeated_by;  /* the last one before and the next one after it with some of the same bytes, NOTHING: none */
	uint32_t origin, upto;  /* where it was cut otherwise: the earliest and the latest sent that it has bytes of; NOTHING: it was sent like this */
	uint32_t into;          /* ... the first transmission that goes on with its bytes, NOTHING: none */
	uint32_t units;         /* of a rest: how many full segments it takes; else 1 */
	uint8_t turned;         /* position where others stand for it first; 0: none does */
	uint8_t dir, what;
	uint8_t from, to;       /* first and last point that saw it, as positions in travel order (conn.way) */
	uint8_t reach;          /* position up to which it is proved to have come: to, or further */
	uint8_t level;          /* of the weakest key that it was matched by, 0: everything but addresses, TTL, ECN is equal */
	uint8_t rest;           /* enum rest */
	uint8_t fate_to;        /* enum fate: between `reach` and the next point */
	uint8_t fate_from;      /* enum fate: between the point before the first that saw it and that one */
	bool repeat : 1;        /* repeats what was sent before (SYN, SYN-ACK, FIN, or bytes already sent) */
	bool fuzzy : 1;         /* one of several identical packets: which of them is not certain */
	bool single : 1;        /* no other packet had the same key, wherever it was matched */
	bool probe : 1;         /* keepalive or window probe: carries nothing new */
	bool stray : 1;         /* its sequence number belongs to something else (another incarnation, a forgery) */
	bool stray_ack : 1;     /* so does what it acknowledges, or nobody can tell: it is damaged, or counts in another way */
	bool other_ack : 1;     /* ... so it does: it can be read and compared, and is nothing that the other side has said */
	bool again : 1;         /* first seen where its bytes are more often than at the point before: repeated, or doubled on the way */
	bool by_host : 1;       /* not recorded at the first point of its way, but proved to be the host's */
};

/* A frame that another capture of the point has, too: the files overlap. It counts once. */
struct again {
	int64_t id;             /* row id */
	uint32_t of;            /* the packet that counts */
};

struct conn {
	const struct facts *facts;
	uint32_t index;         /* into facts.conn */
	bool reversed;          /* against the path */

	struct pkt *pkt;        /* by point, then time */
	uint32_t pkts, pkt_room;
	uint32_t at[POINTS_MAX + 1];    /* packets of point i: at[i] .. at[i + 1] */
	struct again *again;
	uint32_t agains, again_room;
	struct pkt_opt *opt;
	uint32_t opts, opt_room;
	struct rst_cause *cause;        /* by row id, once all points are closed */
	uint32_t causes, cause_room;

	uint64_t mac[POINTS_MAX][2];            /* source MAC of the first packet of a direction at each point, 0: none */
	const struct flow *flow[POINTS_MAX];    /* the connection at each point, NULL: not seen there */
	uint32_t shift[POINTS_MAX][2];          /* what a device added to the numbers of each direction, against the first point with both */
	uint32_t stamp_shift[POINTS_MAX][2];    /* ... and to its timestamps, against the first point that has any (shifts.h) */

	uint8_t way[2][POINTS_MAX];     /* points that a direction passes, in the order of travel */
	uint8_t ways[2];

	bool sound;             /* some packet has a checksum that is right (damage.h) */
	uint64_t foreign[2];            /* sets of points whose numbers of a direction cannot be compared with those of the others (numbers.h) */
	uint64_t unsettled[2];          /* sets of points for whose timestamps of a direction no shift was found, where a device moves some */
	uint64_t beyond;        /* set of points on the server's side of a SYN proxy, 0: there is none (syn_proxy.h) */
	bool beyond_shown;      /* ... and that nothing else explains what is seen there */

	struct tx *tx;          /* by time of first sighting */
	uint32_t txs, tx_room;
	uint32_t *sight;        /* [tx * facts.points + point]: packet, NOTHING: not recorded; of a datagram its first fragment */
};

/* What is known of points and hops by direction (facts.h) is known by the path's: the direction of the path in which `dir` of the connection travels. */
static inline unsigned conn_along(const struct conn *c, unsigned dir)
{
	return c->reversed ? !dir : dir;
}

void conn_init(struct conn *c, const struct facts *f);
void conn_free(struct conn *c);

/* No packets, no flows: room for packets of no connection in particular. */
void conn_empty(struct conn *c);

/* Empty it for connection `index`; flows, ways and shifts are set, packets are to be added (conn_add) point by point in time order. */
void conn_start(struct conn *c, uint32_t index);
struct pkt *conn_add(struct conn *c, struct err *e);            /* zeroed, but for opt = tx = NOTHING */
struct pkt_opt *conn_add_opt(struct conn *c, struct err *e);
struct rst_cause *conn_add_cause(struct conn *c, struct pkt *p, struct err *e);
/* Close the packets of a point: they are sorted by time, and what overlapping captures hold twice is set aside (conn.again). */
int conn_close_point(struct conn *c, uint32_t point, struct err *e);

#define COPY_NS INT64_C(50000000)       /* copies, made by a mirror port or on the way, come this close behind each other */

/* Could the two, at whatever points, be the same packet or copies of it? ECN, window and TTL are not looked at: they change on the way. */
bool conn_equal(const struct pkt *p, const struct pkt *q);

/* ... or had they an IP ID each, and have none any more? */
bool conn_alike(const struct pkt *p, const struct pkt *q);

static inline uint32_t *conn_sight(const struct conn *c, uint32_t tx)
{
	return &c->sight[(size_t)tx * c->facts->points];
}

/* Did a point record only some fragments of a transmission that was whole before? Then it did not come there, as far as its receiver is concerned. */
bool conn_torn(const struct conn *c, uint32_t tx, unsigned point);

/*
 * The point holds both sides of a device (facts_straddles), but transmission tx on one of them only: the device may have taken it, or made it.
 */
bool conn_inside(const struct conn *c, uint32_t tx, unsigned point);

/* Do other packets of the point stand for a transmission? Then it is there, though not as such. */
static inline bool conn_others(const struct tx *x, unsigned point)
{
	return x->others >> point & 1;
}

/* Did no point nearer hold its bytes otherwise? Then it is there as it was sent. */
static inline bool conn_as_sent(const struct tx *x)
{
	return x->origin == NOTHING;
}

/* Does packet p belong to the handshake on the side of a SYN proxy that the point is not on? Then it ends, or begins, at the device. */
static inline bool conn_apart(const struct conn *c, const struct pkt *p, unsigned point)
{
	return p->greeting && (c->beyond >> p->point & 1) != (c->beyond >> point & 1);
}

/* Do the numbers of a point say nothing to others? Then no packet there can be told to be the same as one of theirs, nor not to be. */
static inline bool conn_foreign(const struct conn *c, unsigned point)
{
	return (c->foreign[0] | c->foreign[1]) >> point & 1;
}

/*
 * Does a transmission tell how long it took? Not a reset without ACK: it is nothing but a sequence number, and that of a host looks like the one that
 * a device made at the same time.
 */
static inline bool tx_timed(const struct tx *x)
{
	return x->single && x->what != WHAT_ICMP && x->what != WHAT_RST;
}

/* Packet of transmission tx at a point, NULL: not recorded there, or torn. */
const struct pkt *conn_at(const struct conn *c, uint32_t tx, unsigned point);

/* ... at the i-th point of its way. */
const struct pkt *conn_seen(const struct conn *c, uint32_t tx, unsigned i);

/* What an F5 trailer says of reset tx: the first point's that says anything; NULL: none does. */
const struct rst_cause *conn_rst_cause(const struct conn *c, uint32_t tx);

/*
 * Did the BIG-IP that recorded reset tx first make it? Only resets that it sends have a cause in their trailer (F5 Agility Labs, "F5 Medium Details").
 * Where it may have passed one on from the other side, the cause is marked (peer), or names the remote system.
 */
bool conn_own_reset(const struct conn *c, uint32_t tx);

/* Sequence space: bytes of payload, SYN and FIN count one each (RFC 9293 3.4). */
uint32_t pkt_end(const struct pkt *p);
enum what pkt_what(const struct pkt *p);
const char *what_name(enum what w);
/* Value of a TCP option of the given kind: pointer into the raw options, NULL: not there. len gets its whole length. */
const uint8_t *pkt_option(const struct conn *c, const struct pkt *p, uint8_t kind, unsigned *len);

static inline bool seq_before(uint32_t x, uint32_t y)
{
	return (int32_t)(x - y) < 0;
}

#endif
