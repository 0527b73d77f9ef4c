#include "correlate/numbers.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define ASKED 64                /* packets of a point, spread over all it has, that are looked for at another ... */
#define FITTING 4               /* ... where no more than so many may be the same as one of them */
#define NEAR (1u << 20)         /* numbers this close are of one stream, seen in two windows; as for joins (join.c) */

/* By what a packet is known again, while its number is not: the number is asked of the bytes that it carries, or of what it acknowledges. */
enum known_by { BY_PAYLOAD, BY_PLACE, BY_PLACE_AND_ID, KNOWN_BY };

/* Of which direction are the numbers asked, and how? */
struct asking {
	const struct conn *c;
	int dir;
	enum known_by by;
};

struct sample {
	uint64_t key;
	uint32_t number;
	unsigned fitting;
	uint32_t other[FITTING];        /* numbers of those that fit */
};

/* Has the packet a number of the direction? A reset and what a SYN does not acknowledge have their own. */
static bool numbered(const struct pkt *p, int dir)
{
	if (p->copy || p->flags & (SEG_ICMP | SEG_LATER | TCP_RST))
		return false;
	return p->dir == dir || p->flags & TCP_ACK;
}

static uint32_t number_of(const struct pkt *p, int dir)
{
	return p->dir == dir ? p->seq : p->ack;
}

/* 0: not to be known again this way. */
static uint64_t key_of(const struct asking *a, const struct pkt *p)
{
	uint32_t flags = p->flags & (TCP_SYN | TCP_FIN | TCP_ACK);
	uint32_t k[6] = { p->dir, p->len, flags, p->seq, 0, 0 };

	if (!numbered(p, a->dir))
		return 0;
	if (a->by == BY_PAYLOAD) {
		k[3] = p->payload;
		return p->dir == a->dir && p->len && p->has_payload && !p->partial ? XXH3_64bits(k, sizeof k) | 1 : 0;
	}
	if (a->by == BY_PLACE_AND_ID) {
		k[4] = p->ip_id;
		k[5] = p->flags & SEG_TS ? p->tsval : 0;
	}
	return p->dir == a->dir || p->flags & TCP_SYN || (a->by == BY_PLACE_AND_ID && !k[4] && !k[5]) ? 0 : XXH3_64bits(k, sizeof k) | 1;
}

static int by_key(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* Packets of a point, evenly over all it has, by key; equal ones with equal numbers once (repeats), others not at all. */
static unsigned take_samples(const struct asking *a, unsigned point, struct sample *s)
{
	const struct conn *c = a->c;
	uint32_t all = 0, seen = 0;
	unsigned n = 0, kept = 0;

	for (uint32_t i = c->at[point]; i < c->at[point + 1]; i++)
		all += key_of(a, &c->pkt[i]) != 0;
	for (uint32_t i = c->at[point]; i < c->at[point + 1] && n < ASKED; i++) {
		uint64_t key = key_of(a, &c->pkt[i]);
		if (key && (uint64_t)seen++ * ASKED >= (uint64_t)n * all)
			s[n++] = (struct sample){ .key = key, .number = number_of(&c->pkt[i], a->dir) };
	}
	qsort(s, n, sizeof *s, by_key);
	for (unsigned i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && s[k].key == s[i].key; k++)
			;
		if (s[k - 1].number == s[i].number)
			s[kept++] = s[i];
	}
	return kept;
}

