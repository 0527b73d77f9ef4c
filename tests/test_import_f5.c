/* What import keeps of F5 trailers: per part what is new, per packet why it was reset. */
#include "tests/f5_capture.h"

static const struct import_options plain, replace = {.replace = true};

#define FLOWS "SELECT x.part_id, x.flow_id, x.peer_id, x.tmm, x.a_is_remote, x.virtual_server, r.text, x.peer_remote_port, l.text, x.peer_local_port, x.peer_vlan " \
	"FROM f5 x LEFT JOIN addr r ON r.id = x.peer_remote_addr LEFT JOIN addr l ON l.id = x.peer_local_addr"

static void import_bytes(struct db *db, struct folder *f, struct bytes *b)
{
	struct import_stats st;

	folder_make(f);
	case_open(db, ":memory:", DB_CREATE);
	import_as(db, "a", folder_write(f, "x", b), "", &plain, &st);
	check_whole(db);
}

static void release(struct db *db, struct folder *f, struct bytes *b)
{
	db_close(db);
	folder_free(f);
	bytes_free(b);
}

static void a_part_has_a_row_for_each_peer_flow(void **state)
{
	const struct f5_trailer syn = f5_says(true, 0, 0, 0, 0, 0, 0), synack = f5_says(false, 11, 0, 0, 0, 0, 0);
	const struct f5_trailer in = f5_says(true, 11, 22, 20, 8080, 9, 40000), out = f5_says(false, 11, 22, 20, 8080, 9, 40000);
	const struct f5_trailer next = f5_says(true, 11, 33, 21, 8080, 9, 40001);
	const struct f5_packet list[] = {
	    {0, 1, 2, 1000, 80, TCP_SYN, 100, 0, 0, &syn}, {1, 2, 1, 80, 1000, TCP_SYN | TCP_ACK, 500, 101, 0, &synack},
	    {2, 1, 2, 1000, 80, TCP_ACK, 101, 501, 10, &in}, {3, 2, 1, 80, 1000, TCP_ACK, 501, 111, 10, &out},
	    {4, 1, 2, 1000, 80, TCP_ACK, 111, 511, 10, &in}, {5, 1, 2, 1000, 80, TCP_ACK, 121, 511, 10, &next},
	    {6, 1, 2, 1000, 80, TCP_ACK, 131, 511, 0, &in}, {7, 3, 2, 1000, 80, TCP_SYN, 100, 0, 0, NULL},
	};
	struct bytes b = {0};
	struct folder f;
	struct db db;

	(void)state;
	f5_capture(&b, list, sizeof list / sizeof *list);
	import_bytes(&db, &f, &b);
	check_rows(&db, FLOWS, "1 11 0 1 1 /Common/vs - - - - -\n1 11 22 1 1 /Common/vs 10.0.0.20 8080 10.0.0.9 40000 7\n"
	    "1 11 33 1 1 /Common/vs 10.0.0.21 8080 10.0.0.9 40001 7\n");
	check_rows(&db, "SELECT * FROM f5_rst", "");
	release(&db, &f, &b);
}

/* Endpoint b is the remote one, and what a later trailer leaves out is not forgotten. */
static void which_side_is_remote_is_kept_and_nothing_is_forgotten(void **state)
{
	struct f5_trailer out = f5_says(false, 22, 11, 3, 1000, 2, 80), in = f5_says(true, 22, 11, 0, 0, 0, 0);
	const struct f5_packet list[] = {
	    {0, 9, 20, 40000, 8080, TCP_SYN, 100, 0, 0, &out}, {1, 20, 9, 8080, 40000, TCP_SYN | TCP_ACK, 500, 101, 0, &in},
	};
	struct bytes b = {0};
	struct folder f;
	struct db db;

	(void)state;
	in.virtual_name[0] = '\0';
	f5_capture(&b, list, 2);
	import_bytes(&db, &f, &b);
	check_rows(&db, FLOWS, "1 22 11 1 0 /Common/vs 10.0.0.3 1000 10.0.0.2 80 7\n");
	release(&db, &f, &b);
}

