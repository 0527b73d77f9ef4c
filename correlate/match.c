#include "correlate/match.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "correlate/copies.h"
#include "correlate/damage.h"
#include "correlate/datagram.h"
#include "correlate/shifts.h"
#include "correlate/syn_proxy.h"
#include "schema/array.h"
#include "schema/octets.h"

#define EPS_NS 1000000          /* time stamps are taken before the queue of a network card, interrupts are held back, clocks wander */
#define DELAY_MAX_NS 10000000000        /* no packet is longer on its way, if everything about it is equal */
#define DELAY_WEAK_NS 1000000000        /* ... if something differs */
#define SOON_NS 1000000         /* delays of one hop and direction hardly vary by less than this */
#define ALIGN_CELLS 1000000     /* identical packets: up to this many pairs are aligned at least cost, more in order of time */
#define UNMATCHED_COST 12.0     /* of leaving a packet alone, in units of jitter */
#define LEVELS 5
#define BLIND 4                 /* the level that does without sequence numbers */
#define TORN 5                  /* behind all levels: datagrams that lost a fragment, whose length is not known */
#define DAMAGED 6               /* ... and packets of which a field was changed on the way by accident */
#define DAMAGED_LOOK 256        /* transmissions before a damaged packet that are looked at for what it was */

/* What is still alone. Those with one key hang together: at the first of them, in any order. */
struct alone {
	uint64_t key;
	uint32_t index;         /* of a transmission; behind the first matcher.befores, of a packet */
	uint32_t next;          /* NOTHING: the last one of its key */
};

/* One of a class of equal ones. */
struct entry {
	int64_t t;
	uint32_t index;         /* of a packet or a transmission */
};

struct matcher {
	struct conn *c;
	unsigned dir, at;       /* position on the way */
	unsigned point;
	int level;
	bool torn;              /* some point has part of a datagram */
	bool copies;            /* there are copies */
	bool damaged;           /* there are damaged packets */
	unsigned kept_from;     /* position from which on IP IDs of this connection came through to this point; `at`: from none */
	uint32_t kept[POINTS_MAX];      /* by position: how many came through from there */
	uint32_t with_id;       /* packets of the point that have one */
	uint32_t tx_from;       /* first transmission of this direction */
	struct alone *alone;
	uint32_t alones, befores;       /* those before are transmissions */
	uint32_t *table;        /* the first one of a key + 1, 0: none */
	uint32_t mask;
	struct entry *entry[2]; /* of a class: transmissions, packets */
	uint32_t room[2];
	double *cost;           /* dynamic programming */
	size_t cost_room;
	struct err *e;
};

/* ---- transmissions ---- */

static int room_for_tx(struct conn *c, struct err *e)
{
	if (c->txs < c->tx_room)
		return 0;
	uint32_t room = c->tx_room ? c->tx_room * 2 : 64;
	struct tx *t = realloc(c->tx, room * sizeof *t);
	if (!t)
		return err_set(e, "out of memory");
	c->tx = t;
	uint32_t *s = realloc(c->sight, (size_t)room * c->facts->points * sizeof *s);
	if (!s)
		return err_set(e, "out of memory");
	c->sight = s;
	c->tx_room = room;
	return 0;
}

static int new_tx(struct matcher *m, uint32_t pkt)
{
	struct conn *c = m->c;
	const struct pkt *p = &c->pkt[pkt];

	if (room_for_tx(c, m->e) < 0)
		return -1;
	struct tx *x = &c->tx[c->txs];
	memset(x, 0, sizeof *x);
	x->t = p->t;
	x->first = pkt;
	x->dir = (uint8_t)m->dir;
	x->what = (uint8_t)pkt_what(p);
	x->from = x->to = (uint8_t)m->at;
	x->single = true;
	x->repeats = x->repeated_by = x->origin = x->upto = x->into = NOTHING;
	x->units = 1;
	uint32_t *s = conn_sight(c, c->txs);
	for (unsigned i = 0; i < c->facts->points; i++)
		s[i] = NOTHING;
	s[m->point] = pkt;
	c->pkt[pkt].tx = c->txs++;
	return 0;
}

