/* Whatever a simulated device is told to change must be changed in the captures, and nothing else: read from the bytes that were written. */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/segment.h"
#include "tests/sim/chain.h"
#include "tests/sim/record.h"
#include "tests/sim_folder.h"

/* A packet as its bytes tell it. */
struct seen {
	unsigned family, id, tos, ttl;
	uint8_t src[16], dst[16];
	unsigned sport, dport, flags, options; /* bytes of options */
	uint32_t seq, ack, len;
	bool mss, ws, sack_ok, ts;
	unsigned mss_value, nops, sacks;
	uint32_t tsval, tsecr, sack[2];
};

static uint32_t le32(const uint8_t *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static unsigned be16(const uint8_t *b)
{
	return (unsigned)b[0] << 8 | b[1];
}

static uint32_t be32(const uint8_t *b)
{
	return (uint32_t)be16(b) << 16 | be16(b + 2);
}

static void read_option(struct seen *s, const uint8_t *o)
{
	s->mss |= o[0] == 2;
	s->mss_value = o[0] == 2 ? be16(o + 2) : s->mss_value;
	s->ws |= o[0] == 3;
	s->sack_ok |= o[0] == 4;
	if (o[0] == 5) {
		s->sacks = (o[1] - 2u) / 8;
		s->sack[0] = be32(o + 2);
		s->sack[1] = be32(o + 6);
	}
	if (o[0] == 8) {
		s->ts = true;
		s->tsval = be32(o + 2);
		s->tsecr = be32(o + 6);
	}
}

static void read_tcp(struct seen *s, const uint8_t *t, size_t len)
{
	size_t head = (size_t)(t[12] >> 4) * 4;

	assert_true(head >= 20 && head <= len);
	s->sport = be16(t);
	s->dport = be16(t + 2);
	s->seq = be32(t + 4);
	s->ack = be32(t + 8);
	s->flags = t[13];
	s->options = (unsigned)head - 20;
	s->len = (uint32_t)(len - head);
	for (size_t i = 20; i < head; i += t[i] == 1 ? 1 : t[i + 1]) {
		s->nops += t[i] == 1;
		if (t[i] != 1)
			read_option(s, t + i);
	}
}

/* An Ethernet frame. */
static struct seen read_frame(const uint8_t *b)
{
	struct seen s = {.family = b[14] >> 4};
	const uint8_t *ip = b + 14;

	assert_int_equal(be16(b + 12), s.family == 4 ? 0x0800 : 0x86dd);
	if (s.family == 4) {
		memcpy(s.src, ip + 12, 4);
		memcpy(s.dst, ip + 16, 4);
		s.tos = ip[1];
		s.id = be16(ip + 4);
		s.ttl = ip[8];
		read_tcp(&s, ip + 20, be16(ip + 2) - 20u);
	} else {
		memcpy(s.src, ip + 8, 16);
		memcpy(s.dst, ip + 24, 16);
		s.tos = be16(ip) >> 4 & 0xff;
		s.ttl = ip[7];
		read_tcp(&s, ip + 40, be16(ip + 4));
	}
	return s;
}

/* A world that was run, and what its captures hold. */
struct scene {
	struct sim_world w;
	struct sim_record r;
	struct seen *seen[SIM_POINTS_MAX]; /* by frame number - 1 */
	long data, sacks, syns, ids;       /* packets looked at; new IP IDs */
};

static void read_capture(struct scene *s, unsigned point)
{
	static uint8_t record[16 + 2048];
	char path[512];

	snprintf(path, sizeof path, "%s/p%u.pcap", folder, point);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fseek(f, 24, SEEK_SET), 0);
	s->seen[point] = calloc(s->r.totals.frames[point] + 1, sizeof(struct seen));
	assert_non_null(s->seen[point]);
	for (uint64_t n = 0; n < s->r.totals.frames[point]; n++) {
		assert_int_equal(fread(record, 16, 1, f), 1);
		assert_true(le32(record + 8) <= 2048);
		assert_int_equal(fread(record + 16, le32(record + 8), 1, f), 1);
		s->seen[point][n] = read_frame(record + 16);
	}
	fclose(f);
}

