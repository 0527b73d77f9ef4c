/* compare for people: the answer first, then what it rests on, and what could not be tested. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "correlate/report/compare_page.h"
#include "correlate/report/compare_words.h"
#include "correlate/report/report.h"
#include "correlate/report/text.h"
#include "schema/clean.h"

#define NUMBERS 46              /* columns of the numbers of a row, without the two counts */
#define NAME_MIN 28             /* columns of a name beside them; where there are fewer, it has a line of its own */
#define AT_MOST 8               /* rows of what was found, by section */

static const char *verb(const struct page *p)
{
	return p->chosen ? "are among the chosen" : "fail";
}

/* "6 of 6", with its share where that is not plain */
static void add_share(char *buf, size_t size, uint32_t n, uint32_t of)
{
	char a[32], b[32];

	text_add(buf, size, "%s of %s", style_count(a, sizeof a, n), style_count(b, sizeof b, of));
	if (n > 0 && n < of && of >= 50)
		text_add(buf, size, " (%.*f %%)", (double)n / of < 0.1 ? 1 : 0, 100.0 * n / of);
}

/* ---- who ---- */

static void add_ways(const struct page *p, char *text, size_t size)
{
	const struct cohort *c = p->x->cohort;
	const char *between = " (";

	for (uint32_t i = 1; i < c->ways.levels; i++) {
		char way[256], n[32];
		uint32_t rows = 0;

		for (uint32_t k = 0; k < c->n; k++)
			rows += c->way[k] == i;
		clean_text(way, sizeof way, c->ways.text[i], -1, p->s->utf8);
		text_add(text, size, "%s%s%s%s", between, way, rows < p->fail ? " " : "", rows < p->fail ? style_count(n, sizeof n, rows) : "");
		between = ", ";
	}
	if (c->ways.levels > 1)
		text_add(text, size, ")");
}

static void who(const struct page *p)
{
	const struct cohort *c = p->x->cohort;
	char text[2048] = "", n[32];

	text_add(text, sizeof text, "%s %s", style_count(n, sizeof n, p->fail), p->chosen ? "chosen" : "failed");
	if (!p->chosen)
		add_ways(p, text, sizeof text);
	text_add(text, sizeof text, " against %s %s", style_count(n, sizeof n, p->pass), p->chosen ? "others" : "that were established");
	for (uint32_t i = 0; i < c->left_out.levels; i++)
		text_add(text, sizeof text, "%s%s (%s)", i ? ", " : "; left out: ", style_count(n, sizeof n, c->left[i]), c->left_out.text[i]);
	text_para(p->s, 0, "compared", PAGE_LABEL, TINT_NONE, text);
}

/* ---- the answer ---- */

const struct property *page_lead(const struct contrast *x, uint32_t section)
{
	static const enum standing order[] = { STANDING_ASSOCIATED, STANDING_TANGLED, STANDING_CONFOUNDED, STANDING_PART };

	for (size_t k = 0; k < 2 * sizeof order / sizeof order[0]; k++)
		for (uint32_t i = 0; i < x->founds; i++) {
			const struct property *o = &x->property[x->found[i]];

			/* That classes differ is the last thing to be said. */
			if (o->section == section && o->standing == order[k % 4] && (o->kind == PROPERTY_ANY) == (k >= 4))
				return o;
		}
	return NULL;
}

/* Told with what it cannot be told apart from. */
static bool shadow(const struct page *p, const struct property *o)
{
	return o->standing == STANDING_TANGLED && o->by != NOTHING_ELSE && p->x->property[o->by].standing != STANDING_PART;
}

/* Others that divide the rows as this one does, or so nearly that these rows cannot tell which of them it is. */
static uint32_t same(const struct page *p, const struct property *one, char *buf, size_t size)
{
	uint32_t leader = one->leader, n = 0;

	for (uint32_t i = 0; i < p->x->n; i++) {
		char name[256];

		if (i == leader || p->x->property[i].leader != leader)
			continue;
		text_add(buf, size, "%s%s", n ? ", " : "", compare_property(p->s, p->x, &p->x->property[i], name, sizeof name));
		n++;
	}
	/* What was held against it and cannot be told from it either. */
	for (uint32_t i = 0; i < p->x->founds; i++) {
		const struct property *o = &p->x->property[p->x->found[i]];
		char name[256];

		if (!shadow(p, o) || o->by != leader)
			continue;
		text_add(buf, size, "%s%s", n ? ", " : "", compare_property(p->s, p->x, o, name, sizeof name));
		n++;
	}
	return n;
}

