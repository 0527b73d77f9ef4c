/*
 * What is known of the whole case before any connection is judged: points in path order, flows, connections, clocks, and how well each capture
 * sees. Made by the global steps (flows, join, path, clocks), read-only for everything after.
 */
#ifndef CORRELATE_FACTS_H
#define CORRELATE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "correlate/clock.h"
#include "schema/db.h"
#include "schema/part.h"

#define POINTS_MAX 64
#define PIECES_MAX 64
#define C2S 0
#define S2C 1

struct window {
	int64_t from_ns, to_ns; /* on the point's own clock */
};

/* How well a point sees one direction, learned from the packets that something else proves. */
struct sight {
	uint64_t packets;       /* recorded */
	uint64_t proved;        /* transmissions proved to have passed */
	uint64_t missed;        /* of these, not recorded */
	uint64_t in_row;        /* of these, when the one of the connection before was not, either: captures lose in bursts */
	bool elsewhere;         /* packets of this direction do not come by here (asymmetric route) */
};

/* What is between a point and the next one on the path, per direction (the hop is named by its end nearer to the client). */
struct hop_stats {
	uint64_t passed;        /* transmissions recorded at both ends */
	uint32_t largest;       /* bytes of payload in one of these, at most */
	uint64_t repeated;      /* of these, repeated by the sender without having been acknowledged: lost further on */
	uint64_t torn;          /* whole at the near end, in part at the far end, and repeated: lost here or further on */
	uint64_t lost;          /* not at the far end, and repeated by the sender or refused */
	uint64_t gone;          /* not at the far end, and nothing proves that they passed */
	uint64_t quiet;         /* of these, without any consequence that would show a loss */
	uint64_t keeps_ip_id, changes_ip_id;    /* of those recorded at both ends, with an IP ID */
	uint64_t keeps_ts, changes_ts;
	uint64_t keeps_ecn, changes_ecn;        /* of those recorded at both ends, capable of ECN (RFC 3168 5) */
	int64_t delay_ns;       /* typical delay on aligned clocks (median of the sample) */
	int64_t longest_ns;     /* that a packet like no other took on aligned clocks, as far as they have been looked at (fate_learn); at most a second */
	int64_t jitter_ns;      /* half of the sample lies within this of it; at least 10 us */
};

struct point {
	int64_t id;
	char name[64];
	bool running;           /* the user vouches that it captured all the time, and nothing of that is lost */
	bool damaged;           /* a file of its captures could not be read whole: nobody can vouch for what is missing */
	int position;           /* on the path */
	uint64_t unordered;     /* set of the points of which nothing tells whether they are nearer to the client than this one, or farther */
	char how[240];          /* how its place on the path is known; "": the first of several, the others say it */
	int64_t resolution_ns;  /* of its time stamps */
	uint32_t captures, windows;
	struct window *window;  /* when it captured, in order, apart */
	uint64_t drops;         /* that its captures own up to (interface statistics) */
	uint64_t unread;        /* frames that its captures cut off before the TCP header, or of an unknown link type */
	uint64_t malformed;     /* frames whose headers contradict each other */
	bool icmp;              /* it recorded ICMP errors: no filter kept them out */
	bool later;             /* it recorded later fragments of TCP (they have no ports): no filter for ports kept them out */
	bool open;              /* it recorded frames without IP (ARP): hardly any filter for ports lets them pass */
	uint64_t telling, twice;        /* packets of the sample that can be told from a repeat, and how many of them are copies: a mirror port */
	uint64_t forwarded;             /* packets of the sample that are there as they came to a device and as they left it again */
	uint64_t handshakes, translated;        /* flows with both initial numbers; those of them that are there under other names as well */
	bool aside;                     /* no place on the path: left out of --path, or it holds both sides of a device */
	int source;                     /* points of the same number are taken from the very same files: where one of them ran, all did */
	int clock;                      /* points of the same number were recorded by one clock: they are taken from the same files */
	int64_t one_clock_ns;           /* by as much packets leave open whether it is one, or its time stamps are that bad */
	uint64_t held, unseen;          /* connections in which both hosts spoke: it holds something of; holds nothing of, though they passed (fate_learn) */
	struct sight sight[2];
	struct hop_stats hop[2];        /* towards the next point of the path: [C2S] leaving here, [S2C] arriving here */

