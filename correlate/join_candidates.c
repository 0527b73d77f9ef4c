#include "correlate/join_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BLOCK 16                /* nodes with one value of which all pairs are looked at; of more, only those at the right time */
#define CANDIDATES 6            /* of a node, that are looked at packet by packet */
#define HOPELESS (-30.0)        /* bits that no packets can make up for */
#define CELL 20                 /* ranges of sequence numbers are looked for in cells of a megabyte, ... */
#define CELLS 4                 /* ... of which the beginning of a range takes so many */

const struct onset *search_onset(struct search *s, uint32_t flow)
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
int search_order(const struct flow *x, const struct flow *y)
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

	return search_order(&sort_facts->flow[x->flow], &sort_facts->flow[y->flow]);
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
bool search_nodes(struct search *s)
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
			s->nodes_at[p] += (uint32_t)(s->node[i].points >> p & 1);
	return s->nodes > 1 && !common;
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
	if (s->pairs == s->pair_room) {
		uint32_t room = s->pair_room ? s->pair_room * 2 : 1024;
		struct pair *p = realloc(s->pair, room * sizeof *p);
		if (!p)
			return err_set(s->e, "out of memory");
		s->pair = p;
		s->pair_room = room;
	}
	s->pair[s->pairs++] = x < y ? (struct pair){ x, y, NAN } : (struct pair){ y, x, NAN };
	return 0;
}

static int by_entry(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if ((c = search_order(&sort_facts->flow[x->flow], &sort_facts->flow[y->flow])))
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
	1u << TRAIT_CLIENT_PORT | 1u << TRAIT_SERVER, 1u << TRAIT_LENGTHS, 1u << TRAIT_HEADS, 0,
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
		const struct flow *w = search_flow(s, i);
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

static int by_nodes(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	if (x->y != y->y)
		return x->y < y->y ? -1 : 1;
	/* Those that are compared already come first. */
	return isnan(x->bits) - isnan(y->bits);
}

/* Each pair once, compared; those without hope go. */
static void settle(struct search *s)
{
	uint32_t n = 0;

	if (s->pairs)
		qsort(s->pair, s->pairs, sizeof *s->pair, by_nodes);
	for (uint32_t i = 0; i < s->pairs; i++) {
		struct pair p = s->pair[i];
		if (i > 0 && s->pair[i - 1].x == p.x && s->pair[i - 1].y == p.y)
			continue;
		if (isnan(p.bits))
			p.bits = best_of(s, p.x, p.y).bits;
		if (p.bits >= (float)HOPELESS)
			s->pair[n++] = p;
	}
	s->pairs = n;
}

/* Those that nothing brought together: by the IP ID of what begins them. */
static int by_ip_id(struct search *s)
{
	for (uint32_t i = 0; i < s->pairs; i++)
		s->node[s->pair[i].x].wanted = s->node[s->pair[i].y].wanted = true;
	for (uint32_t i = 0; i < s->nodes; i++) {
		const struct onset *o;
		if (s->node[i].wanted)
			continue;
		if (!(o = search_onset(s, s->node[i].flow)))
			return -1;
		if (o->n && o->p[0].ip_id && add_entry(s, o->p[0].ip_id, i, s->node[i].flow) < 0)
			return -1;
	}
	return expand_all(s);
}

int search_by_side(const void *a, const void *b)
{
	const struct side *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->bits != y->bits)
		return x->bits > y->bits ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Only the best few of each node are worth a look at packets; a pair stays if either of the two wants it. */
static int keep_best(struct search *s)
{
	struct side *list = malloc((2 * (size_t)s->pairs + 1) * sizeof *list);
	uint8_t *keep = calloc((size_t)s->pairs + 1, 1);
	uint32_t n = 0, rank = 0;

	if (!list || !keep) {
		free(list);
		free(keep);
		return err_set(s->e, "out of memory");
	}
	for (uint32_t i = 0; i < s->pairs; i++) {
		list[2 * i] = (struct side){ s->pair[i].x, i, s->pair[i].bits };
		list[2 * i + 1] = (struct side){ s->pair[i].y, i, s->pair[i].bits };
	}
	qsort(list, 2 * (size_t)s->pairs, sizeof *list, search_by_side);
	for (uint32_t i = 0; i < 2 * s->pairs; i++) {
		rank = i > 0 && list[i].node == list[i - 1].node ? rank + 1 : 0;
		/* Those that tie with the last one stay, too: else order would choose. */
		if (rank < CANDIDATES || list[i].bits == list[i - 1].bits)
			keep[list[i].at] = 1;
		else
			rank = CANDIDATES;
	}
	for (uint32_t i = 0; i < s->pairs; i++)
		if (keep[i])
			s->pair[n++] = s->pair[i];
	s->pairs = n;
	free(list);
	free(keep);
	return 0;
}

int search_edges(struct search *s)
{
	s->pairs = s->edges = 0;
	for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
		if (by_traits(s, blocks[k]) < 0)
			return -1;
		settle(s);
		if (keep_best(s) < 0)
			return -1;
	}
	if (by_numbers(s) < 0)
		return -1;
	settle(s);
	if (s->j->db && by_ip_id(s) < 0)
		return -1;
	settle(s);
	if (keep_best(s) < 0)
		return -1;
	free(s->edge);
	if (!(s->edge = malloc((s->pairs + 1) * sizeof *s->edge)))
		return err_set(s->e, "out of memory");
	for (; s->edges < s->pairs; s->edges++)
		s->edge[s->edges] = best_of(s, s->pair[s->edges].x, s->pair[s->edges].y);
	return 0;
}
