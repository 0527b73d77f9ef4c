/* Texts and their numbers: SQL must give back what was taken apart. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "correlate/once.h"
#include "correlate/phrase.h"
#include "schema/db.h"

static void check_split(const char *in, const char *text, const char *numbers)
{
	char buf[400], list[PHRASE_BYTES];
	struct phrase p = { .text = buf, .size = 2 * strlen(in) + 1 };

	phrase_split(&p, in);
	phrase_numbers(&p, list);
	assert_string_equal(p.text, text);
	assert_string_equal(list, numbers);
}

static void numbers_are_taken_out_of_a_text(void **state)
{
	(void)state;
	check_split("", "", "");
	check_split("gave up", "gave up", "");
	check_split("7", "%d", "7");
	check_split("2 SYNs to port 443, 4.24 s later", "%d SYNs to port %d, %d.%d s later", "2,443,4,24");
	check_split("after 0.050 s", "after %d.%03d s", "0,50");
	check_split("10.0.0.7:80", "%d.%d.%d.%d:%d", "10,0,0,7,80");
	check_split("100% of 3", "%d%% of %d", "100,3");
}

static void names_and_rfcs_are_no_numbers(void **state)
{
	(void)state;
	check_split("p0 and fw-2 and eth1: 5", "p0 and fw-%d and eth1: %d", "2,5");
	check_split("\xc3\xa4" "1 1", "\xc3\xa4" "1 %d", "1");
	check_split("RFC 9293 3.10.7.4, 2 of them", "RFC 9293 3.10.7.4, %d of them", "2");
	check_split("(RFC 7323 5)", "(RFC 7323 5)", "");
}

static void what_is_too_long_or_too_many_stays(void **state)
{
	(void)state;
	check_split("999999999999999999 1234567890123456789", "%d 1234567890123456789", "999999999999999999");
	check_split("1 2 3 4 5 6 7 8 9 10", "%d %d %d %d %d %d %d %d 9 10", "1,2,3,4,5,6,7,8");
	check_split("000000000000000000", "%018d", "0");
}

/* Through the view that people read. */
static void check_given_back(struct db *db, const char *in)
{
	char buf[400], list[PHRASE_BYTES];
	struct phrase p = { .text = buf, .size = sizeof buf };
	sqlite3_stmt *st;
	struct err e;

	phrase_split(&p, in);
	phrase_numbers(&p, list);
	assert_int_equal(db_exec(db, "DELETE FROM connection_row; DELETE FROM conclusion", &e), 0);
	assert_int_equal(db_prepare(db, "INSERT INTO conclusion VALUES(1, '', ?1, 0, '', 0)", &st, &e), 0);
	db_bind_text(st, 1, p.text);
	assert_int_equal(db_run(db, st, &e), 0);
	sqlite3_finalize(st);
	assert_int_equal(db_prepare(db, "INSERT INTO connection_row VALUES(1, 0, 0, 0, 0, 1, nullif(?1, ''))", &st, &e), 0);
	db_bind_text(st, 1, list);
	assert_int_equal(db_run(db, st, &e), 0);
	sqlite3_finalize(st);
	assert_int_equal(db_prepare(db, "SELECT verdict FROM connection", &st, &e), 0);
	assert_int_equal(db_step(db, st, &e), 1);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), in);
	sqlite3_finalize(st);
}

static void sql_gives_the_text_back(void **state)
{
	static const char *const text[] = { "%", "%d %s %n %%", "5%", "0", "00", "007 0.070", "1e5 -3 +4 0x7f 5d %5d", "999999999999999999", "0000000000000000000000",
		"10.1.2.3 2001:db8::10 1 2 3 4 5", "{\"a\":[\"\\u0001\",12]}", "'; DROP TABLE point; --", "RFC 793", "RFC ", "RFC RFC 1 2", "\xe2\x97\x86" "5 %%d 6" };
	struct db db;
	struct err e;

	(void)state;
	assert_int_equal(db_open(&db, ":memory:", DB_CREATE, &e), 0);
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		check_given_back(&db, text[i]);
	/* Whatever it is made of. */
	for (unsigned seed = 1; seed < 2000; seed++) {
		static const char of[] = "0019%d.R FC\xc3\xa4,_9";
		char in[64];
		unsigned x = seed, n = 0;
		for (; n < 1 + seed % 50; n++, x = x * 1103515245 + 12345)
			in[n] = of[(x >> 16) % (sizeof of - 1)];
		in[n] = '\0';
		check_given_back(&db, in);
	}
	db_close(&db);
}

static int id_of(struct once *o, const char *a, const char *b, int64_t v, int64_t *id)
{
	static struct once_row r;
	struct err e;

	once_begin(&r);
	once_text(&r, a);
	once_text(&r, b);
	once_int(&r, v);
	return once_id(o, &r, id, &e);
}

static void equal_rows_have_one_id(void **state)
{
	struct err e;
	struct once *o = once_new(&e);
	int64_t id;

	(void)state;
	assert_int_equal(id_of(o, "a", "b", 1, &id), 1);
	assert_int_equal(id, 1);
	assert_int_equal(id_of(o, "ab", "", 1, &id), 1);
	assert_int_equal(id, 2);
	assert_int_equal(id_of(o, "a", "b", 2, &id), 1);
	assert_int_equal(id, 3);
	assert_int_equal(id_of(o, "a", "b", 1, &id), 0);
	assert_int_equal(id, 1);
	once_free(o);
	once_free(NULL);
}

static void of_very_many_rows_some_are_forgotten_and_none_is_taken_for_another(void **state)
{
	struct err e;
	struct once *o = once_new(&e);
	int64_t id, last = 0;

	(void)state;
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < 10000; i++) {
			assert_int_equal(id_of(o, "many", "", i, &id), 1);
			assert_true(id > last);
			last = id;
		}
	assert_int_equal(id_of(o, "many", "", 9999, &id), 0);
	assert_int_equal(id, last);
	once_free(o);
}

static void a_row_that_is_too_long_is_stored_each_time(void **state)
{
	static char text[40000];
	struct err e;
	struct once *o = once_new(&e);
	int64_t id;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	assert_int_equal(id_of(o, text, "", 1, &id), 1);
	assert_int_equal(id_of(o, text, "", 2, &id), 1);
	assert_int_equal(id, 2);
	once_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_taken_out_of_a_text),
	    cmocka_unit_test(names_and_rfcs_are_no_numbers),
	    cmocka_unit_test(what_is_too_long_or_too_many_stays),
	    cmocka_unit_test(sql_gives_the_text_back),
	    cmocka_unit_test(equal_rows_have_one_id),
	    cmocka_unit_test(of_very_many_rows_some_are_forgotten_and_none_is_taken_for_another),
	    cmocka_unit_test(a_row_that_is_too_long_is_stored_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
