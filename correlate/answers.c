#include "correlate/answers.h"

#include "correlate/fate.h"
#include "correlate/judge.h"
#include "correlate/siblings.h"

#define HANDSHAKE 64            /* transmissions: answers to a SYN are among the first of a connection */
#define NOISE_NS 1000000        /* answers differ by so much anyway */

/* After which responders repeat a SYN-ACK, or give up: 1 s (RFC 6298 2), 3 s (RFC 1122 4.2.3.1), and those doubled, one after the other. */
static const int64_t timers_s[] = { 1, 3, 7, 9, 15, 21 };

/* Does it answer a SYN, and was nothing said in answer to it before? */
static bool is_first_answer(const struct conn *c, uint32_t x)
{
	const struct tx *w = &c->tx[x];

	if (w->dir != S2C || x > HANDSHAKE || w->rest)
		return false;
	if (w->what != WHAT_SYNACK && w->what != WHAT_ICMP && !tx_is_reset(w) && judge_bare_answer(c, x) == NOTHING)
		return false;
	if (w->what != WHAT_ICMP && (w->stray_ack || !(c->pkt[w->first].flags & TCP_ACK)))
		return false;
	for (uint32_t i = 0; i < x; i++) {
		const struct tx *o = &c->tx[i];
		/* A SYN-ACK that is repeated is another answer; what comes behind any answer is none. */
		bool again = w->what == WHAT_SYNACK && o->what == WHAT_SYNACK;
		if (o->what != WHAT_SYN && !again && !(o->dir == C2S && tx_is_reset(o)))
			return false;
	}
	return true;
}

static void collect(const struct conn *c, struct answer *a)
{
	const struct pkt *p = &c->pkt[c->tx[a->tx].first];

	for (uint32_t i = a->tx; i-- > 0 && a->n < ANSWERS_SYNS;) {
		const struct tx *o = &c->tx[i];
		if (o->dir != C2S || o->what != WHAT_SYN)
			continue;
		const struct pkt *q = conn_at(c, i, p->point);
		if (a->n > 0 && c->pkt[o->first].seq != c->pkt[c->tx[a->syn[0]].first].seq)
			continue;
		a->after_ns[a->n] = q ? p->t_raw - q->t_raw : INT64_MIN;
		a->syn[a->n++] = i;
	}
	for (unsigned i = 0; i < a->n / 2; i++) {
		uint32_t syn = a->syn[i];
		int64_t after = a->after_ns[i];
		a->syn[i] = a->syn[a->n - 1 - i];
		a->after_ns[i] = a->after_ns[a->n - 1 - i];
		a->syn[a->n - 1 - i] = syn;
		a->after_ns[a->n - 1 - i] = after;
	}
}

/* Exactly one of them: its index; else n. */
static unsigned only(const bool *fits, unsigned n)
{
	unsigned which = n;

	for (unsigned i = 0; i < n; i++) {
		if (fits[i] && which != n)
			return n;
		which = fits[i] ? i : which;
	}
	return which;
}

static bool by_echo(const struct conn *c, struct answer *a)
{
	const struct pkt *p = &c->pkt[c->tx[a->tx].first];
	bool fits[ANSWERS_SYNS];

	if (!(p->flags & SEG_TS) || p->flags & SEG_ICMP)
		return false;
	for (unsigned i = 0; i < a->n; i++) {
		const struct pkt *q = conn_at(c, a->syn[i], p->point);
		/* What the point did not see cannot be compared: a device may move timestamps. */
		if (!q || !(q->flags & SEG_TS))
			return false;
		fits[i] = q->tsval == p->tsecr;
	}
	a->which = only(fits, a->n);
	a->how = ANSWERS_ECHO;
	return a->which < a->n;
}

/* Of several points: the one nearest to where the answer comes from, beyond which all others were dropped before. */
static bool by_arrival(const struct conn *c, struct answer *a)
{
	const struct tx *x = &c->tx[a->tx];
	uint8_t at = c->way[S2C][x->from];
	bool fits[ANSWERS_SYNS];

	for (unsigned i = 0; i < a->n; i++) {
		const struct tx *o = &c->tx[a->syn[i]];
		fits[i] = conn_at(c, a->syn[i], at) != NULL;
		if (!fits[i] && (o->fate_to != FATE_DROPPED || o->odds_to < ODDS_LIKELY))
			return false;
	}
	a->which = only(fits, a->n);
	a->how = ANSWERS_ARRIVED;
	return a->which < a->n;
}

static bool in_time(const struct answer *a, int64_t ns)
{
	return ns >= a->least_ns - a->least_ns / 10 - NOISE_NS && ns <= a->most_ns + a->most_ns / 4 + NOISE_NS;
}

