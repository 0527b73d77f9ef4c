#include "tests/test_parts.h"

static void the_same_syn_again_is_the_same_incarnation(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	assert_int_equal(sends(p, B, SYNACK, 5000, 1001, 0), 0);
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	assert_int_equal(sends(p, B, SYNACK, 5000, 1001, 0), 0);
	const struct part *q = assign(p, segment(A, ACK, 1001, 5001, 0), 0);
	check_isns(q, A, 1000, 5000);
	assert_int_equal(q->flags & (PART_SYN | PART_SYNACK | PART_CROSSED | PART_TALKED), PART_SYN | PART_SYNACK | PART_TALKED);
	assert_int_equal(q->packets, 6);
	parts_free(p);
}

static void a_new_initial_sequence_number_is_a_new_incarnation(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(handshake(p, 1000 + i * 100000, 5000 + i * 100000), i);
	/* Each packet goes to the one whose numbers it has, however late. */
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(sends(p, A, ACK, 1001 + i * 100000, 5001 + i * 100000, 10), i);
		assert_int_equal(sends(p, B, ACK, 5001 + i * 100000, 1011 + i * 100000, 10), i);
		assert_int_equal(sends(p, A, SYN, 1000 + i * 100000, 0, 0), i);
		assert_int_equal(sends(p, B, SYNACK, 5000 + i * 100000, 1001 + i * 100000, 0), i);
		assert_int_equal(sends(p, A, FINACK, 1011 + i * 100000, 5011 + i * 100000, 0), i);
	}
	parts_free(p);
}

/* An answer to the one before the latest finds it, though the latest waits for one too. */
static void a_synack_finds_its_syn(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	assert_int_equal(sends(p, A, SYN, 900000, 0, 0), 1);
	assert_int_equal(sends(p, B, SYNACK, 5000, 1001, 0), 0);
	assert_int_equal(sends(p, B, SYNACK, 700000, 900001, 0), 1);
	check_isns(assign(p, segment(A, ACK, 1001, 5001, 5), 0), A, 1000, 5000);
	check_isns(assign(p, segment(A, ACK, 900001, 700001, 5), 0), A, 900000, 700000);
	/* What fits no SYN is the answer to the one that waits, but not of the numbers that were asked for. */
	assert_int_equal(sends(p, A, SYN, 2000000, 0, 0), 2);
	const struct part *q = assign(p, segment(B, SYNACK, 1, 77, 0), 0);
	assert_int_equal(q->id, FIRST_ID + 2);
	assert_false(q->has_server_isn);
	/* When none waits, it is something of its own. */
	assert_int_equal(sends(p, B, SYNACK, 3000000, 2000001, 0), 2);
	assert_int_equal(sends(p, B, SYNACK, 4000000, 123456789, 0), 3);
	parts_free(p);
}

/* Fast Open, RFC 7413: the server may acknowledge the SYN alone, or any of its data. */
static void a_syn_may_carry_data(void **state)
{
	(void)state;
	for (uint32_t acked = 0; acked <= 100; acked += 50) {
		struct parts *p = parts_new(FIRST_ID, false);
		assert_int_equal(sends(p, A, SYN, 0xfffffff0, 0, 100), 0);
		const struct part *q = assign(p, segment(B, SYNACK, 5000, 0xfffffff1 + acked, 0), 0);
		check_isns(q, A, 0xfffffff0, 5000);
		check_range(q, A, 0xfffffff0, 0xfffffff1 + 100);
		assert_int_equal(q->bytes, 100);
		assert_int_equal(sends(p, A, SYN, 1 << 20, 0, 100), 1);
		q = assign(p, segment(B, SYNACK, 9000, (1 << 20) + 102, 0), 0);
		assert_int_equal(q->id, FIRST_ID + 1);
		assert_false(q->has_server_isn);
		/* The first one is found again, though the second still waits. */
		assert_int_equal(sends(p, B, SYNACK, 5000, 0xfffffff1 + acked, 0), 0);
		parts_free(p);
	}
}

