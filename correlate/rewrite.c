#include "correlate/judge.h"

#include <stdio.h>
#include <string.h>

#include "correlate/odds.h"
#include "correlate/words.h"

/* "Field seq was shifted by one number in 3 packets of the client." */
static void say_what(const struct change *x, struct words *w)
{
	static const char *const verb[] = {
		[HABIT_NONE] = "was rewritten in",
		[HABIT_REWRITTEN] = "was rewritten in",
		[HABIT_SHIFTED] = "was shifted by one number in",
		[HABIT_NOT_SHIFTED] = "was not shifted with the acknowledgment number in",
		[HABIT_CLAMPED] = "was lowered in",
		[HABIT_SET] = "was set to one value in",
		[HABIT_CLEARED] = "was cleared in",
		[HABIT_MARKED] = "was marked in",
		[HABIT_STRIPPED] = "was stripped from",
		[HABIT_INSERTED] = "was put into",
	};
	char name[16];

	words_say(w, "Field %s %s %u packet%s of the %s.", field_name((enum field)x->field, x->option, name), verb[x->habit], x->count,
	    x->count == 1 ? "" : "s", words_host(x->dir));
}

/*
 * What a signature covers cannot be changed without the key: RFC 2385 2, RFC 5925 5.1. It is no more a signature if it was changed as well. Ends that
 * have agreed to (RFC 6978) leave addresses and ports out of it, never the sequence numbers.
 */
static void say_signature(const struct changes *all, const struct change *x, unsigned kind, struct words *w)
{
	bool here = compared_option(&all->compared[changes_at(x->from, x->to, x->dir)], kind);

	for (uint32_t i = 0; i < all->n; i++) {
		const struct change *o = &all->list[i];
		here &= !(o->from == x->from && o->to == x->to && o->dir == x->dir && o->field == FIELD_OTHER && o->option == kind);
	}
	if (!here)
		return;
	words_say(w, " The packets are signed (%s), and the signature, which covers this, was left as it is: the %s drops them",
	    kind == OPTION_MD5 ? "TCP MD5, RFC 2385" : "TCP-AO, RFC 5925", words_host(!x->dir));
	words_say(w, kind == 29 && x->field != FIELD_SEQ && x->field != FIELD_ACK ? ", unless both ends use TCP-AO-NAT (RFC 6978)." : ".");
}

/* What comes of it. */
static void say_so(const struct conn *c, const struct changes *all, const struct change *x, struct words *w)
{
	switch ((enum field)x->field) {
	case FIELD_SACK:
		if (x->habit == HABIT_NOT_SHIFTED)
			words_say(w, " The device between %s and %s shifts sequence numbers but not SACK blocks: this breaks SACK (RFC 2018). The %s cannot make "
			    "sense of them: it repeats what had arrived, or waits for its timer.", words_point(c, x->from), words_point(c, x->to),
			    words_host(!x->dir));
		break;
	case FIELD_OTHER:
		if (x->option == 30 && x->habit == HABIT_STRIPPED)
			words_say(w, " The connection falls back to plain TCP (RFC 8684 3.7).");
		if ((x->option == 34 || x->option == OPTION_EXP_FASTOPEN) && x->habit == HABIT_STRIPPED)
			words_say(w, " Fast Open cannot work without it (RFC 7413).");
		if (x->option == 172 || x->option == 174)
			words_say(w, " Accurate ECN goes on with the ACE field alone (RFC 9768 3.2.3).");
		break;
	case FIELD_SRC:
	case FIELD_DST:
	case FIELD_SPORT:
	case FIELD_DPORT:
	case FIELD_SEQ:
	case FIELD_ACK:
		say_signature(all, x, OPTION_MD5, w);
		say_signature(all, x, OPTION_AO, w);
		break;
	default:
		break;
	}
}

/* The device that breaks SACK, named once, from the client's side. */
static void add_sack(const struct conn *c, const struct changes *all, struct findings *out)
{
	struct words w = { out->verdict, strlen(out->verdict), sizeof out->verdict };

	for (uint32_t i = 0; i < all->n; i++) {
		const struct change *x = &all->list[i];
		if (x->field != FIELD_SACK || x->habit != HABIT_NOT_SHIFTED)
			continue;
		words_say(&w, " The device between %s and %s shifts sequence numbers but not SACK blocks: this breaks SACK (RFC 2018).",
		    words_point(c, x->from < x->to ? x->from : x->to), words_point(c, x->from < x->to ? x->to : x->from));
		out->severity = 3;
		return;
	}
}

void judge_changes(const struct conn *c, const struct changes *changed, struct findings *out)
{
	for (uint32_t i = 0; i < changed->n; i++) {
		const struct change *x = &changed->list[i];
		struct seen s = { KIND_MODIFIED, WHAT_ANY, x->dir, x->from, x->to, NO_POINT, CERTAIN, 0, NOTHING, ODDS_CERTAIN,
			x->habit == HABIT_NOT_SHIFTED ? "sack_not_shifted" : "modified" };
		/* These are in tos and flags; what flows tell is not told twice. */
		if (x->field == FIELD_DSCP || x->field == FIELD_ECN || x->field == FIELD_SYN_ECN || x->by_flows)
			continue;
		struct finding *f = findings_new(out, &s);
		if (!f)
			return;
		struct words w = words_into(f->text, sizeof f->text);
		f->count = x->count;
		say_what(x, &w);
		say_so(c, changed, x, &w);
	}
	add_sack(c, changed, out);
}
