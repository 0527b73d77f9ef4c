/* What devices add to numbers and timestamps is found from the packets, and taken off them. */
#include "tests/conn_build.h"

#include "correlate/change.h"

/* b's TSvals are 500 (client's) and 900 (server's) ahead. */
#define MOVED \
	"0.000 a > S  1000 ts 10/0\n" \
	"0.001 b > S  1000 ts 510/0\n" \
	"0.002 b < S. 5000 ack 1001 ts 990/510\n" \
	"0.003 a < S. 5000 ack 1001 ts 90/10\n" \
	"0.004 a > .  1001 ack 5001 ts 14/90\n" \
	"0.005 b > .  1001 ack 5001 ts 514/990\n" \
	"0.006 a > P. 1001 ack 5001 len 10 ts 16/90\n" \
	"0.007 b > P. 1001 ack 5001 len 10 ts 516/990\n" \
	"0.008 b < P. 5001 ack 1011 len 20 ts 998/516\n" \
	"0.009 a < P. 5001 ack 1011 len 20 ts 98/16\n"

static void timestamps_moved_by_a_constant_are_taken_back(void **state)
{
	struct scene *s = scene_proved(2, MOVED);

	(void)state;
	assert_int_equal(s->c.stamp_shift[1][C2S], 500);
	assert_int_equal(s->c.stamp_shift[1][S2C], 900);
	for (unsigned line = 1; line < 10; line += 2) {
		char from = line == 3 || line == 9 ? 'b' : 'a', to = from == 'a' ? 'b' : 'a';
		uint32_t x = tx_at(s, line, from);
		assert_int_equal(x, tx_at(s, line + 1, to));
		assert_int_equal(s->c.tx[x].level, 0);
	}
	scene_free(s);
}

/* They are told as they were recorded. */
static void what_was_moved_is_told(void **state)
{
	struct scene *s = scene_proved(2, MOVED);
	struct changes found = { 0 };
	unsigned stamps = 0;

	(void)state;
	changes_find(&s->c, &found);
	for (uint32_t i = 0; i < found.n; i++) {
		const struct change *x = &found.list[i];
		if (x->field != FIELD_TSVAL)
			continue;
		stamps++;
		assert_true(x->shifted);
		assert_int_equal(x->after - x->before, x->dir == C2S ? 500 : -900);
		assert_int_equal(x->count, x->dir == C2S ? 3 : 2);
	}
	assert_int_equal(stamps, 2);
	changes_free(&found);
	scene_free(s);
}

/* The first SYN was lost before b: b's first one is a repeat, a second later, and nothing was moved. */
static void a_repeat_is_no_move(void **state)
{
	struct scene *s = scene_proved(2,
		"0.000 a > S  1000 ts 10/0\n"
		"1.000 ab > S  1000 ts 1010/0\n"
		"3.000 ab > S  1000 ts 3010/0\n");
	struct scene *t = scene_proved(2,
		"0.000 a > S  1000 ts 10/0\n"
		"1.000 b > S  1000 ts 1010/0\n");

	(void)state;
	assert_int_equal(s->c.stamp_shift[1][C2S], 0);
	assert_int_equal(tx_at(s, 2, 'b'), tx_at(s, 2, 'a'));
	assert_int_equal(t->c.stamp_shift[1][C2S], 0);
	scene_free(s);
	scene_free(t);
}

/* b holds a SYN twice: that is one, and says no more than one. */
static void a_copy_is_no_second_witness(void **state)
{
	struct scene *s = scene_proved(2,
		"0.000 a > S  1000 ts 10/0 id 7\n"
		"0.001 b > S  1000 ts 510/0 id 7\n"
		"0.001 b > S  1000 ts 510/0 id 7\n");

	(void)state;
	assert_int_equal(s->c.stamp_shift[1][C2S], 0);
	scene_free(s);
}

/* b missed the SYN-ACK of a connection whose numbers a device shifts: by how much shows in what the client acknowledges. */
static void numbers_of_a_missed_syn_ack_are_found(void **state)
{
	struct scene *s = scene_proved(2,
		"0.000 a > S  1000\n"
		"0.001 b > S  3000\n"
		"0.003 a < S. 5000 ack 1001\n"
		"0.004 a > .  1001 ack 5001\n"
		"0.005 b > .  3001 ack 9001\n"
		"0.006 a > P. 1001 ack 5001 len 10\n"
		"0.007 b > P. 3001 ack 9001 len 10\n"
		"0.008 b < P. 9001 ack 3011 len 20\n"
		"0.009 a < P. 5001 ack 1011 len 20\n"
		"0.010 a > .  1011 ack 5021\n"
		"0.011 b > .  3011 ack 9021\n");

	(void)state;
	assert_int_equal(s->c.shift[1][C2S], 2000);
	assert_int_equal(s->c.shift[1][S2C], 4000);
	assert_int_equal(tx_at(s, 8, 'b'), tx_at(s, 9, 'a'));
	scene_free(s);
}