	bool others_lose;               /* captures of other points are known to lose packets */
	bool reference;                 /* all others' clocks are compared with this one's */
	char clock_note[400];           /* what there is to be said of its clock, "": nothing */

	/* Clock: aligned = t - offset - skew * (t - origin), piece by piece on this point's clock. */
	uint32_t pieces;
	struct clock_map {
		int64_t from_ns, to_ns, origin_ns, offset_ns;
		int64_t sure_from_ns, sure_to_ns;       /* between a piece's sure_to_ns and the next one's sure_from_ns it is not known which holds */
		double skew;            /* per second */
		double skew_low, skew_high;
		bool has_low, has_high;
		int64_t low_ns, high_ns;        /* hard bounds of offset_ns */
		struct clock_anchor {           /* ... and of the offset at two more times: where its packets begin and where they end */
			int64_t at_ns, low_ns, high_ns; /* INT64_MIN, INT64_MAX: open */
		} anchor[2];
		bool anchored;                  /* there are such */
		int64_t slack_ns;               /* conceded to time stamp noise, beyond the resolution */
		uint64_t pairs;
		uint32_t settings;              /* between the piece before and this one; more than one, and of the time in between nothing is known */
		enum clock_state state;
	} piece[PIECES_MAX];
};

enum join_state { JOIN_ALONE, JOIN_AMBIGUOUS, JOIN_LIKELY, JOIN_CERTAIN };

/* Evidence for a join, a set. */
enum join_evidence {
	JOIN_ADDRESSES = 0x01,  /* same addresses and ports */
	JOIN_CLIENT_ISN = 0x02,
	JOIN_SERVER_ISN = 0x04,
	JOIN_TSVAL = 0x08,      /* same TSval in the SYN */
	JOIN_SEQUENCE = 0x10,   /* sequence ranges overlap in both directions */
	JOIN_PORT = 0x20,       /* one of the ports is the same (of flows that were compared by all they have: the client's) */
	JOIN_ONE_SIDE = 0x40,   /* sequence ranges overlap in one direction */
	JOIN_F5 = 0x80,         /* a BIG-IP's trailers name them as its two sides */
	JOIN_CLIENT_ADDR = 0x100,
	JOIN_SERVER_ADDR = 0x200,       /* same address and port of the server */
	JOIN_LENGTHS = 0x400,   /* as many bytes in each direction */
	JOIN_PAYLOAD = 0x800,   /* the same first bytes, and segments of the same lengths */
	JOIN_IP_ID = 0x1000,
	JOIN_TIME = 0x2000,     /* began when it should have, or pauses where the other does */
	JOIN_TSVAL_MOVED = 0x4000,      /* TSvals a constant apart */
};

/* Whom the client of a connection says it speaks for (table forwarded). */
struct speaks_for {
	int64_t addr;           /* row id, 0: not said */
	uint64_t request;       /* digest of a unique id, 0: there is none */
	uint32_t header;        /* bytes of a PROXY header, 0: there is none */
	uint16_t port;          /* 0: not said */
};

/* One TCP incarnation at one point: the parts of it that the captures there hold. */
struct flow {
	uint32_t point;         /* index into facts.point */
	uint32_t part, parts;   /* range of facts.part */
	uint32_t conn;          /* index into facts.conn */
	int64_t addr[2];        /* row ids: client, server */
	int64_t id;             /* row id in the case */
	int64_t first_ns, last_ns;      /* on the point's clock */
	uint64_t packets;
	uint32_t isn[2];        /* client's, server's */
	uint32_t seq_min[2], seq_max[2];
	uint32_t syn_tsval;
	uint32_t f5_link;       /* the same in flows that a BIG-IP's trailers name as its two sides; 0: none */
	uint16_t port[2];
	uint8_t ttl[2];         /* as the hosts' packets arrive here, 0: not known */
	bool has_isn[2], has_seq[2], has_syn_tsval;
	bool role_known;
	bool two_servers;       /* PART_TWO_SERVERS: its server's numbers are of two kinds */
	bool crossed;           /* PART_CROSSED: both hosts sent a SYN */
	bool closed;            /* both sides said FIN: seq_max is final */
	bool f5_alone;          /* a BIG-IP reset it, and nothing of it went on */
	bool has_said[2];
	uint8_t state;          /* enum join_state */
	uint16_t evidence;      /* set of enum join_evidence */
	int64_t said_ns[2];     /* when client and server first said anything, on the point's clock */
	struct opening opening; /* head[C2S], head[S2C] */
	struct speaks_for speaks_for;
};

