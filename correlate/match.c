#include "correlate/match_private.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/copies.h"
#include "correlate/damage.h"
#include "correlate/datagram.h"
#include "correlate/shifts.h"
#include "correlate/syn_proxy.h"
#include "schema/array.h"

#define LEVELS 5

/* ---- transmissions ---- */

static int room_for_tx(struct conn *c, struct err *e)
{
	if (c->txs < c->tx_room)
		return 0;
	uint32_t room = c->tx_room ? c->tx_room * 2 : 64;
	struct tx *t = realloc(c->tx, room * sizeof *t);
	if (!t)
		return err_set(e, "out of memory");
	c->tx = t;
	uint32_t *s = realloc(c->sight, (size_t)room * c->facts->points * sizeof *s);
	if (!s)
		return err_set(e, "out of memory");
	c->sight = s;
	c->tx_room = room;
	return 0;
}

static int new_tx(struct matcher *m, uint32_t pkt)
{
	struct conn *c = m->c;
	const struct pkt *p = &c->pkt[pkt];

	if (room_for_tx(c, m->e) < 0)
		return -1;
	struct tx *x = &c->tx[c->txs];
	memset(x, 0, sizeof *x);
	x->t = p->t;
	x->first = pkt;
	x->dir = (uint8_t)m->dir;
	x->what = (uint8_t)pkt_what(p);
	x->from = x->to = (uint8_t)m->at;
	x->single = true;
	x->repeats = x->repeated_by = x->origin = x->upto = x->into = NOTHING;
	x->units = 1;
	uint32_t *s = conn_sight(c, c->txs);
	for (unsigned i = 0; i < c->facts->points; i++)
		s[i] = NOTHING;
	s[m->point] = pkt;
	c->pkt[pkt].tx = c->txs++;
	return 0;
}

/* The sighting of a transmission that is nearest to where the matcher stands. */
const struct pkt *match_latest(const struct matcher *m, uint32_t tx)
{
	const struct tx *x = &m->c->tx[tx];

	return &m->c->pkt[conn_sight(m->c, tx)[m->c->way[m->dir][x->to]]];
}

void match_pair(struct matcher *m, uint32_t tx, uint32_t pkt, bool fuzzy, bool single)
{
	struct tx *x = &m->c->tx[tx];

	conn_sight(m->c, tx)[m->point] = pkt;
	m->kept[x->to] += m->level == 0 && m->c->pkt[pkt].ip_id;
	x->to = (uint8_t)m->at;
	x->fuzzy |= fuzzy;
	x->single &= single;
	if (m->level > x->level)
		x->level = (uint8_t)m->level;
	m->c->pkt[pkt].tx = tx;
}

/* ---- passes ---- */

static int by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void add_alone(struct matcher *m, const struct pkt *p, uint32_t index)
{
	/* Any field of a damaged packet may be another. */
	m->alone[m->alones++] = (struct alone){ m->level == DAMAGED ? 0 : match_key(m->c, p, m->level), index, NOTHING };
}

/* Does the packet stand for itself? A later fragment belongs to the first one of its datagram. */
static bool stands(const struct matcher *m, const struct pkt *p)
{
	return p->dir == m->dir && !p->copy && !(p->flags & SEG_LATER) && p->tx == NOTHING;
}

/* Is the packet of the handshake behind a SYN proxy, and the point the first one there? */
static bool begins(const struct matcher *m, const struct pkt *p)
{
	const struct conn *c = m->c;
	unsigned i = m->at;

	while (p->greeting && i > 0 && !c->flow[c->way[m->dir][i - 1]])
		i--;
	return p->greeting && i > 0 && conn_apart(c, p, c->way[m->dir][i - 1]);
}

/*
 * Without IP ID and timestamp nothing sets a packet apart from its repeats: those that the point before recorded have a better claim, even if a device gave them IDs
 * on the way. What skips a point waits for the level at which all are compared.
 */
static bool waits(const struct matcher *m, uint32_t tx)
{
	const struct pkt *a = match_latest(m, tx);

	return m->level == 0 && m->c->tx[tx].to + 1u < m->at && !a->ip_id && !(a->flags & SEG_TS);
}

