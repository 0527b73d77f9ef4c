/* Connections through the stages, whatever threads there are. */
#include "tests/test.h"

#include <string.h>

#include "correlate/pipeline.h"

#define CONNS 5000
#define NONE UINT32_MAX
#define LANES 4

static struct facts facts;
static struct flow flow[CONNS];
static struct conn_ref conns[CONNS];
static uint32_t fails;  /* the connection that work fails for */

struct calls {
	_Atomic uint32_t worked;
	uint32_t put, fails_put;
	_Atomic int busy[PIPELINE_LANES];
};

static void make_facts(uint64_t packets)
{
	memset(&facts, 0, sizeof facts);
	facts.flow = flow;
	facts.conn = conns;
	facts.conns = CONNS;
	for (uint32_t i = 0; i < CONNS; i++) {
		conns[i] = (struct conn_ref){ .flow = i, .flows = 1 };
		flow[i] = (struct flow){ .packets = i % 100 == 50 ? 100000 : packets };
	}
}

static int work(void *ctx, unsigned lane, struct job *j, struct err *e)
{
	struct calls *s = ctx;

	/* assert_ functions of cmocka are for one thread. */
	if (s->busy[lane]++)
		return err_set(e, "two in lane %u", lane);
	s->worked++;
	if (j->index == fails) {
		s->busy[lane]--;
		return err_set(e, "work %u", j->index);
	}
	/* Some take longer than those behind them. */
	for (volatile uint32_t n = 0; n < (j->index % 7) * 500; n++)
		;
	j->found.severity = (int)(j->index * 3 + 1);
	s->busy[lane]--;
	return 0;
}

static int put(void *ctx, struct job *j, struct err *e)
{
	struct calls *s = ctx;

	assert_int_equal(j->index, s->put);
	assert_int_equal(j->found.severity, j->index * 3 + 1);
	if (s->put++ == s->fails_put)
		return err_set(e, "put %u", j->index);
	return 0;
}

static const struct stages stages = { work, put };

static void all_are_put_down_in_order(void **state)
{
	(void)state;
	for (uint64_t packets = 1; packets <= 10000; packets *= 100) {
		make_facts(packets);
		struct pipeline *p = pipeline_new(&facts, LANES);
		struct err e;
		assert_non_null(p);
		fails = NONE;
		for (int pass = 0; pass < 2; pass++) {
			struct calls s = { .fails_put = NONE };
			assert_int_equal(pipeline_run(p, &stages, &s, &e), 0);
			assert_int_equal(s.worked, CONNS);
			assert_int_equal(s.put, CONNS);
		}
		pipeline_free(p);
	}
}

static void what_fails_ends_it_where_it_is_in_order(void **state)
{
	(void)state;
	make_facts(10);
	struct pipeline *p = pipeline_new(&facts, LANES);
	struct err e;
	assert_non_null(p);
	/* What is under way when one fails is not put down, and does not get into the next run. */
	for (uint32_t at = 0; at < 300; at += 23) {
		struct calls s = { .fails_put = NONE };
		fails = at;
		assert_int_equal(pipeline_run(p, &stages, &s, &e), -1);
		assert_int_equal(s.put, at);
		assert_memory_equal(e.msg, "work ", 5);
		fails = NONE;
		s.put = 0;
		s.fails_put = at;
		assert_int_equal(pipeline_run(p, &stages, &s, &e), -1);
		assert_int_equal(s.put, at + 1);
		assert_memory_equal(e.msg, "put ", 4);
	}
	pipeline_free(p);
}

static void of_none_nothing_is_done(void **state)
{
	struct calls s = { .fails_put = NONE };
	struct err e;

	(void)state;
	make_facts(1);
	facts.conns = 0;
	struct pipeline *p = pipeline_new(&facts, LANES);
	assert_non_null(p);
	assert_int_equal(pipeline_run(p, &stages, &s, &e), 0);
	assert_int_equal(s.worked + s.put, 0);
	pipeline_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_put_down_in_order),
		cmocka_unit_test(what_fails_ends_it_where_it_is_in_order),
		cmocka_unit_test(of_none_nothing_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
