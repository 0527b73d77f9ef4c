/*
 * A connection, and the facts around it, from a few lines that read like tcpdump; and what was found in it as a few words.
 *
 *     "0.000 ab > S 1000 ts 1/0\n"             TIME POINTS DIRECTION FLAGS SEQ [ack N] [len N] [win N] [id N] [ts VAL/ECR] [ttl N] [tos N]
 *     "0.010 ba < S. 5000 ack 1001\n"          [hash N] [cut] [mss N] [ws N] [sackok] [sack LEFT-RIGHT] [opt HEX] [good] [bad] [df] [otherlink]
 *
 * TIME (s) is when the first of POINTS recorded it in the direction of travel; each hop takes 1 ms more. > is client to server. Flags are tcpdump's
 * (S F R P . U E W; A: AE), "icmp" an ICMP error about SEQ of the other direction, "later" a later IP fragment at offset SEQ; behind either kind of
 * fragment that is not the last one: more; good and bad: the TCP checksum is; otherlink: SEG_OTHER_LINK. ack adds no flag. TTLs are 64 at the hosts and one less per hop.
 */
#ifndef TESTS_CONN_BUILD_H
#define TESTS_CONN_BUILD_H

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/fate.h"
#include "correlate/hosts.h"
#include "correlate/judge.h"
#include "correlate/match.h"
#include "correlate/precedent.h"

#define SEC 1000000000ll
#define MSEC 1000000ll
#define CLIENT 1        /* row ids of the addresses */
#define SERVER 2

struct record {
	struct pkt p;
	struct pkt_opt o;
	bool has_opt;
};

struct scene {
	struct facts f;
	struct conn c;
	struct proof t;
	struct findings found;
	struct record *record;
	uint32_t records;
	struct err e;
	char words[8000];
};

static inline struct host *scene_host(struct scene *s, unsigned point, int64_t addr, uint16_t port)
{
	return hosts_add(s->f.hosts, point, addr, port);
}

static inline void scene_point(struct scene *s, unsigned i)
{
	struct point *p = &s->f.point[i];

	p->id = i + 1;
	p->name[0] = (char)('a' + i);
	p->position = (int)i;
	p->resolution_ns = 1;
	p->clock = p->source = (int)i + 1;
	p->windows = 1;
	p->window = calloc(8, sizeof *p->window);
	assert_non_null(p->window);
	p->window[0] = (struct window){ -100 * SEC, 100 * SEC };
	p->pieces = 1;
	p->piece[0] = (struct clock_map){ .from_ns = INT64_MIN, .to_ns = INT64_MAX, .sure_from_ns = INT64_MIN,
		.sure_to_ns = INT64_MAX, .has_low = true, .has_high = true, .state = CLOCK_SAME };
	for (int d = 0; d < 2; d++) {
		p->sight[d] = (struct sight){ .packets = 1000, .proved = 1000 };
		p->hop[d] = (struct hop_stats){ .passed = 1000, .delay_ns = MSEC, .jitter_ns = 10000 };
	}
	for (int k = 0; k < 3; k++) {
		struct host *h = scene_host(s, i, k == 0 ? CLIENT : SERVER, k == 2 ? 80 : 0);
		for (int votes = 0; votes < 10; votes++)
			hosts_vote(h, (uint8_t)(64 - (k == 0 ? i : s->f.points - 1 - i)));
		h->flows = h->arrivals = 10;
		h->joined = ((1ull << s->f.points) - 1) & ~(1ull << i);
	}
}

/* Points a, b, ... that captured from -100 s to 100 s on one clock, lost nothing of 1000 packets, and know both hosts. */
static inline struct scene *scene_new(unsigned points)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->f.points = points;
	s->f.point = calloc(POINTS_MAX, sizeof *s->f.point);
	s->f.hosts = hosts_new();
	s->f.flow = calloc(POINTS_MAX, sizeof *s->f.flow);
	s->f.conn = calloc(8, sizeof *s->f.conn);
	assert_true(s->f.point && s->f.hosts && s->f.flow && s->f.conn);
	for (unsigned i = 0; i < points; i++)
		scene_point(s, i);
	conn_init(&s->c, &s->f);
	proof_init(&s->t);
	return s;
}

