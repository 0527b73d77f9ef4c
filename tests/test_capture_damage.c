#include "tests/test.h"

#include "tests/capture_bytes.h"

/* Damage number i says where it is and what. */
static void check_damage(const struct seen *s, size_t i, const char *where, const char *what)
{
	assert_true(i < s->damages);
	if (strncmp(s->damage[i], where, strlen(where)) != 0 || strstr(s->damage[i], what) == NULL)
		fail_msg("not \"%s ... %s\": %s", where, what, s->damage[i]);
	assert_null(strchr(s->damage[i], '\n'));
}

/* Three records at 24, 43 and 62. */
static struct bytes three_records(void)
{
	struct bytes b = {0};

	pcap_header(&b, 0xa1b2c3d4, 65535, 1);
	pcap_record(&b, T, 0, 3, 60, "abc");
	pcap_record(&b, T, 0, 3, 60, "def");
	pcap_record(&b, T, 0, 3, 60, "ghi");
	return b;
}

/* Interface at 28, packets at 48, 84 and 120, the end at 156. */
static struct bytes three_packets(void)
{
	struct bytes b = {0};

	section_block(&b);
	interface_block(&b, 1, 0);
	packet_block(&b, 0, T * 1000000ull, 60, "abc");
	packet_block(&b, 0, T * 1000000ull, 60, "def");
	packet_block(&b, 0, T * 1000000ull, 60, "ghi");
	return b;
}

/* The frames that are left after one damage, as their data joined, and what it says. Takes b. */
static void check_one_damage(struct bytes b, const char *left, const char *where, const char *what)
{
	struct seen *s = see(&b);
	char data[SEEN_MAX] = "";

	check_counts(s, strlen(left) / 3, 1);
	for (size_t i = 0; i < s->frames; i++)
		strcat(data, s->data[i]);
	assert_string_equal(data, left);
	check_damage(s, 0, where, what);
	struct frame f;
	struct err e;
	assert_int_equal(capture_next(s->capture, &f, &e), 0);  /* the end stays the end */
	seen_free(s);
	bytes_free(&b);
}

static void pcap_ends_at_a_length_that_cannot_be(void **state)
{
	static const uint32_t lengths[] = {262145, CAPTURE_FRAME_MAX + 1, 0x7fffffff, 0xfffffff0, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct bytes b = three_records();
		poke32(&b, 43 + 8, lengths[i]);
		check_one_damage(b, "abc", "frame 2 at byte 43: ", "captured bytes, the limit is 262144");
	}
	struct bytes b = three_records();
	poke32(&b, 16, 0);      /* no snaplen: any frame goes */
	poke32(&b, 43 + 8, CAPTURE_FRAME_MAX);
	check_one_damage(b, "abc", "frame 2 at byte 43: ", "ends inside the record, after 38 of 4194320 bytes");
}

static void pcap_ends_at_a_hole_of_zeros(void **state)
{
	struct bytes b = three_records();

	(void)state;
	for (int i = 0; i < 4096; i++)
		put(&b, "", 1);
	check_one_damage(b, "abcdefghi", "frame 4 at byte 81: ", "nothing but zeros");
}

static void pcap_steps_over_a_record_with_a_bad_time_or_length(void **state)
{
	struct bytes b = three_records();

	(void)state;
	poke32(&b, 43 + 4, 1000000);
	check_one_damage(b, "abcghi", "frame 2 at byte 43: ", "1000000/1000000 s");
	b = three_records();
	poke32(&b, 0, 0xa1b23c4d);
	poke32(&b, 43 + 4, 1000000000);
	check_one_damage(b, "abcghi", "frame 2 at byte 43: ", "1000000000/1000000000 s");
	b = three_records();
	poke32(&b, 43 + 12, 0xffffffff);
	check_one_damage(b, "abcghi", "frame 2 at byte 43: ", "length of 4294967295");
}

