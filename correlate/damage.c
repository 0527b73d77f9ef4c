#include "correlate/damage.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/odds.h"
#include "correlate/words.h"

#define AROUND 256              /* transmissions before and after it among which a damaged packet is looked for */
#define FLIPPED 8               /* bits of a field: a byte */
#define STRAY_TXS 4             /* more belong to a connection of their own */
#define STRAY_BITS 2            /* of all fields: the accident is in the ports or addresses, or it is these */
#define EPS_NS 1000000          /* time stamps are that inexact (match.c) */
#define SOON_NS 1000000000      /* a packet is not longer on its way from one point to the next */

void damage_mark(struct conn *c)
{
	uint32_t good[2], bad[2];

	c->sound = false;
	for (unsigned point = 0; point < c->facts->points; point++) {
		bool begins[2] = { c->ways[C2S] == 0 || c->way[C2S][0] == point, c->ways[S2C] == 0 || c->way[S2C][0] == point };
		good[0] = good[1] = bad[0] = bad[1] = 0;
		for (uint32_t i = c->at[point]; i < c->at[point + 1]; i++) {
			good[c->pkt[i].dir] += (c->pkt[i].flags & SEG_CSUM_OK) != 0;
			bad[c->pkt[i].dir] += (c->pkt[i].flags & SEG_CSUM_BAD) != 0;
		}
		c->sound |= good[0] + good[1] > 0;
		if (bad[0] + bad[1] == 0)
			continue;
		for (uint32_t i = c->at[point]; i < c->at[point + 1]; i++) {
			struct pkt *p = &c->pkt[i];
			p->damaged = p->flags & SEG_CSUM_BAD && !(p->flags & SEG_ICMP) && !begins[p->dir] && good[p->dir] > bad[p->dir];
		}
	}
}

/* ---- which packet was it? ---- */

static int bits(uint32_t x, uint32_t y)
{
	return __builtin_popcount(x ^ y);
}

static int add(int *places, int differing)
{
	*places += differing > 0;
	return differing;
}

/* Timestamps and the other options, one place: a changed kind makes another option of the one, and of all behind it. */
static int options(const struct conn *c, const struct pkt *p, const struct pkt *q)
{
	int n = bits(p->tsval, q->tsval) + bits(p->tsecr, q->tsecr) + (((p->flags ^ q->flags) & SEG_TS) != 0);

	if (p->opt == NOTHING || q->opt == NOTHING)
		return n + (p->opt != q->opt);
	const struct pkt_opt *a = &c->opt[p->opt], *b = &c->opt[q->opt];
	for (unsigned i = 0; i < a->len && i < b->len; i++)
		n += bits(a->raw[i], b->raw[i]);
	return n + (a->len != b->len);
}

int damage_explains(const struct conn *c, const struct pkt *p, const struct pkt *q)
{
	uint32_t moved = c->shift[q->point][q->dir], back = c->shift[q->point][!q->dir];
	int places = 0, n;

	if (p->damaged || p->dir != q->dir || p->partial || q->partial || (p->flags | q->flags) & (SEG_ICMP | SEG_LATER))
		return -1;
	/* The TCP checksum does not cover the IP ID. */
	if (!q->damaged && (bits(p->ip_id, q->ip_id) != 1 || p->len != q->len))
		return -1;
	n = add(&places, bits(p->seq + moved, q->seq + moved));
	/* Without ACK the field is not kept. */
	if (p->flags & q->flags & TCP_ACK)
		n += add(&places, bits(p->ack + back, q->ack + back));
	n += add(&places, bits(p->flags & TCP_FLAGS, q->flags & TCP_FLAGS));
	n += add(&places, bits(p->win, q->win));
	if (n > FLIPPED)
		return -1;
	/* Where the header ends, or the packet: what lies behind is read as something else. */
	if (p->len != q->len)
		return places > 0 ? -1 : n + 1;
	n += add(&places, options(c, p, q));
	if (p->has_payload && q->has_payload)
		n += add(&places, p->payload != q->payload);
	return places > q->damaged ? -1 : q->damaged ? n : 1;
}

bool damage_at(const struct conn *c, uint32_t x, unsigned k)
{
	const struct pkt *p = conn_seen(c, x, k), *q = k > 0 ? conn_seen(c, x, k - 1) : NULL;

	return p && p->damaged && !(q && q->damaged);
}

bool damage_only(const struct conn *c, uint32_t x)
{
	return c->pkt[c->tx[x].first].damaged && conn_as_sent(&c->tx[x]);
}

bool damage_nobody(const struct conn *c, uint32_t x)
{
	const struct tx *w = &c->tx[x];

	/* A SYN at the first point is one that its network card has yet to sum up. */
	return damage_only(c, x) || (c->pkt[w->first].flags & SEG_CSUM_BAD && !c->sound && (w->from > 0 || w->what != WHAT_SYN));
}

bool damage_riddle(const struct conn *c, uint32_t x, unsigned point)
{
	const struct tx *w = &c->tx[x];
	uint32_t lo = x > AROUND ? x - AROUND : 0;

	for (uint32_t i = lo; i < c->txs && i <= x + AROUND; i++)
		if (i != x && c->tx[i].dir == w->dir && c->pkt[c->tx[i].first].point == point && damage_only(c, i) && llabs(c->tx[i].t - w->t) < SOON_NS)
			return true;
	return false;
}

/* ---- with other ports or addresses ---- */

