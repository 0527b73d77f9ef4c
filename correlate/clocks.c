#include "correlate/clocks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/clock_close.h"
#include "correlate/clock_corridor.h"
#include "correlate/clock_graph.h"

#define APART_NS 1000000        /* packets that contradict one common clock by more than this do it for certain */
#define APART_MIN 4             /* ... if there are so many */

typedef __int128 wide;

/* When a point's clock, or one on the way to the reference, was set: somewhere between, on its clock. */
struct setting {
	int64_t from_ns, to_ns;
	uint32_t own, parents;  /* steps against its parent, and of its parent against the reference, that this is */
};

struct settings {
	struct setting v[2 * PIECES_MAX];
	uint32_t n;
	bool full;              /* there are more: the last piece is no straight line */
};

static int by_pair(const void *a, const void *b)
{
	const struct clock_pair *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	if (x->d != y->d)
		return x->d < y->d ? -1 : 1;
	return x->c2s - y->c2s;
}

int clock_pairs_open(struct clock_pairs *p, size_t room, struct err *e)
{
	*p = (struct clock_pairs){ malloc(room * sizeof *p->v), 0, room };
	return p->v ? 0 : err_set(e, "out of memory");
}

void clock_pairs_close(struct clock_pairs *p)
{
	free(p->v);
	memset(p, 0, sizeof *p);
}

void clock_pairs_add(struct clock_pairs *p, uint64_t at, int64_t x_ns, int64_t y_ns, bool c2s)
{
	if (p->n < p->room && clock_reaches(x_ns) && clock_reaches(y_ns) && clock_reaches(y_ns - x_ns))
		p->v[p->n++] = (struct clock_pair){ at, x_ns, y_ns - x_ns, c2s };
}

void clock_pairs_sort(struct clock_pairs *p)
{
	qsort(p->v, p->n, sizeof *p->v, by_pair);
}

