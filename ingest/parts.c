#include "ingest/parts.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ingest/opening.h"
#include "schema/array.h"

#define NONE UINT32_MAX
#define RING 4                  /* incarnations of one key that are searched */
#define FAR (1u << 30)          /* no sequence number is further away from its own connection: the largest window (RFC 7323 2.2) */
#define OTHER (1u << 26)        /* further away than this in both directions: of an incarnation whose SYN the capture missed */
#define WINDOW 65535            /* the largest without a scale */
#define FRAGMENTS 1024          /* datagrams whose later fragments are waited for */
#define FRAGMENT_NS 250000000   /* how long: they follow at once, and connections of the same hosts may have the same IP IDs (RFC 6864 4.2) */
#define ADOPT_NS 1000000000     /* how late a SYN may come behind packets of its own connection (reordered capture) */

struct key {
	struct ipaddr addr[2];
	uint16_t port[2];
	uint32_t tunnel_id;
	uint32_t link;          /* 0 unless links are kept apart */
	uint8_t tunnel_kind;
};

struct slot {
	struct part part;
	uint64_t hash;
	uint32_t older;         /* previous incarnation of the same key; free list when unused */
	uint32_t syn_len;       /* payload of the SYN (TCP Fast Open) */
	uint64_t way[2];        /* by which link and MACs the first packet of each direction came; 0: none yet */
	bool sound[2];          /* a packet of that side had a checksum that is right: where one is wrong, it was damaged */
	bool doubtful;          /* that of the SYN-ACK was wrong */
	bool used;
	bool changed;           /* since it was handed out last */
};

struct fragment {
	struct ipaddr src, dst;
	uint32_t tunnel_id;
	uint16_t ip_id;
	uint8_t tunnel_kind;
	int64_t part_id, ts_ns;
	uint32_t slot;
	uint32_t from_a;        /* SEG_FROM_A or 0 */
	uint32_t link;
};

struct parts {
	struct slot *slots;
	uint32_t used, room, free;
	uint32_t *table;        /* open addressing: slot of the newest incarnation, NONE: empty */
	uint32_t mask, keys;
	int64_t next_id;
	bool by_link;
	struct fragment fragments[FRAGMENTS];
};

static uint64_t key_hash(const struct key *k)
{
	uint8_t b[2 * 17 + 2 * 2 + 9];

	for (int i = 0; i < 2; i++) {
		b[i * 19] = k->addr[i].family;
		memcpy(b + i * 19 + 1, k->addr[i].b, 16);
		memcpy(b + i * 19 + 17, &k->port[i], 2);
	}
	memcpy(b + 38, &k->tunnel_id, 4);
	memcpy(b + 42, &k->link, 4);
	b[46] = k->tunnel_kind;
	return XXH3_64bits(b, sizeof b);
}

static bool key_is(const struct key *k, const struct part *p)
{
	return k->port[0] == p->side[0].port && k->port[1] == p->side[1].port && k->tunnel_kind == p->tunnel.kind &&
	    (k->tunnel_kind == TUNNEL_NONE || k->tunnel_id == p->tunnel.id) && k->link == p->link &&
	    ipaddr_cmp(&k->addr[0], &p->side[0].addr) == 0 && ipaddr_cmp(&k->addr[1], &p->side[1].addr) == 0;
}

struct parts *parts_new(int64_t first_id, bool by_link)
{
	struct parts *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->mask = 1023;
	p->table = malloc((p->mask + 1) * sizeof *p->table);
	if (!p->table) {
		free(p);
		return NULL;
	}
	memset(p->table, 0xff, (p->mask + 1) * sizeof *p->table);
	p->free = NONE;
	p->next_id = first_id;
	p->by_link = by_link;
	for (int i = 0; i < FRAGMENTS; i++)
		p->fragments[i].slot = NONE;
	return p;
}

void parts_free(struct parts *p)
{
	if (!p)
		return;
	free(p->slots);
	free(p->table);
	free(p);
}

/* Where the key stands in the table, or the empty place where it would. */
static uint32_t find(const struct parts *p, const struct key *k, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & p->mask;

	while (p->table[i] != NONE) {
		const struct slot *s = &p->slots[p->table[i]];
		if (s->hash == hash && key_is(k, &s->part))
			return i;
		i = (i + 1) & p->mask;
	}
	return i;
}

