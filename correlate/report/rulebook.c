/* help rules: the table of rules for people. */
#include "correlate/report/rulebook.h"

#include <stdio.h>

#include "correlate/report/text.h"
#include "correlate/rules.h"

#define LABEL 14

static void one(const struct style *s, const struct rule *r)
{
	fprintf(s->out, "%s%s  %s%s  (%s)\n", style_on(s, TINT_HEAD), r->id, r->name, style_off(s), confidence_name(r->highest));
	text_para(s, 5, "if", LABEL, TINT_NONE, r->pattern);
	text_para(s, 5, "then", LABEL, TINT_NONE, r->says);
	text_para(s, 5, "source", LABEL, TINT_NONE, r->source);
	text_para(s, 5, "wrong where", LABEL, TINT_NONE, r->wrong);
	text_para(s, 5, "would change", LABEL, TINT_NONE, r->change);
}

void report_rules(const struct style *s)
{
	size_t n;
	const struct rule *all = rules_all(&n);

	text_para(s, 0, "", 0, TINT_NONE, "Rules by which findings are made (v_finding.rule, v_rule), with the highest confidence that one may have. X and Y are a "
	    "point and the next one in the direction of travel.");
	for (size_t i = 0; i < n; i++) {
		fputc('\n', s->out);
		one(s, &all[i]);
	}
}
