/* What a simulated world is made of: hosts, devices, captures and the connections that cross them. All of it follows from one seed.
 *
 *     client - point 0 - device 0 - point 1 - device 1 - ... - point n-1 - server
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/encode.h"

#define SIM_POINTS_MAX 6
#define SIM_DEVICES_MAX (SIM_POINTS_MAX - 1)
#define SIM_DROPS_MAX 4
#define SIM_EXCHANGES_MAX 4
#define SIM_SECOND INT64_C(1000000000)
#define SIM_MS INT64_C(1000000)
#define SIM_US INT64_C(1000)

/* One kind of packet that a device throws away. */
struct sim_drop {
	uint32_t whats; /* bits 1 << enum sim_what */
	uint32_t dirs;  /* bits 1 << enum sim_dir */
	double probability;
	unsigned first; /* not 0: at most so many of a connection */
	int64_t after;  /* only so long after the world began */
	uint16_t port;  /* of the server as the client knows it; 0: any */
	bool ecn_only;  /* of connections whose first SYN asks for ECN */
};

/* What a device writes into the IPv4 header's identification. */
enum sim_new_id { SIM_ID_KEPT, SIM_ID_COUNTED, SIM_ID_CLEARED };

enum sim_reject { SIM_NO_REJECT, SIM_REJECT_RST, SIM_REJECT_ICMP, SIM_REJECT_HALF_OPEN };

struct sim_device {
	bool bridge;                 /* leaves TTL and MAC addresses alone */
	int64_t delay[2], jitter[2]; /* least delay and mean of what comes on top, by direction */
	struct sim_drop drops[SIM_DROPS_MAX];
	unsigned drop_count;
	enum sim_reject reject; /* what SYNs to this port get: RST,ACK; ICMP 3/13; the bare ACK and late RST,ACK of a half-open entry */
	uint16_t reject_port;
	bool reject_copies_ttl;    /* what it answers looks as if the server had sent it */
	bool reject_passes;        /* a half-open entry: it passes the SYNs on all the same, and keeps the SYN-ACKs to itself */
	double cut;                /* chance that a connection is reset towards both sides in its midst, and then forgotten */
	int64_t idle_limit;        /* 0: none. What comes later is dropped ... */
	bool idle_rst;             /* ... and answered with a RST */
	double duplicate, reorder; /* chance per packet */
	int64_t reorder_delay;
	bool snat, new_ports, dnat; /* rewrites */
	unsigned nat_ports;         /* not 0: new ports come from so few, and are free again as soon as their connection is gone */
	bool vip;                   /* with dnat: one address in front of all servers */
	bool nat64;                 /* IPv6 connections go on as IPv4 ones from one address (RFC 6052, RFC 7915); one device of a world */
	bool shift_seq;             /* a constant per connection and direction ... */
	bool keep_sack;             /* ... that SACK blocks are not moved by */
	bool shift_ts;              /* the same for timestamps: TSval and TSecr */
	uint16_t mss_limit;
	bool strip_ts, strip_sack, strip_ws; /* options of SYN and SYN-ACK ... */
	bool squeeze;                        /* ... that leave no NOPs in their place */
	bool clear_ecn;
	enum sim_new_id new_id;
	uint16_t mtu;           /* 0: no limit. IPv4 packets with an IP ID are cut into fragments ... */
	bool mtu_backwards;     /* ... sent last one first ... */
	double lose_fragment;   /* ... of which each has this chance to be lost */
	bool firsts_only;       /* only first fragments pass */
	int dscp, ttl; /* -1: left alone */
};

/* How connections are shared out between a point and the next one: by a hash of the connection, or all cross the first until a time. */
enum sim_pair { SIM_NO_PAIR, SIM_BALANCED, SIM_STANDBY };

