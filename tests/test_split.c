/* Points inside a capture: split by interface and by VLAN, or one of them by name. */
#include "tests/test_import.h"

#define POINTS "SELECT p.name, c.selector, c.frames, c.packets FROM capture c JOIN point p ON p.id = c.point_id ORDER BY p.name"

enum { SLL = 113, ETHERNET = 1, SLL2 = 276, MAC_A = 0x0a, MAC_B = 0x0b, MAC_DEVICE = 0x0d };

static const struct import_options by_interface = {.split = SPLIT_INTERFACE}, by_vlan = {.split = SPLIT_VLAN}, plain;

static const struct tcp syn = {0, 1, 2, 40000, 80, 1000, 0, 0x02, 1, NULL, NULL, 0};
static const struct tcp synack = {1000, 2, 1, 80, 40000, 5000, 1001, 0x12, 1, NULL, NULL, 0};

static void put_cooked(struct bytes *b, bool out, uint32_t ifindex, const struct tcp *t)
{
	pcap_record_head(b, t->ns, (ifindex ? 40u : 36u) + tcp_size(t));
	if (ifindex) {
		put_be(b, 0x0800, 2);
		put_be(b, 0, 2);
		put_be(b, ifindex, 4);
		put_be(b, 1, 2);
		put_be(b, (out ? 4u : 0u) << 8 | 6, 2);
		put(b, "\0\0\0\0\0\1\0\0", 8);
	} else {
		put_be(b, out ? 4 : 0, 2);
		put_be(b, 1, 2);
		put_be(b, 6, 2);
		put(b, "\0\0\0\0\0\1\0\0\x08", 9);
		put(b, "\0", 1);
	}
	put_tcp(b, t);
}

/* A packet and what becomes of it behind the device, a microsecond later. */
static void forwarded(struct bytes *b, uint32_t in, uint32_t out, struct tcp t)
{
	put_cooked(b, false, in, &t);
	t.ns++;
	put_cooked(b, true, out, &t);
}

static struct bytes any_capture(bool indexed)
{
	struct bytes b = {0};

	pcap_header(&b, NANO, 0, indexed ? SLL2 : SLL);
	forwarded(&b, indexed ? 2 : 0, indexed ? 3 : 0, syn);
	forwarded(&b, indexed ? 3 : 0, indexed ? 2 : 0, synack);
	put_cooked(&b, false, indexed ? 2 : 0, &(struct tcp){5000, 1, 2, 40001, 81, 7000, 0, 0x02, 1, NULL, NULL, 0});
	return b;
}

static void put_mac(struct bytes *b, uint8_t last)
{
	put(b, "\x02\0\0\0\0", 5);
	put(b, (const char *)&last, 1);
}

static void put_ethernet(struct bytes *b, uint8_t from, uint8_t to, uint16_t outer, uint16_t inner, const struct tcp *t)
{
	pcap_record_head(b, t->ns, 34u + (outer ? 4u : 0) + (inner ? 4u : 0) + tcp_size(t));
	put_mac(b, to);
	put_mac(b, from);
	if (outer) {
		put_be(b, 0x8100, 2);
		put_be(b, outer, 2);
	}
	if (inner) {
		put_be(b, 0x8100, 2);
		put_be(b, inner, 2);
	}
	put_be(b, 0x0800, 2);
	put_tcp(b, t);
}

/* Import into a new case and compare its points; "split" also says how it is split. */
static void check_points(const struct bytes *b, const char *point, const char *selector, const struct import_options *o, const char *expected)
{
	struct import_stats st;
	struct folder f;
	struct db db;

	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, point, folder_write(&f, "x", b), selector, o, &st);
	check_rows(&db, POINTS, expected);
	check_whole(&db);
	db_close(&db);
	folder_free(&f);
}

static void a_cooked_capture_is_split_by_interface_index(void **state)
{
	struct bytes b = any_capture(true);

	(void)state;
	check_points(&b, "fw", "", &by_interface, "fw@if2 if2 5 3\nfw@if3 if3 5 2\n");
	check_points(&b, "", "", &by_interface, "if2 if2 5 3\nif3 if3 5 2\n");
	bytes_free(&b);
}