/* The sighting of a transmission that is nearest to where the matcher stands. */
static const struct pkt *latest(const struct matcher *m, uint32_t tx)
{
	const struct tx *x = &m->c->tx[tx];

	return &m->c->pkt[conn_sight(m->c, tx)[m->c->way[m->dir][x->to]]];
}

static void pair(struct matcher *m, uint32_t tx, uint32_t pkt, bool fuzzy, bool single)
{
	struct tx *x = &m->c->tx[tx];

	conn_sight(m->c, tx)[m->point] = pkt;
	m->kept[x->to] += m->level == 0 && m->c->pkt[pkt].ip_id;
	x->to = (uint8_t)m->at;
	x->fuzzy |= fuzzy;
	x->single &= single;
	if (m->level > x->level)
		x->level = (uint8_t)m->level;
	m->c->pkt[pkt].tx = tx;
}

/* ---- keys ---- */

/* The edges of a SACK option, in the numbers of the first point. */
static uint32_t sack_of(const struct conn *c, const struct pkt *p)
{
	unsigned len;
	const uint8_t *o = pkt_option(c, p, 5, &len);
	uint32_t sum = 0;

	for (unsigned i = 2; o && i + 4 <= len; i += 4) {
		sum = sum * 31 + (be32(o + i) - c->shift[p->point][!p->dir]);
	}
	return sum;
}

static uint64_t key_of(const struct conn *c, const struct pkt *p, int level)
{
	uint32_t flags = p->flags & (TCP_FLAGS | SEG_ICMP);
	uint32_t k[9] = { level == BLIND ? 0 : p->seq, level == TORN ? 0 : p->len, 0 };
	bool bare = p->len == 0 && !(flags & (TCP_SYN | TCP_FIN));

	/* ECN bits and PSH are changed on the way more often than anything else. */
	k[2] = level < 2 ? flags & ~(uint32_t)(TCP_ECE | TCP_CWR | TCP_AE) : flags & ~(uint32_t)(TCP_ECE | TCP_CWR | TCP_AE | TCP_PSH);
	if (level < 2 || bare || level == BLIND)
		k[3] = p->ack;
	if (level < 2) {
		k[4] = p->win;
		k[5] = p->tsecr;
		k[8] = p->opt == NOTHING ? 0 : sack_of(c, p);
	}
	if (level != 3)
		k[6] = p->tsval;
	if (level < 1)
		k[7] = p->ip_id;
	return XXH3_64bits(k, sizeof k);
}

/* Fields that most hops keep. */
enum kept { KEPT_IP_ID, KEPT_TS, KEPT_ECN };

/* What the hops between two points keep: a difference there forbids a match. */
static bool keeps(const struct matcher *m, const struct pkt *a, enum kept field)
{
	unsigned lo = a->point < m->point ? a->point : m->point, hi = a->point < m->point ? m->point : a->point;

	for (unsigned i = lo; i < hi; i++) {
		const struct hop_stats *h = &m->c->facts->point[i].hop[conn_along(m->c, m->dir)];
		uint64_t same = field == KEPT_TS ? h->keeps_ts : field == KEPT_ECN ? h->keeps_ecn : h->keeps_ip_id;
		uint64_t other = field == KEPT_TS ? h->changes_ts : field == KEPT_ECN ? h->changes_ecn : h->changes_ip_id;
		if (same < 3 || other * 10 > same)
			return false;
	}
	return true;
}

static int64_t doubt(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	return facts_doubt_between(m->c->facts, &m->c->facts->point[a->point], a->t_raw, &m->c->facts->point[b->point], b->t_raw);
}

/* Did IP IDs of this very connection come through from where a was recorded? */
static bool kept(const struct matcher *m, const struct pkt *a)
{
	for (unsigned i = m->kept_from; i < m->at; i++)
		if (m->c->way[m->dir][i] == a->point)
			return true;
	return false;
}

