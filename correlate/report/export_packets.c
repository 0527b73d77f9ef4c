#include "correlate/report/export_packets.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "schema/array.h"

#include "correlate/report/export_seen.sql.h"
#include "correlate/report/export_tables.sql.h"
#include "correlate/report/export_verdicts.sql.h"

/* A packet at a point. */
struct seen {
	int64_t packet_id, transmission_id, frame, time_ns, aligned_ns;
	uint32_t place;
	bool s2c, plain;                /* plain: it has a delay */
};

/* Packets [first, first + n), one transmission. */
struct transmission {
	int64_t id, sent_ns;
	uint32_t first, n;
	uint32_t number;                /* in the ladder, from 1; 0: no point of the path saw it */
	int64_t verdict;                /* export_verdict.id; 0: none */
};

/* What the clocks leave open of a hop. */
struct hop {
	int64_t from, to, low_ns, high_ns;
	bool s2c;
};

struct delay {
	int64_t ns, low_ns, high_ns;
	uint32_t from;                  /* place */
};

struct collector {
	struct export_packets *out;
	struct db *db;
	struct places *places;
	struct seen *seen;
	struct transmission *transmission;
	struct hop *hop;
	bool reversed;                  /* the connection runs against the path */
	uint32_t seens, seen_room, transmissions, transmission_room, hops, hop_room;
	sqlite3_stmt *way, *packets, *verdicts, *of_hops, *insert, *intern;
	char *text;                     /* the latest of export_verdict, */
	int64_t text_id;                /* ... and its id */
};

static int take_way(struct collector *c, sqlite3_stmt *st, struct err *e)
{
	(void)e;
	c->reversed = sqlite3_column_int(st, 0);
	return 0;
}

static int take_seen(struct collector *c, sqlite3_stmt *st, struct err *e)
{
	const struct place *p;
	struct seen *k;
	uint32_t place;

	if (places_of(c->places, sqlite3_column_int64(st, 2), &place, e) < 0)
		return -1;
	if (!array_grow(&c->seen, &c->seen_room, c->seens, sizeof *c->seen))
		return err_set(e, "out of memory");
	k = &c->seen[c->seens++];
	*k = (struct seen){.packet_id = sqlite3_column_int64(st, 0), .transmission_id = sqlite3_column_int64(st, 1),
	    .place = place, .frame = sqlite3_column_int64(st, 3), .time_ns = sqlite3_column_int64(st, 4),
	    .s2c = sqlite3_column_int(st, 6)};
	p = &c->places->list[place];
	k->aligned_ns = sqlite3_column_type(st, 5) == SQLITE_NULL ? k->time_ns : sqlite3_column_int64(st, 5);
	k->plain = p->on_path && sqlite3_column_type(st, 5) != SQLITE_NULL && sqlite3_column_int(st, 7);
	return 0;
}

/* A hop of which the clocks leave all open gives no delay. */
static int take_hop(struct collector *c, sqlite3_stmt *st, struct err *e)
{
	if (!array_grow(&c->hop, &c->hop_room, c->hops, sizeof *c->hop))
		return err_set(e, "out of memory");
	c->hop[c->hops++] = (struct hop){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 3),
	    sqlite3_column_int64(st, 4), sqlite3_column_int(st, 2)};
	return 0;
}

/* Packets come by transmission: each is a run of them. Sent when its first sighting was, as the ladder has it. */
static int divide(struct collector *c, struct err *e)
{
	c->transmissions = 0;
	for (uint32_t i = 0; i < c->seens;) {
		struct transmission *t;
		bool on_path = false;

		if (!array_grow(&c->transmission, &c->transmission_room, c->transmissions, sizeof *t))
			return err_set(e, "out of memory");
		t = &c->transmission[c->transmissions++];
		*t = (struct transmission){.id = c->seen[i].transmission_id, .first = i};
		for (; i < c->seens && c->seen[i].transmission_id == t->id; i++, t->n++) {
			const struct seen *k = &c->seen[i];
			bool here = c->places->list[k->place].on_path;
			if (here && (!on_path || k->packet_id == t->id))
				t->sent_ns = k->aligned_ns;
			on_path |= here;
		}
		t->number = on_path;
	}
	return 0;
}

