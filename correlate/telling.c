#include "correlate/telling.h"

#include <string.h>

#include "correlate/answers.h"
#include "correlate/black_hole.h"
#include "correlate/damage.h"
#include "correlate/datagram.h"
#include "correlate/disorder.h"
#include "correlate/ecn.h"
#include "correlate/idle.h"
#include "correlate/one_point.h"
#include "correlate/origin.h"
#include "correlate/reason.h"
#include "correlate/tell_proxy.h"
#include "correlate/words.h"

#define ANSWERS_AMONG 64        /* transmissions behind a repeated SYN: one of these answers it first */
#define REPEATS 64              /* that are followed to see whether one came through */

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
		unsigned n = 0;
		for (k = c->tx[all->tx[i].tx].repeated_by; k != NOTHING && n < REPEATS; k = c->tx[k].repeated_by, n++)
			if (c->tx[k].reach + 1u == c->ways[c->tx[k].dir])
				break;
		if (k == NOTHING || n == REPEATS)
			return false;
	}
	return true;
}

/* ---- fragments ---- */

/* How many of the segments in a finding did a point record in part? *tx: the first of them. */
static uint32_t count_torn(const struct conn *c, const struct findings *all, const struct finding *f, uint8_t point, uint32_t *tx)
{
	uint32_t index = (uint32_t)(f - all->list), n = 0;

	for (uint32_t i = all->txs; i-- > 0;)
		if (all->tx[i].finding == index && conn_torn(c, all->tx[i].tx, point)) {
			*tx = all->tx[i].tx;
			n++;
		}
	return n;
}

/* What a point lacks of the segments that it recorded in part. */
static void say_torn(const struct conn *c, const struct findings *all, const struct finding *f, uint8_t point, struct words *w)
{
	uint32_t x, n = count_torn(c, all, f, point, &x);
	struct lack l;

	if (n == 0)
		return;
	if (n > 1 && n == f->count) {
		words_say(w, " %s has fragments of each, but none is whole.", words_point(c, point));
	} else if (n > 1) {
		words_say(w, " Of %u of them %s has fragments, but none is whole.", n, words_point(c, point));
	} else if (datagram_lack(c, x, point, &l)) {
		const struct pkt *p = &c->pkt[c->tx[x].first];
		words_say(w, " What %s lacks is ", words_point(c, point));
		if (l.missing == 1)
			words_say(w, "one fragment of %u (bytes %u-%u)", l.all, l.from, l.to);
		else
			words_say(w, "%u fragments of %u (from byte %u on)", l.missing, l.all, l.from);
		words_say(w, " of the segment with sequence number %u.", p->seq + c->shift[p->point][p->dir]);
	}
	if (f->kind == KIND_DROPPED && f->reasons & WHY_FIRST_ONLY)
		words_say(w, " Only first fragments pass: later ones have no ports, so a filter or a NAT that does not put them together first drops them all.");
}

/* ---- bytes of segments that were cut otherwise ---- */

/* Which bytes of which segment did not come, while the others of it came in other packets. */
static void say_rests(const struct conn *c, const struct findings *all, const struct finding *f, struct words *w)
{
	uint32_t index = (uint32_t)(f - all->list), n = 0, x = NOTHING;

	for (uint32_t i = 0; i < all->txs; i++)
		if (all->tx[i].finding == index && c->tx[all->tx[i].tx].rest) {
			x = n ? x : all->tx[i].tx;
			n++;
		}
	if (n == 0)
		return;
	const struct tx *r = &c->tx[x], *base = &c->tx[r->origin];
	const struct pkt *p = &c->pkt[base->first];
	const char *these = n > 1 ? "The first are" : f->count > 1 ? "Among them are" : "These are";
	words_say(w, " %s bytes %lld-%lld of a segment of %lld (sequence number %u)", these, (long long)(r->off - base->off), (long long)(r->end - base->off), (long long)(base->end - base->off),
	    p->seq + c->shift[p->point][p->dir]);
	if (n > 1)
		words_say(w, ", of %u gaps in all", n);
	words_say(w, "; the others of it are there in other packets.");
}

static void say_resegmented(const struct conn *c, struct finding *f, struct words *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->txs; i++)
		n += c->tx[i].dir == f->dir && !c->tx[i].rest && conn_others(&c->tx[i], f->from) && conn_at(c, i, f->to);
	words_count(w, f->count, f->what);
	words_say(w, " of the %s came to %s as %u other%s, %s between %s and %s: offload at either end (TSO, GSO, GRO, LRO), or a device. No byte is lost by "
	    "that.",
	    words_host(f->dir), words_point(c, f->to), n, n == 1 ? "" : "s", n > f->count ? "cut up" : n < f->count ? "put together" : "cut otherwise",
	    words_point(c, f->from), words_point(c, f->to));
}

