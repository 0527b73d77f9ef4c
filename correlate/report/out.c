#include "correlate/report/out.h"

#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/utf8.h"

/* A table is held in memory until it is printed: long results are printed as several, the header once. */
#define BATCH 5000

/* A column whose name ends so holds JSON. */
#define NESTED " JSON"

void out_json_string(FILE *out, const char *text, int len)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + len;

	fputc('"', out);
	while (p < end) {
		uint32_t c = 0;
		int n = utf8_decode(p, (int)(end - p), &c);

		if (n == 0)
			fputs("\\ufffd", out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (c == '\n' || c == '\t' || c == '\r')
			fputs(c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r", out);
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
			fprintf(out, "\\u%04" PRIx32, c);
		else
			fwrite(p, 1, (size_t)n, out);
		p += n ? n : 1;
	}
	fputc('"', out);
}

void out_csv_field(FILE *out, const char *text, int len)
{
	bool quote = len == 0;

	for (int i = 0; i < len; i++)
		quote = quote || text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r' || text[i] == '\0';
	/* Spaces at the ends are part of a field (RFC 4180 2.4), but not every reader knows. */
	quote = quote || text[0] == ' ' || text[len - 1] == ' ';
	if (!quote) {
		fwrite(text, 1, (size_t)len, out);
		return;
	}
	fputc('"', out);
	for (int i = 0; i < len; i++) {
		if (text[i] == '"')
			fputc('"', out);
		fputc(text[i], out);
	}
	fputc('"', out);
}

/* The shortest text that reads back as the same number. */
static void real_text(char buf[32], double v)
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(buf, 32, "%.*g", digits, v);
		if (strtod(buf, NULL) == v)
			break;
	}
}

static void blob_text(FILE *out, const unsigned char *p, int len)
{
	for (int i = 0; i < len; i++)
		fprintf(out, "%02x", p[i]);
}

static void json_value(FILE *out, sqlite3_stmt *st, int i)
{
	char number[32];

	switch (sqlite3_column_type(st, i)) {
	case SQLITE_INTEGER:
		fprintf(out, "%" PRId64, (int64_t)sqlite3_column_int64(st, i));
		break;
	case SQLITE_FLOAT:
		real_text(number, sqlite3_column_double(st, i));
		fputs(isfinite(sqlite3_column_double(st, i)) ? number : "null", out);
		break;
	case SQLITE_TEXT:
		out_json_string(out, (const char *)sqlite3_column_text(st, i), sqlite3_column_bytes(st, i));
		break;
	case SQLITE_BLOB:
		fputc('"', out);
		blob_text(out, sqlite3_column_blob(st, i), sqlite3_column_bytes(st, i));
		fputc('"', out);
		break;
	default:
		fputs("null", out);
	}
}

/* JSON inside JSON. SQLite writes it well-formed but for bytes that are no UTF-8, and these are inside strings. */
static void json_nested(FILE *out, const char *text, int len)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + len;

	while (p < end) {
		uint32_t c;
		int n = utf8_decode(p, (int)(end - p), &c);

		if (n == 0)
			fputs("\\ufffd", out);
		else
			fwrite(p, 1, (size_t)n, out);
		p += n ? n : 1;
	}
}

/* Length of a column's name without NESTED; *nested: it had one. */
static int name_length(const char *name, bool *nested)
{
	size_t len = strlen(name), mark = sizeof NESTED - 1;

	*nested = len > mark && strcmp(name + len - mark, NESTED) == 0;
	return (int)(*nested ? len - mark : len);
}

int out_json(struct db *db, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	int rc;

	while ((rc = db_step(db, st, e)) == 1) {
		fputc('{', s->out);
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const char *name = sqlite3_column_name(st, i);
			bool nested;

			if (i > 0)
				fputc(',', s->out);
			out_json_string(s->out, name, name_length(name, &nested));
			fputc(':', s->out);
			if (nested && sqlite3_column_type(st, i) == SQLITE_TEXT)
				json_nested(s->out, (const char *)sqlite3_column_text(st, i), sqlite3_column_bytes(st, i));
			else
				json_value(s->out, st, i);
		}
		fputs("}\n", s->out);
	}
	return rc;
}

