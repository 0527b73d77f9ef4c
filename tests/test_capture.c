#include "tests/test.h"

#include <pcap/pcap.h>

#include "tests/capture_bytes.h"

static void pcap_of_every_magic_and_byte_order_is_read(void **state)
{
	static const struct {
		uint32_t magic;
		int64_t unit_ns;
	} kinds[] = {{0xa1b2c3d4, 1000}, {0xa1b23c4d, 1}, {0xa1b2cd34, 1000}};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct bytes b = {.big_endian = i & 1};
		uint32_t magic = kinds[i / 2].magic;
		const char *extra = magic == 0xa1b2cd34 ? "8 bytes:" : "";      /* Kuznetzov's longer record header */
		pcap_header(&b, magic, 65535, 101);
		pcap_record(&b, T, 5, 3, 60, extra);
		put(&b, "abc", 3);
		pcap_record(&b, 0xfffffff0, 999999, 0, 60, extra);
		struct seen *s = see(&b);
		check_counts(s, 2, 0);
		assert_string_equal(capture_format(s->capture), "pcap");
		assert_string_equal(capture_compression(s->capture), "");
		check_frame(s, 0, T * S + 5 * kinds[i / 2].unit_ns, 60, "abc");
		check_frame(s, 1, 0xfffffff0 * S + 999999 * kinds[i / 2].unit_ns, 60, "");
		assert_int_equal(s->frame[0].offset, 24);
		assert_int_equal(s->frame[1].offset, 24 + 16 + strlen(extra) + 3);
		const struct capture_interface *in = capture_interface(s->capture, 0);
		assert_int_equal(in->linktype, 101);
		assert_int_equal(in->snaplen, 65535);
		assert_int_equal(in->resolution_ns, kinds[i / 2].unit_ns);
		assert_null(in->name);
		assert_null(capture_interface(s->capture, 1));
		seen_free(s);
		bytes_free(&b);
	}
}

static void pcap_link_type_comes_without_the_check_sequence_bits(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 0, 0x24000001);
	struct seen *s = see(&b);
	check_counts(s, 0, 0);
	assert_int_equal(capture_interface(s->capture, 0)->linktype, 1);
	assert_int_equal(capture_interface(s->capture, 0)->snaplen, 0);
	seen_free(s);
	bytes_free(&b);
}

static void pcap_before_2_4_may_have_its_lengths_swapped(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 65535, 1);
	b.p[6] = 3;
	pcap_record(&b, T, 0, 60, 3, "abc");
	pcap_record(&b, T, 0, 3, 60, "def");
	struct seen *s = see(&b);
	check_counts(s, 2, 0);
	check_frame(s, 0, T * S, 60, "abc");
	check_frame(s, 1, T * S, 60, "def");
	seen_free(s);
	bytes_free(&b);
}

static void a_captured_length_above_the_length_raises_the_length(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 65535, 1);
	pcap_record(&b, T, 0, 6, 2, "abcdef");
	pcap_record(&b, T, 0, 1, 1, "g");
	struct seen *s = see(&b);
	check_counts(s, 2, 0);
	check_frame(s, 0, T * S, 6, "abcdef");
	check_frame(s, 1, T * S, 1, "g");
	seen_free(s);
	bytes_free(&b);
}

static void a_frame_somewhat_longer_than_snaplen_is_a_frame(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 4, 1);
	pcap_record(&b, T, 0, 6, 60, "abcdef");
	struct seen *s = see(&b);
	check_counts(s, 1, 0);
	check_frame(s, 0, T * S, 60, "abcdef");
	seen_free(s);
	bytes_free(&b);
}

static void pcap_files_joined_by_cat_are_read_one_after_the_other(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 65535, 1);
	pcap_record(&b, T, 1, 3, 60, "abc");
	b.big_endian = true;
	pcap_header(&b, 0xa1b23c4d, 96, 101);
	pcap_record(&b, T, 1, 3, 60, "def");
	struct seen *s = see(&b);
	check_counts(s, 2, 0);
	check_frame(s, 0, T * S + 1000, 60, "abc");
	check_frame(s, 1, T * S + 1, 60, "def");
	assert_int_equal(s->frame[1].interface, 1);
	assert_int_equal(capture_interface(s->capture, 1)->linktype, 101);
	seen_free(s);
	bytes_free(&b);
}

static void what_is_no_capture_is_refused(void **state)
{
	struct bytes b = {0};

	(void)state;
	put(&b, "\xa1\xb2", 2);
	check_refused(&b, "ends after 2 bytes");
	put(&b, "\xc3\0, no magic at all, but long enough for a header", 50);
	check_refused(&b, "begins with a1 b2 c3 00");
	bytes_free(&b);

	struct seen *s = see_stream(fopen("/dev/null", "rb"));
	assert_null(s->capture);
	assert_string_equal(s->open.msg, "no capture: the file is empty");
	seen_free(s);

	struct capture *c;
	struct err e;
	assert_int_equal(capture_open(&c, "fixtures", &e), -1);
	assert_non_null(strstr(e.msg, "directory"));
	assert_int_equal(capture_open(&c, "fixtures/no such file", &e), -1);
	assert_string_equal(e.msg, "No such file or directory");
}

static void pcap_of_an_unknown_version_is_refused(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 65535, 1);
	b.p[4] = 3;
	check_refused(&b, "at byte 4: pcap version 3.4");
	bytes_free(&b);
}

/* Frame by frame the same as another reader finds. */
static void libpcap_reads_the_same_from_real_files(void **state)
{
	static const char *const paths[] = {"fixtures/formats/nanoseconds.pcap", "fixtures/formats/linux-cooked.pcap"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char why[PCAP_ERRBUF_SIZE];
		pcap_t *theirs = pcap_open_offline_with_tstamp_precision(paths[i], PCAP_TSTAMP_PRECISION_NANO, why);
		struct capture *ours;
		struct pcap_pkthdr *h;
		const u_char *data;
		struct frame f;
		struct err e;
		unsigned n = 0;
		assert_non_null(theirs);
		assert_int_equal(capture_open(&ours, paths[i], &e), 0);
		for (; pcap_next_ex(theirs, &h, &data) == 1; n++) {
			assert_int_equal(capture_next(ours, &f, &e), 1);
			assert_int_equal(f.ts_ns, h->ts.tv_sec * S + h->ts.tv_usec);
			assert_int_equal(f.caplen, h->caplen);
			assert_int_equal(f.len, h->len);
			assert_memory_equal(f.bytes, data, f.caplen);
		}
		assert_int_equal(capture_next(ours, &f, &e), 0);
		assert_true(n > 100);
		capture_close(ours);
		pcap_close(theirs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pcap_of_every_magic_and_byte_order_is_read),
	    cmocka_unit_test(pcap_link_type_comes_without_the_check_sequence_bits),
	    cmocka_unit_test(pcap_before_2_4_may_have_its_lengths_swapped),
	    cmocka_unit_test(a_captured_length_above_the_length_raises_the_length),
	    cmocka_unit_test(a_frame_somewhat_longer_than_snaplen_is_a_frame),
	    cmocka_unit_test(pcap_files_joined_by_cat_are_read_one_after_the_other),
	    cmocka_unit_test(what_is_no_capture_is_refused),
	    cmocka_unit_test(pcap_of_an_unknown_version_is_refused),
	    cmocka_unit_test(libpcap_reads_the_same_from_real_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
