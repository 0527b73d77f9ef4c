#include "correlate/finding.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/reason.h"

void findings_free(struct findings *f)
{
	free(f->list);
	free(f->tx);
	memset(f, 0, sizeof *f);
}

void findings_clear(struct findings *f)
{
	f->n = f->txs = 0;
	f->nomem = false;
	f->outcome = "";
	f->severity = 0;
	f->verdict[0] = '\0';
}

static bool same_place(const struct finding *x, const struct seen *s)
{
	return ((x->reasons ^ s->reasons) & (WHY_F5 | WHY_SYN_PROXY)) == 0 && x->kind == s->kind && x->what == s->what && x->dir == s->dir &&
	    x->from == s->from && x->to == s->to && x->point == s->point &&
	    (x->confidence == POSSIBLE) == (s->confidence == POSSIBLE);
}

static struct finding *make(struct findings *f, const struct seen *s)
{
	if (f->n == f->room) {
		uint32_t room = f->room ? f->room * 2 : 16;
		struct finding *x = realloc(f->list, room * sizeof *x);
		if (!x)
			return NULL;
		f->list = x;
		f->room = room;
	}
	struct finding *x = &f->list[f->n++];
	*x = (struct finding){ .kind = (uint8_t)s->kind, .what = s->what, .dir = s->dir, .from = s->from, .to = s->to, .point = s->point,
		.confidence = s->confidence, .rule = s->rule, .odds = s->odds, .tx = s->tx, .assumptions = "" };
	return x;
}

static bool add_tx(struct findings *f, uint32_t finding, uint32_t tx)
{
	if (f->txs == f->tx_room) {
		uint32_t room = f->tx_room ? f->tx_room * 2 : 64;
		struct finding_tx *x = realloc(f->tx, room * sizeof *x);
		if (!x)
			return false;
		f->tx = x;
		f->tx_room = room;
	}
	f->tx[f->txs++] = (struct finding_tx){ finding, tx };
	return true;
}

static struct finding *count(struct findings *f, struct finding *x, const struct seen *s)
{
	if (!x) {
		f->nomem = true;
		return NULL;
	}
	if (s->tx != NOTHING && !add_tx(f, (uint32_t)(x - f->list), s->tx))
		f->nomem = true;
	x->count++;
	x->reasons |= s->reasons;
	if (s->confidence < x->confidence)
		x->confidence = s->confidence;
	if (s->odds < x->odds)
		x->odds = s->odds;
	return x;
}

struct finding *findings_add(struct findings *f, const struct seen *s)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (same_place(&f->list[i], s))
			return count(f, &f->list[i], s);
	return findings_new(f, s);
}

struct finding *findings_new(struct findings *f, const struct seen *s)
{
	return count(f, make(f, s), s);
}

const struct finding *findings_find(const struct findings *f, enum kind kind, int what, int dir)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->list[i].kind == kind && !(f->list[i].reasons & WHY_SYN_PROXY) && (what < 0 || f->list[i].what == what) &&
		    (dir < 0 || f->list[i].dir == dir) && (kind == KIND_UNDECIDED || f->list[i].confidence != POSSIBLE))
			return &f->list[i];
	return NULL;
}

const char *kind_name(enum kind k)
{
	static const char *const name[] = { "dropped", "generated", "modified", "sent", "unanswered", "retransmitted", "not_captured",
		"capture_duplicate", "port_reuse", "stale_state", "keepalive", "zero_window", "duplicated", "resegmented", "terminated", "originated",
		"inserted", "syn_proxy", "ecn_bleached", "corrupted", "reordered", "fragmented", "idle_timeout", "pmtu_blackhole", "undecided" };

	return name[k];
}

const char *confidence_name(enum confidence c)
{
	static const char *const name[] = { "possible", "likely", "certain" };

	return name[c];
}
