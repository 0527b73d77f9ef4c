/* Points, windows and flows, from the rows of a case. */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/flows.h"
#include "correlate/hosts.h"
#include "schema/part.h"

#define SEC INT64_C(1000000000)
enum side { A, B, NOBODY_KNOWS };

/* A part between 10.0.0.1 (a) and 10.0.0.2 (b); 0: NULL, or as usual. */
struct row {
	int capture;            /* = its point */
	enum side client;
	int a_port, b_port;
	int64_t from, to, client_isn, server_isn, a_min, a_max, b_min, b_max;
	bool a_silent, b_silent;
	uint32_t flags;
	int tunnel;             /* 1 and 2: GTP-U, other TEIDs; 3: as 1, with the outer addresses the other way round */
	int64_t ack;            /* of a packet of the one that is not silent */
};

static void run(struct db *db, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void run(struct db *db, const char *fmt, ...)
{
	char sql[1000];
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof sql, fmt, ap);
	va_end(ap);
	if (db_exec(db, sql, &e) < 0)
		fail_msg("%s", e.msg);
}

static void capture(struct db *db, int id, int point, int64_t first, int64_t last)
{
	run(db, "INSERT INTO capture VALUES(%d, %d, 'file', '', x'%02x', 'pcap', '', NULL, 1, 1, %" PRId64 ", %" PRId64 ", NULL)", id, point, id, first, last);
}

/* Points 1, 2, 3 are named z, b, c; each has a capture of the same number. */
static struct db case_of(const struct row *r, size_t n)
{
	struct db db;
	struct err e;

	assert_int_equal(db_open(&db, ":memory:", DB_CREATE, &e), 0);
	run(&db, "INSERT INTO point VALUES(1, 'z'), (2, 'b'), (3, 'c'); INSERT INTO addr VALUES(1, '10.0.0.1', 4), (2, '10.0.0.2', 4); "
	    "INSERT INTO tunnel VALUES(1, 'GTP-U', 7, 1, 2), (2, 'GTP-U', 9, 2, 1), (3, 'GTP-U', 7, 2, 1)");
	for (int i = 1; i <= 3; i++)
		capture(&db, i, i, 0, 100 * SEC);
	for (size_t i = 0; i < n; i++)
		run(&db, "INSERT INTO part_row VALUES(%zu, %d, 1, %d, 2, %d, nullif(%d, 0), 0, 0, 0, %" PRId64 ", 0, %" PRId64 ", %d, 100, nullif(%d, -1), "
			"nullif(%" PRId64 ", 0), nullif(%" PRId64 ", 0), NULL, NULL, nullif(%" PRId64 ", 0), nullif(%" PRId64 ", 0), nullif(%" PRId64 ", 0), "
			"nullif(%" PRId64 ", 0), %u, %d, %d, %d, %d, NULL, NULL, NULL, 0, 0, 0, 0)", i + 1, r[i].capture, r[i].a_port ? r[i].a_port : 40000, r[i].b_port ? r[i].b_port : 80, r[i].tunnel,
			r[i].from, r[i].to - r[i].from, 3 * !r[i].a_silent + 2 * !r[i].b_silent, r[i].client == A ? 1 : r[i].client == B ? 0 : -1, r[i].client_isn,
			r[i].server_isn, r[i].a_min, r[i].a_max, r[i].b_min, r[i].b_max, r[i].flags, 3 * !r[i].a_silent, 2 * !r[i].b_silent,
			64 * !r[i].a_silent, 60 * !r[i].b_silent);
	for (size_t i = 0; i < n; i++)
		if (r[i].ack)
			run(&db, "INSERT INTO packet VALUES(%zu, 1, 0, %d, 0, %d, 1, 0, NULL, NULL, 0, 64, 0, NULL); INSERT INTO run VALUES(%zu, %zu, 1)", i + 1,
			    16 | (r[i].a_silent ? 0 : 512), (int)(uint32_t)r[i].ack, i + 1, i + 1);
	return db;
}

static struct facts loaded(const struct row *r, size_t n)
{
	struct db db = case_of(r, n);
	struct facts_options o = { 0 };
	struct facts f;
	struct err e;

