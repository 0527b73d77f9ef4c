#include "correlate/report/export.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "correlate/report/export_packets.h"
#include "correlate/report/export_places.h"
#include "correlate/report/pcapng_write.h"
#include "correlate/report/select.h"
#include "correlate/report/summary.h"
#include "correlate/report/text.h"
#include "schema/array.h"
#include "schema/clean.h"

#include "correlate/report/export_interfaces.sql.h"
#include "correlate/report/export_ordered.sql.h"
#include "correlate/report/export_rows.sql.h"
#include "correlate/report/export_summary.sql.h"
#include "correlate/report/export_windows.sql.h"

#define PROGRESS_PACKETS 65536
#define SUMMARY_LINES 40        /* kinds of findings in the comment of the section */

/* Comments are UTF-8 wherever they are made. */
static const struct style plain = {.utf8 = true, .width = 100};

/* An interface of the file: a point, or what of it has this link type. */
struct channel {
	int64_t point_id;
	int linktype;
	uint32_t snaplen;
	char name[128], description[1536];
	bool has_window;
	int64_t from_ns, to_ns, received, dropped;
};

struct export {
	struct db *db;
	const struct export_options *o;
	struct export_stats *stats;
	struct ids ids;
	char *ids_json;
	struct places places;
	struct export_packets packets;
	struct channel *channel;        /* by number of interface */
	uint32_t channels, channel_room;
	struct pcapng_writer writer;
	const char *path;               /* of out, for messages */
	FILE *out;
};

/* ---- interfaces ---- */

/* LINKTYPE_ values have the names of libpcap's DLT_ values, and nearly all their numbers. */
static void linktype_name(int linktype, char *buf, size_t size)
{
	const char *name = pcap_datalink_val_to_name(linktype == 101 ? DLT_RAW : linktype);

	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%d", linktype);
}

/* Where it came from, and what was done to its times. */
static int describe(const struct export *x, struct channel *c, struct err *e)
{
	const char *name = NULL;
	char clock[1024];
	uint32_t files = 0;

	for (uint32_t i = 0; i < x->places.n; i++)
		if (x->places.list[i].point_id == c->point_id && files++ == 0)
			name = x->places.list[i].name;
	text_add(c->description, sizeof c->description, "from %.300s", name ? name : "nothing");
	if (files > 1)
		text_add(c->description, sizeof c->description, " and %" PRIu32 " more", files - 1);
	if (summary_clock(x->db, &plain, c->point_id, clock, sizeof clock, e) < 0)
		return -1;
	text_add(c->description, sizeof c->description, "; clock%s %s", clock[0] == '=' ? "" : ":", clock[0] ? clock : "not known, its times are as recorded");
	return 0;
}

static int find_window(const struct export *x, struct channel *c, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(x->db, export_windows_sql, &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, c->point_id);
	if ((rc = db_step(x->db, st, e)) == 1) {
		c->has_window = true;
		c->from_ns = sqlite3_column_int64(st, 0);
		c->to_ns = sqlite3_column_int64(st, 1);
		c->received = sqlite3_column_type(st, 2) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, 2);
		c->dropped = sqlite3_column_type(st, 3) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, 3);
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

static struct channel *add_channel(struct export *x, int64_t point_id, const char *point, int linktype, bool one_of_many, struct err *e)
{
	struct channel *c;
	char type[32];

	if (!array_grow(&x->channel, &x->channel_room, x->channels, sizeof *x->channel)) {
		err_set(e, "out of memory");
		return NULL;
	}
	c = &x->channel[x->channels++];
	*c = (struct channel){.point_id = point_id, .linktype = linktype};
	linktype_name(linktype, type, sizeof type);
	clean_text(c->name, sizeof c->name - sizeof type - 1, point, -1, true);
	if (one_of_many)
		text_add(c->name, sizeof c->name, "@%s", type);
	return describe(x, c, e) < 0 || find_window(x, c, e) < 0 ? NULL : c;
}

