/*
 * Compiled twice: with SQLITE_CORE, calling the SQLite that the program is linked with, and without, as a loadable extension that calls its host's.
 */
#ifdef SQLITE_CORE
#include "ingest/capture_table.h"
#else
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#endif

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ingest/capture.h"
#include "ingest/decode/decode.h"
#include "ingest/option_text.h"

static const char declaration[] =
    "CREATE TABLE x(frame INTEGER, time_ns INTEGER, time TEXT, interface TEXT, captured INTEGER, "
    "src_addr TEXT, src_port INTEGER, dst_addr TEXT, dst_port INTEGER, "
    "flags TEXT, seq INTEGER, ack INTEGER, \"window\" INTEGER, length INTEGER, tsval INTEGER, tsecr INTEGER, "
    "ip_id INTEGER, ttl INTEGER, dscp INTEGER, ecn INTEGER, "
    "mss INTEGER, wscale INTEGER, sack_permitted INTEGER, options TEXT, icmp_type INTEGER, icmp_code INTEGER, "
    "vlan INTEGER, tunnel TEXT, tunnel_id INTEGER, src_mac TEXT, dst_mac TEXT, damage TEXT, file HIDDEN)";

/* In the order of the declaration. */
enum column {
	FRAME, TIME_NS, TIME, INTERFACE, CAPTURED,
	SRC_ADDR, SRC_PORT, DST_ADDR, DST_PORT,
	FLAGS, SEQ, ACK, WINDOW, LENGTH, TSVAL, TSECR,
	IP_ID, TTL, DSCP, ECN,
	MSS, WSCALE, SACK_PERMITTED, OPTIONS, ICMP_TYPE, ICMP_CODE,
	VLAN, TUNNEL, TUNNEL_ID, SRC_MAC, DST_MAC, DAMAGE, ARGUMENT,
};

/* Of the frame's bytes nothing is kept: they are gone when the next one is read. */
struct packet {
	struct frame frame;
	struct segment seg;
	struct err damage;              /* between this packet and the next; empty: none */
	bool there;
};

/* The packet behind the current one is read ahead, so that damage between the two, or at the end, is known in time. */
struct cursor {
	sqlite3_vtab_cursor base;       /* first, for SQLite */
	struct capture *capture;
	char *path;
	struct packet packet[2];
	unsigned current;
};

