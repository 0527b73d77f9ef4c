#include "correlate/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/join.h"
#include "correlate/once.h"
#include "correlate/phrase.h"
#include "correlate/reason.h"
#include "correlate/rules.h"

#define POINTS_BYTES (POINTS_MAX * 65)  /* the names of all, with commas */
#define ASIDE_BYTES (POINTS_BYTES + 80)
#define EVIDENCE_PACKETS 20     /* packet ids named in the evidence of a finding; all of them are in finding_packet */

struct store {
	struct db *db;
	const struct facts *f;
	int64_t next_flow, next_finding, next_change;
	sqlite3_stmt *connection, *flow, *flow_part, *sighting, *resegmented, *alike, *hop, *change, *finding, *finding_packet;
	/* What many have in common. */
	struct once *conclusions, *evidences, *statements;
	sqlite3_stmt *conclusion, *evidence, *statement;
	struct once_row row;
};

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

/* ---- what many have in common ---- */

/* The next value of a row that is stored once: both where it is looked up and where it is bound. */
static void give_text(struct once_row *r, sqlite3_stmt *st, int column, const char *text)
{
	once_text(r, text);
	db_bind_text(st, column, text);
}

static void give_int(struct once_row *r, sqlite3_stmt *st, int column, bool known, int64_t v)
{
	once_int(r, known);
	once_int(r, v);
	db_bind_opt(st, column, known, v);
}

static int store_once(struct store *s, struct once *o, sqlite3_stmt *st, int64_t *id, struct err *e)
{
	int rc = once_id(o, &s->row, id, e);

	if (rc <= 0)
		return rc;
	sqlite3_bind_int64(st, 1, *id);
	return db_run(s->db, st, e);
}

/* The numbers of a text: one as it is, several as a text. */
static void bind_numbers(sqlite3_stmt *st, int column, const struct phrase *p)
{
	char buf[PHRASE_BYTES];

	if (p->numbers < 2) {
		db_bind_opt(st, column, p->numbers == 1, p->number[0]);
		return;
	}
	phrase_numbers(p, buf);
	sqlite3_bind_text(st, column, buf, -1, SQLITE_TRANSIENT);
}

/* ---- a connection ---- */

