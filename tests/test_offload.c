/* The real program on random worlds in which some captures hold segments put together, as by network cards: nothing else may change by it (I-18). */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/property.h"

static const unsigned path_troubles[] = {
    SIM_DROPS, SIM_DROPS | SIM_REWRITES, SIM_DROPS | SIM_KINDS_ALL, SIM_DROPS | SIM_CLOCKS, SIM_PATH_TROUBLE & ~SIM_NETWORK};
static const unsigned all_troubles[] = {SIM_PATH_TROUBLE & ~SIM_NETWORK, SIM_DROPS | SIM_NETWORK, SIM_PATH_TROUBLE | SIM_CAPTURE_LOSS,
    SIM_PATH_TROUBLE | SIM_SNAPLEN, SIM_DROPS | SIM_WINDOWS};

/* Long answers, lost here and there. */
static void talk_much(struct sim_world *w)
{
	w->connections = 8;
	w->request_max = 60000;
	w->response_max = 120000;
}

/* Super-packets at the client's host, put together again before the server's or somewhere between. */
static void put_together(struct sim_world *w)
{
	unsigned n = (unsigned)w->seed;

	w->point[0].offload = 2 + n % 40;
	w->point[w->points - 1].offload = n % 3 ? 2 + n % 17 : 0;
	if (w->points > 2 && n % 4 == 0)
		w->point[1].offload = 3;
}

static void claims_are_true(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3 *db;

	talk_much(w);
	put_together(w);
	if (sim_property_run(p, w, &r, &db))
		sim_property_judge(p, &r, db, false);
	sqlite3_close(db);
	sim_record_free(&r);
}

/* Every packet has a transmission, and every transmission is named by a packet. */
static void every_packet_has_one_transmission(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3 *db;

	talk_much(w);
	put_together(w);
	if (sim_property_run(p, w, &r, &db)) {
		sim_property_equal(p, "packets twice in v_packet", sim_property_query(p, db, "SELECT count(*) - count(DISTINCT packet_id) FROM v_packet"), 0);
		sim_property_equal(p, "transmissions named by no packet of theirs", sim_property_query(p, db,
		    "SELECT count(*) FROM v_packet p WHERE NOT EXISTS (SELECT 1 FROM v_packet q WHERE q.packet_id = p.transmission_id AND "
		    "q.transmission_id = p.transmission_id)"), 0);
		sim_property_equal(p, "transmissions not counted", sim_property_query(p, db,
		    "SELECT count(*) FROM v_connection c WHERE packets <> (SELECT count(DISTINCT transmission_id) FROM v_packet WHERE connection_id = c.id)"), 0);
		sim_property_equal(p, "pieces of nothing", sim_property_query(p, db,
		    "SELECT count(*) FROM resegmented r LEFT JOIN v_packet p ON p.packet_id = r.transmission_id LEFT JOIN v_packet o ON o.packet_id = r.origin_id "
		    "WHERE p.transmission_id <> p.packet_id OR (r.origin_id IS NOT NULL AND o.connection_id IS NOT p.connection_id)"), 0);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

/* I-17: a chain in which nothing happens yields no finding but that. */
static void nothing_is_found_where_nothing_happened(struct sim_property *p, struct sim_world *w)
{
	static const char other[] = "SELECT count(*) FROM v_finding WHERE kind <> 'resegmented' OR confidence <> 'certain'";
	static const char uneven[] = "SELECT count(*) FROM v_hop WHERE sent <> arrived OR dropped OR generated OR not_captured OR modified OR retransmitted";
	struct sim_record r;
	sqlite3 *db;

	talk_much(w);
	put_together(w);
	if (sim_property_run(p, w, &r, &db)) {
		sim_property_equal(p, "findings", sim_property_query(p, db, other), 0);
		sim_property_equal(p, "hops that lost or gained", sim_property_query(p, db, uneven), 0);
	}
	sqlite3_close(db);
	sim_record_free(&r);
}

/* I-18: which kinds of packets were lost where, made, or repeated; how many packets that is depends on how they are cut. */
static void claims_do_not_depend_on_offload(struct sim_property *p, struct sim_world *w)
{
	static const char *const sql[] = {
	    "SELECT DISTINCT c.client_addr, c.client_port, c.server_addr, c.server_port, f.kind, f.what, f.direction, f.from_point, f.to_point, f.point "
	    "FROM v_finding f JOIN v_connection c ON c.id = f.connection_id WHERE f.confidence <> 'possible' AND f.kind IN ('dropped', 'generated', "
	    "'sent', 'unanswered', 'retransmitted', 'not_captured', 'keepalive') ORDER BY 1,2,3,4,5,6,7,8,9,10",
	    "SELECT client_addr, client_port, server_addr, server_port, outcome, bytes FROM v_connection ORDER BY 1,2,3,4,5,6",
	};
	char *before[2], *after[2];
	struct sim_record r;
	sqlite3 *db;

	talk_much(w);
	sim_property_run(p, w, &r, &db);
	sim_property_dump(db, sql, 2, before);
	sqlite3_close(db);
	sim_record_free(&r);
	put_together(w);
	sim_property_run(p, w, &r, &db);
	sim_property_dump(db, sql, 2, after);
	sqlite3_close(db);
	sim_record_free(&r);
	sim_property_same(p, "with offload", before, after, 2);
}

static const unsigned none[] = {0};

static void check(const char *name, sim_check *c, const unsigned *troubles, size_t kinds, long worlds)
{
	assert_int_equal(sim_property_check(name, c, troubles, kinds, worlds), 0);
}

#define CHECK(c, troubles, worlds) check(#c, c, troubles, sizeof troubles / sizeof *troubles, worlds)

static void claims_are_true_with_offload(void **state)
{
	(void)state;
	CHECK(claims_are_true, all_troubles, 20);
}

static void transmissions_are_whole(void **state)
{
	(void)state;
	CHECK(every_packet_has_one_transmission, path_troubles, 5);
}

static void clean_worlds_stay_clean(void **state)
{
	(void)state;
	CHECK(nothing_is_found_where_nothing_happened, none, 10);
}

static void offload_changes_no_claim(void **state)
{
	(void)state;
	CHECK(claims_do_not_depend_on_offload, path_troubles, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_worlds_stay_clean),
		cmocka_unit_test(transmissions_are_whole),
		cmocka_unit_test(offload_changes_no_claim),
		cmocka_unit_test(claims_are_true_with_offload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