static inline void scene_free(struct scene *s)
{
	proof_free(&s->t);
	conn_free(&s->c);
	findings_free(&s->found);
	facts_free(&s->f);
	free(s->record);
	free(s);
}

/* Clocks of a point may be off by this much; INT64_MAX: nothing is known of them. */
static inline void scene_doubt(struct scene *s, char point, int64_t ns)
{
	struct clock_map *m = &s->f.point[point - 'a'].piece[0];

	m->has_low = m->has_high = ns != INT64_MAX;
	m->low_ns = ns == INT64_MAX ? 0 : -ns;
	m->high_ns = ns == INT64_MAX ? 0 : ns;
}

/* What is known to have passed a point, and how much of it was missed, both directions. */
static inline void scene_coverage(struct scene *s, char point, uint64_t proved, uint64_t missed)
{
	struct sight *sight = s->f.point[point - 'a'].sight;

	sight[C2S] = sight[S2C] = (struct sight){ .packets = proved - missed, .proved = proved, .missed = missed };
}

/* ---- reading lines ---- */

static inline uint32_t read_flags(const char *word)
{
	static const char letters[] = "FSRP.UEWA";      /* in the order of the bits */
	uint32_t flags = 0;

	if (strcmp(word, "icmp") == 0)
		return SEG_ICMP;
	if (strcmp(word, "later") == 0)
		return SEG_LATER;
	for (; *word; word++) {
		const char *at = strchr(letters, *word);
		if (!at)
			fail_msg("unknown flag %c", *word);
		else
			flags |= 1u << (at - letters);
	}
	return flags;
}

static inline void add_option(struct record *r, uint8_t kind, unsigned len, const uint8_t *value)
{
	r->has_opt = true;
	r->p.flags |= SEG_OPT;
	assert_true(r->o.len + len + 2u <= TCP_OPTIONS_MAX);
	r->o.raw[r->o.len++] = kind;
	r->o.raw[r->o.len++] = (uint8_t)(len + 2);
	memcpy(&r->o.raw[r->o.len], value, len);
	r->o.len = (uint8_t)(r->o.len + len);
}

