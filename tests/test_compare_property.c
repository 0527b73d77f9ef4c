/* compare on simulated captures: what a device drops by is found, and where it drops by chance nothing is. */
#include "tests/test.h"

#include <string.h>

#include "correlate/contrast.h"
#include "tests/sim/program.h"
#include "tests/sim_folder.h"

static int worlds(int otherwise)
{
	const char *n = getenv("SIM_WORLDS");

	return n ? atoi(n) : otherwise;
}

static void dropped(void *context, struct sim_truth *t)
{
	(void)context;
	sim_truth_free(t);
}

/* SYNs are dropped in the first device by what `d` says. */
static void world_of(struct sim_world *w, uint64_t seed, unsigned points, const struct sim_drop *d)
{
	sim_world_clean(w, seed, points);
	w->connections = 80;
	w->gap = 300 * SIM_MS;
	w->clients = 12; /* of which about half ask for ECN */
	w->servers = 2;
	w->ports = 2;
	w->ecn = 0.5;
	w->ipv6 = 0.3;
	w->device[0].drops[0] = *d;
	w->device[0].drop_count = 1;
}

static void compared(const struct sim_world *w, struct cohort *c, struct contrast *x)
{
	struct sim_args args = {0};
	struct sim_sink sink = { dropped, NULL };
	struct sim_totals totals;
	static const char *const left[] = { "case.db", "stderr" };
	struct db db = {0};
	struct err e;
	char path[512];

	assert_int_equal(sim_run(w, folder, &sink, &totals, &e), 0);
	sim_args_files(&args, w, folder);
	if (sim_program_run(&db.sql, folder, &args, &e) < 0 || cohort_read(c, &db, NULL, NULL, &e) < 0 || contrast_find(x, c, &e) < 0)
		fail_msg("seed %llu: %s", (unsigned long long)w->seed, e.msg);
	sqlite3_close(db.sql);
	for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, left[i]);
		unlink(path);
	}
}

/* Is it among what stands, or what cannot be told from that? */
static bool told(const struct contrast *x, const char *attribute)
{
	for (uint32_t i = 0; i < x->n; i++) {
		const struct property *p = &x->property[i], *leader = &x->property[p->leader];

		if (strcmp(x->cohort->attribute[p->attribute].name, attribute) == 0 && leader->q <= CONTRAST_ALPHA &&
		    (leader->standing == STANDING_ASSOCIATED || leader->standing == STANDING_TANGLED))
			return true;
	}
	return false;
}

static void check(const struct sim_drop *d, const char *attribute, const char *other, uint64_t seed)
{
	for (int i = 0; i < worlds(4); i++) {
		struct sim_world w;
		struct cohort c;
		struct contrast x;

		world_of(&w, seed + (uint64_t)i, i % 2 ? 2 : 3, d);
		compared(&w, &c, &x);
		if (!told(&x, attribute))
			fail_msg("seed %llu: %s is not found", (unsigned long long)w.seed, attribute);
		if (told(&x, other))
			fail_msg("seed %llu: %s is said to matter", (unsigned long long)w.seed, other);
		contrast_free(&x);
		cohort_free(&c);
	}
}

static void a_device_that_drops_ecn_is_seen_through(void **state)
{
	struct sim_drop d = { .whats = 1u << SIM_SYN, .dirs = 1u << SIM_C2S, .probability = 1, .ecn_only = true };

	(void)state;
	check(&d, "ECN", "server port", 1000);
}

static void so_is_one_that_drops_a_port(void **state)
{
	struct sim_drop d = { .whats = 1u << SIM_SYN, .dirs = 1u << SIM_C2S, .probability = 1, .port = 81 };

	(void)state;
	check(&d, "server port", "ECN", 2000);
}

static void what_is_dropped_by_chance_has_no_cause(void **state)
{
	struct sim_drop d = { .whats = 1u << SIM_SYN, .dirs = 1u << SIM_C2S, .probability = 0.2 };
	int n = worlds(10), found = 0;

	(void)state;
	for (int i = 0; i < n; i++) {
		struct sim_world w;
		struct cohort c;
		struct contrast x;

		world_of(&w, 3000 + (uint64_t)i, 2, &d);
		compared(&w, &c, &x);
		assert_true(x.section[0].fail > 5);
		found += x.founds > 0;
		contrast_free(&x);
		cohort_free(&c);
	}
	print_message("%d of %d\n", found, n);
	assert_true(found <= 2 + n / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_that_drops_ecn_is_seen_through),
		cmocka_unit_test(so_is_one_that_drops_a_port),
		cmocka_unit_test(what_is_dropped_by_chance_has_no_cause),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
