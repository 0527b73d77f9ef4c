/* What the parts of the simulator know of each other; tests need sim.h only. */
#ifndef TESTS_SIM_ENGINE_H
#define TESTS_SIM_ENGINE_H

#include "tests/sim/heap.h"
#include "tests/sim/rng.h"
#include "tests/sim/sim.h"
#include "tests/sim/writer.h"

#define SIM_SENT_MAX 48 /* segments in flight */
#define SIM_HOLES_MAX 8 /* islands of data received out of order */

enum sim_ipid { SIM_ID_CONNECTION, SIM_ID_ZERO, SIM_ID_RANDOM, SIM_ID_GLOBAL };

/* How a host's TCP behaves. */
struct sim_habits {
	uint8_t ttl, ws;
	uint16_t window, mss;
	enum sim_ipid ip_id;
	uint32_t hz, ts_offset; /* of the timestamp clock */
	bool timestamps, sack, scaling, ecn;
	bool quick_ack;
	bool resyn_at_once; /* after a RST to an unacceptable ACK in SYN-SENT, as newer Linux does */
	int64_t syn_timeout;
	unsigned syn_retries;
};

/* MUTE: takes everything, answers nothing. STALE: an established connection that the peer has forgotten. */
enum sim_state {
	SIM_CLOSED,
	SIM_MUTE,
	SIM_LISTEN,
	SIM_STALE_STATE,
	SIM_SYN_SENT,
	SIM_SYN_RCVD,
	SIM_ESTABLISHED,
	SIM_FIN_WAIT_1,
	SIM_FIN_WAIT_2,
	SIM_CLOSING,
	SIM_TIME_WAIT,
	SIM_CLOSE_WAIT,
	SIM_LAST_ACK,
};

struct sim_segment {
	uint32_t seq, len;
	int64_t at;
	bool fin, sacked, again;
};

struct sim_span {
	uint32_t from, to;
};

struct sim_endpoint {
	struct sim_connection *c;
	enum sim_dir side; /* the direction of the packets it sends */
	enum sim_state state;
	struct sim_habits habits;
	unsigned host;

	uint32_t iss, una, nxt;  /* RFC 9293 3.3.1: SND.UNA, SND.NXT */
	uint64_t written, taken; /* bytes the application wrote; of these sent at least once */
	bool close_wanted, fin_sent;
	struct sim_segment sent[SIM_SENT_MAX];
	unsigned sent_count, cwnd, dupacks, tries;
	bool recovering;
	uint32_t recover;
	int64_t srtt, rttvar;

	uint32_t irs, rcv_nxt;
	struct sim_span hole[SIM_HOLES_MAX];
	unsigned holes, unacked;
	struct sim_span dsack;
	bool has_dsack, fin_received;
	uint64_t received;
	bool ts_ok, sack_ok, ws_ok, ecn_ok;
	uint32_t ts_recent;
	uint16_t peer_mss, ip_id;

	int64_t rto_at, ack_at, app_at, keep_at, timer_at; /* 0: not set */
	int64_t last_sent;
	unsigned exchange, probes;
	bool write_due, close_due, done;
};

/* What a device remembers of a connection. */
struct sim_memory {
	unsigned hits[SIM_DROPS_MAX];
	unsigned data, cut_after, syns;
	int64_t last_seen;
	bool forgotten, cut;
};

struct sim_plan {
	enum sim_kind kind;
	unsigned exchanges;
	uint32_t request[SIM_EXCHANGES_MAX], response[SIM_EXCHANGES_MAX];
	int64_t think[SIM_EXCHANGES_MAX], gap[SIM_EXCHANGES_MAX];
	enum sim_dir closer;
	bool abort_midway;
	int64_t keepalive;
	uint16_t port; /* as the client knows it */
};

struct sim_connection {
	struct sim_engine *g;
	struct sim_truth *truth;
	struct sim_rng rng;
	struct sim_plan plan;
	struct sim_endpoint end[2]; /* by side */
	struct sim_memory memory[SIM_DEVICES_MAX];
	uint64_t stream[2];
	struct sim_connection *parent; /* had the same addresses before */
	unsigned refs;                 /* packets under way, timers set, children to come */
	bool child_made;
	unsigned client, server;
	uint64_t hash; /* of its addresses and ports: which one of a pair of points it crosses */
};

/* A packet under way. */
struct sim_flight {
	struct sim_packet p;
	struct sim_connection *c;
	enum sim_dir dir;
	size_t index;            /* its transmission */
	bool second;             /* of the last pair of points: which one it takes */
	struct sim_flight *next; /* of the free list */
};