/* ---- what is said of each finding ---- */

static void say_dropped(const struct conn *c, struct findings *all, struct finding *f, struct words *w)
{
	if (f->reasons & WHY_SYN_PROXY) {
		words_count(w, f->count, f->what);
		words_say(w, " of the %s ended at the SYN proxy between %s and %s, which answers itself.", words_host(f->dir), words_point(c, f->from),
		    words_point(c, f->to));
		return;
	}
	words_count(w, f->count, f->what);
	words_say(w, " of the %s %s recorded at %s and never came to %s: dropped between the two", words_host(f->dir), f->count == 1 ? "was" : "were",
	    words_point(c, f->from), words_point(c, f->to));
	if (healed(c, all, f))
		words_say(w, "; a repeat came through");
	words_say(w, ".");
	say_torn(c, all, f, f->to, w);
	say_rests(c, all, f, w);
	if (f->reasons & WHY_WINDOW)
		words_say(w, " (%s had recorded its last packet before some of them: an earlier one of the same was lost there; --running %s would settle it.)",
		    words_point(c, f->to), words_point(c, f->to));
}

static void say_answer(const struct conn *c, const struct tx *x, struct words *w)
{
	uint32_t syn = judge_bare_answer(c, (uint32_t)(x - c->tx));
	struct answer a;

	if (syn == NOTHING)
		return;
	words_say(w, " It answers a SYN without being a SYN-ACK, ");
	/* After which of several it came is told with which it answers. */
	if (!answers_find(c, (uint32_t)(x - c->tx), &a)) {
		words_duration(w, x->t - c->tx[syn].t);
		words_say(w, " after it, ");
	}
	if (x->stray_ack)
		words_say(w, "with numbers of another connection.");
	else
		words_say(w, "and acknowledges exactly this SYN (ISN + 1): whoever made it held a half-open connection for it (RFC 9293 3.10.7.4).");
}

static void say_generated(const struct conn *c, struct finding *f, struct words *w)
{
	if (f->reasons & WHY_SYN_PROXY) {
		words_count(w, f->count, f->what);
		words_say(w, " in the name of the %s %s made by the SYN proxy between %s and %s.", words_host(f->dir), f->count == 1 ? "was" : "were",
		    words_point(c, f->from), words_point(c, f->to));
		return;
	}
	if (f->what == WHAT_ICMP) {
		words_count(w, f->count, f->what);
		words_say(w, " appeared at %s and never passed %s: made between the two, not by the %s.", words_point(c, f->to), words_point(c, f->from),
		    words_host(f->dir));
		return;
	}
	words_count(w, f->count, f->what);
	words_say(w, " in the name of the %s appeared at %s and never passed %s: made between the two, not by the %s.", words_host(f->dir), words_point(c, f->to),
	    words_point(c, f->from), words_host(f->dir));
	say_answer(c, first_of(c, f), w);
}

static void say_sent(const struct conn *c, struct finding *f, struct words *w)
{
	words_count(w, f->count, f->what);
	if (f->reasons & WHY_F5)
		words_say(w, " in the name of the %s %s made by the BIG-IP at %s itself.", words_host(f->dir), f->count == 1 ? "was" : "were",
		    words_point(c, f->point));
	else
		words_say(w, " %s made by the %s itself: %s, the point nearest to it, recorded %s first.", f->count == 1 ? "was" : "were",
		    words_sender(c, f->dir, false), words_point(c, f->point), f->count == 1 ? "it" : "them");
	say_answer(c, first_of(c, f), w);
}

/* Nothing shows that a point was capturing at the time. */
static void say_window(struct words *w, const struct conn *c, unsigned point)
{
	if (facts_comparable(&c->facts->point[point]))
		words_say(w, "%s recorded nothing at the time, and may not have been capturing.", words_point(c, point));
	else
		words_say(w, "the clock of %s cannot be compared with the others', and whether it was capturing at the time is not known.", words_point(c, point));
}

