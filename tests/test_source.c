#include "tests/test.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <sys/wait.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/capture_bytes.h"

/* Each packs n bytes to `to` and returns how many they became; all add a checksum. */
static size_t pack_gzip(uint8_t *to, size_t room, uint8_t *from, size_t n)
{
	z_stream z = {.next_in = from, .avail_in = (uInt)n, .next_out = to, .avail_out = (uInt)room};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t pack_zstd(uint8_t *to, size_t room, uint8_t *from, size_t n)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(z, to, room, from, n);
	ZSTD_freeCCtx(z);
	return n;
}

static size_t pack_lz4(uint8_t *to, size_t room, uint8_t *from, size_t n)
{
	static const LZ4F_preferences_t checked = {.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled};

	return LZ4F_compressFrame(to, room, from, n, &checked);
}

static size_t pack_xz(uint8_t *to, size_t room, uint8_t *from, size_t n)
{
	size_t size = 0;

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, from, n, to, &size, room), LZMA_OK);
	return size;
}

static size_t pack_bzip2(uint8_t *to, size_t room, uint8_t *from, size_t n)
{
	unsigned size = (unsigned)room;

	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)to, &size, (char *)from, (unsigned)n, 1, 0, 0), BZ_OK);
	return size;
}

static const struct {
	const char *name;
	size_t (*pack)(uint8_t *to, size_t room, uint8_t *from, size_t n);
} packers[] = {{"gzip", pack_gzip}, {"zstd", pack_zstd}, {"lz4", pack_lz4}, {"xz", pack_xz}, {"bzip2", pack_bzip2}};

#define PACKERS (sizeof packers / sizeof packers[0])

static struct bytes pack(const struct bytes *b, size_t packer)
{
	struct bytes packed = {.p = malloc(b->n * 2 + 65536), .room = b->n * 2 + 65536};

	packed.n = packers[packer].pack(packed.p, packed.room, b->p, b->n);
	assert_in_range(packed.n, 1, packed.room);
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

/* A writer that flushes after every packet. */
static void a_live_compressed_pipe_hands_over_what_was_flushed(void **state)
{
	struct bytes b = {0};
	uint8_t packed[1000];

	(void)state;
	pcap_header(&b, 0xa1b2c3d4, 65535, 1);
	pcap_record(&b, T, 0, 3, 3, "abc");
	size_t half = b.n, first;
	pcap_record(&b, T, 0, 6, 6, "defghi");

	z_stream z = {.next_in = b.p, .avail_in = (uInt)half, .next_out = packed, .avail_out = sizeof packed};
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
	first = z.total_out;
	z.avail_in = (uInt)(b.n - half);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	check_live(&(struct bytes){.p = packed}, first, z.total_out - first);

	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_outBuffer out = {packed, sizeof packed, 0};
	assert_int_equal(ZSTD_compressStream2(c, &out, &(ZSTD_inBuffer){b.p, half, 0}, ZSTD_e_flush), 0);
	first = out.pos;
	assert_int_equal(ZSTD_compressStream2(c, &out, &(ZSTD_inBuffer){b.p + half, b.n - half, 0}, ZSTD_e_end), 0);
	ZSTD_freeCCtx(c);
	check_live(&(struct bytes){.p = packed}, first, out.pos - first);
	bytes_free(&b);
}

/* Read a file that ends with one damage; returns how many frames it still gave, all of them right. */
static unsigned frames_of(const struct bytes *damaged, const struct bytes *b, const char *damage)
{
	struct capture *c;
	struct frame f;
	struct err e;
	unsigned n = 0;
	int r;

	if (capture_open_stream(&c, fmemopen(damaged->p, damaged->n, "rb"), &e) < 0) {
		if (strstr(e.msg, damage) == NULL)
			fail_msg("%zu bytes: %s", damaged->n, e.msg);
		return 0;
	}
	while ((r = capture_next(c, &f, &e)) == 1) {
		assert_int_equal(f.number, ++n);
		assert_memory_equal(f.bytes, b->p + f.offset + 16, f.caplen);
	}
	if (r == 0 || strstr(e.msg, damage) == NULL)
		fail_msg("%zu bytes: %s", damaged->n, r == 0 ? "no damage" : e.msg);
	assert_int_equal(capture_next(c, &f, &e), 0);
	capture_close(c);
	return n;
}

/* How many frames are in the first n bytes of b. */
static unsigned frames_in(const struct bytes *b, size_t n)
{
	unsigned frames = 0;
	uint32_t caplen;

	for (size_t at = 24; at + 16 <= n; frames++) {
		memcpy(&caplen, b->p + at + 8, sizeof caplen);
		at += 16 + caplen;
		if (at > n)
			break;
	}
	return frames;
}

/* What zlib makes of the first n bytes, one by one. */
static size_t gzip_gives(uint8_t *p, size_t n)
{
	static uint8_t out[1u << 20];
	z_stream z = {.next_in = p, .next_out = out, .avail_out = sizeof out};

	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	for (z.avail_in = 1; z.total_in < n && inflate(&z, Z_SYNC_FLUSH) == Z_OK; z.avail_in = 1)
		;
	inflateEnd(&z);
	return z.total_out;
}

static void a_gzip_file_cut_anywhere_gives_all_that_zlib_can(void **state)
{
	struct bytes b = many_frames(40, 100), packed = pack(&b, 0);

	(void)state;
	for (size_t n = 2; n < packed.n; n++) {
		struct bytes cut = {.p = packed.p, .n = n};
		size_t bytes = gzip_gives(packed.p, n);
		assert_int_equal(frames_of(&cut, &b, "ends inside the gzip data"), frames_in(&b, bytes));
	}
	bytes_free(&packed);
	bytes_free(&b);
}

/* A killed `tcpdump -w - | xz`, a full disk, a broken copy. */
static void compressed_data_that_ends_early_is_damage(void **state)
{
	struct bytes b = many_frames(2000, 100);
	char damage[64];

	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		struct bytes packed = pack(&b, i);
		unsigned before = 2000;
		snprintf(damage, sizeof damage, "the file ends inside the %s data, after ", packers[i].name);
		for (size_t n = packed.n - 1; n > 10; n -= n / 3) {
			struct bytes cut = {.p = packed.p, .n = n};
			unsigned frames = frames_of(&cut, &b, damage);
			assert_true(frames <= before);
			/* The last bytes are only the checksum; and no compression makes blocks of more than half of this. */
			if (n == packed.n - 1)
				assert_int_equal(frames, 2000);
			if (n > packed.n / 2 && i != 2)
				assert_true(frames > 500);
			before = frames;
		}
		bytes_free(&packed);
	}
	bytes_free(&b);
}

