#include "correlate/join_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LIKELY_BITS 6.64        /* P >= .99 that it is no chance, */
#define CERTAIN_BITS 13.29      /* P >= .9999 */
#define LIKELY_MARGIN 7.0       /* to the next best */
#define CERTAIN_MARGIN 14.0
#define CONTRADICTION (-40.0)
#define STAMP_BITS 16           /* that equal TSvals are worth, but for those of the SYNs (likeness.h) */
#define SAME_TUPLE (JOIN_CLIENT_ADDR | JOIN_PORT | JOIN_SERVER_ADDR)
#define ROUNDS 3                /* what was joined tells how to join more */
#define TEACHERS 20000          /* connections to learn from */

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
	return search_order(*(const struct flow *const *)a, *(const struct flow *const *)b);
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

static void credit(struct edge *g, double bits, unsigned family, unsigned evidence)
{
	g->bits += (float)bits;
	g->loose += family & (FAMILY_CLOCK | FAMILY_IP_ID) ? (float)bits : 0;
	if (bits > 3)
		g->families |= (uint16_t)family;
	if (bits > 0)
		g->evidence |= (uint16_t)evidence;
}

static uint64_t points_key(const struct search *s, const struct edge *g)
{
	uint32_t p[2] = { s->j->f->flow[g->fx].point, s->j->f->flow[g->fy].point }, k[2] = { p[0] < p[1] ? p[0] : p[1], p[0] < p[1] ? p[1] : p[0] };

	return XXH3_64bits(k, sizeof k);
}

static int look_at_packets(struct search *s, struct edge *g)
{
	const struct onset *x = search_onset(s, g->fx);
	struct onset copy;
	const struct onset *y;
	struct accord a;

	if (!x)
		return -1;
	copy = *x;      /* the other one may take its place */
	if (!(y = search_onset(s, g->fy)))
		return -1;
	onset_compare(&copy, y, &a);
	credit(g, fmin(6, a.data), FAMILY_CONTENT, JOIN_PAYLOAD);
	credit(g, fmin(24, 12.0 * a.ids), FAMILY_IP_ID, JOIN_IP_ID);
	credit(g, a.rhythm, FAMILY_CLOCK, JOIN_TIME);
	/* Of a SYN that was lost on the way the far side has only the repeat, and that another TSval. */
	credit(g, (a.stamps > 0 && !(g->evidence & JOIN_TSVAL) ? STAMP_BITS : 0) + fmin(8, a.stamps), FAMILY_STAMPS, JOIN_TSVAL);
	credit(g, a.stamps_moved > 2 ? 3 : 0, FAMILY_STAMPS, JOIN_TSVAL_MOVED);
	if (a.alone > a.aligned + 2)
		g->bits -= 10;
	if (a.conflicts && a.conflicts >= a.payloads)
		g->bits += (float)CONTRADICTION;
	/* With one initial number, a device may have answered the SYN itself, and passed on the rest (syn_proxy.h). Else it is a proxy, or another one. */
	if (a.backwards && !a.spliced && !(g->evidence & JOIN_CLIENT_ISN)) {
		g->bits = -HUGE_VALF;
		if (a.stamps > 0)
			multiset_add(&s->refuted, points_key(s, g));
	}
	g->by_stamps = !g->passed_on && !accord_forwarded(&a, false);
	g->passed_on |= accord_forwarded(&a, true);
	if (a.ids > 0 && (g->evidence & SAME_TUPLE) == SAME_TUPLE)
		g->passed_on = true;
	return 0;
}

static int judge_edges(struct search *s)
{
	for (uint32_t i = 0; i < s->edges; i++) {
		struct edge *g = &s->edge[i];
		g->passed_on = g->evidence & (JOIN_CLIENT_ISN | JOIN_SERVER_ISN | JOIN_SEQUENCE | (s->j->db ? 0 : JOIN_TSVAL));
		if (s->j->db && look_at_packets(s, g) < 0)
			return -1;
	}
	/* Where a proxy has the timestamps of the client's clock, they prove nothing of any connection. */
	for (uint32_t i = 0; i < s->edges; i++)
		if (s->edge[i].by_stamps && multiset_count(&s->refuted, points_key(s, &s->edge[i])))
			s->edge[i].bits = -HUGE_VALF;
	return s->refuted.nomem ? err_set(s->e, "out of memory") : 0;
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
		const struct edge *h = &s->edge[list[i].at];
		uint32_t rival = h->x == self ? h->y : h->x;
		if (h == g || !(s->node[rival].points & s->node[other].points))
			continue;
		best = h->bits > best ? h->bits : best;
		firm = h->bits - h->loose > firm ? h->bits - h->loose : firm;
	}
	return (struct margin){ g->bits - best, g->bits - g->loose - firm };
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
	if (margin < CERTAIN_MARGIN || firm < LIKELY_MARGIN || __builtin_popcount(g->families) < 2)
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
		s->weak[x] = s->weak[y] = true;
	join_unite(j, x, y, (enum join_state)d->state, g->evidence);
	return true;
}

/* Edges by node, the best first; NULL: out of memory. */
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
	qsort(list, 2 * (size_t)s->edges, sizeof *list, search_by_side);
	return list;
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

/* A chain is as strong as its weakest link: of groups that are likely one, no flow is certain to be where it is put. */
static void weaken(struct search *s)
{
	struct joiner *j = s->j;

	for (uint32_t i = 0; i < j->f->flows; i++)
		if (s->weak[i])
			s->weak[join_root(j, i)] = true;
	for (uint32_t i = 0; i < j->f->flows; i++)
		if (s->weak[join_root(j, i)] && j->f->flow[i].state == JOIN_CERTAIN)
			j->f->flow[i].state = JOIN_LIKELY;
}

static int round_of(struct search *s, uint32_t *united)
{
	int rc = -1;

	if (!search_nodes(s))
		return 0;
	if (likeness_open(&s->like, s->j->f, s->e) == 0 && learn(s) == 0 && guess_lags(s) == 0 && search_edges(s) == 0 && judge_edges(s) == 0)
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
	s->weak = calloc(n, sizeof *s->weak);
	if (!s->node || !s->member || !s->weak)
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
	if (rc == 0 && s.weak)
		weaken(&s);
	loader_close(&s.loader);
	conn_free(&s.room);
	multiset_free(&s.refuted);
	free(s.node);
	free(s.member);
	free(s.weak);
	free(s.entry);
	free(s.pair);
	free(s.edge);
	free(s.onset);
	free(s.held);
	return rc;
}
