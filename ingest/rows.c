#include "ingest/rows.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ingest/decode/decode.h"
#include "ingest/option_text.h"
#include "ingest/run.h"
#include "schema/array.h"
#include "schema/layout.h"
#include "ingest/insert_f5.sql.h"
#include "ingest/insert_forwarded.sql.h"
#include "ingest/insert_icmp.sql.h"
#include "ingest/insert_layout.sql.h"
#include "ingest/insert_part.sql.h"
#include "ingest/insert_tcpopt.sql.h"

#define KNOWN 1024              /* addresses whose row ids are remembered */
#define LAYOUTS 256             /* ... and layouts of TCP options */
#define NEWS 4096               /* ... and what their F5 trailers say that is new: once for each connection, or somebody plays with us */

/* The rare rest of a row. */
struct extra {
	uint8_t optlen, options[TCP_OPTIONS_MAX];       /* without the numbers of its own */
	bool stamped;           /* its timestamps are those of the packet */
	uint32_t edge[EDGES_MAX];       /* of its SACK blocks */
	uint8_t edges;
	struct icmp_error icmp;
	struct ipaddr icmp_src;
};

/* Rarer still: why a BIG-IP sent a reset. */
struct cause {
	char text[sizeof ((struct f5_trailer *)0)->rst_cause];
	bool ingress, peer;
};

/* What an F5 trailer says of a part that those before it did not. */
struct news {
	int64_t part_id;
	struct f5_trailer f5;
	bool a_is_remote;
};

/* Row ids of addresses that were looked up lately. */
struct known_addr {
	struct ipaddr addr;
	int64_t id;             /* 0: none */
};

/* Row ids of layouts that were looked up lately. */
struct known_layout {
	uint8_t len, raw[TCP_OPTIONS_MAX];
	bool stamped;
	int64_t id;             /* 0: none */
};

/* Packets on their way into the case, with what there is of them beside their rows. */
struct batch {
	struct run run;
	struct extra *extra;
	uint32_t extras, extra_room;
	struct cause *cause;
	uint32_t causes, cause_room;
	struct news *new;       /* NULL until there is some */
	uint32_t news;
};

struct rows {
	struct db *db;
	struct known_addr known[KNOWN];
	struct known_layout layout[LAYOUTS];
	int64_t next_packet, next_addr, next_tunnel, next_layout;
	struct run_inserter inserter;
	struct batch batch[2];  /* the second is made when the first is full */
	struct batch *filling, *inserting;      /* inserting: by the thread; NULL: there is none, and the connection is ours */
	pthread_t thread;
	struct err error;       /* of the thread, */
	int result;             /* ... if this is -1 */
	sqlite3_stmt *part, *tcpopt, *icmp, *insert_run, *addr_find, *addr_add, *layout_find, *layout_add, *tunnel_find, *tunnel_add, *f5, *f5_rst, *forwarded;
};

int rows_renew(struct rows *r, struct err *e)
{
	if (db_int(r->db, "SELECT max(id) FROM packet", 0, &r->next_packet, e) < 0 ||
	    db_int(r->db, "SELECT max(id) FROM addr", 0, &r->next_addr, e) < 0 ||
	    db_int(r->db, "SELECT max(id) FROM layout", 0, &r->next_layout, e) < 0 ||
	    db_int(r->db, "SELECT max(id) FROM tunnel", 0, &r->next_tunnel, e) < 0)
		return -1;
	r->next_packet++;
	r->next_addr++;
	r->next_layout++;
	r->next_tunnel++;
	memset(r->known, 0, sizeof r->known);
	memset(r->layout, 0, sizeof r->layout);
	return 0;
}

