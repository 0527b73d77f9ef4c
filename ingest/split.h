/*
 * Points inside a capture: which of its links (links.h) are taken, or into which points it is split. What is split off a capture shares its
 * frames and its clock, but is a capture of its own point.
 */
#ifndef INGEST_SPLIT_H
#define INGEST_SPLIT_H

#include <stddef.h>

#include "ingest/capture.h"
#include "ingest/links.h"
#include "schema/part.h"

enum split { SPLIT_NOT, SPLIT_INTERFACE, SPLIT_VLAN };

#define SPLIT_NAME 64

/* "interface", "vlan". -1: neither. */
int split_parse(const char *word, enum split *split);

/*
 * The name of what a part of this link is split off as. By interface: the name of the file's interface, or its number; for cooked captures
 * ifN, the index of the interface on the capturing host (SLL2), or client-side and server-side (SLL). By VLAN: vlanN, vlanN.M (stacked,
 * outermost first), untagged. The same link has the same name in all files of a point.
 */
void split_name(enum split split, const struct capture *c, const struct link *link, enum part_client client, char name[SPLIT_NAME]);

/* The name of an interface of the file: its own, if it is the only one of its section with that name; else its number. pcap has none: "". */
void split_interface_name(const struct capture *c, uint32_t interface, char name[SPLIT_NAME]);

/*
 * POINT=FILE@SELECTOR: the name or number of an interface of the file, ifN, vlanN[.M] or untagged as above, or a MAC address: what the
 * interface with this address sent or was sent.
 */
struct selector {
	const char *text;       /* "": everything */
	bool is_number, is_ifindex, is_vlans, is_mac;   /* what it may mean; several at once: whatever fits is taken */
	uint32_t number, ifindex, vlans;
	uint64_t mac;
};

/* text must outlive s. */
void selector_parse(struct selector *s, const char *text);

/* Is everything of this interface meant? */
bool selector_takes_interface(const struct selector *s, const struct capture *c, uint32_t interface);

/* May single packets of other interfaces be meant, and is this one? */
bool selector_takes_packets(const struct selector *s);
bool selector_takes(const struct selector *s, const struct segment *seg);

#endif
