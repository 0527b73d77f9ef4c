#include "correlate/judge.h"

#include <string.h>

#include "correlate/ecn.h"
#include "correlate/half_open.h"
#include "correlate/reason.h"
#include "correlate/situation.h"
#include "correlate/telling.h"
#include "correlate/tick.h"
#include "correlate/tell_proxy.h"
#include "correlate/words.h"

static void where(const struct conn *c, const struct finding *f, struct words *w)
{
	words_say(w, "between %s and %s", words_point(c, f->from), words_point(c, f->to));
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
	words_say(w, "A device ");
	where(c, syn, w);
	words_say(w, " took %s and never passed %s on: it answered with a bare ACK", syn->count == 1 ? "the SYN" : "the SYNs", syn->count == 1 ? "it" : "them");
	if (rst) {
		words_say(w, " and gave up ");
		words_duration(w, c->tx[rst->tx].t - c->tx[ack->tx].t);
		words_say(w, " later with a reset");
	}
	words_say(w, ".");
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
		words_say(w, "A device ");
		where(c, syn, w);
		words_say(w, " refused the connection: the SYN did not pass, and the %s that came back was made there.", what_name(made->what));
		return true;
	}
	return false;
}

static bool verdict_handshake_lost(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *syn = findings_find(f, KIND_DROPPED, WHAT_SYN, C2S), *synack = findings_find(f, KIND_DROPPED, WHAT_SYNACK, S2C);
	const struct finding *own = findings_find(f, KIND_DROPPED, WHAT_SYN, S2C), *x = syn ? syn : synack ? synack : own;
	bool failed = strcmp(f->outcome, "no connection") == 0;

	if (!x)
		return false;
	if (failed)
		words_say(w, "No connection: ");
	words_count(w, x->count, x->what);
	words_say(w, "%s %s dropped ", x == own ? " of the server" : "", x->count == 1 ? "was" : "were");
	where(c, x, w);
	if (syn && synack) {
		words_say(w, ", and ");
		words_count(w, synack->count, synack->what);
		words_say(w, " ");
		where(c, synack, w);
	}
	words_say(w, failed ? "; nothing got through." : "; a repeat came through and the connection was made.");
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
	if (first->reasons & WHY_F5) {
		words_say(w, "The BIG-IP at %s", words_point(c, first->to));
	} else {
		words_say(w, "A device ");
		where(c, first, w);
	}
	if (other && same_hop(first, other))
		words_say(w, " reset the connection towards both sides");
	else
		words_say(w, " reset the connection towards the %s, in the %s's name", words_host(!first->dir), words_host(first->dir));
	const struct finding *lost = findings_find(f, KIND_DROPPED, WHAT_DATA, -1);
	words_say(w, lost && same_hop(lost, first) ? ", instead of passing data on." : ".");
	return true;
}

static bool verdict_icmp_made(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *x = findings_find(f, KIND_GENERATED, WHAT_ICMP, -1);

	if (!x)
		return false;
	words_say(w, "A device ");
	where(c, x, w);
	words_say(w, " answered with an ICMP error.");
	return true;
}

static bool verdict_stale(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *x = findings_find(f, KIND_STALE_STATE, -1, -1);

	if (!x)
		return false;
	words_say(w, "%s still held an older connection on the same addresses and ports and answered the SYN with its numbers; %s.",
	    c->tx[x->tx].from == 0 && c->facts->points > 1 ? "The server" : "Somebody",
	    strcmp(f->outcome, "no connection") ? "the connection was made after that" : "no connection was made");
	return true;
}

static bool verdict_unanswered(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *x = findings_find(f, KIND_UNANSWERED, -1, -1);

	if (!x)
		return false;
	words_count(w, x->count, x->what);
	words_say(w, " reached %s, and the %s did not answer: not lost on the way.", words_point(c, x->point), words_sender(c, S2C, false));
	return true;
}

