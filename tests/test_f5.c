/* What a BIG-IP's trailers tell of connections: which belong together, where they end, and who made a reset. */
#include "tests/f5_capture.h"

#include "correlate/correlate.h"

#define PAIRS "SELECT connection_id, side, peer_connection_id FROM v_f5 ORDER BY 1, 3"
#define FINDINGS "SELECT kind, what, direction, coalesce(point, from_point || '>' || to_point), confidence FROM v_finding ORDER BY id"
#define CLIENT_SIDE 1, 2, 1000, 80      /* 10.0.0.1:1000 > 10.0.0.2:80, the virtual server */
#define CLIENT_BACK 2, 1, 80, 1000
#define SERVER_SIDE 9, 20, 4000, 8080   /* 10.0.0.9:4000 > 10.0.0.20:8080 */
#define SERVER_BACK 20, 9, 8080, 4000

struct world {
	struct folder f;
	struct db db;
	unsigned captures;
};

static void world_open(struct world *w)
{
	*w = (struct world){0};
	folder_make(&w->f);
	case_open(&w->db, folder_file(&w->f, "case"), DB_CREATE);
}

static void world_close(struct world *w)
{
	db_close(&w->db);
	folder_free(&w->f);
}

static void capture(struct world *w, const char *point, const struct f5_packet *list, size_t n)
{
	char name[2] = {(char)('0' + w->captures++), 0};
	struct import_options plain = {0};
	struct import_stats st;
	struct bytes b = {0};

	f5_capture(&b, list, n);
	import_as(&w->db, point, folder_write(&w->f, name, &b), "", &plain, &st);
	bytes_free(&b);
}
#define CAPTURE(w, point, list) capture(w, point, list, sizeof(list) / sizeof *(list))

static void correlated(struct world *w, const char *path)
{
	struct correlate_options o = {.facts.path = path};
	struct err e;

	if (correlate_case(&w->db, &o, &e) < 0)
		fail_msg("%s", e.msg);
	check_whole(&w->db);
}

static struct f5_trailer causes(struct f5_trailer f5, bool peer, const char *cause)
{
	f5.rst_peer = peer;
	snprintf(f5.rst_cause, sizeof f5.rst_cause, "%s", cause);
	return f5;
}

/* Both sides of a proxied connection as one point on the BIG-IP sees them; in and out: client's side, sin and sout: server's. */
static void proxied(struct world *w, const char *point, int64_t us, uint32_t isn, const struct f5_trailer *in, const struct f5_trailer *out,
    const struct f5_trailer *sin, const struct f5_trailer *sout)
{
	const struct f5_packet list[] = {
	    {us, CLIENT_SIDE, TCP_SYN, isn, 0, 0, in}, {us + 10, CLIENT_BACK, TCP_SYN | TCP_ACK, isn + 500, isn + 1, 0, out},
	    {us + 20, CLIENT_SIDE, TCP_ACK, isn + 1, isn + 501, 0, in}, {us + 30, SERVER_SIDE, TCP_SYN, isn + 7000, 0, 0, sout},
	    {us + 40, SERVER_BACK, TCP_SYN | TCP_ACK, isn + 9000, isn + 7001, 0, sin}, {us + 50, SERVER_SIDE, TCP_ACK, isn + 7001, isn + 9001, 0, sout},
	    {us + 60, CLIENT_SIDE, TCP_ACK, isn + 1, isn + 501, 50, in}, {us + 70, SERVER_SIDE, TCP_ACK, isn + 7001, isn + 9001, 50, sout},
	};

	CAPTURE(w, point, list);
}

static void both_sides_of_a_proxy_are_found(void **state)
{
	struct f5_trailer in = f5_says(true, 11, 22, 20, 8080, 9, 4000), out = in, sout = f5_says(false, 22, 11, 1, 1000, 2, 80), sin = sout;
	struct world w;

	(void)state;
	out.ingress = false;
	sin.ingress = true;
	world_open(&w);
	proxied(&w, "f5", 0, 100, &in, &out, &sin, &sout);
	correlated(&w, NULL);
	check_rows(&w.db, PAIRS, "1 client 2\n2 server 1\n");
	check_rows(&w.db, "SELECT connection_id, virtual_server, peer_remote_addr, peer_remote_port, peer_local_addr, peer_local_port FROM v_f5",
	    "1 /Common/vs 10.0.0.20 8080 10.0.0.9 4000\n2 /Common/vs 10.0.0.1 1000 10.0.0.2 80\n");
	world_close(&w);
}

