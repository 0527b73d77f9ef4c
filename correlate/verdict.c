#include "correlate/judge.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "correlate/reason.h"

/* Text that grows inside a fixed buffer; what does not fit is cut. */
struct words {
	char *out;
	size_t n, size;
};

static void say(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int k = vsnprintf(w->out + w->n, w->size - w->n, fmt, ap);
	va_end(ap);
	if (k > 0)
		w->n = w->n + (size_t)k < w->size ? w->n + (size_t)k : w->size - 1;
}

static struct words into(char *out, size_t size)
{
	out[0] = '\0';
	return (struct words){ out, 0, size };
}

static const char *name(const struct conn *c, unsigned point)
{
	return c->facts->point[point].name;
}

static const char *host_of(unsigned dir)
{
	return dir == C2S ? "client" : "server";
}

/* "SYN", "3 SYNs", "2 packets with data" */
static void count_what(struct words *w, uint32_t n, uint8_t what)
{
	static const char *const many[] = { "SYNs", "SYN-ACKs", "RSTs", "RST,ACKs", "packets with data", "FINs", "ACKs", "ICMP errors", "connections", "packets" };
	static const char *const one[] = { "SYN", "SYN-ACK", "RST", "RST,ACK", "packet with data", "FIN", "ACK", "ICMP error", "connection", "packet" };

	if (n == 1)
		say(w, "%s %s", strchr("AEIO", one[what][0]) && what != WHAT_ICMP ? "an" : "a", one[what]);
	else
		say(w, "%u %s", n, many[what]);
}

static void duration(struct words *w, int64_t ns)
{
	double s = (double)ns * 1e-9;

	if (s < 0.001)
		say(w, "%.0f us", s * 1e6);
	else if (s < 1)
		say(w, "%.*f ms", s < 0.1 ? 1 : 0, s * 1e3);
	else
		say(w, "%.*f s", s < 10 ? 2 : s < 100 ? 1 : 0, s);
}

static const struct tx *first_of(const struct conn *c, const struct finding *f)
{
	return f->tx == NOTHING ? NULL : &c->tx[f->tx];
}

/* Was everything in this finding repeated, and did a repeat come through in the end? */
static bool healed(const struct conn *c, const struct findings *all, const struct finding *f)
{
	uint32_t index = (uint32_t)(f - all->list);

	for (uint32_t i = 0; i < all->txs; i++) {
		uint32_t k;
		if (all->tx[i].finding != index)
			continue;
		for (k = c->tx[all->tx[i].tx].repeated_by; k != NOTHING; k = c->tx[k].repeated_by)
			if (c->tx[k].reach + 1u == c->ways[c->tx[k].dir])
				break;
		if (k == NOTHING)
			return false;
	}
	return true;
}

/* ---- what is said of each finding ---- */

static void say_dropped(const struct conn *c, struct findings *all, struct finding *f, struct words *w)
{
	count_what(w, f->count, f->what);
	say(w, " of the %s %s recorded at %s and never came to %s: dropped between the two", host_of(f->dir), f->count == 1 ? "was" : "were",
	    name(c, f->from), name(c, f->to));
	if (healed(c, all, f))
		say(w, "; a repeat came through");
	say(w, ".");
	if (f->reasons & WHY_WINDOW)
		say(w, " (%s had recorded its last packet before some of them: an earlier one of the same was lost there; --running %s would settle it.)",
		    name(c, f->to), name(c, f->to));
}

static void say_answer(const struct conn *c, const struct tx *x, struct words *w)
{
	uint32_t syn = judge_bare_answer(c, (uint32_t)(x - c->tx));

	if (syn == NOTHING)
		return;
	say(w, " It answers a SYN without being a SYN-ACK, ");
	duration(w, x->t - c->tx[syn].t);
	if (x->stray_ack)
		say(w, " after it, with numbers of another connection.");
	else
		say(w, " after it, and acknowledges exactly this SYN (ISN + 1): whoever made it held a half-open connection for it (RFC 9293 3.10.7.4).");
}

