/* What a capture can know: when it ran, how much it misses, how hosts look from there. */
#include "tests/conn_build.h"

#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"

static void windows_have_soft_edges_and_gaps(void **state)
{
	struct scene *s = scene_new(2);
	struct point *b = &s->f.point[1];

	(void)state;
	b->windows = 2;
	b->window[0] = (struct window){ 0, SEC };
	b->window[1] = (struct window){ 10 * SEC, 11 * SEC };
	assert_true(fate_window(&s->f, 1, SEC / 2) && fate_window(&s->f, 1, 10 * SEC + SEC / 2));
	assert_false(fate_window(&s->f, 1, 5 * SEC) || fate_window(&s->f, 1, 20 * SEC) || fate_window(&s->f, 1, -SEC));
	assert_false(fate_window(&s->f, 1, SEC - 10 * MSEC) || fate_window(&s->f, 1, 10 * MSEC));
	assert_true(fate_window(&s->f, 1, SEC - 60 * MSEC));
	scene_doubt(s, 'b', 100 * MSEC);
	assert_false(fate_window(&s->f, 1, SEC - 60 * MSEC));
	b->running = true;
	assert_true(fate_window(&s->f, 1, 5 * SEC));
	scene_free(s);
}

/* What one point of a split capture recorded, the others could have: it is the same file that was being written. */
static void what_was_split_off_one_file_ran_together(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, "0.000 a > S 1000\n1.000 a > S 1000\n");
	s->f.point[1].windows = 0;
	scene_match(s);
	assert_false(fate_ran(&s->c, 0, 1));
	s->f.point[1].clock = s->f.point[0].clock;
	assert_false(fate_ran(&s->c, 0, 1));
	s->f.point[1].source = s->f.point[0].source;
	assert_true(fate_ran(&s->c, 0, 1) && fate_recorded_beside(&s->c, 0, 1));
	scene_free(s);
}

static void what_a_capture_misses_is_never_nothing_and_grows_with_what_it_missed(void **state)
{
	struct scene *s = scene_new(2);
	double before = 0;

	(void)state;
	for (uint64_t missed = 0; missed <= 1000; missed++) {
		scene_coverage(s, 'b', 1000, missed);
		double miss = fate_miss(&s->f.point[1]);
		assert_true(miss > 0 && miss < 1 && miss >= before);
		before = miss;
	}
	scene_coverage(s, 'b', 1000, 0);
	before = fate_miss(&s->f.point[1]);
	s->f.point[1].drops = 1;
	assert_true(fate_miss(&s->f.point[1]) > before);
	s->f.point[1].drops = 0;
	s->f.point[1].damaged = true;
	assert_true(fate_miss(&s->f.point[1]) > before);
	s->f.point[1].damaged = false;
	scene_coverage(s, 'b', 10, 0);
	assert_true(fate_miss(&s->f.point[1]) > before);
	scene_free(s);
}

static void a_ttl_is_that_of_the_service_or_else_of_the_host(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, HELLO);
	scene_match(s);
	assert_int_equal(fate_ttl(&s->c, 0, C2S), 64);
	assert_int_equal(fate_ttl(&s->c, 1, C2S), 63);
	assert_int_equal(fate_ttl(&s->c, 0, S2C), 63);
	for (int votes = 0; votes < 100; votes++)
		hosts_vote(scene_host(s, 0, SERVER, 0), 50);
	assert_int_equal(fate_ttl(&s->c, 0, S2C), 63);
	for (int votes = 0; votes < 10; votes++)
		hosts_vote(scene_host(s, 0, SERVER, 80), 40);
	assert_int_equal(fate_ttl(&s->c, 0, S2C), 50);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_have_soft_edges_and_gaps),
		cmocka_unit_test(what_was_split_off_one_file_ran_together),
		cmocka_unit_test(what_a_capture_misses_is_never_nothing_and_grows_with_what_it_missed),
		cmocka_unit_test(a_ttl_is_that_of_the_service_or_else_of_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
