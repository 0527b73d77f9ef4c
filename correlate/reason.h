/* Why something is believed: a set, so that evidence can be added up, stored and told. */
#ifndef CORRELATE_REASON_H
#define CORRELATE_REASON_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t reason_set;

#define WHY(n) (UINT64_C(1) << (n))

/* it passed, although it was not recorded */
#define WHY_SEEN_BEYOND WHY(0)          /* seen further on */
#define WHY_ACKED WHY(1)                /* acknowledged */
#define WHY_SACKED WHY(2)               /* selectively acknowledged */
#define WHY_ECHOED WHY(3)               /* its timestamp was echoed */
#define WHY_HOST_WENT_ON WHY(4)         /* the host went on behind its bytes */
#define WHY_IP_ID_FITS WHY(5)           /* its IP ID closes a gap in the host's sequence */
#define WHY_CONVERSATION WHY(6)         /* the connection went on as if nothing were missing */
#define WHY_INSIDE WHY(7)               /* a doubt: at a point with both sides of a device, it is on one side only */

/* it was lost */
#define WHY_REPEATED WHY(8)             /* its sender repeated it */
#define WHY_ACK_WAITED WHY(9)           /* the other side did not acknowledge it before the repeat came */
#define WHY_UNANSWERED WHY(10)          /* nothing answered it beyond */
#define WHY_COMPANY WHY(11)             /* other packets of the connection are missing there as well */
#define WHY_REFUSED WHY(12)             /* an answer was made on the same hop: it was refused */
#define WHY_PEER_REPEATED WHY(13)       /* the other side repeated what it acknowledges */
#define WHY_ALL_MISS WHY(14)            /* several points behind miss it */
#define WHY_STILL_HELD WHY(15)          /* the other side still held the connection later (stale state) */
#define WHY_RATE WHY(16)                /* more are missing than the capture can have missed */

/* a device made it */
#define WHY_NOTHING_TO_ANSWER WHY(17)   /* what it answers never reached the host */
#define WHY_TTL WHY(18)                 /* its TTL is not the host's */
#define WHY_NO_TIMESTAMP WHY(19)        /* no timestamp, although they were agreed on (RFC 7323 3.2) */
#define WHY_BOTH_SIDES WHY(20)          /* resets to both sides, neither seen at the other */
#define WHY_HOST_CONTRADICTS WHY(21)    /* the host went on as if it had not sent it */
#define WHY_F5 WHY(22)                  /* the BIG-IP that recorded it says so in its trailer */
#define WHY_SYN_PROXY WHY(23)           /* it belongs to the handshake on one side of a SYN proxy */

/* doubts, and how well the capture sees */
#define WHY_WINDOW WHY(24)              /* the point was not capturing, or that is not known */
#define WHY_ELSEWHERE WHY(25)           /* the point never sees this host */
#define WHY_ORPHANS WHY(26)             /* connections of unknown origin begin beyond at the same time: it may be one of them */
#define WHY_UNREAD WHY(27)              /* the capture may hold it without showing it: cut off before the TCP header, or ICMP kept out by a filter */
#define WHY_NO_FRAGMENTS WHY(28)        /* the capture holds no later IP fragment at all: a filter may leave them out */
#define WHY_CAPTURE_GOOD WHY(29)        /* the capture misses next to nothing */
#define WHY_FIRST_ONLY WHY(30)          /* of several datagrams only the first fragments came: no capture misses just the others */
#define WHY_CAPTURE_BAD WHY(31)         /* the capture is known to miss packets */
#define WHY_ORDER WHY(32)               /* a doubt: which of the two points is nearer to the client is not known */
#define WHY_DAMAGED WHY(33)             /* a doubt: a damaged packet came at the time that fits no other */
#define WHY_STRAYED WHY(34)             /* it came damaged, with other ports or addresses */
#define WHY_DOUBLED WHY(35)             /* an equal packet came at the same time, and that one passed */

/* These speak against a claim; a claim that holds in spite of them does not rest on them. */
#define WHY_DOUBTS (WHY_DAMAGED | WHY_ORDER | WHY_INSIDE | WHY_WINDOW | WHY_ELSEWHERE | WHY_ORPHANS | WHY_UNREAD | WHY_NO_FRAGMENTS | WHY_CAPTURE_BAD)

/* The reasons of a set as sentences, JSON strings separated by commas: "\"...\",\"...\"". Returns the length. */
size_t reasons_json(reason_set set, char *out, size_t size);

#endif
