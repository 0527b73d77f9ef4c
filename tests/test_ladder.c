#include "tests/test.h"

#include <locale.h>

#include "correlate/report/report.h"
#include "correlate/report/style.h"
#include "tests/test_report.h"

#define START INT64_C(1249952477285000000)
#define OFFER .options = "mss,sackOK,TS,nop,wscale", .mss = 1460, .sack = true

/* A device before behind-lb swallows two SYNs and answers the second with a bare ACK and, later, a RST. */
static void make_founding(struct made *m)
{
	int64_t a, b, c, d;

	made_open(m, "client,behind-lb", "handshake gaps");
	made_connection(m, START, 7268659, "no connection", 3, "SYN ×2 did not reach behind-lb.", 1);
	a = made_packet(m, &(struct made_packet){.flags = 0xc2, .seq = 1000, .win = 5840, .ws = 8, .tsval = 145592423, OFFER, .at_us = {1}});
	b = made_packet(m, &(struct made_packet){.flags = 0xc2, .seq = 1000, .win = 5840, .ws = 8, .tsval = 145593173, OFFER, .at_us = {2996476}});
	c = made_packet(m, &(struct made_packet){.s2c = true, .flags = 0x10, .seq = 5001, .ack = 1001, .win = 12288, .ttl = 255, .at_us = {3027620}});
	d = made_packet(m, &(struct made_packet){.s2c = true, .flags = 0x14, .seq = 5001, .ack = 1001, .win = 12288, .ttl = 255, .at_us = {7268660}});
	made_finding(m, "dropped", "SYN", 0, 0, 1, "certain", "Never at behind-lb.",
	    "{\"reasons\":[\"repeated\",\"missed by all\"],\"assumptions\":[\"behind-lb captured\"],\"next\":\"tcpdump -i any\"}",
	    (int64_t[]){a, b, 0, 0});
	made_finding(m, "generated", "ACK", 1, 1, 0, "certain", "A bare ACK.", "{\"assumptions\":[\"behind-lb captured\"]}", (int64_t[]){c, 0, 0, 0});
	made_finding(m, "generated", "RST,ACK", 1, 1, 0, "likely", "The same numbers.", "{}", (int64_t[]){d, 0, 0, 0});
}

/* A drop in the middle, a packet that a capture missed, two that nobody can explain, an ICMP error. */
static void make_middle(struct made *m)
{
	int64_t a, b, u, g;

	made_open(m, "client,fw,server", "given");
	made_connection(m, START, 2000000, "completed", 3, "A data packet was dropped between fw and server.", 7);
	made_packet(m, &(struct made_packet){.flags = 2, .seq = 1000, .win = 64240, .ws = 7, .tsval = 100, OFFER, .mss_at = {0, 1380, 1380},
	    .at_us = {1, 421, 800}});
	made_packet(m, &(struct made_packet){.s2c = true, .flags = 0x12, .seq = 5000, .ack = 1001, .win = 65160, .ws = 7, .tsval = 9923, OFFER,
	    .at_us = {1800, 1400, 1001}});
	made_packet(m, &(struct made_packet){.flags = 0x10, .seq = 1001, .ack = 5001, .win = 502, .tsval = 101, .at_us = {1900, 0, 2700}});
	a = made_packet(m, &(struct made_packet){.flags = 0x18, .seq = 1001, .ack = 5001, .len = 1380, .win = 502, .tsval = 102,
	    .at_us = {2000, 2420}});
	b = made_packet(m, &(struct made_packet){.flags = 0x18, .seq = 1001, .ack = 5001, .len = 1380, .win = 502, .tsval = 302,
	    .at_us = {202000, 202420, 202900}});
	u = made_packet(m, &(struct made_packet){.flags = 0x11, .seq = 2381, .ack = 5001, .win = 501, .tsval = 402, .at_us = {1904200}});
	g = made_packet(m, &(struct made_packet){.s2c = true, .flags = 0x14, .seq = 5001, .ack = 2382, .ttl = 254, .at_us = {1999999, 1999500}});
	made_packet(m, &(struct made_packet){.s2c = true, .icmp_type = 3, .icmp_code = 13, .ttl = 254, .at_us = {2000000, 1999900}});
	made_finding(m, "dropped", "data", 0, 1, 2, "certain", "Seen at fw, never at server.", "{}", (int64_t[]){a, 0, 0, 0});
	made_finding(m, "retransmitted", "data", 0, 0, -1, "certain", "Repeated.", "{}", (int64_t[]){b, 0, 0, 0});
	made_finding(m, "undecided", "FIN", 0, 0, 1, "possible", "Seen at client only.", "{\"missing\":\"--running fw\"}", (int64_t[]){u, 0, 0, 0});
	made_finding(m, "generated", "RST,ACK", 1, 2, 1, "likely", "Made there.", "{}", (int64_t[]){g, 0, 0, 0});
	made_sql(m, "INSERT INTO hop VALUES(1,1,2,0,6,5,0,0,1,1,1,0,1,1,1,1,0,0,-20000,20000,0), "
	    "(1,2,3,0,5,4,1,0,0,0,1,0,1,1,1,1,0,0,-20000,20000,0),"
	    "(1,2,1,1,4,4,0,0,0,0,0,0,1,1,1,1,0,0,-20000,20000,0), (1,3,2,1,2,2,0,2,0,0,0,0,1,1,1,1,0,0,NULL,NULL,0)");
}