/* Collect what is still alone, on both sides. Is there something on both? */
static bool gather(struct matcher *m)
{
	struct conn *c = m->c;
	uint32_t waiting = 0;

	m->alones = 0;
	for (uint32_t i = m->tx_from; i < c->txs; i++) {
		if (c->tx[i].to >= m->at || conn_apart(c, match_latest(m, i), m->point) || (match_latest(m, i)->partial && m->level != TORN))
			continue;
		if (waits(m, i))
			waiting++;
		else
			add_alone(m, match_latest(m, i), i);
	}
	m->befores = m->alones;
	for (uint32_t i = c->at[m->point]; i < c->at[m->point + 1]; i++)
		if (stands(m, &c->pkt[i]) && !begins(m, &c->pkt[i]) && (!c->pkt[i].partial || m->level == TORN))
			add_alone(m, &c->pkt[i], i);
	return m->befores + waiting > 0 && m->alones > m->befores;
}

/*
 * From where do IP IDs come through? From where most did: two devices that count anew may by chance give one packet the same. Once those that are equal in
 * everything are matched.
 */
static void find_kept(struct matcher *m)
{
	uint32_t kept = 0;

	for (unsigned i = m->at; i-- > 0;) {
		kept += m->kept[i];
		if (m->kept[i] && kept * 2 >= m->with_id)
			m->kept_from = i;
	}
}

/*
 * Where a search for a key begins. Nobody who chooses keys can choose that many begin at one place: nobody knows where the memory lies. What is found does
 * not depend on it.
 */
