#include "correlate/flows.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/halves.h"
#include "correlate/hosts.h"
#include "schema/array.h"
#include "schema/part.h"

#include "correlate/select_parts.sql.h"

#define FAR (1u << 26)          /* sequence distance in both directions beyond which a part belongs to another incarnation */
#define WINDOW 65535            /* the largest without a scale */

struct builder {
	struct facts *f;
	struct db *db;
	uint32_t flow_room, part_room;
	struct open_flow *open; /* incarnations of the current addresses and ports ... */
	uint32_t n, room;
	uint32_t world;         /* ... from here on: in the current tunnel */
	uint64_t *talked;       /* per point and direction: flows whose other direction shows that this one exists */
};

static bool opt_u32(sqlite3_stmt *st, int i, uint32_t *out)
{
	*out = (uint32_t)sqlite3_column_int64(st, i);
	return sqlite3_column_type(st, i) != SQLITE_NULL;
}

static void read_row(sqlite3_stmt *st, struct row *r)
{
	r->id = sqlite3_column_int64(st, 0);
	r->point_id = sqlite3_column_int64(st, 1);
	r->addr[0] = sqlite3_column_int64(st, 2);
	r->port[0] = (uint16_t)sqlite3_column_int(st, 3);
	r->addr[1] = sqlite3_column_int64(st, 4);
	r->port[1] = (uint16_t)sqlite3_column_int(st, 5);
	r->tunnel = sqlite3_column_int64(st, 6);
	r->first_ns = sqlite3_column_int64(st, 7);
	r->min_ns = sqlite3_column_int64(st, 8);
	r->max_ns = sqlite3_column_int64(st, 9);
	r->packets = sqlite3_column_int64(st, 10);
	r->client = sqlite3_column_type(st, 11) == SQLITE_NULL ? -1 : !sqlite3_column_int(st, 11);
	r->has_isn[0] = opt_u32(st, 12, &r->isn[0]);
	r->has_isn[1] = opt_u32(st, 13, &r->isn[1]);
	r->has_tsval = opt_u32(st, 14, &r->tsval);
	for (int i = 0; i < 2; i++) {
		r->has_seq[i] = opt_u32(st, 15 + 2 * i, &r->seq_min[i]);
		opt_u32(st, 16 + 2 * i, &r->seq_max[i]);
		r->side_packets[i] = sqlite3_column_int64(st, 20 + i);
		r->ttl[i] = (uint8_t)sqlite3_column_int(st, 22 + i);
	}
	r->flags = (uint32_t)sqlite3_column_int64(st, 19);
	r->bytes = sqlite3_column_int64(st, 24);
	r->capture = sqlite3_column_int64(st, 25);
	for (int i = 0; i < 2; i++) {
		r->has_said[i] = sqlite3_column_type(st, 26 + i) != SQLITE_NULL;
		r->said_ns[i] = r->first_ns + sqlite3_column_int64(st, 26 + i);
	}
	r->opening = opening_unpack(sqlite3_column_blob(st, 28), (uint32_t)sqlite3_column_bytes(st, 28));
	r->speaks_for = (struct speaks_for){ .header = (uint32_t)sqlite3_column_int64(st, 29), .addr = sqlite3_column_int64(st, 30),
		.port = (uint16_t)sqlite3_column_int(st, 31), .request = (uint64_t)sqlite3_column_int64(st, 32) };
	for (int i = 0; i < 2; i++) {
		r->mac[i] = (uint64_t)sqlite3_column_int64(st, 33 + i);
		r->seq0[i] = (uint32_t)sqlite3_column_int(st, 35 + i);
		r->ts0[i] = (uint32_t)sqlite3_column_int(st, 37 + i);
	}
}

static bool same_ends(const struct row *x, const struct row *y)
{
	return x->point_id == y->point_id && x->addr[0] == y->addr[0] && x->addr[1] == y->addr[1] && x->port[0] == y->port[0] &&
	    x->port[1] == y->port[1];
}

static uint32_t gap(const struct row *x, const struct row *y, int side)
{
	if ((int32_t)(y->seq_min[side] - x->seq_max[side]) > 0)
		return y->seq_min[side] - x->seq_max[side];
	if ((int32_t)(x->seq_min[side] - y->seq_max[side]) > 0)
		return x->seq_min[side] - y->seq_max[side];
	return 0;
}

/* How far a part without a handshake lies from a flow. */
static uint32_t distance(const struct row *flow, const struct row *part)
{
	uint32_t least = UINT32_MAX;

	for (int i = 0; i < 2; i++) {
		if (!flow->has_seq[i] || !part->has_seq[i])
			continue;
		uint32_t d = gap(flow, part, i);
		if (d < least)
			least = d;
	}
	return least;
}

