#include "correlate/report/peers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "correlate/report/text.h"
#include "schema/clean.h"

#include "correlate/report/peers.sql.h"

static void endpoint(sqlite3_stmt *st, int i, const struct style *s, char *buf, size_t size)
{
	char addr[64];

	clean_text(addr, sizeof addr, (const char *)sqlite3_column_text(st, i), -1, s->utf8);
	text_endpoint(buf, size, addr, sqlite3_column_int(st, i + 1));
}

int report_peers(struct db *db, const struct style *s, int64_t id, int indent, int label_width, struct err *e)
{
	const char *label = label_width ? "proxy" : "";
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, peers_sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	while ((rc = db_step(db, st, e)) == 1) {
		const char *confidence = (const char *)sqlite3_column_text(st, 7);
		char client[64], server[64], text[400];

		endpoint(st, 2, s, client, sizeof client);
		endpoint(st, 4, s, server, sizeof server);
		snprintf(text, sizeof text, "%s #%" PRId64 " %s%s%s, tied by %s%s", sqlite3_column_int(st, 0) ? "made for" : "goes on as",
		    (int64_t)sqlite3_column_int64(st, 1), client, style_pick(s, " → ", " -> "), server, (const char *)sqlite3_column_text(st, 6),
		    strcmp(confidence, "certain") == 0 ? "" : " (likely)");
		text_para(s, indent, label, label_width, TINT_NONE, text);
		label = "";
	}
	sqlite3_finalize(st);
	return rc;
}
