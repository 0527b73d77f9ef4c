/* How much alike two flows are: by how rare what they share is, and by what is learned of the way between their points. */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "correlate/likeness.h"

#define SEC INT64_C(1000000000)
#define MS INT64_C(1000000)

/* n connections, flows 2i at point 0 and 2i + 1 at point 1, behind a device that changes all but the client's port. */
static struct facts world(uint32_t n)
{
	struct facts f = { .points = 2 };

	f.point = calloc(POINTS_MAX, sizeof *f.point);
	f.flow = calloc(2 * (size_t)n, sizeof *f.flow);
	assert_true(f.point && f.flow);
	f.flows = 2 * n;
	for (uint32_t i = 0; i < f.flows; i++) {
		uint32_t c = i / 2, far = i % 2;
		/* Not at regular times: those look alike from one to the next. */
		int64_t start = c * SEC + (int64_t)(c * c * c * 31 % 701) * MS;
		f.flow[i] = (struct flow){ .point = far, .addr = { far ? 90 : 10 + c % 7, far ? 80 : 20 }, .port = { (uint16_t)(40000 + c), far ? 8080 : 80 },
			.has_isn = { true, true }, .isn = { 1000 * c + 5000000 * far, 77 * c + 9000000 * far }, .has_seq = { true, true },
			.seq_min = { 1000 * c + 5000000 * far, 77 * c + 9000000 * far }, .first_ns = start + (far ? 500 * SEC + MS : 0),
			.last_ns = start + (far ? 500 * SEC + MS : 0) + MS, .role_known = true };
		f.flow[i].seq_max[C2S] = f.flow[i].isn[C2S] + 101;
		f.flow[i].seq_max[S2C] = f.flow[i].isn[S2C] + 901 + c % 3;
	}
	return f;
}

static void leave(struct facts *f)
{
	free(f->point);
	free(f->flow);
}

static double score(const struct likeness *l, const struct facts *f, uint32_t x, uint32_t y)
{
	double there = likeness_score(l, &f->flow[x], &f->flow[y]).bits;

	assert_true(there == likeness_score(l, &f->flow[y], &f->flow[x]).bits);
	return there;
}

static void teach(struct likeness *l, const struct facts *f, uint32_t from, uint32_t to)
{
	struct err e;

	for (uint32_t i = from; i < to; i++)
		assert_int_equal(likeness_learn(l, &f->flow[2 * i], &f->flow[2 * i + 1], &e), 0);
	likeness_ready(l);
}

static void a_rare_value_is_worth_more(void **state)
{
	struct facts f = world(50);
	struct likeness l;
	struct err e;

	(void)state;
	f.flow[2].syn_tsval = f.flow[3].syn_tsval = 123456;
	f.flow[2].has_syn_tsval = f.flow[3].has_syn_tsval = true;
	assert_int_equal(likeness_open(&l, &f, &e), 0);
	likeness_ready(&l);
	double port = score(&l, &f, 0, 1), port_and_stamp = score(&l, &f, 2, 3), nothing = score(&l, &f, 0, 3);
	assert_true(port_and_stamp > port + 10 && port > nothing + 10);
	likeness_close(&l);
	/* Everybody has that port. */
	for (uint32_t i = 0; i < f.flows; i++)
		f.flow[i].port[C2S] = 40000;
	assert_int_equal(likeness_open(&l, &f, &e), 0);
	likeness_ready(&l);
	assert_true(score(&l, &f, 0, 1) < port - 10);
	likeness_close(&l);
	leave(&f);
}