/* What one point of several holds, and what would settle it. */
static void say_undecided_at(const struct conn *c, const struct finding *f, struct words *w, struct words *m)
{
	bool out = strcmp(f->rule, "sent") == 0;

	if (f->reasons & WHY_INSIDE) {
		words_say(w, " %s of the device that %s was recorded on, and %s on its other side: the device %s %s, or the capture missed the rest.",
		    out ? "went out" : "came in to one side", words_point(c, f->point), f->count == 1 ? "is not" : "are not",
		    out ? "made" : "took", f->count == 1 ? "it" : "them");
		words_say(m, "the two sides of %s apart: --split at import", words_point(c, f->point));
	} else if (out) {
		words_say(w, " came from beyond %s, but %s.", words_point(c, f->point), f->reasons & WHY_TTL ? "with a TTL that is not the host's"
		    : "it cannot be told whether the host made it or a device beyond");
		words_say(m, "a capture on the %s itself", words_host(f->dir));
	} else {
		words_say(w, " came to %s and nothing came back, but something may lie between it and the server.", words_point(c, f->point));
		words_say(m, "a capture on the server itself");
	}
}

static void say_gone(const struct conn *c, const struct findings *all, const struct finding *f, struct words *w)
{
	words_say(w, " of the %s %s at %s and not%s at %s: ", words_host(f->dir), f->count == 1 ? "is" : "are", words_point(c, f->from),
	    f->reasons & WHY_NO_FRAGMENTS ? " whole" : "", words_point(c, f->to));
	if (f->reasons & WHY_NO_FRAGMENTS) {
		words_say(w, "it recorded first fragments, but no later IP fragment at all. A device drops them, or its capture filter left them out: "
		    "they have no ports, and a filter with a port never matches them.");
		return;
	}
	if (f->reasons & WHY_WINDOW)
		say_window(w, c, f->to);
	else
		words_say(w, "lost on the way, or only missed by the capture at %s.", words_point(c, f->to));
	say_torn(c, all, f, f->to, w);
	say_rests(c, all, f, w);
}

static void say_appeared(const struct conn *c, const struct finding *f, struct words *w)
{
	if (f->reasons & WHY_DAMAGED)
		words_say(w, " of the %s %s at %s with a wrong TCP checksum, and not at %s before: most likely damaged between the two, in its ports, addresses or "
		    "numbers.", words_host(f->dir), f->count == 1 ? "is" : "are", words_point(c, f->to), words_point(c, f->from));
	else
		words_say(w, " of the %s %s at %s and not at %s before: made between the two, or only missed by the capture at %s.", words_host(f->dir),
		    f->count == 1 ? "is" : "are", words_point(c, f->to), words_point(c, f->from), words_point(c, f->from));
}

/* What would settle a difference between two points: the one whose capture lacks something, and the other. */
static void say_missing(const struct conn *c, const struct finding *f, unsigned point, unsigned other, struct words *m)
{
	const char *at = words_point(c, point);

	if (f->reasons & WHY_NO_FRAGMENTS)
		words_say(m, "a capture at %s whose filter lets later fragments pass: 'tcp port %u or ip[6:2] & 0x1fff != 0 or ip6[6] == 44'", at,
		    c->flow[f->to] ? c->flow[f->to]->port[1] : 0);
	else if (f->reasons & WHY_WINDOW && c->facts->point[point].damaged)
		words_say(m, "the whole capture of %s: a file of it is damaged", at);
	else if (f->reasons & WHY_WINDOW)
		words_say(m, "to know that %s was capturing at the time: --running %s says so", at, at);
	else if (f->reasons & WHY_INSIDE)
		words_say(m, "the two sides of %s apart: --split at import", words_point(c, other));
	else if (f->reasons & WHY_ORDER)
		words_say(m, "to know which of %s and %s is nearer to the client: --path says so", words_point(c, f->from), words_point(c, f->to));
	else if (f->reasons & WHY_ELSEWHERE)
		words_say(m, "proof that these hosts' packets come by %s at all: it holds none of them", at);
	else if (f->reasons & WHY_UNREAD)
		words_say(m, "a capture at %s with a larger snaplen (-s 256), and with ICMP (or icmp or icmp6 in its filter)", at);
	else
		words_say(m, "a longer or a loss-free capture at %s, or its drop counters", at);
}

static void say_undecided(const struct conn *c, const struct findings *all, struct finding *f, struct words *w)
{
	struct words m = words_into(f->missing, sizeof f->missing);

	words_count(w, f->count, f->what);
	if (f->point != NO_POINT && c->facts->points > 1) {
		say_undecided_at(c, f, w, &m);
	} else if (strcmp(f->rule, "gone") == 0) {
		say_gone(c, all, f, w);
		say_missing(c, f, f->to, f->from, &m);
	} else {
		say_appeared(c, f, w);
		say_missing(c, f, f->from, f->to, &m);
	}
}

