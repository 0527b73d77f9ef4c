/* How streams begin: what the first bytes of a client tell, and digests that do not depend on how they were cut into packets. */
#include <stdio.h>

#include "tests/test_parts.h"

#include "ingest/decode/opening.h"

static const char v1_header[] = "PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\n";
static const char request[] = "GET /a?b HTTP/1.1\r\nhost: www.example.net\r\nX-Forwarded-For: 10.9.9.9, 192.0.2.1\r\nX-Request-ID: 7\r\n\r\n";

/* version 2, PROXY, TCP over IPv4: 192.0.2.1:40000 > 198.51.100.7:443, PP2_TYPE_NOOP of 1 byte, PP2_TYPE_UNIQUE_ID "id" */
static const uint8_t v2_header[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0, 21, 192, 0, 2, 1, 198, 51, 100, 7,
    0x9c, 0x40, 0x01, 0xbb, 4, 0, 1, 0, 5, 0, 2, 'i', 'd'};

static uint32_t header(const void *p, size_t n, struct forwarded *f)
{
	*f = (struct forwarded){0};
	return decode_proxy_header(p, (uint32_t)n, (uint32_t)n, f);
}

static void check_client(const struct forwarded *f)
{
	const struct ipaddr src = v4(0xc0000201);

	assert_int_equal(ipaddr_cmp(&f->src, &src), 0);
	assert_int_equal(f->sport, 40000);
}

static void a_proxy_header_names_the_client(void **state)
{
	static const char v6[] = "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n";
	struct forwarded f;

	(void)state;
	assert_int_equal(header(v1_header, strlen(v1_header), &f), strlen(v1_header));
	check_client(&f);
	assert_int_equal(header(v2_header, sizeof v2_header, &f), sizeof v2_header);
	check_client(&f);
	assert_true(f.request != 0);
	assert_int_equal(header(v6, strlen(v6), &f), strlen(v6));
	assert_int_equal(f.src.family, 6);
	assert_int_equal(f.sport, 1);
}

static void a_header_may_say_nothing_of_the_client(void **state)
{
	uint8_t local[sizeof v2_header];
	struct forwarded f;

	(void)state;
	assert_int_equal(header("PROXY UNKNOWN\r\n", 15, &f), 15);
	assert_int_equal(f.src.family, 0);
	memcpy(local, v2_header, sizeof local);
	local[12] = 0x20;       /* LOCAL: a health check */
	assert_int_equal(header(local, sizeof local, &f), sizeof local);
	assert_int_equal(f.src.family, 0);
	local[12] = 0x21;
	local[13] = 0x31;       /* AF_UNIX */
	assert_int_equal(header(local, sizeof local, &f), sizeof local);
	assert_int_equal(f.src.family, 0);
}

static void what_is_no_header_is_none(void **state)
{
	static const char *const no[] = {"PROXY TCP4 192.0.2.1 198.51.100.7 40000\r\n", "PROXY TCP4 192.0.2.256 198.51.100.7 1 2\r\n",
	    "PROXY TCP4 192.0.2.1 198.51.100.7 1 65536\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7 1 2\n", "PROXY TCP5 192.0.2.1 198.51.100.7 1 2\r\n",
	    "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", "PROXY TCP6 192.0.2.1 198.51.100.7 1 2\r\n", "PROXY TCP4 192.0.2.1 2001:db8::2 1 2\r\n",
	    "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 \r\n", "PROXY \r\n", "GET / HTTP/1.1\r\n\r\n"};
	uint8_t bad[sizeof v2_header];
	struct forwarded f;

	(void)state;
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		assert_int_equal(header(no[i], strlen(no[i]), &f), 0);
		assert_int_equal(f.src.family, 0);
	}
	memcpy(bad, v2_header, sizeof bad);
	bad[12] = 0x11;         /* another version */
	assert_int_equal(header(bad, sizeof bad, &f), 0);
	bad[12] = 0x22;         /* another command */
	assert_int_equal(header(bad, sizeof bad, &f), 0);
	bad[12] = 0x21;
	bad[15] = 200;          /* longer than the packet */
	assert_int_equal(header(bad, sizeof bad, &f), 0);
}

/* On the heap, byte for byte, so that a read beyond the end is found. */
static void shorter(const void *bytes, size_t n, uint32_t whole)
{
	for (size_t k = 0; k < n; k++) {
		uint8_t *p = malloc(k ? k : 1);
		struct forwarded f = {0};
		uint64_t digest;
		assert_non_null(p);
		memcpy(p, bytes, k);
		assert_int_equal(decode_proxy_header(p, (uint32_t)k, (uint32_t)k, &f), 0);
		/* Cut by the capture, of version 2 the length is known as soon as its fixed part is there. */
		uint32_t cut = decode_proxy_header(p, (uint32_t)k, (uint32_t)n, &f);
		assert_true(cut == 0 || cut == whole);
		decode_opening(p, (uint32_t)k, &digest, &f);
		free(p);
	}
}

