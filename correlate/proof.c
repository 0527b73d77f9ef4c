#include "correlate/proof.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/damage.h"
#include "correlate/reason.h"
#include "schema/array.h"

#define FAR (1ll << 30)         /* numbers further away than any window (RFC 7323 2.2) belong to something else */
#define AHEAD (1ll << 24)       /* ... and where the handshake is known, no capture has missed that much in one piece */
#define SLACK_NS 1000000        /* of aligned times */
#define NEIGHBOURS 256          /* packets around it whose IP IDs are looked at */
#define REPEATS 8               /* transmissions from the first repeat on, among which there may be others */
#define SACKS 256               /* acknowledgments with SACK blocks that are looked at for one transmission */
#define PIECE_MIN 536            /* payload of the smallest segment that packets are cut into (RFC 9293 3.7.1) */
#define ID_GAP 64               /* IP IDs of neighbouring packets of one connection lie this close */

void proof_init(struct proof *t)
{
	memset(t, 0, sizeof *t);
	ranges_init(&t->ranges);
	repeats_init(&t->repeats);
}

void proof_free(struct proof *t)
{
	for (unsigned i = 0; i < POINTS_MAX; i++)
		for (int d = 0; d < 2; d++) {
			free(t->acked[i][d].pkt);
			free(t->echoed[i][d].mark);
			free(t->sent[i][d].pkt);
			free(t->sacks[i][d].pkt);
		}
	ranges_free(&t->ranges);
	repeats_free(&t->repeats);
	memset(t, 0, sizeof *t);
}

/* ---- marks ---- */

static int add_mark(struct marks *m, int64_t at, int64_t v, struct err *e)
{
	if (!array_grow(&m->mark, &m->room, m->n, sizeof *m->mark))
		return err_set(e, "out of memory");
	m->mark[m->n++] = (struct mark){ at, v };
	return 0;
}

static int add_step(struct steps *s, uint32_t pkt, struct err *e)
{
	if (!array_grow(&s->pkt, &s->room, s->n, sizeof *s->pkt))
		return err_set(e, "out of memory");
	s->pkt[s->n++] = pkt;
	return 0;
}

/* Was it ever just v? */
static bool exactly(const struct marks *m, int64_t v)
{
	uint32_t lo = 0, hi = m->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (m->mark[mid].v >= v)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < m->n && m->mark[lo].v == v;
}

/* What steps are steps of. */
typedef int64_t step_value(const struct tx *x);

static int64_t acked_by(const struct tx *x)
{
	return x->ack;
}

static int64_t sent_by(const struct tx *x)
{
	return x->what == WHAT_ACK ? x->off : x->end;
}

static const struct tx *tx_of(const struct conn *c, uint32_t pkt)
{
	return &c->tx[c->pkt[pkt].tx];
}

static int raise(const struct conn *c, struct steps *s, step_value *value, uint32_t pkt, struct err *e)
{
	return s->n > 0 && value(tx_of(c, s->pkt[s->n - 1])) >= value(tx_of(c, pkt)) ? 0 : add_step(s, pkt, e);
}

/* First time the value reached v; INT64_MAX: never. */
static int64_t reached(const struct conn *c, const struct steps *s, step_value *value, int64_t v)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (value(tx_of(c, s->pkt[mid])) >= v)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < s->n ? c->pkt[s->pkt[lo]].t_raw : INT64_MAX;
}

int64_t proof_acked_at(const struct proof *t, unsigned point, unsigned dir, int64_t byte)
{
	return reached(t->c, &t->acked[point][dir], acked_by, byte);
}

/* ---- sequence numbers to 64 bits, in order of time ---- */

static int64_t unwrap(int64_t near, uint32_t v)
{
	return near + (int32_t)(v - (uint32_t)near);
}

static void begin(struct proof *t, unsigned d, uint32_t seq)
{
	t->low[d] = t->high[d] = (int64_t)seq + (1ll << 33);
	t->begun[d] = true;
}

