#define _GNU_SOURCE             /* memmem */
/* Frames that can be handed on: read as before but for their names, and without a byte of what was in them. */
#include "tests/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/anonymize/anonymize.h"
#include "ingest/anonymize/private.h"
#include "ingest/decode/layers.h"
#include "ingest/decode/opening.h"

#define FRAME 2048

static const uint8_t key[SECRET_KEY] = "the key of these tests, 32 bytes";
static struct anonymizer a;

/* ---- frames ---- */

struct built {
	uint8_t b[FRAME];
	uint32_t n, tcp;        /* bytes; where the TCP header begins */
};

static void sum_field(uint8_t *field, uint16_t v)
{
	memcpy(field, &v, 2);
}

/* Ethernet, IPv4 or IPv6, TCP, all checksums right. */
static struct built build(uint8_t family, const void *options, unsigned optlen, const void *payload, uint32_t n)
{
	static const uint8_t macs[12] = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x01, 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x02};
	static const uint8_t v6[32] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13};
	static const uint8_t v4[8] = {192, 0, 2, 1, 198, 51, 100, 7};
	struct built f = {0};
	uint32_t size = 20 + optlen + n, ip = family == 4 ? 20 : 40;
	uint8_t *p = f.b + 14, *t = p + ip, proto[4] = {0, 6, (uint8_t)(size >> 8), (uint8_t)size};

	memcpy(f.b, macs, 12);
	memcpy(f.b + 12, family == 4 ? "\x08\x00" : "\x86\xdd", 2);
	if (family == 4) {
		memcpy(p, (uint8_t[]){0x45, 0, (uint8_t)((size + 20) >> 8), (uint8_t)(size + 20), 0, 7, 0x40, 0, 64, 6}, 10);
		memcpy(p + 12, v4, 8);
		sum_field(p + 10, (uint16_t)~ones_sum(p, 20, 0));
	} else {
		memcpy(p, (uint8_t[]){0x60, 0, 0, 0, (uint8_t)(size >> 8), (uint8_t)size, 6, 64}, 8);
		memcpy(p + 8, v6, 32);
	}
	memcpy(t, (uint8_t[]){0x9c, 0x40, 0x01, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8, (uint8_t)((20 + optlen) << 2), 0x18, 2, 0}, 16);
	memcpy(t + 20, options, optlen);
	memcpy(t + 20 + optlen, payload, n);
	sum_field(t + 16, (uint16_t)~ones_sum(t, size, ones_sum(family == 4 ? v4 : v6, family == 4 ? 8 : 32, ones_sum(proto, 4, 0))));
	f.tcp = 14 + ip;
	f.n = f.tcp + size;
	return f;
}

static struct built copy_of(const struct built *f, struct segment *seg)
{
	struct built out = {.n = f->n, .tcp = f->tcp};
	uint32_t len = f->n;

	assert_true(anonymize_frame(&a, 1, f->b, true, out.b, &out.n, &len));
	assert_int_equal(out.n, f->n);
	assert_int_equal(len, f->n);
	assert_int_equal(decode_frame(1, out.b, out.n, len, seg), DECODE_OK);
	return out;
}

/* Payload of n bytes, replaced. */
static void replaced(const void *payload, uint32_t n, uint8_t *out)
{
	payload_replace(&a, payload, n, n, out);
}

/* ---- checksums ---- */

static uint32_t sum_flags(const struct built *f)
{
	struct segment was, is;

	assert_int_equal(decode_frame(1, f->b, f->n, f->n, &was), DECODE_OK);
	copy_of(f, &is);
	assert_int_equal(was.flags, is.flags);
	return is.flags & (SEG_CSUM_OK | SEG_CSUM_BAD);
}

static void checksums_stay_right_wrong_or_left_to_offload(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		char payload[40];
		uint32_t n = (uint32_t)snprintf(payload, sizeof payload, "number %u %u", i, i * 77);
		struct built f = build(i % 2 ? 4 : 6, "", 0, payload, n);
		uint16_t field;

		assert_int_equal(sum_flags(&f), SEG_CSUM_OK);
		memcpy(&field, f.b + f.tcp + 16, 2);
		sum_field(f.b + f.tcp + 16, (uint16_t)(field + 0x55));
		assert_int_equal(sum_flags(&f), SEG_CSUM_BAD);
		sum_field(f.b + f.tcp + 16, 0);
		assert_int_equal(sum_flags(&f), 0);
	}
}

