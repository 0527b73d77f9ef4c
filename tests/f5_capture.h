/* Captures of a BIG-IP for the tests: TCP packets over IPv4 with an F5 trailer each. */
#ifndef TESTS_F5_CAPTURE_H
#define TESTS_F5_CAPTURE_H

#include "tests/test_import.h"          /* first: it asks for asprintf */

#include "tests/sim/encode.h"

/* One packet between 10.0.0.src and 10.0.0.dst at us µs after T; f5 NULL: without a trailer. */
struct f5_packet {
	int64_t us;
	uint8_t src, dst;
	uint16_t sport, dport;
	uint8_t flags;
	uint32_t seq, ack, len;
	const struct f5_trailer *f5;
};

static inline void f5_capture(struct bytes *b, const struct f5_packet *list, size_t n)
{
	uint8_t *frame = malloc(SIM_FRAME_MAX);

	assert_non_null(frame);
	if (b->n == 0)
		pcap_header(b, NANO, 0, SIM_ETHERNET);
	for (const struct f5_packet *k = list; k < list + n; k++) {
		struct sim_packet p = {.f5 = k->f5, .padded = true};
		p.h = (struct sim_header){.src = sim_addr4(0x0a000000u | k->src), .dst = sim_addr4(0x0a000000u | k->dst), .sport = k->sport,
		    .dport = k->dport, .seq = k->seq, .ack = k->ack, .flags = k->flags, .len = k->len, .window = 500, .ttl = k->f5 && k->f5->ingress ? 64 : 255};
		size_t size = sim_encode(&p, SIM_ETHERNET, frame);
		pcap_record_head(b, k->us * 1000, size);
		put(b, frame, size);
	}
	free(frame);
}

/* The flow of a trailer, and its peer with the other side's addresses 10.0.0.remote and 10.0.0.local; peer 0: none yet. */
static inline struct f5_trailer f5_says(bool ingress, uint64_t flow, uint64_t peer, uint8_t remote, uint16_t remote_port, uint8_t local, uint16_t local_port)
{
	struct f5_trailer f5 = {.present = true, .ingress = ingress, .tmm = 1, .flow_id = flow, .peer_id = peer, .has_peer = peer && remote};

	snprintf(f5.virtual_name, sizeof f5.virtual_name, "%s", flow ? "/Common/vs" : "");
	f5.peer_remote = sim_addr4(0x0a000000u | remote);
	f5.peer_local = sim_addr4(0x0a000000u | local);
	f5.peer_remote_port = remote_port;
	f5.peer_local_port = local_port;
	f5.peer_vlan = 7;
	return f5;
}

#endif