static int prepare(struct rows *r, struct err *e)
{
	if (db_prepare(r->db, insert_part_sql, &r->part, e) < 0 || db_prepare(r->db, insert_tcpopt_sql, &r->tcpopt, e) < 0 || db_prepare(r->db, insert_icmp_sql, &r->icmp, e) < 0)
		return -1;
	if (db_prepare(r->db, "INSERT INTO run VALUES(?1, ?2, ?3)", &r->insert_run, e) < 0 ||
	    db_prepare(r->db, "SELECT id FROM addr WHERE text = ?1", &r->addr_find, e) < 0 ||
	    db_prepare(r->db, "INSERT INTO addr VALUES(?1, ?2, ?3)", &r->addr_add, e) < 0)
		return -1;
	if (db_prepare(r->db, "SELECT id FROM layout WHERE raw = ?1 AND stamped = ?2", &r->layout_find, e) < 0 ||
	    db_prepare(r->db, insert_layout_sql, &r->layout_add, e) < 0)
		return -1;
	if (db_prepare(r->db, "SELECT id FROM tunnel WHERE kind = ?1 AND number = ?2 AND src IS ?3 AND dst IS ?4", &r->tunnel_find, e) < 0)
		return -1;
	if (db_prepare(r->db, "INSERT INTO tunnel VALUES(?1, ?2, ?3, ?4, ?5)", &r->tunnel_add, e) < 0 || db_prepare(r->db, insert_f5_sql, &r->f5, e) < 0 ||
	    db_prepare(r->db, insert_forwarded_sql, &r->forwarded, e) < 0)
		return -1;
	return db_prepare(r->db, "INSERT INTO f5_rst VALUES(?1, ?2, ?3, ?4)", &r->f5_rst, e);
}

struct rows *rows_new(struct db *db, struct err *e)
{
	struct rows *r = calloc(1, sizeof *r);

	if (!r) {
		err_set(e, "out of memory");
		return NULL;
	}
	r->db = db;
	r->filling = &r->batch[0];
	if (run_open(&r->filling->run) < 0)
		err_set(e, "out of memory");
	else if (run_inserter_open(&r->inserter, db, e) == 0 && rows_renew(r, e) == 0 && prepare(r, e) == 0)
		return r;
	rows_free(r);
	return NULL;
}

static void batch_free(struct batch *b)
{
	run_close(&b->run);
	free(b->extra);
	free(b->cause);
	free(b->new);
}

void rows_free(struct rows *r)
{
	struct err e;

	if (!r)
		return;
	rows_settle(r, &e);
	sqlite3_stmt *all[] = { r->part, r->tcpopt, r->icmp, r->insert_run, r->addr_find, r->addr_add, r->layout_find, r->layout_add, r->tunnel_find, r->tunnel_add,
		r->f5, r->f5_rst, r->forwarded };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		sqlite3_finalize(all[i]);
	run_inserter_close(&r->inserter);
	batch_free(&r->batch[0]);
	batch_free(&r->batch[1]);
	free(r);
}

uint32_t rows_room(const struct rows *r)
{
	uint32_t packets = RUN_MAX - r->filling->run.n, news = NEWS - r->filling->news;

	return packets < news ? packets : news;
}

/* Options, and apart from them the numbers that every packet has of its own. */
static void take_options(struct extra *x, const struct segment *seg)
{
	struct layout l = layout_of(seg->options, seg->optlen);

	x->optlen = seg->optlen;
	memcpy(x->options, seg->options, seg->optlen);
	/* Of two time stamps, or in what an ICMP error quotes, the packet may have others. */
	x->stamped = l.stamp && seg->flags & SEG_TS && be32(x->options + l.stamp) == seg->tsval && be32(x->options + l.stamp + 4) == seg->tsecr;
	if (x->stamped)
		memset(x->options + l.stamp, 0, 8);
	x->edges = (uint8_t)l.edges;
	for (unsigned i = 0; i < l.edges; i++) {
		x->edge[i] = be32(x->options + l.edge[i]);
		put_be32(x->options + l.edge[i], 0);
	}
}

static int add_extra(struct batch *b, const struct segment *seg, uint32_t *index, struct err *e)
{
	if (!array_grow(&b->extra, &b->extra_room, b->extras, sizeof *b->extra))
		return err_set(e, "out of memory");
	struct extra *x = &b->extra[b->extras++];
	take_options(x, seg);
	if (seg->flags & SEG_ICMP) {
		x->icmp = seg->icmp;
		x->icmp_src = seg->icmp_src;
	}
	*index = b->extras;
	return 0;
}

static void addr_text(const struct ipaddr *a, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->b, text, INET6_ADDRSTRLEN);
}

/* The row id of an address, made if need be. */
static int find_addr(struct rows *r, const struct ipaddr *a, int64_t *id, struct err *e)
{
	char text[INET6_ADDRSTRLEN];
	int rc;

	addr_text(a, text);
	sqlite3_bind_text(r->addr_find, 1, text, -1, SQLITE_STATIC);
	rc = db_step(r->db, r->addr_find, e);
	if (rc == 1)
		*id = sqlite3_column_int64(r->addr_find, 0);
	sqlite3_reset(r->addr_find);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	*id = r->next_addr++;
	sqlite3_bind_int64(r->addr_add, 1, *id);
	sqlite3_bind_text(r->addr_add, 2, text, -1, SQLITE_STATIC);
	sqlite3_bind_int(r->addr_add, 3, a->family);
	return db_run(r->db, r->addr_add, e);
}

