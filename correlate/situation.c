#include "correlate/situation.h"

#include <string.h>

#include "correlate/black_hole.h"
#include "correlate/idle.h"
#include "correlate/judge.h"
#include "correlate/precedent.h"
#include "correlate/tally.h"

#define NEAR_NS INT64_C(10000000000)    /* a queue that was full is not full for ever */
#define CHANCE 0.01                     /* that ECN makes no difference */
#define REUSE_NS INT64_C(240000000000)  /* two maximum segment lifetimes (RFC 9293 3.6.1) */

static bool same_hop(const struct finding *x, const struct finding *y)
{
	return (x->from == y->from && x->to == y->to) || (x->from == y->to && x->to == y->from);
}

static bool is(const struct finding *f, enum kind kind, enum what what, unsigned dir)
{
	return f->kind == kind && f->what == what && f->dir == dir && finding_claims(f);
}

static bool is_reset(const struct finding *f)
{
	return (f->what == WHAT_RST || f->what == WHAT_RSTACK) && finding_claims(f);
}

/* A claim of this kind, what and direction on the hop of another; NULL: none. */
static const struct finding *beside(const struct findings *all, const struct finding *f, enum kind kind, enum what what, unsigned dir)
{
	for (uint32_t i = 0; i < all->n; i++)
		if (is(&all->list[i], kind, what, dir) && same_hop(&all->list[i], f))
			return &all->list[i];
	return NULL;
}

static bool no_connection(const struct findings *all)
{
	return strcmp(all->outcome, "completed") != 0 && strcmp(all->outcome, "reset") != 0 && strcmp(all->outcome, "open") != 0;
}

/* ---- a SYN that did not pass ---- */

static bool asks_for_ecn(const struct conn *c, const struct finding *f)
{
	return (c->pkt[c->tx[f->tx].first].flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);
}

static bool ecn_blocked(const struct conn *c, const struct finding *f)
{
	struct precedent_syns s = precedents_syns(c, f->from);

	return asks_for_ecn(c, f) && precedents_chance(&s) < CHANCE;
}

/* Did any SYN of the connection come to the far end of the hop? */
static bool syn_passed(const struct conn *c, const struct finding *f)
{
	for (uint32_t i = 0; i < c->txs; i++)
		if (c->tx[i].dir == C2S && c->tx[i].what == WHAT_SYN && conn_sight(c, i)[f->to] != NOTHING)
			return true;
	return false;
}

static bool was_used_before(const struct conn *c)
{
	int64_t after = judge_reused_after(c);

	return after >= 0 && after < REUSE_NS;
}

/* Of none of the connections to this server, and of more than one, did a SYN pass. */
static bool none_passed(const struct conn *c, const struct finding *f)
{
	struct precedent_syns s = precedents_syns(c, f->from);

	return s.came[0] + s.came[1] > 1 && s.passed[0] + s.passed[1] == 0;
}

static const char *name_syn(const struct conn *c, const struct findings *all, const struct finding *f)
{
	if (beside(all, f, KIND_GENERATED, WHAT_SYNACK, S2C))
		return "accepted_early";
	if (ecn_blocked(c, f))
		return "ecn_blocked";
	if (beside(all, f, KIND_GENERATED, WHAT_ACK, S2C))
		return "half_open";
	if (beside(all, f, KIND_GENERATED, WHAT_RST, S2C) || beside(all, f, KIND_GENERATED, WHAT_RSTACK, S2C) ||
	    beside(all, f, KIND_GENERATED, WHAT_ICMP, S2C))
		return "rejected";
	if (syn_passed(c, f))
		return "syn_lost";
	if (was_used_before(c))
		return "reuse_dropped";
	return none_passed(c, f) ? "policy_drop" : f->rule;
}

static void add_ecn(const struct conn *c, struct finding *f, struct words *w)
{
	struct precedent_syns s = precedents_syns(c, f->from);
	struct words a = words_into(f->alternatives, sizeof f->alternatives);

	words_say(w, " They ask for ECN (ECE,CWR). Of the connections to this server, 0 of %u with such a SYN passed here, and %u of %u with another one: "
	    "ECN looks like what is dropped (by chance: %.2g, Fisher's exact test).", s.came[1], s.passed[0], s.came[0], precedents_chance(&s));
	words_say(&a, "\"something else that the clients which ask for ECN have in common\"");
}

