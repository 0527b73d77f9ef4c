#include "correlate/change.h"

#include <stdlib.h>
#include <string.h>

#include "schema/array.h"
#include "schema/octets.h"

#define TTL_HOPS 32             /* so many routers lie between two points at most; anything else is a rewritten TTL */

struct value_pair {
	uint8_t before_kind, after_kind;
	int64_t before, after;
};

struct finder {
	const struct conn *c;
	struct changes *out;
	struct compared *compared;
	uint8_t dir, from, to;
	uint32_t tx;
	bool any;
};

void changes_free(struct changes *c)
{
	free(c->list);
	free(c->modified);
	free(c->compared);
	memset(c, 0, sizeof *c);
}

static struct change *find(struct finder *f, enum field field, unsigned option)
{
	for (uint32_t i = 0; i < f->out->n; i++) {
		struct change *x = &f->out->list[i];
		if (x->dir == f->dir && x->from == f->from && x->to == f->to && x->field == field && x->option == option)
			return x;
	}
	return NULL;
}

static struct change *make(struct finder *f, enum field field, unsigned option, struct value_pair v)
{
	if (!array_grow(&f->out->list, &f->out->room, f->out->n, sizeof *f->out->list)) {
		f->out->nomem = true;
		return NULL;
	}
	struct change *x = &f->out->list[f->out->n++];
	*x = (struct change){ .dir = f->dir, .from = f->from, .to = f->to, .field = (uint8_t)field, .option = (uint16_t)option,
		.before_kind = v.before_kind, .after_kind = v.after_kind, .before = v.before, .after = v.after, .tx = f->tx,
		.constant = true, .shifted = true, .alike = true, .target = true, .lowered = true, .told = true };
	return x;
}

/* told: another field says what this difference is. */
static void note_told(struct finder *f, enum field field, unsigned option, struct value_pair v, bool told)
{
	struct change *x = find(f, field, option);
	bool numbers = v.before_kind == VALUE_NUMBER && v.after_kind == VALUE_NUMBER;

	f->any = true;
	if (!x && !(x = make(f, field, option, v)))
		return;
	bool kinds = x->before_kind == v.before_kind && x->after_kind == v.after_kind;
	x->count += x->count == 0 || x->last != f->tx;
	x->last = f->tx;
	x->constant &= kinds && x->before == v.before && x->after == v.after;
	x->shifted &= numbers && (uint32_t)(v.after - v.before) == (uint32_t)(x->after - x->before);
	x->alike &= kinds;
	x->target &= kinds && x->after == v.after;
	x->lowered &= numbers && v.after < v.before;
	x->told &= told;
	x->still += numbers && v.before == v.after;
}

static void note(struct finder *f, enum field field, unsigned option, struct value_pair v)
{
	note_told(f, field, option, v, false);
}

/* It could be compared; with option: at least one side has it. */
static void saw(struct finder *f, enum field field, unsigned option)
{
	f->compared->fields |= 1u << field;
	if (field == FIELD_OTHER)
		f->compared->options[option / 64] |= UINT64_C(1) << option % 64;
}

static void number(struct finder *f, enum field field, int64_t before, int64_t after)
{
	saw(f, field, 0);
	if (before != after)
		note(f, field, 0, (struct value_pair){ VALUE_NUMBER, VALUE_NUMBER, before, after });
}

static void address(struct finder *f, enum field field, int64_t before, int64_t after)
{
	saw(f, field, 0);
	if (before != after)
		note(f, field, 0, (struct value_pair){ VALUE_ADDRESS, VALUE_ADDRESS, before, after });
}

static void endpoints(struct finder *f)
{
	const struct flow *a = f->c->flow[f->from], *b = f->c->flow[f->to];
	int s = f->dir == C2S ? 0 : 1;

	address(f, FIELD_SRC, a->addr[s], b->addr[s]);
	address(f, FIELD_DST, a->addr[!s], b->addr[!s]);
	number(f, FIELD_SPORT, a->port[s], b->port[s]);
	number(f, FIELD_DPORT, a->port[!s], b->port[!s]);
}

