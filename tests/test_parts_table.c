#include "tests/test_parts.h"

/* Endpoint a is the smaller address, then port; whoever speaks first. */
static void endpoints_are_ordered_by_address_then_port(void **state)
{
	static const struct {
		const char *smaller, *larger;
		uint16_t smaller_port, larger_port;
		uint8_t family;
	} pairs[] = {
	    {"\x0a\0\0\1", "\x0a\0\0\2", 9, 1, 4},
	    {"\x09\xff\xff\xff", "\x0a\0\0\0", 1, 1, 4},
	    {"\x7f\0\0\1", "\x7f\0\0\1", 80, 40000, 4},
	    {"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 9, 1, 6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct parts *p = parts_new(FIRST_ID, false);
		size_t n = pairs[i].family == 4 ? 4 : 16;
		for (int turn = 0; turn < 4; turn++) {
			struct segment s = {.flags = TCP_ACK};
			struct ipaddr *small = turn % 2 ? &s.dst : &s.src, *large = turn % 2 ? &s.src : &s.dst;
			bool nomem;
			small->family = large->family = pairs[i].family;
			memcpy(small->b, pairs[i].smaller, n);
			memcpy(large->b, pairs[i].larger, n);
			s.sport = turn % 2 ? pairs[i].larger_port : pairs[i].smaller_port;
			s.dport = turn % 2 ? pairs[i].smaller_port : pairs[i].larger_port;
			const struct part *q = parts_assign(p, &s, 0, &nomem);
			assert_int_equal(q->id, FIRST_ID);
			assert_int_equal((s.flags & SEG_FROM_A) != 0, turn % 2 == 0);
			assert_memory_equal(&q->side[0].addr, small, sizeof *small);
			assert_memory_equal(&q->side[1].addr, large, sizeof *large);
			assert_int_equal(q->side[0].port, pairs[i].smaller_port);
			assert_int_equal(q->side[1].port, pairs[i].larger_port);
			assert_int_equal(q->side[0].packets, turn / 2 + 1);
			assert_int_equal(q->side[1].packets, (turn + 1) / 2);
		}
		parts_free(p);
	}
}

static void what_is_kept_of_the_senders_and_times(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	struct segment s = segment(B, RST, 1, 0, 0);

	(void)state;
	/* The TTL of a reset may be that of a device in between. */
	s.ttl = 200;
	s.src_mac = 0xb;
	s.vlans = 5;
	assign(p, s, 500);
	s = segment(B, SYN, 1000, 0, 0);
	s.ttl = 63;
	s.src_mac = 0xc;
	s.tsval = 77;
	s.flags |= SEG_TS;
	assert_int_equal(number_of(p, s, 400), 1);
	s = segment(A, SYNACK, 5000, 1001, 0);
	s.ttl = 127;
	s.tsval = 88;
	s.flags |= SEG_TS;
	const struct part *q = assign(p, s, 700);
	assert_int_equal(q->id, FIRST_ID + 1);
	check_isns(q, B, 1000, 5000);
	assert_true(q->has_syn_tsval && q->has_synack_tsval);
	assert_int_equal(q->syn_tsval, 77);
	assert_int_equal(q->synack_tsval, 88);
	assert_int_equal(q->side[0].ttl, 127);
	assert_int_equal(q->side[1].ttl, 63);
	assert_int_equal(q->side[0].mac, 0);
	assert_int_equal(q->side[1].mac, 0xc);
	q = assign(p, segment(A, ACK, 5001, 1001, 0), 100);
	assert_true(q->first_ns == 400 && q->min_ns == 100 && q->max_ns == 700);
	assert_int_equal(q->flags & PART_TALKED, 0);
	assert_int_equal(assign(p, segment(B, ACK, 1001, 5001, 0), 100)->flags & PART_TALKED, PART_TALKED);

	struct evicted v = {0};
	assert_int_equal(parts_evict(p, INT64_MAX, take, &v), 0);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.part[0].vlans, 5);
	assert_int_equal(v.part[0].side[1].ttl, 0);
	assert_int_equal(v.part[0].side[1].mac, 0xb);
	assert_int_equal(v.part[0].flags, PART_RST);
	parts_free(p);
}