static void say_not_captured(const struct conn *c, const struct findings *all, struct finding *f, struct words *w)
{
	uint32_t x;

	words_count(w, f->count, f->what);
	words_say(w, " of the %s passed %s, but its capture does not hold %s", words_host(f->dir), words_point(c, f->point), f->count == 1 ? "it" : "them");
	words_say(w, f->reasons & WHY_WINDOW ? " (it was not running at the time)." : ": no loss on the network.");
	if (strcmp(f->rule, "another_way") == 0)
		words_say(w, " It holds nothing of this direction of the connection: that may go another way.");
	say_torn(c, all, f, f->point, w);
	say_rests(c, all, f, w);
	if (!c->facts->point[f->point].later && count_torn(c, all, f, f->point, &x))
		words_say(w, " It holds no later IP fragment at all: they have no ports, and a capture filter with a port leaves them out.");
}

static void say_reuse(const struct conn *c, struct finding *f, struct words *w)
{
	const struct facts *fc = c->facts;

	if (strcmp(f->rule, "recycled") == 0) {
		uint32_t next = fc->conn[c->index].next;
		words_say(w, "The client closed this connection with a reset and used the same ports again ");
		words_duration(w, fc->conn[next].start_ns - c->tx[f->tx].t);
		words_say(w, " later (connection %u).", next + 1);
		return;
	}
	uint32_t before = fc->conn[c->index].previous;

	words_say(w, "The same addresses and ports were used by connection %u until ", before + 1);
	words_duration(w, judge_reused_after(c));
	words_say(w, " before.");
}

static void say_stale(const struct conn *c, struct finding *f, struct words *w)
{
	const struct tx *x = first_of(c, f);
	bool rst = false;

	for (uint32_t i = f->tx + 1; i < c->txs; i++)
		rst |= c->tx[i].dir == C2S && c->tx[i].what == WHAT_RST;
	words_say(w, "The SYN was answered with a bare ACK that has numbers of an older connection on the same addresses and ports: %s still held that one "
	    "(challenge ACK, RFC 5961 4.2).", x->from == 0 && c->facts->points > 1 ? "the server" : "somebody");
	if (rst)
		words_say(w, " The client's RST cleared it.");
}

static void say_syn_proxy(const struct conn *c, struct finding *f, struct words *w)
{
	words_say(w, "A SYN proxy between %s and %s answered the client's SYN itself, and opened the connection to the server in the client's name",
	    words_point(c, f->from), words_point(c, f->to));
	if (c->shift[f->from][S2C] != c->shift[f->to][S2C])
		words_say(w, "; it shifts the server's sequence numbers by %u", c->shift[f->from][S2C] - c->shift[f->to][S2C]);
	words_say(w, ".");
}

static const char *assumption(const struct finding *f)
{
	if (f->reasons & WHY_F5)
		return "the F5 trailer is the BIG-IP's own";
	switch ((enum kind)f->kind) {
	case KIND_DROPPED:
	case KIND_GENERATED:
		return "there is no second path around the points";
	case KIND_SENT:
		return "nothing between the host and the point imitates the host";
	case KIND_UNANSWERED:
		return "nothing between the point and the host swallows packets";
	case KIND_TERMINATED:
	case KIND_ORIGINATED:
		return "there is no second path around the points";
	case KIND_RESEGMENTED:
		return "the same range of a connection's bytes is the same bytes: payload of other packets cannot be compared";
	default:
		return "";
	}
}

/* What the packet itself says of who made it (origin.h). */
static void tell_clues(const struct conn *c, struct finding *f)
{
	bool asked = f->kind == KIND_SENT || f->kind == KIND_GENERATED || f->kind == KIND_UNDECIDED;
	struct origin o;

	f->clues[0] = '\0';
	if (!asked || f->tx == NOTHING || f->reasons & (WHY_F5 | WHY_SYN_PROXY) || !origin_matters(c, f->tx))
		return;
	origin_find(c, f->tx, &o);
	origin_json(&o, f->clues, sizeof f->clues);
}

/* Is something said of transmission x itself? Then which SYN it answers is, too. */
static bool has_finding(const struct findings *all, uint32_t x)
{
	for (uint32_t i = 0; i < all->txs; i++) {
		enum kind k = all->list[all->tx[i].finding].kind;
		if (all->tx[i].tx == x && (k == KIND_SENT || k == KIND_GENERATED || k == KIND_UNDECIDED) && all->list[all->tx[i].finding].tx == x)
			return true;
	}
	return false;
}

