/*
 * The real program on chains of two to six points with devices between them that change whatever devices change: addresses, ports, numbers,
 * timestamps, options. What it joins must be one connection, what it says must be true, and neither may depend on what does not matter. The
 * invariants are numbered as elsewhere (tests/test_property.c); see tests/sim/property.h for how many worlds are run.
 */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/joined.h"
#include "tests/sim/matched.h"
#include "tests/sim/property.h"

/* What lies between two points that saw the same connection: of its addresses ... */
enum addresses { ADDRESSES_KEPT, ADDRESSES_ONE_SIDE, ADDRESSES_BOTH, ADDRESSES_FAMILY, ADDRESSES };

/* ... and of its numbers. */
enum numbers { NUMBERS_KEPT, NUMBERS_TICKS_KEPT, NUMBERS_NONE_KEPT, NUMBERS };

static const char *const address_names[ADDRESSES] = {"addresses kept", "one side translated", "both sides translated", "IPv6 to IPv4"};
static const char *const number_names[NUMBERS] = {"numbers kept", "sequence numbers moved", "moved, and no timestamp kept"};

/* Connections that another one ties with. */
static long ties;

/* At least so many of a hundred such pairs must be joined. */
static const long least_joined[ADDRESSES][NUMBERS] = {{100, 95, 80}, {98, 90, 50}, {98, 90, 15}, {98, 90, 20}};

static long pairs[ADDRESSES][NUMBERS], joined[ADDRESSES][NUMBERS];

static long likely, false_likely; /* flows that are joined so */

static enum addresses addresses_between(const struct sim_truth *t, unsigned a, unsigned b)
{
	const struct sim_view *x = &t->view[a], *y = &t->view[b];
	bool client = memcmp(&x->client, &y->client, sizeof x->client) != 0 || x->client_port != y->client_port;
	bool server = memcmp(&x->server, &y->server, sizeof x->server) != 0 || x->server_port != y->server_port;

	if (x->client.family != y->client.family)
		return ADDRESSES_FAMILY;
	return client && server ? ADDRESSES_BOTH : client || server ? ADDRESSES_ONE_SIDE : ADDRESSES_KEPT;
}

static enum numbers numbers_between(const struct sim_world *w, const struct sim_truth *t, unsigned a, unsigned b)
{
	const struct sim_view *x = &t->view[a], *y = &t->view[b];
	bool ticks = t->timestamps && x->client_ticks == y->client_ticks && x->server_ticks == y->server_ticks;

	if (x->client_shift == y->client_shift && x->server_shift == y->server_shift)
		return NUMBERS_KEPT;
	for (unsigned i = 0; i < b; i++)
		ticks &= !w->device[i].strip_ts;
	return ticks ? NUMBERS_TICKS_KEPT : NUMBERS_NONE_KEPT;
}

/* Flows of one true connection at neighbouring points that saw it: how many of them are joined? */
static void count_joined(const struct sim_record *r, const struct sim_joined *j)
{
	const struct sim_flow **flow = calloc(r->count * SIM_POINTS_MAX + 1, sizeof(struct sim_flow *));

	assert_non_null(flow);
	for (size_t i = 0; i < j->count; i++) {
		const struct sim_frame *f = sim_record_frame(r, j->flow[i].point, j->flow[i].frame);

		if (f)
			flow[f->connection * SIM_POINTS_MAX + j->flow[i].point] = &j->flow[i];
	}
	for (size_t c = 0; c < r->count; c++) {
		const struct sim_flow **at = &flow[c * SIM_POINTS_MAX], *x = NULL;

		for (unsigned p = 0; p < r->w->points; p++) {
			if (!at[p])
				continue;
			if (x) {
				const struct sim_truth *t = r->truth[c];
				enum addresses a = addresses_between(t, x->point, p);
				enum numbers n = numbers_between(r->w, t, x->point, p);

				pairs[a][n]++;
				joined[a][n] += sim_joined_partner(j, x, p, SIM_LIKELY) == at[p];
			}
			x = at[p];
		}
	}
	free(flow);
}

/* I-16: what a point saw of a direction is what the hop behind it counts as sent; of these arrive as many as were not lost. */
static void count_packets(struct sim_property *p, sqlite3 *db)
{
	static const char sent[] =
	    "WITH seen AS (SELECT connection_id AS c, point AS at, direction AS d, count(DISTINCT transmission_id) AS n FROM v_packet GROUP BY 1, 2, 3) "
	    "SELECT count(*) FROM v_hop h LEFT JOIN seen s ON s.c = h.connection_id AND s.at = h.from_point AND s.d = h.direction "
	    "WHERE h.sent <> coalesce(s.n, 0)";

	sim_property_equal(p, "hops that count other packets than were seen", sim_property_query(p, db, sent), 0);
	sim_property_equal(p, "hops on which more arrived or dropped than were sent",
	    sim_property_query(p, db, "SELECT count(*) FROM v_hop WHERE arrived > sent OR sent - arrived < dropped"), 0);
}

