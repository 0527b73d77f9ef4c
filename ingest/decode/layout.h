/* Where in a frame the decoder found what: the headers that it read, layer by layer, so that they can be written again with other addresses in them. */
#ifndef INGEST_DECODE_LAYOUT_H
#define INGEST_DECODE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define LAYOUT_MAX 256          /* more headers than eight tunnels have; NFLOG may have any number of attributes */

enum layer {
	LAYER_PLAIN,            /* numbers that name nobody: tags, labels, types, lengths */
	LAYER_ETHERNET,         /* two MAC addresses, a tag of a switch chip perhaps, the type */
	LAYER_WLAN,             /* 802.11: addresses at 4, 10, 16, and at 24 if both DS bits are set */
	LAYER_SLL, LAYER_SLL2,  /* cooked: one address */
	LAYER_IPV4, LAYER_IPV6,
	LAYER_EXTENSION,        /* IPv6 extension header, AH: next header and length say all that is read */
	LAYER_UDP, LAYER_GRE, LAYER_ICMP, LAYER_TCP,    /* cap, len: with what they carry */
	LAYER_QUOTE,            /* what an ICMP error quotes of a TCP header */
	LAYER_PAYLOAD,          /* of a TCP packet, captured */
	LAYER_REST,             /* of a later fragment of one */
};

struct stretch {
	const uint8_t *p;
	uint32_t n;             /* bytes of the header, captured */
	uint32_t cap, len;      /* from p on: captured, and on the wire (BYTES_OPEN and more: not known) */
	uint8_t layer;          /* enum layer */
};

struct layout {
	struct stretch s[LAYOUT_MAX];
	uint32_t n;
	bool overflow;          /* there were more: what is in s is not all */
	const uint8_t *ip_end;  /* end of the outermost IP packet, NULL: there is none */
};

#endif