struct part_ref {
	int64_t id, first_ns;
	uint64_t mac[2];        /* source of the first packet from a, b; 0: none */
	uint32_t seq0[2], ts0[2];       /* what numbers of a, b are relative to (content.sql) */
	uint32_t capture;       /* row id */
	bool a_is_client;
};

/* How it is known that a host of a connection is a full proxy: a device that is the end of two connections. */
enum tie {
	TIE_NONE,               /* no proxy, as far as is known */
	TIE_F5,                 /* a BIG-IP's trailers say so */
	TIE_HEADER,             /* a PROXY header names the client's addresses and ports */
	TIE_UNIQUE_ID,          /* the same X-Request-ID, trace id or PP2_TYPE_UNIQUE_ID on both sides */
	TIE_TLS,                /* the same ClientHello random */
	TIE_STREAMS,            /* both streams begin alike, one exchange inside the other in time */
	TIE_REQUEST,            /* the same HTTP request, one exchange inside the other in time */
	TIE_TIMES,              /* one begins, and fails, when the other begins, and ends, again and again */
	TIE_CLASS,              /* as many connections on either side that begin alike at the same time: which is whose is not known */
	TIE_PLACE,              /* the same server as of those that the proxy is known to end; the same host as of those that it opens */
};

/* An end of a connection that is a proxy. */
struct proxy_end {
	uint8_t tie;            /* enum tie; the others are valid only unless it is TIE_NONE */
	uint8_t confidence;     /* enum confidence (finding.h) */
	uint8_t point;          /* where the proxy stands: this end of the way */
	uint32_t peers;         /* connections known on the other side of it */
	uint32_t peer;          /* the first of these, UINT32_MAX: none; facts.tied has them all */
};

/* A connection that a proxy ends and one that it opened for it, by their index. */
struct tied {
	uint32_t front, back;
	uint8_t tie, confidence;        /* as in proxy_end */
};

struct conn_ref {
	uint32_t flow, flows;   /* range of facts.flow, by path order of the points */
	int64_t start_ns;       /* aligned, of its first flow */
	uint64_t points;        /* set of the points that saw it */
	const char *outcome;    /* judge_outcome; NULL until the first pass is through */
	bool odd;               /* made no connection */
	bool reversed;          /* it runs against the path: its client is at the far end (orient.h) */
	bool twin;              /* another one on the same addresses, at the same time, at other points: they may be one and the same */
	struct proxy_end proxy[2];      /* [C2S]: a proxy is its client, it opened the connection; [S2C]: a proxy is its server, it ends the connection */
	uint32_t previous, next;        /* the connection before and after it on the same addresses and ports, UINT32_MAX: none */
};

/* An answer to a SYN with numbers of an older connection: somebody still held that one. */
struct stale {
	uint32_t conn;          /* the connection before, which is still held */
	uint32_t ack;           /* what its holder expects next from the client */
};

/* A packet in no connection's company, with a checksum that is wrong: it may be one of any connection, with other ports or addresses (damage.h). */
struct stray {
	uint8_t point;
	int64_t t;              /* aligned */
	uint32_t seq, ack, len, tsval, tsecr;
	uint16_t flags, win, ip_id;
};

/*
 * Connections that a neighbour of the point did not see, though the point did: any of them may be one that the neighbour knows, translated beyond
 * recognition.
 */
struct orphans {
	struct orphan {
		int64_t start_ns, last_ns;      /* aligned; they are in order of the start */
		bool begun;             /* the handshake was seen there: it did begin then */
		int64_t client;         /* row id of the address of its client there */
		uint64_t points;        /* set of the points that saw it */
	} *list;
	uint32_t n;
};