static void server_half_open(const struct conn *c, const struct findings *f, const struct finding *ack, struct words *w)
{
	const struct finding *rst = findings_find(f, KIND_SENT, WHAT_RSTACK, S2C);

	words_say(w, "The %s itself answered the SYN with a bare ACK instead of a SYN-ACK", words_sender(c, S2C, ack->reasons & WHY_F5));
	if (rst) {
		words_say(w, " and gave up ");
		words_duration(w, c->tx[rst->tx].t - c->tx[ack->tx].t);
		words_say(w, " later with a reset");
	}
	words_say(w, ": the SYN had reached %s, and the answer came from there.", words_point(c, ack->point));
}

static bool verdict_by_host(const struct conn *c, const struct findings *f, struct words *w)
{
	for (uint32_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->list[i];
		if (x->kind != KIND_SENT || !finding_claims(x))
			continue;
		bool f5 = x->reasons & WHY_F5;
		if (x->what == WHAT_ACK && judge_crossed(c))
			continue;
		if (x->what == WHAT_ACK)
			server_half_open(c, f, x, w);
		else if (strcmp(f->outcome, "refused") == 0 && f5)
			words_say(w, "The BIG-IP at %s refused the connection itself (RST,ACK).", words_point(c, x->point));
		else if (strcmp(f->outcome, "refused") == 0)
			words_say(w, "The server refused the connection itself (RST,ACK from %s): nothing listens there.", words_point(c, x->point));
		else if (strcmp(f->outcome, "completed") == 0)
			words_say(w, "Completed; the %s ended it with a reset of its own.", words_sender(c, x->dir, f5));
		else
			words_say(w, "The %s itself reset the connection (seen first at %s).", words_sender(c, x->dir, f5), words_point(c, x->point));
		return true;
	}
	return false;
}

static bool verdict_data_lost(const struct conn *c, const struct findings *f, struct words *w)
{
	uint32_t left = 0;
	bool any = false;

	for (uint32_t i = 0; i < f->n; i++)
		left += f->list[i].kind == KIND_DROPPED && finding_claims(&f->list[i]);
	if (!left)
		return false;
	for (uint32_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->list[i];
		if (x->kind != KIND_DROPPED || !finding_claims(x))
			continue;
		words_say(w, "%s", !any ? "" : left == 1 ? " and " : ", ");
		if (!any)
			words_say(w, "Dropped: ");
		words_count(w, x->count, x->what);
		words_say(w, " from the %s ", words_host(x->dir));
		where(c, x, w);
		any = true;
		left--;
	}
	if (strcmp(f->outcome, "completed") == 0)
		words_say(w, "; repeats made up for it.");
	else
		words_say(w, "; the connection is %s when the captures end.", f->outcome);
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
	words_say(w, "Undecided: %s", best->text);
	return true;
}

static bool verdict_recycled(const struct conn *c, const struct findings *f, struct words *w)
{
	(void)c;
	for (uint32_t i = 0; i < f->n; i++)
		if (strcmp(f->list[i].rule, "recycled") == 0) {
			words_say(w, "%s", f->list[i].text);
			return true;
		}
	return false;
}

static bool verdict_back_end(const struct conn *c, const struct findings *f, struct words *w)
{
	(void)f;
	if (!tell_failed(c))
		return false;
	tell_failure(c, w);
	return true;
}

static bool verdict_damaged(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *x = findings_find(f, KIND_CORRUPTED, -1, -1);

	if (!x)
		return false;
	words_say(w, "Damaged: ");
	words_count(w, x->count, x->what);
	words_say(w, " from the %s ", words_host(x->dir));
	where(c, x, w);
	words_say(w, strcmp(f->outcome, "completed") == 0 ? " (wrong TCP checksum); the hosts made up for it." : " (wrong TCP checksum).");
	return true;
}

