#include "correlate/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TTL_HOPS 32             /* so many routers lie between two points at most; anything else is a rewritten TTL */

struct value_pair {
	uint8_t before_kind, after_kind;
	int64_t before, after;
};

struct finder {
	const struct conn *c;
	struct changes *out;
	uint8_t dir, from, to;
	uint32_t tx;
	bool any;
};

void changes_free(struct changes *c)
{
	free(c->list);
	free(c->modified);
	memset(c, 0, sizeof *c);
}

static struct change *find(struct finder *f, enum field field, uint8_t option)
{
	for (uint32_t i = 0; i < f->out->n; i++) {
		struct change *x = &f->out->list[i];
		if (x->dir == f->dir && x->from == f->from && x->to == f->to && x->field == field && x->option == option)
			return x;
	}
	return NULL;
}

static void note(struct finder *f, enum field field, uint8_t option, struct value_pair v)
{
	struct change *x = find(f, field, option);

	f->any = true;
	if (x) {
		x->count++;
		x->constant &= x->before == v.before && x->after == v.after && x->before_kind == v.before_kind && x->after_kind == v.after_kind;
		x->shifted &= v.before_kind == VALUE_NUMBER && v.after_kind == VALUE_NUMBER &&
		    (uint32_t)(v.after - v.before) == (uint32_t)(x->after - x->before);
		return;
	}
	if (f->out->n == f->out->room) {
		uint32_t room = f->out->room ? f->out->room * 2 : 32;
		struct change *n = realloc(f->out->list, room * sizeof *n);
		if (!n) {
			f->out->nomem = true;
			return;
		}
		f->out->list = n;
		f->out->room = room;
	}
	f->out->list[f->out->n++] = (struct change){ .dir = f->dir, .from = f->from, .to = f->to, .field = (uint8_t)field, .option = option,
		.before_kind = v.before_kind, .after_kind = v.after_kind, .constant = true, .count = 1, .tx = f->tx,
		.shifted = v.before_kind == VALUE_NUMBER && v.after_kind == VALUE_NUMBER, .before = v.before, .after = v.after };
}

static void number(struct finder *f, enum field field, int64_t before, int64_t after)
{
	if (before != after)
		note(f, field, 0, (struct value_pair){ VALUE_NUMBER, VALUE_NUMBER, before, after });
}

static void endpoints(struct finder *f)
{
	const struct flow *a = f->c->flow[f->from], *b = f->c->flow[f->to];
	int s = f->dir == C2S ? 0 : 1;

	if (a->addr[s] != b->addr[s])
		note(f, FIELD_SRC, 0, (struct value_pair){ VALUE_ADDRESS, VALUE_ADDRESS, a->addr[s], b->addr[s] });
	if (a->addr[!s] != b->addr[!s])
		note(f, FIELD_DST, 0, (struct value_pair){ VALUE_ADDRESS, VALUE_ADDRESS, a->addr[!s], b->addr[!s] });
	number(f, FIELD_SPORT, a->port[s], b->port[s]);
	number(f, FIELD_DPORT, a->port[!s], b->port[!s]);
}

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
	if (v.before_kind != v.after_kind || v.before != v.after)
		note(f, field, field == FIELD_OTHER ? kind : 0, v);
}

/* As the point recorded it. */
static uint32_t stamp(const struct finder *f, const struct pkt *p, uint32_t v, int dir)
{
	return p->flags & SEG_TS ? v + f->c->stamp_shift[p->point][dir] : 0;
}

static void timestamps(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	uint8_t a = p->flags & SEG_TS ? VALUE_NUMBER : VALUE_NONE, b = q->flags & SEG_TS ? VALUE_NUMBER : VALUE_NONE;

	if (a != b && (a ? q : p)->flags & SEG_CUT)
		return;
	struct value_pair val = { a, b, stamp(f, p, p->tsval, f->dir), stamp(f, q, q->tsval, f->dir) };
	struct value_pair ecr = { a, b, p->tsecr ? stamp(f, p, p->tsecr, !f->dir) : 0, q->tsecr ? stamp(f, q, q->tsecr, !f->dir) : 0 };
	if (a != b || (a && val.before != val.after))
		note(f, FIELD_TSVAL, 0, val);
	if (a != b || (a && ecr.before != ecr.after))
		note(f, FIELD_TSECR, 0, ecr);
}

