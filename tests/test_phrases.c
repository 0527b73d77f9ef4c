/* Sentences kept once: what is referred to is what was said. */
#include "tests/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "correlate/report/phrases.h"

/* As JSON. The caller frees it. */
static char *refer(struct phrases *p, const char *text)
{
	char *out = NULL;
	size_t size;
	struct err e;
	FILE *f = open_memstream(&out, &size);

	assert_non_null(f);
	assert_int_equal(phrases_refer(p, f, text, &e), 0);
	fclose(f);
	return out;
}

/* What report.js makes of a reference; the caller frees it. */
static char *resolve(const struct phrases *p, const char *reference)
{
	bool digits = *reference == '"';
	char *at;
	unsigned long place = strtoul(reference + digits, &at, 10);
	char *text = calloc(1, strlen(p->text[place]) + strlen(at) + 1), *to = text;

	assert_true(place < p->n);
	for (const char *c = p->text[place]; *c; c++) {
		if (!digits || *c != '#') {
			*to++ = *c;
			continue;
		}
		assert_int_equal(*at, '|');
		for (at++; *at >= '0' && *at <= '9'; at++)
			*to++ = *at;
	}
	assert_string_equal(at, digits ? "\"" : "");
	return text;
}

static void references_give_back_the_text(void **state)
{
	static const char *const texts[] = {
	    "", "gave up 4.24 s later", "gave up 60.0 s later", "p1 → p2: all 3 connections to port 80", "007", "connection #12", "a # without digits", "#", "5", "0", "1|2|3", "\"\\<\x1f>",
	    "fd00:1::10", "RFC 9293 3.10.7.4", "9",
	};
	struct phrases p = {0};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *reference = refer(&p, texts[i]), *text = resolve(&p, reference), *again = refer(&p, texts[i]);

		assert_string_equal(text, texts[i]);
		assert_string_equal(again, reference);
		free(reference);
		free(text);
		free(again);
	}
	phrases_free(&p);
}

static void sentences_that_differ_in_numbers_are_one(void **state)
{
	struct phrases p = {0};
	char *a = refer(&p, "gave up 4.24 s later"), *b = refer(&p, "gave up 60.0 s later");

	(void)state;
	assert_string_equal(a, "\"1|4|24\"");
	assert_string_equal(b, "\"1|60|0\"");
	free(a);
	free(b);
	/* The digits of a name belong to it. */
	a = refer(&p, "p1 saw it"), b = refer(&p, "p2 saw it");
	assert_string_equal(a, "2");
	assert_string_equal(b, "3");
	free(a);
	free(b);
	phrases_free(&p);
}

static void many_phrases_are_found_again(void **state)
{
	struct phrases p = {0};
	struct err e;
	char text[32];
	uint32_t place;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		snprintf(text, sizeof text, "10.0.%u.%u:%u", i / 256, i % 256, i);
		assert_int_equal(phrases_place(&p, text, &place, &e), 0);
		assert_int_equal(place, i + 1);
	}
	for (uint32_t i = 0; i < 10000; i += 7) {
		snprintf(text, sizeof text, "10.0.%u.%u:%u", i / 256, i % 256, i);
		assert_int_equal(phrases_place(&p, text, &place, &e), 0);
		assert_int_equal(place, i + 1);
	}
	phrases_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_give_back_the_text),
		cmocka_unit_test(sentences_that_differ_in_numbers_are_one),
		cmocka_unit_test(many_phrases_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
