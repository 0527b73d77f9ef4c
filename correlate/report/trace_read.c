#include "correlate/report/trace.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/report/text.h"
#include "schema/clean.h"
#include "schema/segment.h"

#include "correlate/report/trace_choice.sql.h"
#include "correlate/report/trace_columns.sql.h"
#include "correlate/report/trace_findings.sql.h"
#include "correlate/report/trace_marks.sql.h"
#include "correlate/report/trace_packets.sql.h"
#include "correlate/report/trace_replies.sql.h"

/* The array with room for one more of `size` bytes behind n; it grows in powers of two. NULL: out of memory, the array is as it was. */
static void *grow(void *array, size_t n, size_t size, struct err *e)
{
	char *p = array;

	if ((n & (n - 1)) == 0)
		p = realloc(array, (n ? n * 2 : 1) * size);
	if (p == NULL) {
		err_set(e, "out of memory");
		return NULL;
	}
	memset(p + n * size, 0, size);
	return p;
}

/* What one row of a statement becomes. */
typedef int take_row(struct trace *t, const struct style *s, sqlite3_stmt *st, struct err *e);

static int each(struct trace *t, struct db *db, const struct style *s, const char *sql, take_row *take, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, sql, &st, e) < 0)
		return -1;
	if (sqlite3_bind_parameter_count(st) > 0)
		sqlite3_bind_int64(st, 1, t->id);
	while ((rc = db_step(db, st, e)) == 1 && (rc = take(t, s, st, e)) == 0)
		;
	sqlite3_finalize(st);
	return rc;
}

static const char *column_text(sqlite3_stmt *st, int i)
{
	const char *text = (const char *)sqlite3_column_text(st, i);

	return text ? text : "";
}

static int64_t column_int(sqlite3_stmt *st, int i)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, i);
}

static void clean_column(const struct style *s, sqlite3_stmt *st, int i, char *buf, size_t size)
{
	clean_text(buf, size, column_text(st, i), -1, s->utf8);
}

/* A clean copy; lines (of lists) stay lines. NULL stays NULL. */
static int copy(const struct style *s, sqlite3_stmt *st, int i, char **out, struct err *e)
{
	const char *text = column_text(st, i);
	size_t room = strlen(text) * 10 + 1, at = 0;

	*out = NULL;
	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return 0;
	if ((*out = malloc(room)) == NULL)
		return err_set(e, "out of memory");
	for (size_t n; *text; text += n) {
		n = strcspn(text, "\n");
		clean_text(*out + at, room - at, text, (int)n, s->utf8);
		at += strlen(*out + at);
		if (text[n] == '\n') {
			(*out)[at++] = '\n';
			n++;
		}
	}
	(*out)[at] = '\0';
	return 0;
}

static int find_column(const struct trace *t, const char *name, const struct style *s)
{
	char clean[sizeof t->column->name];

	if (*name == '\0')
		return -1;
	clean_text(clean, sizeof clean, name, -1, s->utf8);
	for (size_t i = 0; i < t->columns; i++)
		if (strcmp(t->column[i].name, clean) == 0)
			return (int)i;
	return -1;
}