static int connect_table(sqlite3 *db, void *unused, int argc, const char *const *argv, sqlite3_vtab **table, char **message)
{
	int rc = sqlite3_declare_vtab(db, declaration);

	(void)unused, (void)argc, (void)argv, (void)message;
	/* An SQLite that does not know this (before 3.31) must not have the table at all. */
	if (rc == SQLITE_OK)
		rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
	if (rc != SQLITE_OK)
		return rc;
	*table = sqlite3_malloc(sizeof **table);
	if (*table == NULL)
		return SQLITE_NOMEM;
	memset(*table, 0, sizeof **table);
	return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

__attribute__((format(printf, 2, 3)))
static int fail(sqlite3_vtab *table, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sqlite3_free(table->zErrMsg);
	table->zErrMsg = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	return SQLITE_ERROR;
}

/* One plan: the whole file. The name of the file must be known by then. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	bool named = false;

	for (int i = 0; i < info->nConstraint; i++) {
		if (info->aConstraint[i].iColumn != ARGUMENT || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		named = true;
		if (!info->aConstraint[i].usable)
			continue;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->estimatedCost = 1e7;
		info->estimatedRows = 1000000;
		return SQLITE_OK;
	}
	return named ? SQLITE_CONSTRAINT : fail(table, "of which file? capture('FILE')");
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	struct cursor *c = calloc(1, sizeof *c);

	(void)table;
	if (c == NULL)
		return SQLITE_NOMEM;
	*out = &c->base;
	return SQLITE_OK;
}

static void close_capture(struct cursor *c)
{
	capture_close(c->capture);
	c->capture = NULL;
	free(c->path);
	c->path = NULL;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	close_capture(c);
	free(c);
	return SQLITE_OK;
}

/* The first damage is told whole, the others are only logged. */
static void note_damage(struct cursor *c, struct err *known, const struct err *e)
{
	sqlite3_log(SQLITE_WARNING, "%s: %s", c->path, e->msg);
	if (known->msg[0] == '\0')
		*known = *e;
}

/* Read the next packet into p; damage in front of it is noted in *damage. */
static void read_packet(struct cursor *c, struct packet *p, struct err *damage)
{
	struct err e;
	int r;

	p->damage.msg[0] = '\0';
	p->there = false;
	while (!p->there && (r = capture_next(c->capture, &p->frame, &e)) != 0) {
		if (r < 0) {
			note_damage(c, damage, &e);
			continue;
		}
		const struct capture_interface *in = capture_interface(c->capture, p->frame.interface);
		p->there = decode_frame(in->linktype, p->frame.bytes, p->frame.caplen, p->frame.len, &p->seg) == DECODE_OK;
	}
}

static int next(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;
	struct packet *behind = &c->packet[c->current];

	c->current ^= 1;
	if (c->packet[c->current].there)
		read_packet(c, behind, &c->packet[c->current].damage);
	return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *unused, int argc, sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;
	const char *path = (const char *)sqlite3_value_text(argv[0]);
	struct err e = {""};

	(void)plan, (void)unused, (void)argc;
	close_capture(c);
	if (path == NULL)
		return fail(base->pVtab, "of which file? capture('FILE')");
	c->path = strdup(path);
	if (c->path == NULL)
		return SQLITE_NOMEM;
	if (capture_open(&c->capture, path, &e) < 0)
		return fail(base->pVtab, "%s: %s", path, e.msg);
	struct packet *first = &c->packet[1];
	c->current = 0;
	read_packet(c, first, &e);
	if (!first->there && e.msg[0] != '\0')
		return fail(base->pVtab, "%s: %s", path, e.msg);
	first->damage = e;
	return next(base);
}

static int eof(sqlite3_vtab_cursor *base)
{
	const struct cursor *c = (const struct cursor *)base;

	return !c->packet[c->current].there;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	const struct cursor *c = (const struct cursor *)base;

	*id = (sqlite3_int64)c->packet[c->current].frame.number;
	return SQLITE_OK;
}

static void give_text(sqlite3_context *out, const char *text)
{
	sqlite3_result_text(out, text, -1, SQLITE_TRANSIENT);
}

/* A result that was not set is NULL. */
static void give_if(sqlite3_context *out, bool there, int64_t value)
{
	if (there)
		sqlite3_result_int64(out, value);
}

static void give_time(sqlite3_context *out, int64_t ns)
{
	int64_t fraction = ns % 1000000000;
	char text[64];
	struct tm tm;

	if (fraction < 0)
		fraction += 1000000000;
	time_t seconds = (time_t)((ns - fraction) / 1000000000);
	size_t n = gmtime_r(&seconds, &tm) != NULL ? strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) : 0;
	snprintf(text + n, sizeof text - n, ".%09" PRId64 "Z", fraction);
	give_text(out, text);
}

static void give_addr(sqlite3_context *out, const struct ipaddr *a)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->b, text, sizeof text);
	give_text(out, text);
}

static void give_mac(sqlite3_context *out, uint64_t mac)
{
	char text[24];

	if (mac == 0)
		return;
	snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(mac >> 40 & 0xff), (unsigned)(mac >> 32 & 0xff),
	    (unsigned)(mac >> 24 & 0xff), (unsigned)(mac >> 16 & 0xff), (unsigned)(mac >> 8 & 0xff), (unsigned)(mac & 0xff));
	give_text(out, text);
}

/* In the words and the order of v_packet. */
static void give_flags(sqlite3_context *out, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} names[] = {{TCP_SYN, ",SYN"}, {TCP_FIN, ",FIN"}, {TCP_RST, ",RST"}, {TCP_PSH, ",PSH"}, {TCP_ACK, ",ACK"}, {TCP_URG, ",URG"},
	    {TCP_ECE, ",ECE"}, {TCP_CWR, ",CWR"}, {TCP_AE, ",AE"}};
	char text[64] = ",";
	size_t n = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (flags & names[i].flag)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s", names[i].name);
	give_text(out, text + 1);
}

static void give_option(sqlite3_context *out, const struct segment *seg, enum column column)
{
	struct option_text o;

	if (!(seg->flags & SEG_OPT)) {
		if (column == OPTIONS && seg->flags & SEG_TS)
			sqlite3_result_text(out, "nop,nop,TS", -1, SQLITE_STATIC);
		return;
	}
	option_text(&o, seg->options, seg->optlen);
	if (column == MSS)
		give_if(out, o.mss >= 0, o.mss);
	else if (column == WSCALE)
		give_if(out, o.wscale >= 0, o.wscale);
	else if (column == SACK_PERMITTED)
		sqlite3_result_int(out, o.sack_permitted);
	else
		give_text(out, o.text);
}

/* What an ICMP error quotes is not its own: there, only the addresses and the IP header are. */
static void give_icmp(sqlite3_context *out, const struct segment *seg, enum column column)
{
	if (column == SRC_ADDR)
		give_addr(out, &seg->icmp_src);
	else if (column == DST_ADDR)
		give_addr(out, &seg->src);      /* it goes to the sender of what it quotes */
	else if (column == ICMP_TYPE || column == ICMP_CODE)
		sqlite3_result_int(out, column == ICMP_TYPE ? seg->icmp.type : seg->icmp.code);
}

