#include "correlate/join_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "correlate/likeness.h"
#include "correlate/onset.h"

#define BLOCK 16                /* nodes with one value of which all pairs are looked at; of more, only those at the right time */
#define CANDIDATES 6            /* of a node, that are looked at packet by packet */
#define HOPELESS (-30.0)        /* bits that no packets can make up for */
#define LIKELY_BITS 6.64        /* P >= .99 that it is no chance, */
#define CERTAIN_BITS 13.29      /* P >= .9999 */
#define LIKELY_MARGIN 7.0       /* to the next best */
#define CERTAIN_MARGIN 14.0
#define CONTRADICTION (-40.0)
#define SAME_TUPLE (JOIN_CLIENT_ADDR | JOIN_PORT | JOIN_SERVER_ADDR)
#define ROUNDS 3                /* what was joined tells how to join more */
#define TEACHERS 20000          /* connections to learn from */
#define ONSETS 1024           /* kept in memory */
#define CELL 20                 /* ranges of sequence numbers are looked for in cells of a megabyte, ... */
#define CELLS 4                 /* ... of which the beginning of a range takes so many */

/* What is united so far, and lacks a point or more. */
struct node {
	uint32_t flow;          /* the one that tells most */
	uint32_t member, members;       /* range of search.member: all of its flows */
	uint64_t points;
	uint32_t said[SAID];    /* onset.h; 0: not known, or not looked at */
	bool wanted;            /* is a candidate for something */
};

struct edge {
	uint32_t x, y;          /* nodes, x < y */
	uint32_t fx, fy;        /* of these, the two flows that are most alike */
	float bits;
	float loose;            /* of these: from times and IP IDs, which are those of neighbours in a crowd as well */
	uint16_t families, evidence;
	bool passed_on;         /* numbers or packets prove that one is the other (not that a proxy wrote it anew) */
	bool dead;
};

struct entry {
	uint64_t key;
	uint32_t node, flow;    /* one of the node's */
};

struct member {
	uint32_t root, flow;
};

struct search {
	struct joiner *j;
	struct likeness like;
	struct member *member;          /* all flows, by what they are united with */
	struct node *node;
	uint32_t nodes;
	uint32_t nodes_at[POINTS_MAX];
	struct entry *entry;
	uint32_t entries, entry_room;
	struct edge *edge;
	uint32_t edges, edge_room;
	struct loader loader;
	struct conn room;
	struct onset *onset;        /* a cache: that of flow n may be at n % ONSETS */
	uint32_t *held;                 /* whose it is, + 1 */
	struct multiset said;
	struct err *e;
};

static const struct flow *flow_of(const struct search *s, uint32_t node)
{
	return &s->j->f->flow[s->node[node].flow];
}

/* ---- nodes ---- */

/* Does x tell more than y? The same for any order of flows. */
static bool tells_more(const struct flow *x, const struct flow *y)
{
	int a = 2 * (x->has_isn[0] + x->has_isn[1]) + x->has_syn_tsval + x->has_seq[0] + x->has_seq[1];
	int b = 2 * (y->has_isn[0] + y->has_isn[1]) + y->has_syn_tsval + y->has_seq[0] + y->has_seq[1];

	if (a != b)
		return a > b;
	if (x->packets != y->packets)
		return x->packets > y->packets;
	return x->point != y->point ? x->point < y->point : x->first_ns < y->first_ns;
}

/* By what they are, not by where they happen to lie in memory. */
static int by_content(const struct flow *x, const struct flow *y)
{
	if (x->point != y->point)
		return x->point < y->point ? -1 : 1;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	if (x->isn[0] != y->isn[0])
		return x->isn[0] < y->isn[0] ? -1 : 1;
	if (x->port[0] != y->port[0])
		return x->port[0] - y->port[0];
	return x->port[1] - y->port[1];
}

static const struct facts *sort_facts;  /* qsort has no context argument; joins run on one thread */

static int by_flow(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return by_content(&sort_facts->flow[x->flow], &sort_facts->flow[y->flow]);
}

static int by_member(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->root != y->root)
		return x->root < y->root ? -1 : 1;
	return (x->flow > y->flow) - (x->flow < y->flow);
}

/* The flows of one root, from member k on. */
static struct node node_of(const struct search *s, uint32_t k)
{
	const struct joiner *j = s->j;
	struct node n = { .flow = s->member[k].flow, .member = k, .points = j->points[s->member[k].root] };

