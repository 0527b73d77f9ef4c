#include "ingest/decode/opening.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ingest/decode/bytes.h"

#define V1_MAX 107              /* longest header of version 1, line end included */
#define V2_FIXED 16             /* what every header of version 2 begins with */
#define PP2_TYPE_UNIQUE_ID 5
#define HELLO_RANDOM 11         /* where the random of a ClientHello begins: behind the record, handshake and version fields */
#define LINE_MAX_BYTES 8192     /* of a request: longer ones are no HTTP that anybody answers */

/* A stretch of text; p is not terminated. */
struct text {
	const uint8_t *p;
	size_t n;
};

static bool addr_of(struct text t, struct ipaddr *a)
{
	char buf[INET6_ADDRSTRLEN];

	memset(a, 0, sizeof *a);
	if (t.n == 0 || t.n >= sizeof buf)
		return false;
	memcpy(buf, t.p, t.n);
	buf[t.n] = 0;
	if (memchr(buf, 0, t.n))
		return false;
	a->family = memchr(buf, ':', t.n) ? 6 : 4;
	return inet_pton(a->family == 6 ? AF_INET6 : AF_INET, buf, a->b) == 1;
}

static bool port_of(struct text t, uint16_t *port)
{
	uint32_t v = 0;

	if (t.n == 0 || t.n > 5)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(t.p[i] - '0');
	}
	*port = (uint16_t)v;
	return v <= UINT16_MAX;
}

/* The text up to the next `end`, which is left out of both; all of it, if there is none. */
static struct text cut(struct text *t, uint8_t end)
{
	const uint8_t *at = t->n ? memchr(t->p, end, t->n) : NULL;
	struct text head = { t->p, at ? (size_t)(at - t->p) : t->n };
	size_t gone = head.n + (at != NULL);

	t->p += gone;
	t->n -= gone;
	return head;
}

static struct text trim(struct text t)
{
	while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t' || t.p[0] == '"'))
		t.p++, t.n--;
	while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t' || t.p[t.n - 1] == '\r' || t.p[t.n - 1] == '"'))
		t.n--;
	return t;
}

static bool is(struct text t, const char *word)
{
	return t.n == strlen(word) && strncasecmp((const char *)t.p, word, t.n) == 0;
}

/* ---- PROXY protocol ---- */

static uint32_t proxy_v1(const uint8_t *p, uint32_t cap, struct forwarded *f)
{
	struct text line = { p, cap < V1_MAX ? cap : V1_MAX }, t;
	const uint8_t *end = memchr(p, '\n', line.n);
	struct forwarded g = *f;
	struct ipaddr dst;
	uint16_t dport;
	uint8_t family;

	if (!end || end == p || end[-1] != '\r')
		return 0;
	line.n = (size_t)(end - p) - 1;
	cut(&line, ' ');
	t = cut(&line, ' ');
	if (is(t, "UNKNOWN"))
		return (uint32_t)(end - p) + 1;
	family = is(t, "TCP4") ? 4 : is(t, "TCP6") ? 6 : 0;
	if (!addr_of(cut(&line, ' '), &g.src) || !addr_of(cut(&line, ' '), &dst) || !port_of(cut(&line, ' '), &g.sport) || !port_of(line, &dport) ||
	    g.src.family != family || dst.family != family)
		return 0;
	*f = g;
	return (uint32_t)(end - p) + 1;
}

static void unique_id(const uint8_t *p, uint32_t n, struct forwarded *f)
{
	while (n >= 3) {
		uint32_t len = be16(p + 1);
		if (len > n - 3)
			return;
		if (p[0] == PP2_TYPE_UNIQUE_ID && len > 0)
			f->request = XXH3_64bits(p + 3, len) | 1;
		p += 3 + len;
		n -= 3 + len;
	}
}

static uint32_t proxy_v2(const uint8_t *p, uint32_t cap, uint32_t len, struct forwarded *f)
{
	uint32_t all = V2_FIXED + be16(p + 14), size = p[13] == 0x11 ? 4 : p[13] == 0x21 ? 16 : 0, have = cap < all ? cap : all;

	if (p[12] >> 4 != 2 || (p[12] & 15) > 1 || all > len)
		return 0;
	/* LOCAL: the proxy speaks for itself (a health check). Other families: nothing that TCP has. */
	if ((p[12] & 15) == 0 || !size || have < V2_FIXED + 2 * size + 4)
		return all;
	f->src = (struct ipaddr){ .family = size == 4 ? 4 : 6 };
	memcpy(f->src.b, p + V2_FIXED, size);
	f->sport = be16(p + V2_FIXED + 2 * size);
	unique_id(p + V2_FIXED + 2 * size + 4, have - (V2_FIXED + 2 * size + 4), f);
	return all;
}

