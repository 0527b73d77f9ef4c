#include "correlate/idle.h"

#include <string.h>

#include "correlate/precedent.h"
#include "correlate/tally.h"

#define IDLE_NS INT64_C(2000000000)     /* no device forgets sooner what it had let pass */
#define LOST 3                          /* packets: fewer may be lost at the end of any connection */
#define SMALL 536                       /* bytes of payload that every path takes (RFC 9293 3.7.1) */
#define LOST_NS INT64_C(500000000)      /* ... over so long, or it may have been a moment's trouble */

/* Is transmission i known to have crossed from one point to the other, in either order? */
static bool crossed(const struct conn *c, uint32_t i, unsigned a, unsigned b)
{
	const struct tx *x = &c->tx[i];
	bool from = false, to = false;

	if (x->rest)
		return false;
	for (unsigned k = x->from; k <= x->reach; k++) {
		from |= c->way[x->dir][k] == a;
		to |= c->way[x->dir][k] == b;
	}
	return from && to;
}

static bool same_hop(const struct finding *x, const struct finding *y)
{
	return (x->from == y->from && x->to == y->to) || (x->from == y->to && x->to == y->from);
}

/* The last transmission of a direction that crossed; NOTHING: none. */
static uint32_t last_crossed(const struct conn *c, unsigned dir, const struct finding *f)
{
	for (uint32_t i = c->txs; i-- > 0;)
		if (c->tx[i].dir == dir && crossed(c, i, f->from, f->to))
			return i;
	return NOTHING;
}

/* How long was it silent before transmission `tx`, and before any that crossed sooner? */
static void measure(const struct conn *c, const struct finding *f, struct idle *s)
{
	int64_t last = INT64_MIN, heard = INT64_MIN, longest = 0, elsewhere = precedents_silence(c, f->from, f->to);

	for (uint32_t i = 0; i < s->tx; i++) {
		/* What came to either end and did not cross is no silence, unless the device made it. */
		if (c->tx[i].fate_from != FATE_GENERATED && (conn_sight(c, i)[f->from] != NOTHING || conn_sight(c, i)[f->to] != NOTHING))
			heard = c->tx[i].t;
		if (!crossed(c, i, f->from, f->to))
			continue;
		if (last != INT64_MIN && c->tx[i].what != WHAT_SYN && c->tx[i].t - last > longest)
			longest = c->tx[i].t - last;
		last = c->tx[i].t;
	}
	s->silence = last == INT64_MIN ? 0 : c->tx[s->tx].t - (heard > last ? heard : last);
	s->own = longest > 0 && longest >= elsewhere;
	s->survived = s->own ? longest : elsewhere;
}

/* What was made on the hop in answer, and what became of the other direction. */
static void look_around(const struct conn *c, const struct findings *all, const struct finding *f, struct idle *s)
{
	uint32_t back = last_crossed(c, !f->dir, f);

	for (uint32_t i = 0; i < all->n; i++) {
		const struct finding *x = &all->list[i];
		if (!finding_claims(x) || x->tx == NOTHING || x->from == NO_POINT || !same_hop(x, f))
			continue;
		s->reset |= x->kind == KIND_GENERATED && x->dir != f->dir && c->tx[x->tx].t >= c->tx[s->tx].t &&
		    (x->what == WHAT_RST || x->what == WHAT_RSTACK || x->what == WHAT_ICMP);
		s->other_way |= x->kind == KIND_DROPPED && x->dir != f->dir && (back == NOTHING || c->tx[back].t < c->tx[s->tx].t);
	}
}

/* Is any of those that were lost, all of it, no longer than one that crossed before? */
static bool fits(const struct conn *c, const struct finding *f, uint32_t last, const struct idle *s)
{
	uint32_t longest = SMALL;

	for (uint32_t i = 0; i <= last; i++)
		if (c->tx[i].dir == f->dir && c->pkt[c->tx[i].first].len > longest && crossed(c, i, f->from, f->to))
			longest = c->pkt[c->tx[i].first].len;
	for (uint32_t i = s->tx; i < c->txs; i++)
		if (c->tx[i].dir == f->dir && c->pkt[c->tx[i].first].len <= longest && !c->tx[i].rest && conn_sight(c, i)[f->from] != NOTHING &&
		    conn_sight(c, i)[f->to] == NOTHING)
			return true;
	return false;
}

static bool since(const struct conn *c, const struct findings *all, uint32_t finding, struct idle *s)
{
	const struct finding *f = &all->list[finding];
	uint32_t last = last_crossed(c, f->dir, f), end = NOTHING;

	if (last == NOTHING || last_crossed(c, !f->dir, f) == NOTHING)
		return false;
	*s = (struct idle){ .finding = finding, .tx = NOTHING };
	for (uint32_t i = 0; i < all->txs; i++) {
		uint32_t x = all->tx[i].tx;
		if (all->tx[i].finding != finding || x <= last)
			continue;
		s->tx = s->tx == NOTHING || x < s->tx ? x : s->tx;
		end = end == NOTHING || x > end ? x : end;
		s->lost++;
	}
	if (s->tx == NOTHING)
		return false;
	s->fits = fits(c, f, last, s);
	s->span = c->tx[end].t - c->tx[s->tx].t;
	measure(c, f, s);
	look_around(c, all, f, s);
	s->alive = precedents_made(c, f->from, f->to, c->tx[s->tx].t, c->tx[end].t);
	return true;
}

