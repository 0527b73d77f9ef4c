#include "correlate/copies.h"

#include <stdlib.h>
#include <string.h>

#define LOOKBACK 64             /* packets between a packet and its copy, at most */
#define LOOKBACK_FEW 8          /* ... at a point that is not known to double packets */
#define SOON_NS 5000000         /* without an IP ID: no repeat comes this soon, and no mirror port is slower */
#define ECN_FLAGS ((uint32_t)(TCP_ECE | TCP_CWR | TCP_AE))      /* changed on the way more often than others (RFC 3168 6.1.1.1) */
#define LINK_FLAGS ((uint32_t)(SEG_OUT | SEG_OTHER_LINK))       /* by which link a packet came, not what it is */

/* ACKs that ask for the same byte again differ in their SACK blocks (RFC 2018 4). */
static bool same_options(const struct conn *c, const struct pkt *x, const struct pkt *y)
{
	if (x->opt == NOTHING || y->opt == NOTHING)
		return x->opt == y->opt;
	return c->opt[x->opt].len == c->opt[y->opt].len && memcmp(c->opt[x->opt].raw, c->opt[y->opt].raw, c->opt[x->opt].len) == 0;
}

static bool same_bytes(const struct conn *c, const struct pkt *x, const struct pkt *y)
{
	return x->dir == y->dir && x->seq == y->seq && x->ack == y->ack && x->len == y->len && !((x->flags ^ y->flags) & ~LINK_FLAGS) && x->win == y->win &&
	    x->ip_id == y->ip_id && x->tsval == y->tsval && x->tsecr == y->tsecr && x->tos == y->tos && x->payload == y->payload &&
	    same_options(c, x, y);
}

static bool other_link(const struct pkt *o, const struct pkt *p)
{
	return (p->flags & SEG_OUT && !(o->flags & SEG_OUT)) || (o->flags ^ p->flags) & SEG_OTHER_LINK;
}

/*
 * Is p what became of o behind a device whose both sides the point sees? It came by another link, went out where the other came in, or has passed
 * a router. What a device may change, ECN and DSCP, the window, options, is not looked at.
 */
static bool forwarded(const struct pkt *o, const struct pkt *p)
{
	bool same = o->dir == p->dir && o->seq == p->seq && o->ack == p->ack && o->len == p->len && o->ip_id == p->ip_id && o->tsval == p->tsval &&
	    !((o->flags ^ p->flags) & TCP_FLAGS & ~ECN_FLAGS) && o->payload == p->payload;

	return same && (p->ttl < o->ttl || other_link(o, p));
}

/* The packet that p is a copy of, NULL: none. */
static struct pkt *copied(struct conn *c, uint32_t from, uint32_t i)
{
	struct pkt *p = &c->pkt[i];
	const struct point *f = &c->facts->point[p->point];
	/* Where nothing is known yet (the sample), look far; where it is, look far only where it pays. */
	uint32_t far = f->telling > 0 && !facts_mirrors(f) ? LOOKBACK_FEW : LOOKBACK;

	for (uint32_t k = i, n = 0; k-- > from && n < far; n++) {
		struct pkt *o = &c->pkt[k];
		if (p->t_raw - o->t_raw > COPY_NS)
			break;
		if (o->copy)
			continue;
		/* A mirror port doubles: nothing has two copies where it cannot be told apart from others. A device with a bridge has three links. */
		if (forwarded(o, p) || (same_bytes(c, o, p) && !(o->doubled && !p->ip_id)))
			return o;
	}
	return NULL;
}

/*
 * A copy has the IP ID of its original; a repeat has not, or is not sent that soon (RFC 6298 2.4: no sooner than after a second; after 200 ms in
 * practice). Where the IP ID is always zero (RFC 6864 4.1 allows that, IPv6 has none), equal ACKs in a row are ordinary (RFC 5681 4.2): they are
 * copies only at a point that is known to double packets.
 */
static bool tells(const struct pkt *p)
{
	/* A SYN-ACK may come twice at once: the server's own timer, and its answer to a repeated SYN. */
	return p->ip_id || (pkt_end(p) != p->seq && !(p->flags & (SEG_ICMP | SEG_LATER)) && pkt_what(p) != WHAT_SYNACK);
}

