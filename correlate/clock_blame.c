#include "correlate/clock_steps.h"

#include <stdlib.h>

#define LAYERS 4                /* hulls, one inside the other: what can come to light when a few points go */
#define CORE_MAX 4096           /* a larger core has no points that stand out */
#define ROUNDS 8

struct core {
	size_t *index;          /* into the points, rising */
	size_t n, room;
	size_t *suspect;        /* points that are out, and could be in */
	size_t suspects, suspect_room;
	struct corridor corridor;
};

static int list_add(size_t **list, size_t *n, size_t *room, size_t i)
{
	if (*n == *room) {
		size_t more = *room ? *room * 2 : 64;
		size_t *v = realloc(*list, more * sizeof *v);
		if (!v)
			return -1;
		*list = v;
		*room = more;
	}
	(*list)[(*n)++] = i;
	return 0;
}

static int index_cmp(const void *a, const void *b)
{
	size_t l = *(const size_t *)a, r = *(const size_t *)b;

	return (l > r) - (l < r);
}

static bool on_hull(const struct corridor *c, const struct clock_point *p, size_t at[2])
{
	const struct corridor_side *s = &c->side[p->upper ? UPPER : LOWER];
	size_t *i = &at[p->upper ? UPPER : LOWER];

	while (*i < s->n && s->v[*i].x < p->x_ns)
		++*i;
	return *i < s->n && s->v[*i].x == p->x_ns && s->v[*i].y == (p->upper ? p->d_ns : -p->d_ns) + c->tol_ns;
}

/* Take the outermost hulls off the points of the stretch, LAYERS times. TRIAL_OUT marks what is taken. */
static int peel(struct core *c, const struct clock_point *points, uint8_t *flag, const struct stretch *s)
{
	for (int layer = 0; layer < LAYERS; layer++) {
		size_t at[2] = { 0, 0 };
		corridor_clear(&c->corridor);
		for (size_t i = s->sure_begin; i < s->sure_end; i++)
			if (!flag[i] && corridor_pile(&c->corridor, points[i].x_ns, points[i].d_ns, points[i].upper) < 0)
				return -1;
		for (size_t i = s->sure_begin; i < s->sure_end && c->n <= CORE_MAX; i++) {
			if (flag[i] || !on_hull(&c->corridor, &points[i], at))
				continue;
			flag[i] = TRIAL_OUT;
			if (list_add(&c->index, &c->n, &c->room, i) < 0)
				return -1;
		}
	}
	qsort(c->index, c->n, sizeof *c->index, index_cmp);
	return 0;
}

static bool fits(const struct clock_point *p, const struct clock_curve curve[2], int64_t tol_ns)
{
	const struct clock_curve *other = &curve[p->upper ? LOWER : UPPER];

	return other->n == 0 || (p->upper ? -p->d_ns : p->d_ns) - tol_ns <= curve_at(other, p->x_ns, 0);
}

/* Most wrong matches are far off: whoever does not fit even without the whole core is no suspect. Puts the core back. */
static int drop_hopeless(struct core *c, const struct clock_point *points, uint8_t *flag, const struct stretch *s)
{
	struct clock_curve curve[2];
	size_t left = 0;

	corridor_clear(&c->corridor);
	for (size_t i = s->sure_begin; i < s->sure_end; i++)
		if (!flag[i] && corridor_add(&c->corridor, points[i].x_ns, points[i].d_ns, points[i].upper) < 0)
			return -1;
	corridor_curve(&c->corridor, UPPER, &curve[UPPER]);
	corridor_curve(&c->corridor, LOWER, &curve[LOWER]);
	for (size_t k = 0; k < c->suspects; k++)
		if (fits(&points[c->suspect[k]], curve, c->corridor.tol_ns))
			c->suspect[left++] = c->suspect[k];
	c->suspects = left;
	for (size_t k = 0; k < c->n; k++)
		flag[c->index[k]] = 0;
	return 0;
}