/* Selective acknowledgments must move with the numbers that they are about. */
static void sack(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	unsigned lp = 0, lq = 0;
	const uint8_t *a = pkt_option(f->c, p, 5, &lp), *b = pkt_option(f->c, q, 5, &lq);
	uint32_t shift = f->c->shift[f->to][!f->dir] - f->c->shift[f->from][!f->dir];

	if ((!a && !b) || (p->flags | q->flags) & SEG_CUT)
		return;
	if (!a || !b || lp != lq) {
		note(f, FIELD_SACK, 0, (struct value_pair){ a ? VALUE_PRESENT : VALUE_NONE, b ? VALUE_PRESENT : VALUE_NONE, 0, 0 });
		return;
	}
	for (unsigned i = 2; i + 4 <= lp; i += 4) {
		uint32_t x = (uint32_t)a[i] << 24 | (uint32_t)a[i + 1] << 16 | (uint32_t)a[i + 2] << 8 | a[i + 3];
		uint32_t y = (uint32_t)b[i] << 24 | (uint32_t)b[i + 1] << 16 | (uint32_t)b[i + 2] << 8 | b[i + 3];
		if (x + shift != y) {
			note(f, FIELD_SACK, 0, (struct value_pair){ VALUE_NUMBER, VALUE_NUMBER, x, y });
			return;
		}
	}
}

/* Options without a field of their own: MD5, AO, MPTCP, Fast Open, and whatever else is there. */
static void others(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	static const uint8_t known[] = { 0, 1, 2, 3, 4, 5, 8 };
	const struct pkt *side[2] = { p, q };

	for (int s = 0; s < 2; s++) {
		const struct pkt *x = side[s], *y = side[!s];
		if (x->opt == NOTHING || y->flags & SEG_CUT)
			continue;
		const struct pkt_opt *o = &f->c->opt[x->opt];
		for (unsigned i = 0; i < o->len && o->raw[i];) {
			unsigned n = o->raw[i] == 1 ? 1 : i + 1 < o->len ? o->raw[i + 1] : 0, ly;
			if (n == 0 || i + n > o->len)
				break;
			if (!memchr(known, o->raw[i], sizeof known)) {
				const uint8_t *z = pkt_option(f->c, y, o->raw[i], &ly);
				if (!z)
					note(f, FIELD_OTHER, o->raw[i], s ? (struct value_pair){ VALUE_NONE, VALUE_PRESENT, 0, 0 }
									: (struct value_pair){ VALUE_PRESENT, VALUE_NONE, 0, 0 });
				else if (s == 0 && (ly != n || memcmp(z, &o->raw[i], n) != 0))
					note(f, FIELD_OTHER, o->raw[i], (struct value_pair){ VALUE_PRESENT, VALUE_PRESENT, 0, 1 });
			}
			i += n;
		}
	}
}

static void tcp_fields(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	const struct conn *c = f->c;
	uint32_t flags = TCP_FLAGS;

	number(f, FIELD_SEQ, p->seq + c->shift[f->from][f->dir], q->seq + c->shift[f->to][f->dir]);
	if (p->flags & q->flags & TCP_ACK)
		number(f, FIELD_ACK, p->ack + c->shift[f->from][!f->dir], q->ack + c->shift[f->to][!f->dir]);
	number(f, FIELD_WIN, p->win, q->win);
	if ((p->flags & flags) != (q->flags & flags))
		note(f, FIELD_FLAGS, 0, (struct value_pair){ VALUE_FLAGS, VALUE_FLAGS, p->flags & flags, q->flags & flags });
	timestamps(f, p, q);
	if (p->opt != NOTHING || q->opt != NOTHING) {
		option(f, p, q, FIELD_MSS, 2, 2);
		option(f, p, q, FIELD_WS, 3, 1);
		option(f, p, q, FIELD_SACKOK, 4, 0);
		sack(f, p, q);
		others(f, p, q);
	}
	if (p->has_payload && q->has_payload && p->len == q->len && p->payload != q->payload)
		note(f, FIELD_PAYLOAD, 0, (struct value_pair){ VALUE_PRESENT, VALUE_PRESENT, 0, 1 });
}

