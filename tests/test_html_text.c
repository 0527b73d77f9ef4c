/* Foreign text in a page stays text. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/html_text.h"

static void check(void (*print)(FILE *, const char *), const char *text, const char *expected)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	print(f, text);
	fclose(f);
	assert_string_equal(out, expected);
	free(out);
}

static void nothing_in_text_is_markup(void **state)
{
	(void)state;
	check(html_text, "<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
	check(html_text, "\" onclick=\"x & y", "&quot; onclick=&quot;x &amp; y");
	check(html_text, "&lt;", "&amp;lt;");
	check(html_text, "a → b", "a → b");
}

static void foreign_bytes_are_made_visible(void **state)
{
	(void)state;
	check(html_foreign, "a\nb\x1b[31m", "a\\x0ab\\x1b[31m");
	check(html_foreign, "\xff\xfe<", "\\xff\\xfe&lt;");
	check(html_foreign, "\xe2\x80\xae", "\\u202e");
	check(html_foreign, NULL, "");
}

static void no_json_string_ends_the_script_it_is_in(void **state)
{
	(void)state;
	check(html_json, "</script><!--", "\"\\u003c/script\\u003e\\u003c!--\"");
	check(html_json, "a\"b\\c\x1f&", "\"a\\\"b\\\\c\\u001f\\u0026\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_in_text_is_markup),
		cmocka_unit_test(foreign_bytes_are_made_visible),
		cmocka_unit_test(no_json_string_ends_the_script_it_is_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