static void a_wrong_checksum_is_damage_at_the_end(void **state)
{
	struct bytes b = many_frames(2000, 100);
	char damage[64];

	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		struct bytes packed = pack(&b, i);
		packed.p[packed.n - 3] ^= 1;
		snprintf(damage, sizeof damage, "the %s data is damaged at or before byte ", packers[i].name);
		assert_int_equal(frames_of(&packed, &b, damage), 2000);
		bytes_free(&packed);
	}
	bytes_free(&b);
}

static void what_follows_compressed_data_is_told(void **state)
{
	struct bytes b = many_frames(10, 100);
	char damage[64];

	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		struct bytes packed = pack(&b, i);
		snprintf(damage, sizeof damage, "behind the %s data, from byte %zu of the file on, is something else", packers[i].name, packed.n);
		put(&packed, "\0\0\0\0\0\0\0\0", 8);
		assert_int_equal(frames_of(&packed, &b, damage), 10);
		packed.p[packed.n - 8] = 'x';
		assert_int_equal(frames_of(&packed, &b, damage), 10);
		bytes_free(&packed);
	}
	bytes_free(&b);
}

/* What pigz, pzstd or `cat a.gz b.gz` write, and any other member behind it. */
static void members_on_end_are_one_stream(void **state)
{
	struct bytes b = many_frames(10, 100), head = {.p = b.p, .n = b.n / 2}, tail = {.p = b.p + b.n / 2, .n = b.n - b.n / 2};
	uint8_t digest[16];

	(void)state;
	for (size_t i = 0; i < PACKERS; i++) {
		for (size_t k = 0; k < PACKERS; k++) {
			struct bytes packed = pack(&head, i), second = pack(&tail, k);
			put(&packed, "\x5e\x2a\x4d\x18\4\0\0\0any.", 12);  /* a skippable frame */
			put(&packed, second.p, second.n);
			check_stream(&b, fmemopen(packed.p, packed.n, "rb"), 10, packers[i].name, digest);
			check_digest(digest, &packed);
			bytes_free(&second);
			bytes_free(&packed);
		}
	}
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
	    cmocka_unit_test(a_live_compressed_pipe_hands_over_what_was_flushed),
	    cmocka_unit_test(a_gzip_file_cut_anywhere_gives_all_that_zlib_can),
	    cmocka_unit_test(compressed_data_that_ends_early_is_damage),
	    cmocka_unit_test(a_wrong_checksum_is_damage_at_the_end),
	    cmocka_unit_test(what_follows_compressed_data_is_told),
	    cmocka_unit_test(members_on_end_are_one_stream),
	    cmocka_unit_test(the_digest_covers_what_is_behind_the_damage),
	    cmocka_unit_test(an_empty_file_inside_a_compression_is_refused),
	    cmocka_unit_test(progress_is_of_the_file_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