static unsigned flags_of(const char *text)
{
	static const char *const name[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"};
	unsigned flags = 0;

	for (; *text; text += strspn(text, ",")) {
		size_t n = strcspn(text, ",");

		for (unsigned bit = 0; bit < 9; bit++)
			if (strlen(name[bit]) == n && strncmp(text, name[bit], n) == 0)
				flags |= 1u << bit;
		text += n;
	}
	return flags;
}

static int take_connection(struct trace *t, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	t->start_ns = sqlite3_column_int64(st, 0);
	t->end_ns = sqlite3_column_int64(st, 1);
	t->packets = sqlite3_column_int64(st, 2);
	t->severity = sqlite3_column_int(st, 3);
	text_column_endpoint(s, st, 4, t->client, sizeof t->client);
	text_column_endpoint(s, st, 6, t->server, sizeof t->server);
	clean_column(s, st, 8, t->outcome, sizeof t->outcome);
	t->resolution_ns = sqlite3_column_int64(st, 10);
	clean_column(s, st, 11, t->confidence, sizeof t->confidence);
	return copy(s, st, 9, &t->verdict, e);
}

static int take_column(struct trace *t, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	struct column *c = grow(t->column, t->columns, sizeof *c, e);

	if (c == NULL)
		return -1;
	t->column = c;
	c += t->columns++;
	c->id = sqlite3_column_int64(st, 0);
	clean_column(s, st, 1, c->name, sizeof c->name);
	c->position = sqlite3_column_int(st, 2);
	if (sqlite3_column_type(st, 3) == SQLITE_NULL)
		return 0;
	text_column_endpoint(s, st, 3, c->client, sizeof c->client);
	text_column_endpoint(s, st, 5, c->server, sizeof c->server);
	clean_column(s, st, 7, c->join, sizeof c->join);
	return 0;
}

/* The number of a capture: those of one connection are few, and the last one is most often the next one, too. */
static int find_capture(struct trace *t, const struct style *s, sqlite3_stmt *st, int i, uint32_t *number, struct err *e)
{
	char clean[1024], **array;

	clean_column(s, st, i, clean, sizeof clean);
	for (size_t c = t->captures; c > 0; c--)
		if (strcmp(t->capture[c - 1], clean) == 0) {
			*number = (uint32_t)(c - 1);
			return 0;
		}
	if ((array = grow(t->capture, t->captures, sizeof *array, e)) == NULL)
		return -1;
	t->capture = array;
	if ((array[t->captures] = strdup(clean)) == NULL)
		return err_set(e, "out of memory");
	*number = (uint32_t)t->captures++;
	return 0;
}

static int take_packet(struct trace *t, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	int column = find_column(t, column_text(st, 17), s);
	struct sighting *k;

	if (column < 0)
		return 0;       /* a point that is not on the path */
	k = grow(t->sighting, t->sightings, sizeof *k, e);
	if (k == NULL)
		return -1;
	t->sighting = k;
	k += t->sightings++;
	k->packet_id = sqlite3_column_int64(st, 0);
	k->transmission_id = sqlite3_column_int64(st, 1);
	k->time_ns = sqlite3_column_int64(st, 2);
	k->rel_seq = column_int(st, 3);
	k->rel_ack = column_int(st, 4);
	k->tsval = column_int(st, 5);
	k->tsecr = column_int(st, 6);
	k->seq = column_int(st, 7);
	k->ack = column_int(st, 8);
	k->window = (int32_t)column_int(st, 9);
	k->length = (int32_t)column_int(st, 10);
	k->mss = (int32_t)column_int(st, 11);
	k->wscale = (int32_t)column_int(st, 12);
	k->ip_id = (int32_t)column_int(st, 13);
	k->icmp_type = (int16_t)column_int(st, 14);
	k->icmp_code = (int16_t)column_int(st, 15);
	k->flags = (uint16_t)flags_of(column_text(st, 16));
	k->column = (int16_t)column;
	k->tos = (uint8_t)sqlite3_column_int(st, 18);
	k->ttl = (uint8_t)sqlite3_column_int(st, 19);
	k->s2c = sqlite3_column_int(st, 20);
	k->duplicate = sqlite3_column_int(st, 21);
	k->sack_permitted = sqlite3_column_int(st, 22);
	k->later_fragment = sqlite3_column_int(st, 23);
	k->fragment = sqlite3_column_int(st, 24);
	k->origin = sqlite3_column_int64(st, 28);
	k->into = sqlite3_column_int64(st, 29);
	k->alike = sqlite3_column_int(st, 30);
	k->frame = sqlite3_column_int64(st, 31);
	if (find_capture(t, s, st, 32, &k->capture, e) < 0)
		return -1;
	return copy(s, st, 25, &k->options, e) < 0 || copy(s, st, 26, &k->from, e) < 0 ? -1 : copy(s, st, 27, &k->rst_cause, e);
}

static int take_finding(struct trace *t, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	struct finding *f = grow(t->finding, t->findings, sizeof *f, e);

	if (f == NULL)
		return -1;
	t->finding = f;
	f += t->findings++;
	f->id = sqlite3_column_int64(st, 0);
	f->count = sqlite3_column_int64(st, 1);
	f->direction = sqlite3_column_int(st, 2);
	f->from = find_column(t, column_text(st, 3), s);
	f->to = find_column(t, column_text(st, 4), s);
	f->at = find_column(t, column_text(st, 5), s);
	if (copy(s, st, 6, &f->kind, e) < 0 || copy(s, st, 7, &f->what, e) < 0 || copy(s, st, 8, &f->confidence, e) < 0)
		return -1;
	if (copy(s, st, 9, &f->text, e) < 0 || copy(s, st, 10, &f->assumptions, e) < 0 || copy(s, st, 11, &f->alternatives, e) < 0)
		return -1;
	if (copy(s, st, 12, &f->missing, e) < 0 || copy(s, st, 13, &f->next, e) < 0 || copy(s, st, 18, &f->change, e) < 0)
		return -1;
	if (copy(s, st, 16, &f->clues, e) < 0 || copy(s, st, 17, &f->hypotheses, e) < 0)
		return -1;
	f->by_f5 = sqlite3_column_int(st, 15);
	return copy(s, st, 14, &f->reasons, e);
}

static int take_mark(struct trace *t, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	struct mark *m = grow(t->mark, t->marks, sizeof *m, e);
	int64_t id = sqlite3_column_int64(st, 1);

	(void)s;
	if (m == NULL)
		return -1;
	t->mark = m;
	m += t->marks++;
	m->transmission_id = sqlite3_column_int64(st, 0);
	while (m->finding + 1 < t->findings && t->finding[m->finding].id != id)
		m->finding++;
	return 0;
}

static int take_reply(struct trace *t, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	struct reply *r = grow(t->reply, t->replies, sizeof *r, e);

	if (r == NULL)
		return -1;
	t->reply = r;
	r += t->replies++;
	r->transmission_id = sqlite3_column_int64(st, 0);
	r->syn = sqlite3_column_int64(st, 1);
	clean_column(s, st, 2, r->how, sizeof r->how);
	return 0;
}

static int take_choice(struct trace *t, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	struct choice *c = grow(t->choice, t->choices, sizeof *c, e);

	(void)s;
	if (c == NULL)
		return -1;
	t->choice = c;
	c += t->choices++;
	c->transmission_id = sqlite3_column_int64(st, 0);
	c->number = (size_t)sqlite3_column_int64(st, 1);
	c->show = sqlite3_column_int(st, 2);
	c->hidden[0] = (uint32_t)sqlite3_column_int64(st, 3);
	c->hidden[1] = (uint32_t)sqlite3_column_int64(st, 4);
	c->pieces = (size_t)sqlite3_column_int64(st, 6);
	c->trouble = NULL;
	if (sqlite3_column_type(st, 5) == SQLITE_NULL)
		return 0;
	c->trouble = strdup((const char *)sqlite3_column_text(st, 5));
	return c->trouble ? 0 : err_set(e, "out of memory");
}

static int take_hop(struct trace *t, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	struct hop_error *h = grow(t->hop, t->hops, sizeof *h, e);

	if (h == NULL)
		return -1;
	t->hop = h;
	h += t->hops++;
	h->from = find_column(t, column_text(st, 0), s);
	h->to = find_column(t, column_text(st, 1), s);
	h->low_ns = sqlite3_column_type(st, 2) == SQLITE_NULL ? INT64_MIN : sqlite3_column_int64(st, 2);
	h->high_ns = sqlite3_column_type(st, 3) == SQLITE_NULL ? INT64_MAX : sqlite3_column_int64(st, 3);
	return 0;
}

/* packets and marks: of all transmissions, or of those chosen. */
static int read_tables(struct trace *t, struct db *db, const struct style *s, const char *packets, const char *marks, struct err *e)
{
	const struct {
		const char *sql;
		take_row *take;
	} table[] = {
	    {"SELECT c.start_ns, c.end_ns, c.packets, k.severity, c.client_addr, c.client_port, c.server_addr, c.server_port, c.outcome, "
		 "c.verdict, (SELECT coalesce(max(resolution_ns), 1000) FROM interface), r.confidence "
		 "FROM v_connection c JOIN connection k ON k.id = c.id JOIN report_confidence r ON r.connection_id = c.id WHERE c.id = ?1",
		 take_connection},
	    {trace_columns_sql, take_column},
	    {packets, take_packet},
	    {trace_findings_sql, take_finding},
	    {marks, take_mark},
	    {trace_replies_sql, take_reply},
	    {"SELECT a.name, b.name, h.error_low_ns, h.error_high_ns FROM hop h JOIN point a ON a.id = h.from_point "
		 "JOIN point b ON b.id = h.to_point WHERE h.connection_id = ?1", take_hop},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (each(t, db, s, table[i].sql, table[i].take, e) < 0)
			return -1;
	return t->verdict ? 0 : err_set(e, "it is not in the case");
}

int trace_read(struct trace *t, struct db *db, const struct style *s, bool all, struct err *e)
{
	char *packets, *marks;
	int rc = -1;

	if (!all && each(t, db, s, trace_choice_sql, take_choice, e) < 0)
		return -1;
	packets = sqlite3_mprintf("%s%sORDER BY p.transmission_id, p.packet_id", trace_packets_sql,
	    t->choices ? "AND p.packet_id IN (SELECT packet_id FROM ladder WHERE connection_id = ?1)\n" : "");
	marks = sqlite3_mprintf("%s%sORDER BY fp.transmission_id, f.id", trace_marks_sql,
	    t->choices ? "AND fp.transmission_id IN (SELECT transmission_id FROM ladder WHERE connection_id = ?1)\n" : "");
	if (packets && marks)
		rc = read_tables(t, db, s, packets, marks, e);
	else
		err_set(e, "out of memory");
	sqlite3_free(packets);
	sqlite3_free(marks);
	return rc;
}
