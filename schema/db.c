#include "schema/db.h"

#include <stdint.h>
#include <string.h>

#include "schema/content.sql.h"
#include "schema/derived.sql.h"
#include "schema/drop_views.sql.h"
#include "schema/rows.sql.h"
#include "schema/views.sql.h"

#define APPLICATION_ID 1885892464
#define VERSION_OF_SCHEMA 5
#define BUSY_MS 5000            /* how long to wait for another program */
#define COMMIT_TRIES 60         /* times that, for one that reads while everything is ready to be committed */

static int fail(struct db *db, struct err *e)
{
	db->failed = true;
	return err_set(e, "%s", sqlite3_errmsg(db->sql));
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
	return sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, e);
}

int db_prepare(struct db *db, const char *sql, sqlite3_stmt **st, struct err *e)
{
	*st = NULL;
	return sqlite3_prepare_v3(db->sql, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL) == SQLITE_OK ? 0 : fail(db, e);
}

int db_step(struct db *db, sqlite3_stmt *st, struct err *e)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return fail(db, e);
	}
}

int db_run(struct db *db, sqlite3_stmt *st, struct err *e)
{
	int rc = db_step(db, st, e);

	sqlite3_reset(st);
	return rc < 0 ? -1 : 0;
}

int db_int(struct db *db, const char *sql, int64_t none, int64_t *out, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	*out = none;
	if (db_prepare(db, sql, &st, e) < 0)
		return -1;
	rc = db_step(db, st, e);
	if (rc == 1 && sqlite3_column_type(st, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

int db_begin(struct db *db, struct err *e)
{
	return db_exec(db, "BEGIN IMMEDIATE", e);
}

bool db_busy(const struct db *db)
{
	return sqlite3_errcode(db->sql) == SQLITE_BUSY;
}

/* While somebody reads the case the transaction stays as it is, and nobody else begins to read: it is worth waiting for. */
static int commit(struct db *db, struct err *e)
{
	int rc = -1;

	for (int i = 0; i < COMMIT_TRIES && rc < 0; i++)
		if ((rc = db_exec(db, "COMMIT", e)) < 0 && !db_busy(db))
			break;
	return rc;
}

int db_end(struct db *db, int rc, struct err *e)
{
	if (rc == 0 && commit(db, e) == 0)
		return 0;
	/* A full disk or an I/O error has rolled back already. */
	if (!sqlite3_get_autocommit(db->sql))
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

int db_need_derived(struct db *db, struct err *e)
{
	int64_t points;

	if (db_int(db, "SELECT count(*) FROM path", 0, &points, e) < 0)
		return -1;
	return points > 0 ? 0 : err_set(e, "not correlated yet, or not since the last import: pcaphop correlate CASE does it");
}

int db_reset_derived(struct db *db, struct err *e)
{
	if (db_exec(db, drop_views_sql, e) < 0 || db_exec(db, derived_sql, e) < 0 || db_exec(db, rows_sql, e) < 0)
		return -1;
	return db_exec(db, views_sql, e);
}

/* An empty file becomes a case when it may; anything else must be one. */
static int check(struct db *db, enum db_mode mode, struct err *e)
{
	int64_t id, version, tables;

	if (db_int(db, "PRAGMA application_id", 0, &id, e) < 0 || db_int(db, "PRAGMA user_version", 0, &version, e) < 0 ||
	    db_int(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, e) < 0)
		return -1;
	if (id == APPLICATION_ID && version == VERSION_OF_SCHEMA)
		return 0;
	if (id == APPLICATION_ID)
		return err_set(e, "case of schema version %lld; this program knows version %d", (long long)version, VERSION_OF_SCHEMA);
	if (id != 0 || tables != 0 || mode != DB_CREATE)
		return err_set(e, "not a pcaphop case");
	if (db_exec(db, "PRAGMA page_size = 16384", e) < 0 || db_begin(db, e) < 0)
		return -1;
	/* Two programs may make it at the same time: the second finds it made. */
	if (db_int(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, e) == 0 && tables != 0)
		return db_end(db, 0, e) < 0 ? -1 : check(db, mode, e);
	return db_end(db, db_exec(db, content_sql, e) < 0 || db_reset_derived(db, e) < 0 ? -1 : 0, e);
}

/*
 * A program that died inside a transaction leaves a journal, and who opens the case next rolls it back. A read-only connection cannot do
 * that and would be refused: another one does it.
 */
static void roll_back_journal(struct db *db, const char *path)
{
	static const char look[] = "SELECT count(*) FROM sqlite_schema";
	sqlite3 *writer;

	if (sqlite3_exec(db->sql, look, NULL, NULL, NULL) == SQLITE_OK || sqlite3_extended_errcode(db->sql) != SQLITE_READONLY_ROLLBACK)
		return;
	if (sqlite3_open_v2(path, &writer, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
		sqlite3_exec(writer, look, NULL, NULL, NULL);
	sqlite3_close(writer);
}

int db_open(struct db *db, const char *path, enum db_mode mode, struct err *e)
{
	int flags = mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

	if (mode == DB_CREATE)
		flags |= SQLITE_OPEN_CREATE;
	db->failed = false;
	/* Nobody asks how much memory SQLite uses, and to count it takes a lock at each allocation. Refused but for the first connection: it holds already. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(path, &db->sql, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		err_set(e, "%s: %s", path, db->sql ? sqlite3_errmsg(db->sql) : "out of memory");
		db_close(db);
		return -1;
	}
	sqlite3_busy_timeout(db->sql, BUSY_MS);
	if (mode == DB_READ)
		roll_back_journal(db, path);
	/* Big sorts and indexes are fastest with temporary files and a small cache; it is counted in pages, so their size comes first. */
	if (db_exec(db, "PRAGMA temp_store = FILE; PRAGMA synchronous = NORMAL", e) < 0 || check(db, mode, e) < 0 ||
	    db_exec(db, "PRAGMA cache_size = -4000", e) < 0) {
		err_prefix(e, "%s", path);
		db_close(db);
		return -1;
	}
	return 0;
}

int db_open_content(struct db *db, struct db *holder, struct err *e)
{
	const char *path = sqlite3_db_filename(holder->sql, "main");
	int64_t tables, wal;

	db->failed = false;
	db->sql = NULL;
	if (!path || !path[0])
		return err_set(e, "a case in memory can be read by one thread only");
	/*
	 * The VFS without locks. From the first look on, the page that says what tables there are is held as it is now. Somebody may have given the case
	 * a write-ahead log, which needs locks and lets others read anyway.
	 */
	if (db_int(holder, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 0, &wal, e) < 0)
		return -1;
	if (sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, wal ? NULL : "unix-none") != SQLITE_OK ||
	    db_exec(db, "PRAGMA cache_size = -1000; BEGIN", e) < 0 || db_int(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, e) < 0) {
		err_set(e, "%s: %s", path, db->sql ? sqlite3_errmsg(db->sql) : "out of memory");
		db_close(db);
		return -1;
	}
	return 0;
}

void db_close(struct db *db)
{
	sqlite3_close(db->sql);
	db->sql = NULL;
}