/*
 * I-8: a connection has one flow at a point. I-9: flows of different connections are never joined for certain (see test_likely for those that
 * are likely), and findings are true. I-15: a packet is one of another point's, and equal to it. I-21: matches do not cross.
 */
static void what_is_joined_is_one(struct sim_property *p, struct sim_world *w)
{
	static const char twice[] =
	    "SELECT count(*) FROM (SELECT 1 FROM v_flow WHERE join_state IN ('certain', 'likely') GROUP BY connection_id, point HAVING count(*) > 1)";
	bool whole = !(p->troubles & (SIM_CAPTURE_LOSS | SIM_WINDOWS)), quiet = !(p->troubles & (SIM_NETWORK | SIM_KINDS_ALL | SIM_RESETS));
	struct sim_joined j = {0};
	struct sim_record r;
	sqlite3 *db;

	p->doubt_likely = true;
	if (sim_property_run(p, w, &r, &db)) {
		sim_joined_read(&j, db, w);
		count_joined(&r, &j);
		sim_property_judge(p, &r, db, whole);
		likely = p->sums.likely;
		false_likely = p->sums.false_likely;
		sim_property_equal(p, "connections with two flows at a point", sim_property_query(p, db, twice), 0);
		if (quiet) {
			sim_matched_twice(db, &r, sim_property_broken, p);
			sim_matched_unequal(db, &r, sim_property_broken, p);
		}
		if (quiet && !(p->troubles & SIM_WAYS))
			sim_matched_crossed(db, &r, sim_property_broken, p);
		if (whole && quiet && !(p->troubles & SIM_WAYS))
			count_packets(p, db);
	}
	sim_joined_free(&j);
	sqlite3_close(db);
	sim_record_free(&r);
}

