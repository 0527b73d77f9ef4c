/* Connections on either side of a full proxy: which belong together, and which must not be said to. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/finding.h"
#include "correlate/hosts.h"
#include "correlate/join.h"
#include "correlate/tie.h"

#define MS INT64_C(1000000)
#define CONNS 40

/* A connection as the scenes of this file have it; the fields that are 0 are not known. Times in ms. */
struct side {
	unsigned point;
	int client, port, server, server_port;  /* row ids of addresses */
	double syn, asks, answers, end;
	uint32_t asked, answered;       /* what is said first: the digest of its first 8 bytes, 64 the same */
	uint32_t tsval;
	uint8_t ttl;
	uint64_t tls, http, request;
	int speaks_for;                 /* port of client 1 in a PROXY header */
	int forwarded;                  /* ... in a request */
	bool refused;
};

struct world {
	struct facts f;
	struct side side[CONNS];
	uint32_t n;
};

static struct stream_head head(uint32_t digest)
{
	struct stream_head h = { .rungs = digest ? 2 : 0, .rung = { digest, digest } };

	return h;
}

static struct flow flow_of(const struct side *s, uint32_t i)
{
	struct flow w = { .point = s->point, .part = i, .parts = 1, .id = i + 1, .addr = { s->client, s->server },
		.port = { (uint16_t)s->port, (uint16_t)s->server_port },
		.first_ns = (int64_t)(s->syn * (double)MS), .last_ns = (int64_t)(s->end * (double)MS), .packets = 10, .role_known = true,
		.isn = { 1000000 * (i + 1), 500000 * (i + 7) }, .has_isn = { true, !s->refused }, .has_syn_tsval = s->tsval != 0, .syn_tsval = s->tsval,
		.ttl = { s->ttl ? s->ttl : 64, s->refused ? 0 : 64 },
		.has_said = { s->asks > 0, s->answers > 0 }, .said_ns = { (int64_t)(s->asks * (double)MS), (int64_t)(s->answers * (double)MS) } };

	w.opening.head[C2S] = head(s->asked);
	w.opening.head[S2C] = head(s->answered);
	w.opening.kind = s->tls ? OPENING_TLS : s->http ? OPENING_HTTP : OPENING_NONE;
	w.opening.digest = s->tls ? s->tls : s->http;
	w.speaks_for = (struct speaks_for){ .header = s->speaks_for ? 28 : 0, .addr = s->speaks_for || s->forwarded ? 1 : 0,
		.port = (uint16_t)(s->speaks_for + s->forwarded), .request = s->request };
	return w;
}

static void tie(struct world *w)
{
	struct facts *f = &w->f;
	struct err e;

	memset(f, 0, sizeof *f);
	f->points = 2;
	f->point = calloc(POINTS_MAX, sizeof *f->point);
	f->flow = malloc(CONNS * sizeof *f->flow);
	f->part = calloc(CONNS, sizeof *f->part);
	f->hosts = hosts_new();
	assert_true(f->point && f->flow && f->part && f->hosts);
	for (uint32_t i = 0; i < f->points; i++) {
		f->point[i].position = (int)i;
		f->point[i].clock = (int)i;
	}
	f->flows = w->n;
	for (uint32_t i = 0; i < w->n; i++)
		f->flow[i] = flow_of(&w->side[i], i);
	assert_int_equal(join_flows(f, NULL, &e), 0);
	assert_int_equal(join_order(f, &e), 0);
	assert_int_equal(tie_find(f, NULL, &e), 0);
}

/* Ties as "front>back", by the number that the scene gave them, and ends without a peer as "front>" and ">back". */
static const char *ties(const struct world *w)
{
	static char out[1000];
	const struct facts *f = &w->f;
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < f->ties; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%d>%d ", (int)f->flow[f->conn[f->tied[i].front].flow].id, (int)f->flow[f->conn[f->tied[i].back].flow].id);
	for (uint32_t i = 0; i < f->conns; i++) {
		const struct conn_ref *r = &f->conn[i];
		if (r->proxy[S2C].tie && r->proxy[S2C].peer == UINT32_MAX)
			n += (size_t)snprintf(out + n, sizeof out - n, "%d> ", (int)f->flow[r->flow].id);
		if (r->proxy[C2S].tie && r->proxy[C2S].peer == UINT32_MAX)
			n += (size_t)snprintf(out + n, sizeof out - n, ">%d ", (int)f->flow[r->flow].id);
	}
	return out;
}