/* The quoted packet finds the part; the ICMP itself travels the other way, sent by neither. */
static void an_icmp_error_belongs_to_what_it_quotes(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	bool nomem;

	(void)state;
	handshake(p, 1000, 5000);
	handshake(p, 900000, 800000);
	struct segment s = segment(A, ACK | SEG_ICMP, 1001, 5001, 100000);
	const struct part *q = parts_assign(p, &s, 0, &nomem);
	assert_int_equal(q->id, FIRST_ID);
	assert_int_equal(s.flags & SEG_FROM_A, 0);
	assert_int_equal(q->packets, 4);
	assert_int_equal(q->side[A].packets + q->side[B].packets, 3);
	assert_int_equal(q->bytes, 0);
	check_range(q, A, 1000, 1001);
	s = segment(B, SYNACK | SEG_ICMP, 800000, 900001, 0);
	assert_int_equal(parts_assign(p, &s, 0, &nomem)->id, FIRST_ID + 1);
	assert_int_equal(s.flags & SEG_FROM_A, SEG_FROM_A);
	/* About a SYN that waits: not its answer, but its own. And one that nothing is known of makes a part, of no known roles. */
	assert_int_equal(sends(p, A, SYN, 50000000, 0, 0), 2);
	assert_int_equal(sends(p, A, SYN | SEG_ICMP, 50000000, 0, 0), 2);
	assert_int_equal(sends(p, A, SYN | SEG_ICMP, 1000, 0, 0), 0);
	parts_free(p);
	p = parts_new(FIRST_ID, false);
	q = assign(p, segment(A, SYN | SEG_ICMP, 1000, 0, 0), 0);
	assert_int_equal(q->client, PART_CLIENT_UNKNOWN);
	assert_int_equal(q->flags, 0);
	assert_false(q->has_client_isn);
	parts_free(p);
}

/* A later fragment: no ports, its offset for a sequence number. */
static struct segment later(enum sender from, uint16_t ip_id)
{
	struct segment s = segment(from, SEG_LATER, 1480, 0, 500);

	s.sport = s.dport = 0;
	s.ip_id = ip_id;
	return s;
}

static void check_refused(struct parts *p, struct segment s)
{
	bool nomem = true;

	assert_null(parts_assign(p, &s, 0, &nomem));
	assert_false(nomem);
}

static void a_later_fragment_goes_with_the_first(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	struct segment first = segment(A, ACK | SEG_FRAGMENT, 1001, 5001, 1460), s;
	bool nomem;

	(void)state;
	first.ip_id = 1234;
	check_refused(p, later(A, 1234));
	handshake(p, 1000, 5000);
	handshake(p, 900000, 800000);
	assert_int_equal(number_of(p, first, 0), 0);
	for (int i = 0; i < 2; i++) {
		s = later(A, 1234);
		const struct part *q = parts_assign(p, &s, SECOND / 5, &nomem);
		assert_non_null(q);
		assert_int_equal(q->id, FIRST_ID);
		assert_int_equal(s.flags & SEG_FROM_A, SEG_FROM_A);
		assert_true(q->max_ns == SECOND / 5);
		assert_int_equal(q->bytes, 1460 + 500 * (i + 1));
		check_range(q, A, 1000, 2461);
	}
	for (uint16_t ip_id = 1235; ip_id != 1234; ip_id++)
		check_refused(p, later(A, ip_id));
	check_refused(p, later(B, 1234));
	s = later(A, 1234);
	s.dst = v4(0x0a000003);
	check_refused(p, s);
	/* Not after its part was handed out, even if another has come to its place. */
	struct evicted v = {0};
	assert_int_equal(parts_evict(p, INT64_MAX, take, &v), 0);
	handshake(p, 1000, 5000);
	handshake(p, 900000, 800000);
	check_refused(p, later(A, 1234));
	parts_free(p);
}

/* The identification in an ICMP error's own header has nothing to do with the fragment that it quotes. */
static void what_an_icmp_error_quotes_has_no_later_fragments(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	struct segment s = segment(A, ACK | SEG_FRAGMENT | SEG_ICMP, 1001, 5001, 0);

	(void)state;
	s.ip_id = 1234;
	assert_int_equal(number_of(p, s, 0), 0);
	check_refused(p, later(A, 1234));
	parts_free(p);
}

static struct segment in_tunnel(struct segment s, uint8_t kind, uint32_t id)
{
	s.tunnel = (struct tunnel){.kind = kind, .depth = kind != TUNNEL_NONE, .id = id};
	return s;
}

