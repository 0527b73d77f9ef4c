/* What really happened to a connection: every transmission, and where it passed, was lost, or was missed by a capture. */
#ifndef TESTS_SIM_TRUTH_H
#define TESTS_SIM_TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "schema/err.h"
#include "tests/sim/packet.h"
#include "tests/sim/world.h"

#define SIM_HOST (-1)  /* transmission.maker: the host at the end */
#define SIM_NEVER (-1) /* transmission.dropped_by, .copy_of: none */

enum sim_field {
	SIM_F_SRC,
	SIM_F_DST,
	SIM_F_SPORT,
	SIM_F_DPORT,
	SIM_F_SEQ,
	SIM_F_ACK,
	SIM_F_FLAGS,
	SIM_F_TTL,
	SIM_F_TOS,
	SIM_F_MSS,
	SIM_F_TSVAL,
	SIM_F_TSECR,
	SIM_F_SACK,
	SIM_F_WS,
	SIM_F_SACKOK,
	SIM_F_IP_ID,
	SIM_FIELDS,
};

/* A transmission at one point. */
struct sim_sighting {
	int64_t at;        /* true time; 0: it was never there */
	uint64_t frame;    /* in that point's file; 0: not captured, or not all fragments of it */
	uint64_t mirrored; /* frame of the mirror's second copy; 0: none */
	uint64_t from, mirror_from;    /* the first one of its frames; of those of the copy */
	unsigned frames, mirror_frames; /* one for each fragment that was captured */
};

struct sim_transmission {
	enum sim_dir dir;
	enum sim_what what;
	int maker;      /* SIM_HOST, or the device that generated or duplicated it */
	int dropped_by; /* the device, or SIM_NEVER */
	int copy_of;    /* a device's duplicate: of which transmission */
	bool repeated;  /* a retransmission by the host */
	bool notable;   /* a refusal, an abort, an answer to a packet without a connection, a bare ACK to a SYN */
	bool probe;     /* keepalive */
	int64_t sent;
	uint32_t seq, ack, len; /* as its maker wrote them */
};

/* How a connection is addressed at one point. */
struct sim_view {
	struct ipaddr client, server;
	uint16_t client_port, server_port;
	uint32_t client_shift, server_shift; /* of the sequence numbers, against those that the hosts use */
	uint32_t client_ticks, server_ticks; /* of the timestamps, likewise */
};

struct sim_truth {
	uint64_t id;
	enum sim_kind kind;
	const char *outcome;
	bool ecn, timestamps; /* the client asks for them */
	unsigned points;
	int64_t started;
	uint32_t isn[2]; /* of client and server, as the hosts use them */
	struct sim_view view[SIM_POINTS_MAX];
	struct sim_transmission *sent;
	struct sim_sighting *sightings; /* count * points */
	size_t count, sent_room, sightings_room;
	uint32_t changed[SIM_DEVICES_MAX][2][SIM_FIELDS]; /* how many packets of a direction a device changed in a field */
	bool silent[2];                                   /* the host answers nothing, from the first packet on or from some time on */
	uint32_t avoided[2];                              /* by direction: points that packets did not come by, bits */
	uint64_t twin_of;                                 /* the connection that this one is as; 0: none */
};

struct sim_truth *sim_truth_new(unsigned points);
void sim_truth_free(struct sim_truth *t);

/* Adds a transmission; returns its index. */
size_t sim_truth_add(struct sim_truth *t, const struct sim_transmission *sent);
struct sim_sighting *sim_truth_at(const struct sim_truth *t, size_t transmission, unsigned point);

/* The points before and after a device, in the direction of travel. */
unsigned sim_truth_from(enum sim_dir dir, int device);
unsigned sim_truth_to(enum sim_dir dir, int device);

/* The last point before a device that all packets of a direction come by, and the first behind it. */
unsigned sim_truth_before(const struct sim_truth *t, enum sim_dir dir, int device);
unsigned sim_truth_behind(const struct sim_truth *t, enum sim_dir dir, int device);

/* The first and the last point of a direction that its packets come by. */
unsigned sim_truth_first(const struct sim_truth *t, enum sim_dir dir);
unsigned sim_truth_last(const struct sim_truth *t, enum sim_dir dir);

/* Initial sequence number of a side as it is at a point; false when its SYN never passed there. */
bool sim_truth_isn(const struct sim_truth *t, unsigned point, enum sim_dir side, uint32_t *isn);

const char *sim_field_name(enum sim_field f);

/* The recorded time of something that passes a point at a true time. */
int64_t sim_clock(const struct sim_world *w, unsigned point, int64_t at);

/* truth.json: opened before the first connection, one connection at a time, closed after the last. */
int sim_json_open(FILE *f, const struct sim_world *w, const char *title, struct err *e);
void sim_json_connection(FILE *f, const struct sim_world *w, const struct sim_truth *t, bool first);
int sim_json_close(FILE *f, struct err *e);

#endif
