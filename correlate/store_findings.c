#include "correlate/store_private.h"

#include <stdio.h>
#include <string.h>

#include "correlate/reason.h"
#include "correlate/rules.h"

#define EVIDENCE_PACKETS 20     /* packet ids named in the evidence of a finding; all of them are in finding_packet */

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
		int64_t id = found->tx[j].finding == i ? store_tx_id(c, found->tx[j].tx) : last;
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

	store_int(&s->row, s->statement, column, any, any ? s->f->point[point].id : 0);
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
	store_numbers(s->finding, 6, &said);
	store_numbers(s->finding, 7, &why);
	once_begin(r);
	store_text(r, st, 2, kind_name(x->kind));
	store_text(r, st, 3, what_name(x->what));
	store_int(r, st, 4, x->dir != NO_DIRECTION, x->dir);
	give_point(s, 5, x->from);
	give_point(s, 6, x->to);
	give_point(s, 7, x->point);
	store_text(r, st, 8, confidence_name(x->confidence));
	store_text(r, st, 9, x->rule);
	store_text(r, st, 10, text);
	store_text(r, st, 11, format);
	return store_once(s, s->statements, st, id, e);
}

int store_findings(struct store *s, const struct conn *c, int64_t id, const struct findings *found, struct err *e)
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
