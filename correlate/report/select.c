#include "correlate/report/select.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/array.h"

#include "correlate/report/confidence.sql.h"
#include "correlate/report/select.sql.h"

static const char *const kinds[] = {
	"dropped", "generated", "modified", "sent", "unanswered", "terminated", "originated", "inserted", "retransmitted", "duplicated",
	"reordered", "corrupted", "fragmented", "resegmented", "not_captured", "capture_duplicate", "zero_window", "keepalive", "port_reuse",
	"stale_state", "syn_proxy", "ecn_bleached", "pmtu_blackhole", "idle_timeout", "undecided",
};

static const char *const whats[] = {"SYN", "SYN-ACK", "RST", "RST,ACK", "data", "FIN", "ACK", "ICMP", "connection", "any"};

int ids_add(struct ids *ids, int64_t id, struct err *e)
{
	if (!array_grow(&ids->id, &ids->room, ids->n, sizeof *ids->id))
		return err_set(e, "out of memory");
	ids->id[ids->n++] = id;
	return 0;
}

int ids_take(struct ids *ids, char **argv, int argc, struct err *e)
{
	for (int i = 0; i < argc; i++) {
		const char *digits = argv[i][0] == '#' ? argv[i] + 1 : argv[i];
		char *end;
		long long id;

		errno = 0;
		id = strtoll(digits, &end, 10);
		if (*digits == '\0' || *end || errno || id < 1)
			return err_set(e, "a connection is named by its number (pcaphop list shows them), not '%s'", argv[i]);
		if (ids_add(ids, id, e) < 0)
			return -1;
	}
	return 0;
}

void ids_free(struct ids *ids)
{
	free(ids->id);
	*ids = (struct ids){0};
}

char *ids_json(const struct ids *ids, struct err *e)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL) {
		err_set(e, "out of memory");
		return NULL;
	}
	fputc('[', out);
	for (size_t i = 0; i < ids->n; i++)
		fprintf(out, "%s%" PRId64, i ? "," : "", ids->id[i]);
	fputc(']', out);
	if (fclose(out) != 0) {
		err_set(e, "out of memory");
		free(text);
		return NULL;
	}
	return text;
}

void bind_text(sqlite3_stmt *st, const char *name, const char *text)
{
	sqlite3_bind_text(st, sqlite3_bind_parameter_index(st, name), text, -1, SQLITE_STATIC);
}

void bind_int(sqlite3_stmt *st, const char *name, int64_t n)
{
	int i = sqlite3_bind_parameter_index(st, name);

	if (n == 0)
		sqlite3_bind_null(st, i);
	else
		sqlite3_bind_int64(st, i, n);
}

static int check_word(const char *word, const char *const *list, size_t n, const char *what, struct err *e)
{
	char all[ERR_MAX] = "";

	for (size_t i = 0; i < n; i++) {
		if (word == NULL || strcmp(word, list[i]) == 0)
			return 0;
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", list[i]);
	}
	return err_set(e, "there is no %s '%.40s'; there are %s", what, word, all);
}

static int check_point(struct db *db, const char *name, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (name == NULL)
		return 0;
	if (db_prepare(db, "SELECT group_concat(name, ', '), max(name = ?1) FROM point", &st, e) < 0)
		return -1;
	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	rc = db_step(db, st, e);
	if (rc == 1 && sqlite3_column_int(st, 1) == 0)
		rc = err_set(e, "there is no point '%.60s'; there are %.300s", name,
		    sqlite3_column_text(st, 0) ? (const char *)sqlite3_column_text(st, 0) : "none");
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

int select_check_words(const struct filter *f, struct err *e)
{
	if (check_word(f->kind, kinds, sizeof kinds / sizeof kinds[0], "kind of finding", e) < 0)
		return -1;
	return check_word(f->what, whats, sizeof whats / sizeof whats[0], "kind of packet", e);
}

static int check(struct db *db, const struct filter *f, struct err *e)
{
	if (select_check_words(f, e) < 0)
		return -1;
	return check_point(db, f->point, e) < 0 || check_point(db, f->from, e) < 0 || check_point(db, f->to, e) < 0 ? -1 : 0;
}

static int named(struct db *db, const struct filter *f, struct ids *ids, struct err *e)
{
	int64_t last;
	int rc = 0;
	sqlite3_stmt *st;

	if (db_int(db, "SELECT max(id) FROM connection_row", 0, &last, e) < 0 ||
	    db_prepare(db, "SELECT id FROM connection WHERE id = ?1", &st, e) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < f->ids; i++) {
		sqlite3_bind_int64(st, 1, f->id[i]);
		rc = db_step(db, st, e);
		if (rc == 0)
			rc = err_set(e, "there is no connection %" PRId64 "; they are numbered 1 to %" PRId64, f->id[i], last);
		else if (rc == 1)
			rc = ids_add(ids, f->id[i], e);
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
	return rc;
}

int select_connections(struct db *db, const struct filter *f, struct ids *ids, struct err *e)
{
	/* With a condition on findings, --point is where that finding is; alone, it is who saw the connection. */
	bool finding = f->kind || f->what || f->from;
	sqlite3_stmt *st;
	int rc;

	if (db_exec(db, confidence_sql, e) < 0)
		return -1;
	if (f->ids > 0)
		return named(db, f, ids, e);
	if (check(db, f, e) < 0 || db_prepare(db, select_sql, &st, e) < 0)
		return -1;
	bind_text(st, ":kind", f->kind);
	bind_text(st, ":what", f->what);
	bind_text(st, finding ? ":at" : ":seen", f->point);
	bind_text(st, ":from", f->from);
	bind_text(st, ":to", f->to);
	bind_text(st, ":host", f->host);
	bind_int(st, ":port", f->port);
	bind_int(st, ":failed", f->failed);
	bind_int(st, ":unclean", f->unclean);
	bind_int(st, ":finding", finding);
	bind_int(st, ":telling", f->telling);
	bind_int(st, ":limit", f->limit ? (int64_t)f->limit : -1);
	while ((rc = db_step(db, st, e)) == 1 && (rc = ids_add(ids, sqlite3_column_int64(st, 0), e)) == 0)
		;
	sqlite3_finalize(st);
	return rc;
}