/* Is it unknown how far timestamps of the two points are apart? Then it says nothing that they differ, though the hops between keep others. */
static bool unsettled(const struct matcher *m, const struct pkt *a)
{
	return (m->c->unsettled[m->dir] >> a->point | m->c->unsettled[m->dir] >> m->point) & 1;
}

/* Could b be a, seen later? */
static bool in_time(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	int64_t unsure = doubt(m, a, b), d = b->t - a->t;

	if (unsure == INT64_MAX)
		return true;
	return d >= -unsure - EPS_NS - m->c->facts->point[a->point].resolution_ns - m->c->facts->point[b->point].resolution_ns &&
	    d <= unsure + (m->level < 2 ? DELAY_MAX_NS : DELAY_WEAK_NS);
}

static bool other_id(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	return a->ip_id != b->ip_id && a->ip_id && b->ip_id && (kept(m, a) || keeps(m, a, KEPT_IP_ID));
}

/* What packets of the direction take from where a was recorded. */
static void typical(const struct matcher *m, const struct pkt *a, double *delay, double *jitter)
{
	unsigned lo = a->point < m->point ? a->point : m->point, hi = a->point < m->point ? m->point : a->point;

	*delay = 0;
	*jitter = 10000;
	for (unsigned i = lo; i < hi; i++) {
		*delay += (double)m->c->facts->point[i].hop[conn_along(m->c, m->dir)].delay_ns;
		*jitter += (double)m->c->facts->point[i].hop[conn_along(m->c, m->dir)].jitter_ns;
	}
}

/*
 * A reset without ACK is a sequence number and no more: that of a host looks like the one that a device makes in its name. One that would have been
 * faster than all others by far is another one.
 */
static bool too_soon(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	double delay, jitter;

	if (pkt_what(b) != WHAT_RST || (a->ip_id && b->ip_id))
		return false;
	typical(m, a, &delay, &jitter);
	return (double)(b->t - a->t) < delay - fmax(SOON_NS, 20 * jitter);
}

/* Is a SACK block, in numbers that are shifted by so much, one of those of a? */
static bool has_block(const struct conn *c, const struct pkt *a, const uint8_t *block, uint32_t shift)
{
	unsigned len;
	const uint8_t *o = pkt_option(c, a, 5, &len);
	uint32_t own = c->shift[a->point][!a->dir];

	for (unsigned i = 2; o && i + 8 <= len; i += 8)
		if (be32(o + i) - own == be32(block) - shift && be32(o + i + 4) - own == be32(block + 4) - shift)
			return true;
	return false;
}

/*
 * Nobody makes up SACK blocks on the way: where sequence numbers are as they were, so are these, or some are gone (RFC 2018 4). A snaplen may have cut off
 * what was there before.
 */
static bool other_sack(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	const struct conn *c = m->c;
	unsigned len, before;
	const uint8_t *o = b->opt == NOTHING ? NULL : pkt_option(c, b, 5, &len);
	uint32_t shift = c->shift[b->point][!b->dir];

	if (!o || c->shift[a->point][!a->dir] != shift)
		return false;
	if (a->opt == NOTHING)
		return true;
	for (unsigned i = 2; pkt_option(c, a, 5, &before) && i + 8 <= len; i += 8)
		if (!has_block(c, a, o + i, shift))
			return true;
	return false;
}

/*
 * Hosts send again without ECN what they sent with it (RFC 3168 6.1.5): where no IP ID tells the two apart, and hops keep ECN, this does - if it came as
 * late as a repeat. A device may take ECN from a few connections only.
 */
static bool without_ecn(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	double delay, jitter;

	if (a->ip_id || !(a->tos & 3) || b->tos & 3 || !keeps(m, a, KEPT_ECN))
		return false;
	typical(m, a, &delay, &jitter);
	return (double)(b->t - a->t) > delay + fmax(SOON_NS, 20 * jitter);
}

/* ... by all that hops are known to keep? */
static bool possible(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	return !other_id(m, a, b) && !(a->flags & b->flags & SEG_TS && a->tsval != b->tsval && keeps(m, a, KEPT_TS) && !unsettled(m, a)) && in_time(m, a, b) &&
	    !too_soon(m, a, b) && !other_sack(m, a, b) && !without_ecn(m, a, b);
}