/* IPv4, timestamps and SACK at all hosts: what a device takes away was there. */
static void start(struct scene *s, uint64_t seed, unsigned points)
{
	memset(s, 0, sizeof *s);
	sim_world_clean(&s->w, seed, points);
	s->w.ipv6 = s->w.no_sack = s->w.no_timestamps = 0;
	s->w.response_max = 20000;
}

static void run(struct scene *s)
{
	struct err e = {""};

	if (sim_record_run(&s->r, &s->w, folder, &e) < 0)
		fail_msg("%s", e.msg);
	for (unsigned p = 0; p < s->w.points; p++)
		read_capture(s, p);
}

static void end(struct scene *s)
{
	for (unsigned p = 0; p < s->w.points; p++)
		free(s->seen[p]);
	sim_record_free(&s->r);
}

static const struct seen *seen_at(const struct scene *s, const struct sim_truth *t, size_t i, unsigned point)
{
	const struct sim_sighting *at = sim_truth_at(t, i, point);

	return at->frame ? &s->seen[point][at->frame - 1] : NULL;
}

typedef void check(struct scene *s, const struct sim_truth *t, enum sim_dir dir, const struct seen *a, const struct seen *b);

/* Every packet before the first device (in c2s) and behind it. */
static void each(struct scene *s, check *c)
{
	for (size_t n = 0; n < s->r.count; n++)
		for (size_t i = 0; i < s->r.truth[n]->count; i++) {
			const struct sim_truth *t = s->r.truth[n];
			const struct seen *a = seen_at(s, t, i, 0), *b = seen_at(s, t, i, 1);

			s->data += t->sent[i].len > 0;
			if (a && b)
				c(s, t, t->sent[i].dir, a, b);
		}
	assert_true(s->data > 0);
}

static bool same(const struct seen *a, const struct seen *b)
{
	return a->seq == b->seq && a->ack == b->ack && a->len == b->len && a->flags == b->flags && a->ts == b->ts && a->tsval == b->tsval &&
	       a->tsecr == b->tsecr && a->sacks == b->sacks && a->sack[0] == b->sack[0] && a->options == b->options;
}

/* The far end's address and port are the device's, or the server's true ones. */
static void check_full_nat(struct scene *s, const struct sim_truth *t, enum sim_dir dir, const struct seen *a, const struct seen *b)
{
	bool out = dir == SIM_C2S;
	const uint8_t *client = out ? b->src : b->dst, *vip = out ? a->dst : a->src, *server = out ? b->dst : b->src;

	(void)s;
	assert_true(same(a, b) && a->id == b->id);
	assert_int_equal(be32(client), 0x0a090001); /* 10.9.0.1 */
	assert_int_equal(be32(vip), 0xcb007150);    /* 203.0.113.80 */
	assert_int_equal(be32(server) >> 16, 0x0a02);
	assert_int_equal(out ? b->sport : b->dport, t->view[1].client_port);
	assert_int_equal(out ? a->sport : a->dport, t->view[0].client_port);
	assert_true(t->view[0].client_port != t->view[1].client_port);
	assert_int_equal((out ? b->dport : b->sport) - (out ? a->dport : a->sport), 8000);
}

static void full_nat_puts_many_clients_and_servers_behind_two_addresses(void **state)
{
	struct scene s;
	bool server[8] = {false};

	(void)state;
	start(&s, 1, 2);
	s.w.clients = 5;
	s.w.servers = 3;
	s.w.device[0].snat = s.w.device[0].new_ports = s.w.device[0].dnat = s.w.device[0].vip = true;
	run(&s);
	each(&s, check_full_nat);
	for (size_t n = 0; n < s.r.count; n++)
		server[s.r.truth[n]->view[1].server.b[3] - 20] = true;
	assert_true(server[0] && server[1] && server[2]);
	end(&s);
}

