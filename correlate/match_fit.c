/* What may be one and the same packet at two points: keys, and what else must fit. */
#include "correlate/match_private.h"

#include <math.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "correlate/shifts.h"
#include "schema/octets.h"

#define EPS_NS 1000000          /* time stamps are taken before the queue of a network card, interrupts are held back, clocks wander */
#define DELAY_MAX_NS 10000000000        /* no packet is longer on its way, if everything about it is equal */
#define DELAY_WEAK_NS 1000000000        /* ... if something differs */
#define SOON_NS 1000000         /* delays of one hop and direction hardly vary by less than this */

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

uint64_t match_key(const struct conn *c, const struct pkt *p, int level)
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
bool match_in_time(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	int64_t unsure = doubt(m, a, b), d = b->t - a->t;

	if (unsure == INT64_MAX)
		return true;
	return d >= -unsure - EPS_NS - m->c->facts->point[a->point].resolution_ns - m->c->facts->point[b->point].resolution_ns &&
	    d <= unsure + (m->level < 2 ? DELAY_MAX_NS : DELAY_WEAK_NS);
}

bool match_other_id(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	return a->ip_id != b->ip_id && a->ip_id && b->ip_id && (kept(m, a) || keeps(m, a, KEPT_IP_ID));
}

/* What packets of the direction take from where a was recorded. */
void match_typical(const struct matcher *m, const struct pkt *a, double *delay, double *jitter)
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
	match_typical(m, a, &delay, &jitter);
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
	match_typical(m, a, &delay, &jitter);
	return (double)(b->t - a->t) > delay + fmax(SOON_NS, 20 * jitter);
}

/* ... by all that hops are known to keep? */
bool match_possible(const struct matcher *m, const struct pkt *a, const struct pkt *b)
{
	return !match_other_id(m, a, b) && !(a->flags & b->flags & SEG_TS && a->tsval != b->tsval && keeps(m, a, KEPT_TS) && !unsettled(m, a)) && match_in_time(m, a, b) &&
	    !too_soon(m, a, b) && !other_sack(m, a, b) && !without_ecn(m, a, b);
}
