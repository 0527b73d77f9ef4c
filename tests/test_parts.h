/* Segments given field by field, and the part that they are assigned to. */
#ifndef TESTS_TEST_PARTS_H
#define TESTS_TEST_PARTS_H

#include "tests/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/parts.h"

#define FIRST_ID 100            /* of the parts of every test */
#define SECOND 1000000000ll

#define SYN TCP_SYN
#define SYNACK (TCP_SYN | TCP_ACK)
#define ACK TCP_ACK
#define FINACK (TCP_FIN | TCP_ACK)
#define RST TCP_RST
#define RSTACK (TCP_RST | TCP_ACK)

/* Who sends: 10.0.0.1.40000 (endpoint a) or 10.0.0.2.80 (endpoint b). */
enum sender { A, B };

static inline struct ipaddr v4(uint32_t n)
{
	return (struct ipaddr){4, {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static inline struct segment segment(enum sender from, uint32_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct segment s = {.flags = flags, .seq = seq, .ack = ack, .len = len, .ttl = 64, .window = 502, .ip_id = 7};

	s.src = v4(from == A ? 0x0a000001 : 0x0a000002);
	s.dst = v4(from == A ? 0x0a000002 : 0x0a000001);
	s.sport = from == A ? 40000 : 80;
	s.dport = from == A ? 80 : 40000;
	return s;
}

/* The part of this segment, which must get one. */
static inline const struct part *assign(struct parts *p, struct segment s, int64_t ts_ns)
{
	bool nomem = true;
	const struct part *q = parts_assign(p, &s, ts_ns, &nomem);

	assert_false(nomem);
	assert_non_null(q);
	return q;
}

/* Its number: 0 for the first part of the test. */
static inline int64_t number_of(struct parts *p, struct segment s, int64_t ts_ns)
{
	return assign(p, s, ts_ns)->id - FIRST_ID;
}

static inline int64_t sends(struct parts *p, enum sender from, uint32_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	return number_of(p, segment(from, flags, seq, ack, len), 0);
}

static inline void check_range(const struct part *q, enum sender of, uint32_t min, uint32_t max)
{
	assert_true((q->flags & (of == A ? PART_A_SEQ : PART_B_SEQ)) != 0);
	assert_int_equal(q->side[of].seq_min, min);
	assert_int_equal(q->side[of].seq_max, max);
}

static inline void check_isns(const struct part *q, enum sender client, uint32_t client_isn, uint32_t server_isn)
{
	assert_int_equal(q->client, client == A ? PART_CLIENT_A : PART_CLIENT_B);
	assert_true(q->has_client_isn && q->has_server_isn);
	assert_int_equal(q->client_isn, client_isn);
	assert_int_equal(q->server_isn, server_isn);
}

/* The three packets of a handshake. Returns the number of the part of all of them. */
static inline int64_t handshake(struct parts *p, uint32_t client_isn, uint32_t server_isn)
{
	int64_t n = sends(p, A, SYN, client_isn, 0, 0);

	assert_int_equal(sends(p, B, SYNACK, server_isn, client_isn + 1, 0), n);
	assert_int_equal(sends(p, A, ACK, client_isn + 1, server_isn + 1, 0), n);
	return n;
}

/* What parts_evict hands out. */
struct evicted {
	struct part part[16];
	unsigned n, fail_at;            /* fail_at: the number of the part that is refused, 0: none */
};

static inline int take(void *ctx, const struct part *part)
{
	struct evicted *v = ctx;

	if (v->fail_at != 0 && v->n + 1 == v->fail_at)
		return -1;
	assert_true(v->n < 16);
	v->part[v->n++] = *part;
	return 0;
}

#endif
