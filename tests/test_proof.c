/* Sequence numbers unwrapped, and who repeats whom. */
#include "tests/conn_build.h"

#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"     /* lines 1 to 3 */

static uint32_t index_of(const struct scene *s, unsigned line)
{
	return (uint32_t)(tx_of(s, line) - s->c.tx);
}

/* ---- numbers ---- */

static void numbers_run_on_past_two_to_the_32(void **state)
{
	struct scene *s = scene_proved(2,
		"0.00 ab > S  4294967000\n"
		"0.01 ba < S. 4294967290 ack 4294967001\n"
		"0.02 ab > P. 4294967001 ack 4294967291 len 1000\n"
		"0.03 ab > P. 705 ack 4294967291 len 1000\n"
		"0.04 ba < P. 4294967291 ack 1705 len 100\n"
		"0.05 ab > .  1705 ack 95\n"
		"0.50 ab > P. 4294967001 ack 95 len 1000\n");
	int64_t zero = tx_of(s, 1)->off, other = tx_of(s, 2)->off;

	(void)state;
	assert_int_equal(tx_of(s, 1)->end, zero + 1);
	assert_int_equal(tx_of(s, 3)->off, zero + 1);
	assert_int_equal(tx_of(s, 4)->off, zero + 1001);
	assert_int_equal(tx_of(s, 4)->end, zero + 2001);
	assert_int_equal(tx_of(s, 5)->ack, zero + 2001);
	assert_int_equal(tx_of(s, 6)->ack, other + 101);
	for (unsigned line = 1; line <= 6; line++)
		assert_false(tx_of(s, line)->stray || tx_of(s, line)->repeat);
	assert_true(tx_of(s, 7)->off == zero + 1 && tx_of(s, 7)->repeat && tx_of(s, 7)->repeats == index_of(s, 3));
	scene_free(s);
}

static void syn_and_fin_count_one_each(void **state)
{
	struct scene *s = scene_proved(2, HELLO "0.03 ab > FP. 1001 ack 5001 len 10\n0.04 ba < F. 5001 ack 1012\n");

	(void)state;
	assert_int_equal(tx_of(s, 1)->end - tx_of(s, 1)->off, 1);
	assert_int_equal(tx_of(s, 4)->end - tx_of(s, 4)->off, 11);
	assert_int_equal(tx_of(s, 5)->ack, tx_of(s, 4)->end);
	scene_free(s);
}

static void numbers_of_a_stale_answer_are_stray(void **state)
{
	struct scene *s = scene_proved(2,
		"0.00 ab > S 1000\n"
		"0.01 ba < . 777000000 ack 333000000\n"
		"0.02 ab > R 333000000\n"
		"1.00 ab > S 1000\n"
		"1.01 ba < S. 5000 ack 1001\n");

	(void)state;
	assert_true(tx_of(s, 2)->stray_ack && tx_of(s, 2)->stray);
	assert_true(tx_of(s, 3)->stray);
	assert_false(tx_of(s, 4)->stray || tx_of(s, 5)->stray || tx_of(s, 5)->stray_ack);
	assert_true(tx_of(s, 4)->repeat);
	scene_free(s);
}

static void a_stray_number_leads_nothing_after_it_astray(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.03 ba < R. 900000000 ack 800000000\n"
		"0.04 ab > P. 1001 ack 5001 len 10\n"
		"0.05 ba < .  5001 ack 1011\n");

	(void)state;
	assert_true(tx_of(s, 4)->stray && tx_of(s, 4)->stray_ack);
	assert_false(tx_of(s, 5)->stray || tx_of(s, 6)->stray || tx_of(s, 6)->stray_ack);
	assert_int_equal(tx_of(s, 5)->off, tx_of(s, 1)->end);
	assert_int_equal(tx_of(s, 6)->ack, tx_of(s, 5)->end);
	scene_free(s);
}

static void the_answer_to_a_syn_has_no_number_of_its_own(void **state)
{
	struct scene *s = scene_proved(2, "0.00 ab > S 1000\n0.01 ba < R. 0 ack 1001\n");

	(void)state;
	assert_true(tx_of(s, 2)->stray);
	assert_false(tx_of(s, 2)->stray_ack);
	assert_int_equal(tx_of(s, 2)->ack, tx_of(s, 1)->end);
	scene_free(s);
}

/* ---- repeats ---- */

static void a_repeat_names_the_one_before_it(void **state)
{
	struct scene *s = scene_proved(2,
		"0.0 ab > S 1000\n"
		"1.0 ab > S 1000\n"
		"3.0 ab > S 1000\n"
		"3.1 ba < S. 5000 ack 1001\n");

	(void)state;
	assert_false(tx_of(s, 1)->repeat);
	assert_int_equal(tx_of(s, 1)->repeats, NOTHING);
	assert_int_equal(tx_of(s, 1)->repeated_by, index_of(s, 2));
	assert_true(tx_of(s, 2)->repeat && tx_of(s, 3)->repeat);
	assert_int_equal(tx_of(s, 2)->repeats, index_of(s, 1));
	assert_int_equal(tx_of(s, 2)->repeated_by, index_of(s, 3));
	assert_int_equal(tx_of(s, 3)->repeats, index_of(s, 2));
	assert_int_equal(tx_of(s, 3)->repeated_by, NOTHING);
	assert_false(tx_of(s, 4)->repeat);
	scene_free(s);
}

