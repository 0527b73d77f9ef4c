#include "correlate/pattern.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/chance.h"

#define FEWEST 3                /* connections, that were hit and that passed */
#define SPREAD 5                /* ... before it is said that nothing tells them apart */
#define ATOMS_MOST 3            /* in one description */
#define LIKELY_CHANCE (-3.0)    /* log10: claimed, once more for every further atom */
#define POSSIBLE_CHANCE (-0.8)  /* log10, without the many descriptions that might have been: said as what these captures hold */

/* Which descriptions shut out everything that passed: how many rows that passed have all the atoms of a set. */
struct masks {
	uint32_t passed[1u << ATOMS];
};

static uint32_t mask_of(const struct pattern_hull *h, const struct pattern_row *r)
{
	uint32_t mask = 0;

	for (unsigned a = 0; a < ATOMS; a++)
		mask |= h->atoms >> a & 1 && pattern_within(h, r, 1u << a) ? 1u << a : 0;
	return mask;
}

static void masks_fill(struct masks *m, const struct pattern_rows *k, const struct pattern_hull *h)
{
	memset(m, 0, sizeof *m);
	for (uint32_t i = 0; i < k->n; i++)
		if (k->row[i].hit != HIT_ALL)
			m->passed[mask_of(h, &k->row[i])]++;
	/* From "exactly these atoms" to "these and any others". */
	for (unsigned a = 0; a < ATOMS; a++)
		for (uint32_t s = 0; s < 1u << ATOMS; s++)
			if (!(s >> a & 1))
				m->passed[s] += m->passed[s | 1u << a];
}

static unsigned atoms_in(uint32_t set)
{
	return (unsigned)__builtin_popcount(set);
}

struct totals {
	uint32_t n, hit, passed;        /* rows; hit for good; not hit */
};

static struct totals total(const struct pattern_rows *k)
{
	struct totals t = {0};

	for (uint32_t i = 0; i < k->n; i++) {
		t.n += !k->row[i].pattern;
		t.hit += !k->row[i].pattern && k->row[i].hit == HIT_ALL;
		t.passed += k->row[i].hit == HIT_NONE;
	}
	return t;
}

/* How likely by chance is it that a description like this one covers `chosen` rows that were hit and none that passed? */
static double chance_of(const struct pattern_hull *h, const struct totals *t, uint32_t chosen, uint32_t set, bool all)
{
	double chance = chance_fisher(t->n, t->hit, chosen, chosen);

	for (unsigned a = 0; a < ATOMS; a++)
		chance += set >> a & 1 ? h->ways[a] : 0;
	return chance + (all ? chance_ways(ATOMS, atoms_in(set)) : 0);
}

/* What a description is about: a prefix and a set of addresses are the same. */
static uint32_t subject(uint32_t set)
{
	uint32_t sets = set & (1u << ATOM_CLIENTS | 1u << ATOM_SERVERS), rest = set & ~sets;

	rest |= sets >> ATOM_CLIENTS & 1 ? 1u << ATOM_CLIENT : 0;
	return rest | (sets >> ATOM_SERVERS & 1 ? 1u << ATOM_SERVER : 0);
}

/* Is the subject said already? */
static bool said(const struct pattern *p, uint32_t set)
{
	bool again = subject(set) == subject(p->atoms);

	for (unsigned i = 0; i < p->others; i++)
		again |= subject(set) == subject(p->other[i]);
	return again;
}

/*
 * Who was hit waits and repeats: at the end only such connections are left, and "since" is no chance then, but no policy either. Only those that began in
 * that time can tell.
 */
static bool outlasts(const struct pattern_rows *k, const struct pattern_hull *h, const struct totals *t, uint32_t set)
{
	uint32_t begun = 0;

	if (!k->late || (set & (1u << ATOM_TIME | 1u << ATOM_BEGUN)) == 0)
		return false;
	for (uint32_t i = 0; i < k->n; i++)
		begun += k->row[i].chosen && k->row[i].start_ns >= h->from_ns;
	return chance_of(h, t, begun, set, true) > LIKELY_CHANCE;
}

