#include "correlate/repeats.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/ranges.h"

#define IDLE_NS 200000000       /* nobody sends a probe sooner after something else */
#define KEPT 16384              /* strips: larger scratch is not kept, memory is short then */

void repeats_init(struct repeats *r)
{
	memset(r, 0, sizeof *r);
}

void repeats_free(struct repeats *r)
{
	free(r->strip);
	free(r->head);
	free(r->next);
	memset(r, 0, sizeof *r);
}

/* ---- who has which bytes last ---- */

static int room_for_strips(struct repeats *r, uint32_t more)
{
	if (r->room - r->strips >= more)
		return 0;
	uint32_t room = r->room ? r->room * 2 : 1024;
	struct strip *x = realloc(r->strip, room * sizeof *x);
	if (!x)
		return err_set(r->e, "out of memory");
	r->strip = x;
	r->room = room;
	return 0;
}

/* The bytes of x, counted from behind when the search runs backwards. */
static int64_t low(const struct repeats *r, const struct tx *x)
{
	return r->mirrored ? -x->end : x->off;
}

static int64_t high(const struct repeats *r, const struct tx *x)
{
	return r->mirrored ? -x->off : x->end;
}

/* The strip that has byte `off`, or the first one. */
static uint32_t strip_of(const struct repeats *r, int64_t off)
{
	uint32_t lo = 0, hi = r->strips;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (r->strip[mid].off <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? lo - 1 : 0;
}

static int append(struct repeats *r, int64_t from, int64_t to, uint32_t i)
{
	if (room_for_strips(r, 2) < 0)
		return -1;
	if (r->strips && r->strip[r->strips - 1].off == from)
		r->strips--;
	r->strip[r->strips++] = (struct strip){ from, i };
	r->strip[r->strips++] = (struct strip){ to, NOTHING };
	return 0;
}

/* From now on transmission i is the last that has its bytes. */
static int take(struct repeats *r, uint32_t i)
{
	const struct tx *x = &r->c->tx[i];
	int64_t from = low(r, x), to = high(r, x);
	uint32_t first, end, after, n = 0;
	struct strip in[3];

	if (r->strips == 0 || r->strip[r->strips - 1].off <= from)
		return append(r, from, to, i);
	if (room_for_strips(r, 2) < 0)
		return -1;
	/* Strips first to end are replaced by what is left of them at either side, and this one between. */
	first = strip_of(r, from);
	first += r->strip[first].off < from;
	for (end = first; end < r->strips && r->strip[end].off < to; end++)
		;
	after = end > 0 ? r->strip[end - 1].last : NOTHING;
	in[n++] = (struct strip){ from, i };
	if (end == r->strips || r->strip[end].off > to)
		in[n++] = (struct strip){ to, after };
	memmove(&r->strip[first + n], &r->strip[end], (r->strips - end) * sizeof *r->strip);
	memcpy(&r->strip[first], in, n * sizeof *in);
	r->strips = r->strips - (end - first) + n;
	return 0;
}

/* ---- what repeats what ---- */

/* The points that recorded a transmission, or a part of it, or have its bytes in other packets. */
static uint64_t seen_at(const struct conn *c, uint32_t i)
{
	uint64_t set = c->tx[i].others;

	for (unsigned p = 0; p < c->facts->points; p++)
		set |= (uint64_t)(conn_sight(c, i)[p] != NOTHING) << p;
	return set;
}

/* Tie transmission i to everything before it that has some of the same bytes; backwards, to what comes behind it. */
static void tie(struct repeats *r, uint32_t i)
{
	struct conn *c = r->c;
	struct tx *x = &c->tx[i];
	int64_t to = high(r, x);

	for (uint32_t k = strip_of(r, low(r, x)); k < r->strips && r->strip[k].off < to; k++) {
		uint32_t o = r->strip[k].last;
		/* Behind a SYN of its own, the SYN-ACK says something new: that the other side's came (RFC 9293 3.5). */
		if (o == NOTHING || (c->tx[o].what == WHAT_SYN && x->what == WHAT_SYNACK))
			continue;
		if (r->mirrored) {
			x->repeated_by = o < x->repeated_by ? o : x->repeated_by;
			continue;
		}
		if (c->tx[o].repeated_by == NOTHING && conn_as_sent(x))
			c->tx[o].repeated_by = i;
		x->before |= c->tx[o].before | seen_at(c, o);
		if (x->repeats == NOTHING || o > x->repeats)
			x->repeats = o;
	}
	x->repeat = x->repeats != NOTHING;
}

/* Those cut out of i, or put together with it, have the bytes of what was sent before it, not of itself. */
static int tie_all(struct repeats *r, uint32_t i)
{
	struct conn *c = r->c;

	for (uint32_t k = r->cut ? r->head[i] : NOTHING; k != NOTHING; k = r->next[k])
		tie(r, k);
	if (!r->mirrored)
		tie(r, i);
	if (take(r, i) < 0)
		return -1;
	/* What did not come of it has a history of its own. */
	for (uint32_t k = r->cut && !r->mirrored ? r->head[i] : NOTHING; k != NOTHING; k = r->next[k]) {
		const struct tx *y = &c->tx[k];
		if (y->rest == REST_LOST && y->off >= c->tx[i].off && y->end <= c->tx[i].end && take(r, k) < 0)
			return -1;
	}
	return 0;
}

/* ---- probes ---- */

/*
 * Keepalive: nothing, or one old byte, just before what comes next (RFC 9293 3.8.4). Window probe: the next byte, which a closed window does not let
 * in (3.8.6.1).
 */
static bool is_probe(const struct tx *x, const struct pkt *p, int64_t next, int64_t before, bool closed, bool shut)
{
	if (next == INT64_MIN || p->len > 1 || p->flags & (TCP_SYN | TCP_FIN))
		return false;
	if (x->off == next - 1)
		return !closed && x->t - before >= IDLE_NS;
	return shut && p->len == 1 && x->off == next && x->t - before >= IDLE_NS;
}

/* Made by a SYN proxy in a host's name? */
static bool foreign(const struct conn *c, const struct pkt *p)
{
	return p->greeting && (c->beyond >> p->point & 1) == (p->dir == C2S);
}

static bool numbered(const struct tx *x)
{
	return !x->stray && x->what != WHAT_RST && x->what != WHAT_RSTACK && x->what != WHAT_ICMP;
}

/* ---- the search ---- */

/* Of direction d; what a SYN proxy says in the host's name on its other side repeats only itself. */
static int forwards(struct repeats *r, unsigned d, bool beyond)
{
	struct conn *c = r->c;
	int64_t next = INT64_MIN, before = 0;
	bool closed = false, shut = false;

	r->strips = 0;
	for (uint32_t i = 0; i < c->txs; i++) {
		struct tx *x = &c->tx[i];
		const struct pkt *p = &c->pkt[x->first];
		if (x->dir != d && numbered(x) && !x->stray_ack)
			shut = p->win == 0;
		if (x->dir == d && x->rest == REST_NEW)
			tie(r, i);
		if (x->dir != d || !conn_as_sent(x) || foreign(c, p) != beyond || !numbered(x))
			continue;
		x->probe = is_probe(x, p, next, before, closed, shut);
		x->what = x->probe ? WHAT_ACK : x->what;
		before = x->t;
		closed |= !!(p->flags & TCP_FIN);
		if (x->end == x->off || x->probe)
			continue;
		if (tie_all(r, i) < 0)
			return -1;
		next = x->end > next ? x->end : next;
	}
	return 0;
}

/* What comes behind that which was cut otherwise. */
static int backwards(struct repeats *r, unsigned d)
{
	struct conn *c = r->c;

	r->strips = 0;
	for (uint32_t i = c->txs; i-- > 0;) {
		const struct tx *x = &c->tx[i];
		if (x->dir == d && x->rest == REST_NEW)
			tie(r, i);
		if (x->dir == d && conn_as_sent(x) && numbered(x) && x->end > x->off && !x->probe && tie_all(r, i) < 0)
			return -1;
	}
	return 0;
}

static int room_for_lists(struct repeats *r)
{
	uint32_t n = r->c->txs, *head, *next;

	if (n <= r->list_room)
		return 0;
	if (!(head = realloc(r->head, n * sizeof *head)))
		return err_set(r->e, "out of memory");
	r->head = head;
	if (!(next = realloc(r->next, n * sizeof *next)))
		return err_set(r->e, "out of memory");
	r->next = next;
	r->list_room = n;
	return 0;
}

/*
 * Those that were not sent as they are, at the earliest transmission that they have bytes of; backwards, the latest. What came out of nothing has its
 * own place.
 */
static int list_cut(struct repeats *r)
{
	struct conn *c = r->c;

	r->cut = false;
	for (uint32_t i = 0; i < c->txs && !r->cut; i++)
		r->cut = !conn_as_sent(&c->tx[i]);
	if (!r->cut)
		return 0;
	if (room_for_lists(r) < 0)
		return -1;
	memset(r->head, 0xff, c->txs * sizeof *r->head);
	for (uint32_t i = c->txs; i-- > 0;)
		if (!conn_as_sent(&c->tx[i]) && c->tx[i].rest != REST_NEW) {
			uint32_t root = ranges_root(c, i, r->mirrored);
			r->next[i] = r->head[root];
			r->head[root] = i;
		}
	return 0;
}

int repeats_find(struct repeats *r, struct conn *c, struct err *e)
{
	r->c = c;
	r->e = e;
	r->mirrored = false;
	if (list_cut(r) < 0)
		return -1;
	for (unsigned d = 0; d < 2; d++)
		for (unsigned beyond = 0; beyond <= (c->beyond != 0); beyond++)
			if (forwards(r, d, beyond) < 0)
				return -1;
	r->mirrored = true;
	if (list_cut(r) < 0)
		return -1;
	for (unsigned d = 0; d < 2 && r->cut; d++)
		if (backwards(r, d) < 0)
			return -1;
	if (r->room > KEPT)
		repeats_free(r);
	return 0;
}