/* ---- alignment of a class of equal packets: t[0..n) before, p[0..k) here, both in order of time ---- */

static void align_in_order(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	for (uint32_t i = 0; n != k && i < n; i++)
		m->c->tx[t[i].index].fuzzy = true;
	for (uint32_t i = 0, j = 0; i < n && j < k;) {
		if (possible(m, latest(m, t[i].index), &m->c->pkt[p[j].index])) {
			pair(m, t[i++].index, p[j++].index, n != k, false);
		} else if (m->c->pkt[p[j].index].t < latest(m, t[i].index)->t) {
			j++;
		} else {
			i++;
		}
	}
}

static bool all_fit(const struct matcher *m, const struct entry *t, const struct entry *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!possible(m, latest(m, t[i].index), &m->c->pkt[p[i].index]))
			return false;
	return true;
}

/* Identities are not to be trusted where equal packets lie closer together than the delay varies. */
static bool crowded(const struct matcher *m, const struct entry *t, uint32_t n, double jitter)
{
	for (uint32_t i = 1; i < n; i++)
		if ((double)(latest(m, t[i].index)->t - latest(m, t[i - 1].index)->t) < 20 * jitter)
			return true;
	return false;
}

static double cost_of(const struct matcher *m, uint32_t tx, uint32_t pkt)
{
	const struct pkt *a = latest(m, tx), *b = &m->c->pkt[pkt];
	double delay, jitter, skipped;

	if (!possible(m, a, b))
		return HUGE_VAL;
	typical(m, a, &delay, &jitter);
	/* That a point in between missed it is a price, too. */
	skipped = (double)(m->at - 1u - m->c->tx[tx].to);
	return fmin(fabs((double)(b->t - a->t) - delay) / jitter + skipped * UNMATCHED_COST / 2, 2 * UNMATCHED_COST - 1);
}

/* Monotone alignment at least cost. */
static int align(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	size_t cells = ((size_t)n + 1) * (k + 1), w = (size_t)k + 1;
	double delay, jitter, *d;

	if (cells > m->cost_room) {
		double *x = realloc(m->cost, cells * sizeof *x);
		if (!x)
			return err_set(m->e, "out of memory");
		m->cost = x;
		m->cost_room = cells;
	}
	d = m->cost;
	for (uint32_t i = 0; i <= n; i++)
		for (uint32_t j = 0; j <= k; j++) {
			double best = i == 0 && j == 0 ? 0 : HUGE_VAL;
			if (i > 0)
				best = fmin(best, d[(i - 1) * w + j] + UNMATCHED_COST);
			if (j > 0)
				best = fmin(best, d[i * w + j - 1] + UNMATCHED_COST);
			if (i > 0 && j > 0)
				best = fmin(best, d[(i - 1) * w + j - 1] + cost_of(m, t[i - 1].index, p[j - 1].index));
			d[i * w + j] = best;
		}
	typical(m, latest(m, t[0].index), &delay, &jitter);
	bool fuzzy = n != k && crowded(m, t, n, jitter);
	for (uint32_t i = n, j = k; i > 0 && j > 0;) {
		double here = d[i * w + j];
		if (here >= d[(i - 1) * w + j - 1] + cost_of(m, t[i - 1].index, p[j - 1].index)) {
			i--;
			j--;
			pair(m, t[i].index, p[j].index, fuzzy, false);
		} else if (here >= d[(i - 1) * w + j] + UNMATCHED_COST) {
			i--;
			m->c->tx[t[i].index].fuzzy |= fuzzy;
		} else {
			j--;
		}
	}
	return 0;
}

/* One packet here, one there, equal in everything, and of a kind that a repeat would differ from: then the clocks are wrong rather than the match. */
static bool beyond_doubt(const struct matcher *m, const struct pkt *p)
{
	return m->level == 0 && (p->ip_id || p->flags & SEG_TS);
}

