/* Two beginnings, packet by packet: one connection before and behind a device, or the two of a proxy. */
#include "tests/test.h"

#include <string.h>

#include "correlate/onset.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define SYN TCP_SYN
#define ACK TCP_ACK

/* An exchange: request, answer, the client's acknowledgment, both FINs. `isn` and `stamp` are added to numbers and timestamps. */
static struct onset exchange(uint32_t isn, uint32_t stamp, bool stamped, uint16_t id)
{
	static const struct heard packets[] = {
		{ .t = 0, .seq = 0, .flags = SYN, .dir = C2S, .win = 64240 },
		{ .t = 200 * US, .seq = 0, .ack = 1, .flags = SYN | ACK, .dir = S2C, .win = 65160 },
		{ .t = 220 * US, .seq = 1, .ack = 1, .flags = ACK, .dir = C2S, .win = 502 },
		{ .t = 300 * US, .seq = 1, .ack = 1, .len = 20, .payload = 77, .has_payload = true, .flags = ACK, .dir = C2S, .win = 502 },
		{ .t = 900 * US, .seq = 1, .ack = 21, .len = 50, .payload = 88, .has_payload = true, .flags = ACK, .dir = S2C, .win = 501 },
		{ .t = 950 * US, .seq = 21, .ack = 51, .flags = ACK, .dir = C2S, .win = 502 },
		{ .t = 60 * MS, .seq = 21, .ack = 51, .flags = TCP_FIN | ACK, .dir = C2S, .win = 502 },
		{ .t = 61 * MS, .seq = 51, .ack = 22, .flags = TCP_FIN | ACK, .dir = S2C, .win = 501 },
		{ .t = 62 * MS, .seq = 22, .ack = 52, .flags = ACK, .dir = C2S, .win = 502 },
	};
	struct onset o = { .n = sizeof packets / sizeof *packets, .has_isn = { true, true }, .isn = { isn, isn + 900 }, .resolution_ns = 1000 };

	memcpy(o.p, packets, sizeof packets);
	for (uint32_t i = 0; i < o.n; i++) {
		struct heard *p = &o.p[i];
		p->seq += isn + (p->dir == S2C ? 900 : 0);
		p->ack += p->flags & ACK ? isn + (p->dir == S2C ? 0 : 900) : 0;
		p->ip_id = id ? (uint16_t)(id + i) : 0;
		p->flags |= stamped ? (uint32_t)SEG_TS : 0;
		p->tsval = stamped ? stamp + (uint32_t)(p->t / MS) + 1000u * p->dir : 0;
	}
	return o;
}

/* As recorded behind a device, by a clock that is an hour off: to the server later, from it earlier. */
static struct onset passed_on(struct onset o, int64_t device_ns)
{
	for (uint32_t i = 0; i < o.n; i++)
		o.p[i].t += 3600 * 1000 * MS + (o.p[i].dir == C2S ? device_ns : -device_ns);
	return o;
}

/* As a proxy does it: it opens its own connection when the client's is open, and acknowledges by itself. */
static struct onset written_anew(struct onset o)
{
	static const int64_t late[] = { 400 * US, 380 * US, 430 * US, 400 * US, -60 * US, -80 * US, 40 * US, -50 * US, -90 * US };

	for (uint32_t i = 0; i < o.n; i++)
		o.p[i].t += 3600 * 1000 * MS + late[i];
	return o;
}

static void what_a_device_passes_on_is_recognised_by_its_timestamps_or_ids(void **state)
{
	struct onset x = exchange(1000, 50, true, 0), y = passed_on(exchange(777000, 50, true, 0), 30 * US);
	struct onset u = exchange(1000, 0, false, 300), v = passed_on(exchange(777000, 0, false, 300), 30 * US);
	struct accord a;

	(void)state;
	onset_compare(&x, &y, &a);
	assert_int_equal(a.aligned, 9);
	assert_true(a.alone == 0 && a.payloads == 2 && a.conflicts == 0 && a.windows == 9 && !a.backwards);
	assert_int_equal(a.stamps, 9);
	assert_true(accord_forwarded(&a, true));
	/* A proxy may have the clock of the client. */
	x.n = y.n = 3;
	onset_compare(&x, &y, &a);
	assert_true(accord_forwarded(&a, true) && !accord_forwarded(&a, false));
	onset_compare(&u, &v, &a);
	assert_true(a.stamps == 0 && a.ids == 9 && accord_forwarded(&a, true));
}

