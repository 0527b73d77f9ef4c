#include "correlate/clock_tie.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef __int128 wide;

#define PIECE_COST 8            /* one more piece is worth that many wrong matches */
#define TWICE_COST 64           /* ... and times that may have come twice, more than any of both */

int64_t clock_plus(int64_t bound, int64_t ns)
{
	return bound == INT64_MAX || bound == INT64_MIN ? bound : clock_saturate((wide)bound + ns);
}

static int64_t minus(int64_t v)
{
	return v == INT64_MIN ? INT64_MAX : v == INT64_MAX ? INT64_MIN : -v;
}

int64_t line_at(const struct clock_line *l, int64_t t)
{
	return clock_saturate((wide)l->offset_ns + (wide)llrint(((double)t - (double)l->origin_ns) * l->skew));
}

/* Points on one of the two clocks. */
static size_t turn(const struct clock_pair *pair, size_t n, bool on_b, struct clock_point *out)
{
	for (size_t k = 0; k < n; k++) {
		const struct clock_pair *p = &pair[k];
		out[k] = on_b ? (struct clock_point){ .x_ns = clock_saturate((wide)p->x + p->d), .d_ns = minus(p->d), .upper = !p->c2s }
			      : (struct clock_point){ .x_ns = p->x, .d_ns = p->d, .upper = p->c2s };
	}
	return n;
}

static bool one_direction(const struct clock_pair *pair, size_t n)
{
	for (size_t k = 1; k < n; k++)
		if (pair[k].c2s != pair[0].c2s)
			return false;
	return true;
}

/*
 * Points of one direction never contradict each other, whatever a clock did. But no packet is on its way for ever: for every point one of the other side,
 * far off, which only shows that a clock was set, or that a match is wrong.
 */
static size_t add_shadows(struct clock_point *point, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		point[n + k] = point[k];
		point[n + k].upper = !point[k].upper;
		point[n + k].d_ns = clock_saturate((wide)point[k].d_ns + (point[k].upper ? -CLOCK_FLIGHT_NS : CLOCK_FLIGHT_NS));
	}
	return 2 * n;
}

/* What shadows say is no bound of the clock. */
static void drop_shadows(struct clock_piece *p, bool upper)
{
	struct clock_curve *shadow = upper ? &p->low : &p->high;

	if (p->state != CLOCK_BOTH_WAYS)
		return;
	p->state = CLOCK_ONE_WAY;
	shadow->n = 0;
	*(upper ? &p->has_low : &p->has_high) = false;
	p->offset_ns = upper ? p->high_ns : p->low_ns;
	*(upper ? &p->lower : &p->upper) = 0;
}

/* A fit that is being tried. */
struct trial {
	struct clock_piece *piece;
	int pieces;
	size_t cost;
};

/* Where the other clock seems to have been set forth, its own may have been set back: times in between come twice then. */
static bool may_come_twice(const struct clock_piece *before, const struct clock_piece *after)
{
	struct clock_line old = { before->origin_ns, before->offset_ns, before->skew_ppm * 1e-6 };
	struct clock_line new = { after->origin_ns, after->offset_ns, after->skew_ppm * 1e-6 };

	return line_at(&new, after->from_ns) > line_at(&old, after->from_ns);
}

static void try_fit(struct trial *r, struct clock_point *point, size_t n, int64_t resolution_ns, uint32_t max)
{
	r->pieces = clock_fit(point, n, resolution_ns, r->piece, max);
	r->cost = 0;
	for (size_t k = 0; k < n; k++)
		r->cost += point[k].bad;
	for (int k = 0; k < r->pieces; k++) {
		r->cost += PIECE_COST + (r->piece[k].state == CLOCK_INCONSISTENT ? n : 0);
		if (k > 0 && may_come_twice(&r->piece[k - 1], &r->piece[k]))
			r->cost += TWICE_COST;
	}
}

/* Packets that contradict each other, and would not if each had gone the other way. */
static bool is_reversed(struct clock_point *point, size_t n, int64_t resolution_ns, struct clock_piece *piece, uint32_t max)
{
	int pieces;

	for (size_t k = 0; k < n; k++)
		point[k].upper = !point[k].upper;
	pieces = clock_fit(point, n, resolution_ns, piece, max);
	return pieces == 1 && piece->state == CLOCK_BOTH_WAYS;
}