struct facts {
	struct point *point;    /* in path order once path_find has run; behind them those that are aside */
	uint32_t points;        /* on the path; all of them until sample_run has put some aside */
	uint32_t asides;
	/* [p * (points + asides) + q]: how far times at p, as long as its packets last, against times at q may be off (one piece each); INT64_MAX: no more than each is. May be NULL */
	int64_t *apart;
	uint32_t reference;     /* the point whose clock aligned times are on */
	bool path_given;
	struct part_ref *part;
	uint32_t parts;
	struct flow *flow;
	uint32_t flows;
	struct conn_ref *conn;
	uint32_t conns;
	struct tied *tied;      /* in order */
	uint32_t ties, tied_room;
	struct stale *stale;
	uint32_t stales, stale_room;
	struct precedents *precedents;  /* what other connections did (precedent.h); NULL: nothing was learned */
	struct stray *stray;    /* by point and time once learned */
	uint32_t strays, stray_room;
	struct addr_name {
		int64_t id;             /* row id */
		char text[48];
	} *addr_name;           /* of the servers that proxies open connections to, sorted */
	uint32_t addr_names;
	struct hosts *hosts;    /* hosts.h */
	struct siblings *siblings;      /* siblings.h, NULL: not learned */
	struct orphans orphans[POINTS_MAX];     /* by the point that saw them */
	int64_t first_ns, last_ns;      /* of the whole case, aligned */
};

struct facts_options {
	const char *path;       /* comma separated, NULL: to be inferred */
	const char *running;    /* comma separated or "all", NULL: none */
	const char *reference;  /* the point whose clock aligned times are on, NULL: to be chosen */
};

/* Points, their captures' windows and resolutions. */
int facts_load(struct facts *f, struct db *db, const struct facts_options *o, struct err *e);
void facts_free(struct facts *f);

/* The connections that a proxy opened for this one: n entries of facts.tied. */
const struct tied *facts_backs(const struct facts *f, uint32_t front, uint32_t *n);

/* Read the addresses that sentences name: of the back ends of proxies, and of connections to be captured again. Once outcomes and ties are known. */
int facts_load_names(struct facts *f, struct db *db, struct err *e);
/* The text of an address, "?": not read (of connections to be captured again the first ones are). */
const char *facts_addr(const struct facts *f, int64_t id);

/* The piece of its clock that a time on it belongs to; the pieces cover all time. */
uint32_t facts_piece(const struct point *p, int64_t t_ns);
/* The reference clock's time of t on the clock of point p. */
int64_t facts_align(const struct point *p, int64_t t_ns);
/* Is the point known to record packets twice (a mirror port)? */
bool facts_mirrors(const struct point *p);
/* Does it hold (much of) what a device forwards twice, as it came and as it left (tcpdump -i any on the device, a mirror of both its ports)? */
bool facts_straddles(const struct point *p);
/* Has the path seen this connection? */
static inline bool facts_on_path(const struct facts *f, uint32_t conn)
{
	return f->flow[f->conn[conn].flow].point < f->points;
}

/* The other way: what the clock of point p showed at the reference clock's time t. */
int64_t facts_unalign(const struct point *p, int64_t t_ns);
/* Is there anything that tells this point's clock from the reference's? */
static inline bool facts_comparable(const struct point *p)
{
	return p->pieces == 0 || (p->piece[0].state != CLOCK_NONE && p->piece[0].state != CLOCK_INCONSISTENT);
}

/* Is t, on p's clock, close to where it was set several times, so that no piece holds? */
bool facts_hidden(const struct point *p, int64_t t_ns);
/* How fast aligned times may run away, s/s, by one piece of a clock. */
double facts_drift(const struct clock_map *m);
/* Hard bounds of the clock of point p minus the reference clock, at time t on p's; INT64_MIN, INT64_MAX: open. */
void facts_bounds(const struct point *p, int64_t t_ns, int64_t *low_ns, int64_t *high_ns);
/* How far aligned times of this point may be off, either way, at time t on its clock; INT64_MAX: not known. */
int64_t facts_doubt(const struct point *p, int64_t t_ns);
/* ... and the time between something at p and something at q: where one clock stamped both, nothing, or what is wrong with its time stamps. */
int64_t facts_doubt_between(const struct facts *f, const struct point *p, int64_t p_ns, const struct point *q, int64_t q_ns);

#endif
