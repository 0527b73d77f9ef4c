/*
 * The real program on worlds in which a device has a policy, or only loses packets: the one is found as it was planted, the other is taken for nothing
 * else. See tests/sim/property.h for how many worlds are run.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/property.h"
#include "tests/sim/rng.h"

#define PORT 81

/* Many connections of both families, and one rule on one device. */
static struct sim_drop *plant(struct sim_world *w, uint64_t seed, unsigned *device)
{
	struct sim_rng r;
	struct sim_drop *rule;

	sim_rng_seed(&r, seed ^ 0x90117);
	sim_world_clean(w, seed, (unsigned)sim_rng_range(&r, 2, 4));
	w->connections = (uint64_t)sim_rng_range(&r, 60, 90);
	w->clients = 12;
	w->servers = 3;
	w->ports = 4;
	w->exchanges = 1;
	w->response_max = 3000;
	w->ipv6 = sim_rng_chance(&r, 0.5) ? 0.5 : sim_rng_chance(&r, 0.5);
	w->ecn = 0.4;
	*device = (unsigned)sim_rng_range(&r, 0, w->points - 2);
	if (sim_rng_chance(&r, 0.3))
		w->device[*device].snat = true;
	rule = &w->device[*device].drops[w->device[*device].drop_count++];
	*rule = (struct sim_drop){.whats = 1u << SIM_SYN, .dirs = 1u << SIM_C2S, .probability = 1, .port = PORT};
	return rule;
}

/* Connections that lost packets of a kind of their clients on the device, and from then on all of them. */
static long victims(const struct sim_record *r, int device, enum sim_what what)
{
	long n = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct sim_truth *t = r->truth[i];
		long lost = 0, passed = 0;

		for (size_t k = 0; k < t->count; k++) {
			if (t->sent[k].what != what || t->sent[k].dir != SIM_C2S)
				continue;
			lost += t->sent[k].dropped_by == device;
			passed += lost > 0 && t->sent[k].dropped_by != device;
		}
		n += lost > 0 && passed == 0;
	}
	return n;
}

#define OF_WHAT "FROM v_pattern WHERE what = '%s' AND direction = 'c2s' AND from_point = 'p%u' AND to_point = 'p%u' AND state = 'all' AND "

/* One pattern describes what the device dropped of a kind, and all of it. */
static void found(struct sim_property *p, sqlite3 *db, const struct sim_record *r, unsigned device, enum sim_what what, const char *description)
{
	char sql[512];
	long n = victims(r, (int)device, what);

	snprintf(sql, sizeof sql, "SELECT coalesce(sum(hit), 0) " OF_WHAT "description GLOB '%s' AND connections = hit AND others_hit = 0 AND "
	    "confidence = 'likely'", sim_what_name(what), device, device + 1, description);
	sim_property_equal(p, description, sim_property_query(p, db, sql), n);
	snprintf(sql, sizeof sql, "SELECT count(*) " OF_WHAT "kind = 'dropped'", sim_what_name(what), device, device + 1);
	sim_property_equal(p, "patterns", sim_property_query(p, db, sql), 1);
}

static void a_closed_port(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	unsigned device;
	sqlite3 *db;

	plant(w, p->seed, &device);
	if (sim_property_run(p, w, &r, &db))
		found(p, db, &r, device, SIM_SYN, "to port 81");
	sqlite3_close(db);
	sim_record_free(&r);
}

static void a_port_closed_from_some_time_on(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	struct sim_drop *rule;
	unsigned device;
	sqlite3 *db;

	rule = plant(w, p->seed, &device);
	w->ports = 2;
	w->connections = 120;
	rule->after = (int64_t)w->connections * w->gap / 2;
	if (sim_property_run(p, w, &r, &db))
		found(p, db, &r, device, SIM_SYN, "to port 81 since *");
	sqlite3_close(db);
	sim_record_free(&r);
}

static void no_way_for_ecn(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	struct sim_drop *rule;
	unsigned device;
	sqlite3 *db;

	rule = plant(w, p->seed, &device);
	rule->port = 0;
	rule->ecn_only = true;
	w->clients = 40;
	if (sim_property_run(p, w, &r, &db))
		found(p, db, &r, device, SIM_SYN, "whose SYN asks for ECN");
	sqlite3_close(db);
	sim_record_free(&r);
}

static void nothing_but_an_outage(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	struct sim_drop *rule;
	unsigned device;
	sqlite3 *db;

	rule = plant(w, p->seed, &device);
	rule->port = 0;
	rule->after = (int64_t)w->connections * w->gap * 2 / 3;
	if (sim_property_run(p, w, &r, &db))
		found(p, db, &r, device, SIM_SYN, "since *");
	sqlite3_close(db);
	sim_record_free(&r);
}