	if (facts_load(&f, &db, &o, &e) < 0 || flows_load(&f, &db, &e) < 0)
		fail_msg("%s", e.msg);
	db_close(&db);
	return f;
}

/* ---- flows ---- */

static void parts_of_rotated_files_are_one_flow(void **state)
{
	/* Imported in the wrong order; the second one has no handshake. */
	static const struct row rows[] = {
		{ .capture = 1, .from = 5 * SEC, .to = 9 * SEC, .client = NOBODY_KNOWS, .a_min = 2000, .a_max = 3000, .b_min = 6000, .b_max = 7000 },
		{ .capture = 1, .from = 1 * SEC, .to = 4 * SEC, .client_isn = 1000, .server_isn = 5000, .a_min = 1000, .a_max = 2000, .b_min = 5000, .b_max = 6000 },
	};
	struct facts f = loaded(rows, 2);

	(void)state;
	assert_int_equal(f.flows, 1);
	assert_int_equal(f.flow[0].parts, 2);
	assert_true(f.flow[0].has_isn[C2S] && f.flow[0].isn[C2S] == 1000 && f.flow[0].isn[S2C] == 5000);
	assert_true(f.flow[0].first_ns == SEC && f.flow[0].last_ns == 9 * SEC && f.flow[0].packets == 10);
	assert_true(f.flow[0].seq_min[C2S] == 1000 && f.flow[0].seq_max[C2S] == 3000 && f.flow[0].seq_max[S2C] == 7000);
	assert_true(f.flow[0].role_known && f.flow[0].addr[C2S] == 1 && f.flow[0].port[S2C] == 80);
	assert_true(f.part[0].a_is_client && f.part[1].a_is_client);
	facts_free(&f);
}

/* The SYNs of the second use of these ports are missing: parts.c set it apart, and it stays so. */
static void what_begins_behind_the_ends_is_another_flow(void **state)
{
	static const struct row rows[] = {
		{ .capture = 1, .from = 1 * SEC, .to = 2 * SEC, .client_isn = 1000, .server_isn = 5000, .a_min = 1000, .a_max = 2000, .b_min = 5000, .b_max = 6000,
		  .flags = PART_FIN_A | PART_FIN_B },
		{ .capture = 1, .from = 3 * SEC, .to = 4 * SEC, .client = NOBODY_KNOWS, .a_min = 9000, .a_max = 9500, .b_min = 8000, .b_max = 8500 },
	};
	/* The same before the ends, in a capture that is one file of several. */
	struct row rotated[] = { rows[0], rows[1] };
	struct facts f = loaded(rows, 2);

	(void)state;
	assert_int_equal(f.flows, 2);
	facts_free(&f);
	rotated[1].from = rotated[1].to = 3 * SEC / 2;
	f = loaded(rotated, 2);
	assert_int_equal(f.flows, 1);
	facts_free(&f);
}

static void another_initial_number_is_another_flow(void **state)
{
	static const struct row rows[] = {
		{ .capture = 1, .from = 1 * SEC, .to = 2 * SEC, .client_isn = 1000, .a_min = 1000, .a_max = 2000 },
		{ .capture = 1, .from = 3 * SEC, .to = 4 * SEC, .client_isn = 1500, .a_min = 1500, .a_max = 2000 },
		{ .capture = 1, .from = 5 * SEC, .to = 6 * SEC, .client_isn = 1000, .a_min = 1000, .a_max = 2000 },
	};
	struct facts f = loaded(rows, 3);

	(void)state;
	assert_int_equal(f.flows, 2);
	assert_true(f.flow[0].isn[C2S] == 1000 && f.flow[0].parts == 2 && f.flow[1].isn[C2S] == 1500 && f.flow[1].parts == 1);
	facts_free(&f);
}