static void compare(struct finder *f, const struct pkt *p, const struct pkt *q)
{
	f->any = false;
	/* What an ICMP error quotes, a NAT translates as well; its own addresses are those of the routers. */
	if (!(p->flags & SEG_ICMP))
		endpoints(f);
	if (q->ttl > p->ttl || p->ttl - q->ttl > TTL_HOPS)
		number(f, FIELD_TTL, p->ttl, q->ttl);
	number(f, FIELD_TOS, p->tos, q->tos);
	number(f, FIELD_IP_ID, p->ip_id, q->ip_id);
	if (!(p->flags & SEG_ICMP))
		tcp_fields(f, p, q);
	if (f->any)
		f->out->modified[2 * (f->from < f->to ? f->from : f->to) + f->dir]++;
}

void changes_find(const struct conn *c, struct changes *out)
{
	struct finder f = { .c = c, .out = out };

	out->n = 0;
	out->nomem = false;
	if (!out->modified && !(out->modified = calloc(2 * POINTS_MAX, sizeof *out->modified))) {
		out->nomem = true;
		return;
	}
	memset(out->modified, 0, 2 * POINTS_MAX * sizeof *out->modified);
	for (f.tx = 0; f.tx < c->txs; f.tx++) {
		const struct tx *x = &c->tx[f.tx];
		f.dir = x->dir;
		for (unsigned i = x->from; i < x->to; i++) {
			const struct pkt *p = conn_seen(c, f.tx, i), *q = conn_seen(c, f.tx, i + 1);
			f.from = c->way[x->dir][i];
			f.to = c->way[x->dir][i + 1];
			if (p && q)
				compare(&f, p, q);
		}
	}
}

const char *field_name(const struct change *c, char buf[16])
{
	static const char *const name[] = { "src", "dst", "sport", "dport", "seq", "ack", "win", "flags", "ttl", "tos", "ip_id", "opt.mss", "opt.ws",
		"opt.sackok", "opt.sack", "opt.tsval", "opt.tsecr", "", "payload" };

	if (c->field != FIELD_OTHER)
		return name[c->field];
	switch (c->option) {
	case 19:
		return "opt.md5";
	case 29:
		return "opt.ao";
	case 30:
		return "opt.mptcp";
	case 34:
		return "opt.tfo";
	default:
		snprintf(buf, 16, "opt.%u", c->option);
		return buf;
	}
}

static void flags_text(uint32_t flags, char *out, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = { { TCP_SYN, "SYN" }, { TCP_FIN, "FIN" }, { TCP_RST, "RST" }, { TCP_PSH, "PSH" }, { TCP_ACK, "ACK" }, { TCP_URG, "URG" },
		{ TCP_ECE, "ECE" }, { TCP_CWR, "CWR" }, { TCP_AE, "AE" } };
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (flags & names[i].bit)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "," : "", names[i].name);
}

bool value_text(uint8_t kind, int64_t value, char *out, size_t size)
{
	switch (kind) {
	case VALUE_NUMBER:
		snprintf(out, size, "%lld", (long long)value);
		return true;
	case VALUE_FLAGS:
		flags_text((uint32_t)value, out, size);
		return true;
	case VALUE_PRESENT:
		snprintf(out, size, "%s", value ? "changed" : "present");
		return true;
	default:
		return false;
	}
}