/* The best description of the chosen rows, and others that are as short. false: there is none that is worth saying. */
static bool exact(const struct pattern_rows *k, const struct masks *m, uint32_t chosen, struct pattern *p)
{
	struct totals t = total(k);

	if (chosen < FEWEST || t.passed < FEWEST)
		return false;
	for (unsigned size = 1; size <= ATOMS_MOST && !p->atoms; size++)
		for (uint32_t set = 1; set < 1u << ATOMS; set++) {
			double chance;

			if (atoms_in(set) != size || (set & p->hull.atoms) != set || m->passed[set] > 0)
				continue;
			chance = chance_of(&p->hull, &t, chosen, set, true);
			/* What takes several words to describe can be described too easily. */
			if (chance > LIKELY_CHANCE * size && (size > 1 || chance_of(&p->hull, &t, chosen, set, false) > POSSIBLE_CHANCE))
				continue;
			if (!p->atoms) {
				p->atoms = set;
				p->chance = chance < 0 ? chance : 0;
				p->confidence = chance <= LIKELY_CHANCE * size && !outlasts(k, &p->hull, &t, set) ? LIKELY : POSSIBLE;
			} else if (p->others < PATTERN_ALTERNATIVES && !said(p, set) &&
			    !(p->confidence == LIKELY && outlasts(k, &p->hull, &t, set))) {
				p->other[p->others++] = set;
			}
		}
	return p->atoms != 0;
}

/* Everything of the class but when. */
static bool such(const struct pattern *p, const struct pattern_row *r)
{
	return pattern_within(&p->hull, r, p->atoms & ~(1u << ATOM_TIME));
}

static void count_row(struct pattern *p, const struct pattern_row *r)
{
	bool hit = r->hit != HIT_NONE, timed = p->atoms >> ATOM_TIME & 1;

	if (pattern_within(&p->hull, r, p->atoms)) {
		p->of++;
		p->hit += hit;
		p->undecided += hit && !r->claimed;
		p->part += r->hit == HIT_PART;
		if (hit && r->from_ns < p->from_ns)
			p->from_ns = r->from_ns;
		if (hit && r->to_ns > p->to_ns)
			p->to_ns = r->to_ns;
	} else if (timed && such(p, r) && r->to_ns < p->hull.from_ns) {
		p->before++;
		p->before_hit += hit;
	} else if (timed && such(p, r)) {
		p->after++;
		p->after_hit += hit;
	} else {
		p->rest++;
		p->rest_hit += hit;
	}
}

/* Count the class and mark its rows as number `number`. */
static void settle(struct pattern_rows *k, struct pattern *p, unsigned number)
{
	p->from_ns = INT64_MAX;
	p->to_ns = INT64_MIN;
	for (uint32_t i = 0; i < k->n; i++) {
		struct pattern_row *r = &k->row[i];
		count_row(p, r);
		if (r->hit != HIT_NONE && !r->pattern && pattern_within(&p->hull, r, p->atoms))
			r->pattern = (uint8_t)number;
	}
	/* Of what may not have happened at all nothing is claimed. */
	if (p->undecided == p->hit)
		p->confidence = POSSIBLE;
}

/* Rows that were hit for good, belong to no pattern, and have an atom (atoms 0: all). */
static uint32_t choose(struct pattern_rows *k, const struct pattern_hull *h, uint32_t atoms)
{
	uint32_t chosen = 0;

	for (uint32_t i = 0; i < k->n; i++) {
		struct pattern_row *r = &k->row[i];
		r->chosen = r->hit == HIT_ALL && !r->pattern && pattern_within(h, r, atoms);
		chosen += r->chosen;
	}
	return chosen;
}

/* Is there a description of the chosen rows alone? */
static int describe(struct pattern_rows *k, struct masks *m, uint32_t chosen, struct pattern *p, struct err *e)
{
	memset(p, 0, sizeof *p);
	if (chosen < FEWEST)
		return 0;
	if (pattern_hull(k, &p->hull, e) < 0)
		return -1;
	masks_fill(m, k, &p->hull);
	p->state = PATTERN_ALL;
	return exact(k, m, chosen, p);
}

/* 1: a pattern; 0: no more; -1: out of memory. */
static int next(struct pattern_rows *k, struct masks *m, struct pattern *p, struct err *e)
{
	struct pattern_hull seed;
	double chance;
	int rc = describe(k, m, choose(k, &seed, 0), p, e);

	if (rc != 0)
		return rc;
	chance = pattern_seed(k, false, &seed);
	if (isnan(chance))
		return err_set(e, "out of memory");
	if (chance < LIKELY_CHANCE && (rc = describe(k, m, choose(k, &seed, seed.atoms), p, e)) != 0)
		return rc;
	if (!k->single)
		return 0;
	chance = pattern_seed(k, true, &seed);
	if (isnan(chance))
		return err_set(e, "out of memory");
	if (chance >= LIKELY_CHANCE)
		return 0;
	*p = (struct pattern){ .state = PATTERN_MORE, .confidence = LIKELY, .hull = seed, .atoms = seed.atoms, .chance = chance };
	return 1;
}

