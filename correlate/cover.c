#include "correlate/cover.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool cover_parse(const char *text, struct cover_addr *a)
{
	memset(a, 0, sizeof *a);
	a->family = strchr(text, ':') ? 6 : 4;
	if (inet_pton(a->family == 6 ? AF_INET6 : AF_INET, text, a->byte) == 1)
		return true;
	memset(a, 0, sizeof *a);
	return false;
}

int cover_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof (struct cover_addr));
}

unsigned cover_bits(uint8_t family)
{
	return family == 6 ? 128 : 32;
}

int cover_common(const struct cover_addr *a, const struct cover_addr *b)
{
	unsigned all = cover_bits(a->family), n = 0;

	if (a->family != b->family)
		return -1;
	while (n < all && a->byte[n / 8] == b->byte[n / 8])
		n += 8;
	while (n < all && (a->byte[n / 8] ^ b->byte[n / 8]) >> (7 - n % 8) == 0)
		n++;
	return (int)n;
}

const char *cover_text(char *buf, size_t size, const struct cover_addr *a, unsigned bits)
{
	struct cover_addr cut = *a;
	char text[INET6_ADDRSTRLEN] = "?";

	for (unsigned i = bits; i < cover_bits(a->family); i++)
		cut.byte[i / 8] &= (uint8_t)~(0x80u >> i % 8);
	inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, cut.byte, text, sizeof text);
	if (bits == cover_bits(a->family))
		snprintf(buf, size, "%s", text);
	else
		snprintf(buf, size, "%s/%u", text, bits);
	return buf;
}

/* The first address at or after `from` that is (there: not) of the prefix; they are in one run. */
static uint32_t edge(const struct cover_addr *list, uint32_t from, uint32_t to, const struct cover_addr *a, int bits, bool there)
{
	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		bool in = cover_common(&list[mid], a) >= bits;

		if (in == there)
			to = mid;
		else
			from = mid + 1;
	}
	return from;
}

void cover_range(const struct cover_addr *list, uint32_t n, uint32_t at, unsigned bits, uint32_t *from, uint32_t *to)
{
	*from = edge(list, 0, at, &list[at], (int)bits, true);
	*to = edge(list, at, n, &list[at], (int)bits, false);
}
