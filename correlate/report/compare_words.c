#include "correlate/report/compare_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "correlate/report/text.h"
#include "schema/clean.h"

const char *compare_class(const struct style *s, const char *name, const char *class, char *buf, size_t size)
{
	char text[512];

	if (strcmp(class, "yes") == 0)
		snprintf(text, sizeof text, "%s", name);
	else if (strcmp(class, "no") == 0 || strcmp(class, "none") == 0)
		snprintf(text, sizeof text, "no %s", name);
	else
		snprintf(text, sizeof text, "%s %s", name, class);
	clean_text(buf, size, text, -1, s->utf8);
	return buf;
}

static void number(const char *name, int64_t value, char *buf, size_t size)
{
	if (strcmp(name, "time") == 0)
		style_time(buf, size, value, true);
	else
		snprintf(buf, size, "%" PRId64, value);
}

const char *compare_property(const struct style *s, const struct contrast *x, const struct property *p, char *buf, size_t size)
{
	const struct attribute *a = &x->cohort->attribute[p->attribute];
	char from[64], class[256];

	switch (p->kind) {
	case PROPERTY_CLASS:
		return compare_class(s, a->name, a->text[p->level], buf, size);
	case PROPERTY_OTHERS:
		clean_text(class, sizeof class, a->text[p->level], -1, s->utf8);
		snprintf(buf, size, "%s other than %s", a->name, class);
		break;
	case PROPERTY_ABOVE:
	case PROPERTY_BELOW:
		number(a->name, p->from, from, sizeof from);
		snprintf(buf, size, p->kind == PROPERTY_ABOVE ? "%s from %s on" : "%s before %s", a->name, from);
		if (strcmp(a->name, "time") != 0)
			snprintf(buf, size, p->kind == PROPERTY_ABOVE ? "%s %s or more" : "%s less than %s", a->name, from);
		break;
	case PROPERTY_ANY:
		snprintf(buf, size, "%s, one or the other of %" PRIu32, a->name, a->levels);
		break;
	}
	return buf;
}

const char *compare_p(double p, char *buf, size_t size)
{
	if (p >= 0.9995)
		snprintf(buf, size, "1");
	else if (p >= 0.001)
		snprintf(buf, size, "%.*f", p < 0.01 ? 4 : 3, p);
	else
		snprintf(buf, size, "%.0e", p);
	return buf;
}

const char *compare_standing(enum standing standing)
{
	static const char *const name[] = {
		[STANDING_CHANCE] = "chance", [STANDING_ASSOCIATED] = "associated", [STANDING_CONFOUNDED] = "confounded",
		[STANDING_TANGLED] = "inseparable", [STANDING_PART] = "part",
	};

	return name[standing];
}
