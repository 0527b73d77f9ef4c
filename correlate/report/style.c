#include "correlate/report/style.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "schema/clean.h"
#include "schema/utf8.h"

#define WIDTH_DEFAULT 100
#define WIDTH_MIN 40
#define WIDTH_MAX 1000

static int width_of(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long width = columns ? strtol(columns, NULL, 10) : 0;

	if (width <= 0 && isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (width <= 0)
		return WIDTH_DEFAULT;
	return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : (int)width;
}

int style_init(struct style *s, FILE *out, const char *color, struct err *e)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	bool wanted = !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);

	*s = (struct style){.out = out, .utf8 = clean_locale_is_utf8(), .width = width_of(out)};
	if (color == NULL || strcmp(color, "auto") == 0)
		s->color = wanted && isatty(fileno(out));
	else if (strcmp(color, "always") == 0)
		s->color = true;
	else if (strcmp(color, "never") != 0)
		return err_set(e, "--color takes auto, always or never, not '%s'", color);
	return 0;
}

const char *style_on(const struct style *s, enum tint t)
{
	static const char *const sequence[] = {
		[TINT_NONE] = "", [TINT_BAD] = "\033[1;31m", [TINT_DOUBT] = "\033[33m",
		[TINT_GOOD] = "\033[32m", [TINT_HEAD] = "\033[1m", [TINT_FAINT] = "\033[2m",
	};

	return s->color ? sequence[t] : "";
}

const char *style_off(const struct style *s)
{
	return s->color ? "\033[0m" : "";
}

const char *style_pick(const struct style *s, const char *u, const char *a)
{
	return s->utf8 ? u : a;
}

int style_columns(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	int columns = 0;

	while (*p) {
		uint32_t c = 0;
		int n = utf8_decode(p, (int)strnlen((const char *)p, 4), &c);

		columns += n > 1 ? utf8_columns(c) : 1;
		p += n ? n : 1;
	}
	return columns;
}

const char *style_count(char *buf, size_t size, int64_t n)
{
	char digits[32], grouped[48];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, n < 0 ? 0 - (uint64_t)n : (uint64_t)n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			grouped[at++] = ' ';
		grouped[at++] = digits[i];
	}
	grouped[at] = '\0';
	snprintf(buf, size, "%s%s", n < 0 ? "-" : "", grouped);
	return buf;
}

/* Digits behind the point that a value of this unit may have: three that mean something in all, and none below the resolution. */
static int decimals(double value, int64_t unit_ns, int64_t resolution_ns)
{
	int d = value < 10 ? 2 : value < 100 ? 1 : 0;

	for (int64_t step = unit_ns; d > 0; d--) {
		int64_t finest = step;
		for (int i = 0; i < d; i++)
			finest /= 10;
		if (finest >= resolution_ns)
			break;
	}
	return d;
}

/* What is below below_ns is said in units; anything longer in minutes and hours. */
static const struct {
	int64_t below_ns, ns;
	const char *name, *ascii;
} units[] = {
	{1000, 1, "ns", "ns"},
	{100000, 1000, "µs", "us"},
	{999500000, 1000000, "ms", "ms"},
	{INT64_C(100000000000), 1000000000, "s", "s"},
};

#define UNITS (sizeof units / sizeof units[0])

static size_t unit_of(int64_t ns)
{
	size_t u = 0;

	while (u < UNITS && ns >= units[u].below_ns)
		u++;
	return u;
}

const char *style_duration(const struct style *s, char *buf, size_t size, int64_t ns, int64_t resolution_ns)
{
	int64_t size_ns = ns < 0 ? -ns : ns, minutes;
	size_t u = unit_of(size_ns);

	if (resolution_ns < 1)
		resolution_ns = 1;
	if (size_ns > 0 && size_ns < resolution_ns) {
		char finest[32];

		snprintf(buf, size, "<%s", style_duration(s, finest, sizeof finest, resolution_ns, resolution_ns / 2));
		return buf;
	}
	while (u < UNITS && units[u].ns * 100 <= resolution_ns)
		u++;
	if (u < UNITS) {
		double value = (double)size_ns / (double)units[u].ns;

		snprintf(buf, size, "%s%.*f %s", ns < 0 ? "-" : "", decimals(value, units[u].ns, resolution_ns), value,
		    style_pick(s, units[u].name, units[u].ascii));
		return buf;
	}
	minutes = size_ns / INT64_C(60000000000);
	if (minutes < 60)
		snprintf(buf, size, "%s%d min %02d s", ns < 0 ? "-" : "", (int)minutes, (int)(size_ns / 1000000000 % 60));
	else
		snprintf(buf, size, "%s%" PRId64 " h %02d min", ns < 0 ? "-" : "", minutes / 60, (int)(minutes % 60));
	return buf;
}

