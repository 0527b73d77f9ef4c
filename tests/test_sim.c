/* The simulator's own truth must be consistent before anything is judged by it. */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/claim.h"
#include "tests/sim/encode.h"
#include "tests/sim/record.h"
#include "tests/sim_folder.h"

#define WORLDS 60

static void run(struct sim_record *r, struct sim_world *w, uint64_t seed, unsigned troubles, const char *to)
{
	struct err e = {""};

	sim_world_random(w, seed, troubles);
	if (sim_record_run(r, w, to, &e) < 0)
		fail_msg("seed %" PRIu64 ": %s", seed, e.msg);
}

/* n(Y) = n(X) - dropped + generated + duplicated, for one connection, direction, class and device. */
static void check_hop(const struct sim_truth *t, enum sim_dir dir, enum sim_what what, int device, uint64_t seed)
{
	unsigned from = sim_truth_from(dir, device), to = sim_truth_to(dir, device);
	long sent = 0, arrived = 0, dropped = 0, made = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct sim_transmission *s = &t->sent[i];

		if (s->dir != dir || s->what != what)
			continue;
		sent += sim_truth_at(t, i, from)->at != 0;
		arrived += sim_truth_at(t, i, to)->at != 0;
		dropped += s->dropped_by == device;
		made += s->maker == device;
	}
	if (arrived != sent - dropped + made)
		fail_msg("seed %" PRIu64 " connection %" PRIu64 " %s %s device %d: %ld arrived of %ld, %ld dropped, %ld made", seed, t->id,
		    sim_dir_name(dir), sim_what_name(what), device, arrived, sent, dropped, made);
}

/* The worlds of the benchmark: long connections, and SYNs that are not repeated. */
static void long_responses_and_single_syns(void **state)
{
	struct sim_world w;
	struct sim_record r;
	struct err e = {""};

	(void)state;
	sim_world_clean(&w, 1, 2);
	w.lengthy = 1;
	w.lengthy_response = 200000;
	w.weight[SIM_SILENT] = 1;
	w.one_try = true;
	assert_int_equal(sim_record_run(&r, &w, NULL, &e), 0);
	for (size_t c = 0; c < r.count; c++) {
		const struct sim_truth *t = r.truth[c];
		uint64_t bytes = 0;

		for (size_t i = 0; i < t->count; i++)
			bytes += t->sent[i].dir == SIM_S2C ? t->sent[i].len : 0;
		if (t->kind == SIM_SILENT)
			assert_int_equal(t->count, 1);
		else
			assert_true(bytes >= 200000 && bytes % 200000 == 0);
	}
	sim_record_free(&r);
}

static void what_arrives_is_what_was_sent_less_what_was_dropped(void **state)
{
	struct sim_world w;
	struct sim_record r;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		run(&r, &w, seed, SIM_ALL, NULL);
		for (size_t c = 0; c < r.count; c++)
			for (int i = 0; i < 2 * SIM_WHATS * (int)(w.points - 1); i++)
				check_hop(r.truth[c], (enum sim_dir)(i & 1), (enum sim_what)(i / 2 % SIM_WHATS), i / 2 / SIM_WHATS, seed);
		sim_record_free(&r);
	}
}

static void every_frame_is_one_packet_of_one_connection(void **state)
{
	struct sim_world w;
	struct sim_record r;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		uint64_t seen[SIM_POINTS_MAX] = {0};

		run(&r, &w, seed, SIM_ALL, NULL);
		assert_true(r.count >= w.connections);
		for (size_t c = 0; c < r.count; c++)
			for (size_t i = 0; i < r.truth[c]->count; i++)
				for (unsigned p = 0; p < w.points; p++) {
					const struct sim_sighting *s = sim_truth_at(r.truth[c], i, p);

					assert_true(!s->frame || s->at);
					assert_true(!s->mirrored || s->frame);
					assert_true(s->frame <= r.totals.frames[p]);
					seen[p] += (s->frame ? 1u : 0u) + (s->mirrored ? 1u : 0u);
				}
		for (unsigned p = 0; p < w.points; p++)
			assert_int_equal(seen[p], r.totals.frames[p]);
		sim_record_free(&r);
	}
}