static void a_capture_may_begin_in_the_middle(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	assert_int_equal(sends(p, B, ACK, 5000, 1000, 100), 0);
	const struct part *q = assign(p, segment(A, ACK, 1000, 5100, 0), 0);
	assert_int_equal(q->id, FIRST_ID);
	assert_int_equal(q->client, PART_CLIENT_UNKNOWN);
	assert_false(q->has_client_isn || q->has_server_isn);
	assert_int_equal(q->flags, PART_A_SEQ | PART_B_SEQ);
	check_range(q, A, 1000, 1000);
	check_range(q, B, 5000, 5100);
	/* A SYN of other numbers ends that. */
	assert_int_equal(sends(p, A, SYN, 70000, 0, 0), 1);
	assert_int_equal(sends(p, B, ACK, 5100, 1000, 100), 0);
	/* A SYN-ACK alone tells who is who, and both numbers. */
	parts_free(p);
	p = parts_new(FIRST_ID, false);
	check_isns(assign(p, segment(B, SYNACK, 5000, 1001, 0), 0), A, 1000, 5000);
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	parts_free(p);
}

/* A capture on several interfaces may hold the packets of a handshake in the wrong order. */
static void a_late_syn_is_adopted(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	assert_int_equal(number_of(p, segment(A, ACK, 1001, 5001, 50), 9 * SECOND), 0);
	assert_int_equal(number_of(p, segment(B, SYNACK, 5000, 1001, 0), 9 * SECOND), 0);
	const struct part *q = assign(p, segment(A, SYN, 1000, 0, 0), 9 * SECOND + 1);
	assert_int_equal(q->id, FIRST_ID);
	check_isns(q, A, 1000, 5000);
	check_range(q, A, 1000, 1051);
	parts_free(p);

	p = parts_new(FIRST_ID, false);
	assert_int_equal(number_of(p, segment(A, ACK, 1001, 5001, 50), 9 * SECOND), 0);
	assert_int_equal(number_of(p, segment(A, SYN, 1000, 0, 0), 10 * SECOND - 1), 0);
	parts_free(p);

	/* A second later it is another one that has come to use the same number; and so is one that does not fit. */
	p = parts_new(FIRST_ID, false);
	assert_int_equal(number_of(p, segment(A, ACK, 1001, 5001, 50), 9 * SECOND), 0);
	assert_int_equal(number_of(p, segment(A, SYN, 999, 0, 0), 9 * SECOND), 1);
	parts_free(p);
	p = parts_new(FIRST_ID, false);
	assert_int_equal(number_of(p, segment(A, ACK, 1001, 5001, 50), 9 * SECOND), 0);
	assert_int_equal(number_of(p, segment(A, SYN, 1000, 0, 0), 10 * SECOND), 1);
	parts_free(p);
}

/* RFC 9293 3.5, figure 8. */
static void a_simultaneous_open_is_one_connection(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	assert_int_equal(sends(p, B, SYN, 5000, 0, 0), 0);
	assert_int_equal(sends(p, B, SYN, 5000, 0, 0), 0);
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	assert_int_equal(sends(p, A, SYNACK, 1000, 5001, 0), 0);
	assert_int_equal(sends(p, B, SYNACK, 5000, 1001, 0), 0);
	const struct part *q = assign(p, segment(A, ACK, 1001, 5001, 10), 0);
	check_isns(q, A, 1000, 5000);
	assert_int_equal(q->flags & (PART_SYN | PART_SYNACK | PART_CROSSED), PART_SYN | PART_SYNACK | PART_CROSSED);
	check_range(q, A, 1000, 1011);
	check_range(q, B, 5000, 5001);
	assert_int_equal(sends(p, B, ACK, 5001, 1011, 0), 0);
	assert_int_equal(sends(p, B, SYN, 990000, 0, 0), 1);
	parts_free(p);
}

/* The server answers a SYN with its own and no ACK; the client acknowledges that with a SYN-ACK. */
static void a_split_handshake_is_one_connection(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	assert_int_equal(sends(p, B, SYN, 5000, 0, 0), 0);
	assert_int_equal(sends(p, A, SYNACK, 1000, 5001, 0), 0);
	assert_int_equal(sends(p, B, ACK, 5001, 1001, 0), 0);
	const struct part *q = assign(p, segment(B, ACK, 5001, 1001, 300), 0);
	check_isns(q, A, 1000, 5000);
	check_range(q, B, 5000, 5301);
	assert_int_equal(q->flags & PART_SYNACK, 0);
	parts_free(p);
}

