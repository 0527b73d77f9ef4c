#include "schema/clean.h"
#include "tests/test.h"

#include <locale.h>
#include <unistd.h>

#include "correlate/report/out.h"
#include "correlate/report/report.h"
#include "correlate/report/select.h"
#include "correlate/report/style.h"
#include "correlate/report/text.h"
#include "tests/test_report.h"

static const struct style utf8 = {.utf8 = true, .width = 100}, ascii = {.utf8 = false, .width = 100};

static void check_duration(int64_t ns, int64_t resolution_ns, const char *expected)
{
	char buf[48];

	assert_string_equal(style_duration(&utf8, buf, sizeof buf, ns, resolution_ns), expected);
}

static void a_duration_has_no_digit_that_the_capture_does_not_support(void **state)
{
	(void)state;
	check_duration(412345, 1, "0.41 ms");
	check_duration(31100000, 1000, "31.1 ms");
	check_duration(12120000, 1000000, "12 ms");
	check_duration(412345, 1000000, "<1 ms");
	check_duration(43210, 1, "43.2 µs");
	check_duration(43210, 1000, "43 µs");
	check_duration(300, 1, "300 ns");
	check_duration(2996475000, 1000, "3.00 s");
	check_duration(999499999, 1, "999 ms");
	check_duration(-20000000, 1000, "-20.0 ms");
	check_duration(0, 1000, "0 µs");
	check_duration(INT64_C(7500) * 1000000000, 1000, "2 h 05 min");
	check_duration(INT64_C(125) * 1000000000, 1000, "2 min 05 s");
}

static void seconds_are_grouped_by_three(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(style_seconds(buf, sizeof buf, 2996475000, 1000, true), "+2.996 475");
	assert_string_equal(style_seconds(buf, sizeof buf, 37250013499, 1000, false), "37.250 013");
	assert_string_equal(style_seconds(buf, sizeof buf, 37250013499, 1, false), "37.250 013 499");
	assert_string_equal(style_seconds(buf, sizeof buf, 37250513499, 1000000, false), "37.251");
	assert_string_equal(style_seconds(buf, sizeof buf, -1500000000, 1000000000, true), "-2");
	assert_string_equal(style_seconds(buf, sizeof buf, INT64_C(86400000000000), 1000000, false), "86 400.000");
}

static void counts_are_grouped_and_survive_the_extremes(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(style_count(buf, sizeof buf, 0), "0");
	assert_string_equal(style_count(buf, sizeof buf, 999), "999");
	assert_string_equal(style_count(buf, sizeof buf, 1188), "1 188");
	assert_string_equal(style_count(buf, sizeof buf, -21904), "-21 904");
	assert_string_equal(style_count(buf, sizeof buf, INT64_MIN), "-9 223 372 036 854 775 808");
}

static void times_before_1970_do_not_break(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(style_time(buf, sizeof buf, INT64_C(1249952477285000000), true), "2009-08-11 01:01:17.285");
	assert_string_equal(style_time(buf, sizeof buf, -1, false), "23:59:59.999");
}

static void foreign_text_cannot_reach_the_terminal(void **state)
{
	char buf[128];

	(void)state;
	clean_text(buf, sizeof buf, "a\033[31mb\a\x7f", -1, true);
	assert_string_equal(buf, "a\\x1b[31mb\\x07\\x7f");
	clean_text(buf, sizeof buf, "\xc2\x9b" "31m", -1, true);       /* C1: CSI in one character */
	assert_string_equal(buf, "\\u009b31m");
	clean_text(buf, sizeof buf, "a\xe2\x80\xae" "b", -1, true);    /* right-to-left override */
	assert_string_equal(buf, "a\\u202eb");
	clean_text(buf, sizeof buf, "\xff\xc0\xaf", -1, true);         /* no UTF-8 */
	assert_string_equal(buf, "\\xff\\xc0\\xaf");
	clean_text(buf, sizeof buf, "Zürich → µs", -1, true);
	assert_string_equal(buf, "Zürich → µs");
	clean_text(buf, sizeof buf, "Zürich → µs ×2", -1, false);
	assert_string_equal(buf, "Z\\u00fcrich -> us x2");
	clean_text(buf, 8, "abc\033def", -1, true);                    /* cut at a character, not inside \x1b */
	assert_string_equal(buf, "abc\\x1b");
	clean_text(buf, 5, "abc\033def", -1, true);
	assert_string_equal(buf, "abc");
}