/* ---- options ---- */

/* A number of an option: its value, or VALUE_NONE when the option is not there. */
static uint8_t option_value(const struct finder *f, const struct pkt *p, uint8_t kind, unsigned bytes, int64_t *v)
{
	unsigned len;
	const uint8_t *o = pkt_option(f->c, p, kind, &len);

	*v = 0;
	if (!o || len < 2 + bytes)
		return VALUE_NONE;
	for (unsigned i = 0; i < bytes; i++)
		*v = *v << 8 | o[2 + i];
	return bytes ? VALUE_NUMBER : VALUE_PRESENT;
}

static void option(struct finder *f, const struct pkt *p, const struct pkt *q, enum field field, uint8_t kind, unsigned bytes)
{
	struct value_pair v;

	v.before_kind = option_value(f, p, kind, bytes, &v.before);
	v.after_kind = option_value(f, q, kind, bytes, &v.after);
	/* Options that the capture cut off are not gone. */
	if ((v.before_kind == VALUE_NONE && p->flags & SEG_CUT) || (v.after_kind == VALUE_NONE && q->flags & SEG_CUT))
		return;
	if (v.before_kind != VALUE_NONE || v.after_kind != VALUE_NONE)
		saw(f, field, 0);
	if (v.before_kind != v.after_kind || v.before != v.after)
		note(f, field, 0, v);
}

/* As the point recorded it. */
static uint32_t stamp(const struct finder *f, const struct pkt *p, uint32_t v, int dir)
{
	return p->flags & SEG_TS ? v + f->c->stamp_shift[p->point][dir] : 0;
}

static void timestamps(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	uint8_t a = p->flags & SEG_TS ? VALUE_NUMBER : VALUE_NONE, b = q->flags & SEG_TS ? VALUE_NUMBER : VALUE_NONE;

	if ((!a && !b) || (a != b && (a ? q : p)->flags & SEG_CUT))
		return;
	struct value_pair val = { a, b, stamp(f, p, p->tsval, f->dir), stamp(f, q, q->tsval, f->dir) };
	struct value_pair ecr = { a, b, p->tsecr ? stamp(f, p, p->tsecr, !f->dir) : 0, q->tsecr ? stamp(f, q, q->tsecr, !f->dir) : 0 };
	saw(f, FIELD_TSVAL, 0);
	saw(f, FIELD_TSECR, 0);
	if (a != b || val.before != val.after)
		note(f, FIELD_TSVAL, 0, val);
	if (a != b || ecr.before != ecr.after)
		note(f, FIELD_TSECR, 0, ecr);
}

/*
 * Selective acknowledgments must move with the numbers that they are about (RFC 2018 3; so must those that report duplicates, RFC 2883 4). If some of
 * the edges did not, although the acknowledgment number beside them did, before and after are the same.
 */
static void sack(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	unsigned lp = 0, lq = 0;
	const uint8_t *a = pkt_option(f->c, p, 5, &lp), *b = pkt_option(f->c, q, 5, &lq);
	uint32_t shift = f->c->shift[f->to][!f->dir] - f->c->shift[f->from][!f->dir];

	if ((!a && !b) || (p->flags | q->flags) & SEG_CUT)
		return;
	saw(f, FIELD_SACK, 0);
	if (!a || !b || lp != lq) {
		note(f, FIELD_SACK, 0, (struct value_pair){ a ? VALUE_PRESENT : VALUE_NONE, b ? VALUE_PRESENT : VALUE_NONE, 0, a && b });
		return;
	}
	bool acked = p->flags & q->flags & TCP_ACK && p->ack == q->ack, told = true;
	unsigned still = 0, first = 0;
	for (unsigned i = 2; i + 4 <= lp; i += 4) {
		if (be32(&a[i]) + shift == be32(&b[i]))
			continue;
		still += be32(&a[i]) == be32(&b[i]);
		told &= be32(&a[i]) == be32(&b[i]);
		first = first ? first : i;
	}
	if (first && still && !(acked && told))
		note(f, FIELD_SACK, 0, (struct value_pair){ VALUE_PRESENT, VALUE_PRESENT, 0, 1 });
	else if (first)
		note(f, FIELD_SACK, 0, (struct value_pair){ VALUE_NUMBER, VALUE_NUMBER, be32(&a[first]), be32(&b[first]) });
}

