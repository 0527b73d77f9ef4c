#include "tests/sim/f5.h"

#include <string.h>

/* All numbers are big-endian. */
static uint8_t *number(uint8_t *b, uint64_t v, int size)
{
	for (int i = 0; i < size; i++)
		b[i] = (uint8_t)(v >> 8 * (size - 1 - i));
	return b + size;
}

static uint8_t *name(uint8_t *b, const char *text)
{
	size_t n = strlen(text);

	b = number(b, n, 1);
	memcpy(b, text, n);
	return b + n;
}

/* IPv4 mapped into IPv6 (RFC 4291 2.5.5.2). */
static uint8_t *address(uint8_t *b, const struct ipaddr *a)
{
	bool v4 = a->family == 4;

	b = v4 ? number(number(number(b, 0, 8), 0, 2), 0xffff, 2) : b;
	memcpy(b, a->b, v4 ? 4 : 16);
	return b + (v4 ? 4 : 16);
}

/* Head of a block of provider 1; its length is put in by block_end. */
static uint8_t *block(uint8_t *b, unsigned type, unsigned version)
{
	return number(number(number(number(b, 1, 2), type, 2), 0, 2), version, 2);
}

static uint8_t *block_end(uint8_t *start, uint8_t *end)
{
	number(start + 4, (uint64_t)(end - start), 2);
	return end;
}

static uint8_t *low(uint8_t *start, const struct f5_trailer *f5)
{
	uint8_t *b = block(start, 1, 3);

	b = number(number(number(b, f5->ingress, 1), f5->slot, 1), f5->tmm, 1);
	return block_end(start, name(b, f5->virtual_name));
}

static uint8_t *medium(uint8_t *start, const struct f5_trailer *f5)
{
	uint8_t *b = block(start, 2, 4);
	size_t n = strlen(f5->rst_cause);

	b = number(number(b, f5->flow_id, 8), f5->peer_id, 8);
	b = number(number(b, 0, 8), 0, 7); /* flags; type, HA unit, reserved, priority */
	if (n == 0)
		return block_end(start, number(b, 0, 1));
	/* Version 0, peer; value and line of the source code. */
	b = number(number(number(number(b, n + 9, 1), f5->rst_peer, 1), 0x2a1b3c4d, 6), 1179, 2);
	memcpy(b, f5->rst_cause, n);
	return block_end(start, b + n);
}

static uint8_t *high(uint8_t *start, const struct f5_trailer *f5)
{
	uint8_t *b = block(start, 3, 1);

	if (!f5->has_peer) {
		memset(b, 0, 39);
		return block_end(start, b + 39);
	}
	b = address(number(number(b, 6, 1), f5->peer_vlan, 2), &f5->peer_remote);
	b = address(b, &f5->peer_local);
	return block_end(start, number(number(b, f5->peer_remote_port, 2), f5->peer_local_port, 2));
}

size_t sim_f5(const struct f5_trailer *f5, uint8_t *out)
{
	uint8_t *end = medium(low(out + 8, f5), f5);

	if (f5->has_peer || !f5->peer_id)
		end = high(end, f5);

	number(number(number(out, 0xf5deb0f5, 4), (uint64_t)(end - out), 2), 1, 2);
	return (size_t)(end - out);
}