static void csv_value(FILE *out, sqlite3_stmt *st, int i)
{
	char number[32];

	switch (sqlite3_column_type(st, i)) {
	case SQLITE_NULL:
		break;
	case SQLITE_FLOAT:
		real_text(number, sqlite3_column_double(st, i));
		fputs(number, out);
		break;
	case SQLITE_BLOB:
		blob_text(out, sqlite3_column_blob(st, i), sqlite3_column_bytes(st, i));
		break;
	default:
		out_csv_field(out, (const char *)sqlite3_column_text(st, i), sqlite3_column_bytes(st, i));
	}
}

int out_csv(struct db *db, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	int rc, columns = sqlite3_column_count(st);

	for (int i = 0; i < columns; i++) {
		const char *name = sqlite3_column_name(st, i);

		out_csv_field(s->out, name, (int)strlen(name));
		fputs(i + 1 < columns ? "," : "\r\n", s->out);
	}
	while ((rc = db_step(db, st, e)) == 1) {
		for (int i = 0; i < columns; i++) {
			csv_value(s->out, st, i);
			fputs(i + 1 < columns ? "," : "\r\n", s->out);
		}
	}
	return rc;
}

/* A table whose columns lean as the values of the first row do. Nothing is cut: what people paste must be whole. */
static struct libscols_table *table_new(const struct style *s, sqlite3_stmt *st)
{
	struct libscols_table *tb = scols_new_table();

	if (tb == NULL)
		return NULL;
	scols_table_set_stream(tb, s->out);
	scols_table_set_termforce(tb, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_colors(tb, 0);
	scols_table_set_column_separator(tb, "  ");
	for (int i = 0; i < sqlite3_column_count(st); i++) {
		int type = sqlite3_column_type(st, i);
		bool right = type == SQLITE_INTEGER || type == SQLITE_FLOAT;

		if (!scols_table_new_column(tb, sqlite3_column_name(st, i), 0, right ? SCOLS_FL_RIGHT : 0)) {
			scols_unref_table(tb);
			return NULL;
		}
	}
	return tb;
}

static int table_cell(struct libscols_line *line, sqlite3_stmt *st, int i)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int rc;

	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return 0;
	if (sqlite3_column_type(st, i) != SQLITE_BLOB && sqlite3_column_type(st, i) != SQLITE_FLOAT)
		return scols_line_set_data(line, (size_t)i, (const char *)sqlite3_column_text(st, i));
	out = open_memstream(&text, &size);
	if (out == NULL)
		return -1;
	csv_value(out, st, i);
	rc = fclose(out) != 0 || scols_line_refer_data(line, (size_t)i, text) != 0 ? -1 : 0;
	if (rc < 0)
		free(text);
	return rc;
}

static int table_line(struct libscols_table *tb, sqlite3_stmt *st, struct err *e)
{
	struct libscols_line *line = scols_table_new_line(tb, NULL);

	for (int i = 0; line && i < sqlite3_column_count(st); i++)
		if (table_cell(line, st, i) != 0)
			line = NULL;
	return line ? 0 : err_set(e, "out of memory");
}

int out_table(struct db *db, const struct style *s, sqlite3_stmt *st, struct err *e)
{
	struct libscols_table *tb = NULL;
	bool first = true;
	int rc;

	while ((rc = db_step(db, st, e)) == 1) {
		if (tb == NULL && (tb = table_new(s, st)) == NULL) {
			rc = err_set(e, "out of memory");
			break;
		}
		if (table_line(tb, st, e) < 0) {
			rc = -1;
			break;
		}
		if (scols_table_get_nlines(tb) < BATCH)
			continue;
		scols_table_enable_noheadings(tb, !first);
		scols_print_table(tb);
		scols_table_remove_lines(tb);
		first = false;
	}
	if (rc == 0 && tb != NULL && scols_table_get_nlines(tb) > 0) {
		scols_table_enable_noheadings(tb, !first);
		scols_print_table(tb);
	}
	scols_unref_table(tb);
	return rc;
}