static void add_found(const struct page *p, const struct property *o, char *text, size_t size)
{
	const struct fourfold *t = &o->t;
	char name[256];

	compare_property(p->s, p->x, o, name, sizeof name);
	if (o->kind == PROPERTY_ANY) {
		text_add(text, size, "How many %s depends on %s: they differ by more than chance, but no one of them stands out.", verb(p),
		    p->x->cohort->attribute[o->attribute].name);
		return;
	}
	text_add(text, size, "SYNs with %s %s: ", name, verb(p));
	add_share(text, size, t->fail_with, t->fail_with + t->pass_with);
	text_add(text, size, "; without: ");
	add_share(text, size, t->fail_without, t->fail_without + t->pass_without);
	text_add(text, size, ".");
}

/* Sufficient, necessary, or neither. */
static void add_strength(const struct page *p, const struct property *o, char *text, size_t size)
{
	const struct fourfold *t = &o->t;
	char others[1024] = "";
	uint32_t n = same(p, o, others, sizeof others);

	if (o->kind != PROPERTY_ANY && t->pass_with == 0 && t->fail_without == 0)
		text_add(text, size, " All with it, none without it.");
	else if (o->kind != PROPERTY_ANY && t->pass_with == 0)
		text_add(text, size, " All with it, but some without it too: not the only thing.");
	else if (o->kind != PROPERTY_ANY && t->fail_without == 0)
		text_add(text, size, " None without it, but not all with it: something else is needed too.");
	if (o->standing == STANDING_TANGLED && o->by == NOTHING_ELSE)
		text_add(others, sizeof others, "%sthe %s itself", n++ ? ", nor from " : "", p->x->cohort->attribute[o->by_attribute].name);
	if (n > 0)
		text_add(text, size, " These captures cannot tell it apart from %s.", others);
	if (o->standing == STANDING_CONFOUNDED) {
		char name[256];

		if (o->by == NOTHING_ELSE)
			snprintf(name, sizeof name, "the %s", p->x->cohort->attribute[o->by_attribute].name);
		else
			compare_property(p->s, p->x, &p->x->property[o->by], name, sizeof name);
		text_add(text, size, " But among connections alike in %s it makes no difference.", name);
	}
}

/* What is clearest when nothing is clear. */
static const struct property *nearest(const struct contrast *x, uint32_t section)
{
	const struct property *best = NULL;

	for (uint32_t i = 0; i < x->n; i++) {
		const struct property *o = &x->property[i];

		if (o->section == section && o->leader == i && o->kind != PROPERTY_ANY && (best == NULL || o->p < best->p))
			best = o;
	}
	return best;
}

static void answer_nothing(const struct page *p, const struct section *s, char *text, size_t size)
{
	const struct property *near = nearest(p->x, (uint32_t)(s - p->x->section));
	char a[32], b[32], name[256];

	if (contrast_power(s) < 0)
		text_add(text, size, "There are too few connections to tell what sets the %s that %s apart from the %s %s.", style_count(a, sizeof a, s->fail),
		    p->chosen ? "are chosen" : "failed", style_count(b, sizeof b, s->pass), p->chosen ? "others" : "that were established");
	else
		text_add(text, size, "Nothing about the SYNs sets the %s %s connection%s apart from the %s %s.", style_count(a, sizeof a, s->fail),
		    p->chosen ? "chosen" : "failing", page_plural(s->fail), style_count(b, sizeof b, s->pass), p->chosen ? "others" : "that were established");
	if (near == NULL || near->p > CONTRAST_ALPHA)
		return;
	text_add(text, size, " The clearest, which may be chance: with %s ", compare_property(p->s, p->x, near, name, sizeof name));
	add_share(text, size, near->t.fail_with, near->t.fail_with + near->t.pass_with);
	text_add(text, size, " %s, without ", verb(p));
	add_share(text, size, near->t.fail_without, near->t.fail_without + near->t.pass_without);
	text_add(text, size, ".");
}

static void add_constant_ecn(const struct page *p, const char *value, char *text, size_t size)
{
	char n[32];

	if (strcmp(value, "none") == 0)
		text_add(text, size, " ECN is not it: no SYN has it.");
	else
		text_add(text, size, " ECN cannot be judged: every SYN has %s. By itself it is not enough: %s with it %s.", value,
		    style_count(n, sizeof n, p->pass), p->chosen ? "are among the others" : p->pass == 1 ? "was established" : "were established");
}

