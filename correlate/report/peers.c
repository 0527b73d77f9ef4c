#include "correlate/report/peers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "correlate/report/text.h"

#include "correlate/report/peers.sql.h"

static void line(sqlite3_stmt *st, const struct style *s, char *text, size_t size)
{
	const char *confidence = (const char *)sqlite3_column_text(st, 7);
	char client[64], server[64];

	text_column_endpoint(s, st, 2, client, sizeof client);
	text_column_endpoint(s, st, 4, server, sizeof server);
	snprintf(text, size, "%s #%" PRId64 " %s%s%s, tied by %s%s", sqlite3_column_int(st, 0) ? "made for" : "goes on as",
	    (int64_t)sqlite3_column_int64(st, 1), client, style_pick(s, " → ", " -> "), server, (const char *)sqlite3_column_text(st, 6),
	    strcmp(confidence, "certain") == 0 ? "" : " (likely)");
}

int report_peers(struct db *db, sqlite3_stmt **st, const struct style *s, int64_t id, int indent, int label_width, struct err *e)
{
	const char *label = label_width ? "proxy" : "";
	char text[400];
	int rc;

	if (!*st && db_prepare(db, peers_sql, st, e) < 0)
		return -1;
	sqlite3_bind_int64(*st, 1, id);
	while ((rc = db_step(db, *st, e)) == 1) {
		line(*st, s, text, sizeof text);
		text_para(s, indent, label, label_width, TINT_NONE, text);
		label = "";
	}
	sqlite3_reset(*st);
	return rc;
}
