/* qsort_r */
#define _GNU_SOURCE
#include "correlate/ladder_store.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "correlate/fold.h"
#include "schema/array.h"

#ifndef LADDER_LONG
#define LADDER_LONG 1000        /* rows: of fewer, all packets are read within milliseconds */
#endif
#define HANDSHAKE 64            /* transmissions: those that an answer to a SYN may answer (answers.h) are among the first */

struct ladder {
	struct conn *c;
	struct fold_row *fold;
	uint32_t *first;        /* packet that names the row */
	uint32_t rows;
	uint32_t *pieces;       /* transmissions that have bytes of the row's */
	uint32_t *kinds;        /* of the findings of each transmission (fold_kind) */
	bool *wanted;           /* the transmission is that of a row that is stored */
	struct db *db;
	sqlite3_stmt *insert;
};

/* ---- rows: transmissions, and later fragments that belong to none, in order of time ---- */

static int by_time(const void *a, const void *b, void *conn)
{
	const struct conn *c = conn;
	const struct pkt *p = &c->pkt[*(const uint32_t *)a], *q = &c->pkt[*(const uint32_t *)b];

	if (p->t != q->t)
		return p->t < q->t ? -1 : 1;
	return (p->id > q->id) - (p->id < q->id);
}

static uint32_t count_rows(const struct conn *c, uint32_t *strays)
{
	uint32_t n = 0;

	*strays = 0;
	for (uint32_t i = 0; i < c->pkts; i++)
		*strays += c->pkt[i].tx == NOTHING;
	for (uint32_t x = 0; x < c->txs; x++)
		n += !c->tx[x].rest;
	return n + *strays;
}

/* A later fragment that belongs to no transmission is not asked for at the other points; nor is what goes on, or came, cut otherwise. */
static bool is_partly(const struct conn *c, uint32_t tx)
{
	const struct tx *x = &c->tx[tx];

	if (x->origin != NOTHING || x->into != NOTHING)
		return false;
	for (uint32_t p = 0; p < c->facts->points; p++) {
		const struct point *at = &c->facts->point[p];
		bool there = !c->flow[p] || at->aside || conn_at(c, tx, p);

		for (uint32_t q = 0; q < c->facts->points && !there; q++)
			there = c->facts->point[q].position == at->position && !c->facts->point[q].aside && conn_at(c, tx, q);
		if (!there)
			return true;
	}
	return false;
}

static void add_row(struct ladder *l, uint32_t first)
{
	struct fold_row *r = &l->fold[l->rows];
	const struct pkt *p = &l->c->pkt[first];

	l->first[l->rows++] = first;
	r->s2c = p->dir == S2C;
	r->kinds = p->tx == NOTHING ? 0 : l->kinds[p->tx];
	r->partly = p->tx != NOTHING && r->kinds == 0 && is_partly(l->c, p->tx);
}

static int make_rows(struct ladder *l, uint32_t strays, struct err *e)
{
	struct conn *c = l->c;
	uint32_t *stray = malloc((strays + 1) * sizeof *stray), n = 0, k = 0;

	if (!stray)
		return err_set(e, "out of memory");
	for (uint32_t i = 0; strays > 0 && i < c->pkts; i++)
		if (c->pkt[i].tx == NOTHING)
			stray[n++] = i;
	qsort_r(stray, n, sizeof *stray, by_time, c);
	for (uint32_t x = 0; x < c->txs; x++) {
		if (c->tx[x].rest)
			continue;
		while (k < n && by_time(&stray[k], &c->tx[x].first, c) < 0)
			add_row(l, stray[k++]);
		add_row(l, c->tx[x].first);
	}
	while (k < n)
		add_row(l, stray[k++]);
	free(stray);
	return 0;
}

/* What a transmission weighs is what its findings do; of a rest they are about what it is a rest of. */
static void weigh(struct ladder *l, const struct findings *found)
{
	const struct conn *c = l->c;

	for (uint32_t i = 0; i < found->txs; i++) {
		uint32_t x = c->pkt[c->tx[found->tx[i].tx].first].tx;

		if (x != NOTHING)
			l->kinds[x] |= fold_kind(kind_name(found->list[found->tx[i].finding].kind));
	}
}