const struct clock_pair *clock_pairs_of(const struct clock_pairs *p, uint64_t at, size_t *n)
{
	size_t lo = 0, hi = p->n, from;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (p->v[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (from = lo; lo < p->n && p->v[lo].at == at; lo++)
		;
	*n = lo - from;
	return p->v + from;
}

/* ---- ties ---- */

/* How far packets prove that two clocks are apart, at least and at most. */
static void prove_apart(const struct clock_tie *t, int64_t *least, int64_t *most)
{
	*least = *most = 0;
	for (uint32_t k = 0; k < t->pieces; k++) {
		const struct clock_piece *p = &t->piece[k];
		int64_t ahead = p->has_low ? p->low_ns : INT64_MIN, behind = p->has_high ? -p->high_ns : INT64_MIN;
		int64_t apart = ahead > behind ? ahead : behind;
		int64_t open = !p->has_low || !p->has_high ? apart : ahead > behind ? p->high_ns : -p->low_ns;
		*least = apart > *least ? apart : *least;
		*most = apart > 0 && open > *most ? open : *most;
	}
}

/* Packets of one direction that come too early may also have gone the other way: the path may be wrong. */
static bool is_one_way(const struct clock_tie *t)
{
	for (uint32_t k = 0; k < t->pieces; k++)
		if (clock_tie_state(t, &t->piece[k]) == CLOCK_ONE_WAY)
			return true;
	return false;
}

static void doubt_order(struct point *p, const char *other)
{
	size_t n = strlen(p->how);

	snprintf(p->how + n, sizeof p->how - n, "%sthe packets that it shares with %s contradict this order", n ? "; but " : "", other);
}

static void doubt_one_clock(struct point *p, int64_t unsure_ns)
{
	p->one_clock_ns = unsure_ns > p->one_clock_ns ? unsure_ns : p->one_clock_ns;
}

/* The captures say that one clock stamped both; believed unless packets prove that it did not. */
static int declare(struct clock_graph *g, struct clock_tie *t)
{
	struct point *p = &g->f->point[t->a], *q = &g->f->point[t->b];
	struct clock_tie one = { .a = t->a, .b = t->b, .pairs = t->pairs };
	int64_t apart, most;

	prove_apart(t, &apart, &most);
	if (t->reversed)
		apart = most = 0;       /* it is the order that is wrong */
	if (t->pairs >= APART_MIN && apart > (is_one_way(t) ? CLOCK_FLIGHT_NS : APART_NS)) {
		snprintf(q->clock_note, sizeof q->clock_note, "its captures are from the same files as those of %s, but packets prove that another clock "
			"stamped them: files of several hosts were merged", p->name);
		q->clock = (int)(POINTS_MAX + t->b + 1);
		return 0;
	}
	if (t->pairs < APART_MIN || apart <= CLOCK_NOISE_NS + p->resolution_ns + q->resolution_ns)
		most = 0;
	doubt_one_clock(p, most);
	doubt_one_clock(q, most);
	if (t->reversed || (is_one_way(t) && most > 0))
		doubt_order(q, p->name);
	clock_tie_free(t);
	*t = one;
	return clock_tie_declare(t, most);
}

static int add_tie(struct clock_graph *g, const struct clock_pairs *pairs, const struct clock_pairs *answers, uint32_t a, uint32_t b)
{
	const struct point *p = &g->f->point[a], *q = &g->f->point[b];
	const int64_t resolution[2] = { p->resolution_ns, q->resolution_ns };
	struct clock_tie *t = &g->tie[g->ties];
	size_t n, m;
	const struct clock_pair *v = clock_pairs_of(pairs, (uint64_t)a * g->n + b, &n);
	const struct clock_pair *w = clock_pairs_of(answers, (uint64_t)a * g->n + b, &m);

	if (n == 0 && p->clock != q->clock)
		return 0;
	*t = (struct clock_tie){ .a = a, .b = b };
	if (n > 0 && clock_tie_fit(t, v, n, w, m, resolution, PIECES_MAX) < 0)
		return -1;
	if (p->clock == q->clock && declare(g, t) < 0)
		return -1;
	g->ties++;
	return 0;
}

/* Points of one direction never contradict each other: that a clock was set does not show in them, and the one line that they gave is none. */
static void distrust_one_way(struct clock_graph *g)
{
	bool set[POINTS_MAX] = { false };

	for (uint32_t k = 0; k < g->ties; k++)
		if (g->tie[k].pieces > 1)
			set[g->tie[k].a] = set[g->tie[k].b] = true;
	for (uint32_t k = 0; k < g->ties; k++) {
		struct clock_tie *t = &g->tie[k];
		struct clock_piece *p = t->piece;
		if (t->pieces > 1 || p->state != CLOCK_ONE_WAY || !(set[t->a] || set[t->b]))
			continue;
		p->has_low = p->has_high = false;
		p->low.n = p->high.n = 0;
	}
}

/* ---- from one point's clock to the reference's ---- */

static void no_clock(struct point *p, enum clock_state state)
{
	p->pieces = 1;
	p->piece[0] = (struct clock_map){ .from_ns = INT64_MIN, .to_ns = INT64_MAX, .sure_from_ns = INT64_MIN, .sure_to_ns = INT64_MAX, .state = state,
		.has_low = state == CLOCK_SAME, .has_high = state == CLOCK_SAME };
}

static int by_time(const void *a, const void *b)
{
	const struct setting *x = a, *y = b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return (x->to_ns > y->to_ns) - (x->to_ns < y->to_ns);
}

/* Those that cannot be told apart in time become one. */
static void merge(struct settings *s)
{
	uint32_t n = 0;

	qsort(s->v, s->n, sizeof *s->v, by_time);
	for (uint32_t k = 0; k < s->n; k++) {
		const struct setting *x = &s->v[k];
		struct setting *last = &s->v[n - (n > 0)];
		if (n == 0 || x->from_ns > last->to_ns) {
			s->v[n++] = *x;
			continue;
		}
		last->to_ns = x->to_ns > last->to_ns ? x->to_ns : last->to_ns;
		last->own += x->own;
		last->parents += x->parents;
	}
	s->full = n >= PIECES_MAX;
	s->n = s->full ? PIECES_MAX - 1 : n;
}

/* Where p's clock, or one on the way to the reference, was set. */
static void find_settings(const struct clock_tie *t, uint32_t p, const struct point *parent, struct settings *s)
{
	int64_t from, to, first, last;

	s->n = 0;
	for (uint32_t k = 0; k + 1 < t->pieces; k++) {
		clock_tie_cut(t, k, p, &from, &to);
		s->v[s->n++] = (struct setting){ from, to, 1, 0 };
	}
	for (uint32_t k = 1; k < parent->pieces; k++) {
		clock_tie_carry(t, clock_tie_other(t, p), parent->piece[k - 1].sure_to_ns, &from, &last);
		clock_tie_carry(t, clock_tie_other(t, p), parent->piece[k].sure_from_ns, &first, &to);
		s->v[s->n++] = (struct setting){ from < first ? from : first, to > last ? to : last, 0, parent->piece[k].settings };
	}
	merge(s);
}

/* A step against the parent and one of the parent at the same time are one event: the parent's clock was set. */
static uint32_t events(const struct setting *s)
{
	return s->own > s->parents ? s->own : s->parents;
}

static int64_t clip(int64_t t, int64_t from, int64_t to)
{
	return t < from ? from : t > to ? to : t;
}

static int64_t middle(int64_t a, int64_t b)
{
	return (int64_t)(((wide)a + b) / 2);
}

/* One way is as sure as its least sure part. */
static enum clock_state worse(enum clock_state a, enum clock_state b)
{
	static const int rank[] = { [CLOCK_SAME] = 0, [CLOCK_BOTH_WAYS] = 1, [CLOCK_ONE_WAY] = 2, [CLOCK_INCONSISTENT] = 3, [CLOCK_NONE] = 4 };

	return rank[a] > rank[b] ? a : b;
}

/* Bounds of p's clock against its parent at a time on p's clock; from when to when the parent's may be then. */
static void against_parent(const struct clock_tie *t, uint32_t p, int64_t p_ns, int64_t estimate_ns, int64_t *low, int64_t *high,
    int64_t *from, int64_t *to)
{
	int64_t at = clock_plus(p_ns, -estimate_ns);

	clock_tie_bounds(t, p, clock_tie_own(t) == p ? p_ns : at, clock_tie_own(t) == p ? p_ns : at, low, high);
	*from = *high == INT64_MAX ? at - CLOCK_FLIGHT_NS : p_ns - *high;
	*to = *low == INT64_MIN ? at + CLOCK_FLIGHT_NS : p_ns - *low;
	if (clock_tie_own(t) != p)
		clock_tie_bounds(t, p, *from, *to, low, high);
}

static int64_t add_bounds(int64_t a, int64_t b, int64_t open)
{
	return a == open || b == open ? open : clock_plus(a, b);
}

/* Bounds of p's clock against the reference: p's against its parent's, and the parent's; they add up. */
static void chain(const struct clock_tie *t, uint32_t p, const struct clock_line *l, const struct point *parent, struct clock_anchor *a)
{
	int64_t from, to, low, high, up_low, up_high, lower, higher;

	a->low_ns = INT64_MIN;
	a->high_ns = INT64_MAX;
	if (t->out)
		return;
	against_parent(t, p, a->at_ns, line_at(l, a->at_ns), &low, &high, &from, &to);
	facts_bounds(parent, from, &up_low, &up_high);
	facts_bounds(parent, to, &lower, &higher);
	a->low_ns = add_bounds(low, lower < up_low ? lower : up_low, INT64_MIN);
	a->high_ns = add_bounds(high, higher > up_high ? higher : up_high, INT64_MAX);
}

/* A slope and one on top of it: l + u * (1 - l), for all that both may be. */
static void add_slopes(struct clock_map *m, double least, double most, const struct clock_map *up)
{
	double a = least + up->skew_low * (1 - least), b = least + up->skew_high * (1 - least);
	double c = most + up->skew_low * (1 - most), d = most + up->skew_high * (1 - most);

	m->skew_low = fmax(fmin(fmin(a, b), fmin(c, d)), -1.0 / CLOCK_SKEW_DEN);
	m->skew_high = fmin(fmax(fmax(a, b), fmax(c, d)), 1.0 / CLOCK_SKEW_DEN);
}

/* p's clock against the reference, from p's against its parent's and the parent's against the reference: offsets add up. */
static void compose(const struct clock_tie *t, uint32_t p, const struct clock_piece *piece, const struct point *parent, struct clock_map *m)
{
	struct clock_line l = clock_tie_line(t, piece, p);
	int64_t offset = line_at(&l, m->origin_ns), q = clock_plus(m->origin_ns, -offset);
	const struct clock_map *up = &parent->piece[facts_piece(parent, q)];
	struct clock_line u = { up->origin_ns, up->offset_ns, up->skew };
	double least = piece->skew_low_ppm * 1e-6, most = piece->skew_high_ppm * 1e-6;
	struct clock_anchor origin = { .at_ns = m->origin_ns };
	bool mine = clock_tie_own(t) == p;

	m->offset_ns = clock_plus(offset, line_at(&u, q));
	m->skew = l.skew + u.skew * (1 - l.skew);
	add_slopes(m, mine ? -most : least / (1 + least), mine ? -least : most / (1 + most), up);
	chain(t, p, &l, parent, &origin);
	chain(t, p, &l, parent, &m->anchor[0]);
	chain(t, p, &l, parent, &m->anchor[1]);
	m->has_low = origin.low_ns != INT64_MIN;
	m->has_high = origin.high_ns != INT64_MAX;
	m->low_ns = m->has_low ? origin.low_ns : 0;
	m->high_ns = m->has_high ? origin.high_ns : 0;
	m->anchored = true;
	m->slack_ns = piece->slack_ns + up->slack_ns;
	m->pairs = t->declared ? up->pairs : piece->upper + piece->lower;
	m->state = t->declared ? up->state : worse(clock_tie_state(t, piece), up->state);
}

/* No straight line explains it: an estimate, and nothing that is sure. */
static void disown(struct clock_map *m)
{
	m->state = CLOCK_INCONSISTENT;
	m->has_low = m->has_high = m->anchored = false;
}

/* The k-th stretch of p's clock between settings. */
static void fill(struct clock_graph *g, const struct clock_tie *t, uint32_t p, const struct settings *s, uint32_t k)
{
	struct point *x = &g->f->point[p];
	const struct point *parent = &g->f->point[clock_tie_other(t, p)];
	struct clock_map *m = &x->piece[k];
	int64_t from = k == 0 ? INT64_MIN : s->v[k - 1].to_ns, to = k == s->n ? INT64_MAX : s->v[k].from_ns;
	int64_t first = clip(x->windows ? x->window[0].from_ns : 0, from, to), last = clip(x->windows ? x->window[x->windows - 1].to_ns : 0, from, to);
	const struct clock_piece *piece = clock_tie_piece(t, p, middle(first, last));
	struct clock_line l = clock_tie_line(t, piece, p);

	memset(m, 0, sizeof *m);
	m->from_ns = k == 0 ? INT64_MIN : middle(s->v[k - 1].from_ns, s->v[k - 1].to_ns);
	m->to_ns = k == s->n ? INT64_MAX : middle(s->v[k].from_ns, s->v[k].to_ns);
	m->settings = k == 0 ? 0 : events(&s->v[k - 1]);
	m->sure_from_ns = from;
	m->sure_to_ns = to;
	m->origin_ns = clip(t->declared ? middle(first, last) : l.origin_ns, from, to);
	m->anchor[0].at_ns = first < m->origin_ns ? first : m->origin_ns;
	m->anchor[1].at_ns = last > m->origin_ns ? last : m->origin_ns;
	compose(t, p, piece, parent, m);
	if (s->full && k == s->n)
		disown(m);
}

static void walk_tree(struct clock_graph *g, const struct clock_tree *tree)
{
	for (uint32_t i = 0; i < g->n; i++)
		no_clock(&g->f->point[i], CLOCK_NONE);
	for (uint32_t k = 0; k < tree->reached; k++) {
		uint32_t p = tree->order[k];
		const struct clock_tie *t = tree->tie[p];
		struct settings settings;
		if (!t) {
			no_clock(&g->f->point[p], CLOCK_SAME);
			continue;
		}
		find_settings(t, p, &g->f->point[clock_tie_other(t, p)], &settings);
		g->f->point[p].pieces = settings.n + 1;
		for (uint32_t i = 0; i <= settings.n; i++)
			fill(g, t, p, &settings, i);
	}
}

/* ---- all together ---- */

static void note_tie(struct facts *f, const struct clock_tie *t)
{
	struct point *p = &f->point[t->b];

	if (t->reversed && !p->clock_note[0])
		snprintf(p->clock_note, sizeof p->clock_note, "the packets that it shares with %s contradict each other as the path is, and would not "
			"if it were nearer to the client than %s", f->point[t->a].name, f->point[t->a].name);
}

static void choose_reference(struct clock_graph *g)
{
	struct facts *f = g->f;
	char why[80];

	for (uint32_t i = 0; i < g->n; i++)
		if (f->point[i].reference) {
			f->reference = i;
			snprintf(f->point[i].clock_note, sizeof f->point[i].clock_note, "the reference: --reference");
			return;
		}
	f->reference = graph_reference(g, why, sizeof why);
	f->point[f->reference].reference = true;
	if (why[0])
		snprintf(f->point[f->reference].clock_note, sizeof f->point[f->reference].clock_note, "the reference: %s", why);
}

static int settle(struct clock_graph *g, struct err *e)
{
	struct clock_tree *tree = malloc(sizeof *tree);
	int wrong = -1;

	if (tree) {
		choose_reference(g);
		graph_tree(g, g->f->reference, tree);
		walk_tree(g, tree);
		wrong = close_find_wrong(g);
	}
	if (wrong > 0) {
		graph_tree(g, g->f->reference, tree);
		walk_tree(g, tree);
	}
	if (wrong >= 0 && close_tighten(g, tree) < 0)
		wrong = -1;
	free(tree);
	return wrong < 0 ? err_set(e, "out of memory") : 0;
}

/* Points that ties join, be it by way of others, have the same number. */
static void number_parts(const struct clock_graph *g, uint32_t *part)
{
	for (uint32_t i = 0; i < g->n; i++)
		part[i] = i;
	for (uint32_t k = 0; k < g->ties; k++)
		for (uint32_t i = 0, keep = part[g->tie[k].a], go = part[g->tie[k].b]; i < g->n; i++)
			part[i] = part[i] == go ? keep : part[i];
}

/* Ties of all points; across: only between points that no ties join yet. */
static int add_ties(struct clock_graph *g, const struct clock_pairs *pairs, const struct clock_pairs *answers, bool across)
{
	uint32_t part[POINTS_MAX];

	number_parts(g, part);
	for (uint32_t a = 0; a < g->n; a++)
		for (uint32_t b = a + 1; b < g->n; b++)
			if ((!across || part[a] != part[b]) && add_tie(g, pairs, answers, a, b) < 0)
				return -1;
	return 0;
}

int clocks_find(struct facts *f, const struct clock_pairs *pairs, const struct clock_pairs *proxied, const struct clock_pairs *answers, struct err *e)
{
	struct clock_graph g = { .f = f, .n = f->points + f->asides };
	int rc = -1;

	g.tie = malloc(((size_t)g.n * g.n + 1) * sizeof *g.tie);
	if (!g.tie || add_ties(&g, pairs, answers, false) < 0 || add_ties(&g, proxied, answers, true) < 0) {
		err_set(e, "out of memory");
		goto out;
	}
	for (uint32_t k = 0; k < g.ties; k++)
		note_tie(f, &g.tie[k]);
	distrust_one_way(&g);
	rc = g.n > 0 ? settle(&g, e) : 0;
out:
	for (uint32_t k = 0; k < g.ties; k++)
		clock_tie_free(&g.tie[k]);
	free(g.tie);
	return rc;
}
