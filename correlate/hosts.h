/* How packets of a host arrive at a point: the TTL that tells whether anything lies between, and whether the host was seen there at all. */
#ifndef CORRELATE_HOSTS_H
#define CORRELATE_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

struct hosts;

struct host {
	int64_t addr;           /* row id */
	uint32_t point;
	uint16_t port;          /* of a server; 0: any port, or a client */
	uint8_t ttl;            /* that most flows show (majority vote), 0: none */
	uint32_t votes, lead;   /* flows that voted, and by how many the winner is ahead */
	uint32_t agree;         /* flows that voted for the winner since it is: the losers may have fought each other before */
	uint32_t flows;         /* flows at this point with packets from it */
	uint32_t arrivals;      /* flows at this point with packets to it */
	uint64_t joined;        /* set of the points that see connections of it as the same that are seen here, and under the same address */
};

struct hosts *hosts_new(void);
void hosts_free(struct hosts *h);

/* The entry, made if need be; NULL: out of memory. The pointer is valid until the next call. */
struct host *hosts_add(struct hosts *h, uint32_t point, int64_t addr, uint16_t port);

/* The entry or NULL. */
const struct host *hosts_find(const struct hosts *h, uint32_t point, int64_t addr, uint16_t port);

/* The points were put in another order: point p is now to[p]. */
void hosts_renumber(struct hosts *h, const uint32_t *to);

/* Count the TTL of one flow (Boyer and Moore's majority vote: no memory for the losers). */
void hosts_vote(struct host *h, uint8_t ttl);

/* The TTL of nearly all flows (three of four at least), 0: there is none. */
uint8_t hosts_ttl(const struct host *h);

/* A TTL that no router has touched yet: 32, 64, 128 or 255. */
bool hosts_untouched(uint8_t ttl);

#endif