/* What was whole before is not seen here, only torn. What was torn before is what it is here. */
static void pair_torn(struct matcher *m, uint32_t tx, uint32_t pkt, bool single)
{
	struct conn *c = m->c;
	struct tx *x = &c->tx[tx];
	struct pkt *p = &c->pkt[pkt];

	single &= p->ip_id == latest(m, tx)->ip_id;
	if (p->partial && !c->pkt[x->first].partial) {
		conn_sight(c, tx)[m->point] = pkt;
		x->single &= single;
		p->tx = tx;
		return;
	}
	if (!p->partial)
		c->pkt[x->first].len = p->len;
	pair(m, tx, pkt, !single, single);
}

/* Of a datagram in pieces only its header is sure: in order of time, where one of the two is torn. */
static void align_torn(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	for (uint32_t i = 0, j = 0; i < n && j < k;) {
		const struct pkt *a = latest(m, t[i].index), *b = &m->c->pkt[p[j].index];
		if ((a->partial || b->partial) && possible(m, a, b))
			pair_torn(m, t[i++].index, p[j++].index, n == 1 && k == 1);
		else if (b->t < a->t)
			j++;
		else
			i++;
	}
}

/*
 * Each damaged packet is the one before it that it can be with the fewest bits changed, the latest of these. Only those that are alone before are looked
 * at, and a damaged packet that goes on is equal to itself.
 */
static void align_damaged(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	const struct conn *c = m->c;

	for (uint32_t j = 0, i = 0; j < k; j++) {
		const struct pkt *q = &c->pkt[p[j].index];
		uint32_t best = NOTHING;
		int least = INT_MAX;
		bool tie = false;
		while (i < n && (t[i].t <= q->t || in_time(m, latest(m, t[i].index), q)))
			i++;
		for (uint32_t x = i; x-- > 0 && i - x <= DAMAGED_LOOK && least > 0;) {
			const struct pkt *a = latest(m, t[x].index);
			bool may = c->tx[t[x].index].to < m->at && in_time(m, a, q) && !(q->damaged && other_id(m, a, q));
			int bits = may ? damage_explains(c, a, q) : -1;
			tie |= bits >= 0 && bits == least;
			if (bits < 0 || bits >= least)
				continue;
			least = bits;
			best = t[x].index;
			tie = false;
		}
		if (best != NOTHING)
			pair(m, best, p[j].index, tie, false);
	}
}

static int align_class(struct matcher *m, const struct entry *t, uint32_t n, const struct entry *p, uint32_t k)
{
	if (m->level == TORN) {
		align_torn(m, t, n, p, k);
		return 0;
	}
	if (m->level == DAMAGED) {
		align_damaged(m, t, n, p, k);
		return 0;
	}
	if (n == k && (all_fit(m, t, p, n) || (n == 1 && beyond_doubt(m, &m->c->pkt[p[0].index])))) {
		for (uint32_t i = 0; i < n; i++)
			pair(m, t[i].index, p[i].index, false, n == 1);
		return 0;
	}
	if ((size_t)n * k > ALIGN_CELLS) {
		align_in_order(m, t, n, p, k);
		return 0;
	}
	return align(m, t, n, p, k);
}

/* ---- passes ---- */

static int by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void add_alone(struct matcher *m, const struct pkt *p, uint32_t index)
{
	/* Any field of a damaged packet may be another. */
	m->alone[m->alones++] = (struct alone){ m->level == DAMAGED ? 0 : key_of(m->c, p, m->level), index, NOTHING };
}

/* Does the packet stand for itself? A later fragment belongs to the first one of its datagram. */
static bool stands(const struct matcher *m, const struct pkt *p)
{
	return p->dir == m->dir && !p->copy && !(p->flags & SEG_LATER) && p->tx == NOTHING;
}

/* Is the packet of the handshake behind a SYN proxy, and the point the first one there? */
static bool begins(const struct matcher *m, const struct pkt *p)
{
	const struct conn *c = m->c;
	unsigned i = m->at;

	while (p->greeting && i > 0 && !c->flow[c->way[m->dir][i - 1]])
		i--;
	return p->greeting && i > 0 && conn_apart(c, p, c->way[m->dir][i - 1]);
}

