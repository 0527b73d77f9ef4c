#include "correlate/hosts.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct hosts {
	struct host *host;
	uint32_t n, room;
	uint32_t *table;        /* open addressing, index + 1; 0: empty */
	uint32_t mask;
};

struct hosts *hosts_new(void)
{
	struct hosts *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->mask = 1023;
	h->table = calloc((size_t)h->mask + 1, sizeof *h->table);
	if (!h->table) {
		free(h);
		return NULL;
	}
	return h;
}

void hosts_free(struct hosts *h)
{
	if (!h)
		return;
	free(h->host);
	free(h->table);
	free(h);
}

static uint32_t place(const struct hosts *h, uint32_t point, int64_t addr, uint16_t port)
{
	uint64_t key[2] = { (uint64_t)addr, (uint64_t)point << 16 | port };
	uint32_t i = (uint32_t)XXH3_64bits(key, sizeof key) & h->mask;

	for (; h->table[i]; i = (i + 1) & h->mask) {
		const struct host *x = &h->host[h->table[i] - 1];
		if (x->addr == addr && x->point == point && x->port == port)
			break;
	}
	return i;
}

static bool grow(struct hosts *h)
{
	if (h->n == h->room) {
		uint32_t room = h->room ? h->room * 2 : 256;
		struct host *x = realloc(h->host, room * sizeof *x);
		if (!x)
			return false;
		h->host = x;
		h->room = room;
	}
	if ((h->n + 1) * 2 > h->mask) {
		uint32_t mask = h->mask * 2 + 1, *t = calloc((size_t)mask + 1, sizeof *t);
		if (!t)
			return false;
		free(h->table);
		h->table = t;
		h->mask = mask;
		for (uint32_t i = 0; i < h->n; i++)
			h->table[place(h, h->host[i].point, h->host[i].addr, h->host[i].port)] = i + 1;
	}
	return true;
}

struct host *hosts_add(struct hosts *h, uint32_t point, int64_t addr, uint16_t port)
{
	uint32_t i = place(h, point, addr, port);

	if (h->table[i])
		return &h->host[h->table[i] - 1];
	if (!grow(h))
		return NULL;
	i = place(h, point, addr, port);
	h->host[h->n] = (struct host){ .addr = addr, .point = point, .port = port };
	h->table[i] = ++h->n;
	return &h->host[h->n - 1];
}

const struct host *hosts_find(const struct hosts *h, uint32_t point, int64_t addr, uint16_t port)
{
	uint32_t i = place(h, point, addr, port);

	return h->table[i] ? &h->host[h->table[i] - 1] : NULL;
}

void hosts_renumber(struct hosts *h, const uint32_t *to)
{
	memset(h->table, 0, ((size_t)h->mask + 1) * sizeof *h->table);
	for (uint32_t i = 0; i < h->n; i++) {
		struct host *x = &h->host[i];
		x->point = to[x->point];
		h->table[place(h, x->point, x->addr, x->port)] = i + 1;
	}
}

void hosts_vote(struct host *h, uint8_t ttl)
{
	h->votes++;
	if (ttl == h->ttl) {
		h->lead++;
		h->agree++;
	} else if (h->lead > 0) {
		h->lead--;
	} else {
		h->ttl = ttl;
		h->lead = h->agree = 1;
	}
}

uint8_t hosts_ttl(const struct host *h)
{
	return (uint64_t)h->agree * 4 >= (uint64_t)h->votes * 3 ? h->ttl : 0;
}

bool hosts_untouched(uint8_t ttl)
{
	return ttl == 32 || ttl == 64 || ttl == 128 || ttl == 255;
}
