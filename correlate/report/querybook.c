/* help queries: what stands in correlate/queries/, one file a query, its first line the question. */
#include "correlate/report/querybook.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/report/text.h"

#include "correlate/queries/captures.sql.h"
#include "correlate/queries/changes.sql.h"
#include "correlate/queries/clocks.sql.h"
#include "correlate/queries/droppers.sql.h"
#include "correlate/queries/failing.sql.h"
#include "correlate/queries/frames.sql.h"
#include "correlate/queries/handshakes.sql.h"
#include "correlate/queries/hops.sql.h"
#include "correlate/queries/losses.sql.h"
#include "correlate/queries/nat.sql.h"
#include "correlate/queries/outcomes.sql.h"
#include "correlate/queries/packets.sql.h"
#include "correlate/queries/policy.sql.h"
#include "correlate/queries/resets.sql.h"
#include "correlate/queries/retransmissions.sql.h"
#include "correlate/queries/situations.sql.h"
#include "correlate/queries/slow_servers.sql.h"
#include "correlate/queries/syn_drops.sql.h"
#include "correlate/queries/talkers.sql.h"
#include "correlate/queries/transfers.sql.h"
#include "correlate/queries/translated.sql.h"
#include "correlate/queries/undecided.sql.h"
#include "correlate/queries/waits.sql.h"

#define LABEL 18

/* What broke first, then time, then what devices do, then single packets. */
static const struct {
	const char *name, *sql;
} queries[] = {
	{"outcomes", outcomes_sql},
	{"failing", failing_sql},
	{"droppers", droppers_sql},
	{"talkers", talkers_sql},
	{"losses", losses_sql},
	{"syn_drops", syn_drops_sql},
	{"policy", policy_sql},
	{"resets", resets_sql},
	{"situations", situations_sql},
	{"undecided", undecided_sql},
	{"captures", captures_sql},
	{"retransmissions", retransmissions_sql},
	{"hops", hops_sql},
	{"handshakes", handshakes_sql},
	{"waits", waits_sql},
	{"slow_servers", slow_servers_sql},
	{"transfers", transfers_sql},
	{"nat", nat_sql},
	{"translated", translated_sql},
	{"changes", changes_sql},
	{"clocks", clocks_sql},
	{"packets", packets_sql},
	{"frames", frames_sql},
};
#define QUERIES (sizeof queries / sizeof queries[0])

const char *report_query(const char *name)
{
	for (size_t i = 0; i < QUERIES; i++)
		if (strcmp(queries[i].name, name) == 0)
			return queries[i].sql;
	return NULL;
}

void report_queries(const struct style *s)
{
	text_para(s, 0, "", 0, TINT_NONE, "Questions that SQL on a case answers. 'pcaphop help queries NAME' prints the SQL, which any SQLite client runs, and so does");
	fputs("\n  pcaphop help queries failing | pcaphop query case.db -\n\n", s->out);
	for (size_t i = 0; i < QUERIES; i++) {
		char *question = strndup(queries[i].sql + 3, strcspn(queries[i].sql + 3, "\n"));

		text_para(s, 2, queries[i].name, LABEL, TINT_NONE, question ? question : "");
		free(question);
	}
}
