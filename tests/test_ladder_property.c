/* What people read of random worlds: no line is wider than the terminal, no packet vanishes from a ladder, and none that is bad from a folded one.
 * See tests/sim/property.h. */
#include "tests/test.h"

#include <ctype.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/ladder.h"
#include "correlate/report/report.h"
#include "correlate/report/select.h"
#include "tests/sim/property.h"

#define BAD 60          /* that many bad packets of a connection are shown, however long it is */

static const struct style styles[] = {
    {.width = 72, .utf8 = true}, {.width = 80, .utf8 = true}, {.width = 80}, {.width = 100, .color = true, .utf8 = true}, {.width = 200, .utf8 = true}};

/* Names as people give them: the longest is longer than any hop is wide. */
static void rename_points(struct sim_world *w)
{
	static const char *const names[] = {"client", "edge-fw-outside", "edge-fw-inside", "lb", "lb-back-vlan110", "server"};

	if (w->seed % 2)
		return;
	for (unsigned i = 0; i < w->points; i++)
		snprintf(w->point[i].name, sizeof w->point[i].name, "%s", names[i + (w->points == 2 && i == 1)]);
}

/* Of a line that ends at end; what the terminal takes for itself is not counted. */
static int columns_of(const char *line, const char *end)
{
	char text[4096];
	size_t n = 0;

	for (; line < end && n + 1 < sizeof text; line++) {
		if (*line == '\033')
			line += strcspn(line, "m");
		else
			text[n++] = *line;
	}
	text[n] = '\0';
	return style_columns(text);
}

static void check_lines(struct sim_property *p, const struct style *s, const char *text)
{
	for (const char *end; *text; text = end + (*end == '\n')) {
		char what[512];

		end = text + strcspn(text, "\n");
		p->sums.claims++;
		/* A command is to be pasted whole. */
		if (columns_of(text, end) <= s->width || strstr(text, "tcpdump ") == text + 11)
			continue;
		snprintf(what, sizeof what, "wider than %d columns: %.*s", s->width, (int)(end - text), text);
		sim_property_broken(p, what);
	}
}

static void no_line_is_too_wide(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3 *sql;

	rename_points(w);
	if (sim_property_run(p, w, &r, &sql)) {
		struct db db = {.sql = sql};

		for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
			struct style s = styles[i];
			struct filter f = {.all = i % 2};
			char *text = NULL;
			struct err e;
			size_t size;

			s.out = open_memstream(&text, &size);
			if (report_summary(&db, &s, &e) < 0 || report_list(&db, &s, &f, &e) < 0 || report_ladders(&db, &s, &f, &e) < 0)
				sim_property_broken(p, e.msg);
			fclose(s.out);
			check_lines(p, &s, text);
			free(text);
		}
	}
	sqlite3_close(sql);
	sim_record_free(&r);
}

/* The number that a line of a ladder begins with: it is followed by a time; 0: it does not. */
static size_t number_of(const char *line)
{
	char *end;
	size_t n;

	line += strspn(line, " ");
	n = strtoul(line, &end, 10);
	return end > line && end[0] == ' ' && end[1] == ' ' && (end[strspn(end, " ")] == '+' || end[strspn(end, " ")] == '-') ? n : 0;
}

/* The number that ends before `at`. */
static size_t number_before(const char *line, const char *at)
{
	const char *from = at;
	size_t n = 0;

	while (from > line && (isdigit((unsigned char)from[-1]) || (from[-1] == ' ' && from - 2 > line && isdigit((unsigned char)from[-2]))))
		from--;
	for (; from < at; from++)
		n = isdigit((unsigned char)*from) ? n * 10 + (size_t)(*from - '0') : n;
	return n;
}

/* "1 204 packets ->, 17 <-, ": how many a fold says it holds; 0: it is none. */
static size_t folded(const char *line, const char *end)
{
	const char *packets = strstr(line, " packet"), *back = packets ? strstr(packets, " <-, ") : NULL;
	size_t n;

	if (packets == NULL || packets > end)
		return 0;
	n = number_before(line, packets);
	return back && back < end && isdigit((unsigned char)back[-1]) ? n + number_before(packets, back) : n;
}

