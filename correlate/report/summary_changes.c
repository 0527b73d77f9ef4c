#include "correlate/report/summary.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/text.h"
#include "schema/array.h"
#include "schema/clean.h"

#include "correlate/report/summary_habits.sql.h"
#include "correlate/report/summary_nat.sql.h"

#define PAIRS 3                 /* translations that are told one by one */
#define SHORTEST 8              /* bits: a prefix that is shorter says nothing */

/* What is said of a hop: of both ways together, of each way, what breaks something, and what nothing is done to. */
enum line { LINE_BOTH, LINE_OUT, LINE_BACK, LINE_BAD, LINE_KEPT, LINES };

struct hop {
	char near[128], far[128];
	char text[LINES][1600];
};

struct hops {
	struct hop *list;
	uint32_t n, room;
};

/* NULL: out of memory. */
static struct hop *hop_of(struct hops *h, sqlite3_stmt *st, struct err *e)
{
	const char *near = (const char *)sqlite3_column_text(st, 0), *far = (const char *)sqlite3_column_text(st, 1);

	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->list[i].near, near) == 0 && strcmp(h->list[i].far, far) == 0)
			return &h->list[i];
	if (!array_grow(&h->list, &h->room, h->n, sizeof *h->list)) {
		err_set(e, "out of memory");
		return NULL;
	}
	struct hop *x = &h->list[h->n++];
	memset(x, 0, sizeof *x);
	snprintf(x->near, sizeof x->near, "%s", near);
	snprintf(x->far, sizeof x->far, "%s", far);
	return x;
}

/* "212/212"; "3" where it is not known of how many. */
static const char *share(char *buf, size_t size, int64_t n, int64_t of)
{
	char a[32], b[32];

	snprintf(buf, size, of >= n ? "%s/%s" : "%s", style_count(a, sizeof a, n), style_count(b, sizeof b, of));
	return buf;
}

/* ---- addresses ---- */

/* What addresses have in common. */
struct range {
	unsigned char b[16];
	int family, bits;       /* 0: none yet, -1: of both families */
};

static void range_add(struct range *r, const char *text)
{
	unsigned char b[16] = {0};
	int family = strchr(text, ':') ? AF_INET6 : AF_INET, bits = 0;

	if (inet_pton(family, text, b) != 1 || (r->family && r->family != family)) {
		r->family = -1;
	} else if (!r->family) {
		r->family = family;
		r->bits = family == AF_INET ? 32 : 128;
		memcpy(r->b, b, sizeof b);
	} else {
		while (bits < r->bits && !((b[bits / 8] ^ r->b[bits / 8]) & 0x80 >> bits % 8))
			bits++;
		r->bits = bits;
	}
}

/* "12 addresses in 10.1.0.0/28" */
static void range_say(const struct range *r, int64_t n, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN], count[32];
	unsigned char b[16] = {0};

	for (int i = 0; r->family > 0 && i < r->bits; i++)
		b[i / 8] = (unsigned char)(b[i / 8] | (r->b[i / 8] & 0x80 >> i % 8));
	text_add(buf, size, "%s addresses", style_count(count, sizeof count, n));
	if (r->family > 0 && r->bits >= SHORTEST && inet_ntop(r->family, b, text, sizeof text))
		text_add(buf, size, " in %s/%d", text, r->bits);
}

/* One side of the connections of one hop: what its addresses and ports become. */
struct side {
	struct hop *hop;
	bool client;
	char pairs[512], first[2][128], last_before[128];
	int told;
	int64_t all, befores, afters, connections, kept, of;
	struct range before, after;
};

static void endpoint(char *buf, size_t size, const char *addr, int port, bool with_port)
{
	if (with_port)
		text_endpoint(buf, size, addr, port);
	else
		snprintf(buf, size, "%s", addr);
}