static int keep(struct clock_tie *t, const struct trial *r)
{
	t->piece = malloc((size_t)r->pieces * sizeof *t->piece);
	if (!t->piece)
		return -1;
	memcpy(t->piece, r->piece, (size_t)r->pieces * sizeof *t->piece);
	t->pieces = (uint32_t)r->pieces;
	return 0;
}

int clock_tie_fit(struct clock_tie *t, const struct clock_pair *pair, size_t n, const struct clock_pair *answer, size_t answers,
    const int64_t resolution_ns[2], uint32_t max)
{
	struct clock_piece *room = malloc(3 * (size_t)max * sizeof *room);
	struct clock_point *point = malloc((2 * n + answers + 1) * sizeof *point);
	struct trial a = { .piece = room }, b = { .piece = room ? room + max : NULL };
	int64_t coarse = resolution_ns[0] > resolution_ns[1] ? resolution_ns[0] : resolution_ns[1];
	bool one_way;
	size_t used = 0;
	int rc = -1;

	if (!room || !point)
		goto out;
	t->pairs = n;
	one_way = n > 0 && one_direction(pair, n);
	t->caused = one_way && answers > 0;
	for (int on_b = 0; on_b < 2; on_b++) {
		struct trial *r = on_b ? &b : &a;
		if (on_b && (a.pieces < 0 || a.cost <= PIECE_COST))
			break;
		used = turn(pair, n, on_b, point);
		if (t->caused)
			used += turn(answer, answers, on_b, point + n);
		else if (one_way)
			used = add_shadows(point, n);
		try_fit(r, point, used, coarse, max);
		for (int k = 0; one_way && !t->caused && k < r->pieces; k++)
			drop_shadows(&r->piece[k], pair->c2s != (bool)on_b);
		t->on_b = on_b && b.pieces > 0 && b.cost < a.cost;
	}
	if (a.pieces < 0 || b.pieces < 0 || keep(t, t->on_b ? &b : &a) < 0)
		goto out;
	if (t->piece[0].state == CLOCK_INCONSISTENT)
		t->reversed = is_reversed(point, used, coarse, room + 2 * (size_t)max, max);
	rc = 0;
out:
	free(room);
	free(point);
	return rc;
}

int clock_tie_declare(struct clock_tie *t, int64_t unsure_ns)
{
	t->piece = calloc(1, sizeof *t->piece);
	if (!t->piece)
		return -1;
	*t->piece = (struct clock_piece){ .from_ns = INT64_MIN, .to_ns = INT64_MAX, .sure_from_ns = INT64_MIN, .sure_to_ns = INT64_MAX,
		.first_ns = INT64_MIN, .last_ns = INT64_MAX, .has_low = true, .has_high = true, .low_ns = -unsure_ns,
		.high_ns = unsure_ns, .state = CLOCK_SAME };
	t->pieces = 1;
	t->declared = true;
	return 0;
}

void clock_tie_free(struct clock_tie *t)
{
	free(t->piece);
	memset(t, 0, sizeof *t);
}

struct clock_line clock_tie_line(const struct clock_tie *t, const struct clock_piece *piece, uint32_t p)
{
	double skew = piece->skew_ppm * 1e-6;

	if (clock_tie_own(t) == p)
		return (struct clock_line){ piece->origin_ns, -piece->offset_ns, -skew };
	return (struct clock_line){ clock_saturate((wide)piece->origin_ns + piece->offset_ns), piece->offset_ns, skew / (1 + skew) };
}

/* A time on the tie's own clock, on p's. */
static int64_t carry(const struct clock_tie *t, const struct clock_piece *piece, uint32_t p, int64_t x)
{
	struct clock_line theta = { piece->origin_ns, piece->offset_ns, piece->skew_ppm * 1e-6 };

	return clock_tie_own(t) == p ? x : clock_plus(x, line_at(&theta, x));
}

static void take_in(int64_t t, int64_t *from, int64_t *to)
{
	*from = t < *from ? t : *from;
	*to = t > *to ? t : *to;
}

