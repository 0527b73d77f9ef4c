/* What the summary says of what hops do, from v_habit and v_nat. */
#include "tests/test.h"

#include "correlate/report/summary.h"
#include "tests/test_report.h"

static void check(struct made *m, const char *expected)
{
	struct style s = {.utf8 = true, .width = 200};
	size_t size;
	char *got;
	struct err e;

	s.out = open_memstream(&got, &size);
	assert_non_null(s.out);
	assert_int_equal(summary_changes(&m->db, &s, &e), 0);
	fclose(s.out);
	assert_string_equal(got, expected);
	free(got);
}

/* A field that so many connections could be compared in, from point 1 to 2 (c2s) or back. */
static void compared(struct made *m, bool s2c, const char *field, int of)
{
	made_sql(m, "INSERT INTO compared VALUES(%d, %d, %d, '%s', %d)", s2c ? 2 : 1, s2c ? 1 : 2, s2c, field, of);
}

/* One connection whose field was changed; values are SQL. */
static void changed(struct made *m, int connection, bool s2c, const char *field, const char *habit, const char *before, const char *after)
{
	made_sql(m, "INSERT INTO change(connection_id, from_point, to_point, direction, field, before, after, count, habit) VALUES(%d, %d, %d, %d, '%s', %s, %s, 1, '%s')",
	    connection, s2c ? 2 : 1, s2c ? 1 : 2, s2c, field, before, after, habit);
}

static void open_case(struct made *m)
{
	made_open(m, "a,b", "given");
	made_connection(m, 1000, 1000, "completed", 0, "Completed.", 3);
	made_connection(m, 2000, 1000, "completed", 0, "Completed.", 3);
	made_connection(m, 3000, 1000, "completed", 0, "Completed.", 3);
}

static void a_hop_that_changes_nothing_is_not_named(void **state)
{
	struct made m;

	(void)state;
	open_case(&m);
	compared(&m, false, "seq", 3);
	check(&m, "changed   nothing\n");
	made_close(&m);
}

static void what_is_done_is_counted_against_what_could_be_seen(void **state)
{
	struct made m;

	(void)state;
	open_case(&m);
	compared(&m, false, "seq", 3);
	compared(&m, false, "opt.mss", 3);
	compared(&m, false, "dscp", 3);
	compared(&m, false, "ttl", 3);
	changed(&m, 1, false, "opt.mss", "clamped", "1460", "1380");
	changed(&m, 2, false, "opt.mss", "clamped", "1460", "1380");
	changed(&m, 3, false, "opt.mss", "clamped", "1440", "1380");
	changed(&m, 1, false, "dscp", "set", "0", "46");
	changed(&m, 2, false, "dscp", "set", "10", "46");
	changed(&m, 3, false, "ttl", "set", "64", "200");
	check(&m, "changed   a → b: MSS 1460→1380 2/3, 1440→1380 1/3; DSCP set to EF 2/3; TTL set to 200 1/3\n"
		"          a ↔ b: sequence numbers kept\n");
	made_close(&m);
}

static void what_both_ways_share_is_said_once(void **state)
{
	struct made m;

	(void)state;
	open_case(&m);
	for (int s2c = 0; s2c < 2; s2c++) {
		static const char *const fields[] = {"seq", "ack", "opt.mss", "opt.tsval", "opt.tsecr", "ip_id"};
		for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
			compared(&m, s2c, fields[i], 3);
		changed(&m, 1, s2c, "seq", "shifted", "1", "5");
		changed(&m, 1, s2c, "ack", "shifted", "1", "5");
		changed(&m, 1, s2c, "opt.mss", "clamped", "1460", "1380");
	}
	changed(&m, 2, true, "opt.tsval", "shifted", "1", "5");
	changed(&m, 2, false, "opt.tsecr", "shifted", "1", "5");
	check(&m, "changed   a ↔ b: sequence numbers shifted per connection 1/3; MSS 1460→1380 1/3; server's timestamps shifted per connection 1/3; IP ID kept\n");
	made_close(&m);
}