/* Of a server, the port belongs to the service; of a client, it is only said whether it is kept. */
static void side_add(struct side *x, sqlite3_stmt *st)
{
	const char *b = (const char *)sqlite3_column_text(st, 3), *a = (const char *)sqlite3_column_text(st, 4);
	int before_port = sqlite3_column_int(st, 7), after_port = sqlite3_column_int(st, 8);
	bool ports = !x->client && before_port >= 0 && after_port >= 0 && before_port != after_port;
	char before[128], after[128], n[80];

	range_add(&x->before, b);
	range_add(&x->after, a);
	endpoint(before, sizeof before, b, before_port, ports);
	endpoint(after, sizeof after, a, after_port, ports);
	if (x->told == 0) {
		snprintf(x->first[0], sizeof x->first[0], "%s", b);
		snprintf(x->first[1], sizeof x->first[1], "%s", a);
	}
	if (x->told++ >= PAIRS || strcmp(before, after) == 0)
		return;
	text_add(x->pairs, sizeof x->pairs, "%s", x->pairs[0] ? ", " : "");
	if (strcmp(before, x->last_before) != 0)
		text_add(x->pairs, sizeof x->pairs, "%s→", before);
	text_add(x->pairs, sizeof x->pairs, "%s %s", after, share(n, sizeof n, sqlite3_column_int64(st, 5), x->of));
	snprintf(x->last_before, sizeof x->last_before, "%s", before);
}

/* When there are too many pairs: what the addresses have in common. */
static void side_sum(const struct side *x, char *buf, size_t size)
{
	char n[80];

	if (x->befores == 1)
		text_add(buf, size, "%s", x->first[0]);
	else
		range_say(&x->before, x->befores, buf, size);
	text_add(buf, size, "→");
	if (x->afters == 1)
		text_add(buf, size, "%s", x->first[1]);
	else
		range_say(&x->after, x->afters, buf, size);
	text_add(buf, size, " %s", share(n, sizeof n, x->connections, x->of));
}

static void side_end(struct side *x)
{
	const char *what = x->client ? "source" : "destination";
	int64_t others = x->connections - x->kept;
	char text[1024] = "", n[80];

	if (!x->hop)
		return;
	if (x->pairs[0]) {
		text_add(text, sizeof text, "%s ", what);
		if (x->all > PAIRS)
			side_sum(x, text, sizeof text);
		else
			text_add(text, sizeof text, "%s", x->pairs);
	}
	/* The pairs have the server's ports, if these are the same in all of a pair. */
	if (x->client || x->all > PAIRS || !strchr(x->pairs, ':')) {
		if (others)
			text_add(text, sizeof text, "%s%s port rewritten %s", text[0] ? ", " : "", what, share(n, sizeof n, others, x->of));
		else
			text_add(text, sizeof text, ", port kept");
	}
	text_add(x->hop->text[LINE_BOTH], sizeof x->hop->text[LINE_BOTH], "%s%s", x->hop->text[LINE_BOTH][0] ? "; " : "", text);
	x->hop = NULL;
}