static uint32_t place(const struct matcher *m, uint64_t key)
{
	return (uint32_t)((key ^ (uint64_t)(uintptr_t)m->alone >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32) & m->mask;
}

/* Hang each one at the first of its key. */
static void tie_equals(struct matcher *m)
{
	m->mask = 15;
	while (m->mask / 2 + 1 < m->alones)
		m->mask = m->mask * 2 + 1;
	memset(m->table, 0, (m->mask + 1u) * sizeof *m->table);
	for (uint32_t i = 0; i < m->alones; i++) {
		struct alone *a = &m->alone[i], *first = NULL;
		uint32_t at = place(m, a->key);
		while (m->table[at] && (first = &m->alone[m->table[at] - 1])->key != a->key)
			at = (at + 1) & m->mask;
		if (m->table[at] == 0) {
			m->table[at] = i + 1;
			continue;
		}
		a->next = first->next;
		first->next = i;
	}
}

static int add_entry(struct matcher *m, uint32_t i, uint32_t *n)
{
	bool is_pkt = i >= m->befores;
	uint32_t index = m->alone[i].index;

	if (!array_grow(&m->entry[is_pkt], &m->room[is_pkt], n[is_pkt], sizeof **m->entry))
		return err_set(m->e, "out of memory");
	m->entry[is_pkt][n[is_pkt]++] = (struct entry){ is_pkt ? m->c->pkt[index].t : match_latest(m, index)->t, index };
	return 0;
}

/* Those that are equal to transmission i. */
static int match_class(struct matcher *m, uint32_t i)
{
	uint32_t n[2] = { 0, 0 };

	for (uint32_t k = i; k != NOTHING; k = m->alone[k].next)
		if (add_entry(m, k, n) < 0)
			return -1;
	for (unsigned k = 0; k < 2; k++)
		if (n[k] > 1)
			qsort(m->entry[k], n[k], sizeof **m->entry, by_time);
	return n[1] ? match_align(m, m->entry[0], n[0], m->entry[1], n[1]) : 0;
}

/* Classes in the order of their first transmissions: what is looked at one after the other lies close together. */
static int pass(struct matcher *m)
{
	if (!gather(m))
		return 0;
	tie_equals(m);
	for (uint32_t i = 0; i < m->befores; i++) {
		const struct alone *a = &m->alone[i];
		uint32_t at = place(m, a->key);
		if (a->next == NOTHING)
			continue;
		while (m->alone[m->table[at] - 1].key != a->key)
			at = (at + 1) & m->mask;
		if (m->table[at] - 1 == i && match_class(m, i) < 0)
			return -1;
	}
	return 1;
}

/*
 * Where a device shifts sequence numbers, the shift of a direction without SYN or SYN-ACK is not known: a reset that answers a SYN. What it
 * acknowledges still tells, because the other direction's shift is.
 */
static bool blind(const struct matcher *m)
{
	const struct conn *c = m->c;
	bool shifted = false, known = true;

	for (unsigned i = 0; i < c->facts->points; i++) {
		shifted |= c->flow[i] && c->shift[i][!m->dir] != 0;
		known &= !c->flow[i] || c->flow[i]->has_isn[m->dir];
	}
	return shifted && !known;
}

static int match_point(struct matcher *m)
{
	struct conn *c = m->c;
	int rc = 1;

	m->point = c->way[m->dir][m->at];
	m->kept_from = m->at;
	m->with_id = 0;
	memset(m->kept, 0, sizeof m->kept);
	for (uint32_t i = c->at[m->point]; i < c->at[m->point + 1]; i++)
		m->with_id += stands(m, &c->pkt[i]) && c->pkt[i].ip_id;
	for (m->level = 0; m->at > 0 && rc > 0 && m->level < (blind(m) ? LEVELS : BLIND); m->level++) {
		rc = pass(m);
		if (m->level == 0)
			find_kept(m);
	}
	m->level = TORN;
	if (m->at > 0 && rc >= 0 && m->torn)
		rc = pass(m);
	m->level = DAMAGED;
	if (m->at > 0 && rc >= 0 && m->damaged)
		rc = pass(m);
	for (uint32_t i = c->at[m->point]; rc >= 0 && i < c->at[m->point + 1]; i++) {
		struct pkt *p = &c->pkt[i];
		if (!stands(m, p))
			continue;
		if (m->copies && m->at > 0 && (p->original = copies_followed(c, p, c->way[m->dir][m->at - 1])) != NOTHING)
			p->copy = c->pkt[p->original].doubled = true;
		else
			rc = new_tx(m, i);
	}
	return rc < 0 ? -1 : 0;
}

/* A copy belongs to the transmission of what it is a copy of, a later fragment to that of its datagram. */
static void adopt(struct conn *c)
{
	for (unsigned p = 0; p < c->facts->points; p++)
		for (uint32_t i = c->at[p]; i < c->at[p + 1]; i++) {
			struct pkt *q = &c->pkt[i];
			if ((q->copy || q->flags & SEG_LATER) && q->original != NOTHING)
				q->tx = c->pkt[q->original].tx;
		}
}

/* No packet is in it twice, be it as a packet or as a transmission. */
static int room_for_all(struct matcher *m)
{
	size_t table = 16;

	while (table / 2 < m->c->pkts)
		table *= 2;
	m->alone = malloc((m->c->pkts + 1u) * sizeof *m->alone);
	m->table = malloc(table * sizeof *m->table);
	return m->alone && m->table ? 0 : err_set(m->e, "out of memory");
}

static void free_all(struct matcher *m)
{
	free(m->alone);
	free(m->table);
	free(m->entry[0]);
	free(m->entry[1]);
	free(m->cost);
}

int match_packets(struct conn *c, struct err *e)
{
	struct matcher m = { .c = c, .e = e };
	int rc = 0;

	damage_mark(c);
	for (unsigned p = 0; p < c->facts->points; p++)
		copies_mark(c, p);
	for (unsigned p = 0; rc == 0 && p < c->facts->points; p++)
		rc = datagrams_join(c, p, e);
	shifts_find(c);
	syn_proxy_find(c);
	for (uint32_t i = 0; i < c->pkts; i++) {
		m.torn |= c->pkt[i].partial;
		m.copies |= c->pkt[i].copy;
		m.damaged |= c->pkt[i].damaged;
	}
	rc = rc < 0 ? rc : room_for_all(&m);
	for (m.dir = 0; rc == 0 && m.dir < 2; m.dir++) {
		m.tx_from = c->txs;
		for (m.at = 0; rc == 0 && m.at < c->ways[m.dir]; m.at++)
			rc = match_point(&m);
	}
	if (rc == 0) {
		match_order(c, m.table);
		adopt(c);
	}
	free_all(&m);
	return rc;
}