static int by_time(const void *x, const void *y)
{
	const struct transmission *a = x, *b = y;

	if ((a->number == 0) != (b->number == 0))
		return a->number == 0 ? 1 : -1;
	if (a->sent_ns != b->sent_ns)
		return a->sent_ns < b->sent_ns ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static int intern(struct collector *c, const char *text, int64_t *id, struct err *e)
{
	int rc;

	if (!c->text || strcmp(c->text, text) != 0) {
		free(c->text);
		if (!(c->text = strdup(text)))
			return err_set(e, "out of memory");
		sqlite3_bind_text(c->intern, 1, text, -1, SQLITE_STATIC);
		if ((rc = db_step(c->db, c->intern, e)) == 1)
			c->text_id = sqlite3_column_int64(c->intern, 0);
		sqlite3_reset(c->intern);
		if (rc < 0)
			return -1;
	}
	*id = c->text_id;
	return 0;
}

/* Verdicts come by transmission, too. All those of one, a line each, are one text. */
static int take_verdicts(struct collector *c, sqlite3_stmt *st, struct err *e)
{
	char text[2048] = "";
	size_t n = 0;
	uint32_t at = 0;
	int rc;

	do {
		int64_t id = (rc = db_step(c->db, st, e)) == 1 ? sqlite3_column_int64(st, 0) : INT64_MAX;

		if (n > 0 && id != c->transmission[at].id && intern(c, text, &c->transmission[at].verdict, e) < 0)
			return -1;
		if (rc != 1)
			break;
		if (id != c->transmission[at].id)
			n = 0;
		while (at < c->transmissions && c->transmission[at].id < id)
			at++;
		if (at == c->transmissions)
			break;
		if (c->transmission[at].id != id)
			continue;
		if (n < sizeof text)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? "\n" : "", (const char *)sqlite3_column_text(st, 1));
	} while (true);
	return rc < 0 ? -1 : 0;
}

/* Where a packet is on its way: less than where it comes later. */
static int way(const struct collector *c, const struct seen *k)
{
	int position = c->places->list[k->place].position;

	return k->s2c == c->reversed ? position : -position;
}

/* The sighting before this one in the direction of travel; NULL: none. */
static const struct seen *before(const struct collector *c, const struct transmission *t, const struct seen *k)
{
	const struct seen *best = NULL;

	for (uint32_t i = t->first; k->plain && i < t->first + t->n; i++) {
		const struct seen *x = &c->seen[i];
		if (x->plain && way(c, x) < way(c, k) && (!best || way(c, x) > way(c, best)))
			best = x;
	}
	return best;
}

/* As in v_delay. */
static bool delay_of(const struct collector *c, const struct transmission *t, const struct seen *k, struct delay *d)
{
	const struct seen *from = before(c, t, k);

	for (uint32_t i = 0; from && i < c->hops; i++) {
		const struct hop *h = &c->hop[i];
		int64_t difference = k->aligned_ns - from->aligned_ns;

		if (h->from != c->places->list[from->place].point_id || h->to != c->places->list[k->place].point_id || h->s2c != k->s2c)
			continue;
		*d = (struct delay){difference - h->low_ns - (h->high_ns - h->low_ns) / 2, difference - h->high_ns, difference - h->low_ns, from->place};
		if (d->low_ns < 0)
			d->low_ns = 0;
		if (d->ns < d->low_ns)
			d->ns = d->low_ns;
		return true;
	}
	return false;
}

