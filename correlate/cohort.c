#include "correlate/cohort.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/array.h"

#include "correlate/cohort.sql.h"

#define FIRST_ATTRIBUTE 4       /* column of cohort.sql */
#define LEFT_MAX 8              /* reasons why connections are left out */

/* ---- classes ---- */

static uint32_t hash_of(const char *text)
{
	uint32_t h = 2166136261u;       /* FNV-1a */

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

static uint32_t *place_of(const struct attribute *a, const char *text)
{
	uint32_t i = hash_of(text) & (a->slots - 1);

	while (a->slot[i] != LEVEL_UNKNOWN && strcmp(a->text[a->slot[i]], text) != 0)
		i = (i + 1) & (a->slots - 1);
	return &a->slot[i];
}

static bool grow_slots(struct attribute *a)
{
	uint32_t slots = a->slots ? a->slots * 4 : 16, *slot = malloc(slots * sizeof *slot);

	if (slot == NULL)
		return false;
	memset(slot, 0xff, slots * sizeof *slot);
	free(a->slot);
	a->slot = slot;
	a->slots = slots;
	for (uint32_t i = 0; i < a->levels; i++)
		*place_of(a, a->text[i]) = i;
	return true;
}

/* The number of a class, a new one if it has none. LEVEL_UNKNOWN: out of memory. */
static uint32_t level_of(struct attribute *a, const char *text)
{
	uint32_t *place;

	if (a->levels * 2 >= a->slots && !grow_slots(a))
		return LEVEL_UNKNOWN;
	place = place_of(a, text);
	if (*place != LEVEL_UNKNOWN)
		return *place;
	if (!array_grow(&a->text, &a->room, a->levels, sizeof *a->text) || (a->text[a->levels] = strdup(text)) == NULL)
		return LEVEL_UNKNOWN;
	return *place = a->levels++;
}

static void attribute_free(struct attribute *a)
{
	for (uint32_t i = 0; i < a->levels; i++)
		free(a->text[i]);
	free(a->text);
	free(a->slot);
	free(a->level);
	free(a->value);
	free(a->name);
}

/* ---- rows ---- */

/* Room for one more row in all columns, which grow together. */
static bool grow(struct cohort *c)
{
	uint32_t room = c->room;

	if (!array_grow(&c->id, &room, c->n, sizeof *c->id))
		return false;
	if (room == c->room)
		return true;
	for (uint32_t i = 0; i < c->attributes; i++) {
		struct attribute *a = &c->attribute[i];
		uint32_t *level = realloc(a->level, room * sizeof *level);
		int64_t *value;

		a->level = level ? level : a->level;
		value = level ? realloc(a->value, room * sizeof *value) : NULL;
		a->value = value ? value : a->value;
		if (level == NULL || value == NULL)
			return false;
	}
	uint32_t *way = realloc(c->way, room * sizeof *way);
	c->way = way ? way : c->way;
	int64_t *start = way ? realloc(c->start_ns, room * sizeof *start) : NULL;
	c->start_ns = start ? start : c->start_ns;
	if (start)
		c->room = room;
	return start != NULL;
}

int cohort_add(struct cohort *c, int64_t id, int64_t start_ns, const char *way)
{
	uint32_t level;

	if (!grow(c) || level_of(&c->ways, "") == LEVEL_UNKNOWN || (level = level_of(&c->ways, way)) == LEVEL_UNKNOWN)
		return -1;
	c->id[c->n] = id;
	c->start_ns[c->n] = start_ns;
	c->way[c->n] = level;
	for (uint32_t i = 0; i < c->attributes; i++)
		c->attribute[i].level[c->n] = LEVEL_UNKNOWN;
	c->n++;
	return 0;
}

int cohort_attribute(struct cohort *c, const char *name)
{
	struct attribute *more = realloc(c->attribute, (c->attributes + 1) * sizeof *more);

	if (more == NULL)
		return -1;
	c->attribute = more;
	more[c->attributes] = (struct attribute){ .name = strdup(name) };
	return more[c->attributes++].name ? 0 : -1;
}

int cohort_set(struct cohort *c, uint32_t attribute, const char *class)
{
	struct attribute *a = &c->attribute[attribute];

	return (a->level[c->n - 1] = level_of(a, class)) == LEVEL_UNKNOWN ? -1 : 0;
}

int cohort_set_number(struct cohort *c, uint32_t attribute, int64_t value)
{
	struct attribute *a = &c->attribute[attribute];

	a->number = true;
	a->value[c->n - 1] = value;
	a->level[c->n - 1] = 0;
	return 0;
}

static int leave_out(struct cohort *c, const char *why)
{
	uint32_t level = level_of(&c->left_out, why);

	if (level == LEVEL_UNKNOWN || level >= LEFT_MAX)
		return -1;
	if (c->left == NULL && (c->left = calloc(LEFT_MAX, sizeof *c->left)) == NULL)
		return -1;
	c->left[level]++;
	c->left_n++;
	return 0;
}

void cohort_free(struct cohort *c)
{
	for (uint32_t i = 0; i < c->attributes; i++)
		attribute_free(&c->attribute[i]);
	attribute_free(&c->ways);
	attribute_free(&c->left_out);
	free(c->attribute);
	free(c->left);
	free(c->id);
	free(c->start_ns);
	free(c->way);
	*c = (struct cohort){0};
}

/* ---- from a case ---- */

/* network(ADDRESS): an IPv4 /24 or an IPv6 /64. */
static void network(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const char *text = (const char *)sqlite3_value_text(argv[0]);
	unsigned char bytes[16] = {0};
	char out[INET6_ADDRSTRLEN + 8];
	int family = text && strchr(text, ':') ? AF_INET6 : AF_INET, keep = family == AF_INET6 ? 8 : 3;

	(void)argc;
	if (text == NULL || inet_pton(family, text, bytes) != 1)
		return;
	memset(bytes + keep, 0, sizeof bytes - (size_t)keep);
	if (inet_ntop(family, bytes, out, INET6_ADDRSTRLEN) == NULL)
		return;
	snprintf(out + strlen(out), 8, "/%d", keep * 8);
	sqlite3_result_text(context, out, -1, SQLITE_TRANSIENT);
}

enum { NOT_NAMED, NAMED_AGAINST, NAMED_CHOSEN };

/* One byte per connection: who is compared with whom. ids are 1 to n. */
static uint8_t *marks_of(struct db *db, const struct ids *chosen, const struct ids *against, int64_t *last, struct err *e)
{
	uint8_t *mark;

	if (db_int(db, "SELECT max(id) FROM connection_row", 0, last, e) < 0)
		return NULL;
	mark = calloc((size_t)*last + 1, 1);
	if (mark == NULL) {
		err_set(e, "out of memory");
		return NULL;
	}
	memset(mark, against ? NOT_NAMED : NAMED_AGAINST, (size_t)*last + 1);
	for (uint32_t i = 0; against && i < against->n; i++)
		mark[against->id[i]] = NAMED_AGAINST;
	for (uint32_t i = 0; i < chosen->n; i++)
		mark[chosen->id[i]] = NAMED_CHOSEN;
	return mark;
}

static int set_attributes(struct cohort *c, sqlite3_stmt *st)
{
	for (uint32_t i = 0; i < c->attributes; i++) {
		int column = FIRST_ATTRIBUTE + (int)i, rc = 0;

		if (sqlite3_column_type(st, column) == SQLITE_INTEGER)
			rc = cohort_set_number(c, i, sqlite3_column_int64(st, column));
		else if (sqlite3_column_type(st, column) == SQLITE_TEXT)
			rc = cohort_set(c, i, (const char *)sqlite3_column_text(st, column));
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* mark NULL: compared by how the handshake went. */
static int take_row(struct cohort *c, sqlite3_stmt *st, const uint8_t *mark)
{
	int64_t id = sqlite3_column_int64(st, 0);
	const char *why = (const char *)sqlite3_column_text(st, 3), *way = "";

	if (mark && mark[id] == NOT_NAMED)
		return 0;
	/* Without a SYN there is nothing to compare. */
	if (sqlite3_column_type(st, FIRST_ATTRIBUTE + 1) == SQLITE_NULL || (mark == NULL && sqlite3_column_type(st, 2) == SQLITE_NULL))
		return leave_out(c, why ? why : "no SYN was recorded");
	if (mark)
		way = mark[id] == NAMED_CHOSEN ? "chosen" : "";
	else if (sqlite3_column_int(st, 2))
		way = why ? why : "failed";
	return cohort_add(c, id, sqlite3_column_int64(st, 1), way) < 0 ? -1 : set_attributes(c, st);
}

int cohort_read(struct cohort *c, struct db *db, const struct ids *chosen, const struct ids *against, struct err *e)
{
	uint8_t *mark = NULL;
	sqlite3_stmt *st = NULL;
	int64_t last = 0;
	int rc = -1;

	*c = (struct cohort){0};
	if (chosen && (mark = marks_of(db, chosen, against, &last, e)) == NULL)
		return -1;
	if (sqlite3_create_function(db->sql, "network", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, network, NULL, NULL) != SQLITE_OK) {
		err_set(e, "%s", sqlite3_errmsg(db->sql));
		goto out;
	}
	if (db_prepare(db, cohort_sql, &st, e) < 0)
		goto out;
	for (int i = FIRST_ATTRIBUTE; i < sqlite3_column_count(st); i++)
		if (cohort_attribute(c, sqlite3_column_name(st, i)) < 0)
			goto no_memory;
	while ((rc = db_step(db, st, e)) == 1)
		if (take_row(c, st, mark) < 0)
			goto no_memory;
	goto out;
no_memory:
	rc = err_set(e, "out of memory");
out:
	sqlite3_finalize(st);
	free(mark);
	return rc;
}
