/* For the tests of import: captures of packets given field by field, written to files, imported, and what SQL says of the case. */
#ifndef TESTS_TEST_IMPORT_H
#define TESTS_TEST_IMPORT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE             /* asprintf */
#endif
#include <unistd.h>

#include "ingest/import.h"
#include "tests/capture_bytes.h"

#define RAW 101                 /* LINKTYPE_: nothing before the IP header */
#define NANO 0xa1b23c4d         /* magic of a pcap file with nanoseconds */

/* A TCP packet over IPv4; addresses are 10.0.0.src and 10.0.0.dst. */
struct tcp {
	int64_t ns;             /* after T */
	uint8_t src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t flags, win;
	const char *options, *data;
	unsigned optlen;
};

static inline void put_ip(struct bytes *b, uint8_t src, uint8_t dst, uint8_t proto, size_t size)
{
	const uint8_t h[20] = {0x45, 0xb8, (uint8_t)((size + 20) >> 8), (uint8_t)(size + 20), 0xfe, 0xdc, 0x40, 0, 63, proto, 0, 0, 10, 0, 0, src, 10, 0, 0, dst};

	put(b, h, sizeof h);
}

static inline void put_be(struct bytes *b, uint32_t v, unsigned size)
{
	bool was = b->big_endian;

	b->big_endian = true;
	put_number(b, v, size);
	b->big_endian = was;
}

static inline size_t tcp_size(const struct tcp *t)
{
	return 20 + t->optlen + (t->data ? strlen(t->data) : 0);
}

static inline void put_tcp(struct bytes *b, const struct tcp *t)
{
	put_ip(b, t->src, t->dst, 6, tcp_size(t));
	put_be(b, t->sport, 2);
	put_be(b, t->dport, 2);
	put_be(b, t->seq, 4);
	put_be(b, t->ack, 4);
	put_be(b, (5 + t->optlen / 4) << 12 | t->flags, 2);
	put_be(b, t->win, 2);
	put_be(b, 0, 4);        /* no checksum: left to offload */
	put(b, t->options, t->optlen);
	if (t->data)
		put(b, t->data, strlen(t->data));
}

static inline void pcap_record_head(struct bytes *b, int64_t ns, size_t size)
{
	put32(b, T + (uint64_t)(ns / S));
	put32(b, (uint64_t)(ns % S));
	put32(b, size);
	put32(b, size);
}

static inline void pcap_tcp(struct bytes *b, const struct tcp *t)
{
	pcap_record_head(b, t->ns, 20 + tcp_size(t));
	put_tcp(b, t);
}

/* As many packets as wanted, one a microsecond, of `flows` clients of 10.0.0.2:80 in turn, each with its SYN first; sequence numbers count. */
static inline struct bytes many_packets(uint32_t packets, uint32_t flows, unsigned optlen)
{
	static const char options[20] = "\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\1\0\0\0\2\1\3\3\7";
	struct bytes b = {0};

	pcap_header(&b, NANO, 0, RAW);
	for (uint32_t i = 0; i < packets; i++)
		pcap_tcp(&b, &(struct tcp){i * 1000ll, 1, 2, (uint16_t)(1024 + i % flows), 80, i / flows, 0, i < flows ? 0x02 : 0x10, 1, options, NULL,
		    optlen});
	return b;
}

/* A folder of the test's own, removed with all that is in it. */
struct folder {
	char path[32], *name[8];
	unsigned names;
};

static inline void folder_make(struct folder *f)
{
	*f = (struct folder){.path = "/tmp/pcaphop-test-XXXXXX"};
	assert_non_null(mkdtemp(f->path));
}

/* The path of a file in it. */
static inline const char *folder_file(struct folder *f, const char *name)
{
	assert_true(f->names < 8);
	assert_true(asprintf(&f->name[f->names], "%s/%s", f->path, name) > 0);
	return f->name[f->names++];
}

static inline const char *folder_write(struct folder *f, const char *name, const struct bytes *b)
{
	const char *path = folder_file(f, name);
	FILE *to = fopen(path, "wb");

	assert_non_null(to);
	assert_true(b->n == 0 || fwrite(b->p, 1, b->n, to) == b->n);
	assert_int_equal(fclose(to), 0);
	return path;
}

static inline void folder_free(struct folder *f)
{
	for (unsigned i = 0; i < f->names; i++) {
		char *journal;
		assert_true(asprintf(&journal, "%s-journal", f->name[i]) > 0);
		unlink(journal);
		unlink(f->name[i]);
		free(journal);
		free(f->name[i]);
	}
	assert_int_equal(rmdir(f->path), 0);
}

static inline void case_open(struct db *db, const char *path, enum db_mode mode)
{
	struct err e;

	if (db_open(db, path, mode, &e) < 0)
		fail_msg("%s", e.msg);
}