static void say_generated(const struct conn *c, struct finding *f, struct words *w)
{
	count_what(w, f->count, f->what);
	say(w, " in the name of the %s appeared at %s and never passed %s: made between the two, not by the %s.", host_of(f->dir), name(c, f->to),
	    name(c, f->from), host_of(f->dir));
	say_answer(c, first_of(c, f), w);
}

static void say_sent(const struct conn *c, struct finding *f, struct words *w)
{
	count_what(w, f->count, f->what);
	say(w, " %s made by the %s itself: %s, the point nearest to it, recorded %s first.", f->count == 1 ? "was" : "were", host_of(f->dir),
	    name(c, f->point), f->count == 1 ? "it" : "them");
	say_answer(c, first_of(c, f), w);
}

static void say_undecided(const struct conn *c, struct finding *f, struct words *w)
{
	struct words m = into(f->missing, sizeof f->missing);

	if (f->point != NO_POINT && c->facts->points > 1) {
		count_what(w, f->count, f->what);
		if (strcmp(f->rule, "sent") == 0) {
			say(w, " came from beyond %s, but %s.", name(c, f->point), f->reasons & WHY_TTL ? "with a TTL that is not the host's"
			    : "it cannot be told whether the host made it or a device beyond");
			say(&m, "a capture on the %s itself", host_of(f->dir));
		} else {
			say(w, " came to %s and nothing came back, but something may lie between it and the server.", name(c, f->point));
			say(&m, "a capture on the server itself");
		}
		return;
	}
	count_what(w, f->count, f->what);
	if (strcmp(f->rule, "gone") == 0) {
		say(w, " of the %s %s at %s and not at %s: ", host_of(f->dir), f->count == 1 ? "is" : "are", name(c, f->from), name(c, f->to));
		if (f->reasons & WHY_WINDOW)
			say(w, "%s recorded nothing at the time, and may not have been capturing.", name(c, f->to));
		else
			say(w, "lost on the way, or only missed by the capture at %s.", name(c, f->to));
	} else {
		say(w, " of the %s %s at %s and not at %s before: made between the two, or only missed by the capture at %s.", host_of(f->dir),
		    f->count == 1 ? "is" : "are", name(c, f->to), name(c, f->from), name(c, f->from));
	}
	const char *at = name(c, strcmp(f->rule, "gone") == 0 ? f->to : f->from);
	if (f->reasons & WHY_WINDOW)
		say(&m, "to know that %s was capturing at the time: --running %s says so", at, at);
	else if (f->reasons & WHY_ELSEWHERE)
		say(&m, "proof that these hosts' packets come by %s at all: it holds none of them", at);
	else
		say(&m, "a longer or a loss-free capture at %s, or its drop counters", at);
}

/* What one capture can say, and what it cannot; the hypotheses are those of a half-open connection answered by a bare ACK (ranked). */
static void say_single(const struct conn *c, struct finding *f, struct words *w)
{
	const struct tx *x = first_of(c, f);
	bool bare = x && judge_bare_answer(c, f->tx) != NOTHING;
	const struct flow *v = c->flow[0];
	struct words a = into(f->alternatives, sizeof f->alternatives), n = into(f->next, sizeof f->next), m = into(f->missing, sizeof f->missing);

	count_what(w, f->count, f->what);
	if (f->what == WHAT_SYN) {
		say(w, " left and %s not answered as %s should be; one capture cannot tell where that went wrong.", f->count == 1 ? "was" : "were",
		    f->count == 1 ? "it" : "they");
		say(&a, "\"dropped on the way to the server\",\"the server did not answer\",\"the answer was dropped on the way back\"");
	} else if (bare && !x->stray_ack) {
		say(w, " without SYN came back.");
		say_answer(c, x, w);
		say(w, " One capture cannot tell whether that was a device on the way or the server.");
		say(&a, "\"a load balancer, proxy or firewall that had answered for the server and never reached it (fits everything)\","
			"\"the same, but the server did answer and the device lost or refused its SYN-ACK\","
			"\"the server itself: its SYN-ACKs were lost on the way back and it answers the repeated SYN as RFC 9293 says\","
			"\"the SYN bit of a SYN-ACK was cleared on the way, or a third party forged the packets\"");
	} else {
		say(w, " came in the name of the %s; one capture cannot tell who made %s.", host_of(f->dir), f->count == 1 ? "it" : "them");
		say_answer(c, x, w);
		say(&a, "\"the %s itself\",\"a device on the way\"", host_of(f->dir));
	}
	say(&m, "a second capture on the other side of the devices on the way, at the same time");
	say(&n, "capture on the server, or between it and the last device before it: tcpdump -i any -s 128 -w behind.pcap 'tcp port %u' "
		"(if that device changes ports: the port of the server behind it), and run pcaphop with both files", v ? v->port[1] : 0);
}