uint32_t decode_proxy_header(const uint8_t *p, uint32_t cap, uint32_t len, struct forwarded *f)
{
	static const uint8_t signature[] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

	if (cap >= V2_FIXED && memcmp(p, signature, sizeof signature) == 0)
		return proxy_v2(p, cap, len, f);
	return cap >= 8 && memcmp(p, "PROXY ", 6) == 0 ? proxy_v1(p, cap, f) : 0;
}

/* ---- HTTP ---- */

/* The last element of a list: the hop that is nearest. */
static struct text last_hop(struct text t)
{
	struct text last = t;

	while (t.n > 0)
		last = cut(&t, ',');
	return trim(last);
}

/* An address as it is forwarded: 192.0.2.1, 192.0.2.1:4711, [2001:db8::1]:4711, 2001:db8::1. */
static void note_hop(struct text t, struct forwarded *f)
{
	struct text host, port = { t.p, 0 };

	t = host = trim(t);
	if (t.n > 0 && t.p[0] == '[') {
		cut(&t, '[');
		host = cut(&t, ']');
		cut(&t, ':');
		port = t;
	} else if (t.n > 0) {
		struct text v4 = cut(&t, ':');
		if (!t.n || !memchr(t.p, ':', t.n)) {
			host = v4;
			port = t;
		}
	}
	if (f->header || !addr_of(host, &f->src)) {
		if (!f->header)
			f->src.family = 0;
		return;
	}
	if (!port_of(port, &f->sport))
		f->sport = 0;
}

/* for=192.0.2.60;proto=http;by=203.0.113.43 */
static void note_forwarded(struct text t, struct forwarded *f)
{
	struct text hop = last_hop(t);

	while (hop.n > 0) {
		struct text value = trim(cut(&hop, ';')), name = cut(&value, '=');
		if (is(trim(name), "for"))
			note_hop(value, f);
	}
}

static void note_header(struct text name, struct text value, uint64_t *host, struct forwarded *f)
{
	value = trim(value);
	if (is(name, "host"))
		*host = XXH3_64bits(value.p, value.n) | 1;
	else if (is(name, "x-forwarded-for"))
		note_hop(last_hop(value), f);
	else if (is(name, "forwarded"))
		note_forwarded(value, f);
	else if (is(name, "x-real-ip") && !f->src.family)
		note_hop(value, f);
	else if (is(name, "x-request-id") && value.n > 0)
		f->request = XXH3_64bits(value.p, value.n) | 1;
	else if (is(name, "traceparent") && value.n >= 35 && !f->request)
		f->request = XXH3_64bits(value.p + 3, 32) | 1;
}

/* METHOD SP target SP HTTP/1.x */
static bool request_line(struct text line, uint64_t *digest)
{
	struct text method = cut(&line, ' '), target = cut(&line, ' ');

	if (method.n < 3 || method.n > 16 || target.n == 0 || line.n < 8 || memcmp(line.p, "HTTP/1.", 7) != 0)
		return false;
	for (size_t i = 0; i < method.n; i++)
		if ((method.p[i] < 'A' || method.p[i] > 'Z') && method.p[i] != '-')
			return false;
	*digest = XXH3_64bits_withSeed(target.p, target.n, XXH3_64bits(method.p, method.n));
	return true;
}

static enum opening_kind http(struct text t, uint64_t *digest, struct forwarded *f)
{
	uint64_t line = 0, host = 0;

	if (!memchr(t.p, '\n', t.n) || !request_line(trim(cut(&t, '\n')), &line))
		return OPENING_NONE;
	while (t.n > 0 && memchr(t.p, '\n', t.n)) {
		struct text value = trim(cut(&t, '\n')), name;
		if (value.n == 0)
			break;
		name = cut(&value, ':');
		note_header(name, value, &host, f);
	}
	*digest = (line ^ host * 0x9e3779b97f4a7c15ull) | 1;
	return host ? OPENING_HTTP : OPENING_NONE;
}

enum opening_kind decode_opening(const uint8_t *p, uint32_t cap, uint64_t *digest, struct forwarded *f)
{
	if (cap >= HELLO_RANDOM + 32 && p[0] == 22 && p[1] == 3 && p[5] == 1) {
		*digest = XXH3_64bits(p + HELLO_RANDOM, 32) | 1;
		return OPENING_TLS;
	}
	if (cap < 16 || p[0] < 'A' || p[0] > 'Z')
		return OPENING_NONE;
	return http((struct text){ p, cap < LINE_MAX_BYTES ? cap : LINE_MAX_BYTES }, digest, f);
}