static int read_nat(struct db *db, struct hops *h, struct err *e)
{
	struct side side = {0};
	sqlite3_stmt *st;
	int64_t any;
	int rc;

	/* Where nothing is translated, v_nat would look at every flow for nothing. */
	if (db_int(db, "SELECT EXISTS (SELECT 1 FROM translated)", 0, &any, e) < 0)
		return -1;
	if (!any)
		return 0;
	if (db_prepare(db, summary_nat_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		struct hop *x = hop_of(h, st, e);
		bool client = sqlite3_column_int(st, 2);

		if (!x) {
			rc = -1;
			break;
		}
		if (x != side.hop || client != side.client) {
			side_end(&side);
			side = (struct side){.hop = x, .client = client, .all = sqlite3_column_int64(st, 9), .befores = sqlite3_column_int64(st, 10),
			    .afters = sqlite3_column_int64(st, 11), .connections = sqlite3_column_int64(st, 12), .kept = sqlite3_column_int64(st, 13),
			    .of = sqlite3_column_int64(st, 14)};
		}
		side_add(&side, st);
	}
	side_end(&side);
	sqlite3_finalize(st);
	return rc;
}

/* ---- all other fields ---- */

static const struct {
	const char *field, *name, *kept;
} fields[] = {
    {"seq", "sequence numbers", "sequence numbers"}, {"ack", "acknowledgment numbers", NULL}, {"opt.sack", "SACK blocks", NULL},
    {"opt.tsval", "timestamps", "timestamps"}, {"opt.tsecr", "echoed timestamps", NULL}, {"opt.mss", "MSS", NULL}, {"opt.ws", "window scale", NULL},
    {"opt.sackok", "SACK-permitted", NULL}, {"syn.ecn", "ECN flags of the handshake", NULL}, {"flags", "flags", NULL}, {"win", "window", NULL},
    {"dscp", "DSCP", NULL}, {"ecn", "ECN field", NULL}, {"ttl", "TTL", NULL}, {"ip_id", "IP ID", "IP ID"}, {"payload", "payload", NULL},
    {"opt.mptcp", "MPTCP", NULL}, {"opt.tfo", "Fast Open option", NULL}, {"opt.exp-tfo", "experimental Fast Open option", NULL},
    {"opt.md5", "MD5 signature", NULL}, {"opt.ao", "TCP-AO", NULL}, {"opt.uto", "user timeout option", NULL},
    {"opt.accecn0", "AccECN option (172)", NULL}, {"opt.accecn1", "AccECN option (174)", NULL},
};

/* The codepoints that people know (RFC 2474, 2597, 3246, 8622). */
static void dscp_text(int d, char *buf, size_t size)
{
	if (d == 46)
		snprintf(buf, size, "EF");
	else if (d == 1)
		snprintf(buf, size, "LE");
	else if (d >= 8 && d % 8 == 0)
		snprintf(buf, size, "CS%d", d / 8);
	else if (d >= 10 && d <= 38 && d % 2 == 0)
		snprintf(buf, size, "AF%d%d", d / 8, d % 8 / 2);
	else
		snprintf(buf, size, "%d", d);
}

static void value(const char *field, const char *text, char *buf, size_t size)
{
	static const char *const ecn[] = {"Not-ECT", "ECT(1)", "ECT(0)", "CE"};

	if (strcmp(field, "dscp") == 0)
		dscp_text(atoi(text), buf, size);
	else if (strcmp(field, "ecn") == 0)
		snprintf(buf, size, "%s", ecn[atoi(text) & 3]);
	else
		snprintf(buf, size, "%s", text[0] ? text : "none");
}

/* What comes of it. */
static const char *effect(const char *field, const char *habit)
{
	static const char *const table[][3] = {
	    {"opt.sack", "not shifted", ": this breaks SACK (RFC 2018)"},
	    {"opt.mptcp", "stripped", ": falls back to plain TCP (RFC 8684)"},
	    {"opt.md5", "stripped", ": the receiver drops such packets (RFC 2385)"},
	    {"opt.ao", "stripped", ": the receiver drops such packets (RFC 5925)"},
	    {"ecn", "marked", " (congestion)"},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strcmp(field, table[i][0]) == 0 && strcmp(habit, table[i][1]) == 0)
			return table[i][2];
	return "";
}

/* "MSS 1460→1380 190/212", "timestamps stripped 3/3", "TTL set to 200 3/3" */
static void habit_say(sqlite3_stmt *st, const char *name, char *buf, size_t size)
{
	const char *field = (const char *)sqlite3_column_text(st, 4), *habit = (const char *)sqlite3_column_text(st, 5);
	const char *before = (const char *)sqlite3_column_text(st, 6), *after = (const char *)sqlite3_column_text(st, 7);
	int64_t nth = sqlite3_column_int64(st, 10), kinds = sqlite3_column_int64(st, 11);
	bool set = strcmp(habit, "set") == 0, marked = strcmp(habit, "marked") == 0;
	char a[64] = "", b[64] = "", n[80];

	if (before)
		value(field, before, b, sizeof b);
	if (after)
		value(field, after, a, sizeof a);
	if (nth == 1)
		text_add(buf, size, "%s ", name);
	else
		text_add(buf, size, ", ");
	if (set && (!before || strcmp(field, "ttl") == 0))
		text_add(buf, size, "set to %s", a);
	else if (before && after && !marked && strcmp(before, "present") != 0)
		text_add(buf, size, "%s→%s", b, a);
	else
		text_add(buf, size, "%s%s", habit, strcmp(habit, "shifted") == 0 ? " per connection" : "");
	text_add(buf, size, " %s", share(n, sizeof n, sqlite3_column_int64(st, 8), sqlite3_column_int64(st, 9)));
	if (nth == PAIRS && kinds > PAIRS)
		text_add(buf, size, " and %s other values", style_count(n, sizeof n, kinds - PAIRS));
	text_add(buf, size, "%s", effect(field, habit));
}

static void add_habit(sqlite3_stmt *st, struct hop *x)
{
	const char *field = (const char *)sqlite3_column_text(st, 4), *habit = (const char *)sqlite3_column_text(st, 5), *name = field, *kept = NULL;
	enum line line = (enum line)sqlite3_column_int(st, 2);
	int64_t nth = sqlite3_column_int64(st, 10);
	bool one = sqlite3_column_type(st, 12) != SQLITE_NULL, client = sqlite3_column_int(st, 12);
	char host[64];

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strcmp(field, fields[i].field) == 0) {
			name = fields[i].name;
			kept = fields[i].kept;
		}
	/* Whose numbers: they are the same facts for both ways. */
	if (one && (strcmp(field, "seq") == 0 || (strcmp(field, "opt.tsval") == 0 && strcmp(habit, "shifted") == 0))) {
		snprintf(host, sizeof host, "%s's %s", client ? "client" : "server", name);
		name = host;
		line = LINE_BOTH;
	}
	if (one && strcmp(field, "syn.ecn") == 0)
		name = client ? "ECN flags of the SYN" : "ECN flags of the SYN-ACK";
	if (strcmp(habit, "not shifted") == 0)
		line = LINE_BAD;
	if (strcmp(habit, "kept") == 0) {
		text_add(x->text[LINE_KEPT], sizeof x->text[LINE_KEPT], "%s%s", x->text[LINE_KEPT][0] ? ", " : "", kept ? kept : name);
		return;
	}
	char *buf = x->text[line];
	size_t size = sizeof x->text[line];
	text_add(buf, size, "%s", nth > 1 || !buf[0] ? "" : "; ");
	habit_say(st, name, buf, size);
}

