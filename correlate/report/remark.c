#include "correlate/report/remark.h"

#include <inttypes.h>
#include <string.h>

#include "correlate/fold.h"
#include "correlate/report/text.h"
#include "schema/segment.h"

static const char *icmp_name(const struct sighting *k)
{
	static const struct {
		int version, type, code;        /* code -1: any */
		const char *name;
	} table[] = {
		{4, 3, 0, "net unreachable"}, {4, 3, 1, "host unreachable"}, {4, 3, 3, "port unreachable"}, {4, 3, 4, "frag needed"},
		{4, 3, 9, "net prohibited"}, {4, 3, 10, "host prohibited"}, {4, 3, 13, "prohibited"}, {4, 3, -1, "unreachable"},
		{4, 4, -1, "source quench"}, {4, 5, -1, "redirect"}, {4, 11, 0, "TTL exceeded"}, {4, 11, 1, "reassembly time"},
		{4, 12, -1, "parameter problem"}, {6, 1, 0, "no route"}, {6, 1, 1, "prohibited"}, {6, 1, 3, "addr unreachable"},
		{6, 1, 4, "port unreachable"}, {6, 1, -1, "unreachable"}, {6, 2, -1, "packet too big"}, {6, 3, 0, "hop limit"},
		{6, 3, 1, "reassembly time"}, {6, 4, -1, "parameter problem"},
	};
	int version = k->from && strchr(k->from, ':') ? 6 : 4;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].version == version && table[i].type == k->icmp_type && (table[i].code < 0 || table[i].code == k->icmp_code))
			return table[i].name;
	return NULL;
}

static void label_icmp(const struct sighting *k, char *buf, size_t size)
{
	const char *name = icmp_name(k);

	text_add(buf, size, "ICMP ");
	if (name)
		text_add(buf, size, "%s", name);
	else
		text_add(buf, size, "type %d code %d", k->icmp_type, k->icmp_code);
}

void remark_label(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	const struct sighting *k = trace_first(t, r);
	unsigned main = k->flags & (TCP_SYN | TCP_FIN | TCP_RST);

	buf[0] = '\0';
	if (k->icmp_type >= 0) {
		label_icmp(k, buf, size);
		return;
	}
	if (k->later_fragment) {
		text_add(buf, size, "later fragment");
		return;
	}
	text_add(buf, size, "%s%s%s", main & TCP_SYN ? ",SYN" : "", main & TCP_FIN ? ",FIN" : "", main & TCP_RST ? ",RST" : "");
	if (main && k->flags & TCP_ACK)
		text_add(buf, size, ",ACK");
	text_add(buf, size, "%s%s%s%s%s%s", k->flags & TCP_PSH ? " PSH" : "", !main && k->flags & TCP_ACK ? " ACK" : "",
	    k->flags & TCP_URG ? " URG" : "", k->flags & TCP_ECE ? " ECE" : "", k->flags & TCP_CWR ? " CWR" : "",
	    k->flags & TCP_AE ? " AE" : "");
	if (buf[0] == '\0')
		text_add(buf, size, " no flags");
	if (k->length > 0)
		text_add(buf, size, " %d B", k->length);
	memmove(buf, buf + 1, strlen(buf));
}

static bool is_kind(const struct finding *f, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(f->kind, *list) == 0)
			return true;
	return false;
}

uint32_t remark_kinds(const struct trace *t, const struct row *r)
{
	uint32_t kinds = 0;

	for (size_t i = r->finding; i < r->finding + r->findings; i++)
		kinds |= fold_kind(t->finding[t->mark[i].finding].kind);
	return kinds;
}

unsigned remark_weight(const struct trace *t, const struct row *r)
{
	return fold_weight(remark_kinds(t, r));
}

static void note_add(char *buf, size_t size, const char *word)
{
	if (strstr(buf, word) == NULL)
		text_add(buf, size, "%s%s", buf[0] ? ", " : "", word);
}