/* Where nothing is shifted, a missing SYN-ACK is no reason to look for it. */
static void numbers_that_are_kept_stay(void **state)
{
	struct scene *s = scene_proved(2,
		"0.000 ab > S  1000\n"
		"0.003 a < S. 5000 ack 1001\n"
		"0.004 ab > .  1001 ack 5001\n"
		"0.008 ba < P. 5001 ack 1001 len 20\n"
		"0.010 ab > .  1001 ack 5021\n");

	(void)state;
	assert_int_equal(s->c.shift[1][S2C], 0);
	assert_int_equal(tx_at(s, 4, 'b'), tx_at(s, 4, 'a'));
	scene_free(s);
}

/* b's capture began later: neither initial number is known there. What is said twice in the midst tells both. */
static void numbers_of_a_capture_that_began_later_are_found(void **state)
{
	struct scene *s = scene_proved(2,
		"0.000 a > S  1000\n"
		"0.003 a < S. 5000 ack 1001\n"
		"0.004 a > .  1001 ack 5001\n"
		"0.006 a > P. 1001 ack 5001 len 10 hash 1\n"
		"0.007 b > P. 3001 ack 9001 len 10 hash 1\n"
		"0.008 b < P. 9001 ack 3011 len 20 hash 2\n"
		"0.009 a < P. 5001 ack 1011 len 20 hash 2\n"
		"0.010 a > P. 1011 ack 5021 len 10 hash 3\n"
		"0.011 b > P. 3011 ack 9021 len 10 hash 3\n"
		"0.012 b < P. 9021 ack 3021 len 20 hash 4\n"
		"0.013 a < P. 5021 ack 1021 len 20 hash 4\n");

	(void)state;
	assert_int_equal(s->c.shift[1][C2S], 2000);
	assert_int_equal(s->c.shift[1][S2C], 4000);
	assert_int_equal(tx_at(s, 4, 'a'), tx_at(s, 5, 'b'));
	assert_int_equal(tx_at(s, 12, 'b'), tx_at(s, 13, 'a'));
	scene_free(s);
}

/* One request again and again is at every distance from itself: the numbers of what it is answered with must tell. */
static void what_repeats_itself_tells_no_numbers(void **state)
{
	struct scene *s = scene_proved(2,
		"0.000 a > S  1000\n"
		"0.003 a < S. 5000000 ack 1001\n"
		"0.004 a > .  1001 ack 5000001\n"
		"0.006 a > P. 1001 ack 5000001 len 10 hash 1\n"
		"0.016 a > P. 1011 ack 5000001 len 10 hash 1\n"
		"0.026 a > P. 1021 ack 5000001 len 10 hash 1\n"
		"0.027 b > P. 3000001021 ack 9000001 len 10 hash 1\n"
		"0.036 a > P. 1031 ack 5000001 len 10 hash 1\n"
		"0.037 b > P. 3000001031 ack 9000001 len 10 hash 1\n");

	(void)state;
	assert_int_equal(s->c.shift[1][C2S], 0);
	assert_true(conn_foreign(&s->c, 1));
	scene_free(s);
}

/* c has a few packets only, none of which a recorded; they are like b's, that lacks the initial numbers as well. */
static void numbers_are_compared_with_the_nearest_point(void **state)
{
	struct scene *s = scene_proved(3,
		"0.000 a > S  1000\n"
		"0.003 a < S. 5000000 ack 1001\n"
		"0.006 a > P. 1001 ack 5000001 len 10 hash 1\n"
		"0.007 b > P. 3000001001 ack 2000000001 len 10 hash 1\n"
		"0.010 a > P. 1011 ack 5000001 len 10 hash 3\n"
		"0.011 b > P. 3000001011 ack 2000000001 len 10 hash 3\n"
		"0.012 b < P. 2000000001 ack 3000001021 len 20 hash 4\n"
		"0.013 a < P. 5000001 ack 1021 len 20 hash 4\n"
		"0.014 b < P. 2000000021 ack 3000001021 len 20 hash 5\n"
		"0.015 a < P. 5000021 ack 1021 len 20 hash 5\n"
		"0.016 bc > .  3000001021 ack 2000000041\n");

	(void)state;
	assert_int_equal(s->c.shift[2][C2S], 3000000000);
	assert_int_equal(s->c.shift[2][S2C], 1995000000);
	assert_int_equal(tx_at(s, 11, 'b'), tx_at(s, 11, 'c'));
	scene_free(s);
}