static void every_shorter_capture_is_safe(void **state)
{
	uint8_t hello[43] = {22, 3, 1, 0, 200, 1};

	(void)state;
	shorter(v1_header, strlen(v1_header), (uint32_t)strlen(v1_header));
	shorter(v2_header, sizeof v2_header, sizeof v2_header);
	shorter(request, strlen(request), 0);
	shorter(hello, sizeof hello, 0);
}

static enum opening_kind opening(const char *text, uint64_t *digest, struct forwarded *f)
{
	*f = (struct forwarded){0};
	*digest = 0;
	return decode_opening((const uint8_t *)text, (uint32_t)strlen(text), digest, f);
}

static void a_request_is_known_by_its_first_line_and_host(void **state)
{
	uint64_t one, other;
	struct forwarded f;
	const struct ipaddr last = v4(0xc0000201);

	(void)state;
	assert_int_equal(opening(request, &one, &f), OPENING_HTTP);
	assert_int_equal(ipaddr_cmp(&f.src, &last), 0);
	assert_int_equal(f.sport, 0);
	assert_true(f.request != 0);
	assert_int_equal(opening("GET /a?b HTTP/1.0\r\nAccept: x\r\nHost:   www.example.net \r\n\r\n", &other, &f), OPENING_HTTP);
	assert_true(one == other);
	assert_false(forwarded_any(&f));
	assert_int_equal(opening("GET /a?c HTTP/1.1\r\nHost: www.example.net\r\n\r\n", &other, &f), OPENING_HTTP);
	assert_true(one != other);
	assert_int_equal(opening("GET /a?b HTTP/1.1\r\nHost: www.example.com\r\n\r\n", &other, &f), OPENING_HTTP);
	assert_true(one != other);
	/* Without a host, or with one that is not all there, it is not known. */
	assert_int_equal(opening("GET /a?b HTTP/1.1\r\nHost: www.exa", &other, &f), OPENING_NONE);
	assert_int_equal(opening("GET 2000 bytes of something\r\nHost: a\r\n", &other, &f), OPENING_NONE);
	assert_int_equal(opening("get /a?b HTTP/1.1\r\nHost: a\r\n\r\n", &other, &f), OPENING_NONE);
}

static void the_nearest_hop_is_the_client(void **state)
{
	static const struct {
		const char *line;
		uint8_t family;
		uint16_t port;
	} list[] = {
	    {"Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43", 4, 0}, {"Forwarded: for=1.2.3.4, FOR=\"[2001:db8:cafe::17]:4711\"", 6, 4711},
	    {"X-Forwarded-For: 192.0.2.1:77", 4, 77}, {"X-Forwarded-For: 2001:db8::1", 6, 0}, {"X-Real-IP: 192.0.2.1", 4, 0},
	    {"X-Forwarded-For: unknown", 0, 0}, {"Forwarded: for=_hidden", 0, 0}, {"X-Forwarded-For:", 0, 0}, {"Forwarded: for=\"[\"", 0, 0},
	};
	uint64_t digest;
	struct forwarded f;
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", list[i].line);
		assert_int_equal(opening(text, &digest, &f), OPENING_HTTP);
		assert_int_equal(f.src.family, list[i].family);
		assert_int_equal(f.sport, list[i].port);
	}
}

static void a_client_hello_is_known_by_its_random(void **state)
{
	uint8_t hello[60] = {22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 1, 2, 3}, again[60];
	struct forwarded f = {0};
	uint64_t one, other;

	(void)state;
	memcpy(again, hello, sizeof again);
	again[50] = 9;          /* behind the random: another session id, or what a HelloRetryRequest asked for */
	assert_int_equal(decode_opening(hello, sizeof hello, &one, &f), OPENING_TLS);
	assert_int_equal(decode_opening(again, sizeof again, &other, &f), OPENING_TLS);
	assert_true(one == other);
	again[42]++;
	assert_int_equal(decode_opening(again, sizeof again, &other, &f), OPENING_TLS);
	assert_true(one != other);
	hello[5] = 2;           /* a ServerHello */
	assert_int_equal(decode_opening(hello, sizeof hello, &one, &f), OPENING_NONE);
}

/* ---- packet by packet ---- */

static char stream[700];

static void make_stream(void)
{
	for (size_t i = 0; i < sizeof stream; i++)
		stream[i] = (char)(i * 7 + i / 50);
}

/* size bytes of the client's stream from off on, of which the capture has cap. */
static const struct part *says(struct parts *p, const char *bytes, uint32_t off, uint32_t size, uint32_t cap, int64_t ns)
{
	struct segment s = segment(A, ACK, 1001 + off, 5001, size);

	s.payload = (const uint8_t *)bytes + off;
	s.caplen = cap;
	return assign(p, s, ns);
}

static struct parts *opened(void)
{
	struct parts *p = parts_new(FIRST_ID, false);

	sends(p, A, SYN, 1000, 0, 0);
	sends(p, B, SYNACK, 5000, 1001, 0);
	make_stream();
	return p;
}