static void damage_ends_after_a_hundred(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 65535, 1);
	for (int i = 0; i < 200; i++)
		pcap_record(&b, T, 2000000, 3, 60, "abc");
	struct seen *s = see(&b);
	check_counts(s, 0, 100);
	check_damage(s, 99, "frame 100 at byte 1905: ", "reading ends here");
	seen_free(s);
	bytes_free(&b);
}

static void pcapng_with_a_damaged_first_header_is_refused(void **state)
{
	struct bytes b = three_packets();

	(void)state;
	b.p[8] = 0;
	check_refused(&b, "at byte 0: a section header has no byte order mark");
	bytes_free(&b);
	b = three_packets();
	b.p[12] = 2;
	check_refused(&b, "pcapng version 2.0");
	bytes_free(&b);
	b = three_packets();
	poke32(&b, 4, 0);
	check_refused(&b, "length of 0 is not possible");
	bytes_free(&b);
	b = three_packets();
	poke32(&b, 24, 32);
	check_refused(&b, "28 in front and 32 behind");
	bytes_free(&b);
}

static void pcapng_finds_its_way_behind_a_bad_block_length(void **state)
{
	static const uint32_t lengths[] = {0, 1, 4, 8, 11, 13, 37, CAPTURE_FRAME_MAX + (1 << 20), 0x7ffffffc, 0xfffffffc, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct bytes b = three_packets();
		poke32(&b, 84 + 4, lengths[i]);
		check_one_damage(b, "abcghi", "after frame 1, at byte 84: ", "is not possible; 36 bytes are skipped");
	}
	struct bytes b = three_packets();
	poke32(&b, 84 + 4, 32);
	check_one_damage(b, "abcghi", "after frame 1, at byte 84: ", "length 32 in front and");
	b = three_packets();
	poke32(&b, 84 + 32, 32);
	check_one_damage(b, "abcghi", "after frame 1, at byte 84: ", "length 36 in front and 32 behind; 36 bytes are skipped");
	b = three_packets();
	poke32(&b, 120 + 4, 13);
	check_one_damage(b, "abcdef", "after frame 2, at byte 120: ", "no whole block was found behind it, reading ends here");
}

static void pcapng_finds_its_way_behind_garbage(void **state)
{
	struct bytes b = three_packets(), more = three_packets();

	(void)state;
	for (int i = 0; i < 333; i++)
		put(&b, &(uint8_t){(uint8_t)(i * 167 + 13)}, 1);
	put(&b, more.p + 48, more.n - 48);
	check_one_damage(b, "abcdefghiabcdefghi", "after frame 3, at byte 156: ", "; 333 bytes are skipped");
	bytes_free(&more);
}

static void a_block_inside_garbage_needs_another_behind_it(void **state)
{
	struct bytes b = three_packets(), inner = {0};

	(void)state;
	packet_block(&inner, 0, 0, 60, "no!");
	put(&b, "garb", 4);
	put(&b, inner.p, inner.n);
	put(&b, "garbage again", 13);
	packet_block(&b, 0, T, 60, "jkl");
	check_one_damage(b, "abcdefghijkl", "after frame 3, at byte 156: ", "53 bytes are skipped");
	bytes_free(&inner);
}