static void make_six(struct made *m)
{
	int64_t a, g;

	made_open(m, "client,edge-router-outside,fw-a,fw-b,lb,server", "handshake gaps");
	made_connection(m, START, 1500000, "refused", 3, "The refusal was made between fw-b and lb.", 15);
	a = made_packet(m, &(struct made_packet){.flags = 2, .seq = 1000, .win = 64240, .ws = 7, .tsval = 100, OFFER,
	    .mss_at = {0, 0, 1380, 1380}, .seq_shift = {0, 0, 0, 12345}, .at_us = {1, 201, 421, 800}});
	g = made_packet(m, &(struct made_packet){.s2c = true, .flags = 0x14, .ack = 1001, .ttl = 253, .at_us = {2500, 2300, 0, 1900}});
	made_finding(m, "dropped", "SYN", 0, 3, 4, "certain", "Seen at fw-b, never at lb.", "{}", (int64_t[]){a, 0, 0, 0});
	made_finding(m, "generated", "RST,ACK", 1, 4, 3, "certain", "Nobody beyond sent it.", "{}", (int64_t[]){g, 0, 0, 0});
	made_finding(m, "not_captured", "RST,ACK", 1, 2, -1, "certain", "fw-a did not record it.", "{}", (int64_t[]){g, 0, 0, 0});
	for (int i = 1; i < 6; i++)
		made_sql(m, "INSERT INTO hop VALUES(1,%d,%d,0,1,1,%d,0,0,0,0,0,1,1,1,1,0,0,-20000,20000,0), "
		    "(1,%d,%d,1,1,1,0,%d,0,0,0,0,1,1,1,1,0,0,-20000,20000,0)",
		    i, i + 1, i == 4, i + 1, i, i == 4);
}

/* The longest addresses that there are, and names that are longer than a hop is wide. */
static void make_wide(struct made *m)
{
	make_six(m);
	made_sql(m, "UPDATE addr SET text = '2001:db8:1234:5678:9abc:def0:1234:567' || id, family = 6");
	made_sql(m, "UPDATE point SET name = name || ' of the second data centre' WHERE id IN (2, 6)");
}

static void make_single(struct made *m)
{
	int64_t g;

	made_open(m, "client", "one point");
	made_connection(m, START, 2500, "refused", 2, "Somebody beyond client refused.", 1);
	made_packet(m, &(struct made_packet){.flags = 2, .seq = 1000, .win = 64240, .ws = 7, OFFER, .at_us = {1}});
	g = made_packet(m, &(struct made_packet){.s2c = true, .flags = 0x14, .ack = 1001, .ttl = 53, .at_us = {2500}});
	made_finding(m, "sent", "RST,ACK", 1, 0, -1, "possible", "It may have been the server.", "{}", (int64_t[]){g, 0, 0, 0});
}

/* 400 packets, one of them lost. */
static void make_long(struct made *m)
{
	int64_t lost = 0;

	made_open(m, "client,server", "given");
	made_connection(m, START, 4000000, "completed", 2, "One packet was lost and repeated.", 3);
	for (unsigned i = 0; i < 400; i++) {
		uint32_t seq = 1001 + 1448 * (i == 120 ? 100 : i);
		int64_t at = 1 + (int64_t)i * 10000, tx;

		tx = made_packet(m, &(struct made_packet){.flags = 0x10, .seq = seq, .ack = 5001, .len = 1448, .win = 502, .at_us = {at, i == 100 ? 0 : at + 412}});
		lost = i == 100 ? tx : lost;
	}
	made_finding(m, "dropped", "data", 0, 0, 1, "certain", "Never at server.", "{}", (int64_t[]){lost, 0, 0, 0});
}

/* 90 packets, among them each kind of trouble: losses, a doubt, and a packet of which nobody knows why it is not at the server. */
static void make_troubled(struct made *m)
{
	int64_t tx[90];

	made_open(m, "client,fw,server", "given");
	made_connection(m, START, 900000, "completed", 3, "Two packets were lost.", 7);
	for (unsigned i = 0; i < 90; i++) {
		int64_t at = 1 + (int64_t)i * 10000;

		tx[i] = made_packet(m, &(struct made_packet){.s2c = i % 3 == 2, .flags = 0x10, .seq = 1001 + 100 * i, .ack = 5001, .len = 100, .win = 502,
		    .at_us = {i == 40 ? 0 : at, at + 200, i == 20 || i == 21 || i == 70 ? 0 : at + 412}});
	}
	made_finding(m, "dropped", "data", 0, 1, 2, "certain", "Never at server.", "{}", (int64_t[]){tx[21], 0, 0, 0});
	made_finding(m, "undecided", "data", 0, 1, 2, "possible", "Not at server.", "{}", (int64_t[]){tx[70], 0, 0, 0});
	made_finding(m, "keepalive", "ACK", 0, 0, -1, "certain", "Kept alive.", "{}", (int64_t[]){tx[10], tx[12], tx[31], tx[33]});
	made_finding(m, "keepalive", "ACK", 0, 0, -1, "certain", "Kept alive.", "{}", (int64_t[]){tx[51], tx[52], tx[54], 0});
}

