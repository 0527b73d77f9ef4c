/* What the first bytes of a stream say of a connection, as ingest/decode/opening.c reads it: said of pseudonyms, in as many bytes. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ingest/anonymize/private.h"
#include "ingest/decode/opening.h"
#include "schema/octets.h"

#define V2_FIXED 16
#define V2_PAIR(size) (2u * (size) + 4)         /* two addresses, two ports */
#define TLV_NOOP 4
#define TLV_UNIQUE_ID 5
#define HELLO_RANDOM 11
#define HELLO_END (HELLO_RANDOM + 32)
#define HEAD_MAX 8192           /* what opening.c looks at */
#define ID_LETTERS 11           /* 64 bits of a URL's letters */

static const uint8_t none[TAG];

/* ---- PROXY protocol ---- */

/* TLVs: of the unique id a pseudonym, of the others that they are there. */
static void tlvs(struct anonymizer *a, const uint8_t *in, uint32_t n, const uint8_t tag[TAG], uint8_t *out)
{
	for (uint32_t at = 0, size; at + 3 <= n; at += 3 + size) {
		uint8_t id[TAG];
		size = be16(in + at + 1);
		if (size > n - at - 3)
			return;
		memcpy(out + at, in + at, 3);
		if (in[at] == TLV_UNIQUE_ID)
			secret_tag(&a->secret, none, in + at + 3, size, id);
		else
			out[at] = TLV_NOOP;
		secret_bytes(&a->secret, in[at] == TLV_UNIQUE_ID ? id : tag, 0, out + at + 3, size);
	}
}

static void proxy_v2(struct anonymizer *a, const uint8_t *in, uint32_t n, const uint8_t tag[TAG], uint8_t *out)
{
	uint32_t size = in[13] == 0x11 ? 4 : in[13] == 0x21 ? 16 : 0, at = V2_FIXED + V2_PAIR(size);

	memcpy(out, in, V2_FIXED);
	if ((in[12] & 15) == 0 || !size || n < at) {
		secret_bytes(&a->secret, tag, 0, out + V2_FIXED, n - V2_FIXED);
		return;
	}
	for (unsigned i = 0; i < 2; i++)
		replace_address(a, size == 4 ? 4 : 6, in + V2_FIXED + i * size, out + V2_FIXED + i * size);
	memcpy(out + V2_FIXED + 2 * size, in + V2_FIXED + 2 * size, 4);
	tlvs(a, in + at, n - at, tag, out + at);
}

/* The next word of a line; false: there is none, or it is longer than an address. */
static bool word(const uint8_t **p, const uint8_t *end, char buf[INET6_ADDRSTRLEN])
{
	size_t n = 0;

	while (*p < end && **p != ' ' && **p != '\r' && n < INET6_ADDRSTRLEN - 1)
		buf[n++] = (char)*(*p)++;
	buf[n] = '\0';
	*p += *p < end;
	return n > 0;
}

/* Addresses and ports of a line that opening.c has understood, in the order of version 2. */
static uint32_t read_v1(const uint8_t *in, uint32_t n, uint8_t pair[36])
{
	char w[INET6_ADDRSTRLEN];
	const uint8_t *p = in + 6, *end = in + n;
	uint32_t size;

	if (!word(&p, end, w) || (strcasecmp(w, "TCP4") != 0 && strcasecmp(w, "TCP6") != 0))
		return 0;
	size = w[3] == '4' ? 4 : 16;
	for (unsigned i = 0; i < 2; i++)
		if (!word(&p, end, w) || inet_pton(size == 4 ? AF_INET : AF_INET6, w, pair + i * size) != 1)
			return 0;
	for (unsigned i = 0; i < 2; i++) {
		unsigned port = word(&p, end, w) ? (unsigned)atoi(w) : 0;
		pair[2 * size + 2 * i] = (uint8_t)(port >> 8);
		pair[2 * size + 2 * i + 1] = (uint8_t)port;
	}
	return size;
}