/* A handshake says where a direction begins, whatever strays come before it. */
static void find_beginnings(struct proof *t)
{
	struct conn *c = t->c;

	for (int d = 0; d < 2; d++) {
		t->begun[d] = t->known[d] = false;
		for (unsigned i = 0; i < c->facts->points && !t->begun[d]; i++)
			if (c->flow[i] && c->flow[i]->has_isn[d]) {
				begin(t, (unsigned)d, c->flow[i]->isn[d] - c->shift[i][d]);
				t->known[d] = true;
			}
	}
}

static void place_tx(struct proof *t, struct tx *x)
{
	const struct conn *c = t->c;
	const struct pkt *p = &c->pkt[x->first];
	/* An ICMP error carries a sequence number of the direction that it travels against. */
	unsigned d = x->what == WHAT_ICMP ? !x->dir : x->dir, r = !x->dir;
	bool number = !(p->flags & SEG_ICMP);

	/* A RST answering a SYN has no number of its own (RFC 9293 3.10.7.1). */
	bool none = (x->what == WHAT_RSTACK || x->what == WHAT_RST) && p->seq == 0;
	/* Nor have those that are counted in another way. */
	none |= c->foreign[d] >> p->point & 1;
	if (!t->begun[d] && !none && number && !p->damaged)
		begin(t, d, p->seq);
	x->off = unwrap(t->high[d], p->seq);
	x->end = x->off + (number ? (int64_t)(uint32_t)(pkt_end(p) - p->seq) : 0);
	x->stray = none || x->off < t->low[d] - (t->known[d] ? 1 : FAR) || x->off > t->high[d] + (t->known[d] && !p->len ? AHEAD : FAR);
	if (!x->stray && number && !p->damaged && x->what != WHAT_RST && x->what != WHAT_RSTACK) {
		if (x->end > t->high[d])
			t->high[d] = x->end;
		if (x->off < t->low[d] && !t->known[d])
			t->low[d] = x->off;
	}
	x->stray_ack = true;
	x->other_ack = false;
	if (!number || !(p->flags & TCP_ACK) || p->damaged || c->foreign[r] >> p->point & 1)
		return;
	if (!t->begun[r])
		begin(t, r, p->ack);
	x->ack = unwrap(t->high[r], p->ack);
	x->stray_ack = x->other_ack = x->ack < t->low[r] || x->ack > t->high[r] + (t->known[r] ? AHEAD : FAR);
	if (!x->stray_ack && x->ack > t->high[r] && x->what != WHAT_RSTACK)
		t->high[r] = x->ack;    /* acknowledges what no point recorded */
}

/* ---- what every point could know, and when ---- */

static int mark_packet(struct proof *t, unsigned point, uint32_t k, struct err *e)
{
	struct conn *c = t->c;
	const struct pkt *p = &c->pkt[k];
	const struct tx *x;
	unsigned r = !p->dir, len;

	if (p->tx == NOTHING || p->flags & (SEG_ICMP | SEG_LATER | TCP_RST))
		return 0;
	x = &c->tx[p->tx];
	if (!x->stray && raise(c, &t->sent[point][p->dir], sent_by, k, e) < 0)
		return -1;
	if (x->stray_ack || x->stray || !(p->flags & TCP_ACK))
		return 0;
	if (raise(c, &t->acked[point][r], acked_by, k, e) < 0)
		return -1;
	/* What else it says may be what was changed. */
	if (p->damaged)
		return 0;
	if (p->flags & SEG_TS && p->tsecr) {
		struct marks *m = &t->echoed[point][r];
		int64_t v = m->n ? unwrap(m->mark[m->n - 1].v, p->tsecr) : (int64_t)p->tsecr + (1ll << 33);
		if ((m->n == 0 || v > m->mark[m->n - 1].v) && add_mark(m, p->t_raw, v, e) < 0)
			return -1;
	}
	if (pkt_option(c, p, 5, &len))
		return add_step(&t->sacks[point][r], k, e);
	return 0;
}

static int mark_points(struct proof *t, struct err *e)
{
	struct conn *c = t->c;

	for (unsigned i = 0; i < c->facts->points; i++) {
		for (int d = 0; d < 2; d++)
			t->acked[i][d].n = t->echoed[i][d].n = t->sent[i][d].n = t->sacks[i][d].n = 0;
		for (uint32_t k = c->at[i]; k < c->at[i + 1]; k++)
			if (!c->pkt[k].copy && mark_packet(t, i, k, e) < 0)
				return -1;
	}
	return 0;
}