/* All that diff prints, compared as a whole: what people read is the contract. */
static void check(void (*make)(struct made *m), int width, bool utf8, const char *expected)
{
	struct style s = {.width = width, .utf8 = utf8};
	struct filter f = {0};
	struct made m;
	struct err e;
	char *got = NULL;
	size_t size;

	make(&m);
	s.out = open_memstream(&got, &size);
	assert_non_null(s.out);
	if (report_ladders(&m.db, &s, &f, &e) < 0)
		fail_msg("%s", e.msg);
	fclose(s.out);
	made_close(&m);
	if (getenv("SHOW"))
		fputs(got, stdout);
	else
		assert_string_equal(got, expected);
	free(got);
}

static void two_points_at_80_columns(void **state)
{
	(void)state;
	check(make_founding, 80, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443\n"
	    "           2009-08-11 01:01:17.285 UTC   no connection, 7.27 s\n"
	    "verdict    SYN ×2 did not reach behind-lb.  (likely)\n"
	    "absent     behind-lb never saw it, nor any other connection within ± 5 s\n"
	    "\n"
	    "   time, s     client                                          behind-lb\n"
	    "1  +0.000 000  │ SYN ECE CWR ──────────╳                       │  dropped\n"
	    "               │  win 5840  mss 1460  sack  ws 256             │\n"
	    "               │  ts 145592423                                 │\n"
	    "               ┊  3.00 s                                       ┊\n"
	    "2  +2.996 475  │ SYN ECE CWR ──────────╳                       │  dropped,\n"
	    "               │  ts +750: a clock of 250 Hz                   │  repeats 1\n"
	    "3  +3.027 619  │◀──────────────────────◆ ACK                   │  generated\n"
	    "               │  win 12288  no options (1 offered timestamps) │\n"
	    "               │  acknowledges 1 and 2  ttl 255                │\n"
	    "               ┊  4.24 s                                       ┊\n"
	    "4  +7.268 659  │◀──────────────────────◆ RST,ACK               │  generated\n"
	    "               │  win 12288  acknowledges 1 and 2              │\n"
	    "               │  same numbers as 3  ttl 255                   │\n"
	    "\n"
	    "finding    dropped  SYN ×2  client → behind-lb  (certain)\n"
	    "           Never at behind-lb.\n"
	    "           because       repeated; missed by all\n"
	    "           assuming      behind-lb captured\n"
	    "finding    generated  ACK  behind-lb → client  (certain)\n"
	    "           A bare ACK.\n"
	    "finding    generated  RST,ACK  behind-lb → client  (likely)\n"
	    "           The same numbers.\n"
	    "next       tcpdump -i any\n");
}

static void three_points_at_100_columns(void **state)
{
	(void)state;
	check(make_middle, 100, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443   2009-08-11 01:01:17.285 UTC   completed, 2.00 s\n"
	    "verdict    A data packet was dropped between fw and server.  (likely)\n"
	    "\n"
	    "   time, s                      client                      fw                          server\n"
	    "1  +0.000 000  SYN              │───────── 0.42 ms ────────▶│───────── 0.38 ms ────────▶│\n"
	    "                                │ mss 1460→1380             │                           │\n"
	    "               win 64240  mss 1460  sack  ws 128  ts 100    │                           │\n"
	    "2  +0.001 000  SYN,ACK          │◀──────── 0.40 ms ─────────│◀──────────────────────────│\n"
	    "               win 65160  mss 1460  sack  ws 128  ts 9923   │                           │\n"
	    "3  +0.001 899  ACK              │───────────────────────────○──────────────────────────▶│\n"
	    "4  +0.001 999  PSH ACK 1380 B   │───────── 0.42 ms ────────▶│─────────────╳             │  dropped\n"
	    "               seq 1:1381       │                           │                           │\n"
	    "5  +0.201 999  PSH ACK 1380 B   │───────── 0.42 ms ────────▶│───────── 0.48 ms ────────▶│  repeats 4\n"
	    "               seq 1:1381       │                           │                           │\n"
	    "       1.70 s                   ┊                           ┊                           ┊\n"
	    "6  +1.904 199  FIN,ACK          │─────────────?             │                           │  undecided\n"
	    "               win 501  acknowledges 2  ttl 64              │                           │\n"
	    "7  +1.999 499  RST,ACK          │◀──────── 0.50 ms ─────────│◀────────────◆             │  generated\n"
	    "               win 0  ttl 254   │                           │                           │\n"
	    "8  +1.999 899  ICMP prohibited  │◀── 0.10 ms (0.08–0.12) ───│◀────────────?             │\n"
	    "               from 192.0.2.1, ttl 254                      │                           │\n"
	    "   ? the captures cannot tell   ○ passed here, not captured\n"
	    "\n"
	    "finding    dropped  data  fw → server  (certain)\n"
	    "           Seen at fw, never at server.\n"
	    "finding    retransmitted  data  at client  (certain)\n"
	    "           Repeated.\n"
	    "finding    undecided  FIN  client → fw  (possible)\n"
	    "           Seen at client only.\n"
	    "           missing       --running fw\n"
	    "finding    generated  RST,ACK  server → fw  (likely)\n"
	    "           Made there.\n");
}

