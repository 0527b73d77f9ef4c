/* What is made of the user's key: pseudonyms that are equal where the originals are equal, and say nothing else of them without the key. */
#ifndef INGEST_ANONYMIZE_SECRET_H
#define INGEST_ANONYMIZE_SECRET_H

#include <nettle/aes.h>
#include <nettle/cmac.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_KEY 32           /* bytes */
#define TAG 16

struct secret {
	struct aes128_ctx permuting, stretching;
	struct cmac_aes128_ctx tagging;
};

/* Keys of their own for each use: HMAC-SHA256 of a name under the key (the extract-and-expand idea of RFC 5869; the key is random already). */
void secret_init(struct secret *s, const uint8_t key[SECRET_KEY]);

/* A permutation of the numbers of `bits` bits (even, at most 62), another one for each tweak: a Feistel network of AES (Luby and Rackoff 1988). */
uint64_t secret_permute(const struct secret *s, const uint8_t tweak[TAG], uint64_t x, unsigned bits);

/* AES-CMAC (RFC 4493) of n bytes behind `before`: what chains tags. */
void secret_tag(struct secret *s, const uint8_t before[TAG], const uint8_t *p, size_t n, uint8_t tag[TAG]);

/* n bytes, or n letters that a URL may have, out of a tag; from the `skip`th on. */
void secret_bytes(const struct secret *s, const uint8_t tag[TAG], size_t skip, uint8_t *out, size_t n);
void secret_letters(const struct secret *s, const uint8_t tag[TAG], size_t skip, uint8_t *out, size_t n);

/* A MAC address (48 bits): a permutation; whether it is a group's and who assigned it stay, and so do "none" and broadcast. */
uint64_t secret_mac(const struct secret *s, uint64_t mac);

#endif