	for (; k < j->f->flows && s->member[k].root == s->member[n.member].root; k++, n.members++)
		if (tells_more(&j->f->flow[s->member[k].flow], &j->f->flow[n.flow]))
			n.flow = s->member[k].flow;
	return n;
}

/* Nodes that lack a point. Returns whether there may be something to join. */
static bool find_nodes(struct search *s)
{
	struct joiner *j = s->j;
	uint64_t all = 0, common = UINT64_MAX;

	for (uint32_t i = 0; i < j->f->flows; i++) {
		s->member[i] = (struct member){ join_root(j, i), i };
		all |= j->points[s->member[i].root];
	}
	qsort(s->member, j->f->flows, sizeof *s->member, by_member);
	s->nodes = 0;
	for (uint32_t k = 0; k < j->f->flows;) {
		struct node n = node_of(s, k);
		k += n.members;
		if (!n.points || n.points == all)
			continue;
		s->node[s->nodes++] = n;
		common &= n.points;
	}
	sort_facts = j->f;
	qsort(s->node, s->nodes, sizeof *s->node, by_flow);
	memset(s->nodes_at, 0, sizeof s->nodes_at);
	for (uint32_t i = 0; i < s->nodes; i++)
		for (uint32_t p = 0; p < j->f->points; p++)
			s->nodes_at[p] += s->node[i].points >> p & 1;
	return s->nodes > 1 && !common;
}

/* ---- learning ---- */

/* A sample that does not depend on the order of flows. */
static bool teaches(const struct flow *w, uint32_t one_in)
{
	return w->state >= JOIN_LIKELY && (w->isn[0] * 0x9e3779b1u >> 4) % one_in == 0;
}

static int learn(struct search *s)
{
	const struct facts *f = s->j->f;
	uint32_t n = f->flows, one_in = 1 + n / f->points / TEACHERS;

	for (uint32_t a = 0; a < n; a++) {
		const struct flow *x = &f->flow[s->member[a].flow];
		if (!teaches(x, one_in) || facts_straddles(&f->point[x->point]))
			continue;
		for (uint32_t b = a + 1; b < n && s->member[b].root == s->member[a].root; b++) {
			const struct flow *y = &f->flow[s->member[b].flow];
			if (y->state >= JOIN_LIKELY && y->point != x->point && !facts_straddles(&f->point[y->point]) &&
			    likeness_learn(&s->like, x, y, s->e) < 0)
				return -1;
		}
	}
	likeness_ready(&s->like);
	return 0;
}

static int by_flow_content(const void *a, const void *b)
{
	return by_content(*(const struct flow *const *)a, *(const struct flow *const *)b);
}

/* Where nothing is joined yet, the crowd tells: one difference between two points' clocks fits them all. */
static int guess_lags(struct search *s)
{
	const struct facts *f = s->j->f;
	const struct flow **list = malloc((f->flows + 1) * sizeof *list);
	uint32_t n = 0, at[POINTS_MAX + 1] = { 0 };
	int rc = 0;

	if (!list)
		return err_set(s->e, "out of memory");
	for (uint32_t i = 0; i < s->nodes; i++)
		for (uint32_t k = 0; k < s->node[i].members; k++)
			list[n++] = &f->flow[s->member[s->node[i].member + k].flow];
	qsort(list, n, sizeof *list, by_flow_content);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t p = list[i]->point + 1; p <= POINTS_MAX; p++)
			at[p] = i + 1;
	for (uint32_t p = 0; rc == 0 && p < f->points; p++)
		for (uint32_t q = p + 1; rc == 0 && q < f->points; q++)
			rc = likeness_guess(&s->like, &list[at[p]], at[p + 1] - at[p], &list[at[q]], at[q + 1] - at[q], s->e);
	free(list);
	return rc;
}

/* ---- candidates ---- */

static int add_entry(struct search *s, uint64_t key, uint32_t node, uint32_t flow)
{
	if (s->entries == s->entry_room) {
		uint32_t room = s->entry_room ? s->entry_room * 2 : 1024;
		struct entry *x = realloc(s->entry, room * sizeof *x);
		if (!x)
			return err_set(s->e, "out of memory");
		s->entry = x;
		s->entry_room = room;
	}
	s->entry[s->entries++] = (struct entry){ key, node, flow };
	return 0;
}

