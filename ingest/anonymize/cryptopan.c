#include "ingest/anonymize/cryptopan.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

void cryptopan_init(struct cryptopan *c, const uint8_t key[CRYPTOPAN_KEY])
{
	memset(c, 0, sizeof *c);
	aes128_set_encrypt_key(&c->cipher, key);
	aes128_encrypt(&c->cipher, sizeof c->pad, c->pad, key + 16);
}

static uint8_t bit(unsigned i)
{
	return (uint8_t)(0x80 >> i % 8);
}

/* Which of the bits from..to to flip, into `flip`: each the first bit of the enciphered address, cut off before it and padded. */
static void flips(const struct cryptopan *c, const uint8_t *a, unsigned from, unsigned to, uint8_t *flip)
{
	uint8_t in[16], out[16];

	memcpy(in, c->pad, sizeof in);
	memcpy(in, a, from / 8);
	for (unsigned i = from; i < to; i++) {
		aes128_encrypt(&c->cipher, sizeof out, out, in);
		if (out[0] & 0x80)
			flip[i / 8] |= bit(i);
		in[i / 8] = (uint8_t)((in[i / 8] & ~bit(i)) | (a[i / 8] & bit(i)));
	}
}

static struct cryptopan_known *slot(struct cryptopan_known *cache, const struct ipaddr *a)
{
	return &cache[XXH3_64bits_withSeed(a->b, sizeof a->b, a->family) % CRYPTOPAN_CACHE];
}

struct ipaddr cryptopan_map(struct cryptopan *c, const struct ipaddr *a)
{
	struct cryptopan_known *k = slot(c->address, a), *p;
	unsigned bytes = a->family == 4 ? 4 : 16;
	struct ipaddr head = {.family = a->family};

	if (a->family == 0 || (k->from.family && ipaddr_cmp(&k->from, a) == 0))
		return a->family == 0 ? *a : k->to;
	memcpy(head.b, a->b, bytes / 2);
	p = slot(c->prefix, &head);
	if (p->from.family == 0 || ipaddr_cmp(&p->from, &head) != 0) {
		*p = (struct cryptopan_known){.from = head, .to = {.family = head.family}};
		flips(c, a->b, 0, bytes * 4, p->to.b);
	}
	k->from = *a;
	k->to = p->to;
	flips(c, a->b, bytes * 4, bytes * 8, k->to.b);
	for (unsigned i = 0; i < bytes; i++)
		k->to.b[i] ^= a->b[i];
	return k->to;
}
