#include "tests/test.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/wait.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tests/capture_bytes.h"

static const struct {
	const char *name;
	int (*add)(struct archive *a);
} packers[] = {
    {"gzip", archive_write_add_filter_gzip},
    {"zstd", archive_write_add_filter_zstd},
    {"lz4", archive_write_add_filter_lz4},
    {"xz", archive_write_add_filter_xz},
    {"bzip2", archive_write_add_filter_bzip2},
};

#define PACKERS (sizeof packers / sizeof packers[0])

static struct bytes pack(const struct bytes *b, size_t packer)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct bytes packed = {.p = malloc(b->n * 2 + 65536), .room = b->n * 2 + 65536};

	assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
	assert_int_equal(packers[packer].add(a), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, packed.p, packed.room, &packed.n), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, b->p, b->n), b->n);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(entry);
	archive_write_free(a);
	return packed;
}

/* Larger than the window at first, in frames of many sizes, hard to pack; `large` bytes of one frame in the middle. */
static struct bytes many_frames(unsigned frames, uint32_t large)
{
	struct bytes b = {0};
	uint32_t random = 1;

	pcap_header(&b, 0xa1b2c3d4, 0, 1);
	for (uint32_t i = 0; i < frames; i++) {
		uint32_t size = i == frames / 2 ? large : i * 37 % 1500;
		put32(&b, T + i);
		put32(&b, i);
		put32(&b, size);
		put32(&b, size + 1);
		for (uint32_t k = 0; k < size; k++) {
			random = random * 1664525 + 1013904223;
			put(&b, &(uint8_t){(uint8_t)(random >> 24)}, 1);
		}
	}
	return b;
}

/* Read it all and compare every byte with the file it was made of. */
static void check_stream(const struct bytes *b, FILE *stream, unsigned frames, const char *compression, uint8_t digest[16])
{
	struct capture *c;
	struct frame f;
	struct err e;
	unsigned n = 0;
	int r;

	if (capture_open_stream(&c, stream, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(capture_compression(c), compression);
	while ((r = capture_next(c, &f, &e)) == 1) {
		assert_int_equal(f.number, ++n);
		assert_memory_equal(f.bytes, b->p + f.offset + 16, f.caplen);
	}
	if (r < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(n, frames);
	capture_digest(c, digest);
	capture_close(c);
}

static void check_digest(const uint8_t digest[16], const struct bytes *b)
{
	XXH128_canonical_t whole;

	XXH128_canonicalFromHash(&whole, XXH3_128bits(b->p, b->n));
	assert_memory_equal(digest, whole.digest, 16);
}

/* A pipe into which a child process writes b in pieces. */
static FILE *pipe_of(const struct bytes *b, size_t piece, pid_t *child)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	*child = fork();
	if (*child == 0) {
		close(ends[0]);
		for (size_t i = 0; i < b->n; i += piece) {
			if (write(ends[1], b->p + i, b->n - i < piece ? b->n - i : piece) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	return fdopen(ends[0], "rb");
}

static void a_file_of_many_windows_is_read_whole(void **state)
{
	struct bytes b = many_frames(3000, CAPTURE_FRAME_MAX - 1);
	uint8_t digest[16];

	(void)state;
	check_stream(&b, fmemopen(b.p, b.n, "rb"), 3000, "", digest);
	check_digest(digest, &b);
	bytes_free(&b);
}

static void every_compression_is_seen_through(void **state)
{
	struct bytes b = many_frames(1000, 300000);
	uint8_t digest[16];

	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		struct bytes packed = pack(&b, i);
		check_stream(&b, fmemopen(packed.p, packed.n, "rb"), 1000, packers[i].name, digest);
		check_digest(digest, &packed);
		bytes_free(&packed);
	}
	bytes_free(&b);
}

static void a_pipe_of_single_bytes_gives_the_same_frames_and_digest(void **state)
{
	struct bytes b = many_frames(30, 100);
	uint8_t from_file[16], from_pipe[16];
	int status;
	pid_t child;

	(void)state;
	for (size_t i = 0; i <= PACKERS; i++) {
		struct bytes packed = {0};
		const char *name = i < PACKERS ? packers[i].name : "";
		if (i < PACKERS)
			packed = pack(&b, i);
		else
			put(&packed, b.p, b.n);
		check_stream(&b, fmemopen(packed.p, packed.n, "rb"), 30, name, from_file);
		check_stream(&b, pipe_of(&packed, 1, &child), 30, name, from_pipe);
		assert_memory_equal(from_file, from_pipe, 16);
		waitpid(child, &status, 0);
		assert_int_equal(status, 0);
		bytes_free(&packed);
	}
	bytes_free(&b);
}

/* A reader that waits for more than it needs would wait for ever: the alarm ends the test then. */
static void check_live(const struct bytes *b, size_t first, size_t second)
{
	struct capture *c;
	struct frame f;
	struct err e;
	int ends[2];

	alarm(20);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], b->p, first), first);
	assert_int_equal(capture_open_stream(&c, fdopen(ends[0], "rb"), &e), 0);
	assert_int_equal(capture_next(c, &f, &e), 1);
	assert_int_equal(f.number, 1);
	assert_int_equal(write(ends[1], b->p + first, second), second);
	assert_int_equal(capture_next(c, &f, &e), 1);
	assert_memory_equal(f.bytes, "defghi", 6);
	close(ends[1]);
	assert_int_equal(capture_next(c, &f, &e), 0);
	capture_close(c);
	alarm(0);
}

static void a_live_pipe_hands_over_a_frame_as_soon_as_it_is_there(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 65535, 1);
	pcap_record(&b, T, 0, 3, 3, "abc");
	size_t first = b.n;
	pcap_record(&b, T, 0, 6, 6, "defghi");
	check_live(&b, first, b.n - first);
	bytes_free(&b);

	section_block(&b);
	interface_block(&b, 1, 0);
	packet_block(&b, 0, 0, 3, "abc");
	first = b.n;
	packet_block(&b, 0, 0, 6, "defghi");
	check_live(&b, first, b.n - first);
	bytes_free(&b);
}