/* Where segments above a length were lost and only shorter ones passed, a connection that went on with short ones is no exception. */
static void settle_sizes(struct pattern_rows *k)
{
	uint32_t lost = UINT32_MAX, passed = 0;

	for (uint32_t i = 0; i < k->n; i++) {
		const struct pattern_row *r = &k->row[i];
		lost = r->hit != HIT_NONE && r->lost_len < lost ? r->lost_len : lost;
		passed = r->passed_len > passed ? r->passed_len : passed;
	}
	for (uint32_t i = 0; k->sized && lost > passed && passed > 0 && i < k->n; i++)
		k->row[i].hit = k->row[i].hit == HIT_PART ? HIT_ALL : k->row[i].hit;
}

/* What is left, and belongs to no class. */
struct leftover {
	uint32_t hit, part, passed, claimed;    /* part, claimed: of those hit; passed: of all */
};

static struct leftover count_leftover(const struct pattern_rows *k)
{
	struct leftover l = {0};

	for (uint32_t i = 0; i < k->n; i++) {
		const struct pattern_row *r = &k->row[i];
		l.passed += r->hit == HIT_NONE;
		if (r->hit == HIT_NONE || r->pattern)
			continue;
		l.hit++;
		l.part += r->hit == HIT_PART;
		l.claimed += r->claimed;
	}
	return l;
}

/* Some of all: of packets that every connection sends many of, and many kinds, that says little. */
static bool is_spread(const struct pattern_rows *k, const struct leftover *l)
{
	return l->claimed > 0 && l->hit >= SPREAD && l->passed >= SPREAD && (!k->lasting || k->sized);
}

/* All there are, for good; or all of their first packets. */
static bool is_every(const struct pattern_rows *k, const struct leftover *l)
{
	return l->claimed > 0 && l->hit >= FEWEST && l->passed == 0 && (l->part == 0 || (l->part == l->hit && k->single));
}

/* Is that worth a line? It is pattern `number`, then, and the rows are marked. */
static bool leftover(struct pattern_rows *k, unsigned number, struct pattern *p)
{
	struct leftover l = count_leftover(k);

	*p = (struct pattern){ .confidence = LIKELY, .state = l.passed ? PATTERN_SPREAD : PATTERN_EVERY, .from_ns = INT64_MAX, .to_ns = INT64_MIN };
	if (!is_spread(k, &l) && !(number == 1 && is_every(k, &l)))
		return false;
	for (uint32_t i = 0; i < k->n; i++) {
		struct pattern_row *r = &k->row[i];
		if (r->pattern)
			continue;
		count_row(p, r);
		r->pattern = (uint8_t)(r->hit != HIT_NONE ? number : 0);
	}
	return true;
}

/* Nothing but doubt, and that from some time on: when captures began and ended is no pattern of what they hold. Its rows are done with. */
static bool capture_s_own(const struct pattern *p)
{
	return p->undecided == p->hit && (p->atoms & ~(1u << ATOM_TIME | 1u << ATOM_BEGUN | 1u << ATOM_SILENCE)) == 0;
}

static void set_aside(struct pattern_rows *k, unsigned number)
{
	for (uint32_t i = 0; i < k->n; i++)
		k->row[i].pattern = k->row[i].pattern == number ? PATTERN_NONE : k->row[i].pattern;
}

int pattern_find(struct pattern_rows *k, struct pattern *out, struct err *e)
{
	struct masks *m = malloc(sizeof *m);
	unsigned n = 0;
	int rc = 1;

	if (!m)
		return err_set(e, "out of memory");
	settle_sizes(k);
	while (rc == 1 && n + 1 < PATTERNS_MAX) {
		rc = next(k, m, &out[n], e);
		if (rc != 1)
			break;
		settle(k, &out[n], n + 1);
		if (capture_s_own(&out[n]))
			set_aside(k, n + 1);
		else
			n++;
	}
	free(m);
	if (rc < 0)
		return -1;
	n += leftover(k, n + 1, &out[n]);
	return (int)n;
}