void remark_note(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	static const char *const silent[] = {"modified", "unanswered", "terminated", "originated", "ecn_bleached", "port_reuse",
	    "idle_timeout", "syn_proxy", "stale_state", "pmtu_blackhole", "resegmented", NULL};

	buf[0] = '\0';
	for (size_t i = r->finding; i < r->finding + r->findings; i++) {
		const struct finding *f = &t->finding[t->mark[i].finding];
		char word[48];

		if (is_kind(f, silent) || (r->repeats && strcmp(f->kind, "retransmitted") == 0))
			continue;
		snprintf(word, sizeof word, "%s%s", strcmp(f->kind, "sent") == 0 ? f->by_f5 ? "by the BIG-IP" : "by the host" : f->kind,
		    strcmp(f->confidence, "possible") == 0 && strcmp(f->kind, "undecided") != 0 ? "?" : "");
		for (char *p = word; *p; p++)
			*p = *p == '_' ? ' ' : *p;
		note_add(buf, size, word);
	}
	if (r->repeats) {
		char word[48];

		snprintf(word, sizeof word, "repeats %zu", t->row[r->repeats - 1].number);
		note_add(buf, size, word);
	}
}

static void add(char *buf, size_t size, const char *part)
{
	text_add(buf, size, "%s%s", buf[0] ? "  " : "", part);
}

/* A SYN that repeats one with the same options has nothing to add but its clock. */
static void detail_repeat(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	const struct row *first = &t->row[r->repeats - 1];
	const struct sighting *k = trace_first(t, r), *f = trace_first(t, first);
	int64_t ticks = k->tsval - f->tsval, ns = k->time_ns - f->time_ns;
	char part[96];

	if (k->tsval < 0 || f->tsval < 0 || ticks <= 0 || ns < 100000000)
		return;
	snprintf(part, sizeof part, "ts +%" PRId64 ": a clock of %.0f Hz", ticks, (double)ticks * 1e9 / (double)ns);
	add(buf, size, part);
}

static bool same_offer(const struct sighting *a, const struct sighting *b)
{
	return a->window == b->window && a->mss == b->mss && a->wscale == b->wscale && a->flags == b->flags &&
	       a->sack_permitted == b->sack_permitted && strcmp(a->options ? a->options : "", b->options ? b->options : "") == 0;
}

static void detail_handshake(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	const struct sighting *k = trace_first(t, r);
	char part[64];

	if (r->repeats && same_offer(k, trace_first(t, &t->row[r->repeats - 1]))) {
		detail_repeat(t, r, buf, size);
		return;
	}
	snprintf(part, sizeof part, "win %d", k->window);
	add(buf, size, part);
	if (k->mss >= 0) {
		snprintf(part, sizeof part, "mss %d", k->mss);
		add(buf, size, part);
	}
	if (k->sack_permitted)
		add(buf, size, "sack");
	if (k->wscale >= 0) {
		snprintf(part, sizeof part, "ws %d", 1 << (k->wscale < 15 ? k->wscale : 14));
		add(buf, size, part);
	}
	if (k->tsval >= 0) {
		snprintf(part, sizeof part, "ts %" PRId64, k->tsval);
		add(buf, size, part);
	}
	if (k->mss < 0 && k->wscale < 0 && k->tsval < 0 && !k->sack_permitted)
		add(buf, size, "no options");
}

/* Earlier SYNs whose sequence number this packet acknowledges at a point that saw both. */
static void detail_acknowledges(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	char part[96] = "";

	for (const struct row *q = t->row; q < r && q->number <= FOLD_LOOK_BACK; q++) {
		for (size_t c = 0; c < t->columns && q->s2c != r->s2c; c++) {
			const struct sighting *syn = trace_at(t, q, (int)c), *k = trace_at(t, r, (int)c);

			if (!syn || !k || !(syn->flags & TCP_SYN) || k->ack < 0 || k->ack != ((syn->seq + 1) & 0xffffffff))
				continue;
			text_add(part, sizeof part, "%s%zu", part[0] ? " and " : "acknowledges ", q->number);
			break;
		}
	}
	if (part[0])
		add(buf, size, part);
}

/* Of a repeated SYN, which transmission it answers: "answers 2: TSecr", "answers 1 or 2". */
static void detail_answers(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	const char *how = "";
	char part[128] = "";

	for (size_t i = 0; i < t->replies; i++) {
		const struct reply *k = &t->reply[i];

		for (size_t q = 0; k->transmission_id == r->transmission_id && q < t->rows && &t->row[q] < r; q++)
			if (t->row[q].transmission_id == k->syn) {
				text_add(part, sizeof part, "%s%zu", part[0] ? " or " : "answers ", t->row[q].number);
				how = k->how;
			}
	}
	if (part[0] && strcmp(how, "not known") != 0)
		text_add(part, sizeof part, ": %s", how);
	if (part[0])
		add(buf, size, part);
}