static void verdict_clean(const struct conn *c, const struct findings *f, struct words *w)
{
	const struct finding *r = findings_find(f, KIND_RETRANSMITTED, -1, -1);
	uint32_t repeats = 0;

	for (uint32_t i = 0; i < f->n; i++)
		repeats += f->list[i].kind == KIND_RETRANSMITTED ? f->list[i].count : 0;
	if (strcmp(f->outcome, "completed") == 0)
		words_say(w, "Completed");
	else
		words_say(w, "Nothing wrong to be seen; %s when the captures end", f->outcome);
	if (r && c->facts->points > 1)
		words_say(w, "; %u repeated packet%s, but nothing was lost between the points", repeats, repeats == 1 ? "" : "s");
	else if (r)
		words_say(w, "; %u repeated packet%s", repeats, repeats == 1 ? "" : "s");
	words_say(w, ".");
}

static void add_next(const struct conn *c, struct finding *f)
{
	struct words n = words_into(f->next, sizeof f->next);
	const struct flow *v = c->flow[f->from];

	if (!v)
		v = c->flow[f->to];
	if (v)
		words_say(&n, "ask the device between %s and %s about client port %u (its log, session table and drop counters at that time)",
		    words_point(c, f->from < f->to ? f->from : f->to), words_point(c, f->from < f->to ? f->to : f->from), v->port[0]);
}

/* Why there was a reset, in the words of the device: of the first that has any, unless the verdict says it already. */
static void add_cause(const struct conn *c, char *verdict, size_t size)
{
	struct words w = { verdict, strlen(verdict), size };

	if (strstr(verdict, "F5 says"))
		return;
	for (uint32_t i = 0; i < c->txs; i++)
		if (tx_is_reset(&c->tx[i]) && conn_rst_cause(c, i)) {
			words_f5(&w, c, i);
			return;
		}
}

/* That the handshake which the client saw was not the server's. */
static void add_syn_proxy(const struct conn *c, const struct findings *f, char *verdict, size_t size)
{
	const struct finding *x = findings_find(f, KIND_SYN_PROXY, -1, -1);
	struct words w = { verdict, strlen(verdict), size };

	if (!x)
		return;
	words_say(&w, " A SYN proxy ");
	where(c, x, &w);
	words_say(&w, " made the handshake with the client before it asked the server.");
}

static void add_crossed(const struct conn *c, char *verdict, size_t size)
{
	struct words w = { verdict, strlen(verdict), size };

	if (judge_crossed(c))
		words_say(&w, " Both hosts sent a SYN: a simultaneous open, or the server split the handshake (RFC 9293 3.5).");
}

void verdict_write(const struct conn *c, struct findings *out)
{
	static bool (*const verdicts[])(const struct conn *c, const struct findings *f, struct words *w) = {
		half_open_verdict, situation_verdict, verdict_half_open, verdict_refused_on_way, verdict_resets_made, verdict_stale, verdict_handshake_lost,
		verdict_icmp_made, verdict_unanswered,
		verdict_back_end, verdict_data_lost, verdict_damaged, verdict_by_host, verdict_recycled, verdict_undecided,
	};
	struct words w = words_into(out->verdict, sizeof out->verdict);

	for (uint32_t i = 0; i < out->n; i++) {
		struct finding *f = &out->list[i];
		telling_write(c, out, f);
		words_capital(f->text);
		if ((f->kind == KIND_DROPPED || f->kind == KIND_GENERATED) && finding_claims(f) && f->from != NO_POINT)
			add_next(c, f);
		situation_add(c, out, f);
		if (f->what == WHAT_SYN && f->kind != KIND_NOT_CAPTURED && f->kind != KIND_RETRANSMITTED) {
			struct words more = { f->text, strlen(f->text), sizeof f->text };
			tick_notice(c, &more);
		}
	}
	bool told = false;
	for (size_t i = 0; !told && i < sizeof verdicts / sizeof *verdicts; i++)
		told = verdicts[i](c, out, &w);
	if (!told)
		verdict_clean(c, out, &w);
	words_capital(out->verdict);
	add_syn_proxy(c, out, out->verdict, sizeof out->verdict);
	add_crossed(c, out->verdict, sizeof out->verdict);
	ecn_verdict(c, out, out->verdict, sizeof out->verdict);
	tell_add_proxy(c, out->verdict, sizeof out->verdict);
	add_cause(c, out->verdict, sizeof out->verdict);
}
