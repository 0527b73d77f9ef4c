#include "correlate/onset.h"

#include <math.h>
#include <string.h>

#include "correlate/copies.h"

#define NOISE_NS 20000          /* by which time stamps of one capture may be out of order */
#define DRIFT 1e-4              /* between two clocks, within a connection's beginning */
#define PROXY_NS 30000          /* a proxy takes longer than this to accept, connect and pass on; the way to the client and back comes on top */
#define PAUSE_BITS 4            /* that one pause is worth at most, ... */
#define RHYTHM_BITS 8           /* ... and all of them: pauses of programs are alike */

static const struct heard *pair_of(const struct onset *y, bool *used, const struct heard *p, const bool known[2], const uint32_t shift[2])
{
	uint32_t mask = TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK;

	for (uint32_t i = 0; i < y->n; i++) {
		const struct heard *q = &y->p[i];
		if (used[i] || q->dir != p->dir || q->len != p->len || (q->flags & mask) != (p->flags & mask) || q->seq - p->seq != shift[p->dir])
			continue;
		if (p->flags & TCP_ACK && known[!p->dir] && q->ack - p->ack != shift[!p->dir])
			continue;
		used[i] = true;
		return q;
	}
	return NULL;
}

/* ---- what the aligned packets say ---- */

struct couple {
	const struct heard *p, *q;
};

static void count_fields(const struct couple *t, unsigned n, struct accord *a)
{
	for (unsigned i = 0; i < n; i++) {
		const struct heard *p = t[i].p, *q = t[i].q;
		a->data += p->len > 0;
		a->windows += p->win == q->win;
		if (p->has_payload && q->has_payload) {
			a->payloads += p->payload == q->payload;
			a->conflicts += p->payload != q->payload;
		}
		if (p->flags & q->flags & SEG_TS && p->tsval)
			a->stamps += p->tsval == q->tsval;
	}
}

/* IP IDs that do not change tell nothing; nor do those of the same packet sent again. */
static void count_ids(const struct couple *t, unsigned n, struct accord *a)
{
	for (int d = 0; d < 2; d++) {
		uint32_t last = 0;
		for (unsigned i = 0; i < n; i++) {
			const struct heard *p = t[i].p, *q = t[i].q;
			if (p->dir != d || !p->ip_id || p->ip_id != q->ip_id || p->ip_id == last)
				continue;
			a->ids++;
			last = p->ip_id;
		}
	}
}

/* TSvals that a device moves by a constant: the differences stay within a tick, while the clock goes on. */
static void count_moved(const struct couple *t, unsigned n, struct accord *a)
{
	for (int d = 0; d < 2; d++) {
		const struct couple *first = NULL;
		unsigned k = 0;
		for (unsigned i = 0; i < n; i++) {
			if (t[i].p->dir != d || !(t[i].p->flags & t[i].q->flags & SEG_TS))
				continue;
			if (!first)
				first = &t[i];
			int32_t off = (int32_t)((t[i].q->tsval - t[i].p->tsval) - (first->q->tsval - first->p->tsval));
			if (off < -1 || off > 1)
				k = 0, first = &t[i];
			k += t[i].p->tsval != first->p->tsval;
		}
		if (first && first->q->tsval != first->p->tsval)
			a->stamps_moved += k;
	}
}

/* Extremes of t at y minus t at x, by direction. */
struct corridor {
	int64_t low[2], high[2];
};

static struct corridor corridor_of(const struct couple *t, unsigned n, int64_t until)
{
	struct corridor k = { { INT64_MAX, INT64_MAX }, { INT64_MIN, INT64_MIN } };

	for (unsigned i = 0; i < n && t[i].p->t <= until; i++) {
		int64_t d = t[i].q->t - t[i].p->t;
		uint8_t dir = t[i].p->dir;
		k.low[dir] = d < k.low[dir] ? d : k.low[dir];
		k.high[dir] = d > k.high[dir] ? d : k.high[dir];
	}
	return k;
}