static void place(struct parts *p, uint32_t slot)
{
	uint32_t i = (uint32_t)p->slots[slot].hash & p->mask;

	while (p->table[i] != NONE)
		i = (i + 1) & p->mask;
	p->table[i] = slot;
}

/* Make room for one more slot and one more key. */
static bool grow(struct parts *p)
{
	if (p->free == NONE && !array_grow(&p->slots, &p->room, p->used, sizeof *p->slots))
		return false;
	if ((p->keys + 1) * 2 > p->mask) {
		uint32_t mask = p->mask * 2 + 1, old = p->mask;
		uint32_t *t = malloc(((size_t)mask + 1) * sizeof *t), *was = p->table;
		if (!t)
			return false;
		memset(t, 0xff, ((size_t)mask + 1) * sizeof *t);
		p->table = t;
		p->mask = mask;
		for (uint32_t i = 0; i <= old; i++)
			if (was[i] != NONE)
				place(p, was[i]);
		free(was);
	}
	return true;
}

static bool newer(uint32_t x, uint32_t y)
{
	return (int32_t)(x - y) > 0;
}

static bool has_seq(const struct part *p, int side)
{
	return p->flags & (side ? PART_B_SEQ : PART_A_SEQ);
}

static bool syn_sent(const struct part *p)
{
	return p->has_client_isn && !p->has_server_isn && p->flags & PART_SYN;
}

/* Of a range that has grown beyond what sequence numbers can order, its newer end counts. */
static uint32_t outside(uint32_t x, uint32_t lo, uint32_t hi)
{
	if (hi - lo > FAR)
		lo = hi - FAR;
	if (newer(lo, x))
		return lo - x;
	return newer(x, hi) ? x - hi : 0;
}

/* How far a packet lies from the sequence numbers of a part; UINT32_MAX: nothing to compare. */
static uint32_t distance(const struct part *p, const struct segment *seg, int side)
{
	uint32_t d = UINT32_MAX, a;

	if (has_seq(p, side))
		d = outside(seg->seq, p->side[side].seq_min, p->side[side].seq_max);
	if (seg->flags & TCP_ACK && has_seq(p, !side)) {
		a = outside(seg->ack, p->side[!side].seq_min, p->side[!side].seq_max);
		d = a < d ? a : d;
	}
	return d;
}

/* The incarnation that a SYN belongs to, NONE: a new one. */
static uint32_t for_syn(struct parts *p, uint32_t newest, const struct segment *seg, int side, int64_t ts)
{
	uint32_t i = newest;

	for (int n = 0; i != NONE && n < RING; n++, i = p->slots[i].older) {
		struct part *q = &p->slots[i].part;
		if (q->has_client_isn && q->client == !side && q->client_isn == seg->seq)
			return i;
		if (q->flags & PART_CROSSED && q->client == side && q->server_isn == seg->seq)
			return i;
		if (n == 0 && syn_sent(q) && q->client == side) {
			q->flags |= PART_CROSSED;
			return i;
		}
		if (n == 0 && q->client == PART_CLIENT_UNKNOWN && has_seq(q, side) && q->side[side].seq_min == seg->seq + 1 &&
		    ts - q->min_ns < ADOPT_NS)
			return i;
	}
	return NONE;
}

static uint32_t for_synack(struct parts *p, uint32_t newest, const struct segment *seg, int side)
{
	uint32_t i = newest;

	for (int n = 0; i != NONE && n < RING; n++, i = p->slots[i].older) {
		const struct part *q = &p->slots[i].part;
		if (q->has_client_isn && q->client == side && seg->ack - q->client_isn - 1 <= p->slots[i].syn_len)
			return i;
		/* In a simultaneous open (RFC 9293 3.5) both sides answer, in a split handshake the client does. */
		if (q->flags & PART_CROSSED && q->client == !side && q->client_isn == seg->seq)
			return i;
		/* Behind packets that came after it (reordered capture). */
		if (n == 0 && q->client == PART_CLIENT_UNKNOWN && ((has_seq(q, side) && q->side[side].seq_min == seg->seq + 1) ||
			(has_seq(q, !side) && q->side[!side].seq_min == seg->ack)))
			return i;
	}
	/* An acknowledgment of something else is still the answer to the SYN that waits for one. */
	return newest != NONE && syn_sent(&p->slots[newest].part) && p->slots[newest].part.client == side ? newest : NONE;
}