static void three_points_at_80_columns_in_ascii(void **state)
{
	(void)state;
	check(make_middle, 80, false,
	    "connection 1   10.10.10.10:53811 -> 20.20.20.20:443\n"
	    "           2009-08-11 01:01:17.285 UTC   completed, 2.00 s\n"
	    "verdict    A data packet was dropped between fw and server.  (likely)\n"
	    "\n"
	    "   time, s                      client            fw                server\n"
	    "1  +0.000 000  SYN              |---- 0.42 ms --->|---- 0.38 ms --->|\n"
	    "                                | mss 1460->1380  |                 |\n"
	    "               win 64240  mss 1460  sack  ws 128  ts 100            |\n"
	    "2  +0.001 000  SYN,ACK          |<--- 0.40 ms ----|<----------------|\n"
	    "               win 65160  mss 1460  sack  ws 128  ts 9923           |\n"
	    "3  +0.001 899  ACK              |-----------------o---------------->|\n"
	    "4  +0.001 999  PSH ACK 1380 B   |---- 0.42 ms --->|--------X        |  dropped\n"
	    "               seq 1:1381       |                 |                 |\n"
	    "5  +0.201 999  PSH ACK 1380 B   |---- 0.42 ms --->|---- 0.48 ms --->|  repeats 4\n"
	    "               seq 1:1381       |                 |                 |\n"
	    "       1.70 s                   :                 :                 :\n"
	    "6  +1.904 199  FIN,ACK          |--------?        |                 |  undecided\n"
	    "               win 501  acknowledges 2  ttl 64    |                 |\n"
	    "7  +1.999 499  RST,ACK          |<--- 0.50 ms ----|<-------*        |  generated\n"
	    "               win 0  ttl 254   |                 |                 |\n"
	    "8  +1.999 899  ICMP prohibited  |<-- <=0.12 ms ---|<-------?        |\n"
	    "               from 192.0.2.1, ttl 254            |                 |\n"
	    "   ? the captures cannot tell   o passed here, not captured\n"
	    "\n"
	    "finding    dropped  data  fw -> server  (certain)\n"
	    "           Seen at fw, never at server.\n"
	    "finding    retransmitted  data  at client  (certain)\n"
	    "           Repeated.\n"
	    "finding    undecided  FIN  client -> fw  (possible)\n"
	    "           Seen at client only.\n"
	    "           missing       --running fw\n"
	    "finding    generated  RST,ACK  server -> fw  (likely)\n"
	    "           Made there.\n");
}

static void six_points_at_80_columns_get_stairs_of_names(void **state)
{
	(void)state;
	check(make_six, 80, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443\n"
	    "           2009-08-11 01:01:17.285 UTC   refused, 1.50 s\n"
	    "verdict    The refusal was made between fw-b and lb.  (certain)\n"
	    "absent     lb, server never saw it, nor any other connection within ± 5 s\n"
	    "\n"
	    "                        client\n"
	    "                        │      edge-router-outside\n"
	    "                        │      │      fw-a\n"
	    "                        │      │      │      fw-b\n"
	    "                        │      │      │      │      lb\n"
	    "   time, s              │      │      │      │      │      server\n"
	    "1  +0.000 000  SYN      │─────▶│─────▶│─────▶│───╳  │      │  dropped\n"
	    "               win 64240  mss 1460  sack  ws 128  ts 100   │\n"
	    "               edge-router-outside → fw-a: mss 1460→1380   │\n"
	    "               fw-a → fw-b: seq +12345       │      │      │\n"
	    "2  +0.001 899  RST,ACK  │◀─────│◀─────○──────│◀─◆   │      │  generated, not\n"
	    "               win 0  acknowledges 1  ttl 253       │      │  captured\n"
	    "   ○ passed here, not captured\n"
	    "\n"
	    "finding    dropped  SYN  fw-b → lb  (certain)\n"
	    "           Seen at fw-b, never at lb.\n"
	    "finding    generated  RST,ACK  lb → fw-b  (certain)\n"
	    "           Nobody beyond sent it.\n"
	    "finding    not captured  RST,ACK  at fw-a  (certain)\n"
	    "           fw-a did not record it.\n");
}

static void six_points_at_200_columns_get_delays_and_changes_at_their_hop(void **state)
{
	(void)state;
	check(make_six, 200, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443   2009-08-11 01:01:17.285 UTC   refused, 1.50 s\n"
	    "verdict    The refusal was made between fw-b and lb.  (certain)\n"
	    "absent     lb, server never saw it, nor any other connection within ± 5 s\n"
	    "\n"
	    "   time, s              client                        edge-router-outside           fw-a                          fw-b                          lb                            server\n"
	    "1  +0.000 000  SYN      │────────── 0.20 ms ─────────▶│────────── 0.22 ms ─────────▶│────────── 0.38 ms ─────────▶│──────────────╳              │                             │  dropped\n"
	    "                        │                             │ mss 1460→1380               │ seq +12345                  │                             │                             │\n"
	    "               win 64240  mss 1460  sack  ws 128  ts 100                            │                             │                             │                             │\n"
	    "2  +0.001 899  RST,ACK  │◀───────── 0.20 ms ──────────│◀────────────────────────────○─────────────────────────────│◀─────────────◆              │                             │  generated, not captured\n"
	    "               win 0  acknowledges 1  ttl 253         │                             │                             │                             │                             │\n"
	    "   ○ passed here, not captured\n"
	    "\n"
	    "finding    dropped  SYN  fw-b → lb  (certain)\n"
	    "           Seen at fw-b, never at lb.\n"
	    "finding    generated  RST,ACK  lb → fw-b  (certain)\n"
	    "           Nobody beyond sent it.\n"
	    "finding    not captured  RST,ACK  at fw-a  (certain)\n"
	    "           fw-a did not record it.\n");
}