/* The sum of the pseudo header alone stays one: of the pseudonyms. */
static void a_sum_that_a_card_will_fill_in_stays_one(void **state)
{
	const uint8_t proto[4] = {0, 6, 0, 25};
	struct built f = build(4, "", 0, "hello", 5), out;
	struct segment seg;
	uint16_t want, got;

	(void)state;
	sum_field(f.b + f.tcp + 16, ones_sum(proto, 4, ones_sum(f.b + 26, 8, 0)));
	assert_int_equal(sum_flags(&f), 0);
	out = copy_of(&f, &seg);
	want = ones_sum(proto, 4, ones_sum(out.b + 26, 8, 0));
	memcpy(&got, out.b + f.tcp + 16, 2);
	assert_int_equal(got, want);
}

static void an_ip_header_checksum_stays_right_or_wrong(void **state)
{
	struct built f = build(4, "", 0, "hello", 5), out;
	struct segment seg;

	(void)state;
	out = copy_of(&f, &seg);
	assert_int_equal(ones_sum(out.b + 14, 20, 0), 0xffff);
	f.b[24] ^= 0x40;
	out = copy_of(&f, &seg);
	assert_int_not_equal(ones_sum(out.b + 14, 20, 0), 0xffff);
}

/* ---- payload ---- */

static void equal_payload_stays_equal_and_no_other_does(void **state)
{
	uint8_t in[700], x[700], y[700];

	(void)state;
	for (uint32_t n = 1; n <= sizeof in; n += n < 80 ? 1 : 37) {
		for (uint32_t i = 0; i < n; i++)
			in[i] = (uint8_t)rand();
		replaced(in, n, x);
		for (unsigned k = 0; k < 64; k++) {
			in[(uint32_t)rand() % n] ^= (uint8_t)(1 + rand() % 255);
			replaced(in, n, y);
			assert_memory_not_equal(x, y, n);
			memcpy(x, y, n);
		}
		replaced(in, n, y);
		assert_memory_equal(x, y, n);
	}
}

/* What two streams have in common at their beginnings, 8, 64 or 512 bytes, they still have; nothing of what follows shows there. */
static void streams_begin_alike_as_before(void **state)
{
	static const uint32_t rung[] = {8, 64, 512};
	uint8_t in[900], x[900], y[900];

	(void)state;
	for (uint32_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)rand();
	replaced(in, sizeof in, x);
	for (unsigned i = 0; i < 3; i++) {
		in[rung[i]] ^= 1;
		replaced(in, sizeof in, y);
		assert_memory_equal(x, y, rung[i]);
		assert_memory_not_equal(x + rung[i], y + rung[i], 16);
		in[rung[i]] ^= 1;
		/* However many bytes come with it. */
		replaced(in, rung[i] + 1, y);
		assert_memory_equal(x, y, rung[i]);
	}
}

/* ---- who a stream is of ---- */

static void read_back(const char *text, struct forwarded *was, struct forwarded *is, uint32_t *header)
{
	uint8_t out[512];
	uint32_t n = (uint32_t)strlen(text);
	uint64_t digest;

	*was = *is = (struct forwarded){0};
	replaced(text, n, out);
	*header = decode_proxy_header((const uint8_t *)text, n, n, was);
	assert_int_equal(decode_proxy_header(out, n, n, is), *header);
	if (*header < n)
		assert_int_equal(decode_opening((const uint8_t *)text + *header, n - *header, &digest, was),
		    decode_opening(out + *header, n - *header, &digest, is));
}

