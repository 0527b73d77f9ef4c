/*
 * Who a connection waits for: what lies behind the last point that saw it (the server), what lies before the first (the client), or the network
 * between the two. All times are differences on one clock: at the first point, at the last one, and of these differences (ALGORITHMS 3.1), so that no
 * clock has to be right.
 *
 * An exchange is data of the client, then data of the server. Its request is complete when its last byte passes the first point; the wait lasts until
 * the first byte of the response passes there. What of it passed at the last point is the server's, the rest is the network's, both ways together.
 *
 * Nothing is guessed: a wait counts only if nothing overlaps it (the response acknowledges just the request, the next request just the response: RFC
 * 9293 3.4), nothing was repeated or came out of order around it, and both points recorded both its ends.
 */
#ifndef CORRELATE_TIMING_H
#define CORRELATE_TIMING_H

#include "correlate/conn.h"
#include "correlate/histogram.h"

#define NO_TIME (-1)            /* not known: all times are 0 or more */

/* BEYOND: whatever lies behind the only point, the server and the network on the way to it. */
enum slowest { SLOWEST_UNKNOWN, SLOWEST_CLIENT, SLOWEST_NETWORK, SLOWEST_SERVER, SLOWEST_TRANSFER, SLOWEST_BEYOND };

struct timing {
	uint8_t first, last;            /* points; the same one: the network is not measured */
	bool any;                       /* a point saw packets of both directions, or could have */
	int64_t handshake_ns;           /* at the first point: first SYN to the ACK of the SYN-ACK, repeats included */
	int64_t handshake_server_ns;    /* at the last point: SYN to SYN-ACK */
	int64_t handshake_network_ns;   /* what SYN and SYN-ACK took between the two points */
	int64_t first_byte_ns;          /* request complete to first byte of the response, all exchanges added up ... */
	int64_t server_ns, network_ns;  /* ... behind the last point; between the points. Together they are first_byte_ns */
	int64_t server_max_ns;          /* the longest of them */
	int64_t client_ns;              /* at the first point: response complete (or connected) to the next request */
	int64_t transfer_ns;            /* at the first point: first to last byte of requests and responses */
	int64_t total_ns;               /* at the first point: first to last packet */
	uint32_t exchanges;             /* that the waits are from */
	uint32_t unclear;               /* exchanges that could not be measured */
	enum slowest slowest;           /* takes the most, if what is known is at least half of the total */
};

/*
 * c must have been matched and proved. server[p] gets how long each answer took behind point p, if p is the last point. -1: out of memory.
 */
int timing_find(const struct conn *c, struct timing *t, struct histogram *server, struct err *e);

/* client, network, server, transfer, beyond; NULL: not known */
const char *slowest_name(enum slowest s);

#endif
