#include "correlate/clock_note.h"

#include <stdlib.h>

#include "correlate/words.h"

#define HOUR_NS INT64_C(3600000000000)
#define DAY_NS (24 * HOUR_NS)
#define YEAR_NS (365 * DAY_NS)
#define ZONE_NS (HOUR_NS / 2)           /* time zones are whole or half hours apart ... */
#define ZONE_MAX_NS (26 * HOUR_NS)      /* ... and at most 26 hours (UTC-12 to UTC+14) */
#define SET_BADLY_NS INT64_C(90000000000)       /* by hand, or without NTP for long */
#define UNSET_NS INT64_C(1262304000000000000)   /* 2010-01-01: a clock without a battery begins at 1970, 1980, 2000 or when its firmware was made */
#define COARSE_NS 1000000

static void also(struct words *w)
{
	if (w->n > 0)
		words_say(w, "; ");
}

void clock_doubt(const struct facts *f, const struct point *p, uint32_t k, char *out, size_t size)
{
	const struct clock_map *m = &p->piece[k];
	const char *reference = f->point[f->reference].name;
	struct words w = words_into(out, size);

	if (p->clock_note[0] && !p->reference)
		words_say(&w, "%s", p->clock_note);
	else if (m->state == CLOCK_NONE)
		words_say(&w, "it shares no packet with %s, nor with any point that does: its times are as recorded", reference);
	else if (m->state == CLOCK_INCONSISTENT)
		words_say(&w, "the packets that it shares with others contradict each other");
	else if (m->state == CLOCK_ONE_WAY && !(m->has_low && m->has_high))
		words_say(&w, "it shares packets of one direction only: how long they were on their way is not known");
	if (p->resolution_ns >= COARSE_NS) {
		also(&w);
		words_say(&w, "its time stamps are in steps of ");
		words_duration(&w, p->resolution_ns);
	}
}

/* Whole or half hours, as far as clocks are set well. */
static void say_zone(struct words *w, int64_t offset, int64_t open)
{
	int64_t away = llabs(offset), zones = (away + ZONE_NS / 2) / ZONE_NS;

	if (zones == 0 || away > ZONE_MAX_NS || llabs(away - zones * ZONE_NS) > SET_BADLY_NS + open)
		return;
	if (zones % 2)
		words_say(w, "%lld.5 h %s", (long long)(zones / 2), offset > 0 ? "ahead" : "behind");
	else
		words_say(w, "%lld h %s", (long long)(zones / 2), offset > 0 ? "ahead" : "behind");
	words_say(w, " (a time zone error?)");
}

static void say_far(struct words *w, int64_t offset)
{
	int64_t away = llabs(offset);

	if (away >= 2 * YEAR_NS)
		words_say(w, "%lld years %s", (long long)((away + YEAR_NS / 2) / YEAR_NS), offset > 0 ? "ahead" : "behind");
	else if (away >= 2 * DAY_NS)
		words_say(w, "%lld days %s", (long long)((away + DAY_NS / 2) / DAY_NS), offset > 0 ? "ahead" : "behind");
}

bool clock_never_set(const struct facts *f, const struct point *p)
{
	int64_t last = p->windows ? p->window[p->windows - 1].to_ns : INT64_MAX;

	for (uint32_t i = 0; i < f->points + f->asides && last < UNSET_NS; i++)
		if (f->point[i].windows && f->point[i].window[0].from_ns > UNSET_NS)
			return true;
	return false;
}

void clock_remark(const struct facts *f, const struct point *p, uint32_t k, char *out, size_t size)
{
	const struct clock_map *m = &p->piece[k];
	struct words w = words_into(out, size);

	if (p->reference)
		words_say(&w, "%s", p->clock_note);
	if (m->state != CLOCK_NONE && m->offset_ns != INT64_MIN) {
		say_zone(&w, m->offset_ns, m->has_low && m->has_high ? m->high_ns - m->low_ns : 0);
		if (w.n == 0)
			say_far(&w, m->offset_ns);
	}
	if (k == 0 && clock_never_set(f, p)) {
		also(&w);
		words_say(&w, "its clock was never set");
	}
}