static void a_client_that_is_named_has_its_pseudonym(void **state)
{
	static const char *const texts[] = {
		"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\n",
		"PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n",
		"PROXY TCP6 2001:db8:1111:2222:3333:4444:5555:6666 2001:db8:1111:2222:3333:4444:5555:7777 10000 443\r\n",
		"GET /a?b HTTP/1.1\r\nHost: www.example.net\r\nX-Forwarded-For: 10.9.9.9, 192.0.2.1\r\nX-Request-ID: 7\r\n\r\n",
		"GET / HTTP/1.1\r\nhost:x\r\nUser-Agent: of a program\r\nX-Forwarded-For: 192.0.2.1:4711\r\n\r\nbody",
		"GET / HTTP/1.1\r\nhost:x\r\nX-Real-IP: 2001:db8:1111:2222:3333:4444:5555:6666\r\nUser-Agent: of a program\r\n\r\n",
		"POST /x HTTP/1.1\r\nhost: h\r\nUser-Agent: of a program\r\nForwarded: for=\"[2001:db8::9]:4711\";proto=http\r\n\r\n",
		"GET /t HTTP/1.1\r\nhost: h\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n",
	};
	struct forwarded was, is;
	uint32_t header;

	(void)state;
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct ipaddr to;
		read_back(texts[i], &was, &is, &header);
		to = cryptopan_map(&a.pan, &was.src);
		assert_int_equal(ipaddr_cmp(&to, &is.src), 0);
		assert_int_equal(was.sport, is.sport);
		assert_int_equal(was.request != 0, is.request != 0);
	}
	assert_int_equal(a.nameless, 0);
}

/* A line that is too short for the pseudonym loses it, but stays a header of its length. */
static void a_client_without_room_has_no_name(void **state)
{
	struct forwarded was, is;
	uint32_t header;
	uint64_t before = a.nameless;

	(void)state;
	read_back("PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", &was, &is, &header);
	assert_int_equal(was.src.family, 6);
	assert_int_equal(is.src.family, 0);
	assert_int_equal(header, 40);
	assert_int_equal(a.nameless, before + 1);
}

static uint64_t digest_of(const char *text, uint32_t n)
{
	uint8_t out[512];
	struct forwarded f = {0};
	uint64_t digest = 0;

	replaced(text, n, out);
	assert_int_not_equal(decode_opening(out, n, &digest, &f), OPENING_NONE);
	return digest;
}

/* The request without what proxies add, or with. */
static void equal_requests_stay_equal(void **state)
{
	static const char one[] = "GET /index.html HTTP/1.1\r\nHost: www.example.net\r\nCookie: a\r\n\r\n",
	    same[] = "GET /index.html HTTP/1.1\r\nHost: www.example.net\r\nX-Forwarded-For: 10.1.2.3\r\nCookie: abcdefghijkl\r\n\r\n",
	    path[] = "GET /index.htmk HTTP/1.1\r\nHost: www.example.net\r\nCookie: a\r\n\r\n",
	    host[] = "GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nCookie: a\r\n\r\n";

	(void)state;
	assert_int_equal(digest_of(one, sizeof one - 1), digest_of(same, sizeof same - 1));
	assert_int_not_equal(digest_of(one, sizeof one - 1), digest_of(path, sizeof path - 1));
	assert_int_not_equal(digest_of(one, sizeof one - 1), digest_of(host, sizeof host - 1));
}

static void equal_client_hellos_stay_equal(void **state)
{
	char hello[120] = "\x16\x03\x01\x00\x73\x01\x00\x00\x6f\x03\x03 a random of 32 bytes, more or less";
	uint64_t first = digest_of(hello, sizeof hello);

	(void)state;
	memcpy(hello + 80, "server.example", 14);
	assert_int_equal(digest_of(hello, sizeof hello), first);
	hello[20] ^= 1;
	assert_int_not_equal(digest_of(hello, sizeof hello), first);
}

/* ---- options ---- */

static void options_keep_their_numbers_and_lose_addresses(void **state)
{
	static const uint8_t in[40] = {2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 254, 8, 0x9c, 0x40, 192, 0, 2, 1, 30, 8, 0x30, 5, 192, 0, 2, 1};
	struct built f = build(4, in, 40, "x", 1), out;
	struct ipaddr named = {.family = 4, .b = {192, 0, 2, 1}}, to = cryptopan_map(&a.pan, &named);
	struct segment seg;

	(void)state;
	out = copy_of(&f, &seg);
	assert_int_equal(seg.optlen, 40);
	assert_memory_equal(seg.options, in, 22);
	assert_memory_not_equal(seg.options + 22, in + 22, 6);
	assert_memory_equal(seg.options + 28, in + 28, 4);
	assert_memory_equal(seg.options + 32, to.b, 4);
	assert_null(memmem(out.b, out.n, named.b, 4));
}

