/* The real program on random worlds: what it says must be true, and must not depend on what does not matter. See tests/sim/property.h. */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/sim/property.h"

/* Nothing is missing in the captures. */
static bool whole(unsigned troubles)
{
	return !(troubles & (SIM_CAPTURE_LOSS | SIM_WINDOWS));
}

static void claims_are_true(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3 *db;

	if (sim_property_run(p, w, &r, &db)) {
		sim_property_judge(p, &r, db, whole(p->troubles));
		sim_property_equal(p, "rules that are not in the table", sim_property_query(p, db,
		    "SELECT count(*) FROM v_finding WHERE rule NOT IN (SELECT rule FROM v_rule)"), 0);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

/*
 * A device that forgets after two seconds: who is idle for longer finds that out, and nobody else. If it says nothing, that is a claim only where it is
 * known to have let others pass meanwhile, and what it swallowed was not longer than what it had let pass.
 */
static void what_a_device_forgets_is_an_idle_timeout(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3 *db;
	long forgotten = 0;

	memset(w->weight, 0, sizeof w->weight);
	w->weight[SIM_NORMAL] = w->weight[SIM_IDLE] = w->weight[SIM_KEEPALIVE] = 1;
	w->idle = 3 * SIM_SECOND;
	w->device[0].idle_limit = 2 * SIM_SECOND;
	w->device[0].idle_rst = p->seed % 2;
	if (sim_property_run(p, w, &r, &db)) {
		for (size_t i = 0; i < r.count; i++) {
			bool dropped = false;
			for (size_t k = 0; k < r.truth[i]->count; k++)
				dropped |= r.truth[i]->sent[k].dropped_by == 0;
			forgotten += dropped;
		}
		sim_property_judge(p, &r, db, true);
		if (w->device[0].idle_rst)
			sim_property_equal(p, "idle timeouts that are likely", sim_property_query(p, db,
			    "SELECT count(DISTINCT connection_id) FROM v_finding WHERE kind = 'idle_timeout' AND confidence = 'likely'"), forgotten);
		else
			sim_property_equal(p, "idle timeouts", sim_property_query(p, db,
			    "SELECT count(DISTINCT connection_id) FROM v_finding WHERE kind = 'idle_timeout'"), forgotten);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

/* I-1: every frame is a packet, or skipped for a reason; here none is skipped. */
static void every_frame_is_imported(struct sim_property *p, struct sim_world *w)
{
	static const char skipped[] = "SELECT coalesce(sum(count), 0) FROM skipped";
	struct sim_record r;
	sqlite3 *db;
	long frames = 0;

	if (sim_property_run(p, w, &r, &db)) {
		for (unsigned i = 0; i < w->points; i++)
			frames += (long)r.totals.frames[i];
		sim_property_equal(p, "frames read", sim_property_query(p, db, "SELECT sum(frames) FROM capture"), frames);
		sim_property_equal(p, "packets", sim_property_query(p, db, "SELECT sum(packets) FROM capture"), frames);
		sim_property_equal(p, "skipped", sim_property_query(p, db, skipped), 0);
		sim_property_equal(p, "rows of v_packet", sim_property_query(p, db, "SELECT count(*) FROM v_packet"), frames);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

/* I-17: a chain in which nothing happens yields no finding, and every packet is matched at every point. */
static void nothing_is_found_where_nothing_happened(struct sim_property *p, struct sim_world *w)
{
	static const char other[] = "SELECT count(*) FROM v_finding WHERE kind <> 'fragmented'";
	static const char uneven[] = "SELECT count(*) FROM v_hop WHERE sent <> arrived OR dropped OR generated OR not_captured OR modified";
	struct sim_record r;
	sqlite3 *db;

	if (sim_property_run(p, w, &r, &db)) {
		sim_property_equal(p, "connections", sim_property_query(p, db, "SELECT count(*) FROM v_connection"), (long)r.count);
		sim_property_equal(p, "transmissions", sim_property_query(p, db, "SELECT count(DISTINCT transmission_id) FROM v_packet"),
		    (long)r.totals.transmissions);
		sim_property_equal(p, "findings", sim_property_query(p, db, other), 0);
		sim_property_equal(p, "hops that lost or gained", sim_property_query(p, db, uneven), 0);
		sim_property_judge(p, &r, db, true);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

/* I-3: a repeated SYN is the same connection, another initial sequence number is another one. */
static void one_connection_per_initial_sequence_number(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3 *db;

	if (sim_property_run(p, w, &r, &db))
		sim_property_equal(p, "connections", sim_property_query(p, db, "SELECT count(*) FROM v_connection"), (long)r.count);
	sqlite3_close(db);
	sim_record_free(&r);
}

#define WHO "c.client_addr, c.client_port, c.server_addr, c.server_port, c.start_ns"
static const char *const result_sql[] = {
    "SELECT " WHO ", f.kind, f.what, f.direction, f.count, f.from_point, f.to_point, f.point, f.confidence, f.rule FROM v_finding f "
    "LEFT JOIN v_connection c ON c.id = f.connection_id WHERE f.kind <> 'capture_duplicate' ORDER BY 1,2,3,4,5,6,7,8,9,10,11,12,13,14",
    "SELECT " WHO
    ", h.from_point, h.to_point, h.direction, h.sent, h.arrived, h.dropped, h.generated, h.modified, h.not_captured, h.retransmitted, "
    "h.duplicated FROM v_hop h JOIN v_connection c ON c.id = h.connection_id ORDER BY 1,2,3,4,5,6,7,8",
    "SELECT " WHO ", c.end_ns, c.outcome, c.points FROM v_connection c ORDER BY 1,2,3,4,5",
    "SELECT point, reference_point, from_ns, to_ns, offset_ns, offset_low_ns, offset_high_ns, state FROM v_clock ORDER BY 1,2,3",
};
#define RESULTS (sizeof result_sql / sizeof *result_sql)

/* Without SYN-ACKs: see mirrored_copies_change_nothing. */
static const char *const mirror_sql[] = {
    "SELECT " WHO ", f.kind, f.what, f.direction, f.count, f.from_point, f.to_point, f.point, f.confidence, f.rule FROM v_finding f "
    "LEFT JOIN v_connection c ON c.id = f.connection_id WHERE f.kind <> 'capture_duplicate' AND f.what <> 'SYN-ACK' "
    "ORDER BY 1,2,3,4,5,6,7,8,9,10,11,12,13,14",
};

/* Runs the same world twice, the second time with something changed that must not matter to these results. */
static void compare_worlds(struct sim_property *p, struct sim_world *w, void (*change)(struct sim_world *), const char *what,
    const char *const *sql, size_t results)
{
	char *before[RESULTS], *after[RESULTS];
	struct sim_record r;
	sqlite3 *db;

	sim_property_run(p, w, &r, &db);
	sim_property_dump(db, sql, results, before);
	sqlite3_close(db);
	sim_record_free(&r);
	change(w);
	sim_property_run(p, w, &r, &db);
	sim_property_dump(db, sql, results, after);
	sqlite3_close(db);
	sim_record_free(&r);
	sim_property_same(p, what, before, after, results);
}

static void shift_isns(struct sim_world *w)
{
	w->isn_add[0] += 0x9b3c5a77;
	w->isn_add[1] += 0xfffff3a1;
}

/* I-4: only differences of sequence numbers matter. */
static void sequence_numbers_may_start_anywhere(struct sim_property *p, struct sim_world *w)
{
	p->also = ", then with every initial sequence number shifted";
	compare_worlds(p, w, shift_isns, "with other initial sequence numbers", result_sql, RESULTS);
}

static void mirror_all(struct sim_world *w)
{
	w->point[0].mirror = 1;
	w->point[w->points - 1].mirror = 0.5;
}

/* I-5: copies made by a mirror port change no verdict. */
static void mirrored_copies_change_nothing(struct sim_property *p, struct sim_world *w)
{
	/* Without SACK a burst of duplicate ACKs can be equal to the byte: nobody can tell those from copies, nor a device's copies from
	 * the mirror's. */
	w->no_sack = 0;
	p->also = ", with SACK at all hosts, then with mirrors: 1 at the first point, 0.5 at the last";
	/* Nor a copy of a SYN-ACK from a second one that the server sent at once: its timer, and its answer to a repeated SYN. */
	compare_worlds(p, w, mirror_all, "with mirrored copies", mirror_sql, 1);
}

/* Each capture in two to four pieces, the last one first. */
static void split_args(struct sim_property *p, const struct sim_world *w, const struct sim_record *r, struct sim_args *a)
{
	char from[400], to[400];

	for (unsigned i = 0; i < w->points; i++) {
		uint64_t pieces = 2 + (p->seed + i) % 3, frames = r->totals.frames[i];

		snprintf(from, sizeof from, "%s/%s.pcap", p->folder, w->point[i].name);
		for (uint64_t n = pieces; n-- > 0;) {
			snprintf(to, sizeof to, "%s/%s-%" PRIu64 ".pcap", p->folder, w->point[i].name, n);
			if (sim_property_cut(p, from, to, n * frames / pieces, (n + 1) * frames / pieces) > 0)
				sim_args_add(a, "%s=%s", w->point[i].name, to);
		}
	}
}

/* I-6: rotated files are one capture. */
static void split_files_are_one_capture(struct sim_property *p, struct sim_world *w)
{
	char *before[RESULTS], *after[RESULTS];
	struct sim_args a = {.count = 0};
	struct sim_record r;
	sqlite3 *db;

	p->also = ", then with every capture in pieces";
	sim_property_run(p, w, &r, &db);
	sim_property_dump(db, result_sql, RESULTS, before);
	sqlite3_close(db);
	sim_args_world(&a, w, 0);
	split_args(p, w, &r, &a);
	sim_property_again(p, &a, &db);
	sim_property_dump(db, result_sql, RESULTS, after);
	sqlite3_close(db);
	sim_record_free(&r);
	sim_property_same(p, "in pieces", before, after, RESULTS);
}

/* Everything that the views say, but for the names of captures. */
static const char *const view_sql[] = {
    "SELECT * FROM v_connection ORDER BY id",
    "SELECT * FROM v_flow ORDER BY flow_id",
    "SELECT * FROM v_hop ORDER BY 1,2,3,4",
    "SELECT connection_id, from_point, to_point, direction, delay_ns, low_ns, high_ns FROM v_delay ORDER BY 1,2,3,4,5,6,7",
    "SELECT * FROM v_hop_delay",
    "SELECT * FROM v_round_trip",
    "SELECT * FROM v_timing ORDER BY 1",
    "SELECT * FROM v_server_time",
    "SELECT * FROM v_change ORDER BY 1,2,3,4,5,6,7",
    "SELECT * FROM v_clock ORDER BY 1,2,3",
    "SELECT * FROM v_summary",
    "SELECT id, connection_id, kind, what, direction, count, from_point, to_point, point, confidence, rule, text FROM v_finding ORDER BY "
    "id",
    "SELECT connection_id, flow_id, point, frame, time_ns, aligned_ns, direction, flags, seq, ack, rel_seq, rel_ack, options FROM v_packet "
    "ORDER BY 3,4",
};
#define VIEWS (sizeof view_sql / sizeof *view_sql)

/* I-50: the order of the files on the command line does not matter. */
static void the_order_of_files_does_not_matter(struct sim_property *p, struct sim_world *w)
{
	char *before[VIEWS], *after[VIEWS];
	struct sim_args a = {.count = 0};
	struct sim_record r;
	sqlite3 *db;

	p->also = ", then with the files in another order";
	sim_property_run(p, w, &r, &db);
	sim_property_dump(db, view_sql, VIEWS, before);
	sqlite3_close(db);
	sim_args_world(&a, w, 0);
	for (unsigned i = 0; i < w->points; i++) {
		unsigned point = p->seed % 2 ? w->points - 1 - i : (unsigned)(p->seed + 1 + i) % w->points;

		sim_args_add(&a, "%s=%s/%s.pcap", w->point[point].name, p->folder, w->point[point].name);
	}
	sim_property_again(p, &a, &db);
	sim_property_dump(db, view_sql, VIEWS, after);
	sqlite3_close(db);
	sim_record_free(&r);
	sim_property_same(p, "files in another order", before, after, VIEWS);
}

/* I-40: what a capture that ended early does not hold is not lost. Nobody vouches that it ran. */
static void run_cut(struct sim_property *p, struct sim_world *w, bool all)
{
	struct sim_args a = {.count = 0};
	unsigned last = w->points - 1;
	char from[400], to[400];
	struct sim_record r;
	struct err e = {""};
	sqlite3 *db = NULL;

	if (sim_record_run(&r, w, p->folder, &e) < 0)
		sim_property_broken(p, e.msg);
	p->connections += (long)r.count;
	uint64_t kept = all ? 0 : r.totals.frames[last] / 2;
	snprintf(from, sizeof from, "%s/%s.pcap", p->folder, w->point[last].name);
	snprintf(to, sizeof to, "%s/cut.pcap", p->folder);
	sim_property_cut(p, from, to, 0, kept);
	sim_property_forget(&r, last, kept);
	sim_args_world(&a, w, 1u << last);
	for (unsigned i = 0; i < last; i++)
		sim_args_add(&a, "%s=%s/%s.pcap", w->point[i].name, p->folder, w->point[i].name);
	sim_args_add(&a, "%s=%s", w->point[last].name, to);
	if (sim_property_again(p, &a, &db))
		sim_property_judge(p, &r, db, false);
	sqlite3_close(db);
	sim_record_free(&r);
}

static void a_capture_that_ended_early_proves_no_drop(struct sim_property *p, struct sim_world *w)
{
	p->also = ", with the second half of the last capture cut off and without --running for it";
	run_cut(p, w, false);
}

static void an_empty_capture_proves_no_drop(struct sim_property *p, struct sim_world *w)
{
	p->also = ", with the last capture empty and without --running for it";
	run_cut(p, w, true);
}

/*
 * I-43: the order of the points, and which way round a connection runs, are found from exchanges that last two microseconds longer at one of two
 * points, although their clocks part by much more between what went there and what came back.
 */
static void drifting_clocks_turn_nothing_round(struct sim_property *p, struct sim_world *w)
{
	struct sim_args a = {.count = 0};
	struct sim_record r;
	struct err e = {""};
	sqlite3 *db = NULL;

	for (unsigned i = 0; i + 1 < w->points; i++) {
		w->device[i].bridge = true;
		for (int d = 0; d < 2; d++) {
			w->device[i].delay[d] = SIM_US;
			w->device[i].jitter[d] = SIM_US / 5;
		}
	}
	for (unsigned i = 0; i < w->points; i++) {
		w->point[i].nano = true;
		w->point[i].clock_ppm = i % 2 ? 250 : -250;
	}
	if (sim_record_run(&r, w, p->folder, &e) < 0)
		sim_property_broken(p, e.msg);
	p->connections += (long)r.count;
	for (unsigned i = 0; i < w->points; i++)
		sim_args_add(&a, "%s=%s/%s.pcap", w->point[w->points - 1 - i].name, p->folder, w->point[w->points - 1 - i].name);
	if (sim_property_again(p, &a, &db)) {
		sim_property_equal(p, "connections against the path", sim_property_query(p, db, "SELECT count(*) FROM connection WHERE reversed"), 0);
		for (unsigned i = 0; i < w->points; i++) {
			char sql[200];
			snprintf(sql, sizeof sql, "SELECT position FROM path JOIN point ON point.id = point_id WHERE name = '%s'", w->point[i].name);
			sim_property_equal(p, w->point[i].name, sim_property_query(p, db, sql), i);
		}
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

#define CHECK(check, worlds, ...)                                                                                                          \
	assert_int_equal(0, sim_property_check(#check, check, (const unsigned[]){__VA_ARGS__},                                             \
				sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned), worlds))

/*
 * Not held to yet: worlds in which clocks are set during a capture (SIM_STEPS), and mirror ports on top of every other trouble, where packets
 * without IP ID hide which of them is a copy, so that counts may be one off (mirrors alone: test_mirror).
 */
static void test_claims(void **state)
{
	(void)state;
	CHECK(claims_are_true, 70, SIM_PATH_TROUBLE, SIM_PATH_TROUBLE | SIM_CLOCKS, SIM_PATH_TROUBLE | SIM_CLOCKS | SIM_CAPTURE_LOSS,
	    SIM_DROPS | SIM_CAPTURE_LOSS | SIM_CLOCKS, SIM_PATH_TROUBLE | SIM_CLOCKS | SIM_WINDOWS | SIM_SNAPLEN | SIM_LINKS,
	    SIM_DROPS | SIM_REJECTS | SIM_CLOCKS | SIM_WINDOWS | SIM_CAPTURE_LOSS, SIM_KINDS_ALL | SIM_REWRITES | SIM_LINKS);
}

static void test_idle(void **state)
{
	(void)state;
	CHECK(what_a_device_forgets_is_an_idle_timeout, 20, 0);
}

/*
 * What devices drop, forge and reset, seen by captures that lose packets: the claims must hold whatever the captures miss.
 */
static void test_lossy(void **state)
{
	(void)state;
	CHECK(claims_are_true, 30, SIM_DROPS | SIM_REJECTS | SIM_RESETS | SIM_CAPTURE_LOSS, SIM_DROPS | SIM_REJECTS | SIM_RESETS | SIM_CAPTURE_LOSS | SIM_CLOCKS,
	    SIM_DROPS | SIM_REJECTS | SIM_RESETS | SIM_CAPTURE_LOSS | SIM_KINDS_ALL | SIM_CLOCKS);
}

/*
 * A router that cuts packets up, and fragments that are lost by it, by another one, or by a capture, or left out by a filter. Not together with
 * drops and duplicates: what one device doubles and the next one drops may be told as one.
 */
static void test_fragments(void **state)
{
	(void)state;
	CHECK(claims_are_true, 60, SIM_FRAGMENTS | SIM_LOST_FRAGMENTS, SIM_FRAGMENTS | SIM_LOST_FRAGMENTS | SIM_CLOCKS | SIM_DROPS,
	    SIM_NETWORK | SIM_FRAGMENTS, SIM_FRAGMENTS | SIM_CAPTURE_LOSS | SIM_CLOCKS,
	    SIM_FRAGMENTS | SIM_LOST_FRAGMENTS | SIM_CAPTURE_LOSS | SIM_DROPS, SIM_FRAGMENTS | SIM_LOST_FRAGMENTS | SIM_CAPTURE_LOSS | SIM_PORT_FILTERS,
	    SIM_FRAGMENTS | SIM_PORT_FILTERS | SIM_CAPTURE_LOSS,
	    (SIM_PATH_TROUBLE & ~SIM_NETWORK) | SIM_FRAGMENTS | SIM_LOST_FRAGMENTS | SIM_WINDOWS | SIM_SNAPLEN | SIM_LINKS);
}

static void test_import(void **state)
{
	(void)state;
	CHECK(every_frame_is_imported, 15, SIM_ALL, SIM_FRAGMENTS | SIM_SNAPLEN | SIM_LINKS);
}

static void test_clean(void **state)
{
	(void)state;
	CHECK(nothing_is_found_where_nothing_happened, 30, 0, SIM_FRAGMENTS);
}

static void test_instances(void **state)
{
	(void)state;
	CHECK(one_connection_per_initial_sequence_number, 20, SIM_KINDS_ALL, SIM_KINDS_ALL | SIM_DROPS, SIM_KINDS_ALL | SIM_CLOCKS);
}

static void test_sequence_numbers(void **state)
{
	(void)state;
	CHECK(sequence_numbers_may_start_anywhere, 15, SIM_PATH_TROUBLE, SIM_ALL);
}

static void test_mirror(void **state)
{
	(void)state;
	CHECK(mirrored_copies_change_nothing, 15, SIM_PATH_TROUBLE & ~SIM_NETWORK, (SIM_PATH_TROUBLE | SIM_CLOCKS) & ~SIM_NETWORK);
}

static void test_split(void **state)
{
	(void)state;
	CHECK(split_files_are_one_capture, 15, SIM_PATH_TROUBLE | SIM_SNAPLEN | SIM_LINKS, SIM_PATH_TROUBLE | SIM_CLOCKS);
}

static void test_order(void **state)
{
	(void)state;
	CHECK(the_order_of_files_does_not_matter, 15, SIM_ALL, SIM_PATH_TROUBLE | SIM_CLOCKS);
}

static void test_cut(void **state)
{
	(void)state;
	CHECK(a_capture_that_ended_early_proves_no_drop, 20, SIM_KINDS_ALL | SIM_CLOCKS, SIM_PATH_TROUBLE | SIM_CLOCKS);
}

static void test_empty(void **state)
{
	(void)state;
	CHECK(an_empty_capture_proves_no_drop, 10, SIM_KINDS_ALL | SIM_CLOCKS, SIM_PATH_TROUBLE);
}

static void test_drift(void **state)
{
	(void)state;
	CHECK(drifting_clocks_turn_nothing_round, 15, 0, SIM_REWRITES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_claims),
	    cmocka_unit_test(test_lossy),
	    cmocka_unit_test(test_idle),
	    cmocka_unit_test(test_fragments),
	    cmocka_unit_test(test_import),
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_instances),
	    cmocka_unit_test(test_sequence_numbers),
	    cmocka_unit_test(test_mirror),
	    cmocka_unit_test(test_split),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_drift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
