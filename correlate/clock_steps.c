#include "correlate/clock_steps.h"

#include <stdlib.h>

#include "correlate/clock_oneway.h"

/*
 * So many points more must contradict the old line than the new one before a step is believed, beyond what wrong matches account for. It is the
 * price of a step in wrong matches.
 */
#define STEP_PRICE 3

/* A walk over points [begin, end), into the future or into the past. */
struct walk {
	const struct clock_point *points;
	size_t begin, end;
	bool back;
	uint8_t *flag;
	uint8_t out, trial_out; /* the flags to use */
};

/* The line so far, and the line that the points since its first contradiction make. */
struct rivals {
	struct corridor old, new;
	size_t seen, out;       /* by the old line, before the new one began */
	size_t start, next;     /* where the new line began and where to walk on, in steps of the walk */
	size_t since, since_out, new_out;       /* points since then; those out by the old and by the new line */
	bool open;              /* there is a new line */
};

static size_t walk_index(const struct walk *w, size_t step)
{
	return w->back ? w->end - 1 - step : w->begin + step;
}

static int walk_add(const struct walk *w, struct corridor *c, size_t i)
{
	const struct clock_point *p = &w->points[i];

	return corridor_add(c, w->back ? -p->x_ns : p->x_ns, p->d_ns, p->upper);
}

/* Contradictions since the new line began that are put down to wrong matches at the rate seen before; 1 % until known better. */
static size_t expected_out(const struct rivals *r)
{
	return r->since * (r->out + 1) / (r->seen + 100);
}

static void close_rival(struct rivals *r)
{
	r->seen += r->since;
	r->out += r->since_out;
	r->since = r->since_out = r->new_out = 0;
	r->open = false;
}

static int open_rival(struct rivals *r, const struct walk *w, size_t step)
{
	corridor_clear(&r->new);
	r->open = true;
	r->start = step;
	r->since = r->since_out = 1;
	r->new_out = 0;
	w->flag[walk_index(w, step)] &= (uint8_t)~w->trial_out;
	return walk_add(w, &r->new, walk_index(w, step)) < 0 ? -1 : 0;
}

/* Points of one direction never contradict each other: many of them have to contradict the old line. */
static bool has_won(const struct rivals *r)
{
	bool one_way = r->new.points[UPPER] == 0 || r->new.points[LOWER] == 0;

	return r->since_out > r->new_out + STEP_PRICE + 4 * expected_out(r) && (!one_way || r->since_out * 4 >= r->since);
}

/* One more point for the new line. 1: it has won, the clock was set at r->start. */
static int contend(struct rivals *r, const struct walk *w, size_t step, bool out)
{
	size_t i = walk_index(w, step);
	int fits = walk_add(w, &r->new, i);

	if (fits < 0)
		return -1;
	w->flag[i] = (uint8_t)(fits ? w->flag[i] & ~w->trial_out : w->flag[i] | w->trial_out);
	r->since++;
	r->since_out += out;
	r->new_out += !fits;
	if (has_won(r))
		return 1;
	if (r->new_out >= r->since_out || (r->since >= 64 && r->since_out < 2 * expected_out(r))) {
		close_rival(r);
		return out && !fits ? open_rival(r, w, step) : 0;
	}
	/* The new line itself began with a wrong match: begin it anew. */
	if (r->new_out >= 2 && out && !fits) {
		close_rival(r);
		return open_rival(r, w, step);
	}
	return 0;
}