/* How far behind the FIN of a side, behind which nothing of it comes (RFC 9293 3.6); 0: not, or no FIN was seen. */
static uint32_t behind_fin(const struct part *p, int side, uint32_t x)
{
	return p->flags & (side ? PART_FIN_B : PART_FIN_A) && has_seq(p, side) && newer(x, p->side[side].seq_max) ? x - p->side[side].seq_max : 0;
}

static bool strange(const struct part *p, uint32_t x, int side)
{
	return !has_seq(p, side) || outside(x, p->side[side].seq_min, p->side[side].seq_max) > 0;
}

/*
 * A packet behind the ends of both sides, or further behind that of one than a forged FIN would be that nobody heeded, with another number that does not fit
 * either: it is of a later connection, whose SYNs the capture missed. If it missed the FINs as well, this cannot be told from a stream that goes on.
 */
static bool beyond_end(const struct part *p, const struct segment *seg, int side)
{
	uint32_t own = behind_fin(p, side, seg->seq), other = behind_fin(p, !side, seg->ack);

	if (seg->flags & (TCP_RST | SEG_ICMP | SEG_CSUM_BAD) || !(seg->flags & TCP_ACK))
		return false;
	return (own > 0 && other > 0) || ((own > WINDOW || other > WINDOW) && strange(p, seg->seq, side) && strange(p, seg->ack, !side));
}

static uint32_t for_other(struct parts *p, uint32_t newest, const struct segment *seg, int side)
{
	uint32_t best = NONE, least = UINT32_MAX, i = newest;
	bool later = false;

	if (newest == NONE)
		return NONE;
	/* While a SYN waits for its answer, a bare ACK or RST is that answer, whatever its numbers: stale state, challenge ACK (RFC 5961 4.2). */
	if (syn_sent(&p->slots[newest].part) && seg->len == 0 && !(seg->flags & (TCP_FIN | SEG_ICMP)))
		return newest;
	for (int n = 0; i != NONE && n < RING; n++, i = p->slots[i].older) {
		uint32_t d = distance(&p->slots[i].part, seg, side);
		if (beyond_end(&p->slots[i].part, seg, side)) {
			later |= i == newest;
			continue;
		}
		if (best == NONE || d < least) {
			best = i;
			least = d;
		}
	}
	if (best == NONE || (later && least > 0))
		return NONE;
	/* A reset may have any number. */
	return least < OTHER ? best : seg->flags & (TCP_RST | SEG_ICMP) || least == UINT32_MAX ? newest : NONE;
}

/* seen_side: whose sequence number seg->seq is. */
static void extend(struct part *p, const struct segment *seg, int side)
{
	uint32_t end = seg->seq + seg->len + !!(seg->flags & (TCP_SYN | TCP_FIN));
	struct part_side *s = &p->side[side];
	uint32_t bit = side ? PART_B_SEQ : PART_A_SEQ;
	bool unanswered = syn_sent(p) && !(seg->flags & TCP_SYN);

	if (seg->flags & (SEG_ICMP | SEG_LATER | TCP_RST))
		return;
	/* Numbers of an answer that does not fit its SYN say nothing about this connection; the client may go on, where answers pass elsewhere. */
	if (unanswered && p->client != !side)
		return;
	if (!(p->flags & bit)) {
		s->seq_min = seg->seq;
		s->seq_max = end;
		p->flags |= bit;
		return;
	}
	if (!unanswered && s->seq_max - s->seq_min < 2 * FAR && newer(s->seq_min, seg->seq) && s->seq_min - seg->seq < FAR)
		s->seq_min = seg->seq;
	if (newer(end, s->seq_max) && end - s->seq_max < FAR)
		s->seq_max = end;
}

