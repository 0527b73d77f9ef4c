#include "correlate/load.h"

#include <stdio.h>
#include <string.h>

int loader_open(struct loader *l, struct db *db, struct err *e)
{
	int64_t causes;

	memset(l, 0, sizeof *l);
	l->db = db;
	if (db_prepare(db, "SELECT r.first_packet, r.packets, p.a_mac, p.b_mac FROM run r CROSS JOIN part p ON p.id = r.part_id WHERE r.part_id = ?1", &l->runs, e) < 0 ||
	    db_prepare(db, "SELECT id, t, flags, seq, ack, win, len, tsval, tsecr, ip_id, ttl, tos, payload FROM packet WHERE id >= ?1 AND id < ?2",
		&l->packets, e) < 0)
		return -1;
	if (db_prepare(db, "SELECT raw FROM tcpopt WHERE packet_id = ?1", &l->tcpopt, e) < 0)
		return -1;
	if (db_prepare(db, "SELECT type, code, mtu, src FROM icmp WHERE packet_id = ?1", &l->icmp, e) < 0 ||
	    db_int(db, "SELECT EXISTS(SELECT 1 FROM f5_rst)", 0, &causes, e) < 0)
		return -1;
	return causes ? db_prepare(db, "SELECT cause, ingress, peer FROM f5_rst WHERE packet_id = ?1", &l->f5_rst, e) : 0;
}

void loader_close(struct loader *l)
{
	sqlite3_finalize(l->runs);
	sqlite3_finalize(l->packets);
	sqlite3_finalize(l->tcpopt);
	sqlite3_finalize(l->icmp);
	sqlite3_finalize(l->f5_rst);
	memset(l, 0, sizeof *l);
}

static int read_options(struct loader *l, struct conn *c, struct pkt *p, struct err *e)
{
	struct pkt_opt *o = conn_add_opt(c, e);
	int rc;

	if (!o)
		return -1;
	p->opt = c->opts - 1;
	sqlite3_bind_int64(l->tcpopt, 1, p->id);
	rc = db_step(l->db, l->tcpopt, e);
	if (rc == 1) {
		int n = sqlite3_column_bytes(l->tcpopt, 0);
		o->len = (uint8_t)(n < TCP_OPTIONS_MAX ? n : TCP_OPTIONS_MAX);
		if (o->len)
			memcpy(o->raw, sqlite3_column_blob(l->tcpopt, 0), o->len);
	}
	sqlite3_reset(l->tcpopt);
	return rc < 0 ? -1 : 0;
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

static int read_packet(struct loader *l, struct conn *c, const struct flow *w, const struct part_ref *q, struct err *e)
{
	sqlite3_stmt *st = l->packets;
	struct pkt *p = conn_add(c, e);

	if (!p)
		return -1;
	p->id = sqlite3_column_int64(st, 0);
	p->capture = (uint32_t)q->capture;
	p->t_raw = q->first_ns + sqlite3_column_int64(st, 1);
	p->t = facts_align(&c->facts->point[w->point], p->t_raw);
	p->flags = (uint32_t)sqlite3_column_int(st, 2);
	p->seq = (uint32_t)sqlite3_column_int(st, 3);
	p->ack = (uint32_t)sqlite3_column_int(st, 4);
	p->win = (uint16_t)sqlite3_column_int(st, 5);
	p->len = (uint32_t)sqlite3_column_int64(st, 6);
	p->tsval = (uint32_t)sqlite3_column_int(st, 7);
	p->tsecr = (uint32_t)sqlite3_column_int(st, 8);
	p->ip_id = (uint16_t)sqlite3_column_int(st, 9);
	p->ttl = (uint8_t)sqlite3_column_int(st, 10);
	p->tos = (uint8_t)sqlite3_column_int(st, 11);
	p->has_payload = sqlite3_column_type(st, 12) != SQLITE_NULL;
	p->payload = (uint32_t)sqlite3_column_int(st, 12);
	p->point = (uint8_t)w->point;
	p->dir = !(p->flags & SEG_FROM_A) == q->a_is_client ? S2C : C2S;
	if (p->flags & SEG_OPT && read_options(l, c, p, e) < 0)
		return -1;
	if (l->f5_rst && p->flags & TCP_RST && !(p->flags & (SEG_ICMP | SEG_LATER)) && read_cause(l, c, p, e) < 0)
		return -1;
	return p->flags & SEG_ICMP ? read_icmp(l, c, p, e) : 0;
}

static int read_part(struct loader *l, struct conn *c, const struct flow *w, const struct part_ref *q, struct err *e)
{
	uint32_t n = 0;
	int rc, rows;

	sqlite3_bind_int64(l->runs, 1, q->id);
	while ((rc = db_step(l->db, l->runs, e)) == 1) {
		int64_t first = sqlite3_column_int64(l->runs, 0);
		for (int side = 0; side < 2; side++) {
			uint64_t *mac = &c->mac[w->point][side == 0 ? !q->a_is_client : q->a_is_client];
			*mac = *mac ? *mac : (uint64_t)sqlite3_column_int64(l->runs, 2 + side);
		}
		sqlite3_bind_int64(l->packets, 1, first);
		sqlite3_bind_int64(l->packets, 2, first + sqlite3_column_int64(l->runs, 1));
		while ((rows = l->limit && n == l->limit ? 0 : db_step(l->db, l->packets, e)) == 1 && ++n)
			if (read_packet(l, c, w, q, e) < 0) {
				rows = -1;
				break;
			}
		sqlite3_reset(l->packets);
		if (rows < 0) {
			rc = -1;
			break;
		}
	}
	sqlite3_reset(l->runs);
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
