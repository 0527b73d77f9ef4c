/*
 * Crypto-PAn: pseudonyms for addresses that begin alike as far as the addresses do. Xu, Fan, Ammar and Moon: Prefix-Preserving IP Address
 * Anonymization, ICNP 2002; IPv6 the same way with 128 bits. No address is spared: the mapping is one permutation of each family.
 */
#ifndef INGEST_ANONYMIZE_CRYPTOPAN_H
#define INGEST_ANONYMIZE_CRYPTOPAN_H

#include <nettle/aes.h>

#include "schema/segment.h"

#define CRYPTOPAN_KEY 32        /* bytes: the key of the cipher, then what is enciphered to the padding */
#define CRYPTOPAN_CACHE 8192    /* addresses, and first halves of addresses, that are remembered */

struct cryptopan_known {
	struct ipaddr from, to;
};

struct cryptopan {
	struct aes128_ctx cipher;
	uint8_t pad[16];
	struct cryptopan_known address[CRYPTOPAN_CACHE], prefix[CRYPTOPAN_CACHE];      /* direct-mapped; family 0: empty. prefix.to: what to flip */
};

void cryptopan_init(struct cryptopan *c, const uint8_t key[CRYPTOPAN_KEY]);

/* The pseudonym of an address; of none (family 0), none. */
struct ipaddr cryptopan_map(struct cryptopan *c, const struct ipaddr *a);

#endif
