#include "correlate/correlate.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/crossed.h"
#include "correlate/damage.h"
#include "correlate/delay_sum.h"
#include "correlate/fate.h"
#include "correlate/flows.h"
#include "correlate/habit.h"
#include "correlate/join.h"
#include "correlate/judge.h"
#include "correlate/ladder_store.h"
#include "correlate/match.h"
#include "correlate/pipeline.h"
#include "correlate/precedent.h"
#include "correlate/proxy.h"
#include "correlate/readers.h"
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
	struct readers readers;
	struct pipeline *pipeline;
	struct habits habits;
	struct delay_sums delay_sums;
	struct timings timings;
	struct troubles troubles;
	struct store *store;
	struct err *e;
};

/* Everything about one connection but its verdict. */
static int look(struct run *r, unsigned lane, struct job *j, struct err *e)
{
	if (loader_read(&r->readers.one[lane].loader, &j->conn, j->index, e) < 0 || match_packets(&j->conn, e) < 0 ||
	    proof_build(&j->proof, &j->conn, e) < 0)
		return -1;
	j->outcome = judge_outcome(&j->conn);
	return 0;
}

static void tell(const struct run *r, uint32_t done)
{
	if (r->o->progress && done % PROGRESS_CONNS == 0)
		r->o->progress(r->o->ctx, done, 2 * r->facts.conns);
}

/* ---- first pass: what captures miss and hops lose can only be known from all connections together ---- */

static int look_at(void *ctx, unsigned lane, struct job *j, struct err *e)
{
	return facts_on_path(j->conn.facts, j->index) ? look(ctx, lane, j, e) : 0;
}

/* An answer to this connection's SYN that shows that somebody still holds the one before it. */
static int learn_stale(struct facts *f, const struct conn *c, struct err *e)
{
	uint32_t before = f->conn[c->index].previous;

	for (uint32_t x = 0; before != UINT32_MAX && x < c->txs; x++) {
		if (!judge_stale_answer(c, x))
			continue;
		if (f->stales == f->stale_room) {
			uint32_t room = f->stale_room ? f->stale_room * 2 : 16;
			struct stale *s = realloc(f->stale, room * sizeof *s);
			if (!s)
				return err_set(e, "out of memory");
			f->stale = s;
			f->stale_room = room;
		}
		f->stale[f->stales++] = (struct stale){ before, c->pkt[c->tx[x].first].ack };
	}
	return 0;
}

static int learn_from(void *ctx, struct job *j, struct err *e)
{
	struct run *r = ctx;
	struct facts *f = &r->facts;

	tell(r, j->index);
	if (!facts_on_path(f, j->index))
		return 0;
	fate_learn(&j->proof, f);
	precedents_learn(f->precedents, &j->conn);
	f->conn[j->index].outcome = j->outcome;
	f->conn[j->index].odd = strcmp(j->outcome, "no connection") == 0;
	if (learn_stale(f, &j->conn, e) < 0 || siblings_learn(f->siblings, &j->conn, e) < 0)
		return -1;
	return delay_sums_learn(&r->delay_sums, &j->conn, e) < 0 ? -1 : damage_learn(&j->conn, f, e);
}

static int learn(struct run *r)
{
	static const struct stages stages = { look_at, learn_from };
	struct facts *f = &r->facts;

	f->siblings = siblings_new();
	f->precedents = precedents_new(f);
	if (!f->siblings || !f->precedents)
		return err_set(r->e, "out of memory");
	if (pipeline_run(r->pipeline, &stages, r, r->e) < 0)
		return -1;
	damage_learned(f);
	fate_learned(f);
	precedents_settle(f->precedents);
	return 0;
}

/* ---- second pass ---- */

static int judge_one(void *ctx, unsigned lane, struct job *j, struct err *e)
{
	if (!facts_on_path(j->conn.facts, j->index))
		return 0;
	if (look(ctx, lane, j, e) < 0)
		return -1;
	fate_judge(&j->proof);
	findings_clear(&j->found);
	changes_find(&j->conn, &j->changed);
	judge(&j->proof, &j->found);
	judge_changes(&j->conn, &j->changed, &j->found);
	judge_join(&j->conn, &j->found);
	return delays_measure(&j->delays, &j->conn, e);
}

static int store_one(void *ctx, struct job *j, struct err *e)
{
	struct run *r = ctx;

	tell(r, r->facts.conns + j->index);
	if (!facts_on_path(&r->facts, j->index))
		return store_aside(r->store, j->index, e);
	if (habits_add(&r->habits, &j->conn, &j->changed, e) < 0 || delay_sums_add(&r->delay_sums, &j->conn, &j->delays, e) < 0)
		return -1;
	if (store_connection(r->store, &j->proof, &j->found, &j->changed, &j->delays, e) < 0 ||
	    ladder_store(r->db, &j->conn, &j->found, e) < 0)
		return -1;
	return timings_add(&r->timings, &j->conn, e) < 0 ? -1 : troubles_add(&r->troubles, &j->conn, &j->found, e);
}

static int judge_all(struct run *r)
{
	static const struct stages stages = { judge_one, store_one };

	return pipeline_run(r->pipeline, &stages, r, r->e);
}

static int derive(struct run *r)
{
	struct facts *f = &r->facts;
	struct err *e = r->e;

	if (facts_load(f, r->db, &r->o->facts, e) < 0)
		return -1;
	if (f->points == 0)
		return db_reset_derived(r->db, e);
	if (flows_load(f, r->db, e) < 0 || crossed_settle(f, e) < 0 || proxy_link(f, r->db, e) < 0 || join_flows(f, r->db, e) < 0 ||
	    sample_run(f, r->db, e) < 0 || join_order(f, e) < 0 || proxy_find(f, r->db, e) < 0 || tie_find(f, r->db, e) < 0)
		return -1;
	/* Nothing has been written so far. */
	if (readers_open(&r->readers, pipeline_lanes(f), r->db, e) < 0 || db_reset_derived(r->db, e) < 0)
		return -1;
	if (!(r->store = store_new(r->db, f, e)) || timings_open(&r->timings, r->db, e) < 0)
		return -1;
	if (!(r->pipeline = pipeline_new(f, r->readers.n)))
		return err_set(e, "out of memory");
	if (rules_store(r->db, e) < 0 || store_facts(r->db, f, e) < 0 || learn(r) < 0 || facts_load_names(f, r->db, e) < 0 ||
	    store_coverage(r->db, f, e) < 0)
		return -1;
	if (judge_all(r) < 0)
		return -1;
	/* What is added up now needs room of its own. */
	pipeline_free(r->pipeline);
	r->pipeline = NULL;
	free(f->part);
	f->part = NULL;
	if (habits_store(r->db, f, &r->habits, e) < 0 || store_ties(r->db, f, e) < 0)
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
	pipeline_free(r->pipeline);
	store_free(r->store);
	readers_close(&r->readers);
	habits_free(&r->habits);
	delay_sums_free(&r->delay_sums);
	timings_close(&r->timings);
	troubles_free(&r->troubles);
	facts_free(&r->facts);
	free(r);
	return rc;
}
