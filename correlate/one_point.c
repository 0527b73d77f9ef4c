#include "correlate/one_point.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/answers.h"
#include "correlate/judge.h"
#include "correlate/origin.h"

/* What may have happened, and what a capture beyond the devices on the way would hold then. */
struct story {
	const char *text, *shows;
	double weight;          /* log10, by what is usual and fits (ALGORITHMS 5.5); clues are added */
	double device;          /* how much of the clues for a device (1) or the host (-1) is for it */
};

#define STORIES_MAX 6

/* A half-open connection that is answered by a bare ACK. */
static const struct story bare_answer[] = {
	{ "a load balancer, proxy or firewall that had answered for the server and never reached it (fits everything)",
	  "neither this ACK nor a SYN-ACK; SYNs of the device's own, unanswered or refused, or none", 1.5, 1 },
	{ "the same, but the server did answer and the device lost or refused its SYN-ACK", "a SYN and SYN-ACKs, not this ACK", 0.5, 1 },
	{ "the server itself: its SYN-ACKs were lost on the way back and it answers the repeated SYN as RFC 9293 says",
	  "both SYNs, SYN-ACKs, and this ACK", 0.5, -1 },
	{ "the server itself, with an ACK and no SYN-ACK", "both SYNs and this ACK, no SYN-ACK before it", 0, -1 },
	{ "the SYN bit of a SYN-ACK was cleared on the way", "a SYN-ACK with the numbers of this ACK, at its time", -0.5, 0.5 },
	{ "a third party forged the packets", "the SYNs, and an answer of the server with other numbers", -0.5, 0.5 },
};

static const struct story unanswered[] = {
	{ "dropped on the way to the server", "no SYN", 0, 0 },
	{ "the server did not answer", "the SYN, no answer", 0, 0 },
	{ "the answer was dropped on the way back", "the SYN and the answer", 0, 0 },
};

static const struct story made_for_client[] = {
	{ "the client itself", "it, coming from the client", 0, -1 },
	{ "a device on the way", "nothing of it, or it leaving the device", 0, 1 },
};

static const struct story made_for_server[] = {
	{ "the server itself", "it, coming from the server", 0, -1 },
	{ "a device on the way", "nothing of it", 0, 1 },
};

struct stories {
	struct story list[STORIES_MAX];
	unsigned n;
};

static void tell_stories(const struct stories *s, struct finding *f, const char *because)
{
	struct words a = words_into(f->alternatives, sizeof f->alternatives), h = words_into(f->hypotheses, sizeof f->hypotheses);

	for (unsigned i = 0; i < s->n; i++) {
		const struct story *k = &s->list[i];
		/* What speaks for the first one is said with it. */
		const char *why = i == 0 ? because : "";
		words_say(&a, "%s\"%s%s\"", i ? "," : "", k->text, why);
		words_say(&h, "%s{\"text\":\"%s\",\"weight\":%.1f,\"shows\":\"%s\"}", i ? "," : "", k->text, k->weight, k->shows);
	}
}

/* The likeliest first; where there is nothing to choose, in the order of the table. */
static void rank(struct stories *s, const struct story *from, unsigned n, double sum)
{
	s->n = n;
	for (unsigned i = 0; i < n; i++) {
		struct story k = from[i];
		unsigned at = i;
		k.weight += k.device * sum;
		for (; at > 0 && s->list[at - 1].weight < k.weight; at--)
			s->list[at] = s->list[at - 1];
		s->list[at] = k;
	}
}

#define RANK(s, from, sum) rank(s, from, sizeof(from) / sizeof *(from), sum)

/* What the clues say, if they say anything. */
static void say_clues(const struct finding *f, const struct origin *o, const char *because, struct words *w)
{
	int leans = origin_leans(o);

	const char *host = f->dir == C2S ? "the client" : "the server", *device = "a device on the way";

	if (leans)
		words_say(w, " More likely %s than %s%s.", leans > 0 ? device : host, leans > 0 ? host : device, because);
}

static void say_bare(const struct conn *c, struct finding *f, struct words *w)
{
	uint32_t syn = judge_bare_answer(c, f->tx);
	struct answer a;

	words_say(w, " without SYN came back with exactly the number that the client's SYN asks for (ISN + 1): whoever made it held a half-open "
	    "connection for it (RFC 9293 3.10.7.4).");
	if (answers_find(c, f->tx, &a)) {
		answers_say(c, &a, w);
		return;
	}
	words_say(w, " It came ");
	words_duration(w, c->tx[f->tx].t - c->tx[syn].t);
	words_say(w, " after it.");
}

static void say_stale(const struct conn *c, const struct finding *f, struct words *w)
{
	uint32_t syn = judge_bare_answer(c, f->tx);

	if (syn == NOTHING)
		return;
	words_say(w, " It answers a SYN without being a SYN-ACK, ");
	words_duration(w, c->tx[f->tx].t - c->tx[syn].t);
	words_say(w, " after it, with numbers of another connection.");
}

/* Where to capture, and how: a line to paste. The client's port is another one the next time. */
static void say_next(const struct conn *c, const struct finding *f, struct words *n)
{
	const struct flow *v = c->flow[f->point];

	if (!v)
		return;
	const char *client = facts_addr(c->facts, v->addr[C2S]), *server = facts_addr(c->facts, v->addr[S2C]);
	words_say(n, "capture on the server, or between it and the last device before it, until it happens again: tcpdump -i any -s 128 -w behind.pcap '");
	if (*client != '?' && *server != '?')
		words_say(n, "host %s and host %s and ", client, server);
	words_say(n, "tcp port %u'", v->port[S2C]);
	words_say(n, " (where a device changes addresses or ports: only the port, that of the server behind it); run pcaphop with both files");
}

void one_point_say(const struct conn *c, struct finding *f, struct words *w)
{
	bool bare = f->tx != NOTHING && judge_bare_answer(c, f->tx) != NOTHING && !c->tx[f->tx].stray_ack;
	struct words m = words_into(f->missing, sizeof f->missing), n = words_into(f->next, sizeof f->next);
	char because[500] = "";
	struct origin o = { .n = 0 };
	struct stories s;

	words_count(w, f->count, f->what);
	if (f->tx != NOTHING && origin_matters(c, f->tx)) {
		origin_find(c, f->tx, &o);
		origin_because(&o, o.sum < 0 ? -1 : 1, because, sizeof because);
	}
	if (f->what == WHAT_SYN) {
		words_say(w, " left and %s not answered as %s should be; one capture cannot tell where that went wrong.", f->count == 1 ? "was" : "were",
		    f->count == 1 ? "it" : "they");
		RANK(&s, unanswered, 0);
	} else if (bare) {
		say_bare(c, f, w);
		say_clues(f, &o, because, w);
		words_say(w, " Not to be known from one capture: who it was, where, and whether a SYN came to the server.");
		RANK(&s, bare_answer, o.sum);
	} else {
		words_say(w, " came in the name of the %s; one capture cannot tell who made %s.", words_host(f->dir), f->count == 1 ? "it" : "them");
		say_stale(c, f, w);
		say_clues(f, &o, because, w);
		if (f->dir == C2S)
			RANK(&s, made_for_client, o.sum);
		else
			RANK(&s, made_for_server, o.sum);
	}
	tell_stories(&s, f, origin_leans(&o) ? because : "");
	words_say(&m, "a second capture on the other side of the devices on the way, at the same time (in brackets: what it would hold)");
	say_next(c, f, &n);
}