static inline void add_number(struct record *r, uint8_t kind, unsigned bytes, uint64_t v)
{
	uint8_t b[8];

	for (unsigned i = 0; i < bytes; i++)
		b[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	add_option(r, kind, bytes, b);
}

static inline void read_hex(struct record *r, const char *word)
{
	uint8_t b[TCP_OPTIONS_MAX] = { 0 };
	unsigned n = 0;

	for (unsigned v; n < sizeof b && sscanf(word + (size_t)2 * n, "%2x", &v) == 1; n++)
		b[n] = (uint8_t)v;
	add_option(r, b[0], n - 1, b + 1);
}

static inline bool read_option(struct record *r, const char *word, const char *value)
{
	unsigned a, b;

	if (strcmp(word, "mss") == 0)
		add_number(r, 2, 2, strtoul(value, NULL, 10));
	else if (strcmp(word, "ws") == 0)
		add_number(r, 3, 1, strtoul(value, NULL, 10));
	else if (strcmp(word, "opt") == 0)
		read_hex(r, value);
	else if (strcmp(word, "sack") == 0 && sscanf(value, "%u-%u", &a, &b) == 2)
		add_number(r, 5, 8, (uint64_t)a << 32 | b);
	else
		return false;
	return true;
}

static inline void read_word(struct record *r, const char *word, const char *value)
{
	struct pkt *p = &r->p;
	uint32_t v = (uint32_t)strtoul(value, NULL, 10);

	if (strcmp(word, "ack") == 0)
		p->ack = v;
	else if (strcmp(word, "len") == 0)
		p->len = v;
	else if (strcmp(word, "win") == 0)
		p->win = (uint16_t)v;
	else if (strcmp(word, "id") == 0)
		p->ip_id = (uint16_t)v;
	else if (strcmp(word, "ttl") == 0)
		p->ttl = (uint8_t)v;
	else if (strcmp(word, "tos") == 0)
		p->tos = (uint8_t)v;
	else if (strcmp(word, "hash") == 0)
		p->payload = v;
	else if (strcmp(word, "ts") == 0 && sscanf(value, "%u/%u", &p->tsval, &p->tsecr) == 2)
		p->flags |= SEG_TS;
	else if (!read_option(r, word, value))
		fail_msg("unknown word %s", word);
}

static inline void add_record(struct scene *s, const struct record *r)
{
	if ((s->records & (s->records + 1)) == 0)
		assert_non_null(s->record = realloc(s->record, (2 * (size_t)s->records + 2) * sizeof *r));
	s->record[s->records++] = *r;
}

/* One packet at all the points that recorded it. */
static inline void read_line(struct scene *s, char *line, unsigned number)
{
	struct record r = { .p = { .win = 500, .opt = NOTHING, .tx = NOTHING } };
	char *save = NULL, *time = strtok_r(line, " ", &save), *points = strtok_r(NULL, " ", &save), *dir = strtok_r(NULL, " ", &save);
	char *flags = strtok_r(NULL, " ", &save), *seq = strtok_r(NULL, " ", &save), *word;
	unsigned n = s->f.points, first;
	bool cut = false;

	assert_true(time && points && dir && flags && seq);
	r.p.dir = *dir == '<' ? S2C : C2S;
	r.p.flags = read_flags(flags);
	r.p.seq = (uint32_t)strtoul(seq, NULL, 10);
	while ((word = strtok_r(NULL, " ", &save))) {
		if (strcmp(word, "cut") == 0)
			cut = true;
		else if (strcmp(word, "more") == 0)
			r.p.flags |= SEG_FRAGMENT;
		else if (strcmp(word, "df") == 0)
			r.p.flags |= SEG_DF;
		else if (strcmp(word, "otherlink") == 0)
			r.p.flags |= SEG_OTHER_LINK;
		else if (strcmp(word, "good") == 0)
			r.p.flags |= SEG_CSUM_OK;
		else if (strcmp(word, "bad") == 0)
			r.p.flags |= SEG_CSUM_BAD;
		else if (strcmp(word, "sackok") == 0)
			add_option(&r, 4, 0, (const uint8_t *)"");
		else
			read_word(&r, word, strtok_r(NULL, " ", &save));
	}
	r.p.has_payload = r.p.len > 0 && !cut && !(r.p.flags & SEG_LATER);
	r.p.payload = r.p.has_payload && !r.p.payload ? r.p.seq * 31 + r.p.len : r.p.payload;
	first = (unsigned)(*points - 'a');
	for (const char *at = points; *at; at++) {
		struct record x = r;
		unsigned point = (unsigned)(*at - 'a'), hops = r.p.dir == C2S ? point - first : first - point;
		assert_true(point < n && hops < n);
		x.p.point = (uint8_t)point;
		x.p.id = number * 100 + point;
		x.p.t_raw = x.p.t = llround(strtod(time, NULL) * 1e9) + hops * MSEC;
		x.p.ttl = (uint8_t)(r.p.ttl ? r.p.ttl - hops : r.p.dir == C2S ? 64 - point : 64 - (n - 1 - point));
		add_record(s, &x);
	}
}

/* The flow of a point, as its packets say. */
static inline void add_flow(struct scene *s, unsigned point)
{
	struct flow w = { .point = point, .addr = { CLIENT, SERVER }, .port = { 40000, 80 }, .role_known = true, .state = JOIN_CERTAIN,
		.first_ns = INT64_MAX, .last_ns = INT64_MIN };

	for (uint32_t i = 0; i < s->records; i++) {
		const struct pkt *p = &s->record[i].p;
		if (p->point != point)
			continue;
		w.packets++;
		w.first_ns = p->t_raw < w.first_ns ? p->t_raw : w.first_ns;
		w.last_ns = p->t_raw > w.last_ns ? p->t_raw : w.last_ns;
		if (p->flags & TCP_SYN && !w.has_isn[p->dir]) {
			w.has_isn[p->dir] = true;
			w.isn[p->dir] = p->seq;
		}
		if (p->flags & TCP_SYN && p->flags & SEG_TS && p->dir == C2S && !w.has_syn_tsval) {
			w.has_syn_tsval = true;
			w.syn_tsval = p->tsval;
		}
	}
	if (!w.packets)
		return;
	s->f.flow[s->f.conn[0].flows++] = w;
	s->f.conn[0].points |= 1ull << point;
}

static inline void scene_text(struct scene *s, const char *text)
{
	char line[200];
	unsigned number = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t n = strcspn(text, "\n");
		assert_true(n < sizeof line);
		memcpy(line, text, n);
		line[n] = '\0';
		read_line(s, line, ++number);
	}
	s->f.conns = 1;
	s->f.conn[0] = (struct conn_ref){ .previous = UINT32_MAX, .next = UINT32_MAX };
	for (unsigned i = 0; i < s->f.points; i++)
		add_flow(s, i);
	s->f.flows = s->f.conn[0].flows;
}