/* That the device makes 80 of 20 and keeps ports is seen in what is joined; then what fits is worth more, and what does not, less. */
static void habits_are_learned(void **state)
{
	struct facts f = world(50);
	struct likeness l;
	struct err e;
	struct likeness_score s;

	(void)state;
	assert_int_equal(likeness_open(&l, &f, &e), 0);
	likeness_ready(&l);
	double before = score(&l, &f, 98, 99), wrong_before = score(&l, &f, 98, 97);
	likeness_close(&l);
	assert_int_equal(likeness_open(&l, &f, &e), 0);
	teach(&l, &f, 0, 40);
	assert_true(score(&l, &f, 98, 99) > before);
	assert_true(score(&l, &f, 98, 97) < wrong_before);
	s = likeness_score(&l, &f.flow[98], &f.flow[99]);
	assert_true(s.families & FAMILY_CLOCK && s.time > 5 && s.evidence & JOIN_TIME && s.evidence & JOIN_PORT && s.evidence & JOIN_LENGTHS);
	assert_false(s.evidence & JOIN_CLIENT_ADDR);
	likeness_close(&l);
	leave(&f);
}

static void the_time_is_learned_and_turned_round(void **state)
{
	struct facts f = world(20);
	struct likeness l;
	struct err e;
	int64_t low, high, noise;

	(void)state;
	assert_int_equal(likeness_open(&l, &f, &e), 0);
	likeness_ready(&l);
	assert_false(likeness_window(&l, 0, 1, 0, &low, &high, &noise));
	teach(&l, &f, 0, 20);
	assert_true(likeness_window(&l, 0, 1, 5 * SEC, &low, &high, &noise));
	assert_true(low == 505 * SEC + MS && high == low && noise < 2 * MS);
	assert_true(likeness_window(&l, 1, 0, 505 * SEC + MS, &low, &high, &noise));
	assert_true(low == 5 * SEC && high == low);
	likeness_close(&l);
	leave(&f);
}

/* Nothing is joined, but one difference of the clocks brings nearly all starts together. */
static void a_crowd_tells_the_time(void **state)
{
	const struct flow *x[40], *y[40];
	struct facts f = world(40);
	struct likeness l;
	struct err e;
	int64_t low, high, noise;

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		x[i] = &f.flow[2 * i];
		y[i] = &f.flow[2 * i + 1];
	}
	assert_int_equal(likeness_open(&l, &f, &e), 0);
	assert_int_equal(likeness_guess(&l, x, 40, y, 40, &e), 0);
	assert_true(likeness_window(&l, 0, 1, 0, &low, &high, &noise));
	assert_true(low == 500 * SEC + MS && high == low);
	likeness_close(&l);
	/* Regular ones come together just as well a second later. */
	for (uint32_t i = 0; i < 40; i++) {
		f.flow[2 * i].first_ns = i * SEC;
		f.flow[2 * i + 1].first_ns = 500 * SEC + i * SEC;
	}
	assert_int_equal(likeness_open(&l, &f, &e), 0);
	assert_int_equal(likeness_guess(&l, x, 40, y, 40, &e), 0);
	assert_false(likeness_window(&l, 0, 1, 0, &low, &high, &noise));
	likeness_close(&l);
	leave(&f);
}

static void ranges_of_numbers_tell_where_no_handshake_does(void **state)
{
	struct facts f = world(10);
	struct likeness l;
	struct err e;
	struct likeness_score s;

	(void)state;
	for (uint32_t i = 0; i < f.flows; i++) {
		f.flow[i].has_isn[0] = f.flow[i].has_isn[1] = false;
		f.flow[i].seq_min[0] = f.flow[i].seq_max[0] = i / 2 * 100000000 + 50;
		f.flow[i].seq_min[1] = f.flow[i].seq_max[1] = i / 2 * 70000000 + 9;
	}
	assert_int_equal(likeness_open(&l, &f, &e), 0);
	likeness_ready(&l);
	s = likeness_score(&l, &f.flow[0], &f.flow[1]);
	assert_true(s.bits > 30 && s.evidence & JOIN_SEQUENCE && s.families & FAMILY_CLIENT_NUMBERS && s.families & FAMILY_SERVER_NUMBERS);
	assert_true(likeness_score(&l, &f.flow[0], &f.flow[3]).bits < 0);
	likeness_close(&l);
	leave(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rare_value_is_worth_more),
		cmocka_unit_test(habits_are_learned),
		cmocka_unit_test(the_time_is_learned_and_turned_round),
		cmocka_unit_test(a_crowd_tells_the_time),
		cmocka_unit_test(ranges_of_numbers_tell_where_no_handshake_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