static void note_handshake(struct slot *s, const struct segment *seg, int side)
{
	struct part *p = &s->part;

	if (seg->flags & (SEG_ICMP | SEG_LATER) || !(seg->flags & TCP_SYN) || (s->sound[side] && seg->flags & SEG_CSUM_BAD))
		return;
	if (!(seg->flags & TCP_ACK)) {
		if (p->flags & PART_CROSSED && p->client == side && !p->has_server_isn) {
			p->server_isn = seg->seq;
			p->has_server_isn = true;
		}
		if (!(p->flags & PART_SYN)) {
			p->client = (uint8_t)!side;
			p->client_isn = seg->seq;
			p->has_client_isn = true;
			s->syn_len = seg->len;
			p->has_syn_tsval = seg->flags & SEG_TS;
			p->syn_tsval = seg->tsval;
		}
		p->flags |= PART_SYN;
		return;
	}
	if (p->client == PART_CLIENT_UNKNOWN)
		p->client = (uint8_t)side;
	if (!p->has_client_isn) {
		p->client_isn = seg->ack - 1;
		p->has_client_isn = true;
	}
	/* A damaged one, that its receiver discards: the repeat counts. */
	if (p->flags & PART_SYNACK && s->doubtful && seg->flags & SEG_CSUM_OK)
		p->flags &= ~(uint32_t)PART_SYNACK;
	if (p->flags & PART_SYNACK && seg->seq != p->server_isn && seg->ack - p->client_isn - 1 <= s->syn_len)
		p->flags |= PART_TWO_SERVERS;
	if (!(p->flags & PART_SYNACK) && seg->ack - p->client_isn - 1 <= s->syn_len) {
		p->server_isn = seg->seq;
		p->has_server_isn = true;
		p->has_synack_tsval = seg->flags & SEG_TS;
		p->synack_tsval = seg->tsval;
		p->flags |= PART_SYNACK;
		s->doubtful = seg->flags & SEG_CSUM_BAD;
	}
}

/* Of a device's own capture, or one of a mirror port, this tells a packet that was forwarded from one that was recorded twice. */
static void note_way(struct slot *s, struct segment *seg, int sender)
{
	uint64_t way = (seg->src_mac * 31 + seg->dst_mac) * 31 + seg->link + 1;

	if (!s->way[sender])
		s->way[sender] = way;
	if (s->way[sender] != way)
		seg->flags |= SEG_OTHER_LINK;
}

static void note_sender(struct part *p, const struct segment *seg, int side)
{
	struct part_side *s = &p->side[side];

	s->packets++;
	if (!s->mac)
		s->mac = seg->src_mac;
	if (!s->ttl && !(seg->flags & TCP_RST))
		s->ttl = seg->ttl;
	if (seg->flags & TCP_FIN)
		p->flags |= side ? PART_FIN_B : PART_FIN_A;
	if (seg->flags & TCP_RST)
		p->flags |= PART_RST;
	else if (p->client == !side && !(seg->flags & TCP_SYN))
		p->flags |= PART_TALKED;
}

/* Numbers without ACK acknowledge nothing (RFC 9293 3.1, RFC 7323 3.2). */
static void note_bases(struct part_side *own, struct part_side *other, const struct segment *seg)
{
	bool ack = seg->flags & TCP_ACK, ts = seg->flags & SEG_TS;

	if (!own->has_seq0)
		own->seq0 = seg->seq;
	own->has_seq0 = true;
	if (ack && !other->has_seq0)
		other->seq0 = seg->ack;
	other->has_seq0 |= ack;
	if (ts && !own->has_ts0)
		own->ts0 = seg->tsval;
	own->has_ts0 |= ts;
	if (ack && ts && !other->has_ts0)
		other->ts0 = seg->tsecr;
	other->has_ts0 |= ack && ts;
}

static uint32_t make(struct parts *p, const struct key *k, uint64_t hash, const struct segment *seg, int64_t ts)
{
	uint32_t i, at;
	struct slot *s;

	if (!grow(p))
		return NONE;
	if (p->free != NONE) {
		i = p->free;
		p->free = p->slots[i].older;
	} else {
		i = p->used++;
	}
	s = &p->slots[i];
	memset(s, 0, sizeof *s);
	s->used = true;
	s->hash = hash;
	s->part.id = p->next_id++;
	for (int n = 0; n < 2; n++) {
		s->part.side[n].addr = k->addr[n];
		s->part.side[n].port = k->port[n];
	}
	s->part.tunnel = seg->tunnel;
	s->part.vlans = seg->vlans;
	s->part.link = k->link;
	s->part.client = PART_CLIENT_UNKNOWN;
	s->part.first_ns = s->part.min_ns = s->part.max_ns = ts;
	at = find(p, k, hash);
	s->older = p->table[at];
	if (s->older == NONE)
		p->keys++;
	p->table[at] = i;
	return i;
}