/* I-17: where nothing is lost, everything that was joined is matched, whatever was changed. I-24: nor is it when packets overtake each other. */
static void nothing_is_lost_where_nothing_was(struct sim_property *p, struct sim_world *w)
{
	/* Between points whose flows were joined; what a point knows as another connection has not come there. */
	static const char uneven[] =
	    "SELECT count(*) FROM v_hop h JOIN v_flow a ON a.connection_id = h.connection_id AND a.point = h.from_point "
	    "JOIN v_flow b ON b.connection_id = h.connection_id AND b.point = h.to_point "
	    "WHERE sent <> arrived OR dropped OR generated OR not_captured";
	static const char lost[] = "SELECT count(*) FROM v_finding WHERE kind IN ('dropped', 'not_captured', 'unanswered')";
	struct sim_record r;
	sqlite3 *db;

	if (sim_property_run(p, w, &r, &db)) {
		if (!(p->troubles & SIM_NETWORK))
			sim_property_equal(p, "hops that lost or gained", sim_property_query(p, db, uneven), 0);
		sim_property_equal(p, "findings of loss", sim_property_query(p, db, lost), 0);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

/* Runs a world, and reads what was joined. */
static void run_joined(struct sim_property *p, const struct sim_world *w, struct sim_record *r, struct sim_joined *j)
{
	sqlite3 *db;

	sim_property_run(p, w, r, &db);
	sim_joined_read(j, db, w);
	sqlite3_close(db);
}

/* The same captures once more. */
static void again_joined(struct sim_property *p, const struct sim_world *w, const struct sim_args *a, struct sim_joined *j)
{
	sqlite3 *db = NULL;

	sim_property_again(p, a, &db);
	sim_joined_read(j, db, w);
	sqlite3_close(db);
}

/* I-7: what is B to A, is A to B. The points get each other's names, so that all that goes by their order goes the other way round. */
static void joins_are_the_same_from_both_ends(struct sim_property *p, struct sim_world *w)
{
	struct sim_world turned = *w;
	struct sim_joined before, after;
	struct sim_args a = {.count = 0};
	struct sim_record r;

	p->also = ", then with the points named the other way round";
	run_joined(p, w, &r, &before);
	for (unsigned i = 0; i < w->points; i++)
		memcpy(turned.point[i].name, w->point[w->points - 1 - i].name, sizeof turned.point[i].name);
	sim_args_world(&a, &turned, 0);
	for (unsigned i = w->points; i-- > 0;)
		sim_args_add(&a, "%s=%s/%s.pcap", turned.point[i].name, p->folder, w->point[i].name);
	again_joined(p, &turned, &a, &after);
	sim_joined_changed(&before, &after, sim_property_broken, p);
	sim_joined_free(&before);
	sim_joined_free(&after);
	sim_record_free(&r);
}

/* I-10: other connections at the same points never make another certain join of what was certain. */
static void other_connections_change_no_certain_join(struct sim_property *p, struct sim_world *w)
{
	struct sim_world more = *w;
	struct sim_joined before, after;
	struct sim_args a = {.count = 0};
	struct sim_record r, others;
	struct err e = {""};
	char folder[300], path[400];

	p->also = ", then with the connections of another seed and other addresses beside them";
	run_joined(p, w, &r, &before);
	more.seed = w->seed ^ 0x0712;
	more.addr_add = 0x00400000;
	snprintf(folder, sizeof folder, "%s/more", p->folder);
	mkdir(folder, 0777);
	if (sim_record_run(&others, &more, folder, &e) < 0)
		sim_property_broken(p, e.msg);
	sim_args_world(&a, w, 0);
	sim_args_files(&a, w, p->folder);
	sim_args_files(&a, w, folder);
	again_joined(p, w, &a, &after);
	sim_joined_others(&before, &after, SIM_CERTAIN, sim_property_broken, p);
	for (unsigned i = 0; i < w->points; i++) {
		snprintf(path, sizeof path, "%s/%s.pcap", folder, w->point[i].name);
		unlink(path);
	}
	rmdir(folder);
	sim_joined_free(&before);
	sim_joined_free(&after);
	sim_record_free(&r);
	sim_record_free(&others);
}

/* I-11: it does not matter what addresses and ports are called, nor where sequence numbers begin. */
static void names_and_first_numbers_do_not_matter(struct sim_property *p, struct sim_world *w)
{
	struct sim_joined before, after;
	struct sim_record r;

	/* Where all numbers are about to wrap, some are equal by chance; others would not be. */
	w->isn_wrap = false;
	p->also = ", without wrapping numbers, then with other addresses, ports and first sequence numbers";
	run_joined(p, w, &r, &before);
	sim_record_free(&r);
	w->addr_add = 0x01234567;
	w->port_add = 5;
	w->isn_salt = 0x5a17;
	run_joined(p, w, &r, &after);
	sim_joined_changed(&before, &after, sim_property_broken, p);
	sim_joined_free(&before);
	sim_joined_free(&after);
	sim_record_free(&r);
}

/* The transmission that came to a point next after another (SIZE_MAX: first); SIZE_MAX: none. */
static size_t next_at(const struct sim_truth *t, unsigned point, size_t after)
{
	int64_t from = after == SIZE_MAX ? 0 : sim_truth_at(t, after, point)->at;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < t->count; i++) {
		int64_t at = sim_truth_at(t, i, point)->at;

		if (at > from && (best == SIZE_MAX || at < sim_truth_at(t, best, point)->at))
			best = i;
	}
	return best;
}

/* Did a point see the same packets of two connections in the same order? */
static bool equal_at(const struct sim_truth *t, const struct sim_truth *u, unsigned point)
{
	size_t i = next_at(t, point, SIZE_MAX), k = next_at(u, point, SIZE_MAX);

	for (; i != SIZE_MAX && k != SIZE_MAX; i = next_at(t, point, i), k = next_at(u, point, k)) {
		const struct sim_transmission *a = &t->sent[i], *b = &u->sent[k];
		int own = a->dir, other = !a->dir;

		if (a->dir != b->dir || a->what != b->what || a->len != b->len || a->seq - t->isn[own] != b->seq - u->isn[own])
			return false;
		if (a->what != SIM_SYN && a->ack - t->isn[other] != b->ack - u->isn[other])
			return false;
	}
	return i == k;
}

/* Is there another connection that no point can tell from this one by what it saw? */
static bool is_tied(const struct sim_record *r, const struct sim_truth *t)
{
	for (size_t k = 0; k < r->count; k++) {
		const struct sim_truth *u = r->truth[k];
		bool equal = u != t && (u->twin_of == t->id || t->twin_of == u->id) && llabs(t->started - u->started) < SIM_MS;

		for (unsigned p = 0; equal && p < r->w->points; p++)
			equal = equal_at(t, u, p);
		if (equal)
			return true;
	}
	return false;
}

/*
 * I-12: connections that are equal in everything that survives a device are never joined for certain - how long each took may make one of the
 * candidates likely - and the order of the files decides nothing.
 */
static void ties_are_not_decided(struct sim_property *p, struct sim_world *w)
{
	struct sim_device *d = &w->device[0];
	struct sim_joined before, after;
	struct sim_args a = {.count = 0};
	struct sim_record r;

	p->also = ", every other connection as the one before it, behind a slow NAT that keeps no numbers and no timestamps";
	d->snat = d->new_ports = d->shift_seq = d->strip_ts = true;
	d->nat64 = false;
	d->new_id = SIM_ID_CLEARED;
	d->jitter[SIM_C2S] = d->jitter[SIM_S2C] = 20 * SIM_MS; /* nor does time tell them apart */
	w->twins = 0.5;
	w->same_isn = 0;
	w->burst = 20;
	run_joined(p, w, &r, &before);
	for (size_t i = 0; i < before.count; i++) {
		const struct sim_flow *x = &before.flow[i];
		const struct sim_frame *f = sim_record_frame(&r, x->point, x->frame);
		bool tied = x->point == 0 && f && is_tied(&r, r.truth[f->connection]);

		ties += tied;
		for (unsigned q = 1; tied && q < w->points; q++)
			if (x->state == SIM_CERTAIN && sim_joined_partner(&before, x, q, SIM_LIKELY))
				sim_property_broken(p, "a tie was decided");
	}
	sim_args_world(&a, w, 0);
	for (unsigned i = w->points; i-- > 0;)
		sim_args_add(&a, "%s=%s/%s.pcap", w->point[i].name, p->folder, w->point[i].name);
	again_joined(p, w, &a, &after);
	sim_joined_changed(&before, &after, sim_property_broken, p);
	sim_joined_free(&before);
	sim_joined_free(&after);
	sim_record_free(&r);
}

/* I-13: what is certain through a point in the midst is not contradicted without it. */
static void a_point_less_contradicts_nothing(struct sim_property *p, struct sim_world *w)
{
	unsigned without = 1 + (unsigned)(p->seed % (w->points > 2 ? w->points - 2 : 1));
	struct sim_joined before, after;
	struct sim_args a = {.count = 0};
	char path[SIM_POINTS_MAX * 20] = "";
	struct sim_record r;

	p->also = ", then without one of the points in the midst";
	run_joined(p, w, &r, &before);
	for (unsigned i = 0; i < w->points; i++)
		if (i != without || w->points == 2)
			snprintf(path + strlen(path), sizeof path - strlen(path), "%s%s", *path ? "," : "", w->point[i].name);
	sim_args_add(&a, "--path");
	sim_args_add(&a, "%s", path);
	for (unsigned i = 0; i < w->points; i++)
		if (i != without || w->points == 2)
			sim_args_add(&a, "%s=%s/%s.pcap", w->point[i].name, p->folder, w->point[i].name);
	again_joined(p, w, &a, &after);
	sim_joined_others(&before, &after, SIM_CERTAIN, sim_property_broken, p);
	sim_joined_free(&before);
	sim_joined_free(&after);
	sim_record_free(&r);
}

/* I-14: without payload there may be fewer joins, never others. */
static void short_packets_change_no_partner(struct sim_property *p, struct sim_world *w)
{
	struct sim_joined before, after;
	struct sim_record r;

	p->also = ", then with a snapshot length of 96 at every point";
	run_joined(p, w, &r, &before);
	sim_record_free(&r);
	for (unsigned i = 0; i < w->points; i++)
		w->point[i].snaplen = 96;
	run_joined(p, w, &r, &after);
	sim_joined_others(&before, &after, SIM_LIKELY, sim_property_broken, p);
	sim_joined_free(&before);
	sim_joined_free(&after);
	sim_record_free(&r);
}

/* I-21: the same at another time. */
static void time_does_not_matter(struct sim_property *p, struct sim_world *w)
{
	static const char *const sql[] = {
	    "SELECT connection_id, kind, what, direction, count, from_point, to_point, point, confidence, rule FROM v_finding ORDER BY id",
	    "SELECT connection_id, from_point, to_point, direction, sent, arrived, dropped, generated, modified FROM v_hop ORDER BY 1, 2, 3, 4",
	    "SELECT transmission_id, point, frame FROM v_packet ORDER BY 2, 3",
	};
	char *before[3], *after[3];
	struct sim_record r;
	sqlite3 *db;

	p->also = ", then an odd time later";
	sim_property_run(p, w, &r, &db);
	sim_property_dump(db, sql, 3, before);
	sqlite3_close(db);
	sim_record_free(&r);
	w->start += 86399 * SIM_SECOND + 123456 * SIM_US;
	sim_property_run(p, w, &r, &db);
	sim_property_dump(db, sql, 3, after);
	sqlite3_close(db);
	sim_record_free(&r);
	sim_property_same(p, "at another time", before, after, 3);
}

#define CHECK(check, worlds, ...)                                                                                                          \
	assert_int_equal(0, sim_property_check(#check, check, (const unsigned[]){__VA_ARGS__},                                             \
				sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned), worlds))