/* What is asked most is answered also when it is nothing. */
static void add_ecn(const struct page *p, char *text, size_t size)
{
	const struct cohort *c = p->x->cohort;
	char value[128];

	for (uint32_t i = 0; i < c->attributes; i++)
		if (strcmp(c->attribute[i].name, "ECN") == 0 && contrast_constant(c, i, value, sizeof value))
			add_constant_ecn(p, value, text, size);
	for (uint32_t i = 0; i < p->x->n; i++) {
		const struct property *o = &p->x->property[i];
		char name[256];

		if (o->section > 0 || strcmp(c->attribute[o->attribute].name, "ECN") != 0 || o->kind == PROPERTY_ANY || o->q <= CONTRAST_ALPHA)
			continue;
		/* It was told already. */
		if (o == nearest(p->x, 0) && o->p <= CONTRAST_ALPHA)
			return;
		text_add(text, size, " With %s ", compare_property(p->s, p->x, o, name, sizeof name));
		add_share(text, size, o->t.fail_with, o->t.fail_with + o->t.pass_with);
		text_add(text, size, " %s, without ", verb(p));
		add_share(text, size, o->t.fail_without, o->t.fail_without + o->t.pass_without);
		text_add(text, size, ": %s.", o->p > CONTRAST_ALPHA ? "no more than chance" : "with so many tested that may be chance");
		return;
	}
}

static void answer(const struct page *p)
{
	const char *label = "answer";
	uint32_t nothing = 0;

	for (uint32_t i = 0; i < p->x->sections; i++) {
		const struct property *o = page_lead(p->x, i);
		const struct section *s = &p->x->section[i];
		char text[4096] = "", way[256];

		nothing += s->way && !o;
		if (s->way && !o)
			continue;
		if (s->way) {
			clean_text(way, sizeof way, s->way, -1, p->s->utf8);
			text_add(text, sizeof text, "%s: ", way);
		}
		if (o == NULL)
			answer_nothing(p, s, text, sizeof text);
		else
			add_found(p, o, text, sizeof text), add_strength(p, o, text, sizeof text);
		if (i == 0)
			add_ecn(p, text, sizeof text);
		text_para(p->s, 0, label, PAGE_LABEL, o == NULL ? TINT_HEAD : o->standing == STANDING_ASSOCIATED ? TINT_BAD : TINT_DOUBT, text);
		label = "";
	}
	if (nothing > 0)
		text_para(p->s, 0, label, PAGE_LABEL, TINT_NONE, nothing + 1 == p->x->sections ? "Nor does anything set those apart that failed in one of these ways." :
											   "Of the other ways to fail, nothing sets those apart.");
}

/* ---- the rows ---- */

static void head(const struct page *p, int name_w)
{
	fprintf(p->s->out, "\n%s%*s%*s%*s  %-16s%8s  %-6s  %s%s\n", style_on(p->s, TINT_FAINT), name_w, "", p->count_w, p->chosen ? "chosen with" : "fail with", p->count_w, "without",
	    "difference, %", "odds", "p", "q", style_off(p->s));
}

static void add_odds(char *buf, size_t size, double ratio)
{
	text_add(buf, size, ratio < 9.95 ? "%.1f" : ratio < 99999.5 ? "%.0f" : "%.0e", ratio);
}

static void numbers(const struct page *p, const struct property *o)
{
	const struct fourfold *t = &o->t;
	uint32_t with = t->fail_with + t->pass_with, without = t->fail_without + t->pass_without;
	struct interval_of ci = stats_newcombe(t);
	char a[32] = "", b[32] = "", d[64] = "", odds[16] = "", pv[16], qv[16];

	if (o->kind != PROPERTY_ANY) {
		snprintf(a, sizeof a, "%" PRIu32 " of %" PRIu32, t->fail_with, with);
		snprintf(b, sizeof b, "%" PRIu32 " of %" PRIu32, t->fail_without, without);
		snprintf(d, sizeof d, "%+.0f (%.0f to %.0f)", 100 * ((double)t->fail_with / with - (double)t->fail_without / without), 100 * ci.low,
		    100 * ci.high);
		add_odds(odds, sizeof odds, stats_odds_ratio(t));
	}
	fprintf(p->s->out, "%*s%*s  %-16s%8s  %-6s  %s\n", p->count_w, a, p->count_w, b, d, odds, compare_p(o->p, pv, sizeof pv), compare_p(o->q, qv, sizeof qv));
}

static void row(const struct page *p, const struct property *o, int name_w)
{
	char name[512];
	int columns;

	compare_property(p->s, p->x, o, name, sizeof name);
	columns = style_columns(name);
	fprintf(p->s->out, "%s", name);
	if (columns > name_w)
		fprintf(p->s->out, "\n%*s", name_w, "");
	else
		fprintf(p->s->out, "%*s", name_w - columns, "");
	numbers(p, o);
}