static void overlapping_bytes_are_repeats(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.10 ab > P. 1001 ack 5001 len 100\n"
		"0.11 ab > P. 1101 ack 5001 len 100\n"
		"0.12 ab > P. 1201 ack 5001 len 100\n"
		"0.50 ab > P. 1151 ack 5001 len 100\n"          /* half of 5, half of 6 */
		"0.60 ab > P. 1251 ack 5001 len 100\n");        /* half of 6, half new */

	(void)state;
	assert_int_equal(tx_of(s, 4)->repeated_by, NOTHING);
	assert_int_equal(tx_of(s, 5)->repeated_by, index_of(s, 7));
	assert_int_equal(tx_of(s, 6)->repeated_by, index_of(s, 7));
	assert_true(tx_of(s, 7)->repeat && tx_of(s, 7)->repeats == index_of(s, 6));
	assert_true(tx_of(s, 8)->repeat);
	scene_free(s);
}

static void a_repeat_in_other_pieces_is_a_repeat(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.1 ab > P. 1001 ack 5001 len 300\n"
		"0.5 ab > .  1001 ack 5001 len 100\n"
		"0.5 ab > .  1101 ack 5001 len 200\n"
		"0.6 ab > P. 1301 ack 5001 len 100\n"
		"0.9 ab > P. 1001 ack 5001 len 400\n");

	(void)state;
	assert_int_equal(tx_of(s, 4)->repeated_by, index_of(s, 5));
	assert_true(tx_of(s, 5)->repeat && tx_of(s, 6)->repeat && !tx_of(s, 7)->repeat && tx_of(s, 8)->repeat);
	assert_int_equal(tx_of(s, 7)->repeated_by, index_of(s, 8));
	scene_free(s);
}

static void new_bytes_repeat_nothing(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.10 ab > P. 1001 ack 5001 len 100\n"
		"0.12 ab > P. 1101 ack 5001 len 100\n"
		"0.13 ba < P. 5001 ack 1201 len 100\n");

	(void)state;
	for (unsigned line = 4; line <= 6; line++)
		assert_true(!tx_of(s, line)->repeat && tx_of(s, line)->repeats == NOTHING && tx_of(s, line)->repeated_by == NOTHING);
	scene_free(s);
}

static void what_carries_no_bytes_repeats_nothing(void **state)
{
	struct scene *s = scene_proved(2,
		"0.00 ab > R 1001\n"
		"0.01 ab > S 1000\n"
		"0.02 ba < icmp 1000\n"
		"0.03 ba < . 777000000 ack 333000000\n"
		"0.04 ba < R. 0 ack 1001\n"
		"0.05 ba < R. 0 ack 1001 id 9\n");

	(void)state;
	for (unsigned line = 1; line <= 6; line++)
		assert_true(!tx_of(s, line)->repeat && tx_of(s, line)->repeats == NOTHING && tx_of(s, line)->repeated_by == NOTHING);
	scene_free(s);
}

static void a_keepalive_is_a_probe_and_no_repeat(void **state)
{
	struct scene *s = scene_proved(2, HELLO
		"0.1 ab > P. 1001 ack 5001 len 100\n"
		"60. ab > .  1100 ack 5001\n"
		"61. ab > .  1100 ack 5001 len 1\n"
		"62. ab > .  1101 ack 5001\n"
		"62.1 ab > . 1100 ack 5001\n");         /* too soon for one */

	(void)state;
	assert_true(tx_of(s, 5)->probe && !tx_of(s, 5)->repeat);
	assert_true(tx_of(s, 6)->probe && !tx_of(s, 6)->repeat);
	assert_false(tx_of(s, 7)->probe || tx_of(s, 4)->probe || tx_of(s, 8)->probe);
	assert_int_equal(tx_of(s, 4)->repeated_by, NOTHING);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_run_on_past_two_to_the_32),
		cmocka_unit_test(syn_and_fin_count_one_each),
		cmocka_unit_test(numbers_of_a_stale_answer_are_stray),
		cmocka_unit_test(a_stray_number_leads_nothing_after_it_astray),
		cmocka_unit_test(the_answer_to_a_syn_has_no_number_of_its_own),
		cmocka_unit_test(a_repeat_names_the_one_before_it),
		cmocka_unit_test(overlapping_bytes_are_repeats),
		cmocka_unit_test(a_repeat_in_other_pieces_is_a_repeat),
		cmocka_unit_test(new_bytes_repeat_nothing),
		cmocka_unit_test(what_carries_no_bytes_repeats_nothing),
		cmocka_unit_test(a_keepalive_is_a_probe_and_no_repeat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
