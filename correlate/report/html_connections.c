#include "correlate/report/html_connections.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/html_ladder.h"
#include "correlate/report/html_text.h"
#include "correlate/report/phrases.h"
#include "correlate/report/select.h"

/* A stream into memory. */
struct memory {
	FILE *out;
	char *text;
	size_t size;
};

static int memory_open(struct memory *m, struct err *e)
{
	*m = (struct memory){0};
	return (m->out = open_memstream(&m->text, &m->size)) ? 0 : err_set(e, "out of memory");
}

/* Its text, which is the caller's; NULL: out of memory. */
static char *memory_close(struct memory *m)
{
	if (m->out && fclose(m->out) != 0) {
		free(m->text);
		m->text = NULL;
	}
	m->out = NULL;
	return m->text;
}

/* Only a long one may be broken. */
static void endpoint(FILE *out, const char *text)
{
	fputs(strlen(text) > 24 ? "<td class=w>" : "<td>", out);
	html_text(out, text);
}

static void table_row(const struct trace *t, const struct style *s, FILE *out)
{
	char when[48], took[32];

	style_time(when, sizeof when, t->start_ns, false);
	style_duration(s, took, sizeof took, t->end_ns - t->start_ns, t->resolution_ns);
	fprintf(out, "<tr id=c%" PRId64 " class=s%d><th scope=row>%" PRId64 "<td>%s<td>%s", t->id, t->severity, t->id, when, took);
	endpoint(out, t->client);
	endpoint(out, t->server);
	fputs("<td>", out);
	html_text(out, t->outcome);
	fputs("<td>", out);
	html_text(out, t->verdict);
	if (t->confidence[0]) {
		fputs(" <i>", out);
		html_text(out, t->confidence);
		fputs("</i>", out);
	}
	fputc('\n', out);
}

/* Both parts of a page, and what they refer to. */
struct parts {
	struct memory table, data;
	struct phrases phrases;
	struct presence presence;
};

/* One connection into both parts. 0: it does not fit, and nothing is added. */
static int add(struct parts *p, struct db *db, const struct style *s, int64_t id, size_t room, bool first, struct err *e)
{
	struct memory row, data;
	struct trace t;
	char *a = NULL, *b = NULL;
	int rc = -1;

	if (trace_load(&t, db, s, id, false, e) < 0)
		return -1;
	if (memory_open(&row, e) < 0)
		goto out;
	table_row(&t, s, row.out);
	a = memory_close(&row);
	if (memory_open(&data, e) < 0)
		goto out;
	rc = html_ladder(&t, db, s, &p->presence, &p->phrases, data.out, e);
	b = memory_close(&data);
	if (rc == 0 && (!a || !b))
		rc = err_set(e, "out of memory");
	if (rc < 0)
		goto out;
	fflush(p->table.out);
	fflush(p->data.out);
	rc = p->table.size + p->data.size + p->phrases.bytes + strlen(a) + strlen(b) <= room;
	if (rc == 1) {
		fputs(a, p->table.out);
		fprintf(p->data.out, "%s%s", first ? "" : ",\n", b);
	}
out:
	trace_free(&t);
	free(a);
	free(b);
	return rc;
}

static int count(struct html_connections *c, struct db *db, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT min(severity, 3), count(*) FROM connection GROUP BY 1", &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1)
		c->severity[sqlite3_column_int(st, 0) & 3] = sqlite3_column_int64(st, 1);
	sqlite3_finalize(st);
	return rc;
}

int html_connections(struct html_connections *c, struct db *db, const struct style *s, size_t room, struct err *e)
{
	struct filter telling = {.telling = true};
	struct parts p = {0};
	struct ids ids = {0};
	int rc = -1;

	*c = (struct html_connections){0};
	if (memory_open(&p.table, e) < 0 || memory_open(&p.data, e) < 0)
		goto out;
	if (count(c, db, e) < 0 || presence_load(&p.presence, db, e) < 0 || select_connections(db, &telling, &ids, e) < 0)
		goto out;
	fputs("{\"connections\":[", p.data.out);
	c->all = ids.n;
	for (rc = 1; c->shown < ids.n && (rc = add(&p, db, s, ids.id[c->shown], room, c->shown == 0, e)) == 1; c->shown++)
		;
	fputs("],\n\"phrases\":", p.data.out);
	phrases_print(&p.phrases, p.data.out);
	fputc('}', p.data.out);
out:
	ids_free(&ids);
	phrases_free(&p.phrases);
	presence_free(&p.presence);
	c->table = memory_close(&p.table);
	c->data = memory_close(&p.data);
	if (rc >= 0 && (!c->table || !c->data))
		rc = err_set(e, "out of memory");
	if (rc < 0)
		html_connections_free(c);
	return rc < 0 ? -1 : 0;
}

void html_connections_free(struct html_connections *c)
{
	free(c->table);
	free(c->data);
	*c = (struct html_connections){0};
}