static void detail_same_numbers(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	const struct sighting *k = trace_first(t, r);

	for (const struct row *q = r; q-- > t->row && q->number + FOLD_LOOK_BACK >= r->number;) {
		const struct sighting *p = trace_first(t, q);
		char part[64];

		if (q->s2c != r->s2c || p->column != k->column || p->seq != k->seq || p->ack != k->ack || p->length > 0 || k->ack < 0)
			continue;
		snprintf(part, sizeof part, "same numbers as %zu", q->number);
		add(buf, size, part);
		return;
	}
}

/* Timestamps that the other side offered and nobody declined are due on every packet but a RST (RFC 7323 3.2). */
static void detail_timestamps(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	const struct sighting *k = trace_first(t, r);
	size_t offer = 0;

	for (size_t i = 0; i < FOLD_LOOK_BACK && t->row + i < r; i++) {
		const struct sighting *p = trace_first(t, &t->row[i]);

		if (!(p->flags & TCP_SYN))
			continue;
		if (p->tsval < 0)
			return;
		if (t->row[i].s2c != r->s2c && offer == 0)
			offer = i + 1;
	}
	if (k->tsval >= 0 || k->flags & TCP_RST || offer == 0)
		return;
	add(buf, size, k->options ? "no timestamp" : "no options");
	text_add(buf, size, " (%zu offered timestamps)", offer);
}

static void detail_numbers(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	const struct sighting *k = trace_first(t, r);
	char part[96];

	/* As tcpdump writes it. */
	if (k->length > 0 && k->rel_seq >= 0) {
		snprintf(part, sizeof part, "seq %" PRId64 ":%" PRId64, k->rel_seq, k->rel_seq + k->length);
		add(buf, size, part);
	}
	if (k->window >= 0 && (k->length <= 0 || k->window == 0)) {
		snprintf(part, sizeof part, "win %d", k->window);
		add(buf, size, part);
	}
}

/* Born on the way, doubtful, or a reset: everything that tells who made it. */
static void detail_suspect(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	char part[32];

	detail_numbers(t, r, buf, size);
	detail_timestamps(t, r, buf, size);
	detail_acknowledges(t, r, buf, size);
	detail_same_numbers(t, r, buf, size);
	snprintf(part, sizeof part, "ttl %d", trace_first(t, r)->ttl);
	add(buf, size, part);
}

/* What the device that recorded a reset says of it, whichever point that was. */
static const char *rst_cause(const struct trace *t, const struct row *r)
{
	for (size_t i = r->first; i < r->first + r->n; i++)
		if (t->sighting[i].rst_cause)
			return t->sighting[i].rst_cause;
	return NULL;
}

static bool has_kind(const struct trace *t, const struct row *r, const char *kind)
{
	for (size_t i = r->finding; i < r->finding + r->findings; i++)
		if (strcmp(t->finding[t->mark[i].finding].kind, kind) == 0)
			return true;
	return false;
}

/* Where it came in how many fragments. */
static void detail_fragments(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	for (size_t c = 0; c < t->columns; c++) {
		unsigned n = 0, later = 0;
		char part[128];
		for (size_t i = r->first; i < r->first + r->n; i++) {
			const struct sighting *k = &t->sighting[i];
			n += k->column == (int)c && !k->duplicate;
			later += k->column == (int)c && k->fragment;
		}
		if (later == 0)
			continue;
		snprintf(part, sizeof part, "%s: %u fragment%s", t->column[c].name, n, n == 1 ? "" : "s");
		add(buf, size, part);
	}
}

void remark_detail(const struct trace *t, const struct row *r, char *buf, size_t size)
{
	const struct sighting *k = trace_first(t, r);
	char part[96];

	buf[0] = '\0';
	if (k->later_fragment)
		return;
	if (k->icmp_type >= 0) {
		snprintf(part, sizeof part, "from %s, ttl %d", k->from ? k->from : "?", k->ttl);
		add(buf, size, part);
	} else if (k->flags & TCP_SYN) {
		detail_handshake(t, r, buf, size);
	} else if (k->flags & TCP_RST || has_kind(t, r, "generated") || has_kind(t, r, "sent") || has_kind(t, r, "undecided")) {
		detail_suspect(t, r, buf, size);
	} else if (remark_weight(t, r) > 0 || k->window == 0) {
		detail_numbers(t, r, buf, size);
	}
	detail_answers(t, r, buf, size);
	detail_fragments(t, r, buf, size);
	if (rst_cause(t, r)) {
		add(buf, size, "F5: \"");
		text_add(buf, size, "%s\"", rst_cause(t, r));
	}
	if ((k->tos & 3) == 3)
		add(buf, size, "CE");
}