static inline int64_t number(struct db *db, const char *sql)
{
	struct err e;
	int64_t n;

	if (db_int(db, sql, -1, &n, &e) < 0)
		fail_msg("%s: %s", sql, e.msg);
	return n;
}

/* Rows of a query: columns divided by a blank, rows by a line feed; NULL is -. The caller frees it. */
static inline char *rows_text(struct db *db, const char *sql)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	sqlite3_stmt *st;
	struct err e;

	if (db_prepare(db, sql, &st, &e) < 0)
		fail_msg("%s: %s", sql, e.msg);
	while (db_step(db, st, &e) == 1) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const unsigned char *p = sqlite3_column_text(st, i);
			fprintf(to, "%s%s", i ? " " : "", p ? (const char *)p : "-");
		}
		fputc('\n', to);
	}
	sqlite3_finalize(st);
	fclose(to);
	return text;
}

static inline void check_rows(struct db *db, const char *sql, const char *expected)
{
	char *text = rows_text(db, sql);

	assert_string_equal(text, expected);
	free(text);
}

/* Every row of every table and the text of the schema: what a case is, apart from where on its pages it lies. */
static inline char *case_dump(struct db *db)
{
	char *names = rows_text(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"), *all = NULL, *rest = NULL, sql[128];
	size_t size = 0;
	FILE *to = open_memstream(&all, &size);
	char *schema = rows_text(db, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name");

	fputs(schema, to);
	free(schema);
	for (char *name = strtok_r(names, "\n", &rest); name; name = strtok_r(NULL, "\n", &rest)) {
		snprintf(sql, sizeof sql, "SELECT * FROM \"%s\" ORDER BY 1, 2", name);
		char *rows = rows_text(db, sql);
		fprintf(to, "%s\n%s", name, rows);
		free(rows);
	}
	free(names);
	fclose(to);
	return all;
}

static inline void check_same_case(struct db *db, const char *dump)
{
	char *now = case_dump(db);

	assert_true(strcmp(now, dump) == 0);
	check_rows(db, "PRAGMA integrity_check", "ok\n");
	free(now);
}

/* What holds for every case: nothing points to nothing, runs cover every packet once, and the counts add up. */
static inline void check_whole(struct db *db)
{
	check_rows(db, "PRAGMA integrity_check", "ok\n");
	check_rows(db, "PRAGMA foreign_key_check", "");
	check_rows(db, "SELECT * FROM capture c WHERE frames <> packets + (SELECT coalesce(sum(count), 0) FROM skipped s WHERE s.capture_id = c.id) "
	    "OR packets <> (SELECT coalesce(sum(packets), 0) FROM part q WHERE q.capture_id = c.id)", "");
	check_rows(db, "SELECT id FROM part q WHERE packets <> (SELECT coalesce(sum(packets), 0) FROM run r WHERE r.part_id = q.id)", "");
	/* Ranges in order of their beginning: each begins behind the one before, and together they are as many as there are packets. */
	check_rows(db, "SELECT * FROM (SELECT first_packet, lag(first_packet + packets, 1, 1) OVER (ORDER BY first_packet) AS free FROM run) "
	    "WHERE first_packet < free", "");
	assert_int_equal(number(db, "SELECT coalesce(sum(packets), 0) FROM run"), number(db, "SELECT count(*) FROM packet"));
	check_rows(db, "SELECT * FROM run r WHERE packets <> (SELECT count(*) FROM packet k WHERE k.id >= r.first_packet AND k.id < r.first_packet + r.packets)", "");
	/* In a part, packets are in the order of the file. */
	check_rows(db, "SELECT * FROM (SELECT k.id, k.frame, lag(k.frame, 1, 0) OVER (PARTITION BY r.part_id ORDER BY k.id) AS earlier FROM run r "
	    "CROSS JOIN packet k ON k.id >= r.first_packet AND k.id < r.first_packet + r.packets) WHERE frame <= earlier", "");
}

static inline void import_as(struct db *db, const char *point, const char *path, const char *selector, const struct import_options *options,
    struct import_stats *stats)
{
	struct err e;

	if (import_capture(db, point, path, selector, options, stats, &e) < 0)
		fail_msg("%s", e.msg);
}

/* Import into the case must fail, with these words in the message. */
static inline void check_import_fails(struct db *db, const char *path, const char *selector, const struct import_options *options, const char *words)
{
	struct import_stats stats;
	struct err e;

	assert_int_equal(import_capture(db, "a", path, selector, options, &stats, &e), -1);
	if (strstr(e.msg, words) == NULL)
		fail_msg("not \"%s\": %s", words, e.msg);
}

#endif
