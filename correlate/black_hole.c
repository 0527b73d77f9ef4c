#include "correlate/black_hole.h"

#include <string.h>

#include "correlate/hop_doubt.h"

#define LEAST 400               /* bytes of payload: what every path takes (RFC 791 3.1: 576 with all headers and options) */
#define PACKETS 3
#define ICMP_UNREACHABLE 3      /* RFC 792 ... */
#define ICMP_TOO_BIG 4          /* ... its code 4 (RFC 1191 4) */
#define ICMP6_TOO_BIG 2         /* RFC 4443 3.2 */

/* Must it not be cut up? Of IPv6 no packet; and what may be cut up has a number by which its pieces are known (RFC 6864 4). */
static bool whole_only(const struct pkt *p)
{
	return p->flags & SEG_DF || p->ip_id == 0;
}

/* The largest segment that the receiver of a direction takes; 0: not known. What is longer is one for the network card to cut. */
static uint32_t mss_of(const struct conn *c, unsigned dir)
{
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct pkt *p = &c->pkt[c->tx[i].first];
		unsigned len = 0;
		if (c->tx[i].dir == dir || (c->tx[i].what != WHAT_SYN && c->tx[i].what != WHAT_SYNACK))
			continue;
		const uint8_t *v = pkt_option(c, p, 2, &len);
		return v && len >= 4 ? (uint32_t)v[2] << 8 | v[3] : 0;
	}
	return 0;
}

static bool passes(const struct conn *c, const struct tx *x, uint8_t from, uint8_t to)
{
	bool a = false, b = false;

	for (unsigned k = x->from; k <= x->reach; k++) {
		a |= c->way[x->dir][k] == from;
		b |= c->way[x->dir][k] == to;
	}
	return a && b;
}

/* What was lost, all of one size or more. */
static bool count_lost(const struct conn *c, const struct findings *all, uint32_t finding, struct black_hole *h, int64_t *first_t)
{
	uint32_t mss = mss_of(c, all->list[finding].dir), first = NOTHING;

	for (uint32_t i = 0; i < all->txs; i++) {
		if (all->tx[i].finding != finding)
			continue;
		const struct tx *x = &c->tx[all->tx[i].tx];
		const struct pkt *p = &c->pkt[x->first];
		if (x->rest || (mss && p->len > mss) || !whole_only(p) || p->len < LEAST)
			return false;
		if (first == NOTHING)
			first = all->tx[i].tx;
		h->lost = h->packets == 0 || p->len < h->lost ? p->len : h->lost;
		h->packets++;
		h->repeats += x->repeat;
		h->several |= x->off != c->tx[first].off;
		*first_t = x->t < *first_t ? x->t : *first_t;
	}
	return h->packets > 0;
}

static bool is_too_big(const struct conn *c, const struct tx *x)
{
	const struct pkt *p = &c->pkt[x->first];

	if (x->what != WHAT_ICMP || p->opt == NOTHING)
		return false;
	const struct pkt_opt *o = &c->opt[p->opt];
	return (o->icmp_type == ICMP_UNREACHABLE && o->icmp_code == ICMP_TOO_BIG) || o->icmp_type == ICMP6_TOO_BIG;
}

static bool find(const struct conn *c, const struct findings *all, uint32_t finding, struct black_hole *h)
{
	const struct finding *f = &all->list[finding];
	int64_t since = INT64_MAX;

	memset(h, 0, sizeof *h);
	if (f->what != WHAT_DATA || f->from == NO_POINT || !count_lost(c, all, finding, h, &since))
		return false;
	for (uint32_t i = 0; i < c->txs; i++) {
		const struct tx *x = &c->tx[i];
		const struct pkt *p = &c->pkt[x->first];
		if (x->dir != f->dir && is_too_big(c, x)) {
			/* Its sender has it once it is at the point nearest to him. */
			bool came = x->reach + 1u == c->ways[x->dir];
			h->icmp = came ? ICMP_CAME : h->icmp == ICMP_CAME ? ICMP_CAME : ICMP_LOST;
		}
		if (x->dir != f->dir || x->rest || x->what == WHAT_ICMP || !passes(c, x, f->from, f->to))
			continue;
		if (p->len >= h->lost)
			return false;
		h->passed = p->len > h->passed ? p->len : h->passed;
		h->small_after += x->t > since;
	}
	return h->packets >= PACKETS && h->repeats > 0 && h->small_after > 0 && h->icmp != ICMP_CAME;
}