static struct sample *find(struct sample *s, unsigned n, uint64_t key)
{
	struct sample wanted = { .key = key };
	unsigned lo = 0, hi = n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		if (s[mid].key < wanted.key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && s[lo].key == key ? &s[lo] : NULL;
}

/* Which of the other point's packets are the same as one of the samples? */
static void look_for(const struct asking *a, struct sample *s, unsigned n, unsigned other)
{
	const struct conn *c = a->c;

	for (uint32_t i = c->at[other]; i < c->at[other + 1]; i++) {
		uint64_t key = key_of(a, &c->pkt[i]);
		struct sample *x = key ? find(s, n, key) : NULL;
		uint32_t number = number_of(&c->pkt[i], a->dir);
		bool again = false;
		for (unsigned k = 0; x && k < x->fitting && k < FITTING; k++)
			again |= x->other[k] == number;
		if (!x || again)
			continue;
		if (x->fitting < FITTING)
			x->other[x->fitting] = number;
		x->fitting++;
	}
}

/*
 * The difference that most agree on: two at least, more than half of those that anything fits, and twice as many as on any other. What repeats itself
 * (a request again and again) is found at many distances.
 */
static bool agreed(const struct sample *s, unsigned n, uint32_t *shift)
{
	unsigned best = 0, second = 0, sure = 0;

	for (unsigned i = 0; i < n; i++) {
		if (s[i].fitting == 0 || s[i].fitting > FITTING)
			continue;
		sure++;
		for (unsigned k = 0; k < s[i].fitting; k++) {
			uint32_t d = s[i].number - s[i].other[k];
			unsigned same = 0;
			for (unsigned j = 0; j < n; j++)
				for (unsigned m = 0; m < s[j].fitting && s[j].fitting <= FITTING; m++)
					same += s[j].number - s[j].other[m] == d;
			if (best && d == *shift)
				continue;
			if (same > best) {
				second = best;
				best = same;
				*shift = d;
			} else if (same > second) {
				second = same;
			}
		}
	}
	return best > 1 && best * 2 > sure && best >= second * 2;
}

/* From what the two points have in common. */
static bool by_packets(struct conn *c, int dir, unsigned point, unsigned other, uint64_t open, uint32_t *shift)
{
	struct asking a = { .c = c, .dir = dir };
	struct sample s[ASKED];

	for (a.by = 0; a.by < KNOWN_BY; a.by++) {
		/* A place in the other direction, whose numbers are known at both. */
		if (a.by != BY_PAYLOAD && (open >> point & 1 || open >> other & 1))
			continue;
		unsigned n = take_samples(&a, point, s);
		look_for(&a, s, n, other);
		if (agreed(s, n, shift))
			return true;
	}
	return false;
}

/* The numbers of a direction at a point, as it recorded them: from where to where? */
static bool span(const struct conn *c, int dir, unsigned point, uint32_t *low, uint32_t *high)
{
	bool any = false;

	for (uint32_t i = c->at[point]; i < c->at[point + 1]; i++) {
		uint32_t v = number_of(&c->pkt[i], dir) + c->shift[point][dir];
		if (!numbered(&c->pkt[i], dir))
			continue;
		*low = !any || seq_before(v, *low) ? v : *low;
		*high = !any || seq_before(*high, v) ? v : *high;
		any = true;
	}
	return any;
}

/* Numbers that lie where another point's do are the same: chance puts them that close in one of a thousand connections. */
static bool by_neighbourhood(const struct conn *c, int dir, unsigned point, unsigned other)
{
	uint32_t low, high, l, h;

	return span(c, dir, point, &low, &high) && span(c, dir, other, &l, &h) && (int32_t)(low - h) <= (int32_t)NEAR && (int32_t)(l - high) <= (int32_t)NEAR;
}

/* As conn_close_point does with those that it knows. */
static void take_off(struct conn *c, unsigned point, int dir, uint32_t shift)
{
	c->shift[point][dir] = shift;
	for (uint32_t i = c->at[point]; shift && i < c->at[point + 1]; i++) {
		struct pkt *p = &c->pkt[i];
		bool own = p->dir == (p->flags & SEG_ICMP ? !dir : dir);
		if (own && !(p->flags & SEG_LATER))
			p->seq -= shift;
		else if (!own && p->flags & TCP_ACK)
			p->ack -= shift;
	}
}

/* Against the points whose shift is known, nearest first. */
static bool settle(struct conn *c, int dir, unsigned point, const uint64_t *open, uint64_t known)
{
	unsigned n = c->facts->points;
	uint32_t shift = 0;

	for (int neighbourhood = 0; neighbourhood < 2; neighbourhood++)
		for (unsigned k = 2; k < 2 * n; k++) {
			unsigned other = k & 1 ? point + k / 2 : point - k / 2;
			if (other >= n || !(known >> other & 1))
				continue;
			if (neighbourhood ? by_neighbourhood(c, dir, point, other) : by_packets(c, dir, point, other, open[!dir], &shift)) {
				take_off(c, point, dir, neighbourhood ? c->shift[other][dir] : shift);
				return true;
			}
		}
	return false;
}

static uint64_t with_numbers(const struct conn *c, int dir, bool initial)
{
	uint64_t set = 0;
	uint32_t low, high;

	for (unsigned p = 0; p < c->facts->points; p++)
		if (c->flow[p] && (initial ? c->flow[p]->has_isn[dir] : !c->flow[p]->has_isn[dir] && span(c, dir, p, &low, &high)))
			set |= 1ull << p;
	return set;
}

void numbers_find(struct conn *c)
{
	uint64_t open[2], known[2];
	bool more = true;

	for (int d = 0; d < 2; d++) {
		known[d] = with_numbers(c, d, true);
		open[d] = with_numbers(c, d, false);
		/* No point saw it begin: counted as the first one has it. */
		if (!known[d]) {
			known[d] = open[d] & -open[d];
			open[d] &= ~known[d];
		}
	}
	while (more) {
		more = false;
		for (int d = 0; d < 2; d++)
			for (unsigned p = 0; p < c->facts->points; p++)
				if (open[d] >> p & 1 && settle(c, d, p, open, known[d])) {
					open[d] &= ~(1ull << p);
					known[d] |= 1ull << p;
					more = true;
				}
	}
	for (int d = 0; d < 2; d++)
		c->foreign[d] = open[d];
}