static void packets_take_time_from_point_to_point(void **state)
{
	struct sim_world w;
	struct sim_record r;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		run(&r, &w, seed, SIM_ALL, NULL);
		for (size_t c = 0; c < r.count; c++)
			for (size_t i = 0; i < r.truth[c]->count; i++)
				for (unsigned p = 0; p + 1 < w.points; p++) {
					enum sim_dir dir = r.truth[c]->sent[i].dir;
					int64_t a = sim_truth_at(r.truth[c], i, sim_truth_from(dir, (int)p))->at;
					int64_t b = sim_truth_at(r.truth[c], i, sim_truth_to(dir, (int)p))->at;

					assert_true(!a || !b || a < b);
				}
		sim_record_free(&r);
	}
}

static void nothing_goes_wrong_in_a_clean_world(void **state)
{
	struct sim_world w;
	struct sim_record r;
	struct err e;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		sim_world_clean(&w, seed, 2 + seed % 4);
		assert_int_equal(sim_record_run(&r, &w, NULL, &e), 0);
		assert_int_equal(r.count, w.connections);
		for (size_t c = 0; c < r.count; c++) {
			const struct sim_truth *t = r.truth[c];

			assert_string_equal(t->outcome, "completed");
			for (size_t i = 0; i < t->count; i++) {
				assert_true(t->sent[i].maker == SIM_HOST && t->sent[i].dropped_by == SIM_NEVER);
				assert_false(t->sent[i].repeated || t->sent[i].notable);
			}
		}
		sim_record_free(&r);
	}
}

static uint8_t *read_all(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *b;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	b = malloc(*len + 1);
	assert_non_null(b);
	assert_int_equal(fread(b, 1, *len, f), *len);
	fclose(f);
	return b;
}

static uint8_t *read_capture(unsigned point, size_t *len)
{
	char path[512];

	snprintf(path, sizeof path, "%s/p%u.pcap", folder, point);
	return read_all(path, len);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	struct sim_world w;
	struct sim_record r;

	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		uint8_t *before[SIM_POINTS_MAX], *after;
		size_t len[SIM_POINTS_MAX], n;

		run(&r, &w, seed, SIM_ALL, folder);
		sim_record_free(&r);
		for (unsigned p = 0; p < w.points; p++)
			before[p] = read_capture(p, &len[p]);
		run(&r, &w, seed, SIM_ALL, folder);
		sim_record_free(&r);
		for (unsigned p = 0; p < w.points; p++) {
			after = read_capture(p, &n);
			assert_int_equal(n, len[p]);
			assert_memory_equal(before[p], after, n);
			free(before[p]);
			free(after);
		}
	}
}

static uint32_t le32(const uint8_t *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static unsigned be16(const uint8_t *b)
{
	return (unsigned)b[0] << 8 | b[1];
}

/* The sums over a whole IP packet with its checksums must come out as zero. */
static void check_sums(const uint8_t *ip, size_t len)
{
	bool v4 = ip[0] >> 4 == 4;
	size_t head = v4 ? 20 : 40, body = v4 ? be16(ip + 2) - 20u : be16(ip + 4);
	unsigned protocol = v4 ? ip[9] : ip[6];
	uint64_t pseudo = protocol == 1 ? 0 : sim_sum(ip + (v4 ? 12 : 8), v4 ? 8 : 32, protocol + body);

	assert_true(head + body <= len);
	if (v4)
		assert_int_equal(sim_fold(sim_sum(ip, 20, 0)), 0);
	assert_int_equal(sim_fold(sim_sum(ip + head, body, pseudo)), 0);
}

static void check_capture(const struct sim_world *w, unsigned point, uint64_t frames)
{
	size_t len, link = w->point[point].link == SIM_ETHERNET ? 14 : w->point[point].link == SIM_RAW ? 0 : 20;
	uint8_t *b = read_capture(point, &len), *at = b + 24;
	uint64_t n = 0;
	int64_t last = INT64_MIN;

	while (at < b + len) {
		int64_t time = (int64_t)le32(at) * 1000000000 + (int64_t)le32(at + 4) * (w->point[point].nano ? 1 : 1000);

		assert_true(time >= last || w->point[point].clock_step < 0);
		last = time;
		assert_true(le32(at + 8) <= w->point[point].snaplen && le32(at + 8) <= le32(at + 12));
		if (le32(at + 8) == le32(at + 12))
			check_sums(at + 16 + link, le32(at + 8) - link);
		at += 16 + le32(at + 8);
		n++;
	}
	assert_true(at == b + len);
	assert_int_equal(n, frames);
	free(b);
}

static void captures_are_in_order_and_their_checksums_right(void **state)
{
	struct sim_world w;
	struct sim_record r;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		run(&r, &w, seed, SIM_ALL, folder);
		for (unsigned p = 0; p < w.points; p++)
			check_capture(&w, p, r.totals.frames[p]);
		sim_record_free(&r);
	}
}