static void every_tunnel_is_a_world_of_its_own(void **state)
{
	static const struct {
		uint8_t kind;
		uint32_t id;
	} tunnels[] = {{TUNNEL_NONE, 0}, {TUNNEL_VXLAN, 0}, {TUNNEL_VXLAN, 7}, {TUNNEL_GRE, 7}};
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(number_of(p, in_tunnel(segment(A, SYN, 1000, 0, 0), tunnels[i].kind, tunnels[i].id), 0), i);
	for (int i = 0; i < 4; i++) {
		struct segment s = in_tunnel(segment(B, SYNACK, 5000, 1001, 0), tunnels[i].kind, tunnels[i].id);
		const struct part *q = assign(p, s, 0);
		assert_int_equal(q->id, FIRST_ID + i);
		assert_int_equal(q->packets, 2);
		assert_int_equal(q->tunnel.kind, tunnels[i].kind);
		assert_int_equal(q->tunnel.id, tunnels[i].id);
		s = in_tunnel(segment(A, ACK | SEG_FRAGMENT, 1001, 5001, 5), tunnels[i].kind, tunnels[i].id);
		assert_int_equal(number_of(p, s, 0), i);
	}
	/* Also for fragments of the same datagram, mirrored twice. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(number_of(p, in_tunnel(later(A, 7), tunnels[i].kind, tunnels[i].id), 0), i);
	for (uint32_t id = 8; id < 20000; id++)
		check_refused(p, in_tunnel(later(A, 7), TUNNEL_GRE, id));
	parts_free(p);
}

static void idle_parts_are_handed_out_and_forgotten(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	struct evicted v = {0};

	(void)state;
	/* Four incarnations; the first and the third are idle. */
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(number_of(p, segment(A, SYN, 1000 + i * 100000, 0, 0), i % 2 ? 20 * SECOND : 5 * SECOND), i);
	assert_int_equal(parts_evict(p, 5 * SECOND, take, &v), 0);
	assert_int_equal(v.n, 0);
	assert_int_equal(parts_evict(p, 5 * SECOND + 1, take, &v), 0);
	assert_int_equal(v.n, 2);
	assert_true(v.part[0].id == FIRST_ID && v.part[1].id == FIRST_ID + 2);
	assert_int_equal(v.part[1].client_isn, 201000);
	/* The others keep their ids and their order; a new one does not get an id that was given before. */
	assert_int_equal(number_of(p, segment(A, SYN, 101000, 0, 0), 21 * SECOND), 1);
	assert_int_equal(number_of(p, segment(A, ACK, 1, 1, 0), 21 * SECOND), 3);
	assert_int_equal(number_of(p, segment(B, SYNACK, 1, 301001, 0), 21 * SECOND), 3);
	assert_int_equal(number_of(p, segment(A, SYN, 1000, 0, 0), 21 * SECOND), 4);
	assert_int_equal(number_of(p, segment(A, SYN, 201000, 0, 0), 21 * SECOND), 5);
	assert_int_equal(number_of(p, segment(A, SYN, 301000, 0, 0), 21 * SECOND), 3);
	assert_int_equal(number_of(p, segment(B, RST, 0, 0, 0), 21 * SECOND), 5);
	/* The newest stays in front, though it lies where an older one lay. */
	assert_int_equal(parts_evict(p, SECOND, take, &v), 0);
	assert_int_equal(v.n, 2);
	assert_int_equal(number_of(p, segment(B, RST, 0, 0, 0), 21 * SECOND), 5);

	v = (struct evicted){0};
	assert_int_equal(parts_evict(p, INT64_MAX, take, &v), 0);
	assert_int_equal(v.n, 4);
	assert_int_equal(parts_evict(p, INT64_MAX, take, &v), 0);
	assert_int_equal(v.n, 4);
	assert_int_equal(number_of(p, segment(A, ACK, 1, 1, 0), 22 * SECOND), 6);
	parts_free(p);
}

static void handing_out_ends_with_the_first_failure(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	struct evicted v = {.fail_at = 2};

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		sends(p, A, SYN, i * 100000, 0, 0);
	assert_int_equal(parts_evict(p, INT64_MAX, take, &v), -1);
	assert_int_equal(v.n, 1);
	parts_free(p);
	parts_free(NULL);
}

#define MANY 100000

static struct segment one_of_many(uint32_t i, enum sender from)
{
	struct segment s = segment(from, ACK, from == A ? 1000 : 5000, 1, 1);
	struct ipaddr host = v4(0x0a010000 + i / 1000);

	*(from == A ? &s.src : &s.dst) = host;
	*(from == A ? &s.sport : &s.dport) = (uint16_t)(1000 + i % 1000);
	*(from == A ? &s.dst : &s.src) = v4(0x0b000001);
	return s;
}

static int count_packets(void *ctx, const struct part *part)
{
	uint32_t *seen = ctx, i = (uint32_t)(part->id - FIRST_ID);

	assert_true(i < MANY);
	assert_int_equal(part->side[0].addr.b[3], i / 1000);
	assert_int_equal(part->side[0].port, 1000 + i % 1000);
	assert_int_equal(part->packets, 2);
	seen[i]++;
	return 0;
}

/* Many more than there is room for at first; half of them go, come again, and lie where others lay. */
static void many_keys_are_kept_apart(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	uint32_t *seen = calloc(MANY, sizeof *seen);

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(number_of(p, one_of_many(i, A), i % 2), i);
	for (uint32_t i = MANY; i-- > 0;)
		assert_int_equal(number_of(p, one_of_many(i, B), i % 2), i);
	assert_int_equal(parts_evict(p, 1, count_packets, seen), 0);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(seen[i], i % 2 == 0);
	int64_t next = MANY;
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(number_of(p, one_of_many(i, A), 1), i % 2 ? i : next++);
	free(seen);
	parts_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(endpoints_are_ordered_by_address_then_port),
	    cmocka_unit_test(what_is_kept_of_the_senders_and_times),
	    cmocka_unit_test(an_icmp_error_belongs_to_what_it_quotes),
	    cmocka_unit_test(a_later_fragment_goes_with_the_first),
	    cmocka_unit_test(what_an_icmp_error_quotes_has_no_later_fragments),
	    cmocka_unit_test(every_tunnel_is_a_world_of_its_own),
	    cmocka_unit_test(idle_parts_are_handed_out_and_forgotten),
	    cmocka_unit_test(handing_out_ends_with_the_first_failure),
	    cmocka_unit_test(many_keys_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