static uint32_t link_key(const struct parts *p, const struct segment *seg)
{
	return p->by_link ? seg->link : 0;
}

/* Trailers say the same of a flow with every packet: what is kept is what is new. */
static void note_trailer(struct part *p, const struct f5_trailer *f5)
{
	const struct ipaddr *peer[2] = { &f5->peer_remote, &f5->peer_local };
	uint64_t number[] = { f5->flow_id, f5->peer_id, (uint64_t)f5->slot << 8 | f5->tmm, 0 };
	uint64_t said = XXH3_64bits(f5->virtual_name, strlen(f5->virtual_name));

	p->f5_news = false;
	if (f5->rst_cause[0] && !f5->ingress && !f5->rst_peer && !f5->flow_id && !p->f5 && p->flags & PART_SYN && !(p->flags & PART_SYNACK))
		p->flags |= PART_F5_ALONE;
	if (!f5->flow_id && !f5->virtual_name[0])
		return;
	if (f5->has_peer) {
		number[3] = 1ull << 48 | (uint64_t)f5->peer_remote_port << 32 | (uint64_t)f5->peer_local_port << 16 | f5->peer_vlan;
		for (int i = 0; i < 2; i++)
			said = XXH3_64bits_withSeed(peer[i]->b, sizeof peer[i]->b, said);
	}
	said = XXH3_64bits_withSeed(number, sizeof number, said) | 1;
	p->f5_news = said != p->f5;
	p->f5 = said;
}

static struct fragment *fragment_of(struct parts *p, const struct segment *seg)
{
	uint64_t tunnel = (uint64_t)link_key(p, seg) << 40 | (uint64_t)seg->tunnel.id << 8 | seg->tunnel.kind;
	uint64_t h = XXH3_64bits_withSeed(seg->src.b, 16, tunnel) ^ XXH3_64bits_withSeed(seg->dst.b, 16, seg->ip_id);

	return &p->fragments[h % FRAGMENTS];
}

static const struct part *count(struct parts *p, uint32_t i, const struct segment *seg, int64_t ts)
{
	struct part *q = &p->slots[i].part;

	p->slots[i].changed = true;
	q->packets++;
	q->bytes += seg->flags & SEG_ICMP ? 0 : seg->len;
	if (ts < q->min_ns)
		q->min_ns = ts;
	if (ts > q->max_ns)
		q->max_ns = ts;
	return q;
}

static const struct part *assign_later(struct parts *p, struct segment *seg, int64_t ts)
{
	struct fragment *f = fragment_of(p, seg);

	if (f->slot == NONE || f->ip_id != seg->ip_id || ipaddr_cmp(&f->src, &seg->src) || ipaddr_cmp(&f->dst, &seg->dst) ||
	    f->tunnel_kind != seg->tunnel.kind || f->tunnel_id != seg->tunnel.id || !p->slots[f->slot].used || p->slots[f->slot].part.id != f->part_id ||
	    f->link != link_key(p, seg) || ts - f->ts_ns > FRAGMENT_NS || f->ts_ns - ts > FRAGMENT_NS)
		return NULL;
	seg->flags |= f->from_a;
	return count(p, f->slot, seg, ts);
}

/* Which incarnation of the key, NONE: a new one. */
static uint32_t choose(struct parts *p, uint32_t newest, const struct segment *seg, int side, int64_t ts)
{
	/* A damaged packet in the midst of others is none of a handshake, whatever its flags say. */
	bool damaged = newest != NONE && seg->flags & SEG_CSUM_BAD && p->slots[newest].sound[side] && !syn_sent(&p->slots[newest].part);

	if (seg->flags & SEG_ICMP || !(seg->flags & TCP_SYN) || damaged)
		return for_other(p, newest, seg, side);
	return seg->flags & TCP_ACK ? for_synack(p, newest, seg, side) : for_syn(p, newest, seg, side, ts);
}

