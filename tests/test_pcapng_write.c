#include "tests/capture_bytes.h"

#include "correlate/report/pcapng_write.h"

static FILE *stream(struct bytes *b, size_t size)
{
	b->p = calloc(1, size);
	b->n = b->room = size;
	FILE *out = fmemopen(b->p, size, "wb");
	assert_non_null(out);
	return out;
}

static void finish(struct bytes *b, FILE *out)
{
	assert_int_equal(fflush(out), 0);
	b->n = (size_t)ftell(out);
	assert_int_equal(fclose(out), 0);
}

static void what_is_written_is_read_back(void **state)
{
	struct pcapng_writer w;
	struct bytes b = {0};
	FILE *out = stream(&b, 4096);

	(void)state;
	pcapng_write_section(&w, out, T * S, "pcaphop", "two points");
	assert_int_equal(pcapng_write_interface(&w, 1, 96, "client", "from client.pcap"), 0);
	assert_int_equal(pcapng_write_interface(&w, 101, 0, "server", NULL), 1);
	pcapng_write_packet(&w, 1, T * S + 1, (const uint8_t *)"a", 1, 60, "dropped");
	pcapng_write_packet(&w, 0, T * S + 2, (const uint8_t *)"abcd", 4, 4, NULL);
	pcapng_write_packet(&w, 0, T * S + 999999999, (const uint8_t *)"", 0, 1500, "");
	pcapng_write_statistics(&w, 0, T * S - 5, T * S + 7 * S, -1, 12);
	pcapng_write_statistics(&w, 1, T * S - 6, T * S + 8 * S, 300, -1);
	finish(&b, out);

	struct seen *s = see(&b);
	check_counts(s, 3, 0);
	check_frame(s, 0, T * S + 1, 60, "a");
	check_frame(s, 1, T * S + 2, 4, "abcd");
	check_frame(s, 2, T * S + 999999999, 1500, "");
	const struct capture_interface *i = capture_interface(s->capture, 0), *j = capture_interface(s->capture, 1);
	assert_int_equal(s->frame[0].interface, 1);
	assert_int_equal(i->linktype, 1);
	assert_int_equal(i->snaplen, 96);
	assert_int_equal(i->resolution_ns, 1);
	assert_string_equal(i->name, "client");
	assert_string_equal(i->description, "from client.pcap");
	assert_int_equal(i->start_ns, T * S - 5);
	assert_int_equal(i->end_ns, T * S + 7 * S);
	assert_int_equal(i->dropped, 12);
	assert_int_equal(j->linktype, 101);
	assert_string_equal(j->name, "server");
	assert_null(j->description);
	assert_int_equal(j->received, 300);
	assert_int_equal(j->dropped, 0);
	seen_free(s);
	bytes_free(&b);
}

static void times_before_1970_keep_their_order(void **state)
{
	static const int64_t times[] = {-37250000001, -1, 0, 1, T * S};
	struct pcapng_writer w;
	struct bytes b = {0};
	FILE *out = stream(&b, 4096);

	(void)state;
	pcapng_write_section(&w, out, times[0], NULL, NULL);
	pcapng_write_interface(&w, 1, 0, "a", NULL);
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		pcapng_write_packet(&w, 0, times[i], (const uint8_t *)"x", 1, 1, NULL);
	finish(&b, out);
	struct seen *s = see(&b);
	check_counts(s, 5, 0);
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		check_frame(s, i, times[i], 1, "x");
	seen_free(s);
	bytes_free(&b);
}

/* A text of any length: the block stays whole, and no character is cut in two. */
static void a_text_that_is_too_long_is_cut_at_a_character(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 4, 65533, 65534, 65535, 65536, 65537, 200000};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct pcapng_writer w;
		struct bytes b = {0};
		FILE *out = stream(&b, 1 << 20);
		char *text = calloc(1, sizes[i] + 3);

		for (size_t n = 0; n < sizes[i];)
			n += (size_t)sprintf(text + n, n == 0 && sizes[i] % 2 ? "x" : "\u00e9");
		pcapng_write_section(&w, out, 0, text, text);
		pcapng_write_interface(&w, 1, 0, text, text);
		pcapng_write_packet(&w, 0, T * S, (const uint8_t *)"data", 4, 4, text);
		finish(&b, out);
		struct seen *s = see(&b);
		check_counts(s, 1, 0);
		check_frame(s, 0, T * S, 4, "data");
		const char *name = capture_interface(s->capture, 0)->name;
		size_t n = strlen(name);
		assert_true(n <= 65535 && n + 2 > (strlen(text) < 65535 ? strlen(text) : 65535));
		assert_memory_equal(name, text, n);
		assert_true((n - (n > 0 && name[0] == 'x')) % 2 == 0);
		seen_free(s);
		free(text);
		bytes_free(&b);
	}
}

static void the_largest_frame_is_written(void **state)
{
	struct pcapng_writer w;
	struct bytes b = {0};
	FILE *out = stream(&b, CAPTURE_FRAME_MAX + 4096);
	uint8_t *frame = malloc(CAPTURE_FRAME_MAX);

	(void)state;
	memset(frame, 'f', CAPTURE_FRAME_MAX);
	pcapng_write_section(&w, out, 0, NULL, NULL);
	pcapng_write_interface(&w, 1, 0, "a", NULL);
	for (uint32_t n = 65535; n <= CAPTURE_FRAME_MAX - 65535; n += CAPTURE_FRAME_MAX - 2 * 65535) {
		rewind(out);
		pcapng_write_section(&w, out, 0, NULL, NULL);
		pcapng_write_interface(&w, 1, 0, "a", NULL);
		pcapng_write_packet(&w, 0, T * S, frame, n, n, "large");
	}
	finish(&b, out);
	struct seen *s = see(&b);
	check_counts(s, 1, 0);
	assert_int_equal(s->frame[0].caplen, CAPTURE_FRAME_MAX - 65535);
	seen_free(s);
	free(frame);
	bytes_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read_back),
	    cmocka_unit_test(times_before_1970_keep_their_order),
	    cmocka_unit_test(a_text_that_is_too_long_is_cut_at_a_character),
	    cmocka_unit_test(the_largest_frame_is_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
