#include "tests/test.h"

#include "tests/capture_bytes.h"

static void pcapng_interfaces_may_differ_in_link_type_snaplen_and_resolution(void **state)
{
	(void)state;
	for (int order = 0; order < 2; order++) {
		struct bytes b = {.big_endian = order};
		section_block(&b);
		interface_block(&b, 1, 96);
		interface_begin(&b, 113, 262144);
		put_option(&b, 2, "any\0", 4);
		put_option(&b, 9999, "unknown", 7);
		put_option(&b, 3, "all of them", 11);
		put_option(&b, 9, "\x09", 1);
		put_option(&b, 11, "\0tcp port 443", 13);
		put_option(&b, 0, "", 0);
		block_end(&b);
		packet_block(&b, 1, (uint64_t)T * S + 7, 1500, "abcde");
		packet_block(&b, 0, T * 1000000ull + 7, 60, "fgh");
		struct seen *s = see(&b);
		check_counts(s, 2, 0);
		assert_string_equal(capture_format(s->capture), "pcapng");
		check_frame(s, 0, T * S + 7, 1500, "abcde");
		check_frame(s, 1, T * S + 7000, 60, "fgh");
		assert_int_equal(s->frame[0].interface, 1);
		assert_int_equal(s->frame[1].interface, 0);
		assert_int_equal(capture_interfaces(s->capture), 2);
		const struct capture_interface *in = capture_interface(s->capture, 1);
		assert_int_equal(in->linktype, 113);
		assert_int_equal(in->snaplen, 262144);
		assert_int_equal(in->resolution_ns, 1);
		assert_string_equal(in->name, "any");
		assert_string_equal(in->description, "all of them");
		assert_string_equal(in->filter, "tcp port 443");
		assert_false(in->has_stats);
		assert_int_equal(capture_interface(s->capture, 0)->resolution_ns, 1000);
		assert_null(capture_interface(s->capture, 0)->filter);
		seen_free(s);
		bytes_free(&b);
	}
}

static void a_compiled_filter_is_still_told(void **state)
{
	struct bytes b = {0};

	(void)state;
	section_block(&b);
	interface_begin(&b, 1, 0);
	put_option(&b, 11, "\x01" "8 bytes:8 bytes:", 17);
	block_end(&b);          /* no opt_endofopt: it may be left out */
	packet_block(&b, 0, 0, 60, "abc");
	struct seen *s = see(&b);
	check_counts(s, 1, 0);
	assert_string_equal(capture_interface(s->capture, 0)->filter, "(compiled, 2 instructions)");
	seen_free(s);
	bytes_free(&b);
}

static void sections_have_their_own_byte_order_and_interface_numbers(void **state)
{
	struct bytes b = {0};

	(void)state;
	section_block(&b);
	interface_block(&b, 1, 0);
	packet_block(&b, 0, 1000000, 60, "abc");
	b.big_endian = true;
	section_block(&b);
	interface_block(&b, 101, 0);
	interface_resolution(&b, 9);
	packet_block(&b, 0, 2000000, 60, "def");
	packet_block(&b, 1, 3 * S, 60, "ghi");
	struct seen *s = see(&b);
	check_counts(s, 3, 0);
	check_frame(s, 0, 1 * S, 60, "abc");
	check_frame(s, 1, 2 * S, 60, "def");
	check_frame(s, 2, 3 * S, 60, "ghi");
	assert_int_equal(capture_interfaces(s->capture), 3);
	assert_int_equal(s->frame[1].interface, 1);
	assert_int_equal(s->frame[2].interface, 2);
	seen_free(s);
	bytes_free(&b);
}