/* A timer that fits, started by any but the last one. */
static int64_t timer_of(const struct answer *a)
{
	for (unsigned i = 0; i + 1 < a->n; i++)
		for (size_t k = 0; k < sizeof timers_s / sizeof *timers_s && a->after_ns[i] != INT64_MIN; k++) {
			int64_t rest = a->after_ns[i] - timers_s[k] * INT64_C(1000000000);
			/* Where nothing is known of how long answers take, it is less than the timer. */
			if (a->most_ns ? in_time(a, rest) : rest > 0 && rest < INT64_C(500000000))
				return timers_s[k] * INT64_C(1000000000);
		}
	return 0;
}

static bool by_reaction(struct answer *a)
{
	bool fits[ANSWERS_SYNS];

	if (!a->most_ns)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		fits[i] = a->after_ns[i] != INT64_MIN && in_time(a, a->after_ns[i]);
	a->which = only(fits, a->n);
	a->how = ANSWERS_REACTION;
	return a->which < a->n && !a->timer_ns;
}

bool answers_find(const struct conn *c, uint32_t x, struct answer *a)
{
	*a = (struct answer){ .tx = x };
	if (!is_first_answer(c, x))
		return false;
	collect(c, a);
	if (a->n < 2)
		return false;
	const struct sibling *s = siblings_of(c, c->pkt[c->tx[x].first].point);
	if (s && (a->most_ns = sibling_time(s, 990)))
		a->least_ns = s->least_ns;
	a->timer_ns = c->tx[x].what == WHAT_ICMP ? 0 : timer_of(a);
	if (by_echo(c, a) || by_arrival(c, a) || by_reaction(a))
		return true;
	a->how = ANSWERS_UNKNOWN;
	return true;
}

static const char *nth(const struct answer *a, unsigned i)
{
	static const char *const name[] = { "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth" };

	return i + 1 == a->n && i > 1 ? "last" : name[i];
}

/* "the server answers others in 28.0 ms to 32.0 ms" */
static void say_usual(const struct answer *a, struct words *w)
{
	words_say(w, "the server answers others in ");
	words_duration(w, a->least_ns);
	if (a->most_ns - a->least_ns > a->least_ns / 50) {
		words_say(w, " to ");
		words_duration(w, a->most_ns);
	}
}

/* Both readings, with their numbers. */
static void say_unknown(const struct answer *a, struct words *w)
{
	unsigned last = a->n - 1;

	words_say(w, " Which SYN it answers cannot be told");
	if (a->after_ns[last] == INT64_MIN || a->after_ns[0] == INT64_MIN) {
		words_say(w, ".");
		return;
	}
	words_say(w, ": it came ");
	words_duration(w, a->after_ns[last]);
	words_say(w, " after the %s; or ", nth(a, last));
	words_duration(w, a->after_ns[0]);
	words_say(w, " after the first");
	if (a->timer_ns)
		words_say(w, ", as a timer of %lld s would do", (long long)(a->timer_ns / INT64_C(1000000000)));
	if (a->most_ns) {
		words_say(w, " (");
		say_usual(a, w);
		words_say(w, ")");
	}
	words_say(w, ".");
}

void answers_say(const struct conn *c, const struct answer *a, struct words *w)
{
	unsigned i = a->which;

	if (a->how == ANSWERS_UNKNOWN) {
		say_unknown(a, w);
		return;
	}
	words_say(w, " It answers the %s SYN", nth(a, i));
	if (a->how == ANSWERS_ECHO) {
		words_say(w, ": it echoes the timestamp of that one");
		/* A responder that repeats itself echoes what it took first (RFC 7323 4.3: TS.Recent of the first segment). */
		if (i + 1 < a->n && c->tx[a->tx].t > c->tx[a->syn[i + 1]].t)
			words_say(w, ", though it came after the %s", nth(a, i + 1));
	} else if (a->how == ANSWERS_ARRIVED) {
		words_say(w, ": no other came to %s", words_point(c, c->way[S2C][c->tx[a->tx].from]));
	} else {
		words_say(w, ", most likely: it came ");
		words_duration(w, a->after_ns[i]);
		words_say(w, " after it, and ");
		say_usual(a, w);
	}
	words_say(w, ".");
}

static long long id_of(const struct conn *c, uint32_t tx)
{
	return (long long)c->pkt[c->tx[tx].first].id;
}

void answers_json(const struct conn *c, const struct answer *a, struct words *w)
{
	static const char *const how[] = { "TSecr", "only one arrived", "reaction time", "not known" };

	words_say(w, "{\"packet\":%lld,\"to\":[", id_of(c, a->tx));
	for (unsigned i = 0, n = 0; i < a->n; i++)
		if (a->how == ANSWERS_UNKNOWN || i == a->which)
			words_say(w, "%s%lld", n++ ? "," : "", id_of(c, a->syn[i]));
	words_say(w, "],\"how\":\"%s\"}", how[a->how]);
}