/* Nobody had said anything, and resets were made towards both sides. */
static bool reset_both(const struct conn *c, const struct findings *all, uint32_t finding, struct idle *s)
{
	const struct finding *f = &all->list[finding];

	if (f->kind != KIND_GENERATED || strcmp(f->rule, "resets_both") != 0 || f->tx == NOTHING)
		return false;
	*s = (struct idle){ .finding = finding, .tx = f->tx, .lost = f->count, .both = true };
	for (uint32_t i = 0; i < f->tx; i++)
		if (c->tx[i].fate_to == FATE_DROPPED && c->tx[f->tx].t - c->tx[i].t < IDLE_NS)
			return false;
	measure(c, f, s);
	return s->silence >= IDLE_NS;
}

bool idle_find(const struct conn *c, const struct findings *all, struct idle *s)
{
	for (uint32_t i = 0; i < all->n; i++) {
		const struct finding *f = &all->list[i];
		bool lost = f->kind == KIND_DROPPED || (f->kind == KIND_UNDECIDED && strcmp(f->rule, "gone") == 0 && f->doubtful);
		if (lost && f->from != NO_POINT && !(f->reasons & WHY_SYN_PROXY) && (f->what == WHAT_DATA || f->what == WHAT_FIN || f->what == WHAT_ACK) &&
		    since(c, all, i, s))
			return true;
	}
	for (uint32_t i = 0; i < all->n; i++)
		if (reset_both(c, all, i, s))
			return true;
	return false;
}

/*
 * A claim needs more than a silence before the loss: that the device answered what it did not know any more, or that it let others pass meanwhile; and
 * that no silence as long was survived.
 */
static enum confidence how_sure(const struct finding *f, const struct idle *s)
{
	bool told = s->reset || (s->alive && s->lost >= LOST && s->fits);

	if (!finding_claims(f) || !told || s->silence <= s->survived || (s->own && s->silence < 2 * s->survived))
		return POSSIBLE;
	return LIKELY;
}

void idle_judge(const struct conn *c, struct findings *out)
{
	struct idle s;

	if (!idle_find(c, out, &s) || (!s.reset && !s.both && s.lost < LOST))
		return;
	struct finding *f = &out->list[s.finding];
	if (s.silence >= IDLE_NS && s.silence > s.survived / 2) {
		struct seen seen = { KIND_IDLE_TIMEOUT, WHAT_CONNECTION, NO_DIRECTION, f->from, f->to, NO_POINT, (uint8_t)how_sure(f, &s), 0, s.tx, f->odds,
			"idle_timeout" };
		findings_new(out, &seen);
	} else if (finding_claims(f) && !s.reset && !s.both && s.fits && s.span >= LOST_NS) {
		f->rule = "state_lost";
	}
}

static void say_end(const struct idle *s, unsigned dir, struct words *w)
{
	if (s->both) {
		words_say(w, " when the device there reset both sides, though nobody had said anything: its idle timeout may have been over.");
		return;
	}
	words_say(w, "; what the %s said then did not pass%s, and ", words_host(dir), s->other_way ? ", nor what the other side said" : "");
	words_say(w, s->reset ? "was answered there with a refusal: the device no longer knew the connection."
	    : "nothing said so: the device had forgotten the connection, and drops what it does not know.");
}

void idle_say(const struct conn *c, const struct findings *all, struct finding *f, struct words *w)
{
	struct words m = words_into(f->missing, sizeof f->missing);
	struct idle s;

	if (!idle_find(c, all, &s))
		return;
	words_say(w, "Nothing had crossed between %s and %s for ", words_point(c, f->from), words_point(c, f->to));
	words_duration(w, s.silence);
	say_end(&s, all->list[s.finding].dir, w);
	if (s.survived >= s.silence / 4) {
		words_say(w, " A silence of ");
		words_duration(w, s.survived);
		words_say(w, " had still been survived %s%s", s.own ? "before" : "by a connection to this server",
		    s.survived < s.silence ? ": the limit lies between the two." : ".");
	}
	if (f->confidence == POSSIBLE)
		words_say(&m, "the idle timeout of the device between %s and %s, and its session table or log at that time", words_point(c, f->from),
		    words_point(c, f->to));
}

void idle_say_lost(const struct conn *c, const struct findings *all, const struct finding *f, struct words *w)
{
	struct idle s;

	if (!idle_find(c, all, &s) || &all->list[s.finding] != f)
		return;
	words_say(w, " Before that they had passed; since ");
	words_duration(w, c->tx[s.tx].t - c->tx[0].t);
	words_say(w, " after the beginning nothing of the %s did%s, and nothing was said in answer: the device lost the connection's state, or blocks it%s ",
	    words_host(f->dir), s.other_way ? ", nor of the other side" : "", s.alive ? "." : ", or the link was down.");
	words_say(w, s.alive ? "New connections did pass meanwhile." : "Whether others passed meanwhile is not in the captures.");
}

bool idle_verdict(const struct conn *c, const struct findings *all, struct words *w)
{
	const struct finding *f = findings_find(all, KIND_IDLE_TIMEOUT, -1, -1);
	struct idle s;

	if (!f || !idle_find(c, all, &s))
		return false;
	words_say(w, "Idle timeout between %s and %s: after ", words_point(c, f->from), words_point(c, f->to));
	words_duration(w, s.silence);
	words_say(w, " of silence the device there no longer knew the connection and %s.", s.reset ? "answered the next packet with a reset"
	    : "dropped what came");
	return true;
}