/* Walks over raw options: the next one that is no end and no padding, NULL: none. */
static const uint8_t *next_option(const struct pkt_opt *o, unsigned *at, unsigned *len)
{
	while (*at < o->len && o->raw[*at] == 1)
		++*at;
	if (*at + 1u >= o->len || o->raw[*at] == 0)
		return NULL;
	const uint8_t *x = &o->raw[*at];
	*len = x[1];
	if (*len < 2 || *at + *len > o->len)
		return NULL;
	*at += *len;
	return x;
}

/* Experimental options say which experiment they belong to (RFC 6994). */
static unsigned option_code(const uint8_t *o, unsigned len)
{
	if ((o[0] == 253 || o[0] == 254) && len >= 4 && o[2] == 0xf9 && o[3] == 0x89)
		return OPTION_EXP_FASTOPEN;
	return o[0];
}

/* The nth option (0: the first) with this code, NULL: there are not so many. */
static const uint8_t *nth_option(const struct finder *f, const struct pkt *p, unsigned code, unsigned nth, unsigned *len)
{
	const uint8_t *o;

	for (unsigned at = 0; p->opt != NOTHING && (o = next_option(&f->c->opt[p->opt], &at, len));)
		if (option_code(o, *len) == code && nth-- == 0)
			return o;
	return NULL;
}

/* The options of one packet against those of the other one; when that is the packet before the hop (first), also what is in both. */
static void others_of(struct finder *f, const struct pkt *p, const struct pkt *q, bool first)
{
	static const uint8_t known[] = { 0, 1, 2, 3, 4, 5, 8 };
	uint8_t seen[OPTIONS] = { 0 };  /* some options may be there twice (MPTCP) */
	unsigned n, m;
	const uint8_t *o, *x;

	if (p->opt == NOTHING || q->flags & SEG_CUT)
		return;
	for (unsigned at = 0; (o = next_option(&f->c->opt[p->opt], &at, &n));) {
		unsigned code = option_code(o, n);
		if (code < 256 && memchr(known, (int)code, sizeof known))
			continue;
		saw(f, FIELD_OTHER, code);
		x = nth_option(f, q, code, seen[code]++, &m);
		if (!x)
			note(f, FIELD_OTHER, code, first ? (struct value_pair){ VALUE_PRESENT, VALUE_NONE, 0, 0 }
							 : (struct value_pair){ VALUE_NONE, VALUE_PRESENT, 0, 0 });
		else if (first && (m != n || memcmp(x, o, n) != 0))
			note(f, FIELD_OTHER, code, (struct value_pair){ VALUE_PRESENT, VALUE_PRESENT, 0, 1 });
	}
}

/* ---- header fields ---- */

static void tcp_flags(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	uint32_t a = p->flags & TCP_FLAGS, b = q->flags & TCP_FLAGS;
	bool syn = a & b & TCP_SYN;

	saw(f, FIELD_FLAGS, 0);
	if (a != b)
		note_told(f, FIELD_FLAGS, 0, (struct value_pair){ VALUE_FLAGS, VALUE_FLAGS, a, b }, syn && ((a ^ b) & ~ECN_FLAGS) == 0);
	if (!syn || !((a | b) & ECN_FLAGS))
		return;
	saw(f, FIELD_SYN_ECN, 0);
	if ((a ^ b) & ECN_FLAGS)
		note(f, FIELD_SYN_ECN, 0, (struct value_pair){ VALUE_FLAGS, VALUE_FLAGS, a & ECN_FLAGS, b & ECN_FLAGS });
}

