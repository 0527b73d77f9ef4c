#include "correlate/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/join.h"

#define POINTS_BYTES (POINTS_MAX * 65)  /* the names of all, with commas */
#define ASIDE_BYTES (POINTS_BYTES + 80)

struct store *store_new(struct db *db, const struct facts *f, struct err *e)
{
	struct store *s = calloc(1, sizeof *s);

	if (!s) {
		err_set(e, "out of memory");
		return NULL;
	}
	s->db = db;
	s->f = f;
	s->next_flow = s->next_finding = s->next_change = 1;
	if (!(s->conclusions = once_new(e)) || !(s->evidences = once_new(e)) || !(s->statements = once_new(e)) ||
	    db_prepare(db, "INSERT INTO conclusion VALUES(?1, ?2, ?3, ?4, ?5, ?6)", &s->conclusion, e) < 0 ||
	    db_prepare(db, "INSERT INTO evidence VALUES(?1, ?2, ?3)", &s->evidence, e) < 0 ||
	    db_prepare(db, "INSERT INTO statement VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", &s->statement, e) < 0 ||
	    db_prepare(db, "INSERT INTO connection_row VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", &s->connection, e) < 0 ||
	    db_prepare(db, "INSERT INTO flow_row VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", &s->flow, e) < 0 ||
	    db_prepare(db, "INSERT INTO flow_part VALUES(?1, ?2, ?3)", &s->flow_part, e) < 0 ||
	    db_prepare(db, "INSERT INTO sighting VALUES(?1, ?2, ?3, ?4, ?5, ?6)", &s->sighting, e) < 0 ||
	    db_prepare(db, "INSERT INTO resegmented VALUES(?1, ?2, ?3)", &s->resegmented, e) < 0 ||
	    db_prepare(db, "INSERT INTO alike VALUES(?1, ?2)", &s->alike, e) < 0 ||
	    db_prepare(db, "INSERT INTO hop VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
		&s->hop, e) < 0 ||
	    db_prepare(db, "INSERT INTO change VALUES(?1, ?2, ?3, ?4, ?5, ?6, coalesce(?7, (SELECT text FROM addr WHERE id = ?8)), "
			"coalesce(?9, (SELECT text FROM addr WHERE id = ?10)), ?11, ?12, ?13)", &s->change, e) < 0 ||
	    db_prepare(db, "INSERT INTO finding_row VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", &s->finding, e) < 0 ||
	    db_prepare(db, "INSERT OR IGNORE INTO finding_packet VALUES(?1, ?2)", &s->finding_packet, e) < 0) {
		store_free(s);
		return NULL;
	}
	return s;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	sqlite3_stmt *all[] = { s->connection, s->flow, s->flow_part, s->sighting, s->resegmented, s->alike, s->hop, s->change, s->finding,
		s->finding_packet, s->conclusion, s->evidence, s->statement };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		sqlite3_finalize(all[i]);
	once_free(s->conclusions);
	once_free(s->evidences);
	once_free(s->statements);
	free(s);
}

void store_text(struct once_row *r, sqlite3_stmt *st, int column, const char *text)
{
	once_text(r, text);
	db_bind_text(st, column, text);
}

void store_int(struct once_row *r, sqlite3_stmt *st, int column, bool known, int64_t v)
{
	once_int(r, known);
	once_int(r, v);
	db_bind_opt(st, column, known, v);
}

int store_once(struct store *s, struct once *o, sqlite3_stmt *st, int64_t *id, struct err *e)
{
	int rc = once_id(o, &s->row, id, e);

	if (rc <= 0)
		return rc;
	sqlite3_bind_int64(st, 1, *id);
	return db_run(s->db, st, e);
}

void store_numbers(sqlite3_stmt *st, int column, const struct phrase *p)
{
	char buf[PHRASE_BYTES];

	if (p->numbers < 2) {
		db_bind_opt(st, column, p->numbers == 1, p->number[0]);
		return;
	}
	phrase_numbers(p, buf);
	sqlite3_bind_text(st, column, buf, -1, SQLITE_TRANSIENT);
}

