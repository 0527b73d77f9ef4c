/* Pseudonyms of addresses: the published ones, one to one, with the same prefixes in common. */
#include "tests/test.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/anonymize/cryptopan.h"
#include "ingest/anonymize/secret.h"

/* Of the reference implementation's sample program. */
static const uint8_t sample[CRYPTOPAN_KEY] = {21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
    216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2};

static struct cryptopan pan;

static struct ipaddr address(const char *text)
{
	struct ipaddr a = {.family = strchr(text, ':') ? 6 : 4};

	assert_int_equal(inet_pton(a.family == 6 ? AF_INET6 : AF_INET, text, a.b), 1);
	return a;
}

static struct ipaddr random_address(uint8_t family)
{
	struct ipaddr a = {.family = family};

	for (unsigned i = 0; i < (family == 4 ? 4u : 16u); i++)
		a.b[i] = (uint8_t)rand();
	return a;
}

static unsigned common(const struct ipaddr *x, const struct ipaddr *y)
{
	unsigned n = 0;

	while (n < 128 && ((x->b[n / 8] ^ y->b[n / 8]) & 0x80 >> n % 8) == 0)
		n++;
	return n;
}

static void the_published_pseudonyms_come_out(void **state)
{
	/* sample_trace_raw.dat and sample_trace_sanitized.dat of the reference implementation; IPv6: what other implementations agree on. */
	static const char *const pairs[][2] = {
		{ "128.11.68.132", "135.242.180.132" }, { "129.118.74.4", "134.136.186.123" }, { "130.132.252.244", "133.68.164.234" },
		{ "141.223.7.43", "141.167.8.160" }, { "141.233.145.108", "141.129.237.235" }, { "152.163.225.39", "151.140.114.167" },
		{ "156.29.3.236", "147.225.12.42" }, { "0.0.0.0", "120.255.240.1" }, { "10.0.1.128", "117.15.1.129" },
		{ "::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed" }, { "::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef" },
		{ "::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838" }, { "2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e" },
		{ "2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c" },
	};

	(void)state;
	cryptopan_init(&pan, sample);
	/* Twice: as they are found out, and as they are remembered. */
	for (unsigned i = 0; i < 2 * sizeof pairs / sizeof *pairs; i++) {
		const char *const *p = pairs[i / 2];
		struct ipaddr a = address(p[0]), want = address(p[1]), got = cryptopan_map(&pan, &a);
		assert_int_equal(ipaddr_cmp(&got, &want), 0);
	}
}

/* All of a /16: none twice. */
static void no_two_addresses_become_one(void **state)
{
	static uint8_t seen[1 << 16];

	(void)state;
	cryptopan_init(&pan, sample);
	for (uint32_t i = 0; i < 1u << 16; i++) {
		struct ipaddr a = {.family = 4, .b = {192, 168, (uint8_t)(i >> 8), (uint8_t)i}}, to = cryptopan_map(&pan, &a);
		unsigned at = (unsigned)to.b[2] << 8 | to.b[3];
		assert_false(seen[at]);
		seen[at] = 1;
	}
}

static void addresses_begin_alike_as_far_as_before(void **state)
{
	(void)state;
	cryptopan_init(&pan, sample);
	for (unsigned i = 0; i < 20000; i++) {
		struct ipaddr x = random_address(i % 2 ? 4 : 6), y = x, px, py;
		unsigned bit = (unsigned)rand() % (x.family == 4 ? 32 : 128);
		y.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		px = cryptopan_map(&pan, &x);
		py = cryptopan_map(&pan, &y);
		assert_int_equal(common(&px, &py), bit);
	}
}

static void the_key_alone_decides(void **state)
{
	static struct cryptopan other, again;
	uint8_t key[CRYPTOPAN_KEY];
	unsigned same = 0;

	(void)state;
	memcpy(key, sample, sizeof key);
	key[31] ^= 1;
	cryptopan_init(&pan, sample);
	cryptopan_init(&again, sample);
	cryptopan_init(&other, key);
	for (unsigned i = 0; i < 1000; i++) {
		struct ipaddr a = random_address(i % 2 ? 4 : 6), x = cryptopan_map(&pan, &a), y = cryptopan_map(&again, &a), z = cryptopan_map(&other, &a);
		assert_int_equal(ipaddr_cmp(&x, &y), 0);
		same += ipaddr_cmp(&x, &z) == 0;
	}
	assert_int_equal(same, 0);
}

static void numbers_are_permuted(void **state)
{
	static const uint8_t tweak[TAG] = "t", other[TAG] = "u";
	static uint8_t seen[1 << 16];
	struct secret s;
	unsigned same = 0;

	(void)state;
	secret_init(&s, sample);
	for (uint32_t i = 0; i < 1u << 16; i++) {
		uint64_t x = secret_permute(&s, tweak, i, 16);
		assert_true(x < 1u << 16 && !seen[x]);
		seen[x] = 1;
		same += x == secret_permute(&s, other, i, 16);
	}
	assert_true(same < 100);
}

static void a_mac_address_stays_a_groups_or_a_hosts(void **state)
{
	struct secret s;

	(void)state;
	secret_init(&s, sample);
	assert_int_equal(secret_mac(&s, 0), 0);
	assert_int_equal(secret_mac(&s, 0xffffffffffff), 0xffffffffffff);
	for (unsigned i = 0; i < 4096; i++) {
		uint64_t mac = (uint64_t)rand() << 20 ^ (uint64_t)rand(), to;
		mac &= 0xffffffffffff;
		to = secret_mac(&s, mac);
		assert_true(to <= 0xffffffffffff && to != mac);
		assert_int_equal(to >> 40 & 3, mac >> 40 & 3);
		assert_int_not_equal(to, secret_mac(&s, mac ^ 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_pseudonyms_come_out),
		cmocka_unit_test(no_two_addresses_become_one),
		cmocka_unit_test(addresses_begin_alike_as_far_as_before),
		cmocka_unit_test(the_key_alone_decides),
		cmocka_unit_test(numbers_are_permuted),
		cmocka_unit_test(a_mac_address_stays_a_groups_or_a_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