static void check(struct world *w, const char *expected)
{
	tie(w);
	assert_string_equal(ties(w), expected);
	facts_free(&w->f);
}

static struct side *add(struct world *w, struct side s)
{
	assert_true(w->n < CONNS);
	w->side[w->n] = s;
	return &w->side[w->n++];
}

/* Client 1 asks server 2 at `at` ms ... */
static struct side *front(struct world *w, int port, double at, uint32_t asked)
{
	return add(w, (struct side){ .client = 1, .port = port, .server = 2, .server_port = 80, .syn = at, .asks = at + 0.2, .answers = at + 3, .end = at + 5,
		.asked = asked, .answered = asked ? asked + 1 : 0, .tsval = 4000000 });
}

/* ... and host 3 asks server 4 beyond, soon after. */
static struct side *back(struct world *w, int port, double at, uint32_t asked)
{
	return add(w, (struct side){ .point = 1, .client = 3, .port = port, .server = 4, .server_port = 8080, .syn = at + 0.5, .asks = at + 0.8,
		.answers = at + 2, .end = at + 4, .asked = asked, .answered = asked ? asked + 1 : 0, .tsval = 9000000 });
}

static void streams_that_begin_alike_are_tied(void **state)
{
	struct world w = { 0 };

	(void)state;
	front(&w, 1000, 100, 7);
	back(&w, 2000, 100, 7);
	front(&w, 1001, 200, 7);
	back(&w, 2001, 200, 7);
	/* Others at the time: another stream, and one that was not there at the time. */
	back(&w, 2002, 100.1, 8);
	back(&w, 2003, 150, 7)->server = 5;
	check(&w, "1>2 3>4 >5 ");
}

/* Two that fit as well: neither is taken, whatever the order. */
static void equal_candidates_are_not_tied(void **state)
{
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct world w = { 0 };
		front(&w, 1000, 100, 7);
		front(&w, 1001, 100 + 0.1 * turn, 7);
		back(&w, 2000, 100.2, 7);
		back(&w, 2001, 100.2 + 0.1 * turn, 7);
		check(&w, "");
	}
	/* One front, two backs; two fronts, one back. */
	struct world w = { 0 };
	front(&w, 1000, 100, 7);
	back(&w, 2000, 100, 7);
	back(&w, 2001, 100.1, 7);
	check(&w, "");
	w.n = 0;
	front(&w, 1000, 100, 7);
	front(&w, 1001, 100.1, 7);
	back(&w, 2000, 100.2, 7);
	check(&w, "");
}

/* As many on either side: that the proxy ends and opens them is known, who is whose is not. */
static void a_class_is_not_tied_one_to_one(void **state)
{
	struct world w = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		front(&w, 1000 + i, 100 + i * 0.1, 7);
		back(&w, 2000 + i, 100.4, 7);
	}
	tie(&w);
	assert_int_equal(w.f.ties, 0);
	for (uint32_t i = 0; i < w.f.conns; i++) {
		const struct proxy_end *p = w.f.conn[i].proxy;
		assert_int_equal(p[S2C].tie + p[C2S].tie, TIE_CLASS);
		assert_int_equal(p[p[S2C].tie ? S2C : C2S].confidence, LIKELY);
	}
	facts_free(&w.f);
}

/* Content that is equal while the times contradict is chance. */
static void what_is_not_nested_is_not_tied(void **state)
{
	struct world w = { 0 };
	struct side *s;

	(void)state;
	front(&w, 1000, 100, 7);
	s = back(&w, 2000, 100, 7);
	s->syn = 99;            /* opened before it was asked for */
	check(&w, "");
	w.n = 0;
	front(&w, 1000, 100, 7);
	back(&w, 2000, 100, 7)->answers = 103.5;        /* answered after the client had its answer */
	check(&w, "");
	w.n = 0;
	front(&w, 1000, 100, 7);
	s = back(&w, 2000, 100, 7);
	s->asks = 100.1;        /* asked before the client had asked */
	check(&w, "");
	w.n = 0;
	front(&w, 1000, 100, 7);
	back(&w, 2000, 110, 7);                         /* opened when the client's was over */
	check(&w, "");
	w.n = 0;
	front(&w, 1000, 100, 7);
	back(&w, 2000, 100, 7)->answered = 9;           /* answered with something else */
	check(&w, "");
	/* The client's side lies beyond. */
	w.n = 0;
	front(&w, 1000, 100, 7)->point = 1;
	back(&w, 2000, 100, 7)->point = 0;
	check(&w, "");
}

