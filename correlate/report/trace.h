/* One connection as it is drawn: its transmissions in time, each with its sightings, and the findings about them. */
#ifndef CORRELATE_REPORT_TRACE_H
#define CORRELATE_REPORT_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "correlate/report/style.h"
#include "schema/db.h"

/* One packet at one point; the columns of v_packet. */
struct sighting {
	int64_t packet_id, transmission_id;
	int64_t time_ns;                /* aligned; as recorded when there is no clock */
	int64_t rel_seq, rel_ack;       /* -1: not known */
	int64_t tsval, tsecr;           /* -1: no timestamp option */
	int64_t seq, ack;               /* -1: none */
	int32_t window, length;         /* -1: none */
	int32_t mss, wscale, ip_id;     /* -1: none */
	int16_t icmp_type, icmp_code;   /* -1: no ICMP */
	uint16_t flags;                 /* enum tcp_flag */
	int16_t column;
	int64_t frame;                  /* 1-based, in the file ... */
	uint32_t capture;               /* ... of this number in trace.capture */
	uint8_t tos, ttl;
	bool s2c, duplicate, sack_permitted, later_fragment;
	bool alike;                     /* of a transmission that equals others: not certain that it is the same packet (table alike) */
	bool fragment;                  /* of the datagram: a later one, or all that there is (table sighting) */
	int64_t origin, into;           /* of the first one: the transmission that it has bytes of, and the one that goes on with its own; 0: none */
	char *options;                  /* NULL: none, or the usual nop,nop,TS; owned */
	char *from;                     /* source of an ICMP error; owned */
	char *rst_cause;                /* of a reset, in the words of a BIG-IP; NULL: none; owned */
};

/* A point of the path. Names and addresses are clean. */
struct column {
	char name[64];
	char client[64], server[64];    /* endpoints as this point saw them; empty: it did not see the connection */
	char join[16];                  /* join_state */
	int position;
	int64_t id;
};

/* What correlate stored of a row of a long connection (table ladder). */
struct choice {
	int64_t transmission_id;
	size_t number, pieces;
	bool show;
	uint32_t hidden[2];             /* rows between the shown one before and this one: c2s, s2c */
	char *trouble;                  /* what went wrong among them; NULL: nothing; owned */
};

/* One transmission: sightings [first, first + n) of the trace. */
struct row {
	int64_t transmission_id, sent_ns;
	size_t number;                  /* 1-based, among all of the connection in order of time */
	size_t first, n;
	size_t finding, findings;       /* [finding, finding + findings) of trace.mark */
	/* Of struct trace.row, from 1 on, 0: none. */
	size_t repeats;                 /* the one that this one repeats */
	size_t origin, into;            /* the earliest that it has bytes of, the one that goes on with its bytes (resegmented) */
	size_t pieces;                  /* rows that it is the origin of */
	const struct choice *choice;    /* NULL: all rows were loaded */
	bool s2c;
};

struct finding {
	int64_t id, count;
	int direction;                  /* 0 c2s, 1 s2c, -1 both */
	int from, to, at;               /* columns; -1: none */
	char *kind, *what, *confidence, *text;
	char *assumptions, *alternatives, *clues, *hypotheses;  /* one a line, or NULL */
	char *missing, *next;
	char *change;                   /* what would change it, or NULL */
	char *reasons;                  /* in one line, or NULL */
	bool by_f5;                     /* a BIG-IP says so of itself */
};

/* Which transmission of a repeated SYN an answer answers. */
struct reply {
	int64_t transmission_id;        /* the answer */
	int64_t syn;                    /* one that it may answer: a transmission */
	char how[32];
};

struct mark {
	int64_t transmission_id;
	size_t finding;
};

struct hop_error {
	int from, to;                   /* columns, in order of travel */
	int64_t low_ns, high_ns;        /* aligned time at `to` minus that at `from` is the delay plus this; INT64_MIN, INT64_MAX: open */
};

struct trace {
	int64_t id, start_ns, end_ns, packets, resolution_ns;
	int severity;
	char client[64], server[64], outcome[64];
	char confidence[16];            /* of the verdict; empty: nothing is wrong */
	char *verdict;
	struct column *column;
	struct sighting *sighting;
	struct row *row;
	struct finding *finding;
	struct mark *mark;
	struct reply *reply;
	struct hop_error *hop;
	struct choice *choice;
	char **capture;                 /* names of files; clean */
	size_t columns, sightings, rows, findings, marks, replies, hops, captures;
	size_t choices;                 /* not 0: only these rows were loaded */
};

/* Load connection id, or of a long one, if not all of it is wanted, only what its folded ladder needs. On -1 nothing is loaded. */
int trace_load(struct trace *t, struct db *db, const struct style *s, int64_t id, bool all, struct err *e);
void trace_free(struct trace *t);

/* The sighting of a row in a column, not the capture's own second copy nor a fragment; NULL: not seen there. */
const struct sighting *trace_at(const struct trace *t, const struct row *r, int column);
/* The first in the direction of travel. */
const struct sighting *trace_first(const struct trace *t, const struct row *r);

/* A finding of this kind that has the row and lies in the hop between two columns, or in column `from` when to < 0; NULL: none. */
const struct finding *trace_finding(const struct trace *t, const struct row *r, const char *kind, int from, int to);

/* Does the column lie beyond a proxy that is an end of this connection? */
bool trace_beyond(const struct trace *t, int column);

/* Its tables, from the case (trace_read.c): everything but rows. */
int trace_read(struct trace *t, struct db *db, const struct style *s, bool all, struct err *e);

/* A claim, not a doubt. */
bool finding_holds(const struct finding *f);

#endif