struct sim_point {
	char name[16];
	uint32_t avoided;   /* bits 1 << enum sim_dir: directions that do not come by here (asymmetric ways, direct server return) */
	enum sim_pair pair; /* with the next point: a packet crosses one of the two */
	int64_t switch_at;  /* of SIM_STANDBY, after the world began */
	enum sim_link link;
	bool nano;
	uint32_t snaplen;
	int64_t clock_offset, clock_step, clock_step_at; /* the step: how much, and how long after the world began */
	double clock_ppm;
	double loss;                    /* capture loss: chance per packet that a burst of it begins ... */
	unsigned loss_burst;            /* ... and how many packets of this point it takes */
	int64_t window_from, window_to; /* after the world began; to 0: never stops */
	double mirror;                  /* chance that the capture holds a packet twice */
	bool port_filter;               /* holds no later fragments */
	unsigned offload;               /* segments that follow each other are in it as one packet, so many at most (TSO, GRO); 0: as they are */
};

/* How a connection goes. */
enum sim_kind {
	SIM_NORMAL,
	SIM_REFUSED,
	SIM_SILENT,
	SIM_CLIENT_ABORTS,
	SIM_SERVER_ABORTS,
	SIM_CLIENT_VANISHES,
	SIM_SERVER_VANISHES,
	SIM_IDLE,
	SIM_KEEPALIVE,
	SIM_REUSE,
	SIM_STALE,
	SIM_KINDS,
};

struct sim_world {
	uint64_t seed;
	int64_t start; /* ns since 1970 */
	unsigned points;
	struct sim_point point[SIM_POINTS_MAX];
	struct sim_device device[SIM_DEVICES_MAX];
	uint64_t connections;
	int64_t gap;               /* mean time between two that begin */
	unsigned clients, servers; /* hosts */
	unsigned ports;            /* services per server: 80, 81, ... */
	double ipv6, ecn, no_timestamps, no_sack;
	unsigned burst;  /* so many connections begin within microseconds */
	bool alike;      /* all connections carry the same bytes in the same lengths, in every world */
	double same_isn; /* chance that a client's initial sequence number is that of the connection before it */
	double twins;    /* chance that a connection is as the one before it but for the client's port, the first numbers and the time */
	unsigned weight[SIM_KINDS]; /* how often each kind of connection comes */
	unsigned exchanges;         /* most requests per connection */
	uint32_t request_max, response_max;
	double lengthy;            /* chance that all responses of a connection have ... */
	uint32_t lengthy_response; /* ... so many bytes */
	bool one_try;              /* clients send their SYN once */
	int64_t idle;        /* how long SIM_IDLE and SIM_KEEPALIVE are idle */
	uint32_t isn_add[2]; /* added to every initial sequence number: changes nothing else */
	uint64_t isn_salt;   /* not 0: the same with another number for each connection and side */
	uint32_t addr_add;   /* added to every address of host and device, and to every port: changes nothing else */
	uint16_t port_add;
	bool isn_wrap;       /* sequence numbers pass 2^32 early on */
};

/* What a random world may contain. */
enum sim_trouble {
	SIM_DROPS = 1,
	SIM_REJECTS = 2,
	SIM_RESETS = 4,
	SIM_REWRITES = 8,
	SIM_NETWORK = 16,
	SIM_KINDS_ALL = 32,
	SIM_CLOCKS = 64,
	SIM_CAPTURE_LOSS = 128,
	SIM_MIRROR = 256,
	SIM_WINDOWS = 512,
	SIM_SNAPLEN = 1024,
	SIM_LINKS = 2048,
	SIM_STEPS = 4096,
	SIM_PATH_TROUBLE = 63,
	SIM_ALL = 8191, /* but fragments, where a packet is several frames */
	SIM_FRAGMENTS = 8192,
	SIM_LOST_FRAGMENTS = 16384,
	SIM_PORT_FILTERS = 32768,
	/* Chains: every device may change whatever devices change; many connections that look alike; pairs of points and ways past one. */
	SIM_MANGLING = 65536,
	SIM_CROWDS = 131072,
	SIM_WAYS = 262144,
	SIM_SWALLOWS = 524288,     /* with SIM_REJECTS: half of the devices with a half-open entry pass the SYNs on (reject_passes) */
};

/* A world in which nothing goes wrong. */
void sim_world_clean(struct sim_world *w, uint64_t seed, unsigned points);

/* A clean world with troubles drawn at random from those allowed (bits of enum sim_trouble). */
void sim_world_random(struct sim_world *w, uint64_t seed, unsigned troubles);

/* What a connection of this world may be called in messages. */
const char *sim_kind_name(enum sim_kind k);

#endif