static void time_resolution_is_any_power_of_ten_or_two(void **state)
{
	static const struct {
		uint8_t tsresol;
		uint64_t units;
		int64_t ns, resolution_ns;
	} times[] = {
	    {0, 17, 17 * S, S},
	    {3, 17001, 17 * S + 1000000, 1000000},
	    {6, 17000001, 17 * S + 1000, 1000},
	    {9, 17 * S + 1, 17 * S + 1, 1},
	    {12, 17000000001999, 17 * S + 1, 1},
	    {28, UINT64_MAX, 1, 1},
	    {29, UINT64_MAX, 0, 1},
	    {127, UINT64_MAX, 0, 1},
	    {0x80, 17, 17 * S, S},
	    {0x8a, 17 * 1024 + 512, 17 * S + S / 2, 976562},
	    {0x9e, (17ull << 30) + (1 << 29) + 1, 17 * S + S / 2, 1},
	    {0xbf, UINT64_MAX, 2 * S - 1, 1},
	    {0xff, UINT64_MAX, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct bytes b = {0};
		section_block(&b);
		interface_resolution(&b, times[i].tsresol);
		packet_block(&b, 0, times[i].units, 60, "abc");
		struct seen *s = see(&b);
		check_counts(s, 1, 0);
		check_frame(s, 0, times[i].ns, 60, "abc");
		assert_int_equal(capture_interface(s->capture, 0)->resolution_ns, times[i].resolution_ns);
		seen_free(s);
		bytes_free(&b);
	}
}

static void the_time_offset_is_added(void **state)
{
	struct bytes b = {0};

	(void)state;
	section_block(&b);
	interface_begin(&b, 1, 0);
	put_option64(&b, 14, T);
	block_end(&b);
	interface_begin(&b, 1, 0);
	put_option64(&b, 14, (uint64_t)-10);
	block_end(&b);
	packet_block(&b, 0, 5, 60, "abc");
	packet_block(&b, 1, 5, 60, "abc");
	struct seen *s = see(&b);
	check_counts(s, 2, 0);
	check_frame(s, 0, T * S + 5000, 60, "abc");
	check_frame(s, 1, -10 * S + 5000, 60, "abc");
	seen_free(s);
	bytes_free(&b);
}

static void a_simple_packet_is_cut_at_snaplen_and_has_the_time_before_it(void **state)
{
	struct bytes b = {0};

	(void)state;
	section_block(&b);
	interface_block(&b, 101, 5);
	interface_block(&b, 1, 0);
	packet_block(&b, 1, 1000000, 60, "abc");
	for (uint32_t len = 4; len <= 60; len += 56) {
		block_begin(&b, 3);
		put32(&b, len);
		put(&b, "defgh\0\0", len == 4 ? 4 : 8);
		block_end(&b);
	}
	struct seen *s = see(&b);
	check_counts(s, 3, 0);
	check_frame(s, 1, 1 * S, 4, "defg");
	check_frame(s, 2, 1 * S, 60, "defgh");
	assert_int_equal(s->frame[1].interface, 0);
	seen_free(s);
	bytes_free(&b);
}

static void the_obsolete_packet_block_is_read(void **state)
{
	(void)state;
	for (int order = 0; order < 2; order++) {
		struct bytes b = {.big_endian = order};
		section_block(&b);
		interface_block(&b, 1, 0);
		interface_block(&b, 1, 0);
		block_begin(&b, 2);
		put16(&b, 1);
		put16(&b, 0xffff);
		put64(&b, 1000000ull << 32 >> 32 << (order ? 0 : 32));  /* the high word comes first in both orders */
		put32(&b, 3);
		put32(&b, 60);
		put(&b, "abc\0", 4);
		block_end(&b);
		struct seen *s = see(&b);
		check_counts(s, 1, 0);
		check_frame(s, 0, 1 * S, 60, "abc");
		assert_int_equal(s->frame[0].interface, 1);
		seen_free(s);
		bytes_free(&b);
	}
}

static void blocks_of_other_kinds_are_stepped_over(void **state)
{
	static const uint32_t types[] = {4, 7, 8, 10, 0x204, 0x80000001, 0xffffffff};
	struct bytes b = {0};

	(void)state;
	section_block(&b);
	interface_block(&b, 1, 0);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		other_block(&b, types[i], 20);
	other_block(&b, 10, 5 << 20);           /* secrets may be larger than any frame */
	packet_block(&b, 0, 1000000, 60, "abc");
	other_block(&b, 9, 20);                 /* Wireshark numbers journal entries and custom blocks */
	other_block(&b, 0xbad, 20);
	packet_block(&b, 0, 1000000, 60, "def");
	struct seen *s = see(&b);
	check_counts(s, 2, 0);
	assert_int_equal(s->frame[0].number, 1);
	assert_int_equal(s->frame[1].number, 4);
	seen_free(s);
	bytes_free(&b);
}

static void statistics_may_follow_the_packets_and_the_latest_count(void **state)
{
	struct bytes b = {0};

	(void)state;
	section_block(&b);
	interface_block(&b, 1, 0);
	interface_resolution(&b, 9);
	packet_block(&b, 1, T * S, 60, "abc");
	for (uint64_t i = 1; i <= 2; i++) {
		block_begin(&b, 5);
		put32(&b, 1);
		put64(&b, 0);
		for (uint16_t code = 2; code <= 3; code++) {
			put16(&b, code);
			put16(&b, 8);
			put32(&b, (uint64_t)(T * S + code) >> 32);
			put32(&b, (uint64_t)(T * S + code));
		}
		put_option64(&b, 4, i << 33);
		put_option64(&b, 5, i);
		put_option64(&b, 7, i << 33);
		block_end(&b);
	}
	struct seen *s = see(&b);
	check_counts(s, 1, 0);
	const struct capture_interface *in = capture_interface(s->capture, 1);
	assert_true(in->has_stats);
	assert_int_equal(in->received, 2ull << 33);
	assert_int_equal(in->dropped, (2ull << 33) + 2);
	assert_int_equal(in->start_ns, T * S + 2);
	assert_int_equal(in->end_ns, T * S + 3);
	assert_false(capture_interface(s->capture, 0)->has_stats);
	seen_free(s);
	bytes_free(&b);
}

static void an_interface_stays_where_it_is_while_others_come(void **state)
{
	struct bytes b = {0};
	struct frame f;
	struct err e;
	struct capture *c;

	(void)state;
	section_block(&b);
	interface_block(&b, 1, 0);
	packet_block(&b, 0, 0, 60, "abc");
	for (int i = 0; i < 1000; i++)
		interface_block(&b, 101, 0);
	assert_int_equal(capture_open_stream(&c, fmemopen(b.p, b.n, "rb"), &e), 0);
	assert_int_equal(capture_next(c, &f, &e), 1);
	const struct capture_interface *in = capture_interface(c, 0);
	assert_int_equal(capture_next(c, &f, &e), 0);
	assert_int_equal(capture_interfaces(c), 1001);
	assert_ptr_equal(capture_interface(c, 0), in);
	assert_int_equal(in->linktype, 1);
	capture_close(c);
	bytes_free(&b);
}

/* tshark -r FILE -T fields -e frame.interface_id: 105 frames of interface 0 (Ethernet) and 99 of interface 1 (raw IP). */
static void a_real_file_of_two_link_types_is_read_whole(void **state)
{
	unsigned count[2] = {0};
	struct capture *c;
	struct frame f;
	struct err e;

	(void)state;
	assert_int_equal(capture_open(&c, "fixtures/formats/two-interfaces.pcapng", &e), 0);
	while (capture_next(c, &f, &e) == 1) {
		assert_true(f.interface < 2);
		count[f.interface]++;
	}
	assert_int_equal(count[0], 105);
	assert_int_equal(count[1], 99);
	assert_int_equal(capture_interface(c, 0)->linktype, 1);
	assert_int_equal(capture_interface(c, 1)->linktype, 101);
	assert_string_equal(capture_interface(c, 0)->name, "client");
	capture_close(c);
}

/* The same, but it is two sections: 52 frames at microseconds, 53 at nanoseconds. */
static void a_real_file_of_two_sections_is_read_whole(void **state)
{
	unsigned count[2] = {0};
	int64_t last_ns = 0;
	struct capture *c;
	struct frame f;
	struct err e;

	(void)state;
	assert_int_equal(capture_open(&c, "fixtures/formats/two-sections.pcapng", &e), 0);
	while (capture_next(c, &f, &e) == 1) {
		assert_true(f.interface < 2);
		count[f.interface]++;
		assert_true(f.ts_ns >= last_ns && f.ts_ns - last_ns < 2 * S + (last_ns == 0 ? f.ts_ns : 0));
		last_ns = f.ts_ns;
	}
	assert_int_equal(count[0], 52);
	assert_int_equal(count[1], 53);
	assert_int_equal(capture_interface(c, 0)->resolution_ns, 1000);
	assert_int_equal(capture_interface(c, 1)->resolution_ns, 1);
	capture_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pcapng_interfaces_may_differ_in_link_type_snaplen_and_resolution),
	    cmocka_unit_test(a_compiled_filter_is_still_told),
	    cmocka_unit_test(sections_have_their_own_byte_order_and_interface_numbers),
	    cmocka_unit_test(time_resolution_is_any_power_of_ten_or_two),
	    cmocka_unit_test(the_time_offset_is_added),
	    cmocka_unit_test(a_simple_packet_is_cut_at_snaplen_and_has_the_time_before_it),
	    cmocka_unit_test(the_obsolete_packet_block_is_read),
	    cmocka_unit_test(blocks_of_other_kinds_are_stepped_over),
	    cmocka_unit_test(statistics_may_follow_the_packets_and_the_latest_count),
	    cmocka_unit_test(an_interface_stays_where_it_is_while_others_come),
	    cmocka_unit_test(a_real_file_of_two_link_types_is_read_whole),
	    cmocka_unit_test(a_real_file_of_two_sections_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
