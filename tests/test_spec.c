#include "tests/test_import.h"

#include <sys/stat.h>

#include "ingest/spec.h"

/* One spec a line: point, path inside the folder, selector. */
static void check_specs(const struct specs *s, const char *folder, const char *expected)
{
	char text[1000] = "", line[300];
	size_t n = strlen(folder);

	for (size_t i = 0; i < s->n; i++) {
		assert_true(strncmp(s->list[i].path, folder, n) == 0);
		snprintf(line, sizeof line, "%s %s %s\n", s->list[i].point, s->list[i].path + n, s->list[i].selector);
		strcat(text, line);
	}
	assert_string_equal(text, expected);
}

static void add(struct specs *s, const char *point, const char *folder, const char *rest)
{
	char argument[300];
	struct err e;

	snprintf(argument, sizeof argument, "%s=%s%s", point, folder, rest);
	if (specs_add(s, argument, false, &e) < 0)
		fail_msg("%s", e.msg);
}

static void touch(struct folder *f, const char *name)
{
	folder_write(f, name, &(struct bytes){0});
}

static void a_folder_is_its_files_in_the_order_of_their_names(void **state)
{
	struct specs s = {0};
	struct folder f;
	char inner[64];

	(void)state;
	folder_make(&f);
	touch(&f, "b.pcap");
	touch(&f, "a.pcap");
	touch(&f, "c=d.pcap");
	touch(&f, "B.pcap@2");
	touch(&f, ".hidden.pcap");
	snprintf(inner, sizeof inner, "%s/a-folder", f.path);
	assert_int_equal(mkdir(inner, 0700), 0);
	add(&s, "lb", f.path, "");
	check_specs(&s, f.path, "lb /B.pcap@2 \nlb /a.pcap \nlb /b.pcap \nlb /c=d.pcap \n");
	specs_free(&s);
	assert_int_equal(s.n, 0);
	assert_int_equal(rmdir(inner), 0);
	folder_free(&f);
}

static void a_folder_without_files_is_refused(void **state)
{
	struct specs s = {0};
	struct folder f;
	char argument[64];
	struct err e;

	(void)state;
	folder_make(&f);
	snprintf(argument, sizeof argument, "a=%s", f.path);
	assert_int_equal(specs_add(&s, argument, false, &e), -1);
	assert_non_null(strstr(e.msg, "no files in this folder"));
	assert_int_equal(s.n, 0);
	specs_free(&s);
	folder_free(&f);
}

static void what_follows_the_last_at_sign_is_an_interface(void **state)
{
	struct specs s = {0};
	struct folder f;

	(void)state;
	folder_make(&f);
	touch(&f, "x.pcapng");
	touch(&f, "me@home.pcapng");
	add(&s, "a", f.path, "/x.pcapng");
	add(&s, "b", f.path, "/x.pcapng@eth0");
	add(&s, "c", f.path, "/x.pcapng@0");
	add(&s, "d", f.path, "/me@home.pcapng@eth0.5");
	/* Not there (yet): opening it will say so. */
	add(&s, "e", f.path, "/none@1");
	add(&s, "f", f.path, "/none@");
	check_specs(&s, f.path, "a /x.pcapng \nb /x.pcapng eth0\nc /x.pcapng 0\nd /me@home.pcapng eth0.5\ne /none 1\nf /none@ \n");
	specs_free(&s);
	folder_free(&f);
}

static void a_file_whose_real_name_has_an_at_sign_wins(void **state)
{
	struct specs s = {0};
	struct folder f;

	(void)state;
	folder_make(&f);
	touch(&f, "x.pcapng");
	touch(&f, "x.pcapng@eth0");
	add(&s, "a", f.path, "/x.pcapng@eth0");
	add(&s, "a", f.path, "/x.pcapng@eth0@1");
	check_specs(&s, f.path, "a /x.pcapng@eth0 \na /x.pcapng@eth0 1\n");
	specs_free(&s);
	folder_free(&f);
}

static void standard_input_may_have_an_interface_too(void **state)
{
	struct specs s = {0};

	(void)state;
	add(&s, "a", "-", "");
	add(&s, "a", "-", "@eth0");
	check_specs(&s, "", "a - \na - eth0\n");
	specs_free(&s);
}

static void bad_arguments_are_refused_in_their_own_words(void **state)
{
	static const char *const bad[] = {"x.pcap", "=x.pcap", "a=", "", "="};
	char longest[] = "a23456789012345678901234567890123456789012345678901234567890123=-", argument[80];
	struct specs s = {0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char expected[80];
		snprintf(expected, sizeof expected, "'%s' is not POINT=FILE", bad[i]);
		assert_int_equal(specs_add(&s, bad[i], false, &e), -1);
		assert_string_equal(e.msg, expected);
	}
	assert_int_equal(specs_add(&s, "a,b=-", false, &e), -1);
	assert_string_equal(e.msg, "'a,b': a point's name has at most 63 bytes and no comma");
	assert_int_equal(s.n, 0);
	assert_int_equal(specs_add(&s, longest, false, &e), 0);
	assert_int_equal(strlen(s.list[0].point), 63);
	snprintf(argument, sizeof argument, "b%s", longest);
	assert_int_equal(specs_add(&s, argument, false, &e), -1);
	assert_int_equal(s.n, 1);
	specs_free(&s);
}

static void order_does_not_depend_on_the_command_line(void **state)
{
	static const char *const forward[] = {"b=-@1", "a=-", "b=-", "a=/z@q", "b=-@0", "a=/y", "c=-", "d=-", "e=-", "aa=-"};
	const size_t n = sizeof forward / sizeof forward[0];

	(void)state;
	for (size_t turn = 0; turn < n; turn++) {
		struct specs s = {0};
		struct err e;
		for (size_t i = 0; i < n; i++)
			assert_int_equal(specs_add(&s, forward[(i + turn) % n], false, &e), 0);
		specs_sort(&s);
		check_specs(&s, "", "a - \na /y \na /z q\naa - \nb - \nb - 0\nb - 1\nc - \nd - \ne - \n");
		specs_free(&s);
	}
	specs_sort(&(struct specs){0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_folder_is_its_files_in_the_order_of_their_names),
	    cmocka_unit_test(a_folder_without_files_is_refused),
	    cmocka_unit_test(what_follows_the_last_at_sign_is_an_interface),
	    cmocka_unit_test(a_file_whose_real_name_has_an_at_sign_wins),
	    cmocka_unit_test(standard_input_may_have_an_interface_too),
	    cmocka_unit_test(bad_arguments_are_refused_in_their_own_words),
	    cmocka_unit_test(order_does_not_depend_on_the_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