static int room_for_edge(struct search *s)
{
	if (s->edges < s->edge_room)
		return 0;
	uint32_t room = s->edge_room ? s->edge_room * 2 : 1024;
	struct edge *x = realloc(s->edge, room * sizeof *x);
	if (!x)
		return err_set(s->e, "out of memory");
	s->edge = x;
	s->edge_room = room;
	return 0;
}

/* Any flow of the one with any of the other: those next to the device that lies between are most alike. */
static struct edge best_of(const struct search *s, uint32_t x, uint32_t y)
{
	const struct node *p = &s->node[x], *q = &s->node[y];
	struct edge best = { .x = x, .y = y, .bits = -HUGE_VALF };

	for (uint32_t i = p->member; i < p->member + p->members; i++)
		for (uint32_t k = q->member; k < q->member + q->members; k++) {
			const struct flow *a = &s->j->f->flow[s->member[i].flow], *b = &s->j->f->flow[s->member[k].flow];
			if (a->point == b->point)
				continue;
			uint32_t many = s->nodes_at[a->point] > s->nodes_at[b->point] ? s->nodes_at[a->point] : s->nodes_at[b->point];
			struct likeness_score like = likeness_score(&s->like, a, b);
			float bits = (float)(like.bits - log2(many));
			if (bits > best.bits)
				best = (struct edge){ .x = x, .y = y, .fx = s->member[i].flow, .fy = s->member[k].flow, .bits = bits,
					.loose = (float)like.time, .families = (uint16_t)like.families, .evidence = (uint16_t)like.evidence };
		}
	return best;
}

static int consider(struct search *s, uint32_t x, uint32_t y)
{
	if (x == y || s->node[x].points & s->node[y].points)
		return 0;
	struct edge best = x < y ? best_of(s, x, y) : best_of(s, y, x);
	if (best.bits < (float)HOPELESS)
		return 0;
	if (room_for_edge(s) < 0)
		return -1;
	s->edge[s->edges++] = best;
	return 0;
}

static int by_entry(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if ((c = by_content(&sort_facts->flow[x->flow], &sort_facts->flow[y->flow])))
		return c;
	return (x->flow > y->flow) - (x->flow < y->flow);
}

/* Entries of a block are in order of point and time: the first at a point that begins at t or later. */
static uint32_t first_at(const struct search *s, const struct entry *b, uint32_t n, uint32_t point, int64_t t)
{
	uint32_t from = 0, to = n;

	while (from < to) {
		uint32_t half = from + (to - from) / 2;
		const struct flow *w = &s->j->f->flow[b[half].flow];
		if (w->point < point || (w->point == point && w->first_ns < t))
			from = half + 1;
		else
			to = half;
	}
	return from;
}

/* Of a large block: those that began when x should have begun there. */
static int look_around(struct search *s, const struct entry *b, uint32_t n, uint32_t i)
{
	const struct flow *x = &s->j->f->flow[b[i].flow];
	int64_t low, high, noise;

	for (uint32_t p = x->point + 1; p < s->j->f->points; p++) {
		if (s->node[b[i].node].points >> p & 1 || !likeness_window(&s->like, x->point, p, x->first_ns, &low, &high, &noise))
			continue;
		uint32_t found = 0;
		for (uint32_t k = first_at(s, b, n, p, low - 2 * noise); k < n && found < BLOCK; k++) {
			const struct flow *y = &s->j->f->flow[b[k].flow];
			if (y->point != p || y->first_ns > high + 2 * noise)
				break;
			found++;
			if (consider(s, b[i].node, b[k].node) < 0)
				return -1;
		}
	}
	return 0;
}

static int expand(struct search *s, const struct entry *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (n > BLOCK) {
			if (look_around(s, b, n, i) < 0)
				return -1;
			continue;
		}
		for (uint32_t k = i + 1; k < n; k++)
			if (consider(s, b[i].node, b[k].node) < 0)
				return -1;
	}
	return 0;
}

/* Pairs of nodes that have something in common. */
static int expand_all(struct search *s)
{
	int rc = 0;

	if (s->entries)
		qsort(s->entry, s->entries, sizeof *s->entry, by_entry);
	for (uint32_t from = 0, to; rc == 0 && from < s->entries; from = to) {
		for (to = from + 1; to < s->entries && s->entry[to].key == s->entry[from].key; to++)
			;
		rc = expand(s, &s->entry[from], to - from);
	}
	s->entries = 0;
	return rc;
}

