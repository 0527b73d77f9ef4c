/*
 * Payload. Every packet is replaced by itself alone, so that points that missed other packets agree on it: by tags (AES-CMAC) of its first 8, 64 and
 * 512 bytes and of all of it, and zeros in between. What is shorter than a tag can be is permuted.
 */
#include "ingest/anonymize/private.h"
#include "ingest/decode/opening.h"

#define LEAST 8                 /* shorter pieces are permuted: no two may become one */

static void climb(struct anonymizer *a, const uint8_t *in, uint32_t n, struct rungs *r)
{
	static const uint8_t none[TAG];

	r->n = 0;
	for (uint32_t at = 0; at < n; r->n++) {
		uint32_t end = r->n < OPENING_RUNGS && opening_bytes[r->n] < n ? opening_bytes[r->n] : n;
		secret_tag(&a->secret, r->n ? r->tag[r->n - 1] : none, in + at, end - at, r->tag[r->n]);
		r->end[r->n] = at = end;
	}
}

static void permute_piece(struct anonymizer *a, const uint8_t *in, uint32_t n, const uint8_t before[TAG], uint8_t *out)
{
	uint64_t x = 0;

	for (uint32_t i = 0; i < n; i++)
		x = x << 8 | in[i];
	x = secret_permute(&a->secret, before, x, 8 * n);
	for (uint32_t i = n; i-- > 0; x >>= 8)
		out[i] = (uint8_t)x;
}

static void fill(struct anonymizer *a, const uint8_t *in, const struct rungs *r, uint8_t *out)
{
	static const uint8_t none[TAG];

	for (unsigned i = 0; i < r->n; i++) {
		uint32_t at = i ? r->end[i - 1] : 0, size = r->end[i] - at;
		if (size < LEAST) {
			permute_piece(a, in + at, size, i ? r->tag[i - 1] : none, out + at);
			continue;
		}
		memset(out + at, 0, size);
		memcpy(out + at, r->tag[i], size < TAG ? size : TAG);
	}
}

void payload_replace(struct anonymizer *a, const uint8_t *in, uint32_t n, uint32_t len, uint8_t *out)
{
	struct forwarded f = {0};
	uint32_t header = decode_proxy_header(in, n, len, &f);
	uint64_t digest;
	struct rungs r;

	if (header) {
		header = header < n ? header : n;
		head_proxy(a, in, header, out);
		f = (struct forwarded){0};
	}
	in += header;
	out += header;
	n -= header;
	climb(a, in, n, &r);
	fill(a, in, &r, out);
	switch (n > 0 ? decode_opening(in, n, &digest, &f) : OPENING_NONE) {
	case OPENING_TLS:
		head_tls(a, in, n, &r, out);
		break;
	case OPENING_HTTP:
		head_http(a, in, n, digest, &f, &r, out);
		break;
	default:
		break;
	}
}
