/* Patterns as sentences. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "correlate/pattern.h"
#include "correlate/words.h"

#define DAY_NS (INT64_C(86400) * 1000000000)

/* "14:02:11.123", with the day where the pattern spans days. */
static void say_time(struct words *w, int64_t ns, bool day)
{
	time_t s = (time_t)(ns / 1000000000 - (ns % 1000000000 < 0));
	int64_t ms = (ns - (int64_t)s * 1000000000) / 1000000;
	struct tm tm;
	char text[48];

	gmtime_r(&s, &tm);
	strftime(text, sizeof text, day ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
	words_say(w, "%s.%03d", text, (int)ms);
}

static void say_list(struct words *w, unsigned i, unsigned n)
{
	words_say(w, "%s", i == 0 ? "" : i + 1 < n ? ", " : " and ");
}

static void say_ports(struct words *w, const struct pattern_hull *h, bool server)
{
	words_say(w, "%s port%s ", server ? "" : " to", h->ports == 1 ? "" : "s");
	if (h->ports == 0)
		words_say(w, "%u-%u", h->port[0], h->port[1]);
	for (unsigned i = 0; i < h->ports; i++) {
		say_list(w, i, h->ports);
		words_say(w, "%u", h->port[i]);
	}
}

static void say_prefix(struct words *w, const struct pattern_rows *k, const struct pattern_hull_side *s)
{
	const struct cover_addr *a = &k->addr[s->one];
	char text[64];

	if (s->bits == 0)
		words_say(w, "any IPv%u address", a->family);
	else
		words_say(w, "%s", cover_text(text, sizeof text, a, s->bits));
}

static void say_set(struct words *w, const struct pattern_rows *k, const struct pattern_hull_side *s)
{
	for (unsigned i = 0; i < s->addrs; i++) {
		const struct cover_addr *a = &k->addr[s->addr[i]];
		char text[64];

		say_list(w, i, s->addrs);
		words_say(w, "%s", cover_text(text, sizeof text, a, cover_bits(a->family)));
	}
}

static void say_feature(struct words *w, enum pattern_feature f, unsigned value)
{
	static const char *const name[FEATURES] = { "ECN", "DSCP", "MSS", "window scale", "timestamps", "SACK" };

	if (f == FEATURE_DSCP)
		words_say(w, " with DSCP %u", value);
	else if (value == 0)
		words_say(w, " whose SYN is without %s", name[f]);
	else if (f == FEATURE_MSS)
		words_say(w, " whose SYN has MSS %u", value);
	else if (f == FEATURE_WS)
		words_say(w, " whose SYN has window scale %u", value - 1);
	else
		words_say(w, " whose SYN %s %s", f == FEATURE_ECN ? "asks for" : "offers", name[f]);
}

/* since: nothing like it passed afterwards; until: nothing like it passed before. */
static void say_when(struct words *w, const struct pattern_hull *h, bool since, bool until)
{
	bool days = h->from_ns / DAY_NS != h->to_ns / DAY_NS;

	words_say(w, since ? " since " : until ? " until " : " from ");
	say_time(w, until && !since ? h->to_ns : h->from_ns, days);
	if (since || until)
		return;
	words_say(w, " to ");
	say_time(w, h->to_ns, days);
}

void pattern_describe(const struct pattern_rows *k, const struct pattern_hull *h, uint32_t atoms, bool since, bool until, char *out, size_t size)
{
	struct words w = words_into(out, size);

	if (atoms >> ATOM_CLIENT & 1) {
		words_say(&w, " from ");
		say_prefix(&w, k, &h->side[0]);
	}
	if (atoms >> ATOM_CLIENTS & 1) {
		words_say(&w, " from ");
		say_set(&w, k, &h->side[0]);
	}
	if (atoms >> ATOM_SERVER & 1) {
		words_say(&w, " to ");
		say_prefix(&w, k, &h->side[1]);
	}
	if (atoms >> ATOM_SERVERS & 1) {
		words_say(&w, " to ");
		say_set(&w, k, &h->side[1]);
	}
	if (atoms >> ATOM_PORT & 1)
		say_ports(&w, h, atoms >> ATOM_SERVER & 1 || atoms >> ATOM_SERVERS & 1);
	for (unsigned f = 0; f < FEATURES; f++)
		if (atoms >> (ATOM_FEATURE + f) & 1)
			say_feature(&w, (enum pattern_feature)f, h->feature[f] - 1u);
	if (atoms >> ATOM_SIZE & 1)
		words_say(&w, " with segments of %u bytes or more (%u passed)", h->lost_len, h->passed_len);
	if (atoms >> ATOM_SILENCE & 1) {
		words_say(&w, " after ");
		words_duration(&w, h->silence_ns);
		words_say(&w, " of silence or more (");
		words_duration(&w, h->passed_ns);
		words_say(&w, " passed)");
	}
	if (atoms >> ATOM_BEGUN & 1) {
		words_say(&w, " begun by ");
		say_time(&w, h->begun_ns, false);
	}
	if (atoms >> ATOM_TIME & 1)
		say_when(&w, h, since, until);
}

/* "none of 340", "2 of 340" */
static void say_part(struct words *w, uint32_t hit, uint32_t of, const char *which)
{
	if (of == 0)
		return;
	if (hit == 0)
		words_say(w, "; none of %u %s", of, which);
	else
		words_say(w, "; %u of %u %s", hit, of, which);
}

/* Other descriptions that are as good: which of them matters is not to be seen. */
static void say_others(struct words *w, const struct pattern_rows *k, const struct pattern *p)
{
	for (unsigned i = 0; i < p->others; i++) {
		bool before = false, after = false;
		char text[300];

		for (uint32_t r = 0; r < k->n && p->other[i] >> ATOM_TIME & 1; r++) {
			bool like = pattern_within(&p->hull, &k->row[r], p->other[i] & ~(1u << ATOM_TIME));
			before |= like && k->row[r].to_ns < p->hull.from_ns;
			after |= like && k->row[r].from_ns > p->hull.to_ns;
		}
		pattern_describe(k, &p->hull, p->other[i], !after, !before, text, sizeof text);
		words_say(w, "%s%s", i ? ", or" : "; just as well: all", text);
	}
}

/* "all 6 connections", "7 of 18 connections (2 undecided)" */
static void say_count(struct words *w, const struct pattern *p)
{
	if (p->state == PATTERN_ALL || p->state == PATTERN_EVERY)
		words_say(w, "all %u connections", p->of);
	else
		words_say(w, "%u of %u connections", p->hit, p->of);
	if (p->undecided > 0 && p->undecided < p->hit)
		words_say(w, " (%u undecided)", p->undecided);
}

static void say_class(struct words *w, const struct pattern_rows *k, const struct pattern *p)
{
	char text[400];

	pattern_describe(k, &p->hull, p->atoms, p->after == 0, p->before == 0, text, sizeof text);
	words_say(w, "%s", text);
	say_part(w, p->before_hit, p->before, "such before");
	say_part(w, p->after_hit, p->after, "such after");
	say_part(w, p->rest_hit, p->rest, p->rest == 1 ? "other" : "others");
	if (p->state == PATTERN_ALL)
		say_others(w, k, p);
}

void pattern_say(const struct pattern_rows *k, const struct pattern *p, char *out, size_t size)
{
	struct words w = words_into(out, size);

	say_count(&w, p);
	if (p->state == PATTERN_EVERY)
		words_say(&w, " that came by%s", p->part ? "; later ones passed" : "");
	else if (p->state == PATTERN_SPREAD)
		words_say(&w, "; no address, port, option or time tells which");
	else
		say_class(&w, k, p);
}