struct sim_capture {
	struct sim_writer writer;
	struct sim_rng loss, mirror;
	unsigned losing; /* packets of the burst that are still to be missed */
	uint64_t frames;
	struct sim_packet held; /* the last frame, while more may be put to it ... */
	unsigned holds;         /* ... so many so far, 0: none is */
	int64_t held_at;
};

struct sim_wire {
	struct sim_rng rng;
	int64_t last_out[2]; /* first in, first out, per direction */
	uint8_t *ports_used; /* bitmap */
	uint16_t next_port;
	unsigned next_pool;
	uint16_t ip_id;
};

struct sim_engine {
	const struct sim_world *w;
	const struct sim_sink *sink;
	struct sim_totals *totals;
	struct sim_heap heap;
	struct sim_rng rng;
	int64_t now;
	struct sim_capture capture[SIM_POINTS_MAX];
	struct sim_wire wire[SIM_DEVICES_MAX];
	uint16_t *next_port, *host_id; /* per client; per host */
	uint64_t begun;                /* connections planned one after another */
	uint64_t last_id;              /* the one before, and its ... */
	uint32_t last_iss;             /* ... initial sequence number */
	struct sim_flight *free;
	uint64_t open, next_id;
	bool writing;
	struct err *e;
	int rc;
};

static inline bool sim_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* flight.c: packets under way */
enum sim_mark { SIM_REPEATED = 1, SIM_NOTABLE = 2, SIM_PROBE = 4 };

struct sim_flight *sim_flight_new(struct sim_connection *c, enum sim_dir dir, int maker);
void sim_flight_launch(struct sim_flight *f, int64_t at, unsigned point, unsigned marks, int copy_of);
void sim_flight_end(struct sim_flight *f);
void sim_flight_arrive(struct sim_flight *f, unsigned point);
void sim_flight_mirror(struct sim_flight *f, unsigned point);

/* capture.c */
void sim_capture_packet(struct sim_engine *g, unsigned point, struct sim_flight *f);
void sim_capture_flush(struct sim_engine *g, unsigned point);

/* device.c, reject.c, rewrite.c */
void sim_device_pass(struct sim_engine *g, unsigned device, struct sim_flight *f);
void sim_device_forward(struct sim_engine *g, unsigned device, struct sim_flight *f);
void sim_device_drop(struct sim_flight *f, unsigned device);
struct sim_header *sim_device_make(struct sim_flight *f, const struct sim_connection *c, unsigned device, enum sim_dir dir);
void sim_device_send(struct sim_flight *f, unsigned device, int64_t after);
bool sim_reject_packet(struct sim_engine *g, unsigned device, struct sim_flight *f);
bool sim_reject_midway(struct sim_engine *g, unsigned device, struct sim_flight *f);
void sim_rewrite(struct sim_engine *g, unsigned device, struct sim_flight *f);

/* connection.c */
void sim_connection_plan_next(struct sim_engine *g);
void sim_connection_open(struct sim_connection *c);
void sim_connection_spawn(struct sim_connection *parent);
void sim_connection_unref(struct sim_connection *c);
void sim_connection_outcome(struct sim_connection *c, const char *outcome);

/* habits.c */
void sim_habits_of(struct sim_engine *g, struct sim_endpoint *ep);

/* stack.c: what arrives; sender.c: what is sent; timer.c: what is due; application.c: what the two talk about */
void sim_stack_receive(struct sim_endpoint *ep, const struct sim_packet *p);
void sim_stack_reset(struct sim_endpoint *ep);
void sim_send_syn(struct sim_endpoint *ep, bool again);
void sim_send_ack(struct sim_endpoint *ep, unsigned marks);
void sim_send_probe(struct sim_endpoint *ep);
void sim_send_abort(struct sim_endpoint *ep);
void sim_send_refusal(struct sim_endpoint *ep, const struct sim_packet *p);
void sim_send_pending(struct sim_endpoint *ep);
void sim_send_again(struct sim_endpoint *ep, struct sim_segment *s);
void sim_acked(struct sim_endpoint *ep, const struct sim_packet *p);
int64_t sim_rto(const struct sim_endpoint *ep);
void sim_timer_update(struct sim_endpoint *ep);
void sim_timer_fire(struct sim_endpoint *ep, int64_t at);
void sim_app_connected(struct sim_endpoint *ep);
void sim_app_received(struct sim_endpoint *ep);
void sim_app_due(struct sim_endpoint *ep);

#endif