/* Nothing of a damaged file is believed twice: it ends with one damage, or cannot be opened. */
static void compressed_data_that_ends_early_is_damage(void **state)
{
	struct bytes b = many_frames(2000, 100);

	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		struct bytes packed = pack(&b, i);
		for (size_t n = packed.n - 1; n > 10; n -= n / 3) {
			struct bytes cut = {.p = packed.p, .n = n};
			struct seen *s = see(&cut);
			if (s->capture != NULL && (s->damages != 1 || strstr(s->damage[0], "cannot be unpacked") == NULL))
				fail_msg("%s of %zu bytes: %zu damages, %s", packers[i].name, n, s->damages, s->damage[0]);
			if (s->capture == NULL)
				assert_non_null(strstr(s->open.msg, packers[i].name));
			seen_free(s);
		}
		bytes_free(&packed);
	}
	bytes_free(&b);
}

static void a_wrong_gzip_checksum_is_damage_at_the_end(void **state)
{
	struct bytes b = many_frames(10, 100), packed = pack(&b, 0);

	(void)state;
	packed.p[packed.n - 8] ^= 1;
	struct seen *s = see(&packed);
	check_counts(s, 10, 1);
	assert_non_null(strstr(s->damage[0], "after frame 10, at byte "));
	assert_non_null(strstr(s->damage[0], "checksum is wrong"));
	seen_free(s);
	bytes_free(&packed);
	bytes_free(&b);
}

/* What pigz, bgzip or `cat a.gz b.gz` write: the lengths and checksums at the end are those of the last member only. */
static void gzip_of_several_members_is_one_stream(void **state)
{
	struct bytes b = many_frames(10, 100), head = {.p = b.p, .n = b.n / 2}, tail = {.p = b.p + b.n / 2, .n = b.n - b.n / 2};
	struct bytes packed = pack(&head, 0), second = pack(&tail, 0);
	uint8_t digest[16];

	(void)state;
	put(&packed, second.p, second.n);
	check_stream(&b, fmemopen(packed.p, packed.n, "rb"), 10, "gzip", digest);
	check_digest(digest, &packed);
	bytes_free(&second);
	bytes_free(&packed);
	bytes_free(&b);
}

static void the_digest_covers_what_is_behind_the_damage(void **state)
{
	struct bytes b = many_frames(2000, 100);
	uint8_t digest[16];

	(void)state;
	poke32(&b, 24 + 8, 0xffffffff);
	struct seen *s = see(&b);
	check_counts(s, 0, 1);
	capture_digest(s->capture, digest);
	check_digest(digest, &b);
	seen_free(s);
	bytes_free(&b);
}

static void an_empty_file_inside_a_compression_is_refused(void **state)
{
	/* gzip </dev/null, zstd </dev/null */
	struct bytes b[2] = {{0}};

	(void)state;
	put(&b[0], "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20);
	put(&b[1], "\x28\xb5\x2f\xfd\x24\0\x01\0\0\x99\xe9\xd8\x51", 13);
	for (int i = 0; i < 2; i++) {
		struct seen *s = see(&b[i]);
		assert_null(s->capture);
		assert_non_null(strstr(s->open.msg, "empty inside its compression"));
		seen_free(s);
		bytes_free(&b[i]);
	}
}

static void progress_is_of_the_file_as_it_is(void **state)
{
	struct capture *c;
	struct frame f;
	struct err e;
	uint64_t done, size;

	(void)state;
	assert_int_equal(capture_open(&c, "fixtures/formats/gzip.pcap.gz", &e), 0);
	while (capture_next(c, &f, &e) == 1)
		;
	assert_int_equal(f.number, 105);
	capture_progress(c, &done, &size);
	assert_int_equal(done, 2914);
	assert_int_equal(size, 2914);
	capture_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_of_many_windows_is_read_whole),
	    cmocka_unit_test(every_compression_is_seen_through),
	    cmocka_unit_test(a_pipe_of_single_bytes_gives_the_same_frames_and_digest),
	    cmocka_unit_test(a_live_pipe_hands_over_a_frame_as_soon_as_it_is_there),
	    cmocka_unit_test(compressed_data_that_ends_early_is_damage),
	    cmocka_unit_test(a_wrong_gzip_checksum_is_damage_at_the_end),
	    cmocka_unit_test(gzip_of_several_members_is_one_stream),
	    cmocka_unit_test(the_digest_covers_what_is_behind_the_damage),
	    cmocka_unit_test(an_empty_file_inside_a_compression_is_refused),
	    cmocka_unit_test(progress_is_of_the_file_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