/* Pseudonyms are as long as they are: where the line is at least as long as a header of version 2, it becomes one, filled up. */
static void proxy_v1(struct anonymizer *a, const uint8_t *in, uint32_t n, const uint8_t tag[TAG], uint8_t *out)
{
	static const uint8_t begin[V2_FIXED] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21};
	uint8_t pair[36];
	uint32_t size = read_v1(in, n, pair), used = V2_FIXED + V2_PAIR(size);

	if (size == 0 || n < used + 3) {
		a->nameless += size != 0;
		memcpy(out, "PROXY UNKNOWN ", 14 < n ? 14 : n);
		secret_letters(&a->secret, tag, 0, out + 14, n > 16 ? n - 16 : 0);
		memcpy(out + n - 2, "\r\n", 2);
		return;
	}
	memcpy(out, begin, V2_FIXED);
	out[13] = size == 4 ? 0x11 : 0x21;
	out[15] = (uint8_t)(n - V2_FIXED);
	for (unsigned i = 0; i < 2; i++)
		replace_address(a, size == 4 ? 4 : 6, pair + i * size, out + V2_FIXED + i * size);
	memcpy(out + V2_FIXED + 2 * size, pair + 2 * size, 4);
	out[used] = TLV_NOOP;
	out[used + 1] = 0;
	out[used + 2] = (uint8_t)(n - used - 3);
	secret_bytes(&a->secret, tag, 0, out + used + 3, n - used - 3);
}

void head_proxy(struct anonymizer *a, const uint8_t *in, uint32_t n, uint8_t *out)
{
	uint8_t tag[TAG];

	memset(out, 0, n);
	secret_tag(&a->secret, none, in, n, tag);
	if (in[0] == 'P')
		proxy_v1(a, in, n, tag, out);
	else
		proxy_v2(a, in, n, tag, out);
}

/* ---- TLS ---- */

/* Types, version and lengths in front of the random stay. */
void head_tls(struct anonymizer *a, const uint8_t *in, uint32_t n, const struct rungs *r, uint8_t *out)
{
	uint32_t end = r->end[1], rest = end - HELLO_END;
	uint8_t tag[TAG];

	memcpy(out, in, HELLO_RANDOM);
	secret_tag(&a->secret, none, in + HELLO_RANDOM, 32, tag);
	secret_bytes(&a->secret, tag, 0, out + HELLO_RANDOM, 32);
	secret_bytes(&a->secret, r->tag[1], 0, out + HELLO_END, n > HELLO_END ? rest : 0);
}

/* ---- HTTP ---- */

/* A head that is being written: `at` of at most `end` bytes are. */
struct head {
	struct anonymizer *a;
	uint8_t *out;
	uint32_t at, end;
};

static void put(struct head *h, const char *text)
{
	size_t n = strlen(text);

	memcpy(h->out + h->at, text, n);
	h->at += (uint32_t)n;
}

static bool has_room(const struct head *h, size_t n)
{
	return h->end - h->at >= n;
}

/* METHOD SP target SP HTTP/1.x: the method, the version and the lengths stay. Of the target's first letters, those of the first rung are of that. */
static void request_line(struct head *h, const uint8_t *in, uint32_t n, const uint8_t digest[TAG], const struct rungs *r)
{
	const uint8_t *method = memchr(in, ' ', n), *target = method + 1, *end = memchr(target, ' ', n - (size_t)(target - in));
	uint32_t at = (uint32_t)(target - in), to = (uint32_t)(end - in), version = to + 9;

	memcpy(h->out, in, at);
	secret_letters(&h->a->secret, digest, 0, h->out + at, to - at);
	if (at < opening_bytes[0])
		secret_letters(&h->a->secret, r->tag[0], 0, h->out + at, (to < opening_bytes[0] ? to : opening_bytes[0]) - at);
	if (*target == '/')
		h->out[at] = '/';
	memcpy(h->out + to, in + to, 9);
	memset(h->out + version, 'x', n - version);
	h->at = n;
	h->out[n - 1] = '\n';
	if (n - version > 1)
		h->out[n - 2] = '\r';
}