static void tcp_fields(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	const struct conn *c = f->c;

	number(f, FIELD_SEQ, p->seq + c->shift[f->from][f->dir], q->seq + c->shift[f->to][f->dir]);
	if (p->flags & q->flags & TCP_ACK)
		number(f, FIELD_ACK, p->ack + c->shift[f->from][!f->dir], q->ack + c->shift[f->to][!f->dir]);
	number(f, FIELD_WIN, p->win, q->win);
	tcp_flags(f, p, q);
	timestamps(f, p, q);
	if (p->opt != NOTHING || q->opt != NOTHING) {
		option(f, p, q, FIELD_MSS, 2, 2);
		option(f, p, q, FIELD_WS, 3, 1);
		option(f, p, q, FIELD_SACKOK, 4, 0);
		sack(f, p, q);
		others_of(f, p, q, true);
		others_of(f, q, p, false);
	}
	if (p->has_payload && q->has_payload && p->len == q->len) {
		saw(f, FIELD_PAYLOAD, 0);
		if (p->payload != q->payload)
			note(f, FIELD_PAYLOAD, 0, (struct value_pair){ VALUE_PRESENT, VALUE_PRESENT, 0, 1 });
	}
}

/* The DSCP field and the ECN field (RFC 2474 3, RFC 3168 5). */
static void tos(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	number(f, FIELD_TOS, p->tos, q->tos);
	number(f, FIELD_DSCP, p->tos >> 2, q->tos >> 2);
	if ((p->tos | q->tos) & 3)
		number(f, FIELD_ECN, p->tos & 3, q->tos & 3);
}

static void compare(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	f->any = false;
	/* What an ICMP error quotes, a NAT translates as well; its own addresses are those of the routers. */
	if (!(p->flags & SEG_ICMP))
		endpoints(f);
	tos(f, p, q);
	number(f, FIELD_IP_ID, p->ip_id, q->ip_id);
	if (!(p->flags & SEG_ICMP))
		tcp_fields(f, p, q);
	bool others = f->any;
	saw(f, FIELD_TTL, 0);
	if (q->ttl > p->ttl || p->ttl - q->ttl > TTL_HOPS) {
		number(f, FIELD_TTL, p->ttl, q->ttl);
		struct change *x = others ? NULL : find(f, FIELD_TTL, 0);
		if (x)
			x->alone++;
	}
	if (f->any)
		f->out->modified[changes_at(f->from, f->to, f->dir)]++;
}

static enum habit habit_of(const struct change *x)
{
	if (x->told || x->field == FIELD_TOS)
		return HABIT_NONE;
	if (x->alike && (x->before_kind == VALUE_NONE || x->after_kind == VALUE_NONE))
		return x->after_kind == VALUE_NONE ? HABIT_STRIPPED : HABIT_INSERTED;
	switch ((enum field)x->field) {
	case FIELD_SEQ:
	case FIELD_ACK:
	case FIELD_TSVAL:
	case FIELD_TSECR:
		return x->shifted ? HABIT_SHIFTED : HABIT_REWRITTEN;
	case FIELD_SACK:
		/* One is proof; others of a burst of equal acknowledgments may have been taken for each other. */
		return x->still && 2 * x->still >= x->count ? HABIT_NOT_SHIFTED : HABIT_REWRITTEN;
	case FIELD_MSS:
		return x->lowered ? HABIT_CLAMPED : HABIT_REWRITTEN;
	case FIELD_TTL:
	case FIELD_DSCP:
		return x->target ? HABIT_SET : HABIT_REWRITTEN;
	case FIELD_ECN:
	case FIELD_SYN_ECN:
		if (x->target && x->after == 0)
			return HABIT_CLEARED;
		return x->target && x->field == FIELD_ECN && x->after == 3 ? HABIT_MARKED : HABIT_REWRITTEN;
	default:
		return HABIT_REWRITTEN;
	}
}

