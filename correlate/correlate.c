#include "correlate/correlate.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/change.h"
#include "correlate/crossed.h"
#include "correlate/damage.h"
#include "correlate/delay_sum.h"
#include "correlate/fate.h"
#include "correlate/flows.h"
#include "correlate/habit.h"
#include "correlate/join.h"
#include "correlate/judge.h"
#include "correlate/load.h"
#include "correlate/match.h"
#include "correlate/precedent.h"
#include "correlate/proxy.h"
#include "correlate/rules.h"
#include "correlate/sample.h"
#include "correlate/siblings.h"
#include "correlate/store.h"
#include "correlate/store_facts.h"
#include "correlate/tie.h"
#include "correlate/timing_store.h"
#include "correlate/troubles.h"

#include "correlate/link_f5.sql.h"

#define PROGRESS_CONNS 256

struct run {
	struct db *db;
	const struct correlate_options *o;
	struct facts facts;
	struct loader loader;
	struct conn conn;
	struct proof proof;
	struct findings found;
	struct changes changed;
	struct habits habits;
	struct delays delays;
	struct delay_sums delay_sums;
	struct timings timings;
	struct troubles troubles;
	struct store *store;
	struct err *e;
};

/* Everything about one connection but its verdict. */
static int look(struct run *r, uint32_t i)
{
	if (loader_read(&r->loader, &r->conn, i, r->e) < 0 || match_packets(&r->conn, r->e) < 0)
		return -1;
	return proof_build(&r->proof, &r->conn, r->e);
}

/* An answer to this connection's SYN that shows that somebody still holds the one before it. */
static int learn_stale(struct run *r)
{
	struct facts *f = &r->facts;
	const struct conn *c = &r->conn;
	uint32_t before = f->conn[c->index].previous;

	for (uint32_t x = 0; before != UINT32_MAX && x < c->txs; x++) {
		if (!judge_stale_answer(c, x))
			continue;
		if (f->stales == f->stale_room) {
			uint32_t room = f->stale_room ? f->stale_room * 2 : 16;
			struct stale *s = realloc(f->stale, room * sizeof *s);
			if (!s)
				return err_set(r->e, "out of memory");
			f->stale = s;
			f->stale_room = room;
		}
		f->stale[f->stales++] = (struct stale){ before, c->pkt[c->tx[x].first].ack };
	}
	return 0;
}

static void tell(const struct run *r, uint32_t done, uint32_t all)
{
	if (r->o->progress && done % PROGRESS_CONNS == 0)
		r->o->progress(r->o->ctx, done, all);
}

/* First pass: what captures miss and hops lose can only be known from all connections together. */
static int learn(struct run *r)
{
	uint32_t n = r->facts.conns;

	r->facts.siblings = siblings_new();
	r->facts.precedents = precedents_new(&r->facts);
	if (!r->facts.siblings || !r->facts.precedents)
		return err_set(r->e, "out of memory");
	for (uint32_t i = 0; i < n; i++) {
		if (!facts_on_path(&r->facts, i))
			continue;
		if (look(r, i) < 0)
			return -1;
		fate_learn(&r->proof, &r->facts);
		precedents_learn(r->facts.precedents, &r->conn);
		r->facts.conn[i].outcome = judge_outcome(&r->conn);
		r->facts.conn[i].odd = strcmp(r->facts.conn[i].outcome, "no connection") == 0;
		if (learn_stale(r) < 0 || siblings_learn(r->facts.siblings, &r->conn, r->e) < 0 || delay_sums_learn(&r->delay_sums, &r->conn, r->e) < 0 || damage_learn(&r->conn, &r->facts, r->e) < 0)
			return -1;
		tell(r, i, 2 * n);
	}
	damage_learned(&r->facts);
	fate_learned(&r->facts);
	precedents_settle(r->facts.precedents);
	return 0;
}

static int judge_all(struct run *r)
{
	uint32_t n = r->facts.conns;

	for (uint32_t i = 0; i < n; i++) {
		if (!facts_on_path(&r->facts, i)) {
			if (store_aside(r->store, i, r->e) < 0)
				return -1;
			continue;
		}
		if (look(r, i) < 0)
			return -1;
		fate_judge(&r->proof);
		findings_clear(&r->found);
		changes_find(&r->conn, &r->changed);
		judge(&r->proof, &r->found);
		judge_changes(&r->conn, &r->changed, &r->found);
		if (habits_add(&r->habits, &r->conn, &r->changed, r->e) < 0)
			return -1;
		if (delays_measure(&r->delays, &r->conn, r->e) < 0 || delay_sums_add(&r->delay_sums, &r->conn, &r->delays, r->e) < 0)
			return -1;
		if (store_connection(r->store, &r->proof, &r->found, &r->changed, &r->delays, r->e) < 0 ||
		    timings_add(&r->timings, &r->conn, r->e) < 0 || troubles_add(&r->troubles, &r->conn, &r->found, r->e) < 0)
			return -1;
		tell(r, n + i, 2 * n);
	}
	return 0;
}

static int derive(struct run *r)
{
	struct facts *f = &r->facts;
	struct err *e = r->e;

	if (db_reset_derived(r->db, e) < 0 || facts_load(f, r->db, &r->o->facts, e) < 0)
		return -1;
	if (f->points == 0)
		return 0;
	if (flows_load(f, r->db, e) < 0 || crossed_settle(f, e) < 0 || proxy_link(f, r->db, e) < 0 || join_flows(f, r->db, e) < 0 ||
	    sample_run(f, r->db, e) < 0 || join_order(f, e) < 0 || proxy_find(f, r->db, e) < 0 || tie_find(f, r->db, e) < 0)
		return -1;
	if (loader_open(&r->loader, r->db, e) < 0 || !(r->store = store_new(r->db, f, e)) || timings_open(&r->timings, r->db, e) < 0)
		return -1;
	conn_init(&r->conn, f);
	proof_init(&r->proof);
	if (rules_store(r->db, e) < 0 || store_facts(r->db, f, e) < 0 || learn(r) < 0 || facts_load_names(f, r->db, e) < 0 ||
	    store_coverage(r->db, f, e) < 0)
		return -1;
	if (judge_all(r) < 0 || habits_store(r->db, f, &r->habits, e) < 0 || store_ties(r->db, f, e) < 0)
		return -1;
	if (delay_sums_store(r->db, f, &r->delay_sums, e) < 0 || timings_store(&r->timings, f, e) < 0 ||
	    troubles_store(r->db, f, &r->troubles, e) < 0)
		return -1;
	return db_exec(r->db, link_f5_sql, e);
}

int correlate_case(struct db *db, const struct correlate_options *o, struct err *e)
{
	struct run *r = calloc(1, sizeof *r);
	int rc = -1;

	if (!r)
		return err_set(e, "out of memory");
	r->db = db;
	r->o = o;
	r->e = e;
	if (db_begin(db, e) == 0)
		rc = db_end(db, derive(r), e);
	store_free(r->store);
	loader_close(&r->loader);
	proof_free(&r->proof);
	conn_free(&r->conn);
	findings_free(&r->found);
	changes_free(&r->changed);
	habits_free(&r->habits);
	delays_free(&r->delays);
	delay_sums_free(&r->delay_sums);
	timings_close(&r->timings);
	troubles_free(&r->troubles);
	facts_free(&r->facts);
	free(r);
	return rc;
}