static char *printed(void (*print)(FILE *out, const char *text, int len), const char *text, int len)
{
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	assert_non_null(out);
	print(out, text, len);
	fclose(out);
	return got;
}

static void check_printed(void (*print)(FILE *out, const char *text, int len), const char *text, int len, const char *expected)
{
	char *got = printed(print, text, len);

	assert_string_equal(got, expected);
	free(got);
}

static void json_strings_are_escaped(void **state)
{
	(void)state;
	check_printed(out_json_string, "plain", 5, "\"plain\"");
	check_printed(out_json_string, "a\"b\\c\n\t\033", 8, "\"a\\\"b\\\\c\\n\\t\\u001b\"");
	check_printed(out_json_string, "\0x", 2, "\"\\u0000x\"");
	check_printed(out_json_string, "\xff" "é", 3, "\"\\ufffdé\"");
}

static void csv_fields_are_quoted_when_they_must(void **state)
{
	(void)state;
	check_printed(out_csv_field, "plain", 5, "plain");
	check_printed(out_csv_field, "a,b", 3, "\"a,b\"");
	check_printed(out_csv_field, "a\"b", 3, "\"a\"\"b\"");
	check_printed(out_csv_field, "a\r\nb", 4, "\"a\r\nb\"");
	check_printed(out_csv_field, " a", 2, "\" a\"");
	check_printed(out_csv_field, "", 0, "\"\"");
}

/* What a report prints; the caller frees it. */
static char *rows(struct made *m, const char *format, const char *sql)
{
	char *got = NULL;
	size_t size;
	struct style s = utf8;
	struct err e;
	sqlite3_stmt *st;

	s.out = open_memstream(&got, &size);
	assert_non_null(s.out);
	assert_int_equal(db_prepare(&m->db, sql, &st, &e), 0);
	assert_int_equal(report_find(format)->rows(&m->db, &s, st, &e), 0);
	sqlite3_finalize(st);
	fclose(s.out);
	return got;
}

static void every_format_gives_the_same_rows(void **state)
{
	static const char sql[] = "SELECT 1 AS n, 'a,\"' AS t, NULL AS missing, 0.1 AS f, x'0aff' AS b, 9223372036854775807 AS big";
	struct made m;
	char *got;

	(void)state;
	made_open(&m, "a", "");
	got = rows(&m, "json", sql);
	assert_string_equal(got, "{\"n\":1,\"t\":\"a,\\\"\",\"missing\":null,\"f\":0.1,\"b\":\"0aff\",\"big\":9223372036854775807}\n");
	free(got);
	got = rows(&m, "csv", sql);
	assert_string_equal(got, "n,t,missing,f,b,big\r\n1,\"a,\"\"\",,0.1,0aff,9223372036854775807\r\n");
	free(got);
	got = rows(&m, "text", sql);
	assert_string_equal(got, "n  t    missing    f  b                     big\n1  a,\"           0.1  0aff  9223372036854775807\n");
	free(got);
	got = rows(&m, "json", "SELECT '{\"a\":[1]}' AS \"evidence JSON\"");
	assert_string_equal(got, "{\"evidence\":{\"a\":[1]}}\n");
	free(got);
	made_close(&m);
}

static void a_long_table_is_printed_in_batches_with_one_head(void **state)
{
	struct made m;
	char *got;
	size_t lines = 0;

	(void)state;
	made_open(&m, "a", "");
	got = rows(&m, "text", "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 12001) SELECT n FROM c");
	for (const char *p = got; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 12002);
	free(got);
	made_close(&m);
}

