#include "tests/sim/joined.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/heap.h"
#include "tests/sim/program.h"
#include "tests/sim/rng.h"

static uint64_t hash_name(const char *s)
{
	uint64_t h = 0;

	for (; *s; s++)
		h = sim_mix(h + (unsigned char)*s);
	return h;
}

static enum sim_join state_of(const char *text)
{
	static const char *const names[] = {"alone", "ambiguous", "likely", "certain"};

	for (int i = SIM_CERTAIN; i > SIM_ALONE; i--)
		if (strcmp(text, names[i]) == 0)
			return (enum sim_join)i;
	return SIM_ALONE;
}

void sim_joined_read(struct sim_joined *j, sqlite3 *db, const struct sim_world *w)
{
	static const char sql[] = "SELECT p.connection_id, p.point, p.capture, min(p.frame), f.join_state FROM v_packet p JOIN v_flow f "
				  "ON f.flow_id = p.flow_id WHERE p.connection_id IS NOT NULL GROUP BY p.flow_id ORDER BY 1, 2, 3, 4";
	sqlite3_stmt *st = NULL;

	*j = (struct sim_joined){0};
	if (!db || sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(st) == SQLITE_ROW) {
		int point = sim_program_point(w, sqlite3_column_text(st, 1));
		struct sim_flow x = {.file = hash_name((const char *)sqlite3_column_text(st, 2)),
		    .frame = (uint64_t)sqlite3_column_int64(st, 3),
		    .point = (unsigned)point,
		    .connection = sqlite3_column_int64(st, 0),
		    .state = state_of((const char *)sqlite3_column_text(st, 4))};

		if (point < 0)
			continue;
		j->flow = sim_grow(j->flow, &j->room, j->count + 1, sizeof *j->flow);
		j->flow[j->count++] = x;
	}
	sqlite3_finalize(st);
}

void sim_joined_free(struct sim_joined *j)
{
	free(j->flow);
	*j = (struct sim_joined){0};
}

static bool same_flow(const struct sim_flow *x, const struct sim_flow *y)
{
	return x->file == y->file && x->frame == y->frame;
}

const struct sim_flow *sim_joined_find(const struct sim_joined *j, const struct sim_flow *like)
{
	for (size_t i = 0; i < j->count; i++)
		if (same_flow(&j->flow[i], like))
			return &j->flow[i];
	return NULL;
}

/* A flow of the list itself: its connection lies around it. */
const struct sim_flow *sim_joined_partner(const struct sim_joined *j, const struct sim_flow *x, unsigned point, enum sim_join least)
{
	const struct sim_flow *first = x, *end = j->flow + j->count;

	if (x->state < least || x->point == point)
		return NULL;
	while (first > j->flow && first[-1].connection == x->connection)
		first--;
	for (const struct sim_flow *y = first; y < end && y->connection == x->connection; y++)
		if (y->point == point && y->state >= least)
			return y;
	return NULL;
}

static void tell(const struct sim_flow *x, const struct sim_flow *was, const struct sim_flow *is, sim_complain *complain, void *context)
{
	char text[256];

	snprintf(text, sizeof text, "flow of frame %" PRIu64 " at point %u: joined with frame %" PRIu64 " at point %u, then with frame %" PRIu64,
	    x->frame, x->point, was ? was->frame : 0, (was ? was : is)->point, is ? is->frame : 0);
	complain(context, text);
}

long sim_joined_others(const struct sim_joined *before, const struct sim_joined *after, enum sim_join least, sim_complain *complain, void *context)
{
	long n = 0;

	for (size_t i = 0; i < before->count; i++) {
		const struct sim_flow *x = &before->flow[i], *again = sim_joined_find(after, x);

		for (unsigned p = 0; again && p < SIM_POINTS_MAX; p++) {
			const struct sim_flow *was = sim_joined_partner(before, x, p, least), *is = sim_joined_partner(after, again, p, least);

			if (!was || !is || same_flow(was, is))
				continue;
			tell(x, was, is, complain, context);
			n++;
		}
	}
	return n;
}

long sim_joined_changed(const struct sim_joined *before, const struct sim_joined *after, sim_complain *complain, void *context)
{
	char text[128];
	long n = 0;

	for (size_t i = 0; i < before->count; i++) {
		const struct sim_flow *x = &before->flow[i], *again = sim_joined_find(after, x);

		if (!again || x->state != again->state) {
			snprintf(text, sizeof text, "flow of frame %" PRIu64 " at point %u: state %d, then %d", x->frame, x->point, (int)x->state,
			    again ? (int)again->state : -1);
			complain(context, text);
			n++;
			continue;
		}
		for (unsigned p = 0; p < SIM_POINTS_MAX; p++) {
			const struct sim_flow *was = sim_joined_partner(before, x, p, SIM_ALONE), *is = sim_joined_partner(after, again, p, SIM_ALONE);

			if ((!was && !is) || (was && is && same_flow(was, is)))
				continue;
			tell(x, was, is, complain, context);
			n++;
		}
	}
	return n + (before->count != after->count);
}
