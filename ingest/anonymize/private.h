/* How the pieces of a frame are rewritten; each writes as many bytes as it is given. */
#ifndef INGEST_ANONYMIZE_PRIVATE_H
#define INGEST_ANONYMIZE_PRIVATE_H

#include "ingest/anonymize/anonymize.h"
#include "schema/part.h"

/*
 * payload.c: n captured of len bytes of a TCP payload. Equal bytes become equal bytes, others others; a payload shows besides whether it begins like
 * another for 8, 64 or 512 bytes, which is what tells that two streams are the same (schema/part.h).
 */
void payload_replace(struct anonymizer *a, const uint8_t *in, uint32_t n, uint32_t len, uint8_t *out);

/* The tags of a payload up to 8, 64, 512 bytes and its end: as many as it has. Each covers all before it. */
#define RUNGS 4
struct rungs {
	uint32_t end[RUNGS];
	uint8_t tag[RUNGS][TAG];
	unsigned n;
};

/* head.c: a PROXY header of n captured bytes; the first request or ClientHello of a stream, whose payload_replace without it is in out already. */
void head_proxy(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out);
void head_tls(struct anonymizer *a, const uint8_t *in, uint32_t n, const struct rungs *r, uint8_t *out);
void head_http(struct anonymizer *a, const uint8_t *in, uint32_t n, uint64_t digest, const struct forwarded *f, const struct rungs *r, uint8_t *out);

/* options.c: TCP options, perhaps cut off. */
void options_replace(struct anonymizer *a, const uint8_t *in, unsigned n, uint8_t *out);

/* trailer.c: the n bytes behind the IP packet, which hold an F5 trailer. */
void trailer_replace(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out);

/* checksum.c: the checksum fields of what was rewritten, from the innermost out: right stays right, wrong stays wrong. */
void checksums_replace(const struct layout *l, const struct segment *seg, const uint8_t *frame, uint8_t *out);

/* The pseudonym of an address in place. */
static inline void replace_address(struct anonymizer *a, uint8_t family, const uint8_t *in, uint8_t *out)
{
	struct ipaddr was = {.family = family}, is;

	memcpy(was.b, in, family == 4 ? 4 : 16);
	is = cryptopan_map(&a->pan, &was);
	memcpy(out, is.b, family == 4 ? 4 : 16);
}

#endif