/*
 * b's numbers are other ones, and nothing says by how much: then nothing is missing there, and nothing is new. The server's a recorded; what is between
 * a and c is no riddle.
 */
static void a_point_of_foreign_numbers_is_no_witness(void **state)
{
	static const char *const text =
		"0.000 ac > S  1000\n"
		"0.003 ca < S. 5000000 ack 1001\n"
		"0.006 ac > P. 1001 ack 5000001 len 10 hash 1\n"
		"0.012 ca < P. 5000001 ack 1011 len 20 hash 4\n"
		"0.013 ac > .  1011 ack 5000021\n"
		"0.014 b > .  3000001011 ack 2000000021\n"
		"0.015 ac > F. 1011 ack 5000021\n"
		"0.016 ca < F. 5000021 ack 1012\n"
		"0.017 ac > .  1012 ack 5000022\n";
	struct scene *s = scene_new(3);

	(void)state;
	scene_text(s, text);
	scene_judge(s);
	assert_true(conn_foreign(&s->c, 1));
	assert_false(conn_foreign(&s->c, 0) || conn_foreign(&s->c, 2));
	assert_string_equal(told(s, "dropped generated not_captured retransmitted"), "");
	scene_free(s);
}

/* Where it has the numbers of others, it is: it missed all but one. */
static void a_point_of_the_same_numbers_is_a_witness(void **state)
{
	struct scene *s = scene_new(3);

	(void)state;
	scene_text(s,
		"0.000 ac > S  1000\n"
		"0.003 ca < S. 5000000 ack 1001\n"
		"0.006 ac > P. 1001 ack 5000001 len 10 hash 1\n"
		"0.012 ca < P. 5000001 ack 1011 len 20 hash 4\n"
		"0.013 abc > .  1011 ack 5000021\n");
	scene_judge(s);
	assert_false(conn_foreign(&s->c, 1));
	assert_string_equal(told(s, "not_captured"), "not_captured SYN c2s b x1; not_captured SYN-ACK s2c b x1; not_captured data c2s b x1; not_captured data s2c b x1");
	scene_free(s);
}

/* b's stamps are 500 ahead of a's, and c, that holds one packet a did not record, has b's. */
static void timestamps_are_compared_with_the_nearest_point(void **state)
{
	struct scene *s = scene_proved(3,
		"0.000 a > S  1000 ts 10/0\n"
		"0.001 b > S  1000 ts 510/0\n"
		"0.002 ba < S. 5000 ack 1001 ts 90/10\n"
		"0.006 a > P. 1001 ack 5001 len 10 ts 16/90\n"
		"0.007 b > P. 1001 ack 5001 len 10 ts 516/90\n"
		"0.008 bc > P. 1011 ack 5001 len 10 ts 518/90\n");

	(void)state;
	assert_int_equal(s->c.stamp_shift[1][C2S], 500);
	assert_int_equal(s->c.stamp_shift[2][C2S], 500);
	assert_int_equal(s->c.tx[tx_at(s, 6, 'b')].level, 0);
	scene_free(s);
}

/* b has one packet in common with a, which may be a repeat, and it is like c's, which has more. */
static void timestamps_are_compared_with_points_further_on(void **state)
{
	struct scene *s = scene_proved(3,
		"0.000 a > S  1000 ts 10/0\n"
		"0.001 c > S  1000 ts 510/0\n"
		"0.002 ba < S. 5000 ack 1001 ts 90/10\n"
		"0.006 a > P. 1001 ack 5001 len 10 ts 16/90\n"
		"0.007 bc > P. 1001 ack 5001 len 10 ts 516/90\n");

	(void)state;
	assert_int_equal(s->c.stamp_shift[1][C2S], 500);
	assert_int_equal(s->c.tx[tx_at(s, 4, 'a')].level, 0);
	assert_int_equal(tx_at(s, 4, 'a'), tx_at(s, 5, 'b'));
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timestamps_moved_by_a_constant_are_taken_back),
		cmocka_unit_test(what_was_moved_is_told),
		cmocka_unit_test(a_repeat_is_no_move),
		cmocka_unit_test(a_copy_is_no_second_witness),
		cmocka_unit_test(numbers_of_a_missed_syn_ack_are_found),
		cmocka_unit_test(numbers_that_are_kept_stay),
		cmocka_unit_test(numbers_of_a_capture_that_began_later_are_found),
		cmocka_unit_test(what_repeats_itself_tells_no_numbers),
		cmocka_unit_test(numbers_are_compared_with_the_nearest_point),
		cmocka_unit_test(a_point_of_foreign_numbers_is_no_witness),
		cmocka_unit_test(a_point_of_the_same_numbers_is_a_witness),
		cmocka_unit_test(timestamps_are_compared_with_the_nearest_point),
		cmocka_unit_test(timestamps_are_compared_with_points_further_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