/* How the last hop is named, without the end of the line; 0: nobody is. */
static size_t hop_line(struct anonymizer *a, const struct forwarded *f, char line[96])
{
	struct ipaddr src = cryptopan_map(&a->pan, &f->src);
	char text[INET6_ADDRSTRLEN];
	int n;

	if (!f->src.family)
		return 0;
	inet_ntop(src.family == 4 ? AF_INET : AF_INET6, src.b, text, sizeof text);
	if (!f->sport)
		n = snprintf(line, 96, "X-Forwarded-For:%s", text);
	else
		n = snprintf(line, 96, src.family == 4 ? "X-Forwarded-For:%s:%u" : "X-Forwarded-For:[%s]:%u", text, f->sport);
	return (size_t)n;
}

static size_t id_line(struct anonymizer *a, const struct forwarded *f, char line[96])
{
	uint8_t tag[TAG], letters[ID_LETTERS + 1] = {0};

	if (!f->request)
		return 0;
	secret_tag(&a->secret, none, (const uint8_t *)&f->request, sizeof f->request, tag);
	secret_letters(&a->secret, tag, 0, letters, ID_LETTERS);
	return (size_t)snprintf(line, 96, "X-Request-ID:%s", (const char *)letters);
}

/* Host: it need not be the host's pseudonym, the digest has that in it. */
static void put_host(struct head *h, const uint8_t digest[TAG])
{
	uint32_t n = h->end - h->at > 16 ? 10 : h->end - h->at - 6;

	put(h, "Host:");
	secret_letters(&h->a->secret, digest, 32, h->out + h->at, n);
	h->at += n;
	put(h, "\n");
}

/* A line of letters for what is left: those of each rung tell all of it. */
static void put_filler(struct head *h, const struct rungs *r)
{
	for (unsigned i = 0; i < r->n && h->at < h->end; i++) {
		uint32_t to = r->end[i] < h->end ? r->end[i] : h->end;
		if (to <= h->at)
			continue;
		secret_letters(&h->a->secret, r->tag[i], i == 0 ? 8 : 0, h->out + h->at, to - h->at);
		h->at = to;
	}
}

/* Where the lines of a head end: behind the empty one, or with the last that is there. */
static uint32_t head_end(const uint8_t *in, uint32_t n, uint32_t line, bool *whole)
{
	const uint8_t *p = in + line, *nl;

	*whole = false;
	while (!*whole && (nl = memchr(p, '\n', (size_t)(in + n - p)))) {
		*whole = nl == p || (nl == p + 1 && *p == '\r');
		p = nl + 1;
	}
	return *whole ? (uint32_t)(p - in) : n;
}

void head_http(struct anonymizer *a, const uint8_t *in, uint32_t n, uint64_t digest, const struct forwarded *f, const struct rungs *r, uint8_t *out)
{
	uint32_t looked = n < HEAD_MAX ? n : HEAD_MAX, line = (uint32_t)((const uint8_t *)memchr(in, '\n', looked) - in) + 1, end;
	char hop[96], id[96];
	size_t hops = hop_line(a, f, hop), ids = id_line(a, f, id);
	uint8_t tag[TAG];
	bool whole;
	struct head h = {.a = a, .out = out};

	end = head_end(in, looked, line, &whole);
	h.end = end - (whole ? 2 : 1);
	secret_tag(&a->secret, none, (const uint8_t *)&digest, sizeof digest, tag);
	request_line(&h, in, line, tag, r);
	/* The shortest line that says Host is as long as one letter of it takes. */
	if (h.end < h.at + 7 || h.end > end) {
		a->nameless++;
		memset(out + line, 'x', end - line);
		return;
	}
	if (hops && has_room(&h, hops + 1 + 7)) {
		put(&h, hop);
		put(&h, "\n");
	} else {
		a->nameless += hops != 0;
	}
	if (ids && has_room(&h, ids + 1 + 7)) {
		put(&h, id);
		put(&h, "\n");
	} else {
		a->nameless += ids != 0;
	}
	put_host(&h, tag);
	put_filler(&h, r);
	memcpy(out + h.end, whole ? "\n\n" : "\n", whole ? 2 : 1);
	/* The rung that goes on behind the head: its tag is where it begins, unless the head covers that. */
	for (unsigned i = 0; i < r->n; i++)
		if (r->end[i] > end && (i == 0 || r->end[i - 1] < end)) {
			memset(out + end, 0, r->end[i] - end);
			memcpy(out + end, r->tag[i], r->end[i] - end < TAG ? r->end[i] - end : TAG);
		}
}