static void add_policy(const struct conn *c, struct finding *f, struct words *w)
{
	struct precedent_syns s = precedents_syns(c, f->from);

	words_say(w, " None of %u connections to this address and port passed here, and nothing was said in answer: a policy that drops in silence, or no route.",
	    s.came[0] + s.came[1]);
}

static void add_reuse(const struct conn *c, struct words *w)
{
	words_say(w, " The same addresses and ports were in use until ");
	words_duration(w, judge_reused_after(c));
	words_say(w, " before: a device that still holds the old connection may drop the SYN of the new one (RFC 9293 3.6.1).");
}

/* ---- resets ---- */

/* A reset in the name of a host: towards both sides, against a host that went on, or in place of it. */
static const char *name_reset(const struct findings *all, const struct finding *f)
{
	if (f->reasons & WHY_F5)
		return f->rule;
	for (uint32_t i = 0; i < all->n; i++) {
		const struct finding *x = &all->list[i];
		if (x->kind == KIND_GENERATED && is_reset(x) && x->dir != f->dir && same_hop(x, f))
			return "resets_both";
	}
	if (f->dir == S2C && beside(all, f, KIND_GENERATED, WHAT_ACK, S2C) && beside(all, f, KIND_DROPPED, WHAT_SYN, C2S))
		return "half_open";
	if (f->dir == S2C && findings_find(all, KIND_DROPPED, WHAT_SYN, C2S))
		return beside(all, f, KIND_DROPPED, WHAT_SYN, C2S) ? "rejected" : f->rule;
	return f->reasons & WHY_HOST_CONTRADICTS ? "injected_reset" : "reset_made";
}

/* ---- the server ---- */

/* How many other connections did it answer shortly before or after this SYN? */
static uint32_t answered_near(const struct conn *c, const struct finding *f)
{
	return precedents_answered(c, c->tx[f->tx].t - NEAR_NS, c->tx[f->tx].t + NEAR_NS);
}

static void add_overflow(const struct conn *c, struct finding *f, struct words *w)
{
	uint32_t n = answered_near(c, f);
	struct words a = words_into(f->alternatives, sizeof f->alternatives), next = words_into(f->next, sizeof f->next);

	words_say(w, " It answered %u other connection%s to the same address and port within 10 s: it listens, and was silent as it is when its queue for new "
	    "connections is full (backlog overflow).", n, n == 1 ? "" : "s");
	words_say(&a, "\"a packet filter on the server\",\"the server takes the SYN for an old one (time stamps, RFC 7323 5)\"");
	words_say(&next, "on the server: nstat -az TcpExtListenOverflows TcpExtListenDrops, before and after; ss -lnt shows the queue (Recv-Q) and its limit (Send-Q)");
}

/* ---- all of them ---- */

static const char *name_of(const struct conn *c, const struct findings *all, const struct finding *f)
{
	if (!finding_claims(f) || f->tx == NOTHING)
		return f->rule;
	switch ((enum kind)f->kind) {
	case KIND_DROPPED:
		if (f->what == WHAT_SYN && f->dir == C2S)
			return name_syn(c, all, f);
		return f->what == WHAT_SYNACK ? "synack_dropped" : is_reset(f) ? "reset_dropped" : f->rule;
	case KIND_GENERATED:
		if (f->dir == S2C && f->what == WHAT_SYNACK && beside(all, f, KIND_DROPPED, WHAT_SYN, C2S))
			return "accepted_early";
		if (judge_bare_answer(c, f->tx) != NOTHING)
			return "half_open";
		if (f->what == WHAT_ICMP)
			return f->dir == S2C && beside(all, f, KIND_DROPPED, WHAT_SYN, C2S) ? "rejected" : f->rule;
		return is_reset(f) ? name_reset(all, f) : f->rule;
	case KIND_UNANSWERED:
		return no_connection(all) && answered_near(c, f) ? "listen_overflow" : f->rule;
	default:
		return f->rule;
	}
}