/* Stale state, challenge ACK: numbers of somewhere else, but there is nothing else that they could answer. They do not widen the range. */
static void a_bare_ack_or_reset_is_the_answer_to_a_waiting_syn(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	handshake(p, 1000, 5000);
	assert_int_equal(sends(p, A, SYN, 900000, 0, 0), 1);
	assert_int_equal(sends(p, B, ACK, 5001, 1001, 0), 1);
	assert_int_equal(sends(p, A, RST, 1001, 0, 0), 1);
	assert_int_equal(sends(p, B, RSTACK, 0, 900001, 0), 1);
	const struct part *q = assign(p, segment(A, SYN, 900000, 0, 0), 0);
	check_range(q, A, 900000, 900001);
	assert_int_equal(q->flags & (PART_B_SEQ | PART_RST), PART_RST);
	assert_false(q->has_server_isn);
	/* With payload, or a FIN, it is what is left of the one before. */
	assert_int_equal(sends(p, B, ACK, 5001, 1001, 5), 0);
	assert_int_equal(sends(p, B, FINACK, 5006, 1001, 0), 0);
	/* And when the answer has come, everything goes by its numbers again. */
	assert_int_equal(sends(p, B, SYNACK, 800000, 900001, 0), 1);
	assert_int_equal(sends(p, B, ACK, 5007, 1001, 0), 0);
	assert_int_equal(sends(p, B, RST, 5007, 0, 0), 0);
	parts_free(p);
}

static void what_fits_nowhere_goes_to_the_newest(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	handshake(p, 1000, 5000);
	handshake(p, 900000, 800000);
	assert_int_equal(sends(p, B, RST, 0xa0000000, 0, 0), 1);
	/* But data so far away in both directions is of an incarnation whose SYN was missed. */
	const struct part *q = assign(p, segment(A, ACK, 0x50000000, 0x60000000, 10), 0);
	assert_int_equal(q->id, FIRST_ID + 2);
	assert_int_equal(q->client, PART_CLIENT_UNKNOWN);
	/* Where the sender has not been seen, what it acknowledges tells. */
	parts_free(p);
	p = parts_new(FIRST_ID, false);
	assert_int_equal(sends(p, A, ACK, 1000, 5000, 10), 0);
	assert_int_equal(sends(p, A, SYN, 900000, 0, 0), 1);
	assert_int_equal(sends(p, A, ACK, 900001, 800001, 10), 1);
	assert_int_equal(sends(p, B, ACK, 0x70000000, 1010, 10), 0);
	parts_free(p);
}

/* Addresses and ports used again, and both SYNs missed: nothing comes behind a FIN. */
static void what_comes_behind_the_ends_is_a_later_connection(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	handshake(p, 1000, 5000);
	assert_int_equal(sends(p, A, FINACK, 1001, 5001, 0), 0);
	assert_int_equal(sends(p, B, FINACK, 5001, 1002, 0), 0);
	assert_int_equal(sends(p, A, ACK, 1002, 5002, 0), 0);
	/* Repeats of what was there, and resets, are none. */
	assert_int_equal(sends(p, B, FINACK, 5001, 1002, 0), 0);
	assert_int_equal(sends(p, A, RST, 1003, 0, 0), 0);
	assert_int_equal(sends(p, A, ACK, 3002, 7002, 100), 1);
	assert_int_equal(sends(p, B, ACK, 7002, 3102, 100), 1);
	assert_int_equal(sends(p, A, ACK, 1002, 5002, 0), 0);
	parts_free(p);
	/* One FIN is enough if the next numbers are far; nearer, it may be a forged one that the host went on after. */
	p = parts_new(FIRST_ID, false);
	handshake(p, 1000, 5000);
	assert_int_equal(sends(p, A, FINACK, 1001, 5001, 0), 0);
	assert_int_equal(sends(p, A, ACK, 1501, 5001, 100), 0);
	assert_int_equal(sends(p, A, ACK, 1001 + (1u << 20), 0x70000000, 100), 1);
	parts_free(p);
	/* Without an end a stream may go on after a gap of the capture. */
	p = parts_new(FIRST_ID, false);
	handshake(p, 1000, 5000);
	assert_int_equal(sends(p, A, ACK, 1001 + (1u << 20), 0x70000000, 100), 0);
	parts_free(p);
}