static void one_point_lets_packets_leave_and_arrive_at_the_edge(void **state)
{
	(void)state;
	check(make_single, 80, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443\n"
	    "           2009-08-11 01:01:17.285 UTC   refused, 2.50 ms\n"
	    "verdict    Somebody beyond client refused.  (possible)\n"
	    "\n"
	    "   time, s     client\n"
	    "1  +0.000 000  │ SYN ───────────────────────────────────────────▶\n"
	    "               │  win 64240  mss 1460  sack  ws 128\n"
	    "2  +0.002 499  │◀─────────────────────────────────────── RST,ACK    by the host?\n"
	    "               │  win 0  acknowledges 1  ttl 53\n"
	    "\n"
	    "finding    sent  RST,ACK  at client  (possible)\n"
	    "           It may have been the server.\n");
}

static void a_long_connection_shows_its_ends_its_loss_and_the_repeat(void **state)
{
	(void)state;
	check(make_long, 100, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443   2009-08-11 01:01:17.285 UTC   completed, 4.00 s\n"
	    "verdict    One packet was lost and repeated.  (certain)\n"
	    "\n"
	    "     time, s     client                                                          server\n"
	    "  1  +0.000 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "  2  +0.010 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "  3  +0.020 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "  4  +0.030 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "                 ┊  94 packets →, 950 ms: all well                               ┊\n"
	    " 99  +0.980 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "100  +0.990 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "101  +1.000 000  │ ACK 1448 B ───────────────────╳                               │  dropped\n"
	    "                 │  seq 144801:146249                                            │\n"
	    "102  +1.010 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "103  +1.020 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "                 ┊  17 packets →, 180 ms: all well                               ┊\n"
	    "121  +1.200 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│  repeats 101\n"
	    "                 ┊  275 packets →, 2.76 s: all well                              ┊\n"
	    "397  +3.960 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "398  +3.970 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "399  +3.980 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "400  +3.990 000  │ ACK 1448 B ──────────────────────────────────────────────────▶│\n"
	    "     ┊ packets left out: --all shows them\n"
	    "\n"
	    "finding    dropped  data  client → server  (certain)\n"
	    "           Never at server.\n");
}

static void two_points_at_200_columns(void **state)
{
	(void)state;
	check(make_founding, 200, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443   2009-08-11 01:01:17.285 UTC   no connection, 7.27 s\n"
	    "verdict    SYN ×2 did not reach behind-lb.  (likely)\n"
	    "absent     behind-lb never saw it, nor any other connection within ± 5 s\n"
	    "\n"
	    "   time, s     client                                                          behind-lb\n"
	    "1  +0.000 000  │ SYN ECE CWR ──────────────────╳                               │  dropped\n"
	    "               │  win 5840  mss 1460  sack  ws 256  ts 145592423               │\n"
	    "               ┊  3.00 s                                                       ┊\n"
	    "2  +2.996 475  │ SYN ECE CWR ──────────────────╳                               │  dropped, repeats 1\n"
	    "               │  ts +750: a clock of 250 Hz                                   │\n"
	    "3  +3.027 619  │◀──────────────────────────────◆ ACK                           │  generated\n"
	    "               │  win 12288  no options (1 offered timestamps)                 │\n"
	    "               │  acknowledges 1 and 2  ttl 255                                │\n"
	    "               ┊  4.24 s                                                       ┊\n"
	    "4  +7.268 659  │◀──────────────────────────────◆ RST,ACK                       │  generated\n"
	    "               │  win 12288  acknowledges 1 and 2  same numbers as 3  ttl 255  │\n"
	    "\n"
	    "finding    dropped  SYN ×2  client → behind-lb  (certain)\n"
	    "           Never at behind-lb.\n"
	    "           because       repeated; missed by all\n"
	    "           assuming      behind-lb captured\n"
	    "finding    generated  ACK  behind-lb → client  (certain)\n"
	    "           A bare ACK.\n"
	    "finding    generated  RST,ACK  behind-lb → client  (likely)\n"
	    "           The same numbers.\n"
	    "next       tcpdump -i any\n");
}

