#include "correlate/clock_corridor.h"

#include <assert.h>
#include <stdlib.h>

typedef __int128 wide;

int slope_cmp(struct clock_slope a, struct clock_slope b)
{
	wide l = (wide)a.num * b.den, r = (wide)b.num * a.den;

	return (l > r) - (l < r);
}

struct clock_slope slope_minus(struct clock_slope s)
{
	return (struct clock_slope){ -s.num, s.den };
}

/* y + slope * dx + beyond * the steepest slope; rounded up once, so that no order of points shows. */
static wide rise(struct clock_slope s, int64_t y, wide dx, wide beyond)
{
	wide product = s.num * dx, whole = product / s.den, rest = product % s.den;
	wide den = (wide)s.den * CLOCK_SKEW_DEN;

	rest = rest * CLOCK_SKEW_DEN + beyond % CLOCK_SKEW_DEN * s.den;
	whole += beyond / CLOCK_SKEW_DEN + rest / den;
	return y + whole + (rest % den > 0);
}

wide slope_rise(struct clock_slope s, int64_t y, wide dx)
{
	return rise(s, y, dx, 0);
}

static struct clock_slope slope_of(const struct clock_vertex *a, const struct clock_vertex *b)
{
	return (struct clock_slope){ b->y - a->y, b->x - a->x };
}

void corridor_init(struct corridor *c, int64_t tol_ns)
{
	*c = (struct corridor){ .tol_ns = tol_ns };
	corridor_clear(c);
}

void corridor_clear(struct corridor *c)
{
	for (int s = 0; s < 2; s++) {
		c->side[s].n = 0;
		c->side[s].slope = (struct clock_slope){ 1, CLOCK_SKEW_DEN };
		c->points[s] = 0;
	}
}

void corridor_free(struct corridor *c)
{
	free(c->side[UPPER].v);
	free(c->side[LOWER].v);
	*c = (struct corridor){ 0 };
}

static int grow(struct corridor_side *s)
{
	size_t room = s->room ? s->room * 2 : 64;
	struct clock_vertex *v = realloc(s->v, room * sizeof *v);

	if (!v)
		return -1;
	s->v = v;
	s->room = room;
	return 0;
}

/* Is b on or above the line from a to c? Then it is no corner of the lower hull. */
static bool is_flat(const struct clock_vertex *a, const struct clock_vertex *b, const struct clock_vertex *c)
{
	wide l = ((wide)b->x - a->x) * ((wide)c->y - a->y), r = ((wide)c->x - a->x) * ((wide)b->y - a->y);

	return l <= r;
}

/* Andrew's monotone chain, one point at a time. */
static int hull_push(struct corridor_side *s, struct clock_vertex p)
{
	if (s->n == s->room && grow(s) < 0)
		return -1;
	if (s->n > 0 && s->v[s->n - 1].x == p.x) {
		if (s->v[s->n - 1].y <= p.y)
			return 0;
		s->n--;
	}
	while (s->n > 1 && is_flat(&s->v[s->n - 2], &s->v[s->n - 1], &p))
		s->n--;
	s->v[s->n++] = p;
	return 0;
}

/* How far p is above the steepest line of the side, times a positive number. */
static wide above_top(const struct corridor_side *s, struct clock_vertex p)
{
	return ((wide)p.y - s->top.y) * s->slope.den - (wide)s->slope.num * ((wide)p.x - s->top.x);
}

/*
 * The steepest line through p that passes over all of the opposite side's points: the tangent from p to their hull. The slope to the hull's
 * vertices falls and then rises along the hull, because the extended edges of a convex chain reach ever lower at p: binary search.
 */
static bool tangent(const struct corridor_side *o, struct clock_vertex p, struct clock_slope *out)
{
	size_t n = o->n, lo = 0, hi;

	if (n > 0 && o->v[n - 1].x == p.x)
		n--;            /* tells nothing about the slope */
	if (n == 0)
		return false;
	hi = n - 1;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct clock_vertex *a = &o->v[mid], *b = &o->v[mid + 1];
		if (((wide)p.y + a->y) * ((wide)p.x - b->x) <= ((wide)p.y + b->y) * ((wide)p.x - a->x))
			hi = mid;
		else
			lo = mid + 1;
	}
	*out = (struct clock_slope){ p.y + o->v[lo].y, p.x - o->v[lo].x };
	return true;
}

static struct clock_vertex vertex(const struct corridor *c, int64_t x, int64_t d, bool upper)
{
	return (struct clock_vertex){ x, (upper ? d : -d) + c->tol_ns };
}

/* O'Rourke's on-line fit of a line between two sets of points (CACM 24, 1981): the two steepest lines tell whether the next point fits. */
int corridor_add(struct corridor *c, int64_t x, int64_t d, bool upper)
{
	struct corridor_side *mine = &c->side[upper ? UPPER : LOWER];
	const struct corridor_side *other = &c->side[upper ? LOWER : UPPER];
	struct clock_vertex p = vertex(c, x, d, upper);
	struct clock_slope s;
	bool first = mine->n == 0;

	if (other->n > 0 && above_top(other, (struct clock_vertex){ x, -p.y }) > 0)
		return 0;
	if (hull_push(mine, p) < 0)
		return -1;
	c->points[upper ? UPPER : LOWER]++;
	if (first || above_top(mine, p) < 0) {
		mine->top = p;
		if (tangent(other, p, &s) && slope_cmp(s, mine->slope) < 0)
			mine->slope = s;
	}
	return 1;
}