/*
 * Not held to yet: captures that lose packets in crowds behind a device that rewrites IP IDs or timestamps (SIM_CAPTURE_LOSS), and duplicates that
 * such a device tells apart (SIM_NETWORK).
 */
static void test_joins(void **state)
{
	(void)state;
	CHECK(what_is_joined_is_one, 25, SIM_MANGLING, SIM_MANGLING | SIM_CROWDS, SIM_MANGLING | SIM_CROWDS | SIM_CLOCKS,
	    SIM_MANGLING | SIM_WAYS, SIM_MANGLING | SIM_WAYS | SIM_CROWDS | SIM_CLOCKS, SIM_MANGLING | SIM_DROPS | SIM_CLOCKS,
	    SIM_MANGLING | SIM_DROPS | SIM_CROWDS, SIM_MANGLING | SIM_KINDS_ALL | SIM_RESETS | SIM_LINKS, SIM_MANGLING | SIM_SNAPLEN | SIM_CLOCKS,
	    SIM_MANGLING | SIM_CROWDS | SIM_WINDOWS | SIM_CLOCKS);
}

/* I-9: of the joins that are likely, less than one in a hundred is false. */
static void test_likely(void **state)
{
	(void)state;
	printf("  joined: %ld flows likely, %ld of them falsely\n", likely, false_likely);
	assert_true(false_likely * 100 <= likely);
}