static int insert(struct collector *c, const struct transmission *t, const struct seen *k, int64_t connection, struct err *e)
{
	struct delay d = {0};
	bool has_delay;

	if (k->aligned_ns < c->out->from_ns || k->aligned_ns > c->out->to_ns)
		return 0;
	has_delay = delay_of(c, t, k, &d);
	sqlite3_bind_int64(c->insert, 1, k->packet_id);
	sqlite3_bind_int64(c->insert, 2, k->aligned_ns);
	sqlite3_bind_int64(c->insert, 3, k->place);
	sqlite3_bind_int64(c->insert, 4, k->frame);
	sqlite3_bind_int64(c->insert, 5, k->time_ns);
	sqlite3_bind_int64(c->insert, 6, connection);
	db_bind_opt(c->insert, 7, c->places->list[k->place].on_path, t->number);
	db_bind_opt(c->insert, 8, t->verdict, t->verdict);
	db_bind_opt(c->insert, 9, has_delay, d.from);
	db_bind_opt(c->insert, 10, has_delay, d.ns);
	db_bind_opt(c->insert, 11, has_delay, d.low_ns);
	db_bind_opt(c->insert, 12, has_delay, d.high_ns);
	if (c->out->packets++ == 0 || k->aligned_ns < c->out->earliest_ns)
		c->out->earliest_ns = k->aligned_ns;
	return db_run(c->db, c->insert, e) < 0 ? -1 : places_want(c->places, k->place, (uint64_t)k->frame, e);
}

typedef int take_row(struct collector *c, sqlite3_stmt *st, struct err *e);

static int each(struct collector *c, sqlite3_stmt *st, int64_t connection, take_row *take, struct err *e)
{
	int rc;

	sqlite3_bind_int64(st, 1, connection);
	while ((rc = db_step(c->db, st, e)) == 1 && (rc = take(c, st, e)) == 0)
		;
	sqlite3_reset(st);
	return rc;
}

static int collect(struct collector *c, int64_t connection, struct err *e)
{
	int rc;

	c->seens = c->hops = 0;
	c->reversed = false;
	if (each(c, c->way, connection, take_way, e) < 0 || each(c, c->packets, connection, take_seen, e) < 0 || each(c, c->of_hops, connection, take_hop, e) < 0 || divide(c, e) < 0)
		return -1;
	sqlite3_bind_int64(c->verdicts, 1, connection);
	rc = c->transmissions ? take_verdicts(c, c->verdicts, e) : 0;
	sqlite3_reset(c->verdicts);
	if (rc == 0 && c->transmissions)
		qsort(c->transmission, c->transmissions, sizeof *c->transmission, by_time);
	for (uint32_t i = 0; rc == 0 && i < c->transmissions; i++) {
		struct transmission *t = &c->transmission[i];
		if (t->number)
			t->number = i + 1;
		for (uint32_t k = t->first; rc == 0 && k < t->first + t->n; k++)
			rc = insert(c, t, &c->seen[k], connection, e);
	}
	return rc;
}

static int prepare(struct collector *c, struct err *e)
{
	if (db_exec(c->db, export_tables_sql, e) < 0 || db_prepare(c->db, export_seen_sql, &c->packets, e) < 0 ||
	    db_prepare(c->db, export_verdicts_sql, &c->verdicts, e) < 0)
		return -1;
	if (db_prepare(c->db, "SELECT reversed FROM connection WHERE id = ?1", &c->way, e) < 0)
		return -1;
	if (db_prepare(c->db, "SELECT from_point, to_point, direction, error_low_ns, error_high_ns FROM hop WHERE connection_id = ?1 "
		"AND error_low_ns IS NOT NULL AND error_high_ns IS NOT NULL", &c->of_hops, e) < 0)
		return -1;
	if (db_prepare(c->db, "INSERT INTO export_packet VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", &c->insert, e) < 0)
		return -1;
	return db_prepare(c->db, "INSERT INTO export_verdict(text) VALUES(?1) ON CONFLICT(text) DO UPDATE SET text = text RETURNING id", &c->intern, e);
}

int export_packets_collect(struct export_packets *x, struct db *db, struct places *places, const struct ids *ids, struct err *e)
{
	struct collector c = {.out = x, .db = db, .places = places};
	int rc = prepare(&c, e);

	for (uint32_t i = 0; rc == 0 && i < ids->n; i++)
		rc = collect(&c, ids->id[i], e);
	sqlite3_finalize(c.way);
	sqlite3_finalize(c.packets);
	sqlite3_finalize(c.verdicts);
	sqlite3_finalize(c.of_hops);
	sqlite3_finalize(c.insert);
	sqlite3_finalize(c.intern);
	free(c.seen);
	free(c.transmission);
	free(c.hop);
	free(c.text);
	return rc;
}
