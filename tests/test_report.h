/* Cases made by hand: content and derived tables filled directly, so that reports can be tested without import and correlate. */
#ifndef TESTS_TEST_REPORT_H
#define TESTS_TEST_REPORT_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/db.h"
#include "schema/segment.h"

#define MADE_POINTS 8

struct made {
	struct db db;
	int points;
	int64_t connection, start_ns;
	int64_t packets;
};

/* One transmission. at_us: when each point saw it, in µs after the connection's start plus 1; 0: not there. */
struct made_packet {
	bool s2c;
	unsigned flags;                 /* enum tcp_flag */
	uint32_t seq, ack;
	int len, win, ttl;
	int64_t tsval, tsecr;           /* 0: no timestamps */
	int mss, ws;                    /* 0: not there */
	bool sack;
	const char *options;
	int64_t at_us[MADE_POINTS];
	uint32_t seq_shift[MADE_POINTS];        /* added at this point */
	int mss_at[MADE_POINTS];                /* instead of mss at this point */
	int icmp_type, icmp_code;               /* an ICMP error when the type is not 0 */
};

static inline void made_must(int rc, const struct err *e)
{
	if (rc < 0) {
		fprintf(stderr, "made: %s\n", e->msg);
		abort();
	}
}

static inline void made_exec(struct made *m, char *sql)
{
	struct err e;

	made_must(db_exec(&m->db, sql, &e), &e);
	sqlite3_free(sql);
}

/* Statements that are right by construction. */
static inline void __attribute__((format(printf, 2, 3))) made_sql(struct made *m, const char *fmt, ...)
{
	char sql[4096];
	va_list ap;
	struct err e;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof sql, fmt, ap);
	va_end(ap);
	made_must(db_exec(&m->db, sql, &e), &e);
}

/* A case in memory with these points ("a,b,c") in path order, clocks alike. */
static inline void made_open(struct made *m, const char *points, const char *how)
{
	struct err e;

	*m = (struct made){0};
	made_must(db_open(&m->db, ":memory:", DB_CREATE, &e), &e);
	while (*points) {
		size_t n = strcspn(points, ",");
		int id = ++m->points;

		made_exec(m,
		    sqlite3_mprintf("INSERT INTO point VALUES(%d, '%.*q'); INSERT INTO path VALUES(%d, %d, 0, %Q);"
				    "INSERT INTO capture VALUES(%d, %d, '%.*q.pcap', '', x'%02x', 'pcap', '', NULL, 1000, 1000, 0, "
				    "4102444800000000000, NULL);"
				    "INSERT INTO interface VALUES(%d, 0, 1, 0, 1000, NULL, NULL, NULL, NULL, NULL, NULL, NULL);"
				    "INSERT INTO clock VALUES(%d, 1, -9223372036854775807, 9223372036854775807, 0, 0, -20000, 20000, 0.0, "
				    "-1.0, 1.0, 900, '%s', NULL, NULL, 0);"
				    "INSERT INTO coverage VALUES(%d, 0, 500, 400, 0), (%d, 1, 500, 400, 0)",
			id, (int)n, points, id, id, how, id, id, (int)n, points, id, id, id, id == 1 ? "same-clock" : "both-ways", id, id));
		points += n + (points[n] == ',');
	}
	made_exec(m, sqlite3_mprintf(
			 "INSERT INTO addr VALUES(1, '10.10.10.10', 4), (2, '20.20.20.20', 4), (3, '10.7.0.11', 4), (4, '192.0.2.1', 4);"
			 "INSERT INTO evidence VALUES(1, 'certain', '{}')"));
}

static inline void made_close(struct made *m)
{
	db_close(&m->db);
}

/* A connection with a flow at every point whose bit is set in `seen`. The next packets are its packets. */
static inline void made_connection(
    struct made *m, int64_t start_ns, int64_t duration_us, const char *outcome, int severity, const char *verdict, unsigned seen)
{
	char points[256] = "";
	int64_t id = ++m->connection;

	m->start_ns = start_ns;
	for (int i = 0; i < m->points; i++) {
		int64_t flow = id * 100 + i;

		if (!(seen >> i & 1))
			continue;
		snprintf(points + strlen(points), sizeof points - strlen(points), "%s%d", points[0] ? "," : "", i + 1);
		made_exec(
		    m, sqlite3_mprintf(
			   "INSERT INTO part_row(id, capture_id, a_addr, a_port, b_addr, b_port, vlans, a_mac, b_mac, first_ns, before_ns, after_ns,"
			   "packets, bytes, a_is_client, flags, a_packets, b_packets, a_ttl, b_ttl)"
			   "VALUES(%lld, %d, 1, %lld, 2, 443, 0, 0, 0, %lld, 0, %lld, 0, 0, 1, 0, 0, 0, 0, 0)",
			   flow, i + 1, 53810 + id, start_ns, duration_us * 1000));
	}
	made_exec(m, sqlite3_mprintf("INSERT INTO conclusion VALUES(%lld, %Q, replace(%Q, '%%', '%%%%'), %d, %Q, 0);"
				     "INSERT INTO connection_row VALUES(%lld, %lld, %lld, 0, 0, %lld, NULL)",
			 id, outcome, verdict, severity, points, id, start_ns, duration_us * 1000, id));
	for (int i = 0; i < m->points; i++)
		if (seen >> i & 1)
			made_exec(m,
			    sqlite3_mprintf("INSERT INTO flow_row VALUES(%lld, %lld, %d, 1, %lld, 2, 443, 1000, 5000, 0, 1);"
					    "INSERT INTO flow_part VALUES(%lld, %lld, 1)",
				id * 100 + i, id, i + 1, 53810 + id, id * 100 + i, id * 100 + i));
}