static int store_evidence(struct store *s, const struct flow *w, int64_t *id, struct err *e)
{
	static const char *const state[] = { "alone", "ambiguous", "likely", "certain" };
	char json[256];

	join_evidence_json(w, json, sizeof json);
	once_begin(&s->row);
	give_text(&s->row, s->evidence, 2, state[w->state]);
	give_text(&s->row, s->evidence, 3, json);
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

static int64_t tx_id(const struct conn *c, uint32_t tx)
{
	return tx == NOTHING ? 0 : c->pkt[c->tx[tx].first].id;
}

static int store_resegmented(struct store *s, const struct conn *c, struct err *e)
{
	for (uint32_t x = 0; x < c->txs; x++) {
		const struct tx *w = &c->tx[x];
		if (w->rest || (w->origin == NOTHING && w->into == NOTHING))
			continue;
		sqlite3_bind_int64(s->resegmented, 1, tx_id(c, x));
		db_bind_opt(s->resegmented, 2, w->origin != NOTHING, tx_id(c, w->origin));
		db_bind_opt(s->resegmented, 3, w->into != NOTHING, tx_id(c, w->into));
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

struct hop_sum {
	int64_t sent, arrived, dropped, generated, not_captured, retransmitted;
};

/* Was some of transmission x dropped behind the i-th point of its way, while the rest of it came? What did not come is right behind it. */
static bool in_part(const struct conn *c, uint32_t x, unsigned i)
{
	for (uint32_t k = x + 1; k < c->txs && c->tx[k].rest && c->tx[k].origin == x; k++)
		if (c->tx[k].fate_to == FATE_DROPPED && c->tx[k].reach == i)
			return true;
	return false;
}

/* What crossed from the i-th point of a way to the next one. */
static void sum_hop(const struct conn *c, unsigned d, unsigned i, struct hop_sum *h)
{
	memset(h, 0, sizeof *h);
	for (uint32_t x = 0; x < c->txs; x++) {
		const struct tx *w = &c->tx[x];
		if (w->dir != d)
			continue;
		/* Where others stand for it, they count; of a rest only that it is missing does. */
		bool came = w->reach >= i && (w->from <= i || w->by_host) && !conn_others(w, c->way[d][i]), got = came && w->reach > i;
		h->not_captured += got && !conn_seen(c, x, i + 1) && !conn_others(w, c->way[d][i + 1]) ? w->units : 0;
		/* The two handshakes of a SYN proxy are no trouble. */
		h->dropped += w->fate_to == FATE_DROPPED && w->reach == i && !(w->reasons_to & WHY_SYN_PROXY) ? w->units : 0;
		if (w->rest)
			continue;
		h->sent += came;
		h->arrived += got && !in_part(c, x, i);
		h->retransmitted += came && w->repeat;
		h->generated += w->fate_from == FATE_GENERATED && w->from == i + 1 && !(w->reasons_from & WHY_SYN_PROXY);
	}
}

static void bind_delays(sqlite3_stmt *st, const struct hop_delay *h)
{
	bool any = h->n > 0 && h->aligned;

	db_bind_opt(st, 13, any, h->min);
	db_bind_opt(st, 14, any, h->median);
	db_bind_opt(st, 15, any, h->p99);
	db_bind_opt(st, 16, any, h->max);
	db_bind_opt(st, 17, any, h->varies_median);
	db_bind_opt(st, 18, any, h->varies_p99);
	db_bind_opt(st, 19, any && h->error_low != INT64_MIN, h->error_low);
	db_bind_opt(st, 20, any && h->error_high != INT64_MAX, h->error_high);
}

/* Packets that the network doubled on a hop. */
static int64_t doubled(const struct findings *found, unsigned from, unsigned to)
{
	int64_t n = 0;

	for (uint32_t i = 0; i < found->n; i++) {
		const struct finding *f = &found->list[i];
		n += f->kind == KIND_DUPLICATED && finding_claims(f) && f->from == from && f->to == to ? f->count : 0;
	}
	return n;
}

/* Packets with other addresses or ports behind a hop, where the flows tell which. */
static int64_t translated(const struct changes *changed, unsigned from, unsigned to, unsigned dir)
{
	for (uint32_t i = 0; i < changed->n; i++) {
		const struct change *x = &changed->list[i];
		if (x->by_flows && x->from == from && x->to == to && x->dir == dir)
			return x->count;
	}
	return 0;
}

static int store_hops(struct store *s, const struct conn *c, int64_t id, const struct findings *found, const struct changes *changed,
    const struct delays *delays, struct err *e)
{
	for (unsigned d = 0; d < 2; d++)
		for (unsigned i = 0; i + 1 < c->ways[d]; i++) {
			unsigned from = c->way[d][i], to = c->way[d][i + 1];
			struct hop_sum h;
			sum_hop(c, d, i, &h);
			sqlite3_bind_int64(s->hop, 1, id);
			sqlite3_bind_int64(s->hop, 2, s->f->point[from].id);
			sqlite3_bind_int64(s->hop, 3, s->f->point[to].id);
			sqlite3_bind_int(s->hop, 4, (int)d);
			sqlite3_bind_int64(s->hop, 5, h.sent);
			sqlite3_bind_int64(s->hop, 6, h.arrived);
			sqlite3_bind_int64(s->hop, 7, h.dropped);
			sqlite3_bind_int64(s->hop, 8, h.generated);
			sqlite3_bind_int64(s->hop, 9, changed->modified[changes_at(from, to, d)]);
			sqlite3_bind_int64(s->hop, 10, h.not_captured);
			sqlite3_bind_int64(s->hop, 11, h.retransmitted);
			sqlite3_bind_int64(s->hop, 12, doubled(found, from, to));
			bind_delays(s->hop, &delays->hop[d][i]);
			sqlite3_bind_int64(s->hop, 21, translated(changed, from, to, d));
			if (db_run(s->db, s->hop, e) < 0)
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

/* JSON text without quotes: what must not stand in it as it is. */
static size_t escape(const char *in, char *out, size_t size)
{
	size_t n = 0;

	for (; *in && n + 7 < size; in++) {
		unsigned char ch = (unsigned char)*in;
		if (ch == '"' || ch == '\\')
			out[n++] = '\\';
		if (ch < 0x20)
			n += (size_t)snprintf(out + n, size - n, "\\u%04x", ch);
		else
			out[n++] = (char)ch;
	}
	out[n] = '\0';
	return n;
}

static void add_member(char *out, size_t size, size_t *n, const char *name, const char *value)
{
	char quoted[1000];

	if (!value[0])
		return;
	escape(value, quoted, sizeof quoted);
	*n += (size_t)snprintf(out + *n, size - *n, ",\"%s\":\"%s\"", name, quoted);
}

/* The connection on the other side of a proxy, or all of them. */
static size_t add_peers(const struct facts *f, uint32_t index, int d, char *out, size_t size)
{
	const struct proxy_end *p = &f->conn[index].proxy[d];
	const struct tied *t;
	uint32_t many;
	size_t n;

	if (p->peer == UINT32_MAX)
		return 0;
	t = facts_backs(f, index, &many);
	if (d == C2S || many < 2)
		return (size_t)snprintf(out, size, ",\"peer\":%u", p->peer + 1);
	n = (size_t)snprintf(out, size, ",\"peer\":[");
	for (uint32_t i = 0; i < many && i < EVIDENCE_PACKETS; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%u", i ? "," : "", t[i].back + 1);
	return n + (size_t)snprintf(out + n, size - n, "]");
}

/* A member whose value is a list of what is JSON already. */
static size_t add_array(char *out, size_t size, const char *name, const char *json)
{
	return json[0] ? (size_t)snprintf(out, size, ",\"%s\":[%s]", name, json) : 0;
}

/*
 * The packets that its evidence names: the first ones, with commas. False: they are the first of finding_packet, which is in order of their ids.
 */
static bool name_packets(const struct conn *c, const struct findings *found, uint32_t i, char *out, size_t size)
{
	size_t n = 0;
	int64_t last = 0;
	bool sorted = true;
	int k = 0;

	for (uint32_t j = 0; j < found->txs; j++) {
		int64_t id = found->tx[j].finding == i ? tx_id(c, found->tx[j].tx) : last;
		/* Several rests of a packet follow each other. */
		if (id == last)
			continue;
		sorted = sorted && id > last;
		last = id;
		if (k < EVIDENCE_PACKETS)
			n += (size_t)snprintf(out + n, size - n, "%s%lld", k++ ? "," : "", (long long)id);
	}
	return !sorted;
}

/* JSON of all else. */
static void evidence(const struct conn *c, const struct finding *x, char *out, size_t size)
{
	const struct rule *rule = rules_find(x->rule);
	char because[2000];
	size_t n = 0;

	out[0] = '\0';
	if (x->kind == KIND_TERMINATED || x->kind == KIND_ORIGINATED)
		n += add_peers(c->facts, c->index, x->kind == KIND_TERMINATED ? S2C : C2S, out + n, size - n);
	if (reasons_json(x->confidence == POSSIBLE ? x->reasons : x->reasons & ~WHY_DOUBTS, because, sizeof because))
		n += (size_t)snprintf(out + n, size - n, ",\"reasons\":[%s]", because);
	if (x->assumptions[0])
		n += (size_t)snprintf(out + n, size - n, ",\"assumptions\":[\"%s\"]", x->assumptions);
	if (x->alternatives[0])
		n += (size_t)snprintf(out + n, size - n, ",\"alternatives\":[%s]", x->alternatives);
	n += add_array(out + n, size - n, "clues", x->clues);
	n += add_array(out + n, size - n, "answers", x->answers);
	n += add_array(out + n, size - n, "hypotheses", x->hypotheses);
	add_member(out, size, &n, "missing", x->missing);
	add_member(out, size, &n, "next", x->next);
	if (rule && finding_claims(x))
		add_member(out, size, &n, "would_change", rule->change);
	snprintf(out + n, size - n, "}");
}

static void give_point(struct store *s, int column, uint8_t point)
{
	bool any = point != NO_POINT;

	give_int(&s->row, s->statement, column, any, any ? s->f->point[point].id : 0);
}

/* What it says. Its numbers are bound to the finding. */
static int store_statement(struct store *s, const struct conn *c, const struct finding *x, int64_t *id, struct err *e)
{
	struct once_row *r = &s->row;
	sqlite3_stmt *st = s->statement;
	char json[12000], text[2 * sizeof x->text + 1], format[2 * sizeof json + 1];
	struct phrase said = { .text = text, .size = sizeof text }, why = { .text = format, .size = sizeof format };

	evidence(c, x, json, sizeof json);
	phrase_split(&said, x->text);
	phrase_split(&why, json);
	bind_numbers(s->finding, 6, &said);
	bind_numbers(s->finding, 7, &why);
	once_begin(r);
	give_text(r, st, 2, kind_name(x->kind));
	give_text(r, st, 3, what_name(x->what));
	give_int(r, st, 4, x->dir != NO_DIRECTION, x->dir);
	give_point(s, 5, x->from);
	give_point(s, 6, x->to);
	give_point(s, 7, x->point);
	give_text(r, st, 8, confidence_name(x->confidence));
	give_text(r, st, 9, x->rule);
	give_text(r, st, 10, text);
	give_text(r, st, 11, format);
	return store_once(s, s->statements, st, id, e);
}

static int store_findings(struct store *s, const struct conn *c, int64_t id, const struct findings *found, struct err *e)
{
	char packets[EVIDENCE_PACKETS * 21];

	for (uint32_t i = 0; i < found->n; i++) {
		const struct finding *x = &found->list[i];
		sqlite3_stmt *st = s->finding;
		int64_t statement;
		if (store_statement(s, c, x, &statement, e) < 0)
			return -1;
		sqlite3_bind_int64(st, 1, s->next_finding);
		sqlite3_bind_int64(st, 2, id);
		sqlite3_bind_int64(st, 3, statement);
		sqlite3_bind_int64(st, 4, x->count);
		sqlite3_bind_null(st, 5);
		if (name_packets(c, found, i, packets, sizeof packets))
			db_bind_text(st, 5, packets);
		if (db_run(s->db, st, e) < 0)
			return -1;
		for (uint32_t j = 0; j < found->txs; j++) {
			if (found->tx[j].finding != i)
				continue;
			sqlite3_bind_int64(s->finding_packet, 1, s->next_finding);
			sqlite3_bind_int64(s->finding_packet, 2, c->pkt[c->tx[found->tx[j].tx].first].id);
			if (db_run(s->db, s->finding_packet, e) < 0)
				return -1;
		}
		s->next_finding++;
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
	give_text(r, st, 2, h->outcome);
	give_text(r, st, 3, format);
	give_int(r, st, 4, true, h->severity);
	give_text(r, st, 5, h->points);
	give_int(r, st, 6, true, h->reversed);
	if (store_once(s, s->conclusions, st, &conclusion, e) < 0)
		return -1;
	sqlite3_bind_int64(s->connection, 1, h->id);
	sqlite3_bind_int64(s->connection, 2, h->start);
	sqlite3_bind_int64(s->connection, 3, h->end - h->start);
	sqlite3_bind_int64(s->connection, 4, h->packets);
	sqlite3_bind_int64(s->connection, 5, h->bytes);
	sqlite3_bind_int64(s->connection, 6, conclusion);
	bind_numbers(s->connection, 7, &verdict);
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