/* A port comes again within seconds, but never while a connection still uses it. */
static void ports_of_a_small_pool_come_again(void **state)
{
	struct scene s;
	long again = 0;

	(void)state;
	start(&s, 2, 2);
	s.w.connections = 60;
	s.w.gap = 50 * SIM_MS;
	s.w.response_max = 1000;
	s.w.device[0].snat = s.w.device[0].new_ports = true;
	s.w.device[0].nat_ports = 30;
	run(&s);
	for (size_t i = 0; i < s.r.count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct sim_truth *a = s.r.truth[k], *b = s.r.truth[i];

			if (a->view[1].client_port != b->view[1].client_port)
				continue;
			again++;
			assert_true(a->sent[a->count - 1].sent < b->started || b->sent[b->count - 1].sent < a->started);
			assert_true(llabs(a->started - b->started) < 10 * SIM_SECOND);
		}
	assert_true(again > 0);
	end(&s);
}

static void check_nat64(struct scene *s, const struct sim_truth *t, enum sim_dir dir, const struct seen *a, const struct seen *b)
{
	static const uint8_t prefix[12] = {0x00, 0x64, 0xff, 0x9b};
	bool out = dir == SIM_C2S;

	(void)s;
	(void)t;
	assert_int_equal(a->family, 6);
	assert_int_equal(b->family, 4);
	assert_true(same(a, b));
	assert_memory_equal(out ? a->dst : a->src, prefix, 12);
	assert_memory_equal((out ? a->dst : a->src) + 12, out ? b->dst : b->src, 4);
	assert_int_equal(be32(out ? b->src : b->dst), 0x0a090001);
}

static void nat64_carries_ipv6_clients_to_ipv4_servers(void **state)
{
	struct scene s;

	(void)state;
	start(&s, 3, 2);
	s.w.ipv6 = 1;
	s.w.device[0].nat64 = true;
	run(&s);
	each(&s, check_nat64);
	end(&s);
}

/* Both directions by a constant of their own, and never by none. */
static void check_sequence(struct scene *s, const struct sim_truth *t, enum sim_dir dir, const struct seen *a, const struct seen *b)
{
	const struct sim_view *v = t->view;
	uint32_t client = v[1].client_shift - v[0].client_shift, server = v[1].server_shift - v[0].server_shift;
	uint32_t own = dir == SIM_C2S ? client : server, other = dir == SIM_C2S ? server : client;

	assert_true(client != 0 && server != 0 && client != server);
	assert_int_equal(b->seq, a->seq + own);
	if (a->flags & TCP_ACK)
		assert_int_equal(b->ack, a->ack + other);
	assert_int_equal(a->tsval, b->tsval);
	assert_int_equal(a->sacks, b->sacks);
	if (a->sacks)
		assert_int_equal(b->sack[0], a->sack[0] + (s->w.device[0].keep_sack ? 0 : other));
	s->sacks += a->sacks;
}

static void sequence_numbers_move_with_sack_blocks_or_without(void **state)
{
	struct scene s;

	(void)state;
	for (int keep = 0; keep < 2; keep++) {
		start(&s, 4, 2);
		s.w.device[0].shift_seq = true;
		s.w.device[0].keep_sack = keep;
		s.w.device[0].drops[s.w.device[0].drop_count++] =
		    (struct sim_drop){.whats = 1u << SIM_DATA, .dirs = 1u << SIM_S2C, .probability = 0.05};
		run(&s);
		each(&s, check_sequence);
		assert_true(s.sacks > 0);
		end(&s);
	}
}

