#include "correlate/siblings.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/quantile.h"
#include "correlate/tally.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define OPENING 64              /* transmissions: the handshake and what tells a server's habits */
#define VOTES 3                 /* that a majority takes at least */
#define TIMES 5                 /* that tell how long answers take */

struct siblings {
	struct sibling *list;
	uint32_t n, room;
	uint32_t *table;        /* open addressing, index + 1; 0: empty */
	uint32_t mask;
};

void vote_add(struct vote *v, uint64_t value)
{
	v->votes++;
	if (value == v->value && v->lead > 0) {
		v->lead++;
		v->agree++;
	} else if (v->lead > 0) {
		v->lead--;
	} else {
		v->value = value;
		v->lead = v->agree = 1;
	}
}

bool vote_won(const struct vote *v, uint64_t *value)
{
	*value = v->value;
	return v->votes >= VOTES && (uint64_t)v->agree * 10 >= (uint64_t)v->votes * 9;
}

struct siblings *siblings_new(void)
{
	struct siblings *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->mask = 255;
	s->table = calloc((size_t)s->mask + 1, sizeof *s->table);
	if (!s->table) {
		free(s);
		return NULL;
	}
	return s;
}

void siblings_free(struct siblings *s)
{
	if (!s)
		return;
	free(s->list);
	free(s->table);
	free(s);
}

static uint32_t place(const struct siblings *s, uint32_t point, int64_t addr, uint16_t port)
{
	uint64_t key[2] = { (uint64_t)addr, (uint64_t)point << 16 | port };
	uint32_t i = (uint32_t)XXH3_64bits(key, sizeof key) & s->mask;

	for (; s->table[i]; i = (i + 1) & s->mask) {
		const struct sibling *x = &s->list[s->table[i] - 1];
		if (x->addr == addr && x->point == point && x->port == port)
			break;
	}
	return i;
}

static bool grow(struct siblings *s)
{
	if (s->n == s->room) {
		uint32_t room = s->room ? s->room * 2 : 64;
		struct sibling *x = realloc(s->list, room * sizeof *x);
		if (!x)
			return false;
		s->list = x;
		s->room = room;
	}
	if ((s->n + 1) * 2 > s->mask) {
		uint32_t mask = s->mask * 2 + 1, *t = calloc((size_t)mask + 1, sizeof *t);
		if (!t)
			return false;
		free(s->table);
		s->table = t;
		s->mask = mask;
		for (uint32_t i = 0; i < s->n; i++)
			s->table[place(s, s->list[i].point, s->list[i].addr, s->list[i].port)] = i + 1;
	}
	return true;
}

static struct sibling *entry(struct siblings *s, uint32_t point, int64_t addr, uint16_t port)
{
	uint32_t i = place(s, point, addr, port);

	if (s->table[i])
		return &s->list[s->table[i] - 1];
	if (!grow(s))
		return NULL;
	s->list[s->n] = (struct sibling){ .addr = addr, .point = point, .port = port, .least_ns = INT64_MAX };
	s->table[place(s, point, addr, port)] = ++s->n;
	return &s->list[s->n - 1];
}

const struct sibling *siblings_of(const struct conn *c, unsigned point)
{
	const struct siblings *s = c->facts->siblings;
	const struct flow *w = c->flow[point];

	if (!s || !w)
		return NULL;
	uint32_t i = s->table[place(s, point, w->addr[S2C], w->port[S2C])];
	return i ? &s->list[i - 1] : NULL;
}

uint64_t options_layout(const struct conn *c, const struct pkt *p)
{
	uint8_t kinds[TCP_OPTIONS_MAX + 1];
	unsigned n = 0;

	kinds[n++] = p->flags & SEG_TS ? 8 : 0;
	if (p->opt == NOTHING)
		return XXH3_64bits(kinds, n);
	const struct pkt_opt *o = &c->opt[p->opt];
	for (unsigned i = 0; i < o->len && n < sizeof kinds; i += o->raw[i] == 1 ? 1 : i + 1 < o->len && o->raw[i + 1] ? o->raw[i + 1] : o->len)
		kinds[n++] = o->raw[i];
	return XXH3_64bits(kinds, n);
}

