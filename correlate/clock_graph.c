#include "correlate/clock_graph.h"

#include <stdio.h>
#include <stdlib.h>

#include "correlate/clock_note.h"

#define DETOUR_NS 100000000     /* rather so much farther than by way of a clock that was set */
#define MUCH 4                  /* times closer, for another reference than the first point to be worth it */
#define ALIKE_NS 1800000000000  /* clocks that are less apart agree on the hour */

static int64_t clock_tie_length(const struct clock_tie *t)
{
	int64_t width = clock_tie_width(t), length = 0;

	for (uint32_t k = 0; k < t->pieces; k++)
		if (t->out || t->piece[k].state == CLOCK_INCONSISTENT)
			return GRAPH_WRONG;
	if (width == INT64_MAX || t->caused)
		length = GRAPH_ONE_WAY;
	return length + (width > GRAPH_ONE_WAY / 100 ? GRAPH_ONE_WAY / 100 : width) + (t->pieces - 1) * (int64_t)DETOUR_NS;
}

void graph_tree(const struct clock_graph *g, uint32_t root, struct clock_tree *tree)
{
	bool done[POINTS_MAX] = { false };

	tree->reached = 0;
	for (uint32_t i = 0; i < g->n; i++) {
		tree->tie[i] = NULL;
		tree->length[i] = i == root ? 0 : INT64_MAX;
	}
	for (;;) {
		uint32_t next = g->n;
		for (uint32_t i = 0; i < g->n; i++)
			if (!done[i] && tree->length[i] != INT64_MAX && (next == g->n || tree->length[i] < tree->length[next]))
				next = i;
		if (next == g->n)
			break;
		done[next] = true;
		tree->order[tree->reached++] = next;
		for (uint32_t k = 0; k < g->ties; k++) {
			struct clock_tie *t = &g->tie[k];
			uint32_t other = clock_tie_other(t, next);
			if ((t->a != next && t->b != next) || done[other])
				continue;
			/* Ties of one clock come first: of all that is equal they are the surest. */
			int64_t length = tree->length[next] + clock_tie_length(t) + !t->declared;
			if (length < tree->length[other]) {
				tree->length[other] = length;
				tree->tie[other] = t;
			}
		}
	}
}

/* How good a reference a point would be. */
struct merit {
	uint32_t reached;       /* others with both bounds */
	uint32_t set;           /* clocks that were set while it was compared with them, or its own was */
	uint32_t alike;         /* others whose clocks agree with it on the hour */
	int64_t farthest;       /* the widest bounds of one that it reaches */
};

/* How many of those that it reaches agree with p on the hour? */
static uint32_t count_alike(const struct clock_tree *tree)
{
	int64_t ahead[POINTS_MAX] = { 0 };
	uint32_t n = 0;

	for (uint32_t k = 0; k < tree->reached; k++) {
		uint32_t i = tree->order[k];
		const struct clock_tie *t = tree->tie[i];
		if (!t)
			continue;
		struct clock_line l = clock_tie_line(t, t->piece, i);
		ahead[i] = clock_plus(ahead[clock_tie_other(t, i)], l.offset_ns);
		n += tree->length[i] < GRAPH_ONE_WAY && ahead[i] > -ALIKE_NS && ahead[i] < ALIKE_NS;
	}
	return n;
}

static struct merit merit_of(const struct clock_graph *g, uint32_t p)
{
	struct clock_tree tree;
	struct merit m = { 0 };

	graph_tree(g, p, &tree);
	for (uint32_t i = 0; i < g->n; i++) {
		if (i == p || tree.length[i] >= GRAPH_ONE_WAY)
			continue;
		m.reached++;
		m.farthest = tree.length[i] > m.farthest ? tree.length[i] : m.farthest;
	}
	for (uint32_t k = 0; k < g->ties; k++) {
		const struct clock_tie *t = &g->tie[k];
		m.set += (t->a == p || t->b == p) && t->pieces > 1;
	}
	m.alike = clock_never_set(g->f, &g->f->point[p]) ? 0 : count_alike(&tree);
	return m;
}

/* Why m is the better one, NULL: it is not. */
static const char *better(const struct merit *m, const struct merit *best)
{
	if (m->reached != best->reached)
		return m->reached > best->reached ? "most of the others can be compared with it" : NULL;
	if (m->set != best->set)
		return m->set < best->set ? "its clock was not set during the captures" : NULL;
	if (m->alike != best->alike)
		return m->alike > best->alike ? "most clocks agree with its clock" : NULL;
	return m->farthest < best->farthest / MUCH ? "the others are known best against it" : NULL;
}

uint32_t graph_reference(const struct clock_graph *g, char *why, size_t size)
{
	const char *reason = "";
	struct merit best;
	uint32_t p = 0;

	for (uint32_t i = 0; i < g->f->points; i++) {
		struct merit m = merit_of(g, i);
		const char *say = i == 0 ? "" : better(&m, &best);
		if (!say)
			continue;
		p = i;
		best = m;
		reason = say;
	}
	snprintf(why, size, "%s", reason);
	return p;
}