static void every_trouble_happens(void **state)
{
	long dropped = 0, made = 0, copied = 0, missed = 0, mirrored = 0, repeated = 0, kinds[SIM_KINDS] = {0}, whats[SIM_WHATS] = {0};
	struct sim_world w;
	struct sim_record r;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		run(&r, &w, seed, SIM_ALL, NULL);
		for (size_t c = 0; c < r.count; c++) {
			kinds[r.truth[c]->kind]++;
			for (size_t i = 0; i < r.truth[c]->count; i++) {
				const struct sim_transmission *s = &r.truth[c]->sent[i];

				whats[s->what]++;
				dropped += s->dropped_by != SIM_NEVER;
				made += s->maker != SIM_HOST && s->copy_of == SIM_NEVER;
				copied += s->copy_of != SIM_NEVER;
				repeated += s->repeated;
				missed += sim_truth_at(r.truth[c], i, 0)->at && !sim_truth_at(r.truth[c], i, 0)->frame;
				mirrored += sim_truth_at(r.truth[c], i, 0)->mirrored != 0;
			}
		}
		sim_record_free(&r);
	}
	assert_true(dropped && made && copied && missed && mirrored && repeated);
	for (int i = 0; i < SIM_KINDS; i++)
		assert_true(kinds[i]);
	for (int i = 0; i < SIM_WHATS; i++)
		assert_true(whats[i]);
}

/* A claim that is the truth is true; the same claim at another place, in another direction, or of another class is not. */
static void claims_are_told_from_inventions(void **state)
{
	struct sim_world w;
	struct sim_record r;
	struct err e;

	(void)state;
	sim_world_clean(&w, 3, 3);
	w.device[1].reject = SIM_REJECT_RST;
	w.device[1].reject_port = 80;
	w.ports = 1;
	assert_int_equal(sim_record_run(&r, &w, NULL, &e), 0);
	for (size_t c = 0; c < r.count; c++) {
		struct sim_claim made = {"generated", "RST,ACK", "s2c", 2, 1, SIM_NOWHERE},
				 elsewhere = {"generated", "RST,ACK", "s2c", 1, 0, SIM_NOWHERE};
		struct sim_claim host = {"sent", "RST,ACK", "s2c", SIM_NOWHERE, SIM_NOWHERE, 2},
				 drop = {"dropped", "SYN", "c2s", 1, 2, SIM_NOWHERE};
		struct sim_claim wrong = {"dropped", "SYN-ACK", "c2s", 1, 2, SIM_NOWHERE},
				 back = {"dropped", "SYN", "s2c", 2, 1, SIM_NOWHERE};

		assert_int_equal(sim_claim_count(&w, r.truth[c], &made), 1);
		assert_int_equal(sim_claim_count(&w, r.truth[c], &elsewhere), 0);
		assert_int_equal(sim_claim_count(&w, r.truth[c], &host), 0);
		assert_int_equal(sim_claim_count(&w, r.truth[c], &drop), 1);
		assert_int_equal(sim_claim_count(&w, r.truth[c], &wrong), 0);
		assert_int_equal(sim_claim_count(&w, r.truth[c], &back), 0);
	}
	sim_record_free(&r);
}

static void memory_is_bounded_by_open_connections(void **state)
{
	struct sim_world w;
	struct sim_record r;
	struct err e;

	(void)state;
	sim_world_clean(&w, 7, 2);
	w.connections = 5000;
	w.clients = 20;
	w.gap = SIM_MS * 20;
	w.response_max = 2000;
	assert_int_equal(sim_record_run(&r, &w, NULL, &e), 0);
	assert_int_equal(r.count, 5000);
	assert_true(r.totals.peak_open < 500);
	sim_record_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(long_responses_and_single_syns),
	    cmocka_unit_test(what_arrives_is_what_was_sent_less_what_was_dropped),
	    cmocka_unit_test(every_frame_is_one_packet_of_one_connection),
	    cmocka_unit_test(packets_take_time_from_point_to_point),
	    cmocka_unit_test(nothing_goes_wrong_in_a_clean_world),
	    cmocka_unit_test(the_same_seed_gives_the_same_bytes),
	    cmocka_unit_test(captures_are_in_order_and_their_checksums_right),
	    cmocka_unit_test(every_trouble_happens),
	    cmocka_unit_test(claims_are_told_from_inventions),
	    cmocka_unit_test(memory_is_bounded_by_open_connections),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
