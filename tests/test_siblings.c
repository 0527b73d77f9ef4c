/* How a server answers when all goes well. */
#include "tests/siblings_build.h"

static void a_majority_takes_nine_of_ten(void **state)
{
	struct vote v = { 0 };
	uint64_t won;

	(void)state;
	vote_add(&v, 7);
	vote_add(&v, 7);
	assert_false(vote_won(&v, &won));
	vote_add(&v, 7);
	assert_true(vote_won(&v, &won));
	assert_int_equal(won, 7);
	for (int i = 0; i < 2; i++)
		vote_add(&v, 8);
	assert_false(vote_won(&v, &won));
}

static void zero_may_win_a_vote(void **state)
{
	struct vote v = { 0 };
	uint64_t won = 1;

	(void)state;
	for (int i = 0; i < 5; i++)
		vote_add(&v, 0);
	assert_true(vote_won(&v, &won));
	assert_int_equal(won, 0);
}

static const struct sibling *learned(struct scene *s)
{
	s->c.flow[0] = &s->f.flow[0];
	return siblings_of(&s->c, 0);
}

static void what_answers_look_like_is_learned(void **state)
{
	struct scene *s = scene_beside(1, 10, SIBLING, "0.0 a > S 1 ts 5/0\n");
	const struct sibling *k = learned(s);
	uint64_t v;

	(void)state;
	assert_non_null(k);
	assert_int_equal(k->answered, 10);
	assert_int_equal(k->offered, 10);
	assert_int_equal(k->stamped, 10);
	assert_true(vote_won(&k->ttl, &v) && v == 60);
	assert_true(vote_won(&k->window, &v) && v == 14480);
	assert_int_equal(k->plain, 10);
	assert_int_equal(k->df, 10);
	assert_int_equal(k->least_ns, 30 * MSEC);
	assert_int_equal(sibling_time(k, 500), 30 * MSEC);
	scene_free(s);
}

/* Not which SYN was answered (Karn), not what never was taken up. */
static void repeated_and_failed_handshakes_teach_nothing(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	scene_text(s, "0.0 a > S 1\n");
	scene_fate(s);
	siblings_add(s, 3, "0.0 a > S 1\n1.0 a > S 1\n1.03 a < S. 9 ack 2\n1.04 a > . 2 ack 10\n");
	siblings_add(s, 3, "0.0 a > S 1\n0.03 a < S. 9 ack 2\n");
	siblings_add(s, 3, "0.0 a > S 1\n0.03 a < R. 0 ack 2\n");
	assert_null(siblings_of(&s->c, 0));
	scene_free(s);
}

static void few_answers_tell_no_time(void **state)
{
	struct scene *s = scene_beside(1, 4, SIBLING, "0.0 a > S 1\n");

	(void)state;
	assert_int_equal(sibling_time(siblings_of(&s->c, 0), 990), 0);
	scene_free(s);
}

static void thousands_of_answers_are_kept_as_few(void **state)
{
	struct scene *s = scene_beside(1, 5000, SIBLING, "0.0 a > S 1\n");

	(void)state;
	assert_int_equal(siblings_of(&s->c, 0)->times, 5000);
	assert_int_equal(siblings_of(&s->c, 0)->kept, SIBLING_TIMES);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_majority_takes_nine_of_ten), cmocka_unit_test(zero_may_win_a_vote), cmocka_unit_test(what_answers_look_like_is_learned),
		cmocka_unit_test(repeated_and_failed_handshakes_teach_nothing), cmocka_unit_test(few_answers_tell_no_time),
		cmocka_unit_test(thousands_of_answers_are_kept_as_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
