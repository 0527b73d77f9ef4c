#include "tests/sim/claim.h"

#include <stdlib.h>
#include <string.h>

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

/* Devices from `first` on, before `end`. */
struct stretch {
	int first, end;
};

/* The devices between two points when travelling in this direction: none, unless the points are next to each other on the way. */
static struct stretch devices_between(const struct sim_truth *t, enum sim_dir dir, int from, int to)
{
	struct stretch none = {0, 0}, all = dir == SIM_C2S ? (struct stretch){from, to} : (struct stretch){to, from};

	if (from == SIM_NOWHERE || to == SIM_NOWHERE)
		return none;
	for (int point = all.first + 1; point < all.end; point++)
		if (!(t->avoided[dir] >> point & 1))
			return none;
	return all;
}

typedef bool test(const struct sim_truth *t, size_t i, int place);

static bool was_dropped(const struct sim_truth *t, size_t i, int device)
{
	return t->sent[i].dropped_by == device;
}

static bool was_generated(const struct sim_truth *t, size_t i, int device)
{
	return t->sent[i].maker == device && t->sent[i].copy_of == SIM_NEVER;
}

static bool was_duplicated(const struct sim_truth *t, size_t i, int device)
{
	return t->sent[i].maker == device && t->sent[i].copy_of != SIM_NEVER;
}

/* Something sent earlier arrived later, or the other way round. */
static bool was_reordered(const struct sim_truth *t, size_t i, int device)
{
	enum sim_dir dir = t->sent[i].dir;
	unsigned from = sim_truth_before(t, dir, device), to = sim_truth_behind(t, dir, device);
	const struct sim_sighting *a = sim_truth_at(t, i, from), *b = sim_truth_at(t, i, to);

	for (size_t k = 0; a->at && b->at && k < t->count; k++) {
		const struct sim_sighting *c = sim_truth_at(t, k, from), *d = sim_truth_at(t, k, to);

		if (t->sent[k].dir == dir && c->at && d->at && (c->at < a->at) != (d->at < b->at))
			return true;
	}
	return false;
}

static bool was_sent(const struct sim_truth *t, size_t i, int point)
{
	return t->sent[i].maker == SIM_HOST && t->sent[i].notable && (int)sim_truth_first(t, t->sent[i].dir) == point;
}

static bool was_repeated(const struct sim_truth *t, size_t i, int point)
{
	return t->sent[i].repeated && (int)sim_truth_first(t, t->sent[i].dir) == point;
}

static bool was_missed(const struct sim_truth *t, size_t i, int point)
{
	const struct sim_sighting *s = sim_truth_at(t, i, (unsigned)point);

	return s->at && !s->frame;
}

/* A copy that the device just before a point made is, at that point, the same as one that the mirror made. */
static bool was_mirrored(const struct sim_truth *t, size_t i, int point)
{
	const struct sim_transmission *s = &t->sent[i];

	if (sim_truth_at(t, i, (unsigned)point)->mirrored)
		return true;
	return s->copy_of != SIM_NEVER && (int)sim_truth_behind(t, s->dir, s->maker) == point;
}

static bool was_probe(const struct sim_truth *t, size_t i, int point)
{
	(void)point;
	return t->sent[i].probe;
}

/* It reached the last point, and the host beyond said nothing any more. */
static bool was_unanswered(const struct sim_truth *t, size_t i, int point)
{
	enum sim_dir dir = t->sent[i].dir;
	int64_t at = sim_truth_at(t, i, sim_truth_last(t, dir))->at;

	if (!at || (int)sim_truth_last(t, dir) != point)
		return false;
	for (size_t k = 0; k < t->count; k++)
		if (t->sent[k].dir != dir && t->sent[k].maker == SIM_HOST && t->sent[k].sent > at)
			return false;
	return true;
}

static long count(const struct sim_truth *t, const struct sim_claim *c, test *holds, bool hop)
{
	long n = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct sim_transmission *s = &t->sent[i];
		struct stretch at = {c->point, c->point + (c->point != SIM_NOWHERE)};

		if (c->direction && !is(c->direction, sim_dir_name(s->dir)))
			continue;
		if (c->what && !is(c->what, "any") && !is(c->what, "connection") && !is(c->what, sim_what_name(s->what)))
			continue;
		if (hop)
			at = devices_between(t, s->dir, c->from, c->to);
		for (int place = at.first; place < at.end; place++)
			n += holds(t, i, place);
	}
	return n;
}

long sim_claim_changed(const struct sim_truth *t, const char *direction, int from, int to, const char *field)
{
	enum sim_dir dir = is(direction, "s2c") ? SIM_S2C : SIM_C2S;
	struct stretch at = devices_between(t, dir, from, to);
	long n = 0;

	for (int device = at.first; device < at.end; device++)
		for (int i = 0; i < SIM_FIELDS; i++)
			if (!field || is(field, sim_field_name((enum sim_field)i)))
				n += t->changed[device][dir][i];
	return n;
}

static const struct {
	const char *kind;
	test *holds;
	bool hop, counted;
} kinds[] = {
    {"dropped", was_dropped, true, true},
    {"generated", was_generated, true, true},
    {"duplicated", was_duplicated, true, false},
    {"reordered", was_reordered, true, false},
    {"sent", was_sent, false, true},
    {"retransmitted", was_repeated, false, false},
    {"not_captured", was_missed, false, true},
    {"capture_duplicate", was_mirrored, false, false},
    {"keepalive", was_probe, false, false},
    {"unanswered", was_unanswered, false, false},
};

bool sim_claim_counted(const char *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (is(kind, kinds[i].kind))
			return kinds[i].counted;
	return false;
}

/* Devices on the hop that cut packets into fragments. */
static long cut_between(const struct sim_world *w, const struct sim_truth *t, const struct sim_claim *c)
{
	struct stretch at = devices_between(t, is(c->direction, "s2c") ? SIM_S2C : SIM_C2S, c->from, c->to);
	long n = 0;

	for (int device = at.first; device < at.end; device++)
		n += w->device[device].mtu > 0;
	return n;
}

/* What devices on the hop dropped that forget the connections of which they see nothing for too long. */
static long forgotten_between(const struct sim_world *w, const struct sim_truth *t, const struct sim_claim *c)
{
	struct stretch at = devices_between(t, c->from < c->to ? SIM_C2S : SIM_S2C, c->from, c->to);
	long n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->sent[i].dropped_by >= at.first && t->sent[i].dropped_by < at.end && w->device[t->sent[i].dropped_by].idle_limit;
	return n;
}

long sim_claim_count(const struct sim_world *w, const struct sim_truth *t, const struct sim_claim *c)
{
	static const char *const never[] = {"terminated", "originated", "inserted", "corrupted", "resegmented", "syn_proxy", "pmtu_blackhole"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (is(c->kind, kinds[i].kind))
			return count(t, c, kinds[i].holds, kinds[i].hop);
	for (unsigned i = 0; is(c->kind, "resegmented") && i < w->points; i++)
		if (w->point[i].offload)
			return 1;
	if (is(c->kind, "fragmented"))
		return cut_between(w, t, c);
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (is(c->kind, never[i]))
			return 0;
	if (is(c->kind, "modified"))
		return sim_claim_changed(t, c->direction, c->from, c->to, NULL);
	if (is(c->kind, "ecn_bleached"))
		return sim_claim_changed(t, c->direction, c->from, c->to, "flags") +
		       sim_claim_changed(t, c->direction, c->from, c->to, "tos");
	if (is(c->kind, "idle_timeout"))
		return forgotten_between(w, t, c);
	return -1;
}
