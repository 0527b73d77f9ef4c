#include "correlate/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/layout.h"
#include "correlate/select_packets.sql.h"

/* Where the numbers of the packet lie, they are put. */
static void fill_options(struct pkt_opt *o, const struct pkt *p, bool stamped, const char *edges)
{
	struct layout l = layout_of(o->raw, o->len);
	const char *at = edges ? edges : "";
	char *end;

	if (stamped && l.stamp) {
		put_be32(o->raw + l.stamp, p->tsval);
		put_be32(o->raw + l.stamp + 4, p->tsecr);
	}
	for (unsigned i = 0; i < l.edges; i++, at = end + (*end == ','))
		put_be32(o->raw + l.edge[i], (uint32_t)strtoul(at, &end, 10));
}

/* Options of a run of packets come in order as well; packets that have none beyond a timestamp have no row. */
static int read_options(struct loader *l, struct conn *c, struct pkt *p, struct err *e)
{
	struct pkt_opt *o = conn_add_opt(c, e);

	if (!o)
		return -1;
	p->opt = c->opts - 1;
	if (l->option == 0) {
		sqlite3_reset(l->tcpopt);
		sqlite3_bind_int64(l->tcpopt, 1, p->id);
	}
	while (l->option < p->id) {
		int rc = db_step(l->db, l->tcpopt, e);
		if (rc < 0)
			return -1;
		l->option = rc == 1 ? sqlite3_column_int64(l->tcpopt, 0) : INT64_MAX;
	}
	if (l->option == p->id) {
		int n = sqlite3_column_bytes(l->tcpopt, 1);
		o->len = (uint8_t)(n < TCP_OPTIONS_MAX ? n : TCP_OPTIONS_MAX);
		if (o->len)
			memcpy(o->raw, sqlite3_column_blob(l->tcpopt, 1), o->len);
		fill_options(o, p, sqlite3_column_int(l->tcpopt, 2), (const char *)sqlite3_column_text(l->tcpopt, 3));
	}
	return 0;
}

static int read_icmp(struct loader *l, struct conn *c, struct pkt *p, struct err *e)
{
	struct pkt_opt *o = p->opt == NOTHING ? conn_add_opt(c, e) : &c->opt[p->opt];
	int rc;

	if (!o)
		return -1;
	if (p->opt == NOTHING)
		p->opt = c->opts - 1;
	sqlite3_bind_int64(l->icmp, 1, p->id);
	rc = db_step(l->db, l->icmp, e);
	if (rc == 1) {
		o->icmp_type = (uint8_t)sqlite3_column_int(l->icmp, 0);
		o->icmp_code = (uint8_t)sqlite3_column_int(l->icmp, 1);
		o->icmp_mtu = (uint16_t)sqlite3_column_int(l->icmp, 2);
		o->icmp_src = sqlite3_column_int64(l->icmp, 3);
	}
	sqlite3_reset(l->icmp);
	return rc < 0 ? -1 : 0;
}

static int read_cause(struct loader *l, struct conn *c, struct pkt *p, struct err *e)
{
	struct rst_cause *r = NULL;
	int rc;

	sqlite3_bind_int64(l->f5_rst, 1, p->id);
	rc = db_step(l->db, l->f5_rst, e);
	if (rc == 1 && (r = conn_add_cause(c, p, e))) {
		snprintf(r->text, sizeof r->text, "%s", (const char *)sqlite3_column_text(l->f5_rst, 0));
		r->ingress = sqlite3_column_int(l->f5_rst, 1);
		r->peer = sqlite3_column_int(l->f5_rst, 2);
	}
	sqlite3_reset(l->f5_rst);
	return rc < 0 || (rc == 1 && !r) ? -1 : 0;
}

/* Numbers as in the packet, from what lies between them and those of the part (table packet in content.sql). */
static void make_raw(const struct part_ref *q, struct pkt *p)
{
	int side = !(p->flags & SEG_FROM_A);
	bool stamped = p->flags & SEG_TS, near = !(p->flags & (SEG_ICMP | SEG_LATER)), acks = near && p->flags & TCP_ACK;

	p->seq += near ? q->seq0[side] : 0;
	p->ack += acks ? q->seq0[!side] : 0;
	p->tsval += near && stamped ? q->ts0[side] : 0;
	p->tsecr += acks && stamped ? q->ts0[!side] : 0;
}