/* ---- nothing of it is left ---- */

static const int linktypes[] = {
    1, 0, 9, 12, 50, 51, 101, 104, 105, 108, 113, 119, 127, 149, 163, 228, 229, 239, 258, 276, 9999,
    100, 107, 109, 117, 166, 192, 204, 281, 282, 284, 285,
};

struct leak {
	const char *name;
	uint8_t out[FRAME + ANONYMIZE_ROOM];
	uint32_t n;
};

static void must_be_gone(const struct leak *l, const void *p, size_t n, const char *what)
{
	if (memmem(l->out, l->n, p, n))
		fail_msg("%s: %s is in the copy", l->name, what);
}

static void must_not_be_named(const struct leak *l, const struct ipaddr *x, const char *what)
{
	/* Less than four bytes that are not 0 may be anything's. */
	if (x->family == 6 || (x->family == 4 && x->b[0] && x->b[1] && x->b[2]))
		must_be_gone(l, x->b, x->family == 4 ? 4 : 16, what);
}

static void must_not_have_mac(const struct leak *l, uint64_t mac, const char *what)
{
	uint8_t b[6];

	for (unsigned i = 0; i < 6; i++)
		b[i] = (uint8_t)(mac >> (40 - 8 * i));
	if (mac >> 16)
		must_be_gone(l, b, 6, what);
}

/* All that the decoder did not read, and all payload: bytes that are found again wherever they are. */
static void mark_unread(const struct layout *l, uint8_t *frame, uint32_t n)
{
	static const uint8_t mark[] = {0xc5, 0x5e, 0xc2, 0xe7};
	static uint8_t known[FRAME];

	memset(known, 0, n);
	for (uint32_t i = 0; i < l->n; i++)
		if (l->s[i].layer != LAYER_PAYLOAD && l->s[i].layer != LAYER_REST)
			memset(known + (l->s[i].p - frame), 1, l->s[i].n);
	for (uint32_t i = 0; i + 4 <= n; i++)
		if (!known[i] && !known[i + 1] && !known[i + 2] && !known[i + 3]) {
			memcpy(frame + i, mark, 4);
			i += 3;
		}
}

static void check_leaks(const char *name, const uint8_t *data, uint32_t n)
{
	int linktype = linktypes[data[0] % (sizeof linktypes / sizeof *linktypes)];
	static struct layout layout;
	struct segment was, marked;
	struct leak l = {.name = name, .n = n - 2};
	uint8_t frame[FRAME];
	uint32_t len = n - 2;

	memcpy(frame, data + 2, len);
	layout.n = 0;
	if (decode_layout(linktype, frame, len, len, &was, &layout) != DECODE_OK)
		return;
	if (!was.f5.present)
		mark_unread(&layout, frame, len);
	if (decode_frame(linktype, frame, len, len, &marked) != DECODE_OK)
		memcpy(frame, data + 2, len);
	assert_true(anonymize_frame(&a, linktype, frame, true, l.out, &l.n, &len));
	must_be_gone(&l, (const uint8_t[]){0xc5, 0x5e, 0xc2, 0xe7}, 4, "what nobody reads, or payload");
	must_not_be_named(&l, &was.src, "the source");
	must_not_be_named(&l, &was.dst, "the destination");
	must_not_be_named(&l, &was.tunnel.src, "the tunnel's source");
	must_not_be_named(&l, &was.tunnel.dst, "the tunnel's destination");
	if (was.flags & SEG_ICMP)
		must_not_be_named(&l, &was.icmp_src, "the router");
	must_not_have_mac(&l, was.src_mac, "a MAC address");
	must_not_have_mac(&l, was.dst_mac, "a MAC address");
	if (was.f5.present) {
		must_not_be_named(&l, &was.f5.peer_remote, "the peer");
		must_not_be_named(&l, &was.f5.peer_local, "the peer's side");
		if (strlen(was.f5.virtual_name) > 4)
			must_be_gone(&l, was.f5.virtual_name, strlen(was.f5.virtual_name), "the virtual server");
	}
}

