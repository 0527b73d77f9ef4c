/* Packets that come in another order than they passed the point before. */
#include "tests/conn_build.h"

#define HELLO "0.000 ab > S  1000\n0.010 ba < S. 5000 ack 1001\n0.020 ab > .  1001 ack 5001\n"

static void check(unsigned points, const char *text, const char *expected)
{
	struct scene *s = scene_new(points);

	scene_text(s, text);
	scene_judge(s);
	assert_string_equal(told(s, ACCUSATIONS " reordered"), expected);
	scene_free(s);
}

static void the_late_one_is_counted_not_those_that_overtook_it(void **state)
{
	(void)state;
	check(2, HELLO "0.100 a > . 1001 ack 5001 len 10\n0.101 ab > . 1011 ack 5001 len 10\n0.102 ab > . 1021 ack 5001 len 10\n"
		"0.104 b > . 1001 ack 5001 len 10\n0.11 ba < . 5001 ack 1031\n", "reordered data c2s a>b x1");
	/* Two late ones, which keep their order among themselves. */
	check(2, HELLO "0.100 a > . 1001 ack 5001 len 10\n0.1002 a > . 1011 ack 5001 len 10\n0.101 ab > . 1021 ack 5001 len 10\n"
		"0.104 b > . 1001 ack 5001 len 10\n0.105 b > . 1011 ack 5001 len 10\n0.11 ba < . 5001 ack 1031\n", "reordered data c2s a>b x2");
}

static void each_hop_and_direction_for_itself(void **state)
{
	(void)state;
	check(3, "0.000 abc > S 1000\n0.010 cba < S. 5000 ack 1001\n0.020 abc > . 1001 ack 5001\n"
		"0.100 ab > . 1001 ack 5001 len 10\n0.101 abc > . 1011 ack 5001 len 10\n0.108 c > . 1001 ack 5001 len 10\n"
		"0.200 c < . 5001 ack 1021 len 10\n0.201 cba < . 5011 ack 1021 len 10\n0.208 ba < . 5001 ack 1021 len 10\n", "reordered data c2s b>c x1; reordered data s2c c>b x1");
}

/* The first of three is lost, its repeat not recorded at a: with IP IDs they are two, without they look like one that came late. */
static void a_repeat_that_a_capture_missed_is_not_certainly_late(void **state)
{
	static const char text[] = HELLO "0.030 a > P. 1001 ack 5001 len 100%s\n0.031 ab > P. 1101 ack 5001 len 100%s\n0.032 ab > P. 1201 ack 5001 len 100%s\n"
		"0.150 b > P. 1001 ack 5001 len 100%s\n0.160 ba < . 5001 ack 1301\n";
	static const char *const ids[][4] = { { "", "", "", "" }, { " id 1", " id 2", " id 3", " id 1" } };
	char line[600];

	(void)state;
	for (unsigned missed = 0; missed <= 50; missed += 50)
		for (unsigned k = 0; k < 2; k++) {
			struct scene *s = scene_new(2);
			snprintf(line, sizeof line, text, ids[k][0], ids[k][1], ids[k][2], ids[k][3]);
			scene_text(s, line);
			for (uint32_t i = 0; i < s->records; i++)
				s->record[i].p.capture = s->record[i].p.point + 1u;
			scene_coverage(s, 'a', 1000, missed);
			scene_judge(s);
			const struct finding *f = findings_find(&s->found, KIND_REORDERED, -1, -1);
			assert_non_null(f);
			assert_int_equal(f->confidence, missed && k == 0 ? LIKELY : CERTAIN);
			scene_free(s);
		}
}

/* ... and not late at all, if it comes as late as a repeat does. */
static void what_comes_as_late_as_a_repeat_is_one(void **state)
{
	(void)state;
	check(2, HELLO "0.030 a > P. 1001 ack 5001 len 100\n0.031 ab > P. 1101 ack 5001 len 100\n0.300 b > P. 1001 ack 5001 len 100\n"
		"0.310 ba < . 5001 ack 1301\n", "");
}