/* No number, timestamp or ID is the same: only the order in which packets passed the two points shows that they were passed on. */
static void and_by_the_order_of_things_where_nothing_else_is_kept(void **state)
{
	struct onset x = exchange(1000, 50, true, 300), y = passed_on(exchange(777000, 90000, true, 4000), 30 * US);
	struct accord a;

	(void)state;
	onset_compare(&x, &y, &a);
	assert_true(a.stamps == 0 && a.ids == 0 && a.stamps_moved > 2 && a.in_order && !a.backwards);
	assert_true(accord_forwarded(&a, true));
	/* The same from the other side. */
	onset_compare(&y, &x, &a);
	assert_true(a.in_order && accord_forwarded(&a, true));
	/* Time stamps of milliseconds cannot show it. */
	x.resolution_ns = MS;
	onset_compare(&x, &y, &a);
	assert_true(!a.in_order && !accord_forwarded(&a, true));
}

static void a_proxy_writes_anew(void **state)
{
	struct onset x = exchange(1000, 50, true, 300), y = written_anew(exchange(777000, 90000, true, 4000));
	struct accord a;

	(void)state;
	onset_compare(&x, &y, &a);
	assert_int_equal(a.aligned, 9);
	assert_true(a.backwards && !a.in_order && !accord_forwarded(&a, true));
	onset_compare(&y, &x, &a);
	assert_true(a.backwards && !a.in_order && !accord_forwarded(&a, true));
}

/* Whoever accepts no connection is no proxy. */
static void a_syn_that_nobody_accepts_was_passed_on(void **state)
{
	struct onset x = exchange(1000, 0, false, 0), y = passed_on(exchange(777000, 0, false, 0), 30 * US);
	struct accord a;

	(void)state;
	x.n = y.n = 1;
	onset_compare(&x, &y, &a);
	assert_true(a.aligned == 1 && !a.accepted && accord_forwarded(&a, true));
	x.n = 2;
	onset_compare(&x, &y, &a);
	assert_true(a.accepted && !accord_forwarded(&a, true));
}

static void other_bytes_at_the_same_place_are_another_connection(void **state)
{
	struct onset x = exchange(1000, 50, true, 0), y = passed_on(exchange(777000, 50, true, 0), 30 * US);
	struct accord a;

	(void)state;
	y.p[3].payload++;
	y.p[4].payload++;
	onset_compare(&x, &y, &a);
	assert_true(a.conflicts == 2 && a.payloads == 0 && !accord_forwarded(&a, true));
}

/* Pauses tell, but for those of timers. */
static void pauses_have_a_rhythm(void **state)
{
	struct onset x = exchange(1000, 50, true, 0), y = passed_on(exchange(777000, 50, true, 0), 30 * US), r = x, s = y;
	struct accord a;

	(void)state;
	onset_compare(&x, &y, &a);
	assert_true(a.rhythm > 2);
	/* Four SYNs, seconds apart. */
	for (uint32_t i = 0; i < 4; i++) {
		r.p[i] = x.p[0];
		r.p[i].t = i * 1000 * MS;
		s.p[i] = y.p[0];
		s.p[i].t += i * 1000 * MS;
	}
	r.n = s.n = 4;
	onset_compare(&r, &s, &a);
	assert_int_equal(a.aligned, 4);
	assert_true(a.rhythm < 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_device_passes_on_is_recognised_by_its_timestamps_or_ids),
		cmocka_unit_test(and_by_the_order_of_things_where_nothing_else_is_kept),
		cmocka_unit_test(a_proxy_writes_anew),
		cmocka_unit_test(a_syn_that_nobody_accepts_was_passed_on),
		cmocka_unit_test(other_bytes_at_the_same_place_are_another_connection),
		cmocka_unit_test(pauses_have_a_rhythm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