static int store_evidence(struct store *s, const struct flow *w, int64_t *id, struct err *e)
{
	static const char *const state[] = { "alone", "ambiguous", "likely", "certain" };
	char json[256];

	join_evidence_json(w, json, sizeof json);
	once_begin(&s->row);
	store_text(&s->row, s->evidence, 2, state[w->state]);
	store_text(&s->row, s->evidence, 3, json);
	return store_once(s, s->evidences, s->evidence, id, e);
}

static int store_flows(struct store *s, uint32_t index, struct err *e)
{
	const struct conn_ref *r = &s->f->conn[index];

	for (uint32_t i = 0; i < r->flows; i++) {
		const struct flow *w = &s->f->flow[r->flow + i];
		sqlite3_stmt *st = s->flow;
		int64_t evidence;
		if (store_evidence(s, w, &evidence, e) < 0)
			return -1;
		sqlite3_bind_int64(st, 1, s->next_flow);
		sqlite3_bind_int64(st, 2, (int64_t)index + 1);
		sqlite3_bind_int64(st, 3, s->f->point[w->point].id);
		for (int d = 0; d < 2; d++) {
			sqlite3_bind_int64(st, 4 + 2 * d, w->addr[d]);
			sqlite3_bind_int(st, 5 + 2 * d, w->port[d]);
			db_bind_opt(st, 8 + d, w->has_isn[d], w->isn[d]);
		}
		sqlite3_bind_int64(st, 10, (int64_t)w->packets);
		sqlite3_bind_int64(st, 11, evidence);
		if (db_run(s->db, st, e) < 0)
			return -1;
		for (uint32_t k = 0; k < w->parts; k++) {
			sqlite3_bind_int64(s->flow_part, 1, s->next_flow);
			sqlite3_bind_int64(s->flow_part, 2, s->f->part[w->part + k].id);
			sqlite3_bind_int(s->flow_part, 3, s->f->part[w->part + k].a_is_client);
			if (db_run(s->db, s->flow_part, e) < 0)
				return -1;
		}
		s->next_flow++;
	}
	return 0;
}

/* Sightings that share a row. */
struct again_run {
	int64_t first, last;    /* packet ids; first 0: none */
	int64_t shift;          /* to the transmission's */
	bool from_a, fragment;
	uint8_t duplicate;
};

static int store_run(struct store *s, struct again_run *r, struct err *e)
{
	int64_t first = r->first;

	r->first = 0;
	if (!first)
		return 0;
	sqlite3_bind_int(s->sighting, 1, r->from_a);
	sqlite3_bind_int64(s->sighting, 2, first);
	sqlite3_bind_int64(s->sighting, 3, r->last - first + 1);
	sqlite3_bind_int64(s->sighting, 4, r->shift);
	sqlite3_bind_int(s->sighting, 5, r->duplicate);
	sqlite3_bind_int(s->sighting, 6, r->fragment);
	return db_run(s->db, s->sighting, e);
}

static struct again_run run_of(const struct conn *c, const struct pkt *p, int64_t id, int duplicate)
{
	bool fragment = p->flags & SEG_LATER || (duplicate != 2 && conn_torn(c, p->tx, p->point));

	return (struct again_run){ id, id, c->pkt[c->tx[p->tx].first].id - id, (p->flags & SEG_FROM_A) != 0, fragment, (uint8_t)duplicate };
}

static bool goes_on(const struct again_run *r, const struct again_run *with)
{
	return r->first && r->shift == with->shift && r->fragment == with->fragment && r->duplicate == with->duplicate;
}

/* What was seen at a point: runs of either sender, which end where ids of other connections or captures begin. */
static int store_seen(struct store *s, const struct conn *c, unsigned point, struct err *e)
{
	struct again_run run[2] = { { 0 }, { 0 } };
	int64_t before = 0;

	for (uint32_t k = c->at[point]; k < c->at[point + 1]; k++) {
		const struct pkt *p = &c->pkt[k];
		struct again_run *r = &run[(p->flags & SEG_FROM_A) != 0], one = { 0 };
		if (p->id != before + 1 && (store_run(s, &run[0], e) < 0 || store_run(s, &run[1], e) < 0))
			return -1;
		before = p->id;
		if (p->tx != NOTHING && (c->tx[p->tx].first != k || p->copy))
			one = run_of(c, p, p->id, p->copy);
		if (one.first && goes_on(r, &one)) {
			r->last = p->id;
			continue;
		}
		if (store_run(s, r, e) < 0)
			return -1;
		*r = one;
	}
	return store_run(s, &run[0], e) < 0 ? -1 : store_run(s, &run[1], e);
}