static void pcapng_steps_over_a_packet_that_cannot_be(void **state)
{
	struct bytes b = three_packets();

	(void)state;
	poke32(&b, 84 + 8, 7);
	check_one_damage(b, "abcghi", "frame 2 at byte 84: ", "interface 7");
	b = three_packets();
	poke32(&b, 84 + 20, 5);
	check_one_damage(b, "abcghi", "frame 2 at byte 84: ", "claims 5 captured bytes, its block has 4");
	b = three_packets();
	poke32(&b, 84 + 20, 0xfffffffe);
	check_one_damage(b, "abcghi", "frame 2 at byte 84: ", "claims 4294967294");
	b = three_packets();
	poke32(&b, 84 + 24, 0x80000000);
	check_one_damage(b, "abcghi", "frame 2 at byte 84: ", "length of 2147483648");
	b = three_packets();
	poke32(&b, 84 + 12, 0x7fffffff);
	check_one_damage(b, "abcghi", "frame 2 at byte 84: ", "does not fit");
	b = three_packets();
	block_begin(&b, 6);
	put64(&b, 0);
	block_end(&b);
	check_one_damage(b, "abcdefghi", "frame 4 at byte 156: ", "too short");
	b = three_packets();
	block_begin(&b, 3);
	put32(&b, 9);
	put64(&b, 0);
	block_end(&b);
	check_one_damage(b, "abcdefghi", "frame 4 at byte 156: ", "9 bytes of it must have been captured, its block has 8");
}

static void a_packet_without_an_interface_is_damage(void **state)
{
	struct bytes b = {0};

	(void)state;
	section_block(&b);
	packet_block(&b, 0, 0, 60, "abc");
	check_one_damage(b, "", "frame 1 at byte 28: ", "interface 0 has no readable description");
}

static void an_interface_with_damaged_options_is_not_trusted(void **state)
{
	(void)state;
	for (int kind = 0; kind < 5; kind++) {
		struct bytes b = {0};
		section_block(&b);
		interface_begin(&b, 1, 0);
		if (kind == 0)
			put_option(&b, 9, "\x09\x09", 2);       /* if_tsresol of two bytes */
		else if (kind == 1)
			put_option64(&b, 14, (uint64_t)1 << 40);        /* seconds that no ns can hold */
		else if (kind == 2)
			put_option(&b, 14, "abcd", 4);
		else if (kind == 3)
			put32(&b, 0xffff0002);          /* if_name of 65535 bytes */
		else
			put_option(&b, 11, "", 0);      /* if_filter that does not say its kind */
		block_end(&b);
		interface_block(&b, 101, 0);
		packet_block(&b, 0, 0, 60, "abc");
		packet_block(&b, 1, 0, 60, "def");
		struct seen *s = see(&b);
		check_counts(s, 1, 2);
		assert_string_equal(s->data[0], "def");
		assert_int_equal(s->frame[0].interface, 1);
		check_damage(s, 0, "after frame 0, at byte 28: ", "interface 0 has a damaged option");
		check_damage(s, 1, "frame 1 at byte ", "interface 0 has no readable description");
		seen_free(s);
		bytes_free(&b);
	}
}

/* Had the lost block been an interface too, the numbers would be shifted: link type and clock of the wrong one. */
static void an_interface_behind_skipped_bytes_is_not_trusted(void **state)
{
	struct bytes b = three_packets();

	(void)state;
	put(&b, "garbage.", 8);
	packet_block(&b, 0, 0, 60, "jkl");
	interface_block(&b, 113, 0);
	packet_block(&b, 1, 0, 60, "no!");
	section_block(&b);
	interface_block(&b, 101, 0);
	packet_block(&b, 0, 0, 60, "mno");
	struct seen *s = see(&b);
	check_counts(s, 5, 3);
	assert_string_equal(s->data[3], "jkl");
	assert_string_equal(s->data[4], "mno");
	assert_int_equal(capture_interface(s->capture, s->frame[4].interface)->linktype, 101);
	check_damage(s, 1, "after frame 4, at byte ", "behind damage");
	check_damage(s, 2, "frame 5 at byte ", "interface 1 has no readable description");
	seen_free(s);
	bytes_free(&b);
}

static void behind_a_damaged_section_header_only_the_next_section_is_read(void **state)
{
	static const unsigned at[] = {4, 8, 24};

	(void)state;
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
		struct bytes b = three_packets(), more = three_packets();
		size_t second = b.n;
		put(&b, more.p, more.n);
		put(&b, more.p, more.n);
		b.p[second + at[i]] ^= 1;
		check_one_damage(b, "abcdefghiabcdefghi", "after frame 3, at byte 156: ", "; 156 bytes are skipped");
		bytes_free(&more);
	}
}