static inline void made_insert(struct made *m, const struct made_packet *p, int point, int64_t id)
{
	unsigned flags = p->flags | (p->s2c ? 0 : SEG_FROM_A) | (p->tsval ? SEG_TS : 0) | (p->icmp_type ? SEG_ICMP : 0);
	uint32_t seq = p->seq + p->seq_shift[point];
	int mss = p->mss_at[point] ? p->mss_at[point] : p->mss;
	int64_t part = m->connection * 100 + point;

	made_exec(
	    m, sqlite3_mprintf("INSERT INTO packet VALUES(%lld, %lld, %lld, %u, %d, %d, %d, %d, NULL, NULL, 0, %d, 0, NULL);"
			       "INSERT INTO run VALUES(%lld, %lld, 1)",
		   id, id, (p->at_us[point] - 1) * 1000, flags, (int)seq, (int)p->ack, p->win, p->len, p->ttl ? p->ttl : 64, part, id));
	if (p->tsval)
		made_exec(m, sqlite3_mprintf("UPDATE packet SET tsval = %d, tsecr = %d WHERE id = %lld", (int)p->tsval, (int)p->tsecr, id));
	if (p->mss || p->ws || p->sack || p->options) {
		made_exec(m, sqlite3_mprintf("INSERT INTO layout VALUES(%lld, NULL, NULL, %d, %Q, x'%016llx', 0); INSERT INTO tcpopt VALUES(%lld, %lld, NULL)", id, p->sack,
				 p->options ? p->options : "mss", id, id, id));
		if (mss)
			made_exec(m, sqlite3_mprintf("UPDATE layout SET mss = %d WHERE id = %lld", mss, id));
		if (p->ws)
			made_exec(m, sqlite3_mprintf("UPDATE layout SET wscale = %d WHERE id = %lld", p->ws, id));
	}
	if (p->icmp_type)
		made_exec(m, sqlite3_mprintf("INSERT INTO icmp VALUES(%lld, %d, %d, 0, 4)", id, p->icmp_type, p->icmp_code));
}

/* Returns the transmission's id. */
static inline int64_t made_packet(struct made *m, const struct made_packet *p)
{
	int64_t first = 0;

	for (int i = 0; i < m->points; i++) {
		int point = p->s2c ? m->points - 1 - i : i;
		int64_t id = m->packets + 1;

		if (p->at_us[point] == 0)
			continue;
		m->packets++;
		made_insert(m, p, point, id);
		if (first)
			made_exec(m, sqlite3_mprintf("INSERT INTO sighting VALUES(%d, %lld, 1, %lld, 0, 0)", !p->s2c, id, first - id));
		first = first ? first : id;
	}
	made_exec(m, sqlite3_mprintf("UPDATE connection_row SET packets = packets + 1 WHERE id = %lld", m->connection));
	return first;
}

/* A finding at a hop (points numbered from 0), or at the point `from` when to < 0, about up to four transmissions (0: no more). */
static inline int64_t made_finding(struct made *m, const char *kind, const char *what, int direction, int from, int to,
    const char *confidence, const char *text, const char *evidence, const int64_t tx[4])
{
	int64_t id;
	int count = 0;

	while (tx && count < 4 && tx[count])
		count++;
	/* Its packets are those of finding_packet. */
	if (strncmp(evidence, "{\"packets\":[", 12) == 0)
		evidence = strchr(evidence, ']');
	made_exec(m, sqlite3_mprintf("INSERT INTO statement(kind, what, direction, from_point, to_point, point, confidence, rule, text, evidence)"
				     "VALUES(%Q, %Q, %d, %s, %s, %s, %Q, 'R', replace(%Q, '%%', '%%%%'), %s || replace(substr(%Q, 2), '%%', '%%%%'))",
			 kind, what, direction, to < 0 ? "NULL" : (char[]){(char)('1' + from), 0},
			 to < 0 ? "NULL" : (char[]){(char)('1' + to), 0}, to < 0 ? (char[]){(char)('1' + from), 0} : "NULL", confidence,
			 text, evidence[0] == '{' && evidence[1] != '}' ? "','" : "''", evidence));
	id = sqlite3_last_insert_rowid(m->db.sql);
	made_exec(m, sqlite3_mprintf("INSERT INTO finding_row VALUES(%lld, %lld, %lld, %d, NULL, NULL, NULL)", id, m->connection, id, count ? count : 1));
	for (int i = 0; i < count; i++)
		made_exec(m, sqlite3_mprintf("INSERT INTO finding_packet VALUES(%lld, %lld)", id, tx[i]));
	return id;
}

#endif