/* Walk on from r->next. 1: a step of the clock is found, and begins at r->start; 0: all walked. */
static int advance(struct rivals *r, const struct walk *w)
{
	for (size_t step = r->next; step < w->end - w->begin; step++) {
		size_t i = walk_index(w, step);
		int fits = walk_add(w, &r->old, i), rc = 0;
		if (fits < 0)
			return -1;
		w->flag[i] = (uint8_t)(fits ? w->flag[i] & ~w->out : w->flag[i] | w->out);
		if (r->open)
			rc = contend(r, w, step, !fits);
		else if (!fits)
			rc = open_rival(r, w, step);
		else
			r->seen++;
		r->next = step + 1;
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int push(struct cuts *cuts, struct stretch s)
{
	if (cuts->n == cuts->room) {
		size_t room = cuts->room ? cuts->room * 2 : 16;
		struct stretch *v = realloc(cuts->v, room * sizeof *v);
		if (!v)
			return -1;
		cuts->v = v;
		cuts->room = room;
	}
	cuts->v[cuts->n++] = s;
	return 0;
}

/* The new line has won: it is the old one from now on. */
static void take_over(struct rivals *r, uint8_t *flag)
{
	struct corridor won = r->new;

	for (size_t i = r->start; i < r->next; i++)
		flag[i] = flag[i] & TRIAL_OUT ? OUT : 0;
	r->new = r->old;
	r->old = won;
	r->seen = r->since;
	r->out = r->new_out;
	r->open = false;
}

/* At the very end a few points contradict and agree: too few to tell a step from wrong matches. */
static bool is_loose(const struct rivals *r)
{
	return r->open && r->since_out >= r->new_out + 2 && r->since_out * 4 >= r->since;
}

/* The longest stretches that fit, from the first point on: every cut is the latest possible. */
static int find_forward(struct rivals *r, const struct walk *w, size_t max, struct cuts *cuts)
{
	struct stretch s = { .end = w->end };
	int rc = 0;

	while (cuts->n + 1 < max && (rc = advance(r, w)) > 0) {
		s.end = s.sure_end = r->start;
		if (push(cuts, s) < 0)
			return -1;
		take_over(r, w->flag);
		s = (struct stretch){ .begin = r->start, .sure_begin = r->start };
	}
	if (rc < 0)
		return -1;
	if (cuts->n + 1 == max) {
		rc = advance(r, w);
		if (rc < 0)
			return -1;
		cuts->full = rc > 0;
	}
	s.end = s.sure_end = w->end;
	if (!cuts->full && is_loose(r))
		s.sure_end = r->start;
	return push(cuts, s);
}

/* The first point after a cut was taken for the first that contradicts what was before. Where it proved wrong itself, look for the next. */
static int settle_begin(struct corridor *c, const struct walk *w, const struct stretch *before, struct stretch *s)
{
	size_t i = s->begin;

	if (!(w->flag[i] & OUT))
		return 0;
	corridor_clear(c);
	for (size_t k = before->sure_begin; k < before->sure_end; k++)
		if (!w->flag[k] && walk_add(w, c, k) < 0)
			return -1;
	for (; i < s->sure_end; i++) {
		int fits = w->flag[i] ? 1 : walk_add(w, c, i);
		if (fits < 0)
			return -1;
		if (!fits)
			break;
	}
	if (i == s->sure_end)
		return 0;       /* no step after all: find_back() will see */
	for (s->sure_begin = i; i-- > s->begin;)
		w->flag[i] |= w->flag[i] ? 0 : DOUBT;
	return 0;
}

static int settle(struct corridor *c, const struct walk *w, struct cuts *cuts)
{
	for (size_t k = 1; k < cuts->n; k++)
		if (settle_begin(c, w, &cuts->v[k - 1], &cuts->v[k]) < 0)
			return -1;
	return 0;
}

static int begin_back(struct rivals *r, const struct walk *w, const struct stretch *s)
{
	corridor_clear(&r->old);
	r->seen = r->out = 0;
	for (size_t i = s->sure_end; i-- > s->sure_begin;) {
		r->seen++;
		if (w->flag[i] & OUT)
			r->out++;
		else if (walk_add(w, &r->old, i) < 0)
			return -1;
	}
	r->open = false;
	r->since = r->since_out = r->new_out = 0;
	return 0;
}

/* What the clock did between the first point that is surely later and the last that is surely earlier, nobody knows; most points stay. */
static void mark_doubt(struct stretch *s, size_t sure_end, uint8_t *flag)
{
	if ((sure_end - s->begin) * 2 < s->end - s->begin)
		return;
	s->sure_end = sure_end;
	for (size_t i = sure_end; i < s->end; i++)
		flag[i] = DOUBT;
}

/* From the last stretch back into the one before: as far as the line reaches there was no step; all through it, the two are one. */
static int find_back(struct rivals *r, struct walk w, struct cuts *cuts)
{
	struct stretch next = cuts->v[cuts->n - 1];
	size_t kept = cuts->n - 1;
	bool fresh = true;

	for (size_t k = cuts->n - 1; k-- > 0;) {
		struct stretch *s = &cuts->v[k];
		int rc;
		if (fresh && begin_back(r, &w, &next) < 0)
			return -1;
		w.begin = s->begin;
		w.end = s->end;
		if (r->open)
			close_rival(r);
		r->next = 0;
		rc = advance(r, &w);
		if (rc < 0)
			return -1;
		fresh = rc == 1;
		if (fresh) {
			mark_doubt(s, walk_index(&w, r->start) + 1, w.flag);
			cuts->v[kept--] = next;
			next = *s;
			continue;
		}
		for (size_t i = s->begin; i < s->end; i++)
			w.flag[i] = w.flag[i] & BACK_OUT ? OUT : 0;
		next.begin = s->begin;
		next.sure_begin = s->begin;
		if (k == 0 && is_loose(r))
			next.sure_begin = walk_index(&w, r->start) + 1;
	}
	cuts->v[kept] = next;
	cuts->n -= kept;
	for (size_t i = 0; i < cuts->n; i++)
		cuts->v[i] = cuts->v[kept + i];
	return 0;
}

static int clean(const struct clock_point *points, int64_t tol_ns, uint8_t *flag, struct cuts *cuts)
{
	for (size_t k = 0; k < cuts->n; k++) {
		struct stretch *s = &cuts->v[k];
		for (size_t i = s->begin; i < s->end; i++) {
			flag[i] &= OUT | DOUBT;
			if (!flag[i] && (i < s->sure_begin || i >= s->sure_end))
				flag[i] = DOUBT;
		}
		if (steps_blame(points, tol_ns, flag, s) < 0 || oneway_clean(points, tol_ns, flag, s) < 0)
			return -1;
		s->out = 0;
		for (size_t i = s->begin; i < s->end; i++)
			s->out += (flag[i] & OUT) != 0;
	}
	return 0;
}

int steps_find(const struct clock_point *points, size_t n, int64_t tol_ns, size_t max, uint8_t *flag, struct cuts *cuts)
{
	struct walk ahead = { points, 0, n, false, flag, OUT, TRIAL_OUT };
	struct walk back = { points, 0, n, true, flag, BACK_OUT, TRIAL_OUT };
	struct rivals r = { 0 };
	int rc = -1;

	corridor_init(&r.old, tol_ns);
	corridor_init(&r.new, tol_ns);
	cuts->n = 0;
	cuts->full = false;
	for (size_t i = 0; i < n; i++)
		flag[i] = 0;
	if (find_forward(&r, &ahead, max, cuts) < 0 || clean(points, tol_ns, flag, cuts) < 0)
		goto out;
	rc = settle(&r.old, &ahead, cuts);
	if (rc == 0 && cuts->n > 1) {
		rc = find_back(&r, back, cuts);
		if (rc == 0)
			rc = clean(points, tol_ns, flag, cuts);
		if (rc == 0)
			rc = settle(&r.old, &ahead, cuts);
	}
out:
	corridor_free(&r.old);
	corridor_free(&r.new);
	return rc;
}
