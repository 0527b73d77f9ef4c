/*
 * The links of a capture: where in it a packet came by, as its file and its link layer tell - the interface of the file, the interface index of
 * a cooked header, the VLAN tags. A capture on a device, or of a mirror port, holds a packet once for every link that it came by.
 */
#ifndef INGEST_LINKS_H
#define INGEST_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "schema/segment.h"

#define LINKTYPE_LINUX_SLL 113
#define LINKTYPE_LINUX_SLL2 276

#define LINKS_MAX 1024          /* that are told apart; a capture with more is a mirror of a backbone, or an attack */

/* A cooked header of version 1 (LINKTYPE_LINUX_SLL) has no index, but knows in from out: so whose side of the capturing host it is. */
enum link_side { LINK_SIDE_NONE, LINK_SIDE_A, LINK_SIDE_B };

struct link {
	uint32_t interface;     /* of the file */
	uint32_t ifindex;       /* SLL2; 0: none */
	uint32_t vlans;         /* as in struct segment */
	uint8_t side;           /* enum link_side: where the endpoint with the smaller address (then port) lives, or the other one */
};

struct links {
	struct link list[LINKS_MAX];
	uint64_t packets[LINKS_MAX];
	uint16_t table[4 * LINKS_MAX];  /* open addressing: number + 1, 0: empty */
	uint32_t n;
	bool overflow;          /* some packets came by links beyond LINKS_MAX; they count as those of the last one */
};

/* The number of the link by which *seg came, made if need be; counts the packet. linktype: LINKTYPE_ of the interface. */
uint32_t links_take(struct links *l, uint32_t interface, int linktype, const struct segment *seg);

#endif