static void three_points_at_200_columns(void **state)
{
	(void)state;
	check(make_middle, 200, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443   2009-08-11 01:01:17.285 UTC   completed, 2.00 s\n"
	    "verdict    A data packet was dropped between fw and server.  (likely)\n"
	    "\n"
	    "   time, s                      client                              fw                                  server\n"
	    "1  +0.000 000  SYN              │───────────── 0.42 ms ────────────▶│───────────── 0.38 ms ────────────▶│\n"
	    "                                │ mss 1460→1380                     │                                   │\n"
	    "               win 64240  mss 1460  sack  ws 128  ts 100            │                                   │\n"
	    "2  +0.001 000  SYN,ACK          │◀──────────── 0.40 ms ─────────────│◀──────────────────────────────────│\n"
	    "               win 65160  mss 1460  sack  ws 128  ts 9923           │                                   │\n"
	    "3  +0.001 899  ACK              │───────────────────────────────────○──────────────────────────────────▶│\n"
	    "4  +0.001 999  PSH ACK 1380 B   │───────────── 0.42 ms ────────────▶│─────────────────╳                 │  dropped\n"
	    "               seq 1:1381       │                                   │                                   │\n"
	    "5  +0.201 999  PSH ACK 1380 B   │───────────── 0.42 ms ────────────▶│───────────── 0.48 ms ────────────▶│  repeats 4\n"
	    "               seq 1:1381       │                                   │                                   │\n"
	    "       1.70 s                   ┊                                   ┊                                   ┊\n"
	    "6  +1.904 199  FIN,ACK          │─────────────────?                 │                                   │  undecided\n"
	    "               win 501  acknowledges 2  ttl 64                      │                                   │\n"
	    "7  +1.999 499  RST,ACK          │◀──────────── 0.50 ms ─────────────│◀────────────────◆                 │  generated\n"
	    "               win 0  ttl 254   │                                   │                                   │\n"
	    "8  +1.999 899  ICMP prohibited  │◀────── 0.10 ms (0.08–0.12) ───────│◀────────────────?                 │\n"
	    "               from 192.0.2.1, ttl 254                              │                                   │\n"
	    "   ? the captures cannot tell   ○ passed here, not captured\n"
	    "\n"
	    "finding    dropped  data  fw → server  (certain)\n"
	    "           Seen at fw, never at server.\n"
	    "finding    retransmitted  data  at client  (certain)\n"
	    "           Repeated.\n"
	    "finding    undecided  FIN  client → fw  (possible)\n"
	    "           Seen at client only.\n"
	    "           missing       --running fw\n"
	    "finding    generated  RST,ACK  server → fw  (likely)\n"
	    "           Made there.\n");
}

static void six_points_at_100_columns(void **state)
{
	(void)state;
	check(make_six, 100, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443   2009-08-11 01:01:17.285 UTC   refused, 1.50 s\n"
	    "verdict    The refusal was made between fw-b and lb.  (certain)\n"
	    "absent     lb, server never saw it, nor any other connection within ± 5 s\n"
	    "\n"
	    "                        client\n"
	    "                        │         edge-router-outside\n"
	    "                        │         │         fw-a\n"
	    "                        │         │         │         fw-b\n"
	    "                        │         │         │         │         lb\n"
	    "   time, s              │         │         │         │         │         server\n"
	    "1  +0.000 000  SYN      │────────▶│────────▶│────────▶│────╳    │         │  dropped\n"
	    "               win 64240  mss 1460  sack  ws 128  ts 100        │         │\n"
	    "               edge-router-outside → fw-a: mss 1460→1380  fw-a → fw-b: seq +12345\n"
	    "2  +0.001 899  RST,ACK  │◀────────│◀────────○─────────│◀───◆    │         │  generated, not captured\n"
	    "               win 0  acknowledges 1  ttl 253         │         │         │\n"
	    "   ○ passed here, not captured\n"
	    "\n"
	    "finding    dropped  SYN  fw-b → lb  (certain)\n"
	    "           Seen at fw-b, never at lb.\n"
	    "finding    generated  RST,ACK  lb → fw-b  (certain)\n"
	    "           Nobody beyond sent it.\n"
	    "finding    not captured  RST,ACK  at fw-a  (certain)\n"
	    "           fw-a did not record it.\n");
}

static void long_addresses_and_names_stay_within_80_columns(void **state)
{
	(void)state;
	check(make_wide, 80, true,
	    "connection 1   [2001:db8:1234:5678:9abc:def0:1234:5671]:53811 →\n"
	    "           [2001:db8:1234:5678:9abc:def0:1234:5672]:443\n"
	    "           2009-08-11 01:01:17.285 UTC   refused, 1.50 s\n"
	    "verdict    The refusal was made between fw-b and lb.  (certain)\n"
	    "absent     lb, server of the second data centre never saw it, nor any other\n"
	    "           connection within ± 5 s\n"
	    "\n"
	    "                        client\n"
	    "                        │      edge-router-outside of the second data centre\n"
	    "                        │      │      fw-a\n"
	    "                        │      │      │      fw-b\n"
	    "                        │      │      │      │      lb\n"
	    "   time, s              │ server of the second data centre ┐\n"
	    "1  +0.000 000  SYN      │─────▶│─────▶│─────▶│───╳  │      │  dropped\n"
	    "               win 64240  mss 1460  sack  ws 128  ts 100   │\n"
	    "               edge-router-outside of the second data centre → fw-a: mss\n"
	    "               1460→1380  fw-a → fw-b: seq +12345   │      │\n"
	    "2  +0.001 899  RST,ACK  │◀─────│◀─────○──────│◀─◆   │      │  generated, not\n"
	    "               win 0  acknowledges 1  ttl 253       │      │  captured\n"
	    "   ○ passed here, not captured\n"
	    "\n"
	    "finding    dropped  SYN  fw-b → lb  (certain)\n"
	    "           Seen at fw-b, never at lb.\n"
	    "finding    generated  RST,ACK  lb → fw-b  (certain)\n"
	    "           Nobody beyond sent it.\n"
	    "finding    not captured  RST,ACK  at fw-a  (certain)\n"
	    "           fw-a did not record it.\n");
}