static void check_ticks(struct scene *s, const struct sim_truth *t, enum sim_dir dir, const struct seen *a, const struct seen *b)
{
	const struct sim_view *v = t->view;
	uint32_t client = v[1].client_ticks - v[0].client_ticks, server = v[1].server_ticks - v[0].server_ticks;

	assert_true(client != 0 && server != 0);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->ts, b->ts);
	if (!a->ts)
		return;
	assert_int_equal(b->tsval, a->tsval + (dir == SIM_C2S ? client : server));
	if (a->flags & TCP_ACK)
		assert_int_equal(b->tsecr, a->tsecr + (dir == SIM_C2S ? server : client));
	s->syns += a->flags & TCP_SYN;
}

static void timestamps_move_by_a_constant_per_connection(void **state)
{
	struct scene s;

	(void)state;
	start(&s, 5, 2);
	s.w.device[0].shift_ts = true;
	run(&s);
	each(&s, check_ticks);
	assert_true(s.syns > 0);
	end(&s);
}

/* What the SYN offered, nobody uses once it was taken out. */
static void check_stripped(struct scene *s, const struct sim_truth *t, enum sim_dir dir, const struct seen *a, const struct seen *b)
{
	const struct sim_device *d = &s->w.device[0];
	bool syn = a->flags & TCP_SYN, from_client = dir == SIM_C2S;

	(void)t;
	if (!syn) {
		assert_true(same(a, b));
		assert_false(a->ts || a->sacks);
		return;
	}
	assert_true(!from_client || (a->ts && a->sack_ok && a->ws));
	assert_false(b->ts && from_client);
	assert_false((b->sack_ok || b->ws) && from_client);
	/* The server answers what it was asked for: there is nothing left to take out. */
	assert_false(!from_client && (b->ts || b->sack_ok || b->ws));
	if (from_client)
		assert_true(d->squeeze ? b->options < a->options : b->options == a->options && b->nops > a->nops);
	s->syns++;
}

static void options_are_stripped_with_nops_or_without(void **state)
{
	struct scene s;

	(void)state;
	for (int squeeze = 0; squeeze < 2; squeeze++) {
		start(&s, 6, 2);
		s.w.device[0].strip_ts = s.w.device[0].strip_sack = s.w.device[0].strip_ws = true;
		s.w.device[0].squeeze = squeeze;
		s.w.device[0].drops[s.w.device[0].drop_count++] =
		    (struct sim_drop){.whats = 1u << SIM_DATA, .dirs = 1u << SIM_S2C, .probability = 0.05};
		run(&s);
		each(&s, check_stripped);
		assert_true(s.syns > 0);
		end(&s);
	}
}

/* Only window scale: the window of data is then the 16 bits themselves. Only SACK: timestamps stay. */
static void check_single(struct scene *s, const struct sim_truth *t, enum sim_dir dir, const struct seen *a, const struct seen *b)
{
	(void)t;
	(void)dir;
	if (!(a->flags & TCP_SYN))
		return;
	assert_int_equal(a->ts, b->ts);
	assert_int_equal(b->ws, a->ws && !s->w.device[0].strip_ws);
	assert_int_equal(b->sack_ok, a->sack_ok && !s->w.device[0].strip_sack);
	s->syns++;
}

static void an_option_is_stripped_alone(void **state)
{
	struct scene s;

	(void)state;
	for (int sack = 0; sack < 2; sack++) {
		start(&s, 7, 2);
		s.w.device[0].strip_sack = sack;
		s.w.device[0].strip_ws = !sack;
		run(&s);
		each(&s, check_single);
		assert_true(s.syns > 0);
		end(&s);
	}
}

static void check_ip(struct scene *s, const struct sim_truth *t, enum sim_dir dir, const struct seen *a, const struct seen *b)
{
	const struct seen *behind = dir == SIM_C2S ? b : a;

	(void)t;
	assert_true(same(a, b));
	assert_int_equal(behind->tos >> 2, 34);
	assert_int_equal(behind->ttl, 200);
	s->ids += a->id != b->id;
	if (s->w.device[0].new_id == SIM_ID_CLEARED)
		assert_int_equal(behind->id, 0);
}