static struct stream_head in_one_piece(void)
{
	struct parts *p = opened();
	struct stream_head h = says(p, stream, 0, sizeof stream, sizeof stream, 50)->opening.head[A];

	parts_free(p);
	assert_int_equal(h.rungs, OPENING_RUNGS);
	return h;
}

static void check_head(const struct stream_head *h, unsigned rungs)
{
	struct stream_head whole = in_one_piece();

	assert_int_equal(h->rungs, rungs);
	for (unsigned i = 0; i < rungs; i++)
		assert_int_equal(h->rung[i], whole.rung[i]);
}

static void segmentation_and_repeats_make_no_difference(void **state)
{
	(void)state;
	for (uint32_t size = 1; size < 200; size += 13) {
		struct parts *p = opened();
		const struct part *q = NULL;
		for (uint32_t off = 0; off < 600; off += size) {
			q = says(p, stream, off, size, size, 100 + off);
			says(p, stream, off > 5 ? off - 5 : 0, 5, 5, 100 + off);
		}
		check_head(&q->opening.head[A], OPENING_RUNGS);
		assert_int_equal(q->said_ns[A], 100);
		assert_false(q->has_said[B]);
		parts_free(p);
	}
}

static void digests_are_the_same_on_every_machine(void **state)
{
	struct stream_head h = in_one_piece();

	(void)state;
	assert_int_equal(h.rung[0], 0x27a5e417u);
	assert_int_equal(h.rung[1], 0x32cb0514u);
	assert_int_equal(h.rung[2], 0xf78f6b7fu);
}

static void behind_a_gap_or_a_cut_nothing_is_known(void **state)
{
	struct parts *p = opened();

	(void)state;
	check_head(&says(p, stream, 0, 10, 10, 0)->opening.head[A], 1);
	check_head(&says(p, stream, 200, 500, 500, 0)->opening.head[A], 1);
	/* The missing piece came, and what was behind it comes again. */
	check_head(&says(p, stream, 10, 190, 190, 0)->opening.head[A], 2);
	check_head(&says(p, stream, 150, 550, 550, 0)->opening.head[A], 3);
	parts_free(p);
	p = opened();
	check_head(&says(p, stream, 0, 700, 100, 0)->opening.head[A], 2);
	check_head(&says(p, stream, 100, 600, 600, 0)->opening.head[A], 2);
	parts_free(p);
	/* Without a handshake nobody knows where the stream begins. */
	p = parts_new(FIRST_ID, false);
	check_head(&says(p, stream, 0, 700, 700, 0)->opening.head[A], 0);
	parts_free(p);
}

static void the_stream_begins_behind_a_proxy_header(void **state)
{
	char all[sizeof v2_header + sizeof stream];
	size_t n = sizeof v2_header;

	(void)state;
	make_stream();
	memcpy(all, v2_header, n);
	memcpy(all + n, stream, sizeof stream);
	for (uint32_t first = (uint32_t)n; first < n + 30; first += 10) {
		struct parts *p = opened();
		says(p, all, 0, first, first, 0);
		const struct part *q = says(p, all, first, (uint32_t)sizeof all - first, (uint32_t)sizeof all - first, 0);
		check_head(&q->opening.head[A], OPENING_RUNGS);
		assert_int_equal(q->forwarded.header, n);
		check_client(&q->forwarded);
		parts_free(p);
	}
}

static void what_is_stored_comes_back(void **state)
{
	struct opening o = {.head = {{2, {1, 0x80000002}}, {3, {0xffffffff, 4, 5}}}, .kind = OPENING_TLS, .digest = 0x8123456789abcdef}, back;
	uint8_t bytes[OPENING_BYTES];

	(void)state;
	uint32_t n = opening_pack(&o, bytes);
	assert_int_equal(n, 1 + 5 * 4 + 8);
	back = opening_unpack(bytes, n);
	assert_memory_equal(&back, &o, sizeof o);
	for (uint32_t k = 0; k < n; k++) {
		back = opening_unpack(bytes, k);
		assert_int_equal(back.kind | back.head[0].rungs | back.head[1].rungs, 0);
	}
	o = (struct opening){0};
	assert_int_equal(opening_pack(&o, bytes), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_proxy_header_names_the_client),
	    cmocka_unit_test(a_header_may_say_nothing_of_the_client),
	    cmocka_unit_test(what_is_no_header_is_none),
	    cmocka_unit_test(every_shorter_capture_is_safe),
	    cmocka_unit_test(a_request_is_known_by_its_first_line_and_host),
	    cmocka_unit_test(the_nearest_hop_is_the_client),
	    cmocka_unit_test(a_client_hello_is_known_by_its_random),
	    cmocka_unit_test(segmentation_and_repeats_make_no_difference),
	    cmocka_unit_test(digests_are_the_same_on_every_machine),
	    cmocka_unit_test(behind_a_gap_or_a_cut_nothing_is_known),
	    cmocka_unit_test(the_stream_begins_behind_a_proxy_header),
	    cmocka_unit_test(what_is_stored_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