static void the_older_cooked_header_tells_the_sides(void **state)
{
	struct bytes b = any_capture(false), back = {0};
	struct tcp from_high = {0, 9, 2, 40000, 80, 1, 0, 0x02, 1, NULL, NULL, 0}, dropped = {9, 9, 2, 40001, 80, 1, 0, 0x02, 1, NULL, NULL, 0};

	(void)state;
	check_points(&b, "fw", "", &by_interface, "fw@client-side client-side 5 3\nfw@server-side server-side 5 2\n");
	bytes_free(&b);
	/* The client has the higher address here. */
	pcap_header(&back, NANO, 0, SLL);
	forwarded(&back, 0, 0, from_high);
	put_cooked(&back, false, 0, &dropped);
	check_points(&back, "fw", "", &by_interface, "fw@client-side client-side 3 2\nfw@server-side server-side 3 1\n");
	bytes_free(&back);
}

static void vlans_are_split_by_their_whole_stack(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, NANO, 0, ETHERNET);
	put_ethernet(&b, MAC_A, MAC_DEVICE, 7, 0, &syn);
	put_ethernet(&b, MAC_A, MAC_DEVICE, 7, 8, &syn);
	put_ethernet(&b, MAC_A, MAC_DEVICE, 0, 0, &syn);
	put_ethernet(&b, MAC_DEVICE, MAC_A, 7, 0, &synack);
	check_points(&b, "span", "", &by_vlan, "span@untagged untagged 4 1\nspan@vlan7 vlan7 4 2\nspan@vlan7.8 vlan7.8 4 1\n");
	check_points(&b, "span", "vlan7.8", &plain, "span vlan7.8 4 1\n");
	check_points(&b, "span", "untagged", &plain, "span untagged 4 1\n");
	bytes_free(&b);
}

static void a_mac_address_takes_what_came_to_it_and_from_it(void **state)
{
	struct bytes b = {0};

	(void)state;
	pcap_header(&b, NANO, 0, ETHERNET);
	put_ethernet(&b, MAC_A, MAC_DEVICE, 0, 0, &syn);
	put_ethernet(&b, MAC_B, MAC_A, 0, 0, &syn);
	put_ethernet(&b, MAC_DEVICE, MAC_B, 0, 0, &synack);
	check_points(&b, "in", "02:00:00:00:00:0d", &plain, "in 02:00:00:00:00:0d 3 2\n");
	bytes_free(&b);
}

static void what_has_nothing_to_split_by_is_the_point_itself(void **state)
{
	struct bytes b = many_packets(3, 1, 0), none = {0};
	struct import_stats st;
	struct folder f;
	struct db db;
	struct err e;

	(void)state;
	check_points(&b, "fw", "", &by_interface, "fw  3 3\n");
	pcap_header(&none, NANO, 0, SLL2);
	check_points(&none, "fw", "", &by_interface, "fw  0 0\n");
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	assert_int_equal(import_capture(&db, "", folder_write(&f, "x", &b), "", &by_interface, &st, &e), -1);
	assert_non_null(strstr(e.msg, "nothing to split by"));
	db_close(&db);
	folder_free(&f);
	bytes_free(&b);
	bytes_free(&none);
}

static void name_interface(struct bytes *b, const char *name)
{
	interface_begin(b, RAW, 0);
	put_option(b, 2, name, (uint16_t)strlen(name));
	put_option(b, 0, "", 0);
	block_end(b);
}

static void interfaces_of_a_file_are_points_silent_ones_too(void **state)
{
	struct bytes b = {0};

	(void)state;
	section_block(&b);
	name_interface(&b, "eth0");
	name_interface(&b, "a,b");
	name_interface(&b, "eth0");
	section_block(&b);
	name_interface(&b, "eth0");
	check_points(&b, "", "", &by_interface, "2 2 0 0\na_b a_b 0 0\neth0 eth0 0 0\n");
	check_points(&b, "fw", "a,b", &by_interface, "fw@a_b a_b 0 0\n");
	bytes_free(&b);
}

