/* The one door to SQLite: open a case, run statements, and say in one sentence what went wrong. */
#ifndef SCHEMA_DB_H
#define SCHEMA_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "schema/err.h"

struct db {
	sqlite3 *sql;
	bool failed;            /* SQLite has refused something: the case is at fault, not what was to be put into it */
};

enum db_mode {
	DB_READ,        /* an existing case, not changed */
	DB_WRITE,       /* an existing case */
	DB_CREATE,      /* an existing case, or a new one with its tables */
};

/* Open the case at path. A file that is no case, or of a newer program, is refused. On -1 nothing is open. */
int db_open(struct db *db, const char *path, enum db_mode mode, struct err *e);
void db_close(struct db *db);

/*
 * Another connection to the same case, for a thread of its own, to read what import wrote and nothing else: content is never changed while the
 * transaction that `holder` has begun, and has not written in yet, goes on, so no lock is taken. A case in memory has no other connection: -1.
 */
int db_open_content(struct db *db, struct db *holder, struct err *e);

/* Run one or more statements that return no rows. */
int db_exec(struct db *db, const char *sql, struct err *e);

/* Prepare a statement that will run many times. The caller finalizes it (sqlite3_finalize(NULL) is fine). */
int db_prepare(struct db *db, const char *sql, sqlite3_stmt **st, struct err *e);

/* 1: a row, 0: done, -1: failed. db_run steps a statement that returns no rows and resets it. */
int db_step(struct db *db, sqlite3_stmt *st, struct err *e);
int db_run(struct db *db, sqlite3_stmt *st, struct err *e);

/* Bind a text, which is copied; NULL is NULL. A number, if there is one; else NULL. */
static inline void db_bind_text(sqlite3_stmt *st, int i, const char *text)
{
	sqlite3_bind_text(st, i, text, -1, SQLITE_TRANSIENT);
}

static inline void db_bind_opt(sqlite3_stmt *st, int i, bool there, int64_t value)
{
	if (there)
		sqlite3_bind_int64(st, i, value);
	else
		sqlite3_bind_null(st, i);
}

/* One integer from a query without parameters; NULL and no row give `none`. */
int db_int(struct db *db, const char *sql, int64_t none, int64_t *out, struct err *e);

int db_begin(struct db *db, struct err *e);
/* Was the latest failure that another program is writing to the case? */
bool db_busy(const struct db *db);
/* Commit if rc is 0, else roll back and keep the message in e. Returns 0 only if rc was 0 and the commit went through. */
int db_end(struct db *db, int rc, struct err *e);

/* Has the case been correlated since its last import? If not: -1 and what to do about it. */
int db_need_derived(struct db *db, struct err *e);

/* (Re)create the derived tables and the views, empty. */
int db_reset_derived(struct db *db, struct err *e);

#endif