/* Which SYN was answered (answers.h): told with the answer, and where a repeated SYN is told. */
static void tell_answers(const struct conn *c, const struct findings *all, struct finding *f, struct words *w)
{
	struct words j = words_into(f->answers, sizeof f->answers);
	bool repeat = f->kind == KIND_RETRANSMITTED && f->what == WHAT_SYN && f->dir == C2S;
	struct answer a;

	if (repeat) {
		for (uint32_t i = f->tx; i < c->txs && i < f->tx + ANSWERS_AMONG; i++)
			if (answers_find(c, i, &a) && !has_finding(all, i)) {
				words_say(w, " The first answer to it is %s %s.", strchr("AEIO", what_name(c->tx[i].what)[0]) ? "an" : "a", what_name(c->tx[i].what));
				answers_say(c, &a, w);
				answers_json(c, &a, &j);
				return;
			}
		return;
	}
	if (f->tx == NOTHING || (f->kind != KIND_SENT && f->kind != KIND_GENERATED && f->kind != KIND_UNDECIDED) || !answers_find(c, f->tx, &a))
		return;
	answers_json(c, &a, &j);
	if (c->facts->points > 1)
		answers_say(c, &a, w);
}

void telling_write(const struct conn *c, struct findings *all, struct finding *f)
{
	struct words w = words_into(f->text, sizeof f->text);

	f->assumptions = finding_claims(f) ? assumption(f) : "";
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
		words_count(&w, f->count, f->what);
		words_say(&w, " came to %s, and the %s behind it never answered.", words_point(c, f->point), words_sender(c, S2C, false));
		break;
	case KIND_RETRANSMITTED:
		words_say(&w, "The %s repeated ", words_sender(c, f->dir, false));
		words_count(&w, f->count, f->what);
		words_say(&w, ".");
		break;
	case KIND_NOT_CAPTURED:
		say_not_captured(c, all, f, &w);
		break;
	case KIND_CAPTURE_DUPLICATE:
		words_say(&w, "The capture at %s holds ", words_point(c, f->point));
		words_count(&w, f->count, f->what);
		words_say(&w, " twice.");
		break;
	case KIND_DUPLICATED:
		words_count(&w, f->count, f->what);
		words_say(&w, " of the %s %s doubled between %s and %s.", words_host(f->dir), f->count == 1 ? "was" : "were", words_point(c, f->from),
		    words_point(c, f->to));
		break;
	case KIND_REORDERED:
		disorder_say(c, f, &w);
		break;
	case KIND_FRAGMENTED:
		words_count(&w, f->count, f->what);
		words_say(&w, " of the %s came to %s in IP fragments, and had passed %s whole.", words_host(f->dir), words_point(c, f->to), words_point(c, f->from));
		break;
	case KIND_CORRUPTED:
		damage_say(c, f, &w);
		break;
	case KIND_RESEGMENTED:
		say_resegmented(c, f, &w);
		break;
	case KIND_PORT_REUSE:
		say_reuse(c, f, &w);
		break;
	case KIND_STALE_STATE:
		say_stale(c, f, &w);
		break;
	case KIND_TERMINATED:
	case KIND_ORIGINATED:
		tell_proxied(c, f, &w);
		break;
	case KIND_INSERTED:
		tell_inserted(c, f, &w);
		break;
	case KIND_SYN_PROXY:
		say_syn_proxy(c, f, &w);
		break;
	case KIND_ECN_BLEACHED:
		ecn_say(c, f, &w);
		break;
	case KIND_IDLE_TIMEOUT:
		idle_say(c, all, f, &w);
		break;
	case KIND_PMTU_BLACKHOLE:
		black_hole_say(c, all, f, &w);
		break;
	case KIND_KEEPALIVE:
		/* Some stacks probe a closed window with what looks like a keepalive. */
		words_say(&w, "The %s sent %u keepalive%s%s.", words_sender(c, f->dir, false), f->count, f->count == 1 ? "" : "s",
		    findings_find(all, KIND_ZERO_WINDOW, -1, !f->dir) ? " or probes of the closed window" : "");
		break;
	case KIND_ZERO_WINDOW:
		words_say(&w, "The %s closed its window (%u packet%s with window 0): its application did not read.", words_host(f->dir), f->count, f->count == 1 ? "" : "s");
		break;
	case KIND_UNDECIDED:
		if (c->facts->points == 1)
			one_point_say(c, f, &w);
		else
			say_undecided(c, all, f, &w);
		break;
	default:
		break;
	}
	tell_clues(c, f);
	tell_answers(c, all, f, &w);
	if (f->tx != NOTHING && tx_is_reset(&c->tx[f->tx]) && (f->kind == KIND_SENT || f->kind == KIND_GENERATED || f->kind == KIND_UNDECIDED))
		words_f5(&w, c, f->tx);
}