void situations_judge(const struct conn *c, struct findings *out)
{
	for (uint32_t i = 0; i < out->n; i++)
		out->list[i].rule = name_of(c, out, &out->list[i]);
	if (c->facts->points < 2)
		return;
	if (!black_hole_judge(c, out))
		idle_judge(c, out);
}

void situation_add(const struct conn *c, const struct findings *all, struct finding *f)
{
	struct words w = { f->text, strlen(f->text), sizeof f->text };

	if (strcmp(f->rule, "ecn_blocked") == 0)
		add_ecn(c, f, &w);
	else if (strcmp(f->rule, "policy_drop") == 0)
		add_policy(c, f, &w);
	else if (strcmp(f->rule, "reuse_dropped") == 0)
		add_reuse(c, &w);
	else if (strcmp(f->rule, "listen_overflow") == 0)
		add_overflow(c, f, &w);
	else if (strcmp(f->rule, "state_lost") == 0)
		idle_say_lost(c, all, f, &w);
	else if (strcmp(f->rule, "reset_dropped") == 0)
		words_say(&w, " The %s does not learn that the connection is over.", words_host(!f->dir));
	else if (strcmp(f->rule, "accepted_early") == 0 && f->kind == KIND_GENERATED)
		words_say(&w, " A device accepted the connection before it had reached the server.");
	else if (strcmp(f->rule, "injected_reset") == 0)
		words_say(&w, " The %s went on as if it had not sent it.", words_host(f->dir));
}

static const struct finding *by_rule(const struct findings *all, const char *rule)
{
	for (uint32_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i].rule, rule) == 0)
			return &all->list[i];
	return NULL;
}

static bool verdict_ecn(const struct conn *c, const struct findings *all, struct words *w)
{
	const struct finding *f = by_rule(all, "ecn_blocked");

	if (!f)
		return false;
	struct precedent_syns s = precedents_syns(c, f->from);
	words_count(w, f->count, f->what);
	words_say(w, " that ask%s for ECN %s dropped between %s and %s, as of all %u connections to this server that did; of the others %u of %u passed: "
	    "ECN looks blocked there.", f->count == 1 ? "s" : "", f->count == 1 ? "was" : "were", words_point(c, f->from), words_point(c, f->to), s.came[1],
	    s.passed[0], s.came[0]);
	return true;
}

static bool verdict_policy(const struct conn *c, const struct findings *all, struct words *w)
{
	const struct finding *f = by_rule(all, "policy_drop");

	if (!f)
		return false;
	words_say(w, "No connection: ");
	words_count(w, f->count, f->what);
	words_say(w, " %s dropped between %s and %s without a word, as those of every other connection to this address and port.", f->count == 1 ? "was" : "were",
	    words_point(c, f->from), words_point(c, f->to));
	return true;
}

static bool verdict_overflow(const struct conn *c, const struct findings *all, struct words *w)
{
	const struct finding *f = by_rule(all, "listen_overflow");

	if (!f)
		return false;
	words_count(w, f->count, f->what);
	words_say(w, " reached %s, and the %s did not answer, though it answered others at that time: as it does when its queue for new connections is full.",
	    words_point(c, f->point), words_sender(c, S2C, false));
	return true;
}

static bool verdict_lost(const struct conn *c, const struct findings *all, struct words *w)
{
	const struct finding *f = by_rule(all, "state_lost");
	struct idle s;

	if (!f || !idle_find(c, all, &s))
		return false;
	words_say(w, "Between %s and %s nothing of the %s passed any more from +", words_point(c, f->from), words_point(c, f->to), words_host(f->dir));
	words_duration(w, c->tx[s.tx].t - c->tx[0].t);
	words_say(w, " on, and nothing said why: the device there lost the connection's state, or blocks it%s", s.alive ? "." : ", or the link was down.");
	return true;
}

bool situation_verdict(const struct conn *c, const struct findings *all, struct words *w)
{
	return black_hole_verdict(c, all, w) || idle_verdict(c, all, w) || verdict_ecn(c, all, w) || verdict_policy(c, all, w) ||
	    verdict_overflow(c, all, w) || verdict_lost(c, all, w);
}