static void a_part_without_a_handshake_goes_where_its_numbers_fit(void **state)
{
	static const struct row rows[] = {
		{ .capture = 1, .from = 1 * SEC, .to = 2 * SEC, .client_isn = 4294960000, .a_min = 4294960000, .a_max = 4294967000 },
		{ .capture = 1, .from = 3 * SEC, .to = 4 * SEC, .client_isn = 500000000, .a_min = 500000000, .a_max = 500001000 },
		{ .capture = 1, .from = 5 * SEC, .to = 6 * SEC, .client = NOBODY_KNOWS, .a_min = 100, .a_max = 900 },
		{ .capture = 1, .from = 7 * SEC, .to = 8 * SEC, .client = NOBODY_KNOWS, .a_min = 2200000000, .a_max = 2200000100 },
	};
	struct facts f = loaded(rows, 4);

	(void)state;
	assert_int_equal(f.flows, 3);
	assert_true(f.flow[0].parts == 2 && f.flow[0].seq_min[C2S] == 4294960000 && f.flow[0].seq_max[C2S] == 900);
	assert_int_equal(f.flow[1].parts, 1);
	assert_true(f.flow[2].parts == 1 && !f.flow[2].has_isn[C2S]);
	facts_free(&f);
}

static void points_and_ports_keep_flows_apart(void **state)
{
	static const struct row rows[] = {
		{ .capture = 1, .client_isn = 1000 }, { .capture = 2, .client_isn = 1000 }, { .capture = 2, .client_isn = 1000, .a_port = 40001 },
	};
	struct facts f = loaded(rows, 3);

	(void)state;
	assert_int_equal(f.flows, 3);
	/* Points go by name, not by number. */
	assert_string_equal(f.point[0].name, "b");
	assert_string_equal(f.point[2].name, "z");
	assert_true(f.flow[0].point == 0 && f.flow[1].point == 0 && f.flow[2].point == 2);
	facts_free(&f);
}

static void the_client_may_be_either_side(void **state)
{
	static const struct row rows[] = {
		{ .capture = 1, .client = B, .a_port = 80, .b_port = 40000, .client_isn = 7, .b_min = 7, .b_max = 9, .a_min = 1, .a_max = 2 },
		{ .capture = 2, .client = NOBODY_KNOWS, .a_port = 80, .b_port = 40000 },
		{ .capture = 3, .client = NOBODY_KNOWS, .a_port = 40000, .b_port = 80 },
	};
	struct facts f = loaded(rows, 3);

	(void)state;
	assert_int_equal(f.flows, 3);
	for (uint32_t i = 0; i < 3; i++) {
		const struct flow *w = &f.flow[i];
		bool turned = w->point != 1;
		assert_int_equal(w->port[S2C], 80);
		assert_int_equal(w->addr[C2S], turned ? 2 : 1);
		assert_int_equal(w->ttl[C2S], turned ? 60 : 64);
		assert_int_equal(f.part[w->part].a_is_client, !turned);
		assert_int_equal(w->role_known, w->point == 2);
	}
	assert_true(f.flow[2].seq_min[C2S] == 7 && f.flow[2].seq_max[S2C] == 2);
	facts_free(&f);
}

static void hosts_are_noted_where_their_packets_come_by(void **state)
{
	static const struct row rows[] = {
		{ .capture = 1, .client_isn = 1 }, { .capture = 1, .client_isn = 2, .a_port = 40001, .b_silent = true },
	};
	struct facts f = loaded(rows, 2);
	const struct host *server = hosts_find(f.hosts, 2, 2, 80), *client = hosts_find(f.hosts, 2, 1, 0);

	(void)state;
	assert_true(server->flows == 1 && server->arrivals == 2 && hosts_ttl(server) == 60);
	assert_true(client->flows == 2 && client->arrivals == 1 && hosts_ttl(client) == 64);
	assert_int_equal(hosts_find(f.hosts, 2, 2, 0)->arrivals, 2);
	assert_null(hosts_find(f.hosts, 2, 1, 40000));
	assert_null(hosts_find(f.hosts, 0, 2, 80));
	assert_true(f.point[2].sight[C2S].packets == 6 && f.point[2].sight[S2C].packets == 2);
	facts_free(&f);
}