int proof_build(struct proof *t, struct conn *c, struct err *e)
{
	t->c = c;
	find_beginnings(t);
	for (uint32_t i = 0; i < c->txs; i++)
		place_tx(t, &c->tx[i]);
	if (ranges_match(&t->ranges, c, e) < 0)
		return -1;
	for (uint32_t i = 0; i < c->txs; i++)
		c->tx[i].stray |= damage_only(c, i);
	if (repeats_find(&t->repeats, c, e) < 0)
		return -1;
	return mark_points(t, e);
}

/* ---- proofs ---- */

/* When another transmission with some of x's bytes was seen at the point: before x (INT64_MIN), or first after it. */
static int64_t other_at(const struct conn *c, uint32_t x, unsigned point)
{
	if (c->tx[x].before >> point & 1)
		return INT64_MIN;
	/* A repeat may have passed unrecorded, too: then it did so after it was first seen. */
	int64_t first = INT64_MAX;
	/* Of repeats close together the one behind may have come first, or have been taken for the one before. */
	for (uint32_t i = c->tx[x].repeated_by, n = 0; i < c->txs && n < REPEATS; i++, n++) {
		const struct tx *o = &c->tx[i];
		uint32_t k = conn_sight(c, i)[point];
		if (o->dir != c->tx[x].dir || o->off >= c->tx[x].end || o->end <= c->tx[x].off)
			continue;
		int64_t t = k != NOTHING ? c->pkt[k].t_raw : facts_unalign(&c->facts->point[point], o->t);
		first = t < first ? t : first;
	}
	return first;
}

/* Is x the only transmission of its direction with its TSval that the point saw, or would have? */
static bool only_tsval(const struct conn *c, uint32_t x)
{
	const struct pkt *p = &c->pkt[c->tx[x].first];
	unsigned near = 0;

	for (int way = -1; way <= 1; way += 2) {
		near = 0;
		for (uint32_t i = x + (uint32_t)way; i < c->txs && near < 64; i += (uint32_t)way, near++) {
			const struct tx *o = &c->tx[i];
			const struct pkt *q = &c->pkt[o->first];
			if (o->dir != c->tx[x].dir || !(q->flags & SEG_TS))
				continue;
			if (q->tsval == p->tsval)
				return false;
			break;
		}
		if (near == 64)
			return false;
	}
	return true;
}

/* The first step at or behind a time. */
static uint32_t first_after(const struct conn *c, const struct steps *s, int64_t at)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (c->pkt[s->pkt[mid]].t_raw >= at)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static bool sacked(const struct proof *t, uint32_t x, unsigned point, int64_t before)
{
	const struct conn *c = t->c;
	const struct tx *w = &c->tx[x];
	const struct steps *s = &t->sacks[point][w->dir];

	for (uint32_t i = first_after(c, s, facts_unalign(&c->facts->point[point], w->t) - SLACK_NS), n = 0; n < SACKS && i < s->n; i++, n++) {
		const struct pkt *p = &c->pkt[s->pkt[i]];
		unsigned len;
		const uint8_t *o = pkt_option(c, p, 5, &len);
		uint32_t shift = c->shift[point][w->dir];
		if (p->t_raw >= before)
			break;
		for (unsigned k = 2; o && k + 8 <= len; k += 8) {
			uint32_t l = ((uint32_t)o[k] << 24 | (uint32_t)o[k + 1] << 16 | (uint32_t)o[k + 2] << 8 | o[k + 3]) - shift;
			uint32_t r = ((uint32_t)o[k + 4] << 24 | (uint32_t)o[k + 5] << 16 | (uint32_t)o[k + 6] << 8 | o[k + 7]) - shift;
			if (unwrap(w->off, l) <= w->off && unwrap(w->off, r) >= w->end)
				return true;
		}
	}
	return false;
}

static bool said(reason_set *reason, reason_set why)
{
	if (reason)
		*reason |= why;
	return true;
}

