/* Prefixes that cover addresses (CIDR, RFC 4632 and RFC 4291 2.3), and runs of sorted addresses that lie in one. */
#ifndef CORRELATE_COVER_H
#define CORRELATE_COVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cover_addr {
	uint8_t family;         /* 4 or 6; 0: not known */
	uint8_t byte[16];       /* in network order; of IPv4 the first four */
};

/* Read an address as inet_pton(3) does. false: it is none. */
bool cover_parse(const char *text, struct cover_addr *a);

/* Order: by family, then by bytes. As qsort wants it. */
int cover_compare(const void *a, const void *b);

/* Length of an address of the family, in bits. */
unsigned cover_bits(uint8_t family);

/* Length of the longest prefix that both have; -1: they are of different families. */
int cover_common(const struct cover_addr *a, const struct cover_addr *b);

/* "10.1.0.0/16", and of a prefix as long as the address the address alone. */
const char *cover_text(char *buf, size_t size, const struct cover_addr *a, unsigned bits);

/* Of n sorted addresses those that have the first `bits` bits of list[at]: list[*from] .. list[*to - 1]. */
void cover_range(const struct cover_addr *list, uint32_t n, uint32_t at, unsigned bits, uint32_t *from, uint32_t *to);

#endif