static void without_room_labels_stand_above_their_arrows(void **state)
{
	(void)state;
	check(make_six, 60, false,
	    "connection 1   10.10.10.10:53811 -> 20.20.20.20:443\n"
	    "           2009-08-11 01:01:17.285 UTC   refused, 1.50 s\n"
	    "verdict    The refusal was made between fw-b and lb.\n"
	    "           (certain)\n"
	    "absent     lb, server never saw it, nor any other connection\n"
	    "           within +- 5 s\n"
	    "\n"
	    "   client\n"
	    "   |          edge-router-outside\n"
	    "   |          |          fw-a\n"
	    "   |          |          |          fw-b\n"
	    "   |          |          |          |          lb\n"
	    "   |          |          |          |          |   server .\n"
	    "1  +0.000 000  SYN       dropped\n"
	    "   |--------->|--------->|--------->|-----X    |          |\n"
	    "   |           win 64240  mss 1460  sack  ws 128  ts 100  |\n"
	    "   |           edge-router-outside -> fw-a: mss 1460->1380\n"
	    "   |           fw-a -> fw-b: seq +12345        |          |\n"
	    "2  +0.001 899  RST,ACK   generated, not captured\n"
	    "   |<---------|<---------o----------|<---*     |          |\n"
	    "   |           win 0  acknowledges 1  ttl 253  |          |\n"
	    "   o passed here, not captured\n"
	    "\n"
	    "finding    dropped  SYN  fw-b -> lb  (certain)\n"
	    "           Seen at fw-b, never at lb.\n"
	    "finding    generated  RST,ACK  lb -> fw-b  (certain)\n"
	    "           Nobody beyond sent it.\n"
	    "finding    not captured  RST,ACK  at fw-a  (certain)\n"
	    "           fw-a did not record it.\n");
}

static void what_a_fold_hides_is_told(void **state)
{
	(void)state;
	check(make_troubled, 80, true,
	    "connection 1   10.10.10.10:53811 → 20.20.20.20:443\n"
	    "           2009-08-11 01:01:17.285 UTC   completed, 900 ms\n"
	    "verdict    Two packets were lost.  (certain)\n"
	    "\n"
	    "    time, s                client              fw                  server\n"
	    " 1  +0.000 000  ACK 100 B  │──────────────────▶│──────────────────▶│\n"
	    " 2  +0.010 000  ACK 100 B  │──────────────────▶│──────────────────▶│\n"
	    " 3  +0.020 412  ACK 100 B  │◀──────────────────│◀──────────────────│\n"
	    " 4  +0.030 000  ACK 100 B  │──────────────────▶│──────────────────▶│\n"
	    "                4 packets →, 2 ←, 70.0 ms: all well                ┊\n"
	    "11  +0.100 000  ACK 100 B  │──────────────────▶│──────────────────▶│  keepalive\n"
	    "                seq 1001:1101                  │                   │\n"
	    "12  +0.110 412  ACK 100 B  │◀──────────────────│◀──────────────────│\n"
	    "13  +0.120 000  ACK 100 B  │──────────────────▶│──────────────────▶│  keepalive\n"
	    "                seq 1201:1301                  │                   │\n"
	    "                4 packets →, 2 ←, 70.0 ms: all well                ┊\n"
	    "20  +0.190 000  ACK 100 B  │──────────────────▶│──────────────────▶│\n"
	    "21  +0.200 200  ACK 100 B  │◀──────────────────│◀────────?         │\n"
	    "22  +0.210 000  ACK 100 B  │──────────────────▶│─────────╳         │  dropped\n"
	    "                seq 2101:2201                  │                   │\n"
	    "23  +0.220 000  ACK 100 B  │──────────────────▶│──────────────────▶│\n"
	    "24  +0.230 412  ACK 100 B  │◀──────────────────│◀──────────────────│\n"
	    "                5 packets →, 2 ←, 79.6 ms: all well                ┊\n"
	    "32  +0.310 000  ACK 100 B  │──────────────────▶│──────────────────▶│  keepalive\n"
	    "                seq 3101:3201                  │                   │\n"
	    "33  +0.320 412  ACK 100 B  │◀──────────────────│◀──────────────────│\n"
	    "34  +0.330 000  ACK 100 B  │──────────────────▶│──────────────────▶│  keepalive\n"
	    "                seq 3301:3401                  │                   │\n"
	    "                23 packets →, 11 ←, 350 ms: 3 keepalive, 1 not seen everywhere\n"
	    "69  +0.680 412  ACK 100 B  │◀──────────────────│◀──────────────────│\n"
	    "70  +0.690 000  ACK 100 B  │──────────────────▶│──────────────────▶│\n"
	    "71  +0.700 000  ACK 100 B  │──────────────────▶│─────────?         │  undecided\n"
	    "                seq 7001:7101  ttl 64          │                   │\n"
	    "72  +0.710 412  ACK 100 B  │◀──────────────────│◀──────────────────│\n"
	    "73  +0.720 000  ACK 100 B  │──────────────────▶│──────────────────▶│\n"
	    "                9 packets →, 4 ←, 140 ms: all well                 ┊\n"
	    "87  +0.860 412  ACK 100 B  │◀──────────────────│◀──────────────────│\n"
	    "88  +0.870 000  ACK 100 B  │──────────────────▶│──────────────────▶│\n"
	    "89  +0.880 000  ACK 100 B  │──────────────────▶│──────────────────▶│\n"
	    "90  +0.890 412  ACK 100 B  │◀──────────────────│◀──────────────────│\n"
	    "    ? the captures cannot tell   ┊ packets left out: --all shows them\n"
	    "\n"
	    "finding    dropped  data  fw → server  (certain)\n"
	    "           Never at server.\n"
	    "finding    undecided  data  fw → server  (possible)\n"
	    "           Not at server.\n"
	    "finding    keepalive  ACK ×4  at client  (certain)\n"
	    "           Kept alive.\n"
	    "finding    keepalive  ACK ×3  at client  (certain)\n"
	    "           Kept alive.\n");
}