static void ip_headers_are_rewritten(void **state)
{
	struct scene s;

	(void)state;
	for (int id = SIM_ID_COUNTED; id <= SIM_ID_CLEARED; id++) {
		start(&s, 8, 2);
		s.w.device[0].new_id = (enum sim_new_id)id;
		s.w.device[0].dscp = 34;
		s.w.device[0].ttl = 200;
		run(&s);
		each(&s, check_ip);
		assert_true(s.ids > 0);
		end(&s);
	}
}

static void check_all(struct scene *s, const struct sim_truth *t, enum sim_dir dir, const struct seen *a, const struct seen *b)
{
	bool out = dir == SIM_C2S;
	const struct seen *behind = out ? b : a;

	check_sequence(s, t, dir, a, (struct seen[]){(struct seen){.seq = b->seq, .ack = b->ack, .tsval = a->tsval, .sacks = a->sacks,
					 .sack = {b->sack[0], b->sack[1]}}});
	check_ticks(s, t, dir, (struct seen[]){(struct seen){.flags = a->flags, .ts = a->ts, .tsval = a->tsval, .tsecr = a->tsecr}},
	    (struct seen[]){(struct seen){.ts = b->ts, .tsval = b->tsval, .tsecr = b->tsecr}});
	assert_int_equal(be32(out ? b->src : b->dst), 0x0a090001);
	assert_int_equal(be32(out ? a->dst : a->src), 0xcb007150);
	assert_int_equal(behind->tos >> 2, 34);
	assert_int_equal(behind->ttl, 200);
	if (a->flags & TCP_SYN)
		assert_true(!behind->ws && !behind->sack_ok && behind->mss_value == 1200);
}

static void everything_is_changed_at_once(void **state)
{
	struct scene s;

	(void)state;
	start(&s, 9, 2);
	sim_chain_all(&s.w.device[0]);
	run(&s);
	each(&s, check_all);
	end(&s);
}

/* How many connections were captured at each of two points, and how many at both. */
static void count_pair(const struct scene *s, long n[3])
{
	for (size_t c = 0; c < s->r.count; c++) {
		const struct sim_truth *t = s->r.truth[c];
		bool first = false, second = false;

		for (size_t i = 0; i < t->count; i++) {
			const struct sim_sighting *a = sim_truth_at(t, i, 1), *b = sim_truth_at(t, i, 2);

			assert_true((a->frame != 0) != (b->frame != 0)); /* each packet crosses exactly one */
			assert_true(sim_truth_at(t, i, 0)->frame && sim_truth_at(t, i, 3)->frame);
			first |= a->frame != 0;
			second |= b->frame != 0;
		}
		n[0] += first && !second;
		n[1] += second && !first;
		n[2] += first && second;
	}
}

static void connections_are_balanced_over_a_pair_of_points(void **state)
{
	struct scene s;
	long n[3] = {0};

	(void)state;
	start(&s, 10, 4);
	s.w.point[1].pair = SIM_BALANCED;
	run(&s);
	count_pair(&s, n);
	assert_true(n[0] > 0 && n[1] > 0 && n[2] == 0);
	end(&s);
}

static void a_pair_switches_over_in_the_midst(void **state)
{
	struct scene s;
	long n[3] = {0};

	(void)state;
	start(&s, 11, 4);
	s.w.connections = 40;
	s.w.gap = 20 * SIM_MS;
	s.w.point[1].pair = SIM_STANDBY;
	s.w.point[1].switch_at = 400 * SIM_MS;
	run(&s);
	count_pair(&s, n);
	assert_true(n[0] > 0 && n[1] > 0 && n[2] > 0);
	end(&s);
}