static struct bytes with_resets(void)
{
	struct f5_trailer says = f5_says(false, 0, 0, 0, 0, 0, 0), peer = f5_says(false, 11, 22, 20, 8080, 9, 40000);
	struct f5_packet list[] = {
	    {0, 1, 2, 1000, 81, TCP_SYN, 100, 0, 0, NULL}, {1, 2, 1, 81, 1000, TCP_RST | TCP_ACK, 0, 101, 0, &says},
	    {2, 1, 2, 1001, 80, TCP_ACK, 100, 0, 5, NULL}, {3, 2, 1, 80, 1001, TCP_RST | TCP_ACK, 0, 105, 0, &peer},
	    {4, 1, 2, 1001, 80, TCP_RST, 100, 0, 0, NULL},
	};
	struct bytes b = {0};

	strcpy(says.rst_cause, "No local listener");
	strcpy(peer.rst_cause, "TCP RST from remote system");
	peer.rst_peer = true;
	f5_capture(&b, list, sizeof list / sizeof *list);
	return b;
}

static void why_a_packet_was_reset_is_kept_with_the_packet(void **state)
{
	struct bytes b = with_resets();
	struct folder f;
	struct db db;

	(void)state;
	import_bytes(&db, &f, &b);
	check_rows(&db, "SELECT k.frame, x.cause, x.ingress, x.peer FROM f5_rst x JOIN packet k ON k.id = x.packet_id",
	    "2 No local listener 0 0\n4 TCP RST from remote system 0 1\n");
	release(&db, &f, &b);
}

static void replacing_a_capture_replaces_its_trailers(void **state)
{
	static const char rows[] = "SELECT (SELECT count(*) FROM f5), (SELECT count(*) FROM f5_rst), (SELECT min(part_id) FROM f5), (SELECT min(packet_id) FROM f5_rst)";
	struct import_options narrow = {.replace = true, .filter = "port 81"};
	struct bytes b = with_resets();
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	import_bytes(&db, &f, &b);
	check_rows(&db, rows, "1 2 2 2\n");
	import_as(&db, "a", f.name[0], "", &replace, &st);
	check_rows(&db, rows, "1 2 4 7\n");
	check_whole(&db);
	import_as(&db, "a", f.name[0], "", &narrow, &st);
	check_rows(&db, "SELECT (SELECT count(*) FROM f5), (SELECT count(*) FROM f5_rst)", "0 1\n");
	check_whole(&db);
	release(&db, &f, &b);
}

/* Every trailer may say something else: then every packet is news, and what is kept grows with the file, not faster. */
static void trailers_that_never_agree_do_no_harm(void **state)
{
	struct bytes b = {0};
	struct folder f;
	struct db db;

	(void)state;
	for (uint32_t i = 0; i < 500; i++) {
		struct f5_trailer says = f5_says(i & 1, i % 7 ? UINT64_MAX - i : 0, i % 3 ? i : 0, (uint8_t)i, (uint16_t)i, 1, 1);
		memset(says.rst_cause, '"', sizeof says.rst_cause - 1);
		f5_capture(&b, &(struct f5_packet){i, 1, 2, 1000, 80, TCP_RST, 100 + i, 0, 0, &says}, 1);
	}
	import_bytes(&db, &f, &b);
	assert_int_equal(number(&db, "SELECT count(*) FROM f5_rst WHERE length(cause) = 95"), 500);
	assert_in_range(number(&db, "SELECT count(*) FROM f5"), 400, 500);
	release(&db, &f, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_part_has_a_row_for_each_peer_flow),
	    cmocka_unit_test(which_side_is_remote_is_kept_and_nothing_is_forgotten),
	    cmocka_unit_test(why_a_packet_was_reset_is_kept_with_the_packet),
	    cmocka_unit_test(replacing_a_capture_replaces_its_trailers),
	    cmocka_unit_test(trailers_that_never_agree_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