int corridor_pile(struct corridor *c, int64_t x, int64_t d, bool upper)
{
	c->points[upper ? UPPER : LOWER]++;
	return hull_push(&c->side[upper ? UPPER : LOWER], vertex(c, x, d, upper));
}

size_t corridor_support(const struct corridor_side *s, struct clock_slope slope)
{
	size_t lo = 0, hi = s->n - 1;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (slope_cmp(slope_of(&s->v[mid], &s->v[mid + 1]), slope) >= 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

struct corridor_line corridor_line(const struct corridor *c, struct clock_slope slope)
{
	struct corridor_line l = { .slope = slope };
	const struct corridor_side *u = &c->side[UPPER], *w = &c->side[LOWER];

	if (u->n > 0)
		l.support[UPPER] = u->v[corridor_support(u, slope)];
	if (w->n > 0)
		l.support[LOWER] = w->v[corridor_support(w, slope_minus(slope))];
	return l;
}

int64_t corridor_gap(const struct corridor_line *l)
{
	const struct clock_vertex *u = &l->support[UPPER], *w = &l->support[LOWER];
	wide gap = -slope_rise(l->slope, 0, (wide)u->x - w->x) + u->y + w->y;

	return gap < -2 * (wide)CLOCK_REACH_NS ? -2 * CLOCK_REACH_NS : gap > 2 * (wide)CLOCK_REACH_NS ? 2 * CLOCK_REACH_NS : (int64_t)gap;
}

/* The next slope at which a support changes; true: it is the upper side's. */
static bool next_turn(const struct corridor_side *u, size_t i, const struct corridor_side *w, size_t j, struct clock_slope *turn)
{
	bool upper = false;

	*turn = (struct clock_slope){ 1, CLOCK_SKEW_DEN };
	if (j > 0) {
		struct clock_slope s = slope_minus(slope_of(&w->v[j - 1], &w->v[j]));
		if (slope_cmp(s, *turn) < 0)
			*turn = s;
	}
	if (i + 1 < u->n) {
		struct clock_slope s = slope_of(&u->v[i], &u->v[i + 1]);
		if (slope_cmp(s, *turn) < 0) {
			*turn = s;
			upper = true;
		}
	}
	return upper;
}

/*
 * The gap between the sides as a function of the slope is concave and bends where a support changes; its slope there is the distance in x of
 * the supports (lower minus upper). Walk the bends until that is no longer positive. Where the top is flat: the slope nearest to zero.
 */
struct corridor_line corridor_widest(const struct corridor *c)
{
	const struct corridor_side *u = &c->side[UPPER], *w = &c->side[LOWER];
	const struct clock_slope end = { 1, CLOCK_SKEW_DEN }, zero = { 0, 1 };
	struct clock_slope q = slope_minus(end), turn;
	size_t i = corridor_support(u, q), j = corridor_support(w, end);

	while (u->v[i].x < w->v[j].x) {
		bool upper = next_turn(u, i, w, j, &turn);
		q = turn;
		if (slope_cmp(turn, end) >= 0)
			break;
		if (upper)
			i++;
		else
			j--;
	}
	if (u->v[i].x == w->v[j].x && slope_cmp(q, zero) < 0) {
		next_turn(u, i, w, j, &turn);
		q = slope_cmp(turn, zero) < 0 ? turn : zero;
	}
	return corridor_line(c, q);
}

/* Leaving out a vertex of a convex curve lifts it: the bound stays a bound. */
static void curve_keep(struct clock_curve *k, const struct clock_vertex *v, size_t n)
{
	k->n = n < CLOCK_VERTICES ? n : CLOCK_VERTICES;
	for (size_t i = 0; i < k->n; i++)
		k->v[i] = v[k->n == n ? i : i * (n - 1) / (k->n - 1)];
}

void corridor_curve(const struct corridor *c, int side, struct clock_curve *out)
{
	const struct corridor_side *s = &c->side[side];
	size_t a, b;

	out->n = 0;
	out->left = slope_minus(c->side[!side].slope);
	out->right = s->slope;
	if (s->n == 0)
		return;
	a = corridor_support(s, out->left);
	b = corridor_support(s, out->right);
	assert(a <= b);
	curve_keep(out, s->v + a, b - a + 1);
}

wide curve_at(const struct clock_curve *k, int64_t x, wide beyond)
{
	size_t i = 1;

	if (x <= k->v[0].x)
		return rise(k->left, k->v[0].y, (wide)x - k->v[0].x, beyond);
	while (i < k->n && k->v[i].x < x)
		i++;
	if (i == k->n)
		return rise(k->right, k->v[i - 1].y, (wide)x - k->v[i - 1].x, beyond);
	return rise(slope_of(&k->v[i - 1], &k->v[i]), k->v[i - 1].y, (wide)x - k->v[i - 1].x, beyond);
}