/* How far a part begins behind the FIN of a side of a flow; 0: not, or no FIN was seen. */
static uint32_t behind_fin(const struct row *flow, const struct row *part, int side)
{
	if (!(flow->flags & (side ? PART_FIN_B : PART_FIN_A)) || !flow->has_seq[side] || !part->has_seq[side])
		return 0;
	return (int32_t)(part->seq_min[side] - flow->seq_max[side]) > 0 ? part->seq_min[side] - flow->seq_max[side] : 0;
}

/* A part that began when the flow had ended, and behind its ends: it is of a later connection, as parts.c has it inside one capture. */
static bool beyond_end(const struct row *flow, const struct row *part)
{
	uint32_t a = behind_fin(flow, part, 0), b = behind_fin(flow, part, 1);

	return part->min_ns > flow->max_ns && ((a > 0 && b > 0) || ((a > WINDOW || b > WINDOW) && distance(flow, part) > 0));
}

/* While a SYN waits for its answer, what comes without payload is that answer, whatever its numbers (as parts.c has it inside one capture). */
static bool answers(const struct row *flow, const struct row *part)
{
	return flow->has_isn[0] && !flow->has_isn[1] && !(flow->flags & (PART_TALKED | PART_FIN_A | PART_FIN_B)) && !part->has_isn[0] &&
	    part->bytes == 0 && !(part->flags & (PART_FIN_A | PART_FIN_B));
}

/* The open flow that a part belongs to, NULL: a new one. The newest wins ties. */
static struct open_flow *home(struct builder *b, const struct row *r)
{
	struct open_flow *best = NULL;
	uint32_t least = FAR;

	if (b->n > b->world && answers(&b->open[b->n - 1].sum, r))
		return &b->open[b->n - 1];
	for (uint32_t i = b->n; i-- > b->world;) {
		struct row *s = &b->open[i].sum;
		if (r->has_isn[0] && s->has_isn[0]) {
			if (r->isn[0] == s->isn[0] && r->client == s->client)
				return &b->open[i];
			continue;
		}
		/* What was there before a handshake is another incarnation: initial numbers grow slowly (RFC 6528), near is no proof. */
		if (r->has_isn[0] && !s->has_isn[0] && !(r->client >= 0 && s->has_seq[r->client] && s->seq_min[r->client] == r->isn[0] + 1))
			continue;
		uint32_t d = distance(s, r);
		if (beyond_end(s, r))
			continue;
		/* Nothing but resets or errors: they belong to what was there before them. */
		if (!r->has_seq[0] && !r->has_seq[1] && !best && s->min_ns <= r->min_ns) {
			best = &b->open[i];
			continue;
		}
		if (d < least) {
			best = &b->open[i];
			least = d;
		}
	}
	return best;
}

static void widen(struct row *s, const struct row *r, int side)
{
	if (!r->has_seq[side])
		return;
	if (!s->has_seq[side] || (int32_t)(r->seq_min[side] - s->seq_min[side]) < 0)
		s->seq_min[side] = r->seq_min[side];
	if (!s->has_seq[side] || (int32_t)(r->seq_max[side] - s->seq_max[side]) > 0)
		s->seq_max[side] = r->seq_max[side];
	s->has_seq[side] = true;
}

/* Of two captures of one point, that which has more of the beginning tells it. */
static void absorb_opening(struct row *s, const struct row *r)
{
	for (int i = 0; i < 2; i++) {
		if (r->has_said[i] && (!s->has_said[i] || r->said_ns[i] < s->said_ns[i])) {
			s->said_ns[i] = r->said_ns[i];
			s->has_said[i] = true;
		}
		if (r->opening.head[i].rungs > s->opening.head[i].rungs)
			s->opening.head[i] = r->opening.head[i];
	}
	if (!s->opening.kind) {
		s->opening.kind = r->opening.kind;
		s->opening.digest = r->opening.digest;
	}
	if (!s->speaks_for.header && !s->speaks_for.addr && !s->speaks_for.request)
		s->speaks_for = r->speaks_for;
}

static void absorb(struct row *s, const struct row *r)
{
	absorb_opening(s, r);
	if (s->client < 0)
		s->client = r->client;
	if (s->has_isn[1] && r->has_isn[1] && s->isn[1] != r->isn[1])
		s->flags |= PART_TWO_SERVERS;
	for (int i = 0; i < 2; i++) {
		widen(s, r, i);
		if (!s->has_isn[i] && r->has_isn[i]) {
			s->isn[i] = r->isn[i];
			s->has_isn[i] = true;
		}
		if (!s->ttl[i])
			s->ttl[i] = r->ttl[i];
		s->side_packets[i] += r->side_packets[i];
	}
	if (!s->has_tsval && r->has_tsval) {
		s->tsval = r->tsval;
		s->has_tsval = true;
	}
	if (r->min_ns < s->min_ns)
		s->min_ns = r->min_ns;
	if (r->max_ns > s->max_ns)
		s->max_ns = r->max_ns;
	s->packets += r->packets;
	s->flags |= r->flags;
}