static void connect_with(struct made *m, const char *outcome, unsigned flags, bool answered)
{
	made_connection(m, START + m->connection * 1000000000, 3000000, outcome, answered ? 0 : 3, "A verdict.", 1);
	made_packet(m, &(struct made_packet){.flags = flags, .seq = 1000, .win = 5840, .ws = 8, .tsval = 100 + m->connection, OFFER, .at_us = {1}});
	if (!answered)
		made_sql(m, "UPDATE flow_row SET server_isn = NULL WHERE connection_id = %" PRId64, m->connection);
}

/* The line of the failed connections' ladders that has these words, from there on, or "". */
static void check_line(struct made *m, const char *words, const char *expected)
{
	struct style s = {.width = 200, .utf8 = true};
	struct filter f = {.failed = true};
	struct err e;
	char *got = NULL, *line;
	size_t size;

	s.out = open_memstream(&got, &size);
	assert_non_null(s.out);
	assert_int_equal(report_ladders(&m->db, &s, &f, &e), 0);
	fclose(s.out);
	line = strstr(got, words);
	if (line)
		line[strcspn(line, "\n")] = '\0';
	assert_string_equal(line ? line : "", expected);
	free(got);
}

static void what_a_failed_syn_offers_is_compared_with_others(void **state)
{
	struct made m;

	(void)state;
	made_open(&m, "client", "the only point");
	connect_with(&m, "no connection", 0xc2, false);
	check_line(&m, "alike ", "");
	connect_with(&m, "no connection", 0xc2, false);
	check_line(&m, "alike ", "");
	connect_with(&m, "completed", 0x02, true);
	check_line(&m, "alike ", "alike      0 of 1 other connections to this server with the same SYN (flags, window, options) were answered, "
	    "1 of 1 with another SYN were");
	connect_with(&m, "completed", 0xc2, true);
	check_line(&m, "alike ", "alike      1 of 2 other connections to this server with the same SYN (flags, window, options) were answered: "
	    "what it offers is not the reason by itself");
	made_sql(&m, "UPDATE flow_row SET server_port = 80 WHERE connection_id = 4");
	check_line(&m, "alike ", "alike      0 of 1 other connections to this server with the same SYN (flags, window, options) were answered, "
	    "1 of 1 with another SYN were");
	made_sql(&m, "UPDATE layout SET mss = 1400 WHERE id = 2");
	check_line(&m, "alike ", "");
	made_close(&m);
}

/* Names come from captures: shown, not obeyed. The other side need not be in the case. */
static void what_f5_trailers_say_stands_in_the_head(void **state)
{
	struct made m;
	int64_t rst;

	(void)state;
	made_open(&m, "bigip", "the only point");
	connect_with(&m, "refused", 0x02, false);
	rst = made_packet(&m, &(struct made_packet){.s2c = true, .flags = 0x14, .seq = 0, .ack = 1001, .ttl = 255, .at_us = {100}});
	check_line(&m, "f5  ", "");
	made_sql(&m, "INSERT INTO f5 VALUES(100, 11, 0, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL)");
	check_line(&m, "f5  ", "f5         bigip: client side");
	made_sql(&m, "INSERT INTO f5 VALUES(100, 11, 22, 1, 1, '/Common/vs' || char(27) || '[31m' || char(8238), 3, 8080, 2, 40000, 7)");
	check_line(&m, "f5  ", "f5         bigip: virtual server /Common/vs\\x1b[31m\\u202e, client side; other side, not in the case:  "
	    "20.20.20.20:40000 → 10.7.0.11:8080");
	made_sql(&m, "INSERT INTO f5_rst VALUES(%" PRId64 ", 'No' || char(27) || 'listener', 0, 1)", rst);
	check_line(&m, "F5: ", "F5: \"{peer} No\\x1blistener\"");
	made_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_points_at_80_columns),
		cmocka_unit_test(three_points_at_100_columns),
		cmocka_unit_test(three_points_at_80_columns_in_ascii),
		cmocka_unit_test(six_points_at_80_columns_get_stairs_of_names),
		cmocka_unit_test(six_points_at_200_columns_get_delays_and_changes_at_their_hop),
		cmocka_unit_test(one_point_lets_packets_leave_and_arrive_at_the_edge),
		cmocka_unit_test(a_long_connection_shows_its_ends_its_loss_and_the_repeat),
		cmocka_unit_test(two_points_at_200_columns),
		cmocka_unit_test(three_points_at_200_columns),
		cmocka_unit_test(six_points_at_100_columns),
		cmocka_unit_test(long_addresses_and_names_stay_within_80_columns),
		cmocka_unit_test(without_room_labels_stand_above_their_arrows),
		cmocka_unit_test(what_a_fold_hides_is_told),
		cmocka_unit_test(what_a_failed_syn_offers_is_compared_with_others),
		cmocka_unit_test(what_f5_trailers_say_stands_in_the_head),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