/* ---- repeats: the same bytes from the same side, seen first at the same point ---- */

struct same {
	uint64_t key;
	uint32_t row;
};

/* 0: the row repeats nothing, and nothing repeats it. */
static uint64_t key_of(const struct pkt *p)
{
	uint32_t taken = p->flags & (TCP_SYN | TCP_FIN | TCP_RST | (p->flags & TCP_SYN ? TCP_ACK : 0u));
	uint32_t k[4] = { p->seq, p->len, taken, (uint32_t)p->point << 1 | p->dir };

	if (p->flags & (SEG_ICMP | SEG_LATER) || (p->len == 0 && !(taken & (TCP_SYN | TCP_FIN))))
		return 0;
	return XXH3_64bits(k, sizeof k) | 1;
}

static int by_key(const void *a, const void *b)
{
	const struct same *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* Two bits for what keys have in common: seen, seen again. */
static unsigned twice(const uint8_t *bits, uint64_t at)
{
	return bits[at / 4] >> at % 4 * 2 & 3;
}

static void see(uint8_t *bits, uint64_t at)
{
	bits[at / 4] |= (uint8_t)((twice(bits, at) ? 2u : 1u) << at % 4 * 2);
}

/* Those that may share a key with another row; NULL: out of memory. */
static struct same *collect(const struct ladder *l, uint32_t *n)
{
	struct same *same = malloc(sizeof *same);
	uint64_t size = 1024;
	uint32_t room = 1;
	uint8_t *bits;

	while (size < l->rows * UINT64_C(8))
		size *= 2;
	bits = calloc(size / 4, 1);
	for (uint32_t i = 0; bits && i < l->rows; i++)
		see(bits, key_of(&l->c->pkt[l->first[i]]) & (size - 1));
	*n = 0;
	for (uint32_t i = 0; bits && same && i < l->rows; i++) {
		uint64_t key = key_of(&l->c->pkt[l->first[i]]);
		if (!key || twice(bits, key & (size - 1)) < 2)
			continue;
		if (!array_grow(&same, &room, *n, sizeof *same)) {
			free(bits);
			bits = NULL;
			break;
		}
		same[(*n)++] = (struct same){ key, i };
	}
	if (!bits) {
		free(same);
		return NULL;
	}
	free(bits);
	return same;
}

static int find_repeats(struct ladder *l, struct err *e)
{
	uint32_t n;
	struct same *same = collect(l, &n);

	if (!same)
		return err_set(e, "out of memory");
	qsort(same, n, sizeof *same, by_key);
	for (uint32_t i = 1, first = 0; i < n; i++) {
		first = same[i].key == same[first].key ? first : i;
		l->fold[same[i].row].repeats = first == i ? 0 : same[first].row + 1;
	}
	free(same);
	return 0;
}

/* ---- which rows are stored ---- */

/* The row that packet `first` names. */
static uint32_t row_of(const struct ladder *l, uint32_t first)
{
	uint32_t low = 0, high = l->rows - 1;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (by_time(&l->first[mid], &first, l->c) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void keep_tx(struct ladder *l, uint32_t x)
{
	if (x != NOTHING)
		l->fold[row_of(l, l->c->tx[x].first)].keep = true;
}

/* What a shown row is compared with, or named after. */
static void keep_for(struct ladder *l, uint32_t i)
{
	const struct fold_row *r = &l->fold[i];
	const struct pkt *p = &l->c->pkt[l->first[i]];

	l->fold[i].keep = true;
	if (r->repeats)
		l->fold[r->repeats - 1].keep = true;
	for (uint32_t k = i; (fold_weight(r->kinds) == 2 || p->flags & TCP_RST) && k > 0 && k + FOLD_LOOK_BACK > i; k--)
		l->fold[k - 1].keep = true;
	if (p->tx == NOTHING)
		return;
	keep_tx(l, l->c->tx[p->tx].origin);
	keep_tx(l, l->c->tx[p->tx].into);
}

static void choose(struct ladder *l)
{
	fold(l->fold, l->rows, false);
	for (uint32_t i = 0; i < l->rows; i++) {
		if (i < FOLD_LOOK_BACK || (i <= HANDSHAKE && l->c->pkt[l->first[i]].flags & TCP_SYN))
			l->fold[i].keep = true;
		if (l->fold[i].show)
			keep_for(l, i);
	}
}

/* ---- storing them ---- */

static int insert(struct ladder *l, uint32_t row, int64_t packet, struct err *e)
{
	struct fold_gap g = {0};

	if (l->fold[row].show)
		fold_gap(l->fold, row, &g);
	sqlite3_bind_int64(l->insert, 1, (int64_t)l->c->index + 1);
	sqlite3_bind_int64(l->insert, 2, (int64_t)row + 1);
	sqlite3_bind_int64(l->insert, 3, packet);
	sqlite3_bind_int64(l->insert, 4, l->c->pkt[l->first[row]].id);
	sqlite3_bind_int(l->insert, 5, l->fold[row].show);
	sqlite3_bind_int64(l->insert, 6, g.rows[0]);
	sqlite3_bind_int64(l->insert, 7, g.rows[1]);
	sqlite3_bind_text(l->insert, 8, g.trouble[0] ? g.trouble : NULL, -1, SQLITE_STATIC);
	sqlite3_bind_int64(l->insert, 9, l->pieces[row]);
	return db_run(l->db, l->insert, e);
}

static int insert_packets(struct ladder *l, struct err *e)
{
	const struct conn *c = l->c;

	for (uint32_t i = 0; i < c->pkts; i++) {
		uint32_t x = c->pkt[i].tx, row;
		if (x != NOTHING && !l->wanted[x])
			continue;
		row = row_of(l, x == NOTHING ? i : c->tx[x].first);
		if (l->fold[row].keep && insert(l, row, c->pkt[i].id, e) < 0)
			return -1;
	}
	for (uint32_t k = 0; k < c->agains; k++) {
		uint32_t x = c->pkt[c->again[k].of].tx;
		if (x != NOTHING && l->wanted[x] && insert(l, row_of(l, c->tx[x].first), c->again[k].id, e) < 0)
			return -1;
	}
	return 0;
}

static void want(struct ladder *l)
{
	const struct conn *c = l->c;

	for (uint32_t i = 0; i < l->rows; i++)
		if (l->fold[i].keep && c->pkt[l->first[i]].tx != NOTHING)
			l->wanted[c->pkt[l->first[i]].tx] = true;
	for (uint32_t x = 0; x < c->txs; x++)
		if (!c->tx[x].rest && c->tx[x].origin != NOTHING)
			l->pieces[row_of(l, c->tx[c->tx[x].origin].first)]++;
}

static int store(struct ladder *l, const struct findings *found, uint32_t rows, uint32_t strays, struct err *e)
{
	size_t txs = l->c->txs + 1u;

	l->fold = calloc(rows, sizeof *l->fold);
	l->first = calloc(rows, sizeof *l->first);
	l->pieces = calloc(rows, sizeof *l->pieces);
	l->kinds = calloc(txs, sizeof *l->kinds);
	l->wanted = calloc(txs, sizeof *l->wanted);
	if (!l->fold || !l->first || !l->pieces || !l->kinds || !l->wanted)
		return err_set(e, "out of memory");
	weigh(l, found);
	if (make_rows(l, strays, e) < 0 || find_repeats(l, e) < 0)
		return -1;
	choose(l);
	want(l);
	return db_prepare(l->db, "INSERT INTO ladder VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", &l->insert, e) < 0 ? -1 : insert_packets(l, e);
}

int ladder_store(struct db *db, struct conn *c, const struct findings *found, struct err *e)
{
	struct ladder l = { .c = c, .db = db };
	uint32_t strays, rows = count_rows(c, &strays);
	int rc;

	/* What of a stray other captures hold, too, has a row of its own, and no time that is known here. */
	if (rows < LADDER_LONG || (strays > 0 && c->agains > 0))
		return 0;
	rc = store(&l, found, rows, strays, e);
	sqlite3_finalize(l.insert);
	free(l.fold);
	free(l.first);
	free(l.pieces);
	free(l.kinds);
	free(l.wanted);
	return rc;
}