static int add_part(struct open_flow *o, struct part_ref q, struct err *e)
{
	if (!array_grow(&o->part, &o->room, o->parts, sizeof *o->part))
		return err_set(e, "out of memory");
	o->part[o->parts++] = q;
	return 0;
}

static int take_row(struct builder *b, const struct row *r, struct err *e)
{
	struct part_ref q = { .id = r->id, .first_ns = r->first_ns, .capture = (uint32_t)r->capture, .mac = { r->mac[0], r->mac[1] },
		.seq0 = { r->seq0[0], r->seq0[1] }, .ts0 = { r->ts0[0], r->ts0[1] } };
	struct open_flow *o = home(b, r);

	if (o) {
		absorb(&o->sum, r);
		return add_part(o, q, e);
	}
	if (!array_grow(&b->open, &b->room, b->n, sizeof *b->open))
		return err_set(e, "out of memory");
	o = &b->open[b->n++];
	memset(o, 0, sizeof *o);
	o->sum = *r;
	return add_part(o, q, e);
}

/* Note how packets of the two hosts arrive here, for any port and for the server's own port. */
static int note_hosts(struct builder *b, const struct flow *w, const int64_t sent[2], struct err *e)
{
	for (int i = 0; i < 4; i++) {
		int role = i & 1;
		struct host *h;
		if (i >= 2 && role == C2S)
			continue;
		h = hosts_add(b->f->hosts, w->point, w->addr[role], i >= 2 ? w->port[role] : 0);
		if (!h)
			return err_set(e, "out of memory");
		h->flows += sent[role] > 0;
		h->arrivals += sent[!role] > 0;
		if (w->ttl[role])
			hosts_vote(h, w->ttl[role]);
	}
	return 0;
}

static void set_sides(struct flow *w, const struct row *s, int client)
{
	for (int role = 0; role < 2; role++) {
		int side = role == C2S ? client : !client;
		w->addr[role] = s->addr[side];
		w->port[role] = s->port[side];
		w->has_seq[role] = s->has_seq[side];
		w->seq_min[role] = s->seq_min[side];
		w->seq_max[role] = s->seq_max[side];
		w->ttl[role] = s->ttl[side];
		w->has_isn[role] = s->has_isn[role];
		w->isn[role] = s->isn[role];
		/* Without a SYN it is only guessed who is who. */
		w->has_said[role] = s->has_said[side] && s->client >= 0;
		w->said_ns[role] = s->said_ns[side];
		w->opening.head[role] = s->opening.head[side];
	}
	w->opening.kind = s->opening.kind;
	w->opening.digest = s->opening.digest;
	w->speaks_for = s->speaks_for;
}

#define SWAP(type, x) do { type kept = (x)[0]; (x)[0] = (x)[1]; (x)[1] = kept; } while (0)

void flows_turn(struct facts *f, struct flow *w)
{
	SWAP(int64_t, w->addr);
	SWAP(uint16_t, w->port);
	SWAP(bool, w->has_isn);
	SWAP(uint32_t, w->isn);
	SWAP(bool, w->has_seq);
	SWAP(uint32_t, w->seq_min);
	SWAP(uint32_t, w->seq_max);
	SWAP(uint8_t, w->ttl);
	SWAP(bool, w->has_said);
	SWAP(int64_t, w->said_ns);
	SWAP(struct stream_head, w->opening.head);
	/* These were read from what a server says, then. */
	w->has_syn_tsval = false;
	w->opening.kind = OPENING_NONE;
	w->opening.digest = 0;
	w->speaks_for = (struct speaks_for){ 0 };
	for (uint32_t i = 0; i < w->parts; i++)
		f->part[w->part + i].a_is_client = !f->part[w->part + i].a_is_client;
}