/* Those with the lowest keys are kept: a sample that nobody chose. */
static void keep_time(struct sibling *s, uint32_t conn, int64_t ns)
{
	uint64_t key = XXH3_64bits(&conn, sizeof conn);
	uint32_t worst = 0;

	s->times++;
	s->least_ns = ns < s->least_ns ? ns : s->least_ns;
	if (s->kept < SIBLING_TIMES) {
		s->time[s->kept].key = key;
		s->time[s->kept++].ns = ns;
		return;
	}
	for (uint32_t i = 1; i < SIBLING_TIMES; i++)
		worst = s->time[i].key > s->time[worst].key ? i : worst;
	if (key < s->time[worst].key) {
		s->time[worst].key = key;
		s->time[worst].ns = ns;
	}
}

int64_t sibling_time(const struct sibling *s, unsigned per_mille)
{
	int64_t v[SIBLING_TIMES];

	if (s->times < TIMES)
		return 0;
	for (uint32_t i = 0; i < s->kept; i++)
		v[i] = s->time[i].ns;
	quantile_sort(v, s->kept);
	return v[quantile_rank(s->kept, per_mille)];
}

/* The handshake of a connection that was made without trouble. */
struct opened {
	uint32_t syn, synack, plain;    /* transmissions; plain: the server's first one after it, NOTHING: none */
};

static bool opened(const struct conn *c, struct opened *h)
{
	bool taken = false;

	*h = (struct opened){ NOTHING, NOTHING, NOTHING };
	for (uint32_t i = 0; i < c->txs && i < OPENING; i++) {
		const struct tx *x = &c->tx[i];
		if (x->rest)
			continue;
		if (x->what == WHAT_SYN && x->dir == C2S && h->synack == NOTHING) {
			if (h->syn != NOTHING)
				return false;
			h->syn = i;
		} else if (x->what == WHAT_SYNACK && x->dir == S2C) {
			if (h->syn == NOTHING || h->synack != NOTHING)
				return false;
			h->synack = i;
		} else if (tx_is_reset(x) || x->what == WHAT_ICMP || h->synack == NOTHING) {
			break;
		} else if (x->dir == C2S) {
			taken = true;
		} else if (h->plain == NOTHING) {
			h->plain = i;
		}
	}
	return taken && !c->beyond;
}

static void learn_at(struct sibling *s, const struct conn *c, const struct pkt *syn, const struct pkt *synack, const struct pkt *plain)
{
	s->answered++;
	vote_add(&s->ttl, synack->ttl);
	vote_add(&s->window, synack->win);
	if (c->mac[synack->point][S2C] && !(synack->flags & SEG_OTHER_LINK))
		vote_add(&s->mac, c->mac[synack->point][S2C]);
	s->offered += syn && syn->flags & SEG_TS;
	s->stamped += syn && syn->flags & SEG_TS && synack->flags & SEG_TS;
	if (syn) {
		vote_add(&s->offer, options_layout(c, syn));
		vote_add(&s->layout, options_layout(c, synack));
	}
	if (syn && synack->t_raw > syn->t_raw)
		keep_time(s, c->index, synack->t_raw - syn->t_raw);
	if (plain) {
		s->plain++;
		s->no_id += plain->ip_id == 0;
		s->df += (plain->flags & SEG_DF) != 0;
	}
}

int siblings_learn(struct siblings *s, const struct conn *c, struct err *e)
{
	struct opened h;

	if (!opened(c, &h))
		return 0;
	for (unsigned p = 0; p < c->facts->points; p++) {
		const struct flow *w = c->flow[p];
		const struct pkt *synack = conn_at(c, h.synack, p);
		struct sibling *x;
		if (!w || !synack)
			continue;
		if (!(x = entry(s, p, w->addr[S2C], w->port[S2C])))
			return err_set(e, "out of memory");
		learn_at(x, c, conn_at(c, h.syn, p), synack, h.plain == NOTHING ? NULL : conn_at(c, h.plain, p));
	}
	return 0;
}