/* Flow ids are used again; addresses and times tell which is meant. */
static void flow_ids_alone_pair_nothing(void **state)
{
	struct f5_trailer in = f5_says(true, 11, 22, 20, 8080, 9, 4000), out = in, sout = f5_says(false, 22, 11, 1, 1000, 2, 80), sin = sout;
	struct world w;

	(void)state;
	out.ingress = false;
	sin.ingress = true;
	/* The addresses are those of another connection. */
	in.peer_local_port = out.peer_local_port = 4001;
	sin.peer_remote_port = sout.peer_remote_port = 1001;
	world_open(&w);
	proxied(&w, "f5", 0, 100, &in, &out, &sin, &sout);
	correlated(&w, NULL);
	check_rows(&w.db, PAIRS, "1 client -\n2 server -\n");
	world_close(&w);
	/* The ids are of another TMM. */
	in = out = f5_says(true, 11, 22, 20, 8080, 9, 4000);
	out.ingress = false;
	in.tmm = out.tmm = 2;
	world_open(&w);
	proxied(&w, "f5", 0, 100, &in, &out, &sin, &sout);
	correlated(&w, NULL);
	check_rows(&w.db, PAIRS, "1 client -\n2 server -\n");
	world_close(&w);
}

static void the_same_ids_and_addresses_again_are_told_apart_by_time(void **state)
{
	struct f5_trailer in = f5_says(true, 11, 22, 20, 8080, 9, 4000), out = in, sout = f5_says(false, 22, 11, 1, 1000, 2, 80), sin = sout;
	struct world w;

	(void)state;
	out.ingress = false;
	sin.ingress = true;
	world_open(&w);
	proxied(&w, "f5", 0, 100, &in, &out, &sin, &sout);
	proxied(&w, "f5", 60000000, 50000000, &in, &out, &sin, &sout);
	correlated(&w, NULL);
	check_rows(&w.db, PAIRS, "1 client 2\n2 server 1\n3 client 4\n4 server 3\n");
	world_close(&w);
}

/* With :nn there are no addresses: both must name each other, in one capture. */
static void without_addresses_both_sides_must_agree(void **state)
{
	struct f5_trailer in = f5_says(true, 11, 22, 0, 0, 0, 0), out = in, sout = f5_says(false, 22, 11, 0, 0, 0, 0), sin = sout;
	struct world w;

	(void)state;
	out.ingress = false;
	sin.ingress = true;
	world_open(&w);
	proxied(&w, "f5", 0, 100, &in, &out, &sin, &sout);
	correlated(&w, NULL);
	check_rows(&w.db, PAIRS, "1 client 2\n2 server 1\n");
	world_close(&w);
	sin.peer_id = sout.peer_id = 33;
	world_open(&w);
	proxied(&w, "f5", 0, 100, &in, &out, &sin, &sout);
	correlated(&w, NULL);
	check_rows(&w.db, PAIRS, "1 client -\n2 server -\n");
	world_close(&w);
}

/* Points a (client), f5, z (server): each side ends at f5, and the packets that are not beyond are no riddle. */
static void nothing_is_missed_beyond_a_proxy(void **state)
{
	struct f5_trailer in = f5_says(true, 11, 22, 20, 8080, 9, 4000), out = in, sout = f5_says(false, 22, 11, 1, 1000, 2, 80), sin = sout;
	struct world w;

	(void)state;
	out.ingress = false;
	sin.ingress = true;
	world_open(&w);
	proxied(&w, "f5", 1000, 100, &in, &out, &sin, &sout);
	const struct f5_packet a[] = {
	    {995, CLIENT_SIDE, TCP_SYN, 100, 0, 0, NULL}, {1015, CLIENT_BACK, TCP_SYN | TCP_ACK, 600, 101, 0, NULL},
	    {1016, CLIENT_SIDE, TCP_ACK, 101, 601, 0, NULL}, {1055, CLIENT_SIDE, TCP_ACK, 101, 601, 50, NULL},
	};
	const struct f5_packet z[] = {
	    {1035, SERVER_SIDE, TCP_SYN, 7100, 0, 0, NULL}, {1036, SERVER_BACK, TCP_SYN | TCP_ACK, 9100, 7101, 0, NULL},
	    {1055, SERVER_SIDE, TCP_ACK, 7101, 9101, 0, NULL}, {1075, SERVER_SIDE, TCP_ACK, 7101, 9101, 50, NULL},
	};
	CAPTURE(&w, "a", a);
	CAPTURE(&w, "z", z);
	correlated(&w, "a,f5,z");
	check_rows(&w.db, "SELECT connection_id, kind, from_point, to_point, confidence, json_extract(evidence, '$.peer') FROM v_finding WHERE kind <> 'modified' ORDER BY id",
	    "1 terminated f5 z certain 2\n2 originated a f5 certain 1\n");
	check_rows(&w.db, "SELECT connection_id, from_point, to_point, direction FROM v_hop ORDER BY 1, 4",
	    "1 a f5 c2s\n1 f5 a s2c\n2 f5 z c2s\n2 z f5 s2c\n");
	world_close(&w);
}