const struct part *parts_assign(struct parts *p, struct segment *seg, int64_t ts_ns, bool *nomem)
{
	struct key k;
	int side;       /* of the sender of the TCP packet */
	uint64_t hash;
	uint32_t i;

	*nomem = false;
	if (seg->flags & SEG_LATER)
		return assign_later(p, seg, ts_ns);
	side = !segment_from_a(seg);
	k.addr[side] = seg->src;
	k.port[side] = seg->sport;
	k.addr[!side] = seg->dst;
	k.port[!side] = seg->dport;
	k.tunnel_kind = seg->tunnel.kind;
	k.tunnel_id = seg->tunnel.kind == TUNNEL_NONE ? 0 : seg->tunnel.id;
	k.link = link_key(p, seg);
	hash = key_hash(&k);
	i = choose(p, p->table[find(p, &k, hash)], seg, side, ts_ns);
	if (i == NONE && (i = make(p, &k, hash, seg, ts_ns)) == NONE) {
		*nomem = true;
		return NULL;
	}
	struct slot *s = &p->slots[i];
	/* An ICMP error travels against the packet that it quotes. */
	int sender = seg->flags & SEG_ICMP ? !side : side;
	if (sender == 0)
		seg->flags |= SEG_FROM_A;
	note_way(s, seg, sender);
	s->sound[side] |= seg->flags & SEG_CSUM_OK;
	if (!(s->sound[side] && seg->flags & SEG_CSUM_BAD))
		extend(&s->part, seg, side);
	note_handshake(s, seg, side);
	if (!(seg->flags & SEG_ICMP)) {
		note_bases(&s->part.side[side], &s->part.side[!side], seg);
		note_sender(&s->part, seg, side);
		if (seg->len > 0)
			opening_read(&s->part, seg, side, ts_ns);
		if (seg->f5.present)
			note_trailer(&s->part, &seg->f5);
	}
	/* What an ICMP error quotes may be a fragment, but its later ones do not follow the ICMP. */
	if (seg->flags & SEG_FRAGMENT && !(seg->flags & SEG_ICMP)) {
		struct fragment *f = fragment_of(p, seg);
		*f = (struct fragment){ seg->src, seg->dst, seg->tunnel.id, seg->ip_id, seg->tunnel.kind, s->part.id, ts_ns, i, seg->flags & SEG_FROM_A,
			link_key(p, seg) };
	}
	return count(p, i, seg, ts_ns);
}

/* Rebuild the table from the slots that are left: newest incarnation of each key in front (ids grow with time). */
static void rebuild(struct parts *p)
{
	memset(p->table, 0xff, ((size_t)p->mask + 1) * sizeof *p->table);
	p->keys = 0;
	p->free = NONE;
	for (uint32_t i = 0; i < p->used; i++) {
		struct slot *s = &p->slots[i];
		if (!s->used) {
			s->older = p->free;
			p->free = i;
			continue;
		}
		struct key k = { { s->part.side[0].addr, s->part.side[1].addr }, { s->part.side[0].port, s->part.side[1].port },
			s->part.tunnel.kind == TUNNEL_NONE ? 0 : s->part.tunnel.id, s->part.link, s->part.tunnel.kind };
		uint32_t *link = &p->table[find(p, &k, s->hash)];
		if (*link == NONE)
			p->keys++;
		while (*link != NONE && p->slots[*link].part.id > s->part.id)
			link = &p->slots[*link].older;
		s->older = *link;
		*link = i;
	}
}

int parts_evict(struct parts *p, int64_t idle_before_ns, int (*take)(void *ctx, const struct part *part), void *ctx)
{
	for (uint32_t i = 0; i < p->used; i++) {
		struct slot *s = &p->slots[i];
		if (!s->used || (idle_before_ns != INT64_MAX && s->part.max_ns >= idle_before_ns))
			continue;
		if (s->changed && take(ctx, &s->part) < 0)
			return -1;
		s->used = false;
	}
	rebuild(p);
	return 0;
}

int parts_write(struct parts *p, int (*take)(void *ctx, const struct part *part), void *ctx)
{
	for (uint32_t i = 0; i < p->used; i++) {
		struct slot *s = &p->slots[i];
		if (!s->used || !s->changed)
			continue;
		if (take(ctx, &s->part) < 0)
			return -1;
		s->changed = false;
	}
	return 0;
}
