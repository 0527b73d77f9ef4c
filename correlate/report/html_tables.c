#include "correlate/report/html_tables.h"

#include <inttypes.h>

#include "correlate/report/html_text.h"
#include "correlate/report/text.h"

#include "correlate/report/summary_nat.sql.h"

#define NAT_ROWS 100

static void head(FILE *out, const char *caption, const char *const *column, size_t n)
{
	fprintf(out, "<div class=scroll tabindex=0 role=region aria-label=\"%s\"><table class=plain><caption>%s</caption><thead><tr>", caption, caption);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "<th scope=col>%s", column[i]);
	fputs("</thead><tbody>\n", out);
}

static void hop_row(FILE *out, const struct summary_hop *h)
{
	static const char *const class[SUMMARY_COUNTS] = {"", " class=bad", " class=bad", " class=doubt", " class=doubt", ""};
	char number[32];

	fputs("<tr><th scope=row>", out);
	html_text(out, h->name);
	for (int i = 0; i < SUMMARY_COUNTS; i++)
		fprintf(out, "<td%s>%s", h->count[i] ? class[i] : " class=dim", style_count(number, sizeof number, h->count[i]));
	for (int i = 0; i < SUMMARY_DELAYS; i++)
		fprintf(out, "<td>%s", h->delay[i]);
	fputc('\n', out);
}

void html_hops(FILE *out, const struct summary_hop *hop, size_t n, bool more)
{
	static const char *const columns[] = {"Hop", "packets", "dropped", "generated", "not captured", "undecided", "repeated", "delay: min", "median", "p99", "±", "varies",
	    "there+back"};

	if (n > 0)
		head(out, "Packets and delays on every hop", columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < n; i++)
		hop_row(out, &hop[i]);
	fputs(n > 0 ? "</tbody></table></div>\n" : "", out);
	if (more)
		fprintf(out, "<p class=more>and more hops than these %zu (v_hop)</p>\n", n);
}

/* Columns i and the port in column port; -1: several. */
static void endpoint(FILE *out, sqlite3_stmt *st, int i, int port)
{
	const char *addr = (const char *)sqlite3_column_text(st, i);
	char text[128];

	if (sqlite3_column_int(st, port) < 0)
		html_foreign(out, addr);
	else
		html_foreign(out, text_endpoint(text, sizeof text, addr, sqlite3_column_int(st, port)));
}

/* One row of summary_nat.sql. */
static void translation(FILE *out, sqlite3_stmt *st)
{
	int64_t n = sqlite3_column_int64(st, 5), kept = sqlite3_column_int64(st, 6);
	char number[32];

	fputs("<tr><th scope=row>", out);
	html_foreign(out, (const char *)sqlite3_column_text(st, 0));
	fputs(" ↔ ", out);
	html_foreign(out, (const char *)sqlite3_column_text(st, 1));
	fprintf(out, "<td>%s<td>", sqlite3_column_int(st, 2) ? "client" : "server");
	endpoint(out, st, 3, 7);
	fputs("<td>", out);
	endpoint(out, st, 4, 8);
	fprintf(out, "<td>%s<td>", style_count(number, sizeof number, n));
	fprintf(out, kept == n ? "kept" : kept == 0 ? "changed" : "kept in %s", style_count(number, sizeof number, kept));
	fputc('\n', out);
}

int html_nat(FILE *out, struct db *db, const struct style *s, struct err *e)
{
	static const char *const columns[] = {"Hop", "side", "before", "after", "connections", "port"};
	int64_t n = 0;
	sqlite3_stmt *st;
	char number[32];
	int rc;

	(void)s;
	if (db_prepare(db, summary_nat_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		if (n == 0)
			head(out, "Addresses and ports, the client's end first", columns, sizeof columns / sizeof columns[0]);
		if (n++ < NAT_ROWS)
			translation(out, st);
	}
	sqlite3_finalize(st);
	fputs(n > 0 ? "</tbody></table></div>\n" : "<p>None: every point saw the same addresses and ports.</p>\n", out);
	if (n > NAT_ROWS)
		fprintf(out, "<p class=more>and %s more (pcaphop query CASE 'SELECT * FROM v_nat')</p>\n", style_count(number, sizeof number, n - NAT_ROWS));
	return rc;
}