static void hostile_names_are_shown_not_obeyed(void **state)
{
	struct made m;
	char *got = NULL;
	size_t size;
	struct style s = utf8;
	struct filter f = {0};
	struct err e;

	(void)state;
	made_open(&m, "cl\033]0;x\aient,ser\xff\xe2\x80\xaever", "given\033[2J");
	made_connection(&m, 1000, 10, "refused\033[1m", 3, "It\033[31m was refused.", 3);
	made_packet(&m, &(struct made_packet){.flags = TCP_SYN, .seq = 1000, .win = 1, .options = "mss\033", .at_us = {1, 2}});
	s.out = open_memstream(&got, &size);
	assert_int_equal(report_run(&m.db, &s, &e), 0);
	assert_int_equal(report_ladders(&m.db, &s, &f, &e), 0);
	fclose(s.out);
	for (const char *p = got; *p; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
	assert_null(strstr(got, "\xe2\x80\xae"));
	assert_null(strstr(got, "\xff"));
	free(got);
	made_close(&m);
}

static size_t chosen(struct made *m, const struct filter *f)
{
	struct ids ids = {0};
	struct err e;
	size_t n;

	if (select_connections(&m->db, f, &ids, &e) < 0)
		return SIZE_MAX;
	n = ids.n;
	ids_free(&ids);
	return n;
}

static void filters_choose_by_one_finding_that_fits_all(void **state)
{
	struct made m;

	(void)state;
	made_open(&m, "a,b,c", "");
	made_connection(&m, 1000, 10, "no connection", 3, "x", 3);
	made_finding(&m, "dropped", "SYN", 0, 1, 2, "certain", "t", "{}", NULL);
	made_finding(&m, "dropped", "data", 0, 0, 1, "possible", "t", "{}", NULL);
	made_connection(&m, 2000, 10, "completed", 0, "y", 7);
	assert_int_equal(chosen(&m, &(struct filter){0}), 2);
	assert_int_equal(chosen(&m, &(struct filter){.kind = "dropped"}), 1);
	assert_int_equal(chosen(&m, &(struct filter){.kind = "dropped", .what = "SYN"}), 1);
	assert_int_equal(chosen(&m, &(struct filter){.kind = "dropped", .what = "data"}), 0);
	assert_int_equal(chosen(&m, &(struct filter){.kind = "undecided", .what = "data"}), 1);
	assert_int_equal(chosen(&m, &(struct filter){.what = "SYN", .from = "c", .to = "b"}), 1);
	assert_int_equal(chosen(&m, &(struct filter){.what = "SYN", .from = "a", .to = "b"}), 0);
	assert_int_equal(chosen(&m, &(struct filter){.kind = "dropped", .point = "a"}), 0);
	assert_int_equal(chosen(&m, &(struct filter){.point = "c"}), 1);
	assert_int_equal(chosen(&m, &(struct filter){.host = "10.10.10.10", .port = 53811}), 1);
	assert_int_equal(chosen(&m, &(struct filter){.failed = true}), 1);
	assert_int_equal(chosen(&m, &(struct filter){.host = "' OR 1 --"}), 0);
	assert_int_equal(chosen(&m, &(struct filter){.kind = "nonsense"}), SIZE_MAX);
	assert_int_equal(chosen(&m, &(struct filter){.point = "nowhere"}), SIZE_MAX);
	made_close(&m);
}

static void a_verdict_is_as_sure_as_its_weakest_claim(void **state)
{
	struct made m;
	char *got;

	(void)state;
	made_open(&m, "a,b", "");
	made_connection(&m, 1000, 10, "completed", 0, "Completed.", 3);
	made_connection(&m, 2000, 10, "no connection", 2, "x", 3);
	made_finding(&m, "undecided", "SYN", 0, 0, 1, "possible", "t", "{}", NULL);
	made_finding(&m, "modified", "any", 0, 0, 1, "certain", "t", "{}", NULL);
	made_connection(&m, 3000, 10, "reset", 3, "x", 3);
	made_finding(&m, "generated", "RST", 0, 0, 1, "certain", "t", "{}", NULL);
	made_finding(&m, "dropped", "RST", 1, 0, 1, "likely", "t", "{}", NULL);
	made_connection(&m, 4000, 10, "completed", 3, "This breaks SACK.", 3);
	made_finding(&m, "modified", "any", 1, 1, 0, "certain", "t", "{}", NULL);
	made_sql(&m, "UPDATE statement SET rule = 'sack_not_shifted' WHERE id IN (SELECT statement_id FROM finding_row WHERE connection_id = 4)");
	assert_int_equal(chosen(&m, &(struct filter){0}), 4);
	got = rows(&m, "csv", "SELECT confidence FROM report_confidence ORDER BY connection_id");
	assert_string_equal(got, "confidence\r\n\r\npossible\r\nlikely\r\ncertain\r\n");
	free(got);
	made_close(&m);
}

static void a_sentence_is_wrapped_at_words(void **state)
{
	const char *p = "one two three";
	char line[32];

	(void)state;
	assert_true(text_line(&p, 8, line, sizeof line));
	assert_string_equal(line, "one two");
	assert_true(text_line(&p, 8, line, sizeof line));
	assert_string_equal(line, "three");
	assert_false(text_line(&p, 8, line, sizeof line));
	p = "averyveryverylongword x";
	assert_true(text_line(&p, 4, line, sizeof line));
	assert_string_equal(line, "averyveryverylongword");
	p = "win 5840  ts 145592423";
	assert_true(text_parts(&p, 14, line, sizeof line));
	assert_string_equal(line, "win 5840");
	assert_true(text_parts(&p, 14, line, sizeof line));
	assert_string_equal(line, "ts 145592423");
	assert_false(text_parts(&p, 14, line, sizeof line));
}

static void ascii_output_has_no_other_character(void **state)
{
	char buf[48];

	(void)state;
	assert_string_equal(style_duration(&ascii, buf, sizeof buf, 43210, 1000), "43 us");
	assert_string_equal(style_pick(&ascii, "→", "->"), "->");
}

/* What the program says to a query, on both outputs. */
static void check_query(const char *path, const char *sql, const char *expected, int status)
{
	char command[1024], got[4096];
	size_t n;
	FILE *p;

	snprintf(command, sizeof command, "LC_ALL=C '%s' query '%s' \"%s\" 2>&1", getenv("PROG"), path, sql);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(got, 1, sizeof got - 1, p);
	got[n] = '\0';
	assert_int_equal(pclose(p) >> 8, status);
	assert_string_equal(got, expected);
}

static void a_wrong_query_is_shown_with_the_place(void **state)
{
	char path[] = "/tmp/test_report.XXXXXX", file[64];
	struct made m;

	(void)state;
	if (getenv("PROG") == NULL)
		skip();
	assert_non_null(mkdtemp(path));
	made_open(&m, "a,b", "");
	made_sql(&m, "VACUUM INTO '%s/case'", path);
	made_close(&m);
	snprintf(file, sizeof file, "%s/case", path);
	check_query(file, "SELECT name FROM point; SELECT 1 AS x", "name\na\nb\n\nx\n1\n", 0);
	check_query(file, "SELECT name,\n nonsense FROM point", "pcaphop query: no such column: nonsense\n  line 2:  nonsense FROM point\n           ^\n", 1);
	check_query(file, "DELETE FROM point", "pcaphop query: a query may only read the case\n  line 1: DELETE FROM point\n          ^\n", 1);
	check_query(file, "ATTACH 'x' AS x", "pcaphop query: a query may only read the case\n  line 1: ATTACH 'x' AS x\n          ^\n", 1);
	check_query(file, "SELECT (1", "pcaphop query: incomplete input\n  line 1: SELECT (1\n                   ^\n", 1);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_has_no_digit_that_the_capture_does_not_support),
		cmocka_unit_test(seconds_are_grouped_by_three),
		cmocka_unit_test(counts_are_grouped_and_survive_the_extremes),
		cmocka_unit_test(times_before_1970_do_not_break),
		cmocka_unit_test(foreign_text_cannot_reach_the_terminal),
		cmocka_unit_test(json_strings_are_escaped),
		cmocka_unit_test(csv_fields_are_quoted_when_they_must),
		cmocka_unit_test(every_format_gives_the_same_rows),
		cmocka_unit_test(a_long_table_is_printed_in_batches_with_one_head),
		cmocka_unit_test(hostile_names_are_shown_not_obeyed),
		cmocka_unit_test(filters_choose_by_one_finding_that_fits_all),
		cmocka_unit_test(a_verdict_is_as_sure_as_its_weakest_claim),
		cmocka_unit_test(a_sentence_is_wrapped_at_words),
		cmocka_unit_test(ascii_output_has_no_other_character),
		cmocka_unit_test(a_wrong_query_is_shown_with_the_place),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
