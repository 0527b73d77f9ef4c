#include "correlate/store_private.h"

#include <string.h>

struct hop_sum {
	int64_t sent, arrived, dropped, generated, not_captured, retransmitted;
};

/* Was some of transmission x dropped behind the i-th point of its way, while the rest of it came? What did not come is right behind it. */
static bool in_part(const struct conn *c, uint32_t x, unsigned i)
{
	for (uint32_t k = x + 1; k < c->txs && c->tx[k].rest && c->tx[k].origin == x; k++)
		if (c->tx[k].fate_to == FATE_DROPPED && c->tx[k].reach == i)
			return true;
	return false;
}

/* What crossed from the i-th point of a way to the next one. */
static void sum_hop(const struct conn *c, unsigned d, unsigned i, struct hop_sum *h)
{
	memset(h, 0, sizeof *h);
	for (uint32_t x = 0; x < c->txs; x++) {
		const struct tx *w = &c->tx[x];
		if (w->dir != d)
			continue;
		/* Where others stand for it, they count; of a rest only that it is missing does. */
		bool came = w->reach >= i && (w->from <= i || w->by_host) && !conn_others(w, c->way[d][i]), got = came && w->reach > i;
		h->not_captured += got && !conn_seen(c, x, i + 1) && !conn_others(w, c->way[d][i + 1]) ? w->units : 0;
		/* The two handshakes of a SYN proxy are no trouble. */
		h->dropped += w->fate_to == FATE_DROPPED && w->reach == i && !(w->reasons_to & WHY_SYN_PROXY) ? w->units : 0;
		if (w->rest)
			continue;
		h->sent += came;
		h->arrived += got && !in_part(c, x, i);
		h->retransmitted += came && w->repeat;
		h->generated += w->fate_from == FATE_GENERATED && w->from == i + 1 && !(w->reasons_from & WHY_SYN_PROXY);
	}
}

static void bind_delays(sqlite3_stmt *st, const struct hop_delay *h)
{
	bool any = h->n > 0 && h->aligned;

	db_bind_opt(st, 13, any, h->min);
	db_bind_opt(st, 14, any, h->median);
	db_bind_opt(st, 15, any, h->p99);
	db_bind_opt(st, 16, any, h->max);
	db_bind_opt(st, 17, any, h->varies_median);
	db_bind_opt(st, 18, any, h->varies_p99);
	db_bind_opt(st, 19, any && h->error_low != INT64_MIN, h->error_low);
	db_bind_opt(st, 20, any && h->error_high != INT64_MAX, h->error_high);
}

/* Packets that the network doubled on a hop. */
static int64_t doubled(const struct findings *found, unsigned from, unsigned to)
{
	int64_t n = 0;

	for (uint32_t i = 0; i < found->n; i++) {
		const struct finding *f = &found->list[i];
		n += f->kind == KIND_DUPLICATED && finding_claims(f) && f->from == from && f->to == to ? f->count : 0;
	}
	return n;
}

/* Packets with other addresses or ports behind a hop, where the flows tell which. */
static int64_t translated(const struct changes *changed, unsigned from, unsigned to, unsigned dir)
{
	for (uint32_t i = 0; i < changed->n; i++) {
		const struct change *x = &changed->list[i];
		if (x->by_flows && x->from == from && x->to == to && x->dir == dir)
			return x->count;
	}
	return 0;
}

int store_hops(struct store *s, const struct conn *c, int64_t id, const struct findings *found, const struct changes *changed,
    const struct delays *delays, struct err *e)
{
	for (unsigned d = 0; d < 2; d++)
		for (unsigned i = 0; i + 1 < c->ways[d]; i++) {
			unsigned from = c->way[d][i], to = c->way[d][i + 1];
			struct hop_sum h;
			sum_hop(c, d, i, &h);
			sqlite3_bind_int64(s->hop, 1, id);
			sqlite3_bind_int64(s->hop, 2, s->f->point[from].id);
			sqlite3_bind_int64(s->hop, 3, s->f->point[to].id);
			sqlite3_bind_int(s->hop, 4, (int)d);
			sqlite3_bind_int64(s->hop, 5, h.sent);
			sqlite3_bind_int64(s->hop, 6, h.arrived);
			sqlite3_bind_int64(s->hop, 7, h.dropped);
			sqlite3_bind_int64(s->hop, 8, h.generated);
			sqlite3_bind_int64(s->hop, 9, changed->modified[changes_at(from, to, d)]);
			sqlite3_bind_int64(s->hop, 10, h.not_captured);
			sqlite3_bind_int64(s->hop, 11, h.retransmitted);
			sqlite3_bind_int64(s->hop, 12, doubled(found, from, to));
			bind_delays(s->hop, &delays->hop[d][i]);
			sqlite3_bind_int64(s->hop, 21, translated(changed, from, to, d));
			if (db_run(s->db, s->hop, e) < 0)
				return -1;
		}
	return 0;
}
