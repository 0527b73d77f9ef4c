#define _GNU_SOURCE             /* asprintf */
#include "ingest/original.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ingest/source.h"

/* What became of the files that were looked at. */
struct search {
	const uint8_t *digest;
	char *found;                    /* with the same bytes */
	char changed[256], unreadable[256];     /* with others, and that could not be read: the first ones; "": none */
};

/* 1: the bytes of this file have the digest, 0: others, -1: they cannot be read. */
static int same_bytes(const char *path, const uint8_t digest[16], struct err *e)
{
	struct source s;
	uint8_t got[16];
	int rc;

	if (source_open(&s, path, e) < 0)
		return -1;
	if ((rc = source_drain(&s, e)) == 0) {
		source_digest(&s, got);
		rc = memcmp(got, digest, sizeof got) == 0;
	}
	source_close(&s);
	return rc;
}

/* Is it this one? A pipe or a device is none, and may wait for ever. */
static int look_at(struct search *s, const char *path, struct err *e)
{
	struct stat st;
	struct err why;
	int same;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	same = same_bytes(path, s->digest, &why);
	if (same > 0 && !(s->found = strdup(path)))
		return err_set(e, "out of memory");
	if (same == 0 && !s->changed[0])
		snprintf(s->changed, sizeof s->changed, "%s", path);
	if (same < 0 && !s->unreadable[0])
		snprintf(s->unreadable, sizeof s->unreadable, "%.150s: %.100s", path, why.msg);
	return 0;
}

/* In a folder: with all folders of its name, then without the first, and so on. The folder has `len` bytes. */
static int look_in(struct search *s, const char *folder, size_t len, const char *name, struct err *e)
{
	char *path;
	int rc = 0;

	while (rc == 0 && !s->found && name) {
		name += strspn(name, "/");
		if (asprintf(&path, "%.*s/%s", (int)len, folder, name) < 0)
			return err_set(e, "out of memory");
		rc = look_at(s, path, e);
		free(path);
		name = strchr(name, '/');
	}
	return rc;
}

static int search(struct search *s, struct db *db, const char *name, const char *folder, struct err *e)
{
	const char *file = sqlite3_db_filename(db->sql, "main"), *slash = file ? strrchr(file, '/') : NULL;

	if (look_at(s, name, e) < 0)
		return -1;
	if (!s->found && slash && look_in(s, file, (size_t)(slash - file), name, e) < 0)
		return -1;
	return !s->found && folder ? look_in(s, folder, strlen(folder), name, e) : 0;
}

static int not_found(const struct search *s, const char *label, const char *folder, struct err *e)
{
	const char *here = folder ? " or in the folder that --captures names" : "", *advice = folder ? "" : " (--captures names the folder that has it)";

	if (s->changed[0])
		return err_set(e, "%.120s: %.200s has other bytes than the file that was imported%s", label, s->changed, advice);
	if (s->unreadable[0])
		return err_set(e, "%.120s: %s", label, s->unreadable);
	return err_set(e, "%.120s: the file is no longer there, nor beside the case%s%s", label, here, advice);
}

/* Its name, digest and label. */
static int read_row(struct original *o, char **name, struct db *db, int64_t id, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	if (db_prepare(db, "SELECT p.name, c.name, c.digest FROM capture c JOIN point p ON p.id = c.point_id WHERE c.id = ?1", &st, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, id);
	if ((rc = db_step(db, st, e)) == 1 && sqlite3_column_bytes(st, 2) == sizeof o->digest) {
		memcpy(o->digest, sqlite3_column_blob(st, 2), sizeof o->digest);
		*name = strdup((const char *)sqlite3_column_text(st, 1));
		if (!*name || asprintf(&o->label, "%s=%s", (const char *)sqlite3_column_text(st, 0), *name) < 0) {
			o->label = NULL;
			rc = err_set(e, "out of memory");
		}
	} else if (rc >= 0) {
		rc = err_set(e, "the case has no capture %lld", (long long)id);
	}
	sqlite3_finalize(st);
	return rc < 0 ? -1 : 0;
}

int original_find(struct original *o, struct db *db, int64_t id, const char *folder, struct err *e)
{
	struct search s = {.digest = o->digest};
	char *name = NULL;
	int rc;

	*o = (struct original){0};
	rc = read_row(o, &name, db, id, e);
	if (rc == 0 && strcmp(name, "-") == 0)
		rc = err_set(e, "%.120s: it was read from standard input, and its bytes are not kept in the case: import it from a file", o->label);
	else if (rc == 0)
		rc = search(&s, db, name, folder, e);
	if (rc == 0 && !s.found)
		rc = not_found(&s, o->label, folder, e);
	o->path = s.found;
	free(name);
	if (rc < 0)
		original_free(o);
	return rc;
}

int original_again(struct original *o, const struct original *same, struct err *e)
{
	*o = (struct original){.label = strdup(same->label), .path = strdup(same->path)};
	memcpy(o->digest, same->digest, sizeof o->digest);
	if (o->label && o->path)
		return 0;
	original_free(o);
	return err_set(e, "out of memory");
}

int original_open(struct original *o, struct err *e)
{
	original_close(o);
	return capture_open(&o->capture, o->path, e) < 0 ? err_prefix(e, "%s", o->path) : 0;
}

int original_next(struct original *o, struct frame *f, struct err *e)
{
	uint8_t digest[16];
	int rc;

	while ((rc = capture_next(o->capture, f, e)) < 0)
		;
	if (rc > 0)
		return 1;
	capture_digest(o->capture, digest);
	return memcmp(digest, o->digest, sizeof digest) == 0 ? 0 : err_set(e, "%.200s: the file was changed while it was read", o->path);
}

void original_close(struct original *o)
{
	capture_close(o->capture);
	o->capture = NULL;
}

void original_free(struct original *o)
{
	original_close(o);
	free(o->label);
	free(o->path);
	*o = (struct original){0};
}