static bool is_bad(const struct trace *t, const struct row *r)
{
	for (size_t i = r->finding; i < r->finding + r->findings; i++) {
		const char *kind = t->finding[t->mark[i].finding].kind;

		if (strcmp(kind, "dropped") == 0 || strcmp(kind, "generated") == 0 || strcmp(kind, "undecided") == 0)
			return true;
	}
	return false;
}

static void check_ladder(struct sim_property *p, const struct trace *t, const char *text)
{
	bool *shown = calloc(t->rows + 1, sizeof *shown);
	size_t n = 0, hidden = 0, bad = 0;
	char what[160];

	for (const char *end; *text; text = end + (*end == '\n')) {
		size_t row = number_of(text);

		end = text + strcspn(text, "\n");
		hidden += row ? 0 : folded(text, end);
		if (row > t->rows)
			sim_property_broken(p, "a row that is not there");
		else if (row && !shown[row - 1])
			shown[row - 1] = true, n++;
	}
	for (size_t i = 0; i < t->rows; i++) {
		if (!is_bad(t, &t->row[i]) || bad++ >= BAD || shown[i])
			continue;
		snprintf(what, sizeof what, "connection %" PRId64 ": packet %zu of %zu is bad and not shown", t->id, i + 1, t->rows);
		sim_property_broken(p, what);
	}
	if (n + hidden != t->rows) {
		snprintf(what, sizeof what, "connection %" PRId64 ": %zu shown, %zu folded, of %zu", t->id, n, hidden, t->rows);
		sim_property_broken(p, what);
	}
	p->sums.claims += (long)hidden;
	free(shown);
}

static void ladder_of(struct sim_property *p, struct db *db, int64_t id)
{
	struct style s = {.width = 80};
	char *text = NULL;
	struct trace t;
	struct err e;
	size_t size;

	if (trace_load(&t, db, &s, id, true, &e) < 0) {
		sim_property_broken(p, e.msg);
		return;
	}
	s.out = open_memstream(&text, &size);
	if (t.rows > 0 && ladder_print(&t, &s, false, &e) < 0)
		sim_property_broken(p, e.msg);
	fclose(s.out);
	check_ladder(p, &t, text);
	trace_free(&t);
	free(text);
}

static void folds_hide_nothing_bad(struct sim_property *p, struct sim_world *w)
{
	struct sim_record r;
	sqlite3 *sql;

	/* Long ones, so that there is something to fold. */
	w->response_max = 60000;
	w->exchanges = SIM_EXCHANGES_MAX;
	if (sim_property_run(p, w, &r, &sql)) {
		struct db db = {.sql = sql};
		struct filter f = {0};
		struct ids ids = {0};
		struct err e;

		if (select_connections(&db, &f, &ids, &e) < 0)
			sim_property_broken(p, e.msg);
		for (uint32_t i = 0; i < ids.n; i++)
			ladder_of(p, &db, ids.id[i]);
		ids_free(&ids);
	}
	sqlite3_close(sql);
	sim_record_free(&r);
}

#define CHECK(check, worlds, ...)                                                                                                          \
	assert_int_equal(0, sim_property_check(#check, check, (const unsigned[]){__VA_ARGS__},                                             \
				sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned), worlds))

static void test_widths(void **state)
{
	(void)state;
	CHECK(no_line_is_too_wide, 24, SIM_PATH_TROUBLE | SIM_CLOCKS | SIM_CAPTURE_LOSS, SIM_ALL, SIM_MANGLING | SIM_PATH_TROUBLE, SIM_ALL | SIM_WAYS | SIM_FRAGMENTS);
}

static void test_folds(void **state)
{
	(void)state;
	CHECK(folds_hide_nothing_bad, 24, SIM_DROPS | SIM_NETWORK | SIM_CAPTURE_LOSS, SIM_PATH_TROUBLE | SIM_CLOCKS, SIM_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_widths),
	    cmocka_unit_test(test_folds),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