static void what_breaks_something_has_a_line_of_its_own(void **state)
{
	struct made m;

	(void)state;
	open_case(&m);
	compared(&m, false, "seq", 3);
	compared(&m, true, "opt.sack", 2);
	compared(&m, false, "opt.mptcp", 1);
	changed(&m, 1, false, "seq", "shifted", "1", "5");
	changed(&m, 1, true, "opt.sack", "not shifted", "1", "1");
	changed(&m, 2, false, "opt.mptcp", "stripped", "'present'", "NULL");
	check(&m, "changed   a ↔ b: client's sequence numbers shifted per connection 1/3\n"
		"          a → b: MPTCP stripped 1/1: falls back to plain TCP (RFC 8684)\n"
		"          a ↔ b: SACK blocks not shifted 1/2: this breaks SACK (RFC 2018)\n");
	made_close(&m);
}

static void ecn_is_told_in_its_own_words(void **state)
{
	struct made m;

	(void)state;
	open_case(&m);
	compared(&m, false, "syn.ecn", 2);
	compared(&m, false, "ecn", 2);
	compared(&m, true, "ecn", 2);
	changed(&m, 1, false, "syn.ecn", "cleared", "'ECE,CWR'", "''");
	changed(&m, 1, false, "ecn", "cleared", "2", "0");
	changed(&m, 2, true, "ecn", "marked", "2", "3");
	check(&m, "changed   a → b: ECN flags of the SYN ECE,CWR→none 1/2; ECN field ECT(0)→Not-ECT 1/2\n"
		"          b → a: ECN field marked 1/2 (congestion)\n");
	made_close(&m);
}

/* What connection n is at point b: addresses 1 and 2 are the hosts', 3 and 4 others. */
static void translated(struct made *m, int n, int client, int client_port, int server, int server_port)
{
	made_sql(m, "UPDATE flow_row SET client_addr = %d, client_port = %d, server_addr = %d, server_port = %d WHERE id = %d", client, client_port, server,
	    server_port, n * 100 + 1);
	made_sql(m, "INSERT INTO translated VALUES(1, 2, 0, 'src', 1, NULL, NULL) ON CONFLICT DO UPDATE SET connections = connections + 1");
}

static void translations_are_put_together_by_address(void **state)
{
	struct made m;

	(void)state;
	open_case(&m);
	compared(&m, false, "src", 3);
	translated(&m, 1, 4, 53811, 3, 8443);
	translated(&m, 2, 4, 7, 3, 8443);
	translated(&m, 3, 4, 9, 2, 443);
	check(&m, "changed   a ↔ b: source 10.10.10.10→192.0.2.1 3/3, source port rewritten 2/3; destination 20.20.20.20:443→10.7.0.11:8443 2/3\n");
	made_close(&m);
}

static void ports_alone_may_be_translated(void **state)
{
	struct made m;

	(void)state;
	open_case(&m);
	compared(&m, false, "src", 3);
	translated(&m, 1, 1, 7, 2, 443);
	check(&m, "changed   a ↔ b: source port rewritten 1/3\n");
	translated(&m, 1, 1, 53811, 2, 8443);
	check(&m, "changed   a ↔ b: destination 20.20.20.20:443→20.20.20.20:8443 1/3\n");
	made_close(&m);
}

static void many_translations_are_told_by_what_addresses_share(void **state)
{
	struct made m;

	(void)state;
	made_open(&m, "a,b", "given");
	for (int i = 1; i <= 5; i++) {
		made_connection(&m, 1000 * i, 1000, "completed", 0, "Completed.", 3);
		made_sql(&m, "INSERT INTO addr VALUES(%d, '2001:db8::%x', 6)", 100 + i, i);
		made_sql(&m, "UPDATE flow_row SET client_addr = %d WHERE id = %d", 100 + i, i * 100);
		translated(&m, i, 4, 53810 + i, 2, 443);
	}
	compared(&m, false, "src", 5);
	check(&m, "changed   a ↔ b: source 5 addresses in 2001:db8::/125→192.0.2.1 5/5, port kept\n");
	made_sql(&m, "UPDATE flow_row SET client_addr = 1 WHERE id = 300");
	check(&m, "changed   a ↔ b: source 5 addresses→192.0.2.1 5/5, port kept\n");
	made_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hop_that_changes_nothing_is_not_named),
		cmocka_unit_test(what_is_done_is_counted_against_what_could_be_seen),
		cmocka_unit_test(what_both_ways_share_is_said_once),
		cmocka_unit_test(what_breaks_something_has_a_line_of_its_own),
		cmocka_unit_test(ecn_is_told_in_its_own_words),
		cmocka_unit_test(translations_are_put_together_by_address),
		cmocka_unit_test(ports_alone_may_be_translated),
		cmocka_unit_test(many_translations_are_told_by_what_addresses_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