static int read_packet(struct loader *l, sqlite3_value **v)
{
	const struct part_ref *q = l->part;
	struct conn *c = l->conn;
	struct err *e = l->e;
	struct pkt *p = conn_add(c, e);

	if (!p)
		return -1;
	p->id = sqlite3_value_int64(v[0]);
	p->capture = q->capture;
	p->t_raw = q->first_ns + sqlite3_value_int64(v[1]);
	p->t = facts_align(&c->facts->point[l->point], p->t_raw);
	p->flags = (uint32_t)sqlite3_value_int(v[2]);
	p->seq = (uint32_t)sqlite3_value_int(v[3]);
	p->ack = (uint32_t)sqlite3_value_int(v[4]);
	p->win = (uint16_t)sqlite3_value_int(v[5]);
	p->len = (uint32_t)sqlite3_value_int64(v[6]);
	p->tsval = (uint32_t)sqlite3_value_int(v[7]);
	p->tsecr = (uint32_t)sqlite3_value_int(v[8]);
	p->ip_id = (uint16_t)sqlite3_value_int(v[9]);
	p->ttl = (uint8_t)sqlite3_value_int(v[10]);
	p->tos = (uint8_t)sqlite3_value_int(v[11]);
	p->has_payload = sqlite3_value_type(v[12]) != SQLITE_NULL;
	p->payload = (uint32_t)sqlite3_value_int(v[12]);
	make_raw(q, p);
	p->point = (uint8_t)l->point;
	p->dir = !(p->flags & SEG_FROM_A) == q->a_is_client ? S2C : C2S;
	/* Another run. */
	if (p->id != l->last + 1)
		l->option = 0;
	l->last = p->id;
	if (p->flags & SEG_OPT && read_options(l, c, p, e) < 0)
		return -1;
	if (l->f5_rst && p->flags & TCP_RST && !(p->flags & (SEG_ICMP | SEG_LATER)) && read_cause(l, c, p, e) < 0)
		return -1;
	return p->flags & SEG_ICMP ? read_icmp(l, c, p, e) : 0;
}

/*
 * SQLite calls this for each packet of a part, in place of a step for each: 13 columns pass for half of what reading them from a row of the statement
 * takes. False: no row of the outcome is made of it; the one that is enough makes one, and ends it.
 */
static void on_packet(sqlite3_context *q, int n, sqlite3_value **v)
{
	struct loader *l = sqlite3_value_pointer(v[n - 1], "loader");

	if (read_packet(l, v) < 0)
		sqlite3_result_error(q, l->e->msg, -1);
	else
		sqlite3_result_int(q, ++l->n == l->limit);
}

int loader_open(struct loader *l, struct db *db, struct err *e)
{
	int64_t causes;

	memset(l, 0, sizeof *l);
	l->db = db;
	if (sqlite3_create_function(db->sql, "on_packet", 14, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, on_packet, NULL, NULL) != SQLITE_OK)
		return err_set(e, "%s", sqlite3_errmsg(db->sql));
	if (db_prepare(db, select_packets_sql, &l->packets, e) < 0)
		return -1;
	sqlite3_bind_pointer(l->packets, 2, l, "loader", NULL);
	if (db_prepare(db, "SELECT t.packet_id, l.raw, l.stamped, t.edges FROM tcpopt t CROSS JOIN layout l ON l.id = t.layout_id WHERE t.packet_id >= ?1", &l->tcpopt, e) < 0)
		return -1;
	if (db_prepare(db, "SELECT type, code, mtu, src FROM icmp WHERE packet_id = ?1", &l->icmp, e) < 0 ||
	    db_int(db, "SELECT EXISTS(SELECT 1 FROM f5_rst)", 0, &causes, e) < 0)
		return -1;
	return causes ? db_prepare(db, "SELECT cause, ingress, peer FROM f5_rst WHERE packet_id = ?1", &l->f5_rst, e) : 0;
}

void loader_close(struct loader *l)
{
	sqlite3_finalize(l->packets);
	sqlite3_finalize(l->tcpopt);
	sqlite3_finalize(l->icmp);
	sqlite3_finalize(l->f5_rst);
	memset(l, 0, sizeof *l);
}

static int read_part(struct loader *l, struct conn *c, const struct flow *w, const struct part_ref *q, struct err *e)
{
	int rc;

	l->conn = c;
	l->part = q;
	l->point = w->point;
	l->e = e;
	l->n = 0;
	l->option = 0;
	for (int side = 0; side < 2; side++) {
		uint64_t *mac = &c->mac[w->point][side == 0 ? !q->a_is_client : q->a_is_client];
		*mac = *mac ? *mac : q->mac[side];
	}
	sqlite3_bind_int64(l->packets, 1, q->id);
	rc = db_run(l->db, l->packets, e);
	sqlite3_reset(l->tcpopt);
	return rc;
}

int loader_read(struct loader *l, struct conn *c, uint32_t index, struct err *e)
{
	const struct facts *f = c->facts;
	const struct conn_ref *r = &f->conn[index];
	uint32_t point = 0;

	conn_start(c, index);
	for (uint32_t i = 0; i < r->flows && f->flow[r->flow + i].point < f->points; i++) {
		const struct flow *w = &f->flow[r->flow + i];
		for (; point < w->point; point++)
			if (conn_close_point(c, point, e) < 0)
				return -1;
		for (uint32_t k = 0; k < w->parts; k++)
			if (read_part(l, c, w, &f->part[w->part + k], e) < 0)
				return -1;
	}
	for (; point < f->points; point++)
		if (conn_close_point(c, point, e) < 0)
			return -1;
	return 0;
}

int loader_peek(struct loader *l, struct conn *c, uint32_t flow, uint32_t limit, struct err *e)
{
	const struct flow *w = &c->facts->flow[flow];
	uint32_t all = l->limit;
	int rc = 0;

	conn_empty(c);
	l->limit = limit;
	for (uint32_t k = 0; rc == 0 && k < w->parts; k++)
		rc = read_part(l, c, w, &c->facts->part[w->part + k], e);
	l->limit = all;
	return rc < 0 ? -1 : conn_close_point(c, w->point, e);
}