static int read_habits(struct db *db, struct hops *h, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, summary_habits_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(db, st, e)) == 1) {
		struct hop *x = hop_of(h, st, e);
		if (!x) {
			rc = -1;
			break;
		}
		add_habit(st, x);
	}
	sqlite3_finalize(st);
	return rc;
}

/* "fw-out ↔ fw-in: source 10.1.0.10→10.2.0.1 6/6, port kept; sequence numbers, IP ID kept" */
static const char *print_hop(const struct style *s, const struct hop *x, const char *word)
{
	bool one = !x->text[LINE_OUT][0] && !x->text[LINE_BACK][0] && !x->text[LINE_BAD][0];

	for (int line = 0; line < LINES; line++) {
		bool back = line == LINE_BACK, way = back || line == LINE_OUT;
		char raw[4096], text[8192];

		if (!x->text[line][0] || (one && line == LINE_KEPT))
			continue;
		snprintf(raw, sizeof raw, "%s %s %s: %s", back ? x->far : x->near, way ? "→" : "↔", back ? x->near : x->far, x->text[line]);
		if (one && x->text[LINE_KEPT][0])
			text_add(raw, sizeof raw, "; %s", x->text[LINE_KEPT]);
		if (line == LINE_KEPT || (one && x->text[LINE_KEPT][0]))
			text_add(raw, sizeof raw, " kept");
		clean_text(text, sizeof text, raw, -1, s->utf8);
		text_para(s, 0, word, SUMMARY_LABEL, line == LINE_BAD ? TINT_BAD : TINT_NONE, text);
		word = "";
	}
	return word;
}

int summary_changes(struct db *db, const struct style *s, struct err *e)
{
	const char *word = "changed";
	struct hops h = {0};
	int rc = read_nat(db, &h, e) < 0 || read_habits(db, &h, e) < 0 ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < h.n; i++)
		word = print_hop(s, &h.list[i], word);
	if (rc == 0 && *word)
		text_para(s, 0, word, SUMMARY_LABEL, TINT_NONE, "nothing");
	free(h.list);
	return rc;
}