/* Records to packets, point by point, in the order of the records. */
static inline void scene_load(struct scene *s)
{
	conn_start(&s->c, 0);
	for (unsigned i = 0; i < s->f.points; i++) {
		for (uint32_t k = 0; k < s->records; k++) {
			struct pkt *p;
			if (s->record[k].p.point != i)
				continue;
			assert_non_null(p = conn_add(&s->c, &s->e));
			*p = s->record[k].p;
			if (s->record[k].has_opt) {
				p->opt = s->c.opts;
				*conn_add_opt(&s->c, &s->e) = s->record[k].o;
			}
		}
		assert_int_equal(conn_close_point(&s->c, i, &s->e), 0);
	}
}

/* ---- what is done to it ---- */

static inline void scene_match(struct scene *s)
{
	scene_load(s);
	assert_int_equal(match_packets(&s->c, &s->e), 0);
}

static inline void scene_prove(struct scene *s)
{
	scene_match(s);
	assert_int_equal(proof_build(&s->t, &s->c, &s->e), 0);
}

static inline struct scene *scene_proved(unsigned points, const char *text)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	scene_prove(s);
	return s;
}

static inline void scene_fate(struct scene *s)
{
	scene_prove(s);
	fate_learn(&s->t, &s->f);
	fate_judge(&s->t);
}

static inline void scene_judge(struct scene *s)
{
	scene_fate(s);
	findings_clear(&s->found);
	judge(&s->t, &s->found);
	assert_false(s->found.nomem);
}

/* ---- what came of it ---- */

/* Transmission of a line's packet as a point recorded it; NOTHING: not recorded there. */
static inline uint32_t tx_at(const struct scene *s, unsigned line, char point)
{
	for (uint32_t i = 0; i < s->c.pkts; i++)
		if (s->c.pkt[i].id == (int64_t)line * 100 + (point - 'a'))
			return s->c.pkt[i].tx;
	return NOTHING;
}

/* ... wherever it was recorded first. */
static inline struct tx *tx_of(const struct scene *s, unsigned line)
{
	for (unsigned i = 0; i < s->f.points; i++)
		if (tx_at(s, line, (char)('a' + i)) != NOTHING)
			return &s->c.tx[tx_at(s, line, (char)('a' + i))];
	fail_msg("no line %u", line);
	return NULL;
}

/* Findings of these kinds (all with ""), as "dropped SYN c2s a>b x1; sent RST,ACK s2c b x1". */
static inline const char *told(struct scene *s, const char *kinds)
{
	static const char *const dir[] = { " c2s", " s2c", "" };
	size_t n = 0;

	s->words[0] = '\0';
	for (uint32_t i = 0; i < s->found.n; i++) {
		const struct finding *f = &s->found.list[i];
		char place[8] = "";
		if (*kinds && !strstr(kinds, kind_name(f->kind)))
			continue;
		snprintf(place, sizeof place, f->point != NO_POINT ? " %c" : " %c>%c", 'a' + (f->point != NO_POINT ? f->point : f->from), 'a' + f->to);
		n += (size_t)snprintf(s->words + n, sizeof s->words - n, "%s%s %s%s%s x%u", n ? "; " : "", kind_name(f->kind), what_name(f->what),
		    dir[f->dir], place, f->count);
		assert_true(n < sizeof s->words);
	}
	return s->words;
}

#define ACCUSATIONS "dropped generated sent unanswered"

/* Others to the same server did this. */
static inline void scene_learn(struct scene *s, const char *text, unsigned times)
{
	struct scene *o = scene_new(s->f.points);

	if (!s->f.precedents) {
		s->f.conns = 8;         /* so many may be learned */
		assert_non_null(s->f.precedents = precedents_new(&s->f));
		s->f.conns = 1;
	}
	scene_text(o, text);
	scene_match(o);
	for (unsigned i = 0; i < times; i++)
		precedents_learn(s->f.precedents, &o->c);
	precedents_settle(s->f.precedents);
	scene_free(o);
}

#endif