static void standing(const struct page *p, const struct property *o)
{
	char text[2048] = "", list[1024] = "", name[256], number[16];
	bool others = false;

	if (o->by != NOTHING_ELSE)
		compare_property(p->s, p->x, &p->x->property[o->by], name, sizeof name);
	else if (o->by_attribute != NOTHING_ELSE)
		snprintf(name, sizeof name, "%s", p->x->cohort->attribute[o->by_attribute].name);
	if (o->standing == STANDING_CONFOUNDED)
		text_add(text, sizeof text, "confounded by %s: among connections alike in that, p is %s", name, compare_p(o->within_p, number, sizeof number));
	else if (o->standing == STANDING_TANGLED)
		others = snprintf(text, sizeof text, "not to be told apart from %s", name) > 0;
	else if (o->standing == STANDING_PART)
		text_add(text, sizeof text, "the same as %s, from another side", name);
	if (same(p, o, list, sizeof list) > 0)
		text_add(text, sizeof text, "%s%s", others ? ", " : text[0] ? "; not to be told apart from " : "not to be told apart from ", list);
	text_para(p->s, 2, "", 0, TINT_FAINT, text);
}

static void table(const struct page *p, uint32_t section, int name_w)
{
	const struct property *near = nearest(p->x, section);
	uint32_t shown = 0, more = 0;

	for (uint32_t i = 0; i < p->x->founds; i++) {
		const struct property *o = &p->x->property[p->x->found[i]];

		if (o->section != section || o->standing == STANDING_PART || shadow(p, o) || (o->kind == PROPERTY_ANY && o != page_lead(p->x, section)))
			continue;
		if (++shown > AT_MOST) {
			more++;
			continue;
		}
		row(p, o, name_w);
		standing(p, o);
	}
	if (more > 0)
		fprintf(p->s->out, "%sand %" PRIu32 " more (--format json has all)%s\n", style_on(p->s, TINT_FAINT), more, style_off(p->s));
	if (shown == 0 && near) {
		row(p, near, name_w);
		text_para(p->s, 2, "", 0, TINT_FAINT, near->p > CONTRAST_ALPHA ? "the clearest of all, and no more than chance" :
			"the clearest of all, but with so many tested one like it may be chance");
	}
}

static void tables(const struct page *p)
{
	int name_w = p->s->width - NUMBERS - 2 * p->count_w;

	name_w = name_w < NAME_MIN ? 0 : name_w > 60 ? 60 : name_w;
	head(p, name_w);
	for (uint32_t i = 0; i < p->x->sections; i++) {
		const struct section *s = &p->x->section[i];
		char way[256];

		if (s->way && !page_lead(p->x, i))
			continue;
		if (s->way) {
			clean_text(way, sizeof way, s->way, -1, p->s->utf8);
			fprintf(p->s->out, "\n%s%" PRIu32 " of them: %s%s\n", style_on(p->s, TINT_HEAD), s->fail, way, style_off(p->s));
		}
		table(p, i, name_w);
	}
	fputc('\n', p->s->out);
}

/* ---- cautions ---- */

static void remarks(const struct page *p)
{
	char text[1024], n[16];

	if (p->x->section[0].cluster_p <= CONTRAST_ALPHA) {
		snprintf(text, sizeof text, "they come together in time (p %s, minute by minute): one event may count as many, so p and q are lower than they should be",
		    compare_p(p->x->section[0].cluster_p, n, sizeof n));
		text_para(p->s, 0, "caution", PAGE_LABEL, TINT_DOUBT, text);
	}
	if (p->x->founds > 0)
		text_para(p->s, 0, "note", PAGE_LABEL, TINT_FAINT, "associated is not more than that: what differs along with it was looked at as far as these captures show it. "
		    "q is p corrected for all that was tested (false discoveries at most 5 %)");
}

int report_compare(struct db *db, const struct style *s, const struct contrast *x, bool chosen, struct err *e)
{
	struct page p = { .s = s, .x = x, .chosen = chosen };

	(void)db, (void)e;
	p.fail = x->section[0].fail;
	p.pass = x->cohort->n - p.fail;
	p.count_w = snprintf(NULL, 0, "  %" PRIu32 " of %" PRIu32, p.fail, x->cohort->n);
	p.count_w = p.count_w < 13 ? 13 : p.count_w;
	who(&p);
	if (p.fail == 0 || p.pass == 0) {
		text_para(s, 0, "answer", PAGE_LABEL, TINT_HEAD, p.fail == 0 ? (chosen ? "There is nothing to compare: no connection was chosen." : "No connection failed.") :
							    "There is nothing to compare with: all are on one side.");
		return 0;
	}
	answer(&p);
	tables(&p);
	page_untested(&p);
	remarks(&p);
	return 0;
}