/* FastL4 translates: one handshake, one client's initial sequence number; what is beyond is missed as ever. */
static void a_translated_connection_does_not_end(void **state)
{
	const struct f5_trailer in = f5_says(true, 11, 22, 20, 8080, 9, 4000), sout = f5_says(false, 22, 11, 1, 1000, 2, 80);
	const struct f5_packet out[] = {{0, CLIENT_SIDE, TCP_SYN, 100, 0, 0, &in}, {1000000, CLIENT_SIDE, TCP_SYN, 100, 0, 0, &in}};
	const struct f5_packet back[] = {{1, SERVER_SIDE, TCP_SYN, 100, 0, 0, &sout}, {1000001, SERVER_SIDE, TCP_SYN, 100, 0, 0, &sout}};
	struct world w;

	(void)state;
	world_open(&w);
	CAPTURE(&w, "outside", out);
	CAPTURE(&w, "inside", back);
	correlated(&w, "outside,inside");
	check_rows(&w.db, "SELECT count(*), min(points) FROM v_connection", "1 outside,inside\n");
	check_rows(&w.db, "SELECT join_state, join_evidence FROM v_flow", "certain {\"agree\":[\"client_isn\",\"f5_flows\"]}\n"
	    "certain {\"agree\":[\"client_isn\",\"f5_flows\"]}\n");
	check_rows(&w.db, "SELECT count(*) FROM v_finding WHERE kind IN ('terminated', 'originated')", "0\n");
	world_close(&w);
	/* In one capture: two connections of one number, each the other's peer, and neither ends there. */
	world_open(&w);
	CAPTURE(&w, "f5", out);
	CAPTURE(&w, "f5", back);
	correlated(&w, NULL);
	check_rows(&w.db, PAIRS, "1 client 2\n2 server 1\n");
	check_rows(&w.db, "SELECT count(*) FROM v_finding WHERE kind NOT IN ('undecided', 'retransmitted')", "0\n");
	world_close(&w);
}

/* A SYN and its reset, as the BIG-IP recorded them. */
static void refused(struct world *w, const struct f5_trailer *syn, const struct f5_trailer *rst)
{
	const struct f5_packet list[] = {{0, CLIENT_SIDE, TCP_SYN, 100, 0, 0, syn}, {10, CLIENT_BACK, TCP_RST | TCP_ACK, 0, 101, 0, rst}};

	world_open(w);
	CAPTURE(w, "f5", list);
}

static void a_reset_that_a_bigip_gives_a_cause_for_is_its_own(void **state)
{
	const struct f5_trailer syn = f5_says(true, 0, 0, 0, 0, 0, 0), says = causes(f5_says(false, 0, 0, 0, 0, 0, 0), false, "No \"local\" listener");
	struct world w;

	(void)state;
	refused(&w, &syn, &says);
	correlated(&w, NULL);
	check_rows(&w.db, FINDINGS, "sent RST,ACK s2c f5 certain\n");
	check_rows(&w.db, "SELECT verdict FROM v_connection",
	    "The BIG-IP at f5 refused the connection itself (RST,ACK). F5 says: \"No 'local' listener\".\n");
	check_rows(&w.db, "SELECT text, json_extract(evidence, '$.assumptions[0]') FROM v_finding",
	    "A RST,ACK in the name of the server was made by the BIG-IP at f5 itself. F5 says: \"No 'local' listener\". the F5 trailer is the BIG-IP's own\n");
	check_rows(&w.db, "SELECT rst_cause FROM v_packet WHERE rst_cause IS NOT NULL", "No \"local\" listener\n");
	world_close(&w);
}