/* The same for one that has come up before. */
static int addr_id(struct rows *r, const struct ipaddr *a, int64_t *id, struct err *e)
{
	struct known_addr *k = &r->known[XXH3_64bits(a->b, sizeof a->b) % KNOWN];

	if (!k->id || ipaddr_cmp(&k->addr, a) != 0) {
		if (find_addr(r, a, id, e) < 0)
			return -1;
		*k = (struct known_addr){ *a, *id };
	}
	*id = k->id;
	return 0;
}

/* The order of the columns of insert_f5.sql. */
static int insert_f5(struct rows *r, const struct news *n, struct err *e)
{
	const struct f5_trailer *f5 = &n->f5;
	int64_t remote = 0, local = 0;
	sqlite3_stmt *st = r->f5;

	if (f5->has_peer && (addr_id(r, &f5->peer_remote, &remote, e) < 0 || addr_id(r, &f5->peer_local, &local, e) < 0))
		return -1;
	sqlite3_bind_int64(st, 1, n->part_id);
	sqlite3_bind_int64(st, 2, (int64_t)f5->flow_id);
	sqlite3_bind_int64(st, 3, (int64_t)f5->peer_id);
	sqlite3_bind_int(st, 4, f5->slot << 8 | f5->tmm);
	sqlite3_bind_int(st, 5, n->a_is_remote);
	sqlite3_bind_text(st, 6, f5->virtual_name[0] ? f5->virtual_name : NULL, -1, SQLITE_STATIC);
	db_bind_opt(st, 7, f5->has_peer, remote);
	db_bind_opt(st, 8, f5->has_peer, f5->peer_remote_port);
	db_bind_opt(st, 9, f5->has_peer, local);
	db_bind_opt(st, 10, f5->has_peer, f5->peer_local_port);
	db_bind_opt(st, 11, f5->has_peer, f5->peer_vlan);
	return db_run(r->db, st, e);
}

static int add_cause(struct batch *b, const struct f5_trailer *f5, uint32_t *index, struct err *e)
{
	if (!array_grow(&b->cause, &b->cause_room, b->causes, sizeof *b->cause))
		return err_set(e, "out of memory");
	struct cause *x = &b->cause[b->causes++];
	memcpy(x->text, f5->rst_cause, sizeof x->text);
	x->ingress = f5->ingress;
	x->peer = f5->rst_peer;
	*index = b->causes;
	return 0;
}

/* The rare packet with an F5 trailer that says something new. */
static int add_trailer(struct batch *b, const struct part *part, const struct segment *seg, uint32_t *cause, struct err *e)
{
	if (part->f5_news && !(seg->flags & (SEG_ICMP | SEG_LATER))) {
		if (!b->new && !(b->new = malloc(NEWS * sizeof *b->new)))
			return err_set(e, "out of memory");
		b->new[b->news++] = (struct news){ part->id, seg->f5, seg->f5.ingress == !!(seg->flags & SEG_FROM_A) };
	}
	return seg->f5.rst_cause[0] ? add_cause(b, &seg->f5, cause, e) : 0;
}

/* Near numbers take fewer bytes. What an ICMP error quotes and what a later fragment has stay as they are. */
static void set_numbers(struct run_row *w, const struct part *part, const struct segment *seg)
{
	int side = !(seg->flags & SEG_FROM_A);
	const struct part_side *own = &part->side[side], *other = &part->side[!side];
	bool near = !(seg->flags & (SEG_ICMP | SEG_LATER)), acks = near && seg->flags & TCP_ACK;

	w->seq = seg->seq - (near ? own->seq0 : 0);
	w->ack = seg->ack - (acks ? other->seq0 : 0);
	w->tsval = seg->tsval - (near ? own->ts0 : 0);
	w->tsecr = seg->tsecr - (acks ? other->ts0 : 0);
}