/*
 * Did the other side ask for p's bytes between the two? Then p may be a fast retransmit (RFC 6675), which on a short way comes as soon as any copy, and
 * with the same timestamp.
 */
static bool asked_for(const struct pkt *o, const struct pkt *p)
{
	for (const struct pkt *q = o + 1; q < p; q++)
		if (q->dir != p->dir && q->flags & TCP_ACK && !(q->flags & (SEG_ICMP | SEG_LATER | TCP_RST)) && !seq_before(p->seq, q->ack) && p->len)
			return true;
	return false;
}

void copies_mark(struct conn *c, unsigned point)
{
	const struct point *f = &c->facts->point[point];
	bool doubles = facts_mirrors(f), sample = f->telling == 0;
	struct pkt *o;

	for (uint32_t i = c->at[point]; i < c->at[point + 1]; i++) {
		struct pkt *p = &c->pkt[i];
		if (!(o = copied(c, c->at[point], i)))
			continue;
		p->forwarded = forwarded(o, p);
		bool told = tells(p) && (sample || !asked_for(o, p));
		p->copy = p->ip_id || (p->t_raw - o->t_raw < SOON_NS && (told || doubles || (sample && other_link(o, p))));
		p->original = (uint32_t)(o - c->pkt);
		o->doubled |= p->copy;
		o->through |= p->copy && p->forwarded;
	}
}

/* Packets of a point that lie so close to packet i that one may be a copy of the other: from .. *to. */
static uint32_t around(const struct conn *c, unsigned point, uint32_t i, uint32_t *to)
{
	*to = c->at[point + 1] - i > LOOKBACK ? i + LOOKBACK + 1 : c->at[point + 1];
	return i - c->at[point] > LOOKBACK ? i - LOOKBACK : c->at[point];
}

static unsigned copies_of(const struct conn *c, unsigned point, uint32_t original)
{
	uint32_t to;
	unsigned n = 0;

	for (uint32_t i = around(c, point, original, &to); i < to; i++)
		n += c->pkt[i].copy && c->pkt[i].original == original;
	return n;
}

/* Is one of the copies of a packet equal to p, but for what the device gives each of its own? */
static bool copy_like(const struct conn *c, unsigned point, uint32_t original, const struct pkt *p)
{
	uint32_t to;

	for (uint32_t i = around(c, point, original, &to); i < to; i++) {
		const struct pkt *q = &c->pkt[i];
		if (!q->copy || q->original != original || q->dir != p->dir || q->seq != p->seq || q->ack != p->ack || q->len != p->len || q->win != p->win ||
		    (q->flags ^ p->flags) & TCP_FLAGS & ~ECN_FLAGS)
			continue;
		/* One of the captures may have cut it off. */
		if (!(q->has_payload && p->has_payload && q->payload != p->payload))
			return true;
	}
	return false;
}

uint32_t copies_followed(const struct conn *c, const struct pkt *p, unsigned before)
{
	uint32_t to;

	for (uint32_t here = around(c, p->point, (uint32_t)(p - c->pkt), &to); here < to; here++) {
		const struct pkt *o = &c->pkt[here];
		if (o == p || o->tx == NOTHING || conn_sight(c, o->tx)[p->point] != here || llabs(o->t_raw - p->t_raw) > COPY_NS ||
		    (p->ip_id && o->ip_id == p->ip_id))
			continue;
		uint32_t original = conn_sight(c, o->tx)[before];
		if (original != NOTHING && copy_like(c, before, original, p) && copies_of(c, p->point, here) < copies_of(c, before, original))
			return here;
	}
	return NOTHING;
}

void copies_count(const struct conn *c, struct copies *seen)
{
	for (uint32_t k = 0; k < c->pkts; k++) {
		const struct pkt *p = &c->pkt[k];
		struct copies *s = &seen[p->point];
		s->telling += tells(p) && !p->copy;
		s->twice += tells(p) && p->copy;
		s->forwarded += tells(p) && !p->copy && p->through;
	}
}