static bool find_any(const struct conn *c, const struct findings *all, uint8_t from, uint8_t to, struct black_hole *h, const struct finding **lost)
{
	for (uint32_t i = 0; i < all->n; i++) {
		*lost = &all->list[i];
		if (((*lost)->kind == KIND_DROPPED || ((*lost)->kind == KIND_UNDECIDED && strcmp((*lost)->rule, "gone") == 0)) &&
		    (from == NO_POINT || ((*lost)->from == from && (*lost)->to == to)) && find(c, all, i, h))
			return true;
	}
	return false;
}

/*
 * One piece of the data may be what something does not like to see; that data pass at all must have been seen; and where others of that size pass, it may be
 * an accident that only large ones were lost.
 */
bool black_hole_judge(const struct conn *c, struct findings *out)
{
	const struct finding *f;
	struct black_hole h;

	if (!find_any(c, out, NO_POINT, NO_POINT, &h, &f))
		return false;
	bool sure = finding_claims(f) && h.several && h.passed > 0 && hop_stats_of(c->facts, f->from, f->to, conn_along(c, f->dir))->largest < h.lost;
	struct seen s = { KIND_PMTU_BLACKHOLE, WHAT_DATA, f->dir, f->from, f->to, NO_POINT, sure ? LIKELY : POSSIBLE, 0, f->tx, f->odds, "pmtu_blackhole" };
	findings_new(out, &s);
	return true;
}

void black_hole_say(const struct conn *c, const struct findings *all, struct finding *f, struct words *w)
{
	struct words m = words_into(f->missing, sizeof f->missing), n = words_into(f->next, sizeof f->next);
	const struct finding *lost;
	struct black_hole h;

	if (!find_any(c, all, f->from, f->to, &h, &lost))
		return;
	/* A TCP header is so much longer than that of an ICMP echo (RFC 7323 3.2, RFC 792). */
	unsigned headers = c->pkt[c->tx[f->tx].first].flags & SEG_TS ? 24 : 12;
	words_say(w, "Packets with %u bytes of the %s's data and more do not pass between %s and %s (%u of %u were lost), ", h.lost, words_host(f->dir),
	    words_point(c, f->from), words_point(c, f->to), h.packets, h.packets);
	if (h.passed)
		words_say(w, "those with up to %u do, ", h.passed);
	else
		words_say(w, "those without data do, ");
	words_say(w, "and they must not be cut up on the way: the link there takes only smaller ones. ");
	words_say(w, h.icmp == ICMP_LOST ? "The ICMP error that says so did not come to the %s." : "No ICMP error that says so is in the captures.", words_host(f->dir));
	if (f->confidence == POSSIBLE)
		words_say(&m, h.several ? "data of another size that pass" : "other large packets: it may be what this one holds");
	words_say(&n, "let ICMP type 3 code 4 (ICMPv6 type 2) pass, or clamp the MSS; to check from the %s: ping -M do -s %u (does not pass) and -s %u (does)",
	    words_host(f->dir), h.lost + headers, h.passed + headers);
}

bool black_hole_verdict(const struct conn *c, const struct findings *all, struct words *w)
{
	const struct finding *f = findings_find(all, KIND_PMTU_BLACKHOLE, -1, -1), *lost;
	struct black_hole h;

	if (!f || !find_any(c, all, f->from, f->to, &h, &lost))
		return false;
	words_say(w, "PMTU black hole between %s and %s: packets with %u bytes of the %s's data and more do not pass, those with up to %u do, and no ICMP error "
	    "that tells the %s is in the captures.", words_point(c, f->from), words_point(c, f->to), h.lost, words_host(f->dir), h.passed, words_host(f->dir));
	return true;
}