int rows_add(struct rows *r, const struct part *part, const struct segment *seg, uint64_t frame, int64_t ts_ns, struct err *e)
{
	struct batch *b = r->filling;
	struct run_row *w = run_add(&b->run, part->id);

	w->t = ts_ns - part->first_ns;
	w->frame = (uint32_t)frame;
	set_numbers(w, part, seg);
	w->len = seg->len;
	w->flags = seg->flags;
	w->win = seg->window;
	w->ip_id = seg->ip_id;
	w->ttl = seg->ttl;
	w->tos = seg->tos;
	w->has_payload = seg->len > 0 && !(seg->flags & (SEG_CUT | SEG_ICMP | SEG_LATER));
	w->payload = w->has_payload ? (uint32_t)XXH3_64bits(seg->payload, seg->caplen) : 0;
	w->extra = w->cause = 0;
	if (seg->flags & (SEG_OPT | SEG_ICMP) && add_extra(b, seg, &w->extra, e) < 0)
		return -1;
	return seg->f5.present ? add_trailer(b, part, seg, &w->cause, e) : 0;
}

/* The row id of a layout, made if need be. */
static int find_layout(struct rows *r, const struct extra *x, int64_t *id, struct err *e)
{
	struct option_text o;
	sqlite3_stmt *st = r->layout_find;
	int rc;

	sqlite3_bind_blob(st, 1, x->options, x->optlen, SQLITE_STATIC);
	sqlite3_bind_int(st, 2, x->stamped);
	rc = db_step(r->db, st, e);
	if (rc == 1)
		*id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	st = r->layout_add;
	*id = r->next_layout++;
	option_format(&o, x->options, x->optlen);
	sqlite3_bind_int64(st, 1, *id);
	db_bind_opt(st, 2, o.mss >= 0, o.mss);
	db_bind_opt(st, 3, o.wscale >= 0, o.wscale);
	sqlite3_bind_int(st, 4, o.sack_permitted);
	sqlite3_bind_text(st, 5, o.text, (int)o.n, SQLITE_STATIC);
	sqlite3_bind_blob(st, 6, x->options, x->optlen, SQLITE_STATIC);
	sqlite3_bind_int(st, 7, x->stamped);
	return db_run(r->db, st, e);
}

static int layout_id(struct rows *r, const struct extra *x, int64_t *id, struct err *e)
{
	struct known_layout *k = &r->layout[XXH3_64bits(x->options, x->optlen) % LAYOUTS];

	if (!k->id || k->len != x->optlen || k->stamped != x->stamped || memcmp(k->raw, x->options, x->optlen) != 0) {
		if (find_layout(r, x, id, e) < 0)
			return -1;
		*k = (struct known_layout){ .len = x->optlen, .stamped = x->stamped, .id = *id };
		memcpy(k->raw, x->options, x->optlen);
	}
	*id = k->id;
	return 0;
}

static int insert_tcpopt(struct rows *r, const struct extra *x, struct err *e)
{
	char edges[EDGES_MAX * 11] = "";
	size_t n = 0;
	int64_t layout = 0;

	if (layout_id(r, x, &layout, e) < 0)
		return -1;
	for (unsigned i = 0; i < x->edges; i++)
		n += (size_t)snprintf(edges + n, sizeof edges - n, "%s%u", i ? "," : "", x->edge[i]);
	sqlite3_bind_int64(r->tcpopt, 1, r->next_packet);
	sqlite3_bind_int64(r->tcpopt, 2, layout);
	sqlite3_bind_text(r->tcpopt, 3, n ? edges : NULL, (int)n, SQLITE_STATIC);
	return db_run(r->db, r->tcpopt, e);
}

static int insert_icmp(struct rows *r, const struct extra *x, struct err *e)
{
	int64_t src;

	if (addr_id(r, &x->icmp_src, &src, e) < 0)
		return -1;
	sqlite3_bind_int64(r->icmp, 1, r->next_packet);
	sqlite3_bind_int(r->icmp, 2, x->icmp.type);
	sqlite3_bind_int(r->icmp, 3, x->icmp.code);
	sqlite3_bind_int(r->icmp, 4, x->icmp.mtu);
	sqlite3_bind_int64(r->icmp, 5, src);
	return db_run(r->db, r->icmp, e);
}

static int insert_cause(struct rows *r, const struct cause *x, struct err *e)
{
	sqlite3_bind_int64(r->f5_rst, 1, r->next_packet);
	sqlite3_bind_text(r->f5_rst, 2, x->text, -1, SQLITE_STATIC);
	sqlite3_bind_int(r->f5_rst, 3, x->ingress);
	sqlite3_bind_int(r->f5_rst, 4, x->peer);
	return db_run(r->db, r->f5_rst, e);
}

