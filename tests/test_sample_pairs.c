/* How much of a connection the sample takes. */
#include "tests/conn_build.h"

#include "correlate/sample_pairs.h"

#define ROUNDS 20

/* A handshake, then requests and answers. */
static void long_talk(struct scene *s)
{
	char text[16384] = "0.000 ab > S 1000 id 1\n"
			   "0.010 ba < S. 5000 ack 1001 id 2\n"
			   "0.020 ab > . 1001 ack 5001 id 3\n";

	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t n = strlen(text);
		snprintf(text + n, sizeof text - n, "%u.000 ab > P. %u ack %u len 100 id %u\n%u.100 ba < P. %u ack %u len 100 id %u\n", i + 1, 1001 + 100 * i,
		    5001 + 100 * i, 10 + 2 * i, i + 1, 5001 + 100 * i, 1101 + 100 * i, 11 + 2 * i);
	}
	scene_text(s, text);
	scene_prove(s);
}

static void where_there_is_room_all_is_taken(void **state)
{
	struct scene *s = scene_new(2);
	struct sample_pairs p;

	(void)state;
	long_talk(s);
	assert_int_equal(sample_pairs_open(&p, 2, &s->e), 0);
	p.need = p.packets.room;
	sample_pairs_add(&p, &s->c);
	assert_int_equal(p.packets.n, 3 + 2 * ROUNDS);
	sample_pairs_close(&p);
	scene_free(s);
}

static void where_there_is_little_some_of_both_directions_and_all_times_are(void **state)
{
	struct scene *s = scene_new(2);
	struct sample_pairs p;
	size_t there = 0, late = 0;

	(void)state;
	long_talk(s);
	assert_int_equal(sample_pairs_open(&p, 2, &s->e), 0);
	p.need = 1000 * p.packets.room;
	sample_pairs_add(&p, &s->c);
	assert_int_equal(p.packets.n, 8);
	for (size_t k = 0; k < p.packets.n; k++) {
		there += p.packets.v[k].c2s;
		late += p.packets.v[k].x - p.packets.v[0].x > 5000 * MSEC;
	}
	assert_in_range(there, 3, 5);
	assert_int_equal(late, 4);
	sample_pairs_close(&p);
	scene_free(s);
}

static void a_reset_may_be_another_one(void **state)
{
	struct scene *s = scene_new(2);
	struct sample_pairs p;

	(void)state;
	scene_text(s, "0.000 ab > S 1000 id 1\n"
		"0.010 ba < S. 5000 ack 1001 id 2\n"
		"0.020 ab > R 1001 id 0\n");
	scene_prove(s);
	assert_int_equal(sample_pairs_open(&p, 2, &s->e), 0);
	p.need = p.packets.room;
	sample_pairs_add(&p, &s->c);
	assert_int_equal(p.packets.n, 2);
	sample_pairs_close(&p);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_there_is_room_all_is_taken),
		cmocka_unit_test(a_reset_may_be_another_one),
		cmocka_unit_test(where_there_is_little_some_of_both_directions_and_all_times_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