void clock_tie_cut(const struct clock_tie *t, uint32_t k, uint32_t p, int64_t *from_ns, int64_t *to_ns)
{
	const struct clock_piece *before = &t->piece[k], *after = before + 1;

	*from_ns = INT64_MAX;
	*to_ns = INT64_MIN;
	take_in(carry(t, before, p, before->sure_to_ns), from_ns, to_ns);
	take_in(carry(t, after, p, before->sure_to_ns), from_ns, to_ns);
	take_in(carry(t, before, p, after->sure_from_ns), from_ns, to_ns);
	take_in(carry(t, after, p, after->sure_from_ns), from_ns, to_ns);
}

void clock_tie_carry(const struct clock_tie *t, uint32_t p, int64_t p_ns, int64_t *from_ns, int64_t *to_ns)
{
	struct clock_line l = clock_tie_line(t, clock_tie_piece(t, p, p_ns), p);

	*from_ns = *to_ns = clock_plus(p_ns, minus(line_at(&l, p_ns)));
	for (uint32_t k = 0; k < t->pieces; k++) {
		const struct clock_piece *piece = &t->piece[k];
		int64_t from = carry(t, piece, p, k == 0 ? INT64_MIN : piece[-1].sure_to_ns);
		int64_t to = carry(t, piece, p, k + 1 == t->pieces ? INT64_MAX : piece[1].sure_from_ns);
		if (p_ns < from || p_ns > to)
			continue;
		l = clock_tie_line(t, piece, p);
		take_in(clock_plus(p_ns, minus(line_at(&l, p_ns))), from_ns, to_ns);
	}
}

const struct clock_piece *clock_tie_piece(const struct clock_tie *t, uint32_t p, int64_t t_ns)
{
	uint32_t k = 0;

	for (; k + 1 < t->pieces; k++) {
		int64_t end = carry(t, &t->piece[k], p, t->piece[k].to_ns), next = carry(t, &t->piece[k + 1], p, t->piece[k + 1].from_ns);
		/* Where a step leaves a gap, or times that came twice, their middle. */
		if (t_ns < clock_saturate(((wide)end + next) / 2))
			break;
	}
	return &t->piece[k];
}

/* The upper bound is convex and the lower one concave in time, close to a step and away from it: the worst is where one of these begins or ends. */
static void bounds_within(const struct clock_tie *t, const struct clock_piece *piece, int64_t from, int64_t to, int64_t *low, int64_t *high)
{
	const int64_t edge[] = { piece->from_ns, clock_plus(piece->sure_from_ns, -1), piece->sure_from_ns, piece->sure_to_ns,
		clock_plus(piece->sure_to_ns, 1), clock_plus(piece->to_ns, -1) };
	int64_t offset, l, h;

	for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
		int64_t x = edge[i] < from ? from : edge[i] > to ? to : edge[i];
		clock_at(t->piece, t->pieces, x, &offset, &l, &h);
		*low = l < *low ? l : *low;
		*high = h > *high ? h : *high;
	}
}

void clock_tie_bounds(const struct clock_tie *t, uint32_t p, int64_t from_ns, int64_t to_ns, int64_t *low_ns, int64_t *high_ns)
{
	int64_t low = INT64_MAX, high = INT64_MIN;

	for (uint32_t k = 0; k < t->pieces; k++)
		if (t->piece[k].to_ns >= from_ns && t->piece[k].from_ns <= to_ns)
			bounds_within(t, &t->piece[k], from_ns, to_ns, &low, &high);
	if (clock_tie_own(t) != p) {
		*low_ns = low;
		*high_ns = high;
		return;
	}
	*low_ns = minus(high);
	*high_ns = minus(low);
}

int64_t clock_tie_width(const struct clock_tie *t)
{
	int64_t most = 0;

	for (uint32_t k = 0; k < t->pieces; k++) {
		const struct clock_piece *p = &t->piece[k];
		wide width = p->has_low && p->has_high ? (wide)p->high_ns - p->low_ns : INT64_MAX;
		most = width > most ? clock_saturate(width) : most;
	}
	return most;
}

enum clock_state clock_tie_state(const struct clock_tie *t, const struct clock_piece *piece)
{
	if (t->out)
		return CLOCK_INCONSISTENT;
	return t->caused && piece->state == CLOCK_BOTH_WAYS ? CLOCK_ONE_WAY : piece->state;
}
