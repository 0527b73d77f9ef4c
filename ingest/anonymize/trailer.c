/*
 * F5 trailers (layouts: ingest/decode/f5.c). Names of virtual servers become letters, addresses pseudonyms; flow ids, flags, and why a reset was sent stay.
 * Blocks that are not known lose their content: that of newer releases may be anything, TLS secrets among it.
 */
#include "ingest/anonymize/private.h"
#include "ingest/decode/layers.h"

#define DPT_MAGIC 0xf5deb0f5u
#define FCS 4

enum noise {
	NOISE_LOW = 1,
	NOISE_MEDIUM = 2,
	NOISE_HIGH = 3,
};

/* Up to its end mark, which stays. */
static void name(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	static const uint8_t none[TAG];
	const uint8_t *end = n ? memchr(in, 0, n) : NULL;
	uint8_t tag[TAG];

	memset(out, 0, n);
	n = end ? (uint32_t)(end - in) : n;
	secret_tag(&a->secret, none, in, n, tag);
	secret_letters(&a->secret, tag, 0, out, n);
}

/* Version 4: the length of the list, then type, length and text of each. */
static void names(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	uint32_t size;

	out[0] = in[0];
	for (uint32_t at = 1; at + 2 <= n; at += 2 + size) {
		size = in[at + 1] < n - at - 2 ? in[at + 1] : n - at - 2;
		memcpy(out + at, in + at, 2);
		name(a, in + at + 2, size, out + at + 2);
	}
}

static void low(struct anonymizer *a, unsigned version, const uint8_t *in, uint32_t n, uint8_t *out)
{
	memcpy(out, in, n < 4 ? n : 4);
	if (n < 4)
		return;
	if (version == 4) {
		names(a, in + 3, n - 3, out + 3);
	} else if (version > 0) {
		name(a, in + 4, in[3] < n - 4 ? in[3] : n - 4, out + 4);
	} else if (n >= 16) {
		memcpy(out, in, n - 16);
		name(a, in + n - 16, 16, out + n - 16);
	}
}

static void high(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const uint8_t domain[10] = {0x26, 0x20, 0, 0, 0x0c, 0x10, 0xf5, 0x01, 0, 0};

	if (n < 39)
		return;
	memcpy(out, in, 39);
	for (unsigned at = 3; at <= 19; at += 16) {
		if (memcmp(in + at, mapped, sizeof mapped) == 0 || memcmp(in + at, domain, sizeof domain) == 0)
			replace_address(a, 4, in + at + 12, out + at + 12);
		else
			replace_address(a, 6, in + at, out + at);
	}
}

static void noise(struct anonymizer *a, unsigned type, unsigned version, const uint8_t *in, uint32_t n, uint8_t *out)
{
	switch (type) {
	case NOISE_LOW:
		low(a, version, in, n, out);
		break;
	case NOISE_MEDIUM:
		memcpy(out, in, n);
		break;
	case NOISE_HIGH:
		high(a, in, n, out);
		break;
	default:
		break;
	}
}

/* Magic, length, version; then provider, type, length and version of each block. */
static void newer(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	uint32_t size = be16(in + 4) < n ? be16(in + 4) : n, block;

	memcpy(out, in, 8);
	for (uint32_t at = 8; at + 8 <= size; at += block) {
		block = be16(in + at + 4);
		if (block < 8 || block > size - at)
			return;
		memcpy(out + at, in + at, 8);
		if (be16(in + at) == 1)
			noise(a, be16(in + at + 2), be16(in + at + 6), in + at + 8, block - 8, out + at + 8);
	}
}

static void older(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	for (uint32_t at = 0, size; at + 3 <= n && n - at > FCS; at += size) {
		size = in[at + 1] + 2u;
		if (size < 3 || size > n - at)
			return;
		memcpy(out + at, in + at, 3);
		noise(a, in[at], in[at + 2], in + at + 3, size - 3, out + at + 3);
	}
}

/* As f5_decode looks for them: the first place where the newer kind is understood, else the first byte that is not 0. */
void trailer_replace(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	struct f5_trailer f5;
	uint32_t at;

	for (at = 0; at + 8 <= n; at++)
		if (be32(in + at) == DPT_MAGIC && f5_decode(in + at, n - at, &f5)) {
			newer(a, in + at, n - at, out + at);
			return;
		}
	for (at = 0; at < n && in[at] == 0; at++)
		;
	older(a, in + at, n - at, out + at);
}