const char *style_delay(const struct style *s, char *buf, size_t size, int64_t ns, int64_t uncertainty_ns, int64_t resolution_ns)
{
	char bound[32];

	if (uncertainty_ns / 10 > resolution_ns)
		resolution_ns = uncertainty_ns / 10;
	if (ns > uncertainty_ns || ns < -uncertainty_ns)
		return style_duration(s, buf, size, ns, resolution_ns);
	ns += uncertainty_ns;
	style_duration(s, bound, sizeof bound, ns > resolution_ns ? ns : resolution_ns, resolution_ns);
	snprintf(buf, size, "%s%s", style_pick(s, "≤", "<="), bound);
	return buf;
}

/* A bound in a unit that was said before, rounded outwards, so that it stays one. */
static void add_bound(char *buf, size_t size, int64_t ns, int64_t unit_ns, int64_t resolution_ns, bool up)
{
	double value = (double)ns / (double)unit_ns, step = 1, rounded;
	int digits = decimals(value, unit_ns, resolution_ns);

	for (int i = 0; i < digits; i++)
		step *= 10;
	rounded = (up ? ceil(value * step) : floor(value * step)) / step;
	snprintf(buf, size, "%.*f", rounded == 0 ? 0 : digits, rounded);
}

const char *style_interval(const struct style *s, char *buf, size_t size, const struct interval *v, int64_t resolution_ns, bool brief)
{
	int64_t finest = v->high_ns == INT64_MAX ? 0 : (v->high_ns - v->low_ns) / 100;
	size_t unit = unit_of(v->ns);
	char number[32], low[32], high[32];

	finest = finest > resolution_ns ? finest : resolution_ns;
	buf[0] = '\0';
	if (v->high_ns == INT64_MAX && v->low_ns <= resolution_ns)
		return buf;
	if (v->high_ns == INT64_MAX) {
		snprintf(buf, size, "%s%s", style_pick(s, "≥", ">="), style_duration(s, number, sizeof number, v->low_ns, resolution_ns));
	} else if (v->low_ns > resolution_ns && v->high_ns - v->low_ns <= v->ns / 5) {
		style_duration(s, buf, size, v->ns, finest * 5);
	} else if (v->ns <= resolution_ns || brief || unit == UNITS) {
		style_duration(s, number, sizeof number, v->high_ns > resolution_ns ? v->high_ns : resolution_ns, finest);
		snprintf(buf, size, "%s%s", style_pick(s, "≤", "<="), number);
	} else {
		add_bound(low, sizeof low, v->low_ns, units[unit].ns, resolution_ns, false);
		add_bound(high, sizeof high, v->high_ns, units[unit].ns, resolution_ns, true);
		snprintf(buf, size, "%s (%s%s%s)", style_duration(s, number, sizeof number, v->ns, finest), low, style_pick(s, "–", "-"), high);
	}
	return buf;
}

const char *style_seconds(char *buf, size_t size, int64_t ns, int64_t resolution_ns, bool sign)
{
	uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, step = 1;
	char seconds[48], fraction[24];
	int digits = 9;

	for (; digits > 0 && (int64_t)step < resolution_ns; digits--)
		step *= 10;
	v = (v + step / 2) / step * step;
	snprintf(fraction, sizeof fraction, ".%03d %03d %03d", (int)(v / 1000000 % 1000), (int)(v / 1000 % 1000), (int)(v % 1000));
	/* The point, the digits, and a blank between groups of three. */
	fraction[digits == 0 ? 0 : 1 + digits + (digits - 1) / 3] = '\0';
	style_count(seconds, sizeof seconds, (int64_t)(v / 1000000000));
	snprintf(buf, size, "%s%s%s", ns < 0 && v != 0 ? "-" : sign ? "+" : "", seconds, fraction);
	return buf;
}

const char *style_time(char *buf, size_t size, int64_t ns, bool date)
{
	time_t t = (time_t)(ns / 1000000000 - (ns % 1000000000 < 0));
	int64_t rest = ns - (int64_t)t * 1000000000;
	struct tm tm = {0};
	char text[32] = "";

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, date ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
	snprintf(buf, size, "%s.%03d", text, (int)(rest / 1000000));
	return buf;
}