/* The bounds that the core leaves without `skip` and without what is out. */
static int bounds_without(struct core *c, const struct clock_point *points, const uint8_t *flag, size_t skip, struct clock_curve curve[2])
{
	corridor_clear(&c->corridor);
	for (size_t k = 0; k < c->n; k++) {
		const struct clock_point *p = &points[c->index[k]];
		if (c->index[k] != skip && !flag[c->index[k]] && corridor_add(&c->corridor, p->x_ns, p->d_ns, p->upper) < 0)
			return -1;
	}
	corridor_curve(&c->corridor, UPPER, &curve[UPPER]);
	corridor_curve(&c->corridor, LOWER, &curve[LOWER]);
	return 0;
}

static size_t gain(const struct core *c, const struct clock_point *points, const struct clock_curve curve[2])
{
	size_t n = 0;

	for (size_t k = 0; k < c->suspects; k++)
		n += fits(&points[c->suspect[k]], curve, c->corridor.tol_ns);
	return n;
}

/* The point of the core whose removal lets in the most suspects. */
static int find_culprit(struct core *c, const struct clock_point *points, const uint8_t *flag, size_t *culprit, size_t *most)
{
	struct clock_curve curve[2];

	*most = 0;
	for (size_t k = 0; k < c->n; k++) {
		size_t g;
		if (flag[c->index[k]])
			continue;
		if (bounds_without(c, points, flag, c->index[k], curve) < 0)
			return -1;
		g = gain(c, points, curve);
		if (g > *most) {
			*most = g;
			*culprit = c->index[k];
		}
	}
	return 0;
}

/* The culprit goes; several that it kept out are in; a single one is as doubtful as the culprit. */
static int sentence(struct core *c, const struct clock_point *points, uint8_t *flag, size_t culprit, size_t freed)
{
	struct clock_curve curve[2];
	size_t left = 0;

	flag[culprit] = OUT;
	if (bounds_without(c, points, flag, culprit, curve) < 0)
		return -1;
	for (size_t k = 0; k < c->suspects; k++) {
		size_t i = c->suspect[k];
		if (!fits(&points[i], curve, c->corridor.tol_ns))
			c->suspect[left++] = i;
		else if (freed > 1)
			flag[i] = 0;
	}
	c->suspects = left;
	return 0;
}

/* Whoever does not fit when all is said is out. */
static int refit(struct corridor *c, const struct clock_point *points, uint8_t *flag, const struct stretch *s)
{
	corridor_clear(c);
	for (size_t i = s->sure_begin; i < s->sure_end; i++) {
		int rc = flag[i] ? 1 : corridor_add(c, points[i].x_ns, points[i].d_ns, points[i].upper);
		if (rc < 0)
			return -1;
		if (rc == 0)
			flag[i] = OUT;
	}
	return 0;
}

static int find_suspects(struct core *c, const uint8_t *flag, const struct stretch *s)
{
	for (size_t i = s->sure_begin; i < s->sure_end; i++)
		if (flag[i] & OUT && list_add(&c->suspect, &c->suspects, &c->suspect_room, i) < 0)
			return -1;
	return 0;
}

static int hear(struct core *c, const struct clock_point *points, uint8_t *flag, const struct stretch *s)
{
	if (find_suspects(c, flag, s) < 0)
		return -1;
	if (c->suspects == 0 || c->suspects > 4 * steps_tolerable(s->end - s->begin))
		return 0;
	if (peel(c, points, flag, s) < 0 || drop_hopeless(c, points, flag, s) < 0)
		return -1;
	for (int round = 0; round < ROUNDS && c->n <= CORE_MAX; round++) {
		size_t culprit = 0, freed;
		if (find_culprit(c, points, flag, &culprit, &freed) < 0)
			return -1;
		if (freed == 0)
			break;
		if (sentence(c, points, flag, culprit, freed) < 0)
			return -1;
	}
	return refit(&c->corridor, points, flag, s);
}

int steps_blame(const struct clock_point *points, int64_t tol_ns, uint8_t *flag, const struct stretch *s)
{
	struct core c = { 0 };
	int rc;

	corridor_init(&c.corridor, tol_ns);
	rc = hear(&c, points, flag, s);
	corridor_free(&c.corridor);
	free(c.index);
	free(c.suspect);
	return rc;
}