/* All packets of a direction gained as many hops: a router takes them. */
static bool rises(const struct change *x)
{
	return x->field == FIELD_TTL && x->shifted && x->after > x->before && x->after - x->before <= TTL_HOPS;
}

/*
 * A TTL that rises by as much in both directions is what a router looks like from behind: this connection goes the other way than the path, or the
 * order of the two points is wrong. Nobody rewrote it.
 */
static void forget_turned(struct changes *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < out->n; i++) {
		struct change *x = &out->list[i];
		for (uint32_t k = i + 1; k < out->n && rises(x); k++) {
			struct change *y = &out->list[k];
			if (rises(y) && y->from == x->to && y->to == x->from && y->after - y->before == x->after - x->before)
				x->count = y->count = 0;
		}
	}
	for (uint32_t i = 0; i < out->n; i++) {
		struct change *x = &out->list[i];
		if (x->count)
			out->list[n++] = *x;
		else
			out->modified[changes_at(x->from, x->to, x->dir)] -= x->alone;
	}
	out->n = n;
}

static bool start(const struct conn *c, struct changes *out)
{
	unsigned hops = 2 * c->facts->points;

	out->n = 0;
	out->nomem = false;
	if (!out->modified)
		out->modified = calloc(2 * POINTS_MAX, sizeof *out->modified);
	if (!out->compared)
		out->compared = calloc(2 * POINTS_MAX, sizeof *out->compared);
	out->nomem = !out->modified || !out->compared;
	if (out->nomem)
		return false;
	memset(out->modified, 0, hops * sizeof *out->modified);
	memset(out->compared, 0, hops * sizeof *out->compared);
	return true;
}

bool change_of_endpoint(const struct change *x)
{
	return x->field == FIELD_SRC || x->field == FIELD_DST || x->field == FIELD_SPORT || x->field == FIELD_DPORT;
}

/* The view says `certain`. */
static bool one_sure_flow(const struct conn *c, unsigned point)
{
	const struct conn_ref *r = &c->facts->conn[c->index];
	unsigned n = 0;

	for (uint32_t i = 0; i < r->flows; i++)
		n += c->facts->flow[r->flow + i].point == point;
	return n == 1 && c->flow[point]->state != JOIN_LIKELY;
}

/* Of signed packets there is more to be said (rewrite.c). */
static bool by_flows(const struct conn *c, const struct changes *all, const struct change *x)
{
	const struct compared *seen = &all->compared[changes_at(x->from, x->to, x->dir)];

	return change_of_endpoint(x) && !compared_option(seen, OPTION_MD5) && !compared_option(seen, OPTION_AO) && one_sure_flow(c, x->from) &&
	    one_sure_flow(c, x->to);
}

void changes_find(const struct conn *c, struct changes *out)
{
	struct finder f = { .c = c, .out = out };

	if (!start(c, out))
		return;
	for (f.tx = 0; f.tx < c->txs; f.tx++) {
		const struct tx *x = &c->tx[f.tx];
		f.dir = x->dir;
		for (unsigned i = x->from; i < x->to; i++) {
			const struct pkt *p = conn_seen(c, f.tx, i), *q = conn_seen(c, f.tx, i + 1);
			f.from = c->way[x->dir][i];
			f.to = c->way[x->dir][i + 1];
			f.compared = &out->compared[changes_at(f.from, f.to, f.dir)];
			/* What an accident changed on the way, no device rewrote. */
			if (p && q && p->damaged == q->damaged)
				compare(&f, p, q);
		}
	}
	forget_turned(out);
	for (uint32_t i = 0; i < out->n; i++) {
		out->list[i].habit = (uint8_t)habit_of(&out->list[i]);
		out->list[i].by_flows = by_flows(c, out, &out->list[i]);
	}
}