/*
 * t at y minus t at x is the clocks' difference plus the way for what goes to the server, minus the way for what comes from it: no packet to the
 * server can have a smaller one than any from it, or, if y is nearer to the client, a larger one (ALGORITHMS 3, the corridor).
 */
static bool fits(const struct corridor *k, int64_t error)
{
	if (k->high[C2S] == INT64_MIN || k->high[S2C] == INT64_MIN)
		return true;
	return k->low[C2S] + error >= k->high[S2C] || k->high[C2S] <= k->low[S2C] + error;
}

/* From the SYN-ACK to the client's next packet: the way to the client and back. */
static int64_t round_trip(const struct couple *t, unsigned n)
{
	int64_t there = INT64_MIN, x, y;

	for (unsigned i = 0; i < n; i++) {
		if (t[i].p->dir == S2C && t[i].p->flags & TCP_SYN) {
			x = t[i].p->t;
			y = t[i].q->t;
			there = x;
		} else if (t[i].p->dir == C2S && there != INT64_MIN && !(t[i].p->flags & TCP_SYN)) {
			x = t[i].p->t - x;
			y = t[i].q->t - y;
			return x < y ? x : y;
		}
	}
	return 0;
}

/*
 * A proxy answers the SYN before it asks the server, and the server's bytes before the client does: its SYN is late against what it passes on later,
 * its acknowledgments are early. Both show in the corridor if nothing of the handshake and of what follows is left out, and clocks cannot have drifted
 * apart by as much meanwhile.
 */
static bool in_order(const struct couple *t, unsigned n, int64_t resolution)
{
	int64_t slack = round_trip(t, n) + PROXY_NS - resolution, until;
	unsigned seen = 0;

	if (n == 0 || slack < PROXY_NS / 2)
		return false;
	until = t[0].p->t + (int64_t)((double)slack / DRIFT);
	for (unsigned i = 0; i < n && t[i].p->t <= until; i++) {
		const struct heard *p = t[i].p;
		if (p->flags & TCP_SYN)
			seen |= p->dir == C2S ? 1 : 2;
		else if (p->dir == S2C && (p->len || p->flags & TCP_FIN))
			seen |= 4;
		else if (p->dir == C2S && seen & 4 && p->len == 0)
			seen |= 8;
	}
	struct corridor k = corridor_of(t, n, until);
	return seen == 15 && fits(&k, 0);
}

/* A pause is worth more the longer it is against how much the differences vary. Repeats come by timers, which are the same for all. */
static void compare_pauses(const struct couple *t, unsigned n, struct accord *a)
{
	int64_t low = INT64_MAX, high = INT64_MIN;
	double spread;

	for (unsigned i = 0; i < n; i++) {
		int64_t d = t[i].q->t - t[i].p->t;
		low = d < low ? d : low;
		high = d > high ? d : high;
	}
	if (n == 0)
		return;
	spread = 4 * fmax((double)(high - low), 1e5);
	for (unsigned i = 1; i < n; i++) {
		const struct heard *p = t[i].p, *before = t[i - 1].p;
		double pause = (double)(p->t - before->t);
		if (pause > spread && (p->dir != before->dir || p->seq != before->seq))
			a->rhythm += fmin(PAUSE_BITS, log2(pause / spread));
	}
	a->rhythm = fmin(a->rhythm, RHYTHM_BITS);
}

/* Packets of x beyond where y ends are not missing there. */
static bool in_reach(const struct onset *x, const struct onset *y, const struct heard *p)
{
	return x->n < ONSET_MAX && y->n < ONSET_MAX ? true : p - x->p < (x->n < y->n ? x->n : y->n) / 2;
}