/* Connections that were idle for too long are forgotten, and those that were not are not. */
static void an_idle_timeout(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	unsigned device;
	sqlite3 *db;

	plant(w, p->seed, &device);
	w->device[device].drop_count = 0;
	w->device[device].idle_limit = 2 * SIM_SECOND;
	w->device[device].idle_rst = p->seed % 2;
	w->weight[SIM_IDLE] = 1;
	if (sim_property_run(p, w, &r, &db))
		found(p, db, &r, device, SIM_DATA, "after * of silence or more (* passed)");
	sqlite3_close(db);
	sim_record_free(&r);
}

/* Packets of any kind get lost now and then, nearly never or often: no class is said to be shut out, nor to be hit more. */
static void loss_is_no_policy(struct sim_property *p, struct sim_world *w)
{
	static const char claims[] = "SELECT count(*) FROM v_pattern WHERE confidence = 'likely'";
	static const uint32_t whats[] = {1u << SIM_SYN, 1u << SIM_SYNACK, 1u << SIM_DATA, (1u << SIM_WHATS) - 1};
	struct sim_rng r;
	struct sim_record record;
	struct sim_drop *rule;
	unsigned device;
	sqlite3 *db;

	rule = plant(w, p->seed, &device);
	sim_rng_seed(&r, p->seed ^ 0x1055);
	rule->port = 0;
	rule->whats = whats[sim_rng_range(&r, 0, 3)];
	rule->dirs = 3;
	rule->probability = 0.02 + 0.6 * sim_rng_unit(&r);
	/* Hosts that refuse, abort, do not answer, or vanish. */
	for (int i = 1; i < SIM_KINDS && sim_rng_chance(&r, 0.9); i++)
		w->weight[i] = sim_rng_chance(&r, 0.3);
	if (sim_property_run(p, w, &record, &db))
		sim_property_equal(p, "claims of a policy", sim_property_query(p, db, claims), 0);
	sqlite3_close(db);
	sim_record_free(&record);
}

/* Captures that miss packets, and none that is dropped: no pattern is claimed of what the path does. */
static void capture_loss_is_no_policy(struct sim_property *p, struct sim_world *w)
{
	static const char claims[] = "SELECT count(*) FROM v_pattern WHERE confidence = 'likely'";
	struct sim_record r;
	unsigned device;
	sqlite3 *db;

	plant(w, p->seed, &device);
	w->device[device].drop_count = 0;
	for (unsigned i = 0; i < w->points; i++)
		w->point[i].loss = 0.05;
	for (unsigned i = 0; i < w->points; i++)
		w->point[i].loss_burst = 1;
	if (sim_property_run(p, w, &r, &db))
		sim_property_equal(p, "claims of a policy", sim_property_query(p, db, claims), 0);
	sqlite3_close(db);
	sim_record_free(&r);
}

static void the_order_of_captures_changes_nothing(struct sim_property *p, struct sim_world *w)
{
	static const char *const sql[] = {"SELECT * FROM v_pattern", "SELECT * FROM pattern_connection ORDER BY 1, 2"};
	struct sim_args a = {.count = 0};
	struct sim_record r;
	char *before[2], *after[2];
	unsigned device;
	sqlite3 *db, *again = NULL;

	plant(w, p->seed, &device);
	if (sim_property_run(p, w, &r, &db)) {
		sim_property_dump(db, sql, 2, before);
		sqlite3_close(db);
		db = NULL;
		sim_args_world(&a, w, 0);
		for (unsigned i = w->points; i-- > 0;)
			sim_args_add(&a, "%s=%s/%s.pcap", w->point[i].name, p->folder, w->point[i].name);
		if (sim_property_again(p, &a, &again)) {
			sim_property_dump(again, sql, 2, after);
			sim_property_same(p, "captures in another order", before, after, 2);
		}
	}
	sqlite3_close(db);
	sqlite3_close(again);
	sim_record_free(&r);
}

static const unsigned none[] = {0};

#define CHECK(check, worlds) assert_int_equal(sim_property_check(#check, check, none, 1, worlds), 0)

static void test_policies(void **state)
{
	(void)state;
	CHECK(a_closed_port, 30);
	CHECK(a_port_closed_from_some_time_on, 30);
	CHECK(no_way_for_ecn, 30);
	CHECK(nothing_but_an_outage, 30);
	CHECK(an_idle_timeout, 30);
}

static void test_loss(void **state)
{
	(void)state;
	CHECK(loss_is_no_policy, 100);
	CHECK(capture_loss_is_no_policy, 30);
}

static void test_order(void **state)
{
	(void)state;
	CHECK(the_order_of_captures_changes_nothing, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_loss),
	    cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