static void say_not_captured(const struct conn *c, struct finding *f, struct words *w)
{
	count_what(w, f->count, f->what);
	say(w, " of the %s passed %s, but its capture does not hold %s", host_of(f->dir), name(c, f->point), f->count == 1 ? "it" : "them");
	say(w, f->reasons & WHY_WINDOW ? " (it was not running at the time)." : ": no loss on the network.");
}

static void say_reuse(const struct conn *c, struct finding *f, struct words *w)
{
	const struct facts *fc = c->facts;

	if (strcmp(f->rule, "recycled") == 0) {
		uint32_t next = fc->conn[c->index].next;
		say(w, "The client closed this connection with a reset and used the same ports again ");
		duration(w, fc->conn[next].start_ns - c->tx[f->tx].t);
		say(w, " later (connection %u).", next + 1);
		return;
	}
	uint32_t before = fc->conn[c->index].previous;
	const struct flow *v = &fc->flow[fc->conn[before].flow];
	int64_t gap = fc->conn[c->index].start_ns - facts_align(&fc->point[v->point], v->last_ns);

	say(w, "The same addresses and ports were used by connection %u until ", before + 1);
	duration(w, gap < 0 ? 0 : gap);
	say(w, " before.");
}

static void say_stale(const struct conn *c, struct finding *f, struct words *w)
{
	const struct tx *x = first_of(c, f);
	bool rst = false;

	for (uint32_t i = f->tx + 1; i < c->txs; i++)
		rst |= c->tx[i].dir == C2S && c->tx[i].what == WHAT_RST;
	say(w, "The SYN was answered with a bare ACK that has numbers of an older connection on the same addresses and ports: %s still held that one "
	    "(challenge ACK, RFC 5961 4.2).", x->from == 0 && c->facts->points > 1 ? "the server" : "somebody");
	if (rst)
		say(w, " The client's RST cleared it.");
}

static void finding_text(const struct conn *c, struct findings *all, struct finding *f)
{
	struct words w = into(f->text, sizeof f->text);

	switch ((enum kind)f->kind) {
	case KIND_DROPPED:
		say_dropped(c, all, f, &w);
		break;
	case KIND_GENERATED:
		say_generated(c, f, &w);
		break;
	case KIND_SENT:
		say_sent(c, f, &w);
		break;
	case KIND_UNANSWERED:
		count_what(&w, f->count, f->what);
		say(&w, " came to %s, and the server behind it never answered.", name(c, f->point));
		break;
	case KIND_RETRANSMITTED:
		say(&w, "The %s repeated ", host_of(f->dir));
		count_what(&w, f->count, f->what);
		say(&w, ".");
		break;
	case KIND_NOT_CAPTURED:
		say_not_captured(c, f, &w);
		break;
	case KIND_CAPTURE_DUPLICATE:
		say(&w, "The capture at %s holds ", name(c, f->point));
		count_what(&w, f->count, f->what);
		say(&w, " twice.");
		break;
	case KIND_PORT_REUSE:
		say_reuse(c, f, &w);
		break;
	case KIND_STALE_STATE:
		say_stale(c, f, &w);
		break;
	case KIND_KEEPALIVE:
		say(&w, "The %s sent %u keepalive%s.", host_of(f->dir), f->count, f->count == 1 ? "" : "s");
		break;
	case KIND_ZERO_WINDOW:
		say(&w, "The %s closed its window (%u packet%s with window 0): its application did not read.", host_of(f->dir), f->count, f->count == 1 ? "" : "s");
		break;
	case KIND_UNDECIDED:
		if (c->facts->points == 1)
			say_single(c, f, &w);
		else
			say_undecided(c, f, &w);
		break;
	default:
		break;
	}
}