/* Is nothing but the handshake against the order of things? At least an exchange must be left. */
static bool only_handshake(const struct onset *x, const struct couple *t, unsigned n, int64_t error)
{
	struct couple rest[ONSET_MAX];
	unsigned k = 0, data[2] = { 0, 0 };

	for (unsigned i = 0; i < n; i++) {
		const struct heard *p = t[i].p;
		if (p->flags & TCP_SYN || (p->dir == C2S && p->len == 0 && p->seq == x->isn[C2S] + 1 && p->ack == x->isn[S2C] + 1))
			continue;
		data[p->dir]++;
		rest[k++] = t[i];
	}
	struct corridor c = corridor_of(rest, k, INT64_MAX);
	return data[C2S] > 1 && data[S2C] > 1 && fits(&c, error);
}

static bool has_synack(const struct onset *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		if ((o->p[i].flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
			return true;
	return false;
}

void onset_compare(const struct onset *x, const struct onset *y, struct accord *a)
{
	bool used[ONSET_MAX] = { false }, known[2];
	uint32_t shift[2];
	struct couple couple[ONSET_MAX];
	int64_t resolution = x->resolution_ns + y->resolution_ns;
	unsigned n = 0;

	memset(a, 0, sizeof *a);
	for (int d = 0; d < 2; d++) {
		known[d] = (x->has_isn[d] && y->has_isn[d]) || (!x->has_isn[C2S] && !y->has_isn[C2S]);
		shift[d] = x->has_isn[d] && y->has_isn[d] ? y->isn[d] - x->isn[d] : 0;
	}
	for (uint32_t i = 0; i < x->n; i++) {
		const struct heard *p = &x->p[i], *q;
		if (!known[p->dir])
			continue;
		if (!(q = pair_of(y, used, p, known, shift))) {
			a->alone += in_reach(x, y, p);
			continue;
		}
		couple[n++] = (struct couple){ p, q };
	}
	a->aligned = n;
	a->accepted = has_synack(x) || has_synack(y);
	count_fields(couple, n, a);
	count_ids(couple, n, a);
	count_moved(couple, n, a);
	int64_t error = NOISE_NS + resolution + (n ? (int64_t)(DRIFT * fabs((double)(couple[n - 1].p->t - couple[0].p->t))) : 0);
	struct corridor k = corridor_of(couple, n, INT64_MAX);
	a->backwards = !fits(&k, error);
	a->spliced = a->backwards && (a->stamps || a->ids > 1) && only_handshake(x, couple, n, resolution);
	a->in_order = in_order(couple, n, resolution);
	compare_pauses(couple, n, a);
}

bool accord_forwarded(const struct accord *a, bool stamps)
{
	if ((a->backwards && !a->spliced) || (a->conflicts > 0 && a->conflicts >= a->payloads))
		return false;
	if ((stamps && a->stamps > 0) || a->ids > 1 || (a->aligned > 0 && !a->accepted))
		return true;
	return a->in_order && a->alone * 4 <= a->aligned && a->windows * 10 >= a->aligned * 9;
}

/* ---- reading ---- */

int onset_read(struct loader *l, struct conn *c, uint32_t flow, struct onset *o, struct err *e)
{
	const struct flow *w = &c->facts->flow[flow];

	memset(o, 0, sizeof *o);
	if (loader_peek(l, c, flow, 2 * ONSET_MAX, e) < 0)
		return -1;
	copies_mark(c, w->point);
	o->resolution_ns = c->facts->point[w->point].resolution_ns;
	for (int d = 0; d < 2; d++) {
		o->has_isn[d] = w->has_isn[d];
		o->isn[d] = w->has_isn[d] ? w->isn[d] : 0;
	}
	for (uint32_t i = 0; i < c->pkts && o->n < ONSET_MAX; i++) {
		const struct pkt *p = &c->pkt[i];
		if (p->copy || p->flags & (SEG_ICMP | SEG_LATER))
			continue;
		o->p[o->n++] = (struct heard){ .t = p->t_raw, .seq = p->seq, .ack = p->ack, .len = p->len, .tsval = p->tsval, .payload = p->payload,
			.flags = p->flags, .ip_id = p->ip_id, .win = p->win, .dir = p->dir, .has_payload = p->has_payload };
	}
	return 0;
}