static int close_flow(struct builder *b, struct open_flow *o, uint32_t point, struct err *e)
{
	struct facts *f = b->f;
	const struct row *s = &o->sum;
	/* Nobody said who is the client: the lower port is the service. */
	int client = s->client >= 0 ? s->client : s->port[0] < s->port[1];
	int64_t sent[2] = { s->side_packets[client], s->side_packets[!client] };

	if (!array_grow(&f->flow, &b->flow_room, f->flows, sizeof *f->flow))
		return err_set(e, "out of memory");
	struct flow *w = &f->flow[f->flows++];
	memset(w, 0, sizeof *w);
	w->point = point;
	w->part = f->parts;
	w->parts = o->parts;
	w->first_ns = s->min_ns;
	w->last_ns = s->max_ns;
	w->packets = (uint64_t)s->packets;
	w->role_known = s->client >= 0;
	w->two_servers = s->flags & PART_TWO_SERVERS;
	w->crossed = s->flags & PART_CROSSED;
	w->closed = s->flags & PART_FIN_A && s->flags & PART_FIN_B && !(s->flags & PART_RST);
	w->f5_alone = s->flags & PART_F5_ALONE;
	w->has_syn_tsval = s->has_tsval;
	w->syn_tsval = s->tsval;
	set_sides(w, s, client);
	for (uint32_t i = 0; i < o->parts; i++) {
		if (!array_grow(&f->part, &b->part_room, f->parts, sizeof *f->part))
			return err_set(e, "out of memory");
		f->part[f->parts] = o->part[i];
		f->part[f->parts++].a_is_client = client == 0;
	}
	for (int d = 0; d < 2; d++)
		f->point[point].sight[d].packets += (uint64_t)sent[d];
	/* A client that goes on, or a server that speaks at all, must have had packets from the other side. */
	b->talked[2 * point + S2C] += !!(s->flags & PART_TALKED);
	b->talked[2 * point + C2S] += sent[S2C] > 0;
	return note_hosts(b, w, sent, e);
}

/* The two directions of one connection may be in tunnels of their own. */
static int join_halves(struct builder *b, struct err *e)
{
	uint32_t n = 0;

	if (b->world == 0)
		return 0;
	if (halves_find(b->db, b->open, b->n, e) < 0)
		return -1;
	for (uint32_t i = 0; i < b->n; i++) {
		struct open_flow *o = &b->open[i];
		if (o->half != NO_HALF && o->half < i)
			continue;
		if (o->half != NO_HALF) {
			struct open_flow *half = &b->open[o->half];
			absorb(&o->sum, &half->sum);
			for (uint32_t k = 0; k < half->parts; k++)
				if (add_part(o, half->part[k], e) < 0)
					return -1;
			free(half->part);
			half->part = NULL;
		}
		b->open[n++] = *o;
		if (n - 1 != i)
			o->part = NULL;
	}
	b->n = n;
	return 0;
}

static int close_all(struct builder *b, struct err *e)
{
	int rc = join_halves(b, e);

	for (uint32_t i = 0; i < b->n; i++) {
		uint32_t point = 0;
		while (b->f->point[point].id != b->open[i].sum.point_id)
			point++;
		if (rc == 0)
			rc = close_flow(b, &b->open[i], point, e);
		free(b->open[i].part);
	}
	b->n = b->world = 0;
	return rc;
}

/* A direction of which a point holds nothing, although what it holds of the other one shows that it exists, takes another way. */
static void find_elsewhere(struct builder *b)
{
	for (uint32_t i = 0; i < b->f->points; i++)
		for (int d = 0; d < 2; d++)
			b->f->point[i].sight[d].elsewhere = b->f->point[i].sight[d].packets == 0 && b->talked[2 * i + (uint32_t)d] > 0;
}

/* Without the room that is left for more. */
static void *shrunk(void *array, size_t bytes)
{
	void *less = bytes ? realloc(array, bytes) : NULL;

	return less ? less : array;
}

int flows_load(struct facts *f, struct db *db, struct err *e)
{
	struct builder b = { .f = f, .db = db };
	sqlite3_stmt *st = NULL;
	struct row r, last = { .point_id = -1 };
	int rc = -1;

	f->hosts = hosts_new();
	b.talked = calloc(2 * POINTS_MAX, sizeof *b.talked);
	if (!f->hosts || !b.talked) {
		err_set(e, "out of memory");
		goto out;
	}
	if (db_prepare(db, select_parts_sql, &st, e) < 0)
		goto out;
	while ((rc = db_step(db, st, e)) == 1) {
		read_row(st, &r);
		if (!same_ends(&r, &last)) {
			if (close_all(&b, e) < 0)
				goto fail;
		} else if (r.tunnel != last.tunnel) {
			b.world = b.n;
		}
		last = r;
		if (take_row(&b, &r, e) < 0)
			goto fail;
	}
	if (rc == 0)
		rc = close_all(&b, e);
	find_elsewhere(&b);
	/* They stay as long as anything does. */
	f->flow = shrunk(f->flow, f->flows * sizeof *f->flow);
	f->part = shrunk(f->part, f->parts * sizeof *f->part);
	goto out;
fail:
	rc = -1;
out:
	for (uint32_t i = 0; i < b.n; i++)
		free(b.open[i].part);
	sqlite3_finalize(st);
	free(b.open);
	free(b.talked);
	return rc;
}