/* ---- the one sentence ---- */

static void where(const struct conn *c, const struct finding *f, struct words *w)
{
	say(w, "between %s and %s", name(c, f->from), name(c, f->to));
}

static bool same_hop(const struct finding *x, const struct finding *y)
{
	return (x->from == y->from && x->to == y->to) || (x->from == y->to && x->to == y->from);
}

/* A device that took the SYN, answered for the server, and never connected. */
static bool verdict_half_open(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *syn = findings_find(f, KIND_DROPPED, WHAT_SYN, C2S), *ack = findings_find(f, KIND_GENERATED, WHAT_ACK, S2C);
	const struct finding *rst = findings_find(f, KIND_GENERATED, WHAT_RSTACK, S2C);

	if (!rst)
		rst = findings_find(f, KIND_GENERATED, WHAT_RST, S2C);
	if (!syn || !ack || !same_hop(syn, ack) || judge_bare_answer(c, ack->tx) == NOTHING)
		return false;
	say(w, "A device ");
	where(c, syn, w);
	say(w, " took %s and never passed %s on: it answered %s with a bare ACK", syn->count == 1 ? "the SYN" : "the SYNs", syn->count == 1 ? "it" : "them",
	    syn->count == 1 ? "it" : "a repeat");
	if (rst) {
		say(w, " and gave up ");
		duration(w, c->tx[rst->tx].t - c->tx[ack->tx].t);
		say(w, " later with a reset");
	}
	say(w, ".");
	return true;
}

static bool verdict_refused_on_way(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *syn = findings_find(f, KIND_DROPPED, WHAT_SYN, C2S), *made;

	if (!syn)
		return false;
	for (uint32_t i = 0; i < f->n; i++) {
		made = &f->list[i];
		if (made->kind != KIND_GENERATED || !finding_claims(made) || made->dir != S2C || !same_hop(syn, made))
			continue;
		say(w, "A device ");
		where(c, syn, w);
		say(w, " refused the connection: the SYN did not pass, and the %s that came back was made there.", what_name(made->what));
		return true;
	}
	return false;
}

static bool verdict_handshake_lost(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *syn = findings_find(f, KIND_DROPPED, WHAT_SYN, C2S), *synack = findings_find(f, KIND_DROPPED, WHAT_SYNACK, S2C);
	const struct finding *x = syn ? syn : synack;
	bool failed = strcmp(f->outcome, "no connection") == 0;

	if (!x)
		return false;
	if (failed)
		say(w, "No connection: ");
	count_what(w, x->count, x->what);
	say(w, " %s dropped ", x->count == 1 ? "was" : "were");
	where(c, x, w);
	if (syn && synack) {
		say(w, ", and ");
		count_what(w, synack->count, synack->what);
		say(w, " ");
		where(c, synack, w);
	}
	say(w, failed ? "; nothing got through." : "; a repeat came through and the connection was made.");
	return true;
}

static bool verdict_resets_made(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *first = NULL, *other = NULL;

	for (uint32_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->list[i];
		if (x->kind != KIND_GENERATED || !finding_claims(x) || (x->what != WHAT_RST && x->what != WHAT_RSTACK))
			continue;
		if (!first)
			first = x;
		else if (x->dir != first->dir)
			other = x;
	}
	if (!first)
		return false;
	say(w, "A device ");
	where(c, first, w);
	if (other && same_hop(first, other))
		say(w, " reset the connection towards both sides");
	else
		say(w, " reset the connection towards the %s, in the %s's name", host_of(!first->dir), host_of(first->dir));
	const struct finding *lost = findings_find(f, KIND_DROPPED, WHAT_DATA, -1);
	say(w, lost && same_hop(lost, first) ? " instead of passing data on." : ".");
	return true;
}

static bool verdict_icmp_made(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *x = findings_find(f, KIND_GENERATED, WHAT_ICMP, -1);

	if (!x)
		return false;
	say(w, "A device ");
	where(c, x, w);
	say(w, " answered with an ICMP error.");
	return true;
}