static int insert_run(struct rows *r, int64_t part_id, int64_t first, struct err *e)
{
	sqlite3_bind_int64(r->insert_run, 1, part_id);
	sqlite3_bind_int64(r->insert_run, 2, first);
	sqlite3_bind_int64(r->insert_run, 3, r->next_packet - first);
	return db_run(r->db, r->insert_run, e);
}

/* What there is of the next packet beside its row. */
static int insert_rest(struct rows *r, const struct batch *b, const struct run_row *w, struct err *e)
{
	const struct extra *x = w->extra ? &b->extra[w->extra - 1] : NULL;

	if ((w->flags & SEG_OPT && insert_tcpopt(r, x, e) < 0) || (w->flags & SEG_ICMP && insert_icmp(r, x, e) < 0))
		return -1;
	return w->cause ? insert_cause(r, &b->cause[w->cause - 1], e) : 0;
}

static int insert_batch(struct rows *r, struct batch *b, struct err *e)
{
	int64_t first = r->next_packet;

	run_sort(&b->run);
	if (b->run.n > 0 && run_insert(&r->inserter, &b->run, e) < 0)
		return -1;
	for (uint32_t i = 0; i < b->run.n; i++) {
		int64_t part = run_part(&b->run, i);
		if (insert_rest(r, b, run_at(&b->run, i), e) < 0)
			return -1;
		r->next_packet++;
		if (i + 1 < b->run.n && run_part(&b->run, i + 1) == part)
			continue;
		if (insert_run(r, part, first, e) < 0)
			return -1;
		first = r->next_packet;
	}
	for (uint32_t i = 0; i < b->news; i++)
		if (insert_f5(r, &b->new[i], e) < 0)
			return -1;
	b->run.n = b->news = b->extras = b->causes = 0;
	return 0;
}

static void *insert_aside(void *ctx)
{
	struct rows *r = ctx;

	r->result = insert_batch(r, r->inserting, &r->error);
	return NULL;
}

int rows_settle(struct rows *r, struct err *e)
{
	if (!r->inserting)
		return 0;
	pthread_join(r->thread, NULL);
	r->inserting = NULL;
	if (r->result < 0)
		*e = r->error;
	return r->result;
}

int rows_hand_over(struct rows *r, struct err *e)
{
	struct batch *other = &r->batch[r->filling == &r->batch[0]];

	if (rows_settle(r, e) < 0)
		return -1;
	if (!other->run.row && run_open(&other->run) < 0)
		return err_set(e, "out of memory");
	r->inserting = r->filling;
	r->filling = other;
	if (pthread_create(&r->thread, NULL, insert_aside, r) == 0)
		return 0;
	/* No thread is to be had: then it takes longer. */
	insert_aside(r);
	r->inserting = NULL;
	if (r->result < 0)
		*e = r->error;
	return r->result;
}

int rows_flush(struct rows *r, struct err *e)
{
	return rows_settle(r, e) < 0 ? -1 : insert_batch(r, r->filling, e);
}

static int tunnel_id(struct rows *r, const struct tunnel *t, int64_t *id, struct err *e)
{
	int64_t src = 0, dst = 0;
	int rc;

	if ((t->src.family && addr_id(r, &t->src, &src, e) < 0) || (t->dst.family && addr_id(r, &t->dst, &dst, e) < 0))
		return -1;
	sqlite3_bind_text(r->tunnel_find, 1, decode_tunnel_name(t->kind), -1, SQLITE_STATIC);
	sqlite3_bind_int64(r->tunnel_find, 2, t->id);
	db_bind_opt(r->tunnel_find, 3, src != 0, src);
	db_bind_opt(r->tunnel_find, 4, dst != 0, dst);
	rc = db_step(r->db, r->tunnel_find, e);
	if (rc == 1)
		*id = sqlite3_column_int64(r->tunnel_find, 0);
	sqlite3_reset(r->tunnel_find);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	*id = r->next_tunnel++;
	sqlite3_bind_int64(r->tunnel_add, 1, *id);
	sqlite3_bind_text(r->tunnel_add, 2, decode_tunnel_name(t->kind), -1, SQLITE_STATIC);
	sqlite3_bind_int64(r->tunnel_add, 3, t->id);
	db_bind_opt(r->tunnel_add, 4, src != 0, src);
	db_bind_opt(r->tunnel_add, 5, dst != 0, dst);
	return db_run(r->db, r->tunnel_add, e);
}