/* By which traits nodes are brought together; none at all: by time alone. */
static const uint32_t blocks[] = {
	1u << TRAIT_CLIENT_ISN, 1u << TRAIT_SERVER_ISN, 1u << TRAIT_TSVAL, 1u << TRAIT_CLIENT_PORT, 1u << TRAIT_CLIENT_PORT | 1u << TRAIT_CLIENT_ADDR,
	1u << TRAIT_CLIENT_PORT | 1u << TRAIT_SERVER, 1u << TRAIT_LENGTHS, 0,
};

static int add_by_traits(struct search *s, uint32_t traits, uint32_t node, uint32_t flow)
{
	uint64_t key = traits, v;

	for (int t = 0; t < TRAITS; t++)
		if (traits >> t & 1) {
			if (!trait_of(&s->j->f->flow[flow], t, &v))
				return 0;
			key = XXH3_64bits_withSeed(&v, sizeof v, key + (uint64_t)t);
		}
	return add_entry(s, key, node, flow);
}

static int by_traits(struct search *s, uint32_t traits)
{
	for (uint32_t i = 0; i < s->nodes; i++)
		for (uint32_t k = 0; k < s->node[i].members; k++)
			if (add_by_traits(s, traits, i, s->member[s->node[i].member + k].flow) < 0)
				return -1;
	return expand_all(s);
}

/* What was captured from its middle on: where its sequence numbers lie. */
static int by_numbers(struct search *s)
{
	for (uint32_t i = 0; i < s->nodes; i++) {
		const struct flow *w = flow_of(s, i);
		uint32_t from[2], n[2];
		if (!w->has_seq[C2S] || !w->has_seq[S2C])
			continue;
		for (int d = 0; d < 2; d++) {
			from[d] = (w->seq_min[d] >> CELL) - 1;
			n[d] = (w->seq_max[d] >> CELL) - from[d] + 2;
			n[d] = n[d] < CELLS ? n[d] : CELLS;
		}
		for (uint32_t a = 0; a < n[0]; a++)
			for (uint32_t b = 0; b < n[1]; b++) {
				uint32_t cell[2] = { (from[0] + a) & ((1u << (32 - CELL)) - 1), (from[1] + b) & ((1u << (32 - CELL)) - 1) };
				if (add_entry(s, XXH3_64bits(cell, sizeof cell), i, s->node[i].flow) < 0)
					return -1;
			}
	}
	return expand_all(s);
}

/* ---- packets ---- */

static const struct onset *onset_of(struct search *s, uint32_t flow)
{
	uint32_t at = flow % ONSETS;

	if (s->held[at] != flow + 1) {
		s->held[at] = 0;
		if (onset_read(&s->loader, &s->room, flow, &s->onset[at], s->e) < 0)
			return NULL;
		s->held[at] = flow + 1;
	}
	return &s->onset[at];
}

/* Those that nothing brought together: by their packets' contents, and by the IP ID of what begins them. */
static int by_packets(struct search *s)
{
	for (uint32_t i = 0; i < s->edges; i++)
		s->node[s->edge[i].x].wanted = s->node[s->edge[i].y].wanted = true;
	for (uint32_t i = 0; i < s->nodes; i++) {
		const struct onset *o;
		if (s->node[i].wanted)
			continue;
		if (!(o = onset_of(s, s->node[i].flow)))
			return -1;
		uint64_t all = o->said[SAID_ALL], id = o->n && o->p[0].ip_id ? 1ull << 32 | o->p[0].ip_id : 0;
		if ((all && add_entry(s, XXH3_64bits(&all, sizeof all), i, s->node[i].flow) < 0) ||
		    (id && add_entry(s, XXH3_64bits(&id, sizeof id), i, s->node[i].flow) < 0))
			return -1;
	}
	return expand_all(s);
}

static int by_nodes(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	return (x->y > y->y) - (x->y < y->y);
}

static int find_edges(struct search *s)
{
	uint32_t n = 0;

	s->edges = 0;
	for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++)
		if (by_traits(s, blocks[k]) < 0)
			return -1;
	if (by_numbers(s) < 0 || (s->j->db && by_packets(s) < 0))
		return -1;
	if (s->edges)
		qsort(s->edge, s->edges, sizeof *s->edge, by_nodes);
	for (uint32_t i = 0; i < s->edges; i++)
		if (n == 0 || by_nodes(&s->edge[n - 1], &s->edge[i]) != 0)
			s->edge[n++] = s->edge[i];
	s->edges = n;
	return 0;
}