static bool verdict_stale(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *x = findings_find(f, KIND_STALE_STATE, -1, -1);

	if (!x)
		return false;
	say(w, "%s still held an older connection on the same addresses and ports and answered the SYN with its numbers; %s.",
	    c->tx[x->tx].from == 0 && c->facts->points > 1 ? "The server" : "Somebody",
	    strcmp(f->outcome, "no connection") ? "the connection was made after that" : "no connection was made");
	return true;
}

static bool verdict_unanswered(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *x = findings_find(f, KIND_UNANSWERED, -1, -1);

	if (!x)
		return false;
	count_what(w, x->count, x->what);
	say(w, " reached %s, and the server did not answer: not lost on the way.", name(c, x->point));
	return true;
}

static void server_half_open(const struct conn *c, const struct findings *f, const struct finding *ack, struct words *w)
{
	const struct finding *rst = findings_find(f, KIND_SENT, WHAT_RSTACK, S2C);

	say(w, "The server itself answered the SYN with a bare ACK instead of a SYN-ACK");
	if (rst) {
		say(w, " and gave up ");
		duration(w, c->tx[rst->tx].t - c->tx[ack->tx].t);
		say(w, " later with a reset");
	}
	say(w, ": the SYN had reached %s, and the answer came from there.", name(c, ack->point));
}

static bool verdict_by_host(const struct conn *c, const struct findings *f, struct words *w)
{
	for (uint32_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->list[i];
		if (x->kind != KIND_SENT || !finding_claims(x))
			continue;
		if (x->what == WHAT_ACK)
			server_half_open(c, f, x, w);
		else if (strcmp(f->outcome, "refused") == 0)
			say(w, "The server refused the connection itself (RST,ACK from %s): nothing listens there.", name(c, x->point));
		else if (strcmp(f->outcome, "completed") == 0)
			say(w, "Completed; the %s ended it with a reset of its own.", host_of(x->dir));
		else
			say(w, "The %s itself reset the connection (seen first at %s).", host_of(x->dir), name(c, x->point));
		return true;
	}
	return false;
}

static bool verdict_data_lost(const struct conn *c, const struct findings *f, struct words *w)
{
	bool any = false;

	for (uint32_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->list[i];
		if (x->kind != KIND_DROPPED || !finding_claims(x))
			continue;
		say(w, any ? ", " : "");
		count_what(w, x->count, x->what);
		say(w, " from the %s ", host_of(x->dir));
		say(w, "dropped ");
		where(c, x, w);
		any = true;
	}
	if (!any)
		return false;
	say(w, strcmp(f->outcome, "completed") == 0 ? "; repeats made up for it." : "; the connection is %s.", f->outcome);
	return true;
}

static bool verdict_undecided(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *best = NULL;

	for (uint32_t i = 0; i < f->n; i++)
		if (f->list[i].kind == KIND_UNDECIDED && f->list[i].doubtful && (!best || judge_bare_answer(c, f->list[i].tx) != NOTHING))
			best = &f->list[i];
	if (!best)
		return false;
	say(w, "Undecided: %s", best->text);
	return true;
}

static void verdict_clean(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *r = findings_find(f, KIND_RETRANSMITTED, -1, -1);
	uint32_t repeats = 0;

	for (uint32_t i = 0; i < f->n; i++)
		repeats += f->list[i].kind == KIND_RETRANSMITTED ? f->list[i].count : 0;
	if (strcmp(f->outcome, "completed") == 0)
		say(w, "Completed");
	else
		say(w, "Nothing wrong to be seen; %s when the captures end", f->outcome);
	if (r && c->facts->points > 1)
		say(w, "; %u repeated packet%s, but nothing was lost between the points", repeats, repeats == 1 ? "" : "s");
	else if (r)
		say(w, "; %u repeated packet%s", repeats, repeats == 1 ? "" : "s");
	say(w, ".");
}

/* ---- two clocks behind one address ---- */