static int store_sightings(struct store *s, const struct conn *c, struct err *e)
{
	for (unsigned p = 0; p < c->facts->points; p++)
		if (store_seen(s, c, p, e) < 0)
			return -1;
	for (uint32_t k = 0; k < c->agains; k++) {
		const struct pkt *p = &c->pkt[c->again[k].of];
		if (p->tx == NOTHING)
			continue;
		struct again_run one = run_of(c, p, c->again[k].id, 2);
		if (store_run(s, &one, e) < 0)
			return -1;
	}
	return 0;
}

static int store_resegmented(struct store *s, const struct conn *c, struct err *e)
{
	for (uint32_t x = 0; x < c->txs; x++) {
		const struct tx *w = &c->tx[x];
		if (w->rest || (w->origin == NOTHING && w->into == NOTHING))
			continue;
		sqlite3_bind_int64(s->resegmented, 1, store_tx_id(c, x));
		db_bind_opt(s->resegmented, 2, w->origin != NOTHING, store_tx_id(c, w->origin));
		db_bind_opt(s->resegmented, 3, w->into != NOTHING, store_tx_id(c, w->into));
		if (db_run(s->db, s->resegmented, e) < 0)
			return -1;
	}
	return 0;
}

/* Transmissions seen at several points of which it is not certain that each is the same there. */
static int store_alike(struct store *s, const struct conn *c, struct err *e)
{
	for (uint32_t x = 0; x < c->txs; x++) {
		const struct tx *w = &c->tx[x];
		if (w->rest || (w->single && !w->fuzzy) || w->from == w->to)
			continue;
		sqlite3_bind_int64(s->alike, 1, c->pkt[w->first].id);
		sqlite3_bind_int64(s->alike, 2, (int64_t)c->index + 1);
		if (db_run(s->db, s->alike, e) < 0)
			return -1;
	}
	return 0;
}

static void bind_value(sqlite3_stmt *st, int i, uint8_t kind, int64_t v)
{
	char buf[64];

	sqlite3_bind_null(st, i);
	sqlite3_bind_null(st, i + 1);
	if (kind == VALUE_ADDRESS)
		sqlite3_bind_int64(st, i + 1, v);
	else if (value_text(kind, v, buf, sizeof buf))
		db_bind_text(st, i, buf);
}

static int store_changes(struct store *s, int64_t id, const struct changes *changed, struct err *e)
{
	char buf[16];

	for (uint32_t i = 0; i < changed->n; i++) {
		const struct change *x = &changed->list[i];
		sqlite3_stmt *st = s->change;
		if (x->by_flows)
			continue;
		sqlite3_bind_int64(st, 1, s->next_change++);
		sqlite3_bind_int64(st, 2, id);
		sqlite3_bind_int64(st, 3, s->f->point[x->from].id);
		sqlite3_bind_int64(st, 4, s->f->point[x->to].id);
		sqlite3_bind_int(st, 5, x->dir);
		db_bind_text(st, 6, field_name((enum field)x->field, x->option, buf));
		bind_value(st, 7, x->before_kind, x->before);
		bind_value(st, 9, x->after_kind, x->after);
		/* Sequence numbers and timestamps are modulo 2^32 (RFC 9293 3.4); anything else is a plain difference. */
		bool wraps = x->field == FIELD_SEQ || x->field == FIELD_ACK || x->field == FIELD_TSVAL || x->field == FIELD_TSECR || x->field == FIELD_SACK;
		db_bind_opt(st, 11, x->shifted, wraps ? (int64_t)(uint32_t)(x->after - x->before) : x->after - x->before);
		sqlite3_bind_int64(st, 12, x->count);
		db_bind_text(st, 13, habit_name((enum habit)x->habit));
		if (db_run(s->db, st, e) < 0)
			return -1;
	}
	return 0;
}

/* Names of the points that saw it, in path order. */
static void name_points(const struct store *s, const struct conn_ref *r, char *out, size_t size)
{
	size_t n = 0;

	for (uint32_t i = 0, last = UINT32_MAX; i < r->flows; last = s->f->flow[r->flow + i].point, i++)
		if (s->f->flow[r->flow + i].point != last)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "," : "", s->f->point[s->f->flow[r->flow + i].point].name);
}