/* Every encapsulation that ingest reads has a seed there. */
static void no_encapsulation_lets_anything_through(void **state)
{
	static const char folder[] = "fixtures/fuzz/decode";
	DIR *d = opendir(folder);
	unsigned files = 0;

	(void)state;
	assert_non_null(d);
	for (struct dirent *x; (x = readdir(d));) {
		uint8_t data[FRAME];
		char path[512];
		FILE *f;
		size_t n;

		snprintf(path, sizeof path, "%s/%s", folder, x->d_name);
		if (x->d_name[0] == '.' || !(f = fopen(path, "rb")))
			continue;
		n = fread(data, 1, sizeof data, f);
		fclose(f);
		if (n > 2)
			check_leaks(x->d_name, data, (uint32_t)n);
		files++;
	}
	closedir(d);
	assert_true(files > 40);
}

static void words_do_not_come_through(void **state)
{
	static const char text[] = "POST /SECRET-PATH?user=SECRET-NAME HTTP/1.1\r\nHost: SECRET-HOST.example\r\nCookie: SECRET-COOKIE\r\n"
	    "X-Forwarded-For: 192.0.2.1\r\nX-Request-ID: SECRET-ID\r\n\r\nSECRET-BODY";
	struct leak l = {.name = "request"};

	(void)state;
	/* Whole, and cut off anywhere. */
	for (uint32_t n = 1; n < sizeof text; n++) {
		l.n = n;
		replaced(text, n, l.out);
		must_be_gone(&l, "SECRET", 6, "a word");
		must_be_gone(&l, "192.0.2.1", 9, "an address");
		must_be_gone(&l, ".example", 8, "the host");
	}
}

/* What is no TCP says only that. */
static void other_frames_name_nobody(void **state)
{
	static const uint8_t dns[] = {0x02, 0xaa, 0xbb, 0xcc, 0xdd, 1, 2, 0xaa, 0xbb, 0xcc, 0xdd, 2, 8, 0, 0x45, 0, 0, 36, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1,
	    198, 51, 100, 7, 0x9c, 0x40, 0, 53, 0, 16, 0, 0, 's', 'e', 'c', 'r', 'e', 't', 0, 1};
	uint8_t out[sizeof dns + ANONYMIZE_ROOM];
	uint32_t caplen = sizeof dns, len = sizeof dns;
	struct segment seg;

	(void)state;
	assert_true(anonymize_frame(&a, 1, dns, true, out, &caplen, &len));
	assert_int_equal(decode_frame(1, out, caplen, len, &seg), DECODE_SKIP_NON_TCP);
	assert_int_equal(len, sizeof dns);
	assert_true(caplen <= 42);
	assert_null(memmem(out, caplen, dns + 26, 4));
	assert_null(memmem(out, caplen, dns, 6));
	assert_null(memmem(out, caplen, dns + 36, 2));
}

/* Packets that import left out by a filter or a selector are not in the copy either. */
static void what_was_filtered_out_stays_out(void **state)
{
	struct built f = build(4, "", 0, "payload", 7);
	uint8_t out[FRAME];
	uint32_t caplen = f.n, len = f.n;
	struct segment seg;

	(void)state;
	assert_true(anonymize_frame(&a, 1, f.b, false, out, &caplen, &len));
	assert_int_equal(decode_frame(1, out, caplen, len, &seg), DECODE_SKIP_NON_TCP);
	assert_int_equal(caplen, 34);
}

static int setup(void **state)
{
	(void)state;
	anonymizer_init(&a, key);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_stay_right_wrong_or_left_to_offload),
		cmocka_unit_test(a_sum_that_a_card_will_fill_in_stays_one),
		cmocka_unit_test(an_ip_header_checksum_stays_right_or_wrong),
		cmocka_unit_test(equal_payload_stays_equal_and_no_other_does),
		cmocka_unit_test(streams_begin_alike_as_before),
		cmocka_unit_test(a_client_that_is_named_has_its_pseudonym),
		cmocka_unit_test(a_client_without_room_has_no_name),
		cmocka_unit_test(equal_requests_stay_equal),
		cmocka_unit_test(equal_client_hellos_stay_equal),
		cmocka_unit_test(options_keep_their_numbers_and_lose_addresses),
		cmocka_unit_test(no_encapsulation_lets_anything_through),
		cmocka_unit_test(words_do_not_come_through),
		cmocka_unit_test(other_frames_name_nobody),
		cmocka_unit_test(what_was_filtered_out_stays_out),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
