/* Why something is believed: a set, so that evidence can be added up, stored and told. */
#ifndef CORRELATE_REASON_H
#define CORRELATE_REASON_H

#include <stddef.h>
#include <stdint.h>

enum reason {
	/* it passed, although it was not recorded */
	WHY_SEEN_BEYOND = 0x1,          /* seen further on */
	WHY_ACKED = 0x2,                /* acknowledged */
	WHY_SACKED = 0x4,               /* selectively acknowledged */
	WHY_ECHOED = 0x8,               /* its timestamp was echoed */
	WHY_HOST_WENT_ON = 0x10,        /* the host went on behind its bytes */
	WHY_IP_ID_FITS = 0x20,          /* its IP ID closes a gap in the host's sequence */
	WHY_CONVERSATION = 0x40,        /* the connection went on as if nothing were missing */
	WHY_INSIDE = 0x80,              /* a doubt: at a point with both sides of a device, it is on one side only */
	/* it was lost */
	WHY_REPEATED = 0x100,           /* its sender repeated it */
	WHY_ACK_WAITED = 0x200,         /* the other side did not acknowledge it before the repeat came */
	WHY_UNANSWERED = 0x400,         /* nothing answered it beyond */
	WHY_COMPANY = 0x800,            /* other packets of the connection are missing there as well */
	WHY_REFUSED = 0x1000,           /* an answer was made on the same hop: it was refused */
	WHY_PEER_REPEATED = 0x2000,     /* the other side repeated what it acknowledges */
	WHY_ALL_MISS = 0x4000,          /* several points behind miss it */
	WHY_STILL_HELD = 0x8000,        /* the other side still held the connection later (stale state) */
	WHY_RATE = 0x10000,             /* more are missing than the capture can have missed */
	/* a device made it */
	WHY_NOTHING_TO_ANSWER = 0x20000,        /* what it answers never reached the host */
	WHY_TTL = 0x40000,              /* its TTL is not the host's */
	WHY_NO_TIMESTAMP = 0x80000,     /* no timestamp, although they were agreed on (RFC 7323 3.2) */
	WHY_BOTH_SIDES = 0x100000,      /* resets to both sides, neither seen at the other */
	WHY_HOST_CONTRADICTS = 0x200000,        /* the host went on as if it had not sent it */
	WHY_F5 = 0x10000000,            /* the BIG-IP that recorded it says so in its trailer */
	/* doubts, and how well the capture sees */
	WHY_WINDOW = 0x400000,          /* the point was not capturing, or that is not known */
	WHY_ELSEWHERE = 0x800000,       /* the point never sees this host */
	WHY_ORPHANS = 0x4000000,        /* connections of unknown origin begin beyond at the same time: it may be one of them */
	WHY_UNREAD = 0x8000000,         /* the capture may hold it without showing it: cut off before the TCP header, or ICMP kept out by a filter */
	WHY_NO_FRAGMENTS = 0x20000000,  /* the capture holds no later IP fragment at all: a filter may leave them out */
	WHY_CAPTURE_GOOD = 0x1000000,   /* the capture misses next to nothing */
	WHY_FIRST_ONLY = 0x40000000,    /* of several datagrams only the first fragments came: no capture misses just the others */
	WHY_CAPTURE_BAD = 0x2000000,    /* the capture is known to miss packets */
};

#define WHY_ORDER 0x80000000u           /* a doubt: which of the two points is nearer to the client is not known */

/* These speak against a claim; a claim that holds in spite of them does not rest on them. */
#define WHY_DOUBTS (WHY_ORDER | WHY_INSIDE | WHY_WINDOW | WHY_ELSEWHERE | WHY_ORPHANS | WHY_UNREAD | WHY_NO_FRAGMENTS | WHY_CAPTURE_BAD)

/* The reasons of a set as sentences, JSON strings separated by commas: "\"...\",\"...\"". Returns the length. */
size_t reasons_json(uint32_t set, char *out, size_t size);

#endif