static void a_direction_that_never_comes_by_takes_another_way(void **state)
{
	static const struct row rows[] = {
		{ .capture = 1, .client_isn = 1, .b_silent = true, .flags = PART_TALKED },
		{ .capture = 2, .client_isn = 1, .b_silent = true },
		{ .capture = 3, .server_isn = 1, .a_silent = true },
	};
	struct facts f = loaded(rows, 3);

	(void)state;
	/* b: only a SYN, which may just not have been answered; c: only the server; z: a client that had answers. */
	assert_true(!f.point[0].sight[C2S].elsewhere && !f.point[0].sight[S2C].elsewhere);
	assert_true(f.point[1].sight[C2S].elsewhere && !f.point[1].sight[S2C].elsewhere);
	assert_true(!f.point[2].sight[C2S].elsewhere && f.point[2].sight[S2C].elsewhere);
	facts_free(&f);
}

/* ---- tunnels ---- */

#define UP .capture = 1, .b_silent = true
#define DOWN .capture = 1, .a_silent = true

static void check_flows(const struct row *r, size_t n, uint32_t flows)
{
	struct facts f = loaded(r, n);

	assert_int_equal(f.flows, flows);
	for (uint32_t i = 0, parts = 0; i < f.flows; i++) {
		parts += f.flow[i].parts;
		assert_true(i + 1 < f.flows || parts == n);
	}
	facts_free(&f);
}