static void test_clean(void **state)
{
	(void)state;
	CHECK(nothing_is_lost_where_nothing_was, 9, SIM_MANGLING, SIM_MANGLING | SIM_CROWDS | SIM_CLOCKS, SIM_MANGLING | SIM_NETWORK);
}

static void test_ends(void **state)
{
	(void)state;
	CHECK(joins_are_the_same_from_both_ends, 6, SIM_MANGLING | SIM_CROWDS | SIM_CLOCKS, SIM_MANGLING | SIM_DROPS);
}

static void test_others(void **state)
{
	(void)state;
	CHECK(other_connections_change_no_certain_join, 6, SIM_MANGLING | SIM_CROWDS, SIM_MANGLING | SIM_CROWDS | SIM_DROPS | SIM_CLOCKS);
}

static void test_names(void **state)
{
	(void)state;
	CHECK(names_and_first_numbers_do_not_matter, 6, SIM_MANGLING | SIM_CROWDS | SIM_CLOCKS, SIM_MANGLING | SIM_DROPS);
}

static void test_ties(void **state)
{
	(void)state;
	CHECK(ties_are_not_decided, 6, 0, SIM_CROWDS, SIM_MANGLING | SIM_CROWDS);
	assert_true(ties > 0);
}

static void test_point_less(void **state)
{
	(void)state;
	CHECK(a_point_less_contradicts_nothing, 6, SIM_MANGLING | SIM_CROWDS, SIM_MANGLING | SIM_DROPS | SIM_CLOCKS);
}

static void test_short(void **state)
{
	(void)state;
	CHECK(short_packets_change_no_partner, 6, SIM_MANGLING | SIM_CROWDS, SIM_MANGLING | SIM_DROPS | SIM_CLOCKS);
}

static void test_time(void **state)
{
	(void)state;
	CHECK(time_does_not_matter, 6, SIM_MANGLING | SIM_CROWDS | SIM_CLOCKS, SIM_MANGLING | SIM_DROPS);
}

/* After all others: how many of the pairs were joined that are pairs. */
static void test_recall(void **state)
{
	bool enough = true;

	(void)state;
	for (int a = 0; a < ADDRESSES; a++)
		for (int n = 0; n < NUMBERS; n++) {
			long all = pairs[a][n], some = joined[a][n];

			printf("  joined: %6ld of %6ld pairs (%s, %s)\n", some, all, address_names[a], number_names[n]);
			enough &= some * 100 >= least_joined[a][n] * all;
		}
	assert_true(enough);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_joins),
	    cmocka_unit_test(test_likely),
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_others),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_ties),
	    cmocka_unit_test(test_point_less),
	    cmocka_unit_test(test_short),
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_recall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
