#include "correlate/tell_proxy.h"

#include <string.h>

#define PEERS 8                 /* that are named */

static const char *because(uint8_t tie)
{
	static const char *const why[] = {
		[TIE_HEADER] = "its PROXY header names the client's address and port",
		[TIE_UNIQUE_ID] = "both carry the same unique id",
		[TIE_TLS] = "both carry the same TLS ClientHello",
		[TIE_STREAMS] = "both streams begin alike, and one exchange lies inside the other in time",
		[TIE_REQUEST] = "both begin with the same HTTP request, and one exchange lies inside the other in time",
		[TIE_TIMES] = "again and again one begins or fails right when the other begins or ends",
	};

	return why[tie];
}

static void between(const struct conn *c, const struct finding *f, struct words *w)
{
	if (c->facts->conn[c->index].proxy[f->kind == KIND_TERMINATED ? S2C : C2S].tie == TIE_F5)
		words_say(w, "The BIG-IP at %s", words_point(c, f->kind == KIND_TERMINATED ? f->from : f->to));
	else
		words_say(w, "A proxy between %s and %s", words_point(c, f->from), words_point(c, f->to));
}

static void say_numbers(const struct conn *c, struct words *w)
{
	uint32_t n;
	const struct tied *t = facts_backs(c->facts, c->index, &n);

	words_say(w, n == 1 ? "connection " : "connections ");
	for (uint32_t i = 0; i < n && i < PEERS; i++)
		words_say(w, "%s%u", i == 0 ? "" : i + 1 == n ? " and " : ", ", t[i].back + 1);
	if (n > PEERS)
		words_say(w, ", ...");
}

static void say_ended(const struct conn *c, const struct proxy_end *p, struct words *w)
{
	words_say(w, " is the end of this connection");
	if (p->tie == TIE_F5 && p->peer == UINT32_MAX) {
		words_say(w, ": it made no flow for it, and passed nothing of it on.");
	} else if (p->tie == TIE_F5) {
		words_say(w, "; it goes on in one of its own, connection %u.", p->peer + 1);
	} else if (p->tie == TIE_CLASS) {
		words_say(w, "; it goes on in one of several of its own that begin alike at the same time: in which is not to be told.");
	} else if (p->tie == TIE_PLACE) {
		words_say(w, ", as of others to the same address and port; it goes on in one of its own that others share, in one that was not recorded, or nowhere.");
	} else {
		words_say(w, "; it goes on in %s, ", p->peers == 1 ? "one of its own" : "several of its own");
		say_numbers(c, w);
		words_say(w, ": %s.", because(p->tie));
	}
}

static void say_opened(const struct proxy_end *p, struct words *w)
{
	words_say(w, " made this connection");
	if (p->tie == TIE_CLASS)
		words_say(w, ", to go on in it with one of several that begin alike at the same time: with which is not to be told.");
	else if (p->tie == TIE_PLACE)
		words_say(w, ", as it made others from the same address to the same server; for which of its clients is not known.");
	else if (p->tie == TIE_F5)
		words_say(w, ", to go on in it with connection %u.", p->peer + 1);
	else
		words_say(w, ", to go on in it with connection %u: %s.", p->peer + 1, because(p->tie));
}

void tell_proxied(const struct conn *c, const struct finding *f, struct words *w)
{
	const struct proxy_end *p = c->facts->conn[c->index].proxy;

	between(c, f, w);
	if (f->kind == KIND_ORIGINATED)
		say_opened(&p[C2S], w);
	else
		say_ended(c, &p[S2C], w);
	if (f->kind == KIND_TERMINATED && tell_failed(c)) {
		words_say(w, " ");
		tell_failure(c, w);
	}
}

void tell_inserted(const struct conn *c, const struct finding *f, struct words *w)
{
	const struct conn_ref *r = &c->facts->conn[c->index];
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < r->flows; i++)
		if (c->facts->flow[r->flow + i].speaks_for.header)
			bytes = c->facts->flow[r->flow + i].speaks_for.header;
	words_say(w, "The proxy between %s and %s put a PROXY header of %u bytes in front of what the client says.", words_point(c, f->from),
	    words_point(c, f->to), bytes);
}

static bool failed(const char *outcome)
{
	return outcome && (strcmp(outcome, "refused") == 0 || strcmp(outcome, "no connection") == 0 || strcmp(outcome, "unreachable") == 0);
}

bool tell_failed(const struct conn *c)
{
	uint32_t n;
	const struct tied *t = facts_backs(c->facts, c->index, &n);

	for (uint32_t i = 0; i < n; i++)
		if (!failed(c->facts->conn[t[i].back].outcome))
			return false;
	return n > 0;
}

void tell_failure(const struct conn *c, struct words *w)
{
	uint32_t n;
	const struct tied *t = facts_backs(c->facts, c->index, &n);
	const struct conn_ref *back = &c->facts->conn[t[n - 1].back];
	const struct flow *v = &c->facts->flow[back->flow];
	bool v6 = strchr(facts_addr(c->facts, v->addr[S2C]), ':');

	words_say(w, "The proxy could not reach its back end %s%s%s:%u (", v6 ? "[" : "", facts_addr(c->facts, v->addr[S2C]), v6 ? "]" : "", v->port[S2C]);
	say_numbers(c, w);
	words_say(w, ": %s)", strcmp(back->outcome, "no connection") == 0 ? "no answer" : back->outcome);
	for (uint32_t i = 0; i < c->txs; i++)
		if (c->tx[i].dir == S2C && (c->pkt[c->tx[i].first].flags & (TCP_FIN | TCP_RST)) && c->tx[i].what != WHAT_ICMP) {
			words_say(w, "; it %s the client's connection ", c->pkt[c->tx[i].first].flags & TCP_RST ? "reset" : "closed");
			words_duration(w, c->tx[i].t - c->tx[0].t);
			words_say(w, " after it began");
			break;
		}
	words_say(w, ".");
}

void tell_add_proxy(const struct conn *c, char *verdict, size_t size)
{
	const struct proxy_end *p = c->facts->conn[c->index].proxy;
	struct words w = { verdict, strlen(verdict), size };

	if (p[S2C].tie > TIE_F5 && !tell_failed(c))
		words_say(&w, " Its end is a proxy behind %s.", words_point(c, p[S2C].point));
	if (p[C2S].tie > TIE_F5)
		words_say(&w, " It was made by a proxy before %s.", words_point(c, p[C2S].point));
}
