#include "correlate/ecn.h"

#include <stdio.h>
#include <string.h>

#include "correlate/odds.h"
#include "correlate/field.h"

#define CE 3                    /* congestion experienced (RFC 3168 5) */

/*
 * Is packet q what p became, and not a repeat of it? Hosts send repeats without ECN (RFC 3168 6.1.5), and SYNs as well when those with ECN are not
 * answered (RFC 3168 6.1.1.1).
 */
static bool same_packet(const struct tx *x, const struct pkt *p, const struct pkt *q)
{
	if (x->fuzzy || p->len != q->len)
		return false;
	return (!x->repeat && x->repeated_by == NOTHING) || (p->ip_id && p->ip_id == q->ip_id);
}

/* Does the IP header lose its ECN field, or the mark in it? */
static bool loses_field(const struct pkt *p, const struct pkt *q)
{
	unsigned a = p->tos & 3, b = q->tos & 3;

	return (a && !b) || (a == CE && b != CE);
}

static bool loses_flags(const struct pkt *p, const struct pkt *q)
{
	return p->flags & ~q->flags & ECN_FLAGS;
}

void ecn_judge(const struct conn *c, uint32_t i, struct findings *out)
{
	const struct tx *x = &c->tx[i];

	for (unsigned k = x->from; k < x->to && x->what != WHAT_ICMP; k++) {
		const struct pkt *p = conn_seen(c, i, k), *q = conn_seen(c, i, k + 1);
		if (!p || !q || !same_packet(x, p, q))
			continue;
		struct seen s = { KIND_ECN_BLEACHED, WHAT_ANY, x->dir, c->way[x->dir][k], c->way[x->dir][k + 1], NO_POINT, CERTAIN, 0, i, ODDS_CERTAIN,
			"ecn_field" };
		if (loses_field(p, q))
			findings_add(out, &s);
		if (!loses_flags(p, q))
			continue;
		bool syn = p->flags & TCP_SYN;
		s.what = syn ? x->what : WHAT_ACK;
		s.rule = syn ? "ecn_syn" : "ecn_echo";
		findings_add(out, &s);
	}
}

static const char *field_text(unsigned ecn)
{
	static const char *const name[] = { "Not-ECT", "ECT(1)", "ECT(0)", "CE" };

	return name[ecn & 3];
}

/* What the two flags, or three, of a SYN ask for. */
static const char *asks(uint32_t flags)
{
	switch (flags & ECN_FLAGS) {
	case ECN_FLAGS:
		return "accurate ECN (RFC 9768)";
	case TCP_ECE | TCP_CWR:
		return "ECN (RFC 3168)";
	default:
		return "nothing of the kind";
	}
}

static void say_syn(const struct finding *f, const struct pkt *p, const struct pkt *q, struct words *w)
{
	char before[24], after[24];

	value_text(VALUE_FLAGS, p->flags & ECN_FLAGS, before, sizeof before);
	value_text(VALUE_FLAGS, q->flags & ECN_FLAGS, after, sizeof after);
	words_say(w, " (%s before, %s after)", before, after[0] ? after : "none");
	if (f->what == WHAT_SYN)
		words_say(w, ": the client asks for %s, the server reads %s.", asks(p->flags), asks(q->flags));
	else
		words_say(w, ": the client does not learn what the server says of ECN.");
}

void ecn_say(const struct conn *c, const struct finding *f, struct words *w)
{
	const struct pkt *p = conn_at(c, f->tx, f->from), *q = conn_at(c, f->tx, f->to);
	bool field = strcmp(f->rule, "ecn_field") == 0;

	if (!p || !q)
		return;
	words_count(w, f->count, f->what == WHAT_ACK ? (uint8_t)WHAT_ANY : f->what);
	words_say(w, " of the %s lost %s between %s and %s", words_host(f->dir), field ? f->count == 1 ? "its ECN field" : "their ECN field"
	    : f->count == 1 ? "its ECN flags" : "their ECN flags", words_point(c, f->from), words_point(c, f->to));
	if (field && (p->tos & 3) == CE)
		words_say(w, " (CE before, %s after): the receiver does not learn of congestion on the way (RFC 3168 18.1.1).", field_text(q->tos));
	else if (field)
		words_say(w, " (%s before, Not-ECT after): routers behind can only drop what they would have marked (RFC 3168 18.1.3).", field_text(p->tos));
	else if (strcmp(f->rule, "ecn_syn") == 0)
		say_syn(f, p, q, w);
	else
		words_say(w, ": the other side does not learn of congestion, or that it was heard (RFC 3168 6.1).");
}

void ecn_verdict(const struct conn *c, const struct findings *f, char *verdict, size_t size)
{
	struct words w = { verdict, strlen(verdict), size };

	for (uint32_t i = 0; i < f->n; i++) {
		const struct finding *x = &f->list[i];
		if (x->kind != KIND_ECN_BLEACHED || strcmp(x->rule, "ecn_syn") != 0)
			continue;
		words_say(&w, " The %s lost its ECN flags between %s and %s.", x->what == WHAT_SYN ? "SYN" : "SYN-ACK", words_point(c, x->from),
		    words_point(c, x->to));
		return;
	}
}