static void bind_side(sqlite3_stmt *st, int addr_at, int mac_at, int seq_at, int64_t addr, const struct part_side *s, bool has_seq)
{
	sqlite3_bind_int64(st, addr_at, addr);
	sqlite3_bind_int(st, addr_at + 1, s->port);
	sqlite3_bind_int64(st, mac_at, (int64_t)s->mac);
	db_bind_opt(st, seq_at, has_seq, (int32_t)(s->seq_min - s->seq0));
	db_bind_opt(st, seq_at + 1, has_seq, (int32_t)(s->seq_max - s->seq0));
}

/* The order of the columns of insert_forwarded.sql. */
static int insert_forwarded(struct rows *r, int64_t part_id, const struct forwarded *f, struct err *e)
{
	int64_t src = 0;
	sqlite3_stmt *st = r->forwarded;

	if (f->src.family && addr_id(r, &f->src, &src, e) < 0)
		return -1;
	sqlite3_bind_int64(st, 1, part_id);
	sqlite3_bind_int64(st, 2, f->header);
	db_bind_opt(st, 3, f->src.family != 0, src);
	db_bind_opt(st, 4, f->sport != 0, f->sport);
	db_bind_opt(st, 5, f->request != 0, (int64_t)f->request);
	return db_run(r->db, st, e);
}

/* The order of the columns of insert_part.sql. */
int rows_part(struct rows *r, const struct part *p, int64_t capture_id, struct err *e)
{
	int64_t a, b, tunnel = 0;
	sqlite3_stmt *st = r->part;
	const struct part_side *client = &p->side[p->client != PART_CLIENT_A], *server = &p->side[p->client == PART_CLIENT_A];
	uint8_t opening[OPENING_BYTES];
	uint32_t n = opening_pack(&p->opening, opening);

	if (addr_id(r, &p->side[0].addr, &a, e) < 0 || addr_id(r, &p->side[1].addr, &b, e) < 0 ||
	    (p->tunnel.kind != TUNNEL_NONE && tunnel_id(r, &p->tunnel, &tunnel, e) < 0))
		return -1;
	sqlite3_bind_int64(st, 1, p->id);
	sqlite3_bind_int64(st, 2, capture_id);
	bind_side(st, 3, 9, 21, a, &p->side[0], p->flags & PART_A_SEQ);
	bind_side(st, 5, 10, 23, b, &p->side[1], p->flags & PART_B_SEQ);
	db_bind_opt(st, 7, tunnel != 0, tunnel);
	sqlite3_bind_int64(st, 8, p->vlans);
	sqlite3_bind_int64(st, 11, p->first_ns);
	sqlite3_bind_int64(st, 12, p->first_ns - p->min_ns);
	sqlite3_bind_int64(st, 13, p->max_ns - p->first_ns);
	sqlite3_bind_int64(st, 14, (int64_t)p->packets);
	sqlite3_bind_int64(st, 15, (int64_t)p->bytes);
	db_bind_opt(st, 16, p->client != PART_CLIENT_UNKNOWN, p->client == PART_CLIENT_A);
	db_bind_opt(st, 17, p->has_client_isn, (int32_t)(p->client_isn - client->seq0));
	db_bind_opt(st, 18, p->has_server_isn, (int32_t)(p->server_isn - server->seq0));
	db_bind_opt(st, 19, p->has_syn_tsval, (int32_t)(p->syn_tsval - client->ts0));
	db_bind_opt(st, 20, p->has_synack_tsval, (int32_t)(p->synack_tsval - server->ts0));
	sqlite3_bind_int64(st, 25, p->flags);
	for (int i = 0; i < 2; i++) {
		sqlite3_bind_int64(st, 26 + i, (int64_t)p->side[i].packets);
		sqlite3_bind_int(st, 28 + i, p->side[i].ttl);
		db_bind_opt(st, 30 + i, p->has_said[i], p->said_ns[i] - p->first_ns);
		sqlite3_bind_int(st, 33 + i, (int32_t)p->side[i].seq0);
		sqlite3_bind_int(st, 35 + i, (int32_t)p->side[i].ts0);
	}
	sqlite3_bind_blob(st, 32, n ? opening : NULL, (int)n, SQLITE_STATIC);
	if (db_run(r->db, st, e) < 0)
		return -1;
	return forwarded_any(&p->forwarded) ? insert_forwarded(r, p->id, &p->forwarded, e) : 0;
}