/* Two that nothing tells apart, the first of them late: which of the two came first is not known. */
static void of_twins_the_late_one_is_not_claimed(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, HELLO "0.100 a > . 1001 ack 5001 len 10 ts 7/9\n0.101 ab > . 1011 ack 5001 len 10 ts 7/9\n0.102 ab > . 1021 ack 5001 len 10 ts 7/9\n"
		"0.160 a > . 1001 ack 5001 len 10 ts 7/9\n0.165 b > . 1001 ack 5001 len 10 ts 7/9\n0.230 b > . 1001 ack 5001 len 10 ts 7/9\n"
		"0.24 ba < . 5001 ack 1031\n");
	scene_judge(s);
	const struct finding *f = NULL;
	for (uint32_t i = 0; i < s->found.n; i++)
		f = s->found.list[i].kind == KIND_REORDERED ? &s->found.list[i] : f;
	assert_non_null(f);
	assert_int_equal(f->confidence, POSSIBLE);
	scene_free(s);
}

static void in_order_is_nothing(void **state)
{
	(void)state;
	check(2, HELLO "0.100 ab > . 1001 ack 5001 len 10\n0.101 ab > . 1011 ack 5001 len 10\n0.11 ba < . 5001 ack 1021\n", "");
	/* A sender that repeats, and goes back in its numbers, did not have its packets overtaken. */
	check(2, HELLO "0.100 ab > . 1001 ack 5001 len 10\n0.101 ab > . 1011 ack 5001 len 10\n0.400 ab > . 1001 ack 5001 len 10\n0.41 ba < . 5001 ack 1021\n", "");
}

static void time_stamps_that_cannot_be_told_apart_have_no_order(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	scene_text(s, HELLO "0.100001 a > . 1001 ack 5001 len 10\n0.100002 a > . 1011 ack 5001 len 10\n0.104 b > . 1011 ack 5001 len 10\n"
		"0.104001 b > . 1001 ack 5001 len 10\n0.11 ba < . 5001 ack 1021\n");
	s->f.point[0].resolution_ns = s->f.point[1].resolution_ns = 1000;
	scene_judge(s);
	assert_string_equal(told(s, "reordered"), "");
	/* Stamps that are a little finer do, but a capture may have put packets of several queues in order: likely at most. */
	s->f.point[0].resolution_ns = s->f.point[1].resolution_ns = 100;
	scene_judge(s);
	assert_string_equal(told(s, "reordered"), "reordered data c2s a>b x1");
	assert_int_equal(s->found.list[0].confidence, LIKELY);
	scene_free(s);
}

static void a_clock_that_was_set_reorders_nothing(void **state)
{
	(void)state;
	/* Two seconds are no delay in which packets overtake others. */
	check(2, HELLO "0.100 a > . 1001 ack 5001 len 10\n0.101 ab > . 1011 ack 5001 len 10\n2.500 b > . 1001 ack 5001 len 10\n3.0 ba < . 5001 ack 1021\n", "");
}

static void copies_are_not_late(void **state)
{
	struct scene *s = scene_new(2);

	(void)state;
	s->f.point[1].telling = s->f.point[1].twice = 1000;
	scene_text(s, HELLO "0.100 ab > . 1001 ack 5001 len 10 id 7\n0.101 ab > . 1011 ack 5001 len 10 id 8\n0.1021 b > . 1001 ack 5001 len 10 id 7\n"
		"0.11 ba < . 5001 ack 1021\n");
	scene_judge(s);
	assert_string_equal(told(s, "reordered"), "");
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_late_one_is_counted_not_those_that_overtook_it),
		cmocka_unit_test(each_hop_and_direction_for_itself),
		cmocka_unit_test(a_repeat_that_a_capture_missed_is_not_certainly_late),
		cmocka_unit_test(what_comes_as_late_as_a_repeat_is_one),
		cmocka_unit_test(of_twins_the_late_one_is_not_claimed),
		cmocka_unit_test(in_order_is_nothing),
		cmocka_unit_test(time_stamps_that_cannot_be_told_apart_have_no_order),
		cmocka_unit_test(a_clock_that_was_set_reorders_nothing),
		cmocka_unit_test(copies_are_not_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
