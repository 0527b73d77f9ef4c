/* IP fragments from the file to the case: tied to their first one, before or behind it, and to nothing else. */
#include "tests/test_import.h"

static const struct import_options plain;

/* A fragment of a datagram between 10.0.0.src and 10.0.0.2, or fd00::src and fd00::2. `at` is its offset; a first one begins with a TCP header. */
struct piece {
	int64_t ns;
	uint8_t src, proto;
	uint16_t id, at, bytes;
	bool more, v6;
};

static void put_piece(struct bytes *b, const struct piece *x)
{
	uint16_t id = x->id, at = (uint16_t)(x->at / 8), size = x->bytes;

	if (x->v6) {
		pcap_record_head(b, x->ns, 48u + size);
		put_be(b, 0x60000000, 4);
		put_be(b, (uint32_t)(size + 8) << 16 | 44 << 8 | 64, 4);
		for (int i = 0; i < 2; i++) {
			put_be(b, 0xfd000000, 4);
			put_be(b, 0, 4);
			put_be(b, 0, 4);
			put_be(b, i ? 2 : x->src, 4);
		}
		put_be(b, (uint32_t)x->proto << 24 | x->at | x->more, 4);
		put_be(b, id, 4);
	} else {
		const uint8_t h[20] = {0x45, 0, (uint8_t)((size + 20) >> 8), (uint8_t)(size + 20), (uint8_t)(id >> 8), (uint8_t)id,
		    (uint8_t)((x->more ? 0x20 : 0) | at >> 8), (uint8_t)at, 63, x->proto, 0, 0, 10, 0, 0, x->src, 10, 0, 0, 2};
		pcap_record_head(b, x->ns, 20u + size);
		put(b, h, sizeof h);
	}
	if (x->at == 0) {
		put_be(b, (uint32_t)(40000 + x->src) << 16 | 80, 4);
		put_be(b, 1000, 4);
		put_be(b, 5000, 4);
		put_be(b, 0x501001f6, 4);
		put_be(b, 0, 4);
		size = (uint16_t)(size - 20);
	}
	while (size-- > 0)
		put(b, "x", 1);
}

static void import_pieces(struct db *db, const struct piece *x, size_t n, struct import_stats *st)
{
	struct bytes b = {0};
	struct folder f;

	pcap_header(&b, NANO, 0, RAW);
	for (size_t i = 0; i < n; i++)
		put_piece(&b, &x[i]);
	folder_make(&f);
	case_open(db, ":memory:", DB_CREATE);
	import_as(db, "a", folder_write(&f, "x", &b), "", &plain, st);
	bytes_free(&b);
	folder_free(&f);
}

#define PACKETS "SELECT q.a_port + q.b_port - 80, k.frame, k.t, k.seq + iif(k.flags & 262144, 0, iif(k.flags & 512, q.a_seq0, q.b_seq0)), k.len, k.flags >> 12 & 65 FROM part q JOIN run r ON r.part_id = q.id " \
    "JOIN packet k ON k.id >= r.first_packet AND k.id < r.first_packet + r.packets ORDER BY q.id, k.id"

/* Two hosts, the same identification, both last one first; a third one after that, in order. */
static void fragments_find_their_first_one_in_any_order(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		const struct piece pieces[] = {
		    {10, 1, 6, 7, 144, 48, false, v6}, {11, 3, 6, 7, 144, 40, false, v6}, {12, 1, 6, 7, 72, 72, true, v6},
		    {13, 1, 6, 7, 0, 72, true, v6}, {14, 3, 6, 7, 0, 144, true, v6}, {15, 4, 6, 7, 0, 72, true, v6}, {16, 4, 6, 7, 72, 8, false, v6},
		};
		struct import_stats st;
		struct db db;

		import_pieces(&db, pieces, 7, &st);
		assert_int_equal(st.packets, 7);
		assert_int_equal(st.skipped[DECODE_SKIP_FRAGMENT], 0);
		check_rows(&db, PACKETS, "40001 4 0 1000 52 1\n40001 1 -3 144 48 64\n40001 3 -1 72 72 65\n"
		    "40003 5 0 1000 124 1\n40003 2 -3 144 40 64\n40004 6 0 1000 52 1\n40004 7 1 72 8 64\n");
		check_rows(&db, "SELECT count(*) FROM skipped", "0\n");
		db_close(&db);
	}
}

static void a_fragment_without_its_first_one_is_counted(void **state)
{
	static const struct piece pieces[] = {
	    {10, 1, 6, 8, 72, 72, false, false},                /* another identification */
	    {11, 3, 6, 7, 72, 72, false, false},                /* another host */
	    {12, 1, 17, 7, 72, 72, false, false},               /* of UDP */
	    {13, 1, 6, 7, 72, 72, false, false},                /* too long before */
	    {13 + 2 * S, 1, 6, 7, 0, 72, true, false},
	    {13 + 40 * S, 1, 6, 7, 72, 72, false, false},       /* too long behind */
	};
	struct import_stats st;
	struct db db;

	(void)state;
	import_pieces(&db, pieces, 6, &st);
	assert_int_equal(st.packets, 1);
	assert_int_equal(st.skipped[DECODE_SKIP_FRAGMENT], 5);
	check_rows(&db, "SELECT reason, count FROM skipped", "fragment 5\n");
	db_close(&db);
}

/* Fragments that wait in vain do not pile up: the newest is found, the oldest is not. */
static void of_many_that_wait_the_oldest_go(void **state)
{
	enum { MANY = 5000 };
	struct piece *x = calloc(MANY + 2, sizeof *x);
	struct import_stats st;
	struct db db;

	(void)state;
	for (uint16_t i = 0; i < MANY; i++)
		x[i] = (struct piece){i, 1, 6, i, 72, 8, false, false};
	x[MANY] = (struct piece){MANY, 1, 6, MANY - 1, 0, 72, true, false};
	x[MANY + 1] = (struct piece){MANY, 1, 6, 0, 0, 72, true, false};
	import_pieces(&db, x, MANY + 2, &st);
	assert_int_equal(st.packets, 3);
	assert_int_equal(st.skipped[DECODE_SKIP_FRAGMENT], MANY - 1);
	db_close(&db);
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fragments_find_their_first_one_in_any_order),
	    cmocka_unit_test(a_fragment_without_its_first_one_is_counted),
	    cmocka_unit_test(of_many_that_wait_the_oldest_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