static int add_stray(const struct conn *c, const struct pkt *p, struct facts *f, struct err *e)
{
	if (f->strays == f->stray_room) {
		uint32_t room = f->stray_room ? f->stray_room * 2 : 64;
		struct stray *s = realloc(f->stray, room * sizeof *s);
		if (!s)
			return err_set(e, "out of memory");
		f->stray = s;
		f->stray_room = room;
	}
	f->stray[f->strays++] = (struct stray){ .point = p->point, .t = p->t, .seq = p->seq + c->shift[p->point][p->dir],
		.ack = p->flags & TCP_ACK ? p->ack + c->shift[p->point][!p->dir] : 0, .len = p->len, .tsval = p->tsval, .tsecr = p->tsecr,
		.flags = (uint16_t)(p->flags & TCP_FLAGS), .win = p->win, .ip_id = p->ip_id };
	return 0;
}

int damage_learn(const struct conn *c, struct facts *f, struct err *e)
{
	if (c->sound || c->txs > STRAY_TXS)
		return 0;
	for (uint32_t i = 0; i < c->pkts; i++)
		if (c->pkt[i].flags & SEG_CSUM_BAD && add_stray(c, &c->pkt[i], f, e) < 0)
			return -1;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct stray *x = a, *y = b;

	if (x->point != y->point)
		return x->point < y->point ? -1 : 1;
	return (x->t > y->t) - (x->t < y->t);
}

void damage_learned(struct facts *f)
{
	if (f->strays)
		qsort(f->stray, f->strays, sizeof *f->stray, by_place);
}

/* The first one of a point at or behind a time. */
static uint32_t first_stray(const struct facts *f, unsigned point, int64_t t)
{
	uint32_t lo = 0, hi = f->strays;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct stray *s = &f->stray[mid];
		if (s->point < point || (s->point == point && s->t < t))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool damage_strayed(const struct conn *c, uint32_t x, unsigned from, unsigned point)
{
	const struct facts *f = c->facts;
	const struct pkt *p = conn_at(c, x, from);
	unsigned dir = c->tx[x].dir;

	if (!p || p->flags & SEG_ICMP || f->strays == 0 || c->tx[x].rest)
		return false;
	int64_t unsure = facts_doubt_between(f, &f->point[from], p->t_raw, &f->point[point], facts_unalign(&f->point[point], p->t));
	unsure = EPS_NS + (unsure < SOON_NS ? unsure : SOON_NS);
	for (uint32_t i = first_stray(f, point, p->t - unsure), n = 0; i < f->strays && n < AROUND; i++, n++) {
		const struct stray *s = &f->stray[i];
		if (s->point != point || s->t > p->t + unsure + SOON_NS)
			break;
		int differ = bits(s->seq, p->seq + c->shift[point][dir]) + bits(s->ack, p->flags & TCP_ACK ? p->ack + c->shift[point][!dir] : 0) +
		    bits(s->flags, p->flags & TCP_FLAGS) + bits(s->win, p->win) + bits(s->tsval, p->tsval) + bits(s->tsecr, p->tsecr);
		if (differ <= STRAY_BITS && s->len == p->len && s->ip_id == p->ip_id)
			return true;
	}
	return false;
}

/* ---- what is said ---- */

/* The packet that holds the bytes of x before it was damaged at the k-th point of its way: its own, or what it was cut out of. NULL: not known. */
static const struct pkt *before(const struct conn *c, uint32_t x, unsigned k)
{
	const struct tx *w = &c->tx[x];

	if (k > w->from)
		return conn_seen(c, x, k - 1);
	/* What was put together is no packet whose checksum anybody has made. */
	if (conn_as_sent(w) || w->rest || w->origin != w->upto || ranges_root(c, x, false) != ranges_root(c, x, true))
		return NULL;
	return conn_seen(c, ranges_root(c, x, false), k - 1);
}

void damage_judge(const struct proof *t, uint32_t x, struct findings *out)
{
	const struct conn *c = t->c;
	const struct tx *w = &c->tx[x];
	unsigned k = w->from;
	const struct pkt *p;

	while (k <= w->to && !(conn_seen(c, x, k) && conn_seen(c, x, k)->damaged))
		k++;
	if (k > w->to || k == 0)
		return;
	/* Acknowledged, and not for a repeat: its receiver found nothing wrong with it. */
	if (proof_passed(t, x, w->to, NULL) || !(p = before(c, x, k)) || p->flags & SEG_CSUM_BAD)
		return;
	bool right = p->flags & SEG_CSUM_OK, own = k == 1;
	/* Where the checksum could not be verified at the host's own point, no device had it before. */
	struct seen s = { KIND_CORRUPTED, w->what, w->dir, c->way[w->dir][k - 1], c->way[w->dir][k], NO_POINT,
		right ? CERTAIN : own ? LIKELY : POSSIBLE, 0, x, right ? ODDS_CERTAIN : own ? ODDS_LIKELY : ODDS_POSSIBLE, "corrupted" };
	findings_add(out, &s);
}

void damage_say(const struct conn *c, const struct finding *f, struct words *w)
{
	bool one = f->count == 1;

	words_count(w, f->count, f->what);
	words_say(w, " of the %s arrived damaged at %s: changed after %s, and the TCP checksum is wrong since. The receiver discards %s: for it %s lost.",
	    words_host(f->dir), words_point(c, f->to), words_point(c, f->from), one ? "it" : "them", one ? "it is" : "they are");
}
