#include "ingest/anonymize/secret.h"

#include <nettle/hmac.h>
#include <string.h>

#define ROUNDS 10
#define MAC_FLAGS (UINT64_C(3) << 40)   /* group, locally administered: the lowest bits of the first byte */
#define MAC_BROADCAST UINT64_C(0xffffffffffff)

static void derive(const uint8_t key[SECRET_KEY], const char *use, uint8_t out[AES128_KEY_SIZE])
{
	struct hmac_sha256_ctx h;

	hmac_sha256_set_key(&h, SECRET_KEY, key);
	hmac_sha256_update(&h, strlen(use), (const uint8_t *)use);
	hmac_sha256_digest(&h, AES128_KEY_SIZE, out);
}

void secret_init(struct secret *s, const uint8_t key[SECRET_KEY])
{
	uint8_t k[AES128_KEY_SIZE];

	derive(key, "pcaphop permute", k);
	aes128_set_encrypt_key(&s->permuting, k);
	derive(key, "pcaphop stretch", k);
	aes128_set_encrypt_key(&s->stretching, k);
	derive(key, "pcaphop tag", k);
	cmac_aes128_set_key(&s->tagging, k);
}

uint64_t secret_permute(const struct secret *s, const uint8_t tweak[TAG], uint64_t x, unsigned bits)
{
	unsigned half = bits / 2;
	uint64_t mask = (UINT64_C(1) << half) - 1, left = x >> half & mask, right = x & mask;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint8_t in[TAG], out[TAG];
		uint64_t f, was = right;

		memcpy(in, tweak, TAG);
		in[0] ^= (uint8_t)i;
		in[1] ^= (uint8_t)bits;
		for (unsigned b = 0; b < 8; b++)
			in[8 + b] ^= (uint8_t)(right >> 8 * b);
		aes128_encrypt(&s->permuting, TAG, out, in);
		f = (uint64_t)out[0] << 24 | (uint64_t)out[1] << 16 | (uint64_t)out[2] << 8 | out[3];
		right = (left ^ f) & mask;
		left = was;
	}
	return left << half | right;
}

void secret_tag(struct secret *s, const uint8_t before[TAG], const uint8_t *p, size_t n, uint8_t tag[TAG])
{
	cmac_aes128_update(&s->tagging, TAG, before);
	cmac_aes128_update(&s->tagging, n, p);
	cmac_aes128_digest(&s->tagging, TAG, tag);
}

static void block(const struct secret *s, const uint8_t tag[TAG], size_t number, uint8_t out[TAG])
{
	uint8_t in[TAG];

	memcpy(in, tag, TAG);
	for (unsigned b = 0; b < 4; b++)
		in[b] ^= (uint8_t)(number >> 8 * b);
	aes128_encrypt(&s->stretching, TAG, out, in);
}

void secret_bytes(const struct secret *s, const uint8_t tag[TAG], size_t skip, uint8_t *out, size_t n)
{
	uint8_t b[TAG];

	for (size_t i = 0; i < n; i++) {
		if (i == 0 || (skip + i) % TAG == 0)
			block(s, tag, (skip + i) / TAG, b);
		out[i] = b[(skip + i) % TAG];
	}
}

void secret_letters(const struct secret *s, const uint8_t tag[TAG], size_t skip, uint8_t *out, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	secret_bytes(s, tag, skip, out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)letters[out[i] & 63];
}

uint64_t secret_mac(const struct secret *s, uint64_t mac)
{
	static const uint8_t tweak[TAG] = "mac";
	uint64_t flags = mac & MAC_FLAGS, x = mac;

	if (mac == 0 || mac == MAC_BROADCAST)
		return mac;
	/* Walking on from the two that stay what they are keeps it a permutation. */
	do {
		x = (x >> 42 & 0x3f) << 40 | (x & 0xffffffffff);
		x = secret_permute(s, tweak, x, 46);
		x = (x >> 40 & 0x3f) << 42 | flags | (x & 0xffffffffff);
	} while (x == 0 || x == MAC_BROADCAST);
	return x;
}