static void directions_in_tunnels_of_their_own_are_one_flow(void **state)
{
	/* By the handshake, by what both acknowledge, and over the end of the numbers; one direction may be in no tunnel at all. */
	static const struct row rows[][2] = {
		{ { UP, .tunnel = 1, .to = SEC, .client_isn = 1000, .a_min = 1000, .a_max = 1001, .flags = PART_SYN },
		    { DOWN, .tunnel = 2, .from = 2 * SEC, .to = 3 * SEC, .client_isn = 1000, .server_isn = 5000, .b_min = 5000, .b_max = 5001, .flags = PART_SYNACK } },
		{ { UP, .tunnel = 1, .client = NOBODY_KNOWS, .a_min = 1000, .a_max = 2000, .ack = 5500 },
		    { DOWN, .tunnel = 2, .client = NOBODY_KNOWS, .b_min = 5000, .b_max = 6000, .ack = 2000 } },
		{ { UP, .client = NOBODY_KNOWS, .a_min = 4294967000, .a_max = 2000, .ack = 5000 },
		    { DOWN, .tunnel = 2, .client = NOBODY_KNOWS, .b_min = 5000, .b_max = 5000, .ack = 1 } },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		check_flows(rows[i], 2, 1);
	struct facts f = loaded(rows[0], 2);
	assert_true(f.flow[0].has_isn[C2S] && f.flow[0].isn[C2S] == 1000 && f.flow[0].isn[S2C] == 5000 && f.flow[0].packets == 5);
	assert_true(!f.point[2].sight[C2S].elsewhere && !f.point[2].sight[S2C].elsewhere && f.flow[0].last_ns == 3 * SEC);
	facts_free(&f);
}

static void halves_that_nothing_proves_stay_apart(void **state)
{
	static const struct row rows[][2] = {
		/* An answer to another SYN; numbers that do not fit one way or the other; nothing acknowledged. */
		{ { UP, .tunnel = 1, .client_isn = 1000, .flags = PART_SYN }, { DOWN, .tunnel = 2, .client_isn = 1001, .server_isn = 5000, .flags = PART_SYNACK } },
		{ { UP, .tunnel = 1, .client = NOBODY_KNOWS, .a_min = 1000, .a_max = 2000, .ack = 6001 },
		    { DOWN, .tunnel = 2, .client = NOBODY_KNOWS, .b_min = 5000, .b_max = 6000, .ack = 2000 } },
		{ { UP, .tunnel = 1, .client = NOBODY_KNOWS, .a_min = 1000, .a_max = 2000, .ack = 6000 },
		    { DOWN, .tunnel = 2, .client = NOBODY_KNOWS, .b_min = 5000, .b_max = 6000, .ack = 999 } },
		{ { UP, .tunnel = 1, .client = NOBODY_KNOWS, .a_min = 1000, .a_max = 2000 },
		    { DOWN, .tunnel = 2, .client = NOBODY_KNOWS, .b_min = 5000, .b_max = 6000, .ack = 2000 } },
		/* The same direction twice; two whole ones; at different times. */
		{ { UP, .tunnel = 1, .client_isn = 1000, .flags = PART_SYN }, { UP, .tunnel = 2, .client_isn = 1000, .flags = PART_SYN } },
		{ { .capture = 1, .tunnel = 1, .client_isn = 1000, .server_isn = 5000 }, { .capture = 1, .tunnel = 2, .client_isn = 1000, .server_isn = 5000 } },
		{ { UP, .tunnel = 1, .client_isn = 1000, .flags = PART_SYN },
		    { DOWN, .tunnel = 2, .from = 9 * SEC, .to = 9 * SEC, .client_isn = 1000, .server_isn = 5000, .flags = PART_SYNACK } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_flows(rows[i], 2, 2);
}

static void halves_of_which_two_would_do_stay_apart(void **state)
{
	static const struct row rows[] = {
		{ UP, .client_isn = 1000, .flags = PART_SYN },
		{ DOWN, .tunnel = 1, .client_isn = 1000, .server_isn = 5000, .flags = PART_SYNACK },
		{ DOWN, .tunnel = 2, .client_isn = 1000, .server_isn = 5000, .flags = PART_SYNACK },
	};

	(void)state;
	check_flows(rows, 3, 3);
}

/* A tunnel is its number: rotated files begin with packets of either direction. */
static void outer_addresses_the_other_way_round_are_the_same_tunnel(void **state)
{
	static const struct row rows[] = {
		{ .capture = 1, .tunnel = 1, .client_isn = 1000, .a_min = 1000, .a_max = 2000 },
		{ .capture = 1, .tunnel = 3, .from = SEC, .to = SEC, .client = NOBODY_KNOWS, .a_min = 2000, .a_max = 3000 },
		{ .capture = 1, .tunnel = 2, .from = SEC, .to = SEC, .client = NOBODY_KNOWS, .a_min = 2000, .a_max = 3000 },
	};

	(void)state;
	check_flows(rows, 3, 2);
}

/* Of very many halves none is tried. */
static void a_crowd_of_tunnels_is_left_as_it_is(void **state)
{
	enum { MANY = 300 };
	struct row *r = calloc(MANY, sizeof *r);

	(void)state;
	for (int i = 0; i < MANY; i++)
		r[i] = (struct row){ .capture = 1, .tunnel = 1 + i % 2, .a_silent = i % 2, .b_silent = !(i % 2), .client_isn = 1000 * (1 + i / 2),
			.server_isn = i % 2 ? 5000 : 0, .flags = i % 2 ? PART_SYNACK : PART_SYN };
	check_flows(r, 60, 30);
	check_flows(r, MANY, MANY);
	free(r);
}

/* ---- points ---- */

static void rotated_files_are_one_window_and_a_gap_makes_two(void **state)
{
	struct db db = case_of(NULL, 0);
	struct facts_options o = { 0 };
	struct facts f;
	struct err e;

	(void)state;
	capture(&db, 4, 1, 101 * SEC, 150 * SEC);
	capture(&db, 5, 1, 360 * SEC, 370 * SEC);
	run(&db, "INSERT INTO interface VALUES(5, 0, 1, 0, 1000, NULL, NULL, NULL, 10, 3, %" PRId64 ", %" PRId64 ")", 355 * SEC, 380 * SEC);
	assert_int_equal(facts_load(&f, &db, &o, &e), 0);
	assert_int_equal(f.point[0].windows, 1);
	assert_int_equal(f.point[2].windows, 2);
	assert_true(f.point[2].window[0].from_ns == 0 && f.point[2].window[0].to_ns == 150 * SEC);
	assert_true(f.point[2].window[1].from_ns == 355 * SEC && f.point[2].window[1].to_ns == 380 * SEC);
	assert_true(f.point[2].drops == 3 && f.point[0].drops == 0);
	facts_free(&f);
	db_close(&db);
}

static void points_that_the_user_names_must_be_there(void **state)
{
	static const struct facts_options wrong[] = { { .path = "b,z,y" }, { .path = "b,c,z,x" }, { .running = "nobody" }, { .path = "" } };
	static const struct facts_options right = { .path = "c,z,b", .running = "z" }, all = { .running = "all" }, two = { .path = "z,b" };
	struct db db = case_of(NULL, 0);
	struct facts f;
	struct err e;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(facts_load(&f, &db, &wrong[i], &e), -1);
		assert_non_null(strstr(e.msg, "--"));
		facts_free(&f);
	}
	assert_int_equal(facts_load(&f, &db, &right, &e), 0);
	assert_true(f.path_given && f.point[0].name[0] == 'c' && f.point[1].name[0] == 'z' && f.point[2].name[0] == 'b');
	assert_true(!f.point[0].running && f.point[1].running);
	facts_free(&f);
	assert_int_equal(facts_load(&f, &db, &two, &e), 0);
	assert_true(f.point[0].name[0] == 'z' && f.point[1].name[0] == 'b' && f.point[2].name[0] == 'c');
	assert_true(!f.point[0].aside && !f.point[1].aside && f.point[2].aside);
	facts_free(&f);
	assert_int_equal(facts_load(&f, &db, &all, &e), 0);
	assert_true(f.point[0].running && f.point[1].running && f.point[2].running && !f.path_given);
	facts_free(&f);
	db_close(&db);
}

static void nobody_can_vouch_for_what_a_damaged_file_lacks(void **state)
{
	static const struct facts_options all = { .running = "all" }, named = { .running = "b,c" };
	struct db db = case_of(NULL, 0);
	struct facts f;
	struct err e;

	(void)state;
	run(&db, "UPDATE capture SET damage = 'the file ends inside a record' WHERE id = (SELECT min(id) FROM capture)");
	assert_int_equal(facts_load(&f, &db, &all, &e), 0);
	for (unsigned i = 0; i < f.points; i++)
		assert_true(f.point[i].running != f.point[i].damaged);
	assert_int_equal(f.point[0].damaged + f.point[1].damaged + f.point[2].damaged, 1);
	facts_free(&f);
	assert_int_equal(facts_load(&f, &db, &named, &e), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_true(f.point[i].running != f.point[i].damaged);
	facts_free(&f);
	db_close(&db);
}

static void frames_of_an_unknown_link_type_are_unread(void **state)
{
	static const struct facts_options o = { 0 };
	struct db db = case_of(NULL, 0);
	struct facts f;
	struct err e;

	(void)state;
	run(&db, "INSERT INTO skipped SELECT min(id), 'link type', 2 FROM capture UNION SELECT min(id), 'cut short', 3 FROM capture UNION "
	    "SELECT min(id), 'not TCP', 4 FROM capture");
	assert_int_equal(facts_load(&f, &db, &o, &e), 0);
	assert_int_equal(f.point[0].unread + f.point[1].unread + f.point[2].unread, 5);
	facts_free(&f);
	db_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_of_rotated_files_are_one_flow),
		cmocka_unit_test(what_begins_behind_the_ends_is_another_flow),
		cmocka_unit_test(another_initial_number_is_another_flow),
		cmocka_unit_test(a_part_without_a_handshake_goes_where_its_numbers_fit),
		cmocka_unit_test(points_and_ports_keep_flows_apart),
		cmocka_unit_test(the_client_may_be_either_side),
		cmocka_unit_test(hosts_are_noted_where_their_packets_come_by),
		cmocka_unit_test(a_direction_that_never_comes_by_takes_another_way),
		cmocka_unit_test(directions_in_tunnels_of_their_own_are_one_flow),
		cmocka_unit_test(halves_that_nothing_proves_stay_apart),
		cmocka_unit_test(halves_of_which_two_would_do_stay_apart),
		cmocka_unit_test(outer_addresses_the_other_way_round_are_the_same_tunnel),
		cmocka_unit_test(a_crowd_of_tunnels_is_left_as_it_is),
		cmocka_unit_test(rotated_files_are_one_window_and_a_gap_makes_two),
		cmocka_unit_test(nobody_can_vouch_for_what_a_damaged_file_lacks),
		cmocka_unit_test(frames_of_an_unknown_link_type_are_unread),
		cmocka_unit_test(points_that_the_user_names_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