static void sequence_numbers_wrap(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	handshake(p, 0xfffffff0, 0xffffffff);
	assert_int_equal(sends(p, B, ACK, 0, 0xfffffff1, 1000), 0);
	const struct part *q = assign(p, segment(A, ACK, 0xfffffff1, 1000, 100), 0);
	check_range(q, A, 0xfffffff0, 0x55);
	check_range(q, B, 0xffffffff, 1000);
	/* One from before the wrap does not go to a newer one behind it. */
	handshake(p, 0x10000000, 0x20000000);
	assert_int_equal(sends(p, A, ACK, 0xfffffff1, 1000, 100), 0);
	assert_int_equal(sends(p, A, ACK, 0x55, 1000, 100), 0);
	assert_int_equal(sends(p, A, ACK, 0x0ffffff0, 0x20000001, 100), 1);
	parts_free(p);
}

/* Ten times around, while older incarnations with numbers all over are still remembered. */
static void a_transfer_larger_than_the_sequence_space_stays_in_its_incarnation(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	uint32_t seq = 1001;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		handshake(p, 0x60000000 + i * 0x40000000, 0x11000000 + i * 0x40000000);
	assert_int_equal(handshake(p, 1000, 5000), 3);
	for (int i = 0; i < 10 * 4096; i++) {
		seq += 1 << 20;
		assert_int_equal(sends(p, A, ACK, seq, 5001, 1 << 20), 3);
		if (i == 3500)          /* of more than two gigabytes, the beginning is still known */
			check_range(assign(p, segment(A, ACK, seq, 5001, 0), 0), A, 1000, seq + (1 << 20));
		if (i % 7 == 6)         /* sent again, or out of order */
			assert_int_equal(sends(p, A, ACK, seq - (3 << 20), 5001, 1 << 20), 3);
	}
	parts_free(p);
}

/* Where the answers take another way, the client is all that there is to go by. */
static void one_direction_alone_is_followed(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	uint32_t seq = 1001;

	(void)state;
	sends(p, A, SYN, 1000, 0, 0);
	for (int i = 0; i < 1500; i++, seq += 1 << 20)
		assert_int_equal(sends(p, A, ACK, seq, 5001, 1 << 20), 0);
	check_range(assign(p, segment(A, ACK, seq, 5001, 0), 0), A, 1000, seq);
	assert_int_equal(sends(p, A, SYN, 2000000, 0, 0), 1);
	assert_int_equal(sends(p, A, ACK, seq, 5001, 100), 0);
	/* A late acknowledgment below the new numbers does not become theirs. */
	check_range(assign(p, segment(A, ACK, 1001, 5001, 0), 0), A, 2000000, 2000001);
	parts_free(p);
}

static void ranges_hold_what_was_sent_and_no_nonsense(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	handshake(p, 1000, 5000);
	sends(p, A, ACK, 3001, 5001, 1000);
	sends(p, A, ACK, 1001, 5001, 2000);
	sends(p, A, FINACK, 4001, 5001, 10);
	sends(p, A, RST, 100000, 0, 0);
	const struct part *q = assign(p, segment(A, ACK, 0x80000000, 5001, 1000), 0);
	check_range(q, A, 1000, 4012);
	check_range(q, B, 5000, 5001);
	/* Keepalive: one below. */
	q = assign(p, segment(B, ACK, 4999, 1001, 1), 0);
	check_range(q, B, 4999, 5001);
	assert_int_equal(q->bytes, 1000 + 2000 + 10 + 1000 + 1);
	assert_int_equal(q->flags & (PART_FIN_A | PART_FIN_B | PART_RST), PART_FIN_A | PART_RST);
	parts_free(p);
}