static void one_direction_does_not_come_by(void **state)
{
	struct scene s;

	(void)state;
	start(&s, 12, 3);
	s.w.point[1].avoided = 1u << SIM_S2C;
	run(&s);
	for (size_t c = 0; c < s.r.count; c++)
		for (size_t i = 0; i < s.r.truth[c]->count; i++) {
			const struct sim_truth *t = s.r.truth[c];

			assert_true(sim_truth_at(t, i, 0)->frame && sim_truth_at(t, i, 2)->frame);
			assert_int_equal(sim_truth_at(t, i, 1)->frame != 0, t->sent[i].dir == SIM_C2S);
			assert_int_equal(t->avoided[SIM_C2S], 0);
		}
	end(&s);
}

/* Bursts within a millisecond, the same bytes in all of them, and now and then the same first number. */
static void crowds_look_alike(void **state)
{
	struct scene s;
	long close = 0, tied = 0, twins = 0;

	(void)state;
	start(&s, 13, 2);
	s.w.connections = 300;
	s.w.burst = 150;
	s.w.alike = true;
	s.w.same_isn = s.w.twins = 0.1;
	s.w.response_max = 500;
	run(&s);
	for (size_t i = 0; i < s.r.count; i++) {
		const struct sim_truth *a = s.r.truth[i];

		for (size_t k = 0; k < i; k++) {
			const struct sim_truth *b = s.r.truth[k];

			close += llabs(a->started - b->started) < SIM_MS;
			tied += a->isn[SIM_C2S] == b->isn[SIM_C2S] && a->isn[SIM_S2C] != b->isn[SIM_S2C];
			if (a->twin_of != b->id)
				continue;
			twins++;
			assert_true(a->isn[SIM_S2C] != b->isn[SIM_S2C] && a->count == b->count);
			assert_int_equal(a->view[1].server_port, b->view[1].server_port);
		}
	}
	assert_true(close > 150 * 149 / 2 && tied > 0 && twins > 0);
	end(&s);
}

/* Addresses, ports and first numbers may be others: nothing else is. */
static void a_renamed_world_is_the_same_world(void **state)
{
	struct scene s, other;

	(void)state;
	start(&s, 14, 2);
	run(&s);
	start(&other, 14, 2);
	other.w.addr_add = 0x01020304;
	other.w.port_add = 5;
	other.w.isn_salt = 99;
	run(&other);
	assert_int_equal(s.r.totals.frames[1], other.r.totals.frames[1]);
	for (uint64_t n = 0; n < s.r.totals.frames[1]; n++) {
		const struct seen *a = &s.seen[1][n], *b = &other.seen[1][n];

		assert_int_equal(be32(b->src), be32(a->src) + 0x01020304);
		assert_int_equal(b->dport, a->dport + 5);
		assert_true(a->seq != b->seq && a->len == b->len && a->flags == b->flags && a->tsval == b->tsval && a->id == b->id);
	}
	end(&s);
	end(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(full_nat_puts_many_clients_and_servers_behind_two_addresses),
	    cmocka_unit_test(ports_of_a_small_pool_come_again),
	    cmocka_unit_test(nat64_carries_ipv6_clients_to_ipv4_servers),
	    cmocka_unit_test(sequence_numbers_move_with_sack_blocks_or_without),
	    cmocka_unit_test(timestamps_move_by_a_constant_per_connection),
	    cmocka_unit_test(options_are_stripped_with_nops_or_without),
	    cmocka_unit_test(an_option_is_stripped_alone),
	    cmocka_unit_test(ip_headers_are_rewritten),
	    cmocka_unit_test(everything_is_changed_at_once),
	    cmocka_unit_test(connections_are_balanced_over_a_pair_of_points),
	    cmocka_unit_test(a_pair_switches_over_in_the_midst),
	    cmocka_unit_test(one_direction_does_not_come_by),
	    cmocka_unit_test(crowds_look_alike),
	    cmocka_unit_test(a_renamed_world_is_the_same_world),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
