/* compare for people: what these captures could not test, and what would. */
#include "correlate/report/compare_page.h"

#include <stdio.h>
#include <string.h>

#include "correlate/report/compare_words.h"
#include "correlate/report/text.h"

/* What a Linux client can do without, to see whether it matters. */
static const struct {
	const char *attribute, *setting;
} switches[] = {
	{ "ECN", "net.ipv4.tcp_ecn=0" }, { "timestamps", "net.ipv4.tcp_timestamps=0" }, { "SACK permitted", "net.ipv4.tcp_sack=0" },
	{ "window scale", "net.ipv4.tcp_window_scaling=0" }, { "fast open", "net.ipv4.tcp_fastopen=0" },
};

static void constants(const struct page *p)
{
	const struct cohort *c = p->x->cohort;
	char text[4096] = "";

	for (uint32_t i = 0; i < c->attributes; i++) {
		char value[256], name[512];

		if (!contrast_constant(c, i, value, sizeof value) || strcmp(value, "none") == 0 || strcmp(value, "no") == 0 || strcmp(value, "never") == 0)
			continue;
		text_add(text, sizeof text, "%s%s", text[0] ? "; " : "", compare_class(p->s, c->attribute[i].name, value, name, sizeof name));
	}
	if (text[0])
		text_add(text, sizeof text, ": the same in every SYN, so not testable");
	text_para(p->s, 0, "constant", PAGE_LABEL, TINT_NONE, text);
}

/* What would make testable what is constant, or goes with something else: the rule of three, with the rate that was seen. */
static void to_test(const struct page *p)
{
	const struct cohort *c = p->x->cohort;
	const struct property *o = page_lead(p->x, 0);
	bool tangled = o && o->standing == STANDING_TANGLED;
	uint32_t controls = stats_controls(p->fail, p->fail + p->pass);
	char text[2048] = "", n[32], a[32], b[32];

	for (size_t k = 0; k < sizeof switches / sizeof switches[0] && !p->chosen; k++)
		for (uint32_t i = 0; i < c->attributes; i++) {
			char value[256];

			if (strcmp(c->attribute[i].name, switches[k].attribute) == 0 && (tangled ? o->attribute == i :
			    !o && contrast_constant(c, i, value, sizeof value) && strcmp(value, "none") != 0 && strcmp(value, "no") != 0))
				text_add(text, sizeof text, "%s%s (%s)", text[0] ? ", " : "", c->attribute[i].name, switches[k].setting);
		}
	if (text[0] == '\0')
		return;
	text_add(text, sizeof text, ": switch it off in the same client, on and off in turns of a few minutes, for at least %s connection%s without it: if as "
	    "many failed then as do now (%s of %s), so many without a failure would be a chance of 5 %%", style_count(n, sizeof n, controls), page_plural(controls),
	    style_count(a, sizeof a, p->fail), style_count(b, sizeof b, p->fail + p->pass));
	text_para(p->s, 0, "to test", PAGE_LABEL, TINT_NONE, text);
}

static void power(const struct page *p)
{
	const struct section *s = &p->x->section[0];
	int64_t most = contrast_power(s);
	char text[1024] = "", a[32], b[32], n[32];

	if (page_lead(p->x, 0))
		return;
	text_add(text, sizeof text, "%s of %s, %s propert%s tested: ", style_count(a, sizeof a, s->fail), style_count(b, sizeof b, s->fail + s->pass),
	    style_count(n, sizeof n, s->tests), s->tests == 1 ? "y" : "ies");
	if (most < 0)
		text_add(text, sizeof text, "too few, even what all of these share and no other has would pass for chance");
	else if (most == 0)
		text_add(text, sizeof text, "only what all of these share and no other has would have been found");
	else
		text_add(text, sizeof text, "what all of these share would have been found if at most %s other%s had it too", style_count(n, sizeof n, most),
		    most == 1 ? "" : "s");
	text_para(p->s, 0, "power", PAGE_LABEL, TINT_NONE, text);
}

void page_untested(const struct page *p)
{
	constants(p);
	to_test(p);
	power(p);
}
