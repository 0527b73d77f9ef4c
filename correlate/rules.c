#include "correlate/rules.h"

#include <string.h>

#define AROUND "a second path around the points"

static const struct rule table[] = {
	{ "R01", "syn_lost", "a SYN at X, not at Y; a repeat of it at both", "the first SYN was dropped between X and Y; the connection was made in a later try", CERTAIN,
		"RFC 9293 3.8.1", "the capture at Y missed it", "" },
	{ "R02", "unanswered", "SYNs at the last point, and nothing from beyond it", "the server did not answer", CERTAIN, "RFC 9293 3.10.7.2",
		"something between the last point and the server swallows packets", "a capture on the server itself" },
	{ "R02", "listen_overflow", "as unanswered, and the server answered others at the same address and port within 10 s",
		"the server did not answer, as it does when its queue for new connections is full", CERTAIN, "listen(2); RFC 4987 2",
		"a packet filter on the server, or one for each client", "nstat -az TcpExtListenOverflows TcpExtListenDrops that do not grow" },
	{ "R03", "synack_dropped", "a SYN-ACK at X, not at Y", "the server's answer was dropped between X and Y", CERTAIN, "RFC 9293 3.8.1",
		"the capture at Y missed it", "another way back to the client: a capture there" },
	{ "R04", "syn_proxy", "the client's handshake is over before a SYN comes to Y; numbers move by a constant", "a SYN proxy makes the handshake first", CERTAIN,
		"RFC 4987 3.7", "clocks that are not known well enough", "" },
	{ "R05", "f5_peer", "F5 trailers name two connections as the two sides of one", "the BIG-IP ends one and opens the other", CERTAIN,
		"F5 Ethernet trailer", "flow ids that were used again", "" },
	{ "R05", "proxy_header", "a PROXY header names the client of another connection", "a proxy ends one and opens the other", CERTAIN,
		"HAProxy PROXY protocol 2", "a client that writes such a header itself", "" },
	{ "R05", "unique_id", "the same request or trace id in both", "a proxy ends one and opens the other", CERTAIN, "W3C Trace Context 3.2; PP2_TYPE_UNIQUE_ID",
		"ids that are not unique", "" },
	{ "R05", "client_random", "the same random in both ClientHellos", "a proxy ends one and opens the other", CERTAIN, "RFC 8446 4.1.2",
		"a client that repeats its random", "" },
	{ "R05", "equal_streams", "both streams begin alike, one exchange inside the other in time", "a proxy ends one and opens the other", CERTAIN,
		"ALGORITHMS 1.8", "clients that say the same at the same time", "" },
	{ "R05", "equal_request", "the same request in both, one exchange inside the other in time", "a proxy ends one and opens the other", CERTAIN,
		"ALGORITHMS 1.8", "clients that ask the same at the same time", "" },
	{ "R05", "equal_times", "one begins, and fails, when the other begins, and ends, again and again", "a proxy ends one and opens the other", CERTAIN,
		"ALGORITHMS 1.8", "connections that only keep the same time", "" },
	{ "R05", "equal_class", "as many connections on either side that begin alike at the same time", "a proxy ends them and opens the others", CERTAIN,
		"ALGORITHMS 1.8", "which is whose is not known", "" },
	{ "R05", "same_service", "the same server as of connections that a proxy is known to end", "a proxy ends this one, too", CERTAIN, "ALGORITHMS 1.8",
		"a device that is a proxy for some clients only", "" },
	{ "R06", "half_open", "a SYN that Y never saw is answered at X with a bare ACK of ISN + 1", "a device between them took the SYN, and made the answer", CERTAIN,
		"RFC 9293 3.10.7.4", "the server answers by another way", "the bare ACK, or a SYN-ACK, in a capture behind the device" },
	{ "R07", "stale_state", "a SYN is answered with a bare ACK that has other numbers", "somebody still holds an older connection on these addresses and ports", CERTAIN,
		"RFC 9293 3.5.1; RFC 5961 4.2", "a forged answer", "" },
	{ "R10", "resets_both", "resets to both sides begin on the same hop", "a device reset the connection towards both sides", CERTAIN, "ALGORITHMS 5.4",
		AROUND, "a reset of a host in a capture beside the path" },
	{ "R11", "reset_made", "a reset begins between X and Y", "a device made it in the name of a host", CERTAIN, "ALGORITHMS 5.1", AROUND,
		"the reset in a capture nearer to the host" },
	{ "R12", "sent", "a reset or a bare answer to a SYN comes from beyond the first point of its way, with the host's TTL", "the host itself made it", CERTAIN,
		"RFC 9293 3.5.2; ALGORITHMS 5.1", "a device right before the host that copies its TTL", "a capture on the host without it" },
	{ "R12", "f5_sent", "the F5 trailer of a reset says why the BIG-IP made it", "the BIG-IP made it", CERTAIN, "F5 rstcause", "", "" },
	{ "R13", "reset_dropped", "a reset at X, not at Y", "a device dropped it; the other side does not learn that the connection is over", CERTAIN,
		"RFC 5961 3.2; ALGORITHMS 5.4", "the capture at Y missed it", "" },
	{ "R19", "injected_reset", "a reset begins between X and Y, and the host in whose name it is goes on", "the reset was injected", CERTAIN,
		"RFC 5961 3; Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets (NDSS 2009)", AROUND, "the reset in a capture nearer to the host" },
	{ "R20", "ecn_syn", "ECE or CWR of a SYN or SYN-ACK at X, cleared at Y", "a device clears the ECN flags", CERTAIN, "RFC 3168 6.1.1; RFC 9768 3.1",
		"a repeat without ECN that is taken for the same packet", "" },
	{ "R20", "ecn_field", "the ECN field of the IP header at X, cleared at Y", "a device clears the ECN field", CERTAIN, "RFC 3168 5, 18.1",
		"a repeat without ECN that is taken for the same packet", "" },
	{ "R20", "ecn_echo", "ECE or CWR behind the handshake at X, cleared at Y", "a device clears the echo of congestion", CERTAIN, "RFC 3168 6.1",
		"a repeat without ECN that is taken for the same packet", "" },
	{ "R21", "ecn_blocked", "of the SYNs to a server none that asks for ECN passes a hop, and others do (p < 0.01)", "SYNs that ask for ECN are dropped there", CERTAIN,
		"RFC 3360; Fisher's exact test", "clients that ask for ECN have something else in common", "a SYN with ECE,CWR that passes; one without that does not" },
	{ "R22", "modified", "a field differs between X and Y", "a device rewrites it", CERTAIN, "v_change", "", "" },
	{ "R23", "sack_not_shifted", "sequence numbers are shifted between X and Y, SACK blocks are not", "the device breaks SACK", CERTAIN, "RFC 2018 3", "", "" },
	{ "R26", "idle_timeout", "after a silence nothing crosses from X to Y any more, though it had; or it is refused there", "the device's idle timeout is over", LIKELY,
		"RFC 5382 5; RFC 9293 3.8.4", "the device lost its state for another reason meanwhile", "a connection that is silent for longer and goes on" },
	{ "R26", "state_lost", "from one instant on nothing of a direction crosses from X to Y any more", "the device lost the connection's state, or blocks it", CERTAIN,
		"ALGORITHMS 5.7", "the link was down", "others that do not pass at that time, either" },
	{ "R27", "pmtu_blackhole", "large packets that must not be cut up at X, not at Y; smaller ones at both; no ICMP error", "a path MTU black hole", LIKELY,
		"RFC 2923 2.1; RFC 1191 4; RFC 8201 4", "something that dislikes what is in the large ones", "a packet of that size that passes" },
	{ "R28", "another_way", "a point holds one direction of a connection, and nothing of the other", "the other goes another way", POSSIBLE, "ALGORITHMS 4.1",
		"the capture missed it all", "a capture on the other way" },
	{ "R29", "fragmented", "whole at X, in IP fragments at Y", "a router between them cut it up", CERTAIN, "RFC 791 2.3", "", "" },
	{ "R30", "not_captured", "not at a point, and proved to have passed it", "the capture missed it; no loss on the network", CERTAIN, "RFC 9293 3.4; RFC 2018",
		"another way round the point", "" },
	{ "R31", "reuse_dropped", "a SYN at X, not at Y, on addresses and ports that were in use shortly before", "a device may still hold the old connection", CERTAIN,
		"RFC 9293 3.6.1; RFC 6191", "any other reason to drop the SYN", "the device's session table at that time" },
	{ "R32", "accepted_early", "a SYN that Y never saw is answered at X with a SYN-ACK", "a device accepts connections before it has reached the server", CERTAIN,
		"ALGORITHMS 5.3", "the server answers by another way", "the SYN-ACK in a capture behind the device" },
	{ "R33", "gone", "at X, not at Y, and the capture at Y may have missed it", "undecided", POSSIBLE, "ALGORITHMS 4.5", "", "" },
	{ "R33", "appeared", "at Y, not at X, and the capture at X may have missed it", "undecided", POSSIBLE, "ALGORITHMS 4.5", "", "" },
	{ "R33", "one_point", "an unanswered SYN, a reset or a bare answer to a SYN in the only capture", "undecided", POSSIBLE, "ALGORITHMS 5.5", "", "" },
	{ "W01", "dropped", "at X, not at Y, and more than the capture at Y can have missed", "dropped between X and Y", CERTAIN, "ALGORITHMS 4.4, 4.5", AROUND,
		"" },
	{ "W02", "rejected", "a SYN at X, not at Y, and a reset or an ICMP error that begins on the same hop", "a device refused the connection", CERTAIN,
		"RFC 9293 3.5.2; RFC 1812 5.2.7", AROUND, "the refusal in a capture nearer to the server" },
	{ "W03", "policy_drop", "SYNs at X, none at Y; and so of every other connection to this address and port", "a policy drops them in silence, or there is no route",
		CERTAIN, "RFC 2979 3", "the device is out of order altogether", "one connection to this address and port that passes" },
	{ "W04", "generated", "at Y, never at X, and more than the capture at X can have missed", "a device between X and Y made it", CERTAIN, "ALGORITHMS 5.1", AROUND,
		"" },
	{ "W05", "corrupted", "the TCP checksum is right at X and wrong at Y", "damaged between X and Y", CERTAIN, "RFC 9293 3.1", "", "" },
	{ "W06", "duplicated", "once at X, twice at Y and behind", "the network doubled it", CERTAIN, "ALGORITHMS 2.3", "a mirror port at Y", "" },
	{ "W07", "reordered", "behind another packet at Y, before it at X", "overtaken between X and Y", CERTAIN, "RFC 4737 3", "captures that write out of order", "" },
	{ "W08", "resegmented", "the same bytes in other packets", "cut up or put together by a network card or a device", CERTAIN, "ALGORITHMS 2.5", "", "" },
	{ "W09", "capture_duplicate", "the same packet twice at one point", "the capture holds it twice", CERTAIN, "ALGORITHMS 2.3", "", "" },
	{ "W10", "retransmitted", "bytes that were sent before, from the host", "the host repeated them", CERTAIN, "RFC 9293 3.8.1", "", "" },
	{ "W11", "keepalive", "a packet that says nothing new, to be answered", "a keepalive or a window probe", CERTAIN, "RFC 9293 3.8.4, 3.8.6.1", "", "" },
	{ "W12", "zero_window", "a window of 0", "the receiver does not read", CERTAIN, "RFC 9293 3.8.6", "", "" },
	{ "W13", "port_reuse", "a SYN on addresses and ports of a connection that ended within 240 s", "the ports are used again", CERTAIN, "RFC 9293 3.6.1", "", "" },
	{ "W14", "recycled", "a client's reset when all was said, and its ports used again", "the client frees its port with a reset", CERTAIN, "RFC 9293 3.6", "", "" },
};

const struct rule *rules_all(size_t *n)
{
	*n = sizeof table / sizeof *table;
	return table;
}

const struct rule *rules_find(const char *name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

int rules_store(struct db *db, struct err *e)
{
	sqlite3_stmt *st;
	int rc = db_prepare(db, "INSERT INTO rule VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", &st, e);

	for (size_t i = 0; rc == 0 && i < sizeof table / sizeof *table; i++) {
		const struct rule *r = &table[i];
		const char *const text[] = { r->id, r->name, r->pattern, r->says, confidence_name(r->highest), r->source, r->wrong, r->change };
		sqlite3_bind_int64(st, 1, (int64_t)i + 1);
		for (int k = 0; k < 8; k++)
			db_bind_text(st, k + 2, text[k]);
		rc = db_run(db, st, e);
	}
	sqlite3_finalize(st);
	return rc;
}