static void two_answers_to_one_syn_are_noted(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);

	(void)state;
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	assert_int_equal(sends(p, B, SYNACK, 5000, 1001, 0), 0);
	assert_int_equal(assign(p, segment(B, SYNACK, 5000, 1001, 0), 0)->flags & PART_TWO_SERVERS, 0);
	/* An answer to something else is no second answer. */
	assert_int_equal(assign(p, segment(B, SYNACK, 7000, 4444, 0), 0)->flags & PART_TWO_SERVERS, 0);
	assert_int_equal(assign(p, segment(B, SYNACK, 9000, 1001, 0), 0)->flags & PART_TWO_SERVERS, PART_TWO_SERVERS);
	parts_free(p);
}

/* Of a side whose checksums are right otherwise, what is wrong was changed on the way. */
static void damaged_packets_say_nothing_of_a_connection(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	const struct part *q;

	(void)state;
	assert_int_equal(sends(p, A, SYN | SEG_CSUM_OK, 1000, 0, 0), 0);
	/* The SYN-ACK is repeated, because its receiver discarded the first one. */
	assert_int_equal(sends(p, B, SYNACK | SEG_CSUM_BAD, 5004, 1001, 0), 0);
	q = assign(p, segment(B, SYNACK | SEG_CSUM_OK, 5000, 1001, 0), 0);
	assert_true(q->has_server_isn && q->server_isn == 5000 && !(q->flags & PART_TWO_SERVERS));
	/* A SYN in the midst of data is none, and numbers far away are not its own. */
	assert_int_equal(sends(p, B, SYNACK | SEG_CSUM_BAD, 5001, 1002, 100), 0);
	assert_int_equal(sends(p, B, SYN | SEG_CSUM_BAD, 5101, 0, 100), 0);
	q = assign(p, segment(B, ACK | SEG_CSUM_BAD, 5101 + (1u << 20), 1001, 100), 0);
	assert_true(q->server_isn == 5000 && !(q->flags & (PART_TWO_SERVERS | PART_CROSSED)));
	/* But for those of the first one, before which nothing was known. */
	assert_int_equal(q->side[B].seq_max, 5005);
	parts_free(p);
}

/* Where no checksum is right, the network card has yet to fill them in. */
static void without_any_right_checksum_wrong_ones_count(void **state)
{
	struct parts *p = parts_new(FIRST_ID, false);
	const struct part *q;

	(void)state;
	assert_int_equal(sends(p, A, SYN, 1000, 0, 0), 0);
	q = assign(p, segment(B, SYNACK | SEG_CSUM_BAD, 5000, 1001, 0), 0);
	assert_true(q->has_server_isn && q->server_isn == 5000);
	q = assign(p, segment(B, ACK | SEG_CSUM_BAD, 5001, 1001, 100), 0);
	assert_int_equal(q->side[B].seq_max, 5101);
	assert_int_equal(assign(p, segment(B, SYNACK | SEG_CSUM_BAD, 9000, 1001, 0), 0)->flags & PART_TWO_SERVERS, PART_TWO_SERVERS);
	parts_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(damaged_packets_say_nothing_of_a_connection),
	    cmocka_unit_test(without_any_right_checksum_wrong_ones_count),
	    cmocka_unit_test(the_same_syn_again_is_the_same_incarnation),
	    cmocka_unit_test(a_new_initial_sequence_number_is_a_new_incarnation),
	    cmocka_unit_test(a_synack_finds_its_syn),
	    cmocka_unit_test(a_syn_may_carry_data),
	    cmocka_unit_test(a_capture_may_begin_in_the_middle),
	    cmocka_unit_test(a_late_syn_is_adopted),
	    cmocka_unit_test(a_simultaneous_open_is_one_connection),
	    cmocka_unit_test(a_split_handshake_is_one_connection),
	    cmocka_unit_test(a_bare_ack_or_reset_is_the_answer_to_a_waiting_syn),
	    cmocka_unit_test(what_fits_nowhere_goes_to_the_newest),
	    cmocka_unit_test(what_comes_behind_the_ends_is_a_later_connection),
	    cmocka_unit_test(sequence_numbers_wrap),
	    cmocka_unit_test(a_transfer_larger_than_the_sequence_space_stays_in_its_incarnation),
	    cmocka_unit_test(one_direction_alone_is_followed),
	    cmocka_unit_test(ranges_hold_what_was_sent_and_no_nonsense),
	    cmocka_unit_test(two_answers_to_one_syn_are_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