/* ---- the best of each node ---- */

struct side {
	uint32_t node, edge;
	float bits;
};

static int by_side(const void *a, const void *b)
{
	const struct side *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->bits != y->bits)
		return x->bits > y->bits ? -1 : 1;
	return (x->edge > y->edge) - (x->edge < y->edge);
}

/* Edges by node, the best first; NULL: out of memory. Each edge is there twice. */
static struct side *sides_of(struct search *s)
{
	struct side *list = malloc((2 * (size_t)s->edges + 1) * sizeof *list);

	if (!list) {
		err_set(s->e, "out of memory");
		return NULL;
	}
	for (uint32_t i = 0; i < s->edges; i++) {
		list[2 * i] = (struct side){ s->edge[i].x, i, s->edge[i].bits };
		list[2 * i + 1] = (struct side){ s->edge[i].y, i, s->edge[i].bits };
	}
	qsort(list, 2 * (size_t)s->edges, sizeof *list, by_side);
	return list;
}

/* Only the best few of each node are worth a look at packets; an edge stays if either end wants it. */
static int keep_best(struct search *s)
{
	struct side *list = sides_of(s);
	uint32_t n = 0, rank = 0;

	if (!list)
		return -1;
	for (uint32_t i = 0; i < s->edges; i++)
		s->edge[i].dead = true;
	for (uint32_t i = 0; i < 2 * s->edges; i++) {
		rank = i > 0 && list[i].node == list[i - 1].node ? rank + 1 : 0;
		/* Those that tie with the last one stay, too: else order would choose. */
		if (rank < CANDIDATES || list[i].bits == list[i - 1].bits)
			s->edge[list[i].edge].dead = false;
		else
			rank = CANDIDATES;
	}
	free(list);
	for (uint32_t i = 0; i < s->edges; i++)
		if (!s->edge[i].dead)
			s->edge[n++] = s->edge[i];
	s->edges = n;
	return 0;
}

static uint64_t said_key(const struct search *s, uint32_t node, int i)
{
	uint64_t k[2] = { (uint64_t)flow_of(s, node)->point << 2 | (unsigned)i, s->node[node].said[i] };

	return XXH3_64bits(k, sizeof k);
}

/* How often do connections begin with these bytes? */
static int read_said(struct search *s)
{
	for (uint32_t i = 0; i < s->edges; i++)
		s->node[s->edge[i].x].wanted = s->node[s->edge[i].y].wanted = true;
	multiset_free(&s->said);
	for (uint32_t i = 0; i < s->nodes; i++) {
		const struct onset *o;
		if (!s->node[i].wanted)
			continue;
		if (!(o = onset_of(s, s->node[i].flow)))
			return -1;
		for (int k = 0; k < SAID; k++)
			if ((s->node[i].said[k] = o->said[k]))
				multiset_add(&s->said, said_key(s, i, k));
	}
	return s->said.nomem ? err_set(s->e, "out of memory") : 0;
}

/* The rarest of the three: they are not independent. */
static double score_said(const struct search *s, const struct edge *g)
{
	const struct node *x = &s->node[g->x], *y = &s->node[g->y];
	double best = 0;

	for (int i = 0; i < SAID; i++) {
		if (!x->said[i] || x->said[i] != y->said[i])
			continue;
		double a = multiset_count(&s->said, said_key(s, g->x, i)) - 1, na = s->nodes_at[flow_of(s, g->x)->point];
		double b = multiset_count(&s->said, said_key(s, g->y, i)) - 1, nb = s->nodes_at[flow_of(s, g->y)->point];
		best = fmax(best, log2(0.95 / fmax(1.0 / 65536, fmax(a / na, b / nb))));
	}
	return best;
}

static void credit(struct edge *g, double bits, unsigned family, unsigned evidence)
{
	g->bits += (float)bits;
	g->loose += family & (FAMILY_CLOCK | FAMILY_IP_ID) ? (float)bits : 0;
	if (bits > 3)
		g->families |= (uint16_t)family;
	if (bits > 0)
		g->evidence |= (uint16_t)evidence;
}