/*
 * Without IP ID and timestamp nothing sets a packet apart from its repeats: those that the point before recorded have a better claim, even if a device gave them IDs
 * on the way. What skips a point waits for the level at which all are compared.
 */
static bool waits(const struct matcher *m, uint32_t tx)
{
	const struct pkt *a = latest(m, tx);

	return m->level == 0 && m->c->tx[tx].to + 1u < m->at && !a->ip_id && !(a->flags & SEG_TS);
}

/* Collect what is still alone, on both sides. Is there something on both? */
static bool gather(struct matcher *m)
{
	struct conn *c = m->c;
	uint32_t waiting = 0;

	m->alones = 0;
	for (uint32_t i = m->tx_from; i < c->txs; i++) {
		if (c->tx[i].to >= m->at || conn_apart(c, latest(m, i), m->point) || (latest(m, i)->partial && m->level != TORN))
			continue;
		if (waits(m, i))
			waiting++;
		else
			add_alone(m, latest(m, i), i);
	}
	m->befores = m->alones;
	for (uint32_t i = c->at[m->point]; i < c->at[m->point + 1]; i++)
		if (stands(m, &c->pkt[i]) && !begins(m, &c->pkt[i]) && (!c->pkt[i].partial || m->level == TORN))
			add_alone(m, &c->pkt[i], i);
	return m->befores + waiting > 0 && m->alones > m->befores;
}

/*
 * From where do IP IDs come through? From where most did: two devices that count anew may by chance give one packet the same. Once those that are equal in
 * everything are matched.
 */
static void find_kept(struct matcher *m)
{
	uint32_t kept = 0;

	for (unsigned i = m->at; i-- > 0;) {
		kept += m->kept[i];
		if (m->kept[i] && kept * 2 >= m->with_id)
			m->kept_from = i;
	}
}

/*
 * Where a search for a key begins. Nobody who chooses keys can choose that many begin at one place: nobody knows where the memory lies. What is found does
 * not depend on it.
 */