static void too_many_to_split_into_changes_nothing(void **state)
{
	struct bytes b = {0};
	struct folder f;
	struct db db;

	(void)state;
	pcap_header(&b, NANO, 0, ETHERNET);
	for (uint16_t v = 1; v <= 65; v++)
		put_ethernet(&b, MAC_A, MAC_B, v, 0, &syn);
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	check_import_fails(&db, folder_write(&f, "x", &b), "", &by_vlan, "more than 64 points");
	check_rows(&db, "SELECT * FROM capture", "");
	check_rows(&db, "SELECT * FROM packet", "");
	bytes_free(&b);
	db_close(&db);
	folder_free(&f);
}

static void of_a_backbone_not_every_vlan_is_told_apart(void **state)
{
	struct bytes b = {0};
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	pcap_header(&b, NANO, 0, ETHERNET);
	for (uint16_t v = 1; v <= 1030; v++)
		put_ethernet(&b, MAC_A, MAC_B, v, 0, &syn);
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	const char *path = folder_write(&f, "x", &b);
	check_import_fails(&db, path, "", &by_interface, "more than 1024");
	import_as(&db, "a", path, "", &plain, &st);
	check_rows(&db, "SELECT count(*), sum(packets) FROM link", "1024 1030\n");
	check_whole(&db);
	bytes_free(&b);
	db_close(&db);
	folder_free(&f);
}

static void the_same_bytes_are_known_as_each_of_their_points(void **state)
{
	static const struct import_options again = {.split = SPLIT_INTERFACE, .replace = true};
	struct bytes b = any_capture(true);
	struct import_stats st;
	struct folder f;
	struct db db;
	struct err e;

	(void)state;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	const char *path = folder_write(&f, "x", &b);
	import_as(&db, "fw", path, "", &by_interface, &st);
	assert_int_equal(import_capture(&db, "fw", path, "", &by_interface, &st, &e), -1);
	assert_non_null(strstr(e.msg, "fw@if2"));
	import_as(&db, "fw", path, "", &again, &st);
	check_rows(&db, POINTS, "fw@if2 if2 5 3\nfw@if3 if3 5 2\n");
	check_rows(&db, "SELECT count(*) FROM packet", "5\n");
	check_whole(&db);
	bytes_free(&b);
	db_close(&db);
	folder_free(&f);
}

/* Not split, the packets still tell on which side of the device they were recorded, and the links are listed. */
static void links_are_kept_without_a_split(void **state)
{
	struct bytes b = any_capture(true);
	struct import_stats st;
	struct folder f;
	struct db db;

	(void)state;
	folder_make(&f);
	case_open(&db, ":memory:", DB_CREATE);
	import_as(&db, "fw", folder_write(&f, "x", &b), "", &plain, &st);
	check_rows(&db, "SELECT ifindex, vlans, side, packets FROM link", "2 0 0 3\n3 0 0 2\n");
	/* Out, and by another link than the first of its direction. */
	check_rows(&db, "SELECT frame, flags & 524288 <> 0, flags & 1048576 <> 0 FROM packet ORDER BY frame", "1 0 0\n2 1 1\n3 0 0\n4 1 1\n5 0 0\n");
	bytes_free(&b);
	db_close(&db);
	folder_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cooked_capture_is_split_by_interface_index),
	    cmocka_unit_test(the_older_cooked_header_tells_the_sides),
	    cmocka_unit_test(vlans_are_split_by_their_whole_stack),
	    cmocka_unit_test(a_mac_address_takes_what_came_to_it_and_from_it),
	    cmocka_unit_test(what_has_nothing_to_split_by_is_the_point_itself),
	    cmocka_unit_test(interfaces_of_a_file_are_points_silent_ones_too),
	    cmocka_unit_test(too_many_to_split_into_changes_nothing),
	    cmocka_unit_test(of_a_backbone_not_every_vlan_is_told_apart),
	    cmocka_unit_test(the_same_bytes_are_known_as_each_of_their_points),
	    cmocka_unit_test(links_are_kept_without_a_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