/* NAT with new sequence numbers passes the SYN on, with its timestamp; and without timestamps nothing tells it from a proxy. */
static void a_device_that_translates_is_no_proxy(void **state)
{
	struct world w = { 0 };
	struct side *s;

	(void)state;
	for (int i = 0; i < 4; i++) {
		front(&w, 1000 + i, 100 * (i + 1), 7)->tsval = 4000000 + (uint32_t)i;
		s = back(&w, 2000 + i, 100 * (i + 1), 7);
		s->tsval = 4000000 + (uint32_t)i;
		s->syn = s->syn - 0.4;
	}
	check(&w, "");
	for (uint32_t i = 0; i < w.n; i++)
		w.side[i].tsval = 0;
	check(&w, "");
	/* Timestamps of its own, and a router's TTL. */
	for (uint32_t i = 0; i < w.n; i++) {
		w.side[i].tsval = i % 2 ? 9000000 : 4000000;
		w.side[i].ttl = i % 2 ? 63 : 64;
	}
	check(&w, "");
	/* Who had asked before the server's side was opened had had an answer before. */
	for (uint32_t i = 1; i < w.n; i += 2)
		w.side[i].syn += 0.4;
	check(&w, "1>2 3>4 5>6 7>8 ");
}

/* A transparent proxy keeps addresses and ports: what tells it is that nothing else is kept. */
static void the_same_addresses_may_be_a_transparent_proxy(void **state)
{
	struct world w = { 0 };
	struct side *s;

	(void)state;
	front(&w, 1000, 100, 7);
	s = back(&w, 1000, 100, 7);
	s->client = 1;
	s->server = 2;
	s->server_port = 80;
	check(&w, "1>2 ");
	s->tsval = 0;
	check(&w, "");
}

static void a_proxy_header_ties_whatever_else_there_is(void **state)
{
	struct world w = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		front(&w, 1000 + i, 100, 7);
		back(&w, 2000 + i, 100, 7)->speaks_for = 1003 - i;
	}
	check(&w, "1>8 3>6 5>4 7>2 ");
	/* Anybody may write that into a request. */
	w.n = 0;
	front(&w, 1000, 100, 7);
	back(&w, 2000, 100, 8)->forwarded = 1000;
	check(&w, "");
	/* The port was used again later: the header is of the one that was open. */
	w.n = 0;
	front(&w, 1000, 100, 7);
	back(&w, 2000, 300, 7)->speaks_for = 1000;
	check(&w, "");
	front(&w, 1000, 300, 7);
	check(&w, "3>2 1> ");
}

static void a_client_hello_ties_unless_two_have_it(void **state)
{
	struct world w = { 0 };

	(void)state;
	front(&w, 1000, 100, 0)->tls = 77;
	back(&w, 2000, 100, 0)->tls = 77;
	front(&w, 1001, 100, 0)->tls = 78;
	check(&w, "1>2 3> ");
	w.n = 2;
	front(&w, 1001, 100, 0)->tls = 77;
	check(&w, "");
}

/* A proxy that adds headers: the request is the same, the streams are not. X-Forwarded-For of another client speaks against it. */
static void the_same_request_ties(void **state)
{
	struct world w = { 0 };
	struct side *s;

	(void)state;
	front(&w, 1000, 100, 7)->http = 55;
	s = back(&w, 2000, 100, 8);
	s->http = 55;
	check(&w, "1>2 ");
	s->http = 56;
	check(&w, "");
}

/* Connections through a pool of the proxy's have no back of their own. */
static void a_shared_back_is_only_the_firsts(void **state)
{
	struct world w = { 0 };
	struct side *s;

	(void)state;
	front(&w, 1000, 100, 7)->http = 55;
	s = back(&w, 2000, 100, 8);
	s->http = 55;
	s->end = 1000;
	front(&w, 1001, 200, 7)->http = 55;
	front(&w, 1002, 300, 9)->http = 57;
	check(&w, "1>2 3> 4> ");
}

