/* A whole file, imported into a case, as it is or split (by the size of the input): whatever is in it, the case is whole, its counts add up, and the same bytes are then refused. */
#define _GNU_SOURCE             /* memfd_create */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ingest/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_none(struct db *db, const char *sql)
{
	struct err e;
	int64_t n;

	require(db_int(db, sql, 0, &n, &e) == 0 && n == 0);
}

static void check_case(struct db *db, const struct import_stats *st)
{
	uint64_t skipped = 0;
	sqlite3_stmt *ok;
	struct err e;

	for (int i = 0; i < IMPORT_REASONS; i++)
		skipped += st->skipped[i];
	require(st->frames == st->packets + skipped && st->skipped[DECODE_OK] == 0);
	require(db_prepare(db, "PRAGMA integrity_check", &ok, &e) == 0 && db_step(db, ok, &e) == 1);
	require(strcmp((const char *)sqlite3_column_text(ok, 0), "ok") == 0);
	sqlite3_finalize(ok);
	check_none(db, "SELECT count(*) FROM pragma_foreign_key_check");
	check_none(db, "SELECT count(*) FROM capture c WHERE packets <> (SELECT coalesce(sum(packets), 0) FROM part q WHERE q.capture_id = c.id) "
	    "OR frames <> packets + (SELECT coalesce(sum(count), 0) FROM skipped s WHERE s.capture_id = c.id)");
	check_none(db, "SELECT (SELECT count(*) FROM packet) <> (SELECT coalesce(sum(packets), 0) FROM capture)");
	check_none(db, "SELECT count(*) FROM part q WHERE packets <> (SELECT coalesce(sum(packets), 0) FROM run r WHERE r.part_id = q.id) "
	    "OR first_ns NOT BETWEEN min_ns AND max_ns");
	/* The earliest and latest packet of a part are where it says. */
	check_none(db, "SELECT count(*) FROM (SELECT q.min_ns, q.max_ns, min(q.first_ns + k.t) AS a, max(q.first_ns + k.t) AS b FROM part q "
	    "JOIN run r ON r.part_id = q.id JOIN packet k ON k.id >= r.first_packet AND k.id < r.first_packet + r.packets GROUP BY q.id) "
	    "WHERE a <> min_ns OR b <> max_ns");
}

/* One case for all inputs: emptying it is quicker than making another. */
static struct db *empty_case(void)
{
	static struct db db;
	struct err e;

	if (db.sql == NULL)
		require(db_open(&db, ":memory:", DB_CREATE, &e) == 0);
	require(db_exec(&db, "DELETE FROM f5; DELETE FROM f5_rst; DELETE FROM tcpopt; DELETE FROM layout; DELETE FROM icmp; DELETE FROM run; DELETE FROM packet; DELETE FROM part_row; DELETE FROM tunnel; "
	    "DELETE FROM addr; DELETE FROM link; DELETE FROM skipped; DELETE FROM interface; DELETE FROM capture; DELETE FROM point", &e) == 0);
	return &db;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct import_options options = {.split = (enum split)(size % 3)};
	struct db *db = empty_case();
	struct import_stats st;
	struct err e;
	char path[40];
	int fd = memfd_create("capture", 0);

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (import_capture(db, "a", path, "", &options, &st, &e) == 0) {
		check_case(db, &st);
		require(import_capture(db, "a", path, "", &options, &st, &e) < 0 && strstr(e.msg, "the same bytes") != NULL);
		check_none(db, "SELECT count(*) = 0 FROM capture");
	} else {
		check_none(db, "SELECT count(*) FROM point");
	}
	close(fd);
	return 0;
}
