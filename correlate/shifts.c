#include "correlate/shifts.h"

#define ASKED 12                /* packets of the first point that are looked for, by direction ... */
#define AMONG 40                /* ... among the first ones of the other */
#define PAIRS (ASKED * 4)

/* Of what is the difference asked? Timestamps of a direction, or the acknowledgments that answer it. */
struct question {
	const struct conn *c;
	int dir;                /* whose packets are looked at */
	bool stamps;
};

static bool is_sign(const struct question *a, const struct pkt *p)
{
	if (p->dir != a->dir || p->copy || p->flags & (SEG_ICMP | SEG_LATER | TCP_RST))
		return false;
	return a->stamps ? p->flags & SEG_TS && (p->len || p->flags & (TCP_SYN | TCP_FIN)) : p->flags & TCP_ACK && !(p->flags & TCP_SYN);
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
				d[n++] = a->stamps ? q->tsval - p->tsval : q->ack - p->ack;
		}
		*sure += n > before;
	}
	return n;
}

/*
 * The one that most packets agree on. A repeat has the place of what it repeats, and another TSval: if any two are equal, nothing was moved; and one pair
 * alone, or repeats at regular times, may be packets and their repeats.
 */
static uint32_t shift_of(const uint32_t *d, unsigned n, unsigned sure)
{
	unsigned best = 0, at = 0;
	bool tie = false;

	for (unsigned i = 0; i < n; i++) {
		unsigned same = 0;
		if (d[i] == 0)
			return 0;
		for (unsigned k = 0; k < n; k++)
			same += d[k] == d[i];
		tie = same > best ? false : tie || (same == best && d[i] != d[at]);
		if (same > best) {
			best = same;
			at = i;
		}
	}
	return best > 1 && best * 2 > sure && !tie ? d[at] : 0;
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

/* As conn_close_point does with those that it knows. */
static void take_off_numbers(struct conn *c, unsigned point, int dir, uint32_t shift)
{
	c->shift[point][dir] = shift;
	for (uint32_t i = c->at[point]; i < c->at[point + 1]; i++) {
		struct pkt *p = &c->pkt[i];
		bool own = p->dir == (p->flags & SEG_ICMP ? !dir : dir);
		if (own && !(p->flags & SEG_LATER))
			p->seq -= shift;
		else if (!own && p->flags & TCP_ACK)
			p->ack -= shift;
	}
}

/* The first point that has some of what is asked for, n: none has. */
static unsigned first_with(const struct question *a, unsigned n)
{
	for (unsigned p = 0; p < n; p++)
		for (uint32_t i = a->c->at[p]; i < a->c->at[p + 1]; i++)
			if (is_sign(a, &a->c->pkt[i]))
				return p;
	return n;
}

static void find_stamps(struct conn *c, int dir)
{
	const struct question a = { c, dir, true };
	unsigned n = c->facts->points, base = first_with(&a, n), sure;
	uint32_t d[PAIRS];

	for (unsigned p = base + 1; p < n; p++) {
		unsigned all = differences(&a, base, p, d, &sure);
		uint32_t shift = shift_of(d, all, sure);
		if (shift)
			take_off_stamps(c, p, dir, shift);
	}
}

/* What the other direction acknowledges is shifted by as much. Only a device that shifts that one, too, is suspected of it. */
static void find_numbers(struct conn *c, int dir)
{
	const struct question a = { c, !dir, false };
	unsigned n = c->facts->points, base = 0, sure;
	uint32_t d[PAIRS];

	while (base < n && !(c->flow[base] && c->flow[base]->has_isn[dir]))
		base++;
	for (unsigned p = 0; p < n && base < n; p++) {
		if (!c->flow[p] || c->flow[p]->has_isn[dir] || c->shift[p][!dir] == c->shift[base][!dir])
			continue;
		unsigned all = differences(&a, base, p, d, &sure);
		uint32_t shift = shift_of(d, all, sure);
		if (shift)
			take_off_numbers(c, p, dir, shift);
	}
}

void shifts_find(struct conn *c)
{
	for (int dir = 0; dir < 2; dir++)
		find_numbers(c, dir);
	for (int dir = 0; dir < 2; dir++)
		find_stamps(c, dir);
}