static int find_channels(struct export *x, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(x->db, export_interfaces_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(x->db, st, e)) == 1) {
		struct channel *c = add_channel(x, sqlite3_column_int64(st, 0), (const char *)sqlite3_column_text(st, 1), sqlite3_column_int(st, 2),
		    sqlite3_column_int(st, 4) > 1, e);
		if (!c) {
			rc = -1;
			break;
		}
		c->snaplen = (uint32_t)sqlite3_column_int64(st, 3);
	}
	sqlite3_finalize(st);
	return rc;
}

static void write_interface(struct export *x, const struct channel *c)
{
	pcapng_write_interface(&x->writer, (uint16_t)c->linktype, c->snaplen, c->name, c->description);
}

/* Its number; one that the case did not announce (it lists so many links of a capture, not more) comes late. */
static int interface_of(struct export *x, const struct place *p, int linktype, uint32_t *number, struct err *e)
{
	struct channel *c;

	for (*number = 0; *number < x->channels; ++*number)
		if (x->channel[*number].point_id == p->point_id && x->channel[*number].linktype == linktype)
			return 0;
	if (!(c = add_channel(x, p->point_id, p->point, linktype, true, e)))
		return -1;
	write_interface(x, c);
	return 0;
}

/* ---- the header ---- */

static int count_findings(const struct export *x, char *text, size_t size, struct err *e)
{
	sqlite3_stmt *st;
	int rc, lines = 0;

	if (db_prepare(x->db, export_summary_sql, &st, e) < 0)
		return -1;
	bind_text(st, ":ids", x->ids_json);
	while ((rc = db_step(x->db, st, e)) == 1 && lines++ < SUMMARY_LINES) {
		char line[512];
		clean_text(line, sizeof line, (const char *)sqlite3_column_text(st, 0), -1, true);
		text_add(text, size, "\n%s", line);
	}
	if (rc == 1)
		text_add(text, size, "\n...");
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

static int write_header(struct export *x, struct err *e)
{
	int64_t earliest_ns = x->packets.earliest_ns;
	char text[16384] = "";

	text_add(text, sizeof text, "pcaphop: %" PRIu64 " packet%s of %" PRIu32 " connection%s; one interface for each point, times on one clock",
	    x->packets.packets, x->packets.packets == 1 ? "" : "s", x->ids.n, x->ids.n == 1 ? "" : "s");
	if (count_findings(x, text, sizeof text, e) < 0)
		return -1;
	for (uint32_t i = 0; i < x->channels; i++)
		if (x->channel[i].has_window && x->channel[i].from_ns < earliest_ns)
			earliest_ns = x->channel[i].from_ns;
	pcapng_write_section(&x->writer, x->out, earliest_ns, "pcaphop " VERSION, text);
	for (uint32_t i = 0; i < x->channels; i++)
		write_interface(x, &x->channel[i]);
	return 0;
}

static void write_statistics(struct export *x)
{
	for (uint32_t i = 0; i < x->channels; i++) {
		const struct channel *c = &x->channel[i];
		if (c->has_window)
			pcapng_write_statistics(&x->writer, i, c->from_ns, c->to_ns, c->received, c->dropped);
	}
}

/* ---- packets ---- */

/* 2012-10-17T01:01:17.285000000Z */
static void add_time(char *buf, size_t size, int64_t ns)
{
	int64_t part = ns % 1000000000;
	time_t s = (time_t)(ns / 1000000000 - (part < 0));
	char date[64];
	struct tm tm;

	if (!gmtime_r(&s, &tm) || strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		date[0] = '\0';
	text_add(buf, size, "%s.%09" PRId64 "Z", date, part < 0 ? part + 1000000000 : part);
}

static void add_ms(char *buf, size_t size, int64_t ns)
{
	text_add(buf, size, "%" PRId64 ".%06" PRId64, ns / 1000000, ns % 1000000);
}

/* What is found of it: one a line. */
static void add_verdicts(char *buf, size_t size, const char *text)
{
	const char *between = ": ";

	for (size_t n; *text; text += n + (text[n] == '\n'), between = "\nalso ") {
		char line[512];
		n = strcspn(text, "\n");
		clean_text(line, sizeof line, text, (int)n, true);
		text_add(buf, size, "%s%s", between, line);
	}
}

/*
 * Lines, because names may hold everything but the end of a line; pcaphop.lua reads them:
 *   pcaphop: connection 632, transmission 3: generated between client and behind-lb (certain)
 *   delay 0.412000 ms (0.000000 to 0.812000) from client
 *   recorded at behind-lb, 2012-10-17T01:01:17.285000000Z, frame 17 of lb-inside.pcapng
 */
static void comment(const struct export *x, sqlite3_stmt *st, const struct place *p, char *buf, size_t size)
{
	const char *verdicts = (const char *)sqlite3_column_text(st, 10);

	buf[0] = '\0';
	text_add(buf, size, "pcaphop: connection %lld", sqlite3_column_int64(st, 4));
	if (sqlite3_column_type(st, 5) != SQLITE_NULL)
		text_add(buf, size, ", transmission %lld", sqlite3_column_int64(st, 5));
	add_verdicts(buf, size, verdicts ? verdicts : "");
	if (sqlite3_column_type(st, 6) != SQLITE_NULL) {
		text_add(buf, size, "\ndelay ");
		add_ms(buf, size, sqlite3_column_int64(st, 7));
		text_add(buf, size, " ms (");
		add_ms(buf, size, sqlite3_column_int64(st, 8));
		text_add(buf, size, " to ");
		add_ms(buf, size, sqlite3_column_int64(st, 9));
		text_add(buf, size, ") from %s", x->places.list[sqlite3_column_int64(st, 6)].point);
	}
	text_add(buf, size, "\nrecorded at %s, ", p->point);
	add_time(buf, size, sqlite3_column_int64(st, 3));
	text_add(buf, size, ", frame %lld of %s", sqlite3_column_int64(st, 2), p->name);
}

static int write_packet(struct export *x, sqlite3_stmt *st, struct err *e)
{
	uint32_t place = (uint32_t)sqlite3_column_int64(st, 1), interface;
	const struct place *p = &x->places.list[place];
	char text[8192];
	struct frame f;

	if (places_frame(&x->places, x->db, place, (uint64_t)sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3), &f, e) < 0)
		return -1;
	if (interface_of(x, p, capture_interface(p->original.capture, f.interface)->linktype, &interface, e) < 0)
		return -1;
	comment(x, st, p, text, sizeof text);
	pcapng_write_packet(&x->writer, interface, sqlite3_column_int64(st, 0), f.bytes, f.caplen, f.len, text);
	x->stats->packets++;
	if (x->o->progress && x->stats->packets % PROGRESS_PACKETS == 0)
		x->o->progress(x->o->ctx, x->stats->packets, x->packets.packets, x->stats->packets);
	return ferror(x->out) ? err_set(e, "%s: %s", x->path, strerror(errno)) : 0;
}

static int write_pcapng(struct export *x, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (write_header(x, e) < 0 || db_prepare(x->db, export_ordered_sql, &st, e) < 0)
		return -1;
	while ((rc = db_step(x->db, st, e)) == 1 && (rc = write_packet(x, st, e)) == 0)
		;
	sqlite3_finalize(st);
	if (rc == 0)
		write_statistics(x);
	return rc;
}

/* ---- rows ---- */

static int name_places(const struct export *x, struct err *e)
{
	sqlite3_stmt *st;
	int rc = 0;

	if (db_exec(x->db, "CREATE INDEX temp.export_by_packet ON export_packet(packet_id);"
		"CREATE TEMP TABLE export_point(place INTEGER PRIMARY KEY, name TEXT)", e) < 0 ||
	    db_prepare(x->db, "INSERT INTO export_point SELECT ?1, name FROM point WHERE id = ?2", &st, e) < 0)
		return -1;
	for (uint32_t i = 0; rc == 0 && i < x->places.n; i++) {
		sqlite3_bind_int64(st, 1, i);
		sqlite3_bind_int64(st, 2, x->places.list[i].point_id);
		rc = db_run(x->db, st, e);
	}
	sqlite3_finalize(st);
	return rc;
}

static int write_rows(struct export *x, struct err *e)
{
	struct style s = plain;
	sqlite3_stmt *st;
	int rc;

	s.out = x->out;
	if (name_places(x, e) < 0 || db_prepare(x->db, export_rows_sql, &st, e) < 0)
		return -1;
	bind_text(st, ":ids", x->ids_json);
	rc = x->o->rows->rows(x->db, &s, st, e);
	sqlite3_finalize(st);
	x->stats->packets = x->packets.packets;
	return rc;
}

/* ---- the whole ---- */

/* What is read must not be written over. */
static int check_output(const struct export *x, const char *path, struct err *e)
{
	const char *file = sqlite3_db_filename(x->db->sql, "main");
	struct stat out, in;

	if (stat(path, &out) < 0)
		return 0;
	if (file && stat(file, &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
		return err_set(e, "%s: that is the case", path);
	for (uint32_t i = 0; i < x->places.n; i++) {
		const struct place *p = &x->places.list[i];
		if (stat(p->original.path ? p->original.path : p->name, &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
			return err_set(e, "%s: that is a capture of the case, as %s=%s", path, p->point, p->name);
	}
	return 0;
}

static int write_file(struct export *x, const char *path, struct err *e)
{
	bool is_stdout = strcmp(path, "-") == 0;
	struct stat st;
	int rc;

	x->path = is_stdout ? "standard output" : path;
	if (!is_stdout && check_output(x, path, e) < 0)
		return -1;
	x->out = is_stdout ? stdout : fopen(path, "wb");
	if (!x->out)
		return err_set(e, "%s: %s", path, strerror(errno));
	rc = x->o->rows ? write_rows(x, e) : write_pcapng(x, e);
	if ((fflush(x->out) != 0 || ferror(x->out)) && rc == 0)
		rc = err_set(e, "%s: %s", x->path, strerror(errno));
	if (is_stdout)
		return rc;
	if (fclose(x->out) != 0 && rc == 0)
		rc = err_set(e, "%s: %s", x->path, strerror(errno));
	if (rc < 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
	return rc;
}

static int collect(struct export *x, struct err *e)
{
	if (select_connections(x->db, &x->o->filter, &x->ids, e) < 0 || !(x->ids_json = ids_json(&x->ids, e)))
		return -1;
	x->stats->connections = x->ids.n;
	if (places_load(&x->places, x->db, e) < 0)
		return -1;
	return export_packets_collect(&x->packets, x->db, &x->places, &x->ids, e);
}

int export_case(struct db *db, const struct export_options *o, const char *path, struct export_stats *stats, struct err *e)
{
	struct export x = {.db = db, .o = o, .stats = stats, .packets = {.from_ns = o->from_ns, .to_ns = o->to_ns}};
	int rc;

	*stats = (struct export_stats){0};
	/* One look at the case; and temporary tables are fast inside a transaction. */
	if (db_exec(db, "BEGIN", e) < 0)
		return -1;
	rc = collect(&x, e);
	if (rc == 0 && !o->rows && (places_find(&x.places, db, o->captures, e) < 0 || find_channels(&x, e) < 0))
		rc = -1;
	if (rc == 0)
		rc = write_file(&x, path, e);
	places_free(&x.places);
	ids_free(&x.ids);
	free(x.ids_json);
	free(x.channel);
	return db_end(db, rc, e);
}