static int look_at_packets(struct search *s, struct edge *g)
{
	const struct onset *x = onset_of(s, g->fx);
	struct onset copy;
	const struct onset *y;
	struct accord a;
	bool stamped = s->j->f->flow[g->fx].has_syn_tsval && s->j->f->flow[g->fy].has_syn_tsval;

	if (!x)
		return -1;
	copy = *x;      /* the other one may take its place */
	if (!(y = onset_of(s, g->fy)))
		return -1;
	onset_compare(&copy, y, &a);
	credit(g, score_said(s, g) + fmin(6, a.data), FAMILY_CONTENT, JOIN_PAYLOAD);
	credit(g, fmin(24, 12.0 * a.ids), FAMILY_IP_ID, JOIN_IP_ID);
	credit(g, a.rhythm, FAMILY_CLOCK, JOIN_TIME);
	credit(g, (a.stamps > 0 && !stamped ? 16 : 0) + fmin(8, a.stamps), FAMILY_STAMPS, JOIN_TSVAL);
	credit(g, a.stamps_moved > 2 ? 3 : 0, FAMILY_STAMPS, JOIN_TSVAL_MOVED);
	if (a.alone > a.aligned + 2)
		g->bits -= 10;
	if (a.backwards || (a.conflicts && a.conflicts >= a.payloads))
		g->bits += (float)CONTRADICTION;
	g->passed_on |= accord_forwarded(&a) || (a.ids > 0 && (g->evidence & SAME_TUPLE) == SAME_TUPLE);
	return 0;
}

static int judge_edges(struct search *s)
{
	if (s->j->db && read_said(s) < 0)
		return -1;
	for (uint32_t i = 0; i < s->edges; i++) {
		struct edge *g = &s->edge[i];
		g->passed_on = g->evidence & (JOIN_CLIENT_ISN | JOIN_SERVER_ISN | JOIN_SEQUENCE | JOIN_TSVAL);
		if (s->j->db && look_at_packets(s, g) < 0)
			return -1;
	}
	return 0;
}

/* ---- decisions ---- */

/* By how much is edge g better than any other of node `self` that would take the same place? All in all, and without what neighbours share. */
struct margin {
	float all, firm;
};

static struct margin margin_of(const struct search *s, const struct side *list, const uint32_t *first, const struct edge *g, uint32_t self)
{
	uint32_t other = g->x == self ? g->y : g->x;
	float best = 0, firm = 0;       /* that there is no counterpart */

	for (uint32_t i = first[self]; i < first[self + 1]; i++) {
		const struct edge *h = &s->edge[list[i].edge];
		uint32_t rival = h->x == self ? h->y : h->x;
		if (h == g || !(s->node[rival].points & s->node[other].points))
			continue;
		best = h->bits > best ? h->bits : best;
		firm = h->bits - h->loose > firm ? h->bits - h->loose : firm;
	}
	return (struct margin){ g->bits - best, g->bits - g->loose - firm };
}

static unsigned families_in(unsigned set)
{
	unsigned n = 0;

	for (; set; set &= set - 1)
		n++;
	return n;
}

struct decision {
	uint32_t edge;
	float bits;
	uint8_t state;
};

/* Never certain from times alone (ALGORITHMS 1.8), nor from IP IDs, which a device or a host may count for all connections. */
static enum join_state decide(const struct edge *g, float margin, float firm)
{
	/* A number that several share tells nothing of which is which, but that it is one of them. */
	bool numbers = g->evidence & (JOIN_CLIENT_ISN | JOIN_SERVER_ISN) && g->bits > (float)CONTRADICTION / 2;

	if (margin < LIKELY_MARGIN)
		return numbers || g->bits >= LIKELY_BITS ? JOIN_AMBIGUOUS : JOIN_ALONE;
	if (!g->passed_on || g->bits < LIKELY_BITS)
		return JOIN_ALONE;
	if (margin < CERTAIN_MARGIN || firm < LIKELY_MARGIN || families_in(g->families) < 2)
		return JOIN_LIKELY;
	return g->bits - g->loose >= (float)CERTAIN_BITS ? JOIN_CERTAIN : JOIN_LIKELY;
}

static int by_bits(const void *a, const void *b)
{
	const struct decision *x = a, *y = b;

	if (x->bits != y->bits)
		return x->bits > y->bits ? -1 : 1;
	return (x->edge > y->edge) - (x->edge < y->edge);
}