static void give_tcp(sqlite3_context *out, const struct segment *seg, enum column column)
{
	bool header = !(seg->flags & SEG_LATER);

	switch (column) {
	case SRC_ADDR:
		give_addr(out, &seg->src);
		break;
	case SRC_PORT:
		give_if(out, header, seg->sport);
		break;
	case DST_ADDR:
		give_addr(out, &seg->dst);
		break;
	case DST_PORT:
		give_if(out, header, seg->dport);
		break;
	case FLAGS:
		if (header)
			give_flags(out, seg->flags);
		break;
	case SEQ:
		give_if(out, header, seg->seq);
		break;
	case ACK:
		give_if(out, header && seg->flags & TCP_ACK, seg->ack);
		break;
	case WINDOW:
		give_if(out, header, seg->window);
		break;
	case LENGTH:
		sqlite3_result_int64(out, seg->len);
		break;
	case TSVAL:
		give_if(out, seg->flags & SEG_TS, seg->tsval);
		break;
	case TSECR:
		give_if(out, seg->flags & SEG_TS, seg->tsecr);
		break;
	case MSS:
	case WSCALE:
	case SACK_PERMITTED:
	case OPTIONS:
		give_option(out, seg, column);
		break;
	default:
		break;
	}
}

static void give_interface(sqlite3_context *out, const struct cursor *c, uint32_t number)
{
	const struct capture_interface *in = capture_interface(c->capture, number);
	char text[16];

	snprintf(text, sizeof text, "%" PRIu32, number);
	give_text(out, in->name != NULL ? in->name : text);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *out, int n)
{
	const struct cursor *c = (const struct cursor *)base;
	const struct packet *p = &c->packet[c->current];
	const struct segment *seg = &p->seg;
	enum column column = (enum column)n;

	switch (column) {
	case FRAME:
		sqlite3_result_int64(out, (int64_t)p->frame.number);
		break;
	case TIME_NS:
		sqlite3_result_int64(out, p->frame.ts_ns);
		break;
	case TIME:
		give_time(out, p->frame.ts_ns);
		break;
	case INTERFACE:
		give_interface(out, c, p->frame.interface);
		break;
	case CAPTURED:
		sqlite3_result_int64(out, p->frame.caplen);
		break;
	case IP_ID:
		sqlite3_result_int(out, seg->ip_id);
		break;
	case TTL:
		sqlite3_result_int(out, seg->ttl);
		break;
	case DSCP:
		sqlite3_result_int(out, seg->tos >> 2);
		break;
	case ECN:
		sqlite3_result_int(out, seg->tos & 3);
		break;
	case VLAN:
		give_if(out, seg->vlan != 0, seg->vlan);
		break;
	case TUNNEL:
		if (seg->tunnel.kind != TUNNEL_NONE)
			give_text(out, decode_tunnel_name(seg->tunnel.kind));
		break;
	case TUNNEL_ID:
		give_if(out, seg->tunnel.kind != TUNNEL_NONE, seg->tunnel.id);
		break;
	case SRC_MAC:
		give_mac(out, seg->src_mac);
		break;
	case DST_MAC:
		give_mac(out, seg->dst_mac);
		break;
	case DAMAGE:
		if (p->damage.msg[0] != '\0')
			give_text(out, p->damage.msg);
		break;
	case ARGUMENT:
		give_text(out, c->path);
		break;
	default:
		(seg->flags & SEG_ICMP ? give_icmp : give_tcp)(out, seg, column);
	}
	return SQLITE_OK;
}

/* Without xCreate a table cannot be made of it: it is only ever called by its own name. */
static const sqlite3_module module = {
    .xConnect = connect_table,
    .xBestIndex = best_index,
    .xDisconnect = disconnect_table,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = eof,
    .xColumn = column,
    .xRowid = rowid,
};

#ifdef SQLITE_CORE
int capture_table_register(sqlite3 *db)
{
	return sqlite3_create_module_v2(db, "capture", &module, NULL, NULL);
}
#else
/* SQLite makes this name of the file's, pcaphop_capture.so. */
__attribute__((visibility("default")))
int sqlite3_pcaphopcapture_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);
int sqlite3_pcaphopcapture_init(sqlite3 *db, char **message, const sqlite3_api_routines *api)
{
	(void)message;
	SQLITE_EXTENSION_INIT2(api)
	return sqlite3_create_module_v2(db, "capture", &module, NULL, NULL);
}
#endif