static uint32_t place(const struct matcher *m, uint64_t key)
{
	return (uint32_t)((key ^ (uint64_t)(uintptr_t)m->alone >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & m->mask;
}

/* Hang each one at the first of its key. */
static void tie_equals(struct matcher *m)
{
	m->mask = 15;
	while (m->mask / 2 + 1 < m->alones)
		m->mask = m->mask * 2 + 1;
	memset(m->table, 0, (m->mask + 1u) * sizeof *m->table);
	for (uint32_t i = 0; i < m->alones; i++) {
		struct alone *a = &m->alone[i], *first = NULL;
		uint32_t at = place(m, a->key);
		while (m->table[at] && (first = &m->alone[m->table[at] - 1])->key != a->key)
			at = (at + 1) & m->mask;
		if (m->table[at] == 0) {
			m->table[at] = i + 1;
			continue;
		}
		a->next = first->next;
		first->next = i;
	}
}

static int add_entry(struct matcher *m, uint32_t i, uint32_t *n)
{
	bool is_pkt = i >= m->befores;
	uint32_t index = m->alone[i].index;

	if (!array_grow(&m->entry[is_pkt], &m->room[is_pkt], n[is_pkt], sizeof **m->entry))
		return err_set(m->e, "out of memory");
	m->entry[is_pkt][n[is_pkt]++] = (struct entry){ is_pkt ? m->c->pkt[index].t : latest(m, index)->t, index };
	return 0;
}

/* Those that are equal to transmission i. */
static int match_class(struct matcher *m, uint32_t i)
{
	uint32_t n[2] = { 0, 0 };

	for (uint32_t k = i; k != NOTHING; k = m->alone[k].next)
		if (add_entry(m, k, n) < 0)
			return -1;
	for (unsigned k = 0; k < 2; k++)
		if (n[k] > 1)
			qsort(m->entry[k], n[k], sizeof **m->entry, by_time);
	return n[1] ? align_class(m, m->entry[0], n[0], m->entry[1], n[1]) : 0;
}

/* Classes in the order of their first transmissions: what is looked at one after the other lies close together. */
static int pass(struct matcher *m)
{
	if (!gather(m))
		return 0;
	tie_equals(m);
	for (uint32_t i = 0; i < m->befores; i++) {
		const struct alone *a = &m->alone[i];
		uint32_t at = place(m, a->key);
		if (a->next == NOTHING)
			continue;
		while (m->alone[m->table[at] - 1].key != a->key)
			at = (at + 1) & m->mask;
		if (m->table[at] - 1 == i && match_class(m, i) < 0)
			return -1;
	}
	return 1;
}

/*
 * Where a device shifts sequence numbers, the shift of a direction without SYN or SYN-ACK is not known: a reset that answers a SYN. What it
 * acknowledges still tells, because the other direction's shift is.
 */
static bool blind(const struct matcher *m)
{
	const struct conn *c = m->c;
	bool shifted = false, known = true;

	for (unsigned i = 0; i < c->facts->points; i++) {
		shifted |= c->flow[i] && c->shift[i][!m->dir] != 0;
		known &= !c->flow[i] || c->flow[i]->has_isn[m->dir];
	}
	return shifted && !known;
}

static int match_point(struct matcher *m)
{
	struct conn *c = m->c;
	int rc = 1;

	m->point = c->way[m->dir][m->at];
	m->kept_from = m->at;
	m->with_id = 0;
	memset(m->kept, 0, sizeof m->kept);
	for (uint32_t i = c->at[m->point]; i < c->at[m->point + 1]; i++)
		m->with_id += stands(m, &c->pkt[i]) && c->pkt[i].ip_id;
	for (m->level = 0; m->at > 0 && rc > 0 && m->level < (blind(m) ? LEVELS : BLIND); m->level++) {
		rc = pass(m);
		if (m->level == 0)
			find_kept(m);
	}
	m->level = TORN;
	if (m->at > 0 && rc >= 0 && m->torn)
		rc = pass(m);
	m->level = DAMAGED;
	if (m->at > 0 && rc >= 0 && m->damaged)
		rc = pass(m);
	for (uint32_t i = c->at[m->point]; rc >= 0 && i < c->at[m->point + 1]; i++) {
		struct pkt *p = &c->pkt[i];
		if (!stands(m, p))
			continue;
		if (m->copies && m->at > 0 && (p->original = copies_followed(c, p, c->way[m->dir][m->at - 1])) != NOTHING)
			p->copy = c->pkt[p->original].doubled = true;
		else
			rc = new_tx(m, i);
	}
	return rc < 0 ? -1 : 0;
}

/* A copy belongs to the transmission of what it is a copy of, a later fragment to that of its datagram. */
static void adopt(struct conn *c)
{
	for (unsigned p = 0; p < c->facts->points; p++)
		for (uint32_t i = c->at[p]; i < c->at[p + 1]; i++) {
			struct pkt *q = &c->pkt[i];
			if ((q->copy || q->flags & SEG_LATER) && q->original != NOTHING)
				q->tx = c->pkt[q->original].tx;
		}
}

/* ---- order by time ---- */

static bool in_order(const struct conn *c, uint32_t x, uint32_t y)
{
	const struct tx *a = &c->tx[x], *b = &c->tx[y];

	return a->t != b->t ? a->t < b->t : c->pkt[a->first].id <= c->pkt[b->first].id;
}

/* The end of the stretch from `from` on that is in order. */
static uint32_t stretch(const struct conn *c, const uint32_t *order, uint32_t from)
{
	uint32_t i = from + 1;

	while (i < c->txs && in_order(c, order[i - 1], order[i]))
		i++;
	return i < c->txs ? i : c->txs;
}

/* Two stretches that follow each other, into one. */
static void merge(const struct conn *c, uint32_t *order, uint32_t from, uint32_t middle, uint32_t end, uint32_t *spare)
{
	uint32_t n = middle - from, i = 0, k = middle, to = from;

	memcpy(spare, &order[from], n * sizeof *spare);
	while (i < n && k < end)
		order[to++] = in_order(c, spare[i], order[k]) ? spare[i++] : order[k++];
	memcpy(&order[to], &spare[i], (n - i) * sizeof *spare);
}

/* Transmissions come in a few stretches that are in order, one for each point and direction: those are merged, two by two. */
static void put_in_order(const struct conn *c, uint32_t *order, uint32_t *spare)
{
	bool sorted = false;

	for (uint32_t i = 0; i < c->txs; i++)
		order[i] = i;
	while (!sorted) {
		sorted = true;
		for (uint32_t from = 0, middle, end; from < c->txs; from = end) {
			end = middle = stretch(c, order, from);
			if (middle == c->txs)
				break;
			end = stretch(c, order, middle);
			merge(c, order, from, middle, end, spare);
			sorted = sorted && from == 0 && end == c->txs;
		}
	}
}

/* Transmission order[i] goes to i: along the cycles of the permutation, so that there is no second copy of all of them. */
static void permute(struct conn *c, uint32_t *order)
{
	size_t points = c->facts->points;
	uint32_t sight[POINTS_MAX];

	for (uint32_t i = 0; i < c->txs; i++) {
		struct tx first = c->tx[i];
		uint32_t at = i;
		if (order[i] == i)
			continue;
		memcpy(sight, conn_sight(c, i), points * sizeof *sight);
		for (uint32_t from; (from = order[at]) != i; at = from) {
			c->tx[at] = c->tx[from];
			memcpy(conn_sight(c, at), conn_sight(c, from), points * sizeof *sight);
			order[at] = at;
		}
		c->tx[at] = first;
		memcpy(conn_sight(c, at), sight, points * sizeof *sight);
		order[at] = at;
	}
}

static void sort_by_time(struct matcher *m)
{
	struct conn *c = m->c;
	uint32_t points = c->facts->points;

	put_in_order(c, m->table, m->table + c->txs);
	permute(c, m->table);
	for (uint32_t i = 0; i < c->txs; i++)
		for (uint32_t p = 0, *sight = conn_sight(c, i); p < points; p++)
			if (sight[p] != NOTHING)
				c->pkt[sight[p]].tx = i;
}

/* No packet is in it twice, be it as a packet or as a transmission. */
static int room_for_all(struct matcher *m)
{
	size_t table = 16;

	while (table / 2 < m->c->pkts)
		table *= 2;
	m->alone = malloc((m->c->pkts + 1u) * sizeof *m->alone);
	m->table = malloc(table * sizeof *m->table);
	return m->alone && m->table ? 0 : err_set(m->e, "out of memory");
}

static void free_all(struct matcher *m)
{
	free(m->alone);
	free(m->table);
	free(m->entry[0]);
	free(m->entry[1]);
	free(m->cost);
}

int match_packets(struct conn *c, struct err *e)
{
	struct matcher m = { .c = c, .e = e };
	int rc = 0;

	damage_mark(c);
	for (unsigned p = 0; p < c->facts->points; p++)
		copies_mark(c, p);
	for (unsigned p = 0; rc == 0 && p < c->facts->points; p++)
		rc = datagrams_join(c, p, e);
	shifts_find(c);
	syn_proxy_find(c);
	for (uint32_t i = 0; i < c->pkts; i++) {
		m.torn |= c->pkt[i].partial;
		m.copies |= c->pkt[i].copy;
		m.damaged |= c->pkt[i].damaged;
	}
	rc = rc < 0 ? rc : room_for_all(&m);
	for (m.dir = 0; rc == 0 && m.dir < 2; m.dir++) {
		m.tx_from = c->txs;
		for (m.at = 0; rc == 0 && m.at < c->ways[m.dir]; m.at++)
			rc = match_point(&m);
	}
	if (rc == 0) {
		sort_by_time(&m);
		adopt(c);
	}
	free_all(&m);
	return rc;
}
