#include "tests/sim/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/claim.h"
#include "tests/sim/heap.h"
#include "tests/sim/program.h"

/* Which true connection each connection of the case is; the case's ids in ascending order. */
struct identity {
	int64_t id;
	size_t truth;
};

struct identities {
	struct identity *all;
	size_t count, room;
};

static void complain(struct sim_verdict *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void complain(struct sim_verdict *v, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	v->complain(v->context, text);
}

static sqlite3_stmt *prepare(struct sim_verdict *v, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		complain(v, "%s: %s", sql, sqlite3_errmsg(db));
	return st;
}

static const char *text_of(sqlite3_stmt *st, int column)
{
	const char *s = (const char *)sqlite3_column_text(st, column);

	return s ? s : "";
}

/* Each connection of the case is the true one that most of its packets belong to. */
static void identify(struct sim_verdict *v, sqlite3 *db, struct identities *ids)
{
	sqlite3_stmt *st =
	    prepare(v, db, "SELECT connection_id, point, frame FROM v_packet WHERE connection_id IS NOT NULL ORDER BY connection_id");
	size_t room = 0;
	uint32_t *votes = sim_grow(NULL, &room, v->r->count + 1, sizeof *votes), best = 0;

	memset(votes, 0, (v->r->count + 1) * sizeof *votes);
	while (st && sqlite3_step(st) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(st, 0);
		int point = sim_program_point(v->r->w, sqlite3_column_text(st, 1));
		const struct sim_frame *f =
		    point < 0 ? NULL : sim_record_frame(v->r, (unsigned)point, (uint64_t)sqlite3_column_int64(st, 2));

		if (!f)
			continue;
		if (ids->count == 0 || ids->all[ids->count - 1].id != id) {
			memset(votes, 0, v->r->count * sizeof *votes);
			best = 0;
			ids->all = sim_grow(ids->all, &ids->room, ids->count + 1, sizeof *ids->all);
			ids->all[ids->count++] = (struct identity){id, f->connection};
		}
		if (++votes[f->connection] > best) {
			best = votes[f->connection];
			ids->all[ids->count - 1].truth = f->connection;
		}
	}
	sqlite3_finalize(st);
	free(votes);
}

static const struct sim_truth *find_truth(const struct sim_verdict *v, const struct identities *ids, int64_t id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (ids->all[i].id == id)
			return v->r->truth[ids->all[i].truth];
	return NULL;
}

/* What a stale server answers with old numbers, and the RST to it, may be filed under the old connection or the new one. */
static bool belongs_to_both(const struct sim_truth *t, size_t i)
{
	const struct sim_transmission *s = &t->sent[i];

	return s->notable && (s->what == SIM_ACK || s->what == SIM_RST);
}

struct joining {
	int64_t connection, flow;
	const struct sim_truth *of_connection, *of_flow; /* NULL: not known yet */
	bool likely;                                     /* that it is of_connection */
	bool told;
};

static void judge_frame(struct sim_verdict *v, sqlite3_stmt *st, struct joining *j, const struct sim_truth *t)
{
	bool likely = strcmp(text_of(st, 4), "likely") == 0, joined = likely || strcmp(text_of(st, 4), "certain") == 0, doubted = false;
	const struct sim_truth *other = NULL;

	if (j->of_flow && j->of_flow != t) {
		other = j->of_flow;
	} else if (joined && j->of_connection && j->of_connection != t) {
		other = j->of_connection;
		doubted = likely || j->likely;
	}
	v->likely += likely && !j->of_flow;
	j->of_flow = j->of_flow ? j->of_flow : t;
	if (joined && !j->of_connection) {
		j->of_connection = t;
		j->likely = likely;
	}
	if (!other || j->told)
		return;
	j->told = true;
	v->false_joins++;
	v->false_likely += doubted;
	if (doubted && v->doubt_likely)
		return;
	complain(v,
	    "connection %" PRId64 ", flow %" PRId64 " (%s) at %s: frame %s is of true connection %" PRIu64 " (%s), others are of %" PRIu64
	    " (%s)",
	    j->connection, j->flow, text_of(st, 4), text_of(st, 2), text_of(st, 3), t->id, sim_kind_name(t->kind), other->id,
	    sim_kind_name(other->kind));
}

/* A flow is the true connection of its first packet: all others must be of the same, and so must the flows that it is joined with. */
void sim_verdict_joins(struct sim_verdict *v, sqlite3 *db)
{
	sqlite3_stmt *st = prepare(v, db,
	    "SELECT p.connection_id, p.flow_id, p.point, p.frame, f.join_state FROM v_packet p JOIN v_flow f "
	    "ON f.flow_id = p.flow_id WHERE p.connection_id IS NOT NULL ORDER BY p.connection_id, p.flow_id, p.frame");
	struct joining j = {.connection = -1, .flow = -1};

	while (st && sqlite3_step(st) == SQLITE_ROW) {
		int point = sim_program_point(v->r->w, sqlite3_column_text(st, 2));
		const struct sim_frame *f =
		    point < 0 ? NULL : sim_record_frame(v->r, (unsigned)point, (uint64_t)sqlite3_column_int64(st, 3));

		if (!f || belongs_to_both(v->r->truth[f->connection], f->transmission))
			continue;
		if (j.connection != sqlite3_column_int64(st, 0)) {
			j = (struct joining){.connection = sqlite3_column_int64(st, 0), .flow = -1};
			v->joins++;
		}
		if (j.flow != sqlite3_column_int64(st, 1)) {
			j.flow = sqlite3_column_int64(st, 1);
			j.of_flow = NULL;
			j.told = false;
		}
		judge_frame(v, st, &j, v->r->truth[f->connection]);
	}
	sqlite3_finalize(st);
}

/* Second ones that devices made of such packets: where they are lost again, nobody can tell them from copies of a capture. */
static long doubled(const struct sim_world *w, const struct sim_truth *t, struct sim_claim c)
{
	long n = 0;

	c.kind = "duplicated";
	for (int i = 0; i + 1 < (int)w->points; i++) {
		bool along = strcmp(c.direction, "c2s") == 0;

		c.from = along ? i : i + 1;
		c.to = along ? i + 1 : i;
		n += sim_claim_count(w, t, &c);
	}
	return n;
}

static void judge_claim(struct sim_verdict *v, sqlite3_stmt *st, const struct sim_truth *t)
{
	const struct sim_world *w = v->r->w;
	struct sim_claim c = {text_of(st, 1), text_of(st, 2), (const char *)sqlite3_column_text(st, 3),
	    sim_program_point(w, sqlite3_column_text(st, 5)), sim_program_point(w, sqlite3_column_text(st, 6)),
	    sim_program_point(w, sqlite3_column_text(st, 7))};
	long claimed = (long)sqlite3_column_int64(st, 4), doubted = (long)sqlite3_column_int64(st, 9);
	bool a_fin = strcmp(c.kind, "sent") == 0 && strcmp(c.what, "FIN") == 0;
	long true_of = a_fin ? -1 : sim_claim_count(w, t, &c);

	if (true_of < 0)
		return;
	bool certain = strcmp(text_of(st, 8), "certain") == 0;
	v->claims++;
	v->certain += certain;
	bool counted = sim_claim_counted(c.kind);
	bool low = v->exact && counted && claimed + doubted < true_of && claimed + doubted + doubled(w, t, c) < true_of;
	if (true_of > 0 && !(counted && claimed > true_of) && !low)
		return;
	v->wrong++;
	v->wrong_certain += certain;
	complain(v, "%s %s %s x%ld %s%s%s%s (%s) of connection %" PRId64 ", truly %" PRIu64 " (%s): true of %ld", c.kind, c.what,
	    text_of(st, 3), claimed, text_of(st, 5), c.to >= 0 ? "->" : "", text_of(st, 6), text_of(st, 7), text_of(st, 8),
	    (int64_t)sqlite3_column_int64(st, 0), t->id, sim_kind_name(t->kind), true_of);
}

static void judge_changes(struct sim_verdict *v, sqlite3 *db, const struct identities *ids)
{
	sqlite3_stmt *st = prepare(v, db, "SELECT connection_id, direction, from_point, to_point, field, before, after FROM v_change");

	while (st && sqlite3_step(st) == SQLITE_ROW) {
		const struct sim_truth *t = find_truth(v, ids, sqlite3_column_int64(st, 0));
		int from = sim_program_point(v->r->w, sqlite3_column_text(st, 2)),
		    to = sim_program_point(v->r->w, sqlite3_column_text(st, 3));

		if (!t)
			continue;
		v->changes++;
		if (sim_claim_changed(t, text_of(st, 1), from, to, text_of(st, 4)) > 0)
			continue;
		v->invented++;
		complain(v, "change of %s %s %s->%s from %s to %s of true connection %" PRIu64 " (%s) never happened", text_of(st, 4),
		    text_of(st, 1), text_of(st, 2), text_of(st, 3), text_of(st, 5), text_of(st, 6), t->id, sim_kind_name(t->kind));
	}
	sqlite3_finalize(st);
}

/* What the program could have claimed, and whether it did. */
static void count_recall(struct sim_verdict *v, sqlite3 *db, const struct identities *ids)
{
	sqlite3_stmt *st = prepare(v, db,
	    "SELECT 1 FROM v_finding WHERE connection_id = ?1 AND kind = ?2 AND what = ?3 AND direction = ?4 AND confidence IN "
	    "('certain', 'likely') AND coalesce(from_point, point) = ?5 LIMIT 1");
	static const char *const kinds[] = {"dropped", "generated", "sent"};

	for (size_t i = 0; st && i < ids->count * 3 * 2 * SIM_WHATS * v->r->w->points; i++) {
		size_t n = i;
		unsigned from = (unsigned)(n % v->r->w->points);
		enum sim_what what = (enum sim_what)((n /= v->r->w->points) % SIM_WHATS);
		enum sim_dir dir = (enum sim_dir)((n /= SIM_WHATS) % 2);
		const char *kind = kinds[(n /= 2) % 3];
		const struct identity *id = &ids->all[n / 3];
		int to = (int)from + (dir == SIM_C2S ? 1 : -1);
		bool hop = *kind != 's';
		struct sim_claim c = {kind, sim_what_name(what), sim_dir_name(dir), hop ? (int)from : SIM_NOWHERE, hop ? to : SIM_NOWHERE,
		    hop ? SIM_NOWHERE : (int)from};

		if ((hop && (to < 0 || to >= (int)v->r->w->points)) || sim_claim_count(v->r->w, v->r->truth[id->truth], &c) <= 0)
			continue;
		v->events++;
		sqlite3_reset(st);
		sqlite3_bind_int64(st, 1, id->id);
		sqlite3_bind_text(st, 2, c.kind, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 3, c.what, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 4, c.direction, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 5, v->r->w->point[from].name, -1, SQLITE_STATIC);
		v->found += sqlite3_step(st) == SQLITE_ROW;
	}
	sqlite3_finalize(st);
}

void sim_verdict_claims(struct sim_verdict *v, sqlite3 *db)
{
	struct identities ids = {0};
	/* Findings with the same name at the same place are one claim; what is doubted there counts for the rest. */
	sqlite3_stmt *st = prepare(v, db,
	    "SELECT connection_id, kind, what, direction, sum(count) FILTER (WHERE confidence <> 'possible'), from_point, to_point, "
	    "point, min(confidence), coalesce(sum(count) FILTER (WHERE confidence = 'possible'), 0) + "
	    "(SELECT coalesce(sum(u.count), 0) FROM v_finding u WHERE u.connection_id = f.connection_id AND u.kind = 'undecided') "
	    "FROM v_finding f GROUP BY connection_id, kind, what, direction, from_point, to_point, point "
	    "HAVING max(confidence <> 'possible') AND kind <> 'undecided'");

	identify(v, db, &ids);
	while (st && sqlite3_step(st) == SQLITE_ROW) {
		const struct sim_truth *t = find_truth(v, &ids, sqlite3_column_int64(st, 0));

		if (t)
			judge_claim(v, st, t);
	}
	sqlite3_finalize(st);
	judge_changes(v, db, &ids);
	count_recall(v, db, &ids);
	free(ids.all);
}