static void damaged_statistics_are_not_used(void **state)
{
	struct bytes b = three_packets();

	(void)state;
	block_begin(&b, 5);
	put32(&b, 0);
	put64(&b, 0);
	put_option64(&b, 4, 17);
	put32(&b, 0x00100005);  /* isb_ifdrop of 16 bytes */
	block_end(&b);
	block_begin(&b, 5);
	put32(&b, 3);           /* of no interface */
	put64(&b, 0);
	block_end(&b);
	other_block(&b, 5, 4);
	struct seen *s = see(&b);
	check_counts(s, 3, 3);
	assert_false(capture_interface(s->capture, 0)->has_stats);
	seen_free(s);
	bytes_free(&b);
}

/* All prefixes of a file: none is read past its end, each gives the first frames of the whole, and at most one damage at its end. */
static void check_prefixes(const struct bytes *whole)
{
	struct seen *all = see(whole);
	size_t before = 0;

	check_counts(all, all->frames, 0);
	for (size_t n = 1; n < whole->n; n++) {
		struct bytes prefix = {.p = malloc(n), .n = n};         /* of its own, so that AddressSanitizer sees every byte past it */
		assert_non_null(prefix.p);
		memcpy(prefix.p, whole->p, n);
		struct seen *s = see(&prefix);
		assert_true(s->frames >= before && s->frames <= before + 1);
		assert_true(s->damages <= 1);
		for (size_t i = 0; i < s->frames; i++) {
			assert_int_equal(s->frame[i].ts_ns, all->frame[i].ts_ns);
			assert_int_equal(s->frame[i].offset, all->frame[i].offset);
			assert_string_equal(s->data[i], all->data[i]);
		}
		before = s->frames;
		seen_free(s);
		bytes_free(&prefix);
	}
	assert_true(before + 1 == all->frames);
	seen_free(all);
}

static void every_shorter_pcap_is_safe_and_gives_its_first_frames(void **state)
{
	struct bytes b = three_records();

	(void)state;
	check_prefixes(&b);
	bytes_free(&b);
}

static void every_shorter_pcapng_is_safe_and_gives_its_first_frames(void **state)
{
	struct bytes b = three_packets();

	(void)state;
	other_block(&b, 10, 9);
	b.big_endian = true;
	section_block(&b);
	interface_resolution(&b, 9);
	packet_block(&b, 0, 17, 60, "jkl");
	check_prefixes(&b);
	bytes_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pcap_ends_at_a_length_that_cannot_be),
	    cmocka_unit_test(pcap_ends_at_a_hole_of_zeros),
	    cmocka_unit_test(pcap_steps_over_a_record_with_a_bad_time_or_length),
	    cmocka_unit_test(damage_ends_after_a_hundred),
	    cmocka_unit_test(pcapng_with_a_damaged_first_header_is_refused),
	    cmocka_unit_test(pcapng_finds_its_way_behind_a_bad_block_length),
	    cmocka_unit_test(pcapng_finds_its_way_behind_garbage),
	    cmocka_unit_test(a_block_inside_garbage_needs_another_behind_it),
	    cmocka_unit_test(pcapng_steps_over_a_packet_that_cannot_be),
	    cmocka_unit_test(a_packet_without_an_interface_is_damage),
	    cmocka_unit_test(an_interface_with_damaged_options_is_not_trusted),
	    cmocka_unit_test(an_interface_behind_skipped_bytes_is_not_trusted),
	    cmocka_unit_test(behind_a_damaged_section_header_only_the_next_section_is_read),
	    cmocka_unit_test(damaged_statistics_are_not_used),
	    cmocka_unit_test(every_shorter_pcap_is_safe_and_gives_its_first_frames),
	    cmocka_unit_test(every_shorter_pcapng_is_safe_and_gives_its_first_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