bool proof_passed(const struct proof *t, uint32_t x, unsigned i, reason_set *reason)
{
	const struct conn *c = t->c;
	const struct tx *w = &c->tx[x];
	unsigned point = c->way[w->dir][i];
	const struct pkt *p = &c->pkt[w->first];

	if (i > w->from && i < (w->turned > w->to ? w->turned : w->to) && !conn_others(w, point))
		return said(reason, WHY_SEEN_BEYOND);
	if (conn_apart(c, p, point) || w->stray || w->what == WHAT_RST || w->what == WHAT_RSTACK || w->what == WHAT_ICMP)
		return false;
	if (w->end > w->off && !w->probe) {
		int64_t other = other_at(c, x, point), acked = proof_acked_at(t, point, w->dir, w->end);
		/* Acknowledged before it was sent: a needless repeat, of which nothing is known. */
		if (other != INT64_MIN && acked < other && acked >= facts_unalign(&c->facts->point[point], w->t) - SLACK_NS)
			return said(reason, WHY_ACKED);
		if (other != INT64_MIN && sacked(t, x, point, other))
			return said(reason, WHY_SACKED);
	}
	const struct marks *m = &t->echoed[point][w->dir];
	/* That some of a packet came says nothing of the rest. */
	if (!w->rest && p->flags & SEG_TS && m->n && exactly(m, unwrap(m->mark[m->n - 1].v, p->tsval)) && only_tsval(c, x))
		return said(reason, WHY_ECHOED);
	return false;
}

/* Do the host's own IP IDs at the point leave a gap where this one belongs? */
static bool id_fits(const struct conn *c, const struct pkt *p, unsigned point, unsigned dir)
{
	const struct pkt *before = NULL, *after = NULL;
	uint32_t lo = c->at[point], hi = c->at[point + 1], from = lo, to = hi;

	if (!p->ip_id)
		return false;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (c->pkt[mid].t >= p->t)
			hi = mid;
		else
			lo = mid + 1;
	}
	from = lo - from > NEIGHBOURS ? lo - NEIGHBOURS : from;
	to = to - lo > NEIGHBOURS ? lo + NEIGHBOURS : to;
	for (uint32_t k = from; k < to; k++) {
		const struct pkt *q = &c->pkt[k];
		if (q->dir != dir || !q->ip_id || q->copy || q->flags & SEG_ICMP)
			continue;
		/* What a network card cuts up has an IP ID for each piece. */
		if ((uint16_t)(p->ip_id - q->ip_id) <= q->len / PIECE_MIN)
			return false;
		if ((int16_t)(uint16_t)(q->ip_id - p->ip_id) < 0)
			before = q;
		else if (!after)
			after = q;
	}
	if (!before || !after)
		return false;
	return (uint16_t)(after->ip_id - before->ip_id) <= ID_GAP && before->t <= after->t;
}

bool proof_sent_by_host(const struct proof *t, uint32_t x, unsigned i, reason_set *reason)
{
	const struct conn *c = t->c;
	const struct tx *w = &c->tx[x];
	unsigned point = c->way[w->dir][i];

	if (conn_apart(c, &c->pkt[w->first], point))
		return false;
	if (w->end > w->off && !w->stray && w->what != WHAT_RST && w->what != WHAT_RSTACK && other_at(c, x, point) == INT64_MAX &&
	    reached(c, &t->sent[point][w->dir], sent_by, w->end) != INT64_MAX)
		return said(reason, WHY_HOST_WENT_ON);
	if (!w->rest && !w->again && id_fits(c, &c->pkt[w->first], point, w->dir))
		return said(reason, WHY_IP_ID_FITS);
	return false;
}

void proof_tally(struct proof *t)
{
	const struct conn *c = t->c;

	tally_make(&t->tally, c);
	for (uint32_t x = 0; x < c->txs; x++)
		for (unsigned i = 0; i < c->ways[c->tx[x].dir]; i++) {
			unsigned p = c->way[c->tx[x].dir][i];
			bool passed = c->facts->point[p].sight[0].missed + c->facts->point[p].sight[1].missed > 0 && !conn_others(&c->tx[x], p) &&
			    proof_passed(t, x, i, NULL);
			t->tally.proved[p] += passed;
			t->tally.missed[p] += passed && conn_sight(c, x)[p] == NOTHING;
		}
}
