#include "correlate/shifts.h"

#include <string.h>

#include "correlate/numbers.h"

#define ASKED 12                /* packets of the first point that are looked for, by direction ... */
#define AMONG 40                /* ... among the first ones of the other */
#define PAIRS (ASKED * 4)

/* Whose timestamps are compared? */
struct question {
	const struct conn *c;
	int dir;
};

static bool is_sign(const struct question *a, const struct pkt *p)
{
	if (p->dir != a->dir || p->copy || p->flags & (SEG_ICMP | SEG_LATER | TCP_RST))
		return false;
	return p->flags & SEG_TS && (p->len || p->flags & (TCP_SYN | TCP_FIN));
}

static bool same_place(const struct pkt *p, const struct pkt *q)
{
	return p->seq == q->seq && p->len == q->len && !((p->flags ^ q->flags) & (TCP_SYN | TCP_FIN | TCP_ACK));
}

/* How far values at `point` are from those at `base`, for all packets that might be the same. sure: those that have something to be the same as. */
static unsigned differences(const struct question *a, unsigned base, unsigned point, uint32_t *d, unsigned *sure)
{
	const struct conn *c = a->c;
	unsigned n = 0, asked = 0;

	*sure = 0;
	for (uint32_t i = c->at[base]; i < c->at[base + 1] && asked < ASKED; i++) {
		const struct pkt *p = &c->pkt[i];
		unsigned before = n;
		if (!is_sign(a, p))
			continue;
		asked++;
		for (uint32_t k = c->at[point], seen = 0; k < c->at[point + 1] && seen < AMONG && n < PAIRS; k++) {
			const struct pkt *q = &c->pkt[k];
			if (!is_sign(a, q))
				continue;
			seen++;
			if (same_place(p, q))
				d[n++] = q->tsval - p->tsval;
		}
		*sure += n > before;
	}
	return n;
}

/*
 * The one that most packets agree on. A repeat has the place of what it repeats, and another TSval: if any two are as far apart as the points' others
 * (`kept`), nothing was moved between them; and one pair alone, or repeats at regular times, may be packets and their repeats.
 */
static bool shift_of(const uint32_t *d, unsigned n, unsigned sure, uint32_t kept, uint32_t *shift)
{
	unsigned best = 0;
	bool tie = false;

	for (unsigned i = 0; i < n; i++) {
		unsigned same = 0;
		if (d[i] == kept) {
			*shift = kept;
			return true;
		}
		for (unsigned k = 0; k < n; k++)
			same += d[k] == d[i];
		tie = same > best ? false : tie || (same == best && d[i] != *shift);
		if (same > best) {
			best = same;
			*shift = d[i];
		}
	}
	return best > 1 && best * 2 > sure && !tie;
}

static void take_off_stamps(struct conn *c, unsigned point, int dir, uint32_t shift)
{
	c->stamp_shift[point][dir] = shift;
	for (uint32_t i = c->at[point]; i < c->at[point + 1]; i++) {
		struct pkt *p = &c->pkt[i];
		if (!(p->flags & SEG_TS) || p->flags & (SEG_ICMP | SEG_LATER))
			continue;
		if (p->dir == dir)
			p->tsval -= shift;
		else if (p->flags & TCP_ACK && p->tsecr)
			p->tsecr -= shift;
	}
}

static bool has_stamp(const struct pkt *p, int dir)
{
	return p->dir == dir && p->flags & SEG_TS && !p->copy && !(p->flags & (SEG_ICMP | SEG_LATER | TCP_RST));
}

/* The first point that has some of what is asked for, or any timestamp; n: none has. */
static unsigned first_with(const struct question *a, unsigned n, bool any)
{
	for (unsigned p = 0; p < n; p++)
		for (uint32_t i = a->c->at[p]; i < a->c->at[p + 1]; i++)
			if (any ? has_stamp(&a->c->pkt[i], a->dir) : is_sign(a, &a->c->pkt[i]))
				return p;
	return n;
}

/*
 * Has the point any packet that is the other's to the timestamp, an acknowledgment without data if need be? What a device adds is not there by chance. (Of
 * two that differ nothing can be said: acknowledgments are repeated at any time.)
 */
static bool alike(const struct question *a, unsigned other, unsigned point)
{
	const struct conn *c = a->c;

	for (uint32_t k = c->at[point], asked = 0; k < c->at[point + 1] && asked < ASKED; k++) {
		const struct pkt *q = &c->pkt[k];
		if (!has_stamp(q, a->dir))
			continue;
		asked++;
		for (uint32_t i = c->at[other]; i < c->at[other + 1]; i++) {
			const struct pkt *p = &c->pkt[i];
			if (has_stamp(p, a->dir) && same_place(p, q) && p->ack == q->ack && q->tsval - p->tsval == c->stamp_shift[other][a->dir])
				return true;
		}
	}
	return false;
}

/* Against one of the points whose shift is known, nearest first. */
static bool settle(struct conn *c, int dir, unsigned point, uint64_t known)
{
	const struct question a = { c, dir };
	unsigned n = c->facts->points, sure;
	uint32_t d[PAIRS], shift = 0;

	for (unsigned k = 2; k < 2 * n; k++) {
		unsigned other = k & 1 ? point + k / 2 : point - k / 2;
		if (other >= n || !(known >> other & 1))
			continue;
		unsigned all = differences(&a, other, point, d, &sure);
		if (!shift_of(d, all, sure, c->stamp_shift[other][dir], &shift)) {
			if (!alike(&a, other, point))
				continue;
			shift = c->stamp_shift[other][dir];
		}
		take_off_stamps(c, point, dir, shift);
		return true;
	}
	return false;
}

static uint64_t with_stamps(const struct conn *c, int dir)
{
	uint64_t set = 0;

	for (uint32_t i = 0; i < c->pkts; i++)
		if (has_stamp(&c->pkt[i], dir))
			set |= 1ull << c->pkt[i].point;
	return set;
}

/* A capture that missed most of what the first one has may have more in common with others. */
static void find_stamps(struct conn *c, int dir)
{
	const struct question a = { c, dir };
	unsigned n = c->facts->points, base = first_with(&a, n, false);
	uint64_t known;

	base = base < n ? base : first_with(&a, n, true);
	if (base == n)
		return;
	known = 1ull << base;
	c->unsettled[dir] = with_stamps(c, dir) & ~known;

	for (bool more = true; more;) {
		more = false;
		for (unsigned p = 0; p < n; p++)
			if (c->unsettled[dir] >> p & 1 && settle(c, dir, p, known)) {
				known |= 1ull << p;
				c->unsettled[dir] &= ~known;
				more = true;
			}
	}
}

static bool moves_stamps(const struct conn *c)
{
	for (unsigned p = 0; p < c->facts->points; p++)
		if (c->stamp_shift[p][C2S] || c->stamp_shift[p][S2C])
			return true;
	return false;
}

void shifts_find(struct conn *c)
{
	numbers_find(c);
	for (int dir = 0; dir < 2; dir++)
		find_stamps(c, dir);
	/* Without a device that moves any, a timestamp that differs is a repeat's. */
	if (!moves_stamps(c))
		memset(c->unsettled, 0, sizeof c->unsettled);
}