/* Of two groups that are likely one, the flows of the smaller are only likely to be where they are put. */
static void weaken(struct search *s, const struct edge *g)
{
	const struct node *x = &s->node[g->x], *y = &s->node[g->y], *few = x->members < y->members ? x : y;

	for (uint32_t k = few->member; k < few->member + few->members; k++) {
		struct flow *w = &s->j->f->flow[s->member[k].flow];
		w->state = w->state == JOIN_CERTAIN ? JOIN_LIKELY : w->state;
	}
}

/* Returns whether it was united. */
static bool take(struct search *s, const struct decision *d)
{
	const struct edge *g = &s->edge[d->edge];
	struct joiner *j = s->j;
	uint32_t x = g->fx, y = g->fy;

	if (d->state == JOIN_AMBIGUOUS || j->points[join_root(j, x)] & j->points[join_root(j, y)]) {
		join_strengthen(&j->f->flow[x], JOIN_AMBIGUOUS, g->evidence);
		join_strengthen(&j->f->flow[y], JOIN_AMBIGUOUS, g->evidence);
		return false;
	}
	if (join_root(j, x) == join_root(j, y))
		return false;
	if (d->state == JOIN_LIKELY)
		weaken(s, g);
	join_unite(j, x, y, (enum join_state)d->state, g->evidence);
	return true;
}

static int decide_all(struct search *s, uint32_t *united)
{
	struct side *list = sides_of(s);
	uint32_t *first = calloc((size_t)s->nodes + 2, sizeof *first), n = 0;
	struct decision *d = malloc((s->edges + 1) * sizeof *d);

	if (list && first && d) {
		for (uint32_t i = 0; i < 2 * s->edges; i++)
			first[list[i].node + 1]++;
		for (uint32_t i = 0; i < s->nodes; i++)
			first[i + 1] += first[i];
		for (uint32_t i = 0; i < s->edges; i++) {
			const struct edge *g = &s->edge[i];
			struct margin a = margin_of(s, list, first, g, g->x), b = margin_of(s, list, first, g, g->y);
			enum join_state state = decide(g, fminf(a.all, b.all), fminf(a.firm, b.firm));
			if (state != JOIN_ALONE)
				d[n++] = (struct decision){ i, g->bits, (uint8_t)state };
		}
		qsort(d, n, sizeof *d, by_bits);
		for (uint32_t i = 0; i < n; i++)
			*united += take(s, &d[i]);
	} else {
		err_set(s->e, "out of memory");
	}
	int rc = list && first && d ? 0 : -1;
	free(list);
	free(first);
	free(d);
	return rc;
}

static int round_of(struct search *s, uint32_t *united)
{
	int rc = -1;

	if (!find_nodes(s))
		return 0;
	if (likeness_open(&s->like, s->j->f, s->e) == 0 && learn(s) == 0 && guess_lags(s) == 0 && find_edges(s) == 0 && keep_best(s) == 0 && judge_edges(s) == 0)
		rc = decide_all(s, united);
	likeness_close(&s->like);
	if (s->held)
		memset(s->held, 0, ONSETS * sizeof *s->held);
	return rc;
}

static int open_search(struct search *s, struct joiner *j)
{
	size_t n = j->f->flows + 1;

	s->node = malloc(n * sizeof *s->node);
	s->member = malloc(n * sizeof *s->member);
	if (!s->node || !s->member)
		return err_set(s->e, "out of memory");
	conn_init(&s->room, j->f);
	if (!j->db)
		return 0;
	s->onset = malloc(ONSETS * sizeof *s->onset);
	s->held = calloc(ONSETS, sizeof *s->held);
	if (!s->onset || !s->held)
		return err_set(s->e, "out of memory");
	return loader_open(&s->loader, j->db, s->e);
}

int join_by_likeness(struct joiner *j, struct err *e)
{
	struct search s = { .j = j, .e = e };
	uint32_t united = 1;
	int rc = j->f->points > 1 && j->f->flows > 1 ? open_search(&s, j) : 0;

	for (int i = 0; rc == 0 && s.node && united > 0 && i < ROUNDS; i++) {
		united = 0;
		rc = round_of(&s, &united);
	}
	loader_close(&s.loader);
	conn_free(&s.room);
	multiset_free(&s.said);
	free(s.node);
	free(s.member);
	free(s.entry);
	free(s.edge);
	free(s.onset);
	free(s.held);
	return rc;
}