/* Ticks per second of the sender's timestamps by two SYNs of this connection, snapped to what hosts use; 0: not known. */
static double tick_rate(const struct conn *c)
{
	static const double usual[] = { 10, 100, 250, 1000 };
	const struct pkt *first = NULL;

	for (uint32_t i = 0; i < c->txs; i++) {
		const struct pkt *p = &c->pkt[c->tx[i].first];
		if (c->tx[i].what != WHAT_SYN || !(p->flags & SEG_TS))
			continue;
		if (!first) {
			first = p;
			continue;
		}
		double dt = (double)(p->t_raw - first->t_raw) * 1e-9, ticks = (double)(uint32_t)(p->tsval - first->tsval);
		for (size_t k = 0; k < sizeof usual / sizeof *usual && dt > 0.5; k++)
			if (fabs(ticks - usual[k] * dt) <= 2 + usual[k] * dt * 0.001)
				return usual[k];
	}
	return 0;
}

/* Another connection between the same addresses whose timestamps cannot come from the clock that this one shows. */
static void notice_clocks(const struct conn *c, struct words *w)
{
	const struct facts *f = c->facts;
	double hz = tick_rate(c);
	const struct flow *v = NULL;
	uint32_t tried = 0;

	for (unsigned i = 0; i < f->points && !v; i++)
		v = c->flow[i];
	if (hz <= 0 || !v || !v->has_syn_tsval)
		return;
	/* Best against another one that failed: that these two are not of one host is worth more than that others are. */
	for (uint32_t i = c->index, odd = 1; i > 0 || odd; tried++) {
		if (i == 0 || tried == 4096) {
			if (!odd)
				return;
			odd = tried = 0;
			i = c->index;
			if (i == 0)
				return;
		}
		const struct flow *o = &f->flow[f->conn[--i].flow];
		if ((odd && !f->conn[i].odd) || o->point != v->point || o->addr[0] != v->addr[0] || o->addr[1] != v->addr[1] || !o->has_syn_tsval)
			continue;
		double dt = (double)(v->first_ns - o->first_ns) * 1e-9, ticks = (double)(int32_t)(v->syn_tsval - o->syn_tsval);
		if (dt < 1 || fabs(ticks - hz * dt) <= hz * (0.001 * dt + 1))
			continue;
		say(w, " Its timestamps run at %.0f Hz, but against connection %u from the same address, %.2f s before, they are %.0f ticks off: "
			"not one clock, so several hosts may stand behind the address.", hz, i + 1, dt, fabs(ticks - hz * dt));
		return;
	}
}

static void capital(char *text)
{
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
}

static void add_next(const struct conn *c, struct finding *f)
{
	struct words n = into(f->next, sizeof f->next);
	const struct flow *v = c->flow[f->from];

	if (!v)
		v = c->flow[f->to];
	if (v)
		say(&n, "ask the device between %s and %s about client port %u (its log, session table and drop counters at that time)",
		    name(c, f->from < f->to ? f->from : f->to), name(c, f->from < f->to ? f->to : f->from), v->port[0]);
}

void verdict_write(const struct conn *c, struct findings *out)
{
	static bool (*const verdicts[])(const struct conn *c, const struct findings *f, struct words *w) = {
		verdict_half_open, verdict_refused_on_way, verdict_resets_made, verdict_stale, verdict_handshake_lost, verdict_icmp_made, verdict_unanswered,
		verdict_data_lost, verdict_by_host, verdict_undecided,
	};
	struct words w = into(out->verdict, sizeof out->verdict);

	for (uint32_t i = 0; i < out->n; i++) {
		struct finding *f = &out->list[i];
		finding_text(c, out, f);
		capital(f->text);
		if ((f->kind == KIND_DROPPED || f->kind == KIND_GENERATED) && f->from != NO_POINT)
			add_next(c, f);
		if (f->what == WHAT_SYN && f->kind != KIND_NOT_CAPTURED && f->kind != KIND_RETRANSMITTED) {
			struct words more = { f->text, strlen(f->text), sizeof f->text };
			notice_clocks(c, &more);
		}
	}
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (verdicts[i](c, out, &w)) {
			capital(out->verdict);
			return;
		}
	verdict_clean(c, out, &w);
}