struct head {
	int64_t id, start, end, packets, bytes;
	const char *outcome, *verdict, *points;
	int severity;
	bool reversed;
};

static int put_head(struct store *s, const struct head *h, struct err *e)
{
	struct once_row *r = &s->row;
	sqlite3_stmt *st = s->conclusion;
	char format[2 * ASIDE_BYTES + 1];
	struct phrase verdict = { .text = format, .size = sizeof format };
	int64_t conclusion;

	phrase_split(&verdict, h->verdict);
	once_begin(r);
	store_text(r, st, 2, h->outcome);
	store_text(r, st, 3, format);
	store_int(r, st, 4, true, h->severity);
	store_text(r, st, 5, h->points);
	store_int(r, st, 6, true, h->reversed);
	if (store_once(s, s->conclusions, st, &conclusion, e) < 0)
		return -1;
	sqlite3_bind_int64(s->connection, 1, h->id);
	sqlite3_bind_int64(s->connection, 2, h->start);
	sqlite3_bind_int64(s->connection, 3, h->end - h->start);
	sqlite3_bind_int64(s->connection, 4, h->packets);
	sqlite3_bind_int64(s->connection, 5, h->bytes);
	sqlite3_bind_int64(s->connection, 6, conclusion);
	store_numbers(s->connection, 7, &verdict);
	return db_run(s->db, s->connection, e);
}

static int store_head(struct store *s, const struct conn *c, int64_t id, const struct findings *found, struct err *e)
{
	char points[POINTS_BYTES] = "";
	struct head h = { .id = id, .start = INT64_MAX, .end = INT64_MIN, .outcome = found->outcome, .verdict = found->verdict, .points = points,
		.severity = found->severity, .reversed = c->reversed };

	for (uint32_t k = 0; k < c->pkts; k++) {
		h.start = c->pkt[k].t < h.start ? c->pkt[k].t : h.start;
		h.end = c->pkt[k].t > h.end ? c->pkt[k].t : h.end;
	}
	for (uint32_t x = 0; x < c->txs; x++) {
		h.bytes += c->tx[x].what == WHAT_ICMP || !conn_as_sent(&c->tx[x]) ? 0 : c->pkt[c->tx[x].first].len;
		h.packets += !c->tx[x].rest;
	}
	name_points(s, &s->f->conn[c->index], points, sizeof points);
	return put_head(s, &h, e);
}

int store_aside(struct store *s, uint32_t index, struct err *e)
{
	const struct conn_ref *r = &s->f->conn[index];
	char points[POINTS_BYTES] = "", verdict[ASIDE_BYTES];
	struct head h = { .id = (int64_t)index + 1, .start = r->start_ns, .end = INT64_MIN, .outcome = "unknown", .verdict = verdict, .points = points,
		.severity = 1 };

	for (uint32_t i = 0; i < r->flows; i++) {
		const struct flow *w = &s->f->flow[r->flow + i];
		int64_t t = facts_align(&s->f->point[w->point], w->last_ns);
		h.end = t > h.end ? t : h.end;
		h.packets += (int64_t)w->packets;
	}
	name_points(s, r, points, sizeof points);
	snprintf(verdict, sizeof verdict, "Recorded only at %s, which is not on the path: nothing is said of it.", points);
	return put_head(s, &h, e) < 0 ? -1 : store_flows(s, index, e);
}

int store_connection(struct store *s, const struct proof *t, const struct findings *found, const struct changes *changed, const struct delays *delays,
    struct err *e)
{
	const struct conn *c = t->c;
	int64_t id = (int64_t)c->index + 1;

	if (found->nomem || changed->nomem)
		return err_set(e, "out of memory");
	if (store_head(s, c, id, found, e) < 0 || store_flows(s, c->index, e) < 0 || store_sightings(s, c, e) < 0 ||
	    store_resegmented(s, c, e) < 0 || store_alike(s, c, e) < 0)
		return -1;
	if (store_hops(s, c, id, found, changed, delays, e) < 0 || store_changes(s, id, changed, e) < 0)
		return -1;
	return store_findings(s, c, id, found, e);
}