/* Only at the same service, and only what was never seen beyond. */
static void other_servers_are_not_the_proxys(void **state)
{
	struct world w = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		front(&w, 1000 + i, 100 * (i + 1), 7);
		back(&w, 2000 + i, 100 * (i + 1), 7);
	}
	front(&w, 1005, 500, 8)->server = 6;
	front(&w, 1006, 600, 8)->server_port = 81;
	back(&w, 2005, 700, 8)->client = 8;
	check(&w, "1>2 3>4 5>6 ");
}

static struct side *refused(struct world *w, int port, double at)
{
	struct side *s = back(w, port, at, 0);

	s->asks = s->answers = 0;
	s->end = s->syn + 0.1;
	s->refused = true;
	return s;
}

/* A back end that is down: nothing is said, but one fails whenever the other begins, and again when the other ends. */
static void times_tie_if_they_are_in_step(void **state)
{
	struct world w = { 0 };
	struct side *s;

	(void)state;
	for (int i = 0; i < 4; i++) {
		s = front(&w, 1000 + i, 100 + i * 350, 7);
		s->answers = 0;
		s->end = s->syn + 1000;
		refused(&w, 2000 + i, s->syn);
		refused(&w, 3000 + i, s->end - 1);
	}
	check(&w, "1>2 1>3 4>5 4>6 7>8 7>9 10>11 10>12 ");
}

static void times_alone_are_not_enough(void **state)
{
	struct world w = { 0 };

	(void)state;
	/* Once is chance. */
	front(&w, 1000, 100, 0)->end = 200;
	refused(&w, 2000, 100);
	front(&w, 1001, 5000, 0)->server = 6;
	check(&w, "");
	/* So is what comes at any time. */
	w.n = 0;
	for (int i = 0; i < 5; i++)
		front(&w, 1000 + i, 100 + 30 * i, 0);
	for (int i = 0; i < 20; i++)
		refused(&w, 2000 + i, 100 + 7.7 * i);
	check(&w, "");
	/* Most of them have none. */
	w.n = 0;
	for (int i = 0; i < 12; i++)
		front(&w, 1000 + i, 100 + 300 * i, 0);
	for (int i = 0; i < 3; i++)
		refused(&w, 2000 + i, 100 + 300 * i);
	check(&w, "");
}

/* Before anything is known of the clocks: by what only two have. */
static void content_alone_tells_the_order_of_the_points(void **state)
{
	struct world w = { 0 };
	struct tied *list;
	uint32_t n;
	struct err e;

	(void)state;
	for (int i = 0; i < 3; i++) {
		front(&w, 1000 + i, 100 * (i + 1), 70 + (uint32_t)i);
		back(&w, 2000 + i, 100 * (i + 1) + 7777, 70 + (uint32_t)i);
	}
	tie(&w);
	assert_int_equal(w.f.ties, 0);
	assert_int_equal(tie_by_content(&w.f, NULL, &list, &n, &e), 0);
	assert_int_equal(n, 3);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(w.f.flow[w.f.conn[list[i].front].flow].point, 0);
		assert_int_equal(w.f.flow[w.f.conn[list[i].front].flow].id + 1, w.f.flow[w.f.conn[list[i].back].flow].id);
	}
	free(list);
	facts_free(&w.f);
	/* Twice may be chance. */
	w.n = 4;
	tie(&w);
	assert_int_equal(tie_by_content(&w.f, NULL, &list, &n, &e), 0);
	assert_int_equal(n, 0);
	free(list);
	facts_free(&w.f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_that_begin_alike_are_tied),
		cmocka_unit_test(equal_candidates_are_not_tied),
		cmocka_unit_test(a_class_is_not_tied_one_to_one),
		cmocka_unit_test(what_is_not_nested_is_not_tied),
		cmocka_unit_test(a_device_that_translates_is_no_proxy),
		cmocka_unit_test(the_same_addresses_may_be_a_transparent_proxy),
		cmocka_unit_test(a_proxy_header_ties_whatever_else_there_is),
		cmocka_unit_test(a_client_hello_ties_unless_two_have_it),
		cmocka_unit_test(the_same_request_ties),
		cmocka_unit_test(a_shared_back_is_only_the_firsts),
		cmocka_unit_test(other_servers_are_not_the_proxys),
		cmocka_unit_test(times_tie_if_they_are_in_step),
		cmocka_unit_test(times_alone_are_not_enough),
		cmocka_unit_test(content_alone_tells_the_order_of_the_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