/* It came in; the other side is the reason; the remote system is; there is no cause: somebody else may have made it. */
static void any_other_reset_may_be_somebody_elses(void **state)
{
	const struct f5_trailer syn = f5_says(true, 11, 0, 0, 0, 0, 0), out = f5_says(false, 11, 22, 20, 8080, 9, 4000), in = f5_says(true, 11, 22, 20, 8080, 9, 4000);
	const struct f5_trailer rst[] = {causes(in, false, "Flow expired (sweeper)"), causes(out, true, "TCP RST from remote system"),
	    causes(out, false, "TCP RST from remote system"), causes(out, false, "")};
	static const char *const says[] = {" F5 says: \"Flow expired (sweeper)\".", " F5 says: \"{peer} TCP RST from remote system\".",
	    " F5 says: \"TCP RST from remote system\".", ""};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof rst / sizeof *rst; i++) {
		char verdict[300];
		refused(&w, &syn, &rst[i]);
		correlated(&w, NULL);
		check_rows(&w.db, FINDINGS, "undecided SYN c2s f5 possible\nundecided RST,ACK s2c f5 possible\n");
		snprintf(verdict, sizeof verdict, "A RST,ACK came in the name of the server; one capture cannot tell who made it.%s\n", says[i]);
		check_rows(&w.db, "SELECT text FROM v_finding WHERE what = 'RST,ACK'", verdict);
		world_close(&w);
	}
}

/* Without a flow nothing went on; with one, the SYN may have. */
static void a_syn_that_is_refused_without_a_flow_went_no_further(void **state)
{
	const struct f5_trailer syn = f5_says(true, 0, 0, 0, 0, 0, 0), flow = f5_says(true, 11, 0, 0, 0, 0, 0);
	const struct f5_trailer rst = causes(f5_says(false, 0, 0, 0, 0, 0, 0), false, "No local listener");
	const struct f5_packet other[] = {{0, 30, 20, 3000, 8080, TCP_SYN, 100, 0, 0, NULL}, {60000000, 30, 20, 3001, 8080, TCP_SYN, 100, 0, 0, NULL}};
	struct world w;

	(void)state;
	refused(&w, &syn, &rst);
	CAPTURE(&w, "z", other);
	correlated(&w, "f5,z");
	check_rows(&w.db, "SELECT kind, what FROM v_finding WHERE connection_id = (SELECT id FROM v_connection WHERE server_port = 80) ORDER BY id",
	    "sent RST,ACK\nterminated connection\n");
	world_close(&w);
	refused(&w, &flow, &rst);
	CAPTURE(&w, "z", other);
	correlated(&w, "f5,z");
	check_rows(&w.db, "SELECT kind, what FROM v_finding WHERE connection_id = (SELECT id FROM v_connection WHERE server_port = 80) ORDER BY id",
	    "undecided SYN\ngenerated RST,ACK\n");
	check_rows(&w.db, "SELECT text FROM v_finding WHERE kind = 'generated'", "A RST,ACK in the name of the server appeared at f5 and never passed z: "
	    "made between the two, not by the server. F5 says: \"No local listener\".\n");
	world_close(&w);
}

/* The BIG-IP's point passes on what the point before it recorded: whatever its trailer says, it did not make that. */
static void a_reset_that_was_there_before_is_passed_on(void **state)
{
	const struct f5_trailer syn = f5_says(true, 11, 22, 20, 8080, 9, 4000), rst = causes(f5_says(false, 11, 22, 20, 8080, 9, 4000), false, "Odd");
	const struct f5_packet z[] = {{1, CLIENT_SIDE, TCP_SYN, 100, 0, 0, NULL}, {5, CLIENT_BACK, TCP_RST | TCP_ACK, 0, 101, 0, NULL}};
	struct world w;

	(void)state;
	refused(&w, &syn, &rst);
	CAPTURE(&w, "z", z);
	correlated(&w, "f5,z");
	check_rows(&w.db, "SELECT count(*) FROM v_finding WHERE kind = 'generated' OR text LIKE '%BIG-IP%'", "0\n");
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_sides_of_a_proxy_are_found),
	    cmocka_unit_test(flow_ids_alone_pair_nothing),
	    cmocka_unit_test(the_same_ids_and_addresses_again_are_told_apart_by_time),
	    cmocka_unit_test(without_addresses_both_sides_must_agree),
	    cmocka_unit_test(nothing_is_missed_beyond_a_proxy),
	    cmocka_unit_test(a_translated_connection_does_not_end),
	    cmocka_unit_test(a_reset_that_a_bigip_gives_a_cause_for_is_its_own),
	    cmocka_unit_test(any_other_reset_may_be_somebody_elses),
	    cmocka_unit_test(a_syn_that_is_refused_without_a_flow_went_no_further),
	    cmocka_unit_test(a_reset_that_was_there_before_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
